//! Which values may be infinite or NaN although what a function is given is finite, and which factors of derivatives.
//!
//! ```text
//! v2 = mul v0 v1        finite, but for overflow; of growth 2, as v0 and v1 have growth 1
//! v3 = exp v2           the same, of any growth: where it overflows its tangent does too
//! v4 = sqrt v3          any: there is none of −1
//! v5 = div v1 v4        any
//! ```
//!
//! **Zero times infinity.** A cotangent is exactly zero where a branch was not taken.
//! A product with a finite factor keeps it zero; only with such a factor it must be guarded.
//! The slope of an operation with a finite limit, as `1 / u`, is exactly zero where its argument is infinite,
//! and then the argument's tangent may be infinite as well. If that comes from overflow alone, the product is zero,
//! as its limit is; if it may come from a pole, as in `1 / (1 / x)`, nothing is known, and the product stays NaN.
//! Forward mode sees it at the operation, where slope and tangent meet ([`limit`]);
//! reverse mode before it, where the zero cotangent meets the slope of what overflows ([`limited`]):
//! there everything that the value is used for must be such an operation.

use super::linear::passes;
use crate::ir::entity::Side;
use crate::ir::{Block, Func, InstData, Kind, Value};
use adl_lang::ops::{Const, Op, Reduction};
use adl_lang::prims::formula::{Formula, Node};
use adl_lang::prims::{Derivative, Prim};

/// What is known of the entries of a value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Size {
    /// Nothing was said of it yet.
    Unseen,
    /// All are this number.
    Known(f64),
    /// They are finite but for overflow, a polynomial in the arguments of this degree, at most [`STEEP`].
    Finite(u8),
    /// They may be anything.
    Any,
}

/// A degree from which a value may overflow with its tangent.
pub(super) const STEEP: u8 = 3;

impl Size {
    fn degree(self) -> u8 {
        match self {
            Size::Unseen | Size::Known(_) => 0,
            Size::Finite(degree) => degree,
            Size::Any => STEEP,
        }
    }

    fn join(self, other: Size) -> Size {
        match (self, other) {
            (Size::Unseen, known) | (known, Size::Unseen) => known,
            (Size::Any, _) | (_, Size::Any) => Size::Any,
            (Size::Known(a), Size::Known(b)) if a == b => self,
            _ => Size::Finite(self.degree().max(other.degree())),
        }
    }

    /// Of a product.
    fn times(self, other: Size) -> Size {
        match (self, other) {
            (Size::Any, _) | (_, Size::Any) => Size::Any,
            _ => Size::Finite((self.degree() + other.degree()).min(STEEP)),
        }
    }

    /// The same of the entries that are finite.
    pub fn finite(self) -> Size {
        if self == Size::Any { Size::Finite(STEEP) } else { self }
    }

    fn of(number: f64) -> Size {
        if number.is_finite() { Size::Known(number) } else { Size::Any }
    }
}

/// What is known of each value of a function whose arguments are of this size.
pub(super) fn sizes(func: &Func, arguments: Size) -> Side<Value, Size> {
    let mut sizes = Side::new(Size::Unseen);
    func.params().iter().for_each(|&param| sizes.set(param, arguments));
    while block(func, func.body, &mut sizes) {}
    sizes
}

/// Whether an operation has a finite limit where this argument is infinite by overflow,
/// with a slope that is exactly zero there.
pub(super) fn limit(prim: Prim, k: usize, args: &[Value], size: &dyn Fn(Value) -> Size) -> bool {
    let falls = match prim {
        Prim::Div => k == 1,
        Prim::Pow => k == 0 && matches!(size(args[1]), Size::Known(exponent) if exponent < 0.0),
        Prim::Tanh | Prim::Atan | Prim::Sigmoid | Prim::Softplus | Prim::Erf | Prim::Erfc => true,
        Prim::Exp | Prim::Exp2 | Prim::Expm1 => true,
        Prim::Decay | Prim::Logistic | Prim::LogisticSlope | Prim::TanhSlope => k == 0,
        Prim::SigmoidSlope | Prim::Gauss => true,
        _ => false,
    };
    falls && size(args[k]) == Size::Finite(STEEP)
}

/// The values of which every use leads to an operation with a finite limit,
/// by operations that keep what is infinite infinite.
pub(super) fn limited(func: &Func, sizes: &Side<Value, Size>) -> Side<Value, bool> {
    let mut uses = Side::new(None);
    func.results().iter().for_each(|&value| uses.set(value, Some(false)));
    uses_in(func, func.body, sizes, &mut uses);
    let mut limited = Side::new(false);
    func.values.keys().filter(|&value| uses[value] == Some(true)).for_each(|value| limited.set(value, true));
    limited
}

