//! Which small arrays become scalars, and where they are needed as arrays all the same.
//!
//! Values that share a place (the carry of a loop with its parameter and yield, the results of an `if` with what the
//! branches yield, an update with its base, an accumulator) are one class, and a class is split as a whole or not.

use crate::ir::entity::{Entity, Side};
use crate::ir::{Block, Def, Func, Inst, Kind, Type, Value};
use crate::opt::edit::int;
use adl_lang::ops::{Op, Sel};
use adl_lang::types::{Dim, Ty};

/// An array of at most so many elements may become scalars.
pub const MAX_SCALARIZED: usize = 16;
/// A position that is not constant is chosen among at most so many scalars.
pub const MAX_SELECT: i64 = 8;

/// The number of scalars an array of a type becomes.
pub fn small(ty: &Ty) -> Option<usize> {
    ty.const_len().filter(|&n| !ty.is_scalar() && (1..=MAX_SCALARIZED).contains(&n))
}

/// What one selector names.
#[derive(Clone, Debug)]
pub enum Axis {
    /// One position, by a value.
    At(Value),
    /// One position.
    Fixed(i64),
    /// Positions `start, start + step, …`, from a value or, without one, from 0.
    Range {
        /// The first position.
        start: Option<Value>,
        /// The distance.
        step: i64,
        /// How many.
        len: i64,
    },
}

/// The selectors of an operation, if none picks by an array and all that is kept has a constant length.
pub fn axes(func: &Func, dims: &[Dim], sels: &[Sel], operands: &[Value]) -> Option<Vec<Axis>> {
    let mut operands = operands.iter();
    sels.iter()
        .zip(dims)
        .map(|(sel, dim)| {
            let operand = if sel.has_operand() { operands.next().copied() } else { None };
            match (sel, operand) {
                (Sel::All, _) => Some(Axis::Range { start: None, step: 1, len: dim.as_const()? }),
                (Sel::At, Some(at)) => Some(int(func, at).map_or(Axis::At(at), Axis::Fixed)),
                (Sel::Span { len, step }, start) => Some(Axis::Range { start, step: *step, len: len.as_const()? }),
                (Sel::At | Sel::Pick, _) => None,
            }
        })
        .collect()
}

/// The same, if the base is to be split: constant positions inside of it, but for one that is chosen among few.
pub fn inner_axes(func: &Func, dims: &[Dim], sels: &[Sel], operands: &[Value]) -> Option<Vec<Axis>> {
    let mut axes = axes(func, dims, sels, operands)?;
    let mut chosen = 0;
    for (axis, dim) in axes.iter_mut().zip(dims) {
        let dim = dim.as_const()?;
        let inside = |at: i64| (0..dim).contains(&at);
        match axis {
            Axis::At(_) if dim <= MAX_SELECT => chosen += 1,
            Axis::At(_) => return None,
            Axis::Fixed(at) if inside(*at) => {}
            Axis::Fixed(_) => return None,
            Axis::Range { start, step, len } => {
                let first = match *start {
                    Some(start) => int(func, start)?,
                    None => 0,
                };
                let last = len.saturating_sub(1).saturating_mul(*step).saturating_add(first);
                if *len > 0 && !(inside(first) && inside(last)) {
                    return None;
                }
            }
        }
    }
    (chosen <= 1).then_some(axes)
}

/// The decisions.
pub struct Plan {
    parent: Vec<u32>,
    pinned: Vec<bool>,
    accumulator: Vec<bool>,
    /// Which split values are needed as arrays, too.
    pub whole: Side<Value, bool>,
    /// Whether rows of tapes are split: no tape enters or leaves the function.
    pub rows: bool,
}

