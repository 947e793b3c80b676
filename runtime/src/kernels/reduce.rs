//! Sums and inner products in one tree, which depends on the length alone.
//!
//! ```text
//! lanes   entry i of a block goes to lane i % LANES, and a lane is added up in order; the lanes are joined in halves:
//!         lane i and lane i + LANES / 2, and so on. What does not fill all lanes is added up in order by itself and
//!         added to that, so fewer than LANES entries are added from left to right
//! blocks  of BLOCK entries are the leaves of a binary tree (pairwise summation; its error grows with the logarithm of
//!         the length: N. J. Higham, *The accuracy of floating point summation*, SIAM J. Sci. Comput. 14, 1993)
//! ```
//!
//! So vectors of any width, and in time any number of threads, give the same bits. An inner product is the sum of the
//! rounded products. Compiled code adds up rows that lie in one piece by itself (`pairwise` joins its blocks);
//! everything else goes through a [`Stream`], or a [`Columns`] if many sums go on side by side.
#![allow(unsafe_code, reason = "raw pointers from native code; functions for a CPU feature")]

use core::mem::offset_of;
use core::ops::{Add, AddAssign, Mul};

use super::{dispatch, result};
use crate::abi::size;

/// The numbers of the kernels for dense linear algebra.
pub trait Real: faer::traits::RealField + Copy + Add<Output = Self> + Mul<Output = Self> + AddAssign + Default {
    /// `a * b + c`, rounded once.
    fn fused(a: Self, b: Self, c: Self) -> Self;
    /// `a * b + c`, rounded twice.
    fn multiply_add(a: Self, b: Self, c: Self) -> Self;
    /// The sum of a block, or of less.
    fn block_sum(x: &[Self]) -> Self;
    /// The inner product of two blocks.
    fn block_dot(x: &[Self], y: &[Self]) -> Self;
    /// Entries of a block.
    const BLOCK: usize;
    /// Lanes of a block.
    const LANES: usize;
}

macro_rules! real {
    ($t:ty, $lanes:literal, $block:literal) => {
        impl Real for $t {
            const BLOCK: usize = $block;
            const LANES: usize = $lanes;

            #[inline(always)]
            fn fused(a: $t, b: $t, c: $t) -> $t {
                a.mul_add(b, c)
            }

            #[inline(always)]
            fn multiply_add(a: $t, b: $t, c: $t) -> $t {
                a * b + c
            }

            #[inline(always)]
            fn block_sum(x: &[$t]) -> $t {
                sum_lanes::<$t, $lanes>(x)
            }

            #[inline(always)]
            fn block_dot(x: &[$t], y: &[$t]) -> $t {
                dot_lanes::<$t, $lanes>(x, y)
            }
        }
    };
}

real!(f64, 16, 1024);
real!(f32, 32, 512);

/// The lanes of the type that has most.
const MOST_LANES: usize = 32;
/// As many levels have trees of blocks: 2⁴⁷ entries.
pub const LEVELS: usize = 38;
/// Entries that compiled code collects in a [`Stream`] at a time: whole rounds of lanes and a whole part of a block.
pub const COLLECTED: usize = 256;
/// Bytes of a row of [`Columns`].
pub const STRIP: usize = 256;

/// The sum of all entries; 0 of none.
pub fn sum<T: Real>(x: &[T]) -> T {
    dispatch!(sum_wide, sum_blocks, x)
}

/// The inner product of two vectors, to the length of the shorter one.
pub fn dot<T: Real>(x: &[T], y: &[T]) -> T {
    let n = x.len().min(y.len());
    dispatch!(dot_wide, dot_blocks, &x[..n], &y[..n])
}

#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,fma"))]
unsafe fn sum_wide<T: Real>(x: &[T]) -> T {
    sum_blocks(x)
}

#[inline(always)]
fn sum_blocks<T: Real>(x: &[T]) -> T {
    if x.len() <= T::BLOCK {
        return T::block_sum(x);
    }
    let mut tree = Tree::new();
    x.chunks(T::BLOCK).for_each(|x| tree.add(T::block_sum(x)));
    tree.total()
}

#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,fma"))]
unsafe fn dot_wide<T: Real>(x: &[T], y: &[T]) -> T {
    dot_blocks(x, y)
}

#[inline(always)]
fn dot_blocks<T: Real>(x: &[T], y: &[T]) -> T {
    if x.len() <= T::BLOCK {
        return T::block_dot(x, y);
    }
    let mut tree = Tree::new();
    x.chunks(T::BLOCK).zip(y.chunks(T::BLOCK)).for_each(|(x, y)| tree.add(T::block_dot(x, y)));
    tree.total()
}

