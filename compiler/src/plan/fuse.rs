//! Decides which arrays exist in memory and which are computed where they are used.
//!
//! ```text
//! v2 = mul v0 v1          inline: computed inside the loop of v3
//! v3 = reduce sum v2      one loop over v0 and v1
//! v4 = reshape v0         view: the memory of v0
//! v5 = matmul v0 v1       stored
//! ```
//!
//! An array is *inline* if every consumer reads it element by element and nothing is computed much more often than
//! once: it has one consumer that reads each element once; or all its consumers read the same element in the same
//! loop nest; or it costs next to nothing. What may fail (checked whole-number arithmetic) is never read in part.
//! What would be read after an array that it is made of is changed is stored before: else all of that array is copied,
//! in each round of a reverse sweep that takes the cotangent of a row out of it.

use super::cost::{Access, access, contiguous, op_cost};
use crate::ir::entity::Side;
use crate::ir::{Block, Def, Func, Inst, Kind, Value};
use adl_lang::ops::Op;
use std::rc::Rc;

/// How a value is represented.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// In a register (tapes: in two).
    Register,
    /// Computed where it is used.
    Inline,
    /// Part of the memory of another array.
    View,
    /// In memory of its own.
    Stored,
}

/// Recomputing this is as cheap as loading it.
const TRIVIAL: u32 = 2;
/// Recomputing this is cheaper than storing and loading it.
const CHEAP: u32 = 8;
/// A loop.
const LOOP: u32 = 10_000;

/// The decisions.
pub(crate) struct Forms {
    form: Side<Value, Form>,
    cost: Side<Value, u32>,
    fallible: Side<Value, bool>,
    roots: Side<Value, Rc<[Value]>>,
    depth: Side<Value, u32>,
    /// Where values are made, in the order of the text.
    made: Side<Value, u32>,
    /// Where arrays are changed that nobody reads afterwards.
    changed: Side<Value, Option<u32>>,
    uses: Side<Value, Vec<Use>>,
}

#[derive(Clone, Copy)]
struct Use {
    by: Option<Inst>,
    access: Access,
    depth: u32,
    at: u32,
}

impl Forms {
    /// Decides for a function.
    pub(crate) fn of(func: &Func) -> Forms {
        let mut forms = Forms {
            form: Side::new(Form::Register),
            cost: Side::new(0),
            fallible: Side::new(false),
            roots: Side::new(Rc::from([])),
            depth: Side::new(0),
            made: Side::new(0),
            changed: Side::new(None),
            uses: Side::new(Vec::new()),
        };
        forms.collect(func, func.body, 0, &mut 0);
        let groups = forms.groups(func);
        forms.block(func, func.body, &groups);
        forms
    }

    /// The form of a value.
    pub(crate) fn form(&self, value: Value) -> Form {
        self.form[value]
    }

    /// Whether the array has memory of its own.
    pub(crate) fn stored(&self, value: Value) -> bool {
        self.form[value] == Form::Stored
    }

    /// The stored arrays that are read when the value is.
    pub(crate) fn roots(&self, value: Value) -> &[Value] {
        &self.roots[value]
    }

    /// Whether the results of a `map` are computed where they are used.
    pub(crate) fn inline_map(&self, func: &Func, inst: Inst) -> bool {
        let data = &func.insts[inst];
        matches!(data.kind, Kind::Map { .. }) && data.results.iter().any(|&r| self.form[r] == Form::Inline)
    }

    fn collect(&mut self, func: &Func, block: Block, depth: u32, clock: &mut u32) {
        let data = &func.blocks[block];
        for &param in &data.params {
            self.depth.set(param, depth);
            self.made.set(param, *clock);
        }
        for &inst in &data.insts {
            *clock += 1;
            let inst_data = &func.insts[inst];
            let changes = matches!(inst_data.kind, Kind::Pure(Op::Update(_) | Op::Acc(_)));
            for (k, &arg) in inst_data.args.iter().enumerate() {
                let access = access(func, &inst_data.kind, &inst_data.args, k);
                self.uses.entry(arg).push(Use { by: Some(inst), access, depth, at: *clock });
                let own = changes && k == 0 && self.depth[arg] == depth;
                self.changed.set(arg, own.then_some(*clock));
            }
            for &result in &inst_data.results {
                self.depth.set(result, depth);
                self.made.set(result, *clock);
            }
            let repeated = matches!(inst_data.kind, Kind::For { .. } | Kind::While { .. } | Kind::Map { .. });
            let map =
                if let Kind::Map { accs, .. } = inst_data.kind { Some(inst_data.results.len() - accs) } else { None };
            for inner in inst_data.kind.blocks() {
                self.collect(func, inner, depth + u32::from(repeated), clock);
                *clock += 1;
                for (k, &y) in func.blocks[inner].yields.iter().enumerate() {
                    let access = if map.is_some_and(|lanes| k < lanes) { Access::Once } else { Access::Memory };
                    self.uses.entry(y).push(Use { by: None, access, depth: depth + u32::from(repeated), at: *clock });
                    self.changed.set(y, None);
                }
            }
        }
        if block == func.body {
            *clock += 1;
            for &y in &data.yields {
                self.uses.entry(y).push(Use { by: None, access: Access::Memory, depth, at: *clock });
                self.changed.set(y, None);
            }
        }
    }

