//! What an entry takes and gives, in arrays.

use super::trail::Trail;
use crate::codegen::CallFailure;
use adl_lang::check::SizeSource;
use adl_lang::types::{self, Sym, Ty};
use adl_runtime::view::Leaf;
use adl_runtime::{Array, DType};
use smallvec::SmallVec;

/// What a function takes and gives.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Where its sizes come from.
    pub sizes: Vec<SizeSource>,
    /// Types of its parameters.
    pub params: Vec<Ty>,
}

/// Why a call came to nothing.
#[derive(Debug)]
pub enum Trouble {
    /// The arguments are not those of the signature; which, and what is wrong with it.
    Argument(usize, String),
    /// There is no memory for a result.
    OutOfMemory,
    /// The code failed, and where.
    Code(CallFailure, Trail),
    /// The compiler is wrong.
    Defect(String),
}

impl Signature {
    /// The sizes for these arguments.
    pub fn sizes(&self, args: &[Leaf<'_>]) -> Result<SmallVec<[i64; 8]>, Trouble> {
        let of = |source: &SizeSource| {
            let (param, size) = match source {
                SizeSource::Axis { param, axis } => {
                    let size = args.get(*param).and_then(|a| a.dims().get(*axis));
                    (*param, size.and_then(|&n| i64::try_from(n).ok()))
                }
                SizeSource::Value { param } => (*param, args.get(*param).and_then(Leaf::whole)),
            };
            size.ok_or_else(|| Trouble::Argument(param, "it has no such size".into()))
        };
        self.sizes.iter().map(of).collect()
    }

    /// Fails unless the arguments are of the types of the parameters.
    pub fn check(&self, args: &[&Array], sizes: &[i64]) -> Result<(), Trouble> {
        if args.len() != self.params.len() {
            let text = format!("{} values for {} parameters", args.len(), self.params.len());
            return Err(Trouble::Argument(args.len().min(self.params.len()), text));
        }
        for (k, (arg, ty)) in args.iter().zip(&self.params).enumerate() {
            let wrong = |text: String| Trouble::Argument(k, text);
            if lang_dtype(arg.dtype()) != ty.dtype {
                return Err(wrong(format!("it is {}, not {}", arg.dtype(), ty.dtype.name())));
            }
            let shape = shape(ty, sizes).ok_or_else(|| wrong("its size cannot be counted".into()))?;
            if *arg.shape() != shape[..] {
                return Err(wrong(format!("its shape is {:?}, not {shape:?}", arg.shape())));
            }
        }
        Ok(())
    }
}

/// The shape of a type for given sizes; `None` if it cannot be counted or is negative.
pub fn shape(ty: &Ty, sizes: &[i64]) -> Option<SmallVec<[usize; 4]>> {
    let of = |sym: Sym| sizes.get(sym.0 as usize).copied().unwrap_or(0);
    ty.dims.iter().map(|d| d.eval(&of).and_then(|n| usize::try_from(n).ok())).collect()
}

/// An element type in the words of the language.
pub fn lang_dtype(dtype: DType) -> types::DType {
    match dtype {
        DType::Bool => types::DType::Bool,
        DType::I64 => types::DType::I64,
        DType::F32 => types::DType::F32,
        DType::F64 => types::DType::F64,
    }
}

/// An element type in the words of the runtime.
pub fn runtime_dtype(dtype: types::DType) -> DType {
    match dtype {
        types::DType::Bool => DType::Bool,
        types::DType::I64 => DType::I64,
        types::DType::F32 => DType::F32,
        types::DType::F64 => DType::F64,
    }
}
