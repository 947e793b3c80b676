//! Residual rows: what a reverse region names and its forward region defines is kept on the tape, or computed again.
//!
//! ```text
//! v5 = for v1 (v0) { (v6, v7)                   v5 = for v1 (v0) { (v6, v7)
//!   v8 = sin v7                                   v8 = sin v7
//!   v9 = mul v8 v2                                v9 = mul v8 v2
//!   yield v9                                      push v7                   ; last
//! }                                               yield v9
//! v10 = for v1 (v3) { (v11, v12)           =>   }
//!   v13 = cos v7                                v10 = for v1 (v3) { (v11, v12)
//!   v14 = mul v2 v12                              v15 = pop                 ; first
//!   …                                             v13 = cos v15
//! ```
//!
//! Inner pairs come first: what they compute again names values of outer regions, which enter the rows of those. Not
//! kept are: constants, sizes and what is made of them; the index of a counted loop; short arithmetic, of scalars or
//! element by element, whose operands are at hand; elements of arrays that live at the top of the function. An array
//! that a loop carries is never kept for its elements: that would cost its length in each round.

use crate::ir::walk::{named_in, replace};
use crate::ir::{Block, Builder, Def, Func, Inst, Kind, Type, Value};
use adl_lang::ops::{Op, Sel};
use adl_lang::prims::Prim;
use rustc_hash::{FxHashMap, FxHashSet};

/// A forward region and the region that reverses it.
pub(super) struct Pair {
    /// Where values are defined.
    pub forward: Block,
    /// Where they are named.
    pub reverse: Block,
    /// The index of a counted loop in the forward region, and the last one, known before the reverse region. That has
    /// the number of its round as first parameter.
    pub counter: Option<(Value, Value)>,
}

/// Gives every pair its row. `top` is the block whose arrays stay readable throughout.
pub(super) fn keep(func: &mut Func, pairs: &[Pair], top: Option<Block>) {
    for pair in pairs {
        row(func, pair, top);
    }
}

fn row(func: &mut Func, pair: &Pair, top: Option<Block>) {
    let data = &func.blocks[pair.forward];
    let results = data.insts.iter().flat_map(|&inst| func.insts[inst].results.iter());
    let order: Vec<Value> = data.params.iter().chain(results).copied().collect();
    let defined: FxHashSet<Value> = order.iter().copied().collect();
    let mut named = FxHashSet::default();
    named_in(func, pair.reverse, &mut |v| {
        if defined.contains(&v) {
            named.insert(v);
        }
    });
    if named.is_empty() {
        return;
    }
    let mut choice = Choice {
        func,
        defined,
        top: top.map(|block| directly_in(func, block)).unwrap_or_default(),
        index: pair.counter.map(|(index, _)| index),
        kept: FxHashSet::default(),
        costs: FxHashMap::default(),
    };
    let mut kept = Vec::new();
    let mut again = Vec::new();
    for &value in order.iter().filter(|v| named.contains(v)) {
        if choice.cost(value).is_some_and(|cost| cost <= LIMIT) {
            again.push(value);
        } else {
            choice.kept.insert(value);
            kept.push(value);
        }
    }
    let map = pop(func, pair, &kept, &again);
    replace(func, pair.reverse, &|v| map.get(&v).copied().unwrap_or(v));
}

/// The most operations that stand in for one residual.
const LIMIT: u32 = 3;

/// The values that a block defines itself.
fn directly_in(func: &Func, block: Block) -> FxHashSet<Value> {
    let data = &func.blocks[block];
    let results = data.insts.iter().flat_map(|&inst| func.insts[inst].results.iter());
    data.params.iter().chain(results).copied().collect()
}

/// Decides what is computed again.
struct Choice<'a> {
    func: &'a Func,
    defined: FxHashSet<Value>,
    top: FxHashSet<Value>,
    index: Option<Value>,
    kept: FxHashSet<Value>,
    costs: FxHashMap<Value, Option<u32>>,
}

