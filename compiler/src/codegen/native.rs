//! Owns compiled code. Memory that holds code is never writable again,
//! and goes back to the system with the last handle.
#![allow(unsafe_code, reason = "calls machine code, and frees it")]

mod call;

pub use call::Stop;

pub(super) use call::dtype as runtime_dtype;

use super::isa::{self, Registers};
use super::sites::{Places, Site, What};
use super::{CodegenError, abi};
use crate::ir::{Call, CallId, Calls};
use adl_lang::source::Span;
use adl_lang::types::Ty;
use adl_runtime::{Array, Context, Failure, Status, Trace, Workspace};
use cranelift_jit::{ArenaMemoryProvider, JITBuilder, JITModule};
use cranelift_module::FuncId;
use smallvec::SmallVec;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of stack that a call may use where it is not known how many are left.
const STACK: usize = 512 * 1024;

/// Bytes of stack that a call may use at most: endless recursion should not take long to be noticed.
const MOST: usize = 32 << 20;

/// Bytes of stack that are left for what compiled code calls.
const RESERVE: usize = 128 * 1024;

/// Bytes of stack that functions of one number need, which are all that bare code calls.
const BARE: usize = 32 * 1024;

/// Bytes of the stack that a call gets where less is left than it needs.
const ENOUGH: usize = 1 << 20;

type Entry = extern "C" fn(*mut Context, *const u64) -> u32;

/// Compiled code. Clones share it.
#[derive(Clone)]
pub struct Native(Arc<Code>);

struct Code {
    module: Mutex<Option<JITModule>>,
    entry: Entry,
    shape: Shape,
    sites: Vec<Site>,
    calls: Calls,
    /// Where calls return to, in order, and their numbers.
    returns: Vec<(usize, u32)>,
    /// Whether one of the places is a print, or a call of the host.
    talks: bool,
    /// Whether it needs no workspace.
    bare: bool,
    /// The types of parameters and results if there are no sizes and no arrays, and only a few.
    scalars: SmallVec<[adl_runtime::DType; 8]>,
    stats: Stats,
    /// Bytes of the largest frame of its functions.
    frame: usize,
    /// The constant arrays that the code reads.
    _tables: Vec<Vec<u64>>,
}

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

/// Memory that does not suffice, in bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Shortage {
    /// How much was asked for.
    pub asked: usize,
    /// How much was in use.
    pub used: usize,
}

/// Why a call did not finish.
#[derive(Clone, PartialEq, Debug)]
pub enum CallFailure {
    /// A check failed.
    Failed {
        /// Where, and which.
        site: Box<Site>,
        /// Figures: see [`super::Fault`].
        values: [i64; 4],
        /// The values that an assertion reports.
        arrays: Vec<Array>,
    },
    /// A function of the host, or what takes printed lines, gave an error or panicked.
    Host {
        /// Where it was called.
        site: Box<Site>,
        /// The error; `None` if it panicked.
        error: Option<String>,
    },
    /// The interrupt was raised.
    Interrupted,
    /// Too deep a recursion.
    StackOverflow,
    /// It took more rounds and calls than it may.
    OutOfFuel,
    /// The memory does not suffice.
    OutOfMemory(Shortage),
    /// The arguments are not those that the function takes.
    Arguments(String),
}

impl CallFailure {
    /// The same with `bytes` more in use.
    pub fn beside(self, bytes: usize) -> CallFailure {
        match self {
            CallFailure::OutOfMemory(Shortage { asked, used }) => {
                CallFailure::OutOfMemory(Shortage { asked, used: used.saturating_add(bytes) })
            }
            other => other,
        }
    }
}

/// An empty module for code, with room for about `instructions` instructions of the IR.
pub(super) fn room(instructions: usize) -> Result<JITModule, CodegenError> {
    let isa = isa::host(Registers::Careful)?;
    let mut builder = JITBuilder::with_isa(isa, cranelift_module::default_libcall_names());
    let bytes = (1 << 20) + instructions.saturating_mul(4096);
    let memory = ArenaMemoryProvider::new_with_size(bytes.min(1 << 30)).map_err(|e| CodegenError(e.to_string()))?;
    builder.memory_provider(Box::new(memory));
    builder.symbol_lookup_fn(Box::new(abi::address));
    Ok(JITModule::new(builder))
}

