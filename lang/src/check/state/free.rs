//! Free names of functions and lambdas, computed from the syntax alone, so that the parameters of an instance are
//! known before its body is elaborated.

use super::value::{Group, ModuleId, RuleFns};
pub(crate) use crate::ast::walk::functions;
use crate::ast::walk::{Walk as _, What};
use crate::ast::*;
use crate::source::Span;
use rustc_hash::FxHashMap;
use std::sync::Arc;

#[derive(Default)]
struct Names {
    bound: Vec<Name>,
    free: Vec<Name>,
    assigned: Vec<Name>,
}

/// Makes a group of functions.
pub(crate) fn group(fns: Vec<Arc<FnDef>>, home: ModuleId) -> Arc<Group> {
    let direct: Vec<Vec<Name>> = fns.iter().map(|f| of_function(f)).collect();
    // Of two with one name the later one counts.
    let places: FxHashMap<Name, usize> = fns.iter().enumerate().map(|(i, f)| (f.name.name.clone(), i)).collect();
    let position = |name: &Name| places.get(name).copied();
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
    let named: Vec<Vec<usize>> = direct.iter().map(|names| names.iter().filter_map(position).collect()).collect();
    let mut reach = Vec::new();
    let mut needs = Vec::new();
    // For each function the one from which it was reached last.
    let mut reached_from = vec![fns.len(); fns.len()];
    for i in 0..fns.len() {
        let mut seen = vec![i];
        reached_from[i] = i;
        let mut next = 0;
        while next < seen.len() {
            let at = seen[next];
            for j in named[at].iter().copied().chain(rules[at].jvp).chain(rules[at].vjp) {
                if std::mem::replace(&mut reached_from[j], i) != i {
                    seen.push(j);
                }
            }
            next += 1;
        }
        seen.sort_unstable();
        reach.push(seen);
        needs.push(direct[i].iter().filter(|n| position(n).is_none()).cloned().collect());
    }
    Arc::new(Group { fns, places, home, needs, reach, rules })
}

/// The definitions among the statements of a file that stand without the others: not those that need what a `var`
/// binds which the program assigns, directly or by another definition that does.
pub fn definitions(stmts: &[Stmt]) -> Vec<&Stmt> {
    let changed: Vec<Name> = stmts.iter().flat_map(assigned).collect();
    let mut missing: Vec<Name> = Vec::new();
    let mut standing = Vec::new();
    for stmt in stmts {
        match &stmt.kind {
            StmtKind::Let { mutable, pattern, .. } => {
                let mut binds = Vec::new();
                pattern_names(pattern, &mut binds);
                let changes = *mutable && binds.iter().any(|name| changed.contains(name));
                if changes || of_stmt(stmt).iter().any(|name| missing.contains(name)) {
                    missing.extend(binds);
                } else {
                    missing.retain(|name| !binds.contains(name));
                    standing.push(stmt);
                }
            }
            StmtKind::Fn(_) | StmtKind::Import { .. } => standing.push(stmt),
            _ => {}
        }
    }
    standing
}

/// Free names of a lambda.
pub(crate) fn of_lambda(lambda: &Arc<Lambda>) -> Vec<Name> {
    let mut walk = Names::default();
    walk.lambda(lambda);
    walk.free
}

/// Free names of a function.
pub(crate) fn of_function(f: &FnDef) -> Vec<Name> {
    let mut walk = Names::default();
    walk.function(f);
    walk.free
}

/// Free names of an expression.
pub(crate) fn of_expr(e: &Expr) -> Vec<Name> {
    let mut walk = Names::default();
    walk.expr(e);
    walk.free
}

/// Free names of a statement.
pub(crate) fn of_stmt(stmt: &Stmt) -> Vec<Name> {
    let mut walk = Names::default();
    walk.stmts(std::slice::from_ref(stmt));
    walk.free
}

/// Free names of a statement that it assigns.
pub(crate) fn assigned(stmt: &Stmt) -> Vec<Name> {
    let mut walk = Names::default();
    walk.stmts(std::slice::from_ref(stmt));
    walk.assigned
}

/// Adds the names that a pattern binds.
pub(crate) fn pattern_names(pattern: &Pattern, out: &mut Vec<Name>) {
    out.extend(pattern.names());
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
        ExprKind::Chain(a, rest) => {
            dim_expr_names(a, out);
            rest.iter().for_each(|(_, b)| dim_expr_names(b, out));
        }
        ExprKind::Tuple(parts) => parts.iter().for_each(|p| dim_expr_names(p, out)),
        _ => {}
    }
}

impl crate::ast::walk::Walk for Names {
    fn depth(&self) -> usize {
        self.bound.len()
    }

    fn leave(&mut self, depth: usize) {
        self.bound.truncate(depth);
    }

    fn name(&mut self, name: &Name, _: Span) {
        if !self.bound.contains(name) && !self.free.contains(name) {
            self.free.push(name.clone());
        }
    }

    fn pattern(&mut self, pattern: &Pattern, _: What) {
        pattern_names(pattern, &mut self.bound);
    }

    fn siblings(&mut self, fns: &[Arc<FnDef>]) {
        self.bound.extend(fns.iter().map(|f| f.name.name.clone()));
    }

    fn signature(&mut self, params: &[Param], ret: Option<&TypeExpr>) {
        for ty in params.iter().filter_map(|p| p.ty.as_ref()).chain(ret) {
            dim_names(ty, &mut self.bound);
        }
    }

    fn let_type(&mut self, ty: &TypeExpr) {
        let mut names = Vec::new();
        dim_names(ty, &mut names);
        names.iter().for_each(|n| self.name(n, ty.span));
    }

    fn place(&mut self, place: &Expr) {
        for name in place_names(place) {
            if !self.bound.contains(&name) && !self.assigned.contains(&name) {
                self.assigned.push(name);
            }
        }
        self.expr(place);
    }
}

/// The variables that a place is part of.
pub(crate) fn place_names(place: &Expr) -> Vec<Name> {
    match &place.kind {
        ExprKind::Name(n) => vec![n.clone()],
        ExprKind::Field(base, _) | ExprKind::Part(base, _, _) | ExprKind::Index { base, .. } => place_names(base),
        ExprKind::Tuple(parts) => parts.iter().flat_map(place_names).collect(),
        _ => Vec::new(),
    }
}

/// Whether evaluating an expression may assign a variable of this function.
pub(crate) fn may_assign(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Block(_) | ExprKind::If { .. } => true,
        ExprKind::Binary(_, a, b) => may_assign(a) || may_assign(b),
        ExprKind::Chain(a, rest) => may_assign(a) || rest.iter().any(|(_, b)| may_assign(b)),
        ExprKind::Unary(_, a) => may_assign(a),
        ExprKind::Call { args, .. } => args.iter().any(|a| may_assign(&a.value)),
        _ => false,
    }
}
