//! The values of globals, and the host that the checker asks about them and about files.

use super::call::lang_dtype;
use super::output::SharedOutput;
use adl_lang::check::{Global, Host, LeafInfo, Stored};
use adl_lang::types::DType;
use adl_runtime::{Array, FileName, Value};
use rustc_hash::FxHashMap;
use std::cell::RefCell;

/// A global: what is known of it, and its value unless it was only checked.
pub struct Slot {
    pub info: LeafInfo,
    pub value: Option<Array>,
}

impl Slot {
    /// A slot with a value.
    pub fn of(value: Array) -> Slot {
        Slot { info: leaf_info(&value), value: Some(value) }
    }
}

/// The globals of a session.
pub type Values = FxHashMap<Global, Slot>;

/// What the checker sees while it works on one statement. A file is read once, however often it is asked for.
pub struct Keeper<'a> {
    values: &'a Values,
    output: &'a SharedOutput,
    limit: Option<usize>,
    read: RefCell<Read>,
}

#[derive(Default)]
struct Read {
    files: FxHashMap<FileName, Result<Stored, String>>,
    slots: Values,
}

impl<'a> Keeper<'a> {
    /// Nothing is read yet; a file may take `limit` bytes.
    pub fn new(values: &'a Values, output: &'a SharedOutput, limit: Option<usize>) -> Keeper<'a> {
        Keeper { values, output, limit, read: RefCell::default() }
    }

    /// What was read.
    pub fn into_read(self) -> Values {
        self.read.into_inner().slots
    }
}

impl Host for Keeper<'_> {
    fn info(&self, global: Global) -> LeafInfo {
        let unknown = LeafInfo { dtype: DType::F64, shape: Vec::new(), whole: None };
        let read = self.read.borrow();
        self.values.get(&global).or_else(|| read.slots.get(&global)).map_or(unknown, |slot| slot.info.clone())
    }

    fn load(&self, path: &str, from: &str, fresh: &mut dyn FnMut() -> Global) -> Result<Stored, String> {
        let file = FileName { path: path.into(), from: from.into() };
        let mut read = self.read.borrow_mut();
        if let Some(known) = read.files.get(&file) {
            return known.clone();
        }
        let found = self.output.with(|o| o.read(&file, self.limit)).flatten();
        let stored = found.map(|value| store(value, &mut read.slots, fresh));
        read.files.insert(file, stored.clone());
        stored
    }
}

fn store(value: Value, slots: &mut Values, fresh: &mut dyn FnMut() -> Global) -> Stored {
    match value {
        Value::Array(array) => {
            let global = fresh();
            slots.insert(global, Slot::of(array));
            Stored::Leaf(global)
        }
        Value::None => Stored::None,
        Value::Tuple(parts) => {
            Stored::Tuple(parts.into_iter().map(|(name, part)| (name, store(part, slots, fresh))).collect())
        }
    }
}

/// What is known of an array when a function is compiled for it.
pub fn leaf_info(array: &Array) -> LeafInfo {
    LeafInfo { dtype: lang_dtype(array.dtype()), shape: array.shape().to_vec(), whole: whole(array) }
}

/// The value of a whole number.
pub fn whole(array: &Array) -> Option<i64> {
    let numbers = array.as_i64().filter(|_| array.rank() == 0)?;
    numbers.first().copied()
}
