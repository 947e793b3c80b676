//! Bodies of instances: parameters, results, calls.

use super::instance::Called;
use crate::ast::Name;
use crate::check::state::elab::{Elab, Fail, Instance, R, What};
use crate::check::state::value::{Code, FnVal, LeafTy, Val};
use crate::source::Span;
use crate::typed::{Local, StmtKind};
use crate::types::Dim;

impl Elab<'_> {
    pub fn instance_body(&mut self, callee: &Val, args: &[Val], named: &[(Name, Dim)], span: Span) -> R<()> {
        let Val::Fn(f) = callee else {
            let value = self.apply(callee, args.to_vec(), span)?;
            return self.give(value, span);
        };
        self.enter(f, args, named)
    }

    /// Binds the parameters of a function and elaborates its body, in the frame that has been made for it.
    pub fn enter(&mut self, f: &FnVal, args: &[Val], named: &[(Name, Dim)]) -> R<()> {
        self.f.captures = f.captures.clone();
        let (params, ret, body) = match &f.code {
            Code::Fn(group, i) => {
                self.f.group = Some(group.clone());
                let def = group.fns[*i].clone();
                (def.params.clone(), def.ret.clone(), def.body.clone())
            }
            Code::Lambda(lambda, _) => (lambda.params.clone(), None, lambda.body.clone()),
        };
        for (name, d) in named {
            self.bind(name, Val::Size(d.clone()), What::Param, body.span);
        }
        if let Some(ret) = &ret {
            let template = self.annotated(ret)?;
            if let Some(template) = template {
                // Known before the body is: recursion closes on it.
                let here = self.f.func;
                for i in self.instances.values_mut() {
                    if let Instance::Running { func, assumed, .. } = i
                        && Some(*func) == here
                    {
                        *assumed = Some(template.clone());
                    }
                }
                self.f.ret = Some(template);
                self.f.ret_fixed = true;
            }
        }
        for (p, arg) in params.iter().zip(args) {
            let value = match (arg, &p.default) {
                (Val::Absent, Some(default)) => self.expr(default)?,
                (v, _) => v.clone(),
            };
            self.bind_pattern(&p.pattern, value, What::Param, p.span)?;
        }
        let value = self.expr(&body)?;
        self.give(value, body.span)
    }

    /// `return value`.
    pub fn give(&mut self, value: Val, span: Span) -> R<()> {
        let value = self.settle(&value, crate::types::DType::F64, span)?;
        let found = self.template(&value);
        let target = match self.f.ret.clone() {
            None => {
                self.f.ret = Some(found.clone());
                found.clone()
            }
            Some(ret) if self.f.ret_fixed => ret,
            Some(ret) => match self.join(&ret, &found)? {
                Some(joined) if joined.key() == ret.key() => ret,
                Some(joined) => {
                    self.f.ret = Some(joined);
                    return Err(Fail::Restart);
                }
                None => {
                    let (a, b) = (self.show_template(&ret), self.show(&value));
                    let name = self.f.name.clone();
                    return self.error("E0203", span, format!("`{name}` gives {a} on one path and {b} on another"));
                }
            },
        };
        if self.f.ret_fixed && !self.absorbs(&target, &found)? {
            let (a, b) = (self.show_template(&target), self.show(&value));
            let name = self.f.name.clone();
            return self.error("E0203", span, format!("`{name}` is declared to give {a}, but this is {b}"));
        }
        let value = self.conform(&value, &target, span)?;
        let leaves = value.leaves();
        self.push(StmtKind::Return(leaves), span);
        Ok(())
    }

    /// Calls an instance and rebuilds its result in this frame.
    pub fn call_instance(&mut self, called: &Called, span: Span) -> Val {
        let results = self.result_locals(called);
        let value = self.rebuild(called, &results);
        self.push(
            StmtKind::Call { func: called.func, sizes: called.sizes.clone(), args: called.args.clone(), results },
            span,
        );
        let mut fits = true;
        let of = |s: crate::types::Sym| called.sizes[s.0 as usize].as_const();
        called.template.val.map(&mut Val::clone, &mut |d| {
            let mut known = true;
            d.symbols(&mut |s| known &= of(s).is_some());
            fits &= !known || d.eval(&|s| of(s).unwrap_or(0)).is_some();
            d.clone()
        });
        if !fits {
            self.diags.push(crate::failures::overflow(span));
            return Val::Error;
        }
        value
    }

    /// Fresh locals for the results of an instance.
    pub fn result_locals(&mut self, called: &Called) -> Vec<Local> {
        let types: Vec<LeafTy> =
            called.template.types.iter().map(|t| t.substitute(&|s| called.sizes[s.0 as usize].clone())).collect();
        types.into_iter().map(|t| self.local(t, false, None)).collect()
    }

    /// The result of an instance with these locals as its leaves.
    pub fn rebuild(&self, called: &Called, results: &[Local]) -> Val {
        called.template.val.map(
            &mut |v| match v {
                Val::Leaf(l) => Val::Leaf(results[l.0 as usize]),
                other => other.clone(),
            },
            &mut |d| d.substitute(&|s| called.sizes[s.0 as usize].clone()),
        )
    }
}
