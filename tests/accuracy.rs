//! The accuracy of the elementary and special functions against values of high precision, in units in the last place:
//! at most 2, and 10 for the gamma, beta and error functions. In `f32` the nearest number, or its neighbour.

mod support;

use adl_compiler::engine::{Engine, Program};
use adl_runtime::Value;
use std::collections::BTreeMap;
use support::ask::ask;

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
    let text = std::fs::read_to_string(support::command::path("tests/accuracy/values.txt")).expect("the table");
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
