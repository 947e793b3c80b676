//! The typed tree: what the checker promises. Names, overloading, tuples, records, closures, defaults, patterns, weak
//! literals and shapes known at compile time are resolved; what is left is imperative code over scalars and arrays,
//! one [`Func`] for each function *instance* (a function, or lambda, for given types and static parts of its
//! arguments). A tuple is its leaves in order; a closure is its captured leaves; a function value costs nothing.
//!
//! ```text
//! fn f(x) { var y = x; for _ in 0..2 { y = cos(y) * x }; y }      f(1.9)
//!
//! func 0 f params [l0: f64] results [f64] {
//!   set l2 = l0          # l2 is the variable y
//!   let l3 = const 2
//!   for l4 in 0..l3 { let l5 = cos(l2);  let l6 = mul(l5, l0);  set l2 = l6 }
//!   return [l2]
//! }
//! ```
//!
//! Every operand is a [`Local`] of the function it stands in. A local is defined once by `Let`, a call or a loop, or
//! is a *variable* (`mutable`) that `Set` may assign any number of times; the first assignment dominates every use.

pub mod order;
mod print;
pub mod validate;

use crate::ast::Name;
use crate::message::{Message, Said};
use crate::ops::Op;
use crate::source::Span;
use crate::types::{Dim, Ty};

/// A local value of a function.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Local(pub u32);

/// A function instance in a [`Module`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FuncId(pub u32);

/// All instances that one request led to. An instance never changes once it is complete.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// The instances; `FuncId` is the position.
    pub funcs: Vec<Func>,
}

/// A function instance.
#[derive(Clone, Debug)]
pub struct Func {
    /// For people: `det`, `lambda`, `main`.
    pub name: String,
    /// The name of each size parameter, if the program gave one; `Sym(k)` is the k-th.
    pub sizes: Vec<Option<Name>>,
    /// Parameters, the leaves in order (captured values first).
    pub params: Vec<Local>,
    /// All locals.
    pub locals: Vec<LocalInfo>,
    /// The body; every path ends in `Return`.
    pub body: Vec<Stmt>,
    /// Types of the results, the leaves in order.
    pub results: Vec<Ty>,
    /// The definition.
    pub span: Span,
    /// How it is differentiated, if not by its body.
    pub rules: Rules<FuncId>,
    /// Whether it stays a function: what it computes again must not be merged with what its callers keep.
    pub apart: bool,
    /// Whether it belongs to the library: what fails in it is blamed on its caller.
    pub library: bool,
}

/// The derivatives that a function has been given: functions with the same size parameters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules<F> {
    /// `(param…, tangent of every float param…)` gives the results, then the tangent of every float result; linear in
    /// the tangents.
    pub jvp: Option<F>,
    /// `(param…)` gives the results, then residuals; `(residual…, cotangent of every float result…)` gives the
    /// cotangent of every float param, linear in the cotangents.
    pub vjp: Option<(F, F)>,
}

impl<F> Default for Rules<F> {
    fn default() -> Self {
        Rules { jvp: None, vjp: None }
    }
}

impl<F: Copy> Rules<F> {
    /// Whether the body says how the function is differentiated.
    pub fn is_empty(&self) -> bool {
        self.jvp.is_none() && self.vjp.is_none()
    }

    /// The functions of the rules.
    pub fn funcs(&self) -> impl Iterator<Item = F> + use<F> {
        let (fwd, bwd) = self.vjp.unzip();
        self.jvp.into_iter().chain(fwd).chain(bwd)
    }

    /// The same rules of other functions.
    #[must_use]
    pub fn map<G>(&self, mut f: impl FnMut(F) -> G) -> Rules<G> {
        Rules { jvp: self.jvp.map(&mut f), vjp: self.vjp.map(|(fwd, bwd)| (f(fwd), f(bwd))) }
    }
}

/// What is known of a local.
#[derive(Clone, Debug)]
pub struct LocalInfo {
    /// Its type.
    pub ty: Ty,
    /// Whether `Set` assigns it.
    pub mutable: bool,
    /// The name in the program, for people.
    pub name: Option<Name>,
}

/// A statement.
#[derive(Clone, Debug)]
pub struct Stmt {
    /// What it does.
    pub kind: StmtKind,
    /// The place in the program that is to blame for it.
    pub span: Span,
}

