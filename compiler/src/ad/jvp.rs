//! Forward mode: `f(x)` becomes `f.jvp(x, ẋ)`, which gives the results and the tangent of each float result.
//!
//! ```text
//! func @0 f(v0: f64) -> f64 {       func @1 f.jvp(v0: f64, v1: f64) -> f64, f64 {
//!   v1 = sin v0                =>     v2 = sin v0
//!   yield v1                          v3 = cos v0
//! }                                   v4 = mul v3 v1
//!                                     yield v2, v4
//!                                   }
//! ```
//!
//! Requires: no `jvp` requests in `f` or what it calls; no tapes; no accumulators. Ensures: what is not active costs
//! nothing; a tangent that is missing is zero, and becomes a real zero only where a branch, a carry or a result must
//! have one. Everything that is printed or checked is so once. The test of a `while` sees primal values alone.

mod ops;

pub(super) use ops::{spread, ties};

use super::activity::Active;
use super::emit::{Emit, is_float, tangent_name, types_of};
use super::finite::Size;
use super::{Ad, requests};
use crate::ir::entity::Side;
use crate::ir::{Block, Func, FuncId, Inst, InstData, Kind, Type, Value};
use adl_lang::defect;
use adl_lang::types::Dim;
use rustc_hash::FxHashMap;
use std::cell::OnceCell;
use std::rc::Rc;

/// Makes `func.jvp` for these active parameters.
pub(super) fn jvp(ad: &mut Ad<'_>, func: FuncId, source: Rc<Func>, mask: &[bool], within: bool) -> Func {
    let active = ad.activity.values(ad.module, func, mask);
    let emit = Emit::like(&source, String::new());
    let (primal, tangent) = (FxHashMap::default(), FxHashMap::default());
    let arguments = if within { Size::Any } else { Size::Finite(1) };
    let sizes = OnceCell::new();
    let (moves, steep) = (FxHashMap::default(), OnceCell::new());
    let mut forward =
        Forward { ad, source: source.clone(), active, emit, primal, tangent, moves, sizes, steep, arguments };
    forward.params(source.params());
    for (&param, moves) in source.params().iter().zip(mask) {
        if *moves {
            let ty = source.data(param).clone();
            let tangent = forward.emit.param(&ty);
            forward.define_tangents(&[param], &[tangent]);
        }
    }
    forward.contents(source.body);
    let mut results = forward.primals(source.results());
    if !within {
        let args = forward.primals(source.params());
        forward.ad.show_conventions(func, &mut forward.emit.to(), &args, &mut results);
    }
    for &result in source.results() {
        if is_float(source.ty(result)) {
            let tangent = forward.dense(result);
            results.push(tangent);
        }
    }
    forward.emit.to().set_yields(results);
    forward.emit.func
}

struct Forward<'a, 'm> {
    ad: &'a mut Ad<'m>,
    source: Rc<Func>,
    active: Active,
    emit: Emit,
    /// What each value of the source has become.
    primal: FxHashMap<Value, Value>,
    /// Its tangent, if that is not zero.
    tangent: FxHashMap<Value, Value>,
    /// Where a value can move at all, if not everywhere: the rest of it is constant by construction,
    /// and its tangent zero whatever the slopes are.
    moves: FxHashMap<Value, Value>,
    /// What is known of each value; found out when it is first asked for.
    sizes: OnceCell<Side<Value, Size>>,
    /// Whether a slope of something active may be infinite; likewise.
    steep: OnceCell<bool>,
    /// What is known of the arguments.
    arguments: Size,
}

impl Forward<'_, '_> {
    fn primals(&self, values: &[Value]) -> Vec<Value> {
        values.iter().map(|v| self.primal[v]).collect()
    }

    fn tangents(&self, values: &[Value]) -> Vec<Option<Value>> {
        values.iter().map(|v| self.tangent.get(v).copied()).collect()
    }

    /// The tangent, a real zero if need be.
    fn dense(&mut self, value: Value) -> Value {
        match self.tangent.get(&value) {
            Some(&tangent) => tangent,
            None => {
                let ty = self.source.data(value).clone();
                self.emit.to().full(&ty, 0.0)
            }
        }
    }

