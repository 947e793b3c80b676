//! Primitives and conversions of single numbers.

use super::{FailureKind, Fallible, internal};
use adl_lang::ops::Const;
use adl_lang::prims::formula::Node;
use adl_lang::prims::{Prim, Value};
use adl_lang::types::DType;

/// The value of a primitive.
pub(super) fn apply(prim: Prim, args: &[Const]) -> Fallible<Const> {
    match *args {
        _ if prim.definition().is_some() => defined(prim, args),
        [Const::Bool(cond), a, b] => Ok(if cond { a } else { b }),
        [Const::F64(a)] => float(prim, a).map(Const::F64),
        // The inline ones are exact, or correctly rounded with digits to spare: rounding twice does no harm.
        [Const::F32(a)] => float(prim, f64::from(a)).map(|y| Const::F32(y as f32)),
        [Const::I64(a)] => int(prim, a).map(Const::I64),
        [Const::Bool(a)] if prim == Prim::Not => Ok(Const::Bool(!a)),
        [Const::F64(a), Const::F64(b)] => match compare(prim, &a, &b) {
            Some(holds) => Ok(Const::Bool(holds)),
            None => double(prim, a, b).map(Const::F64),
        },
        [Const::F32(a), Const::F32(b)] => match compare(prim, &a, &b) {
            Some(holds) => Ok(Const::Bool(holds)),
            None => single(prim, a, b).map(Const::F32),
        },
        [Const::I64(a), Const::I64(b)] => match compare(prim, &a, &b) {
            Some(holds) => Ok(Const::Bool(holds)),
            None => ints(prim, a, b).map(Const::I64),
        },
        [Const::Bool(a), Const::Bool(b)] => {
            let both = row(&[(Prim::And, a && b), (Prim::Or, a || b)], prim);
            both.or(compare(prim, &a, &b)).map_or_else(|| wrong(prim), |holds| Ok(Const::Bool(holds)))
        }
        [..] => wrong(prim),
    }
}

/// The value of a primitive that stands for a formula.
fn defined(prim: Prim, args: &[Const]) -> Fallible<Const> {
    let (Some(formula), Some(last)) = (prim.definition(), args.last()) else {
        return wrong(prim);
    };
    let mut failed = None;
    let value = formula.fold(args, last, &mut |node| match node {
        Node::Const(number) => Const::of(last.dtype(), number),
        Node::Apply(prim, operands) => apply(prim, operands).unwrap_or_else(|problem| {
            failed = Some(problem);
            *last
        }),
    });
    failed.map_or(Ok(value), Err)
}

/// Conversion to another element type.
pub(super) fn convert(value: Const, to: DType) -> Fallible<Const> {
    let number = match value {
        Const::Bool(b) => return Ok(Const::of(to, f64::from(u8::from(b)))),
        Const::I64(i) => {
            return Ok(match to {
                DType::Bool => Const::Bool(i != 0),
                DType::I64 => value,
                DType::F32 => Const::F32(i as f32),
                DType::F64 => Const::F64(i as f64),
            });
        }
        Const::F32(x) => f64::from(x),
        Const::F64(x) => x,
    };
    // −2⁶³ fits, 2⁶³ does not.
    if to == DType::I64 && !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number) {
        return Err(FailureKind::ConversionRange(number));
    }
    Ok(Const::of(to, number))
}

fn wrong<T>(prim: Prim) -> Fallible<T> {
    internal(format!("operands of {}", prim.name()))
}

/// The entry of a small table.
fn row<T: Copy>(table: &[(Prim, T)], prim: Prim) -> Option<T> {
    table.iter().find(|(p, _)| *p == prim).map(|(_, value)| *value)
}

fn compare<T: PartialOrd>(prim: Prim, a: &T, b: &T) -> Option<bool> {
    let table = [
        (Prim::Eq, a == b),
        (Prim::Ne, a != b),
        (Prim::Lt, a < b),
        (Prim::Le, a <= b),
        (Prim::Gt, a > b),
        (Prim::Ge, a >= b),
    ];
    row(&table, prim)
}

