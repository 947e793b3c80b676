//! What a typed call works with, and the compilation that serves it.

use super::places::{Places, Shapes};
use super::spec::{Spec, written};
use crate::engine::Error;
use crate::engine::error::nowhere;
use crate::engine::failure::Failed;
use crate::engine::program::Handle;
use crate::engine::run::Leaves;
use crate::engine::variant::Variant;
use adl_lang::check::LeafInfo;
use adl_lang::diagnostic::Diagnostic;
use adl_runtime::Array;
use adl_runtime::view::{Leaf, LeafMut, Scratch};
use smallvec::SmallVec;
use std::sync::{Arc, Weak};

/// Memory for calls one after another: arrays in between, tapes, copies of arrays that are not dense. It grows in the
/// first call and is kept, so that later calls with the same sizes allocate nothing.
///
/// Made by [`Function::workspace`](super::Function::workspace), for that function.
#[derive(Default)]
pub struct Workspace {
    pub(super) memory: Option<adl_runtime::Workspace>,
    pub(super) last: Option<Last>,
    pub(super) packed: Vec<Scratch>,
    pub(super) spread: Vec<Scratch>,
}

/// What was called last.
pub(super) struct Last {
    /// Whose function it is.
    owner: Weak<Typed>,
    /// The sizes and whole numbers that it serves.
    numbers: Numbers,
    matched: Arc<Matched>,
}

type Numbers = SmallVec<[i64; 24]>;

/// A function with the structures that the host asks for.
pub(super) struct Typed {
    pub(super) handle: Handle,
    pub(super) params: Vec<Spec>,
    pub(super) result: Spec,
    /// The signature as the language writes it.
    pub(super) asked: String,
}

/// A compilation that gives what the host asks for.
pub(super) struct Matched {
    pub(super) variant: Arc<Variant>,
    /// For each leaf of the result that is asked for, which result of the code it is.
    order: Vec<usize>,
    pub(super) way: Way,
    /// Whether the code takes the leaves as they are given.
    plain: bool,
}

/// How results come to their places.
#[derive(PartialEq, Eq)]
pub(super) enum Way {
    /// In this order.
    Straight,
    /// For each result of the code, the leaf that it is.
    Permuted(Vec<usize>),
    /// Some are several leaves, or none.
    Copied,
}

/// A call that is about to be made.
pub(super) struct Ready<'a> {
    args: Leaves<'a>,
    sizes: SmallVec<[i64; 8]>,
}

