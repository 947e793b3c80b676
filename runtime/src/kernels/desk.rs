//! What a kernel that takes long, or needs memory of its own, asks of its call: whether to stop, and room that counts
//! against the memory limit.
#![allow(unsafe_code, reason = "holds the context of the calling code")]

use crate::abi::{Context, Status, interrupted, lend, out_of_memory};
use crate::workspace::{Loan, OutOfMemory};
use core::ops::{Deref, DerefMut};
use faer::dyn_stack::{MemBuffer, MemStack, StackReq};

/// Why a kernel does not finish.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stop {
    /// The interrupt was raised.
    Interrupted,
    /// So many bytes were not to be had.
    Memory(usize),
}

impl From<OutOfMemory> for Stop {
    fn from(OutOfMemory(bytes): OutOfMemory) -> Stop {
        Stop::Memory(bytes)
    }
}

/// What a kernel comes to.
pub(super) type Made<T = ()> = Result<T, Stop>;

/// The call that a kernel works for.
#[derive(Clone, Copy)]
pub(super) struct Desk {
    ctx: *mut Context,
}

/// Memory that is accounted for.
pub(super) struct Room<B> {
    memory: B,
    _loan: Loan,
}

impl<B> Deref for Room<B> {
    type Target = B;

    fn deref(&self) -> &B {
        &self.memory
    }
}

impl<B> DerefMut for Room<B> {
    fn deref_mut(&mut self) -> &mut B {
        &mut self.memory
    }
}

impl Desk {
    /// The call with this context.
    ///
    /// # Safety
    /// For as long as the desk and its copies are used, `ctx` is null or in use.
    pub(super) unsafe fn new(ctx: *mut Context) -> Desk {
        Desk { ctx }
    }

    /// Runs a kernel between two looks at the interrupt.
    pub(super) fn finish(self, run: impl FnOnce() -> Made) -> Status {
        match self.look().and_then(|()| run()).and_then(|()| self.look()) {
            Ok(()) => Status::Done,
            Err(Stop::Interrupted) => Status::Interrupted,
            // SAFETY: the contract of `new`.
            Err(Stop::Memory(bytes)) => unsafe { out_of_memory(self.ctx, bytes) },
        }
    }

    /// Whether the kernel is to stop.
    pub(super) fn is_stopped(self) -> bool {
        // SAFETY: the contract of `new`.
        unsafe { interrupted(self.ctx) }
    }

    /// Stops the kernel if the interrupt was raised.
    pub(super) fn look(self) -> Made {
        if self.is_stopped() { Err(Stop::Interrupted) } else { Ok(()) }
    }

    /// An empty list with room for `n` elements.
    pub(super) fn list<T>(self, n: usize) -> Made<Room<Vec<T>>> {
        let bytes = n.saturating_mul(size_of::<T>());
        // SAFETY: the contract of `new`.
        let loan = unsafe { lend(self.ctx, bytes) }?;
        let mut memory = Vec::new();
        memory.try_reserve_exact(n).map_err(|_| Stop::Memory(bytes))?;
        Ok(Room { memory, _loan: loan })
    }

    /// `n` zeros.
    pub(super) fn zeros<T: Copy + Default>(self, n: usize) -> Made<Room<Vec<T>>> {
        let mut room = self.list(n)?;
        room.resize(n, T::default());
        Ok(room)
    }

    /// Memory for the intermediate results of `faer`.
    pub(super) fn scratch(self, need: StackReq) -> Made<Room<MemBuffer>> {
        let bytes = need.unaligned_bytes_required();
        // SAFETY: the contract of `new`.
        let loan = unsafe { lend(self.ctx, bytes) }?;
        let memory = MemBuffer::try_new(need).map_err(|_| Stop::Memory(bytes))?;
        Ok(Room { memory, _loan: loan })
    }
}

impl Room<MemBuffer> {
    /// As `faer` takes it.
    pub(super) fn stack(&mut self) -> &mut MemStack {
        MemStack::new(&mut self.memory)
    }
}
