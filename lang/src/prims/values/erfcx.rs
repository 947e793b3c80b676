//! The derivatives of `erfcx(x) = exp(x²) erfc(x)`, which are multiples of the repeated integrals of `erfc`:
//! `f⁽ⁿ⁾ = (-2)ⁿ n! exp(x²) iⁿerfc(x)`, all of one sign, and `iⁿ⁻²erfc = 2x iⁿ⁻¹erfc + 2n iⁿerfc`
//! (Abramowitz and Stegun, 7.2).

use std::f64::consts::FRAC_2_SQRT_PI;

/// From here on the recurrence is taken downwards, as it loses digits upwards.
const POSITIVE: f64 = 0.5;

/// The n-th derivative of `erfcx`, n = 1, 2, …
pub extern "C" fn erfcx_derivative(n: f64, x: f64) -> f64 {
    // Orders of derivatives are whole and small; of others nothing is known.
    if !(0.0..=1000.0).contains(&n) {
        return f64::NAN;
    }
    let order = n as u32;
    let value = pxfm::f_erfcx(x);
    if x < POSITIVE {
        let (mut lower, mut slope) = (value, 2.0 * x * value - FRAC_2_SQRT_PI);
        for k in 1..order {
            (lower, slope) = (slope, 2.0 * x * slope + 2.0 * f64::from(k) * lower);
        }
        return slope;
    }
    // The ratio of an integral to the one before as a continued fraction,
    // from so far out that its start does not count.
    let far = 16.0 + 300.0 / (x * x);
    let mut ratio = 0.0;
    let mut product = value;
    for k in (1..=order + far as u32).rev() {
        let k = f64::from(k);
        ratio = 1.0 / (2.0 * x + 2.0 * (k + 1.0) * ratio);
        if k <= n {
            product *= -2.0 * k * ratio;
        }
    }
    product
}
