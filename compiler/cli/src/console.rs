//! Runs a command on a thread with a large stack, and writes what it says.
//!
//! Lines pass through a channel of bounded length to the thread that owns the streams, in the order in which they were
//! said. If nobody reads them any more, as after `adl … | head`, the program is interrupted and all ends quietly.

use crate::{FAILED, Streams};
use adl_runtime::Interrupt;
use std::io::ErrorKind;
use std::sync::mpsc::{SyncSender, sync_channel};

/// Programs may recurse deeply, and so may the compiler.
const STACK: usize = 256 << 20;

/// Lines on their way.
const LINES: usize = 256;

/// Text for one of the streams.
enum Said {
    Out(String),
    Err(String),
}

/// Says things; clones say them to the same streams.
#[derive(Clone)]
pub struct Console(SyncSender<Said>);

impl Console {
    /// A line of a program.
    pub fn line(&self, text: &str) {
        // After the end of the streams nobody is left to be told.
        let _ = self.0.send(Said::Out(format!("{text}\n")));
    }

    /// Text for people: errors, warnings.
    pub fn note(&self, text: &str) {
        let end = if text.ends_with('\n') { "" } else { "\n" };
        let _ = self.0.send(Said::Err(format!("{text}{end}")));
    }
}

/// Runs `command`, which gives the exit code.
pub fn run(streams: &mut Streams<'_>, interrupt: &Interrupt, command: impl FnOnce(Console) -> u8 + Send) -> u8 {
    let (sender, receiver) = sync_channel(LINES);
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("adl".into())
            .stack_size(STACK)
            .spawn_scoped(scope, move || command(Console(sender)));
        let thread = match thread {
            Ok(thread) => thread,
            Err(problem) => {
                let _ = writeln!(streams.err, "adl: no memory for a stack: {problem}");
                return FAILED;
            }
        };
        let mut closed = false;
        // Ends when the command has ended and its console is gone.
        for said in &receiver {
            if closed {
                continue;
            }
            let written = match &said {
                Said::Out(text) => streams.out.write_all(text.as_bytes()).and_then(|()| streams.out.flush()),
                Said::Err(text) => streams.err.write_all(text.as_bytes()),
            };
            if let Err(problem) = written {
                closed = true;
                interrupt.raise();
                if problem.kind() != ErrorKind::BrokenPipe {
                    let _ = writeln!(streams.err, "adl: cannot write: {problem}");
                }
            }
        }
        let code = thread.join().unwrap_or(FAILED);
        if closed { FAILED } else { code }
    })
}
