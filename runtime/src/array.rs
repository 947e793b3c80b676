//! Dense arrays, row by row: what the host passes to compiled code and gets back.

use core::fmt;

use crate::buffer::{Buffer, Plain};

/// Element type of an array, by the number that native code uses.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DType {
    /// A truth value, one byte that is 0 or 1.
    Bool = 0,
    /// A whole number of 64 bits with sign.
    I64 = 1,
    /// Single precision.
    F32 = 2,
    /// Double precision.
    F64 = 3,
}

impl DType {
    /// All element types, each at the place of its number.
    pub const ALL: [DType; 4] = [DType::Bool, DType::I64, DType::F32, DType::F64];

    /// The type with this number.
    pub fn from_code(code: u32) -> Option<DType> {
        DType::ALL.get(code as usize).copied()
    }

    /// Bytes per element.
    pub fn size(self) -> usize {
        match self {
            DType::Bool => 1,
            DType::I64 | DType::F64 => 8,
            DType::F32 => 4,
        }
    }

    /// As the language spells it.
    pub fn name(self) -> &'static str {
        match self {
            DType::Bool => "bool",
            DType::I64 => "i64",
            DType::F32 => "f32",
            DType::F64 => "f64",
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why an array cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArrayError {
    /// The number of bytes passes what an address can count.
    TooLarge(Vec<usize>),
    /// There is no memory for so many bytes.
    OutOfMemory(usize),
    /// The shape asks for another number of elements than there are.
    Count {
        /// Product of the shape.
        expected: usize,
        /// Elements given.
        found: usize,
    },
    /// No element type has this number.
    DType,
    /// A truth value is neither 0 nor 1.
    Truth,
}

impl fmt::Display for ArrayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArrayError::TooLarge(shape) => write!(f, "an array of shape {shape:?} has more bytes than can be counted"),
            ArrayError::OutOfMemory(bytes) => write!(f, "no memory for an array of {bytes} bytes"),
            ArrayError::Count { expected, found } => {
                write!(f, "the shape asks for {expected} elements, not {found}")
            }
            ArrayError::DType => f.write_str("unknown element type"),
            ArrayError::Truth => f.write_str("a truth value is neither 0 nor 1"),
        }
    }
}

impl core::error::Error for ArrayError {}

/// A dense array in row-major order; a scalar has no axes.
///
/// ```
/// use adl_runtime::{Array, DType};
/// let a = Array::from_slice(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])?;
/// assert_eq!((a.dtype(), a.shape(), a.rank(), a.len()), (DType::F64, &[2, 3][..], 2, 6));
/// assert_eq!(a.as_slice::<f64>().map(|row| row[4]), Some(5.0));
/// assert!(Array::from_slice(&[2, 2], &[1.0]).is_err());
/// # Ok::<(), adl_runtime::ArrayError>(())
/// ```
pub struct Array {
    dtype: DType,
    shape: Vec<usize>,
    data: Buffer,
}

/// No array has more elements, and no axis is longer: compiled code counts on it.
pub const MOST: usize = 1 << 48;

/// Number of elements of a shape; `None` if they are more than [`MOST`]. An axis of 0 does not excuse the others, which
/// compiled code multiplies without it.
pub fn element_count(shape: &[usize]) -> Option<usize> {
    let mut others = shape.iter().filter(|&&n| n != 0);
    let count = others.try_fold(1usize, |count, &n| count.checked_mul(n).filter(|&count| count <= MOST))?;
    Some(if shape.contains(&0) { 0 } else { count })
}

/// Rust types that are elements of arrays. (`bool` arrays hold bytes; see the `From`
/// implementations for `bool`.)
pub trait Element: Plain {
    /// The element type.
    const DTYPE: DType;
}

impl Element for f64 {
    const DTYPE: DType = DType::F64;
}
impl Element for f32 {
    const DTYPE: DType = DType::F32;
}
impl Element for i64 {
    const DTYPE: DType = DType::I64;
}

