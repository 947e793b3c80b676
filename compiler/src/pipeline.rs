//! From the typed tree to native code: the one place that puts the passes in order.
//!
//! ```text
//! lower -> inline -> clean -> batch -> sink -> derive (-> nan) -> optimize -> codegen
//! ```
//!
//! Every pass has a name, under which it is timed and under which its result can be seen. In debug builds the IR is
//! verified after each of them; native code is only ever made from verified IR.

use crate::ad::{Endless, Unresolved};
use crate::codegen::{self, Facts, Listing, Native};
use crate::ir::copy::Copier;
use crate::ir::entity::{Entity, Side};
use crate::ir::verify::verify;
use crate::ir::{Builder, Func, FuncId, Kind, Module};
use crate::opt::calls::Calls;
use crate::text::outline::outline;
use crate::{ad, lower, opt};
use adl_lang::typed;
use adl_runtime::Interrupt;
use adl_runtime::aside::{Aside, Place};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// The passes in order; those of the optimizer have names too.
pub const PASSES: &[&str] = &["lower", "inline", "clean", "batch", "sink", "derive", "optimize"];

/// What compiled programs do besides what they say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// Stop at the first operation that makes a NaN.
    pub check_nan: bool,
    /// Count rounds and calls, and stop when their fuel is used up.
    pub metered: bool,
}

/// When a compilation is given up.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Raised when nobody waits for the code any more.
    pub stop: Interrupt,
    /// Most instructions of the IR at any time: what bounds the memory of the compiler.
    pub instructions: usize,
}

impl Bounds {
    /// Most instructions unless told otherwise: they take one or two gigabytes.
    pub const INSTRUCTIONS: usize = 4_000_000;
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { stop: Interrupt::new(), instructions: Bounds::INSTRUCTIONS }
    }
}

/// From so many instructions on, some hundredths of a second, or so many derivatives, which may be of high order, a
/// compilation is not waited for when it is to stop.
const LONG: usize = 1000;
const DERIVATIVES: usize = 3;

static PLACE: Place = Place::new();

/// How long each pass took, summed over all that was compiled.
#[derive(Clone, Debug, Default)]
pub struct Timings(Vec<(String, Duration)>);

impl Timings {
    /// Adds time to an account.
    pub fn add(&mut self, name: &str, time: Duration) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum += time,
            None => self.0.push((name.to_string(), time)),
        }
    }

    /// The accounts, in the order of first use.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Duration)> {
        self.0.iter().map(|(name, time)| (name.as_str(), *time))
    }
}

/// Sees the module after each pass, with the name of the pass.
pub type Dump<'a> = dyn FnMut(&str, &Module) + 'a;

/// Why a module cannot be compiled.
#[derive(Clone, Debug)]
pub enum Problem {
    /// The program asks for a derivative that has no end.
    Endless(Endless),
    /// The interrupt was raised.
    Interrupted,
    /// There are more instructions than so many, which are allowed.
    TooLarge(usize),
    /// There is no memory for a thread.
    NoThread,
    /// The compiler itself is wrong.
    Defect(String),
}

/// All passes over the IR for one entry.
pub fn optimized(
    module: &typed::Module,
    main: typed::FuncId,
    options: Options,
    timings: &mut Timings,
    dump: &mut Dump<'_>,
) -> Result<(Module, FuncId), Problem> {
    let bounds = Bounds::default();
    let mut passes = Passes { timings, dump, bounds: &bounds, start: Instant::now() };
    let lowered = lower::lower(module);
    passes.after("lower", &lowered)?;
    optimized_from(lowered, FuncId::new(main.0 as usize), options, passes)
}

