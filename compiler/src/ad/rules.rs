//! Functions that come with rules for their derivatives.
//!
//! ```text
//! func @0 f[](v0: f64) -> f64 jvp @1 {        f.jvp = @1
//!                                             f.vjp (x, u) = vjp @1 (x, 0) from ẏ: u wrt ẋ
//! func @0 f[](v0: f64) -> f64 vjp @2 @3 {     f.vjp (x, u) = @3(r, u)                            with y, r = @2(x)
//!                                             f.jvp (x, ẋ) = vjp @3 (r, 0) from x̄: ẋ wrt u       with y, r = @2(x)
//! ```
//!
//! With both rules each serves its mode; one alone serves both, by transposition.
//! A `jvp` rule is linear in the tangents, so its pullback by the tangents, at any of them, is `Jᵀ`:
//! at zero, in a request, or with its forward and backward function in a reverse sweep.
//! The second function of a `vjp` rule is linear in the cotangents, so its pullback by the cotangents is `J`.
//! Calls of functions with a `vjp` rule are reversed in `reverse::calls`.

use super::emit::{Emit, is_float, types_of};
use super::reverse::given_tape;
use super::{Ad, Name, PairName};
use crate::ir::{Func, FuncId, Kind, Type, Value};
use adl_lang::defect;
use adl_lang::types::{Dim, Sym};

/// A function under construction that has the parameters of its source.
struct Wrapper {
    emit: Emit,
    sizes: Vec<Dim>,
    params: Vec<Value>,
    results: Vec<Type>,
}

impl Wrapper {
    fn new(source: &Func) -> Wrapper {
        let mut emit = Emit::like(source, String::new());
        let params = source.params().iter().map(|&p| emit.param(source.data(p))).collect();
        let sizes = (0..source.sizes.len() as u32).map(|k| Dim::sym(Sym(k))).collect();
        Wrapper { emit, sizes, params, results: source.result_types() }
    }

    /// One more parameter for each flag that is set.
    fn more(&mut self, types: &[Type], flags: &[bool]) -> Vec<Option<Value>> {
        let mut one = |(ty, on): (&Type, &bool)| {
            let ty = ty.data().filter(|_| *on)?;
            Some(self.emit.param(ty))
        };
        types.iter().zip(flags).map(&mut one).collect()
    }

    fn param_types(&self) -> Vec<Type> {
        self.params.iter().map(|&p| self.emit.func.ty(p).clone()).collect()
    }

    /// A value for each float: the given one, or zero.
    fn dense(&mut self, types: &[Type], given: &[Option<Value>]) -> Vec<Value> {
        let floats = types.iter().zip(given).filter(|(ty, _)| is_float(ty));
        floats.filter_map(|(ty, value)| value.or_else(|| ty.data().map(|ty| self.emit.to().full(ty, 0.0)))).collect()
    }

    /// Zeros for all floats.
    fn zeros(&mut self, types: &[Type]) -> Vec<Value> {
        self.dense(types, &vec![None; types.len()])
    }

    fn call(&mut self, ad: &mut Ad<'_>, func: FuncId, args: Vec<Value>) -> Vec<Value> {
        ad.prepare(func);
        let callee = &ad.module.funcs[func];
        let types = types_of(callee, callee.results(), &self.sizes);
        self.emit.to().call(func, self.sizes.clone(), args, types)
    }

    fn finish(mut self, results: Vec<Value>) -> Func {
        self.emit.to().set_yields(results);
        self.emit.func
    }
}

fn floats(types: &[Type]) -> Vec<Type> {
    types.iter().filter(|ty| is_float(ty)).cloned().collect()
}

/// The flags of the floats.
fn float_flags(types: &[Type], flags: &[bool]) -> Vec<bool> {
    types.iter().zip(flags).filter(|(ty, _)| is_float(ty)).map(|(_, &on)| on).collect()
}

