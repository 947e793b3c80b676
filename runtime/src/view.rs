//! Views of the host's memory: where the elements of a scalar or array are, without a copy. Compiled code reads and
//! writes arrays without gaps, in any [`Order`] of their axes that it is compiled for ([`Leaf::turned`]); a view with
//! other strides is copied on its way in or out ([`Leaf::dense`], [`LeafMut::collect`]).
#![allow(unsafe_code, reason = "reads and writes the memory of the host by address and strides")]

mod leaf;
mod order;
mod place;
#[cfg(feature = "faer")]
mod with_faer;
#[cfg(feature = "nalgebra")]
mod with_nalgebra;
#[cfg(feature = "ndarray")]
mod with_ndarray;

pub use leaf::{Leaf, LeafMut, Scratch};
pub use order::Order;
pub use place::Place;

use crate::array::{DType, element_count};
use core::fmt;
use core::marker::PhantomData;

/// Rust types that are scalars and elements of arrays.
///
/// # Safety
/// The type has the size that [`DType::size`] says, no padding, and whatever compiled code writes for its element type
/// is a value of it.
pub unsafe trait Scalar: Copy + Default + fmt::Debug + PartialEq + Send + Sync + 'static {
    /// The element type.
    const DTYPE: DType;

    /// The value as the low bits of a word.
    fn bits(self) -> u64;

    /// The value with these low bits.
    fn of_bits(bits: u64) -> Self;
}

// SAFETY: a plain number.
unsafe impl Scalar for f64 {
    const DTYPE: DType = DType::F64;
    #[inline]
    fn bits(self) -> u64 {
        self.to_bits()
    }
    #[inline]
    fn of_bits(bits: u64) -> Self {
        f64::from_bits(bits)
    }
}

// SAFETY: a plain number.
unsafe impl Scalar for f32 {
    const DTYPE: DType = DType::F32;
    #[inline]
    fn bits(self) -> u64 {
        u64::from(self.to_bits())
    }
    #[inline]
    fn of_bits(bits: u64) -> Self {
        f32::from_bits(bits as u32)
    }
}

// SAFETY: a plain number.
unsafe impl Scalar for i64 {
    const DTYPE: DType = DType::I64;
    #[inline]
    fn bits(self) -> u64 {
        self as u64
    }
    #[inline]
    fn of_bits(bits: u64) -> Self {
        bits as i64
    }
}

// SAFETY: one byte; compiled code writes 0 or 1.
unsafe impl Scalar for bool {
    const DTYPE: DType = DType::Bool;
    #[inline]
    fn bits(self) -> u64 {
        u64::from(self)
    }
    #[inline]
    fn of_bits(bits: u64) -> Self {
        bits & 1 != 0
    }
}

/// An array of the host with `R` axes, to read. Elements may lie at any strides.
///
/// ```
/// use adl_runtime::view::View;
/// let numbers = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
/// let columns = View::strided(&numbers, [3, 2], [1, 3]).unwrap();
/// assert_eq!(columns.get([2, 1]), Some(6.0));
/// assert_eq!(columns.to_vec(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
/// assert_eq!(View::new(&numbers, [6]).unwrap().as_slice(), Some(&numbers[..]));
/// ```
#[derive(Clone, Copy)]
pub struct View<'a, T, const R: usize> {
    start: *const T,
    dims: [usize; R],
    /// In elements, of any sign.
    strides: [isize; R],
    memory: PhantomData<&'a [T]>,
}

// SAFETY: as a shared slice.
unsafe impl<T: Sync, const R: usize> Send for View<'_, T, R> {}
// SAFETY: as a shared slice.
unsafe impl<T: Sync, const R: usize> Sync for View<'_, T, R> {}

impl<'a, T: Scalar, const R: usize> View<'a, T, R> {
    /// Rows one after another; `None` if the shape asks for another number of elements.
    pub fn new(data: &'a [T], dims: [usize; R]) -> Option<Self> {
        let fits = element_count(&dims) == Some(data.len());
        fits.then(|| View { start: data.as_ptr(), dims, strides: dense_strides(&dims), memory: PhantomData })
    }

