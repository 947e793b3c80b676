//! Abstract values: what the checker knows of a value while it builds the typed tree. Leaves are locals of the
//! function being built; everything else (structure, functions, weak literals, sizes) exists at compile time only.

use super::elab::SymInfo;
use super::host::Global;
use super::key::{K, key};
use crate::ast::{FnDef, Lambda, Name};
use crate::prims::Prim;
use crate::source::Span;
use crate::typed::{FuncId, Local, Piece};
use crate::types::{DType, Dim, Sym, Ty};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// A file with definitions: the prelude, the program, an import.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct ModuleId(pub u32);

/// The functions of one block or file, which see each other.
#[derive(Debug)]
pub(crate) struct Group {
    pub fns: Vec<Arc<FnDef>>,
    /// Where each name stands among them.
    pub places: FxHashMap<Name, usize>,
    pub home: ModuleId,
    /// For each function the free names of it and of all it reaches inside the group, without the group itself.
    pub needs: Vec<Vec<Name>>,
    /// For each function the ones it reaches, itself and rules included.
    pub reach: Vec<Vec<usize>>,
    /// For each function the rules that it has.
    pub rules: Vec<RuleFns>,
}

/// The functions that are a function's rules, by place in their group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct RuleFns {
    pub jvp: Option<usize>,
    pub vjp: Option<usize>,
}

impl RuleFns {
    pub fn is_empty(self) -> bool {
        self.jvp.is_none() && self.vjp.is_none()
    }
}

impl Group {
    pub fn find(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Code {
    Fn(Arc<Group>, usize),
    Lambda(Arc<Lambda>, ModuleId),
}

/// A function or lambda with the values it captured.
#[derive(Clone, Debug)]
pub(crate) struct FnVal {
    pub code: Code,
    pub captures: Arc<[(Name, Val)]>,
}

/// By what an operator differentiates.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Wrt {
    pub places: Vec<usize>,
    /// Several give a tuple.
    pub tuple: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum JacMode {
    Forward,
    Reverse,
    Auto,
}

/// Operators applied to a function; the function is part 0 of the value.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum OpKind {
    Grad {
        wrt: Wrt,
        value: bool,
        aux: bool,
    },
    Prime,
    Jacobian {
        wrt: Wrt,
        mode: JacMode,
    },
    Hessian {
        wrt: Wrt,
    },
    Vmap {
        axes: Option<Vec<Option<i64>>>,
    },
    /// Parts after the function: the point.
    Pullback,
    Pushforward,
    /// The pullback of a linear function. The part after the function: the structure of its argument.
    Transposed,
    /// A round of a loop; parts after the function of the state and the loop variable: what is iterated over, and
    /// how many rounds there are.
    Round,
    /// In reverse mode it keeps its arguments alone.
    Checkpoint,
    /// A function of several parameters as one of the tuple of them.
    Spread,
    /// Parts after the function: its last arguments.
    Bind,
    /// A solver; then the residual that its value makes zero, and options.
    Implicit,
}

#[derive(Debug)]
pub(crate) struct OpVal {
    pub kind: OpKind,
    pub parts: Vec<Val>,
}

#[derive(Debug)]
pub(crate) struct RangeVal {
    pub start: Val,
    pub end: Val,
    pub step: i64,
}

#[derive(Clone, Debug)]
pub(crate) enum Val {
    /// A scalar or array at run time.
    Leaf(Local),
    /// A value the host keeps; becomes a leaf when an entry uses it.
    Global(Global),
    /// Weak literals.
    Int(i64),
    Float(f64),
    /// A truth value known at compile time.
    Bool(bool),
    /// An `i64` known as a size expression.
    Size(Dim),
    None,
    Str(Arc<[Piece]>),
    Range(Arc<RangeVal>),
    /// `zip(…)` over something that is not a tuple.
    Zip(Arc<[Val]>),
    /// `flip(…)` of an array, to iterate over.
    Flip(Arc<Val>),
    /// `progress(…)` of anything to iterate over: a `for` says how far it is.
    Progress(Arc<Val>),
    Tuple(Arc<[(Option<Name>, Val)]>),
    Fn(Arc<FnVal>),
    Builtin(usize),
    Prim(Prim),
    Op(Arc<OpVal>),
    Module(ModuleId),
    DType(DType),
    /// An array of which only the type matters.
    Like(LeafTy),
    /// A parameter that was left out and has a default.
    Absent,
    /// What an error left behind.
    Error,
}

impl Val {
    pub fn tuple(parts: Vec<Val>) -> Val {
        if parts.is_empty() { Val::None } else { Val::Tuple(parts.into_iter().map(|v| (None, v)).collect()) }
    }

    pub fn is_error(&self) -> bool {
        matches!(self, Val::Error)
    }

