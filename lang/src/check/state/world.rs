//! What lasts from entry to entry: sources, modules, and the names of the top level.

use super::free;
use super::host::Global;
use super::limits::{Limits, Stop};
use super::value::{Code, FnVal, Group, ModuleId, Val};
use crate::ast::{FnDef, Lambda, Name, Stmt};
use crate::library::sources;
use crate::source::{Source, SourceId, Span};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::{Arc, OnceLock};

/// The program itself.
pub(crate) const MAIN: ModuleId = ModuleId(0);
/// `std.det`: the library by name.
pub(crate) const STD: ModuleId = ModuleId(1);
/// The first of the files of the prelude, which have the ids from here on.
const PRELUDE: u32 = 2;

/// Whether functions of this module belong to the library.
pub(crate) fn is_prelude(id: ModuleId) -> bool {
    (PRELUDE..PRELUDE + sources::PRELUDE.len() as u32).contains(&id.0)
}

/// The name of the text with the functions of the host.
pub(crate) const HOST: &str = "<host>";

#[derive(Clone)]
pub(crate) struct ModuleDef {
    pub name: String,
    /// Whether it comes with the language.
    pub library: bool,
    pub group: Arc<Group>,
    /// `let`s, as functions without parameters that are called at each use.
    pub lets: FxHashMap<Name, Arc<Lambda>>,
    pub imports: FxHashMap<Name, ModuleId>,
}

#[derive(Clone)]
pub(crate) enum TopBinding {
    Value {
        val: Val,
        mutable: bool,
        span: Span,
        /// The statement that bound it, if there is a function in it.
        again: Option<Arc<Stmt>>,
    },
    Fun(usize, usize),
    Module(ModuleId),
}

/// The functions of one source at top level, and what they captured.
#[derive(Clone)]
pub(crate) struct TopGroup {
    pub group: Arc<Group>,
    pub snaps: Vec<Option<Vec<(Name, Val)>>>,
}

#[derive(Clone)]
pub(crate) struct World {
    pub sources: Vec<Source>,
    pub modules: Vec<ModuleDef>,
    pub top: FxHashMap<Name, TopBinding>,
    pub groups: Vec<TopGroup>,
    pub next_global: u32,
    pub limits: Limits,
    pub stop: Option<Stop>,
    /// The kept floats that have no precision of their own.
    pub weak: FxHashSet<Global>,
    pub free: FxHashMap<usize, (Arc<Lambda>, Arc<[Name]>)>,
    pub loaded: FxHashMap<String, ModuleId>,
    /// The functions of the host.
    pub host: Option<ModuleId>,
    /// What functions of the top level captured, to warn of assignments since.
    pub seen: super::scope::Seen,
    /// Rounds of loops with a budget, by the place of the loop.
    pub rounds: FxHashMap<Span, Arc<Lambda>>,
    /// Functions whose rules were tried.
    pub tried: Vec<Arc<FnDef>>,
    /// The definition that is being checked.
    pub checking: Option<Arc<FnDef>>,
    /// Whether `ans` is bound to the value of each bare expression.
    pub answers: bool,
    /// Fixed points print how they went unless they say otherwise.
    pub report_fixpoints: bool,
}

impl World {
    pub fn new() -> World {
        let mut world = World {
            sources: Vec::new(),
            modules: Vec::new(),
            top: FxHashMap::default(),
            groups: Vec::new(),
            next_global: 0,
            limits: Limits::default(),
            stop: None,
            weak: FxHashSet::default(),
            free: FxHashMap::default(),
            loaded: FxHashMap::default(),
            host: None,
            seen: super::scope::Seen::default(),
            rounds: FxHashMap::default(),
            tried: Vec::new(),
            checking: None,
            answers: false,
            report_fixpoints: false,
        };
        for (name, text) in sources::PRELUDE {
            world.add_source(Source::new(format!("<{name}>"), *text));
        }
        let files = sources::PRELUDE.iter().map(|(name, _)| *name);
        for (k, name) in ["main", "std"].into_iter().chain(files).enumerate() {
            world.modules.push(ModuleDef {
                name: name.into(),
                library: k != 0,
                group: free::group(Vec::new(), ModuleId(k as u32)),
                lets: FxHashMap::default(),
                imports: FxHashMap::default(),
            });
        }
        world
    }

    pub fn add_source(&mut self, source: Source) -> SourceId {
        self.sources.push(source);
        SourceId(self.sources.len() as u32 - 1)
    }

