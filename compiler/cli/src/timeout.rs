//! A clock that stops a program.

use adl_runtime::Interrupt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Raises an interrupt when the time is up, unless it is dropped before.
pub struct Timeout {
    seconds: f64,
    expired: Arc<AtomicBool>,
    /// Its end tells the clock to stop.
    _alive: Sender<()>,
}

impl Timeout {
    /// Starts the clock.
    pub fn start(seconds: f64, interrupt: Interrupt) -> Timeout {
        let expired = Arc::new(AtomicBool::new(false));
        let (alive, over) = channel::<()>();
        let flag = expired.clone();
        std::thread::spawn(move || {
            if over.recv_timeout(Duration::from_secs_f64(seconds)) == Err(RecvTimeoutError::Timeout) {
                flag.store(true, Ordering::Relaxed);
                interrupt.raise();
            }
        });
        Timeout { seconds, expired, _alive: alive }
    }

    /// The seconds that were given, if they are over.
    pub fn expired(&self) -> Option<f64> {
        self.expired.load(Ordering::Relaxed).then_some(self.seconds)
    }
}
