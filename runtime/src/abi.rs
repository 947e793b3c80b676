//! The calling convention of compiled code: the structures that native code and Rust share, and the
//! slow paths that native code calls. The tables in the crate's documentation say how they are
//! used.
//!
//! A slow path works on the [`Store`] of its context (chunks of the arena, tapes, the host) and
//! never unwinds.
#![allow(unsafe_code, reason = "raw pointers from native code become references here")]

use core::mem::offset_of;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::array::{Array, ArrayError, DType};
use crate::trace::Trace;
use crate::view::{Leaf, Place};
use crate::workspace::{Interrupt, Loan, OutOfMemory, Store};

/// First argument of every compiled function.
#[repr(C)]
pub struct Context {
    /// Read at back edges; true asks the code to stop.
    pub interrupt: *const AtomicBool,
    /// Lowest address that the stack may reach.
    pub stack_limit: usize,
    /// Where the next array buffer begins: a multiple of 64.
    pub arena_top: *mut u8,
    /// End of the current chunk of the arena.
    pub arena_end: *mut u8,
    /// Number of the current chunk; 0 before there is one.
    pub arena_chunk: u64,
    /// What the slow paths work on.
    pub store: *mut Store,
    /// Why the code failed, when its status is [`Status::Failed`]; of any other status the site where it stopped.
    pub failure: Failure,
    /// Rounds of loops and calls that are left, where code counts them.
    pub fuel: i64,
    /// The frame of the outermost compiled function; null where no function calls another one.
    pub base: *const u64,
}

impl Context {
    /// For code that needs neither memory of a workspace nor a host, on a stack without limit.
    #[inline]
    pub fn bare(interrupt: &Interrupt) -> Context {
        Context {
            interrupt: interrupt.flag(),
            stack_limit: 0,
            arena_top: core::ptr::null_mut(),
            arena_end: core::ptr::null_mut(),
            arena_chunk: 0,
            store: core::ptr::null_mut(),
            failure: Failure::default(),
            fuel: i64::MAX,
            base: core::ptr::null(),
        }
    }
}

/// What went wrong and where, in numbers that the compiler gave out.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure; 0 for none; [`Failure::HOST_PANICKED`]
    /// and [`Failure::HOST_REFUSED`] are the runtime's own.
    pub kind: u32,
    /// Which place in the program.
    pub site: u32,
    /// Figures for the message; a float by its bits.
    pub values: [i64; 4],
}

impl Failure {
    /// The kind that `adl_print` sets when the host panicked; [`crate::Workspace::take_panic`] has
    /// the payload.
    pub const HOST_PANICKED: u32 = u32::MAX;

    /// The kind that `adl_print` and `adl_host` set when the host did not take what it was told, or a function of it
    /// gave an error; [`crate::Workspace::take_refusal`] has its reason.
    pub const HOST_REFUSED: u32 = u32::MAX - 1;
}

/// A growing list of bytes whose cursor the compiled code keeps. Its memory belongs to the
/// [`Store`].
#[repr(C)]
#[derive(Debug)]
pub struct Tape {
    /// Start of the bytes, 64-byte aligned.
    pub base: *mut u8,
    /// How many bytes there are.
    pub capacity: usize,
}

/// An array as compiled code shows it to the host.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PrintValue {
    /// A [`DType`] by its number.
    pub dtype: u32,
    /// Number of axes; 0 for a scalar.
    pub rank: u32,
    /// `rank` sizes; may be null for a scalar.
    pub dims: *const i64,
    /// The entries, row by row.
    pub data: *const u8,
}

/// What a compiled function returns.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Finished; results are written.
    Done = 0,
    /// A check failed: see [`Context::failure`].
    Failed = 1,
    /// The interrupt was raised.
    Interrupted = 2,
    /// The stack would pass [`Context::stack_limit`].
    StackOverflow = 3,
    /// The memory limit, or the memory of the machine, does not suffice; `failure.values[0]` has
    /// the bytes asked for.
    OutOfMemory = 4,
    /// [`Context::fuel`] is used up.
    OutOfFuel = 5,
}

impl Status {
    /// The status with this number; `None` for a number that no compiled code returns.
    pub fn from_code(code: u32) -> Option<Status> {
        match code {
            0 => Some(Status::Done),
            1 => Some(Status::Failed),
            2 => Some(Status::Interrupted),
            3 => Some(Status::StackOverflow),
            4 => Some(Status::OutOfMemory),
            5 => Some(Status::OutOfFuel),
            _ => None,
        }
    }
}

