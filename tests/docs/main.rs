//! Whatever is shown or explained to a reader is run: README, tutorial, reference, examples, explanations of codes.

mod codes;
mod embedding;
mod examples;
mod manual;
#[path = "../support/mod.rs"]
mod support;
mod texts;
mod tour;
#[allow(dead_code, reason = "the tour shows trees alone")]
#[path = "../../lang/tests/parse/common.rs"]
mod tree;
