//! LU with partial pivoting, Cholesky, and solutions with triangular matrices.

use super::{Made, Number, STRETCH, TRANSPOSED, UNIT, UPPER, columns, finite, magnitude, transpose};
use crate::kernels::clears_vectors;
use crate::kernels::desk::Desk;
use crate::kernels::matmul::tiled;
use faer::linalg::cholesky::llt::factor::{LltError, cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::lu::partial_pivoting::factor::{lu_in_place, lu_in_place_scratch};
use faer::linalg::triangular_solve as triangle;
use faer::{Accum, MatMut, MatRef, Par};
use std::iter::zip;

/// Matrices up to this size are not worth the blocks of `faer`.
const SMALL: usize = 16;

/// Matrices up to this size are done between two looks at the interrupt; larger ones go by panels of this width.
const WHOLE: usize = 512;
const PANEL: usize = 128;

/// See [`super`].
pub(super) fn lu<T: Number>(desk: Desk, out: &mut [T], a: &[T], _: usize, n: usize) -> Made {
    if n == 0 {
        return Ok(());
    }
    let (packed, rows) = out.split_at_mut(n * n);
    let (order, trust) = rows.split_at_mut(n);
    // Where a column has nothing left to divide by, `faer` divides 0 by 0.
    if n <= SMALL || !in_blocks(desk, packed, order, a, n)? {
        by_rows(desk, packed, order, a, n)?;
    }
    for (k, trust) in trust.iter_mut().enumerate() {
        let pivot = magnitude(packed[k * n + k]);
        // u_kk = a_kk − Σ l_kj u_jk: a pivot that is small beside these numbers is what rounding left of zero.
        let mut size = pivot;
        for (j, &l) in packed[k * n..][..k].iter().enumerate() {
            size += magnitude(l * packed[j * n + k]);
        }
        *trust = if size == T::default() { size } else { pivot / size };
        if k.is_multiple_of(PANEL) {
            desk.look()?;
        }
    }
    Ok(())
}

/// By `faer`; whether all factors are finite.
fn in_blocks<T: Number>(desk: Desk, packed: &mut [T], order: &mut [T], a: &[T], n: usize) -> Made<bool> {
    let mut factors = columns(desk, a, n)?;
    let mut rows = desk.zeros::<usize>(n)?;
    rows.iter_mut().enumerate().for_each(|(k, row)| *row = k);
    let mut permutation = [desk.zeros::<usize>(n)?, desk.zeros::<usize>(n)?];
    let panel = if n <= WHOLE { n } else { PANEL };
    let mut room = desk.scratch(lu_in_place_scratch::<usize, T>(n, panel, Par::Seq, Default::default()))?;
    let mut moved: Vec<T> = Vec::new();
    for k in (0..n).step_by(panel) {
        let width = panel.min(n - k);
        let [forth, back] = &mut permutation;
        let (forth, back) = (&mut forth[..n - k], &mut back[..n - k]);
        let current = MatMut::from_column_major_slice_mut(&mut factors, n, n).submatrix_mut(k, k, n - k, width);
        clears_vectors(|| lu_in_place(current, forth, back, Par::Seq, room.stack(), Default::default()));
        desk.look()?;
        // Few rows change their place: at most two for each column of the panel.
        let swapped: Vec<(usize, usize)> =
            zip(0.., &*forth).filter(|(to, from)| to != *from).map(|(to, &from)| (k + to, k + from)).collect();
        let sources: Vec<usize> = swapped.iter().map(|&(_, from)| rows[from]).collect();
        zip(&swapped, sources).for_each(|(&(to, _), row)| rows[to] = row);
        for j in (0..k).chain(k + width..n) {
            let column = &mut factors[j * n..][..n];
            moved.clear();
            moved.extend(swapped.iter().map(|&(_, from)| column[from]));
            zip(&swapped, &moved).for_each(|(&(to, _), &x)| column[to] = x);
        }
        desk.look()?;
        let rest = MatMut::from_column_major_slice_mut(&mut factors, n, n).submatrix_mut(k, k, n - k, n - k);
        let (left, right) = rest.split_at_col_mut(width);
        let (mut above, below) = right.split_at_row_mut(width);
        let left = left.as_ref();
        solve(desk, left.subrows(0, width), Half::LOWER_UNIT, above.as_mut())?;
        let lower = left.subrows(width, n - k - width);
        tiled(desk, below, Accum::Add, lower, above.as_ref(), T::of(-1.0))?;
    }
    transpose(packed, &factors, n);
    for (to, &row) in zip(order, rows.iter()) {
        *to = T::of(row as f64);
    }
    Ok(finite(packed))
}

/// Elimination row by row; a column of zeros is left as it is.
fn by_rows<T: Number>(desk: Desk, packed: &mut [T], order: &mut [T], a: &[T], n: usize) -> Made {
    packed.copy_from_slice(a);
    for (k, to) in order.iter_mut().enumerate() {
        *to = T::of(k as f64);
    }
    for k in 0..n {
        let larger = |p: usize, i: usize| magnitude(packed[i * n + k]) > magnitude(packed[p * n + k]);
        let pivot = (k + 1..n).fold(k, |p, i| if larger(p, i) { i } else { p });
        if pivot != k {
            order.swap(k, pivot);
            let (above, below) = packed.split_at_mut(pivot * n);
            above[k * n..][..n].swap_with_slice(&mut below[..n]);
        }
        let (above, below) = packed.split_at_mut((k + 1) * n);
        let row = &above[k * n..];
        for other in below.chunks_exact_mut(n).filter(|_| row[k] != T::default()) {
            let l = other[k] / row[k];
            other[k] = l;
            for (x, &u) in zip(&mut other[k + 1..], &row[k + 1..]) {
                *x -= l * u;
            }
        }
        desk.look()?;
    }
    Ok(())
}

/// See [`super`].
pub(super) fn cholesky<T: Number>(desk: Desk, out: &mut [T], a: &[T], _: usize, n: usize) -> Made {
    if n == 0 {
        return Ok(());
    }
    let mut factor = columns(desk, a, n)?;
    let panel = if n <= WHOLE { n } else { PANEL };
    let mut room = desk.scratch(cholesky_in_place_scratch::<T>(panel, Par::Seq, Default::default()))?;
    let mut matrix = MatMut::from_column_major_slice_mut(&mut factor, n, n);
    for k in (0..n).step_by(panel) {
        let width = panel.min(n - k);
        let corner = matrix.as_mut().submatrix_mut(k, k, width, width);
        let stack = room.stack();
        let made =
            clears_vectors(|| cholesky_in_place(corner, Default::default(), Par::Seq, stack, Default::default()));
        if let Err(LltError::NonPositivePivot { index }) = made {
            out.fill(T::default());
            out[0] = -T::of((k + index) as f64 + 1.0);
            return Ok(());
        }
        let (left, mut right) = matrix.as_mut().submatrix_mut(k, k, n - k, n - k).split_at_col_mut(width);
        let (corner, mut below) = left.split_at_row_mut(width);
        solve(desk, corner.as_ref(), Half::LOWER, below.as_mut().transpose_mut())?;
        let below = below.as_ref();
        // What is left, below the diagonal, by columns.
        let rest = n - k - width;
        for j in (0..rest).step_by(WHOLE) {
            let part = right.as_mut().submatrix_mut(width + j, j, rest - j, WHOLE.min(rest - j));
            let (rows, columns) = (below.subrows(j, rest - j), below.subrows(j, WHOLE.min(rest - j)));
            tiled(desk, part, Accum::Add, rows, columns.transpose(), T::of(-1.0))?;
        }
    }
    transpose(out, &factor, n);
    for (i, row) in out.chunks_exact_mut(n).enumerate() {
        row[i + 1..].fill(T::default());
    }
    Ok(())
}

/// Which half of a matrix is not zero, and whether its diagonal is taken to be 1.
#[derive(Clone, Copy)]
struct Half {
    upper: bool,
    unit: bool,
}

impl Half {
    const LOWER: Half = Half { upper: false, unit: false };
    const LOWER_UNIT: Half = Half { upper: false, unit: true };
    const UPPER: Half = Half { upper: true, unit: false };
    const UPPER_UNIT: Half = Half { upper: true, unit: true };
}

/// Turns B into X of T X = B.
fn solve<T: Number>(desk: Desk, t: MatRef<'_, T>, half: Half, mut x: MatMut<'_, T>) -> Made {
    let (n, k) = (x.nrows(), x.ncols());
    let whole = n <= WHOLE || n.saturating_mul(n).saturating_mul(k) <= STRETCH;
    let block = if whole { n.max(1) } else { PANEL };
    let starts = (0..n).step_by(block);
    let starts: Vec<usize> = if half.upper { starts.rev().collect() } else { starts.collect() };
    for i in starts {
        let rows = block.min(n - i);
        let (above, rest) = x.as_mut().split_at_row_mut(i);
        let (mut now, below) = rest.split_at_row_mut(rows);
        // What the unknowns that are known by now contribute.
        let (known, first) = if half.upper { (below, i + rows) } else { (above, 0) };
        if known.nrows() > 0 {
            let factors = t.submatrix(i, first, rows, known.nrows());
            tiled(desk, now.as_mut(), Accum::Add, factors, known.as_ref(), T::of(-1.0))?;
        }
        let corner = t.submatrix(i, i, rows, rows);
        clears_vectors(|| match (half.upper, half.unit) {
            (false, false) => triangle::solve_lower_triangular_in_place(corner, now, Par::Seq),
            (false, true) => triangle::solve_unit_lower_triangular_in_place(corner, now, Par::Seq),
            (true, false) => triangle::solve_upper_triangular_in_place(corner, now, Par::Seq),
            (true, true) => triangle::solve_unit_upper_triangular_in_place(corner, now, Par::Seq),
        });
        desk.look()?;
    }
    Ok(())
}

/// See [`super`].
pub(super) fn lu_solve<T: Number>(
    desk: Desk,
    out: &mut [T],
    lu: &[T],
    b: &[T],
    n: usize,
    k: usize,
    flags: i64,
) -> Made {
    if n == 0 || k == 0 {
        return Ok(());
    }
    let (factors, rows) = lu.split_at(n * n);
    let order = &rows[..n];
    if order.iter().any(|p| (*p).into().is_nan()) {
        return super::poison(out);
    }
    let place = |p: &T| ((*p).into() as usize).min(n - 1);
    let factors = MatRef::from_row_major_slice(factors, n, n);
    if flags & TRANSPOSED == 0 {
        for (row, p) in zip(out.chunks_exact_mut(k), order) {
            row.copy_from_slice(&b[place(p) * k..][..k]);
        }
        let mut x = MatMut::from_row_major_slice_mut(out, n, k);
        solve(desk, factors, Half::LOWER_UNIT, x.as_mut())?;
        return solve(desk, factors, Half::UPPER, x);
    }
    let mut y = desk.zeros(n * k)?;
    y.copy_from_slice(b);
    let mut x = MatMut::from_row_major_slice_mut(&mut y, n, k);
    solve(desk, factors.transpose(), Half::LOWER, x.as_mut())?;
    solve(desk, factors.transpose(), Half::UPPER_UNIT, x)?;
    for (row, p) in zip(y.chunks_exact(k), order) {
        out[place(p) * k..][..k].copy_from_slice(row);
    }
    Ok(())
}

/// See [`super`].
pub(super) fn triangular_solve<T: Number>(
    desk: Desk,
    out: &mut [T],
    t: &[T],
    b: &[T],
    n: usize,
    k: usize,
    flags: i64,
) -> Made {
    out.copy_from_slice(b);
    if n == 0 || k == 0 {
        return Ok(());
    }
    let x = MatMut::from_row_major_slice_mut(out, n, k);
    let t = MatRef::from_row_major_slice(t, n, n);
    let transposed = flags & TRANSPOSED != 0;
    let t = if transposed { t.transpose() } else { t };
    solve(desk, t, Half { upper: (flags & UPPER != 0) != transposed, unit: flags & UNIT != 0 }, x)
}
