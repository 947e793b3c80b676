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

/// What a file of this name holds. No more than `limit` bytes are made of it. An error says what is wrong with the file.
pub fn decode(name: &str, bytes: &[u8], limit: Option<usize>) -> Result<Value, String> {
    match format(name)? {
        Format::Npy => npy::decode(bytes, limit).map(Value::Array),
        Format::Npz => npz::decode(bytes, limit),
        Format::Csv => table::decode(bytes, limit),
    }
}

/// The bytes of a file of this name that holds `value`. An error says why it cannot.
pub fn encode(name: &str, value: &Value) -> Result<Vec<u8>, String> {
    match (format(name)?, value) {
        (Format::Npy, Value::Array(array)) => Ok(npy::encode(array)),
        (Format::Npy, _) => Err("a `.npy` file holds one array; a record goes into `.npz`".into()),
        (Format::Npz, value) => npz::encode(value),
        (Format::Csv, value) => table::encode(value),
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
