//! Walks over the instructions of a function: what stands in a block and in the blocks within it, and what is named
//! there. Differentiation, optimisation, planning and code generation share them.
//!
//! Passes leave instructions behind that no block names: only a walk tells which of the arena still stand.

use super::{Block, Func, Inst, Value};

/// Calls `f` with every instruction of a block and of all within it, an owner before what it owns.
pub fn walk(func: &Func, block: Block, f: &mut dyn FnMut(Block, Inst)) {
    for &inst in &func.blocks[block].insts {
        f(block, inst);
        for inner in func.insts[inst].kind.blocks() {
            walk(func, inner, f);
        }
    }
}

/// The instructions that stand in a function, in order.
pub fn standing(func: &Func) -> Vec<Inst> {
    let mut all = Vec::new();
    walk(func, func.body, &mut |_, inst| all.push(inst));
    all
}

/// Calls `f` with every value that an instruction and what it owns name.
pub fn named(func: &Func, inst: Inst, f: &mut dyn FnMut(Value)) {
    func.insts[inst].args.iter().for_each(|&v| f(v));
    for inner in func.insts[inst].kind.blocks() {
        named_in(func, inner, f);
    }
}

/// Calls `f` with every value that a block and all within it name.
pub fn named_in(func: &Func, block: Block, f: &mut dyn FnMut(Value)) {
    func.blocks[block].yields.iter().for_each(|&v| f(v));
    func.blocks[block].insts.iter().for_each(|&inst| named(func, inst, f));
}

/// Whether something holds of an instruction and of all that it owns.
pub fn throughout(func: &Func, inst: Inst, holds: &dyn Fn(Inst) -> bool) -> bool {
    holds(inst)
        && (func.insts[inst].kind.blocks())
            .all(|inner| func.blocks[inner].insts.iter().all(|&inst| throughout(func, inst, holds)))
}

/// Names other values in a block and in all within it.
pub fn replace(func: &mut Func, block: Block, with: &dyn Fn(Value) -> Value) {
    for at in 0..func.blocks[block].insts.len() {
        let inst = func.blocks[block].insts[at];
        func.insts[inst].args.iter_mut().for_each(|arg| *arg = with(*arg));
        for inner in func.insts[inst].kind.blocks() {
            replace(func, inner, with);
        }
    }
    func.blocks[block].yields.iter_mut().for_each(|value| *value = with(*value));
}
