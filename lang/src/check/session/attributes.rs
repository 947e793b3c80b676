//! `@jvp(f)` and `@vjp(f)` as written: what they name, and how many parameters rules have.

use crate::ast::{FnDef, Name, Rule};
use crate::check::advice::messages;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use std::sync::Arc;

/// Checks the rules among the functions of a file or block.
pub(crate) fn check(fns: &[Arc<FnDef>], place: &str, problems: &mut Vec<Diagnostic>) {
    let mut seen: Vec<(&Name, &Name, Span)> = Vec::new();
    for f in fns {
        let Some(Rule { kind, target }) = &f.rule else { continue };
        let needs = match &*kind.name {
            "jvp" => 2,
            "vjp" => 1,
            other => {
                let problem = Diagnostic::error("E0310", kind.span, format!("there is no rule `@{other}`"))
                    .help("`@jvp(f)` gives the value and its tangent, `@vjp(f)` the value and its pullback");
                problems.push(problem);
                continue;
            }
        };
        let Some(of) = fns.iter().rfind(|g| g.name.name == target.name) else {
            let title = format!("no function `{}` in this {place}", target.name);
            let names = fns.iter().map(|g| &*g.name.name);
            let mut problem = Diagnostic::error("E0310", target.span, title);
            problem = match messages::nearest(&target.name, names) {
                Some(near) => problem.fix(format!("did you mean `{near}`?"), vec![(target.span, near.into())]),
                None => problem.help("a rule stands beside the function that it is for"),
            };
            problems.push(problem);
            continue;
        };
        if let Some((.., first)) = seen.iter().find(|(k, t, _)| **k == kind.name && **t == target.name) {
            let title = format!("`{}` has two rules `@{}`", target.name, kind.name);
            problems.push(Diagnostic::error("E0310", kind.span, title).label(*first, "the other one"));
        }
        seen.push((&kind.name, &target.name, kind.span));
        if of.rule.is_some() {
            let title = format!("`{}` is itself a rule", target.name);
            let problem = Diagnostic::error("E0310", target.span, title);
            problems.push(problem.help("a rule is differentiated like any other function"));
        }
        if let Some(p) = of.params.iter().chain(&f.params).find(|p| p.default.is_some()) {
            let title = "a function with a rule, and the rule, have no defaults";
            let problem = Diagnostic::error("E0310", p.span, title);
            problems.push(problem.help("put the default into a function that calls it"));
        }
        let (count, given) = (needs * of.params.len(), f.params.len());
        if count != given {
            let parts = if needs == 2 { "each parameter, then a tangent for each" } else { "the same parameters" };
            let plural = if given == 1 { "" } else { "s" };
            let title = format!("this rule has {given} parameter{plural} and needs {count}: {parts}");
            let problem = Diagnostic::error("E0310", f.name.span, title)
                .label(of.name.span, format!("this takes {}", of.params.len()));
            problems.push(problem);
        }
    }
}
