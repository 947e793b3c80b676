//! Structures of numbers as vectors and back, for methods that work on vectors.

use crate::check::elab_api::{Args, Elab, Kind, LeafTy, R, Val};
use crate::diagnostic::Diagnostic;
use crate::ops::{Op, Sel};
use crate::source::Span;
use crate::typed::Local;
use crate::types::{DType, Dim, Ty};

/// The leaves of a structure of numbers in order, as a float each: whole numbers become `f64`.
fn leaves(e: &mut Elab<'_>, v: &Val, at: Span, out: &mut Vec<Local>) -> R<()> {
    match v {
        Val::None => Ok(()),
        Val::Tuple(parts) => parts.iter().try_for_each(|(_, p)| leaves(e, p, at, out)),
        other => match e.kind(other) {
            Some(k) if k.dtype != DType::Bool => {
                out.push(e.operand_as(other, k.float().dtype, at)?);
                Ok(())
            }
            _ => {
                let what = e.show(other);
                let problem = Diagnostic::error("E0204", at, format!("numbers are needed here, and this is {what}"));
                e.fail(problem.help("a point is a number, an array, or a tuple or record of these"))
            }
        },
    }
}

/// `to_vector(t)`: all entries of a structure, one after the other.
pub(crate) fn to_vector(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (v, at) = a.at(0)?;
    let mut parts = Vec::new();
    leaves(e, &v, at, &mut parts)?;
    let kind = parts.iter().map(|l| Kind::from(&e.leaf_ty(*l))).reduce(Kind::join);
    let dtype = kind.map_or(DType::F64, |k| k.dtype);
    let mut flat = Vec::new();
    for l in parts {
        let l = e.operand_as(&Val::Leaf(l), dtype, at)?;
        let n = e.ty(l).len();
        flat.push(e.emit(Op::Reshape(vec![n]), &[l], span)?);
    }
    match flat.as_slice() {
        [] => e.filled(LeafTy { ty: Ty::array(dtype, vec![Dim::constant(0)]), weak: true }, 0.0, span).map(Val::Leaf),
        [one] => Ok(Val::Leaf(*one)),
        _ => e.emit(Op::Concat(0), &flat, span).map(Val::Leaf),
    }
}

/// `from_vector(like, v)`: the structure that `to_vector` makes `v` of.
pub(crate) fn from_vector(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let ((like, like_at), (v, at)) = (a.at(0)?, a.at(1)?);
    let v = e.operand(&v, at)?;
    let have = e.ty(v).clone();
    if have.rank() != 1 || !have.dtype.is_float() {
        let what = e.show_ty(&have);
        return e.error("E0204", at, format!("`from_vector` takes a vector of floats, and this is {what}"));
    }
    let mut parts = Vec::new();
    leaves(e, &like, like_at, &mut parts)?;
    let want = parts.iter().fold(Dim::constant(0), |n, l| n + e.ty(*l).len());
    if !e.same_dim(&have.len(), &want)? {
        let (x, y) = (e.show_dim(&have.len()), e.show_dim(&want));
        return e.error("E0203", span, format!("the vector has {x} entries, and the structure {y}"));
    }
    let mut at = Dim::constant(0);
    let mut rebuilt = Vec::new();
    let alone = parts.len() == 1;
    for l in parts {
        let LeafTy { ty, weak } = e.leaf_ty(l);
        let n = ty.len();
        let mut part = v;
        if !alone {
            let start = e.operand(&Val::Size(at.clone()), span)?;
            part = e.emit(Op::Index(vec![Sel::Span { len: n.clone(), step: 1 }]), &[v, start], span)?;
        }
        part = e.emit(Op::Reshape(ty.dims.to_vec()), &[part], span)?;
        // What has no precision of its own takes that of the vector.
        rebuilt.push(if weak { part } else { e.firm_operand(&Val::Leaf(part), ty.dtype, span)? });
        at = at + n;
    }
    rebuilt.reverse();
    Ok(fill(&like, &mut rebuilt))
}

/// The structure with the last of `parts` in the place of its first leaf, and so on.
fn fill(like: &Val, parts: &mut Vec<Local>) -> Val {
    match like {
        Val::None => Val::None,
        Val::Tuple(inner) => Val::Tuple(inner.iter().map(|(n, p)| (n.clone(), fill(p, parts))).collect()),
        _ => parts.pop().map_or(Val::Error, Val::Leaf),
    }
}

/// `_rows(data)`: the length of the first axis that all arrays of a structure have in common.
pub(crate) fn rows(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (v, at) = a.at(0)?;
    let mut parts = Vec::new();
    arrays(e, &v, at, &mut parts)?;
    let mut common: Option<Dim> = None;
    for n in parts {
        let Some(first) = &common else {
            common = Some(n);
            continue;
        };
        if !e.same_dim(first, &n)? {
            let (x, y) = (e.show_dim(first), e.show_dim(&n));
            return e.error("E0202", at, format!("the arrays must have as many rows: one has {x}, another {y}"));
        }
    }
    match common {
        Some(n) => Ok(Val::Size(n)),
        None => e.error("E0204", span, "an array with rows is needed here"),
    }
}

/// The first dimension of each array.
fn arrays(e: &mut Elab<'_>, v: &Val, at: Span, out: &mut Vec<Dim>) -> R<()> {
    match v {
        Val::None => Ok(()),
        Val::Tuple(parts) => parts.iter().try_for_each(|(_, p)| arrays(e, p, at, out)),
        other => match e.dims(other).first() {
            Some(n) => {
                out.push(n.clone());
                Ok(())
            }
            None => {
                let what = e.show(other);
                e.error("E0204", at, format!("an array with rows is needed here, and this is {what}"))
            }
        },
    }
}
