//! Reductions and sorting.

use super::arrays::array;
use super::axes::{axes, axis, axis_or, kept, not_empty};
use crate::check::elab_api::{Args, Elab, R, Val};
use crate::failures::{OF_NOTHING, of_nothing};
use crate::ops::{Op, Reduction, Sel};
use crate::prims::Prim;
use crate::source::Span;
use crate::typed::{BoundsOf, Local, StmtKind};
use crate::types::{DType, Dim};

/// What a reduction does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sum,
    Any,
    All,
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
        return total.map_or_else(|| e.error(OF_NOTHING, at, of_nothing(name)), Ok);
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

/// The greatest entry, and −∞ of nothing; axes of length 1 stay.
pub(crate) fn top(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (v, at) = array(e, a, 0)?;
    let dtype = e.kind(&v).map_or(DType::F64, |k| if k.dtype.is_float() { k.dtype } else { DType::F64 });
    let l = e.operand_as(&v, dtype, at)?;
    let dims = e.ty(l).dims.clone();
    let axes = axes(e, a, 1, dims.len())?;
    if axes.is_empty() {
        return Ok(Val::Leaf(l));
    }
    let r = e.emit(Op::Reduce(Reduction::Max, axes.clone()), &[l], span)?;
    let one = dims.iter().enumerate().map(|(i, d)| if axes.contains(&i) { Dim::constant(1) } else { d.clone() });
    e.emit(Op::Reshape(one.collect()), &[r], span).map(Val::Leaf)
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
    let along = e.ty(l).dims.clone();
    not_empty(e, name, &along, &[k], span)?;
    let place = e.emit(Op::ArgReduce { max, axis: k }, &[l], span)?;
    let gone: Vec<usize> = if along.len() == dims.len() { vec![k] } else { (0..dims.len()).collect() };
    kept(e, a, 2, &dims, &gone, place, span)
}

/// The array with the axis to sort along at its end, and that axis.
fn lanes(e: &mut Elab<'_>, a: &Args, span: Span) -> R<(Local, usize)> {
    let (v, at) = array(e, a, 0)?;
    let l = e.operand(&v, at)?;
    let rank = e.ty(l).rank();
    if rank == 0 {
        return e.error("E0204", at, "a number cannot be sorted");
    }
    let k = axis_or(e, a, 1, -1, rank, span)?;
    Ok((swapped(e, l, k, span)?, k))
}

/// An axis exchanged with the last.
fn swapped(e: &mut Elab<'_>, l: Local, k: usize, span: Span) -> R<Local> {
    let rank = e.ty(l).rank();
    if k + 1 == rank {
        return Ok(l);
    }
    let mut perm: Vec<usize> = (0..rank).collect();
    perm.swap(k, rank - 1);
    e.emit(Op::Transpose(perm), &[l], span)
}

pub(crate) fn argsort(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (l, k) = lanes(e, a, span)?;
    let order = e.emit(Op::ArgSort, &[l], span)?;
    swapped(e, order, k, span).map(Val::Leaf)
}

pub(crate) fn sort(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (l, k) = lanes(e, a, span)?;
    let order = e.emit(Op::ArgSort, &[l], span)?;
    let sorted = picked(e, l, order, span)?;
    swapped(e, sorted, k, span).map(Val::Leaf)
}

/// The entries of each lane of the last axis at places that are in range.
fn picked(e: &mut Elab<'_>, l: Local, places: Local, span: Span) -> R<Local> {
    if e.ty(l).rank() == 1 {
        return e.emit(Op::Index(vec![Sel::Pick]), &[l, places], span);
    }
    let mut lead = e.ty(l).dims.clone();
    lead.pop();
    let stacked = e.map_lanes(lead, span, |e, indices| {
        let sels: Vec<Sel> = indices.iter().map(|_| Sel::At).chain([Sel::All]).collect();
        let lane = |e: &mut Elab<'_>, whole: Local| {
            let args: Vec<Local> = std::iter::once(whole).chain(indices.iter().copied()).collect();
            e.emit(Op::Index(sels.clone()), &args, span)
        };
        let (row, places) = (lane(e, l)?, lane(e, places)?);
        e.emit(Op::Index(vec![Sel::Pick]), &[row, places], span).map(Val::Leaf)
    })?;
    e.operand(&stacked, span)
}

pub(crate) fn take_along(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let ((x, x_span), (index, at)) = (array(e, a, 0)?, array(e, a, 1)?);
    let (l, places) = (e.operand(&x, x_span)?, e.operand(&index, at)?);
    let rank = e.ty(l).rank();
    if rank == 0 {
        return e.error("E0204", x_span, "`take_along` takes an array, and this is a number");
    }
    let k = axis_or(e, a, 2, -1, rank, span)?;
    let whole = e.ty(places).dtype == DType::I64;
    let (mut own, mut other) = (e.ty(l).dims.clone(), e.ty(places).dims.clone());
    let len = own[k].clone();
    if other.len() == rank {
        own[k] = Dim::constant(0);
        other[k] = Dim::constant(0);
    }
    if !whole || !e.same_dims(&own, &other)? {
        let (p, q) = (e.show(&x), e.show(&index));
        let title = format!("the places are whole numbers in the shape of the array but for axis {k}: {q} for {p}");
        return e.error("E0202", at, title);
    }
    e.push(StmtKind::Bounds { index: places, len, what: BoundsOf::Index }, at);
    let (l, places) = (swapped(e, l, k, span)?, swapped(e, places, k, span)?);
    let taken = picked(e, l, places, span)?;
    swapped(e, taken, k, span).map(Val::Leaf)
}
