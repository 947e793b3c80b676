//! Values of primitives on constants, as the machine would compute them.
//!
//! ```text
//! v0 = const 2.0
//! v1 = sqrt v0          =>     v1 = const 1.4142135623730951
//! ```
//!
//! What would fail is not folded, nor is what gives NaN (its sign and payload are the machine's own).

use adl_lang::ops::Const;
use adl_lang::prims::{Prim, Value};
use adl_lang::types::DType;

/// The value of a primitive, if it has one.
pub fn fold(prim: Prim, args: &[Const]) -> Option<Const> {
    match *args {
        [Const::Bool(cond), a, b] if prim == Prim::Select => Some(if cond { a } else { b }),
        [Const::I64(a)] => int_unary(prim, a).map(Const::I64),
        [Const::I64(a), Const::I64(b)] => match compare(prim, &a, &b) {
            Some(holds) => Some(Const::Bool(holds)),
            None => int_binary(prim, a, b).map(Const::I64),
        },
        [Const::Bool(a)] => (prim == Prim::Not).then_some(Const::Bool(!a)),
        [Const::Bool(a), Const::Bool(b)] => logic(prim, a, b).or_else(|| compare(prim, &a, &b)).map(Const::Bool),
        [Const::F64(a)] => unary(prim, a).filter(|y| !y.is_nan()).map(Const::F64),
        [Const::F64(a), Const::F64(b)] => match compare(prim, &a, &b) {
            Some(holds) => Some(Const::Bool(holds)),
            None => binary(prim, a, b).filter(|y| !y.is_nan()).map(Const::F64),
        },
        // Rounding twice gives the same as rounding once for + − × ÷ and sqrt, as 53 ≥ 2·24 + 2.
        [Const::F32(a)] => unary(prim, f64::from(a)).filter(|y| !y.is_nan()).map(|y| Const::F32(y as f32)),
        [Const::F32(a), Const::F32(b)] => match compare(prim, &a, &b) {
            Some(holds) => Some(Const::Bool(holds)),
            None => binary(prim, f64::from(a), f64::from(b)).filter(|y| !y.is_nan()).map(|y| Const::F32(y as f32)),
        },
        _ => None,
    }
}

/// The value of a conversion, if it has one.
pub fn convert(value: Const, to: DType) -> Option<Const> {
    let number = match value {
        Const::Bool(b) => f64::from(u8::from(b)),
        Const::I64(i) => match to {
            DType::Bool => return Some(Const::Bool(i != 0)),
            DType::I64 => return Some(value),
            DType::F32 => return Some(Const::F32(i as f32)),
            DType::F64 => return Some(Const::F64(i as f64)),
        },
        Const::F32(x) => f64::from(x),
        Const::F64(x) => x,
    };
    match to {
        _ if number.is_nan() => None,
        DType::I64 if !(-9.2e18..9.2e18).contains(&number) => None,
        _ => Some(Const::of(to, number)),
    }
}

fn compare<T: PartialOrd>(prim: Prim, a: &T, b: &T) -> Option<bool> {
    match prim {
        Prim::Eq => Some(a == b),
        Prim::Ne => Some(a != b),
        Prim::Lt => Some(a < b),
        Prim::Le => Some(a <= b),
        Prim::Gt => Some(a > b),
        Prim::Ge => Some(a >= b),
        _ => None,
    }
}

fn logic(prim: Prim, a: bool, b: bool) -> Option<bool> {
    match prim {
        Prim::And => Some(a && b),
        Prim::Or => Some(a || b),
        _ => None,
    }
}

fn int_unary(prim: Prim, a: i64) -> Option<i64> {
    match prim {
        Prim::Neg => a.checked_neg(),
        Prim::Abs => a.checked_abs(),
        Prim::Sign => Some(a.signum()),
        _ => None,
    }
}

fn int_binary(prim: Prim, a: i64, b: i64) -> Option<i64> {
    match prim {
        Prim::Add => a.checked_add(b),
        Prim::Sub => a.checked_sub(b),
        Prim::Mul => a.checked_mul(b),
        Prim::Min => Some(a.min(b)),
        Prim::Max => Some(a.max(b)),
        Prim::FloorDiv => floor_div(a, b),
        Prim::Rem => floor_div(a, b).map(|q| a.wrapping_sub(b.wrapping_mul(q))),
        Prim::Pow => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
        _ => None,
    }
}

fn floor_div(a: i64, b: i64) -> Option<i64> {
    let quotient = a.checked_div(b)?;
    Some(if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient })
}

fn unary(prim: Prim, a: f64) -> Option<f64> {
    match prim {
        Prim::Neg => Some(-a),
        Prim::Abs => Some(a.abs()),
        Prim::Floor => Some(a.floor()),
        Prim::Ceil => Some(a.ceil()),
        Prim::Round => Some(a.round_ties_even()),
        Prim::Sqrt => Some(a.sqrt()),
        _ => match &prim.row().value {
            // The distance to the next float depends on the type.
            Value::Unary(f) if prim != Prim::Spacing => Some(f(a)),
            Value::Unary(_) | Value::Inline | Value::Binary(_) | Value::Defined(_) => None,
        },
    }
}

fn binary(prim: Prim, a: f64, b: f64) -> Option<f64> {
    match prim {
        Prim::Add => Some(a + b),
        Prim::Sub => Some(a - b),
        Prim::Mul => Some(a * b),
        Prim::Div => Some(a / b),
        // Which of two zeros is the lesser is the machine's own; of NaN and a number the answer is NaN.
        Prim::Min if differ(a, b) => Some(a.min(b)),
        Prim::Max if differ(a, b) => Some(a.max(b)),
        _ => match &prim.row().value {
            Value::Binary(f) => Some(f(a, b)),
            Value::Unary(_) | Value::Inline | Value::Defined(_) => None,
        },
    }
}

/// Whether one is less than the other; NaN is neither.
fn differ(a: f64, b: f64) -> bool {
    a.partial_cmp(&b).is_some_and(|order| order.is_ne())
}
