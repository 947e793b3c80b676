//! Kernels of the runtime, checks of arrays, and what is shown to the host.

use super::abi::of_float;
use super::checks::{FAILED, trusted};
use super::element::At;
use super::function::{Reg, Translator};
use super::native::runtime_dtype;
use super::nest::Look;
use super::scalar::machine;
use super::sites::{Fault, What};
use crate::ir::{Claim, Inst, Value};
use adl_lang::ast::Name;
use adl_lang::defect;
use adl_lang::message::Message;
use adl_lang::ops::{Factor, Random};
use adl_lang::prims::Prim;
use adl_lang::typed::BoundsOf;
use adl_lang::types::{DType, Dim, Ty};
use adl_runtime::abi;
use adl_runtime::kernels::factor::{TRANSPOSED, UNIT, UPPER};
use adl_runtime::kernels::matmul::{TRANSPOSED_A, TRANSPOSED_B};
use adl_runtime::symbols::Symbol;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, types};
use smallvec::SmallVec;

/// The number of an element type in the runtime.
fn code(dtype: DType) -> i64 {
    runtime_dtype(dtype) as i64
}

impl Translator<'_, '_> {
    /// Calls a kernel that returns a status.
    fn kernel(&mut self, kernel: Symbol, args: &[Reg]) {
        let status = self.ask(kernel, args);
        self.stop_on(status);
    }

    /// A matrix product.
    pub(super) fn matmul(&mut self, inst: Inst, ta: bool, tb: bool, to: Reg) {
        let data = &self.func.insts[inst];
        let (a, b) = (data.args[0], data.args[1]);
        let ty = self.data(data.results[0]).clone();
        let rank = ty.rank();
        let inner = self.data(a).dims[if ta { rank - 2 } else { rank - 1 }].clone();
        let kernel = match ty.dtype {
            DType::F64 => Symbol::adl_matmul_f64,
            DType::F32 => Symbol::adl_matmul_f32,
            DType::I64 | DType::Bool => return self.plain_matmul(inst, ta, tb, &inner, &ty, to),
        };
        let (a, b) = (self.address(a), self.address(b));
        let batch = self.count(&ty.dims[..rank - 2]);
        let (m, n, k) = (self.dim(&ty.dims[rank - 2]), self.dim(&ty.dims[rank - 1]), self.dim(&inner));
        let flags = self.int(if ta { TRANSPOSED_A } else { 0 } | if tb { TRANSPOSED_B } else { 0 });
        self.kernel(kernel, &[self.ctx, to, a, b, batch, m, k, n, flags]);
    }

    /// A matrix product of whole numbers.
    fn plain_matmul(&mut self, inst: Inst, ta: bool, tb: bool, inner: &Dim, ty: &Ty, to: Reg) {
        let data = &self.func.insts[inst];
        let (a, b) = (data.args[0], data.args[1]);
        let rank = ty.rank();
        self.nest(&ty.dims, &[], &mut |t, index, _| {
            let start = t.int(0);
            let count = t.dim(inner);
            let sum = t.repeat(count, Look::Rarely, &[start], &mut |t, k, state| {
                let mut left: SmallVec<[Reg; 4]> = SmallVec::from_slice(index);
                let mut right = left.clone();
                (left[rank - 2], left[rank - 1]) = if ta { (k, index[rank - 2]) } else { (index[rank - 2], k) };
                (right[rank - 2], right[rank - 1]) = if tb { (index[rank - 1], k) } else { (k, index[rank - 1]) };
                let (x, y) = (t.element(a, &At::Axes(left)), t.element(b, &At::Axes(right)));
                let product = t.whole_arithmetic(Prim::Mul, x, y, inst);
                vec![t.whole_arithmetic(Prim::Add, state[0], product, inst)]
            });
            t.write(ty, to, &At::axes(index), sum[0]);
            Vec::new()
        });
    }

