//! Arrays into memory: each stored array is written by one loop nest or one kernel.

use super::checks::trusted;
use super::element::At;
use super::function::{Reg, Translator};
use super::scalar::machine;
use crate::ir::{Inst, Kind, Value};
use adl_lang::defect;
use adl_lang::ops::{Op, Sel};
use adl_lang::prims::Prim;
use adl_lang::types::{DType, Ty};
use adl_runtime::symbols::Symbol;
use cranelift_codegen::ir::InstBuilder;
use smallvec::SmallVec;

impl Translator<'_, '_> {
    /// Performs an operation whose result is an array in memory.
    pub(super) fn store_op(&mut self, inst: Inst, op: &Op, to: Reg) {
        let data = &self.func.insts[inst];
        let result = data.results[0];
        match op {
            Op::Prim(_)
            | Op::Convert(_)
            | Op::Broadcast { .. }
            | Op::Transpose(_)
            | Op::Reshape(_)
            | Op::Iota(_)
            | Op::Index(_) => self.write_all(inst, result, to),
            Op::Reduce(kind, axes) => self.reduce_array(inst, *kind, axes, to),
            Op::ArgReduce { max, axis } => {
                let ty = self.data(result).clone();
                let len = self.data(data.args[0]).dims[*axis].clone();
                self.nest(&ty.dims, &[], &mut |t, index, _| {
                    let found = t.arg_reduce(data.args[0], *max, &len, &mut |k| {
                        let mut full: SmallVec<[Reg; 4]> = SmallVec::from_slice(index);
                        full.insert(*axis, k);
                        At::Axes(full)
                    });
                    t.write(&ty, to, &At::axes(index), found);
                    Vec::new()
                });
            }
            Op::Table(table) => {
                let (from, bytes) = self.unit.table(table);
                let (from, bytes) = (self.int(from), self.int(bytes));
                self.call_support(Symbol::adl_copy, &[to, from, bytes]);
            }
            Op::Concat(axis) => self.concat(inst, &data.args, *axis, &self.data(result).clone(), to),
            Op::Update(sels) => self.update(inst, sels, false, to),
            Op::Acc(sels) => self.update(inst, sels, true, to),
            Op::MatMul { ta, tb } => self.matmul(inst, *ta, *tb, to),
            Op::ArgSort => self.argsort(inst, to),
            Op::Factor(factor) => self.factor(inst, *factor, to),
            Op::Random(kind, dims) => self.random(inst, *kind, dims, to),
            Op::Host { name, dtype, dims } => self.host(inst, name, (*dtype, dims), to),
            Op::Const(_) | Op::Size(_) => {
                self.defect(format!("{op:?} gives no array"));
            }
        }
    }

    /// Writes one element.
    pub(super) fn write(&mut self, ty: &Ty, to: Reg, at: &At, value: Reg) {
        let (address, offset) = self.place(to, ty, at);
        self.b.ins().store(trusted(), value, address, offset);
    }

    /// Computes every element of an inline operation and writes it.
    fn write_all(&mut self, inst: Inst, value: Value, to: Reg) {
        let ty = self.data(value).clone();
        let flat = self.flat_inst(inst);
        if let Some(rows) = self.rows(inst, value, &ty.dims, flat) {
            self.store_rows(rows, None, &mut |t, at| t.place(to, &ty, at));
            return;
        }
        self.each(&ty.dims, flat, &mut |t, at| {
            let element = t.inline_element(value, at);
            t.write(&ty, to, at, element);
        });
    }

    /// Whether an element of the result can be computed by its position in row-major order.
    pub(super) fn flat_inst(&self, inst: Inst) -> bool {
        let data = &self.func.insts[inst];
        let Kind::Pure(op) = &data.kind else {
            return false;
        };
        match op {
            Op::Prim(_) | Op::Convert(_) | Op::Reshape(_) => data.args.iter().all(|&a| self.flat(a)),
            Op::Broadcast { .. } => self.data(data.args[0]).is_scalar(),
            Op::Iota(_) => true,
            Op::Const(_)
            | Op::Table(_)
            | Op::Size(_)
            | Op::Reduce(..)
            | Op::ArgReduce { .. }
            | Op::Transpose(_)
            | Op::Concat(_)
            | Op::Index(_)
            | Op::Update(_)
            | Op::Acc(_)
            | Op::MatMul { .. }
            | Op::ArgSort
            | Op::Factor(_)
            | Op::Random(..)
            | Op::Host { .. } => false,
        }
    }

