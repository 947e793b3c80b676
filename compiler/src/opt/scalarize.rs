//! Small arrays become scalars, also through loops, branches and tapes.
//!
//! ```text
//! v2 = concat (broadcast v0) (broadcast v1)          v7 = for v3 (v0), (v1) { (i, v8, v9)
//! v4 = for v3 (v2) { (i, v5)                           v10 = mul v8 v8
//!   v6 = mul v5 v5                            =>       v11 = mul v9 v9
//!   yield v6                                           yield v10 v11
//! }                                                  }
//! ```
//!
//! Requires constant dimensions with [`MAX_SCALARIZED`](plan::MAX_SCALARIZED) elements in all. At the borders (results
//! and parameters of functions, calls, operations on large arrays) an array is read element by element, with `index`,
//! or rebuilt: **`concat` of scalars, each broadcast to one element**, with a `reshape` if it has several axes, or one
//! `broadcast` if all elements are the same value. A position that is not constant becomes a chain of `select` if there
//! are few; else the array, and all that shares its place, stays as it is. What is decided is in `scalarize/plan.rs`,
//! what becomes of each operation in `scalarize/ops.rs`.

mod ops;
pub mod plan;

use super::edit::{Renames, detached, detached_pure};
use crate::ir::entity::Side;
use crate::ir::{Block, Def, Func, Inst, Kind, Place, Type, Value};
use adl_lang::ops::{Const, Op};
use adl_lang::types::Ty;
use plan::{Plan, small};

/// Replaces the small arrays of a function by scalars.
pub fn scalarize(func: &mut Func) {
    let Some(plan) = Plan::new(func) else { return };
    let (body, place) = (func.body, func.span.into());
    let mut pass = Scalarize {
        func,
        plan,
        lanes: Side::new(Vec::new()),
        wholes: Side::new(None),
        renames: Renames::new(),
        out: Vec::new(),
        place,
    };
    let params = pass.func.params().to_vec();
    pass.block(body, |pass| params.into_iter().for_each(|p| pass.define_array(p)));
    let results = pass.func.blocks[body].yields.clone();
    pass.func.blocks[body].yields = results.into_iter().map(|v| pass.array(v)).collect();
}

struct Scalarize<'f> {
    func: &'f mut Func,
    plan: Plan,
    /// The elements of arrays that are split.
    lanes: Side<Value, Vec<Value>>,
    /// Arrays that were rebuilt.
    wholes: Side<Value, Option<Value>>,
    renames: Renames,
    out: Vec<Inst>,
    place: Place,
}