fn uses_in(func: &Func, at: Block, sizes: &Side<Value, Size>, uses: &mut Side<Value, Option<bool>>) {
    for &inst in func.blocks[at].insts.iter().rev() {
        let data = &func.insts[inst];
        let Kind::Pure(op) = &data.kind else {
            data.args.iter().for_each(|&arg| meet(uses, arg, false));
            for inner in data.kind.blocks() {
                func.blocks[inner].yields.iter().for_each(|&value| uses.set(value, Some(false)));
                uses_in(func, inner, sizes, uses);
            }
            continue;
        };
        let Some(leads) = uses[data.results[0]] else { continue };
        let on = leads_on(op) && leads;
        let falls = |k| matches!(op, Op::Prim(prim) if limit(*prim, k, &data.args, &|value| sizes[value]));
        for (k, &arg) in data.args.iter().enumerate().filter(|(k, _)| passes(op, *k)) {
            meet(uses, arg, on || falls(k));
        }
    }
}

fn meet(uses: &mut Side<Value, Option<bool>>, value: Value, leads: bool) {
    let all = uses[value].unwrap_or(true);
    uses.set(value, Some(all && leads));
}

/// Whether an operation keeps what is infinite infinite, so that what its result leads to its operands lead to.
fn leads_on(op: &Op) -> bool {
    match op {
        Op::Prim(prim) => matches!(
            prim,
            Prim::Add
                | Prim::Sub
                | Prim::Neg
                | Prim::Mul
                | Prim::Exp
                | Prim::Exp2
                | Prim::Expm1
                | Prim::Cosh
                | Prim::Sinh
        ),
        Op::Convert(_) | Op::Broadcast { .. } | Op::Transpose(_) | Op::Reshape(_) | Op::Index(_) => true,
        Op::Reduce(Reduction::Sum, _) | Op::MatMul { .. } => true,
        _ => false,
    }
}

/// One pass over a block; whether something changed. What is known of a value only gets less, so passes come to an end.
fn block(func: &Func, at: Block, sizes: &mut Side<Value, Size>) -> bool {
    let mut changed = false;
    for &inst in &func.blocks[at].insts {
        let data = &func.insts[inst];
        match &data.kind {
            Kind::Pure(op) => {
                let given: Vec<Size> = data.args.iter().map(|&arg| sizes[arg]).collect();
                changed |= lower(sizes, data.results[0], of_op(op, &given));
            }
            Kind::For { body } => changed |= cycle(func, &[*body], 1, (&data.args[1..], &data.results), sizes),
            Kind::While { test, body } => {
                changed |= cycle(func, &[*test, *body], 0, (&data.args, &data.results), sizes);
            }
            Kind::If { .. } | Kind::Map { .. } => {
                for inner in data.kind.blocks() {
                    let contents = &func.blocks[inner];
                    contents.params.iter().for_each(|&index| changed |= lower(sizes, index, Size::Finite(0)));
                    changed |= block(func, inner, sizes);
                    changed |= hand_on(sizes, &contents.yields, &data.results);
                }
            }
            _ => data.results.iter().for_each(|&result| changed |= lower(sizes, result, Size::Any)),
        }
    }
    changed
}

/// One pass over a loop; behind as many indices its blocks carry what it is given and what the last of them yields.
fn cycle(
    func: &Func,
    blocks: &[Block],
    indices: usize,
    (given, results): (&[Value], &[Value]),
    sizes: &mut Side<Value, Size>,
) -> bool {
    let mut changed = false;
    for &inner in blocks {
        let (counters, carried) = func.blocks[inner].params.split_at(indices);
        counters.iter().for_each(|&index| changed |= lower(sizes, index, Size::Finite(0)));
        changed |= hand_on(sizes, given, carried);
        changed |= block(func, inner, sizes);
    }
    let Some(&body) = blocks.last() else { return changed };
    for &inner in blocks {
        changed |= hand_on(sizes, &func.blocks[body].yields, &func.blocks[inner].params[indices..]);
    }
    changed | hand_on(sizes, &func.blocks[body].params[indices..], results)
}

fn hand_on(sizes: &mut Side<Value, Size>, from: &[Value], to: &[Value]) -> bool {
    from.iter().zip(to).fold(false, |changed, (&from, &to)| {
        let known = sizes[from];
        lower(sizes, to, known) | changed
    })
}

/// What was known of a value is joined with what holds of it too; whether that is less.
fn lower(sizes: &mut Side<Value, Size>, value: Value, size: Size) -> bool {
    let joined = sizes[value].join(size);
    let changed = sizes[value] != joined;
    sizes.set(value, joined);
    changed
}

