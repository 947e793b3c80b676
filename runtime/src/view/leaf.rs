//! Views without their types: what a call takes and where it puts its results, in a row.

use super::order::Order;
use super::{Scalar, is_dense};
use crate::abi::PrintValue;
use crate::array::{Array, DType, element_count};
use core::marker::PhantomData;

/// A scalar or array that a call takes.
#[derive(Clone, Copy)]
pub struct Leaf<'a> {
    dtype: DType,
    dims: &'a [usize],
    data: Data<'a>,
}

#[derive(Clone, Copy)]
enum Data<'a> {
    /// The bits of a scalar.
    Scalar(u64),
    /// Rows one after another.
    Dense(*const u8, PhantomData<&'a u8>),
    /// Elements at strides.
    Strided(*const u8, &'a [isize]),
}

/// Where a result goes.
pub struct LeafMut<'a> {
    dtype: DType,
    dims: &'a [usize],
    start: *mut u8,
    /// Unless rows lie one after another.
    strides: Option<&'a [isize]>,
    memory: PhantomData<&'a mut u8>,
}

/// Memory for what is made of an array that is not dense: a copy, or the shape in which it is; kept for the next call.
#[derive(Default)]
pub struct Scratch {
    words: Vec<u64>,
    dims: Vec<usize>,
}

impl Scratch {
    /// Room for so many bytes; `None` when there is no memory.
    fn room(&mut self, bytes: usize) -> Option<*mut u8> {
        let words = bytes.div_ceil(8);
        if words > self.words.len() {
            self.words.try_reserve(words - self.words.len()).ok()?;
            self.words.resize(words, 0);
        }
        Some(self.words.as_mut_ptr().cast())
    }

    /// The sizes of axes in another order.
    fn turned(&mut self, dims: &[usize], order: &Order) -> &[usize] {
        self.dims.clear();
        self.dims.extend(order.axes().map(|axis| dims[axis]));
        &self.dims
    }
}

