//! Rows for operations that move elements: shapes, conversions, indexing. None of them changes a number.

use super::{Row, To};
use crate::ir::{Func, Value};
use crate::opt::edit::{constant, int, pure};
use crate::opt::fold::convert;
use adl_lang::ops::{Const, Op, Sel};
use adl_lang::types::Dim;

/// Sizes, conversions, shapes, products.
pub const SHAPE: &[Row] = &[
    // size 3
    Row {
        name: "size-constant",
        run: |_, op, _| match op {
            Op::Size(dim) => dim.as_const().map(|n| To::Const(Const::I64(n))),
            _ => None,
        },
    },
    // convert c; convert to the same type
    Row {
        name: "convert",
        run: |f, op, a| match op {
            Op::Convert(to) if f.data(a[0]).dtype == *to => Some(To::Value(a[0])),
            Op::Convert(to) => convert(constant(f, a[0])?, *to).map(To::Const),
            _ => None,
        },
    },
    // broadcast to the same shape
    Row {
        name: "broadcast-same",
        run: |f, op, a| match op {
            Op::Broadcast { dims, .. } if *dims == f.data(a[0]).dims => Some(To::Value(a[0])),
            _ => None,
        },
    },
    // broadcast (broadcast x)
    Row {
        name: "broadcast-broadcast",
        run: |f, op, a| match (op, pure(f, *a.first()?)?) {
            (Op::Broadcast { dims, axes }, (Op::Broadcast { axes: inner, .. }, args)) => {
                let axes = inner.iter().map(|&k| axes[k]).collect();
                Some(To::Op(Op::Broadcast { dims: dims.clone(), axes }, args.to_vec()))
            }
            _ => None,
        },
    },
    // reduce over no axes
    Row {
        name: "reduce-none",
        run: |_, op, a| match op {
            Op::Reduce(_, axes) if axes.is_empty() => Some(To::Value(a[0])),
            _ => None,
        },
    },
    // transpose that moves nothing
    Row {
        name: "transpose-identity",
        run: |_, op, a| match op {
            Op::Transpose(perm) if perm.iter().copied().eq(0..perm.len()) => Some(To::Value(a[0])),
            _ => None,
        },
    },
    // transpose (transpose x)
    Row {
        name: "transpose-transpose",
        run: |f, op, a| match (op, pure(f, *a.first()?)?) {
            (Op::Transpose(outer), (Op::Transpose(inner), args)) => {
                Some(To::Op(Op::Transpose(outer.iter().map(|&k| inner[k]).collect()), args.to_vec()))
            }
            _ => None,
        },
    },
    // transpose, reshape (broadcast scalar)
    Row {
        name: "move-broadcast",
        run: |f, op, a| {
            let base = f.data(*a.first()?);
            let dims = match op {
                Op::Transpose(perm) => perm.iter().map(|&k| base.dims[k].clone()).collect(),
                Op::Reshape(dims) => dims.clone(),
                _ => return None,
            };
            match pure(f, a[0])? {
                (Op::Broadcast { axes, .. }, args) if axes.is_empty() => {
                    Some(To::Op(Op::Broadcast { dims, axes: Vec::new() }, args.to_vec()))
                }
                _ => None,
            }
        },
    },
    // reshape to the same shape
    Row {
        name: "reshape-same",
        run: |f, op, a| match op {
            Op::Reshape(dims) if *dims == f.data(a[0]).dims => Some(To::Value(a[0])),
            _ => None,
        },
    },
    // reshape (reshape x)
    Row {
        name: "reshape-reshape",
        run: |f, op, a| match (op, pure(f, *a.first()?)?) {
            (Op::Reshape(_), (Op::Reshape(_), args)) => Some(To::Op(op.clone(), args.to_vec())),
            _ => None,
        },
    },
    // concat of one
    Row {
        name: "concat-one",
        run: |_, op, a| match (op, a) {
            (Op::Concat(_), &[x]) => Some(To::Value(x)),
            _ => None,
        },
    },
    // matmul (transpose a) b, matmul a (transpose b): the last two axes
    Row {
        name: "matmul-transpose",
        run: |f, op, a| {
            let Op::MatMul { ta, tb } = *op else {
                return None;
            };
            let swapped = |value: Value| match pure(f, value)? {
                (Op::Transpose(perm), args) => {
                    let batch = perm.len().checked_sub(2)?;
                    let swaps = perm[batch..] == [batch + 1, batch] && perm[..batch].iter().copied().eq(0..batch);
                    swaps.then_some(args[0])
                }
                _ => None,
            };
            match (swapped(a[0]), swapped(a[1])) {
                (None, None) => None,
                (x, y) => {
                    let op = Op::MatMul { ta: ta ^ x.is_some(), tb: tb ^ y.is_some() };
                    Some(To::Op(op, vec![x.unwrap_or(a[0]), y.unwrap_or(a[1])]))
                }
            }
        },
    },
];

