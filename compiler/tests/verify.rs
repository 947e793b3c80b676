//! The rules of the verifier: what it lets pass, and for each rule something broken that it refuses.

use adl_compiler::ir::entity::Entity;
use adl_compiler::ir::func::{Block, Def, Func, FuncId, Inst, Kind, Module, Value};
use adl_compiler::ir::parse::parse;
use adl_compiler::ir::verify::verify;
use adl_lang::types::{Dim, Sym};

fn read(text: &str) -> Module {
    parse(text).unwrap_or_else(|problem| panic!("{problem}\n{text}"))
}

fn passes(text: &str) {
    if let Err(broken) = verify(&read(text)) {
        panic!("{broken}\n{text}");
    }
}

/// The rule that is broken, and what is said about it.
fn refused(module: &Module) -> (u8, String) {
    match verify(module) {
        Ok(_) => panic!("nobody objects\n{module}"),
        Err(broken) => (broken.rule, broken.message),
    }
}

fn breaks(rule: u8, text: &str) -> String {
    let (found, message) = refused(&read(text));
    assert_eq!(found, rule, "{message}\n{text}");
    message
}

/// A sound function, changed by hand.
fn mutated(text: &str, change: impl FnOnce(&mut Func)) -> u8 {
    passes(text);
    let mut module = read(text);
    change(&mut module.funcs[FuncId::new(0)]);
    refused(&module).0
}

const LOOP: &str = "func f[n](x: f64[n], k: i64) -> f64[n] {
  y = for k (x) { (i: i64, c: f64[n])
    d = sin c
    yield d
  }
  yield y
}
";

#[test]
fn rule_1_ownership() {
    let body = |func: &Func| {
        func.insts
            .keys()
            .find(|&i| matches!(func.insts[i].kind, Kind::For { .. }))
            .expect("a loop")
    };
    assert_eq!(
        mutated(LOOP, |f| f.blocks[f.body].insts.push(Inst::new(0))),
        1
    );
    assert_eq!(
        mutated(LOOP, |f| f.blocks[f.body].insts.push(Inst::new(99))),
        1
    );
    assert_eq!(
        mutated(LOOP, |f| f.blocks[f.body].yields[0] = Value::new(99)),
        1
    );
    assert_eq!(
        mutated(LOOP, |f| {
            let owner = body(f);
            f.insts[owner].kind = Kind::For { body: f.body };
        }),
        1
    );
    assert_eq!(
        mutated(LOOP, |f| {
            let owner = body(f);
            f.insts[owner].kind = Kind::For {
                body: Block::new(99),
            };
        }),
        1
    );
}

#[test]
fn rule_2_definition() {
    assert_eq!(
        mutated(LOOP, |f| f.values[Value::new(0)].def =
            Def::Param(Block::new(0), 1)),
        2
    );
    assert_eq!(
        mutated(LOOP, |f| {
            let y = f.results()[0];
            let body = f.body;
            f.blocks[body].params.push(y);
        }),
        2
    );
}

#[test]
fn rule_3_dominance() {
    let inner = "func f[](x: f64, c: bool) -> f64 {
  y = if c {
    a = sin x
    yield a
  } else {
    yield x
  }
  z = add a y
  yield z
}
";
    breaks(3, inner);
    // An operand that is defined later, or by the instruction itself.
    let straight = "func f[](x: f64) -> f64 {\n  a = sin x\n  b = cos a\n  yield b\n}\n";
    assert_eq!(mutated(straight, |f| f.blocks[f.body].insts.reverse()), 3);
    assert_eq!(
        mutated(straight, |f| {
            let own = f.insts[Inst::new(0)].results[0];
            f.insts[Inst::new(0)].args[0] = own;
        }),
        3
    );
    // A result of the owner is not there yet in its block.
    assert_eq!(
        mutated(LOOP, |f| {
            let (owner, result) = (f.blocks[f.body].insts[0], f.results()[0]);
            let body = f.insts[owner].kind.blocks()[0];
            f.blocks[body].yields[0] = result;
        }),
        3
    );
}

#[test]
fn rule_4_sizes() {
    breaks(
        4,
        "func f[n](x: f64[n, s1]) -> f64 {\n  a = reduce sum [0, 1] x\n  yield a\n}\n",
    );
    breaks(
        4,
        "func f[n](x: f64[n]) -> i64 {\n  a = size n + s7\n  yield a\n}\n",
    );
    breaks(
        4,
        "func f[n](x: f64[n]) -> f64[n] {\n  nonnegative (s3 // 2)\n  yield x\n}\n",
    );
    assert_eq!(mutated(LOOP, |f| f.sizes.clear()), 4);
}

