//! Calls with arguments and places that are checked against the types of the function.
#![allow(unsafe_code, reason = "gives native code the addresses of arrays")]

use super::{BARE, CallFailure, Native, Shape, Shortage};
use adl_lang::types::{DType, Dim, Sym, Ty};
use adl_runtime::array::element_count;
use adl_runtime::buffer::Buffer;
use adl_runtime::view::{Leaf, LeafMut};
use adl_runtime::{Array, Context, Failure, Interrupt, Status, Trace, Workspace};
use smallvec::SmallVec;
use std::borrow::Borrow;

/// What a call of scalars noted when it did not finish.
pub struct Stop {
    status: u32,
    failure: Failure,
}

/// So many slots are worth an array of their own.
const FEW: usize = 8;

impl Native {
    /// Calls the code with dense leaves, and its results in dense places, one for each.
    ///
    /// # Errors
    /// As [`Native::call`], and if arguments or places do not fit.
    pub fn invoke(
        &self,
        workspace: &mut Workspace,
        sizes: &[i64],
        args: &[Leaf<'_>],
        results: &mut [LeafMut<'_>],
    ) -> Result<(), CallFailure> {
        let shape = &self.0.shape;
        if sizes.len() != shape.sizes || args.len() != shape.params.len() || results.len() != shape.results.len() {
            return Err(wrong_count(sizes.len(), args.len(), results.len()));
        }
        let count = self.slots();
        if count <= FEW {
            let mut slots = [0; FEW];
            self.fill(&mut slots[..count], sizes, args, results)?;
            // SAFETY: `fill` put addresses into the slots of arrays that have the types of the function at these sizes;
            // the places are borrowed exclusively, so they overlap with nothing.
            unsafe { self.call(workspace, &slots[..count]) }
        } else {
            let mut slots = SmallVec::<[u64; 64]>::from_elem(0, count);
            self.fill(&mut slots, sizes, args, results)?;
            // SAFETY: as above.
            unsafe { self.call(workspace, &slots) }
        }
    }

    /// How many scalars a call of [`Native::invoke_scalars`] takes and gives, if this code can be called so.
    pub fn scalars(&self) -> Option<usize> {
        (self.0.bare && !self.0.scalars.is_empty()).then_some(self.0.scalars.len())
    }

    /// Calls the code with scalars and places for scalars, and nothing else: the shortest way. If it fails,
    /// [`Native::explain_stop`] says why.
    ///
    /// # Errors
    /// If the code fails or is interrupted, or the scalars are not those of [`Native::scalars`].
    #[inline(always)]
    pub fn invoke_scalars(
        &self,
        interrupt: &Interrupt,
        args: &[Leaf<'_>],
        results: &mut [LeafMut<'_>],
    ) -> Result<(), Stop> {
        let scalars = &self.0.scalars[..];
        let (takes, gives) = scalars.split_at(args.len().min(scalars.len()));
        let mut slots = [0; FEW];
        let mut fits = takes.len() == args.len() && gives.len() == results.len() && scalars.len() <= FEW;
        for ((slot, arg), dtype) in slots.iter_mut().zip(args).zip(takes) {
            fits &= arg.dtype() == *dtype && arg.dims().is_empty();
            *slot = arg.word().unwrap_or(0);
        }
        for ((slot, place), dtype) in slots.iter_mut().skip(args.len()).zip(results).zip(gives) {
            fits &= place.dtype() == *dtype && place.dims().is_empty();
            *slot = place.word().unwrap_or(0);
        }
        if !fits {
            return Err(Stop { status: u32::MAX, failure: Failure::default() });
        }
        let mut context = Context::bare(interrupt);
        // The code takes these scalars and the addresses of these places, and is bare.
        let mut call = || (self.0.entry)(&raw mut context, slots.as_ptr());
        let need = BARE + self.0.frame;
        let status = match stacker::remaining_stack() {
            Some(left) if left < need => stacker::grow(need + BARE, call),
            Some(_) | None => call(),
        };
        if status == Status::Done as u32 { Ok(()) } else { Err(Stop { status, failure: context.failure }) }
    }

    /// Why a call of scalars did not finish, and where.
    #[cold]
    pub fn explain_stop(&self, stop: &Stop) -> (CallFailure, Trace) {
        if stop.status == u32::MAX {
            let failure = CallFailure::Arguments("other scalars than those of the function".into());
            return (failure, Trace::default());
        }
        let trace = Trace::at(stop.failure.site);
        (self.explain(stop.status, &stop.failure, &[], None), trace)
    }

    /// Fills the slots of a call.
    fn fill(
        &self,
        slots: &mut [u64],
        sizes: &[i64],
        args: &[Leaf<'_>],
        results: &mut [LeafMut<'_>],
    ) -> Result<(), CallFailure> {
        let shape = &self.0.shape;
        let (first, rest) = slots.split_at_mut(sizes.len());
        let (second, third) = rest.split_at_mut(args.len());
        first.iter_mut().zip(sizes).for_each(|(slot, &n)| *slot = n as u64);
        for ((slot, arg), ty) in second.iter_mut().zip(args).zip(&shape.params) {
            match arg.word() {
                Some(word) if fits(arg.dtype(), arg.dims(), ty, sizes) => *slot = word,
                _ => return Err(misfit("an argument", arg.dtype(), arg.dims(), ty)),
            }
        }
        for ((slot, place), ty) in third.iter_mut().zip(results).zip(&shape.results) {
            match place.word() {
                Some(word) if fits(place.dtype(), place.dims(), ty, sizes) => *slot = word,
                _ => return Err(misfit("a place", place.dtype(), place.dims(), ty)),
            }
        }
        Ok(())
    }

    /// Calls the code with arrays; scalars are arrays without axes.
    ///
    /// # Errors
    /// As [`Native::invoke`].
    pub fn run<A: Borrow<Array>>(
        &self,
        workspace: &mut Workspace,
        sizes: &[i64],
        args: &[A],
    ) -> Result<Vec<Array>, CallFailure> {
        let mut results = Vec::with_capacity(self.0.shape.results.len());
        for ty in &self.0.shape.results {
            let (dtype, dims) = (dtype(ty.dtype), dims(ty, sizes)?);
            let bytes = element_count(&dims).map_or(usize::MAX, |count| count * dtype.size());
            let no_memory = || CallFailure::OutOfMemory(Shortage { asked: bytes, used: 0 });
            let made = if dtype == adl_runtime::DType::Bool {
                Array::zeros(dtype, &dims)
            } else {
                // SAFETY: code that finishes has written its results; those of code that does not are dropped.
                let buffer = unsafe { Buffer::unwritten(bytes) }.ok_or_else(no_memory)?;
                Array::from_buffer(dtype, &dims, buffer)
            };
            results.push(made.map_err(|_| no_memory())?);
        }
        self.run_into(workspace, sizes, args, &mut results.iter_mut().collect::<SmallVec<[_; 8]>>())?;
        Ok(results)
    }

    /// The same with results in place of `results`, one for each. An array of the right type and shape is written to,
    /// another is replaced. If the code fails, what they hold is not defined.
    ///
    /// # Errors
    /// As [`Native::invoke`].
    pub fn run_into<A: Borrow<Array>>(
        &self,
        workspace: &mut Workspace,
        sizes: &[i64],
        args: &[A],
        results: &mut [&mut Array],
    ) -> Result<(), CallFailure> {
        let args: SmallVec<[Leaf<'_>; 8]> = args.iter().map(|a| Leaf::from(a.borrow())).collect();
        let mut places = SmallVec::<[LeafMut<'_>; 8]>::new();
        for (array, ty) in results.iter_mut().zip(&self.0.shape.results) {
            if !fits(array.dtype(), array.shape(), ty, sizes) {
                // Zeros, since the caller has it even if the code fails.
                let dims = dims(ty, sizes)?;
                **array = Array::zeros(dtype(ty.dtype), &dims).map_err(|_| {
                    let count = element_count(&dims).unwrap_or(usize::MAX);
                    CallFailure::OutOfMemory(Shortage { asked: count.saturating_mul(ty.dtype.bytes()), used: 0 })
                })?;
            }
            places.push(LeafMut::from(&mut **array));
        }
        self.invoke(workspace, sizes, &args, &mut places)
    }

    /// Gives the type and shape of each result to `visit`.
    ///
    /// # Errors
    /// If a size cannot be counted.
    pub fn each_result(
        &self,
        sizes: &[i64],
        visit: &mut dyn FnMut(adl_runtime::DType, &[usize]),
    ) -> Result<(), CallFailure> {
        for ty in &self.0.shape.results {
            visit(dtype(ty.dtype), &dims(ty, sizes)?);
        }
        Ok(())
    }
}

/// The types of a shape without sizes and arrays, if they are few; none otherwise.
pub(super) fn scalars(shape: &Shape) -> SmallVec<[adl_runtime::DType; FEW]> {
    let all = || shape.params.iter().chain(&shape.results);
    if shape.sizes > 0 || all().count() > FEW || !all().all(Ty::is_scalar) {
        return SmallVec::new();
    }
    all().map(|ty| dtype(ty.dtype)).collect()
}

#[cold]
fn wrong_count(sizes: usize, args: usize, results: usize) -> CallFailure {
    CallFailure::Arguments(format!("{sizes} sizes, {args} arguments and {results} results"))
}

#[cold]
fn misfit(what: &str, dtype: adl_runtime::DType, dims: &[usize], ty: &Ty) -> CallFailure {
    CallFailure::Arguments(format!("{what} of {dtype}{dims:?} for {ty}"))
}

#[inline]
pub(in crate::codegen) fn dtype(dtype: DType) -> adl_runtime::DType {
    match dtype {
        DType::Bool => adl_runtime::DType::Bool,
        DType::I64 => adl_runtime::DType::I64,
        DType::F32 => adl_runtime::DType::F32,
        DType::F64 => adl_runtime::DType::F64,
    }
}

/// A size; of one below 0 there are no entries, and the code says at its place what is wrong with it.
fn dim(dim: &Dim, sizes: &[i64]) -> Option<usize> {
    let of = |s: Sym| sizes.get(s.0 as usize).copied().unwrap_or(0);
    dim.eval(&of).and_then(|d| usize::try_from(d.max(0)).ok())
}

/// Whether elements and shape are those of a type.
#[inline]
fn fits(elements: adl_runtime::DType, shape: &[usize], ty: &Ty, sizes: &[i64]) -> bool {
    elements == dtype(ty.dtype)
        && shape.len() == ty.rank()
        && shape.iter().zip(&ty.dims).all(|(&n, d)| dim(d, sizes) == Some(n))
}

fn dims(ty: &Ty, sizes: &[i64]) -> Result<SmallVec<[usize; 4]>, CallFailure> {
    let dims: Option<SmallVec<_>> = ty.dims.iter().map(|d| dim(d, sizes)).collect();
    dims.ok_or_else(|| CallFailure::Arguments(format!("{ty} has no size")))
}
