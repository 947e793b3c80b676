//! What messages have in common: near names, origins of sizes, printed pieces.

use super::elsewhere::{self, Here};
use crate::ast::{CompareOp, Expr, ExprKind, Format, FormatStyle, Ident, Name, UnaryOp};
use crate::check::state::elab::{Elab, Mode, R, What};
use crate::check::state::free;
use crate::check::state::value::{OpKind, Val};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::typed::Piece;
use crate::types::Dim;

/// The nearest of some names, if one is near enough.
pub fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).max(1);
    names
        .filter(|n| *n != name && !n.starts_with('_'))
        .map(|n| (strsim::damerau_levenshtein(name, n), n))
        .filter(|(d, n)| *d <= limit && 2 * *d < n.chars().count().max(name.chars().count()))
        // Among equally near ones the one that begins like the name.
        .min_by_key(|(d, n)| {
            let same = n.chars().zip(name.chars()).take_while(|(a, b)| a == b).count();
            (*d, std::cmp::Reverse(same), n.len(), *n)
        })
        .map(|(_, n)| n)
}

/// A string without values in it.
pub(crate) fn plain_text(v: &Val) -> Option<String> {
    let Val::Str(pieces) = v else { return None };
    pieces.iter().map(|p| if let Piece::Text(t) = p { Some(t.as_str()) } else { None }).collect()
}

/// `… has no parameter …`, with the one that is probably meant.
pub(crate) fn no_parameter<'a>(
    function: &str,
    given: &Ident,
    names: impl Iterator<Item = &'a str> + Clone,
) -> Diagnostic {
    let problem = Diagnostic::error("E0102", given.span, format!("`{function}` has no parameter `{}`", given.name));
    let meant = elsewhere::parameter(&given.name).filter(|meant| names.clone().any(|name| name == *meant));
    match meant.or_else(|| nearest(&given.name, names)) {
        Some(near) => problem.fix(format!("did you mean `{near}`?"), vec![(given.span, near.into())]),
        None => match elsewhere::option(function, &given.name) {
            Some(help) => problem.help(help),
            None => problem,
        },
    }
}

pub(crate) fn not_assignable(name: &str, at: Span, what: What, decl: Span) -> Diagnostic {
    let kind = match what {
        What::Let => "bound with `let`",
        What::Var => "a variable",
        What::Param => "a parameter",
        What::Loop => "a loop variable",
    };
    let mut problem =
        Diagnostic::error("E0108", at, format!("`{name}` is {kind} and cannot be assigned")).label(decl, "bound here");
    problem = if what == What::Let {
        problem.help("bind it with `var` if it is to change")
    } else {
        problem.help(format!("make a variable of its value: `var y = {name}`"))
    };
    problem
}

impl Elab<'_> {
    /// `no variable … here`, with the nearest name.
    pub fn unknown_name(&self, name: &Name, span: Span) -> Diagnostic {
        let mut known: Vec<String> = Vec::new();
        known.extend(self.f.scopes.iter().flatten().map(|(n, _)| n.to_string()));
        known.extend(self.f.captures.iter().map(|(n, _)| n.to_string()));
        known.extend(self.world.top.keys().map(|n| n.to_string()));
        unknown(name, span, &known)
    }

    /// Adds what named sizes are, where sizes are numbers.
    pub fn name_sizes(&mut self, problem: Diagnostic) -> Diagnostic {
        if self.mode != Mode::Constant {
            return problem;
        }
        let mut said: Vec<String> = Vec::new();
        for (n, b) in self.f.scopes.first().into_iter().flatten() {
            if let crate::check::state::elab::Binding::Bound { val: Val::Size(d), what: What::Param, .. } = b
                && let Some(c) = d.as_const()
            {
                said.push(format!("`{n}` is {c}"));
            }
        }
        if said.is_empty() { problem } else { problem.note(format!("in this call {}", said.join(", "))) }
    }

    /// Says where two named sizes come from, and that they are two.
    pub fn blame_names(&self, problem: Diagnostic, a: &Dim, b: &Dim) -> Diagnostic {
        let Some(def) = &self.world.checking else {
            return problem;
        };
        let mut problem = problem;
        let (a, b) = (self.show_dim(a), self.show_dim(b));
        let mut first_patch = None;
        for wanted in [&a, &b] {
            for p in &def.params {
                let Some(ty) = &p.ty else { continue };
                let crate::ast::TypeExprKind::Array { dims, .. } = &ty.kind else {
                    continue;
                };
                let Some(at) =
                    dims.iter().position(|d| matches!(&d.kind, crate::ast::ExprKind::Name(n) if **n == **wanted))
                else {
                    continue;
                };
                let which = if at == 0 {
                    "first axis".to_string()
                } else if at + 1 == dims.len() {
                    "last axis".to_string()
                } else {
                    format!("axis {at}")
                };
                problem = problem.label(ty.span, format!("{which} is `{wanted}`"));
                if wanted == &b {
                    first_patch = Some(dims[at].span);
                }
                break;
            }
        }
        let mut names = Vec::new();
        def.params.iter().filter_map(|p| p.ty.as_ref()).for_each(|t| free::dim_names(t, &mut names));
        let named = |t: &str| names.iter().any(|n| &**n == t);
        if named(&a) && named(&b) {
            problem =
                problem.note(format!("`{a}` and `{b}` are separate dimension names, so they may differ at run time"));
            if first_patch.is_some() {
                // Every `b` of the signature becomes `a`.
                let mut patches = Vec::new();
                for p in def.params.iter().filter_map(|p| p.ty.as_ref()).chain(def.ret.as_ref()) {
                    renames(p, &b, &a, &mut patches);
                }
                problem = problem.fix("to require them to be equal, use one name", patches);
            }
        }
        problem
    }

    /// A function as it is printed; one that was derived as it is written: `grad(f)`.
    pub fn function_shown(&self, v: &Val) -> String {
        let Val::Op(op) = v else { return self.callable_name(v) };
        let word = match &op.kind {
            OpKind::Grad { value: false, .. } => "grad",
            OpKind::Grad { .. } => "value_and_grad",
            OpKind::Jacobian { .. } => "jacobian",
            OpKind::Hessian { .. } => "hessian",
            OpKind::Vmap { .. } => "vmap",
            OpKind::Prime => "",
            _ => return self.callable_name(v),
        };
        let f = op.parts.first().map_or_else(String::new, |f| self.function_shown(f));
        if word.is_empty() { format!("{f}'") } else { format!("{word}({f})") }
    }

    /// The pieces that print a value.
    pub fn pieces(&mut self, v: &Val, format: Option<Format>, out: &mut Vec<Piece>, span: Span) -> R<()> {
        match v {
            Val::Int(i) if format.is_none() => out.push(Piece::Text(i.to_string())),
            Val::Size(d) if format.is_none() && d.as_const().is_some() => {
                out.push(Piece::Text(d.as_const().unwrap_or(0).to_string()));
            }
            Val::Bool(b) => out.push(Piece::Text(b.to_string())),
            Val::None => out.push(Piece::Text("none".into())),
            Val::Str(pieces) => out.extend(pieces.iter().cloned()),
            Val::Tuple(parts) => {
                out.push(Piece::Text("(".into()));
                for (i, (n, p)) in parts.iter().enumerate() {
                    let comma = if i > 0 { ", " } else { "" };
                    out.push(Piece::Text(n.as_ref().map_or_else(|| comma.to_string(), |n| format!("{comma}{n}: "))));
                    self.pieces(p, format, out, span)?;
                }
                out.push(Piece::Text(if parts.len() == 1 && parts[0].0.is_none() { ",)".into() } else { ")".into() }));
            }
            Val::Error => return Err(crate::check::state::elab::Fail::Reported),
            other if self.kind(other).is_some() => {
                let l = self.operand(other, span)?;
                if let Some(f) = format
                    && f.style == FormatStyle::Integer
                    && self.ty(l).dtype.is_float()
                {
                    return self.error("E0213", span, "the format `d` is for whole numbers");
                }
                out.push(Piece::Value(l, format));
            }
            Val::Fn(_) | Val::Builtin(_) | Val::Prim(_) | Val::Op(_) | Val::DType(_) => {
                let name = self.function_shown(v);
                out.push(Piece::Text(format!("<function {name}>")));
            }
            other => {
                let what = self.show(other);
                return self.error("E0213", span, format!("this cannot be printed: it is {what}"));
            }
        }
        Ok(())
    }
}

