//! The optimizer: passes over the intermediate representation, and the order they run in.
//!
//! ```text
//! module ─ inline ─ clean ─ batch ─ unroll ─ scalarize ─ clean ─ forward ─ hoist ─ ranges ─ cse ─ dce ─ module
//!                     └ simplify, cse, carries, dce until nothing changes
//! ```
//!
//! **The float contract.** Every pass keeps the result of every float operation, to the bit:
//! no reassociation, no `x * 0 → 0`, no `x + 0 → x` (it turns −0 into 0), no contraction of `a * b + c`;
//! NaN stays NaN, of any sign and payload, and infinities stay. Addition and multiplication may be commuted.
//! Sums of arrays are reduced in an order that the code generator fixes;
//! the scalar replacement of small arrays sums from the first element to the last;
//! a product that `batch` makes of the lanes of a map sums in the order of its own shape, which may change last bits.
//! Whole numbers that overflow are an error; an operation nobody uses may be dropped although it would have failed,
//! but none fails that the program did not run.

pub mod batch;
pub mod branches;
pub mod calls;
pub mod carries;
pub mod cse;
pub mod dce;
pub mod edit;
pub mod effects;
pub mod fold;
pub mod forward;
pub mod hoist;
pub mod inline;
pub mod intervals;
pub mod nan;
pub mod ranges;
pub mod scalarize;
pub mod simplify;
pub mod sink;
pub mod unroll;

use crate::ir::{Block, Func, FuncId, Kind, Module};
use batch::Aim;
use calls::Calls;
use effects::Effects;
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};
use std::ops::ControlFlow;

/// A pass over one function.
pub struct Pass {
    /// The name of its file.
    pub name: &'static str,
    /// Runs it.
    pub run: fn(&mut Func, &Effects),
}

/// Clean-up, repeated until nothing changes: what differentiation needs between orders.
pub const CLEAN: &[Pass] = &[SIMPLIFY, CSE, CARRIES, DCE];

/// What runs once, on the way to native code, between two rounds of [`CLEAN`].
pub const SPLIT: &[Pass] = &[
    BATCH,
    SIMPLIFY,
    Pass { name: "unroll", run: |func, _| unroll::unroll(func) },
    SIMPLIFY,
    Pass { name: "scalarize", run: |func, _| scalarize::scalarize(func) },
];

/// What runs last.
pub const FINISH: &[Pass] = &[
    Pass { name: "forward", run: |func, _| forward::forward(func) },
    Pass { name: "hoist", run: hoist::hoist },
    Pass { name: "ranges", run: |func, _| ranges::ranges(func) },
    CSE,
    DCE,
];

const BATCH: Pass = Pass { name: "batch", run: |func, effects| batch::batch(func, effects, Aim::Once) };
const PRODUCTS: Pass = Pass { name: "batch", run: |func, effects| batch::batch(func, effects, Aim::Products) };
const BRANCHES: Pass = Pass { name: "branches", run: branches::branches };
const SIMPLIFY: Pass = Pass { name: "simplify", run: |func, _| simplify::simplify(func) };
const CSE: Pass = Pass { name: "cse", run: cse::cse };
const CARRIES: Pass = Pass { name: "carries", run: |func, _| carries::carries(func) };
const DCE: Pass = Pass { name: "dce", run: dce::dce };

/// Sees the module after each pass, with the name of the pass, and says whether to go on.
pub type After<'a> = dyn FnMut(&'static str, &Module) -> ControlFlow<()> + 'a;

