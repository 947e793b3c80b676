//! Compares an answer with the expected one.

use super::cases::{Query, numbers, shape};
use adl_runtime::Value;
use serde_json::Value as Json;

/// What may differ.
pub struct Tolerance {
    pub rtol: f64,
    pub atol: f64,
    pub elementwise: bool,
}

impl Tolerance {
    /// As the query states; in single precision at least 1e-4, or fifty times as much.
    pub fn of(query: &Query, single: bool) -> Tolerance {
        let rtol = if single { (50.0 * query.rtol).max(1e-4) } else { query.rtol };
        let atol = if single { query.atol.max(1e-6) } else { query.atol };
        Tolerance { rtol, atol, elementwise: query.elementwise }
    }
}

/// Whether `got` answers the query.
pub fn check(query: &Query, got: &Value, tolerance: &Tolerance) -> Result<(), String> {
    if close(&query.expected, got, tolerance).is_ok() {
        return Ok(());
    }
    if let Some(others) = query.accept["any_of"].as_array() {
        return if others.iter().any(|o| close(o, got, tolerance).is_ok()) {
            Ok(())
        } else {
            Err(format!("got {got}, accepted are {others:?}"))
        };
    }
    if let Some(interval) = query.accept["interval"].as_array() {
        let (low, high) = (interval[0].as_f64().unwrap_or(f64::NAN), interval[1].as_f64().unwrap_or(f64::NAN));
        let mut all = Vec::new();
        leaves(got, &mut all);
        let sum_fits = query.accept["sum"].as_f64().is_none_or(|s| (all.iter().sum::<f64>() - s).abs() < 1e-12);
        return if sum_fits && all.iter().all(|x| (low..=high).contains(x)) {
            Ok(())
        } else {
            Err(format!("got {got}, outside [{low}, {high}]"))
        };
    }
    close(&query.expected, got, tolerance)
}

fn close(expected: &Json, got: &Value, tolerance: &Tolerance) -> Result<(), String> {
    match (expected, got) {
        (Json::Object(fields), Value::Tuple(parts)) => {
            for (name, want) in fields {
                let part =
                    parts.iter().find(|(n, _)| n.as_deref() == Some(name)).ok_or(format!("no part {name} in {got}"))?;
                close(want, &part.1, tolerance).map_err(|p| format!("{name}: {p}"))?;
            }
            Ok(())
        }
        (Json::Object(fields), got) if fields.len() == 1 => {
            close(&fields.values().next().cloned().unwrap_or_default(), got, tolerance)
        }
        (want, Value::Array(array)) => {
            let (mut a, mut b) = (Vec::new(), Vec::new());
            numbers(want, &mut a);
            leaves(got, &mut b);
            if shape(want) != array.shape() {
                return Err(format!("shape {:?}, expected {:?}", array.shape(), shape(want)));
            }
            let largest = a.iter().fold(0.0f64, |m, x| if x.is_finite() { m.max(x.abs()) } else { m });
            for (x, y) in a.iter().zip(&b) {
                let scale = if tolerance.elementwise { x.abs() } else { largest };
                let same = x == y || (x.is_nan() && y.is_nan());
                let near = x.is_finite() && y.is_finite() && (x - y).abs() <= tolerance.atol + tolerance.rtol * scale;
                if !(same || near) {
                    return Err(format!("got {y:e}, expected {x:e}, relative {:e}", (x - y).abs() / scale));
                }
            }
            Ok(())
        }
        (want, got) => Err(format!("got {got}, expected {want}")),
    }
}

/// All numbers of a value in order.
pub fn leaves(value: &Value, out: &mut Vec<f64>) {
    match value {
        Value::Array(array) => out.extend((0..array.len()).filter_map(|k| array.get_f64(k))),
        Value::None => {}
        Value::Tuple(parts) => parts.iter().for_each(|(_, part)| leaves(part, out)),
    }
}
