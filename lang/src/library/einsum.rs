//! `einsum`: sums of products named by subscripts, made of diagonals, sums, products, matrix products and transposes,
//! whose derivatives are its own.

mod contract;
mod subscripts;

use super::arrays::array;
use crate::check::elab_api::{Args, Elab, Kind, R, Val};
use crate::ops::{Op, Reduction, Sel};
use crate::source::Span;
use crate::typed::{Local, Piece};
use crate::types::{DType, Dim};
use subscripts::{Label, Subscripts};

/// An array with a label for each axis.
#[derive(Clone)]
pub(super) struct Labelled {
    local: Local,
    labels: Vec<Label>,
}

/// More operands than this have too many orders of contraction to look at each.
const MOST: usize = 12;

pub(crate) fn einsum(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (text, t_span) = a.at(0)?;
    let text = match &text {
        Val::Str(pieces) => match pieces.as_ref() {
            [] => String::new(),
            [Piece::Text(text)] => text.clone(),
            _ => return e.error("E0204", t_span, "the subscripts are known when compiling: a string without values"),
        },
        other => {
            let what = e.show(other);
            return e.error(
                "E0204",
                t_span,
                format!("the subscripts of `einsum` come first, a string, and this is {what}"),
            );
        }
    };
    let mut operands = Vec::new();
    for k in 0..a.rest.len() {
        operands.push(array(e, &Args { vals: vec![Some(a.rest[k].clone())], rest: Vec::new() }, 0)?);
    }
    if operands.is_empty() || operands.len() > MOST {
        return e.error("E0102", span, format!("`einsum` takes 1 to {MOST} arrays, and {} are given", operands.len()));
    }
    let ranks: Vec<usize> = operands.iter().map(|(v, _)| e.dims(v).len()).collect();
    let subscripts = match Subscripts::parse(&text, &ranks) {
        Ok(subscripts) => subscripts,
        Err(problem) => {
            let at = problem.operand.and_then(|k| operands.get(k)).map_or(t_span, |(_, at)| *at);
            return e.error("E0206", at, problem.title);
        }
    };
    let kind = operands.iter().filter_map(|(v, _)| e.kind(v)).reduce(Kind::join);
    let dtype = kind.map_or(DType::F64, |k| k.dtype).max(DType::I64);
    let mut arrays = Vec::new();
    for ((v, at), labels) in operands.iter().zip(&subscripts.inputs) {
        arrays.push(Labelled { local: e.operand_as(v, dtype, *at)?, labels: labels.clone() });
    }
    stretched(e, &mut arrays, span)?;
    check_sizes(e, &arrays, &operands)?;
    let mut simple = Vec::new();
    for (k, array) in arrays.iter().enumerate() {
        let array = diagonal(e, array, span)?;
        let elsewhere = |label: &Label| {
            subscripts.output.contains(label)
                || arrays.iter().enumerate().any(|(j, other)| j != k && other.labels.contains(label))
        };
        simple.push(summed(e, array, &elsewhere, span)?);
    }
    let result = contract::all(e, simple, &subscripts.output, span)?;
    result.ordered(e, &subscripts.output, span).map(Val::Leaf)
}

/// The size that a label stands for.
fn size_of(e: &Elab<'_>, arrays: &[Labelled], label: Label) -> Dim {
    let found = arrays.iter().find_map(|a| a.labels.iter().position(|l| *l == label).map(|k| (a.local, k)));
    found.map_or(Dim::constant(1), |(l, k)| e.ty(l).dims[k].clone())
}

/// Axes of `…` that have length 1 stretch: they go, and the others give the size.
fn stretched(e: &mut Elab<'_>, arrays: &mut [Labelled], span: Span) -> R<()> {
    let wide = |e: &Elab<'_>, arrays: &[Labelled], label: Label| {
        arrays.iter().any(|a| a.labels.iter().zip(&e.ty(a.local).dims).any(|(l, d)| *l == label && !d.is(1)))
    };
    for k in 0..arrays.len() {
        let dims = e.ty(arrays[k].local).dims.clone();
        let labels = arrays[k].labels.clone();
        let kept: Vec<usize> = (0..dims.len())
            .filter(|&j| !(labels[j].is_batch() && dims[j].is(1) && wide(e, arrays, labels[j])))
            .collect();
        if kept.len() < dims.len() {
            let shape = kept.iter().map(|&j| dims[j].clone()).collect();
            arrays[k].local = e.emit(Op::Reshape(shape), &[arrays[k].local], span)?;
            arrays[k].labels = kept.iter().map(|&j| labels[j]).collect();
        }
    }
    Ok(())
}

/// A label is one size wherever it stands.
fn check_sizes(e: &mut Elab<'_>, arrays: &[Labelled], operands: &[(Val, Span)]) -> R<()> {
    for (array, (_, at)) in arrays.iter().zip(operands) {
        let dims = e.ty(array.local).dims.clone();
        for (label, dim) in array.labels.iter().zip(dims) {
            let size = size_of(e, arrays, *label);
            if !e.same_dim(&size, &dim)? {
                let (x, y) = (e.show_dim(&size), e.show_dim(&dim));
                return e.error("E0202", *at, format!("the subscript {label} is {x} elsewhere, and {y} here"));
            }
        }
    }
    Ok(())
}

/// One axis for a label that stands more than once: the diagonal.
fn diagonal(e: &mut Elab<'_>, array: &Labelled, span: Span) -> R<Labelled> {
    let mut once: Vec<Label> = Vec::new();
    for label in &array.labels {
        if !once.contains(label) {
            once.push(*label);
        }
    }
    if once.len() == array.labels.len() {
        return Ok(array.clone());
    }
    let extents = once.iter().map(|l| size_of(e, std::slice::from_ref(array), *l)).collect();
    let entries = e.map_lanes(extents, span, |e, indices| {
        let place = |l: &Label| once.iter().position(|o| o == l).map_or(indices[0], |k| indices[k]);
        let args: Vec<Local> = std::iter::once(array.local).chain(array.labels.iter().map(place)).collect();
        e.emit(Op::Index(vec![Sel::At; array.labels.len()]), &args, span).map(Val::Leaf)
    })?;
    Ok(Labelled { local: e.operand(&entries, span)?, labels: once })
}

/// Summed over the labels that nothing else needs.
fn summed(e: &mut Elab<'_>, array: Labelled, needed: &dyn Fn(&Label) -> bool, span: Span) -> R<Labelled> {
    let gone: Vec<usize> = (0..array.labels.len()).filter(|&k| !needed(&array.labels[k])).collect();
    if gone.is_empty() {
        return Ok(array);
    }
    let local = e.emit(Op::Reduce(Reduction::Sum, gone), &[array.local], span)?;
    Ok(Labelled { local, labels: array.labels.into_iter().filter(needed).collect() })
}

impl Labelled {
    /// With its axes in the order of the labels, which are the same.
    fn ordered(&self, e: &mut Elab<'_>, labels: &[Label], span: Span) -> R<Local> {
        let perm: Vec<usize> = labels.iter().filter_map(|l| self.labels.iter().position(|own| own == l)).collect();
        if perm.is_sorted() { Ok(self.local) } else { e.emit(Op::Transpose(perm), &[self.local], span) }
    }
}
