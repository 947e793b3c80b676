//! Numbers of twice the precision of a float, for values that are small differences of large ones:
//! a number is the sum of two floats, of which the second is below half a unit in the last place of the first (Dekker,
//! *A floating-point technique for extending the available precision*, 1971). About 104 bits;
//! slow beside a float, so only for what needs it.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// `hi + lo`.
#[derive(Clone, Copy, Debug)]
pub struct Double {
    pub hi: f64,
    pub lo: f64,
}

impl Double {
    pub const PI: Double = Double { hi: std::f64::consts::PI, lo: 1.2246467991473532e-16 };
    pub const HALF_LOG_TAU: Double = Double { hi: 0.9189385332046728, lo: -3.878294158067242e-17 };
    const LN_2: Double = Double { hi: std::f64::consts::LN_2, lo: 2.3190468138462996e-17 };

    /// `a + b` where |a| ≥ |b|.
    fn of(a: f64, b: f64) -> Double {
        let hi = a + b;
        Double { hi, lo: b - (hi - a) }
    }

    /// `a + b`.
    pub fn sum(a: f64, b: f64) -> Double {
        let hi = a + b;
        let part = hi - a;
        Double { hi, lo: (a - (hi - part)) + (b - part) }
    }

    /// The nearest float.
    pub fn float(self) -> f64 {
        self.hi + self.lo
    }

    pub fn powi(self, n: u32) -> Double {
        let (mut square, mut power) = (self, Double::from(1.0));
        let mut left = n;
        while left > 0 {
            if left % 2 == 1 {
                power = power * square;
            }
            square = square * square;
            left /= 2;
        }
        power
    }

    /// The natural logarithm of a positive number that is neither subnormal nor within 2⁶⁰ of overflow: of its part
    /// between √½ and √2 by the series of the inverse hyperbolic tangent.
    pub fn log(self) -> Double {
        let mut exponent = ((self.hi.to_bits() >> 52) as i32) - 1023;
        let scaled = |e: i32| {
            let unit = f64::from_bits(((1023 - e) as u64) << 52);
            Double { hi: self.hi * unit, lo: self.lo * unit }
        };
        if scaled(exponent).hi > std::f64::consts::SQRT_2 {
            exponent += 1;
        }
        let part = scaled(exponent);
        Double::LN_2 * f64::from(exponent).into() + Double::log_near((part - 1.0.into()) / (part + 1.0.into()))
    }

    /// The logarithm of a quotient `p / q` between √½ and √2 from `(p - q) / (p + q)`: no digit is lost near 1.
    pub fn log_near(ratio: Double) -> Double {
        let square = ratio * ratio;
        let series = (0..22)
            .rev()
            .fold(Double::from(0.0), |sum, k| sum * square + Double::from(1.0) / Double::from(f64::from(2 * k + 1)));
        ratio * series * 2.0.into()
    }

    /// Sine and cosine of `π x` for |x| ≤ ½.
    pub fn sin_cos_pi(x: f64) -> (Double, Double) {
        let angle = Double::PI * x.into();
        let minus_square = -(angle * angle);
        let series = |first: Double, odd: f64| {
            let (mut term, mut sum) = (first, first);
            for k in 1..19 {
                let n = 2.0 * f64::from(k) + odd;
                term = term * minus_square / Double::from(n * (n - 1.0));
                sum = sum + term;
            }
            sum
        };
        (series(angle, 1.0), series(1.0.into(), 0.0))
    }
}

impl From<f64> for Double {
    fn from(hi: f64) -> Double {
        Double { hi, lo: 0.0 }
    }
}

impl Neg for Double {
    type Output = Double;
    fn neg(self) -> Double {
        Double { hi: -self.hi, lo: -self.lo }
    }
}

impl Add for Double {
    type Output = Double;
    fn add(self, b: Double) -> Double {
        let (high, low) = (Double::sum(self.hi, b.hi), Double::sum(self.lo, b.lo));
        let once = Double::of(high.hi, high.lo + low.hi);
        Double::of(once.hi, once.lo + low.lo)
    }
}

impl Sub for Double {
    type Output = Double;
    fn sub(self, b: Double) -> Double {
        self + -b
    }
}

impl Mul for Double {
    type Output = Double;
    fn mul(self, b: Double) -> Double {
        let product = self.hi * b.hi;
        let rounded = self.hi.mul_add(b.hi, -product);
        Double::of(product, rounded + (self.hi * b.lo + self.lo * b.hi))
    }
}

impl Div for Double {
    type Output = Double;
    fn div(self, b: Double) -> Double {
        let first = self.hi / b.hi;
        let left = self - b * first.into();
        let second = left.hi / b.hi;
        let left = left - b * second.into();
        Double::of(first, second) + Double::from(left.hi / b.hi)
    }
}
