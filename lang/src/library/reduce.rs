//! Reductions and sorting.

use super::arrays::{array, axis};
use crate::check::elab_api::{Args, Elab, R, Val};
use crate::ops::{Op, Reduction};
use crate::prims::Prim;
use crate::source::Span;
use crate::typed::{Local, Piece, StmtKind};
use crate::types::{DType, Dim};

/// What a reduction does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sum,
    Any,
    All,
}

/// The axes that an option names; all if there is none.
fn axes(e: &mut Elab<'_>, a: &Args, k: usize, rank: usize) -> R<Vec<usize>> {
    let mut out = match a.get(k).cloned() {
        None | Some((Val::None, _)) => (0..rank).collect(),
        Some((Val::Tuple(parts), at)) => {
            let mut out = Vec::new();
            for (_, p) in parts.iter() {
                out.push(axis(e, p, rank, at)?);
            }
            out
        }
        Some((v, at)) => vec![axis(e, &v, rank, at)?],
    };
    out.sort_unstable();
    out.dedup();
    Ok(out)
}

/// `keep = true` leaves axes of length 1.
fn kept(e: &mut Elab<'_>, a: &Args, k: usize, dims: &[Dim], axes: &[usize], l: Local, span: Span) -> R<Val> {
    match a.get(k) {
        Some((Val::Bool(true), _)) => {
            let dims = dims
                .iter()
                .enumerate()
                .map(|(i, d)| if axes.contains(&i) { Dim::constant(1) } else { d.clone() })
                .collect();
            e.emit(Op::Reshape(dims), &[l], span).map(Val::Leaf)
        }
        None | Some((Val::Bool(false), _)) => Ok(Val::Leaf(l)),
        Some((_, at)) => e.error("E0204", *at, "`keep` is `true` or `false`"),
    }
}

pub(crate) fn reduce(e: &mut Elab<'_>, a: &Args, kind: Kind, span: Span) -> R<Val> {
    let (v, at) = a.at(0)?;
    if let Val::Tuple(parts) = &v {
        // Over the parts of a tuple.
        let prim = match kind {
            Kind::Sum => Prim::Add,
            Kind::Any => Prim::Or,
            Kind::All => Prim::And,
        };
        let mut total: Option<Val> = None;
        for (_, p) in parts.iter() {
            let inner = Args { vals: vec![Some((p.clone(), at)), None, None], rest: vec![] };
            let one = reduce(e, &inner, kind, span)?;
            total = Some(match total {
                None => one,
                Some(t) => e.pointwise(prim, &[t, one], span)?,
            });
        }
        return Ok(total.unwrap_or(Val::Int(0)));
    }
    let (v, at) = array(e, a, 0)?;
    let own = e.kind(&v).map_or(DType::F64, |k| k.dtype);
    let (reduction, dtype) = match kind {
        Kind::Sum => (Reduction::Sum, own.max(DType::I64)),
        Kind::Any => (Reduction::Any, DType::Bool),
        Kind::All => (Reduction::All, DType::Bool),
    };
    if kind != Kind::Sum && own != DType::Bool {
        let what = e.show(&v);
        return e.error("E0204", at, format!("`any` and `all` take truth values, and this is {what}"));
    }
    let l = e.operand_as(&v, dtype, at)?;
    let dims = e.ty(l).dims.clone();
    let axes = axes(e, a, 1, dims.len())?;
    if dims.is_empty() {
        return Ok(Val::Leaf(l));
    }
    let r = e.emit(Op::Reduce(reduction, axes.clone()), &[l], span)?;
    kept(e, a, 2, &dims, &axes, r, span)
}

pub(crate) fn mean(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (v, _) = array(e, a, 0)?;
    let dims = e.dims(&v);
    let axes = axes(e, a, 1, dims.len())?;
    not_empty(e, "mean", &dims, &axes, span)?;
    let count = axes.iter().fold(Dim::constant(1), |n, &k| n * dims[k].clone());
    let total = reduce(e, a, Kind::Sum, span)?;
    e.pointwise(Prim::Div, &[total, Val::Size(count)], span)
}

/// A reduction without an answer for nothing needs something.
fn not_empty(e: &mut Elab<'_>, name: &str, dims: &[Dim], axes: &[usize], span: Span) -> R<()> {
    for &k in axes {
        if dims[k].is(0) {
            return e.error("E0212", span, format!("`{name}` of nothing has no value"));
        }
        if dims[k].as_const().is_none() && !e.is_natural(&(dims[k].clone() - Dim::constant(1))) {
            let n = e.operand(&Val::Size(dims[k].clone()), span)?;
            let zero = e.constant(crate::ops::Const::I64(0), span)?;
            let cond = e.emit(Op::Prim(Prim::Gt), &[n, zero], span)?;
            let message = vec![Piece::Text(format!("`{name}` of nothing has no value"))];
            e.push(StmtKind::Assert { cond, message }, span);
        }
    }
    Ok(())
}

