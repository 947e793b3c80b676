//! Values for people at a terminal: numbers stand under one another, rows on lines of their own, what is long is
//! elided in the middle, and entries of arrays have six digits. A number by itself has all of its digits.

use super::{EDGE, Format, FormatStyle, entry_text};
use crate::array::Array;
use crate::value::Value;

/// Arrays with more entries than this are elided.
const ENTRIES: usize = 60;

/// Entries of arrays with more significant digits than this are rounded to so many.
const DIGITS: usize = 6;

/// `f64[2, 3]`, `(w: f64[3], b: f64)`: the type of a value.
pub fn type_text(value: &Value) -> String {
    match value {
        Value::None => "none".into(),
        Value::Array(array) => {
            let dims: Vec<String> = array.shape().iter().map(ToString::to_string).collect();
            let dims = if dims.is_empty() { String::new() } else { format!("[{}]", dims.join(", ")) };
            format!("{}{dims}", array.dtype().name())
        }
        Value::Tuple(parts) => {
            let part = |(name, part): &(Option<String>, Value)| match name {
                Some(name) => format!("{name}: {}", type_text(part)),
                None => type_text(part),
            };
            tuple(parts, &parts.iter().map(part).collect::<Vec<_>>(), ", ")
        }
    }
}

/// A value on lines of about `width` characters.
pub fn aligned(value: &Value, width: usize) -> String {
    match value {
        Value::None => "none".into(),
        Value::Array(array) => lines(array, width).join("\n"),
        Value::Tuple(parts) => {
            let part = |(name, part): &(Option<String>, Value)| {
                let text = aligned(part, width.saturating_sub(2));
                match name {
                    Some(name) if text.contains('\n') => format!("{name}:\n{}", indented(&text, 2)),
                    Some(name) => format!("{name}: {text}"),
                    None => text,
                }
            };
            let texts: Vec<String> = parts.iter().map(part).collect();
            let flat = tuple(parts, &texts, ", ");
            if !flat.contains('\n') && flat.chars().count() <= width {
                return flat;
            }
            let texts: Vec<String> = texts.iter().map(|text| indented(text, 1).trim_start().to_string()).collect();
            tuple(parts, &texts, ",\n ")
        }
    }
}

/// Each line with spaces before it.
pub fn indented(text: &str, by: usize) -> String {
    let pad = " ".repeat(by);
    text.lines()
        .map(|line| if line.is_empty() { String::new() } else { format!("{pad}{line}") })
        .collect::<Vec<_>>()
        .join("\n")
}

fn tuple(parts: &[(Option<String>, Value)], texts: &[String], separator: &str) -> String {
    let single = matches!(parts, [(None, _)]);
    format!("({}{})", texts.join(separator), if single { "," } else { "" })
}

fn lines(array: &Array, width: usize) -> Vec<String> {
    let elide = array.len() > ENTRIES;
    let shown: Vec<Vec<Option<usize>>> = array.shape().iter().map(|&size| places(size, elide)).collect();
    let mut grid = Grid { array, shown, columns: Vec::new() };
    match array.rank() {
        0 => vec![entry_text(array, 0, Format::default())],
        1 => grid.vector(width),
        rank => {
            grid.measure(0, 0);
            grid.axis(0, 0, rank)
        }
    }
}

/// The positions of an axis that are shown; `None` stands for those in the middle.
fn places(size: usize, elide: bool) -> Vec<Option<usize>> {
    if !elide || size <= 2 * EDGE + 1 {
        return (0..size).map(Some).collect();
    }
    (0..EDGE).map(Some).chain([None]).chain((size - EDGE..size).map(Some)).collect()
}

struct Grid<'a> {
    array: &'a Array,
    shown: Vec<Vec<Option<usize>>>,
    /// The columns of the last axis.
    columns: Vec<Column>,
}

