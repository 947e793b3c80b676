//! Signatures: of compiled functions, of the entry, and of the functions that compiled code calls.
//!
//! A compiled function takes the context, the sizes, the parameters and one pointer for each result, and returns a
//! status. A scalar is passed by value, an array by the address of its elements, a tape as the address of its
//! structure and an offset into it. Scalar results are written through their pointer, as are the two halves of a
//! tape. A parameter that becomes a result in place is not passed: the caller puts it where the result is wanted.

use super::scalar::{self, machine};
use crate::ir::{Func, Type};
use adl_lang::prims::{self, Prim};
use adl_runtime::symbols::{self, Part};
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

/// How the names of the functions begin that apply an elementary function to many numbers; its own name and that of the
/// element type follow.
pub(super) const EACH: &str = "adl_each_";

/// How the names of those begin that apply one to one number, where that is faster than the function of the table.
pub(super) const ONE: &str = "adl_one_";

/// The machine type of a parameter or result of a function of the runtime.
fn of_part(part: Part) -> clif::Type {
    match part {
        Part::Context | Part::Address | Part::Word => types::I64,
        Part::Half => types::I32,
        Part::Double => types::F64,
        Part::Single => types::F32,
    }
}

/// The types of a function of the runtime.
fn support(name: &str) -> Option<(Vec<clif::Type>, Option<clif::Type>)> {
    let symbol = symbols::symbol(name)?;
    Some((symbol.params.iter().map(|&part| of_part(part)).collect(), symbol.result.map(of_part)))
}

/// The types of a function from outside: of the runtime, of the code generator itself, or of a primitive (`prim_…`).
pub(super) fn outside(name: &str) -> Option<(Vec<clif::Type>, Option<clif::Type>)> {
    support(name).or_else(|| {
        let own = helper(name).or_else(|| Prim::named(name.strip_prefix("prim_")?).and_then(primitive))?;
        let (params, result) = own.types();
        Some((params.to_vec(), result))
    })
}

/// Whether a function that compiled code calls does without a workspace. A failure is written into the context itself.
pub(super) fn is_bare(name: &str) -> bool {
    matches!(name, "adl_fail" | "adl_stop") || symbols::symbol(name).is_none_or(|symbol| !symbol.takes_context())
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
    match &prim.row().value {
        prims::Value::Unary(f) => Some(Own::Unary(*f)),
        prims::Value::Binary(f) => Some(Own::Binary(*f)),
        prims::Value::Inline | prims::Value::Defined(_) => None,
    }
}
