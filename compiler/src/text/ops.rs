//! Pure operations as expressions of the language.

use super::Unwritable;
use super::expr::{Bin, Expr, Part};
use super::writer::Writer;
use crate::ir::{Def, Kind, Value};
use adl_lang::ops::{Const, Factor, Op, Random, Reduction, Sel};
use adl_lang::prims::Prim;
use adl_lang::types::{DType, Dim, DimNode};

impl Writer<'_> {
    /// The operation with its operands.
    pub(super) fn op(&mut self, op: &Op, args: &[Value], result: Value) -> Result<Expr, Unwritable> {
        Ok(match op {
            Op::Const(c) => constant(*c),
            Op::Size(dim) => self.dim(dim),
            Op::Prim(prim) => {
                let args = self.aligned(args);
                element_wise(*prim, args, self.func.data(result).rank() > 0)
            }
            Op::Convert(dtype) => Expr::call(dtype.name(), self.operands(args)),
            Op::Broadcast { dims, axes } => self.broadcast(dims, axes, args[0]),
            Op::Reduce(reduction, axes) => {
                let name = match reduction {
                    Reduction::Sum => "sum",
                    Reduction::Max => "max",
                    Reduction::Min => "min",
                    Reduction::All => "all",
                    Reduction::Any => "any",
                };
                let mut parts = self.operands(args);
                if axes.len() < self.func.data(args[0]).rank() {
                    parts.push(Expr::Named("axis", Box::new(few(axes))));
                }
                Expr::call(name, parts)
            }
            Op::ArgReduce { max, axis } => {
                let mut parts = self.operands(args);
                if self.func.data(args[0]).rank() > 1 {
                    parts.push(Expr::Named("axis", Box::new(Expr::Int(*axis as i64))));
                }
                Expr::call(if *max { "argmax" } else { "argmin" }, parts)
            }
            Op::Transpose(perm) => {
                let mut swapped: Vec<usize> = (0..perm.len()).collect();
                let last = perm.len() - 1;
                swapped.swap(last, last.saturating_sub(1));
                let inner = self.operand(args[0]);
                if *perm == swapped {
                    Expr::Transposed(Box::new(inner))
                } else {
                    Expr::call("transpose", vec![inner, few(perm)])
                }
            }
            Op::Reshape(dims) => self.reshape(dims, args[0]),
            Op::Concat(axis) => self.concat(*axis, args),
            Op::Table(table) => written(table.shape(), table.entries()),
            Op::Iota(n) => Expr::Range(Box::new(Expr::Int(0)), Box::new(self.dim(n))),
            Op::Index(sels) => {
                let parts = self.selectors(sels, &args[1..])?;
                match self.operand(args[0]) {
                    base if parts.iter().all(|p| *p == Part::All) => base,
                    base => Expr::Index(Box::new(base), parts),
                }
            }
            Op::MatMul { ta, tb } => self.matmul((args[0], *ta), (args[1], *tb)),
            Op::ArgSort => Expr::call("argsort", self.operands(args)),
            Op::Factor(factor) => self.factor(*factor, args),
            Op::Host { name, .. } => return Err(Unwritable::new(format!("`{name}` of the host"))),
            Op::Random(kind, dims) => {
                let name = match kind {
                    Random::Uniform => "rand",
                    Random::Normal => "randn",
                    Random::Bits => return Err(Unwritable::new("random bits")),
                };
                let mut parts = self.operands(args);
                parts.push(self.shape(dims));
                Expr::call(name, parts)
            }
            Op::Update(_) | Op::Acc(_) => return Err(Unwritable::new("an update")),
        })
    }

    fn factor(&mut self, factor: Factor, args: &[Value]) -> Expr {
        let (name, options) = match factor {
            Factor::Lu => ("_lu", [false; 2]),
            Factor::Cholesky => ("_cholesky", [false; 2]),
            Factor::Qr => ("_qr", [false; 2]),
            Factor::Eigh => ("_eigh", [false; 2]),
            Factor::Svd => ("_svd", [false; 2]),
            Factor::LuSolve { transposed } => ("_lu_solve", [transposed, false]),
            Factor::Triangular { upper: false, transposed, unit } => ("solve_lower", [transposed, unit]),
            Factor::Triangular { upper: true, transposed, unit } => ("solve_upper", [transposed, unit]),
        };
        let mut parts = self.operands(args);
        let given = ["transposed", "unit"].into_iter().zip(options).filter(|(_, given)| *given);
        parts.extend(given.map(|(option, _)| Expr::Named(option, Box::new(Expr::Bool(true)))));
        Expr::call(name, parts)
    }

    /// A size.
    pub(super) fn dim(&self, dim: &Dim) -> Expr {
        dim.fold(&mut |node| match node {
            DimNode::Const(n) => Expr::Int(n),
            DimNode::Sym(sym) => Expr::name(&self.sizes[sym.0 as usize]),
            DimNode::Add(a, b) => a.bin(Bin::Add, b),
            // Whole numbers have no rules of their own but for the sign.
            DimNode::Mul(Expr::Int(-1), b) => b.neg(),
            DimNode::Mul(a, b) => Expr::Bin(Bin::Mul, Box::new(a), Box::new(b)),
            DimNode::FloorDiv(a, b) => Expr::Bin(Bin::FloorDiv, Box::new(a), Box::new(b)),
            DimNode::Rem(a, b) => Expr::Bin(Bin::Rem, Box::new(a), Box::new(b)),
        })
    }

    /// A shape as an argument.
    pub(super) fn shape(&self, dims: &[Dim]) -> Expr {
        match dims {
            [one] => self.dim(one),
            _ => Expr::Tuple(dims.iter().map(|d| self.dim(d)).collect()),
        }
    }

    /// The operand that a broadcast stretches, if the value is one.
    fn stretched(&self, value: Value) -> Option<(Value, &[usize], usize)> {
        let Def::Result(inst, _) = self.func.values[value].def else { return None };
        match &self.func.insts[inst].kind {
            Kind::Pure(Op::Broadcast { dims, axes }) => Some((self.func.insts[inst].args[0], axes, dims.len())),
            _ => None,
        }
    }

    /// Operands of an element-wise operation: the language stretches them by itself, if one at least has each axis.
    fn aligned(&mut self, args: &[Value]) -> Vec<Expr> {
        let rank = args.first().map_or(0, |&a| self.func.data(a).rank());
        let covered = (0..rank).all(|axis| {
            args.iter().any(|&a| match self.stretched(a) {
                Some((_, axes, _)) => axes.contains(&axis),
                None => true,
            })
        });
        let mut whole = covered;
        args.iter()
            .map(|&a| match self.stretched(a).map(|(x, axes, rank)| (x, axes.to_vec(), rank)) {
                Some((x, axes, rank)) if whole => {
                    let inner = self.operand(x);
                    stretch(inner, &axes, rank)
                }
                _ => {
                    whole = true;
                    self.operand(a)
                }
            })
            .collect()
    }

    fn broadcast(&mut self, dims: &[Dim], axes: &[usize], x: Value) -> Expr {
        let dtype = self.func.data(x).dtype;
        let inner = self.operand(x);
        if axes.is_empty() {
            return match inner {
                Expr::Num(v) if v == 0.0 && dtype == DType::F64 => Expr::call("zeros", vec![self.shape(dims)]),
                Expr::Num(v) if v == 1.0 && dtype == DType::F64 => Expr::call("ones", vec![self.shape(dims)]),
                inner => Expr::call("full", vec![self.shape(dims), typed(inner, dtype)]),
            };
        }
        let zeros = Expr::call("full", vec![self.shape(dims), typed(Expr::Num(0.0), dtype)]);
        Expr::Bin(Bin::Add, Box::new(stretch(inner, axes, dims.len())), Box::new(zeros))
    }

    /// The one entry of an array that is made a number.
    fn entry(&mut self, x: Value) -> Expr {
        if let Def::Result(inst, _) = self.func.values[x].def
            && let Kind::Pure(Op::Index(sels)) = &self.func.insts[inst].kind
            && sels.iter().all(|s| matches!(s, Sel::At | Sel::Span { .. }))
            && let Expr::Index(base, parts) = self.operand(x)
        {
            let at = |p: Part| match p {
                Part::Span(start, _) => Part::At(start),
                other => other,
            };
            return Expr::Index(base, parts.into_iter().map(at).collect());
        }
        let rank = self.func.data(x).rank();
        Expr::Index(Box::new(self.operand(x)), vec![Part::At(Expr::Int(0)); rank])
    }

    fn reshape(&mut self, dims: &[Dim], x: Value) -> Expr {
        if dims.is_empty() && self.func.data(x).rank() > 0 && !self.is_product(x) {
            return self.entry(x);
        }
        // A product with a vector has an axis of length one, which the language takes away by itself.
        if let Def::Result(inst, _) = self.func.values[x].def
            && let Kind::Pure(Op::MatMul { ta, tb }) = self.func.insts[inst].kind
        {
            let (a, b) = (self.func.insts[inst].args[0], self.func.insts[inst].args[1]);
            let (row, column) = (self.vector(a, ta, true), self.vector(b, tb, false));
            let rank = self.func.data(x).rank() - usize::from(row) - usize::from(column);
            if (row || column) && rank == dims.len() {
                return self.operand(x);
            }
        }
        let inner = self.operand(x);
        Expr::call("reshape", vec![inner, self.shape(dims)])
    }

    fn is_product(&self, value: Value) -> bool {
        let Def::Result(inst, _) = self.func.values[value].def else { return false };
        matches!(self.func.insts[inst].kind, Kind::Pure(Op::MatMul { .. }))
    }

    /// Whether an operand of a product is a vector made into a row or column.
    fn vector(&self, value: Value, transposed: bool, left: bool) -> bool {
        let Def::Result(inst, _) = self.func.values[value].def else { return false };
        let data = &self.func.insts[inst];
        let dims = &self.func.data(value).dims;
        // The axis that is not contracted has length one.
        let free = if left != transposed { 0 } else { 1 };
        matches!(&data.kind, Kind::Pure(Op::Reshape(_)))
            && self.func.data(data.args[0]).rank() == 1
            && dims.len() == 2
            && dims[free].as_const() == Some(1)
    }

    fn matmul(&mut self, (a, ta): (Value, bool), (b, tb): (Value, bool)) -> Expr {
        let mut side = |value: Value, transposed: bool, left: bool| {
            if self.vector(value, transposed, left)
                && let Def::Result(inst, _) = self.func.values[value].def
            {
                let inner = self.func.insts[inst].args[0];
                return self.operand(inner);
            }
            let inner = self.operand(value);
            match inner {
                Expr::Transposed(inner) if transposed => *inner,
                inner if transposed => Expr::Transposed(Box::new(inner)),
                inner => inner,
            }
        };
        let (x, y) = (side(a, ta, true), side(b, tb, false));
        Expr::Bin(Bin::MatMul, Box::new(x), Box::new(y))
    }

    fn concat(&mut self, axis: usize, args: &[Value]) -> Expr {
        // Entries, each an array of one: an array as it is written.
        let entry = |a: &Value| match self.stretched(*a) {
            Some((x, [], 1)) if self.func.data(*a).dims[0].as_const() == Some(1) => Some(x),
            _ => None,
        };
        let entries: Option<Vec<Value>> = args.iter().map(entry).collect();
        match entries {
            Some(entries) => Expr::Array(self.operands(&entries)),
            None => {
                let mut parts = self.operands(args);
                if axis > 0 {
                    parts.push(Expr::Named("axis", Box::new(Expr::Int(axis as i64))));
                }
                Expr::call("concat", parts)
            }
        }
    }

    /// Positions between brackets.
    pub(super) fn selectors(&mut self, sels: &[Sel], operands: &[Value]) -> Result<Vec<Part>, Unwritable> {
        let mut operands = operands.iter();
        let mut parts = Vec::new();
        for sel in sels {
            let mut position = || match operands.next() {
                Some(&v) => Ok(self.operand(v)),
                None => Err(Unwritable::new("a position")),
            };
            parts.push(match sel {
                Sel::All => Part::All,
                Sel::At => Part::At(nonnegative(position()?)),
                Sel::Pick => Part::At(position()?),
                Sel::Span { len, step } => {
                    let start = position()?;
                    let len = self.dim(len);
                    match step {
                        1 => Part::Span(start.clone(), start.bin(Bin::Add, len)),
                        step => {
                            let range = Expr::Range(Box::new(Expr::Int(0)), Box::new(len));
                            Part::At(start.bin(Bin::Add, Expr::Int(*step).bin(Bin::Mul, range)))
                        }
                    }
                }
            });
        }
        while parts.len() > 1 && parts.last() == Some(&Part::All) {
            parts.pop();
        }
        Ok(parts)
    }
}

