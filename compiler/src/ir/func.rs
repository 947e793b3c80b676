//! Modules, functions, blocks, instructions and values.

use super::calls::{Calls, Place};
use super::entity::{Arena, entity};
use adl_lang::ast::Name;
use adl_lang::message::{Message, Piece, Said};
use adl_lang::ops::Op;
use adl_lang::source::Span;
use adl_lang::typed::BoundsOf;
use adl_lang::types::{Dim, Sym, Ty};
use rustc_hash::FxHashMap;

entity!(
    /// A function of a module.
    FuncId "@"
);
entity!(
    /// A value, defined once.
    Value "v"
);
entity!(
    /// A block: the body of a function, or a region of an instruction.
    Block "b"
);
entity!(
    /// An instruction.
    Inst "i"
);

/// No array has more elements, by contract with whoever gives one.
pub const MAX_SIZE: i64 = 1 << 48;

/// Functions that call one another.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// The functions.
    pub funcs: Arena<FuncId, Func>,
    /// The calls that were inlined, which the places of instructions name.
    pub calls: Calls,
}

/// A function. Its parameters and results are those of its body.
#[derive(Clone, Debug)]
pub struct Func {
    /// For people.
    pub name: String,
    /// The names of the size parameters; `Sym(k)` is the k-th.
    pub sizes: Vec<Option<Name>>,
    /// The outermost block.
    pub body: Block,
    /// Blocks.
    pub blocks: Arena<Block, BlockData>,
    /// Instructions.
    pub insts: Arena<Inst, InstData>,
    /// Values.
    pub values: Arena<Value, ValueData>,
    /// The definition.
    pub span: Span,
    /// How it is differentiated, if not by its body.
    pub rules: Rules,
    /// Whether it stays a function: what it computes again must not be merged with what its callers keep.
    pub apart: bool,
    /// Whether it belongs to the library: what fails in it is blamed on its caller.
    pub library: bool,
    /// What values are called in the program, for texts; empty where no text is made.
    pub names: FxHashMap<Value, Name>,
}

/// The derivatives that a function has been given.
pub type Rules = adl_lang::typed::Rules<FuncId>;

/// A block.
#[derive(Clone, Debug, Default)]
pub struct BlockData {
    /// Its parameters.
    pub params: Vec<Value>,
    /// Its instructions in order.
    pub insts: Vec<Inst>,
    /// What it yields.
    pub yields: Vec<Value>,
}

/// The type of a value.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Type {
    /// A scalar or array.
    Data(Ty),
    /// The residuals of forward sweeps: a stack of rows, used linearly. It appears in derivative code alone, which is
    /// never differentiated again.
    Tape,
}

impl Type {
    /// The scalar or array type; a tape has none.
    pub fn data(&self) -> Option<&Ty> {
        match self {
            Type::Data(ty) => Some(ty),
            Type::Tape => None,
        }
    }
}

/// A value.
#[derive(Clone, Debug)]
pub struct ValueData {
    /// Its type.
    pub ty: Type,
    /// Where it comes from.
    pub def: Def,
}

/// Where a value comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Def {
    /// The k-th parameter of a block.
    Param(Block, u32),
    /// The k-th result of an instruction.
    Result(Inst, u32),
}

/// An instruction.
#[derive(Clone, Debug)]
pub struct InstData {
    /// What it does.
    pub kind: Kind,
    /// Its operands.
    pub args: Vec<Value>,
    /// Its results.
    pub results: Vec<Value>,
    /// The place in the program that is to blame.
    pub place: Place,
}

/// Part of a line that is printed or said; values are operands, by position.
pub type Part = Piece<usize>;

/// What an assertion claims.
#[derive(Clone, PartialEq, Debug)]
pub enum Claim {
    /// What the program says if it does not hold; parts refer to the operands.
    Said(Said<usize>),
    /// The operation of that name made no NaN; the values say in which entries it did, and what it was given.
    NoNan(String),
}