fn of_op(op: &Op, given: &[Size]) -> Size {
    match op {
        Op::Const(constant) => match *constant {
            Const::F64(number) => Size::of(number),
            Const::F32(number) => Size::of(f64::from(number)),
            Const::I64(number) => Size::Known(number as f64),
            Const::Bool(_) => Size::Finite(0),
        },
        Op::Table(table) => table.entries().iter().fold(Size::Finite(0), |size, &entry| match entry {
            Const::F64(number) => size.join(Size::of(number)),
            Const::F32(number) => size.join(Size::of(f64::from(number))),
            Const::I64(_) | Const::Bool(_) => size,
        }),
        Op::Prim(prim) => of_prim(*prim, given),
        Op::Factor(_) | Op::Host { .. } => Size::Any,
        Op::Size(_) | Op::Iota(_) | Op::Random(..) | Op::ArgReduce { .. } | Op::ArgSort => Size::Finite(0),
        Op::Convert(_) | Op::Broadcast { .. } | Op::Transpose(_) | Op::Reshape(_) | Op::Index(_) => given[0],
        Op::MatMul { .. } => given[0].times(given[1]),
        // Sums of known numbers are other numbers.
        Op::Reduce(..) | Op::Concat(_) | Op::Update(_) | Op::Acc(_) => {
            given.iter().copied().fold(Size::Finite(0), Size::join)
        }
    }
}

fn of_prim(prim: Prim, given: &[Size]) -> Size {
    let all = given.iter().copied().fold(Size::Finite(0), Size::join);
    match (prim, given) {
        // Their second operand is a power of e, and no pole.
        (Prim::Decay, [Size::Finite(1..), _]) => Size::Finite(STEEP),
        (Prim::Logistic | Prim::LogisticSlope, [Size::Finite(_), _]) => Size::Finite(1),
        (Prim::Select, [_, then, otherwise]) => then.join(*otherwise),
        (Prim::Follow | Prim::Arm, [made, _]) => *made,
        (Prim::Add, [Size::Known(a), Size::Known(b)]) => Size::of(a + b),
        (Prim::Sub, [Size::Known(a), Size::Known(b)]) => Size::of(a - b),
        (Prim::Neg, [Size::Known(a)]) => Size::of(-a),
        (Prim::Mul, [a, b]) => a.times(*b),
        (Prim::Div, [_, Size::Known(divisor)]) if *divisor != 0.0 => all,
        (Prim::Pow, [base, Size::Known(exponent)]) if *exponent >= 0.0 && exponent.fract() == 0.0 => match base {
            Size::Any => Size::Any,
            _ => Size::Finite((f64::from(base.degree()) * exponent).min(f64::from(STEEP)) as u8),
        },
        (Prim::Exp | Prim::Exp2 | Prim::Expm1 | Prim::Cosh | Prim::Sinh, [Size::Finite(1..)]) => Size::Finite(STEEP),
        // Where such a one is infinite its slope is zero.
        (Prim::Tanh | Prim::Atan | Prim::Sigmoid | Prim::Erf | Prim::Erfc, [Size::Finite(1..)]) => Size::Finite(1),
        _ => match prim.definition() {
            Some(formula) => of_formula(formula, given, Size::Any),
            None if has_poles(prim) => Size::Any,
            None => all,
        },
    }
}

/// Whether finite arguments may give what is not finite, other than by overflow.
fn has_poles(prim: Prim) -> bool {
    matches!(
        prim,
        Prim::Div
            | Prim::FloorDiv
            | Prim::Rem
            | Prim::Pow
            | Prim::Sqrt
            | Prim::Log
            | Prim::Log2
            | Prim::Log10
            | Prim::Log1p
            | Prim::Asin
            | Prim::Acos
            | Prim::Acosh
            | Prim::Atanh
            | Prim::Erfinv
            | Prim::Gamma
            | Prim::Lgamma
            | Prim::Digamma
            | Prim::Polygamma
            | Prim::Beta
            | Prim::Lbeta
            | Prim::Logit
    )
}

/// What is known of a partial derivative, by what is known of the arguments and of the result.
pub(super) fn of_partial(partial: Option<&Formula>, data: &InstData, known: &dyn Fn(Value) -> Size) -> Size {
    partial.map_or(Size::Any, |formula| {
        let given: Vec<Size> = data.args.iter().map(|&arg| known(arg)).collect();
        of_formula(formula, &given, known(data.results[0]))
    })
}

/// Whether some partial of an instruction with such a result is as `test` says.
pub(super) fn any_partial(
    func: &Func,
    live: &dyn Fn(Value) -> bool,
    test: &dyn Fn(&InstData, Option<&Formula>) -> bool,
) -> bool {
    func.insts.iter().any(|(_, data)| match &data.kind {
        Kind::Pure(Op::Prim(prim)) if live(data.results[0]) => match &prim.row().derivative {
            Derivative::Partials(partials) => partials.iter().any(|partial| test(data, partial.as_ref())),
            Derivative::Zero | Derivative::Choice(_) | Derivative::Select => false,
        },
        _ => false,
    })
}

fn of_formula(formula: &Formula, given: &[Size], result: Size) -> Size {
    formula.fold(given, &result, &mut |node| match node {
        Node::Const(number) => Size::of(number),
        Node::Apply(prim, operands) => of_prim(prim, operands),
    })
}
