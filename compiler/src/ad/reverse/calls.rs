//! The reverse sweep of calls and of requests.
//!
//! ```text
//! v2 = call @0 (v0, v1)      =>   v2 = call @1 (v0, v1)         ; f.fwd; the tape is led through later
//!                                 …
//!                                 v7, v8 = call @2 (v5, v6)     ; f.bwd: v5 cotangent of v2, v6 of the array v0 so far
//! ```
//!
//! Array cotangents that exist already are passed in and come back, accumulated in place: recursion over a shared array
//! costs what the primal costs. Which forward function it is depends on the cotangents, so the call in the forward
//! sweep is changed when the reverse sweep meets it; a call whose results receive nothing keeps no residuals.

use super::super::emit::{is_float, types_of};
use super::super::linear::Term;
use super::super::requests::{self, Request};
use super::super::strip::has_effects;
use super::super::{Calls, Level, PairName};
use super::taken::Taken;
use super::{Sweep, Taint, types};
use crate::ir::walk::named_in;
use crate::ir::{Block, FuncId, Inst, Kind, Type, Value};
use adl_lang::types::{DType, Dim};
use rustc_hash::FxHashSet;

impl Sweep<'_, '_> {
    pub(super) fn reverse_call(&mut self, inst: Inst, func: FuncId, sizes: &[Dim]) {
        let (source, facts) = (self.source.clone(), self.facts.clone());
        let data = &source.insts[inst];
        let given = self.given(&data.results);
        // A repeated run has the stripped function in its place already.
        let func = if self.mode.bare { self.ad.strip(func, Level::Bare) } else { func };
        if let Some(rule) = self.ad.module.funcs[func].rules.vjp {
            return self.reverse_ruled(inst, rule, sizes, &given);
        }
        if self.ad.calls == Calls::Again {
            return self.reverse_again(inst, func, sizes, &given);
        }
        let active: Vec<bool> = data.args.iter().map(|&a| facts.active[a]).collect();
        let accs: Vec<bool> = (0..data.args.len())
            .map(|k| {
                let arg = data.args[k];
                let array = !source.data(arg).is_scalar();
                array && active[k] && self.ct.contains_key(&arg) && !data.args[..k].contains(&arg)
            })
            .collect();
        let name = PairName {
            func,
            active,
            seeds: given.iter().map(Option::is_some).collect(),
            accs,
            tainted: facts.taint(&data.results),
            asked: data.args.iter().map(|&arg| self.followed(arg)).collect(),
        };
        let (fwd, bwd) = self.ad.pair(name.clone());
        let forward = self.copies[&inst];
        self.emit.func.insts[forward].kind = Kind::Call { func: fwd, sizes: sizes.to_vec() };

        let with = |flags: &[bool]| -> Vec<Value> {
            data.args.iter().zip(flags).filter(|(_, on)| **on).map(|(&arg, _)| arg).collect()
        };
        let (receivers, asked) = (with(&name.active), with(&name.asked));
        let accs: Vec<bool> = name.active.iter().zip(&name.accs).filter(|(on, _)| **on).map(|(_, &acc)| acc).collect();
        let mut args: Vec<Value> = given.iter().flatten().map(|(cotangent, _)| *cotangent).collect();
        if name.tainted > Taint::No {
            for (&result, given) in data.results.iter().zip(&given) {
                args.extend(given.map(|(_, taken)| self.hand_of(result, taken)));
            }
        }
        args.extend(with(&name.accs).iter().map(|arg| self.ct[arg]));
        let handed = (0..data.args.len()).filter(|&k| name.accs[k] && name.asked[k]);
        args.extend(handed.map(|k| self.hand(data.args[k])).collect::<Vec<_>>());
        let mut types = types(&source, &receivers);
        // In the function that is called a scalar is no accumulator.
        let hand_type = |&arg: &Value| {
            let ty = source.data(arg);
            Type::Data(if ty.is_scalar() { ty.with(DType::Bool) } else { ty.clone() })
        };
        types.extend(asked.iter().map(hand_type));
        let mut results = self.emit.to().call(bwd, sizes.to_vec(), args, types);
        let mut hands = results.split_off(receivers.len()).into_iter();
        for ((arg, cotangent), acc) in receivers.into_iter().zip(results).zip(accs) {
            let taken = match if self.followed(arg) { hands.next() } else { None } {
                None => Taken::All,
                Some(hand) if source.data(arg).is_scalar() => Taken::Where(hand),
                Some(hand) => Taken::Count(hand),
            };
            if acc {
                self.ct.insert(arg, cotangent);
                self.taken.insert(arg, (cotangent, taken));
            } else {
                self.contribute_taken(arg, Term::plus(cotangent), taken);
            }
        }
    }

    /// The cotangents of some results, which are complete, and what is known of them.
    fn given(&mut self, results: &[Value]) -> Vec<Option<(Value, Taken)>> {
        results.iter().map(|&r| self.ct.remove(&r).map(|c| (c, self.known(r, c)))).collect()
    }

