//! The command line: reads arguments and files, shows what a program says, and turns success or failure into a number.
//! The only part of the project that touches files, the terminal and the environment.
//!
//! ```
//! use adl_cli::{Streams, run};
//! let (mut input, mut out, mut err) = (std::io::empty(), Vec::new(), Vec::new());
//! assert_eq!(run(["adl", "-e", "1 + 2"], Streams::new(&mut input, &mut out, &mut err), Default::default()), 0);
//! assert_eq!(out, b"3\n");
//! ```

mod args;
mod commands;
mod console;
mod files;
mod json;
mod repl;
mod report;
mod timeout;
mod timing;
mod world;

pub use adl_plot::Screen;
use adl_runtime::Interrupt;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// What the command reads and writes.
pub struct Streams<'a> {
    /// Standard input, for `adl run -`.
    pub input: &'a mut dyn Read,
    /// Whether a person sits at it.
    pub terminal: bool,
    /// For values and prints.
    pub out: &'a mut dyn Write,
    /// Whether `out` is that person's terminal, so that lines can be edited.
    pub editing: bool,
    /// For errors and warnings.
    pub err: &'a mut dyn Write,
    /// Whether somebody watches `err`, and wants to see how far a loop is.
    pub watched: bool,
    /// Whether `err` takes colours, unless `--color` says otherwise.
    pub color: bool,
    /// How `out` shows pictures; `--color` may say otherwise of its colours.
    pub screen: Screen,
}

impl<'a> Streams<'a> {
    /// Streams without a person at them.
    pub fn new(input: &'a mut dyn Read, out: &'a mut dyn Write, err: &'a mut dyn Write) -> Streams<'a> {
        Streams { input, terminal: false, out, editing: false, err, watched: false, color: false, screen: PLAIN_SCREEN }
    }
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

/// Whether a session goes on after Ctrl-C.
static OUTLIVES_INTERRUPT: AtomicBool = AtomicBool::new(false);

/// Whether a program is read, which nothing but the end of the process stops.
static READS: AtomicBool = AtomicBool::new(false);

/// Runs the command with these arguments, the first being its own name; the result is its exit code.
pub fn run<A>(args: impl IntoIterator<Item = A>, mut streams: Streams<'_>, interrupt: Interrupt) -> u8
where
    A: Into<OsString> + Clone,
{
    let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
    let first = args.get(1).cloned();
    let cli = match args::Cli::parsed(args) {
        Ok(cli) => cli,
        Err(problem) => {
            let text = problem.render();
            let (stream, code) = if problem.use_stderr() { (&mut streams.err, USAGE) } else { (&mut streams.out, OK) };
            // Nobody is left to be told if this fails.
            let _ = write!(stream, "{text}");
            // A word that is no command is taken for a file, and what follows it for too much.
            let meant = first.as_deref().and_then(|word| args::near_command(word.to_str()?));
            if let (USAGE, Some(meant)) = (code, meant) {
                let _ = writeln!(stream, "\nDid you mean `adl {meant}`?");
            }
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
    let files = match files::Files::allowed(&cli.permissions) {
        Ok(files) => files,
        Err(problem) => {
            // Nobody is left to be told if this fails.
            let _ = writeln!(streams.err, "adl: {problem}");
            return USAGE;
        }
    };
    let limits = cli.limits.clone();
    let command = cli.into_command(streams.terminal);
    commands::run(command, color, files, limits, &mut streams, interrupt)
}

/// Makes Ctrl-C stop the running program; a second one ends the process at once,
/// unless it is a session, and so does one while a program is read.
pub fn on_interrupt() -> Interrupt {
    let interrupt = Interrupt::new();
    let shared = interrupt.clone();
    // Without a handler Ctrl-C still ends the process.
    let _ = ctrlc::set_handler(move || {
        if READS.load(Ordering::Relaxed) || shared.is_raised() && !OUTLIVES_INTERRUPT.load(Ordering::Relaxed) {
            std::process::exit(i32::from(INTERRUPTED));
        }
        shared.raise();
    });
    interrupt
}
