//! The pure operations on scalars and arrays: one vocabulary for the typed tree and for the IR, with the one rule that
//! gives the type of each result.

mod factor;

pub use factor::Factor;

use crate::ast::Name;
use crate::prims::Prim;
use crate::types::{DType, Dim, Sym, Ty};
use std::sync::Arc;

/// A scalar constant; floats compare by bits, so that constants can be keys.
#[derive(Clone, Copy, Debug)]
pub enum Const {
    /// A truth value.
    Bool(bool),
    /// A whole number.
    I64(i64),
    /// Single precision.
    F32(f32),
    /// Double precision.
    F64(f64),
}

impl Const {
    /// Its element type.
    pub fn dtype(self) -> DType {
        match self {
            Const::Bool(_) => DType::Bool,
            Const::I64(_) => DType::I64,
            Const::F32(_) => DType::F32,
            Const::F64(_) => DType::F64,
        }
    }

    /// The number `value` as an element of `dtype`, rounded toward zero for `i64`; `true` if not zero for `bool`.
    pub fn of(dtype: DType, value: f64) -> Const {
        match dtype {
            DType::Bool => Const::Bool(value != 0.0),
            DType::I64 => Const::I64(value as i64),
            DType::F32 => Const::F32(value as f32),
            DType::F64 => Const::F64(value),
        }
    }

    fn key(self) -> (DType, u64) {
        let bits = match self {
            Const::Bool(b) => u64::from(b),
            Const::I64(i) => i as u64,
            Const::F32(x) => u64::from(x.to_bits()),
            Const::F64(x) => x.to_bits(),
        };
        (self.dtype(), bits)
    }
}

impl PartialEq for Const {
    fn eq(&self, other: &Const) -> bool {
        self.key() == other.key()
    }
}
impl Eq for Const {}
impl std::hash::Hash for Const {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

/// The entries of a constant array, row by row; there is at least one.
#[derive(Clone, Debug)]
pub struct Table {
    shape: Arc<[usize]>,
    entries: Arc<[Const]>,
}

impl Table {
    /// A table; nothing if there are no entries, or not as many as the shape tells, or of several types.
    pub fn new(shape: &[usize], entries: Vec<Const>) -> Option<Table> {
        let count = shape.iter().try_fold(1usize, |count, &n| count.checked_mul(n))?;
        let dtype = entries.first()?.dtype();
        let alike = count == entries.len() && entries.iter().all(|entry| entry.dtype() == dtype);
        alike.then(|| Table { shape: shape.into(), entries: entries.into() })
    }

    /// Its shape.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Its entries.
    pub fn entries(&self) -> &[Const] {
        &self.entries
    }

    /// Its type.
    pub fn ty(&self) -> Ty {
        let dims: Vec<Dim> = self.shape.iter().map(|&n| Dim::constant(n as i64)).collect();
        Ty::array(self.entries.first().map_or(DType::F64, |entry| entry.dtype()), dims)
    }
}

impl PartialEq for Table {
    fn eq(&self, other: &Table) -> bool {
        self.shape == other.shape && (Arc::ptr_eq(&self.entries, &other.entries) || self.entries == other.entries)
    }
}
impl Eq for Table {}
impl std::hash::Hash for Table {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        // A few entries tell most tables apart.
        self.shape.hash(state);
        self.entries.iter().take(16).for_each(|entry| entry.hash(state));
    }
}

/// What happens to one axis of an array that is indexed. Each position acts on its own axis.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Sel {
    /// The whole axis is kept.
    All,
    /// One position, an `i64` operand; the axis goes.
    At,
    /// `len` positions `start, start + step, …`; the start is an `i64` operand.
    Span {
        /// How many.
        len: Dim,
        /// The distance; may be negative.
        step: i64,
    },
    /// The positions in an `i64` array operand of rank ≥ 1; its axes replace this one.
    Pick,
}

impl Sel {
    /// Whether it takes an operand.
    pub fn has_operand(&self) -> bool {
        !matches!(self, Sel::All)
    }
}

