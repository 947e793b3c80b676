//! Runs a command on a thread with a large stack, writes what it says, and reads for it.
//!
//! Lines pass through a channel of bounded length to the thread that owns the streams, in the order in which they were
//! said. If nobody reads them any more, as after `adl … | head`, the program is interrupted and all ends quietly.

use crate::{FAILED, Streams};
use adl_runtime::Interrupt;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};

/// Programs may recurse deeply, and so may the compiler.
const STACK: usize = 256 << 20;

/// Lines on their way.
const LINES: usize = 256;

/// How long a bar of progress is.
const BAR: i64 = 30;

/// What the command wants of the streams.
enum Wish {
    /// Text for standard output.
    Out(String),
    /// Text for standard error.
    Err(String),
    /// So many rounds of so many are done.
    Progress(i64, i64),
    /// A line of standard input; nothing at its end.
    Line(Sender<Option<String>>),
    /// To know that all before has been written.
    Written(Sender<()>),
}

/// Says things; clones say them to the same streams.
#[derive(Clone)]
pub struct Console(SyncSender<Wish>);

impl Console {
    /// A line of a program.
    pub fn line(&self, text: &str) {
        self.wish(Wish::Out(format!("{text}\n")));
    }

    /// Text for people: errors, warnings.
    pub fn note(&self, text: &str) {
        let end = if text.ends_with('\n') { "" } else { "\n" };
        self.wish(Wish::Err(format!("{text}{end}")));
    }

    /// Shows how far a loop is, if somebody watches.
    pub fn progress(&self, done: i64, of: i64) {
        self.wish(Wish::Progress(done, of));
    }

    /// A line of standard input, without its end.
    pub fn read_line(&self) -> Option<String> {
        let (sender, receiver) = channel();
        self.wish(Wish::Line(sender));
        receiver.recv().ok().flatten()
    }

    /// Waits until all has been written.
    pub fn flush(&self) {
        let (sender, receiver) = channel();
        self.wish(Wish::Written(sender));
        // Without streams there is nothing to wait for.
        let _ = receiver.recv();
    }

    fn wish(&self, wish: Wish) {
        // After the end of the streams nobody is left to be told.
        let _ = self.0.send(wish);
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
        let mut desk = Desk {
            input: BufReader::new(&mut *streams.input),
            out: &mut *streams.out,
            err: &mut *streams.err,
            watched: streams.watched,
            bar: false,
            closed: false,
        };
        // Ends when the command has ended and its console is gone.
        for wish in &receiver {
            if let Err(problem) = desk.grant(wish) {
                desk.closed = true;
                interrupt.raise();
                if problem.kind() != ErrorKind::BrokenPipe {
                    let _ = writeln!(desk.err, "adl: cannot write: {problem}");
                }
            }
        }
        desk.clear();
        let code = thread.join().unwrap_or(FAILED);
        if desk.closed { FAILED } else { code }
    })
}

/// The streams, where they are written and read.
struct Desk<'s> {
    input: BufReader<&'s mut dyn std::io::Read>,
    out: &'s mut dyn Write,
    err: &'s mut dyn Write,
    watched: bool,
    /// Whether a bar of progress stands on the line.
    bar: bool,
    closed: bool,
}

impl Desk<'_> {
    fn grant(&mut self, wish: Wish) -> std::io::Result<()> {
        match wish {
            Wish::Line(reply) => {
                let mut bytes = Vec::new();
                let read = self.input.read_until(b'\n', &mut bytes);
                let more = !self.closed && matches!(read, Ok(1..));
                let text = String::from_utf8_lossy(&bytes);
                let _ = reply.send(more.then(|| text.trim_end_matches(['\n', '\r']).to_string()));
                Ok(())
            }
            Wish::Written(reply) => {
                self.clear();
                let _ = reply.send(());
                Ok(())
            }
            Wish::Out(_) | Wish::Err(_) | Wish::Progress(..) if self.closed => Ok(()),
            Wish::Out(text) => {
                self.clear();
                self.out.write_all(text.as_bytes())?;
                self.out.flush()
            }
            Wish::Err(text) => {
                self.clear();
                self.err.write_all(text.as_bytes())
            }
            Wish::Progress(done, of) if self.watched && of > 0 => {
                self.bar = true;
                let full = (done.saturating_mul(BAR) / of).clamp(0, BAR) as usize;
                let bar = format!("{}{}", "█".repeat(full), "░".repeat(BAR as usize - full));
                write!(self.err, "\r\x1b[K{bar} {done}/{of}")?;
                self.err.flush()
            }
            Wish::Progress(..) => Ok(()),
        }
    }

    /// Takes the bar away.
    fn clear(&mut self) {
        if std::mem::take(&mut self.bar) {
            // A terminal that is gone needs no cleaning.
            let _ = write!(self.err, "\r\x1b[K").and_then(|()| self.err.flush());
        }
    }
}
