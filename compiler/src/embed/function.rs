//! Typed handles and their calls.

use super::args::{Args, IntoPlace};
use super::places::{Places, Shapes};
use super::probe;
use super::signature::{Signature, written};
use super::types::Type;
use super::workspace::{Matched, Room, Typed, Way, Workspace};
use crate::codegen::{Native, Stop};
use crate::engine::error::nowhere;
use crate::engine::program::{Desks, Handle};
use crate::engine::run::Leaves;
use crate::engine::{Error, Program};
use adl_lang::diagnostic::Diagnostic;
use adl_runtime::Interrupt;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// A function of a program with the signature `S`, such as `fn([f64], f64) -> f64`.
///
/// Clones share what was compiled. Calls may come from many threads at once; each finds memory of its own. The handle
/// keeps what it needs of its program.
///
/// ```
/// let program = adl_compiler::compile("fn f(x: f64[n], p: f64) = sum(x^p)")?;
/// let f = program.function::<fn([f64], f64) -> f64>("f")?;
/// assert_eq!(f.call((&[1.0, 2.0], 3.0))?, 9.0);
/// let threads: Vec<_> = (0..16)
///     .map(|k| {
///         let f = f.clone();
///         std::thread::spawn(move || f.call((&vec![1.0; k], 1.0)).unwrap())
///     })
///     .collect();
/// assert_eq!(threads.into_iter().map(|t| t.join().unwrap()).sum::<f64>(), 120.0);
/// # Ok::<(), adl_compiler::Error>(())
/// ```
pub struct Function<S> {
    /// Code that is called in the shortest way.
    bare: Option<Arc<Bare>>,
    pub(super) typed: Arc<Typed>,
    desks: Arc<Desks<Workspace>>,
    signature: PhantomData<fn() -> S>,
}

/// Code of scalars, which needs no workspace.
struct Bare {
    native: Native,
    interrupt: Interrupt,
    matched: Matched,
}

impl<S> Clone for Function<S> {
    fn clone(&self) -> Self {
        Function {
            bare: self.bare.clone(),
            typed: self.typed.clone(),
            desks: self.desks.clone(),
            signature: PhantomData,
        }
    }
}

impl<S: Signature> fmt::Debug for Function<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.typed.handle.expr, self.typed.asked)
    }
}

impl Program {
    /// A function with a signature: the name of a definition, or any expression that gives a function, such as
    /// `grad(loss, wrt = w)` or `vmap(model, axes = (none, 0))`.
    ///
    /// It is compared with the program now: with its declared types, and by compiling it for some sizes.
    /// What depends on the very sizes of a call is compared when it is called.
    ///
    /// ```
    /// let program = adl_compiler::compile("fn area(width: f64, height: f64) = width * height")?;
    /// let problem = program.function::<fn([f64], f64) -> f64>("area").unwrap_err().to_string();
    /// assert!(problem.contains("asked for: fn(f64[_], f64) -> f64"), "{problem}");
    /// assert!(problem.contains("the program has: fn area(width: f64, height: f64)"), "{problem}");
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    pub fn function<S: Signature>(&self, expr: &str) -> Result<Function<S>, Error> {
        self.look_up(expr)?;
        let function = Function::<S>::new(Handle::new(self.0.clone(), expr))?;
        if !function.typed.params.iter().all(super::Spec::is_fixed) {
            probe::compare(&function.typed)?;
        }
        Ok(function)
    }
}

impl<S: Signature> Function<S> {
    /// A handle; one without sizes is compiled now.
    pub(super) fn new(handle: Handle) -> Result<Self, Error> {
        let (params, result) = (S::params(), <S::Result as Type>::spec());
        let fixed = params.iter().all(super::Spec::is_fixed);
        let typed = Arc::new(Typed { handle, params, result, asked: written::<S>() });
        let bare = if fixed { Bare::new(&typed)?.map(Arc::new) } else { None };
        Ok(Function { bare, typed, desks: Arc::default(), signature: PhantomData })
    }

    /// As written in the language: `grad(loss, wrt = 0)`.
    pub fn expr(&self) -> &str {
        &self.typed.handle.expr
    }

