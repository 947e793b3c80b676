//! Rules are tried before they are used: at random points the derivatives that they give are compared with differences.
//!
//! A trial is an entry of its own, made for small sizes, that the host runs for several keys.
//! What comes of it is judged here. A function of annotated parameters is tried when its rule is defined,
//! others when a derivative of them is first taken; one that takes functions is not tried.
//! Points at which the function fails, or where differences do not settle, say nothing:
//! so an `assert` keeps trials away from arguments that a function is not meant for.

use crate::ast::{ExprKind, FnDef, Name, TypeExpr, TypeExprKind};
use crate::check::state::elab::{Elab, Fail, R};
use crate::check::state::host::{Host, Input, LeafInfo};
use crate::check::state::value::Ruled;
use crate::check::state::value::{Code, FnVal, LeafTy, OpKind, OpVal, Val};
use crate::check::state::world::TopBinding;
use crate::check::{Checker, Entry};
use crate::diagnostic::Diagnostic;
use crate::ops::{Const, Op};
use crate::source::Span;
use crate::types::{DType, Dim, Ty};
use std::sync::Arc;

/// The rules of a function, to be tried.
#[derive(Clone, Debug)]
pub struct RuleTrial {
    /// Takes a key, a whole number; its value is the parts of a [`Finding`] in order.
    pub entry: Entry,
    of: Arc<FnDef>,
    jvp: Option<Arc<FnDef>>,
    vjp: Option<Arc<FnDef>>,
}

/// A function and its arguments.
type Applied = (FnVal, Vec<Val>);

/// What one trial found: values and derivatives of a weighted sum of the results along a line.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Where.
    pub point: String,
    /// In which direction.
    pub direction: String,
    /// The value of the function.
    pub value: f64,
    /// Its derivative by differences of two widths.
    pub slopes: [f64; 2],
    /// Value and derivative by forward mode.
    pub forward: [f64; 2],
    /// Value and derivative by reverse mode.
    pub reverse: [f64; 2],
}

impl RuleTrial {
    /// What is wrong with the rules, if something is.
    pub fn judge(&self, found: &Finding) -> Option<Diagnostic> {
        let Finding { value, slopes: [wide, narrow], forward, reverse, .. } = found;
        if ![value, wide, narrow].iter().all(|x| x.is_finite()) {
            return None;
        }
        let doubt = 1e-3 * wide.abs().max(narrow.abs()) + 10.0 * (wide - narrow).abs() + 1e-5 * (1.0 + value.abs());
        let right = |slope: f64| (slope - narrow).abs() <= doubt;
        let same = |other: f64| (other - value).abs() <= 1e-5 * (1.0 + value.abs());
        let (jvp, vjp) = (self.jvp.as_ref(), self.vjp.as_ref());
        let of = &self.of.name.name;
        for (rule, [own, slope]) in [(jvp, forward), (vjp, reverse)] {
            let Some(rule) = rule else { continue };
            let name = &rule.name.name;
            if !same(*own) {
                let title = format!("the rule `{name}` does not give the value of `{of}`");
                let note =
                    format!("at {} the rule gives {}, and `{of}` gives {}", found.point, shown(*own), shown(*value));
                return Some(self.problem(rule, title).note(note));
            }
            if !right(*slope) {
                let title = format!("the rule `{name}` does not give the derivative of `{of}`");
                let (point, direction, own, other) = (&found.point, &found.direction, shown(*slope), shown(*narrow));
                let note = format!("at {point} along {direction} the rule gives {own}, and differences give {other}");
                return Some(self.problem(rule, title).note(note));
            }
        }
        // One rule alone serves the other mode by transposition, which asks that it is linear.
        let (rule, other, what) = match (jvp, vjp) {
            (Some(rule), None) => (rule, reverse[1], "in the tangents"),
            (None, Some(rule)) => (rule, forward[1], "in the cotangent"),
            _ => return None,
        };
        if right(other) {
            return None;
        }
        let name = &rule.name.name;
        let (point, direction, other, narrow) = (&found.point, &found.direction, shown(other), shown(*narrow));
        let note = format!("at {point} along {direction}, transposed, it gives {other}, and differences give {narrow}");
        Some(self.problem(rule, format!("the rule `{name}` is not linear {what}")).note(note))
    }

    fn problem(&self, rule: &FnDef, title: String) -> Diagnostic {
        Diagnostic::error("E0313", rule.name.span, title)
            .label(self.of.name.span, "the function that it is for")
            .help("if the function is not meant for such arguments, refuse them in it with `assert`")
    }
}

/// A number to six digits.
fn shown(x: f64) -> String {
    if x == 0.0 || (1e-3..1e6).contains(&x.abs()) { format!("{x:.6}") } else { format!("{x:.5e}") }
}

impl Checker {
    /// Remembers that rules were tried and are right.
    pub fn tried(&mut self, trial: &RuleTrial) {
        self.world.tried.push(trial.of.clone());
    }

    /// Trials of the functions of the user that an entry differentiates for the first time.
    pub(crate) fn trials(&mut self, host: &dyn Host, ruled: &[Ruled]) -> Vec<RuleTrial> {
        let mut out: Vec<RuleTrial> = Vec::new();
        for r in ruled {
            let Code::Fn(group, i) = &r.callee.code else { continue };
            // What a function asks of another one, to be linear perhaps, no random one would have.
            if r.args.iter().any(|a| a.has_callable()) {
                continue;
            }
            if !self.world.is_library(group.home) && !out.iter().any(|t| Arc::ptr_eq(&t.of, &group.fns[*i])) {
                out.extend(self.trial(host, &r.callee, &|e| {
                    let captures = r.callee.captures.iter().map(|(n, v)| Ok((n.clone(), sample(e, v, &r.params)?)));
                    let captures = captures.collect::<R<Vec<_>>>()?.into();
                    let args = r.args.iter().map(|a| sample(e, a, &r.params)).collect::<R<Vec<Val>>>()?;
                    Ok((FnVal { code: r.callee.code.clone(), captures }, args))
                }));
            }
        }
        out
    }

