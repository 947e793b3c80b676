//! The forward sweep: the function as it is, with what the reverse sweep will need to find its way back.
//!
//! ```text
//! v3 = while (v1) { (v4) test … }     =>     v3, v9 = while (v1, 0) { (v4, v7) test … }
//!      { (v5) … yield v6 }                            { (v5, v8) … v10 = add v8 1; yield v6, v10 }      ; v9: trips
//! ```
//!
//! A call stays what it is until the reverse sweep meets it and makes it a call of `f.fwd`.

use super::super::Level;
use super::super::arms::arm;
use super::super::strip::drops;
use super::Sweep;
use crate::ir::{Block, Inst, InstData, Kind, Value};
use adl_lang::types::{DType, Dim, Ty};

/// How a forward sweep is emitted.
#[derive(Clone, Copy)]
pub(super) struct Mode {
    /// Whether it repeats a run: nothing is printed or checked.
    pub bare: bool,
    /// Whether a reverse sweep of the same regions follows.
    pub reversed: bool,
}

impl Sweep<'_, '_> {
    /// Parameters of the current block for those of a block of the source.
    pub(super) fn params(&mut self, params: &[Value]) {
        for &param in params {
            let ty = self.source.data(param).clone();
            let new = self.emit.param(&ty);
            self.define(&[param], &[new]);
        }
    }

    /// The instructions of a block, where the builder stands.
    pub(super) fn contents(&mut self, block: Block) {
        let source = self.source.clone();
        for &inst in &source.blocks[block].insts {
            self.forward_inst(inst);
        }
    }

    fn region(&mut self, block: Block) -> Block {
        let source = self.source.clone();
        let data = &source.blocks[block];
        let outer = self.emit.enter();
        self.params(&data.params);
        self.contents(block);
        let yields = self.primals(&data.yields);
        self.emit.leave(outer, yields)
    }

    fn forward_inst(&mut self, inst: Inst) {
        let source = self.source.clone();
        let data = &source.insts[inst];
        let mode = self.mode;
        if let Kind::Pure(op) = &data.kind
            && let Some(arm) = arm(op, &data.args)
        {
            let arm = self.primal[&arm];
            return self.define(&data.results, &[arm]);
        }
        if mode.bare && drops(Level::Bare, &data.kind) {
            return;
        }
        if let Kind::While { test, body } = data.kind
            && mode.reversed
            && data.results.iter().any(|&r| self.facts.useful[r])
        {
            return self.counted_while(inst, data, test, body);
        }
        if let Kind::Map { .. } = data.kind {
            // Its lanes run again in the reverse sweep.
            self.mode.reversed = false;
        }
        let mut kind = data.kind.rewrite(&Dim::sym, &mut |block| self.region(block));
        self.mode = mode;
        if let Kind::Call { func, .. } | Kind::Vjp { func, .. } = &mut kind
            && mode.bare
        {
            *func = self.ad.strip(*func, Level::Bare);
        }
        self.emit.place = data.place;
        let args = self.primals(&data.args);
        let types = data.results.iter().map(|&r| source.ty(r).clone()).collect();
        let copy = self.emit.to().inst(kind, args, types);
        self.copied(inst, data, copy);
    }

    fn copied(&mut self, inst: Inst, data: &InstData, copy: Inst) {
        self.copies.insert(inst, copy);
        let results = self.emit.func.insts[copy].results.clone();
        self.define(&data.results, &results);
    }

    /// What values of the source have become.
    pub(super) fn define(&mut self, values: &[Value], new: &[Value]) {
        for (&value, &new) in values.iter().zip(new) {
            self.primal.insert(value, new);
            self.emit.func.name_after(new, &self.source, value, Clone::clone);
        }
    }

    fn counted_while(&mut self, inst: Inst, data: &InstData, test: Block, body: Block) {
        let counter = Ty::scalar(DType::I64);
        let test = self.region(test);
        let body = self.region(body);
        self.emit.place = data.place;
        let zero = self.emit.to().int(0);
        let func = &mut self.emit.func;
        func.param(test, crate::ir::Type::Data(counter.clone()));
        let count = func.param(body, crate::ir::Type::Data(counter.clone()));
        let outer = std::mem::replace(&mut self.emit.block, body);
        let one = self.emit.to().int(1);
        let next = self.emit.to().add(count, one);
        self.emit.block = outer;
        self.emit.func.blocks[body].yields.push(next);
        let mut args = self.primals(&data.args);
        args.push(zero);
        let mut types: Vec<_> = data.results.iter().map(|&r| self.source.ty(r).clone()).collect();
        types.push(crate::ir::Type::Data(counter));
        let copy = self.emit.to().inst(Kind::While { test, body }, args, types);
        self.copied(inst, data, copy);
        let trips = self.emit.func.insts[copy].results[data.results.len()];
        self.trips.insert(inst, trips);
    }
}
