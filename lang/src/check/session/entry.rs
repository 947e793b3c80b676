//! Entries: one top-level statement, test or call of a function, as a module with a `main`.

use super::flat;
use super::redefine::is_definition;
use crate::ast::{self, ExprKind, Name, StmtKind};
use crate::check::arrays::shown::show;
use crate::check::calls::trim::reachable;
use crate::check::state::elab::{Elab, Fail, Frame, Mode, R, What};
use crate::check::state::free;
use crate::check::state::host::{ArgInfo, Global, Host, Input};
use crate::check::state::value::Ruled;
use crate::check::state::value::{FnVal, OpVal, RangeVal, Val};
use crate::check::state::world::{MAIN, TopBinding};
use crate::check::{Bound, Checker, Entry};
use crate::diagnostic::Diagnostic;
use crate::source::{Source, SourceId, Span};
use crate::typed::{self, Func, FuncId, Local, Piece, StmtKind as T};
use crate::types::{Dim, Ty};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// What an entry leaves behind.
#[derive(Default)]
struct Outcome {
    bindings: Vec<(Name, Val, bool, Span)>,
    value: Option<Val>,
}

impl Checker {
    /// What is to be compiled and run for one top-level statement.
    pub fn statement(&mut self, stmt: &ast::Stmt, host: &dyn Host) -> Result<Entry, Vec<Diagnostic>> {
        match &stmt.kind {
            StmtKind::Fn(def) => {
                self.define(def);
                let trials = self.trial_of(host, def).into_iter().collect();
                return Ok(Entry { trials, ..empty() });
            }
            StmtKind::Import { .. } | StmtKind::Test { .. } => return Ok(empty()),
            _ => {}
        }
        let mut entry = self.run(host, stmt.span, &|e| top_statement(e, stmt))?;
        if matches!(stmt.kind, StmtKind::Let { mutable: false, .. })
            && entry.bindings.iter().any(|b| is_definition(&b.val))
        {
            entry.again = Some(Arc::new(stmt.clone()));
        }
        Ok(entry)
    }

    /// What is to be run for a test block.
    pub fn test(&mut self, body: &ast::Block, host: &dyn Host) -> Result<Entry, Vec<Diagnostic>> {
        self.run(host, body.span, &|e| {
            e.block(body)?;
            Ok(Outcome::default())
        })
    }

    /// Calls the function that `expr` denotes with arguments of these layouts; the value is `shown`.
    pub fn function(&mut self, expr: &str, args: &[ArgInfo], host: &dyn Host) -> Result<Entry, Vec<Diagnostic>> {
        let source = Source::new(crate::source::CALL, expr);
        // Hosts ask for the same again and again.
        let known = self.world.sources.iter().position(|s| s.name() == source.name() && s.text() == source.text());
        let id = match known {
            Some(at) => SourceId(at as u32),
            None => self.world.add_source(source.clone()),
        };
        let (file, problems) = crate::parse::parse(&source, id);
        let errors: Vec<Diagnostic> = problems.into_iter().filter(Diagnostic::is_error).collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        let [ast::Stmt { kind: StmtKind::Expr(callee), span }] = file.stmts.as_slice() else {
            return Err(vec![Diagnostic::error("E0106", Span::new(id, 0, expr.len()), "a function is needed here")]);
        };
        self.run(host, *span, &|e| {
            let f = e.expr(callee)?;
            let mut next = 0;
            let vals = args.iter().map(|a| argument(e, a, &mut next)).collect();
            let value = e.apply(&f, vals, *span)?;
            Ok(Outcome { bindings: Vec::new(), value: Some(value) })
        })
    }

    /// The parameters of a function or lambda that a name of the top level stands for.
    pub fn params(&self, name: &str) -> Option<Vec<ast::Param>> {
        let value = match self.world.top.get(name)? {
            TopBinding::Fun(g, i) => return Some(self.world.groups[*g].group.fns[*i].params.clone()),
            TopBinding::Value { val, .. } => val,
            TopBinding::Module(_) => return None,
        };
        match value {
            Val::Fn(f) => Some(match &f.code {
                crate::check::state::value::Code::Fn(group, i) => group.fns[*i].params.clone(),
                crate::check::state::value::Code::Lambda(lambda, _) => lambda.params.clone(),
            }),
            _ => None,
        }
    }

