//! Loops, maps, tapes.

use super::*;

#[test]
fn loops() {
    let power = "func power[](x: f64, n: i64) -> f64 {
  one = const 1.0
  y = for n (one) { (i: i64, c: f64)
    d = mul c x
    yield d
  }
  yield y
}
";
    assert_eq!(eval(power, &[], vec![real(2.0), int(10)]), [real(1024.0)]);
    assert_eq!(eval(power, &[], vec![real(2.0), int(0)]), [real(1.0)]);
    assert_eq!(eval(power, &[], vec![real(2.0), int(-3)]), [real(1.0)]);
    let counters = "func f[](n: i64) -> i64 {
  zero = const 0
  y = for n (zero) { (i: i64, c: i64)
    d = add c i
    yield d
  }
  yield y
}
";
    assert_eq!(eval(counters, &[], vec![int(5)]), [int(10)]);
    let collatz = "func collatz[](n: i64) -> i64 {
  one = const 1
  zero = const 0
  last, steps = while (n, zero) { (k: i64, s: i64)
    go = ne k one
    yield go
  } do { (k2: i64, s2: i64)
    two = const 2
    r = rem k2 two
    odd = eq r one
    next = if odd {
      three = const 3
      a = mul k2 three
      b = add a one
      yield b
    } else {
      h = floordiv k2 two
      yield h
    }
    t = add s2 one
    yield next, t
  }
  yield steps
}
";
    assert_eq!(eval(collatz, &[], vec![int(27)]), [int(111)]);
    assert_eq!(eval(collatz, &[], vec![int(1)]), [int(0)]);
}

#[test]
fn maps_with_accumulators() {
    // Squares of the entries, and a histogram of the bins they fall into.
    let text = "func f[n, m](x: f64[n], bin: i64[n], h: f64[m]) -> (f64[n], f64[m]) {
  y, total = map [n] (h) { (i: i64, acc: f64[m])
    v = index x [i]
    w = mul v v
    b = index bin [i]
    next = acc acc [b] v
    yield w, next
  }
  yield y, total
}
";
    let args = vec![counted(&[4]), Data::i64s(&[4], &[1, 0, 1, 1]), Data::f64s(&[2], &[100.0, 0.0])];
    let expected = [Data::f64s(&[4], &[1.0, 4.0, 9.0, 16.0]), Data::f64s(&[2], &[102.0, 8.0])];
    assert_eq!(eval(text, &[4, 2], args), expected);
    let none = vec![Data::f64s(&[0], &[]), Data::i64s(&[0], &[]), counted(&[2])];
    assert_eq!(eval(text, &[0, 2], none), [Data::f64s(&[0], &[]), counted(&[2])]);
    // Two extents and lanes that are arrays.
    let text = "func f[n](x: f64[3]) -> f64[n, 2, 3] {
  y = map [n, 2] () { (i: i64, j: i64)
    ten = const 10
    t = mul i ten
    k = add t j
    r = convert f64 k
    row = broadcast [3] [] r
    z = add x row
    yield z
  }
  yield y
}
";
    let expected = [1.0, 2.0, 3.0, 2.0, 3.0, 4.0, 11.0, 12.0, 13.0, 12.0, 13.0, 14.0];
    assert_eq!(eval(text, &[2], vec![counted(&[3])]), [Data::f64s(&[2, 2, 3], &expected)]);
}

#[test]
fn tapes_run_backwards() {
    // The gradient of sin applied n times, with the arguments on a tape.
    let text = "func f[](x: f64, n: i64) -> (f64, f64) {
  t0 = tape_new
  y, t1 = for n (x, t0) { (i: i64, v: f64, t: tape)
    p = push t, v
    s = sin v
    yield s, p
  }
  one = const 1.0
  xbar, t2 = for n (one, t1) { (i2: i64, vbar: f64, t3: tape)
    t4: tape, w: f64 = pop t3
    c = cos w
    d = mul c vbar
    yield d, t4
  }
  tape_end t2
  yield y, xbar
}
";
    let (s, x) = (f64::sin, 0.7_f64);
    let results = eval(text, &[], vec![real(x), int(3)]);
    let slope = s(s(x)).cos() * s(x).cos() * x.cos();
    assert!((results[0].to_f64s()[0] - s(s(s(x)))).abs() < 1e-15);
    assert!((results[1].to_f64s()[0] - slope).abs() < 1e-15);
    let stats = cost(text, &[], vec![real(x), int(3)]);
    assert_eq!(stats, Stats { ops: 1 + 3 * (1 + 1 + 1) + 3 * (1 + 1 + 1 + 1), tape_peak_bytes: 24 });
    let wrong_row = "func f[](x: f64) -> f64 {
  t = tape_new
  u = push t, x
  v: tape, y: i64 = pop u
  tape_end v
  yield x
}
";
    assert!(matches!(fails(wrong_row, &[], vec![real(x)]), FailureKind::Internal(_)));
    let left = "func f[](x: f64) -> f64 {\n  t = tape_new\n  u = push t, x\n  tape_end u\n  yield x\n}\n";
    assert!(matches!(fails(left, &[], vec![real(x)]), FailureKind::Internal(_)));
    let empty = "func f[](x: f64) -> f64 {\n  t = tape_new\n  u: tape, y: f64 = pop t\n  tape_end u\n  yield y\n}\n";
    assert!(matches!(fails(empty, &[], vec![real(x)]), FailureKind::Internal(_)));
}
