//! Signatures: of compiled functions, of the entry, and of the functions that compiled code calls.
//!
//! A compiled function takes the context, the sizes, the parameters and one pointer for each result, and returns a
//! status. A scalar is passed by value, an array by the address of its elements, a tape as the address of its
//! structure and an offset into it. Scalar results are written through their pointer, as are the two halves of a
//! tape. A parameter that becomes a result in place is not passed: the caller puts it where the result is wanted.

use super::scalar::{self, machine};
use crate::ir::{Func, Type};
use adl_lang::defect;
use adl_lang::prims::{self, Prim};
use adl_lang::types::DType;
use adl_runtime::symbols::{Part, Symbol};
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

/// A function from outside that compiled code calls.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Outside {
    Runtime(Symbol),
    /// The function of the table behind a primitive.
    Prim(Prim),
    /// A power of whole numbers, and what is wrong with it.
    Power,
    PowerFault,
}

impl From<Symbol> for Outside {
    fn from(symbol: Symbol) -> Outside {
        Outside::Runtime(symbol)
    }
}

const POWER: &str = "adl_power";
const POWER_FAULT: &str = "adl_power_fault";
const PRIM: &str = "prim_";

impl Outside {
    /// Its name in the code.
    pub(super) fn name(self) -> String {
        match self {
            Outside::Runtime(symbol) => symbol.name().to_string(),
            Outside::Prim(prim) => format!("{PRIM}{}", prim.name()),
            Outside::Power => POWER.to_string(),
            Outside::PowerFault => POWER_FAULT.to_string(),
        }
    }

    /// Its types; there are none if no function stands behind the primitive.
    pub(super) fn types(self) -> Option<(Vec<clif::Type>, Option<clif::Type>)> {
        let own = match self {
            Outside::Runtime(symbol) => {
                let params = symbol.params().iter().map(|&part| of_part(part)).collect();
                return Some((params, symbol.result().map(of_part)));
            }
            Outside::Prim(prim) => primitive(prim)?,
            Outside::Power | Outside::PowerFault => helper(&self.name())?,
        };
        let (params, result) = own.types();
        Some((params.to_vec(), result))
    }

    /// Whether it does without a workspace. A failure is written into the context itself.
    pub(super) fn is_bare(self) -> bool {
        match self {
            Outside::Runtime(Symbol::adl_fail | Symbol::adl_stop) => true,
            Outside::Runtime(symbol) => !symbol.takes_context(),
            Outside::Prim(_) | Outside::Power | Outside::PowerFault => true,
        }
    }
}

/// The machine type of a parameter or result of a function of the runtime.
fn of_part(part: Part) -> clif::Type {
    match part {
        Part::Context | Part::Address | Part::Word => types::I64,
        Part::Half => types::I32,
        Part::Double => types::F64,
        Part::Single => types::F32,
    }
}

/// Where a function from outside is, by its name in the code.
pub(super) fn address(name: &str) -> Option<*const u8> {
    let runtime = || Symbol::named(name).map(Symbol::address);
    let of_prim = || name.strip_prefix(PRIM).and_then(Prim::named).and_then(primitive);
    runtime().or_else(|| of_prim().or_else(|| helper(name)).map(|own| own.address()))
}

/// Which of two functions of the runtime is for a type of floats: that of double precision or that of single precision.
pub(super) fn of_float(dtype: DType, [double, single]: [Symbol; 2]) -> Symbol {
    match dtype {
        DType::F64 => double,
        DType::F32 => single,
        DType::Bool | DType::I64 => defect!("{double:?} of {dtype:?}"),
    }
}

/// A function that is compiled into the host, and its address.
enum Own {
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
    fn types(&self) -> (&'static [clif::Type], Option<clif::Type>) {
        match self {
            Own::Unary(_) => (&[types::F64], Some(types::F64)),
            Own::Binary(_) => (&[types::F64, types::F64], Some(types::F64)),
            Own::Whole(_) => (&[types::I64, types::I64], Some(types::I64)),
            Own::Single(_) => (&[types::F32], Some(types::F32)),
        }
    }

    /// Its address.
    fn address(&self) -> *const u8 {
        match self {
            Own::Unary(f) => *f as *const u8,
            Own::Binary(f) => *f as *const u8,
            Own::Whole(f) => *f as *const u8,
            Own::Single(f) => *f as *const u8,
        }
    }
}

/// The helpers of the code generator itself, and what Cranelift calls on machines without rounding instructions.
fn helper(name: &str) -> Option<Own> {
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
        POWER => Some(Own::Whole(scalar::power)),
        POWER_FAULT => Some(Own::Whole(scalar::power_fault)),
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
fn primitive(prim: Prim) -> Option<Own> {
    match &prim.row().value {
        prims::Value::Unary(f) => Some(Own::Unary(*f)),
        prims::Value::Binary(f) => Some(Own::Binary(*f)),
        prims::Value::Inline | prims::Value::Defined(_) => None,
    }
}
