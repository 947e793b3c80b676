//! Programs that check, and what the checker makes of them.

use crate::host::{call, check, check_with, floats, render, roomy, whole};
use adl_lang::check::{ArgInfo, Entry};
use adl_lang::typed::{Func, StmtKind};

const PROGRAMS: &str = include_str!("types.txt");

fn programs() -> impl Iterator<Item = (&'static str, &'static str)> {
    PROGRAMS.split("=== ").skip(1).map(|case| case.split_once('\n').expect("a header"))
}

/// The functions of an entry, by name, with the types of their results.
fn instances(entry: &Entry) -> Vec<String> {
    let show = |f: &Func| {
        let results: Vec<String> = f.results.iter().map(ToString::to_string).collect();
        format!("{}({} sizes, {} params) -> {}", f.name, f.sizes.len(), f.params.len(), results.join(", "))
    };
    entry.module.funcs.iter().map(show).collect()
}

#[test]
fn programs_check() {
    roomy(|| {
        for (header, text) in programs() {
            let (checker, _, r) = check_with(text, &[]);
            if let Err(e) = r {
                panic!("{header}\n{}", render(&checker, &e));
            }
        }
    });
}

/// Deletes, doubles and swaps words of correct programs: whatever comes of it, the checker does not panic.
#[test]
fn broken_programs_do_no_harm() {
    roomy(|| {
        let mut seed: u64 = 7;
        let mut random = |n: usize| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) as usize % n.max(1)
        };
        for (_, text) in programs() {
            let mut words: Vec<String> = Vec::new();
            for c in text.chars() {
                let word = c.is_alphanumeric() || c == '_';
                match words.last_mut() {
                    Some(last) if word && last.chars().all(|c| c.is_alphanumeric() || c == '_') => last.push(c),
                    _ => words.push(c.to_string()),
                }
            }
            for _ in 0..60 {
                let mut broken = words.clone();
                for _ in 0..=random(2) {
                    let (a, b) = (random(broken.len()), random(broken.len()));
                    match random(4) {
                        0 => {
                            broken.remove(a);
                        }
                        1 => broken.insert(a, words[b.min(words.len() - 1)].clone()),
                        2 => broken[a] = words[b.min(words.len() - 1)].clone(),
                        _ => broken.swap(a, b),
                    }
                }
                let text = broken.concat();
                let (checker, _, r) = check_with(&text, &[]);
                if let Err(e) = r {
                    let shown = render(&checker, &e);
                    assert!(!shown.contains("E0999"), "{text}\n{shown}");
                }
            }
        }
    });
}

#[test]
fn recursion_on_shapes_closes() {
    let text = "fn det(A: f64[n, n]) -> f64 = if n == 1 { A[0, 0] } else {
  sum((if j % 2 == 0 { 1 } else { -1 }) * A[0, j] * det(minor(A, j)) for j in 0..n)
}
fn minor(A: f64[n, n], j: i64) -> f64[n - 1, n - 1] =
  [A[r + 1, if c < j { c } else { c + 1 }] for r in 0..n-1, c in 0..n-1]
";
    let entry = call(text, &[], "det", &[floats(&[20, 20])]);
    assert!(!entry.exact);
    assert_eq!(
        instances(&entry),
        [
            "main(1 sizes, 1 params) -> f64",
            "det(1 sizes, 1 params) -> f64",
            "minor(1 sizes, 2 params) -> f64[s0 - 1, s0 - 1]"
        ]
    );
    // Small sizes are numbers: one instance for each.
    let entry = call(text, &[], "det", &[floats(&[3, 3])]);
    assert_eq!(entry.module.funcs.iter().filter(|f| f.name == "det").count(), 3);
}

#[test]
fn recursion_on_numbers_closes() {
    let text =
        "fn power(x, n) = if n == 0 { 1.0 } else if n % 2 == 0 { power(x * x, n // 2) } else { x * power(x, n - 1) }
fn even(n) = if n == 0 { true } else { odd(n - 1) }
fn odd(n) = if n == 0 { false } else { even(n - 1) }
fn tree(d, x) = if d == 0 { x } else { tree(d - 1, x / 2) + tree(d - 1, x / 3) }
";
    let entry = call(text, &[], "power", &[floats(&[]), whole(1000)]);
    assert!(!entry.exact && entry.module.funcs.len() <= 4, "{:?}", instances(&entry));
    let entry = call(text, &[], "even", &[whole(1000)]);
    assert!(!entry.exact && entry.module.funcs.len() <= 5, "{:?}", instances(&entry));
    let entry = call(text, &[], "tree", &[whole(20), floats(&[])]);
    assert!(!entry.exact && entry.module.funcs.len() <= 4, "{:?}", instances(&entry));
}