impl Array {
    /// An array of zeros (`false`).
    pub fn zeros(dtype: DType, shape: &[usize]) -> Result<Array, ArrayError> {
        let bytes = element_count(shape).ok_or_else(|| ArrayError::TooLarge(shape.to_vec()))? * dtype.size();
        let data = Buffer::zeroed(bytes).ok_or(ArrayError::OutOfMemory(bytes))?;
        Ok(Array { dtype, shape: shape.to_vec(), data })
    }

    /// An array of the elements in `data`, if truth values are 0 or 1.
    pub fn from_buffer(dtype: DType, shape: &[usize], data: Buffer) -> Result<Array, ArrayError> {
        let expected = element_count(shape).ok_or_else(|| ArrayError::TooLarge(shape.to_vec()))?;
        if data.len() != expected * dtype.size() {
            let found = data.len() / dtype.size();
            return Err(ArrayError::Count { expected, found });
        }
        if dtype == DType::Bool && data.as_slice::<u8>().iter().any(|&byte| byte > 1) {
            return Err(ArrayError::Truth);
        }
        Ok(Array { dtype, shape: shape.to_vec(), data })
    }

    /// The address of the elements, for native code to write to.
    pub fn start(&mut self) -> *mut u8 {
        self.data.start()
    }

    /// An array with these elements, row by row.
    pub fn from_slice<T: Element>(shape: &[usize], elements: &[T]) -> Result<Array, ArrayError> {
        Array::from_plain(T::DTYPE, shape, elements)
    }

    /// An array of truth values.
    pub fn from_bools(shape: &[usize], elements: &[bool]) -> Result<Array, ArrayError> {
        let bytes: Vec<u8> = elements.iter().map(|&b| u8::from(b)).collect();
        Array::from_plain(DType::Bool, shape, &bytes)
    }

    fn from_plain<T: Plain>(dtype: DType, shape: &[usize], elements: &[T]) -> Result<Array, ArrayError> {
        let expected = element_count(shape).ok_or_else(|| ArrayError::TooLarge(shape.to_vec()))?;
        if expected != elements.len() {
            return Err(ArrayError::Count { expected, found: elements.len() });
        }
        let data = Buffer::from_slice(elements).ok_or(ArrayError::OutOfMemory(size_of_val(elements)))?;
        Ok(Array { dtype, shape: shape.to_vec(), data })
    }

    /// The same elements in another shape with as many of them.
    pub fn reshaped(mut self, shape: &[usize]) -> Result<Array, ArrayError> {
        let expected = element_count(shape).ok_or_else(|| ArrayError::TooLarge(shape.to_vec()))?;
        if expected != self.len() {
            return Err(ArrayError::Count { expected, found: self.len() });
        }
        self.shape = shape.to_vec();
        Ok(self)
    }

    /// A copy, or an error when there is no memory for it; `clone` panics then.
    pub fn try_clone(&self) -> Result<Array, ArrayError> {
        let data = Buffer::from_slice(self.bytes()).ok_or(ArrayError::OutOfMemory(self.data.len()))?;
        Ok(Array { dtype: self.dtype, shape: self.shape.clone(), data })
    }

