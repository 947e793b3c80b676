//! Sessions: statements one after the other, what they show, and what stays when one fails. Everything is run as native
//! code and by the reference interpreter.

use adl_compiler::engine::{Backend, Error, ErrorKind};
use adl_compiler::session::Session;
use adl_lang::diagnostic::Step;
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

/// The calls that a failure tells of, by both back ends: what is said of each, and its text.
#[track_caller]
fn led_by(text: &str, code: &str, expected: &[(&str, &str)]) {
    for backend in [Backend::Interpreter, Backend::Native] {
        let (mut session, _) = session(backend);
        let problem = session.run("test.adl", text).expect_err("it should fail");
        let found = &problem.diagnostics[0];
        let call = |step: &Step| {
            let span = step.span.expect("a place");
            (step.title(), problem.source(span.source).expect("a text").slice(span).to_string())
        };
        let calls: Vec<(String, String)> = found.calls.iter().map(call).collect();
        let calls: Vec<(&str, &str)> = calls.iter().map(|(title, text)| (&**title, &**text)).collect();
        assert_eq!((found.code, &*calls), (code, expected), "{backend:?}\n{problem}");
        assert!(expected.iter().all(|(title, _)| problem.to_string().contains(title)), "{problem}");
    }
}

#[test]
fn failures_tell_the_calls_that_led_there() {
    let text = "fn pick(x, i: i64) = x[i]^2\nfn inner(x, k) = sum(pick(x, j) for j in 0..k)\nfn b(x) = inner(x, 12)\n";
    let calls = [("in `pick`", "pick(x, j)"), ("in `inner`", "inner(x, 12)")];
    led_by(&format!("{text}b([1.0, 2.0])"), "E0401", &[&calls[..], &[("in `b`", "b([1.0, 2.0])")]].concat());
    let gradient = ("in the gradient of `b`", "grad(b)([1.0, 2.0])");
    led_by(&format!("{text}grad(b)([1.0, 2.0])"), "E0401", &[&calls[..], &[gradient]].concat());
    // What fails in the library is blamed on its call; a function that is handed to it is told.
    led_by("fn f(A) = solve(A, [1.0, 2.0])\nf(zeros(2, 2))", "E0415", &[("in `f`", "f(zeros(2, 2))")]);
    let by_library = [("in `g`", "root(g, 1.0)"), ("in `f`", "f([3, 4])")];
    led_by("fn f(k) {\n fn g(x) = x - k[i64(x) + 20]\n root(g, 1.0)\n}\nf([3, 4])", "E0401", &by_library);
    // Too large to be pasted into its callers: the frames are walked.
    let steps: String = (0..120).map(|k| format!(" y = sin(y + {k}) * y + cos(y)\n")).collect();
    let large = format!("fn large(x, i: i64) {{\n var y = x[i]\n{steps} y\n}}\n");
    let text = format!("{large}fn twice(x, i: i64) = large(x, i - 1) + large(x, i)\ntwice([0.5, 0.25], 2)");
    led_by(&text, "E0401", &[("in `large`", "large(x, i)"), ("in `twice`", "twice([0.5, 0.25], 2)")]);
    let text = format!(
        "{large}fn twice(x, i: i64) = large(x, i - 1) + large(x, i)\nlet k = [2]\ngrad(twice)([0.5, 0.25], k[0])"
    );
    led_by(
        &text,
        "E0401",
        &[("in `large`", "large(x, i)"), ("in the gradient of `twice`", "grad(twice)([0.5, 0.25], k[0])")],
    );
}

