//! Names of definitions, called or not: every name is known, and only variables are assigned.

use super::elab::What;
use super::messages;
use super::world::World;
use crate::ast::*;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

struct Names<'w> {
    world: &'w World,
    scope: Vec<(Name, What, Span)>,
    top: Vec<Name>,
    loops: usize,
    problems: &'w mut Vec<Diagnostic>,
}

/// Checks the definitions of a file. Statements outside of functions are checked when they are elaborated.
pub(crate) fn file(world: &World, file: &File, known: &[Name], problems: &mut Vec<Diagnostic>) {
    let mut top = known.to_vec();
    for s in &file.stmts {
        if let StmtKind::Let { pattern, .. } = &s.kind {
            super::free::pattern_names(pattern, &mut top);
        }
    }
    let mut names = Names { world, scope: Vec::new(), top, loops: 0, problems };
    for f in super::free::functions(&file.stmts) {
        names.function(&f);
    }
    names.rules(&file.stmts, "file");
    let rest: Vec<Stmt> = file.stmts.iter().filter(|s| !matches!(s.kind, StmtKind::Fn(_))).cloned().collect();
    names.scoped(|n| n.stmts(&rest, true));
    for s in &file.stmts {
        if let StmtKind::Test { body, .. } = &s.kind {
            names.block(body);
        }
    }
}

