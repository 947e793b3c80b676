//! The language: the claims of its reference, the modules of its library, and the errors of its programs.

mod claims;
mod errors;
mod library;
#[path = "../support/mod.rs"]
mod support;