/// Offset of [`Context::interrupt`].
pub const OFFSET_INTERRUPT: usize = offset_of!(Context, interrupt);
/// Offset of [`Context::stack_limit`].
pub const OFFSET_STACK_LIMIT: usize = offset_of!(Context, stack_limit);
/// Offset of [`Context::arena_top`].
pub const OFFSET_ARENA_TOP: usize = offset_of!(Context, arena_top);
/// Offset of [`Context::arena_end`].
pub const OFFSET_ARENA_END: usize = offset_of!(Context, arena_end);
/// Offset of [`Context::arena_chunk`].
pub const OFFSET_ARENA_CHUNK: usize = offset_of!(Context, arena_chunk);
/// Offset of [`Context::failure`].
pub const OFFSET_FAILURE: usize = offset_of!(Context, failure);
/// Offset of [`Failure::kind`] in a context.
pub const OFFSET_FAILURE_KIND: usize = OFFSET_FAILURE + offset_of!(Failure, kind);
/// Offset of [`Failure::site`] in a context.
pub const OFFSET_FAILURE_SITE: usize = OFFSET_FAILURE + offset_of!(Failure, site);
/// Offset of [`Failure::values`] in a context; entry `i` is `8 * i` bytes on.
pub const OFFSET_FAILURE_VALUES: usize = OFFSET_FAILURE + offset_of!(Failure, values);
/// Offset of [`Context::fuel`].
pub const OFFSET_FUEL: usize = offset_of!(Context, fuel);
/// Offset of [`Context::base`].
pub const OFFSET_BASE: usize = offset_of!(Context, base);
/// Offset of [`Tape::base`].
pub const OFFSET_TAPE_BASE: usize = offset_of!(Tape, base);
/// Offset of [`Tape::capacity`].
pub const OFFSET_TAPE_CAPACITY: usize = offset_of!(Tape, capacity);
/// Offset of [`PrintValue::dtype`].
pub const OFFSET_PRINT_DTYPE: usize = offset_of!(PrintValue, dtype);
/// Offset of [`PrintValue::rank`].
pub const OFFSET_PRINT_RANK: usize = offset_of!(PrintValue, rank);
/// Offset of [`PrintValue::dims`].
pub const OFFSET_PRINT_DIMS: usize = offset_of!(PrintValue, dims);
/// Offset of [`PrintValue::data`].
pub const OFFSET_PRINT_DATA: usize = offset_of!(PrintValue, data);
/// Size of a [`PrintValue`], the step from one to the next.
pub const SIZE_PRINT_VALUE: usize = size_of::<PrintValue>();

/// The numbers in the crate's documentation.
const _: () = {
    assert!(OFFSET_INTERRUPT == 0 && OFFSET_STACK_LIMIT == 8 && OFFSET_ARENA_TOP == 16 && OFFSET_ARENA_END == 24);
    assert!(
        OFFSET_ARENA_CHUNK == 32
            && OFFSET_FAILURE == 48
            && OFFSET_FUEL == 88
            && OFFSET_BASE == 96
            && size_of::<Context>() == 104
    );
    assert!(OFFSET_FAILURE_SITE == 52 && OFFSET_FAILURE_VALUES == 56 && size_of::<Failure>() == 40);
    assert!(OFFSET_TAPE_BASE == 0 && OFFSET_TAPE_CAPACITY == 8);
    assert!(OFFSET_PRINT_DIMS == 8 && OFFSET_PRINT_DATA == 16 && SIZE_PRINT_VALUE == 24);
};

/// A size from native code: negative counts as 0.
pub(crate) fn size(n: i64) -> usize {
    usize::try_from(n).unwrap_or(0)
}

/// True if the code that runs in `ctx` is asked to stop. For kernels that take long.
///
/// # Safety
/// `ctx` is null, or a context that [`crate::Workspace::enter`] gave and that is still in use.
pub(crate) unsafe fn interrupted(ctx: *mut Context) -> bool {
    if ctx.is_null() {
        return false;
    }
    // SAFETY: the caller promises a live context; its flag is kept alive by its workspace.
    unsafe { (*ctx).interrupt.as_ref() }.is_some_and(|flag| flag.load(Ordering::Relaxed))
}

/// Notes how many bytes were asked for, and returns [`Status::OutOfMemory`].
///
/// # Safety
/// As for [`interrupted`].
pub(crate) unsafe fn out_of_memory(ctx: *mut Context, bytes: usize) -> Status {
    if !ctx.is_null() {
        // SAFETY: the caller promises a live context.
        let (context, store) = unsafe { parts(ctx) };
        store.note_out_of_memory(context, bytes as u64);
    }
    Status::OutOfMemory
}

