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

use crate::engine::failure::problem_at;
use crate::engine::output::{Output, SharedOutput};
use crate::engine::run::{Backend, Runner};
use crate::engine::state::{Display, Outcome, State};
use crate::engine::{Error, Import};
use crate::ir::Module;
use crate::pipeline::{PASSES, Timings, optimized};
use adl_lang::ast::{Expr, ExprKind, PatternKind, Stmt, StmtKind, UnaryOp};
use adl_lang::diagnostic::Diagnostic;
use adl_lang::parse::parse;
use adl_lang::source::{Source, SourceId, Span};
use adl_runtime::Interrupt;

/// Definitions and values so far. What fails changes nothing.
pub struct Session {
    state: State,
    output: SharedOutput,
    /// `let name = literal` that the host replaces.
    parameters: Vec<Parameter>,
}

struct Parameter {
    name: String,
    value: Expr,
    used: bool,
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
        let runner = Runner::new(output.clone());
        Session { state: State::new(runner), output, parameters: Vec::new() }
    }

    /// Runs entries in another way from now on.
    pub fn set_backend(&mut self, backend: Backend) {
        self.state.runner.backend = backend;
    }

    /// Most bytes that a running statement may use; `None` for no limit.
    pub fn set_memory_limit(&mut self, bytes: Option<usize>) {
        self.state.runner.set_memory_limit(bytes);
    }

    /// The switch that stops the running statement.
    pub fn interrupt(&self) -> Interrupt {
        self.state.runner.interrupt()
    }

    /// Shares a switch with others.
    pub fn set_interrupt(&mut self, interrupt: Interrupt) {
        self.state.runner.set_interrupt(interrupt);
    }

    /// The time that compiling and running took so far.
    pub fn timings(&self) -> &Timings {
        &self.state.runner.timings
    }

    /// Sets a parameter of the programs to come: the literal that a `let` of this name at top level is bound to.
    pub fn set_parameter(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let (file, problems) = parse(&Source::new(name, value), SourceId(u32::MAX));
        match file.stmts.as_slice() {
            [Stmt { kind: StmtKind::Expr(value), .. }] if problems.is_empty() && is_literal(value) => {
                self.parameters.push(Parameter { name: name.to_string(), value: value.clone(), used: false });
                Ok(())
            }
            _ => Err(Error::host(
                "E0450",
                format!("the parameter `{name}` must be a number, `true` or `false`, not `{value}`"),
            )),
        }
    }

    /// The parameters that no program has had.
    pub fn unused_parameters(&self) -> Vec<&str> {
        let unused = self.parameters.iter().filter(|p| !p.used);
        unused.map(|p| p.name.as_str()).collect()
    }

    /// Runs a text without imports of files. What it shows and prints goes to the output; the result is its warnings.
    pub fn run(&mut self, name: &str, text: &str) -> Result<Vec<Diagnostic>, Error> {
        self.run_source(Source::new(name, text), &mut no_files)
    }

    /// Runs a text, statement by statement, to the first one that fails.
    pub fn run_source(&mut self, source: Source, import: &mut Import<'_>) -> Result<Vec<Diagnostic>, Error> {
        let mut loaded = self.state.load(source, import)?;
        let mut warnings = loaded.warnings;
        self.replace_parameters(&mut loaded.stmts);
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
        self.replace_parameters(&mut loaded.stmts);
        warnings.extend(self.state.definitions(&loaded.stmts)?);
        for (name, body, _) in &loaded.tests {
            let result = self.state.test(body).map(|more| warnings.extend(more));
            let interrupted = matches!(&result, Err(problem) if problem.interrupted);
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
            let done = optimized(&entry.module, entry.main, self.state.runner.options, &mut Timings::default(), &mut dump);
            done.map_err(|problem| self.state.error(vec![problem_at(problem, stmt.span)]))?;
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

    fn replace_parameters(&mut self, stmts: &mut [Stmt]) {
        for stmt in stmts {
            let StmtKind::Let { mutable: false, pattern, value, .. } = &mut stmt.kind else {
                continue;
            };
            let PatternKind::Name(name) = &pattern.kind else {
                continue;
            };
            let wanted = self.parameters.iter_mut().rev().find(|p| *p.name == **name && is_literal(value));
            if let Some(parameter) = wanted {
                parameter.used = true;
                *value = at(parameter.value.clone(), value.span);
            }
        }
    }
}

fn no_files(path: &str, _: &str) -> Result<Source, String> {
    Err(format!("no files are available here, so not `{path}`"))
}

fn is_literal(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Bool(_) => true,
        ExprKind::Unary(UnaryOp::Neg, inner) => is_literal(inner),
        _ => false,
    }
}

/// The literal as if it stood there.
fn at(mut literal: Expr, span: Span) -> Expr {
    literal.span = span;
    if let ExprKind::Unary(_, inner) = &mut literal.kind {
        **inner = at((**inner).clone(), span);
    }
    literal
}
