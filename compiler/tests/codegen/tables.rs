//! Array literals of many entries are data and not code.

use adl_compiler::Engine;
use std::time::{Duration, Instant};

fn call(text: &str) -> f64 {
    let program = Engine::new().compile("tables", text).unwrap_or_else(|problem| panic!("{problem}"));
    program.function::<fn() -> f64>("f").unwrap_or_else(|problem| panic!("{problem}")).call(()).unwrap()
}

fn list(n: usize, entry: impl Fn(usize) -> String) -> String {
    format!("[{}]", (0..n).map(entry).collect::<Vec<_>>().join(", "))
}

#[test]
fn entries_keep_their_places_and_types() {
    let floats = list(20, |k| format!("{k}.5"));
    assert_eq!(call(&format!("fn f() = {floats}[7] + len({floats})")), 27.5);
    let whole = list(30, |k| format!("{}", k as i64 - 15));
    assert_eq!(call(&format!("fn f() {{ let t = {whole}\n f64(t[0] * t[29] // 4 + t[t[20]]) }}")), -63.0);
    let truths = list(40, |k| (k % 3 == 0).to_string());
    assert_eq!(call(&format!("fn f() = f64(count({truths}))")), 14.0);
    // Rows, negative numbers, mixed kinds, a few entries that are computed.
    let rows = list(30, |k| format!("[{k}, -{k}.25, {}]", k * k));
    let exact = 841.0 - 0.25 - (435.0 + 7.5);
    assert_eq!(call(&format!("fn f() {{ let t = {rows}\n t[29, 0] + t[29, 1] + t[29, 2] + sum(t[.., 1]) }}")), exact);
    let mixed = list(50, |k| if k % 20 == 3 { "sin(0.5)".to_string() } else { format!("{k}") });
    let exact = 3.0 * 0.5f64.sin() + f64::from((0..50).filter(|k| k % 20 != 3).sum::<i32>());
    assert!((call(&format!("fn f() = sum({mixed})")) - exact).abs() < 1e-12);
    assert_eq!(call(&format!("fn f() = f64(sum(f32({floats})))")), 200.0);
}

#[test]
fn derivatives_take_them_as_constants() {
    let weights = list(100, |k| format!("{k}.25"));
    let text = format!(
        "fn loss(x) = sum({weights} * x[0] ^ 2) + {weights}[3] * x[1]
fn f() = grad(loss)([2.0, 1.0])[0] + 1000000 * grad(loss)([2.0, 1.0])[1] + hessian(loss)([2.0, 1.0])[0, 0]"
    );
    let sum = 4950.0 + 25.0;
    assert_eq!(call(&text), 4.0 * sum + 3_250_000.0 + 2.0 * sum);
    // An entry that moves among others that do not.
    let mixed = list(40, |k| if k == 17 { "x".to_string() } else { format!("{k}.0") });
    assert_eq!(call(&format!("fn f() = (|x| sum({mixed}^2))'(3.0)")), 6.0);
    // Changed in place, the table itself stays.
    let text = format!("fn f() {{ var s = 0.0\n for i in 0..3 {{ var t = {weights}\n t[i] += 1\n s += t[0] }}\n s }}");
    assert_eq!(call(&text), 1.75);
}

#[test]
fn a_long_list_compiles_soon() {
    let start = Instant::now();
    let n = 100_001;
    let (ones, halves) = (list(n, |_| "1.0".into()), list(n, |k| format!("{k}.5")));
    let text = format!("fn f() = sum({ones})\nfn g(s) = sum(s * {halves})");
    assert_eq!(call(&text), n as f64);
    let program = Engine::new().compile("tables", &text).unwrap();
    let gradient = program.function::<fn(f64) -> f64>("grad(g)").unwrap().call((1.0,)).unwrap();
    assert_eq!(gradient, (n * (n - 1) / 2) as f64 + 0.5 * n as f64);
    let rows = list(20_000, |k| format!("[{k}.0, 1.5, 2]"));
    assert_eq!(call(&format!("fn f() = sum({rows}[.., 1])")), 30_000.0);
    assert!(start.elapsed() < Duration::from_secs(120));
}
