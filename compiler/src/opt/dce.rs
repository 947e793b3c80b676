//! Drops what nobody needs: instructions, results of regions, and carries that feed only themselves.
//!
//! ```text
//! v3, v4 = for v0 (v1, v2) { (v5, v6, v7)         v3 = for v0 (v1) { (v5, v6)
//!   v8 = mul v6 v6                                  v8 = mul v6 v6
//!   v9 = sin v7                           =>        yield v8
//!   yield v8 v9                                   }
//! }                                               return v3
//! return v3
//! ```
//!
//! One marking from the results of the function and from effects (see [`Effects`]), then one sweep. A carry is its
//! initial value, parameter, yield and result together: it lives if its parameter or result is used. `while` stays, as
//! it may not end; tape operations stay, but for a tape that ends where it began.

use super::edit::{self, Owners};
use super::effects::Effects;
use crate::ir::entity::Side;
use crate::ir::walk::walk;
use crate::ir::{Block, Def, Func, Inst, Kind, Value};

/// Drops what nobody needs from a function.
pub fn dce(func: &mut Func, effects: &Effects) {
    let owners = Owners::new(func);
    let mut marks =
        Marks { func, owners: &owners, values: Side::new(false), insts: Side::new(false), work: Vec::new() };
    walk(func, func.body, &mut |_, inst| {
        if effects.has(func, inst) && !ends_where_it_began(func, inst) && !begins_nothing(func, inst) {
            marks.inst(inst);
        }
    });
    for &result in func.results() {
        marks.value(result);
    }
    marks.run();
    let Marks { values, insts, .. } = marks;
    let body = func.body;
    Sweep { func, values: &values, insts: &insts }.block(body);
}

/// `tape_end` of a fresh tape.
fn ends_where_it_began(func: &Func, inst: Inst) -> bool {
    matches!(func.insts[inst].kind, Kind::TapeEnd) && is_new_tape(func, func.insts[inst].args[0])
}

/// `tape_new`: it stays only for the sake of what uses it.
fn begins_nothing(func: &Func, inst: Inst) -> bool {
    matches!(func.insts[inst].kind, Kind::TapeNew)
}

fn is_new_tape(func: &Func, tape: Value) -> bool {
    match func.values[tape].def {
        Def::Result(inst, _) => matches!(func.insts[inst].kind, Kind::TapeNew),
        Def::Param(..) => false,
    }
}

struct Marks<'f> {
    func: &'f Func,
    owners: &'f Owners,
    values: Side<Value, bool>,
    insts: Side<Inst, bool>,
    work: Vec<Value>,
}

