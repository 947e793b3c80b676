//! Files of data: `.npy` (one array), `.npz` (a record of arrays) and `.csv` (a table), to and from values. Bytes come
//! in and go out; files are opened by whoever calls.
//!
//! ```
//! use adl_data::{decode, encode};
//! use adl_runtime::Value;
//! let value = Value::record([("t", [0.0, 0.5].into()), ("n", [1, 2].into())]);
//! let bytes = encode("table.csv", &value)?;
//! assert_eq!(bytes, b"t,n\n0.0,1\n0.5,2\n");
//! assert_eq!(decode("table.csv", &bytes, None)?, value);
//! # Ok::<(), String>(())
//! ```

mod npy;
mod npz;
mod table;

use adl_runtime::Value;
use std::io::{Cursor, Seek, Write};

/// Where a file is written to.
pub trait Sink: Write + Seek {}

impl<W: Write + Seek> Sink for W {}

/// What reading a file may take.
#[derive(Clone, Copy)]
pub struct Limits<'a> {
    /// Most bytes that are made of it.
    pub memory: Option<usize>,
    /// Whether it is to stop.
    pub stop: &'a dyn Fn() -> bool,
}

impl Limits<'_> {
    /// Fails if it is to stop.
    fn look(self) -> Result<(), String> {
        if (self.stop)() { Err("interrupted".into()) } else { Ok(()) }
    }
}

/// What a file of this name holds. No more than `limit` bytes are made of it.
/// An error says what is wrong with the file.
pub fn decode(name: &str, bytes: &[u8], limit: Option<usize>) -> Result<Value, String> {
    decode_within(name, bytes, Limits { memory: limit, stop: &|| false })
}

/// The same within limits.
pub fn decode_within(name: &str, bytes: &[u8], limits: Limits<'_>) -> Result<Value, String> {
    match format(name)? {
        Format::Npy => npy::decode(bytes, limits.memory).map(Value::Array),
        Format::Npz => npz::decode(bytes, limits),
        Format::Csv => table::decode(bytes, limits),
    }
}

/// The bytes of a file of this name that holds `value`. An error says why it cannot.
pub fn encode(name: &str, value: &Value) -> Result<Vec<u8>, String> {
    let mut bytes = Cursor::new(Vec::new());
    write(name, value, &mut bytes)?;
    Ok(bytes.into_inner())
}

/// Writes a file of this name that holds `value`, piece by piece. An error says why it cannot, or is that of `to`.
pub fn write(name: &str, value: &Value, to: &mut dyn Sink) -> Result<(), String> {
    match (format(name)?, value) {
        (Format::Npy, Value::Array(array)) => npy::write(array, to).map_err(|e| e.to_string()),
        (Format::Npy, _) => Err("a `.npy` file holds one array; a record goes into `.npz`".into()),
        (Format::Npz, value) => npz::write(value, to),
        (Format::Csv, value) => table::write(value, to),
    }
}

enum Format {
    Npy,
    Npz,
    Csv,
}

fn format(name: &str) -> Result<Format, String> {
    let end = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase());
    match end.as_deref() {
        Some("npy") => Ok(Format::Npy),
        Some("npz") => Ok(Format::Npz),
        Some("csv") => Ok(Format::Csv),
        _ => Err("its name ends in none of `.npy`, `.npz` and `.csv`".into()),
    }
}

/// Fails if `bytes` are more than allowed.
fn within(bytes: usize, limit: Option<usize>) -> Result<(), String> {
    match limit {
        Some(limit) if bytes > limit => Err(format!("it needs {bytes} bytes of memory, and the limit is {limit}")),
        _ => Ok(()),
    }
}
