//! Which maps are worth taking apart.

use super::product;
use crate::ir::walk::{named, throughout};
use crate::ir::{Block, Func, Inst, Kind, Type, Value};
use crate::opt::effects::Effects;
use adl_lang::ops::Op;
use rustc_hash::FxHashSet;

/// What a map is taken apart for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// Products with one operand that is the same in all lanes, in loops too.
    /// This is for what is still to be differentiated: the tape of any other loop outside would
    /// keep the rounds of all lanes, and in lanes those of one.
    Products,
    /// Those, and loops that carry something that is the same in all lanes.
    Once,
    /// Whatever can be, for tests: the result is the same whether it pays or not.
    Everything,
}

/// The loops of a map that leave the lanes, if it is worth taking apart and can be.
pub(super) fn loops(func: &Func, inst: Inst, effects: &Effects, aim: Aim) -> Option<FxHashSet<Inst>> {
    let Kind::Map { body, .. } = func.insts[inst].kind else {
        return None;
    };
    if !possible(func, inst, effects) {
        return None;
    }
    let data = &func.blocks[body];
    let mut varying = Varying { func, values: data.params.iter().copied().collect(), aim };
    let mut pays = aim == Aim::Everything;
    let mut loops = FxHashSet::default();
    for &inst in &data.insts {
        varying.inst(inst);
        let own = varying.pays(inst);
        pays |= own;
        let repeats = matches!(func.insts[inst].kind, Kind::For { .. } | Kind::While { .. });
        let uniform = !varying.any(&func.insts[inst].results);
        if repeats && (own || uniform || aim == Aim::Everything) {
            loops.insert(inst);
        }
    }
    pays.then_some(loops)
}

/// Whether a map can be taken apart: it adds nothing up over its lanes,
/// prints nothing and keeps no tape across its body.
fn possible(func: &Func, inst: Inst, effects: &Effects) -> bool {
    let Kind::Map { body, accs: 0, .. } = func.insts[inst].kind else {
        return false;
    };
    let silent = throughout(func, inst, &|inner| effects.silent(func, inner));
    let results = func.blocks[body].insts.iter().flat_map(|&i| &func.insts[i].results);
    silent && results.clone().all(|&r| *func.ty(r) != Type::Tape)
}

/// The values that may differ from lane to lane.
struct Varying<'f> {
    func: &'f Func,
    values: FxHashSet<Value>,
    aim: Aim,
}

impl Varying<'_> {
    fn any(&self, values: &[Value]) -> bool {
        values.iter().any(|v| self.values.contains(v))
    }

    fn block(&mut self, block: Block) {
        for &inst in &self.func.blocks[block].insts {
            self.inst(inst);
        }
    }

    fn inst(&mut self, inst: Inst) {
        let func = self.func;
        let data = &func.insts[inst];
        match data.kind {
            Kind::If { then, otherwise } => {
                self.block(then);
                self.block(otherwise);
                let chosen = self.any(&data.args);
                let branches = func.blocks[then].yields.iter().zip(&func.blocks[otherwise].yields);
                for (&result, (&a, &b)) in data.results.iter().zip(branches) {
                    if chosen || self.any(&[a, b]) {
                        self.values.insert(result);
                    }
                }
            }
            Kind::For { body } => self.carries(inst, body, 1, self.any(&data.args[..1])),
            Kind::While { test, body } => {
                self.carries(inst, body, 0, false);
                // Both blocks have parameters for the carries.
                let params = func.blocks[test].params.iter().zip(&func.blocks[body].params);
                self.values
                    .extend(params.filter(|(_, p)| self.values.contains(p)).map(|(&p, _)| p).collect::<Vec<_>>());
                self.block(test);
                if self.any(&func.blocks[test].yields) {
                    self.carries(inst, body, 0, true);
                }
            }
            _ => {
                let mut varies = false;
                named(func, inst, &mut |v| varies |= self.values.contains(&v));
                if varies {
                    self.values.extend(&data.results);
                }
            }
        }
    }

    /// A loop whose body has the carries after `first` parameters; `all` if its rounds vary.
    fn carries(&mut self, inst: Inst, body: Block, first: usize, all: bool) {
        let func = self.func;
        let (data, block) = (&func.insts[inst], &func.blocks[body]);
        let params = &block.params[first..];
        let init = data.args[first..].iter().zip(params).filter(|(a, _)| all || self.values.contains(a));
        self.values.extend(init.map(|(_, &p)| p).collect::<Vec<_>>());
        loop {
            self.block(body);
            let before = self.values.len();
            let next = block.yields.iter().zip(params).filter(|(y, _)| self.values.contains(y));
            self.values.extend(next.map(|(_, &p)| p).collect::<Vec<_>>());
            if self.values.len() == before {
                break;
            }
        }
        let last = params.iter().zip(&data.results).filter(|(p, _)| self.values.contains(p));
        self.values.extend(last.map(|(_, &r)| r).collect::<Vec<_>>());
    }

    /// Whether it is better done for all lanes at once.
    fn pays(&self, inst: Inst) -> bool {
        let data = &self.func.insts[inst];
        match &data.kind {
            Kind::Pure(op) => product::shares(self.func, op, &data.args, &|v| self.values.contains(&v)),
            Kind::For { .. } | Kind::While { .. } => {
                let vary = data.results.iter().filter(|r| self.values.contains(r)).count();
                let some_once = self.aim != Aim::Products && vary < data.results.len();
                let inner = || data.kind.blocks().any(|b| self.func.blocks[b].insts.iter().any(|&i| self.pays(i)));
                vary > 0 && (some_once || inner()) && self.liftable(inst)
            }
            _ => false,
        }
    }

    /// Whether all that a loop does has a form for all lanes.
    fn liftable(&self, inst: Inst) -> bool {
        let data = &self.func.insts[inst];
        let own = match &data.kind {
            Kind::Pure(op) => match op {
                Op::Index(_) => !self.any(&data.args[..1]) || !self.any(&data.args[1..]),
                Op::Update(_) | Op::Acc(_) => !self.any(&data.args[2..]),
                Op::Factor(_) => !self.any(&data.args[..1]),
                Op::Random(..) | Op::Host { .. } => !self.any(&data.args),
                _ => true,
            },
            Kind::For { .. } | Kind::While { .. } => true,
            Kind::If { .. } => !self.any(&data.args),
            Kind::Bounds { .. } | Kind::NonNegative(_) | Kind::SameSize(..) => true,
            Kind::Assert(_) => !self.any(&data.args),
            _ => false,
        };
        own && data.kind.blocks().all(|b| self.func.blocks[b].insts.iter().all(|&i| self.liftable(i)))
    }
}
