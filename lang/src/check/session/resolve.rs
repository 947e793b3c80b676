//! Names of definitions, called or not: every name is known, and only variables are assigned.

use crate::ast::walk::{Walk, What, functions};
use crate::ast::*;
use crate::check::advice::elsewhere;
use crate::check::advice::messages;
use crate::check::state::scope::Scope;
use crate::check::state::world::World;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// Rounds of a loop with a budget run again.
const WHOLE_ROUNDS: &str = "a loop with a budget runs whole rounds: nothing leaves it";

struct Names<'w> {
    world: &'w World,
    scope: Scope<(What, Span)>,
    top: FxHashSet<Name>,
    /// Unknown names that were reported: once is enough.
    reported: FxHashSet<Name>,
    loops: usize,
    /// The loop with a budget that is around: its depth.
    budget: Option<usize>,
    /// How many blocks and functions are around.
    blocks: usize,
    problems: &'w mut Vec<Diagnostic>,
}

/// Checks the definitions of a file. Statements outside of functions are checked when they are elaborated.
pub(crate) fn file(world: &World, file: &File, known: &[Name], problems: &mut Vec<Diagnostic>) {
    let mut top: FxHashSet<Name> = known.iter().cloned().collect();
    for s in &file.stmts {
        if let StmtKind::Let { pattern, .. } = &s.kind {
            top.extend(pattern.names());
        }
    }
    let mut names = Names {
        world,
        scope: Scope::default(),
        top,
        reported: FxHashSet::default(),
        loops: 0,
        budget: None,
        blocks: 0,
        problems,
    };
    let fns = functions(&file.stmts);
    super::attributes::check(&fns, "file", names.problems);
    fns.iter().for_each(|f| names.function(f));
    let rest: Vec<Stmt> = file.stmts.iter().filter(|s| !matches!(s.kind, StmtKind::Fn(_))).cloned().collect();
    names.scoped(|n| n.stmts(&rest));
    for s in &file.stmts {
        if let StmtKind::Test { body, .. } = &s.kind {
            names.block(body);
        }
    }
}

impl Names<'_> {
    /// A function of its own: a loop around it is not one of its own.
    fn outside_loops(&mut self, work: impl FnOnce(&mut Self)) {
        let (loops, budget) = (std::mem::take(&mut self.loops), self.budget.take());
        self.blocks += 1;
        self.scoped(work);
        self.blocks -= 1;
        (self.loops, self.budget) = (loops, budget);
    }

    /// One pattern binds a name once.
    fn distinct(&mut self, names: &[Name], span: Span) {
        if let Some((_, n)) = names.iter().enumerate().find(|(i, n)| names[..*i].contains(n)) {
            self.problems.push(
                Diagnostic::error("E0109", span, format!("`{n}` is bound twice here"))
                    .help("what is not needed is called `_`"),
            );
        }
    }

    fn is_param(&self, params: &[Param], name: &Name) -> bool {
        params.iter().any(|p| matches!(&p.pattern.kind, PatternKind::Name(n) if n == name))
    }

    fn ty(&mut self, t: &TypeExpr) {
        match &t.kind {
            TypeExprKind::Array { dtype, .. } => {
                if crate::types::DType::named(&dtype.name).is_none() {
                    self.problems.push(elsewhere::no_type(&dtype.name, dtype.span));
                }
            }
            TypeExprKind::Tuple(parts) => parts.iter().for_each(|(_, t)| self.ty(t)),
            TypeExprKind::Function { params, ret } => {
                params.iter().for_each(|t| self.ty(t));
                self.ty(ret);
            }
        }
    }

    fn knows(&self, n: &Name) -> bool {
        self.scope.get(n).is_some() || self.top.contains(n) || self.reported.contains(n) || self.world.library_has(n)
    }

    fn unknown(&mut self, n: &Name, at: Span) {
        let mut known: Vec<String> = self.scope.names().map(|n| n.to_string()).collect();
        known.extend(self.top.iter().map(|n| n.to_string()));
        self.problems.push(messages::unknown(n, at, &known));
        self.reported.insert(n.clone());
    }
}

