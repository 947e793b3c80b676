//! Functions of arrays to third order, in mixtures of forward and reverse mode, against numbers that know no rules:
//! `tests/orders/arrays.py` makes them as differences of implementations with 60 digits and more.

use crate::support::ask::{ask, compile};
use adl_compiler::engine::Program;
use std::collections::BTreeMap;

/// A row of the file: a curve of matrices, an expression of its matrix `A`, and value and derivatives at 0.
struct Row<'a> {
    curve: &'a str,
    expression: &'a str,
    derivatives: Vec<f64>,
    tolerance: f64,
    single: bool,
}

fn rows(text: &str) -> (BTreeMap<&str, Vec<&str>>, Vec<Row<'_>>) {
    let (mut curves, mut rows) = (BTreeMap::new(), Vec::new());
    for line in text.lines() {
        let parts: Vec<&str> = line.split(" | ").map(|p| p.trim_end_matches(" |")).collect();
        if let Some(name) = parts[0].strip_prefix("curve ") {
            curves.insert(name, parts[1..].to_vec());
            continue;
        }
        rows.push(Row {
            curve: parts[1],
            expression: parts[2],
            derivatives: parts[3].split(' ').map(|x| x.parse().expect("a number")).collect(),
            tolerance: parts[4].parse().expect("a tolerance"),
            single: parts.get(5) != Some(&"no f32"),
        });
    }
    (curves, rows)
}

/// The function `f` of one number that a row is about.
fn program(curve: &[&str], expression: &str, single: bool) -> Program {
    let to = |text: String| if single { format!("f32({text})") } else { text };
    compile(&format!(
        "fn weigh(x) {{
  let v = to_vector(x)
  sum([1.0, -0.7, 0.4, 1.1, -0.3][k % 5] * v[k] for k in 0..len(v))
}}
fn f(t) {{
  let A = {}
  let b = {}
  let c = {}
  weigh({expression})
}}",
        to(format!("{} + t * {} + t^2 * {}", curve[0], curve[1], curve[2])),
        to("[1.1, -0.4, 0.9]".into()),
        to("[1.1, -0.4, 0.9, 0.3, -1.6]".into()),
    ))
}

/// The derivative of `f` by modes from the innermost to the outermost, `F` forward and `R` reverse.
fn derivative(modes: &str) -> String {
    modes.chars().fold("f".to_string(), |inner, mode| match mode {
        'F' => format!("(|t| jvp({inner}, t, 1.0).1)"),
        _ => format!("grad({inner})"),
    })
}

const MIXTURES: [&str; 8] = ["FFF", "RRR", "FFR", "RFF", "FRF", "RRF", "FRR", "RFR"];

