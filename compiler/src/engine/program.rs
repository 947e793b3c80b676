//! Programs and the functions in them: what is compiled for whom, and where a call finds its workspace.

use super::cache::{Cache, Counters, Key, Known, count};
use super::error::Error;
use super::limits::Setting;
use super::state::{State, arg_info, deep};
use super::variant::{Args, Lying, Variant, in_rows};
use adl_lang::ast::FnDef;
use adl_lang::check::ArgInfo;
use adl_lang::diagnostic::Diagnostic;
use adl_runtime::{Value, Workspace};
use smallvec::SmallVec;
use std::borrow::Borrow;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

/// Definitions that a host can call. Clones share them.
///
/// ```
/// let program = adl_compiler::compile("fn twice(x) = 2 * x")?;
/// // One text, functions of several types.
/// assert_eq!(program.function::<fn(f64) -> f64>("twice")?.call((1.5,))?, 3.0);
/// assert_eq!(program.function::<fn([f32]) -> Vec<f32>>("twice")?.call((&[1.5, 2.0],))?, [3.0, 4.0]);
/// # Ok::<(), adl_compiler::Error>(())
/// ```
#[derive(Clone)]
pub struct Program(pub(crate) Arc<Inner>);

/// What the handles of a program share.
pub struct Inner {
    pub(super) state: Mutex<State>,
    pub(super) cache: Mutex<Cache>,
    pub(crate) known: Known,
    pub(crate) setting: Setting,
    pub(super) counters: Arc<Counters>,
    pub(super) warnings: Vec<Diagnostic>,
    pub(super) functions: Vec<(Arc<FnDef>, String)>,
}

/// A definition of a program, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition<'a> {
    /// Its name.
    pub name: &'a str,
    /// As written: `fn loss(w: f64[n], x) -> f64`.
    pub signature: &'a str,
    /// The doc comment above it.
    pub doc: Option<&'a str>,
}

impl Inner {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic while it was locked left it as before the statement.
        lock(&self.state)
    }

    /// A definition and how it begins.
    pub(crate) fn definition(&self, name: &str) -> Option<(&Arc<FnDef>, &str)> {
        // Of several the last one counts.
        let found = self.functions.iter().rev().find(|(def, _)| *def.name.name == *name);
        found.map(|(def, signature)| (def, signature.as_str()))
    }
}

impl Program {
    /// A function for values whose types the host learns at run time: the name of a definition, or any expression that
    /// gives a function, such as `grad(loss, wrt = w)`.
    pub fn dynamic(&self, expr: &str) -> Result<DynFunction, Error> {
        self.look_up(expr)?;
        Ok(DynFunction::new(self.0.clone(), expr))
    }

    /// Fails if the expression is wrong whatever the arguments are.
    pub(crate) fn look_up(&self, expr: &str) -> Result<(), Error> {
        // Without arguments all but unknown names and syntax errors may come from their absence.
        match self.0.state().function(expr, &[]) {
            Err(problem) if problem.diagnostics.iter().any(|d| d.code.starts_with("E00") || d.code == "E0101") => {
                Err(problem)
            }
            _ => Ok(()),
        }
    }

    /// What looks wrong in the text though it runs.
    ///
    /// ```
    /// let program = adl_compiler::compile("fn f(x) { let y = 2 * x\n x }")?;
    /// assert_eq!(program.warnings()[0].title, "`y` is bound and never used");
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.0.warnings
    }

    /// The functions of the text, in order.
    ///
    /// ```
    /// let program = adl_compiler::compile("## A straight line.\nfn line(p, t: f64) = p.a + p.b * t")?;
    /// let found = program.functions().next().unwrap();
    /// assert_eq!((found.signature, found.doc), ("fn line(p, t: f64)", Some("A straight line.")));
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    pub fn functions(&self) -> impl Iterator<Item = Definition<'_>> {
        self.0.functions.iter().map(|(def, signature)| Definition {
            name: &def.name.name,
            signature,
            doc: def.doc.as_deref().map(str::trim),
        })
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.functions().map(|function| function.signature)).finish()
    }
}

/// One function of a program.
pub struct Handle {
    pub(crate) program: Arc<Inner>,
    pub(crate) expr: Arc<str>,
    /// Its number in keys.
    pub(crate) number: u32,
}

/// What calls need, each for itself.
#[derive(Default)]
pub struct Desks<D> {
    /// For the one call that finds it free, as all do that come one after another.
    first: Mutex<D>,
    /// For calls at the same time; those that are not in use.
    others: Mutex<Vec<D>>,
}

impl<D: Default> Desks<D> {
    /// Gives a desk to work at.
    pub(crate) fn at_desk<R>(&self, work: impl FnOnce(&mut D) -> R) -> R {
        let first = match self.first.try_lock() {
            Ok(first) => Some(first),
            Err(TryLockError::Poisoned(first)) => Some(first.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        };
        if let Some(mut first) = first {
            return work(&mut first);
        }
        let idle = lock(&self.others).pop();
        let mut desk = idle.unwrap_or_default();
        let result = work(&mut desk);
        lock(&self.others).push(desk);
        result
    }
}

/// What a call with values needs.
#[derive(Default)]
struct Desk {
    memory: Option<Workspace>,
    last: Option<Last>,
}

/// The compilation that was called last, with what it serves.
struct Last {
    key: Key,
    variant: Arc<Variant>,
}

impl Handle {
    /// The function that `expr` gives.
    pub(crate) fn new(program: Arc<Inner>, expr: &str) -> Handle {
        let (expr, number) = lock(&program.cache).function(expr);
        Handle { program, expr, number }
    }

