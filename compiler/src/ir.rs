//! The intermediate representation: typed SSA over scalars and arrays with structured control flow.
//!
//! ```text
//! func @0 power[](v0: f64, v1: i64) -> f64 {
//!   v2 = const 1.0
//!   v3 = for v1 (v2) { (v4: i64, v5: f64)      ; counter, carry
//!     v6 = mul v5 v0                           ; outer values are simply named
//!     yield v6
//!   }
//!   yield v3
//! }
//! ```
//!
//! A function is one [`Block`]: parameters, instructions, results. `if`, `for`, `while` and `map` own further blocks,
//! whose instructions may name any value that is defined before the owner. There is no mutation: `x[i] = v` is an
//! `update`, performed in place by the code generator when the old array is dead. Sizes are [`Dim`]s over the size
//! parameters of the function.
//!
//! [`Dim`]: adl_lang::types::Dim

pub mod build;
pub mod calls;
pub mod copy;
pub mod entity;
pub mod func;
pub mod parse;
pub mod print;
pub mod typing;
pub mod verify;
pub mod walk;

pub use build::Builder;
pub use calls::{Call, CallId, Calls, Place};
pub use func::{
    Block, BlockData, Claim, Def, Func, FuncId, Inst, InstData, Kind, MAX_SIZE, Module, Part, Rules, Type, Value,
    ValueData,
};