#[test]
fn deep_recursions_are_told_shortly() {
    let text = "fn down(x, n: i64) = if n == 0 { x[n + 5] } else { down(x, n - 1) + 1 }\ndown([1.0, 2.0], 5000)";
    for backend in [Backend::Interpreter, Backend::Native] {
        let (mut session, _) = session(backend);
        let problem = session.run("test.adl", text).expect_err("it should fail");
        let calls = &problem.diagnostics[0].calls;
        let told: u64 = calls.iter().map(|step| step.times).sum();
        assert!(calls.len() <= 3 && told == 5001, "{backend:?} {calls:?}");
        assert!(problem.to_string().contains("4,9"), "{problem}");
    }
    let endless = "fn f(x) = if x < 0.0 { 0.0 } else { g(x + 1.0) + 1.0 }\nfn g(x) = f(x) + 1\nf(1.0)";
    let (mut session, _) = session(Backend::Native);
    let problem = session.run("test.adl", endless).expect_err("it should fail");
    let calls = &problem.diagnostics[0].calls;
    assert!(problem.diagnostics[0].code == "E0411" && !calls.is_empty() && calls.len() < 400, "{problem}");
    assert!(problem.to_string().lines().count() < 40, "{problem}");
}

#[test]
fn problems_of_an_instance_tell_what_it_was_called_with() {
    let text = "fn f(x) = if x > 0 { x } else { -x }\nfn g(x) = f(x) + 1\ng([1.0, 2.0])";
    let (mut session, _) = session(Backend::Native);
    let problem = session.run("test.adl", text).expect_err("no condition").to_string();
    assert!(problem.contains("in `f`, called at test.adl:2:11 with f64["), "{problem}");
    assert!(problem.contains("in `g`, called at test.adl:3:1 with f64["), "{problem}");
}

/// What can be found when a program is compiled and when it runs has one code and one kind.
#[test]
fn a_failure_is_the_same_whoever_finds_it() {
    let pairs = [
        ("fn at(x, i: i64) = x[i]\n", "at([1.0, 2.0], 5)", "at([1.0, 2.0], 50)", "E0401"),
        ("fn at(x, i: i64) = x[i..i + 2]\n", "at([1.0, 2.0], 5)", "at([1.0, 2.0], 50)", "E0402"),
        ("fn at(n: i64, k) = n // k[0]\n", "7 // 0", "at(7, [0, 1])", "E0404"),
        ("fn f(k) = k[0] + 1\n", "9223372036854775807 + 1", "f([9223372036854775807])", "E0403"),
        ("fn f(k: i64) = zeros(k)\n", "f(-1)", "f(-100)", "E0407"),
    ];
    for (text, known, computed, code) in pairs {
        for call in [known, computed] {
            let (mut session, _) = session(Backend::Native);
            let problem = session.run("test.adl", &format!("{text}{call}")).expect_err("it should fail");
            assert_eq!((problem.diagnostics[0].code, problem.kind), (code, ErrorKind::Failed), "{call}\n{problem}");
        }
    }
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
        "fn collatz(n) {
  var (m, steps) = (n, 0)
  while m != 1 {
    if steps > 1000 { return -1 }
    m = if m % 2 == 0 { m // 2 } else { 3 * m + 1 }
    steps += 1
  }
  steps
}
collatz(27)",
        &["111"],
    );
    shows(
        "fn first(x, limit) {
  for i in 0..len(x) {
    if x[i] < 0 { continue }
    if x[i] > limit { return i }
  }
  -1
}
let x = [1.0, -9.0, 3.0, 8.0]
first(x, 2.0)
first(x, 9.0)",
        &["2", "-1"],
    );
}

#[test]
fn derivatives() {
    shows(
        "fn f(x) {
  var y = x
  for _ in 0..2 { y = cos(y^pi) * log(y) }
  y
}
print(\"{f(1.9):.10f} {f'(1.9):.10f}\")",
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
    fails("var n = 1\nwhile n > 0 { n *= 3 }", "E0403", "the result overflows: it does not fit into `i64`");
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
    let text = "let a = 2
print(\"not in tests\")
fn f(x) = a * x
test \"good\" { assert(f(2) == 4) }
test \"bad\" { assert(f(2) == 5, \"wrong\") }\n";
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
