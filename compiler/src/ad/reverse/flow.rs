//! What a reverse sweep must know before it starts: which values receive a cotangent, from which regions, and where a
//! zero cotangent may meet an infinite partial.
//!
//! ```text
//! v3 = for v1 (v0) { (v4: i64, v5: f64)      seeded: v3
//!   v6 = mul v5 v2                           v6, v5, v2 receive; v2 is touched from inside the body
//!   v7 = sqrt v6
//!   v8 = select v9 v7 v5                     v7, and what it depends on, is tainted
//!   yield v8
//! }
//! ```
//!
//! *Useful* is the backward counterpart of activity: a least fixed point from the seeded results,
//! along operands that hand a tangent on. A carry is useful if its result or its parameter is.
//! A value is *tainted* if it feeds, through regions and calls, a data operand of a `select` or of a choice (`max`,
//! `min`), if a branch uses it from outside, or if only part of it is used:
//! its cotangent is zero where something else is taken, and must stay zero there even if a partial is infinite.
//! Many values are used in branches or in parts, and few of their partials can be infinite (`finite.rs`): of those
//! in branches only these are guarded, and of those in parts only what is infinite by itself, as the slope of `sqrt`.

use super::super::activity::Active;
use super::super::emit::is_float;
use super::super::finite::{STEEP, Size, limited, of_partial, sizes};
use super::super::linear::passes;
use crate::ir::entity::{Entity, Side};
use crate::ir::{Block, Def, Func, Inst, InstData, Kind, Module, Value};
use adl_lang::defect;
use adl_lang::ops::{Op, Reduction};
use adl_lang::prims::Derivative;
use adl_lang::prims::formula::Formula;
use rustc_hash::FxHashMap;
use std::cell::OnceCell;
use std::collections::BTreeSet;

/// Why a cotangent may be zero where the value plays no part.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(in crate::ad) enum Taint {
    /// It is not.
    No,
    /// Only part of the value is used.
    Part,
    /// A branch that uses the value may not be taken.
    Branch,
    /// Another operand may be chosen.
    Choice,
}

/// Why the product of a cotangent and a partial is zero where the cotangent is, whatever the partial is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Guard {
    /// Where something else was taken.
    Untaken,
    /// Everywhere: it leads to operations at finite limits alone, and overflows.
    Limit,
}

/// The facts about one function.
pub(super) struct Facts {
    /// Which values are active.
    pub active: Active,
    /// Which of them receive a cotangent.
    pub useful: Side<Value, bool>,
    /// Where a cotangent may be zero because something else was taken.
    pub tainted: Side<Value, Taint>,
    /// What is known of each value; found out when it is first asked for.
    sizes: OnceCell<Side<Value, Size>>,
    /// Which lead to finite limits alone; likewise.
    limited: OnceCell<Side<Value, bool>>,
    /// Whose cotangents meet guarded products further on; likewise.
    guarded: OnceCell<Side<Value, bool>>,
    /// The parameters that the caller asks so for.
    asked: Vec<bool>,
    /// What is known of the arguments.
    arguments: Size,
    touched: FxHashMap<Block, BTreeSet<usize>>,
}

impl Facts {
    /// The facts for seeded results of a function of a module; everything is tainted so at least, and the caller asks
    /// where some parameters play a part.
    pub fn new(
        module: &Module,
        func: &Func,
        active: Active,
        seeds: &[bool],
        (tainted, asked): (Taint, &[bool]),
        arguments: Size,
    ) -> Facts {
        let mut owners = FxHashMap::default();
        let mut homes = Side::new(func.body);
        tree(func, func.body, &mut owners, &mut homes);
        let (useful, tainted) = (Side::new(false), Side::new(tainted));
        let (sizes, limited, touched) = (OnceCell::new(), OnceCell::new(), FxHashMap::default());
        let (guarded, asked) = (OnceCell::new(), asked.to_vec());
        let facts = Facts { active, useful, tainted, sizes, limited, guarded, asked, arguments, touched };
        let mut flow = Flow { module, func, owners, homes, facts, grown: true };
        for (&result, _) in func.results().iter().zip(seeds).filter(|(_, seeded)| **seeded) {
            flow.need(result, func.body);
        }
        let asked = flow.facts.asked.clone();
        for (&param, _) in func.params().iter().zip(asked).filter(|(_, asked)| *asked) {
            flow.taint(param, Taint::Branch);
        }
        while flow.grown {
            flow.grown = false;
            flow.block(func.body);
        }
        flow.facts
    }