impl<'a> Leaf<'a> {
    /// A scalar.
    #[inline]
    pub fn scalar<T: Scalar>(value: T) -> Leaf<'a> {
        Leaf { dtype: T::DTYPE, dims: &[], data: Data::Scalar(value.bits()) }
    }

    /// Elements at strides.
    ///
    /// # Safety
    /// For `'a`, every position within `dims` lies, at these strides,
    /// in memory of that type that can be read and is not written.
    #[inline]
    pub(super) unsafe fn array(dtype: DType, dims: &'a [usize], strides: &'a [isize], start: *const u8) -> Leaf<'a> {
        let data =
            if is_dense(dims, strides) { Data::Dense(start, PhantomData) } else { Data::Strided(start, strides) };
        Leaf { dtype, dims, data }
    }

    /// A value that compiled code shows; `None` for an element type that there is not.
    ///
    /// # Safety
    /// For `'a`, its `dims` and `data` can be read at their full size.
    pub(crate) unsafe fn shown(value: &PrintValue) -> Option<Leaf<'a>> {
        let dtype = DType::from_code(value.dtype)?;
        if value.rank == 0 {
            let mut word = [0; 8];
            // SAFETY: the contract above; a scalar has as many bytes.
            unsafe { value.data.copy_to_nonoverlapping(word.as_mut_ptr(), dtype.size()) };
            return Some(Leaf { dtype, dims: &[], data: Data::Scalar(u64::from_le_bytes(word)) });
        }
        // SAFETY: the contract above; sizes are not negative, and `usize` has as many bits.
        let dims = unsafe { core::slice::from_raw_parts(value.dims.cast(), value.rank as usize) };
        Some(Leaf { dtype, dims, data: Data::Dense(value.data, PhantomData) })
    }

    /// Element type.
    #[inline]
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Size of each axis.
    #[inline]
    pub fn dims(&self) -> &'a [usize] {
        self.dims
    }

    /// Where the elements of an array are, and their strides unless rows lie one after another.
    pub(super) fn start(&self) -> Option<(*const u8, Option<&'a [isize]>)> {
        match self.data {
            Data::Scalar(_) => None,
            Data::Dense(start, _) => Some((start, None)),
            Data::Strided(start, strides) => Some((start, Some(strides))),
        }
    }

    /// The value of a scalar of this type.
    pub fn value<T: Scalar>(&self) -> Option<T> {
        match self.data {
            Data::Scalar(bits) if self.dtype == T::DTYPE => Some(T::of_bits(bits)),
            _ => None,
        }
    }

    /// The value of a whole number.
    pub fn whole(&self) -> Option<i64> {
        match self.data {
            Data::Scalar(bits) if self.dtype == DType::I64 => Some(bits as i64),
            _ => None,
        }
    }

    /// What compiled code takes for it: the bits of a scalar, the address of an array whose rows lie one after another.
    #[inline]
    pub fn word(&self) -> Option<u64> {
        match self.data {
            Data::Scalar(bits) => Some(bits),
            Data::Dense(start, _) => Some(start.expose_provenance() as u64),
            Data::Strided(..) => None,
        }
    }

    /// Whether compiled code can read it where it is.
    #[inline]
    pub fn is_dense(&self) -> bool {
        !matches!(self.data, Data::Strided(..))
    }

    /// The order of the axes in memory, if it is another than that of the array and there are no gaps.
    #[inline]
    pub fn order(&self) -> Option<Order> {
        match self.data {
            Data::Strided(_, strides) => Order::of(self.dims, strides),
            Data::Scalar(_) | Data::Dense(..) => None,
        }
    }

    /// The array as it lies in memory, where it is: a matrix by columns is its transpose by rows.
    pub fn turned<'b>(&self, scratch: &'b mut Scratch) -> Option<Leaf<'b>>
    where
        'a: 'b,
    {
        let (Data::Strided(start, _), Some(order)) = (self.data, self.order()) else {
            return None;
        };
        Some(Leaf { dtype: self.dtype, dims: scratch.turned(self.dims, &order), data: Data::Dense(start, PhantomData) })
    }

    /// The same elements row by row, in `scratch` unless they lie so already; `None` when there is no memory.
    pub fn dense<'b>(&self, scratch: &'b mut Scratch) -> Option<Leaf<'b>>
    where
        'a: 'b,
    {
        let Data::Strided(start, strides) = self.data else {
            return Some(*self);
        };
        let room = scratch.room(bytes(self.dtype, self.dims)?)?;
        // SAFETY: the room has a place for each element, and is not part of the array;
        // the rest is the contract of `array`.
        unsafe { each(self.dtype.size(), self.dims, strides, start, room, false) };
        Some(Leaf { dtype: self.dtype, dims: self.dims, data: Data::Dense(room, PhantomData) })
    }

    /// The elements in an array of their own; `None` when there is no memory.
    pub fn to_array(&self) -> Option<Array> {
        let mut array = Array::zeros(self.dtype, self.dims).ok()?;
        let to = array.bytes_mut();
        match self.data {
            Data::Scalar(bits) => to.copy_from_slice(&bits.to_le_bytes()[..self.dtype.size()]),
            // SAFETY: the contract of `array`; there are as many bytes.
            Data::Dense(start, _) if !to.is_empty() => unsafe {
                start.copy_to_nonoverlapping(to.as_mut_ptr(), to.len());
            },
            Data::Dense(..) => {}
            // SAFETY: as in `dense`.
            Data::Strided(start, strides) => unsafe {
                each(self.dtype.size(), self.dims, strides, start, to.as_mut_ptr(), false);
            },
        }
        Some(array)
    }
}

impl<'a> From<&'a Array> for Leaf<'a> {
    fn from(array: &'a Array) -> Leaf<'a> {
        let data = if array.rank() == 0 {
            let mut word = [0; 8];
            word.iter_mut().zip(array.bytes()).for_each(|(to, from)| *to = *from);
            Data::Scalar(u64::from_le_bytes(word))
        } else {
            Data::Dense(array.bytes().as_ptr(), PhantomData)
        };
        Leaf { dtype: array.dtype(), dims: array.shape(), data }
    }
}

impl<'a> LeafMut<'a> {
    /// A scalar.
    #[inline]
    pub fn scalar<T: Scalar>(place: &'a mut T) -> LeafMut<'a> {
        let start = core::ptr::from_mut(place).cast();
        LeafMut { dtype: T::DTYPE, dims: &[], start, strides: None, memory: PhantomData }
    }

    /// Elements at strides.
    ///
    /// # Safety
    /// For `'a`, the positions within `dims` lie, at these strides, in memory of that type
    /// that nobody else uses, each at a place of its own.
    #[inline]
    pub(super) unsafe fn array(dtype: DType, dims: &'a [usize], strides: &'a [isize], start: *mut u8) -> LeafMut<'a> {
        let strides = if is_dense(dims, strides) { None } else { Some(strides) };
        LeafMut { dtype, dims, start, strides, memory: PhantomData }
    }

