//! What problems say: near names, names of other languages.
//!
//! Sees state.

pub(in crate::check) mod elsewhere;
pub(in crate::check) mod messages;
