//! The vector state of the processor is clean after every kernel: compiled code that runs next, and a host in plain
//! x86-64 code, must not pay for upper halves that nobody needs any more.
#![cfg(target_arch = "x86_64")]
#![allow(unsafe_code, reason = "kernels take raw pointers; registers are read by assembly")]

use std::arch::asm;
use std::ptr;

use adl_runtime::kernels::factor::*;
use adl_runtime::kernels::matmul::{adl_matmul_f32, adl_matmul_f64};

/// All bits that are set in the upper halves of the sixteen vector registers.
///
/// # Safety
/// The machine has AVX.
#[inline(always)]
unsafe fn upper_halves() -> u64 {
    let (low, high): (u64, u64);
    // SAFETY: every register that is written is named.
    unsafe {
        asm!(
            "vextractf128 xmm0, ymm0, 1",
            "vextractf128 xmm1, ymm1, 1",
            "vorps xmm0, xmm0, xmm1",
            ".irp k, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15",
            "vextractf128 xmm1, ymm\\k, 1",
            "vorps xmm0, xmm0, xmm1",
            ".endr",
            "vmovq {low}, xmm0",
            "vpextrq {high}, xmm0, 1",
            low = out(reg) low,
            high = out(reg) high,
            out("xmm0") _,
            out("xmm1") _,
        );
    }
    low | high
}

macro_rules! clean {
    ($($call:expr),* $(,)?) => {$({
        // SAFETY: the vectors have the sizes that are passed; AVX was found.
        let left = unsafe {
            let _ = $call;
            upper_halves()
        };
        assert_eq!(left, 0, "left in use by {}", stringify!($call));
    })*};
}

#[test]
fn kernels_leave_clean_vectors() {
    if !std::arch::is_x86_feature_detected!("avx") {
        return;
    }
    let n = 48;
    let at = |i: usize| if i.is_multiple_of(n + 1) { 60.0 } else { 1.0 / (1 + i % 7) as f64 };
    let (a, mut out): (Vec<f64>, _) = ((0..n * n).map(at).collect(), vec![0.0; 3 * n * n]);
    let (a32, mut out32): (Vec<f32>, _) = (a.iter().map(|&x| x as f32).collect(), vec![0f32; 3 * n * n]);
    let (p, o, p32, o32) = (a.as_ptr(), out.as_mut_ptr(), a32.as_ptr(), out32.as_mut_ptr());
    let (none, s) = (ptr::null_mut(), n as i64);
    clean! {
        adl_matmul_f64(none, o, p, p, 1, s, s, s, 0),
        adl_matmul_f32(none, o32, p32, p32, 1, s, s, s, 0),
        adl_matmul_f64(none, o, p, p, 1, s, s, 1, 0),
        adl_lu_f64(none, o, p, s, s),
        adl_lu_f32(none, o32, p32, s, s),
        adl_lu_solve_f64(none, o, a.as_ptr(), p, 24, 24, 0),
        adl_triangular_solve_f64(none, o, p, p, s, s, 0),
        adl_cholesky_f64(none, o, p, s, s),
        adl_qr_f64(none, o, p, s, s),
        adl_eigh_f64(none, o, p, s, s),
        adl_svd_f64(none, o, p, s, s),
        adl_svd_f32(none, o32, p32, s, s),
    }
}
