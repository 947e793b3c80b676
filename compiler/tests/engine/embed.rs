//! Embedding: typed handles, their derivatives, limits, memory, and what goes wrong.

mod axes;
mod calls;
mod derivatives;
mod host;
mod limits;
mod memory;
mod safety;
mod signatures;

use adl_compiler::embed::Signature;
use adl_compiler::{Function, Program, compile};

#[track_caller]
fn program(text: &str) -> Program {
    compile(text).unwrap_or_else(|problem| panic!("{problem}"))
}

#[track_caller]
fn function<S: Signature>(text: &str, name: &str) -> Function<S> {
    program(text).function::<S>(name).unwrap_or_else(|problem| panic!("{problem}"))
}
