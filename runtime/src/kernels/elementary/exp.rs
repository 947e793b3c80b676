//! The exponential and what is made of it.
//!
//! `x = k log 2 + r` with |r| ≤ (log 2) / 2, so `exp(x) = 2ᵏ exp(r)` and `exp(r) - 1 = r + r²/2 + r³ p(r)`:
//! the first two terms are pairs, the tail is at most a hundredth of the sum.

use super::{Function, Lane, SHIFT, divide, fast_sum, polynomial, power_of_two, rounded, two_product, two_sum};

/// `log 2` in two parts; the first has so many trailing zeros that its product with `k` is exact.
const LN_2: (f64, f64) = (0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10);

/// `1 / (k + 3)!`, up to `r¹⁵`, beyond which `exp(r)` has nothing above `u²`.
const TAIL: [f64; 13] = {
    let (mut coefficients, mut factorial, mut k) = ([0.0; 13], 2.0, 0);
    while k < 13 {
        factorial *= (k + 3) as f64;
        coefficients[k] = 1.0 / factorial;
        k += 1;
    }
    coefficients
};

/// `exp(x) = 2ᵏ (1 + high + low)`.
struct Reduced {
    /// `k + SHIFT`.
    shifted: f64,
    high: f64,
    low: f64,
    /// What `high + low` may be wrong by.
    error: f64,
}

#[inline(always)]
fn reduce(x: f64) -> Reduced {
    let shifted = x.mul_add(std::f64::consts::LOG2_E, SHIFT);
    let k = shifted - SHIFT;
    let (low_part, low_error) = two_product(k, LN_2.1);
    let (r, r_low) = two_sum(k.mul_add(-LN_2.0, x), -low_part);
    let r_low = r_low - low_error;
    let (square, square_error) = two_product(r, 0.5 * r);
    let tail = (r * r) * r * polynomial(r, &TAIL);
    let (high, a) = fast_sum(r, square);
    let (high, b) = fast_sum(high, tail);
    let low = b + (a + (square_error + r_low * (1.0 + high)));
    Reduced { shifted, high, low, error: tail.abs().mul_add(5.0e-16, 1e-32) }
}

/// A pair for `exp(x)`, between 2⁻¹⁰²² and 2¹⁰²³, and its error.
#[inline(always)]
fn pair(x: f64) -> (f64, f64, f64, f64) {
    let Reduced { shifted, high, low, error } = reduce(x);
    let (sum, rest) = fast_sum(1.0, high);
    (sum, rest + low, error + 5e-20, power_of_two(shifted))
}

/// `exp`.
pub(super) struct Exp;

impl Function for Exp {
    #[inline(always)]
    fn lane(x: f64) -> Lane {
        let (high, low, error, scale) = pair(x);
        let (y, certain) = rounded(high, low, error);
        (y * scale, certain & (x.abs() < 700.0))
    }
}

/// `tanh`: with `e = exp(-2|x|) - 1`, `-e / (2 + e)` and the sign of `x`.
pub(super) struct Tanh;

impl Function for Tanh {
    #[inline(always)]
    fn lane(x: f64) -> Lane {
        let Reduced { shifted, high, low, error } = reduce(-2.0 * x.abs());
        let scale = power_of_two(shifted);
        let (e, rest) = two_sum(scale - 1.0, scale * high);
        let (e, e_low) = fast_sum(e, rest + scale * low);
        let (sum, sum_error) = fast_sum(2.0, e);
        let (quotient, quotient_low, inverse) = divide((-e, -e_low), (sum, sum_error + e_low));
        // The derivative of the quotient by e is 2 / (2 + e)².
        let error = (2.0 * error * scale * inverse * inverse) + 1e-19 * quotient;
        let (y, certain) = rounded(quotient, quotient_low, error);
        let certain = certain & (x.abs() > 1e-8) & (x.abs() < 18.0);
        let saturated = (x.abs() >= 20.0) & (x.abs() < f64::INFINITY);
        (if saturated { 1.0 } else { y }.copysign(x), certain | saturated)
    }
}

/// `cosh`: `(exp(|x|) + 1 / exp(|x|)) / 2`.
pub(super) struct Cosh;

impl Function for Cosh {
    #[inline(always)]
    fn lane(x: f64) -> Lane {
        let (high, low, error, scale) = pair(x.abs());
        let (inverse, inverse_low, _) = divide((1.0, 0.0), (high, low));
        // 1 / scale, which is a power of two.
        let (half, other) = (0.5 * scale, 0.5 * f64::from_bits((2046_u64 << 52).wrapping_sub(scale.to_bits())));
        let (sum, rest) = fast_sum(high * half, inverse * other);
        let low = rest + (low * half + inverse_low * other);
        let (y, certain) = rounded(sum, low, 2.0 * error * half + 1e-19 * sum);
        (y, certain & (x.abs() < 700.0))
    }
}

/// The logistic function: with `e = exp(-|x|)`, `1 / (1 + e)`, or `e / (1 + e)` for negative `x`.
pub(super) struct Sigmoid;

impl Function for Sigmoid {
    #[inline(always)]
    fn lane(x: f64) -> Lane {
        let (high, low, error, scale) = pair(-x.abs());
        let (e, e_low) = (high * scale, low * scale);
        let (sum, rest) = fast_sum(1.0, e);
        let (sum, sum_low) = fast_sum(sum, rest + e_low);
        let above = if x < 0.0 { (e, e_low) } else { (1.0, 0.0) };
        let (quotient, quotient_low, _) = divide(above, (sum, sum_low));
        // The derivative of the quotient by e is at most 1 in magnitude.
        let error = error * scale + 1e-19 * quotient;
        let (y, certain) = rounded(quotient, quotient_low, error);
        (y, certain & (x > -40.0) & (x < 700.0))
    }
}
