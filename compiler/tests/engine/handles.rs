//! Embedding: functions and gradients as handles, compiled for the arguments they are called with.

use adl_compiler::engine::{DynFunction, Engine};
use adl_runtime::{Array, Value};
use std::sync::{Arc, Mutex};

fn function(text: &str, expr: &str) -> DynFunction {
    let program = Engine::new().compile("test.adl", text).unwrap_or_else(|problem| panic!("{problem}"));
    program.dynamic(expr).unwrap_or_else(|problem| panic!("{problem}"))
}

fn vector(n: usize) -> Value {
    (0..n).map(|k| k as f64).collect::<Vec<f64>>().into()
}

#[track_caller]
fn call(function: &DynFunction, args: &[Value]) -> Value {
    function.call(args).unwrap_or_else(|problem| panic!("{problem}"))
}

const VALLEY: &str = "fn rosenbrock([x, y]) = (1 - x)^2 + 100 * (y - x^2)^2";

#[test]
fn a_function_and_its_gradient() {
    let loss = function(VALLEY, "rosenbrock");
    let at = || vec![Value::from([0.0, 0.5])];
    assert_eq!(call(&loss, &at()).to_string(), "26.0");
    assert_eq!(call(&loss.grad(), &at()).to_string(), "[-2.0, 100.0]");
    assert_eq!(call(&loss.value_and_grad(), &at()).to_string(), "(26.0, [-2.0, 100.0])");
}

#[test]
fn any_length() {
    let f = function("fn f(w: f64[n], x: f64[n]) = sum(w * x)", "f");
    for n in [0, 1, 3, 8, 9, 10, 100] {
        let expected: f64 = (0..n).map(|k| (k * k) as f64).sum();
        let got = call(&f, &[vector(n), vector(n)]);
        assert_eq!(got.as_array().and_then(Array::scalar_f64), Some(expected), "{n}");
    }
}

#[test]
fn sizes_that_meet_a_value_of_the_program() {
    let text = "let known = [1.0 for _ in 0..20]\nfn f(x) = sum(x) + sum(known)";
    let f = function(text, "f");
    for n in [20, 30, 20, 40] {
        let expected = (n * (n - 1) / 2 + 20) as f64;
        assert_eq!(call(&f, &[vector(n)]).as_array().and_then(Array::scalar_f64), Some(expected), "{n}");
    }
}

#[test]
fn records_go_in_and_come_out() {
    let text = "fn loss(p, x) = sum((p.w * x + p.b)^2)";
    let gradient = function(text, "grad(loss)");
    let p = Value::record([("w", 2.0.into()), ("b", 1.0.into())]);
    assert_eq!(call(&gradient, &[p, vector(3)]).to_string(), "(w: 26.0, b: 18.0)");
}

#[test]
fn wrong_arguments_name_the_parameter() {
    let f = function("fn f(weights: f64[n], x: f64[n]) = sum(weights * x)", "f");
    let problem = f.call(&[vector(3), vector(4)]).expect_err("the sizes differ").to_string();
    assert!(problem.contains('n') && problem.contains('3') && problem.contains('4'), "{problem}");
    let problem = f.call(&[vector(3)]).expect_err("one is missing").to_string();
    assert!(problem.contains('x'), "{problem}");
    let problem = f.call(&[1.0.into(), vector(3)]).expect_err("a scalar").to_string();
    assert!(problem.contains("weights"), "{problem}");
}

#[test]
fn unknown_functions() {
    let program = Engine::new().compile("test.adl", VALLEY).expect("compiles");
    let problem = program.dynamic("rosenbrok").expect_err("no such function").to_string();
    assert!(problem.contains("rosenbrock"), "{problem}");
    assert!(program.dynamic("grad(").is_err());
}

#[test]
fn handles_go_between_threads() {
    let f = function("fn f(x) = sum(sin(x)^2 + cos(x)^2)", "f");
    let threads: Vec<_> = (0..4)
        .map(|k| {
            let f = f.clone();
            std::thread::spawn(move || {
                for n in 1..20 {
                    let sum = call(&f, &[vector(n * (k + 1))]).as_array().and_then(Array::scalar_f64);
                    assert!((sum.expect("a number") - (n * (k + 1)) as f64).abs() < 1e-12);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|t| t.join().expect("no panic"));
}

#[test]
fn failures_are_values() {
    let f = function("fn at(x, i: i64) = x[i]", "at");
    assert_eq!(call(&f, &[vector(20), 19.into()]).to_string(), "19.0");
    let problem = f.call(&[vector(20), 21.into()]).expect_err("out of range");
    assert_eq!(problem.diagnostics[0].code, "E0401", "{problem}");
    assert!(problem.to_string().contains("test.adl:1:"), "{problem}");
}

#[test]
fn results_are_written_in_place() {
    let text = "fn pair(x) = (a: 2 * x, b: sum(x))\nfn pick(x, i: i64) = x[i] * x\nfn two(x) = (x, x)";
    let program = Engine::new().compile("t", text).unwrap();
    let address = |v: &Value| v.field("a").unwrap().as_array().unwrap().bytes().as_ptr();
    let x = |n: usize| Value::from(vec![1.5; n]);
    let pair = program.dynamic("pair").unwrap();
    // Whatever it was before, it becomes the result.
    let mut out = Value::tuple([Value::None, 3.0.into()]);
    pair.call_into(&[&x(20)], &mut out).unwrap();
    assert_eq!(out, pair.call(&[x(20)]).unwrap());
    let before = address(&out);
    pair.call_into(&[x(20)], &mut out).unwrap();
    assert_eq!(address(&out), before);
    // Another size, which the same code serves.
    pair.call_into(&[x(30)], &mut out).unwrap();
    assert_eq!(out, pair.call(&[x(30)]).unwrap());
    // The same array twice.
    let mut out = Value::None;
    let two = program.dynamic("two").unwrap();
    for n in [3, 3, 20] {
        two.call_into(&[x(n)], &mut out).unwrap();
        assert_eq!(out, Value::tuple([x(n), x(n)]));
    }
    // A call that fails leaves arrays, and the next one is right.
    let pick = program.dynamic("pick").unwrap();
    let mut out = Value::None;
    pick.call_into(&[x(20), 1.into()], &mut out).unwrap();
    assert!(pick.call_into(&[x(20), 20.into()], &mut out).is_err());
    pick.call_into(&[x(20), 19.into()], &mut out).unwrap();
    assert_eq!(out, Value::from(vec![2.25; 20]));
}

#[test]
fn a_call_from_within_a_call_finds_its_own_workspace() {
    let slot: Arc<Mutex<Option<DynFunction>>> = Arc::default();
    let shared = slot.clone();
    let engine = Engine::new().with_output(move |line: &str| {
        if line == "outer" {
            let f = shared.lock().unwrap().clone().unwrap();
            assert_eq!(f.call(&[2.0.into()]).unwrap().to_string(), "4.0");
        }
    });
    let text = "fn f(x) { if x > 2 { print(\"outer\") }\n x^2 }";
    let f = engine.compile("t", text).unwrap().dynamic("f").unwrap();
    *slot.lock().unwrap() = Some(f.clone());
    // The output is locked while it prints, so what runs within must not print.
    assert_eq!(f.call(&[3.0.into()]).unwrap().to_string(), "9.0");
    slot.lock().unwrap().take();
}
