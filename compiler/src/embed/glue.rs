//! Functions of the host in the words of the language: their declarations, and the rules for their derivatives.
//!
//! ```text
//! fn area(a: f64, b: f64) -> f64 = _host("area", "f64", (), a, b)
//! @jvp(area)
//! fn _area_jvp(a, b, d0, d1) { let d = area_partials(a, b)
//!   (area(a, b), d.0 * d0 + d.1 * d1) }
//! ```

use super::spec::Spec;
use crate::engine::Error;
use adl_lang::ast::{Expr, ExprKind, FnDef, PatternKind, StmtKind, TypeExpr, TypeExprKind};
use adl_lang::parse::parse;
use adl_lang::source::{Source, SourceId};
use std::sync::Arc;

/// A declaration as it was written.
#[derive(Clone)]
pub(super) struct Declared {
    text: String,
    def: Arc<FnDef>,
}

fn refused(text: &str, why: &str) -> Error {
    Error::host("E0483", format!("`{text}` does not declare a function of the host: {why}"))
}

impl Declared {
    /// Reads a declaration, which must have these types.
    pub(super) fn new(text: &str, params: &[Spec], result: &Spec) -> Result<Declared, Error> {
        let (file, problems) = parse(&Source::new("declaration", format!("{text} = 0")), SourceId(u32::MAX));
        let refused = |why: &str| Err(refused(text, why));
        if let Some(problem) = problems.first() {
            return refused(&problem.title);
        }
        let [stmt] = file.stmts.as_slice() else { return refused("it is more than one statement") };
        let StmtKind::Fn(def) = &stmt.kind else { return refused("it is no `fn`") };
        let declared = Declared { text: text.trim().to_string(), def: def.clone() };
        if adl_lang::library::all_names().contains(&declared.name()) {
            return refused("the library has a function of this name");
        }
        let simple = |p: &adl_lang::ast::Param| matches!(p.pattern.kind, PatternKind::Name(_)) && p.default.is_none();
        if !def.params.iter().all(simple) {
            return refused("its parameters are names without defaults");
        }
        let types: Option<Vec<&TypeExpr>> = def.params.iter().map(|p| p.ty.as_ref()).collect();
        let (Some(types), Some(ret)) = (types, &def.ret) else {
            return refused("every parameter and the result have a type");
        };
        let same = types.len() == params.len() && params.iter().zip(types).all(|(spec, ty)| spec.is_declared(ty));
        if !same || !result.is_declared(ret) {
            let params: Vec<String> = params.iter().map(ToString::to_string).collect();
            return refused(&format!("the function in Rust is fn({}) -> {result}", params.join(", ")));
        }
        let leaves = result_leaves(ret);
        if !leaves.iter().all(|(_, dims)| dims.iter().all(is_named)) {
            return refused("the sizes of results are numbers, or names of sizes of the parameters");
        }
        if leaves.len() != 1 && leaves.iter().any(|(dtype, _)| !matches!(*dtype, "f64" | "f32")) {
            return refused("of several results all are floats");
        }
        Ok(declared)
    }

    /// The name of the function.
    pub(super) fn name(&self) -> &str {
        &self.def.name.name
    }

    fn params(&self) -> Vec<&str> {
        let name = |p: &adl_lang::ast::Param| match &p.pattern.kind {
            PatternKind::Name(_) => self.slice(p.pattern.span.start, p.pattern.span.end),
            _ => "",
        };
        self.def.params.iter().map(name).collect()
    }

    /// Whether each parameter has a derivative.
    fn moving(&self) -> Vec<bool> {
        fn floats(ty: &TypeExpr) -> bool {
            match &ty.kind {
                TypeExprKind::Array { dtype, .. } => matches!(&*dtype.name, "f64" | "f32"),
                TypeExprKind::Tuple(parts) => parts.iter().any(|(_, part)| floats(part)),
                TypeExprKind::Function { .. } => false,
            }
        }
        self.def.params.iter().map(|p| p.ty.as_ref().is_some_and(floats)).collect()
    }

    /// Whether all that moves, and the result, are scalars.
    fn is_of_scalars(&self) -> bool {
        let scalar = |ty: &TypeExpr| matches!(&ty.kind, TypeExprKind::Array { dims, .. } if dims.is_empty());
        let params = self.def.params.iter().zip(self.moving()).filter(|(_, moves)| *moves);
        params.map(|(p, _)| p.ty.as_ref()).chain([self.def.ret.as_ref()]).all(|ty| ty.is_some_and(scalar))
    }

    fn slice(&self, start: u32, end: u32) -> &str {
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }

    /// The function itself.
    pub(super) fn definition(&self) -> String {
        let Some(ret) = &self.def.ret else { return String::new() };
        let (name, params) = (self.name(), self.params().join(", "));
        let call = |dtype: &str, shape: &str| format!("_host(\"{name}\", \"{dtype}\", ({shape}), {params})");
        if let TypeExprKind::Array { dtype, dims } = &ret.kind {
            let shape: String = dims.iter().map(|d| format!("{}, ", self.slice(d.span.start, d.span.end))).collect();
            return format!("{} = {}\n", self.text, call(&dtype.name, &shape));
        }
        let mut at = vec!["0".to_string()];
        let parts = self.parts(ret, &mut at);
        let packed = call("f64", &format!("{},", at.join(" + ")));
        format!("{} {{\n  let _packed = {packed}\n  {parts}\n}}\n", self.text)
    }

