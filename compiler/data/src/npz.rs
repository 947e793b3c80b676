//! `.npz`: a zip archive with one `.npy` file for each array; a record.

use crate::{Limits, Sink, npy, within};
use adl_runtime::Value;
use std::io::{Cursor, Read};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// The record in a file.
pub fn decode(bytes: &[u8], limits: Limits<'_>) -> Result<Value, String> {
    let damaged = |why: &dyn std::fmt::Display| format!("it is no intact `.npz` file: {why}");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| damaged(&e))?;
    let (mut fields, mut used): (Vec<(Option<String>, Value)>, usize) = (Vec::new(), 0);
    for k in 0..archive.len() {
        let mut entry = archive.by_index(k).map_err(|e| damaged(&e))?;
        let file = entry.name().map_err(|e| damaged(&e))?.into_owned();
        let name = file.strip_suffix(".npy").unwrap_or(&file).to_string();
        if fields.iter().any(|(n, _)| n.as_deref() == Some(name.as_str())) {
            return Err(format!("it holds two arrays of the name `{name}`"));
        }
        limits.look()?;
        let left = limits.memory.map(|l| l.saturating_sub(used));
        within(usize::try_from(entry.size()).unwrap_or(usize::MAX).saturating_sub(256), left)?;
        let mut data = Vec::new();
        // What an archive says of its sizes need not be true.
        let most = left.map_or(u64::MAX, |l| (l as u64).saturating_add(1 << 17));
        entry.by_ref().take(most).read_to_end(&mut data).map_err(|e| damaged(&e))?;
        let array = npy::decode(&data, left).map_err(|why| format!("of its part `{name}`, {why}"))?;
        used += array.bytes().len();
        fields.push((Some(name), Value::Array(array)));
    }
    Ok(if fields.is_empty() { Value::None } else { Value::Tuple(fields) })
}

/// Writes the file with a record of arrays, not compressed.
pub fn write(value: &Value, to: &mut dyn Sink) -> Result<(), String> {
    let fields = match value {
        Value::Tuple(fields) => fields.as_slice(),
        Value::None => &[],
        Value::Array(_) => return Err("a `.npz` file holds a record of arrays; one array goes into `.npy`".into()),
    };
    let mut archive = ZipWriter::new(to);
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, part) in fields {
        let (Some(name), Value::Array(array)) = (name, part) else {
            return Err("a `.npz` file holds a record of arrays, each with a name".into());
        };
        archive.start_file(format!("{name}.npy"), options.large_file(true)).map_err(|e| e.to_string())?;
        npy::write(array, &mut archive).map_err(|e| e.to_string())?;
    }
    archive.finish().map(|_| ()).map_err(|e| e.to_string())
}
