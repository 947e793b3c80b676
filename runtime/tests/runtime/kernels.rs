//! Sorting, sums, copies, and the table of symbols.
#![allow(unsafe_code, reason = "kernels take raw pointers")]

use std::ptr;

use adl_runtime::kernels::matmul::{ACCUMULATE, TRANSPOSED_A, adl_matmul_f32, adl_matmul_f64};
use adl_runtime::kernels::memory::adl_copy;
use adl_runtime::kernels::reduce::{dot, sum};
use adl_runtime::kernels::sort::{adl_argsort_f32, adl_argsort_f64, adl_argsort_i64};
use adl_runtime::symbols::{Part, Symbol};

fn argsort(x: &[f64], rows: usize) -> Vec<i64> {
    let mut order = vec![-1; x.len()];
    let n = x.len().checked_div(rows).unwrap_or(0);
    // SAFETY: `rows` rows of `n` entries.
    let status = unsafe { adl_argsort_f64(ptr::null_mut(), order.as_mut_ptr(), x.as_ptr(), rows as i64, n as i64) };
    assert_eq!(status, 0);
    order
}

#[test]
fn argsort_is_stable_with_nan_last() {
    const NAN: f64 = f64::NAN;
    const INFINITY: f64 = f64::INFINITY;
    assert_eq!(argsort(&[3.0, 1.0, 2.0, 1.0], 1), [1, 3, 2, 0]);
    assert_eq!(argsort(&[NAN, 1.0, -NAN, INFINITY, -INFINITY], 1), [4, 1, 3, 0, 2]);
    assert_eq!(argsort(&[0.0, -0.0, -1.0, 0.0], 1), [2, 0, 1, 3]);
    assert_eq!(argsort(&[2.0, 1.0, NAN, -1.0, 5e-324, 0.0], 2), [1, 0, 2, 0, 2, 1]);
    assert_eq!(argsort(&[], 0), [0i64; 0]);
    let many: Vec<f64> = (0..5000).map(|i| f64::from(i * 7919 % 101) - 50.0).collect();
    let mut expected: Vec<i64> = (0..5000).collect();
    expected.sort_by(|&i, &j| many[i as usize].total_cmp(&many[j as usize]));
    assert_eq!(argsort(&many, 1), expected);
}

#[test]
fn argsort_of_other_types() {
    let mut order = [0; 4];
    // SAFETY: four entries each.
    unsafe {
        adl_argsort_i64(ptr::null_mut(), order.as_mut_ptr(), [5, i64::MIN, -1, i64::MAX].as_ptr(), 1, 4);
        assert_eq!(order, [1, 2, 0, 3]);
        adl_argsort_f32(ptr::null_mut(), order.as_mut_ptr(), [f32::NAN, 1e-45, -1.0, -0.0].as_ptr(), 1, 4);
        assert_eq!(order, [2, 3, 1, 0]);
    }
}

/// The tree as it is described, entry by entry.
fn tree(x: &[f64], lanes: usize, block: usize) -> f64 {
    if x.len() > block {
        let blocks = x.len().div_ceil(block);
        let left = blocks.next_power_of_two() / 2 * block;
        return tree(&x[..left], lanes, block) + tree(&x[left..], lanes, block);
    }
    let full = x.len() / lanes * lanes;
    let mut sums = vec![0.0; lanes];
    x[..full].iter().enumerate().for_each(|(i, x)| sums[i % lanes] += x);
    while sums.len() > 1 {
        let upper = sums.split_off(sums.len() / 2);
        sums.iter_mut().zip(upper).for_each(|(lower, upper)| *lower += upper);
    }
    sums[0] + x[full..].iter().fold(0.0, |sum, x| sum + x)
}

