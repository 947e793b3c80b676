//! The table of element-wise primitives: one row each, with spelling, documentation, value and derivative.
//!
//! Everything that must know a primitive reads its row: checker, interpreter, differentiation, native code, help and
//! tests. A row without a derivative does not compile. To add one: a row here and, if its value is computed in line,
//! an arm in the interpreter and in the code generator.

pub mod formula;
mod slopes;
mod text;
mod values;

use crate::types::DType;
use formula::{Formula, select};
use slopes::*;
use std::f64::consts::{FRAC_2_SQRT_PI, LN_2, LOG2_E, LOG10_E, PI};

/// How the value of a primitive is computed.
pub enum Value {
    /// In line: arithmetic, comparisons, choices.
    Inline,
    /// By a function of one number. `f32` is computed in `f64` and rounded.
    Unary(extern "C" fn(f64) -> f64),
    /// By a function of two numbers.
    Binary(extern "C" fn(f64, f64) -> f64),
    /// By a formula, which takes the place of the primitive once all derivatives are taken. Until then the primitive
    /// has a derivative of its own, where that of its formula would cancel, overflow or miss a limit.
    Defined(Formula),
}

/// The derivative of a primitive with float arguments.
pub enum Derivative {
    /// Zero wherever it exists: comparisons, `floor`, `sign`.
    Zero,
    /// `∂result/∂argument` for each argument; `None` for one that must not be active. The constant 0 says that nothing
    /// goes through an argument: its part is in the others, as where it is a result that was computed before.
    Partials(Vec<Option<Formula>>),
    /// Weights between 0 and 1 that pick among the arguments; an argument of weight 0 contributes nothing, even where
    /// its tangent is not finite.
    Choice(Vec<Formula>),
    /// `select(c, a, b)`: the tangent of the argument that is taken.
    Select,
}

/// What element types a primitive takes and gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Typing {
    /// Floats to the same float.
    Float,
    /// Numbers (`i64`, `f32`, `f64`) of one type to the same.
    Number,
    /// Two of one type, any, to `bool`.
    Compare,
    /// `bool` to `bool`.
    Logic,
    /// `bool` and two of one type to that type.
    Select,
}

/// One row of the table.
pub struct Row {
    /// As spelled in the IR, and as a function of the language if `function` holds.
    pub name: &'static str,
    /// One line for people.
    pub doc: &'static str,
    /// The names of the arguments.
    pub params: &'static [&'static str],
    /// Element types.
    pub typing: Typing,
    /// Value.
    pub value: Value,
    /// Derivative.
    pub derivative: Derivative,
    /// Points at which the derivative is tested; inside the domain and away from kinks.
    pub probes: &'static [&'static [f64]],
    /// The convention where the derivative does not exist; `` `a` is `b` `` in it is a claim that the tests run.
    pub kink: &'static str,
}

macro_rules! prims {
    ($( #[doc = $doc:literal] $variant:ident $name:literal ($($param:ident),*) -> $y:ident: $typing:ident $value:expr,
        $derivative:expr, at $probes:expr $(, kink $kink:literal)?; )*) => {
        /// An element-wise primitive.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Prim { $( #[doc = $doc] $variant, )* }

        impl Prim {
            /// All primitives, in the order of the table.
            pub const ALL: &'static [Prim] = &[$( Prim::$variant, )*];

            fn make_row(self) -> Row {
                match self {
                    $( Prim::$variant => {
                        let [$($param),*] = std::array::from_fn(Formula::Arg);
                        let $y = Formula::Result;
                        // Not every row uses every argument, or the result.
                        let _ = ($(&$param,)* &$y);
                        Row {
                            name: $name,
                            doc: $doc.trim_ascii(),
                            params: &[$( stringify!($param) ),*],
                            typing: Typing::$typing,
                            value: $value,
                            derivative: $derivative,
                            probes: $probes,
                            kink: concat!($($kink)?),
                        }
                    } )*
                }
            }
        }
    };
}

use Derivative::{Choice, Partials, Select, Zero};
use Value::{Binary, Defined, Inline, Unary};

/// One partial for each argument.
fn d<const N: usize>(partials: [Formula; N]) -> Derivative {
    Partials(partials.into_iter().map(Some).collect())
}

fn c(value: f64) -> Formula {
    Formula::Const(value)
}

