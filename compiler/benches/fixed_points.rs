//! What derivatives of fixed points cost in time and memory, beside reverse mode through the unrolled iterations.
//!
//! ```text
//! cargo bench -p adl-compiler --bench fixed_points
//! ```

use adl_compiler::engine::{DynFunction, Engine};
use adl_runtime::{Array, Value};
use std::time::{Duration, Instant};

const TEXT: &str = include_str!("fixed_points.adl");

fn function(expr: &str, memory: usize) -> DynFunction {
    let program = Engine::new().with_memory_limit(memory).compile("fixed_points.adl", TEXT).expect("it compiles");
    program.dynamic(expr).expect("the function exists")
}

/// The median time of a few calls after the first.
fn time(expr: &str, args: &[Value]) -> Duration {
    let f = function(expr, usize::MAX / 4);
    f.call(args).expect("it succeeds");
    let once = || {
        let start = Instant::now();
        f.call(args).expect("it succeeds");
        start.elapsed()
    };
    let mut times: Vec<Duration> = (0..7).map(|_| once()).collect();
    times.sort();
    times[3]
}

/// The least memory limit with which a call succeeds, within a hundredth: what the call takes beside its arguments.
fn memory(expr: &str, args: &[Value]) -> usize {
    let fits = |bytes: usize| function(expr, bytes).call(args).is_ok();
    let (mut low, mut high) = (1usize << 10, 1usize << 33);
    while high - low > low / 100 {
        let middle = low.midpoint(high).min(2 * low);
        if fits(middle) { high = middle } else { low = middle }
    }
    high
}

fn row(name: &str, expr: &str, args: &[Value]) {
    let bytes = memory(expr, args) as f64 / 1024.0;
    println!("{name:40} {:>12.3} ms {bytes:>12.1} KiB", time(expr, args).as_secs_f64() * 1e3);
}

fn main() {
    let n = 2000;
    let draw = |expr: &str| function(expr, usize::MAX / 4).call(&[]).expect("it succeeds");
    let w = draw("|| 0.9 * randn(1, (2000, 2000)) / sqrt(2000)");
    let b = draw("|| randn(2, 2000)");
    println!("equilibrium of {n} numbers");
    for (name, expr) in [
        ("  value", "equilibrium"),
        ("  gradient by b", "grad(equilibrium, wrt = b)"),
        ("  gradient by W and b", "grad(equilibrium, wrt = (W, b))"),
        ("  value, unrolled", "unrolled"),
        ("  gradient by b, unrolled", "grad(unrolled, wrt = b)"),
        ("  gradient by W and b, unrolled", "grad(unrolled, wrt = (W, b))"),
    ] {
        row(name, expr, &[w.clone(), b.clone()]);
    }
    let b: Vec<f64> = (0..50).map(|k| f64::from(k).cos() * 1e-3).collect();
    let b = Value::from(Array::from(b));
    for rounds in [100, 1000, 10_000, 100_000_i64] {
        println!("contraction of 50 numbers, about {rounds} rounds");
        let s = Value::from(28.0 / rounds as f64);
        let (two, three) = ([b.clone(), s.clone()], [b.clone(), s, Value::from(rounds)]);
        row("  value", "contraction", &two);
        row("  gradient", "grad(contraction)", &two);
        row("  gradient, unrolled", "grad(contraction_unrolled)", &three);
    }
}
