//! Warns of names in functions and blocks that are bound for nothing, and of names of sizes that are bound anew.
//!
//! The top level is left out: what stands there is for whoever imports the file, or for the next entry.

use crate::ast::walk::{Walk, What};
use crate::ast::*;
use crate::check::state::free;
use crate::check::state::scope::Scope;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use std::sync::Arc;

/// Where and how a name is bound.
struct Binding {
    span: Span,
    kind: Kind,
    used: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// By a `let` or `var` of this name alone: a part of a tuple may have to be there for the others.
    Single,
    /// The size of an axis, by the type of a parameter.
    Size,
    Other,
}

struct Unused<'p> {
    scope: Scope<Binding>,
    problems: &'p mut Vec<Diagnostic>,
}

/// Checks a file or an entry of the REPL.
pub(crate) fn file(file: &File, problems: &mut Vec<Diagnostic>) {
    let known = problems.len();
    Unused { scope: Scope::default(), problems }.stmts(&file.stmts);
    problems[known..].sort_by_key(|problem| problem.primary.span.start);
}

impl Unused<'_> {
    fn bind(&mut self, name: Name, span: Span, kind: Kind) {
        self.scope.push(name, Binding { span, kind, used: false });
    }

    /// The names of sizes in a type: those that are bound are used, the others are bound.
    fn sizes(&mut self, ty: &TypeExpr, kind: Kind) {
        let mut names = Vec::new();
        free::dim_names(ty, &mut names);
        for name in names {
            match self.scope.get_mut(&name) {
                Some(binding) => binding.used = true,
                None => self.bind(name, ty.span, kind),
            }
        }
    }
}

impl Walk for Unused<'_> {
    fn depth(&self) -> usize {
        self.scope.len()
    }

    fn leave(&mut self, depth: usize) {
        while let Some((name, binding)) = self.scope.pop_to(depth) {
            if binding.kind == Kind::Single && !binding.used && !name.starts_with('_') {
                self.problems.push(
                    Diagnostic::warning("W0002", binding.span, format!("`{name}` is bound and never used"))
                        .fix("leave it out, or say that this is meant", vec![(binding.span, format!("_{name}"))]),
                );
            }
        }
    }

    fn name(&mut self, name: &Name, _: Span) {
        if let Some(binding) = self.scope.get_mut(name) {
            binding.used = true;
        }
    }

    fn pattern(&mut self, pattern: &Pattern, what: What) {
        let mut names = Vec::new();
        free::pattern_names(pattern, &mut names);
        let alone = matches!(pattern.kind, PatternKind::Name(_)) && matches!(what, What::Let | What::Var);
        for name in names {
            if let Some(Binding { kind: Kind::Size, span, .. }) = self.scope.get(&name)
                && matches!(what, What::Let | What::Var | What::Loop)
            {
                let size = *span;
                self.problems.push(
                    Diagnostic::warning(
                        "W0003",
                        pattern.span,
                        format!("`{name}` is the size of an axis, and is bound anew"),
                    )
                    .label(size, format!("`{name}` is bound by this type"))
                    .help("give one of the two another name"),
                );
            }
            self.bind(name, pattern.span, if alone { Kind::Single } else { Kind::Other });
        }
    }

    fn siblings(&mut self, fns: &[Arc<FnDef>]) {
        for f in fns {
            self.bind(f.name.name.clone(), f.name.span, Kind::Other);
        }
    }

    fn signature(&mut self, params: &[Param], ret: Option<&TypeExpr>) {
        params.iter().filter_map(|p| p.ty.as_ref()).chain(ret).for_each(|ty| self.sizes(ty, Kind::Size));
    }

    fn let_type(&mut self, ty: &TypeExpr) {
        self.sizes(ty, Kind::Other);
    }
}
