//! `implicit(solve, residual)`: a function with the parameters of `solve`. Applied, its arguments are bound to both, so
//! that all that a derivative is taken by is captured, and `_solution` of the prelude does the rest.

use crate::ast::Name;
use crate::check::state::elab::{Elab, Fail, R};
use crate::check::state::given::{Args, Given};
use crate::check::state::value::{OpKind, OpVal, Val};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::typed::Piece;
use crate::types::DType;
use std::sync::Arc;

/// The options after `solve` and `residual`, in the order of the signature.
const OPTIONS: [&str; 6] = ["tol", "solver", "spd", "precond", "on_fail", "report"];

impl Elab<'_> {
    /// `implicit(solve, residual, …)`.
    pub fn implicit(&mut self, args: &Args) -> R<Val> {
        let mut parts = Vec::new();
        for k in 0..2 {
            let (f, at) = args.at(k)?;
            if !f.is_callable() {
                let what = self.show(&f);
                return self.fail(
                    Diagnostic::error("E0307", at, format!("`implicit` takes two functions, and this is {what}"))
                        .help("the solver, and the residual that its value makes zero: `implicit(solve, |x, a| …)`"),
                );
            }
            parts.push(f);
        }
        if let (Some(n), Some(m)) = (self.required(&parts[0]), self.required(&parts[1]))
            && m != n + 1
        {
            let title =
                format!("this residual takes {m}, and the solution and the parameters of the solver are {}", n + 1);
            return self.fail(
                Diagnostic::error("E0605", args.at(1)?.1, title)
                    .help("the solution comes first, then the parameters of the solver: `residual(x, a, b)`"),
            );
        }
        let options = OPTIONS.iter().enumerate();
        let options =
            options.map(|(k, n)| (Some(Name::from(*n)), args.get(k + 2).map_or(Val::None, |(v, _)| v.clone())));
        // The rest is not for users: what the messages call it.
        let texts = [
            ("place", ""),
            ("what", "the solver of this `implicit`"),
            ("system", "the derivative of this `implicit` solution: the Jacobian of its residual"),
        ];
        let text = |t: &str| Val::Str(Arc::from([Piece::Text(t.into())]));
        let texts = texts.iter().map(|(n, t)| (Some(Name::from(*n)), text(t)));
        let floor = (Some(Name::from("floor")), Val::Float(0.0));
        parts.push(Val::Tuple(options.chain(texts).chain([floor]).collect()));
        Ok(Val::Op(Arc::new(OpVal { kind: OpKind::Implicit, parts })))
    }

    /// The value of `implicit(solve, residual)` for these arguments.
    pub fn apply_implicit(&mut self, op: &OpVal, given: Vec<Given>, span: Span) -> R<Val> {
        let [solve, residual, options] = op.parts.as_slice() else {
            return Err(Fail::Reported);
        };
        let names = self.params_of(solve);
        let mut bound: Vec<Option<Val>> = Vec::new();
        for (next, g) in given.into_iter().enumerate() {
            let at = match &g.name {
                Some(n) => names.as_ref().and_then(|ns| ns.iter().position(|m| *m == n.name)),
                None => Some(next),
            };
            let Some(at) = at else {
                let name = self.callable_name(solve);
                return self.error("E0102", g.span, format!("`{name}` has no parameter of this name"));
            };
            bound.resize(bound.len().max(at + 1), None);
            bound[at] = Some(self.settle(&g.val, DType::F64, g.span)?);
        }
        let n = self.required(solve).unwrap_or(bound.len());
        if bound.len() != n || bound.iter().any(Option::is_none) {
            let title = crate::check::calls::call::arity_title("this function", n, n, bound.iter().flatten().count());
            return self.fail(Diagnostic::error("E0102", span, title).note("here all parameters are given"));
        }
        let bind = |f: &Val| {
            let parts = std::iter::once(f.clone()).chain(bound.iter().flatten().cloned()).collect();
            Val::Op(Arc::new(OpVal { kind: OpKind::Bind, parts }))
        };
        let args = vec![bind(solve), bind(residual), options.clone()];
        let Some(implicit) = self.world.library_fn("_solution") else {
            return Err(Fail::Reported);
        };
        self.apply(&implicit, args, span)
    }

    /// A function with its last arguments given.
    pub fn apply_bound(&mut self, op: &OpVal, mut given: Vec<Given>, span: Span) -> R<Val> {
        let [f, bound @ ..] = op.parts.as_slice() else {
            return Err(Fail::Reported);
        };
        given.extend(bound.iter().map(|v| Given { name: None, val: v.clone(), span }));
        self.call(f, given, span, span)
    }
}
