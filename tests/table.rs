//! The table of primitives tests itself: every derivative against differences, in both modes, to second order, in `f64`
//! and `f32`, each argument alone, on scalars and on arrays of no, one and several entries.

mod support;

use adl_compiler::engine::{Engine, Program};
use adl_lang::prims::{Derivative, Prim, Typing};
use adl_runtime::{Array, Value};
use support::compare::leaves;

/// How the primitive is written in the language, of arguments with these names.
fn spelling(prim: Prim, args: &[String]) -> String {
    let infix = |op: &str| format!("({} {op} {})", args[0], args[1]);
    match prim.name() {
        "add" => infix("+"),
        "sub" => infix("-"),
        "mul" => infix("*"),
        "div" => infix("/"),
        "floordiv" => infix("//"),
        "rem" => infix("%"),
        "pow" => infix("^"),
        "neg" => format!("(-{})", args[0]),
        name => format!("{name}({})", args.join(", ")),
    }
}

/// Primitives with a derivative to test, and the names of their arguments.
fn differentiable() -> impl Iterator<Item = (Prim, Vec<String>)> {
    let names = |p: Prim| (0..p.arity()).map(|k| format!("x{k}")).collect();
    Prim::ALL
        .iter()
        .copied()
        .filter(|p| matches!(p.row().typing, Typing::Float | Typing::Number) && !p.row().probes.is_empty())
        .map(move |p| (p, names(p)))
}