impl Native {
    /// Makes the code of a module executable. `entry` has the entry signature and reads `slots` slots; `frame` is the
    /// size of the largest frame.
    pub(super) fn finish(
        mut module: JITModule,
        entry: FuncId,
        shape: Shape,
        places: Places,
        (bare, frame): (bool, usize),
        stats: Stats,
        tables: Vec<Vec<u64>>,
    ) -> Result<Native, CodegenError> {
        if let Err(problem) = module.finalize_definitions() {
            discard(module);
            return Err(CodegenError(problem.to_string()));
        }
        let address = module.get_finalized_function(entry);
        // SAFETY: `entry` was compiled with exactly this signature, by `abi::entry_signature`;
        // the code lives as long as `module`, which is stored beside it.
        let entry = unsafe { std::mem::transmute::<*const u8, Entry>(address) };
        let scalars = call::scalars(&shape);
        let Places { sites, calls, returns } = places;
        let address =
            |&(func, at, call): &(FuncId, u32, u32)| (module.get_finalized_function(func).addr() + at as usize, call);
        let mut returns: Vec<(usize, u32)> = returns.iter().map(address).collect();
        returns.sort_unstable();
        let talks = sites.iter().any(|site| matches!(site.what, What::Print(_) | What::Host(_)));
        Ok(Native(Arc::new(Code {
            module: Mutex::new(Some(module)),
            entry,
            shape,
            sites,
            calls,
            returns,
            talks,
            bare,
            scalars,
            stats,
            frame,
            _tables: tables,
        })))
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
        // Beside that of a function that looks at the stack, one of a function that it calls and that does not.
        let reserve = RESERVE + 2 * self.0.frame;
        let left = stacker::remaining_stack().unwrap_or(STACK + reserve);
        if left < reserve + RESERVE {
            // SAFETY: the contract of this function.
            return stacker::grow(reserve + ENOUGH, || unsafe { self.call(workspace, slots) });
        }
        let status = (self.0.entry)(workspace.enter((left - reserve).min(MOST)), slots.as_ptr());
        if status == Status::Done as u32 {
            return Ok(());
        }
        let failure = workspace.failure();
        let error = workspace.take_refusal();
        Err(self.explain(status, &failure, workspace.failure_values(), error))
    }

    #[cold]
    fn explain(&self, status: u32, failure: &Failure, arrays: &[Array], error: Option<String>) -> CallFailure {
        match Status::from_code(status) {
            Some(Status::Interrupted) => CallFailure::Interrupted,
            Some(Status::StackOverflow) => CallFailure::StackOverflow,
            Some(Status::OutOfFuel) => CallFailure::OutOfFuel,
            Some(Status::OutOfMemory) => {
                let [asked, used, ..] = failure.values.map(|bytes| usize::try_from(bytes).unwrap_or(0));
                CallFailure::OutOfMemory(Shortage { asked, used })
            }
            Some(Status::Done) | None => CallFailure::Arguments(format!("the code gave the status {status}")),
            Some(Status::Failed) => match self.0.sites.get(failure.site as usize) {
                Some(site) if failure.kind < Failure::HOST_REFUSED => CallFailure::Failed {
                    site: Box::new(site.clone()),
                    values: failure.values,
                    arrays: arrays.to_vec(),
                },
                Some(site) => CallFailure::Host { site: Box::new(site.clone()), error },
                None => CallFailure::Arguments(format!("the code failed at the site {}", failure.site)),
            },
        }
    }

    /// How many slots a call takes.
    #[inline]
    pub fn slots(&self) -> usize {
        self.0.shape.sizes + self.0.shape.params.len() + self.0.shape.results.len()
    }

    /// Whether the code runs without a workspace: it calls nothing compiled, and needs no memory but registers and
    /// its frame.
    #[inline]
    pub fn is_bare(&self) -> bool {
        self.0.bare
    }

    /// Whether the code prints, or calls functions of the host.
    pub fn talks(&self) -> bool {
        self.0.talks
    }

    /// The functions of the host that the code calls, and where.
    pub fn calls_of_host(&self) -> impl Iterator<Item = (&str, Span)> {
        self.0.sites.iter().filter_map(|site| match &site.what {
            What::Host(name) => Some((&**name, site.place.span)),
            What::Fault(_) | What::Assert(_) | What::Print(_) | What::Stop => None,
        })
    }

    /// The place with that number; prints carry it to the host.
    pub fn site(&self, number: u32) -> Option<&Site> {
        self.0.sites.get(number as usize)
    }

    /// The calls that led to a failure, the inner ones first, and how often each was repeated;
    /// `None` stands for calls that were left out.
    pub fn calls(&self, trace: &Trace) -> Vec<(Option<&Call>, u64)> {
        let Code { calls, returns, .. } = &*self.0;
        let inlined = |call: CallId, times: u64| calls.path(call).map(move |call| (Some(call), times));
        let site = trace.site.and_then(|site| self.site(site));
        let mut found: Vec<_> = site.map(|site| inlined(site.place.within, 1)).into_iter().flatten().collect();
        for (address, times) in trace.entries() {
            match address.map(|address| returns.binary_search_by_key(&address, |(known, _)| *known)) {
                None => found.push((None, times)),
                Some(Ok(at)) => found.extend(inlined(CallId::of_number(returns[at].1), times)),
                // The entry of the unit, which nobody wrote.
                Some(Err(_)) => {}
            }
        }
        found
    }

    /// What the code generator did.
    pub fn stats(&self) -> Stats {
        self.0.stats
    }
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
