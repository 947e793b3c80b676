//! The part of the library that is written in ADL: the prelude, whose names are there without an import, and the
//! modules of `import`. A file is parsed when one of its names is first asked for, so that a script pays for what it
//! uses.

use rustc_hash::FxHashMap;
use std::sync::LazyLock;

macro_rules! files {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!($folder, "/", $name, ".adl")))),*]
    };
}

/// The files of the prelude with their texts.
pub(crate) const PRELUDE: &[(&str, &str)] = files![
    "prelude": "constructors", "elementwise", "statistics", "scans", "order", "products", "linalg", "factorisations",
    "matrices", "matrix_functions", "norms", "linear", "krylov", "fixpoint", "implicit", "root", "minimize", "odeint",
    "precision", "random", "plots", "compare", "derivatives", "checkpoint", "rules"
];

macro_rules! modules {
    ($($name:literal: $($part:literal),+;)*) => {
        &[$(($name, concat!($(include_str!(concat!("modules/", $name, "/", $part, ".adl")), "\n"),+))),*]
    };
}

/// What `import name` finds before it looks for files: each a folder whose files are read as one.
static MODULES: &[(&str, &str)] = modules![
    "fd": "differences", "extrapolation";
    "nn": "layers", "losses";
    "ode": "solvers";
    "optim": "descent", "line_search", "quasi_newton", "newton", "least_squares";
    "stats": "densities", "counts", "summary";
];

/// The text of a module of the standard library.
pub fn module(name: &str) -> Option<&'static str> {
    MODULES.iter().find(|(n, _)| *n == name).map(|(_, text)| *text)
}

/// The modules of the standard library.
pub fn modules() -> impl Iterator<Item = &'static str> {
    MODULES.iter().map(|(name, _)| *name)
}

/// The modules that define a function.
pub(crate) fn modules_with(name: &str) -> impl Iterator<Item = &'static str> {
    MODULES
        .iter()
        .filter(move |(_, text)| !name.starts_with('_') && defined(text).any(|n| n == name))
        .map(|(module, _)| *module)
}

/// Which file of the prelude defines a function.
pub(crate) fn home(name: &str) -> Option<usize> {
    HOMES.get(name).copied()
}

/// The functions of the prelude that are for users.
pub(crate) fn prelude_names() -> impl Iterator<Item = &'static str> {
    HOMES.keys().copied().filter(|n| !n.starts_with('_'))
}

static HOMES: LazyLock<FxHashMap<&'static str, usize>> = LazyLock::new(|| {
    PRELUDE.iter().enumerate().flat_map(|(file, (_, text))| defined(text).map(move |name| (name, file))).collect()
});

/// The functions that a text defines.
fn defined(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter_map(|l| l.strip_prefix("fn ")).filter_map(|l| l.split('(').next())
}
