//! Free names of functions and lambdas, computed from the syntax alone, so that the parameters of an instance are
//! known before its body is elaborated.

use super::value::{Group, ModuleId, RuleFns};
use crate::ast::*;
use std::sync::Arc;

#[derive(Default)]
struct Walk {
    bound: Vec<Name>,
    free: Vec<Name>,
    assigned: Vec<Name>,
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

/// Makes a group of functions.
pub(crate) fn group(fns: Vec<Arc<FnDef>>, home: ModuleId) -> Arc<Group> {
    let direct: Vec<Vec<Name>> = fns
        .iter()
        .map(|f| {
            let mut walk = Walk::default();
            walk.function(f);
            walk.free
        })
        .collect();
    let position = |name: &Name| fns.iter().rposition(|f| f.name.name == *name);
    let mut rules = vec![RuleFns::default(); fns.len()];
    for (i, f) in fns.iter().enumerate() {
        if let Some(rule) = &f.rule
            && let Some(of) = position(&rule.target.name)
        {
            match &*rule.kind.name {
                "jvp" => rules[of].jvp = Some(i),
                "vjp" => rules[of].vjp = Some(i),
                _ => {}
            }
        }
    }
    let mut reach = Vec::new();
    let mut needs = Vec::new();
    for i in 0..fns.len() {
        let mut seen = vec![i];
        let mut next = 0;
        while next < seen.len() {
            let named = direct[seen[next]].iter().filter_map(position);
            for j in named.chain(rules[seen[next]].jvp).chain(rules[seen[next]].vjp) {
                if !seen.contains(&j) {
                    seen.push(j);
                }
            }
            next += 1;
        }
        seen.sort_unstable();
        reach.push(seen);
        needs.push(direct[i].iter().filter(|n| position(n).is_none()).cloned().collect());
    }
    Arc::new(Group { fns, home, needs, reach, rules })
}

/// Free names of a lambda.
pub(crate) fn of_lambda(lambda: &Lambda) -> Vec<Name> {
    let mut walk = Walk::default();
    walk.lambda(lambda);
    walk.free
}

/// Free names of an expression.
pub(crate) fn of_expr(e: &Expr) -> Vec<Name> {
    let mut walk = Walk::default();
    walk.expr(e);
    walk.free
}

/// Free names of a statement that it assigns.
pub(crate) fn assigned(stmt: &Stmt) -> Vec<Name> {
    let mut walk = Walk::default();
    walk.stmts(std::slice::from_ref(stmt));
    walk.assigned
}

/// Names bound by a pattern, with their places.
pub(crate) fn pattern_names(pattern: &Pattern, out: &mut Vec<Name>) {
    match &pattern.kind {
        PatternKind::Ignore => {}
        PatternKind::Name(n) => out.push(n.clone()),
        PatternKind::Tuple(parts) | PatternKind::Array(parts) => parts.iter().for_each(|p| pattern_names(p, out)),
        PatternKind::Record(fields) => {
            for (name, p) in fields {
                match p {
                    Some(p) => pattern_names(p, out),
                    None => out.push(name.name.clone()),
                }
            }
        }
    }
}

/// Names used as dimensions in a type.
pub(crate) fn dim_names(ty: &TypeExpr, out: &mut Vec<Name>) {
    match &ty.kind {
        TypeExprKind::Array { dims, .. } => dims.iter().for_each(|d| dim_expr_names(d, out)),
        TypeExprKind::Tuple(parts) => parts.iter().for_each(|(_, t)| dim_names(t, out)),
        TypeExprKind::Function { .. } => {}
    }
}

pub(crate) fn dim_expr_names(e: &Expr, out: &mut Vec<Name>) {
    match &e.kind {
        ExprKind::Name(n) if &**n != "_" && !out.contains(n) => {
            out.push(n.clone());
        }
        ExprKind::Unary(_, a) => dim_expr_names(a, out),
        ExprKind::Binary(_, a, b) => {
            dim_expr_names(a, out);
            dim_expr_names(b, out);
        }
        ExprKind::Tuple(parts) => parts.iter().for_each(|p| dim_expr_names(p, out)),
        _ => {}
    }
}

impl Walk {
    fn scope(&mut self, work: impl FnOnce(&mut Self)) {
        let depth = self.bound.len();
        work(self);
        self.bound.truncate(depth);
    }

