//! How numbers, arrays, tuples and records are written.
//!
//! Without a format a float has the fewest digits that read back the same, and always a point or an
//! exponent; the exponent appears below `1e-4` and from `1e+16` on, with two digits at least, all
//! as Python's `repr` does. Arrays with more than 1000 elements show three rows at either end of
//! each axis.

pub mod aligned;

use core::fmt::{self, Write};

use crate::array::{Array, DType};
use crate::value::Value;

/// Arrays with more elements than this are elided.
const ELIDE_ABOVE: usize = 1000;
/// Entries shown at either end of an elided axis.
const EDGE: usize = 3;

/// How a number is shown: `.3e`, `.1%`, `8.2f`, `d`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Format {
    /// Least width; numbers are right-aligned.
    pub width: Option<u16>,
    /// Digits after the point; significant digits for [`FormatStyle::General`].
    pub precision: Option<u16>,
    /// How it is written.
    pub style: FormatStyle,
}

/// The letter that ends a format. Without a precision, all but `Plain` and `Integer` use 6.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FormatStyle {
    /// None: shortest, or fixed if a precision is given.
    #[default]
    Plain,
    /// `f`: without exponent.
    Fixed,
    /// `e`: always with an exponent, of two digits at least.
    Exponent,
    /// `g`: significant digits, with an exponent when it is below -4 or not below the precision; no
    /// zeros at the end.
    General,
    /// `%`: a hundred times the number, and `%`.
    Percent,
    /// `d`: the nearest whole number.
    Integer,
}

impl fmt::Display for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        format_array(f, self, Format::default())
    }
}

/// Writes a value with a format for every number in it.
pub fn format_value(out: &mut impl Write, value: &Value, format: Format) -> fmt::Result {
    match value {
        Value::Array(array) => format_array(out, array, format),
        Value::None => out.write_str("none"),
        Value::Tuple(parts) => {
            out.write_char('(')?;
            for (i, (name, part)) in parts.iter().enumerate() {
                if i > 0 {
                    out.write_str(", ")?;
                }
                if let Some(name) = name {
                    write!(out, "{name}: ")?;
                }
                format_value(out, part, format)?;
            }
            let single = matches!(parts.as_slice(), [(None, _)]);
            out.write_str(if single { ",)" } else { ")" })
        }
    }
}

/// Writes an array with a format for every entry.
pub fn format_array(out: &mut impl Write, array: &Array, format: Format) -> fmt::Result {
    let places = array.shape().iter().fold(1usize, |n, &dim| n.saturating_mul(dim.max(1)));
    let mut printer = Printer { out, array, format, elide: places > ELIDE_ABOVE, text: String::new() };
    printer.axis(0, 0)
}

/// The text of a value under a format.
pub fn formatted(value: &Value, format: Format) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = format_value(&mut text, value, format);
    text
}

/// The text of a float; `single` numbers have the digits that tell them from other numbers of
/// single precision.
pub fn float_text(x: f64, single: bool, format: Format) -> String {
    let mut text = String::new();
    let _ = write_float(&mut text, x, single, format);
    text
}

struct Printer<'a, W> {
    out: &'a mut W,
    array: &'a Array,
    format: Format,
    elide: bool,
    text: String,
}

impl<W: Write> Printer<'_, W> {
    /// Writes the part of the array under the entry `index` of the axes before `axis`, counted in
    /// row-major order.
    fn axis(&mut self, axis: usize, index: usize) -> fmt::Result {
        let Some(&dim) = self.array.shape().get(axis) else {
            return self.entry(index);
        };
        self.out.write_char('[')?;
        let mut i = 0;
        while i < dim {
            if i > 0 {
                self.out.write_str(", ")?;
            }
            if self.elide && dim > 2 * EDGE && i == EDGE {
                self.out.write_str("..., ")?;
                i = dim - EDGE;
            }
            self.axis(axis + 1, index * dim + i)?;
            i += 1;
        }
        self.out.write_char(']')
    }

    fn entry(&mut self, index: usize) -> fmt::Result {
        self.text.clear();
        write_entry(&mut self.text, self.array, index, self.format)?;
        let width = self.format.width.map_or(0, usize::from);
        for _ in self.text.len()..width {
            self.out.write_char(' ')?;
        }
        self.out.write_str(&self.text)
    }
}

