//! The linearisation of a primitive, read from its row: what a tangent is multiplied by on its way from an argument to
//! the result, and a cotangent on its way back.
//!
//! ```text
//! sub a b      a: 1, b: -1            the tangent itself, or its opposite: no product
//! div a b      a: 1 / b, b: -(y / b)  a division; a product, subtracted
//! max a b      a: w, b: 1 - w         a product that is 0 where w is 0
//! ```

use super::emit::guarded;
use crate::ir::{Builder, Value};
use adl_lang::ops::{Op, Reduction};
use adl_lang::prims::formula::{Formula, Node};
use adl_lang::prims::{Derivative, Prim};

/// Whether operand `k` hands a tangent on to the result, if both are floats.
pub(super) fn passes(op: &Op, k: usize) -> bool {
    match op {
        Op::Prim(prim) => match &prim.row().derivative {
            Derivative::Zero => false,
            Derivative::Partials(partials) => !is_zero(partials[k].as_ref()),
            Derivative::Choice(_) => true,
            Derivative::Select => k > 0,
        },
        Op::Reduce(kind, _) => match kind {
            Reduction::Sum | Reduction::Max | Reduction::Min => true,
            Reduction::All | Reduction::Any => false,
        },
        Op::Convert(to) => to.is_float(),
        Op::Broadcast { .. } | Op::Transpose(_) | Op::Reshape(_) | Op::Concat(_) | Op::MatMul { .. } => true,
        Op::Host { .. } => true,
        Op::Index(_) => k == 0,
        Op::Update(_) | Op::Acc(_) => k < 2,
        Op::Const(_)
        | Op::Table(_)
        | Op::Size(_)
        | Op::ArgReduce { .. }
        | Op::Iota(_)
        | Op::ArgSort
        | Op::Factor(_)
        | Op::Random(..) => false,
    }
}

/// Whether a partial derivative says that nothing goes through its argument.
pub(super) fn is_zero(partial: Option<&Formula>) -> bool {
    matches!(partial, Some(Formula::Const(0.0)))
}

/// What a tangent is multiplied by.
enum Factor {
    One,
    Times(Value),
    Over(Value),
}

/// A summand of a tangent or cotangent: plus or minus a value.
#[derive(Clone, Copy)]
pub(super) struct Term {
    /// Whether it is subtracted.
    pub minus: bool,
    /// The value.
    pub value: Value,
}

impl Term {
    pub fn plus(value: Value) -> Term {
        Term { minus: false, value }
    }
}

/// `sum + term`, where nothing is zero.
pub(super) fn plus(to: &mut Builder<'_>, sum: Option<Value>, term: Term) -> Value {
    match (sum, term.minus) {
        (None, false) => term.value,
        (None, true) => to.prim(Prim::Neg, &[term.value]),
        (Some(sum), false) => to.add(sum, term.value),
        (Some(sum), true) => to.sub(sum, term.value),
    }
}

/// What is exactly zero, whatever it is multiplied by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Zero {
    /// Nothing.
    None,
    /// The product, wherever the cotangent is zero.
    Tangent,
    /// The product, wherever this is false: something else was taken.
    Outside(Value),
    /// The slope: that of an operation at a finite limit.
    Slope,
}

/// `∂result/∂args[k] · tangent` of a primitive with partials, with what is zero in it.
/// An argument that has no derivative gives NaN.
pub(super) fn scaled(
    to: &mut Builder<'_>,
    partial: Option<&Formula>,
    (args, result): (&[Value], Value),
    tangent: Value,
    zero: Zero,
) -> Term {
    let (minus, factor) = match partial {
        Some(formula) => factor(to, formula, args, result),
        None => {
            let ty = to.func.data(result).clone();
            (false, Factor::Times(to.full(&ty, f64::NAN)))
        }
    };
    let (product, slope) = match factor {
        Factor::One => {
            return Term { minus, value: tangent };
        }
        Factor::Times(factor) => (to.mul(factor, tangent), factor),
        Factor::Over(divisor) if zero == Zero::Slope => {
            let one = to.full(&to.func.data(divisor).clone(), 1.0);
            (to.prim(Prim::Div, &[tangent, divisor]), to.prim(Prim::Div, &[one, divisor]))
        }
        Factor::Over(divisor) => (to.prim(Prim::Div, &[tangent, divisor]), divisor),
    };
    let value = match zero {
        Zero::None => product,
        Zero::Tangent => guarded(to, tangent, product),
        Zero::Outside(mask) => {
            let none = to.zeros_like(product);
            to.prim(Prim::Select, &[mask, product, none])
        }
        Zero::Slope => guarded(to, slope, product),
    };
    Term { minus, value }
}

/// The weight, and `weight · tangent`, 0 where the weight is 0 whatever the tangent.
pub(super) fn chosen(
    to: &mut Builder<'_>,
    weight: &Formula,
    (args, result): (&[Value], Value),
    tangent: Value,
) -> (Value, Value) {
    let weight = emit(to, weight, args, result);
    let product = to.mul(weight, tangent);
    (weight, guarded(to, weight, product))
}

fn factor(to: &mut Builder<'_>, formula: &Formula, args: &[Value], result: Value) -> (bool, Factor) {
    match formula {
        Formula::Const(1.0) => (false, Factor::One),
        Formula::Const(-1.0) => (true, Factor::One),
        Formula::Apply(Prim::Neg, inner) => {
            let (minus, factor) = factor(to, &inner[0], args, result);
            (!minus, factor)
        }
        Formula::Apply(Prim::Div, parts) if matches!(parts[0], Formula::Const(1.0)) => {
            (false, Factor::Over(emit(to, &parts[1], args, result)))
        }
        Formula::Apply(Prim::Div, parts) if matches!(parts[0], Formula::Const(-1.0)) => {
            (true, Factor::Over(emit(to, &parts[1], args, result)))
        }
        Formula::Const(_) | Formula::Arg(_) | Formula::Result | Formula::Apply(..) => {
            (false, Factor::Times(emit(to, formula, args, result)))
        }
    }
}

/// A formula as instructions.
fn emit(to: &mut Builder<'_>, formula: &Formula, args: &[Value], result: Value) -> Value {
    let ty = to.func.data(result).clone();
    formula.fold(args, &result, &mut |node| match node {
        Node::Const(value) => to.full(&ty, value),
        Node::Apply(prim, operands) => to.prim(prim, operands),
    })
}
