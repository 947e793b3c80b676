//! Parameters of programs: literals that a `let` at top level is bound to, and that the host replaces.

use super::Error;
use adl_lang::ast::{Expr, ExprKind, PatternKind, Stmt, StmtKind, UnaryOp};
use adl_lang::parse::parse;
use adl_lang::source::{Source, SourceId, Span};

/// Values for `let name = literal`.
#[derive(Default)]
pub struct Parameters(Vec<Parameter>);

struct Parameter {
    name: String,
    value: Expr,
    used: bool,
}

impl Parameters {
    /// Sets one; a later value of the same name counts.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let (file, problems) = parse(&Source::new(name, value), SourceId(u32::MAX));
        match file.stmts.as_slice() {
            [Stmt { kind: StmtKind::Expr(value), .. }] if problems.is_empty() && is_number(value) => {
                self.0.push(Parameter { name: name.to_string(), value: value.clone(), used: false });
                Ok(())
            }
            _ => Err(Error::host(
                "E0450",
                format!("the parameter `{name}` must be a number, `true` or `false`, not `{value}`"),
            )),
        }
    }

    /// The parameters that no program has had.
    pub fn unused(&self) -> Vec<&str> {
        let unused = self.0.iter().filter(|p| !p.used);
        unused.map(|p| p.name.as_str()).collect()
    }

    /// Puts them in their places among the statements of a program.
    pub fn replace(&mut self, stmts: &mut [Stmt]) {
        for stmt in stmts {
            let StmtKind::Let { mutable: false, pattern, value, .. } = &mut stmt.kind else {
                continue;
            };
            let PatternKind::Name(name) = &pattern.kind else {
                continue;
            };
            let wanted = self.0.iter_mut().rev().find(|p| *p.name == **name && is_literal(value));
            if let Some(parameter) = wanted {
                parameter.used = true;
                *value = at(parameter.value.clone(), value.span);
            }
        }
    }
}

fn is_literal(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Bool(_) => true,
        ExprKind::Unary(UnaryOp::Neg, inner) => is_literal(inner),
        _ => false,
    }
}

/// A literal, or one of the floats that have names.
fn is_number(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Name(name) => matches!(&**name, "inf" | "nan"),
        ExprKind::Unary(UnaryOp::Neg, inner) => is_number(inner),
        _ => is_literal(expr),
    }
}

/// The literal as if it stood there.
fn at(mut literal: Expr, span: Span) -> Expr {
    literal.span = span;
    if let ExprKind::Unary(_, inner) = &mut literal.kind {
        **inner = at((**inner).clone(), span);
    }
    literal
}
