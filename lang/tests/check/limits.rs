//! What a text may become is bounded, and reading and checking end when the host says so.
//! Whatever is long but flat is read and checked in a time that grows with its length:
//! these tests would not come to an end otherwise.

use crate::host::{Types, check, check_with, problems, roomy};
use adl_lang::check::{Checker, Limits};
use adl_lang::diagnostic::Diagnostic;
use adl_lang::source::Source;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn no_files(_: &str, _: &str) -> Result<Source, String> {
    Err("there is no such file".into())
}

/// The codes of what is wrong with a text, of which all that can be read is checked.
fn codes(checker: &mut Checker, text: &str) -> Vec<&'static str> {
    let of = |problems: Vec<Diagnostic>| problems.iter().map(|p| p.code).collect();
    let host = Types::default();
    match checker.load(Source::new("test.adl", text), &mut no_files) {
        Err(problems) => of(problems),
        Ok(loaded) => {
            for stmt in &loaded.stmts {
                match checker.statement(stmt, &host) {
                    Ok(entry) => checker.commit(&entry),
                    Err(problems) => return of(problems),
                }
            }
            Vec::new()
        }
    }
}

#[test]
fn the_host_ends_reading_and_checking() {
    roomy(|| {
        let mut checker = Checker::new();
        checker.stop_when(Arc::new(|| true));
        assert_eq!(codes(&mut checker, "let x = 1"), ["E0412"]);
        // Each look counts down, so that the end comes in the middle of the work.
        let unrolled = "let t = (1, 2, 3, 4, 5, 6, 7, 8)
fn f(x) {
  var s = x
  for a in t { for b in t { for c in t { for d in t { s += a * b * c * d } } } }
  s
}
f(0.5)";
        let mut ended = 0;
        for looks in [3, 10, 30, 100] {
            let left = Arc::new(AtomicUsize::new(looks));
            let mut checker = Checker::new();
            checker.stop_when(Arc::new(move || left.fetch_sub(1, Ordering::Relaxed) < 2));
            let found = codes(&mut checker, unrolled);
            assert!(found.is_empty() || found == ["E0412"], "{found:?}");
            ended += found.len();
        }
        assert!(ended > 2, "looks are too rare");
    });
}

#[test]
fn what_a_statement_becomes_is_bounded() {
    roomy(|| {
        let unrolled = "fn f(t, x) {
  var s = x
  for a in t { for b in t { for c in t { s += a * b * c } } }
  s
}
f((1, 2, 3, 4, 5, 6, 7, 8), 0.5)";
        let mut checker = Checker::new();
        checker.set_limits(Limits { operations: 1000, ..Limits::default() });
        assert_eq!(codes(&mut checker, unrolled), ["E0215"]);
        assert_eq!(codes(&mut Checker::new(), unrolled), [""; 0]);
        // Two closures at each level: twice as many functions.
        let mut closures = "fn f0(g, x) = g(x)\n".to_string();
        for k in 1..30 {
            closures += &format!("fn f{k}(g, x) = f{p}(|t| g(t) + x, x) + f{p}(|t| g(t) * x, x)\n", p = k - 1);
        }
        closures += "f29(sin, 0.5)";
        let mut checker = Checker::new();
        checker.set_limits(Limits { functions: 300, ..Limits::default() });
        assert_eq!(codes(&mut checker, &closures), ["E0215"]);
        let doubled = |n: usize| {
            let steps: String = (0..n).map(|k| format!("  let t{} = (t{k}, t{k})\n", k + 1)).collect();
            format!("fn f(x) {{\n  let t0 = x\n{steps}  t{n}{}\n}}\nf(1.0)", ".0".repeat(n))
        };
        assert_eq!(codes(&mut Checker::new(), &doubled(10)), [""; 0]);
        assert_eq!(codes(&mut Checker::new(), &doubled(40)), ["E0215"]);
    });
}

#[test]
fn long_formulas_and_lists_are_flat() {
    roomy(|| {
        for chain in ["x * ", "x + ", "x + x * x - 2 * x / 3 + ", "x * x^2 * -x * "] {
            let text = format!("fn f(x) = {}x\nf(1.0)", chain.repeat(8_000));
            assert_eq!(check(&text).len(), 2, "{chain}");
        }
        let truths = format!("fn f(a) = {}a\nf(true)", "a and a or ".repeat(5_000));
        assert_eq!(check(&truths).len(), 2);
        let list = format!("let x = [{}1]", "1, ".repeat(20_000));
        assert_eq!(check(&list).len(), 1);
        let blank = format!("let x = 1{}let y = 2", "\n".repeat(1_000_000));
        assert_eq!(check(&blank).len(), 2);
        let functions: String = (0..5_000).map(|k| format!("fn f{k}(x) = x\n")).collect();
        assert_eq!(check(&functions).len(), 5_000);
    });
}

/// A closure that is captured on several ways is looked at once.
#[test]
fn closures_in_closures_are_shared() {
    roomy(|| {
        let mut text = "fn f(y) {\n  let g0 = |x| 0.5 * x + y\n  let g1 = |x| g0(x) * y\n".to_string();
        for k in 0..60 {
            text += &format!("  let g{} = |x| g{}(x) + g{k}(x)\n", k + 2, k + 1);
        }
        text += "  g61(1.0) + grad(g61)(1.0)\n}\nf(0.5)";
        let entries = check(&text);
        let most = entries.iter().map(|e| e.module.funcs.len()).max().unwrap_or(0);
        assert!((60..200).contains(&most), "{most} functions");
    });
}

#[test]
fn numbers_of_parts_are_not_taken_for_granted() {
    roomy(|| {
        let huge = [
            "split([1.0, 2.0], 9223372036854775807)",
            "zip((1, 2), 0..9223372036854775807)",
            "diff([1.0, 2.0], 9223372036854775807)",
            "squeeze([1.0], 9223372036854775807)",
            "moveaxis([1.0], 0, 9223372036854775807)",
            "(1, 2)[9223372036854775807]",
        ];
        for text in huge {
            assert!(problems(text).starts_with("error[E0"), "{text}");
        }
    });
}

#[test]
fn of_many_problems_the_first_are_told() {
    let text = "let x = ) 1\n".repeat(300);
    let (_, _, Err(problems)) = check_with(&text, &[]) else { panic!("this should not be read") };
    assert_eq!(problems.len(), 20);
    assert_eq!(
        problems[19].notes.last().map(String::as_str),
        Some("and 280 more problems in this text, which are not shown")
    );
    let unknown: String = (0..50).map(|k| format!("fn f{k}(x) = unknown{k}(x)\n")).collect();
    let (_, _, Err(problems)) = check_with(&unknown, &[]) else { panic!("this should not check") };
    assert_eq!(problems.len(), 20);
}

#[test]
fn types_in_messages_are_short() {
    let text = "fn f(x) {
  let a = (x, x, x, x, x, x, x, x, x, x)
  let b = (a, a, a, a, a, a, a, a, a, a)
  let c = (b, b, b, b, b, b, b, b, b, b)
  c + 1
}
f(1.0)";
    assert!(problems(text).len() < 2000, "{}", problems(text));
}
