//! Warnings: what is said, and that correct programs draw none.

use crate::host::{render, roomy};
use adl_lang::check::Checker;
use adl_lang::source::Source;

/// The warnings of a text.
fn warnings(text: &str) -> String {
    let mut out = String::new();
    roomy(|| {
        let mut checker = Checker::new();
        let loaded = checker.load(Source::new("a.adl", text), &mut |_, _| Err("no files".into()));
        out = render(&checker, &loaded.expect("the text is right").warnings);
    });
    out
}

#[test]
fn a_variable_assigned_since_is_named_with_its_places() {
    let expected = "\
warning[W0001]: `f` does not see the present value of `k`
 --> a.adl:4:7
  |
2 | let f = |x| k * x
  |         --------- captures `k` as it is here
3 | k = 3.0
  | - assigned since
4 | print(f(1.0))
  |       ^
  |
  = help: write the function after the assignment, or make `k` a parameter of it
";
    let said = warnings("var k = 2.0\nlet f = |x| k * x\nk = 3.0\nprint(f(1.0))\n");
    assert_eq!(said.trim_end(), expected.trim_end());
}

#[test]
fn every_way_to_capture_is_seen() {
    for text in [
        "var k = 2.0\nfn f(x) = k * x\nk += 1\nf(1.0)",
        "var k = [1.0, 2.0]\nlet f = |x| k[0] * x\nk[0] = 3.0\nlet y = f(1.0)",
        "var k = 2.0\nlet f = |x| k * x\nlet g = grad(f)\nk = 3.0\ng(1.0)",
        "var k = 2.0\nlet f = |x| k * x\nlet g = |x| f(x) + 1\nk = 3.0\ng(1.0)",
        "var k = 2.0\nlet f = |x| k * x\nfor i in 0..3 { k = f(k) }",
        "var k = 2.0\nlet f = |x| k * x\nwhile f(1.0) < 10 { k += 1 }",
        "fn h(x) {\n  var k = x\n  let f = |t| k * t\n  k = 1.0\n  f(x)\n}",
        "fn h(x) {\n  var (k, l) = (x, x)\n  let f = |t| l * t\n  (k, l) = (l, k)\n  f(x)\n}",
    ] {
        assert_eq!(warnings(text).matches("warning[W0001]").count(), 1, "{text}");
    }
}

#[test]
fn programs_without_fault_draw_none() {
    for text in [
        "var k = 2.0\nk = 3.0\nlet f = |x| k * x\nf(1.0)",
        "var k = 2.0\nlet f = |k| k * 2\nk = 3.0\nf(k)",
        "var k = 2.0\nlet f = |x| k * x\nlet y = f(1.0)\nk = y",
        "fn h(x) {\n  var k = x\n  for i in 0..3 {\n    let f = |t| k * t\n    k = f(k)\n  }\n  k\n}",
        "var k = 2.0\nfor i in 0..3 {\n  let f = |t| k * t\n  k = f(k)\n}",
        "var p = [0.0, 0.0]\nfn loss(p) = sum(p^2)\nfor _ in 0..3 { p -= 0.1 * grad(loss)(p) }",
        "var k = 2.0\nlet f = |x| k * x\nk = 3.0\nlet f = |x| k * x\nf(1.0)",
    ] {
        assert_eq!(warnings(text), "", "{text}");
    }
}

#[test]
fn a_name_bound_for_nothing_is_named() {
    let expected = "\
warning[W0002]: `b` is bound and never used
 --> a.adl:3:7
  |
3 |   let b = 2 * a
  |       ^
  |
help: leave it out, or say that this is meant
  |
3 |   let _b = 2 * a
  |       +
";
    assert_eq!(warnings("fn f(x) {\n  let a = x\n  let b = 2 * a\n  x + 1\n}\n").trim_end(), expected.trim_end());
    assert_eq!(warnings("fn f(x) {\n  let _b = 2 * x\n  x + 1\n}\n"), "");
}

#[test]
fn a_size_bound_anew_is_named_with_its_type() {
    let expected = "\
warning[W0003]: `n` is the size of an axis, and is bound anew
 --> a.adl:2:7
  |
1 | fn f(x: f64[n]) {
  |         ------ `n` is bound by this type
2 |   let n = 2.0
  |       ^
  |
  = help: give one of the two another name
";
    assert_eq!(warnings("fn f(x: f64[n]) {\n  let n = 2.0\n  sum(x) / n\n}\n").trim_end(), expected.trim_end());
}

#[test]
fn names_that_serve_draw_none() {
    for text in [
        "let a = 1.0\nfn f(x) = x",
        "fn f(x) {\n  let (a, b) = x\n  a\n}",
        "fn f(x) {\n  let n = 3\n  let y: f64[n] = zeros(n)\n  y + x\n}",
        "fn f(x) {\n  let k = 2.0\n  fn g(y) = k * y\n  g(x)\n}",
        "fn f(x) {\n  let w = x\n  (w:)\n}",
        "fn f(x) {\n  var y = 0.0\n  y = x\n  x\n}",
        "fn f(x: f64[n]) = sum(x[i] for i in 0..n)",
        "fn f(x: f64[n], y: f64[n]) -> f64[n] {\n  let s: f64[n] = x + y\n  s\n}",
    ] {
        assert_eq!(warnings(text), "", "{text}");
    }
}

/// The programs that others are to learn from draw no warning.
#[test]
fn the_programs_of_the_repository_draw_none() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut said = String::new();
    for folder in ["examples", "examples/gradbench", "tests/language"] {
        for file in std::fs::read_dir(format!("{root}/{folder}")).expect("the folder exists").flatten() {
            let path = file.path();
            if path.extension().is_some_and(|e| e == "adl") {
                let text = std::fs::read_to_string(&path).expect("readable");
                let loaded = roomy(|| {
                    let mut checker = Checker::new();
                    let loaded =
                        checker.load(Source::new(path.to_string_lossy(), text), &mut |_, _| Err("no files".into()));
                    loaded.map(|loaded| render(&checker, &loaded.warnings)).unwrap_or_default()
                });
                said.push_str(&loaded);
            }
        }
    }
    assert_eq!(said, "");
}
