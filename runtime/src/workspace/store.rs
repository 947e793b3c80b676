//! Behind the slow paths: chunks of the arena, pooled tapes, and the account of the bytes they
//! hold.

use core::any::Any;
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicUsize, Ordering};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::{Host, Interrupt};
use crate::abi::{Context, Failure, Status, Tape};
use crate::array::Array;
use crate::buffer::{ALIGN, allocate_raw, free_raw};
use crate::trace::Trace;
use crate::view::{Leaf, Place};

/// Smallest chunk and smallest tape, in bytes.
const FIRST_CHUNK: usize = 1 << 16;
const FIRST_TAPE: usize = 1 << 12;

/// What the slow paths of the calling convention work on. Reached only through a workspace or a
/// context.
pub struct Store {
    /// Chunk number `i` of a context is entry `i - 1`.
    chunks: Vec<Chunk>,
    tapes: Vec<NonNull<Pooled>>,
    /// Room for as many as there are tapes, so that giving one back cannot fail.
    idle: Vec<NonNull<Pooled>>,
    pub(super) interrupt: Interrupt,
    pub(super) host: Option<Box<dyn Host>>,
    pub(super) panic: Option<Box<dyn Any + Send>>,
    pub(super) refusal: Option<String>,
    pub(crate) failure_values: Vec<Array>,
    /// Where the call failed, and the calls that led there.
    pub(crate) trace: Trace,
    pub(super) limit: usize,
    /// What each call may take.
    pub(super) fuel: i64,
    pub(super) held: usize,
    /// What kernels and hosts hold beside arena and tapes.
    lent: Arc<AtomicUsize>,
    tape_in_use: usize,
    pub(super) peak_arena: usize,
    pub(super) peak_tape: usize,
}

/// So many bytes are more than there are, or than are allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OutOfMemory(pub usize);

/// Bytes that count against the memory limit of a workspace until this is dropped, wherever that is.
#[derive(Debug, Default)]
pub struct Loan {
    account: Arc<AtomicUsize>,
    bytes: usize,
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.account.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

struct Chunk {
    start: *mut u8,
    len: usize,
}

/// A tape as the pool sees it; native code sees only the first field.
#[repr(C)]
struct Pooled {
    tape: Tape,
    in_use: bool,
}

impl Store {
    pub(super) fn new() -> Store {
        Store {
            chunks: Vec::new(),
            tapes: Vec::new(),
            idle: Vec::new(),
            interrupt: Interrupt::new(),
            host: None,
            panic: None,
            refusal: None,
            failure_values: Vec::new(),
            trace: Trace::default(),
            limit: usize::MAX,
            fuel: i64::MAX,
            held: 0,
            lent: Arc::default(),
            tape_in_use: 0,
            peak_arena: 0,
            peak_tape: 0,
        }
    }

    /// Empties arena and tapes for the next call. Several chunks become one; no more than a quarter
    /// of the memory limit is kept in it, so that it leaves room for tapes.
    pub(super) fn reset(&mut self, context: &mut Context) {
        self.failure_values = Vec::new();
        self.panic = None;
        self.refusal = None;
        self.idle.clear();
        for i in 0..self.tapes.len() {
            let pooled = self.tapes[i];
            // SAFETY: the pool's own allocation; no call is running.
            unsafe { (*pooled.as_ptr()).in_use = false };
            self.idle.push(pooled);
        }
        self.tape_in_use = 0;
        self.enter_chunk(context, 0);
        let total: usize = self.chunks.iter().map(|chunk| chunk.len).sum();
        let too_much = total > self.limit / 4;
        if self.chunks.len() > 1 || too_much {
            self.free_chunks_after(context, 0);
            if !too_much {
                self.add_chunk(context, total, total);
            }
        }
        self.enter_chunk(context, self.chunks.len());
    }

    pub(crate) fn arena_grow(&mut self, context: &mut Context, bytes: u64) -> *mut u8 {
        let rounded = usize::try_from(bytes).ok().and_then(|bytes| bytes.checked_next_multiple_of(ALIGN));
        let current = context.arena_chunk as usize;
        let Some(bytes) = rounded else {
            return self.out_of_memory(context, bytes);
        };
        if self.chunks.get(current).is_none_or(|next| next.len < bytes) {
            self.free_chunks_after(context, current);
            let total: usize = self.chunks.iter().map(|chunk| chunk.len).sum();
            if !self.add_chunk(context, bytes.max(total).max(FIRST_CHUNK), bytes) {
                return self.out_of_memory(context, bytes as u64);
            }
        }
        self.enter_chunk(context, current + 1);
        let used: usize = self.chunks[..=current].iter().map(|chunk| chunk.len).sum();
        self.peak_arena = self.peak_arena.max(used);
        let block = context.arena_top;
        context.arena_top = block.wrapping_add(bytes);
        block
    }

