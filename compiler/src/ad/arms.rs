//! Kinks in derivatives that are differentiated again.
//!
//! ```text
//! abs(x)      value |x|      slope `_arm(sign(x), x < 0 ? -1 : 1)`      at 0: by convention 0; of an arm 1
//! ```
//!
//! A function that is made here shows the convention. To be differentiated again it must be smooth,
//! or `exp(abs(x))` would have the second derivative 0 · 0 at 0 and not that of an arm:
//! so its derivatives, and all that these multiply, are those of one arm, `_arm(b, b)` for the next order.
//! What it gives as its own results stays the convention. [`Ad::conventional`] says which results that concerns.

use super::strip::callee;
use super::{Ad, Level};
use crate::ir::entity::Side;
use crate::ir::walk::standing;
use crate::ir::{Block, Builder, Func, FuncId, Inst, Kind, Value};
use adl_lang::ops::Op;
use adl_lang::prims::Prim;
use adl_lang::types::{Dim, Sym};
use rustc_hash::FxHashSet;

/// The operand that stands for a slope at a kink in code that is differentiated.
pub(super) fn arm(op: &Op, args: &[Value]) -> Option<Value> {
    match (op, args) {
        (Op::Prim(Prim::Arm), &[_, arm]) => Some(arm),
        _ => None,
    }
}

/// Makes the slopes of arms the conventions of a function: that of a derivative of what has taken a derivative.
pub(super) fn take_arms(func: &mut Func) {
    for inst in func.insts.keys() {
        let data = &mut func.insts[inst];
        if let Kind::Pure(Op::Prim(Prim::Arm)) = data.kind {
            data.args[0] = data.args[1];
        }
    }
}

impl Ad<'_> {
    /// Whether a function has taken a derivative at something that may have a kink, in itself or in what it calls.
    pub(super) fn has_arms(&self, func: FuncId) -> bool {
        let mut seen = FxHashSet::from_iter([func]);
        let mut work = vec![func];
        while let Some(next) = work.pop() {
            for inst in standing(&self.module.funcs[next]) {
                let kind = &self.module.funcs[next].insts[inst].kind;
                if matches!(kind, Kind::Pure(Op::Prim(Prim::Arm))) {
                    return true;
                }
                work.extend(callee(kind).filter(|&callee| seen.insert(callee)));
            }
        }
        false
    }

    /// Which results of a function depend on a convention at a kink.
    pub(super) fn conventional(&mut self, func: FuncId) -> Vec<bool> {
        if let Some(known) = self.conventions.get(&func) {
            return known.clone();
        }
        self.prepare(func);
        if !self.has_arms(func) {
            return vec![false; self.module.funcs[func].results().len()];
        }
        let source = self.module.funcs[func].clone();
        // A recursion learns of itself by repetition.
        self.conventions.insert(func, vec![false; source.results().len()]);
        loop {
            let mut flow = Flow { ad: self, func: &source, shows: Side::new(false) };
            while flow.block(source.body, false) {}
            let results: Vec<bool> = source.results().iter().map(|&r| flow.shows[r]).collect();
            let before = self.conventions.insert(func, results.clone());
            if before.as_ref() == Some(&results) {
                return results;
            }
        }
    }

    /// Puts the conventions into the results of a derivative of `func`, which were those of an arm;
    /// it stands in a function with the same size parameters.
    pub(super) fn show_conventions(
        &mut self,
        func: FuncId,
        to: &mut Builder<'_>,
        args: &[Value],
        results: &mut [Value],
    ) {
        let shows = self.conventional(func);
        if !shows.contains(&true) {
            return;
        }
        let func = self.strip(func, Level::Bare);
        let callee = &self.module.funcs[func];
        let types = callee.result_types();
        let sizes = (0..callee.sizes.len() as u32).map(|k| Dim::sym(Sym(k))).collect();
        let shown = to.call(func, sizes, args.to_vec(), types);
        for (k, _) in shows.iter().enumerate().filter(|(_, shows)| **shows) {
            results[k] = shown[k];
        }
    }
}

struct Flow<'a, 'm> {
    ad: &'a mut Ad<'m>,
    func: &'a Func,
    shows: Side<Value, bool>,
}

impl Flow<'_, '_> {
    /// One pass over a block, which runs or not by a convention if `decided`; whether there is news.
    fn block(&mut self, block: Block, decided: bool) -> bool {
        let func = self.func;
        func.blocks[block].insts.iter().fold(false, |news, &inst| self.inst(inst, decided) | news)
    }

    fn mark(&mut self, value: Value, shows: bool) -> bool {
        let news = shows && !self.shows[value];
        if news {
            self.shows.set(value, true);
        }
        news
    }

    fn pairwise(&mut self, from: &[Value], to: &[Value]) -> bool {
        from.iter().zip(to).fold(false, |news, (&from, &to)| {
            let shows = self.shows[from];
            self.mark(to, shows) | news
        })
    }

    fn inst(&mut self, inst: Inst, decided: bool) -> bool {
        let func = self.func;
        let data = &func.insts[inst];
        let any = decided || data.args.iter().any(|&a| self.shows[a]);
        let mut news = false;
        match &data.kind {
            Kind::If { .. } => {
                let decided = decided || self.shows[data.args[0]];
                for block in data.kind.blocks() {
                    news |= self.block(block, decided);
                    news |= self.pairwise(&func.blocks[block].yields, &data.results);
                }
                data.results.iter().for_each(|&r| news |= self.mark(r, decided));
            }
            Kind::For { .. } | Kind::While { .. } => {
                let blocks: Vec<Block> = data.kind.blocks().collect();
                let skip = usize::from(matches!(data.kind, Kind::For { .. }));
                let last = blocks[blocks.len() - 1];
                for &block in &blocks {
                    let carries = func.blocks[block].params.len() - data.results.len();
                    news |= self.pairwise(&data.args[skip..], &func.blocks[block].params[carries..]);
                    news |= self.pairwise(&func.blocks[last].yields, &func.blocks[block].params[carries..]);
                    news |= self.block(block, decided);
                }
                news |= self.pairwise(&data.args[skip..], &data.results);
                news |= self.pairwise(&func.blocks[last].yields, &data.results);
            }
            Kind::Map { body, .. } => {
                news |= self.block(*body, decided);
                news |= self.pairwise(&func.blocks[*body].yields, &data.results);
            }
            Kind::Call { func: callee, .. } => {
                let own = if self.ad.module.funcs[*callee].rules.is_empty() {
                    self.ad.conventional(*callee)
                } else {
                    vec![false; data.results.len()]
                };
                for (&result, own) in data.results.iter().zip(own) {
                    news |= self.mark(result, any || own);
                }
            }
            kind => {
                let kink = matches!(kind, Kind::Pure(Op::Prim(Prim::Arm))) && data.args[0] != data.args[1];
                data.results.iter().for_each(|&r| news |= self.mark(r, any || kink));
            }
        }
        news
    }
}
