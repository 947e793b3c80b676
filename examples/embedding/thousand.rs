//! A thousand formulas, each compiled with its derivative, used and dropped: what the memory of the process does.
//!
//! ```text
//! cargo run --release --example thousand
//! ```

use adl::{Engine, Error};
use std::time::Instant;

/// Kilobytes of memory that the process has in use, where the system tells.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Compiles and drops so many formulas; the sum of their slopes, which are known.
pub fn many(engine: &Engine, from: u32, to: u32) -> Result<f64, Error> {
    let mut sum = 0.0;
    for k in from..to {
        let text = format!("fn f(x) = {k} * x^2 + sin({k} * x) / {}", k + 1);
        let f = engine.compile("formula", &text)?.function::<fn(f64) -> f64>("f")?;
        sum += f.value_and_grad()?.call((0.0,))?.1;
    }
    Ok(sum)
}

fn main() -> Result<(), Error> {
    let engine = Engine::new();
    many(&engine, 0, 10)?;
    let (before, start) = (resident(), Instant::now());
    many(&engine, 0, 1000)?;
    let (seconds, after) = (start.elapsed().as_secs_f64(), resident());
    println!("{:.2} ms for each formula with its derivative", seconds);
    if let (Some(before), Some(after)) = (before, after) {
        println!("{before} kB in use before, {after} kB after");
    }
    println!("{} bytes of code are left", engine.statistics().code_bytes);
    Ok(())
}

#[test]
fn memory_goes_back() {
    let engine = Engine::new();
    // The first ones make what the library shares.
    many(&engine, 0, 100).unwrap();
    let before = resident();
    let slopes = many(&engine, 0, 1000).unwrap();
    let expected: f64 = (0..1000).map(|k| f64::from(k) / f64::from(k + 1)).sum();
    assert!((slopes - expected).abs() < 1e-9);
    assert_eq!(engine.statistics().code_bytes, 0);
    if let (Some(before), Some(after)) = (before, resident()) {
        // A thousand formulas that stayed would be 20 MB and more.
        assert!(after < before + 8 * 1024, "{before} kB before, {after} kB after");
    }
}
