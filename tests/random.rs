//! Random programs: native code agrees with the reference interpreter, and reverse mode with forward mode.

mod support;

use adl_compiler::engine::{Backend, Engine, Program};
use adl_runtime::{Array, Value};
use support::compare::leaves;
use support::random::{Random, program};

/// How many programs each test runs; `ADL_RANDOM_PROGRAMS` asks for another number.
fn count() -> u64 {
    std::env::var("ADL_RANDOM_PROGRAMS").ok().and_then(|n| n.parse().ok()).unwrap_or(400)
}

/// A point and a direction for `f(x, y, a)`.
fn inputs(seed: u64, length: usize) -> (Vec<Value>, Vec<Value>) {
    let mut random = Random::new(seed ^ 0xabcd);
    let mut draw = || {
        let array: Vec<f64> = (0..length).map(|_| random.unit()).collect();
        vec![
            Value::from(random.unit()),
            Value::from(random.unit()),
            Value::Array(Array::from_slice(&[length], &array).expect("the data fits")),
        ]
    };
    (draw(), draw())
}

fn call(program: &Program, function: &str, args: &[Value]) -> Result<Vec<f64>, String> {
    let value = program.dynamic(function).and_then(|f| f.call(args)).map_err(|e| e.to_string())?;
    let mut out = Vec::new();
    leaves(&value, &mut out);
    Ok(out)
}

/// Largest difference relative to the largest entry.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    let scale = a.iter().chain(b).fold(1e-300f64, |m, x| m.max(x.abs()));
    a.iter().zip(b).fold(0.0f64, |m, (x, y)| m.max((x - y).abs())) / scale
}

#[test]
fn native_code_agrees_with_the_interpreter() {
    let mut defined = 0;
    for seed in 0..count() {
        let text = program(seed);
        let (point, _) = inputs(seed, if seed % 3 == 0 { 5 } else { 11 });
        let answer = |backend: Backend, function: &str| {
            let engine = Engine::new().with_backend(backend);
            let program = engine.compile("random.adl", &text).map_err(|e| e.to_string())?;
            call(&program, function, &point)
        };
        for function in ["f", "value_and_grad(f, wrt = (0, 1, 2))"] {
            let native = answer(Backend::Native, function).unwrap_or_else(|e| panic!("seed {seed}: {e}\n{text}"));
            let reference =
                answer(Backend::Interpreter, function).unwrap_or_else(|e| panic!("seed {seed}: {e}\n{text}"));
            if native.iter().all(|x| x.is_finite()) {
                defined += 1;
                let off = distance(&native, &reference);
                assert!(off < 1e-11, "seed {seed}, {function}: differ by {off:e}\n{text}");
            }
        }
    }
    assert!(defined as f64 > 1.6 * count() as f64, "only {defined} answers were finite");
}

#[test]
fn reverse_mode_is_the_transpose_of_forward_mode() {
    for seed in 0..count() {
        let text = program(seed + 100_000);
        let (point, direction) = inputs(seed, if seed % 3 == 0 { 5 } else { 11 });
        let args: Vec<Value> = point.iter().chain(&direction).cloned().collect();
        let program = Engine::new().compile("random.adl", &text).unwrap_or_else(|e| panic!("seed {seed}: {e}\n{text}"));
        let ask =
            |function: &str| call(&program, function, &args).unwrap_or_else(|e| panic!("seed {seed}: {e}\n{text}"));
        let forward = ask("|x, y, a, u, v, b| jvp(f, (x, y, a), (u, v, b)).1");
        let reverse = ask(
            "|x, y, a, u, v, b| { let (p, q, r) = grad(f, wrt = (0, 1, 2))(x, y, a)\n p * u + q * v + sum(r * b) }",
        );
        let forward_scale = forward[0].abs().max(1.0);
        if forward[0].is_finite() {
            let off = (forward[0] - reverse[0]).abs() / forward_scale;
            assert!(off < 1e-9, "seed {seed}: forward {} reverse {}\n{text}", forward[0], reverse[0]);
        }
    }
}
