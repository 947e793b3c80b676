//! A unit: a function and all that it calls, compiled together and freed together.

use super::abi::{self, Outside};
use super::frame::plain_dim;
use super::function::function;
use super::isa::{self, Registers};
use super::listing::Listing;
use super::native::{self, Native, Shape, Stats};
use super::scalar::machine;
use super::sites::{Places, Site};
use super::{CodegenError, Facts};
use crate::ir::walk::standing;
use crate::ir::{Calls, Func, FuncId, Kind, Module, Value};
use crate::plan::in_place::Pairs;
use adl_lang::ops::{Const, Table};
use adl_runtime::symbols::Symbol;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{self as clif, InstBuilder, types};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_jit::JITModule;
use cranelift_module::{Linkage, Module as _, ModuleReloc};
use rustc_hash::FxHashMap;

/// What the functions of a unit share.
pub(super) struct Unit<'m> {
    pub(super) module: &'m Module,
    pub(super) facts: &'m Facts,
    pub(super) jit: JITModule,
    pub(super) declared: FxHashMap<FuncId, cranelift_module::FuncId>,
    pub(super) pairs: Pairs,
    pub(super) sites: Vec<Site>,
    /// The calls that were inlined and those that are left.
    pub(super) calls: Calls,
    /// Where compiled calls return to: the function, the place in it, the number of the call.
    returns: Vec<(cranelift_module::FuncId, u32, u32)>,
    pub(super) stats: Stats,
    pub(super) defect: Option<String>,
    /// Whether results of a function would lie in each other's memory.
    pub(super) entangled: bool,
    /// The constant arrays that the code reads where they are.
    pub(super) tables: Vec<(Table, Vec<u64>)>,
    /// What was made so far, if somebody wants to see it.
    pub(super) listing: Option<Listing>,
    /// Bytes of the largest frame so far.
    frame: usize,
    imports: FxHashMap<Outside, cranelift_module::FuncId>,
}

fn fault(problem: impl std::fmt::Display) -> CodegenError {
    CodegenError(problem.to_string())
}

/// Compiles `entry` and all that it calls; writes down how if there is a listing.
pub(super) fn compile(
    module: &Module,
    entry: FuncId,
    facts: &Facts,
    listing: Option<&mut Listing>,
) -> Result<Native, CodegenError> {
    let order = reachable(module, entry)?;
    let wanted = listing.is_some();
    let mut entangled = false;
    let mut made = attempt(module, &order, entry, facts, Pairs::new(), wanted, &mut entangled);
    if entangled {
        // Rare; then nothing is passed in place.
        made = attempt(module, &order, entry, facts, Pairs::none(&order, module), wanted, &mut entangled);
    }
    let (native, made) = made?;
    if let (Some(listing), Some(made)) = (listing, made) {
        *listing = made;
    }
    Ok(native)
}

fn attempt(
    module: &Module,
    order: &[FuncId],
    entry: FuncId,
    facts: &Facts,
    pairs: Pairs,
    listing: bool,
    entangled: &mut bool,
) -> Result<(Native, Option<Listing>), CodegenError> {
    let instructions = order.iter().map(|&f| module.funcs[f].insts.len()).sum();
    let mut unit = Unit {
        module,
        facts,
        jit: native::room(instructions)?,
        declared: FxHashMap::default(),
        pairs,
        sites: Vec::new(),
        calls: module.calls.clone(),
        returns: Vec::new(),
        stats: Stats { functions: order.len(), ..Stats::default() },
        defect: None,
        entangled: false,
        tables: Vec::new(),
        listing: listing.then(Listing::default),
        frame: 0,
        imports: FxHashMap::default(),
    };
    match translate(&mut unit, order, entry) {
        Ok((id, bare)) => {
            let func = &module.funcs[entry];
            let slots = func.sizes.len() + func.params().len() + func.results().len();
            let types = |values: &[Value]| values.iter().filter_map(|&v| func.ty(v).data().cloned()).collect();
            let shape = Shape { sizes: func.sizes.len(), params: types(func.params()), results: types(func.results()) };
            debug_assert_eq!(slots, shape.sizes + shape.params.len() + shape.results.len());
            let tables = unit.tables.into_iter().map(|(_, bits)| bits).collect();
            let places = Places { sites: unit.sites, calls: unit.calls, returns: unit.returns };
            let native = Native::finish(unit.jit, id, shape, places, (bare, unit.frame), unit.stats, tables)?;
            Ok((native, unit.listing))
        }
        Err(problem) => {
            *entangled = unit.entangled;
            native::discard(unit.jit);
            Err(problem)
        }
    }
}

