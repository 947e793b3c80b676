//! Blocks, loops, calls and tapes.

use super::data::advance;
use super::ops::{Ops, pairwise};
use super::{Data, Failure, FailureKind, Fallible, Hooks, Limits, Piece, Stats, internal};
use crate::ir::entity::Side;
use crate::ir::{Block, Call, Claim, Func, FuncId, Inst, Kind, Module, Part, Place, Type, Value};
use adl_lang::message::{Message, Said, map_line};
use adl_lang::ops::Const;
use adl_lang::types::{Dim, Ty};
use std::cell::RefCell;
use std::rc::Rc;

/// As many lanes of a `map` add to an accumulator of one float in order; the sums of such chunks are joined pairwise.
const CHUNK: usize = 32;

/// What a value is at run time.
#[derive(Clone)]
enum Slot {
    Data(Rc<Data>),
    /// The rows, and how many of them this value has; it is used linearly, so that is all of them.
    Tape(Rc<RefCell<Vec<Vec<Rc<Data>>>>>, usize),
}

impl Slot {
    fn data(&self) -> Fallible<&Data> {
        match self {
            Slot::Data(data) => Ok(data),
            Slot::Tape(..) => internal("a tape where data should be"),
        }
    }
}

/// Counts what is done.
pub(super) struct Meter {
    limits: Limits,
    stats: Stats,
    tape_bytes: u64,
}

impl Meter {
    /// Pays for operations.
    pub fn charge(&mut self, ops: usize) -> Fallible<()> {
        self.stats.ops = self.stats.ops.saturating_add(ops as u64);
        if self.stats.ops > self.limits.ops { Err(FailureKind::OutOfFuel) } else { Ok(()) }
    }
}

pub(super) struct Machine<'m> {
    module: &'m Module,
    hooks: &'m mut dyn Hooks,
    meter: Meter,
    depth: usize,
}

/// A function that is running.
pub(super) struct Frame<'m> {
    func: &'m Func,
    sizes: Vec<i64>,
    values: Side<Value, Option<Slot>>,
}

impl Frame<'_> {
    fn slot(&self, value: Value) -> Fallible<Slot> {
        match &self.values[value] {
            Some(slot) => Ok(slot.clone()),
            None => internal(format!("{value} has no value")),
        }
    }

    fn slots(&self, values: &[Value]) -> Fallible<Vec<Slot>> {
        values.iter().map(|&v| self.slot(v)).collect()
    }

    fn scalar(&self, value: Value) -> Fallible<Const> {
        Ok(self.slot(value)?.data()?.get(0))
    }

    fn int(&self, value: Value) -> Fallible<i64> {
        match self.scalar(value)? {
            Const::I64(i) => Ok(i),
            Const::Bool(_) | Const::F32(_) | Const::F64(_) => internal(format!("{value} is no i64")),
        }
    }

    fn truth(&self, value: Value) -> Fallible<bool> {
        match self.scalar(value)? {
            Const::Bool(b) => Ok(b),
            Const::I64(_) | Const::F32(_) | Const::F64(_) => internal(format!("{value} is no bool")),
        }
    }

    /// The value of a dimension.
    pub fn dim(&self, dim: &Dim) -> Fallible<i64> {
        dim.eval(&|s| self.sizes[s.0 as usize]).ok_or(FailureKind::IntOverflow)
    }

    /// The values of dimensions.
    pub fn shape(&self, dims: &[Dim]) -> Fallible<Vec<usize>> {
        let size = |d: &Dim| self.dim(d).and_then(|n| usize::try_from(n).map_err(|_| FailureKind::NegativeSize(n)));
        dims.iter().map(size).collect()
    }

    /// Gives values to parameters or results, and sees that they have the right types.
    fn set(&mut self, values: &[Value], slots: Vec<Slot>) -> Fallible<()> {
        if values.len() != slots.len() {
            return internal(format!("{} values for {}", slots.len(), values.len()));
        }
        for (&value, slot) in values.iter().zip(slots) {
            let fits = match (self.func.ty(value), &slot) {
                (Type::Data(ty), Slot::Data(data)) => self.has_type(data, ty)?,
                (Type::Tape, Slot::Tape(..)) => true,
                (Type::Data(_), Slot::Tape(..)) | (Type::Tape, Slot::Data(_)) => false,
            };
            if !fits {
                let shown = slot.data().map_or("a tape".into(), |d| format!("{:?}{:?}", d.dtype(), d.shape()));
                return internal(format!("{value} of {} is {shown}", self.func.name));
            }
            self.values.set(value, Some(slot));
        }
        Ok(())
    }

    fn has_type(&self, data: &Data, ty: &Ty) -> Fallible<bool> {
        Ok(data.dtype() == ty.dtype && data.shape() == self.shape(&ty.dims)?)
    }
}

