//! Elementary functions of many numbers at once, some also of one, with the bits that the functions of one number give.
//!
//! Those are correctly rounded. Here every value is computed as a sum `high + low` of two floats with a bound on its
//! error, by code without branches, which becomes vector instructions. Where all numbers within the bound round to
//! the same float, that float is the answer; elsewhere (one entry in a hundred or less, and outside of a range in
//! which the method holds) the function of one number is asked. This is Ziv's test: A. Ziv, *Fast evaluation of
//! elementary mathematical functions with correctly rounded last bit*, ACM Trans. Math. Softw. 17, 1991. Sums and
//! products of pairs: J.-M. Muller et al., *Handbook of Floating-Point Arithmetic*, chapters 4 and 5.
//!
//! The bounds count roundings. With `u = 2⁻⁵³`, a tail that is a product of `k` rounded factors
//! is wrong by at most `(2k + 1) u` of itself, a little more than the sum of its roundings;
//! the leading terms are pairs, wrong by a few `u²`.
#![allow(unsafe_code, reason = "raw pointers from native code; functions for a CPU feature")]

mod exp;
mod log;
mod trig;

use super::result;

/// A function of one number: the fall-back.
pub type One = extern "C" fn(f64) -> f64;

/// Numbers that are computed together.
const BLOCK: usize = 64;
/// Numbers of a round of the vector loop.
const LANES: usize = 8;
/// Numbers in single precision that are widened together.
const WIDENED: usize = 256;

/// What one lane computes: a value, and whether it is certainly the rounded one.
type Lane = (f64, bool);

/// A function in a form that has no branches.
trait Function {
    fn lane(x: f64) -> Lane;
}

/// `high + low`, rounded, and whether an error of at most `error` changes nothing.
#[inline(always)]
fn rounded(high: f64, low: f64, error: f64) -> Lane {
    let (above, below) = (high + (low + error), high + (low - error));
    (above, above == below)
}

/// The sum and its rounding error.
#[inline(always)]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

/// The same where |a| ≥ |b|, or `a` is 0.
#[inline(always)]
fn fast_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    (sum, b - (sum - a))
}

/// The product and its rounding error.
#[inline(always)]
fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    (product, a.mul_add(b, -product))
}

/// A quotient of pairs, as a pair; the reciprocal of the divisor besides.
#[inline(always)]
fn divide((a, a_low): (f64, f64), (b, b_low): (f64, f64)) -> (f64, f64, f64) {
    let inverse = 1.0 / b;
    let quotient = a * inverse;
    let rest = (-quotient).mul_add(b, a);
    (quotient, (rest + a_low - quotient * b_low) * inverse, inverse)
}

/// A polynomial, by Horner's rule.
#[inline(always)]
fn polynomial<const N: usize>(x: f64, coefficients: &[f64; N]) -> f64 {
    let mut sum = coefficients[N - 1];
    let mut k = N - 1;
    while k > 0 {
        k -= 1;
        sum = sum.mul_add(x, coefficients[k]);
    }
    sum
}

/// Added to a number below 2⁵¹ it leaves the nearest whole number in the low bits.
const SHIFT: f64 = 6_755_399_441_055_744.0;

/// `2^k` where `shifted` is `k + SHIFT` and the power is normal.
#[inline(always)]
fn power_of_two(shifted: f64) -> f64 {
    f64::from_bits((shifted.to_bits().wrapping_add(1023)) << 52)
}