    /// Whether functions of a module come with the language.
    pub fn is_library(&self, id: ModuleId) -> bool {
        self.modules.get(id.0 as usize).is_some_and(|m| m.library)
    }

    /// Whether a place is in a text that comes with the language.
    pub fn in_library(&self, span: Span) -> bool {
        let name = |s: &Source| s.name().strip_prefix('<').and_then(|n| n.strip_suffix('>')).map(str::to_string);
        let at = span.source.0 as usize;
        let module = || self.sources.get(at).and_then(name).is_some_and(|n| sources::module(&n).is_some());
        let host = || self.sources.get(at).is_some_and(|s| s.name() == HOST);
        at < sources::PRELUDE.len() || module() || host()
    }

    pub fn fresh(&mut self) -> Global {
        self.next_global += 1;
        Global(self.next_global - 1)
    }

    /// A function of the prelude, or of the host.
    pub fn library_fn(&self, name: &str) -> Option<Val> {
        match sources::home(name) {
            Some(file) => self.module_fn(ModuleId(PRELUDE + file as u32), name),
            None => self.module_fn(self.host?, name),
        }
    }

    /// A function of a module, which captures nothing.
    pub fn module_fn(&self, id: ModuleId, name: &str) -> Option<Val> {
        let group = if is_prelude(id) { prelude(id) } else { &self.modules[id.0 as usize].group };
        let i = group.find(name)?;
        Some(Val::Fn(Arc::new(FnVal { code: Code::Fn(group.clone(), i), captures: Arc::from([]) })))
    }

    /// The values that names of the top level have now, as far as they have one.
    pub fn snapshot(&self, names: &[Name], group: Option<usize>) -> Vec<(Name, Val)> {
        let mut out = Vec::new();
        for n in names {
            match self.top.get(n) {
                Some(TopBinding::Value { val, .. }) => out.push((n.clone(), val.clone())),
                Some(TopBinding::Module(m)) => out.push((n.clone(), Val::Module(*m))),
                Some(TopBinding::Fun(g, i)) if Some(*g) != group => out.push((n.clone(), self.top_fn(*g, *i))),
                Some(TopBinding::Fun(..)) | None => {}
            }
        }
        out
    }

    /// A function of the top level with what it captures.
    pub fn top_fn(&self, g: usize, i: usize) -> Val {
        let top = &self.groups[g];
        let mut captures: Vec<(Name, Val)> = Vec::new();
        for &j in &top.group.reach[i] {
            let snap = match &top.snaps[j] {
                Some(s) => s.clone(),
                // Not reached yet: as things are now.
                None => self.snapshot(&top.group.needs[j], Some(g)),
            };
            for (n, v) in snap {
                if !captures.iter().any(|(m, _)| *m == n) {
                    captures.push((n, v));
                }
            }
        }
        Val::Fn(Arc::new(FnVal { code: Code::Fn(top.group.clone(), i), captures: captures.into() }))
    }

    /// The free names of a lambda.
    pub fn free_names(&mut self, lambda: &Arc<Lambda>) -> Arc<[Name]> {
        let at = Arc::as_ptr(lambda) as usize;
        if let Some((_, names)) = self.free.get(&at) {
            return names.clone();
        }
        let names: Arc<[Name]> = free::of_lambda(lambda).into();
        self.free.insert(at, (lambda.clone(), names.clone()));
        names
    }

    /// All names that the library gives.
    pub fn library_has(&self, name: &str) -> bool {
        crate::library::find(name).is_some()
            || crate::library::prim(name).is_some()
            || self.library_fn(name).is_some()
            || crate::library::constant(name).is_some()
            || crate::types::DType::named(name).is_some()
            || name == "std"
    }
}

/// The functions of a file of the prelude, parsed when they are first asked for.
fn prelude(id: ModuleId) -> &'static Arc<Group> {
    static GROUPS: [OnceLock<Arc<Group>>; sources::PRELUDE.len()] = [const { OnceLock::new() }; sources::PRELUDE.len()];
    let file = (id.0 - PRELUDE) as usize;
    GROUPS[file].get_or_init(|| {
        let (name, text) = sources::PRELUDE[file];
        let (parsed, problems) = crate::parse::parse(&Source::new(format!("<{name}>"), text), SourceId(file as u32));
        debug_assert!(problems.is_empty(), "{problems:?}");
        free::group(free::functions(&parsed.stmts), id)
    })
}
