//! Native code: the numbers of the reference interpreter, to the bit, and the memory that it takes.

mod control;
mod large;
mod memory;
mod native;
mod ops;
mod plans;
mod random;
mod sums;
mod support;
mod symbols;
mod tables;
mod vector;