    /// The permutation that sorts the last axis.
    pub(super) fn argsort(&mut self, inst: Inst, to: Reg) {
        let operand = self.func.insts[inst].args[0];
        let ty = self.data(operand).clone();
        let kernel = match ty.dtype {
            DType::F64 => Symbol::adl_argsort_f64,
            DType::F32 => Symbol::adl_argsort_f32,
            DType::I64 => Symbol::adl_argsort_i64,
            DType::Bool => {
                self.defect("truth values are not sorted".to_string());
                return;
            }
        };
        let Some((last, rows)) = ty.dims.split_last() else {
            defect!("a number is sorted");
        };
        let from = self.address(operand);
        let (rows, n) = (self.count(rows), self.dim(last));
        self.kernel(kernel, &[self.ctx, to, from, rows, n]);
    }

    /// A factorisation, or a solution.
    pub(super) fn factor(&mut self, inst: Inst, factor: Factor, to: Reg) {
        let args = self.func.insts[inst].args.clone();
        let dtype = self.data(args[0]).dtype;
        let (kernel, flags) = match factor {
            Factor::Lu => ([Symbol::adl_lu_f64, Symbol::adl_lu_f32], None),
            Factor::Cholesky => ([Symbol::adl_cholesky_f64, Symbol::adl_cholesky_f32], None),
            Factor::Qr => ([Symbol::adl_qr_f64, Symbol::adl_qr_f32], None),
            Factor::Eigh => ([Symbol::adl_eigh_f64, Symbol::adl_eigh_f32], None),
            Factor::Svd => ([Symbol::adl_svd_f64, Symbol::adl_svd_f32], None),
            Factor::LuSolve { transposed } => {
                let flags = if transposed { TRANSPOSED } else { 0 };
                ([Symbol::adl_lu_solve_f64, Symbol::adl_lu_solve_f32], Some(flags))
            }
            Factor::Triangular { upper, transposed, unit } => {
                let flag = |set: bool, flag: i64| if set { flag } else { 0 };
                let flags = flag(upper, UPPER) | flag(transposed, TRANSPOSED) | flag(unit, UNIT);
                ([Symbol::adl_triangular_solve_f64, Symbol::adl_triangular_solve_f32], Some(flags))
            }
        };
        // The sizes are those of the last operand: A itself, or B.
        let Some(&last) = args.last() else {
            defect!("{factor:?} of nothing");
        };
        let dims = self.data(last).dims.clone();
        let mut operands: SmallVec<[Reg; 8]> = SmallVec::from_slice(&[self.ctx, to]);
        for &arg in &args {
            operands.push(self.address(arg));
        }
        operands.extend([self.dim(&dims[0]), self.dim(&dims[1])]);
        operands.extend(flags.map(|flags| self.int(flags)));
        self.kernel(of_float(dtype, kernel), &operands);
    }

    /// Random numbers.
    pub(super) fn random(&mut self, inst: Inst, kind: Random, dims: &[Dim], to: Reg) {
        let key = self.scalar(self.func.insts[inst].args[0]);
        let kernel = match kind {
            Random::Uniform => Symbol::adl_random_uniform_f64,
            Random::Normal => Symbol::adl_random_normal_f64,
            Random::Bits => Symbol::adl_random_bits,
        };
        let start = self.int(0);
        let n = self.count(dims);
        self.kernel(kernel, &[self.ctx, to, key, start, n]);
    }

    /// One random number.
    pub(super) fn random_scalar(&mut self, inst: Inst, kind: Random) -> Reg {
        let to = self.stack(8);
        self.random(inst, kind, &[], to);
        let ty = if kind == Random::Bits { types::I64 } else { types::F64 };
        self.b.ins().load(ty, trusted(), to, 0)
    }

    /// A function of the host.
    pub(super) fn host(&mut self, inst: Inst, name: &Name, (dtype, dims): (DType, &[Dim]), to: Reg) {
        let data = &self.func.insts[inst];
        let site = self.site(data.place, What::Host(name.clone()));
        let list = self.shown(&data.args);
        let site = self.b.ins().iconst(types::I32, site);
        let dtype = self.b.ins().iconst(types::I32, code(dtype));
        let (given, wanted) = (self.int(data.args.len() as i64), self.count(dims));
        self.kernel(Symbol::adl_host, &[self.ctx, site, list, given, to, dtype, wanted]);
    }