    /// The compilation for such arguments; it is made if there is none. `key` gives their key, with or without exact
    /// sizes, `infos` describes them, and `orders` says how they and the results lie.
    pub(crate) fn variant(
        &self,
        key: &dyn Fn(bool) -> Key,
        infos: &dyn Fn() -> Vec<ArgInfo>,
        orders: &Lying<'_>,
    ) -> Result<Arc<Variant>, Error> {
        let counters = &self.program.counters;
        if let Some(variant) = lock(&self.program.cache).find(key) {
            count(&counters.found, 1);
            return Ok(variant);
        }
        let mut state = self.program.state();
        // Another thread may have made it while this one waited.
        if let Some(variant) = lock(&self.program.cache).find(key) {
            count(&counters.found, 1);
            return Ok(variant);
        }
        let compiling = self.program.setting.compiling();
        state.runner.stop = compiling.stop();
        let variant = deep(|| Variant::compile(&mut state, &self.expr, &infos(), orders, counters));
        state.runner.stop = self.program.setting.interrupt.clone();
        let variant = Arc::new(variant.map_err(|problem| compiling.explain(problem))?);
        count(&counters.evicted, lock(&self.program.cache).insert(key, variant.clone()));
        Ok(variant)
    }
}

/// A function of a program, for arguments of any fitting types. Clones share what was compiled; calls at the same time
/// on several threads do not wait for one another once it is.
///
/// ```
/// use adl_compiler::value::Value;
/// let f = adl_compiler::compile("fn f(x, n) = sum(x^n)")?.dynamic("f")?;
/// assert_eq!(f.call(&[[1.0, 2.0].into(), 3.into()])?, Value::from(9.0));
/// assert_eq!(f.grad().call(&[[1.0, 2.0].into(), 3.into()])?.to_string(), "[3.0, 12.0]");
/// # Ok::<(), adl_compiler::Error>(())
/// ```
#[derive(Clone)]
pub struct DynFunction(Arc<(Handle, Desks<Desk>)>);

impl DynFunction {
    /// As written in the language.
    pub fn expr(&self) -> &str {
        &self.0.0.expr
    }

    /// The gradient function: of a scalar function, by its first parameter, with the structure of that parameter.
    #[must_use]
    pub fn grad(&self) -> DynFunction {
        self.derived(&format!("grad({})", self.0.0.expr))
    }

    /// The function that gives the value and the gradient.
    #[must_use]
    pub fn value_and_grad(&self) -> DynFunction {
        self.derived(&format!("value_and_grad({})", self.0.0.expr))
    }

    fn new(program: Arc<Inner>, expr: &str) -> DynFunction {
        DynFunction(Arc::new((Handle::new(program, expr), Desks::default())))
    }

    fn derived(&self, expr: &str) -> DynFunction {
        DynFunction::new(self.0.0.program.clone(), expr)
    }

    /// Calls it; compiles it first if there is no code for such arguments yet.
    pub fn call(&self, args: &[Value]) -> Result<Value, Error> {
        let args: SmallVec<[&Value; 8]> = args.iter().collect();
        self.run(&args, |variant, workspace, args| variant.call(args, workspace))
    }

    /// Calls it with the result in place of `out`. Arrays of `out` that have the type and shape of the result are
    /// written to, so that calls in a row allocate nothing; any other `out`, such as [`Value::None`], is replaced. If
    /// the call fails, what `out` holds is not defined.
    ///
    /// ```
    /// use adl_compiler::value::Value;
    /// let step = adl_compiler::compile("fn step(x) = 0.5 * x + 1")?.dynamic("step")?;
    /// let (mut x, mut next) = (Value::from([1.0, 2.0]), Value::None);
    /// for _ in 0..2 {
    ///     step.call_into(&[&x], &mut next)?;
    ///     std::mem::swap(&mut x, &mut next);
    /// }
    /// assert_eq!(x.to_string(), "[1.75, 2.0]");
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    pub fn call_into<A: Borrow<Value>>(&self, args: &[A], out: &mut Value) -> Result<(), Error> {
        let args: SmallVec<[&Value; 8]> = args.iter().map(Borrow::borrow).collect();
        self.run(&args, |variant, workspace, args| variant.call_into(args, out, workspace))
    }

    fn run<R>(
        &self,
        args: &Args<'_>,
        call: impl FnOnce(&Variant, &mut Workspace, &Args<'_>) -> Result<R, super::failure::Failed>,
    ) -> Result<R, Error> {
        let (handle, desks) = &*self.0;
        let program = &*handle.program;
        let key = |exact: bool| program.known.key(handle.number, args, exact);
        desks.at_desk(|Desk { memory, last }| {
            if last.as_ref().is_some_and(|last| last.key != key(last.variant.is_exact())) {
                *last = None;
            }
            let last = match last {
                Some(last) => last,
                None => {
                    let infos = || args.iter().map(|arg| arg_info(arg)).collect();
                    let variant = handle.variant(&key, &infos, &in_rows)?;
                    last.insert(Last { key: key(variant.is_exact()), variant })
                }
            };
            let workspace = memory.get_or_insert_with(|| program.setting.workspace());
            call(&last.variant, workspace, args).map_err(|failed| program.state().failed(failed))
        })
    }
}

impl fmt::Debug for DynFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expr())
    }
}

/// Locks; a panic elsewhere leaves what is locked here as it was.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
