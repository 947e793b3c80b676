//! Carries of loops that are no carries, or are the same twice.
//!
//! ```text
//! v4, v5, v6 = for v0 (v1, v1, v2) { (v7, v8, v9, v10)       v4 = for v0 (v1) { (v7, v8)
//!   v11 = mul v8 v10                                           v11 = mul v8 v2
//!   v12 = mul v9 v10                                 =>        yield v11
//!   yield v11 v12 v10                                        }
//! }
//! ```
//!
//! Without this, mixed derivatives (`∂₁∂₂ = ∂₂∂₁`) stay apart and a loop that is differentiated k times grows as 2ᵏ.
//!
//! Optimistic value numbering: every carry is first taken to be its initial value; those that the body changes become
//! classes of equal initial values; a class splits where the yields differ. Numbers are names of expressions, so what
//! was numbered under a wrong guess does no harm. Guesses only get weaker, so a loop in a loop goes on from its last
//! partition, and the work is one walk for each split. Dead copies are left to [`dce`](super::dce).

use super::cse::commutes;
use super::edit::{Renames, retain, retain_params, retain_results};
use crate::ir::entity::Side;
use crate::ir::walk::walk;
use crate::ir::{Block, Func, FuncId, Inst, Kind, Type, Value};
use adl_lang::ops::Op;
use adl_lang::types::Dim;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// Replaces carries that never change, and merges those that are always equal.
pub fn carries(func: &mut Func) {
    let mut has_loop = false;
    walk(func, func.body, &mut |_, inst| {
        has_loop |= matches!(func.insts[inst].kind, Kind::For { .. } | Kind::While { .. });
    });
    if !has_loop {
        return;
    }
    let body = func.body;
    let mut numbers =
        Numbers { func, of: Side::new(0), next: 0, table: FxHashMap::default(), partitions: FxHashMap::default() };
    for &param in func.params() {
        numbers.fresh(param);
    }
    numbers.block(body);
    let partitions = numbers.partitions;
    let mut renames = Renames::new();
    merge(func, body, &partitions, &mut renames);
    if renames.any() {
        renames.apply_within(func, body);
    }
    for (&inst, classes) in &partitions {
        drop_tapes(func, inst, classes);
    }
}

/// Takes tapes that a loop hands on as they came out of it: a tape is named once.
fn drop_tapes(func: &mut Func, inst: Inst, classes: &[Class]) {
    let data = &func.insts[inst];
    let tape = |at: usize| classes[at] == Class::Invariant && func.ty(data.results[at]) == &Type::Tape;
    let keep: Vec<bool> = (0..classes.len()).map(|at| !tape(at)).collect();
    if !keep.contains(&false) {
        return;
    }
    let skip = data.args.len() - classes.len();
    let owned: SmallVec<[Block; 2]> = data.kind.blocks().collect();
    let kept = |at: usize| at < skip || keep[at - skip];
    retain(&mut func.insts[inst].args, &kept);
    retain_results(func, inst, &|at| keep[at]);
    for (k, &block) in owned.iter().enumerate() {
        let last = k + 1 == owned.len();
        let indices = func.blocks[block].params.len() - keep.len();
        retain_params(func, block, &|at| at < indices || keep[at - indices]);
        if last {
            retain(&mut func.blocks[block].yields, &|at| keep[at]);
        }
    }
}

/// The name of an expression.
type Number = u32;

/// An expression over numbers: two of the same key are equal wherever both are defined.
#[derive(PartialEq, Eq, Hash)]
enum Key<'f> {
    Pure(&'f Op, SmallVec<[Number; 4]>),
    Call(FuncId, &'f [Dim], SmallVec<[Number; 4]>, u32),
    /// A result of an `if`: condition and both yields.
    If(Number, Number, Number),
    /// A result of a loop or map: the instruction and the class or yield; `since` makes it fresh in each walk.
    Of(Inst, Number, Number),
}

/// What a carry is thought to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Class {
    /// Its initial value.
    Invariant,
    /// The same as the carry at this position, the first of its class.
    Of(usize),
}

struct Numbers<'f> {
    func: &'f Func,
    of: Side<Value, Number>,
    next: Number,
    table: FxHashMap<Key<'f>, Number>,
    /// For each loop, the class of each carry.
    partitions: FxHashMap<Inst, Vec<Class>>,
}

impl<'f> Numbers<'f> {
    fn fresh(&mut self, value: Value) {
        self.next += 1;
        self.of.set(value, self.next);
    }

    fn name(&mut self, key: Key<'f>) -> Number {
        let next = self.next + 1;
        let number = *self.table.entry(key).or_insert(next);
        self.next = self.next.max(number);
        number
    }

    fn block(&mut self, block: Block) {
        for &inst in &self.func.blocks[block].insts {
            self.inst(inst);
        }
    }

