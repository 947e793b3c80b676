//! Which parameters a function turns into results: `f(x, …) = (…, x with changes, …)`.
//! Such a pair shares memory, so that a call which changes an array does not copy it.
//! The caller puts the argument where the result is wanted.

use crate::ir::entity::Entity;
use crate::ir::{Def, FuncId, Kind, Module, Type, Value};
use adl_lang::ops::Op;
use rustc_hash::FxHashMap;

/// For each function, for each result, the parameter it is made of.
pub(crate) struct Pairs {
    known: FxHashMap<FuncId, Vec<Option<usize>>>,
}

impl Pairs {
    /// Nothing is known yet.
    pub(crate) fn new() -> Pairs {
        Pairs { known: FxHashMap::default() }
    }

    /// No pairs at all.
    pub(crate) fn none(order: &[FuncId], module: &Module) -> Pairs {
        let known = order.iter().map(|&f| (f, vec![None; module.funcs[f].results().len()])).collect();
        Pairs { known }
    }

    /// The pairs of a function. A recursive call is taken to keep the pairs the rest of the function has.
    pub(crate) fn of(&mut self, module: &Module, id: FuncId) -> Vec<Option<usize>> {
        if let Some(pairs) = self.known.get(&id) {
            return pairs.clone();
        }
        let func = &module.funcs[id];
        // Begin with every pair of equal types and take away what does not hold, until nothing changes.
        let mut pairs: Vec<Option<usize>> = vec![None; func.results().len()];
        self.known.insert(id, pairs.clone());
        for (k, &result) in func.results().iter().enumerate() {
            if !array(func.ty(result)) {
                continue;
            }
            for (j, &param) in func.params().iter().enumerate() {
                if func.ty(param) != func.ty(result) || pairs.contains(&Some(j)) {
                    continue;
                }
                let mut guess = pairs.clone();
                guess[k] = Some(j);
                self.known.insert(id, guess.clone());
                if self.origin(module, id, result, 0) == Origin::Param(j) {
                    pairs = guess;
                    break;
                }
            }
            self.known.insert(id, pairs.clone());
        }
        pairs
    }

    fn origin(&mut self, module: &Module, id: FuncId, value: Value, depth: u32) -> Origin {
        let func = &module.funcs[id];
        if depth > 64 {
            return Origin::Other;
        }
        match func.values[value].def {
            Def::Param(block, k) if block == func.body => Origin::Param(k as usize),
            Def::Param(block, k) => Origin::Carry(block.index(), k as usize),
            Def::Result(inst, k) => {
                let k = k as usize;
                let data = &func.insts[inst];
                let follow = |s: &mut Self, v: Value| s.origin(module, id, v, depth + 1);
                match &data.kind {
                    Kind::Pure(Op::Update(_) | Op::Acc(_)) => follow(self, data.args[0]),
                    Kind::If { then, otherwise } => {
                        let a = follow(self, func.blocks[*then].yields[k]);
                        let b = follow(self, func.blocks[*otherwise].yields[k]);
                        if a == b { a } else { Origin::Other }
                    }
                    Kind::For { body } => {
                        let inner = follow(self, func.blocks[*body].yields[k]);
                        let carried = inner == Origin::Carry(body.index(), k + 1);
                        if carried { follow(self, data.args[k + 1]) } else { Origin::Other }
                    }
                    Kind::While { body, .. } => {
                        let inner = follow(self, func.blocks[*body].yields[k]);
                        let carried = inner == Origin::Carry(body.index(), k);
                        if carried { follow(self, data.args[k]) } else { Origin::Other }
                    }
                    Kind::Map { accs, .. } => {
                        let lanes = data.results.len() - accs;
                        if k < lanes { Origin::Other } else { follow(self, data.args[k - lanes]) }
                    }
                    Kind::Call { func: callee, .. } => match self.of(module, *callee)[k] {
                        Some(j) => follow(self, data.args[j]),
                        None => Origin::Other,
                    },
                    Kind::Pure(_)
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
                    | Kind::TapeEnd => Origin::Other,
                }
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Param(usize),
    Carry(usize, usize),
    Other,
}

fn array(ty: &Type) -> bool {
    ty.data().is_some_and(|ty| !ty.is_scalar())
}
