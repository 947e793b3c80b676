//! How long compilation takes, and how fast the code is: `cargo test --release --test codegen_time -- --nocapture`. The
//! limits that are checked are loose, since debug builds pass them too.

mod codegen_support;

use adl_compiler::codegen::compile;
use adl_compiler::ir::FuncId;
use adl_compiler::ir::entity::Entity;
use adl_runtime::{Array, Workspace};
use codegen_support::{native, read};
use std::time::Instant;

const PROGRAMS: &[(&str, &str)] = &[
    (
        "scalar",
        "func @0 f[](v0: f64, v1: f64) -> f64 {\n  v2 = sin v0\n  v3 = mul v2 v1\n  v4 = add v3 v0\n  yield v4\n}\n",
    ),
    (
        "loop",
        "func @0 f[](v0: f64, v1: i64) -> f64 {\n  v2 = const 1.0\n  v3 = for v1 (v2) { (v4: i64, v5: f64)\n    v6 = mul v5 v0\n    yield v6\n  }\n  yield v3\n}\n",
    ),
    (
        "chain",
        "func @0 f[n](v0: f64[n], v1: f64[n]) -> f64[n] {\n  v2 = mul v0 v1\n  v3 = add v2 v0\n  v4 = mul v3 v1\n  v5 = add v4 v0\n  yield v5\n}\n",
    ),
    (
        "sum",
        "func @0 f[n](v0: f64[n]) -> f64 {\n  v1 = mul v0 v0\n  v2 = reduce sum [0] v1\n  yield v2\n}\n",
    ),
    (
        "stencil",
        "func @0 f[n](v0: f64[n + 2, n + 2]) -> f64[n, n] {\n  v1 = const 0\n  v2 = const 1\n  v3 = const 2\n  v4 = index v0 [from v2 len n step 1, from v1 len n step 1]\n  v5 = index v0 [from v2 len n step 1, from v3 len n step 1]\n  v6 = index v0 [from v1 len n step 1, from v2 len n step 1]\n  v7 = index v0 [from v3 len n step 1, from v2 len n step 1]\n  v8 = add v4 v5\n  v9 = add v6 v7\n  v10 = add v8 v9\n  yield v10\n}\n",
    ),
    (
        "layer",
        "func @0 f[n, m](v0: f64[n, m], v1: f64[m], v2: f64[n]) -> f64[n] {\n  v3 = reshape [m, 1] v1\n  v4 = matmul v0, v3\n  v5 = reshape [n] v4\n  v6 = add v5 v2\n  v7 = tanh v6\n  yield v7\n}\n",
    ),
];

#[test]
fn compile_time() {
    for (name, text) in PROGRAMS {
        let module = read(text);
        let mut best = f64::INFINITY;
        for _ in 0..30 {
            let start = Instant::now();
            let native = compile(&module, FuncId::new(0)).unwrap();
            best = best.min(start.elapsed().as_secs_f64());
            drop(native);
        }
        let stats = compile(&module, FuncId::new(0)).unwrap().stats();
        println!("{name:8} {:7.0} us, {} bytes", best * 1e6, stats.code_bytes);
        assert!(best < 0.05, "{name} takes {best} s");
    }
}

fn time(name: &str, text: &str, sizes: &[i64], args: &[Array], elements: usize) {
    let native = native(text);
    let mut workspace = Workspace::new();
    let mut best = f64::INFINITY;
    for _ in 0..200 {
        let start = Instant::now();
        let found = native.run(&mut workspace, sizes, args).unwrap();
        best = best.min(start.elapsed().as_secs_f64());
        drop(found);
    }
    println!(
        "{name:8} {:9.3} us, {:.3} ns per element",
        best * 1e6,
        best * 1e9 / elements as f64
    );
}

#[test]
fn run_time() {
    let vector = |n: usize| Array::from_slice(&[n], &vec![0.5; n]).unwrap();
    let text = |name: &str| PROGRAMS.iter().find(|(n, _)| *n == name).unwrap().1;
    for n in [16, 1024, 16_384] {
        time(
            "chain",
            text("chain"),
            &[n as i64],
            &[vector(n), vector(n)],
            n,
        );
        time("sum", text("sum"), &[n as i64], &[vector(n)], n);
    }
    for n in [16, 128] {
        let grid = Array::from_slice(&[n + 2, n + 2], &vec![0.5; (n + 2) * (n + 2)]).unwrap();
        time("stencil", text("stencil"), &[n as i64], &[grid], n * n);
    }
    let rounds = Array::from_slice(&[], &[10_000i64]).unwrap();
    time(
        "loop",
        text("loop"),
        &[],
        &[Array::from_slice(&[], &[1.0001]).unwrap(), rounds],
        10_000,
    );
}
