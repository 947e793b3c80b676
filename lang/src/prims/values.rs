//! Values of the elementary functions: correctly rounded or nearly so, and the same on every platform, by the crate
//! `pxfm`. The code generator calls these very functions, so the interpreter and native code agree to the bit.

mod beta;
mod double;
mod erfcx;
mod gamma;
mod gaps;

pub use beta::{beta, lbeta};
pub use erfcx::erfcx_derivative;
pub use gamma::{digamma, lgamma, polygamma};
pub use gaps::{digamma_gap, trigamma_gap};

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
    erfcx = pxfm::f_erfcx;
    erfinv = pxfm::f_erfinv;
    gamma = pxfm::f_tgamma;
    logit = pxfm::f_logit;
}

binary! {
    atan2 = pxfm::f_atan2;
    hypot = pxfm::f_hypot;
}

/// `a ^ b` as IEEE 754 has it: anything to the power 0 is 1, and so is 1 to any power.
pub extern "C" fn pow(a: f64, b: f64) -> f64 {
    match a {
        _ if b == 0.0 || a == 1.0 => 1.0,
        // `pxfm` has a function for base 10, which is wrong near the subnormal numbers.
        10.0 if b < -300.0 => pxfm::f_pow(100.0, 0.5 * b),
        // And one of reciprocal roots, which is NaN near the largest numbers. Powers of two are exact.
        _ if b == -0.5 && a > 1e306 && a < f64::INFINITY => 0.125 * pxfm::f_pow(a / 64.0, -0.5),
        _ => pxfm::f_pow(a, b),
    }
}

/// Quotients below are floats to the unit.
const WHOLE: f64 = 9_007_199_254_740_992.0;

/// The floor of the exact quotient, rounded if that is no float.
pub extern "C" fn floor_div(a: f64, b: f64) -> f64 {
    let quotient = a / b;
    let floor = quotient.floor();
    // The quotient may have been rounded up to a whole number; beyond that size it is one.
    if quotient.abs() < WHOLE && opposite(left(a, b, floor), b) { floor - 1.0 } else { floor }
}

/// `a - b floor(a / b)` with the exact quotient, rounded once; a zero has the sign of `b`.
pub extern "C" fn remainder(a: f64, b: f64) -> f64 {
    let rest = if (a / b).abs() < WHOLE { left(a, b, floor_div(a, b)) } else { a % b };
    match rest {
        0.0 => 0.0f64.copysign(b),
        // Only a finite quotient of an infinite `b`, and one that was not taken down, leave the wrong sign.
        _ if opposite(rest, b) => rest + b,
        _ => rest,
    }
}

/// `a - b · quotient`, rounded once.
fn left(a: f64, b: f64, quotient: f64) -> f64 {
    if quotient == 0.0 || b.is_infinite() { a } else { (-quotient).mul_add(b, a) }
}

fn opposite(a: f64, b: f64) -> bool {
    a != 0.0 && (a < 0.0) != (b < 0.0)
}

/// `1 / (1 + exp(-x))`; far down it is `exp(x)`, which goes on where `exp(-x)` overflows.
pub extern "C" fn sigmoid(x: f64) -> f64 {
    if x < -40.0 { pxfm::f_exp(x) } else { pxfm::f_logistic(x) }
}

/// `log(1 + exp(x))`, by the larger of `x` and 0 and a correction that cannot overflow.
pub extern "C" fn softplus(x: f64) -> f64 {
    x.max(0.0) + pxfm::f_log1p(pxfm::f_exp(-x.abs()))
}

/// The distance from |x| to the next greater float.
pub extern "C" fn spacing(x: f64) -> f64 {
    x.abs().next_up() - x.abs()
}
