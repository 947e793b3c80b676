//! ADL, a small differentiable array language, for programs in Rust:
//! text becomes functions and gradients in native code.
//!
//! ```
//! let program = adl::compile("fn valley([x, y]) = (1 - x)^2 + 100 * (y - x^2)^2")?;
//! let valley = program.function::<fn([f64; 2]) -> f64>("valley")?;
//! assert_eq!(valley.call((&[0.0, 0.5],))?, 26.0);
//! assert_eq!(valley.grad()?.call((&[0.0, 0.5],))?, [-2.0, 100.0]);
//! # Ok::<(), adl::Error>(())
//! ```
//!
//! The guide is `compiler/EMBEDDING.md`; [`embed`] has the table of types that go in and come out.

pub use adl_compiler::{
    Array, Backend, CompileLimits, Constant, Definition, Diagnostic, DynFunction, Engine, Error, ErrorKind, Figure,
    FileName, Function, Help, HostFunction, Import, Interrupt, Label, Limits, Output, Program, Severity, Source,
    SourceId, SourceText, Span, Statistics, View, ViewMut, Workspace, compile, embed, record, value,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("EMBEDDING.md")]
struct Embedding;
