//! Warns where a function is used after a variable that it captured was assigned: it keeps the value of the time at
//! which it was written.

use crate::ast::walk::{Walk, What, functions};
use crate::ast::*;
use crate::check::state::free;
use crate::check::state::scope::{Capture, Kind, Seen as Scope};
use crate::diagnostic::Diagnostic;
use crate::library;
use crate::source::Span;
use std::sync::Arc;

struct Stale<'s> {
    scope: &'s mut Scope,
    problems: &'s mut Vec<Diagnostic>,
    /// Looks ahead for what a loop assigns.
    silent: bool,
}

/// Checks a file or an entry of the REPL.
pub(crate) fn file(scope: &mut Scope, file: &File, problems: &mut Vec<Diagnostic>) {
    Stale { scope, problems, silent: false }.stmts(&file.stmts);
}

impl Stale<'_> {
    /// What a function captures of these names now.
    fn captures(&self, names: &[Name], span: Span) -> Kind {
        let mut out = Vec::new();
        for name in names {
            match (self.scope.place(name), self.scope.get(name)) {
                (Some(variable), Some(Kind::Variable { times, .. })) => {
                    out.push(Capture { variable, times: *times, span });
                }
                (_, Some(Kind::Function(of_other))) => out.extend(of_other.iter().cloned()),
                _ => {}
            }
        }
        Kind::Function(out)
    }

    /// A loop: what it assigns may have been assigned in an earlier round.
    fn rounds(&mut self, work: impl Fn(&mut Self)) {
        let silent = std::mem::replace(&mut self.silent, true);
        work(self);
        self.silent = silent;
        if !silent {
            work(self);
        }
    }
}

impl Walk for Stale<'_> {
    fn depth(&self) -> usize {
        self.scope.len()
    }

    fn leave(&mut self, depth: usize) {
        self.scope.leave(depth);
    }

    fn name(&mut self, name: &Name, at: Span) {
        let Some(Kind::Function(captures)) = self.scope.get(name) else {
            return;
        };
        let stale = captures.iter().find_map(|c| match self.scope.at(c.variable) {
            Some((name, Kind::Variable { times, last })) if *times != c.times => Some((name.clone(), *last, c.span)),
            _ => None,
        });
        if let Some((variable, assigned, written)) = stale
            && !self.silent
        {
            self.problems.push(
                Diagnostic::warning("W0001", at, format!("`{name}` does not see the present value of `{variable}`"))
                    .label(written, format!("captures `{variable}` as it is here"))
                    .label(assigned, "assigned since")
                    .help(format!("write the function after the assignment, or make `{variable}` a parameter of it")),
            );
        }
    }

    fn pattern(&mut self, pattern: &Pattern, what: What) {
        let mut names = Vec::new();
        free::pattern_names(pattern, &mut names);
        let kind = if what == What::Var { Kind::Variable { times: 0, last: pattern.span } } else { Kind::Other };
        names.into_iter().for_each(|name| self.scope.push(name, kind.clone()));
    }

    fn siblings(&mut self, fns: &[Arc<FnDef>]) {
        fns.iter().for_each(|f| self.scope.push(f.name.name.clone(), Kind::Other));
    }

    fn signature(&mut self, params: &[Param], ret: Option<&TypeExpr>) {
        params.iter().filter_map(|p| p.ty.as_ref()).chain(ret).for_each(|ty| self.let_type(ty));
    }

    fn let_type(&mut self, ty: &TypeExpr) {
        let mut names = Vec::new();
        free::dim_names(ty, &mut names);
        names.into_iter().for_each(|name| self.scope.push(name, Kind::Other));
    }

    fn place(&mut self, place: &Expr) {
        for name in free::place_names(place) {
            if let Some(Kind::Variable { times, last }) = self.scope.get_mut(&name) {
                *times += 1;
                *last = place.span;
            }
        }
        self.expr(place);
    }

    fn stmts(&mut self, stmts: &[Stmt]) {
        self.siblings(&functions(stmts));
        for s in stmts {
            match &s.kind {
                StmtKind::Let { pattern: Pattern { kind: PatternKind::Name(name), .. }, value, .. }
                    if is_function(value) =>
                {
                    self.expr(value);
                    let kind = self.captures(&free::of_expr(value), value.span);
                    self.scope.push(name.clone(), kind);
                }
                StmtKind::Fn(f) => {
                    self.function(f);
                    let kind = self.captures(&free::of_function(f), f.name.span);
                    if let Some(known) = self.scope.get_mut(&f.name.name) {
                        *known = kind;
                    }
                }
                StmtKind::For { .. } => self.rounds(|w| w.stmt(s)),
                StmtKind::While { cond, body } => self.rounds(|w| {
                    w.expr(cond);
                    w.loop_body(None, body);
                }),
                _ => self.stmt(s),
            }
        }
    }
}

/// Whether the syntax alone tells that the value is a function: `|x| …`, `f'`, `grad(f)`.
fn is_function(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Lambda(_) | ExprKind::Prime(_) => true,
        ExprKind::Call { callee, args } => {
            let operator = matches!(&callee.kind, ExprKind::Name(n) if library::is_operator(n));
            operator && args.iter().filter(|a| a.name.is_none()).count() == 1
        }
        _ => false,
    }
}
