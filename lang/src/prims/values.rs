//! Values of the elementary functions: correctly rounded or nearly so, and the same on every platform, by the crate
//! `pxfm`. The code generator calls these very functions, so the interpreter and native code agree to the bit.

mod beta;
mod double;
mod gamma;

pub use beta::{beta, lbeta};
pub use gamma::{digamma, lgamma, polygamma};

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
    if b == 0.0 || a == 1.0 { 1.0 } else { pxfm::f_pow(a, b) }
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
