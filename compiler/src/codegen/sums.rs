//! Sums of floats. Their tree, which depends on the number of elements alone, is described in the runtime
//! (`adl_runtime::kernels::reduce`).
//!
//! ```text
//! one row with a vector form     the lanes of a block are kept in registers; the runtime joins the blocks
//! other elements, row by row     go to a buffer on the stack; the runtime adds it up when it is full
//! many sums side by side         strips of their rows go to a buffer, with one tree for each column
//! ```
//!
//! Up to eight elements, if that is known, are added from left to right where they are.

use super::abi::of_float;
use super::checks::trusted;
use super::element::At;
use super::function::{Reg, Translator};
use super::lanes::{lanes, vector};
use super::nest::Look;
use super::scalar::machine;
use super::vector::{Index, Row, Rows};
use crate::ir::{Inst, Value};
use adl_lang::defect;
use adl_lang::ops::{Const, Reduction};
use adl_lang::types::{DType, Dim, Ty};
use adl_runtime::kernels::reduce::{COLLECTED, Columns, LEVELS, Real, STRIP, Stream};
use adl_runtime::symbols::Symbol;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, StackSlot, StackSlotData, StackSlotKind, types};
use rustc_hash::FxHashSet;
use smallvec::SmallVec;

/// Registers that hold the lanes of a block.
const REGISTERS: usize = 8;

/// What the runtime says of its sums.
struct Tree {
    block: i64,
    lanes: i64,
    stream: u32,
    entries: i32,
    buffer: i64,
    columns: u32,
    rows_entered: i32,
    rows: i64,
}

fn tree(dtype: DType) -> Tree {
    if dtype == DType::F32 {
        type Strip = Columns<f32, { STRIP / 4 }>;
        Tree {
            block: f32::BLOCK as i64,
            lanes: f32::LANES as i64,
            stream: size_of::<Stream<f32>>() as u32,
            entries: Stream::<f32>::ENTRIES as i32,
            buffer: Stream::<f32>::BUFFER as i64,
            columns: size_of::<Strip>() as u32,
            rows_entered: Strip::ENTRIES as i32,
            rows: Strip::ROWS as i64,
        }
    } else {
        type Strip = Columns<f64, { STRIP / 8 }>;
        Tree {
            block: f64::BLOCK as i64,
            lanes: f64::LANES as i64,
            stream: size_of::<Stream<f64>>() as u32,
            entries: Stream::<f64>::ENTRIES as i32,
            buffer: Stream::<f64>::BUFFER as i64,
            columns: size_of::<Strip>() as u32,
            rows_entered: Strip::ENTRIES as i32,
            rows: Strip::ROWS as i64,
        }
    }
}

/// Room on the stack that sums use one after the other.
pub(super) struct Room {
    slot: StackSlot,
    bytes: u32,
    pub(super) taken: bool,
}

/// Whether a reduction is a sum of floats that are not just a few.
pub(super) fn sums_in_tree(kind: Reduction, ty: &Ty, axes: &[usize]) -> bool {
    let few = axes.iter().try_fold(1i64, |n, &k| ty.dims[k].as_const().map(|d| n.saturating_mul(d.max(0))));
    kind == Reduction::Sum && ty.dtype.is_float() && few.is_none_or(|n| n > 8)
}

impl Translator<'_, '_> {
    /// The sum of elements of `value`. `dims` is their shape, `whole` makes the index of an element from that in it.
    pub(super) fn sum(&mut self, inst: Inst, value: Value, dims: &[Dim], flat: bool, whole: &dyn Fn(At) -> At) -> Reg {
        let rows = self.rows(inst, value, dims, flat);
        let dtype = self.data(value).dtype;
        let Some((last, outer)) = dims.split_last() else {
            return self.defect("a sum over no axes".to_string());
        };
        // By axes a row is all there is if the others have length 1; their positions are 0.
        let zero = self.int(0);
        let by_axes =
            |_: &mut Translator<'_, '_>, i: Reg| whole(At::Axes(outer.iter().map(|_| zero).chain([i]).collect()));
        let in_order = |_: &mut Translator<'_, '_>, i: Reg| whole(At::Flat(i));
        let flat = flat && (rows.is_some() || !outer.is_empty());
        if !flat && !outer.iter().all(|d| d.is(1)) {
            return self.sum_rows(value, dims, rows, whole);
        }
        let n = if flat { self.count(dims) } else { self.dim(last) };
        let at: Index<'_> = if flat { &in_order } else { &by_axes };
        let Some(rows) = rows else {
            return self.sum_elements(value, dtype, n, at);
        };
        self.unit.stats.vector_loops += 1;
        self.scope(|t| {
            let first = at(t, zero);
            t.hoist(rows.value, rows.root, &first, &mut FxHashSet::default());
            t.sum_row(rows, n, at)
        })
    }

