//! Comparisons: decided when compiling where sizes and literals allow it.

use super::arith::{Spans, as_float, as_size};
use crate::ast::{CompareOp, Expr, Name};
use crate::check::advice::messages::plain_text;
use crate::check::state::elab::{Elab, R};
use crate::check::state::value::Val;
use crate::ops::{Op, Reduction};
use crate::prims::Prim;
use crate::source::Span;

impl Elab<'_> {
    /// `a < b <= c`.
    pub fn comparison(&mut self, first: &Expr, rest: &[(CompareOp, Expr)], span: Span) -> R<Val> {
        let mut result: Option<Val> = None;
        let mut left = self.expr(first)?;
        let mut left_span = first.span;
        for (op, e) in rest {
            if crate::check::state::free::may_assign(e) {
                left = self.snapshot(&left, left_span);
            }
            let right = self.expr(e)?;
            let one = self.compare(*op, &left, &right, (span, left_span, e.span))?;
            if self.watched == Some(span) && rest.len() == 1 {
                self.watched = None;
                self.compared = Some((left.clone(), written(*op), right.clone()));
            }
            result = Some(match result {
                None => one,
                Some(Val::Bool(false)) => Val::Bool(false),
                Some(Val::Bool(true)) => one,
                Some(v) => match one {
                    Val::Bool(true) => v,
                    Val::Bool(false) => Val::Bool(false),
                    one => self.pointwise(Prim::And, &[v, one], span)?,
                },
            });
            left = right;
            left_span = e.span;
        }
        Ok(result.unwrap_or(Val::Bool(true)))
    }

    /// Whether two structures have the same parts: one truth value, known when compiling where the parts are.
    fn same_parts(&mut self, x: &[(Option<Name>, Val)], y: &[(Option<Name>, Val)], spans: Spans) -> R<Val> {
        if x.len() != y.len() || x.iter().any(|(n, _)| !y.iter().any(|(m, _)| n == m)) {
            return Ok(Val::Bool(false));
        }
        let mut same = Val::Bool(true);
        for (k, (name, p)) in x.iter().enumerate() {
            let named = y.iter().find(|(m, _)| name.is_some() && m == name);
            let q = &named.unwrap_or(&y[k]).1;
            let one = self.compare(CompareOp::Eq, p, q, spans)?;
            let rank = self.dims(&one).len();
            let one = if rank == 0 {
                one
            } else {
                let l = self.operand(&one, spans.0)?;
                Val::Leaf(self.emit(Op::Reduce(Reduction::All, (0..rank).collect()), &[l], spans.0)?)
            };
            same = match (same, one) {
                (Val::Bool(false), _) | (_, Val::Bool(false)) => return Ok(Val::Bool(false)),
                (Val::Bool(true), other) | (other, Val::Bool(true)) => other,
                (p, q) => self.pointwise(Prim::And, &[p, q], spans.0)?,
            };
        }
        Ok(same)
    }

    /// Strings are options: whether two are equal is known when the program is compiled.
    fn same_text(&mut self, op: CompareOp, a: &Val, b: &Val, span: Span) -> R<Val> {
        let problem = match (plain_text(a), plain_text(b), op) {
            (Some(a), Some(b), CompareOp::Eq) => return Ok(Val::Bool(a == b)),
            (Some(a), Some(b), CompareOp::Ne) => return Ok(Val::Bool(a != b)),
            (Some(_), Some(_), _) => "strings have no order: they are equal or not",
            _ => "a string with values in it cannot be compared",
        };
        self.error("E0204", span, problem)
    }

    pub fn compare(&mut self, op: CompareOp, a: &Val, b: &Val, (span, a_span, b_span): Spans) -> R<Val> {
        use std::cmp::Ordering;
        if matches!((op, a), (CompareOp::Eq | CompareOp::Ne, Val::None))
            || matches!((op, b), (CompareOp::Eq | CompareOp::Ne, Val::None))
        {
            let same = matches!((a, b), (Val::None, Val::None));
            return Ok(Val::Bool(same == (op == CompareOp::Eq)));
        }
        if let (Val::Tuple(x), Val::Tuple(y), CompareOp::Eq | CompareOp::Ne) = (a, b, op) {
            let same = self.same_parts(x, y, (span, a_span, b_span))?;
            return if op == CompareOp::Eq { Ok(same) } else { self.not(&same, span) };
        }
        if matches!((a, b), (Val::Str(_), Val::Str(_))) {
            return self.same_text(op, a, b, span);
        }
        // An option may be a string or a number.
        let number = |v: &Val| self.kind(v).is_some() && self.dims(v).is_empty();
        if matches!(op, CompareOp::Eq | CompareOp::Ne)
            && [(a, b), (b, a)].iter().any(|(x, y)| plain_text(x).is_some() && number(y))
        {
            return Ok(Val::Bool(op == CompareOp::Ne));
        }
        let holds = |o: Ordering| match op {
            CompareOp::Eq => o.is_eq(),
            CompareOp::Ne => o.is_ne(),
            CompareOp::Lt => o.is_lt(),
            CompareOp::Le => o.is_le(),
            CompareOp::Gt => o.is_gt(),
            CompareOp::Ge => o.is_ge(),
        };
        if let (Some(x), Some(y)) = (as_size(a), as_size(b)) {
            let difference = x.clone() - y.clone();
            if let Some(o) = self.sign(&difference) {
                return Ok(Val::Bool(holds(o)));
            }
            // `n >= 0`, `n < 0` and the like are known of sizes too.
            let never_below = self.is_natural(&difference);
            let never_above = self.is_natural(&-difference);
            match op {
                CompareOp::Ge if never_below => return Ok(Val::Bool(true)),
                CompareOp::Lt if never_below => return Ok(Val::Bool(false)),
                CompareOp::Le if never_above => return Ok(Val::Bool(true)),
                CompareOp::Gt if never_above => return Ok(Val::Bool(false)),
                CompareOp::Eq | CompareOp::Ne | CompareOp::Lt | CompareOp::Le | CompareOp::Gt | CompareOp::Ge => {}
            }
        } else if let (Some(x), Some(y)) = (as_float(a), as_float(b)) {
            return Ok(Val::Bool(match x.partial_cmp(&y) {
                Some(o) => holds(o),
                None => op == CompareOp::Ne,
            }));
        }
        if let (Val::Bool(x), Val::Bool(y)) = (a, b) {
            return Ok(Val::Bool(holds(x.cmp(y))));
        }
        let prim = match op {
            CompareOp::Eq => Prim::Eq,
            CompareOp::Ne => Prim::Ne,
            CompareOp::Lt => Prim::Lt,
            CompareOp::Le => Prim::Le,
            CompareOp::Gt => Prim::Gt,
            CompareOp::Ge => Prim::Ge,
        };
        let sizes = as_size(a).is_some() && as_size(b).is_some();
        let v = self.pointwise_at(prim, &[a.clone(), b.clone()], span, &[a_span, b_span])?;
        if let (true, Val::Leaf(l)) = (sizes, &v) {
            self.f.undecided.insert(*l);
        }
        Ok(v)
    }
}

/// A string without values in it: an option, which is known when compiling.
fn written(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "==",
        CompareOp::Ne => "!=",
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
    }
}
