//! Factorisations of dense matrices and the solutions that stand on them, by `faer` (S. Q. El Kazdadi), on this thread.
//!
//! One array comes out of each, so what belongs together is stacked, row by row:
//!
//! | kernel | operand | result |
//! |---|---|---|
//! | `adl_lu` | A, `n × n` | `n + 2` rows: L below the diagonal and U of P A = L U; the permutation (row `k` of P A is row `p[k]` of A); for each pivot its size relative to the numbers it is the difference of |
//! | `adl_cholesky` | A, its lower half | L; all zero if A is not positive definite |
//! | `adl_qr` | A, `m × n`, m ≥ n | Q, `m × n`, above R, whose diagonal is not negative |
//! | `adl_eigh` | A, its lower half | the eigenvalues, ascending, above the matrix whose columns are the eigenvectors; infinite if the iteration does not converge |
//! | `adl_svd` | A, `m × n`, m ≥ n | U, `m × n`, above the singular values, descending, above V, `n × n`; infinite without convergence |
//! | `adl_lu_solve` | what `adl_lu` gave, and B | X of A X = B or Aᵀ X = B |
//! | `adl_triangular_solve` | T and B | X of T X = B or Tᵀ X = B; the other half of T is not read |
//!
//! An operand with an entry that is no finite number gives NaN throughout, so no iteration runs on it. The sign of an
//! eigenvector or of a pair of singular vectors is that which makes its first large entry positive (of V). The
//! interrupt is looked at before and after, not within.
#![allow(unsafe_code, reason = "raw pointers from native code")]

mod orthogonal;
mod spectral;
mod triangular;

use super::reduce::Real;
use super::{clears_vectors, operand, result};
use crate::abi::{Context, Status, interrupted, note_out_of_memory, size};
use core::ops::{Div, Mul, Neg};
use faer::dyn_stack::{MemBuffer, StackReq};

/// The matrix is upper triangular.
pub const UPPER: i64 = 1;
/// The matrix is transposed before.
pub const TRANSPOSED: i64 = 2;
/// Its diagonal is taken to be 1.
pub const UNIT: i64 = 4;

/// What a kernel needed and did not get, in bytes.
struct Memory(usize);

type Made = Result<(), Memory>;

/// What the matrices are made of.
trait Number: Real + Into<f64> + Neg<Output = Self> + Mul<Output = Self> + Div<Output = Self> {
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
                finish(ctx, || if finite(a) { $made(out, a, m, n) } else { poison(out) }) as u32
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
                finish(ctx, || $made(out, a, b, n, k, flags)) as u32
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

/// Runs a kernel between two looks at the interrupt.
///
/// # Safety
/// `ctx` is null or in use.
unsafe fn finish(ctx: *mut Context, run: impl FnOnce() -> Made) -> Status {
    // SAFETY: the contract above.
    unsafe {
        if interrupted(ctx) {
            return Status::Interrupted;
        }
        if let Err(Memory(bytes)) = clears_vectors(run) {
            note_out_of_memory(ctx, bytes);
            return Status::OutOfMemory;
        }
        if interrupted(ctx) { Status::Interrupted } else { Status::Done }
    }
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

/// Memory for `n` numbers, all zero.
fn zeros<T: Number>(n: usize) -> Result<Vec<T>, Memory> {
    let mut room = Vec::new();
    room.try_reserve_exact(n).map_err(|_| Memory(n.saturating_mul(size_of::<T>())))?;
    room.resize(n, T::default());
    Ok(room)
}

/// Memory for the intermediate results of `faer`.
fn scratch(need: StackReq) -> Result<MemBuffer, Memory> {
    MemBuffer::try_new(need).map_err(|_| Memory(need.unaligned_bytes_required()))
}

/// A copy column by column, which is what `faer` is fastest on, of a matrix of `n` columns.
fn columns<T: Number>(a: &[T], n: usize) -> Result<Vec<T>, Memory> {
    let mut copy = zeros(a.len())?;
    transpose(&mut copy, a, n);
    Ok(copy)
}

/// Writes the transpose of `a`, whose rows have `n` entries.
fn transpose<T: Copy>(out: &mut [T], a: &[T], n: usize) {
    if n == 0 {
        return;
    }
    let m = a.len() / n;
    for (i, row) in a.chunks_exact(n).enumerate() {
        for (j, &x) in row.iter().enumerate() {
            out[j * m + i] = x;
        }
    }
}