/// Reductions. Of nothing: 0, 1, `true`, `false`; `Max` and `Min` give −∞ and ∞ (floats; the checker of sizes sees to
/// it that a program does not get there).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reduction {
    /// Sum.
    Sum,
    /// Greatest; NaN if any is NaN.
    Max,
    /// Least; NaN if any is NaN.
    Min,
    /// Whether all are true.
    All,
    /// Whether any is true.
    Any,
}

/// Random numbers as pure functions of a key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Random {
    /// Uniform in [0, 1), `f64`.
    Uniform,
    /// Standard normal, `f64`.
    Normal,
    /// 64 random bits as `i64` (for keys and integers).
    Bits,
}

/// A pure operation. Operands are scalars or arrays as stated; `SELS` stands for one operand for each selector that
/// has one, in order.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    /// `()`: a scalar constant.
    Const(Const),
    /// `()`: a constant array.
    Table(Table),
    /// `()`: the value of a dimension as an `i64`.
    Size(Dim),
    /// Element by element; all operands have the same shape (scalars included). Whole-number arithmetic that
    /// overflows, or divides by zero, is a run-time error.
    Prim(Prim),
    /// `(x)`: conversion, element by element; from float to `i64` toward zero, an error if it does not fit.
    Convert(DType),
    /// `(x)`: new axes. Axis `k` of `x` becomes axis `axes[k]` (strictly increasing) of a result with shape `dims`.
    Broadcast {
        /// The shape of the result.
        dims: Vec<Dim>,
        /// Where each axis of the operand goes.
        axes: Vec<usize>,
    },
    /// `(x)`: reduces over the axes (strictly increasing), which go.
    Reduce(Reduction, Vec<usize>),
    /// `(x)`: `i64` positions of the greatest (`max`) or least entry along the axis, which goes; the first among
    /// equals, the first NaN if there is one. The axis is not empty.
    ArgReduce {
        /// Greatest or least.
        max: bool,
        /// The axis.
        axis: usize,
    },
    /// `(x)`: axis `k` of the result is axis `perm[k]` of `x`.
    Transpose(Vec<usize>),
    /// `(x)`: the same elements in row-major order; the number of elements is the same.
    Reshape(Vec<Dim>),
    /// `(x, y, …)`: joined along the axis; at least one operand.
    Concat(usize),
    /// `()`: `i64` array 0, 1, …, n − 1.
    Iota(Dim),
    /// `(x, SELS)`: part of `x`. Positions are in range: a `Bounds` check stands before.
    Index(Vec<Sel>),
    /// `(x, v, SELS)`: `x` with that part replaced by `v`; of repeated positions the last one counts.
    Update(Vec<Sel>),
    /// `(x, v, SELS)`: `x` with `v` added to that part; repeated positions add up.
    Acc(Vec<Sel>),
    /// `(a, b)`: matrix product of the last two axes, after transposing them as told; leading axes are equal batches.
    MatMul {
        /// Whether the last two axes of `a` are swapped before.
        ta: bool,
        /// Whether those of `b` are.
        tb: bool,
    },
    /// `(x)`: the `i64` permutation that sorts the last axis, ascending, stable, NaN last.
    ArgSort,
    /// A factorisation of a matrix, or a solution that stands on one.
    Factor(Factor),
    /// `(key)`: random numbers of that shape from an `i64` key.
    Random(Random, Vec<Dim>),
    /// `(x, …)`: what a function of the host gives for any operands; it depends on nothing else, may fail, and has no
    /// derivative.
    Host {
        /// Its name.
        name: Name,
        /// The elements of the result.
        dtype: DType,
        /// The shape of the result.
        dims: Vec<Dim>,
    },
}

/// Ends the name of an operation of the host that stands for the derivative of another. Nobody gives such a function:
/// what is left of it when code is made is a problem of the program.
pub const UNKNOWN_DERIVATIVE: char = '\'';

