//! Reverse mode: a forward sweep that runs the function and a reverse sweep that hands cotangents back.
//!
//! ```text
//! func @0 f(v0: f64) -> f64 {       func @1 f.vjp(v0: f64, v1: f64) -> f64, f64 {      ; v1: cotangent of v2
//!   v1 = sin v0                =>     v2 = sin v0
//!   yield v1                          v3 = cos v0
//! }                                   v4 = mul v3 v1
//!                                     yield v2, v4
//!                                   }
//! ```
//!
//! Both sweeps are emitted into one function, and the reverse regions simply name the primal values they need, also
//! those inside forward regions, where SSA does not allow it. Two passes then make the function legal: [`rows`] gives
//! each pair of a forward and a reverse region a row of residuals (what the one names and the other defines, less what
//! is cheap to compute again), pushed last in the one and popped first in the other; [`thread`] leads one tape through
//! the whole function in the order it runs. So the emission knows nothing of tapes.
//!
//! A cotangent that is missing is zero. Contributions are added as they come; parts of arrays are accumulated in place.
//! Requires: no `jvp` requests, no tapes, no accumulators in the function. Requests for `vjp`s are fine.

mod calls;
mod flow;
mod forward;
mod loops;
mod ops;
mod regions;
mod rows;
mod taken;
mod thread;

use super::emit::{Emit, acc_all, cotangent_name, is_float};
use super::finite::Size;
use super::linear::Term;
use super::{Ad, PairName};
use crate::ir::copy::Copier;
use crate::ir::{Block, Func, FuncId, Inst, Kind, Type, Value};
use adl_lang::defect;
use flow::Facts;
pub(super) use flow::Taint;
use forward::Mode;
use rows::Pair;
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;
use taken::Taken;

/// Makes `func.vjp`: the parameters, then the cotangents of the seeded results, give the results (if `primal`) and the
/// cotangents of the parameters asked for.
pub(super) fn whole(
    ad: &mut Ad<'_>,
    func: FuncId,
    source: Rc<Func>,
    (seeds, wrt): (&[bool], &[bool]),
    primal: bool,
) -> Func {
    let active = ad.activity.values(ad.module, func, wrt);
    let facts = Facts::new(ad.module, &source, active, seeds, (Taint::No, &[]), Size::Finite(1));
    let mut sweep = Sweep::new(ad, source.clone(), facts);
    sweep.params(source.params());
    let cotangents: Vec<Value> = seeded(&source, seeds).iter().map(|&r| sweep.cotangent_param(r)).collect();
    sweep.contents(source.body);
    let body = sweep.emit.block;
    sweep.emit.enter();
    for (&result, cotangent) in seeded(&source, seeds).iter().zip(cotangents) {
        sweep.contribute_alone(result, cotangent);
    }
    sweep.reverse_block(source.body);
    let mut results = if primal { sweep.primals(source.results()) } else { Vec::new() };
    if primal {
        let args = sweep.primals(source.params());
        sweep.ad.show_conventions(func, &mut sweep.emit.to(), &args, &mut results);
    }
    for (&param, _) in source.params().iter().zip(wrt).filter(|(_, asked)| **asked) {
        let cotangent = sweep.take(param);
        results.push(cotangent);
    }
    let reverse = sweep.emit.leave(body, Vec::new());
    sweep.emit.to().set_yields(results);
    sweep.drop_requests(reverse);
    let pairs = std::mem::take(&mut sweep.pairs);
    let mut func = sweep.emit.func;
    rows::keep(&mut func, &pairs, Some(body));
    let insts = std::mem::take(&mut func.blocks[reverse].insts);
    func.blocks[body].insts.extend(insts);
    thread::own(&mut func, &ad.taped);
    func
}

