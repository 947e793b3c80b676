//! Matrix products, transposes and array literals.

use super::arith::Spans;
use super::conform::Kind;
use crate::ast::{Expr, ExprKind};
use crate::check::state::elab::{Elab, Fail, Mode, R};
use crate::check::state::value::Val;
use crate::diagnostic::Diagnostic;
use crate::ops::{Const, Op, Table};
use crate::prims::Prim;
use crate::source::Span;
use crate::typed::Local;
use crate::types::{DType, Dim};

impl Elab<'_> {
    /// `a @ b`.
    pub fn matmul(&mut self, a: &Val, b: &Val, (span, a_span, b_span): Spans) -> R<Val> {
        let (Some(ka), Some(kb)) = (self.kind(a), self.kind(b)) else {
            let (x, y) = (self.show(a), self.show(b));
            return self.error("E0204", span, format!("`@` takes vectors and matrices, and these are {x} and {y}"));
        };
        let dtype = ka.join(kb).dtype.max(DType::I64);
        let (da, db) = (self.dims(a), self.dims(b));
        if da.is_empty() || db.is_empty() {
            return self.fail(
                Diagnostic::error("E0204", span, "`@` takes vectors and matrices, and one side is a number")
                    .help("use `*`"),
            );
        }
        let inner_b = if db.len() == 1 { 0 } else { db.len() - 2 };
        if !self.same_dim(&da[da.len() - 1].clone(), &db[inner_b].clone())? {
            return self.matmul_differs(&da, &db, inner_b, (span, a_span, b_span));
        }
        let inner = da[da.len() - 1].clone();
        let x = self.operand_as(a, dtype, span)?;
        let y = self.operand_as(b, dtype, span)?;
        if da.len() == 1 && db.len() == 1 {
            let p = self.emit(Op::Prim(Prim::Mul), &[x, y], span)?;
            return self.emit(Op::Reduce(crate::ops::Reduction::Sum, vec![0]), &[p], span).map(Val::Leaf);
        }
        let one = Dim::constant(1);
        let mut sa = if da.len() == 1 { vec![one.clone(), inner.clone()] } else { da.clone() };
        let mut sb = if db.len() == 1 { vec![inner.clone(), one] } else { db.clone() };
        let (ra, rb) = (sa.len(), sb.len());
        sb[rb - 2] = inner;
        let batch_a = sa[..ra - 2].to_vec();
        let batch_b = sb[..rb - 2].to_vec();
        let args = [a.clone(), b.clone()];
        let batch = self.broadcast_shape(Prim::Mul, &args, &[batch_a, batch_b], span, &[a_span, b_span])?;
        let reshape = |s: &mut Self, l: Local, shape: &mut Vec<Dim>| -> R<Local> {
            let mut l = l;
            if s.ty(l).dims != *shape {
                l = s.emit(Op::Reshape(shape.clone()), &[l], span)?;
            }
            let mut full = batch.clone();
            full.extend(shape[shape.len() - 2..].iter().cloned());
            s.broadcast_to(l, &full, span)
        };
        let x = reshape(self, x, &mut sa)?;
        let y = reshape(self, y, &mut sb)?;
        let r = self.emit(Op::MatMul { ta: false, tb: false }, &[x, y], span)?;
        let mut dims = batch;
        if da.len() > 1 {
            dims.push(da[da.len() - 2].clone());
        }
        if db.len() > 1 {
            dims.push(db[db.len() - 1].clone());
        }
        if self.ty(r).dims == dims { Ok(Val::Leaf(r)) } else { self.emit(Op::Reshape(dims), &[r], span).map(Val::Leaf) }
    }

    pub fn matmul_differs<T>(&mut self, da: &[Dim], db: &[Dim], inner_b: usize, (span, a_span, b_span): Spans) -> R<T> {
        let (x, y) = (self.show_dim(&da[da.len() - 1]), self.show_dim(&db[inner_b]));
        let mut problem =
            Diagnostic::error("E0201", span, "shapes do not match in `@`").here(format!("contracts `{x}` with `{y}`"));
        if self.mode == Mode::Definition {
            problem = self.blame_names(problem, &da[da.len() - 1], &db[inner_b]);
        } else {
            let show = |s: &Self, d: &[Dim]| d.iter().map(|d| s.show_dim(d)).collect::<Vec<_>>().join(", ");
            let (sa, sb) = (show(self, da), show(self, db));
            problem = problem.label(a_span, format!("shape [{sa}]")).label(b_span, format!("shape [{sb}]"));
            problem = self.name_sizes(problem);
            if da.len() == 2 && self.same_dim(&da[0].clone(), &db[inner_b].clone()).unwrap_or(false) {
                problem = problem.help("the transpose of the left side would fit: `.T`");
            }
        }
        self.fail(problem)
    }

    pub fn transpose_last(&mut self, v: &Val, span: Span) -> R<Val> {
        let rank = self.dims(v).len();
        if self.kind(v).is_none() || rank < 2 {
            let what = self.show(v);
            return self.error("E0204", span, format!("`.T` swaps the last two axes of an array, and this is {what}"));
        }
        let local = self.operand(v, span)?;
        let mut perm: Vec<usize> = (0..rank).collect();
        perm.swap(rank - 2, rank - 1);
        self.emit(Op::Transpose(perm), &[local], span).map(Val::Leaf)
    }

    /// `[a, b, …]`. Arrays in arrays that are as regular as they look are one list of entries with a shape.
    pub fn array(&mut self, parts: &[Expr], span: Span) -> R<Val> {
        let shape = regular(parts);
        let mut entries = Vec::new();
        flatten(parts, shape.len(), &mut entries);
        let mut vals = Vec::new();
        for p in &entries {
            let v = self.expr(p)?;
            if self.kind(&v).is_none() {
                let what = self.show(&v);
                let mut problem = Diagnostic::error(
                    "E0204",
                    p.span,
                    format!("an entry of an array is a number or an array, and this is {what}"),
                );
                if matches!(v, Val::Tuple(_)) || v.is_callable() {
                    problem = problem.help("a tuple `(a, b)` holds parts of any kind");
                }
                return self.fail(problem);
            }
            vals.push(self.snapshot(&v, p.span));
        }
        let spans: Vec<Span> = entries.iter().map(|p| p.span).collect();
        self.stack_nested(&vals, &shape, span, &spans)
    }

    fn stack_nested(&mut self, vals: &[Val], shape: &[usize], span: Span, spans: &[Span]) -> R<Val> {
        let [first, rest @ ..] = shape else { return Err(Fail::Reported) };
        if rest.is_empty() {
            return self.stack_vals(vals, span, spans);
        }
        if vals.len() > FEW && vals.iter().all(|v| self.dims(v).is_empty()) {
            let Val::Leaf(flat) = self.stack_vals(vals, span, spans)? else { return Err(Fail::Reported) };
            let dims = shape.iter().map(|&n| Dim::constant(n as i64)).collect();
            return self.emit(Op::Reshape(dims), &[flat], span).map(Val::Leaf);
        }
        let step = vals.len() / first;
        let mut rows = Vec::new();
        for (vals, spans) in vals.chunks(step).zip(spans.chunks(step)) {
            rows.push(self.stack_nested(vals, rest, span, spans)?);
        }
        let spans: Vec<Span> = spans.iter().step_by(step).copied().collect();
        self.stack_vals(&rows, span, &spans)
    }

    /// Values of one shape along a new first axis.
    pub fn stack_vals(&mut self, vals: &[Val], span: Span, spans: &[Span]) -> R<Val> {
        let mut kind: Option<Kind> = None;
        for v in vals {
            if let Some(k) = self.kind(v) {
                kind = Some(kind.map_or(k, |j| j.join(k)));
            }
        }
        let dtype = kind.map_or(DType::F64, |k| k.dtype);
        let Some(first) = vals.first() else {
            let fill = self.constant(crate::ops::Const::of(DType::F64, 0.0), span)?;
            return self
                .emit(Op::Broadcast { dims: vec![Dim::constant(0)], axes: vec![] }, &[fill], span)
                .map(Val::Leaf);
        };
        let dims = self.dims(first);
        let (mut locals, mut run) = (Vec::new(), Vec::new());
        for (i, v) in vals.iter().enumerate() {
            let own = self.dims(v);
            if !self.same_dims(&own, &dims)? {
                let (a, b) = (self.show(first), self.show(v));
                let at = spans.get(i).copied().unwrap_or(span);
                return self.fail(
                    Diagnostic::error("E0202", at, "the entries of an array have one shape")
                        .here(format!("this is {b}"))
                        .label(spans.first().copied().unwrap_or(span), format!("and this is {a}")),
                );
            }
            if vals.len() > FEW
                && let Some(entry) = written(v, dtype)
            {
                run.push(entry);
                continue;
            }
            self.end_run(&mut run, &mut locals, span)?;
            let l = self.operand_as(v, dtype, span)?;
            let mut row = vec![Dim::constant(1)];
            row.extend(dims.iter().cloned());
            locals.push(self.emit(Op::Reshape(row), &[l], span)?);
        }
        self.end_run(&mut run, &mut locals, span)?;
        if let [whole] = locals[..]
            && vals.len() > 1
        {
            return Ok(Val::Leaf(whole));
        }
        if locals.is_empty() {
            return Err(Fail::Reported);
        }
        self.emit(Op::Concat(0), &locals, span).map(Val::Leaf)
    }

    /// Entries that are written as numbers, one after the other, are one constant array.
    fn end_run(&mut self, run: &mut Vec<Const>, locals: &mut Vec<Local>, span: Span) -> R<()> {
        if let Some(table) = Table::new(&[run.len()], std::mem::take(run)) {
            locals.push(self.emit(Op::Table(table), &[], span)?);
        }
        Ok(())
    }
}