impl Grid<'_> {
    fn text(&self, index: usize) -> String {
        let exact = entry_text(self.array, index, Format::default());
        if exact.chars().filter(char::is_ascii_digit).count() <= DIGITS + 1 || self.array.as_i64().is_some() {
            return exact;
        }
        let rounded = Format { style: FormatStyle::General, precision: Some(DIGITS as u16), ..Format::default() };
        let short = entry_text(self.array, index, rounded);
        if short.contains(['.', 'e']) { short } else { format!("{short}.0") }
    }

    /// One axis: on one line if it fits, else in columns.
    fn vector(&mut self, width: usize) -> Vec<String> {
        let text = |place: &Option<usize>| place.map_or_else(|| "...".into(), |index| self.text(index));
        let texts: Vec<String> = self.shown[0].iter().map(text).collect();
        let flat = format!("[{}]", texts.join(", "));
        if flat.chars().count() <= width {
            return vec![flat];
        }
        let mut column = Column::default();
        texts.iter().for_each(|text| column.hold(text));
        let per_line = (width.saturating_sub(1) / (column.width() + 2)).max(1);
        let chunks: Vec<String> = (texts.chunks(per_line))
            .map(|chunk| chunk.iter().map(|text| column.padded(text)).collect::<Vec<_>>().join(", "))
            .collect();
        let last = chunks.len().saturating_sub(1);
        let line = |(k, chunk): (usize, &String)| {
            let open = if k == 0 { "[" } else { " " };
            let close = if k == last { "]" } else { "," };
            format!("{open}{}{close}", chunk.trim_end())
        };
        chunks.iter().enumerate().map(line).collect()
    }

    /// How wide the columns of the last axis are.
    fn measure(&mut self, axis: usize, index: usize) {
        let size = self.array.shape()[axis];
        let last = axis + 1 == self.array.rank();
        for k in 0..self.shown[axis].len() {
            let place = self.shown[axis][k];
            if last {
                let text = place.map_or_else(|| "...".into(), |i| self.text(index * size + i));
                if self.columns.len() <= k {
                    self.columns.push(Column::default());
                }
                self.columns[k].hold(&text);
            } else if let Some(i) = place {
                self.measure(axis + 1, index * size + i);
            }
        }
    }

    fn axis(&self, axis: usize, index: usize, rank: usize) -> Vec<String> {
        let size = self.array.shape()[axis];
        if axis + 1 == rank {
            let entry = |(k, place): (usize, &Option<usize>)| match place {
                Some(i) => self.columns.get(k).copied().unwrap_or_default().padded(&self.text(index * size + i)),
                None => "...".into(),
            };
            let entries: Vec<String> = self.shown[axis].iter().enumerate().map(entry).collect();
            return vec![format!("[{}]", entries.join(", "))];
        }
        let mut out: Vec<String> = Vec::new();
        let count = self.shown[axis].len();
        for (k, place) in self.shown[axis].iter().enumerate() {
            let mut inner = match place {
                Some(i) => self.axis(axis + 1, index * size + i, rank),
                None => vec!["...".into()],
            };
            if k + 1 < count
                && let Some(last) = inner.last_mut()
            {
                last.push(',');
            }
            // Blocks of matrices are set apart.
            if k > 0 && rank - axis > 2 {
                out.push(String::new());
            }
            out.extend(inner.into_iter().map(|line| if line.is_empty() { line } else { format!(" {line}") }));
        }
        match (out.first_mut(), count) {
            (Some(first), 1..) => first.replace_range(..1, "["),
            _ => out.push("[".into()),
        }
        if let Some(last) = out.last_mut() {
            last.push(']');
        }
        out
    }
}

/// Numbers under one another, their points too.
#[derive(Clone, Copy, Default)]
struct Column {
    /// The most characters before a point, and from it on.
    before: usize,
    after: usize,
    /// The most characters of what has no point, or an exponent.
    whole: usize,
}

impl Column {
    fn hold(&mut self, text: &str) {
        match point(text) {
            Some(point) => {
                self.before = self.before.max(point);
                self.after = self.after.max(text.len() - point);
            }
            None => self.whole = self.whole.max(text.len()),
        }
    }

    fn width(self) -> usize {
        self.whole.max(self.before + self.after)
    }

    fn padded(self, text: &str) -> String {
        let behind = point(text).map_or(0, |point| self.after.saturating_sub(text.len() - point));
        format!("{:>width$}", format!("{text}{}", " ".repeat(behind)), width = self.width())
    }
}

/// Where the point of a number without exponent stands.
fn point(text: &str) -> Option<usize> {
    text.find('.').filter(|_| !text.contains('e') && text != "...")
}
