//! The ADL compiler: from the typed tree to native code and to every derivative of it, and the library that programs
//! of this language are embedded with.
//!
//! ```text
//! text ─ lang: token, tree, check ─ typed tree ─ lower ─ IR ─ ad ─ opt ─ plan ─ codegen ─ native code
//! ```
//!
//! [`embed`] and [`engine`] are for programs in other programs, [`session`] for statements one after the other. Only
//! [`pipeline`] knows all passes, [`lower`], [`ad`], [`opt`] and [`codegen`]; they know none but the [`ir`], and the
//! code generator knows the [`plan`] that it follows. [`interp`] says what the IR means, and [`text`] writes it as a
//! program again.

pub mod ad;
pub mod codegen;
pub mod embed;
pub mod engine;
pub mod interp;
pub mod ir;
pub mod lower;
pub mod opt;
pub mod pipeline;
pub mod plan;
pub mod session;
pub mod text;

pub use adl_lang::diagnostic::{Diagnostic, Help, Label, Severity};
pub use adl_lang::source::{Source, SourceId, Span};
pub use adl_runtime::{Figure, FileName, Interrupt};
pub use embed::{Array, Function, HostFunction, View, ViewMut, Workspace, compile};
pub use engine::{
    Backend, CompileLimits, Constant, Definition, DynFunction, Engine, Error, ErrorKind, Import, Limits, Output,
    Program, SourceText, Statistics,
};

/// Values whose types the host learns at run time, for [`DynFunction`].
pub mod value {
    pub use adl_runtime::array::Element;
    pub use adl_runtime::{Array, ArrayError, DType, Value};
}
