//! Translates one function: its frame, then its instructions in order.

use super::buffers::{self, Buffers, Class, InPlace, Place};
use super::fuse::{Form, Forms};
use super::in_place::Pairs;
use super::live::Life;
use super::native::{self, Native, Shape, Stats};
use super::scalar::machine;
use super::sites::{Fault, Site};
use super::{CodegenError, Facts, abi};
use crate::ir::{self, Block, Def, Func, FuncId, Inst, Kind, Module, Type, Value};
use adl_lang::ops::Op;
use adl_lang::prims::Prim;
use adl_lang::types::{Dim, DimNode};
use adl_runtime::abi as runtime;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self as clif, InstBuilder, types};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_jit::JITModule;
use cranelift_module::{Linkage, Module as _};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// A value in the code that is made.
pub(super) type Reg = clif::Value;

/// A number that is larger than any array.
const TOO_LARGE: i64 = 1 << 47;

/// What the functions of a unit share.
pub(super) struct Unit<'m> {
    pub(super) module: &'m Module,
    pub(super) facts: &'m Facts,
    pub(super) jit: JITModule,
    pub(super) declared: FxHashMap<FuncId, cranelift_module::FuncId>,
    pub(super) pairs: Pairs,
    pub(super) sites: Vec<Site>,
    pub(super) stats: Stats,
    pub(super) defect: Option<String>,
    imports: FxHashMap<String, cranelift_module::FuncId>,
}

/// What a value of the IR is in the code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Bound {
    /// A scalar.
    Scalar(Reg),
    /// The address of an array.
    Address(Reg),
    /// A tape and the offset of its end.
    Tape(Reg, Reg),
}

/// Elements of an array: what, how many and how they are named, and at which index.
pub(super) type Key = (Value, u8, SmallVec<[Reg; 4]>);

/// The state of the translation of one function.
pub(super) struct Translator<'u, 'm> {
    pub(super) unit: &'u mut Unit<'m>,
    pub(super) id: FuncId,
    pub(super) func: &'u Func,
    pub(super) forms: &'u Forms,
    pub(super) buffers: &'u Buffers,
    pub(super) pairs: &'u [Option<usize>],
    pub(super) b: FunctionBuilder<'u>,
    pub(super) ctx: Reg,
    pub(super) size_params: Vec<Reg>,
    pub(super) dims: FxHashMap<Dim, Reg>,
    pub(super) bound: FxHashMap<Value, Bound>,
    /// The address of the memory of each class, where it stands now.
    pub(super) memory: Vec<Option<Reg>>,
    pub(super) results: Vec<Reg>,
    pub(super) failure: Option<clif::Block>,
    pub(super) status: Option<clif::Block>,
    pub(super) sites: FxHashMap<String, i64>,
    /// Elements that are known where we stand; inner scopes last.
    pub(super) elements: Vec<FxHashMap<Key, Reg>>,
    /// How deep in loops a counter is.
    pub(super) counters: FxHashMap<Reg, u32>,
    pub(super) loops: u32,
    frame: Option<(Reg, Reg)>,
    refs: FxHashMap<cranelift_module::FuncId, clif::FuncRef>,
}

fn fault(problem: impl std::fmt::Display) -> CodegenError {
    CodegenError(problem.to_string())
}

/// Compiles `entry` and all that it calls.
pub(super) fn unit(module: &Module, entry: FuncId, facts: &Facts) -> Result<Native, CodegenError> {
    let order = reachable(module, entry)?;
    // Results that would lie in each other's memory are rare; then nothing is passed in place.
    attempt(module, &order, entry, facts, Pairs::new())
        .or_else(|_| attempt(module, &order, entry, facts, Pairs::none(&order, module)))
}

