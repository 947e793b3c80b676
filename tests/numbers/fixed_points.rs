//! Fixed points: how they fail, word for word, and what their derivatives cost.

use crate::support::command::adl;
use adl_compiler::engine::Engine;
use adl_runtime::{Array, Value};

/// A program, the beginning of its error, and the place.
const FAILURES: &[(&str, &str, &str)] = &[
    (
        "fixpoint x = 1.0 { 2 * x + 1 }",
        "error[E0417]: this `fixpoint` diverges: its value is infinite after 1023 rounds",
        "1:1",
    ),
    (
        "let f = |a| fixpoint(max = 100) x = a { 1 - x }\nf(1.0)",
        "error[E0417]: this `fixpoint` does not converge: after 100 rounds it repeats itself with period 2; the last \
         step is 1.00e+00 of the value, the residual 1.00e+00",
        "1:13",
    ),
    ("fixpoint x = 1.0 { sqrt(x - 2) }", "error[E0417]: this `fixpoint` meets NaN in round 1", "1:1"),
    (
        "let f = |t| fixpoint (x, y) = (1.0, 1.0) { ((x + y) / 2 + 0 * t, (x + y) / 2) }\ngrad(|t| f(t).0)(2.0)",
        "error[E0415]: the derivative of this `fixpoint`: `I - ∂f/∂x` is singular to working precision: its condition \
         is about inf, so the solution is not isolated",
        "1:13",
    ),
    (
        "fixpoint(max = 20) x = 0.0 { 0.99 * x + 1 }",
        "error[E0417]: this `fixpoint` has not converged in 20 rounds: the last step is 4.54e-02 of the value, the \
         residual 4.30e-02; the steps shrink by 0.990000 a round, so about 2900 more are needed",
        "1:1",
    ),
    (
        "fixpoint x = [1.0, 2.0] { x[..1] / 2 }",
        "error[E0604]: the state of this `fixpoint` is f64[2], but its block gives f64[1]",
        "1:1",
    ),
    (
        "fixpoint x = 1.0 { 3.0 }",
        "error[E0601]: this `fixpoint` repeats a block for nothing: it does not use `x`",
        "1:18",
    ),
    (
        "fixpoint(max = 0) x = 1.0 { x / 2 }",
        "error[E0410]: a `fixpoint` needs a round to find its value, and `max` is 0",
        "1:1",
    ),
    (
        "fixpoint x = 1.0 { x + 1 }",
        "error[E0417]: this `fixpoint` does not converge: after 10000 rounds the last step is 1.00e-04 of the value, \
         the residual 1.00e-04, and the steps do not shrink",
        "1:1",
    ),
    ("fixpoint(solver = \"qr\") x = 1.0 { x / 2 }", "error[E0602]: `solver` cannot be \"qr\"", "1:19"),
    ("fixpoint(toll = 1) x = 1.0 { x / 2 }", "error[E0102]: `fixpoint` has no option `toll`", "1:10"),
    (
        "fixpoint(max = 1.5) x = 1.0 { x / 2 }",
        "error[E0204]: the option `max` is a whole number, and this is f64",
        "1:16",
    ),
    ("fixpoint(tol = 1, tol = 2) x = 1.0 { x / 2 }", "error[E0102]: the option `tol` is given twice", "1:19"),
    (
        "let k = [1, 2]\nfixpoint x = (1.0, k) { x }",
        "error[E0603]: a `fixpoint` moves floats, and its part `1` is i64[2]",
        "2:14",
    ),
    (
        "linear_solve(|(p, q)| (p + q, p + q), (1.0, 2.0))",
        "error[E0415]: this system is singular to working precision: its condition is about inf, so the solution is \
         not isolated",
        "1:1",
    ),
    (
        "linear_solve(|x| x - 3 * x, 1.0, solver = \"iteration\", max = 5)",
        "error[E0417]: this system is not solved after 5 rounds: the residual is 2.4e+02 of the right side",
        "1:1",
    ),
    ("linear_solve(|x| x, 1.0, solver = \"lv\")", "error[E0602]: `solver` cannot be \"lv\"", "1:1"),
    (
        "implicit(|a| 1.1 * sqrt(a), |x, a| x^2 - a)(2.0)",
        "error[E0417]: the solver of this `implicit` has found no solution: the residual is 4.20e-01, and Newton's \
         correction of entry 0, 1.555635, is 1.3e-01",
        "1:1",
    ),
    (
        "implicit(|a| sqrt(a), |x| x^2 - 2)(2.0)",
        "error[E0605]: this residual takes 1, and the solution and the parameters of the solver are 2",
        "1:23",
    ),
    ("root(|x| x^2 + 1, bracket = (0, 1))", "error[E0418]: `root` needs a change of sign in its bracket: at 0", "1:1"),
    ("root(|x| 1.0 / (x - 1.3), bracket = (0.0, 3.0))", "error[E0418]: `root` has found a pole and no zero: at", "1:1"),
    (
        "root(|x| if x < 1.3 { -1.0 } else { 2.0 }, bracket = (0.0, 3.0))",
        "error[E0418]: `root` has found a jump and no zero: at",
        "1:1",
    ),
    (
        "root(|[x, y]| [x - 1.0, 1e-10 * (y^2 + 1.0)], [0.5, 0.5])",
        "error[E0417]: `root` has found no solution: the residual is ",
        "1:1",
    ),
    (
        "minimize(|x| sum(x^4 - x^2), zeros(60))",
        "error[E0417]: `minimize` has found no minimum: there is a direction of negative curvature",
        "1:1",
    ),
    ("minimize(|x| -x^2, 1.0)", "error[E0419]: `minimize` has found no minimum: the loss is -inf", "1:1"),
    // Slopes that vanish at infinity, and at a point where it bends to neither side.
    ("minimize(|x| exp(-x), 0.0)", "error[E0419]: `minimize` has found no minimum: the loss is 4.476e-309", "1:1"),
    ("minimize(|x| exp(-x), f32(0.0))", "error[E0419]: `minimize` has found no minimum", "1:1"),
    ("minimize(tanh, 0.0)", "error[E0419]: `minimize` has found no minimum: the loss is -1.000e+00", "1:1"),
    ("minimize(|x| 1 / (1 + x^2), 1.0)", "error[E0419]: `minimize` has found no minimum", "1:1"),
    (
        "minimize(|w| sum(softplus([[1.0, 2.0], [1.0, -0.5]] @ w)), zeros(2))",
        "error[E0419]: `minimize` has found no",
        "1:1",
    ),
    ("minimize(|x| x^3, 1.0)", "error[E0419]: `minimize` has found no minimum: the loss is -inf", "1:1"),
    (
        "minimize(|x| x[0]^3 + x[1]^2, ones(2))",
        "error[E0419]: `minimize` has found no minimum: the loss is -inf",
        "1:1",
    ),
    (
        "minimize(|x| 2 * abs(x - 1.05) + 0.5 * x, 0.0)",
        "error[E0417]: `minimize` has come to a kink, where the slope of 5.00e-01 jumps",
        "1:1",
    ),
    (
        "let f = |a| fixpoint(max = 10000000) x = 0.0 * a { 0.99999 * x + 0.00001 * a }\nf(f32(2.0))",
        "error[E0417]: this `fixpoint` converges too slowly for its precision: after ",
        "1:13",
    ),
    (
        "fixpoint x = [0.0, 0.0] { [0.1 * x[0] + 1.8, x[1] + 1e-6 * (2e-6 - x[1])] }",
        "error[E0417]: this `fixpoint` has not converged in 10000 rounds: the last step is ",
        "1:1",
    ),
    (
        "linear_solve(|(p, q)| (p + q, p + (1.0 + 1e-14) * q), (1.0, 1.0))",
        "error[E0415]: this system is singular to working precision: its condition is about ",
        "1:1",
    ),
    (
        "odeint(|t, y| y^2, 1.0, [0.0, 2.0], max_steps = 30)",
        "error[E0417]: `odeint` has taken 30 steps and is at t =",
        "1:1",
    ),
];

