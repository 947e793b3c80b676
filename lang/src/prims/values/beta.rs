//! The beta function and its logarithm. With large arguments they are small differences of the logarithms of the gamma
//! function, which are therefore taken in twice the precision.

use super::double::Double;
use super::gamma::{digamma, lifted, stirling, stirling_rest};

/// Where the gamma function is still finite.
const LARGEST_GAMMA: f64 = 170.0;

/// Beyond it what the logarithms are multiplied by overflows.
const LARGEST: f64 = 1e300;

/// `Γ(a) Γ(b) / Γ(a + b)`.
pub extern "C" fn beta(a: f64, b: f64) -> f64 {
    let (low, high) = (a.min(b), a.max(b));
    let sum = low + high;
    if (a + b).is_nan() {
        return f64::NAN;
    }
    if !(low >= f64::MIN_POSITIVE && high < LARGEST) {
        return pxfm::f_beta(a, b);
    }
    if sum < LARGEST_GAMMA {
        // The sum is rounded, and the gamma function steep: what the rounding left is put back by its derivative.
        let left = (high - sum) + low;
        return pxfm::f_tgamma(low) * (pxfm::f_tgamma(high) / pxfm::f_tgamma(sum)) * (1.0 - left * digamma(sum));
    }
    let log = log_beta(low, high);
    let value = pxfm::f_exp(log.hi);
    if value.is_finite() { value + value * log.lo } else { value }
}

/// The logarithm of `beta`.
pub extern "C" fn lbeta(a: f64, b: f64) -> f64 {
    let (low, high) = (a.min(b), a.max(b));
    if (a + b).is_nan() {
        return f64::NAN;
    }
    if !(low >= f64::MIN_POSITIVE && high < LARGEST) {
        return pxfm::f_lnbeta(a, b);
    }
    if low + high < LARGEST_GAMMA {
        let direct = beta(a, b);
        let value = pxfm::f_log(direct);
        if direct == 1.0 && low == 1.0 || direct.is_normal() && value.abs() > 1.0 {
            return value;
        }
    }
    log_beta(low, high).float()
}

/// The logarithm of the beta function of `0 < b <= a`.
fn log_beta(b: f64, a: f64) -> Double {
    let (large_b, product_b) = lifted(b.into());
    let log_gamma = if large_b.hi == b { stirling(large_b) } else { stirling(large_b) - product_b.log() };
    // Γ(a + b) / Γ(a), with a lifted to y.
    let (y, product) = lifted(a.into());
    let sum = y + b.into();
    let ratio = Double::from(b) / (y + sum);
    let growth = if ratio.hi < 0.17 { Double::log_near(ratio) } else { (sum / y).log() };
    let mut quotient = (y - 0.5.into()) * growth + Double::from(b) * (sum.log() - 1.0.into());
    quotient = quotient + (stirling_rest(sum) - stirling_rest(y));
    if y.hi > a {
        let (mut shifted, mut product_of_sums) = (Double::sum(a, b), Double::from(1.0));
        while shifted.hi < sum.hi - 0.5 {
            product_of_sums = product_of_sums * shifted;
            shifted = shifted + 1.0.into();
        }
        quotient = quotient + (product / product_of_sums).log();
    }
    log_gamma - quotient
}
