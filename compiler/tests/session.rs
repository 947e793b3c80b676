//! Sessions: statements one after the other, what they show, and what stays when one fails. Everything is run as native
//! code and by the reference interpreter.

use adl_compiler::engine::{Backend, Error, ErrorKind};
use adl_compiler::session::Session;
use adl_lang::source::Source;
use std::sync::{Arc, Mutex};

type Lines = Arc<Mutex<Vec<String>>>;

fn session(backend: Backend) -> (Session, Lines) {
    let lines = Lines::default();
    let shared = lines.clone();
    let mut session = Session::new(move |line: &str| shared.lock().unwrap().push(line.to_string()));
    session.set_backend(backend);
    (session, lines)
}

fn take(lines: &Lines) -> Vec<String> {
    std::mem::take(&mut *lines.lock().unwrap())
}

/// What a program shows, by both back ends.
#[track_caller]
fn shows(text: &str, expected: &[&str]) {
    for backend in [Backend::Interpreter, Backend::Native] {
        let (mut session, lines) = session(backend);
        if let Err(problem) = session.run("test.adl", text) {
            panic!("{backend:?}: {problem}");
        }
        assert_eq!(take(&lines), expected, "{backend:?}");
    }
}

/// How a program fails, by both back ends.
#[track_caller]
fn fails(text: &str, code: &str, title: &str) -> Error {
    let mut last = None;
    for backend in [Backend::Interpreter, Backend::Native] {
        let (mut session, _) = session(backend);
        let problem = session.run("test.adl", text).expect_err("it should fail");
        let found = &problem.diagnostics[0];
        assert_eq!((found.code, found.title.as_str()), (code, title), "{backend:?}\n{problem}");
        last = Some(problem);
    }
    last.expect("two back ends")
}

#[test]
fn values_and_functions_stay() {
    for backend in [Backend::Interpreter, Backend::Native] {
        let (mut session, lines) = session(backend);
        for entry in ["let x = 3.0", "fn f(t) = t^2 + x", "f(2)", "f'(x)", "var s = 0", "s += 2.5", "s"] {
            session.run("entry", entry).unwrap_or_else(|problem| panic!("{entry}: {problem}"));
        }
        assert_eq!(take(&lines), ["7.0", "6.0", "2.5"], "{backend:?}");
    }
}

#[test]
fn a_failing_statement_changes_nothing() {
    for backend in [Backend::Interpreter, Backend::Native] {
        let (mut session, lines) = session(backend);
        session.run("entry", "var x = [1.0, 2.0, 3.0]\nlet n = 7").expect("runs");
        session.run("entry", "let i = 3\nx[i]").expect_err("out of range");
        session.run("entry", "x = [5.0, y, 6.0]").expect_err("no such name");
        session.run("entry", "fn broken(").expect_err("syntax");
        session.run("entry", "for k in 0..9 { x[k] = 0.0 }").expect_err("out of range");
        session.run("entry", "x\nn").expect("still there");
        assert_eq!(take(&lines), ["[1.0, 2.0, 3.0]", "7"], "{backend:?}");
    }
}

#[test]
fn control_flow() {
    shows(
        "fn collatz(n) {\n  var (m, steps) = (n, 0)\n  while m != 1 {\n    if steps > 1000 { return -1 }\n    m = if m % 2 == 0 { m // 2 } else { 3 * m + 1 }\n    steps += 1\n  }\n  steps\n}\ncollatz(27)",
        &["111"],
    );
    shows(
        "fn first(x, limit) {\n  for i in 0..len(x) {\n    if x[i] < 0 { continue }\n    if x[i] > limit { return i }\n  }\n  -1\n}\nlet x = [1.0, -9.0, 3.0, 8.0]\nfirst(x, 2.0)\nfirst(x, 9.0)",
        &["2", "-1"],
    );
}

#[test]
fn derivatives() {
    shows(
        "fn f(x) {\n  var y = x\n  for _ in 0..2 { y = cos(y^pi) * log(y) }\n  y\n}\nprint(\"{f(1.9):.10f} {f'(1.9):.10f}\")",
        &["-1.5346823415 -34.0324195991"],
    );
    shows("fn g(x: f64[n]) = sum(x^2)\ngrad(g)([1.0, 2.0, 3.0])", &["[2.0, 4.0, 6.0]"]);
}

