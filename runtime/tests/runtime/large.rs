//! Large operands: what goes by blocks is right, ends when the call is to stop, and counts its memory.
#![allow(unsafe_code, reason = "kernels are called as compiled code calls them")]

use adl_runtime::kernels::factor::*;
use adl_runtime::kernels::matmul::{TRANSPOSED_A, TRANSPOSED_B, adl_matmul_f64};
use adl_runtime::kernels::random::adl_random_normal_f64;
use adl_runtime::kernels::sort::adl_argsort_f64;
use adl_runtime::{Context, Interrupt, Status, Workspace};
use std::ptr;
use std::time::{Duration, Instant};

type Kernel = unsafe extern "C" fn(*mut Context, *mut f64, *const f64, i64, i64) -> u32;

fn random(key: i64, n: usize) -> Vec<f64> {
    let mut x = vec![0.0; n];
    unsafe { adl_random_normal_f64(ptr::null_mut(), x.as_mut_ptr(), key, 0, n as i64) };
    x
}

/// op(A) op(B), of which the result is `m × n`.
fn product(a: &[f64], b: &[f64], [m, k, n]: [usize; 3], flags: i64) -> Vec<f64> {
    let mut c = vec![f64::NAN; m * n];
    let [p, q, r] = [m, k, n].map(|n| n as i64);
    assert_eq!(
        unsafe { adl_matmul_f64(ptr::null_mut(), c.as_mut_ptr(), a.as_ptr(), b.as_ptr(), 1, p, q, r, flags) },
        0
    );
    c
}

fn factor(kernel: Kernel, a: &[f64], m: usize, n: usize, rows: usize) -> Vec<f64> {
    let mut out = vec![f64::NAN; rows * n];
    assert_eq!(unsafe { kernel(ptr::null_mut(), out.as_mut_ptr(), a.as_ptr(), m as i64, n as i64) }, 0);
    out
}

#[track_caller]
fn close(x: &[f64], y: &[f64], tolerance: f64) {
    assert_eq!(x.len(), y.len());
    let worst = x.iter().zip(y).map(|(x, y)| (x - y).abs()).fold(0.0, |a: f64, b| if b <= a { a } else { b });
    assert!(worst <= tolerance, "{worst}");
}

/// The part of a matrix on and below, or on and above, the diagonal; `unit` puts ones onto it.
fn half(a: &[f64], n: usize, upper: bool, unit: bool) -> Vec<f64> {
    let entry = |(p, x): (usize, &f64)| match (p / n).cmp(&(p % n)) {
        std::cmp::Ordering::Equal => {
            if unit {
                1.0
            } else {
                *x
            }
        }
        order => {
            if (order == std::cmp::Ordering::Less) == upper {
                *x
            } else {
                0.0
            }
        }
    };
    a.iter().enumerate().map(entry).collect()
}

const SIZES: [usize; 3] = [513, 640, 777];

#[test]
fn triangular_factors_multiply_back() {
    for n in SIZES {
        let a = random(n as i64, n * n);
        let lu = factor(adl_lu_f64, &a, n, n, n + 2);
        let (lower, upper) = (half(&lu[..n * n], n, false, true), half(&lu[..n * n], n, true, false));
        assert!(lower.iter().all(|x| x.abs() <= 1.0), "pivots are the largest of their columns");
        let order: Vec<usize> = lu[n * n..][..n].iter().map(|&p| p as usize).collect();
        let permuted: Vec<f64> = order.iter().flat_map(|&p| a[p * n..][..n].iter().copied()).collect();
        close(&product(&lower, &upper, [n, n, n], 0), &permuted, 1e-10);

        let mut gram = product(&a, &a, [n, n, n], TRANSPOSED_A);
        (0..n).for_each(|k| gram[k * n + k] += 1.0);
        let root = factor(adl_cholesky_f64, &gram, n, n, n);
        close(&product(&root, &root, [n, n, n], TRANSPOSED_B), &gram, 1e-9);
        gram[(n - 1) * n + n - 1] = -1.0;
        let refused = factor(adl_cholesky_f64, &gram, n, n, n);
        assert!(refused[0] == -(n as f64) && refused[1..].iter().all(|&x| x == 0.0), "the block that is not definite");
    }
}