prims! {
    /// Sum.
    Add "add" (a, b) -> y: Number Inline, d([c(1.0), c(1.0)]), at &[&[0.3, -1.2]];
    /// Difference.
    Sub "sub" (a, b) -> y: Number Inline, d([c(1.0), c(-1.0)]), at &[&[0.3, -1.2]];
    /// Product.
    Mul "mul" (a, b) -> y: Number Inline, d([b, a]), at &[&[0.3, -1.2]];
    /// Quotient of floats.
    Div "div" (a, b) -> y: Float Inline, d([1.0 / b.clone(), -(y / b)]), at &[&[0.3, -1.2]];
    /// Quotient rounded down; of floats the floor of the exact quotient.
    FloorDiv "floordiv" (a, b) -> y: Number Binary(values::floor_div), Zero, at &[&[7.3, 2.1]],
        kink "0, also where it jumps";
    /// What floor division leaves, exactly; it has the sign of the divisor.
    Rem "rem" (a, b) -> y: Number Binary(values::remainder), d([c(1.0), -a.zip(Prim::FloorDiv, b)]), at &[&[7.3, 2.1]],
        kink "by `a` 1, also where it jumps: `(|x| x % 1)'(2.0)` is `1.0`";
    /// Opposite.
    Neg "neg" (x) -> y: Number Inline, d([c(-1.0)]), at &[&[0.7]];
    /// Power; of whole numbers a whole number (the exponent must not be negative).
    Pow "pow" (a, b) -> y: Number Binary(values::pow),
        d([b.clone() * a.clone().zip(Prim::Pow, lowered(&a, &b)), pow_log(1.0, &a, b, y)]),
        at &[&[0.7, 2.5], &[2.0, -1.5]],
        kink "a power 0 is 1 whatever the base: `(|x| x^0)'(0.0)` is `0.0`; `(|x| x^0.5)'(0.0)` is `inf`; by the \
            exponent 0 where the base is 0 and the exponent positive: `(|p| 0.0^p)'(2.0)` is `0.0`; by the exponent \
            NaN for a negative base: `(|p| (-2.0)^p)'(2.0)` is `nan`";
    /// The lesser; ties share the derivative.
    Min "min" (a, b) -> y: Number Inline, Choice(weights(Prim::Lt, Prim::Le, &a, &b)), at &[&[0.3, 1.2], &[2.0, -1.0]];
    /// The greater; ties share the derivative.
    Max "max" (a, b) -> y: Number Inline, Choice(weights(Prim::Gt, Prim::Ge, &a, &b)), at &[&[0.3, 1.2], &[2.0, -1.0]];
    /// Magnitude; the derivative at 0 is 0.
    Abs "abs" (x) -> y: Number Inline,
        d([x.clone().map(Prim::Sign).zip(Prim::Arm, select(x.zip(Prim::Lt, 0.0), -1.0, 1.0))]), at &[&[0.7], &[-1.3]],
        kink "`abs'(0.0)` is `0.0`";
    /// −1, 0 or 1.
    Sign "sign" (x) -> y: Number Inline, Zero, at &[&[0.7]],
        kink "0, also where it jumps: `sign'(0.0)` is `0.0`";
    /// Rounded down.
    Floor "floor" (x) -> y: Float Inline, Zero, at &[&[0.7]],
        kink "0, also where it jumps: `floor'(1.0)` is `0.0`";
    /// Rounded up.
    Ceil "ceil" (x) -> y: Float Inline, Zero, at &[&[0.7]],
        kink "0, also where it jumps: `ceil'(1.0)` is `0.0`";
    /// Rounded to the nearest whole number, ties to even.
    Round "round" (x) -> y: Float Inline, Zero, at &[&[0.7]],
        kink "0, also where it jumps: `round'(0.5)` is `0.0`";
    /// Square root; the slope at 0 is +inf.
    Sqrt "sqrt" (x) -> y: Float Inline, d([0.5 / y]), at &[&[0.5], &[3.0]],
        kink "`sqrt'(0.0)` is `inf`";
    /// Cube root.
    Cbrt "cbrt" (x) -> y: Float Unary(values::cbrt), d([1.0 / (3.0 * (y.clone() * y))]), at &[&[0.5], &[-3.0]],
        kink "`cbrt'(0.0)` is `inf`";
    /// Exponential.
    Exp "exp" (x) -> y: Float Unary(values::exp), d([y]), at &[&[0.5], &[-3.0]];
    /// `exp(x) - 1`, accurate near 0.
    Expm1 "expm1" (x) -> y: Float Unary(values::expm1), d([x.map(Prim::Exp)]), at &[&[0.5], &[-3.0]];
    /// Natural logarithm.
    Log "log" (x) -> y: Float Unary(values::log), d([1.0 / x]), at &[&[0.5], &[3.0]],
        kink "`log'(0.0)` is `inf`";
    /// Two to the power `x`.
    Exp2 "exp2" (x) -> y: Float Unary(values::exp2), d([
        // The derivative is finite for a little longer than the value.
        select(y.clone().zip(Prim::Eq, f64::INFINITY), (2.0 * LN_2) * (x - 1.0).map(Prim::Exp2), LN_2 * y)]),
        at &[&[0.5], &[-3.0]];
    /// Logarithm to base 2.
    Log2 "log2" (x) -> y: Float Unary(values::log2), d([LOG2_E / x]), at &[&[0.5], &[3.0]],
        kink "`log2'(0.0)` is `inf`";
    /// Logarithm to base 10.
    Log10 "log10" (x) -> y: Float Unary(values::log10), d([LOG10_E / x]), at &[&[0.5], &[3.0]],
        kink "`log10'(0.0)` is `inf`";
    /// `log(1 + x)`, accurate near 0.
    Log1p "log1p" (x) -> y: Float Unary(values::log1p), d([1.0 / (1.0 + x)]), at &[&[0.5], &[-0.3]],
        kink "`log1p'(-1.0)` is `inf`";
    /// Sine.
    Sin "sin" (x) -> y: Float Unary(values::sin), d([x.map(Prim::Cos)]), at &[&[0.5], &[-3.0]];
    /// Cosine.
    Cos "cos" (x) -> y: Float Unary(values::cos), d([-x.map(Prim::Sin)]), at &[&[0.5], &[-3.0]];
    /// Tangent.
    Tan "tan" (x) -> y: Float Unary(values::tan), d([1.0 + y.clone() * y]), at &[&[0.5], &[-1.0]];
    /// `sin(pi * x)`, exact at whole and half numbers.
    Sinpi "sinpi" (x) -> y: Float Unary(values::sinpi), d([PI * x.map(Prim::Cospi)]), at &[&[0.3], &[-1.7]];
    /// `cos(pi * x)`, exact at whole and half numbers.
    Cospi "cospi" (x) -> y: Float Unary(values::cospi), d([-PI * x.map(Prim::Sinpi)]), at &[&[0.3], &[-1.7]];
    /// Arc sine.
    Asin "asin" (x) -> y: Float Unary(values::asin), d([x.map(Prim::AsinSlope)]), at &[&[0.5], &[-0.8]],
        kink "`asin'(1.0)` is `inf`";
    /// Arc cosine.
    Acos "acos" (x) -> y: Float Unary(values::acos), d([-x.map(Prim::AsinSlope)]), at &[&[0.5], &[-0.8]],
        kink "`acos'(1.0)` is `-inf`";
    /// Arc tangent.
    Atan "atan" (x) -> y: Float Unary(values::atan), d([x.map(Prim::AtanSlope)]), at &[&[0.5], &[-3.0]];
    /// Angle of the point `(x, y)` as `atan2(y, x)`.
    Atan2 "atan2" (a, b) -> y: Float Binary(values::atan2),
        d([over_square(&b, &a, &b), over_square(&-a.clone(), &a, &b)]), at &[&[0.3, -1.2], &[2.0, 0.7]],
        kink "0 at the origin, where it jumps: `grad(atan2)(0.0, 0.0)` is `0.0`; 0 where an argument is infinite: \
            `grad(atan2)(inf, inf)` is `0.0`";
    /// `sqrt(a^2 + b^2)` without overflow; the derivative at the origin is 0.
    Hypot "hypot" (a, b) -> y: Float Binary(values::hypot),
        d([hypot_slope(&a, &b, &y), hypot_slope(&b, &a, &y)]), at &[&[0.3, -1.2]],
        kink "`grad(hypot)(0.0, 0.0)` is `0.0`; where one argument is infinite its sign, where both are 0: \
            `grad(hypot)(-inf, 1.0)` is `-1.0`, `grad(hypot)(inf, inf)` is `0.0`";
    /// Hyperbolic sine.
    Sinh "sinh" (x) -> y: Float Unary(values::sinh), d([x.map(Prim::Cosh)]), at &[&[0.5], &[-2.0]];
    /// Hyperbolic cosine.
    Cosh "cosh" (x) -> y: Float Unary(values::cosh), d([x.map(Prim::Sinh)]), at &[&[0.5], &[-2.0]];
    /// Hyperbolic tangent; its derivatives stay accurate in the tails.
    Tanh "tanh" (x) -> y: Float Unary(values::tanh), d([x.zip(Prim::TanhSlope, y)]), at &[&[-0.7], &[0.2], &[800.0]];
    /// Inverse hyperbolic sine.
    Asinh "asinh" (x) -> y: Float Unary(values::asinh), d([1.0 / x.zip(Prim::Hypot, 1.0)]), at &[&[0.5], &[-3.0]];
    /// Inverse hyperbolic cosine.
    Acosh "acosh" (x) -> y: Float Unary(values::acosh),
        d([1.0 / ((x.clone() - 1.0).map(Prim::Sqrt) * (x + 1.0).map(Prim::Sqrt))]), at &[&[1.5], &[3.0]],
        kink "`acosh'(1.0)` is `inf`";
    /// Inverse hyperbolic tangent.
    Atanh "atanh" (x) -> y: Float Unary(values::atanh), d([x.map(Prim::AtanhSlope)]), at &[&[0.5], &[-0.8]],
        kink "`atanh'(1.0)` is `inf`";
    /// Error function.
    Erf "erf" (x) -> y: Float Unary(values::erf),
        d([FRAC_2_SQRT_PI * x.clone().map(Prim::Gauss) * x.map(Prim::Gauss)]), at &[&[0.5], &[-1.0]];
    /// `1 - erf(x)`, accurate in the tail.
    Erfc "erfc" (x) -> y: Float Unary(values::erfc),
        d([-FRAC_2_SQRT_PI * x.clone().map(Prim::Gauss) * x.map(Prim::Gauss)]), at &[&[0.5], &[-1.0]];
    /// `exp(x^2) * erfc(x)`, for tails that vanish in `erfc`.
    Erfcx "erfcx" (x) -> y: Float Unary(values::erfcx), d([c(1.0).zip(Prim::ErfcxDerivative, x)]),
        at &[&[0.5], &[-1.0]];
    /// What `erf` inverts, of numbers between −1 and 1.
    Erfinv "erfinv" (x) -> y: Float Unary(values::erfinv),
        d([(1.0 / FRAC_2_SQRT_PI) * (y.clone() * y).map(Prim::Exp)]), at &[&[0.5], &[-0.8]],
        kink "`erfinv'(1.0)` is `inf`";
    /// Gamma function.
    Gamma "gamma" (x) -> y: Float Unary(values::gamma), d([y * x.map(Prim::Digamma)]), at &[&[0.5], &[3.2]],
        kink "`gamma'(0.0)` is `-inf`; none at −1, −2, …: `gamma'(-1.0)` is `nan`";
    /// Logarithm of the magnitude of the gamma function.
    Lgamma "lgamma" (x) -> y: Float Unary(values::lgamma), d([x.map(Prim::Digamma)]), at &[&[0.5], &[3.2]],
        kink "`lgamma'(0.0)` is `-inf`; none at −1, −2, …: `lgamma'(-1.0)` is `nan`";
    /// Derivative of `lgamma`.
    Digamma "digamma" (x) -> y: Float Unary(values::digamma), d([c(1.0).zip(Prim::Polygamma, x)]), at &[&[0.5], &[3.2]];
    /// The `n`-th derivative of `digamma`, for whole `n`; not differentiable in `n`.
    Polygamma "polygamma" (n, x) -> y: Float Binary(values::polygamma),
        Partials(vec![None, Some((n + 1.0).zip(Prim::Polygamma, x))]), at &[&[1.0, 0.5], &[2.0, 3.2]];
    /// Beta function, `gamma(a) gamma(b) / gamma(a + b)`, of positive numbers.
    Beta "beta" (a, b) -> y: Float Binary(values::beta),
        d([-(y.clone() * a.clone().zip(Prim::DigammaGap, b.clone())), -(y * b.zip(Prim::DigammaGap, a))]),
        at &[&[0.5, 1.5], &[3.2, 2.1]];
    /// Logarithm of the beta function.
    Lbeta "lbeta" (a, b) -> y: Float Binary(values::lbeta),
        d([-a.clone().zip(Prim::DigammaGap, b.clone()), -b.zip(Prim::DigammaGap, a)]), at &[&[0.5, 1.5], &[3.2, 2.1]];
    /// `1 / (1 + exp(-x))`; its derivative stays accurate in the tails.
    Sigmoid "sigmoid" (x) -> y: Float Unary(values::sigmoid), d([x.map(Prim::SigmoidSlope)]), at &[&[0.5], &[-3.0]];
    /// `log(x / (1 - x))`, what `sigmoid` inverts.
    Logit "logit" (x) -> y: Float Unary(values::logit), d([1.0 / x.clone() + 1.0 / (1.0 - x)]), at &[&[0.2], &[0.9]],
        kink "`logit'(0.0)` is `inf`";
    /// `log(1 + exp(x))` without overflow.
    Softplus "softplus" (x) -> y: Float Unary(values::softplus), d([x.map(Prim::Sigmoid)]), at &[&[0.5], &[-3.0]];
    /// `x * log(y)`, and 0 where both are 0.
    Xlogy "xlogy" (x, y) -> r: Float Defined(select(both_zero(&x, &y), 0.0, x.clone() * y.clone().map(Prim::Log))),
        d([y.clone().map(Prim::Log), x.zip(Prim::Ratio, y)]), at &[&[0.7, 2.5], &[-1.3, 0.4]],
        kink "by `y` 0 where both are 0, by `x` still `log(y)`: `grad(xlogy, wrt = 1)(0.0, 0.0)` is `0.0`, `(|x| \
            xlogy(x, x))'(0.0)` is `-inf`";
    /// `x * log(1 + y)`, and 0 where `x` is 0 and `y` is −1.
    Xlog1py "xlog1py" (x, y) -> r: Float
        Defined(select(both_zero(&x, &(1.0 + y.clone())), 0.0, x.clone() * y.clone().map(Prim::Log1p))),
        d([y.clone().map(Prim::Log1p), x.zip(Prim::Ratio, 1.0 + y)]), at &[&[0.7, 2.5], &[-1.3, -0.4]],
        kink "by `y` 0 there: `grad(xlog1py, wrt = 1)(0.0, -1.0)` is `0.0`";
    /// Distance to the next float.
    Spacing "spacing" (x) -> y: Float Unary(values::spacing), Zero, at &[&[0.7]],
        kink "0, though it jumps at powers of two";
    /// `y log(a)^k` with the power `y = a^b`, whose derivative by `b` of order k it is; 0 where `y` is 0.
    PowLog "_pow_log" (k, a, b, y) -> r: Float Defined(select(
            y.clone().zip(Prim::Eq, 0.0).zip(Prim::And, a.clone().zip(Prim::Ge, 0.0)), 0.0,
            y.clone() * a.clone().map(Prim::Log).zip(Prim::Pow, k.clone()))),
        Partials(vec![None, Some(pow_log_slope(&k, &a, &b)), Some(pow_log(k + 1.0, &a, b, y)), Some(c(0.0))]), at &[];
    /// `x / y`, and 0 where both are 0.
    Ratio "_ratio" (x, y) -> r: Float Defined(select(both_zero(&x, &y), 0.0, x / y.clone())),
        d([1.0 / y.clone(), -(r / y)]), at &[&[0.3, -1.2]];
    /// `x^-2`, whose slope does not divide by an overflow.
    InverseSquare "_inverse_square" (x) -> y: Float Defined(1.0 / (x.clone() * x.clone())), d([-(2.0 * y / x)]),
        at &[&[0.5], &[-3.0]];
    /// `x^-3`.
    InverseCube "_inverse_cube" (x) -> y: Float Defined(1.0 / (x.clone() * x.clone() * x.clone())),
        d([-(3.0 * y / x)]), at &[&[0.5], &[-3.0]];
    /// `x^-4`.
    InverseFourth "_inverse_fourth" (x) -> y: Float Defined(1.0 / ((x.clone() * x.clone()) * (x.clone() * x.clone()))),
        d([-(4.0 * y / x)]),
        at &[&[0.5], &[-3.0]];
    /// Slope of `asin`.
    AsinSlope "_asin_slope" (x) -> y: Float Defined(1.0 / ((1.0 - x.clone()) * (1.0 + x.clone())).map(Prim::Sqrt)),
        d([(x * y.clone()) * (y.clone() * y)]), at &[&[0.5], &[-0.8]];
    /// Slope of `atanh`.
    AtanhSlope "_atanh_slope" (x) -> y: Float Defined(1.0 / ((1.0 - x.clone()) * (1.0 + x.clone()))),
        d([(2.0 * x * y.clone()) * y]), at &[&[0.5], &[-0.8]];
    /// Slope of `atan`.
    AtanSlope "_atan_slope" (x) -> y: Float Defined(atan_slope(&x)),
        d([select(y.clone().zip(Prim::Eq, 0.0), 0.0, (-2.0 * x * y.clone()) * y)]), at &[&[0.5], &[-3.0]];
    /// Slope of `tanh`, from the argument and the result: `1 - y^2`, accurate in the tails.
    TanhSlope "_tanh_slope" (x, y) -> r: Float Defined(tanh_slope(&x)),
        Partials(vec![Some(-2.0 * y * r), Some(c(0.0))]), at &[];
    /// Slope of `sigmoid`.
    SigmoidSlope "_sigmoid_slope" (x) -> y: Float Defined(sigmoid_slope(&x)), d([-(y * (0.5 * x).map(Prim::Tanh))]),
        at &[&[0.5], &[-3.0]];
    /// `exp(-x^2 / 2)`. The square of it does not lose the digits that a product with a subnormal number would.
    Gauss "_gauss" (x) -> y: Float Defined((-0.5 * x.clone() * x.clone()).map(Prim::Exp)),
        d([select(y.clone().zip(Prim::Eq, 0.0), 0.0, -(x * y))]), at &[&[0.5], &[-1.0]];
    /// Slope of `y = hypot(a, b)` by `a`; 0 where there is none.
    HypotSlope "_hypot_slope" (a, b, y) -> r: Float Defined(part(&a, &b, &y)),
        Partials(vec![
            Some((hypot_slope(&b, &a, &y) / y.clone()) * hypot_slope(&b, &a, &y)),
            Some(-(r * (hypot_slope(&b, &a, &y) / y))), Some(c(0.0))]), at &[];
    /// The n-th derivative of `erfcx`, for whole n above 0.
    ErfcxDerivative "_erfcx_derivative" (n, x) -> y: Float Binary(values::erfcx_derivative),
        Partials(vec![None, Some((n + 1.0).zip(Prim::ErfcxDerivative, x))]), at &[&[1.0, 0.5], &[2.0, 3.2]];
    /// `digamma(a + b) - digamma(a)`.
    DigammaGap "_digamma_gap" (a, b) -> y: Float Binary(values::digamma_gap),
        d([a.clone().zip(Prim::TrigammaGap, b.clone()), c(1.0).zip(Prim::Polygamma, a + b)]),
        at &[&[0.5, 1.5], &[3.2, 2.1]];
    /// The same of `polygamma(1, x)`.
    TrigammaGap "_trigamma_gap" (a, b) -> y: Float Binary(values::trigamma_gap), d([
        c(2.0).zip(Prim::Polygamma, a.clone() + b.clone()) - c(2.0).zip(Prim::Polygamma, a.clone()),
        c(2.0).zip(Prim::Polygamma, a + b)]), at &[&[0.5, 1.5], &[3.2, 2.1]];
    /// The value, constant to differentiation.
    StopGrad "stop_grad" (x) -> y: Number Inline, Zero, at &[];
    /// Whether equal.
    Eq "eq" (a, b) -> y: Compare Inline, Zero, at &[];
    /// Whether different.
    Ne "ne" (a, b) -> y: Compare Inline, Zero, at &[];
    /// Whether less.
    Lt "lt" (a, b) -> y: Compare Inline, Zero, at &[];
    /// Whether less or equal.
    Le "le" (a, b) -> y: Compare Inline, Zero, at &[];
    /// Whether greater.
    Gt "gt" (a, b) -> y: Compare Inline, Zero, at &[];
    /// Whether greater or equal.
    Ge "ge" (a, b) -> y: Compare Inline, Zero, at &[];
    /// Both.
    And "and" (a, b) -> y: Logic Inline, Zero, at &[];
    /// At least one.
    Or "or" (a, b) -> y: Logic Inline, Zero, at &[];
    /// The contrary.
    Not "not" (x) -> y: Logic Inline, Zero, at &[];
    /// For rules: the first number, which moves as the second does.
    Follow "_follow" (a, b) -> y: Float Inline, d([c(0.0), c(1.0)]), at &[];
    /// For rules: the slope `a` by convention at a kink; in code that is differentiated again the slope `b` of one arm.
    Arm "_arm" (a, b) -> y: Float Inline, Zero, at &[];
    /// For rules: what `x` adds to the length `y`, which moves as the sum of its legs: by `x` as `x / y`, by `y` not.
    Leg "_leg" (x, y) -> z: Float Defined(leg(&x, &y)),
        d([x.zip(Prim::Ratio, y), c(0.0)]), at &[];
    /// For rules: `1 / b` of `b = exp(z)`, which moves with `z` though `b` may overflow.
    Decay "_decay" (z, b) -> y: Float Defined(1.0 / b.clone()), d([-y, c(0.0)]), at &[];
    /// For rules: `1 / (1 + e)` of `e = exp(z)`, which moves with `z` though `e` may overflow.
    Logistic "_logistic" (z, e) -> y: Float Defined(1.0 / (1.0 + e.clone())),
        d([-z.zip(Prim::LogisticSlope, e), c(0.0)]), at &[];
    /// The slope of the same, without its sign: `e / (1 + e)^2`.
    LogisticSlope "_logistic_slope" (z, e) -> y: Float Defined(logistic_slope(&e)),
        d([-(y * (0.5 * z).map(Prim::Tanh)), c(0.0)]), at &[];
    /// `a` where `cond` holds, else `b`; nothing leaks from the one not taken.
    Select "select" (cond, a, b) -> y: Select Inline, Select, at &[];
}

