//! Rules 5 to 8.

use super::*;

#[test]
fn rule_5_operations() {
    let one = |line: &str| {
        format!("func f[n](x: f64[n], a: f64[4, n], k: i64, b: bool[n]) -> () {{\n  {line}\n  yield\n}}\n")
    };
    let lines = [
        "y: f64 = sin x",
        "y: f64[n] = add x k",
        "y: f64[n, n] = broadcast [n, n] [1, 0] x",
        "y: f64[n, 4] = transpose [0, 1] a",
        "y: f64[n] = transpose [1, 1] a",
        "y: i64[3] = reshape [3] k",
        "y: f64[4, n] = concat 2 a a",
        "y: f64[8, n] = concat 1 a a",
        "y: f64[4, n] = concat 0",
        "y: f64 = reduce sum [1, 0] a",
        "y: f64[n] = reduce any [0] a",
        "y: bool = reduce max [0] b",
        "y: f64 = index x [:]",
        "y: f64 = index x [k, k]",
        "y: f64 = index a [k, pick k]",
        "y: f64[4, n] = update a [k, :] k",
        "y: bool[n] = acc b [k] b",
        "y: f64[4, 4] = matmul a, a",
        "y: i64 = argsort k",
        "y: f64[3] = random uniform [3] x",
        "y: i64 = argmax 1 x",
        "y: f64[6, 4] = lu a",
        "y: f64[4, 4] = cholesky k",
        "y: f64[5, n] = eigh x",
        "y: f64[4] = lower_solve a, x",
    ];
    for line in lines {
        breaks(5, &one(line));
    }
    passes(&one("y = reshape [2, n, 2] a"));
    passes(&one("y = reshape [7] a"));
    breaks(5, "func f[](x: f64[4]) -> () {\n  y: f64[5] = reshape [5] x\n  yield\n}\n");
    assert_eq!(
        mutated(LOOP, |f| {
            let arg = f.insts[Inst::new(0)].args[0];
            f.insts[Inst::new(0)].args.push(arg);
        }),
        5
    );
}

#[test]
fn rule_6_regions() {
    let cases = [
        "y = if x {\n    yield x\n  } else {\n    yield x\n  }",
        "y = if c {\n    yield x\n  } else {\n    yield k\n  }",
        "y = if c { (p: f64)\n    yield x\n  } else {\n    yield x\n  }",
        "y: i64 = if c {\n    yield x\n  } else {\n    yield x\n  }",
        "y = for x (x) { (i: i64, c1: f64)\n    yield c1\n  }",
        "y = for k (x) { (c1: f64)\n    yield c1\n  }",
        "y = for k (x) { (i: i64, c1: f64)\n    yield i\n  }",
        "y, z = for k (x, x) { (i: i64, c1: f64, c2: f64)\n    yield c1\n  }",
        "y = while (x) { (a: f64)\n    yield a\n  } do { (b: f64)\n    yield b\n  }",
        "y = while (x) { (a: i64)\n    yield c\n  } do { (b: f64)\n    yield b\n  }",
        "y = while (x) { (a: f64)\n    yield c\n  } do { (b: f64)\n    yield c\n  }",
        "y = map [n] () { (i: f64)\n    yield x\n  }",
        "y: f64 = map [n] () { (i: i64)\n    yield x\n  }",
        "y: f64 = map [n] (x) { (i: i64, a: f64)\n    yield\n  }",
        "y: f64 = map [n] (x) { (i: i64, a: f64)\n    yield k\n  }",
        "y = map [] () {\n    yield x\n  }",
        "y: bool = map [n] (c) { (i: i64, a: bool)\n    yield a\n  }",
    ];
    for case in cases {
        breaks(6, &format!("func f[n](x: f64, k: i64, c: bool) -> () {{\n  {case}\n  yield\n}}\n"));
    }
}

