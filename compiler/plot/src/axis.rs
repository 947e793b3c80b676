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

/// The ticks of an axis, and what is to be done with their labels:
/// a power of ten they are to be multiplied by, a number to be added.
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

    /// The most ticks, of at most `most`, with labels that stand apart; `crowded` tells of two neighbours, by the
    /// distance of their places and their labels, whether they do not.
    pub fn ticks_apart(&self, most: usize, crowded: &dyn Fn(f64, &str, &str) -> bool) -> Ticks {
        let labels = |ticks: &Ticks| -> Vec<(usize, f64, String)> {
            let all = ticks.ticks.iter().enumerate();
            let mut out: Vec<_> =
                all.filter_map(|(k, t)| t.label.clone().map(|l| (k, self.place(t.value), l))).collect();
            out.sort_by(|a, b| a.1.total_cmp(&b.1));
            out
        };
        let near = |a: &(usize, f64, String), b: &(usize, f64, String)| crowded(b.1 - a.1, &a.2, &b.2);
        for most in (3..=most).rev() {
            let ticks = self.ticks(most);
            if !labels(&ticks).windows(2).any(|w| near(&w[0], &w[1])) {
                return ticks;
            }
        }
        // There is no room even for these: those that would touch one before them have no label.
        let mut ticks = self.ticks(2);
        let mut before = None;
        for next in labels(&ticks) {
            if before.as_ref().is_some_and(|b| near(b, &next)) {
                ticks.ticks[next.0].label = None;
            } else {
                before = Some(next);
            }
        }
        ticks
    }
}

fn linear(low: f64, high: f64, most: usize) -> Ticks {
    let step = round_step((high - low) / most as f64);
    let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
    let count = (last - first).clamp(0.0, 10_000.0) as usize;
    let mut values: Vec<f64> = (0..=count).map(|k| first + k as f64).filter(|k| *k <= last).map(|k| k * step).collect();
    // Between numbers that floats can tell apart there may be fewer than wanted.
    values.dedup();
    let offset = offset(low, high, step);
    let size = values.iter().map(|v| (v - offset).abs()).fold(0.0, f64::max);
    let exponent = (size.log10() + 1e-6).floor();
    let factor = (size > 0.0 && !(-3.0..6.0).contains(&exponent)).then_some(exponent as i32);
    let unit = 10f64.powi(factor.unwrap_or(0));
    let decimals = (-((step / unit).log10() + 1e-9).floor()).clamp(0.0, 15.0) as usize;
    let ticks =
        values.into_iter().map(|value| Tick { value, label: Some(fixed((value - offset) / unit, decimals)) }).collect();
    let factor = factor.map(|e| format!("×10{}", superscript(e)));
    let added = (offset != 0.0).then(|| signed(offset));
    let factor = match (factor, added) {
        (Some(factor), Some(added)) => Some(format!("{factor} {added}")),
        (factor, added) => factor.or(added),
    };
    Ticks { ticks, factor }
}

/// A number to leave out of labels that would differ in their last digits only: the roundest one near the ends; 0 if no
/// label is longer than five digits.
fn offset(low: f64, high: f64, step: f64) -> f64 {
    let size = low.abs().max(high.abs());
    if size < 1e5 * step {
        return 0.0;
    }
    let power = |e: i32| 10f64.powi(e);
    let (most, least) = (size.log10().ceil() as i32, (high - low).log10().floor() as i32);
    let round = |e: i32| {
        // Powers of ten below 1 are not exact; their reciprocals are.
        let middle = f64::midpoint(low, high);
        if e < 0 { (middle * power(-e)).round() / power(-e) } else { (middle / power(e)).round() * power(e) }
    };
    let near = |o: &f64| (low - o).abs().max((high - o).abs()) <= 2.0 * (high - low);
    (least..=most).rev().map(round).find(near).unwrap_or(0.0)
}

/// `+1.5×10⁹`, `−2024`.
fn signed(value: f64) -> String {
    let sign = if value < 0.0 { '−' } else { '+' };
    let size = value.abs();
    if (1e-3..1e6).contains(&size) {
        return format!("{sign}{size}");
    }
    let text = format!("{size:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let power = format!("10{}", superscript(exponent.parse().unwrap_or(0)));
    if digits == "1" { format!("{sign}{power}") } else { format!("{sign}{digits}×{power}") }
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
    let small = |k: i32| (2..10).map(move |m| Tick { value: f64::from(m) * 10f64.powi(k), label: None });
    // Along few decades there is room for 2 and 5 between the powers.
    if decades < 3 {
        let inside = |t: &Tick| (low * (1.0 - 1e-9)..=high * (1.0 + 1e-9)).contains(&t.value);
        let mut ticks: Vec<Tick> = (first - 1..=last + 1)
            .flat_map(|k| [1, 2, 5].map(|m| (m, k)))
            .map(|(m, k)| Tick { value: f64::from(m) * 10f64.powi(k), label: Some(times_power(m, k)) })
            .filter(inside)
            .collect();
        if ticks.len() < 3 {
            return linear(low, high, most);
        }
        if ticks.len() <= most.max(3) {
            ticks.extend((first - 1..=last).flat_map(small));
            return Ticks { ticks, factor: None };
        }
        if decades < 2 {
            ticks.iter_mut().skip(1).step_by(2).for_each(|t| t.label = None);
            return Ticks { ticks, factor: None };
        }
    }
    let raw = f64::from(decades) / most as f64;
    let stride = if raw <= 1.0 { 1 } else { round_step(raw).round() as i32 };
    let labelled = (first..=last).filter(|k| k.rem_euclid(stride) == 0);
    let mut ticks: Vec<Tick> = labelled.map(|k| Tick { value: 10f64.powi(k), label: Some(power(k)) }).collect();
    if stride == 1 && decades <= 12 {
        ticks.extend((first - 1..=last).flat_map(small));
    } else if decades <= 60 {
        ticks.extend((first..=last).map(|k| Tick { value: 10f64.powi(k), label: None }));
    }
    Ticks { ticks, factor: None }
}

/// `10⁻³`.
fn power(k: i32) -> String {
    match k {
        0 => "1".into(),
        1 => "10".into(),
        _ => format!("10{}", superscript(k)),
    }
}

fn times_power(m: i32, k: i32) -> String {
    match k {
        -3..=-1 => fixed(f64::from(m) * 10f64.powi(k), -k as usize),
        0..=4 => fixed(f64::from(m) * 10f64.powi(k), 0),
        _ if m == 1 => power(k),
        _ => format!("{m}×{}", power(k)),
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
