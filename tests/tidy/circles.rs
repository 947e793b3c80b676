//! Rooms and the doors between them: which module names which, and where that goes round in a circle.
//!
//! In each folder of a `src`, a module is a file with what stands in the folder of its name. That a module names its
//! folder's own file (`super::Thing`), and the other way round, is how a room is made; that two modules side by side
//! name each other is a circle, and neither can be read, tested or moved without the other.

use super::{Source, paths::paths, sources};
use std::collections::{BTreeMap, BTreeSet};

const RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tidy/circles.txt");

/// Modules of a crate, by their path from its root, with the paths that each names.
type Modules = BTreeMap<Vec<String>, Vec<Vec<String>>>;
/// Which of the modules in a folder name which.
type Doors = BTreeMap<String, BTreeSet<String>>;

/// The rooms of the compiler, and what each may name beside the library and the runtime: passes know the IR and not one
/// another, only the pipeline composes them, and the interpreter shares nothing with what it judges.
const ROOMS: &[(&str, &[&str])] = &[
    ("ir", &[]),
    ("lower", &["ir"]),
    ("ad", &["ir"]),
    ("opt", &["ir"]),
    ("interp", &["ir"]),
    ("text", &["ir"]),
    ("plan", &["ir"]),
    ("codegen", &["ir", "plan"]),
    ("pipeline", &["ir", "lower", "ad", "opt", "text", "codegen"]),
    // A function of the host is declared by its typed signature.
    ("engine", &["ir", "ad", "interp", "codegen", "pipeline", "embed"]),
    ("session", &["ir", "text", "pipeline", "plan", "engine"]),
    ("embed", &["codegen", "engine"]),
];

#[test]
fn rooms_name_only_what_they_may() {
    let folders = folders(&modules("compiler/src"));
    let doors = &folders[&Vec::new()];
    for (room, named) in doors {
        let (_, may) =
            ROOMS.iter().find(|(known, _)| known == room).unwrap_or_else(|| panic!("`{room}` is not listed"));
        for other in named {
            assert!(may.contains(&other.as_str()), "compiler/src: `{room}` names `{other}`");
        }
    }
}

/// The circles are those that are known: a new one is to be cut, and one that has been cut leaves the list.
/// `UPDATE_GOLDEN=1` writes it anew; a line that grows is then to be justified.
#[test]
fn circles_are_those_that_are_known() {
    let mut found = String::new();
    for crate_ in ["lang", "runtime", "compiler", "compiler/cli", "compiler/data", "compiler/plot"] {
        let src = format!("{crate_}/src");
        for (folder, doors) in folders(&modules(&src)) {
            let folder = if folder.is_empty() { src.clone() } else { format!("{src}/{}", folder.join("/")) };
            for circle in circles(&doors) {
                found.push_str(&format!("{folder}: {}\n", circle.join(" ")));
            }
        }
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(RECORD, &found).expect("the record is writable");
    }
    let known = std::fs::read_to_string(RECORD).expect("a record");
    assert!(found == known, "modules that name each other, in {RECORD}:\n{known}\nand found:\n{found}");
}

#[test]
fn a_circle_is_found() {
    let names = |text: &str| paths(text).into_iter().map(|p| p.join("::")).collect::<Vec<_>>();
    let text = "use crate::a::{self, b::C, d::*};\nfn f(x: super::g::H) -> crate::i { x.0 }";
    assert_eq!(names(text), ["crate::a::self", "crate::a::b::C", "crate::a::d", "super::g::H", "crate::i"]);
    let doors = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e")];
    let doors = doors.map(|(from, to)| (from.to_string(), BTreeSet::from([to.to_string()])));
    // The last door from `c` stands for both.
    let mut all = Doors::new();
    doors.into_iter().for_each(|(from, to)| all.entry(from).or_default().extend(to));
    assert_eq!(circles(&all), [["a", "b", "c"]]);
}

fn modules(src: &str) -> Modules {
    let inside = |source: &Source| source.name.strip_prefix(&format!("{src}/")).map(str::to_string);
    let mut modules = Modules::new();
    for source in sources() {
        let Some(name) = inside(source) else { continue };
        let path: Vec<String> = name.trim_end_matches(".rs").split('/').map(str::to_string).collect();
        let path = if matches!(&path[..], [root] if root == "lib" || root == "main") { Vec::new() } else { path };
        let code: Vec<&str> = source.code().map(|(_, line)| line).collect();
        modules.entry(path).or_default().extend(paths(&code.join("\n")));
    }
    assert!(!modules.is_empty(), "{src} has no modules");
    modules
}

/// What the modules of each folder name of each other.
fn folders(modules: &Modules) -> BTreeMap<Vec<String>, Doors> {
    let mut folders: BTreeMap<Vec<String>, Doors> = BTreeMap::new();
    for (from, named) in modules {
        for path in named {
            let mut to = absolute(from, path);
            while !to.is_empty() && !modules.contains_key(&to) {
                to.pop();
            }
            let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            if let (Some(a), Some(b)) = (from.get(shared), to.get(shared)) {
                let doors = folders.entry(from[..shared].to_vec()).or_default();
                doors.entry(a.clone()).or_default().insert(b.clone());
            }
        }
    }
    folders
}

/// A path from the root of the crate.
fn absolute(from: &[String], path: &[String]) -> Vec<String> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    let start = if ups > 0 { &from[..from.len().saturating_sub(ups)] } else { &[] };
    start.iter().chain(&path[ups.max(1)..]).cloned().collect()
}

/// The largest sets of modules in which each leads to each.
fn circles(doors: &Doors) -> Vec<Vec<String>> {
    let reach: BTreeMap<&str, BTreeSet<&str>> = doors.keys().map(|from| (from.as_str(), behind(doors, from))).collect();
    let mut circles = BTreeSet::new();
    for (&from, ahead) in &reach {
        let back = |to: &&&str| reach.get(**to).is_some_and(|behind| behind.contains(from));
        let circle: Vec<String> = ahead.iter().filter(back).map(|to| to.to_string()).collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    circles.into_iter().collect()
}

/// All that a module leads to.
fn behind<'d>(doors: &'d Doors, from: &str) -> BTreeSet<&'d str> {
    let mut seen = BTreeSet::new();
    let mut work = vec![from];
    while let Some(at) = work.pop() {
        for to in doors.get(at).into_iter().flatten() {
            if seen.insert(to.as_str()) {
                work.push(to);
            }
        }
    }
    seen
}
