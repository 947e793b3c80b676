//! Reductions. Their operand is computed in the same loop. How floats are summed is the subject of `sums.rs`.
//!
//! If the last axis stays, whole rows are accumulated into the result in memory, so that memory is read in order.

use super::checks::trusted;
use super::element::At;
use super::function::{Reg, Translator};
use super::nest::Look;
use super::scalar::machine;
use super::sums::sums_in_tree;
use crate::ir::{Inst, Value};
use adl_lang::ops::{Const, Reduction};
use adl_lang::prims::Prim;
use adl_lang::types::{DType, Dim};
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types;
use smallvec::SmallVec;

/// What a reduction of nothing gives.
pub(super) fn neutral(kind: Reduction, dtype: DType) -> Const {
    match (kind, dtype) {
        (Reduction::Sum, _) => Const::of(dtype, 0.0),
        (Reduction::Max, DType::I64) => Const::I64(i64::MIN),
        (Reduction::Min, DType::I64) => Const::I64(i64::MAX),
        (Reduction::Max, DType::F32 | DType::F64 | DType::Bool) => Const::of(dtype, f64::NEG_INFINITY),
        (Reduction::Min, DType::F32 | DType::F64 | DType::Bool) => Const::of(dtype, f64::INFINITY),
        (Reduction::All, _) => Const::Bool(true),
        (Reduction::Any, _) => Const::Bool(false),
    }
}

/// The primitive that combines two numbers.
pub(super) fn combiner(kind: Reduction) -> Prim {
    match kind {
        Reduction::Sum => Prim::Add,
        Reduction::Max => Prim::Max,
        Reduction::Min => Prim::Min,
        Reduction::All => Prim::And,
        Reduction::Any => Prim::Or,
    }
}

impl Translator<'_, '_> {
    /// A reduction to a scalar.
    pub(super) fn reduce_scalar(&mut self, inst: Inst, kind: Reduction, axes: &[usize]) -> Reg {
        let operand = self.func.insts[inst].args[0];
        let ty = self.data(operand).clone();
        let neutral = self.constant(neutral(kind, ty.dtype));
        if axes.is_empty() {
            return self.scalar(operand);
        }
        let flat = self.flat(operand);
        if sums_in_tree(kind, &ty, axes) {
            return self.sum(inst, operand, &ty.dims, flat, &|at| at);
        }
        if let Some(rows) = self.rows(inst, operand, &ty.dims, flat) {
            return self.fold_rows(rows, kind, &|at| at);
        }
        let after = if flat && ty.rank() > 1 && ty.const_len().is_none_or(|n| n > 8) {
            let count = self.count(&ty.dims);
            self.repeat(count, Look::Rarely, &[neutral], &mut |t, i, state| {
                let x = t.element(operand, &At::Flat(i));
                vec![t.prim(combiner(kind), ty.dtype, &[state[0], x], inst)]
            })
        } else {
            self.nest(&ty.dims, &[neutral], &mut |t, index, state| {
                let x = t.element(operand, &At::axes(index));
                vec![t.prim(combiner(kind), ty.dtype, &[state[0], x], inst)]
            })
        };
        after[0]
    }

