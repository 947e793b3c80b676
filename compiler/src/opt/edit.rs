//! What passes share: values replaced by others, copies of instructions within one function, and which block is whose.
//!
//! ```text
//! v2 = mul v0 v1      v5 renamed to v2      v2 = mul v0 v1
//! v5 = mul v0 v1             =>
//! v6 = sin v5                               v6 = sin v2
//! ```
//!
//! Passes edit a function in place: they walk its blocks in order, take each list of instructions out, put what stays
//! back, and look every operand up in [`Renames`]. What is dropped stays in the arena as garbage that no block names.

use crate::ir::entity::Side;
use crate::ir::walk::{replace, walk};
use crate::ir::{Block, Def, Func, Inst, Kind, Place, Type, Value};
use adl_lang::defect;
use adl_lang::ops::{Const, Op};
use adl_lang::types::{Dim, Sym, Ty};
use rustc_hash::FxHashMap;

/// Values that have been replaced by others.
pub struct Renames {
    to: Side<Value, Option<Value>>,
    any: bool,
}

impl Renames {
    /// Nothing replaced.
    pub fn new() -> Self {
        Renames { to: Side::new(None), any: false }
    }

    /// What stands for a value.
    pub fn get(&self, mut value: Value) -> Value {
        while let Some(next) = self.to[value] {
            value = next;
        }
        value
    }

    /// Replaces `old` by `new`.
    pub fn set(&mut self, old: Value, new: Value) {
        let new = self.get(new);
        if old != new {
            self.to.set(old, Some(new));
            self.any = true;
        }
    }

    /// Looks all of them up.
    pub fn apply(&self, values: &mut [Value]) {
        if self.any {
            values.iter_mut().for_each(|v| *v = self.get(*v));
        }
    }

    /// Whether anything was replaced.
    pub fn any(&self) -> bool {
        self.any
    }

    /// Applies the replacements to a block and all within it.
    pub fn apply_within(&self, func: &mut Func, block: Block) {
        if self.any {
            replace(func, block, &|v| self.get(v));
        }
    }
}

impl Default for Renames {
    fn default() -> Self {
        Renames::new()
    }
}

/// The instruction that owns each block, and the block each instruction stands in.
pub struct Owners {
    /// The owner of a block; the body of the function has none.
    pub of_block: Side<Block, Option<Inst>>,
    /// The block of an instruction.
    pub of_inst: Side<Inst, Option<Block>>,
}

impl Owners {
    /// Of a whole function.
    pub fn new(func: &Func) -> Owners {
        let mut owners = Owners { of_block: Side::new(None), of_inst: Side::new(None) };
        walk(func, func.body, &mut |block, inst| {
            owners.of_inst.set(inst, Some(block));
            for inner in func.insts[inst].kind.blocks() {
                owners.of_block.set(inner, Some(inst));
            }
        });
        owners
    }
}

/// The pure operation that defines a value, with its operands.
pub fn pure(func: &Func, value: Value) -> Option<(&Op, &[Value])> {
    let Def::Result(inst, _) = func.values[value].def else {
        return None;
    };
    match &func.insts[inst].kind {
        Kind::Pure(op) => Some((op, &func.insts[inst].args)),
        _ => None,
    }
}

/// The number a value is in every element, if it is a constant or a constant that was broadcast.
pub fn constant(func: &Func, value: Value) -> Option<Const> {
    match pure(func, value)? {
        (Op::Const(c), _) => Some(*c),
        (Op::Broadcast { axes, .. }, [scalar]) if axes.is_empty() => constant(func, *scalar),
        (Op::Size(dim), _) => dim.as_const().map(Const::I64),
        _ => None,
    }
}

/// The whole number a value is, if it is a constant.
pub fn int(func: &Func, value: Value) -> Option<i64> {
    match constant(func, value)? {
        Const::I64(i) => Some(i),
        Const::Bool(_) | Const::F32(_) | Const::F64(_) => None,
    }
}