/// Reading and writing parts.
pub const INDEXING: &[Row] = &[
    // x[0 .. n] of a whole axis becomes x[:]
    Row {
        name: "span-whole",
        run: |f, op, a| {
            let (sels, skip) = selectors(op)?;
            let dims = &f.data(a[0]).dims;
            let whole = |at: usize, operand: Value| match &sels[at] {
                Sel::Span { len, step: 1 } => *len == dims[at] && int(f, operand) == Some(0),
                _ => false,
            };
            let mut operands = a[skip..].iter();
            let mut args = a[..skip].to_vec();
            let mut out = Vec::with_capacity(sels.len());
            for (at, sel) in sels.iter().enumerate() {
                match if sel.has_operand() { operands.next() } else { None } {
                    Some(&operand) if whole(at, operand) => out.push(Sel::All),
                    Some(&operand) => {
                        args.push(operand);
                        out.push(sel.clone());
                    }
                    None => out.push(Sel::All),
                }
            }
            (out != sels).then(|| To::Op(with_selectors(op, out), args))
        },
    },
    // x[:, :]; update x v [:, :]
    Row {
        name: "index-all",
        run: |_, op, a| match op {
            Op::Index(sels) if sels.iter().all(|s| *s == Sel::All) => Some(To::Value(a[0])),
            Op::Update(sels) if sels.iter().all(|s| *s == Sel::All) => Some(To::Value(a[1])),
            _ => None,
        },
    },
    // (broadcast x)[…]
    Row { name: "index-broadcast", run: index_broadcast },
    // (update x v [i])[i], (update x v [1])[2]
    Row {
        name: "index-update",
        run: |f, op, a| {
            let Op::Index(sels) = op else { return None };
            let (Op::Update(written), inner) = pure(f, a[0])? else {
                return None;
            };
            let positions = &inner[2..];
            if written == sels && positions == &a[1..] && !sels.contains(&Sel::Pick) {
                return Some(To::Value(inner[1]));
            }
            if !(all_at(sels) && all_at(written)) {
                return None;
            }
            let differ = positions.iter().zip(&a[1..]).any(|(&p, &q)| match (int(f, p), int(f, q)) {
                (Some(p), Some(q)) => p != q,
                _ => false,
            });
            let same =
                positions.iter().zip(&a[1..]).all(|(&p, &q)| p == q || (int(f, p).is_some() && int(f, p) == int(f, q)));
            if differ {
                let mut args = a.to_vec();
                args[0] = inner[0];
                Some(To::Op(op.clone(), args))
            } else {
                same.then_some(To::Value(inner[1]))
            }
        },
    },
    // (concat x y)[2]
    Row { name: "index-concat", run: index_concat },
    // (iota n)[i]
    Row {
        name: "index-iota",
        run: |f, op, a| match (op, pure(f, *a.first()?)?) {
            (Op::Index(sels), (Op::Iota(_), _)) if all_at(sels) => Some(To::Value(a[1])),
            _ => None,
        },
    },
    // x[i, :][j]
    Row {
        name: "index-index",
        run: |f, op, a| {
            let Op::Index(sels) = op else { return None };
            let (Op::Index(inner), args) = pure(f, a[0])? else {
                return None;
            };
            if !inner.iter().all(|s| matches!(s, Sel::All | Sel::At)) {
                return None;
            }
            let (mut outer, mut outer_args, mut inner_args) = (sels.iter(), a[1..].iter(), args[1..].iter());
            let (mut both, mut both_args) = (Vec::with_capacity(inner.len()), vec![args[0]]);
            for sel in inner {
                if *sel == Sel::At {
                    both.push(Sel::At);
                    both_args.push(*inner_args.next()?);
                } else {
                    let sel = outer.next()?;
                    if sel.has_operand() {
                        both_args.push(*outer_args.next()?);
                    }
                    both.push(sel.clone());
                }
            }
            Some(To::Op(Op::Index(both), both_args))
        },
    },
];

