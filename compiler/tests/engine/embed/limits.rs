//! Limits, interrupts, caches.

use super::program;
use adl_compiler::{CompileLimits, Engine, ErrorKind, Limits};
use std::time::{Duration, Instant};

const LONG: &str = "fn long(x: f64) { var y = x\n while y > 0 { y += 1 }\n y }
fn big(n: f64) { var x = zeros(1000)\n var s = n\n for i in 0..100000 { x = sin(x) * s }\n sum(x) }
fn quick(x: f64) = 2 * x
fn deep(x: f64) = if x > 0 { deep(x - 1) + 1 } else { x }";

fn kind(engine: &Engine, name: &str, x: f64) -> Result<f64, ErrorKind> {
    let f = engine.compile("long.adl", LONG).unwrap().function::<fn(f64) -> f64>(name).unwrap();
    f.call((x,)).map_err(|problem| problem.kind)
}

#[test]
fn time_fuel_and_memory_are_bounded() {
    let timed = Engine::new().with_time_limit(Duration::from_millis(30));
    let start = Instant::now();
    assert_eq!(kind(&timed, "long", 1.0), Err(ErrorKind::Time));
    assert!(start.elapsed() >= Duration::from_millis(30));
    assert_eq!(kind(&timed, "quick", 1.0), Ok(2.0));
    let fueled = Engine::new().with_fuel(10_000);
    assert_eq!(kind(&fueled, "long", 1.0), Err(ErrorKind::Fuel));
    assert_eq!(kind(&fueled, "deep", 1000.0), Ok(1000.0));
    assert_eq!(kind(&fueled, "deep", 1e5), Err(ErrorKind::Fuel));
    assert_eq!(kind(&fueled, "long", -1.0), Ok(-1.0));
    let small = Engine::new().with_limits(Limits { memory: Some(1 << 20), ..Limits::default() });
    let gradient = small.compile("long.adl", LONG).unwrap().function::<fn(f64) -> f64>("grad(big)").unwrap();
    assert_eq!(gradient.call((1.0,)).unwrap_err().kind, ErrorKind::Memory);
}

/// Reductions of `n` elements that are never stored.
const REDUCTIONS: &[&str] = &[
    "sum(sin(1.0 * k) for k in 0..n)",
    "sum(lgamma(1.0 + k) for k in 0..n)",
    "sum(1.0 * k * i for k in 0..n, i in 0..3)",
    "sum(1.0 * k * i for i in 0..3, k in 0..n)",
    "f64(sum(k % 7 for k in 0..n))",
    "prod(1.0 + 0.0 * k for k in 0..n)",
    "max(sin(1.0 * k) for k in 0..n)",
    "min(1.0 * k for k in 0..n)",
    "f64(argmax([sin(1.0 * k) for k in 0..n]))",
    "f64(argmin([k % 3 for k in 0..n]))",
    "f64(count(k < 0 for k in 0..n))",
    "f64(any(k < 0 for k in 0..n))",
    "f64(all(k >= 0 for k in 0..n))",
    "mean(sqrt(1.0 * k) for k in 0..n)",
    "sum(zeros(n) + sin(1.0 * n))",
    "max(zeros(n) + sin(1.0 * n))",
    "sum(sum(zeros(n, 12) + sin(1.0 * n), axis = 0))",
    "sum(max(zeros(n, 12) + sin(1.0 * n), axis = 0))",
    "sum([sum(sin(1.0 * k * i) for k in 0..n) for i in 0..3])",
    "f64(sum(f32(0.5) * k for k in 0..n))",
    "(|x| sum(sin(x * k) for k in 0..n))'(1.0)",
    "norm([1.0 * k for k in 0..n])",
];

