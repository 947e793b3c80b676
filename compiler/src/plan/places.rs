//! Memory as it is planned: classes of arrays that share it, where each lies, and what loops do with it.

use super::live::Range;
use crate::ir::entity::Side;
use crate::ir::{Inst, Value};
use adl_lang::types::Dim;
use rustc_hash::FxHashMap;

/// A set of arrays that share memory.
pub(crate) type Class = usize;

/// Where the memory of a class comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// From the frame.
    Slot(usize),
    /// The caller's memory for a result.
    Result(usize),
    /// It belongs to someone else and is only read.
    Borrowed,
}

/// Room in the frame.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    /// How many elements.
    pub(crate) len: Vec<Dim>,
    /// Bytes of an element.
    pub(crate) bytes: usize,
    pub(crate) taken: Vec<Range>,
}

/// How a carry gets its next value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Carry {
    /// It is made in place.
    Stay,
    /// The carry takes the memory of that class.
    Take(Class),
    /// It is copied into that class, whose memory the carry then takes.
    Copy(Class),
}

/// The memory of a function.
pub(crate) struct Buffers {
    /// The class of each stored array.
    pub(crate) class: Side<Value, Option<Class>>,
    /// Where each class lives.
    pub(crate) places: Vec<Place>,
    /// The frame.
    pub(crate) slots: Vec<Slot>,
    /// For each loop, what becomes of each carry that is an array.
    pub(crate) carries: FxHashMap<Inst, Vec<Option<Carry>>>,
    /// The classes whose memory changes within an instruction.
    pub(crate) moved: FxHashMap<Inst, Vec<Class>>,
    /// The classes that exchange memory with one another have the same number here.
    pub(crate) group: Vec<usize>,
}

/// Arguments that become results: by result of the function, and by result of a call.
pub(crate) struct InPlace<'a> {
    /// For each result the parameter whose memory it shares.
    pub(crate) own: &'a [Option<usize>],
    /// The same for what a call instruction calls.
    pub(crate) of_call: &'a dyn Fn(Inst, usize) -> Option<usize>,
}
