//! Definitions whose parameters are all annotated are checked once, with every dimension name a size of its own.

use crate::ast::{ExprKind, File, Name, TypeExpr, TypeExprKind};
use crate::check::Checker;
use crate::check::state::elab::{Elab, Frame, Mode};
use crate::check::state::free;
use crate::check::state::host::{Global, Host, LeafInfo};
use crate::check::state::value::{Code, FnVal, Group, Val};
use crate::check::state::world::TopBinding;
use crate::diagnostic::Diagnostic;
use crate::types::{DType, Dim, Ty};
use std::sync::Arc;

/// There are no values while definitions are checked.
struct Nobody;

impl Host for Nobody {
    fn info(&self, _: Global) -> LeafInfo {
        LeafInfo { dtype: DType::F64, shape: Vec::new(), whole: None }
    }
}

impl Checker {
    pub(crate) fn definitions(&mut self, file: &File) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for f in free::functions(&file.stmts) {
            let Some(TopBinding::Fun(g, i)) = self.world.top.get(&f.name.name).cloned() else {
                continue;
            };
            let group = self.world.groups[g].group.clone();
            let captures = self.world.snapshot(&group.needs[i], Some(g));
            problems.extend(self.definition(&group, i, &captures));
        }
        problems
    }

    /// Those of the modules that were loaded after the first `known`.
    pub(crate) fn module_definitions(&mut self, known: usize) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for m in known..self.world.modules.len() {
            let group = self.world.modules[m].group.clone();
            for i in 0..group.fns.len() {
                problems.extend(self.definition(&group, i, &[]));
            }
        }
        problems
    }

    fn definition(&mut self, code: &Arc<Group>, i: usize, captures: &[(Name, Val)]) -> Vec<Diagnostic> {
        let f = code.fns[i].clone();
        let open = |t: &Option<TypeExpr>| t.as_ref().is_none_or(|t| !closed(t));
        if f.params.is_empty() || f.params.iter().any(|p| open(&p.ty)) {
            return Vec::new();
        }
        self.world.checking = Some(f.clone());
        let mut ret = None;
        let mut var_types = Default::default();
        let mut out = Vec::new();
        for _ in 0..32 {
            let mut frame = Frame::new(f.name.name.to_string(), f.span, code.home);
            frame.ret = ret;
            frame.var_types = var_types;
            let mut e = Elab::new(&mut self.world, &Nobody, Mode::Definition, frame);
            e.f.func = Some(crate::typed::FuncId(0));
            let mut dims: Vec<(Name, Dim)> = Vec::new();
            let mut args = Vec::new();
            for p in &f.params {
                if let Some(t) = &p.ty {
                    args.push(rigid(&mut e, t, &mut dims));
                }
            }
            let captures: Vec<(Name, Val)> = captures.iter().map(|(n, v)| (n.clone(), e.import(v))).collect();
            let value = FnVal { code: Code::Fn(code.clone(), i), captures: captures.into() };
            let r = e.enter(&value, &args, &dims);
            if r == Err(crate::check::state::elab::Fail::Restart) {
                ret = e.f.ret.take();
                var_types = std::mem::take(&mut e.f.var_types);
                continue;
            }
            if r == Err(crate::check::state::elab::Fail::Reported) {
                out = e.diags;
            }
            break;
        }
        self.world.checking = None;
        out
    }
}

/// Whether an annotation says everything.
pub(in crate::check) fn closed(t: &TypeExpr) -> bool {
    match &t.kind {
        TypeExprKind::Array { .. } => true,
        TypeExprKind::Tuple(parts) => parts.iter().all(|(_, t)| closed(t)),
        TypeExprKind::Function { .. } => false,
    }
}

/// A value of an annotated type, with a symbol of its own for each name.
fn rigid(e: &mut Elab<'_>, t: &TypeExpr, names: &mut Vec<(Name, Dim)>) -> Val {
    match &t.kind {
        TypeExprKind::Array { dtype, dims } => {
            let Some(element) = DType::named(&dtype.name) else {
                return Val::Error;
            };
            if dims.is_empty() && element == DType::I64 {
                return Val::Size(Dim::sym(e.new_sym(None, false)));
            }
            let mut out = Vec::new();
            for d in dims {
                if matches!(&d.kind, ExprKind::Name(n) if &**n == "_") {
                    out.push(Dim::sym(e.new_sym(None, true)));
                    continue;
                }
                let mut used = Vec::new();
                free::dim_expr_names(d, &mut used);
                for n in used {
                    if !names.iter().any(|(m, _)| *m == n) {
                        let sym = e.new_sym(Some(n.clone()), true);
                        names.push((n, Dim::sym(sym)));
                    }
                }
                let known = names.clone();
                match e.dim_expr(d, &|n| known.iter().find(|(m, _)| m == n).map(|(_, d)| d.clone())) {
                    Ok(d) => out.push(d),
                    Err(_) => return Val::Error,
                }
            }
            Val::Leaf(e.local(Ty::array(element, out), false, None))
        }
        TypeExprKind::Tuple(parts) if parts.is_empty() => Val::None,
        TypeExprKind::Tuple(parts) => {
            Val::Tuple(parts.iter().map(|(n, t)| (n.as_ref().map(|n| n.name.clone()), rigid(e, t, names))).collect())
        }
        TypeExprKind::Function { .. } => Val::Error,
    }
}
