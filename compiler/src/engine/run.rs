//! Runs what the checker made: compiles an entry, gives it its arrays, and takes its results or its failure.

use super::call::{Signature, Trouble};
use super::error::ErrorKind;
use super::failure::{
    Failed, at_site, defect, interrupted, no_function, of_host, out_of_fuel, out_of_memory, out_of_time, problem_at,
    too_deep,
};
use super::limits::{Setting, Watch};
use super::output::Printer;
use super::reference;
use super::trail::Trail;
use crate::codegen::{CallFailure, Native, Shortage, Stop};
use crate::ir::{FuncId, Module};
use crate::pipeline::{self, Options, Problem, Timings};
use adl_lang::check::Entry;
use adl_lang::diagnostic::How;
use adl_lang::source::Span;
use adl_lang::typed::{self, Stmt, StmtKind};
use adl_runtime::array::element_count;
use adl_runtime::view::{Leaf, LeafMut};
use adl_runtime::{Array, Interrupt, Workspace};
use smallvec::SmallVec;
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

/// Arguments in a row.
pub type Leaves<'a> = SmallVec<[Leaf<'a>; 16]>;

/// How entries are compiled and run.
pub struct Runner {
    /// What runs them.
    pub backend: Backend,
    /// Time spent so far.
    pub timings: Timings,
    /// Whether code counts its rounds is decided when it is compiled.
    setting: Setting,
    /// What stops compilations.
    pub stop: Interrupt,
    workspace: Workspace,
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
    /// Runs entries in a setting.
    pub fn new(setting: Setting) -> Runner {
        let workspace = setting.workspace();
        let stop = setting.interrupt.clone();
        Runner { backend: Backend::default(), timings: Timings::default(), setting, stop, workspace }
    }

    /// What surrounds calls.
    pub fn setting(&self) -> &Setting {
        &self.setting
    }

    /// Changes it for what is compiled from now on.
    pub fn set(&mut self, change: impl FnOnce(&mut Setting)) {
        change(&mut self.setting);
        self.stop = self.setting.interrupt.clone();
        self.setting.prepare(&mut self.workspace);
    }

    /// Compiles an entry.
    pub fn compile(&mut self, entry: &Entry) -> Result<Compiled, Failed> {
        let main = entry.module.funcs.get(entry.main.0 as usize);
        let span = main.map_or(Span::default(), |f| f.span);
        let options = Options { metered: self.setting.limits.fuel.is_some(), ..self.setting.options };
        let (backend, timings, bounds) = (self.backend, &mut self.timings, self.setting.bounds(self.stop.clone()));
        let code = guarded(|| match backend {
            Backend::Native => {
                pipeline::compile(&entry.module, entry.main, options, &bounds, timings).map(Code::Native)
            }
            Backend::Interpreter => {
                pipeline::reference(&entry.module, entry.main).map(|(module, main)| Code::Reference(module, main))
            }
        });
        let code = code.flatten().map_err(|problem| problem_at(problem, span))?;
        let unknown = |(name, span): (&str, Span)| self.setting.hosts.problem(name).map(|problem| (problem, span));
        // The interpreter finds out when it gets there.
        if let Code::Native(native) = &code
            && let Some((problem, span)) = native.calls_of_host().find_map(unknown)
        {
            return Err(no_function(problem, span));
        }
        let types = |locals: &[_]| main.map_or(Vec::new(), |f| locals.iter().map(|&l| f.ty(l).clone()).collect());
        let signature = Signature { sizes: entry.sizes.clone(), params: main.map_or(Vec::new(), |f| types(&f.params)) };
        Ok(Compiled { code, signature, span, recursive: recursive(&entry.module, entry.main) })
    }

    /// Runs an entry with one array for each of its parameters; `kept` bytes are taken by values of the program.
    pub fn call(&mut self, compiled: &Compiled, args: &[&Array], kept: usize) -> Result<Vec<Array>, Failed> {
        let start = Instant::now();
        let results = compiled.call_beside(args, &mut self.workspace, &self.setting, Some(kept));
        self.timings.add("run", start.elapsed());
        results
    }
}

impl Compiled {
    /// Runs the entry in a workspace of its own.
    pub fn call(&self, args: &[&Array], workspace: &mut Workspace, setting: &Setting) -> Result<Vec<Array>, Failed> {
        self.call_beside(args, workspace, setting, None)
    }

