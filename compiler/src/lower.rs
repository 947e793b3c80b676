//! From the typed tree to the IR: variables become values.
//!
//! ```text
//! set l2 = l0                                v1 = const 2
//! let l3 = const 2                           v5 = for v1 (v0) { (v2: i64, v3: f64)
//! for l4 in 0..l3 {                   =>       v4 = cos v3
//!   let l5 = cos(l2);  set l2 = l5             yield v4
//! }                                          }
//! return [l2]                                yield v5
//! ```
//!
//! Three steps, each linear in the size of the function: `jumps` turns `break`, `continue` and `return` into flags and
//! branches, `live` finds which variables every branch and loop must hand on (`shared`, which tests of loops leave
//! something behind), and this file writes the instructions.
//! A variable costs nothing by itself: `Set` only changes which value its name stands for.
//!
//! Requires: what the checker promises of the typed tree. Ensures: verified IR, one function for each instance with
//! the same number, and the span of a statement on each of its instructions. Requests for derivatives stay requests.

mod jumps;
mod live;
mod shared;

use crate::ir::entity::Entity;
use crate::ir::{self, Builder, Claim, Kind, Type, Value};
use adl_lang::defect;
use adl_lang::typed::{Func, Local, Module, Stmt, StmtKind};
use live::Carried;
use std::convert::Infallible;

/// Lowers all functions; instance `k` becomes function `k`.
pub fn lower(module: &Module) -> ir::Module {
    all(module, false)
}

/// The same, with the names that values have in the program.
pub fn lower_named(module: &Module) -> ir::Module {
    all(module, true)
}

fn all(module: &Module, named: bool) -> ir::Module {
    let mut out = ir::Module::default();
    for func in &module.funcs {
        out.funcs.push(function(func, named));
    }
    out
}

fn function(typed: &Func, named: bool) -> ir::Func {
    let typed = jumps::structured(typed);
    let carried = live::carried(&typed);
    let mut func = ir::Func::new(typed.name.clone(), typed.sizes.clone(), typed.span);
    let mut lowering = Lowering {
        typed: &typed,
        carried,
        to: Builder::new(&mut func),
        values: vec![None; typed.locals.len()],
        changes: Vec::new(),
        named,
    };
    for &param in &typed.params {
        lowering.param(param);
    }
    lowering.stmts(&typed.body);
    func.rules = typed.rules.map(func_id);
    (func.apart, func.library) = (typed.apart, typed.library);
    func
}

struct Lowering<'f> {
    typed: &'f Func,
    carried: Carried,
    to: Builder<'f>,
    /// What each local stands for here.
    values: Vec<Option<Value>>,
    /// What to restore at the end of a block.
    changes: Vec<(Local, Option<Value>)>,
    /// Whether values keep the names that they have in the program.
    named: bool,
}