#[test]
fn variables_are_promoted() {
    let text = "fn total(x) {\n  var s = 0\n  for i in 0..len(x) { s += x[i] }\n  s\n}\n";
    let entry = call(text, &[], "total", &[floats(&[20])]);
    assert_eq!(instances(&entry), ["main(1 sizes, 1 params) -> f64", "total(1 sizes, 1 params) -> f64"]);
    let entries = check("var s = 0\nfor i in 0..3 { s += 0.5 }\ns");
    assert_eq!(instances(&entries[1]), ["main(0 sizes, 0 params) -> f64"]);
}

#[test]
fn the_pullback_of_a_gradient_keeps_the_structure() {
    let text = "fn loss(p, x) = sum((p.W @ x + p.b)^2)";
    let p = ArgInfo::Tuple(vec![(Some("W".into()), floats(&[3, 20])), (Some("b".into()), floats(&[3]))]);
    let entry = call(text, &[], "grad(loss)", &[p, floats(&[20])]);
    assert_eq!(
        entry.module.funcs[0].results.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["f64[3, s0]", "f64[3]"]
    );
    let vjps = entry.module.funcs[0].body.iter().filter(|s| matches!(s.kind, StmtKind::Vjp { .. })).count();
    assert_eq!(vjps, 1);
}

#[test]
fn sizes_that_must_agree_are_taken_as_numbers() {
    let entry = call("fn f(x, y) = concat(x, x) + y", &[], "f", &[floats(&[20]), floats(&[40])]);
    assert!(entry.exact);
    let entry = call("fn f(x, y) = x + y", &[], "f", &[floats(&[20]), floats(&[20])]);
    assert!(!entry.exact);
}

#[test]
fn benchmarks_elaborate() {
    roomy(|| {
        let files = [("optimiser.adl", include_str!("../../../examples/gradbench/optimiser.adl"))];
        let go = |text: &str, f: &str, args: &[ArgInfo]| call(text, &files, f, args);
        let f = |shape: &[usize]| floats(shape);
        let gmm = [f(&[20]), f(&[20, 10]), f(&[20, 10]), f(&[20, 45]), f(&[1000, 10]), f(&[]), whole(0)];
        go(include_str!("../../../examples/gradbench/gmm.adl"), "jacobian", &gmm);
        go(include_str!("../../../examples/gradbench/kmeans.adl"), "dir", &[f(&[100, 3]), f(&[10, 3])]);
        go(include_str!("../../../examples/gradbench/llsq.adl"), "gradient", &[f(&[10]), whole(100)]);
        go(include_str!("../../../examples/gradbench/lse.adl"), "gradient", &[f(&[100])]);
        go(
            include_str!("../../../examples/gradbench/lstm.adl"),
            "jacobian",
            &[f(&[40, 56]), f(&[3, 14]), f(&[40, 14]), f(&[100, 14])],
        );
        go(include_str!("../../../examples/gradbench/ode.adl"), "gradient", &[f(&[10]), whole(100)]);
        for mode in ["ff", "fr", "rf", "rr"] {
            go(include_str!("../../../examples/gradbench/particle.adl"), mode, &[f(&[])]);
            go(include_str!("../../../examples/gradbench/saddle.adl"), mode, &[f(&[2])]);
        }
    });
}

#[test]
fn deep_expressions_fit_the_stack() {
    roomy(|| {
        for text in [
            format!("1{}", " + sin(1.0)".repeat(900)),
            format!("{}1.0{}", "sin(".repeat(300), ")".repeat(300)),
            format!("{}1.0", "-".repeat(300)),
        ] {
            let (checker, _, r) = check_with(&text, &[]);
            if let Err(e) = r {
                assert!(!render(&checker, &e).contains("E0999"));
            }
        }
        let nested = format!("fn f(x) = {}x{}\nf(1.0)", "{ ".repeat(200), " }".repeat(200));
        let _ = check_with(&nested, &[]);
        let deep = "fn f(x, n) = { let y = (|z| { if n == 0 { z } else { g(z, n - 1) } })(x); y + len(x) }
fn g(x, n) = f(concat(x, [1.0]), n)
let r = f([1.0, 2.0], 90)";
        let (_, _, r) = check_with(deep, &[]);
        assert!(r.is_err());
    });
}

#[test]
fn a_function_captures_values_as_they_are() {
    let entries = check("var a = [1.0, 2.0]\nfn f(x) = x * a\na = [3.0, 4.0]\nf(1.0)");
    // The call uses the value that `a` had where `f` was written.
    let first = entries[0].results[0];
    let used = entries.last().map(|e| e.inputs.clone()).unwrap_or_default();
    assert_eq!(used, [adl_lang::check::Input::Global(first)]);
}

#[test]
fn a_session_starts_fast() {
    let _ = adl_lang::check::Checker::new();
    let start = std::time::Instant::now();
    for _ in 0..100 {
        let _ = adl_lang::check::Checker::new();
    }
    assert!(start.elapsed().as_secs() < 2);
}
