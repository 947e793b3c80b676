//! The command line: reads arguments and files, shows what a program says, and turns success or failure into a number.
//! The only part of the project that touches files, the terminal and the environment.
//!
//! ```
//! use adl_cli::{PLAIN_SCREEN, Streams, run};
//! let (mut out, mut err, screen) = (Vec::new(), Vec::new(), PLAIN_SCREEN);
//! let input = &mut std::io::empty();
//! let streams = Streams { input, terminal: false, out: &mut out, err: &mut err, color: false, screen };
//! assert_eq!(run(["adl", "-e", "1 + 2"], streams, Default::default()), 0);
//! assert_eq!(out, b"3\n");
//! ```

mod args;
mod commands;
mod console;
mod files;
mod world;

pub use adl_plot::Screen;
use adl_runtime::Interrupt;
use clap::Parser as _;
use std::ffi::OsString;
use std::io::{Read, Write};

/// What the command reads and writes.
pub struct Streams<'a> {
    /// Standard input, for `adl run -`.
    pub input: &'a mut dyn Read,
    /// Whether a person sits at it.
    pub terminal: bool,
    /// For values and prints.
    pub out: &'a mut dyn Write,
    /// For errors and warnings.
    pub err: &'a mut dyn Write,
    /// Whether `err` takes colours, unless `--color` says otherwise.
    pub color: bool,
    /// How `out` shows pictures; `--color` may say otherwise of its colours.
    pub screen: Screen,
}

/// A screen of 80 characters without colours: what a file or a pipe gets.
pub const PLAIN_SCREEN: Screen = Screen { columns: 80, rows: 20, color: false };

/// Everything went well.
pub const OK: u8 = 0;
/// The program, a check or a test failed.
pub const FAILED: u8 = 1;
/// The arguments make no sense.
pub const USAGE: u8 = 2;
/// Stopped by Ctrl-C.
pub const INTERRUPTED: u8 = 130;

/// Runs the command with these arguments, the first being its own name; the result is its exit code.
pub fn run<A>(args: impl IntoIterator<Item = A>, mut streams: Streams<'_>, interrupt: Interrupt) -> u8
where
    A: Into<OsString> + Clone,
{
    let cli = match args::Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(problem) => {
            let text = problem.render();
            let (stream, code) = if problem.use_stderr() { (&mut streams.err, USAGE) } else { (&mut streams.out, OK) };
            // Nobody is left to be told if this fails.
            let _ = write!(stream, "{text}");
            return code;
        }
    };
    let chosen = |auto: bool| match cli.color {
        args::Color::Auto => auto,
        args::Color::Always => true,
        args::Color::Never => false,
    };
    let color = chosen(streams.color);
    streams.screen.color = chosen(streams.screen.color);
    match cli.into_command(streams.terminal) {
        Some(command) => commands::run(command, color, &mut streams, interrupt),
        None => {
            let _ = write!(streams.out, "{}", args::SHORT_HELP);
            OK
        }
    }
}

/// Makes Ctrl-C stop the running program; a second one ends the process at once.
pub fn on_interrupt() -> Interrupt {
    let interrupt = Interrupt::new();
    let shared = interrupt.clone();
    // Without a handler Ctrl-C still ends the process.
    let _ = ctrlc::set_handler(move || {
        if shared.is_raised() {
            std::process::exit(i32::from(INTERRUPTED));
        }
        shared.raise();
    });
    interrupt
}
