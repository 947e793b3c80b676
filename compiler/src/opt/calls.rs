//! The call graph: which functions are reached, callees before callers, and which take part in recursion.
//!
//! ```text
//! @0 calls @1 and @2; @1 calls @1          =>          @1 (recursive), @2, @0
//! ```
//!
//! Requests (`jvp`, `vjp`) reach a function too; they are no calls and make no recursion.

use crate::ir::entity::Side;
use crate::ir::walk::walk;
use crate::ir::{Func, FuncId, Kind, Module};
use adl_lang::defect;

/// What the calls of a module say.
pub struct Calls {
    /// The functions that are reached, callees first, but for recursion.
    pub order: Vec<FuncId>,
    /// Which call themselves, perhaps through others.
    pub recursive: Side<FuncId, bool>,
    /// How often each is named, by calls, requests, rules and the host.
    pub uses: Side<FuncId, u32>,
}

impl Calls {
    /// Of all that the entries reach.
    pub fn new(module: &Module, entries: &[FuncId]) -> Calls {
        let calls = Calls { order: Vec::new(), recursive: Side::new(false), uses: Side::new(0) };
        let mut search = Search { module, calls, stack: Vec::new(), found: Side::new(0), next: 1 };
        let mut roots = entries.to_vec();
        let mut next = 0;
        while let Some(&root) = roots.get(next) {
            next += 1;
            *search.calls.uses.entry(root) += 1;
            if search.found[root] == 0 {
                let known = search.calls.order.len();
                search.visit(root);
                // A rule is no call: that it calls the function it is for is no recursion.
                let new = &search.calls.order[known..];
                roots.extend(new.iter().flat_map(|&func| module.funcs[func].rules.funcs()));
            }
        }
        search.calls
    }
}

/// The functions an instruction names, and whether it calls them now.
fn callee(kind: &Kind) -> Option<(FuncId, bool)> {
    match kind {
        Kind::Call { func, .. } => Some((*func, true)),
        Kind::Jvp { func, .. } | Kind::Vjp { func, .. } => Some((*func, false)),
        _ => None,
    }
}

/// The number of instructions in use.
pub fn size(func: &Func) -> usize {
    let mut size = 0;
    walk(func, func.body, &mut |_, _| size += 1);
    size
}

/// Tarjan's search for strongly connected components.
struct Search<'m> {
    module: &'m Module,
    calls: Calls,
    stack: Vec<FuncId>,
    /// When each function was found; 0 for not yet, `DONE` once its component is complete.
    found: Side<FuncId, u32>,
    next: u32,
}

const DONE: u32 = u32::MAX;

impl Search<'_> {
    fn visit(&mut self, id: FuncId) -> u32 {
        let mine = self.next;
        self.next += 1;
        self.found.set(id, mine);
        self.stack.push(id);
        let func = &self.module.funcs[id];
        let mut callees = Vec::new();
        walk(func, func.body, &mut |_, inst| callees.extend(callee(&func.insts[inst].kind)));
        let mut low = mine;
        for (other, now) in callees {
            *self.calls.uses.entry(other) += 1;
            let reached = match self.found[other] {
                0 => self.visit(other),
                found => found,
            };
            if reached != DONE {
                low = low.min(reached);
            }
            if now && other == id {
                self.calls.recursive.set(id, true);
            }
        }
        if low == mine {
            let start =
                self.stack.iter().rposition(|&f| f == id).unwrap_or_else(|| defect!("{id} is not on the stack"));
            let component: Vec<FuncId> = self.stack.drain(start..).collect();
            for &member in &component {
                self.found.set(member, DONE);
                if component.len() > 1 {
                    self.calls.recursive.set(member, true);
                }
            }
            self.calls.order.extend(component.into_iter().rev());
            return DONE;
        }
        low
    }
}
