//! Choices: `if`, `and`, `or`, `not`.

use crate::ast::{BinaryOp, Block, Expr};
use crate::check::state::elab::{Elab, Fail, Mode, R};
use crate::check::state::value::Val;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::typed::StmtKind;
use crate::types::{DType, Dim};

impl Elab<'_> {
    /// Two values of which a program cannot take one while it runs.
    fn not_chosen(&self, a: &Val, b: &Val, span: Span) -> Diagnostic {
        let problem = |title: String| Diagnostic::error("E0207", span, title);
        let (x, y) = (self.show(a), self.show(b));
        if a.is_callable() && b.is_callable() {
            problem("a function cannot be chosen at run time".into()).help("choose between the results")
        } else if x == y {
            problem(format!("{x} cannot be chosen at run time")).help(
                "texts are put together when the program is compiled: print in both branches, or choose by what is \
                 known then",
            )
        } else {
            problem(format!("one branch gives {x}, the other {y}"))
        }
    }

    pub fn if_expr(&mut self, cond: &Expr, then: &Block, otherwise: Option<&Expr>, span: Span) -> R<Val> {
        let cond_local = match self.condition(cond)? {
            Ok(true) => {
                return if otherwise.is_none() { self.valueless(then) } else { self.block(then) };
            }
            Ok(false) => return otherwise.map_or(Ok(Val::None), |o| self.expr(o)),
            Err(local) => local,
        };
        let valued = otherwise.is_some();
        let first = |s: &mut Self| if valued { s.block(then) } else { s.valueless(then) };
        let second = |s: &mut Self| otherwise.map_or(Ok(Val::None), |o| s.expr(o));
        self.branches(cond_local, valued, first, second, span)
    }

    /// The block of an `if` without `else`, which has no value.
    fn valueless(&mut self, then: &Block) -> R<Val> {
        let v = self.block(then)?;
        if matches!(v, Val::None | Val::Error) {
            return Ok(Val::None);
        }
        let what = self.show(&v);
        let at = then.stmts.last().map_or(then.span, |s| s.span);
        self.fail(
            Diagnostic::error("E0105", at, "this value is computed and then dropped")
                .here(format!("this is {what}"))
                .note("an `if` without `else` has no value")
                .help("add `else { … }`; to leave the function with the value, write `return`"),
        )
    }

    /// A choice at run time.
    pub fn branches(
        &mut self,
        cond: crate::typed::Local,
        valued: bool,
        then: impl FnOnce(&mut Self) -> R<Val>,
        otherwise: impl FnOnce(&mut Self) -> R<Val>,
        span: Span,
    ) -> R<Val> {
        let unsure = self.f.undecided.contains(&cond);
        if unsure {
            self.f.unsure += 1;
        }
        let marks = self.diags.len();
        let (mut a_body, a) = self.buffered(|s| then(s));
        let (mut b_body, b) = self.buffered(|s| otherwise(s));
        if unsure {
            self.f.unsure -= 1;
            if self.mode != Mode::Constant && (matches!(a, Err(Fail::Reported)) || matches!(b, Err(Fail::Reported))) {
                self.diags.truncate(marks);
                return Err(Fail::Abort);
            }
        }
        for r in [&a, &b] {
            if let Err(f @ (Fail::Reported | Fail::Restart | Fail::Abort)) = r {
                return Err(*f);
            }
        }
        let value = match (a, b) {
            (Ok(a), Ok(b)) if valued => {
                let (ta, tb) = (self.template(&a), self.template(&b));
                let Some(target) = self.join(&ta, &tb)? else {
                    if unsure && self.mode != Mode::Constant {
                        return Err(Fail::Abort);
                    }
                    let problem = self.not_chosen(&a, &b, span);
                    return self.fail(problem);
                };
                let results: Vec<_> = target.types.iter().map(|t| self.local(t.clone(), true, None)).collect();
                self.f.stable.extend(&results);
                for (body, v) in [(&mut a_body, a), (&mut b_body, b)] {
                    let (extra, done) = self.buffered(|s| -> R<()> {
                        let v = s.conform(&v, &target, span)?;
                        for (r, l) in results.iter().zip(v.leaves()) {
                            s.push(StmtKind::Set(*r, l), span);
                        }
                        Ok(())
                    });
                    done?;
                    body.extend(extra);
                }
                target.val.map(
                    &mut |v| match v {
                        Val::Leaf(l) => Val::Leaf(results[l.0 as usize]),
                        other => other.clone(),
                    },
                    &mut Dim::clone,
                )
            }
            (Ok(_), Ok(_)) => Val::None,
            (Ok(v), Err(_)) | (Err(_), Ok(v)) => {
                // The other branch leaves: what this one computes is copied out of it.
                if valued {
                    let live = matches!(
                        a_body.last().map(|s| &s.kind),
                        Some(StmtKind::Return(_) | StmtKind::Break | StmtKind::Continue)
                    );
                    let target = self.template(&v);
                    let results: Vec<_> = target.types.iter().map(|t| self.local(t.clone(), true, None)).collect();
                    self.f.stable.extend(&results);
                    let body = if live { &mut b_body } else { &mut a_body };
                    for (r, l) in results.iter().zip(v.leaves()) {
                        body.push(crate::typed::Stmt { kind: StmtKind::Set(*r, l), span });
                    }
                    let mut fresh = results.into_iter();
                    v.map(
                        &mut |v| match v {
                            Val::Leaf(_) => fresh.next().map_or(Val::Error, Val::Leaf),
                            other => other.clone(),
                        },
                        &mut Dim::clone,
                    )
                } else {
                    Val::None
                }
            }
            (Err(_), Err(_)) => {
                self.push(StmtKind::If { cond, then: a_body, otherwise: b_body }, span);
                return Err(Fail::Never);
            }
        };
        self.push(StmtKind::If { cond, then: a_body, otherwise: b_body }, span);
        Ok(value)
    }

    /// `and`, `or`: lazy on scalars, element by element on arrays.
    pub fn logic(&mut self, op: BinaryOp, a: &Expr, b: &Expr, span: Span) -> R<Val> {
        let x = self.expr(a)?;
        self.logic_with(op, (x, a.span), b, span)
    }

    /// The same with the left side evaluated.
    pub fn logic_with(&mut self, op: BinaryOp, (x, x_span): (Val, Span), b: &Expr, span: Span) -> R<Val> {
        let or = op == BinaryOp::Or;
        if let Val::Bool(known) = x {
            return if known == or { Ok(x) } else { self.truth(b) };
        }
        self.check_truth(&x, x_span)?;
        if !self.dims(&x).is_empty() {
            let y = self.truth(b)?;
            let prim = if or { crate::prims::Prim::Or } else { crate::prims::Prim::And };
            return self.pointwise(prim, &[x, y], span);
        }
        let cond = self.operand(&x, x_span)?;
        let cond = if self.may_change(cond) {
            let copy = self.snapshot(&Val::Leaf(cond), x_span);
            self.operand(&copy, x_span)?
        } else {
            cond
        };
        // An array on the right makes it element by element after all.
        let (body, y) = self.buffered(|s| s.truth(b));
        let y = y?;
        if !self.dims(&y).is_empty() {
            self.f.body.extend(body);
            let prim = if or { crate::prims::Prim::Or } else { crate::prims::Prim::And };
            return self.pointwise(prim, &[x, y], span);
        }
        if body.is_empty() && matches!(y, Val::Bool(_)) {
            return Ok(if y_is(&y, or) { Val::Bool(or) } else { Val::Leaf(cond) });
        }
        let unsure = self.f.undecided.contains(&cond);
        let result = self.local(crate::types::Ty::scalar(DType::Bool), true, None);
        self.f.stable.insert(result);
        let mut taken = body;
        let (extra, y_local) = self.buffered(|s| s.operand(&y, b.span));
        taken.extend(extra);
        let y_local = y_local?;
        taken.push(crate::typed::Stmt { kind: StmtKind::Set(result, y_local), span });
        let (other, known) = self.buffered(|s| s.constant(crate::ops::Const::Bool(or), span));
        let mut other = other;
        other.push(crate::typed::Stmt { kind: StmtKind::Set(result, known?), span });
        let (then, otherwise) = if or { (other, taken) } else { (taken, other) };
        self.push(StmtKind::If { cond, then, otherwise }, span);
        if unsure || self.f.undecided.contains(&y_local) {
            self.f.undecided.insert(result);
        }
        Ok(Val::Leaf(result))
    }

    pub fn truth(&mut self, e: &Expr) -> R<Val> {
        let v = self.expr(e)?;
        self.check_truth(&v, e.span)?;
        Ok(v)
    }

    pub fn check_truth(&mut self, v: &Val, span: Span) -> R<()> {
        if self.kind(v).is_some_and(|k| k.dtype == DType::Bool) {
            return Ok(());
        }
        let what = self.show(v);
        self.error("E0204", span, format!("`and`, `or` and `not` take truth values, and this is {what}"))
    }

    pub fn not(&mut self, v: &Val, span: Span) -> R<Val> {
        if let Val::Bool(b) = v {
            return Ok(Val::Bool(!b));
        }
        self.check_truth(v, span)?;
        let r = self.pointwise(crate::prims::Prim::Not, std::slice::from_ref(v), span)?;
        if let (Val::Leaf(a), Val::Leaf(b)) = (v, &r)
            && self.f.undecided.contains(a)
        {
            self.f.undecided.insert(*b);
        }
        Ok(r)
    }

    /// A condition: one truth value. Known ones are given as such.
    pub fn condition(&mut self, e: &Expr) -> R<Result<bool, crate::typed::Local>> {
        let v = self.expr(e)?;
        if let Val::Bool(b) = v {
            return Ok(Ok(b));
        }
        let fits = self.kind(&v).is_some_and(|k| k.dtype == DType::Bool) && self.dims(&v).is_empty();
        if !fits {
            let what = self.show(&v);
            let mut problem =
                Diagnostic::error("E0204", e.span, format!("a condition needs one truth value, but this is {what}"));
            if self.kind(&v).is_some_and(|k| k.dtype == DType::Bool) {
                problem =
                    problem.help("use `all(…)` or `any(…)`; element by element one chooses with `where(c, a, b)`");
            } else if self.kind(&v).is_some() {
                problem = problem.help("numbers are compared: `x != 0`; a loop without end is `while true { … }`");
            }
            return self.fail(problem);
        }
        self.operand(&v, e.span).map(Err)
    }
}

fn y_is(v: &Val, b: bool) -> bool {
    matches!(v, Val::Bool(x) if *x == b)
}
