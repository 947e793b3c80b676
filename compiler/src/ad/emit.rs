//! Where a pass stands in the function it builds, and what every derived function shares with its source.

use crate::ir::{Block, Builder, Func, Place, Type, Value};
use adl_lang::ast::Name;
use adl_lang::ops::{Op, Sel, UNKNOWN_DERIVATIVE};
use adl_lang::prims::Prim;
use adl_lang::types::{DType, Dim, Ty};

/// A function under construction and the block that grows.
pub(super) struct Emit {
    /// The function.
    pub func: Func,
    /// Where instructions go.
    pub block: Block,
    /// What they are blamed on.
    pub place: Place,
}

impl Emit {
    /// A function with the size parameters of `source`, apart if that is.
    pub fn like(source: &Func, name: String) -> Emit {
        let mut func = Func::new(name, source.sizes.clone(), source.span);
        (func.apart, func.library) = (source.apart, source.library);
        let (block, place) = (func.body, func.span.into());
        Emit { func, block, place }
    }

    /// A builder at the end of the current block.
    pub fn to(&mut self) -> Builder<'_> {
        Builder { func: &mut self.func, block: self.block, place: self.place }
    }

    /// Starts a new block and stands in it; the answer is for [`Emit::leave`].
    pub fn enter(&mut self) -> Block {
        let block = self.func.block();
        std::mem::replace(&mut self.block, block)
    }

    /// Ends the current block and stands in the outer one again.
    pub fn leave(&mut self, outer: Block, yields: Vec<Value>) -> Block {
        self.func.blocks[self.block].yields = yields;
        std::mem::replace(&mut self.block, outer)
    }

    /// Adds a parameter to the current block.
    pub fn param(&mut self, ty: &Ty) -> Value {
        self.func.param(self.block, Type::Data(ty.clone()))
    }

    /// Adds a whole-number parameter to the current block.
    pub fn index(&mut self) -> Value {
        self.param(&Ty::scalar(DType::I64))
    }
}

/// The name under which a derivative of an operation of the host is asked for. There is none: whoever makes code of it
/// says so.
pub(super) fn derivative(op: &Op) -> Name {
    match op {
        Op::Host { name, .. } => format!("{name}{UNKNOWN_DERIVATIVE}").into(),
        _ => UNKNOWN_DERIVATIVE.to_string().into(),
    }
}

/// What the tangent of a value is called.
pub(super) fn tangent_name(name: &Name) -> Name {
    format!("d{name}").into()
}

/// What the cotangent of a value is called.
pub(super) fn cotangent_name(name: &Name) -> Name {
    format!("{name}_bar").into()
}

/// Whether values of this type have tangents.
pub(super) fn is_float(ty: &Type) -> bool {
    ty.data().is_some_and(|ty| ty.dtype.is_float())
}

/// The types of some values, in a function with other sizes.
pub(super) fn types_of(func: &Func, values: &[Value], sizes: &[Dim]) -> Vec<Type> {
    let one = |&value: &Value| match func.ty(value) {
        Type::Data(ty) => Type::Data(ty.substitute(&|s| sizes[s.0 as usize].clone())),
        Type::Tape => Type::Tape,
    };
    values.iter().map(one).collect()
}

/// `product`, but 0 where the cotangent is 0: nothing leaks through an infinite partial.
pub(super) fn guarded(to: &mut Builder<'_>, cotangent: Value, product: Value) -> Value {
    let zero = to.zeros_like(cotangent);
    let none = to.prim(Prim::Eq, &[cotangent, zero]);
    to.prim(Prim::Select, &[none, zero, product])
}

/// `base` with `part` added to all of it, as an accumulation.
pub(super) fn acc_all(to: &mut Builder<'_>, base: Value, part: Value) -> Value {
    let rank = to.func.data(base).rank();
    to.pure(Op::Acc(vec![Sel::All; rank]), &[base, part])
}
