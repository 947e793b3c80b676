//! Axes of arrays: how options name them, and arrays seen along them.

use super::arrays::{array, size_of};
use crate::check::elab_api::{Args, Elab, R, Val, plain_text};
use crate::diagnostic::Diagnostic;
use crate::failures::{OF_NOTHING, of_nothing};
use crate::message::Said;
use crate::ops::Op;
use crate::prims::Prim;
use crate::source::Span;
use crate::typed::{Local, Piece, StmtKind};
use crate::types::Dim;

/// An axis, counted from the end if negative.
pub(crate) fn axis(e: &mut Elab<'_>, v: &Val, rank: usize, span: Span) -> R<usize> {
    let k = e.known(v, span, "an axis")?;
    let at = if k < 0 { k + rank as i64 } else { k };
    if at < 0 || at >= rank as i64 {
        let problem = Diagnostic::error("E0206", span, format!("there is no axis {k}: the array has {rank}"));
        return e.fail(match rank {
            0 => problem.help("numbers are put into an array first: `sum([a, b])`"),
            _ => problem,
        });
    }
    Ok(at as usize)
}

/// The axis that argument `k` names, or `unless`, counted in the same way.
pub(crate) fn axis_or(e: &mut Elab<'_>, a: &Args, k: usize, unless: i64, rank: usize, span: Span) -> R<usize> {
    let (v, at) = a.get(k).cloned().unwrap_or((Val::Int(unless), span));
    axis(e, &v, rank, at)
}

/// The axes that an option names, in order; all if there is none.
pub(crate) fn axes(e: &mut Elab<'_>, a: &Args, k: usize, rank: usize) -> R<Vec<usize>> {
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
    let all = out.len();
    out.dedup();
    match a.get(k) {
        Some((_, at)) if out.len() < all => e.error("E0206", *at, "an axis is named twice"),
        _ => Ok(out),
    }
}

/// `keep = true` leaves axes of length 1.
pub(crate) fn kept(e: &mut Elab<'_>, a: &Args, k: usize, dims: &[Dim], axes: &[usize], l: Local, span: Span) -> R<Val> {
    match a.get(k) {
        Some((Val::Bool(true), _)) => {
            let dims = dims.iter().enumerate();
            let dims = dims.map(|(i, d)| if axes.contains(&i) { Dim::constant(1) } else { d.clone() }).collect();
            e.emit(Op::Reshape(dims), &[l], span).map(Val::Leaf)
        }
        None | Some((Val::Bool(false), _)) => Ok(Val::Leaf(l)),
        Some((_, at)) => e.error("E0204", *at, "`keep` is `true` or `false`"),
    }
}

/// A reduction without an answer for nothing needs something.
pub(crate) fn not_empty(e: &mut Elab<'_>, name: &str, dims: &[Dim], axes: &[usize], span: Span) -> R<()> {
    for &k in axes {
        if dims[k].is(0) {
            return e.error(OF_NOTHING, span, of_nothing(name));
        }
        if dims[k].as_const().is_none() && !e.is_natural(&(dims[k].clone() - Dim::constant(1))) {
            let n = e.operand(&Val::Size(dims[k].clone()), span)?;
            let zero = e.constant(crate::ops::Const::I64(0), span)?;
            let cond = e.emit(Op::Prim(Prim::Gt), &[n, zero], span)?;
            let said = Said { code: OF_NOTHING, ..Said::plain(vec![Piece::Text(of_nothing(name))]) };
            e.push(StmtKind::Assert { cond, said }, span);
        }
    }
    Ok(())
}

/// The axes in another order.
fn permuted(e: &mut Elab<'_>, l: Local, perm: Vec<usize>, span: Span) -> R<Local> {
    if perm.is_sorted() { Ok(l) } else { e.emit(Op::Transpose(perm), &[l], span) }
}