/// What an instruction does. `(…)` are its operands.
#[derive(Clone, PartialEq, Debug)]
pub enum Kind {
    /// A pure operation; one result.
    Pure(Op),
    /// `(cond)`: the results are what the chosen block yields; the blocks have no parameters.
    If {
        /// When it holds.
        then: Block,
        /// When it does not.
        otherwise: Block,
    },
    /// `(count, init…)`: the body has parameters `(i, carry…)` and yields the next carries;
    /// it runs for i = 0 … count − 1, not at all if count ≤ 0. The results are the last carries.
    For {
        /// The body.
        body: Block,
    },
    /// `(init…)`: `test` and `body` have the carries as parameters; `test` yields one `bool`.
    While {
        /// Computes the condition.
        test: Block,
        /// One round; yields the next carries.
        body: Block,
    },
    /// `(acc…)`: the body has parameters `(i…, acc…)`, one index for each extent, and yields `(lane…, acc…)`.
    /// The results are one array for each lane value (extents, then the shape of the lane value) and the last
    /// accumulators. Inside the body an accumulator is never read: it is only the first operand of `Acc`, carried
    /// through loops and branches, passed to an accumulator parameter of a call, and yielded. So lanes are independent.
    Map {
        /// The extents, outermost first.
        extents: Vec<Dim>,
        /// The body.
        body: Block,
        /// How many accumulators there are.
        accs: usize,
    },
    /// `(arg…)`: the results of the function.
    Call {
        /// Which.
        func: FuncId,
        /// Its size parameters.
        sizes: Vec<Dim>,
    },
    /// A request: `(arg…, tangent of each active arg…)` gives the results, then the tangent of each float result.
    Jvp {
        /// Which function.
        func: FuncId,
        /// Its size parameters.
        sizes: Vec<Dim>,
        /// Which arguments move; only floats do.
        active: Vec<bool>,
        /// Whether it repeats a run with these arguments: nothing is printed and no check is made again.
        again: bool,
    },
    /// A request: `(arg…, cotangent of each seeded result…)` gives the results if `primal`, then the cotangent of each
    /// argument in `wrt`.
    Vjp {
        /// Which function.
        func: FuncId,
        /// Its size parameters.
        sizes: Vec<Dim>,
        /// Which results have a cotangent; the others have zero.
        seeds: Vec<bool>,
        /// Which arguments are asked for; only floats are.
        wrt: Vec<bool>,
        /// Whether the results are wanted too. If not, nothing is printed and no check is made again.
        primal: bool,
    },
    /// `(index)`: fails unless 0 ≤ index < len, for each entry of an array.
    Bounds {
        /// What it must stay below.
        len: Dim,
        /// What is guarded.
        what: BoundsOf,
    },
    /// `()`: fails if the size is negative.
    NonNegative(Dim),
    /// `()`: fails if the sizes differ.
    SameSize(Dim, Dim),
    /// `(cond, value…)`: fails unless the condition holds.
    Assert(Claim),
    /// `(value…)`: says something to the host.
    Print(Message<usize>),
    /// `()`: an empty tape.
    TapeNew,
    /// `(tape, value…)`: the tape with one more row.
    Push,
    /// `(tape)`: the tape without its last row, and the values of that row. The row itself stays in memory: an array
    /// that was popped may be read until the tape ends or is pushed to.
    Pop,
    /// `(tape)`: the end of an empty tape; its memory is free again.
    TapeEnd,
}

impl Kind {
    /// The blocks it owns.
    pub fn blocks(&self) -> impl Iterator<Item = Block> + use<> {
        let (first, second) = match self {
            Kind::If { then, otherwise } => (Some(*then), Some(*otherwise)),
            Kind::For { body } | Kind::Map { body, .. } => (Some(*body), None),
            Kind::While { test, body } => (Some(*test), Some(*body)),
            Kind::Pure(_)
            | Kind::Call { .. }
            | Kind::Jvp { .. }
            | Kind::Vjp { .. }
            | Kind::Bounds { .. }
            | Kind::NonNegative(_)
            | Kind::SameSize(..)
            | Kind::Assert(_)
            | Kind::Print(_)
            | Kind::TapeNew
            | Kind::Push
            | Kind::Pop
            | Kind::TapeEnd => (None, None),
        };
        first.into_iter().chain(second)
    }

    /// The same with other dimensions and blocks: for copies into a function with other size parameters.
    #[must_use]
    pub fn rewrite(&self, dim: &dyn Fn(Sym) -> Dim, block: &mut dyn FnMut(Block) -> Block) -> Kind {
        let all = |dims: &[Dim]| dims.iter().map(|d| d.substitute(dim)).collect::<Vec<_>>();
        match self {
            Kind::Pure(op) => Kind::Pure(op.substitute(dim)),
            Kind::If { then, otherwise } => Kind::If { then: block(*then), otherwise: block(*otherwise) },
            Kind::For { body } => Kind::For { body: block(*body) },
            Kind::While { test, body } => Kind::While { test: block(*test), body: block(*body) },
            Kind::Map { extents, body, accs } => Kind::Map { extents: all(extents), body: block(*body), accs: *accs },
            Kind::Call { func, sizes } => Kind::Call { func: *func, sizes: all(sizes) },
            Kind::Jvp { func, sizes, active, again } => {
                Kind::Jvp { func: *func, sizes: all(sizes), active: active.clone(), again: *again }
            }
            Kind::Vjp { func, sizes, seeds, wrt, primal } => {
                Kind::Vjp { func: *func, sizes: all(sizes), seeds: seeds.clone(), wrt: wrt.clone(), primal: *primal }
            }
            Kind::Bounds { len, what } => Kind::Bounds { len: len.substitute(dim), what: *what },
            Kind::NonNegative(size) => Kind::NonNegative(size.substitute(dim)),
            Kind::SameSize(left, right) => Kind::SameSize(left.substitute(dim), right.substitute(dim)),
            Kind::Assert(_) | Kind::Print(_) | Kind::TapeNew | Kind::Push | Kind::Pop | Kind::TapeEnd => self.clone(),
        }
    }
}

