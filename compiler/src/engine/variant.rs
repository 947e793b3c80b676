//! Compilations of one function for several types of arguments.

use super::call::lang_dtype;
use super::error::Error;
use super::failure::Failed;
use super::output::SharedOutput;
use super::run::Compiled;
use super::state::{State, arg_info, build, leaf_info};
use adl_lang::check::{Input, LeafInfo, Shown};
use adl_lang::typed::Layout;
use adl_lang::types::DType;
use adl_runtime::{Array, Value, Workspace};
use rustc_hash::{FxHashMap, FxHashSet};
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
    pub fn compile(state: &mut State, expr: &str, args: &[Value]) -> Result<Variant, Error> {
        let infos: Vec<_> = args.iter().map(arg_info).collect();
        let entry = state.function(expr, &infos)?;
        let (layout, places) = match &entry.shown {
            Some(Shown::Value(layout, places)) => (layout.clone(), places.clone()),
            Some(Shown::Text(_)) | None => {
                return Err(Error::host(
                    "E0451",
                    format!("`{expr}` gives no value that a host can take"),
                ));
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
                        return Err(Error::host(
                            "E0000",
                            "internal error: a value of the program is missing",
                        ));
                    }
                },
            });
        }
        let compiled = state.compile(&entry)?;
        let output = state.runner.output().clone();
        Ok(Variant {
            compiled,
            params,
            layout,
            places,
            exact: entry.exact,
            output,
        })
    }

    /// Calls it with the leaves of its arguments.
    pub fn call(
        &self,
        leaves: &[&Array],
        workspace: &mut Workspace,
        limit: Option<usize>,
    ) -> Result<Value, Failed> {
        let args = self.params.iter().filter_map(|param| match param {
            Param::Arg(k) => leaves.get(*k).copied(),
            Param::Fixed(value) => Some(value),
        });
        let args: Vec<&Array> = args.collect();
        let results = self.compiled.call(&args, workspace, &self.output, limit)?;
        let mut results: Vec<Option<Array>> = results.into_iter().map(Some).collect();
        let mut leaves = self
            .places
            .iter()
            .filter_map(|&k| results.get_mut(k).and_then(Option::take));
        Ok(build(&self.layout, &mut leaves))
    }
}

/// The compilations of a function, by the types of their arguments.
#[derive(Default)]
pub struct Cache {
    found: FxHashMap<Key, Found>,
    order: VecDeque<Key>,
    /// Larger sizes and whole numbers of the program: an argument that has one of them may be taken to fit it.
    known: FxHashSet<i64>,
}

#[derive(Clone)]
enum Found {
    Variant(Arc<Variant>),
    /// There is one for each size.
    Exact,
}

type Key = Vec<Item>;

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Item {
    Leaf(DType, usize),
    None,
    Tuple(usize),
    Name(String),
    /// This very number.
    Number(i64),
    /// The k-th larger number among the arguments.
    Larger(usize),
    Negative,
}

impl Cache {
    /// The compilation for arguments like these.
    pub fn find(&self, args: &[Value]) -> Option<Arc<Variant>> {
        match self.found.get(&self.key(args, false))? {
            Found::Variant(variant) => Some(variant.clone()),
            Found::Exact => match self.found.get(&self.key(args, true))? {
                Found::Variant(variant) => Some(variant.clone()),
                Found::Exact => None,
            },
        }
    }

    /// Keeps a compilation for arguments like these.
    pub fn insert(&mut self, args: &[Value], state: &State, variant: Arc<Variant>) {
        if self.found.is_empty() {
            // The values of a program do not change.
            let numbers = state.infos().flat_map(numbers);
            self.known = numbers.filter(|&n| n > SMALL).collect();
        }
        if variant.exact {
            let key = self.key(args, false);
            self.put(key, Found::Exact);
        }
        let key = self.key(args, variant.exact);
        self.put(key, Found::Variant(variant));
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

    fn key(&self, args: &[Value], exact: bool) -> Key {
        let mut keys = Keys {
            known: &self.known,
            exact,
            larger: FxHashMap::default(),
            key: Vec::new(),
        };
        args.iter().for_each(|arg| keys.value(arg));
        keys.key
    }
}

fn numbers(info: &LeafInfo) -> Vec<i64> {
    let sizes = info.shape.iter().filter_map(|&n| i64::try_from(n).ok());
    sizes.chain(info.whole).collect()
}

struct Keys<'a> {
    known: &'a FxHashSet<i64>,
    exact: bool,
    larger: FxHashMap<i64, usize>,
    key: Key,
}

impl Keys<'_> {
    fn value(&mut self, value: &Value) {
        match value {
            Value::Array(array) => {
                self.key
                    .push(Item::Leaf(lang_dtype(array.dtype()), array.rank()));
                for number in numbers(&leaf_info(array)) {
                    let item = self.number(number);
                    self.key.push(item);
                }
            }
            Value::None => self.key.push(Item::None),
            Value::Tuple(parts) => {
                self.key.push(Item::Tuple(parts.len()));
                for (name, part) in parts {
                    self.key.extend(name.clone().map(Item::Name));
                    self.value(part);
                }
            }
        }
    }

    fn number(&mut self, number: i64) -> Item {
        if self.exact || (0..=SMALL).contains(&number) || self.known.contains(&number) {
            return Item::Number(number);
        }
        if number < 0 {
            return Item::Negative;
        }
        let next = self.larger.len();
        Item::Larger(*self.larger.entry(number).or_insert(next))
    }
}