/// The kinds of statement.
#[derive(Clone, Debug)]
pub enum StmtKind {
    /// Defines a local by a pure operation.
    Let(Local, Op, Vec<Local>),
    /// Assigns a variable; the types agree exactly.
    Set(Local, Local),
    /// Chooses by a scalar `bool`.
    If {
        /// The condition.
        cond: Local,
        /// When it holds.
        then: Vec<Stmt>,
        /// When it does not.
        otherwise: Vec<Stmt>,
    },
    /// Runs the body for `index` = 0, 1, …, `count` − 1; not at all if `count` ≤ 0.
    For {
        /// The counter, an `i64`.
        index: Local,
        /// How often, an `i64`, evaluated before.
        count: Local,
        /// The body; may contain `Break`, `Continue`, `Return`.
        body: Vec<Stmt>,
    },
    /// Runs `test`, and while it leaves `cond` true, the body.
    While {
        /// Computes the condition; no `Break`, `Continue`, `Return` of this loop in it.
        test: Vec<Stmt>,
        /// The condition, defined by `test`.
        cond: Local,
        /// The body.
        body: Vec<Stmt>,
    },
    /// A comprehension: runs the body for every index tuple, independently, and collects what it yields. No `Set` of
    /// a variable from outside, no `Break`, `Continue`, `Return` leaves it.
    Map {
        /// The extents, outermost first; none are negative.
        extents: Vec<Dim>,
        /// The indices, one `i64` for each extent.
        indices: Vec<Local>,
        /// The body.
        body: Vec<Stmt>,
        /// What a lane gives, scalars or arrays.
        yields: Vec<Local>,
        /// The arrays: extents, then the dimensions of the yield.
        results: Vec<Local>,
    },
    /// Calls an instance.
    Call {
        /// The instance.
        func: FuncId,
        /// Its size parameters.
        sizes: Vec<Dim>,
        /// Its parameters.
        args: Vec<Local>,
        /// What it returns.
        results: Vec<Local>,
    },
    /// `jvp`: value and tangent.
    Jvp {
        /// The instance.
        func: FuncId,
        /// Its size parameters.
        sizes: Vec<Dim>,
        /// Its parameters.
        args: Vec<Local>,
        /// The tangent of each parameter, where it moves; only floats do.
        tangents: Vec<Option<Local>>,
        /// What it returns.
        results: Vec<Local>,
        /// The tangent of each float result; `None` for the others.
        result_tangents: Vec<Option<Local>>,
        /// Whether it repeats a run with these arguments: nothing is printed or asserted again.
        again: bool,
    },
    /// `vjp`: value and the pullback of the given cotangents.
    Vjp {
        /// The instance.
        func: FuncId,
        /// Its size parameters.
        sizes: Vec<Dim>,
        /// Its parameters.
        args: Vec<Local>,
        /// The cotangent of each result; `None` for zero and for what is no float.
        cotangents: Vec<Option<Local>>,
        /// What it returns; `None` if only the derivative is wanted and nothing is printed or asserted again.
        results: Option<Vec<Local>>,
        /// The cotangent of each parameter that is asked for; only floats are.
        param_cotangents: Vec<Option<Local>>,
    },
    /// Leaves the innermost `For` or `While`.
    Break,
    /// Goes on with its next round.
    Continue,
    /// Leaves the function.
    Return(Vec<Local>),
    /// Fails unless `0 ≤ index < len`; for an array, all of its entries.
    Bounds {
        /// An `i64`, scalar or array.
        index: Local,
        /// What it must stay below.
        len: Dim,
        /// What is indexed.
        what: BoundsOf,
    },
    /// Fails if a size is negative.
    NonNegative {
        /// The size.
        size: Dim,
    },
    /// Fails if the two sizes differ; for what cannot be decided before the program runs.
    SameSize {
        /// One.
        left: Dim,
        /// The other.
        right: Dim,
    },
    /// Fails unless the condition holds.
    Assert {
        /// A scalar `bool`.
        cond: Local,
        /// What is said.
        said: Said<Local>,
    },
    /// Says something to the host.
    Print {
        /// A line, or something else.
        message: Message<Local>,
    },
}

/// What a bounds check guards.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BoundsOf {
    /// An index into an axis of this size (which is also the bound).
    Index,
    /// The start of a slice: `len` is the number of starts that fit.
    Slice,
}

/// Part of a line that is printed or said.
pub type Piece = crate::message::Piece<Local>;

/// The structure that leaves had before they were laid out in a row: of the results of an entry, for its host.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Layout {
    /// One scalar or array.
    Leaf(Ty),
    /// `none` and `()`.
    None,
    /// A tuple, or a record if the parts have names.
    Tuple(Vec<(Option<Name>, Layout)>),
}

impl Layout {
    /// The types of the leaves in order.
    pub fn leaves(&self) -> Vec<Ty> {
        fn walk(layout: &Layout, out: &mut Vec<Ty>) {
            match layout {
                Layout::Leaf(ty) => out.push(ty.clone()),
                Layout::None => {}
                Layout::Tuple(parts) => parts.iter().for_each(|(_, part)| walk(part, out)),
            }
        }
        let mut out = Vec::new();
        walk(self, &mut out);
        out
    }
}

impl Func {
    /// The type of a local.
    pub fn ty(&self, local: Local) -> &Ty {
        &self.locals[local.0 as usize].ty
    }

    /// Adds a local.
    pub fn local(&mut self, ty: Ty, mutable: bool, name: Option<Name>) -> Local {
        self.locals.push(LocalInfo { ty, mutable, name });
        Local(self.locals.len() as u32 - 1)
    }
}
