//! What a word may go on as: names, fields after a point, named arguments, commands, files.

use super::commands;
use crate::files;
use adl_compiler::session::{Outline, Session};
use adl_lang::library;
use adl_lang::source::{Source, SourceId};
use adl_lang::token::{KEYWORDS, Token, lex};
use std::sync::{Arc, Mutex, PoisonError};

/// What the session knows, for the editor.
#[derive(Default)]
pub struct Knowledge {
    names: Vec<(String, Outline)>,
}

impl Knowledge {
    /// Knows nothing of a session yet.
    pub fn shared() -> Arc<Mutex<Knowledge>> {
        Arc::default()
    }

    /// Learns what the session knows now.
    pub fn refresh(shared: &Mutex<Knowledge>, session: &Session) {
        shared.lock().unwrap_or_else(PoisonError::into_inner).names = session.outline();
    }

    fn find(&self, name: &str) -> Option<&Outline> {
        self.names.iter().find(|(n, _)| n == name).map(|(_, outline)| outline)
    }
}

/// Where the word at `pos` begins, and what it may become.
pub fn complete(line: &str, pos: usize, knowledge: &Knowledge) -> (usize, Vec<String>) {
    let before = line.get(..pos).unwrap_or(line);
    let head = before.trim_start();
    if let Some(command) = head.strip_prefix(':') {
        match command.split_once(' ') {
            None => return (before.len() - command.len(), starting(command, commands::names().map(String::from))),
            Some((word, rest)) if commands::takes_file(word) => {
                let rest = rest.trim_start();
                return (before.len() - rest.len(), files::starting_with(rest));
            }
            Some(_) => {}
        }
    }
    if let Some(path) = imported(before) {
        return (before.len() - path.len(), files::starting_with(path));
    }
    let word = before.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(before, |at| {
        let width = before[at..].chars().next().map_or(1, char::len_utf8);
        &before[at + width..]
    });
    let start = before.len() - word.len();
    let path = &before[..start];
    if let Some(base) = path.strip_suffix('.')
        && !base.ends_with('.')
    {
        return (start, starting(word, fields(base, knowledge).into_iter()));
    }
    let mut names: Vec<String> = arguments(path, knowledge).into_iter().map(|name| format!("{name} = ")).collect();
    names.extend(knowledge.names.iter().map(|(name, _)| name.clone()));
    names.extend(library::all_names().into_iter().map(String::from));
    names.extend(KEYWORDS.iter().map(|word| word.to_string()));
    (start, starting(word, names.into_iter()))
}

fn starting(word: &str, names: impl Iterator<Item = String>) -> Vec<String> {
    let mut found: Vec<String> = names.filter(|name| name.starts_with(word)).collect();
    found.sort();
    found.dedup();
    found
}

/// The path in `import "models/…`, if the cursor is in one.
fn imported(before: &str) -> Option<&str> {
    let (head, path) = before.rsplit_once('"')?;
    head.trim_end().ends_with("import").then_some(path)
}

/// The names behind `a.b.`.
fn fields(base: &str, knowledge: &Knowledge) -> Vec<String> {
    let start = base
        .rfind(|c: char| !c.is_alphanumeric() && c != '_' && c != '.')
        .map_or(0, |at| at + base[at..].chars().next().map_or(1, char::len_utf8));
    let mut path = base[start..].split('.');
    let Some(first) = path.next() else { return Vec::new() };
    if first == "std" {
        return library::all_names().into_iter().map(String::from).collect();
    }
    let mut outline = knowledge.find(first);
    for name in path {
        outline = match outline {
            Some(Outline::Value(fields)) => fields.iter().find(|(n, _)| n == name).map(|(_, inner)| inner),
            _ => None,
        };
    }
    match outline {
        Some(Outline::Value(fields)) => fields.iter().map(|(name, _)| name.clone()).collect(),
        Some(Outline::Module(names)) => names.clone(),
        Some(Outline::Function(_)) | None => Vec::new(),
    }
}

/// The names of the parameters of the function whose call is open at the end of a text.
fn arguments(before: &str, knowledge: &Knowledge) -> Vec<String> {
    let source = Source::new("", before);
    let tokens = lex(&source, SourceId(0)).tokens;
    let mut depth = 0;
    for (k, (token, _)) in tokens.iter().enumerate().rev() {
        match token {
            Token::RParen | Token::RBracket | Token::RBrace => depth += 1,
            Token::LParen | Token::LBracket | Token::LBrace if depth > 0 => depth -= 1,
            Token::LParen => {
                let Some((Token::Name(name), _)) = k.checked_sub(1).and_then(|k| tokens.get(k)) else {
                    return Vec::new();
                };
                return match knowledge.find(name) {
                    Some(Outline::Function(params)) => params.clone(),
                    Some(_) => Vec::new(),
                    None => library::parameters(name),
                };
            }
            Token::LBracket | Token::LBrace => return Vec::new(),
            _ => {}
        }
    }
    Vec::new()
}
