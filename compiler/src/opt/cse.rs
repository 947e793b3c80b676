//! Common subexpressions: one computation for equal values, where one dominates the other.
//!
//! ```text
//! v2 = mul v0 v1                  v2 = mul v0 v1
//! v3 = if v9 {                    v3 = if v9 {
//!   v4 = mul v1 v0        =>        yield v2
//!   yield v4 } else …             } else …
//! ```
//!
//! Operands of `add` and `mul` are ordered first: IEEE addition and multiplication commute to the bit. Calls without
//! effects are values too, and a check that was made before need not be made again. Blocks are not compared: two equal
//! loops are merged by [`carries`](super::carries) if they are one.

use super::edit::Renames;
use super::effects::Effects;
use crate::ir::{Block, Func, FuncId, Inst, Kind};
use adl_lang::ops::Op;
use adl_lang::prims::Prim;
use adl_lang::types::Dim;
use rustc_hash::{FxHashMap, FxHasher};
use smallvec::SmallVec;
use std::hash::{Hash, Hasher};

/// Merges equal values of a function.
pub fn cse(func: &mut Func, effects: &Effects) {
    let body = func.body;
    let mut pass = Cse { func, effects, renames: Renames::new(), table: FxHashMap::default(), undo: Vec::new() };
    pass.block(body);
}

struct Cse<'f> {
    func: &'f mut Func,
    effects: &'f Effects,
    renames: Renames,
    /// Instructions in scope, by hash.
    table: FxHashMap<u64, SmallVec<[Inst; 1]>>,
    /// Hashes entered, in order.
    undo: Vec<u64>,
}

impl Cse<'_> {
    fn block(&mut self, block: Block) {
        let mark = self.undo.len();
        let mut insts = std::mem::take(&mut self.func.blocks[block].insts);
        insts.retain(|&inst| self.keep(inst));
        self.func.blocks[block].insts = insts;
        self.renames.apply(&mut self.func.blocks[block].yields);
        for hash in self.undo.drain(mark..) {
            if let Some(entries) = self.table.get_mut(&hash) {
                entries.pop();
            }
        }
    }

    /// Whether an instruction is new.
    fn keep(&mut self, inst: Inst) -> bool {
        self.renames.apply(&mut self.func.insts[inst].args);
        let kind = &self.func.insts[inst].kind;
        let owned: SmallVec<[Block; 2]> = kind.blocks().collect();
        for &block in &owned {
            self.block(block);
        }
        if !owned.is_empty() || !self.is_value(inst) {
            return true;
        }
        self.order_operands(inst);
        let hash = hash(self.func, inst);
        let entries = self.table.entry(hash).or_default();
        let func = &*self.func;
        match entries.iter().find(|&&other| same(func, inst, other)) {
            Some(&other) => {
                for at in 0..self.func.insts[inst].results.len() {
                    let (old, new) = (self.func.insts[inst].results[at], self.func.insts[other].results[at]);
                    self.renames.set(old, new);
                }
                false
            }
            None => {
                entries.push(inst);
                self.undo.push(hash);
                true
            }
        }
    }

    /// Whether doing it once is as good as twice.
    fn is_value(&self, inst: Inst) -> bool {
        match &self.func.insts[inst].kind {
            Kind::Pure(_) => true,
            Kind::Call { .. } => !self.effects.has(self.func, inst),
            Kind::Bounds { .. } | Kind::NonNegative(_) | Kind::SameSize(..) => true,
            Kind::If { .. }
            | Kind::For { .. }
            | Kind::While { .. }
            | Kind::Map { .. }
            | Kind::Jvp { .. }
            | Kind::Vjp { .. }
            | Kind::Assert(_)
            | Kind::Print(_)
            | Kind::TapeNew
            | Kind::Push
            | Kind::Pop
            | Kind::TapeEnd => false,
        }
    }

    fn order_operands(&mut self, inst: Inst) {
        let data = &mut self.func.insts[inst];
        if let (Kind::Pure(Op::Prim(prim)), [a, b]) = (&data.kind, &mut data.args[..])
            && commutes(*prim)
            && *b < *a
        {
            std::mem::swap(a, b);
        }
    }
}

/// Whether the operands of a primitive may be exchanged without a change of any bit.
pub fn commutes(prim: Prim) -> bool {
    matches!(prim, Prim::Add | Prim::Mul | Prim::Eq | Prim::Ne | Prim::And | Prim::Or)
}

/// What an instruction computes, apart from its operands; `None` for what is no value.
#[derive(PartialEq, Hash)]
enum What<'a> {
    Pure(&'a Op),
    Call(FuncId, &'a [Dim]),
    Bounds(&'a Dim),
    NonNegative(&'a Dim),
    SameSize(&'a Dim, &'a Dim),
    Other,
}

fn what(kind: &Kind) -> What<'_> {
    match kind {
        Kind::Pure(op) => What::Pure(op),
        Kind::Call { func, sizes } => What::Call(*func, sizes),
        Kind::Bounds { len, .. } => What::Bounds(len),
        Kind::NonNegative(dim) => What::NonNegative(dim),
        Kind::SameSize(a, b) => What::SameSize(a, b),
        _ => What::Other,
    }
}

fn hash(func: &Func, inst: Inst) -> u64 {
    let mut hasher = FxHasher::default();
    what(&func.insts[inst].kind).hash(&mut hasher);
    func.insts[inst].args.hash(&mut hasher);
    hasher.finish()
}

fn same(func: &Func, a: Inst, b: Inst) -> bool {
    let (a, b) = (&func.insts[a], &func.insts[b]);
    a.args == b.args && what(&a.kind) == what(&b.kind)
}
