//! The warning for derivatives that are zero by construction: where it is given, what it names, and where it is not.

use crate::host::{check_with, render, roomy};

/// What is said of a program, in all its entries.
fn said(text: &str) -> String {
    roomy(|| {
        let (checker, _, entries) = check_with(text, &[]);
        let entries = entries.unwrap_or_else(|problems| panic!("{}", render(&checker, &problems)));
        let warnings: Vec<_> = entries.into_iter().flat_map(|entry| entry.warnings).collect();
        render(&checker, &warnings)
    })
}

#[test]
fn the_step_and_the_argument_are_named() {
    let expected = "\
warning[E0303]: `floor` is flat, so `x` does not influence this derivative
 --> test.adl:2:1
  |
1 | fn f(x) = floor(x) * 2.0
  |           -------- `floor` stands on every way to the value
2 | f'(1.5)
  | ^^^^^^^ it is 0 wherever it exists
  |
  = help: `straight_through(floor, …)` rounds, and has the derivative of what is rounded
  = help: if zero is meant, say so with `stop_grad`
";
    assert_eq!(said("fn f(x) = floor(x) * 2.0\nf'(1.5)\n").trim_end(), expected.trim_end());
}

#[test]
fn the_step_is_that_of_the_argument_that_is_lost() {
    let text = "fn f(x, y) = x + floor(x) + round(y)\ngrad(f, wrt = (x, y))(1.0, 2.0)";
    assert!(said(text).contains("`round` is flat, so `y` does not influence"), "{}", said(text));
}

#[test]
fn every_kind_of_step_is_seen() {
    for (text, step, by) in [
        ("fn f(x) = ceil(x)\nf'(1.0)", "`ceil`", "`x`"),
        ("fn f(x) = round(x, 1)\nf'(1.0)", "`round`", "`x`"),
        ("fn f(x) = sign(x) * 3\njvp(f, 1.0, 1.0)", "`sign`", "`x`"),
        ("fn f(x) = x // 2\nf'(1.0)", "`//`", "`x`"),
        ("fn f(x) { if x > 0 { 1.0 } else { 2.0 } }\nf'(1.0)", "a comparison", "`x`"),
        ("fn f(x) { if x > 0 { return 1.0 }\n 2.0 }\nf'(1.0)", "a comparison", "`x`"),
        ("fn f(w, A) = sum(where(A @ w > 0, 1.0, 0.0))\ngrad(f)([1.0, 2.0], eye(2))", "a comparison", "`w`"),
        ("fn f(x) = [1.0, 2.0][argmax(x)]\ngrad(f)([1.0, 4.0])", "`argmax`", "`x`"),
        ("fn f(x) = f64(i64(x))\nf'(1.5)", "a whole number", "`x`"),
        ("fn f(x) { var n = 0.0\n var y = x\n while y > 1 { y /= 2\n n += 1 }\n n }\nf'(9.0)", "a comparison", "`x`"),
        ("fn f(x) { var y = x\n y = floor(y)\n y }\nf'(1.5)", "`floor`", "`x`"),
        ("fn g(x) = floor(x)\nfn f(x) = 2 * g(x)\nf'(1.5)", "`floor`", "`x`"),
        (
            "fn f(x, n) = if n == 0 { floor(x) } else { f(x, n - 1) }\nlet n = 3\nf(1.0, n)\n(|x| f(x, n))'(1.0)",
            "`floor`",
            "`x`",
        ),
        ("fn f(x) = searchsorted([1.0, 2.0], x) * 1.0\nf'(1.5)", "a comparison", "`x`"),
        ("fn f(p) = p.a + sum(floor(p.b))\ngrad(f)((a: 1.0, b: [2.5]))", "`floor`", "part of the argument"),
        ("jacobian(|x| round(x))([1.0, 2.0])", "`round`", "`x`"),
        ("fn f(x) = [floor(t) for t in x]\njacfwd(f)([1.0, 2.0])", "`floor`", "`x`"),
    ] {
        let said = said(text);
        let title = format!("{step} is flat, so {by} does not influence this derivative");
        assert!(said.contains(&title), "{text}\n{said}");
        assert_eq!(said.matches("warning[").count(), 1, "{text}\n{said}");
    }
}