/// A written minus would count from the end.
fn nonnegative(e: Expr) -> Expr {
    match e {
        Expr::Neg(inner) => Expr::Bin(Bin::Sub, Box::new(Expr::Int(0)), inner),
        other => other,
    }
}

/// New axes where the language does not put them by itself: everywhere but in front.
fn stretch(inner: Expr, axes: &[usize], rank: usize) -> Expr {
    let Some(&first) = axes.first() else { return inner };
    if axes.len() == rank - first {
        return inner;
    }
    let part = |axis: usize| if axes.contains(&axis) { Part::All } else { Part::New };
    Expr::Index(Box::new(inner), (first..rank).map(part).collect())
}

/// `0` or `(0, 1)`.
fn few(axes: &[usize]) -> Expr {
    match axes {
        [one] => Expr::Int(*one as i64),
        _ => Expr::Tuple(axes.iter().map(|&a| Expr::Int(a as i64)).collect()),
    }
}

/// A literal with its type, where nothing else says it.
pub(super) fn typed(e: Expr, dtype: DType) -> Expr {
    match (&e, dtype) {
        (Expr::Num(_), DType::F32) => Expr::call("f32", vec![e]),
        _ => e,
    }
}

/// A constant array as it is written.
fn written(shape: &[usize], entries: &[Const]) -> Expr {
    match (shape, entries) {
        ([], [entry]) => constant(*entry),
        ([], _) => Expr::Array(Vec::new()),
        ([_, rest @ ..], _) => {
            let step = rest.iter().product::<usize>().max(1);
            Expr::Array(entries.chunks(step).map(|part| written(rest, part)).collect())
        }
    }
}

