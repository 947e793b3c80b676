//! The optimiser: what each pass does, and that no pass changes what a program computes.

mod batch;
mod cases;
mod modules;
mod passes;
mod random;
mod ranges;
mod rules;
mod support;
