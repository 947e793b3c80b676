//! Scalars and arrays of the interpreter.

use super::{Fallible, internal};
use adl_lang::ops::Const;
use adl_lang::types::DType;

/// A scalar or a dense row-major array. Two are equal if they have the same bits.
#[derive(Clone, PartialEq, Debug)]
pub struct Data {
    dtype: DType,
    shape: Vec<usize>,
    elems: Vec<Const>,
}

impl Data {
    /// An array of these elements.
    ///
    /// # Panics
    /// If the shape has another number of elements, or an element has another type.
    pub fn new(dtype: DType, shape: Vec<usize>, elems: Vec<Const>) -> Data {
        assert_eq!(shape.iter().product::<usize>(), elems.len(), "elements for shape {shape:?}");
        assert!(elems.iter().all(|e| e.dtype() == dtype), "elements of {dtype:?}");
        Data { dtype, shape, elems }
    }

    /// A scalar.
    pub fn scalar(value: Const) -> Data {
        Data { dtype: value.dtype(), shape: Vec::new(), elems: vec![value] }
    }

    /// An `f64` array.
    pub fn f64s(shape: &[usize], elems: &[f64]) -> Data {
        Data::new(DType::F64, shape.to_vec(), elems.iter().map(|&x| Const::F64(x)).collect())
    }

    /// An `i64` array.
    pub fn i64s(shape: &[usize], elems: &[i64]) -> Data {
        Data::new(DType::I64, shape.to_vec(), elems.iter().map(|&x| Const::I64(x)).collect())
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The shape; a scalar has none.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.elems.len()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.elems.is_empty()
    }

    /// The elements in row-major order.
    pub fn elems(&self) -> &[Const] {
        &self.elems
    }

    /// An element, by its position in row-major order.
    pub fn get(&self, position: usize) -> Const {
        self.elems[position]
    }

    /// The elements as `f64`s, whatever their type.
    pub fn to_f64s(&self) -> Vec<f64> {
        let number = |e: &Const| match *e {
            Const::Bool(b) => f64::from(u8::from(b)),
            Const::I64(i) => i as f64,
            Const::F32(x) => f64::from(x),
            Const::F64(x) => x,
        };
        self.elems.iter().map(number).collect()
    }

    pub(super) fn set(&mut self, position: usize, value: Const) {
        self.elems[position] = value;
    }

    pub(super) fn ints(&self) -> Fallible<Vec<i64>> {
        let int = |e: &Const| match *e {
            Const::I64(i) => Ok(i),
            Const::Bool(_) | Const::F32(_) | Const::F64(_) => internal("no i64"),
        };
        self.elems.iter().map(int).collect()
    }

    pub(super) fn strides(&self) -> Vec<usize> {
        strides(&self.shape)
    }

    /// The elements at these positions.
    pub(super) fn gather(&self, shape: Vec<usize>, positions: &[usize]) -> Data {
        Data::new(self.dtype, shape, positions.iter().map(|&p| self.elems[p]).collect())
    }
}

/// How far apart neighbours along each axis are.
pub(super) fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for k in (1..shape.len()).rev() {
        strides[k - 1] = strides[k] * shape[k];
    }
    strides
}

/// The next index in row-major order.
pub(super) fn advance(index: &mut [usize], shape: &[usize]) {
    for (i, &n) in index.iter_mut().zip(shape).rev() {
        *i += 1;
        if *i < n {
            return;
        }
        *i = 0;
    }
}

/// For each index of `shape`, in row-major order: the sum of index times stride.
pub(super) fn offsets(shape: &[usize], strides: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    let mut next = || {
        let offset = index.iter().zip(strides).map(|(i, s)| i * s).sum();
        advance(&mut index, shape);
        offset
    };
    (0..shape.iter().product()).map(|_| next()).collect()
}
