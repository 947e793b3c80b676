//! Differentiation: the passes that turn requests for derivatives into functions.
//!
//! ```text
//! v2, v3 = vjp @0 seeds[1] wrt[1] primal (v0, v1)     =>     v2, v3 = call @7 (v0, v1)      ; @7 is f.vjp
//! v2, v3 = jvp @0 active[1] (v0, v1)                  =>     v2, v3 = call @8 (v0, v1)      ; @8 is f.jvp
//! ```
//!
//! # The algebra
//!
//! Four functions are made of a function `f` with results `y = f(x)` and Jacobian `J(x)`;
//! each is ordinary IR, made once and remembered under its name:
//!
//! - `f.jvp`: `(x, ẋ) ↦ (y, J(x) ẋ)`;
//! - `f.vjp`: `(x, u) ↦ (y, J(x)ᵀ u)`, a forward and a reverse sweep in one function;
//! - `f.fwd`, `f.bwd`: those sweeps as two functions, for calls inside a function that is reversed;
//! - `f.quiet`, `f.bare`: `f` without what it prints and asserts, and without any check.
//!
//! # Why code with a tape is never differentiated
//!
//! Reverse mode is applied once, outermost, to code that has no tape. That loses nothing, because a request for a
//! pullback is closed under both modes: the derivative of a `vjp` request is a `vjp` request of a `jvp` function. Let
//! `x̄ = J(x)ᵀ u`.
//!
//! *Forward*, along `(ẋ, u̇)`: `d x̄ = J(x)ᵀ u̇ + (dJ(x)[ẋ])ᵀ u`.
//! Consider the function `f.jvp` with results `(y, ẏ)` and give `y` the cotangent `u̇` and `ẏ` the cotangent `u`;
//! that is, differentiate `s(x, ẋ) = ⟨u̇, f(x)⟩ + ⟨u, J(x) ẋ⟩`:
//! ```text
//! ∂s/∂ẋ = J(x)ᵀ u = x̄                           (the primal result)
//! ∂s/∂x = J(x)ᵀ u̇ + ∂/∂x ⟨u, J(x) ẋ⟩ = d x̄       (its tangent: ⟨u, D²f(ẋ, ·)⟩ = (dJ[ẋ])ᵀ u, as D²f is symmetric)
//! ```
//! *Reverse*, with the cotangent `w` of `x̄` and `ȳ` of `y`: the pullback of `(x, u) ↦ (f(x), J(x)ᵀ u)` is
//! ```text
//! cotangent of x = J(x)ᵀ ȳ + ∂/∂x ⟨w, J(x)ᵀ u⟩ = J(x)ᵀ ȳ + ∂/∂x ⟨u, J(x) w⟩      cotangent of u = J(x) w
//! ```
//! which is the request `vjp f.jvp (x, ẋ = w)` with `ȳ` given to `y` and `u` given to `ẏ`: its cotangent of `x` is the
//! first, its result `ẏ` the second. Both are in the file `requests`.
//!
//! So requests stay in a function while it is differentiated, to any order and in any mixture; [`resolve`] makes the
//! functions that the reachable ones ask for, from sources that still hold their requests, and only at the end puts
//! calls in their places. There are no tapes of tapes and no rules for their transposition, and the orders above the
//! first cost what forward mode costs.
//!
//! A function may come with rules: then they say what these names stand for, see `ad/rules.rs`.
//! They are ordinary functions, so all that is said above holds of them, and derivatives of rules need no more rules.

mod activity;
mod arms;
mod define;
mod emit;
mod finite;
mod jvp;
mod linear;
mod requests;
mod reverse;
mod rules;
mod smooth;
mod strip;

use crate::ir::walk::standing;
use crate::ir::{Func, FuncId, Inst, Kind, Module, Rules};
use activity::Activity;
use adl_lang::defect;
use adl_lang::source::Span;
use adl_lang::typed::order::{Use, orders};
use reverse::Taint;
use rustc_hash::{FxHashMap, FxHashSet};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

