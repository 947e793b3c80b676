//! What a typed call works with, and the compilation that serves it.

use super::places::{Places, Shapes};
use super::spec::{Spec, written};
use crate::engine::Error;
use crate::engine::axes::Orders;
use crate::engine::error::nowhere;
use crate::engine::failure::Failed;
use crate::engine::program::Handle;
use crate::engine::run::Leaves;
use crate::engine::variant::Variant;
use adl_lang::check::LeafInfo;
use adl_lang::diagnostic::Diagnostic;
use adl_lang::typed::Layout;
use adl_runtime::Array;
use adl_runtime::view::{Leaf, LeafMut, Order, Scratch};
use smallvec::SmallVec;
use std::fmt;
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

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace").finish_non_exhaustive()
    }
}

/// What was called last.
pub(super) struct Last {
    /// Whose function it is.
    owner: Weak<Typed>,
    /// The sizes, whole numbers and orders of axes that it serves.
    numbers: Numbers,
    matched: Arc<Matched>,
    /// What follows from these numbers: the sizes of the code, and the shapes of the results that are asked for.
    sizes: Sizes,
    pub(super) shapes: Shapes,
}

type Numbers = SmallVec<[i64; 24]>;
type Sizes = SmallVec<[i64; 8]>;

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

/// The memory of a workspace beside what was called last.
pub(super) struct Room<'w> {
    pub(super) packed: &'w mut Vec<Scratch>,
    pub(super) spread: &'w mut Vec<Scratch>,
    pub(super) memory: &'w mut adl_runtime::Workspace,
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

impl Way {
    /// How the leaves that are asked for get the results of the code, of which there are `count`.
    fn of(order: &[usize], count: usize) -> Way {
        let mut inverse = vec![usize::MAX; count];
        order.iter().enumerate().for_each(|(leaf, &result)| inverse[result] = leaf);
        let once = order.len() == inverse.len() && !inverse.contains(&usize::MAX);
        match once {
            true if inverse.is_sorted() => Way::Straight,
            true => Way::Permuted(inverse),
            false => Way::Copied,
        }
    }
}

fn numbers(leaves: &[Leaf<'_>], places: &[LeafMut<'_>]) -> impl Iterator<Item = i64> {
    // Vectors have one order only. As many numbers for each matrix, so that no two calls are taken for each other.
    let code = |rank: usize, order: Option<Order>| (rank > 1).then(|| order.map_or(0, |order| order.code() as i64));
    let args = leaves.iter().flat_map(move |leaf| {
        let order = code(leaf.dims().len(), leaf.order());
        leaf.dims().iter().map(|&n| n as i64).chain(leaf.whole()).chain(order)
    });
    args.chain(places.iter().filter_map(move |place| code(place.dims().len(), place.order())))
}

