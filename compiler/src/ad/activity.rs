//! Activity: which values depend on the parameters that move, through operations that have a derivative.
//!
//! ```text
//! func @0 f(v0: f64, v1: f64) -> f64, f64 {      active parameters: v0
//!   v2 = sin v0                                  active
//!   v3 = floor v0                                not: its derivative is zero
//!   v4 = mul v3 v1                               not
//!   yield v2, v4                                 results: active, not
//! }
//! ```
//!
//! Only floats are ever active. It is a least fixed point: a loop carry is active if its start or its yield is, and
//! the results of a call follow from a table (function, active arguments) → active results, filled from "none" until
//! nothing changes, so that recursion closes. Nothing is emitted before it is finished.

use super::emit::is_float;
use super::linear::passes;
use crate::ir::entity::Side;
use crate::ir::{Block, Func, FuncId, Inst, Kind, Module, Value};
use adl_lang::defect;
use rustc_hash::FxHashMap;

/// For each value whether it is active.
pub(super) type Active = Side<Value, bool>;

type Table = FxHashMap<(FuncId, Vec<bool>), Vec<bool>>;

/// What is known of functions: (function, active arguments) → active results.
#[derive(Default)]
pub(super) struct Activity {
    settled: Table,
}

impl Activity {
    /// The active values of a function.
    pub fn values(&mut self, module: &Module, func: FuncId, mask: &[bool]) -> Active {
        let mut open = Table::default();
        loop {
            let mut grown = false;
            let active = self.flow(module, func, mask, &mut open, &mut grown);
            let keys: Vec<_> = open.keys().cloned().collect();
            for key in keys {
                let inner = self.flow(module, key.0, &key.1, &mut open, &mut grown);
                let callee = &module.funcs[key.0];
                let results: Vec<bool> = callee.results().iter().map(|&r| inner[r]).collect();
                if open[&key] != results {
                    open.insert(key, results);
                    grown = true;
                }
            }
            if !grown {
                self.settled.extend(open);
                return active;
            }
        }
    }

    fn flow(&self, module: &Module, func: FuncId, mask: &[bool], open: &mut Table, grown: &mut bool) -> Active {
        let func = &module.funcs[func];
        let mut flow = Flow { func, settled: &self.settled, open, grown, module, active: Side::new(false) };
        for (&param, &moves) in func.params().iter().zip(mask) {
            flow.mark(param, moves);
        }
        flow.block(func.body);
        flow.active
    }
}

struct Flow<'a> {
    module: &'a Module,
    func: &'a Func,
    settled: &'a Table,
    open: &'a mut Table,
    grown: &'a mut bool,
    active: Active,
}

impl Flow<'_> {
    /// Makes a float active; whether that is news.
    fn mark(&mut self, value: Value, moves: bool) -> bool {
        let news = moves && !self.active[value] && is_float(self.func.ty(value));
        if news {
            self.active.set(value, true);
        }
        news
    }

    fn any(&self, values: &[Value]) -> bool {
        values.iter().any(|&v| self.active[v])
    }

    fn block(&mut self, block: Block) {
        let func = self.func;
        for &inst in &func.blocks[block].insts {
            self.inst(inst);
        }
    }

    /// Marks each target whose source is active; whether there is news.
    fn pairwise(&mut self, sources: &[Value], targets: &[Value]) -> bool {
        let mut news = false;
        for (&source, &target) in sources.iter().zip(targets) {
            let moves = self.active[source];
            news |= self.mark(target, moves);
        }
        news
    }

    fn inst(&mut self, inst: Inst) {
        let func = self.func;
        let data = &func.insts[inst];
        match &data.kind {
            Kind::Pure(op) => {
                let moves = data.args.iter().enumerate().any(|(k, &a)| self.active[a] && passes(op, k));
                self.mark(data.results[0], moves);
            }
            Kind::If { then, otherwise } => {
                for &block in &[*then, *otherwise] {
                    self.block(block);
                    self.pairwise(&func.blocks[block].yields, &data.results);
                }
            }
            Kind::For { body } => self.cycle(*body, &data.args[1..], 1, &data.results),
            Kind::While { test, body } => {
                self.cycle(*body, &data.args, 0, &data.results);
                // Nothing in a test has a tangent.
                self.block(*test);
            }
            Kind::Map { body, extents, accs } => {
                let first = data.results.len() - accs;
                let lanes = &data.results[..first];
                self.cycle(*body, &data.args, extents.len(), &data.results[first..]);
                let yields = &func.blocks[*body].yields;
                self.pairwise(&yields[..lanes.len()], lanes);
            }
            Kind::Call { func: callee, .. } => {
                let mask: Vec<bool> = data.args.iter().map(|&a| self.active[a]).collect();
                let results = self.call(*callee, mask);
                for (&result, moves) in data.results.iter().zip(results) {
                    self.mark(result, moves);
                }
            }
            Kind::Jvp { .. } | Kind::Vjp { .. } => {
                let moves = self.any(&data.args);
                for &result in &data.results {
                    self.mark(result, moves);
                }
            }
            Kind::Bounds { .. } | Kind::NonNegative(_) | Kind::SameSize(..) | Kind::Assert(_) | Kind::Print(_) => {}
            Kind::TapeNew | Kind::Push | Kind::Pop | Kind::TapeEnd => {
                defect!("the tape of {} is differentiated", func.name)
            }
        }
    }

    /// A body whose parameters after the first `indices` are carries.
    fn cycle(&mut self, body: Block, inits: &[Value], indices: usize, results: &[Value]) {
        let func = self.func;
        let data = &func.blocks[body];
        let params = &data.params[indices..];
        let first = data.yields.len() - params.len();
        self.pairwise(inits, params);
        loop {
            self.block(body);
            if !self.pairwise(&data.yields[first..], params) {
                break;
            }
        }
        self.pairwise(params, results);
    }

    fn call(&mut self, func: FuncId, mask: Vec<bool>) -> Vec<bool> {
        let callee = &self.module.funcs[func];
        if !callee.rules.is_empty() {
            return vec![mask.contains(&true); callee.results().len()];
        }
        let key = (func, mask);
        if let Some(results) = self.settled.get(&key).or_else(|| self.open.get(&key)) {
            return results.clone();
        }
        let none = vec![false; self.module.funcs[func].results().len()];
        *self.grown = true;
        self.open.insert(key, none.clone());
        none
    }
}
