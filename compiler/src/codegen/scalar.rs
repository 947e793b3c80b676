//! Element-wise primitives and conversions on single numbers. Floats follow IEEE 754 strictly: nothing is contracted
//! or reassociated. Whole numbers are checked.

use super::Fault;
use super::abi::Outside;
use super::function::{Reg, Translator};
use crate::ir::Inst;
use adl_lang::ops::Const;
use adl_lang::prims::{self, Prim};
use adl_lang::types::DType;
use adl_runtime::symbols::Symbol;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{self as clif, InstBuilder, types};

/// The machine type of an element.
pub(super) fn machine(dtype: DType) -> clif::Type {
    match dtype {
        DType::Bool => types::I8,
        DType::I64 => types::I64,
        DType::F32 => types::F32,
        DType::F64 => types::F64,
    }
}

/// `base` to a non-negative power, wrapping.
pub(super) extern "C" fn power(base: i64, exponent: i64) -> i64 {
    // Powers of −1, 0 and 1 repeat; those of other numbers soon do not fit.
    let exponent = if exponent > 64 { 64 - exponent % 2 } else { exponent };
    base.wrapping_pow(exponent.max(0) as u32)
}

/// Whether `base` to the power `exponent` is not an `i64`: 0 if it is, 1 if it is too large, 2 for a negative exponent.
pub(super) extern "C" fn power_fault(base: i64, exponent: i64) -> i64 {
    match u32::try_from(exponent) {
        _ if exponent < 0 => 2,
        Ok(e) => i64::from(base.checked_pow(e).is_none()),
        Err(_) => i64::from(!(-1..=1).contains(&base)),
    }
}

/// The function of the runtime that applies a primitive to one number, where that is faster than the function of the
/// table.
fn of_one(prim: Prim) -> Option<Symbol> {
    match prim {
        Prim::Tanh => Some(Symbol::adl_one_tanh),
        Prim::Sigmoid => Some(Symbol::adl_one_sigmoid),
        Prim::Sin => Some(Symbol::adl_one_sin),
        Prim::Cos => Some(Symbol::adl_one_cos),
        _of_the_table => None,
    }
}

impl Translator<'_, '_> {
    /// A constant.
    pub(super) fn constant(&mut self, value: Const) -> Reg {
        match value {
            Const::Bool(v) => self.b.ins().iconst(types::I8, i64::from(v)),
            Const::I64(v) => self.b.ins().iconst(types::I64, v),
            Const::F32(v) => self.b.ins().f32const(v),
            Const::F64(v) => self.b.ins().f64const(v),
        }
    }

    /// A whole number.
    pub(super) fn int(&mut self, value: i64) -> Reg {
        self.b.ins().iconst(types::I64, value)
    }

    /// A primitive on single numbers; `dtype` is that of the last operand.
    pub(super) fn prim(&mut self, prim: Prim, dtype: DType, x: &[Reg], inst: Inst) -> Reg {
        if prim == Prim::Select {
            return self.b.ins().select(x[0], x[1], x[2]);
        }
        match dtype {
            DType::F64 | DType::F32 => self.float(prim, dtype, x),
            DType::I64 => self.whole(prim, x, inst),
            DType::Bool => self.logic(prim, x),
        }
    }

    fn float(&mut self, prim: Prim, dtype: DType, x: &[Reg]) -> Reg {
        let compare = |t: &mut Self, cc| t.b.ins().fcmp(cc, x[0], x[1]);
        match prim {
            Prim::Add => self.b.ins().fadd(x[0], x[1]),
            Prim::Sub => self.b.ins().fsub(x[0], x[1]),
            Prim::Mul => self.b.ins().fmul(x[0], x[1]),
            Prim::Div => self.b.ins().fdiv(x[0], x[1]),
            Prim::Neg => self.b.ins().fneg(x[0]),
            Prim::Min => self.b.ins().fmin(x[0], x[1]),
            Prim::Max => self.b.ins().fmax(x[0], x[1]),
            Prim::Abs => self.b.ins().fabs(x[0]),
            Prim::Sign => self.float_sign(dtype, x[0]),
            Prim::Floor => self.b.ins().floor(x[0]),
            Prim::Ceil => self.b.ins().ceil(x[0]),
            Prim::Round => self.b.ins().nearest(x[0]),
            Prim::Sqrt => self.b.ins().sqrt(x[0]),
            Prim::StopGrad | Prim::Follow | Prim::Arm => x[0],
            Prim::Eq => compare(self, FloatCC::Equal),
            Prim::Ne => compare(self, FloatCC::NotEqual),
            Prim::Lt => compare(self, FloatCC::LessThan),
            Prim::Le => compare(self, FloatCC::LessThanOrEqual),
            Prim::Gt => compare(self, FloatCC::GreaterThan),
            Prim::Ge => compare(self, FloatCC::GreaterThanOrEqual),
            other => self.library(other, dtype, x),
        }
    }

