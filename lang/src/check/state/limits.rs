//! Bounds on what one statement of the top level may become while it is compiled,
//! and the end that the host may ask for. A short program can stand for an endless one:
//! loops over tuples are unrolled, and each closure that is passed makes functions anew.

use super::elab::{Elab, R};
use super::value::Val;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use std::sync::Arc;

/// Says whether reading and checking are to end.
pub type Stop = Arc<dyn Fn() -> bool + Send + Sync>;

/// How much one statement of the top level may become while it is compiled.
///
/// ```
/// use adl_lang::check::{Checker, Limits};
/// let mut checker = Checker::new();
/// checker.set_limits(Limits { operations: 10_000, ..Limits::default() });
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Operations in all functions that it calls.
    pub operations: usize,
    /// Functions: one for each choice of types, known numbers and closures that it is called with.
    pub functions: usize,
    /// Numbers, arrays and functions in one tuple, record or closure.
    pub parts: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { operations: 2_000_000, functions: 10_000, parts: 10_000 }
    }
}

/// Between two looks at the host, expressions and operations.
const LOOK: usize = 64;

/// The host wants no more of this.
pub(crate) fn interrupted(span: Span) -> Diagnostic {
    Diagnostic::error("E0412", span, "interrupted")
}

impl Elab<'_> {
    /// Fails if the host wants an end, or the statement has become too large; called for each expression and operation.
    pub fn go_on(&mut self, span: Span) -> R<()> {
        self.steps += 1;
        if self.ended || self.steps.is_multiple_of(LOOK) && self.world.stop.as_ref().is_some_and(|stop| stop()) {
            return self.end(interrupted(span));
        }
        let (most, functions) = (self.world.limits.operations, self.world.limits.functions);
        if self.operations > most {
            let help = "loops over tuples and the like are unrolled: use arrays, or a `for` over a range";
            return self.end(too_large(span, &format!("more than {most} operations")).help(help));
        }
        if self.funcs.len() > functions {
            let help = "pass numbers and arrays instead of closures, or make the recursion a loop";
            let problem = too_large(span, &format!("more than {functions} functions"))
                .note("a function is made anew for each choice of types, known numbers and closures");
            return self.end(problem.help(help));
        }
        Ok(())
    }

    /// Nothing more is checked after this.
    fn end<T>(&mut self, problem: Diagnostic) -> R<T> {
        if self.ended {
            return Err(super::elab::Fail::Reported);
        }
        self.ended = true;
        self.fail(problem)
    }

    /// A value that has been put together from others, if it does not have too many parts.
    pub fn bounded(&mut self, val: Val, span: Span) -> R<Val> {
        let most = self.world.limits.parts;
        if val.parts(most + 1) <= most {
            return Ok(val);
        }
        let problem = too_large(span, &format!("a value of more than {most} parts"))
            .note("each number and array in a tuple, a record or a closure is a part")
            .help("what is of one type is kept in an array");
        self.end(problem)
    }
}

fn too_large(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error("E0215", span, format!("too large to compile: {what}"))
}
