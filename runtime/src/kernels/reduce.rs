//! Sums and inner products in a fixed order.
//!
//! Blocks of 1024 entries are added as the leaves of a binary tree (pairwise summation; its error
//! grows with the logarithm of the length: N. J. Higham, *The accuracy of floating point summation*,
//! SIAM J. Sci. Comput. 14, 1993). In a block of a sum, entry `i` goes to lane `i % 32` (`i % 8` when
//! there are at most 64 in all), and the lanes are added as a tree too; wider vector instructions
//! change nothing in that. An inner product uses other lanes, and fused multiplication and addition,
//! where the machine has them, so its last bits depend on the machine.
#![allow(unsafe_code, reason = "raw pointers from native code; functions for a CPU feature")]

use core::ops::AddAssign;

use super::{dispatch, operand};
use crate::abi::size;

/// Accumulators of a block.
const LANES: usize = 32;
/// Up to so many entries, 8 accumulators do.
const SHORT: usize = 64;
/// Entries of a block.
const BLOCK: usize = 1024;

/// The numbers of the kernels for dense linear algebra.
pub trait Real: faer::traits::RealField + Copy + AddAssign + Default {
    /// `a * b + c`, rounded once.
    fn fused(a: Self, b: Self, c: Self) -> Self;
    /// `a * b + c`, rounded twice.
    fn multiply_add(a: Self, b: Self, c: Self) -> Self;
    /// The inner product of two vectors of one length, which is at most that of a block.
    ///
    /// # Safety
    /// The machine has AVX2 and FMA.
    unsafe fn dot_wide(x: &[Self], y: &[Self]) -> Self;
}

impl Real for f64 {
    #[inline(always)]
    fn fused(a: f64, b: f64, c: f64) -> f64 {
        a.mul_add(b, c)
    }

    #[inline(always)]
    fn multiply_add(a: f64, b: f64, c: f64) -> f64 {
        a * b + c
    }

    #[inline]
    unsafe fn dot_wide(x: &[f64], y: &[f64]) -> f64 {
        // SAFETY: the contract of the trait.
        unsafe { wide::dot_f64(x, y) }
    }
}

impl Real for f32 {
    #[inline(always)]
    fn fused(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }

    #[inline(always)]
    fn multiply_add(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }

    #[inline]
    unsafe fn dot_wide(x: &[f32], y: &[f32]) -> f32 {
        // SAFETY: the contract of the trait.
        unsafe { wide::dot_f32(x, y) }
    }
}

/// The sum of all entries; 0 of none.
pub fn sum<T: Real>(x: &[T]) -> T {
    dispatch!(sum_wide, sum_blocks, x)
}

/// The inner product of two vectors, to the length of the shorter one.
pub fn dot<T: Real>(x: &[T], y: &[T]) -> T {
    let n = x.len().min(y.len());
    let (x, y) = (&x[..n], &y[..n]);
    if n <= BLOCK {
        return dispatch!(T::dot_wide, dot_portable, x, y);
    }
    let mut tree = Tree::new();
    for (x, y) in x.chunks(BLOCK).zip(y.chunks(BLOCK)) {
        tree.add(dispatch!(T::dot_wide, dot_portable, x, y));
    }
    tree.total()
}

#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,fma"))]
unsafe fn sum_wide<T: Real>(x: &[T]) -> T {
    sum_blocks(x)
}

fn dot_portable<T: Real>(x: &[T], y: &[T]) -> T {
    let mut lanes = [T::default(); 8];
    let ((xs, x_rest), (ys, y_rest)) = (x.as_chunks::<8>(), y.as_chunks::<8>());
    for (x, y) in xs.iter().zip(ys) {
        for i in 0..8 {
            lanes[i] = T::multiply_add(x[i], y[i], lanes[i]);
        }
    }
    for (lane, (&x, &y)) in lanes.iter_mut().zip(x_rest.iter().zip(y_rest)) {
        *lane = T::multiply_add(x, y, *lane);
    }
    fold(lanes)
}

/// Inner products in four vectors of 256 bits, then one, then entry by entry.
#[cfg(target_arch = "x86_64")]
mod wide {
    use core::arch::x86_64::*;

