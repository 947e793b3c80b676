//! The functions of the host that the programs of an engine may call.

use adl_lang::ast::Name;
use adl_lang::ops::UNKNOWN_DERIVATIVE;
use adl_runtime::view::{Leaf, Place};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Code of the host: it takes scalars and arrays in a row and puts its result into the place.
pub type HostCode = dyn Fn(&[Leaf<'_>], Place<'_>) -> Result<(), String> + Send + Sync;

/// Functions by their names, and how the language declares them.
#[derive(Clone, Default)]
pub struct Hosts {
    code: Arc<FxHashMap<Name, Arc<HostCode>>>,
    text: Arc<str>,
}

impl Hosts {
    /// Adds a function; two of one name are a problem of the text, which is found when it is read.
    pub fn add(&mut self, name: &str, text: &str, code: Arc<HostCode>) {
        Arc::make_mut(&mut self.code).insert(name.into(), code);
        self.text = format!("{}{text}", self.text).into();
    }

    /// The declarations.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Calls a function.
    pub fn call(&self, name: &str, given: &[Leaf<'_>], place: Place<'_>) -> Result<(), String> {
        match self.code.get(name) {
            Some(code) => code(given, place),
            None => Err(self.problem(name).unwrap_or_default()),
        }
    }

    /// Why compiled code cannot call a function of this name.
    pub fn problem(&self, name: &str) -> Option<String> {
        let known = name.trim_end_matches(UNKNOWN_DERIVATIVE);
        if known.len() < name.len() {
            return Some(format!("`{known}` of the host has no derivative"));
        }
        (!self.code.contains_key(name)).then(|| format!("the host has no function `{name}`"))
    }
}
