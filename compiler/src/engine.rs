//! Compiling programs and calling them with [`Value`](adl_runtime::Value)s; the typed handles of [`crate::embed`] stand
//! on it.
//!
//! A function is compiled when it is first called, and again for arguments of other types. Sizes up to 8, and whole
//! numbers from 0 to 8, are part of the compiled code. Of larger ones only those count that are equal to one another or
//! to a size in a `let` of the program; any other length of input costs no compilation. Programs that ask more of their
//! sizes are compiled for each of them. A program keeps at most [`Engine::with_cache`] of its compilations.

pub(crate) mod axes;
pub(crate) mod cache;
pub(crate) mod call;
pub(crate) mod error;
pub(crate) mod failure;
pub(crate) mod hosts;
pub(crate) mod limits;
mod message;
pub(crate) mod output;
pub(crate) mod parameters;
mod picture;
pub(crate) mod program;
mod reference;
pub(crate) mod run;
pub(crate) mod state;
mod trail;
mod trial;
mod values;
pub(crate) mod variant;

pub use cache::Statistics;
pub use error::{Error, ErrorKind};
pub use limits::{CompileLimits, Limits};
pub use output::{Output, SharedOutput};
pub use program::{Definition, DynFunction, Program};
pub use run::Backend;
pub use state::Import;

pub(crate) use call::{lang_dtype, runtime_dtype};

use crate::embed::HostFunction;
use adl_lang::ast::{Stmt, StmtKind};
use adl_lang::source::Source;
use adl_runtime::Interrupt;
use cache::{Cache, Counters, Known, count};
use limits::Setting;
use parameters::Parameters;
use program::{Inner, lock};
use run::Runner;
use state::{State, deep};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How many compilations a program keeps unless told otherwise.
const COMPILATIONS: usize = 256;

/// Compiles programs: settings, limits and figures. Clones share them all; an engine may be used by many threads.
///
/// ```
/// use adl_compiler::{Engine, ErrorKind};
/// use std::time::Duration;
/// let engine = Engine::new().with_time_limit(Duration::from_millis(20)).with_memory_limit(1 << 20);
/// let program = engine.compile("endless.adl", "fn f(x) { var y = x\n while y > 0 { y += 1 }\n y }")?;
/// let f = program.function::<fn(f64) -> f64>("f")?;
/// assert_eq!(f.call((1.0,)).unwrap_err().kind, ErrorKind::Time);
/// # Ok::<(), adl_compiler::Error>(())
/// ```
#[derive(Clone)]
pub struct Engine {
    setting: Setting,
    backend: Backend,
    compilations: usize,
    programs: Arc<Programs>,
    counters: Arc<Counters>,
}

/// Programs that were compiled last.
#[derive(Default)]
struct Programs {
    capacity: usize,
    kept: Mutex<Vec<(Text, Program)>>,
}

/// What a program is made of.
#[derive(PartialEq, Eq)]
struct Text {
    name: String,
    text: String,
    constants: Vec<(String, String)>,
}