/// The order in which axis `from` stands at `to`.
fn moved(rank: usize, from: usize, to: usize) -> Vec<usize> {
    let mut perm: Vec<usize> = (0..rank).filter(|k| *k != from).collect();
    perm.insert(to, from);
    perm
}

pub(crate) fn moveaxis(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (v, at) = array(e, a, 0)?;
    let l = e.operand(&v, at)?;
    let rank = e.ty(l).rank();
    let ((from, f), (to, t)) = (a.at(1)?, a.at(2)?);
    let (from, to) = (axis(e, &from, rank, f)?, axis(e, &to, rank, t)?);
    permuted(e, l, moved(rank, from, to), span).map(Val::Leaf)
}

pub(crate) fn transpose(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (v, at) = array(e, a, 0)?;
    let rank = e.dims(&v).len();
    let perm = match a.get(1) {
        Some((Val::Tuple(parts), s)) => {
            let mut perm = Vec::new();
            for (_, p) in parts.iter() {
                perm.push(axis(e, p, rank, *s)?);
            }
            let mut sorted = perm.clone();
            sorted.sort_unstable();
            if !sorted.into_iter().eq(0..rank) {
                return e.error("E0206", *s, format!("each of the {rank} axes stands once in `axes`"));
            }
            perm
        }
        Some((Val::None, _)) | None => (0..rank).rev().collect(),
        Some((_, s)) => return e.error("E0206", *s, "`axes` is a tuple of axes"),
    };
    let l = e.operand(&v, at)?;
    permuted(e, l, perm, span).map(Val::Leaf)
}

pub(crate) fn expand_dims(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (v, at) = array(e, a, 0)?;
    let l = e.operand(&v, at)?;
    let mut dims = e.ty(l).dims.clone();
    let (k, s) = a.at(1)?;
    let k = axis(e, &k, dims.len() + 1, s)?;
    dims.insert(k, Dim::constant(1));
    e.emit(Op::Reshape(dims), &[l], span).map(Val::Leaf)
}

pub(crate) fn squeeze(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (v, at) = array(e, a, 0)?;
    let l = e.operand(&v, at)?;
    let dims = e.ty(l).dims.clone();
    let gone = match a.get(1) {
        None | Some((Val::None, _)) => (0..dims.len()).filter(|&k| dims[k].is(1)).collect(),
        Some((_, s)) => {
            let (named, s) = (axes(e, a, 1, dims.len())?, *s);
            for &k in &named {
                if !e.same_dim(&dims[k], &Dim::constant(1))? {
                    let n = e.show_dim(&dims[k]);
                    return e.error("E0203", s, format!("`squeeze` drops axes of length 1, and axis {k} has {n}"));
                }
            }
            named
        }
    };
    let left = dims.iter().enumerate().filter(|(k, _)| !gone.contains(k)).map(|(_, d)| d.clone()).collect();
    e.emit(Op::Reshape(left), &[l], span).map(Val::Leaf)
}

/// The axes that are reduced as one at the front, the others behind: what a reduction written in ADL goes over.
pub(crate) fn merged(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (v, at) = array(e, a, 0)?;
    let l = e.operand(&v, at)?;
    let dims = e.ty(l).dims.clone();
    let front = axes(e, a, 1, dims.len())?;
    let back: Vec<usize> = (0..dims.len()).filter(|k| !front.contains(k)).collect();
    let mut shape = vec![front.iter().fold(Dim::constant(1), |n, &k| n * dims[k].clone())];
    shape.extend(back.iter().map(|&k| dims[k].clone()));
    let l = permuted(e, l, [front, back].concat(), span)?;
    if e.ty(l).dims == shape {
        return Ok(Val::Leaf(l));
    }
    e.emit(Op::Reshape(shape), &[l], span).map(Val::Leaf)
}

/// How many entries a reduction over these axes puts together.
pub(crate) fn count(e: &mut Elab<'_>, a: &Args, _: Span) -> R<Val> {
    let (v, _) = array(e, a, 0)?;
    let dims = e.dims(&v);
    let axes = axes(e, a, 1, dims.len())?;
    Ok(Val::Size(axes.iter().fold(Dim::constant(1), |n, &k| n * dims[k].clone())))
}

