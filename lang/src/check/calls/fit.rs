//! Arguments and annotations: dimension names are met and solved for, values promoted and checked.

use crate::ast::*;
use crate::check::arrays::conform::Kind;
use crate::check::state::elab::{Elab, R};
use crate::check::state::free;
use crate::check::state::value::Val;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::types::{DType, Dim};

impl Elab<'_> {
    /// Binds the names that stand alone as dimensions.
    pub fn meet_names(&mut self, ty: &TypeExpr, v: &Val, names: &mut Vec<(Name, Dim)>) {
        match (&ty.kind, v) {
            (TypeExprKind::Array { dims, .. }, v) => {
                for (e, d) in dims.iter().zip(self.dims(v)) {
                    if let ExprKind::Name(n) = &e.kind
                        && &**n != "_"
                        && !names.iter().any(|(m, _)| m == n)
                    {
                        names.push((n.clone(), d));
                    }
                }
            }
            (TypeExprKind::Tuple(types), Val::Tuple(parts)) => {
                for ((_, t), (_, v)) in types.iter().zip(parts.iter()) {
                    self.meet_names(t, v, names);
                }
            }
            (TypeExprKind::Tuple(_) | TypeExprKind::Function { .. }, _) => {}
        }
    }

    /// Solves dimensions like `2 * l` for a name that is still unknown.
    pub fn solve_names(&mut self, ty: &TypeExpr, v: &Val, names: &mut Vec<(Name, Dim)>) {
        match (&ty.kind, v) {
            (TypeExprKind::Array { dims, .. }, v) => {
                for (e, d) in dims.iter().zip(self.dims(v)) {
                    let mut used = Vec::new();
                    free::dim_expr_names(e, &mut used);
                    used.retain(|n| !names.iter().any(|(m, _)| m == n));
                    let [unknown] = used.as_slice() else { continue };
                    let sym = crate::types::Sym(u32::MAX);
                    let mut known = names.clone();
                    known.push((unknown.clone(), Dim::sym(sym)));
                    let find = |n: &Name| known.iter().find(|(m, _)| m == n).map(|(_, d)| d.clone());
                    let marks = self.diags.len();
                    if let Ok(expression) = self.dim_expr(e, &find)
                        && let Some(value) = expression.solve_for(sym, &d)
                    {
                        names.push((unknown.clone(), value));
                    }
                    self.diags.truncate(marks);
                }
            }
            (TypeExprKind::Tuple(types), Val::Tuple(parts)) => {
                for ((_, t), (_, v)) in types.iter().zip(parts.iter()) {
                    self.solve_names(t, v, names);
                }
            }
            (TypeExprKind::Tuple(_) | TypeExprKind::Function { .. }, _) => {}
        }
    }

    /// Makes a value fit an annotation: promotes, checks the shape, binds names that are free.
    pub fn fit(&mut self, ty: &TypeExpr, v: Val, span: Span, names: &mut Vec<(Name, Dim)>, what: &str) -> R<Val> {
        match &ty.kind {
            TypeExprKind::Array { dtype, dims } => {
                let Some(element) = DType::named(&dtype.name) else {
                    return self.no_type(&dtype.name.clone(), dtype.span);
                };
                let Some(kind) = self.kind(&v) else {
                    return self.does_not_fit(ty, &v, span, what);
                };
                let own = self.dims(&v);
                if own.len() != dims.len() {
                    return self.does_not_fit(ty, &v, span, what);
                }
                if !(Kind { dtype: element, weak: false }.holds(kind)) {
                    return self.does_not_fit(ty, &v, span, what);
                }
                for (axis, (e, d)) in dims.iter().zip(&own).enumerate() {
                    if let ExprKind::Name(n) = &e.kind {
                        if &**n == "_" {
                            continue;
                        }
                        if !names.iter().any(|(m, _)| m == n) {
                            names.push((n.clone(), d.clone()));
                        }
                    }
                    let known = names.clone();
                    let find = |n: &Name| known.iter().find(|(m, _)| m == n).map(|(_, d)| d.clone());
                    let mut used = Vec::new();
                    free::dim_expr_names(e, &mut used);
                    if used.iter().any(|n| find(n).is_none()) {
                        continue;
                    }
                    let wanted = self.dim_expr(e, &find)?;
                    if !self.same_dim(&wanted, d)? {
                        let (w, d) = (self.show_dim(&wanted), self.show_dim(d));
                        let written = self.text_of(e.span);
                        let wanted =
                            if written == w { format!("{w} is declared") } else { format!("`{written}` is {w}") };
                        let title = if dims.len() == 1 {
                            format!("{what} has {d} element{}, but {wanted}", if d == "1" { "" } else { "s" })
                        } else {
                            format!("{what} has size {d} along axis {axis}, but {wanted}")
                        };
                        let problem = Diagnostic::error("E0203", span, title).label(ty.span, "declared here");
                        return self.fail(problem);
                    }
                }
                match &v {
                    Val::Int(i) if element == DType::I64 => Ok(Val::Size(Dim::constant(*i))),
                    Val::Size(_) if element == DType::I64 => Ok(v),
                    Val::Bool(_) if element == DType::Bool => Ok(v),
                    _ => self.firm_operand(&v, element, span).map(Val::Leaf),
                }
            }
            TypeExprKind::Tuple(types) => {
                if types.is_empty() && matches!(v, Val::None) {
                    return Ok(v);
                }
                let Val::Tuple(parts) = &v else {
                    return self.does_not_fit(ty, &v, span, what);
                };
                if parts.len() != types.len() {
                    return self.does_not_fit(ty, &v, span, what);
                }
                let mut out = Vec::new();
                for (i, (name, t)) in types.iter().enumerate() {
                    let part = match name {
                        Some(n) => parts.iter().find(|(m, _)| m.as_ref() == Some(&n.name)),
                        None => parts.get(i),
                    };
                    let Some((_, part)) = part else {
                        return self.does_not_fit(ty, &v, span, what);
                    };
                    let part = self.fit(t, part.clone(), span, names, what)?;
                    out.push((name.as_ref().map(|n| n.name.clone()), part));
                }
                Ok(Val::Tuple(out.into()))
            }
            TypeExprKind::Function { .. } => {
                if v.is_callable() {
                    Ok(v)
                } else {
                    self.does_not_fit(ty, &v, span, what)
                }
            }
        }
    }

    pub fn does_not_fit<T>(&mut self, ty: &TypeExpr, v: &Val, span: Span, what: &str) -> R<T> {
        let shown = self.show(v);
        let written = self.text_of(ty.span);
        let mut problem = Diagnostic::error("E0203", span, format!("{what} is {shown}, but `{written}` is declared"))
            .label(ty.span, "declared here");
        if self.kind(v).is_some_and(|k| k.dtype.is_float()) && written.starts_with("i64") {
            problem = problem.help("`i64(x)` converts, toward zero");
        }
        self.fail(problem)
    }
}
