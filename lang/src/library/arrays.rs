//! Arrays: making them, and moving their entries.

use super::axes::axis;
use crate::check::elab_api::{Args, Elab, LeafTy, R, Val};
use crate::diagnostic::Diagnostic;
use crate::ops::Op;
use crate::source::Span;
use crate::types::{DType, Dim, Ty};

/// A shape: numbers, or one tuple.
pub(crate) fn dims_of(e: &mut Elab<'_>, parts: &[(Val, Span)], span: Span) -> R<Vec<Dim>> {
    let mut out = Vec::new();
    for (v, at) in parts {
        match v {
            Val::Tuple(inner) => {
                for (_, p) in inner.iter() {
                    out.push(e.size(p, *at)?);
                }
            }
            Val::None => {}
            other => out.push(e.size(other, *at)?),
        }
    }
    for d in &out {
        e.natural(d, span)?;
    }
    Ok(out)
}

/// One size.
pub(crate) fn size_of(e: &mut Elab<'_>, (v, at): &(Val, Span)) -> R<Dim> {
    let d = e.size(v, *at)?;
    e.natural(&d, *at)?;
    Ok(d)
}

pub(crate) fn filled(e: &mut Elab<'_>, a: &Args, value: f64, span: Span) -> R<Val> {
    let dims = dims_of(e, &a.rest, span)?;
    e.filled(LeafTy { ty: Ty::array(DType::F64, dims), weak: true }, value, span).map(Val::Leaf)
}

pub(crate) fn full(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let dims = dims_of(e, &[a.at(0)?], span)?;
    let (v, at) = a.at(1)?;
    let l = e.operand(&v, at)?;
    if dims.is_empty() {
        return Ok(Val::Leaf(l));
    }
    e.broadcast_to(l, &dims, span).map(Val::Leaf)
}

pub(crate) fn eye(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let n = size_of(e, &a.at(0)?)?;
    let m = match a.get(1) {
        Some(m) => size_of(e, m)?,
        None => n.clone(),
    };
    let rows = e.emit(Op::Iota(n.clone()), &[], span)?;
    let columns = e.emit(Op::Iota(m.clone()), &[], span)?;
    let dims = vec![n, m];
    let rows = e.emit(Op::Broadcast { dims: dims.clone(), axes: vec![0] }, &[rows], span)?;
    let columns = e.emit(Op::Broadcast { dims, axes: vec![1] }, &[columns], span)?;
    let same = e.emit(Op::Prim(crate::prims::Prim::Eq), &[rows, columns], span)?;
    e.emit(Op::Convert(DType::F64), &[same], span).map(Val::Leaf)
}

pub(crate) fn arange(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let n = size_of(e, &a.at(0)?)?;
    let iota = e.emit(Op::Iota(n), &[], span)?;
    e.emit(Op::Convert(DType::F64), &[iota], span).map(Val::Leaf)
}

pub(crate) fn like(e: &mut Elab<'_>, a: &Args, value: f64, _: Span) -> R<Val> {
    let (v, at) = a.at(0)?;
    fn walk(e: &mut Elab<'_>, v: &Val, value: f64, at: Span) -> R<Val> {
        match v {
            Val::Tuple(parts) => {
                let mut out = Vec::new();
                for (n, p) in parts.iter() {
                    out.push((n.clone(), walk(e, p, value, at)?));
                }
                Ok(Val::Tuple(out.into()))
            }
            Val::None => Ok(Val::None),
            Val::Int(_) => Ok(Val::Int(value as i64)),
            Val::Float(_) => Ok(Val::Float(value)),
            other => {
                let l = e.operand(other, at)?;
                let ty = e.leaf_ty(l);
                e.filled(ty, value, at).map(Val::Leaf)
            }
        }
    }
    walk(e, &v, value, at)
}

pub(crate) fn len(e: &mut Elab<'_>, a: &Args, _: Span) -> R<Val> {
    let (v, at) = a.at(0)?;
    match &v {
        Val::Tuple(parts) => Ok(Val::Size(Dim::constant(parts.len() as i64))),
        Val::None => Ok(Val::Size(Dim::constant(0))),
        other => match e.dims(other).first() {
            Some(d) => Ok(Val::Size(d.clone())),
            None => {
                let what = e.show(other);
                e.error("E0204", at, format!("`len` takes an array or a tuple, and this is {what}"))
            }
        },
    }
}

pub(crate) fn shape(e: &mut Elab<'_>, a: &Args, _: Span) -> R<Val> {
    let (v, _) = array(e, a, 0)?;
    Ok(Val::tuple(e.dims(&v).into_iter().map(Val::Size).collect()))
}

/// An argument that is a number or array.
pub(crate) fn array(e: &mut Elab<'_>, a: &Args, k: usize) -> R<(Val, Span)> {
    let (v, at) = a.at(k)?;
    if e.kind(&v).is_none() {
        let what = e.show(&v);
        return e.error("E0204", at, format!("an array is needed here, and this is {what}"));
    }
    Ok((v, at))
}

