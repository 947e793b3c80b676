//! Embedding: programs as values, their functions and every derivative of them as handles.
//!
//! ```
//! use adl_compiler::engine::Engine;
//! let program = Engine::new().compile("valley", "fn rosenbrock([x, y]) = (1 - x)^2 + 100 * (y - x^2)^2")?;
//! let loss = program.function("rosenbrock")?;
//! let gradient = loss.grad();
//! let at = [0.0, 0.5].into();
//! assert_eq!(loss.call(&[at])?.to_string(), "26.0");
//! let at = [0.0, 0.5].into();
//! assert_eq!(gradient.call(&[at])?.to_string(), "[-2.0, 100.0]");
//! # Ok::<(), adl_compiler::engine::Error>(())
//! ```
//!
//! A function is compiled when it is first called, and again for arguments of other types. Sizes up to 8, and whole
//! numbers from 0 to 8, are part of the compiled code. Of larger ones only those count that are equal to one another or
//! to a size in a `let` of the program; any other length of input costs no compilation. Programs that ask more of their
//! sizes are compiled for each of them. A function keeps at most [`MAX_VARIANTS`] of its compilations.

pub(crate) mod call;
mod error;
pub(crate) mod failure;
mod message;
pub mod output;
mod picture;
mod reference;
pub mod run;
pub(crate) mod state;
mod trial;
mod values;
pub(crate) mod variant;

pub use error::Error;
pub use output::{Output, SharedOutput};
pub use run::Backend;
pub use state::Import;
pub use variant::MAX_VARIANTS;

use adl_lang::diagnostic::Diagnostic;
use adl_lang::source::Source;
use adl_runtime::{Interrupt, Value, Workspace};
use failure::Failed;
use run::Runner;
use smallvec::SmallVec;
use state::{State, deep};
use std::borrow::Borrow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use variant::{Args, Cache, Known, Last, Variant};

/// Compiles programs. Clones share their settings.
#[derive(Clone, Default)]
pub struct Engine {
    output: SharedOutput,
    interrupt: Interrupt,
    backend: Backend,
    memory_limit: Option<usize>,
}

impl Engine {
    /// An engine for native code, without limits, that drops what programs print.
    pub fn new() -> Engine {
        Engine::default()
    }

    /// Takes what programs print.
    #[must_use]
    pub fn with_output(self, output: impl Output + 'static) -> Engine {
        Engine { output: SharedOutput::new(output), ..self }
    }

    /// Bounds the bytes that a call may use.
    #[must_use]
    pub fn with_memory_limit(self, bytes: usize) -> Engine {
        Engine { memory_limit: Some(bytes), ..self }
    }

    /// Runs programs in another way.
    #[must_use]
    pub fn with_backend(self, backend: Backend) -> Engine {
        Engine { backend, ..self }
    }

    /// Stops all running calls when it is raised, and until it is cleared.
    pub fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    /// Takes the definitions of a text: its `import`s of library modules, `fn`s and `let`s. Other statements are left out.
    /// `name` stands for the text in messages.
    pub fn compile(&self, name: &str, text: &str) -> Result<Program, Error> {
        let mut no_files = |path: &str, _: &str| Err(format!("no files are available here, so not `{path}`"));
        self.compile_source(Source::new(name, text), &mut no_files)
    }

    /// The same for a text whose imports of files are read by `import`.
    pub fn compile_source(&self, source: Source, import: &mut Import<'_>) -> Result<Program, Error> {
        let mut runner = Runner::new(self.output.clone());
        runner.backend = self.backend;
        runner.set_memory_limit(self.memory_limit);
        runner.set_interrupt(self.interrupt.clone());
        let mut state = State::new(runner);
        let warnings = deep(|| {
            let loaded = state.load(source, import)?;
            let mut warnings = loaded.warnings;
            warnings.extend(state.definitions(&loaded.stmts)?);
            Ok::<_, Error>(warnings)
        })?;
        let inner =
            Inner { known: Known::new(&state), state: Mutex::new(state), memory_limit: self.memory_limit, warnings };
        Ok(Program(Arc::new(inner)))
    }
}

/// Definitions that a host can call. Clones share them.
#[derive(Clone)]
pub struct Program(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    known: Known,
    memory_limit: Option<usize>,
    warnings: Vec<Diagnostic>,
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while it was locked left it as before the statement.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Program {
    /// A function: the name of a definition, or any expression that gives one, such as `grad(loss, wrt = w)`.
    pub fn function(&self, expr: &str) -> Result<Function, Error> {
        // Without arguments all but unknown names and syntax errors may come from their absence.
        if let Err(problem) = self.0.state().function(expr, &[])
            && problem.diagnostics.iter().any(|d| d.code.starts_with("E00") || d.code == "E0101")
        {
            return Err(problem);
        }
        Ok(Function::new(self.0.clone(), expr.to_string()))
    }

    /// What looks wrong in the text though it runs.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.0.warnings
    }
}