/// Why requests are left.
#[derive(Clone, Debug)]
pub enum Unresolved {
    /// A function takes a derivative of itself.
    Endless(Endless),
    /// It was not to go on.
    Halted,
}

/// Unwinds from where functions are made, which may be deep in others, to [`resolve_until`].
struct Halt;

/// A function that takes a derivative of itself: it would need derivatives of every order.
#[derive(Clone, Debug)]
pub struct Endless {
    /// The function.
    pub func: String,
    /// The request in it.
    pub span: Span,
}

/// Turns every request that can be reached from the entries into a call of a function made for it. `clean` is called
/// on each function that is made, or whose `jvp` requests have become calls, before it is the source of another: it
/// should inline the functions that `func` calls where they are small and not recursive, and fold aliases, common
/// subexpressions and dead code away. Without that nested derivatives grow exponentially. It must leave parameters,
/// results and `vjp` requests as they are.
///
/// To be called once for a module, with all its entries: functions that hold the resolved form of a `vjp` request can
/// not be differentiated any more.
///
/// # Errors
/// If a function takes a derivative of itself.
pub fn resolve(
    module: &mut Module,
    entries: &[FuncId],
    clean: &mut dyn FnMut(&mut Module, FuncId),
) -> Result<(), Endless> {
    resolve_with(module, entries, Calls::Taped, clean)
}

/// How calls are reversed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Calls {
    /// A forward and a backward function with a tape between them: a call runs once.
    Taped,
    /// The pullback of a call runs it again, and no tape leaves a function: what is computed for its pullback alone, as
    /// the rest of a tail recursion, is not computed before. In other recursions each level doubles what is run.
    Again,
}

/// The same, with a choice of how calls are reversed.
///
/// # Errors
/// If a function takes a derivative of itself.
pub fn resolve_with(
    module: &mut Module,
    entries: &[FuncId],
    calls: Calls,
    clean: &mut dyn FnMut(&mut Module, FuncId),
) -> Result<(), Endless> {
    match resolve_until(module, entries, calls, clean, &mut |_| true) {
        Ok(()) => Ok(()),
        Err(Unresolved::Halted) => defect!("it goes on whatever was made"),
        Err(Unresolved::Endless(endless)) => Err(endless),
    }
}

/// The same; `go_on` is asked before each function that is made, and told how many instructions were made so far.
///
/// # Errors
/// If a function takes a derivative of itself, or if it is not to go on; then the module is of no use.
pub fn resolve_until(
    module: &mut Module,
    entries: &[FuncId],
    calls: Calls,
    clean: &mut dyn FnMut(&mut Module, FuncId),
    go_on: &mut dyn FnMut(usize) -> bool,
) -> Result<(), Unresolved> {
    check_order(module, entries).map_err(Unresolved::Endless)?;
    let resolved = catch_unwind(AssertUnwindSafe(|| resolve_all(module, entries, calls, clean, go_on)));
    resolved.map_err(|payload| match payload.downcast::<Halt>() {
        Ok(_) => Unresolved::Halted,
        Err(payload) => resume_unwind(payload),
    })
}

fn resolve_all(
    module: &mut Module,
    entries: &[FuncId],
    calls: Calls,
    clean: &mut dyn FnMut(&mut Module, FuncId),
    go_on: &mut dyn FnMut(usize) -> bool,
) {
    let mut ad = Ad {
        module,
        calls,
        clean,
        go_on,
        instructions: 0,
        made: FxHashMap::default(),
        prepared: FxHashSet::default(),
        unclean: Vec::new(),
        depth: 0,
        activity: Activity::default(),
        taped: FxHashSet::default(),
        conventions: FxHashMap::default(),
        smooth: FxHashSet::default(),
    };
    // First everything is made, from sources that hold their requests; then these go.
    for replace in [false, true] {
        let mut seen = FxHashSet::default();
        let mut work: Vec<FuncId> = entries.to_vec();
        while let Some(func) = work.pop() {
            if seen.insert(func) {
                ad.prepare(func);
                work.extend(ad.answer(func, replace));
            }
        }
    }
    let made: Vec<FuncId> = ad.module.funcs.keys().collect();
    for func in made {
        // What is left are calls: nothing keeps them apart from others.
        ad.module.funcs[func].rules = Rules::default();
        smooth::settle(&mut ad.module.funcs[func]);
        define::define(&mut ad.module.funcs[func]);
    }
}

