//! Problems as values: what is wrong, where, why, and the cure. Rendered in `render.rs`, and nowhere else.

use crate::source::Span;

/// How grave a problem is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Severity {
    /// The program cannot be run.
    Error,
    /// It can, but probably does not do what is meant.
    Warning,
}

/// A place that takes part in a problem.
#[derive(Clone, PartialEq, Debug)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is to be said of it; may be empty.
    pub text: String,
}

/// A cure; if it has patches, applying them gives a program without this problem.
#[derive(Clone, PartialEq, Debug)]
pub struct Help {
    /// The advice.
    pub text: String,
    /// Ranges of text and what to write there instead.
    pub patches: Vec<(Span, String)>,
}

/// A call that led to a problem.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// The function that was called; empty if `how` is [`How::Omitted`].
    pub function: String,
    /// How it was called.
    pub how: How,
    /// Where; `None` if the host called it.
    pub span: Option<Span>,
    /// What it was called with, where the problem was found when the program was compiled: `f64[3], f64`.
    pub given: String,
    /// How often this call was repeated, one inside of the other.
    pub times: u64,
}

/// How a function is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How {
    /// For its value.
    Call,
    /// For its derivative, by reverse mode.
    Gradient,
    /// For its derivative, by forward mode.
    Derivative,
    /// For a derivative of that order.
    Higher(u32),
    /// Calls that are not told.
    Omitted,
}

impl Step {
    /// The function and how it is called: ``in `f` ``, ``in the gradient of `f` ``.
    pub fn title(&self) -> String {
        let f = match &*self.function {
            "lambda" => "a lambda".to_string(),
            name => format!("`{name}`"),
        };
        match self.how {
            How::Call => format!("in {f}"),
            How::Gradient => format!("in the gradient of {f}"),
            How::Derivative => format!("in the derivative of {f}"),
            How::Higher(order) => format!("in a derivative of order {order} of {f}"),
            How::Omitted => format!("… {} more calls", grouped(self.times)),
        }
    }
}

/// A number with a comma before every three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (k, digit) in digits.chars().enumerate() {
        if k > 0 && (digits.len() - k).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// One problem.
///
/// ```
/// use adl_lang::{diagnostic::Diagnostic, source::Span};
/// let problem = Diagnostic::error("E0101", Span::default(), "no variable `lamda` here");
/// let problem = problem.help("did you mean `lambda`?");
/// assert_eq!(problem.code, "E0101");
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct Diagnostic {
    /// Stable: `E0201`.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong, in the user's terms.
    pub title: String,
    /// The place to look at first; the others follow.
    pub primary: Label,
    /// Other places that take part.
    pub labels: Vec<Label>,
    /// The calls that led there, the inner ones first.
    pub calls: Vec<Step>,
    /// Further facts.
    pub notes: Vec<String>,
    /// Cures.
    pub helps: Vec<Help>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: &'static str, span: Span, title: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity: Severity::Error,
            title: title.into(),
            primary: Label { span, text: String::new() },
            labels: Vec::new(),
            calls: Vec::new(),
            notes: Vec::new(),
            helps: Vec::new(),
        }
    }

    /// A warning at a place.
    pub fn warning(code: &'static str, span: Span, title: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Warning, ..Self::error(code, span, title) }
    }

    /// What is said at the primary place.
    #[must_use]
    pub fn here(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds advice without a patch.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.helps.push(Help { text: text.into(), patches: Vec::new() });
        self
    }

    /// Adds advice that can be applied.
    #[must_use]
    pub fn fix(mut self, text: impl Into<String>, patches: Vec<(Span, String)>) -> Self {
        self.helps.push(Help { text: text.into(), patches });
        self
    }

    /// The same as a warning.
    #[must_use]
    pub fn as_warning(self) -> Self {
        Diagnostic { severity: Severity::Warning, ..self }
    }

    /// Whether it stops the program.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
