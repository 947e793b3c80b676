//! Arguments of a call, evaluated.

use super::elab::{Fail, R};
use super::value::Val;
use crate::ast::Ident;
use crate::source::Span;

/// An evaluated argument.
#[derive(Clone)]
pub(crate) struct Given {
    pub name: Option<Ident>,
    pub val: Val,
    pub span: Span,
}

/// Arguments matched with the parameters of a library function.
pub(crate) struct Args {
    pub vals: Vec<Option<(Val, Span)>>,
    /// What a last parameter `name…` takes.
    pub rest: Vec<(Val, Span)>,
}

impl Args {
    pub fn get(&self, i: usize) -> Option<&(Val, Span)> {
        self.vals.get(i).and_then(Option::as_ref)
    }

    /// A parameter that must be there; matching has seen to it.
    pub fn at(&self, i: usize) -> R<(Val, Span)> {
        self.get(i).cloned().ok_or(Fail::Reported)
    }
}
