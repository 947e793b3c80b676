//! One element of an array at an index: loaded, or computed on the spot if the array is inline.
//!
//! Addresses are sums that begin with the outermost counters, so that what does not change in the inner loop is
//! computed outside of it.

use super::checks::trusted;
use super::function::{Bound, Reg, Translator};
use super::lanes::transposed;
use super::scalar::machine;
use crate::ir::{Block, Inst, Kind, Value};
use crate::plan::cost::proper_axes;
use crate::plan::fuse::Form;
use adl_lang::defect;
use adl_lang::ops::{Op, Sel};
use adl_lang::types::{Dim, Ty};
use cranelift_codegen::ir::{self as clif, InstBuilder};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// An index: one position for each axis, or the position in row-major order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum At {
    /// In row-major order.
    Flat(Reg),
    /// By axis.
    Axes(SmallVec<[Reg; 4]>),
}

impl At {
    /// By axis.
    pub(super) fn axes(index: &[Reg]) -> At {
        At::Axes(SmallVec::from_slice(index))
    }
}

impl Translator<'_, '_> {
    /// The element of `value` at an index; the value itself if it is a scalar.
    pub(super) fn element(&mut self, value: Value, at: &At) -> Reg {
        if self.data(value).is_scalar() {
            return self.scalar(value);
        }
        if let Some(applied) = self.applied(value, at, None) {
            return applied;
        }
        let key = match at {
            At::Flat(reg) => (value, 1, SmallVec::from_slice(&[*reg])),
            At::Axes(axes) => (value, 0, axes.clone()),
        };
        if let Some(&known) = self.elements.iter().rev().find_map(|scope| scope.get(&key)) {
            return known;
        }
        let element = match self.forms.form(value) {
            Form::Stored | Form::View => {
                let ty = self.data(value).clone();
                let base = self.address(value);
                let (address, offset) = self.place(base, &ty, at);
                self.b.ins().load(machine(ty.dtype), trusted(), address, offset)
            }
            Form::Inline => self.inline_element(value, at),
            Form::Register => self.scalar(value),
        };
        if let Some(scope) = self.elements.last_mut() {
            scope.insert(key, element);
        }
        element
    }

    pub(super) fn inline_element(&mut self, value: Value, at: &At) -> Reg {
        let func = self.func;
        let Some(inst) = self.definition(value) else {
            return self.defect(format!("{value} is not computed"));
        };
        let data = &func.insts[inst];
        if let Kind::Map { extents, body, .. } = &data.kind {
            return self.lane(*body, extents.len(), at);
        }
        let Kind::Pure(op) = &data.kind else {
            return self.defect(format!("{value} is inline"));
        };
        match op {
            Op::Prim(prim) => {
                let args: SmallVec<[Reg; 3]> = data.args.iter().map(|&a| self.element(a, at)).collect();
                let dtype = data.args.last().map_or(self.data(value).dtype, |&a| self.data(a).dtype);
                let before = self.blame(inst);
                let element = self.prim(*prim, dtype, &args, inst);
                self.b.set_srcloc(before);
                element
            }
            Op::Convert(to) => {
                let x = self.element(data.args[0], at);
                let from = self.data(data.args[0]).dtype;
                self.convert(from, *to, x, inst)
            }
            Op::Iota(_) => match at {
                At::Flat(reg) => *reg,
                At::Axes(axes) => axes[0],
            },
            Op::Broadcast { .. } if self.data(data.args[0]).is_scalar() => self.scalar(data.args[0]),
            Op::Reshape(_) if matches!(at, At::Flat(_)) => self.element(data.args[0], at),
            Op::Broadcast { axes, .. } => {
                let At::Axes(index) = at else {
                    return self.defect("a flat broadcast".to_string());
                };
                let inner: SmallVec<[Reg; 4]> = axes.iter().map(|&a| index[a]).collect();
                self.element(data.args[0], &At::Axes(inner))
            }
            Op::Transpose(perm) => {
                let At::Axes(index) = at else {
                    return self.defect("a flat transpose".to_string());
                };
                self.element(data.args[0], &transposed(perm, index))
            }
            Op::Reshape(dims) => {
                let At::Axes(index) = at else {
                    return self.defect("a flat shape".to_string());
                };
                let inner_dims = self.data(data.args[0]).dims.clone();
                let zero = self.int(0);
                let mut inner: SmallVec<[Reg; 4]> = SmallVec::from_elem(zero, inner_dims.len());
                for (&to, &from) in proper_axes(&inner_dims).iter().zip(&proper_axes(dims)) {
                    inner[to] = index[from];
                }
                self.element(data.args[0], &At::Axes(inner))
            }
            Op::Index(sels) => {
                let At::Axes(index) = at else {
                    return self.defect("a flat part".to_string());
                };
                let inner = self.select(sels, &data.args[1..], index);
                self.element(data.args[0], &At::Axes(inner))
            }
            Op::Const(_)
            | Op::Table(_)
            | Op::Size(_)
            | Op::Reduce(..)
            | Op::ArgReduce { .. }
            | Op::Concat(_)
            | Op::Update(_)
            | Op::Acc(_)
            | Op::MatMul { .. }
            | Op::ArgSort
            | Op::Factor(_)
            | Op::Random(..)
            | Op::Host { .. } => self.defect(format!("{value} is inline")),
        }
    }