impl<'m> Machine<'m> {
    pub fn new(module: &'m Module, hooks: &'m mut dyn Hooks, limits: Limits) -> Self {
        let meter = Meter { limits, stats: Stats::default(), tape_bytes: 0 };
        Machine { module, hooks, meter, depth: 0 }
    }

    pub fn stats(&self) -> Stats {
        self.meter.stats
    }

    pub fn run(&mut self, func: FuncId, sizes: &[i64], args: Vec<Data>) -> Result<Vec<Data>, Failure> {
        let place = Place::from(self.module.funcs[func].span);
        let args = args.into_iter().map(|data| Slot::Data(Rc::new(data))).collect();
        let results = self.call(func, sizes.to_vec(), args, place)?;
        let data = |slot: &Slot| slot.data().cloned().map_err(|kind| Failure::at(kind, place));
        results.iter().map(data).collect()
    }

    /// Calls a function; `place` is that of the call.
    fn call(&mut self, id: FuncId, sizes: Vec<i64>, args: Vec<Slot>, place: Place) -> Result<Vec<Slot>, Failure> {
        let func = &self.module.funcs[id];
        let blame = |kind| Failure::at(kind, place);
        if self.depth >= self.meter.limits.depth {
            return Err(blame(FailureKind::TooDeep));
        }
        if sizes.len() != func.sizes.len() {
            return internal(format!("{} sizes for {}", sizes.len(), func.name)).map_err(blame);
        }
        self.meter.charge(1).map_err(blame)?;
        self.depth += 1;
        let mut frame = Frame { func, sizes, values: Side::new(None) };
        let results = self.block(&mut frame, func.body, args);
        self.depth -= 1;
        results
    }

    /// Runs a block; gives what it yields.
    fn block(&mut self, frame: &mut Frame<'m>, block: Block, args: Vec<Slot>) -> Result<Vec<Slot>, Failure> {
        // Nested blocks and calls nest here.
        stacker::maybe_grow(128 << 10, 2 << 20, || {
            let func = frame.func;
            let data = &func.blocks[block];
            let mut place = Place::from(func.span);
            frame.set(&data.params, args).map_err(|kind| Failure::at(kind, place))?;
            for &inst in &data.insts {
                place = func.insts[inst].place;
                let results = self.inst(frame, inst)?;
                frame.set(&func.insts[inst].results, results).map_err(|kind| Failure::at(kind, place))?;
            }
            frame.slots(&data.yields).map_err(|kind| Failure::at(kind, place))
        })
    }

