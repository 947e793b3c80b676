//! Which instructions must stay although nobody uses their results, and which may not run where the program did not
//! run them.
//!
//! ```text
//! v2 = call @1 v0      ; kept if @1 prints, checks, loops by condition or recurs
//! v3 = add v1 v1       ; i64: may overflow, so it stays inside a loop that may run zero times
//! ```
//!
//! A failure of a pure operation is not an effect: an operation that nobody uses is dropped, even if it would have
//! failed. Checks that the program states (`assert`, bounds, sizes) are effects.

use super::edit::int;
use crate::ir::entity::Side;
use crate::ir::walk::walk;
use crate::ir::{Func, FuncId, Inst, Kind, Module, Value};
use adl_lang::ops::{Op, Reduction, Sel};
use adl_lang::prims::Prim;
use adl_lang::types::{DType, Dim, Ty};

/// What functions of a module do besides giving results.
pub struct Effects {
    /// Which have no effect and certainly end.
    quiet: Side<FuncId, bool>,
    /// Which print nothing.
    silent: Side<FuncId, bool>,
}

impl Effects {
    /// Nothing is known of any function.
    pub fn unknown() -> Effects {
        Effects { quiet: Side::new(false), silent: Side::new(false) }
    }

    /// What is true of a module. `order` has callees before callers, but for recursion.
    pub fn of(module: &Module, order: &[FuncId]) -> Effects {
        let mut effects = Effects::unknown();
        for &id in order {
            let func = &module.funcs[id];
            let (mut quiet, mut silent) = (true, true);
            walk(func, func.body, &mut |_, inst| {
                quiet &= !effects.has(func, inst);
                silent &= effects.silent(func, inst);
            });
            effects.quiet.set(id, quiet);
            effects.silent.set(id, silent);
        }
        effects
    }

    /// The same where loops and recursions are taken to end and positions to be in range:
    /// what claims and prints nothing may go if nobody uses its results.
    pub fn of_ending(module: &Module, order: &[FuncId]) -> Effects {
        let mut effects = Effects { quiet: Side::new(true), silent: Side::new(true) };
        loop {
            let mut changed = false;
            for &id in order {
                let func = &module.funcs[id];
                let (mut quiet, mut silent) = (true, true);
                walk(func, func.body, &mut |_, inst| {
                    let kind = &func.insts[inst].kind;
                    quiet &= matches!(kind, Kind::While { .. } | Kind::Bounds { .. }) || !effects.has(func, inst);
                    silent &= effects.silent(func, inst);
                });
                changed |= effects.quiet[id] != quiet || effects.silent[id] != silent;
                effects.quiet.set(id, quiet);
                effects.silent.set(id, silent);
            }
            if !changed {
                return effects;
            }
        }
    }

    /// Whether an instruction, apart from the blocks it owns, prints nothing.
    pub fn silent(&self, func: &Func, inst: Inst) -> bool {
        match &func.insts[inst].kind {
            Kind::Print(_) => false,
            Kind::Call { func, .. } | Kind::Jvp { func, .. } | Kind::Vjp { func, .. } => self.silent[*func],
            _ => true,
        }
    }

    /// Whether an instruction, apart from the blocks it owns, must stay although nobody uses its results.
    pub fn has(&self, func: &Func, inst: Inst) -> bool {
        match &func.insts[inst].kind {
            Kind::Pure(_) | Kind::If { .. } | Kind::For { .. } | Kind::Map { .. } => false,
            Kind::Call { func, .. } => !self.quiet[*func],
            Kind::While { .. }
            | Kind::Jvp { .. }
            | Kind::Vjp { .. }
            | Kind::Bounds { .. }
            | Kind::NonNegative(_)
            | Kind::SameSize(..)
            | Kind::Assert(_)
            | Kind::Print(_)
            | Kind::TapeNew
            | Kind::Push
            | Kind::Pop
            | Kind::TapeEnd => true,
        }
    }

