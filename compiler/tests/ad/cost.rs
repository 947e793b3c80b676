//! The cheap gradient principle: a gradient executes a small number of operations for each one of its function, however
//! long the loop or the array is.

use crate::support::{Dice, Mode, counted, derivative, last, read, resolved};
use adl_compiler::interp::{Data, NoHooks};
use adl_lang::ops::Const;

/// Operations of the gradient for each operation of the last function of the text, which has parameters
/// `(x: f64[n])` and one result.
fn ratio(text: &str, n: usize) -> f64 {
    let mut module = read(text);
    let func = last(&module);
    let gradient = derivative(&mut module, func, Mode::Reverse);
    let ready = resolved(&module, &[func, gradient]);
    let x = Dice(3).like(&Data::f64s(&[n], &vec![0.0; n]));
    let one = Data::scalar(Const::F64(1.0));
    let primal = counted(&ready, func, &[n as i64], std::slice::from_ref(&x), &mut NoHooks).1;
    let both = counted(&ready, gradient, &[n as i64], &[x, one], &mut NoHooks).1;
    both.ops as f64 / primal.ops as f64
}

fn cheap(name: &str, text: &str) {
    costs(name, text, 5.0);
}

fn costs(name: &str, text: &str, most: f64) {
    let (short, long) = (ratio(text, 40), ratio(text, 400));
    println!("{name}: {short:.2} {long:.2}");
    assert!(long < most, "{name}: {long}");
    assert!(long < short * 1.1, "{name} grows: {short}, then {long}");
}

const MAIN: &str = "  n = size n
  zero = const 0
  x0 = index x [zero]
";

fn main(number: usize, body: &str) -> String {
    format!("func @{number} main[n](x: f64[n]) -> f64 {{\n{MAIN}{body}\n  yield y\n}}\n")
}

#[test]
fn scalar_loop() {
    let body = "  y = for n (x0) { (i: i64, a: f64)
    s = sin a
    c = const 0.3
    p = mul c a
    q = add s p
    t = mul q x0
    yield t
  }";
    cheap("scalar for", &main(0, body));
}

#[test]
fn scalar_while() {
    let body = "  y, k = while (x0, zero) { (a0: f64, k0: i64)
    c = lt k0 n
    yield c
  } do { (a: f64, k1: i64)
    s = sin a
    c3 = const 0.3
    p = mul c3 a
    q = add s p
    t = mul q x0
    one = const 1
    k2 = add k1 one
    yield t, k2
  }";
    cheap("scalar while", &main(0, body));
}

#[test]
fn loop_reading_an_array() {
    let body = "  y = for n (x0) { (i: i64, a: f64)
    xi = index x [i]
    s = sin a
    t = mul s xi
    yield t
  }";
    cheap("loop reading an array", &main(0, body));
}

#[test]
fn loop_with_updates() {
    let body = "  one = const 1
  m = sub n one
  a = for m (x) { (j: i64, a1: f64[n])
    one1 = const 1
    i = add j one1
    p = index a1 [j]
    q = index a1 [i]
    sn = sin p
    t = mul sn q
    a2 = update a1 [i] t
    yield a2
  }
  y = index a [m]";
    cheap("array loop with updates", &main(0, body));
}

#[test]
fn updates_in_a_branch() {
    let body = "  a = for n (x) { (i: i64, a1: f64[n])
    p = index a1 [i]
    z = const 0.0
    c = lt p z
    a4 = if c {
      sn = sin p
      t = mul sn p
      a2 = update a1 [i] t
      yield a2
    } else {
      yield a1
    }
    yield a4
  }
  y = reduce sum [0] a";
    cheap("update in a branch", &main(0, body));
}

#[test]
fn nested_loops() {
    let body = "  three = const 3
  a = for n (x) { (i: i64, a1: f64[n])
    b = for three (a1) { (j: i64, b1: f64[n])
      k = add i j
      m = rem k n
      p = index b1 [m]
      q = index b1 [i]
      sn = sin p
      t = mul sn q
      b2 = update b1 [i] t
      yield b2
    }
    yield b
  }
  y = reduce sum [0] a";
    cheap("nested loops", &main(0, body));
}

#[test]
fn recursion() {
    let tree = "func @0 tree[n](a: f64[n], lo: i64, hi: i64) -> f64 {
  len = sub hi lo
  one = const 1
  leaf = eq len one
  y = if leaf {
    v = index a [lo]
    sv = sin v
    w = mul v sv
    yield w
  } else {
    two = const 2
    sum = add lo hi
    mid = floordiv sum two
    l: f64 = call @0[n](a, lo, mid)
    r: f64 = call @0[n](a, mid, hi)
    c = const 0.1
    lr = mul l r
    clr = mul c lr
    s1 = add l r
    s2 = add s1 clr
    yield s2
  }
  yield y
}
";
    cheap("recursion", &(tree.to_string() + &main(1, "  y: f64 = call @0[n](x, zero, n)")));
}

#[test]
fn recursion_with_updates() {
    let step = "func @0 step[n](a: f64[n], k: i64, n0: i64) -> f64[n] {
  end = eq k n0
  y = if end {
    yield a
  } else {
    v = index a [k]
    sv = sin v
    w = mul v sv
    b = update a [k] w
    one = const 1
    k1 = add k one
    c: f64[n] = call @0[n](b, k1, n0)
    yield c
  }
  yield y
}
";
    let body = "  a: f64[n] = call @0[n](x, zero, n)
  y = reduce sum [0] a";
    cheap("recursion with updates", &(step.to_string() + &main(1, body)));
}

#[test]
fn call_in_a_loop() {
    let step = "func @0 step[n](a: f64[n], k: i64, s: f64) -> (f64[n], f64) {
  v = index a [k]
  sv = sin v
  w = mul sv s
  b = update a [k] w
  t = add w s
  yield b, t
}
";
    let body = "  a, y = for n (x, x0) { (i: i64, a1: f64[n], s1: f64)
    a2: f64[n], s2: f64 = call @0[n](a1, i, s1)
    yield a2, s2
  }";
    // Where an entry plays a part goes beside its cotangent, in and out of the call.
    costs("call in a loop", &(step.to_string() + &main(1, body)), 6.0);
}

#[test]
fn map() {
    let body = "  w = map [n] () { (i: i64)
    one = const 1
    j = add i one
    k = rem j n
    p = index x [i]
    q = index x [k]
    s = sin p
    e = exp q
    t = mul s e
    u = mul t p
    yield u
  }
  y = reduce sum [0] w";
    cheap("map", &main(0, body));
}

#[test]
fn loop_in_a_map() {
    let body = "  w = map [n] () { (i: i64)
    p = index x [i]
    three = const 3
    v = for three (p) { (j: i64, v0: f64)
      ij = add i j
      k = rem ij n
      q = index x [k]
      s = sin v0
      t = mul s q
      yield t
    }
    yield v
  }
  y = reduce sum [0] w";
    cheap("loop in a map", &main(0, body));
}

#[test]
fn picked_updates() {
    let body = "  a = for n (x) { (i: i64, a1: f64[n])
    three = iota 3
    z = const 0
    one = const 1
    first = eq i z
    start = select first z one
    b = broadcast [3] [] start
    p = add three b
    q = index a1 [pick p]
    s = sin q
    a2 = update a1 [pick p] s
    yield a2
  }
  y = reduce sum [0] a";
    cheap("picked updates", &main(0, body));
}