/// The places whose axes lie in another order.
fn in_order(places: &[LeafMut<'_>]) -> impl Iterator<Item = (usize, Order)> {
    places.iter().enumerate().filter_map(|(k, place)| Some((k, place.order()?)))
}

impl Typed {
    /// The compilation for these arguments, and for results that go to these places if there are any yet, with what
    /// follows from their sizes: the last one if it serves them.
    pub(super) fn matched<'w>(
        self: &Arc<Typed>,
        last: &'w mut Option<Last>,
        leaves: &[Leaf<'_>],
        places: &[LeafMut<'_>],
        packed: &mut Vec<Scratch>,
    ) -> Result<&'w mut Last, Error> {
        let own = last.as_ref().is_some_and(|last| last.owner.as_ptr() == Arc::as_ptr(self));
        if !own {
            *last = None;
        }
        let serves = last.as_ref().is_some_and(|last| numbers(leaves, places).eq(last.numbers.iter().copied()));
        if !serves {
            let variant = self.variant(leaves, places)?;
            let kept = last.take().map(|last| last.matched).filter(|m| Arc::ptr_eq(&m.variant, &variant));
            let matched = match kept {
                Some(matched) => matched,
                None => Arc::new(self.matching(variant, leaves.len())?),
            };
            let measured = matched.measure(leaves, packed);
            let (sizes, shapes) = measured.map_err(|failed| self.failed(failed))?;
            let numbers = numbers(leaves, places).collect();
            *last = Some(Last { owner: Arc::downgrade(self), numbers, matched, sizes, shapes });
        }
        match last {
            Some(last) => Ok(last),
            None => Err(Error::host("E0000", "internal error: a compilation is missing")),
        }
    }

    fn variant(&self, leaves: &[Leaf<'_>], places: &[LeafMut<'_>]) -> Result<Arc<Variant>, Error> {
        let key = |exact: bool| {
            let mut keys = self.handle.program.known.keys(self.handle.number, exact);
            let mut leaves = leaves.iter();
            self.params.iter().for_each(|param| param.key(&mut leaves, &mut keys));
            in_order(places).for_each(|(k, order)| keys.result(k, order));
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
        let orders = |layout: &Layout, results: &[usize], count: usize| Orders {
            args: leaves.iter().enumerate().filter_map(|(k, leaf)| Some((k, leaf.order()?))).collect(),
            results: match self.order(layout, results) {
                Some(order) if Way::of(&order, count) != Way::Copied => {
                    in_order(places).filter_map(|(k, axes)| Some((*order.get(k)?, axes))).collect()
                }
                Some(_) | None => Vec::new(),
            },
        };
        self.handle.variant(&key, &infos, &orders)
    }

    /// For each leaf of the result that is asked for, which result of the code it is, by the structure of what the
    /// function gives.
    fn order(&self, layout: &Layout, results: &[usize]) -> Option<Vec<usize>> {
        let order = self.result.matched(layout).ok()?;
        Some(order.iter().filter_map(|&k| results.get(k).copied()).collect())
    }

    /// Compares what a compilation gives with what is asked for.
    pub(super) fn matching(&self, variant: Arc<Variant>, leaves: usize) -> Result<Matched, Error> {
        let Some(order) = self.order(variant.layout(), variant.places()) else {
            return Err(self.refused(&format!("it gives {}", written(variant.layout()))));
        };
        let way = Way::of(&order, variant.results().len());
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

/// A place whose rows lie one after another: this one as it lies, or a copy.
fn in_rows<'b>(place: &'b mut LeafMut<'_>, scratch: &'b mut Scratch) -> Option<LeafMut<'b>> {
    if place.order().is_some() { place.turned(scratch) } else { place.dense(scratch) }
}

impl Matched {
    /// The arguments as the code takes them.
    fn args<'a>(&'a self, leaves: &[Leaf<'a>], packed: &'a mut Vec<Scratch>) -> Result<Leaves<'a>, Failed> {
        let mut args = if self.plain { Leaves::from_slice(leaves) } else { self.variant.inputs(leaves) };
        let loose = args.iter().filter(|leaf| !leaf.is_dense()).count();
        if loose > 0 {
            packed.resize_with(packed.len().max(loose), Scratch::default);
            let mut packed = packed.iter_mut();
            for leaf in args.iter_mut().filter(|leaf| !leaf.is_dense()) {
                // The code was compiled for the order of its axes, if there is one.
                let taken = packed.next().and_then(|scratch| match leaf.order() {
                    Some(_) => leaf.turned(scratch),
                    None => leaf.dense(scratch),
                });
                *leaf = taken.ok_or_else(|| self.variant.no_memory())?;
            }
        }
        Ok(args)
    }

    /// The sizes of the code, and the shapes of the results in the order of the leaves that are asked for.
    fn measure(&self, leaves: &[Leaf<'_>], packed: &mut Vec<Scratch>) -> Result<(Sizes, Shapes), Failed> {
        let sizes = self.variant.sizes(&self.args(leaves, packed)?)?;
        let mut shapes = Shapes::default();
        for &result in &self.order {
            shapes.push(&self.variant.shape(result, &sizes)?);
        }
        Ok((sizes, shapes))
    }
}

impl Last {
    /// Calls the code with these arguments, and with its results in these places.
    pub(super) fn call(&self, leaves: &[Leaf<'_>], places: &mut Places<'_>, room: Room<'_>) -> Result<(), Failed> {
        let Room { packed, spread, memory } = room;
        let matched = &self.matched;
        if matched.plain && leaves.iter().all(Leaf::is_dense) {
            return matched.call(&self.sizes, leaves, places, spread, memory);
        }
        matched.call(&self.sizes, &matched.args(leaves, packed)?, places, spread, memory)
    }
}

impl Matched {
    fn call(
        &self,
        sizes: &[i64],
        args: &[Leaf<'_>],
        places: &mut Places<'_>,
        spread: &mut Vec<Scratch>,
        memory: &mut adl_runtime::Workspace,
    ) -> Result<(), Failed> {
        if self.way == Way::Copied {
            return self.call_copied(sizes, args, places, memory);
        }
        if self.way == Way::Straight && places.iter().all(LeafMut::is_dense) {
            return self.variant.invoke(sizes, args, places, memory);
        }
        spread.resize_with(spread.len().max(places.len()), Scratch::default);
        let mut dense: SmallVec<[Option<LeafMut<'_>>; 16]> =
            places.iter_mut().zip(spread.iter_mut()).map(|(place, scratch)| in_rows(place, scratch)).collect();
        let mut ordered = Places::new();
        for k in 0..dense.len() {
            let leaf = match &self.way {
                Way::Permuted(inverse) => inverse[k],
                Way::Straight | Way::Copied => k,
            };
            ordered.push(dense[leaf].take().ok_or_else(|| self.variant.no_memory())?);
        }
        self.variant.invoke(sizes, args, &mut ordered, memory)?;
        drop((ordered, dense));
        let copied = places.iter_mut().zip(spread.iter()).filter(|(place, _)| place.order().is_none());
        copied.for_each(|(place, scratch)| place.collect(scratch));
        Ok(())
    }

    fn call_copied(
        &self,
        sizes: &[i64],
        args: &[Leaf<'_>],
        places: &mut Places<'_>,
        memory: &mut adl_runtime::Workspace,
    ) -> Result<(), Failed> {
        let mut arrays = Vec::new();
        for (result, ty) in self.variant.results().iter().enumerate() {
            let dtype = crate::engine::runtime_dtype(ty.dtype);
            let shape = self.variant.shape(result, sizes)?;
            arrays.push(Array::zeros(dtype, &shape).map_err(|_| self.variant.no_memory())?);
        }
        let mut own: Places<'_> = arrays.iter_mut().map(LeafMut::from).collect();
        self.variant.invoke(sizes, args, &mut own, memory)?;
        drop(own);
        // A place of another shape was refused before.
        places.iter_mut().zip(&self.order).for_each(|(place, &result)| {
            place.copy_from(&arrays[result]);
        });
        Ok(())
    }
}