impl Names<'_> {
    fn scoped(&mut self, work: impl FnOnce(&mut Self)) {
        let depth = self.scope.len();
        work(self);
        self.scope.truncate(depth);
    }

    fn pattern(&mut self, p: &Pattern, what: What) {
        let mut names = Vec::new();
        super::free::pattern_names(p, &mut names);
        self.distinct(&names, p.span);
        self.scope.extend(names.into_iter().map(|n| (n, what, p.span)));
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

    fn function(&mut self, f: &FnDef) {
        self.scoped(|s| {
            s.params(&f.params, f.ret.as_ref());
            let loops = std::mem::take(&mut s.loops);
            s.expr(&f.body);
            s.loops = loops;
        });
    }

    fn lambda(&mut self, l: &Lambda) {
        self.scoped(|s| {
            s.params(&l.params, None);
            let loops = std::mem::take(&mut s.loops);
            s.expr(&l.body);
            s.loops = loops;
        });
    }

    /// The block of a `fixpoint` uses its state; otherwise there is nothing to iterate.
    fn depends(&mut self, round: &Lambda) {
        let mut state = Vec::new();
        round.params.iter().for_each(|p| super::free::pattern_names(&p.pattern, &mut state));
        let used = super::free::of_expr(&round.body);
        if state.iter().any(|n| used.contains(n)) {
            return;
        }
        let at = round.params.first().map_or(round.body.span, |p| p.span);
        let what = match state.as_slice() {
            [] => "its state has no name".to_string(),
            [one] => format!("it does not use `{one}`"),
            many => format!("it uses none of {}", many.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")),
        };
        self.problems.push(
            Diagnostic::error("E0601", round.body.span, format!("this `fixpoint` repeats a block for nothing: {what}"))
                .label(at, "the state")
                .help("a block that does not depend on the state is its own limit: write it without `fixpoint`"),
        );
    }

    fn params(&mut self, params: &[Param], ret: Option<&TypeExpr>) {
        let mut dims = Vec::new();
        for t in params.iter().filter_map(|p| p.ty.as_ref()) {
            super::free::dim_names(t, &mut dims);
            self.ty(t);
        }
        if let Some(ret) = ret {
            self.ty(ret);
            let mut own = Vec::new();
            super::free::dim_names(ret, &mut own);
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
            self.scope.push((n, What::Param, at));
        }
        let mut bound: Vec<Name> = Vec::new();
        for p in params {
            let mut own = Vec::new();
            super::free::pattern_names(&p.pattern, &mut own);
            if let Some(n) = own.iter().find(|n| bound.contains(n)) {
                self.problems.push(Diagnostic::error(
                    "E0109",
                    p.pattern.span,
                    format!("two parameters are called `{n}`"),
                ));
            }
            bound.extend(own);
            if let Some(d) = &p.default {
                self.expr(d);
            }
            self.pattern(&p.pattern, What::Param);
        }
    }

    fn is_param(&self, params: &[Param], name: &Name) -> bool {
        params.iter().any(|p| matches!(&p.pattern.kind, PatternKind::Name(n) if n == name))
    }

    fn ty(&mut self, t: &TypeExpr) {
        match &t.kind {
            TypeExprKind::Array { dtype, .. } => {
                if crate::types::DType::named(&dtype.name).is_none() {
                    let near = match &*dtype.name {
                        "int" | "i32" | "usize" | "integer" | "Int" => "i64",
                        "f16" | "float32" => "f32",
                        "boolean" | "Bool" => "bool",
                        _ => "f64",
                    };
                    self.problems.push(
                        Diagnostic::error("E0104", dtype.span, format!("there is no type `{}`", dtype.name)).fix(
                            format!("the element types are f64, f32, i64 and bool: here perhaps `{near}`"),
                            vec![(dtype.span, near.into())],
                        ),
                    );
                }
            }
            TypeExprKind::Tuple(parts) => parts.iter().for_each(|(_, t)| self.ty(t)),
            TypeExprKind::Function { params, ret } => {
                params.iter().for_each(|t| self.ty(t));
                self.ty(ret);
            }
        }
    }

    fn block(&mut self, b: &Block) {
        self.scoped(|s| s.stmts(&b.stmts, false));
    }

    /// The rules among the functions of a file or block.
    fn rules(&mut self, stmts: &[Stmt], place: &str) {
        let fns = super::free::functions(stmts);
        let mut seen: Vec<(&Name, &Name, Span)> = Vec::new();
        for f in &fns {
            let Some(Rule { kind, target }) = &f.rule else { continue };
            let needs = match &*kind.name {
                "jvp" => 2,
                "vjp" => 1,
                other => {
                    let problem = Diagnostic::error("E0310", kind.span, format!("there is no rule `@{other}`"))
                        .help("`@jvp(f)` gives the value and its tangent, `@vjp(f)` the value and its pullback");
                    self.problems.push(problem);
                    continue;
                }
            };
            let Some(of) = fns.iter().rfind(|g| g.name.name == target.name) else {
                let title = format!("no function `{}` in this {place}", target.name);
                let names = fns.iter().map(|g| &*g.name.name);
                let mut problem = Diagnostic::error("E0310", target.span, title);
                problem = match messages::nearest(&target.name, names) {
                    Some(near) => problem.fix(format!("did you mean `{near}`?"), vec![(target.span, near.into())]),
                    None => problem.help("a rule stands beside the function that it is for"),
                };
                self.problems.push(problem);
                continue;
            };
            if let Some((.., first)) = seen.iter().find(|(k, t, _)| **k == kind.name && **t == target.name) {
                let title = format!("`{}` has two rules `@{}`", target.name, kind.name);
                self.problems.push(Diagnostic::error("E0310", kind.span, title).label(*first, "the other one"));
            }
            seen.push((&kind.name, &target.name, kind.span));
            if of.rule.is_some() {
                let title = format!("`{}` is itself a rule", target.name);
                let problem = Diagnostic::error("E0310", target.span, title);
                self.problems.push(problem.help("a rule is differentiated like any other function"));
            }
            if let Some(p) = of.params.iter().chain(&f.params).find(|p| p.default.is_some()) {
                let title = "a function with a rule, and the rule, have no defaults";
                let problem = Diagnostic::error("E0310", p.span, title);
                self.problems.push(problem.help("put the default into a function that calls it"));
            }
            let (count, given) = (needs * of.params.len(), f.params.len());
            if count != given {
                let parts = if needs == 2 { "each parameter, then a tangent for each" } else { "the same parameters" };
                let plural = if given == 1 { "" } else { "s" };
                let title = format!("this rule has {given} parameter{plural} and needs {count}: {parts}");
                let problem = Diagnostic::error("E0310", f.name.span, title)
                    .label(of.name.span, format!("this takes {}", of.params.len()));
                self.problems.push(problem);
            }
        }
    }

    fn stmts(&mut self, stmts: &[Stmt], top: bool) {
        if !top {
            self.rules(stmts, "block");
        }
        for f in super::free::functions(stmts) {
            self.scope.push((f.name.name.clone(), What::Let, f.name.span));
        }
        for (k, s) in stmts.iter().enumerate() {
            match &s.kind {
                StmtKind::Let { mutable, pattern, ty, value, .. } => {
                    self.expr(value);
                    if let Some(t) = ty {
                        self.ty(t);
                        let mut names = Vec::new();
                        super::free::dim_names(t, &mut names);
                        self.scope.extend(names.into_iter().map(|n| (n, What::Let, t.span)));
                    }
                    self.pattern(pattern, if *mutable { What::Var } else { What::Let });
                }
                StmtKind::Fn(f) => self.function(f),
                StmtKind::Import { .. } | StmtKind::Test { .. } if top => {}
                StmtKind::Import { .. } | StmtKind::Test { .. } => {
                    let word = if matches!(s.kind, StmtKind::Test { .. }) { "test" } else { "import" };
                    self.problems.push(Diagnostic::error(
                        "E0106",
                        s.span,
                        format!("`{word}` stands at the top level of a file"),
                    ));
                }
                StmtKind::Break | StmtKind::Continue => {
                    if self.loops == 0 {
                        let word = if matches!(s.kind, StmtKind::Break) { "break" } else { "continue" };
                        self.problems.push(Diagnostic::error("E0107", s.span, format!("`{word}` stands in a loop")));
                    }
                }
                StmtKind::For { pattern, iter, body } => {
                    self.expr(iter);
                    self.scoped(|s| {
                        s.pattern(pattern, What::Loop);
                        s.loops += 1;
                        s.block(body);
                        s.loops -= 1;
                    });
                }
                StmtKind::While { cond, body } => {
                    self.expr(cond);
                    self.loops += 1;
                    self.block(body);
                    self.loops -= 1;
                }
                StmtKind::Return(v) => v.iter().for_each(|e| self.expr(e)),
                StmtKind::Assign { place, value, .. } => {
                    self.place(place);
                    self.expr(value);
                }
                StmtKind::Expr(e) => {
                    self.expr(e);
                    if !top && k + 1 < stmts.len() && plain(e) {
                        self.problems.push(
                            Diagnostic::error("E0105", e.span, "this value is computed and then dropped")
                                .help("bind it with `let`, or remove it"),
                        );
                    }
                }
            }
        }
    }

    fn place(&mut self, e: &Expr) {
        match &e.kind {
            ExprKind::Name(n) => match self.scope.iter().rev().find(|(m, _, _)| m == n) {
                Some((_, What::Var, _)) => {}
                Some((_, what, at)) => {
                    let problem = messages::not_assignable(n, e.span, *what, *at);
                    self.problems.push(problem);
                }
                None if self.top.contains(n) => {}
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

    fn unknown(&mut self, n: &Name, at: Span) {
        let mut known: Vec<String> = self.scope.iter().map(|(m, _, _)| m.to_string()).collect();
        known.extend(self.top.iter().map(|n| n.to_string()));
        self.problems.push(messages::unknown(n, at, &known));
        // Once is enough.
        self.scope.insert(0, (n.clone(), What::Let, at));
    }

    fn name(&mut self, n: &Name, at: Span) {
        let known = self.scope.iter().any(|(m, _, _)| m == n) || self.top.contains(n) || self.world.library_has(n);
        if !known {
            self.unknown(n, at);
        }
    }

    fn indices(&mut self, indices: &[Index]) {
        for i in indices {
            match i {
                Index::At(e) => self.expr(e),
                Index::Slice { start, end, step, .. } => {
                    [start, end, step].into_iter().flatten().for_each(|e| self.expr(e))
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
        self.scoped(|s| {
            for (p, iter) in &c.clauses {
                s.expr(iter);
                s.pattern(p, What::Loop);
            }
            c.condition.iter().for_each(|e| s.expr(e));
            s.expr(&c.element);
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
                self.depends(round);
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
        _ => false,
    }
}
