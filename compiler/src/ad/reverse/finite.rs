//! Which values may be infinite or NaN although what a function is given is finite, and which factors of cotangents.
//!
//! ```text
//! v2 = mul v0 v1        finite: overflow is left out of account
//! v3 = sqrt v2          no: there is none of −1
//! v4 = div v1 v3        no
//! ```
//!
//! A cotangent is exactly zero where a branch was not taken. A product with a finite factor keeps it zero; only with
//! such a factor it must be guarded.

use crate::ir::entity::Side;
use crate::ir::{Block, Func, Kind, Value};
use adl_lang::ops::{Const, Op};
use adl_lang::prims::Prim;
use adl_lang::prims::formula::{Formula, Node};

/// What is known of the entries of a value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Size {
    /// Nothing was said of it yet.
    Unseen,
    /// All are this number.
    Known(f64),
    /// They are finite.
    Finite,
    /// They may be anything.
    Any,
}

impl Size {
    fn join(self, other: Size) -> Size {
        match (self, other) {
            (Size::Unseen, known) | (known, Size::Unseen) => known,
            (Size::Any, _) | (_, Size::Any) => Size::Any,
            (Size::Known(a), Size::Known(b)) if a == b => self,
            (Size::Known(_) | Size::Finite, Size::Known(_) | Size::Finite) => Size::Finite,
        }
    }

    /// The same of the entries that are finite.
    pub fn finite(self) -> Size {
        if self == Size::Any { Size::Finite } else { self }
    }

    fn of(number: f64) -> Size {
        if number.is_finite() { Size::Known(number) } else { Size::Any }
    }
}

/// What is known of each value of a function whose arguments are finite.
pub(super) fn sizes(func: &Func) -> Side<Value, Size> {
    let mut sizes = Side::new(Size::Unseen);
    func.params().iter().for_each(|&param| sizes.set(param, Size::Finite));
    while block(func, func.body, &mut sizes) {}
    sizes
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
                    contents.params.iter().for_each(|&index| changed |= lower(sizes, index, Size::Finite));
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
        counters.iter().for_each(|&index| changed |= lower(sizes, index, Size::Finite));
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
            Const::Bool(_) => Size::Finite,
        },
        Op::Table(table) => table.entries().iter().fold(Size::Finite, |size, &entry| match entry {
            Const::F64(number) => size.join(Size::of(number)),
            Const::F32(number) => size.join(Size::of(f64::from(number))),
            Const::I64(_) | Const::Bool(_) => size,
        }),
        Op::Prim(prim) => of_prim(*prim, given),
        Op::Factor(_) | Op::Host { .. } => Size::Any,
        Op::Size(_) | Op::Iota(_) | Op::Random(..) | Op::ArgReduce { .. } | Op::ArgSort => Size::Finite,
        Op::Convert(_) | Op::Broadcast { .. } | Op::Transpose(_) | Op::Reshape(_) | Op::Index(_) => given[0],
        Op::Reduce(..) | Op::Concat(_) | Op::Update(_) | Op::Acc(_) | Op::MatMul { .. } => {
            // Sums and products of known numbers are other numbers.
            given.iter().copied().fold(Size::Finite, Size::join)
        }
    }
}

fn of_prim(prim: Prim, given: &[Size]) -> Size {
    let all = given.iter().copied().fold(Size::Finite, Size::join);
    if let Some(formula) = prim.definition() {
        return of_formula(formula, given, Size::Any);
    }
    match (prim, given) {
        (Prim::Select, [_, then, otherwise]) => then.join(*otherwise),
        (Prim::Add, [Size::Known(a), Size::Known(b)]) => Size::of(a + b),
        (Prim::Sub, [Size::Known(a), Size::Known(b)]) => Size::of(a - b),
        (Prim::Neg, [Size::Known(a)]) => Size::of(-a),
        (Prim::Div, [_, Size::Known(divisor)]) if *divisor != 0.0 => all,
        (Prim::Pow, [_, Size::Known(exponent)]) if *exponent >= 0.0 && exponent.fract() == 0.0 => all,
        _ if has_poles(prim) => Size::Any,
        _ => all,
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
pub(super) fn of_partial(partial: Option<&Formula>, given: &[Size], result: Size) -> Size {
    partial.map_or(Size::Any, |formula| of_formula(formula, given, result))
}

fn of_formula(formula: &Formula, given: &[Size], result: Size) -> Size {
    formula.fold(given, &result, &mut |node| match node {
        Node::Const(number) => Size::of(number),
        Node::Apply(prim, operands) => of_prim(prim, operands),
    })
}
