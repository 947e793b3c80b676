//! Loops that keep a limited number of rounds in reverse mode: `@checkpoint(32) for …`.
//!
//! ```text
//! @checkpoint(32)                      let step = |(x, v), i| { var x = x; var v = v; …; (x, v) }
//! for i in 0..n { … x … v … }    =>    (x, v) = _checkpointed(step, (x, v), n, 32)
//! ```
//!
//! One round becomes a function of the variables that it assigns. The schedule is a function of the prelude, made of
//! loops and of `checkpoint`s around parts of them, so that all derivatives of it follow from theirs.

use super::loops::{Count, Iter};
use crate::ast::walk::What;
use crate::ast::*;
use crate::check::state::elab::{Binding, Elab, Fail, R};
use crate::check::state::free;
use crate::check::state::given::Given;
use crate::check::state::value::{OpKind, OpVal, Val};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use std::sync::Arc;

impl Elab<'_> {
    pub fn budgeted_loop(&mut self, stmt: &Stmt, budget: &Budget) -> R<()> {
        let StmtKind::For { pattern, iter, body, .. } = &stmt.kind else { return Err(Fail::Reported) };
        let over = self.expr(iter)?;
        let over = self.snapshot(&over, iter.span);
        let Iter::Counted { count, over } = self.iterate(over, iter.span)? else {
            let problem = Diagnostic::error("E0108", budget.span, "a loop over a tuple is unrolled: it has no budget");
            return self.fail(problem.help("`checkpoint(f)` recomputes single calls"));
        };
        let count = match count {
            Count::Known(d) => Val::Size(d),
            Count::Computed(l) => Val::Leaf(l),
        };
        let rounds = budget.rounds.as_ref().map(|e| self.whole(e)).transpose()?;
        let variables: Vec<(Name, Span)> =
            free::assigned(stmt).into_iter().filter_map(|n| self.variable(&n).map(|decl| (n, decl))).collect();
        if variables.is_empty() {
            return self.for_loop(pattern, iter, body, stmt.span);
        }
        let known = self.world.rounds.get(&stmt.span).cloned();
        let round = known.unwrap_or_else(|| {
            let round = Arc::new(round(&variables, pattern, body));
            self.world.rounds.insert(stmt.span, round.clone());
            round
        });
        let step = self.lambda(&round, body.span)?;
        let step = Val::Op(Arc::new(OpVal { kind: OpKind::Round, parts: vec![step, over, count.clone()] }));
        let places: Vec<Expr> = variables.iter().map(|(n, _)| named(n, stmt.span)).collect();
        let state = places.iter().map(|p| self.expr(p)).collect::<R<Vec<Val>>>()?;
        let name = if rounds.is_some() { "_checkpointed" } else { "_twice" };
        let schedule = self.world.library_fn(name).ok_or(Fail::Reported)?;
        let args = [step, Val::tuple(state), count].into_iter().chain(rounds).collect();
        let last = self.apply(&schedule, args, budget.span)?;
        let Val::Tuple(values) = last else { return Err(Fail::Reported) };
        for (place, (_, value)) in places.iter().zip(values.iter()) {
            self.assign_to(place, None, value, stmt.span, stmt.span)?;
        }
        Ok(())
    }

    /// Where a name is declared, if it is a variable here.
    fn variable(&self, name: &Name) -> Option<Span> {
        let found = self.f.scopes.iter().rev().flat_map(|scope| scope.iter().rev()).find(|(n, _)| n == name);
        match found {
            Some((_, Binding::Bound { what: What::Var, span, .. })) => Some(*span),
            _ => None,
        }
    }

    /// Round `k` of a loop: the function of the state and of what the loop variable is bound to.
    pub fn apply_round(&mut self, op: &OpVal, given: &[Given], span: Span) -> R<Val> {
        let ([step, over, count], [state, k]) = (op.parts.as_slice(), given) else { return Err(Fail::Reported) };
        let k = self.operand(&k.val, span)?;
        let count = match count {
            Val::Size(d) => Count::Known(d.clone()),
            other => Count::Computed(self.operand(other, span)?),
        };
        let element = self.round(over, k, &count, span)?;
        self.apply(step, vec![state.val.clone(), element], span)
    }
}

fn named(name: &Name, span: Span) -> Expr {
    Expr { kind: ExprKind::Name(name.clone()), span }
}

/// `|(x, v), pattern| { var x = x; var v = v; body; (x, v) }`.
fn round(variables: &[(Name, Span)], pattern: &Pattern, body: &Block) -> Lambda {
    let own = |(name, span): &(Name, Span)| Pattern { kind: PatternKind::Name(name.clone()), span: *span };
    let param = |pattern: Pattern| Param { span: pattern.span, pattern, ty: None, default: None };
    let state = Pattern { kind: PatternKind::Tuple(variables.iter().map(own).collect()), span: body.span };
    let mut stmts: Vec<Stmt> = variables
        .iter()
        .map(|v| {
            let (name, span) = v;
            let value = named(name, *span);
            let kind = StmtKind::Let { mutable: true, pattern: own(v), ty: None, value, doc: None };
            Stmt { kind, span: *span }
        })
        .collect();
    // The body is a block of its own: what it binds is not what the loop carries.
    let inner = Expr { kind: ExprKind::Block(body.clone()), span: body.span };
    stmts.push(Stmt { kind: StmtKind::Expr(inner), span: body.span });
    let last = ExprKind::Tuple(variables.iter().map(|(n, span)| named(n, *span)).collect());
    stmts.push(Stmt { kind: StmtKind::Expr(Expr { kind: last, span: body.span }), span: body.span });
    let block = ExprKind::Block(Block { stmts, span: body.span });
    Lambda { params: vec![param(state), param(pattern.clone())], body: Expr { kind: block, span: body.span } }
}
