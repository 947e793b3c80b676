//! Walking the tree in the order of evaluation. A pass implements the hooks that it needs: what a name, a binding, a
//! place or the end of a scope means to it. Where each of them stands in the tree is written here, once.

use super::*;

/// What binds a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum What {
    Let,
    Var,
    Param,
    Loop,
}

/// A pass over definitions, statements and expressions.
pub(crate) trait Walk: Sized {
    /// How many bindings there are now.
    fn depth(&self) -> usize;

    /// A scope ends: only the first `depth` bindings are left.
    fn leave(&mut self, depth: usize);

    /// A name is used.
    fn name(&mut self, name: &Name, span: Span);

    /// A pattern binds its names.
    fn pattern(&mut self, pattern: &Pattern, what: What);

    /// The functions of a block see each other before their definitions are reached.
    fn siblings(&mut self, fns: &[Arc<FnDef>]);

    /// The types of parameters and of the result bind the names of dimensions.
    fn signature(&mut self, params: &[Param], ret: Option<&TypeExpr>);

    /// The type of a `let`: names of dimensions that are unknown are bound.
    fn let_type(&mut self, ty: &TypeExpr);

    /// Names that are assigned, before the new value is stored.
    fn place(&mut self, place: &Expr) {
        self.expr(place);
    }

    fn function(&mut self, f: &FnDef) {
        self.scoped(|w| {
            w.params(&f.params, f.ret.as_ref());
            w.expr(&f.body);
        });
    }

    fn lambda(&mut self, l: &Arc<Lambda>) {
        self.scoped(|w| {
            w.params(&l.params, None);
            w.expr(&l.body);
        });
    }

    fn stmt(&mut self, s: &Stmt) {
        self.parts_of_stmt(s);
    }

    /// The body of a loop, perhaps with its pattern.
    fn loop_body(&mut self, pattern: Option<&Pattern>, body: &Block) {
        self.scoped(|w| {
            pattern.iter().for_each(|p| w.pattern(p, What::Loop));
            w.block(body);
        });
    }

    fn expr(&mut self, e: &Expr) {
        self.parts_of_expr(e);
    }

    fn scoped(&mut self, work: impl FnOnce(&mut Self)) {
        let depth = self.depth();
        work(self);
        self.leave(depth);
    }

    fn params(&mut self, params: &[Param], ret: Option<&TypeExpr>) {
        self.signature(params, ret);
        for p in params {
            p.default.iter().for_each(|d| self.expr(d));
            self.pattern(&p.pattern, What::Param);
        }
    }

    fn block(&mut self, block: &Block) {
        self.scoped(|w| w.stmts(&block.stmts));
    }

    fn stmts(&mut self, stmts: &[Stmt]) {
        self.siblings(&functions(stmts));
        stmts.iter().for_each(|s| self.stmt(s));
    }

    fn parts_of_stmt(&mut self, s: &Stmt) {
        match &s.kind {
            StmtKind::Let { mutable, pattern, ty, value, .. } => {
                self.expr(value);
                ty.iter().for_each(|t| self.let_type(t));
                self.pattern(pattern, if *mutable { What::Var } else { What::Let });
            }
            StmtKind::Fn(f) => self.function(f),
            StmtKind::Import { .. } | StmtKind::Test { .. } | StmtKind::Break | StmtKind::Continue => {}
            StmtKind::For { pattern, iter, body, budget } => {
                budget.iter().filter_map(|b| b.rounds.as_ref()).for_each(|rounds| self.expr(rounds));
                self.expr(iter);
                self.loop_body(Some(pattern), body);
            }
            StmtKind::While { cond, body } => {
                self.expr(cond);
                self.loop_body(None, body);
            }
            StmtKind::Return(value) => value.iter().for_each(|v| self.expr(v)),
            StmtKind::Assign { place, value, .. } => {
                self.expr(value);
                self.place(place);
            }
            StmtKind::Expr(e) => self.expr(e),
        }
    }

    fn indices(&mut self, indices: &[Index]) {
        for i in indices {
            match i {
                Index::At(e) => self.expr(e),
                Index::Slice { start, end, step, .. } => {
                    [start, end, step].into_iter().flatten().for_each(|e| self.expr(e));
                }
            }
        }
    }

    fn fields(&mut self, fields: &[Field]) {
        for f in fields {
            match &f.value {
                Some(v) => self.expr(v),
                None => self.name(&f.name.name, f.name.span),
            }
        }
    }

    fn comprehension(&mut self, c: &Comprehension) {
        self.scoped(|w| {
            for (pattern, iter) in &c.clauses {
                w.expr(iter);
                w.pattern(pattern, What::Loop);
            }
            c.condition.iter().for_each(|e| w.expr(e));
            w.expr(&c.element);
        });
    }

    fn parts_of_expr(&mut self, e: &Expr) {
        match &e.kind {
            ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Bool(_) | ExprKind::None | ExprKind::Error => {}
            ExprKind::Str(parts) => {
                for p in parts {
                    if let StrPart::Hole(e, _) = p {
                        self.expr(e);
                    }
                }
            }
            ExprKind::Name(n) => self.name(n, e.span),
            ExprKind::Block(b) => self.block(b),
            ExprKind::If { cond, then, otherwise } => {
                self.expr(cond);
                self.block(then);
                otherwise.iter().for_each(|o| self.expr(o));
            }
            ExprKind::Lambda(l) => self.lambda(l),
            ExprKind::Fixpoint { options, start, round } => {
                options.iter().for_each(|(_, e)| self.expr(e));
                self.expr(start);
                self.lambda(round);
            }
            ExprKind::Tuple(parts) | ExprKind::Array(parts) => parts.iter().for_each(|p| self.expr(p)),
            ExprKind::Record(fields) => self.fields(fields),
            ExprKind::Update { base, fields } => {
                self.expr(base);
                self.fields(fields);
            }
            ExprKind::TupleFor(c) | ExprKind::ArrayFor(c) => self.comprehension(c),
            ExprKind::Range { start, end, step } => {
                self.expr(start);
                self.expr(end);
                step.iter().for_each(|s| self.expr(s));
            }
            ExprKind::Unary(_, a) | ExprKind::Field(a, _) | ExprKind::Part(a, _, _) | ExprKind::Prime(a) => {
                self.expr(a);
            }
            ExprKind::Binary(_, a, b) => {
                self.expr(a);
                self.expr(b);
            }
            ExprKind::Chain(a, rest) => {
                self.expr(a);
                rest.iter().for_each(|(_, b)| self.expr(b));
            }
            ExprKind::Compare(a, rest) => {
                self.expr(a);
                rest.iter().for_each(|(_, b)| self.expr(b));
            }
            ExprKind::Call { callee, args } => {
                self.expr(callee);
                for a in args {
                    // A bare name in `wrt` is a parameter; one that happens to be bound is captured for nothing.
                    if a.name.as_ref().is_none_or(|n| &*n.name != "wrt") {
                        self.expr(&a.value);
                    }
                }
            }
            ExprKind::Index { base, indices } => {
                self.expr(base);
                self.indices(indices);
            }
        }
    }
}

/// The functions among statements.
pub(crate) fn functions(stmts: &[Stmt]) -> Vec<Arc<FnDef>> {
    stmts
        .iter()
        .filter_map(|s| match &s.kind {
            StmtKind::Fn(def) => Some(def.clone()),
            _ => None,
        })
        .collect()
}