fn constant(c: Const) -> Expr {
    match c {
        Const::Bool(b) => Expr::Bool(b),
        Const::I64(i) => Expr::Int(i),
        Const::F32(x) => Expr::Num(x.to_string().parse().unwrap_or(f64::from(x))),
        Const::F64(x) => Expr::Num(x),
    }
}

fn element_wise(prim: Prim, args: Vec<Expr>, array: bool) -> Expr {
    let binary = match prim {
        Prim::Add => Some(Bin::Add),
        Prim::Sub => Some(Bin::Sub),
        Prim::Mul => Some(Bin::Mul),
        Prim::Div => Some(Bin::Div),
        Prim::FloorDiv => Some(Bin::FloorDiv),
        Prim::Rem => Some(Bin::Rem),
        Prim::Pow => Some(Bin::Pow),
        Prim::Eq => Some(Bin::Eq),
        Prim::Ne => Some(Bin::Ne),
        Prim::Lt => Some(Bin::Lt),
        Prim::Le => Some(Bin::Le),
        Prim::Gt => Some(Bin::Gt),
        Prim::Ge => Some(Bin::Ge),
        Prim::And => Some(Bin::And),
        Prim::Or => Some(Bin::Or),
        _ => None,
    };
    match (prim, binary, args.as_slice()) {
        (_, Some(op), [a, b]) => a.clone().bin(op, b.clone()),
        (Prim::Neg, _, [a]) => a.clone().neg(),
        (Prim::Not, _, [a]) => Expr::Not(Box::new(a.clone())),
        (Prim::StopGrad, _, [a]) => a.clone(),
        (Prim::Select, _, [c, a, b]) if !array => {
            Expr::If(Box::new(c.clone()), Box::new(a.clone()), Box::new(b.clone()))
        }
        (Prim::Select, ..) => Expr::call("where", args),
        _ => Expr::call(prim.name(), args),
    }
}
