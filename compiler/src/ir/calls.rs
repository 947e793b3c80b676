//! The calls that led to an instruction and were taken apart by inlining. An instruction knows its place:
//! a span of the text, and the number of the call that its function was pasted for.
//! That call has a place too, and so on outwards; the module keeps each once.

use super::func::Func;
use adl_lang::source::Span;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// A call, by its number in [`Calls`]; 0 stands for none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct CallId(u32);

/// Where an instruction comes from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Place {
    /// The text that is to blame.
    pub span: Span,
    /// The call that was inlined, if it was.
    pub within: CallId,
}

impl From<Span> for Place {
    fn from(span: Span) -> Place {
        Place { span, within: CallId::default() }
    }
}

/// A call of a function.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Call {
    /// Where it stands.
    pub at: Place,
    /// The function.
    pub callee: Arc<str>,
}

/// Calls by their numbers.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    all: Vec<Call>,
    numbers: FxHashMap<Call, CallId>,
}

impl Calls {
    /// The number of a call of a function. Calls of the library are left out:
    /// what happens in it is blamed on its caller.
    pub fn enter(&mut self, at: Place, callee: &Func) -> CallId {
        if callee.library { at.within } else { self.number(Call { at, callee: callee.name.as_str().into() }) }
    }

    fn number(&mut self, call: Call) -> CallId {
        if let Some(&known) = self.numbers.get(&call) {
            return known;
        }
        self.all.push(call.clone());
        let new = CallId(self.all.len() as u32);
        self.numbers.insert(call, new);
        new
    }

    /// A call of a function, seen from where that is pasted for the call `outer`.
    pub fn within(&mut self, inner: CallId, outer: CallId) -> CallId {
        match self.get(inner).cloned() {
            None => outer,
            Some(Call { at, callee }) => {
                let within = self.within(at.within, outer);
                self.number(Call { at: Place { within, ..at }, callee })
            }
        }
    }

    fn get(&self, call: CallId) -> Option<&Call> {
        (call.0 as usize).checked_sub(1).and_then(|k| self.all.get(k))
    }

    /// A call and those around it, the inner ones first.
    pub fn path(&self, call: CallId) -> impl Iterator<Item = &Call> {
        std::iter::successors(self.get(call), |call| self.get(call.at.within))
    }
}

impl CallId {
    /// As a number for tables of code; 0 for none.
    pub fn number(self) -> u32 {
        self.0
    }

    /// The call with that number.
    pub fn of_number(number: u32) -> CallId {
        CallId(number)
    }
}
