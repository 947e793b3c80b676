//! Reads programs and what they import; reads and writes files of data.
//! [`Files`] is the only way from a program to a file.

mod scope;

use crate::args::Permissions;
use adl_data::Limits;
use adl_lang::source::Source;
use adl_runtime::{FileName, Interrupt, Value};
use scope::{Access, Scope};
use std::fs;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// What standard input is called in messages.
pub const STDIN: &str = "<stdin>";

/// Most bytes of a program: ten thousand pages.
const LONGEST: u64 = 32 << 20;

/// Reads a program that the command line names; `-` is `input`.
pub fn program(file: &Path, input: &mut dyn Read) -> Result<Source, String> {
    if file == Path::new("-") {
        return whole(input, LONGEST, &|| false)
            .and_then(text)
            .map(|text| Source::new(STDIN, text))
            .map_err(|why| format!("cannot read standard input: {why}"));
    }
    source(file, &Scope::All)
}

/// What a program may read and write.
#[derive(Clone, Debug, Default)]
pub struct Files {
    read: Scope,
    write: Scope,
}

impl Files {
    /// What the flags of the command allow: everything if there are none, else what they name.
    pub fn allowed(by: &Permissions) -> Result<Files, String> {
        if !by.sandbox && by.allow_read.is_empty() && by.allow_write.is_empty() {
            return Ok(Files::default());
        }
        Ok(Files { read: Scope::below(&by.allow_read)?, write: Scope::below(&by.allow_write)? })
    }

    /// Reads what `importer` imports as `path`, which is relative to the importing file. A name without a point or a
    /// slash is a module of the library. Errors show lines of a program, so nothing else than programs is read.
    pub fn import(&self, path: &str, importer: &str) -> Result<Source, String> {
        if !path.contains(['.', '/']) {
            return Err(format!("the library has no module `{path}`"));
        }
        let file = beside(path, importer);
        let real = fs::canonicalize(self.read.path(&file, Access::Read)?);
        let named = |file: &Path| file.extension().is_some_and(|end| end == "adl");
        if !named(&file) || real.is_ok_and(|real| !named(&real)) {
            return Err(format!("`{}` is no program: the names of those end in `.adl`", file.display()));
        }
        source(&file, &self.read)
    }

    /// Reads a program that is named at the prompt.
    pub fn program(&self, file: &Path) -> Result<Source, String> {
        source(file, &self.read)
    }

    /// Reads a file of data; what it holds may take `limit` bytes. It ends when the interrupt is raised.
    pub fn read(&self, name: &FileName, limit: Option<usize>, interrupt: &Interrupt) -> Result<Value, String> {
        let file = beside(&name.path, &name.from);
        let mut input = self.read.open(&file)?.map_err(|e| missing(&file, &e))?;
        let size = input.metadata().map_err(|e| reason(&e))?.len();
        // Text takes more room in a file than in memory, but not ten times as much.
        if let Some(limit) = limit.filter(|l| size / 10 > *l as u64) {
            return Err(format!("it has {size} bytes, and the limit of memory is {limit}"));
        }
        let stop = || interrupt.is_raised();
        // A file that is no regular one does not say how long it is.
        let most = limit.map_or(u64::MAX, |limit| (limit as u64).saturating_mul(10));
        let bytes = whole(&mut input, most, &stop)?;
        drop(input);
        adl_data::decode_within(&name.path, &bytes, Limits { memory: limit, stop: &stop })
    }

    /// Writes a file of data, to the end or until the interrupt is raised.
    pub fn write(&self, name: &FileName, value: &Value, interrupt: &Interrupt) -> Result<(), String> {
        self.put_by(name, &mut |file| {
            let mut watched = BufWriter::with_capacity(1 << 16, Watched { file, interrupt });
            adl_data::write(&name.path, value, &mut watched)?;
            watched.flush().map_err(|e| reason(&e))
        })
    }

    /// Writes a file whole or not at all.
    pub fn put(&self, name: &FileName, bytes: &[u8]) -> Result<(), String> {
        self.put_by(name, &mut |file| file.write_all(bytes).map_err(|e| reason(&e)))
    }

    /// Writes a file whole or not at all: first beside its place, then there. Folders on the way are made. A link at
    /// its place is replaced, not followed.
    fn put_by(
        &self,
        name: &FileName,
        write: &mut dyn FnMut(&mut fs::File) -> Result<(), String>,
    ) -> Result<(), String> {
        let named = beside(&name.path, &name.from);
        let file = self.write.path(&named, Access::Write)?;
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
        // What a run that was killed has left under this name goes; a link under it is not followed.
        let _ = fs::remove_file(&beside);
        let made = fs::File::create_new(&beside).map_err(|e| reason(&e)).and_then(|mut out| {
            // The folders may have been exchanged since.
            self.write.path(&file, Access::Write)?;
            write(&mut out)
        });
        let done = made.and_then(|()| fs::rename(&beside, &file).map_err(|e| reason(&e)));
        done.inspect_err(|_| {
            // What is left of it; there may be nothing.
            let _ = fs::remove_file(&beside);
        })
    }
}

/// A path that is written in a text: relative to the folder of the text, or to the current one if the text is no file.
pub fn beside(path: &str, text: &str) -> PathBuf {
    let folder = if text.starts_with('<') { None } else { Path::new(text).parent() };
    folder.unwrap_or(Path::new("")).join(path)
}

/// Reads all there is, unless it is more than `most` bytes or `stop` says so.
fn whole(input: &mut dyn Read, most: u64, stop: &dyn Fn() -> bool) -> Result<Vec<u8>, String> {
    /// Bytes that are read at once.
    const PART: u64 = 1 << 20;
    let mut bytes = Vec::new();
    loop {
        bytes.try_reserve(PART as usize).map_err(|_| format!("no memory for {} bytes", bytes.len() as u64 + PART))?;
        let read = Read::take(&mut *input, PART).read_to_end(&mut bytes).map_err(|e| reason(&e))?;
        if bytes.len() as u64 > most {
            return Err(format!("it has more than {most} bytes, which is the limit"));
        }
        if (read as u64) < PART {
            return Ok(bytes);
        }
        if stop() {
            return Err("interrupted".into());
        }
    }
}

/// A file that is written to until the interrupt is raised.
struct Watched<'a> {
    file: &'a mut fs::File,
    interrupt: &'a Interrupt,
}

impl Write for Watched<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // `ErrorKind::Interrupted` would have it written again.
        if self.interrupt.is_raised() { Err(std::io::Error::other("interrupted")) } else { self.file.write(bytes) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Watched<'_> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.file.seek(to)
    }
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

fn source(file: &Path, scope: &Scope) -> Result<Source, String> {
    let name = file.display().to_string();
    let opened = scope.open(file)?.map_err(|e| reason(&e));
    let read = opened.and_then(|mut input| whole(&mut input, LONGEST, &|| false));
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