    /// The same; if it is known how many bytes are `kept` beside it,
    /// they and the results count against the memory limit.
    pub fn call_beside(
        &self,
        args: &[&Array],
        workspace: &mut Workspace,
        setting: &Setting,
        kept: Option<usize>,
    ) -> Result<Vec<Array>, Failed> {
        let watch = setting.watch(workspace);
        let results = match &self.code {
            Code::Native(native) => {
                let leaves: Leaves<'_> = args.iter().map(|a| Leaf::from(*a)).collect();
                self.signature.sizes(&leaves).and_then(|sizes| {
                    let beside = match kept {
                        Some(kept) => leave_room(native, &sizes, kept, workspace, setting)
                            .map_err(|failure| Trouble::Code(failure, Trail::default()))?,
                        None => 0,
                    };
                    let run = |workspace: &mut Workspace| native.run(workspace, &sizes, args);
                    let done = printing(native, workspace, setting, run);
                    workspace.set_memory_limit(setting.limits.memory);
                    done.map_err(|failure| stopped(native, failure.beside(beside), workspace))
                })
            }
            Code::Reference(module, main) => reference::call(module, *main, &self.signature, args, setting),
        };
        results.map_err(|trouble| self.explain(trouble, setting, watch.as_ref()))
    }

    /// The same with results in place of `results`; if it fails, what they hold is not defined.
    pub fn call_into(
        &self,
        args: &[&Array],
        results: &mut [&mut Array],
        workspace: &mut Workspace,
        setting: &Setting,
    ) -> Result<(), Failed> {
        let Code::Native(native) = &self.code else {
            let found = self.call(args, workspace, setting)?;
            for (place, array) in results.iter_mut().zip(found) {
                **place = array;
            }
            return Ok(());
        };
        let watch = setting.watch(workspace);
        let leaves: Leaves<'_> = args.iter().map(|a| Leaf::from(*a)).collect();
        let done = self.signature.sizes(&leaves).and_then(|sizes| {
            let run = |workspace: &mut Workspace| native.run_into(workspace, &sizes, args, results);
            printing(native, workspace, setting, run).map_err(|failure| stopped(native, failure, workspace))
        });
        done.map_err(|trouble| self.explain(trouble, setting, watch.as_ref()))
    }

