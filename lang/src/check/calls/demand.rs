//! Which instances still need rules: those that an entry differentiates, as often as it does.

use super::trim::callees;
use crate::check::state::value::RuleFns;
use crate::check::state::value::Ruled;
use crate::typed::order::{Use, orders};
use crate::typed::{Func, FuncId, Rules};
use rustc_hash::FxHashMap;

/// What the instances so far name.
#[derive(Default)]
pub(crate) struct Demand {
    named: Vec<Vec<(FuncId, Use)>>,
    /// How many derivatives are asked for: a function that is of a higher order takes a derivative of itself,
    /// which is refused later.
    requests: usize,
}

impl Demand {
    /// An instance, by its place among those with rules, and a rule that it lacks.
    pub fn next(&mut self, funcs: &[Option<Func>], ruled: &[Ruled]) -> Option<(usize, RuleFns)> {
        for func in funcs.get(self.named.len()..).unwrap_or_default() {
            let mut named = Vec::new();
            if let Some(func) = func {
                callees(&func.body, &mut |id, how| named.push((id, how)));
            }
            self.requests += named.iter().filter(|(_, how)| *how != Use::Call).count();
            self.named.push(named);
        }
        if self.requests == 0 {
            return None;
        }
        let named = |f: FuncId| self.named.get(f.0 as usize).cloned().unwrap_or_default();
        let given = |f: FuncId| funcs.get(f.0 as usize).and_then(Option::as_ref).map_or(Rules::default(), |f| f.rules);
        let has: FxHashMap<FuncId, Rules<()>> = ruled
            .iter()
            .map(|r| (r.func, Rules { jvp: r.rules.jvp.map(drop), vjp: r.rules.vjp.map(|_| ((), ())) }))
            .collect();
        let rules = |f: FuncId| (given(f), has.get(&f).copied().unwrap_or_default());
        let limit = self.requests + ruled.len() + 1;
        let orders = orders(&[FuncId(0)], limit, &named, &rules);
        if orders.values().any(|order| order.most() >= limit) {
            return None;
        }
        ruled.iter().enumerate().find_map(|(k, r)| {
            let order = orders.get(&r.func)?;
            let (pushes, pulls, given) = (order.pushes(), order.pulls(), given(r.func));
            let jvp = r.rules.jvp.filter(|_| given.jvp.is_none() && (pushes || pulls && r.rules.vjp.is_none()));
            let vjp = r.rules.vjp.filter(|_| given.vjp.is_none() && (pulls || pushes && r.rules.jvp.is_none()));
            match (jvp, vjp) {
                (Some(_), _) => Some((k, RuleFns { jvp, vjp: None })),
                (None, Some(_)) => Some((k, RuleFns { jvp: None, vjp })),
                (None, None) => None,
            }
        })
    }
}
