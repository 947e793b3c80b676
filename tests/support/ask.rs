//! Programs that are asked for numbers, and derivatives by differences.

use super::compare::leaves;
use adl_compiler::engine::{Engine, Program};
use adl_runtime::Value;

/// A program from its text.
pub fn compile(text: &str) -> Program {
    Engine::new().compile("table.adl", text).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

/// All numbers of what a function expression gives.
pub fn ask(program: &Program, function: &str, args: &[Value]) -> Vec<f64> {
    let value = program.dynamic(function).and_then(|f| f.call(args)).unwrap_or_else(|e| panic!("{function}: {e}"));
    let mut out = Vec::new();
    leaves(&value, &mut out);
    out
}

/// A derivative by differences of five points, with its error estimate by a second step.
pub fn difference(f: &dyn Fn(f64) -> f64, x: f64) -> (f64, f64) {
    let five = |h: f64| (-f(x + 2.0 * h) + 8.0 * f(x + h) - 8.0 * f(x - h) + f(x - 2.0 * h)) / (12.0 * h);
    let (coarse, fine) = (five(2e-3), five(1e-3));
    (fine, (coarse - fine).abs())
}