fn all_at(sels: &[Sel]) -> bool {
    sels.iter().all(|s| *s == Sel::At)
}

/// The selectors of an operation, and where their operands begin.
fn selectors(op: &Op) -> Option<(&[Sel], usize)> {
    match op {
        Op::Index(sels) => Some((sels, 1)),
        Op::Update(sels) | Op::Acc(sels) => Some((sels, 2)),
        _ => None,
    }
}

fn with_selectors(op: &Op, sels: Vec<Sel>) -> Op {
    match op {
        Op::Update(_) => Op::Update(sels),
        Op::Acc(_) => Op::Acc(sels),
        _ => Op::Index(sels),
    }
}

/// The part of a broadcast is a broadcast of a part.
fn index_broadcast(f: &Func, op: &Op, a: &[Value]) -> Option<To> {
    let Op::Index(sels) = op else { return None };
    let (Op::Broadcast { dims, axes }, inner) = pure(f, a[0])? else {
        return None;
    };
    if sels.contains(&Sel::Pick) {
        return None;
    }
    let mut operands = a[1..].iter();
    let (mut kept, mut args) = (Vec::new(), vec![inner[0]]);
    let (mut out_dims, mut out_axes): (Vec<Dim>, Vec<usize>) = (Vec::new(), Vec::new());
    for (axis, (sel, dim)) in sels.iter().zip(dims).enumerate() {
        let operand = if sel.has_operand() { operands.next() } else { None };
        if axes.contains(&axis) {
            kept.push(sel.clone());
            args.extend(operand);
        }
        let len = match sel {
            Sel::At => continue,
            Sel::Span { len, .. } => len,
            Sel::All | Sel::Pick => dim,
        };
        if axes.contains(&axis) {
            out_axes.push(out_dims.len());
        }
        out_dims.push(len.clone());
    }
    let part_is_all = kept.iter().all(|s| *s == Sel::All);
    let broadcast = Op::Broadcast { dims: out_dims, axes: out_axes };
    let plain = matches!(&broadcast, Op::Broadcast { dims, axes } if dims.len() == axes.len());
    match (part_is_all, plain) {
        (true, true) => Some(To::Value(inner[0])),
        (true, false) => Some(To::Op(broadcast, inner.to_vec())),
        (false, true) => Some(To::Op(Op::Index(kept), args)),
        (false, false) => Some(To::Chain(Op::Index(kept), args, broadcast)),
    }
}

/// An element, or row, at a constant place of a concatenation.
fn index_concat(f: &Func, op: &Op, a: &[Value]) -> Option<To> {
    let Op::Index(sels) = op else { return None };
    let (Op::Concat(axis), parts) = pure(f, a[0])? else {
        return None;
    };
    if sels[*axis] != Sel::At {
        return None;
    }
    let operand = 1 + sels[..*axis].iter().filter(|s| s.has_operand()).count();
    let mut at = int(f, a[operand])?;
    for &part in parts {
        let len = f.data(part).dims[*axis].as_const()?;
        if (0..len).contains(&at) {
            let mut args = a.to_vec();
            args[0] = part;
            return Some(To::Moved { op: op.clone(), args, operand, at });
        }
        at -= len;
    }
    None
}
