//! Vectors and matrices of the crate `nalgebra`, which lie column by column. A matrix of one column is a vector too.

use super::{Scalar, View, ViewMut};
use nalgebra::{Dim, Matrix, RawStorage, RawStorageMut, U1};

impl<'a, T: Scalar, R: Dim, C: Dim, S: RawStorage<T, R, C>> From<&'a Matrix<T, R, C, S>> for View<'a, T, 2> {
    fn from(matrix: &'a Matrix<T, R, C, S>) -> Self {
        let (rows, columns) = matrix.shape();
        let (down, across) = matrix.strides();
        // SAFETY: shape and strides of a live matrix, borrowed for as long as the view.
        unsafe { View::from_raw(matrix.as_ptr(), [rows, columns], [down as isize, across as isize]) }
    }
}

impl<'a, T: Scalar, R: Dim, S: RawStorage<T, R, U1>> From<&'a Matrix<T, R, U1, S>> for View<'a, T, 1> {
    fn from(vector: &'a Matrix<T, R, U1, S>) -> Self {
        // SAFETY: as for a matrix.
        unsafe { View::from_raw(vector.as_ptr(), [vector.nrows()], [vector.strides().0 as isize]) }
    }
}

impl<'a, T: Scalar, R: Dim, C: Dim, S: RawStorageMut<T, R, C>> From<&'a mut Matrix<T, R, C, S>> for ViewMut<'a, T, 2> {
    fn from(matrix: &'a mut Matrix<T, R, C, S>) -> Self {
        let (rows, columns) = matrix.shape();
        let (down, across) = matrix.strides();
        // SAFETY: shape and strides of a live matrix, borrowed exclusively for as long as the view.
        unsafe { ViewMut::from_raw(matrix.as_mut_ptr(), [rows, columns], [down as isize, across as isize]) }
    }
}

impl<'a, T: Scalar, R: Dim, S: RawStorageMut<T, R, U1>> From<&'a mut Matrix<T, R, U1, S>> for ViewMut<'a, T, 1> {
    fn from(vector: &'a mut Matrix<T, R, U1, S>) -> Self {
        let (n, stride) = (vector.nrows(), vector.strides().0 as isize);
        // SAFETY: as for a matrix.
        unsafe { ViewMut::from_raw(vector.as_mut_ptr(), [n], [stride]) }
    }
}
