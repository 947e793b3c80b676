//! Rules for derivatives: `@jvp(f)` and `@vjp(f)` become instances beside the instance of `f`.
//!
//! ```text
//! f(x: f64[n], k: i64) -> f64
//! jvp:  (x, k, ẋ)  ->  (y, ẏ)                 a call of the rule
//! vjp:  (x, k)     ->  (y, residuals…)        a call of the rule; the residuals are what the pullback captured
//!       (residuals…, ȳ)  ->  x̄                a call of the pullback
//! ```
//!
//! The tangent of a value has its structure, with `none` in the place of what is no float; that of a function is the
//! tuple of those of the floats it captured. An entry gives rules only to the instances that it differentiates, and
//! only as often as it differentiates (`demand.rs`): so a rule may call a new function with rules.

use super::demand::Demand;
use super::derive::floats;
use super::elab::{Elab, Fail, Frame, R, SymInfo};
use super::value::{Code, FnVal, Group, RuleFns, Template, Val};
use crate::ast::{FnDef, Name};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::typed::{Func, FuncId, Local, Rules, StmtKind};
use crate::types::{Dim, Ty};
use std::sync::Arc;

/// An instance of a function with rules, from inside: its k-th leaf is its k-th parameter.
#[derive(Clone)]
pub(crate) struct Ruled {
    pub func: FuncId,
    pub rules: RuleFns,
    callee: Arc<FnVal>,
    args: Vec<Val>,
    params: Vec<Ty>,
    result: Template,
    syms: Vec<SymInfo>,
    blame: Option<Span>,
}

/// A rule and the function that it is for.
struct Rule {
    def: Arc<FnDef>,
    of: Arc<FnDef>,
}

impl Rule {
    fn problem(&self, title: String) -> Diagnostic {
        Diagnostic::error("E0311", self.def.body.span, title).label(self.of.name.span, "the function that it is for")
    }
}

/// The group and place of a function with rules.
fn ruled(f: &FnVal) -> Option<(&Arc<Group>, usize)> {
    match &f.code {
        Code::Fn(group, i) if !group.rules[*i].is_empty() => Some((group, *i)),
        Code::Fn(..) | Code::Lambda(..) => None,
    }
}

/// A value whose leaves are places in a list.
fn on(val: &Val, locals: &[Local]) -> Val {
    let mut leaf = |v: &Val| match v {
        Val::Leaf(l) => Val::Leaf(locals[l.0 as usize]),
        other => other.clone(),
    };
    val.map(&mut leaf, &mut Dim::clone)
}