fn attempt(
    module: &Module,
    order: &[FuncId],
    entry: FuncId,
    facts: &Facts,
    pairs: Pairs,
) -> Result<Native, CodegenError> {
    let instructions = order.iter().map(|&f| module.funcs[f].insts.len()).sum();
    let mut unit = Unit {
        module,
        facts,
        jit: native::room(instructions)?,
        declared: FxHashMap::default(),
        pairs,
        sites: Vec::new(),
        stats: Stats { functions: order.len(), ..Stats::default() },
        defect: None,
        imports: FxHashMap::default(),
    };
    match translate(&mut unit, order, entry) {
        Ok(id) => {
            let func = &module.funcs[entry];
            let slots = func.sizes.len() + func.params().len() + func.results().len();
            let types = |values: &[Value]| values.iter().filter_map(|&v| func.ty(v).data().cloned()).collect();
            let shape = Shape { sizes: func.sizes.len(), params: types(func.params()), results: types(func.results()) };
            debug_assert_eq!(slots, shape.sizes + shape.params.len() + shape.results.len());
            Native::finish(unit.jit, id, shape, unit.sites, unit.stats)
        }
        Err(problem) => {
            native::discard(unit.jit);
            Err(problem)
        }
    }
}

fn reachable(module: &Module, entry: FuncId) -> Result<Vec<FuncId>, CodegenError> {
    let mut order = vec![entry];
    let mut next = 0;
    while next < order.len() {
        let func = &module.funcs[order[next]];
        for (_, data) in func.insts.iter() {
            match &data.kind {
                Kind::Call { func, .. } if !order.contains(func) => order.push(*func),
                Kind::Jvp { .. } | Kind::Vjp { .. } => {
                    return Err(CodegenError(format!("{} asks for a derivative", func.name)));
                }
                _other => {}
            }
        }
        next += 1;
    }
    Ok(order)
}

fn translate(
    unit: &mut Unit<'_>,
    order: &[FuncId],
    entry: FuncId,
) -> Result<cranelift_module::FuncId, CodegenError> {
    let module = unit.module;
    let convention = unit.jit.isa().default_call_conv();
    for &id in order {
        let pairs = unit.pairs.of(module, id);
        let signature = abi::signature(&module.funcs[id], &pairs, convention);
        let declared =
            unit.jit.declare_function(&format!("f{id}"), Linkage::Local, &signature).map_err(fault)?;
        unit.declared.insert(id, declared);
    }
    let mut context = unit.jit.make_context();
    let mut builder = FunctionBuilderContext::new();
    for &id in order {
        let pairs = unit.pairs.of(module, id);
        let func = &module.funcs[id];
        context.func.signature = abi::signature(func, &pairs, convention);
        function(unit, id, &pairs, &mut context.func, &mut builder);
        if let Some(problem) = unit.defect.take() {
            return Err(CodegenError(problem));
        }
        let declared = unit.declared[&id];
        define(unit, declared, &mut context)?;
    }
    context.func.signature = abi::entry_signature(convention);
    let id = unit.jit.declare_function("entry", Linkage::Local, &context.func.signature).map_err(fault)?;
    entry_function(unit, entry, &mut context.func, &mut builder);
    define(unit, id, &mut context)?;
    Ok(id)
}

fn define(
    unit: &mut Unit<'_>,
    id: cranelift_module::FuncId,
    context: &mut cranelift_codegen::Context,
) -> Result<(), CodegenError> {
    unit.jit.define_function(id, context).map_err(|e| CodegenError(format!("{e:?}")))?;
    unit.stats.code_bytes += context.compiled_code().map_or(0, |c| c.code_buffer().len());
    unit.jit.clear_context(context);
    Ok(())
}