#[test]
fn rule_5_operations() {
    let one = |line: &str| {
        format!(
            "func f[n](x: f64[n], a: f64[4, n], k: i64, b: bool[n]) -> () {{\n  {line}\n  yield\n}}\n"
        )
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
    ];
    for line in lines {
        breaks(5, &one(line));
    }
    passes(&one("y = reshape [2, n, 2] a"));
    passes(&one("y = reshape [7] a"));
    breaks(
        5,
        "func f[](x: f64[4]) -> () {\n  y: f64[5] = reshape [5] x\n  yield\n}\n",
    );
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
        breaks(
            6,
            &format!("func f[n](x: f64, k: i64, c: bool) -> () {{\n  {case}\n  yield\n}}\n"),
        );
    }
}

#[test]
fn rule_7_calls() {
    let callee = "func g[m](x: f64[m], k: i64) -> (f64[m], i64) {\n  yield x, k\n}\n";
    let with = |line: &str| {
        format!("func f[n](x: f64[n + 1], k: i64) -> () {{\n  {line}\n  yield\n}}\n{callee}")
    };
    passes(&with("a: f64[n + 1], b: i64 = call @1[n + 1](x, k)"));
    let message = breaks(7, &with("a: f64[n], b: i64 = call @1[n + 1](x, k)"));
    assert_eq!(
        message,
        "results (v2, v3): (f64[n], i64) should be (f64[n + 1], i64)"
    );
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
    let with = |line: &str| {
        format!("func f[n](x: f64[n], k: i64) -> () {{\n  {line}\n  yield\n}}\n{callee}")
    };
    passes(&with(
        "a: f64[n], b: i64, da: f64[n] = jvp @1[n](x, k) along (x, _)",
    ));
    passes(&with(
        "a: f64[n], b: i64, da: f64[n] = jvp @1[n](x, k) along (_, _)",
    ));
    passes(&with(
        "a: f64[n], b: i64, xbar: f64[n] = vjp @1[n](x, k) from (x, _) wrt [0] primal",
    ));
    passes(&with("xbar: f64[n] = vjp @1[n](x, k) from (x, _) wrt [0]"));
    breaks(
        8,
        &with("a: f64[n], b: i64, da: f64[n], db: i64 = jvp @1[n](x, k) along (x, k)"),
    );
    breaks(8, &with("a: f64[n], b: i64 = jvp @1[n](x, k) along (x, _)"));
    breaks(
        8,
        &with("a: f64[n], b: i64, da: f64[n] = jvp @1[n](x, k) along (k, _)"),
    );
    breaks(
        8,
        &with("a: f64[n], b: i64, da: f64[n] = jvp @1[n](x, k) along (x)"),
    );
    breaks(
        8,
        &with("xbar: f64[n] = vjp @1[n](x, k) from (x, k) wrt [0]"),
    );
    breaks(8, &with("xbar: i64 = vjp @1[n](x, k) from (x, _) wrt [1]"));
    breaks(
        8,
        &with("xbar: f64[n], kbar: i64 = vjp @1[n](x, k) from (x, _) wrt [0]"),
    );
    breaks(
        8,
        &with("xbar: f64[n] = vjp @9[n](x, k) from (x, _) wrt [0]"),
    );
    breaks(8, &with("t = tape_new\n  s: tape = jvp @2[](t) along (_)"));
}

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
        breaks(
            9,
            &format!("func f[n](x: f64, c: bool) -> () {{\n  {line}\n  yield\n}}\n"),
        );
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
        breaks(
            10,
            &format!("func f[](x: f64) -> () {{\n  {line}\n  yield\n}}\n"),
        );
    }
}

