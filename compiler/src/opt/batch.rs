//! Turns the lanes of a `map` into larger array operations, where that makes one product of many.
//!
//! ```text
//! v3 = map [n] () { (v4: i64)                   v5 = matmul v2 v0'           ; all lanes at once
//!   v5 = index v2 [v4, :]                       v6 = broadcast [n, m] [1] v1
//!   v6 = reshape [k, 1] v5            =>        v7 = add v5 v6
//!   v7 = matmul v0 v6                           v3 = tanh v7
//!   …
//! }
//! ```
//!
//! A value of the body is *uniform*, the same in all lanes; or it is *lifted*:
//! an array outside that has the extents as its leading axes (`lift`); or it stays in a lane.
//! What has no form for all lanes at once (branches, loops, calls, checks with a message) stays in a `map`
//! of what must stay, which reads rows of what was lifted and ends when a product needs what it computes.
//! So a body of products around a `while` becomes product, map, product.
//!
//! This pays where a product has one operand for all lanes: then the lanes are rows of one matrix (`product`);
//! and where a loop carries something that is the same in all lanes, as the primal is for many tangents:
//! then it is computed once (`loops`). Other maps stay as they are (`worth`):
//! their operations are fused, and what is lifted takes memory for all lanes. Checks of one lane keep their order;
//! where several lanes would fail, another one may be reported than without this pass. A map that prints is left alone.

mod lift;
mod loops;
mod product;
mod worth;

use super::edit::{Renames, copy, detached, detached_pure};
use super::effects::{Effects, may_fail};
use crate::ir::walk::{named, throughout};
use crate::ir::{Block, Func, Inst, Kind, Place, Type, Value};
use adl_lang::defect;
use adl_lang::ops::{Op, Sel};
use adl_lang::types::{DType, Dim, Ty};
use rustc_hash::{FxHashMap, FxHashSet};

pub use worth::Aim;

/// Batches the maps of a function for which it pays, inner ones first.
pub fn batch(func: &mut Func, effects: &Effects, aim: Aim) {
    let body = func.body;
    block(func, body, &mut Renames::new(), effects, aim);
}

fn block(func: &mut Func, at: Block, renames: &mut Renames, effects: &Effects, aim: Aim) {
    let mut out = Vec::new();
    for inst in std::mem::take(&mut func.blocks[at].insts) {
        renames.apply(&mut func.insts[inst].args);
        for inner in func.insts[inst].kind.blocks() {
            block(func, inner, renames, effects, aim);
        }
        let loops = worth::loops(func, inst, effects, aim);
        let batched = loops.map(|loops| Lanes::new(func, inst, effects, loops).run(inst));
        match batched {
            Some((insts, values)) => {
                out.extend(insts);
                for (&old, new) in func.insts[inst].results.iter().zip(values) {
                    renames.set(old, new);
                }
            }
            None => out.push(inst),
        }
    }
    func.blocks[at].insts = out;
    renames.apply(&mut func.blocks[at].yields);
}

/// What a value of the body is outside.
#[derive(Clone, Copy)]
enum State {
    /// The same in all lanes.
    Uniform(Value),
    /// The position along an extent.
    Position(usize),
    /// An array of all lanes.
    Lifted(Value),
    /// Known in a lane alone.
    Inside,
}

/// A map that is taken apart.
struct Lanes<'f> {
    func: &'f mut Func,
    effects: &'f Effects,
    /// The loops that leave the lanes.
    loops: FxHashSet<Inst>,
    extents: Vec<Dim>,
    params: Vec<Value>,
    states: FxHashMap<Value, State>,
    /// Where in the body each value is named last.
    last: FxHashMap<Value, usize>,
    /// What was made outside.
    out: Vec<Inst>,
    /// What stays in lanes, for now.
    segment: Vec<Inst>,
    /// Whether the segment checks something, or may not end: what could fail must not come before it.
    guarded: bool,
    /// Whether we stand in a loop outside: there certainly is a lane, so what is uniform may fail.
    in_loop: bool,
    place: Place,
}

