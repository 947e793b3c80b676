//! A clock that stops a program.

use crate::FAILED;
use adl_runtime::Interrupt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Raises an interrupt when the time is up, unless it is dropped before.
pub struct Timeout {
    seconds: f64,
    expired: Arc<AtomicBool>,
    /// Whether the program is still read, which nothing but the end of the process stops.
    reads: Arc<AtomicBool>,
    /// Its end tells the clock to stop.
    _alive: Sender<()>,
}

impl Timeout {
    /// Starts the clock.
    pub fn start(seconds: f64, interrupt: Interrupt) -> Timeout {
        let reads = Arc::new(AtomicBool::new(false));
        let still_reads = reads.clone();
        let expired = Arc::new(AtomicBool::new(false));
        let (alive, over) = channel::<()>();
        let flag = expired.clone();
        std::thread::spawn(move || {
            if over.recv_timeout(Duration::from_secs_f64(seconds)) == Err(RecvTimeoutError::Timeout) {
                flag.store(true, Ordering::Relaxed);
                interrupt.raise();
                if still_reads.load(Ordering::Relaxed) {
                    eprintln!(
                        "error[E0414]: the time is up: the limit is {seconds} s\n  note: the program was not read yet"
                    );
                    std::process::exit(i32::from(FAILED));
                }
            }
        });
        Timeout { seconds, expired, reads, _alive: alive }
    }

    /// Says whether the program is being read.
    pub fn reads(&self, now: bool) {
        self.reads.store(now, Ordering::Relaxed);
    }

    /// The seconds that were given, if they are over.
    pub fn expired(&self) -> Option<f64> {
        self.expired.load(Ordering::Relaxed).then_some(self.seconds)
    }
}
