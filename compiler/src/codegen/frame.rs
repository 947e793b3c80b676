//! The frame of a function: sizes, evaluated once at entry; memory for arrays, taken from the arena at entry and given
//! back at the end; and the results, brought to where the caller wants them.

use super::checks::trusted;
use super::function::{Bound, Reg, Translator};
use super::sites::Fault;
use crate::ir::walk::standing;
use crate::ir::{Inst, Kind, MAX_SIZE, Type, Value};
use crate::plan::places::{Class, Place};
use adl_lang::ops::{Op, Sel};
use adl_lang::types::{Dim, DimNode};
use adl_runtime::abi;
use adl_runtime::symbols::Symbol;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, types};
use cranelift_frontend::FunctionBuilder;

/// A number that is larger than any array.
const TOO_LARGE: i64 = 1 << 47;

/// A dimension without checks.
pub(super) fn plain_dim(b: &mut FunctionBuilder<'_>, sizes: &[Reg], dim: &Dim) -> Reg {
    dim.fold(&mut |node| match node {
        DimNode::Const(c) => b.ins().iconst(types::I64, c),
        DimNode::Sym(s) => sizes[s.0 as usize],
        DimNode::Add(x, y) => b.ins().iadd(x, y),
        DimNode::Mul(x, y) => b.ins().imul(x, y),
        DimNode::FloorDiv(x, y) => floor_division(b, x, y).quotient,
        DimNode::Rem(x, y) => floor_division(b, x, y).rest,
    })
}

/// A division that rounds down, and what is wrong with it; then the numbers mean nothing.
struct Division {
    quotient: Reg,
    rest: Reg,
    by_zero: Reg,
    overflow: Reg,
}

fn floor_division(b: &mut FunctionBuilder<'_>, x: Reg, y: Reg) -> Division {
    let one = b.ins().iconst(types::I64, 1);
    let by_zero = b.ins().icmp_imm_s(IntCC::Equal, y, 0);
    let least = b.ins().icmp_imm_s(IntCC::Equal, x, i64::MIN);
    let minus = b.ins().icmp_imm_s(IntCC::Equal, y, -1);
    let overflow = b.ins().band(least, minus);
    let wrong = b.ins().bor(by_zero, overflow);
    let divisor = b.ins().select(wrong, one, y);
    let quotient = b.ins().sdiv(x, divisor);
    let rest = b.ins().srem(x, divisor);
    // Rounded toward zero so far: one too many where the rest has not the sign of the divisor.
    let signs = b.ins().bxor(rest, divisor);
    let differ = b.ins().icmp_imm_s(IntCC::SignedLessThan, signs, 0);
    let some = b.ins().icmp_imm_s(IntCC::NotEqual, rest, 0);
    let down = b.ins().band(differ, some);
    let (less, more) = (b.ins().iadd_imm_s(quotient, -1), b.ins().iadd(rest, divisor));
    let (quotient, rest) = (b.ins().select(down, less, quotient), b.ins().select(down, more, rest));
    Division { quotient, rest, by_zero, overflow }
}

/// A size that may be wrong: it is computed when the function is entered, and looked at where it is used.
#[derive(Clone, Copy, Default)]
pub(super) struct Unsure {
    overflow: Option<Reg>,
    by_zero: Option<Reg>,
}

impl Translator<'_, '_> {
    /// Writes what the function returns where the caller wants it, unless it is there.
    pub(super) fn finish_results(&mut self) {
        let results = self.func.results().to_vec();
        for k in self.result_order(&results) {
            let value = results[k];
            let target = self.results[k];
            let ty = self.func.ty(value).clone();
            match (ty, self.get(value)) {
                (_, Bound::Scalar(x)) => {
                    self.b.ins().store(trusted(), x, target, 0);
                }
                (_, Bound::Tape(tape, offset)) => {
                    self.b.ins().store(trusted(), tape, target, 0);
                    self.b.ins().store(trusted(), offset, target, 8);
                }
                (Type::Data(ty), Bound::Address(from)) => {
                    let class = self.class(value);
                    let fixed = class.is_some_and(|c| self.buffers.places[c] == Place::Result(k));
                    if fixed && !self.moves(class) {
                        continue;
                    }
                    if fixed {
                        let (copy, on) = (self.b.create_block(), self.b.create_block());
                        let elsewhere = self.b.ins().icmp(IntCC::NotEqual, from, target);
                        self.b.ins().brif(elsewhere, copy, &[], on, &[]);
                        self.start(copy);
                        self.copy_array(&ty, from, target);
                        self.b.ins().jump(on, &[]);
                        self.start(on);
                    } else {
                        self.copy_array(&ty, from, target);
                    }
                }
                (Type::Tape, Bound::Address(_)) => {
                    self.defect("a tape in memory".to_string());
                }
            }
        }
    }

