//! Functions of the host, as texts of the library call them.

use super::arrays::dims_of;
use crate::check::elab_api::{Args, Elab, R, Val};
use crate::ops::Op;
use crate::source::Span;
use crate::typed::{Local, Piece};
use crate::types::DType;

/// `_host("name", "f64", shape, x, y)`: one scalar or array.
pub(crate) fn call(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (name, dtype) = (text(e, a, 0)?, text(e, a, 1)?);
    let Some(dtype) = DType::named(&dtype) else {
        return e.error("E0204", span, format!("`{dtype}` is no element type"));
    };
    let dims = dims_of(e, &[a.at(2)?], span)?;
    let mut operands: Vec<Local> = Vec::new();
    for (value, at) in &a.rest {
        leaves(e, value, *at, &mut operands)?;
    }
    e.emit(Op::Host { name: name.into(), dtype, dims }, &operands, span).map(Val::Leaf)
}

fn text(e: &mut Elab<'_>, a: &Args, k: usize) -> R<String> {
    match a.at(k)? {
        (Val::Str(pieces), at) => match &pieces[..] {
            [Piece::Text(text)] => Ok(text.clone()),
            _ => e.error("E0204", at, "a text without values in it is wanted here"),
        },
        (_, at) => e.error("E0204", at, "a text is wanted here"),
    }
}

fn leaves(e: &mut Elab<'_>, value: &Val, at: Span, out: &mut Vec<Local>) -> R<()> {
    match value {
        Val::None => {}
        Val::Tuple(parts) => {
            for (_, part) in parts.iter() {
                leaves(e, part, at, out)?;
            }
        }
        one => out.push(e.operand(one, at)?),
    }
    Ok(())
}