    /// The index in the whole array of an index in the part that the selectors name.
    pub(super) fn select(&mut self, sels: &[Sel], operands: &[Value], index: &[Reg]) -> SmallVec<[Reg; 4]> {
        let (mut operands, mut index) = (operands.iter(), index.iter().copied());
        let next = |index: &mut dyn Iterator<Item = Reg>| {
            index.next().unwrap_or_else(|| defect!("{sels:?} select more axes than the index has"))
        };
        let mut whole = SmallVec::new();
        for sel in sels {
            let operand = if sel.has_operand() { operands.next().copied() } else { None };
            let position = match (sel, operand) {
                (Sel::At, Some(at)) => self.scalar(at),
                (Sel::Span { step, .. }, Some(start)) => {
                    let start = self.scalar(start);
                    let k = next(&mut index);
                    let scaled = if *step == 1 { k } else { self.b.ins().imul_imm_s(k, *step) };
                    if self.known(start) == Some(0) { scaled } else { self.b.ins().iadd(start, scaled) }
                }
                (Sel::Pick, Some(positions)) => {
                    let rank = self.data(positions).rank();
                    let inner: SmallVec<[Reg; 4]> = index.by_ref().take(rank).collect();
                    self.element(positions, &At::Axes(inner))
                }
                (Sel::All, _) => next(&mut index),
                (Sel::At | Sel::Span { .. } | Sel::Pick, None) => defect!("{sel:?} has no position"),
            };
            whole.push(position);
        }
        whole
    }

    /// What the body of an inline `map` yields for one index.
    fn lane(&mut self, body: Block, extents: usize, at: &At) -> Reg {
        let At::Axes(index) = at else {
            return self.defect("a flat map".to_string());
        };
        let block = &self.func.blocks[body];
        for (&param, &i) in block.params.iter().zip(index) {
            self.bound.insert(param, Bound::Scalar(i));
        }
        self.elements.push(FxHashMap::default());
        self.block(body);
        let lane = self.element(block.yields[0], &At::axes(&index[extents..]));
        self.elements.pop();
        lane
    }

    /// The address of an element, as an address and an offset.
    pub(super) fn place(&mut self, base: Reg, ty: &Ty, at: &At) -> (Reg, i32) {
        let bytes = ty.dtype.bytes() as i64;
        let index = match at {
            At::Flat(reg) => return self.step(base, *reg, bytes),
            At::Axes(axes) => axes,
        };
        let mut terms: SmallVec<[(u32, Reg, usize); 4]> = SmallVec::new();
        for (axis, &i) in index.iter().enumerate() {
            if !ty.dims[axis].is(1) {
                terms.push((self.depth(i, 0), i, axis));
            }
        }
        terms.sort_by_key(|&(depth, ..)| depth);
        let (mut address, mut offset) = (base, 0i64);
        for (_, i, axis) in terms {
            let rest = &ty.dims[axis + 1..];
            let stride = rest.iter().try_fold(bytes, |p, d| d.as_const().and_then(|d| p.checked_mul(d)));
            match (stride, self.known(i)) {
                (Some(stride), Some(i)) if i.checked_mul(stride).is_some_and(|o| (o + offset).abs() < 1 << 30) => {
                    offset += i * stride;
                }
                (Some(stride), _) => (address, _) = self.step(address, i, stride),
                (None, _) => {
                    let stride = self.count(rest);
                    let scaled = self.b.ins().imul(i, stride);
                    (address, _) = self.step(address, scaled, bytes);
                }
            }
        }
        (address, offset as i32)
    }

    fn step(&mut self, base: Reg, index: Reg, bytes: i64) -> (Reg, i32) {
        match self.known(index) {
            Some(i) if i.checked_mul(bytes).is_some_and(|o| o.abs() < 1 << 30) => (base, (i * bytes) as i32),
            _other if bytes == 1 => (self.b.ins().iadd(base, index), 0),
            _other => {
                let offset = match bytes {
                    4 => self.b.ins().ishl_imm_u(index, 2),
                    8 => self.b.ins().ishl_imm_u(index, 3),
                    _large => self.b.ins().imul_imm_s(index, bytes),
                };
                (self.b.ins().iadd(base, offset), 0)
            }
        }
    }

