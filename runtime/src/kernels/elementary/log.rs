//! Logarithms. `x = 2ᵏ m` with `m` between √½ and √2; with `s = (m - 1) / (m + 1)`, `log m = 2s + ⅔s³ + s⁵ p(s²)`,
//! of which the first two terms are pairs and the tail is at most a thousandth of the sum.

use super::{Function, Lane, SHIFT, divide, fast_sum, polynomial, rounded, two_product, two_sum};

/// `log 2` in two parts; the first has so many trailing zeros that its product with `k` is exact.
const LN_2: (f64, f64) = (0.693_147_180_559_890_3, 5.497_923_018_708_371e-14);

/// ⅔ in two parts.
const TWO_THIRDS: (f64, f64) = (2.0 / 3.0, 3.700_743_415_417_188e-17);

/// `2 / (2k + 5)`, up to `s²⁵`.
const TAIL: [f64; 11] = {
    let (mut coefficients, mut k) = ([0.0; 11], 0);
    while k < 11 {
        coefficients[k] = 2.0 / (2 * k + 5) as f64;
        k += 1;
    }
    coefficients
};

/// The bits of √½.
const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;

/// The logarithm of `x + rest`, where `rest` is at most a rounding of `x`, which is positive and normal.
#[inline(always)]
fn logarithm(x: f64, rest: f64) -> Lane {
    let k = (x.to_bits().wrapping_sub(ROOT_HALF) as i64) >> 52;
    let m = f64::from_bits(x.to_bits().wrapping_sub((k as u64) << 52));
    let rest = rest * f64::from_bits(1023_u64.wrapping_sub(k as u64) << 52);
    let k = f64::from_bits(SHIFT.to_bits().wrapping_add(k as u64)) - SHIFT;
    let f = m - 1.0;
    let (sum, sum_error) = two_sum(2.0, f);
    let (s, s_low, _) = divide((f, rest), (sum, sum_error + rest));
    let z = s * s;
    let z_error = s.mul_add(s, -z) + 2.0 * s * s_low;
    let (cube, cube_error) = two_product(s, z);
    let cube_error = cube_error + s * z_error + s_low * z;
    let (third, third_error) = two_product(cube, TWO_THIRDS.0);
    let third_error = third_error + cube * TWO_THIRDS.1 + cube_error * TWO_THIRDS.0;
    let tail = cube * z * polynomial(z, &TAIL);
    let (high, a) = fast_sum(2.0 * s, third);
    let (high, b) = fast_sum(high, tail);
    let low = b + (a + (2.0 * s_low + third_error));
    let (sum, c) = two_sum(k * LN_2.0, high);
    // s is a factor of the tail five times, and rounded.
    let error = tail.abs().mul_add(1.1e-15, 1e-19 * high.abs() + 5e-20 * sum.abs());
    rounded(sum, c + (low + k * LN_2.1), error)
}

/// `log`.
pub(super) struct Log;

impl Function for Log {
    #[inline(always)]
    fn lane(x: f64) -> Lane {
        let (y, certain) = logarithm(x, 0.0);
        (y, certain & (f64::MIN_POSITIVE..f64::INFINITY).contains(&x))
    }
}

/// `log(1 + x)`.
pub(super) struct Log1p;

impl Function for Log1p {
    #[inline(always)]
    fn lane(x: f64) -> Lane {
        let (sum, rest) = two_sum(1.0, x);
        let (y, certain) = logarithm(sum, rest);
        (y, certain & (x > -0.99) & (x < 1e300) & (x.abs() > 1e-8))
    }
}
