//! Several elements at once: the innermost loop over rows that lie in one piece, two `f64`s or four `f32`s
//! to a register and four registers to a round, with the rest of the row element by element.
//!
//! A tree of inline operations has a vector form if its leaves are rows in memory or do not change along the row,
//! and its operations are arithmetic. Each lane computes what the scalar form computes, to the bit.

use super::checks::trusted;
use super::element::At;
use super::function::{Reg, Translator};
use super::lanes::{lanes, trusted_row, vector};
use super::nest::Look;
use super::reduce::{combiner, neutral};
use super::scalar::machine;
use crate::ir::{Inst, Kind, Value};
use crate::plan::fuse::Form;
use adl_lang::ops::{Op, Reduction};
use adl_lang::prims::Prim;
use adl_lang::types::{DType, Dim};
use cranelift_codegen::ir::InstBuilder;
use rustc_hash::FxHashSet;
use smallvec::SmallVec;

/// Registers of each round.
pub(super) const UNROLL: usize = 4;

/// Where the element of a row goes: an address and an offset; elements of a row follow one another.
pub(super) type Place<'p> = &'p mut dyn FnMut(&mut Translator<'_, '_>, &At) -> (Reg, i32);

/// Rows of elements of one type.
#[derive(Clone, Copy)]
pub(super) struct Rows<'r> {
    /// What is computed.
    pub(super) value: Value,
    /// Whether its operation is performed even if the array is to be stored.
    pub(super) root: bool,
    /// Its shape.
    pub(super) dims: &'r [Dim],
    /// Whether the whole array is one row.
    pub(super) flat: bool,
    /// Who is to blame.
    pub(super) inst: Inst,
    pub(super) dtype: DType,
}