#[test]
fn failures_say_what_and_where() {
    let mut wrong = Vec::new();
    for (program, title, place) in FAILURES {
        let said = adl(&["-e", program]);
        let first = said.err.lines().next().unwrap_or_default();
        let place = format!("<command line>:{place}\n");
        if said.code == 0 || !first.starts_with(title) || !said.err.contains(&place) {
            wrong.push(format!("{program}\nshould say {title}\nat {place}and says\n{}{}", said.out, said.err));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn the_pullback_of_a_singular_system_fails_too() {
    let program = "let f = |t| (fixpoint (x, y) = (1.0, 1.0) { ((x + y) / 2 + 0 * t, (x + y) / 2) }).0
        let (value, pull) = vjp(f, 2.0)\nprint(value)\npull(1.0)";
    let said = adl(&["-e", program]);
    assert!(said.code != 0 && said.out == "1.0\n" && said.err.contains("is singular"), "{}{}", said.out, said.err);
}

#[test]
fn a_report_tells_of_both_directions() {
    let program = "let f = |a| fixpoint x = 1.0 { 0.5 * (x + a / x) }\nprint(grad(f)(2.0))";
    let path = std::env::temp_dir().join("adl_fixed_points_report.adl");
    std::fs::write(&path, program).expect("a place to write to");
    let path = path.to_string_lossy().into_owned();
    let said = adl(&["run", "--fixpoints", &path]);
    let lines: Vec<&str> = said.out.lines().collect();
    let [forward, backward, value] = lines.as_slice() else { panic!("{}{}", said.out, said.err) };
    let place = format!("{path}:1");
    assert!(forward.starts_with(&format!("fixpoint {place}: 6 rounds, last step ")), "{forward}");
    assert!(forward.contains(", residual ") && forward.ends_with('s'), "{forward}");
    assert!(backward.starts_with(&format!("linear solve {place}: lu, n = 1, 1 rounds, residual ")), "{backward}");
    assert!(backward.contains(", condition 1.0e+00, ") && backward.ends_with('s'), "{backward}");
    assert!(value.starts_with("0.35355339059327"), "{value}");
    assert_eq!(adl(&["run", &path]).out.lines().count(), 1, "without the flag only the value is printed");
}

/// Whether a gradient can be computed in so many bytes.
fn fits(program: &str, args: &[Value], bytes: usize) -> bool {
    let engine = Engine::new().with_memory_limit(bytes);
    let function = engine.compile("memory", program).and_then(|p| p.dynamic("grad(f)")).expect("it compiles");
    function.call(args).is_ok()
}

/// The least memory in which it can, within a tenth.
fn memory(program: &str, args: &[Value]) -> usize {
    let (mut low, mut high) = (1 << 12, 1 << 22);
    assert!(fits(program, args, high));
    while high - low > low / 10 {
        let middle = low.midpoint(high).min(2 * low);
        if fits(program, args, middle) { high = middle } else { low = middle }
    }
    high
}

fn vector(n: u32, scale: f64) -> Value {
    let b: Vec<f64> = (0..n).map(|k| f64::from(k).cos() * scale).collect();
    Value::Array(Array::from_slice(&[n as usize], &b).expect("it fits"))
}

#[test]
fn the_memory_of_a_gradient_does_not_grow_with_the_rounds() {
    // A contraction by `1 - s` needs about 28 / s rounds: a hundred, and ten thousand.
    let program =
        "fn f(b, s) = sum((fixpoint(max = 100_000) x = zeros(len(b)) { (1 - s) * x + 0.001 * sin(x) + b })^2)";
    let needed = memory(program, &[vector(400, 0.0025), Value::from(0.3)]);
    assert!(
        fits(program, &[vector(400, 0.0025), Value::from(0.003)], needed * 12 / 10),
        "{needed} bytes are enough for 100"
    );
}

#[test]
fn the_memory_of_a_large_system_is_a_multiple_of_its_unknowns() {
    let program = "fn f(b) = sum((fixpoint(solver = \"gmres\") z = zeros(len(b)) { tanh(0.5 * roll(z, 1) + b) })^2)";
    let needed = memory(program, &[vector(1000, 1.0)]);
    assert!(needed < 80 * 8 * 1000, "{needed} bytes for 1000 unknowns");
    assert!(fits(program, &[vector(4000, 1.0)], 9 * needed / 2), "{needed} bytes are enough for 1000 unknowns");
}