/// Counts bytes that a kernel is going to allocate against the limit of the workspace.
///
/// # Safety
/// As for [`interrupted`].
pub(crate) unsafe fn lend(ctx: *mut Context, bytes: usize) -> Result<Loan, OutOfMemory> {
    if ctx.is_null() {
        return Ok(Loan::default());
    }
    // SAFETY: the caller promises a live context.
    let (context, store) = unsafe { parts(ctx) };
    store.lend(context, bytes)
}

/// The two halves of a live context.
///
/// # Safety
/// `ctx` came from [`crate::Workspace::enter`], is in use by one thread, and no other reference
/// into it lives.
unsafe fn parts<'a>(ctx: *mut Context) -> (&'a mut Context, &'a mut Store) {
    // SAFETY: a workspace keeps context and store in two allocations that live as long as it does.
    unsafe { (&mut *ctx, &mut *(*ctx).store) }
}

/// A block of `bytes` in a fresh or kept chunk; null when out of memory. Afterwards bumping goes on
/// behind the block.
///
/// # Safety
/// As for all functions `adl_…` that take a context: it is the one the calling code was given.
pub unsafe extern "C" fn adl_arena_grow(ctx: *mut Context, bytes: u64) -> *mut u8 {
    // SAFETY: the contract above.
    let (context, store) = unsafe { parts(ctx) };
    store.arena_grow(context, bytes)
}

/// Goes back to a mark taken in an earlier chunk; chunks after it are kept for later.
///
/// # Safety
/// As for [`adl_arena_grow`]; `top` and `chunk` were read together from this context since it was
/// entered.
pub unsafe extern "C" fn adl_arena_release(ctx: *mut Context, top: *mut u8, chunk: u64) {
    // SAFETY: the contract above.
    let (context, store) = unsafe { parts(ctx) };
    store.arena_release(context, top, chunk);
}

/// An empty tape, with the capacity it had when it was last given back; null when out of memory.
///
/// # Safety
/// As for [`adl_arena_grow`].
pub unsafe extern "C" fn adl_tape_new(ctx: *mut Context) -> *mut Tape {
    // SAFETY: the contract above.
    let (context, store) = unsafe { parts(ctx) };
    store.tape_new(context)
}

/// Makes room for `needed` bytes in all and keeps those there are; `base` may move.
///
/// # Safety
/// As for [`adl_arena_grow`]; `tape` came from [`adl_tape_new`] on this context and is not given
/// back.
pub unsafe extern "C" fn adl_tape_grow(ctx: *mut Context, tape: *mut Tape, needed: u64) -> u32 {
    // SAFETY: the contract above.
    let (context, store) = unsafe { parts(ctx) };
    store.tape_grow(context, tape, needed) as u32
}

/// Gives a tape back to the pool.
///
/// # Safety
/// As for [`adl_tape_grow`].
pub unsafe extern "C" fn adl_tape_free(ctx: *mut Context, tape: *mut Tape) {
    // SAFETY: the contract above.
    let (_, store) = unsafe { parts(ctx) };
    store.tape_free(tape);
}

/// Notes a failure with four figures and returns [`Status::Failed`].
///
/// # Safety
/// As for [`adl_arena_grow`].
pub unsafe extern "C" fn adl_fail(ctx: *mut Context, kind: u32, site: u32, a: i64, b: i64, c: i64, d: i64) -> u32 {
    // SAFETY: the contract above.
    unsafe { (*ctx).failure = Failure { kind, site, values: [a, b, c, d] } };
    Status::Failed as u32
}

/// Notes a failure with copies of `n` arrays, for [`crate::Workspace::failure_values`], and returns
/// [`Status::Failed`]. Without memory for the copies the failure has none.
///
/// # Safety
/// As for [`adl_print`].
pub unsafe extern "C" fn adl_fail_with(
    ctx: *mut Context,
    kind: u32,
    site: u32,
    values: *const PrintValue,
    n: i64,
) -> u32 {
    // SAFETY: the contract above.
    let (context, store) = unsafe { parts(ctx) };
    context.failure = Failure { kind, site, values: [n, 0, 0, 0] };
    // SAFETY: the contract above.
    store.failure_values = unsafe { copy_values(values, n) }.unwrap_or_default();
    Status::Failed as u32
}

