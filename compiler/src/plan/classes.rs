//! Arrays that share memory: by nature, or because nothing speaks against it.

use super::fuse::{Forms, owner};
use super::live::{Life, Range, Set};
use super::places::InPlace;
use crate::ir::{Block, Def, Func, Inst, Kind, Value};
use adl_lang::ops::Op;
use adl_lang::types::Ty;

/// Classes of arrays, by the number of an array in them.
pub(crate) struct Classes<'a> {
    pub(crate) func: &'a Func,
    pub(crate) forms: &'a Forms,
    pub(crate) life: &'a Life,
    pub(crate) conflicts: Vec<Set>,
    pub(crate) parent: Vec<usize>,
    pub(crate) members: Vec<Vec<usize>>,
    pub(crate) pin: Vec<Option<usize>>,
    pub(crate) borrowed: Vec<bool>,
    /// Holds a parameter that becomes a result: its memory cannot be elsewhere.
    pub(crate) fixed: Vec<bool>,
}

impl Classes<'_> {
    pub(crate) fn find(&self, mut k: usize) -> usize {
        while self.parent[k] != k {
            k = self.parent[k];
        }
        k
    }

    pub(crate) fn class_of(&self, value: Value) -> Option<usize> {
        let owner = owner(self.func, self.forms, value)?;
        self.life.number[owner].map(|n| self.find(n as usize))
    }

    pub(crate) fn ty(&self, class: usize) -> &Ty {
        self.func.data(self.life.arrays[class])
    }

    pub(crate) fn same_size(&self, a: usize, b: usize) -> bool {
        let (a, b) = (self.ty(a), self.ty(b));
        a.dtype.bytes() == b.dtype.bytes() && a.len() == b.len()
    }

    /// Parameters of the function and what is popped from a tape are only read; a parameter that becomes a result
    /// lies in the memory of the result.
    pub(crate) fn mark(&mut self, in_place: &InPlace<'_>) {
        for k in 0..self.life.arrays.len() {
            match self.func.values[self.life.arrays[k]].def {
                Def::Param(block, position) if block == self.func.body => {
                    let result = in_place.own.iter().position(|&p| p == Some(position as usize));
                    self.pin[k] = result;
                    self.borrowed[k] = result.is_none();
                    self.fixed[k] = result.is_some();
                }
                Def::Result(inst, _) => self.borrowed[k] = self.func.insts[inst].kind == Kind::Pop,
                Def::Param(..) => {}
            }
        }
    }

    pub(crate) fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        if a != b {
            let moved = std::mem::take(&mut self.members[b]);
            self.members[a].extend(moved);
            self.parent[b] = a;
            self.pin[a] = self.pin[a].or(self.pin[b]);
            self.fixed[a] |= self.fixed[b];
        }
    }

    pub(crate) fn unite_values(&mut self, a: Value, b: Value) {
        if let (Some(a), Some(b)) = (self.class_of(a), self.class_of(b)) {
            self.unite(a, b);
        }
    }

    /// Unites the classes of two values if nothing speaks against it.
    pub(crate) fn attempt(&mut self, a: Value, b: Value) -> bool {
        let (Some(a), Some(b)) = (self.class_of(a), self.class_of(b)) else {
            return false;
        };
        if a == b {
            return true;
        }
        let pins = self.pin[a].is_some() && self.pin[b].is_some();
        if pins || self.borrowed[a] || self.borrowed[b] || !self.same_size(a, b) {
            return false;
        }
        for &x in &self.members[a] {
            for &y in &self.members[b] {
                if self.conflicts[x].contains(y) || self.conflicts[y].contains(x) {
                    return false;
                }
            }
        }
        self.unite(a, b);
        true
    }

    pub(crate) fn standing(&self) -> Vec<Inst> {
        let mut insts: Vec<Inst> = self.func.insts.keys().filter(|i| self.life.at.contains_key(i)).collect();
        insts.sort_by_key(|i| self.life.at[i].start);
        insts
    }

    /// The parameters and the results of a loop are the same memory in any case.
    pub(crate) fn shared_by_nature(&mut self) {
        let func = self.func;
        for inst in self.standing() {
            let data = &func.insts[inst];
            let carries = |block: Block, skip: usize| func.blocks[block].params[skip..].iter().copied();
            match &data.kind {
                Kind::For { body } => {
                    for (p, &r) in carries(*body, 1).zip(&data.results) {
                        self.unite_values(p, r);
                    }
                }
                Kind::While { test, body } => {
                    for ((t, b), &r) in carries(*test, 0).zip(carries(*body, 0)).zip(&data.results) {
                        self.unite_values(t, b);
                        self.unite_values(t, r);
                    }
                }
                Kind::Map { body, accs, .. } if !self.forms.inline_map(func, inst) => {
                    let params = &func.blocks[*body].params;
                    let results = &data.results[data.results.len() - accs..];
                    for (&p, &r) in params[params.len() - accs..].iter().zip(results) {
                        self.unite_values(p, r);
                    }
                }
                Kind::Map { .. } | Kind::If { .. } | Kind::Call { .. } | Kind::Pure(_) => {}
                Kind::Jvp { .. } | Kind::Vjp { .. } | Kind::Bounds { .. } | Kind::NonNegative(_) => {}
                Kind::SameSize(..) | Kind::Assert(_) | Kind::Print(_) => {}
                Kind::TapeNew | Kind::Push | Kind::Pop | Kind::TapeEnd => {}
            }
        }
    }

    pub(crate) fn coalesce(&mut self, in_place: &InPlace<'_>) {
        let func = self.func;
        for inst in self.standing() {
            let data = &func.insts[inst];
            if let Kind::Pure(Op::Update(_) | Op::Acc(_)) = &data.kind {
                self.attempt(data.results[0], data.args[0]);
            }
            for (k, &result) in data.results.iter().enumerate() {
                if let Some(j) = (in_place.of_call)(inst, k) {
                    self.attempt(result, data.args[j]);
                }
            }
        }
        for inst in self.standing() {
            let data = &func.insts[inst];
            match &data.kind {
                Kind::If { then, otherwise } => {
                    for block in [then, otherwise] {
                        self.attempt_all(&data.results, &func.blocks[*block].yields);
                    }
                }
                Kind::For { body } => {
                    self.attempt_all(&func.blocks[*body].params[1..], &func.blocks[*body].yields);
                    self.attempt_all(&func.blocks[*body].params[1..], &data.args[1..]);
                }
                Kind::While { test, body } => {
                    self.attempt_all(&func.blocks[*body].params, &func.blocks[*body].yields);
                    self.attempt_all(&func.blocks[*test].params, &data.args);
                }
                Kind::Map { body, accs, .. } => {
                    let inner = &func.blocks[*body];
                    let params = &inner.params[inner.params.len() - accs..];
                    self.attempt_all(params, &inner.yields[inner.yields.len() - accs..]);
                    self.attempt_all(params, &data.args);
                }
                Kind::Call { .. } | Kind::Pure(_) | Kind::Jvp { .. } | Kind::Vjp { .. } => {}
                Kind::Bounds { .. } | Kind::NonNegative(_) | Kind::SameSize(..) => {}
                Kind::Assert(_) | Kind::Print(_) => {}
                Kind::TapeNew | Kind::Push | Kind::Pop | Kind::TapeEnd => {}
            }
        }
    }

    pub(crate) fn attempt_all(&mut self, targets: &[Value], sources: &[Value]) {
        for (&target, &source) in targets.iter().zip(sources) {
            self.attempt(target, source);
        }
    }

    /// What is returned is made where the caller wants it.
    pub(crate) fn pin_results(&mut self) {
        let results = self.func.results().to_vec();
        for (k, &value) in results.iter().enumerate() {
            if let Some(class) = self.class_of(value) {
                let taken = self.pin.contains(&Some(k));
                if self.pin[class].is_none() && !self.borrowed[class] && !taken {
                    self.pin[class] = Some(k);
                }
            }
        }
    }

    /// An element-wise result may overwrite an operand that is dead.
    pub(crate) fn overwrite_operands(&mut self) {
        for inst in self.standing() {
            let data = &self.func.insts[inst];
            if let Kind::Pure(Op::Prim(_) | Op::Convert(_)) = &data.kind
                && self.forms.stored(data.results[0])
            {
                let result = data.results[0];
                let candidates: Vec<Value> = data.args.iter().flat_map(|&a| self.forms.roots(a).to_vec()).collect();
                let _ = candidates.into_iter().any(|root| self.attempt(result, root));
            }
        }
    }

    pub(crate) fn interval(&self, class: usize) -> Range {
        let mut range = Range { start: u32::MAX, end: 0 };
        for &k in &self.members[class] {
            let span = self.life.span[k];
            // What a loop carries is written where the loop begins, before its block.
            let early = u32::from(matches!(self.func.values[self.life.arrays[k]].def, Def::Param(..)));
            range.start = range.start.min(span.start.saturating_sub(early));
            range.end = range.end.max(span.end);
        }
        range
    }
}