impl Func {
    /// A function with an empty body.
    pub fn new(name: impl Into<String>, sizes: Vec<Option<Name>>, span: Span) -> Func {
        let mut blocks = Arena::new();
        let body = blocks.push(BlockData::default());
        let (insts, values) = (Arena::new(), Arena::new());
        let (rules, names) = (Rules::default(), FxHashMap::default());
        Func { name: name.into(), sizes, body, blocks, insts, values, span, rules, apart: false, library: false, names }
    }

    /// The type of a value.
    pub fn ty(&self, value: Value) -> &Type {
        &self.values[value].ty
    }

    /// The scalar or array type of a value.
    ///
    /// # Panics
    /// On a tape.
    pub fn data(&self, value: Value) -> &Ty {
        self.ty(value).data().expect("a scalar or array")
    }

    /// The parameters.
    pub fn params(&self) -> &[Value] {
        &self.blocks[self.body].params
    }

    /// The results.
    pub fn results(&self) -> &[Value] {
        &self.blocks[self.body].yields
    }

    /// Which size parameters are axes of parameters, and so not negative; another may stand for any whole number.
    pub fn lengths(&self) -> Vec<bool> {
        let mut lengths = vec![false; self.sizes.len()];
        let types = self.params().iter().filter_map(|&p| self.ty(p).data());
        for sym in types.flat_map(|ty| &ty.dims).filter_map(Dim::as_sym) {
            if let Some(length) = lengths.get_mut(sym.0 as usize) {
                *length = true;
            }
        }
        lengths
    }

    /// The least value that a size can have; `None` if nothing simple is known.
    pub fn least(&self, dim: &Dim) -> Option<i64> {
        if let Some(number) = dim.as_const() {
            return Some(number);
        }
        let lengths = self.lengths();
        dim.lower_bound_if(0, &|s| lengths.get(s.0 as usize).copied().unwrap_or(false))
    }

    /// Between which numbers a size lies; `None` if computing it may overflow, or divide by what is not positive.
    pub fn range(&self, dim: &Dim) -> Option<[i64; 2]> {
        let lengths = self.lengths();
        dim.range(&|s| match lengths.get(s.0 as usize) {
            Some(true) => [0, MAX_SIZE],
            Some(false) | None => [i64::MIN, i64::MAX],
        })
    }

    /// The types of the results.
    pub fn result_types(&self) -> Vec<Type> {
        self.results().iter().map(|&v| self.ty(v).clone()).collect()
    }

    /// Calls a value after one of another function, if that has a name and this has none yet.
    pub fn name_after(&mut self, value: Value, source: &Func, old: Value, made: impl FnOnce(&Name) -> Name) {
        if let Some(name) = source.names.get(&old) {
            self.names.entry(value).or_insert_with(|| made(name));
        }
    }

    /// Calls a value what another one is called, if it has no name yet.
    pub fn share_name(&mut self, from: Value, to: Value) {
        if let Some(name) = self.names.get(&from).cloned() {
            self.names.entry(to).or_insert(name);
        }
    }

    /// Adds a parameter to a block.
    pub fn param(&mut self, block: Block, ty: Type) -> Value {
        let position = self.blocks[block].params.len() as u32;
        let value = self.values.push(ValueData { ty, def: Def::Param(block, position) });
        self.blocks[block].params.push(value);
        value
    }

    /// Adds a result to an instruction.
    pub fn result(&mut self, inst: Inst, ty: Type) -> Value {
        let position = self.insts[inst].results.len() as u32;
        let value = self.values.push(ValueData { ty, def: Def::Result(inst, position) });
        self.insts[inst].results.push(value);
        value
    }

    /// Adds a block that no instruction owns yet.
    pub fn block(&mut self) -> Block {
        self.blocks.push(BlockData::default())
    }

    /// Adds an instruction at the end of a block.
    pub fn append(&mut self, block: Block, kind: Kind, args: Vec<Value>, results: Vec<Type>, place: Place) -> Inst {
        let inst = self.insts.next_key();
        let results = results
            .into_iter()
            .enumerate()
            .map(|(k, ty)| self.values.push(ValueData { ty, def: Def::Result(inst, k as u32) }))
            .collect();
        self.insts.push(InstData { kind, args, results, place });
        self.blocks[block].insts.push(inst);
        inst
    }
}
