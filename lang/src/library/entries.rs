//! Entries of arrays: in other order, repeated, gathered, side by side.

use super::arrays::{array, size_of};
use super::axes::{axes, axis_or};
use crate::check::elab_api::{Args, Elab, Kind, Picked, R, RangeVal, Val};
use crate::ops::{Op, Sel};
use crate::source::Span;
use crate::typed::StmtKind;
use crate::types::{DType, Dim, Ty};
use std::sync::Arc;

pub(crate) fn flip(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (v, at) = a.at(0)?;
    match &v {
        Val::Tuple(parts) => Ok(Val::Tuple(parts.iter().rev().cloned().collect())),
        Val::Zip(_) | Val::Flip(_) => Ok(Val::Flip(Arc::new(v.clone()))),
        Val::Range(r) if r.step == 1 => Ok(Val::Range(Arc::new(RangeVal {
            start: e.binary(crate::ast::BinaryOp::Sub, &r.end, &Val::Int(1), false, (at, at, at))?,
            end: e.binary(crate::ast::BinaryOp::Sub, &r.start, &Val::Int(1), false, (at, at, at))?,
            step: -1,
        }))),
        Val::Range(_) => Ok(Val::Flip(Arc::new(v.clone()))),
        _ => {
            let (v, at) = array(e, a, 0)?;
            let rank = e.dims(&v).len();
            let axes = match a.get(1) {
                Some(_) => axes(e, a, 1, rank)?,
                None => (0..rank.min(1)).collect(),
            };
            let l = e.operand(&v, at)?;
            let mut args = vec![l];
            let mut sels = vec![Sel::All; rank];
            for k in axes {
                let len = e.ty(l).dims[k].clone();
                args.push(e.operand(&Val::Size(len.clone() - Dim::constant(1)), span)?);
                sels[k] = Sel::Span { len, step: -1 };
            }
            e.emit(Op::Index(sels), &args, span).map(Val::Leaf)
        }
    }
}

pub(crate) fn roll(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (v, at) = array(e, a, 0)?;
    let (shift, s_span) = a.at(1)?;
    let l = e.operand(&v, at)?;
    let rank = e.ty(l).rank();
    if rank == 0 {
        return e.error("E0204", at, "`roll` takes an array, and this is a number");
    }
    let k = axis_or(e, a, 2, 0, rank, span)?;
    let n = e.ty(l).dims[k].clone();
    let iota = e.emit(Op::Iota(n.clone()), &[], span)?;
    let moved = e.pointwise(crate::prims::Prim::Sub, &[Val::Leaf(iota), shift], s_span)?;
    let wrapped = e.pointwise(crate::prims::Prim::Rem, &[moved, Val::Size(n)], span)?;
    let index = e.operand(&wrapped, span)?;
    if e.ty(index).dtype != DType::I64 || e.ty(index).rank() != 1 {
        return e.error("E0204", s_span, "`roll` goes by one whole number of places");
    }
    let sels = (0..rank).map(|j| if j == k { Sel::Pick } else { Sel::All }).collect();
    e.emit(Op::Index(sels), &[l, index], span).map(Val::Leaf)
}

pub(crate) fn split(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (v, at) = array(e, a, 0)?;
    let l = e.operand(&v, at)?;
    let rank = e.ty(l).rank();
    if rank == 0 {
        return e.error("E0204", at, "`split` takes an array, and this is a number");
    }
    let (parts, p_span) = a.at(1)?;
    let k = axis_or(e, a, 2, 0, rank, span)?;
    let n = e.ty(l).dims[k].clone();
    let sizes = match &parts {
        Val::Tuple(sizes) => sizes.iter().map(|(_, s)| size_of(e, &(s.clone(), p_span))).collect::<R<Vec<_>>>()?,
        count => {
            let count = e.known(count, p_span, "the number of parts")?;
            if let Some(n) = n.as_const()
                && count > n.max(1)
            {
                return e.error("E0203", p_span, format!("an axis of {n} entries cannot be split into {count} parts"));
            }
            if count < 1 {
                return e.error("E0203", p_span, format!("an axis is split into 1 part or more, not {count}"));
            }
            vec![n.floor_div(&Dim::constant(count)); count as usize]
        }
    };
    let total = sizes.iter().fold(Dim::constant(0), |sum, d| sum + d.clone());
    if !e.same_dim(&total, &n)? {
        let (have, n) = (e.show_dim(&total), e.show_dim(&n));
        let title = if matches!(parts, Val::Tuple(_)) {
            format!("the parts have {have} entries together, and the axis has {n}")
        } else {
            format!("an axis of {n} entries cannot be split into equal parts")
        };
        return e.error("E0203", p_span, title);
    }
    let mut start = Dim::constant(0);
    let mut out = Vec::new();
    for len in sizes {
        let from = e.operand(&Val::Size(start.clone()), span)?;
        start = start + len.clone();
        let mut sels = vec![Sel::All; rank];
        sels[k] = Sel::Span { len, step: 1 };
        out.push(Val::Leaf(e.emit(Op::Index(sels), &[l, from], span)?));
    }
    Ok(Val::tuple(out))
}

