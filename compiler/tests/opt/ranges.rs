//! What is known of whole numbers: bounds checks that are proven away, and arithmetic that cannot overflow.

use crate::support::{after, main, read};
use adl_compiler::opt::{intervals, ranges};

/// How many bounds checks are left.
fn checks_left(text: &str) -> usize {
    after(text, |func, _| ranges::ranges(func)).to_string().matches("bounds").count()
}

#[test]
fn bounds_in_range_are_proven() {
    let cases = [
        // Counters, offsets, the other way round.
        (0, "m = size n\n for_n: f64 = for m (z) { (i: i64, u: f64)\n bounds index i < n\n yield u\n }"),
        (
            0,
            "m = size n - 1\n r = for m (z) { (i: i64, u: f64)\n one = const 1\n j = add i one\n bounds index j < n\n yield u\n }",
        ),
        (
            0,
            "m = size n\n r = for m (z) { (i: i64, u: f64)\n l = size n - 1\n j = sub l i\n bounds index j < n\n yield u\n }",
        ),
        (
            1,
            "m = size n\n r = for m (z) { (i: i64, u: f64)\n one = const 1\n j = add i one\n bounds index j < n\n yield u\n }",
        ),
        (1, "m = size n\n r = for k (z) { (i: i64, u: f64)\n bounds index i < n\n yield u\n }"),
        // Conditions.
        (
            0,
            "zero = const 0\n m = size n\n a = ge k zero\n b = lt k m\n c = and a b\n r = if c {\n bounds index k < n\n yield z\n } else {\n yield z\n }",
        ),
        (
            1,
            "zero = const 0\n m = size n\n a = ge k zero\n b = lt k m\n c = or a b\n r = if c {\n bounds index k < n\n yield z\n } else {\n yield z\n }",
        ),
        (
            0,
            "m = size n\n zero = const 0\n one = const 1\n r = for m (z) { (i: i64, u: f64)\n c = gt i zero\n d = if c {\n j = sub i one\n bounds index j < n\n yield u\n } else {\n yield z\n }\n yield d\n }",
        ),
        // Rows.
        (
            0,
            "r = map [n, m] () { (i: i64, j: i64)\n w = size m\n a = mul i w\n b = add a j\n bounds index b < n * m\n yield z\n }",
        ),
        // Remainders, clamps, choices.
        (
            0,
            "m = size n\n r = for m (z) { (i: i64, u: f64)\n one = const 1\n j = add i one\n p = rem j m\n bounds index p < n\n yield u\n }",
        ),
        (
            0,
            "m = size n\n r = for m (z) { (i: i64, u: f64)\n l = size n - 1\n o = const 0\n a = max k o\n p = min a l\n bounds index p < n\n yield u\n }",
        ),
        (
            0,
            "m = size n\n r = for m (z) { (i: i64, u: f64)\n one = const 1\n o = const 0\n j = add i one\n e = eq j m\n p = select e o j\n bounds index p < n\n yield u\n }",
        ),
        (
            0,
            "m = size n\n r = for m (z) { (i: i64, u: f64)\n two = const 2\n p = floordiv i two\n bounds index p < n\n yield u\n }",
        ),
        // A check that passed, carries, whiles.
        (1, "bounds index k < n\n bounds index k < n + 1"),
        (
            0,
            "m = size n\n o = const 0\n one = const 1\n r = for m (o) { (i: i64, u: i64)\n bounds index u < n\n v = add u one\n yield v\n }",
        ),
        (
            0,
            "m = size n\n o = const 0\n one = const 1\n r = while (o) { (i: i64)\n c = lt i m\n yield c\n } do { (j: i64)\n bounds index j < n\n v = add j one\n yield v\n }",
        ),
        // Triangles.
        (
            0,
            "m = size n\n r = for m (z) { (i: i64, u: f64)\n s = for i (u) { (j: i64, v: f64)\n bounds index j < n\n yield v\n }\n yield s\n }",
        ),
    ];
    for (left, body) in cases {
        let body = body.replace("for_n: f64", "r");
        let text =
            format!("func f[n, m](x: f64[n], y: f64[m], k: i64) -> f64 {{\n z = const 0.0\n {body}\n yield z\n}}\n");
        assert_eq!(checks_left(&text), left, "{text}");
    }
}

#[test]
fn counters_do_not_overflow() {
    let module = read(
        "func f[n](x: f64[n], k: i64) -> i64 {
           m = size n
           one = const 1
           r = for m (one) { (i: i64, u: i64)
             a = add i one
             b = mul u a
             yield b
           }
           yield r
         }",
    );
    let func = &module.funcs[main()];
    let safe = intervals::no_overflow(func);
    let count = |prim: adl_lang::prims::Prim| {
        let of =
            |i| matches!(&func.insts[i].kind, adl_compiler::ir::Kind::Pure(adl_lang::ops::Op::Prim(p)) if *p == prim);
        func.insts.keys().filter(|&i| of(i) && safe[i]).count()
    };
    assert_eq!((count(adl_lang::prims::Prim::Add), count(adl_lang::prims::Prim::Mul)), (1, 0));
}

#[test]
fn a_size_that_is_no_length_may_be_negative() {
    // The whole number `k` is a size parameter, but no axis: only `k < n` is known.
    let guarded = "func @0 main[n, k](v0: f64[n]) -> f64 {
      v1 = size k
      v2 = size n
      v3 = lt v1 v2
      v4 = if v3 {
        bounds index v1 < n
        v5 = index v0 [v1]
        yield v5
      } else {
        v6 = const 0.0
        yield v6
      }
      yield v4
    }";
    assert_eq!(checks_left(guarded), 1);
    let module = read(
        "func @0 main[n, k](v0: f64[n]) -> (i64, i64) {
      v1 = size n
      v2 = size k
      v3 = const 1
      v4 = add v1 v3
      v5 = add v2 v3
      yield v4, v5
    }",
    );
    let func = &module.funcs[main()];
    let safe = intervals::no_overflow(func);
    let sums: Vec<bool> = func.blocks[func.body].insts[3..].iter().map(|&inst| safe[inst]).collect();
    assert_eq!(sums, [true, false]);
}
