//! Checks what the typed tree promises: types of operations, definition before use, arity and types of calls, and
//! that every path returns.

use super::{Func, Local, Module, Piece, Stmt, StmtKind};
use crate::types::{DType, Dim, Ty};

struct Check<'m> {
    module: &'m Module,
    func: &'m Func,
    defined: Vec<bool>,
}

/// The first promise that is broken.
pub fn validate(module: &Module) -> Result<(), String> {
    for f in &module.funcs {
        let mut check = Check { module, func: f, defined: vec![false; f.locals.len()] };
        for p in &f.params {
            check.define(*p)?;
        }
        for l in &f.locals {
            for d in &l.ty.dims {
                check.dim(d)?;
            }
        }
        check.block(&f.body).map_err(|why| format!("{why}\nin {f}"))?;
        if !returns(&f.body) {
            return Err(format!("a path of {} does not return\n{f}", f.name));
        }
    }
    Ok(())
}

/// Whether every path through the statements returns (or loops for ever).
fn returns(body: &[Stmt]) -> bool {
    body.iter().any(|s| match &s.kind {
        StmtKind::Return(_) => true,
        StmtKind::If { then, otherwise, .. } => returns(then) && returns(otherwise),
        StmtKind::While { body, .. } => !breaks(body),
        _ => false,
    })
}

fn breaks(body: &[Stmt]) -> bool {
    body.iter().any(|s| match &s.kind {
        StmtKind::Break => true,
        StmtKind::If { then, otherwise, .. } => breaks(then) || breaks(otherwise),
        _ => false,
    })
}

