//! The checker: what it makes of programs, what it says of wrong ones, and where it stops.

mod errors;
mod flat;
mod help;
mod host;
mod limits;
mod mutants;
mod single;
mod types;
mod warnings;
