//! The logarithm of the gamma function and its derivatives, to a few units in the last place of the value,
//! near the roots too. Below 0 the functions are differences of large parts (reflection).
//! Where little is left of these they are computed in twice the precision;
//! next to a root that is not enough either, and the Taylor series at the root is used.

use super::double::Double;

/// A root as the sum of two floats, and `f⁽ᵏ⁾(root) / k!` from k = 1.
type Root = (f64, f64, [f64; 3]);

/// How near a root its Taylor series is used; farther off a difference in twice the precision is exact enough.
const NEAR: f64 = 1e-10;

/// The roots below 0 whose neighbours are nearer to them than the precision allows for. Those that follow, ever nearer
/// to the poles, lie on slopes so steep that no float is so near.
const LGAMMA_ROOTS: &[Root] = &[
    (-2.4570247382208006, -3.7075610815513266e-17, [1.5156034480216574, 4.8583209516339965, 1.41129114307798]),
    (-2.7476826467274127, 9.055340329338315e-17, [-1.9143501856115988, 9.575189475709667, -20.095134916842603]),
    (-3.14358088834998, -2.1818179852331714e-16, [7.781884658131351, 25.831338372387957, 112.268986297176]),
    (-3.955294284858598, -1.999428391746348e-17, [-20.725060845803707, 251.7146825868894, -3730.6047156806126]),
    (-4.039361839740537, 2.1143995503980602e-16, [26.790480886140593, 324.25532293784715, 5465.691820777134]),
    (-4.991544640560048, 1.5174411760571722e-16, [-116.53578161624363, 6995.235954894064, -551419.9978512884]),
    (-5.0082181683225935, -4.3926353491015815e-17, [123.3621845633534, 7404.762432228682, 600556.168452811]),
    (-5.998607480080875, -3.311862478893795e-16, [-716.2454304275473, 257851.58963956262, -123445282.15783688]),
    (-6.001385294453155, 6.415847287933042e-17, [723.7366299252801, 260548.41030309396, 125386984.94090366]),
    (-6.999801507890638, 1.0550130037400023e-17, [-5035.967373768125, 12690641.16604718, -42623489764.75812]),
];

const DIGAMMA_ROOTS: &[Root] = &[
    (-0.5040830082644554, -8.15428206243813e-18, [8.939798558792134, -0.8093454625306507, 32.258572064915505]),
    (-1.5734984731623904, -1.574185691077347e-17, [9.941513615924176, -7.802593974782628, 39.911910808498966]),
    (-2.6107208684441447, 9.881960746978353e-17, [10.84832879920919, -12.770725694247192, 51.217352382808855]),
    (-3.635293366436901, 5.454396163173039e-17, [11.650939359651861, -16.938337607821335, 63.16205964241572]),
    (-4.653237761743142, -2.5492686201468193e-16, [12.369637994669782, -20.636997462381604, 75.16701278577447]),
    (-5.6671624415568855, -3.2153051074948335e-18, [13.021406387509394, -24.0108335669899, 87.05344839974758]),
];

/// The value by the Taylor series at a root, if one is near.
fn near_root(roots: &[Root], x: f64) -> Option<f64> {
    roots.iter().find_map(|(high, low, [first, second, third])| {
        let d = (x - high) - low;
        (d.abs() < NEAR).then(|| d * (first + d * (second + d * third)))
    })
}

/// Values below 0 of this size and more come out of `pxfm` to half a unit in the last place.
const SMALL: f64 = 0.05;

/// The logarithm of the magnitude of the gamma function.
pub extern "C" fn lgamma(x: f64) -> f64 {
    let value = pxfm::f_lgamma(x);
    if x > 0.0 || value.is_nan() || value.abs() >= SMALL {
        return value;
    }
    near_root(LGAMMA_ROOTS, x).unwrap_or_else(|| {
        // Γ(x) Γ(1 - x) = π / sin(πx).
        let sine = Double::sin_cos_pi((x - x.round()).abs()).0;
        let (large, product) = lifted(Double::sum(1.0, -x));
        ((Double::PI * product / sine).log() - stirling(large)).float()
    })
}

