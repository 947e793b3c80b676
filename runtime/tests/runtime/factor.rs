//! Factorisations: the parts multiply back to the matrix, orthogonal ones are orthogonal, and every failure is visible.

use adl_runtime::kernels::factor::*;
use adl_runtime::kernels::random::adl_random_normal_f64;
use std::ptr;

type Kernel = unsafe extern "C" fn(*mut adl_runtime::Context, *mut f64, *const f64, i64, i64) -> u32;
type Solver = unsafe extern "C" fn(*mut adl_runtime::Context, *mut f64, *const f64, *const f64, i64, i64, i64) -> u32;

#[allow(unsafe_code, reason = "kernels are called as compiled code calls them")]
fn run(kernel: Kernel, a: &[f64], m: usize, n: usize, rows: usize) -> Vec<f64> {
    let mut out = vec![f64::NAN; rows * n];
    let status = unsafe { kernel(ptr::null_mut(), out.as_mut_ptr(), a.as_ptr(), m as i64, n as i64) };
    assert_eq!(status, 0);
    out
}

#[allow(unsafe_code, reason = "kernels are called as compiled code calls them")]
fn solved(kernel: Solver, a: &[f64], b: &[f64], n: usize, k: usize, flags: i64) -> Vec<f64> {
    let mut out = vec![f64::NAN; n * k];
    let (n, k) = (n as i64, k as i64);
    assert_eq!(unsafe { kernel(ptr::null_mut(), out.as_mut_ptr(), a.as_ptr(), b.as_ptr(), n, k, flags) }, 0);
    out
}

#[allow(unsafe_code, reason = "kernels are called as compiled code calls them")]
fn random(key: i64, n: usize) -> Vec<f64> {
    let mut x = vec![0.0; n];
    unsafe { adl_random_normal_f64(ptr::null_mut(), x.as_mut_ptr(), key, 0, n as i64) };
    x
}

/// op(A) B, where A is `m × k` after `ta`.
fn product(a: &[f64], ta: bool, b: &[f64], m: usize, k: usize, n: usize) -> Vec<f64> {
    let at = |i: usize, l: usize| if ta { a[l * m + i] } else { a[i * k + l] };
    (0..m * n).map(|p| (0..k).map(|l| at(p / n, l) * b[l * n + p % n]).sum()).collect()
}

#[track_caller]
fn close(x: &[f64], y: &[f64], tolerance: f64) {
    assert_eq!(x.len(), y.len());
    for (k, (x, y)) in x.iter().zip(y).enumerate() {
        assert!((x - y).abs() <= tolerance, "entry {k}: {x} and {y}");
    }
}

fn unit(n: usize) -> Vec<f64> {
    (0..n * n).map(|p| f64::from(u8::from(p / n == p % n))).collect()
}

/// A transposed times A, a positive definite matrix.
fn gram(key: i64, n: usize) -> Vec<f64> {
    let x = random(key, n * n);
    product(&x, true, &x, n, n, n).iter().zip(unit(n)).map(|(g, e)| g + e).collect()
}

const SIZES: [usize; 6] = [1, 2, 3, 7, 40, 129];

#[test]
fn lu_solves_both_ways() {
    for n in SIZES {
        let a = random(n as i64, n * n);
        let lu = run(adl_lu_f64, &a, n, n, n + 2);
        let mut order: Vec<usize> = lu[n * n..][..n].iter().map(|&p| p as usize).collect();
        assert!(lu[(n + 1) * n..].iter().all(|&t| t > 1e-9 && t <= 1.0), "pivots of {n}");
        order.sort_unstable();
        assert!(order.into_iter().eq(0..n));
        let x = random(99, n * 3);
        let b = product(&a, false, &x, n, n, 3);
        close(&solved(adl_lu_solve_f64, &lu, &b, n, 3, 0), &x, 1e-8);
        let b = product(&a, true, &x, n, n, 3);
        close(&solved(adl_lu_solve_f64, &lu, &b, n, 3, TRANSPOSED), &x, 1e-8);
    }
}

#[test]
fn a_singular_matrix_has_a_pivot_that_is_nothing_but_rounding() {
    let counted: Vec<f64> = (1..10).map(f64::from).collect();
    let least = |lu: &[f64], n: usize| lu[(n + 1) * n..].iter().copied().fold(f64::INFINITY, f64::min);
    assert!(least(&run(adl_lu_f64, &counted, 3, 3, 5), 3) < 4.0 * f64::EPSILON);
    for n in [3, 40] {
        let mut gap = random(3, n * n);
        gap.iter_mut().skip(1).step_by(n).for_each(|x| *x = 0.0);
        for a in [vec![0.0; n * n], gap] {
            let lu = run(adl_lu_f64, &a, n, n, n + 2);
            assert_eq!(least(&lu, n), 0.0);
            assert!(lu.iter().all(|x| x.is_finite()));
        }
    }
    // Small entries alone do not make a matrix singular.
    assert_eq!(least(&run(adl_lu_f64, &[1.0, 0.0, 0.0, 1e-200], 2, 2, 4), 2), 1.0);
}

#[test]
fn cholesky_multiplies_back() {
    for n in SIZES {
        let a = gram(n as i64, n);
        let mut half = a.clone();
        for i in 0..n {
            half[i * n..][i + 1..n].fill(77.0);
        }
        let l = run(adl_cholesky_f64, &half, n, n, n);
        for i in 0..n {
            assert!(l[i * n..][i + 1..n].iter().all(|&x| x == 0.0));
        }
        let lt: Vec<f64> = (0..n * n).map(|p| l[p % n * n + p / n]).collect();
        close(&product(&l, false, &lt, n, n, n), &a, 1e-10);
    }
    assert_eq!(run(adl_cholesky_f64, &[1.0, 2.0, 2.0, 1.0], 2, 2, 2), [-2.0, 0.0, 0.0, 0.0]);
}

