//! Sine and cosine. `x = k π/2 + r` with |r| ≤ π/4; the first terms of both series are pairs, the tails at most three
//! thousandths of the sum, and the low part of `r` comes in by the derivative, which is the other function.

use super::{Function, Lane, SHIFT, fast_sum, polynomial, rounded, two_product, two_sum};

/// π/2 in three parts, the first two of 33 bits, so that their products with `k` are exact (fdlibm, `e_rem_pio2.c`).
const HALF_PI: [f64; 3] = [1.570_796_326_734_125_6, 6.077_100_506_303_966e-11, 2.022_266_248_795_950_6e-21];

/// −1/6 and 1/24 in two parts each.
const SIXTH: (f64, f64) = (-1.0 / 6.0, -9.251_858_538_542_97e-18);
const TWENTY_FOURTH: (f64, f64) = (1.0 / 24.0, 2.312_964_634_635_742_7e-18);

/// `±1 / (2k + first)!`, from the given sign on.
const fn series(first: usize, sign: f64) -> [f64; 9] {
    let (mut coefficients, mut factorial, mut sign, mut k) = ([0.0; 9], 1.0, sign, 2);
    while k <= first {
        factorial *= k as f64;
        k += 1;
    }
    let mut at = 0;
    while at < 9 {
        coefficients[at] = sign / factorial;
        factorial *= ((2 * at + first + 1) * (2 * at + first + 2)) as f64;
        sign = -sign;
        at += 1;
    }
    coefficients
}

/// From `r⁵ / 5!` and from `-r⁶ / 6!` on.
const SIN: [f64; 9] = series(5, 1.0);
const COS: [f64; 9] = series(6, -1.0);

/// The sine of `x + turns π/2`.
#[inline(always)]
fn turned(x: f64, turns: u64) -> Lane {
    let shifted = x.mul_add(std::f64::consts::FRAC_2_PI, SHIFT);
    let k = shifted - SHIFT;
    let quadrant = shifted.to_bits().wrapping_add(turns);
    let (low_part, low_error) = two_product(k, HALF_PI[1]);
    let (r, r_low) = two_sum(k.mul_add(-HALF_PI[0], x), -low_part);
    let r_low = r_low - low_error - k * HALF_PI[2];
    let (z, z_error) = two_product(r, r);

    // r - r³/6 + …
    let (sixth, sixth_error) = two_product(z, SIXTH.0);
    let sixth_error = sixth_error + z * SIXTH.1 + z_error * SIXTH.0;
    let (cube, cube_error) = two_product(r, sixth);
    let sin_tail = z * z * r * polynomial(z, &SIN);
    let (sin, a) = fast_sum(r, cube);
    let (sin, b) = fast_sum(sin, sin_tail);
    let sin_low = b + (a + (cube_error + r * sixth_error));

    // 1 - r²/2 + r⁴/24 - …
    let (fourth, fourth_error) = two_product(z, z);
    let fourth_error = fourth_error + 2.0 * z * z_error;
    let (part, part_error) = two_product(fourth, TWENTY_FOURTH.0);
    let part_error = part_error + fourth * TWENTY_FOURTH.1 + fourth_error * TWENTY_FOURTH.0;
    let cos_tail = fourth * z * polynomial(z, &COS);
    let (cos, a) = fast_sum(1.0, -0.5 * z);
    let (cos, b) = fast_sum(cos, part);
    let (cos, c) = fast_sum(cos, cos_tail);
    let cos_low = c + (a + (b + (part_error - 0.5 * z_error)));

    let other = quadrant & 1 != 0;
    let high = if other { cos } else { sin };
    let low = if other { cos_low - r_low * sin } else { sin_low + r_low * cos };
    let tail = if other { cos_tail } else { sin_tail };
    let error = tail.abs().mul_add(8.0e-16, 5e-20 * high.abs());
    let (y, certain) = rounded(high, low, error);
    let sign = (quadrant & 2) << 62;
    (f64::from_bits(y.to_bits() ^ sign), certain & (x.abs() < 30_000.0) & (high != 0.0))
}

/// `sin`.
pub(super) struct Sin;

impl Function for Sin {
    #[inline(always)]
    fn lane(x: f64) -> Lane {
        turned(x, 0)
    }
}

/// `cos`.
pub(super) struct Cos;

impl Function for Cos {
    #[inline(always)]
    fn lane(x: f64) -> Lane {
        turned(x, 1)
    }
}
