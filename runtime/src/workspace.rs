//! The memory of running code: an arena in chunks for array buffers, a pool of tapes, the host that
//! prints, and the limits on all of it. One workspace serves one call at a time and is meant to be
//! used again: what it allocated is kept.
//!
//! The arena is a stack over several chunks. Code bumps a pointer inside the current chunk and
//! takes a mark (the pointer and the number of the chunk) where it will want to go back to. When a
//! chunk is full, `adl_arena_grow` goes on in the next one; whatever lies behind the current
//! chunk is dead by construction, so the next chunk may be reused, or replaced by a larger one.
//! [`Workspace::enter`] turns several chunks into one of their size, so that a call repeated with
//! the same sizes leaves the fast path only once.
#![allow(unsafe_code, reason = "owns the memory that native code writes to")]

use core::any::Any;
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

pub use store::{Loan, OutOfMemory, Store};

use crate::abi::{Context, Failure};
use crate::array::Array;
use crate::trace::Trace;
use crate::view::{Leaf, Place};

mod store;

/// What compiled code may ask of the program around it.
pub trait Host: Send {
    /// Takes `values`; `site` tells which message of the program it is. A reason not to take them ends the call. Memory
    /// for more than the values is lent by `lend`; if that fails, the call is out of memory, whatever the answer is.
    fn print(&mut self, site: u32, values: Vec<Array>, lend: &mut Lend<'_>) -> Result<(), String>;

    /// Calls a function of the host; `site` tells which. All elements of the result are written, or none and the answer
    /// is an error.
    fn call(&mut self, site: u32, values: &[Leaf<'_>], out: Place<'_>) -> Result<(), String> {
        let _ = (site, values, out);
        Err("there are no functions of the host here".into())
    }
}

/// Counts bytes against the memory limit of a call.
pub type Lend<'a> = dyn FnMut(usize) -> Result<Loan, OutOfMemory> + 'a;

/// A switch that stops running code at its next back edge. Clones share the switch;
/// [`Interrupt::raise`] only stores to an atomic, so a signal handler may call it.
///
/// ```
/// let switch = adl_runtime::Interrupt::new();
/// let other = switch.clone();
/// other.raise();
/// assert!(switch.is_raised());
/// switch.clear();
/// assert!(!other.is_raised());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// A switch that is off.
    pub fn new() -> Interrupt {
        Interrupt::default()
    }

    /// Asks the code to stop, until [`Interrupt::clear`].
    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Lets code run again.
    pub fn clear(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Where compiled code looks.
    pub(crate) fn flag(&self) -> *const AtomicBool {
        Arc::as_ptr(&self.0)
    }

    /// True after [`Interrupt::raise`].
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Most bytes in use at one time, since the workspace was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// In chunks of the arena.
    pub peak_arena: usize,
    /// In tapes that are in use.
    pub peak_tape: usize,
    /// Held from the allocator, used or kept.
    pub held: usize,
}

/// The memory that compiled code runs in, and its connection to the host.
pub struct Workspace {
    context: NonNull<Context>,
    store: NonNull<Store>,
}

// SAFETY: both allocations belong to the workspace alone; the host is `Send`.
unsafe impl Send for Workspace {}

impl Workspace {
    /// An empty workspace without limit on memory.
    pub fn new() -> Workspace {
        let store = NonNull::from(Box::leak(Box::new(Store::new())));
        let context = Box::new(Context {
            interrupt: ptr::null(),
            stack_limit: 0,
            arena_top: ptr::null_mut(),
            arena_end: ptr::null_mut(),
            arena_chunk: 0,
            store: store.as_ptr(),
            failure: Failure::default(),
            fuel: i64::MAX,
            base: ptr::null(),
        });
        Workspace { context: NonNull::from(Box::leak(context)), store }
    }

    fn context(&self) -> &Context {
        // SAFETY: lives as long as the workspace; native code runs only between two calls on it.
        unsafe { self.context.as_ref() }
    }

    fn store(&self) -> &Store {
        // SAFETY: as for `context`.
        unsafe { self.store.as_ref() }
    }

    fn store_mut(&mut self) -> &mut Store {
        // SAFETY: as for `context`, with the exclusive borrow of `self`.
        unsafe { self.store.as_mut() }
    }

    /// Prepares a call and gives the context to pass: arena and tapes are empty, no failure is
    /// noted, and the stack may grow by `stack` bytes below the frame of the caller. The pointer is
    /// for one call, on this thread, before the workspace is used again.
    pub fn enter(&mut self, stack: usize) -> *mut Context {
        let here = 0u8;
        // SAFETY: no native code runs on this workspace, so nothing else refers to the two halves.
        let (context, store) = unsafe { (self.context.as_mut(), self.store.as_mut()) };
        context.interrupt = store.interrupt.flag();
        context.stack_limit = (&raw const here).addr().saturating_sub(stack);
        context.failure = Failure::default();
        context.fuel = store.fuel;
        context.base = ptr::null();
        store.reset(context);
        self.context.as_ptr()
    }

    /// What the last call noted when it returned [`crate::Status::Failed`].
    pub fn failure(&self) -> Failure {
        self.context().failure
    }

    /// The arrays that came with the failure, such as the two sides of a comparison.
    pub fn failure_values(&self) -> &[Array] {
        &self.store().failure_values
    }

    /// Where the last call that failed did so, and the calls that led there; once.
    pub fn take_trace(&mut self) -> Trace {
        core::mem::take(&mut self.store_mut().trace)
    }

    /// What the host panicked with, once, after a failure of kind [`Failure::HOST_PANICKED`].
    pub fn take_panic(&mut self) -> Option<Box<dyn Any + Send>> {
        self.store_mut().panic.take()
    }

    /// Why the host did not take what it was told, or the error of its function, once, after a failure of kind
    /// [`Failure::HOST_REFUSED`].
    pub fn take_refusal(&mut self) -> Option<String> {
        self.store_mut().refusal.take()
    }

    /// Who prints from now on; without a host, prints are dropped.
    pub fn set_host(&mut self, host: Option<Box<dyn Host>>) -> Option<Box<dyn Host>> {
        core::mem::replace(&mut self.store_mut().host, host)
    }

    /// The switch that stops calls on this workspace.
    pub fn interrupt(&self) -> Interrupt {
        self.store().interrupt.clone()
    }

    /// Shares a switch with other workspaces.
    pub fn set_interrupt(&mut self, interrupt: Interrupt) {
        self.store_mut().interrupt = interrupt;
    }

    /// Most bytes that arena, tapes and the memory of kernels may hold together; `None` for no limit. What is kept for
    /// reuse is given back if it stands in the way.
    pub fn set_memory_limit(&mut self, bytes: Option<usize>) {
        self.store_mut().limit = bytes.unwrap_or(usize::MAX);
    }

    /// How many rounds of loops and calls each call may take, if its code counts them; `None` for no limit.
    pub fn set_fuel(&mut self, fuel: Option<u64>) {
        self.store_mut().fuel = fuel.and_then(|n| i64::try_from(n).ok()).unwrap_or(i64::MAX);
    }

    /// Peaks of memory so far.
    pub fn statistics(&self) -> Statistics {
        let store = self.store();
        Statistics { peak_arena: store.peak_arena, peak_tape: store.peak_tape, held: store.held }
    }

    /// Gives all kept memory back to the allocator.
    pub fn trim(&mut self) {
        // SAFETY: as in `enter`.
        let (context, store) = unsafe { (self.context.as_mut(), self.store.as_mut()) };
        store.reset(context);
        store.free_chunks_after(context, 0);
        store.free_idle_tapes();
    }
}

impl Default for Workspace {
    fn default() -> Workspace {
        Workspace::new()
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        self.trim();
        // SAFETY: both came from `Box::leak` in `new`; the tapes that point into the store's pool
        // go with it.
        unsafe {
            drop(Box::from_raw(self.context.as_ptr()));
            drop(Box::from_raw(self.store.as_ptr()));
        }
    }
}
