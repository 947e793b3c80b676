//! Warnings: what is said, and that correct programs draw none.

mod host;

use adl_lang::check::Checker;
use adl_lang::source::Source;
use host::{render, roomy};

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