/// The text of one entry, in row-major order.
fn entry_text(array: &Array, index: usize, format: Format) -> String {
    let mut text = String::new();
    let _ = write_entry(&mut text, array, index, format);
    text
}

fn write_entry(text: &mut String, array: &Array, index: usize, format: Format) -> fmt::Result {
    match array.dtype() {
        DType::Bool => {
            let set = array.as_bool().and_then(|b| b.get(index)).is_some_and(|&b| b != 0);
            text.push_str(if set { "true" } else { "false" });
            Ok(())
        }
        DType::I64 => write_int(text, array.as_i64().and_then(|n| n.get(index)).copied(), format),
        DType::F32 => write_float(text, array.get_f64(index).unwrap_or(f64::NAN), true, format),
        DType::F64 => write_float(text, array.get_f64(index).unwrap_or(f64::NAN), false, format),
    }
}

fn write_int(out: &mut String, n: Option<i64>, format: Format) -> fmt::Result {
    let n = n.unwrap_or_default();
    match format.style {
        FormatStyle::Plain if format.precision.is_none() => write!(out, "{n}"),
        FormatStyle::Integer => write!(out, "{n}"),
        FormatStyle::Plain
        | FormatStyle::Fixed
        | FormatStyle::Exponent
        | FormatStyle::General
        | FormatStyle::Percent => write_float(out, n as f64, false, format),
    }
}

fn write_float(out: &mut String, x: f64, single: bool, format: Format) -> fmt::Result {
    let percent = if format.style == FormatStyle::Percent { "%" } else { "" };
    if x.is_nan() {
        return write!(out, "nan{percent}");
    }
    if x.is_infinite() {
        return write!(out, "{}inf{percent}", if x < 0.0 { "-" } else { "" });
    }
    let digits = format.precision.map_or(6, usize::from);
    match format.style {
        FormatStyle::Plain if format.precision.is_none() => write_shortest(out, x, single),
        FormatStyle::Plain | FormatStyle::Fixed => write!(out, "{x:.digits$}"),
        FormatStyle::Exponent => write_exponent(out, &format!("{x:.digits$e}")),
        FormatStyle::General => write_general(out, x, digits.max(1)),
        FormatStyle::Percent => write!(out, "{:.digits$}%", 100.0 * x),
        // Adding 0 turns -0.0, for which there is no whole number, into 0.
        FormatStyle::Integer => write!(out, "{:.0}", x.round_ties_even() + 0.0),
    }
}

fn write_shortest(out: &mut String, x: f64, single: bool) -> fmt::Result {
    let scientific = if single { format!("{:e}", x as f32) } else { format!("{x:e}") };
    if (-4..16).contains(&exponent(&scientific)) || x == 0.0 {
        let fixed = if single { format!("{}", x as f32) } else { format!("{x}") };
        out.push_str(&fixed);
        if !fixed.contains('.') {
            out.push_str(".0");
        }
        return Ok(());
    }
    write_exponent(out, &scientific)
}

/// As C's `%g`.
fn write_general(out: &mut String, x: f64, digits: usize) -> fmt::Result {
    let scientific = format!("{x:.*e}", digits - 1);
    let exponent = exponent(&scientific);
    if exponent < -4 || i64::from(exponent) >= digits as i64 {
        let (mantissa, _) = scientific.split_once('e').unwrap_or((&scientific, ""));
        return write_exponent(out, &format!("{}e{exponent}", without_zeros(mantissa)));
    }
    let places = (digits as i64 - 1 - i64::from(exponent)).max(0) as usize;
    out.push_str(without_zeros(&format!("{x:.places$}")));
    Ok(())
}

fn without_zeros(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

/// Rust's `1.5e-7` as `1.5e-07`.
fn write_exponent(out: &mut String, scientific: &str) -> fmt::Result {
    let (mantissa, _) = scientific.split_once('e').unwrap_or((scientific, ""));
    let exponent = exponent(scientific);
    let sign = if exponent < 0 { '-' } else { '+' };
    write!(out, "{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

fn exponent(scientific: &str) -> i32 {
    scientific.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0)
}
