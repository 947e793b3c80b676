//! The reverse sweep of the pure operations.
//!
//! ```text
//! v2 = mul v0 v1           =>   v4 = mul v1 v3 (for v0); v5 = mul v0 v3 (for v1)           v3: cotangent of v2
//! v2 = index[@] v0 v1      =>   v4 = acc[@] ct(v0) v3 v1                                   or of zeros
//! v2 = update[@] v0 v1 v5  =>   v4 = index[@] v3 v5 (for v1); v6 = update[@] v3 0 v5 (for v0): read, then zero
//! v2 = acc[@] v0 v1 v5     =>   v4 = index[@] v3 v5 (for v1); v3 (for v0), unchanged
//! v2 = broadcast v0        =>   v4 = sum v3                                                and the other way round
//! ```
//!
//! Of repeated positions in an `update` the last one counts: its rank is written over the cotangents, which are zeroed
//! there anyway, and read back; only a position that finds its own rank gets a cotangent.

use super::super::emit::derivative;
use super::super::jvp::{spread, ties};
use super::super::linear::{Term, Zero, chosen, passes, plus, scaled};
use super::Sweep;
use super::flow::Guard;
use super::taken::Taken;
use crate::ir::{Builder, InstData, Value};
use adl_lang::defect;
use adl_lang::ops::{Op, Reduction, Sel};
use adl_lang::prims::{Derivative, Prim};
use adl_lang::types::{DType, Dim, Ty};

impl Sweep<'_, '_> {
    pub(super) fn reverse_pure(&mut self, op: &Op, data: &InstData) {
        let result = data.results[0];
        let Some(c) = self.ct.remove(&result) else {
            return;
        };
        let x = data.args[0];
        let ty = self.source.data(x).clone();
        // Parts of arrays are counted, and stay so.
        let taken = match op {
            Op::Update(_) | Op::Acc(_) | Op::Index(_) => self.known(result, c),
            _ => self.taken(result, c),
        };
        match op {
            Op::Prim(prim) => self.reverse_prim(*prim, data, (c, taken)),
            Op::Convert(_) => {
                let back = self.emit.to().convert(c, ty.dtype);
                self.contribute_taken(x, Term::plus(back), taken);
            }
            Op::Broadcast { dims, axes } => {
                let new: Vec<usize> = (0..dims.len()).filter(|k| !axes.contains(k)).collect();
                let taken = self.shaped(taken, &|to, mask| to.pure(Op::Reduce(Reduction::Any, new.clone()), &[mask]));
                let back = self.emit.to().sum(c, new);
                self.contribute_taken(x, Term::plus(back), taken);
            }
            Op::Reduce(kind, axes) => self.reverse_reduce(*kind, axes, data, (c, taken)),
            Op::Transpose(perm) => {
                let mut inverse = vec![0; perm.len()];
                for (k, &from) in perm.iter().enumerate() {
                    inverse[from] = k;
                }
                self.reverse_moved(x, &Op::Transpose(inverse), (c, taken));
            }
            Op::Reshape(_) => self.reverse_moved(x, &Op::Reshape(ty.dims), (c, taken)),
            Op::Concat(axis) => self.reverse_concat(*axis, data, (c, taken)),
            Op::Index(sels) => {
                let operands = self.primals(&data.args[1..]);
                self.contribute_part(x, sels, &operands, (c, taken));
            }
            Op::Update(sels) => self.reverse_update(sels, data, (c, taken)),
            Op::Acc(sels) => {
                if self.facts.active[data.args[1]] {
                    let operands = self.primals(&data.args[2..]);
                    let part = self.emit.to().pure(Op::Index(sels.clone()), &[&[c], &operands[..]].concat());
                    let taken = self.part(taken, sels, &operands);
                    self.contribute_taken(data.args[1], Term::plus(part), taken);
                }
                self.contribute_taken(x, Term::plus(c), taken);
            }
            Op::MatMul { ta, tb } => self.reverse_matmul(data, (*ta, *tb), (c, taken)),
            Op::Const(_)
            | Op::Table(_)
            | Op::Size(_)
            | Op::ArgReduce { .. }
            | Op::Iota(_)
            | Op::ArgSort
            | Op::Factor(_)
            | Op::Random(..) => {
                defect!("a cotangent for {op:?}")
            }
            Op::Host { .. } => {
                for (k, &arg) in data.args.iter().enumerate() {
                    if !self.facts.active[arg] {
                        continue;
                    }
                    let ty = self.source.data(arg).clone();
                    let part = Op::Host { name: derivative(op), dtype: ty.dtype, dims: ty.dims };
                    let operands = self.primals(&data.args[k..=k]);
                    let part = self.emit.to().pure(part, &operands);
                    self.contribute_alone(arg, part);
                }
            }
        }
    }