    /// Calls it with a tuple of arguments; of one it is `(x,)`. An error if sizes do not fit, if a check of the program
    /// fails while it runs, or if a limit is reached.
    ///
    /// ```
    /// let program = adl_compiler::compile("fn f(x: f64[n], y: f64[n]) = sum(x * y)")?;
    /// let f = program.function::<fn([f64], [f64]) -> f64>("f")?;
    /// assert_eq!(f.call((&[1.0, 2.0], &[3.0, 4.0]))?, 11.0);
    /// let problem = f.call((&[1.0, 2.0], &[3.0])).unwrap_err();
    /// assert!(problem.to_string().contains("argument `y` has 1 element, but `n` is 2"), "{problem}");
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    #[inline]
    pub fn call<'a>(&self, args: impl Args<'a, S>) -> Result<<S::Result as Type>::Out, Error> {
        let input = args.into_args();
        match &self.bare {
            Some(bare) => self.call_bare(bare, &input),
            None => self.desks.at_desk(|workspace| self.call_at(workspace, &input)),
        }
    }

    /// A workspace for [`Function::call_into`], [`Function::call_in`] and the calls after them.
    /// It belongs to one call at a time.
    pub fn workspace(&self) -> Workspace {
        Workspace::default()
    }

    /// Calls it in a workspace of the caller.
    ///
    /// ```
    /// let program = adl_compiler::compile("fn f(A: f64[n, n], x: f64[n]) = A @ (A @ x)")?;
    /// let f = program.function::<fn(adl_compiler::Array<f64, 2>, [f64]) -> Vec<f64>>("f")?;
    /// let mut workspace = f.workspace();
    /// assert_eq!(f.call_in(&mut workspace, (&[[2.0, 0.0], [0.0, 3.0]], &[1.0, 1.0]))?, [4.0, 9.0]);
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    pub fn call_in<'a>(
        &self,
        workspace: &mut Workspace,
        args: impl Args<'a, S>,
    ) -> Result<<S::Result as Type>::Out, Error> {
        self.call_at(workspace, &args.into_args())
    }

    /// Calls it in a workspace and writes the result to memory of the caller:
    /// for each number a `&mut f64`, for each array a `&mut [f64]`, `&mut Vec<f64>`, `&mut Array` or another view,
    /// which has the size of the result already. After the first call with the same sizes nothing is allocated.
    /// If the call fails, what was written is not defined.
    ///
    /// ```
    /// let program = adl_compiler::compile("fn loss(w: f64[n]) = sum(w^2)")?;
    /// let descend = program.function::<fn([f64]) -> f64>("loss")?.value_and_grad()?;
    /// let mut workspace = descend.workspace();
    /// let (mut w, mut slope, mut value) = (vec![3.0, -4.0], [0.0; 2], 0.0);
    /// for _ in 0..100 {
    ///     descend.call_into(&mut workspace, (&w,), (&mut value, &mut slope))?;
    ///     w.iter_mut().zip(slope).for_each(|(w, slope)| *w -= 0.1 * slope);
    /// }
    /// assert!(value < 1e-15);
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    pub fn call_into<'a, 'p>(
        &self,
        workspace: &mut Workspace,
        args: impl Args<'a, S>,
        out: impl IntoPlace<'p, S::Result>,
    ) -> Result<(), Error> {
        let (input, mut place) = (args.into_args(), out.into_place());
        let mut leaves = Leaves::new();
        S::leaves(&input, &mut leaves);
        let mut places = Places::new();
        <S::Result as Type>::places(&mut place, &mut places);
        let Workspace { memory, last, packed, spread } = workspace;
        let last = self.typed.matched(last, &leaves, &places, packed)?;
        for (k, (shape, place)) in last.shapes.iter().zip(&places).enumerate() {
            if *shape != *place.dims() {
                return Err(misplaced(k, shape, place.dims()));
            }
        }
        let memory = memory.get_or_insert_with(|| self.typed.handle.program.setting.workspace());
        last.call(&leaves, &mut places, Room { packed, spread, memory }).map_err(|failed| self.typed.failed(failed))
    }

    fn call_at(&self, workspace: &mut Workspace, input: &S::In<'_>) -> Result<<S::Result as Type>::Out, Error> {
        let mut leaves = Leaves::new();
        S::leaves(input, &mut leaves);
        let Workspace { memory, last, packed, spread } = workspace;
        let last = self.typed.matched(last, &leaves, &[], packed)?;
        let mut out = self.room(last.shapes.rewound())?;
        let memory = memory.get_or_insert_with(|| self.typed.handle.program.setting.workspace());
        {
            let mut place = <S::Result as Type>::place(&mut out);
            let mut places = Places::new();
            <S::Result as Type>::places(&mut place, &mut places);
            let room = Room { packed, spread, memory };
            last.call(&leaves, &mut places, room).map_err(|failed| self.typed.failed(failed))?;
        }
        Ok(out)
    }

    #[inline]
    fn call_bare(&self, bare: &Bare, input: &S::In<'_>) -> Result<<S::Result as Type>::Out, Error> {
        let mut leaves = Leaves::new();
        S::leaves(input, &mut leaves);
        let mut out = self.room(&mut Shapes::scalars())?;
        let done = {
            let mut place = <S::Result as Type>::place(&mut out);
            let mut places = Places::new();
            <S::Result as Type>::places(&mut place, &mut places);
            bare.native.invoke_scalars(&bare.interrupt, &leaves, &mut places)
        };
        match done {
            Ok(()) => Ok(out),
            Err(stop) => Err(self.stopped(bare, &stop)),
        }
    }

    #[cold]
    fn stopped(&self, bare: &Bare, stop: &Stop) -> Error {
        self.typed.failed(bare.matched.variant.explained(&bare.native, stop))
    }

    #[inline]
    fn room(&self, shapes: &mut Shapes) -> Result<<S::Result as Type>::Out, Error> {
        <S::Result as Type>::new(shapes).ok_or_else(|| self.typed.refused("the result has another size"))
    }
}

impl Bare {
    /// Compiles a function whose parameters have no sizes; nothing if it cannot be called in the shortest way.
    fn new(typed: &Arc<Typed>) -> Result<Option<Bare>, Error> {
        let variant = probe::fixed(typed)?;
        let leaves = probe::leaves(&typed.params);
        let matched = typed.matching(variant, leaves)?;
        let short = matched.way == Way::Straight && matched.variant.takes_leaves(leaves);
        let native = matched.variant.bare().filter(|native| short && native.scalars().is_some()).cloned();
        let interrupt = typed.handle.program.setting.interrupt.clone();
        Ok(native.map(|native| Bare { native, interrupt, matched }))
    }
}

#[cold]
fn misplaced(k: usize, wanted: &[usize], found: &[usize]) -> Error {
    let title = format!("part {k} of the result has the shape {wanted:?}, and its place {found:?}");
    Error::signature(Diagnostic::error("E0481", nowhere(), title))
}
