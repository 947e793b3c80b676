//! Runs what the checker made: compiles an entry, gives it its arrays, and takes its results or its failure.

use super::call::{Signature, Trouble};
use super::failure::{Failed, at_site, defect, interrupted, out_of_memory, problem_at, refused, too_deep};
use super::output::{Printer, SharedOutput};
use super::reference;
use crate::codegen::{CallFailure, Native};
use crate::ir::{FuncId, Module};
use crate::pipeline::{self, Options, Problem, Timings};
use adl_lang::check::Entry;
use adl_lang::source::Span;
use adl_lang::typed::{self, Stmt, StmtKind};
use adl_runtime::{Array, Interrupt, Workspace};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// What runs an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Backend {
    /// Native code.
    #[default]
    Native,
    /// The reference interpreter of the IR: for tests.
    Interpreter,
}

/// How entries are compiled and run.
pub struct Runner {
    /// What runs them.
    pub backend: Backend,
    /// What entries do besides what they say.
    pub options: Options,
    /// Time spent so far.
    pub timings: Timings,
    output: SharedOutput,
    workspace: Workspace,
    limit: Option<usize>,
}

/// An entry that can be run.
pub struct Compiled {
    code: Code,
    signature: Signature,
    span: Span,
    /// A function that calls itself, directly or not.
    recursive: Option<(String, Span)>,
}

enum Code {
    Native(Native),
    Reference(Module, FuncId),
}

impl Runner {
    /// Prints to `output`.
    pub fn new(output: SharedOutput) -> Runner {
        Runner {
            backend: Backend::default(),
            options: Options::default(),
            timings: Timings::default(),
            output,
            workspace: Workspace::new(),
            limit: None,
        }
    }

    /// Most bytes that a call may use.
    pub fn set_memory_limit(&mut self, bytes: Option<usize>) {
        self.limit = bytes;
        self.workspace.set_memory_limit(bytes);
    }

    /// The switch that stops a call.
    pub fn interrupt(&self) -> Interrupt {
        self.workspace.interrupt()
    }

    /// Shares a switch.
    pub fn set_interrupt(&mut self, interrupt: Interrupt) {
        self.workspace.set_interrupt(interrupt);
    }

    /// A workspace like this one, for calls at the same time.
    pub fn another_workspace(&self) -> Workspace {
        let mut workspace = Workspace::new();
        workspace.set_memory_limit(self.limit);
        workspace.set_interrupt(self.workspace.interrupt());
        workspace
    }

    /// The memory limit of calls.
    pub fn memory_limit(&self) -> Option<usize> {
        self.limit
    }

    /// Where programs print to.
    pub fn output(&self) -> &SharedOutput {
        &self.output
    }

    /// Compiles an entry.
    pub fn compile(&mut self, entry: &Entry) -> Result<Compiled, Failed> {
        let main = entry.module.funcs.get(entry.main.0 as usize);
        let span = main.map_or(Span::default(), |f| f.span);
        let (backend, options) = (self.backend, self.options);
        let timings = &mut self.timings;
        let code = guarded(|| match backend {
            Backend::Native => pipeline::compile(&entry.module, entry.main, options, timings).map(Code::Native),
            Backend::Interpreter => {
                pipeline::reference(&entry.module, entry.main).map(|(module, main)| Code::Reference(module, main))
            }
        });
        let code = code.map_err(|problem| problem_at(problem, span))?;
        let types = |locals: &[_]| main.map_or(Vec::new(), |f| locals.iter().map(|&l| f.ty(l).clone()).collect());
        let signature = Signature { sizes: entry.sizes.clone(), params: main.map_or(Vec::new(), |f| types(&f.params)) };
        Ok(Compiled { code, signature, span, recursive: recursive(&entry.module, entry.main) })
    }

    /// Runs an entry with one array for each of its parameters.
    pub fn call(&mut self, compiled: &Compiled, args: &[&Array]) -> Result<Vec<Array>, Failed> {
        let start = Instant::now();
        let results = compiled.call(args, &mut self.workspace, &self.output, self.limit);
        self.timings.add("run", start.elapsed());
        results
    }
}

impl Compiled {
    /// Runs the entry in a workspace of its own.
    pub fn call(
        &self,
        args: &[&Array],
        workspace: &mut Workspace,
        output: &SharedOutput,
        limit: Option<usize>,
    ) -> Result<Vec<Array>, Failed> {
        let results = match &self.code {
            Code::Native(native) => self.signature.sizes(args).and_then(|sizes| {
                let run = |workspace: &mut Workspace| native.run(workspace, &sizes, args);
                printing(native, workspace, output, run).map_err(Trouble::Code)
            }),
            Code::Reference(module, main) => reference::call(module, *main, &self.signature, args, output),
        };
        results.map_err(|trouble| self.explain(trouble, limit))
    }