pub(crate) fn extreme(e: &mut Elab<'_>, a: &Args, max: bool, span: Span) -> R<Val> {
    let name = if max { "max" } else { "min" };
    let prim = if max { Prim::Max } else { Prim::Min };
    let (v, at) = a.at(0)?;
    if !a.rest.is_empty() {
        let mut total = v;
        for (w, w_span) in &a.rest {
            total = e.pointwise_at(prim, &[total, w.clone()], span, &[at, *w_span])?;
        }
        return Ok(total);
    }
    if let Val::Tuple(parts) = &v {
        let mut total: Option<Val> = None;
        for (_, p) in parts.iter() {
            total = Some(match total {
                None => p.clone(),
                Some(t) => e.pointwise(prim, &[t, p.clone()], span)?,
            });
        }
        return total.map_or_else(|| e.error("E0212", at, format!("`{name}` of nothing has no value")), Ok);
    }
    let (v, at) = array(e, a, 0)?;
    let dtype = e.kind(&v).map_or(DType::F64, |k| k.dtype).max(DType::I64);
    let l = e.operand_as(&v, dtype, at)?;
    let dims = e.ty(l).dims.clone();
    if dims.is_empty() {
        return Ok(Val::Leaf(l));
    }
    let axes = axes(e, a, 2, dims.len())?;
    not_empty(e, name, &dims, &axes, span)?;
    let reduction = if max { Reduction::Max } else { Reduction::Min };
    let r = e.emit(Op::Reduce(reduction, axes.clone()), &[l], span)?;
    kept(e, a, 3, &dims, &axes, r, span)
}

pub(crate) fn arg(e: &mut Elab<'_>, a: &Args, max: bool, span: Span) -> R<Val> {
    let name = if max { "argmax" } else { "argmin" };
    let (v, at) = array(e, a, 0)?;
    let mut l = e.operand(&v, at)?;
    let dims = e.ty(l).dims.clone();
    if dims.is_empty() {
        return e.error("E0204", at, format!("`{name}` takes an array, and this is a number"));
    }
    let k = match a.get(1).cloned() {
        None | Some((Val::None, _)) => {
            if dims.len() > 1 {
                let n = e.ty(l).len();
                l = e.emit(Op::Reshape(vec![n]), &[l], span)?;
            }
            0
        }
        Some((v, s)) => axis(e, &v, dims.len(), s)?,
    };
    let dims = e.ty(l).dims.clone();
    not_empty(e, name, &dims, &[k], span)?;
    e.emit(Op::ArgReduce { max, axis: k }, &[l], span).map(Val::Leaf)
}

/// The axis to sort along brought to the end, and whether that moved anything.
fn lanes(e: &mut Elab<'_>, a: &Args, span: Span) -> R<(Local, Option<Vec<usize>>)> {
    let (v, at) = array(e, a, 0)?;
    let l = e.operand(&v, at)?;
    let rank = e.ty(l).rank();
    if rank == 0 {
        return e.error("E0204", at, "a number cannot be sorted");
    }
    let k = match a.get(1).cloned() {
        None => rank - 1,
        Some((k, s)) => axis(e, &k, rank, s)?,
    };
    if k + 1 == rank {
        return Ok((l, None));
    }
    let mut perm: Vec<usize> = (0..rank).collect();
    perm.swap(k, rank - 1);
    let moved = e.emit(Op::Transpose(perm.clone()), &[l], span)?;
    Ok((moved, Some(perm)))
}

/// Brings the axes back.
fn restored(e: &mut Elab<'_>, l: Local, perm: Option<Vec<usize>>, span: Span) -> R<Val> {
    match perm {
        None => Ok(Val::Leaf(l)),
        Some(perm) => e.emit(Op::Transpose(perm), &[l], span).map(Val::Leaf),
    }
}

pub(crate) fn argsort(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (l, perm) = lanes(e, a, span)?;
    let order = e.emit(Op::ArgSort, &[l], span)?;
    restored(e, order, perm, span)
}

pub(crate) fn sort(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (l, perm) = lanes(e, a, span)?;
    let order = e.emit(Op::ArgSort, &[l], span)?;
    if e.ty(l).rank() == 1 {
        return e.emit(Op::Index(vec![crate::ops::Sel::Pick]), &[l, order], span).map(Val::Leaf);
    }
    let dims = e.ty(l).dims.clone();
    let lead = dims[..dims.len() - 1].to_vec();
    let sorted = e.map_lanes(lead, span, |e, indices| {
        let sels = |n: usize| -> Vec<crate::ops::Sel> {
            (0..n).map(|_| crate::ops::Sel::At).chain([crate::ops::Sel::All]).collect()
        };
        let mut args = vec![l];
        args.extend(indices);
        let row = e.emit(Op::Index(sels(indices.len())), &args, span)?;
        args[0] = order;
        let places = e.emit(Op::Index(sels(indices.len())), &args, span)?;
        e.emit(Op::Index(vec![crate::ops::Sel::Pick]), &[row, places], span).map(Val::Leaf)
    })?;
    let sorted = e.operand(&sorted, span)?;
    restored(e, sorted, perm, span)
}