    fn name(&mut self, name: &Name) {
        if !self.bound.contains(name) && !self.free.contains(name) {
            self.free.push(name.clone());
        }
    }

    fn function(&mut self, f: &FnDef) {
        self.scope(|w| {
            w.params(&f.params, f.ret.as_ref());
            w.expr(&f.body);
        });
    }

    fn lambda(&mut self, l: &Lambda) {
        self.scope(|w| {
            w.params(&l.params, None);
            w.expr(&l.body);
        });
    }

    fn params(&mut self, params: &[Param], ret: Option<&TypeExpr>) {
        for ty in params.iter().filter_map(|p| p.ty.as_ref()).chain(ret) {
            dim_names(ty, &mut self.bound);
        }
        for p in params {
            if let Some(default) = &p.default {
                self.expr(default);
            }
            pattern_names(&p.pattern, &mut self.bound);
        }
    }

    fn stmts(&mut self, stmts: &[Stmt]) {
        for f in functions(stmts) {
            self.bound.push(f.name.name.clone());
        }
        for s in stmts {
            match &s.kind {
                StmtKind::Let { pattern, ty, value, .. } => {
                    self.expr(value);
                    if let Some(ty) = ty {
                        let mut names = Vec::new();
                        dim_names(ty, &mut names);
                        // A dimension name of a `let` is looked up, and bound if there is none.
                        names.iter().for_each(|n| self.name(n));
                    }
                    pattern_names(pattern, &mut self.bound);
                }
                StmtKind::Fn(f) => self.function(f),
                StmtKind::Import { .. } | StmtKind::Test { .. } | StmtKind::Break | StmtKind::Continue => {}
                StmtKind::For { pattern, iter, body } => {
                    self.expr(iter);
                    self.scope(|w| {
                        pattern_names(pattern, &mut w.bound);
                        w.block(body);
                    });
                }
                StmtKind::While { cond, body } => {
                    self.expr(cond);
                    self.block(body);
                }
                StmtKind::Return(value) => value.iter().for_each(|v| self.expr(v)),
                StmtKind::Assign { place, value, .. } => {
                    self.place(place);
                    self.expr(place);
                    self.expr(value);
                }
                StmtKind::Expr(e) => self.expr(e),
            }
        }
    }

    fn place(&mut self, place: &Expr) {
        match &place.kind {
            ExprKind::Name(n) if !self.bound.contains(n) && !self.assigned.contains(n) => {
                self.assigned.push(n.clone());
            }
            ExprKind::Field(base, _) | ExprKind::Part(base, _, _) | ExprKind::Index { base, .. } => self.place(base),
            ExprKind::Tuple(parts) => parts.iter().for_each(|p| self.place(p)),
            _ => {}
        }
    }

    fn block(&mut self, block: &Block) {
        self.scope(|w| w.stmts(&block.stmts));
    }

    fn fields(&mut self, fields: &[Field]) {
        for f in fields {
            match &f.value {
                Some(v) => self.expr(v),
                None => self.name(&f.name.name),
            }
        }
    }

    fn comprehension(&mut self, c: &Comprehension) {
        self.scope(|w| {
            for (pattern, iter) in &c.clauses {
                w.expr(iter);
                pattern_names(pattern, &mut w.bound);
            }
            c.condition.iter().for_each(|e| w.expr(e));
            w.expr(&c.element);
        });
    }

    fn expr(&mut self, e: &Expr) {
        match &e.kind {
            ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Bool(_) | ExprKind::None | ExprKind::Error => {}
            ExprKind::Str(parts) => {
                for p in parts {
                    if let StrPart::Hole(e, _) = p {
                        self.expr(e);
                    }
                }
            }
            ExprKind::Name(n) => self.name(n),
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
                self.expr(a)
            }
            ExprKind::Binary(_, a, b) => {
                self.expr(a);
                self.expr(b);
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
                for i in indices {
                    match i {
                        Index::At(e) => self.expr(e),
                        Index::Slice { start, end, step, .. } => {
                            [start, end, step].into_iter().flatten().for_each(|e| self.expr(e));
                        }
                    }
                }
            }
        }
    }
}
