//! A stiff differential equation with the crate `diffsol`: the right side, and the product of its derivatives
//! with a vector, come from a text in the language.
//!
//! ```text
//! cargo run --manifest-path examples/embedding/diffsol/Cargo.toml
//! ```

use adl::Function;
use diffsol::{NalgebraLU, NalgebraMat, OdeBuilder, OdeSolverMethod};
use std::cell::RefCell;

/// Robertson's reactions: rates that differ by nine orders of magnitude.
const TEXT: &str = "fn rates(y: f64[3], k: f64[3]) {
  let [a, b, c] = y
  let (first, second, third) = (k[0] * a, k[1] * b^2, k[2] * b * c)
  [third - first, first - second - third, second]
}";

/// At the time 40. With tolerances of 1e-12 the solver comes within 2e-11 of it.
const KNOWN: [f64; 3] = [0.715827068718514, 9.18553476455894e-6, 0.284163745747216];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rates: Function<fn([f64], [f64]) -> Vec<f64>> = adl::compile(TEXT)?.function("rates")?;
    let pushed = rates.jvp()?;
    // A workspace belongs to one call at a time.
    let (memory, pushed_memory) = (RefCell::new(rates.workspace()), RefCell::new(pushed.workspace()));
    let problem = OdeBuilder::<NalgebraMat<f64>>::new()
        .rtol(1e-8)
        .atol([1e-10, 1e-14, 1e-10])
        .p([0.04, 3e7, 1e4])
        .rhs_implicit(
            |y, k, _, out| {
                // The solver takes no errors; it refuses a step with what is no number.
                if rates.call_into(&mut memory.borrow_mut(), (y, k), &mut *out).is_err() {
                    out.fill(f64::NAN);
                }
            },
            |y, k, _, v, out| {
                let mut value = [0.0; 3];
                let place = (&mut value, &mut *out);
                if pushed.call_into(&mut pushed_memory.borrow_mut(), (y, k, v), place).is_err() {
                    out.fill(f64::NAN);
                }
            },
        )
        .init(|_, _, y| y.copy_from_slice(&[1.0, 0.0, 0.0]), 3)
        .build()?;
    let mut solver = problem.bdf::<NalgebraLU<f64>>()?;
    let mut steps = 0;
    while solver.state().t < 40.0 {
        solver.step()?;
        steps += 1;
    }
    let y = solver.interpolate(40.0)?;
    let off = (0..3).map(|k| (y[k] / KNOWN[k] - 1.0).abs()).fold(0.0, f64::max);
    println!("y(40) = [{:.6}, {:.6e}, {:.6}] after {steps} steps", y[0], y[1], y[2]);
    println!("relative to the known solution: {off:.0e}");
    assert!(off < 1e-5);
    Ok(())
}