    /// One number of the host.
    pub(super) fn host_scalar(&mut self, inst: Inst, name: &Name, dtype: DType) -> Reg {
        let to = self.stack(8);
        self.host(inst, name, (dtype, &[]), to);
        self.b.ins().load(machine(dtype), trusted(), to, 0)
    }

    /// Positions that must be in range.
    pub(super) fn bounds(&mut self, inst: Inst, len: &Dim, what: BoundsOf) {
        let positions = self.func.insts[inst].args[0];
        let ty = self.data(positions).clone();
        let len = self.dim(len);
        let flat = self.flat(positions);
        self.scope(|t| {
            t.each(&ty.dims, flat, &mut |t, at| {
                let i = t.element(positions, at);
                let low = t.b.ins().icmp_imm_s(IntCC::SignedLessThan, i, 0);
                let high = t.b.ins().icmp(IntCC::SignedGreaterThanOrEqual, i, len);
                let out = t.b.ins().bor(low, high);
                t.fail_if(out, Fault::Bounds(what), inst, &[i, len]);
            });
        });
    }

    /// Describes values to the host: the address of the descriptions.
    fn shown(&mut self, values: &[Value]) -> Reg {
        let size = abi::SIZE_PRINT_VALUE as u32;
        let list = self.stack(size * (values.len() as u32).max(1));
        for (k, &value) in values.iter().enumerate() {
            let at = k as i32 * size as i32;
            let ty = self.data(value).clone();
            let code = self.b.ins().iconst(types::I32, code(ty.dtype));
            let rank = self.b.ins().iconst(types::I32, ty.rank() as i64);
            self.b.ins().store(trusted(), code, list, at + abi::OFFSET_PRINT_DTYPE as i32);
            self.b.ins().store(trusted(), rank, list, at + abi::OFFSET_PRINT_RANK as i32);
            let data = if ty.is_scalar() {
                let room = self.stack(8);
                let x = self.scalar(value);
                self.b.ins().store(trusted(), x, room, 0);
                room
            } else {
                self.address(value)
            };
            let dims = self.stack(8 * (ty.rank() as u32).max(1));
            for (axis, dim) in ty.dims.iter().enumerate() {
                let dim = self.dim(dim);
                self.b.ins().store(trusted(), dim, dims, 8 * axis as i32);
            }
            self.b.ins().store(trusted(), dims, list, at + abi::OFFSET_PRINT_DIMS as i32);
            self.b.ins().store(trusted(), data, list, at + abi::OFFSET_PRINT_DATA as i32);
        }
        list
    }

    /// Says something to the host.
    pub(super) fn print(&mut self, inst: Inst, message: &Message<usize>) {
        let data = &self.func.insts[inst];
        let site = self.site(data.place, What::Print(message.clone()));
        let list = self.shown(&data.args);
        let site = self.b.ins().iconst(types::I32, site);
        let n = self.int(data.args.len() as i64);
        self.kernel(Symbol::adl_print, &[self.ctx, site, list, n]);
    }

    /// Fails with values unless the condition holds.
    pub(super) fn assert(&mut self, inst: Inst, claim: &Claim) {
        let data = &self.func.insts[inst];
        let site = self.site(data.place, What::Assert(claim.clone()));
        let condition = self.scalar(data.args[0]);
        let (failed, on) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(failed);
        self.b.ins().brif(condition, on, &[], failed, &[]);
        self.start(failed);
        let list = self.shown(&data.args[1..]);
        let site = self.b.ins().iconst(types::I32, site);
        let kind = self.b.ins().iconst(types::I32, FAILED);
        let n = self.int(data.args.len() as i64 - 1);
        self.kernel(Symbol::adl_fail_with, &[self.ctx, kind, site, list, n]);
        self.b.ins().jump(on, &[]);
        self.start(on);
    }
}