impl Plan {
    /// Looks at a function; `None` if it has no small arrays.
    pub fn new(func: &Func) -> Option<Plan> {
        if !func.values.iter().any(|(_, value)| value.ty.data().and_then(small).is_some()) {
            return None;
        }
        let count = func.values.len();
        let mut plan = Plan {
            parent: (0..count as u32).collect(),
            pinned: vec![false; count],
            accumulator: vec![false; count],
            whole: Side::new(false),
            rows: func.params().iter().chain(func.results()).all(|&v| func.ty(v) != &Type::Tape),
        };
        plan.classes(func, func.body);
        for &param in func.params() {
            // It may be an accumulator of the caller, which is not read.
            let root = plan.find(param);
            if plan.accumulator[root] {
                plan.pinned[root] = true;
            }
        }
        plan.needs(func, func.body);
        for &result in func.results() {
            plan.whole.set(result, true);
        }
        Some(plan)
    }

    /// Whether a value becomes scalars.
    pub fn split(&self, func: &Func, value: Value) -> bool {
        // What this pass made is a scalar, or stays an array.
        value.index() < self.parent.len()
            && func.ty(value).data().and_then(small).is_some()
            && !self.pinned[self.root(value)]
    }

    /// Whether a value is, or may be, an accumulator, which is only added to.
    pub fn is_accumulator(&self, value: Value) -> bool {
        value.index() < self.parent.len() && self.accumulator[self.root(value)]
    }

    fn root(&self, value: Value) -> usize {
        let mut at = value.index();
        while self.parent[at] as usize != at {
            at = self.parent[at] as usize;
        }
        at
    }

    fn find(&mut self, value: Value) -> usize {
        let root = self.root(value);
        let mut at = value.index();
        while at != root {
            at = std::mem::replace(&mut self.parent[at], root as u32) as usize;
        }
        root
    }

    fn join(&mut self, a: Value, b: Value) {
        let (a, b) = (self.find(a), self.find(b));
        // The earlier value stays the root.
        let (root, other) = (a.min(b), a.max(b));
        self.parent[other] = root as u32;
        self.pinned[root] |= self.pinned[other];
        self.accumulator[root] |= self.accumulator[other];
    }

    fn pin(&mut self, value: Value) {
        let root = self.find(value);
        self.pinned[root] = true;
    }

    fn classes(&mut self, func: &Func, block: Block) {
        for &inst in &func.blocks[block].insts {
            let data = &func.insts[inst];
            self.class_of(func, inst);
            match &data.kind {
                Kind::Map { extents, body, accs } => {
                    let lanes = data.results.len() - accs;
                    for at in 0..*accs {
                        let param = func.blocks[*body].params[extents.len() + at];
                        let root = self.find(param);
                        self.accumulator[root] = true;
                        self.join(param, data.args[at]);
                        self.join(param, data.results[lanes + at]);
                        self.join(param, func.blocks[*body].yields[lanes + at]);
                    }
                }
                Kind::For { body } => self.carried(func, inst, 1, &[*body]),
                Kind::While { test, body } => self.carried(func, inst, 0, &[*test, *body]),
                _ => {}
            }
            for inner in data.kind.blocks() {
                self.classes(func, inner);
            }
        }
    }

    fn carried(&mut self, func: &Func, inst: Inst, skip: usize, owned: &[Block]) {
        let data = &func.insts[inst];
        for (at, &result) in data.results.iter().enumerate() {
            for &block in owned {
                self.join(result, func.blocks[block].params[skip + at]);
            }
            self.join(result, func.blocks[owned[owned.len() - 1]].yields[at]);
            if self.is_accumulator(data.args[skip + at]) {
                self.join(result, data.args[skip + at]);
            }
        }
    }

