//! Where entries come from: a terminal with an editor for lines, or plain lines.

use super::complete::{Knowledge, complete};
use super::highlight::highlight;
use super::history;
use crate::console::Console;
use adl_lang::parse::is_incomplete;
use adl_lang::source::Source;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{ColorMode, CompletionType, Config, Context, Editor, Helper, history::DefaultHistory};
use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

const PROMPT: &str = "> ";

/// What was read.
pub enum Read {
    /// An entry, of one or several lines.
    Entry(String),
    /// Nothing: the line was taken back.
    Cancelled,
    /// There is no more.
    End,
}

/// Reads entries.
pub enum Reader {
    /// From a terminal.
    Terminal {
        /// Edits lines.
        editor: Box<Editor<Assistant, DefaultHistory>>,
        /// Remembers them.
        history: Option<PathBuf>,
    },
    /// From a stream.
    Plain(Console),
}

impl Reader {
    /// Reads from the terminal if `editing`, else from standard input.
    pub fn new(editing: bool, color: bool, console: &Console, knowledge: Arc<Mutex<Knowledge>>) -> Reader {
        if !editing {
            return Reader::Plain(console.clone());
        }
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .color_mode(if color { ColorMode::Enabled } else { ColorMode::Disabled })
            .bracketed_paste(true)
            .history_ignore_space(true)
            .auto_add_history(true)
            .build();
        match Editor::with_config(config) {
            Ok(mut editor) => {
                editor.set_helper(Some(Assistant { knowledge, color }));
                let history = history::file();
                if let Some(file) = &history {
                    // The first time there is none.
                    let _ = editor.load_history(file);
                }
                Reader::Terminal { editor: Box::new(editor), history }
            }
            Err(problem) => {
                console.note(&format!("adl: lines cannot be edited: {problem}"));
                Reader::Plain(console.clone())
            }
        }
    }

    /// Whether a person is there.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Reader::Terminal { .. })
    }

    /// The characters on a line of the terminal.
    pub fn width(&mut self) -> Option<usize> {
        match self {
            Reader::Terminal { editor, .. } => editor.dimensions().map(|(columns, _)| usize::from(columns)),
            Reader::Plain(_) => None,
        }
    }

    /// The next entry.
    pub fn read(&mut self) -> Read {
        match self {
            Reader::Terminal { editor, history } => match editor.readline(PROMPT) {
                Ok(text) => {
                    if let Some(file) = history {
                        // What cannot be remembered is only forgotten.
                        let _ = editor.append_history(file);
                    }
                    Read::Entry(text)
                }
                Err(ReadlineError::Interrupted) => Read::Cancelled,
                Err(_) => Read::End,
            },
            Reader::Plain(console) => plain(console),
        }
    }
}

/// Lines up to the end of an entry.
fn plain(console: &Console) -> Read {
    let Some(mut text) = console.read_line() else {
        return Read::End;
    };
    while !is_complete(&text) {
        match console.read_line() {
            Some(line) => {
                text.push('\n');
                text.push_str(&line);
            }
            None => break,
        }
    }
    Read::Entry(text)
}

/// Whether an entry ends here: a command does with its line, and an empty line ends anything.
fn is_complete(text: &str) -> bool {
    let head = text.trim_start();
    head.starts_with([':', '?']) || text.ends_with("\n") || !is_incomplete(&Source::new("", text))
}

/// What the editor asks while a line is typed.
pub struct Assistant {
    knowledge: Arc<Mutex<Knowledge>>,
    color: bool,
}

impl Helper for Assistant {}

impl Hinter for Assistant {
    type Hint = String;
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let complete = is_complete(context.input());
        Ok(if complete { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, pos: usize) -> Cow<'l, str> {
        if self.color { Cow::Owned(highlight(line, pos)) } else { Cow::Borrowed(line) }
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        if self.color { Cow::Owned(format!("\x1b[1;34m{prompt}\x1b[0m")) } else { Cow::Borrowed(prompt) }
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        self.color
    }
}

impl Completer for Assistant {
    type Candidate = String;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let knowledge = self.knowledge.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(complete(line, pos, &knowledge))
    }
}
