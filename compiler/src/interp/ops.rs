//! Pure operations on scalars and arrays.

use super::data::{Data, offsets, strides};
use super::machine::{Frame, Meter};
use super::scalar::{apply, convert};
use super::{FailureKind, Fallible, Hooks, internal};
use adl_lang::defect;
use adl_lang::ops::{Const, Op, Reduction, Sel};
use adl_lang::prims::Prim;
use adl_lang::types::DType;
use std::cmp::Ordering;

/// What an operation needs besides its operands.
pub(super) struct Ops<'a, 'm> {
    pub frame: &'a Frame<'m>,
    pub meter: &'a mut Meter,
    pub hooks: &'a mut dyn Hooks,
}

impl Ops<'_, '_> {
    /// The result of an operation.
    pub fn pure(&mut self, op: &Op, args: &[&Data]) -> Fallible<Data> {
        match op {
            Op::Const(c) => Ok(Data::scalar(*c)),
            Op::Table(table) => {
                let shape = self.room(table.shape().to_vec())?;
                Ok(Data::new(table.ty().dtype, shape, table.entries().to_vec()))
            }
            Op::Size(dim) => self.frame.dim(dim).map(|n| Data::scalar(Const::I64(n))),
            Op::Prim(prim) => {
                let dtypes: Vec<DType> = args.iter().map(|a| a.dtype()).collect();
                let dtype = prim.result(&dtypes).map_err(FailureKind::Internal)?;
                if args.iter().any(|a| a.shape() != args[0].shape()) {
                    return internal(format!("shapes of {}", prim.name()));
                }
                let one = |k| apply(*prim, &args.iter().map(|a| a.get(k)).collect::<Vec<_>>());
                self.each(dtype, args[0], one)
            }
            Op::Convert(dtype) => self.each(*dtype, args[0], |k| convert(args[0].get(k), *dtype)),
            Op::Broadcast { dims, axes } => {
                let shape = self.room(self.frame.shape(dims)?)?;
                let mut along = vec![0; shape.len()];
                axes.iter().zip(args[0].strides()).for_each(|(&axis, stride)| along[axis] = stride);
                let positions = offsets(&shape, &along);
                Ok(args[0].gather(shape, &positions))
            }
            Op::Reduce(kind, axes) => self.reduce(*kind, axes, args[0]),
            Op::ArgReduce { max, axis } => self.arg_reduce(*max, *axis, args[0]),
            Op::Transpose(perm) => {
                let (shape, old) = (args[0].shape(), args[0].strides());
                let along: Vec<usize> = perm.iter().map(|&p| old[p]).collect();
                let shape = self.room(perm.iter().map(|&p| shape[p]).collect())?;
                let positions = offsets(&shape, &along);
                Ok(args[0].gather(shape, &positions))
            }
            Op::Reshape(dims) => {
                let shape = self.frame.shape(dims)?;
                if shape.iter().product::<usize>() != args[0].len() {
                    return internal(format!("reshape of {:?} to {shape:?}", args[0].shape()));
                }
                Ok(Data::new(args[0].dtype(), shape, args[0].elems().to_vec()))
            }
            Op::Concat(axis) => self.concat(*axis, args),
            Op::Iota(dim) => {
                let shape = self.room(self.frame.shape(std::slice::from_ref(dim))?)?;
                let elems = (0..shape[0] as i64).map(Const::I64).collect();
                Ok(Data::new(DType::I64, shape, elems))
            }
            Op::Index(sels) => {
                let (shape, positions) = self.selected(sels, args[0], &args[1..])?;
                self.meter.charge(positions.len())?;
                Ok(args[0].gather(shape, &positions))
            }
            Op::Update(sels) => self.put(sels, args, |_, new| Ok(new)),
            Op::Acc(sels) => self.put(sels, args, |old, new| apply(Prim::Add, &[old, new])),
            Op::MatMul { ta, tb } => self.matmul(args[0], *ta, args[1], *tb),
            Op::ArgSort => self.arg_sort(args[0]),
            Op::Factor(factor) => {
                let n = args[0].len();
                self.meter.charge(n.saturating_mul(10))?;
                Ok(super::factor::factor(*factor, args))
            }
            Op::Random(kind, dims) => {
                let shape = self.room(self.frame.shape(dims)?)?;
                let (key, count) = (args[0].ints()?[0], shape.iter().product());
                match self.hooks.random(*kind, key, count) {
                    Some(elems) if elems.len() == count && count > 0 => Ok(Data::new(elems[0].dtype(), shape, elems)),
                    Some(elems) if elems.len() == count => {
                        let bits = *kind == adl_lang::ops::Random::Bits;
                        Ok(Data::new(if bits { DType::I64 } else { DType::F64 }, shape, elems))
                    }
                    Some(_) | None => internal("no random numbers here"),
                }
            }
            Op::Host { name, dtype, dims } => {
                let shape = self.room(self.frame.shape(dims)?)?;
                let found = self.hooks.host(name, args, *dtype, &shape);
                let found = found.map_err(|error| FailureKind::Host(name.clone(), error))?;
                if found.dtype() == *dtype && found.shape() == shape { Ok(found) } else { internal("a host's result") }
            }
        }
    }

