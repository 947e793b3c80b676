//! Derivative operators, directions, lanes of them, fixed points.

pub(in crate::check) mod applied;
pub(in crate::check) mod derive;
pub(in crate::check) mod directions;
pub(in crate::check) mod fixpoint;
pub(in crate::check) mod implicit;
pub(in crate::check) mod lanes;
pub(in crate::check) mod operators;