impl Choice<'_> {
    /// How many operations give the value from what is at hand in the reverse region; `None` if it must be kept.
    fn cost(&mut self, value: Value) -> Option<u32> {
        if !self.defined.contains(&value) || self.kept.contains(&value) {
            return Some(0);
        }
        if let Some(&cost) = self.costs.get(&value) {
            return cost;
        }
        // Only what comes before a named value is asked for, and that is decided; but it may be kept later.
        let cost = self.cost_again(value);
        self.costs.insert(value, cost);
        cost
    }

    fn cost_again(&mut self, value: Value) -> Option<u32> {
        if self.index == Some(value) {
            return Some(1);
        }
        let func = self.func;
        let Def::Result(inst, _) = func.values[value].def else {
            return None;
        };
        let data = &func.insts[inst];
        let Kind::Pure(op) = &data.kind else {
            return None;
        };
        if !cheap(op) {
            return None;
        }
        // Reading an element needs its array, which is at hand without more only at the top of the function.
        let reads = matches!(op, Op::Index(_));
        let mut cost = 1;
        for (k, &arg) in data.args.iter().enumerate() {
            if reads && k == 0 && (self.defined.contains(&arg) || !self.top.contains(&arg)) {
                return None;
            }
            cost += self.cost(arg)?;
        }
        Some(cost)
    }
}

/// Whether an operation may be run again instead of keeping its result. On arrays it is part of the loop that uses it,
/// and spares a copy to the tape and back.
fn cheap(op: &Op) -> bool {
    match op {
        Op::Const(_) | Op::Table(_) | Op::Size(_) | Op::Convert(_) | Op::Broadcast { .. } | Op::Iota(_) => true,
        Op::Index(sels) => sels.iter().all(|s| *s == Sel::At),
        Op::Prim(prim) => cheap_prim(*prim),
        Op::Reduce(..)
        | Op::ArgReduce { .. }
        | Op::Transpose(_)
        | Op::Reshape(_)
        | Op::Concat(_)
        | Op::Update(_)
        | Op::Acc(_)
        | Op::MatMul { .. }
        | Op::ArgSort
        | Op::Factor(_)
        | Op::Random(..)
        | Op::Host { .. } => false,
    }
}

fn cheap_prim(prim: Prim) -> bool {
    const CHEAP: &[Prim] = &[
        Prim::Add,
        Prim::Sub,
        Prim::Mul,
        Prim::FloorDiv,
        Prim::Rem,
        Prim::Neg,
        Prim::Min,
        Prim::Max,
        Prim::Abs,
        Prim::Eq,
        Prim::Ne,
        Prim::Lt,
        Prim::Le,
        Prim::Gt,
        Prim::Ge,
        Prim::And,
        Prim::Or,
        Prim::Not,
        Prim::Select,
        Prim::StopGrad,
    ];
    CHEAP.contains(&prim)
}

/// Pushes the kept values at the end of the forward region, pops them at the start of the reverse region and computes
/// the others again; gives what each value has become there.
fn pop(func: &mut Func, pair: &Pair, kept: &[Value], again: &[Value]) -> FxHashMap<Value, Value> {
    let place = func.span.into();
    let rest = std::mem::take(&mut func.blocks[pair.reverse].insts);
    let mut map = FxHashMap::default();
    if !kept.is_empty() {
        let mut types = vec![Type::Tape];
        types.extend(kept.iter().map(|&v| func.ty(v).clone()));
        Builder { func, block: pair.forward, place }.inst(Kind::Push, kept.to_vec(), vec![Type::Tape]);
        let row = Builder { func, block: pair.reverse, place }.results(Kind::Pop, Vec::new(), types);
        for (&value, &popped) in kept.iter().zip(&row[1..]) {
            map.insert(value, popped);
            func.share_name(value, popped);
        }
    }
    let forward: FxHashSet<Inst> = func.blocks[pair.forward].insts.iter().copied().collect();
    let mut copies = Again { pair, forward, map };
    for &value in again {
        copies.value(func, value);
    }
    func.blocks[pair.reverse].insts.extend(rest);
    copies.map
}

struct Again<'a> {
    pair: &'a Pair,
    forward: FxHashSet<Inst>,
    map: FxHashMap<Value, Value>,
}

impl Again<'_> {
    fn value(&mut self, func: &mut Func, value: Value) -> Value {
        if let Some(&done) = self.map.get(&value) {
            return done;
        }
        let block = self.pair.reverse;
        let new = match (self.pair.counter, func.values[value].def) {
            (Some((index, last)), _) if index == value => {
                let round = func.blocks[block].params[0];
                Builder { block, place: func.span.into(), func }.sub(last, round)
            }
            (_, Def::Result(inst, _)) if self.forward.contains(&inst) => {
                let data = func.insts[inst].clone();
                let args = data.args.iter().map(|&a| self.value(func, a)).collect();
                let ty = func.ty(value).clone();
                Builder { func, block, place: data.place }.results(data.kind, args, vec![ty])[0]
            }
            (_, Def::Param(..) | Def::Result(..)) => return value,
        };
        self.map.insert(value, new);
        func.share_name(value, new);
        new
    }
}
