//! Products of matrices, `C = op(A) op(B)` or `C += op(A) op(B)`, one or a batch of them.
//!
//! Matrices go to `faer` (S. Q. El Kazdadi), on this thread. Vectors and tiny matrices do not repay
//! its packing: they use inner products ([`super::reduce`]) and rows added to rows. Long products
//! are cut into tiles of a fixed size, between which the interrupt is looked at; which path and
//! which tiles depends on the sizes alone.
#![allow(unsafe_code, reason = "raw pointers from native code; functions for a CPU feature")]

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use super::desk::{Desk, Made};
use super::reduce::{Real, dot};
use super::{clears_vectors, dispatch, operand, result};
use crate::abi::{Context, size};

/// A is stored as its transpose, `k × m`.
pub const TRANSPOSED_A: i64 = 1;
/// B is stored as its transpose, `n × k`.
pub const TRANSPOSED_B: i64 = 2;
/// The product is added to what C holds.
pub const ACCUMULATE: i64 = 4;
/// There is one A for the whole batch.
pub const SHARED_A: i64 = 8;
/// There is one B for the whole batch.
pub const SHARED_B: i64 = 16;
/// There is one C, the sum over the batch.
pub const SHARED_C: i64 = 32;

/// Rows and columns of a tile of C, and the length of the inner products that go into it at a time:
/// about 10⁹ operations.
const TILE: usize = 1024;
const TILE_DEPTH: usize = 512;
/// Entries of a matrix that are multiplied by those of a vector between two looks at the interrupt.
const STRETCH: usize = 1 << 22;
/// The same if the inner products are longer: then each part has an error of its own, and more of them are joined.
const DEEP_TILE: usize = 256;
const DEEP_DEPTH: usize = 128;
/// Products of at most so many multiplications are done without packing.
const TINY: usize = 64;

/// Sizes of one product.
#[derive(Clone, Copy)]
struct Sizes {
    m: usize,
    k: usize,
    n: usize,
    a_transposed: bool,
    b_transposed: bool,
}

macro_rules! export {
    ($t:ty, $name:ident) => {
        /// `C = op(A) op(B)` for each of `batch` triples, where op(A) is `m × k` and op(B) `k × n`;
        /// flags as above.
        ///
        /// # Safety
        /// See [`crate::kernels`].
        pub unsafe extern "C" fn $name(
            ctx: *mut Context,
            c: *mut $t,
            a: *const $t,
            b: *const $t,
            batch: i64,
            m: i64,
            k: i64,
            n: i64,
            flags: i64,
        ) -> u32 {
            // SAFETY: the contract above.
            unsafe {
                let desk = Desk::new(ctx);
                desk.finish(|| batched(desk, c, a, b, [batch, m, k, n].map(size), flags)) as u32
            }
        }
    };
}

export!(f64, adl_matmul_f64);
export!(f32, adl_matmul_f32);

/// # Safety
/// As for the kernels.
unsafe fn batched<T: Real>(
    desk: Desk,
    c: *mut T,
    a: *const T,
    b: *const T,
    [mut batch, mut m, mut k, n]: [usize; 4],
    flags: i64,
) -> Made {
    let has = |flag: i64| flags & flag != 0;
    let c_count = if has(SHARED_C) { 1 } else { batch };
    if m == 0 || n == 0 || c_count == 0 {
        return Ok(());
    }
    if k == 0 || batch == 0 {
        if !has(ACCUMULATE) {
            // SAFETY: C has this size.
            unsafe { result(c, c_count * m * n) }.fill(T::default());
        }
        return Ok(());
    }
    let only = |wanted: i64| flags & (TRANSPOSED_A | TRANSPOSED_B | SHARED_A | SHARED_B | SHARED_C) & !wanted == 0;
    if has(SHARED_B) && only(SHARED_B | TRANSPOSED_B) {
        // The rows of all A are the rows of one.
        (m, batch) = (m * batch, 1);
    } else if has(SHARED_C) && has(TRANSPOSED_A) && only(SHARED_C | TRANSPOSED_A) {
        // The sum over the batch is part of the inner products.
        (k, batch) = (k * batch, 1);
    }
    let sizes = Sizes { m, k, n, a_transposed: has(TRANSPOSED_A), b_transposed: has(TRANSPOSED_B) };
    for i in 0..batch {
        let accumulate = has(ACCUMULATE) || (has(SHARED_C) && i > 0);
        let at = |shared: i64, count: usize| if has(shared) { 0 } else { i * count };
        // SAFETY: matrix `i` of each operand lies inside it.
        unsafe {
            let (a, b) = (operand(a.add(at(SHARED_A, m * k)), m * k), operand(b.add(at(SHARED_B, k * n)), k * n));
            let c = result(c.add(at(SHARED_C, m * n)), m * n);
            product(desk, c, a, b, sizes, accumulate)?;
        }
    }
    Ok(())
}

