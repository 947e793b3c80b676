//! Every example prints what it says it prints; every benchmark problem passes its own tests.

use crate::support::command::{adl, path};
use adl_compiler::engine::{Backend, Output};
use adl_compiler::session::Session;
use adl_lang::source::Source;
use adl_runtime::Figure;
use std::fs;
use std::sync::{Arc, Mutex};

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

/// What shortens an example that trains, fits or iterates too long for the interpreter.
const SHORTER: &[(&str, &[(&str, &str)])] = &[
    ("01-", &[("0..1000", "0..40")]),
    (
        "06-",
        &[("0..5000", "0..3"), ("assert(after < 1e-3, \"a trained one does\")", "print(\"{before:.9e} {after:.9e}\")")],
    ),
    ("07-", &[("> 1e-4", "> 1e3"), ("(1000, 10)", "(200, 3)"), ("print(\"", "print(\"{v:.9e} {w:.9e} ")]),
    ("08-", &[("0..20000", "0..10"), ("print(\"", "print(\"{c:.9e} ")]),
    ("11-", &[("while norm(gx) > 1e-5 {", "for _ in 0..12 {"), ("solve(start, jac", "solve(3 * start, jac")]),
    ("12-", &[("while norm(gx) > 1e-5 {", "for _ in 0..2 {"), ("dt = 0.1", "dt = 0.5")]),
    ("14-", &[("10_000", "50")]),
    ("22-", &[("let n = 50", "let n = 6"), ("2, 12)", "2, 3)"), ("0..100", "0..1")]),
    ("24-", &[("(200, d)", "(20, d)")]),
    ("25-", &[("(200, 40)", "(30, 10)"), ("0..60", "0..1")]),
    ("29-", &[("12, 25)", "2, 5)"), ("(1, 25)", "(1, 5)"), ("(2, 25)", "(2, 5)")]),
    ("31-", &[("let n = 2000", "let n = 12")]),
    ("40-", &[("rate = 1.0", "rate = 1.0, max_rounds = 2"), ("print(\"the", "print(\"{slow.x.w:.9e} the")]),
    ("41-", &[("[8.0, 5.0, 6.0]", "[1.0, 1.0, 20.0]")]),
    ("42-", &[("max_rounds = 500", "max_rounds = 3"), ("print(\"loss", "print(\"{fit.value:.9e} loss")]),
    ("43-", &[("drive(300,", "drive(20,")]),
    ("44-", &[("20_000", "50"), ("print(\"means", "print(\"{m:.9e} means")]),
    ("45-", &[("width: 0.3)", "width: 0.3), max_rounds = 2"), ("i64(0.1 / dt)", "20")]),
    ("46-", &[("200_000", "2_000"), ("print(\"by", "print(\"{delta2:.9e} {vega2:.9e} by")]),
    ("48-", &[("epochs = 1000", "epochs = 1"), ("print(\"the", "print(\"{fit.value:.9e} the")]),
    ("54-", &[("0..4000", "0..5")]),
    ("56-", &[("steps = 300", "steps = 5")]),
    ("49-", &[("simulate(200)", "simulate(20)"), ("rate: [0.0, 1.0])", "rate: [0.0, 1.0]), max_rounds = 5")]),
];

/// Keeps what is printed; pictures are taken and forgotten.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<String>>);

impl Output for Lines {
    fn line(&mut self, text: &str) {
        let mut lines = self.0.lock().expect("no panic before");
        lines.push_str(text);
        lines.push('\n');
    }

    fn plot(&mut self, _: &Figure) -> Result<(), String> {
        Ok(())
    }
}

/// Runs an example, shortened; what it prints.
fn shortened(file: &str, changes: &[(&str, &str)], backend: Backend) -> String {
    let change = |text: String| changes.iter().fold(text, |text, (from, to)| text.replace(from, to));
    let text = fs::read_to_string(file).expect("readable");
    let used = |from: &str| text.contains(from) || text.contains("import \"descent.adl\"");
    assert!(changes.iter().all(|(from, _)| used(from)), "{file} has changed");
    let lines = Lines::default();
    let mut session = Session::new(lines.clone());
    session.set_backend(backend);
    let mut import = |target: &str, _: &str| {
        let text = fs::read_to_string(path(&format!("examples/{target}"))).map_err(|e| e.to_string())?;
        Ok(Source::new(target, change(text)))
    };
    let source = Source::new(file, change(text.clone()));
    session.run_source(source, &mut import).unwrap_or_else(|e| panic!("{file}: {e}"));
    lines.0.lock().expect("no panic before").clone()
}

#[test]
fn the_interpreter_prints_the_same() {
    for file in files("examples") {
        let text = fs::read_to_string(&file).expect("readable");
        let Some(expected) = expected(&text) else { continue };
        match SHORTER.iter().find(|(name, _)| file.contains(&format!("/{name}"))) {
            None => assert_eq!(shortened(&file, &[], Backend::Interpreter), expected, "{file}"),
            Some((_, changes)) => {
                let native = shortened(&file, changes, Backend::Native);
                assert_eq!(shortened(&file, changes, Backend::Interpreter), native, "{file}");
            }
        }
    }
}

#[test]
fn benchmark_problems_pass_their_tests() {
    for file in files("examples/gradbench") {
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
