//! Copies instructions and blocks from one function into another: the ground of inlining and of every pass that
//! rebuilds a function.

use super::build::Builder;
use super::calls::{CallId, Place};
use super::func::{Block, Func, Inst, Type, Value};
use adl_lang::defect;
use adl_lang::types::{Dim, Sym};
use rustc_hash::FxHashMap;

/// What each value of the source function has become.
pub struct Copier<'s> {
    /// The function that is read.
    pub source: &'s Func,
    /// Its values in the new function.
    pub map: FxHashMap<Value, Value>,
    /// Its size parameters, as sizes of the new function.
    pub sizes: Vec<Dim>,
    /// What calls that were inlined into the source are called in the new function; others keep their numbers.
    pub calls: FxHashMap<CallId, CallId>,
}

impl<'s> Copier<'s> {
    /// Copies into a function with the same size parameters.
    pub fn new(source: &'s Func) -> Self {
        let sizes = (0..source.sizes.len() as u32).map(|k| Dim::sym(Sym(k))).collect();
        Copier { source, map: FxHashMap::default(), sizes, calls: FxHashMap::default() }
    }

    /// What a value has become.
    ///
    /// # Panics
    /// If it has not been copied: the source is not in SSA form.
    pub fn value(&self, value: Value) -> Value {
        match self.map.get(&value) {
            Some(&new) => new,
            None => defect!("{value} of {} is used before it is copied", self.source.name),
        }
    }

    /// What several values have become.
    pub fn values(&self, values: &[Value]) -> Vec<Value> {
        values.iter().map(|&v| self.value(v)).collect()
    }

    /// A dimension in the new function.
    pub fn dim(&self, dim: &Dim) -> Dim {
        dim.substitute(&|s| self.sizes[s.0 as usize].clone())
    }

    /// A type in the new function.
    pub fn ty(&self, ty: &Type) -> Type {
        match ty {
            Type::Data(ty) => Type::Data(ty.substitute(&|s| self.sizes[s.0 as usize].clone())),
            Type::Tape => Type::Tape,
        }
    }

    /// Copies an instruction with the blocks it owns, and records what its results have become.
    pub fn inst(&mut self, inst: Inst, to: &mut Builder<'_>) -> Inst {
        let source = self.source;
        let data = &source.insts[inst];
        let args = self.values(&data.args);
        let types = data.results.iter().map(|&r| self.ty(source.ty(r))).collect();
        let sizes = self.sizes.clone();
        let kind = data.kind.rewrite(&|s| sizes[s.0 as usize].clone(), &mut |b| self.block(b, to));
        let within = self.calls.get(&data.place.within).copied().unwrap_or(data.place.within);
        let outer = std::mem::replace(&mut to.place, Place { within, ..data.place });
        let copy = to.inst(kind, args, types);
        to.place = outer;
        for (at, &old) in data.results.iter().enumerate() {
            let new = to.func.insts[copy].results[at];
            self.becomes(old, new, to);
        }
        copy
    }

    /// A parameter of the current block for a value of the source.
    pub fn param(&mut self, value: Value, to: &mut Builder<'_>) -> Value {
        let new = to.param(self.ty(self.source.ty(value)));
        self.becomes(value, new, to);
        new
    }

    fn becomes(&mut self, old: Value, new: Value, to: &mut Builder<'_>) {
        self.map.insert(old, new);
        to.func.name_after(new, self.source, old, Clone::clone);
    }

    /// Copies a block as a new one.
    pub fn block(&mut self, block: Block, to: &mut Builder<'_>) -> Block {
        let source = self.source;
        let (copy, ()) = to.region(|to| {
            for &param in &source.blocks[block].params {
                self.param(param, to);
            }
            self.contents(block, to);
            let yields = self.values(&source.blocks[block].yields);
            to.set_yields(yields);
        });
        copy
    }

    /// Copies the instructions of a block to where the builder stands; its parameters are in the map already.
    pub fn contents(&mut self, block: Block, to: &mut Builder<'_>) {
        for &inst in &self.source.blocks[block].insts {
            self.inst(inst, to);
        }
    }
}
