//! The order of the entries of each row.
#![allow(unsafe_code, reason = "raw pointers from native code")]

use super::{operand, result};
use crate::abi::{Context, Status, interrupted, note_out_of_memory, size};

/// Elements that can be put in order by an integer.
trait Key: Copy {
    /// An integer whose order is that of the elements; equal elements have equal ones.
    fn key(self) -> u64;
}

impl Key for i64 {
    fn key(self) -> u64 {
        (self as u64) ^ (1 << 63)
    }
}

impl Key for f64 {
    /// The bits of a positive float are in its order, those of a negative one in the reverse of it.
    /// Every NaN comes last, and both zeros are one.
    fn key(self) -> u64 {
        if self.is_nan() {
            return u64::MAX;
        }
        let bits = (self + 0.0).to_bits();
        if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
    }
}

impl Key for f32 {
    fn key(self) -> u64 {
        f64::from(self).key()
    }
}

macro_rules! export {
    ($t:ty, $name:ident) => {
        /// For each of `rows` rows of `n` entries, the indices that put it in rising order; equal
        /// entries keep their order, NaN is last.
        ///
        /// # Safety
        /// See [`crate::kernels`].
        pub unsafe extern "C" fn $name(ctx: *mut Context, out: *mut i64, data: *const $t, rows: i64, n: i64) -> u32 {
            // SAFETY: the contract above.
            unsafe { argsort(ctx, out, data, size(rows), size(n)) as u32 }
        }
    };
}

export!(f64, adl_argsort_f64);
export!(f32, adl_argsort_f32);
export!(i64, adl_argsort_i64);

/// # Safety
/// As for the kernels.
unsafe fn argsort<T: Key>(ctx: *mut Context, out: *mut i64, data: *const T, rows: usize, n: usize) -> Status {
    if rows == 0 || n == 0 {
        return Status::Done;
    }
    let mut pairs: Vec<(u64, usize)> = Vec::new();
    if pairs.try_reserve_exact(n).is_err() {
        // SAFETY: the contract above.
        unsafe { note_out_of_memory(ctx, n.saturating_mul(size_of::<(u64, usize)>())) };
        return Status::OutOfMemory;
    }
    for row in 0..rows {
        // SAFETY: row `row` lies inside operand and result.
        let (entries, order) = unsafe { (operand(data.add(row * n), n), result(out.add(row * n), n)) };
        pairs.clear();
        pairs.extend(entries.iter().enumerate().map(|(i, x)| (x.key(), i)));
        // No two pairs are equal, so the unstable sort, which needs no memory, gives the stable
        // order.
        pairs.sort_unstable();
        for (index, pair) in order.iter_mut().zip(&pairs) {
            *index = pair.1 as i64;
        }
        // SAFETY: the contract above.
        if unsafe { interrupted(ctx) } {
            return Status::Interrupted;
        }
    }
    Status::Done
}