/// The margins of one axis: `k`, or `(before, after)`.
fn margin(e: &mut Elab<'_>, v: &Val, span: Span) -> R<(Dim, Dim)> {
    let (before, after) = match v {
        Val::Tuple(parts) if parts.len() == 2 => {
            let (a, b) = (parts[0].1.clone(), parts[1].1.clone());
            (size_of(e, &(a, span))?, size_of(e, &(b, span))?)
        }
        Val::Tuple(_) => {
            return e.error("E0206", span, "the margins of an axis are `k` or `(before, after)`");
        }
        one => {
            let k = size_of(e, &(one.clone(), span))?;
            (k.clone(), k)
        }
    };
    Ok((before, after))
}

pub(crate) fn pad(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (v, at) = array(e, a, 0)?;
    let (width, w_span) = a.at(1)?;
    let mut l = e.operand(&v, at)?;
    let (own, rank) = (Kind::from(&e.leaf_ty(l)), e.ty(l).rank());
    let nested = matches!(&width, Val::Tuple(parts) if parts.iter().any(|(_, p)| matches!(p, Val::Tuple(_))));
    let margins = match &width {
        Val::Tuple(parts) if nested => {
            if parts.len() != rank {
                let title = format!("`pad` takes the margins of {rank} axes here, and {} are given", parts.len());
                return e.error("E0206", w_span, title);
            }
            parts.iter().map(|(_, p)| margin(e, p, w_span)).collect::<R<Vec<_>>>()?
        }
        one => vec![margin(e, one, w_span)?; rank],
    };
    let value = match a.get(2).cloned() {
        Some((v, s)) => {
            let fits = e.kind(&v).is_some_and(|k| own.holds(k)) && e.dims(&v).is_empty();
            if !fits {
                return e.error(
                    "E0204",
                    s,
                    format!("the value in the margin is one number that fits {}", own.dtype.name()),
                );
            }
            v
        }
        None => Val::Int(0),
    };
    let value = e.operand_as(&value, own.dtype, span)?;
    for (axis, (before, after)) in margins.into_iter().enumerate() {
        let dims = e.ty(l).dims.clone();
        let mut parts = Vec::new();
        for (k, size) in [before, after].into_iter().enumerate() {
            if k == 1 {
                parts.push(l);
            }
            if !size.is(0) {
                let mut dims = dims.clone();
                dims[axis] = size;
                parts.push(e.emit(Op::Broadcast { dims, axes: Vec::new() }, &[value], span)?);
            }
        }
        if parts.len() > 1 {
            l = e.emit(Op::Concat(axis), &parts, span)?;
        }
    }
    Ok(Val::Leaf(l))
}

pub(crate) fn gather(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (v, _) = array(e, a, 0)?;
    let picked = places(e, a, 2, &v, span)?;
    e.pick(&v, picked, span)
}

/// The positions of an index, argument 1, on the axis that argument `k` names.
fn places(e: &mut Elab<'_>, a: &Args, k: usize, of: &Val, span: Span) -> R<Vec<Picked>> {
    let (index, at) = array(e, a, 1)?;
    let rank = e.dims(of).len();
    let k = axis_or(e, a, k, 0, rank, span)?;
    let picked = if e.dims(&index).is_empty() { Picked::At(index, at) } else { Picked::Many(index, at) };
    Ok((0..k).map(|_| Picked::All).chain([picked]).collect())
}

