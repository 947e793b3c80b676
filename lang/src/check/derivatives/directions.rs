//! Tangents and cotangents of structured values.
//!
//! They have the structure of the value, with `none` in the place of what is no float, or does not move; that of a
//! function is the tuple of those of the floats it captured.

use super::derive::floats;
use crate::ast::Name;
use crate::check::state::elab::{Elab, R};
use crate::check::state::value::Like;
use crate::check::state::value::{LeafTy, Template, Val};
use crate::source::Span;
use crate::typed::Local;

fn moving(leaf: Local, types: &[LeafTy]) -> bool {
    types[leaf.0 as usize].dtype.is_float()
}

impl Elab<'_> {
    /// Parameters of the function being built.
    pub fn parameters(&mut self, types: &[LeafTy]) -> Vec<Local> {
        let locals: Vec<Local> = types.iter().map(|ty| self.local(ty.clone(), false, None)).collect();
        self.f.params.extend(&locals);
        locals
    }

    /// A tangent or cotangent of new parameters.
    pub fn direction(&mut self, (like, types): Like<'_>) -> Val {
        let leaves = like.leaves().into_iter().filter(|l| moving(*l, types));
        let floats: Vec<LeafTy> = leaves.map(|l| types[l.0 as usize].clone()).collect();
        match like {
            _ if floats.is_empty() => Val::None,
            Val::Leaf(_) => self.parameters(&floats).first().map_or(Val::None, |&l| Val::Leaf(l)),
            Val::Tuple(parts) => {
                Val::Tuple(parts.iter().map(|(n, p)| (n.clone(), self.direction((p, types)))).collect())
            }
            _ => Val::tuple(self.parameters(&floats).into_iter().map(Val::Leaf).collect()),
        }
    }

    /// The leaves of a tangent or cotangent beside those of the value, `None` for zero;
    /// `None` altogether if it does not fit the value.
    pub fn along(&mut self, (like, types): Like<'_>, given: &Val, span: Span) -> R<Option<Vec<Option<Local>>>> {
        let leaves = like.leaves();
        if matches!(given, Val::None) || !leaves.iter().any(|l| moving(*l, types)) {
            return Ok(Some(vec![None; leaves.len()]));
        }
        let mut out = Vec::new();
        match (like, given) {
            (Val::Leaf(l), _) => {
                let target = Template::leaf(types[l.0 as usize].clone());
                let given = floats(given);
                let found = self.template(&given);
                if !self.absorbs(&target, &found)? {
                    return Ok(None);
                }
                out.extend(self.conform(&given, &target, span)?.leaves().into_iter().map(Some));
            }
            (Val::Tuple(parts), Val::Tuple(found)) if parts.len() == found.len() => {
                for (k, (name, part)) in parts.iter().enumerate() {
                    let other = match name {
                        Some(n) => found.iter().find(|(m, _)| m.as_ref() == Some(n)),
                        None => found.get(k).filter(|(m, _)| m.is_none()),
                    };
                    let Some((_, other)) = other else { return Ok(None) };
                    let Some(more) = self.along((part, types), other, span)? else { return Ok(None) };
                    out.extend(more);
                }
            }
            (_, Val::Tuple(found)) if like.is_callable() => {
                let mut next = found.iter();
                for leaf in leaves {
                    let other = if moving(leaf, types) { next.next().map(|(_, v)| v) } else { Some(&Val::None) };
                    let Some(other) = other else { return Ok(None) };
                    let Some(more) = self.along((&Val::Leaf(leaf), types), other, span)? else { return Ok(None) };
                    out.extend(more);
                }
                if next.next().is_some() {
                    return Ok(None);
                }
            }
            _ => return Ok(None),
        }
        Ok(Some(out))
    }

    /// The structure of a tangent or cotangent, for people.
    pub fn show_direction(&self, (like, types): Like<'_>) -> String {
        let list = |parts: Vec<String>| match parts.as_slice() {
            [one] if !one.contains(':') => format!("({one},)"),
            _ => format!("({})", parts.join(", ")),
        };
        let leaves = like.leaves().into_iter().filter(|l| moving(*l, types));
        let shown: Vec<String> = leaves.map(|l| self.show_ty(&types[l.0 as usize])).collect();
        match like {
            _ if shown.is_empty() => "none".into(),
            Val::Leaf(_) => shown.join(""),
            Val::Tuple(parts) => {
                let part = |(n, p): &(Option<Name>, Val)| {
                    let shown = self.show_direction((p, types));
                    n.as_ref().map_or_else(|| shown.clone(), |n| format!("{n}: {shown}"))
                };
                list(parts.iter().map(part).collect())
            }
            _ => list(shown),
        }
    }
}