/// A part of the rows. Each is asked in some of the mixtures, which take turns, so that all together are asked in all.
fn agree(part: usize, parts: usize) {
    let (curves, rows) = rows(include_str!("../orders/arrays.txt"));
    let mut failures = Vec::new();
    let chosen: Vec<(usize, &Row)> = rows.iter().enumerate().filter(|(k, _)| k % parts == part).collect();
    assert!(chosen.len() > 10, "rows are missing");
    for (k, row) in chosen {
        let mixtures = [MIXTURES[k % 8], &MIXTURES[(k + 3) % 8][1..], &MIXTURES[(k + 6) % 8][2..], ""];
        for single in [false, true].into_iter().take(1 + usize::from(row.single)) {
            let program = program(&curves[row.curve], row.expression, single);
            // In single precision the second derivative.
            for modes in if single { &mixtures[1..2] } else { &mixtures[..] } {
                let found = ask(&program, &derivative(modes), &[0.0.into()])[0];
                let right = row.derivatives[modes.len()];
                // What is 0, or nearly so, is so beside the others.
                let scale = row.derivatives.iter().fold(0.0f64, |m, x| m.max(x.abs()));
                let scale = if row.curve == "tiny" { right.abs() } else { right.abs().max(1e-3 * scale) };
                let tolerance = if single { 2e-3 } else { row.tolerance };
                if (found - right).abs().is_nan() || (found - right).abs() > tolerance * scale {
                    let kind = if single { "f32" } else { "f64" };
                    failures
                        .push(format!("{} on {}, {kind} {modes}: {found}, and not {right}", row.expression, row.curve));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

macro_rules! parts {
    ($($name:ident $part:literal)*) => {$(
        #[test]
        fn $name() {
            agree($part, 6);
        }
    )*};
}

parts! {
    first_sixth_of_the_rows 0
    second_sixth_of_the_rows 1
    third_sixth_of_the_rows 2
    fourth_sixth_of_the_rows 3
    fifth_sixth_of_the_rows 4
    last_sixth_of_the_rows 5
}

/// What has no derivative of an order says so.
#[test]
fn what_is_not_right_is_refused() {
    let refused = [
        (
            "jvp(|t| eigh(diag([1.0, 1.0, 2.0]) + t * [[1.0, 0.0, 1.0], [0.0, 2.0, 1.0], [1.0, 1.0, 0.0]]).1, 0.0, \
             1.0).1",
            "that is repeated have no derivative",
        ),
        ("jvp(|t| eigh(diag([1.0, 1.0 + t, 2.0])).1, 0.0, 1.0).1", "that is repeated have no derivative"),
        (
            "(|t| sum(eigh(diag([1.0, 1.0, 2.0]) + t^2 * [[1.0, 3.0, 1.0], [3.0, 2.0, 1.0], [1.0, 1.0, \
             0.0]]).1))''(0.0)",
            "that is repeated have no derivative",
        ),
        (
            "jvp(|t| svd(diag([1.0, 1.0, 2.0]) + t * [[1.0, 0.0, 1.0], [0.0, 2.0, 1.0], [1.0, 1.0, 0.0]]).2, 0.0, \
             1.0).1",
            "that is repeated have no derivative",
        ),
        ("jvp(|t| svd([[1.0, 0.0], [0.0, 1.0], [t, 0.0]]).2, 0.0, 1.0).1", "that is repeated have no derivative"),
        ("hessian(|A| eigvalsh(A)[0])(eye(2))", "such a value has no second one"),
        ("hessian(|A| norm(A, \"nuc\"))(eye(2))", "such a value has no second one"),
        (
            "(|t| matrix_function(exp, eye(2) + t * [[1.0, 2.0], [2.0, 3.0]])[0, 0])''''(0.0)",
            "that is repeated have no derivative",
        ),
        ("(|t| slogdet(t * eye(2)).1)'''(0.0)", "the logarithm of its determinant has no derivative"),
        ("(|t| sum(pinv(diag([1.0, t]))))'''(0.0)", "the matrix has rank 1 and not 2"),
        ("(|t| sum(lstsq(diag([1.0, t]), [1.0, 1.0])))'''(0.0)", "the columns of the matrix depend on each other"),
        ("(|t| sum(qr(diag([t, 1.0])).1))'''(0.0)", "the columns of the matrix depend on each other"),
        ("(|t| sum(cholesky(diag([1.0, t]))))'''(0.0)", "not positive definite"),
        ("(|t| sum(inv(diag([1.0, t]))))'''(0.0)", "singular"),
    ];
    for (call, message) in refused {
        let program = adl_compiler::engine::Engine::new().compile("wrong.adl", &format!("fn f() = {call}\n"));
        let said = match program.and_then(|p| p.dynamic("f").and_then(|f| f.call(&[]))) {
            Ok(value) => panic!("{call} gives {value:?}"),
            Err(error) => error.to_string(),
        };
        assert!(said.contains(message), "{call}: {said}");
    }
    // Directions that leave the vectors where they are have derivatives.
    let program = compile("fn f(t) = sum(eigh(t * [[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 3.0]]).1)");
    assert!(ask(&program, "|t| jvp(|t| jvp(f, t, 1.0).1, t, 1.0).1", &[1.0.into()])[0].abs() < 1e-12);
}
