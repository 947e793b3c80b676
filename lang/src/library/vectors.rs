//! Structures of floats as one vector, and back.

use crate::check::elab_api::{Args, Elab, Kind, Picked, R, Val};
use crate::ops::Op;
use crate::source::Span;
use crate::types::{DType, Dim};

/// The leaves of a structure of floats, in order.
fn leaves(e: &mut Elab<'_>, v: &Val, at: Span, out: &mut Vec<Val>) -> R<()> {
    match v {
        Val::None => Ok(()),
        Val::Tuple(parts) => parts.iter().try_for_each(|(_, p)| leaves(e, p, at, out)),
        other => {
            if e.kind(other).is_none_or(|k| !k.dtype.is_float() && !k.weak) {
                let what = e.show(other);
                return e.error("E0204", at, format!("a vector is made of floats, and this is {what}"));
            }
            out.push(other.clone());
            Ok(())
        }
    }
}

/// `to_vector(t)`.
pub(crate) fn to_vector(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (v, at) = a.at(0)?;
    let mut parts = Vec::new();
    leaves(e, &v, at, &mut parts)?;
    let float = Kind { dtype: DType::F64, weak: true };
    let kind = parts.iter().filter_map(|p| e.kind(p)).fold(float, Kind::join);
    let mut flat = Vec::new();
    for p in &parts {
        let l = e.operand_as(p, kind.dtype, at)?;
        let n = e.ty(l).len();
        flat.push(if e.ty(l).rank() == 1 { l } else { e.emit(Op::Reshape(vec![n]), &[l], span)? });
    }
    match flat.as_slice() {
        [] => e.filled(&crate::types::Ty::array(DType::F64, vec![Dim::constant(0)]), 0.0, span).map(Val::Leaf),
        [one] => Ok(Val::Leaf(*one)),
        many => e.emit(Op::Concat(0), many, span).map(Val::Leaf),
    }
}

/// `from_vector(like, v)`.
pub(crate) fn from_vector(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let ((like, like_at), (v, at)) = (a.at(0)?, a.at(1)?);
    let mut parts = Vec::new();
    leaves(e, &like, like_at, &mut parts)?;
    let mut total = Dim::constant(0);
    for p in &parts {
        total = e.dims(p).into_iter().fold(Dim::constant(1), |n, d| n * d) + total;
    }
    let dims = e.dims(&v);
    let fits = match dims.as_slice() {
        [n] if e.kind(&v).is_some_and(|k| k.dtype.is_float()) => e.same_dim(n, &total)?,
        _ => false,
    };
    if !fits {
        let (what, n) = (e.show(&v), e.show_dim(&total));
        return e.error("E0202", at, format!("this structure takes a vector of {n} floats, and this is {what}"));
    }
    let whole = parts.len() == 1;
    let mut next = Dim::constant(0);
    build(e, &like, &mut |e, part| {
        let dims = e.dims(part);
        let n = dims.iter().cloned().fold(Dim::constant(1), |n, d| n * d);
        let start = Val::Size(next.clone());
        next = next.clone() + n.clone();
        let piece =
            if whole { v.clone() } else { e.pick(&v, vec![Picked::Span { start, len: n.clone(), step: 1, span }], span)? };
        let dtype = e.kind(part).map_or(DType::F64, |k| if k.weak { DType::F64 } else { k.dtype });
        let l = e.operand_as(&piece, dtype, at)?;
        Ok(Val::Leaf(if dims.len() == 1 { l } else { e.emit(Op::Reshape(dims), &[l], span)? }))
    })
}

/// The structure with another value in the place of each leaf.
fn build(e: &mut Elab<'_>, like: &Val, leaf: &mut dyn FnMut(&mut Elab<'_>, &Val) -> R<Val>) -> R<Val> {
    match like {
        Val::None => Ok(Val::None),
        Val::Tuple(parts) => {
            let mut out = Vec::new();
            for (n, p) in parts.iter() {
                out.push((n.clone(), build(e, p, leaf)?));
            }
            Ok(Val::Tuple(out.into()))
        }
        other => leaf(e, other),
    }
}