#[test]
fn reductions_stop() {
    let start = Instant::now();
    for reduction in REDUCTIONS {
        let text = format!("fn f(n: i64) -> f64 {{ {reduction} }}");
        let run = |engine: Engine| {
            let f = engine.compile("t", &text).unwrap().function::<fn(i64) -> f64>("f");
            f.unwrap_or_else(|problem| panic!("{reduction}: {problem}")).call((20_000_000_000,))
        };
        let timed = run(Engine::new().with_time_limit(Duration::from_millis(30)));
        // What is stored before it is reduced does not fit.
        let timed = timed.map_err(|e| e.kind);
        assert!(matches!(timed, Err(ErrorKind::Time | ErrorKind::Memory)), "{reduction}: {timed:?}");
        let fueled = run(Engine::new().with_fuel(1000));
        let fueled = fueled.map_err(|e| e.kind);
        assert!(matches!(fueled, Err(ErrorKind::Fuel | ErrorKind::Memory)), "{reduction}: {fueled:?}");
        assert!(start.elapsed() < Duration::from_secs(120), "{reduction} took too long to stop");
    }
}

#[test]
fn whole_arguments_do_not_wrap() {
    let code = |text: &str, name: &str, k: i64| {
        let f = Engine::new().compile("t", text).unwrap().function::<fn(i64) -> i64>(name).unwrap();
        f.call((k,)).map_err(|problem| problem.diagnostics[0].code)
    };
    let text = "fn rounds(k: i64) { var s = 0
 for j in 0..k by 4611686018427387904 { s += 1 }
 s }
fn until(k: i64) { var j = k - 3
 var s = 0
 while j < k + 5 { s += 1
 j += 1 }
 s }
fn minus(k: i64) = -k
fn square(k: i64) = k ^ 2
fn next(k: i64) = k + 1
fn untaken(k: i64) = if k > 10 { 1 } else { k * k * k }
fn halves(k: i64) = k // 2 + (0 * k) // 3
fn rest(k: i64) = k % -4
fn large(k: i64) = i64(sum(ones(k, k)))
fn wider(k: i64) = i64(max(broadcast_to(1.0, (k, k, 3))))";
    assert!(matches!(code(text, "rounds", i64::MAX), Ok(2) | Err("E0403")));
    assert_eq!(code(text, "rounds", 5), Ok(1));
    assert_eq!(code(text, "until", i64::MAX), Err("E0403"));
    assert_eq!(code(text, "until", 5), Ok(8));
    assert_eq!(code(text, "minus", i64::MIN), Err("E0403"));
    assert_eq!(code(text, "square", 1 << 40), Err("E0403"));
    assert_eq!(code(text, "square", -(1 << 20)), Ok(1 << 40));
    assert_eq!(code(text, "next", i64::MAX), Err("E0403"));
    assert_eq!(code(text, "untaken", i64::MAX), Ok(1));
    assert_eq!(code(text, "untaken", i64::MIN), Err("E0403"));
    assert_eq!(code(text, "halves", -7), Ok(-4));
    assert_eq!(code(text, "rest", 7), Ok(-1));
    assert_eq!(code(text, "large", 1 << 40), Err("E0409"));
    assert_eq!(code(text, "wider", 1 << 32), Err("E0409"));
    let f = program("fn f(x) = len(x) * 9223372036854775807 + len(x) - len(x) * 9223372036854775807");
    let problem = f.function::<fn([f64]) -> i64>("f").unwrap().call((&[0.0; 100],)).unwrap_err();
    assert_eq!(problem.diagnostics[0].code, "E0403");
}

#[test]
fn fuel_is_the_same_each_time() {
    let text = "fn f(n: i64) { var s = 0.0\n for i in 0..n { s += sin(s + 1) }\n s }";
    let most = |fuel: u64| {
        let f = Engine::new().with_fuel(fuel).compile("t", text).unwrap().function::<fn(i64) -> f64>("f").unwrap();
        (1000..3000).find(|&n| f.call((n,)).is_err())
    };
    let (once, again) = (most(1500), most(1500));
    assert!(once.is_some() && once == again, "{once:?} {again:?}");
    assert_eq!(most(2000).unwrap() - once.unwrap(), 500);
}

#[test]
fn limits_hold_while_a_program_is_read() {
    let engine = Engine::new().with_fuel(1000);
    let text = "fn f(x) { var y = x\n while y > 0 { y += 1 }\n y }\nlet endless = f(1.0)";
    assert_eq!(engine.compile("t", text).unwrap_err().kind, ErrorKind::Fuel);
}