    /// The trial of a function with annotated parameters whose rule is defined here.
    pub(crate) fn trial_of(&mut self, host: &dyn Host, rule: &FnDef) -> Option<RuleTrial> {
        let target = &rule.rule.as_ref()?.target.name;
        let TopBinding::Fun(g, i) = self.world.top.get(target)?.clone() else { return None };
        let Val::Fn(f) = self.world.top_fn(g, i) else { return None };
        let def = self.world.groups[g].group.fns[i].clone();
        let types: Option<Vec<&TypeExpr>> = def.params.iter().map(|p| p.ty.as_ref()).collect();
        let types = types.filter(|types| types.iter().all(|t| super::definitions::closed(t)))?;
        self.trial(host, &f, &|e| {
            let mut names = Vec::new();
            let args = types.iter().map(|t| annotated(e, t, &mut names)).collect::<R<Vec<Val>>>()?;
            let captures = f.captures.iter().map(|(n, v)| (n.clone(), e.import(v))).collect();
            Ok((FnVal { code: f.code.clone(), captures }, args))
        })
    }

    fn trial(&mut self, host: &dyn Host, f: &FnVal, work: &dyn Fn(&mut Elab<'_>) -> R<Applied>) -> Option<RuleTrial> {
        let Code::Fn(group, i) = &f.code else { return None };
        let of = group.fns[*i].clone();
        if self.world.tried.iter().any(|t| Arc::ptr_eq(t, &of)) {
            return None;
        }
        let entry = self.call_of(host, of.span, &|e| {
            let (f, args) = work(e)?;
            let parts = std::iter::once(Val::Fn(Arc::new(f))).chain(args).collect();
            let applied = Val::Op(Arc::new(OpVal { kind: OpKind::Bind, parts }));
            let whole = LeafInfo { dtype: DType::I64, shape: Vec::new(), whole: None };
            let key = e.input(&whole, Input::Arg(0), false);
            let trial = e.world.library_fn("_rule_trial").ok_or(Fail::Reported)?;
            e.apply(&trial, vec![applied, key], of.span)
        });
        let rule = |at: Option<usize>| at.map(|at| group.fns[at].clone());
        let rules = group.rules[*i];
        // What cannot be tried is not refused.
        Some(RuleTrial { entry: entry.ok()?, of, jvp: rule(rules.jvp), vjp: rule(rules.vjp) })
    }
}

/// A size for a trial.
fn number(k: usize) -> Dim {
    Dim::constant(3 + k as i64)
}

/// An array of a trial; what is in it does not matter if it is of floats.
fn array(e: &mut Elab<'_>, ty: &Ty) -> R<Val> {
    if ty.dims.iter().any(|d| d.as_const().is_none_or(|n| n < 0)) {
        return Err(Fail::Reported);
    }
    let one = e.constant(Const::of(ty.dtype, 1.0), Span::default())?;
    if ty.is_scalar() {
        return Ok(Val::Leaf(one));
    }
    e.emit(Op::Broadcast { dims: ty.dims.to_vec(), axes: Vec::new() }, &[one], Span::default()).map(Val::Leaf)
}

/// A value like one of an instance, with numbers in the places of its sizes.
fn sample(e: &mut Elab<'_>, like: &Val, types: &[LeafTy]) -> R<Val> {
    let dim = |d: &Dim| d.substitute(&|s| number(s.0 as usize));
    let mut outcome = Ok(());
    let mut leaf = |v: &Val| match v {
        Val::Leaf(l) => {
            let ty = types[l.0 as usize].ty.substitute(&|s| number(s.0 as usize));
            array(e, &ty).unwrap_or_else(|fail| {
                outcome = Err(fail);
                Val::Error
            })
        }
        other => other.clone(),
    };
    let val = like.map(&mut leaf, &mut |d| dim(d));
    outcome.map(|()| val)
}

/// A value of an annotated type, with a number for each name.
fn annotated(e: &mut Elab<'_>, ty: &TypeExpr, names: &mut Vec<(Name, Dim)>) -> R<Val> {
    match &ty.kind {
        TypeExprKind::Array { dtype, dims } => {
            let element = DType::named(&dtype.name).ok_or(Fail::Reported)?;
            if dims.is_empty() && element == DType::I64 {
                return Ok(Val::Size(Dim::constant(2)));
            }
            let mut out = Vec::new();
            for d in dims {
                let mut used = Vec::new();
                crate::check::state::free::dim_expr_names(d, &mut used);
                for n in used {
                    if !names.iter().any(|(m, _)| *m == n) {
                        names.push((n, number(names.len())));
                    }
                }
                let known = |n: &Name| names.iter().find(|(m, _)| m == n).map(|(_, d)| d.clone());
                out.push(match &d.kind {
                    ExprKind::Name(n) if &**n == "_" => number(0),
                    _ => e.dim_expr(d, &known)?,
                });
            }
            array(e, &Ty::array(element, out))
        }
        TypeExprKind::Tuple(parts) if parts.is_empty() => Ok(Val::None),
        TypeExprKind::Tuple(parts) => {
            let part = |(n, t): &(Option<crate::ast::Ident>, TypeExpr)| {
                Ok((n.as_ref().map(|n| n.name.clone()), annotated(e, t, names)?))
            };
            Ok(Val::Tuple(parts.iter().map(part).collect::<R<Vec<_>>>()?.into()))
        }
        TypeExprKind::Function { .. } => Err(Fail::Reported),
    }
}
