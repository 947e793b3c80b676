//! Slices: the length is known when compiling, the start need not be.

use super::index::{Picked, Plan, from_end};
use crate::ast::{BinaryOp, Expr, ExprKind, Index};
use crate::check::state::elab::{Elab, R};
use crate::check::state::value::Val;
use crate::diagnostic::Diagnostic;
use crate::failures;
use crate::ops::Op;
use crate::source::Span;
use crate::typed::{BoundsOf, Local};
use crate::types::Dim;

impl Elab<'_> {
    pub fn slice(
        &mut self,
        start: Option<&Expr>,
        end: Option<&Expr>,
        step: Option<&Expr>,
        dim: &Dim,
        span: Span,
    ) -> R<Picked> {
        let whole = Val::Size(dim.clone());
        let sp = (span, span, span);
        let step = match step {
            Some(e) => {
                let v = self.whole(e)?;
                self.known(&v, e.span, "the step of a slice")?
            }
            None => 1,
        };
        if step == 0 {
            return self.error("E0203", span, "the step of a slice cannot be 0");
        }
        if start.is_none() && end.is_none() && step == 1 {
            return Ok(Picked::All);
        }
        let bound = |s: &mut Self, e: Option<&Expr>, missing: Val| -> R<Val> {
            let Some(e) = e else { return Ok(missing) };
            match from_end(e) {
                Some(inner) => {
                    let v = s.whole(inner)?;
                    s.binary(BinaryOp::Sub, &whole, &v, false, sp)
                }
                None => s.whole(e),
            }
        };
        let (low, high) = if step > 0 {
            (Val::Int(0), Val::Size(dim.clone()))
        } else {
            (Val::Size(dim.clone() - Dim::constant(1)), Val::Int(-1))
        };
        let a = bound(self, start, low)?;
        let b = bound(self, end, high)?;
        let known = |v: &Val| match v {
            Val::Int(i) => Some(Dim::constant(*i)),
            Val::Size(d) => Some(d.clone()),
            _ => None,
        };
        let length = match (known(&a), known(&b)) {
            (Some(a), Some(b)) => Some(b - a),
            // `i..i + 3`: the same value on both sides.
            _ => match (start, end) {
                (Some(s), Some(e)) => self.difference(s, e)?,
                _ => None,
            },
        };
        let Some(length) = length else {
            return self.fail(
                Diagnostic::error("E0203", span, "the length of this slice is not known when the program is compiled")
                    .help(
                        "a slice like `x[i..i + 3]` has a fixed length; a sum over a part is written `sum(x[j] for \
                        j in a..b)`",
                    ),
            );
        };
        let len = if step > 0 {
            (length + Dim::constant(step - 1)).floor_div(&Dim::constant(step))
        } else {
            (-length + Dim::constant(-step - 1)).floor_div(&Dim::constant(-step))
        };
        if let Some(c) = len.as_const()
            && c < 0
        {
            return self.error("E0203", span, "this slice ends before it begins");
        }
        self.natural(&len, span)?;
        Ok(Picked::Span { start: a, len, step, span })
    }

    /// `end − start` where both are the same expression up to known numbers.
    pub fn difference(&mut self, start: &Expr, end: &Expr) -> R<Option<Dim>> {
        let (mut a_terms, mut b_terms) = (Vec::new(), Vec::new());
        terms(start, 1, &mut a_terms);
        terms(end, 1, &mut b_terms);
        let mut rest = b_terms;
        for (sign, e) in a_terms {
            match rest.iter().position(|(s, f)| *s == sign && same_text(e, f)) {
                Some(at) => {
                    rest.remove(at);
                }
                None => rest.push((-sign, e)),
            }
        }
        let mut sum = Dim::constant(0);
        for (sign, e) in rest {
            let (_, v) = self.buffered(|s| s.whole(e));
            match v? {
                Val::Int(i) => sum = sum + Dim::constant(sign * i),
                Val::Size(d) => sum = sum + d * Dim::constant(sign),
                _ => return Ok(None),
            }
        }
        Ok(Some(sum))
    }

    /// Whether a position is certainly in range; an error if it is certainly not.
    pub fn in_range(&mut self, v: &Val, dim: &Dim, at: Span, what: &str) -> R<bool> {
        let d = match v {
            Val::Int(i) => Dim::constant(*i),
            Val::Size(d) => d.clone(),
            _ => return Ok(false),
        };
        let room = dim.clone() - d.clone() - Dim::constant(1);
        if d.as_const().is_some_and(|c| c < 0) || room.as_const().is_some_and(|c| c < 0) {
            // A position that is counted from the end is shown as written.
            let written = self.text_of(at);
            let shown = match written.strip_prefix('-').map(|k| k.trim().parse::<i64>()) {
                Some(Ok(_)) if what == "the index" => written,
                _ => self.show_dim(&d),
            };
            let n = self.show_dim(dim);
            let problem = match what {
                "the index" => failures::index(at, &shown, &n),
                _ => failures::slice(at, format!("{what} {shown} is out of range: the axis has size {n}")),
            };
            let computed = d.as_const().filter(|_| !shown.starts_with('-'));
            return match dim.as_const() {
                Some(count) => self.fail(failures::valid(problem, computed, count)),
                None => self.fail(problem),
            };
        }
        Ok(self.is_natural(&d) && self.is_natural(&room))
    }

    #[allow(clippy::too_many_arguments)]
    pub fn span_checks(
        &mut self,
        start: &Val,
        l: Local,
        len: &Dim,
        step: i64,
        dim: &Dim,
        at: Span,
        plan: &mut Plan,
    ) -> R<()> {
        // An empty slice touches nothing.
        if len.is(0) {
            return Ok(());
        }
        let reach = (len.clone() - Dim::constant(1)) * Dim::constant(step.abs());
        let d = match start {
            Val::Int(i) => Some(Dim::constant(*i)),
            Val::Size(d) => Some(d.clone()),
            _ => None,
        };
        if let Some(d) = d {
            // First and last position.
            let last = d.clone() + (len.clone() - Dim::constant(1)) * Dim::constant(step);
            let (low, high) = if step > 0 { (d, last) } else { (last, d) };
            let room = dim.clone() - high.clone() - Dim::constant(1);
            if low.as_const().is_some_and(|c| c < 0) || room.as_const().is_some_and(|c| c < 0) {
                let n = self.show_dim(dim);
                return self.fail(failures::slice(at, format!("this slice leaves the axis, which has size {n}")));
            }
            // `room + 1 ≥ 0` is enough when the slice may be empty.
            if self.is_natural(&low) && self.is_natural(&room) {
                return Ok(());
            }
        }
        if step > 0 {
            plan.checks.push((l, dim.clone() - reach, BoundsOf::Slice));
        } else {
            let back = self.operand(&Val::Size(reach.clone()), at)?;
            let lowest = self.emit(Op::Prim(crate::prims::Prim::Sub), &[l, back], at)?;
            plan.checks.push((lowest, dim.clone() - reach, BoundsOf::Slice));
        }
        Ok(())
    }
}