fn function(
    unit: &mut Unit<'_>,
    id: FuncId,
    pairs: &[Option<usize>],
    into: &mut clif::Function,
    builder: &mut FunctionBuilderContext,
) {
    let module = unit.module;
    let func = &module.funcs[id];
    let forms = Forms::of(func);
    let life = Life::of(func, &forms);
    let of_call: FxHashMap<Inst, Vec<Option<usize>>> = func
        .insts
        .iter()
        .filter_map(|(inst, data)| match &data.kind {
            Kind::Call { func, .. } => Some((inst, unit.pairs.of(module, *func))),
            _other => None,
        })
        .collect();
    let of_call = |inst: Inst, k: usize| of_call.get(&inst).and_then(|pairs| pairs[k]);
    let buffers = buffers::plan(func, &forms, &life, &InPlace { own: pairs, of_call: &of_call });
    unit.stats.stored += life.arrays.len();
    unit.stats.buffers += buffers.slots.len();
    let mut b = FunctionBuilder::new(into, builder);
    let block = b.create_block();
    b.append_block_params_for_function_params(block);
    b.switch_to_block(block);
    let params = b.block_params(block).to_vec();
    let translator = Translator {
        unit,
        id,
        func,
        forms: &forms,
        buffers: &buffers,
        pairs,
        b,
        ctx: params[0],
        size_params: params[1..=func.sizes.len()].to_vec(),
        dims: FxHashMap::default(),
        bound: FxHashMap::default(),
        memory: vec![None; buffers.places.len()],
        results: params[params.len() - func.results().len()..].to_vec(),
        failure: None,
        status: None,
        sites: FxHashMap::default(),
        elements: vec![FxHashMap::default()],
        counters: FxHashMap::default(),
        loops: 0,
        frame: None,
        refs: FxHashMap::default(),
    };
    translator.finish(&params[1 + func.sizes.len()..]);
}

/// The function the host calls: unpacks the slots.
fn entry_function(
    unit: &mut Unit<'_>,
    id: FuncId,
    into: &mut clif::Function,
    builder: &mut FunctionBuilderContext,
) {
    let func = &unit.module.funcs[id];
    let pairs = unit.pairs.of(unit.module, id);
    let callee = unit.jit.declare_func_in_func(unit.declared[&id], into);
    let copy = unit.import("adl_copy").map(|copy| unit.jit.declare_func_in_func(copy, into));
    let mut b = FunctionBuilder::new(into, builder);
    let block = b.create_block();
    b.append_block_params_for_function_params(block);
    b.switch_to_block(block);
    let (ctx, slots) = (b.block_params(block)[0], b.block_params(block)[1]);
    let first_param = func.sizes.len();
    let first_result = first_param + func.params().len();
    let load = |b: &mut FunctionBuilder<'_>, ty: clif::Type, k: usize| {
        b.ins().load(ty, super::checks::trusted(), slots, 8 * k as i32)
    };
    let mut args = vec![ctx];
    for k in 0..func.sizes.len() {
        args.push(load(&mut b, types::I64, k));
    }
    let sizes = args[1..].to_vec();
    for (j, &param) in func.params().iter().enumerate() {
        let Some(ty) = func.ty(param).data() else {
            unit.defect.get_or_insert(format!("{} takes a tape from outside", func.name));
            continue;
        };
        let machine = if ty.is_scalar() { machine(ty.dtype) } else { types::I64 };
        let value = load(&mut b, machine, first_param + j);
        match pairs.iter().position(|&p| p == Some(j)) {
            None => args.push(value),
            Some(result) => {
                let target = load(&mut b, types::I64, first_result + result);
                let len = b.ins().iconst(types::I64, ty.dtype.bytes() as i64);
                let bytes = ty.dims.iter().fold(len, |product, d| {
                    let d = plain_dim(&mut b, &sizes, d);
                    b.ins().imul(product, d)
                });
                if let Some(copy) = copy {
                    b.ins().call(copy, &[target, value, bytes]);
                }
            }
        }
    }
    for k in 0..func.results().len() {
        args.push(load(&mut b, types::I64, first_result + k));
    }
    let call = b.ins().call(callee, &args);
    let status = b.inst_results(call)[0];
    b.ins().return_(&[status]);
    b.seal_all_blocks();
    b.finalize(unit.jit.isa().frontend_config());
}

/// A dimension without checks.
fn plain_dim(b: &mut FunctionBuilder<'_>, sizes: &[Reg], dim: &Dim) -> Reg {
    dim.fold(&mut |node| match node {
        DimNode::Const(c) => b.ins().iconst(types::I64, c),
        DimNode::Sym(s) => sizes[s.0 as usize],
        DimNode::Add(x, y) => b.ins().iadd(x, y),
        DimNode::Mul(x, y) => b.ins().imul(x, y),
        DimNode::FloorDiv(x, y) => floor_division(b, x, y).0,
        DimNode::Rem(x, y) => floor_division(b, x, y).1,
    })
}

