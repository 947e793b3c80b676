//! A session: definitions and values that accumulate, for the REPL and for files, which read like it.
//!
//! ```
//! use adl_compiler::session::Session;
//! use std::sync::{Arc, Mutex};
//! let lines = Arc::new(Mutex::new(Vec::new()));
//! let shared = lines.clone();
//! let mut session = Session::new(move |line: &str| shared.lock().unwrap().push(line.to_string()));
//! session.run("entry", "let x = 3.0\nfn f(x) = x^2")?;
//! session.run("entry", "f'(x)")?;
//! assert_eq!(*lines.lock().unwrap(), ["6.0"]);
//! # Ok::<(), adl_compiler::engine::Error>(())
//! ```

mod calls;
mod derivative;
mod known;
mod measure;
mod stages;

pub use calls::Call;
pub use derivative::{Mode, Written};
pub use known::{Meaning, Outline};
pub use measure::Prepared;
pub use stages::Stage;

use crate::engine::limits::Setting;
use crate::engine::output::{Output, SharedOutput};
use crate::engine::parameters::Parameters;
use crate::engine::run::{Backend, Runner};
use crate::engine::state::{Display, Outcome, State};
use crate::engine::{Error, ErrorKind, Import};
use crate::pipeline::Timings;
use adl_lang::ast::{Name, Stmt, StmtKind};
use adl_lang::diagnostic::Diagnostic;
use adl_lang::source::Source;
use adl_runtime::{Interrupt, Value};

/// Definitions and values so far. What fails changes nothing.
pub struct Session {
    state: State,
    output: SharedOutput,
    /// `let name = literal` that the host replaces.
    parameters: Parameters,
}

/// What comes of the statements of a text.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The value of a bare expression.
    Value(Value),
    /// What is said of a bare expression that has no value at run time, such as a function.
    Text(String),
    /// `let` or `var` bound these names.
    Bound(Vec<String>),
    /// These functions are defined.
    Defined(Vec<String>),
    /// These use a function that was defined anew, and were written again with it.
    Rebuilt(Vec<String>),
    /// A name is bound anew, and these functions keep the value they captured.
    Kept {
        /// The name.
        name: String,
        /// The functions.
        by: Vec<String>,
    },
}

/// How a test came out.
pub struct TestReport {
    /// Its name.
    pub name: String,
    /// Nothing, or why it failed.
    pub result: Result<(), Error>,
}

impl Session {
    /// An empty session; what programs print and show goes to `output`.
    pub fn new(output: impl Output + 'static) -> Session {
        let output = SharedOutput::new(output);
        let runner = Runner::new(Setting::new(output.clone()));
        Session { state: State::new(runner), output, parameters: Parameters::default() }
    }

    /// Runs entries in another way from now on.
    pub fn set_backend(&mut self, backend: Backend) {
        self.state.runner.backend = backend;
    }

    /// Most bytes that a running statement may use; `None` for no limit.
    pub fn set_memory_limit(&mut self, bytes: Option<usize>) {
        self.state.runner.set(|setting| setting.limits.memory = bytes);
    }

    /// Whether each fixed point of the statements to come prints how it went, forward and backward:
    /// rounds, residual, solver, condition and time.
    pub fn report_fixpoints(&mut self, on: bool) {
        self.state.report_fixpoints(on);
    }

    /// The switch that stops the running statement.
    pub fn interrupt(&self) -> Interrupt {
        self.state.runner.setting().interrupt.clone()
    }

    /// Shares a switch with others.
    pub fn set_interrupt(&mut self, interrupt: Interrupt) {
        self.state.runner.set(|setting| setting.interrupt = interrupt);
    }

    /// The time that compiling and running took so far.
    pub fn timings(&self) -> &Timings {
        &self.state.runner.timings
    }

    /// Sets a parameter of the programs to come: the literal that a `let` of this name at top level is bound to.
    pub fn set_parameter(&mut self, name: &str, value: &str) -> Result<(), Error> {
        self.parameters.set(name, value)
    }

    /// The parameters that no program has had.
    pub fn unused_parameters(&self) -> Vec<&str> {
        self.parameters.unused()
    }

    /// Runs a text without imports of files. What it shows and prints goes to the output; the result is its warnings.
    pub fn run(&mut self, name: &str, text: &str) -> Result<Vec<Diagnostic>, Error> {
        self.run_source(Source::new(name, text), &mut no_files)
    }

    /// Runs a text, statement by statement, to the first one that fails; values of bare expressions go to the output.
    pub fn run_source(&mut self, source: Source, import: &mut Import<'_>) -> Result<Vec<Diagnostic>, Error> {
        let output = self.output.clone();
        self.run_watched(source, import, &mut |_, event| match event {
            Event::Value(value) => output.line(&value.to_string()),
            Event::Text(text) => output.line(&text),
            Event::Bound(_) | Event::Defined(_) | Event::Rebuilt(_) | Event::Kept { .. } => {}
        })
    }

