//! How the value of a bare expression is shown.

use crate::check::state::elab::{Elab, R};
use crate::check::state::host::{Global, Shown};
use crate::check::state::value::Val;
use crate::message::Message;
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
                    e.push(T::Print { message: Message::Line(pieces.to_vec()) }, span);
                    return Ok(Shown::Text(String::new()));
                }
            }
        }
        return Ok(Shown::Text(text));
    }
    let mut places = Vec::new();
    let bound = results.len();
    match layout(e, v, bound, results, globals, &mut places, span)? {
        Some(layout) => Ok(Shown::Value(layout, places)),
        None => {
            let name = e.function_shown(v);
            Ok(Shown::Text(if v.is_callable() { format!("<function {name}>") } else { e.show(v) }))
        }
    }
}

/// The layout of a value; `None` if part of it is known only to the checker. The first `bound` results belong to names.
fn layout(
    e: &mut Elab<'_>,
    v: &Val,
    bound: usize,
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
                match layout(e, p, bound, results, globals, places, span)? {
                    Some(l) => out.push((n.clone(), l)),
                    None => return Ok(None),
                }
            }
            Ok(Some(Layout::Tuple(out)))
        }
        other if e.kind(other).is_some() => {
            let l = e.operand(other, span)?;
            let ty = e.ty(l).clone();
            // What is bound to a name too is a result already.
            if let Some(k) = results[..bound].iter().position(|r| *r == l) {
                places.push(k);
                return Ok(Some(Layout::Leaf(ty)));
            }
            results.push(l);
            globals.push(e.world.fresh());
            places.push(results.len() - 1);
            Ok(Some(Layout::Leaf(ty)))
        }
        _ => Ok(None),
    }
}