#[test]
fn rule_7_calls() {
    let callee = "func g[m](x: f64[m], k: i64) -> (f64[m], i64) {\n  yield x, k\n}\n";
    let with = |line: &str| format!("func f[n](x: f64[n + 1], k: i64) -> () {{\n  {line}\n  yield\n}}\n{callee}");
    passes(&with("a: f64[n + 1], b: i64 = call @1[n + 1](x, k)"));
    let message = breaks(7, &with("a: f64[n], b: i64 = call @1[n + 1](x, k)"));
    assert_eq!(message, "results (v2, v3): (f64[n], i64) should be (f64[n + 1], i64)");
    breaks(7, &with("a: f64[n], b: i64 = call @1[n](x, k)"));
    breaks(7, &with("a: f64[n + 1] = call @1[n + 1](x, k)"));
    breaks(7, &with("a: f64[n + 1], b: i64 = call @1[n + 1](x)"));
    breaks(7, &with("a: f64[n + 1], b: i64 = call @1[](x, k)"));
    breaks(7, &with("a: f64[n + 1], b: i64 = call @2[n + 1](x, k)"));
}

#[test]
fn rule_8_derivative_requests() {
    let callee = "func g[m](x: f64[m], k: i64) -> (f64[m], i64) {\n  yield x, k\n}
func t[](t: tape) -> tape {\n  yield t\n}\n";
    let with = |line: &str| format!("func f[n](x: f64[n], k: i64) -> () {{\n  {line}\n  yield\n}}\n{callee}");
    passes(&with("a: f64[n], b: i64, da: f64[n] = jvp @1[n](x, k) along (x, _)"));
    passes(&with("a: f64[n], b: i64, da: f64[n] = jvp @1[n](x, k) along (_, _)"));
    passes(&with("a: f64[n], b: i64, xbar: f64[n] = vjp @1[n](x, k) from (x, _) wrt [0] primal"));
    passes(&with("xbar: f64[n] = vjp @1[n](x, k) from (x, _) wrt [0]"));
    breaks(8, &with("a: f64[n], b: i64, da: f64[n], db: i64 = jvp @1[n](x, k) along (x, k)"));
    breaks(8, &with("a: f64[n], b: i64 = jvp @1[n](x, k) along (x, _)"));
    breaks(8, &with("a: f64[n], b: i64, da: f64[n] = jvp @1[n](x, k) along (k, _)"));
    breaks(8, &with("a: f64[n], b: i64, da: f64[n] = jvp @1[n](x, k) along (x)"));
    breaks(8, &with("xbar: f64[n] = vjp @1[n](x, k) from (x, k) wrt [0]"));
    breaks(8, &with("xbar: i64 = vjp @1[n](x, k) from (x, _) wrt [1]"));
    breaks(8, &with("xbar: f64[n], kbar: i64 = vjp @1[n](x, k) from (x, _) wrt [0]"));
    breaks(8, &with("xbar: f64[n] = vjp @9[n](x, k) from (x, _) wrt [0]"));
    breaks(8, &with("t = tape_new\n  s: tape = jvp @2[](t) along (_)"));
}

#[test]
fn rule_14_rules() {
    let with = |rules: &str, more: &str| {
        format!(
            "func f[n](x: f64[n], k: i64) -> (f64, i64) {rules} {{
  y = reduce sum [0] x
  yield y, k
}}
func f_jvp[n](x: f64[n], k: i64, dx: f64[n]) -> (f64, i64, f64) {{
  y = reduce sum [0] x
  dy = reduce sum [0] dx
  yield y, k, dy
}}
func f_fwd[n](x: f64[n], k: i64) -> (f64, i64, i64) {{
  y = reduce sum [0] x
  yield y, k, k
}}
func f_bwd[n](k: i64, u: f64) -> f64[n] {{
  v = broadcast [n] [] u
  yield v
}}
{more}"
        )
    };
    for rules in ["", "jvp @1", "vjp @2 @3", "jvp @1 vjp @2 @3", "apart jvp @1"] {
        passes(&with(rules, ""));
    }
    let message = breaks(14, &with("jvp @2", ""));
    assert_eq!(message, "its forward rule has another signature");
    breaks(14, &with("jvp @9", ""));
    breaks(14, &with("vjp @1 @3", ""));
    breaks(14, &with("vjp @2 @2", ""));
    breaks(14, &with("vjp @3 @3", ""));
    breaks(14, &with("jvp @4", "func g[](x: f64, k: i64, dx: f64) -> (f64, i64, f64) {\n  yield x, k, dx\n}"));
    let taped =
        "func g[n](x: f64[n], k: i64, t: tape) -> (f64, i64, tape) {\n  y = reduce sum [0] x\n  yield y, k, t\n}";
    breaks(14, &with("jvp @4", taped));
}