#[test]
fn qr_is_thin_and_has_a_positive_diagonal() {
    for (m, n) in [(1, 1), (3, 3), (7, 2), (130, 40), (60, 60)] {
        let a = random(m as i64, m * n);
        let parts = run(adl_qr_f64, &a, m, n, m + n);
        let (q, r) = parts.split_at(m * n);
        close(&product(q, true, q, n, m, n), &unit(n), 1e-12);
        close(&product(q, false, r, m, n, n), &a, 1e-11);
        for i in 0..n {
            assert!(r[i * n + i] > 0.0);
            assert!(r[i * n..][..i].iter().all(|&x| x == 0.0));
        }
    }
    // Without full rank Q is orthogonal all the same.
    let parts = run(adl_qr_f64, &[0.0, 1.0, 0.0, 2.0, 0.0, 3.0], 3, 2, 5);
    close(&product(&parts[..6], true, &parts[..6], 2, 3, 2), &unit(2), 1e-14);
    close(&product(&parts[..6], false, &parts[6..], 3, 2, 2), &[0.0, 1.0, 0.0, 2.0, 0.0, 3.0], 1e-14);
}

#[test]
fn eigenvectors_diagonalise() {
    for (n, scale) in [(1, 1.0), (2, 1e-170), (3, 1e170), (7, 1.0), (40, 1.0), (150, 1.0)] {
        let a: Vec<f64> = gram(n as i64, n).iter().map(|x| x * scale).collect();
        let parts = run(adl_eigh_f64, &a, n, n, n + 1);
        let (values, v) = parts.split_at(n);
        assert!(values.is_sorted());
        close(&product(v, true, v, n, n, n), &unit(n), 1e-12);
        let scaled: Vec<f64> = v.iter().enumerate().map(|(p, x)| x * values[p % n]).collect();
        close(&product(&a, false, v, n, n, n), &scaled, 1e-11 * scale);
    }
    assert_eq!(run(adl_eigh_f64, &unit(3), 3, 3, 4), [&[1.0; 3][..], &unit(3)].concat());
    let parts = run(adl_eigh_f64, &[0.0, 1.0, 1.0, 0.0], 2, 2, 3);
    close(&parts, &[-1.0, 1.0, 0.5f64.sqrt(), 0.5f64.sqrt(), -0.5f64.sqrt(), 0.5f64.sqrt()], 1e-15);
}

#[test]
fn singular_vectors_multiply_back() {
    for (m, n, scale) in [(1, 1, 1.0), (3, 3, 1e-170), (7, 2, 1e170), (90, 40, 1.0), (130, 3, 1.0)] {
        let a: Vec<f64> = random(m as i64, m * n).iter().map(|x| x * scale).collect();
        let parts = run(adl_svd_f64, &a, m, n, m + 1 + n);
        let (u, rest) = parts.split_at(m * n);
        let (s, v) = rest.split_at(n);
        assert!(s.iter().rev().is_sorted() && s[n - 1] >= 0.0);
        close(&product(u, true, u, n, m, n), &unit(n), 1e-12);
        close(&product(v, true, v, n, n, n), &unit(n), 1e-12);
        let scaled: Vec<f64> = u.iter().enumerate().map(|(p, x)| x * s[p % n]).collect();
        close(&product(&a, false, v, m, n, n), &scaled, 1e-11 * scale);
    }
    let parts = run(adl_svd_f64, &[0.0; 6], 3, 2, 6);
    close(&product(&parts[..6], true, &parts[..6], 2, 3, 2), &unit(2), 1e-14);
}

#[test]
fn triangles_are_solved_and_the_other_half_is_not_read() {
    for flags in 0..8 {
        for n in [1, 2, 7, 70] {
            let mut t = gram(n as i64, n);
            let x = random(5, n * 2);
            let lower = flags & UPPER == 0;
            let mut clean = t.clone();
            for i in 0..n {
                for j in 0..n {
                    if i == j && flags & UNIT != 0 {
                        (clean[i * n + j], t[i * n + j]) = (1.0, f64::NAN);
                    } else if i != j && (j < i) != lower {
                        (clean[i * n + j], t[i * n + j]) = (0.0, f64::NAN);
                    } else if i != j {
                        (clean[i * n + j], t[i * n + j]) = (0.1 / n as f64, 0.1 / n as f64);
                    }
                }
            }
            let b = product(&clean, flags & TRANSPOSED != 0, &x, n, n, 2);
            close(&solved(adl_triangular_solve_f64, &t, &b, n, 2, flags), &x, 1e-10);
        }
    }
}

#[test]
fn what_is_no_number_stays_so_and_nothing_is_allowed() {
    let kernels: [(Kernel, usize); 5] =
        [(adl_lu_f64, 4), (adl_cholesky_f64, 2), (adl_qr_f64, 4), (adl_eigh_f64, 3), (adl_svd_f64, 5)];
    for (kernel, rows) in kernels {
        for bad in [f64::NAN, f64::INFINITY] {
            let out = run(kernel, &[1.0, 0.0, bad, 1.0], 2, 2, rows);
            assert!(out.iter().all(|x| x.is_nan()));
        }
        assert!(run(kernel, &[], 0, 0, rows).is_empty());
    }
    let lu = run(adl_lu_f64, &[f64::NAN; 4], 2, 2, 4);
    assert!(solved(adl_lu_solve_f64, &lu, &[1.0, 2.0], 2, 1, 0).iter().all(|x| x.is_nan()));
    assert!(solved(adl_lu_solve_f64, &[], &[], 0, 3, 0).is_empty());
}
