//! Warns of a derivative that is zero because all ways from what it is taken by to the value go through something flat:
//! a rounding, a comparison, a position.
//!
//! An analysis of the finished instances: for each value, on which of the tracked parameters it depends *smoothly* (some way has no
//! step that is flat) and on which at all. A parameter that the value does not depend on, and what `stop_grad` holds
//! back, are meant so. What cannot be followed (rules, derivatives inside) counts as smooth: no warning is better than a wrong one.

use super::elab::Elab;
use crate::diagnostic::Diagnostic;
use crate::ops::Op;
use crate::prims::{Derivative, Prim};
use crate::source::Span;
use crate::typed::{Func, FuncId, Local, Module, Stmt, StmtKind as T};
use crate::types::DType;
use rustc_hash::{FxHashMap, FxHashSet};

/// On which parameters a value depends, one bit for each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Dep {
    smooth: u64,
    any: u64,
    /// What made it flat, as a position in `Flow::cuts` from 1; 0 if nothing has.
    cut: u32,
}

impl Dep {
    fn join(self, other: Dep) -> Dep {
        let cut = if self.cut == 0 { other.cut } else { self.cut };
        Dep { smooth: self.smooth | other.smooth, any: self.any | other.any, cut }
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
    /// The results of instances for what their parameters depend on; of one that is being followed, as far as is known.
    known: FxHashMap<(FuncId, Vec<Dep>), Vec<Dep>>,
}

/// One instance that is being followed.
struct Frame<'a> {
    func: &'a Func,
    fixed: Vec<Dep>,
    /// `None` where control does not get.
    state: Option<State>,
    /// What decides whether control gets here.
    control: Dep,
    results: Vec<Dep>,
    /// What leaves the innermost loop, or begins its next round.
    leaving: Option<State>,
}

/// Warnings for the requests of the program in a module, one for each place.
pub(super) fn warnings(e: &Elab<'_>, module: &Module) -> Vec<Diagnostic> {
    let library = |span| e.world.in_library(span);
    let mut said = FxHashSet::default();
    let mut out = Vec::new();
    for func in &module.funcs {
        requests(&func.body, &mut |stmt| {
            if !library(stmt.span) && said.insert(stmt.span) {
                let mut flow = Flow { module, library: &library, cuts: Vec::new(), known: FxHashMap::default() };
                out.extend(flow.request(stmt));
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
            args[place] = Dep { smooth: 1 << bit, any: 1 << bit, cut: 0 };
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
            let of = |ty: &crate::types::Ty| Dep { smooth: if ty.dtype.is_float() { all.smooth } else { 0 }, ..all };
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
                f.control = f.decided(*cond);
                self.block(f, then);
                let after = std::mem::replace(&mut f.state, before);
                self.block(f, otherwise);
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

    fn operation(&mut self, f: &Frame<'_>, local: Local, op: &Op, args: &[Local], span: Span) -> Dep {
        if matches!(op, Op::Prim(Prim::StopGrad)) {
            return Dep::default();
        }
        let all = args.iter().fold(Dep::default(), |a, b| a.join(f.get(*b)));
        match flat(op, f.func.ty(local).dtype) {
            Some((what, rounds)) if all.any != 0 => {
                let cut = if all.smooth != 0 { self.cut(span, what, rounds) } else { all.cut };
                Dep { smooth: 0, any: all.any, cut }
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
            let smooth = if self.func.ty(local).dtype.is_float() { dep.smooth } else { 0 };
            self.set(local, Dep { smooth, ..dep });
        }
    }

    /// What control depends on behind this condition: nothing smoothly.
    fn decided(&self, cond: Local) -> Dep {
        Dep { smooth: 0, ..self.control.join(self.get(cond)) }
    }
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
        problem.help("for a derivative, let the value change gradually: a `sigmoid` for a comparison, a weighted sum for a choice")
    }
    .help("if zero is meant, say so with `stop_grad`")
}
