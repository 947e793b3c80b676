//! From the typed tree to native code: the one place that puts the passes in order.
//!
//! ```text
//! lower -> inline -> derive -> optimize -> codegen
//! ```
//!
//! Every pass has a name, under which it is timed and under which its result can be seen. In debug builds the IR is
//! verified after each of them; native code is only ever made from verified IR.

use crate::codegen::{self, Native};
use crate::ir::verify::verify;
use crate::ir::{self, entity::Entity};
use crate::{ad, lower, opt};
use adl_lang::typed;
use std::time::{Duration, Instant};

/// The passes in order.
pub const PASSES: &[&str] = &["lower", "inline", "derive", "optimize"];

/// How long each pass took, summed over all that was compiled.
#[derive(Clone, Debug, Default)]
pub struct Timings(Vec<(&'static str, Duration)>);

impl Timings {
    /// Runs `f` on the account of `name`.
    pub fn time<R>(&mut self, name: &'static str, f: impl FnOnce() -> R) -> R {
        let start = Instant::now();
        let result = f();
        self.add(name, start.elapsed());
        result
    }

    /// Adds time to an account.
    pub fn add(&mut self, name: &'static str, time: Duration) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum += time,
            None => self.0.push((name, time)),
        }
    }

    /// The accounts, in the order of first use.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Duration)> {
        self.0.iter().copied()
    }
}

/// Sees the module after each pass.
pub type Dump<'a> = dyn FnMut(&'static str, &ir::Module) + 'a;

/// What is wrong with the compiler itself.
pub type Defect = String;

/// All passes over the IR for one entry.
pub fn optimized(
    module: &typed::Module,
    main: typed::FuncId,
    timings: &mut Timings,
    dump: &mut Dump<'_>,
) -> Result<(ir::Module, ir::FuncId), Defect> {
    let entry = ir::FuncId::new(main.0 as usize);
    let roots = [entry];
    let mut module = timings.time("lower", || lower::lower(module));
    let mut passes = Passes { timings, dump };
    passes.after("lower", &module)?;
    passes.run("inline", &mut module, |m| opt::inline(m, &roots))?;
    passes.run("derive", &mut module, |m| {
        ad::resolve(m, &roots, &mut |m, f| opt::clean(&mut m.funcs[f]));
    })?;
    passes.run("optimize", &mut module, |m| opt::optimize(m, &roots))?;
    Ok((module, entry))
}

/// Native code for one entry.
pub fn compile(
    module: &typed::Module,
    main: typed::FuncId,
    timings: &mut Timings,
) -> Result<Native, Defect> {
    let (module, entry) = optimized(module, main, timings, &mut |_, _| {})?;
    let verified = timings.time("verify", || verify(&module));
    let verified = verified.map_err(|broken| format!("before native code: {broken}"))?;
    let native = timings.time("codegen", || codegen::compile(verified, entry));
    native.map_err(|problem| problem.to_string())
}

struct Passes<'a, 'd> {
    timings: &'a mut Timings,
    dump: &'a mut Dump<'d>,
}

impl Passes<'_, '_> {
    fn run(
        &mut self,
        name: &'static str,
        module: &mut ir::Module,
        pass: impl FnOnce(&mut ir::Module),
    ) -> Result<(), Defect> {
        self.timings.time(name, || pass(module));
        self.after(name, module)
    }

    fn after(&mut self, name: &'static str, module: &ir::Module) -> Result<(), Defect> {
        (self.dump)(name, module);
        if cfg!(debug_assertions)
            && let Err(broken) = verify(module)
        {
            return Err(format!("after pass `{name}`: {broken}"));
        }
        Ok(())
    }
}
