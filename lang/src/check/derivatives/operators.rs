//! Operators as written: `grad(f, wrt = …)` and the like become values at compile time.

use super::derive::floats;
use crate::ast::*;
use crate::check::state::elab::{Elab, R};
use crate::check::state::given::{Args, Given};
use crate::check::state::value::{JacMode, OpKind, OpVal, Val, Wrt};
use crate::diagnostic::Diagnostic;
use crate::library;
use crate::source::Span;
use std::sync::Arc;

impl Elab<'_> {
    /// A call of an operator as written: `wrt` names parameters.
    pub fn operator_call(&mut self, i: usize, args: &[Arg], span: Span) -> R<Val> {
        let mut given: Vec<Given> = Vec::new();
        let mut wrt: Option<&Expr> = None;
        let takes_wrt = library::params(library::ROWS[i].signature).iter().any(|p| p.name == "wrt");
        for a in args {
            if takes_wrt && a.name.as_ref().is_some_and(|n| &*n.name == "wrt") {
                wrt = Some(&a.value);
                continue;
            }
            let about = ["grad", "value_and_grad", "jacobian", "jacfwd", "jacrev", "hessian", "vmap"];
            if a.name.is_none() && given.len() == 1 && about.contains(&library::ROWS[i].name) {
                self.not_applied(i, &given[0].val, args)?;
            }
            let point = !given.is_empty()
                && matches!(library::ROWS[i].name, "jvp" | "vjp" | "linearize" | "hvp" | "check_grad");
            let literal = if point { Self::float_literals(&a.value) } else { None };
            let val = self.expr(literal.as_ref().unwrap_or(&a.value))?;
            given.push(Given { name: a.name.clone(), val, span: a.value.span });
        }
        let f = given.first().map(|g| g.val.clone());
        let wrt = match (wrt, f) {
            (Some(e), Some(f)) => Some(self.wrt(&f, e)?),
            _ => None,
        };
        self.operator(i, given, wrt, span)
    }

    /// `grad(f, 3.0)`: the point, or the place of a parameter, where the options stand.
    fn not_applied(&mut self, i: usize, f: &Val, args: &[Arg]) -> R<()> {
        let name = library::ROWS[i].name;
        let (place, what) =
            if name == "vmap" { ("axes", "the function of many points") } else { ("wrt", "a function") };
        if !f.is_callable() {
            return Ok(());
        }
        let params = self.params_of(f);
        let second = &args[1].value;
        let by_place = match &second.kind {
            ExprKind::Int(k) => params.is_some_and(|names| names.len() > 1 && (*k as usize) < names.len()),
            ExprKind::None => true,
            ExprKind::Tuple(parts) => parts.iter().all(|p| matches!(p.kind, ExprKind::Int(_) | ExprKind::None)),
            _ => false,
        };
        let title = format!("`{name}` gives {what}, and this is no argument of it");
        let problem = Diagnostic::error("E0302", second.span, title);
        let before = Span { end: second.span.start, ..second.span };
        self.fail(if by_place {
            let help = format!("places of parameters are given as `{place} = …`, arguments behind: `{name}(f)(x)`");
            problem.fix(help, vec![(before, format!("{place} = "))])
        } else {
            let gap = Span { start: args[0].value.span.end, ..before };
            problem.fix("apply it to its arguments", vec![(gap, ")(".into())])
        })
    }

    pub fn wrt(&mut self, f: &Val, e: &Expr) -> R<Wrt> {
        let names = self.params_of(f).unwrap_or_default();
        let one = |s: &mut Self, e: &Expr| -> R<usize> {
            match &e.kind {
                ExprKind::Name(n) => match names.iter().position(|m| m == n) {
                    Some(k) => Ok(k),
                    None => {
                        let f = s.callable_name(f);
                        let mut problem = Diagnostic::error("E0302", e.span, format!("`{f}` has no parameter `{n}`"));
                        if let Some(near) = crate::check::advice::messages::nearest(n, names.iter().map(|n| &**n)) {
                            problem = problem.fix(format!("did you mean `{near}`?"), vec![(e.span, near.into())]);
                        }
                        s.fail(problem)
                    }
                },
                ExprKind::Int(k) if *k >= 0 && (names.is_empty() || (*k as usize) < names.len()) => Ok(*k as usize),
                ExprKind::Int(k) => {
                    let f = s.callable_name(f);
                    s.error(
                        "E0302",
                        e.span,
                        format!("`{f}` has {} parameters, and {k} is none of them; they count from 0", names.len()),
                    )
                }
                _ => s.error("E0302", e.span, "`wrt` takes parameters of the function, by name or place"),
            }
        };
        match &e.kind {
            ExprKind::Tuple(parts) => {
                let mut places = Vec::new();
                for p in parts {
                    places.push(one(self, p)?);
                }
                Ok(Wrt { places, tuple: true })
            }
            _ => Ok(Wrt { places: vec![one(self, e)?], tuple: false }),
        }
    }

    /// An operator with its evaluated arguments.
    pub fn operator(&mut self, i: usize, given: Vec<Given>, wrt: Option<Wrt>, span: Span) -> R<Val> {
        let row = &library::ROWS[i];
        let args = self.match_row(row.name, row.signature, given, span)?;
        let (f, f_span) = args.at(0)?;
        let f = self.as_function(f);
        if !f.is_callable() {
            let what = self.show(&f);
            return self.fail(
                Diagnostic::error("E0307", f_span, format!("`{}` takes a function, and this is {what}", row.name))
                    .help("give the function itself, not its value: `grad(f)(x)`"),
            );
        }
        let flag = |args: &Args, k: usize| matches!(args.get(k), Some((Val::Bool(true), _)));
        let make = |kind| Ok(Val::Op(Arc::new(OpVal { kind, parts: vec![f.clone()] })));
        let by = wrt.clone().unwrap_or(Wrt { places: vec![0], tuple: false });
        match row.name {
            "grad" => make(OpKind::Grad { wrt: by, value: false, aux: flag(&args, 2) }),
            "value_and_grad" => make(OpKind::Grad { wrt: by, value: true, aux: flag(&args, 2) }),
            "jacfwd" => make(OpKind::Jacobian { wrt: by, mode: JacMode::Forward }),
            "jacrev" => make(OpKind::Jacobian { wrt: by, mode: JacMode::Reverse }),
            "jacobian" => make(OpKind::Jacobian { wrt: by, mode: JacMode::Auto }),
            "checkpoint" => make(OpKind::Checkpoint),
            "hessian" => make(OpKind::Hessian { wrt: by }),
            "check_grad" => {
                let (x, x_span) = args.at(1)?;
                let f = if self.required(&f) == Some(1) {
                    f
                } else {
                    Val::Op(Arc::new(OpVal { kind: OpKind::Spread, parts: vec![f] }))
                };
                let check = self.name(&Name::from("_check_grad"), x_span)?;
                let option = |k: usize, unless: Val| args.get(k).map_or(unless, |(v, _)| v.clone());
                let (order, report) = (option(2, Val::Int(1)), option(3, Val::Bool(false)));
                self.apply(&check, vec![f, floats(&x), order, report], span)
            }
            "vmap" => {
                let axes = match args.get(1) {
                    None => None,
                    Some((v, at)) => Some(self.axes_of(&v.clone(), *at)?),
                };
                make(OpKind::Vmap { axes })
            }
            "jvp" => {
                let ((x, x_span), (v, v_span)) = (args.at(1)?, args.at(2)?);
                self.jvp(&f, &x, &v, (span, x_span, v_span))
            }
            "hvp" => {
                let ((x, x_span), (v, v_span)) = (args.at(1)?, args.at(2)?);
                self.hvp(&f, &x, &v, wrt, (span, x_span, v_span))
            }
            "vjp" | "linearize" => {
                let (x, _) = args.at(1)?;
                let point: Vec<Val> = self.point(&f, &x).iter().map(floats).collect();
                let value = self.apply(&f, point.clone(), span)?;
                let mut parts = vec![f];
                for p in &point {
                    parts.push(self.snapshot(p, span));
                }
                let kind = if row.name == "vjp" { OpKind::Pullback } else { OpKind::Pushforward };
                Ok(Val::tuple(vec![value, Val::Op(Arc::new(OpVal { kind, parts }))]))
            }
            other => self.later(&format!("`{other}`"), span),
        }
    }

    pub fn axes_of(&mut self, v: &Val, span: Span) -> R<Vec<Option<i64>>> {
        let one = |s: &mut Self, v: &Val| match v {
            Val::None => Ok(None),
            Val::Int(k) => Ok(Some(*k)),
            _ => s.error("E0302", span, "`axes` takes places of axes, or `none`, one for each parameter"),
        };
        match v {
            Val::Tuple(parts) => parts.iter().map(|(_, p)| one(self, p)).collect(),
            other => Ok(vec![one(self, other)?]),
        }
    }
}