    /// The same with results in place of `results`; if it fails, what they hold is not defined.
    pub fn call_into(
        &self,
        args: &[&Array],
        results: &mut [&mut Array],
        workspace: &mut Workspace,
        output: &SharedOutput,
        limit: Option<usize>,
    ) -> Result<(), Failed> {
        let Code::Native(native) = &self.code else {
            let found = self.call(args, workspace, output, limit)?;
            for (place, array) in results.iter_mut().zip(found) {
                **place = array;
            }
            return Ok(());
        };
        let done = self.signature.sizes(args).and_then(|sizes| {
            let run = |workspace: &mut Workspace| native.run_into(workspace, &sizes, args, results);
            printing(native, workspace, output, run).map_err(Trouble::Code)
        });
        done.map_err(|trouble| self.explain(trouble, limit))
    }

    #[cold]
    fn explain(&self, trouble: Trouble, limit: Option<usize>) -> Failed {
        let failure = match trouble {
            Trouble::Argument(k, text) => {
                return defect(self.span, &format!("argument {k}: {text}")).into();
            }
            Trouble::OutOfMemory => return out_of_memory(limit, self.span).into(),
            Trouble::Defect(text) => return defect(self.span, &text).into(),
            Trouble::Code(failure) => failure,
        };
        match failure {
            CallFailure::Failed { site, values, arrays } => at_site(&site, &values, &arrays).into(),
            CallFailure::Interrupted => interrupted(self.span),
            CallFailure::StackOverflow => {
                let function = self.recursive.as_ref().map(|(name, span)| (name.as_str(), *span));
                too_deep(function, self.span).into()
            }
            CallFailure::OutOfMemory => out_of_memory(limit, self.span).into(),
            CallFailure::Refused { site, why } => refused(&site, &why).into(),
            CallFailure::HostPanicked => defect(self.span, "the host panicked while it printed").into(),
            CallFailure::Arguments(text) => defect(self.span, &text).into(),
        }
    }
}

/// Runs code with what it prints going to `output`.
fn printing<R>(
    native: &Native,
    workspace: &mut Workspace,
    output: &SharedOutput,
    run: impl FnOnce(&mut Workspace) -> R,
) -> R {
    if !native.prints() {
        return run(workspace);
    }
    let printer = Printer { native: native.clone(), output: output.clone() };
    let before = workspace.set_host(Some(Box::new(printer)));
    let result = run(workspace);
    workspace.set_host(before);
    result
}

/// What `f` gives; a panic in it is a defect like others.
fn guarded<R>(f: impl FnOnce() -> Result<R, Problem>) -> Result<R, Problem> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(result) => result,
        Err(payload) => {
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
            Err(Problem::Defect(text.unwrap_or("the compiler panicked").to_string()))
        }
    }
}

/// The first function that the entry can reach and that can reach itself.
fn recursive(module: &typed::Module, main: typed::FuncId) -> Option<(String, Span)> {
    let calls: Vec<Vec<usize>> = module
        .funcs
        .iter()
        .map(|f| {
            let mut out = Vec::new();
            f.body.iter().for_each(|s| called(s, &mut out));
            out
        })
        .collect();
    // An explicit stack of the path: a call back into it closes a circle.
    let mut state = vec![0u8; module.funcs.len()];
    let mut path = vec![(main.0 as usize, 0)];
    while let Some((func, next)) = path.last_mut() {
        let callees = calls.get(*func)?;
        state[*func] = 1;
        match callees.get(*next) {
            Some(&callee) => {
                *next += 1;
                match state.get(callee) {
                    Some(1) => {
                        let f = &module.funcs[callee];
                        return Some((f.name.clone(), f.span));
                    }
                    Some(0) => path.push((callee, 0)),
                    Some(_) | None => {}
                }
            }
            None => {
                state[*func] = 2;
                path.pop();
            }
        }
    }
    None
}

fn called(stmt: &Stmt, out: &mut Vec<usize>) {
    match &stmt.kind {
        StmtKind::Call { func, .. } | StmtKind::Jvp { func, .. } | StmtKind::Vjp { func, .. } => {
            out.push(func.0 as usize);
        }
        StmtKind::If { then, otherwise, .. } => then.iter().chain(otherwise).for_each(|s| called(s, out)),
        StmtKind::For { body, .. } | StmtKind::Map { body, .. } => body.iter().for_each(|s| called(s, out)),
        StmtKind::While { test, body, .. } => test.iter().chain(body).for_each(|s| called(s, out)),
        StmtKind::Let(..)
        | StmtKind::Set(..)
        | StmtKind::Break
        | StmtKind::Continue
        | StmtKind::Return(_)
        | StmtKind::Bounds { .. }
        | StmtKind::NonNegative { .. }
        | StmtKind::SameSize { .. }
        | StmtKind::Assert { .. }
        | StmtKind::Print { .. } => {}
    }
}
