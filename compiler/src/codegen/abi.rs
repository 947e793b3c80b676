//! Signatures: of compiled functions, of the entry, and of the functions that compiled code calls.
//!
//! A compiled function takes the context, the sizes, the parameters and one pointer for each result, and returns a
//! status. A scalar is passed by value, an array by the address of its elements, a tape as the address of its
//! structure and an offset into it. Scalar results are written through their pointer, as are the two halves of a
//! tape. A parameter that becomes a result in place is not passed: the caller puts it where the result is wanted.

use super::scalar::{self, machine};
use crate::ir::{Func, Type};
use adl_lang::prims::{self, Prim};
use cranelift_codegen::ir::{self as clif, AbiParam, Signature, types};
use cranelift_codegen::isa::CallConv;

/// The machine types that stand for a value.
pub(super) fn parts(ty: &Type) -> Vec<clif::Type> {
    match ty {
        Type::Data(ty) if ty.is_scalar() => vec![machine(ty.dtype)],
        Type::Data(_) => vec![types::I64],
        Type::Tape => vec![types::I64, types::I64],
    }
}

/// The signature of a compiled function; `pairs` are its parameters that become results.
pub(super) fn signature(func: &Func, pairs: &[Option<usize>], convention: CallConv) -> Signature {
    let mut signature = Signature::new(convention);
    let sizes = func.sizes.iter().map(|_| types::I64);
    let params = func.params().iter().enumerate().filter(|(j, _)| !pairs.contains(&Some(*j)));
    let params = params.flat_map(|(_, &p)| parts(func.ty(p)));
    let results = func.results().iter().map(|_| types::I64);
    let all = std::iter::once(types::I64).chain(sizes).chain(params).chain(results);
    signature.params.extend(all.map(AbiParam::new));
    signature.returns.push(AbiParam::new(types::I32));
    signature
}

/// The signature of the entry: the context and the slots.
pub(super) fn entry_signature(convention: CallConv) -> Signature {
    of_types(&[types::I64, types::I64], Some(types::I32), convention)
}

/// A signature of plain types.
pub(super) fn of_types(params: &[clif::Type], result: Option<clif::Type>, convention: CallConv) -> Signature {
    let mut signature = Signature::new(convention);
    signature.params.extend(params.iter().map(|&t| AbiParam::new(t)));
    signature.returns.extend(result.map(AbiParam::new));
    signature
}

const P: clif::Type = types::I64;
const I: clif::Type = types::I64;
const W: clif::Type = types::I32;

/// How the names of the functions begin that apply an elementary function to many numbers; its own name and that of the
/// element type follow.
pub(super) const EACH: &str = "adl_each_";

/// The functions of the runtime that compiled code calls, with their types; `P` is an address.
const SUPPORT: &[(&str, &[clif::Type], Option<clif::Type>)] = &[
    ("adl_arena_grow", &[P, I], Some(P)),
    ("adl_arena_release", &[P, P, I], None),
    ("adl_tape_new", &[P], Some(P)),
    ("adl_tape_grow", &[P, P, I], Some(W)),
    ("adl_tape_free", &[P, P], None),
    ("adl_fail", &[P, W, W, I, I, I, I], Some(W)),
    ("adl_fail_with", &[P, W, W, P, I], Some(W)),
    ("adl_print", &[P, W, P, I], Some(W)),
    ("adl_host", &[P, W, P, I, P, W, I], Some(W)),
    ("adl_matmul_f64", &[P, P, P, P, I, I, I, I, I], Some(W)),
    ("adl_matmul_f32", &[P, P, P, P, I, I, I, I, I], Some(W)),
    ("adl_argsort_f64", &[P, P, P, I, I], Some(W)),
    ("adl_argsort_f32", &[P, P, P, I, I], Some(W)),
    ("adl_argsort_i64", &[P, P, P, I, I], Some(W)),
    ("adl_lu_f64", &[P, P, P, I, I], Some(W)),
    ("adl_lu_f32", &[P, P, P, I, I], Some(W)),
    ("adl_cholesky_f64", &[P, P, P, I, I], Some(W)),
    ("adl_cholesky_f32", &[P, P, P, I, I], Some(W)),
    ("adl_qr_f64", &[P, P, P, I, I], Some(W)),
    ("adl_qr_f32", &[P, P, P, I, I], Some(W)),
    ("adl_eigh_f64", &[P, P, P, I, I], Some(W)),
    ("adl_eigh_f32", &[P, P, P, I, I], Some(W)),
    ("adl_svd_f64", &[P, P, P, I, I], Some(W)),
    ("adl_svd_f32", &[P, P, P, I, I], Some(W)),
    ("adl_lu_solve_f64", &[P, P, P, P, I, I, I], Some(W)),
    ("adl_lu_solve_f32", &[P, P, P, P, I, I, I], Some(W)),
    ("adl_triangular_solve_f64", &[P, P, P, P, I, I, I], Some(W)),
    ("adl_triangular_solve_f32", &[P, P, P, P, I, I, I], Some(W)),
    ("adl_random_bits", &[P, P, I, I, I], Some(W)),
    ("adl_random_uniform_f64", &[P, P, I, I, I], Some(W)),
    ("adl_random_normal_f64", &[P, P, I, I, I], Some(W)),
    ("adl_fill_1", &[P, I, I], None),
    ("adl_fill_4", &[P, I, I], None),
    ("adl_fill_8", &[P, I, I], None),
    ("adl_copy", &[P, P, I], None),
    ("adl_transpose_1", &[P, P, P, I, I, I], Some(W)),
    ("adl_transpose_4", &[P, P, P, I, I, I], Some(W)),
    ("adl_transpose_8", &[P, P, P, I, I, I], Some(W)),
];