    /// The results in an order in which none is overwritten before it is copied.
    fn result_order(&mut self, results: &[Value]) -> Vec<usize> {
        // The results in whose memory one may lie.
        let group = &self.buffers.group;
        let places = |class: Option<Class>| {
            let mates = self
                .buffers
                .places
                .iter()
                .enumerate()
                .filter(move |(c, _)| class.is_some_and(|x| group[x] == group[*c]));
            mates.filter_map(|(_, place)| if let Place::Result(k) = place { Some(*k) } else { None }).collect()
        };
        let lies_in: Vec<Vec<usize>> = results.iter().map(|&v| places(self.class(v))).collect();
        let mut left: Vec<usize> = (0..results.len()).collect();
        let mut order = Vec::new();
        while !left.is_empty() {
            let free = |&k: &usize| left.iter().all(|&other| other == k || !lies_in[other].contains(&k));
            let next = left.iter().position(free).unwrap_or_else(|| {
                self.unit.entangled = true;
                self.defect("results in each other's memory".to_string());
                0
            });
            order.push(left.remove(next));
        }
        order
    }

    fn moves(&self, class: Option<Class>) -> bool {
        class.is_some_and(|c| self.buffers.moved.values().any(|moved| moved.contains(&c)))
    }

    /// The class of an array that has memory of its own, or of the array it is a view of.
    pub(super) fn class(&self, value: Value) -> Option<Class> {
        crate::plan::fuse::owner(self.func, self.forms, value).and_then(|o| self.buffers.class[o])
    }

    /// Evaluates every dimension of the function once.
    pub(super) fn sizes(&mut self) {
        let func = self.func;
        let mut dims: Vec<Dim> = Vec::new();
        let mut add = |dim: &Dim| {
            if dim.as_const().is_none() && dim.as_sym().is_none() && !dims.contains(dim) {
                dims.push(dim.clone());
            }
        };
        let insts = standing(func);
        let inner = insts.iter().flat_map(|&inst| func.insts[inst].kind.blocks());
        let blocks: Vec<_> = std::iter::once(func.body).chain(inner).collect();
        let params = blocks.iter().flat_map(|&b| &func.blocks[b].params);
        let results = insts.iter().flat_map(|&inst| &func.insts[inst].results);
        for &value in params.chain(results) {
            let ty = func.ty(value).data();
            ty.into_iter().flat_map(|ty| &ty.dims).for_each(&mut add);
        }
        for inst in insts {
            let data = &func.insts[inst];
            match &data.kind {
                Kind::Map { extents: sizes, .. } | Kind::Call { sizes, .. } => sizes.iter().for_each(&mut add),
                Kind::Bounds { len: dim, .. } | Kind::NonNegative(dim) | Kind::Pure(Op::Size(dim)) => add(dim),
                Kind::SameSize(a, b) => [a, b].into_iter().for_each(&mut add),
                Kind::Pure(_)
                | Kind::If { .. }
                | Kind::For { .. }
                | Kind::While { .. }
                | Kind::Jvp { .. }
                | Kind::Vjp { .. }
                | Kind::Assert(_)
                | Kind::Print(_)
                | Kind::TapeNew
                | Kind::Push
                | Kind::Pop
                | Kind::TapeEnd => {}
            }
        }
        for dim in dims {
            let value = if func.range(&dim).is_some() {
                plain_dim(&mut self.b, &self.size_params, &dim)
            } else {
                let (value, unsure) = self.watched_dim(&dim);
                self.unsure.push((dim.clone(), unsure));
                value
            };
            self.dims.insert(dim, value);
        }
    }