fn numbers(leaves: &[Leaf<'_>]) -> impl Iterator<Item = i64> {
    leaves.iter().flat_map(|leaf| leaf.dims().iter().map(|&n| n as i64).chain(leaf.whole()))
}

impl Typed {
    /// The compilation for these arguments: the last one if it serves them.
    pub(super) fn matched<'w>(
        self: &Arc<Typed>,
        last: &'w mut Option<Last>,
        leaves: &[Leaf<'_>],
    ) -> Result<&'w Arc<Matched>, Error> {
        let own = last.as_ref().is_some_and(|last| last.owner.as_ptr() == Arc::as_ptr(self));
        if !own {
            *last = None;
        }
        let serves = last.as_ref().is_some_and(|last| numbers(leaves).eq(last.numbers.iter().copied()));
        if !serves {
            let variant = self.variant(leaves)?;
            let kept = last.take().map(|last| last.matched).filter(|m| Arc::ptr_eq(&m.variant, &variant));
            let matched = match kept {
                Some(matched) => matched,
                None => Arc::new(self.matching(variant, leaves.len())?),
            };
            *last = Some(Last { owner: Arc::downgrade(self), numbers: numbers(leaves).collect(), matched });
        }
        match last {
            Some(last) => Ok(&last.matched),
            None => Err(Error::host("E0000", "internal error: a compilation is missing")),
        }
    }

    fn variant(&self, leaves: &[Leaf<'_>]) -> Result<Arc<Variant>, Error> {
        let key = |exact: bool| {
            let mut keys = self.handle.program.known.keys(self.handle.number, exact);
            let mut leaves = leaves.iter();
            self.params.iter().for_each(|param| param.key(&mut leaves, &mut keys));
            keys.done()
        };
        let infos = || {
            let mut leaves = leaves.iter();
            let mut info = |_: adl_runtime::DType, _: &[Option<usize>]| {
                let leaf = leaves.next().copied().unwrap_or_else(|| Leaf::scalar(0.0f64));
                LeafInfo {
                    dtype: crate::engine::lang_dtype(leaf.dtype()),
                    shape: leaf.dims().to_vec(),
                    whole: leaf.whole(),
                }
            };
            self.params.iter().map(|param| param.info(&mut info)).collect()
        };
        self.handle.variant(&key, &infos)
    }

    /// Compares what a compilation gives with what is asked for.
    pub(super) fn matching(&self, variant: Arc<Variant>, leaves: usize) -> Result<Matched, Error> {
        let Ok(order) = self.result.matched(variant.layout()) else {
            return Err(self.refused(&format!("it gives {}", written(variant.layout()))));
        };
        let order: Vec<usize> = order.iter().filter_map(|&k| variant.places().get(k).copied()).collect();
        let mut inverse = vec![usize::MAX; variant.results().len()];
        order.iter().enumerate().for_each(|(leaf, &result)| inverse[result] = leaf);
        let once = order.len() == inverse.len() && !inverse.contains(&usize::MAX);
        let way = match once {
            true if inverse.is_sorted() => Way::Straight,
            true => Way::Permuted(inverse),
            false => Way::Copied,
        };
        let plain = variant.takes_leaves(leaves);
        Ok(Matched { variant, order, way, plain })
    }

    /// The program has another type.
    pub(super) fn refused(&self, why: &str) -> Error {
        let title = format!("`{}` is not what is asked for: {why}", self.handle.expr);
        Error::signature(
            self.signatures().into_iter().fold(Diagnostic::error("E0480", nowhere(), title), Diagnostic::note),
        )
    }

    /// What is asked for and what there is, for people.
    pub(super) fn signatures(&self) -> Vec<String> {
        let mut both = vec![format!("asked for: {}", self.asked)];
        if let Some((_, signature)) = self.handle.program.definition(&self.handle.expr) {
            both.push(format!("the program has: {signature}"));
        }
        both
    }

    /// What failed, with the text that it is about.
    #[cold]
    pub(super) fn failed(&self, failed: Failed) -> Error {
        self.handle.program.state().failed(failed)
    }
}

impl Matched {
    /// The arguments as the code takes them.
    pub(super) fn ready<'a>(&'a self, leaves: &[Leaf<'a>], packed: &'a mut Vec<Scratch>) -> Result<Ready<'a>, Failed> {
        let mut args = if self.plain { Leaves::from_slice(leaves) } else { self.variant.inputs(leaves) };
        let loose = args.iter().filter(|leaf| !leaf.is_dense()).count();
        if loose > 0 {
            packed.resize_with(packed.len().max(loose), Scratch::default);
            let mut packed = packed.iter_mut();
            for leaf in args.iter_mut().filter(|leaf| !leaf.is_dense()) {
                *leaf =
                    packed.next().and_then(|scratch| leaf.dense(scratch)).ok_or_else(|| self.variant.no_memory())?;
            }
        }
        let sizes = self.variant.sizes(&args)?;
        Ok(Ready { args, sizes })
    }

    /// The shapes of the results, in the order of the leaves that are asked for.
    pub(super) fn shapes(&self, call: &Ready<'_>) -> Result<Shapes, Failed> {
        let mut shapes = Shapes::default();
        for &result in &self.order {
            shapes.push(&self.variant.shape(result, &call.sizes)?);
        }
        Ok(shapes)
    }

    /// The place that has another shape than the result that goes there, and that shape.
    pub(super) fn misfit(&self, call: &Ready<'_>, places: &Places<'_>) -> Option<(usize, Vec<usize>)> {
        self.order.iter().zip(places).enumerate().find_map(|(k, (&result, place))| {
            let shape = self.variant.shape(result, &call.sizes).ok()?;
            (shape[..] != *place.dims()).then(|| (k, shape.to_vec()))
        })
    }

    /// Calls the code, with its results in these places.
    pub(super) fn call(
        &self,
        call: &Ready<'_>,
        places: &mut Places<'_>,
        spread: &mut Vec<Scratch>,
        memory: &mut adl_runtime::Workspace,
    ) -> Result<(), Failed> {
        if self.way == Way::Copied {
            return self.call_copied(call, places, memory);
        }
        if self.way == Way::Straight && places.iter().all(LeafMut::is_dense) {
            return self.variant.invoke(&call.sizes, &call.args, places, memory);
        }
        spread.resize_with(spread.len().max(places.len()), Scratch::default);
        let mut dense: SmallVec<[Option<LeafMut<'_>>; 16]> =
            places.iter_mut().zip(spread.iter_mut()).map(|(place, scratch)| place.dense(scratch)).collect();
        let mut ordered = Places::new();
        for k in 0..dense.len() {
            let leaf = match &self.way {
                Way::Permuted(inverse) => inverse[k],
                Way::Straight | Way::Copied => k,
            };
            ordered.push(dense[leaf].take().ok_or_else(|| self.variant.no_memory())?);
        }
        self.variant.invoke(&call.sizes, &call.args, &mut ordered, memory)?;
        drop((ordered, dense));
        places.iter_mut().zip(spread.iter()).for_each(|(place, scratch)| place.collect(scratch));
        Ok(())
    }

    fn call_copied(
        &self,
        call: &Ready<'_>,
        places: &mut Places<'_>,
        memory: &mut adl_runtime::Workspace,
    ) -> Result<(), Failed> {
        let mut arrays = Vec::new();
        for (result, ty) in self.variant.results().iter().enumerate() {
            let dtype = crate::engine::runtime_dtype(ty.dtype);
            let shape = self.variant.shape(result, &call.sizes)?;
            arrays.push(Array::zeros(dtype, &shape).map_err(|_| self.variant.no_memory())?);
        }
        let mut own: Places<'_> = arrays.iter_mut().map(LeafMut::from).collect();
        self.variant.invoke(&call.sizes, &call.args, &mut own, memory)?;
        drop(own);
        // A place of another shape was refused before.
        places.iter_mut().zip(&self.order).for_each(|(place, &result)| {
            place.copy_from(&arrays[result]);
        });
        Ok(())
    }
}