/// `a ^ b`, as it is computed at run time.
pub(crate) fn power(a: f64, b: f64) -> f64 {
    values::pow(a, b)
}

/// `a // b` of floats.
pub(crate) fn floor_div(a: f64, b: f64) -> f64 {
    values::floor_div(a, b)
}

/// `a % b` of floats.
pub(crate) fn remainder(a: f64, b: f64) -> f64 {
    values::remainder(a, b)
}

impl Prim {
    /// Its row of the table.
    pub fn row(self) -> &'static Row {
        static ROWS: std::sync::LazyLock<Vec<Row>> =
            std::sync::LazyLock::new(|| Prim::ALL.iter().map(|p| p.make_row()).collect());
        &ROWS[self as usize]
    }

    /// As spelled in the IR.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The primitive of that name.
    pub fn named(name: &str) -> Option<Prim> {
        Prim::ALL.iter().copied().find(|p| p.name() == name)
    }

    /// How it is written between or before its arguments, if it is an operator of the language.
    pub fn operator(self) -> Option<&'static str> {
        Some(match self {
            Prim::Add => "+",
            Prim::Sub | Prim::Neg => "-",
            Prim::Mul => "*",
            Prim::Div => "/",
            Prim::FloorDiv => "//",
            Prim::Rem => "%",
            Prim::Pow => "^",
            Prim::Eq => "==",
            Prim::Ne => "!=",
            Prim::Lt => "<",
            Prim::Le => "<=",
            Prim::Gt => ">",
            Prim::Ge => ">=",
            Prim::And => "and",
            Prim::Or => "or",
            Prim::Not => "not",
            _ => return None,
        })
    }

    /// The formula that takes its place once all derivatives are taken.
    pub fn definition(self) -> Option<&'static Formula> {
        match &self.row().value {
            Value::Defined(formula) => Some(formula),
            Value::Inline | Value::Unary(_) | Value::Binary(_) => None,
        }
    }

    /// The number of arguments.
    pub fn arity(self) -> usize {
        self.row().params.len()
    }

    /// The element type of the result for those of the arguments.
    pub fn result(self, args: &[DType]) -> Result<DType, String> {
        let wrong = || Err(format!("{} of {args:?}", self.name()));
        let same = |rest: &[DType]| rest.windows(2).all(|w| w[0] == w[1]);
        match self.row().typing {
            Typing::Float if same(args) && args[0].is_float() => Ok(args[0]),
            Typing::Number if same(args) && args[0] != DType::Bool => Ok(args[0]),
            Typing::Compare if same(args) => Ok(DType::Bool),
            Typing::Logic if same(args) && args[0] == DType::Bool => Ok(DType::Bool),
            Typing::Select if args[0] == DType::Bool && same(&args[1..]) => Ok(args[1]),
            Typing::Float | Typing::Number | Typing::Compare | Typing::Logic | Typing::Select => wrong(),
        }
    }
}
