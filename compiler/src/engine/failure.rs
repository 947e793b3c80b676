//! What fails while a program runs, as a diagnostic at the line that the user wrote.

use super::error::ErrorKind;
use super::output::line;
use crate::ad::Endless;
use crate::codegen::{Fault, Site, What};
use crate::pipeline::Problem;
use adl_lang::diagnostic::Diagnostic;
use adl_lang::source::Span;
use adl_lang::typed::BoundsOf;
use adl_runtime::Array;
use std::time::Duration;

/// Why a call came to nothing.
#[derive(Clone, Debug)]
pub struct Failed {
    /// What is said of it.
    pub diagnostic: Box<Diagnostic>,
    /// What came to nothing.
    pub kind: ErrorKind,
}

impl Failed {
    /// A problem of some kind.
    pub fn new(kind: ErrorKind, diagnostic: Diagnostic) -> Failed {
        Failed { diagnostic: Box::new(diagnostic), kind }
    }
}

impl From<Diagnostic> for Failed {
    fn from(diagnostic: Diagnostic) -> Failed {
        Failed::new(ErrorKind::Failed, diagnostic)
    }
}

/// A check that failed at a site, with the figures and arrays that came with it.
pub fn at_site(site: &Site, figures: &[i64; 4], arrays: &[Array]) -> Diagnostic {
    match &site.what {
        What::Fault(fault) => fault_at(*fault, site.span, figures),
        What::Assert(parts) => {
            // The first operand is the condition, which is no part of the message.
            Diagnostic::error("E0410", site.span, line(parts, 1, arrays, &mut |_| String::new()))
        }
        What::Host(_) => *of_host(site, None).diagnostic,
        What::Print(_) => Diagnostic::error("E0499", site.span, "this line could not be printed"),
    }
}

fn fault_at(fault: Fault, span: Span, figures: &[i64; 4]) -> Diagnostic {
    let [first, second, ..] = *figures;
    let error = |code, title: String| Diagnostic::error(code, span, title);
    match fault {
        Fault::Bounds(BoundsOf::Index) => {
            let found = error("E0401", format!("the index {first} is out of range: the axis has size {second}"));
            range(found, first, second)
        }
        Fault::Bounds(BoundsOf::Slice) => {
            let found = error("E0402", format!("a slice that starts at {first} does not fit into its axis"));
            range(found, first, second)
        }
        Fault::Overflow => error("E0403", "the whole number does not fit into `i64`".into())
            .help("floats do not overflow like this: `f64(x)`"),
        Fault::DivisionByZero => error("E0404", "whole number divided by zero".into()),
        Fault::NegativeExponent => error("E0405", format!("a whole number to the power {first} is no whole number"))
            .help("`f64(x) ^ k` takes negative exponents"),
        Fault::NotWhole => {
            let number = f64::from_bits(first as u64);
            error("E0406", format!("{number:?} does not fit into `i64`"))
        }
        Fault::NegativeSize => error("E0407", format!("a size is negative: {first}")),
        Fault::SizesDiffer => error("E0408", format!("sizes that must agree are {first} and {second}")),
        Fault::TooLarge => error("E0409", "this array is too large for any memory".into()),
    }
}

fn range(problem: Diagnostic, index: i64, len: i64) -> Diagnostic {
    let problem = match len {
        ..=0 => problem.note("there is no valid index"),
        1 => problem.note("the only valid index is 0"),
        _ => problem.note(format!("valid are 0 to {}", len - 1)),
    };
    if index < 0 {
        problem.note("a computed index below 0 does not count from the end; a written `-1` does")
    } else {
        problem
    }
}

/// The program was stopped from outside.
pub fn interrupted(span: Span) -> Failed {
    Failed::new(ErrorKind::Interrupted, Diagnostic::error("E0412", span, "interrupted"))
}

/// A function of the host gave an error, or panicked.
pub fn of_host(site: &Site, error: Option<String>) -> Failed {
    let who = match &site.what {
        What::Host(name) => format!("`{name}` of the host"),
        What::Print(_) | What::Assert(_) | What::Fault(_) => "what takes printed lines".to_string(),
    };
    let title = error.map_or(format!("{who} panicked"), |error| format!("{who}: {error}"));
    Failed::new(ErrorKind::Host, Diagnostic::error("E0472", site.span, title))
}

/// The host does not have a function, or its derivative.
pub fn no_function(problem: String, span: Span) -> Failed {
    let problem = Diagnostic::error("E0305", span, problem)
        .help("the host gives derivatives by `with_partials`, or by `with_jvp` and `with_vjp`, one for each mode");
    Failed::new(ErrorKind::Program, problem)
}

/// The time is over.
pub fn out_of_time(limit: Duration, span: Span) -> Failed {
    let problem = Diagnostic::error("E0470", span, format!("not done within the time limit of {limit:?}"));
    Failed::new(ErrorKind::Time, problem)
}

/// The fuel is used up.
pub fn out_of_fuel(limit: Option<u64>, span: Span) -> Failed {
    let limit = limit.map_or_else(String::new, |n| format!(" of {n} rounds and calls"));
    Failed::new(ErrorKind::Fuel, Diagnostic::error("E0471", span, format!("not done within the fuel{limit}")))
}

/// The stack is used up; `function` is one that calls itself, if there is one.
pub fn too_deep(function: Option<(&str, Span)>, span: Span) -> Diagnostic {
    match function {
        Some((name, span)) => Diagnostic::error("E0411", span, format!("recursion too deep in `{name}`"))
            .here("this function calls itself without end, or nearly so"),
        None => Diagnostic::error("E0411", span, "the stack is used up"),
    }
}

/// The memory is used up.
pub fn out_of_memory(limit: Option<usize>, span: Span) -> Failed {
    let limit = limit.map_or_else(String::new, |limit| format!(": the limit is {}", bytes(limit)));
    Failed::new(ErrorKind::Memory, Diagnostic::error("E0409", span, format!("out of memory{limit}")))
}

/// A module could not be compiled.
pub fn problem_at(problem: Problem, span: Span) -> Failed {
    match problem {
        Problem::Endless(Endless { func, span }) => Failed::new(
            ErrorKind::Program,
            Diagnostic::error("E0453", span, format!("`{func}` takes a derivative of itself"))
                .note("it would need derivatives of every order"),
        ),
        Problem::Defect(text) => defect(span, &text),
    }
}

/// The compiler itself is wrong.
pub fn defect(span: Span, problem: &str) -> Failed {
    let problem = Diagnostic::error("E0000", span, format!("internal error: {problem}"))
        .note("this is a defect of ADL, not of the program; please report it with the program");
    Failed::new(ErrorKind::Internal, problem)
}

fn bytes(count: usize) -> String {
    match count {
        0..1024 => format!("{count} bytes"),
        1024..1_048_576 => format!("{} KiB", count / 1024),
        1_048_576..1_073_741_824 => format!("{} MiB", count >> 20),
        _ => format!("{:.1} GiB", count as f64 / 1_073_741_824.0),
    }
}