fn unwatched(_: &'static str, _: &Module) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// How often clean-up is repeated at most.
const ROUNDS: usize = 4;

/// Cleans a function up, knowing nothing of those it calls.
pub fn clean(func: &mut Func) {
    clean_with(func, &Effects::unknown());
}

/// Cleans a function up until nothing changes.
pub fn clean_with(func: &mut Func, effects: &Effects) {
    for _ in 0..ROUNDS {
        let before = shape(func);
        for pass in CLEAN {
            (pass.run)(func, effects);
        }
        if shape(func) == before {
            break;
        }
    }
}

/// Cleans up all functions that the entries reach.
pub fn clean_reached(module: &mut Module, entries: &[FuncId]) {
    let order = Calls::new(module, entries).order;
    let effects = Effects::of(module, &order);
    let _ = clean_all(module, &order, &effects, &mut unwatched);
}

/// Makes larger operations of the lanes of maps, in all functions that the entries reach. Derivatives are taken after.
pub fn batch_reached(module: &mut Module, entries: &[FuncId]) {
    let order = Calls::new(module, entries).order;
    let effects = Effects::of(module, &order);
    let _ = run(&[PRODUCTS], module, &order, &effects, &mut unwatched);
}

/// Optimizes all functions that the entries reach, for native code. Derivatives are taken before.
pub fn optimize(module: &mut Module, entries: &[FuncId]) {
    let _ = optimize_watched(module, entries, &mut unwatched);
}

/// The same; `after` sees the module after each pass, with the name of the pass: to verify, to time, to print.
/// It may end the work there, which leaves a module that means the same.
pub fn optimize_watched(module: &mut Module, entries: &[FuncId], after: &mut After<'_>) -> ControlFlow<()> {
    inline::inline(module, entries);
    after("inline", module)?;
    let order = Calls::new(module, entries).order;
    let effects = Effects::of(module, &order);
    clean_all(module, &order, &effects, after)?;
    run(SPLIT, module, &order, &effects, after)?;
    clean_all(module, &order, &effects, after)?;
    run(FINISH, module, &order, &effects, after)
}

/// Joins branches of all functions that the entries reach, and cleans them up: for reading.
/// Calls that nobody needs go, for their pullbacks run them again.
pub fn join_branches(module: &mut Module, entries: &[FuncId]) {
    let order = Calls::new(module, entries).order;
    let effects = Effects::of_ending(module, &order);
    let _ = run(&[BRANCHES], module, &order, &effects, &mut unwatched);
    let _ = clean_all(module, &order, &effects, &mut unwatched);
}

fn clean_all(module: &mut Module, order: &[FuncId], effects: &Effects, after: &mut After<'_>) -> ControlFlow<()> {
    let mut dirty = order.to_vec();
    for _ in 0..ROUNDS {
        let before: Vec<u64> = dirty.iter().map(|&id| shape(&module.funcs[id])).collect();
        run(CLEAN, module, &dirty, effects, after)?;
        let mut before = before.into_iter();
        dirty.retain(|&id| before.next() != Some(shape(&module.funcs[id])));
        if dirty.is_empty() {
            break;
        }
    }
    ControlFlow::Continue(())
}

fn run(
    passes: &[Pass],
    module: &mut Module,
    funcs: &[FuncId],
    effects: &Effects,
    after: &mut After<'_>,
) -> ControlFlow<()> {
    for pass in passes {
        for &id in funcs {
            (pass.run)(&mut module.funcs[id], effects);
        }
        after(pass.name, module)?;
    }
    ControlFlow::Continue(())
}

/// A number that changes whenever a pass changes a function.
fn shape(func: &Func) -> u64 {
    let mut hasher = FxHasher::default();
    shape_of_block(func, func.body, &mut hasher);
    hasher.finish()
}

fn shape_of_block(func: &Func, block: Block, hasher: &mut FxHasher) {
    let data = &func.blocks[block];
    data.params.hash(hasher);
    for &inst in &data.insts {
        let (kind, args) = (&func.insts[inst].kind, &func.insts[inst].args);
        inst.hash(hasher);
        std::mem::discriminant(kind).hash(hasher);
        if let Kind::Pure(op) = kind {
            op.hash(hasher);
        }
        args.hash(hasher);
        for inner in kind.blocks() {
            shape_of_block(func, inner, hasher);
        }
    }
    data.yields.hash(hasher);
}