    /// Pays for an array of this shape before it is made.
    fn room(&mut self, shape: Vec<usize>) -> Fallible<Vec<usize>> {
        let len = shape.iter().try_fold(1usize, |len, &n| len.checked_mul(n)).ok_or(FailureKind::IntOverflow)?;
        self.meter.charge(len)?;
        Ok(shape)
    }

    fn each(&mut self, dtype: DType, like: &Data, one: impl Fn(usize) -> Fallible<Const>) -> Fallible<Data> {
        self.meter.charge(like.len())?;
        let elems: Fallible<Vec<Const>> = (0..like.len()).map(one).collect();
        Ok(Data::new(dtype, like.shape().to_vec(), elems?))
    }

    fn reduce(&mut self, kind: Reduction, axes: &[usize], x: &Data) -> Fallible<Data> {
        self.meter.charge(x.len())?;
        let dtype = x.dtype();
        let (prim, start) = match (kind, dtype) {
            (Reduction::Sum, _) => (Prim::Add, Const::of(dtype, 0.0)),
            (Reduction::Max, DType::I64) => (Prim::Max, Const::I64(i64::MIN)),
            (Reduction::Min, DType::I64) => (Prim::Min, Const::I64(i64::MAX)),
            (Reduction::Max, DType::Bool | DType::F32 | DType::F64) => (Prim::Max, Const::of(dtype, f64::NEG_INFINITY)),
            (Reduction::Min, DType::Bool | DType::F32 | DType::F64) => (Prim::Min, Const::of(dtype, f64::INFINITY)),
            (Reduction::All, _) => (Prim::And, Const::Bool(true)),
            (Reduction::Any, _) => (Prim::Or, Const::Bool(false)),
        };
        let shape: Vec<usize> = (0..x.shape().len()).filter(|k| !axes.contains(k)).map(|k| x.shape()[k]).collect();
        let mut kept = strides(&shape).into_iter();
        let along: Vec<usize> = (0..x.shape().len())
            .map(|k| {
                if axes.contains(&k) {
                    0
                } else {
                    kept.next().unwrap_or_else(|| defect!("more axes than the shape has"))
                }
            })
            .collect();
        let mut elems = vec![start; shape.iter().product()];
        if kind == Reduction::Sum && dtype.is_float() {
            let mut parts: Vec<Vec<Const>> = vec![Vec::new(); elems.len()];
            for (k, to) in offsets(x.shape(), &along).into_iter().enumerate() {
                parts[to].push(x.get(k));
            }
            let sums: Fallible<Vec<Const>> = parts.iter().map(|part| sum(dtype, part)).collect();
            return Ok(Data::new(dtype, shape, sums?));
        }
        for (k, to) in offsets(x.shape(), &along).into_iter().enumerate() {
            elems[to] = apply(prim, &[elems[to], x.get(k)])?;
        }
        Ok(Data::new(dtype, shape, elems))
    }

