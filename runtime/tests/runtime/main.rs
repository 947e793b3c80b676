//! What compiled code stands on: arrays, kernels, and the memory of a call.

mod arrays;
mod display;
mod factor;
mod kernels;
mod large;
mod matmul;
mod random;
mod trace;
mod vectors;
mod workspace;
