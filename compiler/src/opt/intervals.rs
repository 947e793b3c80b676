//! Between which numbers each whole number lies: which arithmetic needs no overflow check.
//!
//! ```text
//! v1 = size s0                       ; 0 … 2⁴⁸
//! v2 = for v1 (v0) { (v3, v4)        ; v3: 0 … 2⁴⁸ − 1
//!   v5 = add v3 1                    ; 1 … 2⁴⁸: cannot overflow
//! ```
//!
//! One walk; carries of loops are unknown, but for those that step by a constant.

use super::edit::{int, pure};
use crate::ir::entity::Side;
use crate::ir::{Block, Func, Inst, Kind, MAX_SIZE, Value};
use adl_lang::ops::{Const, Op};
use adl_lang::prims::Prim;
use adl_lang::types::{DType, Dim};

/// The least and the greatest number a value can be.
pub type Interval = (i64, i64);

/// Nothing is known.
pub const ANY: Interval = (i64::MIN, i64::MAX);

/// Which `add`, `sub`, `mul`, `neg` of whole numbers certainly do not overflow: for the code generator.
pub fn no_overflow(func: &Func) -> Side<Inst, bool> {
    Intervals::new(func).safe
}

/// What is known of the whole numbers of a function; of arrays, for each element.
pub struct Intervals {
    /// Of each value.
    pub of: Side<Value, Interval>,
    safe: Side<Inst, bool>,
}

impl Intervals {
    /// Analyses a function.
    pub fn new(func: &Func) -> Intervals {
        let mut intervals = Intervals { of: Side::new(ANY), safe: Side::new(false) };
        intervals.block(func, func.body);
        intervals
    }

    fn block(&mut self, func: &Func, block: Block) {
        for &inst in &func.blocks[block].insts {
            self.before(func, inst);
            for inner in func.insts[inst].kind.blocks() {
                self.block(func, inner);
            }
            self.after(func, inst);
        }
    }

    /// Parameters of blocks.
    fn before(&mut self, func: &Func, inst: Inst) {
        let data = &func.insts[inst];
        match &data.kind {
            Kind::For { body } => {
                let most = self.of[data.args[0]].1;
                let params = &func.blocks[*body].params;
                self.of.set(params[0], (0, most.saturating_sub(1).max(0)));
                for (at, &param) in params[1..].iter().enumerate() {
                    if let Some(step) = step(func, param, func.blocks[*body].yields[at]) {
                        let (low, high) = self.of[data.args[at + 1]];
                        let rounds = i128::from(most.max(0));
                        let last = i128::from(step) * (rounds - 1).max(0);
                        let wide = (i128::from(low) + last.min(0), i128::from(high) + last.max(0));
                        self.of.set(param, clamp(wide));
                    }
                }
            }
            Kind::Map { extents, body, .. } => {
                for (&param, extent) in func.blocks[*body].params.iter().zip(extents) {
                    self.of.set(param, (0, most(extent).saturating_sub(1).max(0)));
                }
            }
            _ => {}
        }
    }

    /// Results.
    fn after(&mut self, func: &Func, inst: Inst) {
        let data = &func.insts[inst];
        match &data.kind {
            Kind::Pure(op) => {
                let result = data.results[0];
                if func.data(result).dtype != DType::I64 {
                    return;
                }
                let (interval, fits) = self.pure(func, op, &data.args);
                self.of.set(result, interval);
                self.safe.set(inst, fits);
            }
            Kind::If { then, otherwise } => {
                for (at, &result) in data.results.iter().enumerate() {
                    let (a, b) = (func.blocks[*then].yields[at], func.blocks[*otherwise].yields[at]);
                    self.of.set(result, union(self.of[a], self.of[b]));
                }
            }
            Kind::For { body } => {
                for (at, &result) in data.results.iter().enumerate() {
                    let after = self.of[func.blocks[*body].yields[at]];
                    self.of.set(result, union(self.of[data.args[at + 1]], after));
                }
            }
            Kind::Map { body, accs, .. } => {
                for (&result, &lane) in data.results[..data.results.len() - accs].iter().zip(&func.blocks[*body].yields)
                {
                    self.of.set(result, self.of[lane]);
                }
            }
            _ => {}
        }
    }