impl Walk for Names<'_> {
    fn depth(&self) -> usize {
        self.scope.len()
    }

    fn leave(&mut self, depth: usize) {
        self.scope.leave(depth);
    }

    fn name(&mut self, n: &Name, at: Span) {
        if !self.knows(n) {
            self.unknown(n, at);
        }
    }

    fn pattern(&mut self, p: &Pattern, what: What) {
        let mut names = Vec::new();
        crate::check::state::free::pattern_names(p, &mut names);
        self.distinct(&names, p.span);
        names.into_iter().for_each(|n| self.scope.push(n, (what, p.span)));
    }

    fn siblings(&mut self, fns: &[Arc<FnDef>]) {
        fns.iter().for_each(|f| self.scope.push(f.name.name.clone(), (What::Let, f.name.span)));
    }

    fn signature(&mut self, params: &[Param], ret: Option<&TypeExpr>) {
        let mut dims = Vec::new();
        for t in params.iter().filter_map(|p| p.ty.as_ref()) {
            crate::check::state::free::dim_names(t, &mut dims);
            self.ty(t);
        }
        if let Some(ret) = ret {
            self.ty(ret);
            let mut own = Vec::new();
            crate::check::state::free::dim_names(ret, &mut own);
            let annotated = params.iter().any(|p| p.ty.is_some());
            for n in own {
                if annotated
                    && !dims.contains(&n)
                    && params.iter().all(|p| p.ty.is_some())
                    && !self.is_param(params, &n)
                {
                    self.problems.push(
                        Diagnostic::error("E0205", ret.span, format!("no parameter has a dimension `{n}`")).help(
                            "a dimension of the result is made of those of the parameters; leave it open with `_`",
                        ),
                    );
                }
            }
        }
        for n in dims {
            let at = params.iter().find_map(|p| p.ty.as_ref()).map_or_else(Span::default, |t| t.span);
            self.scope.push(n, (What::Param, at));
        }
        let mut bound: Vec<Name> = Vec::new();
        for p in params {
            let mut own = Vec::new();
            crate::check::state::free::pattern_names(&p.pattern, &mut own);
            if let Some(n) = own.iter().find(|n| bound.contains(n)) {
                self.problems.push(Diagnostic::error(
                    "E0109",
                    p.pattern.span,
                    format!("two parameters are called `{n}`"),
                ));
            }
            bound.extend(own);
        }
    }

    fn let_type(&mut self, t: &TypeExpr) {
        self.ty(t);
        let mut names = Vec::new();
        crate::check::state::free::dim_names(t, &mut names);
        names.into_iter().for_each(|n| self.scope.push(n, (What::Let, t.span)));
    }

    fn function(&mut self, f: &FnDef) {
        self.outside_loops(|n| {
            n.params(&f.params, f.ret.as_ref());
            n.expr(&f.body);
        });
    }

    fn lambda(&mut self, l: &Arc<Lambda>) {
        self.outside_loops(|n| {
            n.params(&l.params, None);
            n.expr(&l.body);
        });
    }

    fn loop_body(&mut self, pattern: Option<&Pattern>, body: &Block) {
        self.loops += 1;
        self.scoped(|n| {
            pattern.iter().for_each(|p| n.pattern(p, What::Loop));
            n.block(body);
        });
        self.loops -= 1;
    }

    fn block(&mut self, block: &Block) {
        self.blocks += 1;
        self.scoped(|n| n.stmts(&block.stmts));
        self.blocks -= 1;
    }

    fn stmts(&mut self, stmts: &[Stmt]) {
        let fns = functions(stmts);
        if self.blocks > 0 {
            super::attributes::check(&fns, "block", self.problems);
        }
        self.siblings(&fns);
        for (k, s) in stmts.iter().enumerate() {
            self.stmt(s);
            if let StmtKind::Expr(e) = &s.kind
                && self.blocks > 0
                && k + 1 < stmts.len()
                && plain(e)
            {
                self.problems.push(messages::dropped(e));
            }
        }
    }

    fn stmt(&mut self, s: &Stmt) {
        let misplaced = match &s.kind {
            StmtKind::Import { .. } if self.blocks > 0 => Some(("E0106", "`import` stands at the top level of a file")),
            StmtKind::Test { .. } if self.blocks > 0 => Some(("E0106", "`test` stands at the top level of a file")),
            StmtKind::Break if self.loops == 0 => Some(("E0107", "`break` stands in a loop")),
            StmtKind::Continue if self.loops == 0 => Some(("E0107", "`continue` stands in a loop")),
            StmtKind::Break | StmtKind::Continue if self.budget == Some(self.loops) => Some(("E0107", WHOLE_ROUNDS)),
            StmtKind::Return(_) if self.budget.is_some() => Some(("E0107", WHOLE_ROUNDS)),
            _ => None,
        };
        if let Some((code, title)) = misplaced {
            self.problems.push(Diagnostic::error(code, s.span, title));
        }
        if let StmtKind::For { budget: Some(_), .. } = &s.kind {
            let outer = self.budget.replace(self.loops + 1);
            self.parts_of_stmt(s);
            self.budget = outer;
            return;
        }
        self.parts_of_stmt(s);
    }

    fn expr(&mut self, e: &Expr) {
        if let Some((last, root, at)) = elsewhere::prefixed(e)
            && !self.knows(root)
        {
            let problem = elsewhere::no_prefix(last, root, at, self.world.library_has(&last.name));
            self.problems.push(problem);
            self.reported.insert(root.clone());
            return;
        }
        if let ExprKind::Call { callee, args } = &e.kind
            && let ExprKind::Name(name) = &callee.kind
            && !self.knows(name)
            && let Some(problem) = elsewhere::called(&Ident { name: name.clone(), span: callee.span }, args, e.span)
        {
            self.problems.push(problem);
            args.iter().for_each(|arg| self.expr(&arg.value));
            return;
        }
        self.parts_of_expr(e);
        if let ExprKind::Fixpoint { round, .. } = &e.kind {
            self.problems.extend(idle(round));
        }
    }

    fn place(&mut self, e: &Expr) {
        match &e.kind {
            ExprKind::Name(n) => match self.scope.get(n) {
                Some((What::Var, _)) => {}
                Some((what, at)) => {
                    let problem = messages::not_assignable(n, e.span, *what, *at);
                    self.problems.push(problem);
                }
                None if self.top.contains(n) || self.reported.contains(n) => {}
                None => {
                    let at = Span { end: e.span.start, ..e.span };
                    self.problems.push(
                        Diagnostic::error("E0101", e.span, format!("no variable `{n}` here"))
                            .fix("`var` binds a new one", vec![(at, "var ".into())]),
                    );
                }
            },
            ExprKind::Field(base, _) | ExprKind::Part(base, _, _) => self.place(base),
            ExprKind::Index { base, indices } => {
                self.place(base);
                self.indices(indices);
            }
            ExprKind::Tuple(parts) => parts.iter().for_each(|p| self.place(p)),
            _ => self.expr(e),
        }
    }
}