/// Quotient and remainder; of a division by zero, 0.
fn floor_division(b: &mut FunctionBuilder<'_>, x: Reg, y: Reg) -> (Reg, Reg) {
    let zero = b.ins().iconst(types::I64, 0);
    let one = b.ins().iconst(types::I64, 1);
    let positive = b.ins().icmp_imm_s(IntCC::SignedGreaterThan, y, 0);
    let divisor = b.ins().select(positive, y, one);
    let quotient = b.ins().sdiv(x, divisor);
    let rest = b.ins().srem(x, divisor);
    let negative = b.ins().icmp_imm_s(IntCC::SignedLessThan, rest, 0);
    let less = b.ins().iadd_imm_s(quotient, -1);
    let more = b.ins().iadd(rest, divisor);
    let quotient = b.ins().select(negative, less, quotient);
    let rest = b.ins().select(negative, more, rest);
    (b.ins().select(positive, quotient, zero), b.ins().select(positive, rest, zero))
}

impl Unit<'_> {
    /// A function from outside, if there is one of that name.
    pub(super) fn import(&mut self, name: &str) -> Option<cranelift_module::FuncId> {
        if let Some(&id) = self.imports.get(name) {
            return Some(id);
        }
        let (params, result) = match (abi::support(name), abi::helper(name), name.strip_prefix("prim_")) {
            (Some(types), _, _) if native::supported(name) => types,
            (_, Some(own), _) => own.types(),
            (_, _, Some(prim)) => Prim::named(prim).and_then(abi::primitive)?.types(),
            (_, _, _) => return None,
        };
        let convention = self.jit.isa().default_call_conv();
        let signature = abi::of_types(params, result, convention);
        let id = self.jit.declare_function(name, Linkage::Import, &signature).ok()?;
        self.imports.insert(name.to_string(), id);
        Some(id)
    }
}

impl Translator<'_, '_> {
    fn finish(mut self, params: &[Reg]) {
        let func = self.func;
        if func.insts.iter().any(|(_, data)| matches!(data.kind, Kind::Call { .. })) {
            self.check_stack();
        }
        self.sizes();
        self.frame();
        let mut params = params.iter().copied();
        for (j, &param) in func.params().iter().enumerate() {
            if let Some(result) = self.pairs.iter().position(|&p| p == Some(j)) {
                self.bound.insert(param, Bound::Address(self.results[result]));
                continue;
            }
            let mut next = || params.next().unwrap_or(self.ctx);
            let bound = match func.ty(param) {
                Type::Data(ty) if ty.is_scalar() => Bound::Scalar(next()),
                Type::Data(_) => Bound::Address(next()),
                Type::Tape => Bound::Tape(next(), next()),
            };
            self.bound.insert(param, bound);
        }
        self.block(func.body);
        self.finish_results();
        self.release();
        let done = self.b.ins().iconst(types::I32, 0);
        self.b.ins().return_(&[done]);
        self.exits();
        self.b.seal_all_blocks();
        let config = self.unit.jit.isa().frontend_config();
        self.b.finalize(config);
    }

