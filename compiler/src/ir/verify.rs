//! The rules that every module obeys, before and after each pass.
//!
//! 1. **Ownership.** Every block that is reached is the body of its function or is owned by one instruction, once;
//!    every instruction stands in one place. All references are to entries that exist.
//! 2. **Definition.** Every value is a parameter of one block or a result of one instruction, and its entry says so.
//! 3. **Dominance.** An operand or yield is defined before its use, in the same block or in an enclosing one (before
//!    the owner there).
//! 4. **Sizes.** Dimensions mention only size parameters of the function.
//! 5. **Operations.** Operands and results of pure operations have the types that the operation asks for; a reshape
//!    keeps the number of elements, where that can be decided.
//! 6. **Regions.** Operands, block parameters, yields and results of `if`, `for`, `while` and `map` fit together.
//! 7. **Calls.** The callee exists; sizes, operands and results fit it.
//! 8. **Derivative requests.** Their callee exists and takes and gives no tape; each flag stands for a parameter or
//!    result; only floats have tangents and cotangents; operands and results are there in order.
//! 9. **Checks and lines.** Conditions are scalar `bool`s, indices `i64`s; parts of a line refer to operands.
//! 10. **Tape instructions** take a tape first, rows are made of scalars and arrays.
//! 11. **Tapes are linear.** On each path a tape is used at most once, and never in a loop or lane from outside of it.
//! 12. **Tests are pure.** The test of a `while` uses no tape but those that it makes itself.
//! 13. **Accumulators** of a `map` are never read in its body: each is only the base of `acc`,
//!     an accumulator of a loop, map or call, and a yield; and what a lane yields for it is made from it.
//! 14. **Rules.** The functions of a rule exist, have the sizes of the function that it is for, and take and give what
//!     its derivative does, without tapes.

mod accumulators;
mod rules;
mod tapes;
mod types;

use super::entity::{Entity, Side};
use super::func::{Block, Def, Func, Inst, Module, Type, Value};
use super::print::Names;
use adl_lang::types::{Dim, Sym};
use std::cell::Cell;
use std::fmt;

/// A rule that is broken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Broken {
    /// Its number in the list at the head of this file.
    pub rule: u8,
    /// The name of the function.
    pub func: String,
    /// What is wrong; values are named as in the printed function.
    pub message: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {} is broken in {}: {}", self.rule, self.func, self.message)
    }
}

impl std::error::Error for Broken {}

/// A module that obeys the rules; only [`verify`] makes it.
#[derive(Clone, Copy, Debug)]
pub struct Verified<'m>(&'m Module);

impl<'m> Verified<'m> {
    /// The module.
    pub fn module(self) -> &'m Module {
        self.0
    }
}

impl std::ops::Deref for Verified<'_> {
    type Target = Module;
    fn deref(&self) -> &Module {
        self.0
    }
}

/// Checks all rules.
pub fn verify(module: &Module) -> Result<Verified<'_>, Broken> {
    // Later rules rely on earlier ones, in other functions too.
    for (_, func) in module.funcs.iter() {
        Structure::new(func).check()?;
    }
    for (_, func) in module.funcs.iter() {
        types::check(module, func)?;
        rules::check(module, func)?;
        tapes::check(func)?;
    }
    accumulators::check(module)?;
    Ok(Verified(module))
}

fn broken<T>(rule: u8, func: &Func, message: impl Into<String>) -> Result<T, Broken> {
    Err(Broken { rule, func: func.name.clone(), message: message.into() })
}

/// Rules 1 to 4.
struct Structure<'f> {
    func: &'f Func,
    blocks: Side<Block, bool>,
    insts: Side<Inst, bool>,
    defined: Side<Value, bool>,
    visible: Side<Value, bool>,
}

impl<'f> Structure<'f> {
    fn new(func: &'f Func) -> Self {
        let (blocks, insts) = (Side::new(false), Side::new(false));
        Structure { func, blocks, insts, defined: Side::new(false), visible: Side::new(false) }
    }

    fn check(mut self) -> Result<(), Broken> {
        self.block(self.func.body)
    }

    fn block(&mut self, block: Block) -> Result<(), Broken> {
        let func = self.func;
        if block.index() >= func.blocks.len() {
            return broken(1, func, format!("{block} does not exist"));
        }
        if std::mem::replace(self.blocks.entry(block), true) {
            return broken(1, func, format!("{block} has two owners"));
        }
        let data = &func.blocks[block];
        self.define(&data.params, |k| Def::Param(block, k))?;
        for &inst in &data.insts {
            if inst.index() >= func.insts.len() {
                return broken(1, func, format!("{inst} does not exist"));
            }
            if std::mem::replace(self.insts.entry(inst), true) {
                return broken(1, func, format!("{inst} stands in two places"));
            }
            let data = &func.insts[inst];
            self.uses(&data.args)?;
            self.dims(|with| drop(data.kind.rewrite(with, &mut |b| b)))?;
            for inner in data.kind.blocks() {
                self.block(inner)?;
            }
            self.define(&data.results, |k| Def::Result(inst, k))?;
        }
        self.uses(&data.yields)?;
        let ends = data.insts.iter().flat_map(|&i| &func.insts[i].results);
        ends.chain(&data.params).for_each(|&v| self.visible.set(v, false));
        Ok(())
    }

    fn define(&mut self, values: &[Value], def: impl Fn(u32) -> Def) -> Result<(), Broken> {
        for (k, &value) in values.iter().enumerate() {
            self.exists(value)?;
            let data = &self.func.values[value];
            if data.def != def(k as u32) {
                return broken(2, self.func, format!("{value} is not what its entry says"));
            }
            if std::mem::replace(self.defined.entry(value), true) {
                return broken(2, self.func, format!("{} is defined twice", self.name(value)));
            }
            self.visible.set(value, true);
            if let Type::Data(ty) = &data.ty {
                self.dims(|with| drop(ty.substitute(with)))?;
            }
        }
        Ok(())
    }

    fn uses(&self, values: &[Value]) -> Result<(), Broken> {
        for &value in values {
            self.exists(value)?;
            if !self.visible[value] {
                return broken(3, self.func, format!("{} is used where it is not defined", self.name(value)));
            }
        }
        Ok(())
    }

    fn exists(&self, value: Value) -> Result<(), Broken> {
        if value.index() < self.func.values.len() {
            return Ok(());
        }
        broken(1, self.func, format!("{value} does not exist"))
    }

    /// `visit` calls its argument with each size symbol of something.
    fn dims(&self, visit: impl FnOnce(&dyn Fn(Sym) -> Dim)) -> Result<(), Broken> {
        let foreign = Cell::new(None);
        visit(&|sym| {
            if sym.0 as usize >= self.func.sizes.len() {
                foreign.set(Some(sym));
            }
            Dim::sym(sym)
        });
        match foreign.get() {
            Some(sym) => broken(4, self.func, format!("s{} is no size parameter", sym.0)),
            None => Ok(()),
        }
    }

    fn name(&self, value: Value) -> String {
        Names::new(self.func).value(value)
    }
}
