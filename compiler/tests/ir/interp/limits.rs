//! Checks, hooks, calls, limits, costs.

use super::*;
use adl_lang::message::Said;

#[test]
fn checks_fail_with_their_figures() {
    let bounds = "func f[n](i: i64[2]) -> i64 {\n  k = const 1\n  bounds slice i < n - 1\n  yield k\n}\n";
    assert_eq!(eval(bounds, &[3], vec![Data::i64s(&[2], &[0, 1])]), [int(1)]);
    let failure = fails(bounds, &[3], vec![Data::i64s(&[2], &[1, 2])]);
    assert_eq!(failure, FailureKind::IndexOutOfRange { index: 2, len: 2, what: BoundsOf::Slice });
    let negative = "func f[n]() -> () {\n  nonnegative n - 3\n  yield\n}\n";
    assert_eq!(eval(negative, &[3], vec![]), []);
    assert_eq!(fails(negative, &[1], vec![]), FailureKind::NegativeSize(-2));
    let same = "func f[n, m]() -> () {\n  samesize n, 2 * m\n  yield\n}\n";
    assert_eq!(fails(same, &[3, 2], vec![]), FailureKind::SizeMismatch(3, 4));
    let asserts = "func f[](c: bool, x: f64) -> () {\n  assert (\"x is \", $1) c, x\n  yield\n}\n";
    assert_eq!(eval(asserts, &[], vec![truth(true), real(1.0)]), []);
    let said = vec![Piece::Text("x is ".into()), Piece::Value(real(0.5), None)];
    assert_eq!(fails(asserts, &[], vec![truth(false), real(0.5)]), FailureKind::Assert(Said::plain(said)));
    let wrong = fails(bounds, &[3], vec![Data::i64s(&[3], &[0, 0, 0])]);
    assert!(matches!(wrong, FailureKind::Internal(_)));
}

#[derive(Default)]
struct Recorded(Vec<Vec<Piece>>);

impl Hooks for Recorded {
    fn print(&mut self, line: Vec<Piece>) {
        self.0.push(line);
    }

    fn random(&mut self, kind: Random, key: i64, count: usize) -> Option<Vec<Const>> {
        let one = |k: usize| match kind {
            Random::Bits => Const::I64(key + k as i64),
            Random::Uniform | Random::Normal => Const::F64((key + k as i64) as f64),
        };
        Some((0..count).map(one).collect())
    }
}

#[test]
fn hooks() {
    let text = "func f[n](key: i64) -> (f64[2, n], i64) {
  x = random uniform [2, n] key
  b = random bits [] key
  print (\"b = \", $0) b
  yield x, b
}
";
    let mut hooks = Recorded::default();
    let results = run(&read(text), FuncId::new(0), &[2], vec![int(5)], &mut hooks).expect("results");
    assert_eq!(results, [Data::f64s(&[2, 2], &[5.0, 6.0, 7.0, 8.0]), int(5)]);
    assert_eq!(hooks.0, [[Piece::Text("b = ".into()), Piece::Value(int(5), None)]]);
}

#[test]
fn calls_and_limits() {
    let text = "func f[](n: i64) -> i64 {
  zero = const 0
  last = le n zero
  y = if last {
    yield zero
  } else {
    one = const 1
    m = sub n one
    r: i64 = call @0[](m)
    s = add r n
    yield s
  }
  yield y
}
";
    assert_eq!(eval(text, &[], vec![int(100)]), [int(5050)]);
    assert_eq!(fails(text, &[], vec![int(20_000)]), FailureKind::TooDeep);
    let sizes = "func f[n](x: f64[n, 2]) -> f64[2 * n] {
  y = reshape [2 * n] x
  z: f64[2 * n] = call @1[2 * n](y)
  yield z
}

func g[m](x: f64[m]) -> f64[m] {
  y = add x x
  yield y
}
";
    assert_eq!(eval(sizes, &[1], vec![counted(&[1, 2])]), [Data::f64s(&[2], &[2.0, 4.0])]);
    let forever = "func f[](c: bool) -> bool {
  d = while (c) { (a: bool)
    yield a
  } do { (b: bool)
    yield b
  }
  yield d
}
";
    let limits = Limits { ops: 1000, ..Limits::default() };
    let (result, stats) = run_counted(&read(forever), FuncId::new(0), &[], vec![truth(true)], &mut NoHooks, limits);
    assert_eq!(result.map_err(|failure| failure.kind), Err(FailureKind::OutOfFuel));
    assert_eq!(stats.ops, 1001);
    let huge = "func f[n](x: f64) -> f64[n] {\n  y = broadcast [n] [] x\n  yield y\n}\n";
    let (result, _) = run_counted(&read(huge), FuncId::new(0), &[1 << 60], vec![real(0.0)], &mut NoHooks, limits);
    assert_eq!(result.map_err(|failure| failure.kind), Err(FailureKind::OutOfFuel));
}

#[test]
fn updates_cost_what_they_touch() {
    let text = "func f[n](x: f64[n], k: i64) -> f64[n] {
  one = const 1.0
  y = for k (x) { (i: i64, c: f64[n])
    v = index c [i]
    w = add v one
    d = update c [i] w
    yield d
  }
  yield y
}
";
    let small = cost(text, &[10], vec![counted(&[10]), int(10)]);
    let large = cost(text, &[1000], vec![counted(&[1000]), int(10)]);
    assert_eq!(small, large);
    assert_eq!(small.ops, 1 + 10 * 4);
}

#[test]
fn requests_are_resolved_before() {
    let text = "func f[](x: f64) -> f64 {
  y: f64, dy: f64 = jvp @1[](x) along (x)
  yield dy
}

func g[](x: f64) -> f64 {
  yield x
}
";
    assert!(matches!(fails(text, &[], vec![real(1.0)]), FailureKind::Internal(_)));
}
