//! `if`, `for`, `while` and `map`. What is carried is passed as block parameters: scalars and tapes by value, arrays by
//! the memory of their class, which is passed only if it changes.

use super::element::At;
use super::function::{Bound, Reg, Translator};
use super::nest::{Look, Visit};
use crate::ir::{Block, Inst, Type, Value};
use crate::plan::places::{Carry, Class};
use adl_lang::defect;
use adl_lang::types::Dim;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self as clif, BlockArg, InstBuilder, types};
use smallvec::SmallVec;

impl Translator<'_, '_> {
    /// The registers that carry a value from block to block; arrays in memory have none.
    fn carried(&mut self, value: Value) -> SmallVec<[Reg; 2]> {
        match self.func.ty(value) {
            Type::Tape => match self.get(value) {
                Bound::Tape(tape, offset) => SmallVec::from_slice(&[tape, offset]),
                Bound::Scalar(_) | Bound::Address(_) => SmallVec::new(),
            },
            Type::Data(ty) if ty.is_scalar() => SmallVec::from_slice(&[self.scalar(value)]),
            Type::Data(_) => SmallVec::new(),
        }
    }

    fn carried_all(&mut self, values: &[Value]) -> Vec<Reg> {
        values.iter().flat_map(|&v| self.carried(v)).collect()
    }

    fn memory_of(&self, classes: &[Class]) -> Vec<Reg> {
        classes.iter().filter_map(|&c| self.memory[c]).collect()
    }

    fn args(values: &[Reg], memory: &[Reg]) -> Vec<BlockArg> {
        values.iter().chain(memory).map(|&v| v.into()).collect()
    }

    /// Adds parameters to a block for values and for memory, as types of the registers that go there.
    fn parameters(&mut self, block: clif::Block, regs: &[Reg]) -> Vec<Reg> {
        regs.iter()
            .map(|&r| {
                let ty = self.b.func.dfg.value_type(r);
                self.b.append_block_param(block, ty)
            })
            .collect()
    }

    fn set_memory(&mut self, classes: &[Class], regs: &[Reg]) {
        let present: Vec<Class> = classes.iter().copied().filter(|&c| self.memory[c].is_some()).collect();
        for (class, &reg) in present.into_iter().zip(regs) {
            self.memory[class] = Some(reg);
        }
    }

    /// Names the registers and the memory of values.
    fn bind(&mut self, values: &[Value], mut regs: &[Reg]) {
        for &value in values {
            let bound = match self.func.ty(value) {
                Type::Tape => {
                    let (pair, rest) = regs.split_at(2);
                    regs = rest;
                    Bound::Tape(pair[0], pair[1])
                }
                Type::Data(ty) if ty.is_scalar() => {
                    let (one, rest) = regs.split_at(1);
                    regs = rest;
                    Bound::Scalar(one[0])
                }
                Type::Data(_) => Bound::Address(self.own_memory(value)),
            };
            self.bound.insert(value, bound);
        }
    }

    /// Brings the arrays of `sources` into the memory of `targets` where they are not there.
    fn settle(&mut self, targets: &[Value], sources: &[Value]) {
        for (&target, &source) in targets.iter().zip(sources) {
            if self.forms.stored(target) && self.class(source) != self.class(target) {
                let ty = self.data(target).clone();
                let (from, to) = (self.address(source), self.own_memory(target));
                self.copy_array(&ty, from, to);
            }
        }
    }

    /// A choice between two blocks.
    pub(super) fn branch(&mut self, inst: Inst, then: Block, otherwise: Block) {
        let func = self.func;
        let data = &func.insts[inst];
        let moved = self.buffers.moved.get(&inst).cloned().unwrap_or_default();
        let condition = self.scalar(data.args[0]);
        let (yes, no, join) = (self.b.create_block(), self.b.create_block(), self.b.create_block());
        self.b.ins().brif(condition, yes, &[], no, &[]);
        let before = self.memory.clone();
        let mut after = Vec::new();
        for (start, block) in [(yes, then), (no, otherwise)] {
            self.start(start);
            self.memory.clone_from(&before);
            self.scope(|t| t.block(block));
            let yields = &func.blocks[block].yields;
            self.settle(&data.results, yields);
            let mut regs = self.carried_all(yields);
            regs.extend(self.memory_of(&moved));
            if after.is_empty() {
                after = self.parameters(join, &regs);
            }
            self.b.ins().jump(join, &Self::args(&regs, &[]));
        }
        self.start(join);
        let values = after.len() - self.memory_of(&moved).len();
        self.set_memory(&moved, &after[values..]);
        self.bind(&data.results, &after[..values]);
    }

