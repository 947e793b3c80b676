//! Keys of instances: what two calls must have in common to share one.

use super::host::Global;
use super::value::{Code, LeafTy, ModuleId, OpKind, Val};
use crate::ast::{Format, Name};
use crate::prims::Prim;
use crate::source::Span;
use crate::typed::{Local, Piece};
use crate::types::{DType, Dim, Ty};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Part of a key: keys are equal exactly for values that lead to the same instance.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum K {
    /// A structure that stands before, by the place of its key.
    Again(usize),
    Leaf(LeafTy),
    Global(Global),
    Int(i64),
    /// Bits of a float.
    Float(u64),
    Bool(bool),
    Size(Dim),
    None,
    /// So many pieces of text follow.
    Str(usize),
    Text(String),
    Clock {
        stop: bool,
    },
    /// The format of a piece; its value follows.
    Format(Option<Format>),
    /// The step of a range; its ends follow.
    Range(i64),
    /// So many parts follow.
    Zip(usize),
    Flip,
    Progress,
    Tuple(usize),
    /// The name of a part or of something captured, which follows.
    Name(Name),
    /// A function by the address of its definition.
    Fn(usize),
    Lambda(usize, ModuleId),
    Builtin(usize),
    Prim(Prim),
    /// An operator with so many parts.
    Op(OpKind, usize),
    Module(ModuleId),
    DType(DType),
    Like(LeafTy),
    Absent,
    Error,
    /// A size that the instance is made for; whether it is never below 0.
    Base {
        natural: bool,
    },
    /// Where a failure is reported.
    Blame(Span),
}

/// Appends the key of a value: its structure with the types of its leaves and its static parts.
pub(crate) fn key(val: &Val, ty: &dyn Fn(Local) -> LeafTy, dim: &mut dyn FnMut(&Dim) -> Dim, out: &mut Vec<K>) {
    key_shared(val, ty, dim, out, &mut FxHashMap::default());
}

fn key_shared(
    val: &Val,
    ty: &dyn Fn(Local) -> LeafTy,
    dim: &mut dyn FnMut(&Dim) -> Dim,
    out: &mut Vec<K>,
    seen: &mut FxHashMap<*const (), usize>,
) {
    if let Some(at) = val.shared() {
        // Where it stood first. How many others are shared does not matter to the key, which is that of the structure.
        if let Some(first) = seen.get(&at) {
            return out.push(K::Again(*first));
        }
        seen.insert(at, out.len());
    }
    match val {
        Val::Leaf(l) => {
            let ty = leaf(&ty(*l), dim);
            out.push(K::Leaf(ty));
        }
        Val::Global(g) => out.push(K::Global(*g)),
        Val::Int(i) => out.push(K::Int(*i)),
        Val::Float(x) => out.push(K::Float(x.to_bits())),
        Val::Bool(b) => out.push(K::Bool(*b)),
        Val::Size(d) => out.push(K::Size(dim(d))),
        Val::None => out.push(K::None),
        Val::Str(pieces) => {
            out.push(K::Str(pieces.len()));
            for p in pieces.iter() {
                match p {
                    Piece::Text(t) => out.push(K::Text(t.clone())),
                    Piece::Clock { stop } => out.push(K::Clock { stop: *stop }),
                    Piece::Value(l, f) => {
                        out.push(K::Format(*f));
                        key_shared(&Val::Leaf(*l), ty, dim, out, seen);
                    }
                }
            }
        }
        Val::Range(r) => {
            out.push(K::Range(r.step));
            key_shared(&r.start, ty, dim, out, seen);
            key_shared(&r.end, ty, dim, out, seen);
        }
        Val::Zip(parts) => {
            out.push(K::Zip(parts.len()));
            parts.iter().for_each(|p| key_shared(p, ty, dim, out, seen));
        }
        Val::Flip(v) => {
            out.push(K::Flip);
            key_shared(v, ty, dim, out, seen);
        }
        Val::Progress(v) => {
            out.push(K::Progress);
            key_shared(v, ty, dim, out, seen);
        }
        Val::Tuple(parts) => {
            out.push(K::Tuple(parts.len()));
            for (name, p) in parts.iter() {
                if let Some(name) = name {
                    out.push(K::Name(name.clone()));
                }
                key_shared(p, ty, dim, out, seen);
            }
        }
        Val::Fn(f) => {
            out.push(match &f.code {
                Code::Fn(group, i) => K::Fn(Arc::as_ptr(&group.fns[*i]) as usize),
                Code::Lambda(lambda, home) => K::Lambda(Arc::as_ptr(lambda) as usize, *home),
            });
            for (name, p) in f.captures.iter() {
                out.push(K::Name(name.clone()));
                key_shared(p, ty, dim, out, seen);
            }
        }
        Val::Builtin(i) => out.push(K::Builtin(*i)),
        Val::Prim(p) => out.push(K::Prim(*p)),
        Val::Op(op) => {
            out.push(K::Op(op.kind.clone(), op.parts.len()));
            op.parts.iter().for_each(|p| key_shared(p, ty, dim, out, seen));
        }
        Val::Module(m) => out.push(K::Module(*m)),
        Val::DType(d) => out.push(K::DType(*d)),
        Val::Like(ty) => out.push(K::Like(leaf(ty, dim))),
        Val::Absent => out.push(K::Absent),
        Val::Error => out.push(K::Error),
    }
}

