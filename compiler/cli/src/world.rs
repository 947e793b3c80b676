//! The world as programs see it: lines go to the console, files are those of the machine.

use crate::console::Console;
use crate::files;
use adl_compiler::engine::Output;
use adl_runtime::{Figure, FileName, Value};

/// What a program prints, shows, reads and writes.
pub struct World {
    /// Where its lines go.
    pub console: Console,
}

impl Output for World {
    fn line(&mut self, text: &str) {
        self.console.line(text);
    }

    fn read(&mut self, file: &FileName, limit: Option<usize>) -> Result<Value, String> {
        files::read(file, limit)
    }

    fn write(&mut self, file: &FileName, value: &Value) -> Result<(), String> {
        files::write(file, value)
    }

    fn plot(&mut self, figure: &Figure) -> Result<(), String> {
        let _ = figure;
        Ok(())
    }
}
