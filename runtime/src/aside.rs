//! Work on a thread of its own, which its caller need not wait for: for steps that take long,
//! cannot be stopped, and own all that they work on.
//!
//! What was left goes on until it ends by itself. Meanwhile nothing more is begun at its [`Place`],
//! so that no more threads run there than callers waited at one time.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

/// How often a caller looks whether it is to stop.
const TICK: Duration = Duration::from_millis(2);

/// Bytes of stack for the work: address space, of which is taken what is used.
pub const STACK: usize = 64 << 20;

/// Where work of one kind is done.
#[derive(Debug, Default)]
pub struct Place {
    /// How many threads run that nobody waits for.
    left: AtomicUsize,
}

/// Why work came to nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Aside {
    /// The caller was asked to stop.
    Stopped,
    /// There is no memory for a thread.
    NoThread,
}

/// What becomes of a piece of work.
struct Fate {
    place: &'static Place,
    state: AtomicU8,
}

const RUNS: u8 = 0;
const IS_LEFT: u8 = 1;
const IS_OVER: u8 = 2;

impl Fate {
    /// The caller waits no more.
    fn leave(&self) {
        // Before the thread can find out, so that the count is never too low.
        self.place.left.fetch_add(1, Ordering::AcqRel);
        if self.state.swap(IS_LEFT, Ordering::AcqRel) == IS_OVER {
            self.place.left.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// The thread is done.
    fn end(&self) {
        if self.state.swap(IS_OVER, Ordering::AcqRel) == IS_LEFT {
            self.place.left.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl Place {
    /// A place where nothing was left.
    pub const fn new() -> Place {
        Place { left: AtomicUsize::new(0) }
    }

    /// Does the work and gives its result, or leaves it when `stop` says so. A panic in it goes on in the caller.
    ///
    /// ```
    /// use adl_runtime::aside::{Aside, Place};
    /// static PLACE: Place = Place::new();
    /// assert_eq!(PLACE.run(|| false, || 6 * 7), Ok(42));
    /// let long = || std::thread::sleep(std::time::Duration::from_millis(50));
    /// assert_eq!(PLACE.run(|| true, long), Err(Aside::Stopped));
    /// ```
    pub fn run<R: Send + 'static>(
        &'static self,
        mut stop: impl FnMut() -> bool,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, Aside> {
        while self.left.load(Ordering::Acquire) > 0 {
            if stop() {
                return Err(Aside::Stopped);
            }
            std::thread::sleep(TICK);
        }
        let (sender, receiver) = sync_channel(1);
        let fate = Arc::new(Fate { place: self, state: AtomicU8::new(RUNS) });
        let of_thread = fate.clone();
        let thread = std::thread::Builder::new().name("adl-aside".into()).stack_size(STACK).spawn(move || {
            let done = catch_unwind(AssertUnwindSafe(work));
            of_thread.end();
            // Nobody may wait for it any more.
            let _ = sender.send(done);
        });
        if thread.is_err() {
            return Err(Aside::NoThread);
        }
        loop {
            match receiver.recv_timeout(TICK) {
                Ok(Ok(result)) => return Ok(result),
                Ok(Err(payload)) => resume_unwind(payload),
                Err(RecvTimeoutError::Timeout) if stop() => {
                    fate.leave();
                    return Err(Aside::Stopped);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(Aside::NoThread),
            }
        }
    }
}
