//! Arrays that come out of a call.

use super::{Scalar, View, ViewMut};
use adl_runtime::array::element_count;
use std::fmt;
use std::ops::{Index, IndexMut};

/// An array with `R` axes whose rows lie one after another.
///
/// ```
/// use adl_compiler::Array;
/// let mut a = Array::new([2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
/// assert_eq!((a[[1, 0]], a.dims(), a.get([2, 0])), (4.0, [2, 3], None));
/// a[[0, 2]] = 7.0;
/// assert_eq!(a.into_data(), [1.0, 2.0, 7.0, 4.0, 5.0, 6.0]);
/// assert_eq!(Array::from([[1.0, 2.0], [3.0, 4.0]]).data()[2], 3.0);
/// ```
#[derive(Clone, PartialEq)]
pub struct Array<T, const R: usize> {
    dims: [usize; R],
    data: Vec<T>,
}

impl<T: Scalar, const R: usize> Array<T, R> {
    /// An array of these elements, row by row; `None` if the shape asks for another number of them.
    pub fn new(dims: [usize; R], data: Vec<T>) -> Option<Self> {
        (element_count(&dims) == Some(data.len())).then_some(Array { dims, data })
    }

    /// An array of zeros (`false`); `None` when there is no memory.
    ///
    /// ```
    /// assert_eq!(adl_compiler::Array::<f64, 2>::zeros([2, 2]).unwrap().data(), [0.0; 4]);
    /// ```
    pub fn zeros(dims: [usize; R]) -> Option<Self> {
        Some(Array { dims, data: zeros(element_count(&dims)?)? })
    }

    /// The size of each axis.
    pub fn dims(&self) -> [usize; R] {
        self.dims
    }

    /// The elements, row by row.
    pub fn data(&self) -> &[T] {
        &self.data
    }

    /// The elements for writing.
    pub fn data_mut(&mut self) -> &mut [T] {
        &mut self.data
    }

    /// The elements, row by row.
    pub fn into_data(self) -> Vec<T> {
        self.data
    }

    fn place(&self, index: [usize; R]) -> Option<usize> {
        let inside = index.iter().zip(&self.dims).all(|(i, n)| i < n);
        inside.then(|| index.iter().zip(&self.dims).fold(0, |at, (&i, &n)| at * n + i))
    }

    /// An element; `None` outside of the shape, where `a[[i, j]]` panics.
    pub fn get(&self, index: [usize; R]) -> Option<T> {
        self.place(index).map(|at| self.data[at])
    }
}

/// Zeros; `None` when there is no memory.
pub(super) fn zeros<T: Scalar>(count: usize) -> Option<Vec<T>> {
    // Memory of zeros straight from the system, once it is known that there is some.
    Vec::<T>::new().try_reserve_exact(count).ok()?;
    Some(vec![T::default(); count])
}

impl<T: Scalar, const R: usize> Index<[usize; R]> for Array<T, R> {
    type Output = T;
    /// An element; panics outside of the shape, as slices do.
    fn index(&self, index: [usize; R]) -> &T {
        match self.place(index) {
            Some(at) => &self.data[at],
            None => panic!("the index {index:?} is outside of the shape {:?}", self.dims),
        }
    }
}

impl<T: Scalar, const R: usize> IndexMut<[usize; R]> for Array<T, R> {
    fn index_mut(&mut self, index: [usize; R]) -> &mut T {
        match self.place(index) {
            Some(at) => &mut self.data[at],
            None => panic!("the index {index:?} is outside of the shape {:?}", self.dims),
        }
    }
}

impl<T: Scalar, const R: usize> fmt::Debug for Array<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Array{:?}{:?}", self.dims, self.data)
    }
}

impl<'a, T: Scalar, const R: usize> From<&'a Array<T, R>> for View<'a, T, R> {
    fn from(array: &'a Array<T, R>) -> Self {
        View::new(&array.data, array.dims).expect("an array has as many elements as its shape asks for")
    }
}

impl<'a, T: Scalar, const R: usize> From<&'a mut Array<T, R>> for ViewMut<'a, T, R> {
    fn from(array: &'a mut Array<T, R>) -> Self {
        ViewMut::new(&mut array.data, array.dims).expect("an array has as many elements as its shape asks for")
    }
}

impl<T: Scalar, const N: usize, const M: usize> From<[[T; M]; N]> for Array<T, 2> {
    fn from(rows: [[T; M]; N]) -> Self {
        Array { dims: [N, M], data: rows.as_flattened().to_vec() }
    }
}
