//! Forward mode of the pure operations.
//!
//! ```text
//! v2 = mul v0 v1       =>  … ; v5 = mul v1 v3 ; v6 = mul v0 v4 ; v7 = add v5 v6        (v3, v4: tangents)
//! v2 = max v0 v1       =>  … ; each tangent times its weight, 0 where the weight is 0
//! v2 = sum[0] v0       =>  … ; v3 = sum[0] v1                                           linear: itself
//! v2 = max[0] v0       =>  … ; the mean of the tangents at the greatest entries
//! ```

use super::super::arms::arm;
use super::super::emit::derivative;
use super::super::finite::{Size, any_partial, limit, of_partial, sizes};
use super::super::linear::{Term, Zero, chosen, passes, plus, scaled};
use super::Forward;
use crate::ir::{Builder, InstData, Value};
use adl_lang::ops::{Op, Reduction};
use adl_lang::prims::formula::Formula;
use adl_lang::prims::{Derivative, Prim};
use adl_lang::types::DType;
use rustc_hash::FxHashMap;

impl Forward<'_, '_> {
    /// The operation, and the tangent of its result if that is active.
    pub(super) fn pure(&mut self, op: &Op, data: &InstData) {
        let args = self.primals(&data.args);
        if let Some(arm) = arm(op, &args) {
            return self.define(&data.results, &[arm]);
        }
        let result = self.emit.to().pure(op.clone(), &args);
        self.define(&data.results, &[result]);
        if !self.active[data.results[0]] {
            return;
        }
        let tangents = self.tangents(&data.args);
        if let Some(tangent) = self.tangent_of(op, data, &args, result, &tangents) {
            self.define_tangents(&data.results, &[tangent]);
            if self.steep()
                && let Some(mask) = self.mask_of(op, data, &args, &tangents)
            {
                self.moves.insert(data.results[0], mask);
            }
        }
    }

    /// Whether a slope of something that moves may be infinite, so that it matters what is constant.
    fn steep(&self) -> bool {
        let active = |value| self.active[value];
        *self.steep.get_or_init(|| any_partial(&self.source, &active, &|data, partial| self.pole(data, partial)))
    }

    fn size(&self, value: Value) -> Size {
        self.sizes.get_or_init(|| sizes(&self.source, self.arguments))[value]
    }

    /// Whether this partial of an instruction may be infinite.
    fn pole(&self, data: &InstData, partial: Option<&Formula>) -> bool {
        of_partial(partial, data, &|value| self.size(value)) == Size::Any
    }

    /// Where the result moves, if not everywhere.
    fn mask_of(&mut self, op: &Op, data: &InstData, args: &[Value], tangents: &[Option<Value>]) -> Option<Value> {
        let known = |moves: &FxHashMap<Value, Value>, k: usize| moves.get(&data.args[k]).copied();
        let partly = |of: std::ops::Range<usize>| {
            of.into_iter().any(|k| tangents[k].is_none() || self.moves.contains_key(&data.args[k]))
        };
        match op {
            Op::Convert(_) => known(&self.moves, 0),
            Op::Broadcast { .. } | Op::Transpose(_) | Op::Reshape(_) | Op::Index(_) => {
                let mask = known(&self.moves, 0)?;
                Some(self.emit.to().pure(op.clone(), &[&[mask], &args[1..]].concat()))
            }
            Op::Concat(_) if partly(0..args.len()) => {
                let parts: Vec<Value> = (0..args.len()).map(|k| self.mask(data.args[k], tangents[k])).collect();
                Some(self.emit.to().pure(op.clone(), &parts))
            }
            Op::Update(_) if partly(0..2) => {
                let parts = [0, 1].map(|k| self.mask(data.args[k], tangents[k]));
                Some(self.emit.to().pure(op.clone(), &[&parts, &args[2..]].concat()))
            }
            Op::Prim(prim) => match &prim.row().derivative {
                Derivative::Select if partly(1..3) => {
                    let sides = [1, 2].map(|k| self.mask(data.args[k], tangents[k]));
                    Some(self.emit.to().prim(Prim::Select, &[args[0], sides[0], sides[1]]))
                }
                Derivative::Partials(_) => {
                    let mut all = None;
                    for k in (0..args.len()).filter(|&k| tangents[k].is_some() && passes(op, k)) {
                        let mask = known(&self.moves, k)?;
                        all = Some(all.map_or(mask, |all| self.emit.to().prim(Prim::Or, &[all, mask])));
                    }
                    all
                }
                Derivative::Select | Derivative::Choice(_) | Derivative::Zero => None,
            },
            _ => None,
        }
    }

    /// Where a value moves, as an array of truth values.
    fn mask(&mut self, value: Value, tangent: Option<Value>) -> Value {
        if let (Some(_), Some(&mask)) = (tangent, self.moves.get(&value)) {
            return mask;
        }
        let ty = self.source.data(value).with(DType::Bool);
        self.emit.to().full(&ty, if tangent.is_some() { 1.0 } else { 0.0 })
    }

