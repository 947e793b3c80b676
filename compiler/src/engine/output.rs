//! Where printed lines go, and how they are put together.

use super::hosts::Hosts;
use super::message::deliver;
use super::program::lock;
use crate::codegen::{Native, What};
use crate::ir::Part;
use adl_lang::ast::{self, Format};
use adl_lang::message::Message;
use adl_runtime::display::format_array;
use adl_runtime::view::{Leaf, Place};
use adl_runtime::workspace::Lend;
use adl_runtime::{Array, Figure, FileName, FormatStyle, Host, Value};
use std::borrow::Borrow;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;
use std::time::Instant;

/// The world as a program sees it: where its lines, pictures and files go and come from. An output that says nothing
/// of pictures and files has none; a program that wants some then fails.
pub trait Output: Send {
    /// One line, without the end.
    fn line(&mut self, text: &str);

    /// So many rounds of so many are done of a loop over `progress(…)`; for who watches.
    fn progress(&mut self, done: i64, of: i64) {
        let _ = (done, of);
    }

    /// Shows or keeps a picture, or tells why not.
    fn plot(&mut self, figure: &Figure) -> Result<(), String> {
        let _ = figure;
        Err("this host shows no pictures".into())
    }

    /// Reads a file of data, or tells why not. What it holds may take `limit` bytes.
    fn read(&mut self, file: &FileName, limit: Option<usize>) -> Result<Value, String> {
        let _ = (file, limit);
        Err("this host gives no access to files".into())
    }

    /// Writes a file of data, or tells why not.
    fn write(&mut self, file: &FileName, value: &Value) -> Result<(), String> {
        let _ = (file, value);
        Err("this host gives no access to files".into())
    }
}

impl<F: FnMut(&str) + Send> Output for F {
    fn line(&mut self, text: &str) {
        self(text);
    }
}

/// An output that several calls share.
#[derive(Clone)]
pub struct SharedOutput(Arc<Shared<dyn Output>>);

struct Shared<O: ?Sized> {
    /// The clocks that run, the one started last at the end.
    clocks: Mutex<Vec<Instant>>,
    /// The thread that is in `output`.
    inside: Mutex<Option<ThreadId>>,
    /// Lines that were said from inside of it, by calls that it made itself: it takes them next.
    waiting: Mutex<VecDeque<String>>,
    output: Mutex<O>,
}

/// Ends what a thread does in an output.
struct Inside<'a>(&'a Mutex<Option<ThreadId>>);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        *lock(self.0) = None;
    }
}

/// What is answered to a call that the output made itself.
const IN_USE: &str = "what takes the output of this program has called it itself";

impl SharedOutput {
    /// Shares an output.
    pub fn new(output: impl Output + 'static) -> SharedOutput {
        SharedOutput(Arc::new(Shared {
            clocks: Mutex::default(),
            inside: Mutex::default(),
            waiting: Mutex::default(),
            output: Mutex::new(output),
        }))
    }

    /// Writes a line. If the output is what says it, it is taken when the line before has been.
    pub fn line(&self, text: &str) {
        if self.with(|output| output.line(text)).is_err() {
            lock(&self.0.waiting).push_back(text.to_string());
            return;
        }
        loop {
            let next = lock(&self.0.waiting).pop_front();
            let Some(line) = next else { break };
            if self.with(|output| output.line(&line)).is_err() {
                break;
            }
        }
    }

    /// Does something with the output; an error if the output is what asks for it.
    pub fn with<R>(&self, work: impl FnOnce(&mut dyn Output) -> R) -> Result<R, String> {
        let this = std::thread::current().id();
        if *lock(&self.0.inside) == Some(this) {
            return Err(IN_USE.to_string());
        }
        let mut output = lock(&self.0.output);
        *lock(&self.0.inside) = Some(this);
        let _inside = Inside(&self.0.inside);
        Ok(work(&mut *output))
    }

    /// Starts a clock, or stops the one started last and tells its time.
    pub fn clock(&self, stop: bool) -> String {
        let mut clocks = lock(&self.0.clocks);
        if !stop {
            clocks.push(Instant::now());
            return String::new();
        }
        let seconds = clocks.pop().map_or(0.0, |start| start.elapsed().as_secs_f64());
        match seconds {
            1.0.. => format!("{seconds:.2} s"),
            1e-3.. => format!("{:.2} ms", 1e3 * seconds),
            _ => format!("{:.1} µs", 1e6 * seconds),
        }
    }
}

impl Default for SharedOutput {
    /// Nobody listens.
    fn default() -> SharedOutput {
        SharedOutput::new(|_: &str| {})
    }
}

/// What compiled code prints through, and calls functions of the host.
pub struct Printer {
    /// Knows the lines of the program.
    pub native: Native,
    /// Where they go.
    pub output: SharedOutput,
    /// What else it may call.
    pub hosts: Hosts,
}

impl Host for Printer {
    fn print(&mut self, site: u32, values: Vec<Array>, lend: &mut Lend<'_>) -> Result<(), String> {
        let said = self.native.site(site).map(|s| &s.what);
        match said {
            Some(What::Print(Message::Line(parts))) => {
                let text = line(parts, 0, &values, &mut |stop| self.output.clock(stop));
                if !matches!(parts.as_slice(), [Part::Clock { stop: false }]) {
                    self.output.line(&text);
                }
                Ok(())
            }
            Some(What::Print(Message::Tell(topic, body))) => {
                // Each operand stands at one place of the message.
                let mut values: Vec<Option<Array>> = values.into_iter().map(Some).collect();
                let mut value = |k: &usize| values.get_mut(*k).and_then(Option::take).ok_or("a value is missing");
                let body = body.map(&mut value)?;
                deliver(*topic, body, &self.output, lend)
            }
            Some(What::Fault(_) | What::Assert(_) | What::Host(_) | What::Stop) | None => {
                Err("nothing is said here".to_string())
            }
        }
    }

    fn call(&mut self, site: u32, values: &[Leaf<'_>], out: Place<'_>) -> Result<(), String> {
        match self.native.site(site).map(|s| &s.what) {
            Some(What::Host(name)) => self.hosts.call(name, values, out),
            _ => Err("there is no such function".into()),
        }
    }
}

/// Puts a line together; operand `first` is the first of `values`; `clock` stops clocks, or starts them.
pub fn line<A: Borrow<Array>>(
    parts: &[Part],
    first: usize,
    values: &[A],
    clock: &mut dyn FnMut(bool) -> String,
) -> String {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text(piece) => text.push_str(piece),
            Part::Clock { stop } => text.push_str(&clock(*stop)),
            Part::Value(k, format) => {
                let format = format.as_ref().map(runtime_format).unwrap_or_default();
                if let Some(value) = k.checked_sub(first).and_then(|k| values.get(k)) {
                    // Writing to a string does not fail.
                    let _ = format_array(&mut text, value.borrow(), format);
                }
            }
        }
    }
    text
}

/// A format in the words of the runtime.
pub fn runtime_format(format: &Format) -> adl_runtime::Format {
    adl_runtime::Format {
        width: format.width,
        precision: format.precision,
        style: match format.style {
            ast::FormatStyle::Plain => FormatStyle::Plain,
            ast::FormatStyle::Fixed => FormatStyle::Fixed,
            ast::FormatStyle::Exponent => FormatStyle::Exponent,
            ast::FormatStyle::General => FormatStyle::General,
            ast::FormatStyle::Percent => FormatStyle::Percent,
            ast::FormatStyle::Integer => FormatStyle::Integer,
        },
    }
}
