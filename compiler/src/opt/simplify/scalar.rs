//! Rows for element-wise operations. `c` stands for a constant in every element.
//!
//! What is not here is not exact: `x * 0` (NaN, −0), `x + 0` (−0), `x - x` of floats (NaN), `neg (a - b)` (the sign of
//! zero), `pow x 0.5` (−0, −∞), `exp (log x)`, any reassociation.

use super::{Row, To};
use crate::ir::{Func, Value};
use crate::opt::edit::{constant, pure};
use crate::opt::fold::fold;
use adl_lang::ops::{Const, Op};
use adl_lang::prims::Prim;
use adl_lang::types::DType;

/// Whether a primitive belongs to [`LOGIC`].
pub fn is_logic(prim: Prim) -> bool {
    use Prim::{And, Eq, Ge, Gt, Le, Lt, Ne, Not, Or, Select};
    matches!(prim, Eq | Ne | Lt | Le | Gt | Ge | And | Or | Not | Select)
}

/// Arithmetic.
pub const ARITHMETIC: &[Row] = &[
    Row { name: "fold", run: fold_row },
    // x + (−0) and, of whole numbers, x + 0
    Row { name: "add-zero", run: |f, op, a| both(op, Prim::Add, a, |x, y| null(f, y, true).then_some(To::Value(x))) },
    // x − 0
    Row { name: "sub-zero", run: |f, op, a| when(op, Prim::Sub, null(f, *a.get(1)?, false), || To::Value(a[0])) },
    // (−0) − x and, of whole numbers, 0 − x
    Row { name: "zero-sub", run: |f, op, a| when(op, Prim::Sub, null(f, a[0], true), || apply(Prim::Neg, &[a[1]])) },
    // x − x of whole numbers
    Row {
        name: "sub-self",
        run: |f, op, a| when(op, Prim::Sub, a[0] == *a.get(1)? && is_int(f, a[0]), || To::Const(Const::I64(0))),
    },
    // x · 1
    Row { name: "mul-one", run: |f, op, a| both(op, Prim::Mul, a, |x, y| is(f, y, 1.0).then_some(To::Value(x))) },
    // x · (−1)
    Row {
        name: "mul-minus-one",
        run: |f, op, a| both(op, Prim::Mul, a, |x, y| is(f, y, -1.0).then(|| apply(Prim::Neg, &[x]))),
    },
    // x · 0 of whole numbers
    Row {
        name: "mul-zero",
        run: |f, op, a| {
            both(op, Prim::Mul, a, |_, y| (is_int(f, y) && is(f, y, 0.0)).then_some(To::Const(Const::I64(0))))
        },
    },
    // a + (−b)
    Row {
        name: "add-neg",
        run: |f, op, a| {
            both(
                op,
                Prim::Add,
                a,
                |x, y| {
                    if is_int(f, x) { None } else { Some(apply(Prim::Sub, &[x, negated(f, y)?])) }
                },
            )
        },
    },
    // a − (−b)
    Row {
        name: "sub-neg",
        run: |f, op, a| {
            let [x, y] = *a else { return None };
            let y = if *op == Op::Prim(Prim::Sub) && !is_int(f, x) {
                negated(f, y)?
            } else {
                return None;
            };
            Some(apply(Prim::Add, &[x, y]))
        },
    },
    // (−a) · (−b), (−a) / (−b)
    Row {
        name: "neg-neg-product",
        run: |f, op, a| match (op, a) {
            (Op::Prim(Prim::Mul | Prim::Div), &[x, y]) if !is_int(f, x) => {
                Some(To::Op(op.clone(), vec![negated(f, x)?, negated(f, y)?]))
            }
            _ => None,
        },
    },
    // −(−x)
    Row {
        name: "neg-neg",
        run: |f, op, a| match op {
            Op::Prim(Prim::Neg) if !is_int(f, a[0]) => negated(f, a[0]).map(To::Value),
            _ => None,
        },
    },
    // |−x|, ||x||
    Row {
        name: "abs-neg",
        run: |f, op, a| match (op, pure(f, *a.first()?)?) {
            (Op::Prim(Prim::Abs), (Op::Prim(Prim::Neg | Prim::Abs), inner)) if !is_int(f, a[0]) => {
                Some(apply(Prim::Abs, &[inner[0]]))
            }
            _ => None,
        },
    },
    // x / 1
    Row { name: "div-one", run: |f, op, a| when(op, Prim::Div, is(f, *a.get(1)?, 1.0), || To::Value(a[0])) },
    // x / (−1)
    Row {
        name: "div-minus-one",
        run: |f, op, a| when(op, Prim::Div, is(f, *a.get(1)?, -1.0), || apply(Prim::Neg, &[a[0]])),
    },
    // x // 1 of whole numbers
    Row {
        name: "floordiv-one",
        run: |f, op, a| when(op, Prim::FloorDiv, is_int(f, a[0]) && is(f, *a.get(1)?, 1.0), || To::Value(a[0])),
    },
    // x % 1 of whole numbers
    Row {
        name: "rem-one",
        run: |f, op, a| when(op, Prim::Rem, is_int(f, a[0]) && is(f, *a.get(1)?, 1.0), || To::Const(Const::I64(0))),
    },
    // x ^ 0
    Row { name: "pow-zero", run: |f, op, a| when(op, Prim::Pow, is(f, *a.get(1)?, 0.0), || To::Const(one(f, a[0]))) },
    // x ^ 1
    Row { name: "pow-one", run: |f, op, a| when(op, Prim::Pow, is(f, *a.get(1)?, 1.0), || To::Value(a[0])) },
    // x ^ 2
    Row {
        name: "pow-two",
        run: |f, op, a| when(op, Prim::Pow, is(f, *a.get(1)?, 2.0), || apply(Prim::Mul, &[a[0], a[0]])),
    },
    // min x x, max x x
    Row {
        name: "min-self",
        run: |_, op, a| match op {
            Op::Prim(Prim::Min | Prim::Max) if a[0] == a[1] => Some(To::Value(a[0])),
            _ => None,
        },
    },
];

