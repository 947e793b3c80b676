//! A formula that the user types at run time is fitted to data by the crate `levenberg-marquardt`,
//! with exact derivatives.
//!
//! ```text
//! cargo run --example fit -- 'p[0] * exp(-p[1] * t) + p[2]' 1 1 0
//! ```

use adl::{Array, Error, Function};
use levenberg_marquardt::{LeastSquaresProblem, LevenbergMarquardt};
use nalgebra::storage::Owned;
use nalgebra::{DMatrix, DVector, Dyn};

/// The residuals of a model at the data, and their matrix of derivatives.
struct Fit<'d> {
    parameters: DVector<f64>,
    times: &'d [f64],
    values: &'d [f64],
    residuals: Function<fn([f64], [f64], [f64]) -> Vec<f64>>,
    jacobian: Function<fn([f64], [f64], [f64]) -> Array<f64, 2>>,
}

impl<'d> Fit<'d> {
    fn new(formula: &str, start: &[f64], times: &'d [f64], values: &'d [f64]) -> Result<Fit<'d>, Error> {
        let text = format!("fn model(p, t) = {formula}\nfn residuals(p, ts, ys) = [model(p, t) for t in ts] - ys");
        let residuals = adl::compile(&text)?.function::<fn([f64], [f64], [f64]) -> Vec<f64>>("residuals")?;
        let jacobian = residuals.jacobian()?;
        let fit = Fit { parameters: DVector::from_column_slice(start), times, values, residuals, jacobian };
        // What is wrong with the formula shows here, before the first step.
        fit.jacobian.call((fit.parameters.as_slice(), times, values))?;
        Ok(fit)
    }
}

impl LeastSquaresProblem<f64, Dyn, Dyn> for Fit<'_> {
    type ParameterStorage = Owned<f64, Dyn>;
    type ResidualStorage = Owned<f64, Dyn>;
    type JacobianStorage = Owned<f64, Dyn, Dyn>;

    fn set_params(&mut self, parameters: &DVector<f64>) {
        self.parameters.copy_from(parameters);
    }

    fn params(&self) -> DVector<f64> {
        self.parameters.clone()
    }

    fn residuals(&self) -> Option<DVector<f64>> {
        let found = self.residuals.call((self.parameters.as_slice(), self.times, self.values));
        found.ok().map(DVector::from_vec)
    }

    fn jacobian(&self) -> Option<DMatrix<f64>> {
        let found = self.jacobian.call((self.parameters.as_slice(), self.times, self.values)).ok()?;
        let [rows, columns] = found.dims();
        Some(DMatrix::from_row_slice(rows, columns, found.data()))
    }
}

/// Fits a formula in `p` and `t`; the parameters that fit best.
pub fn fit(formula: &str, start: &[f64], times: &[f64], values: &[f64]) -> Result<Vec<f64>, Error> {
    let (found, report) = LevenbergMarquardt::new().minimize(Fit::new(formula, start, times, values)?);
    println!("{formula}: {:?} after {} evaluations", report.termination, report.number_of_evaluations);
    Ok(found.parameters.as_slice().to_vec())
}

/// Points of a decay, with a small disturbance that is the same each time.
pub fn data() -> (Vec<f64>, Vec<f64>) {
    let times: Vec<f64> = (0..40).map(|k| 0.1 * f64::from(k)).collect();
    let value = |t: &f64| 2.5 * (-1.3 * t).exp() + 0.5 + 1e-3 * (37.0 * t).sin();
    let values = times.iter().map(value).collect();
    (times, values)
}

/// Takes the formula and the start from the command line.
fn main() -> Result<(), Error> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (formula, start) = match words.split_first() {
        Some((formula, start)) => (formula.as_str(), start.iter().filter_map(|word| word.parse().ok()).collect()),
        None => ("p[0] * exp(-p[1] * t) + p[2]", vec![1.0, 1.0, 0.0]),
    };
    let (times, values) = data();
    println!("p = {:.4?}", fit(formula, &start, &times, &values)?);
    Ok(())
}

#[test]
fn typed_formulas_are_fitted() {
    let (times, values) = data();
    let found = fit("p[0] * exp(-p[1] * t) + p[2]", &[1.0, 1.0, 0.0], &times, &values).unwrap();
    for (found, wanted) in found.iter().zip([2.5, 1.3, 0.5]) {
        assert!((found - wanted).abs() < 5e-3, "{found} {wanted}");
    }
    // A mistake of the user is an error that shows the formula.
    let problem = fit("p[0] * expp(-t)", &[1.0], &times, &values).unwrap_err().to_string();
    assert!(problem.contains("expp") && problem.contains("exp"), "{problem}");
}