/// `y + k` for the least k that makes it large, and `y (y + 1) … (y + k - 1)`, by which the gamma function grows.
pub(super) fn lifted(mut y: Double) -> (Double, Double) {
    let mut product = Double::from(1.0);
    while y.hi < LARGE {
        product = product * y;
        y = y + 1.0.into();
    }
    (y, product)
}

/// The logarithm of the gamma function of a large number.
pub(super) fn stirling(y: Double) -> Double {
    (y - 0.5.into()) * y.log() - y + Double::HALF_LOG_TAU + stirling_rest(y)
}

/// What is left of it after the elementary terms.
pub(super) fn stirling_rest(y: Double) -> Double {
    y * bernoulli_series(y, |k| 2.0 * k * (2.0 * k - 1.0))
}

/// The digamma function.
pub extern "C" fn digamma(x: f64) -> f64 {
    if x == 0.0 {
        return -1.0 / x;
    }
    if x > HUGE {
        return pxfm::f_log(x);
    }
    let d = (x - POSITIVE_ROOT.0) - POSITIVE_ROOT.1;
    if d.abs() < 0.1 {
        return d * POSITIVE_SERIES.iter().rev().fold(0.0, |sum, c| sum * d + c);
    }
    let value = pxfm::f_digamma(x);
    if x > 0.0 || value.is_nan() || value.abs() >= SMALL {
        return value;
    }
    near_root(DIGAMMA_ROOTS, x).unwrap_or_else(|| {
        // ψ(x) = ψ(1 - x) - π cot(πx), and ψ(1 - x) = ψ(y) - 1/(1 - x) - 1/(2 - x) - … - 1/(y - 1).
        let (sine, cosine) = Double::sin_cos_pi(x - x.round());
        let (mut y, mut sum) = (Double::sum(1.0, -x), Double::PI * cosine / sine);
        while y.hi < LARGE {
            sum = sum + Double::from(1.0) / y;
            y = y + 1.0.into();
        }
        (y.log() - Double::from(0.5) / y - bernoulli_series(y, |k| 2.0 * k) - sum).float()
    })
}

/// From here on the first term of the asymptotic series gives all digits.
const HUGE: f64 = 1e25;

/// From here on the asymptotic series give twice the precision.
const LARGE: f64 = 20.0;

/// The root of `digamma` between 1 and 2, and its Taylor series there.
const POSITIVE_ROOT: (f64, f64) = (1.4616321449683622, 9.549995429965697e-17);
const POSITIVE_SERIES: [f64; 15] = [
    0.9676722454476212,
    -0.4427631689835921,
    0.258499760955651,
    -0.16394270544240652,
    0.10782405069126237,
    -0.07219956125645471,
    0.04880428816414311,
    -0.03316112647484736,
    0.022597648232218104,
    -0.01542476590494896,
    0.010538791616612175,
    -0.007204534386356869,
    0.004926781395729853,
    -0.003369801655439328,
    0.002305126326734928,
];

/// Numerators and denominators of the Bernoulli numbers B₂, B₄, …
pub(super) const BERNOULLI: [(f64, f64); 17] = [
    (1.0, 6.0),
    (-1.0, 30.0),
    (1.0, 42.0),
    (-1.0, 30.0),
    (5.0, 66.0),
    (-691.0, 2730.0),
    (7.0, 6.0),
    (-3617.0, 510.0),
    (43867.0, 798.0),
    (-174611.0, 330.0),
    (854513.0, 138.0),
    (-236364091.0, 2730.0),
    (8553103.0, 6.0),
    (-23749461029.0, 870.0),
    (8615841276005.0, 14322.0),
    (-7709321041217.0, 510.0),
    (2577687858367.0, 6.0),
];