    /// `for`: the counter goes from 0 to the count.
    pub(super) fn counted_loop(&mut self, inst: Inst, body: Block) {
        let func = self.func;
        let data = &func.insts[inst];
        let block = &func.blocks[body];
        let moved = self.buffers.moved.get(&inst).cloned().unwrap_or_default();
        let count = self.scalar(data.args[0]);
        let inits = &data.args[1..];
        self.settle(&block.params[1..], inits);
        self.room_for_rounds(body, inits, count);
        let initial = self.carried_all(inits);
        let memory = self.memory_of(&moved);
        let zero = self.int(0);
        let (header, exit) = (self.b.create_block(), self.b.create_block());
        let i = self.b.append_block_param(header, types::I64);
        let inside = self.parameters(header, &[initial.as_slice(), &memory].concat());
        let after = self.parameters(exit, &[initial.as_slice(), &memory].concat());
        let values = initial.len();
        let mut enter: Vec<BlockArg> = vec![zero.into()];
        enter.extend(Self::args(&initial, &memory));
        match self.known(count) {
            Some(n) if n > 0 => {
                self.b.ins().jump(header, &enter);
            }
            _unknown => {
                let some = self.b.ins().icmp_imm_s(IntCC::SignedGreaterThan, count, 0);
                self.b.ins().brif(some, header, &enter, exit, &Self::args(&initial, &memory));
            }
        }
        self.start(header);
        self.set_memory(&moved, &inside[values..]);
        self.loops += 1;
        self.counters.insert(i, self.loops);
        self.bound.insert(block.params[0], Bound::Scalar(i));
        self.bind(&block.params[1..], &inside[..values]);
        self.scope(|t| t.block(body));
        let next = self.carried_all(&block.yields);
        self.exchange(inst, &block.params[1..], &block.yields);
        self.loops -= 1;
        self.check_interrupt();
        let next_memory = self.memory_of(&moved);
        let following = self.b.ins().iadd_imm_s(i, 1);
        let more = self.b.ins().icmp(IntCC::SignedLessThan, following, count);
        let mut again: Vec<BlockArg> = vec![following.into()];
        again.extend(Self::args(&next, &next_memory));
        self.b.ins().brif(more, header, &again, exit, &Self::args(&next, &next_memory));
        self.start(exit);
        self.set_memory(&moved, &after[values..]);
        self.bind(&data.results, &after[..values]);
    }

    /// `while`: the test runs before each round.
    pub(super) fn open_loop(&mut self, inst: Inst, test: Block, body: Block) {
        let func = self.func;
        let data = &func.insts[inst];
        let (test_block, body_block) = (&func.blocks[test], &func.blocks[body]);
        let moved = self.buffers.moved.get(&inst).cloned().unwrap_or_default();
        self.settle(&test_block.params, &data.args);
        let initial = self.carried_all(&data.args);
        let memory = self.memory_of(&moved);
        let values = initial.len();
        let (header, round, exit) = (self.b.create_block(), self.b.create_block(), self.b.create_block());
        let inside = self.parameters(header, &[initial.as_slice(), &memory].concat());
        self.b.ins().jump(header, &Self::args(&initial, &memory));
        self.start(header);
        self.loops += 1;
        self.set_memory(&moved, &inside[values..]);
        self.bind(&test_block.params, &inside[..values]);
        self.scope(|t| t.block(test));
        let condition = self.scalar(test_block.yields[0]);
        self.b.ins().brif(condition, round, &[], exit, &[]);
        let at_exit = self.memory.clone();
        self.start(round);
        self.bind(&body_block.params, &inside[..values]);
        self.scope(|t| t.block(body));
        let next = self.carried_all(&body_block.yields);
        self.exchange(inst, &body_block.params, &body_block.yields);
        self.loops -= 1;
        self.check_interrupt();
        let next_memory = self.memory_of(&moved);
        self.b.ins().jump(header, &Self::args(&next, &next_memory));
        self.start(exit);
        self.memory = at_exit;
        self.bind(&data.results, &inside[..values]);
    }

    /// Gives each carry the memory of its next value at the end of a round.
    fn exchange(&mut self, inst: Inst, params: &[Value], yields: &[Value]) {
        let Some(carries) = self.buffers.carries.get(&inst) else {
            return;
        };
        let mut wanted: Vec<(Class, Class)> = Vec::new();
        for ((&param, &next), carry) in params.iter().zip(yields).zip(carries) {
            let Some(own) = self.class(param) else {
                continue;
            };
            match carry {
                None | Some(Carry::Stay) => {}
                Some(Carry::Take(class)) => wanted.push((own, *class)),
                Some(Carry::Copy(spare)) => {
                    let ty = self.data(param).clone();
                    let from = self.address(next);
                    if let Some(to) = self.memory[*spare] {
                        self.copy_array(&ty, from, to);
                    }
                    wanted.push((own, *spare));
                }
            }
        }
        let old = self.memory.clone();
        let taker = |of: Class| wanted.iter().find(|&&(_, source)| source == of).map(|&(own, _)| own);
        for &(own, source) in &wanted {
            self.memory[own] = old[source];
            // A class that gives and takes nothing gets what is left at the end of its chain.
            if wanted.iter().all(|&(other, _)| other != source) {
                let mut end = own;
                while let Some(next) = taker(end) {
                    end = next;
                }
                self.memory[source] = old[end];
            }
        }
    }