    fn inst(&mut self, frame: &mut Frame<'m>, inst: Inst) -> Result<Vec<Slot>, Failure> {
        let data = &frame.func.insts[inst];
        let place = data.place;
        let blame = |kind| Failure::at(kind, place);
        let args = frame.slots(&data.args).map_err(blame)?;
        match &data.kind {
            Kind::If { then, otherwise } => {
                let chosen = if frame.truth(data.args[0]).map_err(blame)? { then } else { otherwise };
                self.block(frame, *chosen, Vec::new())
            }
            Kind::For { body } => {
                let count = frame.int(data.args[0]).map_err(blame)?;
                let mut carries = args[1..].to_vec();
                for i in 0..count {
                    self.meter.charge(1).map_err(blame)?;
                    carries.insert(0, Slot::Data(Rc::new(Data::scalar(Const::I64(i)))));
                    carries = self.block(frame, *body, carries)?;
                }
                Ok(carries)
            }
            Kind::While { test, body } => {
                let mut carries = args;
                loop {
                    self.meter.charge(1).map_err(blame)?;
                    let cond = self.block(frame, *test, carries.clone())?;
                    if cond[0].data().map_err(blame)?.get(0) != Const::Bool(true) {
                        return Ok(carries);
                    }
                    carries = self.block(frame, *body, carries)?;
                }
            }
            Kind::Map { extents, body, accs } => self.map(frame, inst, extents, *body, *accs),
            Kind::Call { func, sizes } => {
                let sizes: Fallible<Vec<i64>> = sizes.iter().map(|d| frame.dim(d)).collect();
                let results = self.call(*func, sizes.map_err(blame)?, args, place);
                results.map_err(|mut failure| {
                    let callee = &self.module.funcs[*func];
                    if !callee.library {
                        failure.calls.push(Call { at: place, callee: callee.name.as_str().into() });
                    }
                    failure.calls.extend(self.module.calls.path(place.within).cloned());
                    failure
                })
            }
            Kind::Pure(_)
            | Kind::Jvp { .. }
            | Kind::Vjp { .. }
            | Kind::Bounds { .. }
            | Kind::NonNegative(_)
            | Kind::SameSize(..)
            | Kind::Assert(_)
            | Kind::Print(_)
            | Kind::TapeNew
            | Kind::Push
            | Kind::Pop
            | Kind::TapeEnd => self.simple(frame, inst, &args).map_err(blame),
        }
    }

    fn map(
        &mut self,
        frame: &mut Frame<'m>,
        inst: Inst,
        extents: &[Dim],
        body: Block,
        accs: usize,
    ) -> Result<Vec<Slot>, Failure> {
        let data = &frame.func.insts[inst];
        let blame = |kind| Failure::at(kind, data.place);
        let extents = frame.shape(extents).map_err(blame)?;
        let lanes = data.results.len() - accs;
        let mut arrays = Vec::new();
        for &result in &data.results[..lanes] {
            let ty = frame.func.data(result);
            arrays.push((frame.shape(&ty.dims).map_err(blame)?, ty.dtype, Vec::new()));
        }
        let mut carried = frame.slots(&data.args).map_err(blame)?;
        let mut index = vec![0; extents.len()];
        // What is added to accumulators of one float, but in the chunk that is being added up.
        let summed = (0..accs).filter(|&k| frame.func.data(data.args[k]).dtype.is_float());
        let summed: Vec<usize> = summed.filter(|&k| frame.func.data(data.args[k]).is_scalar()).collect();
        let mut chunks: Vec<Vec<Const>> = vec![Vec::new(); summed.len()];
        for lane in 0..extents.iter().product() {
            self.meter.charge(1).map_err(blame)?;
            if lane > 0 && lane % CHUNK == 0 {
                for (&k, chunks) in summed.iter().zip(&mut chunks) {
                    let sum = carried[k].data().map_err(blame)?.get(0);
                    chunks.push(sum);
                    carried[k] = Slot::Data(Rc::new(Data::scalar(Const::of(sum.dtype(), 0.0))));
                }
            }
            let indices = index.iter().map(|&i| Slot::Data(Rc::new(Data::scalar(Const::I64(i as i64)))));
            let mut yields = self.block(frame, body, indices.chain(carried).collect())?;
            carried = yields.split_off(lanes);
            for ((_, _, elems), lane) in arrays.iter_mut().zip(&yields) {
                let lane = lane.data().map_err(blame)?;
                self.meter.charge(lane.len()).map_err(blame)?;
                elems.extend((0..lane.len()).map(|k| lane.get(k)));
            }
            advance(&mut index, &extents);
        }
        for (&k, mut chunks) in summed.iter().zip(chunks) {
            chunks.push(carried[k].data().map_err(blame)?.get(0));
            carried[k] = Slot::Data(Rc::new(Data::scalar(pairwise(&chunks).map_err(blame)?)));
        }
        let make = |(shape, dtype, elems)| Slot::Data(Rc::new(Data::new(dtype, shape, elems)));
        Ok(arrays.into_iter().map(make).chain(carried).collect())
    }