/// `Σ B₂ₖ / (weight(k) y²ᵏ)`.
fn bernoulli_series(y: Double, weight: impl Fn(f64) -> f64) -> Double {
    let inverse = Double::from(1.0) / y;
    let square = inverse * inverse;
    BERNOULLI.iter().enumerate().rev().fold(Double::from(0.0), |sum, (k, &(above, below))| {
        (sum + Double::from(above) / Double::from(below * weight(k as f64 + 1.0))) * square
    })
}

/// The n-th derivative of the digamma function, `(-1)ⁿ⁺¹ n! Σ 1/(x + j)ⁿ⁺¹`.
pub extern "C" fn polygamma(n: f64, x: f64) -> f64 {
    if n == 0.0 {
        return digamma(x);
    }
    if x > HUGE && x.is_finite() && n.fract() == 0.0 {
        // The first term of the asymptotic series, (n - 1)! / xⁿ.
        let size = (1..n as u32).fold(1.0 / x, |term, j| term * (f64::from(j) / x));
        return if n % 2.0 == 0.0 { -size } else { size };
    }
    if n == 1.0 {
        return pxfm::f_trigamma(x);
    }
    if n.fract() != 0.0 || !(0.0..=150.0).contains(&n) || !x.is_finite() || (x <= 0.0 && x.fract() == 0.0) {
        return if x == f64::INFINITY { 0.0 } else { f64::NAN };
    }
    let terms = Powers::new(n);
    let sign = if n % 2.0 == 0.0 { -1.0 } else { 1.0 };
    let pole = x - x.round().min(0.0);
    let largest = terms.factor.hi * (terms.middle / pole).powi(n as i32) / pole;
    if !largest.is_finite() {
        return sign * largest;
    }
    // With x = f - k, the terms beside the nearest one are those of f + 1, f + 2, … and k of f - 1, f - 2, …
    let sum = if pole == x {
        terms.sum(Double::from(x))
    } else {
        let right = terms.sum(Double::sum(1.0, pole));
        let left = terms.sum(Double::sum(1.0, -pole)) - terms.sum(Double::sum(1.0, -x));
        terms.term(Double::from(pole)) + right + left * sign.into()
    };
    sign * sum.float()
}

/// `n! / yⁿ⁺¹`, as a power of a number near 1 where the factorial and the power alone would overflow.
struct Powers {
    n: f64,
    middle: f64,
    /// `n! / middleⁿ`.
    factor: Double,
}

impl Powers {
    fn new(n: f64) -> Powers {
        let middle = n / std::f64::consts::E;
        let factor =
            (1..=n as u32).fold(Double::from(1.0), |product, j| product * (Double::from(f64::from(j)) / middle.into()));
        Powers { n, middle, factor }
    }

    fn term(&self, y: Double) -> Double {
        let inverse = Double::from(1.0) / y;
        self.factor * (inverse * self.middle.into()).powi(self.n as u32) * inverse
    }

    /// The terms of y, y + 1, … (y > 0): one by one up to a large argument, then by the formula of Euler and Maclaurin.
    fn sum(&self, mut y: Double) -> Double {
        let mut sum = Double::from(0.0);
        while y.hi < LARGE + self.n {
            sum = sum + self.term(y);
            y = y + 1.0.into();
        }
        let n = self.n;
        let (mut series, square) = (y / n.into() + 0.5.into(), y * y);
        let mut ratio = y / n.into();
        for (k, &(above, below)) in BERNOULLI.iter().enumerate() {
            let two_k = 2.0 * k as f64;
            let rising = Double::from((n + two_k) * (n + two_k + 1.0)) / ((two_k + 1.0) * (two_k + 2.0)).into();
            ratio = ratio * rising / square;
            series = series + ratio * (Double::from(above) / below.into());
        }
        sum + self.term(y) * series
    }
}