impl Scalarize<'_> {
    /// Walks a block; `start` defines its parameters.
    fn block(&mut self, block: Block, start: impl FnOnce(&mut Self)) {
        let insts = std::mem::take(&mut self.func.blocks[block].insts);
        let outer = std::mem::replace(&mut self.out, Vec::with_capacity(insts.len()));
        start(self);
        for inst in insts {
            self.place = self.func.insts[inst].place;
            self.inst(inst);
        }
        let yields = std::mem::take(&mut self.func.blocks[block].yields);
        // Elements that must be read are read here.
        self.func.blocks[block].yields = yields.into_iter().map(|v| self.renames.get(v)).collect();
        self.func.blocks[block].insts = std::mem::replace(&mut self.out, outer);
    }

    fn inst(&mut self, inst: Inst) {
        self.renames.apply(&mut self.func.insts[inst].args);
        match self.func.insts[inst].kind {
            Kind::Pure(_) if self.plan.splits(self.func, inst) => {
                let result = self.func.insts[inst].results[0];
                if let Some(lanes) = self.split_pure(inst) {
                    self.define(result, lanes);
                }
            }
            Kind::Bounds { .. } if self.plan.splits(self.func, inst) => {
                let (kind, place) = (self.func.insts[inst].kind.clone(), self.place);
                for lane in self.lanes(self.func.insts[inst].args[0]) {
                    let check = detached(self.func, kind.clone(), vec![lane], Vec::new(), place);
                    self.out.push(check);
                }
            }
            Kind::Push | Kind::Pop if self.plan.rows => self.region(inst, 0, None),
            Kind::If { then, otherwise } => {
                self.block(then, |_| {});
                self.block(otherwise, |_| {});
                self.region(inst, 0, Some(&[then, otherwise]));
            }
            Kind::For { body } => {
                self.body(inst, body, 1, 0);
                self.region(inst, 1, Some(&[body]));
            }
            Kind::While { test, body } => {
                self.body(inst, test, 0, 0);
                self.body(inst, body, 0, 0);
                self.region(inst, 0, Some(&[body]));
            }
            Kind::Map { ref extents, body, accs } => {
                let indices = extents.len();
                let lanes = self.func.insts[inst].results.len() - accs;
                self.body(inst, body, indices, lanes);
                self.map(inst, body, lanes);
            }
            _ => {
                let args = std::mem::take(&mut self.func.insts[inst].args);
                self.func.insts[inst].args = args.into_iter().map(|v| self.array(v)).collect();
                self.out.push(inst);
                for result in self.func.insts[inst].results.clone() {
                    self.define_array(result);
                }
            }
        }
    }

    /// Walks the body of a loop or map, whose parameters from `skip` on are split as the results from `first` on are.
    fn body(&mut self, inst: Inst, block: Block, skip: usize, first: usize) {
        let old = std::mem::take(&mut self.func.blocks[block].params);
        let results = self.func.insts[inst].results[first..].to_vec();
        let mut split = Vec::new();
        for (at, param) in old.into_iter().enumerate() {
            if at >= skip && self.plan.split(self.func, results[at - skip]) {
                let ty = self.scalar(param);
                let count = self.count(param);
                split.push((param, (0..count).map(|_| self.func.param(block, ty.clone())).collect()));
            } else {
                let position = self.func.blocks[block].params.len();
                self.func.values[param].def = Def::Param(block, position as u32);
                self.func.blocks[block].params.push(param);
            }
        }
        self.block(block, |pass| split.into_iter().for_each(|(param, lanes)| pass.define(param, lanes)));
    }

    /// Spreads the operands from `skip` on, the results, and what the blocks yield for them.
    fn region(&mut self, inst: Inst, skip: usize, owned: Option<&[Block]>) {
        let data = self.func.insts[inst].clone();
        let row = owned.is_none();
        let splits: Vec<bool> =
            data.results.iter().map(|&r| if row { self.is_small(r) } else { self.plan.split(self.func, r) }).collect();
        let mut args = data.args[..skip].to_vec();
        match (&data.kind, row) {
            (Kind::If { .. }, _) => args = data.args.clone(),
            (_, true) => {
                for &arg in &data.args {
                    if self.is_small(arg) { args.extend(self.lanes(arg)) } else { args.push(arg) }
                }
            }
            (_, false) => self.spread(&data.args[skip..], &splits, &mut args),
        }
        for &block in owned.unwrap_or_default() {
            self.spread_yields(block, &splits);
        }
        self.finish(inst, args, &splits);
    }

    fn map(&mut self, inst: Inst, body: Block, lanes: usize) {
        let data = self.func.insts[inst].clone();
        let splits: Vec<bool> =
            data.results.iter().enumerate().map(|(at, &r)| at >= lanes && self.plan.split(self.func, r)).collect();
        let mut args = Vec::new();
        self.spread(&data.args, &splits[lanes..], &mut args);
        self.spread_yields(body, &splits);
        let old = data.results.len() - lanes;
        let new = splits[lanes..].iter().zip(&data.results[lanes..]);
        let new: usize = new.map(|(&split, &r)| if split { self.count(r) } else { 1 }).sum();
        debug_assert!(new >= old);
        if let Kind::Map { accs, .. } = &mut self.func.insts[inst].kind {
            *accs = new;
        }
        self.finish(inst, args, &splits);
    }

    fn spread(&mut self, values: &[Value], splits: &[bool], to: &mut Vec<Value>) {
        for (&value, &split) in values.iter().zip(splits) {
            if split {
                to.extend(self.lanes(value));
            } else {
                to.push(self.array(value));
            }
        }
    }

    fn spread_yields(&mut self, block: Block, splits: &[bool]) {
        let yields = std::mem::take(&mut self.func.blocks[block].yields);
        // Elements that must be read are read at the end of the block.
        let insts = std::mem::take(&mut self.func.blocks[block].insts);
        let outer = std::mem::replace(&mut self.out, insts);
        let mut spread = Vec::new();
        self.spread(&yields, splits, &mut spread);
        self.func.blocks[block].insts = std::mem::replace(&mut self.out, outer);
        self.func.blocks[block].yields = spread;
    }

    /// Makes the instruction anew with other operands, and scalars for the results that are split.
    fn finish(&mut self, inst: Inst, args: Vec<Value>, splits: &[bool]) {
        let data = self.func.insts[inst].clone();
        let mut types = Vec::new();
        for (&result, &split) in data.results.iter().zip(splits) {
            let ty = if split { self.scalar(result) } else { self.func.ty(result).clone() };
            types.extend(std::iter::repeat_n(ty, if split { self.count(result) } else { 1 }));
        }
        let new = detached(self.func, data.kind, args, types, data.place);
        self.out.push(new);
        let mut results = self.func.insts[new].results.clone().into_iter();
        for (&result, &split) in data.results.iter().zip(splits) {
            if split {
                let lanes = results.by_ref().take(self.count(result)).collect();
                self.define(result, lanes);
            } else if let Some(value) = results.next() {
                self.renames.set(result, value);
                if self.plan.split(self.func, result) {
                    self.define_array(result);
                }
            }
        }
    }

    /// Records the scalars of a value, and rebuilds it if it is needed as an array.
    fn define(&mut self, value: Value, lanes: Vec<Value>) {
        if self.func.data(value).is_scalar() {
            return self.renames.set(value, lanes[0]);
        }
        if !self.plan.split(self.func, value) {
            let dims = self.func.data(value).dims.clone();
            let array = self.rebuild(&lanes, dims);
            return self.renames.set(value, array);
        }
        if self.plan.whole[value] {
            let dims = self.func.data(value).dims.clone();
            let array = self.rebuild(&lanes, dims);
            self.wholes.set(value, Some(array));
        }
        self.lanes.set(value, lanes);
    }

    /// Records the scalars of a value that is an array.
    fn define_array(&mut self, value: Value) {
        if self.plan.split(self.func, value) {
            let array = self.renames.get(value);
            self.wholes.set(value, Some(array));
            let lanes = self.read(array);
            self.lanes.set(value, lanes);
        }
    }

    /// The scalars of a small array.
    fn lanes(&mut self, value: Value) -> Vec<Value> {
        let lanes = self.lanes[value].clone();
        if lanes.is_empty() { self.read(value) } else { lanes }
    }

    /// A value as an array, if it is one.
    fn array(&self, value: Value) -> Value {
        self.wholes[value].unwrap_or_else(|| self.renames.get(value))
    }

    fn is_small(&self, value: Value) -> bool {
        self.func.ty(value).data().and_then(small).is_some()
    }

    fn count(&self, value: Value) -> usize {
        self.func.data(value).const_len().unwrap_or(1)
    }

    fn scalar(&self, value: Value) -> Type {
        Type::Data(Ty::scalar(self.func.data(value).dtype))
    }

    fn emit(&mut self, op: Op, args: Vec<Value>) -> Value {
        let (inst, value) = detached_pure(self.func, op, args, self.place);
        self.out.push(inst);
        value
    }

    fn int(&mut self, value: i64) -> Value {
        self.emit(Op::Const(Const::I64(value)), Vec::new())
    }
}
