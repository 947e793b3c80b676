//! A stiff differential equation: the right side and its matrix of derivatives come from the language,
//! the implicit Euler method with Newton's iteration from here, the linear algebra from `nalgebra`.
//! The folder `diffsol` has the same problem for the solver of that name.
//!
//! ```text
//! cargo run --example stiff
//! ```

use adl::{Array, Error, Function, Workspace};
use nalgebra::{DMatrix, DVector};

/// Robertson's reactions: rates that differ by nine orders of magnitude.
const TEXT: &str = "fn rates(y: f64[3], k: (slow: f64, fast: f64, middle: f64)) {
  let [a, b, c] = y
  let (first, second, third) = (k.slow * a, k.fast * b^2, k.middle * b * c)
  [third - first, first - second - third, second]
}";

adl::record! {
    /// The speeds of the reactions.
    pub struct Speeds {
        slow: f64,
        fast: f64,
        middle: f64,
    }
}

/// A right side, its derivatives, and the memory for them.
struct Equation {
    rates: Function<fn([f64], Speeds) -> Vec<f64>>,
    slopes: Function<fn([f64], Speeds) -> Array<f64, 2>>,
    workspaces: (Workspace, Workspace),
    change: DVector<f64>,
    matrix: Array<f64, 2>,
}

impl Equation {
    fn new() -> Result<Equation, Error> {
        let rates = adl::compile(TEXT)?.function::<fn([f64], Speeds) -> Vec<f64>>("rates")?;
        let slopes = rates.jacobian()?;
        let workspaces = (rates.workspace(), slopes.workspace());
        let matrix = Array::from([[0.0; 3]; 3]);
        Ok(Equation { rates, slopes, workspaces, change: DVector::zeros(3), matrix })
    }

    /// One step: solves `next = y + h · rates(next)`.
    fn step(&mut self, y: &mut DVector<f64>, speeds: &Speeds, h: f64) -> Result<(), Error> {
        let start = y.clone();
        for _ in 0..20 {
            let (rates, slopes) = &mut self.workspaces;
            self.rates.call_into(rates, (y.as_slice(), speeds), self.change.as_mut_slice())?;
            self.slopes.call_into(slopes, (y.as_slice(), speeds), &mut self.matrix)?;
            let matrix = DMatrix::identity(3, 3) - h * DMatrix::from_row_slice(3, 3, self.matrix.data());
            let off = &*y - &start - h * &self.change;
            let Some(step) = matrix.lu().solve(&off) else { break };
            *y -= &step;
            if step.amax() < 1e-14 {
                break;
            }
        }
        Ok(())
    }
}

/// The amounts after that time, in steps that grow.
pub fn solve(end: f64) -> Result<Vec<f64>, Error> {
    let mut equation = Equation::new()?;
    let speeds = Speeds { slow: 0.04, fast: 3e7, middle: 1e4 };
    let (mut y, mut time, mut h) = (DVector::from_vec(vec![1.0, 0.0, 0.0]), 0.0, 1e-6);
    while time < end {
        let now = f64::min(h, end - time);
        equation.step(&mut y, &speeds, now)?;
        time += now;
        h *= 1.002;
    }
    Ok(y.as_slice().to_vec())
}

fn main() -> Result<(), Error> {
    for end in [0.4, 40.0, 4000.0] {
        println!("after {end}: {:.6?}", solve(end)?);
    }
    Ok(())
}

#[test]
fn the_solution_is_that_of_the_literature() {
    // Hairer and Wanner; a method of first order comes near it.
    for (end, wanted) in [(0.4, [0.98517, 3.3864e-5, 0.014794]), (40.0, [0.71582, 9.1851e-6, 0.28417])] {
        for (found, wanted) in solve(end).unwrap().iter().zip(wanted) {
            assert!((found - wanted).abs() < 2e-3 * wanted.abs(), "{end}: {found} {wanted}");
        }
    }
    main().unwrap();
}
