//! Reads programs and what they import; reads and writes files of data.

use adl_lang::source::Source;
use adl_runtime::{FileName, Value};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What standard input is called in messages.
pub const STDIN: &str = "<stdin>";

/// Reads a program; `-` is `input`.
pub fn program(file: &Path, input: &mut dyn Read) -> Result<Source, String> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        let read = input.read_to_end(&mut bytes);
        return read
            .map_err(|e| e.to_string())
            .and_then(|_| text(bytes))
            .map(|text| Source::new(STDIN, text))
            .map_err(|why| format!("cannot read standard input: {why}"));
    }
    source(file)
}

/// Reads what `importer` imports as `path`, which is relative to the importing file. A name without a point or a slash
/// is a module of the library.
pub fn import(path: &str, importer: &str) -> Result<Source, String> {
    if !path.contains(['.', '/']) {
        return Err(format!("the library has no module `{path}`"));
    }
    source(&beside(path, importer))
}

/// A path that is written in a text: relative to the folder of the text, or to the current one if the text is no file.
pub fn beside(path: &str, text: &str) -> PathBuf {
    let folder = if text.starts_with('<') { None } else { Path::new(text).parent() };
    folder.unwrap_or(Path::new("")).join(path)
}

/// Reads a file of data; what it holds may take `limit` bytes.
pub fn read(name: &FileName, limit: Option<usize>) -> Result<Value, String> {
    let file = beside(&name.path, &name.from);
    let size = fs::metadata(&file).map_err(|e| missing(&file, &e))?;
    // Text takes more room in a file than in memory, but not ten times as much.
    if let Some(limit) = limit.filter(|l| size.len() / 10 > *l as u64) {
        return Err(format!("it has {} bytes, and the limit of memory is {limit}", size.len()));
    }
    let bytes = fs::read(&file).map_err(|e| reason(&e))?;
    adl_data::decode(&name.path, &bytes, limit)
}

/// Writes a file of data.
pub fn write(name: &FileName, value: &Value) -> Result<(), String> {
    let bytes = adl_data::encode(&name.path, value)?;
    put(name, &bytes)
}

/// Writes a file whole or not at all: first beside its place, then there. Folders on the way are made.
pub fn put(name: &FileName, bytes: &[u8]) -> Result<(), String> {
    let file = beside(&name.path, &name.from);
    if file.is_dir() {
        return Err("it is a folder".into());
    }
    if let Some(folder) = file.parent().filter(|f| !f.as_os_str().is_empty()) {
        fs::create_dir_all(folder)
            .map_err(|e| format!("the folder `{}` cannot be made: {}", folder.display(), reason(&e)))?;
    }
    let mut beside = file.clone().into_os_string();
    beside.push(format!(".{}.part", std::process::id()));
    let beside = PathBuf::from(beside);
    let done = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, &file));
    done.map_err(|e| {
        // What is left of it; there may be nothing.
        let _ = fs::remove_file(&beside);
        reason(&e)
    })
}

/// Why a file cannot be opened, with the name that may have been meant.
fn missing(file: &Path, error: &std::io::Error) -> String {
    let why = reason(error);
    let wanted = file.file_name().unwrap_or_default().to_string_lossy();
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let near = fs::read_dir(folder).ok().and_then(|entries| {
        let names = entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned());
        let alike = names.map(|n| (strsim::damerau_levenshtein(&n, &wanted), n));
        alike.filter(|(d, n)| *d <= 1 + n.chars().count() / 4).min()
    });
    match near {
        Some((_, near)) if error.kind() == std::io::ErrorKind::NotFound => format!("{why}; did you mean `{near}`?"),
        _ => why,
    }
}

fn source(file: &Path) -> Result<Source, String> {
    let name = file.display().to_string();
    let read = fs::read(file).map_err(|e| reason(&e));
    read.and_then(text)
        .map(|text| Source::new(name.clone(), text))
        .map_err(|why| format!("cannot read `{name}`: {why}"))
}

fn text(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|_| "it is no UTF-8 text".to_string())
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        std::io::ErrorKind::IsADirectory => "it is a folder".into(),
        _ => error.to_string(),
    }
}

/// The programs and folders whose path begins like this.
pub fn starting_with(path: &str) -> Vec<String> {
    let (folder, start) = path.rsplit_once('/').map_or(("", path), |(folder, start)| (folder, start));
    let place = match folder {
        "" if path.starts_with('/') => "/",
        "" => ".",
        folder => folder,
    };
    let before = &path[..path.len() - start.len()];
    let mut found = Vec::new();
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let is_folder = entry.path().is_dir();
        if name.starts_with(start)
            && (is_folder || name.ends_with(".adl"))
            && (!name.starts_with('.') || start.starts_with('.'))
        {
            found.push(format!("{before}{name}{}", if is_folder { "/" } else { "" }));
        }
    }
    found.sort();
    found
}
