//! Compilations of one function for several types of arguments.

use super::call::lang_dtype;
use super::error::Error;
use super::failure::Failed;
use super::output::SharedOutput;
use super::run::Compiled;
use super::state::{State, arg_info, build};
use super::values::whole;
use adl_lang::check::{Input, Shown};
use adl_lang::typed::Layout;
use adl_lang::types::DType;
use adl_runtime::{Array, Value, Workspace};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use std::collections::VecDeque;
use std::sync::Arc;

/// How many compilations of a function are kept; the oldest goes first.
pub const MAX_VARIANTS: usize = 64;

/// Sizes and whole numbers from 0 to this are part of the code.
const SMALL: i64 = 8;

/// A function compiled for some arguments.
pub struct Variant {
    compiled: Compiled,
    params: Vec<Param>,
    layout: Layout,
    places: Vec<usize>,
    /// Whether it serves these very sizes only.
    exact: bool,
    output: SharedOutput,
}

enum Param {
    /// A leaf of the arguments.
    Arg(usize),
    /// A value of the program.
    Fixed(Array),
}

impl Variant {
    /// Compiles the function that `expr` gives for arguments like these.
    pub fn compile(state: &mut State, expr: &str, args: &Args<'_>) -> Result<Variant, Error> {
        let infos: Vec<_> = args.iter().map(|arg| arg_info(arg)).collect();
        let entry = state.function(expr, &infos)?;
        let (layout, places) = match &entry.shown {
            Some(Shown::Value(layout, places)) => (layout.clone(), places.clone()),
            Some(Shown::Text(_)) | None => {
                return Err(Error::host("E0451", format!("`{expr}` gives no value that a host can take")));
            }
        };
        let mut params = Vec::new();
        for input in &entry.inputs {
            params.push(match input {
                Input::Arg(k) => Param::Arg(*k),
                Input::Global(global) => match state.value(*global).map(Array::try_clone) {
                    Some(Ok(value)) => Param::Fixed(value),
                    Some(Err(problem)) => return Err(Error::host("E0409", problem.to_string())),
                    None => {
                        return Err(Error::host("E0000", "internal error: a value of the program is missing"));
                    }
                },
            });
        }
        let compiled = state.compile(&entry)?;
        let output = state.runner.output().clone();
        Ok(Variant { compiled, params, layout, places, exact: entry.exact, output })
    }

    /// Calls it.
    pub fn call(&self, args: &Args<'_>, workspace: &mut Workspace, limit: Option<usize>) -> Result<Value, Failed> {
        let args = self.arrays(args);
        let results = self.compiled.call(&args, workspace, &self.output, limit)?;
        let mut results: Vec<Option<Array>> = results.into_iter().map(Some).collect();
        let mut leaves = self.places.iter().filter_map(|&k| results.get_mut(k).and_then(Option::take));
        Ok(build(&self.layout, &mut leaves))
    }

    /// Calls it with the result in place of `out`, in whose arrays it is written where they fit.
    pub fn call_into(
        &self,
        args: &Args<'_>,
        out: &mut Value,
        workspace: &mut Workspace,
        limit: Option<usize>,
    ) -> Result<(), Failed> {
        // Results that do not lie in the order of the leaves are rare.
        let in_order = self.places.iter().enumerate().all(|(i, &k)| i == k);
        if !in_order || !has_layout(out, &self.layout) {
            *out = self.call(args, workspace, limit)?;
            return Ok(());
        }
        let args = self.arrays(args);
        let mut results = SmallVec::<[&mut Array; 8]>::new();
        out.each_leaf_mut(&mut |array| results.push(array));
        self.compiled.call_into(&args, &mut results, workspace, &self.output, limit)
    }

    /// One array for each parameter of the code.
    fn arrays<'a>(&'a self, args: &Args<'a>) -> Arrays<'a> {
        let mut leaves = Arrays::new();
        args.iter().for_each(|arg| arg.each_leaf(&mut |leaf| leaves.push(leaf)));
        let of = |param: &'a Param| match param {
            Param::Arg(k) => leaves.get(*k).copied(),
            Param::Fixed(value) => Some(value),
        };
        self.params.iter().filter_map(of).collect()
    }
}

/// Whether a value has this structure, whatever its arrays are.
fn has_layout(value: &Value, layout: &Layout) -> bool {
    match (value, layout) {
        (Value::Array(_), Layout::Leaf(_)) | (Value::None, Layout::None) => true,
        (Value::Tuple(parts), Layout::Tuple(layouts)) => {
            parts.len() == layouts.len()
                && parts
                    .iter()
                    .zip(layouts)
                    .all(|((name, part), (own, layout))| name.as_deref() == own.as_deref() && has_layout(part, layout))
        }
        (Value::Array(_) | Value::None | Value::Tuple(_), _) => false,
    }
}

type Arrays<'a> = SmallVec<[&'a Array; 8]>;

