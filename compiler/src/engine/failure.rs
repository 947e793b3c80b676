//! What fails while a program runs, as a diagnostic at the line that the user wrote.

use super::error::ErrorKind;
use super::output::line;
use crate::ad::Endless;
use crate::codegen::{Fault, Shortage, Site, What};
use crate::ir::Claim;
use crate::pipeline::Problem;
use adl_lang::diagnostic::Diagnostic;
use adl_lang::failures;
use adl_lang::message::{Message, Topic};
use adl_lang::source::Span;
use adl_lang::typed::BoundsOf;
use adl_runtime::display::float_text;
use adl_runtime::{Array, DType, Format};
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
        What::Fault(fault) => fault_at(*fault, site.place.span, figures),
        What::Assert(Claim::NoNan(name)) => made_nan(name, site.place.span, arrays),
        What::Assert(Claim::Said(said)) => {
            // The first operand is the condition, which is no part of the message.
            let text = |parts| line(parts, 1, arrays, &mut |_| String::new());
            let problem = Diagnostic::error(said.code, site.place.span, text(&said.line));
            if said.help.is_empty() { problem } else { problem.help(text(&said.help)) }
        }
        What::Host(_) | What::Print(_) | What::Stop => *of_host(site, None).diagnostic,
    }
}

/// An operation made a NaN of numbers that are none. The arrays say in which entries, and what it was given.
fn made_nan(name: &str, span: Span, arrays: &[Array]) -> Diagnostic {
    let problem = Diagnostic::error("E0413", span, format!("`{name}` made a NaN"));
    let Some((made, given)) = arrays.split_first() else { return problem };
    let Some(at) = made.as_bool().and_then(|made| made.iter().position(|&made| made != 0)) else { return problem };
    let number = |a: &Array| a.get_f64(at).map(|x| float_text(x, a.dtype() == DType::F32, Format::default()));
    let numbers: Vec<String> = given.iter().filter_map(number).collect();
    let mut rest = at;
    let mut index: Vec<String> = Vec::new();
    for &size in made.shape().iter().rev() {
        index.insert(0, (rest % size.max(1)).to_string());
        rest /= size.max(1);
    }
    let place = if index.is_empty() { String::new() } else { format!("at [{}] ", index.join(", ")) };
    match numbers.is_empty() {
        true => problem,
        false => problem.note(format!("{place}it was given {}", numbers.join(" and "))),
    }
}

fn fault_at(fault: Fault, span: Span, figures: &[i64; 4]) -> Diagnostic {
    let [first, second, ..] = *figures;
    let error = |code, title: String| Diagnostic::error(code, span, title);
    match fault {
        Fault::Bounds(BoundsOf::Index) => {
            let problem = failures::index(span, &first.to_string(), &second.to_string());
            failures::valid(problem, Some(first), second)
        }
        Fault::Bounds(BoundsOf::Slice) => {
            let problem = failures::slice(span, format!("a slice that starts at {first} does not fit into its axis"));
            failures::valid(problem, Some(first), second)
        }
        Fault::Overflow => failures::overflow(span),
        Fault::DivisionByZero => failures::division_by_zero(span),
        Fault::NegativeExponent => error("E0405", format!("a whole number to the power {first} is no whole number"))
            .help("`f64(x) ^ k` takes negative exponents"),
        Fault::NotWhole => {
            let number = f64::from_bits(first as u64);
            error("E0406", format!("{number:?} does not fit into `i64`"))
        }
        Fault::NegativeSize => failures::negative_size(span, first),
        Fault::SizesDiffer => error("E0408", format!("sizes that must agree are {first} and {second}")),
        Fault::TooLarge => error("E0409", "this array is too large for any memory".into()),
    }
}

/// The program was stopped from outside.
pub fn interrupted(span: Span) -> Failed {
    Failed::new(ErrorKind::Interrupted, Diagnostic::error("E0412", span, "interrupted"))
}

/// A function of the host gave an error or panicked, or the host did not take what it was told.
pub fn of_host(site: &Site, error: Option<String>) -> Failed {
    let (code, what) = match &site.what {
        What::Host(name) => ("E0472", format!("`{name}` of the host")),
        What::Print(Message::Tell(Topic::Plot, _)) => ("E0461", "this picture cannot be shown".into()),
        What::Print(Message::Tell(Topic::Save, _)) => ("E0462", "this cannot be saved".into()),
        What::Print(Message::Line(_) | Message::Tell(Topic::Progress, _))
        | What::Fault(_)
        | What::Assert(_)
        | What::Stop => ("E0499", "this line could not be printed".into()),
    };
    let error = error.unwrap_or_else(|| "the host panicked".into());
    Failed::new(ErrorKind::Host, Diagnostic::error(code, site.place.span, format!("{what}: {error}")))
}

/// The host does not have a function, or its derivative.
pub fn no_function(problem: String, span: Span) -> Failed {
    let problem = Diagnostic::error("E0305", span, problem)
        .help("the host gives derivatives by `with_partials`, or by `with_jvp` and `with_vjp`, one for each mode");
    Failed::new(ErrorKind::Program, problem)
}

/// The time is over.
pub fn out_of_time(limit: Duration, span: Span) -> Failed {
    let problem = Diagnostic::error("E0414", span, format!("not done within the time limit of {limit:?}"));
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

/// The memory is used up; `shortage` says how much was asked for and how much was in use, if that is known.
pub fn out_of_memory(limit: Option<usize>, shortage: Option<Shortage>, span: Span) -> Failed {
    let asked = shortage.map(|s| match s.used {
        0 => format!("{} are needed", bytes(s.asked)),
        used => format!("{} are needed, and {} are in use", bytes(s.asked), bytes(used)),
    });
    let allowed = limit.map(|limit| format!("the limit is {}", bytes(limit)));
    let figures: Vec<String> = asked.into_iter().chain(allowed).collect();
    let figures = if figures.is_empty() { String::new() } else { format!(": {}", figures.join("; ")) };
    let problem = Diagnostic::error("E0409", span, format!("out of memory{figures}"));
    let problem = match limit {
        Some(_) => problem.help("`--memory` of the command and `with_memory_limit` of a host set the limit"),
        None => problem,
    };
    Failed::new(ErrorKind::Memory, problem)
}

/// A module could not be compiled.
pub fn problem_at(problem: Problem, span: Span) -> Failed {
    match problem {
        Problem::Endless(Endless { func, span }) => Failed::new(
            ErrorKind::Program,
            Diagnostic::error("E0453", span, format!("`{func}` takes a derivative of itself"))
                .note("it would need derivatives of every order"),
        ),
        Problem::Interrupted => interrupted(span),
        Problem::TooLarge(most) => {
            let problem = Diagnostic::error("E0455", span, "this is too large to be compiled".to_string())
                .note(format!("its code would have more than {most} instructions"))
                .help(
                    "the code of a derivative about doubles with each order, and a host may set `Limits::instructions`",
                );
            Failed::new(ErrorKind::Size, problem)
        }
        Problem::NoThread => out_of_memory(None, None, span),
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
