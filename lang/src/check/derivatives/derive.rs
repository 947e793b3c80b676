//! Derivative operators: values at compile time; applied, they emit `Jvp` and `Vjp` of an instance.

use crate::check::calls::instance::Called;
use crate::check::state::elab::{Elab, Fail, R};
use crate::check::state::given::Given;
use crate::check::state::value::{Code, JacMode, OpKind, OpVal, Val, Wrt};
use crate::defect;
use crate::diagnostic::Diagnostic;
use crate::library;
use crate::source::Span;
use crate::types::DType;
use std::sync::Arc;

/// Literals as floats.
pub(crate) fn floats(v: &Val) -> Val {
    match v {
        Val::Int(i) => Val::Float(*i as f64),
        Val::Tuple(parts) => Val::Tuple(parts.iter().map(|(n, p)| (n.clone(), floats(p))).collect()),
        other => other.clone(),
    }
}

impl Elab<'_> {
    /// `f'`.
    pub fn prime(&mut self, f: Val, f_span: Span, span: Span) -> R<Val> {
        let f = self.as_function(f);
        if !f.is_callable() {
            let what = self.show(&f);
            let help = match self.kind(&f) {
                Some(_) if self.dims(&f).is_empty() => "the mark stands behind the function: `f'(x)`",
                _ => "the transpose of a matrix is `A.T`",
            };
            let title = format!("`'` takes the derivative of a function, and this is {what}");
            return self.fail(Diagnostic::error("E0307", span, title).help(help));
        }
        if let Some(n) = self.required(&f)
            && n != 1
        {
            let name = self.text_of(f_span);
            return self.fail(
                Diagnostic::error("E0307", span, format!("`'` needs a function of one number, and this one takes {n}"))
                    .help(format!("by one of several: `grad({name}, wrt = …)`")),
            );
        }
        Ok(Val::Op(Arc::new(OpVal { kind: OpKind::Prime, parts: vec![f] })))
    }

    /// How many arguments a callable needs.
    pub fn required(&self, f: &Val) -> Option<usize> {
        match f {
            Val::Fn(fun) => Some(match &fun.code {
                Code::Fn(group, i) => group.fns[*i].params.iter().filter(|p| p.default.is_none()).count(),
                Code::Lambda(l, _) => l.params.len(),
            }),
            Val::Prim(p) => Some(p.arity()),
            Val::Builtin(i) => {
                Some(library::params(library::ROWS[*i].signature).iter().filter(|p| !p.optional).count())
            }
            Val::DType(_) => Some(1),
            Val::Op(op) => Some(match &op.kind {
                OpKind::Pullback | OpKind::Pushforward | OpKind::Transposed | OpKind::Spread => 1,
                OpKind::Round => 2,
                OpKind::Bind => {
                    let all = op.parts.first().and_then(|f| self.required(f))?;
                    all.saturating_sub(op.parts.len() - 1)
                }
                OpKind::Grad { .. }
                | OpKind::Implicit
                | OpKind::Prime
                | OpKind::Jacobian { .. }
                | OpKind::Hessian { .. }
                | OpKind::Vmap { .. }
                | OpKind::Checkpoint => return op.parts.first().and_then(|f| self.required(f)),
            }),
            _ => None,
        }
    }

    /// The arguments that a point stands for.
    pub fn point(&self, f: &Val, x: &Val) -> Vec<Val> {
        match x {
            Val::Tuple(parts) if self.required(f).is_none_or(|n| n != 1) => {
                parts.iter().map(|(_, p)| p.clone()).collect()
            }
            other => vec![other.clone()],
        }
    }

    /// The instance that an operator differentiates.
    pub fn differentiate(&mut self, f: &Val, given: Vec<Given>, places: &[usize], span: Span) -> R<Called> {
        let names = self.params_of(f);
        let mut given = given;
        let mut next = 0;
        for g in &mut given {
            let at = match &g.name {
                Some(n) => names.as_ref().and_then(|ns| ns.iter().position(|m| *m == n.name)),
                None => {
                    next += 1;
                    Some(next - 1)
                }
            };
            if at.is_some_and(|at| places.contains(&at) && !self.takes_whole(f, at)) {
                g.val = floats(&g.val);
            }
        }
        let spans: Vec<Span> = given.iter().map(|g| g.span).collect();
        let (vals, named) = match f {
            Val::Fn(fun) => self.match_args(&fun.clone(), given, span)?,
            _ => (given.into_iter().map(|g| g.val).collect(), Vec::new()),
        };
        for &k in places {
            let Some(v) = vals.get(k) else {
                let f = self.callable_name(f);
                return self.error(
                    "E0302",
                    span,
                    format!("`{f}` is not given its parameter {k}, by which it is to be differentiated"),
                );
            };
            let name = names.as_ref().and_then(|ns| ns.get(k)).map_or_else(String::new, |n| n.to_string());
            self.check_active(&v.clone(), name, spans.get(k).copied().unwrap_or(span))?;
        }
        self.instance(f, &vals, &named, span)
    }

    /// Only floats have derivatives.
    pub fn check_active(&mut self, v: &Val, name: String, span: Span) -> R<()> {
        let what = match v {
            Val::Leaf(l) if self.ty(*l).dtype.is_float() => return Ok(()),
            Val::Float(_) | Val::None | Val::Error => return Ok(()),
            Val::Tuple(parts) => {
                for (i, (n, p)) in parts.iter().enumerate() {
                    let field = n.as_ref().map_or_else(|| i.to_string(), |n| n.to_string());
                    let path = if name.is_empty() { field } else { format!("{name}.{field}") };
                    self.check_active(p, path, span)?;
                }
                return Ok(());
            }
            other => self.show(other),
        };
        let name = if name.is_empty() { "this".to_string() } else { format!("`{name}`") };
        let problem = if matches!(v, Val::Leaf(_) | Val::Size(_) | Val::Int(_) | Val::Range(_) | Val::Bool(_)) {
            let kind = match self.kind(v).map(|k| k.dtype) {
                Some(DType::Bool) => "truth values",
                _ => "integers",
            };
            Diagnostic::error("E0302", span, format!("{name} is {what}, and {kind} have no derivative"))
                .help("to differentiate by it, make it `f64`; to leave it out, name the others: `wrt = …`")
        } else {
            Diagnostic::error("E0302", span, format!("{name} is {what}, and that has no derivative"))
                .help("name the parameters to differentiate by: `wrt = …`")
        };
        self.fail(problem)
    }

    pub fn jvp(&mut self, f: &Val, x: &Val, v: &Val, (span, x_span, v_span): (Span, Span, Span)) -> R<Val> {
        let points = self.point(f, x);
        let moves: Vec<Val> = if points.len() == 1 && self.required(f).is_none_or(|n| n == 1) {
            vec![v.clone()]
        } else {
            match v {
                Val::Tuple(parts) if parts.len() == points.len() => parts.iter().map(|(_, p)| p.clone()).collect(),
                _ => {
                    let wanted = self.required(f).unwrap_or(points.len());
                    return self.error(
                        "E0306",
                        v_span,
                        format!(
                            "the function has {wanted} arguments: the point is a \
                        tuple of them, and so are the tangents, `none` for one that does not move"
                        ),
                    );
                }
            }
        };
        let active: Vec<usize> =
            moves.iter().enumerate().filter(|(_, m)| !matches!(m, Val::None)).map(|(k, _)| k).collect();
        let given = points.into_iter().map(|val| Given { name: None, val, span: x_span }).collect();
        let reported = self.diags.len();
        let called = self.differentiate(f, given, &active, span);
        // In other systems the arguments are a tuple, be it of one.
        if called.is_err()
            && matches!((x, v), (Val::Tuple(x), Val::Tuple(v)) if x.len() == 1 && v.len() == 1)
            && let Some(problem) = self.diags.get(reported).cloned()
        {
            self.diags[reported] = problem.help(
                "the point of a function of one argument is that argument, and so is its tangent: `jvp(f, x, v)`",
            );
        }
        let called = called?;
        let moves: Vec<(usize, Val)> = moves.into_iter().enumerate().collect();
        let tangents = self.tangents(&called, &moves, v_span)?;
        let (value, tangent) = self.push_forward(&called, tangents, span)?;
        Ok(Val::tuple(vec![value, tangent]))
    }

    /// `hvp(f, x, v)`: the tangent of the gradient. Without `wrt`, of several parameters, by all that move.
    pub fn hvp(&mut self, f: &Val, x: &Val, v: &Val, wrt: Option<Wrt>, spans: (Span, Span, Span)) -> R<Val> {
        let (span, x_span, v_span) = spans;
        let points: Vec<Val> = self.point(f, x).iter().map(floats).collect();
        let several = self.required(f).is_some_and(|n| n != 1);
        let parts: Option<Vec<Val>> = match v {
            Val::Tuple(parts) => Some(parts.iter().map(|(_, p)| p.clone()).collect()),
            _ => None,
        };
        let moves: Vec<(usize, Val)> = match (&wrt, parts) {
            (None, _) if !several => vec![(0, v.clone())],
            (None, Some(parts)) if parts.len() == points.len() => {
                parts.into_iter().enumerate().filter(|(_, p)| !matches!(p, Val::None)).collect()
            }
            (Some(w), Some(parts)) if w.tuple && parts.len() == w.places.len() => {
                w.places.iter().copied().zip(parts).collect()
            }
            (Some(w), _) if !w.tuple => vec![(w.places[0], v.clone())],
            _ => {
                let n = wrt.map_or(points.len(), |w| w.places.len());
                let title = format!(
                    "there are {n} arguments to move: the vector is a tuple of {n} parts, `none` for one that does \
                     not move"
                );
                return self.error("E0306", v_span, title);
            }
        };
        let places: Vec<usize> = moves.iter().map(|(k, _)| *k).collect();
        let by = Wrt { places: places.clone(), tuple: true };
        let gradient = Val::Op(Arc::new(OpVal {
            kind: OpKind::Grad { wrt: by, value: false, aux: false },
            parts: vec![f.clone()],
        }));
        let count = points.len();
        let given = points.into_iter().map(|val| Given { name: None, val, span: x_span }).collect();
        let called = self.differentiate(&gradient, given, &places, span)?;
        let tangents = self.tangents(&called, &moves, v_span)?;
        let (_, product) = self.push_forward(&called, tangents, span)?;
        let Val::Tuple(blocks) = &product else { return Ok(product) };
        let block = |k: usize| places.iter().position(|p| *p == k).map_or(Val::None, |at| blocks[at].1.clone());
        Ok(match wrt {
            None if several => Val::tuple((0..count).map(block).collect()),
            Some(w) if w.tuple => product,
            _ => blocks[0].1.clone(),
        })
    }

    /// `grad(f)(x)`, `f'(x)`, a pullback …
    pub fn apply_operator(&mut self, op: &Arc<OpVal>, given: Vec<Given>, span: Span) -> R<Val> {
        let Some(f) = op.parts.first().cloned() else {
            return Err(Fail::Reported);
        };
        match &op.kind {
            OpKind::Grad { wrt, value, aux } => self.apply_grad(&f, given, wrt, *value, *aux, span),
            OpKind::Prime => self.apply_prime(&f, given, span),
            OpKind::Jacobian { wrt, mode } => self.apply_jacobian(&f, given, wrt, *mode, span),
            OpKind::Hessian { wrt } => {
                let g = OpVal { kind: OpKind::Grad { wrt: wrt.clone(), value: false, aux: false }, parts: vec![f] };
                self.apply_jacobian(&Val::Op(Arc::new(g)), given, wrt, JacMode::Forward, span)
            }
            OpKind::Vmap { axes } => self.apply_vmap(&f, given, axes.as_deref(), span),
            OpKind::Spread => match given.as_slice() {
                [Given { val: Val::Tuple(parts), .. }] => {
                    let parts = parts.iter().map(|(_, v)| v.clone()).collect();
                    self.apply(&f, parts, span)
                }
                _ => self.error("E0306", span, "the point of a function of several parameters is the tuple of them"),
            },
            OpKind::Bind => self.apply_bound(op, given, span),
            OpKind::Implicit => self.apply_implicit(op, given, span),
            OpKind::Pullback => self.apply_pullback(&f, &op.parts[1..], given, span),
            OpKind::Round => self.apply_round(op, &given, span),
            OpKind::Checkpoint => {
                let mut parts = match &f {
                    Val::Fn(fun) => self.match_args(fun, given, span)?.0,
                    _ => given.into_iter().map(|g| g.val).collect(),
                };
                parts.insert(0, f);
                let applied = Val::Op(Arc::new(OpVal { kind: OpKind::Bind, parts }));
                let recomputed = self.world.library_fn("_recomputed").ok_or(Fail::Reported)?;
                self.apply(&recomputed, vec![applied], span)
            }
            OpKind::Transposed => {
                let Some(like) = op.parts.get(1).cloned() else { defect!("a transposed function of nothing") };
                let anywhere = self.zeros(&like, span)?;
                self.apply_pullback(&f, &[anywhere], given, span)
            }
            OpKind::Pushforward => {
                let points: Vec<Given> =
                    op.parts[1..].iter().map(|v| Given { name: None, val: v.clone(), span }).collect();
                let n = points.len();
                let places: Vec<usize> = (0..n).collect();
                let called = self.differentiate(&f, points, &places, span)?;
                let moves: Vec<(usize, Val)> = match given.as_slice() {
                    [g] if n == 1 => vec![(0, g.val.clone())],
                    [Given { val: Val::Tuple(parts), .. }] if parts.len() == n => {
                        parts.iter().map(|(_, p)| p.clone()).enumerate().collect()
                    }
                    many if many.len() == n => many.iter().map(|g| g.val.clone()).enumerate().collect(),
                    _ => {
                        return self.error("E0306", span, format!("a pushforward takes {n} tangents"));
                    }
                };
                let tangents = self.tangents(&called, &moves, span)?;
                Ok(self.push_forward(&called, tangents, span)?.1)
            }
        }
    }
}
