//! Filling, copying, and copies in another order of axes. Elements are told by their size in bytes
//! alone.
#![allow(unsafe_code, reason = "raw pointers from native code")]

use super::{operand, result};
use crate::abi::{Context, Status, interrupted, size};

/// Side of the squares in which transposition goes: both sides of one fit in the first cache.
const SQUARE: usize = 32;

/// Copies `bytes` bytes; the two may overlap.
///
/// # Safety
/// See [`crate::kernels`].
pub unsafe extern "C" fn adl_copy(out: *mut u8, data: *const u8, bytes: i64) {
    if bytes > 0 {
        // SAFETY: the contract above.
        unsafe { data.copy_to(out, size(bytes)) };
    }
}

macro_rules! export {
    ($t:ty, $fill:ident, $transpose:ident) => {
        /// Sets `n` elements to the lowest bits of `bits`.
        ///
        /// # Safety
        /// See [`crate::kernels`].
        pub unsafe extern "C" fn $fill(out: *mut $t, bits: i64, n: i64) {
            // SAFETY: the contract above.
            unsafe { result(out, size(n)) }.fill(bits as $t);
        }

        /// Swaps the last two axes of `batch × rows × columns` elements.
        ///
        /// # Safety
        /// See [`crate::kernels`].
        pub unsafe extern "C" fn $transpose(
            ctx: *mut Context,
            out: *mut $t,
            data: *const $t,
            batch: i64,
            rows: i64,
            columns: i64,
        ) -> u32 {
            // SAFETY: the contract above.
            unsafe { transpose(ctx, out, data, [batch, rows, columns].map(size)) as u32 }
        }
    };
}

export!(u8, adl_fill_1, adl_transpose_1);
export!(u32, adl_fill_4, adl_transpose_4);
export!(u64, adl_fill_8, adl_transpose_8);

/// # Safety
/// As for the kernels.
unsafe fn transpose<T: Copy>(
    ctx: *mut Context,
    out: *mut T,
    data: *const T,
    [batch, rows, columns]: [usize; 3],
) -> Status {
    if batch == 0 || rows == 0 || columns == 0 {
        return Status::Done;
    }
    for i in 0..batch {
        // SAFETY: matrix `i` lies inside both.
        let (from, to) = unsafe {
            (operand(data.add(i * rows * columns), rows * columns), result(out.add(i * rows * columns), rows * columns))
        };
        for row in (0..rows).step_by(SQUARE) {
            for column in (0..columns).step_by(SQUARE) {
                let row_end = rows.min(row + SQUARE);
                for c in column..columns.min(column + SQUARE) {
                    for (r, out) in (row..row_end).zip(&mut to[c * rows + row..c * rows + row_end]) {
                        *out = from[r * columns + c];
                    }
                }
            }
            // SAFETY: the contract above.
            if unsafe { interrupted(ctx) } {
                return Status::Interrupted;
            }
        }
    }
    Status::Done
}