/// Comparisons, truth values, choices.
pub const LOGIC: &[Row] = &[
    Row { name: "fold", run: fold_row },
    // x == x, x < x, … unless NaN may be there
    Row {
        name: "compare-self",
        run: |f, op, a| match (op, a) {
            (Op::Prim(prim), &[x, y]) if x == y && !f.data(x).dtype.is_float() => match prim {
                Prim::Eq | Prim::Le | Prim::Ge => Some(To::Const(Const::Bool(true))),
                Prim::Ne | Prim::Lt | Prim::Gt => Some(To::Const(Const::Bool(false))),
                _ => None,
            },
            _ => None,
        },
    },
    // x and true, x and false, x and x
    Row {
        name: "and",
        run: |f, op, a| {
            both(op, Prim::And, a, |x, y| match constant(f, y) {
                Some(Const::Bool(true)) => Some(To::Value(x)),
                Some(c) => Some(To::Const(c)),
                None => (x == y).then_some(To::Value(x)),
            })
        },
    },
    // x or true, x or false, x or x
    Row {
        name: "or",
        run: |f, op, a| {
            both(op, Prim::Or, a, |x, y| match constant(f, y) {
                Some(Const::Bool(false)) => Some(To::Value(x)),
                Some(c) => Some(To::Const(c)),
                None => (x == y).then_some(To::Value(x)),
            })
        },
    },
    // not (not x)
    Row {
        name: "not-not",
        run: |f, op, a| when_not(f, op, a, |inner, args| (inner == Prim::Not).then(|| To::Value(args[0]))),
    },
    // not (a == b); not (a < b) where no NaN can be
    Row {
        name: "not-compare",
        run: |f, op, a| {
            when_not(f, op, a, |inner, args| {
                let exact = !f.data(args[0]).dtype.is_float();
                let contrary = match inner {
                    Prim::Eq => Prim::Ne,
                    Prim::Ne => Prim::Eq,
                    Prim::Lt if exact => Prim::Ge,
                    Prim::Le if exact => Prim::Gt,
                    Prim::Gt if exact => Prim::Le,
                    Prim::Ge if exact => Prim::Lt,
                    _ => return None,
                };
                Some(apply(contrary, args))
            })
        },
    },
    // select c a a; select true a b
    Row {
        name: "select-decided",
        run: |f, op, a| match (op, a) {
            (Op::Prim(Prim::Select), &[cond, x, y]) => match constant(f, cond) {
                _ if x == y => Some(To::Value(x)),
                Some(Const::Bool(true)) => Some(To::Value(x)),
                Some(_) => Some(To::Value(y)),
                None => None,
            },
            _ => None,
        },
    },
    // select (not c) a b
    Row {
        name: "select-not",
        run: |f, op, a| match (op, a) {
            (Op::Prim(Prim::Select), &[cond, x, y]) => match pure(f, cond)? {
                (Op::Prim(Prim::Not), inner) => Some(apply(Prim::Select, &[inner[0], y, x])),
                _ => None,
            },
            _ => None,
        },
    },
    // select c true false; select c false true
    Row {
        name: "select-bool",
        run: |f, op, a| match (op, a) {
            (Op::Prim(Prim::Select), &[cond, x, y]) => match (constant(f, x)?, constant(f, y)?) {
                (Const::Bool(true), Const::Bool(false)) => Some(To::Value(cond)),
                (Const::Bool(false), Const::Bool(true)) => Some(apply(Prim::Not, &[cond])),
                _ => None,
            },
            _ => None,
        },
    },
];

