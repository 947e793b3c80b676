//! Names: scopes, captures, siblings, module, top level, library.

use crate::ast::{ExprKind, Lambda, Name};
use crate::check::state::elab::{Binding, Elab, Fail, Mode, R};
use crate::check::state::value::{Code, FnVal, Val};
use crate::check::state::world::{self, TopBinding};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::types::DType;
use std::sync::Arc;

impl Elab<'_> {
    /// The value of a name.
    pub fn name(&mut self, name: &Name, span: Span) -> R<Val> {
        if let Some(v) = self.find_name(name, span)? {
            return if v.is_error() { Err(Fail::Reported) } else { Ok(v) };
        }
        if self.mode == Mode::Definition {
            return Err(Fail::Abort);
        }
        let problem = self.unknown_name(name, span);
        self.fail(problem)
    }

    /// Looks a name up: scopes, captures, siblings, module, top level, library.
    pub fn find_name(&mut self, name: &Name, span: Span) -> R<Option<Val>> {
        for scope in self.f.scopes.iter().rev() {
            for (n, b) in scope.iter().rev() {
                if n == name {
                    return match b.clone() {
                        Binding::Bound { val, .. } => Ok(Some(val)),
                        Binding::Fun(group, i) => self.local_fn(&group, i, span).map(Some),
                    };
                }
            }
        }
        if let Some((_, v)) = self.f.captures.iter().find(|(n, _)| n == name) {
            return Ok(Some(v.clone()));
        }
        if let Some(group) = &self.f.group
            && let Some(i) = group.find(name)
        {
            // What the caller captured for itself is no part of the other.
            let needed = |name: &Name| group.reach[i].iter().any(|&j| group.needs[j].contains(name));
            let captures = self.f.captures.iter().filter(|(n, _)| needed(n)).cloned().collect();
            return Ok(Some(Val::Fn(Arc::new(FnVal { code: Code::Fn(group.clone(), i), captures }))));
        }
        let home = self.f.home;
        if home == world::MAIN {
            let late = self.mode != Mode::Definition
                && !self.stack.is_empty()
                && matches!(self.world.top.get(name), Some(TopBinding::Value { .. }));
            if late {
                // What was bound when the function was written would be among its captures.
                let problem = Diagnostic::error(
                    "E0101",
                    span,
                    format!("`{name}` is not bound yet where `{}` is written", self.f.name),
                )
                .label(self.f.span, "written here")
                .help(format!(
                    "a function captures variables as they are where it is written: bind `{name}` above it, or make it \
                     a parameter"
                ));
                return self.fail(problem);
            }
            if let Some(v) = self.top_name(name)? {
                return Ok(Some(v));
            }
        } else if let Some(v) = self.module_name(home, name, span)? {
            return Ok(Some(v));
        }
        self.library_name(name)
    }

    pub fn library_name(&mut self, name: &Name) -> R<Option<Val>> {
        if &**name == "std" {
            return Ok(Some(Val::Module(world::STD)));
        }
        if let Some(x) = crate::library::constant(name) {
            return Ok(Some(Val::Float(x)));
        }
        if let Some(d) = DType::named(name) {
            return Ok(Some(Val::DType(d)));
        }
        if let Some(f) = self.world.library_fn(name) {
            return Ok(Some(f));
        }
        if let Some(i) = crate::library::find(name) {
            return Ok(Some(Val::Builtin(i)));
        }
        Ok(crate::library::prim(name).map(Val::Prim))
    }

    /// A name of the top level, as a value of this entry.
    pub fn top_name(&mut self, name: &Name) -> R<Option<Val>> {
        match self.world.top.get(name).cloned() {
            Some(TopBinding::Value { val, .. }) => Ok(Some(self.import(&val))),
            Some(TopBinding::Module(m)) => Ok(Some(Val::Module(m))),
            Some(TopBinding::Fun(g, i)) => {
                let f = self.world.top_fn(g, i);
                Ok(Some(self.import(&f)))
            }
            None => Ok(None),
        }
    }

    /// A name of an imported module.
    pub fn module_name(&mut self, id: crate::check::state::value::ModuleId, name: &Name, span: Span) -> R<Option<Val>> {
        if id == world::STD {
            return self.library_name(name);
        }
        if let Some(f) = self.world.module_fn(id, name) {
            return Ok(Some(f));
        }
        let module = &self.world.modules[id.0 as usize];
        if let Some(m) = module.imports.get(name) {
            return Ok(Some(Val::Module(*m)));
        }
        if let Some(thunk) = module.lets.get(name).cloned() {
            if let ExprKind::Int(i) = &thunk.body.kind {
                return Ok(Some(Val::Int(*i)));
            }
            if let ExprKind::Float(x) = &thunk.body.kind {
                return Ok(Some(Val::Float(*x)));
            }
            let f = Val::Fn(Arc::new(FnVal { code: Code::Lambda(thunk, id), captures: Arc::from([]) }));
            let called = self.instance(&f, &[], &[], span)?;
            return Ok(Some(self.call_instance(&called, span)));
        }
        Ok(None)
    }

    /// The values that free names have here; what belongs to the library or module is found again where it is used.
    pub fn capture(&mut self, names: &[Name], span: Span) -> R<Vec<(Name, Val)>> {
        let mut out = Vec::new();
        for n in names {
            let local = self.f.scopes.iter().flatten().any(|(m, _)| m == n)
                || self.f.captures.iter().any(|(m, _)| m == n)
                || self.f.group.as_ref().is_some_and(|g| g.find(n).is_some())
                || self.f.home == world::MAIN && self.world.top.contains_key(n);
            if local && let Some(v) = self.find_name(n, span)? {
                let v = self.snapshot(&v, span);
                out.push((n.clone(), v));
            }
        }
        Ok(out)
    }

    pub fn lambda(&mut self, l: &Arc<Lambda>, span: Span) -> R<Val> {
        let names = self.world.free_names(l);
        let captures = self.capture(&names, span)?;
        let val = Val::Fn(Arc::new(FnVal { code: Code::Lambda(l.clone(), self.f.home), captures: captures.into() }));
        self.bounded(val, span)
    }
}
