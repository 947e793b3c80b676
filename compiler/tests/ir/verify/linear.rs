//! Rules 9 to 13.

use super::*;

#[test]
fn rule_9_checks_and_lines() {
    for line in [
        "bounds index x < n",
        "assert (\"no\") x",
        "assert (\"no\", $2) c, x",
        "assert (\"no\")",
        "print ($1) x",
        "t = tape_new\n  print ($0) t",
    ] {
        breaks(9, &format!("func f[n](x: f64, c: bool) -> () {{\n  {line}\n  yield\n}}\n"));
    }
}

#[test]
fn rule_10_tape_instructions() {
    for line in [
        "t = tape_new x",
        "t: tape = push x, x",
        "t: tape, y: f64 = pop x",
        "tape_end x",
        "t = tape_new\n  y: f64 = pop t",
        "t = tape_new\n  u = tape_new\n  s = push t, u",
        "t = tape_new\n  s: f64 = push t, x",
    ] {
        breaks(10, &format!("func f[](x: f64) -> () {{\n  {line}\n  yield\n}}\n"));
    }
}

/// A function with a tape parameter and these lines.
fn taped(lines: &str, results: &str, yields: &str) -> String {
    format!("func f[n](t: tape, x: f64, k: i64, c: bool) -> ({results}) {{\n  {lines}\n  yield {yields}\n}}\n")
}

#[test]
fn rule_11_tapes_are_linear() {
    breaks(11, &taped("a = push t, x\n  b = push t, x", "", ""));
    breaks(11, &taped("a = push t, x", "tape", "t"));
    breaks(
        11,
        &taped(
            "y = for k (x) { (i: i64, v: f64)\n    s, w: f64 = pop t\n    yield w\n  }"
                .replace("s,", "s: tape,")
                .as_str(),
            "",
            "",
        ),
    );
    breaks(11, &taped("y = map [n] () { (i: i64)\n    s: tape, w: f64 = pop t\n    yield w\n  }", "", ""));
    let branch = |then: &str, otherwise: &str| {
        format!(
            "y = if c {{
    a: tape, w: f64 = pop {then}
    yield w
  }} else {{
    {otherwise}
    yield x
  }}"
        )
    };
    passes(&taped(&branch("t", "tape_end t"), "", ""));
    breaks(11, &taped(&branch("t", "tape_end t"), "tape", "t"));
    breaks(11, &taped(&branch("t", "tape_end t\n    tape_end t"), "", ""));
    passes(&taped(
        "s, y = for k (t, x) { (i: i64, u: tape, v: f64)\n    r = push u, v\n    yield r, v\n  }",
        "tape",
        "s",
    ));
    passes(&taped(
        "s, y = while (t, x) { (p: tape, q: f64)
    yield c
  } do { (u: tape, v: f64)
    r = push u, v
    yield r, v
  }",
        "tape",
        "s",
    ));
}

#[test]
fn rule_12_tests_are_pure() {
    let with = |test: &str| {
        format!(
            "s, y = while (t, x) {{ (p: tape, q: f64)
    {test}
    yield c
  }} do {{ (u: tape, v: f64)
    yield u, v
  }}"
        )
    };
    breaks(12, &taped(&with("r = push p, q"), "tape", "s"));
    breaks(12, &taped(&with("r: tape, w: f64 = pop p"), "tape", "s"));
    passes(&taped(&with("r = tape_new\n    o = push r, q\n    l: tape, w: f64 = pop o\n    tape_end l"), "tape", "s"));
}

#[test]
fn rule_13_accumulators() {
    let with = |lines: &str, yields: &str| {
        format!(
            "func f[n](x: f64[n], c: bool, k: i64) -> f64[n] {{
  z, y = map [n] (x) {{ (i: i64, a: f64[n])
    e = const 1.0
    {lines}
    yield {yields}
  }}
  yield y
}}
func add[n](a: f64[n], v: f64, k: i64) -> (f64[n], f64) {{
  i = const 0
  stop = eq k i
  b, w: f64 = if stop {{
    yield a, v
  }} else {{
    b1 = acc a [i] v
    b2: f64[n], w2: f64 = call @1[n](b1, v, i)
    yield b2, w2
  }}
  yield b, w
}}
func peek[n](a: f64[n]) -> (f64[n], f64) {{
  s = reduce sum [0] a
  yield a, s
}}
"
        )
    };
    passes(&with("b = acc a [i] e", "e, b"));
    passes(&with(
        "b, s = for k (a, e) { (j: i64, p: f64[n], q: f64)\n      r = acc p [j] q\n      yield r, q\n    }",
        "s, b",
    ));
    passes(&with("b = if c {\n      r = acc a [i] e\n      yield r\n    } else {\n      yield a\n    }", "e, b"));
    passes(&with("b: f64[n], w: f64 = call @1[n](a, e, i)", "w, b"));
    passes(&with("m, b = map [2] (a) { (j: i64, p: f64[n])\n      yield e, p\n    }", "e, b"));
    breaks(13, &with("r = index a [i]", "r, a"));
    breaks(13, &with("b = update a [i] e", "e, b"));
    breaks(13, &with("b = acc a [:] a", "e, b"));
    breaks(13, &with("", "a, a"));
    breaks(13, &with("", "e, x"));
    breaks(13, &with("b = if c {\n      yield a\n    } else {\n      yield x\n    }", "e, b"));
    breaks(13, &with("b = for k (a) { (j: i64, p: f64[n])\n      yield x\n    }", "e, b"));
    breaks(13, &with("b, d = for k (a, x) { (j: i64, p: f64[n], q: f64[n])\n      yield q, p\n    }", "e, b"));
    breaks(13, &with("d = for k (x) { (j: i64, p: f64[n])\n      yield a\n    }", "e, a"));
    breaks(
        13,
        &with(
            "b = while (a) { (p: f64[n])
      s = reduce sum [0] p
      l = lt s e
      yield l
    } do { (p2: f64[n])
      yield p2
    }",
            "e, b",
        ),
    );
    breaks(13, &with("b: f64[n], w: f64 = call @2[n](a)", "w, b"));
    breaks(13, &with("b: f64[n], w: f64 = call @1[n](a, e, i)\n    s = reduce sum [0] b", "s, b"));
    breaks(13, &with("m = map [2] () { (j: i64)\n      yield a\n    }", "e, a"));
    // Elsewhere the same functions may be called with arrays that are read.
    passes(
        "func f[n](x: f64[n]) -> f64 {\n  s = reduce sum [0] x\n  a: f64[n], b: f64 = call @1[n](x)\n  yield b\n}
func peek[n](a: f64[n]) -> (f64[n], f64) {\n  s = reduce sum [0] a\n  yield a, s\n}\n",
    );
}