    /// The cotangent of what another operation brings back to where it was.
    fn reverse_moved(&mut self, x: Value, back: &Op, (c, taken): (Value, Taken)) {
        let taken = self.shaped(taken, &|to, mask| to.pure(back.clone(), &[mask]));
        let c = self.emit.to().pure(back.clone(), &[c]);
        self.contribute_taken(x, Term::plus(c), taken);
    }

    /// A contribution with a sign.
    pub(super) fn contribute_term(&mut self, value: Value, term: Term) {
        match self.ct.get(&value) {
            Some(&sum) if term.minus && !self.accs.contains(&value) => {
                let difference = plus(&mut self.emit.to(), Some(sum), term);
                self.ct.insert(value, difference);
            }
            _ => {
                let cotangent = plus(&mut self.emit.to(), None, term);
                self.contribute(value, cotangent);
            }
        }
    }

    fn reverse_prim(&mut self, prim: Prim, data: &InstData, (c, taken): (Value, Taken)) {
        let args = self.primals(&data.args);
        let result = self.primal[&data.results[0]];
        match &prim.row().derivative {
            Derivative::Zero => defect!("a cotangent for {prim:?}"),
            Derivative::Partials(partials) => {
                for (k, (&arg, partial)) in data.args.iter().zip(partials).enumerate() {
                    if self.facts.active[arg] && passes(&Op::Prim(prim), k) {
                        let zero = match (self.facts.guards(&self.source, data, partial.as_ref()), taken) {
                            (Some(Guard::Limit), _) => Zero::Tangent,
                            (Some(Guard::Untaken), Taken::Where(mask)) => Zero::Outside(mask),
                            (Some(Guard::Untaken), Taken::All | Taken::Count(_)) | (None, _) => Zero::None,
                        };
                        let term = scaled(&mut self.emit.to(), partial.as_ref(), (&args, result), c, zero);
                        self.contribute_taken(arg, term, taken);
                    }
                }
            }
            Derivative::Choice(weights) => {
                for (&arg, weight) in data.args.iter().zip(weights) {
                    if self.facts.active[arg] {
                        let (weight, part) = chosen(&mut self.emit.to(), weight, (&args, result), c);
                        let zero = self.emit.to().zeros_like(weight);
                        let wins = self.emit.to().prim(Prim::Ne, &[weight, zero]);
                        let taken = self.joined(Prim::And, taken, Taken::Where(wins));
                        self.contribute_taken(arg, Term::plus(part), taken);
                    }
                }
            }
            Derivative::Select => {
                let zero = self.emit.to().zeros_like(c);
                for (k, (&arg, sides)) in data.args[1..].iter().zip([[c, zero], [zero, c]]).enumerate() {
                    if self.facts.active[arg] {
                        let part = self.emit.to().prim(Prim::Select, &[args[0], sides[0], sides[1]]);
                        let here = if k == 0 { args[0] } else { self.emit.to().prim(Prim::Not, &[args[0]]) };
                        let taken = self.joined(Prim::And, taken, Taken::Where(here));
                        self.contribute_taken(arg, Term::plus(part), taken);
                    }
                }
            }
        }
    }

    fn reverse_reduce(&mut self, kind: Reduction, axes: &[usize], data: &InstData, (c, taken): (Value, Taken)) {
        let x = data.args[0];
        let dims = self.source.data(x).dims.clone();
        let (primal, extreme) = (self.primal[&x], self.primal[&data.results[0]]);
        let mut taken = self.shaped(taken, &|to, mask| spread(to, mask, &dims, axes));
        let to = &mut self.emit.to();
        let back = match kind {
            Reduction::Sum => spread(to, c, &dims, axes),
            Reduction::Max | Reduction::Min => {
                let (hit, count) = ties(to, primal, extreme, axes);
                let share = to.prim(Prim::Div, &[c, count]);
                let share = spread(to, share, &dims, axes);
                let zero = to.zeros_like(share);
                let back = to.prim(Prim::Select, &[hit, share, zero]);
                taken = self.joined(Prim::And, taken, Taken::Where(hit));
                back
            }
            Reduction::All | Reduction::Any => defect!("a cotangent for {kind:?}"),
        };
        self.contribute_taken(x, Term::plus(back), taken);
    }

