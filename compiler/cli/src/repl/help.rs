//! `:help NAME`, `adl explain NAME`: what a name means, from the session or from the library.

use super::echo;
use adl_compiler::session::{Meaning, Session};
use adl_lang::check::nearest;
use adl_lang::library;

/// What a name means; or that there is none, with the nearest.
pub fn about(session: &Session, name: &str, width: usize) -> Result<String, String> {
    if let Some(meaning) = session.meaning(name) {
        let mut text = echo::meaning(name, &meaning, width);
        if let Meaning::Function { doc: Some(doc), .. } = &meaning {
            text.push_str(&format!("\n{doc}"));
        }
        return Ok(text);
    }
    of_library(name).ok_or_else(|| {
        let own = session.names();
        let known = own.iter().map(String::as_str).chain(library::all_names());
        let near = nearest(name, known).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        format!("nothing is called `{name}`{near}")
    })
}

/// What a name of the library means.
pub fn of_library(name: &str) -> Option<String> {
    let help = library::help(name)?;
    let mut lines = vec![help.signature, help.doc];
    for (what, text) in [("derivative", help.derivative), ("at kinks", help.kink), ("example", help.example)] {
        if !text.is_empty() {
            lines.push(format!("  {what}: {text}"));
        }
    }
    Some(lines.join("\n"))
}