/// Whether a function calls compiled functions.
pub(super) fn calls(func: &Func) -> bool {
    standing(func).iter().any(|&inst| matches!(func.insts[inst].kind, Kind::Call { .. }))
}

fn reachable(module: &Module, entry: FuncId) -> Result<Vec<FuncId>, CodegenError> {
    let mut order = vec![entry];
    let mut next = 0;
    while next < order.len() {
        let func = &module.funcs[order[next]];
        for inst in standing(func) {
            let data = &func.insts[inst];
            if let Kind::Jvp { .. } | Kind::Vjp { .. } = data.kind {
                return Err(CodegenError(format!("{} asks for a derivative", func.name)));
            }
            if let Kind::Call { func, .. } = data.kind
                && !order.contains(&func)
            {
                order.push(func);
            }
        }
        next += 1;
    }
    Ok(order)
}

/// Gives the entry, and whether it is bare.
fn translate(
    unit: &mut Unit<'_>,
    order: &[FuncId],
    entry: FuncId,
) -> Result<(cranelift_module::FuncId, bool), CodegenError> {
    let module = unit.module;
    let convention = unit.jit.isa().default_call_conv();
    for &id in order {
        let pairs = unit.pairs.of(module, id);
        let signature = abi::signature(&module.funcs[id], &pairs, convention);
        let declared = unit.jit.declare_function(&format!("f{id}"), Linkage::Local, &signature).map_err(fault)?;
        unit.declared.insert(id, declared);
    }
    let mut context = unit.jit.make_context();
    let mut builder = FunctionBuilderContext::new();
    for &id in order {
        if unit.facts.stop.is_raised() {
            return Err(CodegenError("interrupted".into()));
        }
        let pairs = unit.pairs.of(module, id);
        let func = &module.funcs[id];
        context.func.signature = abi::signature(func, &pairs, convention);
        function(unit, id, &pairs, &mut context.func, &mut builder);
        if let Some(problem) = unit.defect.take() {
            return Err(CodegenError(problem));
        }
        let declared = unit.declared[&id];
        define(unit, &func.name, declared, &mut context)?;
    }
    context.func.signature = abi::entry_signature(convention);
    let id = unit.jit.declare_function("entry", Linkage::Local, &context.func.signature).map_err(fault)?;
    let calls = order.iter().any(|&f| calls(&module.funcs[f]));
    let bare = !calls && unit.imports.keys().all(|outside| outside.is_bare());
    entry_function(unit, entry, bare, &mut context.func, &mut builder);
    if let Some(problem) = unit.defect.take() {
        return Err(CodegenError(problem));
    }
    define(unit, "entry", id, &mut context)?;
    Ok((id, bare))
}

fn define(
    unit: &mut Unit<'_>,
    name: &str,
    id: cranelift_module::FuncId,
    context: &mut cranelift_codegen::Context,
) -> Result<(), CodegenError> {
    let mut listing = unit.listing.take();
    if let Some(listing) = &mut listing {
        listing.before(name, context, &|number| unit.name(number));
    }
    let isa = isa::host(Registers::of(&context.func))?;
    let compiled = context.compile(&*isa, &mut ControlPlane::default());
    compiled.map_err(|problem| CodegenError(format!("{:?}", problem.inner)))?;
    let code = context.compiled_code().ok_or_else(|| fault("nothing was compiled"))?;
    let alignment = u64::from(code.buffer.alignment.max(isa.function_alignment().minimum)).max(isa.symbol_alignment());
    let places = code.buffer.relocs().iter();
    let places: Vec<_> = places.map(|place| ModuleReloc::from_mach_reloc(place, &context.func, id)).collect();
    if unit.listing.is_none() && listing.is_none() {
        let places = code.buffer.get_srclocs_sorted();
        for returns in code.buffer.call_sites().map(|call| call.ret_addr) {
            // The call is what stands before the address that it returns to.
            let after = places.partition_point(|place| place.start < returns);
            if let Some(place) = after.checked_sub(1).map(|k| &places[k]).filter(|place| returns <= place.end) {
                unit.returns.push((id, returns, place.loc.bits()));
            }
        }
    }
    unit.jit.define_function_bytes(id, alignment, code.code_buffer(), &places).map_err(fault)?;
    let frame = code.buffer.frame_layout().map_or(0, |layout| layout.frame_to_fp_offset as usize);
    unit.frame = unit.frame.max(frame);
    unit.stats.code_bytes += code.code_buffer().len();
    if let Some(listing) = &mut listing {
        listing.after(name, context, &|number| unit.name(number));
    }
    unit.listing = listing;
    unit.jit.clear_context(context);
    Ok(())
}

