//! Rules for derivatives: `@jvp(f)` and `@vjp(f)` become instances beside the instance of `f`.
//!
//! ```text
//! f(x: f64[n], k: i64) -> f64
//! jvp:  (x, k, ẋ)  ->  (y, ẏ)                 a call of the rule
//! vjp:  (x, k)     ->  (y, residuals…)        a call of the rule; the residuals are what the pullback captured
//!       (residuals…, ȳ)  ->  x̄                a call of the pullback
//! ```
//!
//! An entry gives rules only to the instances that it differentiates, and
//! only as often as it differentiates (`demand.rs`): so a rule may call a new function with rules.

use super::demand::Demand;
use crate::ast::FnDef;
use crate::check::state::elab::{Elab, Fail, Frame, R, SymInfo};
use crate::check::state::value::{Code, FnVal, Group, LeafTy, RuleFns, Template, Val};
use crate::check::state::value::{Like, Ruled};
use crate::defect;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::typed::{FuncId, Local, Rules, StmtKind};
use crate::types::{DType, Dim};
use std::sync::Arc;

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
        (func, params): (FuncId, Vec<LeafTy>),
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
            params,
            given: false,
            result: result.clone(),
            syms,
            blame,
        });
    }

    /// Gives the instances that are differentiated their rules.
    pub fn give_rules(&mut self) -> R<()> {
        let mut demand = Demand::default();
        while let Some((k, kind)) = demand.next(&self.funcs, &self.ruled) {
            self.ruled[k].given = true;
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
            args.push(self.direction((arg, &ruled.params)));
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
        let value = self.settle(&value, DType::F64, rule.def.body.span)?;
        let found = self.template(&value);
        if !self.absorbs(&ruled.result, &found)? {
            let (of, what) = (self.show_template(&ruled.result), self.show(&value));
            let title = format!("`{name}` gives {what} for the value, and `{}` gives {of}", rule.of.name.name);
            return self.fail(rule.problem(title).help("the first part of what a rule gives is the value itself"));
        }
        let value = self.conform(&value, &ruled.result, rule.def.body.span)?;
        Ok((value.leaves(), second))
    }

    /// What a rule gave as a tangent or cotangent of a value: something for each float.
    fn moved(&mut self, given: &Val, of: Like<'_>, rule: &Rule, what: &dyn Fn() -> String) -> R<Vec<Local>> {
        let span = rule.def.body.span;
        let Some(parts) = self.along(of, given, span)? else {
            let (name, wanted, given) = (&rule.def.name.name, self.show_direction(of), self.show(given));
            return self.fail(rule.problem(format!("`{name}` gives {given} for {}, which is {wanted}", what())));
        };
        let mut out = Vec::new();
        for (leaf, part) in of.0.leaves().into_iter().zip(parts) {
            let ty = &of.1[leaf.0 as usize];
            if ty.dtype.is_float() {
                out.push(part.map_or_else(|| self.filled(ty.clone(), 0.0, span), Ok)?);
            }
        }
        Ok(out)
    }

    fn jvp_rule(&mut self, ruled: &Ruled, at: usize) -> R<FuncId> {
        let (func, ()) = self.beside(ruled, at, |e, rule| {
            let (mut out, tangent) = e.parts((ruled, at, rule), true, "the value and its tangent")?;
            out.extend(e.moved(&tangent, like(&ruled.result), rule, &|| "the tangent of the value".into())?);
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
                Val::Leaf(l) => Val::Leaf(Local(
                    kept.binary_search(l).unwrap_or_else(|_| defect!("a leaf that was not kept")) as u32,
                )),
                other => other.clone(),
            };
            let val = pullback.map(&mut place, &mut Dim::clone);
            let types = kept.iter().map(|l| e.leaf_ty(*l)).collect();
            out.extend(kept);
            Ok((out, Template { val, types }))
        })?;
        let (bwd, ()) = self.beside(ruled, at, |e, rule| {
            let kept = e.parameters(&pullback.types);
            let cotangent = e.direction(like(&ruled.result));
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
                out.extend(e.moved(part, (arg, &ruled.params), rule, &what)?);
            }
            Ok((out, ()))
        })?;
        Ok((fwd, bwd))
    }
}

fn like(template: &Template) -> Like<'_> {
    (&template.val, &template.types)
}

fn param_name(def: &FnDef, k: usize) -> String {
    match def.params.get(k).map(|p| &p.pattern.kind) {
        Some(crate::ast::PatternKind::Name(n)) => format!("`{n}`"),
        _ => format!("parameter {k}"),
    }
}