/// A function of a program, for arguments of any fitting types. Clones share what was compiled; calls at the same time
/// on several threads do not wait for one another once it is.
#[derive(Clone)]
pub struct Function(Arc<Handle>);

struct Handle {
    program: Arc<Inner>,
    expr: String,
    /// For the one call that finds it free, as all do that come one after another.
    first: Mutex<Desk>,
    cache: Mutex<Cache>,
    /// For calls at the same time; those that are not in use.
    workspaces: Mutex<Vec<Workspace>>,
}

/// What one call at a time needs.
#[derive(Default)]
struct Desk {
    workspace: Option<Workspace>,
    last: Option<Last>,
}

impl Function {
    fn new(program: Arc<Inner>, expr: String) -> Function {
        Function(Arc::new(Handle {
            program,
            expr,
            first: Mutex::default(),
            cache: Mutex::new(Cache::default()),
            workspaces: Mutex::new(Vec::new()),
        }))
    }

    /// As written in the language.
    pub fn expr(&self) -> &str {
        &self.0.expr
    }

    /// The gradient function: of a scalar function, by its first parameter, with the structure of that parameter.
    #[must_use]
    pub fn grad(&self) -> Function {
        Function::new(self.0.program.clone(), format!("grad({})", self.0.expr))
    }

    /// The function that gives the value and the gradient.
    #[must_use]
    pub fn value_and_grad(&self) -> Function {
        Function::new(self.0.program.clone(), format!("value_and_grad({})", self.0.expr))
    }

    /// Calls it; compiles it first if there is no code for such arguments yet.
    pub fn call(&self, args: &[Value]) -> Result<Value, Error> {
        let args: SmallVec<[&Value; 8]> = args.iter().collect();
        self.run(&args, &mut |variant, workspace, args| variant.call(args, workspace, self.0.program.memory_limit))
    }

    /// Calls it with the result in place of `out`. Arrays of `out` that have the type and shape of the result are
    /// written to, so that calls in a row allocate nothing; any other `out`, such as [`Value::None`], is replaced. If
    /// the call fails, what `out` holds is not defined.
    ///
    /// ```
    /// use adl_compiler::engine::Engine;
    /// use adl_runtime::Value;
    /// let step = Engine::new().compile("step", "fn step(x) = 0.5 * x + 1")?.function("step")?;
    /// let (mut x, mut next) = (Value::from([1.0, 2.0]), Value::None);
    /// for _ in 0..2 {
    ///     step.call_into(&[&x], &mut next)?;
    ///     std::mem::swap(&mut x, &mut next);
    /// }
    /// assert_eq!(x.to_string(), "[1.75, 2.0]");
    /// # Ok::<(), adl_compiler::engine::Error>(())
    /// ```
    pub fn call_into<A: Borrow<Value>>(&self, args: &[A], out: &mut Value) -> Result<(), Error> {
        let args: SmallVec<[&Value; 8]> = args.iter().map(Borrow::borrow).collect();
        self.run(&args, &mut |variant, workspace, args| {
            variant.call_into(args, out, workspace, self.0.program.memory_limit)
        })
    }

    fn run<R>(&self, args: &Args<'_>, call: &mut Call<'_, R>) -> Result<R, Error> {
        let handle = &*self.0;
        let known = &handle.program.known;
        let new = || handle.program.state().runner.another_workspace();
        let first = match handle.first.try_lock() {
            Ok(first) => Some(first),
            Err(TryLockError::Poisoned(first)) => Some(first.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        };
        let result = if let Some(mut first) = first {
            let Desk { workspace, last } = &mut *first;
            if !last.as_ref().is_some_and(|last| last.serves(args, known)) {
                *last = None;
            }
            let last = match last {
                Some(last) => last,
                None => last.insert(Last::new(args, known, self.variant(args)?)),
            };
            call(last.variant(), workspace.get_or_insert_with(new), args)
        } else {
            let variant = self.variant(args)?;
            let idle = lock(&handle.workspaces).pop();
            let mut workspace = idle.unwrap_or_else(new);
            let result = call(&variant, &mut workspace, args);
            lock(&handle.workspaces).push(workspace);
            result
        };
        result.map_err(|failed| handle.program.state().failed(failed))
    }

    fn variant(&self, args: &Args<'_>) -> Result<Arc<Variant>, Error> {
        let handle = &*self.0;
        let known = &handle.program.known;
        if let Some(variant) = lock(&handle.cache).find(args, known) {
            return Ok(variant);
        }
        let mut state = handle.program.state();
        // The cache is not locked while it compiles, so two threads may both do it; the later one counts.
        let variant = deep(|| Variant::compile(&mut state, &handle.expr, args))?;
        let variant = Arc::new(variant);
        lock(&handle.cache).insert(args, known, variant.clone());
        Ok(variant)
    }
}

/// Calls a compilation in a workspace.
type Call<'a, R> = dyn FnMut(&Variant, &mut Workspace, &Args<'_>) -> Result<R, Failed> + 'a;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