/// Makes an instruction that no block names yet.
pub fn detached(func: &mut Func, kind: Kind, args: Vec<Value>, results: Vec<Type>, place: Place) -> Inst {
    let block = func.body;
    let inst = func.append(block, kind, args, results, place);
    func.blocks[block].insts.pop();
    inst
}

/// Makes a pure instruction that no block names yet.
///
/// # Panics
/// If the operand types do not fit: a fault of the caller.
pub fn detached_pure(func: &mut Func, op: Op, args: Vec<Value>, place: Place) -> (Inst, Value) {
    let ty = match result_type(func, &op, &args) {
        Ok(ty) => ty,
        Err(problem) => defect!("ill-typed operation in {}: {problem}", func.name),
    };
    let inst = detached(func, Kind::Pure(op), args, vec![Type::Data(ty)], place);
    (inst, func.insts[inst].results[0])
}

fn result_type(func: &Func, op: &Op, args: &[Value]) -> Result<Ty, String> {
    match op {
        Op::Const(c) => Ok(Ty::scalar(c.dtype())),
        _ => {
            let types: Vec<&Ty> = args.iter().map(|&a| func.data(a)).collect();
            op.result(&types)
        }
    }
}

/// Copies an instruction with the blocks it owns within its function; operands that are in the map are exchanged, and
/// the results are added to it. No block names the copy yet.
pub fn copy(func: &mut Func, inst: Inst, map: &mut FxHashMap<Value, Value>) -> Inst {
    let data = func.insts[inst].clone();
    let args = data.args.iter().map(|v| *map.get(v).unwrap_or(v)).collect();
    let types = data.results.iter().map(|&r| func.ty(r).clone()).collect();
    let mut owned: Vec<Block> = data.kind.blocks().map(|block| copy_block(func, block, map)).collect();
    owned.reverse();
    let kind = match owned.is_empty() {
        true => data.kind,
        false => data.kind.rewrite(&|s: Sym| Dim::sym(s), &mut |block| {
            owned.pop().unwrap_or_else(|| defect!("{block} was not copied"))
        }),
    };
    let new = detached(func, kind, args, types, data.place);
    for (old, &result) in data.results.iter().zip(&func.insts[new].results) {
        map.insert(*old, result);
    }
    for &old in &data.results {
        func.share_name(old, map[&old]);
    }
    new
}

fn copy_block(func: &mut Func, block: Block, map: &mut FxHashMap<Value, Value>) -> Block {
    let data = func.blocks[block].clone();
    let new = func.block();
    for param in data.params {
        let ty = func.ty(param).clone();
        map.insert(param, func.param(new, ty));
    }
    for inst in data.insts {
        let inst = copy(func, inst, map);
        func.blocks[new].insts.push(inst);
    }
    func.blocks[new].yields = data.yields.iter().map(|v| *map.get(v).unwrap_or(v)).collect();
    new
}

/// Keeps only the parameters of a block that are wanted, and numbers them again.
pub fn retain_params(func: &mut Func, block: Block, keep: &dyn Fn(usize) -> bool) {
    let mut position = 0;
    func.blocks[block].params.retain(|_| {
        position += 1;
        keep(position - 1)
    });
    for at in 0..func.blocks[block].params.len() {
        let param = func.blocks[block].params[at];
        func.values[param].def = Def::Param(block, at as u32);
    }
}

/// Keeps only the results of an instruction that are wanted, and numbers them again.
pub fn retain_results(func: &mut Func, inst: Inst, keep: &dyn Fn(usize) -> bool) {
    retain(&mut func.insts[inst].results, keep);
    for at in 0..func.insts[inst].results.len() {
        let result = func.insts[inst].results[at];
        func.values[result].def = Def::Result(inst, at as u32);
    }
}

/// Keeps the entries at wanted positions.
pub fn retain<T>(list: &mut Vec<T>, keep: &dyn Fn(usize) -> bool) {
    let mut position = 0;
    list.retain(|_| {
        position += 1;
        keep(position - 1)
    });
}