impl Marks<'_> {
    fn run(&mut self) {
        while let Some(value) = self.work.pop() {
            match self.func.values[value].def {
                Def::Result(inst, at) => {
                    self.inst(inst);
                    self.result(inst, at as usize);
                }
                Def::Param(block, at) => {
                    if let Some(owner) = self.owners.of_block[block] {
                        self.inst(owner);
                        self.param(owner, at as usize);
                    }
                }
            }
        }
    }

    fn value(&mut self, value: Value) {
        if !self.values[value] {
            self.values.set(value, true);
            self.work.push(value);
        }
    }

    fn values(&mut self, values: &[Value]) {
        values.iter().for_each(|&v| self.value(v));
    }

    /// An instruction stays, with all that decides whether it runs.
    fn inst(&mut self, inst: Inst) {
        if self.insts[inst] {
            return;
        }
        self.insts.set(inst, true);
        let func = self.func;
        let data = &func.insts[inst];
        match &data.kind {
            Kind::If { .. } | Kind::For { .. } => self.value(data.args[0]),
            Kind::While { test, .. } => self.values(&func.blocks[*test].yields),
            Kind::Map { .. } => {}
            Kind::Pure(_)
            | Kind::Call { .. }
            | Kind::Jvp { .. }
            | Kind::Vjp { .. }
            | Kind::Bounds { .. }
            | Kind::NonNegative(_)
            | Kind::SameSize(..)
            | Kind::Assert(_)
            | Kind::Print(_)
            | Kind::TapeNew
            | Kind::Push
            | Kind::Pop
            | Kind::TapeEnd => self.values(&data.args),
        }
        if let Some(owner) = self.owners.of_inst[inst].and_then(|block| self.owners.of_block[block]) {
            self.inst(owner);
        }
    }

    /// What a result of a live instruction needs.
    fn result(&mut self, inst: Inst, at: usize) {
        match self.func.insts[inst].kind {
            Kind::If { then, otherwise } => {
                self.value(self.func.blocks[then].yields[at]);
                self.value(self.func.blocks[otherwise].yields[at]);
            }
            Kind::For { body } => self.carry(inst, body, at, at + 1, at),
            Kind::While { body, .. } => self.carry(inst, body, at, at, at),
            Kind::Map { body, accs, .. } => {
                let lanes = self.func.insts[inst].results.len() - accs;
                if at < lanes {
                    self.value(self.func.blocks[body].yields[at]);
                } else {
                    self.carry(inst, body, at, at - lanes, at);
                }
            }
            _ => {}
        }
    }

    /// What a parameter of a block needs.
    fn param(&mut self, owner: Inst, at: usize) {
        let data = &self.func.insts[owner];
        let result = match &data.kind {
            Kind::For { .. } => at.checked_sub(1),
            Kind::While { .. } => Some(at),
            Kind::Map { extents, accs, .. } => at.checked_sub(extents.len()).map(|k| data.results.len() - accs + k),
            _ => None,
        };
        if let Some(result) = result {
            self.value(data.results[result]);
        }
    }

    fn carry(&mut self, inst: Inst, body: Block, result: usize, arg: usize, at: usize) {
        self.value(self.func.insts[inst].results[result]);
        self.value(self.func.insts[inst].args[arg]);
        self.value(self.func.blocks[body].yields[at]);
    }
}

struct Sweep<'f> {
    func: &'f mut Func,
    values: &'f Side<Value, bool>,
    insts: &'f Side<Inst, bool>,
}

impl Sweep<'_> {
    fn block(&mut self, block: Block) {
        let mut insts = std::mem::take(&mut self.func.blocks[block].insts);
        insts.retain(|&inst| self.insts[inst]);
        for &inst in &insts {
            for inner in self.func.insts[inst].kind.blocks() {
                self.block(inner);
            }
            self.results(inst);
        }
        self.func.blocks[block].insts = insts;
    }

    /// Drops the dead results of a region, with all that belongs to them.
    fn results(&mut self, inst: Inst) {
        let data = &self.func.insts[inst];
        let live: smallvec::SmallVec<[bool; 8]> = data.results.iter().map(|&r| self.values[r]).collect();
        if live.iter().all(|&l| l) {
            return;
        }
        let func = &mut *self.func;
        match func.insts[inst].kind {
            Kind::If { then, otherwise } => {
                edit::retain(&mut func.blocks[then].yields, &|k| live[k]);
                edit::retain(&mut func.blocks[otherwise].yields, &|k| live[k]);
            }
            Kind::For { body } => {
                edit::retain(&mut func.insts[inst].args, &|k| k == 0 || live[k - 1]);
                edit::retain_params(func, body, &|k| k == 0 || live[k - 1]);
                edit::retain(&mut func.blocks[body].yields, &|k| live[k]);
            }
            Kind::While { test, body } => {
                edit::retain(&mut func.insts[inst].args, &|k| live[k]);
                edit::retain_params(func, test, &|k| live[k]);
                edit::retain_params(func, body, &|k| live[k]);
                edit::retain(&mut func.blocks[body].yields, &|k| live[k]);
            }
            Kind::Map { ref extents, body, ref mut accs } => {
                let indices = extents.len();
                let lanes = live.len() - *accs;
                *accs = live[lanes..].iter().filter(|&&l| l).count();
                edit::retain(&mut func.insts[inst].args, &|k| live[lanes + k]);
                edit::retain_params(func, body, &|k| k < indices || live[lanes + k - indices]);
                edit::retain(&mut func.blocks[body].yields, &|k| live[k]);
            }
            _ => return,
        }
        edit::retain_results(func, inst, &|k| live[k]);
    }
}