/// The function the host calls: unpacks the slots.
fn entry_function(
    unit: &mut Unit<'_>,
    id: FuncId,
    bare: bool,
    into: &mut clif::Function,
    builder: &mut FunctionBuilderContext,
) {
    let func = &unit.module.funcs[id];
    let pairs = unit.pairs.of(unit.module, id);
    let callee = unit.jit.declare_func_in_func(unit.declared[&id], into);
    let copy = unit.import(Symbol::adl_copy.into()).map(|copy| unit.jit.declare_func_in_func(copy, into));
    let mut b = FunctionBuilder::new(into, builder);
    let block = b.create_block();
    b.append_block_params_for_function_params(block);
    b.switch_to_block(block);
    let (ctx, slots) = (b.block_params(block)[0], b.block_params(block)[1]);
    if !bare {
        let frame = b.ins().get_frame_pointer(types::I64);
        b.ins().store(super::checks::trusted(), frame, ctx, adl_runtime::abi::OFFSET_BASE as i32);
    }
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
                match copy {
                    Some(copy) => {
                        b.ins().call(copy, &[target, value, bytes]);
                    }
                    None => {
                        unit.defect.get_or_insert("there is no function that copies".to_string());
                    }
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

impl Unit<'_> {
    /// What a function is called in the program or in the runtime, by its number in Cranelift's names.
    fn name(&self, number: u32) -> String {
        let id = cranelift_module::FuncId::from_u32(number);
        let own = self.declared.iter().find(|(_, declared)| **declared == id);
        let outside = || self.imports.iter().find(|(_, import)| **import == id).map(|(outside, _)| outside.name());
        own.map(|(id, _)| self.module.funcs[*id].name.clone()).or_else(outside).unwrap_or_default()
    }

    /// The address of the elements of a constant array, and their bytes.
    pub(super) fn table(&mut self, table: &Table) -> (i64, i64) {
        let place = self.tables.iter().position(|(known, _)| known == table).unwrap_or_else(|| {
            let mut bytes = Vec::new();
            for entry in table.entries() {
                match *entry {
                    Const::Bool(b) => bytes.push(u8::from(b)),
                    Const::I64(i) => bytes.extend(i.to_ne_bytes()),
                    Const::F32(x) => bytes.extend(x.to_ne_bytes()),
                    Const::F64(x) => bytes.extend(x.to_ne_bytes()),
                }
            }
            bytes.resize(bytes.len().next_multiple_of(8), 0);
            let (words, _) = bytes.as_chunks::<8>();
            let words = words.iter().map(|&word| u64::from_ne_bytes(word));
            self.tables.push((table.clone(), words.collect()));
            self.tables.len() - 1
        });
        let bytes = table.entries().len() * table.ty().dtype.bytes();
        (self.tables[place].1.as_ptr() as i64, bytes as i64)
    }

    /// A function from outside, if there is one.
    pub(super) fn import(&mut self, outside: Outside) -> Option<cranelift_module::FuncId> {
        if let Some(&id) = self.imports.get(&outside) {
            return Some(id);
        }
        let (params, result) = outside.types()?;
        let convention = self.jit.isa().default_call_conv();
        let signature = abi::of_types(&params, result, convention);
        let id = self.jit.declare_function(&outside.name(), Linkage::Import, &signature).ok()?;
        self.imports.insert(outside, id);
        Some(id)
    }
}
