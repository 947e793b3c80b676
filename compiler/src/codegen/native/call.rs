//! Calls with arguments and places that are checked against the types of the function.
#![allow(unsafe_code, reason = "gives native code the addresses of arrays")]

use super::{CallFailure, Memory, Native};
use adl_lang::types::{DType, Dim, Sym, Ty};
use adl_runtime::array::element_count;
use adl_runtime::buffer::Buffer;
use adl_runtime::view::{Leaf, LeafMut};
use adl_runtime::{Array, Workspace};
use smallvec::SmallVec;
use std::borrow::Borrow;

impl Native {
    /// Calls the code with dense leaves, and its results in dense places, one for each.
    ///
    /// # Errors
    /// As [`Native::call`], and if arguments or places do not fit.
    #[inline]
    pub fn invoke(
        &self,
        memory: Memory<'_>,
        sizes: &[i64],
        args: &[Leaf<'_>],
        results: &mut [LeafMut<'_>],
    ) -> Result<(), CallFailure> {
        let shape = &self.0.shape;
        if sizes.len() != shape.sizes || args.len() != shape.params.len() || results.len() != shape.results.len() {
            return Err(wrong_count(sizes.len(), args.len(), results.len()));
        }
        let mut slots = SmallVec::<[u64; 16]>::new();
        slots.extend(sizes.iter().map(|&n| n as u64));
        for (arg, ty) in args.iter().zip(&shape.params) {
            match arg.word() {
                Some(word) if fits(arg.dtype(), arg.dims(), ty, sizes) => slots.push(word),
                _ => return Err(misfit("an argument", arg.dtype(), arg.dims(), ty)),
            }
        }
        for (place, ty) in results.iter_mut().zip(&shape.results) {
            match place.word() {
                Some(word) if fits(place.dtype(), place.dims(), ty, sizes) => slots.push(word),
                _ => return Err(misfit("a place", place.dtype(), place.dims(), ty)),
            }
        }
        // SAFETY: arguments and results have the types of the function at these sizes; the places are borrowed
        // exclusively, so they overlap with nothing.
        unsafe { self.call(memory, &slots) }
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
            // SAFETY: code that finishes has written its results; those of code that does not are dropped.
            let buffer = unsafe { Buffer::unwritten(bytes) }.ok_or(CallFailure::OutOfMemory)?;
            results.push(Array::from_buffer(dtype, &dims, buffer).map_err(|_| CallFailure::OutOfMemory)?);
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
                **array = Array::zeros(dtype(ty.dtype), &dims(ty, sizes)?).map_err(|_| CallFailure::OutOfMemory)?;
            }
            places.push(LeafMut::from(&mut **array));
        }
        self.invoke(Memory::Workspace(workspace), sizes, &args, &mut places)
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

#[cold]
fn wrong_count(sizes: usize, args: usize, results: usize) -> CallFailure {
    CallFailure::Arguments(format!("{sizes} sizes, {args} arguments and {results} results"))
}

#[cold]
fn misfit(what: &str, dtype: adl_runtime::DType, dims: &[usize], ty: &Ty) -> CallFailure {
    CallFailure::Arguments(format!("{what} of {dtype}{dims:?} for {ty}"))
}

#[inline]
fn dtype(dtype: DType) -> adl_runtime::DType {
    match dtype {
        DType::Bool => adl_runtime::DType::Bool,
        DType::I64 => adl_runtime::DType::I64,
        DType::F32 => adl_runtime::DType::F32,
        DType::F64 => adl_runtime::DType::F64,
    }
}

fn dim(dim: &Dim, sizes: &[i64]) -> Option<usize> {
    let of = |s: Sym| sizes.get(s.0 as usize).copied().unwrap_or(0);
    dim.eval(&of).and_then(|d| usize::try_from(d).ok())
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
