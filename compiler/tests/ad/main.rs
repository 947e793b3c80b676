//! Derivatives: every operation and whole programs, in both modes and their mixtures, against differences;
//! what they cost in time and in memory.

mod checkpoint;
mod cost;
mod ops;
mod programs;
mod random;
mod recursion;
mod requests;
mod support;
mod text;