impl Lowering<'_> {
    fn stmts(&mut self, stmts: &[Stmt]) {
        for stmt in stmts {
            self.to.place = stmt.span.into();
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Let(local, op, args) => {
                let args = self.get_all(args);
                let value = self.to.pure(op.clone(), &args);
                self.set(*local, value);
            }
            StmtKind::Set(variable, value) => {
                let value = self.get(*value);
                self.set(*variable, value);
            }
            StmtKind::If { cond, then, otherwise } => {
                let cond = self.get(*cond);
                let carried = self.carried.of(stmt);
                let then = self.block(then, &carried);
                let otherwise = self.block(otherwise, &carried);
                self.control(Kind::If { then, otherwise }, vec![cond], &carried);
            }
            StmtKind::For { index, count, body } => {
                let carried = self.carried.of(stmt);
                let mut args = vec![self.get(*count)];
                args.extend(self.get_all(&carried));
                let (body, ()) = self.scope(|this| {
                    this.param(*index);
                    carried.iter().for_each(|&c| this.param(c));
                    this.stmts(body);
                    this.yields(&carried);
                });
                self.control(Kind::For { body }, args, &carried);
            }
            StmtKind::While { test, cond, body } => {
                let carried = self.carried.of(stmt);
                let args = self.get_all(&carried);
                let (test, ()) = self.scope(|this| {
                    carried.iter().for_each(|&c| this.param(c));
                    this.stmts(test);
                    this.yields(&[*cond]);
                });
                let (body, ()) = self.scope(|this| {
                    carried.iter().for_each(|&c| this.param(c));
                    this.stmts(body);
                    this.yields(&carried);
                });
                self.control(Kind::While { test, body }, args, &carried);
            }
            StmtKind::Map { extents, indices, body, yields, results } => {
                let (body, ()) = self.scope(|this| {
                    indices.iter().for_each(|&i| this.param(i));
                    this.stmts(body);
                    this.yields(yields);
                });
                let kind = Kind::Map { extents: extents.clone(), body, accs: 0 };
                self.control(kind, Vec::new(), results);
            }
            StmtKind::Call { func, sizes, args, results } => {
                let kind = Kind::Call { func: func_id(*func), sizes: sizes.clone() };
                let args = self.get_all(args);
                self.control(kind, args, results);
            }
            StmtKind::Jvp { .. } | StmtKind::Vjp { .. } => self.request(&stmt.kind),
            StmtKind::Return(values) => self.yields(values),
            StmtKind::Bounds { index, len, what } => {
                let index = self.get(*index);
                let kind = Kind::Bounds { len: len.clone(), what: *what };
                self.to.inst(kind, vec![index], Vec::new());
            }
            StmtKind::NonNegative { size } => {
                self.to.inst(Kind::NonNegative(size.clone()), Vec::new(), Vec::new());
            }
            StmtKind::SameSize { left, right } => {
                let kind = Kind::SameSize(left.clone(), right.clone());
                self.to.inst(kind, Vec::new(), Vec::new());
            }
            StmtKind::Assert { cond, said } => {
                let mut args = vec![self.get(*cond)];
                let Ok(said) = said.map(&mut |local| Ok::<_, Infallible>(self.part(*local, &mut args)));
                self.to.inst(Kind::Assert(Claim::Said(said)), args, Vec::new());
            }
            StmtKind::Print { message } => {
                let mut args = Vec::new();
                let Ok(message) = message.map(&mut |local| Ok::<_, Infallible>(self.part(*local, &mut args)));
                self.to.inst(Kind::Print(message), args, Vec::new());
            }
            StmtKind::Break | StmtKind::Continue => {
                defect!("a jump is left in {}", self.typed.name)
            }
        }
    }

    /// `jvp` and `vjp`: operands are the arguments, then the directions; so are the results.
    fn request(&mut self, kind: &StmtKind) {
        match kind {
            StmtKind::Jvp { func, sizes, args, tangents, results, result_tangents, again } => {
                let active = tangents.iter().map(Option::is_some).collect();
                let mut operands = self.get_all(args);
                operands.extend(tangents.iter().flatten().map(|&t| self.get(t)));
                let kind = Kind::Jvp { func: func_id(*func), sizes: sizes.clone(), active, again: *again };
                let float = |l: &Local| self.typed.ty(*l).dtype.is_float();
                let tangents: Vec<Option<Local>> =
                    results.iter().zip(result_tangents).filter_map(|(r, t)| float(r).then_some(*t)).collect();
                let mut types: Vec<Type> = results.iter().map(|&r| self.ty(r)).collect();
                types.extend(results.iter().filter(|r| float(r)).map(|&r| self.ty(r)).collect::<Vec<_>>());
                let values = self.to.results(kind, operands, types);
                let names = results.iter().copied().map(Some).chain(tangents);
                for (name, value) in names.zip(values) {
                    if let Some(name) = name {
                        self.set(name, value);
                    }
                }
            }
            StmtKind::Vjp { func, sizes, args, cotangents, results, param_cotangents } => {
                let mut operands = self.get_all(args);
                operands.extend(cotangents.iter().flatten().map(|&c| self.get(c)));
                let kind = Kind::Vjp {
                    func: func_id(*func),
                    sizes: sizes.clone(),
                    seeds: cotangents.iter().map(Option::is_some).collect(),
                    wrt: param_cotangents.iter().map(Option::is_some).collect(),
                    primal: results.is_some(),
                };
                let mut names = results.clone().unwrap_or_default();
                names.extend(param_cotangents.iter().flatten());
                self.control(kind, operands, &names);
            }
            _ => defect!("no request for a derivative"),
        }
    }

    /// An instruction whose results are the new values of `names`.
    fn control(&mut self, kind: Kind, args: Vec<Value>, names: &[Local]) {
        let types = names.iter().map(|&n| self.ty(n)).collect();
        let values = self.to.results(kind, args, types);
        for (&name, value) in names.iter().zip(values) {
            self.set(name, value);
        }
    }

    /// A block without parameters that yields what `carried` stand for at its end.
    fn block(&mut self, stmts: &[Stmt], carried: &[Local]) -> ir::Block {
        let (block, ()) = self.scope(|this| {
            this.stmts(stmts);
            this.yields(carried);
        });
        block
    }

    /// Writes to a new block; what changes in it is forgotten behind it.
    fn scope<R>(&mut self, f: impl FnOnce(&mut Self) -> R) -> (ir::Block, R) {
        let (mark, place) = (self.changes.len(), self.to.place);
        let block = self.to.func.block();
        let outer = std::mem::replace(&mut self.to.block, block);
        // Blocks may be nested deeply.
        let result = stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, || f(self));
        (self.to.block, self.to.place) = (outer, place);
        for (local, value) in self.changes.drain(mark..).rev() {
            self.values[local.0 as usize] = value;
        }
        (block, result)
    }

    fn yields(&mut self, locals: &[Local]) {
        let values = self.get_all(locals);
        self.to.set_yields(values);
    }

    fn param(&mut self, local: Local) {
        let ty = self.ty(local);
        let value = self.to.param(ty);
        self.set(local, value);
    }

    /// One more operand, for a message: its position.
    fn part(&mut self, local: Local, args: &mut Vec<Value>) -> usize {
        args.push(self.get(local));
        args.len() - 1
    }

    fn ty(&self, local: Local) -> Type {
        Type::Data(self.typed.ty(local).clone())
    }

    fn set(&mut self, local: Local, value: Value) {
        if self.named
            && let Some(name) = &self.typed.locals[local.0 as usize].name
        {
            self.to.func.names.entry(value).or_insert_with(|| name.clone());
        }
        let old = self.values[local.0 as usize].replace(value);
        self.changes.push((local, old));
    }

    /// What a local stands for. A variable may be handed on where the program never gets to use it, behind a `return`
    /// for instance; it is zero there.
    fn get(&mut self, local: Local) -> Value {
        match self.values[local.0 as usize] {
            Some(value) => value,
            None => {
                assert!(
                    self.typed.locals[local.0 as usize].mutable,
                    "internal error: {local:?} of {} is used before it is defined",
                    self.typed.name
                );
                let ty = self.typed.ty(local).clone();
                self.to.full(&ty, 0.0)
            }
        }
    }

    fn get_all(&mut self, locals: &[Local]) -> Vec<Value> {
        locals.iter().map(|&l| self.get(l)).collect()
    }
}

fn func_id(id: adl_lang::typed::FuncId) -> ir::FuncId {
    ir::FuncId::new(id.0 as usize)
}