impl Op {
    /// The same operation with a dimension in the place of each size symbol.
    #[must_use]
    pub fn substitute(&self, with: &dyn Fn(Sym) -> Dim) -> Op {
        let all = |dims: &[Dim]| dims.iter().map(|d| d.substitute(with)).collect::<Vec<_>>();
        let sels = |sels: &[Sel]| {
            let one = |sel: &Sel| match sel {
                Sel::Span { len, step } => Sel::Span { len: len.substitute(with), step: *step },
                Sel::All | Sel::At | Sel::Pick => sel.clone(),
            };
            sels.iter().map(one).collect::<Vec<_>>()
        };
        match self {
            Op::Size(dim) => Op::Size(dim.substitute(with)),
            Op::Iota(dim) => Op::Iota(dim.substitute(with)),
            Op::Broadcast { dims, axes } => Op::Broadcast { dims: all(dims), axes: axes.clone() },
            Op::Reshape(dims) => Op::Reshape(all(dims)),
            Op::Random(kind, dims) => Op::Random(*kind, all(dims)),
            Op::Host { name, dtype, dims } => Op::Host { name: name.clone(), dtype: *dtype, dims: all(dims) },
            Op::Index(s) => Op::Index(sels(s)),
            Op::Update(s) => Op::Update(sels(s)),
            Op::Acc(s) => Op::Acc(sels(s)),
            Op::Const(_)
            | Op::Table(_)
            | Op::Prim(_)
            | Op::Convert(_)
            | Op::Reduce(..)
            | Op::ArgReduce { .. }
            | Op::Transpose(_)
            | Op::Concat(_)
            | Op::MatMul { .. }
            | Op::ArgSort
            | Op::Factor(_) => self.clone(),
        }
    }