    /// The same; what comes of the statements goes to `watch` as it comes, with the session as it is then.
    pub fn run_watched(
        &mut self,
        source: Source,
        import: &mut Import<'_>,
        watch: &mut dyn FnMut(&Session, Event),
    ) -> Result<Vec<Diagnostic>, Error> {
        let mut loaded = self.state.load(source, import)?;
        let mut warnings = loaded.warnings;
        self.parameters.replace(&mut loaded.stmts);
        let texts = |names: &[Name]| names.iter().map(|n| n.to_string()).collect::<Vec<_>>();
        let is_rebuilt = |name: &Name| loaded.rebuilt.contains(name);
        let defined = loaded.stmts.iter().filter_map(|stmt| match &stmt.kind {
            StmtKind::Fn(def) => Some(def.name.name.clone()),
            _ => None,
        });
        let defined: Vec<Name> = defined.filter(|name| !is_rebuilt(name)).collect();
        if !defined.is_empty() {
            watch(self, Event::Defined(texts(&defined)));
        }
        if !loaded.rebuilt.is_empty() {
            watch(self, Event::Rebuilt(texts(&loaded.rebuilt)));
        }
        for stmt in &loaded.stmts {
            let keepers = self.keepers(stmt);
            let Outcome { shown, bound, warnings: more } = self.state.statement(stmt)?;
            warnings.extend(more);
            if matches!(stmt.kind, StmtKind::Let { .. }) && !bound.iter().any(is_rebuilt) {
                watch(self, Event::Bound(texts(&bound)));
                keepers.into_iter().for_each(|event| watch(self, event));
            }
            match shown {
                Some(Display::Value(value)) => watch(self, Event::Value(value)),
                Some(Display::Text(text)) => watch(self, Event::Text(text)),
                None => {}
            }
        }
        Ok(warnings)
    }

    /// Who keeps the values of names that a statement binds anew.
    fn keepers(&self, stmt: &Stmt) -> Vec<Event> {
        let StmtKind::Let { pattern, .. } = &stmt.kind else {
            return Vec::new();
        };
        let kept = |name: Name| {
            let by: Vec<String> = self.state.checker().keepers(&name).iter().map(|n| n.to_string()).collect();
            (!by.is_empty()).then(|| Event::Kept { name: name.to_string(), by })
        };
        pattern.names().into_iter().filter_map(kept).collect()
    }

    /// Binds `ans` to the value of each bare expression from now on.
    pub fn keep_answers(&mut self) {
        self.state.checker_mut().keep_answers();
    }

    /// Reads imported files anew when they are imported again.
    pub fn forget_files(&mut self) {
        self.state.checker_mut().forget_files();
    }

    /// Stops at the first operation that makes a NaN.
    pub fn check_nan(&mut self, on: bool) {
        self.state.runner.set(|setting| setting.options.check_nan = on);
    }

    /// Runs the tests of a text, each after its definitions; the other statements are left out.
    pub fn test_source(
        &mut self,
        source: Source,
        import: &mut Import<'_>,
        report: &mut dyn FnMut(TestReport),
    ) -> Result<Vec<Diagnostic>, Error> {
        let mut loaded = self.state.load(source, import)?;
        let mut warnings = loaded.warnings;
        self.parameters.replace(&mut loaded.stmts);
        warnings.extend(self.state.definitions(&loaded.stmts)?);
        for (name, body, _) in &loaded.tests {
            let result = self.state.test(body).map(|more| warnings.extend(more));
            let interrupted = matches!(&result, Err(problem) if problem.kind == ErrorKind::Interrupted);
            report(TestReport { name: name.clone(), result });
            if interrupted {
                break;
            }
        }
        Ok(warnings)
    }

    /// Checks a text: every statement and test is checked without being run. (A whole number at top level
    /// may decide a shape further down, so it is computed.)
    pub fn check_source(&mut self, source: Source, import: &mut Import<'_>) -> Result<Vec<Diagnostic>, Error> {
        let loaded = self.state.load(source, import)?;
        let mut warnings = loaded.warnings;
        for stmt in &loaded.stmts {
            warnings.extend(self.state.check(stmt)?.warnings);
        }
        for (_, body, _) in &loaded.tests {
            warnings.extend(self.state.check_test(body)?.warnings);
        }
        Ok(warnings)
    }

    /// Takes the definitions of a text and leaves out its other statements.
    pub fn define_source(&mut self, source: Source, import: &mut Import<'_>) -> Result<(), Error> {
        let loaded = self.state.load(source, import)?;
        self.state.definitions(&loaded.stmts).map(|_| ())
    }

    /// Warnings with the sources that they are about.
    pub fn problems(&self, warnings: Vec<Diagnostic>) -> Error {
        self.state.error(warnings)
    }
}

fn no_files(path: &str, _: &str) -> Result<Source, String> {
    Err(format!("no files are available here, so not `{path}`"))
}
