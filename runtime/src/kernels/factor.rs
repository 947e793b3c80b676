//! Factorisations of dense matrices and the solutions that stand on them, by `faer` (S. Q. El Kazdadi), on this thread.
//!
//! One array comes out of each, so what belongs together is stacked, row by row:
//!
//! - `adl_lu` of A, `n × n`: `n + 2` rows. L below the diagonal and U of P A = L U; the permutation (row `k` of P A is
//!   row `p[k]` of A); for each pivot its size relative to the numbers it is the difference of.
//! - `adl_cholesky` of the lower half of A: L. If A is not positive definite, all zero but for the first entry, minus
//!   the size of the first leading block that is not.
//! - `adl_qr` of A, `m × n`, m ≥ n: Q, `m × n`, above R, whose diagonal is not negative.
//! - `adl_eigh` of the lower half of A: the eigenvalues, ascending, above the matrix whose columns are the
//!   eigenvectors; infinite if the iteration does not converge.
//! - `adl_svd` of A, `m × n`, m ≥ n: U, `m × n`, above the singular values, descending, above V, `n × n`; infinite
//!   without convergence.
//! - `adl_lu_solve` of what `adl_lu` gave, and B: X of A X = B or Aᵀ X = B.
//! - `adl_triangular_solve` of T and B: X of T X = B or Tᵀ X = B; the other half of T is not read.
//!
//! Large factorisations go by blocks, with a look at the interrupt between them; those with an iteration in them
//! run on a thread of their own, which works on a copy and is left if the call is to stop ([`crate::aside`]).
//! An operand with an entry that is no finite number gives NaN throughout, so no iteration runs on it. The sign
//! of an eigenvector or of a pair of singular vectors is that which makes its first large entry positive (of V).
#![allow(unsafe_code, reason = "raw pointers from native code")]

mod orthogonal;
mod spectral;
mod triangular;

use super::desk::{Desk, Made, Room};
use super::reduce::Real;
use super::{operand, result};
use crate::abi::{Context, size};
use core::ops::{Div, Mul, Neg};

/// The matrix is upper triangular.
pub const UPPER: i64 = 1;
/// The matrix is transposed before.
pub const TRANSPOSED: i64 = 2;
/// Its diagonal is taken to be 1.
pub const UNIT: i64 = 4;

/// Operations between two looks at the interrupt: some hundredths of a second.
const STRETCH: usize = 400_000_000;

/// What the matrices are made of.
trait Number: Real + Into<f64> + Neg<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Send + 'static {
    /// The nearest number.
    fn of(x: f64) -> Self;
}

impl Number for f64 {
    fn of(x: f64) -> f64 {
        x
    }
}

impl Number for f32 {
    fn of(x: f64) -> f32 {
        x as f32
    }
}

macro_rules! factorisations {
    ($($wide:ident $single:ident $made:path, $rows:expr, $what:literal;)*) => {$(
        factorisations!($wide f64 $made, $rows, $what);
        factorisations!($single f32 $made, $rows, $what);
    )*};
    ($name:ident $t:ident $made:path, $rows:expr, $what:literal) => {
        #[doc = $what]
        ///
        /// # Safety
        /// See [`crate::kernels`].
        pub unsafe extern "C" fn $name(ctx: *mut Context, out: *mut $t, a: *const $t, m: i64, n: i64) -> u32 {
            let (m, n) = (size(m), size(n));
            let rows: fn(usize, usize) -> usize = $rows;
            // SAFETY: the contract above.
            unsafe {
                let (a, out) = (operand(a, m * n), result(out, rows(m, n) * n));
                let desk = Desk::new(ctx);
                desk.finish(|| if finite(a) { $made(desk, out, a, m, n) } else { poison(out) }) as u32
            }
        }
    };
}

factorisations! {
    adl_lu_f64 adl_lu_f32 triangular::lu, |_, n| n + 2, "P A = L U.";
    adl_cholesky_f64 adl_cholesky_f32 triangular::cholesky, |_, n| n, "A = L Lᵀ.";
    adl_qr_f64 adl_qr_f32 orthogonal::qr, |m, n| m + n, "A = Q R.";
    adl_eigh_f64 adl_eigh_f32 spectral::eigh, |_, n| n + 1, "A = V diag(λ) Vᵀ.";
    adl_svd_f64 adl_svd_f32 spectral::svd, |m, n| m + 1 + n, "A = U diag(σ) Vᵀ.";
}

macro_rules! solutions {
    ($($name:ident $t:ty, $made:path, $rows:expr, $what:literal;)*) => {$(
        #[doc = $what]
        ///
        /// B is `n × k`; flags as above.
        ///
        /// # Safety
        /// See [`crate::kernels`].
        pub unsafe extern "C" fn $name(
            ctx: *mut Context, out: *mut $t, a: *const $t, b: *const $t, n: i64, k: i64, flags: i64,
        ) -> u32 {
            let (n, k) = (size(n), size(k));
            let rows: fn(usize) -> usize = $rows;
            // SAFETY: the contract above.
            unsafe {
                let (a, b, out) = (operand(a, rows(n) * n), operand(b, n * k), result(out, n * k));
                let desk = Desk::new(ctx);
                desk.finish(|| $made(desk, out, a, b, n, k, flags)) as u32
            }
        }
    )*};
}

solutions! {
    adl_lu_solve_f64 f64, triangular::lu_solve, |n| n + 2, "X of A X = B from the factors of A.";
    adl_lu_solve_f32 f32, triangular::lu_solve, |n| n + 2, "X of A X = B from the factors of A.";
    adl_triangular_solve_f64 f64, triangular::triangular_solve, |n| n, "X of T X = B.";
    adl_triangular_solve_f32 f32, triangular::triangular_solve, |n| n, "X of T X = B.";
}

fn finite<T: Number>(a: &[T]) -> bool {
    a.iter().all(|&x| x.into().is_finite())
}

fn magnitude<T: Number>(x: T) -> T {
    if x < T::default() { -x } else { x }
}

fn poison<T: Number>(out: &mut [T]) -> Made {
    out.fill(T::of(f64::NAN));
    Ok(())
}

/// A copy column by column, which is what `faer` is fastest on, of a matrix of `n` columns.
fn columns<T: Number>(desk: Desk, a: &[T], n: usize) -> Made<Room<Vec<T>>> {
    let mut copy = desk.zeros(a.len())?;
    transpose(&mut copy, a, n);
    Ok(copy)
}

/// Writes the transpose of `a`, whose rows have `n` entries.
fn transpose<T: Copy>(out: &mut [T], a: &[T], n: usize) {
    /// Side of squares that fit into the first cache.
    const SQUARE: usize = 32;
    if n == 0 {
        return;
    }
    let m = a.len() / n;
    for i in (0..m).step_by(SQUARE) {
        for j in (0..n).step_by(SQUARE) {
            for c in j..n.min(j + SQUARE) {
                for (r, out) in (i..m.min(i + SQUARE)).zip(&mut out[c * m + i..]) {
                    *out = a[r * n + c];
                }
            }
        }
    }
}
