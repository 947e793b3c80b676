//! Element types, dimensions and array types. A scalar is an array type without dimensions.

mod dim;

use std::fmt;

pub use dim::{Dim, DimNode, Sym};

/// Element types, in the order of promotion.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum DType {
    /// `bool`.
    Bool,
    /// `i64`.
    I64,
    /// `f32`.
    F32,
    /// `f64`.
    F64,
}

impl DType {
    /// As written in programs.
    pub fn name(self) -> &'static str {
        match self {
            DType::Bool => "bool",
            DType::I64 => "i64",
            DType::F32 => "f32",
            DType::F64 => "f64",
        }
    }

    /// The element type of that name.
    pub fn named(name: &str) -> Option<DType> {
        [DType::Bool, DType::I64, DType::F32, DType::F64].into_iter().find(|d| d.name() == name)
    }

    /// Whether values of this type have tangents.
    pub fn is_float(self) -> bool {
        matches!(self, DType::F32 | DType::F64)
    }

    /// Bytes of one element in an array.
    pub fn bytes(self) -> usize {
        match self {
            DType::Bool => 1,
            DType::F32 => 4,
            DType::I64 | DType::F64 => 8,
        }
    }
}

/// The type of an array, or of a scalar if there are no dimensions.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Ty {
    /// The element type.
    pub dtype: DType,
    /// The dimensions, outermost first; arrays are dense and row-major.
    pub dims: Vec<Dim>,
}

impl Ty {
    /// A scalar type.
    pub fn scalar(dtype: DType) -> Ty {
        Ty { dtype, dims: Vec::new() }
    }

    /// An array type.
    pub fn array(dtype: DType, dims: impl Into<Vec<Dim>>) -> Ty {
        Ty { dtype, dims: dims.into() }
    }

    /// The same shape with another element type.
    #[must_use]
    pub fn with(&self, dtype: DType) -> Ty {
        Ty { dtype, dims: self.dims.clone() }
    }

    /// The number of dimensions.
    pub fn rank(&self) -> usize {
        self.dims.len()
    }

    /// Whether it is a scalar.
    pub fn is_scalar(&self) -> bool {
        self.dims.is_empty()
    }

    /// The number of elements.
    pub fn len(&self) -> Dim {
        self.dims.iter().fold(Dim::constant(1), |product, d| product * d.clone())
    }

    /// The number of elements, if all dimensions are numbers.
    pub fn const_len(&self) -> Option<usize> {
        self.dims.iter().try_fold(1usize, |product, d| product.checked_mul(usize::try_from(d.as_const()?).ok()?))
    }

    /// Puts a dimension in the place of each symbol.
    #[must_use]
    pub fn substitute(&self, with: &dyn Fn(Sym) -> Dim) -> Ty {
        Ty { dtype: self.dtype, dims: self.dims.iter().map(|d| d.substitute(with)).collect() }
    }

    /// As written in programs, with names for the symbols.
    pub fn show(&self, name: &dyn Fn(Sym) -> String) -> String {
        if self.is_scalar() {
            return self.dtype.name().to_string();
        }
        let dims: Vec<String> = self.dims.iter().map(|d| d.show(name)).collect();
        format!("{}[{}]", self.dtype.name(), dims.join(", "))
    }
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.show(&|s| format!("s{}", s.0)))
    }
}