    fn dense_all(&mut self, values: &[Value]) -> Vec<Value> {
        values.iter().map(|&v| self.dense(v)).collect()
    }

    fn actives(&self, values: &[Value]) -> Vec<Value> {
        values.iter().copied().filter(|&v| self.active[v]).collect()
    }

    /// Entries of `values` where the partner in `by` is active.
    fn beside_active(&self, values: &[Value], by: &[Value]) -> Vec<Value> {
        values.iter().zip(by).filter(|(_, by)| self.active[**by]).map(|(&v, _)| v).collect()
    }

    /// Parameters of the current block for those of a block of the source.
    fn params(&mut self, params: &[Value]) {
        for &param in params {
            let ty = self.source.data(param).clone();
            let new = self.emit.param(&ty);
            self.define(&[param], &[new]);
        }
    }

    /// Parameters for the tangents of those that are active.
    fn tangent_params(&mut self, params: &[Value]) {
        for param in self.actives(params) {
            let ty = self.source.data(param).clone();
            let new = self.emit.param(&ty);
            self.define_tangents(&[param], &[new]);
        }
    }

    fn contents(&mut self, block: Block) {
        let source = self.source.clone();
        for &inst in &source.blocks[block].insts {
            self.inst(inst);
        }
    }

    fn inst(&mut self, inst: Inst) {
        let source = self.source.clone();
        let data = &source.insts[inst];
        self.emit.place = data.place;
        match &data.kind {
            Kind::Pure(op) => self.pure(op, data),
            Kind::If { then, otherwise } => self.branch(data, *then, *otherwise),
            Kind::For { body } => self.count(data, *body),
            Kind::While { test, body } => self.repeat(data, *test, *body),
            Kind::Map { extents, body, accs } => self.map(data, extents, *body, *accs),
            Kind::Call { func, sizes } => self.call(data, *func, sizes),
            Kind::Vjp { func, sizes, seeds, wrt, primal } => {
                let (x, u) = data.args.split_at(wrt.len());
                let (dx, du) = (self.tangents(x), self.tangents(u));
                if dx.iter().chain(&du).all(Option::is_none) {
                    return self.copy(data);
                }
                let (x, u) = (self.primals(x), self.primals(u));
                let request = requests::Request { func: *func, sizes, seeds, wrt, primal: *primal, x, u };
                let (values, tangents) = requests::tangent(self.ad, &mut self.emit.to(), &request, &dx, &du);
                self.define(&data.results, &values);
                for (&result, tangent) in data.results.iter().zip(tangents) {
                    if let Some(tangent) = tangent {
                        self.define_tangents(&[result], &[tangent]);
                    }
                }
            }
            Kind::Bounds { .. } | Kind::NonNegative(_) | Kind::SameSize(..) | Kind::Assert(_) | Kind::Print(_) => {
                self.copy(data);
            }
            Kind::Jvp { .. } => defect!("a jvp request is left in {}", source.name),
            Kind::TapeNew | Kind::Push | Kind::Pop | Kind::TapeEnd => {
                defect!("the tape of {} is differentiated", source.name)
            }
        }
    }

    /// An instruction without blocks and without tangents, as it is.
    fn copy(&mut self, data: &InstData) {
        let args = self.primals(&data.args);
        let types = data.results.iter().map(|&r| self.source.ty(r).clone()).collect();
        let values = self.emit.to().results(data.kind.clone(), args, types);
        self.define(&data.results, &values);
    }

    fn define(&mut self, results: &[Value], values: &[Value]) {
        for (&result, &value) in results.iter().zip(values) {
            self.primal.insert(result, value);
            self.emit.func.name_after(value, &self.source, result, Clone::clone);
        }
    }

    fn define_tangents(&mut self, results: &[Value], tangents: &[Value]) {
        for (&result, &tangent) in results.iter().zip(tangents) {
            self.tangent.insert(result, tangent);
            self.emit.func.name_after(tangent, &self.source, result, tangent_name);
        }
    }

    fn types(&self, values: &[Value]) -> Vec<Type> {
        values.iter().map(|&v| self.source.ty(v).clone()).collect()
    }