    /// The type of the result. An error is a fault of whoever built the operation, not of the user.
    pub fn result(&self, args: &[&Ty]) -> Result<Ty, String> {
        let arity =
            |n: usize| if args.len() == n { Ok(()) } else { Err(format!("{} operands for {self:?}", args.len())) };
        match self {
            Op::Const(c) => arity(0).map(|()| Ty::scalar(c.dtype())),
            Op::Table(table) => arity(0).map(|()| table.ty()),
            Op::Size(_) => arity(0).map(|()| Ty::scalar(DType::I64)),
            Op::Iota(n) => arity(0).map(|()| Ty::array(DType::I64, [n.clone()])),
            Op::Random(kind, dims) => {
                arity(1)?;
                let dtype = if *kind == Random::Bits { DType::I64 } else { DType::F64 };
                Ok(Ty::array(dtype, dims.clone()))
            }
            Op::Host { dtype, dims, .. } => Ok(Ty::array(*dtype, dims.clone())),
            Op::Prim(prim) => {
                arity(prim.arity())?;
                let shape = &args[0].dims;
                if args.iter().any(|a| a.dims != *shape) {
                    return Err(format!("shapes differ in {prim:?}: {args:?}"));
                }
                let dtypes: Vec<DType> = args.iter().map(|a| a.dtype).collect();
                prim.result(&dtypes).map(|d| Ty::array(d, shape.clone()))
            }
            Op::Convert(dtype) => arity(1).map(|()| args[0].with(*dtype)),
            Op::Broadcast { dims, axes } => {
                arity(1)?;
                let increasing = axes.windows(2).all(|w| w[0] < w[1]);
                let fits = axes.len() == args[0].rank()
                    && increasing
                    && axes.iter().zip(&args[0].dims).all(|(&a, d)| dims.get(a) == Some(d));
                if fits { Ok(Ty::array(args[0].dtype, dims.clone())) } else { Err(format!("{self:?} of {}", args[0])) }
            }
            Op::Reduce(kind, axes) => {
                arity(1)?;
                let logical = matches!(kind, Reduction::All | Reduction::Any);
                if logical != (args[0].dtype == DType::Bool) || axes.iter().any(|&a| a >= args[0].rank()) {
                    return Err(format!("{self:?} of {}", args[0]));
                }
                Ok(Ty::array(args[0].dtype, without(&args[0].dims, axes)))
            }
            Op::ArgReduce { axis, .. } => {
                arity(1)?;
                if *axis >= args[0].rank() {
                    return Err(format!("{self:?} of {}", args[0]));
                }
                Ok(Ty::array(DType::I64, without(&args[0].dims, &[*axis])))
            }
            Op::Transpose(perm) => {
                arity(1)?;
                let mut sorted = perm.clone();
                sorted.sort_unstable();
                if !sorted.iter().copied().eq(0..args[0].rank()) {
                    return Err(format!("{self:?} of {}", args[0]));
                }
                Ok(Ty::array(args[0].dtype, perm.iter().map(|&p| args[0].dims[p].clone()).collect::<Vec<_>>()))
            }
            Op::Reshape(dims) => arity(1).map(|()| Ty::array(args[0].dtype, dims.clone())),
            Op::Concat(axis) => {
                let first = args.first().ok_or("concat of nothing")?;
                let mut dims = first.dims.clone();
                for other in &args[1..] {
                    if other.dtype != first.dtype || other.rank() != first.rank() {
                        return Err(format!("concat of {first} and {other}"));
                    }
                    dims[*axis] = dims[*axis].clone() + other.dims[*axis].clone();
                }
                Ok(Ty::array(first.dtype, dims))
            }
            Op::Index(sels) => {
                let base = args.first().ok_or("index of nothing")?;
                selected(base, sels, &args[1..])
            }
            Op::Update(sels) | Op::Acc(sels) => {
                let [base, value, rest @ ..] = args else { return Err("update of nothing".into()) };
                let part = selected(base, sels, rest)?;
                if part == **value { Ok((*base).clone()) } else { Err(format!("part {part} given {value}")) }
            }
            Op::MatMul { ta, tb } => {
                arity(2)?;
                let (a, b) = (args[0], args[1]);
                if a.rank() < 2 || a.rank() != b.rank() || a.dtype != b.dtype {
                    return Err(format!("{a} @ {b}"));
                }
                let batch = a.rank() - 2;
                let swap = |t: &Ty, s: bool| {
                    let (r, c) = (t.dims[batch].clone(), t.dims[batch + 1].clone());
                    if s { (c, r) } else { (r, c) }
                };
                let ((m, k), (l, n)) = (swap(a, *ta), swap(b, *tb));
                if k != l || a.dims[..batch] != b.dims[..batch] {
                    return Err(format!("{a} @ {b}"));
                }
                let mut dims = a.dims[..batch].to_vec();
                dims.extend([m, n]);
                Ok(Ty::array(a.dtype, dims))
            }
            Op::Factor(factor) => factor.result(args),
            Op::ArgSort => {
                arity(1)?;
                if args[0].is_scalar() { Err("argsort of a scalar".into()) } else { Ok(args[0].with(DType::I64)) }
            }
        }
    }
}

fn without(dims: &[Dim], axes: &[usize]) -> Vec<Dim> {
    dims.iter().enumerate().filter(|(k, _)| !axes.contains(k)).map(|(_, d)| d.clone()).collect()
}

/// The type of the part of `base` that the selectors name.
fn selected(base: &Ty, sels: &[Sel], operands: &[&Ty]) -> Result<Ty, String> {
    if sels.len() != base.rank() || operands.len() != sels.iter().filter(|s| s.has_operand()).count() {
        return Err(format!("{sels:?} on {base}"));
    }
    let mut operands = operands.iter();
    let mut dims = Vec::new();
    for (sel, dim) in sels.iter().zip(&base.dims) {
        let operand = if sel.has_operand() { operands.next() } else { None };
        if operand.is_some_and(|o| o.dtype != DType::I64 || o.is_scalar() == (*sel == Sel::Pick)) {
            return Err(format!("{sel:?} with {operand:?}"));
        }
        match sel {
            Sel::All => dims.push(dim.clone()),
            Sel::At => {}
            Sel::Span { len, .. } => dims.push(len.clone()),
            Sel::Pick => dims.extend(operand.into_iter().flat_map(|o| o.dims.iter().cloned())),
        }
    }
    Ok(Ty::array(base.dtype, dims))
}
