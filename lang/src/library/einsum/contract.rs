//! Contractions of two arrays, and the order in which several are contracted.

use super::subscripts::Label;
use super::{Labelled, size_of};
use crate::check::elab_api::{Elab, R};
use crate::ops::{Op, Reduction};
use crate::prims::Prim;
use crate::source::Span;
use crate::typed::Local;
use crate::types::Dim;

/// What an order of contraction is made of.
#[derive(Clone)]
enum Tree {
    Array(usize),
    Pair(Box<(Tree, Tree)>),
}

/// Contracts all arrays, in the order that takes the fewest multiplications.
pub(super) fn all(e: &mut Elab<'_>, arrays: Vec<Labelled>, output: &[Label], span: Span) -> R<Labelled> {
    let tree = order(e, &arrays, output)?;
    let (result, _) = evaluate(e, &tree, &arrays, output, span)?;
    Ok(result)
}

/// Which arrays a tree holds, one bit each.
type Set = usize;

/// The labels of a set of arrays that the output or another array needs.
fn outside(arrays: &[Labelled], output: &[Label], set: Set) -> Vec<Label> {
    let mut out: Vec<Label> = Vec::new();
    let inside = |k: usize| set & (1 << k) != 0;
    for (k, array) in arrays.iter().enumerate() {
        for label in &array.labels {
            let needed = output.contains(label)
                || arrays.iter().enumerate().any(|(j, other)| !inside(j) && other.labels.contains(label));
            if inside(k) && needed && !out.contains(label) {
                out.push(*label);
            }
        }
    }
    out
}

/// The best tree, by going over all subsets: the cost of a pair is the product of all sizes that it names.
fn order(e: &mut Elab<'_>, arrays: &[Labelled], output: &[Label]) -> R<Tree> {
    match arrays.len() {
        1 => return Ok(Tree::Array(0)),
        2 => return Ok(Tree::Pair(Box::new((Tree::Array(0), Tree::Array(1))))),
        _ => {}
    }
    let mut labels: Vec<Label> = arrays.iter().flat_map(|a| a.labels.iter().copied()).collect();
    labels.sort_unstable();
    labels.dedup();
    let mut sizes = Vec::new();
    for label in &labels {
        let dim = size_of(e, arrays, *label);
        sizes.push(e.size_for_choice(&dim)? as f64);
    }
    let size = |l: &Label| labels.binary_search(l).map_or(1.0, |k| sizes[k].max(1.0));
    let full: Set = (1 << arrays.len()) - 1;
    let open: Vec<Vec<Label>> = (0..=full).map(|set| outside(arrays, output, set)).collect();
    let mut best: Vec<Option<(f64, Tree)>> = vec![None; full + 1];
    for set in 1..=full {
        if set.is_power_of_two() {
            best[set] = Some((0.0, Tree::Array(set.trailing_zeros() as usize)));
            continue;
        }
        let mut part = (set - 1) & set;
        while part > 0 {
            let rest = set & !part;
            if part < rest {
                part = (part - 1) & set;
                continue;
            }
            if let (Some((a, x)), Some((b, y))) = (&best[part], &best[rest]) {
                let other = open[rest].iter().filter(|l| !open[part].contains(l));
                let cost = a + b + open[part].iter().chain(other).map(size).product::<f64>();
                if best[set].as_ref().is_none_or(|(least, _)| cost < *least) {
                    best[set] = Some((cost, Tree::Pair(Box::new((x.clone(), y.clone())))));
                }
            }
            part = (part - 1) & set;
        }
    }
    Ok(best[full].take().map_or(Tree::Array(0), |(_, tree)| tree))
}

fn evaluate(e: &mut Elab<'_>, tree: &Tree, arrays: &[Labelled], output: &[Label], span: Span) -> R<(Labelled, Set)> {
    match tree {
        Tree::Array(k) => Ok((arrays[*k].clone(), 1 << k)),
        Tree::Pair(pair) => {
            let (x, p) = evaluate(e, &pair.0, arrays, output, span)?;
            let (y, q) = evaluate(e, &pair.1, arrays, output, span)?;
            let needed = outside(arrays, output, p | q);
            Ok((contracted(e, &x, &y, &needed, span)?, p | q))
        }
    }
}

/// The product of two arrays, summed over the labels that are not needed, all of which both have.
fn contracted(e: &mut Elab<'_>, x: &Labelled, y: &Labelled, needed: &[Label], span: Span) -> R<Labelled> {
    let in_both = |l: &&Label| y.labels.contains(l);
    let batch: Vec<Label> = x.labels.iter().filter(in_both).filter(|l| needed.contains(l)).copied().collect();
    let inner: Vec<Label> = x.labels.iter().filter(in_both).filter(|l| !needed.contains(l)).copied().collect();
    let rows: Vec<Label> = x.labels.iter().filter(|l| !y.labels.contains(l)).copied().collect();
    let columns: Vec<Label> = y.labels.iter().filter(|l| !x.labels.contains(l)).copied().collect();
    let labels = [batch.clone(), rows.clone(), columns.clone()].concat();
    let both = [x.clone(), y.clone()];
    let dims = |e: &Elab<'_>, labels: &[Label]| -> Vec<Dim> { labels.iter().map(|l| size_of(e, &both, *l)).collect() };
    if inner.is_empty() || (rows.is_empty() && columns.is_empty()) {
        // Element by element.
        let all = [labels.clone(), inner.clone()].concat();
        let shape = dims(e, &all);
        let mut factors = Vec::new();
        for array in &both {
            let own: Vec<Label> = all.iter().filter(|l| array.labels.contains(l)).copied().collect();
            let l = array.ordered(e, &own, span)?;
            let axes: Vec<usize> = (0..all.len()).filter(|&k| own.contains(&all[k])).collect();
            let whole = axes.len() == all.len();
            factors.push(if whole { l } else { e.emit(Op::Broadcast { dims: shape.clone(), axes }, &[l], span)? });
        }
        let mut local = e.emit(Op::Prim(Prim::Mul), &factors, span)?;
        if !inner.is_empty() {
            local = e.emit(Op::Reduce(Reduction::Sum, (labels.len()..all.len()).collect()), &[local], span)?;
        }
        return Ok(Labelled { local, labels });
    }
    let product = |e: &Elab<'_>, labels: &[Label]| dims(e, labels).into_iter().fold(Dim::constant(1), |n, d| n * d);
    let (m, k, n) = (product(e, &rows), product(e, &inner), product(e, &columns));
    let matrix = |e: &mut Elab<'_>, array: &Labelled, first: &[Label], second: &[Label], size: [&Dim; 2]| {
        let l = array.ordered(e, &[batch.as_slice(), first, second].concat(), span)?;
        let mut shape = dims(e, &batch);
        shape.extend(size.into_iter().cloned());
        reshaped(e, l, shape, span)
    };
    let left = matrix(e, x, &rows, &inner, [&m, &k])?;
    let right = matrix(e, y, &inner, &columns, [&k, &n])?;
    let local = e.emit(Op::MatMul { ta: false, tb: false }, &[left, right], span)?;
    let shape = dims(e, &labels);
    Ok(Labelled { local: reshaped(e, local, shape, span)?, labels })
}

fn reshaped(e: &mut Elab<'_>, l: Local, shape: Vec<Dim>, span: Span) -> R<Local> {
    if e.ty(l).dims == shape { Ok(l) } else { e.emit(Op::Reshape(shape), &[l], span) }
}