/// Makes `func.fwd` and `func.bwd`.
pub(super) fn pair(ad: &mut Ad<'_>, name: &PairName, source: Rc<Func>) -> [Func; 2] {
    let active = ad.activity.values(ad.module, name.func, &name.active);
    let facts = Facts::new(ad.module, &source, active, &name.seeds, (name.tainted, &name.asked), Size::Any);
    let mut sweep = Sweep::new(ad, source.clone(), facts);
    sweep.params(source.params());
    sweep.contents(source.body);
    let results = sweep.primals(source.results());
    sweep.emit.to().set_yields(results);
    let body = sweep.emit.block;
    sweep.emit.enter();
    let params = |flags: &[bool]| -> Vec<Value> {
        source.params().iter().zip(flags).filter(|(_, on)| **on).map(|(&param, _)| param).collect()
    };
    let (asked, accs) = (params(&name.asked), params(&name.accs));
    let seeded = seeded(&source, &name.seeds);
    let cotangents: Vec<Value> = seeded.iter().map(|&r| sweep.cotangent_param(r)).collect();
    let hands = if name.tainted > Taint::No { sweep.hand_params(&seeded) } else { Vec::new() };
    for &param in &accs {
        let cotangent = sweep.cotangent_param(param);
        sweep.ct.insert(param, cotangent);
        sweep.accs.insert(param);
    }
    let asked_accs: Vec<Value> = accs.into_iter().filter(|param| asked.contains(param)).collect();
    for (&param, hand) in asked_accs.iter().zip(sweep.hand_params(&asked_accs)) {
        sweep.receive(param, hand);
    }
    for (k, (&result, cotangent)) in seeded.iter().zip(cotangents).enumerate() {
        let taken = hands.get(k).map_or(Taken::All, |&hand| sweep.handed(result, hand));
        sweep.contribute_taken(result, Term::plus(cotangent), taken);
    }
    sweep.reverse_block(source.body);
    let hands: Vec<Value> = asked.into_iter().map(|param| sweep.hand(param)).collect();
    let mut results: Vec<Value> = params(&name.active).into_iter().map(|param| sweep.take(param)).collect();
    results.extend(hands);
    let reverse = sweep.emit.leave(body, results);
    sweep.drop_requests(reverse);
    let mut pairs = std::mem::take(&mut sweep.pairs);
    pairs.push(Pair { forward: body, reverse, counter: None });
    let mut func = sweep.emit.func;
    rows::keep(&mut func, &pairs, None);
    [body, reverse].map(|block| {
        let mut half = half(&func, block);
        thread::given(&mut half, &ad.taped);
        half
    })
}

/// Leads a tape through a function that calls others with a tape.
pub(super) fn given_tape(ad: &Ad<'_>, func: &mut Func) {
    thread::given(func, &ad.taped);
}

/// One block of a function as a function.
fn half(func: &Func, block: Block) -> Func {
    let mut emit = Emit::like(func, String::new());
    let mut copier = Copier::new(func);
    for &param in &func.blocks[block].params {
        copier.param(param, &mut emit.to());
    }
    copier.contents(block, &mut emit.to());
    let results = copier.values(&func.blocks[block].yields);
    emit.to().set_yields(results);
    emit.func
}

/// The float results that have a cotangent.
fn seeded(func: &Func, seeds: &[bool]) -> Vec<Value> {
    func.results().iter().zip(seeds).filter(|(_, seeded)| **seeded).map(|(&r, _)| r).collect()
}

/// The state of both sweeps.
struct Sweep<'a, 'm> {
    ad: &'a mut Ad<'m>,
    source: Rc<Func>,
    facts: Rc<Facts>,
    emit: Emit,
    /// What the forward sweep leaves out and prepares.
    mode: Mode,
    /// What each value of the source has become in the forward sweep that was emitted last.
    primal: FxHashMap<Value, Value>,
    /// What each instruction has become.
    copies: FxHashMap<Inst, Inst>,
    /// How often a `while` has run.
    trips: FxHashMap<Inst, Value>,
    /// The cotangents so far.
    ct: FxHashMap<Value, Value>,
    /// Of cotangents that may be zero because something else was taken:
    /// where that is not so, and the cotangent that it holds of.
    taken: FxHashMap<Value, (Value, Taken)>,
    /// Values whose cotangent is an accumulator, which is only added to.
    accs: FxHashSet<Value>,
    /// Forward and reverse regions, inner ones first.
    pairs: Vec<Pair>,
    /// Requests in the forward sweep, those that give their cotangents, and the function that such a one asks for if it
    /// stands alone.
    requests: Vec<(Inst, Inst, FuncId)>,
}