    /// The strongest taint of some values.
    pub fn taint(&self, values: &[Value]) -> Taint {
        values.iter().map(|&v| self.tainted[v]).max().unwrap_or(Taint::No)
    }

    /// The values whose cotangents meet guarded products, on the way to what they are made of.
    pub fn guarded(&self, func: &Func) -> &Side<Value, bool> {
        self.guarded.get_or_init(|| self.find_guarded(func, &self.asked))
    }

    /// How the product of a cotangent and this partial of an instruction must be guarded.
    pub fn guards(&self, func: &Func, data: &InstData, partial: Option<&Formula>) -> Option<Guard> {
        let result = data.results[0];
        let all = || self.sizes.get_or_init(|| sizes(func, self.arguments));
        let size = |value: Value| all()[value];
        let overflows = || {
            !matches!(partial, None | Some(Formula::Const(_)))
                && matches!(of_partial(partial, data, &size), Size::Finite(2..=STEEP))
                && self.limited.get_or_init(|| limited(func, all()))[result]
        };
        if overflows() { Some(Guard::Limit) } else { self.is_untaken(func, data, partial).then_some(Guard::Untaken) }
    }

    /// Whether it is so because of what was not taken.
    pub fn is_untaken(&self, func: &Func, data: &InstData, partial: Option<&Formula>) -> bool {
        let size = |value: Value| self.sizes.get_or_init(|| sizes(func, self.arguments))[value];
        let infinite = |known: &dyn Fn(Value) -> Size| of_partial(partial, data, known) == Size::Any;
        let product = !matches!(partial, Some(Formula::Const(0.0 | 1.0 | -1.0)));
        product
            && match self.tainted[data.results[0]] {
                Taint::No => false,
                Taint::Part => infinite(&|value| size(value).finite()),
                Taint::Branch => infinite(&size),
                Taint::Choice => true,
            }
    }

    /// The values defined outside a block that receive a cotangent from inside, in a fixed order.
    pub fn touched(&self, block: Block) -> Vec<Value> {
        self.touched.get(&block).into_iter().flatten().map(|&k| Value::new(k)).collect()
    }
}

/// Where a block stands.
struct Owner {
    block: Block,
    /// Whether it runs on a condition.
    branch: bool,
}

/// Records the owner of each block, and the block of each instruction.
fn tree(func: &Func, block: Block, owners: &mut FxHashMap<Block, Owner>, homes: &mut Side<Inst, Block>) {
    for &inst in &func.blocks[block].insts {
        homes.set(inst, block);
        let branch = matches!(func.insts[inst].kind, Kind::If { .. });
        for inner in func.insts[inst].kind.blocks() {
            owners.insert(inner, Owner { block, branch });
            tree(func, inner, owners, homes);
        }
    }
}

struct Flow<'a> {
    module: &'a Module,
    func: &'a Func,
    owners: FxHashMap<Block, Owner>,
    homes: Side<Inst, Block>,
    facts: Facts,
    grown: bool,
}

