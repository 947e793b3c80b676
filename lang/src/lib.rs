//! The language ADL: text, syntax tree, types, primitives, checker. No I/O and no code generation.

pub mod ast;
pub mod check;
pub mod codes;
pub mod defect;
pub mod diagnostic;
pub mod failures;
pub mod fmt;
pub mod library;
pub mod message;
pub mod ops;
pub mod parse;
pub mod prims;
pub mod render;
pub mod source;
pub mod token;
pub mod typed;
pub mod types;