    /// −1, 0 or 1; NaN of NaN, and a zero keeps its sign.
    fn float_sign(&mut self, dtype: DType, x: Reg) -> Reg {
        let zero = self.constant(Const::of(dtype, 0.0));
        let one = self.constant(Const::of(dtype, 1.0));
        let ordered = self.b.ins().fcmp(FloatCC::OrderedNotEqual, x, zero);
        let unit = self.b.ins().fcopysign(one, x);
        self.b.ins().select(ordered, unit, x)
    }

    /// A function of the table; single precision goes through double.
    fn library(&mut self, prim: Prim, dtype: DType, x: &[Reg]) -> Reg {
        let wide: Vec<Reg> = match dtype {
            DType::F32 => x.iter().map(|&x| self.b.ins().fpromote(types::F64, x)).collect(),
            DType::Bool | DType::I64 | DType::F64 => x.to_vec(),
        };
        let callee = match &prim.row().value {
            prims::Value::Unary(_) | prims::Value::Binary(_) => self.import_prim(prim),
            prims::Value::Inline | prims::Value::Defined(_) => None,
        };
        let Some(callee) = callee else {
            return self.defect(format!("{} of floats", prim.name()));
        };
        let y = match of_one(prim) {
            Some(faster) => {
                let one = self.b.ins().func_addr(types::I64, callee);
                self.ask(faster, &[wide[0], one])
            }
            None => {
                let call = self.b.ins().call(callee, &wide);
                self.b.inst_results(call)[0]
            }
        };
        if dtype == DType::F32 { self.b.ins().fdemote(types::F32, y) } else { y }
    }

    fn whole(&mut self, prim: Prim, x: &[Reg], inst: Inst) -> Reg {
        let compare = |t: &mut Self, cc| t.b.ins().icmp(cc, x[0], x[1]);
        match prim {
            Prim::Add | Prim::Sub | Prim::Mul => self.whole_arithmetic(prim, x[0], x[1], inst),
            Prim::FloorDiv | Prim::Rem => self.whole_division(prim, x[0], x[1], inst),
            Prim::Pow => {
                let fault = self.ask(Outside::PowerFault, &[x[0], x[1]]);
                let too_large = self.b.ins().icmp_imm_s(IntCC::Equal, fault, 1);
                self.fail_if(too_large, Fault::Overflow, inst, &[]);
                let negative = self.b.ins().icmp_imm_s(IntCC::Equal, fault, 2);
                self.fail_if(negative, Fault::NegativeExponent, inst, &[x[1]]);
                self.ask(Outside::Power, &[x[0], x[1]])
            }
            Prim::Neg => {
                self.fail_if_least(x[0], inst);
                self.b.ins().ineg(x[0])
            }
            Prim::Min => self.b.ins().smin(x[0], x[1]),
            Prim::Max => self.b.ins().smax(x[0], x[1]),
            Prim::Abs => {
                self.fail_if_least(x[0], inst);
                self.b.ins().iabs(x[0])
            }
            Prim::Sign => {
                let (one, minus) = (self.int(1), self.int(-1));
                let low = self.b.ins().smin(x[0], one);
                self.b.ins().smax(low, minus)
            }
            Prim::StopGrad => x[0],
            Prim::Eq => compare(self, IntCC::Equal),
            Prim::Ne => compare(self, IntCC::NotEqual),
            Prim::Lt => compare(self, IntCC::SignedLessThan),
            Prim::Le => compare(self, IntCC::SignedLessThanOrEqual),
            Prim::Gt => compare(self, IntCC::SignedGreaterThan),
            Prim::Ge => compare(self, IntCC::SignedGreaterThanOrEqual),
            other => self.defect(format!("{} of whole numbers", other.name())),
        }
    }

    /// `+ - *` that fail on overflow, unless it is known not to happen.
    pub(super) fn whole_arithmetic(&mut self, prim: Prim, a: Reg, b: Reg, inst: Inst) -> Reg {
        if self.proved(inst) {
            return if prim == Prim::Sub {
                self.b.ins().isub(a, b)
            } else if prim == Prim::Mul {
                self.b.ins().imul(a, b)
            } else {
                self.b.ins().iadd(a, b)
            };
        }
        let (value, overflow) = if prim == Prim::Sub {
            self.b.ins().ssub_overflow(a, b)
        } else if prim == Prim::Mul {
            self.b.ins().smul_overflow(a, b)
        } else {
            self.b.ins().sadd_overflow(a, b)
        };
        self.fail_if(overflow, Fault::Overflow, inst, &[]);
        value
    }

