//! Typed handles: functions of a program as functions of Rust, with their derivatives.
//!
//! A handle is asked for by a *signature*, a function type that names what goes in and comes out:
//!
//! | in a signature | in the language | goes in as | comes out as |
//! |---|---|---|---|
//! | `f64`, `f32`, `i64`, `bool` | the same | itself | itself |
//! | `[f64]`, `Vec<f64>` | `f64[n]` | `&[f64]`, `&Vec<f64>`, `&[f64; 3]`, a [`View`] | `Vec<f64>` |
//! | `[f64; 3]` | `f64[3]` | the same | `[f64; 3]` |
//! | `Array<f64, 2>` | `f64[n, m]` | `&Array`, `&[[f64; 2]; 3]`, a [`View`] | [`Array`] |
//! | `(A, B)` | a tuple | a tuple | a tuple |
//! | a type made by [`record!`](crate::record) | a record | a reference | itself |
//! | `()` | `none` | `()` | `()` |
//!
//! With the features `ndarray`, `nalgebra` and `faer` the arrays of these crates go in by reference as well,
//! and results are written into them. An array without gaps is read where it is, whatever the order of its axes:
//! by rows, by columns, transposed; a function is compiled for each order that it meets.
//! One with other strides (a part of a matrix, a slice with steps) is copied into the workspace of the call.
//!
//! ```
//! use adl_compiler::compile;
//! let program = compile("fn loss(w: f64[n], t: f64) = sum((w - t)^2)")?;
//! let loss = program.function::<fn([f64], f64) -> f64>("loss")?;
//! let (value, gradient) = loss.value_and_grad()?.call((&[1.0, 5.0], 2.0))?;
//! assert_eq!((value, gradient), (10.0, vec![-2.0, 6.0]));
//! # Ok::<(), adl_compiler::Error>(())
//! ```

mod args;
mod array;
mod derived;
mod function;
mod glue;
mod host;
mod jacobians;
mod places;
mod probe;
mod record;
mod signature;
mod spec;
mod tuples;
mod types;
mod workspace;

pub use adl_runtime::view::{Scalar, View, ViewMut};
pub use args::{Args, IntoIn, IntoPlace};
pub use array::Array;
pub use derived::{Pulled, Pushed, Second, Times, Wrt};
pub use function::Function;
pub use host::HostFunction;
pub use jacobians::{Batch, Over};
pub use places::{Places, Shapes};
pub use signature::{Many, Parameter, Plus, Signature};
pub use spec::Spec;
pub use types::{Float, Given, Type};
pub use workspace::Workspace;

pub use crate::engine::run::Leaves;
use crate::engine::{Engine, Error, Program};

/// Compiles the definitions of a text with an [`Engine`] of its own.
///
/// ```
/// let program = adl_compiler::compile("fn area(r) = pi * r^2")?;
/// assert_eq!(program.function::<fn(f64) -> f64>("area")?.call((1.0,))?, std::f64::consts::PI);
/// # Ok::<(), adl_compiler::Error>(())
/// ```
pub fn compile(text: &str) -> Result<Program, Error> {
    Engine::new().compile("program", text)
}
