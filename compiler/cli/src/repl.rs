//! A session at the prompt: entries are run as they come, and whatever fails changes nothing and ends nothing.

mod commands;
mod complete;
mod echo;
mod editor;
mod help;
mod highlight;
mod history;
mod log;

use crate::args::{Limits, ReplArgs};
use crate::commands::Context;
use crate::console::Console;
use crate::files::Files;
use crate::report::Report;
use crate::timeout::Timeout;
use crate::world::World;
use crate::{OK, OUTLIVES_INTERRUPT, USAGE};
use adl_compiler::session::{Event, Session};
use adl_lang::source::Source;
use adl_plot::Screen;
use adl_runtime::Interrupt;
use complete::Knowledge;
use editor::{Read, Reader};
pub use help::of_library;
use log::Log;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The width of a line where no terminal says otherwise.
const WIDTH: usize = 80;

/// Runs a session to its end; the result is the exit code.
pub fn repl(context: Context, args: &ReplArgs, editing: bool) -> u8 {
    OUTLIVES_INTERRUPT.store(true, Ordering::Relaxed);
    let knowledge = Knowledge::shared();
    let mut reader = Reader::new(editing, context.color, &context.console, knowledge.clone());
    let mut repl = Repl::new(context);
    if reader.is_terminal() {
        let version = env!("CARGO_PKG_VERSION");
        repl.console.line(&format!("adl {version}  :help for help, Ctrl-D to leave"));
    }
    if let Some(file) = &args.file
        // It was named by whoever gives permissions.
        && !repl.load(file, &Files::default())
    {
        return USAGE;
    }
    while !repl.over {
        Knowledge::refresh(&knowledge, &repl.session);
        // What was said stands above the prompt.
        repl.console.flush();
        repl.width = reader.width().unwrap_or(WIDTH);
        match reader.read() {
            Read::Entry(text) => {
                // Not even a defect of ADL ends it.
                if catch_unwind(AssertUnwindSafe(|| repl.entry(&text))).is_err() {
                    repl.console.note("adl: internal error; please report it with the entry. The session goes on.");
                }
            }
            Read::Cancelled => {}
            Read::End => break,
        }
    }
    // The terminal is given back.
    drop(reader);
    OUTLIVES_INTERRUPT.store(false, Ordering::Relaxed);
    OK
}

/// The state of a session at the prompt.
struct Repl {
    session: Session,
    console: Console,
    color: bool,
    screen: Screen,
    /// What programs may read and write.
    files: Files,
    interrupt: Interrupt,
    limits: Limits,
    /// What has been entered so far, for `:save`.
    log: Log,
    /// The files of `:load`, for `:reload`.
    loaded: Vec<PathBuf>,
    /// How many entries there were.
    count: usize,
    width: usize,
    over: bool,
}

impl Repl {
    fn new(context: Context) -> Repl {
        let session =
            fresh(&context.console, context.color, context.screen, &context.files, &context.interrupt, &context.limits);
        Repl {
            session,
            console: context.console,
            color: context.color,
            screen: context.screen,
            files: context.files,
            interrupt: context.interrupt,
            limits: context.limits,
            log: Log::default(),
            loaded: Vec::new(),
            count: 0,
            width: WIDTH,
            over: false,
        }
    }

    /// Forgets all names.
    fn clear(&mut self) {
        self.session = fresh(&self.console, self.color, self.screen, &self.files, &self.interrupt, &self.limits);
        self.log = Log::default();
        self.loaded.clear();
    }

    /// One entry: a command, a question, or a piece of program.
    fn entry(&mut self, text: &str) {
        self.interrupt.clear();
        let text = text.trim();
        if let Some(command) = text.strip_prefix(':') {
            commands::run(self, command);
        } else if let Some(name) = text.strip_prefix('?').or_else(|| text.strip_suffix('?')) {
            commands::run(self, &format!("help {}", name.trim_matches('?')));
        } else if commands::without_colon(self, text) {
        } else if !text.is_empty() {
            self.run(text);
        }
    }