fn fold_row(f: &Func, op: &Op, args: &[Value]) -> Option<To> {
    let Op::Prim(prim) = op else { return None };
    let mut constants = [Const::Bool(false); 3];
    for (slot, &arg) in constants.iter_mut().zip(args) {
        *slot = constant(f, arg)?;
    }
    fold(*prim, constants.get(..args.len())?).map(To::Const)
}

fn apply(prim: Prim, args: &[Value]) -> To {
    To::Op(Op::Prim(prim), args.to_vec())
}

fn when(op: &Op, prim: Prim, cond: bool, to: impl Fn() -> To) -> Option<To> {
    (cond && *op == Op::Prim(prim)).then(to)
}

/// Tries a rule of a commutative operation both ways round.
fn both(op: &Op, prim: Prim, args: &[Value], rule: impl Fn(Value, Value) -> Option<To>) -> Option<To> {
    match *args {
        [a, b] if *op == Op::Prim(prim) => rule(a, b).or_else(|| rule(b, a)),
        _ => None,
    }
}

fn when_not(f: &Func, op: &Op, args: &[Value], rule: impl Fn(Prim, &[Value]) -> Option<To>) -> Option<To> {
    match (op, pure(f, args[0])?) {
        (Op::Prim(Prim::Not), (Op::Prim(inner), inner_args)) => rule(*inner, inner_args),
        _ => None,
    }
}

fn is_int(f: &Func, value: Value) -> bool {
    f.data(value).dtype == DType::I64
}

/// Whether a value is the number `number` in every element; 0 stands for both zeros.
fn is(f: &Func, value: Value, number: f64) -> bool {
    match constant(f, value) {
        Some(Const::I64(i)) => i as f64 == number,
        Some(Const::F32(x)) => f64::from(x) == number,
        Some(Const::F64(x)) => x == number,
        Some(Const::Bool(_)) | None => false,
    }
}

/// Whether a value is zero; of floats −0 if `negative`, else +0.
fn null(f: &Func, value: Value, negative: bool) -> bool {
    match constant(f, value) {
        Some(Const::I64(i)) => i == 0,
        Some(Const::F32(x)) => x == 0.0 && x.is_sign_negative() == negative,
        Some(Const::F64(x)) => x == 0.0 && x.is_sign_negative() == negative,
        Some(Const::Bool(_)) | None => false,
    }
}

fn one(f: &Func, value: Value) -> Const {
    Const::of(f.data(value).dtype, 1.0)
}

/// `x`, if the value is `neg x`.
fn negated(f: &Func, value: Value) -> Option<Value> {
    match pure(f, value)? {
        (Op::Prim(Prim::Neg), inner) => Some(inner[0]),
        _ => None,
    }
}
