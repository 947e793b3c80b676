//! How often functions are differentiated, and with it the rules that they have.
//!
//! The derivative of a request is a request of a forward derivative, so a function that is differentiated `k` times in
//! any mixture of modes is differentiated forward `k - 1` times and then once in the last mode. Its `jvp` rule stands
//! for the first of these, and is itself differentiated `k - 1` times; its `vjp` rule stands for a reverse sweep, which
//! is the last. So a rule may call a function with rules of a higher order: it is followed only as far as is needed.

use super::Rules;
use rustc_hash::FxHashMap;
use std::hash::Hash;

/// How a function is named by another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
    /// It is called.
    Call,
    /// Its forward derivative is asked for.
    Jvp,
    /// Its pullback is asked for.
    Vjp,
}

/// How often a function that is reached is differentiated.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Order {
    /// In forward mode alone.
    pub forward: usize,
    /// With a reverse sweep at the end.
    pub reverse: usize,
}

impl Order {
    /// The order of what a function of this order names.
    fn named(self, how: Use) -> Order {
        match how {
            Use::Call => self,
            Use::Jvp => {
                let reverse = if self.reverse > 0 { self.reverse + 1 } else { 0 };
                Order { forward: self.forward + 1, reverse }
            }
            Use::Vjp => Order { forward: 0, reverse: self.forward.max(self.reverse) + 1 },
        }
    }

    /// The order of its forward derivative.
    fn rest(self) -> Order {
        Order { forward: self.forward.saturating_sub(1), reverse: self.reverse.saturating_sub(1) }
    }

    /// Whether a forward derivative is made of it.
    pub fn pushes(self) -> bool {
        self.forward > 0 || self.reverse > 1
    }

    /// Whether it is swept in reverse.
    pub fn pulls(self) -> bool {
        self.reverse > 0
    }

    fn join(self, other: Order) -> Order {
        Order { forward: self.forward.max(other.forward), reverse: self.reverse.max(other.reverse) }
    }

    fn at_most(self, limit: usize) -> Order {
        Order { forward: self.forward.min(limit), reverse: self.reverse.min(limit) }
    }

    /// The larger of both.
    pub fn most(self) -> usize {
        self.forward.max(self.reverse)
    }

    /// The orders of the rules of a function, which has them or will be given them.
    fn rules<F: Copy>(self, rules: &Rules<F>, has: Rules<()>) -> Vec<(F, Order)> {
        let mut out = Vec::new();
        if let Some(jvp) = rules.jvp {
            if self.pushes() {
                out.push((jvp, self.rest()));
            }
            if self.pulls() && has.vjp.is_none() {
                out.push((jvp, Order { forward: 0, reverse: self.reverse }));
            }
        }
        if let Some((fwd, bwd)) = rules.vjp {
            if self.pulls() {
                out.extend([(fwd, Order::default()), (bwd, Order::default())]);
            }
            if self.pushes() && has.jvp.is_none() {
                out.extend([(fwd, self.rest()), (bwd, self.rest().named(Use::Vjp))]);
            }
        }
        out
    }
}

/// The orders of all functions that are reached from the roots;
/// `rules` gives the rules of a function as far as they are there, and which there will be.
/// A function that takes a derivative of itself is of every order: no order is above `limit`.
pub fn orders<F: Copy + Eq + Hash>(
    roots: &[F],
    limit: usize,
    named: &dyn Fn(F) -> Vec<(F, Use)>,
    rules: &dyn Fn(F) -> (Rules<F>, Rules<()>),
) -> FxHashMap<F, Order> {
    let mut found: FxHashMap<F, Order> = FxHashMap::default();
    let mut work: Vec<(F, Order)> = roots.iter().map(|&root| (root, Order::default())).collect();
    while let Some((func, order)) = work.pop() {
        let known = found.get(&func).copied();
        let now = order.join(known.unwrap_or_default()).at_most(limit);
        if known == Some(now) {
            continue;
        }
        found.insert(func, now);
        work.extend(named(func).into_iter().map(|(other, how)| (other, now.named(how))));
        let (rules, has) = rules(func);
        work.extend(now.rules(&rules, has));
    }
    found
}