#[test]
fn the_interrupt_stops_calls_on_all_threads() {
    for engine in [Engine::new(), Engine::new().with_time_limit(Duration::from_secs(600))] {
        let f = engine.compile("long.adl", LONG).unwrap().function::<fn(f64) -> f64>("long").unwrap();
        let interrupt = engine.interrupt();
        let calls: Vec<_> = (0..4)
            .map(|_| {
                let f = f.clone();
                std::thread::spawn(move || f.call((1.0,)).unwrap_err().kind)
            })
            .collect();
        std::thread::sleep(Duration::from_millis(20));
        interrupt.raise();
        calls.into_iter().for_each(|call| assert_eq!(call.join().unwrap(), ErrorKind::Interrupted));
        interrupt.clear();
        assert_eq!(f.call((-1.0,)).unwrap(), -1.0);
    }
}

#[test]
fn compilations_are_kept_and_bounded() {
    let engine = Engine::new();
    let p = engine.compile("t", "fn f(x: f64[n]) = sum(x)").unwrap();
    // Another handle, other lengths: one compilation.
    for n in 9..40 {
        let f = p.function::<fn([f64]) -> f64>("f").unwrap();
        assert_eq!(f.call((&vec![1.0; n],)).unwrap(), n as f64);
    }
    let statistics = engine.statistics();
    assert_eq!((statistics.compilations, statistics.found), (1, 30));
    assert!(statistics.code_bytes > 0 && statistics.compile_time > Duration::ZERO);
    // Small sizes are part of the code.
    let engine = Engine::new().with_cache(4);
    let f = engine.compile("t", "fn f(x: f64[n]) = sum(x)").unwrap().function::<fn([f64]) -> f64>("f").unwrap();
    for n in 1..9 {
        assert_eq!(f.call((&vec![1.0; n],)).unwrap(), n as f64);
    }
    let statistics = engine.statistics();
    assert_eq!((statistics.compilations, statistics.evicted), (8, 4));
    drop(f);
    assert_eq!(engine.statistics().code_bytes, 0);
}

#[test]
fn programs_are_kept_when_asked() {
    let engine = Engine::new().with_programs(2);
    let compile = |k: f64| engine.source("t", "let k = 1.0\nfn f(x) = k * x").constant("k", k).compile().unwrap();
    for k in [1.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0] {
        let f = compile(k).function::<fn(f64) -> f64>("f").unwrap();
        assert_eq!(f.call((2.0,)).unwrap(), 2.0 * k);
    }
    let statistics = engine.statistics();
    assert_eq!((statistics.programs, statistics.programs_found), (4, 3));
    // Settings are part of a program.
    let fueled = engine.clone().with_fuel(10);
    let text = "fn f(x: f64) { var y = x\n for i in 0..1000 { y += 1 }\n y }";
    assert!(engine.compile("u", text).unwrap().function::<fn(f64) -> f64>("f").unwrap().call((1.0,)).is_ok());
    let f = fueled.compile("u", text).unwrap().function::<fn(f64) -> f64>("f").unwrap();
    assert_eq!(f.call((1.0,)).unwrap_err().kind, ErrorKind::Fuel);
}

#[test]
fn failures_have_places() {
    let f = program("fn at(x, i: i64) = x[i]").function::<fn([f64], i64) -> f64>("at").unwrap();
    assert_eq!(f.call((&[1.0; 20], 19)).unwrap(), 1.0);
    let problem = f.call((&[1.0; 20], 21)).unwrap_err();
    assert_eq!((problem.kind, problem.diagnostics[0].code), (ErrorKind::Failed, "E0401"));
    assert!(problem.to_string().contains("program:1:"), "{problem}");
    // Without a workspace as well.
    let f = program("fn root(x: f64) { assert(x >= 0, \"x is {x}\")\n sqrt(x) }\nfn whole(x: f64) = i64(x)");
    let root = f.function::<fn(f64) -> f64>("root").unwrap();
    assert_eq!(root.call((4.0,)).unwrap(), 2.0);
    assert!(root.call((-1.0,)).unwrap_err().to_string().contains("x is -1.0"));
    let whole = f.function::<fn(f64) -> i64>("whole").unwrap();
    assert_eq!(whole.call((4.5,)).unwrap(), 4);
    assert_eq!(whole.call((1e300,)).unwrap_err().diagnostics[0].code, "E0406");
}

