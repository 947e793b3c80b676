//! The commands: one file each. Here files are read, and the command is sent on its way.

pub mod bench;
mod check;
mod completions;
mod dump;
pub mod explain;
mod fmt;
mod grad;
mod run;
mod test;

use crate::args::{Command, Limits};
use crate::console::{self, Console};
use crate::files::{self, Files};
use crate::report::Report;
use crate::timeout::Timeout;
use crate::world::World;
use crate::{FAILED, OK, READS, Streams, USAGE, repl};
use adl_compiler::engine::Error;
use adl_compiler::session::Session;
use adl_lang::diagnostic::Diagnostic;
use adl_lang::source::Source;
use adl_plot::Screen;
use adl_runtime::Interrupt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What a command works with.
pub struct Context {
    /// The streams.
    pub console: Console,
    /// Whether messages have colours.
    pub color: bool,
    /// How pictures are shown.
    pub screen: Screen,
    /// What programs may read and write.
    pub files: Files,
    /// What they may take.
    pub limits: Limits,
    /// Stops the program that runs.
    pub interrupt: Interrupt,
    /// The programs that were named, in order.
    pub sources: Vec<Source>,
    /// The clock of the command.
    timeout: Option<Arc<Timeout>>,
}

/// Whether a text is being read, which only the end of the process stops.
fn reads(now: bool, timeout: Option<&Timeout>) {
    READS.store(now, Ordering::Relaxed);
    timeout.iter().for_each(|timeout| timeout.reads(now));
}

/// Does what was asked for; the result is the exit code.
pub fn run(
    command: Command,
    color: bool,
    allowed: Files,
    limits: Limits,
    streams: &mut Streams<'_>,
    interrupt: Interrupt,
) -> u8 {
    let files: Vec<PathBuf> = match &command {
        Command::Run(args) if args.eval.is_empty() && args.file.is_none() => vec!["-".into()],
        Command::Run(args) => args.file.iter().cloned().collect(),
        Command::Check(args) => args.files.clone(),
        Command::Test(args) => args.files.clone(),
        Command::Fmt(args) => args.files.clone(),
        Command::Grad(args) => vec![args.file.clone()],
        Command::Bench(args) => vec![args.file.clone()],
        Command::Dump(args) => vec![args.file.clone()],
        Command::Explain { .. } | Command::Repl(_) | Command::Completions { .. } => Vec::new(),
    };
    // At the prompt the clock runs for each entry.
    let seconds = limits.timeout.filter(|_| !matches!(command, Command::Repl(_)));
    let timeout = seconds.map(|seconds| Arc::new(Timeout::start(seconds, interrupt.clone())));
    // Standard input belongs to this thread.
    reads(true, timeout.as_deref());
    let read: Result<Vec<Source>, String> = files.iter().map(|file| files::program(file, streams.input)).collect();
    reads(false, timeout.as_deref());
    let sources = match read {
        Ok(sources) => sources,
        Err(problem) => {
            // Nobody is left to be told if this fails.
            let _ = writeln!(streams.err, "adl: {problem}");
            return USAGE;
        }
    };
    let stop = interrupt.clone();
    let (editing, screen) = (streams.terminal && streams.editing, streams.screen);
    console::run(streams, &stop, move |console| {
        let context = Context { console, color, screen, files: allowed, limits, interrupt, sources, timeout };
        match command {
            Command::Run(args) => run::run(context, &args),
            Command::Check(args) => check::check(context, &args),
            Command::Test(args) => test::test(context, &args),
            Command::Fmt(args) => fmt::fmt(context, &args),
            Command::Grad(args) => grad::grad(context, &args),
            Command::Bench(args) => bench::bench(context, &args),
            Command::Dump(args) => dump::dump(context, &args),
            Command::Explain { code } => explain::explain(&context, code.as_deref()),
            Command::Repl(args) => repl::repl(context, &args, editing),
            Command::Completions { shell } => completions::completions(&context, shell),
        }
    })
}

impl Context {
    /// How the command says things, with its clock.
    fn report(&self, json: bool, command: &str) -> Report {
        Report::of(self.console.clone(), self.color, json, command).with_timeout(self.timeout.clone())
    }

    /// A session that prints to `report`.
    pub fn session(&self, report: &Report) -> Session {
        let mut session = Session::new(World {
            report: report.clone(),
            screen: self.screen,
            files: self.files.clone(),
            interrupt: self.interrupt.clone(),
        });
        session.set_interrupt(self.interrupt.clone());
        session.set_memory_limit(self.limits.memory);
        session.check_nan(self.limits.check_nan);
        session
    }
}

/// Says what came of a program; the result is the exit code.
fn finish(report: &Report, session: &Session, result: Result<Vec<Diagnostic>, Error>) -> u8 {
    match result {
        Ok(warnings) => {
            report.problem(&session.problems(warnings));
            OK
        }
        Err(problem) => report.problem(&problem),
    }
}

/// `1 error`, `2 errors`.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Takes the definitions of programs; the exit code if one is wrong.
fn define(report: &Report, files: &Files, session: &mut Session, sources: Vec<Source>) -> Result<(), u8> {
    for source in sources {
        let import = &mut |path: &str, importer: &str| files.import(path, importer);
        session.define_source(source, import).map_err(|problem| report.problem(&problem))?;
    }
    Ok(())
}

/// The worse of two exit codes.
fn worse(a: u8, b: u8) -> u8 {
    if a == OK || (a == FAILED && b != OK) { b } else { a }
}
