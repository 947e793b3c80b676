//! Rows with elementary functions in them: piece by piece, so that a function is applied to many elements by one call.
//!
//! ```text
//! y = a * exp(b + c)      for each piece of 256 elements:
//!                           buffer = b + c;  exp of the buffer, in place;  y = a * buffer
//! ```
//!
//! The runtime has a few functions in such a form, with the bits of the functions of one element. The buffers lie on
//! the stack. A function is applied in pieces if its element is needed at the index of the row alone.

use super::abi::of_float;
use super::element::At;
use super::function::{Reg, Translator};
use super::lanes::{lanes, trusted_row, vector};
use super::nest::Look;
use super::scalar::machine;
use super::vector::{Index, Row, Rows, UNROLL};
use crate::ir::{Kind, Value};
use crate::plan::fuse::Form;
use adl_lang::defect;
use adl_lang::ops::Op;
use adl_lang::prims::Prim;
use adl_runtime::symbols::Symbol;
use cranelift_codegen::ir::{InstBuilder, StackSlot, StackSlotData, StackSlotKind, types};
use rustc_hash::FxHashSet;

/// Elements of a piece.
const PIECE: i64 = 256;

/// Functions of one tree that are applied in pieces; each has a buffer.
const MOST: usize = 8;

/// The functions of the runtime that apply a primitive to many numbers, of double and of single precision.
pub(super) fn of_many(prim: Prim) -> Option<[Symbol; 2]> {
    match prim {
        Prim::Exp => Some([Symbol::adl_each_exp_f64, Symbol::adl_each_exp_f32]),
        Prim::Tanh => Some([Symbol::adl_each_tanh_f64, Symbol::adl_each_tanh_f32]),
        Prim::Cosh => Some([Symbol::adl_each_cosh_f64, Symbol::adl_each_cosh_f32]),
        Prim::Sigmoid => Some([Symbol::adl_each_sigmoid_f64, Symbol::adl_each_sigmoid_f32]),
        Prim::Log => Some([Symbol::adl_each_log_f64, Symbol::adl_each_log_f32]),
        Prim::Log1p => Some([Symbol::adl_each_log1p_f64, Symbol::adl_each_log1p_f32]),
        Prim::Sin => Some([Symbol::adl_each_sin_f64, Symbol::adl_each_sin_f32]),
        Prim::Cos => Some([Symbol::adl_each_cos_f64, Symbol::adl_each_cos_f32]),
        _of_one_number => None,
    }
}

/// An application whose results are in a buffer: what would be the address of the element at index 0 of the row.
#[derive(Clone, Copy)]
pub(super) struct Applied {
    value: Value,
    base: Reg,
}

/// The functions that are applied in pieces where we stand, and the buffers of the function.
#[derive(Default)]
pub(super) struct Pieces {
    pub(super) applied: Vec<Applied>,
    slots: Vec<StackSlot>,
}

impl Translator<'_, '_> {
    /// The functions in the tree of rows, arguments first; nothing if there are too many.
    pub(super) fn functions(&self, rows: Rows<'_>) -> Option<Vec<Value>> {
        let (mut found, mut seen) = (Vec::new(), FxHashSet::default());
        self.find_functions(rows, rows.value, &mut seen, &mut found);
        (found.len() <= MOST).then_some(found)
    }

    fn find_functions(&self, rows: Rows<'_>, value: Value, seen: &mut FxHashSet<Value>, found: &mut Vec<Value>) {
        let computed = rows.root && value == rows.value || self.forms.form(value) == Form::Inline;
        // A value may be needed in many places of the tree.
        if self.data(value).is_scalar() || !computed || !seen.insert(value) {
            return;
        }
        let Some(inst) = self.definition(value) else {
            return;
        };
        let data = &self.func.insts[inst];
        // Others read their operands at other indices.
        let Kind::Pure(op @ (Op::Prim(_) | Op::Convert(_) | Op::Reshape(_))) = &data.kind else {
            return;
        };
        if matches!(op, Op::Reshape(_)) && !rows.flat {
            return;
        }
        data.args.iter().for_each(|&a| self.find_functions(rows, a, seen, found));
        if let Op::Prim(prim) = op
            && of_many(*prim).is_some()
        {
            found.push(value);
        }
    }

