//! Names that are bound one after another, and forgotten scope by scope; the last one of a name is found at once.

use crate::ast::Name;
use crate::source::Span;
use rustc_hash::FxHashMap;

/// The bindings of all open scopes, the innermost at the end.
#[derive(Clone)]
pub(crate) struct Scope<T> {
    bindings: Vec<(Name, T)>,
    /// Where each name stands, the last place at the end.
    places: FxHashMap<Name, Vec<usize>>,
}

impl<T> Default for Scope<T> {
    fn default() -> Self {
        Scope { bindings: Vec::new(), places: FxHashMap::default() }
    }
}

impl<T> Scope<T> {
    /// How many bindings there are.
    pub fn len(&self) -> usize {
        self.bindings.len()
    }

    /// Binds a name.
    pub fn push(&mut self, name: Name, what: T) {
        self.places.entry(name.clone()).or_default().push(self.bindings.len());
        self.bindings.push((name, what));
    }

    /// Takes the last binding back if there are more than `depth`.
    pub fn pop_to(&mut self, depth: usize) -> Option<(Name, T)> {
        if self.bindings.len() <= depth {
            return None;
        }
        let last = self.bindings.pop()?;
        if let Some(places) = self.places.get_mut(&last.0) {
            places.pop();
            // So that a long session does not keep the names of all that it forgot.
            if places.is_empty() {
                self.places.remove(&last.0);
            }
        }
        Some(last)
    }

    /// Only the first `depth` bindings are left.
    pub fn leave(&mut self, depth: usize) {
        while self.pop_to(depth).is_some() {}
    }

    /// Where a name is bound.
    pub fn place(&self, name: &Name) -> Option<usize> {
        self.places.get(name).and_then(|places| places.last().copied())
    }

    /// What a name is bound to.
    pub fn get(&self, name: &Name) -> Option<&T> {
        self.place(name).map(|at| &self.bindings[at].1)
    }

    /// What a name is bound to, to be changed.
    pub fn get_mut(&mut self, name: &Name) -> Option<&mut T> {
        self.place(name).map(|at| &mut self.bindings[at].1)
    }

    /// The binding at a place.
    pub fn at(&self, place: usize) -> Option<&(Name, T)> {
        self.bindings.get(place)
    }

    /// All names, outer ones first.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.bindings.iter().map(|(name, _)| name)
    }
}

/// The bindings of the top level so far; they last from entry to entry.
pub(crate) type Seen = Scope<Kind>;

#[derive(Clone)]
pub(crate) enum Kind {
    /// How often it was assigned, and where last.
    Variable {
        times: u32,
        last: Span,
    },
    /// The variables it captured.
    Function(Vec<Capture>),
    Other,
}

/// A variable, by its place in the scope, as a function saw it.
#[derive(Clone)]
pub(crate) struct Capture {
    pub variable: usize,
    pub times: u32,
    /// The function.
    pub span: Span,
}