#[test]
fn failures_at_the_line_of_the_user() {
    let problem = fails(
        "let x = [1.0, 2.0]\nfn at(i) = x[i]\nlet ks = [0, 5]\nat(ks[1])\n",
        "E0401",
        "the index 5 is out of range: the axis has size 2",
    );
    assert!(problem.to_string().contains("test.adl:2:"), "{problem}");
    fails("var n = 1\nwhile n > 0 { n *= 3 }", "E0403", "the whole number does not fit into `i64`");
    fails("var n = [1]\nn -= 1\n5 // n[0]", "E0404", "whole number divided by zero");
}

#[test]
fn endless_recursion_names_the_function() {
    let problem =
        fails("fn down(x) = if x < 0 { x } else { down(x + 1.0) }\ndown(1.0)", "E0411", "recursion too deep in `down`");
    assert!(problem.to_string().contains("test.adl:1:"), "{problem}");
}

#[test]
fn an_interrupt_stops_the_statement_alone() {
    let endless_loop = "var k = 0.0\nwhile k >= 0 { k += 1.0 }";
    let endless_calls = "fn fib(n: i64) -> f64 = if n < 2 { 1.0 } else { fib(n - 1) + fib(n - 2) }\nfib(90)";
    for text in [endless_loop, endless_calls] {
        let (mut session, lines) = session(Backend::Native);
        session.run("entry", "let x = 4").expect("runs");
        let interrupt = session.interrupt();
        let stopper = interrupt.clone();
        let thread = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(50));
            stopper.raise();
        });
        let problem = session.run("entry", text).expect_err("stopped");
        assert_eq!(problem.kind, ErrorKind::Interrupted, "{problem}");
        thread.join().expect("the stopper ends");
        interrupt.clear();
        session.run("entry", "x").expect("goes on");
        assert_eq!(take(&lines), ["4"]);
    }
}

#[test]
fn parameters_of_a_program() {
    let (mut session, lines) = session(Backend::Native);
    session.set_parameter("rate", "0.25").expect("a number");
    session.set_parameter("other", "1").expect("a number");
    session.set_parameter("bad", "x + 1").expect_err("no literal");
    session.run("test.adl", "let rate = 0.01\nlet twice = 2 * rate\ntwice").expect("runs");
    assert_eq!(take(&lines), ["0.5"]);
    assert_eq!(session.unused_parameters(), ["other"]);
}

#[test]
fn tests_run_after_the_definitions_alone() {
    let text = "let a = 2\nprint(\"not in tests\")\nfn f(x) = a * x\ntest \"good\" { assert(f(2) == 4) }\ntest \"bad\" { assert(f(2) == 5, \"wrong\") }\n";
    for backend in [Backend::Interpreter, Backend::Native] {
        let (mut session, lines) = session(backend);
        let mut reports = Vec::new();
        let mut import = |path: &str, _: &str| Err(format!("no {path}"));
        let source = Source::new("test.adl", text);
        session
            .test_source(source, &mut import, &mut |test| {
                let failure = test.result.err().map(|problem| problem.diagnostics[0].title.clone());
                reports.push((test.name, failure));
            })
            .expect("the definitions are right");
        assert!(take(&lines).is_empty());
        assert_eq!(reports[0], ("good".to_string(), None));
        assert_eq!(reports[1].0, "bad");
        let title = reports[1].1.clone().expect("it fails");
        assert!(title.starts_with("assertion failed: wrong"), "{title}");
    }
}

#[test]
fn an_assignment_since_is_warned_of_in_later_entries() {
    let (mut session, _) = session(Backend::Native);
    let warned = |session: &mut Session, entry: &str| session.run("entry", entry).expect("it is right").len();
    assert_eq!(warned(&mut session, "var k = 2.0; let f = |x| k * x"), 0);
    assert_eq!(warned(&mut session, "f(1.0)"), 0);
    assert_eq!(warned(&mut session, "k = 3.0"), 0);
    assert_eq!(warned(&mut session, "f(1.0)"), 1);
}