/// The name of a function that is made.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Name {
    Jvp {
        func: FuncId,
        active: Vec<bool>,
        /// Whether it is called by code that is differentiated, and not asked for by itself.
        within: bool,
    },
    Vjp {
        func: FuncId,
        seeds: Vec<bool>,
        wrt: Vec<bool>,
        primal: bool,
    },
    Pair(PairName),
    /// The forward function of a function whose only rule is a `jvp`; the backward function is that of the rule.
    Lead(PairName),
    Strip(FuncId, Level),
}

/// The name of a forward and backward function.
#[derive(Clone, PartialEq, Eq, Hash)]
struct PairName {
    func: FuncId,
    /// Which arguments are active.
    active: Vec<bool>,
    /// Which results have a cotangent.
    seeds: Vec<bool>,
    /// Which arguments have an accumulator for their cotangent already; it is passed in and comes back.
    accs: Vec<bool>,
    /// Whether zero cotangents must stay zero whatever they are multiplied by.
    tainted: Taint,
    /// The arguments of which it is asked where they play a part; see `reverse::taken`.
    asked: Vec<bool>,
}

/// What is left out of a function.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Level {
    /// What it prints and asserts.
    Quiet,
    /// Every check as well.
    Bare,
}

/// The functions made so far.
struct Ad<'m> {
    module: &'m mut Module,
    calls: Calls,
    clean: &'m mut dyn FnMut(&mut Module, FuncId),
    go_on: &'m mut dyn FnMut(usize) -> bool,
    /// How many were made so far.
    instructions: usize,
    made: FxHashMap<Name, Vec<FuncId>>,
    /// Functions without `jvp` requests, in themselves and what they call.
    prepared: FxHashSet<FuncId>,
    unclean: Vec<FuncId>,
    /// How many functions are being made.
    depth: usize,
    activity: Activity,
    /// Functions whose last parameter and last result is a tape.
    taped: FxHashSet<FuncId>,
    /// Which results of a function depend on a convention at a kink.
    conventions: FxHashMap<FuncId, Vec<bool>>,
    /// Functions in which smooth compositions have been looked for, or that were made of such.
    smooth: FxHashSet<FuncId>,
}

