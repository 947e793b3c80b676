//! Warns of a derivative that is zero because all ways from what it is taken by to the value go through something flat:
//! a rounding, a comparison, a position.
//!
//! An analysis of the finished instances: for each value, on which of the tracked parameters
//! it depends *smoothly* (some way has no step that is flat) and on which at all.
//! A parameter that the value does not depend on, and what `stop_grad` holds back, are meant so.
//! What cannot be followed (rules, derivatives inside) counts as smooth: no warning is better than a wrong one.
//!
//! The same walk warns of a branch that holds at single points, `if x == 0 { 1.0 } else { sin(x) / x }`,
//! and gives a value there that does not move with `x`: the value is mended, and the derivative is 0.
//! Where the other arm sees `x` only behind a guard, `where(x == 0, 1.0, x)`, somebody has thought of it.

use crate::check::state::elab::Elab;
use crate::diagnostic::Diagnostic;
use crate::ops::{Op, Reduction};
use crate::prims::{Derivative, Prim};
use crate::source::Span;
use crate::typed::{Func, FuncId, Local, Module, Stmt, StmtKind as T};
use crate::types::DType;
use rustc_hash::{FxHashMap, FxHashSet};

/// On which parameters a value depends, one bit for each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Dep {
    smooth: u64,
    /// Smoothly, in some way that no guard stands on.
    bare: u64,
    any: u64,
    /// What made it flat, as a position in `Flow::cuts` from 1; 0 if nothing has.
    cut: u32,
}

impl Dep {
    fn join(self, other: Dep) -> Dep {
        let cut = if self.cut == 0 { other.cut } else { self.cut };
        Dep { smooth: self.smooth | other.smooth, bare: self.bare | other.bare, any: self.any | other.any, cut }
    }

    /// The same, where nothing is smooth.
    fn flat(self) -> Dep {
        Dep { smooth: 0, bare: 0, ..self }
    }
}

/// A step that is flat.
#[derive(Clone)]
struct Cut {
    span: Span,
    /// What it is called in a message.
    what: String,
    /// A function of one number that rounds it.
    rounds: bool,
}

/// What is known at one place about the variables; what is no variable is defined once and needs no place.
type State = FxHashMap<Local, Dep>;

fn join(a: Option<State>, b: Option<State>) -> Option<State> {
    let (Some(mut a), Some(b)) = (a.clone(), b.clone()) else { return a.or(b) };
    for (local, dep) in b {
        let known = a.entry(local).or_default();
        *known = known.join(dep);
    }
    Some(a)
}

struct Flow<'a> {
    module: &'a Module,
    library: &'a dyn Fn(Span) -> bool,
    cuts: Vec<Cut>,
    /// Conditions that hold at single points, where the value does not move with what is compared.
    patches: Vec<Span>,
    /// The results of instances for what their parameters depend on; of one that is being followed, as far as is known.
    known: FxHashMap<(FuncId, Vec<Dep>), Vec<Dep>>,
}

/// One instance that is being followed.
struct Frame<'a> {
    func: &'a Func,
    fixed: Vec<Dep>,
    /// Comparisons of floats that hold at single points (or everywhere else), and what they compare.
    points: FxHashMap<Local, Points>,
    /// `None` where control does not get.
    state: Option<State>,
    /// What decides whether control gets here.
    control: Dep,
    results: Vec<Dep>,
    /// What leaves the innermost loop, or begins its next round.
    leaving: Option<State>,
}

/// A condition on floats that holds at single points, or everywhere but there.
#[derive(Clone)]
struct Points {
    /// Whether it holds there.
    there: bool,
    /// What is compared.
    compared: Vec<Local>,
    span: Span,
}