#[test]
fn kernels_end_with_the_time() {
    let text = "fn values(n: i64) = svd(randn(1, n, n)).1[0]
fn solved(n: i64) = solve(randn(1, n, n), ones(n))[0]
fn sorted(n: i64) = sort(randn(1, n))[0]
fn product(n: i64) = (randn(1, n, n) @ randn(2, n, n))[0, 0]";
    let engine = Engine::new().with_time_limit(Duration::from_millis(40));
    let program = engine.compile("t", text).unwrap();
    for (name, n) in [("values", 1000), ("solved", 4000), ("sorted", 20_000_000), ("product", 6000)] {
        let f = program.function::<fn(i64) -> f64>(name).unwrap();
        let start = Instant::now();
        assert_eq!(f.call((n,)).unwrap_err().kind, ErrorKind::Time, "{name}");
        // Some milliseconds later on a machine with nothing else to do.
        assert!(start.elapsed() < Duration::from_secs(5), "{name}: {:?}", start.elapsed());
        assert!(f.call((20,)).unwrap().is_finite());
    }
}

#[test]
fn the_values_of_a_program_count_together() {
    let engine = Engine::new().with_memory_limit(8 << 20);
    let lets = |n: usize| (0..n).map(|k| format!("let a{k} = zeros(100000) + {k}.5\n")).collect::<String>();
    assert!(engine.compile("t", &lets(5)).is_ok());
    let problem = engine.compile("t", &lets(20)).unwrap_err();
    assert_eq!(problem.kind, ErrorKind::Memory);
    let said = problem.to_string();
    assert!(said.contains("781 KiB are needed") && said.contains("the limit is 8 MiB"), "{said}");
}

#[test]
fn workspaces_of_kernels_count() {
    let engine = Engine::new().with_memory_limit(4 << 20);
    let program = engine.compile("t", "fn f(x: f64[n]) = sort(x)[0]\nfn g(A: f64[n, n]) = eigvalsh(A)[0]").unwrap();
    let f = program.function::<fn([f64]) -> f64>("f").unwrap();
    assert_eq!(f.call((&vec![1.0; 200_000],)).unwrap_err().kind, ErrorKind::Memory);
    assert_eq!(f.call((&vec![1.0; 1000],)).unwrap(), 1.0);
    let g = program.function::<fn(adl_compiler::Array<f64, 2>) -> f64>("g").unwrap();
    let large = adl_compiler::Array::zeros([400, 400]).unwrap();
    assert_eq!(g.call((&large,)).unwrap_err().kind, ErrorKind::Memory);
}

#[test]
fn compilations_are_bounded_by_what_is_made() {
    let lines: String = (0..1500).map(|k| format!("  y = sin(y) * {k}.5 + x\n")).collect();
    let text = format!("fn f(x) {{\n  var y = x\n{lines}  y\n}}\nfn g(x) = sin(x) * exp(sin(x))");
    let engine = Engine::new().with_compile_limits(CompileLimits { instructions: 5000, ..CompileLimits::default() });
    let program = engine.compile("t", &text).unwrap();
    let problem = program.function::<fn(f64) -> f64>("grad(f)").unwrap_err();
    assert_eq!((problem.kind, problem.diagnostics[0].code), (ErrorKind::Size, "E0455"));
    assert!(program.function::<fn(f64) -> f64>("g''").is_ok());
}

#[test]
fn a_long_compilation_ends_with_the_interrupt() {
    let engine = Engine::new();
    let program = engine.compile("t", "fn f(x) = sin(x) * exp(sin(x) * exp(x))").unwrap();
    let f = program.dynamic(&format!("f{}", "'".repeat(28))).unwrap();
    let interrupt = engine.interrupt();
    let raised = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        interrupt.raise();
        Instant::now()
    });
    let kind = f.call(&[1.0.into()]).map_err(|problem| problem.kind);
    let end = Instant::now();
    assert_eq!(kind.unwrap_err(), ErrorKind::Interrupted);
    let late = end.saturating_duration_since(raised.join().unwrap());
    assert!(late < Duration::from_secs(5), "{late:?}");
}
