//! The checker: from the syntax tree to the typed tree. It evaluates the program over abstract values
//! (`state/value.rs`) and emits an instance of each function for the types, shapes and known numbers of its arguments
//! (`calls/instance.rs`).
//!
//! ```text
//! state        values, keys, scopes, the host, the function that is built    sees nothing
//! advice       near names, names of other languages                         sees state
//! arrays       types that fit, arithmetic, indexing, products               and advice
//! terms        expressions, statements, loops, comprehensions               and arrays
//! calls        arguments, names, instances, rules for derivatives           and terms
//! derivatives  operators, directions, fixed points                          and calls
//! session      entries, modules, definitions, warnings                      sees all
//! ```
//!
//! All rooms add methods to one object, the elaboration (`state/elab.rs`), since an expression may hold a call, whose
//! body holds expressions.
//!
//! An entry is elaborated with *symbolic* sizes first; where the value of a size matters it is elaborated again with
//! the actual numbers, and only then are problems reported.

mod advice;
mod arrays;
mod calls;
mod derivatives;
mod session;
mod state;
mod terms;

/// What the library needs of the checker.
pub(crate) mod elab_api {
    pub(crate) use super::advice::messages::plain_text;
    pub(crate) use super::arrays::conform::Kind;
    pub(crate) use super::arrays::index::Picked;
    pub(crate) use super::state::elab::{Elab, Fail, R};
    pub(crate) use super::state::given::Args;
    pub(crate) use super::state::value::{LeafTy, OpKind, OpVal, RangeVal, Val};
    pub(crate) use super::terms::loops::{Count, Iter};
}

pub use advice::messages::nearest;
pub use session::known::{Kept, Known};
pub use state::free::definitions;
pub use state::host::{ArgInfo, Global, Host, Input, LeafInfo, Shown, SizeSource, Stored};
pub use state::limits::{Limits, Stop};

use crate::ast::{self, Name};
use crate::diagnostic::Diagnostic;
use crate::source::{Source, SourceId, Span};
use crate::typed::{self, FuncId};
use crate::types::Dim;
pub use session::trial::{Finding, RuleTrial};
use state::value::Val;
use state::world::World;
use std::sync::Arc;

/// Knows the sources, modules and top-level names of one session.
#[derive(Clone)]
pub struct Checker {
    world: World,
}

/// What a file or entry of the REPL holds besides definitions.
#[derive(Debug)]
pub struct Loaded {
    /// All top-level statements in order, definitions included: each is given to [`Checker::statement`].
    pub stmts: Vec<ast::Stmt>,
    /// The test blocks, for [`Checker::test`].
    pub tests: Vec<(String, Arc<ast::Block>, Span)>,
    /// What does not stop the program.
    pub warnings: Vec<Diagnostic>,
    /// Older definitions that are written again, because they use one that is replaced.
    pub rebuilt: Vec<Name>,
}

/// Something to compile and run.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The instances that it needs.
    pub module: typed::Module,
    /// Where it begins.
    pub main: FuncId,
    /// One for each parameter of `main`.
    pub inputs: Vec<Input>,
    /// One for each size parameter of `main`.
    pub sizes: Vec<SizeSource>,
    /// One for each result of `main`: fresh ids under which the host keeps them.
    pub results: Vec<Global>,
    /// The value of a bare expression, or of a function.
    pub shown: Option<Shown>,
    /// Compiled for exactly these sizes.
    pub exact: bool,
    /// What does not stop it.
    pub warnings: Vec<Diagnostic>,
    /// Rules that it uses and that nobody has tried yet: to be run before it.
    pub trials: Vec<RuleTrial>,
    bindings: Vec<Bound>,
    /// The statement, if what it binds is written again when a function in it changes.
    again: Option<Arc<ast::Stmt>>,
}

impl Entry {
    /// Whether a name that the entry binds needs this value.
    pub fn binds(&self, global: Global) -> bool {
        let mut found = false;
        for bound in &self.bindings {
            bound.val.map(
                &mut |v| {
                    found |= matches!(v, Val::Global(g) if *g == global);
                    v.clone()
                },
                &mut Dim::clone,
            );
        }
        found
    }
}

/// A name that an entry binds.
#[derive(Clone, Debug)]
struct Bound {
    name: Name,
    val: Val,
    mutable: bool,
    span: Span,
}

impl Default for Checker {
    fn default() -> Self {
        Checker::new()
    }
}

impl Checker {
    /// A session with the library and nothing else.
    pub fn new() -> Checker {
        static FIRST: std::sync::LazyLock<World> = std::sync::LazyLock::new(World::new);
        Checker { world: FIRST.clone() }
    }

    /// The names that an entry binds.
    pub fn bound<'e>(&self, entry: &'e Entry) -> impl Iterator<Item = &'e Name> {
        entry.bindings.iter().map(|b| &b.name)
    }

    /// A source by its id.
    pub fn source(&self, id: SourceId) -> Option<Source> {
        self.world.sources.get(id.0 as usize).cloned()
    }

    /// How large a statement may become while it is compiled.
    pub fn set_limits(&mut self, limits: Limits) {
        self.world.limits = limits;
    }

    /// Reading and checking end, with the problem `E0412`, soon after `stop` says so.
    pub fn stop_when(&mut self, stop: Stop) {
        self.world.stop = Some(stop);
    }

    /// Whether each fixed point of what is elaborated from now on prints how it went, as with `report = true`.
    pub fn report_fixpoints(&mut self, on: bool) {
        self.world.report_fixpoints = on;
    }
}