/// A problem if the block of a `fixpoint` does not use its state: then there is nothing to iterate.
fn idle(round: &Lambda) -> Option<Diagnostic> {
    let mut state = Vec::new();
    round.params.iter().for_each(|p| crate::check::state::free::pattern_names(&p.pattern, &mut state));
    let used = crate::check::state::free::of_expr(&round.body);
    if state.iter().any(|n| used.contains(n)) {
        return None;
    }
    let at = round.params.first().map_or(round.body.span, |p| p.span);
    let what = match state.as_slice() {
        [] => "its state has no name".to_string(),
        [one] => format!("it does not use `{one}`"),
        many => format!("it uses none of {}", many.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")),
    };
    Some(
        Diagnostic::error("E0601", round.body.span, format!("this `fixpoint` repeats a block for nothing: {what}"))
            .label(at, "the state")
            .help("a block that does not depend on the state is its own limit: write it without `fixpoint`"),
    )
}

/// Whether an expression certainly has a value and no effect.
fn plain(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Bool(_)
        | ExprKind::Str(_)
        | ExprKind::Name(_)
        | ExprKind::Tuple(_)
        | ExprKind::Record(_)
        | ExprKind::Array(_)
        | ExprKind::Lambda(_)
        | ExprKind::Unary(..)
        | ExprKind::Compare(..) => true,
        ExprKind::Binary(op, ..) => !matches!(op, BinaryOp::And | BinaryOp::Or),
        ExprKind::Chain(_, rest) => !rest.iter().any(|(op, _)| matches!(op, BinaryOp::And | BinaryOp::Or)),
        _ => false,
    }
}