/// `_not_empty(x, axis, name)`: refuses to reduce nothing, in the name of a function.
pub(crate) fn refuse_nothing(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let ((x, _), (name, _)) = (a.at(0)?, a.at(2)?);
    let Some(name) = plain_text(&name) else {
        return e.error("E0999", span, "the library refuses nothing in no name");
    };
    let dims = e.dims(&x);
    let axes = axes(e, a, 1, dims.len())?;
    not_empty(e, &name, &dims, &axes, span)?;
    Ok(Val::None)
}

/// `_kept(r, x, axis, keep)`: the reduction `r` of `x` with axes of length 1 where `keep` asks for them.
pub(crate) fn kept_like(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let ((r, r_span), (x, _)) = (a.at(0)?, a.at(1)?);
    let dims = e.dims(&x);
    let axes = axes(e, a, 2, dims.len())?;
    let l = e.operand(&r, r_span)?;
    kept(e, a, 3, &dims, &axes, l, span)
}

pub(crate) fn broadcast_to(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (v, at) = array(e, a, 0)?;
    let dims = super::arrays::dims_of(e, &a.rest, span)?;
    let l = e.operand(&v, at)?;
    let own = e.ty(l).dims.clone();
    let mut fits = own.len() <= dims.len();
    for (d, target) in own.iter().rev().zip(dims.iter().rev()) {
        fits = fits && (d.is(1) || e.same_dim(d, target)?);
    }
    if !fits {
        let dtype = e.ty(l).dtype;
        let (x, y) = (e.show(&v), e.show_ty(&crate::types::Ty::array(dtype, dims)));
        return e.error("E0202", span, format!("`{x}` does not stretch to `{y}`"));
    }
    e.broadcast_to(l, &dims, span).map(Val::Leaf)
}

/// Axis `k` as many times as told: each entry (`inner`), or the whole again and again.
fn copies(e: &mut Elab<'_>, l: Local, k: usize, n: Dim, inner: bool, span: Span) -> R<Local> {
    let dims = e.ty(l).dims.clone();
    if n.is(1) {
        return Ok(l);
    }
    let new = if inner { k + 1 } else { k };
    let mut full = dims.clone();
    full.insert(new, n.clone());
    let axes = (0..dims.len()).map(|j| if j < new { j } else { j + 1 }).collect();
    let l = e.emit(Op::Broadcast { dims: full, axes }, &[l], span)?;
    let mut joined = dims;
    joined[k] = n * joined[k].clone();
    e.emit(Op::Reshape(joined), &[l], span)
}

pub(crate) fn repeat(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (v, at) = array(e, a, 0)?;
    let n = size_of(e, &a.at(1)?)?;
    let mut l = e.operand(&v, at)?;
    if e.ty(l).is_scalar() {
        l = e.emit(Op::Reshape(vec![Dim::constant(1)]), &[l], span)?;
    }
    let k = axis_or(e, a, 2, 0, e.ty(l).rank(), span)?;
    copies(e, l, k, n, true, span).map(Val::Leaf)
}

pub(crate) fn tile(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (v, at) = array(e, a, 0)?;
    let (reps, r_span) = a.at(1)?;
    let reps = super::arrays::dims_of(e, &[(reps, r_span)], r_span)?;
    let mut l = e.operand(&v, at)?;
    let missing = reps.len().saturating_sub(e.ty(l).rank());
    if missing > 0 {
        let mut dims = vec![Dim::constant(1); missing];
        dims.extend(e.ty(l).dims.clone());
        l = e.emit(Op::Reshape(dims), &[l], span)?;
    }
    let first = e.ty(l).rank() - reps.len();
    for (k, n) in reps.into_iter().enumerate() {
        l = copies(e, l, first + k, n, false, span)?;
    }
    Ok(Val::Leaf(l))
}
