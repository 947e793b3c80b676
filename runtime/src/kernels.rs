//! Kernels that compiled code calls.
//!
//! All obey one contract. Operands are dense, row by row, at any address that suits their elements;
//! results do not overlap operands unless it says so. Sizes are `i64`; a negative one counts as 0,
//! and then the pointers are not read. Kernels that may take long look at the interrupt of their
//! context (which may be null) at least every few hundredths of a second and return a status; what they allocate
//! counts against the memory limit before it is taken ([`crate::Status::OutOfMemory`]), but for the packing buffers of
//! `faer`, which are small. A result depends on the operands and the machine alone, never on what ran before.
//!
//! # Safety
//! Every kernel is `unsafe` for one reason: pointers must be valid for the sizes passed with them,
//! and a context must be null or the one the calling code was given.
#![allow(unsafe_code, reason = "raw pointers from native code become slices here")]

use core::slice;

mod desk;
pub mod elementary;
pub mod factor;
pub mod matmul;
pub mod memory;
pub mod random;
pub mod reduce;
pub mod sort;

/// Calls the clone of a function for AVX2 and FMA where the machine has them. The caller's `unsafe`
/// clone needs nothing else.
macro_rules! dispatch {
    ($wide:path, $portable:path, $($argument:expr),*) => {
        if $crate::kernels::wide() {
            // SAFETY: the features that the clone is compiled for were just found.
            unsafe { $wide($($argument),*) }
        } else {
            $portable($($argument),*)
        }
    };
}
use dispatch;

/// True if the machine has AVX2 and FMA.
fn wide() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma");
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}

/// Runs code of `faer`, whose products are assembly that leaves the upper halves of the vector registers in use, and
/// clears them. Compiled code mixes VEX and legacy SSE instructions, and while the upper halves are in use each change
/// between the two costs some 55 ns on several processors, for as long as the program runs.
fn clears_vectors<R>(run: impl FnOnce() -> R) -> R {
    let made = run();
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx") {
        // SAFETY: the feature was just found, and what is cleared holds no value across a call.
        unsafe { core::arch::x86_64::_mm256_zeroupper() };
    }
    made
}

/// A slice over an operand.
///
/// # Safety
/// `data` points to `n` elements, unless `n` is 0.
unsafe fn operand<'a, T>(data: *const T, n: usize) -> &'a [T] {
    if n == 0 {
        return &[];
    }
    // SAFETY: the contract above.
    unsafe { slice::from_raw_parts(data, n) }
}

/// A slice over a result.
///
/// # Safety
/// `data` points to `n` elements, unless `n` is 0, that nothing else reads or writes meanwhile.
unsafe fn result<'a, T>(data: *mut T, n: usize) -> &'a mut [T] {
    if n == 0 {
        return &mut [];
    }
    // SAFETY: the contract above.
    unsafe { slice::from_raw_parts_mut(data, n) }
}