impl<'f> Lanes<'f> {
    fn new(func: &'f mut Func, map: Inst, effects: &'f Effects, loops: FxHashSet<Inst>) -> Lanes<'f> {
        let place = func.insts[map].place;
        let (extents, body) = match &func.insts[map].kind {
            Kind::Map { extents, body, .. } => (extents.clone(), *body),
            other => defect!("{other:?} is taken apart as a map"),
        };
        let params = func.blocks[body].params.clone();
        let states = params.iter().enumerate().map(|(k, &p)| (p, State::Position(k))).collect();
        let mut last = FxHashMap::default();
        for (at, &inst) in func.blocks[body].insts.iter().enumerate() {
            named(func, inst, &mut |v| {
                last.insert(v, at);
            });
        }
        last.extend(func.blocks[body].yields.iter().map(|&v| (v, usize::MAX)));
        let (out, segment) = (Vec::new(), Vec::new());
        Lanes {
            func,
            effects,
            loops,
            extents,
            params,
            states,
            last,
            out,
            segment,
            guarded: false,
            in_loop: false,
            place,
        }
    }

    /// The instructions that stand for the map, and its results.
    fn run(mut self, map: Inst) -> (Vec<Inst>, Vec<Value>) {
        let Kind::Map { body, .. } = self.func.insts[map].kind else {
            return (vec![map], self.func.insts[map].results.clone());
        };
        for (at, inst) in self.func.blocks[body].insts.clone().into_iter().enumerate() {
            self.place = self.func.insts[inst].place;
            self.place(at, inst);
        }
        self.close(usize::MAX);
        let yields = self.func.blocks[body].yields.clone();
        let values = yields.into_iter().map(|y| self.lifted(y)).collect();
        (self.out, values)
    }

    /// Lifts an instruction, or lets it stay in the lanes.
    fn place(&mut self, at: usize, inst: Inst) {
        let data = self.func.insts[inst].clone();
        let inside = |s: &Self, v: &Value| matches!(s.state(*v), State::Inside);
        match &data.kind {
            Kind::Pure(op) => {
                let shared =
                    product::shares(self.func, op, &data.args, &|v| !matches!(self.state(v), State::Uniform(_)));
                if shared && data.args.iter().any(|v| inside(self, v)) {
                    self.close(at);
                }
                if !data.args.iter().any(|v| inside(self, v)) {
                    if self.guarded && may_fail(self.func, op, &data.args) {
                        self.close(at);
                    }
                    if let Some(state) = self.lift(op, &data.args) {
                        self.states.insert(data.results[0], state);
                        return;
                    }
                }
            }
            Kind::Bounds { .. } if !inside(self, &data.args[0]) => {
                if self.guarded {
                    self.close(at);
                }
                let positions = self.lifted(data.args[0]);
                self.emit(data.kind, vec![positions], Vec::new());
                return;
            }
            Kind::For { .. } | Kind::While { .. } if self.loops.contains(&inst) => {
                let mut outside = true;
                named(self.func, inst, &mut |v| outside &= !inside(self, &v));
                if !outside || self.guarded && !self.effects.speculable(self.func, inst) {
                    self.close(at);
                }
                if self.lift_loop(inst).is_some() {
                    return;
                }
            }
            _ => {}
        }
        self.states.extend(data.results.iter().map(|&r| (r, State::Inside)));
        self.guarded |= !throughout(self.func, inst, &|inst| !self.effects.has(self.func, inst));
        self.segment.push(inst);
    }

    fn state(&self, value: Value) -> State {
        // What the body does not define is the same in all lanes.
        self.states.get(&value).copied().unwrap_or(State::Uniform(value))
    }

    fn emit(&mut self, kind: Kind, args: Vec<Value>, results: Vec<Type>) -> Vec<Value> {
        let inst = detached(self.func, kind, args, results, self.place);
        self.out.push(inst);
        self.func.insts[inst].results.clone()
    }

    fn pure(&mut self, op: Op, args: &[Value]) -> Value {
        let (inst, value) = detached_pure(self.func, op, args.to_vec(), self.place);
        self.out.push(inst);
        value
    }

    /// The array of a value in all lanes.
    fn lifted(&mut self, value: Value) -> Value {
        match self.state(value) {
            State::Lifted(all) => all,
            State::Position(axis) => {
                let positions = self.pure(Op::Iota(self.extents[axis].clone()), &[]);
                self.pure(Op::Broadcast { dims: self.extents.clone(), axes: vec![axis] }, &[positions])
            }
            State::Uniform(one) => {
                let dims = self.all_of(&self.func.data(one).dims.clone());
                let axes = (self.extents.len()..dims.len()).collect();
                self.pure(Op::Broadcast { dims, axes }, &[one])
            }
            State::Inside => defect!("{value} is asked for before its segment is closed"),
        }
    }

    /// The shape in all lanes of what has a shape in one.
    fn all_of(&self, dims: &[Dim]) -> Vec<Dim> {
        self.extents.iter().chain(dims).cloned().collect()
    }

    /// The type of a value outside: of one lane, or of all.
    fn type_of(&self, value: Value, lifted: bool) -> Ty {
        let ty = self.func.data(value);
        if lifted { Ty::array(ty.dtype, self.all_of(&ty.dims)) } else { ty.clone() }
    }

    /// Makes a map of the segment; what is named from position `at` on is lifted.
    fn close(&mut self, at: usize) {
        let segment = std::mem::take(&mut self.segment);
        self.guarded = false;
        if segment.is_empty() {
            return;
        }
        let block = self.func.block();
        let mut known: FxHashMap<Value, Value> = FxHashMap::default();
        let mut index = Vec::new();
        for &param in &self.params {
            let position = self.func.param(block, Type::Data(Ty::scalar(DType::I64)));
            known.insert(param, position);
            index.push(position);
        }
        let (mut insts, mut outputs) = (Vec::new(), Vec::new());
        for &inst in &segment {
            let mut wanted = Vec::new();
            named(self.func, inst, &mut |v| wanted.push(v));
            for value in wanted {
                if known.contains_key(&value) {
                    continue;
                }
                match self.state(value) {
                    State::Lifted(all) => {
                        let rank = self.func.data(all).rank() - index.len();
                        let sels = [vec![Sel::At; index.len()], vec![Sel::All; rank]].concat();
                        let args = [&[all], &index[..]].concat();
                        let (row, part) = detached_pure(self.func, Op::Index(sels), args, self.place);
                        insts.push(row);
                        known.insert(value, part);
                    }
                    State::Uniform(one) => {
                        known.insert(value, one);
                    }
                    State::Position(_) | State::Inside => {}
                }
            }
            let inner = copy(self.func, inst, &mut known);
            insts.push(inner);
            let results = &self.func.insts[inst].results;
            outputs.extend(results.iter().copied().filter(|r| self.last.get(r).is_some_and(|&last| last >= at)));
        }
        self.func.blocks[block].insts = insts;
        self.func.blocks[block].yields = outputs.iter().map(|v| known[v]).collect();
        let types = outputs.iter().map(|&v| Type::Data(self.type_of(v, true))).collect();
        let kind = Kind::Map { extents: self.extents.clone(), body: block, accs: 0 };
        let all = self.emit(kind, Vec::new(), types);
        self.states.extend(outputs.into_iter().zip(all).map(|(v, all)| (v, State::Lifted(all))));
    }
}