impl Ad<'_> {
    /// `func.jvp` for these active arguments: it takes the arguments and a tangent for each active one,
    /// and gives the results and a tangent for each float result.
    /// `within` code that is differentiated the results are those of an arm.
    fn jvp(&mut self, func: FuncId, active: Vec<bool>, within: bool) -> FuncId {
        let name = Name::Jvp { func, active: active.clone(), within };
        let make = |ad: &mut Self, source: Rc<Func>| match source.rules.is_empty() {
            true => vec![jvp::jvp(ad, func, source, &active, within)],
            false => vec![rules::jvp(ad, &source, &active)],
        };
        self.make(name, func, &[".jvp"], make)[0]
    }

    /// `func.vjp`, with the parameters and results of the request.
    fn vjp(&mut self, func: FuncId, seeds: Vec<bool>, wrt: Vec<bool>, primal: bool) -> FuncId {
        let func = if primal { func } else { self.strip(func, Level::Quiet) };
        let name = Name::Vjp { func, seeds: seeds.clone(), wrt: wrt.clone(), primal };
        let make = |ad: &mut Self, source: Rc<Func>| match source.rules.is_empty() {
            true => vec![reverse::whole(ad, func, source, (&seeds, &wrt), primal)],
            false => vec![rules::vjp(ad, &source, (&seeds, &wrt), primal)],
        };
        self.make(name, func, &[".vjp"], make)[0]
    }

    /// `func.fwd`: the arguments and a tape give the results and the tape. `func.bwd`: the cotangents of the seeded
    /// results, the accumulators and the tape give the cotangent of each active argument and the tape.
    /// A function with a `vjp` rule has none: its calls become those of the rule.
    fn pair(&mut self, name: PairName) -> (FuncId, FuncId) {
        let func = name.func;
        if self.module.funcs[func].rules.jvp.is_some() {
            return rules::pair(self, name);
        }
        let made = self.make(Name::Pair(name.clone()), func, &[".fwd", ".bwd"], |ad, source| {
            reverse::pair(ad, &name, source).to_vec()
        });
        (made[0], made[1])
    }

    /// The function without what it prints or checks; itself if there is nothing.
    fn strip(&mut self, func: FuncId, level: Level) -> FuncId {
        if !strip::has_effects(self.module, func, level) {
            return func;
        }
        let suffix = match level {
            Level::Quiet => ".quiet",
            Level::Bare => ".bare",
        };
        let make = |ad: &mut Self, source: Rc<Func>| vec![strip::strip(ad, source, level)];
        self.make(Name::Strip(func, level), func, &[suffix], make)[0]
    }

    /// Looks a name up; if it is new, reserves places, so that recursion closes, and fills them.
    fn make(
        &mut self,
        name: Name,
        func: FuncId,
        suffixes: &[&str],
        make: impl FnOnce(&mut Self, Rc<Func>) -> Vec<Func>,
    ) -> Vec<FuncId> {
        if let Some(made) = self.made.get(&name) {
            return made.clone();
        }
        if !(self.go_on)(self.instructions) {
            resume_unwind(Box::new(Halt));
        }
        self.prepare(func);
        let derived = !matches!(name, Name::Strip(..));
        if derived && self.smooth.insert(func) {
            smooth::recognise(&mut self.module.funcs[func]);
        }
        let source = Rc::new(self.module.funcs[func].clone());
        let reserve = |suffix: &&str| {
            let mut empty = Func::new(format!("{}{suffix}", source.name), source.sizes.clone(), source.span);
            empty.library = source.library;
            self.module.funcs.push(empty)
        };
        let places: Vec<FuncId> = suffixes.iter().map(reserve).collect();
        if derived || self.smooth.contains(&func) {
            self.smooth.extend(places.iter().copied());
        }
        if let Name::Pair(_) | Name::Lead(_) = name {
            self.taped.extend(places.iter().copied());
        }
        self.made.insert(name, places.clone());
        self.depth += 1;
        let bodies = make(self, source);
        self.depth -= 1;
        let again = derived && self.has_arms(func);
        for (&place, mut body) in places.iter().zip(bodies) {
            if again {
                arms::take_arms(&mut body);
            }
            body.name.clone_from(&self.module.funcs[place].name);
            self.instructions += body.insts.len();
            self.module.funcs[place] = body;
            self.unclean.push(place);
        }
        self.clean();
        places
    }

    /// Cleans up what was made or changed.
    fn clean(&mut self) {
        if self.depth == 0 {
            // Not before: until then a callee may be an empty place.
            for func in std::mem::take(&mut self.unclean) {
                (self.clean)(self.module, func);
            }
        }
    }

    /// Makes the functions that `vjp` requests in `func` ask for; perhaps puts calls in the places of the requests.
    /// Gives what it calls and what was made.
    fn answer(&mut self, func: FuncId, replace: bool) -> Vec<FuncId> {
        let mut callees = Vec::new();
        for inst in standing(&self.module.funcs[func]) {
            match self.module.funcs[func].insts[inst].kind.clone() {
                Kind::Call { func: callee, .. } => callees.push(callee),
                Kind::Vjp { func: of, sizes, seeds, wrt, primal } => {
                    let answer = self.vjp(of, seeds, wrt, primal);
                    callees.push(answer);
                    if replace {
                        self.module.funcs[func].insts[inst].kind = Kind::Call { func: answer, sizes };
                    }
                }
                Kind::Jvp { .. }
                | Kind::Pure(_)
                | Kind::If { .. }
                | Kind::For { .. }
                | Kind::While { .. }
                | Kind::Map { .. }
                | Kind::Bounds { .. }
                | Kind::NonNegative(_)
                | Kind::SameSize(..)
                | Kind::Assert(_)
                | Kind::Print(_)
                | Kind::TapeNew
                | Kind::Push
                | Kind::Pop
                | Kind::TapeEnd => {}
            }
        }
        callees
    }

    /// Makes the functions that `jvp` requests in `func` and its callees ask for, innermost first,
    /// and puts calls in the places of the requests.
    fn prepare(&mut self, func: FuncId) {
        if !self.prepared.insert(func) {
            return;
        }
        let mut changed = false;
        for inst in standing(&self.module.funcs[func]) {
            match self.module.funcs[func].insts[inst].kind.clone() {
                Kind::Jvp { func: of, sizes, active, again } => {
                    let of = if again { self.strip(of, Level::Bare) } else { of };
                    let answer = self.jvp(of, active, false);
                    self.module.funcs[func].insts[inst].kind = Kind::Call { func: answer, sizes };
                    changed = true;
                }
                Kind::Call { func: callee, .. } => self.prepare(callee),
                Kind::Vjp { .. }
                | Kind::Pure(_)
                | Kind::If { .. }
                | Kind::For { .. }
                | Kind::While { .. }
                | Kind::Map { .. }
                | Kind::Bounds { .. }
                | Kind::NonNegative(_)
                | Kind::SameSize(..)
                | Kind::Assert(_)
                | Kind::Print(_)
                | Kind::TapeNew
                | Kind::Push
                | Kind::Pop
                | Kind::TapeEnd => {}
            }
        }
        if changed {
            self.unclean.push(func);
            self.clean();
        }
    }
}

