//! Which stored arrays are still needed where. A use of an inline array is a use of all stored arrays it reads.
//!
//! Positions number the instructions in program order: an instruction that owns blocks begins before and ends after
//! them. What is needed after a round of a loop, because the next round reads it, is alive to the end of the loop.

use super::fuse::Forms;
use crate::ir::entity::Side;
use crate::ir::{Block, Func, Inst, Kind, Value};
use rustc_hash::FxHashMap;

/// A set of stored arrays.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Set(Vec<u64>);

impl Set {
    /// Adds a member.
    pub(crate) fn insert(&mut self, k: usize) {
        if self.0.len() <= k / 64 {
            self.0.resize(k / 64 + 1, 0);
        }
        self.0[k / 64] |= 1 << (k % 64);
    }

    /// Takes a member out.
    pub(crate) fn remove(&mut self, k: usize) {
        if let Some(word) = self.0.get_mut(k / 64) {
            *word &= !(1 << (k % 64));
        }
    }

    /// Whether it is a member.
    pub(crate) fn contains(&self, k: usize) -> bool {
        self.0.get(k / 64).is_some_and(|word| word >> (k % 64) & 1 == 1)
    }

    /// Adds all members of another set.
    pub(crate) fn join(&mut self, other: &Set) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            *a |= b;
        }
    }

    /// The members.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0
            .iter()
            .enumerate()
            .flat_map(|(w, &word)| (0..64).filter(move |b| word >> b & 1 == 1).map(move |b| w * 64 + b))
    }
}

/// From one position to another, both included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Range {
    /// The first.
    pub(crate) start: u32,
    /// The last.
    pub(crate) end: u32,
}

impl Range {
    /// Whether the other lies within.
    pub(crate) fn covers(self, other: Range) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// The life of the stored arrays of a function.
pub(crate) struct Life {
    /// The stored arrays in order of definition.
    pub(crate) arrays: Vec<Value>,
    /// The number of each.
    pub(crate) number: Side<Value, Option<u32>>,
    /// What is needed after an instruction that defines arrays.
    pub(crate) after: FxHashMap<Inst, Set>,
    /// What is needed when a block begins, its own parameters included.
    pub(crate) entry: FxHashMap<Block, Set>,
    /// What a block reads of what is defined outside of it.
    pub(crate) free: FxHashMap<Block, Set>,
    /// Where an instruction stands, with its blocks.
    pub(crate) at: FxHashMap<Inst, Range>,
    /// Where a block stands.
    pub(crate) block_at: FxHashMap<Block, Range>,
    /// From the definition to the last use of each array.
    pub(crate) span: Vec<Range>,
}

impl Life {
    /// Follows the arrays of a function.
    pub(crate) fn of(func: &Func, forms: &Forms) -> Life {
        let mut life = Life {
            arrays: Vec::new(),
            number: Side::new(None),
            after: FxHashMap::default(),
            entry: FxHashMap::default(),
            free: FxHashMap::default(),
            at: FxHashMap::default(),
            block_at: FxHashMap::default(),
            span: Vec::new(),
        };
        let mut clock = 0;
        life.number(func, forms, func.body, &mut clock);
        life.free(func, forms, func.body);
        let mut live = Set::default();
        life.walk(func, forms, func.body, &mut live);
        life
    }

    /// The arrays that are read with a value, by number.
    pub(crate) fn reads(&self, forms: &Forms, value: Value) -> Vec<usize> {
        forms.roots(value).iter().filter_map(|&r| self.number[r].map(|n| n as usize)).collect()
    }

    fn define(&mut self, forms: &Forms, value: Value, at: u32) {
        if forms.stored(value) {
            self.number.set(value, Some(self.arrays.len() as u32));
            self.arrays.push(value);
            self.span.push(Range { start: at, end: at });
        }
    }

    fn number(&mut self, func: &Func, forms: &Forms, block: Block, clock: &mut u32) {
        let start = *clock;
        *clock += 1;
        for &param in &func.blocks[block].params {
            self.define(forms, param, start);
        }
        for &inst in &func.blocks[block].insts {
            let begin = *clock;
            *clock += 1;
            for &result in &func.insts[inst].results {
                self.define(forms, result, begin);
            }
            for inner in func.insts[inst].kind.blocks() {
                self.number(func, forms, inner, clock);
            }
            self.at.insert(inst, Range { start: begin, end: *clock });
            *clock += 1;
        }
        self.block_at.insert(block, Range { start, end: *clock });
        *clock += 1;
    }