#[inline(always)]
fn sum_lanes<T: Real, const N: usize>(x: &[T]) -> T {
    let (rows, rest) = x.as_chunks::<N>();
    let rest = rest.iter().fold(T::default(), |sum, &x| sum + x);
    if rows.is_empty() {
        return rest;
    }
    let mut lanes = [T::default(); N];
    for row in rows {
        for i in 0..N {
            lanes[i] += row[i];
        }
    }
    fold(&mut lanes) + rest
}

#[inline(always)]
fn dot_lanes<T: Real, const N: usize>(x: &[T], y: &[T]) -> T {
    let ((xs, x_rest), (ys, y_rest)) = (x.as_chunks::<N>(), y.as_chunks::<N>());
    let rest = x_rest.iter().zip(y_rest).fold(T::default(), |sum, (&x, &y)| sum + x * y);
    if xs.is_empty() {
        return rest;
    }
    let mut lanes = [T::default(); N];
    for (x, y) in xs.iter().zip(ys) {
        for i in 0..N {
            lanes[i] += x[i] * y[i];
        }
    }
    fold(&mut lanes) + rest
}

/// Joins lanes in halves.
#[inline(always)]
fn fold<T: Real>(lanes: &mut [T]) -> T {
    let mut width = lanes.len() / 2;
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
    partial: [T; LEVELS],
    count: u64,
}

impl<T: Real> Tree<T> {
    #[inline(always)]
    fn new() -> Tree<T> {
        Tree { partial: [T::default(); LEVELS], count: 0 }
    }

    #[inline(always)]
    fn add(&mut self, block: T) {
        pairwise(&mut self.partial, self.count, block, false);
        self.count += 1;
    }

    #[inline(always)]
    fn total(&self) -> T {
        (0..LEVELS)
            .filter(|level| self.count >> level & 1 == 1)
            .fold(T::default(), |sum, level| sum + self.partial[level])
    }
}

/// Adds the sum of block `k` to a tree; what it gives is the sum of all if the block is the last one.
#[inline(always)]
fn pairwise<T: Real>(levels: &mut [T; LEVELS], k: u64, block: T, last: bool) -> T {
    let full = (k.trailing_ones() as usize).min(LEVELS - 1);
    let mut sum = levels[..full].iter().fold(block, |sum, &left| sum + left);
    levels[full] = sum;
    if last {
        for (level, &left) in levels.iter().enumerate().skip(full + 1) {
            if k >> level & 1 == 1 {
                sum += left;
            }
        }
    }
    sum
}

/// The sum of numbers that compiled code computes one after the other: it puts them into `buffer` and calls when that
/// is full.
#[repr(C)]
pub struct Stream<T> {
    /// As many were added up. Set to 0 by compiled code when a sum begins; nothing else need be set.
    entries: u64,
    /// The next ones.
    buffer: [T; COLLECTED],
    rest: T,
    lanes: [T; MOST_LANES],
    levels: [T; LEVELS],
}

impl<T: Real> Stream<T> {
    /// Where the count of entries is.
    pub const ENTRIES: usize = offset_of!(Stream<T>, entries);
    /// Where the next entries go.
    pub const BUFFER: usize = offset_of!(Stream<T>, buffer);

    /// Adds up the first `count` entries of the buffer; gives the whole sum if they are the last ones. All calls but
    /// the last bring a full buffer.
    #[inline(always)]
    fn take(&mut self, count: usize, last: bool) -> T {
        let count = count.min(COLLECTED);
        if last && self.entries == 0 {
            return T::block_sum(&self.buffer[..count]);
        }
        let before = self.entries as usize % T::BLOCK;
        let lanes = &mut self.lanes[..T::LANES];
        if before == 0 {
            lanes.fill(T::default());
        }
        let rows = self.buffer[..count].chunks_exact(T::LANES);
        self.rest = rows.remainder().iter().fold(T::default(), |sum, &x| sum + x);
        for row in rows {
            lanes.iter_mut().zip(row).for_each(|(lane, &x)| *lane += x);
        }
        let block = self.entries / T::BLOCK as u64;
        self.entries += count as u64;
        let complete = before + count == T::BLOCK;
        if complete || last && before + count > 0 {
            let sum = fold(lanes) + self.rest;
            return pairwise(&mut self.levels, block, sum, last);
        }
        if !last {
            return T::default();
        }
        // The last block was complete before.
        let tree = Tree { partial: self.levels, count: block };
        tree.total()
    }
}

/// Sums that go on side by side: one for each column of a strip. Compiled code writes rows into `rows` and calls when
/// there are as many as there are lanes. `W` of them are [`STRIP`] bytes.
#[repr(C)]
pub struct Columns<T, const W: usize> {
    /// As many rows were added up. Set to 0 by compiled code when the sums begin; nothing else need be set.
    entries: u64,
    /// The next ones.
    rows: [[T; W]; MOST_LANES],
    lanes: [[T; W]; MOST_LANES],
    levels: [[T; W]; LEVELS],
}

