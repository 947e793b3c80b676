//! What was entered, so that it can be saved as a program.

use adl_lang::ast::{ImportTarget, StmtKind};
use adl_lang::parse::parse;
use adl_lang::source::{Source, SourceId};
use adl_lang::token::{Token, lex};

/// The statements so far, in order.
#[derive(Default)]
pub struct Log {
    stmts: Vec<Logged>,
}

struct Logged {
    text: String,
    kind: Kind,
    /// Whether it came from a file, which is read again as a whole.
    loaded: bool,
}

enum Kind {
    /// A function, by name.
    Function(String),
    /// An import.
    Import,
    /// A bare expression, whose value `ans` stands for.
    Answer,
    /// Anything else, with the names that it binds.
    Other(Vec<String>),
}

impl Log {
    /// Takes an entry, or a file, that ran.
    pub fn enter(&mut self, text: &str, rebuilt: &[String], loaded: bool) {
        let source = Source::new("", text);
        let (file, _) = parse(&source, SourceId(0));
        let mut start = 0;
        let mut new = Vec::new();
        for stmt in &file.stmts {
            let end = stmt.span.end as usize;
            // Comments above a statement belong to it.
            let text = source.text().get(start..end).unwrap_or_default().trim_matches([' ', '\n', ';']).to_string();
            start = end;
            let kind = match &stmt.kind {
                StmtKind::Fn(def) => Kind::Function(def.name.name.to_string()),
                StmtKind::Import { .. } => Kind::Import,
                StmtKind::Expr(_) => Kind::Answer,
                StmtKind::Let { pattern, .. } => {
                    Kind::Other(pattern.names().iter().map(|name| name.to_string()).collect())
                }
                _ => Kind::Other(Vec::new()),
            };
            new.push(Logged { text, kind, loaded });
        }
        // What was written again with this entry stands behind it.
        let rebuilt = |name: &String| rebuilt.contains(name);
        let defined: Vec<String> = new.iter().filter_map(Logged::function).cloned().collect();
        let mut behind = Vec::new();
        for old in std::mem::take(&mut self.stmts) {
            match &old.kind {
                Kind::Function(name) if defined.contains(name) => {}
                Kind::Function(name) if rebuilt(name) => behind.push(old),
                Kind::Other(names) if names.iter().any(rebuilt) => behind.push(old),
                _ => self.stmts.push(old),
            }
        }
        self.stmts.extend(new);
        self.stmts.extend(behind);
    }

    /// The program. Bare expressions are left out, unless a later statement speaks of `ans`.
    pub fn program(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        let mut answer: Option<&str> = None;
        for stmt in &self.stmts {
            let asks = speaks_of_ans(&stmt.text);
            if let (true, Some(text)) = (asks, answer.take()) {
                lines.push(format!("let ans = {text}"));
            }
            match stmt.kind {
                Kind::Answer => answer = Some(&stmt.text),
                Kind::Function(_) | Kind::Import | Kind::Other(_) => lines.push(stmt.text.clone()),
            }
        }
        lines.join("\n") + "\n"
    }

    /// The imports of files that were entered.
    pub fn imports(&self) -> Vec<String> {
        let own = self.stmts.iter().filter(|s| !s.loaded && matches!(s.kind, Kind::Import));
        own.filter(|s| imports_file(&s.text)).map(|s| s.text.clone()).collect()
    }
}

impl Logged {
    fn function(&self) -> Option<&String> {
        match &self.kind {
            Kind::Function(name) => Some(name),
            Kind::Import | Kind::Answer | Kind::Other(_) => None,
        }
    }
}

fn speaks_of_ans(text: &str) -> bool {
    let source = Source::new("", text);
    lex(&source, SourceId(0)).tokens.iter().any(|(token, _)| *token == Token::Name("ans"))
}

fn imports_file(text: &str) -> bool {
    let (file, _) = parse(&Source::new("", text), SourceId(0));
    let path = |kind: &StmtKind| matches!(kind, StmtKind::Import { target: ImportTarget::Path(..), .. });
    file.stmts.iter().any(|s| path(&s.kind))
}
