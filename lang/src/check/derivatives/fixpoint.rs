//! `fixpoint(options) state = start { round }`: options and state are checked here; the iteration, its certificate and
//! its derivative are `_fixpoint` of the prelude.

use super::derive::floats;
use crate::ast::{Expr, Ident, Lambda, Name};
use crate::check::advice::messages::{nearest, plain_text};
use crate::check::state::elab::{Elab, Fail, R};
use crate::check::state::value::{LeafTy, Template, Val};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::typed::Piece;
use crate::types::DType;
use std::sync::Arc;

/// What an option may be.
enum Kind {
    /// A number.
    Number,
    /// A whole number.
    Whole,
    /// One of some words.
    Word(&'static [&'static str]),
    /// A truth value that is known when the program is compiled.
    Flag,
    /// A function.
    Function,
    /// What `anderson(m)` gives.
    Record,
}

const OPTIONS: [(&str, Kind); 9] = [
    ("tol", Kind::Number),
    ("atol", Kind::Number),
    ("max", Kind::Whole),
    ("accel", Kind::Record),
    ("solver", Kind::Word(&["lu", "gmres", "bicgstab", "cg", "iteration"])),
    ("spd", Kind::Flag),
    ("precond", Kind::Function),
    ("on_fail", Kind::Word(&["error", "nan", "accept"])),
    ("report", Kind::Flag),
];

