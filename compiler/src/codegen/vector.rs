//! Several elements at once: the innermost loop over rows that lie in one piece, two `f64`s or four `f32`s to a register and
//! four registers to a round, with the rest of the row element by element.
//!
//! A tree of inline operations has a vector form if its leaves are rows in memory or do not change along the row,
//! and its operations are arithmetic. Each lane computes what the scalar form computes, to the bit.

use super::checks::trusted;
use super::element::At;
use super::function::{Reg, Translator};
use super::fuse::Form;
use super::reduce::{combiner, neutral};
use super::scalar::machine;
use crate::ir::{Inst, Kind, Value};
use adl_lang::ops::{Const, Op, Reduction, Sel};
use adl_lang::prims::{Prim, Typing};
use adl_lang::types::{DType, Dim};
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{self as clif, InstBuilder, MemFlagsData, types};
use smallvec::SmallVec;

/// Registers of each round.
const UNROLL: usize = 4;

/// Where the element of a row goes: an address and an offset; elements of a row follow one another.
pub(super) type Place<'p> = &'p mut dyn FnMut(&mut Translator<'_, '_>, &At) -> (Reg, i32);

/// Rows of elements of one type.
#[derive(Clone, Copy)]
pub(super) struct Rows<'r> {
    /// What is computed.
    pub(super) value: Value,
    /// Whether its operation is performed even if the array is to be stored.
    pub(super) root: bool,
    /// Its shape.
    pub(super) dims: &'r [Dim],
    /// Whether the whole array is one row.
    pub(super) flat: bool,
    /// Who is to blame.
    pub(super) inst: Inst,
    dtype: DType,
}

/// A round over a row: its length, the index of its elements, what is carried.
type Row<'r> = &'r mut dyn FnMut(&mut Translator<'_, '_>, Reg, &dyn Fn(Reg) -> At, &[Reg]) -> Vec<Reg>;

fn lanes(dtype: DType) -> i64 {
    if dtype == DType::F32 { 4 } else { 2 }
}

fn vector(dtype: DType) -> clif::Type {
    if dtype == DType::F32 { types::F32X4 } else { types::F64X2 }
}

fn mask(dtype: DType) -> clif::Type {
    if dtype == DType::F32 { types::I32X4 } else { types::I64X2 }
}

/// Whether this machine rounds whole registers.
fn rounds() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        std::arch::is_x86_feature_detected!("sse4.1")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        true
    }
}

fn has_vector_form(prim: Prim) -> bool {
    match prim {
        Prim::Add | Prim::Sub | Prim::Mul | Prim::Div | Prim::Neg | Prim::Abs | Prim::Sqrt | Prim::Sign => true,
        Prim::Min | Prim::Max | Prim::Select | Prim::StopGrad => true,
        Prim::Eq | Prim::Ne | Prim::Lt | Prim::Le | Prim::Gt | Prim::Ge | Prim::And | Prim::Or | Prim::Not => true,
        Prim::Floor | Prim::Ceil | Prim::Round | Prim::FloorDiv | Prim::Rem => rounds(),
        Prim::Pow
        | Prim::Cbrt
        | Prim::Exp
        | Prim::Expm1
        | Prim::Log
        | Prim::Log1p
        | Prim::Sin
        | Prim::Cos
        | Prim::Tan
        | Prim::Asin
        | Prim::Acos
        | Prim::Atan
        | Prim::Atan2
        | Prim::Hypot
        | Prim::Sinh
        | Prim::Cosh
        | Prim::Tanh
        | Prim::Asinh
        | Prim::Acosh
        | Prim::Atanh
        | Prim::Erf
        | Prim::Erfc
        | Prim::Gamma
        | Prim::Lgamma
        | Prim::Digamma
        | Prim::Polygamma
        | Prim::Sigmoid
        | Prim::Softplus
        | Prim::Spacing => false,
    }
}