impl Default for Engine {
    fn default() -> Engine {
        Engine {
            setting: Setting::default(),
            backend: Backend::default(),
            compilations: COMPILATIONS,
            programs: Arc::default(),
            counters: Arc::default(),
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (limits, statistics) = (&self.setting.limits, self.statistics());
        f.debug_struct("Engine").field("limits", limits).field("statistics", &statistics).finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine for native code, without limits, that drops what programs print.
    pub fn new() -> Engine {
        Engine::default()
    }

    /// Takes what programs print.
    ///
    /// ```
    /// let engine = adl_compiler::Engine::new().with_output(|line: &str| assert_eq!(line, "x is 2.0"));
    /// engine.compile("t", "fn f(x) { print(\"x is {x}\")\n x^2 }")?.function::<fn(f64) -> f64>("f")?.call((2.0,))?;
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    #[must_use]
    pub fn with_output(self, output: impl Output + 'static) -> Engine {
        self.with(|engine| engine.setting.output = SharedOutput::new(output))
    }

    /// Bounds what each call may use, and each `let` of a program while it is compiled.
    ///
    /// ```
    /// use adl_compiler::{Engine, ErrorKind, Limits};
    /// let engine = Engine::new().with_limits(Limits { memory: Some(1 << 20), ..Limits::default() });
    /// let f = engine.compile("t", "fn f(x: f64[n]) = sum(sort(x))")?.function::<fn([f64]) -> f64>("f")?;
    /// assert_eq!(f.call((&vec![1.0; 1 << 20],)).unwrap_err().kind, ErrorKind::Memory);
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Engine {
        self.with(|engine| engine.setting.limits = limits)
    }

    /// Bounds the bytes that a call may use, arguments and results left out: [`Limits::memory`].
    #[must_use]
    pub fn with_memory_limit(self, bytes: usize) -> Engine {
        self.with(|engine| engine.setting.limits.memory = Some(bytes))
    }

    /// Bounds the time of a call, which ends within some milliseconds of it: [`Limits::time`].
    #[must_use]
    pub fn with_time_limit(self, time: Duration) -> Engine {
        self.with(|engine| engine.setting.limits.time = Some(time))
    }

    /// Bounds the rounds of loops and calls of functions in a call: the same on every machine, but the code is slower.
    ///
    /// ```
    /// use adl_compiler::{Engine, ErrorKind};
    /// let program = Engine::new().with_fuel(1000).compile("t", "fn f(x) = if x > 0 { f(x - 1) } else { x }")?;
    /// let f = program.function::<fn(f64) -> f64>("f")?;
    /// assert_eq!(f.call((10.0,))?, 0.0);
    /// assert_eq!(f.call((1e6,)).unwrap_err().kind, ErrorKind::Fuel);
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    #[must_use]
    pub fn with_fuel(self, rounds_and_calls: u64) -> Engine {
        self.with(|engine| engine.setting.limits.fuel = Some(rounds_and_calls))
    }

    /// Bounds what each step of compiling may take and make; it ends within some milliseconds of its time,
    /// and what is larger is an error of the program. There are bounds without this, too: [`CompileLimits::default`].
    ///
    /// ```
    /// use adl_compiler::{CompileLimits, Engine, ErrorKind};
    /// use std::time::Duration;
    /// let few = CompileLimits { parts: 100, ..CompileLimits::default() };
    /// let engine = Engine::new().with_compile_limits(few);
    /// let text = "fn f(x) {
    ///   let a = (x, x, x, x, x, x)
    ///   let b = (a, a, a, a, a, a)
    ///   let c = (b, b, b, b)
    ///   c[0][0][0]
    /// }";
    /// let problem = engine.compile("t", text)?.dynamic("f")?.call(&[1.0.into()]).unwrap_err();
    /// assert_eq!(problem.diagnostics[0].code, "E0215");
    /// let soon = CompileLimits { time: Some(Duration::from_millis(5)), ..CompileLimits::default() };
    /// let engine = Engine::new().with_compile_limits(soon);
    /// let lines: String = (0..4000).map(|k| format!("  y = sin(y) * {k}.5 + x\n")).collect();
    /// let program = engine.compile("long", &format!("fn f(x) {{\n  var y = x\n{lines}  y\n}}"));
    /// let compiled = program.and_then(|p| p.function::<fn(f64) -> f64>("f"));
    /// assert_eq!(compiled.unwrap_err().kind, ErrorKind::Time);
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    #[must_use]
    pub fn with_compile_limits(self, limits: CompileLimits) -> Engine {
        self.with(|engine| engine.setting.limits.compile = limits)
    }

    /// Adds a function in Rust that programs may call by its name, with its derivatives.
    ///
    /// ```
    /// use adl_compiler::{Engine, ErrorKind, HostFunction};
    /// let side = HostFunction::new::<fn(f64) -> f64>("fn side(x: f64) -> f64", |(x,)| {
    ///     if x < 0.0 { Err(format!("no square has the area {x}")) } else { Ok(x.sqrt()) }
    /// })?;
    /// let slope = HostFunction::new::<fn(f64) -> f64>("fn side_slope(x: f64) -> f64", |(x,)| Ok(0.5 / x.sqrt()))?;
    /// let engine = Engine::new().with_function(side.with_partials(slope)?);
    /// let f = engine.compile("user.adl", "fn f(x) = side(x)^2")?.function::<fn(f64) -> f64>("f")?;
    /// assert_eq!(f.value_and_grad()?.call((4.0,))?, (4.0, 1.0));
    /// let problem = f.call((-1.0,)).unwrap_err();
    /// assert_eq!(problem.kind, ErrorKind::Host);
    /// assert!(problem.to_string().contains("user.adl:1:11"), "{problem}");
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    #[must_use]
    pub fn with_function(self, function: HostFunction) -> Engine {
        self.with(|engine| function.join(&mut engine.setting.hosts))
    }

    /// Keeps at most so many compilations of each program, 256 unless told; the oldest goes first.
    ///
    /// ```
    /// let engine = adl_compiler::Engine::new().with_cache(2);
    /// let f = engine.compile("t", "fn f(x: f64[n]) = sum(x)")?.function::<fn([f64]) -> f64>("f")?;
    /// // Sizes up to 8 are part of the code.
    /// for n in 1..=4 {
    ///     f.call((&vec![1.0; n],))?;
    /// }
    /// assert!(engine.statistics().evicted >= 2);
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    #[must_use]
    pub fn with_cache(self, compilations: usize) -> Engine {
        self.with(|engine| engine.compilations = compilations)
    }

    /// Keeps the last programs, so that compiling the same text with the same constants again costs nothing. None
    /// unless told: then a program goes with its last handle.
    ///
    /// ```
    /// let engine = adl_compiler::Engine::new().with_programs(100);
    /// for _ in 0..3 {
    ///     engine.compile("formula", "fn f(x) = sin(x)^2")?;
    /// }
    /// assert_eq!((engine.statistics().programs, engine.statistics().programs_found), (1, 2));
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    #[must_use]
    pub fn with_programs(mut self, kept: usize) -> Engine {
        self.programs = Arc::new(Programs { capacity: kept, kept: Mutex::default() });
        self
    }

    /// Runs programs in another way: for tests.
    #[must_use]
    pub fn with_backend(self, backend: Backend) -> Engine {
        self.with(|engine| engine.backend = backend)
    }

    /// Programs that were kept have the settings of before, so they are left to the other clones.
    fn with(mut self, change: impl FnOnce(&mut Engine)) -> Engine {
        change(&mut self);
        let capacity = self.programs.capacity;
        self.with_programs(capacity)
    }

    /// Stops all running calls when it is raised, and until it is cleared. Raising it is safe in a signal handler.
    ///
    /// ```
    /// use adl_compiler::{Engine, ErrorKind};
    /// let engine = Engine::new();
    /// let f = engine.compile("t", "fn f(x) { while x > 0 { }\n x }")?.function::<fn(f64) -> f64>("f")?;
    /// let interrupt = engine.interrupt();
    /// std::thread::spawn(move || interrupt.raise());
    /// assert_eq!(f.call((1.0,)).unwrap_err().kind, ErrorKind::Interrupted);
    /// engine.interrupt().clear();
    /// assert_eq!(f.call((-1.0,))?, -1.0);
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    pub fn interrupt(&self) -> Interrupt {
        self.setting.interrupt.clone()
    }

    /// What was compiled and what was found, over all programs.
    pub fn statistics(&self) -> Statistics {
        self.counters.read()
    }

    /// Takes the definitions of a text: its `import`s of library modules, `fn`s and `let`s.
    /// Other statements are left out. `name` stands for the text in messages. An error if the text cannot be read,
    /// or a `let` fails; a function that does not fit its arguments is one when it is asked for.
    ///
    /// ```
    /// let engine = adl_compiler::Engine::new();
    /// let program = engine.compile("wave.adl", "let omega = 2 * pi\nfn wave(t) = sin(omega * t)")?;
    /// assert!(program.function::<fn(f64) -> f64>("wave")?.call((0.5,))?.abs() < 1e-15);
    /// assert!(engine.compile("wave.adl", "fn wave(t) = sin(").unwrap_err().to_string().contains("wave.adl:1:17"));
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    pub fn compile(&self, name: &str, text: &str) -> Result<Program, Error> {
        self.source(name, text).compile()
    }

    /// The same for a text whose imports of files are read by `import`, which is given what is written behind the word
    /// `import` and the name of the importing text.
    ///
    /// ```
    /// use adl_compiler::{Engine, Source};
    /// let text = Source::new("main.adl", "import \"units.adl\"\nfn metres(x) = x * units.inch");
    /// let mut files = |path: &str, _: &str| match path {
    ///     "units.adl" => Ok(Source::new(path, "let inch = 0.0254")),
    ///     _ => Err("there is no such file".to_string()),
    /// };
    /// let program = Engine::new().compile_source(text, &mut files)?;
    /// assert_eq!(program.function::<fn(f64) -> f64>("metres")?.call((100.0,))?, 2.54);
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    pub fn compile_source(&self, source: Source, import: &mut Import<'_>) -> Result<Program, Error> {
        self.load(source, import, &mut Parameters::default())
    }

    /// A text to be compiled with constants.
    ///
    /// ```
    /// let engine = adl_compiler::Engine::new();
    /// let text = "let gravity = 9.81\nfn fall(t) = 0.5 * gravity * t^2";
    /// let moon = engine.source("fall.adl", text).constant("gravity", 1.62).compile()?;
    /// assert_eq!(moon.function::<fn(f64) -> f64>("fall")?.call((10.0,))?, 81.0);
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    pub fn source(&self, name: &str, text: &str) -> SourceText<'_> {
        let text = Text { name: name.to_string(), text: text.to_string(), constants: Vec::new() };
        SourceText { engine: self, text }
    }

    fn load(&self, source: Source, import: &mut Import<'_>, constants: &mut Parameters) -> Result<Program, Error> {
        let text = source.clone();
        let mut runner = Runner::new(self.setting.clone());
        runner.backend = self.backend;
        let mut state = State::new(runner);
        let compiling = self.setting.compiling();
        state.runner.stop = compiling.stop();
        let loaded = deep(|| {
            state.host_functions(self.setting.hosts.text())?;
            let mut loaded = state.load(source, import)?;
            constants.replace(&mut loaded.stmts);
            if let Some(name) = constants.unused().first() {
                let title = format!("the program has no `let {name} = …` at top level, bound to a number");
                return Err(Error::host("E0482", title));
            }
            let mut warnings = loaded.warnings;
            warnings.extend(state.definitions(&loaded.stmts)?);
            Ok::<_, Error>((warnings, loaded.stmts))
        });
        let (warnings, stmts) = loaded.map_err(|problem| compiling.explain(problem))?;
        state.runner.stop = self.interrupt();
        count(&self.counters.programs, 1);
        Ok(Program(Arc::new(Inner {
            known: Known::new(&state),
            state: Mutex::new(state),
            cache: Mutex::new(Cache::new(self.compilations)),
            setting: self.setting.clone(),
            counters: self.counters.clone(),
            warnings,
            functions: functions(&stmts, text.text()),
        })))
    }
}

/// The definitions of a text, and how each begins.
fn functions(stmts: &[Stmt], text: &str) -> Vec<(Arc<adl_lang::ast::FnDef>, String)> {
    let mut all = Vec::new();
    for stmt in stmts {
        if let StmtKind::Fn(def) = &stmt.kind {
            let head = text.get(def.span.start as usize..def.body.span.start as usize).unwrap_or_default();
            let head: Vec<&str> = head.trim_end().trim_end_matches(['=', '{']).split_whitespace().collect();
            all.push((def.clone(), head.join(" ")));
        }
    }
    all
}

/// A text and its constants, to be compiled: see [`Engine::source`].
#[must_use]
pub struct SourceText<'e> {
    engine: &'e Engine,
    text: Text,
}

