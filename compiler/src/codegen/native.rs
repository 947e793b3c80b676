//! Owns compiled code. Memory that holds code is never writable again, and goes back to the system with the last handle.
#![allow(unsafe_code, reason = "calls machine code, and frees it")]

use super::sites::{Site, What};
use super::{CodegenError, abi};
use adl_lang::types::{DType, Dim, Sym, Ty};
use adl_runtime::array::element_count;
use adl_runtime::buffer::Buffer;
use adl_runtime::{Array, Context, Status, Workspace};
use cranelift_jit::{ArenaMemoryProvider, JITBuilder, JITModule};
use cranelift_module::FuncId;
use smallvec::SmallVec;
use std::borrow::Borrow;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of stack that a call may use where it is not known how many are left.
const STACK: usize = 512 * 1024;

/// Bytes of stack that a call may use at most: endless recursion should not take long to be noticed.
const MOST: usize = 32 << 20;

/// Bytes of stack that are left for what compiled code calls.
const RESERVE: usize = 128 * 1024;

type Entry = extern "C" fn(*mut Context, *const u64) -> u32;

/// Compiled code. Clones share it.
#[derive(Clone)]
pub struct Native(Arc<Code>);

struct Code {
    module: Mutex<Option<JITModule>>,
    entry: Entry,
    shape: Shape,
    sites: Vec<Site>,
    /// Whether one of the places is a print.
    prints: bool,
    stats: Stats,
}

type Slots = SmallVec<[u64; 16]>;

/// What a call takes and gives.
pub(super) struct Shape {
    /// How many sizes.
    pub(super) sizes: usize,
    /// The types of the parameters.
    pub(super) params: Vec<Ty>,
    /// The types of the results.
    pub(super) results: Vec<Ty>,
}

/// What the code generator did.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Stats {
    /// Compiled functions.
    pub functions: usize,
    /// Copies of whole arrays in the code.
    pub copies: usize,
    /// Those that stand in a loop.
    pub copies_in_loops: usize,
    /// Arrays that are kept in memory, results included.
    pub stored: usize,
    /// Pieces of memory for them in the frames of functions.
    pub buffers: usize,
    /// Loops over arrays that work on several elements at once.
    pub vector_loops: usize,
    /// Bytes of machine code.
    pub code_bytes: usize,
}

/// Why a call did not finish.
#[derive(Clone, PartialEq, Debug)]
pub enum CallFailure {
    /// A check failed.
    Failed {
        /// Where, and which.
        site: Site,
        /// Figures: see [`super::Fault`].
        values: [i64; 4],
        /// The values that an assertion reports.
        arrays: Vec<Array>,
    },
    /// The host's own function panicked while it printed.
    HostPanicked,
    /// The host did not take what it was told.
    Refused {
        /// Where it was told.
        site: Site,
        /// The host's reason.
        why: String,
    },
    /// The interrupt was raised.
    Interrupted,
    /// Too deep a recursion.
    StackOverflow,
    /// The memory does not suffice.
    OutOfMemory,
    /// The arguments are not those that the function takes.
    Arguments(String),
}

/// An empty module for code, with room for about `instructions` instructions of the IR.
pub(super) fn room(instructions: usize) -> Result<JITModule, CodegenError> {
    let isa = super::isa::host()?;
    let mut builder = JITBuilder::with_isa(isa, cranelift_module::default_libcall_names());
    let bytes = (1 << 20) + instructions.saturating_mul(4096);
    let memory = ArenaMemoryProvider::new_with_size(bytes.min(1 << 30)).map_err(|e| CodegenError(e.to_string()))?;
    builder.memory_provider(Box::new(memory));
    builder.symbol_lookup_fn(Box::new(|name| abi::helper(name).map(|f| f.address())));
    builder.symbol_lookup_fn(Box::new(|name| {
        let prim = name.strip_prefix("prim_").and_then(adl_lang::prims::Prim::named)?;
        abi::primitive(prim).map(|f| f.address())
    }));
    builder.symbol_lookup_fn(Box::new(runtime_function));
    Ok(JITModule::new(builder))
}

fn runtime_function(name: &str) -> Option<*const u8> {
    adl_runtime::symbols::symbols().iter().find(|(n, _)| *n == name).map(|(_, address)| *address)
}

/// Whether a support function of the runtime exists.
pub(super) fn supported(name: &str) -> bool {
    runtime_function(name).is_some()
}

