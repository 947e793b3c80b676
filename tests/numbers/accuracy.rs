//! The accuracy of the elementary and special functions against values of high precision, in units in the last place:
//! at most 2, and 10 for the gamma, beta and error functions. In `f32` the nearest number, or its neighbour.

use crate::support::ask::ask;
use adl_compiler::engine::{Engine, Program};
use adl_runtime::{Array, Value};
use std::collections::BTreeMap;

/// Functions that may be off by more than 2.
const SPECIAL: &[&str] = &["erf", "erfc", "erfinv", "gamma", "lgamma", "digamma", "polygamma", "beta", "lbeta"];

/// A value of the table.
struct Point {
    name: String,
    args: Vec<f64>,
    /// The nearest number and what is left.
    value: (f64, f64),
}

fn points() -> Vec<Point> {
    let text = std::fs::read_to_string(crate::support::command::path("tests/accuracy/values.txt")).expect("the table");
    let lines = text.lines().filter(|l| !l.starts_with('#'));
    lines
        .map(|line| {
            let mut words = line.split(' ');
            let name = words.next().expect("a name").to_string();
            let mut numbers: Vec<f64> = words.map(|w| w.parse().expect("a number")).collect();
            let (low, high) = (numbers.pop().expect("two parts"), numbers.pop().expect("two parts"));
            Point { name, args: numbers, value: (high, low) }
        })
        .collect()
}

/// Compiled once for each function.
fn programs() -> impl FnMut(&Point) -> Program {
    let mut known: BTreeMap<String, Program> = BTreeMap::new();
    move |point| {
        let params = if point.args.len() == 1 { "x" } else { "x, y" };
        let call = if point.name == "pow" { "x ^ y".to_string() } else { format!("{}({params})", point.name) };
        let text = format!("fn f({params}) = {call}");
        known
            .entry(point.name.clone())
            .or_insert_with(|| Engine::new().compile("accuracy", &text).expect("fine"))
            .clone()
    }
}

#[test]
fn double_precision() {
    let mut program = programs();
    let mut worst: BTreeMap<String, (f64, Vec<f64>)> = BTreeMap::new();
    for point in points() {
        let args: Vec<Value> = point.args.iter().map(|&x| Value::from(x)).collect();
        let got = ask(&program(&point), "f", &args)[0];
        let (high, low) = point.value;
        let unit = high.abs().next_up() - high.abs();
        let off = ((got - high) - low).abs() / unit;
        let entry = worst.entry(point.name).or_insert((0.0, Vec::new()));
        if off > entry.0 || off.is_nan() {
            *entry = (off, point.args);
        }
    }
    let bad: Vec<_> = worst
        .iter()
        .filter(|(name, (off, _))| off.is_nan() || *off > if SPECIAL.contains(&name.as_str()) { 10.0 } else { 2.0 })
        .collect();
    assert!(bad.is_empty(), "units in the last place, and where: {bad:#?}");
    assert!(worst.len() >= 34, "only {} functions", worst.len());
}

#[test]
fn single_precision() {
    let mut program = programs();
    for point in points() {
        let narrow: Vec<f32> = point.args.iter().map(|&x| x as f32).collect();
        // Where the arguments are no single precision numbers, double precision at the rounded ones is the judge.
        let args: Vec<Value> = narrow.iter().map(|&x| Value::from(x)).collect();
        let wide: Vec<Value> = narrow.iter().map(|&x| Value::from(f64::from(x))).collect();
        let compiled = program(&point);
        let (got, value) = (ask(&compiled, "f", &args)[0] as f32, ask(&compiled, "f", &wide)[0] as f32);
        let same = got == value || (got.is_nan() && value.is_nan());
        assert!(
            same || got == value.next_up() || got == value.next_down(),
            "{} {narrow:?}: {got}, not {value}",
            point.name
        );
    }
}

/// How far a value may be off: 1e-13 of what it is and of what it changes by with its argument, and a unit of the
/// smallest number. With the value and slope that are right.
fn close(got: f64, (x, right, slope): (f64, f64, f64), units: f64) -> bool {
    let allowed = 1e-13 * (right.abs() + (x * slope).abs()) + units * 5e-324;
    match right.is_infinite() {
        true => got == right,
        false => !got.is_nan() && (allowed.is_infinite() || (got - right).abs() <= allowed),
    }
}

/// Functions whose results below 1e-307 may lose digits, as they are products with a number there: by so many units.
const SUBNORMAL: &[(&str, f64)] =
    &[("sinpi(x)", 4.0), ("10.0 ^ x", 2.0), ("nn.silu(x)", 1000.0), ("logaddexp(x, 1.5)", 8.0)];

