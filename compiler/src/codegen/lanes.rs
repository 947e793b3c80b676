//! Several elements in one register: the operations that have such a form, and their code. Each lane holds what the
//! scalar form gives, to the bit. A truth value is a mask.

use super::element::At;
use super::function::{Reg, Translator};
use super::pieces;
use crate::ir::{Kind, Value};
use crate::plan::fuse::Form;
use adl_lang::ops::{Const, Op, Sel};
use adl_lang::prims::{Prim, Typing};
use adl_lang::types::DType;
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{self as clif, InstBuilder, MemFlagsData, types};
use smallvec::SmallVec;

pub(super) fn lanes(dtype: DType) -> i64 {
    if dtype == DType::F32 { 4 } else { 2 }
}

pub(super) fn vector(dtype: DType) -> clif::Type {
    if dtype == DType::F32 { types::F32X4 } else { types::F64X2 }
}

pub(super) fn mask(dtype: DType) -> clif::Type {
    if dtype == DType::F32 { types::I32X4 } else { types::I64X2 }
}

/// Whether this machine rounds whole registers.
pub(super) fn rounds() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        std::arch::is_x86_feature_detected!("sse4.1")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        true
    }
}

pub(super) fn has_vector_form(prim: Prim) -> bool {
    match prim {
        Prim::Add | Prim::Sub | Prim::Mul | Prim::Div | Prim::Neg | Prim::Abs | Prim::Sqrt | Prim::Sign => true,
        Prim::Min | Prim::Max | Prim::Select | Prim::StopGrad => true,
        Prim::Eq | Prim::Ne | Prim::Lt | Prim::Le | Prim::Gt | Prim::Ge | Prim::And | Prim::Or | Prim::Not => true,
        Prim::Floor | Prim::Ceil | Prim::Round => rounds(),
        // The others are functions of one element.
        _ => false,
    }
}

/// Whether what is a row stays one.
fn keeps_rows(perm: &[usize]) -> bool {
    perm.last() == Some(&(perm.len() - 1))
}

/// Where an element of a transposed array is in the array.
pub(super) fn transposed(perm: &[usize], index: &[Reg]) -> At {
    let mut inner: SmallVec<[Reg; 4]> = SmallVec::from_slice(index);
    perm.iter().zip(index).for_each(|(&axis, &at)| inner[axis] = at);
    At::Axes(inner)
}

/// Rows need not be aligned to the register.
pub(super) fn trusted_row() -> MemFlagsData {
    MemFlagsData::new().with_notrap()
}

impl Translator<'_, '_> {
    /// Whether several elements can be computed at once, in a loop over elements in order if `flat`;
    /// `here` if the index is that of the row, so that functions can be applied in pieces.
    pub(super) fn fits(&self, value: Value, dtype: DType, flat: bool, here: bool) -> bool {
        // A value may be needed in many places of a tree.
        let key = (value, dtype, flat, here);
        if let Some(&known) = self.fitting.borrow().get(&key) {
            return known;
        }
        let fits = self.value_fits(value, dtype, flat, here);
        self.fitting.borrow_mut().insert(key, fits);
        fits
    }

    fn value_fits(&self, value: Value, dtype: DType, flat: bool, here: bool) -> bool {
        let ty = self.data(value);
        if ty.is_scalar() {
            return ty.dtype == dtype || ty.dtype == DType::Bool;
        }
        match self.forms.form(value) {
            Form::Stored | Form::View => ty.dtype == dtype,
            Form::Inline => self.operation_fits(value, dtype, flat, here),
            Form::Register => false,
        }
    }

    pub(super) fn operation_fits(&self, value: Value, dtype: DType, flat: bool, here: bool) -> bool {
        let ty = self.data(value);
        let Some(inst) = self.definition(value) else {
            return false;
        };
        if ty.dtype != dtype && ty.dtype != DType::Bool {
            return false;
        }
        let data = &self.func.insts[inst];
        let Kind::Pure(op) = &data.kind else {
            return false;
        };
        let all = |args: &[Value]| args.iter().all(|&a| self.fits(a, dtype, flat, here));
        let elsewhere = |args: &[Value]| args.iter().all(|&a| self.fits(a, dtype, flat, false));
        match op {
            Op::Prim(prim) => {
                let compared = prim.row().typing == Typing::Compare && self.data(data.args[0]).dtype == DType::Bool;
                let function = here && pieces::of_many(*prim).is_some();
                (has_vector_form(*prim) || function) && !compared && all(&data.args)
            }
            Op::Convert(to) => *to == dtype && self.data(data.args[0]).dtype == DType::Bool && all(&data.args),
            Op::Broadcast { dims, axes } => {
                let operand = self.data(data.args[0]);
                let along = axes.last() == Some(&(dims.len() - 1));
                if operand.is_scalar() {
                    operand.dtype == dtype || operand.dtype == DType::Bool
                } else if along {
                    !flat && elsewhere(&data.args)
                } else {
                    !flat && (operand.dtype == dtype || operand.dtype == DType::Bool)
                }
            }
            Op::Transpose(perm) => !flat && (keeps_rows(perm) || ty.dtype == dtype) && elsewhere(&data.args),
            Op::Reshape(dims) => {
                let last = self.data(data.args[0]).dims.last();
                // In order the index is the same; by axes it is another one.
                if flat {
                    all(&data.args)
                } else {
                    last == dims.last() && last.is_some_and(|d| !d.is(1)) && elsewhere(&data.args)
                }
            }
            Op::Index(sels) => {
                let row = matches!(sels.last(), Some(Sel::All | Sel::Span { step: 1, .. }));
                let base = self.data(data.args[0]);
                !flat && row && base.dtype == dtype && elsewhere(&data.args[..1])
            }
            Op::Const(_)
            | Op::Table(_)
            | Op::Size(_)
            | Op::Reduce(..)
            | Op::ArgReduce { .. }
            | Op::Concat(_)
            | Op::Iota(_)
            | Op::Update(_)
            | Op::Acc(_)
            | Op::MatMul { .. }
            | Op::ArgSort
            | Op::Factor(_)
            | Op::Random(..)
            | Op::Host { .. } => false,
        }
    }