    /// For each value the last of the values that are computed with it at the same index in the same loop nest.
    fn groups(&self, func: &Func) -> Side<Value, Option<Value>> {
        let mut groups: Side<Value, Option<Value>> = Side::new(None);
        for value in func.values.keys().rev() {
            let mut group = None;
            let mut same = !self.uses[value].is_empty();
            for u in &self.uses[value] {
                let next = u.by.and_then(|by| {
                    let consumer = &func.insts[by];
                    let result = consumer.results.first().copied();
                    let reduces = matches!(consumer.kind, Kind::Pure(Op::Reduce(..)));
                    if reduces { result } else { result.and_then(|r| groups[r].or(Some(r))) }
                });
                same &= u.access == Access::Same && u.depth == self.depth[value] && (group.is_none() || group == next);
                group = next;
            }
            groups.set(value, if same { group } else { Some(value) });
        }
        groups
    }

    fn block(&mut self, func: &Func, block: Block, groups: &Side<Value, Option<Value>>) {
        for &param in &func.blocks[block].params {
            if func.ty(param).data().is_some_and(|ty| !ty.is_scalar()) {
                self.set_stored(param);
            }
        }
        for &inst in &func.blocks[block].insts {
            for inner in func.insts[inst].kind.blocks() {
                self.block(func, inner, groups);
            }
            for &result in &func.insts[inst].results {
                if func.ty(result).data().is_some_and(|ty| !ty.is_scalar()) {
                    self.decide(func, inst, result, groups);
                } else {
                    self.cost.set(result, 0);
                }
            }
        }
    }

    fn set_stored(&mut self, value: Value) {
        self.form.set(value, Form::Stored);
        self.cost.set(value, 1);
        self.roots.set(value, Rc::from([value]));
    }

    fn decide(&mut self, func: &Func, inst: Inst, value: Value, groups: &Side<Value, Option<Value>>) {
        let data = &func.insts[inst];
        if let Kind::Pure(op) = &data.kind
            && self.is_view(func, op, &data.args)
            && !self.outlives(value, &self.roots[data.args[0]])
        {
            let roots = self.roots[data.args[0]].clone();
            self.form.set(value, Form::View);
            self.cost.set(value, 1);
            self.roots.set(value, roots);
            return;
        }
        let Some((cost, fallible, roots)) = self.candidate(func, inst) else {
            return self.set_stored(value);
        };
        let inline = self.affordable(func, value, cost, fallible, &roots, groups);
        if inline {
            self.form.set(value, Form::Inline);
            self.cost.set(value, cost);
            self.fallible.set(value, fallible);
            self.roots.set(value, roots.into());
        } else {
            self.set_stored(value);
        }
    }

    /// Whether the operation names part of the memory of its operand.
    fn is_view(&self, func: &Func, op: &Op, args: &[Value]) -> bool {
        match op {
            Op::Reshape(_) => !func.data(args[0]).is_scalar() && self.form[args[0]] != Form::Inline,
            Op::Index(sels) => self.form[args[0]] != Form::Inline && contiguous(sels),
            Op::Const(_)
            | Op::Table(_)
            | Op::Size(_)
            | Op::Prim(_)
            | Op::Convert(_)
            | Op::Broadcast { .. }
            | Op::Reduce(..)
            | Op::ArgReduce { .. }
            | Op::Transpose(_)
            | Op::Concat(_)
            | Op::Iota(_)
            | Op::Update(_)
            | Op::Acc(_)
            | Op::MatMul { .. }
            | Op::ArgSort
            | Op::Factor(_)
            | Op::Random(..)
            | Op::Host { .. } => false,
        }
    }

