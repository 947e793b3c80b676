//! Calls between compiled functions. Results are written where the caller wants them; an argument that the callee
//! turns into a result is put there first, which costs nothing if the argument is dead.

use super::checks::trusted;
use super::function::{Bound, Reg, Translator};
use crate::ir::{FuncId, Inst, Type};
use adl_lang::types::Dim;
use cranelift_codegen::ir::{InstBuilder, SourceLoc, StackSlotData, StackSlotKind, types};

impl Translator<'_, '_> {
    /// A call.
    pub(super) fn call(&mut self, inst: Inst, callee: FuncId, sizes: &[Dim]) {
        let func = self.func;
        let data = &func.insts[inst];
        let module = self.unit.module;
        let pairs = self.unit.pairs.of(module, callee);
        let mut args = vec![self.ctx];
        for size in sizes {
            args.push(self.dim(size));
        }
        let results: Vec<Reg> = data.results.iter().map(|&r| self.destination(func.ty(r), r)).collect();
        for (j, &arg) in data.args.iter().enumerate() {
            if let Some(k) = pairs.iter().position(|&p| p == Some(j)) {
                let result = data.results[k];
                if self.class(arg) != self.class(result) {
                    let ty = self.data(arg).clone();
                    let from = self.address(arg);
                    self.copy_array(&ty, from, results[k]);
                }
                continue;
            }
            match self.get(arg) {
                Bound::Scalar(reg) | Bound::Address(reg) => args.push(reg),
                Bound::Tape(tape, offset) => args.extend([tape, offset]),
            }
        }
        args.extend(&results);
        let number = self.unit.calls.enter(data.place, &module.funcs[callee]).number();
        let callee = self.callee(callee);
        let before = self.b.srcloc();
        if self.unit.listing.is_none() {
            self.b.set_srcloc(SourceLoc::new(number));
        }
        let call = self.b.ins().call(callee, &args);
        self.b.set_srcloc(before);
        let status = self.b.inst_results(call)[0];
        self.pass_on(status);
        for (&result, &at) in data.results.iter().zip(&results) {
            let bound = match func.ty(result) {
                Type::Data(ty) if ty.is_scalar() => {
                    let machine = super::scalar::machine(ty.dtype);
                    Bound::Scalar(self.b.ins().load(machine, trusted(), at, 0))
                }
                Type::Data(_) => Bound::Address(at),
                Type::Tape => {
                    let tape = self.b.ins().load(types::I64, trusted(), at, 0);
                    let offset = self.b.ins().load(types::I64, trusted(), at, 8);
                    Bound::Tape(tape, offset)
                }
            };
            self.bound.insert(result, bound);
        }
    }

    /// Where a call writes a result.
    fn destination(&mut self, ty: &Type, result: crate::ir::Value) -> Reg {
        match ty {
            Type::Data(ty) if !ty.is_scalar() => self.own_memory(result),
            Type::Data(_) | Type::Tape => self.stack(16),
        }
    }

    /// The address of fresh room on the stack.
    pub(super) fn stack(&mut self, bytes: u32) -> Reg {
        let slot = StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 3);
        let slot = self.b.create_sized_stack_slot(slot);
        self.b.ins().stack_addr(types::I64, slot, 0)
    }
}