#[inline(always)]
fn all<F: Function>(xs: &mut [f64], one: One) {
    for xs in xs.chunks_mut(BLOCK) {
        let (mut given, mut values, mut doubts) = ([1.0; BLOCK], [0.0; BLOCK], [false; BLOCK]);
        given[..xs.len()].copy_from_slice(xs);
        // Whole registers: single lanes would cost as much as eight.
        let lanes = xs.len().next_multiple_of(LANES);
        let mut doubt = false;
        for ((x, value), open) in given[..lanes].iter().zip(&mut values).zip(&mut doubts) {
            let (y, certain) = F::lane(*x);
            *value = y;
            *open = !certain;
            doubt |= !certain;
        }
        if doubt {
            for ((x, value), _) in xs.iter().zip(&mut values).zip(doubts).filter(|(_, open)| *open) {
                *value = one(*x);
            }
        }
        xs.copy_from_slice(&values[..xs.len()]);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")]
fn widest<F: Function>(xs: &mut [f64], one: One) {
    all::<F>(xs, one);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn wide<F: Function>(xs: &mut [f64], one: One) {
    all::<F>(xs, one);
}

/// Replaces each number by the function of it.
fn apply<F: Function>(xs: &mut [f64], one: One) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx512f") && has!("avx512dq") && has!("avx512vl") && has!("avx512bw") && super::wide() {
            // SAFETY: the features were just found.
            unsafe { widest::<F>(xs, one) }
        } else if super::wide() {
            // SAFETY: the features were just found.
            unsafe { wide::<F>(xs, one) }
        } else {
            // Without fused multiplication and addition the method would cost more than it saves.
            xs.iter_mut().for_each(|x| *x = one(*x));
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    all::<F>(xs, one);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn fused<F: Function>(x: f64) -> Lane {
    F::lane(x)
}

/// The function of one number, by the same method.
#[inline(always)]
fn single<F: Function>(x: f64, one: One) -> f64 {
    #[cfg(target_arch = "x86_64")]
    if super::wide() {
        // SAFETY: the features were just found.
        let (y, certain) = unsafe { fused::<F>(x) };
        return if certain { y } else { one(x) };
    }
    one(x)
}

/// The same in single precision: computed in double precision and rounded.
fn apply_single<F: Function>(xs: &mut [f32], one: One) {
    let mut wide = [0.0; WIDENED];
    for xs in xs.chunks_mut(WIDENED) {
        let wide = &mut wide[..xs.len()];
        wide.iter_mut().zip(xs.iter()).for_each(|(wide, x)| *wide = f64::from(*x));
        apply::<F>(wide, one);
        xs.iter_mut().zip(wide.iter()).for_each(|(x, wide)| *x = *wide as f32);
    }
}

macro_rules! kernels {
    ($($(#[$doc:meta])* $double:ident, $single:ident = $function:ty;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Safety
            /// `xs` points to `n` numbers that nothing else reads or writes meanwhile.
            pub unsafe extern "C" fn $double(xs: *mut f64, n: i64, one: One) {
                // SAFETY: the contract above.
                apply::<$function>(unsafe { result(xs, crate::abi::size(n)) }, one);
            }

            #[doc = concat!("The same as [`", stringify!($double), "`] in single precision.")]
            ///
            /// # Safety
            /// `xs` points to `n` numbers that nothing else reads or writes meanwhile.
            pub unsafe extern "C" fn $single(xs: *mut f32, n: i64, one: One) {
                // SAFETY: the contract above.
                apply_single::<$function>(unsafe { result(xs, crate::abi::size(n)) }, one);
            }
        )*
    };
}

kernels! {
    /// `exp` of each number, in place; `one` is `exp` of one number.
    adl_each_exp_f64, adl_each_exp_f32 = exp::Exp;
    /// `tanh` of each number, in place; `one` is `tanh` of one number.
    adl_each_tanh_f64, adl_each_tanh_f32 = exp::Tanh;
    /// `cosh` of each number, in place; `one` is `cosh` of one number.
    adl_each_cosh_f64, adl_each_cosh_f32 = exp::Cosh;
    /// `1 / (1 + exp(-x))` of each number, in place; `one` is that of one number.
    adl_each_sigmoid_f64, adl_each_sigmoid_f32 = exp::Sigmoid;
    /// `log` of each number, in place; `one` is `log` of one number.
    adl_each_log_f64, adl_each_log_f32 = log::Log;
    /// `log(1 + x)` of each number, in place; `one` is that of one number.
    adl_each_log1p_f64, adl_each_log1p_f32 = log::Log1p;
    /// `sin` of each number, in place; `one` is `sin` of one number.
    adl_each_sin_f64, adl_each_sin_f32 = trig::Sin;
    /// `cos` of each number, in place; `one` is `cos` of one number.
    adl_each_cos_f64, adl_each_cos_f32 = trig::Cos;
}

macro_rules! alone {
    ($($(#[$doc:meta])* $name:ident = $function:ty;)*) => {
        $(
            $(#[$doc])*
            pub extern "C" fn $name(x: f64, one: One) -> f64 {
                single::<$function>(x, one)
            }
        )*
    };
}

// Those for which the method takes half to three quarters of the time of the function that is always certain. For the
// others that one is as fast.
alone! {
    /// `tanh`; `one` is the same, always certain.
    adl_one_tanh = exp::Tanh;
    /// `1 / (1 + exp(-x))`; `one` is the same, always certain.
    adl_one_sigmoid = exp::Sigmoid;
    /// `sin`; `one` is the same, always certain.
    adl_one_sin = trig::Sin;
    /// `cos`; `one` is the same, always certain.
    adl_one_cos = trig::Cos;
}