impl Flow<'_> {
    /// A contribution to `value` from `block`.
    fn need(&mut self, value: Value, block: Block) {
        if !self.facts.active[value] {
            return;
        }
        self.grown |= !std::mem::replace(self.facts.useful.entry(value), true);
        let home = match self.func.values[value].def {
            Def::Param(block, _) => block,
            Def::Result(inst, _) => self.homes[inst],
        };
        let (mut at, mut conditional) = (block, false);
        while at != home {
            self.grown |= self.facts.touched.entry(at).or_default().insert(value.index());
            let owner = &self.owners[&at];
            (at, conditional) = (owner.block, conditional | owner.branch);
        }
        if conditional {
            self.taint(value, Taint::Branch);
        }
    }

    fn taint(&mut self, value: Value, taint: Taint) {
        let known = self.facts.tainted.entry(value);
        if is_float(self.func.ty(value)) && *known < taint {
            *known = taint;
            self.grown = true;
        }
    }

    fn useful(&self, values: &[Value]) -> bool {
        values.iter().any(|&v| self.facts.useful[v])
    }

    /// What holds of `target` holds of `source`, seen from `block`.
    fn link(&mut self, target: Value, source: Value, block: Block) {
        if self.facts.useful[target] {
            self.need(source, block);
        }
        self.taint(source, self.facts.tainted[target]);
    }

    fn block(&mut self, block: Block) {
        let func = self.func;
        for &inst in func.blocks[block].insts.iter().rev() {
            self.inst(inst, block);
        }
    }

    fn inst(&mut self, inst: Inst, block: Block) {
        let func = self.func;
        let data = &func.insts[inst];
        match &data.kind {
            Kind::Pure(op) => {
                let useful = self.useful(&data.results);
                let tainted = chooses(op).max(self.facts.taint(&data.results));
                for (_, &arg) in data.args.iter().enumerate().filter(|(k, _)| passes(op, *k)) {
                    if useful {
                        self.need(arg, block);
                    }
                    self.taint(arg, tainted);
                }
            }
            Kind::If { then, otherwise } => {
                for &side in &[*then, *otherwise] {
                    for (&result, &value) in data.results.iter().zip(&func.blocks[side].yields) {
                        self.link(result, value, side);
                    }
                    self.block(side);
                }
            }
            Kind::For { body } => self.cycle(&data.results, &data.args[1..], *body, 1, block),
            Kind::While { body, test: _ } => self.cycle(&data.results, &data.args, *body, 0, block),
            Kind::Map { body, .. } => {
                for (&result, &value) in data.results.iter().zip(&func.blocks[*body].yields) {
                    self.link(result, value, *body);
                }
                self.block(*body);
            }
            Kind::Call { .. } | Kind::Vjp { .. } => {
                // What is called may branch, as each recursion does.
                let branches = matches!(data.kind, Kind::Call { func, .. } if self.module.funcs[func].rules.is_empty());
                let own = if branches { Taint::Branch } else { Taint::No };
                let (useful, tainted) = (self.useful(&data.results), self.facts.taint(&data.results).max(own));
                for &arg in &data.args {
                    if useful {
                        self.need(arg, block);
                    }
                    self.taint(arg, tainted);
                }
            }
            Kind::Bounds { .. } | Kind::NonNegative(_) | Kind::SameSize(..) | Kind::Assert(_) | Kind::Print(_) => {}
            Kind::Jvp { .. } => defect!("a jvp request is left in {}", func.name),
            Kind::TapeNew | Kind::Push | Kind::Pop | Kind::TapeEnd => {
                defect!("the tape of {} is differentiated", func.name)
            }
        }
    }

    fn cycle(&mut self, results: &[Value], inits: &[Value], body: Block, indices: usize, block: Block) {
        let func = self.func;
        let data = &func.blocks[body];
        let params = &data.params[indices..];
        for k in 0..results.len() {
            for target in [results[k], params[k]] {
                self.link(target, data.yields[k], body);
                self.link(target, inits[k], block);
            }
        }
        self.block(body);
    }
}

/// Whether the operation takes one of its operands and leaves the others, or part of an array.
fn chooses(op: &Op) -> Taint {
    match op {
        Op::Prim(prim) => match &prim.row().derivative {
            Derivative::Choice(_) | Derivative::Select => Taint::Choice,
            Derivative::Zero | Derivative::Partials(_) => Taint::No,
        },
        Op::Index(_) | Op::Update(_) | Op::Reduce(Reduction::Max | Reduction::Min, _) => Taint::Part,
        Op::Const(_)
        | Op::Table(_)
        | Op::Size(_)
        | Op::Convert(_)
        | Op::Broadcast { .. }
        | Op::Reduce(..)
        | Op::ArgReduce { .. }
        | Op::Transpose(_)
        | Op::Reshape(_)
        | Op::Concat(_)
        | Op::Iota(_)
        | Op::Acc(_)
        | Op::MatMul { .. }
        | Op::ArgSort
        | Op::Factor(_)
        | Op::Random(..)
        | Op::Host { .. } => Taint::No,
    }
}
