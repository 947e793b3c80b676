//! Values of the elementary functions: correctly rounded or nearly so, and the same on every platform, by the crate
//! `pxfm`. The code generator calls these very functions, so the interpreter and native code agree to the bit.

macro_rules! unary {
    ($($name:ident = $f:path;)*) => {
        $( pub extern "C" fn $name(x: f64) -> f64 { $f(x) } )*
    };
}
macro_rules! binary {
    ($($name:ident = $f:path;)*) => {
        $( pub extern "C" fn $name(a: f64, b: f64) -> f64 { $f(a, b) } )*
    };
}

unary! {
    cbrt = pxfm::f_cbrt;
    exp = pxfm::f_exp;
    expm1 = pxfm::f_expm1;
    log = pxfm::f_log;
    exp2 = pxfm::f_exp2;
    log2 = pxfm::f_log2;
    log10 = pxfm::f_log10;
    log1p = pxfm::f_log1p;
    sin = pxfm::f_sin;
    cos = pxfm::f_cos;
    tan = pxfm::f_tan;
    sinpi = pxfm::f_sinpi;
    cospi = pxfm::f_cospi;
    asin = pxfm::f_asin;
    acos = pxfm::f_acos;
    atan = pxfm::f_atan;
    sinh = pxfm::f_sinh;
    cosh = pxfm::f_cosh;
    tanh = pxfm::f_tanh;
    asinh = pxfm::f_asinh;
    acosh = pxfm::f_acosh;
    atanh = pxfm::f_atanh;
    erf = pxfm::f_erf;
    erfc = pxfm::f_erfc;
    erfinv = pxfm::f_erfinv;
    gamma = pxfm::f_tgamma;
    lgamma = pxfm::f_lgamma;
    logit = pxfm::f_logit;
}

binary! {
    atan2 = pxfm::f_atan2;
    hypot = pxfm::f_hypot;
}

/// `a ^ b` as IEEE 754 has it: anything to the power 0 is 1, and so is 1 to any power.
pub extern "C" fn pow(a: f64, b: f64) -> f64 {
    if b == 0.0 || a == 1.0 { 1.0 } else { pxfm::f_pow(a, b) }
}

/// `1 / (1 + exp(-x))`; far down it is `exp(x)`, which goes on where `exp(-x)` overflows.
pub extern "C" fn sigmoid(x: f64) -> f64 {
    if x < -40.0 { pxfm::f_exp(x) } else { pxfm::f_logistic(x) }
}

/// The digamma function. Near its root between 1 and 2 by its Taylor series there, which keeps the relative accuracy; near
/// the roots among the negative numbers the absolute accuracy alone is kept.
pub extern "C" fn digamma(x: f64) -> f64 {
    const ROOT: (f64, f64) = (1.4616321449683622, 9.549995429965697e-17);
    /// `ψ⁽ᵏ⁾(root) / k!`, from k = 1.
    const TAYLOR: [f64; 15] = [
        0.9676722454476212,
        -0.4427631689835921,
        0.258499760955651,
        -0.16394270544240652,
        0.10782405069126237,
        -0.07219956125645471,
        0.04880428816414311,
        -0.03316112647484736,
        0.022597648232218104,
        -0.01542476590494896,
        0.010538791616612175,
        -0.007204534386356869,
        0.004926781395729853,
        -0.003369801655439328,
        0.002305126326734928,
    ];
    if x == 0.0 {
        return -1.0 / x;
    }
    let d = (x - ROOT.0) - ROOT.1;
    if d.abs() < 0.1 { d * TAYLOR.iter().rev().fold(0.0, |sum, c| sum * d + c) } else { pxfm::f_digamma(x) }
}

/// `Γ(a) Γ(b) / Γ(a + b)`. The sum is rounded, and the gamma function steep: what the rounding left is put back by its
/// derivative. Beyond the range of the gamma function by logarithms, at the cost of relative accuracy where that is large.
pub extern "C" fn beta(a: f64, b: f64) -> f64 {
    let (low, high) = (a.min(b), a.max(b));
    let sum = low + high;
    if !(low > 0.0 && sum < LARGEST_GAMMA) {
        return pxfm::f_beta(a, b);
    }
    let left = (high - sum) + low;
    pxfm::f_tgamma(low) * (pxfm::f_tgamma(high) / pxfm::f_tgamma(sum)) * (1.0 - left * digamma(sum))
}

/// The logarithm of `beta`.
pub extern "C" fn lbeta(a: f64, b: f64) -> f64 {
    let direct = beta(a, b);
    if a + b < LARGEST_GAMMA && direct.is_normal() { pxfm::f_log(direct) } else { pxfm::f_lnbeta(a, b) }
}

/// Where the gamma function is still finite.
const LARGEST_GAMMA: f64 = 170.0;

/// `log(1 + exp(x))`, by the larger of `x` and 0 and a correction that cannot overflow.
pub extern "C" fn softplus(x: f64) -> f64 {
    x.max(0.0) + pxfm::f_log1p(pxfm::f_exp(-x.abs()))
}

/// The distance from |x| to the next greater float.
pub extern "C" fn spacing(x: f64) -> f64 {
    x.abs().next_up() - x.abs()
}

/// The n-th derivative of the digamma function: recurrence up to large arguments, then the asymptotic series
/// (Abramowitz and Stegun, *Handbook of Mathematical Functions*, 6.4.6 and 6.4.11); reflection is not needed for the
/// derivatives of `lgamma` at positive arguments, so negative ones use the recurrence alone.
pub extern "C" fn polygamma(n: f64, x: f64) -> f64 {
    if n == 0.0 {
        return digamma(x);
    }
    if n == 1.0 {
        return pxfm::f_trigamma(x);
    }
    if n.fract() != 0.0 || !(0.0..=150.0).contains(&n) || x.is_nan() || (x <= 0.0 && x.fract() == 0.0) {
        return f64::NAN;
    }
    let order = n as i32;
    let sign = if order % 2 == 0 { -1.0 } else { 1.0 };
    let factorial = pxfm::f_tgamma(n + 1.0);
    let large = 15.0 + n;
    let (mut z, mut sum) = (x, 0.0);
    while z < large {
        if z < -1e6 {
            return f64::NAN;
        }
        sum += factorial / z.powi(order + 1);
        z += 1.0;
    }
    // (n−1)!/zⁿ + n!/(2 zⁿ⁺¹) + Σ B₂ₖ (2k+n−1)!/((2k)! z²ᵏ⁺ⁿ)
    const BERNOULLI: [f64; 10] = [
        1.0 / 6.0,
        -1.0 / 30.0,
        1.0 / 42.0,
        -1.0 / 30.0,
        5.0 / 66.0,
        -691.0 / 2730.0,
        7.0 / 6.0,
        -3617.0 / 510.0,
        43867.0 / 798.0,
        -174611.0 / 330.0,
    ];
    let mut series = factorial / n / z.powi(order) + factorial / (2.0 * z.powi(order + 1));
    let mut ratio = factorial / n / z.powi(order);
    for (k, b) in BERNOULLI.iter().enumerate() {
        let two_k = 2.0 * (k as f64 + 1.0);
        ratio *= (two_k + n - 2.0) * (two_k + n - 1.0) / (two_k * (two_k - 1.0)) / (z * z);
        series += b * ratio;
    }
    sign * (sum + series)
}
