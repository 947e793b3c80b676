//! Scales: where numbers stand along an axis, and which of them are written beside it.

use adl_runtime::figure::Axis;

/// Ends beyond this are cut off, so that differences stay finite.
const HUGE: f64 = 1e300;

/// Where numbers stand along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    pub log: bool,
    pub low: f64,
    pub high: f64,
}

/// A number at an axis; small ones have no label.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    pub value: f64,
    pub label: Option<String>,
}

/// The ticks of an axis, and the power of ten that their labels are to be multiplied by.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Ticks {
    pub ticks: Vec<Tick>,
    pub factor: Option<String>,
}

impl Scale {
    /// The scale for data within `range`, with some room around unless they lie `tight`.
    pub fn fit(axis: &Axis, name: &str, range: Option<(f64, f64)>, tight: bool) -> Result<Scale, String> {
        let log = axis.log;
        if let Some((low, high)) = axis.limits {
            if !low.is_finite() || !high.is_finite() || low == high {
                return Err(format!("`{name}lim` is ({low}, {high}): an axis needs two different ends"));
            }
            if log && (low <= 0.0 || high <= 0.0) {
                return Err(format!("`{name}lim` is ({low}, {high}): a log axis shows positive numbers only"));
            }
            return Ok(Scale { log, low, high });
        }
        let (low, high) = match range {
            None => {
                return Ok(if log { Scale { log, low: 0.1, high: 1.0 } } else { Scale { log, low: 0.0, high: 1.0 } });
            }
            Some((low, high)) => (low.max(-HUGE), high.min(HUGE)),
        };
        let to = |x: f64| if log { x.log10() } else { x };
        let from = |x: f64| if log { 10f64.powf(x) } else { x };
        let (mut a, mut b) = (to(low), to(high));
        let span = b - a;
        if span <= 1e-12 * a.abs().max(b.abs()) {
            let around = if log || a == 0.0 { 0.5 } else { 0.1 * a.abs() };
            (a, b) = (a - around, b + around);
        } else if !tight {
            (a, b) = (a - 0.04 * span, b + 0.04 * span);
        }
        let (low, high) = (from(a), from(b));
        // A power of ten may leave what floats can hold.
        Ok(Scale { log, low: if log { low.max(1e-307) } else { low }, high: high.min(f64::MAX) })
    }

    /// Where a number stands: 0 at one end, 1 at the other; NaN if it has no place.
    pub fn place(&self, value: f64) -> f64 {
        if self.log {
            let at = |x: f64| if x > 0.0 { x.log10() } else { f64::NAN };
            (at(value) - at(self.low)) / (at(self.high) - at(self.low))
        } else {
            (value - self.low) / (self.high - self.low)
        }
    }

    /// The number at a place: the inverse of [`Scale::place`].
    pub fn value(&self, place: f64) -> f64 {
        if self.log {
            let (a, b) = (self.low.log10(), self.high.log10());
            10f64.powf(a + place * (b - a))
        } else {
            self.low + place * (self.high - self.low)
        }
    }

    /// Whether a number stands between the ends.
    pub fn is_within(&self, value: f64) -> bool {
        (-1e-9..=1.0 + 1e-9).contains(&self.place(value))
    }

    /// At most about `most` ticks with labels.
    pub fn ticks(&self, most: usize) -> Ticks {
        let (low, high) = (self.low.min(self.high), self.low.max(self.high));
        let mut found = if self.log { logarithmic(low, high, most.max(2)) } else { linear(low, high, most.max(2)) };
        found.ticks.retain(|t| self.is_within(t.value));
        found
    }
}

fn linear(low: f64, high: f64, most: usize) -> Ticks {
    let step = round_step((high - low) / most as f64);
    let size = low.abs().max(high.abs());
    let exponent = size.log10().floor();
    let factor = (size > 0.0 && !(-3.0..5.0).contains(&exponent)).then_some(exponent as i32);
    let unit = 10f64.powi(factor.unwrap_or(0));
    let decimals = (-(step / unit).log10().floor()).clamp(0.0, 15.0) as usize;
    let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
    let count = (last - first).clamp(0.0, 10_000.0) as usize;
    let ticks = (0..=count)
        .map(|k| first + k as f64)
        .filter(|k| *k <= last)
        .map(|k| Tick { value: k * step, label: Some(fixed(k * step / unit, decimals)) })
        .collect();
    Ticks { ticks, factor: factor.map(|e| format!("×10{}", superscript(e))) }
}

/// 1, 2 or 5 times a power of ten, not below `raw`.
fn round_step(raw: f64) -> f64 {
    let power = 10f64.powf(raw.log10().floor());
    [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|s| *s >= raw * (1.0 - 1e-9)).unwrap_or(raw)
}

fn logarithmic(low: f64, high: f64, most: usize) -> Ticks {
    let (a, b) = (low.log10(), high.log10());
    let (first, last) = ((a - 1e-9).ceil() as i32, (b + 1e-9).floor() as i32);
    let decades = last - first + 1;
    if decades >= 2 {
        let stride = 1 + (decades - 1) / most as i32;
        let mut ticks = Vec::new();
        for k in first - 1..=last {
            if (first..=last).contains(&k) {
                let label = (k.rem_euclid(stride) == 0).then(|| power(k));
                ticks.push(Tick { value: 10f64.powi(k), label });
            }
            if stride == 1 && decades <= 12 {
                ticks.extend((2..10).map(|m| Tick { value: f64::from(m) * 10f64.powi(k), label: None }));
            }
        }
        return Ticks { ticks, factor: None };
    }
    let fine = [1.0, 2.0, 5.0];
    let ticks: Vec<Tick> = (first - 1..=last + 1)
        .flat_map(|k| fine.map(|m| (m, k)))
        .map(|(m, k)| (m * 10f64.powi(k), m, k))
        .filter(|(v, ..)| (low * (1.0 - 1e-9)..=high * (1.0 + 1e-9)).contains(v))
        .map(|(value, m, k)| Tick { value, label: Some(times_power(m, k)) })
        .collect();
    if ticks.len() >= 3 { Ticks { ticks, factor: None } } else { linear(low, high, most) }
}

/// `10⁻³`.
fn power(k: i32) -> String {
    match k {
        0 => "1".into(),
        1 => "10".into(),
        _ => format!("10{}", superscript(k)),
    }
}

fn times_power(m: f64, k: i32) -> String {
    match k {
        -3..=-1 => fixed(m * 10f64.powi(k), -k as usize),
        0..=4 => fixed(m * 10f64.powi(k), 0),
        _ if m == 1.0 => power(k),
        _ => format!("{}×{}", fixed(m, 0), power(k)),
    }
}

/// With so many decimals, and a minus sign that is as long as a digit.
pub fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let zero = text.chars().all(|c| matches!(c, '-' | '0' | '.'));
    match text.strip_prefix('-') {
        Some(rest) if zero => rest.to_string(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

fn superscript(k: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let sign = |c: char| if c == '-' { '⁻' } else { DIGITS[c.to_digit(10).unwrap_or(0) as usize] };
    k.to_string().chars().map(sign).collect()
}
