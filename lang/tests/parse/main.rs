//! Text: its tree, its one style, and what is said where it is wrong.

mod common;
mod errors;
mod fmt;
mod trees;
