//! Joins branches on one condition, and takes away tapes that are pushed and popped in one place:
//! how the derivative of a branch outside of loops reads best.
//!
//! ```text
//! v4 = if v1 { a; push v3 x }              v6 = if v1 { a; b }
//! …                                =>      …
//! v6 = if v1 { y = pop v4; b }
//! ```
//!
//! What stands between must not need what the first one gives: then the first one waits for the second.

use super::edit::{Renames, detached, retain};
use super::effects::Effects;
use crate::ir::walk::{named, throughout};
use crate::ir::{Block, Def, Func, Inst, Kind, Type, Value};
use rustc_hash::FxHashSet;

/// Joins the branches of a function.
pub fn branches(func: &mut Func, effects: &Effects) {
    let body = func.body;
    let mut renames = Renames::new();
    block(func, body, effects, &mut renames);
    renames.apply_within(func, body);
    tapes(func, body);
}

fn block(func: &mut Func, at: Block, effects: &Effects, renames: &mut Renames) {
    let mut done: Vec<Inst> = Vec::new();
    for inst in std::mem::take(&mut func.blocks[at].insts) {
        renames.apply(&mut func.insts[inst].args);
        for inner in func.insts[inst].kind.blocks() {
            block(func, inner, effects, renames);
        }
        let inst = match partner(func, effects, &done, inst) {
            Some(place) => {
                let first = done.remove(place);
                join(func, (first, inst), renames)
            }
            None => inst,
        };
        done.push(inst);
    }
    func.blocks[at].insts = done;
    renames.apply(&mut func.blocks[at].yields);
}

/// The last branch on the same condition that can wait for this one.
fn partner(func: &Func, effects: &Effects, done: &[Inst], inst: Inst) -> Option<usize> {
    let (Kind::If { .. }, &[condition]) = (&func.insts[inst].kind, func.insts[inst].args.as_slice()) else {
        return None;
    };
    let same =
        |&first: &Inst| matches!(func.insts[first].kind, Kind::If { .. }) && func.insts[first].args == [condition];
    let place = done.iter().rposition(same)?;
    let first = done[place];
    let needed = done[place + 1..].iter().any(|&between| {
        let mut needs = false;
        named(func, between, &mut |v| needs |= matches!(func.values[v].def, Def::Result(by, _) if by == first));
        needs
    });
    // Lines are printed in order.
    (!needed && throughout(func, first, &|inst| effects.silent(func, inst))).then_some(place)
}

/// One branch that does what two did, and gives what is still wanted of the first and all that the second gives.
fn join(func: &mut Func, (first, second): (Inst, Inst), renames: &mut Renames) -> Inst {
    let (a, b) = (func.insts[first].clone(), func.insts[second].clone());
    let (Kind::If { then: a_then, otherwise: a_else }, Kind::If { then: b_then, otherwise: b_else }) = (a.kind, b.kind)
    else {
        return second;
    };
    // Tapes are used once: in the second branch, or after it.
    let mut inside = FxHashSet::default();
    named(func, second, &mut |v| {
        inside.insert(v);
    });
    let keep: Vec<bool> =
        a.results.iter().map(|&r| !(matches!(func.ty(r), Type::Tape) && inside.contains(&r))).collect();
    let mut blocks = Vec::new();
    for (one, two) in [(a_then, b_then), (a_else, b_else)] {
        let mut own = Renames::new();
        for (&result, &y) in a.results.iter().zip(&func.blocks[one].yields) {
            own.set(result, y);
        }
        own.apply_within(func, two);
        let (mut data, rest) = (func.blocks[one].clone(), func.blocks[two].clone());
        data.insts.extend(rest.insts);
        retain(&mut data.yields, &|k| keep[k]);
        data.yields.extend(rest.yields);
        let block = func.block();
        func.blocks[block] = data;
        blocks.push(block);
    }
    let old: Vec<Value> =
        a.results.iter().zip(&keep).filter(|(_, k)| **k).map(|(&r, _)| r).chain(b.results.iter().copied()).collect();
    let types = old.iter().map(|&r| func.ty(r).clone()).collect();
    let kind = Kind::If { then: blocks[0], otherwise: blocks[1] };
    let inst = detached(func, kind, b.args, types, b.place);
    for (old, new) in old.into_iter().zip(func.insts[inst].results.clone()) {
        renames.set(old, new);
    }
    inst
}

/// Pops what was pushed just before, in one block; a tape that is never pushed to goes.
fn tapes(func: &mut Func, at: Block) {
    let mut renames = Renames::new();
    let insts = func.blocks[at].insts.clone();
    let mut gone: FxHashSet<Inst> = FxHashSet::default();
    for &inst in &insts {
        renames.apply(&mut func.insts[inst].args);
        for inner in func.insts[inst].kind.blocks() {
            renames.apply_within(func, inner);
            tapes(func, inner);
        }
        let origin = func.insts[inst].args.first().and_then(|&tape| match func.values[tape].def {
            Def::Result(by, _) if insts.contains(&by) => Some(by),
            Def::Result(..) | Def::Param(..) => None,
        });
        let Some(by) = origin else { continue };
        match (&func.insts[inst].kind, &func.insts[by].kind) {
            (Kind::Pop, Kind::Push) => {
                let results = func.insts[inst].results.clone();
                for (old, new) in results.into_iter().zip(func.insts[by].args.clone()) {
                    renames.set(old, new);
                }
                gone.extend([inst, by]);
            }
            (Kind::TapeEnd, Kind::TapeNew) => gone.extend([inst, by]),
            _ => {}
        }
    }
    func.blocks[at].insts.retain(|inst| !gone.contains(inst));
    renames.apply(&mut func.blocks[at].yields);
}
