//! Columns and matrices of the crate `faer`, at whatever strides they have.

use super::{Scalar, View, ViewMut};
use faer::{Col, ColMut, ColRef, Mat, MatMut, MatRef};

impl<'a, T: Scalar> From<MatRef<'a, T>> for View<'a, T, 2> {
    fn from(matrix: MatRef<'a, T>) -> Self {
        let (dims, strides) = ([matrix.nrows(), matrix.ncols()], [matrix.row_stride(), matrix.col_stride()]);
        // SAFETY: shape and strides of a view that lives as long.
        unsafe { View::from_raw(matrix.as_ptr(), dims, strides) }
    }
}

impl<'a, T: Scalar> From<ColRef<'a, T>> for View<'a, T, 1> {
    fn from(column: ColRef<'a, T>) -> Self {
        // SAFETY: shape and stride of a view that lives as long.
        unsafe { View::from_raw(column.as_ptr(), [column.nrows()], [column.row_stride()]) }
    }
}

impl<'a, T: Scalar> From<MatMut<'a, T>> for ViewMut<'a, T, 2> {
    fn from(matrix: MatMut<'a, T>) -> Self {
        let (dims, strides) = ([matrix.nrows(), matrix.ncols()], [matrix.row_stride(), matrix.col_stride()]);
        // SAFETY: shape and strides of an exclusive view that lives as long.
        unsafe { ViewMut::from_raw(matrix.as_ptr_mut(), dims, strides) }
    }
}

impl<'a, T: Scalar> From<ColMut<'a, T>> for ViewMut<'a, T, 1> {
    fn from(column: ColMut<'a, T>) -> Self {
        let (n, stride) = (column.nrows(), column.row_stride());
        // SAFETY: shape and stride of an exclusive view that lives as long.
        unsafe { ViewMut::from_raw(column.as_ptr_mut(), [n], [stride]) }
    }
}

/// What is borrowed from an owner, or from a view that stays the caller's.
macro_rules! borrowed {
    ($($from:ty => $view:ident, $rank:literal, $of:ident;)*) => {
        $(impl<'a, T: Scalar> From<$from> for $view<'a, T, $rank> {
            fn from(matrix: $from) -> Self {
                matrix.$of().into()
            }
        })*
    };
}

borrowed! {
    &'a Mat<T> => View, 2, as_ref;
    &'a Col<T> => View, 1, as_ref;
    &'a mut Mat<T> => ViewMut, 2, as_mut;
    &'a mut Col<T> => ViewMut, 1, as_mut;
    &'a MatRef<'_, T> => View, 2, as_ref;
    &'a ColRef<'_, T> => View, 1, as_ref;
    &'a mut MatMut<'_, T> => ViewMut, 2, as_mut;
    &'a mut ColMut<'_, T> => ViewMut, 1, as_mut;
}
