//! Values as the host sees them: arrays in tuples and records.

use core::fmt;

use crate::array::Array;
use crate::display::{Format, format_value};

/// An array, nothing, or a tuple of values, whose parts may have names.
///
/// ```
/// use adl_runtime::Value;
/// let point = Value::record([("at", [1.0, 2.0].into()), ("weight", 3.0.into())]);
/// assert_eq!(point.to_string(), "(at: [1.0, 2.0], weight: 3.0)");
/// let at = point.field("at").and_then(Value::as_array).unwrap();
/// assert_eq!((at.shape(), at.as_f64().unwrap()), (&[2][..], &[1.0, 2.0][..]));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A scalar or an array.
    Array(Array),
    /// `none`.
    None,
    /// A tuple; a record if its parts have names.
    Tuple(Vec<(Option<String>, Value)>),
}

impl Value {
    /// A tuple without names.
    pub fn tuple(parts: impl IntoIterator<Item = Value>) -> Value {
        Value::Tuple(parts.into_iter().map(|part| (None, part)).collect())
    }

    /// A record.
    pub fn record<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
        Value::Tuple(fields.into_iter().map(|(name, part)| (Some(name.to_string()), part)).collect())
    }

    /// The array, if it is one.
    pub fn as_array(&self) -> Option<&Array> {
        match self {
            Value::Array(array) => Some(array),
            Value::None | Value::Tuple(_) => None,
        }
    }

    /// The part with this name.
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.parts().iter().find(|(field, _)| field.as_deref() == Some(name)).map(|(_, value)| value)
    }

    /// Part `i` of a tuple or record.
    pub fn part(&self, i: usize) -> Option<&Value> {
        self.parts().get(i).map(|(_, value)| value)
    }

    /// All arrays in order of writing.
    pub fn leaves(&self) -> Vec<&Array> {
        let mut leaves = Vec::new();
        self.each_leaf(&mut |leaf| leaves.push(leaf));
        leaves
    }

    /// Gives all arrays to `visit`, in order of writing.
    pub fn each_leaf<'a>(&'a self, visit: &mut impl FnMut(&'a Array)) {
        match self {
            Value::Array(array) => visit(array),
            Value::None => {}
            Value::Tuple(parts) => parts.iter().for_each(|(_, part)| part.each_leaf(visit)),
        }
    }

    /// Gives all arrays to `visit` for writing, in order of writing.
    pub fn each_leaf_mut<'a>(&'a mut self, visit: &mut impl FnMut(&'a mut Array)) {
        match self {
            Value::Array(array) => visit(array),
            Value::None => {}
            Value::Tuple(parts) => parts.iter_mut().for_each(|(_, part)| part.each_leaf_mut(visit)),
        }
    }

    fn parts(&self) -> &[(Option<String>, Value)] {
        match self {
            Value::Tuple(parts) => parts,
            Value::Array(_) | Value::None => &[],
        }
    }
}

impl<T: Into<Array>> From<T> for Value {
    fn from(array: T) -> Value {
        Value::Array(array.into())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        format_value(f, self, Format::default())
    }
}