    /// What an element would cost to compute, whether that may fail, and what it reads; nothing if it must be stored.
    fn candidate(&self, func: &Func, inst: Inst) -> Option<(u32, bool, Vec<Value>)> {
        let data = &func.insts[inst];
        if let Kind::Map { body, accs: 0, .. } = data.kind
            && data.results.len() == 1
        {
            return self.map_candidate(func, body);
        }
        let Kind::Pure(op) = &data.kind else {
            return None;
        };
        let (mut cost, mut fallible) = op_cost(func, op, &data.args)?;
        let mut roots = Vec::new();
        for &arg in &data.args {
            cost = cost.saturating_add(self.cost[arg]);
            fallible |= self.fallible[arg];
            roots.extend_from_slice(&self.roots[arg]);
        }
        roots.sort_unstable();
        roots.dedup();
        Some((cost, fallible, roots))
    }

    fn map_candidate(&self, func: &Func, body: Block) -> Option<(u32, bool, Vec<Value>)> {
        let block = &func.blocks[body];
        if block.insts.len() > 48 {
            return None;
        }
        let (mut total, mut fallible, mut roots) = (0u32, false, Vec::new());
        for &inst in &block.insts {
            let data = &func.insts[inst];
            if let Kind::Pure(op) = &data.kind {
                let reduces = matches!(op, Op::Reduce(..) | Op::ArgReduce { .. });
                let (cost, may_fail) = if reduces { (LOOP, false) } else { op_cost(func, op, &data.args)? };
                total = total.saturating_add(cost);
                fallible |= may_fail;
            } else if matches!(data.kind, Kind::Bounds { .. }) {
                fallible = true;
            } else {
                return None;
            }
            for &arg in &data.args {
                roots.extend_from_slice(&self.roots[arg]);
            }
            if data.results.iter().any(|&r| self.form[r] == Form::Stored) {
                return None;
            }
        }
        for &y in &block.yields {
            total = total.saturating_add(self.cost[y]);
            roots.extend_from_slice(&self.roots[y]);
        }
        roots.sort_unstable();
        roots.dedup();
        Some((total, fallible, roots))
    }

    #[allow(clippy::too_many_arguments)]
    fn affordable(
        &self,
        func: &Func,
        value: Value,
        cost: u32,
        fallible: bool,
        roots: &[Value],
        groups: &Side<Value, Option<Value>>,
    ) -> bool {
        if self.outlives(value, roots) {
            return false;
        }
        let uses = &self.uses[value];
        let single = uses.iter().all(|u| u.by.is_some() && u.by == uses[0].by)
            || (uses.len() == 1 && uses[0].access == Access::Once);
        let grouped = groups[value] != Some(value);
        for u in uses {
            if let Some(by) = u.by
                && self.overwrites(func, by, value, roots)
            {
                return false;
            }
            let limit = match u.access {
                Access::Memory => return false,
                _ if u.depth > self.depth[value] => TRIVIAL,
                Access::Same if grouped => u32::MAX,
                Access::Same | Access::Once if single && uses.len() == 1 => u32::MAX,
                Access::Part if single && uses.len() == 1 && !fallible => LOOP - 1,
                Access::Same | Access::Once | Access::Part | Access::Many => CHEAP,
            };
            let partial = matches!(u.access, Access::Part | Access::Many) || u.depth > self.depth[value];
            if cost > limit || (fallible && partial) {
                return false;
            }
        }
        true
    }

    /// Whether the value is read after an array that it reads has been changed in place.
    fn outlives(&self, value: Value, roots: &[Value]) -> bool {
        let made = self.made[value];
        let changed = roots.iter().filter_map(|&r| self.changed[r]).filter(|&at| at > made).min();
        changed.is_some_and(|at| self.uses[value].iter().any(|u| u.at > at))
    }

    /// Whether `by` writes into memory that `value` would read while it does.
    fn overwrites(&self, func: &Func, by: Inst, value: Value, roots: &[Value]) -> bool {
        let data = &func.insts[by];
        let update = matches!(&data.kind, Kind::Pure(Op::Update(_) | Op::Acc(_)));
        update && data.args[0] != value && self.roots[data.args[0]].iter().any(|r| roots.contains(r))
    }
}

/// The stored array that the value is, perhaps in another shape.
pub(crate) fn owner(func: &Func, forms: &Forms, value: Value) -> Option<Value> {
    let mut value = value;
    loop {
        match (forms.form(value), func.values[value].def) {
            (Form::Stored, _) => return Some(value),
            (Form::View, Def::Result(inst, _)) if matches!(func.insts[inst].kind, Kind::Pure(Op::Reshape(_))) => {
                value = func.insts[inst].args[0];
            }
            (Form::View | Form::Inline | Form::Register, _) => return None,
        }
    }
}
