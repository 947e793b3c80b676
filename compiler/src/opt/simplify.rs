//! Rewrites by named rows, each exact in IEEE arithmetic; constants folded; decided control flow spliced.
//!
//! ```text
//! v2 = const 1.0
//! v3 = mul v0 v2               v4 = neg v0
//! v4 = neg v3          =>      return v0
//! v5 = neg v4
//! return v5
//! ```
//!
//! Requires nothing. Ensures: no row applies any more, but where an operand became simpler only by a loop's end; values
//! left without use are for [`dce`](super::dce). Rows on scalars and element-wise values are in `simplify/scalar.rs`,
//! on shapes and indexing in `simplify/shape.rs`.

mod scalar;
mod shape;

use super::edit::{Renames, constant, detached_pure, int};
use crate::ir::{Block, Func, Inst, Kind, Value};
use adl_lang::ops::{Const, Op};

/// Simplifies a function.
pub fn simplify(func: &mut Func) {
    let body = func.body;
    let mut pass = Simplify { func, renames: Renames::new(), out: Vec::new() };
    pass.block(body);
}

/// What an operation may be replaced by.
pub enum To {
    /// A value that is there already.
    Value(Value),
    /// Another operation.
    Op(Op, Vec<Value>),
    /// An operation on the result of another.
    Chain(Op, Vec<Value>, Op),
    /// The number in every element.
    Const(Const),
    /// Another operation, one of whose operands is a whole number.
    Moved {
        /// The operation.
        op: Op,
        /// Its operands.
        args: Vec<Value>,
        /// Which of them is the number.
        operand: usize,
        /// The number.
        at: i64,
    },
}

/// One rewrite.
pub struct Row {
    /// Its name, for people and tests.
    pub name: &'static str,
    /// What it makes of `op args`.
    pub run: fn(&Func, &Op, &[Value]) -> Option<To>,
}

/// All rows: for tests and documentation.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    scalar::ARITHMETIC.iter().chain(scalar::LOGIC).chain(shape::SHAPE).chain(shape::INDEXING)
}

/// The rows that may apply to an operation.
fn rows_of(op: &Op) -> &'static [Row] {
    match op {
        Op::Const(_)
        | Op::Random(..)
        | Op::Host { .. }
        | Op::ArgSort
        | Op::Factor(_)
        | Op::ArgReduce { .. }
        | Op::Table(_)
        | Op::Iota(_) => &[],
        Op::Prim(prim) if scalar::is_logic(*prim) => scalar::LOGIC,
        Op::Prim(_) => scalar::ARITHMETIC,
        Op::Size(_)
        | Op::Convert(_)
        | Op::Broadcast { .. }
        | Op::Reduce(..)
        | Op::Transpose(_)
        | Op::Reshape(_)
        | Op::Concat(_)
        | Op::MatMul { .. } => shape::SHAPE,
        Op::Index(_) | Op::Update(_) | Op::Acc(_) => shape::INDEXING,
    }
}

/// How often one instruction is rewritten at most: chains of rows are short.
const STEPS: usize = 8;

struct Simplify<'f> {
    func: &'f mut Func,
    renames: Renames,
    out: Vec<Inst>,
}

