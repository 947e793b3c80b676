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
    digamma = pxfm::f_digamma;
    sigmoid = pxfm::f_logistic;
    logit = pxfm::f_logit;
}

binary! {
    atan2 = pxfm::f_atan2;
    hypot = pxfm::f_hypot;
    beta = pxfm::f_beta;
    lbeta = pxfm::f_lnbeta;
}

/// `a ^ b` as IEEE 754 has it: anything to the power 0 is 1, and so is 1 to any power.
pub extern "C" fn pow(a: f64, b: f64) -> f64 {
    if b == 0.0 || a == 1.0 { 1.0 } else { pxfm::f_pow(a, b) }
}

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
        return pxfm::f_digamma(x);
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