/// Notes where the code stops and the calls that led there, and returns the status.
///
/// # Safety
/// As for [`adl_arena_grow`], but the context may be bare;
/// `frame` is the frame pointer of the compiled function that calls this.
pub unsafe extern "C" fn adl_stop(ctx: *mut Context, status: u32, site: u32, frame: *const u64) -> u32 {
    // SAFETY: the contract above.
    let context = unsafe { &mut *ctx };
    if status != Status::Failed as u32 {
        context.failure.site = site;
    }
    let mut trace = Trace::at(context.failure.site);
    let mut frame = frame;
    // A frame holds the address of the one around it, then the address that its function returns to.
    // Those of compiled functions lie on one another without a gap, up to the entry's, which calls the first.
    while !context.base.is_null() && frame < context.base {
        // SAFETY: `frame` is the frame of a running compiled function, since it is not yet that of the entry.
        let (outer, address) = unsafe { (*frame as *const u64, *frame.add(1) as usize) };
        trace.push(address);
        if outer <= frame {
            break;
        }
        frame = outer;
    }
    // SAFETY: a context has a store of its own unless it is bare.
    if let Some(store) = unsafe { context.store.as_mut() } {
        store.trace = trace;
    }
    status
}

/// Hands copies of `n` arrays to the host of the workspace.
///
/// # Safety
/// As for [`adl_arena_grow`]; `values` points to `n` values whose `dims` and `data` are readable at
/// their full size.
pub unsafe extern "C" fn adl_print(ctx: *mut Context, site: u32, values: *const PrintValue, n: i64) -> u32 {
    // SAFETY: the contract above.
    let (context, store) = unsafe { parts(ctx) };
    // SAFETY: the contract above.
    let bytes = (0..size(n)).map(|i| unsafe { shown_bytes(&*values.add(i)) }).fold(0, usize::saturating_add);
    let copied = store.lend(context, bytes).map_err(|OutOfMemory(bytes)| ArrayError::OutOfMemory(bytes));
    // SAFETY: the contract above.
    match copied.and_then(|loan| Ok((loan, unsafe { copy_values(values, n) }?))) {
        // The loan lasts as long as the host may hold them.
        Ok((_loan, arrays)) => store.print(context, site, arrays) as u32,
        Err(error) => {
            let bytes = if let ArrayError::OutOfMemory(bytes) = error { bytes } else { usize::MAX };
            store.note_out_of_memory(context, bytes as u64);
            Status::OutOfMemory as u32
        }
    }
}

/// How many bytes a value has.
///
/// # Safety
/// As for [`adl_print`].
unsafe fn shown_bytes(value: &PrintValue) -> usize {
    let width = DType::from_code(value.dtype).map_or(0, DType::size);
    // SAFETY: `dims` has `rank` entries.
    (0..value.rank as usize).map(|axis| size(unsafe { *value.dims.add(axis) })).fold(width, usize::saturating_mul)
}

/// Calls a function of the host of the workspace with `n` values; `wanted` elements go to `out`.
///
/// # Safety
/// As for [`adl_print`]; `out` has room for `wanted` elements of the type with that number.
pub unsafe extern "C" fn adl_host(
    ctx: *mut Context,
    site: u32,
    values: *const PrintValue,
    n: i64,
    out: *mut u8,
    dtype: u32,
    wanted: i64,
) -> u32 {
    // SAFETY: the contract above.
    let (context, store) = unsafe { parts(ctx) };
    // SAFETY: the contract above.
    let leaves: Option<Vec<Leaf<'_>>> = (0..size(n)).map(|i| unsafe { Leaf::shown(&*values.add(i)) }).collect();
    let dtype = DType::from_code(dtype).unwrap_or(DType::Bool);
    // SAFETY: the contract above.
    let place = unsafe { Place::new(out, dtype, size(wanted)) };
    store.call_host(context, site, &leaves.unwrap_or_default(), place) as u32
}

/// Arrays of their own with what the descriptors show.
///
/// # Safety
/// As for [`adl_print`].
unsafe fn copy_values(values: *const PrintValue, n: i64) -> Result<Vec<Array>, ArrayError> {
    let mut arrays = Vec::new();
    for i in 0..size(n) {
        // SAFETY: `values` has `n` entries.
        let value = unsafe { &*values.add(i) };
        let dims: &[i64] = if value.rank == 0 {
            &[]
        } else {
            // SAFETY: `dims` has `rank` entries.
            unsafe { core::slice::from_raw_parts(value.dims, value.rank as usize) }
        };
        let shape: Vec<usize> = dims.iter().map(|&dim| size(dim)).collect();
        let dtype = DType::from_code(value.dtype).ok_or(ArrayError::DType)?;
        let mut array = Array::zeros(dtype, &shape)?;
        let bytes = array.bytes_mut();
        if !bytes.is_empty() {
            // SAFETY: `data` has as many bytes as dtype and shape need, which is the length of
            // `bytes`.
            bytes.copy_from_slice(unsafe { core::slice::from_raw_parts(value.data, bytes.len()) });
        }
        arrays.push(array);
    }
    Ok(arrays)
}
