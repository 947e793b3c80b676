//! Native code: a verified module without requests for derivatives becomes machine code in memory.
//!
//! ```text
//! unit.rs      a function and all that it calls    isa.rs       the processor
//! native.rs    owns the code and calls it          sites.rs     where and why code fails
//! abi.rs       signatures and support functions
//!
//! function.rs  one function, by instruction        frame.rs     its sizes, memory, results
//! control.rs   if, for, while, map                 calls.rs     calls
//! checks.rs    what may fail                       kernels.rs   library functions on arrays
//! scalar.rs    arithmetic                          tape.rs      residuals
//! element.rs   one element of an array             nest.rs      loops over arrays
//! store.rs     arrays into memory                  reduce.rs    reductions
//! vector.rs    loops over several elements         lanes.rs     several elements in a register
//! sums.rs      sums of floats                      pieces.rs    functions of many elements
//! chunks.rs    sums over the lanes of a map
//!
//! listing.rs   the code as text                    disassembly.rs   machine code as text
//! ```
//!
//! Requires: verified IR, no `jvp` or `vjp`. Ensures: the code computes what the interpreter computes, to the bit
//! except for products of matrices; it never traps; loops can be interrupted; deep recursion ends in a status.

mod abi;
mod calls;
mod checks;
mod chunks;
mod control;
mod disassembly;
mod element;
mod frame;
mod function;
mod isa;
mod kernels;
mod lanes;
mod listing;
mod native;
mod nest;
mod pieces;
mod reduce;
mod scalar;
mod sites;
mod store;
mod sums;
mod tape;
mod unit;
mod vector;

pub use listing::Listing;
pub use native::{CallFailure, Native, Shortage, Stats, Stop};
pub use sites::{Fault, Site, What};

use crate::ir::entity::Side;
use crate::ir::{FuncId, Inst, Module};
use adl_runtime::Interrupt;
use rustc_hash::FxHashMap;

/// Why there is no code: a fault of the compiler, or a machine that is not supported.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodegenError(pub String);

impl std::fmt::Display for CodegenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no native code: {}", self.0)
    }
}

impl std::error::Error for CodegenError {}

/// What is known about a module besides its text.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The instructions of each function whose whole-number arithmetic cannot fail.
    pub cannot_overflow: FxHashMap<FuncId, Side<Inst, bool>>,
    /// Whether the code is to count its rounds and calls, and stop when its fuel is used up.
    pub metered: bool,
    /// Raised when nobody waits for the code any more: looked at between functions.
    pub stop: Interrupt,
}

/// Compiles a function and all that it calls.
///
/// # Errors
/// If the module asks for derivatives, or the machine is not supported.
pub fn compile(module: &Module, entry: FuncId) -> Result<Native, CodegenError> {
    compile_with(module, entry, &Facts::default())
}

/// Compiles a function and all that it calls, leaving out checks that are known to hold.
///
/// # Errors
/// As [`compile`].
pub fn compile_with(module: &Module, entry: FuncId, facts: &Facts) -> Result<Native, CodegenError> {
    unit::compile(module, entry, facts, None)
}

/// The code of a function and of all that it calls, as text.
///
/// # Errors
/// As [`compile`].
pub fn listing(module: &Module, entry: FuncId, facts: &Facts) -> Result<Listing, CodegenError> {
    let mut listing = Listing::default();
    unit::compile(module, entry, facts, Some(&mut listing))?;
    Ok(listing)
}