/// Warnings for the requests of the program in a module, one for each place.
pub(in crate::check) fn warnings(e: &Elab<'_>, module: &Module) -> Vec<Diagnostic> {
    let library = |span| e.world.in_library(span);
    let mut said = FxHashSet::default();
    let mut patched = FxHashSet::default();
    let mut out = Vec::new();
    for func in &module.funcs {
        requests(&func.body, &mut |stmt| {
            if !library(stmt.span) {
                let mut flow = Flow {
                    module,
                    library: &library,
                    cuts: Vec::new(),
                    patches: Vec::new(),
                    known: FxHashMap::default(),
                };
                let lost = flow.request(stmt);
                // A second derivative is two requests at one place.
                out.extend(lost.filter(|_| said.insert(stmt.span)));
                let new = flow.patches.into_iter().filter(|&span| !library(span) && patched.insert(span));
                out.extend(new.map(patch));
            }
        });
    }
    out
}

fn requests<'a>(body: &'a [Stmt], found: &mut dyn FnMut(&'a Stmt)) {
    for stmt in body {
        match &stmt.kind {
            T::Jvp { .. } | T::Vjp { .. } => found(stmt),
            T::If { then, otherwise, .. } => [then, otherwise].into_iter().for_each(|b| requests(b, found)),
            T::While { test, body, .. } => [test, body].into_iter().for_each(|b| requests(b, found)),
            T::For { body, .. } | T::Map { body, .. } => requests(body, found),
            _ => {}
        }
    }
}

/// A word for a step whose derivative is zero, for a result of this type.
fn flat(op: &Op, result: DType) -> Option<(&'static str, bool)> {
    match op {
        Op::Prim(p) if matches!(p.row().derivative, Derivative::Zero) => Some(match p {
            Prim::Eq | Prim::Ne | Prim::Lt | Prim::Le | Prim::Gt | Prim::Ge => ("a comparison", false),
            Prim::FloorDiv => ("`//`", false),
            Prim::Floor | Prim::Ceil | Prim::Round => (p.name(), true),
            _ => (p.name(), false),
        }),
        _ if result.is_float() => None,
        Op::ArgReduce { max, .. } => Some((if *max { "argmax" } else { "argmin" }, false)),
        Op::ArgSort => Some(("argsort", false)),
        _ => Some(("a whole number", false)),
    }
}

