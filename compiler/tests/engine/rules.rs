//! Rules of users: wrong ones are refused with both numbers, trials disturb nothing, and what fails in the library is
//! reported at the call. Everything is run as native code and by the reference interpreter.

use adl_compiler::engine::{Backend, Engine, Error};
use adl_compiler::session::Session;
use adl_lang::source::Source;
use adl_runtime::Value;
use std::sync::{Arc, Mutex};

/// What a program prints, or how it fails.
fn run(backend: Backend, text: &str) -> (Vec<String>, Result<(), Error>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let shared = lines.clone();
    let mut session = Session::new(move |line: &str| shared.lock().unwrap().push(line.to_string()));
    session.set_backend(backend);
    let result = session.run("test.adl", text).map(drop);
    let lines = lines.lock().unwrap().clone();
    (lines, result)
}

const BOTH: [Backend; 2] = [Backend::Interpreter, Backend::Native];

#[track_caller]
fn shows(text: &str, expected: &[&str]) {
    for backend in BOTH {
        let (lines, result) = run(backend, text);
        if let Err(problem) = result {
            panic!("{backend:?}: {problem}");
        }
        assert_eq!(lines, expected, "{backend:?}");
    }
}

/// The title and notes of the problem of a wrong program, and the text that it points at.
#[track_caller]
fn fails(text: &str, code: &str) -> (String, String, String) {
    let mut last = None;
    for backend in BOTH {
        let (_, result) = run(backend, text);
        let problem = result.expect_err("it should fail");
        let found = &problem.diagnostics[0];
        assert_eq!(found.code, code, "{backend:?}\n{problem}");
        let span = found.primary.span;
        let place = text.get(span.start as usize..span.end as usize).unwrap_or_default().to_string();
        last = Some((found.title.clone(), found.notes.join("\n"), place));
    }
    last.expect("two back ends")
}

#[test]
fn wrong_rules_are_refused_at_their_definition() {
    let (title, note, place) = fails(
        "fn f(x: f64[n], a: f64) -> f64 = a * sum(x^2)
@jvp(f)
fn rule(x, a, dx, da) = (f(x, a), 2.1 * a * sum(x * dx) + da * sum(x^2))",
        "E0313",
    );
    assert_eq!((title.as_str(), place.as_str()), ("the rule `rule` does not give the derivative of `f`", "rule"));
    assert!(
        note.contains("along ([") && note.contains("the rule gives -4.050367, and differences give -3.956900"),
        "{note}"
    );
    let wrong = [
        // A factor, a sign, a part that is missing, another value, another place.
        ("x: f64", "x^2", "@vjp(f) fn rule(x) = (x^2, |u| x * u)", "does not give the derivative"),
        ("x: f64", "cos(x)", "@jvp(f) fn rule(x, dx) = (cos(x), sin(x) * dx)", "does not give the derivative"),
        (
            "x: f64, y: f64",
            "x * y",
            "@vjp(f) fn rule(x, y) = (x * y, |u| (u * y, none))",
            "does not give the derivative",
        ),
        ("x: f64", "exp(x)", "@vjp(f) fn rule(x) = (exp(x) + 0.01, |u| exp(x) * u)", "does not give the value of `f`"),
        ("x: f64[3]", "x[.. by -1]", "@jvp(f) fn rule(x, dx) = (x[.. by -1], dx)", "does not give the derivative"),
        ("x: f32", "x^2", "@jvp(f) fn rule(x, dx) = (x^2, 2.02 * x * dx)", "does not give the derivative"),
        (
            "p: (a: f64, k: i64)",
            "p.a^p.k",
            "@jvp(f) fn rule(p, d) = (p.a^p.k, p.a * d.a)",
            "does not give the derivative",
        ),
        // Right at the tangent 1, and yet no derivative.
        ("x: f64", "x^2", "@jvp(f) fn rule(x, dx) = (x^2, 2 * x * dx^2)", "is not linear in the tangents"),
        ("x: f64", "x^2", "@vjp(f) fn rule(x) = (x^2, |u| 2 * x * u^3)", "is not linear in the cotangent"),
    ];
    for (params, value, rule, expected) in wrong {
        let text = format!("fn f({params}) = {value}\n{}", rule.replace(") fn", ")\nfn"));
        let (title, note, _) = fails(&text, "E0313");
        assert!(title.contains(expected), "{text}\n{title}");
        assert!(note.starts_with("at "), "{note}");
    }
}

#[test]
fn others_are_tried_when_a_derivative_is_taken() {
    let rule = "fn f(x) = exp(x)\n@vjp(f)\nfn rule(x) = (f(x), |u| 2 * u * exp(x))\n";
    shows(&format!("{rule}f(0.0)"), &["1.0"]);
    for form in ["f'(0.0)", "grad(f)(0.0)", "grad(|x| f(x)^2)(0.0)", "jacobian(f)([0.0, 1.0])"] {
        let (title, ..) = fails(&format!("{rule}{form}"), "E0313");
        assert_eq!(title, "the rule `rule` does not give the derivative of `f`", "{form}");
    }
    // A host is told too; and again, as a rule that is wrong once does not become right.
    let program = Engine::new().compile("test", rule).expect("it compiles");
    let slope = program.dynamic("f'").expect("a function");
    for _ in 0..2 {
        let problem = slope.call(&[Value::from(0.0)]).expect_err("the rule is wrong");
        assert_eq!(problem.diagnostics[0].code, "E0313", "{problem}");
    }
    let local = "fn g(x) {\n  fn f(x) = x^2\n  @jvp(f)\n  fn rule(x, dx) = (f(x), x * dx)\n  f(x)\n}\ng'(1.0)";
    assert_eq!(fails(local, "E0313").2, "rule");
}

