//! What each pass makes of a module, as files: `cases/<pass>/<behaviour>.ir` holds comments, a module, `---`, and what
//! it becomes. `; passes: simplify, dce` says which passes run, one after the other, on every function.
//! `UPDATE_GOLDEN=1` writes what they become anew; the difference is then to be read.

use crate::support::{checked, main, read};
use adl_compiler::ir::{Func, Module};
use adl_compiler::opt::effects::Effects;
use adl_compiler::opt::{self, Pass, branches, inline, nan, sink};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Passes that the optimiser does not have in its lists: the pipeline runs them at places of their own.
const OTHERS: &[(&str, fn(&mut Module))] = &[
    ("inline", |module| inline::inline(module, &[main()])),
    ("nan", nan::guard),
    ("sink", |module| every(module, |func, _| sink::sink(func))),
    ("branches", |module| every(module, branches::branches)),
];

/// The passes of the optimiser.
fn listed() -> impl Iterator<Item = &'static Pass> {
    opt::CLEAN.iter().chain(opt::SPLIT).chain(opt::FINISH)
}

fn every(module: &mut Module, pass: fn(&mut Func, &Effects)) {
    for id in module.funcs.keys().collect::<Vec<_>>() {
        pass(&mut module.funcs[id], &Effects::unknown());
    }
}

fn run(name: &str, module: &mut Module) {
    if let Some((_, pass)) = OTHERS.iter().find(|(other, _)| *other == name) {
        pass(module);
    } else if name == "clean" {
        every(module, opt::clean_with);
    } else {
        every(module, listed().find(|pass| pass.name == name).unwrap_or_else(|| panic!("no pass `{name}`")).run);
    }
    checked(name, module);
}

/// The cases of each pass.
fn cases() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/opt/cases");
    let list = |path: &Path| fs::read_dir(path).expect("a folder").flatten().map(|entry| entry.path()).collect();
    let passes: Vec<PathBuf> = list(&folder);
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    passes.iter().flat_map(|pass| list(pass).into_iter().map(move |case| (name(pass), case))).collect()
}

#[test]
fn passes_do_as_recorded() {
    let mut wrong = Vec::new();
    for (pass, path) in cases().iter().filter(|(_, path)| path.extension().is_some_and(|e| e == "ir")) {
        let text = fs::read_to_string(path).expect("text");
        let (given, expected) = text.split_once("---\n").unwrap_or_else(|| panic!("{path:?} has no `---`"));
        let passes = given.lines().find_map(|line| line.strip_prefix("; passes: "));
        let passes: Vec<&str> = passes.map_or(vec![pass], |passes| passes.split(", ").collect());
        assert!(passes.contains(&pass.as_str()), "{path:?} does not run `{pass}`");
        let mut module = read(given);
        passes.iter().for_each(|pass| run(pass, &mut module));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(path, format!("{given}---\n{module}")).expect("the case is writable");
        } else if module.to_string() != read(expected).to_string() {
            wrong.push(format!("{}\n{module}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_pass_has_a_case() {
    let with: BTreeSet<String> = cases().into_iter().map(|(pass, _)| pass).collect();
    let passes = listed().map(|pass| pass.name).chain(OTHERS.iter().map(|(name, _)| *name));
    assert_eq!(passes.map(str::to_string).collect::<BTreeSet<_>>(), with);
}
