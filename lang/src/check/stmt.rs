//! Statements: bindings, assignments, control flow.

use super::arith::spelling;
use super::elab::{Binding, Elab, Fail, LocalGroup, Loop, R, What};
use super::free;
use super::index::Picked;
use super::value::{Template, Val};
use crate::ast::*;
use crate::diagnostic::Diagnostic;
use crate::ops::{Const, Op};
use crate::source::Span;
use crate::typed::{BoundsOf, StmtKind as T};
use crate::types::{Dim, Ty};
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

    fn block_inner(&mut self, block: &Block) -> R<Val> {
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
    fn poison(&mut self, s: &Stmt) {
        if let StmtKind::Let { pattern, mutable, .. } = &s.kind {
            let mut names = Vec::new();
            free::pattern_names(pattern, &mut names);
            for n in names {
                self.bind(&n, Val::Error, if *mutable { What::Var } else { What::Let }, pattern.span);
            }
        }
    }

    fn dropped(&mut self, e: &Expr) -> R<()> {
        let v = self.expr(e)?;
        if matches!(v, Val::None) {
            return Ok(());
        }
        let what = self.show(&v);
        let mut problem = Diagnostic::error("E0105", e.span, "this value is computed and then dropped").here(format!("this is {what}"));
        problem = match &e.kind {
            ExprKind::Unary(UnaryOp::Neg, _) => problem.help("a line that begins with `-` starts a new statement: end the line before with the `-`"),
            ExprKind::Compare(a, rest) if rest.len() == 1 && rest[0].0 == CompareOp::Eq && matches!(a.kind, ExprKind::Name(_)) => {
                let at = Span { start: a.span.end, end: rest[0].1.span.start, ..a.span };
                problem.fix("`=` assigns", vec![(at, " = ".into())])
            }
            _ => problem.help("bind it with `let`, or remove it"),
        };
        self.fail(problem)
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

    fn define(&mut self, def: &std::sync::Arc<FnDef>, group: Option<&Rc<LocalGroup>>) -> R<()> {
        let Some(group) = group else { return Ok(()) };
        if let Some(rule) = &def.rule {
            return self.later("a rule for a derivative", rule.kind.span);
        }
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
            StmtKind::For { pattern, iter, body } => self.for_loop(pattern, iter, body, s.span),
            StmtKind::While { cond, body } => self.while_loop(cond, body, s.span),
            StmtKind::Break | StmtKind::Continue => self.leave(&s.kind, s.span),
            StmtKind::Return(value) => {
                if self.in_lane() {
                    return self.error("E0107", s.span, "`return` cannot leave a comprehension");
                }
                let v = match value {
                    Some(e) => self.expr(e)?,
                    None => Val::None,
                };
                if self.f.func.is_none() {
                    return self.error("E0107", s.span, "`return` stands in a function");
                }
                self.give(v, s.span)?;
                Err(Fail::Never)
            }
            StmtKind::Assign { place, op, value } => self.assign(place, *op, value, s.span),
            StmtKind::Expr(e) => self.dropped(e),
        }
    }

    fn leave(&mut self, kind: &StmtKind, span: Span) -> R<()> {
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
            Some(Loop::Lane) => return self.error("E0107", span, format!("`{word}` cannot leave a comprehension")),
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
                        return self.error("E0206", pattern.span, format!("this takes a tuple apart, and the value is {what}"));
                    }
                };
                if given.len() != parts.len() {
                    let what = self.show(&v);
                    let problem = Diagnostic::error("E0206", pattern.span, format!("this takes {} parts, and the value has {}", parts.len(), given.len()))
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
                    return self.error("E0206", pattern.span, format!("this takes an array apart, and the value is {what}"));
                };
                let n = Dim::constant(parts.len() as i64);
                if !self.same_dim(&first, &n)? {
                    let d = self.show_dim(&first);
                    let problem = Diagnostic::error("E0203", pattern.span, format!("this takes {} entries, and the array has {d}", parts.len()))
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
    fn new_var(&mut self, name: &Name, v: &Val, at: Span, span: Span) -> R<Val> {
        if let Some(bad) = self.not_storable(v) {
            return self.fail(
                Diagnostic::error("E0207", span, format!("a `var` cannot hold {bad}")).help("functions, ranges and strings are known at compile time: bind them with `let`"),
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
        self.variables(v, &target, Some(name), span)
    }

    /// What a `var` cannot hold, if there is such a part.
    fn not_storable(&self, v: &Val) -> Option<String> {
        match v {
            Val::Tuple(parts) => parts.iter().find_map(|(_, p)| self.not_storable(p)),
            Val::None | Val::Error | Val::Range(_) => None,
            other => if self.kind(other).is_some() { None } else { Some(self.show(other)) },
        }
    }

    /// The type of a variable that holds the value: numbers become leaves.
    pub fn storable(&self, v: &Val) -> Template {
        match v {
            Val::Tuple(parts) => Template::tuple(parts.iter().map(|(n, p)| (n.clone(), self.storable(p))).collect()),
            other => match self.kind(other) {
                Some(k) => Template::leaf(Ty::array(k.dtype, self.dims(other))),
                None => self.template(other),
            },
        }
    }

    /// `place op value`.
    fn assign(&mut self, place: &Expr, op: Option<BinaryOp>, value: &Expr, span: Span) -> R<()> {
        // Old value first for `x += …`; in place for parts.
        let v = self.expr(value)?;
        match (&place.kind, op) {
            (ExprKind::Tuple(places), None) => {
                let v = self.snapshot(&v, value.span);
                let Val::Tuple(parts) = &v else {
                    let what = self.show(&v);
                    return self.error("E0206", value.span, format!("{} values are needed here, and this is {what}", places.len()));
                };
                if parts.len() != places.len() {
                    return self.error("E0206", value.span, format!("{} values are needed here, and these are {}", places.len(), parts.len()));
                }
                for (p, (_, v)) in places.iter().zip(parts.iter()) {
                    self.assign_to(p, None, v, value.span, span)?;
                }
                Ok(())
            }
            (ExprKind::Tuple(_), Some(op)) => {
                self.error("E0108", span, format!("several places cannot be assigned with `{}=`", spelling(op)))
            }
            _ => self.assign_to(place, op, &v, value.span, span),
        }
    }

    fn assign_to(&mut self, place: &Expr, op: Option<BinaryOp>, v: &Val, v_span: Span, span: Span) -> R<()> {
        match &place.kind {
            ExprKind::Name(_) | ExprKind::Field(..) | ExprKind::Part(..) => {
                let (old, decl) = self.place(place)?;
                let new = match op {
                    Some(op) => self.binary(op, &old, v, false, (span, place.span, v_span))?,
                    None => v.clone(),
                };
                self.store(&old, decl, &new, place, v_span)
            }
            ExprKind::Index { base, indices } => {
                // `a[i][j] = …` is `a[i, j] = …`.
                if let ExprKind::Index { .. } = base.kind {
                    return self.fail(
                        Diagnostic::error("E0108", place.span, "one pair of brackets names the part that is assigned")
                            .help("write `a[i, j] = …`"),
                    );
                }
                let (old, decl) = self.place(base)?;
                let Val::Leaf(var) = old else {
                    let what = self.show(&old);
                    return self.error("E0108", base.span, format!("only arrays have entries, and this is {what}"));
                };
                let picked = self.selectors(&old, indices, place.span)?;
                self.assign_part(var, decl, picked, op, v, (span, place.span, v_span), base)
            }
            _ => self.error("E0108", place.span, "this cannot be assigned"),
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn assign_part(
        &mut self,
        var: crate::typed::Local,
        decl: Span,
        picked: Vec<Picked>,
        op: Option<BinaryOp>,
        v: &Val,
        (span, place_span, v_span): super::arith::Spans,
        base: &Expr,
    ) -> R<()> {
        let ty = self.ty(var).clone();
        let v_kind = match self.kind(v) {
            Some(k) => k,
            None => {
                let what = self.show(v);
                return self.error("E0204", v_span, format!("an entry of an array is a number, and this is {what}"));
            }
        };
        let joined = super::conform::Kind { dtype: ty.dtype, weak: false }.join(v_kind).dtype;
        let joined = if op == Some(BinaryOp::Div) { joined.max(crate::types::DType::F32.max(if joined.is_float() { joined } else { crate::types::DType::F64 })) } else { joined };
        if joined != ty.dtype {
            return self.promote(decl, &Val::Leaf(var), &Val::Leaf(var), Some(joined), base);
        }
        let plan = self.plan(&ty, picked, place_span)?;
        if plan.extra_axes {
            return self.error("E0108", place_span, "`none` inserts an axis: it cannot be assigned to");
        }
        let mut selectors = Vec::new();
        for c in &plan.checks {
            self.push(T::Bounds { index: c.0, len: c.1.clone(), what: c.2 }, span);
        }
        selectors.extend(plan.operands.iter().copied());
        // The new value, in the shape of the part.
        let part_dims = plan.dims.clone();
        let shape = self.dims(v);
        let fits = self.broadcast_shape(crate::prims::Prim::Select, &[Val::Leaf(var), v.clone()], &[part_dims.clone(), shape], span, &[place_span, v_span])?;
        if fits != part_dims {
            let what = self.show(v);
            let part = self.show_ty(&Ty::array(ty.dtype, part_dims));
            return self.fail(
                Diagnostic::error("E0202", v_span, format!("this is {what}, and the part that is assigned is {part}")).label(place_span, "assigned here"),
            );
        }
        let new = self.operand_as(v, ty.dtype, v_span)?;
        let new = self.broadcast_to(new, &part_dims, span)?;
        let (op_code, new) = match op {
            None => (Op::Update(plan.sels.clone()), new),
            Some(BinaryOp::Add) => (Op::Acc(plan.sels.clone()), new),
            Some(BinaryOp::Sub) => (Op::Acc(plan.sels.clone()), self.emit(Op::Prim(crate::prims::Prim::Neg), &[new], span)?),
            Some(op) => {
                let mut args = vec![var];
                args.extend(&selectors);
                let old = self.emit(Op::Index(plan.sels.clone()), &args, span)?;
                let r = self.binary(op, &Val::Leaf(old), &Val::Leaf(new), false, (span, place_span, v_span))?;
                (Op::Update(plan.sels.clone()), self.operand_as(&r, ty.dtype, span)?)
            }
        };
        let mut args = vec![var, new];
        args.extend(selectors);
        let whole = self.emit(op_code, &args, span)?;
        self.push(T::Set(var, whole), span);
        let _ = BoundsOf::Index;
        Ok(())
    }

    /// The leaves of a place that is assigned, and where the variable is declared.
    fn place(&mut self, e: &Expr) -> R<(Val, Span)> {
        match &e.kind {
            ExprKind::Name(n) => {
                let found = self.f.scopes.iter().rev().flat_map(|s| s.iter().rev()).find(|(m, _)| m == n).map(|(_, b)| b.clone());
                match found {
                    Some(Binding::Bound { val: Val::Error, .. }) => Err(Fail::Reported),
                    Some(Binding::Bound { val, what: What::Var, span }) => Ok((val, span)),
                    Some(Binding::Bound { what, span, .. }) => {
                        let problem = super::messages::not_assignable(n, e.span, what, span);
                        self.fail(problem)
                    }
                    Some(Binding::Fun(g, i)) => {
                        let at = g.group.fns[i].name.span;
                        self.fail(Diagnostic::error("E0108", e.span, format!("`{n}` is a function and cannot be assigned")).label(at, "defined here"))
                    }
                    None if self.f.captures.iter().any(|(m, _)| m == n) || self.world.top.contains_key(n) => self.fail(
                        Diagnostic::error("E0108", e.span, format!("`{n}` was captured as it was: it cannot be assigned here"))
                            .note("a function or lambda captures values, not variables")
                            .help("return the new value instead"),
                    ),
                    None => {
                        let problem = self.unknown_name(n, e.span);
                        self.fail(problem)
                    }
                }
            }
            ExprKind::Field(base, name) => {
                let (v, at) = self.place(base)?;
                Ok((self.field(&v, name, e.span)?, at))
            }
            ExprKind::Part(base, k, at) => {
                let (v, decl) = self.place(base)?;
                match &v {
                    Val::Tuple(parts) if *k < parts.len() => Ok((parts[*k].1.clone(), decl)),
                    other => {
                        let what = self.show(other);
                        self.error("E0206", *at, format!("{what} has no part {k}"))
                    }
                }
            }
            _ => self.error("E0108", e.span, "this cannot be assigned"),
        }
    }

    /// Assigns all leaves of a place.
    fn store(&mut self, old: &Val, decl: Span, new: &Val, place: &Expr, span: Span) -> R<()> {
        if let Some(bad) = self.not_storable(new) {
            return self.error("E0207", span, format!("a `var` cannot hold {bad}"));
        }
        let target = self.template(old);
        let found = self.storable_like(new);
        let Some(joined) = self.join(&target, &found)? else {
            if let ExprKind::Name(name) = &place.kind
                && self.f.var_depth.get(&decl) == Some(&self.f.depth)
            {
                return self.rebind(name, decl, new, span);
            }
            let (a, b) = (self.show(old), self.show(new));
            let problem = Diagnostic::error("E0209", span, "a variable keeps its shape")
                .here(format!("this is {b}"))
                .label(decl, format!("and the variable is {a}"));
            let problem = self.name_sizes(problem);
            return self.fail(problem);
        };
        if joined.key() != target.key() {
            return self.promote(decl, old, new, None, place);
        }
        let value = self.conform(new, &target, span)?;
        let value = if value.leaves().len() > 1 { self.snapshot(&value, span) } else { value };
        for (var, l) in old.leaves().into_iter().zip(value.leaves()) {
            if var != l {
                self.push(T::Set(var, l), span);
            }
        }
        Ok(())
    }

    /// In a straight line of statements, unrolled loops included, a variable may take another shape: it is another
    /// variable from there on.
    fn rebind(&mut self, name: &Name, decl: Span, new: &Val, span: Span) -> R<()> {
        let target = self.storable(new);
        let value = self.variables(new, &target, Some(name), span)?;
        for (_, b) in self.f.scopes.iter_mut().flatten().rev() {
            if let Binding::Bound { val, span, what: What::Var } = b
                && *span == decl
            {
                *val = value;
                break;
            }
        }
        Ok(())
    }

    /// As `storable`, but literals stay weak, so that they adapt.
    fn storable_like(&self, v: &Val) -> Template {
        self.template(v)
    }

    /// The type of a variable grows: noted, and the instance is elaborated again.
    fn promote(&mut self, decl: Span, old: &Val, new: &Val, dtype: Option<crate::types::DType>, place: &Expr) -> R<()> {
        let Some(var) = self.f.var_types.get(&decl).cloned() else {
            let (a, b) = (self.show(old), self.show(new));
            return self.error("E0209", place.span, format!("this is {a} and cannot hold {b}"));
        };
        // The leaves of the place within the variable, by position.
        let whole = self.f.scopes.iter().flatten().find_map(|(_, b)| match b {
            Binding::Bound { val, span, what: What::Var } if *span == decl => Some(val.leaves()),
            Binding::Bound { .. } | Binding::Fun(..) => None,
        });
        let mut wider = var;
        let new_kinds: Vec<_> = match dtype {
            Some(d) => old.leaves().iter().map(|_| d).collect(),
            None => {
                let (a, b) = (self.template(old), self.template(new));
                match self.join(&a, &b)? {
                    Some(j) => j.types.iter().map(|t| t.dtype).collect(),
                    None => Vec::new(),
                }
            }
        };
        for (l, d) in old.leaves().iter().zip(new_kinds) {
            if let Some(at) = whole.as_ref().and_then(|w| w.iter().position(|x| x == l))
                && let Some(ty) = wider.types.get_mut(at)
            {
                ty.dtype = ty.dtype.max(d);
            }
        }
        if self.f.var_types.get(&decl).map(Template::key) == Some(wider.key()) {
            let (a, b) = (self.show(old), self.show(new));
            return self.error("E0209", place.span, format!("this is {a} and cannot hold {b}"));
        }
        self.f.var_types.insert(decl, wider);
        Err(Fail::Restart)
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
