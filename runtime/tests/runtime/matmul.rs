//! Products against the definition, for all flags and many sizes.
#![allow(unsafe_code, reason = "kernels take raw pointers")]

use std::ptr;

use adl_runtime::kernels::matmul::{
    ACCUMULATE, SHARED_A, SHARED_B, SHARED_C, TRANSPOSED_A, TRANSPOSED_B, adl_matmul_f32, adl_matmul_f64,
};
use adl_runtime::{Status, Workspace};

/// Whole numbers, so that every order of summation gives the same.
fn numbers(n: usize, seed: usize) -> Vec<f64> {
    (0..n).map(|i| ((i * 7919 + seed * 104729) % 17) as f64 - 8.0).collect()
}

fn naive(c: &mut [f64], a: &[f64], b: &[f64], [batch, m, k, n]: [usize; 4], flags: i64) {
    let has = |flag| flags & flag != 0;
    if !has(ACCUMULATE) {
        c.fill(0.0);
    }
    for s in 0..batch {
        let a = &a[if has(SHARED_A) { 0 } else { s * m * k }..];
        let b = &b[if has(SHARED_B) { 0 } else { s * k * n }..];
        let c = &mut c[if has(SHARED_C) { 0 } else { s * m * n }..];
        for i in 0..m {
            for j in 0..n {
                for p in 0..k {
                    let x = a[if has(TRANSPOSED_A) { p * m + i } else { i * k + p }];
                    let y = b[if has(TRANSPOSED_B) { j * k + p } else { p * n + j }];
                    c[i * n + j] += x * y;
                }
            }
        }
    }
}

fn check([batch, m, k, n]: [usize; 4], flags: i64) {
    let count = |flag: i64| if flags & flag != 0 { 1 } else { batch };
    let a = numbers(count(SHARED_A) * m * k, 1);
    let b = numbers(count(SHARED_B) * k * n, 2);
    // What C holds must not be read unless the product is added to it.
    let before = if flags & ACCUMULATE != 0 { 3.0 } else { f64::NAN };
    let mut expected = vec![before; count(SHARED_C) * m * n];
    let mut c = expected.clone();
    naive(&mut expected, &a, &b, [batch, m, k, n], flags);
    let [s, r, d, w] = [batch, m, k, n].map(|size| size as i64);
    // SAFETY: the vectors have the sizes that the flags ask for.
    let status = unsafe { adl_matmul_f64(ptr::null_mut(), c.as_mut_ptr(), a.as_ptr(), b.as_ptr(), s, r, d, w, flags) };
    assert_eq!(status, 0);
    assert_eq!(c, expected, "{batch} × {m} {k} {n}, flags {flags:06b}");

    let single = |x: &[f64]| x.iter().map(|&x| x as f32).collect::<Vec<f32>>();
    let (a, b, mut c) = (single(&a), single(&b), vec![before as f32; expected.len()]);
    // SAFETY: as above.
    unsafe { adl_matmul_f32(ptr::null_mut(), c.as_mut_ptr(), a.as_ptr(), b.as_ptr(), s, r, d, w, flags) };
    assert_eq!(c, single(&expected), "f32: {batch} × {m} {k} {n}, flags {flags:06b}");
}

#[test]
fn small_sizes_and_all_flags() {
    let shapes = [
        [1, 1, 1],
        [2, 3, 4],
        [1, 5, 7],
        [5, 7, 1],
        [1, 40, 1],
        [4, 1, 6],
        [3, 3, 3],
        [9, 8, 7],
        [16, 16, 16],
        [33, 5, 2],
        [0, 3, 2],
        [3, 0, 2],
        [3, 2, 0],
        [1, 0, 1],
        [70, 33, 1],
        [1, 33, 70],
    ];
    for [m, k, n] in shapes {
        for batch in [0, 1, 3] {
            for flags in 0..64 {
                check([batch, m, k, n], flags);
            }
        }
    }
}

#[test]
fn sizes_beyond_a_tile() {
    for flags in [0, TRANSPOSED_A, TRANSPOSED_B, ACCUMULATE | TRANSPOSED_A | TRANSPOSED_B] {
        check([1, 1030, 20, 17], flags);
        check([1, 3, 1100, 5], flags);
        check([1, 2, 9, 1025], flags);
        check([1, 129, 65, 200], flags);
    }
    check([1, 3, 3000, 1], 0);
    check([1, 3, 5000, 1], 0);
    check([2, 7, 5000, 1], ACCUMULATE);
    check([1, 3000, 3, 1], TRANSPOSED_A);
}

#[test]
fn not_a_number_and_infinity_spread() {
    let (a, b, mut c) = ([f64::NAN, 0.0, 1.0, 1.0], [0.0, 1.0, f64::INFINITY, 1.0], [0.0; 4]);
    // SAFETY: two by two.
    unsafe { adl_matmul_f64(ptr::null_mut(), c.as_mut_ptr(), a.as_ptr(), b.as_ptr(), 1, 2, 2, 2, 0) };
    assert!(c[0].is_nan() && c[1].is_nan());
    assert_eq!(c[2..], [f64::INFINITY, 2.0]);
}

#[test]
fn negative_sizes_are_empty() {
    // SAFETY: nothing is read or written.
    let status = unsafe { adl_matmul_f64(ptr::null_mut(), ptr::null_mut(), ptr::null(), ptr::null(), 1, -1, 2, 2, 0) };
    assert_eq!(status, 0);
}

#[test]
fn a_long_product_can_be_interrupted() {
    let n = 1500;
    let (a, mut c) = (numbers(n * n, 1), vec![0.0; n * n]);
    let mut workspace = Workspace::new();
    let interrupt = workspace.interrupt();
    interrupt.raise();
    let ctx = workspace.enter(0);
    let size = n as i64;
    // SAFETY: n by n.
    let status = unsafe { adl_matmul_f64(ctx, c.as_mut_ptr(), a.as_ptr(), a.as_ptr(), 1, size, size, size, 0) };
    assert_eq!(status, Status::Interrupted as u32);
}