    fn watched_dim(&mut self, dim: &Dim) -> (Reg, Unsure) {
        let mut unsure = Unsure::default();
        let (b, sizes) = (&mut self.b, &self.size_params);
        let note = |b: &mut FunctionBuilder<'_>, flag: &mut Option<Reg>, wrong: Reg| {
            *flag = Some(flag.map_or(wrong, |flag| b.ins().bor(flag, wrong)));
        };
        let value = dim.fold(&mut |node| {
            let (value, overflow) = match node {
                DimNode::Const(c) => return b.ins().iconst(types::I64, c),
                DimNode::Sym(s) => return sizes[s.0 as usize],
                DimNode::Add(x, y) => b.ins().sadd_overflow(x, y),
                DimNode::Mul(x, y) => b.ins().smul_overflow(x, y),
                DimNode::FloorDiv(x, y) => {
                    let division = floor_division(b, x, y);
                    note(b, &mut unsure.by_zero, division.by_zero);
                    (division.quotient, division.overflow)
                }
                DimNode::Rem(x, y) => {
                    // The least number has no rest by −1.
                    let division = floor_division(b, x, y);
                    note(b, &mut unsure.by_zero, division.by_zero);
                    return division.rest;
                }
            };
            note(b, &mut unsure.overflow, overflow);
            value
        });
        (value, unsure)
    }

    /// Fails if a size that an instruction names could not be computed, or if it makes an array that is too large.
    pub(super) fn check_sizes(&mut self, inst: Inst) {
        let func = self.func;
        let data = &func.insts[inst];
        let results = || data.results.iter().filter_map(|&r| func.ty(r).data());
        if !self.unsure.is_empty() {
            let mut named: Vec<&Dim> = results().flat_map(|ty| &ty.dims).collect();
            match &data.kind {
                Kind::Map { extents: sizes, .. } | Kind::Call { sizes, .. } => named.extend(sizes),
                Kind::Bounds { len: dim, .. } | Kind::NonNegative(dim) | Kind::Pure(Op::Size(dim)) => named.push(dim),
                Kind::SameSize(a, b) => named.extend([a, b]),
                _ => {}
            }
            for dim in named {
                let place = self.unsure.iter().position(|(unsure, _)| unsure == dim);
                let Some(place) = place.filter(|place| !self.sure.contains(place)) else { continue };
                let Unsure { overflow, by_zero } = self.unsure[place].1;
                self.sure.push(place);
                if let Some(by_zero) = by_zero {
                    self.fail_if(by_zero, Fault::DivisionByZero, inst, &[]);
                }
                if let Some(overflow) = overflow {
                    self.fail_if(overflow, Fault::Overflow, inst, &[]);
                }
            }
        }
        let grows = match &data.kind {
            Kind::Pure(Op::Index(sels)) => sels.contains(&Sel::Pick),
            Kind::Pure(op) => {
                matches!(op, Op::Broadcast { .. } | Op::Concat(_) | Op::MatMul { .. } | Op::Iota(_) | Op::Random(..))
            }
            Kind::Map { .. } => true,
            _ => false,
        };
        if grows {
            results().for_each(|ty| self.check_count(inst, &ty.dims));
        }
    }

    /// Fails if a shape has too many elements.
    fn check_count(&mut self, inst: Inst, dims: &[Dim]) {
        let counts = self.func.range(&dims.iter().fold(Dim::constant(1), |n, d| n * d.clone()));
        if counts.is_some_and(|[_, most]| most <= MAX_SIZE) || self.counted.iter().any(|known| known == dims) {
            return;
        }
        self.counted.push(dims.to_vec());
        let mut count = self.int(1);
        let mut wrong = self.b.ins().iconst(types::I8, 0);
        for dim in dims {
            let dim = self.dim(dim);
            let (product, overflow) = self.b.ins().smul_overflow(count, dim);
            wrong = self.b.ins().bor(wrong, overflow);
            count = product;
        }
        let large = self.b.ins().icmp_imm_s(IntCC::SignedGreaterThan, count, MAX_SIZE);
        let wrong = self.b.ins().bor(wrong, large);
        self.fail_if(wrong, Fault::TooLarge, inst, &[]);
    }

    /// The value of a dimension.
    pub(super) fn dim(&mut self, dim: &Dim) -> Reg {
        if let Some(c) = dim.as_const() {
            return self.int(c);
        }
        if let Some(s) = dim.as_sym() {
            return self.size_params[s.0 as usize];
        }
        match self.dims.get(dim) {
            Some(&value) => value,
            None => plain_dim(&mut self.b, &self.size_params, dim),
        }
    }

    /// The number of elements of a shape.
    pub(super) fn count(&mut self, dims: &[Dim]) -> Reg {
        let known = dims.iter().filter_map(Dim::as_const).fold(1i64, i64::wrapping_mul);
        let mut product = None;
        for dim in dims.iter().filter(|d| d.as_const().is_none()) {
            let dim = self.dim(dim);
            product = Some(match product {
                Some(product) => self.b.ins().imul(product, dim),
                None => dim,
            });
        }
        match product {
            Some(product) if known == 1 => product,
            Some(product) => self.b.ins().imul_imm_s(product, known),
            None => self.int(known),
        }
    }

    /// Takes memory for the arrays of this function.
    pub(super) fn frame(&mut self) {
        let buffers = self.buffers;
        let mut addresses = Vec::new();
        if !buffers.slots.is_empty() {
            let flags = trusted();
            let top = self.b.ins().load(types::I64, flags, self.ctx, abi::OFFSET_ARENA_TOP as i32);
            let chunk = self.b.ins().load(types::I64, flags, self.ctx, abi::OFFSET_ARENA_CHUNK as i32);
            self.frame = Some((top, chunk));
            let mut offsets = Vec::new();
            let mut total = self.int(0);
            for slot in &buffers.slots {
                offsets.push(total);
                let bytes = self.slot_bytes(&slot.len, slot.bytes);
                total = self.b.ins().iadd(total, bytes);
            }
            let base = self.allocate(top, total);
            for offset in offsets {
                addresses.push(self.b.ins().iadd(base, offset));
            }
        }
        for (class, place) in buffers.places.iter().enumerate() {
            self.memory[class] = match *place {
                Place::Slot(k) => Some(addresses[k]),
                Place::Result(k) => Some(self.results[k]),
                Place::Borrowed => None,
            };
        }
    }

    /// The bytes of an array, a multiple of 64; fails if there cannot be as many.
    fn slot_bytes(&mut self, dims: &[Dim], element: usize) -> Reg {
        let place = self.func.span.into();
        let known = dims.iter().filter_map(Dim::as_const).try_fold(element as i64, |p, d| p.checked_mul(d.max(0)));
        let known = known.filter(|k| *k < TOO_LARGE);
        let mut bytes = self.int(known.unwrap_or(0));
        if known.is_none() {
            let always = self.b.ins().iconst(types::I8, 1);
            self.fail_at(always, Fault::TooLarge, place, &[]);
        }
        let zero = self.int(0);
        for dim in dims.iter().filter(|d| d.as_const().is_none()) {
            let dim = self.dim(dim);
            let dim = self.b.ins().smax(dim, zero);
            let (product, overflow) = self.b.ins().smul_overflow(bytes, dim);
            self.fail_at(overflow, Fault::TooLarge, place, &[]);
            bytes = product;
        }
        if dims.iter().any(|d| d.as_const().is_none()) {
            let large = self.b.ins().icmp_imm_s(IntCC::SignedGreaterThan, bytes, TOO_LARGE);
            self.fail_at(large, Fault::TooLarge, place, &[]);
        }
        let up = self.b.ins().iadd_imm_s(bytes, 63);
        self.b.ins().band_imm_s(up, -64)
    }

    /// Moves the top of the arena on.
    fn allocate(&mut self, top: Reg, bytes: Reg) -> Reg {
        let flags = trusted();
        let end = self.b.ins().load(types::I64, flags, self.ctx, abi::OFFSET_ARENA_END as i32);
        let left = self.b.ins().isub(end, top);
        let short = self.b.ins().icmp(IntCC::UnsignedLessThan, left, bytes);
        let (grow, bump, on) = (self.b.create_block(), self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(grow);
        let base = self.b.append_block_param(on, types::I64);
        self.b.ins().brif(short, grow, &[], bump, &[]);
        self.start(grow);
        let fresh = self.ask(Symbol::adl_arena_grow, &[self.ctx, bytes]);
        let none = self.b.ins().icmp_imm_s(IntCC::Equal, fresh, 0);
        self.leave_if(none, abi::Status::OutOfMemory);
        self.b.ins().jump(on, &[fresh.into()]);
        self.start(bump);
        let new = self.b.ins().iadd(top, bytes);
        self.b.ins().store(flags, new, self.ctx, abi::OFFSET_ARENA_TOP as i32);
        self.b.ins().jump(on, &[top.into()]);
        self.start(on);
        base
    }

    /// Gives the frame back.
    pub(super) fn release(&mut self) {
        let Some((top, chunk)) = self.frame else {
            return;
        };
        let flags = trusted();
        let now = self.b.ins().load(types::I64, flags, self.ctx, abi::OFFSET_ARENA_CHUNK as i32);
        let other = self.b.ins().icmp(IntCC::NotEqual, now, chunk);
        let (slow, fast, on) = (self.b.create_block(), self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(slow);
        self.b.ins().brif(other, slow, &[], fast, &[]);
        self.start(slow);
        self.call_support(Symbol::adl_arena_release, &[self.ctx, top, chunk]);
        self.b.ins().jump(on, &[]);
        self.start(fast);
        self.b.ins().store(flags, top, self.ctx, abi::OFFSET_ARENA_TOP as i32);
        self.b.ins().jump(on, &[]);
        self.start(on);
    }
}