    fn arg_reduce(&mut self, max: bool, axis: usize, x: &Data) -> Fallible<Data> {
        self.meter.charge(x.len())?;
        let (n, step) = (x.shape()[axis], x.strides()[axis]);
        let mut shape = x.shape().to_vec();
        let mut along = x.strides();
        shape.remove(axis);
        along.remove(axis);
        if n == 0 && !shape.contains(&0) {
            return internal("the greatest or least of nothing");
        }
        let mut best = Vec::new();
        for base in offsets(&shape, &along) {
            let mut winner = 0;
            for k in 1..n {
                let (old, new) = (x.get(base + winner * step), x.get(base + k * step));
                let wins = match (is_nan(old), is_nan(new)) {
                    (true, _) => false,
                    (false, true) => true,
                    (false, false) => order(new, old) == if max { Ordering::Greater } else { Ordering::Less },
                };
                winner = if wins { k } else { winner };
            }
            best.push(Const::I64(winner as i64));
        }
        Ok(Data::new(DType::I64, shape, best))
    }

    fn concat(&mut self, axis: usize, args: &[&Data]) -> Fallible<Data> {
        let mut shape = args[0].shape().to_vec();
        shape[axis] = args.iter().map(|a| a.shape()[axis]).sum();
        let shape = self.room(shape)?;
        let along = strides(&shape);
        let mut elems = vec![Const::of(args[0].dtype(), 0.0); shape.iter().product()];
        let mut before = 0;
        for arg in args {
            for (k, at) in offsets(arg.shape(), &along).into_iter().enumerate() {
                elems[before * along[axis] + at] = arg.get(k);
            }
            before += arg.shape()[axis];
        }
        Ok(Data::new(args[0].dtype(), shape, elems))
    }

    /// The shape of a part, and where its elements are in the whole.
    fn selected(&self, sels: &[Sel], x: &Data, operands: &[&Data]) -> Fallible<(Vec<usize>, Vec<usize>)> {
        let (mut shape, mut positions) = (Vec::new(), vec![0]);
        let mut operands = operands.iter();
        for ((sel, &n), stride) in sels.iter().zip(x.shape()).zip(x.strides()) {
            let operand = if sel.has_operand() { operands.next().copied() } else { None };
            let ints = operand.map_or(Ok(Vec::new()), Data::ints)?;
            let chosen: Vec<i64> = match sel {
                Sel::All => {
                    shape.push(n);
                    (0..n as i64).collect()
                }
                Sel::At => ints,
                Sel::Span { len, step } => {
                    let len = self.frame.shape(std::slice::from_ref(len))?[0];
                    shape.push(len);
                    (0..len as i64).map(|k| ints[0].saturating_add(k.saturating_mul(*step))).collect()
                }
                Sel::Pick => {
                    shape.extend(operand.into_iter().flat_map(Data::shape));
                    ints
                }
            };
            // Checks stand before in the IR; that they do is what is tested here.
            if let Some(wrong) = chosen.iter().find(|&&i| i < 0 || i >= n as i64) {
                return internal(format!("position {wrong} of {n} is not checked"));
            }
            let steps = |p: &usize| chosen.iter().map(|&i| p + i as usize * stride).collect::<Vec<_>>();
            positions = positions.iter().flat_map(steps).collect();
        }
        Ok((shape, positions))
    }

    /// Counts the part alone, as if the rest were left in place.
    fn put(&mut self, sels: &[Sel], args: &[&Data], f: impl Fn(Const, Const) -> Fallible<Const>) -> Fallible<Data> {
        let (shape, positions) = self.selected(sels, args[0], &args[2..])?;
        self.meter.charge(positions.len())?;
        if shape != args[1].shape() {
            return internal(format!("part {shape:?} given {:?}", args[1].shape()));
        }
        let mut out = args[0].clone();
        for (k, position) in positions.into_iter().enumerate() {
            out.set(position, f(out.get(position), args[1].get(k))?);
        }
        Ok(out)
    }

    fn matmul(&mut self, a: &Data, ta: bool, b: &Data, tb: bool) -> Fallible<Data> {
        let batch = a.shape().len() - 2;
        let rows = |x: &Data, swap: bool| {
            let (shape, strides) = (x.shape(), x.strides());
            let (r, c) = if swap { (batch + 1, batch) } else { (batch, batch + 1) };
            ((shape[r], strides[r]), (shape[c], strides[c]))
        };
        let (((m, a_row), (k, a_column)), ((_, b_row), (n, b_column))) = (rows(a, ta), rows(b, tb));
        let mut shape = a.shape()[..batch].to_vec();
        let batches: usize = shape.iter().product();
        shape.extend([m, n]);
        self.meter.charge(batches * m * n * k)?;
        let mut elems = Vec::new();
        for at in 0..batches * m * n {
            let (matrix, i, j) = (at / (m * n), at / n % m, at % n);
            let product = |l: usize| {
                let left = a.get(matrix * m * k + i * a_row + l * a_column);
                let right = b.get(matrix * k * n + l * b_row + j * b_column);
                apply(Prim::Mul, &[left, right])
            };
            let products: Fallible<Vec<Const>> = (0..k).map(product).collect();
            elems.push(sum(a.dtype(), &products?)?);
        }
        Ok(Data::new(a.dtype(), shape, elems))
    }