impl Check<'_> {
    fn dim(&self, d: &Dim) -> Result<(), String> {
        let mut ok = true;
        d.symbols(&mut |s| ok &= (s.0 as usize) < self.func.sizes.len());
        if ok { Ok(()) } else { Err(format!("{d} has an unknown symbol in {}", self.func.name)) }
    }

    fn define(&mut self, l: Local) -> Result<(), String> {
        match self.defined.get_mut(l.0 as usize) {
            Some(d) if !*d => {
                *d = true;
                Ok(())
            }
            Some(_) => Err(format!("l{} is defined twice", l.0)),
            None => Err(format!("l{} does not exist", l.0)),
        }
    }

    fn used(&self, ls: &[Local]) -> Result<(), String> {
        for l in ls {
            if !self.defined.get(l.0 as usize).copied().unwrap_or(false) {
                return Err(format!("l{} is used before it is defined", l.0));
            }
        }
        Ok(())
    }

    fn is(&self, l: Local, ty: &Ty, what: &str) -> Result<(), String> {
        if self.func.ty(l) == ty {
            Ok(())
        } else {
            Err(format!("{what}: l{} is {} and not {ty}", l.0, self.func.ty(l)))
        }
    }

    fn inner(&mut self, body: &[Stmt]) -> Result<(), String> {
        let outer = self.defined.clone();
        self.block(body)?;
        self.defined = outer;
        Ok(())
    }

    fn block(&mut self, body: &[Stmt]) -> Result<(), String> {
        for s in body {
            self.stmt(&s.kind)?;
        }
        Ok(())
    }

    fn call(&self, func: super::FuncId, sizes: &[Dim], args: &[Local]) -> Result<(Vec<Ty>, Vec<Ty>), String> {
        let callee = self.module.funcs.get(func.0 as usize).ok_or_else(|| format!("func {} does not exist", func.0))?;
        if sizes.len() != callee.sizes.len() || args.len() != callee.params.len() {
            return Err(format!("call of {} with {} sizes and {} arguments", callee.name, sizes.len(), args.len()));
        }
        sizes.iter().try_for_each(|d| self.dim(d))?;
        self.used(args)?;
        let here = |t: &Ty| t.substitute(&|s| sizes[s.0 as usize].clone());
        let params: Vec<Ty> = callee.params.iter().map(|p| here(callee.ty(*p))).collect();
        for (a, t) in args.iter().zip(&params) {
            self.is(*a, t, &format!("argument of {}", callee.name))?;
        }
        Ok((params, callee.results.iter().map(here).collect()))
    }

    fn results(&mut self, results: &[Local], types: &[Ty]) -> Result<(), String> {
        if results.len() != types.len() {
            return Err("number of results".into());
        }
        for (r, t) in results.iter().zip(types) {
            self.is(*r, t, "result")?;
            self.define(*r)?;
        }
        Ok(())
    }

    fn stmt(&mut self, s: &StmtKind) -> Result<(), String> {
        let whole = Ty::scalar(DType::I64);
        let truth = Ty::scalar(DType::Bool);
        match s {
            StmtKind::Let(l, op, args) => {
                self.used(args)?;
                let types: Vec<&Ty> = args.iter().map(|a| self.func.ty(*a)).collect();
                let ty = op.result(&types)?;
                self.is(*l, &ty, "operation")?;
                self.define(*l)
            }
            StmtKind::Set(a, b) => {
                self.used(&[*b])?;
                self.is(*a, self.func.ty(*b), "set")?;
                if !self.func.locals[a.0 as usize].mutable {
                    return Err(format!("l{} is set and not mutable", a.0));
                }
                self.defined[a.0 as usize] = true;
                Ok(())
            }
            StmtKind::If { cond, then, otherwise } => {
                self.used(&[*cond])?;
                self.is(*cond, &truth, "condition")?;
                let before = self.defined.clone();
                self.block(then)?;
                let after_then = std::mem::replace(&mut self.defined, before);
                self.block(otherwise)?;
                let leaves = |b: &[Stmt]| {
                    matches!(
                        b.last().map(|s| &s.kind),
                        Some(StmtKind::Return(_) | StmtKind::Break | StmtKind::Continue)
                    ) || returns(b)
                };
                let (a, b) = (leaves(then), leaves(otherwise));
                for (d, t) in self.defined.iter_mut().zip(after_then) {
                    *d = match (a, b) {
                        (true, _) => *d,
                        (false, true) => t,
                        (false, false) => *d && t,
                    };
                }
                Ok(())
            }
            StmtKind::For { index, count, body } => {
                self.used(&[*count])?;
                self.is(*count, &whole, "count")?;
                self.is(*index, &whole, "index")?;
                self.define(*index)?;
                self.inner(body)
            }
            StmtKind::While { test, cond, body } => {
                self.block(test)?;
                self.used(&[*cond])?;
                self.is(*cond, &truth, "condition")?;
                self.inner(body)
            }
            StmtKind::Map { extents, indices, body, yields, results } => {
                extents.iter().try_for_each(|d| self.dim(d))?;
                if extents.len() != indices.len() {
                    return Err("indices of a map".into());
                }
                let outer = self.defined.clone();
                for i in indices {
                    self.is(*i, &whole, "index")?;
                    self.define(*i)?;
                }
                self.block(body)?;
                self.used(yields)?;
                self.defined = outer;
                let types: Vec<Ty> = yields
                    .iter()
                    .map(|y| {
                        let ty = self.func.ty(*y);
                        Ty::array(ty.dtype, extents.iter().chain(&ty.dims).cloned().collect::<Vec<_>>())
                    })
                    .collect();
                self.results(results, &types)
            }
            StmtKind::Call { func, sizes, args, results } => {
                let (_, types) = self.call(*func, sizes, args)?;
                self.results(results, &types)
            }
            StmtKind::Jvp { func, sizes, args, tangents, results, result_tangents, .. } => {
                let (params, types) = self.call(*func, sizes, args)?;
                if tangents.len() != params.len() || result_tangents.len() != types.len() {
                    return Err("tangents".into());
                }
                for (t, p) in tangents.iter().zip(&params) {
                    if let Some(t) = t {
                        self.used(&[*t])?;
                        self.is(*t, p, "tangent")?;
                    }
                }
                self.results(results, &types)?;
                for (t, ty) in result_tangents.iter().zip(&types) {
                    if t.is_some() != ty.dtype.is_float() {
                        return Err("tangents of results".into());
                    }
                    if let Some(t) = t {
                        self.is(*t, ty, "tangent")?;
                        self.define(*t)?;
                    }
                }
                Ok(())
            }
            StmtKind::Vjp { func, sizes, args, cotangents, results, param_cotangents } => {
                let (params, types) = self.call(*func, sizes, args)?;
                if cotangents.len() != types.len() || param_cotangents.len() != params.len() {
                    return Err("cotangents".into());
                }
                for (c, ty) in cotangents.iter().zip(&types) {
                    if let Some(c) = c {
                        self.used(&[*c])?;
                        self.is(*c, ty, "cotangent")?;
                    }
                }
                if let Some(results) = results {
                    self.results(results, &types)?;
                }
                for (c, ty) in param_cotangents.iter().zip(&params) {
                    if let Some(c) = c {
                        self.is(*c, ty, "cotangent")?;
                        if !ty.dtype.is_float() {
                            return Err("cotangent of an integer".into());
                        }
                        self.define(*c)?;
                    }
                }
                Ok(())
            }
            StmtKind::Break | StmtKind::Continue => Ok(()),
            StmtKind::Return(ls) => {
                self.used(ls)?;
                if ls.len() != self.func.results.len() {
                    return Err("number of results".into());
                }
                ls.iter().zip(&self.func.results).try_for_each(|(l, t)| self.is(*l, t, "return"))
            }
            StmtKind::Bounds { index, len, .. } => {
                self.used(&[*index])?;
                self.dim(len)
            }
            StmtKind::NonNegative { size } => self.dim(size),
            StmtKind::SameSize { left, right } => {
                self.dim(left)?;
                self.dim(right)
            }
            StmtKind::Assert { cond, said } => {
                self.used(&[*cond])?;
                self.is(*cond, &truth, "condition")?;
                self.pieces(said.pieces())
            }
            StmtKind::Print { message } => {
                let mut locals = Vec::new();
                message.each(&mut |l| locals.push(*l));
                self.used(&locals)
            }
        }
    }

    fn pieces<'p>(&self, pieces: impl Iterator<Item = &'p Piece>) -> Result<(), String> {
        for p in pieces {
            if let Piece::Value(l, _) = p {
                self.used(&[*l])?;
            }
        }
        Ok(())
    }
}
