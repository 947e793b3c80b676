//! Builds instructions at the end of a block; types follow from the operands, and the current span is carried along.

use super::calls::Place;
use super::func::{Block, Func, FuncId, Inst, Kind, Type, Value};
use adl_lang::defect;
use adl_lang::ops::{Const, Op, Reduction};
use adl_lang::prims::Prim;
use adl_lang::types::{DType, Dim, Ty};

/// Appends to one block of a function.
pub struct Builder<'f> {
    /// The function.
    pub func: &'f mut Func,
    /// Where instructions go.
    pub block: Block,
    /// What they are blamed on.
    pub place: Place,
}

impl<'f> Builder<'f> {
    /// Appends to the body of a function.
    pub fn new(func: &'f mut Func) -> Self {
        let (block, place) = (func.body, func.span.into());
        Builder { func, block, place }
    }

    /// Runs `f` with instructions going to a new block, which is returned with what `f` says; `f` sets the yields.
    pub fn region<R>(&mut self, f: impl FnOnce(&mut Self) -> R) -> (Block, R) {
        let block = self.func.block();
        let outer = std::mem::replace(&mut self.block, block);
        let result = f(self);
        self.block = outer;
        (block, result)
    }

    /// Adds a parameter to the current block.
    pub fn param(&mut self, ty: Type) -> Value {
        self.func.param(self.block, ty)
    }

    /// Sets what the current block yields.
    pub fn set_yields(&mut self, yields: Vec<Value>) {
        self.func.blocks[self.block].yields = yields;
    }

    /// Appends an instruction with the given result types.
    pub fn inst(&mut self, kind: Kind, args: Vec<Value>, results: Vec<Type>) -> Inst {
        self.func.append(self.block, kind, args, results, self.place)
    }

    /// Appends an instruction and gives its results.
    pub fn results(&mut self, kind: Kind, args: Vec<Value>, results: Vec<Type>) -> Vec<Value> {
        let inst = self.inst(kind, args, results);
        self.func.insts[inst].results.clone()
    }

    /// Appends a pure operation.
    ///
    /// # Panics
    /// If the operand types do not fit: a fault of the caller.
    pub fn pure(&mut self, op: Op, args: &[Value]) -> Value {
        let types: Vec<&Ty> = args.iter().map(|&a| self.func.data(a)).collect();
        let ty = match op.result(&types) {
            Ok(ty) => ty,
            Err(problem) => defect!("ill-typed operation in {}: {problem}", self.func.name),
        };
        self.results(Kind::Pure(op), args.to_vec(), vec![Type::Data(ty)])[0]
    }

    /// A primitive, element by element.
    pub fn prim(&mut self, prim: Prim, args: &[Value]) -> Value {
        self.pure(Op::Prim(prim), args)
    }

    /// A scalar constant.
    pub fn constant(&mut self, value: Const) -> Value {
        self.pure(Op::Const(value), &[])
    }

    /// A whole number.
    pub fn int(&mut self, value: i64) -> Value {
        self.constant(Const::I64(value))
    }

    /// The value of a dimension.
    pub fn size(&mut self, dim: Dim) -> Value {
        match dim.as_const() {
            Some(value) => self.int(value),
            None => self.pure(Op::Size(dim), &[]),
        }
    }

    /// The number `value` in every element of an array (or the scalar) of type `ty`.
    pub fn full(&mut self, ty: &Ty, value: f64) -> Value {
        let scalar = self.constant(Const::of(ty.dtype, value));
        self.broadcast_scalar(scalar, &ty.dims)
    }

    /// A scalar in every element of an array of that shape.
    pub fn broadcast_scalar(&mut self, scalar: Value, dims: &[Dim]) -> Value {
        if dims.is_empty() {
            return scalar;
        }
        self.pure(Op::Broadcast { dims: dims.to_vec(), axes: Vec::new() }, &[scalar])
    }

    /// Zero of the type of `value`.
    pub fn zeros_like(&mut self, value: Value) -> Value {
        let ty = self.func.data(value).clone();
        self.full(&ty, 0.0)
    }

    /// Sum over axes; the value itself if there are none.
    pub fn sum(&mut self, value: Value, axes: Vec<usize>) -> Value {
        if axes.is_empty() { value } else { self.pure(Op::Reduce(Reduction::Sum, axes), &[value]) }
    }

    /// `a + b`.
    pub fn add(&mut self, a: Value, b: Value) -> Value {
        self.prim(Prim::Add, &[a, b])
    }

    /// `a - b`.
    pub fn sub(&mut self, a: Value, b: Value) -> Value {
        self.prim(Prim::Sub, &[a, b])
    }

    /// `a * b`.
    pub fn mul(&mut self, a: Value, b: Value) -> Value {
        self.prim(Prim::Mul, &[a, b])
    }

    /// Conversion; the value itself if it has that type.
    pub fn convert(&mut self, value: Value, dtype: DType) -> Value {
        if self.func.data(value).dtype == dtype { value } else { self.pure(Op::Convert(dtype), &[value]) }
    }

    /// A call.
    pub fn call(&mut self, func: FuncId, sizes: Vec<Dim>, args: Vec<Value>, results: Vec<Type>) -> Vec<Value> {
        self.results(Kind::Call { func, sizes }, args, results)
    }
}
