//! What an element costs to compute, and how operations read their operands.

use crate::ir::{Func, Kind, Value};
use adl_lang::ops::{Op, Sel};
use adl_lang::prims::{self, Prim};
use adl_lang::types::{DType, Dim};

pub(crate) fn access(func: &Func, kind: &Kind, args: &[Value], k: usize) -> Access {
    let Kind::Pure(op) = kind else {
        return if matches!(kind, Kind::Bounds { .. }) { Access::Once } else { Access::Memory };
    };
    match op {
        Op::Prim(_) | Op::Convert(_) | Op::Reduce(..) => Access::Same,
        Op::ArgReduce { .. } | Op::Transpose(_) | Op::Concat(_) => Access::Once,
        Op::Broadcast { dims, axes } => {
            let copies = (0..dims.len()).any(|axis| !axes.contains(&axis) && !dims[axis].is(1));
            if copies { Access::Many } else { Access::Once }
        }
        Op::Reshape(dims) => {
            if same_but_units(&func.data(args[k]).dims, dims) {
                Access::Once
            } else {
                Access::Memory
            }
        }
        Op::Index(sels) if k == 0 => {
            if sels.contains(&Sel::Pick) {
                Access::Many
            } else {
                Access::Part
            }
        }
        Op::Update(_) | Op::Acc(_) if k == 0 => Access::Memory,
        Op::Update(_) | Op::Acc(_) if k == 1 => Access::Once,
        Op::Index(sels) | Op::Update(sels) | Op::Acc(sels) => {
            if sels.len() == 1 {
                Access::Once
            } else {
                Access::Many
            }
        }
        Op::Const(_) | Op::Table(_) | Op::Size(_) | Op::Iota(_) => Access::Once,
        Op::MatMul { .. } | Op::ArgSort | Op::Factor(_) | Op::Random(..) | Op::Host { .. } => Access::Memory,
    }
}

/// The cost of the operation at one index and whether it may fail; nothing if it is never computed in line.
pub(crate) fn op_cost(func: &Func, op: &Op, args: &[Value]) -> Option<(u32, bool)> {
    match op {
        Op::Const(_) | Op::Size(_) | Op::Broadcast { .. } | Op::Transpose(_) | Op::Iota(_) => Some((0, false)),
        Op::Reshape(dims) => same_but_units(&func.data(args[0]).dims, dims).then_some((0, false)),
        Op::Index(sels) => Some((if sels.contains(&Sel::Pick) { 1 } else { 0 }, false)),
        Op::Convert(to) => {
            let from = func.data(args[0]).dtype;
            let fallible = from.is_float() && *to == DType::I64;
            Some((if fallible { 4 } else { 1 }, fallible))
        }
        Op::Prim(prim) => Some(prim_cost(*prim, func.data(*args.last()?).dtype)),
        Op::Table(_)
        | Op::Reduce(..)
        | Op::ArgReduce { .. }
        | Op::Concat(_)
        | Op::Update(_)
        | Op::Acc(_)
        | Op::MatMul { .. }
        | Op::ArgSort
        | Op::Factor(_)
        | Op::Random(..)
        | Op::Host { .. } => None,
    }
}

pub(crate) fn prim_cost(prim: Prim, dtype: DType) -> (u32, bool) {
    let whole = dtype == DType::I64;
    let cost = match &prim.row().value {
        _ if whole && matches!(prim, Prim::FloorDiv | Prim::Rem) => 5,
        prims::Value::Unary(_) | prims::Value::Binary(_) | prims::Value::Defined(_) => CALL,
        prims::Value::Inline if matches!(prim, Prim::Div | Prim::Sqrt) => 5,
        prims::Value::Inline if matches!(prim, Prim::Min | Prim::Max | Prim::Sign) => 2,
        prims::Value::Inline => 1,
    };
    let checked = matches!(
        prim,
        Prim::Add | Prim::Sub | Prim::Mul | Prim::FloorDiv | Prim::Rem | Prim::Pow | Prim::Neg | Prim::Abs
    );
    (cost, whole && checked)
}

/// How a consumer reads an array.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// It wants memory.
    Memory,
    /// The element at its own index.
    Same,
    /// Every element once, in some order.
    Once,
    /// Some elements, none twice.
    Part,
    /// Some elements, perhaps repeatedly.
    Many,
}

/// A call of a library function.
const CALL: u32 = 100;

/// Whether shapes differ in axes of length 1 alone.
pub(crate) fn same_but_units(a: &[Dim], b: &[Dim]) -> bool {
    let proper = |dims: &[Dim]| dims.iter().filter(|d| !d.is(1)).cloned().collect::<Vec<_>>();
    proper(a) == proper(b)
}

/// The axes of `dims` that are not the number 1.
pub(crate) fn proper_axes(dims: &[Dim]) -> Vec<usize> {
    (0..dims.len()).filter(|&k| !dims[k].is(1)).collect()
}

/// Whether the selectors name one run of memory: positions, then at most one span without gaps, then whole axes.
pub(crate) fn contiguous(sels: &[Sel]) -> bool {
    let mut rest = sels.iter().skip_while(|s| **s == Sel::At).peekable();
    if let Some(Sel::Span { step: 1, .. }) = rest.peek() {
        rest.next();
    }
    rest.all(|s| *s == Sel::All)
}
