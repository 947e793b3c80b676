//! A function compiled for some types of arguments.

use super::axes::Orders;
use super::cache::{Counters, count};
use super::call::shape;
use super::error::{Error, nowhere};
use super::failure::{Failed, defect, out_of_memory};
use super::limits::Setting;
use super::run::{Compiled, Leaves};
use super::state::{State, build};
use crate::codegen::{Native, Stop};
use adl_lang::check::{ArgInfo, Input, Shown};
use adl_lang::typed::Layout;
use adl_lang::types::Ty;
use adl_runtime::view::{Leaf, LeafMut};
use adl_runtime::{Array, Value, Workspace};
use smallvec::SmallVec;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// A function compiled for some arguments.
pub struct Variant {
    compiled: Compiled,
    params: Vec<Param>,
    layout: Layout,
    /// For each leaf of the layout, which result it is.
    places: Vec<usize>,
    /// Types of the results, whatever the order of their axes in memory.
    results: Vec<Ty>,
    /// Whether it serves these very sizes only.
    exact: bool,
    setting: Setting,
    counters: Arc<Counters>,
}

enum Param {
    /// A leaf of the arguments.
    Arg(usize),
    /// A value of the program.
    Fixed(Array),
}

/// How the arrays of a call lie, by the structure of what the function gives,
/// the result for each of its leaves, and the number of results.
pub type Lying<'a> = dyn Fn(&Layout, &[usize], usize) -> Orders + 'a;

/// All arrays lie row by row.
pub fn in_rows(_: &Layout, _: &[usize], _: usize) -> Orders {
    Orders::default()
}

/// The arguments of a call.
pub type Args<'a> = [&'a Value];

impl Variant {
    /// Compiles the function that `expr` gives for arguments like these.
    pub(crate) fn compile(
        state: &mut State,
        expr: &str,
        infos: &[ArgInfo],
        orders: &Lying<'_>,
        counters: &Arc<Counters>,
    ) -> Result<Variant, Error> {
        let start = Instant::now();
        let mut entry = state.function(expr, infos)?;
        let (layout, places) = match &entry.shown {
            Some(Shown::Value(layout, places)) => (layout.clone(), places.clone()),
            None => (Layout::None, Vec::new()),
            Some(Shown::Text(_)) => {
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
        let results = entry.module.funcs.get(entry.main.0 as usize).map_or(Vec::new(), |main| main.results.clone());
        orders(&layout, &places, results.len()).apply(&mut entry);
        let compiled = state.compile(&entry)?;
        count(&counters.compilations, 1);
        count(&counters.code_bytes, compiled.code_bytes() as u64);
        count(&counters.nanoseconds, u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX));
        let setting = state.runner.setting().clone();
        Ok(Variant {
            compiled,
            params,
            layout,
            places,
            results,
            exact: entry.exact,
            setting,
            counters: counters.clone(),
        })
    }

    /// Whether it serves the very sizes only that it was compiled for.
    pub fn is_exact(&self) -> bool {
        self.exact
    }

    /// The structure of what it gives.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// For each leaf of the layout, which result it is.
    pub fn places(&self) -> &[usize] {
        &self.places
    }

    /// The types of the results.
    pub fn results(&self) -> &[Ty] {
        &self.results
    }

    /// Calls it.
    pub fn call(&self, args: &Args<'_>, workspace: &mut Workspace) -> Result<Value, Failed> {
        let args = self.arrays(args);
        let results = self.compiled.call(&args, workspace, &self.setting)?;
        let mut results: Vec<Option<Array>> = results.into_iter().map(Some).collect();
        let mut leaves = self.places.iter().filter_map(|&k| results.get_mut(k).and_then(Option::take));
        Ok(build(&self.layout, &mut leaves))
    }

    /// Calls it with the result in place of `out`, in whose arrays it is written where they fit.
    pub fn call_into(&self, args: &Args<'_>, out: &mut Value, workspace: &mut Workspace) -> Result<(), Failed> {
        // Results that do not lie in the order of the leaves are rare.
        let in_order = self.places.iter().enumerate().all(|(i, &k)| i == k);
        if !in_order || !has_layout(out, &self.layout) {
            *out = self.call(args, workspace)?;
            return Ok(());
        }
        let args = self.arrays(args);
        let mut results = SmallVec::<[&mut Array; 8]>::new();
        out.each_leaf_mut(&mut |array| results.push(array));
        self.compiled.call_into(&args, &mut results, workspace, &self.setting)
    }

    /// The sizes for the arguments of its code.
    pub fn sizes(&self, args: &[Leaf<'_>]) -> Result<SmallVec<[i64; 8]>, Failed> {
        self.compiled.sizes(args, &self.setting)
    }

    /// The shape of a result of the code at these sizes.
    pub fn shape(&self, result: usize, sizes: &[i64]) -> Result<SmallVec<[usize; 4]>, Failed> {
        let shape = self.results().get(result).and_then(|ty| shape(ty, sizes));
        shape.ok_or_else(|| defect(nowhere(), "the size of a result cannot be counted"))
    }

    /// Calls the code with dense arguments and dense places, one for each result.
    pub fn invoke(
        &self,
        sizes: &[i64],
        args: &[Leaf<'_>],
        places: &mut [LeafMut<'_>],
        workspace: &mut Workspace,
    ) -> Result<(), Failed> {
        self.compiled.invoke(sizes, args, places, workspace, &self.setting)
    }

    /// The native code, if it runs without a workspace and nothing has to watch over it.
    pub fn bare(&self) -> Option<&Native> {
        let limits = &self.setting.limits;
        self.compiled.bare().filter(|_| limits.time.is_none() && limits.fuel.is_none())
    }

    /// What a call of that code failed of.
    pub fn explained(&self, native: &Native, stop: &Stop) -> Failed {
        self.compiled.failure(native, stop, &self.setting)
    }

    /// Whether the code takes the leaves of the arguments as they are.
    pub fn takes_leaves(&self, count: usize) -> bool {
        let own = |(k, param): (usize, &Param)| matches!(param, Param::Arg(arg) if *arg == k);
        self.params.len() == count && self.params.iter().enumerate().all(own)
    }

    /// What the code takes for these leaves of the arguments.
    pub fn inputs<'a>(&'a self, leaves: &[Leaf<'a>]) -> Leaves<'a> {
        let of = |param: &'a Param| match param {
            Param::Arg(k) => leaves.get(*k).copied(),
            Param::Fixed(value) => Some(Leaf::from(value)),
        };
        self.params.iter().filter_map(of).collect()
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

    /// There is no memory for an argument or a result.
    pub fn no_memory(&self) -> Failed {
        out_of_memory(None, None, nowhere())
    }
}

impl Drop for Variant {
    fn drop(&mut self) {
        self.counters.code_bytes.fetch_sub(self.compiled.code_bytes() as u64, Ordering::Relaxed);
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