    /// Quotient rounded down, or the remainder that goes with it.
    fn whole_division(&mut self, prim: Prim, a: Reg, b: Reg, inst: Inst) -> Reg {
        let divisor = self.known(b);
        if divisor.is_none_or(|d| d == 0) {
            let zero = self.b.ins().icmp_imm_s(IntCC::Equal, b, 0);
            self.fail_if(zero, Fault::DivisionByZero, inst, &[]);
        }
        if divisor.is_none_or(|d| d == -1) && !self.proved(inst) {
            let minus = self.b.ins().icmp_imm_s(IntCC::Equal, b, -1);
            let least = self.b.ins().icmp_imm_s(IntCC::Equal, a, i64::MIN);
            let both = self.b.ins().band(minus, least);
            self.fail_if(both, Fault::Overflow, inst, &[]);
        }
        if divisor == Some(0) {
            return self.int(0);
        }
        let rest = self.b.ins().srem(a, b);
        let opposite = self.b.ins().bxor(rest, b);
        let differs = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, opposite, 0);
        let some = self.b.ins().icmp_imm_s(IntCC::NotEqual, rest, 0);
        let adjust = self.b.ins().band(differs, some);
        if prim == Prim::Rem {
            let moved = self.b.ins().iadd(rest, b);
            return self.b.ins().select(adjust, moved, rest);
        }
        let quotient = self.b.ins().sdiv(a, b);
        let adjust = self.b.ins().uextend(types::I64, adjust);
        self.b.ins().isub(quotient, adjust)
    }

    fn fail_if_least(&mut self, x: Reg, inst: Inst) {
        if !self.proved(inst) {
            let least = self.b.ins().icmp_imm_s(IntCC::Equal, x, i64::MIN);
            self.fail_if(least, Fault::Overflow, inst, &[]);
        }
    }

    fn logic(&mut self, prim: Prim, x: &[Reg]) -> Reg {
        let cc = match prim {
            Prim::And => return self.b.ins().band(x[0], x[1]),
            Prim::Or => return self.b.ins().bor(x[0], x[1]),
            Prim::Not => return self.b.ins().bxor_imm_u(x[0], 1),
            Prim::Eq => IntCC::Equal,
            Prim::Ne => IntCC::NotEqual,
            Prim::Lt => IntCC::UnsignedLessThan,
            Prim::Le => IntCC::UnsignedLessThanOrEqual,
            Prim::Gt => IntCC::UnsignedGreaterThan,
            Prim::Ge => IntCC::UnsignedGreaterThanOrEqual,
            _arithmetic => return self.defect(format!("{} of truth values", prim.name())),
        };
        self.b.ins().icmp(cc, x[0], x[1])
    }

    /// Conversion between element types; from float to whole number it may fail.
    pub(super) fn convert(&mut self, from: DType, to: DType, x: Reg, inst: Inst) -> Reg {
        match (from, to) {
            (DType::Bool, DType::Bool) | (DType::I64, DType::I64) => x,
            (DType::F32, DType::F32) | (DType::F64, DType::F64) => x,
            (DType::Bool, DType::I64) => self.b.ins().uextend(types::I64, x),
            (DType::Bool, DType::F32 | DType::F64) => {
                let wide = self.b.ins().uextend(types::I64, x);
                self.b.ins().fcvt_from_sint(machine(to), wide)
            }
            (DType::I64, DType::Bool) => self.b.ins().icmp_imm_s(IntCC::NotEqual, x, 0),
            (DType::I64, DType::F32 | DType::F64) => self.b.ins().fcvt_from_sint(machine(to), x),
            (DType::F32 | DType::F64, DType::Bool) => {
                let zero = self.constant(Const::of(from, 0.0));
                self.b.ins().fcmp(FloatCC::NotEqual, x, zero)
            }
            (DType::F32, DType::F64) => self.b.ins().fpromote(types::F64, x),
            (DType::F64, DType::F32) => self.b.ins().fdemote(types::F32, x),
            (DType::F32, DType::I64) => {
                let wide = self.b.ins().fpromote(types::F64, x);
                self.float_to_whole(wide, inst)
            }
            (DType::F64, DType::I64) => self.float_to_whole(x, inst),
        }
    }

    fn float_to_whole(&mut self, x: Reg, inst: Inst) -> Reg {
        let bound = self.b.ins().f64const(9_223_372_036_854_775_808.0);
        let least = self.b.ins().fneg(bound);
        let above = self.b.ins().fcmp(FloatCC::UnorderedOrGreaterThanOrEqual, x, bound);
        let below = self.b.ins().fcmp(FloatCC::LessThan, x, least);
        let outside = self.b.ins().bor(above, below);
        let bits = self.b.ins().bitcast(types::I64, clif::MemFlagsData::new(), x);
        self.fail_if(outside, Fault::NotWhole, inst, &[bits]);
        self.b.ins().fcvt_to_sint_sat(types::I64, x)
    }
}
