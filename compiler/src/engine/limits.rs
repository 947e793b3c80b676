//! What a call may use: bytes, time, rounds; and the switch that stops it.

use super::error::{Error, ErrorKind};
use super::hosts::Hosts;
use super::output::SharedOutput;
use crate::pipeline::{Bounds, Options};
use adl_runtime::{Interrupt, Workspace};
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often calls with a time limit learn that the interrupt of their engine was raised.
const TICK: Duration = Duration::from_millis(5);

/// Bytes that an instruction takes while code is made of it, and how many instructions there may be however small the
/// memory is.
const INSTRUCTION: usize = 1024;
const LEAST: usize = 50_000;

/// What each call may use, `None` for no limit, and what compiling may.
/// See [`Engine::with_limits`](crate::Engine::with_limits).
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of memory, results and arguments left out.
    pub memory: Option<usize>,
    /// Time on the clock.
    pub time: Option<Duration>,
    /// Rounds of loops and calls of functions. The same on every machine, but code that counts is slower.
    pub fuel: Option<u64>,
    /// What compiling may take and make.
    pub compile: CompileLimits,
}

/// What each step of compiling may take and make: reading a program with what its `let`s need, and making the code of a
/// function for some types of arguments. All but the time is the same on every machine. See
/// [`Engine::with_compile_limits`](crate::Engine::with_compile_limits).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CompileLimits {
    /// Time on the clock; `None` for no limit.
    pub time: Option<Duration>,
    /// Operations in all functions that a statement calls, as they are written.
    pub operations: usize,
    /// Functions: one for each choice of types, known numbers and closures that it is called with.
    pub functions: usize,
    /// Numbers, arrays and functions in one tuple, record or closure.
    pub parts: usize,
    /// Instructions of the code with its derivatives, before machine code; no more than fit into the memory of a call.
    pub instructions: usize,
}

impl Default for CompileLimits {
    fn default() -> CompileLimits {
        let adl_lang::check::Limits { operations, functions, parts } = adl_lang::check::Limits::default();
        CompileLimits { time: None, operations, functions, parts, instructions: Bounds::INSTRUCTIONS }
    }
}

impl CompileLimits {
    /// Those that the checker keeps.
    pub fn of_checker(self) -> adl_lang::check::Limits {
        adl_lang::check::Limits { operations: self.operations, functions: self.functions, parts: self.parts }
    }
}

/// What surrounds a call.
#[derive(Clone, Default)]
pub struct Setting {
    /// Where programs print to.
    pub output: SharedOutput,
    /// What each call may use.
    pub limits: Limits,
    /// What programs do besides what they say.
    pub options: Options,
    /// The functions of the host.
    pub hosts: Hosts,
    /// Stops all calls.
    pub interrupt: Interrupt,
    watchdog: Arc<Watchdog>,
}

impl Setting {
    /// Prints to `output`; no limits.
    pub fn new(output: SharedOutput) -> Setting {
        Setting { output, ..Setting::default() }
    }

    /// A setting like this one in which nothing is printed, for calls that are to end within that time.
    pub fn aside(&self, time: Duration) -> Setting {
        let limits = Limits { time: Some(time), ..self.limits };
        Setting { output: SharedOutput::default(), limits, ..self.clone() }
    }

    /// A workspace for calls one after another.
    pub fn workspace(&self) -> Workspace {
        let mut workspace = Workspace::new();
        self.prepare(&mut workspace);
        workspace
    }

    /// Gives a workspace these limits. Calls with a time limit have switches of their own.
    pub fn prepare(&self, workspace: &mut Workspace) {
        workspace.set_memory_limit(self.limits.memory);
        workspace.set_fuel(self.limits.fuel);
        let timed = self.limits.time.is_some();
        workspace.set_interrupt(if timed { Interrupt::new() } else { self.interrupt.clone() });
    }

