//! What a command says: as text for people, or as JSON, an object on each line (`JSON.md` beside the sources documents
//! it). Both come from the same values.

use crate::console::Console;
use crate::json;
use crate::timeout::Timeout;
use crate::{FAILED, INTERRUPTED};
use adl_compiler::engine::{Error, ErrorKind};
use adl_compiler::session::Event;
use adl_runtime::Value;
use serde_json::json;
use std::sync::Arc;

/// Says what happens, in one form or the other.
#[derive(Clone)]
pub struct Report {
    console: Console,
    color: bool,
    json: bool,
    timeout: Option<Arc<Timeout>>,
}

impl Report {
    /// Text, with colours if `color`.
    pub fn text(console: Console, color: bool) -> Report {
        Report { console, color, json: false, timeout: None }
    }

    /// JSON if `json`; the first object says so.
    pub fn of(console: Console, color: bool, json: bool, command: &str) -> Report {
        let report = Report { console, color, json, timeout: None };
        report.object(
            || json!({ "kind": "start", "schema": json::SCHEMA, "adl": env!("CARGO_PKG_VERSION"), "command": command }),
        );
        report
    }

    /// Knows why programs are interrupted.
    pub fn with_timeout(mut self, timeout: Option<Arc<Timeout>>) -> Report {
        self.timeout = timeout;
        self
    }

    /// Whether an object is wanted for each fact.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// An object, if JSON is wanted.
    pub fn object(&self, object: impl FnOnce() -> serde_json::Value) {
        if self.json {
            self.console.line(&object().to_string());
        }
    }

    /// A line on standard output, if text is wanted.
    pub fn line(&self, text: &str) {
        if !self.json {
            self.console.line(text);
        }
    }

    /// What concerns the command rather than the program.
    pub fn note(&self, text: &str) {
        self.console.note(text);
    }

    /// The value of a bare expression.
    pub fn value(&self, value: &Value) {
        self.line(&value.to_string());
        self.object(|| json!({ "kind": "value", "value": json::value(value) }));
    }

    /// What comes of a statement of a program.
    pub fn event(&self, event: &Event) {
        match event {
            Event::Value(value) => self.value(value),
            Event::Text(text) => {
                self.line(text);
                self.object(|| json!({ "kind": "text", "text": text }));
            }
            Event::Bound(_) | Event::Defined(_) | Event::Rebuilt(_) | Event::Kept { .. } => {}
        }
    }

    /// Errors and warnings; the exit code if nothing else is wrong.
    pub fn problem(&self, problem: &Error) -> u8 {
        let mut problem = problem.clone();
        let late = self.timeout.as_ref().and_then(|t| t.expired()).filter(|_| problem.kind == ErrorKind::Interrupted);
        if let Some(seconds) = late {
            for diagnostic in problem.diagnostics.iter_mut().filter(|d| d.code == "E0412") {
                diagnostic.code = "E0414";
                diagnostic.title = format!("the time is up: the limit is {seconds} s");
            }
        }
        if self.json {
            problem.diagnostics.iter().for_each(|d| self.object(|| json::diagnostic(d, &problem)));
        } else if !problem.diagnostics.is_empty() {
            self.console.note(&problem.render(self.color));
        }
        if problem.kind == ErrorKind::Interrupted && late.is_none() { INTERRUPTED } else { FAILED }
    }

    /// The last object.
    pub fn end(&self, code: u8) -> u8 {
        self.object(|| json!({ "kind": "end", "exit": code }));
        code
    }

    /// A line that a program prints.
    pub fn print(&self, text: &str) {
        self.line(text);
        self.object(|| json!({ "kind": "print", "text": text }));
    }

    /// How far a loop is, for who watches.
    pub fn progress(&self, done: i64, of: i64) {
        self.console.progress(done, of);
    }
}