pub(crate) fn reshape(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (v, at) = array(e, a, 0)?;
    let dims = dims_of(e, &a.rest, span)?;
    let l = e.operand(&v, at)?;
    let (have, want) = (e.ty(l).len(), Ty::array(DType::F64, dims.clone()).len());
    if have != want {
        let difference = have.clone() - want.clone();
        if difference.as_const().is_some() || !e.same_dim(&have, &want)? {
            let (x, y) = (e.show_dim(&have), e.show_dim(&want));
            return e.error(
                "E0203",
                span,
                format!("`reshape` keeps the number of entries: there are {x}, and the shape has {y}"),
            );
        }
    }
    e.emit(Op::Reshape(dims), &[l], span).map(Val::Leaf)
}

pub(crate) fn flatten(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (v, at) = a.at(0)?;
    if let Val::Tuple(parts) = &v {
        let mut flat = Vec::new();
        for (_, p) in parts.iter() {
            let inner = Args { vals: vec![Some((p.clone(), at))], rest: vec![] };
            flat.push((flatten(e, &inner, span)?, at));
        }
        let args = Args { vals: vec![None, None], rest: flat };
        return joined(e, &args, span);
    }
    let (v, at) = array(e, a, 0)?;
    let l = e.operand(&v, at)?;
    let n = e.ty(l).len();
    e.emit(Op::Reshape(vec![n]), &[l], span).map(Val::Leaf)
}

/// The parts that a variadic function is given, or the parts of one tuple.
fn parts_of(a: &Args) -> Vec<(Val, Span)> {
    match a.rest.as_slice() {
        [(Val::Tuple(parts), at)] => parts.iter().map(|(_, p)| (p.clone(), *at)).collect(),
        other => other.to_vec(),
    }
}

/// One array where several are put together: elsewhere they stand in a list, and that would be one array here.
fn several(e: &mut Elab<'_>, a: &Args, name: &str, instead: &str) -> R<()> {
    match a.rest.as_slice() {
        [(v, at)] if e.kind(v).is_some() => {
            let title = format!("`{name}` takes several arrays or a tuple of them, and this is one");
            let what = e.show(v);
            e.fail(Diagnostic::error("E0102", *at, title).here(format!("this is {what}")).help(instead))
        }
        _ => Ok(()),
    }
}

/// `concat([x, y])`: in ADL square brackets make one array.
pub(crate) fn listed(name: &str, list: Span) -> Diagnostic {
    let (first, last) = (Span { end: list.start + 1, ..list }, Span { start: list.end - 1, ..list });
    Diagnostic::error("E0102", list, format!("`{name}` takes several arrays, and a list of them is one array"))
        .fix("give them one by one", vec![(first, String::new()), (last, String::new())])
}

pub(crate) fn concat(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    several(e, a, "concat", "the rows of a matrix in one are `flatten(x)`; several arrays are `concat(x, y)`")?;
    joined(e, a, span)
}

fn joined(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let parts = parts_of(a);
    let mut kind = None;
    for (v, at) in &parts {
        match e.kind(v) {
            Some(k) => kind = Some(kind.map_or(k, |j: crate::check::elab_api::Kind| j.join(k))),
            None => {
                let what = e.show(v);
                return e.error("E0204", *at, format!("`concat` takes arrays, and this is {what}"));
            }
        }
    }
    let Some(kind) = kind else {
        return e.error("E0102", span, "`concat` of nothing");
    };
    let mut locals = Vec::new();
    let mut first: Option<Vec<Dim>> = None;
    let mut along = 0;
    for (v, at) in &parts {
        let mut l = e.operand_as(v, kind.dtype, *at)?;
        if e.ty(l).is_scalar() {
            l = e.emit(Op::Reshape(vec![Dim::constant(1)]), &[l], *at)?;
        }
        let dims = e.ty(l).dims.clone();
        match &first {
            None => {
                along = match a.get(1) {
                    Some((v, s)) => axis(e, v, dims.len(), *s)?,
                    None => 0,
                };
                first = Some(dims);
            }
            Some(f) => {
                let mut x = f.clone();
                let mut y = dims;
                if x.len() == y.len() {
                    x[along] = Dim::constant(0);
                    y[along] = Dim::constant(0);
                }
                if !e.same_dims(&x, &y)? {
                    let (p, q) = (e.show(&parts[0].0), e.show(v));
                    return e.error(
                        "E0202",
                        *at,
                        format!("`concat` along axis {along} of {p} and {q}: the other axes differ"),
                    );
                }
            }
        }
        locals.push(l);
    }
    if let [one] = locals.as_slice() {
        return Ok(Val::Leaf(*one));
    }
    e.emit(Op::Concat(along), &locals, span).map(Val::Leaf)
}

pub(crate) fn stack(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    several(e, a, "stack", "a new axis of length 1 is `x[none]`; several arrays are `stack(x, y)`")?;
    let parts = parts_of(a);
    let vals: Vec<Val> = parts.iter().map(|(v, _)| v.clone()).collect();
    for (v, at) in &parts {
        if e.kind(v).is_none() {
            let what = e.show(v);
            return e.error("E0204", *at, format!("`stack` takes arrays, and this is {what}"));
        }
    }
    let spans: Vec<Span> = parts.iter().map(|(_, s)| *s).collect();
    let stacked = e.stack_vals(&vals, span, &spans)?;
    match a.get(1) {
        None => Ok(stacked),
        Some(to) => {
            let vals = vec![Some((stacked, span)), Some((Val::Int(0), span)), Some(to.clone())];
            super::axes::moveaxis(e, &Args { vals, rest: vec![] }, span)
        }
    }
}