    /// Element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Size of each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of axes.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.data.len() / self.dtype.size()
    }

    /// True if there are no elements.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// The elements, if they are of type `T`.
    pub fn as_slice<T: Element>(&self) -> Option<&[T]> {
        (self.dtype == T::DTYPE).then(|| self.data.as_slice())
    }

    /// The elements for writing, if they are of type `T`.
    pub fn as_mut_slice<T: Element>(&mut self) -> Option<&mut [T]> {
        (self.dtype == T::DTYPE).then(|| self.data.as_mut_slice())
    }

    /// The elements of an `f64` array.
    pub fn as_f64(&self) -> Option<&[f64]> {
        self.as_slice()
    }

    /// The elements of an `f32` array.
    pub fn as_f32(&self) -> Option<&[f32]> {
        self.as_slice()
    }

    /// The elements of an `i64` array.
    pub fn as_i64(&self) -> Option<&[i64]> {
        self.as_slice()
    }

    /// The elements of a `bool` array, 0 or 1 each.
    pub fn as_bool(&self) -> Option<&[u8]> {
        (self.dtype == DType::Bool).then(|| self.data.as_slice())
    }

    /// The bytes of all elements.
    pub fn bytes(&self) -> &[u8] {
        self.data.as_slice()
    }

    /// The bytes of all elements for writing; 64-byte aligned. Truth values must stay 0 or 1, which is for who writes.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.data.as_mut_slice()
    }

    /// Element `i` in row-major order as an `f64`: exact but for large `i64`; a truth value gives 0
    /// or 1.
    pub fn get_f64(&self, i: usize) -> Option<f64> {
        match self.dtype {
            DType::Bool => self.data.as_slice::<u8>().get(i).map(|&b| f64::from(b)),
            DType::I64 => self.data.as_slice::<i64>().get(i).map(|&n| n as f64),
            DType::F32 => self.data.as_slice::<f32>().get(i).map(|&x| f64::from(x)),
            DType::F64 => self.data.as_slice::<f64>().get(i).copied(),
        }
    }

    /// The one element of an array that has one, as an `f64`.
    pub fn scalar_f64(&self) -> Option<f64> {
        if self.len() == 1 { self.get_f64(0) } else { None }
    }
}

impl Clone for Array {
    fn clone(&self) -> Array {
        self.try_clone().expect("memory for a copy; `try_clone` gives an error instead")
    }
}

impl PartialEq for Array {
    /// Same type, same shape, equal elements: `nan` differs from itself, `-0.0` equals `0.0`.
    fn eq(&self, other: &Array) -> bool {
        let same = self.dtype == other.dtype && self.shape == other.shape;
        same && match self.dtype {
            DType::Bool | DType::I64 => self.bytes() == other.bytes(),
            DType::F32 => self.as_f32() == other.as_f32(),
            DType::F64 => self.as_f64() == other.as_f64(),
        }
    }
}

impl fmt::Debug for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:?} {self}", self.dtype, self.shape)
    }
}

/// The conversions cannot fail but for want of memory, where they panic as those of the standard
/// library do.
macro_rules! from {
    ($($from:ty, |$x:ident| $shape:expr, $elements:expr, $make:ident;)*) => {
        $(impl From<$from> for Array {
            fn from($x: $from) -> Array {
                Array::$make(&$shape, &$elements).expect("memory for a copy of what is in memory")
            }
        })*
    };
}

from! {
    f64, |x| [], [x], from_slice;
    f32, |x| [], [x], from_slice;
    i64, |x| [], [x], from_slice;
    bool, |x| [], [x], from_bools;
    &[f64], |x| [x.len()], x, from_slice;
    &[f32], |x| [x.len()], x, from_slice;
    &[i64], |x| [x.len()], x, from_slice;
    &[bool], |x| [x.len()], x, from_bools;
    Vec<f64>, |x| [x.len()], x, from_slice;
    Vec<f32>, |x| [x.len()], x, from_slice;
    Vec<i64>, |x| [x.len()], x, from_slice;
    Vec<bool>, |x| [x.len()], x, from_bools;
}

impl<const N: usize> From<[f64; N]> for Array {
    fn from(x: [f64; N]) -> Array {
        Array::from(x.as_slice())
    }
}

impl<const N: usize> From<[i64; N]> for Array {
    fn from(x: [i64; N]) -> Array {
        Array::from(x.as_slice())
    }
}

impl<const N: usize, const M: usize> From<[[f64; M]; N]> for Array {
    fn from(x: [[f64; M]; N]) -> Array {
        Array::from_slice(&[N, M], x.as_flattened()).expect("memory for a copy of what is in memory")
    }
}