    fn class_of(&mut self, func: &Func, inst: Inst) {
        let data = &func.insts[inst];
        match &data.kind {
            Kind::If { then, otherwise } => {
                for (at, &result) in data.results.iter().enumerate() {
                    self.join(result, func.blocks[*then].yields[at]);
                    self.join(result, func.blocks[*otherwise].yields[at]);
                }
            }
            Kind::Pure(Op::Update(sels) | Op::Acc(sels)) => {
                self.join(data.args[0], data.results[0]);
                let ty = func.data(data.args[0]);
                if small(ty).is_some() && inner_axes(func, &ty.dims, sels, &data.args[2..]).is_none() {
                    self.pin(data.args[0]);
                }
                if let (Def::Param(block, _), Kind::Pure(Op::Acc(_))) = (func.values[data.args[0]].def, &data.kind)
                    && block == func.body
                {
                    let root = self.find(data.args[0]);
                    self.accumulator[root] = true;
                }
            }
            Kind::Pure(Op::Index(sels)) => {
                let ty = func.data(data.args[0]);
                if small(ty).is_some() && inner_axes(func, &ty.dims, sels, &data.args[1..]).is_none() {
                    self.pin(data.args[0]);
                }
            }
            Kind::Call { .. } => {
                for &arg in &data.args {
                    self.rows &= func.ty(arg) != &Type::Tape;
                    if self.is_accumulator(arg) {
                        self.pin(arg);
                    }
                }
                self.rows &= data.results.iter().all(|&r| func.ty(r) != &Type::Tape);
            }
            _ => {}
        }
    }

    /// Marks what is needed as an array.
    fn needs(&mut self, func: &Func, block: Block) {
        for &inst in &func.blocks[block].insts {
            let data = &func.insts[inst];
            match &data.kind {
                Kind::Pure(_) | Kind::Bounds { .. } if self.splits(func, inst) => {}
                Kind::Push | Kind::Pop if self.rows => {}
                Kind::If { .. } => {}
                Kind::For { .. } | Kind::While { .. } => {
                    let skip = data.args.len() - data.results.len();
                    for (&init, &result) in data.args[skip..].iter().zip(&data.results) {
                        if !self.split(func, result) {
                            self.whole.set(init, true);
                        }
                    }
                }
                Kind::Map { body, accs, .. } => {
                    for &lane in &func.blocks[*body].yields[..data.results.len() - accs] {
                        self.whole.set(lane, true);
                    }
                }
                _ => data.args.iter().for_each(|&arg| self.whole.set(arg, true)),
            }
            for inner in data.kind.blocks() {
                self.needs(func, inner);
            }
        }
    }

    /// Whether an instruction without blocks is done scalar by scalar.
    pub fn splits(&self, func: &Func, inst: Inst) -> bool {
        let data = &func.insts[inst];
        let op = match &data.kind {
            Kind::Pure(op) => op,
            Kind::Bounds { .. } => return self.split(func, data.args[0]),
            _ => return false,
        };
        let result = data.results[0];
        let split = |value: Value| self.split(func, value);
        let is_small = |value: Value| small(func.data(value)).is_some();
        match op {
            Op::Const(_)
            | Op::Table(_)
            | Op::Size(_)
            | Op::Random(..)
            | Op::Host { .. }
            | Op::ArgSort
            | Op::Factor(_)
            | Op::ArgReduce { .. } => false,
            Op::Prim(_) | Op::Convert(_) | Op::Broadcast { .. } | Op::Transpose(_) | Op::Reshape(_) | Op::Iota(_) => {
                split(result)
            }
            Op::Concat(_) => split(result),
            Op::Reduce(..) => is_small(data.args[0]) && (func.data(result).is_scalar() || split(result)),
            Op::MatMul { .. } => split(result) && is_small(data.args[0]) && is_small(data.args[1]),
            Op::Index(sels) => {
                if split(data.args[0]) {
                    return func.data(result).is_scalar() || split(result);
                }
                split(result) && axes(func, &func.data(data.args[0]).dims, sels, &data.args[1..]).is_some()
            }
            Op::Update(sels) | Op::Acc(sels) => {
                split(data.args[0])
                    || (split(data.args[1])
                        && axes(func, &func.data(data.args[0]).dims, sels, &data.args[2..]).is_some())
            }
        }
    }
}
