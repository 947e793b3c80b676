//! Formulas of the table that need a thought: slopes that neither cancel, overflow nor vanish, and their limits.

use super::Prim;
use super::formula::{Formula, select};

/// Whether both are 0.
pub(super) fn both_zero(a: &Formula, b: &Formula) -> Formula {
    a.clone().zip(Prim::Eq, 0.0).zip(Prim::And, b.clone().zip(Prim::Eq, 0.0))
}

/// The exponent of the slope of `a^b`, `b a^(b - 1)`. At `a = b = 0` that would be `0 · ∞`,
/// where the slope is 0: there it is `b a^b`, whose derivatives by `a` are 0 too.
/// A condition on `b` alone would not be differentiable in `b`.
pub(super) fn lowered(a: &Formula, b: &Formula) -> Formula {
    select(both_zero(a, b), b.clone(), b.clone() - 1.0)
}

/// The derivative of order k of `y = a^b` by `b`.
pub(super) fn pow_log(k: impl Into<Formula>, a: &Formula, b: Formula, y: Formula) -> Formula {
    Prim::PowLog.of([k.into(), a.clone(), b, y])
}

/// That of `a^b log(a)^k` by `a`: `b a^(b-1) log(a)^k + k a^(b-1) log(a)^(k-1)`.
/// At `a = 0` the second is nothing beside the first, and of opposite sign where both are infinite.
pub(super) fn pow_log_slope(k: &Formula, a: &Formula, b: &Formula) -> Formula {
    let less = b.clone() - 1.0;
    let power = a.clone().zip(Prim::Pow, less.clone());
    let first = b.clone() * pow_log(k.clone(), a, less.clone(), power.clone());
    let below = select(k.clone().zip(Prim::Eq, 1.0), power.clone(), pow_log(k.clone() - 1.0, a, less, power));
    let end = a.clone().zip(Prim::Eq, 0.0).zip(Prim::And, b.clone().zip(Prim::Ne, 0.0));
    select(end, first.clone(), first + k.clone() * below)
}

/// `1 / (1 + x²)` without overflow.
pub(super) fn atan_slope(x: &Formula) -> Formula {
    let near = x.clone().map(Prim::Abs).zip(Prim::Lt, 1e10);
    select(near.clone(), 1.0, 1.0 / x.clone()) / select(near, 1.0 + x.clone() * x.clone(), x.clone())
}

/// `1 / cosh(x)²`: a square, so that nothing is lost where it is subnormal.
pub(super) fn tanh_slope(x: &Formula) -> Formula {
    let e = (-x.clone().map(Prim::Abs)).map(Prim::Exp);
    let root = 2.0 * e.clone() / (1.0 + e.clone() * e);
    root.clone() * root
}

/// `sigmoid(x) · sigmoid(-x)`.
pub(super) fn sigmoid_slope(x: &Formula) -> Formula {
    let e = (-x.clone().map(Prim::Abs)).map(Prim::Exp);
    e.clone() / ((1.0 + e.clone()) * (1.0 + e))
}

/// `e / (1 + e)²`, where nothing overflows but `e`.
pub(super) fn logistic_slope(e: &Formula) -> Formula {
    let y = 1.0 / (1.0 + e.clone());
    y.clone() * select(e.clone().zip(Prim::Lt, 1.0), e.clone() * y.clone(), 1.0 - y)
}

/// Half of `x² / y`, 0 at 0.
pub(super) fn leg(x: &Formula, y: &Formula) -> Formula {
    select(x.clone().zip(Prim::Eq, 0.0), 0.0, 0.5 * (x.clone() * (x.clone() / y.clone())))
}

/// The slope of `y = hypot(a, b)` by `a`.
pub(super) fn hypot_slope(a: &Formula, b: &Formula, y: &Formula) -> Formula {
    Prim::HypotSlope.of([a.clone(), b.clone(), y.clone()])
}

/// `x / (a² + b²)` without overflow; 0 at the origin and at infinity.
pub(super) fn over_square(x: &Formula, a: &Formula, b: &Formula) -> Formula {
    let length = a.clone().zip(Prim::Hypot, b.clone());
    let outside = length.clone().zip(Prim::Eq, 0.0).zip(Prim::Or, length.clone().zip(Prim::Eq, f64::INFINITY));
    select(outside, 0.0, x.clone() / length.clone() / length)
}

/// `a / y`, the slope of `y = hypot(a, b)` by `a`; 0 where there is none.
pub(super) fn part(a: &Formula, b: &Formula, y: &Formula) -> Formula {
    let infinite = |x: &Formula| x.clone().map(Prim::Abs).zip(Prim::Eq, f64::INFINITY);
    let none = y.clone().zip(Prim::Eq, 0.0).zip(Prim::Or, infinite(b));
    select(none, 0.0, select(infinite(a), a.clone().map(Prim::Sign), a.clone() / y.clone()))
}

/// The weights of both arguments: 1 for the one that wins the comparison, ½ at a tie, NaN beside NaN, else 0.
/// Differentiated again, a tie is that of the first.
pub(super) fn weights(wins: Prim, ties: Prim, a: &Formula, b: &Formula) -> Vec<Formula> {
    let weight = |a: &Formula, b: &Formula, arm: Prim| {
        let tie = select(a.clone().zip(Prim::Eq, b.clone()), 0.5, a.clone() + b.clone());
        let convention = select(a.clone().zip(wins, b.clone()), 1.0, select(b.clone().zip(wins, a.clone()), 0.0, tie));
        let ordered = a.clone().zip(Prim::Eq, a.clone()).zip(Prim::And, b.clone().zip(Prim::Eq, b.clone()));
        let lost = select(ordered, 0.0, a.clone() + b.clone());
        convention.zip(Prim::Arm, select(a.clone().zip(arm, b.clone()), 1.0, lost))
    };
    vec![weight(a, b, ties), weight(b, a, wins)]
}