impl Flow<'_> {
    fn request(&mut self, stmt: &Stmt) -> Option<Diagnostic> {
        let (func, asked, wanted): (_, Vec<bool>, Vec<bool>) = match &stmt.kind {
            T::Jvp { func, tangents, result_tangents, .. } => (
                *func,
                tangents.iter().map(Option::is_some).collect(),
                result_tangents.iter().map(Option::is_some).collect(),
            ),
            T::Vjp { func, cotangents, param_cotangents, .. } => (
                *func,
                param_cotangents.iter().map(Option::is_some).collect(),
                cotangents.iter().map(Option::is_some).collect(),
            ),
            _ => return None,
        };
        let places: Vec<usize> = (0..asked.len()).filter(|&k| asked[k]).collect();
        for group in places.chunks(u64::BITS as usize) {
            let value = self.value(func, group, &wanted);
            let lost = value.any & !value.smooth;
            if lost != 0 {
                // Once more by this one alone, for the step that is to blame.
                let place = group[lost.trailing_zeros() as usize];
                let cut = self.value(func, &[place], &wanted).cut;
                let func = &self.module.funcs[func.0 as usize];
                let name = func.locals[func.params[place].0 as usize].name.as_deref();
                return self.cuts.get((cut as usize).wrapping_sub(1)).map(|cut| warning(stmt.span, cut, name));
            }
        }
        None
    }

    /// On which of these parameters the wanted results of an instance depend.
    fn value(&mut self, func: FuncId, places: &[usize], wanted: &[bool]) -> Dep {
        let mut args = vec![Dep::default(); self.module.funcs[func.0 as usize].params.len()];
        for (bit, &place) in places.iter().enumerate() {
            args[place] = Dep { smooth: 1 << bit, bare: 1 << bit, any: 1 << bit, cut: 0 };
        }
        let results = self.call(func, args);
        results.iter().zip(wanted).filter(|(_, w)| **w).fold(Dep::default(), |a, (r, _)| a.join(*r))
    }

    /// What the results of an instance depend on.
    fn call(&mut self, id: FuncId, args: Vec<Dep>) -> Vec<Dep> {
        let func = &self.module.funcs[id.0 as usize];
        let all = args.iter().fold(Dep::default(), |a, b| a.join(*b));
        if all.any == 0 {
            return vec![Dep::default(); func.results.len()];
        }
        if !func.rules.is_empty() {
            let of = |ty: &crate::types::Ty| if ty.dtype.is_float() { all } else { all.flat() };
            return func.results.iter().map(of).collect();
        }
        let key = (id, args);
        if let Some(results) = self.known.get(&key) {
            return results.clone();
        }
        let mut results = vec![Dep::default(); func.results.len()];
        loop {
            self.known.insert(key.clone(), results.clone());
            let mut frame = Frame {
                func,
                fixed: vec![Dep::default(); func.locals.len()],
                points: FxHashMap::default(),
                state: Some(State::default()),
                control: Dep::default(),
                results: results.clone(),
                leaving: None,
            };
            for (param, dep) in func.params.iter().zip(&key.1) {
                frame.set(*param, *dep);
            }
            self.block(&mut frame, &func.body);
            if frame.results == results {
                return results;
            }
            results = frame.results;
        }
    }

    fn block(&mut self, f: &mut Frame<'_>, body: &[Stmt]) {
        for stmt in body {
            if f.state.is_none() {
                return;
            }
            self.stmt(f, stmt);
        }
    }

    fn stmt(&mut self, f: &mut Frame<'_>, stmt: &Stmt) {
        match &stmt.kind {
            T::Let(local, op, args) => {
                let dep = self.operation(f, *local, op, args, stmt.span);
                f.set(*local, dep);
            }
            T::Set(variable, value) => {
                let dep = f.get(*value).join(f.control);
                f.set(*variable, dep);
            }
            T::If { cond, then, otherwise } => {
                let (before, outer) = (f.state.clone(), f.control);
                let none = vec![Dep::default(); f.results.len()];
                f.control = f.decided(*cond);
                let returned = std::mem::replace(&mut f.results, none.clone());
                self.block(f, then);
                let after = std::mem::replace(&mut f.state, before);
                let first = std::mem::replace(&mut f.results, none);
                self.block(f, otherwise);
                if let Some(points) = f.points.get(cond).cloned() {
                    let pairs: Vec<(Dep, Dep)> = match (&after, &f.state) {
                        (Some(a), Some(b)) => {
                            a.iter().map(|(local, dep)| (*dep, b.get(local).copied().unwrap_or_default())).collect()
                        }
                        (None, None) => first.iter().copied().zip(f.results.iter().copied()).collect(),
                        _ => Vec::new(),
                    };
                    for (a, b) in pairs {
                        let (there, elsewhere) = if points.there { (a, b) } else { (b, a) };
                        self.patched(f, &points, there, elsewhere);
                    }
                }
                for (result, parts) in f.results.iter_mut().zip(first.into_iter().zip(returned)) {
                    *result = result.join(parts.0).join(parts.1);
                }
                f.state = join(after, f.state.take());
                f.control = outer;
            }
            T::For { count, body, .. } => self.rounds(f, *count, &[], body),
            T::While { test, cond, body } => self.rounds(f, *cond, test, body),
            T::Map { body, yields, results, .. } => {
                self.block(f, body);
                for (result, part) in results.iter().zip(yields) {
                    let dep = f.get(*part);
                    f.set(*result, dep);
                }
            }
            T::Call { func, args, results, .. } => {
                let deps = self.call(*func, args.iter().map(|a| f.get(*a)).collect());
                for (result, mut dep) in results.iter().zip(deps) {
                    if dep.cut != 0
                        && (self.library)(self.cuts[dep.cut as usize - 1].span)
                        && !(self.library)(stmt.span)
                    {
                        let name = &self.module.funcs[func.0 as usize].name;
                        let what = if name.starts_with('_') || name == "lambda" { "this" } else { name };
                        dep.cut = self.cut(stmt.span, what, false);
                    }
                    f.set(*result, dep);
                }
            }
            T::Jvp { args, tangents, results, result_tangents, .. } => {
                let moving = tangents.iter().flatten().chain(args).fold(Dep::default(), |a, b| a.join(f.get(*b)));
                let all: Vec<Local> = results.iter().chain(result_tangents.iter().flatten()).copied().collect();
                f.set_floats(&all, moving);
            }
            T::Vjp { args, cotangents, results, param_cotangents, .. } => {
                let moving = cotangents.iter().flatten().chain(args).fold(Dep::default(), |a, b| a.join(f.get(*b)));
                let all: Vec<Local> =
                    results.iter().flatten().chain(param_cotangents.iter().flatten()).copied().collect();
                f.set_floats(&all, moving);
            }
            T::Break | T::Continue => f.leaving = join(f.leaving.take(), f.state.take()),
            T::Return(values) => {
                for (k, value) in values.iter().enumerate() {
                    let dep = f.get(*value).join(f.control);
                    f.results[k] = f.results[k].join(dep);
                }
                f.state = None;
            }
            T::Bounds { .. } | T::NonNegative { .. } | T::SameSize { .. } | T::Assert { .. } | T::Print { .. } => {}
        }
    }

    /// A loop, until nothing more is learned: what a variable depends on only grows.
    fn rounds(&mut self, f: &mut Frame<'_>, decides: Local, test: &[Stmt], body: &[Stmt]) {
        let (outer, around) = (f.control, f.leaving.take());
        loop {
            let before = f.state.clone();
            self.block(f, test);
            let after_test = f.state.clone();
            f.control = outer.join(f.decided(decides));
            self.block(f, body);
            let ends = join(join(f.state.take(), f.leaving.clone()), after_test);
            f.state = join(before.clone(), ends);
            if f.state == before {
                break;
            }
        }
        (f.control, f.leaving) = (outer, around);
    }

    /// Notes a value that at single points is another than everywhere else,
    /// and there does not move with what is compared.
    fn patched(&mut self, f: &Frame<'_>, points: &Points, there: Dep, elsewhere: Dep) {
        let compared = points.compared.iter().fold(Dep::default(), |a, b| a.join(f.get(*b)));
        let noted = f.func.library || self.patches.contains(&points.span);
        if !noted && elsewhere.bare & !there.smooth & compared.smooth != 0 {
            self.patches.push(points.span);
        }
    }

    /// A condition that holds at single points.
    fn points(&self, f: &Frame<'_>, op: &Op, args: &[Local], span: Span) -> Option<Points> {
        match (op, args) {
            (Op::Prim(prim @ (Prim::Eq | Prim::Ne)), &[a, b]) if f.func.ty(a).dtype.is_float() => {
                Some(Points { there: *prim == Prim::Eq, compared: vec![a, b], span })
            }
            (Op::Prim(Prim::Not), [a]) => f.points.get(a).map(|p| Points { there: !p.there, ..p.clone() }),
            (Op::Prim(Prim::And), [a, b]) => match (f.points.get(a), f.points.get(b)) {
                (Some(a), Some(b)) if a.there && b.there => {
                    Some(Points { compared: [&a.compared[..], &b.compared].concat(), ..a.clone() })
                }
                _ => None,
            },
            (Op::Broadcast { .. } | Op::Reshape(_) | Op::Reduce(Reduction::All, _), [a]) => f.points.get(a).cloned(),
            _ => None,
        }
    }

    fn operation(&mut self, f: &mut Frame<'_>, local: Local, op: &Op, args: &[Local], span: Span) -> Dep {
        if matches!(op, Op::Prim(Prim::StopGrad)) {
            return Dep::default();
        }
        if let Some(points) = self.points(f, op, args, span) {
            f.points.insert(local, points);
        }
        let all = args.iter().fold(Dep::default(), |a, b| a.join(f.get(*b)));
        if let (Op::Prim(Prim::Select), &[cond, then, otherwise]) = (op, args)
            && let Some(points) = f.points.get(&cond).cloned()
        {
            let (there, elsewhere) = if points.there { (then, otherwise) } else { (otherwise, then) };
            // A guard: the number itself wherever the other arm needs it.
            if points.compared.contains(&elsewhere) && f.get(there).any == 0 {
                return Dep { bare: 0, ..all };
            }
            self.patched(f, &points, f.get(there), f.get(elsewhere));
        }
        match flat(op, f.func.ty(local).dtype) {
            Some((what, rounds)) if all.any != 0 => {
                let cut = if all.smooth != 0 { self.cut(span, what, rounds) } else { all.cut };
                Dep { cut, ..all.flat() }
            }
            _ => all,
        }
    }

    fn cut(&mut self, span: Span, what: &str, rounds: bool) -> u32 {
        let position = self.cuts.iter().position(|c| c.span == span && c.what == what);
        let position = position.unwrap_or_else(|| {
            self.cuts.push(Cut { span, what: what.into(), rounds });
            self.cuts.len() - 1
        });
        position as u32 + 1
    }
}

