//! Which files a program may open.
//!
//! A path is resolved when it is opened: links are followed and `..` is taken back first, and what was opened is looked
//! at once more, so neither a link nor a folder that is renamed meanwhile leads out of what is allowed. A file that is
//! not allowed is refused before anything shows whether it exists.

use std::fs;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

/// What is asked of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// To read it.
    Read,
    /// To write it.
    Write,
}

/// The places where something is allowed.
#[derive(Clone, Debug, Default)]
pub enum Scope {
    /// Everywhere.
    #[default]
    All,
    /// These files, and what lies in these folders; paths without links.
    Below(Vec<PathBuf>),
}

impl Scope {
    /// These files and folders, which need not exist yet.
    pub fn below(places: &[PathBuf]) -> Result<Scope, String> {
        let real = |place: &PathBuf| resolve(place).map_err(|e| format!("`{}`: {e}", place.display()));
        places.iter().map(real).collect::<Result<_, _>>().map(Scope::Below)
    }

    /// Where a path leads, if that is allowed; as it is written where everything is.
    pub fn path(&self, path: &Path, access: Access) -> Result<PathBuf, String> {
        match self {
            Scope::All => Ok(path.to_path_buf()),
            Scope::Below(places) => match resolve(path) {
                Ok(real) if places.iter().any(|place| real.starts_with(place)) => Ok(real),
                _elsewhere_or_nowhere => Err(refusal(path, access)),
            },
        }
    }

    /// Opens a file for reading.
    pub fn open(&self, path: &Path) -> Result<Result<fs::File, Error>, String> {
        let file = match fs::File::open(self.path(path, Access::Read)?) {
            Ok(file) => file,
            Err(problem) => return Ok(Err(problem)),
        };
        if let Scope::Below(places) = self {
            let real = opened(&file, path);
            if !real.is_ok_and(|real| places.iter().any(|place| real.starts_with(place))) {
                return Err(refusal(path, Access::Read));
            }
        }
        Ok(Ok(file))
    }
}

/// Why a path is not opened.
fn refusal(path: &Path, access: Access) -> String {
    let (does, flag) = match access {
        Access::Read => ("reads", "--allow-read"),
        Access::Write => ("writes", "--allow-write"),
    };
    let path = path.display();
    format!("the program {does} `{path}`, which it is not allowed to; `{flag}={path}` allows it")
}

/// The path of an open file.
#[cfg(target_os = "linux")]
fn opened(file: &fs::File, _path: &Path) -> Result<PathBuf, Error> {
    use std::os::fd::AsRawFd;
    fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// The path of an open file, as far as can be told.
#[cfg(not(target_os = "linux"))]
fn opened(_file: &fs::File, path: &Path) -> Result<PathBuf, Error> {
    resolve(path)
}

/// An absolute path without links and `..`. Its end may be missing, and then is what the text says.
fn resolve(path: &Path) -> Result<PathBuf, Error> {
    let whole = std::path::absolute(path)?;
    let (mut here, mut missing) = (whole.as_path(), Vec::new());
    loop {
        match fs::canonicalize(here) {
            Ok(real) => return Ok(missing.into_iter().rev().fold(real, |path, name| path.join(name))),
            Err(problem) if problem.kind() != ErrorKind::NotFound => return Err(problem),
            // A path that ends in `..` has no name, and what is missing cannot be left again.
            Err(problem) => match (here.parent(), here.file_name()) {
                (Some(parent), Some(name)) => {
                    missing.push(name);
                    here = parent;
                }
                _ => return Err(problem),
            },
        }
    }
}
