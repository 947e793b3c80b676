//! What a host gets when a program is wrong or fails: diagnostics together with the text they point into.

use super::failure::{Failed, out_of_time};
use adl_lang::diagnostic::Diagnostic;
use adl_lang::render::render;
use adl_lang::source::{CALL, Source, SourceId, Span};
use rustc_hash::FxHashMap;
use std::fmt;
use std::time::Duration;

/// What came to nothing, and so what a host can do about it.
///
/// ```
/// use adl_compiler::{Engine, Error, ErrorKind};
/// fn advice(problem: &Error) -> &'static str {
///     match problem.kind {
///         ErrorKind::Program | ErrorKind::Failed | ErrorKind::Host => "tell the author of the text",
///         ErrorKind::Time | ErrorKind::Fuel | ErrorKind::Memory => "raise a limit",
///         ErrorKind::Interrupted => "go on, or give up",
///         _ => "a defect of this host",
///     }
/// }
/// let f = adl_compiler::compile("fn f(x: f64[n]) = x[7]")?.function::<fn([f64]) -> f64>("f")?;
/// assert_eq!(advice(&f.call((&[1.0, 2.0],)).unwrap_err()), "tell the author of the text");
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text is wrong, or does not fit the arguments that it is compiled for.
    Program,
    /// The host asks for other types than the program has, or gives places of another shape.
    Signature,
    /// A check of the program failed while it ran: an index, an `assert`, a recursion without end.
    Failed,
    /// A function of the host gave an error.
    Host,
    /// The interrupt was raised.
    Interrupted,
    /// The time limit was reached.
    Time,
    /// The fuel is used up.
    Fuel,
    /// The memory limit, or the memory of the machine, does not suffice.
    Memory,
    /// The code of the program would be larger than allowed.
    Size,
    /// The compiler is wrong.
    Internal,
}

impl ErrorKind {
    /// What fails with that code, whoever finds it: an index out of range is a failure of the program
    /// if it is found while the program is compiled too.
    fn of(code: &str) -> ErrorKind {
        match code {
            "E0212" | "E0401" | "E0402" | "E0403" | "E0404" | "E0405" | "E0406" | "E0407" | "E0408" | "E0410"
            | "E0411" | "E0413" | "E0415" | "E0416" | "E0417" | "E0418" | "E0419" | "E0420" => ErrorKind::Failed,
            "E0409" => ErrorKind::Memory,
            "E0412" => ErrorKind::Interrupted,
            "E0414" => ErrorKind::Time,
            "E0471" => ErrorKind::Fuel,
            "E0472" => ErrorKind::Host,
            "E0000" | "E0999" => ErrorKind::Internal,
            _ => ErrorKind::Program,
        }
    }
}

/// One or more problems. `Display` and `Debug` show them with the lines they stand in, so that `unwrap`,
/// and a `main` that gives a `Result`, are readable.
///
/// ```
/// use adl_compiler::{ErrorKind, compile};
/// let problem = compile("fn f(x) = y").and_then(|p| p.dynamic("f")?.call(&[1.0.into()])).unwrap_err();
/// assert_eq!(problem.kind, ErrorKind::Program);
/// assert_eq!(problem.diagnostics[0].code, "E0101");
/// assert!(problem.to_string().contains("program:1:11"), "{problem}");
/// ```
#[derive(Clone)]
pub struct Error {
    /// What came to nothing.
    pub kind: ErrorKind,
    /// The problems, the first one first.
    pub diagnostics: Vec<Diagnostic>,
    sources: FxHashMap<SourceId, Source>,
}

impl Error {
    /// Problems, with the sources that they name.
    pub fn new(mut diagnostics: Vec<Diagnostic>, source: &dyn Fn(SourceId) -> Option<Source>) -> Error {
        for step in diagnostics.iter_mut().flat_map(|problem| &mut problem.calls) {
            step.span = step.span.filter(|span| source(span.source).is_some_and(|text| text.name() != CALL));
        }
        let mut sources = FxHashMap::default();
        for span in diagnostics.iter().flat_map(spans) {
            if let (false, Some(text)) = (sources.contains_key(&span.source), source(span.source)) {
                sources.insert(span.source, text);
            }
        }
        let first = diagnostics.iter().find(|problem| problem.is_error());
        Error { kind: first.map_or(ErrorKind::Program, |problem| ErrorKind::of(problem.code)), diagnostics, sources }
    }

    /// What failed while it ran.
    pub(super) fn failed(failed: Failed, source: &dyn Fn(SourceId) -> Option<Source>) -> Error {
        Error { kind: failed.kind, ..Error::new(vec![*failed.diagnostic], source) }
    }

    /// The same, of something that was interrupted because its time was over.
    pub(super) fn late(mut self, limit: Duration) -> Error {
        for diagnostic in &mut self.diagnostics {
            *diagnostic = *out_of_time(limit, diagnostic.primary.span).diagnostic;
        }
        self.kind = ErrorKind::Time;
        self
    }

    /// A problem of the host's own making, which has no place in a program.
    pub fn host(code: &'static str, title: impl Into<String>) -> Error {
        Error::signature(Diagnostic::error(code, nowhere(), title))
    }

    /// What the host asks for is not what the program has.
    pub(crate) fn signature(problem: Diagnostic) -> Error {
        Error { kind: ErrorKind::Signature, ..Error::new(vec![problem], &|_| None) }
    }

    /// A source that a problem points into.
    ///
    /// ```
    /// let problem = adl_compiler::compile("let a = 1\nfn f(x) = y").and_then(|p| p.dynamic("f")?.call(&[1.0.into()]));
    /// let problem = problem.unwrap_err();
    /// let place = problem.diagnostics[0].primary.span;
    /// let text = problem.source(place.source).unwrap();
    /// assert_eq!((text.slice(place), text.line_column(place.start)), ("y", (2, 11)));
    /// ```
    pub fn source(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(&id)
    }

    /// As text, with colours for a terminal if `color`.
    pub fn render(&self, color: bool) -> String {
        render(&self.diagnostics, &|id| self.sources.get(&id).cloned(), color)
    }
}

/// No place in a program.
pub(crate) fn nowhere() -> Span {
    Span::new(SourceId(u32::MAX), 0, 0)
}

fn spans(diagnostic: &Diagnostic) -> Vec<Span> {
    let labels = diagnostic.labels.iter().map(|l| l.span);
    let patches = diagnostic.helps.iter().flat_map(|h| &h.patches);
    let calls = diagnostic.calls.iter().filter_map(|step| step.span);
    std::iter::once(diagnostic.primary.span).chain(labels).chain(calls).chain(patches.map(|(s, _)| *s)).collect()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render(false).trim_end())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.kind)
    }
}

impl std::error::Error for Error {}
