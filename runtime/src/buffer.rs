//! Bytes at addresses that are multiples of 64, so that every element type and every vector width
//! can be read from the start. A failed allocation is an error, never the end of the process.
#![allow(unsafe_code, reason = "owns raw memory")]

use core::ptr::NonNull;
use core::slice;
use std::alloc::{self, Layout};

/// What every buffer, arena block and tape starts at a multiple of: a cache line, and the widest
/// vector register.
pub const ALIGN: usize = 64;

/// Owned bytes, aligned to [`ALIGN`].
pub struct Buffer {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: a buffer owns its memory alone, like a `Box<[u8]>`.
unsafe impl Send for Buffer {}
// SAFETY: shared references only read.
unsafe impl Sync for Buffer {}

/// Element types that a buffer can be seen as.
///
/// # Safety
/// Every bit pattern is a value, there is no padding, and the alignment divides [`ALIGN`].
pub unsafe trait Plain: Copy + 'static {}

// SAFETY: plain numbers.
unsafe impl Plain for u8 {}
// SAFETY: plain numbers.
unsafe impl Plain for i64 {}
// SAFETY: plain numbers.
unsafe impl Plain for f32 {}
// SAFETY: plain numbers.
unsafe impl Plain for f64 {}

impl Buffer {
    /// `len` bytes of 0; `None` when there is no memory for them.
    pub fn zeroed(len: usize) -> Option<Buffer> {
        Buffer::allocate(len, true)
    }

    /// `len` bytes that nobody has written (in debug builds: a pattern that shows).
    ///
    /// # Safety
    /// All of them are written before any is read.
    pub unsafe fn unwritten(len: usize) -> Option<Buffer> {
        let buffer = Buffer::allocate(len, false)?;
        if cfg!(debug_assertions) {
            // SAFETY: the memory has `len` bytes.
            unsafe { buffer.start.as_ptr().write_bytes(0xA5, len) };
        }
        Some(buffer)
    }

    /// The address of the first byte, for others to write to.
    pub fn start(&mut self) -> *mut u8 {
        self.start.as_ptr()
    }

    /// A copy of the bytes of `elements`.
    pub fn from_slice<T: Plain>(elements: &[T]) -> Option<Buffer> {
        let buffer = Buffer::allocate(size_of_val(elements), false)?;
        // SAFETY: both have `len` bytes, and the new buffer is not part of `elements`.
        unsafe { elements.as_ptr().cast::<u8>().copy_to_nonoverlapping(buffer.start.as_ptr(), buffer.len) };
        Some(buffer)
    }

    /// Memory of `len` bytes, whose content is undefined unless `zero`: the caller fills it before
    /// it is read.
    fn allocate(len: usize, zero: bool) -> Option<Buffer> {
        if len == 0 {
            // SAFETY: ALIGN is not 0.
            return Some(Buffer { start: unsafe { NonNull::new_unchecked(ALIGN as *mut u8) }, len });
        }
        let layout = layout(len)?;
        // SAFETY: the layout has a size above 0.
        let start = unsafe { if zero { alloc::alloc_zeroed(layout) } else { alloc::alloc(layout) } };
        NonNull::new(start).map(|start| Buffer { start, len })
    }

    /// Number of bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes as elements; a rest that does not fill one is left out.
    pub fn as_slice<T: Plain>(&self) -> &[T] {
        // SAFETY: the memory is initialised, aligned to 64, and any bytes make a `T` (contract of
        // `Plain`).
        unsafe { slice::from_raw_parts(self.start.as_ptr().cast(), self.len / size_of::<T>()) }
    }

    /// The bytes as elements that can be written.
    pub fn as_mut_slice<T: Plain>(&mut self) -> &mut [T] {
        // SAFETY: as for `as_slice`; the borrow of `self` is exclusive.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr().cast(), self.len / size_of::<T>()) }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.len != 0
            && let Some(layout) = layout(self.len)
        {
            // SAFETY: allocated with this very layout.
            unsafe { alloc::dealloc(self.start.as_ptr(), layout) };
        }
    }
}

fn layout(len: usize) -> Option<Layout> {
    Layout::from_size_align(len, ALIGN).ok()
}

/// A block of `len` bytes with undefined content for the arena or a tape; null when there is no
/// memory or `len` is 0.
pub(crate) fn allocate_raw(len: usize) -> *mut u8 {
    match layout(len) {
        // SAFETY: the size is above 0.
        Some(layout) if len != 0 => unsafe { alloc::alloc(layout) },
        _ => core::ptr::null_mut(),
    }
}

/// Frees a block.
///
/// # Safety
/// `start` is null, or came from [`allocate_raw`] with the same `len` and was not freed.
pub(crate) unsafe fn free_raw(start: *mut u8, len: usize) {
    if !start.is_null()
        && let Some(layout) = layout(len)
    {
        // SAFETY: the contract above.
        unsafe { alloc::dealloc(start, layout) };
    }
}