    fn free(&mut self, func: &Func, forms: &Forms, block: Block) -> Set {
        let mut used = Set::default();
        let data = &func.blocks[block];
        for &inst in &data.insts {
            let inst_data = &func.insts[inst];
            for inner in inst_data.kind.blocks() {
                let inner = self.free(func, forms, inner);
                if !forms.inline_map(func, inst) {
                    used.join(&inner);
                }
            }
            if executed(func, forms, inst) {
                for &arg in &inst_data.args {
                    self.reads(forms, arg).into_iter().for_each(|k| used.insert(k));
                }
            }
        }
        for &y in &data.yields {
            self.reads(forms, y).into_iter().for_each(|k| used.insert(k));
        }
        let inside = self.block_at[&block];
        let outer: Vec<usize> = used.iter().filter(|&k| !inside.covers(start_of(self.span[k]))).collect();
        let mut free = Set::default();
        outer.into_iter().for_each(|k| free.insert(k));
        self.free.insert(block, free.clone());
        free
    }

    fn touch(&mut self, k: usize, at: u32) {
        self.span[k].end = self.span[k].end.max(at);
    }

    fn use_value(&mut self, forms: &Forms, value: Value, at: u32, live: &mut Set) {
        for k in self.reads(forms, value) {
            live.insert(k);
            self.touch(k, at);
        }
    }

    fn walk(&mut self, func: &Func, forms: &Forms, block: Block, live: &mut Set) {
        let end = self.block_at[&block].end;
        for &y in &func.blocks[block].yields {
            self.use_value(forms, y, end, live);
        }
        for &inst in func.blocks[block].insts.iter().rev() {
            if !executed(func, forms, inst) {
                continue;
            }
            let data = &func.insts[inst];
            let stored = data.results.iter().any(|&r| forms.stored(r));
            if stored {
                self.after.insert(inst, live.clone());
            }
            for &result in &data.results {
                if let Some(k) = self.number[result] {
                    live.remove(k as usize);
                }
            }
            let at = self.at[&inst];
            match &data.kind {
                Kind::If { then, otherwise } => {
                    let mut other = live.clone();
                    self.walk(func, forms, *otherwise, &mut other);
                    self.walk(func, forms, *then, live);
                    live.join(&other);
                }
                Kind::For { body } | Kind::Map { body, .. } => self.walk_loop(func, forms, &[*body], at.end, live),
                Kind::While { test, body } => self.walk_loop(func, forms, &[*test, *body], at.end, live),
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
            for &arg in &data.args {
                self.use_value(forms, arg, at.start, live);
            }
        }
        self.entry.insert(block, live.clone());
        for &param in &func.blocks[block].params {
            if let Some(k) = self.number[param] {
                live.remove(k as usize);
            }
        }
    }

    /// The blocks of a loop run again and again: what they read from outside stays alive to its end. The test of a
    /// `while` leaves its parameters to the body.
    fn walk_loop(&mut self, func: &Func, forms: &Forms, blocks: &[Block], end: u32, live: &mut Set) {
        for block in blocks {
            let free = self.free[block].clone();
            for k in free.iter() {
                self.touch(k, end);
            }
            live.join(&free);
        }
        for &block in blocks {
            let mut inside = live.clone();
            if blocks.len() == 2 && block == blocks[0] {
                for &param in &func.blocks[block].params {
                    if let Some(k) = self.number[param] {
                        inside.insert(k as usize);
                        self.touch(k as usize, self.block_at[&block].end);
                    }
                }
            }
            self.walk(func, forms, block, &mut inside);
        }
    }
}

/// Whether the instruction does something where it stands; inline arrays and views do not.
pub(crate) fn executed(func: &Func, forms: &Forms, inst: Inst) -> bool {
    use super::fuse::Form;
    let data = &func.insts[inst];
    match &data.kind {
        Kind::Pure(_) => data.results.iter().all(|&r| matches!(forms.form(r), Form::Stored | Form::Register)),
        Kind::Map { .. } => !forms.inline_map(func, inst),
        Kind::If { .. }
        | Kind::For { .. }
        | Kind::While { .. }
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
        | Kind::TapeEnd => true,
    }
}

fn start_of(range: Range) -> Range {
    Range { start: range.start, end: range.start }
}
