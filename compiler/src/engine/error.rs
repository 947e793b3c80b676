//! What a host gets when a program is wrong or fails: diagnostics together with the text they point into.

use super::failure::Failed;
use adl_lang::diagnostic::Diagnostic;
use adl_lang::render::render;
use adl_lang::source::{Source, SourceId, Span};
use rustc_hash::FxHashMap;
use std::fmt;

/// One or more problems. `Display` shows them with the lines they stand in.
#[derive(Clone, Debug)]
pub struct Error {
    /// The problems, the first one first.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether the program was stopped from outside.
    pub interrupted: bool,
    sources: FxHashMap<SourceId, Source>,
}

impl Error {
    /// Problems, with the sources that they name.
    pub fn new(diagnostics: Vec<Diagnostic>, source: &dyn Fn(SourceId) -> Option<Source>) -> Error {
        let mut sources = FxHashMap::default();
        for span in diagnostics.iter().flat_map(spans) {
            if let (false, Some(text)) = (sources.contains_key(&span.source), source(span.source)) {
                sources.insert(span.source, text);
            }
        }
        Error { diagnostics, interrupted: false, sources }
    }

    /// What failed while it ran.
    pub(super) fn failed(failed: Failed, source: &dyn Fn(SourceId) -> Option<Source>) -> Error {
        Error { interrupted: failed.interrupted, ..Error::new(vec![*failed.diagnostic], source) }
    }

    /// A problem of the host's own making, which has no place in a program.
    pub fn host(code: &'static str, title: impl Into<String>) -> Error {
        let nowhere = Span::new(SourceId(u32::MAX), 0, 0);
        Error::new(vec![Diagnostic::error(code, nowhere, title)], &|_| None)
    }

    /// A source that a problem points into.
    pub fn source(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(&id)
    }

    /// As text, with colours if `color`.
    pub fn render(&self, color: bool) -> String {
        render(&self.diagnostics, &|id| self.sources.get(&id).cloned(), color)
    }
}

fn spans(diagnostic: &Diagnostic) -> Vec<Span> {
    let labels = diagnostic.labels.iter().map(|l| l.span);
    let patches = diagnostic.helps.iter().flat_map(|h| &h.patches);
    std::iter::once(diagnostic.primary.span).chain(labels).chain(patches.map(|(s, _)| *s)).collect()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render(false).trim_end())
    }
}

impl std::error::Error for Error {}