/// Finds a function that would need derivatives of every order.
fn check_order(module: &Module, entries: &[FuncId]) -> Result<(), Endless> {
    let uses = |func: FuncId| {
        let func = &module.funcs[func];
        let named = |inst: Inst| match &func.insts[inst].kind {
            Kind::Call { func: of, .. } => Some((*of, Use::Call, inst)),
            Kind::Jvp { func: of, .. } => Some((*of, Use::Jvp, inst)),
            Kind::Vjp { func: of, .. } => Some((*of, Use::Vjp, inst)),
            _ => None,
        };
        standing(func).into_iter().filter_map(named).collect::<Vec<_>>()
    };
    let named: FxHashMap<FuncId, Vec<_>> = module.funcs.keys().map(|func| (func, uses(func))).collect();
    let requests = named.values().flatten().filter(|(_, how, _)| *how != Use::Call).count();
    let ruled = module.funcs.iter().filter(|(_, func)| !func.rules.is_empty()).count();
    let limit = requests + ruled + 1;
    let plain = |func: FuncId| named[&func].iter().map(|&(of, how, _)| (of, how)).collect();
    let orders = orders(entries, limit, &plain, &|func| (module.funcs[func].rules, module.funcs[func].rules.map(drop)));
    let endless = |func: FuncId| orders.get(&func).is_some_and(|order| order.most() >= limit);
    let reaches = |from: FuncId, to: FuncId| {
        let mut seen = FxHashSet::from_iter([from]);
        let mut work = vec![from];
        while let Some(next) = work.pop() {
            let rules = module.funcs[next].rules.funcs();
            work.extend(named[&next].iter().map(|(of, ..)| *of).chain(rules).filter(|&of| seen.insert(of)));
        }
        seen.contains(&to)
    };
    // Not one that only has a derivative of another in it.
    for func in module.funcs.keys() {
        let itself = |(of, how, _): &&(FuncId, Use, Inst)| *how != Use::Call && endless(*of) && reaches(*of, func);
        if let Some((_, _, inst)) = named[&func].iter().find(itself) {
            let data = &module.funcs[func];
            return Err(Endless { func: data.name.clone(), span: data.insts[*inst].place.span });
        }
    }
    Ok(())
}
