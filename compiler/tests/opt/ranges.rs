//! What is known of whole numbers: bounds checks that are proven away, and arithmetic that cannot overflow.

use crate::support::{after, main, read};
use adl_compiler::opt::{intervals, ranges};

/// How many bounds checks are left.
fn checks_left(text: &str) -> usize {
    after(text, |func, _| ranges::ranges(func)).to_string().matches("bounds").count()
}

/// The cases of `cases/ranges/bounds.txt`, each behind a line `---`.
#[test]
fn bounds_in_range_are_proven() {
    let text = include_str!("cases/ranges/bounds.txt");
    let cases: Vec<&str> = text.split("---\n").skip(1).collect();
    for case in &cases {
        let left = case.lines().find_map(|line| line.strip_prefix("; left: ")?.parse().ok());
        assert_eq!(Some(checks_left(case)), left, "{case}");
    }
    assert!(cases.len() > 10, "{} cases", cases.len());
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