impl Frame<'_> {
    fn get(&self, local: Local) -> Dep {
        if self.func.locals[local.0 as usize].mutable {
            self.state.as_ref().and_then(|s| s.get(&local)).copied().unwrap_or_default()
        } else {
            self.fixed[local.0 as usize]
        }
    }

    fn set(&mut self, local: Local, dep: Dep) {
        if self.func.locals[local.0 as usize].mutable {
            if let Some(state) = &mut self.state {
                state.insert(local, dep);
            }
        } else {
            self.fixed[local.0 as usize] = dep;
        }
    }

    fn set_floats(&mut self, locals: &[Local], dep: Dep) {
        for &local in locals {
            self.set(local, if self.func.ty(local).dtype.is_float() { dep } else { dep.flat() });
        }
    }

    /// What control depends on behind this condition: nothing smoothly.
    fn decided(&self, cond: Local) -> Dep {
        self.control.join(self.get(cond)).flat()
    }
}

fn patch(span: Span) -> Diagnostic {
    Diagnostic::warning("W0004", span, "this holds at a single point, where the derivative is that of this arm alone")
        .here("what is chosen here does not move with what is compared")
        .help(
            "write the arm with the terms that its derivatives need, as `1 - x^2 / 6`; or keep the point away from \
            the other arm by a guard, `where(x == 0, 1.0, x)`",
        )
        .help("if this is meant, say so: compare `stop_grad(x)`")
}

fn warning(span: Span, cut: &Cut, name: Option<&str>) -> Diagnostic {
    let what = match cut.what.as_str() {
        text if text.contains([' ', '`']) || text == "this" => text.to_string(),
        name => format!("`{name}`"),
    };
    let by = name.map_or_else(|| "part of the argument".to_string(), |name| format!("`{name}`"));
    let problem =
        Diagnostic::warning("E0303", span, format!("{what} is flat, so {by} does not influence this derivative"))
            .here(if name.is_some() { "it is 0 wherever it exists" } else { "there it is 0 wherever it exists" })
            .label(cut.span, format!("{what} stands on every way to the value"));
    if cut.rounds {
        problem.help(format!("`straight_through({}, …)` rounds, and has the derivative of what is rounded", cut.what))
    } else {
        problem.help(
            "for a derivative, let the value change gradually: a `sigmoid` for a comparison, a weighted sum \
            for a choice",
        )
    }
    .help("if zero is meant, say so with `stop_grad`")
}
