//! `.npy`: a dictionary on one line, then the entries as bytes. Every number that NumPy writes is read:
//! whole numbers of any width become `i64`, floats of 16 bits `f32`, either order of bytes and of axes is put right.
//! The format is read here and not by a crate, because a file may be damaged and must not make
//! the process panic or reserve memory that is not needed.

use crate::within;
use adl_runtime::array::element_count;
use adl_runtime::buffer::Buffer;
use adl_runtime::{Array, ArrayError, DType};
use std::io::{self, Write};

const MAGIC: &[u8] = b"\x93NUMPY";

/// Headers are much shorter; NumPy has the same limit.
const LONGEST_HEADER: usize = 65_536;

/// What the header says.
struct Header {
    /// `f8`, `i4`, `b1`, …
    kind: String,
    big_endian: bool,
    column_major: bool,
    shape: Vec<usize>,
}

/// The array in a file.
pub fn decode(bytes: &[u8], limit: Option<usize>) -> Result<Array, String> {
    let damaged = |why: &str| format!("it is no intact `.npy` file: {why}");
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| damaged("it does not begin like one"))?;
    let (&[major, _], rest) = rest.split_first_chunk().ok_or_else(|| damaged("it ends in its header"))?;
    let (length, rest) = match major {
        1 => rest.split_first_chunk().map(|(n, rest)| (u16::from_le_bytes(*n) as usize, rest)),
        2 | 3 => rest.split_first_chunk().map(|(n, rest)| (u32::from_le_bytes(*n) as usize, rest)),
        _ => return Err(damaged(&format!("version {major} of the format is not known"))),
    }
    .ok_or_else(|| damaged("it ends in its header"))?;
    if length > LONGEST_HEADER || length > rest.len() {
        return Err(damaged("it ends in its header"));
    }
    let (text, data) = rest.split_at(length);
    let text = std::str::from_utf8(text).map_err(|_| damaged("its header is no text"))?;
    let header = header(text)?;
    let count = element_count(&header.shape).ok_or_else(|| damaged("it is larger than any memory"))?;
    let width = width(&header.kind)?;
    let (needed, present) = (count.saturating_mul(width), data.len());
    if present < needed {
        return Err(damaged(&format!("{present} bytes of data are there instead of {needed}")));
    }
    let dtype = dtype(&header.kind);
    within(count * dtype.size(), limit)?;
    let mut buffer = Buffer::zeroed(count * dtype.size())
        .ok_or_else(|| ArrayError::OutOfMemory(count * dtype.size()).to_string())?;
    let entries = data[..needed].chunks_exact(width);
    fill(buffer.as_mut_slice(), dtype.size(), entries, &header)?;
    Array::from_buffer(dtype, &header.shape, buffer).map_err(|e| e.to_string())
}

/// Bytes per entry in the file.
fn width(kind: &str) -> Result<usize, String> {
    Ok(match kind {
        "b1" | "i1" | "u1" => 1,
        "i2" | "u2" | "f2" => 2,
        "i4" | "u4" | "f4" => 4,
        "i8" | "u8" | "f8" => 8,
        "f16" => return Err("it holds 128-bit floats; convert them with `a.astype(\"f8\")` in NumPy".into()),
        other => {
            let what = match other.as_bytes().first() {
                Some(b'c') => "complex numbers",
                Some(b'U' | b'S' | b'a') => "texts",
                Some(b'O') => "Python objects",
                Some(b'M' | b'm') => "dates or times",
                Some(b'V') => "records",
                _ => return Err(format!("its entries are of the type `{other}`, which is not known")),
            };
            return Err(format!("it holds {what}; an array holds real numbers or truth values"));
        }
    })
}

fn dtype(kind: &str) -> DType {
    match kind {
        "b1" => DType::Bool,
        "f2" | "f4" => DType::F32,
        "f8" => DType::F64,
        _ => DType::I64,
    }
}

/// Writes the entries of a file to their places.
fn fill<'a>(
    out: &mut [u8],
    size: usize,
    entries: impl Iterator<Item = &'a [u8]>,
    header: &Header,
) -> Result<(), String> {
    let mut places = Places::new(header);
    let signed = header.kind.starts_with('i');
    for entry in entries {
        let at = places.next_place() * size;
        // The entry as a little-endian number of 8 bytes.
        let mut wide = [0; 8];
        for (k, &byte) in entry.iter().enumerate() {
            wide[if header.big_endian { entry.len() - 1 - k } else { k }] = byte;
        }
        match header.kind.as_str() {
            "b1" => wide[0] = u8::from(wide[0] != 0),
            "f2" => {
                let single = from_half(u16::from_le_bytes([wide[0], wide[1]]));
                wide[..4].copy_from_slice(&single.to_le_bytes());
            }
            "u8" if wide[7] >= 128 => {
                return Err(format!("the entry {} does not fit into `i64`", u64::from_le_bytes(wide)));
            }
            _ if signed => {
                let shift = 64 - 8 * entry.len() as u32;
                wide = ((i64::from_le_bytes(wide) << shift) >> shift).to_le_bytes();
            }
            _ => {}
        }
        out[at..at + size].copy_from_slice(&wide[..size]);
    }
    Ok(())
}