#[test]
fn sums_are_those_of_the_tree() {
    for n in (0..70).chain([1023, 1024, 1025, 2048, 2049, 5000, 7168, 100_003]) {
        let x: Vec<f64> = (0..n).map(|i| (f64::from(i) * 0.7).sin() * 3.0 + 0.1).collect();
        assert_eq!(sum(&x).to_bits(), tree(&x, 16, 1024).to_bits(), "{n}");
        let squares: Vec<f64> = x.iter().map(|x| x * x).collect();
        assert_eq!(dot(&x, &x).to_bits(), sum(&squares).to_bits(), "{n}");
    }
    let sum_of = |x: f64, n: usize| sum(&vec![x; n]);
    assert!((sum_of(0.1, 10_000_000) / 1e6 - 1.0).abs() < 2e-15);
    let single = vec![0.1f32; 10_000_000];
    assert!((f64::from(sum(&single)) / (1e7 * f64::from(0.1f32)) - 1.0).abs() < 2e-7);
    assert!((f64::from(dot(&single, &single)) / (1e7 * f64::from(0.1f32).powi(2)) - 1.0).abs() < 5e-7);
    assert_eq!(sum::<f64>(&[]).to_bits(), 0);
}

#[test]
fn long_products_are_accurate() {
    const K: usize = 1_000_000;
    let (a, b) = (vec![0.1f32; 4 * K], vec![0.1f32; 4 * K]);
    let exact = K as f64 * f64::from(0.1f32).powi(2);
    let close = |c: &[f32], extra: f64| c.iter().all(|&c| (f64::from(c) / (exact + extra) - 1.0).abs() < 2e-6);
    let mut c = vec![1.0f32; 16];
    // SAFETY: sizes as told; K rows or columns of A and B.
    unsafe {
        let call = |c: &mut [f32], m: i64, n: i64, flags: i64| {
            adl_matmul_f32(ptr::null_mut(), c.as_mut_ptr(), a.as_ptr(), b.as_ptr(), 1, m, K as i64, n, flags)
        };
        assert_eq!(call(&mut c, 1, 4, 0), 0);
        assert!(close(&c[..4], 0.0), "{c:?}");
        assert_eq!(call(&mut c, 4, 1, TRANSPOSED_A | ACCUMULATE), 0);
        assert!(close(&c[..4], exact), "{c:?}");
        c.fill(1e6);
        assert_eq!(call(&mut c, 4, 4, ACCUMULATE), 0);
        assert!(close(&c, 1e6), "{c:?}");
        assert_eq!(call(&mut c, 4, 4, 0), 0);
        assert!(close(&c, 0.0), "{c:?}");
        let large = vec![1e308; 2000];
        let mut c = [0.0f64; 4];
        adl_matmul_f64(ptr::null_mut(), c.as_mut_ptr(), large.as_ptr(), [1.0; 2000].as_ptr(), 1, 2, 1000, 2, 0);
        assert_eq!(c, [f64::INFINITY; 4]);
    }
}

#[test]
fn copies_may_overlap_and_none_is_made_of_less_than_nothing() {
    let mut bytes = [9, 1, 2, 3, 4];
    // SAFETY: five bytes.
    unsafe {
        let start = bytes.as_mut_ptr();
        adl_copy(start.add(1), start, 3);
        adl_copy(start, start.add(4), -1);
    }
    assert_eq!(bytes, [9, 9, 1, 2, 4]);
}

#[test]
fn every_symbol_has_a_name_of_its_own_and_the_types_of_its_function() {
    let mut names: Vec<&str> = Symbol::ALL.iter().map(|symbol| symbol.name()).collect();
    assert!(Symbol::ALL.iter().all(|symbol| !symbol.address().is_null()));
    assert!(Symbol::ALL.iter().all(|symbol| Symbol::named(symbol.name()) == Some(*symbol)));
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    // Read by hand from three functions.
    let types = |symbol: Symbol| (symbol.params(), symbol.result());
    use Part::{Address, Context, Half, Word};
    assert_eq!(types(Symbol::adl_copy), (&[Address, Address, Word][..], None));
    assert_eq!(types(Symbol::adl_fail), (&[Context, Half, Half, Word, Word, Word, Word][..], Some(Half)));
    assert_eq!(types(Symbol::adl_tape_new), (&[Context][..], Some(Address)));
}
