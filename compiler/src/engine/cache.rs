//! The compilations of a program, by function and by the types of the arguments; the oldest goes first.

use super::call::lang_dtype;
use super::state::State;
use super::values::whole;
use super::variant::Variant;
use adl_lang::types::DType;
use adl_runtime::Value;
use adl_runtime::view::{Leaf, Order};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Sizes and whole numbers from 0 to this are part of the code.
const SMALL: i64 = 8;

/// What an engine compiled, and what it kept.
///
/// ```
/// let engine = adl_compiler::Engine::new();
/// let f = engine.compile("t", "fn f(x: f64[n]) = sum(x)")?.function::<fn([f64]) -> f64>("f")?;
/// let before = engine.statistics().compilations;
/// for n in 10..20 {
///     f.call((&vec![1.0; n],))?;
/// }
/// // One code for all these lengths.
/// assert!(engine.statistics().compilations - before <= 1);
/// # Ok::<(), adl_compiler::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Programs that were read.
    pub programs: u64,
    /// Programs that were found in the cache of programs.
    pub programs_found: u64,
    /// Functions that were compiled, once for each types of arguments.
    pub compilations: u64,
    /// How often a call found its compilation in the cache. Calls that do what the call before did do not ask it.
    pub found: u64,
    /// Compilations that gave way to others.
    pub evicted: u64,
    /// Bytes of machine code in memory now.
    pub code_bytes: u64,
    /// The time that compiling took.
    pub compile_time: Duration,
}

/// The figures of an engine, for all its programs; see [`Statistics`].
#[derive(Default)]
pub(crate) struct Counters {
    pub programs: AtomicU64,
    pub programs_found: AtomicU64,
    pub compilations: AtomicU64,
    pub found: AtomicU64,
    pub evicted: AtomicU64,
    pub code_bytes: AtomicU64,
    pub nanoseconds: AtomicU64,
}

impl Counters {
    /// The figures now.
    pub fn read(&self) -> Statistics {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Statistics {
            programs: get(&self.programs),
            programs_found: get(&self.programs_found),
            compilations: get(&self.compilations),
            found: get(&self.found),
            evicted: get(&self.evicted),
            code_bytes: get(&self.code_bytes),
            compile_time: Duration::from_nanos(get(&self.nanoseconds)),
        }
    }
}

/// Adds to a counter.
pub(super) fn count(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Ordering::Relaxed);
}

/// The compilations of a program.
pub(super) struct Cache {
    functions: FxHashMap<Arc<str>, u32>,
    found: FxHashMap<Key, Found>,
    order: VecDeque<Key>,
    capacity: usize,
}

#[derive(Clone)]
enum Found {
    Variant(Arc<Variant>),
    /// There is one for each size.
    Exact,
}

impl Cache {
    /// Room for so many compilations.
    pub fn new(capacity: usize) -> Cache {
        Cache { functions: FxHashMap::default(), found: FxHashMap::default(), order: VecDeque::new(), capacity }
    }

    /// The number of a function in keys.
    pub fn function(&mut self, expr: &str) -> (Arc<str>, u32) {
        if let Some((expr, &number)) = self.functions.get_key_value(expr) {
            return (expr.clone(), number);
        }
        let (expr, number) = (Arc::from(expr), self.functions.len() as u32);
        self.functions.insert(Arc::clone(&expr), number);
        (expr, number)
    }

    /// The compilation for such arguments; `key` gives the key with or without exact sizes.
    pub fn find(&self, key: &dyn Fn(bool) -> Key) -> Option<Arc<Variant>> {
        match self.found.get(&key(false))? {
            Found::Variant(variant) => Some(variant.clone()),
            Found::Exact => match self.found.get(&key(true))? {
                Found::Variant(variant) => Some(variant.clone()),
                Found::Exact => None,
            },
        }
    }

    /// Keeps a compilation for such arguments; how many gave way to it.
    pub fn insert(&mut self, key: &dyn Fn(bool) -> Key, variant: Arc<Variant>) -> u64 {
        let exact = variant.is_exact();
        let marker = if exact { self.put(key(false), Found::Exact) } else { 0 };
        marker + self.put(key(exact), Found::Variant(variant))
    }