    /// Element type.
    #[inline]
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Size of each axis.
    #[inline]
    pub fn dims(&self) -> &'a [usize] {
        self.dims
    }

    /// The address for compiled code, if rows lie one after another.
    #[inline]
    pub fn word(&mut self) -> Option<u64> {
        self.strides.is_none().then(|| self.start.expose_provenance() as u64)
    }

    /// Whether compiled code can write to it where it is.
    #[inline]
    pub fn is_dense(&self) -> bool {
        self.strides.is_none()
    }

    /// The order of the axes in memory, as [`Leaf::order`].
    #[inline]
    pub fn order(&self) -> Option<Order> {
        Order::of(self.dims, self.strides?)
    }

    /// The place as it lies in memory, as [`Leaf::turned`].
    pub fn turned<'b>(&'b mut self, scratch: &'b mut Scratch) -> Option<LeafMut<'b>> {
        let dims = scratch.turned(self.dims, &self.order()?);
        Some(LeafMut { dtype: self.dtype, dims, start: self.start, strides: None, memory: PhantomData })
    }

    /// A dense place for the result, in `scratch` unless this one is dense; `None` when there is no memory. What is
    /// written there comes here by [`LeafMut::collect`].
    pub fn dense<'b>(&'b mut self, scratch: &'b mut Scratch) -> Option<LeafMut<'b>> {
        let start = if self.strides.is_some() { scratch.room(bytes(self.dtype, self.dims)?)? } else { self.start };
        Some(LeafMut { dtype: self.dtype, dims: self.dims, start, strides: None, memory: PhantomData })
    }

    /// Takes what was written to `scratch` since [`LeafMut::dense`].
    pub fn collect(&mut self, scratch: &Scratch) {
        let room = bytes(self.dtype, self.dims).filter(|&n| n <= 8 * scratch.words.len());
        if let (Some(strides), Some(_)) = (self.strides, room) {
            let from = scratch.words.as_ptr().cast::<u8>().cast_mut();
            // SAFETY: the scratch has as many bytes and is not part of the array; the rest is the contract of `array`.
            unsafe { each(self.dtype.size(), self.dims, strides, self.start, from, true) };
        }
    }

    /// Takes the elements of an array of the same type and shape; `false` if it is not.
    pub fn copy_from(&mut self, array: &Array) -> bool {
        if array.dtype() != self.dtype || array.shape() != self.dims {
            return false;
        }
        let from = array.bytes();
        match self.strides {
            // SAFETY: type and shape agree, so there are as many bytes; the contract of `array`.
            None if !from.is_empty() => unsafe { from.as_ptr().copy_to_nonoverlapping(self.start, from.len()) },
            None => {}
            // SAFETY: as in `collect`; with `true` the dense side is only read.
            Some(strides) => unsafe {
                each(self.dtype.size(), self.dims, strides, self.start, from.as_ptr().cast_mut(), true);
            },
        }
        true
    }
}

impl<'a> From<&'a mut Array> for LeafMut<'a> {
    fn from(array: &'a mut Array) -> LeafMut<'a> {
        let (dtype, start) = (array.dtype(), array.start());
        LeafMut { dtype, dims: array.shape(), start, strides: None, memory: PhantomData }
    }
}

fn bytes(dtype: DType, dims: &[usize]) -> Option<usize> {
    element_count(dims).map(|count| count * dtype.size())
}

/// Copies each element between its place at strides and its place in rows: to the rows, or to the strides if `scatter`.
///
/// # Safety
/// Both sides hold every position within `dims`, in elements of `size` bytes (1, 4 or 8), and do not overlap; the side
/// that is written belongs to the caller.
unsafe fn each(size: usize, dims: &[usize], strides: &[isize], strided: *const u8, rows: *mut u8, scatter: bool) {
    if dims.contains(&0) {
        return;
    }
    let (Some((&n, outer)), Some((&step, outer_strides))) = (dims.split_last(), strides.split_last()) else {
        return;
    };
    let count: usize = outer.iter().product();
    let width = size as isize;
    for row in 0..count {
        let (mut rest, mut offset) = (row, 0isize);
        for (&n, &stride) in outer.iter().zip(outer_strides).rev() {
            offset += (rest % n) as isize * stride;
            rest /= n;
        }
        for k in 0..n {
            // SAFETY: the position is within the shape, so both addresses lie within their side.
            unsafe {
                let place = strided.offset((offset + k as isize * step) * width);
                let dense = rows.add((row * n + k) * size);
                let (from, to) = if scatter { (dense.cast_const(), place.cast_mut()) } else { (place, dense) };
                from.copy_to_nonoverlapping(to, size);
            }
        }
    }
}
