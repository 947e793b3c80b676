//! What a call is compiled to, stage by stage, with the places of the program as comments.

use super::Session;
use super::calls::Call;
use crate::engine::Error;
use crate::engine::failure::problem_at;
use crate::engine::state::arg_info;
use crate::ir::print::annotated_module;
use crate::pipeline::{self, PASSES, Timings, optimized};
use crate::plan;
use adl_lang::source::Span;

/// A stage on the way from text to machine code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stage {
    /// What the checker made.
    Typed,
    /// The IR after a pass, which may run several times; the last one counts.
    After(String),
    /// The IR of the value and the pullback, derivatives resolved.
    Vjp,
    /// The IR after the last pass, with what is computed in line, stored, shared and changed in place.
    Plan,
    /// Cranelift's IR.
    Clif,
    /// Machine code.
    Asm,
}

impl Session {
    /// What a call, or a function for fitting arguments, is compiled to. It is not run.
    pub fn dump(&mut self, call: &Call, stage: &Stage) -> Result<String, Error> {
        let infos: Vec<_> = call.args.iter().map(arg_info).collect();
        let expr = if *stage == Stage::Vjp { call.gradient() } else { call.callee.clone() };
        let entry = self.state.function(&expr, &infos)?;
        let span = entry.module.funcs.get(entry.main.0 as usize).map_or(Span::default(), |f| f.span);
        let problem = |problem| self.state.failed(problem_at(problem, span));
        let place = |span| self.place(span);
        let pass = match stage {
            Stage::Typed => return Ok(entry.module.to_string()),
            Stage::After(pass) => pass,
            Stage::Vjp => "derive",
            Stage::Plan => "optimize",
            Stage::Clif | Stage::Asm => {
                let listing = pipeline::listing(&entry.module, entry.main, self.state.runner.setting().options);
                let listing = listing.map_err(problem)?;
                let placed = |number: usize| listing.places.get(number).and_then(|span| place(*span));
                return Ok(with_places(if *stage == Stage::Clif { &listing.clif } else { &listing.asm }, &placed));
            }
        };
        let mut last = None;
        let mut see = |name: &str, module: &crate::ir::Module| {
            if name == pass {
                last = Some(match stage {
                    Stage::Plan => plan::text(module),
                    _ => annotated_module(module, &place),
                });
            }
        };
        let options = self.state.runner.setting().options;
        let done = optimized(&entry.module, entry.main, options, &mut Timings::default(), &mut see);
        done.map_err(problem)?;
        last.ok_or_else(|| {
            let known = PASSES.join("`, `");
            Error::host("E0452", format!("no pass `{pass}`; there are `{known}` and those of the optimizer"))
        })
    }

    /// `model.adl:3:5`.
    fn place(&self, span: Span) -> Option<String> {
        let source = self.state.checker().source(span.source)?;
        let (line, column) = source.line_column(span.start);
        Some(format!("{}:{line}:{column}", source.name()))
    }
}

/// Puts a comment at the end of each line in the place of a number such as `@0003` at its beginning.
fn with_places(text: &str, place: &dyn Fn(usize) -> Option<String>) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let body = line.trim_start();
        let number = body.strip_prefix('@').and_then(|rest| rest.split_once(' '));
        let placed = number.and_then(|(digits, rest)| Some((usize::from_str_radix(digits, 16).ok()?, rest)));
        match placed {
            Some((number, rest)) => match place(number) {
                Some(place) => out.push_str(&format!("    {:<36}  ; {place}\n", rest.trim())),
                None => out.push_str(&format!("    {}\n", rest.trim())),
            },
            None if body.is_empty() => out.push('\n'),
            None => {
                let indent = if line.starts_with(' ') && !body.ends_with(':') { "    " } else { "" };
                out.push_str(&format!("{indent}{body}\n"));
            }
        }
    }
    out
}
