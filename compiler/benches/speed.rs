//! Speed beside hand-written Rust, and how long compilation takes.
//!
//! ```text
//! RUSTFLAGS="-C target-cpu=native" cargo bench -p adl-compiler --bench speed
//! ```
//!
//! Each pair `adl/…` and `rust/…` does the same work on the same data, with results in memory that is there already;
//! only their ratio means something.

use adl_compiler::engine::{DynFunction, Engine};
use adl_runtime::{Array, Value};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;

const TEXT: &str = include_str!("speed.adl");

fn function(name: &str) -> DynFunction {
    let program = Engine::new().compile("speed.adl", TEXT).expect("the programs compile");
    program.dynamic(name).expect("the function exists")
}

fn vector(n: usize) -> Vec<f64> {
    (0..n).map(|k| 0.3 + 0.2 * (k as f64).sin()).collect()
}

fn array(data: Vec<f64>) -> Value {
    Value::from(Array::from(data))
}

fn pair(c: &mut Criterion, name: &str, adl: &str, args: &[Value], rust: &mut dyn FnMut()) {
    let f = function(adl);
    let mut group = c.benchmark_group(name);
    let mut out = Value::None;
    group.bench_function("adl", |b| {
        b.iter(|| {
            f.call_into(args, &mut out).expect("succeeds");
            black_box(&out);
        })
    });
    group.bench_function("rust", |b| b.iter(&mut *rust));
    group.finish();
}

fn lotka_volterra(n: usize) -> f64 {
    let (mut u, mut v) = (1.0f64, 0.5f64);
    for _ in 0..n {
        let du = u * (1.1 - 0.4 * v);
        let dv = v * (0.1 * u - 0.4);
        u += 1e-4 * du;
        v += 1e-4 * dv;
    }
    u + v
}

fn scalars(c: &mut Criterion) {
    let n = 100_000;
    pair(c, "scalar recurrence", "recurrence", &[Value::from(n as i64)], &mut || {
        black_box(lotka_volterra(black_box(n)));
    });
    let x = vector(n);
    let data = x.clone();
    let mut y = vec![0.0; data.len()];
    pair(c, "indexed updates", "filter", &[array(x)], &mut || {
        y.copy_from_slice(black_box(&data));
        // A slice of its own, so that the entry before stays in a register.
        let y = &mut y[..];
        for i in 1..y.len() {
            y[i] = 0.9 * y[i - 1] + 0.1 * y[i] * y[i];
        }
        black_box(y);
    });
}

fn chains(c: &mut Criterion) {
    for (name, n) in [("chain in cache", 10_000), ("chain out of cache", 10_000_000)] {
        let x = vector(n);
        let data = x.clone();
        let mut y = vec![0.0; n];
        pair(c, name, "chain", &[array(x)], &mut || {
            for (y, &x) in y.iter_mut().zip(black_box(&data)) {
                *y = (((0.1 * x + 0.2) * x - 0.3) * x + 0.4) * x + 0.5;
            }
            black_box(&y);
        });
    }
    let x = vector(10_000);
    let data = x.clone();
    pair(c, "sum of squares", "sum_of_squares", &[array(x)], &mut || {
        // Eight partial sums, as a careful author writes it; one alone is bound by the latency of addition.
        let mut sums = [0.0; 8];
        for part in black_box(&data).chunks_exact(8) {
            for (sum, x) in sums.iter_mut().zip(part) {
                *sum += x * x;
            }
        }
        black_box(sums.iter().sum::<f64>());
    });
}

/// Functions of 10,000 entries, beside the functions of Rust in a loop.
fn functions(c: &mut Criterion) {
    let table: [(&str, fn(f64) -> f64); 4] =
        [("exp", f64::exp), ("log", f64::ln), ("sin", f64::sin), ("tanh", f64::tanh)];
    for (name, function) in table {
        let x = vector(10_000);
        let data = x.clone();
        let mut y = vec![0.0; data.len()];
        pair(c, &format!("{name} of an array"), &format!("every_{name}"), &[array(x)], &mut || {
            y.iter_mut().zip(black_box(&data)).for_each(|(y, &x)| *y = function(x));
            black_box(&y);
        });
    }
}

/// A layer for many inputs by `vmap`, beside one product of faer and a loop.
fn batches(c: &mut Criterion) {
    let (batch, m, k) = (512, 64, 64);
    let (weights, inputs) = (vector(m * k), vector(batch * k));
    let w = faer::Mat::from_fn(k, m, |i, j| weights[j * k + i]);
    let x = faer::Mat::from_fn(batch, k, |i, j| inputs[i * k + j]);
    let mut y = faer::Mat::<f64>::zeros(batch, m);
    let matrix = |rows: usize, cols: usize, data: &[f64]| {
        Value::from(Array::from_slice(&[rows, cols], data).expect("the sizes fit"))
    };
    let args = [matrix(m, k, &weights), matrix(batch, k, &inputs)];
    pair(c, "layer in a batch", "layers", &args, &mut || {
        let accumulate = faer::Accum::Replace;
        faer::linalg::matmul::matmul(y.as_mut(), accumulate, black_box(x.as_ref()), w.as_ref(), 1.0, faer::Par::Seq);
        y.col_iter_mut().for_each(|column| column.iter_mut().for_each(|y| *y = y.tanh()));
        black_box(&y);
    });
}