/// The types of a support function.
pub(super) fn support(name: &str) -> Option<(&'static [clif::Type], Option<clif::Type>)> {
    if name.starts_with(EACH) {
        return Some((&[P, I, P], None));
    }
    SUPPORT.iter().find(|(n, ..)| *n == name).map(|(_, params, result)| (*params, *result))
}

/// Whether a function that compiled code calls does without a workspace.
pub(super) fn is_bare(name: &str) -> bool {
    matches!(name, "adl_fail" | "adl_copy") || name.starts_with(EACH) || support(name).is_none()
}

/// A function that is compiled into the host, and its address.
pub(super) enum Own {
    /// Of one float.
    Unary(extern "C" fn(f64) -> f64),
    /// Of two floats.
    Binary(extern "C" fn(f64, f64) -> f64),
    /// Of two whole numbers.
    Whole(extern "C" fn(i64, i64) -> i64),
    /// Of one single-precision float.
    Single(extern "C" fn(f32) -> f32),
}

impl Own {
    /// Its types.
    pub(super) fn types(&self) -> (&'static [clif::Type], Option<clif::Type>) {
        match self {
            Own::Unary(_) => (&[types::F64], Some(types::F64)),
            Own::Binary(_) => (&[types::F64, types::F64], Some(types::F64)),
            Own::Whole(_) => (&[types::I64, types::I64], Some(types::I64)),
            Own::Single(_) => (&[types::F32], Some(types::F32)),
        }
    }

    /// Its address.
    pub(super) fn address(&self) -> *const u8 {
        match self {
            Own::Unary(f) => *f as *const u8,
            Own::Binary(f) => *f as *const u8,
            Own::Whole(f) => *f as *const u8,
            Own::Single(f) => *f as *const u8,
        }
    }
}

/// The helpers of the code generator itself, and what Cranelift calls on machines without rounding instructions.
pub(super) fn helper(name: &str) -> Option<Own> {
    extern "C" fn floor(x: f64) -> f64 {
        x.floor()
    }
    extern "C" fn ceil(x: f64) -> f64 {
        x.ceil()
    }
    extern "C" fn nearest(x: f64) -> f64 {
        x.round_ties_even()
    }
    extern "C" fn floor_single(x: f32) -> f32 {
        x.floor()
    }
    extern "C" fn ceil_single(x: f32) -> f32 {
        x.ceil()
    }
    extern "C" fn nearest_single(x: f32) -> f32 {
        x.round_ties_even()
    }
    match name {
        "adl_power" => Some(Own::Whole(scalar::power)),
        "adl_power_fault" => Some(Own::Whole(scalar::power_fault)),
        "floor" => Some(Own::Unary(floor)),
        "ceil" => Some(Own::Unary(ceil)),
        "nearbyint" => Some(Own::Unary(nearest)),
        "floorf" => Some(Own::Single(floor_single)),
        "ceilf" => Some(Own::Single(ceil_single)),
        "nearbyintf" => Some(Own::Single(nearest_single)),
        _other => None,
    }
}

/// The function of the table behind a primitive.
pub(super) fn primitive(prim: Prim) -> Option<Own> {
    match prim.row().value {
        prims::Value::Unary(f) => Some(Own::Unary(f)),
        prims::Value::Binary(f) => Some(Own::Binary(f)),
        prims::Value::Inline => None,
    }
}