/// A function with a tape parameter and these lines.
fn taped(lines: &str, results: &str, yields: &str) -> String {
    format!(
        "func f[n](t: tape, x: f64, k: i64, c: bool) -> ({results}) {{\n  {lines}\n  yield {yields}\n}}\n"
    )
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
    breaks(
        11,
        &taped(
            "y = map [n] () { (i: i64)\n    s: tape, w: f64 = pop t\n    yield w\n  }",
            "",
            "",
        ),
    );
    let branch = |then: &str, otherwise: &str| {
        format!(
            "y = if c {{\n    a: tape, w: f64 = pop {then}\n    yield w\n  }} else {{\n    {otherwise}\n    yield x\n  }}"
        )
    };
    passes(&taped(&branch("t", "tape_end t"), "", ""));
    breaks(11, &taped(&branch("t", "tape_end t"), "tape", "t"));
    breaks(
        11,
        &taped(&branch("t", "tape_end t\n    tape_end t"), "", ""),
    );
    passes(&taped(
        "s, y = for k (t, x) { (i: i64, u: tape, v: f64)\n    r = push u, v\n    yield r, v\n  }",
        "tape",
        "s",
    ));
    passes(&taped(
        "s, y = while (t, x) { (p: tape, q: f64)\n    yield c\n  } do { (u: tape, v: f64)\n    r = push u, v\n    yield r, v\n  }",
        "tape",
        "s",
    ));
}

#[test]
fn rule_12_tests_are_pure() {
    let with = |test: &str| {
        format!(
            "s, y = while (t, x) {{ (p: tape, q: f64)\n    {test}\n    yield c\n  }} do {{ (u: tape, v: f64)\n    yield u, v\n  }}"
        )
    };
    breaks(12, &taped(&with("r = push p, q"), "tape", "s"));
    breaks(12, &taped(&with("r: tape, w: f64 = pop p"), "tape", "s"));
    passes(&taped(
        &with("r = tape_new\n    o = push r, q\n    l: tape, w: f64 = pop o\n    tape_end l"),
        "tape",
        "s",
    ));
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
    passes(&with(
        "b = if c {\n      r = acc a [i] e\n      yield r\n    } else {\n      yield a\n    }",
        "e, b",
    ));
    passes(&with("b: f64[n], w: f64 = call @1[n](a, e, i)", "w, b"));
    passes(&with(
        "m, b = map [2] (a) { (j: i64, p: f64[n])\n      yield e, p\n    }",
        "e, b",
    ));
    breaks(13, &with("r = index a [i]", "r, a"));
    breaks(13, &with("b = update a [i] e", "e, b"));
    breaks(13, &with("b = acc a [:] a", "e, b"));
    breaks(13, &with("", "a, a"));
    breaks(13, &with("", "e, x"));
    breaks(
        13,
        &with(
            "b = if c {\n      yield a\n    } else {\n      yield x\n    }",
            "e, b",
        ),
    );
    breaks(
        13,
        &with(
            "b = for k (a) { (j: i64, p: f64[n])\n      yield x\n    }",
            "e, b",
        ),
    );
    breaks(
        13,
        &with(
            "b, d = for k (a, x) { (j: i64, p: f64[n], q: f64[n])\n      yield q, p\n    }",
            "e, b",
        ),
    );
    breaks(
        13,
        &with(
            "d = for k (x) { (j: i64, p: f64[n])\n      yield a\n    }",
            "e, a",
        ),
    );
    breaks(
        13,
        &with(
            "b = while (a) { (p: f64[n])\n      s = reduce sum [0] p\n      l = lt s e\n      yield l\n    } do { (p2: f64[n])\n      yield p2\n    }",
            "e, b",
        ),
    );
    breaks(13, &with("b: f64[n], w: f64 = call @2[n](a)", "w, b"));
    breaks(
        13,
        &with(
            "b: f64[n], w: f64 = call @1[n](a, e, i)\n    s = reduce sum [0] b",
            "s, b",
        ),
    );
    breaks(
        13,
        &with("m = map [2] () { (j: i64)\n      yield a\n    }", "e, a"),
    );
    // Elsewhere the same functions may be called with arrays that are read.
    passes("func f[n](x: f64[n]) -> f64 {\n  s = reduce sum [0] x\n  a: f64[n], b: f64 = call @1[n](x)\n  yield b\n}
func peek[n](a: f64[n]) -> (f64[n], f64) {\n  s = reduce sum [0] a\n  yield a, s\n}\n");
}

#[test]
fn size_parameters_of_the_callee_are_checked_in_its_own_function() {
    let mut module = read(LOOP);
    module.funcs[FuncId::new(0)].values[Value::new(0)].ty = adl_compiler::ir::Type::Data(
        adl_lang::types::Ty::array(adl_lang::types::DType::F64, [Dim::sym(Sym(1))]),
    );
    assert_eq!(refused(&module), (4, "s1 is no size parameter".to_string()));
}