    /// A call whose pullback runs it again: a request, which takes the place
    /// of the call if nothing else needs its results.
    fn reverse_again(&mut self, inst: Inst, func: FuncId, sizes: &[Dim], seeds: &[Option<(Value, Taken)>]) {
        let (source, facts) = (self.source.clone(), self.facts.clone());
        let data = &source.insts[inst];
        let wrt: Vec<bool> = data.args.iter().map(|&a| facts.active[a]).collect();
        let receivers: Vec<Value> = data.args.iter().copied().filter(|&a| facts.active[a]).collect();
        let given: Vec<(Value, Taken)> = seeds.iter().copied().flatten().collect();
        let kind = Kind::Vjp {
            func: self.ad.strip(func, Level::Bare),
            sizes: sizes.to_vec(),
            seeds: seeds.iter().map(Option::is_some).collect(),
            wrt,
            primal: false,
        };
        let args = self.primals(&data.args).into_iter().chain(given.iter().map(|(c, _)| *c)).collect();
        let types = types(&source, &receivers);
        let request = self.emit.to().inst(kind, args, types);
        if !has_effects(self.ad.module, func, Level::Quiet) {
            self.requests.push((self.copies[&inst], request, func));
        }
        let mut pulled = self.emit.func.insts[request].results.clone();
        let taken = self.opaque(&given, pulled.iter_mut());
        for (value, cotangent) in receivers.into_iter().zip(pulled) {
            self.contribute_opaque(value, cotangent, taken);
        }
    }

    /// A call of a function with a `vjp` rule: the first function of the rule runs in its place, the second one hands
    /// the cotangents back. Its residuals are values like others: what they are made of decides whether they are kept.
    fn reverse_ruled(
        &mut self,
        inst: Inst,
        (fwd, bwd): (FuncId, FuncId),
        sizes: &[Dim],
        seeds: &[Option<(Value, Taken)>],
    ) {
        let source = self.source.clone();
        let data = &source.insts[inst];
        let forward = self.copies[&inst];
        self.ad.prepare(fwd);
        self.ad.prepare(bwd);
        let func = &self.ad.module.funcs[fwd];
        let residuals = &func.results()[data.results.len()..];
        // A parameter that is handed on is known here.
        let known: Vec<Option<usize>> = residuals.iter().map(|r| func.params().iter().position(|p| p == r)).collect();
        let kept = types_of(func, residuals, sizes);
        self.emit.func.insts[forward].kind = Kind::Call { func: fwd, sizes: sizes.to_vec() };
        let mut args = Vec::new();
        for (ty, known) in kept.into_iter().zip(known) {
            let residual = self.emit.func.result(forward, ty);
            args.push(known.map_or(residual, |k| self.primal[&data.args[k]]));
        }
        for (&result, seed) in data.results.iter().zip(seeds) {
            if is_float(source.ty(result)) {
                let cotangent = seed.map_or_else(|| self.zero(result), |(cotangent, _)| cotangent);
                args.push(cotangent);
            }
        }
        let targets: Vec<Value> = data.args.iter().copied().filter(|&a| is_float(source.ty(a))).collect();
        let mut pulled = self.emit.to().call(bwd, sizes.to_vec(), args, types(&source, &targets));
        let given: Vec<(Value, Taken)> = seeds.iter().copied().flatten().collect();
        let taken = self.opaque(&given, pulled.iter_mut());
        for (value, cotangent) in targets.into_iter().zip(pulled) {
            self.contribute_opaque(value, cotangent, taken);
        }
    }

    pub(super) fn reverse_vjp(
        &mut self,
        inst: Inst,
        (func, sizes): (FuncId, &[Dim]),
        (seeds, wrt): (&[bool], &[bool]),
        primal: bool,
    ) {
        let (source, facts) = (self.source.clone(), self.facts.clone());
        let data = &source.insts[inst];
        let count = self.ad.module.funcs[func].results().len();
        let seeds_now = self.given(&data.results);
        let mut given = seeds_now.iter().map(|seed| seed.map(|(cotangent, _)| cotangent));
        let y_bar: Vec<Option<Value>> =
            (0..count).map(|_| if primal { given.next().flatten() } else { None }).collect();
        let w: Vec<Option<Value>> = given.collect();
        let (x, u) = data.args.split_at(wrt.len());
        let wanted = |values: &[Value]| values.iter().map(|&v| facts.active[v]).collect::<Vec<bool>>();
        let (want_x, want_u) = (wanted(x), wanted(u));
        let request = Request { func, sizes, seeds, wrt, primal, x: self.primals(x), u: self.primals(u) };
        let mut to = self.emit.to();
        let mut pulled = requests::pull(self.ad, &mut to, &request, (&y_bar, &w), (&want_x, &want_u));
        let known: Vec<(Value, Taken)> = seeds_now.into_iter().flatten().collect();
        let taken = self.opaque(&known, pulled.x.iter_mut().chain(&mut pulled.u).flatten());
        if let Some((reverse, checked)) = pulled.request
            && !has_effects(self.ad.module, func, Level::Quiet)
        {
            let alone = if self.mode.bare { self.ad.strip(checked, Level::Bare) } else { checked };
            self.requests.push((self.copies[&inst], reverse, alone));
        }
        for (&value, cotangent) in x.iter().zip(pulled.x).chain(u.iter().zip(pulled.u)) {
            if let Some(cotangent) = cotangent {
                self.contribute_opaque(value, cotangent, taken);
            }
        }
    }

    /// Takes requests out of the forward sweep whose answers nothing names: the request in the reverse sweep runs the
    /// same function, and then makes its checks.
    pub(super) fn drop_requests(&mut self, reverse: Block) {
        let func = &mut self.emit.func;
        let mut named = FxHashSet::default();
        for block in [func.body, reverse] {
            named_in(func, block, &mut |v| {
                named.insert(v);
            });
        }
        let mut gone = FxHashSet::default();
        for &(forward, reverse, alone) in &self.requests {
            let unnamed = func.insts[forward].results.iter().all(|r| !named.contains(r));
            if unnamed && let Kind::Vjp { func: of, .. } | Kind::Call { func: of, .. } = &mut func.insts[reverse].kind {
                *of = alone;
                gone.insert(forward);
            }
        }
        if !gone.is_empty() {
            for block in func.blocks.keys() {
                func.blocks[block].insts.retain(|inst| !gone.contains(inst));
            }
        }
    }
}