    /// The deepest loop whose counter is part of the number.
    pub(super) fn depth(&self, reg: Reg, level: u32) -> u32 {
        if let Some(&depth) = self.counters.get(&reg) {
            return depth;
        }
        match self.b.func.dfg.value_def(reg) {
            clif::ValueDef::Result(inst, _) if level < 6 => {
                let args = self.b.func.dfg.inst_args(inst);
                args.iter().map(|&a| self.depth(a, level + 1)).max().unwrap_or(0)
            }
            clif::ValueDef::Result(..) => u32::MAX,
            clif::ValueDef::Param(..) | clif::ValueDef::Union(..) => 0,
        }
    }

    /// Runs `f` with elements remembered for its own code alone.
    pub(super) fn scope<R>(&mut self, f: impl FnOnce(&mut Self) -> R) -> R {
        self.elements.push(FxHashMap::default());
        let (sure, counted) = (self.sure.len(), self.counted.len());
        let result = f(self);
        self.elements.pop();
        self.sure.truncate(sure);
        self.counted.truncate(counted);
        result
    }

    /// The address of a view.
    pub(super) fn view(&mut self, op: &Op, args: &[Value]) -> Reg {
        let base = self.address(args[0]);
        let Op::Index(sels) = op else { return base };
        let ty = self.data(args[0]).clone();
        let zero = self.int(0);
        let starts = vec![zero; self.func.data(args[0]).rank()];
        let index = self.select(sels, &args[1..], &starts);
        let index: SmallVec<[Reg; 4]> =
            index.into_iter().zip(sels).map(|(i, s)| if s.has_operand() { i } else { zero }).collect();
        let (address, offset) = self.place(base, &ty, &At::Axes(index));
        if offset == 0 { address } else { self.b.ins().iadd_imm_s(address, i64::from(offset)) }
    }

    /// Whether the elements of an array can be computed by their position in row-major order.
    pub(super) fn flat(&self, value: Value) -> bool {
        if self.data(value).is_scalar() || self.data(value).rank() == 1 && self.forms.form(value) != Form::Inline {
            return true;
        }
        match self.forms.form(value) {
            Form::Stored | Form::View | Form::Register => true,
            Form::Inline => {
                // A value may be needed in many places of a tree.
                if let Some(&known) = self.in_order.borrow().get(&value) {
                    return known;
                }
                let flat = self.definition(value).is_some_and(|inst| self.flat_inst(inst));
                self.in_order.borrow_mut().insert(value, flat);
                flat
            }
        }
    }

    /// An operation on scalars, or one that gives a scalar.
    pub(super) fn scalar_op(&mut self, inst: Inst, op: &Op) -> Reg {
        let data = &self.func.insts[inst];
        match op {
            Op::Const(c) => self.constant(*c),
            Op::Size(dim) => self.dim(dim),
            Op::Prim(prim) => {
                let args: SmallVec<[Reg; 3]> = data.args.iter().map(|&a| self.scalar(a)).collect();
                let dtype = data.args.last().map_or(self.data(data.results[0]).dtype, |&a| self.data(a).dtype);
                self.prim(*prim, dtype, &args, inst)
            }
            Op::Convert(to) => {
                let x = self.scalar(data.args[0]);
                let from = self.data(data.args[0]).dtype;
                self.convert(from, *to, x, inst)
            }
            Op::Broadcast { .. } | Op::Transpose(_) => self.scalar(data.args[0]),
            Op::Reshape(_) => {
                let zero = self.int(0);
                let index = vec![zero; self.data(data.args[0]).rank()];
                self.scope(|t| t.element(data.args[0], &At::axes(&index)))
            }
            Op::Index(sels) => self.scope(|t| {
                let index = t.select(sels, &data.args[1..], &[]);
                t.element(data.args[0], &At::Axes(index))
            }),
            Op::Update(_) => self.scalar(data.args[1]),
            Op::Acc(_) => {
                let (x, y) = (self.scalar(data.args[0]), self.scalar(data.args[1]));
                let dtype = self.data(data.results[0]).dtype;
                self.prim(adl_lang::prims::Prim::Add, dtype, &[x, y], inst)
            }
            Op::Reduce(kind, axes) => self.reduce_scalar(inst, *kind, axes),
            Op::ArgReduce { max, .. } => self.scope(|t| {
                let dims: Vec<Dim> = t.data(data.args[0]).dims.clone();
                t.arg_reduce(data.args[0], *max, &dims[0], &mut |k| At::axes(&[k]))
            }),
            Op::Random(kind, _) => self.random_scalar(inst, *kind),
            Op::Host { name, dtype, .. } => self.host_scalar(inst, name, *dtype),
            Op::Table(_) | Op::Concat(_) | Op::Iota(_) | Op::MatMul { .. } | Op::ArgSort | Op::Factor(_) => {
                self.defect(format!("{op:?} gives no scalar"))
            }
        }
    }
}