    /// The sizes for these arguments.
    pub fn sizes(&self, args: &[Leaf<'_>], setting: &Setting) -> Result<SmallVec<[i64; 8]>, Failed> {
        self.signature.sizes(args).map_err(|trouble| self.explain(trouble, setting, None))
    }

    /// Runs the entry with dense arguments and dense places of the host, one for each result.
    pub fn invoke(
        &self,
        sizes: &[i64],
        args: &[Leaf<'_>],
        places: &mut [LeafMut<'_>],
        workspace: &mut Workspace,
        setting: &Setting,
    ) -> Result<(), Failed> {
        let Code::Native(native) = &self.code else {
            return self.invoke_reference(args, places, workspace, setting);
        };
        let watch = setting.watch(workspace);
        let run = |workspace: &mut Workspace| native.invoke(workspace, sizes, args, places);
        let done = printing(native, workspace, setting, run);
        done.map_err(|failure| self.explain(stopped(native, failure, workspace), setting, watch.as_ref()))
    }

    fn invoke_reference(
        &self,
        args: &[Leaf<'_>],
        places: &mut [LeafMut<'_>],
        workspace: &mut Workspace,
        setting: &Setting,
    ) -> Result<(), Failed> {
        let arrays: Option<Vec<Array>> = args.iter().map(Leaf::to_array).collect();
        let arrays = arrays.ok_or_else(|| out_of_memory(setting.limits.memory, None, self.span))?;
        let found = self.call(&arrays.iter().collect::<Vec<_>>(), workspace, setting)?;
        for (place, array) in places.iter_mut().zip(&found) {
            if !place.copy_from(array) {
                return Err(defect(self.span, &format!("a place of {:?} for {array:?}", place.dims())));
            }
        }
        Ok(())
    }

    /// The native code, if it runs without a workspace.
    pub fn bare(&self) -> Option<&Native> {
        match &self.code {
            Code::Native(native) if native.is_bare() && self.signature.sizes.is_empty() => Some(native),
            Code::Native(_) | Code::Reference(..) => None,
        }
    }

    /// What a call without a workspace failed of.
    #[cold]
    pub fn failure(&self, native: &Native, stop: &Stop, setting: &Setting) -> Failed {
        let (failure, trace) = native.explain_stop(stop);
        self.explain(Trouble::Code(failure, Trail::of(native, &trace)), setting, None)
    }

    /// Bytes of machine code.
    pub fn code_bytes(&self) -> usize {
        match &self.code {
            Code::Native(native) => native.stats().code_bytes,
            Code::Reference(..) => 0,
        }
    }

    #[cold]
    fn explain(&self, trouble: Trouble, setting: &Setting, watch: Option<&Watch<'_>>) -> Failed {
        let limits = &setting.limits;
        let (failure, trail) = match trouble {
            Trouble::Argument(k, text) => {
                return defect(self.span, &format!("argument {k}: {text}"));
            }
            Trouble::OutOfMemory => return out_of_memory(limits.memory, None, self.span),
            Trouble::Defect(text) => return defect(self.span, &text),
            Trouble::Code(failure, trail) => (failure, trail),
        };
        let span = trail.span.unwrap_or(self.span);
        let mut failed: Failed = match failure {
            CallFailure::Failed { site, values, arrays } => at_site(&site, &values, &arrays).into(),
            CallFailure::Interrupted => match limits.time {
                Some(limit) if watch.is_some_and(Watch::is_late) => out_of_time(limit, span),
                _ => interrupted(span),
            },
            CallFailure::StackOverflow => {
                let function = self.recursive.as_ref().map(|(name, span)| (name.as_str(), *span));
                too_deep(function, span).into()
            }
            CallFailure::OutOfFuel => out_of_fuel(limits.fuel, span),
            CallFailure::OutOfMemory(shortage) => out_of_memory(limits.memory, Some(shortage), span),
            // What the host does for it may have ended for the same reason.
            CallFailure::Host { error: Some(_), .. } if watch.is_some_and(Watch::is_late) => {
                out_of_time(limits.time.unwrap_or_default(), span)
            }
            CallFailure::Host { error: Some(_), .. } if setting.interrupt.is_raised() => interrupted(span),
            CallFailure::Host { site, error } => of_host(&site, error),
            CallFailure::Arguments(text) => defect(self.span, &text),
        };
        let reversed = trail.steps.iter().any(|step| step.how == How::Gradient);
        if failed.kind == ErrorKind::Memory && reversed {
            let help = "a gradient keeps less of a long computation if that is run again: `checkpoint(f)`, \
                `@checkpoint(20) for …`";
            failed.diagnostic = Box::new(failed.diagnostic.help(help));
        }
        failed.diagnostic.calls = trail.steps;
        failed
    }
}

/// Gives a workspace the memory that `kept` bytes and the results leave to it; how many bytes these are together.
fn leave_room(
    native: &Native,
    sizes: &[i64],
    kept: usize,
    workspace: &mut Workspace,
    setting: &Setting,
) -> Result<usize, CallFailure> {
    let Some(limit) = setting.limits.memory else {
        return Ok(0);
    };
    let mut asked = 0usize;
    native.each_result(sizes, &mut |dtype, dims| {
        let bytes = element_count(dims).unwrap_or(usize::MAX).saturating_mul(dtype.size());
        asked = asked.saturating_add(bytes);
    })?;
    let beside = kept.saturating_add(asked);
    let Some(left) = limit.checked_sub(beside) else {
        return Err(CallFailure::OutOfMemory(Shortage { asked, used: kept }));
    };
    // What is kept for reuse must not stand in the way of results.
    if workspace.statistics().held > left {
        workspace.trim();
    }
    workspace.set_memory_limit(Some(left));
    Ok(beside)
}

/// Why native code stopped, and where.
#[cold]
fn stopped(native: &Native, failure: CallFailure, workspace: &mut Workspace) -> Trouble {
    Trouble::Code(failure, Trail::of(native, &workspace.take_trace()))
}

/// Runs code with what it asks of the host.
fn printing<R>(
    native: &Native,
    workspace: &mut Workspace,
    setting: &Setting,
    run: impl FnOnce(&mut Workspace) -> R,
) -> R {
    if !native.talks() {
        return run(workspace);
    }
    let printer = Printer { native: native.clone(), output: setting.output.clone(), hosts: setting.hosts.clone() };
    let before = workspace.set_host(Some(Box::new(printer)));
    let result = run(workspace);
    workspace.set_host(before);
    result
}

/// What `f` gives; a panic in it is a defect of ADL, which is told like other failures.
pub fn guarded<R>(f: impl FnOnce() -> R) -> Result<R, Problem> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("the compiler panicked");
        Problem::Defect(text.strip_prefix(adl_lang::defect::MARK).unwrap_or(text).to_string())
    })
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