    /// Copies a whole array.
    pub(super) fn copy_array(&mut self, ty: &Ty, from: Reg, to: Reg) {
        self.unit.stats.copies += 1;
        if self.loops > 0 {
            self.unit.stats.copies_in_loops += 1;
        }
        self.move_array(ty, from, to);
    }

    pub(super) fn move_array(&mut self, ty: &Ty, from: Reg, to: Reg) {
        if ty.const_len().is_some_and(|n| n <= 4) {
            self.each(&ty.dims, false, &mut |t, at| {
                let (address, offset) = t.place(from, ty, at);
                let x = t.b.ins().load(machine(ty.dtype), trusted(), address, offset);
                t.write(ty, to, at, x);
            });
            return;
        }
        let count = self.count(&ty.dims);
        let bytes = self.b.ins().imul_imm_s(count, ty.dtype.bytes() as i64);
        self.call_support(Symbol::adl_copy, &[to, from, bytes]);
    }

    fn concat(&mut self, inst: Inst, parts: &[Value], axis: usize, whole: &Ty, to: Reg) {
        let mut offset = self.int(0);
        for &part in parts {
            let ty = self.data(part).clone();
            let len = self.dim(&ty.dims[axis]);
            if let Some(rows) = self.rows(inst, part, &ty.dims, false) {
                self.store_rows(rows, None, &mut |t, at| {
                    let At::Axes(index) = at else { defect!("part of an array at a flat position") };
                    let mut place = index.clone();
                    place[axis] = t.b.ins().iadd(offset, index[axis]);
                    t.place(to, whole, &At::Axes(place))
                });
                offset = self.b.ins().iadd(offset, len);
                continue;
            }
            self.nest(&ty.dims, &[], &mut |t, index, _| {
                let element = t.element(part, &At::axes(index));
                let mut place: SmallVec<[Reg; 4]> = SmallVec::from_slice(index);
                place[axis] = t.b.ins().iadd(offset, index[axis]);
                t.write(whole, to, &At::Axes(place), element);
                Vec::new()
            });
            offset = self.b.ins().iadd(offset, len);
        }
    }

    /// Replaces part of an array, or adds to it; in place if the base has the same memory.
    fn update(&mut self, inst: Inst, sels: &[Sel], add: bool, to: Reg) {
        let data = &self.func.insts[inst];
        let (base, value) = (data.args[0], data.args[1]);
        let ty = self.data(base).clone();
        let from = self.address(base);
        if self.class(base) != self.class(data.results[0]) {
            self.copy_array(&ty, from, to);
        }
        let part = self.data(value).dims.clone();
        let all = sels.iter().all(|s| *s == Sel::All);
        let flat = all && self.flat(value);
        let row = matches!(sels.last(), Some(Sel::All | Sel::Span { step: 1, .. }));
        if row && let Some(rows) = self.rows(inst, value, &part, flat) {
            self.store_rows(rows, add.then_some(Prim::Add), &mut |t, at| match at {
                At::Flat(_) => t.place(to, &ty, at),
                At::Axes(index) => {
                    let index = t.select(sels, &data.args[2..], index);
                    t.place(to, &ty, &At::Axes(index))
                }
            });
            return;
        }
        let one = |t: &mut Translator<'_, '_>, at: &At, place: &At| {
            let mut x = t.element(value, at);
            let (address, offset) = t.place(to, &ty, place);
            if add {
                let old = t.b.ins().load(machine(ty.dtype), trusted(), address, offset);
                x = match ty.dtype {
                    DType::F32 | DType::F64 => t.b.ins().fadd(old, x),
                    DType::I64 => t.whole_arithmetic(Prim::Add, old, x, inst),
                    DType::Bool => t.b.ins().bor(old, x),
                };
            }
            t.b.ins().store(trusted(), x, address, offset);
        };
        if flat {
            self.each(&part, true, &mut |t, at| one(t, at, at));
            return;
        }
        self.nest(&part, &[], &mut |t, index, _| {
            let place = t.select(sels, &data.args[2..], index);
            one(t, &At::axes(index), &At::Axes(place));
            Vec::new()
        });
    }
}
