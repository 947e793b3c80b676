//! Guards every float operation against making a NaN, for programs that ask for it. It runs before the optimizer, so
//! that each operation is still where the program has it, in derivatives too.
//!
//! ```text
//! v1 = log v0          =>     v1 = log v0
//!                             v2 = ne v1 v1
//!                             v3 = eq v0 v0        ; what is given a NaN did not make one
//!                             v4 = and v2 v3
//!                             v5 = not v4
//!                             assert nan "log" v5, v4, v0
//! ```
//!
//! What is only chosen from by `where` may be NaN where it is not chosen: there the choice is guarded instead.

use super::edit::detached_pure;
use crate::ir::entity::Side;
use crate::ir::{Block, Claim, Func, Inst, Kind, Module, Type, Value};
use adl_lang::ops::{Op, Reduction};
use adl_lang::prims::Prim;

/// Guards all functions of a module.
pub fn guard(module: &mut Module) {
    for func in module.funcs.keys() {
        let func = &mut module.funcs[func];
        let spared = Spared::of(func);
        block(func, func.body, &spared);
    }
}

fn block(func: &mut Func, at: Block, spared: &Spared) {
    let insts = std::mem::take(&mut func.blocks[at].insts);
    let mut kept = Vec::with_capacity(insts.len());
    for inst in insts {
        for inner in func.insts[inst].kind.blocks() {
            block(func, inner, spared);
        }
        kept.push(inst);
        guarded(func, inst, spared, &mut kept);
    }
    func.blocks[at].insts = kept;
}

/// Adds the guard of an instruction behind it.
fn guarded(func: &mut Func, inst: Inst, spared: &Spared, out: &mut Vec<Inst>) {
    let data = &func.insts[inst];
    let Kind::Pure(op) = &data.kind else { return };
    let (result, args, place) = (data.results[0], data.args.clone(), data.place);
    if !is_float(func, result) || spared.values[result] {
        return;
    }
    let given: Vec<Value> = args.iter().copied().filter(|&arg| is_float(func, arg)).collect();
    let name = match op {
        Op::Prim(Prim::Select) if given.iter().any(|&arg| spared.values[arg]) => "where",
        Op::Prim(prim) if !matches!(prim, Prim::Select | Prim::StopGrad) => spelling(*prim),
        Op::Reduce(Reduction::Sum, _) => "sum",
        Op::MatMul { .. } => "@",
        Op::Acc(_) => "+=",
        // What only moves numbers makes none.
        _ => return,
    }
    .to_string();
    let chosen = matches!(op, Op::Prim(Prim::Select));
    let elementwise = matches!(op, Op::Prim(_));
    let mut emit = |func: &mut Func, op: Op, args: Vec<Value>| {
        let (inst, value) = detached_pure(func, op, args, place);
        out.push(inst);
        value
    };
    let mut bad = emit(func, Op::Prim(Prim::Ne), vec![result, result]);
    if !elementwise {
        bad = any(func, bad, &mut emit);
    }
    for &arg in given.iter().filter(|_| !chosen) {
        let fine = if elementwise {
            emit(func, Op::Prim(Prim::Eq), vec![arg, arg])
        } else {
            let nan = emit(func, Op::Prim(Prim::Ne), vec![arg, arg]);
            let nan = any(func, nan, &mut emit);
            emit(func, Op::Prim(Prim::Not), vec![nan])
        };
        bad = emit(func, Op::Prim(Prim::And), vec![bad, fine]);
    }
    let somewhere = any(func, bad, &mut emit);
    let fine = emit(func, Op::Prim(Prim::Not), vec![somewhere]);
    // In which entries, and what they were made of.
    let mut args = vec![fine];
    if elementwise && !chosen {
        args.push(bad);
        args.extend(given);
    }
    let assert = super::edit::detached(func, Kind::Assert(Claim::NoNan(name)), args, Vec::new(), place);
    out.push(assert);
}

/// As programs write it.
fn spelling(prim: Prim) -> &'static str {
    match prim {
        Prim::Add => "+",
        Prim::Sub | Prim::Neg => "-",
        Prim::Mul => "*",
        Prim::Div => "/",
        Prim::FloorDiv => "//",
        Prim::Rem => "%",
        Prim::Pow => "^",
        named => named.name(),
    }
}

/// Whether any entry is true; a scalar is its own answer.
fn any(func: &mut Func, value: Value, emit: &mut dyn FnMut(&mut Func, Op, Vec<Value>) -> Value) -> Value {
    match func.data(value).rank() {
        0 => value,
        rank => emit(func, Op::Reduce(Reduction::Any, (0..rank).collect()), vec![value]),
    }
}

fn is_float(func: &Func, value: Value) -> bool {
    matches!(func.ty(value), Type::Data(ty) if ty.dtype.is_float())
}

/// The values that are used only where something else may be chosen.
struct Spared {
    values: Side<Value, bool>,
}

impl Spared {
    fn of(func: &Func) -> Spared {
        // Until it is used otherwise, a value is spared; without any use it is not.
        let mut used = Side::new(false);
        let mut spared = Side::new(true);
        visit(func, func.body, &mut used, &mut spared);
        let mut values = Side::new(false);
        for value in func.values.keys() {
            values.set(value, used[value] && spared[value]);
        }
        Spared { values }
    }
}

/// Walks backwards, uses before what they use.
fn visit(func: &Func, block: Block, used: &mut Side<Value, bool>, spared: &mut Side<Value, bool>) {
    for &value in &func.blocks[block].yields {
        spared.set(value, false);
    }
    for &inst in func.blocks[block].insts.iter().rev() {
        let data = &func.insts[inst];
        for inner in data.kind.blocks() {
            visit(func, inner, used, spared);
        }
        for (k, &arg) in data.args.iter().enumerate() {
            let passes = match &data.kind {
                Kind::Pure(Op::Prim(Prim::Select)) => k > 0,
                Kind::Pure(op) => {
                    let result = data.results[0];
                    let moves = matches!(op, Op::Prim(_) | Op::Broadcast { .. } | Op::Reshape(_) | Op::Transpose(_));
                    moves && used[result] && spared[result]
                }
                _ => false,
            };
            used.set(arg, true);
            if !passes {
                spared.set(arg, false);
            }
        }
    }
}
