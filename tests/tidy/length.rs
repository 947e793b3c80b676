//! What a person can take in at once: files of 500 lines, functions of 100, lines of 120 columns.

use super::{Source, sources};

/// Functions that are longer, as `file: name`. The list may only become shorter.
const LONG: &[&str] = &[
    "lang/src/check/calls/call.rs: match_args",
    "lang/src/check/advice/elsewhere.rs: here",
    "lang/src/check/calls/instance.rs: elaborate",
    "lang/src/ops.rs: result",
    "lang/src/typed/validate.rs: stmt",
];

#[test]
fn files_stay_short() {
    for Source { name, text } in sources() {
        let lines = text.lines().count();
        assert!(lines <= 500, "{name} has {lines} lines; split it by what it does");
    }
}

#[test]
fn lines_stay_short() {
    let mut long = Vec::new();
    for source in sources() {
        let lines = source.lines().filter(|(_, line)| line.chars().count() > 120);
        long.extend(lines.map(|(number, _)| format!("{}:{number}", source.name)));
    }
    assert!(long.is_empty(), "more than 120 columns:\n{}", long.join("\n"));
}

#[test]
fn functions_stay_short() {
    let mut long = Vec::new();
    for source in sources() {
        let functions = functions(&source.text).into_iter().filter(|(_, lines)| *lines > 100);
        long.extend(functions.map(|(function, lines)| (format!("{}: {function}", source.name), lines)));
    }
    for (function, lines) in &long {
        assert!(LONG.contains(&function.as_str()), "{function} has {lines} lines; split it by what it does");
    }
    for known in LONG {
        assert!(long.iter().any(|(function, _)| function == known), "{known} is short: take it off the list");
    }
}

/// The functions of a formatted text, with their lines.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let words = line.trim_start().split_once("fn ").filter(|(before, _)| before.split(' ').all(is_modifier));
        let Some((_, rest)) = words else { continue };
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        found.extend(length(&lines[at..]).map(|lines| (name, lines)));
    }
    found
}

/// How many lines the function has that the first one begins: its last is a brace below its first letter, and what
/// else stands there is the end of its signature.
fn length(lines: &[&str]) -> Option<usize> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let first = lines.first().filter(|line| !line.ends_with(['}', ';']))?;
    for (at, line) in lines.iter().enumerate().skip(1) {
        match line.trim_start() {
            "" => {}
            _ if indent(line) > indent(first) => {}
            "}" => return Some(at + 1),
            rest if rest.starts_with([')', '{']) || rest.starts_with("where") => {}
            _ => return None,
        }
    }
    None
}

fn is_modifier(word: &str) -> bool {
    matches!(word, "" | "pub" | "const" | "unsafe" | "extern" | "\"C\"" | "async") || word.starts_with("pub(")
}
