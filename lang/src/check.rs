//! The checker: from the syntax tree to the typed tree. It evaluates the program over abstract values (`value.rs`)
//! and emits an instance of each function for the types, shapes and known numbers of its arguments (`instance.rs`).
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
    pub(crate) use super::calls::call::Args;
    pub(crate) use super::arrays::conform::Kind;
    pub(crate) use super::state::elab::{Elab, Fail, R};
    pub(crate) use super::arrays::index::Picked;
    pub(crate) use super::terms::loops::{Count, Iter};
    pub(crate) use super::advice::messages::plain_text;
    pub(crate) use super::state::value::{LeafTy, OpKind, OpVal, RangeVal, Val};
}

pub use state::free::definitions;
pub use session::known::{Kept, Known};
pub use state::limits::{Limits, Stop};
pub use advice::messages::nearest;

use crate::ast::{self, Name};
use crate::diagnostic::Diagnostic;
use crate::source::{Source, SourceId, Span};
use crate::typed::{self, FuncId, Layout};
use crate::types::{DType, Dim};
use std::sync::Arc;
pub use session::trial::{Finding, RuleTrial};
use state::value::Val;
use state::world::World;

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

/// A run-time value kept by the host.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Global(pub u32);

/// Who keeps the values.
pub trait Host {
    /// Type, shape and, for whole numbers, value of what is kept under `global`.
    fn info(&self, global: Global) -> LeafInfo;

    /// Reads a file that the text `from` names, and keeps its arrays under ids from `fresh`; or tells why not. The
    /// same file may be asked for several times while a statement is checked.
    fn load(&self, path: &str, from: &str, fresh: &mut dyn FnMut() -> Global) -> Result<Stored, String> {
        let _ = (path, from, fresh);
        Err("there is no access to files here".into())
    }
}

/// What a file holds, with the arrays kept by the host.
#[derive(Clone, Debug)]
pub enum Stored {
    /// A scalar or array.
    Leaf(Global),
    /// `none`.
    None,
    /// A tuple or record.
    Tuple(Vec<(Option<String>, Stored)>),
}

/// Type and shape of a scalar or array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafInfo {
    /// The element type.
    pub dtype: DType,
    /// The sizes.
    pub shape: Vec<usize>,
    /// The value of an `i64` scalar.
    pub whole: Option<i64>,
}

/// An argument that a host gives to a function.
#[derive(Clone, Debug)]
pub enum ArgInfo {
    /// A scalar or array.
    Leaf(LeafInfo),
    /// `none`.
    None,
    /// A tuple or record.
    Tuple(Vec<(Option<String>, ArgInfo)>),
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

/// Where a parameter of an entry comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input {
    /// A value that the host keeps.
    Global(Global),
    /// Leaf number, over all arguments.
    Arg(usize),
}

/// Where the value of a size comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SizeSource {
    /// The size of an axis of a parameter.
    Axis {
        /// The parameter.
        param: usize,
        /// The axis.
        axis: usize,
    },
    /// The value of a parameter.
    Value {
        /// The parameter.
        param: usize,
    },
}

/// The value of a bare expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    /// A value with its leaves among the results.
    Value(Layout, Vec<usize>),
    /// What is known when compiling: functions, text.
    Text(String),
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
