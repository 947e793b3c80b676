//! A function without what it prints and asserts (`quiet`), or without any check at all (`bare`): for runs that only
//! repeat what was run before.
//!
//! ```text
//! func @0 f(v0: f64) -> f64 {            func @5 f.bare(v0: f64) -> f64 {
//!   print "x = " v0                 =>     v1 = call @6 (v0)                  ; @6 is g.bare
//!   v1 = call @1 (v0)                      yield v1
//!   yield v1                             }
//! }
//! ```

use super::emit::Emit;
use super::{Ad, Level};
use crate::ir::copy::Copier;
use crate::ir::walk::standing;
use crate::ir::{Func, FuncId, Kind, Module, Rules};
use rustc_hash::FxHashSet;
use std::rc::Rc;

/// The function that an instruction calls or asks a derivative of.
pub(super) fn callee(kind: &Kind) -> Option<FuncId> {
    match kind {
        Kind::Call { func, .. } | Kind::Jvp { func, .. } | Kind::Vjp { func, .. } => Some(*func),
        Kind::Pure(_)
        | Kind::If { .. }
        | Kind::For { .. }
        | Kind::While { .. }
        | Kind::Map { .. }
        | Kind::Bounds { .. }
        | Kind::NonNegative(_)
        | Kind::SameSize(..)
        | Kind::Assert(_)
        | Kind::Print(_)
        | Kind::TapeNew
        | Kind::Push
        | Kind::Pop
        | Kind::TapeEnd => None,
    }
}

/// Whether the level leaves such an instruction out.
pub(super) fn drops(level: Level, kind: &Kind) -> bool {
    match kind {
        Kind::Print(_) | Kind::Assert(_) => true,
        Kind::Bounds { .. } | Kind::NonNegative(_) | Kind::SameSize(..) => level == Level::Bare,
        Kind::Pure(_)
        | Kind::If { .. }
        | Kind::For { .. }
        | Kind::While { .. }
        | Kind::Map { .. }
        | Kind::Call { .. }
        | Kind::Jvp { .. }
        | Kind::Vjp { .. }
        | Kind::TapeNew
        | Kind::Push
        | Kind::Pop
        | Kind::TapeEnd => false,
    }
}

/// Whether there is anything to leave out, in the function or in what it calls.
pub(super) fn has_effects(module: &Module, func: FuncId, level: Level) -> bool {
    let mut seen = FxHashSet::from_iter([func]);
    let mut work = vec![func];
    while let Some(next) = work.pop() {
        let func = &module.funcs[next];
        for inst in standing(func) {
            let kind = &func.insts[inst].kind;
            if drops(level, kind) {
                return true;
            }
            work.extend(callee(kind).filter(|&callee| seen.insert(callee)));
        }
        let rules = func.rules.jvp.into_iter().chain(func.rules.vjp.map(|(fwd, _)| fwd));
        work.extend(rules.filter(|&rule| seen.insert(rule)));
    }
    false
}

/// Makes the stripped function.
pub(super) fn strip(ad: &mut Ad<'_>, source: Rc<Func>, level: Level) -> Func {
    let mut kept = (*source).clone();
    for block in kept.blocks.keys() {
        let mut insts = std::mem::take(&mut kept.blocks[block].insts);
        insts.retain(|&inst| !drops(level, &kept.insts[inst].kind));
        kept.blocks[block].insts = insts;
    }
    for inst in standing(&kept) {
        match &mut kept.insts[inst].kind {
            Kind::Call { func, .. } | Kind::Vjp { func, .. } | Kind::Jvp { func, .. } => *func = ad.strip(*func, level),
            Kind::Pure(_)
            | Kind::If { .. }
            | Kind::For { .. }
            | Kind::While { .. }
            | Kind::Map { .. }
            | Kind::Bounds { .. }
            | Kind::NonNegative(_)
            | Kind::SameSize(..)
            | Kind::Assert(_)
            | Kind::Print(_)
            | Kind::TapeNew
            | Kind::Push
            | Kind::Pop
            | Kind::TapeEnd => {}
        }
    }
    let mut func = compact(&kept);
    // The second function of a `vjp` rule repeats nothing: what it checks is its own.
    func.rules = Rules {
        jvp: kept.rules.jvp.map(|rule| ad.strip(rule, level)),
        vjp: kept.rules.vjp.map(|(fwd, bwd)| (ad.strip(fwd, level), bwd)),
    };
    func
}

/// The function without instructions and values that are not reachable.
fn compact(func: &Func) -> Func {
    let mut emit = Emit::like(func, func.name.clone());
    let mut copier = Copier::new(func);
    for &param in func.params() {
        let copy = emit.func.param(emit.block, func.ty(param).clone());
        copier.map.insert(param, copy);
    }
    copier.contents(func.body, &mut emit.to());
    let results = copier.values(func.results());
    emit.to().set_yields(results);
    emit.func
}