    /// The interval of a result, and whether it fits without a check.
    fn pure(&self, func: &Func, op: &Op, args: &[Value]) -> (Interval, bool) {
        let of = |at: usize| self.of[args[at]];
        match op {
            Op::Const(Const::I64(i)) => ((*i, *i), true),
            Op::Table(table) => {
                let whole = |entry: &Const| if let Const::I64(i) = entry { (*i, *i) } else { ANY };
                (table.entries().iter().map(whole).reduce(union).unwrap_or(ANY), true)
            }
            Op::Size(dim) => (size(func, dim), true),
            Op::Iota(dim) => ((0, most(dim).saturating_sub(1).max(0)), true),
            Op::Prim(prim) => self.prim(*prim, args),
            Op::Convert(_) if func.data(args[0]).dtype == DType::Bool => ((0, 1), true),
            Op::Broadcast { .. } | Op::Reshape(_) | Op::Transpose(_) | Op::Index(_) => (of(0), true),
            Op::Update(_) => (union(of(0), of(1)), true),
            Op::Concat(_) => (args.iter().map(|&a| self.of[a]).reduce(union).unwrap_or(ANY), true),
            Op::ArgReduce { .. } | Op::ArgSort => ((0, MAX_SIZE), true),
            _ => (ANY, false),
        }
    }

    fn prim(&self, prim: Prim, args: &[Value]) -> (Interval, bool) {
        let wide = |at: usize| (i128::from(self.of[args[at]].0), i128::from(self.of[args[at]].1));
        let checked = |(low, high): (i128, i128)| {
            let fits = low >= i128::from(i64::MIN) && high <= i128::from(i64::MAX);
            (clamp((low, high)), fits)
        };
        match prim {
            Prim::Add => checked((wide(0).0 + wide(1).0, wide(0).1 + wide(1).1)),
            Prim::Sub => checked((wide(0).0 - wide(1).1, wide(0).1 - wide(1).0)),
            Prim::Neg => checked((-wide(0).1, -wide(0).0)),
            Prim::Mul => {
                let ((a, b), (c, d)) = (wide(0), wide(1));
                let corners = [a * c, a * d, b * c, b * d];
                let (low, high) = corners.iter().fold((i128::MAX, i128::MIN), |(l, h), &x| (l.min(x), h.max(x)));
                checked((low, high))
            }
            Prim::Min => (clamp((wide(0).0.min(wide(1).0), wide(0).1.min(wide(1).1))), true),
            Prim::Max => (clamp((wide(0).0.max(wide(1).0), wide(0).1.max(wide(1).1))), true),
            Prim::Select => (union(self.of[args[1]], self.of[args[2]]), true),
            Prim::StopGrad => (self.of[args[0]], true),
            Prim::Sign => ((-1, 1), true),
            Prim::Abs => {
                let (low, high) = wide(0);
                let least = if low > 0 {
                    low
                } else if high < 0 {
                    -high
                } else {
                    0
                };
                checked((least, high.max(-low)))
            }
            Prim::Rem if wide(1).0 > 0 => (clamp((0, wide(1).1 - 1)), true),
            Prim::FloorDiv if wide(1).0 > 0 => {
                let (low, high) = wide(0);
                let by = wide(1);
                let low = if low < 0 { low.div_euclid(by.0) } else { low / by.1 };
                let high = if high < 0 { high.div_euclid(by.1) } else { high / by.0 };
                (clamp((low, high)), true)
            }
            _ => (ANY, false),
        }
    }
}

/// What a carry grows by in each round, if that is a constant.
pub fn step(func: &Func, param: Value, next: Value) -> Option<i64> {
    match pure(func, next)? {
        (Op::Prim(Prim::Add), &[a, b]) if a == param => int(func, b),
        (Op::Prim(Prim::Add), &[a, b]) if b == param => int(func, a),
        (Op::Prim(Prim::Sub), &[a, b]) if a == param => int(func, b)?.checked_neg(),
        _ => None,
    }
}

/// Between which numbers a dimension lies that may be no size, such as `n - 1`.
fn size(func: &Func, dim: &Dim) -> Interval {
    match dim.eval(&|_| 0) {
        Some(number) if dim.as_const().is_some() => (number, number),
        _ if func.least(dim).is_none() => ANY,
        Some(more)
            if (-MAX_SIZE..=MAX_SIZE).contains(&more) && (dim.clone() - Dim::constant(more)).as_sym().is_some() =>
        {
            (more, MAX_SIZE + more)
        }
        _ => (func.least(dim).unwrap_or(i64::MIN), i64::MAX),
    }
}

/// The greatest number an extent can be.
fn most(dim: &Dim) -> i64 {
    dim.as_const().unwrap_or(MAX_SIZE)
}

fn union(a: Interval, b: Interval) -> Interval {
    (a.0.min(b.0), a.1.max(b.1))
}

fn clamp((low, high): (i128, i128)) -> Interval {
    let clamp = |x: i128| x.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64;
    (clamp(low), clamp(high))
}
