//! Eigenvalues of symmetric matrices and singular values.
//!
//! The matrix is scaled by a power of two before, so that squares of its entries neither overflow nor vanish.

use super::{Made, Number, columns, magnitude, transpose};
use crate::aside::{Aside, Place, STACK};
use crate::kernels::clears_vectors;
use crate::kernels::desk::{Desk, Stop};
use faer::diag::DiagMut;
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::svd::{self as singular, ComputeSvdVectors, svd_scratch};
use faer::{MatMut, MatRef, Par};

/// From so many operations on, some milliseconds, an iteration is not waited for when the call is to stop.
const LONG: usize = 128 * 128 * 128;

static PLACE: Place = Place::new();

/// Runs an iteration, which owns what it works on.
fn iterate<R: Send + 'static>(desk: Desk, operations: usize, run: impl FnOnce() -> R + Send + 'static) -> Made<R> {
    if operations < LONG {
        return Ok(clears_vectors(run));
    }
    PLACE.run(|| desk.is_stopped(), run).map_err(|problem| match problem {
        Aside::Stopped => Stop::Interrupted,
        Aside::NoThread => Stop::Memory(STACK),
    })
}

/// See [`super`].
pub(super) fn eigh<T: Number>(desk: Desk, out: &mut [T], a: &[T], _: usize, n: usize) -> Made {
    if n == 0 {
        return Ok(());
    }
    let mut matrix = columns(desk, a, n)?;
    let back = scale(&mut matrix);
    let (mut values, mut vectors) = (desk.zeros(n)?, desk.zeros(n * n)?);
    let mut room =
        desk.scratch(self_adjoint_evd_scratch::<T>(n, ComputeEigenvectors::Yes, Par::Seq, Default::default()))?;
    let found = iterate(desk, n * n * n, move || {
        let done = self_adjoint_evd(
            MatRef::from_column_major_slice(&matrix, n, n),
            DiagMut::from_slice_mut(&mut values),
            Some(MatMut::from_column_major_slice_mut(&mut vectors, n, n)),
            Par::Seq,
            room.stack(),
            Default::default(),
        );
        done.is_ok().then_some((values, vectors))
    })?;
    let Some((values, mut vectors)) = found else {
        return diverged(out);
    };
    let (above, below) = out.split_at_mut(n);
    for (to, &x) in above.iter_mut().zip(values.iter()) {
        *to = x * back;
    }
    for vector in vectors.chunks_exact_mut(n) {
        if turned(vector) {
            vector.iter_mut().for_each(|x| *x = -*x);
        }
    }
    transpose(below, &vectors, n);
    Ok(())
}

/// See [`super`].
pub(super) fn svd<T: Number>(desk: Desk, out: &mut [T], a: &[T], m: usize, n: usize) -> Made {
    if m < n {
        return super::poison(out);
    }
    if n == 0 {
        return Ok(());
    }
    let mut matrix = columns(desk, a, n)?;
    let back = scale(&mut matrix);
    let (mut left, mut values, mut right) = (desk.zeros(m * n)?, desk.zeros(n)?, desk.zeros(n * n)?);
    let thin = ComputeSvdVectors::Thin;
    let mut room = desk.scratch(svd_scratch::<T>(m, n, thin, thin, Par::Seq, Default::default()))?;
    let found = iterate(desk, m * n * n, move || {
        let done = singular::svd(
            MatRef::from_column_major_slice(&matrix, m, n),
            DiagMut::from_slice_mut(&mut values),
            Some(MatMut::from_column_major_slice_mut(&mut left, m, n)),
            Some(MatMut::from_column_major_slice_mut(&mut right, n, n)),
            Par::Seq,
            room.stack(),
            Default::default(),
        );
        done.is_ok().then_some((left, values, right))
    })?;
    let Some((mut left, values, mut right)) = found else {
        return diverged(out);
    };
    let (above, rest) = out.split_at_mut(m * n);
    let (middle, below) = rest.split_at_mut(n);
    for (to, &x) in middle.iter_mut().zip(values.iter()) {
        *to = x * back;
    }
    for (u, v) in left.chunks_exact_mut(m).zip(right.chunks_exact_mut(n)) {
        if turned(v) {
            u.iter_mut().chain(v).for_each(|x| *x = -*x);
        }
    }
    transpose(above, &left, m);
    transpose(below, &right, n);
    Ok(())
}

/// Says that an iteration did not converge.
fn diverged<T: Number>(out: &mut [T]) -> Made {
    out.fill(T::of(f64::INFINITY));
    Ok(())
}

fn greatest<T: Number>(x: &[T]) -> T {
    x.iter().fold(T::default(), |top, &x| if magnitude(x) > top { magnitude(x) } else { top })
}

/// Scales by a power of two, so that the greatest entry is about 1; gives what undoes it.
fn scale<T: Number>(a: &mut [T]) -> T {
    let top = greatest(a).into();
    if top == 0.0 {
        return T::of(1.0);
    }
    // At most 2^±1000, so that both powers are finite; the range of `f32` is smaller.
    let power = top.log2().round().clamp(-1000.0, 1000.0);
    let by = T::of((-power).exp2());
    a.iter_mut().for_each(|x| *x *= by);
    T::of(power.exp2())
}

/// What counts as a large entry, beside the largest: no fraction that small whole numbers make.
const LARGE: f64 = 0.3719;

/// Whether the first large entry is negative.
fn turned<T: Number>(vector: &[T]) -> bool {
    let large = greatest(vector) * T::of(LARGE);
    vector.iter().find(|x| magnitude(**x) >= large).is_some_and(|x| *x < T::default())
}