fn renames(ty: &crate::ast::TypeExpr, from: &str, to: &str, out: &mut Vec<(Span, String)>) {
    match &ty.kind {
        crate::ast::TypeExprKind::Array { dims, .. } => {
            for d in dims {
                if let crate::ast::ExprKind::Name(n) = &d.kind
                    && **n == *from
                {
                    out.push((d.span, to.to_string()));
                }
            }
        }
        crate::ast::TypeExprKind::Tuple(parts) => parts.iter().for_each(|(_, t)| renames(t, from, to, out)),
        crate::ast::TypeExprKind::Function { .. } => {}
    }
}

/// `no variable … here`.
pub(crate) fn unknown(name: &str, span: Span, known: &[String]) -> Diagnostic {
    let problem = Diagnostic::error("E0101", span, format!("no variable `{name}` here"));
    let import = |module: &str| (Span { start: 0, end: 0, ..span }, format!("import {module}\n"));
    if let Some(module) = crate::library::module_names().find(|module| *module == name) {
        return problem.fix(format!("`{module}` is a module of the library"), vec![import(module)]);
    }
    let here = elsewhere::here(name);
    let other = if let Some(Here::Name(other)) = here { other } else { name };
    if let Some(module) = crate::library::modules_with(other).next() {
        let call = (span, format!("{module}.{other}"));
        return problem.fix(format!("it is `{other}` of the module `{module}`"), vec![call, import(module)]);
    }
    match here {
        Some(Here::Name(other)) => {
            return problem.fix(format!("in ADL this is `{other}`"), vec![(span, other.to_string())]);
        }
        Some(Here::Nothing(help) | Here::Advice(help)) => return problem.help(help),
        None if elsewhere::is_library(name) => {
            return problem.help("the functions of the library are called without a prefix");
        }
        None => {}
    }
    let library = crate::library::all_names();
    match nearest(name, known.iter().map(String::as_str)).or_else(|| nearest(name, library.iter().copied())) {
        Some(near) => problem.fix(format!("did you mean `{near}`?"), vec![(span, near.to_string())]),
        None => problem,
    }
}

/// A statement whose value nobody takes, though others follow it.
pub(crate) fn dropped(e: &Expr) -> Diagnostic {
    let problem = Diagnostic::error("E0105", e.span, "this value is computed and then dropped");
    match &e.kind {
        ExprKind::Unary(UnaryOp::Neg, _) => {
            problem.help("a line that begins with `-` starts a new statement: end the line before with the `-`")
        }
        ExprKind::Compare(a, rest)
            if rest.len() == 1 && rest[0].0 == CompareOp::Eq && matches!(a.kind, ExprKind::Name(_)) =>
        {
            let at = Span { start: a.span.end, end: rest[0].1.span.start, ..a.span };
            problem.fix("`=` assigns", vec![(at, " = ".into())])
        }
        _ => problem.help("bind it with `let`, or remove it"),
    }
}