    fn reverse_concat(&mut self, axis: usize, data: &InstData, (c, taken): (Value, Taken)) {
        let mut offset = Dim::constant(0);
        for &arg in &data.args {
            let ty = self.source.data(arg).clone();
            let len = ty.dims[axis].clone();
            if self.facts.active[arg] {
                let to = &mut self.emit.to();
                let start = to.size(offset.clone());
                let mut sels = vec![Sel::All; ty.rank()];
                sels[axis] = Sel::Span { len: len.clone(), step: 1 };
                let part = to.pure(Op::Index(sels.clone()), &[c, start]);
                let taken = self.shaped(taken, &|to, mask| to.pure(Op::Index(sels.clone()), &[mask, start]));
                self.contribute_taken(arg, Term::plus(part), taken);
            }
            offset = offset + len;
        }
    }

    fn reverse_update(&mut self, sels: &[Sel], data: &InstData, (c, taken): (Value, Taken)) {
        let (x, v) = (data.args[0], data.args[1]);
        let operands = self.primals(&data.args[2..]);
        let part = self.source.data(v).clone();
        let mut rest = c;
        let to = &mut self.emit.to();
        let zero = to.full(&part, 0.0);
        if self.facts.active[v] {
            let mut last = Taken::All;
            let mut read = to.pure(Op::Index(sels.to_vec()), &[&[c], &operands[..]].concat());
            if sels.contains(&Sel::Pick) {
                let rank = ranks(to, &part);
                let mut board = c;
                let mut mark = rank;
                if part.dtype == DType::F64 {
                    mark = to.convert(rank, DType::F64);
                } else {
                    // Single precision does not tell ranks apart.
                    let ty = to.func.data(c).with(DType::I64);
                    board = to.full(&ty, 0.0);
                }
                board = to.pure(Op::Update(sels.to_vec()), &[&[board, mark], &operands[..]].concat());
                let found = to.pure(Op::Index(sels.to_vec()), &[&[board], &operands[..]].concat());
                let counts = to.prim(Prim::Eq, &[found, mark]);
                read = to.prim(Prim::Select, &[counts, read, zero]);
                last = Taken::Where(counts);
                if part.dtype == DType::F64 {
                    rest = board;
                }
            }
            let part = self.part(taken, sels, &operands);
            let part = self.joined(Prim::And, part, last);
            self.contribute_taken(v, Term::plus(read), part);
        }
        if self.facts.active[x] {
            let taken = if self.followed(x) { self.rest(taken, sels, &operands, (c, zero)) } else { Taken::All };
            let args = [&[rest, zero], &operands[..]].concat();
            let left = self.emit.to().pure(Op::Update(sels.to_vec()), &args);
            self.contribute_taken(x, Term::plus(left), taken);
        }
    }

    fn reverse_matmul(&mut self, data: &InstData, (ta, tb): (bool, bool), (c, taken): (Value, Taken)) {
        let (a, b) = (self.primal[&data.args[0]], self.primal[&data.args[1]]);
        if self.facts.active[data.args[0]] {
            let to = &mut self.emit.to();
            let back = if ta {
                to.pure(Op::MatMul { ta: tb, tb: true }, &[b, c])
            } else {
                to.pure(Op::MatMul { ta: false, tb: !tb }, &[c, b])
            };
            let taken = self.factor_taken(taken, data.args[0], (false, ta));
            self.contribute_taken(data.args[0], Term::plus(back), taken);
        }
        if self.facts.active[data.args[1]] {
            let to = &mut self.emit.to();
            let back = if tb {
                to.pure(Op::MatMul { ta: true, tb: ta }, &[c, a])
            } else {
                to.pure(Op::MatMul { ta: !ta, tb: false }, &[a, c])
            };
            let taken = self.factor_taken(taken, data.args[1], (true, tb));
            self.contribute_taken(data.args[1], Term::plus(back), taken);
        }
    }

    /// Where an operand of a product plays a part: in the rows or, on the `right`, the columns that do.
    fn factor_taken(&mut self, taken: Taken, operand: Value, (right, swapped): (bool, bool)) -> Taken {
        let dims = self.source.data(operand).dims.clone();
        let batch = dims.len() - 2;
        let axes: Vec<usize> = (0..batch).chain([batch + usize::from(right != swapped)]).collect();
        self.shaped(taken, &|to, mask| {
            let lines = to.pure(Op::Reduce(Reduction::Any, vec![batch + usize::from(!right)]), &[mask]);
            to.pure(Op::Broadcast { dims: dims.clone(), axes: axes.clone() }, &[lines])
        })
    }
}

/// 0, 1, 2, … in row-major order, in that shape.
fn ranks(to: &mut Builder<'_>, part: &Ty) -> Value {
    let flat = to.pure(Op::Iota(part.len()), &[]);
    if part.rank() == 1 { flat } else { to.pure(Op::Reshape(part.dims.clone()), &[flat]) }
}
