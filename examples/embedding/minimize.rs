//! The crate `argmin` minimises a function of the language by its gradient.
//!
//! ```text
//! cargo run --example minimize
//! ```

use adl::Function;
use argmin::core::{CostFunction, Error, Executor, Gradient, State};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;

const TEXT: &str = "fn valley(x: f64[n]) = sum((1 - x[..-1])^2 + 100 * (x[1..] - x[..-1]^2)^2)";

struct Valley {
    value: Function<fn([f64]) -> f64>,
    gradient: Function<fn([f64]) -> Vec<f64>>,
}

impl CostFunction for Valley {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, x: &Vec<f64>) -> Result<f64, Error> {
        Ok(self.value.call((x,))?)
    }
}

impl Gradient for Valley {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, x: &Vec<f64>) -> Result<Vec<f64>, Error> {
        Ok(self.gradient.call((x,))?)
    }
}

/// The least value, and where it is.
pub fn minimum(start: Vec<f64>) -> Result<(f64, Vec<f64>), Error> {
    let value = adl::compile(TEXT)?.function::<fn([f64]) -> f64>("valley")?;
    let problem = Valley { gradient: value.grad()?, value };
    let solver = LBFGS::new(MoreThuenteLineSearch::new(), 7);
    let result = Executor::new(problem, solver).configure(|state| state.param(start).max_iters(200)).run()?;
    let state = result.state();
    Ok((state.get_best_cost(), state.get_best_param().cloned().unwrap_or_default()))
}

fn main() -> Result<(), Error> {
    let (least, place) = minimum(vec![0.5, 2.0, 1.2, 0.8, -1.0])?;
    println!("{least:.1e} at {place:.6?}");
    Ok(())
}

#[test]
fn the_minimum_is_found() {
    let (least, place) = minimum(vec![0.5, 2.0, 1.2, 0.8]).unwrap();
    assert!(least < 1e-12 && place.iter().all(|x| (x - 1.0).abs() < 1e-5), "{least} {place:?}");
    main().unwrap();
}