    /// The sum of a row with a vector form.
    fn sum_row(&mut self, rows: Rows<'_>, n: Reg, at: Index<'_>) -> Reg {
        let functions = self.functions(rows).unwrap_or_default();
        let block = tree(rows.dtype).block;
        if self.known(n).is_some_and(|n| n <= block) {
            return self.block_sum(rows, &functions, n, at);
        }
        let pairwise = of_float(rows.dtype, PAIRWISE);
        self.with_room(level_bytes(), &mut |t, levels| {
            t.in_parts(n, block, rows.dtype, &mut |t, start, len, last| {
                let inside = |t: &mut Translator<'_, '_>, i: Reg| {
                    let i = t.b.ins().iadd(start, i);
                    at(t, i)
                };
                let sum = t.block_sum(rows, &functions, len, &inside);
                let (join, on) = (t.b.create_block(), t.b.create_block());
                let all = t.b.append_block_param(on, machine(rows.dtype));
                let alone = t.b.ins().icmp_imm_s(IntCC::SignedLessThanOrEqual, n, block);
                t.b.ins().brif(alone, on, &[sum.into()], join, &[]);
                t.start(join);
                let k = t.b.ins().ushr_imm_u(start, i64::from(block.trailing_zeros()));
                let joined = t.ask(pairwise, &[levels, k, sum, last]);
                t.b.ins().jump(on, &[joined.into()]);
                t.start(on);
                all
            })
        })
    }