    /// A comprehension whose results are in memory.
    pub(super) fn map(&mut self, inst: Inst, extents: &[Dim], body: Block, accs: usize) {
        let func = self.func;
        let data = &func.insts[inst];
        let block = &func.blocks[body];
        let lanes = data.results.len() - accs;
        let acc_params = &block.params[extents.len()..];
        self.settle(acc_params, &data.args);
        let scalars = self.carried_all(&data.args);
        let moved = self.buffers.moved.get(&inst).cloned().unwrap_or_default();
        let memory = self.memory_of(&moved);
        let values = scalars.len();
        for &result in &data.results[..lanes] {
            let address = self.own_memory(result);
            self.bound.insert(result, Bound::Address(address));
        }
        let targets: Vec<Reg> = data.results[..lanes].iter().map(|&r| self.address(r)).collect();
        let sums = self.chunked_sums(extents, &data.args);
        let none = self.int(0);
        let mut carries = [scalars.as_slice(), &memory].concat();
        if !sums.is_empty() {
            carries.push(none);
        }
        let lane: Visit<'_> = &mut |t, index, state| {
            t.set_memory(&moved, &state[values..]);
            for (&param, &i) in block.params.iter().zip(index) {
                t.bound.insert(param, Bound::Scalar(i));
            }
            t.bind(acc_params, &state[..values]);
            t.block(body);
            for ((&lane, &result), &to) in block.yields.iter().zip(&data.results).zip(&targets) {
                t.store_lane(lane, result, index, to);
            }
            let mut next = t.carried_all(&block.yields[lanes..]);
            t.settle(acc_params, &block.yields[lanes..]);
            next.extend(t.memory_of(&moved));
            next
        };
        let mut after = if sums.is_empty() {
            self.nest_interruptible(extents, &carries, lane)
        } else {
            self.in_chunks(&sums, &mut |t, rooms| {
                let mut after = t.nest_interruptible(extents, &carries, &mut |t, index, state| {
                    let Some((&number, state)) = state.split_last() else { defect!("lanes without a number") };
                    let mut next = lane(t, index, state);
                    let number = t.b.ins().iadd_imm_s(number, 1);
                    t.end_lane(&sums, rooms, number, &mut next);
                    next.push(number);
                    next
                });
                let number = after.pop().unwrap_or_else(|| defect!("lanes without a number"));
                t.end_lanes(&sums, rooms, number, &mut after);
                after
            })
        };
        after.truncate(carries.len());
        self.set_memory(&moved, &after[values..]);
        self.bind(&data.results[lanes..], &after[..values]);
    }

    fn store_lane(&mut self, lane: Value, result: Value, index: &[Reg], to: Reg) {
        let whole = self.data(result).clone();
        let ty = self.data(lane).clone();
        let inst = self.definition(result);
        if let Some(rows) = inst.and_then(|inst| self.rows(inst, lane, &ty.dims, false)) {
            self.store_rows(rows, None, &mut |t, at| {
                let At::Axes(inner) = at else { return (to, 0) };
                let place = index.iter().chain(inner).copied().collect();
                t.place(to, &whole, &At::Axes(place))
            });
            return;
        }
        self.nest(&ty.dims, &[], &mut |t, inner, _| {
            let element = t.element(lane, &At::axes(inner));
            let place: SmallVec<[Reg; 4]> = index.iter().chain(inner).copied().collect();
            t.write(&whole, to, &At::Axes(place), element);
            Vec::new()
        });
    }

    /// As `nest`, with a look at the interrupt in every round.
    fn nest_interruptible(&mut self, dims: &[Dim], carries: &[Reg], body: Visit<'_>) -> Vec<Reg> {
        let Some((first, rest)) = dims.split_first() else {
            return body(self, &[], carries);
        };
        let count = self.dim(first);
        let last = rest.is_empty();
        self.repeat(count, Look::Always, carries, &mut |t, i, state| {
            if last {
                return body(t, &[i], state);
            }
            t.nest_interruptible(rest, state, &mut |t, index, state| {
                let whole: SmallVec<[Reg; 4]> = std::iter::once(i).chain(index.iter().copied()).collect();
                body(t, &whole, state)
            })
        })
    }
}