    fn arg_sort(&mut self, x: &Data) -> Fallible<Data> {
        let n = x.shape().last().copied().unwrap_or(1);
        self.meter.charge(x.len() * n.max(2).ilog2() as usize)?;
        let mut elems = Vec::new();
        for row in 0..x.len() / n.max(1) {
            let mut perm: Vec<usize> = (0..n).collect();
            perm.sort_by(|&i, &j| {
                let (a, b) = (x.get(row * n + i), x.get(row * n + j));
                is_nan(a).cmp(&is_nan(b)).then(order(a, b))
            });
            elems.extend(perm.into_iter().map(|i| Const::I64(i as i64)));
        }
        Ok(Data::new(DType::I64, x.shape().to_vec(), elems))
    }
}

/// The sum of numbers, floats in the tree that the language promises: blocks are the leaves of a binary tree;
/// in a block, as many entries as there are lanes are added to the lanes at a time, which are joined in halves
/// in the end, and what is left over is added up from left to right. Whole numbers are added from left to right.
fn sum(dtype: DType, x: &[Const]) -> Fallible<Const> {
    let (lanes, block) = match dtype {
        DType::F64 => (16, 1024),
        DType::F32 => (32, 512),
        DType::I64 | DType::Bool => (1, usize::MAX),
    };
    if x.len() > block {
        let blocks: Fallible<Vec<Const>> = x.chunks(block).map(|x| sum(dtype, x)).collect();
        return pairwise(&blocks?);
    }
    let add = |sum: Fallible<Const>, &x: &Const| apply(Prim::Add, &[sum?, x]);
    let zero = Const::of(dtype, 0.0);
    let full = x.len() / lanes * lanes;
    let mut sums: Vec<Const> = Vec::new();
    for lane in 0..lanes {
        sums.push(x[..full].iter().skip(lane).step_by(lanes).fold(Ok(zero), add)?);
    }
    while sums.len() > 1 {
        let upper = sums.split_off(sums.len() / 2);
        let halves: Fallible<Vec<Const>> = sums.iter().zip(&upper).map(|(&x, &y)| apply(Prim::Add, &[x, y])).collect();
        sums = halves?;
    }
    let rest = x[full..].iter().fold(Ok(zero), add)?;
    apply(Prim::Add, &[sums[0], rest])
}

/// Numbers, of which there is at least one, added as the leaves of a binary tree: as many as the greatest power of two
/// below their number make its left part.
pub(super) fn pairwise(x: &[Const]) -> Fallible<Const> {
    match x {
        [one] => Ok(*one),
        x => {
            let left = x.len().next_power_of_two() / 2;
            apply(Prim::Add, &[pairwise(&x[..left])?, pairwise(&x[left..])?])
        }
    }
}

fn is_nan(x: Const) -> bool {
    match x {
        Const::F64(x) => x.is_nan(),
        Const::F32(x) => x.is_nan(),
        Const::I64(_) | Const::Bool(_) => false,
    }
}

/// The order of numbers of one type; a NaN is equal to all.
fn order(a: Const, b: Const) -> Ordering {
    let order = match (a, b) {
        (Const::F64(a), Const::F64(b)) => a.partial_cmp(&b),
        (Const::F32(a), Const::F32(b)) => a.partial_cmp(&b),
        (Const::I64(a), Const::I64(b)) => Some(a.cmp(&b)),
        (Const::Bool(a), Const::Bool(b)) => Some(a.cmp(&b)),
        (Const::F64(_) | Const::F32(_) | Const::I64(_) | Const::Bool(_), _) => defect!("{a:?} against {b:?}"),
    };
    order.unwrap_or(Ordering::Equal)
}