    /// Runs a piece of program and says what came of it; whether all went well.
    fn run(&mut self, text: &str) -> bool {
        self.count += 1;
        let silent = text.trim_end().ends_with(';');
        let done = self.perform(Source::new(format!("<{}>", self.count), text), Shown { silent, loaded: false });
        if done && text.starts_with("test \"") {
            self.console.note("a test is run by `adl test`, with the file that it stands in");
        }
        done
    }

    /// Runs a file in the session; whether it could be read and ran.
    fn load(&mut self, file: &Path, files: &Files) -> bool {
        let source = match files.program(file) {
            Ok(source) => source,
            Err(problem) => {
                self.console.note(&format!("adl: {problem}"));
                return false;
            }
        };
        if !self.loaded.iter().any(|known| known == file) {
            self.loaded.push(file.to_path_buf());
        }
        self.perform(source, Shown { silent: true, loaded: true })
    }

    fn perform(&mut self, source: Source, shown: Shown) -> bool {
        let report = self.report();
        let text = source.text().to_string();
        let mut rebuilt = Vec::new();
        let (console, width, files) = (&self.console, self.width, &self.files);
        let import = &mut |path: &str, importer: &str| files.import(path, importer);
        let result = self.session.run_watched(source, import, &mut |session, event| {
            tell(console, width, session, &event, shown);
            if let Event::Rebuilt(names) = event {
                rebuilt.extend(names);
            }
        });
        match result {
            Ok(warnings) => {
                self.log.enter(&text, &rebuilt, shown.loaded);
                report.problem(&self.session.problems(warnings));
                true
            }
            Err(problem) => {
                // A program would fail where this did, so nothing of it is saved.
                report.problem(&problem);
                false
            }
        }
    }

    /// How problems are told; the clock of an entry runs from here.
    fn report(&self) -> Report {
        let timeout = self.limits.timeout.map(|seconds| Arc::new(Timeout::start(seconds, self.interrupt.clone())));
        Report::text(self.console.clone(), self.color).with_timeout(timeout)
    }

    /// The time that compiled code has run so far.
    fn run_time(&self) -> Duration {
        self.session.timings().iter().find(|(name, _)| *name == "run").map_or(Duration::ZERO, |(_, time)| time)
    }
}

/// What is shown of an entry.
#[derive(Clone, Copy)]
struct Shown {
    /// No values: it ends with a `;`.
    silent: bool,
    /// As a program shows it, since it is one: bare expressions, and nothing of definitions.
    loaded: bool,
}

/// Says what came of a statement.
fn tell(console: &Console, width: usize, session: &Session, event: &Event, shown: Shown) {
    match event {
        Event::Rebuilt(names) => console.note(&format!("also rebuilt: {}", names.join(", "))),
        Event::Kept { name, by } => {
            let (keep, them) = if by.len() == 1 { ("keeps", "it") } else { ("keep", "them") };
            let by = by.join("`, `");
            console.note(&format!("`{by}` {keep} the earlier `{name}`; write {them} again to use the new one"));
        }
        Event::Value(value) if shown.loaded => console.line(&value.to_string()),
        Event::Text(text) if shown.loaded => console.line(text),
        _ if shown.silent => {}
        Event::Value(value) => console.line(&echo::value("ans", value, width)),
        Event::Text(text) => console.line(text),
        Event::Bound(names) | Event::Defined(names) => {
            for name in names {
                if let Some(meaning) = session.meaning(name) {
                    console.line(&echo::meaning(name, &meaning, width));
                }
            }
        }
    }
}

fn fresh(
    console: &Console,
    color: bool,
    screen: Screen,
    files: &Files,
    interrupt: &Interrupt,
    limits: &Limits,
) -> Session {
    let mut session = Session::new(World {
        report: Report::text(console.clone(), color),
        screen,
        files: files.clone(),
        interrupt: interrupt.clone(),
    });
    session.set_interrupt(interrupt.clone());
    session.set_memory_limit(limits.memory);
    session.check_nan(limits.check_nan);
    session.keep_answers();
    session
}
