//! Memory of reverse mode with `checkpoint`: what is kept, at first and second order, and that it changes no number.

use adl_compiler::interp::{Data, Limits, NoHooks, run_counted};
use adl_compiler::pipeline::{Options, Timings, optimized};
use adl_lang::check::{ArgInfo, Checker, Global, Host, LeafInfo};
use adl_lang::source::Source;
use adl_lang::types::DType;

struct Nobody;

impl Host for Nobody {
    fn info(&self, _: Global) -> LeafInfo {
        LeafInfo { dtype: DType::F64, shape: Vec::new(), whole: None }
    }
}

/// The value of a function of one number, and the most bytes that its tapes held.
fn run(text: &str, function: &str, x: f64) -> (f64, u64) {
    let mut checker = Checker::new();
    let loaded = checker.load(Source::new("test", text), &mut |_, _| Err("no files".into())).expect("a right program");
    for stmt in &loaded.stmts {
        let entry = checker.statement(stmt, &Nobody).expect("a right program");
        checker.commit(&entry);
    }
    let number = ArgInfo::Leaf(LeafInfo { dtype: DType::F64, shape: Vec::new(), whole: None });
    let entry = checker.function(function, &[number], &Nobody).expect("a right program");
    let (module, main) =
        optimized(&entry.module, entry.main, Options::default(), &mut Timings::default(), &mut |_, _| {})
            .expect("it compiles");
    let args = vec![Data::f64s(&[], &[x])];
    let (result, stats) = run_counted(&module, main, &[], args, &mut NoHooks, Limits::default());
    let result = result.unwrap_or_else(|failure| panic!("{failure:?}"));
    (result[0].to_f64s()[0], stats.tape_peak_bytes)
}

const LOOPS: &str = "
fn inner(x, y) {
  var z = y
  for _ in 0..20 { z = x * sin(z) + 0.3 * z^2 }
  z
}
fn plain(x) {
  var y = x
  for _ in 0..20 { y = inner(x, y) }
  y
}
fn kept(x) {
  var y = x
  for _ in 0..20 { y = checkpoint(inner)(x, y) }
  y
}
";

#[test]
fn loops_keep_inputs_alone() {
    let orders = [("grad(F)", 8), ("(grad(F))'", 8), ("grad(F')", 8), ("grad(grad(F))", 8), ("grad(grad(grad(F)))", 4)];
    for (form, less) in orders {
        let (expected, all) = run(LOOPS, &form.replace('F', "plain"), 0.6);
        let (value, few) = run(LOOPS, &form.replace('F', "kept"), 0.6);
        println!("{form}: {all} bytes, {few} with checkpoints");
        assert!((value - expected).abs() <= 1e-9 * expected.abs().max(1e-12), "{form}: {value} and {expected}");
        assert!(few * less <= all, "{form}: {few} bytes of {all}");
    }
}

fn steps(kept: &str) -> String {
    format!(
        "fn steps(x) {{
  var y = x
  var v = 0.1
  {kept} for i in 0..200 {{
    v = 0.9 * v - 0.01 * x * sin(y) + 0.001 * i / 200
    y += 0.01 * v
  }}
  y + v
}}"
    )
}

/// With a budget of b rounds no more than that is kept, whatever the number of rounds; numbers stay the same.
#[test]
fn budgets_are_kept() {
    for form in ["steps'", "grad(steps)", "grad(steps')", "(grad(steps))'", "grad(grad(steps))"] {
        let (expected, all) = run(&steps(""), form, 0.6);
        let mut last = 0;
        for budget in ["@checkpoint(4)", "@checkpoint(16)", "@checkpoint", "@checkpoint(100)"] {
            let (value, few) = run(&steps(budget), form, 0.6);
            println!("{form} {budget}: {few} of {all} bytes");
            assert!((value - expected).abs() <= 1e-10 * expected.abs(), "{form} {budget}: {value} and {expected}");
            assert!(last <= few, "{form} {budget}: a larger budget keeps less");
            last = few;
            if budget != "@checkpoint(100)" {
                assert!(few * 4 <= all.max(8), "{form} {budget}: {few} bytes of {all}");
            }
        }
    }
}