    /// Whether an instruction may run where the program did not run it: it, and all it owns, neither fails nor has an
    /// effect.
    pub fn speculable(&self, func: &Func, inst: Inst) -> bool {
        match &func.insts[inst].kind {
            Kind::Pure(op) => !may_fail(func, op, &func.insts[inst].args),
            Kind::Call { .. } => false,
            kind => {
                !self.has(func, inst)
                    && kind.blocks().all(|b| func.blocks[b].insts.iter().all(|&i| self.speculable(func, i)))
            }
        }
    }
}

/// Whether a pure operation can fail, or touch memory that is not there.
pub fn may_fail(func: &Func, op: &Op, args: &[Value]) -> bool {
    let dtype = || func.data(args[0]).dtype;
    match op {
        Op::Size(dim) => func.range(dim).is_none(),
        Op::Const(_) | Op::Table(_) | Op::Transpose(_) | Op::Concat(_) | Op::ArgSort | Op::Factor(_) => false,
        Op::Prim(prim) => dtype() == DType::I64 && prim_may_fail(func, *prim, args),
        Op::Convert(to) => *to == DType::I64 && dtype().is_float(),
        Op::Broadcast { dims, .. } | Op::Random(_, dims) => {
            dims.iter().any(|dim| may_be_negative(func, dim) || func.range(dim).is_none())
        }
        Op::Reshape(dims) => dims.iter().any(|dim| may_be_negative(func, dim)),
        Op::Iota(dim) => may_be_negative(func, dim) || func.range(dim).is_none(),
        Op::Reduce(Reduction::Sum, _) | Op::MatMul { .. } => dtype() == DType::I64,
        Op::Reduce(Reduction::Max | Reduction::Min, axes) => {
            !dtype().is_float() && axes.iter().any(|&a| may_be_empty(func, &func.data(args[0]).dims[a]))
        }
        Op::Reduce(Reduction::All | Reduction::Any, _) => false,
        Op::ArgReduce { axis, .. } => may_be_empty(func, &func.data(args[0]).dims[*axis]),
        Op::Host { .. } => true,
        Op::Index(sels) => may_miss(func, func.data(args[0]), sels, &args[1..]),
        Op::Update(sels) => may_miss(func, func.data(args[0]), sels, &args[2..]),
        Op::Acc(sels) => dtype() == DType::I64 || may_miss(func, func.data(args[0]), sels, &args[2..]),
    }
}

/// Whether a primitive of whole numbers can fail on these operands.
fn prim_may_fail(func: &Func, prim: Prim, args: &[Value]) -> bool {
    match prim {
        Prim::Add | Prim::Sub | Prim::Mul | Prim::Neg | Prim::Abs | Prim::Pow => true,
        Prim::FloorDiv | Prim::Rem => int(func, args[1]).is_none_or(|by| by == 0 || by == -1),
        _ => false,
    }
}

fn may_be_negative(func: &Func, dim: &Dim) -> bool {
    func.least(dim).is_none_or(|least| least < 0)
}

fn may_be_empty(func: &Func, dim: &Dim) -> bool {
    func.least(dim).is_none_or(|least| least < 1)
}

/// Whether selectors can name a position outside of an array.
fn may_miss(func: &Func, base: &Ty, sels: &[Sel], operands: &[Value]) -> bool {
    let mut operands = operands.iter();
    sels.iter().zip(&base.dims).any(|(sel, dim)| {
        let operand = if sel.has_operand() { operands.next() } else { None };
        let start = operand.and_then(|&v| int(func, v));
        let inside = |at: i64| dim.as_const().is_some_and(|n| (0..n).contains(&at));
        match sel {
            Sel::All => false,
            Sel::At | Sel::Pick => !start.is_some_and(inside),
            Sel::Span { len, step } => match (start, len.as_const()) {
                (Some(start), Some(len)) => {
                    len > 0 && !(inside(start) && inside((len - 1).saturating_mul(*step).saturating_add(start)))
                }
                _ => true,
            },
        }
    })
}