impl Simplify<'_> {
    fn block(&mut self, block: Block) {
        let insts = std::mem::take(&mut self.func.blocks[block].insts);
        let outer = std::mem::replace(&mut self.out, Vec::with_capacity(insts.len()));
        for inst in insts {
            self.inst(inst);
        }
        self.func.blocks[block].insts = std::mem::replace(&mut self.out, outer);
        self.renames.apply(&mut self.func.blocks[block].yields);
    }

    fn inst(&mut self, inst: Inst) {
        self.renames.apply(&mut self.func.insts[inst].args);
        if matches!(self.func.insts[inst].kind, Kind::Pure(_)) {
            return self.pure(inst);
        }
        if let Some((block, args)) = self.decided(inst) {
            return self.splice(inst, block, &args);
        }
        match self.func.insts[inst].kind {
            Kind::For { .. } if self.arg_int(inst, 0).is_some_and(|count| count <= 0) => {
                let data = &self.func.insts[inst];
                for (&result, &init) in data.results.iter().zip(&data.args[1..]) {
                    self.renames.set(result, init);
                }
                return;
            }
            Kind::Bounds { ref len, .. } => {
                let index = self.arg_int(inst, 0);
                if let (Some(index), Some(len)) = (index, len.as_const())
                    && (0..len).contains(&index)
                {
                    return;
                }
            }
            Kind::NonNegative(ref dim) if self.func.least(dim).is_some_and(|least| least >= 0) => {
                return;
            }
            Kind::SameSize(ref left, ref right) if left == right => return,
            Kind::Assert(_) if self.arg_is_true(inst) => return,
            _ => {}
        }
        for block in self.func.insts[inst].kind.blocks() {
            self.block(block);
        }
        if let Kind::If { then, otherwise } = self.func.insts[inst].kind {
            self.same_yields(inst, then, otherwise);
        }
        self.out.push(inst);
    }

    fn arg_is_true(&self, inst: Inst) -> bool {
        constant(self.func, self.func.insts[inst].args[0]) == Some(Const::Bool(true))
    }

    fn arg_int(&self, inst: Inst, at: usize) -> Option<i64> {
        int(self.func, self.func.insts[inst].args[at])
    }

    /// The block that certainly runs just once, and what its parameters are.
    fn decided(&mut self, inst: Inst) -> Option<(Block, Vec<Value>)> {
        match self.func.insts[inst].kind {
            Kind::If { then, otherwise } => match constant(self.func, self.func.insts[inst].args[0])? {
                Const::Bool(true) => Some((then, Vec::new())),
                _ => Some((otherwise, Vec::new())),
            },
            Kind::For { body } if self.arg_int(inst, 0) == Some(1) => {
                let place = self.func.insts[inst].place;
                let (zero, counter) = detached_pure(self.func, Op::Const(Const::I64(0)), Vec::new(), place);
                self.out.push(zero);
                let mut args = vec![counter];
                args.extend_from_slice(&self.func.insts[inst].args[1..]);
                Some((body, args))
            }
            _ => None,
        }
    }

    /// Puts the contents of a block in the place of its owner.
    fn splice(&mut self, owner: Inst, block: Block, args: &[Value]) {
        for (at, &arg) in args.iter().enumerate() {
            self.renames.set(self.func.blocks[block].params[at], arg);
        }
        for inst in std::mem::take(&mut self.func.blocks[block].insts) {
            self.inst(inst);
        }
        for at in 0..self.func.insts[owner].results.len() {
            let value = self.func.blocks[block].yields[at];
            self.renames.set(self.func.insts[owner].results[at], value);
        }
    }

    /// A result that both branches yield alike is that value; one that is `true` or `false` is the condition.
    fn same_yields(&mut self, inst: Inst, then: Block, otherwise: Block) {
        for at in 0..self.func.insts[inst].results.len() {
            let (a, b) = (self.func.blocks[then].yields[at], self.func.blocks[otherwise].yields[at]);
            let result = self.func.insts[inst].results[at];
            // Equal values of both branches are defined outside of both.
            if a == b {
                self.renames.set(result, a);
            } else if self.func.ty(a).data().is_some_and(|t| t.is_scalar())
                && constant(self.func, a) == Some(Const::Bool(true))
                && constant(self.func, b) == Some(Const::Bool(false))
            {
                self.renames.set(result, self.func.insts[inst].args[0]);
            }
        }
    }

    fn pure(&mut self, inst: Inst) {
        for _ in 0..STEPS {
            let Kind::Pure(op) = &self.func.insts[inst].kind else {
                break;
            };
            let args = &self.func.insts[inst].args;
            let Some(to) = rows_of(op).iter().find_map(|row| (row.run)(self.func, op, args)) else {
                break;
            };
            let result = self.func.insts[inst].results[0];
            match to {
                To::Value(value) => return self.renames.set(result, value),
                To::Op(op, args) => self.replace(inst, op, args),
                To::Const(value) => {
                    let dims = self.func.data(result).dims.clone();
                    match dims.is_empty() {
                        true => self.replace(inst, Op::Const(value), Vec::new()),
                        false => {
                            let value = self.emit(inst, Op::Const(value), Vec::new());
                            self.replace(inst, Op::Broadcast { dims, axes: Vec::new() }, vec![value]);
                        }
                    }
                }
                To::Moved { op, mut args, operand, at } => {
                    if int(self.func, args[operand]) != Some(at) {
                        args[operand] = self.emit(inst, Op::Const(Const::I64(at)), Vec::new());
                    }
                    self.replace(inst, op, args);
                }
                To::Chain(first, args, second) => {
                    let value = self.emit(inst, first, args);
                    self.replace(inst, second, vec![value]);
                }
            }
        }
        self.out.push(inst);
    }

    fn replace(&mut self, inst: Inst, op: Op, args: Vec<Value>) {
        let data = &mut self.func.insts[inst];
        data.kind = Kind::Pure(op);
        data.args = args;
    }

    /// A new instruction before the current one, simplified.
    fn emit(&mut self, at: Inst, op: Op, args: Vec<Value>) -> Value {
        let place = self.func.insts[at].place;
        let (inst, value) = detached_pure(self.func, op, args, place);
        self.pure(inst);
        self.renames.get(value)
    }
}
