//! A `while` loop as a function that calls itself.
//!
//! ```text
//! v4 = while (v1) { (v2) test } do { (v3) … }     =>     v4 = call @5 (v0, v1)
//!
//!                                                        func @5 rounds(v0, v2) {
//!                                                          if test { call @5 (v0, …) } else { v2 }
//! ```
//!
//! The rounds of a `while` are known when it has run, and the language has no arrays of that length for a tape.
//! What calls itself needs none: the pullback of a round calls the pullback
//! of the rounds after it before it goes back itself.

use crate::ir::copy::Copier;
use crate::ir::{Block, Builder, Func, FuncId, Inst, Kind, Module, Type, Value};
use adl_lang::types::{Dim, Sym};
use rustc_hash::FxHashSet;

/// Outlines the loops of all functions that are reversed.
pub(crate) fn outline(module: &mut Module) {
    let mut work: Vec<FuncId> = Vec::new();
    for func in module.funcs.iter().map(|(_, func)| func) {
        work.extend(func.insts.iter().filter_map(|(_, data)| match data.kind {
            Kind::Vjp { func, .. } => Some(func),
            _ => None,
        }));
    }
    let mut seen = FxHashSet::default();
    while let Some(id) = work.pop() {
        if !seen.insert(id) {
            continue;
        }
        work.extend(module.funcs[id].rules.funcs());
        work.extend(module.funcs[id].insts.iter().filter_map(|(_, data)| match data.kind {
            Kind::Call { func, .. } | Kind::Jvp { func, .. } | Kind::Vjp { func, .. } => Some(func),
            _ => None,
        }));
        let body = module.funcs[id].body;
        block(module, id, body);
    }
}

/// Inner loops first, so that outer ones call their functions.
fn block(module: &mut Module, id: FuncId, at: Block) {
    for inst in module.funcs[id].blocks[at].insts.clone() {
        for inner in module.funcs[id].insts[inst].kind.blocks() {
            block(module, id, inner);
        }
        if let Kind::While { test, body } = module.funcs[id].insts[inst].kind {
            replace(module, id, inst, (test, body));
        }
    }
}

fn replace(module: &mut Module, id: FuncId, inst: Inst, (test, body): (Block, Block)) {
    let source = module.funcs[id].clone();
    let mut free = Vec::new();
    for block in [test, body] {
        let mut known = FxHashSet::default();
        named(&source, block, &mut known, &mut free);
    }
    let data = &source.insts[inst];
    let sizes: Vec<Dim> = (0..source.sizes.len() as u32).map(|k| Dim::sym(Sym(k))).collect();
    let types: Vec<Type> = data.results.iter().map(|&r| source.ty(r).clone()).collect();
    let own = module.funcs.next_key();
    let mut func = Func::new("rounds", source.sizes.clone(), data.place.span);
    let mut to = Builder::new(&mut func);
    let mut copier = Copier::new(&source);
    let kept: Vec<Value> = free.iter().map(|&value| copier.param(value, &mut to)).collect();
    let carries: Vec<Value> = source.blocks[test].params.iter().map(|&p| copier.param(p, &mut to)).collect();
    for block in [test, body] {
        copier.map.extend(source.blocks[block].params.iter().copied().zip(carries.iter().copied()));
    }
    copier.contents(test, &mut to);
    let more = copier.values(&source.blocks[test].yields);
    let (then, ()) = to.region(|to| {
        copier.contents(body, to);
        let next = [kept.clone(), copier.values(&source.blocks[body].yields)].concat();
        let last = to.call(own, sizes.clone(), next, types.clone());
        to.set_yields(last);
    });
    let (otherwise, ()) = to.region(|to| to.set_yields(carries.clone()));
    let last = to.results(Kind::If { then, otherwise }, more, types);
    to.set_yields(last);
    module.funcs.push(func);
    let data = &mut module.funcs[id].insts[inst];
    data.kind = Kind::Call { func: own, sizes };
    data.args.splice(0..0, free);
}

/// The values that a block and what it owns name and do not define.
fn named(func: &Func, block: Block, known: &mut FxHashSet<Value>, free: &mut Vec<Value>) {
    let mut name = |known: &FxHashSet<Value>, values: &[Value]| {
        for value in values {
            if !known.contains(value) && !free.contains(value) {
                free.push(*value);
            }
        }
    };
    known.extend(&func.blocks[block].params);
    let insts = func.blocks[block].insts.clone();
    for &inst in &insts {
        name(known, &func.insts[inst].args);
        known.extend(&func.insts[inst].results);
    }
    // What is owned may name all that stands in the block: it was verified before.
    name(known, &func.blocks[block].yields);
    for inst in insts {
        for inner in func.insts[inst].kind.blocks() {
            named(func, inner, known, free);
        }
    }
}
