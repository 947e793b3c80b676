//! Reads programs and what they import.

use adl_lang::source::Source;
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
    let folder = if importer.starts_with('<') {
        PathBuf::new()
    } else {
        Path::new(importer).parent().map(Path::to_path_buf).unwrap_or_default()
    };
    source(&folder.join(path))
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
