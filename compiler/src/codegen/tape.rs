//! The tape of residuals: a stack of rows in memory. A row is its values one after another, each in a multiple of eight
//! bytes. What is popped is read where it lies.

use super::checks::trusted;
use super::function::{Bound, Reg, Translator};
use super::scalar::machine;
use crate::ir::{Block, Func, Inst, Kind, Type, Value};
use adl_lang::types::Ty;
use adl_runtime::abi;
use adl_runtime::symbols::Symbol;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, types};

impl Translator<'_, '_> {
    fn tape(&mut self, value: Value) -> (Reg, Reg) {
        match self.get(value) {
            Bound::Tape(tape, offset) => (tape, offset),
            Bound::Scalar(_) | Bound::Address(_) => {
                let none = self.defect(format!("{value} is no tape"));
                (none, none)
            }
        }
    }

    /// An empty tape.
    pub(super) fn tape_new(&mut self, inst: Inst) {
        let result = self.func.insts[inst].results[0];
        let tape = self.ask(Symbol::adl_tape_new, &[self.ctx]);
        let none = self.b.ins().icmp_imm_s(IntCC::Equal, tape, 0);
        self.leave_if(none, abi::Status::OutOfMemory);
        let start = self.int(0);
        self.bound.insert(result, Bound::Tape(tape, start));
    }

    /// Gives a tape back.
    pub(super) fn tape_end(&mut self, inst: Inst) {
        let (tape, _) = self.tape(self.func.insts[inst].args[0]);
        self.call_support(Symbol::adl_tape_free, &[self.ctx, tape]);
    }

    /// The bytes that a value takes in a row.
    fn width(&mut self, ty: &Ty) -> Reg {
        if ty.is_scalar() {
            return self.int(8);
        }
        let count = self.count(&ty.dims);
        let bytes = self.b.ins().imul_imm_s(count, ty.dtype.bytes() as i64);
        let up = self.b.ins().iadd_imm_s(bytes, 7);
        self.b.ins().band_imm_s(up, -8)
    }

    fn widths(&mut self, values: &[Value]) -> (Vec<Reg>, Reg) {
        let mut offsets = Vec::new();
        let mut total = self.int(0);
        for &value in values {
            offsets.push(total);
            let ty = self.data(value).clone();
            let width = self.width(&ty);
            total = self.b.ins().iadd(total, width);
        }
        (offsets, total)
    }

    /// Sees to it that a tape has room for so many bytes, and gives the address of its first row.
    fn make_room(&mut self, tape: Reg, needed: Reg) -> Reg {
        let at = |offset: usize| offset as i32;
        let capacity = at(abi::OFFSET_TAPE_CAPACITY);
        let capacity = self.b.ins().load(types::I64, trusted(), tape, capacity);
        let full = IntCC::UnsignedGreaterThan;
        let full = self.b.ins().icmp(full, needed, capacity);
        let (grow, on) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(grow);
        self.b.ins().brif(full, grow, &[], on, &[]);
        self.start(grow);
        let status = self.ask(Symbol::adl_tape_grow, &[self.ctx, tape, needed]);
        self.stop_on(status);
        self.b.ins().jump(on, &[]);
        self.start(on);
        let base = at(abi::OFFSET_TAPE_BASE);
        self.b.ins().load(types::I64, trusted(), tape, base)
    }

    /// Makes room before a counted loop for all the rows that it pushes, if it pushes one in each round and nothing
    /// else in it uses the tape: the rounds then need no check.
    pub(super) fn room_for_rounds(&mut self, body: Block, inits: &[Value], count: Reg) {
        let func = self.func;
        let block = &func.blocks[body];
        let is_tape = |&p: &Value| *func.ty(p) == Type::Tape;
        let Some(carry) = block.params[1..].iter().position(is_tape) else {
            return;
        };
        let mut users = block.insts.iter().filter(|&&i| touches_tape(func, i));
        let (Some(&push), None) = (users.next(), users.next()) else {
            return;
        };
        let data = &func.insts[push];
        let (before, after) = (block.params[1 + carry], block.yields[carry]);
        if data.kind != Kind::Push || data.args[0] != before || after != data.results[0] {
            return;
        }
        let (tape, offset) = self.tape(inits[carry]);
        let (_, row) = self.widths(&data.args[1..]);
        let zero = self.int(0);
        let rounds = self.b.ins().smax(count, zero);
        let (bytes, beyond) = self.b.ins().smul_overflow(rounds, row);
        self.leave_if(beyond, abi::Status::OutOfMemory);
        let (needed, beyond) = self.b.ins().sadd_overflow(offset, bytes);
        self.leave_if(beyond, abi::Status::OutOfMemory);
        let base = self.make_room(tape, needed);
        self.roomy.insert(push, base);
    }

    /// One more row.
    pub(super) fn push(&mut self, inst: Inst) {
        let data = &self.func.insts[inst];
        let (tape, offset) = self.tape(data.args[0]);
        let values = &data.args[1..];
        let (offsets, row) = self.widths(values);
        let needed = self.b.ins().iadd(offset, row);
        let base = match self.roomy.get(&inst) {
            Some(&base) => base,
            None => self.make_room(tape, needed),
        };
        let end = self.b.ins().iadd(base, offset);
        for (&value, within) in values.iter().zip(offsets) {
            let to = self.b.ins().iadd(end, within);
            let ty = self.data(value).clone();
            if ty.is_scalar() {
                let x = self.scalar(value);
                self.b.ins().store(trusted(), x, to, 0);
            } else {
                let from = self.address(value);
                self.move_array(&ty, from, to);
            }
        }
        self.bound.insert(data.results[0], Bound::Tape(tape, needed));
    }

    /// The last row, which stays in memory.
    pub(super) fn pop(&mut self, inst: Inst) {
        let data = &self.func.insts[inst];
        let (tape, offset) = self.tape(data.args[0]);
        let values = &data.results[1..];
        let (offsets, row) = self.widths(values);
        let start = self.b.ins().isub(offset, row);
        let base = self.b.ins().load(types::I64, trusted(), tape, abi::OFFSET_TAPE_BASE as i32);
        let begin = self.b.ins().iadd(base, start);
        for (&value, within) in values.iter().zip(offsets) {
            let from = self.b.ins().iadd(begin, within);
            let ty = self.data(value).clone();
            let bound = if ty.is_scalar() {
                Bound::Scalar(self.b.ins().load(machine(ty.dtype), trusted(), from, 0))
            } else {
                Bound::Address(from)
            };
            self.bound.insert(value, bound);
        }
        self.bound.insert(data.results[0], Bound::Tape(tape, start));
    }
}

/// Whether an instruction, or one in a block that it owns, takes or makes a tape.
fn touches_tape(func: &Func, inst: Inst) -> bool {
    let data = &func.insts[inst];
    let tapes = |values: &[Value]| values.iter().any(|&v| *func.ty(v) == Type::Tape);
    let inside = |block: Block| func.blocks[block].insts.iter().any(|&i| touches_tape(func, i));
    tapes(&data.args) || tapes(&data.results) || data.kind.blocks().any(inside)
}
