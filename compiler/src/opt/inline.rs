//! Puts the body of a function in the place of a call.
//!
//! ```text
//! func @0 square[](v0: f64) -> f64 { v1 = mul v0 v0; yield v1 }
//!
//! v3 = call @0 v2           =>      v3 = mul v2 v2
//! ```
//!
//! Not inlined: recursive functions, and large ones that are called from several places, or once the caller has grown
//! too large. Before differentiation this is what keeps high derivatives small: local clean-up does not see through
//! calls. Requests (`jvp`, `vjp`) stay, and calls of functions with rules, which are differentiated as calls;
//! so do calls of functions that are to stay apart.

use super::calls::{Calls, size};
use super::edit::Renames;
use crate::ir::copy::Copier;
use crate::ir::entity::Side;
use crate::ir::{self, Block, Builder, Func, FuncId, Inst, Kind, Module};
use rustc_hash::FxHashMap;

/// A function of up to so many instructions is inlined wherever it is called.
pub const SMALL: usize = 200;
/// A function does not grow beyond so many instructions by inlining what is not called just once.
pub const BUDGET: usize = 4000;

/// Inlines calls in all functions that the entries reach, callees first.
pub fn inline(module: &mut Module, entries: &[FuncId]) {
    let calls = Calls::new(module, entries);
    let mut places = std::mem::take(&mut module.calls);
    let mut sizes: Side<FuncId, usize> = Side::new(0);
    for &id in &calls.order {
        let span = module.funcs[id].span;
        let mut caller = std::mem::replace(&mut module.funcs[id], Func::new("", Vec::new(), span));
        let body = caller.body;
        let grown = size(&caller);
        let mut pass = Inline {
            module,
            calls: &calls,
            sizes: &sizes,
            places: &mut places,
            caller: &mut caller,
            renames: Renames::new(),
            size: grown,
        };
        pass.block(body);
        let grown = pass.size;
        sizes.set(id, grown);
        module.funcs[id] = caller;
    }
    module.calls = places;
}

struct Inline<'m> {
    module: &'m Module,
    calls: &'m Calls,
    sizes: &'m Side<FuncId, usize>,
    places: &'m mut ir::Calls,
    caller: &'m mut Func,
    renames: Renames,
    size: usize,
}

impl Inline<'_> {
    fn block(&mut self, block: Block) {
        for inst in std::mem::take(&mut self.caller.blocks[block].insts) {
            self.renames.apply(&mut self.caller.insts[inst].args);
            match self.caller.insts[inst].kind {
                Kind::Call { func, .. } if self.worth(func) => self.paste(inst, func, block),
                _ => {
                    for inner in self.caller.insts[inst].kind.blocks() {
                        self.block(inner);
                    }
                    self.caller.blocks[block].insts.push(inst);
                }
            }
        }
        self.renames.apply(&mut self.caller.blocks[block].yields);
    }

    fn worth(&self, callee: FuncId) -> bool {
        let size = self.sizes[callee];
        let data = &self.module.funcs[callee];
        let open = data.rules.is_empty() && !data.apart && !self.calls.recursive[callee];
        open && (self.calls.uses[callee] == 1 || (size <= SMALL && self.size + size <= BUDGET))
    }

    fn paste(&mut self, call: Inst, callee: FuncId, block: Block) {
        let source = &self.module.funcs[callee];
        let data = self.caller.insts[call].clone();
        let Kind::Call { sizes, .. } = data.kind else {
            return;
        };
        let map = source.params().iter().copied().zip(data.args).collect();
        let outer = self.places.enter(data.place, source);
        let mut calls = FxHashMap::default();
        for (_, inst) in source.insts.iter() {
            let inner = inst.place.within;
            calls.entry(inner).or_insert_with(|| self.places.within(inner, outer));
        }
        let mut copier = Copier { source, map, sizes, calls };
        copier.contents(source.body, &mut Builder { func: self.caller, block, place: data.place });
        for (&result, &value) in data.results.iter().zip(source.results()) {
            let new = copier.value(value);
            // A result is called what the caller calls it; an argument that is handed on keeps its name.
            if !source.params().contains(&value)
                && let Some(name) = self.caller.names.get(&result).cloned()
            {
                self.caller.names.insert(new, name);
            }
            self.renames.set(result, new);
        }
        self.size += self.sizes[callee];
    }
}
