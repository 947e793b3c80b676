//! Expressions.

use crate::ast::*;
use crate::check::state::elab::{Elab, Fail, Loop, Mode, R};
use crate::check::state::free::may_assign;
use crate::check::state::value::{RangeVal, Val};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::typed::Piece;
use crate::types::{DType, Dim};
use std::sync::Arc;

impl Elab<'_> {
    /// The value of an expression; a poisoned one fails silently.
    pub fn expr(&mut self, e: &Expr) -> R<Val> {
        self.go_on(e.span)?;
        let v = self.expr_inner(e)?;
        if v.is_error() { Err(Fail::Reported) } else { Ok(v) }
    }

    pub fn expr_inner(&mut self, e: &Expr) -> R<Val> {
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
            ExprKind::Fixpoint { options, start, round } => self.fixpoint(options, start, round, e.span),
            ExprKind::Tuple(parts) => {
                let mut out = Vec::new();
                for p in parts {
                    out.push(self.expr(p)?);
                }
                self.bounded(Val::tuple(out), e.span)
            }
            ExprKind::Record(fields) => {
                let fields = self.fields(fields)?;
                self.bounded(Val::Tuple(fields.into_iter().map(|(n, v)| (Some(n.name), v)).collect()), e.span)
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
            ExprKind::Chain(first, rest) => self.chain(first, rest),
            ExprKind::Compare(first, rest) => self.comparison(first, rest, e.span),
            ExprKind::Call { callee, args } => self.call_expr(callee, args, e.span),
            ExprKind::Index { base, indices } => {
                let base_val = self.expr(base)?;
                self.index_expr(&base_val, indices, e.span)
            }
            ExprKind::Field(base, name) => {
                let v = self.expr(base)?;
                if let Some(problem) = self.method(&v, base.span, name, None) {
                    return self.fail(problem);
                }
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

    /// `a + b - c + …`.
    fn chain(&mut self, first: &Expr, rest: &[(BinaryOp, Expr)]) -> R<Val> {
        let (mut value, mut span) = (self.expr(first)?, first.span);
        for (op, e) in rest {
            let whole = span.to(e.span);
            value = if let BinaryOp::And | BinaryOp::Or = op {
                self.logic_with(*op, (value, span), e, whole)?
            } else {
                let left = if may_assign(e) { self.snapshot(&value, span) } else { value };
                let right = self.expr(e)?;
                let literal = matches!(&e.kind, ExprKind::Unary(UnaryOp::Neg, _));
                self.binary(*op, &left, &right, literal, (whole, span, e.span))?
            };
            span = whole;
        }
        Ok(value)
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
                let mut problem =
                    Diagnostic::error("E0204", e.span, format!("a whole number is needed here, and this is {what}"));
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
                Diagnostic::error("E0203", span, format!("{what} must be known when the program is compiled")).note(
                    "whole numbers known then are literals, sizes, whole arguments and `let`s of them; not loop \
                        variables, `var`s or entries of arrays",
                ),
            ),
        }
    }

    /// A size: a whole number that decides a shape.
    pub fn size(&mut self, v: &Val, span: Span) -> R<Dim> {
        match v {
            Val::Int(i) => Ok(Dim::constant(*i)),
            Val::Size(d) => Ok(d.clone()),
            Val::DType(dtype) => {
                let title = "a size is one whole number, and this is a type";
                let help = format!("a type is called like a function: `{0}(zeros(2, 3))`", dtype.name());
                self.fail(Diagnostic::error("E0203", span, title).help(help))
            }
            _ if self.kind(v).is_some() && self.dims(v).len() == 1 => {
                let problem = Diagnostic::error(
                    "E0203",
                    span,
                    format!("a size is one whole number, and this is {}", self.show(v)),
                );
                let help = "sizes stand one after another, as in `zeros(2, 3)`, or in a tuple, `(2, 3)`";
                let text = self.text_of(span);
                let literal = text.starts_with('[') && text.ends_with(']');
                let (first, last) = (Span { end: span.start + 1, ..span }, Span { start: span.end - 1, ..span });
                self.fail(if literal {
                    problem.fix(help, vec![(first, "(".into()), (last, ")".into())])
                } else {
                    problem.help(help)
                })
            }
            _ => self.known(v, span, "a size").map(Dim::constant),
        }
    }

    /// A size on which only the choice between equal ways of computing depends. A definition is checked for any.
    pub fn size_for_choice(&self, d: &Dim) -> R<i64> {
        match (d.as_const(), self.mode) {
            (Some(c), _) => Ok(c),
            (None, Mode::Definition) => Ok(i64::from(u8::MAX)),
            (None, Mode::Symbolic | Mode::Constant) => Err(Fail::Abort),
        }
    }

    pub fn string(&mut self, parts: &[StrPart]) -> R<Val> {
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

    pub fn fields(&mut self, fields: &[Field]) -> R<Vec<(Ident, Val)>> {
        let mut out: Vec<(Ident, Val)> = Vec::new();
        for f in fields {
            if let Some((first, _)) = out.iter().find(|(n, _)| n.name == f.name.name) {
                let problem =
                    Diagnostic::error("E0206", f.name.span, format!("the field `{}` is given twice", f.name.name))
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

    pub fn update_record(&mut self, base: &Expr, fields: &[Field], span: Span) -> R<Val> {
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
        self.bounded(Val::Tuple(parts.into()), span)
    }

    pub fn no_field(&mut self, v: &Val, name: &Ident) -> Diagnostic {
        let names: Vec<Name> = match v {
            Val::Tuple(parts) => parts.iter().filter_map(|(n, _)| n.clone()).collect(),
            _ => Vec::new(),
        };
        let what = self.show(v);
        let mut problem = Diagnostic::error("E0206", name.span, format!("there is no field `{}`", name.name))
            .note(format!("the value is {what}"));
        if let Some(near) = crate::check::advice::messages::nearest(&name.name, names.iter().map(|n| &**n)) {
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
                if let Some(near) = crate::check::advice::messages::nearest(&name.name, names.iter().map(|n| &**n)) {
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

    /// How many comprehensions control is inside of.
    pub fn lanes_around(&self) -> usize {
        self.f.loops.iter().filter(|l| matches!(l, Loop::Lane)).count()
    }
}
