//! Structures that a host asks for, as values: to compare them with a program and to say what they are.

use crate::engine::cache::Keys;
use adl_lang::ast::{Ident, TypeExpr, TypeExprKind};
use adl_lang::check::{ArgInfo, LeafInfo};
use adl_lang::typed::Layout;
use adl_runtime::DType;
use adl_runtime::view::Leaf;
use std::fmt;

/// The structure that a [`Type`](super::Type) stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Spec {
    /// A scalar or array; `None` for a size that may be any.
    Leaf(DType, Vec<Option<usize>>),
    /// `none`.
    None,
    /// A tuple; a record if the parts have names.
    Tuple(Vec<(Option<&'static str>, Spec)>),
}

impl Spec {
    /// Whether no size and no whole number is part of it, so that there is one compilation for it.
    pub(super) fn is_fixed(&self) -> bool {
        match self {
            Spec::Leaf(dtype, dims) => *dtype != DType::I64 && dims.is_empty(),
            Spec::None => true,
            Spec::Tuple(parts) => parts.iter().all(|(_, part)| part.is_fixed()),
        }
    }

    /// Whether something of this structure may have the axes that are declared.
    pub(super) fn has_axes(&self, declared: &TypeExpr) -> bool {
        match (self, &declared.kind) {
            (Spec::Leaf(_, found), TypeExprKind::Array { dims, .. }) => found.len() == dims.len(),
            (Spec::Leaf(..), TypeExprKind::Tuple(_)) | (Spec::Tuple(_), TypeExprKind::Array { .. }) => false,
            (_, _) => true,
        }
    }

    /// Whether this very structure is declared, but for sizes.
    pub(super) fn is_declared(&self, declared: &TypeExpr) -> bool {
        match (self, &declared.kind) {
            (Spec::Leaf(dtype, found), TypeExprKind::Array { dtype: own, dims }) => {
                found.len() == dims.len() && *own.name == *dtype.name()
            }
            (Spec::None, TypeExprKind::Tuple(parts)) => parts.is_empty(),
            (Spec::Tuple(parts), TypeExprKind::Tuple(own)) => {
                let same_name = |name: &Option<&str>, own: &Option<Ident>| own.as_ref().map(|n| &*n.name) == *name;
                let mut pairs = parts.iter().zip(own);
                parts.len() == own.len()
                    && pairs.all(|((name, part), (own, ty))| same_name(name, own) && part.is_declared(ty))
            }
            (_, _) => false,
        }
    }

    /// Adds an argument of this structure to a key.
    pub(super) fn key<'a, 'l: 'a>(&self, leaves: &mut impl Iterator<Item = &'a Leaf<'l>>, keys: &mut Keys<'_>) {
        match self {
            Spec::Leaf(..) => {
                if let Some(leaf) = leaves.next() {
                    keys.leaf(leaf);
                }
            }
            Spec::None => keys.none(),
            Spec::Tuple(parts) => {
                keys.tuple(parts.len());
                for (name, part) in parts {
                    name.iter().for_each(|name| keys.name(name));
                    part.key(leaves, keys);
                }
            }
        }
    }

    /// Describes an argument of this structure; `leaf` describes one scalar or array.
    pub(super) fn info(&self, leaf: &mut dyn FnMut(DType, &[Option<usize>]) -> LeafInfo) -> ArgInfo {
        match self {
            Spec::Leaf(dtype, dims) => ArgInfo::Leaf(leaf(*dtype, dims)),
            Spec::None => ArgInfo::None,
            Spec::Tuple(parts) => {
                ArgInfo::Tuple(parts.iter().map(|(name, part)| (name.map(String::from), part.info(leaf))).collect())
            }
        }
    }

    /// For each leaf of this structure, which leaf of the layout it is; fields of records by name. `Err` says what the
    /// program gives instead.
    pub(super) fn matched(&self, layout: &Layout) -> Result<Vec<usize>, ()> {
        let mut order = Vec::new();
        self.walk(layout, &mut 0, &mut order).then_some(order).ok_or(())
    }

    fn walk(&self, layout: &Layout, first: &mut usize, order: &mut Vec<usize>) -> bool {
        match (self, layout) {
            (Spec::Leaf(dtype, dims), Layout::Leaf(ty)) => {
                order.push(*first);
                *first += 1;
                let sizes = dims.iter().zip(&ty.dims);
                let fits = |(wanted, dim): (&Option<usize>, &adl_lang::types::Dim)| match (wanted, dim.as_const()) {
                    (Some(wanted), Some(found)) => i64::try_from(*wanted) == Ok(found),
                    _ => true,
                };
                crate::engine::runtime_dtype(ty.dtype) == *dtype
                    && dims.len() == ty.rank()
                    && sizes.into_iter().all(fits)
            }
            (Spec::None, Layout::None) => true,
            (Spec::Tuple(parts), Layout::Tuple(found)) if parts.len() == found.len() => {
                let mut starts = Vec::new();
                for (_, part) in found {
                    starts.push(*first);
                    *first += part.leaves().len();
                }
                parts.iter().enumerate().all(|(k, (name, part))| {
                    let place = match name {
                        Some(name) => found.iter().position(|(n, _)| n.as_deref() == Some(*name)),
                        None => found[k].0.is_none().then_some(k),
                    };
                    place.is_some_and(|at| part.walk(&found[at].1, &mut starts[at].clone(), order))
                })
            }
            (Spec::Leaf(..) | Spec::None | Spec::Tuple(_), _) => false,
        }
    }
}

impl fmt::Display for Spec {
    /// As the language writes types.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Spec::Leaf(dtype, dims) => {
                write!(f, "{dtype}")?;
                let dims: Vec<String> = dims.iter().map(|d| d.map_or("_".into(), |n| n.to_string())).collect();
                if dims.is_empty() { Ok(()) } else { write!(f, "[{}]", dims.join(", ")) }
            }
            Spec::None => f.write_str("none"),
            Spec::Tuple(parts) => {
                let parts: Vec<String> = parts
                    .iter()
                    .map(|(name, part)| name.map_or(part.to_string(), |name| format!("{name}: {part}")))
                    .collect();
                write!(f, "({})", parts.join(", "))
            }
        }
    }
}

/// A layout as the language writes types.
pub(super) fn written(layout: &Layout) -> String {
    match layout {
        Layout::Leaf(ty) if ty.is_scalar() => ty.dtype.name().to_string(),
        Layout::Leaf(ty) => {
            let dims: Vec<String> =
                ty.dims.iter().map(|d| d.as_const().map_or("_".into(), |n| n.to_string())).collect();
            format!("{}[{}]", ty.dtype.name(), dims.join(", "))
        }
        Layout::None => "none".to_string(),
        Layout::Tuple(parts) => {
            let part = |(name, part): &(Option<adl_lang::ast::Name>, Layout)| {
                let part = written(part);
                name.as_ref().map_or(part.clone(), |name| format!("{name}: {part}"))
            };
            format!("({})", parts.iter().map(part).collect::<Vec<_>>().join(", "))
        }
    }
}