    fn put(&mut self, key: Key, found: Found) -> u64 {
        if self.found.insert(key.clone(), found).is_none() {
            self.order.push_back(key);
        }
        let mut evicted = 0;
        while self.order.len() > self.capacity.max(2) {
            if let Some(oldest) = self.order.pop_front()
                && let Some(Found::Variant(_)) = self.found.remove(&oldest)
            {
                evicted += 1;
            }
        }
        evicted
    }
}

/// Larger sizes and whole numbers of a program: an argument that has one of them may be taken to fit it.
#[derive(Default)]
pub struct Known(FxHashSet<i64>);

/// What a compilation serves.
pub type Key = SmallVec<[Item; 16]>;

/// Part of a key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Item {
    /// The function.
    Function(u32),
    /// An argument, or part of one: its elements and axes.
    Leaf(DType, usize),
    /// `none`.
    None,
    /// A tuple of so many parts.
    Tuple(usize),
    /// The length of a name, whose bytes follow.
    Name(usize),
    /// Part of a name.
    Bytes([u8; 8]),
    /// This very number.
    Number(i64),
    /// The k-th larger number among the arguments.
    Larger(usize),
    /// A number below 0.
    Negative,
    /// The order in which the axes of an argument lie, if not row by row.
    Order(Order),
    /// The order in which the axes of the k-th result are to lie.
    Result(usize, Order),
}

impl Known {
    /// Those of a program, whose values do not change.
    pub fn new(state: &State) -> Known {
        let numbers = state.infos().flat_map(|info| {
            let sizes = info.shape.iter().filter_map(|&n| i64::try_from(n).ok());
            sizes.chain(info.whole)
        });
        Known(numbers.filter(|&n| n > SMALL).collect())
    }

    /// The key of a call with values.
    pub fn key(&self, function: u32, args: &[&Value], exact: bool) -> Key {
        let mut keys = self.keys(function, exact);
        args.iter().for_each(|arg| keys.value(arg));
        keys.key
    }

    /// A key to be put together.
    pub fn keys(&self, function: u32, exact: bool) -> Keys<'_> {
        let mut key = Key::new();
        key.push(Item::Function(function));
        Keys { known: &self.0, exact, larger: SmallVec::new(), key }
    }
}

/// A key that is put together.
pub struct Keys<'a> {
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
                self.numbers(array.shape(), whole(array));
            }
            Value::None => self.none(),
            Value::Tuple(parts) => {
                self.tuple(parts.len());
                for (name, part) in parts {
                    name.iter().for_each(|name| self.name(name));
                    self.value(part);
                }
            }
        }
    }

    /// A scalar or array.
    pub fn leaf(&mut self, leaf: &Leaf<'_>) {
        self.key.push(Item::Leaf(lang_dtype(leaf.dtype()), leaf.dims().len()));
        self.key.extend(leaf.order().map(Item::Order));
        self.numbers(leaf.dims(), leaf.whole());
    }

    /// The order in which the axes of the k-th result are to lie.
    pub fn result(&mut self, k: usize, order: Order) {
        self.key.push(Item::Result(k, order));
    }

    /// `none`.
    pub fn none(&mut self) {
        self.key.push(Item::None);
    }

    /// A tuple, whose parts follow.
    pub fn tuple(&mut self, parts: usize) {
        self.key.push(Item::Tuple(parts));
    }

    /// The name of the part that follows.
    pub fn name(&mut self, name: &str) {
        self.key.push(Item::Name(name.len()));
        for part in name.as_bytes().chunks(8) {
            let mut bytes = [0; 8];
            bytes[..part.len()].copy_from_slice(part);
            self.key.push(Item::Bytes(bytes));
        }
    }

    /// All together.
    pub fn done(self) -> Key {
        self.key
    }

    fn numbers(&mut self, shape: &[usize], whole: Option<i64>) {
        for &size in shape {
            // No size is greater: an array has fewer bytes than an `i64` counts.
            self.number(i64::try_from(size).unwrap_or(i64::MAX));
        }
        whole.into_iter().for_each(|n| self.number(n));
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