    /// Watches over the time of a step of compiling that begins now.
    pub fn compiling(&self) -> Compiling<'_> {
        match self.limits.compile.time {
            None => Compiling { stop: self.interrupt.clone(), watch: None },
            Some(time) => {
                let stop = Interrupt::new();
                let watch = self.watchdog.watch(time, &self.interrupt, stop.clone());
                Compiling { stop, watch: Some((watch, time)) }
            }
        }
    }

    /// When a compilation that `stop` ends is given up.
    pub fn bounds(&self, stop: Interrupt) -> Bounds {
        let by_memory = self.limits.memory.map_or(usize::MAX, |bytes| (bytes / INSTRUCTION).max(LEAST));
        let instructions = self.limits.compile.instructions.min(by_memory);
        Bounds { stop, instructions }
    }

    /// Watches over the time of a call that begins now in this workspace.
    pub fn watch(&self, workspace: &Workspace) -> Option<Watch<'_>> {
        let time = self.limits.time?;
        Some(self.watchdog.watch(time, &self.interrupt, workspace.interrupt()))
    }
}

/// A step of compiling whose time is watched, until it is dropped.
pub struct Compiling<'a> {
    stop: Interrupt,
    watch: Option<(Watch<'a>, Duration)>,
}

impl Compiling<'_> {
    /// What stops it.
    pub fn stop(&self) -> Interrupt {
        self.stop.clone()
    }

    /// The problem as it is: what was interrupted because it was late is so called.
    pub fn explain(&self, problem: Error) -> Error {
        match &self.watch {
            Some((watch, time)) if problem.kind == ErrorKind::Interrupted && watch.is_late() => problem.late(*time),
            Some(_) | None => problem,
        }
    }
}

/// A thread that raises the interrupts of calls whose time is over. It runs while there are such calls.
#[derive(Default)]
struct Watchdog {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    calls: Mutex<Calls>,
    changed: Condvar,
}

#[derive(Default)]
struct Calls {
    running: BTreeMap<u64, Running>,
    next: u64,
    /// Whether the thread runs.
    awake: bool,
    /// Whether there will be no more calls.
    closed: bool,
}

struct Running {
    /// `None` if it is further away than can be said.
    end: Option<Instant>,
    all: Interrupt,
    own: Interrupt,
    late: bool,
}

/// A call that is watched, until it is dropped.
pub struct Watch<'a> {
    shared: &'a Shared,
    call: u64,
}

impl Shared {
    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watchdog {
    fn watch(&self, time: Duration, all: &Interrupt, own: Interrupt) -> Watch<'_> {
        let mut calls = self.shared.calls();
        own.clear();
        let call = calls.next;
        calls.next += 1;
        calls
            .running
            .insert(call, Running { end: Instant::now().checked_add(time), all: all.clone(), own, late: false });
        if !calls.awake {
            let shared = self.shared.clone();
            calls.awake = std::thread::Builder::new().name("adl-time".into()).spawn(move || shared.run()).is_ok();
        }
        self.shared.changed.notify_one();
        Watch { shared: &self.shared, call }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.shared.calls().closed = true;
        self.shared.changed.notify_one();
    }
}

impl Shared {
    fn run(&self) {
        let mut calls = self.calls();
        while !calls.closed {
            if calls.running.is_empty() {
                calls = self.changed.wait(calls).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let now = Instant::now();
            let mut wait = TICK;
            for call in calls.running.values_mut() {
                match call.end.map(|end| end.saturating_duration_since(now)) {
                    Some(Duration::ZERO) => {
                        call.late = true;
                        call.own.raise();
                    }
                    Some(left) => wait = wait.min(left),
                    None => {}
                }
                if call.all.is_raised() {
                    call.own.raise();
                }
            }
            calls = self.changed.wait_timeout(calls, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Watch<'_> {
    /// Whether the time is over.
    pub fn is_late(&self) -> bool {
        self.shared.calls().running.get(&self.call).is_some_and(|call| call.late)
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.shared.calls().running.remove(&self.call);
    }
}
