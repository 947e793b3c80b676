//! The places where compiled code may fail or print: the code knows a number, this table knows the rest.

use crate::ir::{Calls, Claim, Place};
use adl_lang::ast::Name;
use adl_lang::message::Message;
use adl_lang::typed::BoundsOf;
use cranelift_module::FuncId;

/// Why compiled code fails.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fault {
    /// Whole-number arithmetic does not fit.
    Overflow,
    /// Whole-number division by zero.
    DivisionByZero,
    /// A whole number to a negative power; the exponent is the first figure.
    NegativeExponent,
    /// A float that is no `i64`; its bits (as `f64`) are the first figure.
    NotWhole,
    /// A position out of range; the figures are the position and the length.
    Bounds(BoundsOf),
    /// A negative size, the first figure.
    NegativeSize,
    /// Two sizes that should agree; they are the figures.
    SizesDiffer,
    /// An array too large for any memory.
    TooLarge,
}

/// What happens at a place.
#[derive(Clone, PartialEq, Debug)]
pub enum What {
    /// A check that comes with an operation.
    Fault(Fault),
    /// An assertion; the parts refer to the operands of the instruction, of which the first is the condition. The
    /// values that come with the failure are the operands after it.
    Assert(Claim),
    /// Something that is said to the host.
    Print(Message<usize>),
    /// A call of a function of the host.
    Host(Name),
    /// Code that may be stopped here: by the host, or for want of memory, stack or fuel.
    Stop,
}

/// A place in the program.
#[derive(Clone, PartialEq, Debug)]
pub struct Site {
    /// Where it is.
    pub place: Place,
    /// What happens there.
    pub what: What,
}

/// All places of a unit.
pub(super) struct Places {
    /// Where it may fail or print.
    pub(super) sites: Vec<Site>,
    /// The calls that were inlined and those that are left.
    pub(super) calls: Calls,
    /// Where the latter return to: the function, the place in it, the number of the call.
    pub(super) returns: Vec<(FuncId, u32, u32)>,
}
