//! LU with partial pivoting, Cholesky, and solutions with triangular matrices.

use super::{Made, Memory, Number, TRANSPOSED, UNIT, UPPER, columns, finite, magnitude, scratch, transpose, zeros};
use faer::dyn_stack::MemStack;
use faer::linalg::cholesky::llt::factor::{cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::lu::partial_pivoting::factor::{lu_in_place, lu_in_place_scratch};
use faer::linalg::triangular_solve as triangle;
use faer::{MatMut, MatRef, Par};
use std::iter::zip;

/// Matrices up to this size are not worth the blocks of `faer`.
const SMALL: usize = 16;

/// See [`super`].
pub(super) fn lu<T: Number>(out: &mut [T], a: &[T], _: usize, n: usize) -> Made {
    if n == 0 {
        return Ok(());
    }
    let (packed, rows) = out.split_at_mut(n * n);
    let (order, trust) = rows.split_at_mut(n);
    // Where a column has nothing left to divide by, `faer` divides 0 by 0.
    if n <= SMALL || !in_blocks(packed, order, a, n)? {
        by_rows(packed, order, a, n);
    }
    for (k, trust) in trust.iter_mut().enumerate() {
        let pivot = magnitude(packed[k * n + k]);
        // u_kk = a_kk − Σ l_kj u_jk: a pivot that is small beside these numbers is what rounding left of zero.
        let mut size = pivot;
        for (j, &l) in packed[k * n..][..k].iter().enumerate() {
            size += magnitude(l * packed[j * n + k]);
        }
        *trust = if size == T::default() { size } else { pivot / size };
    }
    Ok(())
}

/// By `faer`; whether all factors are finite.
fn in_blocks<T: Number>(packed: &mut [T], order: &mut [T], a: &[T], n: usize) -> Result<bool, Memory> {
    let mut factors = columns(a, n)?;
    let mut rows: [Vec<usize>; 2] = Default::default();
    for list in &mut rows {
        list.try_reserve_exact(n).map_err(|_| Memory(n * size_of::<usize>()))?;
        list.resize(n, 0);
    }
    let [rows, inverse] = &mut rows;
    let mut room = scratch(lu_in_place_scratch::<usize, T>(n, n, Par::Seq, Default::default()))?;
    let matrix = MatMut::from_column_major_slice_mut(&mut factors, n, n);
    lu_in_place(matrix, rows, inverse, Par::Seq, MemStack::new(&mut room), Default::default());
    transpose(packed, &factors, n);
    for (to, &row) in zip(order, &*rows) {
        *to = T::of(row as f64);
    }
    Ok(finite(packed))
}

/// Elimination row by row; a column of zeros is left as it is.
fn by_rows<T: Number>(packed: &mut [T], order: &mut [T], a: &[T], n: usize) {
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
    }
}

/// See [`super`].
pub(super) fn cholesky<T: Number>(out: &mut [T], a: &[T], _: usize, n: usize) -> Made {
    if n == 0 {
        return Ok(());
    }
    let mut factor = columns(a, n)?;
    let mut room = scratch(cholesky_in_place_scratch::<T>(n, Par::Seq, Default::default()))?;
    let matrix = MatMut::from_column_major_slice_mut(&mut factor, n, n);
    let stack = MemStack::new(&mut room);
    if cholesky_in_place(matrix, Default::default(), Par::Seq, stack, Default::default()).is_err() {
        out.fill(T::default());
        return Ok(());
    }
    transpose(out, &factor, n);
    for (i, row) in out.chunks_exact_mut(n).enumerate() {
        row[i + 1..].fill(T::default());
    }
    Ok(())
}

/// See [`super`].
pub(super) fn lu_solve<T: Number>(out: &mut [T], lu: &[T], b: &[T], n: usize, k: usize, flags: i64) -> Made {
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
        triangle::solve_unit_lower_triangular_in_place(factors, x.as_mut(), Par::Seq);
        triangle::solve_upper_triangular_in_place(factors, x, Par::Seq);
        return Ok(());
    }
    let mut y = zeros(n * k)?;
    y.copy_from_slice(b);
    let mut x = MatMut::from_row_major_slice_mut(&mut y, n, k);
    triangle::solve_lower_triangular_in_place(factors.transpose(), x.as_mut(), Par::Seq);
    triangle::solve_unit_upper_triangular_in_place(factors.transpose(), x, Par::Seq);
    for (row, p) in zip(y.chunks_exact(k), order) {
        out[place(p) * k..][..k].copy_from_slice(row);
    }
    Ok(())
}

/// See [`super`].
pub(super) fn triangular_solve<T: Number>(out: &mut [T], t: &[T], b: &[T], n: usize, k: usize, flags: i64) -> Made {
    out.copy_from_slice(b);
    if n == 0 || k == 0 {
        return Ok(());
    }
    let x = MatMut::from_row_major_slice_mut(out, n, k);
    let t = MatRef::from_row_major_slice(t, n, n);
    let transposed = flags & TRANSPOSED != 0;
    let t = if transposed { t.transpose() } else { t };
    match ((flags & UPPER != 0) != transposed, flags & UNIT != 0) {
        (false, false) => triangle::solve_lower_triangular_in_place(t, x, Par::Seq),
        (false, true) => triangle::solve_unit_lower_triangular_in_place(t, x, Par::Seq),
        (true, false) => triangle::solve_upper_triangular_in_place(t, x, Par::Seq),
        (true, true) => triangle::solve_unit_upper_triangular_in_place(t, x, Par::Seq),
    }
    Ok(())
}
