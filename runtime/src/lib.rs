//! What compiled code stands on: arrays, kernels, and the convention by which native code and Rust
//! talk.
//!
//! A leaf crate: it knows neither the language nor the compiler. What goes wrong while code runs is
//! told by a [`Status`] and a [`Failure`], whose kind and site are numbers that the compiler owns.
//!
//! # The binary interface
//!
//! Every compiled function takes a `*mut `[`Context`] first and returns a [`Status`] as `u32`. All
//! structures are `repr(C)`, for 64-bit targets:
//!
//! | structure | offset: field |
//! |---|---|
//! | [`Context`] (96 bytes) | 0 `interrupt: *const AtomicBool` · 8 `stack_limit: usize` · 16 `arena_top: *mut u8` · 24 `arena_end: *mut u8` · 32 `arena_chunk: u64` · 40 `store: *mut Store` · 48 `failure: Failure` · 88 `fuel: i64` |
//! | [`Failure`] (40 bytes) | 0 `kind: u32` · 4 `site: u32` · 8 `values: [i64; 4]` |
//! | [`Tape`] (16 bytes) | 0 `base: *mut u8` · 8 `capacity: usize` |
//! | [`PrintValue`] (24 bytes) | 0 `dtype: u32` · 4 `rank: u32` · 8 `dims: *const i64` · 16 `data: *const u8` |
//!
//! The numbers are exported as constants ([`abi::OFFSET_INTERRUPT`], …). [`Status`]: 0 done, 1
//! failed (see `failure`), 2 interrupted, 3 stack overflow, 4 out of memory, 5 out of fuel. [`DType`]: 0 `bool` (a
//! byte, 0 or 1), 1 `i64`, 2 `f32`, 3 `f64`.
//!
//! What compiled code does by itself:
//!
//! - *Back edge:* load the pointer `interrupt`, load its byte; not 0: return 2. Code that is metered takes 1 from
//!   `fuel` as well; below 0: return 5.
//! - *Entry of a function that may recurse:* stack pointer below `stack_limit`: return 3.
//! - *Array buffer of `bytes`:* round `bytes` up to a multiple of 64; if `arena_end - arena_top <
//!   bytes` (unsigned), call `adl_arena_grow`, else take `arena_top` and add. Buffers are 64-byte
//!   aligned, and hold garbage at first.
//! - *Mark and release* (function, loop round): save `arena_top` and `arena_chunk`; at the end, if
//!   `arena_chunk` is what it was, store the saved `arena_top`, else call `adl_arena_release`.
//!   Every return path but errors does it.
//! - *Tape:* keep a cursor (an offset) in a register, reserve when `capacity - cursor < bytes`;
//!   reload `base` afterwards.
//! - *Failure:* return what a call returned if it is not 0; nothing need be released,
//!   [`Workspace::enter`] does it.
//!
//! Support symbols (see [`symbols`]; `ctx` is `*mut Context`, a result `u32` is a status):
//!
//! | symbol | parameters | result |
//! |---|---|---|
//! | `adl_arena_grow` | `ctx, bytes: u64` | `*mut u8`, null when out of memory (return 4) |
//! | `adl_arena_release` | `ctx, top: *mut u8, chunk: u64` | |
//! | `adl_tape_new` | `ctx` | `*mut Tape`, null when out of memory (return 4) |
//! | `adl_tape_grow` | `ctx, tape: *mut Tape, needed: u64` (bytes in all) | `u32` |
//! | `adl_tape_free` | `ctx, tape: *mut Tape` | |
//! | `adl_fail` | `ctx, kind: u32, site: u32, a: i64, b: i64, c: i64, d: i64` | `u32`, always 1 |
//! | `adl_fail_with` | `ctx, kind: u32, site: u32, values: *const PrintValue, n: i64` | `u32`, always 1 |
//! | `adl_print` | `ctx, site: u32, values: *const PrintValue, n: i64` | `u32` |
//! | `adl_host` | `ctx, site: u32, values: *const PrintValue, n: i64, out: *mut u8, dtype: u32, wanted: i64` (elements) | `u32` |
//!
//! Kernels (dense row-major operands; sizes are `i64`, where a negative one counts as 0; operands
//! may be null when empty):
//!
//! | symbol (one per element type) | parameters | result |
//! |---|---|---|
//! | `adl_matmul_{f64,f32}` | `ctx, c: *mut T, a: *const T, b: *const T, batch, m, k, n, flags: i64` ([`kernels::matmul`]: 1 A transposed, 2 B transposed, 4 add to C, 8 one A for all, 16 one B for all, 32 one C for all) | `u32` |
//! | `adl_each_exp_{f64,f32}`, `adl_each_tanh_{f64,f32}`, `adl_each_cosh_{f64,f32}`, `adl_each_sigmoid_{f64,f32}`, `adl_each_log_{f64,f32}`, `adl_each_log1p_{f64,f32}`, `adl_each_sin_{f64,f32}`, `adl_each_cos_{f64,f32}` | `xs: *mut T, n, one: fn(f64) -> f64` (in place; [`kernels::elementary`]) | |
//! | `adl_lu_{f64,f32}`, `adl_cholesky_{f64,f32}`, `adl_qr_{f64,f32}`, `adl_eigh_{f64,f32}`, `adl_svd_{f64,f32}` | `ctx, out: *mut T, a: *const T, m, n` ([`kernels::factor`]) | `u32` |
//! | `adl_lu_solve_{f64,f32}`, `adl_triangular_solve_{f64,f32}` | `ctx, out: *mut T, a: *const T, b: *const T, n, k, flags: i64` ([`kernels::factor`]: 1 upper, 2 transposed, 4 unit diagonal) | `u32` |
//! | `adl_dot_{f64,f32}` | `a: *const T, b: *const T, n` | `T` |
//! | `adl_sum_{f64,f32}` | `a: *const T, n` | `T` |
//! | `adl_argsort_{f64,f32,i64}` | `ctx, out: *mut i64, data: *const T, rows, n` | `u32` |
//! | `adl_random_bits` | `ctx, out: *mut i64, key: i64, start, n` | `u32` |
//! | `adl_random_keys` | `ctx, out: *mut i64, key: i64, start, n` | `u32` |
//! | `adl_random_int` | `ctx, out: *mut i64, key: i64, start, n, low: i64, high: i64` | `u32` |
//! | `adl_random_uniform_{f64,f32}` | `ctx, out: *mut T, key: i64, start, n` | `u32` |
//! | `adl_random_normal_{f64,f32}` | `ctx, out: *mut T, key: i64, start, n` | `u32` |
//! | `adl_fill_{1,4,8}` (element size) | `out: *mut u8, bits: i64, n` | |
//! | `adl_copy` | `out: *mut u8, data: *const u8, bytes` (may overlap) | |
//! | `adl_transpose_{1,4,8}` | `ctx, out, data, batch, rows, cols` (`data` is `batch × rows × cols`) | `u32` |
//! | `adl_copy_strided_{1,4,8}` | `ctx, out, data, rank, dims: *const i64, strides: *const i64` (of `data`, in elements, any sign) | `u32` |

pub mod abi;
pub mod array;
pub mod buffer;
pub mod display;
pub mod figure;
pub mod file;
pub mod kernels;
pub mod symbols;
pub mod value;
pub mod view;
pub mod workspace;

pub use abi::{Context, Failure, PrintValue, Status, Tape};
pub use array::{Array, ArrayError, DType};
pub use display::{Format, FormatStyle};
pub use figure::Figure;
pub use file::FileName;
pub use value::Value;
pub use workspace::{Host, Interrupt, Workspace};