fn leaf(ty: &LeafTy, dim: &mut dyn FnMut(&Dim) -> Dim) -> LeafTy {
    LeafTy { ty: Ty { dims: ty.dims.iter().map(dim).collect(), ..ty.ty.clone() }, weak: ty.weak }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::state::value::{OpVal, RangeVal, Template, Wrt};

    /// Values that hold the same numbers, so that their kinds alone tell them apart.
    fn one_of_each_kind() -> Vec<Template> {
        let n = || Dim::sym(crate::types::Sym(0));
        let vector = || LeafTy::from(Ty::array(DType::F64, vec![n()]));
        let leaf = || Val::Leaf(Local(0));
        let text = |piece| Val::Str(Arc::from([piece]));
        let op = |kind| Val::Op(Arc::new(OpVal { kind, parts: vec![leaf()] }));
        let wrt = || Wrt { places: vec![0], tuple: false };
        let values = [
            leaf(),
            Val::Global(Global(0)),
            Val::Int(0),
            Val::Float(0.0),
            Val::Float(-0.0),
            Val::Bool(false),
            Val::Size(n()),
            Val::Size(Dim::constant(0)),
            Val::None,
            Val::Str(Arc::from([])),
            text(Piece::Text(String::new())),
            text(Piece::Value(Local(0), None)),
            text(Piece::Clock { stop: false }),
            text(Piece::Clock { stop: true }),
            Val::Range(Arc::new(RangeVal { start: Val::Int(0), end: leaf(), step: 0 })),
            Val::Range(Arc::new(RangeVal { start: Val::Int(0), end: leaf(), step: 1 })),
            Val::Zip(Arc::from([leaf()])),
            Val::Flip(Arc::new(leaf())),
            Val::Progress(Arc::new(leaf())),
            Val::Tuple(Arc::from([(None, leaf())])),
            Val::Tuple(Arc::from([(Some(Name::from("x")), leaf())])),
            Val::Builtin(0),
            Val::Prim(Prim::ALL[0]),
            op(OpKind::Prime),
            op(OpKind::Hessian { wrt: wrt() }),
            op(OpKind::Grad { wrt: wrt(), value: false, aux: false }),
            op(OpKind::Grad { wrt: wrt(), value: true, aux: false }),
            Val::Module(ModuleId(0)),
            Val::DType(DType::F64),
            Val::Like(vector()),
            Val::Absent,
            Val::Error,
        ];
        values.into_iter().map(|val| Template { val, types: vec![vector()] }).collect()
    }

    #[test]
    fn values_of_different_kinds_have_different_keys() {
        let values = one_of_each_kind();
        for (i, a) in values.iter().enumerate() {
            for b in &values[i + 1..] {
                assert_ne!(a.key(), b.key(), "{:?} and {:?}", a.val, b.val);
            }
        }
    }

    #[test]
    fn equal_structures_have_equal_keys_wherever_they_lie() {
        for (a, b) in one_of_each_kind().into_iter().zip(one_of_each_kind()) {
            assert_eq!(a.key(), b.key(), "{:?}", a.val);
        }
    }
}