    /// The `k`-th register of elements that begin at an index.
    pub(super) fn lanes(&mut self, value: Value, at: &At, k: usize, dtype: DType) -> Reg {
        let ty = self.data(value).clone();
        if ty.is_scalar() {
            let x = self.scalar(value);
            return self.spread(x, ty.dtype, dtype);
        }
        if let Some(applied) = self.applied(value, at, Some(k)) {
            return applied;
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
    pub(super) fn spread(&mut self, x: Reg, from: DType, dtype: DType) -> Reg {
        if from != DType::Bool {
            return self.b.ins().splat(vector(dtype), x);
        }
        let wide = mask(dtype).lane_type();
        let bits = self.b.ins().uextend(wide, x);
        let bits = self.b.ins().ineg(bits);
        self.b.ins().splat(mask(dtype), bits)
    }

    pub(super) fn operation(&mut self, value: Value, at: &At, k: usize, dtype: DType) -> Reg {
        let func = self.func;
        let Some(inst) = self.definition(value) else {
            return self.defect(format!("{value} has no operation"));
        };
        let data = &func.insts[inst];
        let Kind::Pure(op) = &data.kind else {
            return self.defect(format!("{value} has no vector form"));
        };
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
            (Op::Transpose(perm), Some(x), At::Axes(index)) if keeps_rows(perm) => {
                self.lanes(x, &transposed(perm, index), k, dtype)
            }
            (Op::Transpose(perm), Some(x), At::Axes(index)) => {
                // The elements of a row lie in several ones: they are read one by one.
                let mut index = index.clone();
                let (last, start) = (perm.len() - 1, k as i64 * lanes(dtype));
                let first = index[last];
                index[last] = self.b.ins().iadd_imm_s(first, start);
                let one = self.element(x, &transposed(perm, &index));
                let mut result = self.b.ins().splat(vector(dtype), one);
                for lane in 1..lanes(dtype) {
                    index[last] = self.b.ins().iadd_imm_s(first, start + lane);
                    let one = self.element(x, &transposed(perm, &index));
                    result = self.b.ins().insertlane(result, one, lane as u8);
                }
                result
            }
            (Op::Reshape(_), Some(x), At::Flat(_)) => self.lanes(x, at, k, dtype),
            (Op::Reshape(dims), Some(x), At::Axes(index)) => {
                let inner_dims = self.data(x).dims.clone();
                let zero = self.int(0);
                let mut inner: SmallVec<[Reg; 4]> = SmallVec::from_elem(zero, inner_dims.len());
                let (to, from) = (crate::plan::cost::proper_axes(&inner_dims), crate::plan::cost::proper_axes(dims));
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

    pub(super) fn cast(&mut self, to: clif::Type, x: Reg) -> Reg {
        let little = MemFlagsData::new().with_endianness(clif::Endianness::Little);
        self.b.ins().bitcast(to, little, x)
    }

    pub(super) fn vector_prim(&mut self, prim: Prim, dtype: DType, x: &[Reg]) -> Reg {
        match prim {
            Prim::Add => self.b.ins().fadd(x[0], x[1]),
            Prim::Sub => self.b.ins().fsub(x[0], x[1]),
            Prim::Mul => self.b.ins().fmul(x[0], x[1]),
            Prim::Div => self.b.ins().fdiv(x[0], x[1]),
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
            Prim::Eq => self.b.ins().fcmp(FloatCC::Equal, x[0], x[1]),
            Prim::Ne => self.b.ins().fcmp(FloatCC::NotEqual, x[0], x[1]),
            Prim::Lt => self.b.ins().fcmp(FloatCC::LessThan, x[0], x[1]),
            Prim::Le => self.b.ins().fcmp(FloatCC::LessThanOrEqual, x[0], x[1]),
            Prim::Gt => self.b.ins().fcmp(FloatCC::GreaterThan, x[0], x[1]),
            Prim::Ge => self.b.ins().fcmp(FloatCC::GreaterThanOrEqual, x[0], x[1]),
            other => self.defect(format!("{} of several numbers", other.name())),
        }
    }

    pub(super) fn pick(&mut self, dtype: DType, condition: Reg, a: Reg, b: Reg) -> Reg {
        let condition = self.cast(vector(dtype), condition);
        self.b.ins().bitselect(condition, a, b)
    }
}
