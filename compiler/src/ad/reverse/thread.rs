//! Leads one tape through a function, in the order it runs.
//!
//! ```text
//! push v3, v4                          v9 = push v8, v3, v4
//! v5 = for v1 (v0) { … pop … }    =>   v5, v10 = for v1 (v0, v9) { (…, v11) … v12, v13 = pop v11; yield …, v12 }
//! v6 = call @1 (v5)                    v6, v14 = call @1 (v5, v10)      ; @1 takes a tape
//! ```
//!
//! Before, pushes and pops and calls of functions with a tape have none. A region with one of them inside carries the
//! tape, as the last carry and result. A lane of a map has its own, from beginning to end. Where nothing is kept there
//! is no tape.

use crate::ir::{Block, Builder, Func, FuncId, Inst, Kind, Type, Value};
use adl_lang::defect;
use rustc_hash::FxHashSet;

/// The function has a tape of its own.
pub(super) fn own(func: &mut Func, taped: &FxHashSet<FuncId>) {
    let body = func.body;
    Thread { func, taped }.lane(body);
}

/// The function is given a tape, as its last parameter, and gives it back as its last result.
pub(super) fn given(func: &mut Func, taped: &FxHashSet<FuncId>) {
    let body = func.body;
    let tape = func.param(body, Type::Tape);
    let mut thread = Thread { func, taped };
    let tape = thread.block(body, tape);
    thread.func.blocks[body].yields.push(tape);
}

struct Thread<'a> {
    func: &'a mut Func,
    taped: &'a FxHashSet<FuncId>,
}

impl Thread<'_> {
    /// Whether the instruction takes a tape from its block.
    fn takes(&self, inst: Inst) -> bool {
        match &self.func.insts[inst].kind {
            Kind::Push | Kind::Pop => true,
            Kind::Call { func, .. } => self.taped.contains(func),
            Kind::If { .. } | Kind::For { .. } | Kind::While { .. } => {
                self.func.insts[inst].kind.blocks().any(|b| self.used(b))
            }
            Kind::Map { .. }
            | Kind::Pure(_)
            | Kind::Jvp { .. }
            | Kind::Vjp { .. }
            | Kind::Bounds { .. }
            | Kind::NonNegative(_)
            | Kind::SameSize(..)
            | Kind::Assert(_)
            | Kind::Print(_)
            | Kind::TapeNew
            | Kind::TapeEnd => false,
        }
    }

    fn used(&self, block: Block) -> bool {
        self.func.blocks[block].insts.iter().any(|&inst| self.takes(inst))
    }

    /// A block with a tape of its own, if it needs one.
    fn lane(&mut self, block: Block) {
        if !self.used(block) {
            for inst in self.func.blocks[block].insts.clone() {
                self.lanes_in(inst);
            }
            return;
        }
        let insts = std::mem::take(&mut self.func.blocks[block].insts);
        let tape = self.at(block, Kind::TapeNew, Vec::new(), vec![Type::Tape])[0];
        self.func.blocks[block].insts.extend(insts);
        let tape = self.block(block, tape);
        self.at(block, Kind::TapeEnd, vec![tape], Vec::new());
    }

    fn at(&mut self, block: Block, kind: Kind, args: Vec<Value>, results: Vec<Type>) -> Vec<Value> {
        let place = self.func.span.into();
        Builder { func: self.func, block, place }.results(kind, args, results)
    }

    /// Gives the lanes of maps in an instruction that takes no tape what they need.
    fn lanes_in(&mut self, inst: Inst) {
        for block in self.func.insts[inst].kind.blocks() {
            self.lane(block);
        }
    }

    /// Leads the tape through a block; gives it as it is at the end.
    fn block(&mut self, block: Block, mut tape: Value) -> Value {
        for inst in self.func.blocks[block].insts.clone() {
            if self.takes(inst) {
                tape = self.inst(inst, tape);
            } else {
                self.lanes_in(inst);
            }
        }
        tape
    }

    fn inst(&mut self, inst: Inst, tape: Value) -> Value {
        match self.func.insts[inst].kind.clone() {
            Kind::Push | Kind::Pop => {
                let data = &mut self.func.insts[inst];
                data.args.insert(0, tape);
                return data.results[0];
            }
            Kind::If { then, otherwise } => {
                for side in [then, otherwise] {
                    let tape = self.block(side, tape);
                    self.func.blocks[side].yields.push(tape);
                }
            }
            Kind::For { body } => self.carry(inst, body, tape),
            Kind::While { test, body } => {
                self.func.param(test, Type::Tape);
                self.carry(inst, body, tape);
            }
            Kind::Call { .. } => self.func.insts[inst].args.push(tape),
            Kind::Map { .. }
            | Kind::Pure(_)
            | Kind::Jvp { .. }
            | Kind::Vjp { .. }
            | Kind::Bounds { .. }
            | Kind::NonNegative(_)
            | Kind::SameSize(..)
            | Kind::Assert(_)
            | Kind::Print(_)
            | Kind::TapeNew
            | Kind::TapeEnd => defect!("a tape for {:?}", self.func.insts[inst].kind),
        }
        self.func.result(inst, Type::Tape)
    }

    fn carry(&mut self, inst: Inst, body: Block, tape: Value) {
        self.func.insts[inst].args.push(tape);
        let param = self.func.param(body, Type::Tape);
        let last = self.block(body, param);
        self.func.blocks[body].yields.push(last);
    }
}