/// The terms of a sum, with signs.
fn terms<'e>(e: &'e Expr, sign: i64, out: &mut Vec<(i64, &'e Expr)>) {
    match &e.kind {
        ExprKind::Binary(BinaryOp::Add, a, b) => {
            terms(a, sign, out);
            terms(b, sign, out);
        }
        ExprKind::Binary(BinaryOp::Sub, a, b) => {
            terms(a, sign, out);
            terms(b, -sign, out);
        }
        _ => out.push((sign, e)),
    }
}

/// Whether two expressions are written alike and have one value.
fn same_text(a: &Expr, b: &Expr) -> bool {
    match (&a.kind, &b.kind) {
        (ExprKind::Int(x), ExprKind::Int(y)) => x == y,
        (ExprKind::Name(x), ExprKind::Name(y)) => x == y,
        (ExprKind::Binary(o, a, b), ExprKind::Binary(p, c, d)) => o == p && same_text(a, c) && same_text(b, d),
        (ExprKind::Unary(o, a), ExprKind::Unary(p, b)) => o == p && same_text(a, b),
        (ExprKind::Index { base: a, indices: i }, ExprKind::Index { base: b, indices: j }) => {
            same_text(a, b)
                && i.len() == j.len()
                && i.iter().zip(j).all(|(x, y)| matches!((x, y), (Index::At(x), Index::At(y)) if same_text(x, y)))
        }
        _ => false,
    }
}
