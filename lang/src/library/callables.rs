//! Functions as values: what they captured, and the transposes of linear ones.

use crate::check::elab_api::{Args, Elab, OpKind, OpVal, R, Val};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::types::{DType, Dim};
use std::sync::Arc;

fn callable(e: &mut Elab<'_>, a: &Args, name: &str) -> R<Val> {
    let (f, at) = a.at(0)?;
    if f.is_callable() {
        return Ok(f);
    }
    let what = e.show(&f);
    e.fail(Diagnostic::error("E0307", at, format!("`{name}` takes a function, and this is {what}")))
}

fn moving(e: &Elab<'_>, v: &Val) -> bool {
    matches!(v, Val::Leaf(l) if e.ty(*l).dtype.is_float())
}

/// `captured(f)`: the tuple of the floats that a function captured, in order; `none` if there are none.
pub(crate) fn captured(e: &mut Elab<'_>, a: &Args, _: Span) -> R<Val> {
    let f = callable(e, a, "captured")?;
    Ok(Val::tuple(f.leaves().into_iter().map(Val::Leaf).filter(|v| moving(e, v)).collect()))
}

/// `_leaves(x)`: the floats in any value.
pub(crate) fn leaves(e: &mut Elab<'_>, a: &Args, _: Span) -> R<Val> {
    let (x, at) = a.at(0)?;
    let x = e.settle(&x, DType::F64, at)?;
    Ok(Val::tuple(x.leaves().into_iter().map(Val::Leaf).filter(|v| moving(e, v)).collect()))
}

/// `with_captured(f, c)`: the function with other values in the places of these.
pub(crate) fn with_captured(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let f = callable(e, a, "with_captured")?;
    let (c, at) = a.at(1)?;
    let places: Vec<Val> = f.leaves().into_iter().map(Val::Leaf).filter(|v| moving(e, v)).collect();
    let given: Vec<Val> = match &c {
        Val::None => Vec::new(),
        Val::Tuple(parts) => parts.iter().map(|(_, v)| v.clone()).collect(),
        other => vec![other.clone()],
    };
    let target = e.template(&Val::tuple(places.clone()));
    let found = Val::tuple(given);
    let own = e.template(&found);
    if !e.absorbs(&target, &own)? {
        let (wanted, what) = (e.show(&Val::tuple(places)), e.show(&c));
        let problem = Diagnostic::error("E0306", at, format!("the function captured {wanted}, and this is {what}"));
        return e.fail(problem.help("the structure is that of `captured(f)`"));
    }
    let mut next = e.conform_firmly(&found, &target, span)?.leaves().into_iter();
    let e = &*e;
    let mut leaf = |v: &Val| if moving(e, v) { next.next().map_or(Val::Error, Val::Leaf) } else { v.clone() };
    Ok(f.map(&mut leaf, &mut Dim::clone))
}

/// `_transposed(A, x)`: the pullback of a function that is linear in its one argument, which is like `x`.
pub(crate) fn transposed(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let f = callable(e, a, "_transposed")?;
    let (x, at) = a.at(1)?;
    if let Val::Op(op) = &f
        && op.kind == OpKind::Transposed
    {
        // Twice is not at all: so rules for linear functions, which ask for transposes, come to an end.
        return Ok(op.parts[0].clone());
    }
    e.check_active(&x, String::new(), at)?;
    let x = e.settle(&x, DType::F64, span)?;
    let e = &*e;
    let mut leaf = |v: &Val| match v {
        Val::Leaf(l) => Val::Like(e.leaf_ty(*l)),
        other => other.clone(),
    };
    let like = x.map(&mut leaf, &mut Dim::clone);
    Ok(Val::Op(Arc::new(OpVal { kind: OpKind::Transposed, parts: vec![f, like] })))
}

/// `_pullback(f, x)`: the second part of `vjp(f, x)`, without the value.
pub(crate) fn pullback(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let f = callable(e, a, "_pullback")?;
    let (x, _) = a.at(1)?;
    let x = e.snapshot(&x, span);
    let parts = std::iter::once(f.clone()).chain(e.point(&f, &x)).collect();
    Ok(Val::Op(Arc::new(OpVal { kind: OpKind::Pullback, parts })))
}

impl Elab<'_> {
    /// Zeros in the places of arrays known by their type.
    pub(crate) fn zeros(&mut self, like: &Val, span: Span) -> R<Val> {
        Ok(match like {
            Val::Like(ty) => {
                let ty = ty.clone();
                Val::Leaf(self.filled(ty, 0.0, span)?)
            }
            Val::Tuple(parts) => {
                let mut out = Vec::new();
                for (n, p) in parts.iter() {
                    out.push((n.clone(), self.zeros(p, span)?));
                }
                Val::Tuple(out.into())
            }
            other => other.clone(),
        })
    }
}