    /// The sum of a block of a row, or of less.
    fn block_sum(&mut self, rows: Rows<'_>, functions: &[Value], n: Reg, at: Index<'_>) -> Reg {
        let dtype = rows.dtype;
        let zero = self.constant(Const::of(dtype, 0.0));
        let wide = self.b.ins().splat(vector(dtype), zero);
        let mut carries = vec![wide; REGISTERS];
        carries.push(zero);
        let row: Row<'_> = &mut |t, n, at, state| {
            let main = t.whole_rounds(n, REGISTERS, dtype);
            let zero = t.int(0);
            let step = lanes(dtype) * REGISTERS as i64;
            let mut next = t.repeat_by(zero, main, step, Look::Never, &state[..REGISTERS], &mut |t, i, state| {
                let at = at(t, i);
                let add = |(k, &sum): (usize, &Reg)| {
                    let x = t.row_vector(rows, &at, k);
                    t.b.ins().fadd(sum, x)
                };
                state.iter().enumerate().map(add).collect()
            });
            next.extend(t.repeat_by(main, n, 1, Look::Never, &state[REGISTERS..], &mut |t, i, state| {
                let at = at(t, i);
                let x = t.row_scalar(rows, &at);
                vec![t.b.ins().fadd(state[0], x)]
            }));
            next
        };
        let mut after = if functions.is_empty() {
            row(self, n, at, &carries)
        } else {
            self.in_pieces(functions, n, at, &carries, row)
        };
        let rest = after.pop().unwrap_or_else(|| defect!("a row without a sum"));
        let mut width = REGISTERS / 2;
        while width > 0 {
            for k in 0..width {
                after[k] = self.b.ins().fadd(after[k], after[k + width]);
            }
            width /= 2;
        }
        let mut ends: Vec<Reg> = (0..lanes(dtype)).map(|lane| self.b.ins().extractlane(after[0], lane as u8)).collect();
        while ends.len() > 1 {
            let upper = ends.split_off(ends.len() / 2);
            ends = ends.iter().zip(upper).map(|(&lower, upper)| self.b.ins().fadd(lower, upper)).collect();
        }
        self.b.ins().fadd(ends[0], rest)
    }

    /// The sum of a row without a vector form.
    fn sum_elements(&mut self, value: Value, dtype: DType, n: Reg, at: Index<'_>) -> Reg {
        let sum = of_float(dtype, [Symbol::adl_stream_f64, Symbol::adl_stream_f32]);
        self.with_stream(dtype, &mut |t, stream, buffer| {
            t.in_parts(n, COLLECTED as i64, dtype, &mut |t, start, len, last| {
                let zero = t.int(0);
                t.repeat_by(zero, len, 1, Look::Never, &[], &mut |t, k, _| {
                    let i = t.b.ins().iadd(start, k);
                    let at = at(t, i);
                    let x = t.element(value, &at);
                    let to = t.entry(buffer, k, dtype);
                    t.b.ins().store(trusted(), x, to, 0);
                    Vec::new()
                });
                t.ask(sum, &[stream, len, last])
            })
        })
    }

    /// The sum of all elements of many rows.
    fn sum_rows(&mut self, value: Value, dims: &[Dim], rows: Option<Rows<'_>>, whole: &dyn Fn(At) -> At) -> Reg {
        let dtype = self.data(value).dtype;
        let sum = of_float(dtype, [Symbol::adl_stream_f64, Symbol::adl_stream_f32]);
        self.with_stream(dtype, &mut |t, stream, buffer| {
            let zero = t.int(0);
            let flush: Flush<'_> = &mut |t| {
                let (full, more) = (t.int(COLLECTED as i64), t.int(0));
                t.call_support(sum, &[stream, full, more]);
            };
            let filled = match rows {
                Some(rows) => {
                    t.unit.stats.vector_loops += 1;
                    let (outer, last) = dims.split_at(dims.len() - 1);
                    t.nest(outer, &[zero], &mut |t, index, state| {
                        let at = |_: &mut Translator<'_, '_>, i: Reg| {
                            whole(At::Axes(index.iter().copied().chain([i]).collect()))
                        };
                        let n = t.dim(&last[0]);
                        vec![t.collect_row(rows, n, &at, buffer, state[0], flush)]
                    })
                }
                None => t.nest(dims, &[zero], &mut |t, index, state| {
                    let x = t.element(value, &whole(At::axes(index)));
                    let to = t.entry(buffer, state[0], dtype);
                    t.b.ins().store(trusted(), x, to, 0);
                    let filled = t.b.ins().iadd_imm_s(state[0], 1);
                    vec![t.flush_if_full(filled, COLLECTED as i64, flush)]
                }),
            };
            let last = t.int(1);
            t.ask(sum, &[stream, filled[0], last])
        })
    }

    /// Writes a row behind what is in a buffer, which is flushed when it is full; gives how much is in it then.
    fn collect_row(
        &mut self,
        rows: Rows<'_>,
        n: Reg,
        at: Index<'_>,
        buffer: Reg,
        filled: Reg,
        flush: Flush<'_>,
    ) -> Reg {
        let functions = self.functions(rows).unwrap_or_default();
        let zero = self.int(0);
        let first = at(self, zero);
        self.hoist(rows.value, rows.root, &first, &mut FxHashSet::default());
        let (header, exit) = (self.b.create_block(), self.b.create_block());
        let [i, inside] = [0; 2].map(|_| self.b.append_block_param(header, types::I64));
        let after = self.b.append_block_param(exit, types::I64);
        let some = self.b.ins().icmp_imm_s(IntCC::SignedGreaterThan, n, 0);
        self.b.ins().brif(some, header, &[zero.into(), filled.into()], exit, &[filled.into()]);
        self.start(header);
        self.loops += 1;
        self.counters.insert(i, self.loops);
        let most = self.int(COLLECTED as i64);
        let (left, room) = (self.b.ins().isub(n, i), self.b.ins().isub(most, inside));
        let len = self.b.ins().smin(left, room);
        let to = self.entry(buffer, inside, rows.dtype);
        self.scope(|t| {
            let at = |t: &mut Translator<'_, '_>, k: Reg| {
                let i = t.b.ins().iadd(i, k);
                at(t, i)
            };
            t.with_applied(&functions, len, &at, &mut |t| {
                t.store_row(rows, len, &at, None, Look::Never, &mut |t, k| (t.entry(to, k, rows.dtype), 0));
                Vec::new()
            });
        });
        self.loops -= 1;
        let now = self.b.ins().iadd(inside, len);
        let now = self.flush_if_full(now, COLLECTED as i64, flush);
        let following = self.b.ins().iadd(i, len);
        let more = self.b.ins().icmp(IntCC::SignedLessThan, following, n);
        self.b.ins().brif(more, header, &[following.into(), now.into()], exit, &[now.into()]);
        self.start(exit);
        after
    }

    /// Sums over axes of which the last one is none, so that they go on side by side.
    pub(super) fn sum_columns(&mut self, inst: Inst, value: Value, axes: &[usize], ty: &Ty, to: Reg) {
        let from = self.data(value).dims.clone();
        let (dtype, tree) = (ty.dtype, tree(ty.dtype));
        let rows = self.rows(inst, value, &from, false);
        let functions = rows.and_then(|rows| self.functions(rows)).unwrap_or_default();
        let Some((last, kept)) = ty.dims.split_last() else {
            self.defect("columns of a scalar".to_string());
            return;
        };
        let reduced: Vec<Dim> = axes.iter().map(|&k| from[k].clone()).collect();
        let sum = of_float(dtype, [Symbol::adl_columns_f64, Symbol::adl_columns_f32]);
        let width = (STRIP / dtype.bytes()) as i64;
        self.unit.stats.vector_loops += usize::from(rows.is_some());
        self.nest(kept, &[], &mut |t, outer, _| {
            let (n, zero) = (t.dim(last), t.int(0));
            t.repeat_by(zero, n, width, Look::Always, &[], &mut |t, first, _| {
                let left = t.b.ins().isub(n, first);
                let most = t.int(width);
                let len = match t.known(n) {
                    Some(n) if n <= width => t.int(n),
                    _ => t.b.ins().smin(left, most),
                };
                t.with_room(tree.columns, &mut |t, columns| {
                    let (none, more) = (t.int(0), t.int(0));
                    t.b.ins().store(trusted(), none, columns, tree.rows_entered);
                    let buffer = t.b.ins().iadd_imm_s(columns, tree.rows);
                    let filled = t.nest(&reduced, &[none], &mut |t, inner, state| {
                        let at = |t: &mut Translator<'_, '_>, k: Reg| {
                            let i = t.b.ins().iadd(first, k);
                            let (mut outer, mut inner) = (outer.iter(), inner.iter());
                            let next = |k: usize| if axes.contains(&k) { inner.next() } else { outer.next() };
                            At::Axes((0..from.len() - 1).filter_map(next).copied().chain([i]).collect())
                        };
                        let row = t.b.ins().imul_imm_s(state[0], STRIP as i64);
                        let row = t.b.ins().iadd(buffer, row);
                        t.write_strip(value, rows, &functions, len, &at, row);
                        let filled = t.b.ins().iadd_imm_s(state[0], 1);
                        vec![t.flush_if_full(filled, tree.lanes, &mut |t| {
                            let full = t.int(tree.lanes);
                            t.call_support(sum, &[columns, full, more, more]);
                        })]
                    });
                    let place: SmallVec<[Reg; 4]> = outer.iter().copied().chain([first]).collect();
                    let (address, offset) = t.place(to, ty, &At::Axes(place));
                    let address = t.b.ins().iadd_imm_s(address, i64::from(offset));
                    t.call_support(sum, &[columns, filled[0], address, len]);
                    zero
                });
                Vec::new()
            });
            Vec::new()
        });
    }

    /// Writes `n` elements of a row, one strip, to an address.
    fn write_strip(
        &mut self,
        value: Value,
        rows: Option<Rows<'_>>,
        functions: &[Value],
        n: Reg,
        at: Index<'_>,
        to: Reg,
    ) {
        let (dtype, zero) = (self.data(value).dtype, self.int(0));
        if let Some(rows) = rows {
            let first = at(self, zero);
            self.hoist(rows.value, rows.root, &first, &mut FxHashSet::default());
            self.with_applied(functions, n, at, &mut |t| {
                t.store_row(rows, n, at, None, Look::Never, &mut |t, k| (t.entry(to, k, dtype), 0));
                Vec::new()
            });
            return;
        }
        let one = &mut |t: &mut Translator<'_, '_>, k: Reg, _: &[Reg]| {
            let at = at(t, k);
            let x = t.element(value, &at);
            let to = t.entry(to, k, dtype);
            t.b.ins().store(trusted(), x, to, 0);
            Vec::new()
        };
        match self.known(n) {
            Some(n) if n <= 8 => {
                for k in 0..n {
                    let k = self.int(k);
                    self.scope(|t| one(t, k, &[]));
                }
            }
            _ => {
                self.repeat_by(zero, n, 1, Look::Never, &[], one);
            }
        }
    }

    /// Runs `part` for each part of `size` of `0..n`, with its start, its length and whether it is the last one; at
    /// least once. Gives what the last one gives.
    fn in_parts(&mut self, n: Reg, size: i64, dtype: DType, part: Part<'_>) -> Reg {
        let (header, exit) = (self.b.create_block(), self.b.create_block());
        let start = self.b.append_block_param(header, types::I64);
        let all = self.b.append_block_param(exit, machine(dtype));
        let zero = self.int(0);
        self.b.ins().jump(header, &[zero.into()]);
        self.start(header);
        self.loops += 1;
        self.counters.insert(start, self.loops);
        let left = self.b.ins().isub(n, start);
        let most = self.int(size);
        let len = self.b.ins().smin(left, most);
        let last = self.b.ins().icmp_imm_s(IntCC::SignedLessThanOrEqual, left, size);
        let number = self.b.ins().uextend(types::I64, last);
        let result = self.scope(|t| part(t, start, len, number));
        self.loops -= 1;
        self.check_interrupt();
        let following = self.b.ins().iadd_imm_s(start, size);
        self.b.ins().brif(last, exit, &[result.into()], header, &[following.into()]);
        self.start(exit);
        all
    }

    /// Flushes a buffer if it holds as much as it can; gives what is in it then.
    fn flush_if_full(&mut self, filled: Reg, most: i64, flush: Flush<'_>) -> Reg {
        let (full, on) = (self.b.create_block(), self.b.create_block());
        let now = self.b.append_block_param(on, types::I64);
        let is_full = self.b.ins().icmp_imm_s(IntCC::Equal, filled, most);
        self.b.ins().brif(is_full, full, &[], on, &[filled.into()]);
        self.start(full);
        flush(self);
        self.check_interrupt();
        let zero = self.int(0);
        self.b.ins().jump(on, &[zero.into()]);
        self.start(on);
        now
    }

    /// The address of an entry.
    fn entry(&mut self, base: Reg, index: Reg, dtype: DType) -> Reg {
        let offset = self.b.ins().ishl_imm_u(index, i64::from(dtype.bytes().trailing_zeros()));
        self.b.ins().iadd(base, offset)
    }

    /// Runs `f` with the address of an empty stream and that of its buffer.
    fn with_stream(&mut self, dtype: DType, f: &mut dyn FnMut(&mut Self, Reg, Reg) -> Reg) -> Reg {
        let tree = tree(dtype);
        self.with_room(tree.stream, &mut |t, stream| {
            let zero = t.int(0);
            t.b.ins().store(trusted(), zero, stream, tree.entries);
            let buffer = t.b.ins().iadd_imm_s(stream, tree.buffer);
            f(t, stream, buffer)
        })
    }

    /// Runs `f` with the address of room on the stack that nothing else uses meanwhile.
    fn with_room(&mut self, bytes: u32, f: &mut dyn FnMut(&mut Self, Reg) -> Reg) -> Reg {
        let (k, address) = self.take_room(bytes);
        let result = f(self, address);
        self.rooms[k].taken = false;
        result
    }

    /// Room on the stack: its number, by which it is given back, and its address.
    pub(super) fn take_room(&mut self, bytes: u32) -> (usize, Reg) {
        let free = self.rooms.iter().position(|room| !room.taken && room.bytes == bytes);
        let k = free.unwrap_or_else(|| {
            let slot = StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 6);
            let slot = self.b.create_sized_stack_slot(slot);
            self.rooms.push(Room { slot, bytes, taken: false });
            self.rooms.len() - 1
        });
        self.rooms[k].taken = true;
        (k, self.b.ins().stack_addr(types::I64, self.rooms[k].slot, 0))
    }
}

/// What adds up a full buffer.
type Flush<'f> = &'f mut dyn FnMut(&mut Translator<'_, '_>);

/// What is done with a part: its start, its length, and 1 if it is the last one.
type Part<'p> = &'p mut dyn FnMut(&mut Translator<'_, '_>, Reg, Reg, Reg) -> Reg;

/// The bytes of the partial sums of a tree.
pub(super) fn level_bytes() -> u32 {
    8 * LEVELS as u32
}

/// What joins the sums of blocks.
pub(super) const PAIRWISE: [Symbol; 2] = [Symbol::adl_pairwise_f64, Symbol::adl_pairwise_f32];
