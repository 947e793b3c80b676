//! Which instances need rules: those that are differentiated, as often as they are.
//!
//! The derivative of a request is a request of a forward derivative, so a function that is differentiated `k` times in
//! any mixture of modes is differentiated forward `k - 1` times and then once in the last mode. Its `jvp` rule stands
//! for the first of these, and is itself differentiated `k - 1` times; its `vjp` rule stands for a reverse sweep, which
//! is the last. So a rule that makes a function with rules of a higher order is followed only as far as is needed.

use super::rules::Ruled;
use super::trim::{Use, callees};
use super::value::RuleFns;
use crate::typed::{Func, FuncId, Rules};

/// More than this is a function that takes a derivative of itself, which is refused later.
const MOST: u32 = 32;

/// How often a function that is reached is differentiated: forward alone, and with a reverse sweep at the end.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Order {
    forward: u32,
    reverse: u32,
}

impl Order {
    /// Of what a function of this order asks a derivative of.
    fn asked(self, how: Use) -> Order {
        let more = |order: u32| (order + 1).min(MOST);
        match how {
            Use::Call => self,
            Use::Jvp => {
                Order { forward: more(self.forward), reverse: if self.reverse > 0 { more(self.reverse) } else { 0 } }
            }
            Use::Vjp => Order { forward: 0, reverse: more(self.forward.max(self.reverse)) },
        }
    }

    /// Of its forward derivative.
    fn rest(self) -> Order {
        Order { forward: self.forward.saturating_sub(1), reverse: self.reverse.saturating_sub(1) }
    }

    fn pushes(self) -> bool {
        self.forward > 0 || self.reverse > 1
    }

    fn pulls(self) -> bool {
        self.reverse > 0
    }
}

/// What is known of the instances so far.
#[derive(Default)]
pub(crate) struct Demand {
    /// What each names.
    named: Vec<Vec<(FuncId, Use)>>,
    orders: Vec<Option<Order>>,
}

impl Demand {
    /// An instance, by its place among those with rules, and a rule that it lacks.
    pub fn next(&mut self, funcs: &[Option<Func>], ruled: &[Ruled]) -> Option<(usize, RuleFns)> {
        for func in &funcs[self.named.len().min(funcs.len())..] {
            let mut named = Vec::new();
            if let Some(func) = func {
                callees(&func.body, &mut |id, how| named.push((id, how)));
            }
            self.named.push(named);
        }
        self.orders = vec![None; funcs.len()];
        self.reach(FuncId(0), Order::default(), funcs);
        ruled.iter().enumerate().find_map(|(k, r)| {
            let order = self.orders.get(r.func.0 as usize).copied().flatten()?;
            let given = funcs.get(r.func.0 as usize)?.as_ref()?.rules;
            let (pushes, pulls) = (order.pushes(), order.pulls());
            let jvp = r.rules.jvp.filter(|_| given.jvp.is_none() && (pushes || pulls && r.rules.vjp.is_none()));
            let vjp = r.rules.vjp.filter(|_| given.vjp.is_none() && (pulls || pushes && r.rules.jvp.is_none()));
            match (jvp, vjp) {
                (Some(_), _) => Some((k, RuleFns { jvp, vjp: None })),
                (None, Some(_)) => Some((k, RuleFns { jvp: None, vjp })),
                (None, None) => None,
            }
        })
    }

    fn reach(&mut self, func: FuncId, order: Order, funcs: &[Option<Func>]) {
        let mut work = vec![(func, order)];
        while let Some((func, order)) = work.pop() {
            let at = func.0 as usize;
            let Some(known) = self.orders.get(at).copied() else { continue };
            let before = known.unwrap_or_default();
            let now = Order { forward: before.forward.max(order.forward), reverse: before.reverse.max(order.reverse) };
            if known == Some(now) {
                continue;
            }
            self.orders[at] = Some(now);
            work.extend(self.named[at].iter().map(|&(callee, how)| (callee, now.asked(how))));
            if let Some(func) = &funcs[at] {
                rules(&func.rules, now, &mut work);
            }
        }
    }
}

/// How often the rules of a function of this order are differentiated.
fn rules(rules: &Rules<FuncId>, order: Order, work: &mut Vec<(FuncId, Order)>) {
    let transposed = Order { forward: 0, reverse: order.reverse };
    if let Some(jvp) = rules.jvp {
        if order.pushes() {
            work.push((jvp, order.rest()));
        }
        if order.pulls() && rules.vjp.is_none() {
            work.push((jvp, transposed));
        }
    }
    if let Some((fwd, bwd)) = rules.vjp {
        if order.pulls() {
            work.extend([(fwd, Order::default()), (bwd, Order::default())]);
        }
        if order.pushes() && rules.jvp.is_none() {
            work.extend([(fwd, order.rest()), (bwd, order.rest().asked(Use::Vjp))]);
        }
    }
}
