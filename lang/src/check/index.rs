//! Indexing: each position acts on its own axis.

use super::elab::{Elab, Fail, R};
use super::value::Val;
use crate::ast::{BinaryOp, Expr, ExprKind, Index, UnaryOp};
use crate::diagnostic::Diagnostic;
use crate::ops::{Op, Sel};
use crate::source::Span;
use crate::typed::{BoundsOf, Local, StmtKind};
use crate::types::{DType, Dim, Ty};

/// One position, evaluated.
pub(crate) enum Picked {
    /// A number; counts from the front.
    At(Val, Span),
    /// A number that is in range.
    Safe(Local),
    All,
    /// `len` positions from a start.
    Span { start: Val, len: Dim, step: i64, span: Span },
    /// An index array.
    Many(Val, Span),
    /// `none`: a new axis.
    New,
}

/// What an index or assignment does.
pub(crate) struct Plan {
    pub sels: Vec<Sel>,
    pub operands: Vec<Local>,
    pub checks: Vec<(Local, Dim, BoundsOf)>,
    /// The shape of the part, without new axes.
    pub dims: Vec<Dim>,
    /// The shape with new axes.
    pub shape: Vec<Dim>,
    pub extra_axes: bool,
}

/// An expression written with a minus: counts from the end.
fn from_end(e: &Expr) -> Option<&Expr> {
    match &e.kind {
        ExprKind::Unary(UnaryOp::Neg, inner) => Some(inner),
        _ => None,
    }
}

