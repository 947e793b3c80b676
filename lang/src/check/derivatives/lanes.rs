//! Derivative operators that run over lanes: matrices of derivatives, and `vmap`.

use crate::check::calls::instance::Called;
use crate::check::state::elab::{Elab, R};
use crate::check::state::given::Given;
use crate::check::state::value::{JacMode, Val, Wrt};
use crate::defect;
use crate::ops::{Const, Op};
use crate::source::Span;
use crate::typed::{Local, StmtKind as T};
use crate::types::{Dim, Ty};

impl JacMode {
    /// Whether tangents are pushed forward: there are as many as entries of the input, and as many cotangents as
    /// entries of the result.
    fn is_forward(self, inputs: &[Ty], outs: &[Ty]) -> bool {
        let total = |types: &[Ty]| types.iter().map(Ty::const_len).sum::<Option<usize>>();
        match (self, total(inputs), total(outs)) {
            (JacMode::Forward, ..) => true,
            (JacMode::Reverse, ..) => false,
            (JacMode::Auto, Some(i), Some(o)) => i <= o,
            // Sizes that are not known are taken for large.
            (JacMode::Auto, ..) => inputs.iter().all(Ty::is_scalar) || !outs.iter().all(Ty::is_scalar),
        }
    }
}

impl Elab<'_> {
    /// An array of zeros with a one at the indices.
    pub fn basis(&mut self, ty: &Ty, indices: &[Local], span: Span) -> R<Local> {
        let zero = self.filled(ty.clone(), 0.0, span)?;
        let one = self.constant(Const::of(ty.dtype, 1.0), span)?;
        if ty.is_scalar() {
            return Ok(one);
        }
        let mut args = vec![zero, one];
        args.extend(indices);
        self.emit(Op::Update(indices.iter().map(|_| crate::ops::Sel::At).collect()), &args, span)
    }

    /// A matrix of derivatives. Of structures it is a structure: for each part of the result one for each part of the
    /// argument. Each part that is differentiated by is one loop, over its entries or over those of the result.
    pub fn apply_jacobian(&mut self, f: &Val, given: Vec<Given>, wrt: &Wrt, mode: JacMode, span: Span) -> R<Val> {
        let called = self.differentiate(f, given, &wrt.places, span)?;
        let outs: Vec<Ty> =
            called.template.types.iter().map(|t| t.ty.substitute(&|s| called.sizes[s.0 as usize].clone())).collect();
        if outs.is_empty() || outs.iter().any(|t| !t.dtype.is_float()) {
            let what = self.show_template(&called.template);
            let title = format!("a matrix of derivatives needs floats out, and this function gives {what}");
            return self.error("E0301", span, title);
        }
        let places: Vec<usize> = wrt.places.iter().flat_map(|&k| Self::range_of(&called, k)).collect();
        let inputs: Vec<Ty> = places.iter().map(|&at| self.ty(called.args[at]).clone()).collect();
        // Once for all lanes: what the function prints and asserts belongs to its evaluation.
        let results = self.result_locals(&called);
        let (func, sizes, args) = (called.func, called.sizes.clone(), called.args.clone());
        self.push(T::Call { func, sizes, args, results }, span);
        let columns = if mode.is_forward(&inputs, &outs) {
            self.forward_columns(&called, &places, &inputs, outs.len(), span)?
        } else {
            self.reverse_rows(&called, &places, &outs, span)?
        };
        // columns[input][output], as a structure of structures.
        let mut leaf = 0;
        let template = called.template.val.clone();
        let whole = |s: &mut usize, out: usize| -> Vec<Val> {
            let per_place = wrt.places.iter().map(|&k| {
                called.vals[k].map(
                    &mut |v| match v {
                        Val::Leaf(_) => {
                            *s += 1;
                            Val::Leaf(columns[*s - 1][out])
                        }
                        other => other.clone(),
                    },
                    &mut Dim::clone,
                )
            });
            per_place.collect()
        };
        Ok(template.map(
            &mut |v| match v {
                Val::Leaf(_) => {
                    let mut parts = whole(&mut 0, leaf);
                    leaf += 1;
                    if wrt.tuple {
                        Val::tuple(parts)
                    } else {
                        parts.pop().unwrap_or_else(|| defect!("a derivative by nothing"))
                    }
                }
                other => other.clone(),
            },
            &mut Dim::clone,
        ))
    }

    /// For each input the derivatives of all outputs: one loop that pushes its unit tangents forward.
    fn forward_columns(
        &mut self,
        called: &Called,
        places: &[usize],
        inputs: &[Ty],
        outputs: usize,
        span: Span,
    ) -> R<Vec<Vec<Local>>> {
        let mut columns = Vec::new();
        for (&at, input) in places.iter().zip(inputs) {
            let column = |s: &mut Self, indices: &[Local]| -> R<Val> {
                let mut tangents = vec![None; called.args.len()];
                tangents[at] = Some(s.basis(input, indices, span)?);
                Ok(Val::tuple(s.push_leaves(called, tangents, span).into_iter().map(Val::Leaf).collect()))
            };
            let stacked =
                if input.is_scalar() { column(self, &[])? } else { self.map_lanes(input.dims.clone(), span, column)? };
            let n = input.rank();
            let mut blocks = Vec::new();
            for l in stacked.leaves() {
                let rank = self.ty(l).rank();
                let perm: Vec<usize> = (n..rank).chain(0..n).collect();
                blocks.push(if perm.is_sorted() { l } else { self.emit(Op::Transpose(perm), &[l], span)? });
            }
            debug_assert_eq!(blocks.len(), outputs);
            columns.push(blocks);
        }
        Ok(columns)
    }

    /// The same by one loop for each output, which pulls its unit cotangents back to all inputs.
    fn reverse_rows(&mut self, called: &Called, places: &[usize], outs: &[Ty], span: Span) -> R<Vec<Vec<Local>>> {
        let mut columns = vec![Vec::new(); places.len()];
        for (k, out) in outs.iter().enumerate() {
            let row = |s: &mut Self, indices: &[Local]| -> R<Val> {
                let mut cotangents = vec![None; outs.len()];
                cotangents[k] = Some(s.basis(out, indices, span)?);
                Ok(Val::tuple(s.emit_vjp(called, places, cotangents, None, span).into_iter().map(Val::Leaf).collect()))
            };
            let stacked = if out.is_scalar() { row(self, &[])? } else { self.map_lanes(out.dims.clone(), span, row)? };
            for (column, l) in columns.iter_mut().zip(stacked.leaves()) {
                column.push(l);
            }
        }
        Ok(columns)
    }

    pub fn apply_vmap(&mut self, f: &Val, given: Vec<Given>, axes: Option<&[Option<i64>]>, span: Span) -> R<Val> {
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
    pub fn front(&mut self, v: &Val, axis: i64, span: Span) -> R<Val> {
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
                let at = if axis < 0 { axis + rank as i64 } else { axis };
                let Some(at) = usize::try_from(at).ok().filter(|at| *at < rank) else {
                    let what = self.show(other);
                    return self.error("E0204", span, format!("`vmap` goes over axis {axis}, and this is {what}"));
                };
                let l = self.operand(other, span)?;
                if at == 0 {
                    return Ok(Val::Leaf(l));
                }
                let perm: Vec<usize> = std::iter::once(at).chain((0..rank).filter(|k| *k != at)).collect();
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
            other => self.pick(other, vec![crate::check::arrays::index::Picked::Safe(k)], span),
        }
    }
}
