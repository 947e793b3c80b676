//! Which stored arrays must not share memory: what is still needed when an array is written, and what is read while
//! it is written at another index.

use super::cost::same_but_units;
use super::fuse::{Form, Forms, owner};
use super::live::{Life, Set};
use crate::ir::{Def, Func, Inst, Kind, Value};
use adl_lang::ops::Op;

/// For each array, by number, what it must not overwrite. `in_place(call, result)` is the argument that a call turns
/// into that result.
pub(crate) fn conflicts(
    func: &Func,
    forms: &Forms,
    life: &Life,
    in_place: &dyn Fn(Inst, usize) -> Option<usize>,
) -> Vec<Set> {
    let mut sets: Vec<Set> = life
        .arrays
        .iter()
        .enumerate()
        .map(|(k, &v)| {
            let mut set = match func.values[v].def {
                Def::Param(block, _) => life.entry.get(&block).cloned().unwrap_or_default(),
                Def::Result(inst, position) => at_result(func, forms, life, in_place, inst, position as usize),
            };
            set.remove(k);
            set
        })
        .collect();
    for (inst, _) in func.insts.iter() {
        if life.at.contains_key(&inst) {
            siblings(func, forms, life, inst, &mut sets);
        }
    }
    let body = func.blocks[func.body].params.clone();
    mutual(life, &body, &mut sets);
    sets
}

fn at_result(
    func: &Func,
    forms: &Forms,
    life: &Life,
    in_place: &dyn Fn(Inst, usize) -> Option<usize>,
    inst: Inst,
    position: usize,
) -> Set {
    let mut set = life.after.get(&inst).cloned().unwrap_or_default();
    let data = &func.insts[inst];
    let read = |set: &mut Set, args: &[Value]| {
        for &arg in args {
            life.reads(forms, arg).into_iter().for_each(|k| set.insert(k));
        }
    };
    match &data.kind {
        Kind::Pure(Op::Update(_) | Op::Acc(_)) => read(&mut set, &data.args[1..]),
        Kind::Pure(Op::Prim(_) | Op::Convert(_)) => {
            let mut same = Vec::new();
            for &arg in &data.args {
                reads_elsewhere(func, forms, life, arg, &mut same, &mut set);
            }
        }
        Kind::Pure(_) | Kind::Push | Kind::Pop => read(&mut set, &data.args),
        Kind::Call { .. } => {
            let spared = in_place(inst, position);
            for (j, &arg) in data.args.iter().enumerate() {
                if spared != Some(j) {
                    read(&mut set, &[arg]);
                }
            }
        }
        Kind::Map { body, accs, .. } => {
            if position < data.results.len() - accs {
                read(&mut set, &data.args);
                if let Some(free) = life.free.get(body) {
                    set.join(free);
                }
                let inside = life.block_at[body];
                let within = |k: &usize| inside.covers(life.span[*k]);
                (0..life.arrays.len()).filter(within).for_each(|k| set.insert(k));
            }
        }
        Kind::If { .. } | Kind::For { .. } | Kind::While { .. } => {}
        Kind::Jvp { .. }
        | Kind::Vjp { .. }
        | Kind::Bounds { .. }
        | Kind::NonNegative(_)
        | Kind::SameSize(..)
        | Kind::Assert(_)
        | Kind::Print(_)
        | Kind::TapeNew
        | Kind::TapeEnd => {}
    }
    set
}

/// Adds to `set` what an element-wise operand reads at another index than the one that is computed.
fn reads_elsewhere(func: &Func, forms: &Forms, life: &Life, value: Value, seen: &mut Vec<Value>, set: &mut Set) {
    if seen.contains(&value) {
        return;
    }
    seen.push(value);
    let whole = owner(func, forms, value).is_some_and(|o| func.data(o).len() == func.data(value).len());
    if func.data(value).is_scalar() || whole {
        return;
    }
    if forms.form(value) == Form::Inline
        && let Def::Result(inst, _) = func.values[value].def
    {
        let data = &func.insts[inst];
        let same = match &data.kind {
            Kind::Pure(Op::Prim(_) | Op::Convert(_)) => true,
            Kind::Pure(Op::Reshape(dims)) => same_but_units(&func.data(data.args[0]).dims, dims),
            _ => false,
        };
        if same {
            for &arg in &data.args {
                reads_elsewhere(func, forms, life, arg, seen, set);
            }
            return;
        }
    }
    life.reads(forms, value).into_iter().for_each(|k| set.insert(k));
}

/// Results of one instruction are written together, and so are the parameters of one block; what is copied into one
/// of them must not hold what is copied into another.
fn siblings(func: &Func, forms: &Forms, life: &Life, inst: Inst, sets: &mut [Set]) {
    let data = &func.insts[inst];
    mutual(life, &data.results, sets);
    for block in data.kind.blocks() {
        let inner = &func.blocks[block];
        mutual(life, &inner.params, sets);
        match &data.kind {
            Kind::If { .. } => cross(func, forms, life, &data.results, &inner.yields, sets),
            Kind::For { .. } => {
                cross(func, forms, life, &inner.params[1..], &inner.yields, sets);
                cross(func, forms, life, &inner.params[1..], &data.args[1..], sets);
            }
            Kind::While { body, .. } => {
                if block == *body {
                    cross(func, forms, life, &inner.params, &inner.yields, sets);
                }
                cross(func, forms, life, &inner.params, &data.args, sets);
            }
            Kind::Map { accs, .. } => {
                let lanes = inner.yields.len() - accs;
                let params = &inner.params[inner.params.len() - accs..];
                cross(func, forms, life, params, &inner.yields[lanes..], sets);
                cross(func, forms, life, params, &data.args, sets);
            }
            Kind::Pure(_)
            | Kind::Call { .. }
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
            | Kind::TapeEnd => {}
        }
    }
}

fn mutual(life: &Life, values: &[Value], sets: &mut [Set]) {
    let numbers: Vec<usize> = values.iter().filter_map(|&v| life.number[v].map(|n| n as usize)).collect();
    for &a in &numbers {
        for &b in &numbers {
            if a != b {
                sets[a].insert(b);
            }
        }
    }
}

fn cross(func: &Func, forms: &Forms, life: &Life, targets: &[Value], sources: &[Value], sets: &mut [Set]) {
    for (i, &target) in targets.iter().enumerate() {
        let Some(t) = life.number[target] else {
            continue;
        };
        let own = sources.get(i).and_then(|&s| owner(func, forms, s));
        for (j, &source) in sources.iter().enumerate() {
            let other = owner(func, forms, source);
            if j != i && other != own {
                life.reads(forms, source).into_iter().for_each(|k| sets[t as usize].insert(k));
            }
        }
        sets[t as usize].remove(t as usize);
    }
}