impl Native {
    /// Makes the code of a module executable. `entry` has the entry signature and reads `slots` slots.
    pub(super) fn finish(
        mut module: JITModule,
        entry: FuncId,
        shape: Shape,
        sites: Vec<Site>,
        stats: Stats,
    ) -> Result<Native, CodegenError> {
        if let Err(problem) = module.finalize_definitions() {
            discard(module);
            return Err(CodegenError(problem.to_string()));
        }
        let address = module.get_finalized_function(entry);
        // SAFETY: `entry` was compiled with exactly this signature, by `abi::entry_signature`; the code lives as long as
        // `module`, which is stored beside it.
        let entry = unsafe { std::mem::transmute::<*const u8, Entry>(address) };
        let prints = sites.iter().any(|site| matches!(site.what, What::Print(_)));
        Ok(Native(Arc::new(Code { module: Mutex::new(Some(module)), entry, shape, sites, prints, stats })))
    }

    /// Calls the code. The slots are the sizes, the arguments and the destinations of the results, in order. A scalar
    /// argument is its bits; an array is the address of its elements; a destination is the address of the memory for
    /// the result, which overlaps with no other.
    ///
    /// # Errors
    /// If the code fails, is interrupted, or runs out of stack or memory.
    ///
    /// # Safety
    /// The addresses are valid for arrays of the types of the function at the given sizes, which are not negative.
    pub unsafe fn call(&self, workspace: &mut Workspace, slots: &[u64]) -> Result<(), CallFailure> {
        if slots.len() != self.slots() {
            return Err(CallFailure::Arguments(format!("{} slots, not {}", self.slots(), slots.len())));
        }
        let left = stacker::remaining_stack().map_or(STACK, |left| left.saturating_sub(RESERVE).min(MOST));
        let context = workspace.enter(left);
        let status = (self.0.entry)(context, slots.as_ptr());
        if status == Status::Done as u32 { Ok(()) } else { Err(self.explain(workspace, status)) }
    }

    /// Calls the code with arrays, which are checked; scalars are arrays without axes.
    ///
    /// # Errors
    /// As [`Native::call`], and if the arguments do not fit.
    pub fn run<A: Borrow<Array>>(
        &self,
        workspace: &mut Workspace,
        sizes: &[i64],
        args: &[A],
    ) -> Result<Vec<Array>, CallFailure> {
        let mut slots = self.inputs(sizes, args)?;
        let mut results = Vec::with_capacity(self.0.shape.results.len());
        for ty in &self.0.shape.results {
            let (dtype, dims) = (dtype(ty.dtype), dims(ty, sizes)?);
            let bytes = element_count(&dims).map_or(usize::MAX, |count| count * dtype.size());
            // SAFETY: code that finishes has written its results; those of code that does not are dropped.
            let buffer = unsafe { Buffer::unwritten(bytes) }.ok_or(CallFailure::OutOfMemory)?;
            results.push(Array::from_buffer(dtype, &dims, buffer).map_err(|_| CallFailure::OutOfMemory)?);
        }
        slots.extend(results.iter_mut().map(|r| r.start().expose_provenance() as u64));
        // SAFETY: arguments and results have the types of the function at these sizes; the results are fresh.
        unsafe { self.call(workspace, &slots) }?;
        Ok(results)
    }

    /// The same with results in place of `results`, one for each. An array of the right type and shape is written to,
    /// another is replaced. If the code fails, what they hold is not defined.
    ///
    /// # Errors
    /// As [`Native::run`].
    pub fn run_into<A: Borrow<Array>>(
        &self,
        workspace: &mut Workspace,
        sizes: &[i64],
        args: &[A],
        results: &mut [&mut Array],
    ) -> Result<(), CallFailure> {
        let mut slots = self.inputs(sizes, args)?;
        let types = &self.0.shape.results;
        if results.len() != types.len() {
            return Err(CallFailure::Arguments(format!("{} results, not {}", results.len(), types.len())));
        }
        for (array, ty) in results.iter_mut().zip(types) {
            if !fits(array, ty, sizes) {
                // Zeros, since the caller has it even if the code fails.
                **array = Array::zeros(dtype(ty.dtype), &dims(ty, sizes)?).map_err(|_| CallFailure::OutOfMemory)?;
            }
            slots.push(array.start().expose_provenance() as u64);
        }
        // SAFETY: arguments and results have the types of the function at these sizes; the results are borrowed
        // exclusively, so they overlap with nothing.
        unsafe { self.call(workspace, &slots) }
    }

