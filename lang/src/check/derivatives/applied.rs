//! Derivatives applied: `Jvp` and `Vjp` statements, and what their results mean.

use super::derive::floats;
use crate::check::calls::instance::Called;
use crate::check::state::elab::{Elab, R};
use crate::check::state::given::Given;
use crate::check::state::value::{Code, LeafTy, Template, Val, Wrt};
use crate::defect;
use crate::diagnostic::Diagnostic;
use crate::ops::Const;
use crate::source::Span;
use crate::typed::{Local, StmtKind as T};
use crate::types::{DType, Dim};

impl Elab<'_> {
    /// Where the leaves of argument `k` stand among the parameters of the instance.
    pub fn range_of(called: &Called, k: usize) -> std::ops::Range<usize> {
        let before: usize = called.vals[..k].iter().map(|v| v.leaves().len()).sum();
        let start = called.captured + before;
        start..start + called.vals[k].leaves().len()
    }

    /// The cotangents of the arguments `places`.
    pub fn pull(
        &mut self,
        called: &Called,
        places: &[usize],
        cotangents: Vec<Option<Local>>,
        results: Option<Vec<Local>>,
        span: Span,
    ) -> Vec<Val> {
        let at: Vec<usize> = places.iter().flat_map(|&k| Self::range_of(called, k)).collect();
        let mut locals = self.emit_vjp(called, &at, cotangents, results, span).into_iter();
        let parts = places.iter().map(|&k| {
            called.vals[k].map(
                &mut |v| match v {
                    Val::Leaf(_) => locals.next().map_or(Val::Error, Val::Leaf),
                    other => other.clone(),
                },
                &mut Dim::clone,
            )
        });
        parts.collect()
    }

    /// Emits a `Vjp` and gives the cotangents of the leaves that stand at these places among the parameters.
    pub fn emit_vjp(
        &mut self,
        called: &Called,
        at: &[usize],
        cotangents: Vec<Option<Local>>,
        results: Option<Vec<Local>>,
        span: Span,
    ) -> Vec<Local> {
        let mut wanted: Vec<Option<Local>> = vec![None; called.args.len()];
        let mut out = Vec::new();
        for &k in at {
            let l = match wanted[k] {
                Some(l) => l,
                None => {
                    let ty = self.leaf_ty(called.args[k]);
                    self.local(ty, false, None)
                }
            };
            wanted[k] = Some(l);
            out.push(l);
        }
        self.push(
            T::Vjp {
                func: called.func,
                sizes: called.sizes.clone(),
                args: called.args.clone(),
                cotangents,
                results,
                param_cotangents: wanted,
            },
            span,
        );
        out
    }

    /// Emits a `Jvp`; tangents are given for leaves of the arguments; gives value and tangent.
    pub fn push_forward(&mut self, called: &Called, tangents: Vec<Option<Local>>, span: Span) -> R<(Val, Val)> {
        let (results, result_tangents) = self.emit_jvp(called, tangents, false, span);
        let value = self.rebuild(called, &results);
        let tangent = self.tangent_of(&value, &results, &result_tangents, span)?;
        Ok((value, tangent))
    }

    /// Emits a `Jvp` for a run that repeats another, and gives the tangents of the results, which are floats.
    pub fn push_leaves(&mut self, called: &Called, tangents: Vec<Option<Local>>, span: Span) -> Vec<Local> {
        self.emit_jvp(called, tangents, true, span).1.into_iter().flatten().collect()
    }

    fn emit_jvp(
        &mut self,
        called: &Called,
        tangents: Vec<Option<Local>>,
        again: bool,
        span: Span,
    ) -> (Vec<Local>, Vec<Option<Local>>) {
        let results = self.result_locals(called);
        let mut result_tangents = Vec::new();
        for r in &results {
            let ty = self.leaf_ty(*r);
            result_tangents.push(ty.dtype.is_float().then(|| self.local(ty, false, None)));
        }
        self.push(
            T::Jvp {
                func: called.func,
                sizes: called.sizes.clone(),
                args: called.args.clone(),
                tangents,
                results: results.clone(),
                result_tangents: result_tangents.clone(),
                again,
            },
            span,
        );
        (results, result_tangents)
    }

    pub fn tangent_of(&mut self, value: &Val, results: &[Local], tangents: &[Option<Local>], span: Span) -> R<Val> {
        Ok(match value {
            Val::Leaf(l) => {
                let found = results.iter().position(|r| r == l).and_then(|k| tangents[k]);
                match found {
                    Some(t) => Val::Leaf(t),
                    // What is no float does not move.
                    None => {
                        let ty = LeafTy { ty: self.ty(*l).with(DType::F64), weak: true };
                        Val::Leaf(self.filled(ty, 0.0, span)?)
                    }
                }
            }
            Val::Size(_) | Val::Int(_) | Val::Float(_) | Val::Bool(_) => Val::Float(0.0),
            Val::Tuple(parts) => {
                let mut out = Vec::new();
                for (n, p) in parts.iter() {
                    out.push((n.clone(), self.tangent_of(p, results, tangents, span)?));
                }
                Val::Tuple(out.into())
            }
            other => other.clone(),
        })
    }

    /// The tangents of the arguments, from structures like the arguments; `none` does not move.
    pub fn tangents(&mut self, called: &Called, moves: &[(usize, Val)], span: Span) -> R<Vec<Option<Local>>> {
        let mut tangents: Vec<Option<Local>> = vec![None; called.args.len()];
        for (k, v) in moves {
            let point = self.template(&called.vals[*k]);
            let Some(parts) = self.along((&point.val, &point.types), v, span)? else {
                let (a, b) = (self.show(&called.vals[*k]), self.show(&floats(v)));
                return self.error(
                    "E0306",
                    span,
                    format!("a tangent has the shape of its point: the point is {a}, and this is {b}"),
                );
            };
            for (at, part) in Self::range_of(called, *k).zip(parts) {
                tangents[at] = part;
            }
        }
        Ok(tangents)
    }

    pub fn apply_grad(&mut self, f: &Val, given: Vec<Given>, wrt: &Wrt, value: bool, aux: bool, span: Span) -> R<Val> {
        let called = self.differentiate(f, given, &wrt.places, span)?;
        let results = self.result_locals(&called);
        let out = self.rebuild(&called, &results);
        let loss = match (&out, aux) {
            (Val::Tuple(parts), true) if parts.len() == 2 => parts[0].1.clone(),
            (other, true) => {
                let what = self.show(other);
                return self.error(
                    "E0301",
                    span,
                    format!("with `aux = true` the function gives `(loss, rest)`, and this one gives {what}"),
                );
            }
            (other, false) => other.clone(),
        };
        let loss_local = match &loss {
            Val::Leaf(l) if self.ty(*l).is_scalar() && self.ty(*l).dtype.is_float() => *l,
            other => {
                let what = self.show(other);
                let name = self.callable_name(f);
                let name = if name == "lambda" { "the function".to_string() } else { format!("`{name}`") };
                let mut problem =
                    Diagnostic::error("E0301", span, format!("`grad` needs one number out, but {name} gives `{what}`"));
                if let Val::Fn(fun) = f {
                    let at = match &fun.code {
                        Code::Fn(group, i) => group.fns[*i].ret.as_ref().map_or(group.fns[*i].body.span, |t| t.span),
                        Code::Lambda(l, _) => l.body.span,
                    };
                    problem = problem.label(at, format!("this is `{what}`"));
                }
                problem = problem.help(if matches!(other, Val::Leaf(l) if !self.ty(*l).is_scalar()) {
                    "for a matrix of derivatives use `jacobian(f)`; for one number, `grad(|x| sum(f(x)))`"
                } else {
                    "only one float can be differentiated: give the loss, or use `aux = true` for `(loss, rest)`"
                });
                return self.fail(problem);
            }
        };
        let dtype = self.ty(loss_local).dtype;
        let one = self.constant(Const::of(dtype, 1.0), span)?;
        let cotangents = results.iter().map(|r| (*r == loss_local).then_some(one)).collect();
        let mut grads = self.pull(&called, &wrt.places, cotangents, Some(results), span);
        let gradient =
            if wrt.tuple { Val::tuple(grads) } else { grads.pop().unwrap_or_else(|| defect!("a gradient by nothing")) };
        Ok(match (value, aux) {
            (true, _) => Val::tuple(vec![out, gradient]),
            (false, true) => {
                let rest = match &out {
                    Val::Tuple(parts) => parts[1].1.clone(),
                    _ => Val::None,
                };
                Val::tuple(vec![gradient, rest])
            }
            (false, false) => gradient,
        })
    }

    pub fn apply_prime(&mut self, f: &Val, given: Vec<Given>, span: Span) -> R<Val> {
        let at = given.first().map_or(span, |g| g.span);
        if let Some(g) = given.first()
            && !self.dims(&g.val).is_empty()
        {
            let what = self.show(&g.val);
            return self.fail(
                Diagnostic::error("E0307", at, format!("`'` is the derivative by one number, and this is {what}"))
                    .help("over all entries: `vmap(f')(x)`; by an array: `grad(f)` or `jacobian(f)`"),
            );
        }
        let called = self.differentiate(f, given, &[0], span)?;
        let Some(Val::Leaf(x)) = called.vals.first().cloned() else {
            return self.error(
                "E0307",
                at,
                "`'` is the derivative by one number: a tuple is differentiated with `grad`",
            );
        };
        let dtype = self.ty(x).dtype;
        let one = self.constant(Const::of(dtype, 1.0), span)?;
        let mut tangents = vec![None; called.args.len()];
        tangents[called.captured] = Some(one);
        Ok(self.push_forward(&called, tangents, span)?.1)
    }

    pub fn apply_pullback(&mut self, f: &Val, points: &[Val], given: Vec<Given>, span: Span) -> R<Val> {
        let n = points.len();
        let places: Vec<usize> = (0..n).collect();
        let args = points.iter().map(|v| Given { name: None, val: v.clone(), span }).collect();
        let called = self.differentiate(f, args, &places, span)?;
        let [u] = given.as_slice() else {
            return self.error("E0306", span, "a pullback takes one cotangent, with the structure of the value");
        };
        let results: Vec<LeafTy> =
            called.template.types.iter().map(|t| t.substitute(&|s| called.sizes[s.0 as usize].clone())).collect();
        let Some(cotangents) = self.along((&called.template.val, &results), &u.val, u.span)? else {
            let value = Template { val: called.template.val.clone(), types: results };
            let (a, b) = (self.show_template(&value), self.show(&floats(&u.val)));
            return self.error(
                "E0306",
                u.span,
                format!("a cotangent has the shape of the value: that is {a}, and this is {b}"),
            );
        };
        let mut out = self.pull(&called, &places, cotangents, None, span);
        Ok(if n == 1 { out.pop().unwrap_or_else(|| defect!("a pullback to nothing")) } else { Val::tuple(out) })
    }
}
