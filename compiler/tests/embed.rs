//! Embedding: typed handles, their derivatives, limits, memory, and what goes wrong.

#[path = "embed/axes.rs"]
mod axes;
#[path = "embed/calls.rs"]
mod calls;
#[path = "embed/derivatives.rs"]
mod derivatives;
#[path = "embed/host.rs"]
mod host;
#[path = "embed/limits.rs"]
mod limits;
#[path = "embed/memory.rs"]
mod memory;
#[path = "embed/safety.rs"]
mod safety;
#[path = "embed/signatures.rs"]
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
