//! The house rules, checked: short files, a doc on every module, layers that point one way, no stubs.

mod circles;
mod length;
mod maps;
mod paths;
mod promises;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A Rust file of the project.
struct Source {
    /// Its path from the root, with `/`.
    name: String,
    text: String,
}

impl Source {
    /// Lines of code with their numbers: without those that are comments alone.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines().filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(k, line)| (k + 1, line))
    }
}

/// Every Rust file of the project.
fn sources() -> &'static [Source] {
    static SOURCES: OnceLock<Vec<Source>> = OnceLock::new();
    SOURCES.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut paths = Vec::new();
        walk(root, &mut paths);
        assert!(paths.len() > 20, "the walk found too little");
        let read = |path: PathBuf| {
            let text = fs::read_to_string(&path).expect("a source file is readable");
            let name = path.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
            Source { name, text }
        };
        paths.into_iter().map(read).collect()
    })
}

fn walk(dir: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(dir) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() && name != "target" && !name.to_string_lossy().starts_with('.') {
            walk(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

#[test]
fn every_file_says_what_it_is() {
    for Source { name, text } in sources() {
        assert!(text.starts_with("//!"), "{name} does not open with a `//!` doc");
    }
}

#[test]
fn nothing_is_left_undone() {
    for source in sources().iter().filter(|source| source.name != "tests/tidy/main.rs") {
        for (line, code) in source.code() {
            for stub in ["todo!(", "unimplemented!(", "dbg!(", "#[ignore"] {
                assert!(!code.contains(stub), "{}:{line}: `{stub}`", source.name);
            }
        }
    }
}

/// What must not be named where: (folder or file, forbidden, why).
const LAYERS: &[(&str, &[&str], &str)] = &[
    ("lang/src", &["adl_runtime", "adl_compiler", "cranelift", "std::fs", "std::env", "std::io"], "lang is pure"),
    (
        "lang/src/check/state",
        &["check::advice", "check::arrays", "check::terms", "check::calls", "check::derivatives", "check::session"],
        "a room sees those below it",
    ),
    (
        "lang/src/check/advice",
        &["check::arrays", "check::terms", "check::calls", "check::derivatives", "check::session"],
        "a room sees those below it",
    ),
    (
        "lang/src/check/arrays",
        &["check::terms", "check::calls", "check::derivatives", "check::session"],
        "a room sees those below it",
    ),
    ("lang/src/check/terms", &["check::calls", "check::derivatives", "check::session"], "a room sees those below it"),
    ("lang/src/check/calls", &["check::derivatives", "check::session"], "a room sees those below it"),
    ("lang/src/check/derivatives", &["check::session"], "a room sees those below it"),
    ("runtime/src", &["adl_lang", "adl_compiler", "cranelift", "std::fs", "std::env"], "runtime is a leaf"),
    ("lang/src/fmt", &["crate::check", "crate::library", "crate::typed", "crate::types"], "style needs no meaning"),
    ("compiler/src", &["std::fs", "std::env", "std::io"], "only the command touches files, environment and terminal"),
    ("compiler/data/src", &["adl_compiler", "std::fs", "std::env"], "bytes come in and go out"),
    ("compiler/plot/src", &["adl_lang", "adl_compiler", "std::fs", "std::env"], "a figure is all there is to draw"),
    ("compiler/src/ir", &["adl_runtime"], "the IR outlives every pass"),
    ("compiler/src/ad", &["adl_runtime"], "only the pipeline composes"),
    ("compiler/src/opt", &["adl_runtime"], "only the pipeline composes"),
    ("compiler/src/interp", &["adl_runtime"], "the oracle shares nothing with the suspect"),
];

#[test]
fn layers_point_one_way() {
    for source in sources() {
        let name = &source.name;
        let inside = |place: &str| name.strip_prefix(place).is_some_and(below);
        for (_, forbidden, why) in LAYERS.iter().filter(|(place, ..)| inside(place)) {
            for (line, code) in source.code() {
                for word in *forbidden {
                    assert!(!code.contains(word), "{name}:{line} names `{word}`: {why}");
                }
            }
        }
        if name.starts_with("compiler/") && name.contains("/src/") && !inside("compiler/src/codegen") {
            for (line, code) in source.code() {
                assert!(!code.contains("cranelift_"), "{name}:{line} names Cranelift: codegen is the one door");
            }
        }
    }
}

/// Where `unsafe` may stand: a file, or all of a folder.
const UNSAFE: &[&str] = &[
    "runtime/src/abi.rs",
    "runtime/src/buffer.rs",
    "runtime/src/kernels",
    "runtime/src/symbols.rs",
    "runtime/src/view",
    "runtime/src/workspace",
    "compiler/src/codegen/native",
];

#[test]
fn unsafe_code_lives_in_few_files() {
    let mut used = vec![false; UNSAFE.len()];
    for source in sources().iter().filter(|source| !format!("/{}", source.name).contains("/tests/")) {
        let name = &source.name;
        let at = UNSAFE.iter().position(|place| name == place || name.strip_prefix(place).is_some_and(below));
        for (line, code) in source.code().filter(|(_, code)| code.contains("unsafe ")) {
            assert!(at.is_some(), "{name}:{line}: `unsafe` outside the files that own it: {code}");
        }
        if let Some(at) = at {
            used[at] |= source.code().any(|(_, code)| code.contains("unsafe "));
        }
    }
    for (place, used) in UNSAFE.iter().zip(used) {
        assert!(used, "{place} is listed, and nothing in it is `unsafe`");
    }
}

/// Whether what follows the name of a folder is its own file, or a file in it.
fn below(rest: &str) -> bool {
    rest == ".rs" || rest.starts_with('/')
}
