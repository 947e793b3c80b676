//! The language ADL: text, syntax tree, types, primitives, checker. No I/O and no code generation.

pub mod ast;
pub mod diagnostic;
pub mod parse;
pub mod render;
pub mod source;
pub mod token;