#[test]
fn a_singular_matrix_has_factors() {
    let n = 600;
    let mut a = random(1, n * n);
    let (first, second) = a.split_at_mut(n);
    second[..n].copy_from_slice(first);
    (0..n).for_each(|i| a[i * n + 300] = 0.0);
    let lu = factor(adl_lu_f64, &a, n, n, n + 2);
    assert!(lu.iter().all(|x| x.is_finite()));
    let (lower, upper) = (half(&lu[..n * n], n, false, true), half(&lu[..n * n], n, true, false));
    let order: Vec<usize> = lu[n * n..][..n].iter().map(|&p| p as usize).collect();
    let permuted: Vec<f64> = order.iter().flat_map(|&p| a[p * n..][..n].iter().copied()).collect();
    close(&product(&lower, &upper, [n, n, n], 0), &permuted, 1e-10);
}

#[test]
fn solutions_go_by_blocks() {
    let n = 1100;
    for k in [1, 400] {
        let a = random(3, n * n);
        let x = random(4, n * k);
        let lu = factor(adl_lu_f64, &a, n, n, n + 2);
        for flags in [0, TRANSPOSED] {
            let b = product(&a, &x, [n, n, k], if flags == 0 { 0 } else { TRANSPOSED_A });
            let mut out = vec![f64::NAN; n * k];
            let (n, k) = (n as i64, k as i64);
            assert_eq!(
                unsafe { adl_lu_solve_f64(ptr::null_mut(), out.as_mut_ptr(), lu.as_ptr(), b.as_ptr(), n, k, flags) },
                0
            );
            close(&out, &x, 1e-8);
        }
    }
}

#[test]
fn reflections_multiply_back() {
    for (m, n, deficient) in [(700, 513, false), (600, 600, false), (900, 300, true), (200_000, 3, false)] {
        let mut a = random(m as i64, m * n);
        if deficient {
            (0..m)
                .for_each(|i| (a[i * n + 10], a[i * n + 11], a[i * n + 200]) = (0.0, a[i * n + 9], 2.0 * a[i * n + 9]));
        }
        let qr = factor(adl_qr_f64, &a, m, n, m + n);
        let (q, r) = qr.split_at(m * n);
        assert!((0..n).all(|k| r[k * n + k] >= 0.0));
        close(&product(q, r, [m, n, n], 0), &a, 1e-9);
        let unit: Vec<f64> = (0..n * n).map(|p| f64::from(u8::from(p / n == p % n))).collect();
        close(&product(q, q, [n, m, n], TRANSPOSED_A), &unit, 1e-11);
    }
}

#[test]
fn iterations_aside_give_what_they_give_here() {
    let n = 150;
    let a = random(5, n * n);
    let mut symmetric = a.clone();
    (0..n * n).for_each(|p| symmetric[p] += a[p % n * n + p / n]);
    let found = factor(adl_eigh_f64, &symmetric, n, n, n + 1);
    let (values, vectors) = found.split_at(n);
    let scaled: Vec<f64> = vectors.iter().enumerate().map(|(p, x)| x * values[p % n]).collect();
    close(&product(&scaled, vectors, [n, n, n], TRANSPOSED_B), &symmetric, 1e-11);
    let found = factor(adl_svd_f64, &a, n, n, 2 * n + 1);
    let (u, rest) = found.split_at(n * n);
    let (values, v) = rest.split_at(n);
    let scaled: Vec<f64> = u.iter().enumerate().map(|(p, x)| x * values[p % n]).collect();
    close(&product(&scaled, v, [n, n, n], TRANSPOSED_B), &a, 1e-11);
}