/// `f.jvp` for these active parameters.
pub(super) fn jvp(ad: &mut Ad<'_>, source: &Func, active: &[bool]) -> Func {
    let mut to = Wrapper::new(source);
    let (params, results) = (to.param_types(), to.results.clone());
    let tangents = to.more(&params, active);
    if let Some(rule) = source.rules.jvp {
        let tangents = to.dense(&params, &tangents);
        let values = to.call(ad, rule, [to.params.clone(), tangents].concat());
        return to.finish(values);
    }
    let Some((fwd, bwd)) = source.rules.vjp else { defect!("{} has no rules", source.name) };
    let mut values = to.call(ad, fwd, to.params.clone());
    let mut operands = values.split_off(results.len());
    let wrt = [vec![false; operands.len()], vec![true; floats(&results).len()]].concat();
    operands.extend(to.zeros(&results));
    operands.extend(tangents.into_iter().flatten());
    let seeds = float_flags(&params, active);
    let kind = Kind::Vjp { func: bwd, sizes: to.sizes.clone(), seeds, wrt, primal: false };
    values.extend(to.emit.to().results(kind, operands, floats(&results)));
    to.finish(values)
}

/// `f.vjp`.
pub(super) fn vjp(ad: &mut Ad<'_>, source: &Func, (seeds, wrt): (&[bool], &[bool]), primal: bool) -> Func {
    let mut to = Wrapper::new(source);
    let (params, results) = (to.param_types(), to.results.clone());
    let cotangents = to.more(&results, seeds);
    let asked = float_flags(&params, wrt);
    if let Some((fwd, bwd)) = source.rules.vjp {
        let mut values = to.call(ad, fwd, to.params.clone());
        let residuals = values.split_off(results.len());
        let cotangents = to.dense(&results, &cotangents);
        let pulled = to.call(ad, bwd, [residuals, cotangents].concat());
        let pulled = pulled.into_iter().zip(asked).filter(|(_, on)| *on).map(|(value, _)| value);
        let values = if primal { values } else { Vec::new() };
        return to.finish(values.into_iter().chain(pulled).collect());
    }
    let Some(rule) = source.rules.jvp else { defect!("{} has no rules", source.name) };
    let mut operands = [to.params.clone(), to.zeros(&params)].concat();
    operands.extend(cotangents.into_iter().flatten());
    let seeds = [vec![false; results.len()], float_flags(&results, seeds)].concat();
    let wrt = [vec![false; params.len()], asked.clone()].concat();
    let pulled = floats(&params).into_iter().zip(asked).filter(|(_, on)| *on).map(|(ty, _)| ty);
    let both = [results.clone(), floats(&results)].concat();
    let types = if primal { both } else { Vec::new() }.into_iter().chain(pulled).collect();
    let kind = Kind::Vjp { func: rule, sizes: to.sizes.clone(), seeds, wrt, primal };
    let mut values = to.emit.to().results(kind, operands, types);
    if primal {
        values.drain(results.len()..results.len() + floats(&results).len());
    }
    to.finish(values)
}

/// `f.fwd` and `f.bwd` of a function with a `jvp` rule alone: those of the rule, with its tangents active, at zero.
pub(super) fn pair(ad: &mut Ad<'_>, name: PairName) -> (FuncId, FuncId) {
    let source = &ad.module.funcs[name.func];
    let Some(rule) = source.rules.jvp else { defect!("{} has no rules", source.name) };
    let params: Vec<Type> = source.params().iter().map(|&p| source.ty(p).clone()).collect();
    let results = source.result_types();
    let beside = |types: &[Type], flags: &[bool]| [vec![false; types.len()], float_flags(types, flags)].concat();
    let of_rule = PairName {
        func: rule,
        active: beside(&params, &name.active),
        seeds: beside(&results, &name.seeds),
        accs: beside(&params, &name.accs),
        tainted: name.tainted,
        asked: beside(&params, &name.asked),
    };
    let (fwd, bwd) = ad.pair(of_rule);
    let func = name.func;
    let lead = ad.make(Name::Lead(name), func, &[".fwd"], |ad, source| {
        let mut to = Wrapper::new(&source);
        let args = [to.params.clone(), to.zeros(&params)].concat();
        // The tape is led through below, and is no result yet.
        let types = [results.clone(), floats(&results)].concat();
        let sizes = to.sizes.clone();
        let mut values = to.emit.to().call(fwd, sizes, args, types);
        values.truncate(results.len());
        let mut func = to.finish(values);
        given_tape(ad, &mut func);
        vec![func]
    });
    (lead[0], bwd)
}
