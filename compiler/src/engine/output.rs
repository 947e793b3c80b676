//! Where printed lines go, and how they are put together.

use crate::codegen::{Native, What};
use crate::ir::Part;
use adl_lang::ast::{self, Format};
use adl_runtime::display::format_array;
use adl_runtime::{Array, FormatStyle, Host};
use std::sync::{Arc, Mutex, PoisonError};

/// Takes what a program prints.
pub trait Output: Send {
    /// One line, without the end.
    fn line(&mut self, text: &str);

    /// So many rounds of so many are done of a loop over `progress(…)`; for who watches.
    fn progress(&mut self, done: i64, of: i64) {
        let _ = (done, of);
    }
}

impl<F: FnMut(&str) + Send> Output for F {
    fn line(&mut self, text: &str) {
        self(text);
    }
}

/// An output that several calls share.
#[derive(Clone)]
pub struct SharedOutput(Arc<Mutex<dyn Output>>);

impl SharedOutput {
    /// Shares an output.
    pub fn new(output: impl Output + 'static) -> SharedOutput {
        SharedOutput(Arc::new(Mutex::new(output)))
    }

    /// Writes a line.
    pub fn line(&self, text: &str) {
        let mut output = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        output.line(text);
    }

    /// Tells how far a loop is.
    pub fn progress(&self, done: i64, of: i64) {
        let mut output = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        output.progress(done, of);
    }
}

impl Default for SharedOutput {
    /// Nobody listens.
    fn default() -> SharedOutput {
        SharedOutput::new(|_: &str| {})
    }
}

/// What compiled code prints through.
pub struct Printer {
    /// Knows the lines of the program.
    pub native: Native,
    /// Where they go.
    pub output: SharedOutput,
}

impl Host for Printer {
    fn print(&mut self, site: u32, values: &[Array]) {
        let Some(What::Print(parts)) = self.native.site(site).map(|s| &s.what) else {
            return;
        };
        if parts.first() == Some(&Part::Progress) {
            let number = |k: usize| values.get(k).and_then(Array::as_i64).and_then(|n| n.first().copied());
            self.output.progress(number(0).unwrap_or(0), number(1).unwrap_or(0));
        } else {
            self.output.line(&line(parts, 0, values));
        }
    }
}

/// Puts a line together; operand `first` is the first of `values`.
pub fn line(parts: &[Part], first: usize, values: &[Array]) -> String {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text(piece) => text.push_str(piece),
            Part::Progress | Part::Nan(_) => {}
            Part::Arg(k, format) => {
                let format = format.as_ref().map(runtime_format).unwrap_or_default();
                if let Some(value) = k.checked_sub(first).and_then(|k| values.get(k)) {
                    // Writing to a string does not fail.
                    let _ = format_array(&mut text, value, format);
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
