//! The commands.

use crate::args::{Command, RunArgs};
use crate::console::{self, Console};
use crate::{FAILED, INTERRUPTED, OK, Streams, USAGE, files};
use adl_compiler::engine::{Error, ErrorKind};
use adl_compiler::session::{Session, TestReport};
use adl_lang::diagnostic::Diagnostic;
use adl_lang::source::Source;
use adl_runtime::Interrupt;
use std::path::PathBuf;

/// Does what was asked for; the result is the exit code.
pub fn run(command: Command, color: bool, streams: &mut Streams<'_>, interrupt: Interrupt) -> u8 {
    let files: Vec<PathBuf> = match &command {
        Command::Run(args) if args.eval.is_empty() && args.file.is_none() => vec!["-".into()],
        Command::Run(args) => args.file.iter().cloned().collect(),
        Command::Check { files } | Command::Test { files } => files.clone(),
        Command::Dump { file, .. } => vec![file.clone()],
    };
    // Standard input belongs to this thread.
    let mut sources = Vec::new();
    for file in &files {
        match files::program(file, streams.input) {
            Ok(source) => sources.push(source),
            Err(problem) => {
                let _ = writeln!(streams.err, "adl: {problem}");
                return USAGE;
            }
        }
    }
    let stop = interrupt.clone();
    console::run(streams, &stop, move |console| {
        let mut context = Context { console, color, interrupt };
        match command {
            Command::Run(args) => context.run(&args, sources),
            Command::Check { .. } => context.check(sources),
            Command::Test { .. } => context.test(sources),
            Command::Dump { stage, expr, .. } => context.dump(stage.name(), sources, &expr),
        }
    })
}

struct Context {
    console: Console,
    color: bool,
    interrupt: Interrupt,
}

impl Context {
    fn session(&self) -> Session {
        let console = self.console.clone();
        let mut session = Session::new(move |line: &str| console.line(line));
        session.set_interrupt(self.interrupt.clone());
        session
    }

    fn run(&mut self, args: &RunArgs, sources: Vec<Source>) -> u8 {
        let mut session = self.session();
        session.set_memory_limit(args.memory);
        session.report_fixpoints(args.fixpoints);
        for definition in &args.define {
            let Some((name, value)) = definition.split_once('=') else {
                self.console.note(&format!("adl: `-D {definition}` is not of the form `name=value`"));
                return USAGE;
            };
            if let Err(problem) = session.set_parameter(name.trim(), value.trim()) {
                self.console.note(&problem.render(self.color));
                return USAGE;
            }
        }
        let mut code = OK;
        let entries = args.eval.iter().map(|e| Source::new("<command line>", e.as_str()));
        for source in sources.into_iter().chain(entries) {
            let result = session.run_source(source, &mut files::import);
            code = self.finish(&session, result);
            if code != OK {
                break;
            }
        }
        let unused = session.unused_parameters();
        if let (OK, [name, ..]) = (code, unused.as_slice()) {
            self.console.note(&format!("adl: no `let {name} = …` with a literal at the top level of the program"));
            code = USAGE;
        }
        if args.stats {
            self.stats(&session);
        }
        code
    }

    fn stats(&self, session: &Session) {
        for (name, time) in session.timings().iter() {
            self.console.note(&format!("{name:>10} {:10.3} ms", time.as_secs_f64() * 1e3));
        }
    }

    fn check(&mut self, sources: Vec<Source>) -> u8 {
        let (mut errors, mut warnings, mut interrupted) = (0, 0, false);
        for source in sources {
            let mut session = self.session();
            match session.check_source(source, &mut files::import) {
                Ok(found) => {
                    warnings += found.len();
                    self.warn(&session, &found);
                }
                Err(problem) => {
                    let count = problem.diagnostics.iter().filter(|d| d.is_error()).count();
                    errors += count;
                    warnings += problem.diagnostics.len() - count;
                    interrupted |= problem.kind == ErrorKind::Interrupted;
                    self.console.note(&problem.render(self.color));
                }
            }
        }
        if errors + warnings > 0 {
            self.console.note(&format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")));
        }
        match (errors, interrupted) {
            (_, true) => INTERRUPTED,
            (0, _) => OK,
            _ => FAILED,
        }
    }

    fn test(&mut self, sources: Vec<Source>) -> u8 {
        let (mut passed, mut failed, mut code) = (0, 0, OK);
        for source in sources {
            let mut session = self.session();
            let (console, color) = (self.console.clone(), self.color);
            let mut report = |test: TestReport| match &test.result {
                Ok(()) => {
                    passed += 1;
                    console.line(&format!("ok      {}", test.name));
                }
                Err(problem) => {
                    failed += 1;
                    console.line(&format!("FAILED  {}", test.name));
                    console.note(&problem.render(color));
                    code = if problem.kind == ErrorKind::Interrupted { INTERRUPTED } else { FAILED };
                }
            };
            let result = session.test_source(source, &mut files::import, &mut report);
            let outcome = self.finish(&session, result);
            if outcome != OK {
                code = outcome;
            }
            if code == INTERRUPTED {
                break;
            }
        }
        self.console.line(&format!("{passed} passed, {failed} failed"));
        code
    }

    fn dump(&mut self, stage: &str, sources: Vec<Source>, expr: &str) -> u8 {
        let mut session = self.session();
        let result = sources.into_iter().try_for_each(|s| session.define_source(s, &mut files::import));
        match result.and_then(|()| session.dump(expr, stage)) {
            Ok(text) => {
                self.console.line(text.trim_end());
                OK
            }
            Err(problem) => self.finish(&session, Err(problem)),
        }
    }

    /// Says what came of a program; the result is the exit code.
    fn finish(&self, session: &Session, result: Result<Vec<Diagnostic>, Error>) -> u8 {
        match result {
            Ok(warnings) => {
                self.warn(session, &warnings);
                OK
            }
            Err(problem) => {
                self.console.note(&problem.render(self.color));
                if problem.kind == ErrorKind::Interrupted { INTERRUPTED } else { FAILED }
            }
        }
    }

    fn warn(&self, session: &Session, warnings: &[Diagnostic]) {
        if !warnings.is_empty() {
            self.console.note(&session.render(warnings, self.color));
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