impl Elab<'_> {
    pub fn index_expr(&mut self, base: &Val, indices: &[Index], span: Span) -> R<Val> {
        if let Val::Tuple(parts) = base {
            return self.index_tuple(&parts.clone(), indices, span);
        }
        let picked = self.selectors(base, indices, span)?;
        self.pick(base, picked, span)
    }

    /// Parts of a tuple, by numbers known when compiling.
    pub fn index_tuple(&mut self, parts: &[(Option<crate::ast::Name>, Val)], indices: &[Index], span: Span) -> R<Val> {
        let n = parts.len() as i64;
        let position = |s: &mut Self, e: &Expr| -> R<i64> {
            let v = s.whole(e)?;
            let k = s.known(&v, e.span, "the place in a tuple")?;
            Ok(if k < 0 { k + n } else { k })
        };
        let [index] = indices else { return self.error("E0206", span, "a tuple has one index") };
        match index {
            Index::At(e) => {
                let k = position(self, e)?;
                match usize::try_from(k).ok().and_then(|k| parts.get(k)) {
                    Some((_, v)) => Ok(v.clone()),
                    None => self.error("E0206", e.span, format!("the tuple has {n} parts")),
                }
            }
            Index::Slice { start, end, step: None, .. } => {
                let a = start.as_ref().map_or(Ok(0), |e| position(self, e))?;
                let b = end.as_ref().map_or(Ok(n), |e| position(self, e))?;
                if a < 0 || b > n || a > b {
                    return self.error("E0206", span, format!("the tuple has {n} parts"));
                }
                Ok(Val::Tuple(parts[a as usize..b as usize].into()))
            }
            Index::Slice { span, .. } => self.error("E0206", *span, "a slice of a tuple has no step"),
        }
    }

    /// Evaluates the positions.
    pub fn selectors(&mut self, base: &Val, indices: &[Index], span: Span) -> R<Vec<Picked>> {
        let dims = self.dims(base);
        if self.kind(base).is_none() {
            let what = self.show(base);
            let mut problem = Diagnostic::error("E0204", span, format!("only arrays and tuples have parts, and this is {what}"));
            if base.is_callable() {
                problem = problem.help("a function is called with round brackets");
            }
            return self.fail(problem);
        }
        let mut out = Vec::new();
        let mut axis = 0;
        for index in indices {
            let at = match index {
                Index::At(e) => e.span,
                Index::Slice { span, .. } => *span,
            };
            if let Index::At(Expr { kind: ExprKind::None, .. }) = index {
                out.push(Picked::New);
                continue;
            }
            let Some(dim) = dims.get(axis).cloned() else {
                let what = self.show(base);
                return self.error("E0206", at, format!("{what} has {} axes, and this is one more", dims.len()));
            };
            axis += 1;
            out.push(match index {
                Index::At(e) => self.position(e, &dim)?,
                Index::Slice { start, end, step, span } => self.slice(start.as_ref(), end.as_ref(), step.as_ref(), &dim, *span)?,
            });
        }
        Ok(out)
    }

    pub fn position(&mut self, e: &Expr, dim: &Dim) -> R<Picked> {
        if let Some(inner) = from_end(e) {
            let v = self.whole(inner)?;
            let at = self.binary(BinaryOp::Sub, &Val::Size(dim.clone()), &v, false, (e.span, e.span, e.span))?;
            return Ok(Picked::At(at, e.span));
        }
        let v = self.expr(e)?;
        if let Val::Range(r) = &v {
            let len = self.range_len(r);
            if let Some(len) = len {
                return Ok(Picked::Span { start: r.start.clone(), len, step: r.step, span: e.span });
            }
        }
        match self.kind(&v) {
            Some(k) if k.dtype == DType::I64 => {
                if self.dims(&v).is_empty() { Ok(Picked::At(v, e.span)) } else { Ok(Picked::Many(v, e.span)) }
            }
            Some(k) if k.dtype == DType::Bool => {
                let what = self.show(&v);
                self.fail(
                    Diagnostic::error("E0204", e.span, format!("an index must be a whole number, and this is {what}"))
                        .help("a mask has no fixed length: use `where(mask, x, 0)`, or `if` in a reduction"),
                )
            }
            _ => {
                let what = self.show(&v);
                let mut problem = Diagnostic::error("E0204", e.span, format!("an index must be a whole number, and this is {what}"));
                if let ExprKind::Binary(BinaryOp::Div, a, b) = &e.kind {
                    let at = Span { start: a.span.end, end: b.span.start, ..a.span };
                    problem = problem.fix("`//` divides whole numbers", vec![(at, " // ".into())]);
                }
                self.fail(problem)
            }
        }
    }

    pub fn slice(&mut self, start: Option<&Expr>, end: Option<&Expr>, step: Option<&Expr>, dim: &Dim, span: Span) -> R<Picked> {
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
                    .help("a slice like `x[i..i + 3]` has a fixed length; a sum over a part is written `sum(x[j] for j in a..b)`"),
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

    /// Decides selectors, operands and checks.
    pub fn plan(&mut self, ty: &Ty, picked: Vec<Picked>) -> R<Plan> {
        let mut plan =
            Plan { sels: vec![], operands: vec![], checks: vec![], dims: vec![], shape: vec![], extra_axes: false };
        let mut axis = 0;
        for p in picked {
            if matches!(p, Picked::New) {
                plan.shape.push(Dim::constant(1));
                plan.extra_axes = true;
                continue;
            }
            let Some(dim) = ty.dims.get(axis).cloned() else { return Err(Fail::Reported) };
            axis += 1;
            match p {
                Picked::All => {
                    plan.sels.push(Sel::All);
                    plan.dims.push(dim.clone());
                    plan.shape.push(dim);
                }
                Picked::Safe(l) => {
                    plan.sels.push(Sel::At);
                    plan.operands.push(l);
                }
                Picked::At(v, at) => {
                    let checked = self.in_range(&v, &dim, at, "the index")?;
                    let l = self.operand(&v, at)?;
                    if !checked {
                        plan.checks.push((l, dim, BoundsOf::Index));
                    }
                    plan.sels.push(Sel::At);
                    plan.operands.push(l);
                }
                Picked::Span { start, len, step, span: at } => {
                    if step == 1 && len == dim && matches!(start, Val::Int(0)) {
                        plan.sels.push(Sel::All);
                    } else {
                        let l = self.operand(&start, at)?;
                        self.span_checks(&start, l, &len, step, &dim, at, &mut plan)?;
                        plan.sels.push(Sel::Span { len: len.clone(), step });
                        plan.operands.push(l);
                    }
                    plan.dims.push(len.clone());
                    plan.shape.push(len);
                }
                Picked::Many(v, at) => {
                    let l = self.operand(&v, at)?;
                    plan.checks.push((l, dim, BoundsOf::Index));
                    plan.sels.push(Sel::Pick);
                    let own = self.ty(l).dims.clone();
                    plan.dims.extend(own.iter().cloned());
                    plan.shape.extend(own);
                    plan.operands.push(l);
                }
                Picked::New => {}
            }
        }
        for dim in &ty.dims[axis.min(ty.rank())..] {
            plan.sels.push(Sel::All);
            plan.dims.push(dim.clone());
            plan.shape.push(dim.clone());
        }
        Ok(plan)
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
            let (d, n) = (self.show_dim(&d), self.show_dim(dim));
            return self.error("E0210", at, format!("{what} {d} is out of range: the axis has size {n}"));
        }
        Ok(self.is_natural(&d) && self.is_natural(&room))
    }

    #[allow(clippy::too_many_arguments)]
    pub fn span_checks(&mut self, start: &Val, l: Local, len: &Dim, step: i64, dim: &Dim, at: Span, plan: &mut Plan) -> R<()> {
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
                return self.error("E0210", at, format!("this slice leaves the axis, which has size {n}"));
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

    /// The part of an array.
    pub fn pick(&mut self, base: &Val, picked: Vec<Picked>, span: Span) -> R<Val> {
        let l = self.operand(base, span)?;
        let ty = self.ty(l).clone();
        let plan = self.plan(&ty, picked)?;
        for (index, len, what) in plan.checks {
            self.push(StmtKind::Bounds { index, len, what }, span);
        }
        let mut result = l;
        if plan.sels.iter().any(|s| *s != Sel::All) {
            let mut args = vec![l];
            args.extend(plan.operands);
            result = self.emit(Op::Index(plan.sels), &args, span)?;
        }
        if plan.extra_axes {
            result = self.emit(Op::Reshape(plan.shape), &[result], span)?;
        }
        Ok(Val::Leaf(result))
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
