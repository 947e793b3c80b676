//! Filling, copying, and copies in another order of axes. Elements are told by their size in bytes
//! alone.
#![allow(unsafe_code, reason = "raw pointers from native code")]

use super::{operand, result};
use crate::abi::{Context, Status, interrupted, size};

/// Side of the squares in which transposition goes: both sides of one fit in the first cache.
const SQUARE: usize = 32;
/// How many elements are copied between two looks at the interrupt.
const STRETCH: usize = 1 << 20;

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
    ($t:ty, $fill:ident, $transpose:ident, $strided:ident) => {
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

        /// Fills a dense array of shape `dims` from elements that lie `strides` apart along its
        /// axes (in elements; 0 repeats, below 0 goes backwards), beginning with the one that
        /// `data` points to.
        ///
        /// # Safety
        /// See [`crate::kernels`]; `dims` and `strides` have `rank` entries, and every element they
        /// reach is readable.
        pub unsafe extern "C" fn $strided(
            ctx: *mut Context,
            out: *mut $t,
            data: *const $t,
            rank: i64,
            dims: *const i64,
            strides: *const i64,
        ) -> u32 {
            // SAFETY: the contract above.
            unsafe {
                let (dims, strides) = (operand(dims, size(rank)), operand(strides, size(rank)));
                copy_strided(ctx, out, data, dims, strides) as u32
            }
        }
    };
}

export!(u8, adl_fill_1, adl_transpose_1, adl_copy_strided_1);
export!(u32, adl_fill_4, adl_transpose_4, adl_copy_strided_4);
export!(u64, adl_fill_8, adl_transpose_8, adl_copy_strided_8);

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
        }
        // SAFETY: the contract above.
        if unsafe { interrupted(ctx) } {
            return Status::Interrupted;
        }
    }
    Status::Done
}

/// # Safety
/// As for the exported functions.
unsafe fn copy_strided<T: Copy>(
    ctx: *mut Context,
    out: *mut T,
    data: *const T,
    dims: &[i64],
    strides: &[i64],
) -> Status {
    if dims.iter().any(|&dim| dim <= 0) {
        return Status::Done;
    }
    let (Some((&columns, outer)), Some((&step, outer_strides))) = (dims.split_last(), strides.split_last()) else {
        // SAFETY: without axes there is one element.
        unsafe { out.write(data.read()) };
        return Status::Done;
    };
    let (columns, rows) = (size(columns), outer.iter().map(|&dim| size(dim)).product::<usize>());
    let mut done = 0;
    for row in 0..rows {
        // SAFETY: the places of a row are reached by `dims` and `strides`, and `out` has all rows.
        unsafe {
            let (from, to) = (data.offset(offset(row, outer, outer_strides)), out.add(row * columns));
            match step {
                1 => from.copy_to_nonoverlapping(to, columns),
                0 => result(to, columns).fill(from.read()),
                _ => (0..columns).for_each(|i| to.add(i).write(from.offset(i as isize * step as isize).read())),
            }
        }
        done += columns;
        // SAFETY: the contract above.
        if done >= STRETCH && unsafe { interrupted(ctx) } {
            return Status::Interrupted;
        }
        done %= STRETCH;
    }
    Status::Done
}

/// Where row number `row` of the outer axes begins.
fn offset(mut row: usize, dims: &[i64], strides: &[i64]) -> isize {
    let mut offset = 0;
    for (&dim, &stride) in dims.iter().zip(strides).rev() {
        offset += (row % size(dim)) as isize * stride as isize;
        row /= size(dim);
    }
    offset
}