    /// A result taken apart that lies in a row; `at` says where the next part begins.
    fn parts(&self, ty: &TypeExpr, at: &mut Vec<String>) -> String {
        match &ty.kind {
            TypeExprKind::Array { dtype, dims } => {
                let start = at.join(" + ");
                let sizes: Vec<String> =
                    dims.iter().map(|d| format!("({})", self.slice(d.span.start, d.span.end))).collect();
                let count = if sizes.is_empty() { "1".to_string() } else { sizes.join(" * ") };
                at.push(count.clone());
                let part = match sizes.len() {
                    0 => format!("_packed[{start}]"),
                    1 => format!("_packed[{start} .. {start} + {count}]"),
                    _ => format!("reshape(_packed[{start} .. {start} + {count}], ({}))", sizes.join(", ")),
                };
                if &*dtype.name == "f32" { format!("f32({part})") } else { part }
            }
            TypeExprKind::Tuple(types) if types.is_empty() => "none".to_string(),
            TypeExprKind::Tuple(types) => {
                let part = |(name, ty): &(Option<adl_lang::ast::Ident>, TypeExpr)| {
                    let part = self.parts(ty, at);
                    name.as_ref().map_or(format!("{part}, "), |name| format!("{}: {part}, ", name.name))
                };
                format!("({})", types.iter().map(part).collect::<String>())
            }
            TypeExprKind::Function { .. } => "none".to_string(),
        }
    }

    /// The rule by partial derivatives of a function of scalars.
    pub(super) fn by_partials(&self, partials: &Declared) -> Result<String, Error> {
        if !self.is_of_scalars() {
            return Err(refused(&self.text, "only a function of scalars has partial derivatives; see `with_jvp`"));
        }
        let (name, params, moving) = (self.name(), self.params().join(", "), self.moving());
        let count = moving.iter().filter(|moves| **moves).count();
        let mut terms = Vec::new();
        for k in (0..moving.len()).filter(|&k| moving[k]) {
            let partial = if count == 1 { "_d".to_string() } else { format!("_d.{}", terms.len()) };
            terms.push(format!("{partial} * _d{k}"));
        }
        let (tangents, sum) = (self.tangents(), terms.join(" + "));
        Ok(format!(
            "@jvp({name})
fn _{name}_jvp({params}{tangents}) {{
  let _d = {}({params})
  ({name}({params}), {sum})
}}\n",
            partials.name()
        ))
    }

    /// Names for the tangents of the parameters.
    fn tangents(&self) -> String {
        (0..self.def.params.len()).map(|k| format!(", _d{k}")).collect()
    }

    /// The rule for forward mode.
    pub(super) fn by_jvp(&self, jvp: &Declared) -> String {
        let (name, params) = (self.name(), self.params().join(", "));
        let moving = self.moving();
        let given: String = (0..moving.len()).filter(|&k| moving[k]).map(|k| format!(", _d{k}")).collect();
        format!(
            "@jvp({name})\nfn _{name}_jvp({params}{}) = ({name}({params}), {}({params}{given}))\n",
            self.tangents(),
            jvp.name()
        )
    }

    /// The rule for reverse mode.
    pub(super) fn by_vjp(&self, vjp: &Declared) -> String {
        let (name, params) = (self.name(), self.params().join(", "));
        let moving = self.moving();
        let count = moving.iter().filter(|moves| **moves).count();
        let mut next = 0;
        let mut part = |moves: &bool| {
            if !moves {
                return "none".to_string();
            }
            next += 1;
            if count == 1 { "_c".to_string() } else { format!("_c.{}", next - 1) }
        };
        let parts: Vec<String> = moving.iter().map(&mut part).collect();
        let parts = if parts.len() == 1 { parts.concat() } else { format!("({})", parts.join(", ")) };
        format!(
            "@vjp({name})
fn _{name}_vjp({params}) = ({name}({params}), |_u| {{
  let _c = {}({params}, _u)
  {parts}
}})\n",
            vjp.name()
        )
    }
}

/// Element types and sizes of the results.
fn result_leaves(ty: &TypeExpr) -> Vec<(&str, &[Expr])> {
    match &ty.kind {
        TypeExprKind::Array { dtype, dims } => vec![(&*dtype.name, dims)],
        TypeExprKind::Tuple(parts) => parts.iter().flat_map(|(_, part)| result_leaves(part)).collect(),
        TypeExprKind::Function { .. } => Vec::new(),
    }
}

/// Whether a size can be known: `_` cannot.
fn is_named(dim: &Expr) -> bool {
    !matches!(&dim.kind, ExprKind::Name(name) if &**name == "_")
}