    /// The name of the top level, or the path from it, under which a program finds a kept value.
    pub fn path_of(&self, global: Global) -> Option<String> {
        fn path(val: &Val, global: Global) -> Option<String> {
            match val {
                Val::Global(g) if *g == global => Some(String::new()),
                Val::Tuple(parts) => parts.iter().enumerate().find_map(|(k, (name, part))| {
                    let step = name.as_ref().map_or_else(|| k.to_string(), ToString::to_string);
                    path(part, global).map(|rest| format!(".{step}{rest}"))
                }),
                _ => None,
            }
        }
        self.world.top.iter().find_map(|(name, binding)| match binding {
            TopBinding::Value { val, .. } => path(val, global).map(|rest| format!("{name}{rest}")),
            TopBinding::Fun(..) | TopBinding::Module(_) => None,
        })
    }

    /// After the entry ran: its names are bound to the globals that hold its results.
    pub fn commit(&mut self, entry: &Entry) {
        for b in &entry.bindings {
            let again = entry.again.clone();
            let value = TopBinding::Value { val: b.val.clone(), mutable: b.mutable, span: b.span, again };
            self.world.top.insert(b.name.clone(), value);
        }
    }

    /// A function captures values as they are where it is written.
    fn define(&mut self, def: &Arc<ast::FnDef>) {
        for g in (0..self.world.groups.len()).rev() {
            let group = self.world.groups[g].group.clone();
            if let Some(i) = group.find(&def.name.name).filter(|&i| Arc::ptr_eq(&group.fns[i], def)) {
                let snap = self.world.snapshot(&group.needs[i], Some(g));
                self.world.groups[g].snaps[i] = Some(snap);
                return;
            }
        }
    }