/// Values, first and second derivatives over the whole range, in both modes.
#[test]
fn derivatives_of_functions() {
    let text =
        std::fs::read_to_string(crate::support::command::path("tests/accuracy/functions.txt")).expect("the table");
    let (mut bad, mut compared) = (Vec::new(), 0);
    for section in text.split("\n= ").skip(1) {
        let (name, lines) = section.split_once('\n').expect("a name and lines");
        let units = SUBNORMAL.iter().find(|(known, _)| *known == name).map_or(1.0, |(_, units)| *units);
        let rows: Vec<Vec<f64>> =
            lines.lines().map(|l| l.split(' ').map(|w| w.parse().expect("a number")).collect()).collect();
        let points: Vec<f64> = rows.iter().map(|row| row[0]).collect();
        let points = Value::Array(Array::from_slice(&[points.len()], &points).expect("fits"));
        let program = Engine::new()
            .compile("accuracy", &format!("import stats\nimport nn\nfn f(x) = {name}"))
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let asked = [(0, "f"), (1, "jacfwd(f)"), (1, "grad(f)"), (2, "jacfwd(jacfwd(f))"), (2, "grad(grad(f))")];
        for (order, function) in asked {
            let got = ask(&program, &format!("|x| [({function})(t) for t in x]"), std::slice::from_ref(&points));
            for (row, got) in rows.iter().zip(got) {
                compared += 1;
                let right = (row[0], row[1 + order], row[2 + order]);
                if !close(got, right, units) {
                    bad.push(format!("{function} of {name} at {}: {got}, not {}", row[0], right.1));
                }
            }
        }
    }
    assert!(bad.is_empty(), "{} of {compared}:\n{}", bad.len(), bad.join("\n"));
    assert!(compared > 20_000, "only {compared}");
}

/// The orders by a and b of the columns of the table of powers, as chains of operators.
const ORDERS: [&str; 10] = ["", "a", "b", "aa", "ab", "bb", "aaa", "aab", "abb", "bbb"];

/// All partial derivatives of `a^b` to the third order, in both modes and orders of taking them, in `f64` and `f32`.
#[test]
fn powers() {
    let text = std::fs::read_to_string(crate::support::command::path("tests/accuracy/powers.txt")).expect("the table");
    let rows: Vec<Vec<f64>> = text
        .lines()
        .filter(|l| !l.starts_with('#'))
        .map(|l| l.split(' ').map(|w| w.parse().expect("a number")).collect())
        .collect();
    let column = |k: usize, narrow: bool| {
        let numbers: Vec<f64> = rows.iter().map(|row| if narrow { f64::from(row[k] as f32) } else { row[k] }).collect();
        numbers
    };
    let double = |numbers: &[f64]| Value::Array(Array::from_slice(&[numbers.len()], numbers).expect("fits"));
    let single = |numbers: &[f64]| {
        let numbers: Vec<f32> = numbers.iter().map(|&x| x as f32).collect();
        Value::Array(Array::from_slice(&[numbers.len()], &numbers).expect("fits"))
    };
    let (mut bad, mut compared) = (Vec::new(), 0);
    for mode in ["jacfwd", "grad"] {
        let text = format!(
            "fn f(a, b) = a ^ b\nfn by_a(g) = |a, b| {mode}(|t| g(t, b))(a)\nfn by_b(g) = |a, b| {mode}(|t| g(a, t))(b)"
        );
        let program = Engine::new().compile("powers", &text).expect("fine");
        for (k, order) in ORDERS.iter().enumerate() {
            for chain in [order.to_string(), order.chars().rev().collect()] {
                let taken = chain.chars().fold("f".to_string(), |inner, by| format!("by_{by}({inner})"));
                let function = format!("|x, y| [({taken})(a, b) for (a, b) in zip(x, y)]");
                let args = |narrow| (column(0, narrow), column(1, narrow));
                let (a, b) = args(false);
                for (row, got) in rows.iter().zip(ask(&program, &function, &[double(&a), double(&b)])) {
                    compared += 1;
                    let right = row[2 + k];
                    // Where the limit is infinite, its parts may cancel: then there is NaN.
                    // At 0 reverse mode may take a third order through a part that is infinite.
                    let open = row[0] == 0.0 && order.len() == 3 && mode == "grad" && got.is_nan();
                    let fits = open
                        || match right.is_finite() {
                            true => (got - right).abs() <= 1e-12 * right.abs(),
                            false => got.is_nan() || got == right,
                        };
                    if !fits {
                        bad.push(format!("{mode} {chain} at {:?}: {got}, not {right}", &row[..2]));
                    }
                }
                let (a, b) = args(true);
                let narrow = ask(&program, &function, &[single(&a), single(&b)]);
                let wide = ask(&program, &function, &[double(&a), double(&b)]);
                for (row, (got, right)) in rows.iter().zip(narrow.into_iter().zip(wide)) {
                    compared += 1;
                    let near = (got - right).abs() <= 1e-5 * (1.0 + right.abs());
                    if (1e-3..10.0).contains(&row[0].abs()) && !near && !right.is_nan() {
                        bad.push(format!("{mode} {chain} in f32 at {:?}: {got}, not {right}", &row[..2]));
                    }
                }
            }
        }
    }
    assert!(bad.is_empty(), "{} of {compared}:\n{}", bad.len(), bad.join("\n"));
    assert!(compared > 15_000, "only {compared}");
}
