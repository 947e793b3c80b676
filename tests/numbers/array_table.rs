//! Array functions test themselves: their derivatives in both modes and to second order against differences, in `f32`,
//! and over the lanes of `vmap`.

use crate::support::ask::{ask, compile, difference};
use adl_runtime::{Array, DType, Value};

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
    "prod(x)",
    "variance(x, axis = 1, correction = 1)",
    "std(x, axis = 0)",
    "std(x)",
    "median(x, axis = 1)",
    "quantile(x, [0.2, 0.7], axis = 0)",
    "cumprod(x, axis = 0)",
    "cummax(x, axis = 1)",
    "cummin(x)",
    "log_softmax(x, axis = 0)",
    "logsumexp(x, axis = (0, 1), keep = true)",
    "softmax(where(x > 0, x, -inf), axis = 1)",
    "exp(log_softmax(where(x > 0, x, -inf), axis = 1))",
    "logsumexp(where(x > 0, x, -inf), axis = 1)",
    "nansum(where(x > 0, x, nan), axis = 0)",
    "nanmean(where(x > 0, x, nan), axis = 1)",
    "nanmax(where(x > 0, nan, x), axis = 1)",
    "logcumsumexp(x, axis = 1)",
    "cumulative_trapezoid(x, x[0])",
    "toeplitz(x[0], x[1])",
    "polyval(x[0], x)",
    "polyfit(x[0], x[1], 2)",
    "diff(x, 2)",
    "trapezoid(x, axis = 0)",
    "topk(x, 2).0",
    "take_along(x, argsort(x), -1)",
    "sort(x, axis = 0)",
    "gather(x, [2, 0, 2], axis = 1)",
    "scatter_add(x, [0, 0], x[..2])",
    "roll(x, 1, axis = 1)",
    "flip(x, axis = (0, 1))",
    "tile(x, (2, 1))",
    "repeat(x, 2, axis = 1)",
    "split(x, 2, axis = 1).1",
    "pad(x, ((1, 0), (0, 2)))",
    "tril(x)",
    "triu(x, 1)",
    "diag(x, 1)",
    "diag(x[0], -1)",
    "moveaxis(x, 0, 1)",
    "squeeze(expand_dims(x, 1)[..1])",
    "broadcast_to(x, (2, 3, 4))",
    "stack(x, x * x, axis = 1)",
    "meshgrid(x[0], x[1]).0",
    "linspace(x[0, 0], x[1, 1], 5)",
    "kron(x[..2], x[.., ..2])",
    "convolve(x[0], x[1], mode = \"same\")",
    "einsum(\"ij,kj->ik\", x, x)",
    "einsum(\"ij,kj,kl->il\", x, x, x)",
    "einsum(\"ii->i\", x @ x.T)",
    "einsum(\"ij,ij->j\", x, x)",
    "interp(x[0], [-1.0, 0.0, 0.3, 1.0], x[1])",
    "interp(0.2, sort(x[0]), x[1])",
    "logaddexp(x, 1 - x)",
    "xlogy(x^2, 1 + x^2)",
    "sinc(x)",
    "log_sigmoid(x)",
    "to_vector((x, x[0]))",
    "jacobian(|y| sum(y^3, axis = 0))(x)",
    "hvp(|y| sum(y^4), x, x)",
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

/// The probe: a matrix without equal entries, and its half.
fn probe() -> Vec<f64> {
    (0..12).map(|k| ((k * 7 + 3) % 12) as f64 / 7.0 - 0.83).collect()
}

#[test]
fn single_precision_stays_single_and_agrees() {
    for expression in ARRAY_FUNCTIONS {
        let program = compile(&format!("fn f(x) = {expression}\nfn g(x) = sum(sin(f(x)))"));
        let data = probe();
        let single: Vec<f32> = data.iter().map(|&x| x as f32).collect();
        let double: Vec<f64> = single.iter().map(|&x| f64::from(x)).collect();
        let single = [Value::Array(Array::from_slice(&[3, 4], &single).expect("fits"))];
        let double = [Value::Array(Array::from_slice(&[3, 4], &double).expect("fits"))];
        for function in ["f", "grad(g)", "|x| jvp(g, x, x).1"] {
            let (a, b) = (ask(&program, function, &single), ask(&program, function, &double));
            assert_eq!(a.len(), b.len());
            for (a, b) in a.iter().zip(&b) {
                assert!((a - b).abs() <= 2e-4 * (1.0 + b.abs()), "{function} of {expression}: f32 {a}, f64 {b}");
            }
        }
        if !SINGLE_MEETS_DOUBLE.contains(expression) {
            let value = program.dynamic("f").and_then(|f| f.call(&single)).expect("it runs");
            let Value::Array(array) = &value else { panic!("{expression} gives an array") };
            assert_eq!(array.dtype(), DType::F32, "{expression}");
        }
    }
}

/// Those that also take an array of `f64`, which decides.
const SINGLE_MEETS_DOUBLE: &[&str] = &[
    "quantile(x, [0.2, 0.7], axis = 0)",
    "interp(x[0], [-1.0, 0.0, 0.3, 1.0], x[1])",
    "linspace(x[0, 0], x[1, 1], 5)",
];

#[test]
fn lanes_agree_with_single_calls() {
    for expression in ARRAY_FUNCTIONS {
        let program = compile(&format!("fn f(x) = {expression}\nfn g(x) = sum(sin(f(x)))"));
        let data = probe();
        let half: Vec<f64> = data.iter().map(|x| x / 2.0).collect();
        let both = [data.clone(), half.clone()].concat();
        let one = |d: &[f64]| [Value::Array(Array::from_slice(&[3, 4], d).expect("fits"))];
        let two = [Value::Array(Array::from_slice(&[2, 3, 4], &both).expect("fits"))];
        for function in ["f", "grad(g)", "|x| jvp(g, x, x).1"] {
            let alone = [ask(&program, function, &one(&data)), ask(&program, function, &one(&half))].concat();
            let lanes = ask(&program, &format!("vmap({function})"), &two);
            assert_eq!(alone.len(), lanes.len(), "{function} of {expression}");
            for (a, b) in alone.iter().zip(&lanes) {
                assert!((a - b).abs() <= 1e-13 * (1.0 + a.abs()), "{function} of {expression}: alone {a}, a lane {b}");
            }
        }
    }
}
