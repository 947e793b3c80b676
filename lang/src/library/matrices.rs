//! Factorisations of matrices, for the functions of the prelude that are made of them.

use super::arrays::array;
use crate::check::elab_api::{Args, Elab, Kind, R, Val};
use crate::ops::{Factor, Op};
use crate::source::Span;
use crate::typed::Local;
use crate::types::{DType, Dim};

/// An argument that is a matrix of floats; whole numbers become floats.
fn matrix(e: &mut Elab<'_>, a: &Args, k: usize, dtype: DType) -> R<Local> {
    let (v, at) = array(e, a, k)?;
    let rank = e.dims(&v).len();
    if rank != 2 {
        let what = e.show(&v);
        return e.error("E0204", at, format!("a matrix is needed here, and this is {what}"));
    }
    e.operand_as(&v, dtype, at)
}

/// The kind of floats that arguments have together.
fn floats<'a>(e: &Elab<'_>, given: impl Iterator<Item = &'a (Val, Span)>) -> Kind {
    let whole = Kind { dtype: DType::I64, weak: true };
    given.filter_map(|(v, _)| e.kind(v)).fold(whole, Kind::join).float()
}

/// The arguments as floats of one type, in a tuple.
pub(crate) fn alike(e: &mut Elab<'_>, a: &Args, _: Span) -> R<Val> {
    let kind = floats(e, a.rest.iter());
    let mut out = Vec::new();
    for (v, at) in &a.rest {
        out.push(Val::Leaf(e.operand_like(v, kind, *at)?));
    }
    Ok(Val::tuple(out))
}

/// `_typed_as(v, x)`: `v` with the element type of `x`.
pub(crate) fn typed_as(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let ((v, _), (x, _)) = (a.at(0)?, a.at(1)?);
    let kind = floats(e, [(x, span)].iter());
    if matches!(v, Val::Tuple(_)) || !kind.weak {
        return e.convert(&v, kind.dtype, span);
    }
    e.operand_as(&v, kind.dtype, span).map(Val::Leaf)
}

/// `A` must have as many rows as columns, or `b` as many rows as `A` has columns.
fn equal(e: &mut Elab<'_>, x: &Dim, y: &Dim, span: Span, problem: &str) -> R<()> {
    if e.same_dim(x, y)? {
        return Ok(());
    }
    let (x, y) = (e.show_dim(x), e.show_dim(y));
    e.error("E0203", span, format!("{problem}: {x} and {y}"))
}

/// A factorisation of one matrix.
pub(crate) fn factor(e: &mut Elab<'_>, a: &Args, factor: Factor, span: Span) -> R<Val> {
    let dtype = floats(e, a.vals.iter().flatten()).dtype;
    let l = matrix(e, a, 0, dtype)?;
    let dims = e.ty(l).dims.clone();
    if matches!(factor, Factor::Lu | Factor::Cholesky | Factor::Eigh) {
        equal(e, &dims[0], &dims[1], span, "the matrix is not square")?;
    }
    e.emit(Op::Factor(factor), &[l], span).map(Val::Leaf)
}

/// An option that is `true` or `false` when compiling.
fn flag(e: &mut Elab<'_>, a: &Args, k: usize) -> R<bool> {
    match a.get(k) {
        None => Ok(false),
        Some((Val::Bool(b), _)) => Ok(*b),
        Some((_, at)) => e.error("E0204", *at, "this option is `true` or `false`, known when compiling"),
    }
}

/// `_lu_solve(LU, b, transposed)`.
pub(crate) fn lu_solve(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let transposed = flag(e, a, 2)?;
    solution(e, a, Factor::LuSolve { transposed }, span)
}

/// `_triangular_solve(T, b, upper, transposed, unit)`.
pub(crate) fn triangular_solve(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (upper, transposed, unit) = (flag(e, a, 2)?, flag(e, a, 3)?, flag(e, a, 4)?);
    solution(e, a, Factor::Triangular { upper, transposed, unit }, span)
}

/// A solution for a vector, or for the columns of a matrix.
fn solution(e: &mut Elab<'_>, a: &Args, factor: Factor, span: Span) -> R<Val> {
    let dtype = floats(e, a.vals.iter().flatten()).dtype;
    let left = matrix(e, a, 0, dtype)?;
    let (v, at) = array(e, a, 1)?;
    let b = e.operand_as(&v, dtype, at)?;
    let (size, dims) = (e.ty(left).dims.clone(), e.ty(b).dims.clone());
    if let Factor::Triangular { .. } = factor {
        equal(e, &size[0], &size[1], span, "the matrix is not square")?;
    }
    let columns = match dims.as_slice() {
        [_] => vec![dims[0].clone(), Dim::constant(1)],
        [_, _] => dims.clone(),
        _ => {
            let what = e.show(&v);
            return e.error("E0204", at, format!("a right side is a vector or a matrix, and this is {what}"));
        }
    };
    equal(e, &size[1], &dims[0], span, "the matrix and the right side differ in their rows")?;
    let b = if dims.len() == 1 { e.emit(Op::Reshape(columns), &[b], span)? } else { b };
    let x = e.emit(Op::Factor(factor), &[left, b], span)?;
    let x = if dims.len() == 1 { e.emit(Op::Reshape(dims), &[x], span)? } else { x };
    Ok(Val::Leaf(x))
}
