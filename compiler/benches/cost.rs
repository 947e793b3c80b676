//! What a gradient costs: executed instructions of gradient and value, counted by callgrind, at two sizes.
//!
//! ```text
//! cargo bench -p adl-compiler --bench cost
//! ```
//!
//! For each program of `cost.adl` the benchmark runs itself under `valgrind --tool=callgrind` with one call
//! and with three; half the difference is what a call executes, compilation and start left out.

use adl_compiler::engine::Engine;
use adl_runtime::{Array, Value};
use std::process::Command;

const PROGRAMS: &[&str] = &[
    "scalar_loop",
    "array_loop",
    "data_dependent_while",
    "recursion",
    "comprehension",
    "network",
    "prefix_updates",
    "stencil",
    "runge_kutta",
    "nested_loops",
];
const SIZES: [usize; 2] = [512, 5120];

fn main() {
    let args: Vec<String> = std::env::args().collect();
    match args.iter().position(|a| a == "--call") {
        Some(at) => call(&args[at + 1], &args[at + 2], &args[at + 3]),
        None => table(),
    }
}

/// Calls one function so many times.
fn call(function: &str, size: &str, times: &str) {
    let (size, times): (usize, usize) = (size.parse().expect("a size"), times.parse().expect("a number"));
    let program = Engine::new().compile("cost.adl", include_str!("cost.adl")).expect("the programs compile");
    let function = program.dynamic(function).expect("the function exists");
    let data: Vec<f64> = (0..size).map(|k| 0.3 + 0.2 * (k as f64).sin()).collect();
    let x = [Value::from(Array::from(data))];
    for _ in 0..times {
        std::hint::black_box(function.call(&x).expect("the call succeeds"));
    }
}

/// Instructions of one call.
fn instructions(function: &str, size: usize) -> Option<f64> {
    let count = |times: &str| -> Option<f64> {
        let exe = std::env::current_exe().ok()?;
        let output = Command::new("valgrind")
            // Otherwise long copies are one instruction that is counted once for each byte.
            .env("GLIBC_TUNABLES", "glibc.cpu.x86_rep_movsb_threshold=1000000000")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(exe)
            .args(["--call", function, &size.to_string(), times])
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let line = text.lines().find(|l| l.contains("Collected :"))?;
        line.rsplit(' ').next()?.parse().ok()
    };
    Some((count("3")? - count("1")?) / 2.0)
}

fn table() {
    println!("{:<22} {:>8} {:>14} {:>14} {:>7}", "program", "size", "value", "gradient", "ratio");
    for program in PROGRAMS {
        for size in SIZES {
            let (value, gradient) =
                (instructions(program, size), instructions(&format!("value_and_grad({program})"), size));
            match (value, gradient) {
                (Some(v), Some(g)) => println!("{program:<22} {size:>8} {v:>14.0} {g:>14.0} {:>7.2}", g / v),
                _ => println!("{program:<22} {size:>8} (valgrind did not count)"),
            }
        }
    }
}