    /// Elements at strides, the first one at the start of `data`; `None` if one would lie outside.
    pub fn strided(data: &'a [T], dims: [usize; R], strides: [usize; R]) -> Option<Self> {
        element_count(&dims)?;
        if !dims.contains(&0) {
            let steps = dims.iter().zip(&strides).map(|(&n, &s)| (n - 1).checked_mul(s));
            let last = steps.into_iter().try_fold(0usize, |sum, step| sum.checked_add(step?))?;
            if last >= data.len() {
                return None;
            }
        }
        let strides = strides.map(|s| s as isize);
        Some(View { start: data.as_ptr(), dims, strides, memory: PhantomData })
    }

    /// From an address.
    ///
    /// # Safety
    /// For `'a`, every position within `dims` lies, at these strides, in memory that can be read and is not written.
    pub unsafe fn from_raw(start: *const T, dims: [usize; R], strides: [isize; R]) -> Self {
        View { start, dims, strides, memory: PhantomData }
    }

    /// The size of each axis.
    pub fn dims(&self) -> [usize; R] {
        self.dims
    }

    /// Whether rows lie one after another, so that compiled code reads them where they are.
    pub fn is_dense(&self) -> bool {
        is_dense(&self.dims, &self.strides)
    }

    /// The view of a leaf of this type and rank.
    pub fn of(leaf: &Leaf<'a>) -> Option<Self> {
        let dims: [usize; R] = leaf.dims().try_into().ok()?;
        let (start, strides) = (leaf.dtype() == T::DTYPE).then(|| leaf.start())??;
        let strides = strides.map_or_else(|| dense_strides(&dims), |s| core::array::from_fn(|axis| s[axis]));
        Some(View { start: start.cast(), dims, strides, memory: PhantomData })
    }

    /// The elements, row by row.
    pub fn to_vec(&self) -> Vec<T> {
        let count = element_count(&self.dims).unwrap_or(0);
        let mut rest = [0; R];
        let mut all = Vec::with_capacity(count);
        for _ in 0..count {
            all.extend(self.get(rest));
            for axis in (0..R).rev() {
                rest[axis] += 1;
                if rest[axis] < self.dims[axis] {
                    break;
                }
                rest[axis] = 0;
            }
        }
        all
    }

    /// The elements where they are, if rows lie one after another.
    pub fn as_slice(&self) -> Option<&'a [T]> {
        let count = element_count(&self.dims).unwrap_or(0);
        if count == 0 {
            return Some(&[]);
        }
        // SAFETY: dense, so all positions lie in a row; the contract of the view.
        self.is_dense().then(|| unsafe { core::slice::from_raw_parts(self.start, count) })
    }

    /// An element; `None` outside of the shape.
    pub fn get(&self, index: [usize; R]) -> Option<T> {
        let inside = index.iter().zip(&self.dims).all(|(i, n)| i < n);
        let offset: isize = index.iter().zip(&self.strides).map(|(&i, &s)| i as isize * s).sum();
        // SAFETY: the index is within the shape; the rest is the contract of the view.
        inside.then(|| unsafe { self.start.offset(offset).read() })
    }

    /// The view without its type.
    #[inline]
    pub fn leaf(&self) -> Leaf<'_> {
        // SAFETY: the contract of the view; the leaf borrows it.
        unsafe { Leaf::array(T::DTYPE, &self.dims, &self.strides, self.start.cast()) }
    }
}

impl<T: Scalar, const R: usize> fmt::Debug for View<'_, T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "View<{}>{:?}", T::DTYPE, self.dims)
    }
}

/// An array of the host with `R` axes, to write results to. Elements may lie at any strides.
///
/// ```
/// use adl_runtime::view::ViewMut;
/// let mut memory = [0.0; 6];
/// let columns = ViewMut::strided(&mut memory, [3, 2], [1, 3]).unwrap();
/// assert_eq!(columns.dims(), [3, 2]);
/// // Two elements at one place.
/// assert!(ViewMut::strided(&mut memory, [3, 2], [1, 1]).is_none());
/// ```
pub struct ViewMut<'a, T, const R: usize> {
    start: *mut T,
    dims: [usize; R],
    strides: [isize; R],
    memory: PhantomData<&'a mut [T]>,
}

// SAFETY: as an exclusive slice.
unsafe impl<T: Send, const R: usize> Send for ViewMut<'_, T, R> {}
// SAFETY: as an exclusive slice.
unsafe impl<T: Sync, const R: usize> Sync for ViewMut<'_, T, R> {}

