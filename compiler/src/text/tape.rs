//! Tapes as arrays: rows of one type go to arrays of their own, with one counter. Where the number of rows is not known
//! before the program runs there is no such text.

use super::Unwritable;
use super::expr::{Bin, Expr, Part};
use super::ops::typed;
use super::writer::{Writer, change_of};
use crate::ir::Value;
use adl_lang::types::Ty;
use rustc_hash::FxHashMap;

/// The tapes of a function.
#[derive(Default)]
pub(super) struct Tapes {
    /// Which tape a value is.
    of: FxHashMap<Value, usize>,
    all: Vec<Tape>,
}

struct Tape {
    /// Where its arrays are declared: the line that stands there until they are known.
    mark: String,
    /// How many loops are around it.
    depth: usize,
    stacks: Vec<Stack>,
}

/// Rows of one type.
struct Stack {
    types: Vec<Ty>,
    arrays: Vec<String>,
    top: String,
    /// How many rows there will be.
    room: Expr,
}

impl Tapes {
    /// The value is the tape that the other one was.
    pub(super) fn follow(&mut self, from: Value, to: Value) {
        if let Some(&tape) = self.of.get(&from) {
            self.of.insert(to, tape);
        }
    }
}

impl Writer<'_> {
    pub(super) fn tape_new(&mut self, tape: Value) {
        let number = self.tapes.all.len();
        let mark = format!("\0{number}");
        self.out.push(mark.clone());
        self.tapes.of.insert(tape, number);
        self.tapes.all.push(Tape { mark, depth: self.rounds.len(), stacks: Vec::new() });
    }

    /// The results of a branch are the tapes that its block yields.
    pub(super) fn follow_tapes(&mut self, block: crate::ir::Block, results: &[Value]) {
        for (&y, &result) in self.func.blocks[block].yields.iter().zip(results) {
            self.tapes.follow(y, result);
        }
    }

    fn stack(&mut self, tape: usize, types: &[Ty]) -> usize {
        if let Some(k) = self.tapes.all[tape].stacks.iter().position(|s| s.types == types) {
            return k;
        }
        let arrays = types.iter().map(|_| self.names.lasting("kept")).collect();
        let top = self.names.lasting("top");
        self.tapes.all[tape].stacks.push(Stack { types: types.to_vec(), arrays, top, room: Expr::Int(0) });
        self.tapes.all[tape].stacks.len() - 1
    }

    pub(super) fn push(&mut self, args: &[Value], result: Value) -> Result<(), Unwritable> {
        let Some(&tape) = self.tapes.of.get(&args[0]) else {
            return Err(Unwritable::new("a recursion in reverse mode"));
        };
        self.tapes.of.insert(result, tape);
        let types: Vec<Ty> = args[1..].iter().map(|&v| self.func.data(v).clone()).collect();
        if types.is_empty() {
            return Ok(());
        }
        let mut rows = Expr::Int(1);
        for count in &self.rounds[self.tapes.all[tape].depth..] {
            let Some(count) = count.clone() else {
                return Err(Unwritable::new("a `while` loop in reverse mode"));
            };
            rows = if rows == Expr::Int(1) { count } else { Expr::Bin(Bin::Mul, Box::new(rows), Box::new(count)) };
        }
        let k = self.stack(tape, &types);
        let values = self.operands(&args[1..]);
        let stack = &mut self.tapes.all[tape].stacks[k];
        stack.room = match std::mem::replace(&mut stack.room, Expr::Int(0)) {
            Expr::Int(0) => rows,
            room => Expr::Bin(Bin::Add, Box::new(room), Box::new(rows)),
        };
        let (arrays, top) = (stack.arrays.clone(), stack.top.clone());
        for (array, value) in arrays.iter().zip(values) {
            let place = Expr::Index(Box::new(Expr::name(array)), vec![Part::At(Expr::name(&top))]);
            self.out.push(change_of(&place, false, value));
        }
        self.out.push(format!("{top} += 1"));
        Ok(())
    }

    pub(super) fn pop(&mut self, tape: Value, results: &[Value]) -> Result<(), Unwritable> {
        let Some(&number) = self.tapes.of.get(&tape) else {
            return Err(Unwritable::new("a recursion in reverse mode"));
        };
        self.tapes.of.insert(results[0], number);
        let types: Vec<Ty> = results[1..].iter().map(|&v| self.func.data(v).clone()).collect();
        if types.is_empty() {
            return Ok(());
        }
        let k = self.stack(number, &types);
        let stack = &self.tapes.all[number].stacks[k];
        let (arrays, top) = (stack.arrays.clone(), stack.top.clone());
        self.settle(&top);
        self.out.push(format!("{top} -= 1"));
        for (array, &result) in arrays.iter().zip(&results[1..]) {
            let row = Expr::Index(Box::new(Expr::name(array)), vec![Part::At(Expr::name(&top))]);
            self.define(result, row);
        }
        Ok(())
    }

    /// Puts the declarations of tapes where they belong, now that all rows are known.
    pub(super) fn declare_tapes(&mut self) {
        for tape in std::mem::take(&mut self.tapes.all) {
            let mut lines = Vec::new();
            for stack in &tape.stacks {
                for (array, ty) in stack.arrays.iter().zip(&stack.types) {
                    let mut shape = vec![stack.room.clone()];
                    shape.extend(ty.dims.iter().map(|d| self.dim(d)));
                    let shape = if let [one] = shape.as_slice() { one.clone() } else { Expr::Tuple(shape) };
                    let zero = match ty.dtype {
                        adl_lang::types::DType::Bool => Expr::Bool(false),
                        adl_lang::types::DType::I64 => Expr::Int(0),
                        float => typed(Expr::Num(0.0), float),
                    };
                    lines.push(format!("var {array} = {}", Expr::call("full", vec![shape, zero]).text()));
                }
                lines.push(format!("var {} = 0", stack.top));
            }
            let text = lines.join("\n");
            self.out = self.out.iter().map(|line| line.replace(&tape.mark, &text)).filter(|l| !l.is_empty()).collect();
        }
    }
}
