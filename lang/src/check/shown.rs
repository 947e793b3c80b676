//! How the value of a bare expression is shown.

use super::elab::{Elab, R};
use super::value::Val;
use super::{Global, Shown};
use crate::source::Span;
use crate::typed::{self, Layout, Local, StmtKind as T};

/// The value with its leaves among the results, or its text.
pub(crate) fn show(
    e: &mut Elab<'_>,
    v: &Val,
    results: &mut Vec<Local>,
    globals: &mut Vec<Global>,
    span: Span,
) -> R<Shown> {
    if let Val::Str(pieces) = v {
        let mut text = String::new();
        for p in pieces.iter() {
            match p {
                typed::Piece::Text(t) => text.push_str(t),
                typed::Piece::Value(..) | typed::Piece::Clock { .. } => {
                    e.push(T::Print { pieces: pieces.to_vec() }, span);
                    return Ok(Shown::Text(String::new()));
                }
            }
        }
        return Ok(Shown::Text(text));
    }
    let mut places = Vec::new();
    match layout(e, v, results, globals, &mut places, span)? {
        Some(layout) => Ok(Shown::Value(layout, places)),
        None => {
            let name = e.callable_name(v);
            Ok(Shown::Text(if v.is_callable() { format!("<function {name}>") } else { e.show(v) }))
        }
    }
}

/// The layout of a value; `None` if part of it is known only to the checker.
fn layout(
    e: &mut Elab<'_>,
    v: &Val,
    results: &mut Vec<Local>,
    globals: &mut Vec<Global>,
    places: &mut Vec<usize>,
    span: Span,
) -> R<Option<Layout>> {
    match v {
        Val::None => Ok(Some(Layout::None)),
        Val::Tuple(parts) => {
            let mut out = Vec::new();
            for (n, p) in parts.iter() {
                match layout(e, p, results, globals, places, span)? {
                    Some(l) => out.push((n.clone(), l)),
                    None => return Ok(None),
                }
            }
            Ok(Some(Layout::Tuple(out)))
        }
        other if e.kind(other).is_some() => {
            let l = e.operand(other, span)?;
            results.push(l);
            globals.push(e.world.fresh());
            places.push(results.len() - 1);
            Ok(Some(Layout::Leaf(e.ty(l).clone())))
        }
        _ => Ok(None),
    }
}