fn products(c: &mut Criterion) {
    for n in [64, 256, 512] {
        let data = vector(n * n);
        let a = faer::Mat::from_fn(n, n, |i, j| data[i * n + j]);
        let mut out = faer::Mat::<f64>::zeros(n, n);
        let square = Value::from(Array::from_slice(&[n, n], &data).expect("fits"));
        pair(c, &format!("product {n}"), "product", &[square.clone(), square], &mut || {
            let accumulate = faer::Accum::Replace;
            faer::linalg::matmul::matmul(
                out.as_mut(),
                accumulate,
                black_box(a.as_ref()),
                a.as_ref(),
                1.0,
                faer::Par::Seq,
            );
            black_box(&out);
        });
    }
}

fn systems(c: &mut Criterion) {
    for n in [10, 100, 500] {
        let mut data: Vec<f64> = (0..n * n).map(|k| (1.7 * k as f64 * k as f64).sin()).collect();
        data.iter_mut().step_by(n + 1).for_each(|x| *x += 3.0);
        let a = faer::Mat::from_fn(n, n, |i, j| data[i * n + j]);
        let right = vector(n);
        let b = faer::Mat::from_fn(n, 1, |i, _| right[i]);
        let square = Value::from(Array::from_slice(&[n, n], &data).expect("fits"));
        pair(c, &format!("solve {n}"), "system", &[square, array(right)], &mut || {
            use faer::linalg::solvers::Solve;
            black_box(black_box(a.as_ref()).partial_piv_lu().solve(&b));
        });
    }
}

/// What a call costs besides its work.
fn calls(c: &mut Criterion) {
    let mut group = c.benchmark_group("call");
    let (x, short) = (Value::from(1.9), array(vector(9)));
    let (double, chain) = (function("double"), function("chain"));
    let mut out = Value::None;
    group.bench_function("scalar", |b| b.iter(|| black_box(double.call(std::slice::from_ref(&x)).expect("succeeds"))));
    group.bench_function("scalar into", |b| b.iter(|| double.call_into(&[&x], &mut out).expect("succeeds")));
    group.bench_function("short array", |b| {
        b.iter(|| black_box(chain.call(std::slice::from_ref(&short)).expect("succeeds")))
    });
    group.bench_function("short array into", |b| b.iter(|| chain.call_into(&[&short], &mut out).expect("succeeds")));
    // What a typed handle costs beside a function that the compiler of Rust may not see through.
    let program = Engine::new().compile("speed.adl", TEXT).expect("the programs compile");
    let typed = program.function::<fn(f64) -> f64>("double").expect("the function exists");
    let slope = typed.value_and_grad().expect("it has one");
    let plain: fn(f64) -> f64 = |x| 2.0 * x;
    group.bench_function("plain function of Rust", |b| b.iter(|| black_box(plain)(black_box(1.9))));
    group.bench_function("typed scalar", |b| b.iter(|| typed.call((black_box(1.9),)).expect("succeeds")));
    group.bench_function("typed value and gradient", |b| b.iter(|| slope.call((black_box(1.9),)).expect("succeeds")));
    let typed = program.function::<fn([f64]) -> Vec<f64>>("chain").expect("the function exists");
    let (short, mut place, mut workspace) = (vector(9), vec![0.0; 9], typed.workspace());
    group.bench_function("typed short array", |b| b.iter(|| typed.call((&short,)).expect("succeeds")));
    group.bench_function("typed short array into", |b| {
        b.iter(|| typed.call_into(&mut workspace, (&short,), &mut place).expect("succeeds"))
    });
    group.finish();
}

fn compilation(c: &mut Criterion) {
    let mut group = c.benchmark_group("text to native gradient");
    let x = array(vector(16));
    group.bench_function("ten lines of scalars", |b| {
        b.iter(|| {
            let program = Engine::new().compile("scalar.adl", include_str!("scalar.adl")).expect("compiles");
            black_box(program.dynamic("grad(f)").and_then(|g| g.call(&[Value::from(1.9)])).expect("succeeds"));
        });
    });
    group.bench_function("network", |b| {
        b.iter(|| {
            let program = Engine::new().compile("speed.adl", TEXT).expect("compiles");
            black_box(
                program.dynamic("grad(network)").and_then(|g| g.call(std::slice::from_ref(&x))).expect("succeeds"),
            );
        });
    });
    group.finish();
}

criterion_group!(benches, scalars, chains, functions, batches, products, systems, calls, compilation);
criterion_main!(benches);
