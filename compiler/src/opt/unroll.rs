//! Small maps and loops with a constant number of rounds become straight code.
//!
//! ```text
//! v1 = map 2 { (v2)                 v5 = const 0;  v6 = const 1
//!   v3 = index v0 [at v2]     =>    v7 = index v0 [at v5];  v8 = index v0 [at v6]
//!   yield v3                        v1 = concat (broadcast v7) (broadcast v8)
//! }
//! ```
//!
//! This is what makes positions constant, so that small arrays can become scalars. A lane that is an array is given a
//! first axis before the lanes are joined.

use super::edit::{Renames, constant, copy, detached_pure};
use super::scalarize::plan::MAX_SCALARIZED;
use crate::ir::walk::walk;
use crate::ir::{Block, Func, Inst, Kind, Value};
use adl_lang::ops::{Const, Op};
use adl_lang::types::Dim;
use rustc_hash::FxHashMap;

/// What is unrolled has at most so many instructions in all.
pub const MAX_UNROLLED: usize = 160;
/// A function stops growing by unrolling at so many instructions.
const BUDGET: usize = 4000;

/// Unrolls small maps and loops of a function.
pub fn unroll(func: &mut Func) {
    let (mut size, mut any) = (0, false);
    walk(func, func.body, &mut |_, inst| {
        size += 1;
        any |= matches!(func.insts[inst].kind, Kind::For { .. } | Kind::Map { .. });
    });
    if any {
        let body = func.body;
        Unroll { func, renames: Renames::new(), size }.block(body);
    }
}

struct Unroll<'f> {
    func: &'f mut Func,
    renames: Renames,
    size: usize,
}

impl Unroll<'_> {
    fn block(&mut self, block: Block) {
        for inst in std::mem::take(&mut self.func.blocks[block].insts) {
            self.renames.apply(&mut self.func.insts[inst].args);
            for inner in self.func.insts[inst].kind.blocks() {
                self.block(inner);
            }
            match (self.rounds(inst), self.func.insts[inst].kind.clone()) {
                (Some(dims), Kind::Map { body, .. }) => self.map(inst, body, &dims, block),
                (Some(dims), Kind::For { body }) => self.round_by_round(inst, body, dims[0], block),
                _ => self.func.blocks[block].insts.push(inst),
            }
        }
        self.renames.apply(&mut self.func.blocks[block].yields);
    }

    /// The extents, or the count, of what is small enough.
    fn rounds(&self, inst: Inst) -> Option<Vec<i64>> {
        let data = &self.func.insts[inst];
        let (dims, body) = match &data.kind {
            Kind::For { body } => match constant(self.func, data.args[0])? {
                Const::I64(count) => (vec![count], *body),
                Const::Bool(_) | Const::F32(_) | Const::F64(_) => return None,
            },
            Kind::Map { extents, body, .. } => {
                (extents.iter().map(Dim::as_const).collect::<Option<Vec<i64>>>()?, *body)
            }
            _ => return None,
        };
        let rounds = dims.iter().try_fold(1, |n: usize, &d| n.checked_mul(usize::try_from(d).ok()?))?;
        let mut size = 0;
        let mut loops = false;
        walk(self.func, body, &mut |_, inner| {
            size += 1;
            loops |= !matches!(self.func.insts[inner].kind, Kind::Pure(_) | Kind::Bounds { .. } | Kind::If { .. });
        });
        let grown = size * rounds;
        let fits = (1..=MAX_SCALARIZED).contains(&rounds) && grown <= MAX_UNROLLED && self.size + grown <= BUDGET;
        (fits && !loops).then_some(dims)
    }

    /// Pastes one round; gives what it yields.
    fn paste(&mut self, body: Block, args: Vec<Value>, to: Block) -> Vec<Value> {
        let mut map: FxHashMap<Value, Value> = self.func.blocks[body].params.iter().copied().zip(args).collect();
        for inst in self.func.blocks[body].insts.clone() {
            let inst = copy(self.func, inst, &mut map);
            self.func.blocks[to].insts.push(inst);
            self.size += 1;
        }
        self.func.blocks[body].yields.iter().map(|v| *map.get(v).unwrap_or(v)).collect()
    }

    fn round_by_round(&mut self, inst: Inst, body: Block, count: i64, to: Block) {
        let mut carries = self.func.insts[inst].args[1..].to_vec();
        for i in 0..count {
            let mut args = vec![self.emit(inst, Op::Const(Const::I64(i)), Vec::new(), to)];
            args.append(&mut carries);
            carries = self.paste(body, args, to);
        }
        for (at, value) in carries.into_iter().enumerate() {
            self.renames.set(self.func.insts[inst].results[at], value);
        }
    }

    fn map(&mut self, inst: Inst, body: Block, dims: &[i64], to: Block) {
        let mut accs = self.func.insts[inst].args.clone();
        let lanes = self.func.insts[inst].results.len() - accs.len();
        let mut columns: Vec<Vec<Value>> = vec![Vec::new(); lanes];
        let rounds: i64 = dims.iter().product();
        for round in 0..rounds {
            let mut rest = round;
            let mut index: Vec<i64> = dims.iter().rev().map(|d| (rest % d, rest /= d).0).collect();
            index.reverse();
            let mut args: Vec<Value> =
                index.into_iter().map(|i| self.emit(inst, Op::Const(Const::I64(i)), Vec::new(), to)).collect();
            args.append(&mut accs);
            let mut yields = self.paste(body, args, to);
            accs = yields.split_off(lanes);
            columns.iter_mut().zip(yields).for_each(|(column, lane)| column.push(lane));
        }
        for (at, column) in columns.into_iter().enumerate() {
            let array = self.join(inst, at, column, to);
            self.renames.set(self.func.insts[inst].results[at], array);
        }
        for (at, acc) in accs.into_iter().enumerate() {
            self.renames.set(self.func.insts[inst].results[lanes + at], acc);
        }
    }

    /// The array of all lanes.
    fn join(&mut self, inst: Inst, at: usize, lanes: Vec<Value>, to: Block) -> Value {
        let dims = self.func.data(self.func.insts[inst].results[at]).dims.clone();
        let rank = self.func.data(lanes[0]).rank();
        let parts = lanes
            .into_iter()
            .map(|lane| {
                let mut dims = vec![Dim::constant(1)];
                dims.extend(self.func.data(lane).dims.iter().cloned());
                self.emit(inst, Op::Broadcast { dims, axes: (1..=rank).collect() }, vec![lane], to)
            })
            .collect();
        let list = self.emit(inst, Op::Concat(0), parts, to);
        if *dims == self.func.data(list).dims { list } else { self.emit(inst, Op::Reshape(dims), vec![list], to) }
    }

    fn emit(&mut self, at: Inst, op: Op, args: Vec<Value>, to: Block) -> Value {
        let place = self.func.insts[at].place;
        let (inst, value) = detached_pure(self.func, op, args, place);
        self.func.blocks[to].insts.push(inst);
        value
    }
}
