//! `adl explain`: what a code means, with a wrong and a right program.

use super::Context;
use crate::{OK, USAGE};
use adl_lang::codes;

/// Explains a code, or lists all; the result is the exit code.
pub fn explain(context: &Context, code: Option<&str>) -> u8 {
    let Some(code) = code else {
        for code in codes::all() {
            context.console.line(&format!("{}  {}", code.code, code.title));
        }
        return OK;
    };
    match codes::find(code) {
        Some(code) => {
            context.console.line(&text(&code));
            OK
        }
        None => {
            context.console.note(&format!("adl: there is no code `{code}`; `adl explain` lists all"));
            USAGE
        }
    }
}

/// An explanation for the terminal: the fences of programs are left out, and programs indented.
pub fn text(code: &codes::Code) -> String {
    let mut out = format!("{}: {}\n", code.code, code.title);
    let mut inside = false;
    for line in code.text.lines() {
        match line.strip_prefix("```") {
            Some(_) => inside = !inside,
            None if inside && !line.is_empty() => out.push_str(&format!("    {line}\n")),
            None => out.push_str(&format!("{line}\n")),
        }
    }
    out.trim_end().to_string()
}