    /// The slots of sizes and arguments, which are checked.
    fn inputs<A: Borrow<Array>>(&self, sizes: &[i64], args: &[A]) -> Result<Slots, CallFailure> {
        let shape = &self.0.shape;
        let wrong = |what: String| Err(CallFailure::Arguments(what));
        if sizes.len() != shape.sizes || args.len() != shape.params.len() {
            return wrong(format!("{} sizes and {} arguments", sizes.len(), args.len()));
        }
        let mut slots: Slots = sizes.iter().map(|&n| n as u64).collect();
        for (arg, ty) in args.iter().zip(&shape.params) {
            let arg = arg.borrow();
            if !fits(arg, ty, sizes) {
                return wrong(format!("an array of {:?} for {ty}", arg.shape()));
            }
            slots.push(if ty.is_scalar() { bits(arg) } else { arg.bytes().as_ptr().expose_provenance() as u64 });
        }
        Ok(slots)
    }

    #[cold]
    fn explain(&self, workspace: &mut Workspace, status: u32) -> CallFailure {
        match Status::from_code(status) {
            Some(Status::Interrupted) => CallFailure::Interrupted,
            Some(Status::StackOverflow) => CallFailure::StackOverflow,
            Some(Status::OutOfMemory | Status::Done) | None => CallFailure::OutOfMemory,
            Some(Status::Failed) => {
                let failure = workspace.failure();
                match self.0.sites.get(failure.site as usize) {
                    Some(site) if failure.kind == adl_runtime::Failure::HOST_REFUSED => {
                        CallFailure::Refused { site: site.clone(), why: workspace.take_refusal().unwrap_or_default() }
                    }
                    Some(site) if failure.kind != adl_runtime::Failure::HOST_PANICKED => CallFailure::Failed {
                        site: site.clone(),
                        values: failure.values,
                        arrays: workspace.failure_values().to_vec(),
                    },
                    _panicked => CallFailure::HostPanicked,
                }
            }
        }
    }

    /// How many slots a call takes.
    pub fn slots(&self) -> usize {
        self.0.shape.sizes + self.0.shape.params.len() + self.0.shape.results.len()
    }

    /// Whether the code prints.
    pub fn prints(&self) -> bool {
        self.0.prints
    }

    /// The place with that number; prints carry it to the host.
    pub fn site(&self, number: u32) -> Option<&Site> {
        self.0.sites.get(number as usize)
    }

    /// What the code generator did.
    pub fn stats(&self) -> Stats {
        self.0.stats
    }
}

fn dtype(dtype: DType) -> adl_runtime::DType {
    match dtype {
        DType::Bool => adl_runtime::DType::Bool,
        DType::I64 => adl_runtime::DType::I64,
        DType::F32 => adl_runtime::DType::F32,
        DType::F64 => adl_runtime::DType::F64,
    }
}

fn dim(dim: &Dim, sizes: &[i64]) -> Option<usize> {
    let of = |s: Sym| sizes.get(s.0 as usize).copied().unwrap_or(0);
    dim.eval(&of).and_then(|d| usize::try_from(d).ok())
}

/// Whether an array is of a type.
fn fits(array: &Array, ty: &Ty, sizes: &[i64]) -> bool {
    array.dtype() == dtype(ty.dtype)
        && array.rank() == ty.rank()
        && array.shape().iter().zip(&ty.dims).all(|(&n, d)| dim(d, sizes) == Some(n))
}

fn dims(ty: &Ty, sizes: &[i64]) -> Result<SmallVec<[usize; 4]>, CallFailure> {
    let dims: Option<SmallVec<_>> = ty.dims.iter().map(|d| dim(d, sizes)).collect();
    dims.ok_or_else(|| CallFailure::Arguments(format!("{ty} has no size")))
}

/// The bytes of a scalar, as the low bytes of a slot.
fn bits(scalar: &Array) -> u64 {
    let mut word = [0; 8];
    word.iter_mut().zip(scalar.bytes()).for_each(|(to, from)| *to = *from);
    u64::from_le_bytes(word)
}

impl Drop for Code {
    fn drop(&mut self) {
        let module = self.module.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(module) = module {
            discard(module);
        }
    }
}

/// Gives the memory of a module back.
pub(super) fn discard(module: JITModule) {
    // SAFETY: the last handle goes, or there never was one, so no code of this module runs or will run.
    unsafe { module.free_memory() }
}
