//! Random numbers: the same for ever, and random.
#![allow(unsafe_code, reason = "kernels take raw pointers")]

use std::ptr;

use adl_runtime::kernels::random::{
    adl_random_bits, adl_random_normal_f64, adl_random_uniform_f64, bits, normal, uniform,
};

type Kernel<T> = unsafe extern "C" fn(*mut adl_runtime::Context, *mut T, i64, i64, i64) -> u32;

fn draw<T: Default + Clone>(kernel: Kernel<T>, key: i64, start: i64, n: usize) -> Vec<T> {
    let mut out = vec![T::default(); n];
    // SAFETY: `n` entries.
    assert_eq!(unsafe { kernel(ptr::null_mut(), out.as_mut_ptr(), key, start, n as i64) }, 0);
    out
}

/// The bits were computed by an implementation of the cipher written apart from this crate.
#[test]
fn fixed_vectors() {
    let first = draw(adl_random_bits, 42, 0, 3);
    assert_eq!(first, [-3668389060969963270, 7509958265224477831, -7320250199969932046]);
    let uniform = draw(adl_random_uniform_f64, 42, 0, 3);
    assert_eq!(uniform, [0.8011362305287153, 0.4071156533215924, 0.6031684415027575]);
    let normal = draw(adl_random_normal_f64, 42, 0, 3);
    assert_eq!(normal, [-0.5211353870425738, 0.2349709164229604, -1.2637023453617535]);
}

#[test]
fn positions_not_lengths_decide() {
    let all = draw(adl_random_normal_f64, 7, 0, 1000);
    for start in [0, 1, 7, 8, 31, 32, 33, 500, 999] {
        assert_eq!(draw(adl_random_normal_f64, 7, start as i64, 1), all[start..start + 1]);
        assert_eq!(draw(adl_random_normal_f64, 7, start as i64, 1000 - start), all[start..]);
    }
    let far = 1 << 61;
    assert_eq!(draw(adl_random_bits, 7, far + 1, 2), draw(adl_random_bits, 7, far, 3)[1..]);
    assert_eq!(draw(adl_random_bits, 7, -5, 2), draw(adl_random_bits, 7, 0, 2));
    assert!(draw(adl_random_bits, 7, 0, 0).is_empty());
}

/// Mean, variance and the means of the third and fourth powers.
fn moments(x: &[f64]) -> [f64; 4] {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    [1, 2, 3, 4].map(|p| if p == 1 { mean } else { x.iter().map(|x| (x - mean).powi(p)).sum::<f64>() / n })
}

#[test]
fn uniform_moments() {
    let x = draw(adl_random_uniform_f64, 1, 0, 1_000_000);
    assert!(x.iter().all(|x| (0.0..1.0).contains(x)));
    let [mean, variance, _, fourth] = moments(&x);
    // Five standard errors.
    assert!((mean - 0.5).abs() < 5.0 * 2.9e-4, "{mean}");
    assert!((variance - 1.0 / 12.0).abs() < 5.0 * 7.5e-5, "{variance}");
    assert!((fourth - 1.0 / 80.0).abs() < 1e-4, "{fourth}");
    let mut buckets = [0i32; 64];
    x.iter().for_each(|x| buckets[(x * 64.0) as usize] += 1);
    let chi: f64 = buckets.iter().map(|&n| (f64::from(n) - 15625.0).powi(2) / 15625.0).sum();
    assert!((20.0..125.0).contains(&chi), "{chi}");
    assert_eq!((uniform(0), uniform(u64::MAX)), (0.0, 1.0 - f64::EPSILON / 2.0));
}

#[test]
fn normal_moments() {
    let x = draw(adl_random_normal_f64, 2, 0, 1_000_000);
    let [mean, variance, third, fourth] = moments(&x);
    assert!(mean.abs() < 5e-3, "{mean}");
    assert!((variance - 1.0).abs() < 7.1e-3, "{variance}");
    assert!(third.abs() < 0.02, "{third}");
    assert!((fourth - 3.0).abs() < 0.05, "{fourth}");
    let within = |bound: f64| x.iter().filter(|x| x.abs() < bound).count() as f64 / 1e6;
    assert!((within(1.0) - 0.682_689).abs() < 2.5e-3 && (within(3.0) - 0.997_300).abs() < 3e-4);
}

#[test]
fn normal_quantiles_invert_the_distribution() {
    // erfc from its continued fraction or series is not needed: libm has it, to an ulp.
    for i in 1..4000u64 {
        let b = i * (u64::MAX / 2 / 4000);
        let probability = ((b << 1 >> 12) as f64 + 0.5) / (1u64 << 53) as f64;
        let x = normal(b);
        let back = 0.5 * libm::erfc(x * std::f64::consts::FRAC_1_SQRT_2);
        assert!((back / probability - 1.0).abs() < 1e-14, "{x}: {back} {probability}");
        assert_eq!(normal(b | 1 << 63), -x);
    }
    for small in [0, 1 << 11, 1 << 20, 1 << 30, 1 << 45] {
        let probability = ((small << 1 >> 12) as f64 + 0.5) / (1u64 << 53) as f64;
        let x = normal(small);
        let back = 0.5 * libm::erfc(x * std::f64::consts::FRAC_1_SQRT_2);
        assert!((back / probability - 1.0).abs() < 1e-13, "{x}: {back} {probability}");
    }
    assert!((8.2..8.3).contains(&normal(0)) && normal(u64::MAX).abs() < 1e-15);
}

#[test]
fn keys_are_independent() {
    let n = 200_000;
    let correlation = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>() / n as f64;
    let x = draw(adl_random_normal_f64, 0, 0, n);
    let child = draw(adl_random_bits, 0, 7, 1)[0];
    for key in [1, -1, 1 << 32, i64::MIN, child] {
        let y = draw(adl_random_normal_f64, key, 0, n);
        assert!(correlation(&x, &y).abs() < 5.0 / (n as f64).sqrt(), "key {key}");
    }
    assert!(correlation(&x[1..], &x[..n - 1]).abs() < 5.0 / (n as f64).sqrt());
    assert_eq!(draw(adl_random_bits, 3, 2, 1)[0], bits(3, 2).next().unwrap() as i64);
}