impl<'a, T: Scalar, const R: usize> ViewMut<'a, T, R> {
    /// Rows one after another; `None` if the shape asks for another number of elements.
    pub fn new(data: &'a mut [T], dims: [usize; R]) -> Option<Self> {
        let fits = element_count(&dims) == Some(data.len());
        let start = data.as_mut_ptr();
        fits.then(|| ViewMut { start, dims, strides: dense_strides(&dims), memory: PhantomData })
    }

    /// Elements at strides, the first one at the start of `data`; `None` if one would lie outside, or two at one place.
    pub fn strided(data: &'a mut [T], dims: [usize; R], strides: [usize; R]) -> Option<Self> {
        let View { dims, strides, .. } = View::strided(data, dims, strides)?;
        let mut order: [usize; R] = core::array::from_fn(|axis| axis);
        order.sort_by_key(|&axis| strides[axis]);
        // Each axis steps over all that the smaller ones reach.
        let mut reach = 0isize;
        for axis in order.into_iter().filter(|&axis| dims[axis] > 1) {
            if strides[axis] <= reach {
                return None;
            }
            reach += strides[axis] * (dims[axis] - 1) as isize;
        }
        Some(ViewMut { start: data.as_mut_ptr(), dims, strides, memory: PhantomData })
    }

    /// From an address.
    ///
    /// # Safety
    /// For `'a`, the positions within `dims` lie, at these strides, in memory that nobody else uses, each at a place of
    /// its own.
    pub unsafe fn from_raw(start: *mut T, dims: [usize; R], strides: [isize; R]) -> Self {
        ViewMut { start, dims, strides, memory: PhantomData }
    }

    /// The size of each axis.
    pub fn dims(&self) -> [usize; R] {
        self.dims
    }

    /// The view without its type.
    #[inline]
    pub fn leaf(&mut self) -> LeafMut<'_> {
        // SAFETY: the contract of the view; the leaf borrows it exclusively.
        unsafe { LeafMut::array(T::DTYPE, &self.dims, &self.strides, self.start.cast()) }
    }
}

/// The strides of rows one after another.
fn dense_strides<const R: usize>(dims: &[usize; R]) -> [isize; R] {
    let mut strides = [1isize; R];
    for axis in (1..R).rev() {
        strides[axis - 1] = strides[axis].wrapping_mul(dims[axis] as isize);
    }
    strides
}

/// Whether rows lie one after another. The stride of an axis of one entry does not matter.
fn is_dense(dims: &[usize], strides: &[isize]) -> bool {
    let mut expected = 1isize;
    for (&n, &stride) in dims.iter().zip(strides).rev() {
        if n != 1 && stride != expected && !dims.contains(&0) {
            return false;
        }
        expected = expected.wrapping_mul(n as isize);
    }
    true
}

/// The one-dimensional sources of the standard library.
macro_rules! vectors {
    ($($from:ty, $to:ident $(, [$($generics:tt)*])?;)*) => {
        $(impl<'a, T: Scalar $(, $($generics)*)?> From<$from> for $to<'a, T, 1> {
            #[inline]
            fn from(data: $from) -> Self {
                vectors!(@ $to, data)
            }
        })*
    };
    (@ View, $data:ident) => { View { start: $data.as_ptr(), dims: [$data.len()], strides: [1], memory: PhantomData } };
    (@ ViewMut, $data:ident) => {
        ViewMut { dims: [$data.len()], start: $data.as_mut_ptr(), strides: [1], memory: PhantomData }
    };
}

vectors! {
    &'a [T], View;
    &'a Vec<T>, View;
    &'a [T; N], View, [const N: usize];
    &'a mut [T], ViewMut;
    &'a mut Vec<T>, ViewMut;
    &'a mut [T; N], ViewMut, [const N: usize];
}

impl<'a, T: Scalar, const N: usize, const M: usize> From<&'a [[T; M]; N]> for View<'a, T, 2> {
    fn from(rows: &'a [[T; M]; N]) -> Self {
        View { start: rows.as_flattened().as_ptr(), dims: [N, M], strides: [M as isize, 1], memory: PhantomData }
    }
}

impl<'a, T: Scalar, const N: usize, const M: usize> From<&'a mut [[T; M]; N]> for ViewMut<'a, T, 2> {
    fn from(rows: &'a mut [[T; M]; N]) -> Self {
        let start = rows.as_flattened_mut().as_mut_ptr();
        ViewMut { start, dims: [N, M], strides: [M as isize, 1], memory: PhantomData }
    }
}