    /// Instructions without blocks.
    fn simple(&mut self, frame: &Frame<'m>, inst: Inst, args: &[Slot]) -> Fallible<Vec<Slot>> {
        let func = frame.func;
        let data = &func.insts[inst];
        match &data.kind {
            Kind::Pure(op) => {
                let args: Fallible<Vec<&Data>> = args.iter().map(Slot::data).collect();
                let result = Ops { frame, meter: &mut self.meter, hooks: self.hooks }.pure(op, &args?)?;
                return Ok(vec![Slot::Data(Rc::new(result))]);
            }
            Kind::Bounds { len, what } => {
                let (index, len) = (args[0].data()?, frame.dim(len)?);
                self.meter.charge(index.len())?;
                for index in index.ints()? {
                    if index < 0 || index >= len {
                        return Err(FailureKind::IndexOutOfRange { index, len, what: *what });
                    }
                }
            }
            Kind::NonNegative(dim) => match frame.dim(dim)? {
                size if size < 0 => return Err(FailureKind::NegativeSize(size)),
                _fits => {}
            },
            Kind::SameSize(left, right) => match (frame.dim(left)?, frame.dim(right)?) {
                (left, right) if left != right => {
                    return Err(FailureKind::SizeMismatch(left, right));
                }
                _same => {}
            },
            Kind::Assert(claim) => {
                if !frame.truth(data.args[0])? {
                    return Err(FailureKind::Assert(match claim {
                        Claim::Said(said) => said.map(&mut |&k| args[k].data().cloned())?,
                        Claim::NoNan(name) => Said::plain(vec![Piece::Text(format!("`{name}` made a NaN"))]),
                    }));
                }
            }
            Kind::Print(Message::Line(parts)) => self.hooks.print(pieces(parts, args)?),
            Kind::Print(Message::Tell(topic, body)) => {
                let body = body.map(&mut |&k| args[k].data().cloned())?;
                self.hooks.tell(*topic, body).map_err(|why| FailureKind::Refused(*topic, why))?;
            }
            Kind::TapeNew => return Ok(vec![Slot::Tape(Rc::default(), 0)]),
            Kind::Push | Kind::Pop | Kind::TapeEnd => return self.tape(frame, inst, args),
            Kind::Jvp { .. } | Kind::Vjp { .. } => return internal("a derivative request is left"),
            Kind::If { .. } | Kind::For { .. } | Kind::While { .. } | Kind::Map { .. } | Kind::Call { .. } => {
                return internal("control flow is not here");
            }
        }
        Ok(Vec::new())
    }

    fn tape(&mut self, frame: &Frame<'m>, inst: Inst, args: &[Slot]) -> Fallible<Vec<Slot>> {
        let data = &frame.func.insts[inst];
        let Some((Slot::Tape(rows, depth), values)) = args.split_first() else {
            return internal("no tape");
        };
        if rows.borrow().len() != *depth {
            return internal("a tape is used twice");
        }
        let bytes = |d: &Data| (d.len() * d.dtype().bytes()) as u64;
        if data.kind == Kind::Push {
            let mut row = Vec::new();
            for value in values {
                let Slot::Data(value) = value else {
                    return internal("a tape on a tape");
                };
                self.meter.charge(value.len())?;
                self.meter.tape_bytes += bytes(value);
                row.push(value.clone());
            }
            let stats = &mut self.meter.stats;
            stats.tape_peak_bytes = stats.tape_peak_bytes.max(self.meter.tape_bytes);
            rows.borrow_mut().push(row);
            return Ok(vec![Slot::Tape(rows.clone(), depth + 1)]);
        }
        let row = rows.borrow_mut().pop();
        let row = match (row, data.kind == Kind::Pop) {
            (Some(row), true) => row,
            (None, false) => return Ok(Vec::new()),
            (None, true) => return internal("pop from an empty tape"),
            (Some(_), false) => return internal("a tape ends with rows on it"),
        };
        if row.len() + 1 != data.results.len() {
            return internal(format!("a row of {} values is popped as {}", row.len(), data.results.len() - 1));
        }
        // That it has the types of the results is seen when they are set.
        for value in &row {
            self.meter.charge(value.len())?;
            self.meter.tape_bytes -= bytes(value);
        }
        let rest = Slot::Tape(rows.clone(), depth - 1);
        Ok(std::iter::once(rest).chain(row.into_iter().map(Slot::Data)).collect())
    }
}

fn pieces(parts: &[Part], args: &[Slot]) -> Fallible<Vec<Piece>> {
    map_line(parts, &mut |&k| args[k].data().cloned())
}
