//! Where entries are remembered from one session to the next: `ADL_HISTORY`, nowhere if that is empty; else
//! `adl/history` in the folder for such files.

use std::env::var_os;
use std::path::PathBuf;

/// The file, whose folder is made if it is missing; `None` if nothing is to be remembered.
pub fn file() -> Option<PathBuf> {
    let path = match var_os("ADL_HISTORY") {
        Some(path) if path.is_empty() => return None,
        Some(path) => PathBuf::from(path),
        None => state_folder()?.join("adl").join("history"),
    };
    // Without the folder there is no file, and nothing is remembered.
    path.parent().map(std::fs::create_dir_all)?.ok()?;
    Some(path)
}

fn state_folder() -> Option<PathBuf> {
    let named = |name| var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    named("XDG_STATE_HOME")
        .or_else(|| named("HOME").map(|home| home.join(".local").join("state")))
        .or_else(|| named("LOCALAPPDATA"))
}
