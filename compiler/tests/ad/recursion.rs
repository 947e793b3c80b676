//! Recursive functions, to third order in all eight mixtures of the modes where the numbers are known.

use crate::support::{ARR, Dice, check, expect, last, read};
use adl_compiler::interp::Data;
use adl_lang::ops::Const;

#[test]
fn recursion_power() {
    let text = "
func @0 power[](x: f64, n: i64) -> f64 {
  zero = const 0
  end = eq n zero
  y = if end {
    one = const 1.0
    yield one
  } else {
    two = const 2
    r = rem n two
    even = eq r zero
    z = if even {
      h = floordiv n two
      p: f64 = call @0[](x, h)
      pp = mul p p
      yield pp
    } else {
      u = const 1
      m = sub n u
      q: f64 = call @0[](x, m)
      xq = mul x q
      yield xq
    }
    yield z
  }
  yield y
}
func @1 main[](x: f64) -> f64 {
  n = const 13
  y: f64 = call @0[](x, n)
  yield y
}
";
    expect(text, 1.1, &[3.4522712143931, 40.799568897373, 445.08620615316, 4450.8620615316]);
}

#[test]
fn recursive_tree_over_an_array() {
    let text = ARR.to_string()
        + "
func @1 tree[](a: f64[6], lo: i64, hi: i64) -> f64 {
  len = sub hi lo
  one = const 1
  leaf = eq len one
  y = if leaf {
    v = index a [lo]
    sv = sin v
    v2 = mul v v
    w = mul v2 sv
    yield w
  } else {
    two = const 2
    sum = add lo hi
    mid = floordiv sum two
    l: f64 = call @1[](a, lo, mid)
    r: f64 = call @1[](a, mid, hi)
    c = const 0.1
    lr = mul l r
    clr = mul c lr
    s1 = add l r
    s2 = add s1 clr
    yield s2
  }
  yield y
}
func @2 main[](s: f64) -> f64 {
  a: f64[6] = call @0[](s)
  lo = const 0
  hi = const 6
  y: f64 = call @1[](a, lo, hi)
  yield y
}
";
    expect(&text, 0.3, &[-0.176105296557038, -0.848485930366107, -3.73293803761014, -6.7256309409872]);
}

#[test]
fn mutual_recursion() {
    let text = "
func @0 even[n](x: f64, a: f64[n], k: i64) -> (f64, f64[n]) {
  zero = const 0
  end = le k zero
  y, b = if end {
    yield x, a
  } else {
    one = const 1
    m = sub k one
    s = sin x
    v = index a [m]
    t = mul s v
    c = update a [m] t
    z: f64, d: f64[n] = call @1[n](t, c, m)
    w = mul z s
    yield w, d
  }
  yield y, b
}
func @1 odd[n](x: f64, a: f64[n], k: i64) -> (f64, f64[n]) {
  one = const 1
  m = sub k one
  e = exp x
  y: f64, b: f64[n] = call @0[n](e, a, m)
  z: f64, c: f64[n] = call @0[n](y, b, m)
  yz = mul y z
  yield yz, c
}
func @2 main[n](x: f64, a: f64[n]) -> (f64, f64[n]) {
  k = const 4
  y: f64, b: f64[n] = call @0[n](x, a, k)
  yield y, b
}
";
    let module = read(text);
    let args = [Data::scalar(Const::F64(0.4)), Data::f64s(&[4], &[0.3, -0.5, 0.8, 0.6])];
    check(&module, last(&module), &[4], &args, 2, &mut Dice(11));
}

#[test]
fn tree_in_a_map_over_a_shared_array() {
    let text = "
func @0 tree[n](a: f64[n], lo: i64, hi: i64, s: f64) -> f64 {
  len = sub hi lo
  one = const 1
  leaf = eq len one
  y = if leaf {
    v = index a [lo]
    w = mul v s
    sw = sin w
    yield sw
  } else {
    two = const 2
    sum = add lo hi
    mid = floordiv sum two
    l: f64 = call @0[n](a, lo, mid, s)
    r: f64 = call @0[n](a, mid, hi, s)
    p = mul l r
    q = add p l
    yield q
  }
  yield y
}
func @1 main[n](a: f64[n], s: f64) -> (f64[n], f64) {
  n = size n
  zero = const 0
  y = map [n] () { (i: i64)
    v = index a [i]
    u = mul v s
    t: f64 = call @0[n](a, zero, n, u)
    w = mul t v
    yield w
  }
  z = reduce sum [0] y
  yield y, z
}
";
    let module = read(text);
    let args = [Data::f64s(&[5], &[0.3, -0.5, 0.8, 0.6, -0.9]), Data::scalar(Const::F64(0.7))];
    check(&module, last(&module), &[5], &args, 2, &mut Dice(12));
}
