//! What problems say: near names, names of other languages.

pub(in crate::check) mod elsewhere;
pub(in crate::check) mod messages;
