//! Statements: bindings, assignments, control flow.

use crate::ast::*;
use crate::check::advice::messages;
use crate::check::arrays::index::Picked;
use crate::check::state::elab::{Binding, Elab, Fail, LocalGroup, Loop, R, What};
use crate::check::state::free;
use crate::check::state::value::Val;
use crate::diagnostic::Diagnostic;
use crate::ops::Const;
use crate::source::Span;
use crate::typed::StmtKind as T;
use crate::types::Dim;
use std::cell::RefCell;
use std::rc::Rc;

impl Elab<'_> {
    /// A block: a scope; its value is that of a last expression statement.
    pub fn block(&mut self, block: &Block) -> R<Val> {
        let depth = self.f.scopes.len();
        self.f.scopes.push(Vec::new());
        let r = self.block_inner(block);
        self.f.scopes.truncate(depth);
        r
    }

    pub fn block_inner(&mut self, block: &Block) -> R<Val> {
        let group = self.hoist(&block.stmts)?;
        let mut failed = false;
        let last = block.stmts.len().saturating_sub(1);
        let mut value = Val::None;
        for (i, s) in block.stmts.iter().enumerate() {
            let outcome = match &s.kind {
                StmtKind::Expr(e) if i == last => self.expr(e).map(|v| value = v),
                StmtKind::Expr(e) => self.dropped(e),
                StmtKind::Fn(def) => self.define(def, group.as_ref()),
                _ => self.stmt(s),
            };
            match outcome {
                Ok(()) => {}
                Err(Fail::Reported) => {
                    failed = true;
                    self.poison(s);
                }
                Err(f) => return if failed { Err(Fail::Reported) } else { Err(f) },
            }
        }
        if failed { Err(Fail::Reported) } else { Ok(value) }
    }

    /// What a statement that failed would have bound is poisoned.
    pub fn poison(&mut self, s: &Stmt) {
        if let StmtKind::Let { pattern, mutable, .. } = &s.kind {
            let mut names = Vec::new();
            free::pattern_names(pattern, &mut names);
            for n in names {
                self.bind(&n, Val::Error, if *mutable { What::Var } else { What::Let }, pattern.span);
            }
        }
    }

    pub fn dropped(&mut self, e: &Expr) -> R<()> {
        let v = self.expr(e)?;
        if matches!(v, Val::None) {
            return Ok(());
        }
        let what = self.show(&v);
        self.fail(messages::dropped(e).here(format!("this is {what}")))
    }

    /// Makes the functions of a block known.
    pub fn hoist(&mut self, stmts: &[Stmt]) -> R<Option<Rc<LocalGroup>>> {
        let fns = free::functions(stmts);
        if fns.is_empty() {
            return Ok(None);
        }
        let mut bound = Vec::new();
        for s in stmts {
            if let StmtKind::Let { pattern, .. } = &s.kind {
                free::pattern_names(pattern, &mut bound);
            }
        }
        let group = free::group(fns, self.f.home);
        let snaps = RefCell::new(vec![None; group.fns.len()]);
        let local = Rc::new(LocalGroup { group: group.clone(), snaps });
        for (i, f) in group.fns.iter().enumerate() {
            if let Some(scope) = self.f.scopes.last_mut() {
                scope.push((f.name.name.clone(), Binding::Fun(local.clone(), i)));
            }
        }
        for i in 0..group.fns.len() {
            if !group.needs[i].iter().any(|n| bound.contains(n)) {
                let snap = self.capture(&group.needs[i], group.fns[i].span)?;
                local.snaps.borrow_mut()[i] = Some(snap);
            }
        }
        Ok(Some(local))
    }

    pub fn define(&mut self, def: &std::sync::Arc<FnDef>, group: Option<&Rc<LocalGroup>>) -> R<()> {
        let Some(group) = group else { return Ok(()) };
        if let Some(i) = group.group.fns.iter().position(|f| std::sync::Arc::ptr_eq(f, def)) {
            let snap = self.capture(&group.group.needs[i], def.span)?;
            group.snaps.borrow_mut()[i] = Some(snap);
        }
        Ok(())
    }

    pub fn stmt(&mut self, s: &Stmt) -> R<()> {
        match &s.kind {
            StmtKind::Let { mutable, pattern, ty, value, .. } => {
                let v = self.expr(value)?;
                let v = match ty {
                    Some(ty) => self.ascribe(ty, v, value.span)?,
                    None => v,
                };
                if *mutable {
                    self.bind_pattern(pattern, v, What::Var, value.span)
                } else {
                    let v = self.snapshot(&v, value.span);
                    self.bind_pattern(pattern, v, What::Let, value.span)
                }
            }
            StmtKind::Fn(_) => Ok(()),
            StmtKind::Import { .. } => self.error("E0106", s.span, "`import` stands at the top level of a file"),
            StmtKind::Test { .. } => self.error("E0106", s.span, "`test` stands at the top level of a file"),
            StmtKind::For { pattern, iter, body, budget: None } => self.for_loop(pattern, iter, body, s.span),
            StmtKind::For { budget: Some(budget), .. } => self.budgeted_loop(s, budget),
            StmtKind::While { cond, body } => self.while_loop(cond, body, s.span),
            StmtKind::Break | StmtKind::Continue => self.leave(&s.kind, s.span),
            StmtKind::Return(value) => {
                if self.lanes_around() > 0 {
                    return self.error("E0107", s.span, "`return` cannot leave a comprehension");
                }
                let v = match value {
                    Some(e) => self.expr(e)?,
                    None => Val::None,
                };
                if self.f.func.is_none() {
                    return self.stray_return(value.as_ref(), s.span);
                }
                self.give(v, s.span)?;
                Err(Fail::Never)
            }
            StmtKind::Assign { place, op, value } => self.assign(place, *op, value, s.span),
            StmtKind::Expr(e) => self.dropped(e),
        }
    }

    /// `return` outside of functions.
    pub fn stray_return<T>(&mut self, value: Option<&Expr>, span: Span) -> R<T> {
        let problem = Diagnostic::error("E0107", span, "`return` stands in a function");
        self.fail(match value {
            Some(e) => {
                let word = Span { end: e.span.start, ..span };
                let end = Span { start: e.span.end, ..e.span };
                problem.fix("`print` shows a value", vec![(word, "print(".into()), (end, ")".into())])
            }
            None => problem,
        })
    }

    pub fn leave(&mut self, kind: &StmtKind, span: Span) -> R<()> {
        let is_break = matches!(kind, StmtKind::Break);
        let word = if is_break { "break" } else { "continue" };
        match self.f.loops.last() {
            Some(Loop::Runtime) => {
                self.push(if is_break { T::Break } else { T::Continue }, span);
            }
            Some(Loop::Unrolled { stop }) => {
                let stop = *stop;
                if is_break {
                    let yes = self.constant(Const::Bool(true), span)?;
                    self.push(T::Set(stop, yes), span);
                }
                self.push(T::Break, span);
            }
            Some(Loop::Lane) => {
                return self.error("E0107", span, format!("`{word}` cannot leave a comprehension"));
            }
            None => return self.error("E0107", span, format!("`{word}` stands in a loop")),
        }
        Err(Fail::Never)
    }

    /// Binds the names of a pattern.
    pub fn bind_pattern(&mut self, pattern: &Pattern, v: Val, what: What, span: Span) -> R<()> {
        match &pattern.kind {
            PatternKind::Ignore => Ok(()),
            PatternKind::Name(n) => {
                let v = if what == What::Var { self.new_var(n, &v, pattern.span, span)? } else { v };
                self.bind(n, v, what, pattern.span);
                Ok(())
            }
            PatternKind::Tuple(parts) => {
                let given = match &v {
                    Val::Tuple(given) => given.clone(),
                    Val::None => std::sync::Arc::from([]),
                    other => {
                        let what = self.show(other);
                        return self.error(
                            "E0206",
                            pattern.span,
                            format!("this takes a tuple apart, and the value is {what}"),
                        );
                    }
                };
                if given.len() != parts.len() {
                    let what = self.show(&v);
                    let problem = Diagnostic::error(
                        "E0206",
                        pattern.span,
                        format!("this takes {} parts, and the value has {}", parts.len(), given.len()),
                    )
                    .label(span, format!("this is {what}"));
                    return self.fail(problem);
                }
                for (p, (_, v)) in parts.iter().zip(given.iter()) {
                    self.bind_pattern(p, v.clone(), what, span)?;
                }
                Ok(())
            }
            PatternKind::Record(fields) => {
                for (name, p) in fields {
                    let part = self.field(&v, name, name.span)?;
                    let whole = Pattern { kind: PatternKind::Name(name.name.clone()), span: name.span };
                    self.bind_pattern(p.as_ref().unwrap_or(&whole), part, what, span)?;
                }
                Ok(())
            }
            PatternKind::Array(parts) => {
                let dims = self.dims(&v);
                let Some(first) = dims.first().cloned().filter(|_| self.kind(&v).is_some()) else {
                    let what = self.show(&v);
                    return self.error(
                        "E0206",
                        pattern.span,
                        format!("this takes an array apart, and the value is {what}"),
                    );
                };
                let n = Dim::constant(parts.len() as i64);
                if !self.same_dim(&first, &n)? {
                    let d = self.show_dim(&first);
                    let problem = Diagnostic::error(
                        "E0203",
                        pattern.span,
                        format!("this takes {} entries, and the array has {d}", parts.len()),
                    )
                    .label(span, "this array".to_string());
                    let problem = self.name_sizes(problem);
                    return self.fail(problem);
                }
                for (k, p) in parts.iter().enumerate() {
                    let part = self.pick(&v, vec![Picked::At(Val::Int(k as i64), p.span)], span)?;
                    self.bind_pattern(p, part, what, span)?;
                }
                Ok(())
            }
        }
    }

    /// A variable: what it holds, widened to what is assigned to it later.
    pub fn new_var(&mut self, name: &Name, v: &Val, at: Span, span: Span) -> R<Val> {
        if let Some(bad) = self.not_storable(v) {
            return self.fail(
                Diagnostic::error("E0207", span, format!("a `var` cannot hold {bad}"))
                    .help("functions, ranges and strings are known at compile time: bind them with `let`"),
            );
        }
        let target = self.storable(v);
        let target = match self.f.var_types.get(&at).cloned() {
            Some(wider) => match self.join(&wider, &target)? {
                Some(joined) => joined,
                None => target,
            },
            None => target,
        };
        self.f.var_types.insert(at, target.clone());
        self.f.var_depth.insert(at, self.f.depth);
        let lanes = self.lanes_around();
        self.f.var_lanes.insert(at, lanes);
        self.variables(v, &target, Some(name), span)
    }

    /// `let x: T = …`: names that are known are checked, others are bound.
    pub fn ascribe(&mut self, ty: &TypeExpr, v: Val, span: Span) -> R<Val> {
        let mut names: Vec<(Name, Dim)> = Vec::new();
        let mut all = Vec::new();
        free::dim_names(ty, &mut all);
        for n in all {
            if let Some(d) = self.size_named(&n) {
                names.push((n, d));
            }
        }
        let before = names.len();
        let value = self.fit(ty, v, span, &mut names, "this")?;
        for (n, d) in names.split_off(before) {
            self.bind(&n, Val::Size(d), What::Let, ty.span);
        }
        Ok(value)
    }
}
