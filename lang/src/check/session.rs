//! Entries, modules, definitions and what a session keeps of them; warnings about a whole text.

pub(in crate::check) mod attributes;
pub(in crate::check) mod definitions;
pub(in crate::check) mod entry;
pub(in crate::check) mod flat;
pub(in crate::check) mod inputs;
pub(in crate::check) mod known;
pub(in crate::check) mod modules;
pub(in crate::check) mod redefine;
pub(in crate::check) mod resolve;
pub(in crate::check) mod stale;
pub(in crate::check) mod trial;
pub(in crate::check) mod unused;
