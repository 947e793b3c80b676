//! Expressions.

use super::elab::{Binding, Elab, Fail, Loop, Mode, R};
use super::value::{Code, FnVal, RangeVal, Val};
use super::world::{self, TopBinding};
use crate::ast::*;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::typed::{Piece, StmtKind};
use crate::types::{DType, Dim};
use std::sync::Arc;

impl Elab<'_> {
    /// The value of an expression; a poisoned one fails silently.
    pub fn expr(&mut self, e: &Expr) -> R<Val> {
        let v = self.expr_inner(e)?;
        if v.is_error() { Err(Fail::Reported) } else { Ok(v) }
    }

    fn expr_inner(&mut self, e: &Expr) -> R<Val> {
        match &e.kind {
            ExprKind::Int(i) => Ok(Val::Int(*i)),
            ExprKind::Float(x) => Ok(Val::Float(*x)),
            ExprKind::Bool(b) => Ok(Val::Bool(*b)),
            ExprKind::None => Ok(Val::None),
            ExprKind::Str(parts) => self.string(parts),
            ExprKind::Name(n) => self.name(n, e.span),
            ExprKind::Block(b) => self.block(b),
            ExprKind::If { cond, then, otherwise } => self.if_expr(cond, then, otherwise.as_deref(), e.span),
            ExprKind::Lambda(l) => self.lambda(l, e.span),
            ExprKind::Fixpoint { .. } => self.later("`fixpoint`", e.span),
            ExprKind::Tuple(parts) => {
                let mut out = Vec::new();
                for p in parts {
                    out.push(self.expr(p)?);
                }
                Ok(Val::tuple(out))
            }
            ExprKind::Record(fields) => {
                let fields = self.fields(fields)?;
                Ok(Val::Tuple(fields.into_iter().map(|(n, v)| (Some(n.name), v)).collect()))
            }
            ExprKind::Update { base, fields } => self.update_record(base, fields, e.span),
            ExprKind::TupleFor(c) => self.tuple_for(c, e.span),
            ExprKind::Array(parts) => self.array(parts, e.span),
            ExprKind::ArrayFor(c) => self.array_for(c, e.span),
            ExprKind::Range { start, end, step } => {
                let (a, b) = (self.whole(start)?, self.whole(end)?);
                let step = match step {
                    Some(s) => {
                        let v = self.whole(s)?;
                        self.known(&v, s.span, "the step of a range")?
                    }
                    None => 1,
                };
                if step == 0 {
                    return self.error("E0203", e.span, "the step of a range cannot be 0");
                }
                Ok(Val::Range(Arc::new(RangeVal { start: a, end: b, step })))
            }
            ExprKind::Unary(op, a) => {
                let v = self.expr(a)?;
                match op {
                    UnaryOp::Neg => self.negate(&v, e.span),
                    UnaryOp::Not => self.not(&v, e.span),
                }
            }
            ExprKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), a, b) => self.logic(*op, a, b, e.span),
            ExprKind::Binary(op, a, b) => {
                let x = self.expr(a)?;
                let x = if may_assign(b) { self.snapshot(&x, a.span) } else { x };
                let y = self.expr(b)?;
                let literal = matches!(&b.kind, ExprKind::Unary(UnaryOp::Neg, _));
                self.binary(*op, &x, &y, literal, (e.span, a.span, b.span))
            }
            ExprKind::Compare(first, rest) => self.comparison(first, rest, e.span),
            ExprKind::Call { callee, args } => self.call_expr(callee, args, e.span),
            ExprKind::Index { base, indices } => {
                let base_val = self.expr(base)?;
                self.index_expr(&base_val, indices, e.span)
            }
            ExprKind::Field(base, name) => {
                let v = self.expr(base)?;
                self.field(&v, name, e.span)
            }
            ExprKind::Part(base, k, at) => {
                let v = self.expr(base)?;
                match &v {
                    Val::Tuple(parts) if *k < parts.len() => Ok(parts[*k].1.clone()),
                    other => {
                        let what = self.show(other);
                        self.error("E0206", *at, format!("{what} has no part {k}"))
                    }
                }
            }
            ExprKind::Prime(f) => {
                let v = self.expr(f)?;
                self.prime(v, f.span, e.span)
            }
            ExprKind::Error => Err(Fail::Reported),
        }
    }

    /// For what the language has and this version has not.
    pub fn later<T>(&mut self, what: &str, span: Span) -> R<T> {
        self.error("E0901", span, format!("{what} is not available yet"))
    }

    /// A value that must be one whole number.
    pub fn whole(&mut self, e: &Expr) -> R<Val> {
        let v = self.expr(e)?;
        match self.kind(&v) {
            Some(k) if k.dtype == DType::I64 && self.dims(&v).is_empty() => Ok(v),
            _ => {
                let what = self.show(&v);
                let mut problem = Diagnostic::error("E0204", e.span, format!("a whole number is needed here, and this is {what}"));
                if let ExprKind::Binary(BinaryOp::Div, a, b) = &e.kind {
                    let at = Span { start: a.span.end, end: b.span.start, ..a.span };
                    problem = problem.fix("`//` divides whole numbers", vec![(at, " // ".into())]);
                }
                self.fail(problem)
            }
        }
    }

    /// A whole number that must be known when compiling; symbolic sizes ask for a compilation with numbers.
    pub fn known(&mut self, v: &Val, span: Span, what: &str) -> R<i64> {
        match v {
            Val::Int(i) => Ok(*i),
            Val::Size(d) => match d.as_const() {
                Some(c) => Ok(c),
                None => Err(Fail::Abort),
            },
            _ => self.fail(
                Diagnostic::error("E0203", span, format!("{what} must be known when the program is compiled"))
                    .note("whole numbers known then are literals, sizes, whole arguments and `let`s of them; not loop variables, `var`s or entries of arrays"),
            ),
        }
    }

    /// A size: a whole number that decides a shape.
    pub fn size(&mut self, v: &Val, span: Span) -> R<Dim> {
        match v {
            Val::Int(i) => Ok(Dim::constant(*i)),
            Val::Size(d) => Ok(d.clone()),
            _ => self.known(v, span, "a size").map(Dim::constant),
        }
    }

    fn string(&mut self, parts: &[StrPart]) -> R<Val> {
        let mut pieces = Vec::new();
        for p in parts {
            match p {
                StrPart::Text(t) => pieces.push(Piece::Text(t.clone())),
                StrPart::Hole(e, format) => {
                    let v = self.expr(e)?;
                    self.pieces(&v, *format, &mut pieces, e.span)?;
                }
            }
        }
        Ok(Val::Str(pieces.into()))
    }

    /// The value of a name.
    pub fn name(&mut self, name: &Name, span: Span) -> R<Val> {
        if let Some(v) = self.find_name(name, span)? {
            return if v.is_error() { Err(Fail::Reported) } else { Ok(v) };
        }
        if self.mode == Mode::Definition {
            return Err(Fail::Abort);
        }
        let problem = self.unknown_name(name, span);
        self.fail(problem)
    }

    /// Looks a name up: scopes, captures, siblings, module, top level, library.
    pub fn find_name(&mut self, name: &Name, span: Span) -> R<Option<Val>> {
        for scope in self.f.scopes.iter().rev() {
            for (n, b) in scope.iter().rev() {
                if n == name {
                    return match b.clone() {
                        Binding::Bound { val, .. } => Ok(Some(val)),
                        Binding::Fun(group, i) => self.local_fn(&group, i, span).map(Some),
                    };
                }
            }
        }
        if let Some((_, v)) = self.f.captures.iter().find(|(n, _)| n == name) {
            return Ok(Some(v.clone()));
        }
        if let Some(group) = &self.f.group
            && let Some(i) = group.find(name)
        {
            let captures = self.f.captures.clone();
            return Ok(Some(Val::Fn(Arc::new(FnVal { code: Code::Fn(group.clone(), i), captures }))));
        }
        let home = self.f.home;
        if home == world::MAIN {
            if let Some(v) = self.top_name(name)? {
                return Ok(Some(v));
            }
        } else if let Some(v) = self.module_name(home, name, span)? {
            return Ok(Some(v));
        }
        self.library_name(name)
    }

    fn library_name(&mut self, name: &Name) -> R<Option<Val>> {
        if &**name == "std" {
            return Ok(Some(Val::Module(world::STD)));
        }
        if let Some(x) = crate::library::constant(name) {
            return Ok(Some(Val::Float(x)));
        }
        if let Some(d) = DType::named(name) {
            return Ok(Some(Val::DType(d)));
        }
        if let Some(f) = self.world.module_fn(world::PRELUDE, name) {
            return Ok(Some(f));
        }
        if let Some(i) = crate::library::find(name) {
            return Ok(Some(Val::Builtin(i)));
        }
        Ok(crate::library::prim(name).map(Val::Prim))
    }

    /// A name of the top level, as a value of this entry.
    fn top_name(&mut self, name: &Name) -> R<Option<Val>> {
        match self.world.top.get(name).cloned() {
            Some(TopBinding::Value { val, .. }) => Ok(Some(self.import(&val))),
            Some(TopBinding::Module(m)) => Ok(Some(Val::Module(m))),
            Some(TopBinding::Fun(g, i)) => {
                let f = self.world.top_fn(g, i);
                Ok(Some(self.import(&f)))
            }
            None => Ok(None),
        }
    }

    /// A name of an imported module.
    pub fn module_name(&mut self, id: super::value::ModuleId, name: &Name, span: Span) -> R<Option<Val>> {
        if id == world::STD {
            return self.library_name(name);
        }
        if let Some(f) = self.world.module_fn(id, name) {
            return Ok(Some(f));
        }
        let module = &self.world.modules[id.0 as usize];
        if let Some(m) = module.imports.get(name) {
            return Ok(Some(Val::Module(*m)));
        }
        if let Some(thunk) = module.lets.get(name).cloned() {
            if let ExprKind::Int(i) = &thunk.body.kind {
                return Ok(Some(Val::Int(*i)));
            }
            if let ExprKind::Float(x) = &thunk.body.kind {
                return Ok(Some(Val::Float(*x)));
            }
            let f = Val::Fn(Arc::new(FnVal { code: Code::Lambda(thunk, id), captures: Arc::from([]) }));
            let called = self.instance(&f, &[], &[], span)?;
            return Ok(Some(self.call_instance(&called, span)));
        }
        Ok(None)
    }

    /// The values that free names have here; what belongs to the library or module is found again where it is used.
    pub fn capture(&mut self, names: &[Name], span: Span) -> R<Vec<(Name, Val)>> {
        let mut out = Vec::new();
        for n in names {
            let local = self.f.scopes.iter().flatten().any(|(m, _)| m == n)
                || self.f.captures.iter().any(|(m, _)| m == n)
                || self.f.group.as_ref().is_some_and(|g| g.find(n).is_some())
                || self.f.home == world::MAIN && self.world.top.contains_key(n);
            if local && let Some(v) = self.find_name(n, span)? {
                let v = self.snapshot(&v, span);
                out.push((n.clone(), v));
            }
        }
        Ok(out)
    }

    pub fn lambda(&mut self, l: &Arc<Lambda>, span: Span) -> R<Val> {
        let names = self.world.free_names(l);
        let captures = self.capture(&names, span)?;
        Ok(Val::Fn(Arc::new(FnVal { code: Code::Lambda(l.clone(), self.f.home), captures: captures.into() })))
    }

    pub fn fields(&mut self, fields: &[Field]) -> R<Vec<(Ident, Val)>> {
        let mut out: Vec<(Ident, Val)> = Vec::new();
        for f in fields {
            if let Some((first, _)) = out.iter().find(|(n, _)| n.name == f.name.name) {
                let problem = Diagnostic::error("E0206", f.name.span, format!("the field `{}` is given twice", f.name.name))
                    .label(first.span, "first here");
                return self.fail(problem);
            }
            let v = match &f.value {
                Some(v) => self.expr(v)?,
                None => self.name(&f.name.name, f.name.span)?,
            };
            out.push((f.name.clone(), v));
        }
        Ok(out)
    }

    fn update_record(&mut self, base: &Expr, fields: &[Field], span: Span) -> R<Val> {
        let v = self.expr(base)?;
        let fields = self.fields(fields)?;
        let Val::Tuple(parts) = &v else {
            let what = self.show(&v);
            return self.error("E0206", span, format!("`(..t, …)` needs a record, and this is {what}"));
        };
        let mut parts = parts.to_vec();
        for (name, value) in fields {
            match parts.iter_mut().find(|(n, _)| n.as_ref() == Some(&name.name)) {
                Some((_, slot)) => *slot = value,
                None => {
                    let problem = self.no_field(&v, &name);
                    return self.fail(problem);
                }
            }
        }
        Ok(Val::Tuple(parts.into()))
    }

    fn no_field(&mut self, v: &Val, name: &Ident) -> Diagnostic {
        let names: Vec<Name> = match v {
            Val::Tuple(parts) => parts.iter().filter_map(|(n, _)| n.clone()).collect(),
            _ => Vec::new(),
        };
        let what = self.show(v);
        let mut problem = Diagnostic::error("E0206", name.span, format!("there is no field `{}`", name.name))
            .note(format!("the value is {what}"));
        if let Some(near) = super::messages::nearest(&name.name, names.iter().map(|n| &**n)) {
            problem = problem.fix(format!("did you mean `{near}`?"), vec![(name.span, near.to_string())]);
        }
        problem
    }

    pub fn field(&mut self, v: &Val, name: &Ident, span: Span) -> R<Val> {
        match v {
            Val::Tuple(parts) => {
                if let Some((_, p)) = parts.iter().find(|(n, _)| n.as_ref() == Some(&name.name)) {
                    return Ok(p.clone());
                }
                let problem = self.no_field(v, name);
                self.fail(problem)
            }
            Val::Module(m) => {
                let hidden = name.name.starts_with('_') && self.f.home != *m;
                if !hidden && let Some(v) = self.module_name(*m, &name.name, span)? {
                    return Ok(v);
                }
                let module = &self.world.modules[m.0 as usize];
                let title = format!("`{}` has no `{}`", module.name, name.name);
                let names: Vec<Name> =
                    module.group.fns.iter().map(|f| f.name.name.clone()).chain(module.lets.keys().cloned()).collect();
                let mut problem = Diagnostic::error("E0101", name.span, title);
                if let Some(near) = super::messages::nearest(&name.name, names.iter().map(|n| &**n)) {
                    problem = problem.fix(format!("did you mean `{near}`?"), vec![(name.span, near.to_string())]);
                }
                self.fail(problem)
            }
            _ if &*name.name == "T" => self.transpose_last(v, span),
            _ => {
                let problem = self.no_field(v, name);
                self.fail(problem)
            }
        }
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
            let mut problem = Diagnostic::error("E0204", e.span, format!("a condition needs one truth value, but this is {what}"));
            if self.kind(&v).is_some_and(|k| k.dtype == DType::Bool) {
                problem = problem.help("use `all(…)` or `any(…)`; element by element one chooses with `where(c, a, b)`");
            }
            return self.fail(problem);
        }
        self.operand(&v, e.span).map(Err)
    }

    fn if_expr(&mut self, cond: &Expr, then: &Block, otherwise: Option<&Expr>, span: Span) -> R<Val> {
        let cond_local = match self.condition(cond)? {
            Ok(true) => {
                let v = self.block(then)?;
                return Ok(if otherwise.is_none() { Val::None } else { v });
            }
            Ok(false) => return otherwise.map_or(Ok(Val::None), |o| self.expr(o)),
            Err(local) => local,
        };
        let first = |s: &mut Self| s.block(then);
        let second = |s: &mut Self| otherwise.map_or(Ok(Val::None), |o| s.expr(o));
        self.branches(cond_local, otherwise.is_some(), first, second, span)
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
            if self.mode != Mode::Constant && (a == Err(Fail::Reported) || b == Err(Fail::Reported)) {
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
                    let (x, y) = (self.show(&a), self.show(&b));
                    let problem = if a.is_callable() && b.is_callable() {
                        Diagnostic::error("E0207", span, "a function cannot be chosen at run time").help("choose between the results")
                    } else {
                        Diagnostic::error("E0207", span, format!("one branch gives {x}, the other {y}"))
                    };
                    return self.fail(problem);
                };
                let results: Vec<_> = target.types.iter().map(|t| self.local(t.clone(), true, None)).collect();
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
                    let live = matches!(a_body.last().map(|s| &s.kind), Some(StmtKind::Return(_) | StmtKind::Break | StmtKind::Continue));
                    let target = self.template(&v);
                    let results: Vec<_> = target.types.iter().map(|t| self.local(t.clone(), true, None)).collect();
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
    fn logic(&mut self, op: BinaryOp, a: &Expr, b: &Expr, span: Span) -> R<Val> {
        let x = self.expr(a)?;
        let or = op == BinaryOp::Or;
        if let Val::Bool(known) = x {
            return if known == or { Ok(x) } else { self.truth(b) };
        }
        self.check_truth(&x, a.span)?;
        if !self.dims(&x).is_empty() {
            let y = self.truth(b)?;
            let prim = if or { crate::prims::Prim::Or } else { crate::prims::Prim::And };
            return self.pointwise(prim, &[x, y], span);
        }
        let cond = self.operand(&x, a.span)?;
        let cond = if self.f.locals[cond.0 as usize].mutable {
            let copy = self.snapshot(&Val::Leaf(cond), a.span);
            self.operand(&copy, a.span)?
        } else {
            cond
        };
        // An array on the right makes it element by element after all.
        let before = self.f.locals.len();
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
        let _ = before;
        let result = self.local(crate::types::Ty::scalar(DType::Bool), true, None);
        let (mut taken, ()) = (body, ());
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

    fn truth(&mut self, e: &Expr) -> R<Val> {
        let v = self.expr(e)?;
        self.check_truth(&v, e.span)?;
        Ok(v)
    }

    fn check_truth(&mut self, v: &Val, span: Span) -> R<()> {
        if self.kind(v).is_some_and(|k| k.dtype == DType::Bool) {
            return Ok(());
        }
        let what = self.show(v);
        self.error("E0204", span, format!("`and`, `or` and `not` take truth values, and this is {what}"))
    }

    fn not(&mut self, v: &Val, span: Span) -> R<Val> {
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

    /// Whether control is inside a lane of a comprehension.
    pub fn in_lane(&self) -> bool {
        self.f.loops.iter().any(|l| matches!(l, Loop::Lane))
    }
}

fn y_is(v: &Val, b: bool) -> bool {
    matches!(v, Val::Bool(x) if *x == b)
}

/// Whether evaluating an expression may assign a variable of this function.
pub(crate) fn may_assign(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Block(_) | ExprKind::If { .. } => true,
        ExprKind::Binary(_, a, b) => may_assign(a) || may_assign(b),
        ExprKind::Unary(_, a) => may_assign(a),
        ExprKind::Call { args, .. } => args.iter().any(|a| may_assign(&a.value)),
        _ => false,
    }
}

impl PartialEq for Val {
    /// Only for comparing outcomes; values themselves are compared by their keys.
    fn eq(&self, _: &Val) -> bool {
        false
    }
}