    pub fn is_callable(&self) -> bool {
        matches!(self, Val::Fn(_) | Val::Builtin(_) | Val::Prim(_) | Val::Op(_) | Val::DType(_))
    }

    /// Whether a function is among its parts.
    pub fn has_callable(&self) -> bool {
        match self {
            Val::Tuple(parts) => parts.iter().any(|(_, p)| p.has_callable()),
            other => other.is_callable(),
        }
    }

    /// Puts values in the place of leaves and globals, and dimensions in the place of dimensions.
    ///
    /// A function that is captured several times is looked at once: its leaves are the same wherever it stands.
    pub fn map(&self, leaf: &mut dyn FnMut(&Val) -> Val, dim: &mut dyn FnMut(&Dim) -> Dim) -> Val {
        self.map_shared(leaf, dim, &mut FxHashMap::default())
    }

    fn map_shared(
        &self,
        leaf: &mut dyn FnMut(&Val) -> Val,
        dim: &mut dyn FnMut(&Dim) -> Dim,
        done: &mut FxHashMap<*const (), Val>,
    ) -> Val {
        let shared = self.shared();
        if let Some(known) = shared.and_then(|at| done.get(&at)) {
            return known.clone();
        }
        let mapped = match self {
            Val::Leaf(_) | Val::Global(_) => leaf(self),
            Val::Size(d) => Val::Size(dim(d)),
            Val::Like(ty) => Val::Like(LeafTy {
                ty: Ty::array(ty.dtype, ty.dims.iter().map(dim).collect::<Vec<_>>()),
                weak: ty.weak,
            }),
            Val::Int(_)
            | Val::Float(_)
            | Val::Bool(_)
            | Val::None
            | Val::Builtin(_)
            | Val::Prim(_)
            | Val::Module(_)
            | Val::DType(_)
            | Val::Absent
            | Val::Error => self.clone(),
            Val::Str(pieces) => Val::Str(
                pieces
                    .iter()
                    .map(|p| match p {
                        Piece::Text(_) | Piece::Clock { .. } => p.clone(),
                        Piece::Value(l, f) => match leaf(&Val::Leaf(*l)) {
                            Val::Leaf(l) => Piece::Value(l, *f),
                            _ => Piece::Text(String::new()),
                        },
                    })
                    .collect(),
            ),
            Val::Range(r) => Val::Range(Arc::new(RangeVal {
                start: r.start.map_shared(leaf, dim, done),
                end: r.end.map_shared(leaf, dim, done),
                step: r.step,
            })),
            Val::Zip(parts) => Val::Zip(parts.iter().map(|p| p.map_shared(leaf, dim, done)).collect()),
            Val::Flip(v) => Val::Flip(Arc::new(v.map_shared(leaf, dim, done))),
            Val::Progress(v) => Val::Progress(Arc::new(v.map_shared(leaf, dim, done))),
            Val::Tuple(parts) => {
                Val::Tuple(parts.iter().map(|(n, p)| (n.clone(), p.map_shared(leaf, dim, done))).collect())
            }
            Val::Fn(f) => Val::Fn(Arc::new(FnVal {
                code: f.code.clone(),
                captures: f.captures.iter().map(|(n, p)| (n.clone(), p.map_shared(leaf, dim, done))).collect(),
            })),
            Val::Op(op) => Val::Op(Arc::new(OpVal {
                kind: op.kind.clone(),
                parts: op.parts.iter().map(|p| p.map_shared(leaf, dim, done)).collect(),
            })),
        };
        if let Some(at) = shared {
            done.insert(at, mapped.clone());
        }
        mapped
    }

    /// What tells a function with captures from others, if it may stand in several places of a value.
    pub fn shared(&self) -> Option<*const ()> {
        match self {
            Val::Fn(f) if !f.captures.is_empty() && Arc::strong_count(f) > 1 => Some(Arc::as_ptr(f).cast()),
            Val::Op(op) if Arc::strong_count(op) > 1 => Some(Arc::as_ptr(op).cast()),
            _ => None,
        }
    }

    /// How many numbers, arrays, functions and other parts there are, counted up to `most`.
    pub fn parts(&self, most: usize) -> usize {
        fn walk<'v>(val: &'v Val, most: usize, count: &mut usize, seen: &mut FxHashSet<*const ()>) {
            if *count >= most || val.shared().is_some_and(|at| !seen.insert(at)) {
                return;
            }
            *count += 1;
            let mut all = |parts: &mut dyn Iterator<Item = &'v Val>| {
                for part in parts {
                    if *count >= most {
                        break;
                    }
                    walk(part, most, count, seen);
                }
            };
            match val {
                Val::Tuple(parts) => all(&mut parts.iter().map(|(_, p)| p)),
                Val::Fn(f) => all(&mut f.captures.iter().map(|(_, p)| p)),
                Val::Op(op) => all(&mut op.parts.iter()),
                Val::Zip(parts) => all(&mut parts.iter()),
                _ => {}
            }
        }
        let mut count = 0;
        walk(self, most, &mut count, &mut FxHashSet::default());
        count
    }

    /// The leaves in order.
    pub fn leaves(&self) -> Vec<Local> {
        let mut out = Vec::new();
        self.map(
            &mut |v| {
                if let Val::Leaf(l) = v {
                    out.push(*l);
                }
                v.clone()
            },
            &mut Dim::clone,
        );
        out
    }
}