impl Translator<'_, '_> {
    /// The rows of an array, if its elements can be computed several at once.
    pub(super) fn rows<'r>(
        &self,
        inst: Inst,
        value: Value,
        dims: &'r [Dim],
        flat: bool,
    ) -> Option<Rows<'r>> {
        // An array that is being stored is computed; others that are stored are read.
        let root = self.func.insts[inst].results.contains(&value);
        let dtype = self.data(value).dtype;
        let small = dims.iter().try_fold(1i64, |p, d| d.as_const().map(|d| p * d)).is_some_and(|n| n <= 8);
        let narrow = !flat && dims.last().is_none_or(|d| d.as_const().is_some_and(|d| d < 4));
        if !dtype.is_float() || small || narrow {
            return None;
        }
        let rows = Rows { value, root, dims, flat, inst, dtype };
        let fits = if root { self.operation_fits(value, dtype, flat) } else { self.fits(value, dtype, flat) };
        fits.then_some(rows)
    }

    fn fits(&self, value: Value, dtype: DType, flat: bool) -> bool {
        let ty = self.data(value);
        if ty.is_scalar() {
            return ty.dtype == dtype || ty.dtype == DType::Bool;
        }
        match self.forms.form(value) {
            Form::Stored | Form::View => ty.dtype == dtype,
            Form::Inline => self.operation_fits(value, dtype, flat),
            Form::Register => false,
        }
    }

    fn operation_fits(&self, value: Value, dtype: DType, flat: bool) -> bool {
        let ty = self.data(value);
        let Some(inst) = self.definition(value) else { return false };
        if ty.dtype != dtype && ty.dtype != DType::Bool {
            return false;
        }
        let data = &self.func.insts[inst];
        let Kind::Pure(op) = &data.kind else { return false };
        let all = |args: &[Value]| args.iter().all(|&a| self.fits(a, dtype, flat));
        match op {
            Op::Prim(prim) => {
                let compared = prim.row().typing == Typing::Compare && self.data(data.args[0]).dtype == DType::Bool;
                has_vector_form(*prim) && !compared && all(&data.args)
            }
            Op::Convert(to) => *to == dtype && self.data(data.args[0]).dtype == DType::Bool && all(&data.args),
            Op::Broadcast { dims, axes } => {
                let operand = self.data(data.args[0]);
                let along = axes.last() == Some(&(dims.len() - 1));
                if operand.is_scalar() {
                    operand.dtype == dtype || operand.dtype == DType::Bool
                } else if along {
                    !flat && all(&data.args)
                } else {
                    !flat && (operand.dtype == dtype || operand.dtype == DType::Bool)
                }
            }
            Op::Transpose(perm) => !flat && perm.last() == Some(&(perm.len() - 1)) && all(&data.args),
            Op::Reshape(dims) => {
                let last = self.data(data.args[0]).dims.last();
                (flat || last == dims.last() && last.is_some_and(|d| !d.is(1))) && all(&data.args)
            }
            Op::Index(sels) => {
                let row = matches!(sels.last(), Some(Sel::All | Sel::Span { step: 1, .. }));
                let base = self.data(data.args[0]);
                !flat && row && base.dtype == dtype && all(&data.args[..1])
            }
            Op::Const(_)
            | Op::Size(_)
            | Op::Reduce(..)
            | Op::ArgReduce { .. }
            | Op::Concat(_)
            | Op::Iota(_)
            | Op::Update(_)
            | Op::Acc(_)
            | Op::MatMul { .. }
            | Op::ArgSort
            | Op::Random(..) => false,
        }
    }

    /// Writes rows to where `place` says, adding to what is there by `combine` if that is given.
    pub(super) fn store_rows(&mut self, rows: Rows<'_>, combine: Option<Prim>, place: Place<'_>) {
        self.unit.stats.vector_loops += 1;
        let dtype = rows.dtype;
        self.each_row(rows, &|at| at, &[], &mut |t, n, at, _| {
            let main = t.whole_rounds(n, dtype);
            let zero = t.int(0);
            let step = lanes(dtype) * UNROLL as i64;
            t.repeat_by(zero, main, step, false, &[], &mut |t, i, _| {
                let at = at(i);
                let (address, offset) = place(t, &at);
                for k in 0..UNROLL {
                    let mut x = t.row_vector(rows, &at, k);
                    let offset = offset + 16 * k as i32;
                    if let Some(prim) = combine {
                        let old = t.b.ins().load(vector(dtype), trusted_row(), address, offset);
                        x = t.vector_prim(prim, dtype, &[old, x]);
                    }
                    t.b.ins().store(trusted_row(), x, address, offset);
                }
                Vec::new()
            });
            t.repeat_by(main, n, 1, false, &[], &mut |t, i, _| {
                let at = at(i);
                let (address, offset) = place(t, &at);
                let mut x = t.row_scalar(rows, &at);
                if let Some(prim) = combine {
                    let old = t.b.ins().load(machine(dtype), trusted(), address, offset);
                    x = t.prim(prim, dtype, &[old, x], rows.inst);
                }
                t.b.ins().store(trusted(), x, address, offset);
                Vec::new()
            });
            Vec::new()
        });
    }

    /// Reduces all elements of rows to one number. `whole` makes the index of an element from that in the rows.
    pub(super) fn fold_rows(&mut self, rows: Rows<'_>, kind: Reduction, whole: &dyn Fn(At) -> At) -> Reg {
        self.unit.stats.vector_loops += 1;
        let dtype = rows.dtype;
        let prim = combiner(kind);
        let start = self.constant(neutral(kind, dtype));
        let wide = self.b.ins().splat(vector(dtype), start);
        let mut carries = vec![wide; UNROLL];
        carries.push(start);
        let after = self.each_row(rows, whole, &carries, &mut |t, n, at, state| {
            let main = t.whole_rounds(n, dtype);
            let zero = t.int(0);
            let step = lanes(dtype) * UNROLL as i64;
            let mut next = t.repeat_by(zero, main, step, false, &state[..UNROLL], &mut |t, i, state| {
                let at = at(i);
                let mut next = Vec::new();
                for (k, &sum) in state.iter().enumerate() {
                    let x = t.row_vector(rows, &at, k);
                    next.push(t.vector_prim(prim, dtype, &[sum, x]));
                }
                next
            });
            let rest = t.repeat_by(main, n, 1, false, &state[UNROLL..], &mut |t, i, state| {
                let x = t.row_scalar(rows, &at(i));
                vec![t.prim(prim, dtype, &[state[0], x], rows.inst)]
            });
            next.extend(rest);
            next
        });
        let low = self.vector_prim(prim, dtype, &[after[0], after[1]]);
        let high = self.vector_prim(prim, dtype, &[after[2], after[3]]);
        let all = self.vector_prim(prim, dtype, &[low, high]);
        let mut sum = self.b.ins().extractlane(all, 0u8);
        for lane in 1..lanes(dtype) as u8 {
            let x = self.b.ins().extractlane(all, lane);
            sum = self.prim(prim, dtype, &[sum, x], rows.inst);
        }
        self.prim(prim, dtype, &[sum, after[UNROLL]], rows.inst)
    }

    /// Runs `row` for each row.
    fn each_row(&mut self, rows: Rows<'_>, whole: &dyn Fn(At) -> At, carries: &[Reg], row: Row<'_>) -> Vec<Reg> {
        if rows.flat {
            let n = self.count(rows.dims);
            return row(self, n, &|i| whole(At::Flat(i)), carries);
        }
        let Some((last, outer)) = rows.dims.split_last() else { return carries.to_vec() };
        self.nest(outer, carries, &mut |t, index, state| {
            let n = t.dim(last);
            let zero = t.int(0);
            let at = |i: Reg| whole(At::Axes(index.iter().copied().chain([i]).collect()));
            t.hoist(rows.value, rows.root, &at(zero));
            row(t, n, &at, state)
        })
    }

    fn whole_rounds(&mut self, n: Reg, dtype: DType) -> Reg {
        let step = lanes(dtype) * UNROLL as i64;
        match self.known(n) {
            Some(n) => self.int(n.max(0) & -step),
            None => self.b.ins().band_imm_s(n, -step),
        }
    }

    fn row_scalar(&mut self, rows: Rows<'_>, at: &At) -> Reg {
        if rows.root { self.inline_element(rows.value, at) } else { self.element(rows.value, at) }
    }

    fn row_vector(&mut self, rows: Rows<'_>, at: &At, k: usize) -> Reg {
        if rows.root { self.operation(rows.value, at, k, rows.dtype) } else { self.lanes(rows.value, at, k, rows.dtype) }
    }

    /// Computes what does not change along a row before the loop over it.
    fn hoist(&mut self, value: Value, root: bool, at: &At) {
        let At::Axes(index) = at else { return };
        if self.data(value).is_scalar() || !root && self.forms.form(value) != Form::Inline {
            return;
        }
        let Some(inst) = self.definition(value) else { return };
        let data = &self.func.insts[inst];
        match &data.kind {
            Kind::Pure(Op::Prim(_) | Op::Convert(_)) => data.args.iter().for_each(|&a| self.hoist(a, false, at)),
            Kind::Pure(Op::Broadcast { axes, dims }) if axes.last() != Some(&(dims.len() - 1)) => {
                let inner: SmallVec<[Reg; 4]> = axes.iter().map(|&a| index[a]).collect();
                self.element(data.args[0], &At::Axes(inner));
            }
            _other => {}
        }
    }

    /// The `k`-th register of elements that begin at an index.
    fn lanes(&mut self, value: Value, at: &At, k: usize, dtype: DType) -> Reg {
        let ty = self.data(value).clone();
        if ty.is_scalar() {
            let x = self.scalar(value);
            return self.spread(x, ty.dtype, dtype);
        }
        let index = match at {
            At::Flat(reg) => SmallVec::from_slice(&[*reg]),
            At::Axes(axes) => axes.clone(),
        };
        let key = (value, 2 + 2 * k as u8 + u8::from(matches!(at, At::Flat(_))), index);
        if let Some(&known) = self.elements.iter().rev().find_map(|scope| scope.get(&key)) {
            return known;
        }
        let result = if self.forms.form(value) == Form::Inline {
            self.operation(value, at, k, dtype)
        } else {
            let base = self.address(value);
            let (address, offset) = self.place(base, &ty, at);
            self.b.ins().load(vector(dtype), trusted_row(), address, offset + 16 * k as i32)
        };
        if let Some(scope) = self.elements.last_mut() {
            scope.insert(key, result);
        }
        result
    }

    /// One number in all lanes; a truth value as a mask.
    fn spread(&mut self, x: Reg, from: DType, dtype: DType) -> Reg {
        if from != DType::Bool {
            return self.b.ins().splat(vector(dtype), x);
        }
        let wide = mask(dtype).lane_type();
        let bits = self.b.ins().uextend(wide, x);
        let bits = self.b.ins().ineg(bits);
        self.b.ins().splat(mask(dtype), bits)
    }

    fn operation(&mut self, value: Value, at: &At, k: usize, dtype: DType) -> Reg {
        let func = self.func;
        let Some(inst) = self.definition(value) else { return self.defect(format!("{value} has no operation")) };
        let data = &func.insts[inst];
        let Kind::Pure(op) = &data.kind else { return self.defect(format!("{value} has no vector form")) };
        let operand = data.args.first().copied();
        match (op, operand, at) {
            (Op::Prim(prim), ..) => {
                let args: SmallVec<[Reg; 3]> = data.args.iter().map(|&a| self.lanes(a, at, k, dtype)).collect();
                self.vector_prim(*prim, dtype, &args)
            }
            (Op::Convert(_), Some(x), _) => {
                let bits = self.lanes(x, at, k, dtype);
                let one = self.constant(Const::of(dtype, 1.0));
                let one = self.b.ins().splat(vector(dtype), one);
                let one = self.cast(mask(dtype), one);
                let picked = self.b.ins().band(bits, one);
                self.cast(vector(dtype), picked)
            }
            (Op::Broadcast { .. }, Some(x), _) if self.data(x).is_scalar() => self.lanes(x, at, k, dtype),
            (Op::Broadcast { axes, dims }, Some(x), At::Axes(index)) => {
                let inner = At::Axes(axes.iter().map(|&a| index[a]).collect());
                if axes.last() == Some(&(dims.len() - 1)) {
                    return self.lanes(x, &inner, k, dtype);
                }
                let from = self.data(x).dtype;
                let x = self.element(x, &inner);
                self.spread(x, from, dtype)
            }
            (Op::Transpose(perm), Some(x), At::Axes(index)) => {
                let mut inner = index.clone();
                for (axis, &p) in perm.iter().enumerate() {
                    inner[p] = index[axis];
                }
                self.lanes(x, &At::Axes(inner), k, dtype)
            }
            (Op::Reshape(_), Some(x), At::Flat(_)) => self.lanes(x, at, k, dtype),
            (Op::Reshape(dims), Some(x), At::Axes(index)) => {
                let inner_dims = self.data(x).dims.clone();
                let zero = self.int(0);
                let mut inner: SmallVec<[Reg; 4]> = SmallVec::from_elem(zero, inner_dims.len());
                let (to, from) = (super::fuse::proper_axes(&inner_dims), super::fuse::proper_axes(dims));
                for (&to, &from) in to.iter().zip(&from) {
                    inner[to] = index[from];
                }
                self.lanes(x, &At::Axes(inner), k, dtype)
            }
            (Op::Index(sels), Some(x), At::Axes(index)) => {
                let inner = self.select(sels, &data.args[1..], index);
                self.lanes(x, &At::Axes(inner), k, dtype)
            }
            (_, _, _) => self.defect(format!("{value} has no vector form")),
        }
    }

    fn cast(&mut self, to: clif::Type, x: Reg) -> Reg {
        let little = MemFlagsData::new().with_endianness(clif::Endianness::Little);
        self.b.ins().bitcast(to, little, x)
    }

    fn vector_prim(&mut self, prim: Prim, dtype: DType, x: &[Reg]) -> Reg {
        match prim {
            Prim::Add => self.b.ins().fadd(x[0], x[1]),
            Prim::Sub => self.b.ins().fsub(x[0], x[1]),
            Prim::Mul => self.b.ins().fmul(x[0], x[1]),
            Prim::Div => self.b.ins().fdiv(x[0], x[1]),
            Prim::FloorDiv => {
                let quotient = self.b.ins().fdiv(x[0], x[1]);
                self.b.ins().floor(quotient)
            }
            Prim::Rem => {
                let quotient = self.b.ins().fdiv(x[0], x[1]);
                let whole = self.b.ins().floor(quotient);
                let taken = self.b.ins().fmul(x[1], whole);
                self.b.ins().fsub(x[0], taken)
            }
            Prim::Neg => self.b.ins().fneg(x[0]),
            Prim::Abs => self.b.ins().fabs(x[0]),
            Prim::Sqrt => self.b.ins().sqrt(x[0]),
            Prim::Floor => self.b.ins().floor(x[0]),
            Prim::Ceil => self.b.ins().ceil(x[0]),
            Prim::Round => self.b.ins().nearest(x[0]),
            Prim::StopGrad => x[0],
            Prim::Min => self.b.ins().fmin(x[0], x[1]),
            Prim::Max => self.b.ins().fmax(x[0], x[1]),
            Prim::Sign => {
                let number = |t: &mut Self, value: f64| {
                    let value = t.constant(Const::of(dtype, value));
                    t.b.ins().splat(vector(dtype), value)
                };
                let (zero, one, minus) = (number(self, 0.0), number(self, 1.0), number(self, -1.0));
                let above = self.b.ins().fcmp(FloatCC::GreaterThan, x[0], zero);
                let below = self.b.ins().fcmp(FloatCC::LessThan, x[0], zero);
                let low = self.pick(dtype, below, minus, x[0]);
                self.pick(dtype, above, one, low)
            }
            Prim::Select if self.b.func.dfg.value_type(x[1]) == mask(dtype) => self.b.ins().bitselect(x[0], x[1], x[2]),
            Prim::Select => self.pick(dtype, x[0], x[1], x[2]),
            Prim::And => self.b.ins().band(x[0], x[1]),
            Prim::Or => self.b.ins().bor(x[0], x[1]),
            Prim::Not => self.b.ins().bnot(x[0]),
            _other => {
                let cc = match prim {
                    Prim::Eq => FloatCC::Equal,
                    Prim::Ne => FloatCC::NotEqual,
                    Prim::Lt => FloatCC::LessThan,
                    Prim::Le => FloatCC::LessThanOrEqual,
                    Prim::Gt => FloatCC::GreaterThan,
                    _greater_or_equal => FloatCC::GreaterThanOrEqual,
                };
                self.b.ins().fcmp(cc, x[0], x[1])
            }
        }
    }

    fn pick(&mut self, dtype: DType, condition: Reg, a: Reg, b: Reg) -> Reg {
        let condition = self.cast(vector(dtype), condition);
        self.b.ins().bitselect(condition, a, b)
    }
}

/// Rows need not be aligned to the register.
fn trusted_row() -> MemFlagsData {
    MemFlagsData::new().with_notrap()
}