#[test]
fn long_rows_are_sorted_by_buckets() {
    let n = 700_000;
    let noise = random(6, n);
    let cases: [(&str, Box<dyn Fn(usize) -> f64>); 6] = [
        ("noise", Box::new(|i| noise[i])),
        ("few", Box::new(|i| (i * 7919 % 13) as f64)),
        ("half zeros", Box::new(|i| if i % 2 == 0 { 0.0 } else { noise[i] })),
        ("falling", Box::new(|i| -(i as f64))),
        ("equal", Box::new(|_| 1.0)),
        ("nan", Box::new(|i| if i % 1000 == 0 { f64::NAN } else { noise[i].round() })),
    ];
    for (name, entry) in cases {
        let x: Vec<f64> = (0..n).map(entry).collect();
        let mut order = vec![-1i64; n];
        assert_eq!(unsafe { adl_argsort_f64(ptr::null_mut(), order.as_mut_ptr(), x.as_ptr(), 1, n as i64) }, 0);
        // `x + 0.0` makes one zero of both.
        let key = |i: i64| (x[i as usize].is_nan(), x[i as usize] + 0.0);
        let sorted = order.windows(2).all(|w| {
            let (a, b) = (key(w[0]), key(w[1]));
            !a.0 && b.0 || a.0 == b.0 && (a.1 < b.1 || (a.0 || a.1 == b.1) && w[0] < w[1])
        });
        assert!(sorted, "{name}");
    }
}

/// Runs a kernel whose call is to stop after some milliseconds; how long it took after that.
fn stopped(kernel: Kernel, n: usize) -> Duration {
    let mut a = random(7, n * n);
    (0..n).for_each(|k| a[k * n + k] += 3.0 * n as f64);
    let mut out = vec![0.0; (2 * n + 2) * n];
    let (interrupt, mut workspace) = (Interrupt::new(), Workspace::new());
    workspace.set_interrupt(interrupt.clone());
    let ctx = workspace.enter(1 << 20);
    let raised = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(15));
        interrupt.raise();
        Instant::now()
    });
    let status = unsafe { kernel(ctx, out.as_mut_ptr(), a.as_ptr(), n as i64, n as i64) };
    let end = Instant::now();
    assert_eq!(status, Status::Interrupted as u32);
    end.saturating_duration_since(raised.join().expect("the thread has ended"))
}

#[test]
fn all_end_soon_when_they_are_to_stop() {
    for kernel in [adl_lu_f64 as Kernel, adl_cholesky_f64, adl_qr_f64, adl_eigh_f64, adl_svd_f64] {
        let late = stopped(kernel, 1500);
        // Some milliseconds on a machine with nothing else to do.
        assert!(late < Duration::from_secs(2), "{late:?}");
    }
}

#[test]
fn memory_is_counted_before_it_is_taken() {
    let n = 400;
    let a = random(8, n * n);
    let mut out = vec![0.0; (2 * n + 2) * n];
    for kernel in [adl_lu_f64 as Kernel, adl_cholesky_f64, adl_qr_f64, adl_eigh_f64, adl_svd_f64] {
        let mut workspace = Workspace::new();
        workspace.set_memory_limit(Some(8 * n * n - 1));
        let ctx = workspace.enter(1 << 20);
        let status = unsafe { kernel(ctx, out.as_mut_ptr(), a.as_ptr(), n as i64, n as i64) };
        assert_eq!(status, Status::OutOfMemory as u32);
        let [asked, used, limit, _] = workspace.failure().values;
        assert!(asked > 0 && asked + used > limit && limit == 8 * 400 * 400 - 1, "{asked} {used} {limit}");
        workspace.set_memory_limit(Some(100 * 8 * n * n));
        let ctx = workspace.enter(1 << 20);
        assert_eq!(unsafe { kernel(ctx, out.as_mut_ptr(), a.as_ptr(), n as i64, n as i64) }, 0);
    }
    let mut workspace = Workspace::new();
    workspace.set_memory_limit(Some(8 * a.len()));
    let mut order = vec![0i64; a.len()];
    let status = unsafe { adl_argsort_f64(workspace.enter(0), order.as_mut_ptr(), a.as_ptr(), 1, a.len() as i64) };
    assert_eq!(status, Status::OutOfMemory as u32);
}