    fn tangent_of(
        &mut self,
        op: &Op,
        data: &InstData,
        args: &[Value],
        result: Value,
        tangents: &[Option<Value>],
    ) -> Option<Value> {
        let first = tangents.first().copied().flatten();
        match op {
            Op::Prim(prim) => self.prim(*prim, data, args, result, tangents),
            Op::Convert(_) | Op::Broadcast { .. } | Op::Transpose(_) | Op::Reshape(_) => {
                Some(self.emit.to().pure(op.clone(), &[first?]))
            }
            Op::Reduce(kind, axes) => {
                let to = &mut self.emit.to();
                match kind {
                    Reduction::Sum => Some(to.sum(first?, axes.clone())),
                    Reduction::Max | Reduction::Min => Some(mean_at_extreme(to, args[0], result, first?, axes)),
                    Reduction::All | Reduction::Any => None,
                }
            }
            Op::Concat(_) => {
                let parts = self.dense_all(&data.args);
                Some(self.emit.to().pure(op.clone(), &parts))
            }
            Op::Index(_) => Some(self.emit.to().pure(op.clone(), &[&[first?], &args[1..]].concat())),
            Op::Acc(_) if tangents[1].is_none() => first,
            Op::Update(_) | Op::Acc(_) => {
                let parts = self.dense_all(&data.args[..2]);
                Some(self.emit.to().pure(op.clone(), &[&parts, &args[2..]].concat()))
            }
            Op::MatMul { .. } => {
                let to = &mut self.emit.to();
                let left = tangents[0].map(|t| to.pure(op.clone(), &[t, args[1]]));
                let right = tangents[1].map(|t| to.pure(op.clone(), &[args[0], t]));
                match (left, right) {
                    (Some(left), Some(right)) => Some(to.add(left, right)),
                    (left, right) => left.or(right),
                }
            }
            Op::Const(_)
            | Op::Table(_)
            | Op::Size(_)
            | Op::ArgReduce { .. }
            | Op::Iota(_)
            | Op::ArgSort
            | Op::Factor(_)
            | Op::Random(..) => None,
            Op::Host { dims, dtype, .. } => {
                let op = Op::Host { name: derivative(op), dtype: *dtype, dims: dims.clone() };
                Some(self.emit.to().pure(op, args))
            }
        }
    }

    fn prim(
        &mut self,
        prim: Prim,
        data: &InstData,
        args: &[Value],
        result: Value,
        tangents: &[Option<Value>],
    ) -> Option<Value> {
        match &prim.row().derivative {
            Derivative::Zero => None,
            Derivative::Partials(partials) => {
                let mut sum = None;
                for (k, (partial, tangent)) in partials.iter().zip(tangents).enumerate() {
                    if let Some(tangent) = tangent.filter(|_| passes(&Op::Prim(prim), k)) {
                        let zero = match self.moves.get(&data.args[k]) {
                            // The slope may be that of a finite limit, where a tangent that overflows does not count.
                            _ if limit(prim, k, &data.args, &|value| self.size(value)) => Zero::Slope,
                            Some(&mask) if self.pole(data, partial.as_ref()) => Zero::Outside(mask),
                            Some(_) | None => Zero::None,
                        };
                        let to = &mut self.emit.to();
                        let term = scaled(to, partial.as_ref(), (args, result), tangent, zero);
                        sum = Some(plus(to, sum, term));
                    }
                }
                sum
            }
            Derivative::Choice(weights) => {
                let to = &mut self.emit.to();
                let mut sum = None;
                for (weight, tangent) in weights.iter().zip(tangents) {
                    if let Some(tangent) = *tangent {
                        let (_, value) = chosen(to, weight, (args, result), tangent);
                        sum = Some(plus(to, sum, Term { minus: false, value }));
                    }
                }
                sum
            }
            Derivative::Select => {
                let sides = self.dense_all(&data.args[1..]);
                Some(self.emit.to().prim(Prim::Select, &[args[0], sides[0], sides[1]]))
            }
        }
    }
}

fn mean_at_extreme(to: &mut Builder<'_>, x: Value, extreme: Value, tangent: Value, axes: &[usize]) -> Value {
    let (hit, count) = ties(to, x, extreme, axes);
    let zero = to.zeros_like(x);
    let kept = to.prim(Prim::Select, &[hit, tangent, zero]);
    let sum = to.sum(kept, axes.to_vec());
    to.prim(Prim::Div, &[sum, count])
}

/// Where `x` equals its greatest or least entry along the axes, and how often.
pub(in crate::ad) fn ties(to: &mut Builder<'_>, x: Value, extreme: Value, axes: &[usize]) -> (Value, Value) {
    let ty = to.func.data(x).clone();
    let spread = spread(to, extreme, &ty.dims, axes);
    let hit = to.prim(Prim::Eq, &[x, spread]);
    let one = to.convert(hit, ty.dtype);
    let count = to.sum(one, axes.to_vec());
    (hit, count)
}

/// A value repeated along axes that a reduction took away.
pub(in crate::ad) fn spread(
    to: &mut Builder<'_>,
    value: Value,
    dims: &[adl_lang::types::Dim],
    gone: &[usize],
) -> Value {
    if gone.is_empty() {
        return value;
    }
    let axes = (0..dims.len()).filter(|k| !gone.contains(k)).collect();
    to.pure(Op::Broadcast { dims: dims.to_vec(), axes }, &[value])
}
