//! Lowering: random programs with nested loops, branches and jumps do in the IR, and as native code, what the typed
//! tree says.

mod programs;

use adl_compiler::codegen::{Native, What};
use adl_compiler::interp::{self, Data, Hooks, Piece};
use adl_compiler::ir::verify::verify;
use adl_compiler::ir::{FuncId, Module};
use adl_compiler::lower::lower;
use adl_compiler::pipeline::{Bounds, Options, Problem, Timings, compile};
use adl_lang::ops::Const;
use adl_lang::typed;
use adl_runtime::workspace::Lend;
use adl_runtime::{Array, Host, Interrupt, Workspace};
use programs::{Programs, run};
use std::sync::{Arc, Mutex};

fn bounds(stop: &Interrupt) -> Bounds {
    Bounds { stop: stop.clone(), ..Bounds::default() }
}

#[test]
fn jumps_in_nested_loops() {
    let mut endless = 0;
    for seed in 0..3000 {
        let module = Programs::new(seed).module();
        let Some(expected) = run(&module) else {
            endless += 1;
            continue;
        };
        let lowered = lower(&module);
        verify(&lowered).unwrap_or_else(|broken| panic!("seed {seed}: {broken}\n{lowered}"));
        let got = interpret(&lowered);
        assert_eq!(got, expected, "seed {seed}\n{:#?}\n{lowered}", module.funcs[0].body);
    }
    assert!(endless < 300, "{endless} programs do not end");
}

#[test]
fn jumps_in_native_code() {
    for seed in 0..150 {
        let module = Programs::new(seed).module();
        let Some(expected) = run(&module) else {
            continue;
        };
        let (options, stop) = (Options::default(), Interrupt::new());
        let native = compile(&module, typed::FuncId(0), options, &bounds(&stop), &mut Timings::default());
        let native = native.unwrap_or_else(|problem| panic!("seed {seed}: {problem:?}"));
        assert_eq!(call(native), expected, "seed {seed}\n{}", lower(&module));
    }
}

#[test]
fn a_raised_interrupt_ends_the_compilation() {
    let module = Programs::new(1).module();
    let (stop, mut timings) = (Interrupt::new(), Timings::default());
    stop.raise();
    let stopped = compile(&module, typed::FuncId(0), Options::default(), &bounds(&stop), &mut timings);
    assert!(matches!(stopped, Err(Problem::Interrupted)));
    assert!(timings.iter().all(|(pass, _)| pass == "lower"), "{timings:?}");
    stop.clear();
    assert!(compile(&module, typed::FuncId(0), Options::default(), &bounds(&stop), &mut timings).is_ok());
}

struct Lines(Vec<i64>);

impl Hooks for Lines {
    fn print(&mut self, line: Vec<Piece>) {
        let numbers = line.iter().filter_map(|piece| match piece {
            Piece::Value(value, _) => Some(whole(value)),
            Piece::Text(_) | Piece::Clock { .. } => None,
        });
        self.0.extend(numbers);
    }
}

fn whole(value: &Data) -> i64 {
    match value.get(0) {
        Const::I64(n) => n,
        other => panic!("{other:?} is no whole number"),
    }
}

/// What a function without parameters prints, then what it returns.
fn interpret(module: &Module) -> Vec<i64> {
    let main: FuncId = module.funcs.keys().next().expect("a function");
    let mut lines = Lines(Vec::new());
    let results = interp::run(module, main, &[], Vec::new(), &mut lines).expect("no failure");
    lines.0.extend(results.iter().map(whole));
    lines.0
}

struct Printer {
    native: Native,
    lines: Arc<Mutex<Vec<i64>>>,
}

impl Host for Printer {
    fn print(&mut self, site: u32, values: Vec<Array>, _: &mut Lend<'_>) -> Result<(), String> {
        let Some(What::Print(message)) = self.native.site(site).map(|s| &s.what) else {
            panic!("nothing is said at site {site}");
        };
        let mut lines = self.lines.lock().expect("no panic before");
        message.each(&mut |&k| lines.push(values[k].as_i64().expect("a whole number")[0]));
        Ok(())
    }
}

fn call(native: Native) -> Vec<i64> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let mut workspace = Workspace::new();
    workspace.set_host(Some(Box::new(Printer { native: native.clone(), lines: lines.clone() })));
    let results = native.run::<Array>(&mut workspace, &[], &[]).expect("no failure");
    let mut out = lines.lock().expect("no panic before").clone();
    out.extend(results.iter().map(|r| r.as_i64().expect("a whole number")[0]));
    out
}