impl<T: Real, const W: usize> Columns<T, W> {
    /// Where the count of rows is.
    pub const ENTRIES: usize = offset_of!(Columns<T, W>, entries);
    /// Where the next rows go.
    pub const ROWS: usize = offset_of!(Columns<T, W>, rows);

    /// Adds up the first `count` rows; if they are the last ones, writes the sums `to` there. All calls but the last
    /// bring as many rows as there are lanes.
    #[inline(always)]
    fn take(&mut self, count: usize, to: Option<&mut [T]>) {
        let count = count.min(T::LANES);
        let (before, block) = (self.entries as usize % T::BLOCK, self.entries / T::BLOCK as u64);
        self.entries += count as u64;
        if before == 0 {
            self.lanes[..T::LANES].fill([T::default(); W]);
        }
        let mut rest = [T::default(); W];
        if count == T::LANES {
            self.lanes.iter_mut().zip(&self.rows[..count]).for_each(|(lane, row)| add(lane, row));
        } else {
            self.rows[..count].iter().for_each(|row| add(&mut rest, row));
        }
        if to.is_none() && before + count < T::BLOCK {
            return;
        }
        let mut width = T::LANES / 2;
        while width > 0 {
            let (lower, upper) = self.lanes.split_at_mut(width);
            lower.iter_mut().zip(upper).for_each(|(lower, upper)| add(lower, upper));
            width /= 2;
        }
        let mut sum = self.lanes[0];
        add(&mut sum, &rest);
        // The same steps as in `pairwise`, for all columns; with nothing but complete blocks before, `sum` is 0.
        let full = if before + count == 0 { 0 } else { (block.trailing_ones() as usize).min(LEVELS - 1) };
        self.levels[..full].iter().for_each(|left| add(&mut sum, left));
        let Some(to) = to else {
            self.levels[full] = sum;
            return;
        };
        for (level, left) in self.levels.iter().enumerate().skip(full) {
            if block >> level & 1 == 1 {
                add(&mut sum, left);
            }
        }
        to.iter_mut().zip(sum).for_each(|(to, sum)| *to = sum);
    }
}

#[inline(always)]
fn add<T: Real, const W: usize>(to: &mut [T; W], x: &[T; W]) {
    for i in 0..W {
        to[i] += x[i];
    }
}

macro_rules! export {
    ($t:ty, $columns:literal, $pairwise:ident, $stream:ident, $strip:ident) => {
        /// Adds the sum of block `k` to a tree of [`LEVELS`] numbers, which need not be set before; gives the sum of
        /// all blocks if this is the `last` one.
        ///
        /// # Safety
        /// See [`crate::kernels`].
        pub unsafe extern "C" fn $pairwise(levels: *mut [$t; LEVELS], k: i64, sum: $t, last: i64) -> $t {
            // SAFETY: the contract above.
            pairwise(unsafe { &mut *levels }, k as u64, sum, last != 0)
        }

        /// Adds up the first `count` entries in the buffer of a [`Stream`]; gives the whole sum if they are the `last`
        /// ones.
        ///
        /// # Safety
        /// See [`crate::kernels`].
        pub unsafe extern "C" fn $stream(stream: *mut Stream<$t>, count: i64, last: i64) -> $t {
            #[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,fma"))]
            unsafe fn wide(stream: &mut Stream<$t>, count: usize, last: bool) -> $t {
                stream.take(count, last)
            }
            // SAFETY: the contract above.
            let stream = unsafe { &mut *stream };
            dispatch!(wide, Stream::take, stream, size(count), last != 0)
        }

        /// Adds up the first `count` rows of [`Columns`]; if `to` is not null, they are the last ones, and the first
        /// `width` sums go there.
        ///
        /// # Safety
        /// See [`crate::kernels`].
        pub unsafe extern "C" fn $strip(columns: *mut Columns<$t, $columns>, count: i64, to: *mut $t, width: i64) {
            #[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,fma"))]
            unsafe fn wide(columns: &mut Columns<$t, $columns>, count: usize, to: Option<&mut [$t]>) {
                columns.take(count, to);
            }
            // SAFETY: the contract above.
            let (columns, to) = unsafe { (&mut *columns, (!to.is_null()).then(|| result(to, size(width)))) };
            dispatch!(wide, Columns::take, columns, size(count), to);
        }
    };
}

export!(f64, 32, adl_pairwise_f64, adl_stream_f64, adl_columns_f64);
export!(f32, 64, adl_pairwise_f32, adl_stream_f32, adl_columns_f32);
