//! Failures that are found when a program is compiled if the numbers are known by then, and when it runs otherwise:
//! each has one code and one text, whoever finds it.

use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// An index, as the message shows it, is not in an axis of that size.
pub fn index(span: Span, index: &str, size: &str) -> Diagnostic {
    Diagnostic::error("E0401", span, format!("the index {index} is out of range: the axis has size {size}"))
}

/// The note on which of so many positions are valid; `position` is the wrong one if it was computed.
#[must_use]
pub fn valid(problem: Diagnostic, position: Option<i64>, count: i64) -> Diagnostic {
    let problem = match count {
        ..=0 => problem.note("there is no valid index"),
        1 => problem.note("the only valid index is 0"),
        _ => problem.note(format!("valid are 0 to {}", count - 1)),
    };
    match position {
        Some(..0) => problem.note("a computed index below 0 does not count from the end; a written `-1` does"),
        Some(_) | None => problem,
    }
}

/// A slice is not in its axis.
pub fn slice(span: Span, title: impl Into<String>) -> Diagnostic {
    Diagnostic::error("E0402", span, title)
}

/// The result of whole numbers has more than 64 bits.
pub fn overflow(span: Span) -> Diagnostic {
    Diagnostic::error("E0403", span, "the result overflows: it does not fit into `i64`")
        .help("floats do not overflow like this: `f64(x)`")
}

/// A whole number is divided by 0.
pub fn division_by_zero(span: Span) -> Diagnostic {
    Diagnostic::error("E0404", span, "whole number divided by zero")
}

/// A size is below 0.
pub fn negative_size(span: Span, size: i64) -> Diagnostic {
    Diagnostic::error("E0407", span, format!("a size is negative: {size}"))
}

/// The code of a reduction of nothing that has no value.
pub const OF_NOTHING: &str = "E0212";

/// What is said of it.
pub fn of_nothing(name: &str) -> String {
    format!("`{name}` of nothing has no value")
}