    /// Elaborates with symbolic sizes, then with numbers.
    fn run(
        &mut self,
        host: &dyn Host,
        span: Span,
        work: &dyn Fn(&mut Elab<'_>) -> R<Outcome>,
    ) -> Result<Entry, Vec<Diagnostic>> {
        let symbolic = self.attempt(host, span, Mode::Symbolic, work);
        let ended = |problems: &[Diagnostic]| problems.iter().any(|p| matches!(p.code, "E0215" | "E0412"));
        let (mut entry, ruled) = match symbolic {
            Err(problems) if !ended(&problems) => self.attempt(host, span, Mode::Constant, work)?,
            done => done?,
        };
        entry.trials = self.trials(host, &ruled);
        Ok(entry)
    }

    /// An entry for what `work` gives, elaborated with numbers.
    pub(crate) fn call_of(
        &mut self,
        host: &dyn Host,
        span: Span,
        work: &dyn Fn(&mut Elab<'_>) -> R<Val>,
    ) -> Result<Entry, Vec<Diagnostic>> {
        let value = |e: &mut Elab<'_>| Ok(Outcome { bindings: Vec::new(), value: Some(work(e)?) });
        self.attempt(host, span, Mode::Constant, &value).map(|(entry, _)| entry)
    }

    fn attempt(
        &mut self,
        host: &dyn Host,
        span: Span,
        mode: Mode,
        work: &dyn Fn(&mut Elab<'_>) -> R<Outcome>,
    ) -> Result<(Entry, Vec<Ruled>), Vec<Diagnostic>> {
        let (mut var_types, mut var_fixed) = Default::default();
        for _ in 0..64 {
            let mut frame = Frame::new("main", span, MAIN);
            frame.var_types = std::mem::take(&mut var_types);
            frame.var_fixed = std::mem::take(&mut var_fixed);
            let mut e = Elab::new(&mut self.world, host, mode, frame);
            let outcome = match work(&mut e) {
                Ok(_) | Err(Fail::Never | Fail::Reported) if e.f.again && !e.ended => Err(Fail::Restart),
                done => done.and_then(|o| finish(&mut e, o, mode, span)),
            };
            match outcome {
                Ok(entry) if e.diags.iter().all(|d| !d.is_error()) => {
                    #[cfg(debug_assertions)]
                    if let Err(why) = crate::typed::validate::validate(&entry.module) {
                        return Err(vec![Diagnostic::error("E0999", span, "the checker made a wrong tree").note(why)]);
                    }
                    return Ok((entry, e.ruled.into_iter().filter(|r| r.given).collect()));
                }
                Err(Fail::Restart) => {
                    var_types = std::mem::take(&mut e.f.var_types);
                    var_fixed = std::mem::take(&mut e.f.var_fixed);
                }
                Ok(_) | Err(Fail::Reported | Fail::Abort | Fail::Never) => {
                    let mut problems = std::mem::take(&mut e.diags);
                    problems.retain(Diagnostic::is_error);
                    if e.ended {
                        problems.drain(..problems.len().saturating_sub(1));
                    }
                    if problems.is_empty() {
                        problems.push(match outcome {
                            Err(Fail::Never) => Diagnostic::error("E0103", span, "this never ends"),
                            _ => {
                                Diagnostic::error("E0203", span, "a size here cannot be known before the program runs")
                            }
                        });
                    }
                    return Err(problems);
                }
            }
        }
        Err(vec![Diagnostic::error("E0103", span, "the types here do not settle")])
    }
}

fn empty() -> Entry {
    let main = Func {
        name: "main".into(),
        sizes: vec![],
        params: vec![],
        locals: vec![],
        body: vec![typed::Stmt { kind: T::Return(vec![]), span: Span::default() }],
        results: vec![],
        span: Span::default(),
        rules: typed::Rules::default(),
        apart: false,
        library: false,
    };
    Entry {
        module: typed::Module { funcs: vec![main] },
        main: FuncId(0),
        inputs: vec![],
        sizes: vec![],
        results: vec![],
        shown: None,
        exact: false,
        warnings: vec![],
        trials: vec![],
        bindings: vec![],
        again: None,
    }
}

/// An argument of the host.
fn argument(e: &mut Elab<'_>, a: &ArgInfo, next: &mut usize) -> Val {
    match a {
        ArgInfo::Leaf(info) => {
            let k = *next;
            *next += 1;
            e.input(info, Input::Arg(k), true)
        }
        ArgInfo::None => Val::None,
        ArgInfo::Tuple(parts) => Val::Tuple(
            parts.iter().map(|(n, p)| (n.as_ref().map(|n| Name::from(n.as_str())), argument(e, p, next))).collect(),
        ),
    }
}

fn top_statement(e: &mut Elab<'_>, stmt: &ast::Stmt) -> R<Outcome> {
    match &stmt.kind {
        StmtKind::Let { mutable, pattern, ty, value, .. } => {
            let v = e.expr(value)?;
            let before = e.f.scopes[0].len();
            let v = match ty {
                Some(ty) => e.ascribe(ty, v, value.span)?,
                None => v,
            };
            let v = e.snapshot(&v, value.span);
            e.bind_pattern(pattern, v, What::Let, value.span)?;
            let bound = e.f.scopes[0].split_off(before);
            let mut bindings = Vec::new();
            for (n, b) in bound {
                if let crate::check::state::elab::Binding::Bound { val, span, .. } = b {
                    if *mutable && (val.is_callable() || matches!(val, Val::Str(_) | Val::Module(_))) {
                        let what = e.show(&val);
                        return e.error("E0207", value.span, format!("a `var` cannot hold {what}"));
                    }
                    bindings.push((n, val, *mutable, span));
                }
            }
            Ok(Outcome { bindings, value: None })
        }
        StmtKind::Expr(x) if !matches!(x.kind, ExprKind::Block(_)) => {
            let v = e.expr(x)?;
            let keep = e.world.answers && !matches!(v, Val::None | Val::Str(_) | Val::Module(_));
            let answer = keep.then(|| (Name::from("ans"), v.clone(), false, stmt.span));
            Ok(Outcome { bindings: answer.into_iter().collect(), value: Some(v) })
        }
        StmtKind::Return(value) => e.stray_return(value.as_ref(), stmt.span),
        StmtKind::Break | StmtKind::Continue => e.leave(&stmt.kind, stmt.span).map(|()| Outcome::default()),
        _ => {
            let mut vars = Vec::new();
            for n in free::assigned(stmt) {
                let Some(TopBinding::Value { val, mutable, span, .. }) = e.world.top.get(&n).cloned() else {
                    continue;
                };
                if !mutable {
                    let v = e.import(&val);
                    e.bind(&n, v, What::Let, span);
                    continue;
                }
                let host = e.host;
                let mut fresh = Vec::new();
                let own = val.map(
                    &mut |v| match v {
                        Val::Global(g) => {
                            let v = e.input(&host.info(*g), Input::Global(*g), false);
                            fresh.push(v.clone());
                            v
                        }
                        other => other.clone(),
                    },
                    &mut Dim::clone,
                );
                let pattern = ast::Pattern { kind: ast::PatternKind::Name(n.clone()), span };
                e.bind_pattern(&pattern, own, What::Var, span)?;
                vars.push((n, span));
            }
            match &stmt.kind {
                StmtKind::Expr(x) => {
                    let v = e.expr(x)?;
                    let bindings = collect(e, vars);
                    Ok(Outcome { bindings, value: Some(v) })
                }
                _ => {
                    e.stmt(stmt)?;
                    let bindings = collect(e, vars);
                    Ok(Outcome { bindings, value: None })
                }
            }
        }
    }
}

/// The variables of the top level as they are at the end.
fn collect(e: &Elab<'_>, vars: Vec<(Name, Span)>) -> Vec<(Name, Val, bool, Span)> {
    vars.into_iter()
        .filter_map(|(n, span)| {
            e.f.scopes[0].iter().find(|(m, _)| *m == n).and_then(|(_, b)| match b {
                crate::check::state::elab::Binding::Bound { val, .. } => Some((n.clone(), val.clone(), true, span)),
                crate::check::state::elab::Binding::Fun(..) => None,
            })
        })
        .collect()
}

/// Sizes that are symbols become leaves: what lasts is values.
fn lasting(e: &mut Elab<'_>, v: &Val, span: Span) -> R<Val> {
    lasting_parts(e, v, span, &mut FxHashMap::default())
}

fn lasting_parts(e: &mut Elab<'_>, v: &Val, span: Span, done: &mut FxHashMap<*const (), Val>) -> R<Val> {
    let shared = v.shared();
    if let Some(known) = shared.and_then(|at| done.get(&at)) {
        return Ok(known.clone());
    }
    let kept = match v {
        Val::Size(d) if d.as_const().is_none() => Val::Leaf(e.operand(v, span)?),
        Val::Str(pieces) if pieces.iter().any(|p| !matches!(p, Piece::Text(_))) => {
            return e.fail(
                Diagnostic::error("E0111", span, "a string with values in it cannot be kept")
                    .here("its holes are filled when it is printed")
                    .help("print it here, or keep the values and write the string where it is printed"),
            );
        }
        Val::Tuple(parts) => {
            let mut out = Vec::new();
            for (n, p) in parts.iter() {
                out.push((n.clone(), lasting_parts(e, p, span, done)?));
            }
            Val::Tuple(out.into())
        }
        Val::Fn(f) => {
            let mut out = Vec::new();
            for (n, p) in f.captures.iter() {
                out.push((n.clone(), lasting_parts(e, p, span, done)?));
            }
            Val::Fn(Arc::new(FnVal { code: f.code.clone(), captures: out.into() }))
        }
        Val::Op(op) => {
            let mut parts = Vec::new();
            for p in &op.parts {
                parts.push(lasting_parts(e, p, span, done)?);
            }
            Val::Op(Arc::new(OpVal { kind: op.kind.clone(), parts }))
        }
        Val::Range(r) => Val::Range(Arc::new(RangeVal {
            start: lasting_parts(e, &r.start, span, done)?,
            end: lasting_parts(e, &r.end, span, done)?,
            step: r.step,
        })),
        other => other.clone(),
    };
    if let Some(at) = shared {
        done.insert(at, kept.clone());
    }
    Ok(kept)
}

fn finish(e: &mut Elab<'_>, outcome: Outcome, mode: Mode, span: Span) -> R<Entry> {
    let mut results: Vec<Local> = Vec::new();
    let mut globals: Vec<Global> = Vec::new();
    let inputs: Vec<(Local, Input)> = e.f.params.iter().copied().zip(e.inputs.iter().copied()).collect();
    let mut bindings = Vec::new();
    for (name, val, mutable, at) in outcome.bindings {
        let val = lasting(e, &val, at)?;
        let kept = val.map(
            &mut |v| match v {
                Val::Leaf(l) => {
                    if let Some((_, Input::Global(g))) = inputs.iter().find(|(p, _)| p == l) {
                        return Val::Global(*g);
                    }
                    if let Some(k) = results.iter().position(|r| r == l) {
                        return Val::Global(globals[k]);
                    }
                    let g = e.world.fresh();
                    if e.f.weak.contains(l) {
                        e.world.weak.insert(g);
                    }
                    results.push(*l);
                    globals.push(g);
                    Val::Global(g)
                }
                other => other.clone(),
            },
            &mut Dim::clone,
        );
        bindings.push(Bound { name, val: kept, mutable, span: at });
    }
    let shown = match outcome.value {
        None | Some(Val::None) => None,
        Some(v) => Some(show(e, &v, &mut results, &mut globals, span)?),
    };
    e.push(T::Return(results.clone()), span);
    let types: Vec<Ty> = results.iter().map(|r| e.ty(*r).clone()).collect();
    let frame = std::mem::replace(&mut e.f, Frame::new("", span, MAIN));
    e.funcs[0] = Some(Elab::finish(frame, types));
    e.give_rules()?;
    let module = reachable(std::mem::take(&mut e.funcs));
    let warnings = e.diags.iter().filter(|d| !d.is_error()).cloned().chain(flat::warnings(e, &module)).collect();
    Ok(Entry {
        module,
        main: FuncId(0),
        inputs: std::mem::take(&mut e.inputs),
        sizes: std::mem::take(&mut e.sizes),
        results: globals,
        shown,
        exact: mode == Mode::Constant,
        warnings,
        trials: Vec::new(),
        bindings,
        again: None,
    })
}
