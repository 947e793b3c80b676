//! Derivative operators that run over lanes: matrices of derivatives, and `vmap`.

use super::call::Given;
use super::elab::{Elab, R};
use super::instance::Called;
use super::value::{JacMode, Val, Wrt};
use crate::ops::{Const, Op};
use crate::source::Span;
use crate::typed::Local;
use crate::types::{Dim, Ty};

impl Elab<'_> {
    /// An array of zeros with a one at the indices.
    pub fn basis(&mut self, ty: &Ty, indices: &[Local], span: Span) -> R<Local> {
        let zero = self.filled(ty, 0.0, span)?;
        let one = self.constant(Const::of(ty.dtype, 1.0), span)?;
        if ty.is_scalar() {
            return Ok(one);
        }
        let mut args = vec![zero, one];
        args.extend(indices);
        self.emit(Op::Update(indices.iter().map(|_| crate::ops::Sel::At).collect()), &args, span)
    }

    pub fn apply_jacobian(&mut self, f: &Val, given: Vec<Given>, wrt: &Wrt, mode: JacMode, span: Span) -> R<Val> {
        let called = self.differentiate(f, given.clone(), &wrt.places, span)?;
        let out = match (&called.template.val, called.template.types.as_slice()) {
            (Val::Leaf(_), [ty]) if ty.dtype.is_float() => ty.substitute(&|s| called.sizes[s.0 as usize].clone()),
            _ => {
                let what = self.show_template(&called.template);
                return self.error(
                    "E0301",
                    span,
                    format!("a matrix of derivatives needs one array or number out, and this function gives {what}"),
                );
            }
        };
        let mut blocks = Vec::new();
        for &k in &wrt.places {
            let val = called.vals[k].clone();
            let block = match &val {
                Val::Leaf(x) => {
                    let input = self.ty(*x).clone();
                    let at = Self::range_of(&called, k).start;
                    self.jacobian_block(&called, k, at, &input, &out, mode, span)?
                }
                _ if out.is_scalar() => {
                    let one = self.constant(Const::of(out.dtype, 1.0), span)?;
                    self.pull(&called, &[k], vec![Some(one)], None, span).pop().unwrap_or(Val::None)
                }
                other => {
                    let what = self.show(other);
                    return self.error(
                        "E0301",
                        span,
                        format!("a matrix of derivatives is by one array or number, and this is {what}"),
                    );
                }
            };
            blocks.push(block);
        }
        Ok(if wrt.tuple { Val::tuple(blocks) } else { blocks.pop().unwrap_or(Val::None) })
    }

    #[allow(clippy::too_many_arguments)]
    pub fn jacobian_block(
        &mut self,
        called: &Called,
        k: usize,
        at: usize,
        input: &Ty,
        out: &Ty,
        mode: JacMode,
        span: Span,
    ) -> R<Val> {
        let forward = match mode {
            JacMode::Forward => true,
            JacMode::Reverse => false,
            JacMode::Auto => match (input.const_len(), out.const_len()) {
                (Some(i), Some(o)) => i <= o,
                _ => input.is_scalar() || !out.is_scalar(),
            },
        };
        if forward {
            let v = if input.is_scalar() {
                self.forward_column(called, at, input, &[], span)?
            } else {
                self.map_lanes(input.dims.clone(), span, |s, indices| {
                    s.forward_column(called, at, input, indices, span)
                })?
            };
            let (n, m) = (input.rank(), out.rank());
            if n == 0 || m == 0 {
                return Ok(v);
            }
            let l = self.operand(&v, span)?;
            let perm: Vec<usize> = (n..n + m).chain(0..n).collect();
            return self.emit(Op::Transpose(perm), &[l], span).map(Val::Leaf);
        }
        let row = |s: &mut Self, indices: &[Local]| -> R<Val> {
            let u = s.basis(out, indices, span)?;
            Ok(s.pull(called, &[k], vec![Some(u)], None, span).pop().unwrap_or(Val::None))
        };
        if out.is_scalar() { row(self, &[]) } else { self.map_lanes(out.dims.clone(), span, row) }
    }

    pub fn forward_column(&mut self, called: &Called, at: usize, input: &Ty, indices: &[Local], span: Span) -> R<Val> {
        let v = self.basis(input, indices, span)?;
        let mut tangents = vec![None; called.args.len()];
        tangents[at] = Some(v);
        Ok(self.push_forward(called, tangents, span)?.1)
    }

    pub fn apply_vmap(&mut self, f: &Val, given: Vec<Given>, axes: Option<&[Option<usize>]>, span: Span) -> R<Val> {
        if axes.is_some_and(|a| a.len() != given.len()) {
            return self.error(
                "E0102",
                span,
                format!("`axes` has one entry for each of the {} arguments", given.len()),
            );
        }
        let axis_of = |k: usize| axes.map_or(Some(0), |a| a[k]);
        let mut extent: Option<Dim> = None;
        let mut given = given;
        for (k, g) in given.iter_mut().enumerate() {
            let Some(axis) = axis_of(k) else { continue };
            if let Val::Range(_) = g.val {
                g.val = Val::Leaf(self.operand(&g.val, g.span)?);
            }
            g.val = self.front(&g.val, axis, g.span)?;
            for l in g.val.leaves() {
                let d = self.ty(l).dims[0].clone();
                match extent.clone() {
                    None => extent = Some(d),
                    Some(e) if self.same_dim(&e, &d)? => {}
                    Some(e) => {
                        let (a, b) = (self.show_dim(&e), self.show_dim(&d));
                        return self.error(
                            "E0202",
                            g.span,
                            format!("`vmap` goes over axes of one length, and these are {a} and {b}"),
                        );
                    }
                }
            }
        }
        let Some(extent) = extent else {
            return self.error("E0204", span, "`vmap` needs an array to go over");
        };
        self.map_lanes(vec![extent], span, |s, indices| {
            let mut lane = Vec::new();
            for (k, g) in given.iter().enumerate() {
                let val = if axis_of(k).is_some() { s.row_of(&g.val, indices[0], g.span)? } else { g.val.clone() };
                lane.push(Given { name: g.name.clone(), val, span: g.span });
            }
            s.call(f, lane, span, span)
        })
    }

    /// Brings an axis of every leaf to the front.
    pub fn front(&mut self, v: &Val, axis: usize, span: Span) -> R<Val> {
        match v {
            Val::Tuple(parts) => {
                let mut out = Vec::new();
                for (n, p) in parts.iter() {
                    out.push((n.clone(), self.front(p, axis, span)?));
                }
                Ok(Val::Tuple(out.into()))
            }
            Val::None => Ok(Val::None),
            other => {
                let rank = self.dims(other).len();
                if rank <= axis {
                    let what = self.show(other);
                    return self.error("E0204", span, format!("`vmap` goes over axis {axis}, and this is {what}"));
                }
                let l = self.operand(other, span)?;
                if axis == 0 {
                    return Ok(Val::Leaf(l));
                }
                let perm: Vec<usize> = std::iter::once(axis).chain((0..rank).filter(|k| *k != axis)).collect();
                self.emit(Op::Transpose(perm), &[l], span).map(Val::Leaf)
            }
        }
    }

    pub fn row_of(&mut self, v: &Val, k: Local, span: Span) -> R<Val> {
        match v {
            Val::Tuple(parts) => {
                let mut out = Vec::new();
                for (n, p) in parts.iter() {
                    out.push((n.clone(), self.row_of(p, k, span)?));
                }
                Ok(Val::Tuple(out.into()))
            }
            Val::None => Ok(Val::None),
            other => self.pick(other, vec![super::index::Picked::Safe(k)], span),
        }
    }
}