    fn inst(&mut self, inst: Inst) {
        let func = self.func;
        let data = &func.insts[inst];
        let args = || data.args.iter().map(|&a| self.of[a]).collect::<SmallVec<[Number; 4]>>();
        match &data.kind {
            Kind::Pure(op) => {
                let mut args = args();
                if let (Op::Prim(prim), [a, b]) = (op, &mut args[..])
                    && commutes(*prim)
                    && *b < *a
                {
                    std::mem::swap(a, b);
                }
                let number = self.name(Key::Pure(op, args));
                self.of.set(data.results[0], number);
            }
            Kind::Call { func: callee, sizes } => {
                let args = args();
                for (at, &result) in data.results.iter().enumerate() {
                    if func.ty(result).data().is_some() {
                        let number = self.name(Key::Call(*callee, sizes, args.clone(), at as u32));
                        self.of.set(result, number);
                    } else {
                        self.fresh(result);
                    }
                }
            }
            Kind::If { then, otherwise } => {
                self.block(*then);
                self.block(*otherwise);
                let cond = self.of[data.args[0]];
                for (at, &result) in data.results.iter().enumerate() {
                    let (a, b) = (self.of[func.blocks[*then].yields[at]], self.of[func.blocks[*otherwise].yields[at]]);
                    let number = if a == b { a } else { self.name(Key::If(cond, a, b)) };
                    self.of.set(result, number);
                }
            }
            Kind::For { body } => {
                self.fresh(func.blocks[*body].params[0]);
                self.refine(inst, 1, &[*body]);
            }
            Kind::While { test, body } => self.refine(inst, 0, &[*test, *body]),
            Kind::Map { extents, body, accs } => {
                for at in 0..func.blocks[*body].params.len() {
                    self.fresh(func.blocks[*body].params[at]);
                }
                self.next += 1;
                let since = self.next;
                self.block(*body);
                let lanes = data.results.len() - accs;
                debug_assert_eq!(func.blocks[*body].params.len(), extents.len() + accs);
                for (at, &result) in data.results.iter().enumerate() {
                    if at < lanes {
                        let number = self.of[func.blocks[*body].yields[at]];
                        let number = self.name(Key::Of(inst, number, since));
                        self.of.set(result, number);
                    } else {
                        self.fresh(result);
                    }
                }
            }
            Kind::Jvp { .. }
            | Kind::Vjp { .. }
            | Kind::Bounds { .. }
            | Kind::NonNegative(_)
            | Kind::SameSize(..)
            | Kind::Assert(_)
            | Kind::Print(_)
            | Kind::TapeNew
            | Kind::Push
            | Kind::Pop
            | Kind::TapeEnd => {
                for &result in &data.results {
                    self.fresh(result);
                }
            }
        }
    }

    /// Numbers a loop, walking its blocks until the partition of its carries holds. `skip` operands and parameters of
    /// the last block are no carries.
    fn refine(&mut self, inst: Inst, skip: usize, owned: &[Block]) {
        let func = self.func;
        let data = &func.insts[inst];
        let count = data.results.len();
        let body = owned[owned.len() - 1];
        let mut classes = self.partitions.remove(&inst).unwrap_or_else(|| vec![Class::Invariant; count]);
        let inits: SmallVec<[Number; 8]> = data.args[skip..].iter().map(|&a| self.of[a]).collect();
        // A class of an earlier walk, when the initial values still looked alike, may have to split.
        split(&mut classes, &|at| inits[at]);
        let results = loop {
            self.next += 1;
            let since = self.next;
            let heads: SmallVec<[Number; 8]> = classes
                .iter()
                .enumerate()
                .map(|(at, class)| match *class {
                    Class::Invariant => inits[at],
                    Class::Of(first) => self.name(Key::Of(inst, first as Number, since)),
                })
                .collect();
            for &block in owned {
                let skipped = if block == body { skip } else { 0 };
                for (at, &param) in func.blocks[block].params[skipped..].iter().enumerate() {
                    self.of.set(param, heads[at]);
                }
            }
            for &block in owned {
                self.block(block);
            }
            let yields = &func.blocks[body].yields;
            let before = classes.clone();
            for (at, class) in classes.iter_mut().enumerate() {
                let linear = func.ty(data.results[at]) == &Type::Tape;
                if *class == Class::Invariant && self.of[yields[at]] != inits[at] {
                    let first = (0..at).find(|&k| {
                        !linear
                            && before[k] == Class::Invariant
                            && self.of[yields[k]] != inits[k]
                            && inits[k] == inits[at]
                    });
                    *class = Class::Of(first.unwrap_or(at));
                }
            }
            split(&mut classes, &|at| self.of[yields[at]]);
            if classes == before {
                break heads;
            }
        };
        for (at, &result) in data.results.iter().enumerate() {
            let number = match classes[at] {
                Class::Invariant => inits[at],
                Class::Of(_) => {
                    // After the loop: another value than the parameter inside.
                    self.name(Key::Of(inst, results[at], Number::MAX))
                }
            };
            self.of.set(result, number);
        }
        self.partitions.insert(inst, classes);
    }
}

/// Splits every class by what `of` says of its members.
fn split(classes: &mut [Class], of: &dyn Fn(usize) -> Number) {
    let mut firsts: FxHashMap<(usize, Number), usize> = FxHashMap::default();
    for (at, class) in classes.iter_mut().enumerate() {
        if let Class::Of(first) = *class {
            *class = Class::Of(*firsts.entry((first, of(at))).or_insert(at));
        }
    }
}

/// Records the replacements that the final partitions call for.
fn merge(func: &Func, block: Block, partitions: &FxHashMap<Inst, Vec<Class>>, renames: &mut Renames) {
    for &inst in &func.blocks[block].insts {
        let kind = &func.insts[inst].kind;
        if let Some(classes) = partitions.get(&inst) {
            let skip = usize::from(matches!(kind, Kind::For { .. }));
            for (at, class) in classes.iter().enumerate() {
                let data = &func.insts[inst];
                match *class {
                    Class::Invariant => {
                        renames.set(data.results[at], data.args[skip + at]);
                        for owned in kind.blocks() {
                            renames.set(func.blocks[owned].params[skip + at], data.args[skip + at]);
                        }
                    }
                    Class::Of(first) if first != at => {
                        renames.set(data.results[at], data.results[first]);
                        for owned in kind.blocks() {
                            renames.set(func.blocks[owned].params[skip + at], func.blocks[owned].params[skip + first]);
                        }
                    }
                    Class::Of(_) => {}
                }
            }
        }
        for owned in kind.blocks() {
            merge(func, owned, partitions, renames);
        }
    }
}