/// One product; no size is 0.
fn product<T: Real>(desk: Desk, c: &mut [T], a: &[T], b: &[T], sizes: Sizes, accumulate: bool) -> Made {
    let Sizes { m, k, n, a_transposed, b_transposed } = sizes;
    // With one column in C, B is a vector however it is stored, and so A with one row.
    let vector = n == 1 || m == 1;
    if !vector && m * k * n > TINY {
        let beta = if accumulate { Accum::Add } else { Accum::Replace };
        let a = MatRef::from_row_major_slice(a, if a_transposed { k } else { m }, if a_transposed { m } else { k });
        let b = MatRef::from_row_major_slice(b, if b_transposed { n } else { k }, if b_transposed { k } else { n });
        let a = if a_transposed { a.transpose() } else { a };
        let b = if b_transposed { b.transpose() } else { b };
        return tiled(desk, MatMut::from_row_major_slice_mut(c, m, n), beta, a, b, T::one_impl());
    }
    if n == 1 && !a_transposed {
        return rows_times_vector(desk, c, a, b, k, accumulate);
    }
    if m == 1 && b_transposed {
        return rows_times_vector(desk, c, b, a, k, accumulate);
    }
    if !accumulate {
        c.fill(T::default());
    }
    let (x, rows) = if n == 1 { (b, a) } else { (a, b) };
    if !vector {
        tiny(c, a, b, sizes);
        return desk.look();
    }
    // Four rows are added at a time.
    let stretch = (STRETCH / c.len()).next_multiple_of(4).max(4);
    for (x, rows) in x.chunks(stretch).zip(rows.chunks(stretch * c.len())) {
        dispatch!(add_rows_wide, add_rows, c, x, rows);
        desk.look()?;
    }
    Ok(())
}

/// `c[i] = row i of a · x`, or added to it.
fn rows_times_vector<T: Real>(desk: Desk, c: &mut [T], a: &[T], x: &[T], k: usize, accumulate: bool) -> Made {
    let stretch = (STRETCH / k).max(1);
    for (c, rows) in c.chunks_mut(stretch).zip(a.chunks(stretch * k)) {
        for (c, row) in c.iter_mut().zip(rows.chunks_exact(k)) {
            let product = dot(row, x);
            if accumulate {
                *c += product;
            } else {
                *c = product;
            }
        }
        desk.look()?;
    }
    Ok(())
}

/// Rows that are added to one another before they are joined with others.
const DEPTH: usize = 32;
/// Columns that are worked on at a time.
const STRIP: usize = 512;

/// `c += Σ x[i] * row i of a`.
#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,fma"))]
unsafe fn add_rows_wide<T: Real>(c: &mut [T], x: &[T], a: &[T]) {
    add_rows_with(c, x, a, T::fused);
}

fn add_rows<T: Real>(c: &mut [T], x: &[T], a: &[T]) {
    add_rows_with(c, x, a, T::multiply_add);
}

#[inline(always)]
fn add_rows_with<T: Real>(c: &mut [T], x: &[T], a: &[T], fuse: impl Fn(T, T, T) -> T) {
    let n = c.len();
    if x.len() <= DEPTH {
        return add_some(c, x, |i| &a[i * n..(i + 1) * n], &fuse);
    }
    let (mut sums, mut low) = ([T::default(); STRIP], [T::default(); STRIP]);
    for (k, c) in c.chunks_mut(STRIP).enumerate() {
        let (sums, low, first) = (&mut sums[..c.len()], &mut low[..c.len()], k * STRIP);
        low.fill(T::default());
        for (block, x) in x.chunks(DEPTH).enumerate() {
            let row = |i: usize| {
                let start = (block * DEPTH + i) * n + first;
                &a[start..start + c.len()]
            };
            sums.fill(T::default());
            add_some(sums, x, row, &fuse);
            c.iter_mut().zip(&mut *low).zip(&*sums).for_each(|((c, low), &sum)| add_twice(c, low, sum));
        }
        c.iter_mut().zip(&*low).for_each(|(c, &low)| *c = joined(*c, low));
    }
}

/// Four rows at a time, so that `c` is read and written a quarter as often.
#[inline(always)]
fn add_some<'a, T: Real + 'a>(c: &mut [T], x: &[T], row: impl Fn(usize) -> &'a [T], fuse: &impl Fn(T, T, T) -> T) {
    let (xs, x_rest) = x.as_chunks::<4>();
    for (k, x) in xs.iter().enumerate() {
        let [r0, r1, r2, r3] = [0, 1, 2, 3].map(|i| row(4 * k + i));
        for ((((c, &a0), &a1), &a2), &a3) in c.iter_mut().zip(r0).zip(r1).zip(r2).zip(r3) {
            *c = fuse(x[3], a3, fuse(x[2], a2, fuse(x[1], a1, fuse(x[0], a0, *c))));
        }
    }
    for (k, &x) in x_rest.iter().enumerate() {
        for (c, &a) in c.iter_mut().zip(row(4 * xs.len() + k)) {
            *c = fuse(x, a, *c);
        }
    }
}

