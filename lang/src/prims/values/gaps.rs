//! Differences `f(a + b) - f(a)` of the digamma function and its derivative, as sums of terms
//! that do not cancel however near or large the arguments are.

use super::gamma::{BERNOULLI, digamma, polygamma};

/// From here on the asymptotic series give all digits with this many terms.
const LARGE: f64 = 20.0;
const TERMS: usize = 8;

/// `ψ(a + b) - ψ(a)`.
pub extern "C" fn digamma_gap(a: f64, b: f64) -> f64 {
    if !positive(a, b) {
        return if a == f64::INFINITY { 0.0 } else { digamma(a + b) - digamma(a) };
    }
    // ψ(y) = ψ(y + 1) - 1/y, and log y - 1/(2y) - Σ B₂ₖ / (2k y²ᵏ) for large y.
    let (mut y, mut sum) = (a, 0.0);
    while y < LARGE {
        sum += Inverses::new(y, b).difference;
        y += 1.0;
    }
    let inverses = Inverses::new(y, b);
    let series = inverses.series(inverses.squares(), |k| 1.0 / (2.0 * k));
    sum + (series + 0.5 * inverses.difference + pxfm::f_log1p(b / y))
}

/// `ψ′(a + b) - ψ′(a)`.
pub extern "C" fn trigamma_gap(a: f64, b: f64) -> f64 {
    if !positive(a, b) {
        return if a == f64::INFINITY { 0.0 } else { polygamma(1.0, a + b) - polygamma(1.0, a) };
    }
    // ψ′(y) = ψ′(y + 1) + 1/y², and 1/y + 1/(2y²) + Σ B₂ₖ / y²ᵏ⁺¹ for large y.
    let (mut y, mut sum) = (a, 0.0);
    while y < LARGE {
        sum += Inverses::new(y, b).squares();
        y += 1.0;
    }
    let inverses = Inverses::new(y, b);
    let (p, q) = (inverses.near, inverses.far);
    // Of the third powers.
    let cubes = inverses.difference * (p * p + p * q + q * q);
    -(sum + (inverses.series_from(cubes, q) + 0.5 * inverses.squares() + inverses.difference))
}

fn positive(a: f64, b: f64) -> bool {
    a > 0.0 && b > 0.0 && a.is_finite()
}

/// `1/y` and `1/(y + b)`.
struct Inverses {
    near: f64,
    far: f64,
    difference: f64,
}

impl Inverses {
    fn new(y: f64, b: f64) -> Inverses {
        let (near, far) = (1.0 / y, 1.0 / (y + b));
        // b/(y + b), where both may be infinite.
        let share = if b < y { b * far } else { 1.0 / (1.0 + y / b) };
        Inverses { near, far, difference: near * share }
    }

    /// The difference of the squares.
    fn squares(&self) -> f64 {
        self.difference * (self.near + self.far)
    }

    /// `Σ weight(k) B₂ₖ (p²ᵏ - q²ᵏ)`, given the first difference.
    fn series(&self, first: f64, weight: impl Fn(f64) -> f64) -> f64 {
        self.sum(first, self.far * self.far, weight)
    }

    /// `Σ B₂ₖ (p²ᵏ⁺¹ - q²ᵏ⁺¹)`, given the first difference and `q`.
    fn series_from(&self, first: f64, far: f64) -> f64 {
        self.sum(first, far * far * far, |_| 1.0)
    }

    /// From `dₖ = pⁿ - qⁿ` follows `dₖ₊₁ = p² dₖ + qⁿ (p² - q²)`.
    fn sum(&self, first: f64, mut power: f64, weight: impl Fn(f64) -> f64) -> f64 {
        let (mut difference, mut sum) = (first, 0.0);
        for (k, (above, below)) in BERNOULLI.iter().take(TERMS).enumerate() {
            sum += weight(k as f64 + 1.0) * above / below * difference;
            difference = self.near * self.near * difference + power * self.squares();
            power *= self.far * self.far;
        }
        sum
    }
}
