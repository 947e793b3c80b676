//! The examples of embedding are run: each brings its own tests.
#![allow(dead_code, unused_imports, missing_docs, reason = "the examples are programs of their own")]

#[path = "../../examples/embedding/fit.rs"]
mod fit;
#[path = "../../examples/embedding/minimize.rs"]
mod minimize;
#[path = "../../examples/embedding/reload.rs"]
mod reload;
#[path = "../../examples/embedding/stiff.rs"]
mod stiff;
#[path = "../../examples/embedding/thousand.rs"]
mod thousand;
