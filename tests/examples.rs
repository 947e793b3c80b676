//! Every example prints what it says it prints; every benchmark problem passes its own tests.

mod support;

use std::fs;
use support::command::{adl, path};

/// The files of a folder with that ending, in order.
fn files(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(path(folder)).expect("the folder exists");
    let mut files: Vec<String> = entries
        .flatten()
        .map(|e| e.path().to_string_lossy().into_owned())
        .filter(|p| p.ends_with(".adl"))
        .collect();
    files.sort();
    files
}

/// The lines behind `# Output:`.
fn expected(text: &str) -> Option<String> {
    let (_, output) = text.split_once("\n# Output:\n")?;
    Some(output.lines().map(|l| format!("{}\n", l.strip_prefix("# ").unwrap_or(l.trim_start_matches('#')))).collect())
}

#[test]
fn examples_print_what_they_say() {
    let mut failures = Vec::new();
    let mut run = 0;
    for file in files("examples") {
        let text = fs::read_to_string(&file).expect("readable");
        let Some(expected) = expected(&text) else {
            assert!(file.ends_with("descent.adl"), "{file} says no output");
            continue;
        };
        run += 1;
        let said = adl(&["run", &file]);
        if said.code != 0 || said.out != expected {
            failures.push(format!("{file}: exit code {}\n{}\ninstead of\n{expected}{}", said.code, said.out, said.err));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(run >= 14, "only {run} examples were found");
}

#[test]
fn benchmark_problems_pass_their_tests() {
    for file in files("tests/programs") {
        let said = adl(&["test", &file]);
        assert_eq!(said.code, 0, "{file}:\n{}{}", said.out, said.err);
        assert!(said.out.contains(" passed, 0 failed") || said.err.contains(" passed, 0 failed"), "{file}: {}{}", said.out, said.err);
    }
}
