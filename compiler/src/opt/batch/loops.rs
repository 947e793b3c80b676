//! Loops whose rounds are the same in all lanes: one loop that carries what is the same once,
//! and the rest for all lanes.
//!
//! ```text
//! map [n] () { …                                              v8, v9 = for v1 (x, dx) { (i, p, q: [n])
//!   v3, v4 = for v1 (x, v2) { (i, p, q)                         …        ; p once, q for all lanes
//!     …                                             =>          yield …
//!   }                                                         }
//! ```
//!
//! With the primal the same and a tangent in each lane this is forward mode with many tangents at once.

use super::{Lanes, State};
use crate::ir::{Block, Inst, Kind, Type, Value};
use adl_lang::ops::{Const, Op};
use adl_lang::prims::Prim;
use adl_lang::types::Ty;

impl Lanes<'_> {
    /// A loop outside of all lanes, which runs if there is a lane; or nothing, and nothing is changed.
    pub(super) fn lift_loop(&mut self, inst: Inst) -> Option<()> {
        let (states, insts) = (self.states.clone(), self.out.len());
        let lifted = self.guarded_loop(inst);
        if lifted.is_none() {
            self.states = states;
            self.out.truncate(insts);
        }
        lifted
    }

    fn guarded_loop(&mut self, inst: Inst) -> Option<()> {
        if self.in_loop || self.extents.iter().all(|e| self.func.least(e).is_some_and(|least| least > 0)) {
            let outer = std::mem::replace(&mut self.in_loop, true);
            let lifted = self.lift_inst(inst);
            self.in_loop = outer;
            return lifted;
        }
        let before = std::mem::take(&mut self.out);
        self.in_loop = true;
        let lifted = self.lift_inst(inst);
        self.in_loop = false;
        let insts = std::mem::replace(&mut self.out, before);
        lifted?;
        let results = self.func.insts[inst].results.clone();
        let outside: Vec<(bool, Value)> = results
            .iter()
            .map(|&r| match self.state(r) {
                State::Lifted(all) => (true, all),
                State::Uniform(one) => (false, one),
                State::Position(_) | State::Inside => (false, r),
            })
            .collect();
        let types: Vec<Type> = outside.iter().map(|&(_, v)| self.func.ty(v).clone()).collect();
        let then = self.func.block();
        self.func.blocks[then].insts = insts;
        self.func.blocks[then].yields = outside.iter().map(|&(_, v)| v).collect();
        // Without lanes nobody reads what is uniform.
        let otherwise = self.region(|s| types.iter().filter_map(Type::data).map(|ty| s.zero(ty)).collect());
        let zero = self.pure(Op::Const(Const::I64(0)), &[]);
        let mut some = None;
        for extent in self.extents.clone() {
            let size = self.pure(Op::Size(extent), &[]);
            let one = self.pure(Op::Prim(Prim::Gt), &[size, zero]);
            some = Some(some.map_or(one, |all| self.pure(Op::Prim(Prim::And), &[all, one])));
        }
        let values = self.emit(Kind::If { then, otherwise }, vec![some?], types);
        for ((result, (lifted, _)), value) in results.into_iter().zip(outside).zip(values) {
            self.states.insert(result, if lifted { State::Lifted(value) } else { State::Uniform(value) });
        }
        Some(())
    }

    fn zero(&mut self, ty: &Ty) -> Value {
        let zero = self.pure(Op::Const(Const::of(ty.dtype, 0.0)), &[]);
        if ty.is_scalar() {
            return zero;
        }
        self.pure(Op::Broadcast { dims: ty.dims.clone(), axes: Vec::new() }, &[zero])
    }

    /// A new block that yields what `f` gives, with what `f` makes.
    fn region(&mut self, f: impl FnOnce(&mut Self) -> Vec<Value>) -> Block {
        let before = std::mem::take(&mut self.out);
        let yields = f(self);
        let insts = std::mem::replace(&mut self.out, before);
        let block = self.func.block();
        self.func.blocks[block].insts = insts;
        self.func.blocks[block].yields = yields;
        block
    }

    /// An instruction where a lane certainly runs; nothing if it has no form for all lanes.
    fn lift_inst(&mut self, inst: Inst) -> Option<()> {
        let data = self.func.insts[inst].clone();
        self.place = data.place;
        match &data.kind {
            Kind::Pure(op) => {
                let state = self.lift(op, &data.args)?;
                self.states.insert(data.results[0], state);
            }
            Kind::Bounds { .. } => {
                let positions = match self.state(data.args[0]) {
                    State::Uniform(one) => one,
                    State::Position(_) | State::Lifted(_) | State::Inside => self.lifted(data.args[0]),
                };
                self.emit(data.kind, vec![positions], Vec::new());
            }
            Kind::NonNegative(_) | Kind::SameSize(..) | Kind::Assert(_) => {
                let args = self.uniform(&data.args)?;
                self.emit(data.kind, args, Vec::new());
            }
            &Kind::If { then, otherwise } => {
                let condition = self.uniform(&data.args)?;
                // What one branch leaves the same in all lanes may vary in the other.
                let mut lifted = vec![false; data.results.len()];
                let blocks = loop {
                    let before = lifted.clone();
                    let then = self.lift_block(then, &[], &mut lifted)?;
                    let otherwise = self.lift_block(otherwise, &[], &mut lifted)?;
                    if before == lifted {
                        break (then, otherwise);
                    }
                };
                let kind = Kind::If { then: blocks.0, otherwise: blocks.1 };
                self.results(kind, condition, &data.results, &lifted);
            }
            &Kind::For { body } => {
                let count = self.uniform(&data.args[..1])?;
                let mut lifted = self.vary(&data.args[1..]);
                let body = self.settled(body, &mut lifted, 1)?;
                let args = [count, self.carried(&data.args[1..], &lifted)].concat();
                self.results(Kind::For { body }, args, &data.results, &lifted);
            }
            &Kind::While { test, body } => {
                let mut lifted = self.vary(&data.args);
                let new = self.settled(body, &mut lifted, 0)?;
                let mut decided = vec![false];
                let test = self.lift_with(test, &lifted, 0, &mut decided)?;
                if decided[0] {
                    return None;
                }
                let args = self.carried(&data.args, &lifted);
                self.results(Kind::While { test, body: new }, args, &data.results, &lifted);
            }
            _ => return None,
        }
        Some(())
    }

    fn vary(&self, values: &[Value]) -> Vec<bool> {
        values.iter().map(|&v| !matches!(self.state(v), State::Uniform(_))).collect()
    }

    /// Values as they are carried.
    fn carried(&mut self, values: &[Value], lifted: &[bool]) -> Vec<Value> {
        values.iter().zip(lifted).map(|(&v, &all)| if all { self.lifted(v) } else { self.one(v) }).collect()
    }

    fn one(&self, value: Value) -> Value {
        if let State::Uniform(one) = self.state(value) { one } else { value }
    }

    /// The body of a loop; carries that vary after some round are lifted.
    fn settled(&mut self, body: Block, lifted: &mut Vec<bool>, first: usize) -> Option<Block> {
        loop {
            let before = lifted.clone();
            let block = self.lift_with(body, &before, first, lifted)?;
            if before == *lifted {
                return Some(block);
            }
        }
    }

    /// A block whose parameters after the first ones are carries, lifted as told.
    fn lift_with(&mut self, block: Block, carries: &[bool], first: usize, yields: &mut [bool]) -> Option<Block> {
        let params = self.func.blocks[block].params.clone();
        let forms: Vec<(Value, bool)> =
            params.iter().enumerate().map(|(k, &p)| (p, k >= first && carries[k - first])).collect();
        self.lift_block(block, &forms, yields)
    }

    /// A block outside of the lanes. Marks the yields that vary; those that are marked are lifted.
    fn lift_block(&mut self, block: Block, params: &[(Value, bool)], yields: &mut [bool]) -> Option<Block> {
        let new = self.func.block();
        for &(param, lifted) in params {
            let ty = self.type_of(param, lifted);
            let outside = self.func.param(new, Type::Data(ty));
            self.states.insert(param, if lifted { State::Lifted(outside) } else { State::Uniform(outside) });
        }
        let before = std::mem::take(&mut self.out);
        let done = self.func.blocks[block].insts.clone().into_iter().try_for_each(|inst| self.lift_inst(inst));
        let old = self.func.blocks[block].yields.clone();
        for (&y, lifted) in old.iter().zip(yields.iter_mut()) {
            *lifted |= !matches!(self.state(y), State::Uniform(_));
        }
        let values = self.carried(&old, yields);
        self.func.blocks[new].insts = std::mem::replace(&mut self.out, before);
        self.func.blocks[new].yields = values;
        done.map(|()| new)
    }

    /// Emits an instruction with blocks, and says what its results are.
    fn results(&mut self, kind: Kind, args: Vec<Value>, results: &[Value], lifted: &[bool]) {
        let types = results.iter().zip(lifted).map(|(&r, &all)| Type::Data(self.type_of(r, all))).collect();
        let values = self.emit(kind, args, types);
        for ((&result, &all), value) in results.iter().zip(lifted).zip(values) {
            self.states.insert(result, if all { State::Lifted(value) } else { State::Uniform(value) });
        }
    }
}
