//! What programs tell their host beside lines: files to keep, pictures to show.

use super::output::{SharedOutput, line};
use super::picture;
use adl_lang::message::{Body, Piece, Topic};
use adl_runtime::workspace::{Lend, OutOfMemory};
use adl_runtime::{Array, FileName, Value};
use std::borrow::Borrow;

/// Bytes for each number of a picture: the number as a float, and what is drawn of it.
const DRAWN: usize = 32;

/// Hands what is told of a topic to the host; an error says why it is not taken.
/// Memory beside the arrays is lent by `lend`.
pub fn deliver(topic: Topic, body: Body<Array>, output: &SharedOutput, lend: &mut Lend<'_>) -> Result<(), String> {
    let fields = Fields::new(&body)?;
    match topic {
        Topic::Save => {
            let file = fields.file("path")?.ok_or("a path is missing")?;
            let value = value(take(body, "value")?)?;
            output.with(|o| o.write(&file, &value)).flatten().map_err(|why| format!("`{}`: {why}", file.path))
        }
        Topic::Progress => {
            let number = |name| fields.number(name).map(|n| n.unwrap_or(0.0) as i64);
            let (done, of) = (number("done")?, number("of")?);
            output.with(|o| o.progress(done, of))
        }
        Topic::Plot => {
            let mut numbers = 0usize;
            body.each(&mut |array| numbers += array.len());
            let no_memory = |OutOfMemory(bytes)| format!("there is no memory of {bytes} bytes for it");
            let _loan = lend(numbers.saturating_mul(DRAWN)).map_err(no_memory)?;
            let figure = picture::figure(&fields)?;
            drop(body);
            output.with(|o| o.plot(&figure)).flatten()
        }
    }
}

/// A structure of a message as a value; texts have no place in it.
fn value(body: Body<Array>) -> Result<Value, String> {
    Ok(match body {
        Body::None => Value::None,
        Body::Value(array) => Value::Array(array),
        Body::Text(_) => return Err("a text is no value".into()),
        Body::Tuple(parts) => Value::Tuple(
            parts
                .into_iter()
                .map(|(name, part)| Ok((name.map(|n| n.to_string()), value(part)?)))
                .collect::<Result<_, String>>()?,
        ),
    })
}

/// A field of a record of which nothing else is needed.
fn take(body: Body<Array>, name: &str) -> Result<Body<Array>, String> {
    let Body::Tuple(parts) = body else { return Err("this is no record".into()) };
    let found = parts.into_iter().find(|(n, _)| n.as_deref() == Some(name));
    found.map(|(_, part)| part).ok_or_else(|| format!("the field `{name}` is missing"))
}

/// A record of a message. The library writes these records, so a field that is missing is a defect of it.
pub struct Fields<'b, A>(&'b [(Option<adl_lang::ast::Name>, Body<A>)]);

impl<'b, A: Borrow<Array>> Fields<'b, A> {
    /// The fields of a record.
    pub fn new(body: &'b Body<A>) -> Result<Fields<'b, A>, String> {
        match body {
            Body::Tuple(parts) => Ok(Fields(parts)),
            Body::None | Body::Text(_) | Body::Value(_) => Err("this is no record".into()),
        }
    }

    /// A field.
    pub fn get(&self, name: &str) -> Result<&'b Body<A>, String> {
        let found = self.0.iter().find(|(n, _)| n.as_deref() == Some(name));
        found.map(|(_, body)| body).ok_or_else(|| format!("the field `{name}` is missing"))
    }

    /// The parts of a tuple.
    pub fn parts(&self, name: &str) -> Result<impl Iterator<Item = &'b Body<A>>, String> {
        let parts = match self.get(name)? {
            Body::Tuple(parts) => parts.as_slice(),
            // A tuple of nothing.
            Body::None => &[],
            Body::Text(_) | Body::Value(_) => return Err(format!("`{name}` is no tuple")),
        };
        Ok(parts.iter().map(|(_, part)| part))
    }

    /// A text, with its values written into it; `None` if it was left out.
    pub fn text(&self, name: &str) -> Result<Option<String>, String> {
        match self.get(name)? {
            Body::None => Ok(None),
            Body::Text(pieces) => {
                let mut values = Vec::new();
                let mut numbered = Vec::new();
                for piece in pieces {
                    numbered.push(match piece {
                        Piece::Text(text) => Piece::Text(text.clone()),
                        Piece::Clock { stop } => Piece::Clock { stop: *stop },
                        Piece::Value(value, format) => {
                            values.push(value.borrow());
                            Piece::Value(values.len() - 1, *format)
                        }
                    });
                }
                // No clock runs for a text that is not printed.
                Ok(Some(line(&numbered, 0, &values, &mut |_| String::new())))
            }
            Body::Value(_) | Body::Tuple(_) => Err(format!("`{name}` is no text")),
        }
    }

    /// A file, if one is named; it belongs to the text in the field `from`.
    pub fn file(&self, name: &str) -> Result<Option<FileName>, String> {
        let from = self.text("from")?.unwrap_or_default();
        Ok(self.text(name)?.map(|path| FileName { path, from }))
    }

    /// The entries of an array.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>, String> {
        match self.get(name)? {
            Body::Value(array) => Ok(numbers(array.borrow())),
            Body::None | Body::Text(_) | Body::Tuple(_) => Err(format!("`{name}` is no array")),
        }
    }

    /// A number; `None` if it was left out.
    pub fn number(&self, name: &str) -> Result<Option<f64>, String> {
        match self.get(name)? {
            Body::None => Ok(None),
            _ => Ok(self.numbers(name)?.first().copied()),
        }
    }

    /// A truth value.
    pub fn flag(&self, name: &str) -> Result<bool, String> {
        Ok(self.number(name)?.is_some_and(|x| x != 0.0))
    }

    /// Two numbers; `None` if they were left out.
    pub fn pair(&self, name: &str) -> Result<Option<(f64, f64)>, String> {
        match self.get(name)? {
            Body::None => Ok(None),
            Body::Value(array) => match *numbers(array.borrow()).as_slice() {
                [a, b] => Ok(Some((a, b))),
                _ => Err(format!("`{name}` is no pair")),
            },
            Body::Tuple(parts) => match parts.as_slice() {
                [(_, Body::Value(a)), (_, Body::Value(b))] => Ok(a.borrow().get_f64(0).zip(b.borrow().get_f64(0))),
                _ => Err(format!("`{name}` is no pair")),
            },
            Body::Text(_) => Err(format!("`{name}` is no pair")),
        }
    }
}

/// The entries of an array as floats.
fn numbers(array: &Array) -> Vec<f64> {
    match array.as_f64() {
        Some(numbers) => numbers.to_vec(),
        None => (0..array.len()).filter_map(|k| array.get_f64(k)).collect(),
    }
}