impl Elab<'_> {
    /// A function with rules that captures floats: a problem, as its rules do not say how it depends on them.
    pub fn moving_captures(&self, callee: &Val) -> Option<Diagnostic> {
        let Val::Fn(f) = callee else { return None };
        let (group, i) = ruled(f)?;
        let moving = |v: &Val| v.leaves().iter().any(|l| self.ty(*l).dtype.is_float());
        let (name, _) = f.captures.iter().find(|(_, v)| moving(v))?;
        let own = &group.fns[i].name;
        let title = format!("`{}` has a rule, and depends on the variable `{name}`", own.name);
        Some(
            Diagnostic::error("E0312", own.span, title)
                .note("a rule says how a function depends on its parameters, and on nothing else")
                .help(format!("make `{name}` a parameter of `{}` and of its rules", own.name)),
        )
    }

    /// Remembers an instance of a function with rules.
    pub fn note_rules(
        &mut self,
        (func, made): (FuncId, &Func),
        (callee, args): (&Val, &[Val]),
        result: &Template,
        syms: Vec<SymInfo>,
        blame: Option<Span>,
    ) {
        let Val::Fn(callee) = callee else { return };
        let Some((group, i)) = ruled(callee) else { return };
        self.ruled.push(Ruled {
            func,
            rules: group.rules[i],
            callee: callee.clone(),
            args: args.to_vec(),
            params: made.params.iter().map(|&p| made.ty(p).clone()).collect(),
            result: result.clone(),
            syms,
            blame,
        });
    }

    /// Gives the instances that are differentiated their rules.
    pub fn give_rules(&mut self) -> R<()> {
        let mut demand = Demand::default();
        while let Some((k, kind)) = demand.next(&self.funcs, &self.ruled) {
            let ruled = self.ruled[k].clone();
            let rules = match kind {
                RuleFns { jvp: Some(rule), .. } => Rules { jvp: Some(self.jvp_rule(&ruled, rule)?), vjp: None },
                RuleFns { vjp: Some(rule), .. } => Rules { jvp: None, vjp: Some(self.vjp_rule(&ruled, rule)?) },
                RuleFns { .. } => Rules::default(),
            };
            if let Some(Some(f)) = self.funcs.get_mut(ruled.func.0 as usize) {
                f.rules = Rules { jvp: rules.jvp.or(f.rules.jvp), vjp: rules.vjp.or(f.rules.vjp) };
            }
        }
        Ok(())
    }

    /// Makes an instance with the sizes of the one that the rule is for; `work` gives its results.
    fn beside<T>(
        &mut self,
        ruled: &Ruled,
        rule: usize,
        work: impl FnOnce(&mut Self, &Rule) -> R<(Vec<Local>, T)>,
    ) -> R<(FuncId, T)> {
        let Code::Fn(group, of) = &ruled.callee.code else { return Err(Fail::Reported) };
        let rule = Rule { def: group.fns[rule].clone(), of: group.fns[*of].clone() };
        let mut frame = Frame::new(rule.def.name.name.to_string(), rule.def.span, group.home);
        frame.syms.clone_from(&ruled.syms);
        frame.blame = ruled.blame;
        let func = FuncId(self.funcs.len() as u32);
        frame.func = Some(func);
        self.funcs.push(None);
        let outer = std::mem::replace(&mut self.f, frame);
        self.stack.push(Arc::as_ptr(&rule.def) as u64);
        let outcome = work(self, &rule);
        self.stack.pop();
        if let Ok((results, _)) = &outcome {
            self.push(StmtKind::Return(results.clone()), rule.def.span);
        }
        let frame = std::mem::replace(&mut self.f, outer);
        let (results, value) = outcome?;
        let types = results.iter().map(|l| frame.locals[l.0 as usize].ty.clone()).collect();
        let made = Self::finish(frame, types);
        let blaming = ruled.blame.is_some() && self.can_fail(&made);
        self.blaming.insert(func, blaming);
        self.funcs[func.0 as usize] = Some(made);
        Ok((func, value))
    }

    fn parameters(&mut self, types: &[Ty]) -> Vec<Local> {
        let locals: Vec<Local> = types.iter().map(|ty| self.local(ty.clone(), false, None)).collect();
        self.f.params.extend(&locals);
        locals
    }

    /// The two parts that a rule gives for arguments of the instance; the first one is the value.
    fn parts(
        &mut self,
        (ruled, at, rule): (&Ruled, usize, &Rule),
        tangents: bool,
        wanted: &str,
    ) -> R<(Vec<Local>, Val)> {
        let locals = self.parameters(&ruled.params);
        let mut args: Vec<Val> = ruled.args.iter().map(|a| on(a, &locals)).collect();
        for arg in ruled.args.iter().filter(|_| tangents) {
            args.push(self.direction(arg, &ruled.params));
        }
        let Code::Fn(group, _) = &ruled.callee.code else { return Err(Fail::Reported) };
        let captures = ruled.callee.captures.iter().map(|(n, v)| (n.clone(), on(v, &locals))).collect();
        let f = Val::Fn(Arc::new(FnVal { code: Code::Fn(group.clone(), at), captures }));
        let name = &rule.def.name.name;
        let given = self.apply(&f, args, rule.def.name.span)?;
        let (value, second) = match &given {
            Val::Tuple(parts) if parts.len() == 2 => (parts[0].1.clone(), parts[1].1.clone()),
            other => {
                let what = self.show(other);
                return self.fail(rule.problem(format!("a rule gives two parts, {wanted}, and `{name}` gives {what}")));
            }
        };
        let value = self.settle(&value, rule.def.body.span)?;
        let found = self.template(&value);
        if self.join(&ruled.result, &found)?.is_none_or(|t| t.key() != ruled.result.key()) {
            let (of, what) = (self.show_template(&ruled.result), self.show(&value));
            let title = format!("`{name}` gives {what} for the value, and `{}` gives {of}", rule.of.name.name);
            return self.fail(rule.problem(title).help("the first part of what a rule gives is the value itself"));
        }
        let value = self.conform(&value, &ruled.result, rule.def.body.span)?;
        Ok((value.leaves(), second))
    }

    fn jvp_rule(&mut self, ruled: &Ruled, at: usize) -> R<FuncId> {
        let (func, ()) = self.beside(ruled, at, |e, rule| {
            let (mut out, tangent) = e.parts((ruled, at, rule), true, "the value and its tangent")?;
            let Template { val, types } = &ruled.result;
            e.along((val, types), &tangent, (rule, &|| "the tangent of the value".into()), &mut out)?;
            Ok((out, ()))
        })?;
        Ok(func)
    }

    fn vjp_rule(&mut self, ruled: &Ruled, at: usize) -> R<(FuncId, FuncId)> {
        let (fwd, pullback) = self.beside(ruled, at, |e, rule| {
            let (mut out, pullback) = e.parts((ruled, at, rule), false, "the value and its pullback")?;
            if !pullback.is_callable() {
                let what = e.show(&pullback);
                let problem = rule.problem(format!("`{}` gives {what} for the pullback", rule.def.name.name));
                return e.fail(problem.help("the pullback is a function of the cotangent: `(value, |u| …)`"));
            }
            let mut kept = pullback.leaves();
            kept.sort_unstable();
            kept.dedup();
            let mut place = |v: &Val| match v {
                Val::Leaf(l) => Val::Leaf(Local(kept.binary_search(l).unwrap_or(0) as u32)),
                other => other.clone(),
            };
            let val = pullback.map(&mut place, &mut Dim::clone);
            let types = kept.iter().map(|l| e.ty(*l).clone()).collect();
            out.extend(kept);
            Ok((out, Template { val, types }))
        })?;
        let (bwd, ()) = self.beside(ruled, at, |e, rule| {
            let kept = e.parameters(&pullback.types);
            let cotangent = e.direction(&ruled.result.val, &ruled.result.types);
            let given = e.apply(&on(&pullback.val, &kept), vec![cotangent], rule.def.name.span)?;
            let count = ruled.args.len();
            let parts: Vec<Val> = match &given {
                one if count == 1 => vec![one.clone()],
                Val::None => vec![Val::None; count],
                Val::Tuple(parts) if parts.len() == count => parts.iter().map(|(_, v)| v.clone()).collect(),
                other => {
                    let what = e.show(other);
                    let problem = rule.problem(format!("the pullback of `{}` gives {what}", rule.def.name.name));
                    return e.fail(problem.help(format!(
                        "`{}` has {count} parameters: a tuple of their cotangents is wanted, `none` for zero",
                        rule.of.name.name
                    )));
                }
            };
            let mut out = Vec::new();
            for (k, (arg, part)) in ruled.args.iter().zip(&parts).enumerate() {
                let what = || format!("the cotangent of {}", param_name(&rule.of, k));
                e.along((arg, &ruled.params), part, (rule, &what), &mut out)?;
            }
            Ok((out, ()))
        })?;
        Ok((fwd, bwd))
    }

    /// A tangent or cotangent of new parameters, for a value with leaves of these types.
    fn direction(&mut self, like: &Val, types: &[Ty]) -> Val {
        let moving: Vec<Ty> =
            like.leaves().iter().map(|l| types[l.0 as usize].clone()).filter(|ty| ty.dtype.is_float()).collect();
        match like {
            _ if moving.is_empty() => Val::None,
            Val::Leaf(_) => self.parameters(&moving).first().map_or(Val::None, |&l| Val::Leaf(l)),
            Val::Tuple(parts) => Val::Tuple(parts.iter().map(|(n, p)| (n.clone(), self.direction(p, types))).collect()),
            // A function: the floats that it captured.
            _ => Val::tuple(self.parameters(&moving).into_iter().map(Val::Leaf).collect()),
        }
    }

    /// What a rule gave as a tangent or cotangent of a value, leaf by leaf: `none` is zero.
    fn along(
        &mut self,
        (like, types): (&Val, &[Ty]),
        given: &Val,
        (rule, what): (&Rule, &dyn Fn() -> String),
        out: &mut Vec<Local>,
    ) -> R<()> {
        let span = rule.def.body.span;
        let moving: Vec<Val> =
            like.leaves().into_iter().filter(|l| types[l.0 as usize].dtype.is_float()).map(Val::Leaf).collect();
        if moving.is_empty() {
            return Ok(());
        }
        let misfit = |e: &mut Self| {
            let name = &rule.def.name.name;
            let wanted = e.show_direction(like, types);
            let title = format!("`{name}` gives {} for {}, which is {wanted}", e.show(given), what());
            e.fail(rule.problem(title))
        };
        match (like, given) {
            (Val::Leaf(l), Val::None) => out.push(self.filled(&types[l.0 as usize], 0.0, span)?),
            (Val::Leaf(l), _) => {
                let target = Template::leaf(types[l.0 as usize].clone());
                let given = floats(given);
                let found = self.template(&given);
                if self.join(&target, &found)?.is_none_or(|t| t.key() != target.key()) {
                    return misfit(self);
                }
                out.extend(self.conform(&given, &target, span)?.leaves());
            }
            (Val::Tuple(parts), Val::None) => {
                for (_, part) in parts.iter() {
                    self.along((part, types), &Val::None, (rule, what), out)?;
                }
            }
            (Val::Tuple(parts), Val::Tuple(found)) if parts.len() == found.len() => {
                for (k, (name, part)) in parts.iter().enumerate() {
                    let other = match name {
                        Some(n) => found.iter().find(|(m, _)| m.as_ref() == Some(n)),
                        None => found.get(k).filter(|(m, _)| m.is_none()),
                    };
                    let Some((_, other)) = other else { return misfit(self) };
                    self.along((part, types), other, (rule, what), out)?;
                }
            }
            (_, Val::None) => {
                for leaf in &moving {
                    self.along((leaf, types), &Val::None, (rule, what), out)?;
                }
            }
            (_, Val::Tuple(found)) if like.is_callable() && found.len() == moving.len() => {
                for (leaf, (_, other)) in moving.iter().zip(found.iter()) {
                    self.along((leaf, types), other, (rule, what), out)?;
                }
            }
            _ => return misfit(self),
        }
        Ok(())
    }

    /// The structure of a tangent, for people.
    fn show_direction(&self, like: &Val, types: &[Ty]) -> String {
        let list = |parts: Vec<String>| match parts.as_slice() {
            [one] => format!("({one},)"),
            _ => format!("({})", parts.join(", ")),
        };
        let moving = |l: &Local| types[l.0 as usize].dtype.is_float();
        match like {
            _ if !like.leaves().iter().any(moving) => "none".into(),
            Val::Leaf(l) => self.show_ty(&types[l.0 as usize]),
            Val::Tuple(parts) => {
                let part = |(n, p): &(Option<Name>, Val)| {
                    let shown = self.show_direction(p, types);
                    n.as_ref().map_or_else(|| shown.clone(), |n| format!("{n}: {shown}"))
                };
                list(parts.iter().map(part).collect())
            }
            _ => list(like.leaves().iter().filter(|l| moving(l)).map(|l| self.show_ty(&types[l.0 as usize])).collect()),
        }
    }
}

fn param_name(def: &FnDef, k: usize) -> String {
    match def.params.get(k).map(|p| &p.pattern.kind) {
        Some(crate::ast::PatternKind::Name(n)) => format!("`{n}`"),
        _ => format!("parameter {k}"),
    }
}
