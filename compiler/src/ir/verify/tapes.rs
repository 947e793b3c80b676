//! Rules 11 and 12: a tape is used at most once on each path.

use super::{Broken, broken};
use crate::ir::func::{Block, Func, Kind, Type, Value};
use crate::ir::print::Names;
use rustc_hash::FxHashMap;

/// How often tapes are used, at most.
type Uses = FxHashMap<Value, usize>;

pub(super) fn check(func: &Func) -> Result<(), Broken> {
    uses(func, func.body).map(drop)
}

/// The uses in a block, and in what it owns, of the tapes defined outside of it.
fn uses(func: &Func, block: Block) -> Result<Uses, Broken> {
    let mut all = inside(func, block)?;
    let data = &func.blocks[block];
    let own = data.insts.iter().flat_map(|&i| &func.insts[i].results).chain(&data.params);
    for value in own {
        if all.remove(value).is_some_and(|count| count > 1) {
            return broken(11, func, format!("{} is used twice on one path", Names::new(func).value(*value)));
        }
    }
    Ok(all)
}

/// The same with the tapes that the block defines itself.
fn inside(func: &Func, block: Block) -> Result<Uses, Broken> {
    let data = &func.blocks[block];
    let mut all = Uses::default();
    for &inst in &data.insts {
        let inst = &func.insts[inst];
        count(func, &inst.args, &mut all);
        match &inst.kind {
            Kind::If { then, otherwise } => {
                let mut most = uses(func, *then)?;
                for (value, count) in uses(func, *otherwise)? {
                    let entry = most.entry(value).or_default();
                    *entry = count.max(*entry);
                }
                most.into_iter().for_each(|(value, count)| *all.entry(value).or_default() += count);
            }
            Kind::For { body } | Kind::Map { body, .. } => repeated(func, *body)?,
            Kind::While { test, body } => {
                let own = data_of(func, *test);
                let within = inside(func, *test)?;
                if let Some((value, _)) = within.iter().find(|(value, _)| !own.contains(value)) {
                    let name = Names::new(func).value(*value);
                    return broken(12, func, format!("the test of a loop uses the tape {name}"));
                }
                uses(func, *test)?;
                repeated(func, *body)?;
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
    count(func, &data.yields, &mut all);
    Ok(all)
}

fn count(func: &Func, values: &[Value], all: &mut Uses) {
    for &value in values.iter().filter(|&&v| *func.ty(v) == Type::Tape) {
        *all.entry(value).or_default() += 1;
    }
}

/// Results of the instructions of a block.
fn data_of(func: &Func, block: Block) -> Vec<Value> {
    func.blocks[block].insts.iter().flat_map(|&i| func.insts[i].results.iter().copied()).collect()
}

/// A body that runs many times uses no tape from outside.
fn repeated(func: &Func, body: Block) -> Result<(), Broken> {
    match uses(func, body)?.keys().next() {
        Some(&value) => {
            let name = Names::new(func).value(value);
            broken(11, func, format!("{name} is used in a loop but is not carried by it"))
        }
        None => Ok(()),
    }
}