fn compile(text: &str) -> Program {
    Engine::new().compile("table.adl", text).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

fn ask(program: &Program, function: &str, args: &[Value]) -> Vec<f64> {
    let value = program.dynamic(function).and_then(|f| f.call(args)).unwrap_or_else(|e| panic!("{function}: {e}"));
    let mut out = Vec::new();
    leaves(&value, &mut out);
    out
}

/// A derivative by differences of five points, with its error estimate by a second step.
fn difference(f: &dyn Fn(f64) -> f64, x: f64) -> (f64, f64) {
    let five = |h: f64| (-f(x + 2.0 * h) + 8.0 * f(x + h) - 8.0 * f(x - h) + f(x - 2.0 * h)) / (12.0 * h);
    let (coarse, fine) = (five(2e-3), five(1e-3));
    (fine, (coarse - fine).abs())
}

#[test]
fn every_derivative_agrees_with_differences() {
    for (prim, names) in differentiable() {
        let program = compile(&format!("fn f({}) = {}", names.join(", "), spelling(prim, &names)));
        for probe in prim.row().probes {
            for k in 0..probe.len() {
                if let Derivative::Partials(partials) = &prim.row().derivative
                    && partials[k].is_none()
                {
                    continue;
                }
                let at = |x: f64| -> Vec<Value> {
                    probe.iter().enumerate().map(|(i, p)| Value::from(if i == k { x } else { *p })).collect()
                };
                let alone = |inner: &str, op: &str| {
                    let call: Vec<String> =
                        names.iter().enumerate().map(|(i, n)| if i == k { "t".into() } else { n.clone() }).collect();
                    format!("|{}| {op}(|t| {inner}({}))({})", names.join(", "), call.join(", "), names[k])
                };
                let value = |x: f64| ask(&program, "f", &at(x))[0];
                let (numeric, spread) = difference(&value, probe[k]);
                let forward = ask(&program, &alone("f", "jacfwd"), &at(probe[k]))[0];
                let reverse = ask(&program, &alone("f", "grad"), &at(probe[k]))[0];
                let tolerance = 1e-9 * (1.0 + numeric.abs()) + 10.0 * spread;
                assert!(
                    (forward - numeric).abs() <= tolerance,
                    "{} argument {k} at {probe:?}: forward {forward}, differences {numeric}",
                    prim.name()
                );
                assert!(
                    (reverse - forward).abs() <= 1e-13 * (1.0 + forward.abs()),
                    "{} argument {k} at {probe:?}: reverse {reverse}, forward {forward}",
                    prim.name()
                );

                let slope = |x: f64| ask(&program, &alone("f", "jacfwd"), &at(x))[0];
                let (numeric, spread) = difference(&slope, probe[k]);
                let tolerance = 1e-8 * (1.0 + numeric.abs()) + 10.0 * spread;
                for (outer, inner) in [("jacfwd", "jacfwd"), ("jacfwd", "grad"), ("grad", "jacfwd"), ("grad", "grad")] {
                    let nested = format!(
                        "(|t| {inner}(|t| f({}))(t))",
                        names
                            .iter()
                            .enumerate()
                            .map(|(i, n)| if i == k { "t".into() } else { n.clone() })
                            .collect::<Vec<_>>()
                            .join(", ")
                    );
                    let second = ask(
                        &program,
                        &format!("|{}| {outer}({nested})({})", names.join(", "), names[k]),
                        &at(probe[k]),
                    )[0];
                    assert!(
                        (second - numeric).abs() <= tolerance,
                        "{} argument {k} at {probe:?}: {outer} of {inner} {second}, differences {numeric}",
                        prim.name()
                    );
                }
            }
        }
    }
}

#[test]
fn single_precision_agrees_with_double() {
    for (prim, names) in differentiable() {
        let program = compile(&format!("fn f({}) = {}", names.join(", "), spelling(prim, &names)));
        for probe in prim.row().probes {
            let rounded: Vec<f32> = probe.iter().map(|&x| x as f32).collect();
            let single: Vec<Value> = rounded.iter().map(|&x| Value::from(x)).collect();
            let double: Vec<Value> = rounded.iter().map(|&x| Value::from(f64::from(x))).collect();
            let gradient = match &prim.row().derivative {
                Derivative::Partials(p) if p[0].is_none() => "grad(f, wrt = 1)",
                Derivative::Zero | Derivative::Partials(_) | Derivative::Choice(_) | Derivative::Select => "grad(f)",
            };
            for function in ["f", gradient] {
                let (a, b) = (ask(&program, function, &single)[0], ask(&program, function, &double)[0]);
                assert!(
                    (a - b).abs() <= 4e-6 * (1.0 + b.abs()),
                    "{} {function} at {probe:?}: f32 {a}, f64 {b}",
                    prim.name()
                );
            }
        }
    }
}

#[test]
fn arrays_of_any_length_agree_with_scalars() {
    for (prim, names) in differentiable() {
        let text = spelling(prim, &names);
        let first = usize::from(matches!(&prim.row().derivative, Derivative::Partials(p) if p[0].is_none()));
        let program = compile(&format!("fn f({0}) = {text}\nfn total({0}) = sum({text})", names.join(", ")));
        let probe = prim.row().probes[0];
        let scalars: Vec<Value> = probe.iter().map(|&x| Value::from(x)).collect();
        let value = ask(&program, "f", &scalars)[0];
        let slope = ask(&program, &format!("grad(f, wrt = {first})"), &scalars)[0];
        for length in [0, 1, 3, 13] {
            let arrays: Vec<Value> = probe
                .iter()
                .map(|&x| Value::Array(Array::from_slice(&[length], &vec![x; length]).expect("fits")))
                .collect();
            assert_eq!(ask(&program, "f", &arrays), vec![value; length], "{} of {length}", prim.name());
            let gradient = ask(&program, &format!("grad(total, wrt = {first})"), &arrays);
            assert_eq!(gradient.len(), length);
            for g in gradient {
                assert!((g - slope).abs() <= 1e-14 * slope.abs(), "{} of {length}: {g}, alone {slope}", prim.name());
            }
        }
    }
}

/// Array functions of one matrix `x: f64[3, 4]`, smooth at the probe; each gives an array or a number.
const ARRAY_FUNCTIONS: &[&str] = &[
    "sum(x, axis = 0)",
    "sum(x, axis = 1, keep = true)",
    "mean(x)",
    "prod(x, axis = 1)",
    "max(x, axis = 0)",
    "min(x, axis = 1)",
    "norm(x)",
    "x.T",
    "reshape(x, (2, 6))",
    "flatten(x)",
    "concat(x, 2 * x, axis = 1)",
    "stack(x, x * x)",
    "flip(x)",
    "x[1]",
    "x[.., 1..3]",
    "x[[2, 0, 2]]",
    "x[.., none]",
    "x[-1, .. by 2]",
    "cumsum(x, axis = 1)",
    "sort(flatten(x))",
    "x @ x.T",
    "x.T @ x",
    "x[0] @ x.T",
    "x @ x[1]",
    "dot(x[0], x[1])",
    "outer(x[0], x[1])",
    "trace(x @ x.T)",
    "where(x > 0, x * x, -x)",
    "clamp(x, -0.5, 0.5)",
    "[x[i, j] * x[j, i] for i in 0..3, j in 0..3]",
    "sum(x[i, j] * x[i, 0] for i in 0..3, j in 0..i)",
    "logsumexp(x, axis = 1)",
    "softmax(x, axis = 1)",
    "vmap(|r| r / norm(r))(x)",
    "hypot(x, 1)",
    "x^3",
    "x / (1 + x * x)",
];

#[test]
fn array_functions_are_transposed_rightly() {
    let data: Vec<f64> = (0..12).map(|k| ((k * 7 + 3) % 12) as f64 / 7.0 - 0.83).collect();
    let direction: Vec<f64> = (0..12).map(|k| ((k * 5 + 2) % 11) as f64 / 5.0 - 1.0).collect();
    let matrix = |data: &[f64]| Value::Array(Array::from_slice(&[3, 4], data).expect("fits"));
    let args = [matrix(&data), matrix(&direction)];
    for expression in ARRAY_FUNCTIONS {
        let program = compile(&format!("fn f(x) = {expression}\nfn g(x) = sum(sin(f(x)))"));
        // ⟨u, J v⟩ = ⟨Jᵀ u, v⟩ with u = 1 + f(x)².
        let forward = ask(&program, "|x, v| { let (y, dy) = jvp(f, x, v)\n sum((1 + y^2) * dy) }", &args)[0];
        let reverse = ask(&program, "|x, v| { let (y, pullback) = vjp(f, x)\n sum(pullback(1 + y^2) * v) }", &args)[0];
        assert!((forward - reverse).abs() <= 1e-12 * (1.0 + forward.abs()), "{expression}: {forward} {reverse}");

        let along = |t: f64| -> f64 {
            let moved: Vec<f64> = data.iter().zip(&direction).map(|(x, v)| x + t * v).collect();
            ask(&program, "g", &[matrix(&moved)])[0]
        };
        let (numeric, spread) = difference(&along, 0.0);
        let exact = ask(&program, "|x, v| jvp(g, x, v).1", &args)[0];
        assert!(
            (exact - numeric).abs() <= 1e-8 * (1.0 + exact.abs()) + 10.0 * spread,
            "{expression}: {exact}, differences {numeric}"
        );

        // vᵀ H v in all mixtures, against differences of the exact slope.
        let slope = |t: f64| -> f64 {
            let moved: Vec<f64> = data.iter().zip(&direction).map(|(x, v)| x + t * v).collect();
            ask(&program, "|x, v| jvp(g, x, v).1", &[matrix(&moved), args[1].clone()])[0]
        };
        let (numeric, spread) = difference(&slope, 0.0);
        for second in [
            "|x, v| sum(v * jvp(grad(g), x, v).1)",
            "|x, v| sum(v * grad(|y| sum(v * grad(g)(y)))(x))",
            "|x, v| sum(v * grad(|y| jvp(g, y, v).1)(x))",
            "|x, v| jvp(|y| jvp(g, y, v).1, x, v).1",
        ] {
            let exact = ask(&program, second, &args)[0];
            assert!(
                (exact - numeric).abs() <= 1e-7 * (1.0 + exact.abs()) + 10.0 * spread,
                "{expression}, {second}: {exact}, differences {numeric}"
            );
        }
    }
}

#[test]
fn every_row_speaks_for_itself() {
    for &prim in Prim::ALL {
        let row = prim.row();
        assert!(!row.doc.is_empty() && row.doc.ends_with('.'), "{} needs a sentence", row.name);
        assert_eq!(Prim::named(row.name), Some(prim), "{} is not unique", row.name);
        if let Derivative::Partials(partials) = &row.derivative {
            assert_eq!(partials.len(), prim.arity(), "{} needs a derivative for each argument", row.name);
            assert!(matches!(row.name, "stop_grad") || !row.probes.is_empty(), "{} needs a probe", row.name);
        }
    }
}
