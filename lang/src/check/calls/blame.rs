//! What fails in a function of the library is reported at the user's call of it.
//!
//! Every statement of such an instance carries the place of the call in the program, so instances whose statements can
//! fail are made for each such place; the others are shared.

use super::trim::callees;
use crate::check::state::elab::{Elab, Frame};
use crate::check::state::value::{Code, Val};
use crate::check::state::world::STD;
use crate::diagnostic::Diagnostic;
use crate::ops::Op;
use crate::source::Span;
use crate::typed::{Func, Stmt, StmtKind};
use crate::types::DType;

impl Elab<'_> {
    /// The place to blame for what fails in an instance of `callee` that is called at `span`; none for a function of
    /// the user, which has places of its own.
    pub fn blame_of(&self, callee: &Val, span: Span) -> Option<Span> {
        let home = match callee {
            Val::Fn(f) => match &f.code {
                Code::Fn(group, _) => group.home,
                Code::Lambda(_, home) => *home,
            },
            _ => STD,
        };
        self.world.is_library(home).then(|| self.f.blame.unwrap_or(span))
    }

    /// Whether something can fail in a finished instance for which its place of blame is named.
    pub fn can_fail(&self, func: &Func) -> bool {
        let mut found = false;
        callees(&func.body, &mut |id, _| found |= self.blaming.get(&id).copied().unwrap_or(true));
        found || func.body.iter().any(|s| fails(func, s))
    }

    /// A problem in a text of the library, as one of the call of the user that led there.
    pub fn blamed(&self, mut problem: Diagnostic) -> Diagnostic {
        let Frame { blame: Some(blame), name, .. } = &self.f else {
            return problem;
        };
        if !self.world.in_library(problem.primary.span) {
            return problem;
        }
        problem.primary.span = *blame;
        problem.labels.retain(|label| !self.world.in_library(label.span));
        // Cures are for the text that is wrong.
        problem.helps.clear();
        if !name.starts_with('_') && name != "lambda" {
            // The parameters too: what does not fit may have been meant for another one.
            let signature = crate::library::help(name).map_or_else(|| name.to_string(), |h| h.signature);
            problem = problem.note(format!("found in `{signature}` of the library"));
        }
        problem
    }
}

/// Whether a statement can fail by itself.
fn fails(func: &Func, stmt: &Stmt) -> bool {
    let any = |body: &[Stmt]| body.iter().any(|s| fails(func, s));
    match &stmt.kind {
        StmtKind::Let(_, Op::Host { .. }, _) => true,
        StmtKind::Let(local, op, _) => func.ty(*local).dtype == DType::I64 && computes(op),
        StmtKind::If { then, otherwise, .. } => any(then) || any(otherwise),
        StmtKind::For { body, .. } | StmtKind::Map { body, .. } => any(body),
        StmtKind::While { test, body, .. } => any(test) || any(body),
        StmtKind::Bounds { .. }
        | StmtKind::NonNegative { .. }
        | StmtKind::SameSize { .. }
        | StmtKind::Assert { .. } => true,
        StmtKind::Call { .. }
        | StmtKind::Jvp { .. }
        | StmtKind::Vjp { .. }
        | StmtKind::Set(..)
        | StmtKind::Break
        | StmtKind::Continue
        | StmtKind::Return(_)
        | StmtKind::Print { .. } => false,
    }
}

/// Whether whole numbers may overflow in an operation.
fn computes(op: &Op) -> bool {
    match op {
        Op::Prim(_) | Op::Convert(_) | Op::Reduce(..) | Op::Acc(_) | Op::MatMul { .. } => true,
        Op::Const(_)
        | Op::Table(_)
        | Op::Size(_)
        | Op::Broadcast { .. }
        | Op::ArgReduce { .. }
        | Op::Transpose(_)
        | Op::Reshape(_)
        | Op::Concat(_)
        | Op::Iota(_)
        | Op::Index(_)
        | Op::Update(_)
        | Op::ArgSort
        | Op::Factor(_)
        | Op::Random(..)
        | Op::Host { .. } => false,
    }
}
