//! Pure operations on small arrays, scalar by scalar.

use super::Scalarize;
use super::plan::{Axis, axes, inner_axes};
use crate::ir::{Inst, Kind, Value};
use adl_lang::defect;
use adl_lang::ops::{Const, Op, Reduction, Sel};
use adl_lang::prims::Prim;
use adl_lang::types::{DType, Dim};

/// Row-major strides of constant dimensions.
fn strides(dims: &[i64]) -> Vec<i64> {
    let mut strides = vec![1; dims.len()];
    for k in (1..dims.len()).rev() {
        strides[k - 1] = strides[k] * dims[k];
    }
    strides
}

/// Every coordinate tuple of constant dimensions, in row-major order.
fn coordinates(dims: &[i64]) -> impl Iterator<Item = Vec<i64>> + use<> {
    let (dims, strides) = (dims.to_vec(), strides(dims));
    let count: i64 = dims.iter().product();
    (0..count).map(move |at| strides.iter().zip(&dims).map(|(s, d)| at / s % d).collect())
}

fn flat(strides: &[i64], at: &[i64]) -> usize {
    strides.iter().zip(at).map(|(s, i)| s * i).sum::<i64>() as usize
}

impl Scalarize<'_> {
    fn dims(&self, value: Value) -> Vec<i64> {
        self.func
            .data(value)
            .dims
            .iter()
            .map(|d| d.as_const().unwrap_or_else(|| defect!("{value} has no known size")))
            .collect()
    }

    /// Reads every element of an array that is not split.
    pub(super) fn read(&mut self, value: Value) -> Vec<Value> {
        let dims = self.dims(value);
        coordinates(&dims)
            .map(|at| {
                let mut args = vec![value];
                args.extend(at.iter().map(|&i| self.int(i)));
                self.emit(Op::Index(vec![Sel::At; dims.len()]), args)
            })
            .collect()
    }

    /// The array of these elements: `concat` of scalars that are broadcast to one element each, or one `broadcast`.
    pub(super) fn rebuild(&mut self, lanes: &[Value], dims: Vec<Dim>) -> Value {
        if lanes.iter().all(|&l| l == lanes[0]) {
            return self.emit(Op::Broadcast { dims, axes: Vec::new() }, vec![lanes[0]]);
        }
        let one = || Op::Broadcast { dims: vec![Dim::constant(1)], axes: Vec::new() };
        let parts = lanes.iter().map(|&l| self.emit(one(), vec![l])).collect();
        let list = self.emit(Op::Concat(0), parts);
        if dims.len() == 1 { list } else { self.emit(Op::Reshape(dims), vec![list]) }
    }

    /// The scalars of the result of a pure instruction that is split; `None` if its result is a whole array.
    pub(super) fn split_pure(&mut self, inst: Inst) -> Option<Vec<Value>> {
        let data = self.func.insts[inst].clone();
        let (Kind::Pure(op), args, result) = (data.kind, data.args, data.results[0]) else {
            return None;
        };
        Some(match &op {
            Op::Prim(_) | Op::Convert(_) => {
                let operands: Vec<Vec<Value>> = args.iter().map(|&a| self.lanes(a)).collect();
                let count = operands[0].len();
                (0..count).map(|k| self.emit(op.clone(), operands.iter().map(|o| o[k]).collect())).collect()
            }
            Op::Broadcast { axes, .. } => {
                let (lanes, inner) = (self.lanes_or_scalar(args[0]), strides(&self.dims(args[0])));
                coordinates(&self.dims(result))
                    .map(|at| lanes[inner.iter().zip(axes).map(|(s, &a)| s * at[a]).sum::<i64>() as usize])
                    .collect()
            }
            Op::Reshape(_) => self.lanes(args[0]),
            Op::Transpose(perm) => {
                let (lanes, inner) = (self.lanes(args[0]), strides(&self.dims(args[0])));
                coordinates(&self.dims(result))
                    .map(|at| lanes[perm.iter().zip(&at).map(|(&p, i)| inner[p] * i).sum::<i64>() as usize])
                    .collect()
            }
            Op::Concat(axis) => {
                let parts: Vec<(Vec<Value>, Vec<i64>)> = args.iter().map(|&a| (self.lanes(a), self.dims(a))).collect();
                coordinates(&self.dims(result))
                    .filter_map(|mut at| {
                        let (lanes, dims) = parts.iter().find(|(_, dims)| {
                            let inside = at[*axis] < dims[*axis];
                            at[*axis] -= if inside { 0 } else { dims[*axis] };
                            inside
                        })?;
                        Some(lanes[flat(&strides(dims), &at)])
                    })
                    .collect()
            }
            Op::Iota(_) => (0..self.dims(result)[0]).map(|i| self.int(i)).collect(),
            Op::Reduce(kind, axes) => self.reduce(*kind, axes, args[0]),
            Op::MatMul { ta, tb } => self.matmul(*ta, *tb, args[0], args[1], result),
            Op::Index(sels) => self.index(sels, &args),
            Op::Update(sels) | Op::Acc(sels) => return self.update(&op, sels, &args, result),
            Op::Const(_)
            | Op::Table(_)
            | Op::Size(_)
            | Op::Random(..)
            | Op::Host { .. }
            | Op::ArgSort
            | Op::Factor(_)
            | Op::ArgReduce { .. } => {
                return None;
            }
        })
    }

    fn reduce(&mut self, kind: Reduction, axes: &[usize], of: Value) -> Vec<Value> {
        let (lanes, dims) = (self.lanes(of), self.dims(of));
        let prim = match kind {
            Reduction::Sum => Prim::Add,
            Reduction::Max => Prim::Max,
            Reduction::Min => Prim::Min,
            Reduction::All => Prim::And,
            Reduction::Any => Prim::Or,
        };
        let kept: Vec<i64> = (0..dims.len()).filter(|k| !axes.contains(k)).map(|k| dims[k]).collect();
        let outer = strides(&kept);
        let mut parts: Vec<Vec<Value>> = vec![Vec::new(); kept.iter().product::<i64>() as usize];
        for (at, &lane) in coordinates(&dims).zip(&lanes) {
            let place: Vec<i64> = (0..dims.len()).filter(|k| !axes.contains(k)).map(|k| at[k]).collect();
            parts[flat(&outer, &place)].push(lane);
        }
        let halves = kind == Reduction::Sum && self.func.data(of).dtype == DType::F64;
        parts.into_iter().filter_map(|part| self.joined(prim, part, halves)).collect()
    }

    /// Numbers joined in the order of a reduction: from left to right, but sixteen
    /// that a sum of doubles has as lanes are joined in `halves`.
    fn joined(&mut self, prim: Prim, mut part: Vec<Value>, halves: bool) -> Option<Value> {
        if halves && part.len() == 16 {
            while part.len() > 1 {
                let upper = part.split_off(part.len() / 2);
                part = part.iter().zip(upper).map(|(&x, y)| self.emit(Op::Prim(prim), vec![x, y])).collect();
            }
        }
        part.into_iter().reduce(|sum, x| self.emit(Op::Prim(prim), vec![sum, x]))
    }

    fn matmul(&mut self, ta: bool, tb: bool, a: Value, b: Value, result: Value) -> Vec<Value> {
        let (a_lanes, b_lanes) = (self.lanes(a), self.lanes(b));
        let (a_dims, b_dims) = (self.dims(a), self.dims(b));
        let (a_strides, b_strides) = (strides(&a_dims), strides(&b_dims));
        let batch = a_dims.len() - 2;
        let inner = a_dims[if ta { batch } else { batch + 1 }];
        let place = |at: &[i64], row: i64, column: i64, swap: bool| {
            let mut at = at[..batch].to_vec();
            at.extend(if swap { [column, row] } else { [row, column] });
            at
        };
        coordinates(&self.dims(result))
            .map(|at| {
                let mut sum = None;
                for k in 0..inner {
                    let x = a_lanes[flat(&a_strides, &place(&at, at[batch], k, ta))];
                    let y = b_lanes[flat(&b_strides, &place(&at, k, at[batch + 1], tb))];
                    let product = self.emit(Op::Prim(Prim::Mul), vec![x, y]);
                    sum = Some(match sum {
                        Some(sum) => self.emit(Op::Prim(Prim::Add), vec![sum, product]),
                        None => product,
                    });
                }
                sum.unwrap_or_else(|| self.number(result, 0.0))
            })
            .collect()
    }

    fn number(&mut self, like: Value, number: f64) -> Value {
        let dtype = self.func.data(like).dtype;
        self.emit(Op::Const(Const::of(dtype, number)), Vec::new())
    }

    fn index(&mut self, sels: &[Sel], args: &[Value]) -> Vec<Value> {
        let base = args[0];
        let dims = self.func.data(base).dims.clone();
        if !self.plan.split(self.func, base) {
            let axes =
                axes(self.func, &dims, sels, &args[1..]).unwrap_or_else(|| defect!("{sels:?} of {dims:?} was planned"));
            return self
                .places(&axes)
                .into_iter()
                .map(|at| self.emit(Op::Index(vec![Sel::At; dims.len()]), [vec![base], at].concat()))
                .collect();
        }
        let axes = inner_axes(self.func, &dims, sels, &args[1..])
            .unwrap_or_else(|| defect!("{sels:?} of {dims:?} was planned"));
        let lanes = self.lanes(base);
        let chosen = self.chosen(&axes);
        self.candidates(base, &axes)
            .into_iter()
            .map(|places| {
                let mut rest = lanes[places[places.len() - 1]];
                if let Some(chosen) = chosen {
                    for (k, &place) in places[..places.len() - 1].iter().enumerate().rev() {
                        rest = self.choose(chosen, k, lanes[place], rest);
                    }
                }
                rest
            })
            .collect()
    }

    fn update(&mut self, op: &Op, sels: &[Sel], args: &[Value], result: Value) -> Option<Vec<Value>> {
        let (base, dims) = (args[0], self.func.data(args[0]).dims.clone());
        let values = self.lanes_or_scalar(args[1]);
        let adds = matches!(op, Op::Acc(_));
        if !self.plan.split(self.func, base) {
            let axes = axes(self.func, &dims, sels, &args[2..])?;
            let at = vec![Sel::At; dims.len()];
            let mut array = base;
            for (place, value) in self.places(&axes).into_iter().zip(values) {
                let op = if adds { Op::Acc(at.clone()) } else { Op::Update(at.clone()) };
                array = self.emit(op, [vec![array, value], place].concat());
            }
            self.renames.set(result, array);
            return None;
        }
        let axes = inner_axes(self.func, &dims, sels, &args[2..])?;
        let mut lanes = self.lanes(base);
        let chosen = self.chosen(&axes);
        let sum = if self.plan.is_accumulator(base) { Op::Acc(Vec::new()) } else { Op::Prim(Prim::Add) };
        for (places, value) in self.candidates(base, &axes).into_iter().zip(values) {
            for (k, place) in places.into_iter().enumerate() {
                let old = lanes[place];
                lanes[place] = match (chosen, adds) {
                    (None, false) => value,
                    (None, true) => self.emit(sum.clone(), vec![old, value]),
                    (Some(at), false) => self.choose(at, k, value, old),
                    (Some(at), true) => {
                        // x + (−0) is x.
                        let nothing = self.number(value, -0.0);
                        let value = self.choose(at, k, value, nothing);
                        self.emit(sum.clone(), vec![old, value])
                    }
                };
            }
        }
        Some(lanes)
    }

    fn choose(&mut self, at: Value, k: usize, then: Value, otherwise: Value) -> Value {
        let k = self.int(k as i64);
        let here = self.emit(Op::Prim(Prim::Eq), vec![at, k]);
        self.emit(Op::Prim(Prim::Select), vec![here, then, otherwise])
    }

    /// The position that is not constant.
    fn chosen(&self, axes: &[Axis]) -> Option<Value> {
        axes.iter().find_map(|axis| match axis {
            Axis::At(at) => Some(*at),
            Axis::Fixed(_) | Axis::Range { .. } => None,
        })
    }

    /// For each element of the part that is named, the elements of the base it may be: one, or one for each value of
    /// the position that is not constant.
    fn candidates(&self, base: Value, axes: &[Axis]) -> Vec<Vec<usize>> {
        let dims = self.dims(base);
        let strides = strides(&dims);
        let kept: Vec<i64> = axes.iter().filter_map(range_len).collect();
        let one = |at: Vec<i64>| {
            let mut at = at.into_iter();
            let (mut place, mut free) = (0, None);
            for ((axis, &stride), &dim) in axes.iter().zip(&strides).zip(&dims) {
                match axis {
                    Axis::At(_) => free = Some((stride, dim)),
                    Axis::Fixed(i) => place += stride * i,
                    Axis::Range { start, step, .. } => {
                        let start = start.and_then(|s| crate::opt::edit::int(self.func, s)).unwrap_or(0);
                        place +=
                            stride * (start + step * at.next().unwrap_or_else(|| defect!("more ranges than axes")));
                    }
                }
            }
            match free {
                Some((stride, dim)) => (0..dim).map(|j| (place + stride * j) as usize).collect(),
                None => vec![place as usize],
            }
        };
        coordinates(&kept).map(one).collect()
    }

    /// For each element of the part that is named, its position in a base that is not split, as values.
    fn places(&mut self, axes: &[Axis]) -> Vec<Vec<Value>> {
        let kept: Vec<i64> = axes.iter().filter_map(range_len).collect();
        let mut all = Vec::new();
        for at in coordinates(&kept) {
            let mut at = at.into_iter();
            let mut place = Vec::with_capacity(axes.len());
            for axis in axes {
                place.push(match *axis {
                    Axis::At(at) => at,
                    Axis::Fixed(i) => self.int(i),
                    Axis::Range { start, step, .. } => {
                        let offset = step * at.next().unwrap_or_else(|| defect!("more ranges than axes"));
                        match start {
                            Some(start) if offset == 0 => start,
                            Some(start) => {
                                let offset = self.int(offset);
                                self.emit(Op::Prim(Prim::Add), vec![start, offset])
                            }
                            None => self.int(offset),
                        }
                    }
                });
            }
            all.push(place);
        }
        all
    }

    fn lanes_or_scalar(&mut self, value: Value) -> Vec<Value> {
        if self.func.data(value).is_scalar() { vec![self.renames.get(value)] } else { self.lanes(value) }
    }
}

fn range_len(axis: &Axis) -> Option<i64> {
    match axis {
        Axis::Range { len, .. } => Some(*len),
        Axis::At(_) | Axis::Fixed(_) => None,
    }
}