    pub(crate) fn arena_release(&mut self, context: &mut Context, top: *mut u8, chunk: u64) {
        self.enter_chunk(context, chunk as usize);
        context.arena_top = top;
    }

    pub(crate) fn tape_new(&mut self, context: &mut Context) -> *mut Tape {
        if self.idle.is_empty() && !self.add_tape() {
            self.note_out_of_memory(context, size_of::<Pooled>() as u64);
            return ptr::null_mut();
        }
        let Some(pooled) = self.idle.pop() else {
            return ptr::null_mut();
        };
        // SAFETY: the pool's own allocation; an idle tape is known to nobody else.
        let tape = unsafe {
            (*pooled.as_ptr()).in_use = true;
            (*pooled.as_ptr()).tape.capacity
        };
        self.use_tape_bytes(tape);
        pooled.as_ptr().cast()
    }

    pub(crate) fn tape_grow(&mut self, context: &mut Context, tape: *mut Tape, needed: u64) -> Status {
        // SAFETY: the contract of `adl_tape_grow`: a live tape of this pool.
        let (base, old) = unsafe { ((*tape).base, (*tape).capacity) };
        let Ok(needed_bytes) = usize::try_from(needed) else {
            self.note_out_of_memory(context, needed);
            return Status::OutOfMemory;
        };
        if needed_bytes <= old {
            return Status::Done;
        }
        let wanted = needed_bytes.max(old.saturating_mul(2)).max(FIRST_TAPE);
        let Some((start, len)) = self.allocate(context, wanted, needed_bytes) else {
            self.note_out_of_memory(context, needed);
            return Status::OutOfMemory;
        };
        if old != 0 {
            // SAFETY: two allocations of at least `old` bytes; the old one goes back with the size
            // it had.
            unsafe {
                base.copy_to_nonoverlapping(start, old);
                free_raw(base, old);
            }
        }
        // SAFETY: as above.
        unsafe { *tape = Tape { base: start, capacity: len } };
        self.held -= old;
        self.use_tape_bytes(len - old);
        Status::Done
    }

    pub(crate) fn tape_free(&mut self, tape: *mut Tape) {
        let Some(pooled) = NonNull::new(tape.cast::<Pooled>()) else {
            return;
        };
        // SAFETY: the contract of `adl_tape_free`: a tape of this pool, the first field of its
        // entry.
        let entry = unsafe { &mut *pooled.as_ptr() };
        if entry.in_use {
            entry.in_use = false;
            self.tape_in_use -= entry.tape.capacity;
            self.idle.push(pooled);
        }
    }

    pub(crate) fn print(&mut self, context: &mut Context, site: u32, values: Vec<Array>) -> Status {
        let Some(mut host) = self.host.take() else {
            return Status::Done;
        };
        let mut short = None;
        let mut lend = |bytes| self.lend(context, bytes).inspect_err(|error| short = Some(*error));
        let told = catch_unwind(AssertUnwindSafe(|| host.print(site, values, &mut lend)));
        self.host = Some(host);
        let kind = match told {
            Ok(Ok(())) => return Status::Done,
            Ok(Err(why)) => {
                if let Some(OutOfMemory(bytes)) = short {
                    self.note_out_of_memory(context, bytes as u64);
                    return Status::OutOfMemory;
                }
                self.refusal = Some(why);
                Failure::HOST_REFUSED
            }
            Err(payload) => {
                self.panic = Some(payload);
                Failure::HOST_PANICKED
            }
        };
        context.failure = Failure { kind, site, values: [0; 4] };
        Status::Failed
    }