    /// Writes what the function returns where the caller wants it, unless it is there.
    fn finish_results(&mut self) {
        let results = self.func.results().to_vec();
        for k in self.result_order(&results) {
            let value = results[k];
            let target = self.results[k];
            let ty = self.func.ty(value).clone();
            match (ty, self.get(value)) {
                (_, Bound::Scalar(x)) => {
                    self.b.ins().store(super::checks::trusted(), x, target, 0);
                }
                (_, Bound::Tape(tape, offset)) => {
                    self.b.ins().store(super::checks::trusted(), tape, target, 0);
                    self.b.ins().store(super::checks::trusted(), offset, target, 8);
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
            let mates = self.buffers.places.iter().enumerate().filter(move |(c, _)| class.is_some_and(|x| group[x] == group[*c]));
            mates.filter_map(|(_, place)| if let Place::Result(k) = place { Some(*k) } else { None }).collect()
        };
        let lies_in: Vec<Vec<usize>> = results.iter().map(|&v| places(self.class(v))).collect();
        let mut left: Vec<usize> = (0..results.len()).collect();
        let mut order = Vec::new();
        while !left.is_empty() {
            let free = |&k: &usize| left.iter().all(|&other| other == k || !lies_in[other].contains(&k));
            let next = left.iter().position(free).unwrap_or_else(|| {
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
        super::fuse::owner(self.func, self.forms, value).and_then(|o| self.buffers.class[o])
    }

    /// Evaluates every dimension of the function once.
    fn sizes(&mut self) {
        let func = self.func;
        let mut dims: Vec<Dim> = Vec::new();
        let mut add = |dim: &Dim| {
            if dim.as_const().is_none() && dim.as_sym().is_none() && !dims.contains(dim) {
                dims.push(dim.clone());
            }
        };
        for (_, data) in func.values.iter() {
            data.ty.data().into_iter().flat_map(|ty| &ty.dims).for_each(&mut add);
        }
        for (_, data) in func.insts.iter() {
            match &data.kind {
                Kind::Map { extents: sizes, .. } | Kind::Call { sizes, .. } => sizes.iter().for_each(&mut add),
                Kind::Bounds { len: dim, .. } | Kind::NonNegative(dim) | Kind::Pure(Op::Size(dim)) => add(dim),
                Kind::SameSize(a, b) => [a, b].into_iter().for_each(&mut add),
                _other => {}
            }
        }
        for dim in dims {
            let value = self.checked_dim(&dim);
            self.dims.insert(dim, value);
        }
    }

    fn checked_dim(&mut self, dim: &Dim) -> Reg {
        let span = self.func.span;
        dim.fold(&mut |node| match node {
            DimNode::Const(c) => self.int(c),
            DimNode::Sym(s) => self.size_params[s.0 as usize],
            DimNode::Add(x, y) => self.b.ins().iadd(x, y),
            DimNode::Mul(x, y) => {
                let (product, overflow) = self.b.ins().smul_overflow(x, y);
                self.fail_at(overflow, Fault::TooLarge, span, &[]);
                product
            }
            DimNode::FloorDiv(x, y) => floor_division(&mut self.b, x, y).0,
            DimNode::Rem(x, y) => floor_division(&mut self.b, x, y).1,
        })
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
    fn frame(&mut self) {
        let buffers = self.buffers;
        let mut addresses = Vec::new();
        if !buffers.slots.is_empty() {
            let flags = super::checks::trusted();
            let top = self.b.ins().load(types::I64, flags, self.ctx, runtime::OFFSET_ARENA_TOP as i32);
            let chunk = self.b.ins().load(types::I64, flags, self.ctx, runtime::OFFSET_ARENA_CHUNK as i32);
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
        let span = self.func.span;
        let known = dims.iter().filter_map(Dim::as_const).try_fold(element as i64, |p, d| p.checked_mul(d.max(0)));
        let known = known.filter(|k| *k < TOO_LARGE);
        let mut bytes = self.int(known.unwrap_or(0));
        if known.is_none() {
            let always = self.b.ins().iconst(types::I8, 1);
            self.fail_at(always, Fault::TooLarge, span, &[]);
        }
        let zero = self.int(0);
        for dim in dims.iter().filter(|d| d.as_const().is_none()) {
            let dim = self.dim(dim);
            let dim = self.b.ins().smax(dim, zero);
            let (product, overflow) = self.b.ins().smul_overflow(bytes, dim);
            self.fail_at(overflow, Fault::TooLarge, span, &[]);
            bytes = product;
        }
        if dims.iter().any(|d| d.as_const().is_none()) {
            let large = self.b.ins().icmp_imm_s(IntCC::SignedGreaterThan, bytes, TOO_LARGE);
            self.fail_at(large, Fault::TooLarge, span, &[]);
        }
        let up = self.b.ins().iadd_imm_s(bytes, 63);
        self.b.ins().band_imm_s(up, -64)
    }

    /// Moves the top of the arena on.
    fn allocate(&mut self, top: Reg, bytes: Reg) -> Reg {
        let flags = super::checks::trusted();
        let end = self.b.ins().load(types::I64, flags, self.ctx, runtime::OFFSET_ARENA_END as i32);
        let left = self.b.ins().isub(end, top);
        let short = self.b.ins().icmp(IntCC::UnsignedLessThan, left, bytes);
        let (grow, bump, on) = (self.b.create_block(), self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(grow);
        let base = self.b.append_block_param(on, types::I64);
        self.b.ins().brif(short, grow, &[], bump, &[]);
        self.start(grow);
        let fresh = self.call_support("adl_arena_grow", &[self.ctx, bytes]).unwrap_or(top);
        let none = self.b.ins().icmp_imm_s(IntCC::Equal, fresh, 0);
        self.leave_if(none, runtime::Status::OutOfMemory);
        self.b.ins().jump(on, &[fresh.into()]);
        self.start(bump);
        let new = self.b.ins().iadd(top, bytes);
        self.b.ins().store(flags, new, self.ctx, runtime::OFFSET_ARENA_TOP as i32);
        self.b.ins().jump(on, &[top.into()]);
        self.start(on);
        base
    }

    /// Gives the frame back.
    fn release(&mut self) {
        let Some((top, chunk)) = self.frame else { return };
        let flags = super::checks::trusted();
        let now = self.b.ins().load(types::I64, flags, self.ctx, runtime::OFFSET_ARENA_CHUNK as i32);
        let other = self.b.ins().icmp(IntCC::NotEqual, now, chunk);
        let (slow, fast, on) = (self.b.create_block(), self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(slow);
        self.b.ins().brif(other, slow, &[], fast, &[]);
        self.start(slow);
        self.call_support("adl_arena_release", &[self.ctx, top, chunk]);
        self.b.ins().jump(on, &[]);
        self.start(fast);
        self.b.ins().store(flags, top, self.ctx, runtime::OFFSET_ARENA_TOP as i32);
        self.b.ins().jump(on, &[]);
        self.start(on);
    }

    /// Whether it is known that whole-number arithmetic does not overflow here.
    pub(super) fn proved(&self, inst: Inst) -> bool {
        self.unit.facts.cannot_overflow.get(&self.id).is_some_and(|side| side[inst])
    }

    /// What a value is in the code.
    pub(super) fn get(&mut self, value: Value) -> Bound {
        match self.bound.get(&value) {
            Some(&bound) => bound,
            None => {
                let reg = self.defect(format!("{value} is not there"));
                Bound::Scalar(reg)
            }
        }
    }

    /// The register of a scalar.
    pub(super) fn scalar(&mut self, value: Value) -> Reg {
        match self.get(value) {
            Bound::Scalar(reg) => reg,
            Bound::Address(_) | Bound::Tape(..) => self.defect(format!("{value} is no scalar")),
        }
    }

    /// The address of an array in memory.
    pub(super) fn address(&mut self, value: Value) -> Reg {
        match self.get(value) {
            Bound::Address(reg) => reg,
            Bound::Scalar(_) | Bound::Tape(..) => self.defect(format!("{value} is not in memory")),
        }
    }

    /// The number in a register, if it is a constant.
    pub(super) fn known(&self, reg: Reg) -> Option<i64> {
        let inst = self.b.func.dfg.value_def(reg).inst()?;
        match self.b.func.dfg.insts[inst] {
            clif::InstructionData::UnaryImm { opcode: clif::Opcode::Iconst, imm } => Some(imm.bits()),
            _computed => None,
        }
    }

    fn reference(&mut self, id: cranelift_module::FuncId) -> clif::FuncRef {
        match self.refs.get(&id) {
            Some(&r) => r,
            None => {
                let r = self.unit.jit.declare_func_in_func(id, self.b.func);
                self.refs.insert(id, r);
                r
            }
        }
    }

    /// A function of the unit.
    pub(super) fn callee(&mut self, func: FuncId) -> clif::FuncRef {
        let id = self.unit.declared[&func];
        self.reference(id)
    }

    /// The library function behind a primitive.
    pub(super) fn import_prim(&mut self, prim: Prim) -> Option<clif::FuncRef> {
        let id = self.unit.import(&format!("prim_{}", prim.name()));
        match id {
            Some(id) => Some(self.reference(id)),
            None => {
                self.defect(format!("no function for {}", prim.name()));
                None
            }
        }
    }

    /// Calls a function from outside.
    pub(super) fn call_support(&mut self, name: &str, args: &[Reg]) -> Option<Reg> {
        let Some(id) = self.unit.import(name) else {
            self.defect(format!("there is no function {name}"));
            return None;
        };
        let callee = self.reference(id);
        let call = self.b.ins().call(callee, args);
        self.b.inst_results(call).first().copied()
    }

    /// Translates the instructions of a block.
    pub(super) fn block(&mut self, block: Block) {
        for &inst in &self.func.blocks[block].insts {
            self.inst(inst);
        }
    }

    /// Translates an instruction.
    pub(super) fn inst(&mut self, inst: Inst) {
        let data = &self.func.insts[inst];
        match &data.kind {
            Kind::Pure(op) => self.pure(inst, op),
            Kind::If { then, otherwise } => self.branch(inst, *then, *otherwise),
            Kind::For { body } => self.counted_loop(inst, *body),
            Kind::While { test, body } => self.open_loop(inst, *test, *body),
            Kind::Map { extents, body, accs } => {
                if !self.forms.inline_map(self.func, inst) {
                    self.map(inst, extents, *body, *accs);
                }
            }
            Kind::Call { func, sizes } => self.call(inst, *func, sizes),
            Kind::Bounds { len, what } => self.bounds(inst, len, *what),
            Kind::NonNegative(dim) => {
                let size = self.dim(dim);
                let negative = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, size, 0);
                self.fail_if(negative, Fault::NegativeSize, inst, &[size]);
            }
            Kind::SameSize(left, right) => {
                let (left, right) = (self.dim(left), self.dim(right));
                let differ = self.b.ins().icmp(IntCC::NotEqual, left, right);
                self.fail_if(differ, Fault::SizesDiffer, inst, &[left, right]);
            }
            Kind::Assert(parts) => self.assert(inst, parts),
            Kind::Print(parts) => self.print(inst, parts),
            Kind::TapeNew => self.tape_new(inst),
            Kind::Push => self.push(inst),
            Kind::Pop => self.pop(inst),
            Kind::TapeEnd => self.tape_end(inst),
            Kind::Jvp { .. } | Kind::Vjp { .. } => {
                self.defect("a request for a derivative".to_string());
            }
        }
    }

    fn pure(&mut self, inst: Inst, op: &Op) {
        let data = &self.func.insts[inst];
        let result = data.results[0];
        match self.forms.form(result) {
            Form::Inline => {}
            Form::Register => {
                let value = self.scalar_op(inst, op);
                self.bound.insert(result, Bound::Scalar(value));
            }
            Form::View => {
                let address = self.view(op, &data.args);
                self.bound.insert(result, Bound::Address(address));
            }
            Form::Stored => {
                let address = self.own_memory(result);
                self.store_op(inst, op, address);
                self.bound.insert(result, Bound::Address(address));
            }
        }
    }

    /// The memory that an array is to be written into.
    pub(super) fn own_memory(&mut self, value: Value) -> Reg {
        let memory = self.buffers.class[value].and_then(|class| self.memory[class]);
        match memory {
            Some(address) => address,
            None => self.defect(format!("{value} has no memory")),
        }
    }

    /// Where a value comes from, if it is the only result of an instruction.
    pub(super) fn definition(&self, value: Value) -> Option<Inst> {
        match self.func.values[value].def {
            Def::Result(inst, 0) => Some(inst),
            Def::Result(..) | Def::Param(..) => None,
        }
    }

    /// The type of a value that is no tape.
    pub(super) fn data(&self, value: Value) -> &adl_lang::types::Ty {
        static BOOL: adl_lang::types::Ty = adl_lang::types::Ty { dtype: adl_lang::types::DType::Bool, dims: Vec::new() };
        match self.func.ty(value) {
            ir::Type::Data(ty) => ty,
            ir::Type::Tape => &BOOL,
        }
    }
}
