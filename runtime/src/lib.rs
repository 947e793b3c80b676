//! What compiled code stands on: arrays, kernels, and the convention by which native code and Rust
//! talk.
//!
//! A leaf crate: it knows neither the language nor the compiler. What goes wrong while code runs is
//! told by a [`Status`] and a [`Failure`], whose kind and site are numbers that the compiler owns.
//!
//! # The binary interface
//!
//! Every compiled function takes a `*mut `[`Context`] first and returns a [`Status`] as `u32`. All
//! structures are `repr(C)`, for 64-bit targets; a number is the offset of the field behind it:
//!
//! - [`Context`], 104 bytes: 0 `interrupt: *const AtomicBool` · 8 `stack_limit: usize` · 16 `arena_top: *mut u8` ·
//!   24 `arena_end: *mut u8` · 32 `arena_chunk: u64` · 40 `store: *mut Store` · 48 `failure: Failure` ·
//!   88 `fuel: i64` · 96 `base: *const u64`
//! - [`Failure`], 40 bytes: 0 `kind: u32` · 4 `site: u32` · 8 `values: [i64; 4]`
//! - [`Tape`], 16 bytes: 0 `base: *mut u8` · 8 `capacity: usize`
//! - [`PrintValue`], 24 bytes: 0 `dtype: u32` · 4 `rank: u32` · 8 `dims: *const i64` · 16 `data: *const u8`
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
//! - *Failure:* return what a compiled function returned if it is not 0;
//!   nothing need be released, [`Workspace::enter`] does it. Where the code itself finds that it has to stop,
//!   or a function of the runtime says so, it returns what `adl_stop` returns, which walks the frames:
//!   compiled functions keep frame pointers, and the entry stores its own as `base`.
//!
//! The functions that it may call are listed in [`symbols`].

pub mod abi;
pub mod array;
pub mod aside;
pub mod buffer;
pub mod display;
pub mod figure;
pub mod file;
pub mod kernels;
pub mod symbols;
pub mod trace;
pub mod value;
pub mod view;
pub mod workspace;

pub use abi::{Context, Failure, PrintValue, Status, Tape};
pub use array::{Array, ArrayError, DType};
pub use display::{Format, FormatStyle};
pub use figure::Figure;
pub use file::FileName;
pub use trace::Trace;
pub use value::Value;
pub use workspace::{Host, Interrupt, Workspace};