pub(crate) fn scatter_add(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (x, x_span) = array(e, a, 0)?;
    let (v, v_span) = array(e, a, 2)?;
    let dtype = match (e.kind(&x), e.kind(&v)) {
        (Some(p), Some(q)) => p.join(q).dtype,
        _ => DType::F64,
    };
    let base = e.operand_as(&x, dtype, x_span)?;
    let ty = e.ty(base).clone();
    let picked = places(e, a, 3, &x, span)?;
    let plan = e.plan(&ty, picked)?;
    for (index, len, what) in plan.checks {
        e.push(StmtKind::Bounds { index, len, what }, span);
    }
    let value = e.operand_as(&v, dtype, v_span)?;
    let own = e.ty(value).dims.clone();
    if !own.is_empty() && !e.same_dims(&own, &plan.dims)? {
        let (p, q) = (e.show_ty(&Ty::array(dtype, plan.dims)), e.show(&v));
        return e.error("E0202", v_span, format!("this is {q}, and the places are {p}"));
    }
    let value = e.broadcast_to(value, &plan.dims, span)?;
    let mut args = vec![base, value];
    args.extend(plan.operands);
    e.emit(Op::Acc(plan.sels), &args, span).map(Val::Leaf)
}

/// What is iterated over by a `for` that says how far it is.
pub(crate) fn progress(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (v, _) = a.at(0)?;
    match v {
        // Unrolled.
        Val::Tuple(_) | Val::None => Ok(v),
        other => {
            e.iterate(other.clone(), span)?;
            Ok(Val::Progress(Arc::new(other)))
        }
    }
}

pub(crate) fn zip(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let tuples = a.rest.iter().filter(|(v, _)| matches!(v, Val::Tuple(_) | Val::None)).count();
    if tuples == 0 {
        return Ok(Val::Zip(a.rest.iter().map(|(v, _)| v.clone()).collect()));
    }
    let mut columns: Vec<Vec<Val>> = Vec::new();
    for (v, at) in &a.rest {
        match v {
            Val::Tuple(parts) => columns.push(parts.iter().map(|(_, p)| p.clone()).collect()),
            Val::None => columns.push(Vec::new()),
            // A range along tuples is as long as they are told.
            Val::Range(r) if matches!((&r.start, r.step), (Val::Int(_), 1)) => {
                let start = e.known(&r.start, *at, "the range")?;
                let end = e.known(&r.end, *at, "the range")?;
                // Tuples are not longer than this, so that a longer range does not fit either.
                let most = e.world.limits.parts + 1;
                columns.push((start..end).take(most).map(Val::Int).collect());
            }
            other => {
                let what = e.show(other);
                return e.error("E0204", *at, format!("`zip` takes sequences or tuples, not both: this is {what}"));
            }
        }
    }
    let n = columns.first().map_or(0, Vec::len);
    if columns.iter().any(|c| c.len() != n) {
        return e.error("E0203", span, "`zip` takes tuples of one length");
    }
    Ok(Val::tuple((0..n).map(|i| Val::tuple(columns.iter().map(|c| c[i].clone()).collect())).collect()))
}

pub(crate) fn enumerate(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (v, _) = a.at(0)?;
    match &v {
        Val::Tuple(parts) => Ok(Val::tuple(
            parts.iter().enumerate().map(|(i, (_, p))| Val::tuple(vec![Val::Int(i as i64), p.clone()])).collect(),
        )),
        Val::None => Ok(Val::None),
        other => {
            let n = match e.iterate(other.clone(), span)? {
                crate::check::elab_api::Iter::Counted { count: crate::check::elab_api::Count::Known(d), .. } => {
                    Val::Size(d)
                }
                crate::check::elab_api::Iter::Counted { count: crate::check::elab_api::Count::Computed(l), .. } => {
                    Val::Leaf(l)
                }
                crate::check::elab_api::Iter::Parts(_) => Val::Int(0),
            };
            let numbers = Val::Range(Arc::new(RangeVal { start: Val::Int(0), end: n, step: 1 }));
            Ok(Val::Zip(Arc::from([numbers, v])))
        }
    }
}