#[test]
fn a_way_around_the_step_is_enough() {
    for text in [
        "fn f(x) = x - floor(x)\nf'(1.2)",
        "fn f(x) = if x > 0 { x } else { -x }\nf'(1.0)",
        "fn f(x) = abs(x) + relu(x) + max(x, 1.0)\nf'(1.0)\nf''(1.0)",
        "fn f(a) { var x = a\n while abs(x * x - a) > 1e-9 { x = (x + a / x) / 2 }\n x }\nf'(2.0)",
        "fn f(x) = x * straight_through(floor, x)\nf'(2.5)\nf''(2.5)",
        "fn f(x) = stop_grad(floor(x)) + floor(stop_grad(x))\nf'(2.5)",
        "fn f(x) = 3.0\nf'(2.5)",
        "fn f(x, y) = floor(x) * y\ngrad(f, wrt = y)(1.0, 2.0)",
        "hessian(|x| sum(abs(x)))([1.0, 2.0])",
        "fn f(x) = sort(x)[0] + max(x) + median(x)\ngrad(f)([1.0, 3.0, 2.0])",
        "fn f(x) = x[argmax(x)]\ngrad(f)([1.0, 3.0, 2.0])",
        "grad(|x| norm(x) + std(x) + logsumexp(x) + quantile(x, 0.3))([1.0, 3.0, 2.0])",
        "grad(|A| det(A) + sum(inv(A)) + sum(eigvalsh(A + A.T)))([[2.0, 1.0], [0.0, 3.0]])",
        "(|a| root(|x| x^2 - a, 1.0))'(2.0)\n(|a| fixpoint x = 1.0 { cos(a * x) })'(0.5)",
        "(|a| interp(a, [0.0, 1.0], [2.0, 5.0]))'(0.5)",
    ] {
        assert_eq!(said(text), "", "{text}");
    }
}

#[test]
fn a_branch_that_holds_at_a_point_is_told_once() {
    let expected = "\
warning[W0004]: this holds at a single point, where the derivative is that of this arm alone
 --> test.adl:1:14
  |
1 | fn f(x) = if x == 0 { 1.0 } else { sin(x) / x }
  |              ^^^^^^ what is chosen here does not move with what is compared
  |
";
    let text = "fn f(x) = if x == 0 { 1.0 } else { sin(x) / x }\nf''(0.0)\nf'(0.5)";
    assert!(said(text).starts_with(expected), "{}", said(text));
    assert_eq!(said("fn f(x) = if x == 0 { 1.0 } else { sin(x) / x }\nf''(0.0)").matches("W0004").count(), 1);
    for text in [
        "(|x| where(x == 0, 1.0, sin(x) / x))'(0.0)",
        "(|x| where(x != 0, sin(x) / x, 1.0))'(0.0)",
        "(|x| if not (x == 0) { sin(x) / x } else { 1.0 })'(0.0)",
        "grad(|x| sum(where(x == 0, 0.0, x * log(x))))([0.0, 1.0])",
        "(|x| { var y = 1.0\n if x == 2 { y = 3.0 } else { y = x }\n y })'(0.0)",
        "fn g(x, y) = if x == y { 1.0 } else { (exp(x) - exp(y)) / (x - y) }\ngrad(g)(1.0, 2.0)",
    ] {
        assert_eq!(said(text).matches("W0004").count(), 1, "{text}\n{}", said(text));
    }
}

#[test]
fn a_branch_that_is_guarded_or_meant_is_not_told() {
    for text in [
        "(|x| { let s = where(x == 0, 1.0, x)\n where(x == 0, 1.0, sin(s) / s) })'(0.0)",
        "(|x| if stop_grad(x) == 0 { 1.0 } else { sin(x) / x })'(0.0)",
        "(|x| if x == 0 { 1.0 - x^2 / 6 } else { sin(x) / x })'(0.0)",
        "(|x| if x > 0 { 1.0 } else { cos(x) })'(0.0)",
        "(|x, k: i64| if k == 0 { 1.0 } else { x * k })(1.0, 2)\ngrad(|x| if 2 == 0 { 1.0 } else { x })(1.0)",
        "fn f(x, y) = if y == 0 { 1.0 } else { x / y }\ngrad(f)(1.0, 2.0)",
        "grad(|x| std(x) + norm(x) + sinc(x[0]))([1.0, 2.0])",
    ] {
        assert!(!said(text).contains("W0004"), "{text}\n{}", said(text));
    }
}
