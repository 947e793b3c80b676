//! Every example prints what it says it prints; every benchmark problem passes its own tests.

mod support;

use adl_compiler::engine::Backend;
use adl_compiler::session::Session;
use std::fs;
use std::sync::{Arc, Mutex};
use support::command::{adl, path};

/// The files of a folder with that ending, in order.
fn files(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(path(folder)).expect("the folder exists");
    let mut files: Vec<String> =
        entries.flatten().map(|e| e.path().to_string_lossy().into_owned()).filter(|p| p.ends_with(".adl")).collect();
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

/// Examples that the reference interpreter gets through in a few seconds; the others train, fit or iterate too long.
const SHORT: &[&str] = &["02-", "03-", "04-", "05-", "09-", "10-", "13-"];

#[test]
fn the_interpreter_prints_the_same() {
    let mut run = 0;
    for file in files("examples").iter().filter(|f| SHORT.iter().any(|s| f.contains(s))) {
        let text = fs::read_to_string(file).expect("readable");
        let lines = Arc::new(Mutex::new(String::new()));
        let shared = lines.clone();
        let mut session = Session::new(move |line: &str| {
            let mut lines = shared.lock().expect("no panic before");
            lines.push_str(line);
            lines.push('\n');
        });
        session.set_backend(Backend::Interpreter);
        session.run(file, &text).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(Some(lines.lock().expect("no panic before").clone()), expected(&text), "{file}");
        run += 1;
    }
    assert_eq!(run, SHORT.len());
}

#[test]
fn benchmark_problems_pass_their_tests() {
    for file in files("tests/programs") {
        let said = adl(&["test", &file]);
        assert_eq!(said.code, 0, "{file}:\n{}{}", said.out, said.err);
        assert!(
            said.out.contains(" passed, 0 failed") || said.err.contains(" passed, 0 failed"),
            "{file}: {}{}",
            said.out,
            said.err
        );
    }
}