impl<'a, 'm> Sweep<'a, 'm> {
    fn new(ad: &'a mut Ad<'m>, source: Rc<Func>, facts: Facts) -> Self {
        Sweep {
            ad,
            emit: Emit::like(&source, String::new()),
            source,
            facts: Rc::new(facts),
            mode: Mode { bare: false, reversed: true },
            primal: FxHashMap::default(),
            copies: FxHashMap::default(),
            trips: FxHashMap::default(),
            ct: FxHashMap::default(),
            taken: FxHashMap::default(),
            accs: FxHashSet::default(),
            pairs: Vec::new(),
            requests: Vec::new(),
        }
    }

    fn primals(&self, values: &[Value]) -> Vec<Value> {
        values.iter().map(|v| self.primal[v]).collect()
    }

    /// A parameter for the cotangent of a value.
    fn cotangent_param(&mut self, value: Value) -> Value {
        let ty = self.source.data(value).clone();
        let param = self.emit.param(&ty);
        self.emit.func.name_after(param, &self.source, value, cotangent_name);
        param
    }

    /// The cotangent of a value is complete: it is called so.
    fn complete(&mut self, value: Value) {
        if let Some(&cotangent) = self.ct.get(&value) {
            self.emit.func.name_after(cotangent, &self.source, value, cotangent_name);
        }
    }

    fn zero(&mut self, value: Value) -> Value {
        let ty = self.source.data(value).clone();
        self.emit.to().full(&ty, 0.0)
    }

    /// The cotangent of a value, for the last time; a real zero if there is none.
    fn take(&mut self, value: Value) -> Value {
        self.complete(value);
        match self.ct.remove(&value) {
            Some(cotangent) => cotangent,
            None => self.zero(value),
        }
    }

    /// The cotangent so far, which stays; a real zero if there is none.
    fn peek(&mut self, value: Value) -> Value {
        match self.ct.get(&value) {
            Some(&cotangent) => cotangent,
            None => self.zero(value),
        }
    }

    /// Adds to the cotangent of a value; moves it there if there is none yet.
    fn contribute(&mut self, value: Value, cotangent: Value) {
        if !self.facts.active[value] {
            return;
        }
        let sum = match self.ct.get(&value) {
            None => cotangent,
            Some(&sum) if self.accs.contains(&value) => acc_all(&mut self.emit.to(), sum, cotangent),
            Some(&sum) => self.emit.to().add(sum, cotangent),
        };
        self.ct.insert(value, sum);
    }

    /// The reverse sweep of a block, from the cotangents of what it yields.
    fn reverse_block(&mut self, block: Block) {
        let source = self.source.clone();
        for &inst in source.blocks[block].insts.iter().rev() {
            let data = &source.insts[inst];
            if data.results.iter().any(|r| self.ct.contains_key(r)) {
                self.emit.place = data.place;
                data.results.iter().for_each(|&r| self.complete(r));
                self.reverse_inst(inst);
            }
        }
    }

    fn reverse_inst(&mut self, inst: Inst) {
        let source = self.source.clone();
        let data = &source.insts[inst];
        match &data.kind {
            Kind::Pure(op) => self.reverse_pure(op, data),
            Kind::If { then, otherwise } => self.reverse_if(inst, *then, *otherwise),
            Kind::For { body } => self.reverse_for(inst, *body),
            Kind::While { body, test: _ } => self.reverse_while(inst, *body),
            Kind::Map { extents, body, accs } => self.reverse_map(inst, extents, *body, *accs),
            Kind::Call { func, sizes } => self.reverse_call(inst, *func, sizes),
            Kind::Vjp { func, sizes, seeds, wrt, primal } => {
                self.reverse_vjp(inst, (*func, sizes), (seeds, wrt), *primal);
            }
            Kind::Jvp { .. }
            | Kind::Bounds { .. }
            | Kind::NonNegative(_)
            | Kind::SameSize(..)
            | Kind::Assert(_)
            | Kind::Print(_)
            | Kind::TapeNew
            | Kind::Push
            | Kind::Pop
            | Kind::TapeEnd => defect!("a cotangent for {:?} in {}", data.kind, source.name),
        }
    }
}

/// The types of some values, floats all.
fn types(func: &Func, values: &[Value]) -> Vec<Type> {
    debug_assert!(values.iter().all(|&v| is_float(func.ty(v))), "only floats have cotangents");
    values.iter().map(|&v| func.ty(v).clone()).collect()
}