/// The float whose 16 bits these are: a sign, 5 bits of exponent and 10 of the number behind its point.
fn from_half(bits: u16) -> f32 {
    let (sign, rest) = (u32::from(bits >> 15) << 31, u32::from(bits & 0x7fff) << 13);
    let value = if bits & 0x7c00 == 0x7c00 {
        f32::from_bits(rest | 0x7f80_0000)
    } else {
        // Exponents are 112 less than those of `f32`; the product is exact, and puts subnormal numbers right too.
        f32::from_bits(rest) * f32::from_bits((127 + 112) << 23)
    };
    f32::from_bits(value.to_bits() | sign)
}

/// The places of the entries of a file in an array by rows.
struct Places {
    /// How far the next entry along each axis is.
    steps: Vec<usize>,
    shape: Vec<usize>,
    index: Vec<usize>,
    /// The axis that varies fastest in the file comes first.
    axes: Vec<usize>,
    at: usize,
}

impl Places {
    fn new(header: &Header) -> Places {
        let shape = header.shape.clone();
        let mut steps = vec![1usize; shape.len()];
        for k in (1..shape.len()).rev() {
            steps[k - 1] = steps[k].saturating_mul(shape[k]);
        }
        let mut axes: Vec<usize> = (0..shape.len()).collect();
        if !header.column_major {
            axes.reverse();
        }
        Places { steps, index: vec![0; shape.len()], shape, axes, at: 0 }
    }

    fn next_place(&mut self) -> usize {
        let place = self.at;
        for &axis in &self.axes {
            self.index[axis] += 1;
            self.at += self.steps[axis];
            if self.index[axis] < self.shape[axis] {
                break;
            }
            self.at -= self.steps[axis] * self.shape[axis];
            self.index[axis] = 0;
        }
        place
    }
}

/// Reads `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`.
fn header(text: &str) -> Result<Header, String> {
    let broken = || "it is no intact `.npy` file: its header cannot be read".to_string();
    let after = |key: &str| {
        let at = text.find(&format!("'{key}'")).or_else(|| text.find(&format!("\"{key}\"")))?;
        text[at + key.len() + 2..].trim_start().strip_prefix(':').map(str::trim_start)
    };
    let descr = after("descr").ok_or_else(broken)?;
    if descr.starts_with('[') {
        return Err("it holds records; an array holds real numbers or truth values".into());
    }
    let quote = descr.chars().next().filter(|c| matches!(c, '\'' | '"')).ok_or_else(broken)?;
    let descr = descr[1..].split(quote).next().ok_or_else(broken)?;
    let (big_endian, kind) = match descr.split_at_checked(1) {
        Some((">", kind)) => (true, kind),
        Some(("<" | "|" | "=", kind)) => (false, kind),
        _ => return Err(broken()),
    };
    let order = after("fortran_order").ok_or_else(broken)?;
    let column_major = match (order.starts_with("True"), order.starts_with("False")) {
        (true, _) => true,
        (_, true) => false,
        _ => return Err(broken()),
    };
    let shape =
        after("shape").and_then(|s| s.strip_prefix('(')).and_then(|s| s.split(')').next()).ok_or_else(broken)?;
    let sizes = shape.split(',').map(str::trim).filter(|s| !s.is_empty());
    let shape = sizes.map(|s| s.trim_end_matches('L').parse().map_err(|_| broken())).collect::<Result<_, _>>()?;
    Ok(Header { kind: kind.to_string(), big_endian, column_major, shape })
}

/// Writes the file with an array: version 1.0, little-endian, by rows.
pub fn write(array: &Array, to: &mut dyn Write) -> io::Result<()> {
    /// Bytes that are written at once.
    const PART: usize = 1 << 20;
    let kind = match array.dtype() {
        DType::Bool => "|b1",
        DType::I64 => "<i8",
        DType::F32 => "<f4",
        DType::F64 => "<f8",
    };
    let sizes: Vec<String> = array.shape().iter().map(ToString::to_string).collect();
    let comma = if sizes.len() == 1 { "," } else { "" };
    let shape = format!("({}{comma})", sizes.join(", "));
    let mut header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
    // The data begin at a multiple of 64.
    let bare = MAGIC.len() + 4 + header.len() + 1;
    header.extend(std::iter::repeat_n(' ', bare.next_multiple_of(64) - bare));
    header.push('\n');
    to.write_all(MAGIC)?;
    to.write_all(&[1, 0])?;
    to.write_all(&(header.len() as u16).to_le_bytes())?;
    to.write_all(header.as_bytes())?;
    for part in array.bytes().chunks(PART) {
        if cfg!(target_endian = "little") {
            to.write_all(part)?;
        } else {
            let turned = part.chunks(array.dtype().size()).flat_map(|entry| entry.iter().rev());
            to.write_all(&turned.copied().collect::<Vec<u8>>())?;
        }
    }
    Ok(())
}
