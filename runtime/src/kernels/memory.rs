//! Copying.
#![allow(unsafe_code, reason = "raw pointers from native code")]

use crate::abi::size;

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