    /// The results of a construct that gives `results`, then the tangents of those that are active.
    fn finish(&mut self, kind: Kind, args: Vec<Value>, results: &[Value]) {
        let moved = self.actives(results);
        let types = self.types(&[results, &moved].concat());
        let values = self.emit.to().results(kind, args, types);
        let (values, tangents) = values.split_at(results.len());
        self.define(results, values);
        self.define_tangents(&moved, tangents);
    }

    fn branch(&mut self, data: &InstData, then: Block, otherwise: Block) {
        let cond = self.primal[&data.args[0]];
        let mut side = |block: Block| {
            let outer = self.emit.enter();
            self.contents(block);
            let yields = self.source.blocks[block].yields.clone();
            let moved = self.beside_active(&yields, &data.results);
            let values = [self.primals(&yields), self.dense_all(&moved)].concat();
            self.emit.leave(outer, values)
        };
        let (then, otherwise) = (side(then), side(otherwise));
        self.emit.place = data.place;
        self.finish(Kind::If { then, otherwise }, vec![cond], &data.results);
    }

    /// A body whose parameters after `indices` are carries.
    fn body(&mut self, body: Block, indices: usize) -> Block {
        let source = self.source.clone();
        let block = &source.blocks[body];
        let outer = self.emit.enter();
        self.params(&block.params);
        let carries = &block.params[indices..];
        self.tangent_params(carries);
        self.contents(body);
        let moved = self.beside_active(&block.yields, carries);
        let yields = [self.primals(&block.yields), self.dense_all(&moved)].concat();
        self.emit.leave(outer, yields)
    }

    fn count(&mut self, data: &InstData, body: Block) {
        let inits = &data.args[1..];
        let moved = self.beside_active(inits, &self.source.blocks[body].params[1..]);
        let args = [self.primals(&data.args), self.dense_all(&moved)].concat();
        let body = self.body(body, 1);
        self.emit.place = data.place;
        self.finish(Kind::For { body }, args, &data.results);
    }

    fn repeat(&mut self, data: &InstData, test: Block, body: Block) {
        let source = self.source.clone();
        let carries = &source.blocks[body].params;
        let moved = self.beside_active(&data.args, carries);
        let args = [self.primals(&data.args), self.dense_all(&moved)].concat();
        let outer = self.emit.enter();
        self.params(&source.blocks[test].params);
        self.tangent_params(carries);
        self.contents(test);
        let yields = self.primals(&source.blocks[test].yields);
        let test = self.emit.leave(outer, yields);
        let body = self.body(body, 0);
        self.emit.place = data.place;
        self.finish(Kind::While { test, body }, args, &data.results);
    }

    fn map(&mut self, data: &InstData, extents: &[Dim], body: Block, accs: usize) {
        assert!(accs == 0, "internal error: the accumulators of {} are differentiated", self.source.name);
        let source = self.source.clone();
        let block = &source.blocks[body];
        let outer = self.emit.enter();
        self.params(&block.params);
        self.contents(body);
        let moved = self.beside_active(&block.yields, &data.results);
        let yields = [self.primals(&block.yields), self.dense_all(&moved)].concat();
        let body = self.emit.leave(outer, yields);
        self.emit.place = data.place;
        self.finish(Kind::Map { extents: extents.to_vec(), body, accs }, Vec::new(), &data.results);
    }

    fn call(&mut self, data: &InstData, func: FuncId, sizes: &[Dim]) {
        let mask: Vec<bool> = data.args.iter().map(|&a| self.active[a]).collect();
        if !mask.contains(&true) {
            return self.copy(data);
        }
        let moved = self.actives(&data.args);
        let args = [self.primals(&data.args), self.dense_all(&moved)].concat();
        let callee = &self.ad.module.funcs[func];
        let results = types_of(callee, callee.results(), sizes);
        let types = results.iter().chain(results.iter().filter(|ty| is_float(ty))).cloned().collect();
        let func = self.ad.jvp(func, mask, true);
        let values = self.emit.to().call(func, sizes.to_vec(), args, types);
        let (values, tangents) = values.split_at(data.results.len());
        self.define(&data.results, values);
        let source = self.source.clone();
        let floats = data.results.iter().filter(|&&r| is_float(source.ty(r)));
        for (&result, &tangent) in floats.zip(tangents) {
            if self.active[result] {
                self.define_tangents(&[result], &[tangent]);
            }
        }
    }
}
