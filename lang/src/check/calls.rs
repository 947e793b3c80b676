//! Calls: arguments, names, instances and their bodies, rules for derivatives.

pub(in crate::check) mod blame;
pub(in crate::check) mod body;
pub(in crate::check) mod call;
pub(in crate::check) mod demand;
pub(in crate::check) mod fit;
pub(in crate::check) mod instance;
pub(in crate::check) mod names;
pub(in crate::check) mod rules;
pub(in crate::check) mod trim;