#[test]
fn trials_are_silent_and_come_to_an_end() {
    let printing =
        "fn f(x: f64) -> f64 {\n  print(\"f of {x}\")\n  x^2\n}\n@jvp(f)\nfn rule(x, dx) = (f(x), 2 * x * dx)\nf'(3.0)";
    shows(printing, &["f of 3.0", "6.0"]);
    // Outside of its domain a function says so, or is not a number, or nothing sensible; that is no fault of the rule.
    let domain = "fn f(x: f64) -> f64 {
  assert(x > 100, \"too small\")
  sqrt(x)
}
@jvp(f)
fn rule(x, dx) = (f(x), 0.5 * dx / f(x))
f'(400.0)";
    shows(domain, &["0.025"]);
    let nan = "fn f(x: f64) -> f64 = log(x - 100)\n@jvp(f)\nfn rule(x, dx) = (f(x), dx / (x - 100))\nf'(102.0)";
    shows(nan, &["0.5"]);
    // A value that is right up to the tolerance of a solver.
    let rough = "fn f(a: f64) -> f64 {
  assert(a > 0)
  var x = 1.0
  while abs(x * x - a) > 1e-4 { x = 0.5 * (x + a / x) }
  x
}
@jvp(f)
fn rule(a, da) = (f(a), 0.5 * da / f(a))
print(abs(f'(4.0) - 0.25) < 1e-4)";
    shows(rough, &["true"]);
}

#[test]
fn a_function_without_end_is_not_waited_for() {
    let text = "fn f(x: f64) -> f64 {
  var y = x
  while y != 0 { y = 0.5 * y + 1 }
  y
}
@jvp(f)
fn rule(x, dx) = (f(x), dx)
print(1)";
    let (lines, result) = run(Backend::Native, text);
    assert!(result.is_ok() && lines == ["1"]);
}

#[test]
fn a_rule_that_needs_itself_is_refused() {
    let text = "fn f(x) = x^2\n@jvp(f)\nfn rule(x, dx) = (f(x), grad(|y| f(y) + 0 * x)(x) * dx)\ngrad(f)(1.0)";
    let (title, ..) = fails(text, "E0453");
    assert!(title.contains("takes a derivative of itself"), "{title}");
}

#[test]
fn failures_in_the_library_stand_at_the_call() {
    // `randint` asserts that there is a number between its bounds.
    let call = "randint(2, 3, n)";
    let programs = [
        format!("let a = [3]\nfn f(n) = {call}\nf(a[0])"),
        format!("let a = [3]\nfn g(n) = randint(2, 3, n + 2)\nfn f(n) = {call}\ng(a[0])\nf(a[0])"),
        format!("let a = [3]\nfn f(x, n) = x * {call}\n(|x| f(x, a[0]))'(1.0)"),
        format!("let a = [3]\nfn f(x, n) = x * {call}\ngrad(|x| f(x, a[0]))(1.0)"),
        format!("let a = [3]\nlet n = a[0]\n[randint(2, 1, n), {call}]"),
    ];
    for text in &programs {
        assert_eq!(fails(text, "E0410").2, call, "{text}");
    }
    let loops = "let a = [1]
fn f(x, b) {
  var y = x
  @checkpoint(b) for i in 0..9 { y = sin(y) }
  y
}
grad(|x| f(x, a[0]))(1.0)";
    let (title, _, place) = fails(loops, "E0410");
    assert!(
        title.contains("keeps something of 2 rounds at least, not of 1") && place == "checkpoint",
        "{title} {place}"
    );
    let (title, note, place) = fails("clamp([1.0, 2.0], [0.0, 0.0, 0.0], 1.0)", "E0202");
    assert_eq!(place, "clamp([1.0, 2.0], [0.0, 0.0, 0.0], 1.0)", "{title}");
    assert!(note.contains("found in `clamp(x, low, high)` of the library"), "{note}");
}

#[test]
fn the_interpreter_holds_the_same_tests() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/language/rules.adl");
    let text = std::fs::read_to_string(file).expect("the tests of the language");
    let mut session = Session::new(|_: &str| {});
    session.set_backend(Backend::Interpreter);
    let mut failures = Vec::new();
    let mut report = |test: adl_compiler::session::TestReport| {
        if let Err(problem) = test.result {
            failures.push(format!("{}: {problem}", test.name));
        }
    };
    let no_files = &mut |path: &str, _: &str| Err(path.to_string());
    session.test_source(Source::new("rules.adl", text), no_files, &mut report).unwrap_or_else(|e| panic!("{e}"));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