/// The type of a leaf, and whether it is weak: an `f64` made of literals and whole numbers alone, which takes the
/// precision of the floats that it meets.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct LeafTy {
    pub ty: Ty,
    pub weak: bool,
}

impl LeafTy {
    #[must_use]
    pub fn substitute(&self, with: &dyn Fn(Sym) -> Dim) -> LeafTy {
        LeafTy { ty: self.ty.substitute(with), weak: self.weak }
    }
}

impl From<Ty> for LeafTy {
    fn from(ty: Ty) -> LeafTy {
        LeafTy { ty, weak: false }
    }
}

impl std::ops::Deref for LeafTy {
    type Target = Ty;
    fn deref(&self) -> &Ty {
        &self.ty
    }
}

/// The type of a structured value: leaf `k` stands for `types[k]`, everything else for itself.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pub val: Val,
    pub types: Vec<LeafTy>,
}

impl Template {
    pub fn key(&self) -> Vec<K> {
        let mut out = Vec::new();
        key(&self.val, &|l| self.types[l.0 as usize].clone(), &mut Dim::clone, &mut out);
        out
    }

    pub fn leaf(ty: impl Into<LeafTy>) -> Template {
        Template { val: Val::Leaf(Local(0)), types: vec![ty.into()] }
    }

    /// A tuple of templates.
    pub fn tuple(parts: Vec<(Option<Name>, Template)>) -> Template {
        let mut types = Vec::new();
        let mut vals = Vec::new();
        for (name, part) in parts {
            let base = types.len() as u32;
            types.extend(part.types);
            let shifted = part.val.map(
                &mut |v| match v {
                    Val::Leaf(l) => Val::Leaf(Local(l.0 + base)),
                    other => other.clone(),
                },
                &mut Dim::clone,
            );
            vals.push((name, shifted));
        }
        Template { val: if vals.is_empty() { Val::None } else { Val::Tuple(vals.into()) }, types }
    }
}

/// A value whose leaves are places in a list of types.
pub(crate) type Like<'l> = (&'l Val, &'l [LeafTy]);

/// An instance of a function with rules, from inside: its k-th leaf is its k-th parameter.
#[derive(Clone)]
pub(crate) struct Ruled {
    pub func: FuncId,
    pub rules: RuleFns,
    pub callee: Arc<FnVal>,
    pub args: Vec<Val>,
    pub params: Vec<LeafTy>,
    /// Whether the rules have become instances.
    pub given: bool,
    pub result: Template,
    pub syms: Vec<SymInfo>,
    pub blame: Option<Span>,
}

/// Most characters of a tuple's type in a message.
const SHOWN: usize = 160;

/// The type of a tuple, of a long one the beginning.
pub(crate) fn shortened(parts: &[(Option<Name>, Val)], show: &dyn Fn(&Val) -> String) -> String {
    let mut text = String::from("(");
    for (k, (name, part)) in parts.iter().enumerate() {
        if k > 0 {
            text.push_str(", ");
        }
        if text.len() > SHOWN {
            text.push_str(&format!("… {} more", parts.len() - k));
            break;
        }
        if let Some(name) = name {
            text.push_str(&format!("{name}: "));
        }
        // A structure inside has its own bound; where there is no room left for it, it is not looked at.
        let nested = matches!(part, Val::Tuple(_)) && part.parts(SHOWN) >= SHOWN;
        text.push_str(if nested { "(…)" } else { "" });
        if !nested {
            text.push_str(&show(part));
        }
    }
    let one = parts.len() == 1 && parts[0].0.is_none();
    text.push_str(if one { ",)" } else { ")" });
    text
}

impl OpVal {
    /// The places of a differentiated call whose whole literals are floats.
    pub fn differentiated(&self) -> Option<Vec<usize>> {
        match &self.kind {
            OpKind::Grad { wrt, .. } | OpKind::Jacobian { wrt, .. } | OpKind::Hessian { wrt } => {
                Some(wrt.places.clone())
            }
            OpKind::Prime | OpKind::Pullback | OpKind::Pushforward | OpKind::Transposed | OpKind::Spread => {
                Some(vec![0])
            }
            OpKind::Bind | OpKind::Implicit | OpKind::Round => None,
            OpKind::Vmap { .. } | OpKind::Checkpoint => match self.parts.first() {
                Some(Val::Op(inner)) => inner.differentiated(),
                _ => None,
            },
        }
    }
}
