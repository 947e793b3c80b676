//! Whatever is shown or explained to a reader is run: README, tutorial, reference, examples, explanations of codes.

mod codes;
mod embedding;
mod examples;
mod manual;
#[path = "../support/mod.rs"]
mod support;
mod texts;
