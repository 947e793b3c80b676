//! Indexing: each position acts on its own axis.

use crate::ast::{BinaryOp, Expr, ExprKind, Index, UnaryOp};
use crate::check::state::elab::{Elab, Fail, R};
use crate::check::state::value::Val;
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
    Span {
        start: Val,
        len: Dim,
        step: i64,
        span: Span,
    },
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
pub(crate) fn from_end(e: &Expr) -> Option<&Expr> {
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
            if let ExprKind::Str(_) = e.kind {
                let problem = Diagnostic::error("E0206", e.span, "a part of a tuple has a number, a field a name");
                return s.fail(problem.help("a field is named with a point: `p.width`"));
            }
            let v = s.whole(e)?;
            let k = s.known(&v, e.span, "the place in a tuple")?;
            Ok(if k < 0 { k + n } else { k })
        };
        let [index] = indices else {
            return self.error("E0206", span, "a tuple has one index");
        };
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
            let mut problem =
                Diagnostic::error("E0204", span, format!("only arrays and tuples have parts, and this is {what}"));
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
                Index::Slice { start, end, step, span } => {
                    self.slice(start.as_ref(), end.as_ref(), step.as_ref(), &dim, *span)?
                }
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
                if self.dims(&v).is_empty() {
                    Ok(Picked::At(v, e.span))
                } else {
                    Ok(Picked::Many(v, e.span))
                }
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
                let mut problem =
                    Diagnostic::error("E0204", e.span, format!("an index must be a whole number, and this is {what}"));
                if let ExprKind::Binary(BinaryOp::Div, a, b) = &e.kind {
                    let at = Span { start: a.span.end, end: b.span.start, ..a.span };
                    problem = problem.fix("`//` divides whole numbers", vec![(at, " // ".into())]);
                }
                self.fail(problem)
            }
        }
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
            let Some(dim) = ty.dims.get(axis).cloned() else {
                return Err(Fail::Reported);
            };
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