fn float(prim: Prim, x: f64) -> Fallible<f64> {
    let inline = [
        (Prim::Neg, -x),
        (Prim::Abs, x.abs()),
        // NaN of NaN, and a zero keeps its sign.
        (Prim::Sign, if x == 0.0 || x.is_nan() { x } else { x.signum() }),
        (Prim::Floor, x.floor()),
        (Prim::Ceil, x.ceil()),
        (Prim::Round, x.round_ties_even()),
        (Prim::Sqrt, x.sqrt()),
        (Prim::StopGrad, x),
    ];
    match &prim.row().value {
        Value::Unary(f) => Ok(f(x)),
        Value::Inline | Value::Binary(_) | Value::Defined(_) => row(&inline, prim).map_or_else(|| wrong(prim), Ok),
    }
}

/// Two floats in line; `Min` and `Max` give NaN if any is NaN, and take −0 for less than 0.
macro_rules! inline_floats {
    ($name:ident $float:ty) => {
        fn $name(prim: Prim, a: $float, b: $float) -> Fallible<$float> {
            let least = match a.is_nan() || b.is_nan() {
                true => <$float>::NAN,
                false if a < b || (a == b && a.is_sign_negative()) => a,
                false => b,
            };
            let most = match a.is_nan() || b.is_nan() {
                true => <$float>::NAN,
                false if a > b || (a == b && a.is_sign_positive()) => a,
                false => b,
            };
            let inline = [
                (Prim::Add, a + b),
                (Prim::Sub, a - b),
                (Prim::Mul, a * b),
                (Prim::Div, a / b),
                (Prim::Min, least),
                (Prim::Max, most),
                (Prim::Follow, a),
                (Prim::Arm, a),
            ];
            match &prim.row().value {
                Value::Binary(f) => Ok(f(a.into(), b.into()) as $float),
                Value::Inline | Value::Unary(_) | Value::Defined(_) => {
                    row(&inline, prim).map_or_else(|| wrong(prim), Ok)
                }
            }
        }
    };
}
inline_floats!(double f64);
inline_floats!(single f32);

fn int(prim: Prim, x: i64) -> Fallible<i64> {
    let table = [
        (Prim::Neg, x.checked_neg()),
        (Prim::Abs, x.checked_abs()),
        (Prim::Sign, Some(x.signum())),
        (Prim::StopGrad, Some(x)),
    ];
    row(&table, prim).map_or_else(|| wrong(prim), |y| y.ok_or(FailureKind::IntOverflow))
}

fn ints(prim: Prim, a: i64, b: i64) -> Fallible<i64> {
    if matches!(prim, Prim::FloorDiv | Prim::Rem) && b == 0 {
        return Err(FailureKind::DivideByZero);
    }
    if prim == Prim::Pow {
        return power(a, b);
    }
    // Division rounds toward zero; the floor is one less where signs differ and something is left.
    let quotient = a.checked_div(b).map(|q| if a % b != 0 && (a < 0) != (b < 0) { q - 1 } else { q });
    let table = [
        (Prim::Add, a.checked_add(b)),
        (Prim::Sub, a.checked_sub(b)),
        (Prim::Mul, a.checked_mul(b)),
        (Prim::FloorDiv, quotient),
        (Prim::Rem, quotient.map(|q| a.wrapping_sub(b.wrapping_mul(q)))),
        (Prim::Min, Some(a.min(b))),
        (Prim::Max, Some(a.max(b))),
    ];
    row(&table, prim).map_or_else(|| wrong(prim), |y| y.ok_or(FailureKind::IntOverflow))
}

fn power(base: i64, exponent: i64) -> Fallible<i64> {
    if exponent < 0 {
        return Err(FailureKind::NegativeExponent(exponent));
    }
    // Powers of −1, 0 and 1 repeat.
    let repeats = (-1..=1).contains(&base) && exponent > 2;
    let exponent = if repeats { 2 - exponent % 2 } else { exponent };
    let small = u32::try_from(exponent).ok();
    small.and_then(|e| base.checked_pow(e)).ok_or(FailureKind::IntOverflow)
}