    pub(crate) fn call_host(
        &mut self,
        context: &mut Context,
        site: u32,
        values: &[Leaf<'_>],
        out: Place<'_>,
    ) -> Status {
        let kind = match self.host.as_mut() {
            None => Failure::HOST_REFUSED,
            Some(host) => match catch_unwind(AssertUnwindSafe(|| host.call(site, values, out))) {
                Ok(Ok(())) => return Status::Done,
                Ok(Err(error)) => {
                    self.refusal = Some(error);
                    Failure::HOST_REFUSED
                }
                Err(payload) => {
                    self.panic = Some(payload);
                    Failure::HOST_PANICKED
                }
            },
        };
        context.failure = Failure { kind, site, values: [0; 4] };
        Status::Failed
    }

    /// Frees all chunks whose number is above `number`; the current one must not be among them, or
    /// be 0.
    pub(super) fn free_chunks_after(&mut self, context: &mut Context, number: usize) {
        if context.arena_chunk as usize > number {
            self.enter_chunk(context, number);
        }
        for chunk in self.chunks.drain(number.min(self.chunks.len())..) {
            self.held -= chunk.len;
            // SAFETY: allocated by `allocate` with this length, and forgotten here.
            unsafe { free_raw(chunk.start, chunk.len) };
        }
    }

    /// Frees all tapes that are not in use.
    pub(super) fn free_idle_tapes(&mut self) {
        self.idle.clear();
        let mut freed = 0;
        self.tapes.retain(|pooled| {
            // SAFETY: the pool's own allocation.
            let entry = unsafe { &*pooled.as_ptr() };
            if entry.in_use {
                return true;
            }
            freed += entry.tape.capacity;
            // SAFETY: from `Box::leak` in `add_tape`, its bytes from `allocate`; an idle tape is
            // known to nobody else.
            unsafe {
                free_raw(entry.tape.base, entry.tape.capacity);
                drop(Box::from_raw(pooled.as_ptr()));
            }
            false
        });
        self.held -= freed;
    }

    fn add_chunk(&mut self, context: &mut Context, wanted: usize, least: usize) -> bool {
        if self.chunks.try_reserve(1).is_err() {
            return false;
        }
        let Some((start, len)) = self.allocate(context, wanted, least) else {
            return false;
        };
        self.chunks.push(Chunk { start, len });
        true
    }

    /// Puts a new tape among the idle ones.
    fn add_tape(&mut self) -> bool {
        let room = self.tapes.len() + 1;
        let mut one = Vec::new();
        let reserved = self.tapes.try_reserve(1).is_ok()
            && self.idle.try_reserve(room.saturating_sub(self.idle.len())).is_ok()
            && one.try_reserve_exact(1).is_ok();
        if reserved {
            one.push(Pooled { tape: Tape { base: ptr::null_mut(), capacity: 0 }, in_use: false });
            let pooled = NonNull::from(Box::leak(one.into_boxed_slice())).cast();
            self.tapes.push(pooled);
            self.idle.push(pooled);
        }
        reserved
    }

    /// Makes the chunk with this number current, empty; 0 means no chunk.
    fn enter_chunk(&mut self, context: &mut Context, number: usize) {
        let chunk = number.checked_sub(1).and_then(|i| self.chunks.get(i));
        let (start, len) = chunk.map_or((ptr::null_mut(), 0), |chunk| (chunk.start, chunk.len));
        context.arena_chunk = number as u64;
        context.arena_top = start;
        context.arena_end = start.wrapping_add(len);
    }

    /// Counts bytes that somebody else is going to allocate; what is kept for reuse is given up for them.
    pub(crate) fn lend(&mut self, context: &mut Context, bytes: usize) -> Result<Loan, OutOfMemory> {
        for attempt in 0..2 {
            if self.in_use().checked_add(bytes).is_some_and(|held| held <= self.limit) {
                self.lent.fetch_add(bytes, Ordering::AcqRel);
                return Ok(Loan { account: self.lent.clone(), bytes });
            }
            if attempt == 0 {
                self.free_idle_tapes();
                self.free_chunks_after(context, context.arena_chunk as usize);
            }
        }
        Err(OutOfMemory(bytes))
    }

    /// All that counts against the limit.
    fn in_use(&self) -> usize {
        self.held.saturating_add(self.lent.load(Ordering::Acquire))
    }

    /// Memory of `wanted` bytes, or of `least` if so much is not to be had; what is kept for reuse
    /// is given up for it.
    fn allocate(&mut self, context: &mut Context, wanted: usize, least: usize) -> Option<(*mut u8, usize)> {
        for attempt in 0..2 {
            for len in [wanted, least] {
                if self.in_use().checked_add(len).is_some_and(|held| held <= self.limit) {
                    let start = allocate_raw(len);
                    if !start.is_null() {
                        self.held += len;
                        return Some((start, len));
                    }
                }
            }
            if attempt == 0 {
                self.free_idle_tapes();
                self.free_chunks_after(context, context.arena_chunk as usize);
            }
        }
        None
    }

    fn use_tape_bytes(&mut self, more: usize) {
        self.tape_in_use += more;
        self.peak_tape = self.peak_tape.max(self.tape_in_use);
    }

    /// Notes how much was asked for and how much there was.
    pub(crate) fn note_out_of_memory(&self, context: &mut Context, bytes: u64) {
        let figure = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        context.failure.values = [figure(bytes), figure(self.in_use() as u64), figure(self.limit as u64), 0];
    }

    fn out_of_memory(&self, context: &mut Context, bytes: u64) -> *mut u8 {
        self.note_out_of_memory(context, bytes);
        ptr::null_mut()
    }
}