    macro_rules! dot {
        ($name:ident, $t:ty, $n:literal, $zero:ident, $load:ident, $fma:ident, $add:ident, $store:ident) => {
            #[target_feature(enable = "avx2,fma")]
            pub fn $name(x: &[$t], y: &[$t]) -> $t {
                let (mut a, mut b, mut c, mut d) = ($zero(), $zero(), $zero(), $zero());
                let ((xs, x_rest), (ys, y_rest)) = (x.as_chunks::<{ 4 * $n }>(), y.as_chunks::<{ 4 * $n }>());
                for (x, y) in xs.iter().zip(ys) {
                    let (x, y) = (x.as_ptr(), y.as_ptr());
                    // SAFETY: there are four vectors behind each pointer.
                    unsafe {
                        a = $fma($load(x), $load(y), a);
                        b = $fma($load(x.add($n)), $load(y.add($n)), b);
                        c = $fma($load(x.add(2 * $n)), $load(y.add(2 * $n)), c);
                        d = $fma($load(x.add(3 * $n)), $load(y.add(3 * $n)), d);
                    }
                }
                let ((xs, x_rest), (ys, y_rest)) = (x_rest.as_chunks::<$n>(), y_rest.as_chunks::<$n>());
                for (x, y) in xs.iter().zip(ys) {
                    // SAFETY: there is one vector behind each pointer.
                    a = unsafe { $fma($load(x.as_ptr()), $load(y.as_ptr()), a) };
                }
                let mut lanes = [0.0; $n];
                // SAFETY: `lanes` has the size of a vector.
                unsafe { $store(lanes.as_mut_ptr(), $add($add(a, c), $add(b, d))) };
                let rest = x_rest.iter().zip(y_rest).fold(0.0, |sum: $t, (x, y)| x.mul_add(*y, sum));
                super::fold(lanes) + rest
            }
        };
    }

    dot!(dot_f64, f64, 4, _mm256_setzero_pd, _mm256_loadu_pd, _mm256_fmadd_pd, _mm256_add_pd, _mm256_storeu_pd);
    dot!(dot_f32, f32, 8, _mm256_setzero_ps, _mm256_loadu_ps, _mm256_fmadd_ps, _mm256_add_ps, _mm256_storeu_ps);
}

/// Never called: [`super::wide`] is false.
#[cfg(not(target_arch = "x86_64"))]
mod wide {
    pub unsafe fn dot_f64(x: &[f64], y: &[f64]) -> f64 {
        super::dot_portable(x, y)
    }

    pub unsafe fn dot_f32(x: &[f32], y: &[f32]) -> f32 {
        super::dot_portable(x, y)
    }
}

#[inline(always)]
fn sum_blocks<T: Real>(x: &[T]) -> T {
    if x.len() <= SHORT {
        return sum_lanes::<T, 8>(x);
    }
    if x.len() <= BLOCK {
        return sum_lanes::<T, LANES>(x);
    }
    let mut tree = Tree::new();
    x.chunks(BLOCK).for_each(|block| tree.add(sum_lanes::<T, LANES>(block)));
    tree.total()
}

#[inline(always)]
fn sum_lanes<T: Real, const N: usize>(x: &[T]) -> T {
    let mut lanes = [T::default(); N];
    let (rows, rest) = x.as_chunks::<N>();
    for row in rows {
        for i in 0..N {
            lanes[i] += row[i];
        }
    }
    for (lane, &x) in lanes.iter_mut().zip(rest) {
        *lane += x;
    }
    fold(lanes)
}

#[inline(always)]
fn fold<T: Real, const N: usize>(mut lanes: [T; N]) -> T {
    let mut width = N / 2;
    while width > 0 {
        for i in 0..width {
            let upper = lanes[i + width];
            lanes[i] += upper;
        }
        width /= 2;
    }
    lanes[0]
}

/// Adds blocks as the leaves of a binary tree: `partial[level]` is the sum of `2^level` blocks
/// where `count` has that bit.
struct Tree<T> {
    partial: [T; 64],
    count: u64,
}

impl<T: Real> Tree<T> {
    #[inline(always)]
    fn new() -> Tree<T> {
        Tree { partial: [T::default(); 64], count: 0 }
    }

    #[inline(always)]
    fn add(&mut self, block: T) {
        let full = self.count.trailing_ones() as usize;
        let mut sum = block;
        for &left in &self.partial[..full.min(63)] {
            sum += left;
        }
        self.partial[full.min(63)] = sum;
        self.count += 1;
    }

    #[inline(always)]
    fn total(&self) -> T {
        let mut total = T::default();
        for (level, &partial) in self.partial.iter().enumerate() {
            if self.count >> level & 1 == 1 {
                total += partial;
            }
        }
        total
    }
}

macro_rules! export {
    ($t:ty, $sum:ident, $dot:ident) => {
        /// The sum of `n` entries; 0 of none.
        ///
        /// # Safety
        /// See [`crate::kernels`].
        pub unsafe extern "C" fn $sum(a: *const $t, n: i64) -> $t {
            // SAFETY: the contract above.
            sum(unsafe { operand(a, size(n)) })
        }

        /// The inner product of two vectors of `n` entries; 0 of none.
        ///
        /// # Safety
        /// See [`crate::kernels`].
        pub unsafe extern "C" fn $dot(a: *const $t, b: *const $t, n: i64) -> $t {
            // SAFETY: the contract above.
            let (x, y) = unsafe { (operand(a, size(n)), operand(b, size(n))) };
            dot(x, y)
        }
    };
}

export!(f64, adl_sum_f64, adl_dot_f64);
export!(f32, adl_sum_f32, adl_dot_f32);