/// All passes behind the first one.
fn optimized_from(
    mut module: Module,
    entry: FuncId,
    options: Options,
    mut passes: Passes<'_, '_>,
) -> Result<(Module, FuncId), Problem> {
    let roots = [entry];
    let bounds = passes.bounds;
    opt::inline::inline(&mut module, &roots);
    passes.after("inline", &module)?;
    for func in module.funcs.keys() {
        opt::clean(&mut module.funcs[func]);
    }
    passes.after("clean", &module)?;
    // Before derivatives: that of one large product is two large products.
    opt::batch_reached(&mut module, &roots);
    passes.after("batch", &module)?;
    sink(&mut module);
    passes.after("sink", &module)?;
    // Calls are opened too: common subexpressions and congruent carries do not reach across them, and nested
    // derivatives would grow exponentially.
    let clean = &mut |module: &mut Module, func: FuncId| {
        opt::inline::inline(module, &[func]);
        opt::clean(&mut module.funcs[func]);
    };
    let before = instructions(&module);
    let go_on = &mut |made: usize| !bounds.stop.is_raised() && before + made <= bounds.instructions;
    ad::resolve_until(&mut module, &roots, ad::Calls::Taped, clean, go_on).map_err(|unresolved| match unresolved {
        Unresolved::Endless(endless) => Problem::Endless(endless),
        Unresolved::Halted if bounds.stop.is_raised() => Problem::Interrupted,
        Unresolved::Halted => Problem::TooLarge(bounds.instructions),
    })?;
    passes.after("derive", &module)?;
    if options.check_nan {
        opt::nan::guard(&mut module);
        passes.after("nan", &module)?;
    }
    let mut result = Ok(());
    let _ = opt::optimize_watched(&mut module, &roots, &mut |name, module| {
        result = passes.after(name, module);
        if result.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    result?;
    let module = compact(&module, entry);
    passes.after("optimize", &module)?;
    Ok((module, FuncId::new(0)))
}

/// Native code for one entry. When it is to stop, a short compilation ends, and a long one goes on by itself
/// to the end of the step that it is at, which nobody waits for.
pub fn compile(
    module: &typed::Module,
    main: typed::FuncId,
    options: Options,
    bounds: &Bounds,
    timings: &mut Timings,
) -> Result<Native, Problem> {
    let entry = FuncId::new(main.0 as usize);
    let mut passes = Passes { timings, dump: &mut |_, _| {}, bounds, start: Instant::now() };
    let lowered = lower::lower(module);
    passes.after("lower", &lowered)?;
    if !is_long(&lowered) {
        return compile_from(lowered, entry, options, bounds, timings);
    }
    let own = bounds.clone();
    let done = PLACE.run(
        || bounds.stop.is_raised(),
        move || {
            let mut timings = Timings::default();
            (compile_from(lowered, entry, options, &own, &mut timings), timings)
        },
    );
    match done {
        Ok((native, spent)) => {
            spent.iter().for_each(|(name, time)| timings.add(name, time));
            native
        }
        Err(Aside::Stopped) => Err(Problem::Interrupted),
        Err(Aside::NoThread) => Err(Problem::NoThread),
    }
}

/// How many instructions there are, those that passes have left lying about as well.
fn instructions(module: &Module) -> usize {
    module.funcs.iter().map(|(_, func)| func.insts.len()).sum()
}

/// Whether compiling it may take more than some hundredths of a second.
fn is_long(module: &Module) -> bool {
    let requests = module.funcs.iter().flat_map(|(_, func)| func.insts.iter());
    let requests = requests.filter(|(_, data)| matches!(data.kind, Kind::Jvp { .. } | Kind::Vjp { .. })).count();
    requests > DERIVATIVES || instructions(module) > LONG
}

/// What [`compile`] does behind the first pass.
fn compile_from(
    module: Module,
    entry: FuncId,
    options: Options,
    bounds: &Bounds,
    timings: &mut Timings,
) -> Result<Native, Problem> {
    let stop = &bounds.stop;
    let passes = Passes { timings, dump: &mut |_, _| {}, bounds, start: Instant::now() };
    let (module, entry) = optimized_from(module, entry, options, passes)?;
    let start = Instant::now();
    let verified = verify(&module).map_err(|broken| defect("codegen", &broken))?;
    timings.add("verify", start.elapsed());
    let start = Instant::now();
    let facts = Facts { stop: stop.clone(), ..facts(&verified, options) };
    let native = codegen::compile_with(&verified, entry, &facts);
    timings.add("codegen", start.elapsed());
    native.map_err(|problem| match stop.is_raised() {
        true => Problem::Interrupted,
        false => Problem::Defect(problem.to_string()),
    })
}

/// The code for one entry as text.
pub fn listing(module: &typed::Module, main: typed::FuncId, options: Options) -> Result<Listing, Problem> {
    let (module, entry) = optimized(module, main, options, &mut Timings::default(), &mut |_, _| {})?;
    let verified = verify(&module).map_err(|broken| defect("codegen", &broken))?;
    codegen::listing(&verified, entry, &facts(&verified, options))
        .map_err(|problem| Problem::Defect(problem.to_string()))
}

/// What the code generator is told.
fn facts(module: &Module, options: Options) -> Facts {
    let safe = |func| (func, opt::intervals::no_overflow(&module.funcs[func]));
    let cannot_overflow = module.funcs.keys().map(safe).collect();
    Facts { cannot_overflow, metered: options.metered, ..Facts::default() }
}

/// The module with its derivatives taken, as it reads best: loops and arrays are what they were.
pub fn readable(module: &typed::Module, main: typed::FuncId) -> Result<(Module, FuncId), Problem> {
    let entry = FuncId::new(main.0 as usize);
    let mut module = lower::lower_named(module);
    opt::inline::inline(&mut module, &[entry]);
    for func in module.funcs.keys() {
        opt::clean(&mut module.funcs[func]);
    }
    sink(&mut module);
    outline(&mut module);
    verify(&module).map_err(|broken| defect("outline", &broken))?;
    let clean = &mut |module: &mut Module, func: FuncId| {
        opt::inline::inline(module, &[func]);
        opt::clean(&mut module.funcs[func]);
    };
    ad::resolve_with(&mut module, &[entry], ad::Calls::Again, clean).map_err(Problem::Endless)?;
    opt::inline::inline(&mut module, &[entry]);
    opt::clean_reached(&mut module, &[entry]);
    opt::join_branches(&mut module, &[entry]);
    verify(&module).map_err(|broken| defect("branches", &broken))?;
    Ok((compact(&module, entry), FuncId::new(0)))
}

/// The module as plainly as it can be run: for the reference interpreter.
pub fn reference(module: &typed::Module, main: typed::FuncId) -> Result<(Module, FuncId), Problem> {
    let entry = FuncId::new(main.0 as usize);
    let mut module = lower::lower(module);
    verify(&module).map_err(|broken| defect("lower", &broken))?;
    let requests = |func: &Func| func.insts.iter().any(|(_, i)| matches!(i.kind, Kind::Jvp { .. } | Kind::Vjp { .. }));
    if module.funcs.iter().any(|(_, func)| requests(func)) {
        // What derivatives see of a program, through calls and names, is the same as on the way to native code.
        opt::inline::inline(&mut module, &[entry]);
        module.funcs.keys().for_each(|func| opt::clean(&mut module.funcs[func]));
        sink(&mut module);
    }
    let clean = &mut |module: &mut Module, func: FuncId| opt::clean(&mut module.funcs[func]);
    ad::resolve(&mut module, &[entry], clean).map_err(Problem::Endless)?;
    verify(&module).map_err(|broken| defect("derive", &broken))?;
    Ok((module, entry))
}

/// Computes what one branch alone needs in that branch.
fn sink(module: &mut Module) {
    module.funcs.keys().for_each(|func| opt::sink::sink(&mut module.funcs[func]));
}

struct Passes<'a, 'd> {
    timings: &'a mut Timings,
    dump: &'a mut Dump<'d>,
    bounds: &'a Bounds,
    /// When the pass began that runs now.
    start: Instant,
}

impl Passes<'_, '_> {
    fn after(&mut self, name: &str, module: &Module) -> Result<(), Problem> {
        self.timings.add(name, self.start.elapsed());
        (self.dump)(name, module);
        if cfg!(debug_assertions) {
            verify(module).map_err(|broken| defect(name, &broken))?;
        }
        self.start = Instant::now();
        if self.bounds.stop.is_raised() {
            return Err(Problem::Interrupted);
        }
        let most = self.bounds.instructions;
        if instructions(module) > most { Err(Problem::TooLarge(most)) } else { Ok(()) }
    }
}

/// What an entry still needs, the entry first: without the functions
/// and instructions that passes have left lying about.
fn compact(source: &Module, entry: FuncId) -> Module {
    let mut order = vec![entry];
    let reached = Calls::new(source, &[entry]).order;
    order.extend(reached.into_iter().filter(|&f| f != entry));
    let mut places = Side::new(entry);
    for (place, &func) in order.iter().enumerate() {
        places.set(func, FuncId::new(place));
    }
    let mut module = Module { calls: source.calls.clone(), ..Module::default() };
    for func in order {
        let mut copy = copied(&source.funcs[func]);
        for inst in copy.insts.keys() {
            if let Kind::Call { func, .. } = &mut copy.insts[inst].kind {
                *func = places[*func];
            }
        }
        module.funcs.push(copy);
    }
    module
}

fn copied(source: &Func) -> Func {
    let mut func = Func::new(source.name.clone(), source.sizes.clone(), source.span);
    (func.apart, func.library) = (source.apart, source.library);
    let mut copier = Copier::new(source);
    let mut to = Builder::new(&mut func);
    for &param in source.params() {
        copier.param(param, &mut to);
    }
    copier.contents(source.body, &mut to);
    to.set_yields(copier.values(source.results()));
    func
}

fn defect(pass: &str, broken: &dyn std::fmt::Display) -> Problem {
    Problem::Defect(format!("after pass `{pass}`: {broken}"))
}