    /// Runs `row` for each piece of a row of `n` elements, with the functions applied before.
    pub(super) fn in_pieces(
        &mut self,
        functions: &[Value],
        n: Reg,
        at: Index<'_>,
        carries: &[Reg],
        row: Row<'_>,
    ) -> Vec<Reg> {
        let zero = self.int(0);
        self.repeat_by(zero, n, PIECE, Look::Always, carries, &mut |t, start, state| {
            let left = t.b.ins().isub(n, start);
            let most = t.int(PIECE);
            let len = t.b.ins().smin(left, most);
            let inside = |t: &mut Translator<'_, '_>, i: Reg| {
                let i = t.b.ins().iadd(start, i);
                at(t, i)
            };
            t.with_applied(functions, len, &inside, &mut |t| row(t, len, &inside, state))
        })
    }

    /// Runs `f` with functions applied to a piece of a row, at whose beginning `at` begins.
    pub(super) fn with_applied(
        &mut self,
        functions: &[Value],
        len: Reg,
        at: Index<'_>,
        f: &mut dyn FnMut(&mut Self) -> Vec<Reg>,
    ) -> Vec<Reg> {
        let outer = self.pieces.applied.len();
        for &function in functions {
            self.apply(function, len, at);
        }
        let result = f(self);
        self.pieces.applied.truncate(outer);
        result
    }

    /// Computes the arguments of a function for a piece and applies it.
    fn apply(&mut self, function: Value, len: Reg, at: Index<'_>) {
        let Some(inst) = self.definition(function) else {
            defect!("{function} is applied to pieces");
        };
        let data = &self.func.insts[inst];
        let dtype = self.data(function).dtype;
        let (argument, bytes) = (data.args[0], dtype.bytes() as i64);
        let Kind::Pure(Op::Prim(prim)) = data.kind else {
            defect!("{:?} is applied to pieces", data.kind);
        };
        let Some(many) = of_many(prim) else {
            defect!("{} is applied to pieces", prim.name());
        };
        let Some(one) = self.import_prim(prim) else { return };
        let buffer = self.buffer();
        let main = self.whole_rounds(len, UNROLL, dtype);
        let zero = self.int(0);
        self.repeat_by(zero, main, lanes(dtype) * UNROLL as i64, Look::Never, &[], &mut |t, i, _| {
            let index = at(t, i);
            let to = t.b.ins().imul_imm_s(i, bytes);
            let to = t.b.ins().iadd(buffer, to);
            for k in 0..UNROLL {
                let x = t.lanes(argument, &index, k, dtype);
                t.b.ins().store(trusted_row(), x, to, 16 * k as i32);
            }
            Vec::new()
        });
        self.repeat_by(main, len, 1, Look::Never, &[], &mut |t, i, _| {
            let index = at(t, i);
            let x = t.element(argument, &index);
            let to = t.b.ins().imul_imm_s(i, bytes);
            let to = t.b.ins().iadd(buffer, to);
            t.b.ins().store(trusted_row(), x, to, 0);
            Vec::new()
        });
        let one = self.b.ins().func_addr(types::I64, one);
        self.call_support(of_float(dtype, many), &[buffer, len, one]);
        // Where the piece begins in its row.
        let start = match at(self, zero) {
            At::Flat(i) => i,
            At::Axes(axes) => axes.last().copied().unwrap_or_else(|| defect!("a row without an index")),
        };
        let before = self.b.ins().imul_imm_s(start, bytes);
        let base = self.b.ins().isub(buffer, before);
        self.pieces.applied.push(Applied { value: function, base });
    }

    /// The element of a function that was applied, or the `k`-th register of them.
    pub(super) fn applied(&mut self, value: Value, at: &At, register: Option<usize>) -> Option<Reg> {
        let applied = *self.pieces.applied.iter().rev().find(|applied| applied.value == value)?;
        let index = match at {
            At::Flat(i) => *i,
            At::Axes(axes) => *axes.last()?,
        };
        let dtype = self.data(value).dtype;
        let offset = self.b.ins().imul_imm_s(index, dtype.bytes() as i64);
        let address = self.b.ins().iadd(applied.base, offset);
        Some(match register {
            Some(k) => self.b.ins().load(vector(dtype), trusted_row(), address, 16 * k as i32),
            None => self.b.ins().load(machine(dtype), trusted_row(), address, 0),
        })
    }

    /// Room for a piece; what was used by rows before is used again.
    fn buffer(&mut self) -> Reg {
        let used = self.pieces.applied.len();
        if self.pieces.slots.len() == used {
            let slot = StackSlotData::new(StackSlotKind::ExplicitSlot, 8 * PIECE as u32, 6);
            self.pieces.slots.push(self.b.create_sized_stack_slot(slot));
        }
        self.b.ins().stack_addr(types::I64, self.pieces.slots[used], 0)
    }
}
