//! Removes bounds checks that cannot fail.
//!
//! ```text
//! v1 = size s0
//! v2 = for v1 (v9) { (v3, v4)
//!   bounds v3 s0                        ; 0 ≤ v3 ≤ s0 − 1: removed
//!   v5 = index v0 [at v3]
//! ```
//!
//! Whole numbers are written as polynomials over sizes and over *unknowns* (counters, indices of maps, what is neither
//! sum nor product), all in one [`Dim`]: the unknown of value `v` is the symbol `UNKNOWN + v`. To prove `goal ≥ 0`, the
//! unknowns are replaced, the last defined first, by their least or greatest value, whichever makes the goal least;
//! what is left over sizes must be plainly not negative, or follow from one of the facts in scope: enclosing `if`s and
//! `while`s, loops that run, checks that passed. So `x[i * n + j]` in `f64[m * n]` is seen to be inside.

use super::edit::pure;
use super::intervals::{Intervals, step};
use crate::ir::entity::{Entity, Side};
use crate::ir::walk::walk;
use crate::ir::{Block, Func, Inst, Kind, MAX_SIZE, Value};
use adl_lang::ops::{Const, Op};
use adl_lang::prims::Prim;
use adl_lang::types::{DType, Dim, Sym};
use rustc_hash::FxHashMap;

/// Removes bounds checks that cannot fail.
pub fn ranges(func: &mut Func) {
    let mut checks = 0;
    walk(func, func.body, &mut |_, inst| checks += usize::from(matches!(func.insts[inst].kind, Kind::Bounds { .. })));
    if checks == 0 {
        return;
    }
    let mut proven = Side::new(false);
    let mut ranges = Ranges {
        func,
        intervals: Intervals::new(func),
        forms: Side::new(None),
        unknowns: FxHashMap::default(),
        known: Vec::new(),
        lengths: func.lengths(),
        proven: &mut proven,
    };
    ranges.block(func.body);
    sweep(func, func.body, &proven);
}

fn sweep(func: &mut Func, block: Block, proven: &Side<Inst, bool>) {
    let mut insts = std::mem::take(&mut func.blocks[block].insts);
    insts.retain(|&inst| !proven[inst]);
    for &inst in &insts {
        for inner in func.insts[inst].kind.blocks() {
            sweep(func, inner, proven);
        }
    }
    func.blocks[block].insts = insts;
}

/// Symbols from here on are unknowns.
const UNKNOWN: u32 = 1 << 30;
/// Coefficients stay below this, so that polynomials are exact.
const MAX_WEIGHT: i64 = 1 << 50;
/// How many unknowns one proof replaces.
const FUEL: u32 = 10;
/// How many facts, the latest first, one proof looks at.
const FACTS: usize = 24;

/// What bounds an unknown. Each entry alone is a bound.
#[derive(Clone, Default)]
struct Unknown {
    lows: Vec<Dim>,
    highs: Vec<Dim>,
    /// It is one of two; what holds of both holds of it. Which of them, a condition may say.
    either: Option<(Value, Value, Option<Value>)>,
}

/// A polynomial with a bound for the sum of its coefficients.
#[derive(Clone)]
struct Form {
    dim: Dim,
    weight: i64,
}

struct Ranges<'f> {
    func: &'f Func,
    intervals: Intervals,
    forms: Side<Value, Option<Form>>,
    unknowns: FxHashMap<u32, Unknown>,
    /// What is not negative here.
    known: Vec<Dim>,
    /// Which size parameters are not negative.
    lengths: Vec<bool>,
    proven: &'f mut Side<Inst, bool>,
}