/// The arguments of a call.
pub type Args<'a> = [&'a Value];

/// The compilations of a function, by the types of their arguments.
#[derive(Default)]
pub struct Cache {
    found: FxHashMap<Key, Found>,
    order: VecDeque<Key>,
}

#[derive(Clone)]
enum Found {
    Variant(Arc<Variant>),
    /// There is one for each size.
    Exact,
}

impl Cache {
    /// The compilation for arguments like these.
    pub fn find(&self, args: &Args<'_>, known: &Known) -> Option<Arc<Variant>> {
        match self.found.get(&known.key(args, false))? {
            Found::Variant(variant) => Some(variant.clone()),
            Found::Exact => match self.found.get(&known.key(args, true))? {
                Found::Variant(variant) => Some(variant.clone()),
                Found::Exact => None,
            },
        }
    }

    /// Keeps a compilation for arguments like these.
    pub fn insert(&mut self, args: &Args<'_>, known: &Known, variant: Arc<Variant>) {
        if variant.exact {
            self.put(known.key(args, false), Found::Exact);
        }
        self.put(known.key(args, variant.exact), Found::Variant(variant));
    }

    fn put(&mut self, key: Key, found: Found) {
        if self.found.insert(key.clone(), found).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > MAX_VARIANTS {
            if let Some(oldest) = self.order.pop_front() {
                self.found.remove(&oldest);
            }
        }
    }
}

/// The compilation that was called last, with what it serves.
pub struct Last {
    key: Key,
    variant: Arc<Variant>,
}

impl Last {
    /// Remembers it.
    pub fn new(args: &Args<'_>, known: &Known, variant: Arc<Variant>) -> Last {
        let key = known.key(args, variant.exact);
        Last { key, variant }
    }

    /// Whether it serves arguments like these.
    pub fn serves(&self, args: &Args<'_>, known: &Known) -> bool {
        known.key(args, self.variant.exact) == self.key
    }

    /// The compilation.
    pub fn variant(&self) -> &Variant {
        &self.variant
    }
}

/// Larger sizes and whole numbers of a program: an argument that has one of them may be taken to fit it.
#[derive(Default)]
pub struct Known(FxHashSet<i64>);

impl Known {
    /// Those of a program, whose values do not change.
    pub fn new(state: &State) -> Known {
        let numbers = state.infos().flat_map(|info| {
            let sizes = info.shape.iter().filter_map(|&n| i64::try_from(n).ok());
            sizes.chain(info.whole)
        });
        Known(numbers.filter(|&n| n > SMALL).collect())
    }

    fn key(&self, args: &Args<'_>, exact: bool) -> Key {
        let mut keys = Keys { known: &self.0, exact, larger: SmallVec::new(), key: Key::new() };
        args.iter().for_each(|arg| keys.value(arg));
        keys.key
    }
}

type Key = SmallVec<[Item; 8]>;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Item {
    Leaf(DType, usize),
    None,
    Tuple(usize),
    /// The length of a name, whose bytes follow.
    Name(usize),
    Bytes([u8; 8]),
    /// This very number.
    Number(i64),
    /// The k-th larger number among the arguments.
    Larger(usize),
    Negative,
}

struct Keys<'a> {
    known: &'a FxHashSet<i64>,
    exact: bool,
    larger: SmallVec<[i64; 8]>,
    key: Key,
}

impl Keys<'_> {
    fn value(&mut self, value: &Value) {
        match value {
            Value::Array(array) => {
                self.key.push(Item::Leaf(lang_dtype(array.dtype()), array.rank()));
                for &size in array.shape() {
                    // No size is greater: an array has fewer bytes than an `i64` counts.
                    self.number(i64::try_from(size).unwrap_or(i64::MAX));
                }
                whole(array).into_iter().for_each(|n| self.number(n));
            }
            Value::None => self.key.push(Item::None),
            Value::Tuple(parts) => {
                self.key.push(Item::Tuple(parts.len()));
                for (name, part) in parts {
                    name.iter().for_each(|name| self.name(name));
                    self.value(part);
                }
            }
        }
    }

    fn name(&mut self, name: &str) {
        self.key.push(Item::Name(name.len()));
        for part in name.as_bytes().chunks(8) {
            let mut bytes = [0; 8];
            bytes[..part.len()].copy_from_slice(part);
            self.key.push(Item::Bytes(bytes));
        }
    }

    fn number(&mut self, number: i64) {
        let item = if self.exact || (0..=SMALL).contains(&number) || self.known.contains(&number) {
            Item::Number(number)
        } else if number < 0 {
            Item::Negative
        } else {
            let place = self.larger.iter().position(|&n| n == number);
            Item::Larger(place.unwrap_or_else(|| {
                self.larger.push(number);
                self.larger.len() - 1
            }))
        };
        self.key.push(item);
    }
}
