//! Where printed lines go, and how they are put together.

use crate::codegen::{Native, What};
use crate::ir::Part;
use adl_lang::ast::{self, Format};
use super::hosts::Hosts;
use adl_runtime::display::format_array;
use adl_runtime::view::{Leaf, Place};
use adl_runtime::{Array, FormatStyle, Host};
use std::sync::{Arc, Mutex, PoisonError};

/// Takes what a program prints.
pub trait Output: Send {
    /// One line, without the end.
    fn line(&mut self, text: &str);
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
    fn print(&mut self, site: u32, values: &[Array]) {
        if let Some(What::Print(parts)) = self.native.site(site).map(|s| &s.what) {
            self.output.line(&line(parts, 0, values));
        }
    }

    fn call(&mut self, site: u32, values: &[Leaf<'_>], out: Place<'_>) -> Result<(), String> {
        match self.native.site(site).map(|s| &s.what) {
            Some(What::Host(name)) => self.hosts.call(name, values, out),
            _ => Err("there is no such function".into()),
        }
    }
}

/// Puts a line together; operand `first` is the first of `values`.
pub fn line(parts: &[Part], first: usize, values: &[Array]) -> String {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text(piece) => text.push_str(piece),
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
