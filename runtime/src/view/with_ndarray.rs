//! Arrays of the crate `ndarray`, at whatever strides they have.

use super::{Scalar, View, ViewMut};
use ndarray::{ArrayBase, Data, DataMut, Dim, Dimension, Ix};

fn axes<const R: usize>(strides: &[isize]) -> [isize; R] {
    core::array::from_fn(|axis| strides[axis])
}

impl<'a, T: Scalar, S: Data<Elem = T>, const R: usize> From<&'a ArrayBase<S, Dim<[Ix; R]>>> for View<'a, T, R>
where
    Dim<[Ix; R]>: Dimension,
{
    fn from(array: &'a ArrayBase<S, Dim<[Ix; R]>>) -> Self {
        let dims = core::array::from_fn(|axis| array.shape()[axis]);
        // SAFETY: shape and strides of a live array, borrowed for as long as the view.
        unsafe { View::from_raw(array.as_ptr(), dims, axes(array.strides())) }
    }
}

impl<'a, T: Scalar, S: DataMut<Elem = T>, const R: usize> From<&'a mut ArrayBase<S, Dim<[Ix; R]>>> for ViewMut<'a, T, R>
where
    Dim<[Ix; R]>: Dimension,
{
    fn from(array: &'a mut ArrayBase<S, Dim<[Ix; R]>>) -> Self {
        let dims = core::array::from_fn(|axis| array.shape()[axis]);
        // First: it may give a shared array memory of its own, with other strides.
        let start = array.as_mut_ptr();
        // SAFETY: shape and strides of a live array, borrowed exclusively for as long as the view.
        unsafe { ViewMut::from_raw(start, dims, axes(array.strides())) }
    }
}
