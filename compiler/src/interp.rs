//! The reference interpreter: the definition of what the IR means, in naive loops. It shares nothing with the runtime
//! or the code generator but the table of primitives, so native code is tested against it.
//!
//! It also counts scalar operations as if updates were performed in place, so that tests can compare the cost of a
//! derivative with the cost of its function.
//!
//! Structured control flow and tapes are in `machine`, pure operations in `ops`, factorisations in `factor`, single
//! numbers in `scalar`; all of them compute with the values of `data`.

mod data;
mod factor;
mod machine;
mod ops;
mod scalar;

use crate::ir::{Call, FuncId, Module, Place};
use adl_lang::ast::Name;
use adl_lang::message::{Body, Said, Topic};
use adl_lang::ops::{Const, Random};
use adl_lang::typed::BoundsOf;
use adl_lang::types::DType;
pub use data::Data;
use machine::Machine;

/// Why a program did not come to its end.
#[derive(Clone, PartialEq, Debug)]
pub struct Failure {
    /// What happened.
    pub kind: FailureKind,
    /// The place in the program that is to blame.
    pub place: Place,
    /// The calls that were running around it, the inner ones first, without those that its place names.
    pub calls: Vec<Call>,
}

impl Failure {
    fn at(kind: FailureKind, place: Place) -> Failure {
        Failure { kind, place, calls: Vec::new() }
    }
}

/// The kinds of failure.
#[derive(Clone, PartialEq, Debug)]
pub enum FailureKind {
    /// An index, or the start of a slice, is not in `0..len`.
    IndexOutOfRange {
        /// The index.
        index: i64,
        /// What it must stay below.
        len: i64,
        /// What was indexed.
        what: BoundsOf,
    },
    /// A function of the host gave an error.
    Host(Name, String),
    /// A size is negative.
    NegativeSize(i64),
    /// Two sizes differ.
    SizeMismatch(i64, i64),
    /// Whole-number arithmetic, or a size, overflows.
    IntOverflow,
    /// A whole number is divided by zero.
    DivideByZero,
    /// A whole number is raised to a negative power.
    NegativeExponent(i64),
    /// A float does not fit into `i64`.
    ConversionRange(f64),
    /// An assertion does not hold; what it says.
    Assert(Said<Data>),
    /// Calls are nested too deeply.
    TooDeep,
    /// The operations that were allowed are used up.
    OutOfFuel,
    /// The host did not take what it was told of this topic.
    Refused(Topic, String),
    /// The IR is wrong: a fault of the compiler, not of the program.
    Internal(String),
}

/// Part of a line that is printed or said.
pub type Piece = adl_lang::message::Piece<Data>;

/// What a program does to the world outside, and what it takes from there.
pub trait Hooks {
    /// Prints a line.
    fn print(&mut self, line: Vec<Piece>) {
        let _ = line;
    }

    /// Takes what else is said, or tells why not.
    fn tell(&mut self, topic: Topic, body: Body<Data>) -> Result<(), String> {
        let _ = (topic, body);
        Ok(())
    }

    /// `count` random numbers from a key: `f64`s, or `i64`s for bits. `None` if there are none to be had.
    fn random(&mut self, kind: Random, key: i64, count: usize) -> Option<Vec<Const>> {
        let _ = (kind, key, count);
        None
    }

    /// What a function of the host gives, in this shape, or its error.
    fn host(&mut self, name: &str, args: &[&Data], dtype: DType, shape: &[usize]) -> Result<Data, String> {
        let _ = (args, dtype, shape);
        Err(format!("there is no function `{name}` of the host here"))
    }
}

/// Prints nowhere and has no random numbers.
pub struct NoHooks;

impl Hooks for NoHooks {}

/// How much a program may do.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Calls inside of one another.
    pub depth: usize,
    /// Scalar operations.
    pub ops: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { depth: 10_000, ops: u64::MAX }
    }
}

/// What a program has done.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Stats {
    /// Scalar operations: elements computed, copied, pushed or popped, rounds of loops, calls.
    pub ops: u64,
    /// The largest size of all tapes together, in bytes.
    pub tape_peak_bytes: u64,
}

/// Runs a function.
pub fn run(
    module: &Module,
    func: FuncId,
    sizes: &[i64],
    args: Vec<Data>,
    hooks: &mut dyn Hooks,
) -> Result<Vec<Data>, Failure> {
    run_counted(module, func, sizes, args, hooks, Limits::default()).0
}

/// Runs a function within limits, and says what it cost.
pub fn run_counted(
    module: &Module,
    func: FuncId,
    sizes: &[i64],
    args: Vec<Data>,
    hooks: &mut dyn Hooks,
    limits: Limits,
) -> (Result<Vec<Data>, Failure>, Stats) {
    let mut machine = Machine::new(module, hooks, limits);
    let results = machine.run(func, sizes, args);
    (results, machine.stats())
}

type Fallible<T> = Result<T, FailureKind>;

fn internal<T>(message: impl Into<String>) -> Fallible<T> {
    Err(FailureKind::Internal(message.into()))
}
