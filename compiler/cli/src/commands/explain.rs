//! `adl explain`: what a code means, with a wrong and a right program, or what a function of the library does.

use super::Context;
use crate::repl::of_library;
use crate::{OK, USAGE};
use adl_lang::codes;

/// Explains a code or a function, or lists all codes; the result is the exit code.
pub fn explain(context: &Context, code: Option<&str>) -> u8 {
    let Some(code) = code else {
        for code in codes::all() {
            context.console.line(&format!("{}  {}", code.code, code.title));
        }
        return OK;
    };
    match codes::find(code).map(|code| text(&code)).or_else(|| of_library(code)) {
        Some(text) => {
            context.console.line(&text);
            OK
        }
        None => {
            context.console.note(&format!("adl: there is no code or function `{code}`; `adl explain` lists all codes"));
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