impl SourceText<'_> {
    /// Replaces the literal that `let name = …` at top level is bound to, before anything is compiled.
    pub fn constant(mut self, name: &str, value: impl Into<Constant>) -> Self {
        self.text.constants.push((name.to_string(), value.into().0));
        self
    }

    /// Compiles it; a constant that the text does not have is an error.
    pub fn compile(self) -> Result<Program, Error> {
        let SourceText { engine, text } = self;
        let programs = &engine.programs;
        {
            let mut kept = lock(&programs.kept);
            if let Some(at) = kept.iter().position(|(known, _)| *known == text) {
                let found = kept.remove(at);
                let program = found.1.clone();
                // The last one used goes last.
                kept.push(found);
                count(&engine.counters.programs_found, 1);
                return Ok(program);
            }
        }
        let mut constants = Parameters::default();
        for (name, value) in &text.constants {
            constants.set(name, value)?;
        }
        let mut no_files = |path: &str, _: &str| Err(format!("no files are available here, so not `{path}`"));
        let source = Source::new(text.name.as_str(), text.text.as_str());
        let program = engine.load(source, &mut no_files, &mut constants)?;
        if programs.capacity > 0 {
            let mut kept = lock(&programs.kept);
            kept.push((text, program.clone()));
            let surplus = kept.len().saturating_sub(programs.capacity);
            kept.drain(..surplus);
        }
        Ok(program)
    }
}

/// A number or truth value for [`SourceText::constant`], made from an `f64`, `i64` or `bool`.
pub struct Constant(String);

impl From<f64> for Constant {
    fn from(x: f64) -> Constant {
        Constant(if x.is_nan() { "nan".into() } else { format!("{x:?}") })
    }
}

impl From<i64> for Constant {
    fn from(n: i64) -> Constant {
        Constant(n.to_string())
    }
}

impl From<bool> for Constant {
    fn from(b: bool) -> Constant {
        Constant(b.to_string())
    }
}
