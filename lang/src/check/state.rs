//! What a session and an elaboration know: values, scopes, the function being built, the problems found.

pub(in crate::check) mod elab;
pub(in crate::check) mod free;
pub(in crate::check) mod given;
pub(in crate::check) mod host;
pub(in crate::check) mod key;
pub(in crate::check) mod limits;
pub(in crate::check) mod scope;
pub(in crate::check) mod value;
pub(in crate::check) mod world;
