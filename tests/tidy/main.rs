//! The house rules, checked: short files, a doc on every module, layers that point one way, no stubs.

use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file of the project, with its path from the root.
fn rust_files() -> Vec<(PathBuf, String)> {
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
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    walk(root, &mut paths);
    assert!(paths.len() > 20, "the walk found too little");
    paths
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a source file is readable");
            (path.strip_prefix(root).expect("below the root").to_path_buf(), text)
        })
        .collect()
}

/// Lines of code: without those that are comments alone.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(k, line)| (k + 1, line)).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[test]
fn files_stay_short() {
    for (path, text) in rust_files() {
        let lines = text.lines().count();
        assert!(lines <= 500, "{} has {lines} lines; split it by what it does", path.display());
    }
}

#[test]
fn every_file_says_what_it_is() {
    for (path, text) in rust_files() {
        assert!(text.starts_with("//!"), "{} does not open with a `//!` doc", path.display());
    }
}

#[test]
fn nothing_is_left_undone() {
    let this = Path::new("tests/tidy/main.rs");
    for (path, text) in rust_files() {
        if path == this {
            continue;
        }
        for (line, code) in code_lines(&text) {
            for stub in ["todo!(", "unimplemented!(", "dbg!(", "#[ignore"] {
                assert!(!code.contains(stub), "{}:{line}: `{stub}`", path.display());
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
    ("compiler/src", &["std::fs", "std::env"], "only the command touches files and environment"),
    ("compiler/data/src", &["adl_compiler", "std::fs", "std::env"], "bytes come in and go out"),
    ("compiler/plot/src", &["adl_lang", "adl_compiler", "std::fs", "std::env"], "a figure is all there is to draw"),
    (
        "compiler/src/ir",
        &["crate::ad", "crate::opt", "crate::codegen", "crate::lower", "adl_runtime"],
        "the IR outlives every pass",
    ),
    ("compiler/src/ad", &["crate::opt", "crate::codegen", "crate::lower", "adl_runtime"], "only the pipeline composes"),
    ("compiler/src/opt", &["crate::ad", "crate::codegen", "crate::lower", "adl_runtime"], "only the pipeline composes"),
    ("compiler/src/lower", &["crate::ad", "crate::opt", "crate::codegen"], "only the pipeline composes"),
    (
        "compiler/src/interp",
        &["crate::opt", "crate::codegen", "adl_runtime"],
        "the oracle shares nothing with the suspect",
    ),
];

#[test]
fn layers_point_one_way() {
    for (path, text) in rust_files() {
        let name = path.to_string_lossy().replace('\\', "/");
        for (place, forbidden, why) in LAYERS {
            let inside = name.strip_prefix(place).is_some_and(|rest| rest.starts_with('/') || rest == ".rs");
            if !inside {
                continue;
            }
            for (line, code) in code_lines(&text) {
                for word in *forbidden {
                    assert!(!code.contains(word), "{name}:{line} names `{word}`: {why}");
                }
            }
        }
        let backend = name.starts_with("compiler/src/codegen");
        if name.starts_with("compiler/") && name.contains("/src/") && !backend {
            for (line, code) in code_lines(&text) {
                assert!(!code.contains("cranelift_"), "{name}:{line} names Cranelift: codegen is the one door");
            }
        }
    }
}

#[test]
fn unsafe_code_lives_in_few_files() {
    let allowed = [
        "runtime/src/abi",
        "runtime/src/buffer",
        "runtime/src/workspace",
        "runtime/src/symbols",
        "runtime/src/kernels",
        "runtime/src/print",
        "runtime/src/view",
        "compiler/src/codegen/native",
    ];
    for (path, text) in rust_files() {
        let name = path.to_string_lossy().replace('\\', "/");
        if name.starts_with("tests/") || name.contains("/tests/") || allowed.iter().any(|a| name.starts_with(a)) {
            continue;
        }
        for (line, code) in code_lines(&text) {
            assert!(!code.contains("unsafe "), "{name}:{line}: `unsafe` outside the files that own it");
        }
    }
}