/// A round over a row: its length, the index of its elements, what is carried.
pub(super) type Row<'r> = &'r mut dyn FnMut(&mut Translator<'_, '_>, Reg, Index<'_>, &[Reg]) -> Vec<Reg>;

/// The index of an element of the row.
pub(super) type Index<'i> = &'i dyn Fn(&mut Translator<'_, '_>, Reg) -> At;

impl Translator<'_, '_> {
    /// The rows of an array, if its elements can be computed several at once.
    pub(super) fn rows<'r>(&self, inst: Inst, value: Value, dims: &'r [Dim], flat: bool) -> Option<Rows<'r>> {
        // An array that is being stored is computed; others that are stored are read.
        let root = self.func.insts[inst].results.contains(&value);
        let dtype = self.data(value).dtype;
        let small =
            dims.iter().try_fold(1i64, |p, d| d.as_const().and_then(|d| p.checked_mul(d))).is_some_and(|n| n <= 8);
        let narrow = !flat && dims.last().is_none_or(|d| d.as_const().is_some_and(|d| d < 4));
        if !dtype.is_float() || small || narrow {
            return None;
        }
        let rows = Rows { value, root, dims, flat, inst, dtype };
        let fits =
            if root { self.operation_fits(value, dtype, flat, true) } else { self.fits(value, dtype, flat, true) };
        (fits && self.functions(rows).is_some()).then_some(rows)
    }

    /// Writes rows to where `place` says, adding to what is there by `combine` if that is given.
    pub(super) fn store_rows(&mut self, rows: Rows<'_>, combine: Option<Prim>, place: Place<'_>) {
        self.unit.stats.vector_loops += 1;
        self.each_row(rows, &|at| at, &[], &mut |t, n, at, _| {
            // A piece is short.
            let look = if t.pieces.applied.is_empty() { Look::Rarely } else { Look::Never };
            t.store_row(rows, n, at, combine, look, &mut |t, i| {
                let at = at(t, i);
                place(t, &at)
            });
            Vec::new()
        });
    }

    /// Writes one row, or part of one, to where `place` says.
    pub(super) fn store_row(
        &mut self,
        rows: Rows<'_>,
        n: Reg,
        at: Index<'_>,
        combine: Option<Prim>,
        look: Look,
        place: &mut dyn FnMut(&mut Translator<'_, '_>, Reg) -> (Reg, i32),
    ) {
        let dtype = rows.dtype;
        let main = self.whole_rounds(n, UNROLL, dtype);
        let zero = self.int(0);
        let step = lanes(dtype) * UNROLL as i64;
        self.repeat_by(zero, main, step, look, &[], &mut |t, i, _| {
            let (address, offset) = place(t, i);
            let at = at(t, i);
            for k in 0..UNROLL {
                let mut x = t.row_vector(rows, &at, k);
                let offset = offset + 16 * k as i32;
                if let Some(prim) = combine {
                    let old = t.b.ins().load(vector(dtype), trusted_row(), address, offset);
                    x = t.vector_prim(prim, dtype, &[old, x]);
                }
                t.b.ins().store(trusted_row(), x, address, offset);
            }
            Vec::new()
        });
        self.repeat_by(main, n, 1, Look::Never, &[], &mut |t, i, _| {
            let (address, offset) = place(t, i);
            let at = at(t, i);
            let mut x = t.row_scalar(rows, &at);
            if let Some(prim) = combine {
                let old = t.b.ins().load(machine(dtype), trusted(), address, offset);
                x = t.prim(prim, dtype, &[old, x], rows.inst);
            }
            t.b.ins().store(trusted(), x, address, offset);
            Vec::new()
        });
    }

    /// Reduces all elements of rows to one number. `whole` makes the index of an element from that in the rows.
    pub(super) fn fold_rows(&mut self, rows: Rows<'_>, kind: Reduction, whole: &dyn Fn(At) -> At) -> Reg {
        self.unit.stats.vector_loops += 1;
        let dtype = rows.dtype;
        let prim = combiner(kind);
        let start = self.constant(neutral(kind, dtype));
        let wide = self.b.ins().splat(vector(dtype), start);
        let mut carries = vec![wide; UNROLL];
        carries.push(start);
        let after = self.each_row(rows, whole, &carries, &mut |t, n, at, state| {
            let main = t.whole_rounds(n, UNROLL, dtype);
            let zero = t.int(0);
            let step = lanes(dtype) * UNROLL as i64;
            let mut next = t.repeat_by(zero, main, step, Look::Rarely, &state[..UNROLL], &mut |t, i, state| {
                let at = at(t, i);
                let mut next = Vec::new();
                for (k, &sum) in state.iter().enumerate() {
                    let x = t.row_vector(rows, &at, k);
                    next.push(t.vector_prim(prim, dtype, &[sum, x]));
                }
                next
            });
            let rest = t.repeat_by(main, n, 1, Look::Never, &state[UNROLL..], &mut |t, i, state| {
                let at = at(t, i);
                let x = t.row_scalar(rows, &at);
                vec![t.prim(prim, dtype, &[state[0], x], rows.inst)]
            });
            next.extend(rest);
            next
        });
        let low = self.vector_prim(prim, dtype, &[after[0], after[1]]);
        let high = self.vector_prim(prim, dtype, &[after[2], after[3]]);
        let all = self.vector_prim(prim, dtype, &[low, high]);
        let mut sum = self.b.ins().extractlane(all, 0u8);
        for lane in 1..lanes(dtype) as u8 {
            let x = self.b.ins().extractlane(all, lane);
            sum = self.prim(prim, dtype, &[sum, x], rows.inst);
        }
        self.prim(prim, dtype, &[sum, after[UNROLL]], rows.inst)
    }

    /// Runs `row` for each row.
    fn each_row(&mut self, rows: Rows<'_>, whole: &dyn Fn(At) -> At, carries: &[Reg], row: Row<'_>) -> Vec<Reg> {
        let functions = self.functions(rows).unwrap_or_default();
        let row: Row<'_> = &mut |t, n, at, state| {
            if functions.is_empty() { row(t, n, at, state) } else { t.in_pieces(&functions, n, at, state, row) }
        };
        if rows.flat {
            let n = self.count(rows.dims);
            return row(self, n, &|_, i| whole(At::Flat(i)), carries);
        }
        let Some((last, outer)) = rows.dims.split_last() else {
            return carries.to_vec();
        };
        self.nest(outer, carries, &mut |t, index, state| {
            let n = t.dim(last);
            let zero = t.int(0);
            let at = |_: &mut Translator<'_, '_>, i: Reg| whole(At::Axes(index.iter().copied().chain([i]).collect()));
            let first = at(t, zero);
            t.hoist(rows.value, rows.root, &first, &mut FxHashSet::default());
            row(t, n, &at, state)
        })
    }

    /// The elements of a row that fill rounds of so many registers.
    pub(super) fn whole_rounds(&mut self, n: Reg, registers: usize, dtype: DType) -> Reg {
        let step = lanes(dtype) * registers as i64;
        match self.known(n) {
            Some(n) => self.int(n.max(0) & -step),
            None => self.b.ins().band_imm_s(n, -step),
        }
    }

    pub(super) fn row_scalar(&mut self, rows: Rows<'_>, at: &At) -> Reg {
        if let Some(applied) = self.applied(rows.value, at, None) {
            applied
        } else if rows.root {
            self.inline_element(rows.value, at)
        } else {
            self.element(rows.value, at)
        }
    }

    pub(super) fn row_vector(&mut self, rows: Rows<'_>, at: &At, k: usize) -> Reg {
        if let Some(applied) = self.applied(rows.value, at, Some(k)) {
            applied
        } else if rows.root {
            self.operation(rows.value, at, k, rows.dtype)
        } else {
            self.lanes(rows.value, at, k, rows.dtype)
        }
    }

    /// Computes what does not change along a row before the loop over it.
    pub(super) fn hoist(&mut self, value: Value, root: bool, at: &At, seen: &mut FxHashSet<Value>) {
        let At::Axes(index) = at else { return };
        if self.data(value).is_scalar() || !root && self.forms.form(value) != Form::Inline || !seen.insert(value) {
            return;
        }
        let Some(inst) = self.definition(value) else {
            return;
        };
        let data = &self.func.insts[inst];
        if let Kind::Pure(Op::Prim(_) | Op::Convert(_)) = &data.kind {
            data.args.iter().for_each(|&a| self.hoist(a, false, at, seen));
        }
        if let Kind::Pure(Op::Broadcast { axes, dims }) = &data.kind
            && axes.last() != Some(&(dims.len() - 1))
        {
            let inner: SmallVec<[Reg; 4]> = axes.iter().map(|&a| index[a]).collect();
            self.element(data.args[0], &At::Axes(inner));
        }
    }
}