impl Ranges<'_> {
    /// Whether a polynomial without unknowns is not negative because no length is.
    fn plainly(&self, dim: &Dim, last: Option<Sym>) -> bool {
        let length = |s: Sym| self.lengths.get(s.0 as usize).copied().unwrap_or(false);
        last.is_none() && dim.lower_bound_if(0, &length).is_some_and(|least| least >= 0)
    }

    fn block(&mut self, block: Block) {
        let mark = self.known.len();
        for &inst in &self.func.blocks[block].insts {
            self.inst(inst);
        }
        self.known.truncate(mark);
    }

    fn inst(&mut self, inst: Inst) {
        let func = self.func;
        let data = &func.insts[inst];
        let mark = self.known.len();
        match &data.kind {
            Kind::Bounds { len, .. } => {
                let index = self.form(data.args[0]);
                let inside = len.clone() - Dim::constant(1) - index.clone();
                if self.prove(&index, FUEL) && self.prove(&inside, FUEL) {
                    self.proven.set(inst, true);
                }
                if func.data(data.args[0]).is_scalar() {
                    self.known.extend([index, inside]);
                }
                return;
            }
            Kind::SameSize(left, right) => {
                self.known.extend([left.clone() - right.clone(), right.clone() - left.clone()]);
                return;
            }
            Kind::NonNegative(dim) => {
                self.known.push(dim.clone());
                return;
            }
            Kind::Assert(_) => return self.assume(data.args[0], true),
            Kind::If { then, otherwise } => {
                self.assume(data.args[0], true);
                self.block(*then);
                self.known.truncate(mark);
                self.assume(data.args[0], false);
                self.block(*otherwise);
            }
            Kind::For { body } => {
                let last = self.form(data.args[0]) - Dim::constant(1);
                let params = &func.blocks[*body].params;
                self.bound(params[0], Dim::constant(0), last.clone());
                self.known.push(last);
                for (at, &param) in params[1..].iter().enumerate() {
                    if let Some(by) = step(func, param, func.blocks[*body].yields[at]) {
                        let init = self.weighed(data.args[at + 1]);
                        let counter = self.form(params[0]);
                        let weight = init.weight.saturating_add(by.saturating_abs());
                        if weight < MAX_WEIGHT {
                            self.forms.set(param, Some(Form { dim: init.dim + Dim::constant(by) * counter, weight }));
                        }
                    }
                }
                self.block(*body);
            }
            Kind::Map { extents, body, .. } => {
                for (&param, extent) in func.blocks[*body].params.iter().zip(extents) {
                    let last = extent.clone() - Dim::constant(1);
                    self.bound(param, Dim::constant(0), last.clone());
                    self.known.push(last);
                }
                self.block(*body);
            }
            Kind::While { test, body } => {
                for (at, &init) in data.args.iter().enumerate() {
                    let by = step(func, func.blocks[*body].params[at], func.blocks[*body].yields[at]);
                    if let Some(by) = by {
                        let init = self.form(init);
                        for block in [*test, *body] {
                            self.step_of(func.blocks[block].params[at], by, init.clone());
                        }
                    }
                }
                self.block(*test);
                // What the test says of its parameters holds of those of the body.
                let start = self.known.len();
                self.assume(func.blocks[*test].yields[0], true);
                let to: FxHashMap<Sym, Dim> = (func.blocks[*test].params.iter())
                    .zip(&func.blocks[*body].params)
                    .filter(|&(&from, _)| is_int(func, from))
                    .map(|(&from, &to)| (unknown(from), Dim::sym(unknown(to))))
                    .collect();
                for fact in &mut self.known[start..] {
                    *fact = fact.substitute(&|s| to.get(&s).cloned().unwrap_or_else(|| Dim::sym(s)));
                }
                self.block(*body);
            }
            _ => return,
        }
        self.known.truncate(mark);
    }

    fn bound(&mut self, value: Value, low: Dim, high: Dim) {
        let unknown = self.unknowns.entry(unknown(value).0).or_default();
        unknown.lows.push(low);
        unknown.highs.push(high);
        self.forms.set(value, Some(Form { dim: symbol(value), weight: 1 }));
    }

    fn step_of(&mut self, param: Value, by: i64, init: Dim) {
        let unknown = self.unknowns.entry(unknown(param).0).or_default();
        if by >= 0 {
            unknown.lows.push(init)
        } else {
            unknown.highs.push(init)
        }
        self.forms.set(param, Some(Form { dim: symbol(param), weight: 1 }));
    }

    /// Takes it for granted that a condition holds, or not.
    fn assume(&mut self, cond: Value, holds: bool) {
        let Some((Op::Prim(prim), args)) = pure(self.func, cond) else {
            return;
        };
        match (prim, holds) {
            (Prim::Not, _) => return self.assume(args[0], !holds),
            (Prim::And, true) | (Prim::Or, false) => {
                return args.iter().for_each(|&a| self.assume(a, holds));
            }
            _ => {}
        }
        if !args.iter().all(|&a| is_int(self.func, a)) {
            return;
        }
        let more = |a: &Dim, b: &Dim| a.clone() - b.clone();
        let one = Dim::constant(1);
        match (prim, holds) {
            (Prim::Lt, true) | (Prim::Ge, false) => {
                let (a, b) = (self.form(args[0]), self.form(args[1]));
                self.known.push(more(&b, &a) - one);
            }
            (Prim::Le, true) | (Prim::Gt, false) => {
                let (a, b) = (self.form(args[0]), self.form(args[1]));
                self.known.push(more(&b, &a));
            }
            (Prim::Gt, true) | (Prim::Le, false) => {
                let (a, b) = (self.form(args[0]), self.form(args[1]));
                self.known.push(more(&a, &b) - one);
            }
            (Prim::Ge, true) | (Prim::Lt, false) => {
                let (a, b) = (self.form(args[0]), self.form(args[1]));
                self.known.push(more(&a, &b));
            }
            (Prim::Eq, true) | (Prim::Ne, false) => {
                let (a, b) = (self.form(args[0]), self.form(args[1]));
                self.known.extend([more(&a, &b), more(&b, &a)]);
            }
            (Prim::Ne, true) | (Prim::Eq, false) => {
                let (a, b) = (self.form(args[0]), self.form(args[1]));
                for difference in [more(&a, &b), more(&b, &a)] {
                    if self.prove(&difference, FUEL / 2) {
                        self.known.push(difference - one.clone());
                    }
                }
            }
            _ => {}
        }
    }

    /// A value as a polynomial.
    fn form(&mut self, value: Value) -> Dim {
        self.weighed(value).dim
    }

    fn weighed(&mut self, value: Value) -> Form {
        if let Some(form) = &self.forms[value] {
            return form.clone();
        }
        let form = self.sum(value).filter(|form| form.weight < MAX_WEIGHT).unwrap_or_else(|| self.opaque(value));
        self.forms.set(value, Some(form.clone()));
        form
    }

    /// Sums and products of other values; of arrays, element by element.
    fn sum(&mut self, value: Value) -> Option<Form> {
        let (op, args) = pure(self.func, value)?;
        match (op, args) {
            (Op::Const(Const::I64(i)), _) => Some(Form { dim: Dim::constant(*i), weight: i.checked_abs()?.max(1) }),
            (Op::Size(dim), _) => Some(Form { dim: dim.clone(), weight: 1 << 16 }),
            (Op::Broadcast { axes, .. }, &[scalar]) if axes.is_empty() => Some(self.weighed(scalar)),
            (Op::Prim(Prim::StopGrad), &[x]) => Some(self.weighed(x)),
            (Op::Prim(Prim::Neg), &[x]) => {
                let x = self.weighed(x);
                Some(Form { dim: -x.dim, weight: x.weight })
            }
            (Op::Prim(prim @ (Prim::Add | Prim::Sub | Prim::Mul)), &[a, b]) => {
                let (a, b) = (self.weighed(a), self.weighed(b));
                let weight = match prim {
                    Prim::Mul => a.weight.saturating_mul(b.weight),
                    _ => a.weight.saturating_add(b.weight),
                };
                if weight >= MAX_WEIGHT {
                    return None;
                }
                let dim = match prim {
                    Prim::Add => a.dim + b.dim,
                    Prim::Sub => a.dim - b.dim,
                    _ => a.dim * b.dim,
                };
                Some(Form { dim, weight })
            }
            _ => None,
        }
    }

    /// A value as an unknown, with what is known of it.
    fn opaque(&mut self, value: Value) -> Form {
        let mut bounds = Unknown::default();
        let (low, high) = self.intervals.of[value];
        if low >= -MAX_SIZE {
            bounds.lows.push(Dim::constant(low));
        }
        if high <= MAX_SIZE {
            bounds.highs.push(Dim::constant(high));
        }
        match pure(self.func, value) {
            Some((Op::Iota(dim), _)) => {
                bounds.lows.push(Dim::constant(0));
                bounds.highs.push(dim.clone() - Dim::constant(1));
            }
            Some((Op::Prim(Prim::Min), &[a, b])) => {
                bounds.highs.extend([self.form(a), self.form(b)]);
                bounds.either = Some((a, b, None));
            }
            Some((Op::Prim(Prim::Max), &[a, b])) => {
                bounds.lows.extend([self.form(a), self.form(b)]);
                bounds.either = Some((a, b, None));
            }
            Some((Op::Prim(Prim::Select), &[cond, a, b])) => {
                bounds.either = Some((a, b, Some(cond)));
            }
            // It is there, so the divisor was not 0.
            Some((Op::Prim(Prim::Rem), &[_, by])) if self.intervals.of[by].0 >= 0 => {
                bounds.lows.push(Dim::constant(0));
                let by = self.form(by);
                bounds.highs.push(by - Dim::constant(1));
            }
            // Only what holds everywhere: not what can be proven here.
            Some((Op::Prim(Prim::FloorDiv), &[of, by]))
                if self.intervals.of[by].0 >= 0 && self.intervals.of[of].0 >= 0 =>
            {
                bounds.lows.push(Dim::constant(0));
                let of = self.form(of);
                bounds.highs.push(of);
            }
            _ => {}
        }
        let known = self.unknowns.entry(unknown(value).0).or_default();
        known.lows.append(&mut bounds.lows);
        known.highs.append(&mut bounds.highs);
        known.either = bounds.either;
        Form { dim: symbol(value), weight: 1 }
    }

    /// Whether a polynomial is certainly not negative.
    fn prove(&mut self, goal: &Dim, fuel: u32) -> bool {
        let last = last_unknown(goal);
        if self.plainly(goal, last) {
            return true;
        }
        let facts = self.known.len().saturating_sub(FACTS);
        if self.known[facts..].iter().any(|fact| {
            let rest = goal.clone() - fact.clone();
            self.plainly(&rest, last_unknown(&rest))
        }) {
            return true;
        }
        let (Some(symbol), Some(fuel)) = (last, fuel.checked_sub(1)) else {
            return false;
        };
        let replace = |by: &Dim| goal.substitute(&|s| if s == symbol { by.clone() } else { Dim::sym(s) });
        let slope = replace(&(Dim::sym(symbol) + Dim::constant(1))) - goal.clone();
        let unknowns = last_unknown(&slope);
        let rises = self.plainly(&slope, unknowns);
        if !rises && !self.plainly(&-slope, unknowns) {
            return false;
        }
        let Some(bounds) = self.unknowns.get(&symbol.0).cloned() else {
            return false;
        };
        let ends = if rises { &bounds.lows } else { &bounds.highs };
        if ends.iter().any(|end| self.prove(&replace(end), fuel)) {
            return true;
        }
        let Some((a, b, cond)) = bounds.either else {
            return false;
        };
        [(a, true), (b, false)].into_iter().all(|(one, holds)| {
            let mark = self.known.len();
            if let Some(cond) = cond.filter(|&c| self.func.data(c).is_scalar()) {
                self.assume(cond, holds);
            }
            let form = self.form(one);
            let proven = self.prove(&replace(&form), fuel);
            self.known.truncate(mark);
            proven
        })
    }
}

fn last_unknown(dim: &Dim) -> Option<Sym> {
    let mut last = None;
    dim.symbols(&mut |s| {
        if s.0 >= UNKNOWN {
            last = last.max(Some(s));
        }
    });
    last
}

fn unknown(value: Value) -> Sym {
    Sym(UNKNOWN + value.index() as u32)
}

fn symbol(value: Value) -> Dim {
    Dim::sym(unknown(value))
}

fn is_int(func: &Func, value: Value) -> bool {
    func.ty(value).data().is_some_and(|ty| ty.is_scalar() && ty.dtype == DType::I64)
}
