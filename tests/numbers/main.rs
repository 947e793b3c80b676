//! Right numbers: values and derivatives beside differences, high precision, other programs and other ways to the same.

mod accuracy;
mod array_table;
mod einsum;
mod fits;
mod fixed_points;
mod gradbench;
mod gradients;
mod linalg;
mod orders;
mod random;
mod reference;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod views;