/// `c + low += x`, where `low` is what the roundings of `c` lost (T. Ogita, S. M. Rump and S.
/// Oishi, *Accurate sum and dot product*, SIAM J. Sci. Comput. 26, 2005).
#[inline(always)]
fn add_twice<T: Real>(c: &mut T, low: &mut T, x: T) {
    let sum = *c + x;
    let virtual_x = sum - *c;
    *low += (*c - (sum - virtual_x)) + (x - virtual_x);
    *c = sum;
}

/// The two parts of a sum as one number; where the sum is infinite, its other part means nothing.
#[inline(always)]
fn joined<T: Real>(c: T, low: T) -> T {
    let sum = c + low;
    // Only NaN is not equal to itself, and the trait has no other test.
    #[allow(clippy::eq_op)]
    if sum == sum { sum } else { c }
}

/// The definition of the product, for sizes where nothing else pays.
fn tiny<T: Real>(c: &mut [T], a: &[T], b: &[T], sizes: Sizes) {
    let Sizes { m, k, n, a_transposed, b_transposed } = sizes;
    let (a_row, a_column) = if a_transposed { (1, m) } else { (k, 1) };
    let (b_row, b_column) = if b_transposed { (1, k) } else { (n, 1) };
    for (i, c_row) in c.chunks_exact_mut(n).enumerate() {
        for p in 0..k {
            let x = a[i * a_row + p * a_column];
            for (j, c) in c_row.iter_mut().enumerate() {
                *c = T::multiply_add(x, b[p * b_row + j * b_column], *c);
            }
        }
    }
}

/// `C = alpha A B`, or added to it, tile by tile.
pub(super) fn tiled<T: Real>(
    desk: Desk,
    mut c: MatMut<'_, T>,
    beta: Accum,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
    alpha: T,
) -> Made {
    let (m, n, k) = (c.nrows(), c.ncols(), a.ncols());
    if k > TILE_DEPTH {
        return deep(desk, c, beta, a, b, alpha);
    }
    for i in (0..m).step_by(TILE) {
        let rows = TILE.min(m - i);
        for j in (0..n).step_by(TILE) {
            let columns = TILE.min(n - j);
            let (left, right) = (a.submatrix(i, 0, rows, k), b.submatrix(0, j, k, columns));
            let part = c.as_mut().submatrix_mut(i, j, rows, columns);
            clears_vectors(|| matmul(part, beta, left, right, alpha, Par::Seq));
            desk.look()?;
        }
    }
    Ok(())
}

/// The same for long inner products: their parts are joined with what the roundings lost.
fn deep<T: Real>(desk: Desk, mut c: MatMut<'_, T>, beta: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>, alpha: T) -> Made {
    let (m, n, k) = (c.nrows(), c.ncols(), a.ncols());
    let room = DEEP_TILE.min(m) * DEEP_TILE.min(n);
    let (mut part, mut low) = (desk.list::<T>(room)?, desk.list::<T>(room)?);
    part.resize(room, T::default());
    low.resize(room, T::default());
    for i in (0..m).step_by(DEEP_TILE) {
        let rows = DEEP_TILE.min(m - i);
        for j in (0..n).step_by(DEEP_TILE) {
            let columns = DEEP_TILE.min(n - j);
            let mut c = c.as_mut().submatrix_mut(i, j, rows, columns);
            let mut part = MatMut::from_row_major_slice_mut(&mut part[..rows * columns], rows, columns);
            low.fill(T::default());
            let mut low = MatMut::from_row_major_slice_mut(&mut low[..rows * columns], rows, columns);
            for p in (0..k).step_by(DEEP_DEPTH) {
                let depth = DEEP_DEPTH.min(k - p);
                let (left, right) = (a.submatrix(i, p, rows, depth), b.submatrix(p, j, depth, columns));
                if p == 0 && matches!(beta, Accum::Replace) {
                    let c = c.as_mut();
                    clears_vectors(|| matmul(c, Accum::Replace, left, right, alpha, Par::Seq));
                } else {
                    let product = part.as_mut();
                    clears_vectors(|| matmul(product, Accum::Replace, left, right, alpha, Par::Seq));
                    for r in 0..rows {
                        for s in 0..columns {
                            add_twice(&mut c[(r, s)], &mut low[(r, s)], part[(r, s)]);
                        }
                    }
                }
                desk.look()?;
            }
            for r in 0..rows {
                for s in 0..columns {
                    c[(r, s)] = joined(c[(r, s)], low[(r, s)]);
                }
            }
        }
    }
    Ok(())
}
