//! Native code: a verified module without requests for derivatives becomes machine code in memory.
//!
//! ```text
//! native.rs    owns the code and calls it          isa.rs       the processor
//! abi.rs       signatures and support functions    sites.rs     where and why code fails
//! function.rs  one function at a time              control.rs   if, for, while, map        calls.rs  calls
//! fuse.rs      which arrays are computed in line   live.rs      how long arrays live
//! conflict.rs, buffers.rs                          which memory they get
//! element.rs   one element of an array             nest.rs      loops over arrays          store.rs  arrays into memory
//! reduce.rs    reductions                          vector.rs    several elements at once
//! scalar.rs    arithmetic                          checks.rs    what may fail
//! tape.rs      residuals                           kernels.rs   library functions on arrays
//! ```
//!
//! Requires: verified IR, no `jvp` or `vjp`. Ensures: the code computes what the interpreter computes, to the bit except
//! for the order of sums; it never traps; loops can be interrupted; deep recursion ends in a status.

mod abi;
mod buffers;
mod calls;
mod checks;
mod conflict;
mod control;
mod element;
mod function;
mod fuse;
mod in_place;
mod isa;
mod kernels;
mod live;
mod native;
mod nest;
mod reduce;
mod scalar;
mod sites;
mod store;
mod tape;
mod vector;

pub use native::{CallFailure, Native, Stats};
pub use sites::{Fault, Site, What};

use crate::ir::entity::Side;
use crate::ir::{FuncId, Inst, Module};
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
    function::unit(module, entry, facts)
}
