//! Where a function of the host puts its result: elements of one type in a row.
#![allow(unsafe_code, reason = "writes to the memory of compiled code")]

use super::leaf::Leaf;
use crate::array::{Array, DType, element_count};
use core::marker::PhantomData;

/// Room for some elements.
pub struct Place<'a> {
    start: *mut u8,
    dtype: DType,
    count: usize,
    memory: PhantomData<&'a mut u8>,
}

impl Place<'_> {
    /// Room for `count` elements.
    ///
    /// # Safety
    /// For the life of the place the memory can be written and is used by nobody else.
    pub(crate) unsafe fn new(start: *mut u8, dtype: DType, count: usize) -> Self {
        Place { start, dtype, count, memory: PhantomData }
    }

    /// The elements of an array.
    pub fn of(array: &mut Array) -> Place<'_> {
        Place { dtype: array.dtype(), count: array.len(), start: array.start(), memory: PhantomData }
    }

    /// Takes the elements of all leaves, one leaf after another. Floats become floats of the type of the place; other
    /// elements must be of it. The error is how many there are, if they are not as many as there is room for, and
    /// whether they fit.
    pub fn take(self, leaves: &[Leaf<'_>]) -> Result<(), String> {
        let found: usize =
            leaves.iter().map(|leaf| element_count(leaf.dims()).unwrap_or(usize::MAX)).fold(0, usize::saturating_add);
        if found != self.count {
            return Err(format!("it gives {found} elements instead of {}", self.count));
        }
        let is_float = |dtype| matches!(dtype, DType::F64 | DType::F32);
        let fits = |leaf: &Leaf<'_>| leaf.dtype() == self.dtype || is_float(leaf.dtype()) && is_float(self.dtype);
        if !leaves.iter().all(fits) {
            return Err("it gives elements of another type".into());
        }
        let mut at = 0;
        for leaf in leaves {
            let array = leaf.to_array().ok_or("there is no memory for its result")?;
            let bytes = self.dtype.size();
            for k in 0..array.len() {
                let element = &array.bytes()[k * array.dtype().size()..][..array.dtype().size()];
                let mut word = [0; 8];
                word[..element.len()].copy_from_slice(element);
                let word = match (array.dtype(), self.dtype) {
                    (DType::F64, DType::F32) => u64::from((f64::from_le_bytes(word) as f32).to_bits()),
                    (DType::F32, DType::F64) => f64::from(f32::from_bits(u64::from_le_bytes(word) as u32)).to_bits(),
                    (_, _) => u64::from_le_bytes(word),
                };
                let word = word.to_le_bytes();
                // SAFETY: `at` is below the number of elements that there is room for.
                unsafe { word.as_ptr().copy_to_nonoverlapping(self.start.add(at * bytes), bytes) };
                at += 1;
            }
        }
        Ok(())
    }
}
