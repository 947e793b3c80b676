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

mod derivative;

use crate::engine::failure::problem_at;
use crate::engine::limits::Setting;
use crate::engine::output::{Output, SharedOutput};
use crate::engine::parameters::Parameters;
use crate::engine::run::{Backend, Runner};
use crate::engine::state::{Display, Outcome, State};
use crate::engine::{Error, ErrorKind, Import};
use crate::ir::Module;
use crate::pipeline::{PASSES, Timings, optimized};
use adl_lang::diagnostic::Diagnostic;
use adl_lang::source::Source;
use adl_runtime::Interrupt;
pub use derivative::{Mode, Written};

/// Definitions and values so far. What fails changes nothing.
pub struct Session {
    state: State,
    output: SharedOutput,
    parameters: Parameters,
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

    /// Whether each fixed point of the statements to come prints how it went, forward and backward: rounds, residual, solver,
    /// condition and time.
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

    /// Runs a text, statement by statement, to the first one that fails.
    pub fn run_source(&mut self, source: Source, import: &mut Import<'_>) -> Result<Vec<Diagnostic>, Error> {
        let mut loaded = self.state.load(source, import)?;
        let mut warnings = loaded.warnings;
        self.parameters.replace(&mut loaded.stmts);
        for stmt in &loaded.stmts {
            let Outcome { shown, warnings: more } = self.state.statement(stmt)?;
            warnings.extend(more);
            match shown {
                Some(Display::Value(value)) => self.output.line(&value.to_string()),
                Some(Display::Text(text)) => self.output.line(&text),
                None => {}
            }
        }
        Ok(warnings)
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

    /// What the statements of a text are compiled to: the typed tree for `typed`, else the IR after that pass (see
    /// [`crate::pipeline::PASSES`]). They are not run.
    pub fn dump(&mut self, text: &str, stage: &str) -> Result<String, Error> {
        let loaded = self.state.load(Source::new("<dump>", text), &mut no_files)?;
        let mut out = String::new();
        for stmt in &loaded.stmts {
            let entry = self.state.check(stmt)?;
            if stage == "typed" {
                out.push_str(&format!("{:#?}\n", entry.module));
                continue;
            }
            // A pass may run several times; the last one counts.
            let mut last = None;
            let mut dump = |name: &str, module: &Module| {
                if name == stage {
                    last = Some(module.to_string());
                }
            };
            let done = optimized(&entry.module, entry.main, &mut Timings::default(), &mut dump);
            done.map_err(|problem| self.state.failed(problem_at(problem, stmt.span)))?;
            match last {
                Some(text) => out.push_str(&text),
                None => {
                    let known = PASSES.join("`, `");
                    let text = format!("no pass `{stage}`; there are `{known}` and those of the optimizer");
                    return Err(Error::host("E0452", text));
                }
            }
        }
        Ok(out)
    }

    /// Problems as text, with the lines that they are about.
    pub fn render(&self, diagnostics: &[Diagnostic], color: bool) -> String {
        self.state.error(diagnostics.to_vec()).render(color)
    }
}

fn no_files(path: &str, _: &str) -> Result<Source, String> {
    Err(format!("no files are available here, so not `{path}`"))
}
