//! The ADL compiler: from the typed tree to native code and to every derivative of it, and the library that programs
//! of this language are embedded with.
//!
//! ```text
//! text ─ lang: token, tree, check ─ typed tree ─ lower ─ IR ─ ad ─ opt ─ codegen ─ native code
//! ```
//!
//! [`engine`] is for programs in other programs, [`session`] for statements one after the other. Only [`pipeline`]
//! knows all passes; they know none but the [`ir`].

pub mod ad;
pub mod codegen;
pub mod engine;
pub mod interp;
pub mod ir;
pub mod lower;
pub mod opt;
pub mod pipeline;
pub mod session;
pub mod text;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
