//! Sums and inner products in a fixed order: entry `i` of a block of 1024 goes to lane `i % 32`, the lanes are added as a
//! binary tree, and so are the blocks. (Pairwise summation; its error grows with the logarithm of the length: N. J. Higham, *The
//! accuracy of floating point summation*, SIAM J. Sci. Comput. 14, 1993.) Wider vector instructions change nothing in a sum;
//! in an inner product they bring fused multiplication and addition, so its last bits depend on the machine.
#![allow(
    unsafe_code,
    reason = "raw pointers from native code; functions for a CPU feature"
)]

use core::ops::AddAssign;

use super::{dispatch, operand};
use crate::abi::size;

/// Accumulators of a block.
const LANES: usize = 32;
/// Entries of a block.
const BLOCK: usize = 1024;

/// The numbers of the kernels for dense linear algebra.
pub trait Real: faer::traits::RealField + Copy + AddAssign + Default {
    /// `a * b + c`, rounded once.
    fn fused(a: Self, b: Self, c: Self) -> Self;
    /// `a * b + c`, rounded twice.
    fn multiply_add(a: Self, b: Self, c: Self) -> Self;
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
}

/// The sum of all entries; 0 of none.
pub fn sum<T: Real>(x: &[T]) -> T {
    dispatch!(sum_wide, sum_blocks, x)
}

/// The inner product of two vectors, to the length of the shorter one.
pub fn dot<T: Real>(x: &[T], y: &[T]) -> T {
    dispatch!(dot_wide, dot_portable, x, y)
}

#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,fma"))]
unsafe fn sum_wide<T: Real>(x: &[T]) -> T {
    sum_blocks(x)
}

#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,fma"))]
unsafe fn dot_wide<T: Real>(x: &[T], y: &[T]) -> T {
    dot_blocks(x, y, T::fused)
}

fn dot_portable<T: Real>(x: &[T], y: &[T]) -> T {
    dot_blocks(x, y, T::multiply_add)
}

#[inline(always)]
fn sum_blocks<T: Real>(x: &[T]) -> T {
    let mut tree = Tree::new();
    for block in x.chunks(BLOCK) {
        let mut lanes = [T::default(); LANES];
        let (rows, rest) = block.as_chunks::<LANES>();
        for row in rows {
            for i in 0..LANES {
                lanes[i] += row[i];
            }
        }
        for (lane, &x) in lanes.iter_mut().zip(rest) {
            *lane += x;
        }
        tree.add(fold(lanes));
    }
    tree.total()
}

#[inline(always)]
fn dot_blocks<T: Real>(x: &[T], y: &[T], fuse: impl Fn(T, T, T) -> T) -> T {
    let mut tree = Tree::new();
    for (x, y) in x.chunks(BLOCK).zip(y.chunks(BLOCK)) {
        let mut lanes = [T::default(); LANES];
        let ((xs, x_rest), (ys, y_rest)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
        for (x, y) in xs.iter().zip(ys) {
            for i in 0..LANES {
                lanes[i] = fuse(x[i], y[i], lanes[i]);
            }
        }
        for (lane, (&x, &y)) in lanes.iter_mut().zip(x_rest.iter().zip(y_rest)) {
            *lane = fuse(x, y, *lane);
        }
        tree.add(fold(lanes));
    }
    tree.total()
}

#[inline(always)]
fn fold<T: Real>(mut lanes: [T; LANES]) -> T {
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            let upper = lanes[i + width];
            lanes[i] += upper;
        }
        width /= 2;
    }
    lanes[0]
}

/// Adds blocks as the leaves of a binary tree: `partial[level]` is the sum of `2^level` blocks where `count` has that bit.
struct Tree<T> {
    partial: [T; 64],
    count: u64,
}

impl<T: Real> Tree<T> {
    #[inline(always)]
    fn new() -> Tree<T> {
        Tree {
            partial: [T::default(); 64],
            count: 0,
        }
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
