//! Random modules: every pass keeps the rules of the verifier and what the interpreter computes.

use crate::modules::{Random, random_data, random_module, types};
use crate::support::checked;
use adl_compiler::interp::{Data, FailureKind, Hooks, Limits, Piece, run_counted};
use adl_compiler::ir::{FuncId, Module};
use adl_compiler::opt;
use adl_lang::ops::Const;
use std::ops::ControlFlow;
#[derive(Default)]
struct Lines(Vec<Vec<Piece>>);

impl Hooks for Lines {
    fn print(&mut self, line: Vec<Piece>) {
        self.0.push(line);
    }
}

/// The bits of a number; any NaN is one, and so is zero: the interpreter begins its sums with 0.
fn bits(value: &Const) -> (u8, u64) {
    match *value {
        Const::F64(x) if x.is_nan() => (1, 0),
        Const::F64(0.0) => (0, 0),
        Const::F64(x) => (0, x.to_bits()),
        Const::I64(i) => (2, i as u64),
        Const::Bool(b) => (3, u64::from(b)),
        Const::F32(x) => (4, u64::from(x.to_bits())),
    }
}

fn all_bits(data: &[Data]) -> Vec<Vec<(u8, u64)>> {
    data.iter().map(|d| d.elems().iter().map(bits).collect()).collect()
}

fn printed(lines: &Lines) -> Vec<(u8, u64)> {
    let pieces = lines.0.iter().flatten();
    pieces
        .flat_map(|p| if let Piece::Value(d, _) = p { d.elems().iter().map(bits).collect() } else { vec![] })
        .collect()
}

/// Whether the original ran to its end. If not, `after` fails as well,
/// and by the same index unless failures may change places.
fn same_results(seed: u64, before: &Module, after: &Module, entry: FuncId, in_order: bool) -> bool {
    let mut random = Random(seed | 1);
    let size = 1 + random.below(3) as i64;
    let args: Vec<Data> = types().iter().map(|ty| random_data(&mut random, ty, size)).collect();
    let limits = Limits { ops: 300_000, ..Limits::default() };
    let (mut lines, mut other_lines) = (Lines::default(), Lines::default());
    let (expected, _) = run_counted(before, entry, &[size], args.clone(), &mut lines, limits);
    let expected = match expected {
        Ok(expected) => expected,
        Err(failure) => {
            let text = || format!("seed {seed}: {failure:?}\n{before}\nbecame\n{after}");
            assert!(!matches!(failure.kind, FailureKind::Internal(_)), "{}", text());
            if matches!(failure.kind, FailureKind::IndexOutOfRange { .. }) {
                let (found, _) = run_counted(after, entry, &[size], args, &mut other_lines, limits);
                match found {
                    Err(other) if in_order => assert_eq!(other.kind, failure.kind, "{}", text()),
                    found => assert!(found.is_err(), "{}", text()),
                }
            }
            return false;
        }
    };
    let limits = Limits { ops: 3_000_000, ..Limits::default() };
    let (found, _) = run_counted(after, entry, &[size], args, &mut other_lines, limits);
    let found = found.unwrap_or_else(|failure| panic!("seed {seed}: {failure:?}\n{before}\nbecame\n{after}"));
    assert_eq!(all_bits(&found), all_bits(&expected), "seed {seed}:\n{before}\nbecame\n{after}");
    assert_eq!(printed(&lines), printed(&other_lines), "seed {seed}:\n{before}\nbecame\n{after}");
    true
}

fn seeds() -> std::ops::Range<u64> {
    let count = std::env::var("ADL_SEEDS").ok().and_then(|s| s.parse().ok()).unwrap_or(60);
    1..count
}

#[test]
fn optimize_keeps_the_rules_and_the_results() {
    let mut ran = 0;
    for seed in seeds() {
        let before = random_module(seed);
        checked("the generator", &before);
        let entry = before.funcs.keys().next_back().expect("a function");
        let mut after = before.clone();
        let ended = opt::optimize_watched(&mut after, &[entry], &mut |pass, module| {
            checked(&format!("{pass}, seed {seed}"), module);
            ControlFlow::Continue(())
        });
        assert!(ended.is_continue());
        ran += usize::from(same_results(seed, &before, &after, entry, true));
    }
    assert!(ran * 3 > seeds().count(), "only {ran} programs ran");
}

#[test]
fn each_pass_keeps_the_results() {
    for pass in opt::CLEAN.iter().chain(opt::SPLIT).chain(opt::FINISH) {
        for seed in seeds().step_by(3) {
            let before = random_module(seed);
            let entry = before.funcs.keys().next_back().expect("a function");
            let mut after = before.clone();
            for id in before.funcs.keys() {
                (pass.run)(&mut after.funcs[id], &opt::effects::Effects::unknown());
            }
            checked(&format!("{}, seed {seed}", pass.name), &after);
            same_results(seed, &before, &after, entry, pass.name != "batch");
        }
    }
}

/// Whether it pays or not: every operation that has a form for all lanes gives what it gives lane by lane.
#[test]
fn batches_keep_the_results() {
    let mut ran = 0;
    for seed in seeds() {
        let before = random_module(seed);
        let entry = before.funcs.keys().next_back().expect("a function");
        let mut after = before.clone();
        let all: Vec<FuncId> = before.funcs.keys().collect();
        let effects = opt::effects::Effects::of(&before, &all);
        all.iter().for_each(|&id| opt::batch::batch(&mut after.funcs[id], &effects, opt::batch::Aim::Everything));
        checked(&format!("batch, seed {seed}"), &after);
        ran += usize::from(same_results(seed, &before, &after, entry, false));
    }
    assert!(ran * 3 > seeds().count(), "only {ran} programs ran");
}

#[test]
fn clean_is_idempotent() {
    for seed in seeds() {
        let mut once = random_module(seed);
        once.funcs.keys().for_each(|id| opt::clean(&mut once.funcs[id]));
        let mut twice = once.clone();
        twice.funcs.keys().for_each(|id| opt::clean(&mut twice.funcs[id]));
        assert_eq!(once.to_string(), twice.to_string(), "seed {seed}");
    }
}