    /// A reduction to an array in memory.
    pub(super) fn reduce_array(&mut self, inst: Inst, kind: Reduction, axes: &[usize], to: Reg) {
        let data = &self.func.insts[inst];
        let operand = data.args[0];
        let from = self.data(operand).clone();
        let ty = self.data(data.results[0]).clone();
        let neutral = neutral(kind, ty.dtype);
        let kept: Vec<usize> = (0..from.rank()).filter(|k| !axes.contains(k)).collect();
        let tree = sums_in_tree(kind, &from, axes);
        if !axes.contains(&(from.rank() - 1)) && !axes.is_empty() {
            if tree {
                return self.sum_columns(inst, operand, axes, &ty, to);
            }
            let start = self.constant(neutral);
            self.each(&ty.dims, true, &mut |t, at| t.write(&ty, to, at, start));
            if let Some(rows) = self.rows(inst, operand, &from.dims, false) {
                self.store_rows(rows, Some(combiner(kind)), &mut |t, at| {
                    let At::Axes(index) = at else { return (to, 0) };
                    let place = kept.iter().map(|&k| index[k]).collect();
                    t.place(to, &ty, &At::Axes(place))
                });
                return;
            }
            self.nest(&from.dims, &[], &mut |t, index, _| {
                let x = t.element(operand, &At::axes(index));
                let place: SmallVec<[Reg; 4]> = kept.iter().map(|&k| index[k]).collect();
                let (address, offset) = t.place(to, &ty, &At::Axes(place));
                let old = t.b.ins().load(machine(ty.dtype), trusted(), address, offset);
                let new = t.prim(combiner(kind), ty.dtype, &[old, x], inst);
                t.b.ins().store(trusted(), new, address, offset);
                Vec::new()
            });
            return;
        }
        let inner: Vec<Dim> = axes.iter().map(|&k| from.dims[k].clone()).collect();
        self.nest(&ty.dims, &[], &mut |t, outer, _| {
            let whole = |index: &[Reg]| -> SmallVec<[Reg; 4]> {
                let (mut outer, mut index) = (outer.iter(), index.iter());
                let next = |k: usize| {
                    if axes.contains(&k) { index.next() } else { outer.next() }
                };
                (0..from.rank()).filter_map(next).copied().collect()
            };
            let result = match t.rows(inst, operand, &inner, false) {
                _any if tree => t.sum(inst, operand, &inner, false, &|at| match at {
                    At::Axes(index) => At::Axes(whole(&index)),
                    At::Flat(_) => at,
                }),
                Some(rows) => t.fold_rows(rows, kind, &|at| match at {
                    At::Axes(index) => At::Axes(whole(&index)),
                    At::Flat(_) => at,
                }),
                None => {
                    let start = t.constant(neutral);
                    let after = t.nest(&inner, &[start], &mut |t, index, state| {
                        let x = t.element(operand, &At::Axes(whole(index)));
                        vec![t.prim(combiner(kind), ty.dtype, &[state[0], x], inst)]
                    });
                    after[0]
                }
            };
            t.write(&ty, to, &At::axes(outer), result);
            Vec::new()
        });
    }

    /// The position of the greatest or least among `len` elements; the first, or the first NaN.
    pub(super) fn arg_reduce(&mut self, operand: Value, max: bool, len: &Dim, at: &mut dyn FnMut(Reg) -> At) -> Reg {
        let dtype = self.data(operand).dtype;
        let zero = self.int(0);
        let place = at(zero);
        let first = self.scope(|t| t.element(operand, &place));
        let count = self.dim(len);
        let after = self.repeat(count, Look::Rarely, &[zero, first], &mut |t, k, state| {
            let place = at(k);
            let x = t.element(operand, &place);
            let (found, best) = (state[0], state[1]);
            let better = match dtype {
                DType::F32 | DType::F64 => {
                    // Greater, or the first that is not a number.
                    let cc = if max { FloatCC::UnorderedOrGreaterThan } else { FloatCC::UnorderedOrLessThan };
                    let beats = t.b.ins().fcmp(cc, x, best);
                    let settled = t.b.ins().fcmp(FloatCC::Unordered, best, best);
                    t.b.ins().band_not(beats, settled)
                }
                DType::I64 => {
                    let cc = if max { IntCC::SignedGreaterThan } else { IntCC::SignedLessThan };
                    t.b.ins().icmp(cc, x, best)
                }
                DType::Bool => {
                    let cc = if max { IntCC::UnsignedGreaterThan } else { IntCC::UnsignedLessThan };
                    t.b.ins().icmp(cc, x, best)
                }
            };
            vec![t.b.ins().select(better, k, found), t.b.ins().select(better, x, best)]
        });
        debug_assert_eq!(self.b.func.dfg.value_type(after[0]), types::I64);
        after[0]
    }
}
