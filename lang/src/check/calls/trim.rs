//! Which instances name which, and a module without those that its `main` does not need.

use crate::defect;
use crate::typed::order::Use;
use crate::typed::{self, Func, FuncId, StmtKind as T};
use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;

/// Keeps only the instances that `main` needs, and numbers them anew.
pub(crate) fn reachable(funcs: Vec<Option<Func>>) -> typed::Module {
    let mut order: Vec<u32> = vec![0];
    // The new number of each.
    let mut places: FxHashMap<u32, u32> = FxHashMap::from_iter([(0, 0)]);
    let mut next = 0;
    while next < order.len() {
        if let Some(Some(f)) = funcs.get(order[next] as usize) {
            let mut needed = |id: FuncId| {
                if let Entry::Vacant(place) = places.entry(id.0) {
                    place.insert(order.len() as u32);
                    order.push(id.0);
                }
            };
            callees(&f.body, &mut |id, _| needed(id));
            f.rules.funcs().for_each(needed);
        }
        next += 1;
    }
    let renumber =
        |id: FuncId| FuncId(places.get(&id.0).copied().unwrap_or_else(|| defect!("instance {} is not kept", id.0)));
    let mut funcs: Vec<Option<Func>> = funcs;
    let mut out = Vec::new();
    for id in &order {
        if let Some(mut f) = funcs.get_mut(*id as usize).and_then(Option::take) {
            rename(&mut f.body, &renumber);
            f.rules = f.rules.map(renumber);
            out.push(f);
        }
    }
    typed::Module { funcs: out }
}

/// The instances that statements name.
pub(crate) fn callees(body: &[typed::Stmt], f: &mut dyn FnMut(FuncId, Use)) {
    for s in body {
        match &s.kind {
            T::Call { func, .. } => f(*func, Use::Call),
            T::Jvp { func, .. } => f(*func, Use::Jvp),
            T::Vjp { func, .. } => f(*func, Use::Vjp),
            T::If { then, otherwise, .. } => {
                callees(then, f);
                callees(otherwise, f);
            }
            T::For { body, .. } | T::Map { body, .. } => callees(body, f),
            T::While { test, body, .. } => {
                callees(test, f);
                callees(body, f);
            }
            T::Let(..)
            | T::Set(..)
            | T::Break
            | T::Continue
            | T::Return(_)
            | T::Bounds { .. }
            | T::NonNegative { .. }
            | T::SameSize { .. }
            | T::Assert { .. }
            | T::Print { .. } => {}
        }
    }
}

fn rename(body: &mut [typed::Stmt], f: &dyn Fn(FuncId) -> FuncId) {
    for s in body {
        match &mut s.kind {
            T::Call { func, .. } | T::Jvp { func, .. } | T::Vjp { func, .. } => *func = f(*func),
            T::If { then, otherwise, .. } => {
                rename(then, f);
                rename(otherwise, f);
            }
            T::For { body, .. } | T::Map { body, .. } => rename(body, f),
            T::While { test, body, .. } => {
                rename(test, f);
                rename(body, f);
            }
            T::Let(..)
            | T::Set(..)
            | T::Break
            | T::Continue
            | T::Return(_)
            | T::Bounds { .. }
            | T::NonNegative { .. }
            | T::SameSize { .. }
            | T::Assert { .. }
            | T::Print { .. } => {}
        }
    }
}
