//! Moves what only one branch names into that branch.
//!
//! ```text
//! v2 = exp v0                              v4 = if v1 { yield v0 } {
//! v4 = if v1 { yield v0 } {          =>      v2 = exp v0
//!   v3 = log v2                              v3 = log v2
//!   yield v3                                 yield v3
//! }                                        }
//! ```
//!
//! It is not computed where it is not needed; and before derivatives are taken, its cotangent is not
//! the zero of a branch that was not taken, which an overflow outside of the branch would turn into NaN.
//! Nothing moves into loops. What can fail stays where it is, in its order;
//! reading and writing parts of arrays cannot, for the check of the position stands before.

use super::effects::{Effects, may_fail};
use crate::ir::walk::named;
use crate::ir::{Block, Func, Inst, Kind, Value};
use adl_lang::ops::Op;
use rustc_hash::FxHashMap;

/// Moves instructions into branches, throughout a function.
pub fn sink(func: &mut Func) {
    if func.insts.iter().any(|(_, inst)| matches!(inst.kind, Kind::If { .. })) {
        let body = func.body;
        block(func, body, &Effects::unknown());
    }
}

/// Who names a value.
#[derive(Clone, Copy, PartialEq)]
enum Users {
    /// Instructions in this branch alone.
    In(Block),
    /// Others.
    Others,
}

fn block(func: &mut Func, at: Block, effects: &Effects) {
    let mut users: FxHashMap<Value, Users> = FxHashMap::default();
    let meet = |users: &mut FxHashMap<Value, Users>, value: Value, by: Users| {
        let known = users.entry(value).or_insert(by);
        if *known != by {
            *known = Users::Others;
        }
    };
    func.blocks[at].yields.iter().for_each(|&value| meet(&mut users, value, Users::Others));
    let mut moved: FxHashMap<Block, Vec<Inst>> = FxHashMap::default();
    let mut kept = Vec::new();
    for inst in std::mem::take(&mut func.blocks[at].insts).into_iter().rev() {
        let data = &func.insts[inst];
        if let Some(branch) = target(func, inst, &users, effects) {
            named(func, inst, &mut |value| meet(&mut users, value, Users::In(branch)));
            moved.entry(branch).or_default().push(inst);
            continue;
        }
        match data.kind {
            Kind::If { then, otherwise } => {
                data.args.iter().for_each(|&value| meet(&mut users, value, Users::Others));
                for side in [then, otherwise] {
                    func.blocks[side].yields.iter().for_each(|&value| meet(&mut users, value, Users::In(side)));
                    for &inner in &func.blocks[side].insts {
                        named(func, inner, &mut |value| meet(&mut users, value, Users::In(side)));
                    }
                }
            }
            _ => named(func, inst, &mut |value| meet(&mut users, value, Users::Others)),
        }
        kept.push(inst);
    }
    kept.reverse();
    for (branch, insts) in moved {
        let rest = std::mem::take(&mut func.blocks[branch].insts);
        func.blocks[branch].insts = insts.into_iter().rev().chain(rest).collect();
    }
    for &inst in &kept {
        for inner in func.insts[inst].kind.blocks() {
            block(func, inner, effects);
        }
    }
    func.blocks[at].insts = kept;
}

/// The branch that an instruction moves into.
fn target(func: &Func, inst: Inst, users: &FxHashMap<Value, Users>, effects: &Effects) -> Option<Block> {
    let data = &func.insts[inst];
    let movable = match &data.kind {
        Kind::Pure(Op::Index(_) | Op::Update(_)) => true,
        Kind::Pure(op) => !may_fail(func, op, &data.args),
        _ => effects.speculable(func, inst),
    };
    let mut all = data.results.iter().filter_map(|result| users.get(result));
    match all.next() {
        Some(&Users::In(branch)) if movable && all.all(|&by| by == Users::In(branch)) => Some(branch),
        _ => None,
    }
}