/// Arrays of at most so many entries are made of their entries, which can be computed with one by one.
const FEW: usize = 16;

/// The shape of array literals in one another, as far as they are alike.
fn regular(parts: &[Expr]) -> Vec<usize> {
    let inner = |p: &Expr| match &p.kind {
        ExprKind::Array(parts) if !parts.is_empty() => Some(regular(parts)),
        _ => None,
    };
    let mut shape = vec![parts.len()];
    let mut inside = parts.iter().map(inner);
    if let Some(Some(first)) = inside.next()
        && inside.all(|shape| shape.as_ref() == Some(&first))
    {
        shape.extend(first);
    }
    shape
}

/// The entries of array literals in one another, `rank` deep.
fn flatten<'e>(parts: &'e [Expr], rank: usize, out: &mut Vec<&'e Expr>) {
    for p in parts {
        match &p.kind {
            ExprKind::Array(parts) if rank > 1 => flatten(parts, rank - 1, out),
            _ => out.push(p),
        }
    }
}

/// A number that is written in the text, as an element of `dtype`.
fn written(v: &Val, dtype: DType) -> Option<Const> {
    match (v, dtype) {
        (Val::Int(i), DType::I64) => Some(Const::I64(*i)),
        (Val::Int(i), DType::F64) => Some(Const::F64(*i as f64)),
        (Val::Float(x), DType::F64) => Some(Const::F64(*x)),
        (Val::Bool(b), DType::Bool) => Some(Const::Bool(*b)),
        _ => None,
    }
}