impl Elab<'_> {
    /// The limit of the state.
    pub fn fixpoint(&mut self, options: &[(Ident, Expr)], start: &Expr, round: &Arc<Lambda>, span: Span) -> R<Val> {
        let options = self.fixpoint_options(options, span)?;
        let floating = Self::float_literals(start);
        let begin = self.expr(floating.as_ref().unwrap_or(start))?;
        let begin = floats(&begin);
        self.float_state(&begin, String::new(), start.span)?;
        let round = self.lambda(round, span)?;
        let begin = self.state(&round, begin, start.span, span)?;
        let Some(fixpoint) = self.world.library_fn("_fixpoint") else {
            return Err(Fail::Reported);
        };
        self.apply(&fixpoint, vec![round, begin, options], span)
    }

    /// All options as a record, `none` for those that are not given; and the place of the fixed point if it reports.
    fn fixpoint_options(&mut self, given: &[(Ident, Expr)], span: Span) -> R<Val> {
        let mut vals = vec![Val::None; OPTIONS.len()];
        let mut seen: Vec<&Ident> = Vec::new();
        for (name, value) in given {
            let Some(at) = OPTIONS.iter().position(|(n, _)| *n == &*name.name) else {
                let known: Vec<String> = OPTIONS.iter().map(|(n, _)| format!("`{n}`")).collect();
                let mut problem =
                    Diagnostic::error("E0102", name.span, format!("`fixpoint` has no option `{}`", name.name))
                        .note(format!("its options are {}", known.join(", ")));
                if let Some(near) = nearest(&name.name, OPTIONS.iter().map(|(n, _)| *n)) {
                    problem = problem.fix(format!("did you mean `{near}`?"), vec![(name.span, near.into())]);
                }
                return self.fail(problem);
            };
            if let Some(first) = seen.iter().find(|n| n.name == name.name) {
                let problem =
                    Diagnostic::error("E0102", name.span, format!("the option `{}` is given twice", name.name))
                        .label(first.span, "first here");
                return self.fail(problem);
            }
            seen.push(name);
            vals[at] = self.expr(value)?;
            self.option(&OPTIONS[at].1, &name.name, &vals[at].clone(), value.span)?;
        }
        // A report says where the fixed point stands.
        let report = &mut vals[OPTIONS.len() - 1];
        if matches!(report, Val::None) {
            *report = Val::Bool(self.world.report_fixpoints);
        }
        let place = match (&report, self.world.sources.get(span.source.0 as usize)) {
            (Val::Bool(true), Some(source)) => format!("{}:{}", source.name(), source.line_column(span.start).0),
            _ => String::new(),
        };
        let place = (Some(Name::from("place")), Val::Str(Arc::from([Piece::Text(place)])));
        let named = OPTIONS.iter().zip(vals).map(|((n, _), v)| (Some(Name::from(*n)), v));
        Ok(Val::Tuple(named.chain([place]).collect()))
    }

    /// Whether an option is what it must be.
    fn option(&mut self, kind: &Kind, name: &str, v: &Val, span: Span) -> R<()> {
        let number = self.kind(v).filter(|_| self.dims(v).is_empty()).map(|k| k.dtype);
        let (fits, wanted) = match kind {
            Kind::Number => (number.is_some_and(|d| d != DType::Bool), "a number"),
            Kind::Whole => (number == Some(DType::I64), "a whole number"),
            Kind::Word(choices) => return self.choice(v, name, choices, span).map(|_| ()),
            Kind::Flag => (matches!(v, Val::Bool(_)), "`true` or `false`, known when the program is compiled"),
            Kind::Function => (v.is_callable(), "a function"),
            Kind::Record => (matches!(v, Val::Tuple(_)), "`anderson(m)`"),
        };
        if fits || matches!(v, Val::None) {
            return Ok(());
        }
        let what = self.show(v);
        self.error("E0204", span, format!("the option `{name}` is {wanted}, and this is {what}"))
    }

    /// One of some words, as an option; an error lists them.
    pub fn choice(&mut self, v: &Val, name: &str, choices: &[&str], span: Span) -> R<usize> {
        let word = plain_text(v);
        let word = word.as_deref();
        if let Some(at) = choices.iter().position(|c| Some(*c) == word) {
            return Ok(at);
        }
        let list: Vec<String> = choices.iter().map(|c| format!("\"{c}\"")).collect();
        let title = match word {
            Some(word) => format!("`{name}` cannot be \"{word}\""),
            None => format!("`{name}` is one of some words, and this is {}", self.show(v)),
        };
        let mut problem = Diagnostic::error("E0602", span, title).note(format!("it is one of {}", list.join(", ")));
        if let Some(near) = word.and_then(|w| nearest(w, choices.iter().copied())) {
            problem = problem.fix(format!("did you mean \"{near}\"?"), vec![(span, format!("\"{near}\""))]);
        }
        self.fail(problem)
    }

    /// A state is made of floats.
    fn float_state(&mut self, v: &Val, path: String, span: Span) -> R<()> {
        match v {
            Val::Leaf(l) if self.ty(*l).dtype.is_float() => Ok(()),
            Val::Float(_) => Ok(()),
            Val::Tuple(parts) if !parts.is_empty() => {
                for (i, (n, p)) in parts.iter().enumerate() {
                    let field = n.as_ref().map_or_else(|| i.to_string(), |n| n.to_string());
                    let inner = if path.is_empty() { field } else { format!("{path}.{field}") };
                    self.float_state(p, inner, span)?;
                }
                Ok(())
            }
            other => {
                let what = self.show(other);
                let part = if path.is_empty() { "the state".to_string() } else { format!("its part `{path}`") };
                self.fail(
                    Diagnostic::error("E0603", span, format!("a `fixpoint` moves floats, and {part} is {what}")).help(
                        "whole numbers become floats by `f64(…)`; what does not move is captured, and no part \
                            of the state",
                    ),
                )
            }
        }
    }

    /// The start with the type that both it and the rounds have.
    fn state(&mut self, round: &Val, begin: Val, start: Span, span: Span) -> R<Val> {
        let mut begin = self.settle(&begin, DType::F64, start)?;
        for _ in 0..3 {
            let have = self.template(&begin);
            let called = self.instance(round, std::slice::from_ref(&begin), &[], span)?;
            let types: Vec<LeafTy> =
                called.template.types.iter().map(|t| t.substitute(&|s| called.sizes[s.0 as usize].clone())).collect();
            let gives = Template { val: called.template.val.clone(), types };
            let joined = self.join(&have, &gives)?.filter(|t| t.types.iter().all(|t| t.dtype.is_float()));
            let Some(joined) = joined else {
                let (a, b) = (self.show_template(&have), self.show_template(&gives));
                return self.fail(
                    Diagnostic::error(
                        "E0604",
                        span,
                        format!("the state of this `fixpoint` is {a}, but its block gives {b}"),
                    )
                    .label(start, format!("this is {a}"))
                    .help("a round gives the next state: as many parts, of the same shapes"),
                );
            };
            if joined.key() == have.key() {
                break;
            }
            begin = self.conform_firmly(&begin, &joined, start)?;
        }
        Ok(begin)
    }
}
