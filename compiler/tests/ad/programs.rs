//! Programs with loops, updates and maps, to third order in all eight mixtures of the modes, against
//! numbers found by differences in 60-digit arithmetic.

use crate::support::{ARR, expect};

#[test]
fn newton() {
    let text = "
func @0 newton[](a: f64) -> f64 {
  one = const 1.0
  y, d = while (a, one) { (y0: f64, d0: f64)
    eps = const 1e-13
    c = gt d0 eps
    yield c
  } do { (x1: f64, d1: f64)
    h = const 0.5
    q = div a x1
    s = add x1 q
    y1 = mul h s
    e = sub y1 x1
    d2 = mul e e
    yield y1, d2
  }
  yield y
}
";
    expect(text, 2.0, &[std::f64::consts::SQRT_2, 0.353553390593274, -0.0883883476483184, 0.0662912607362388]);
}

#[test]
fn updates_in_a_loop() {
    let text = ARR.to_string()
        + "
func @1 main[](s: f64) -> f64 {
  a0: f64[6] = call @0[](s)
  count = const 5
  a = for count (a0) { (j: i64, a1: f64[6])
    one = const 1
    i = add j one
    p = index a1 [j]
    q = index a1 [i]
    sn = sin p
    m = mul sn q
    w = add m q
    a2 = update a1 [i] w
    yield a2
  }
  y = reduce sum [0] a
  yield y
}
";
    expect(&text, 0.3, &[1.8523292456825, 1.52331370267234, -1.34071567785303, -0.45291078985764]);
}

#[test]
fn periodic_stencil() {
    let text = ARR.to_string()
        + "
func @1 main[](s: f64) -> f64 {
  x: f64[6] = call @0[](s)
  n = const 6
  y = map [6] () { (i: i64)
    one = const 1
    i1 = add i one
    ip = rem i1 n
    i2 = sub i one
    im = rem i2 n
    a = index x [im]
    b = index x [i]
    c = index x [ip]
    two = const 2.0
    bb = mul two b
    d = sub a bb
    u = add d c
    uu = mul u u
    t1 = mul uu b
    ten = const 10.0
    e = div u ten
    ex = exp e
    t2 = mul ex a
    t = add t1 t2
    yield t
  }
  z = reduce sum [0] y
  yield z
}
";
    expect(&text, 0.3, &[1.45427794128717, 6.12760124304992, 12.4539548385843, 6.43769978663956]);
}

#[test]
fn loop_in_map_in_loop() {
    let text = ARR.to_string()
        + "
func @1 main[](s: f64) -> f64 {
  x: f64[6] = call @0[](s)
  n = const 6
  four = const 4
  r = for four (x) { (k: i64, u: f64[6])
    w = map [6] () { (i: i64)
      v0 = index u [i]
      xi = index x [i]
      three = const 3
      v = for three (v0) { (j: i64, v1: f64)
        ij = add i j
        m = rem ij n
        um = index u [m]
        sv = sin v1
        c = const 0.1
        p = mul c sv
        q = mul p um
        t = mul q xi
        v2 = add v1 t
        yield v2
      }
      yield v
    }
    yield w
  }
  y = reduce sum [0] r
  yield y
}
";
    expect(&text, 0.3, &[0.0953028170405213, 0.00132182080171183, -4.62239644064816, -15.4490924517933]);
}

#[test]
fn rk4() {
    let text = "
func @0 main[](x: f64) -> f64 {
  v0 = const 0.1
  n = const 20
  y, v = for n (x, v0) { (k: i64, y0: f64, w0: f64)
    h = const 0.1
    half = const 0.05
    sy = sin y0
    xs = mul x sy
    a1 = neg xs
    dy1 = mul half w0
    y1 = add y0 dy1
    dw1 = mul half a1
    w1 = add w0 dw1
    sy1 = sin y1
    xs1 = mul x sy1
    a2 = neg xs1
    dy2 = mul half w1
    y2 = add y0 dy2
    dw2 = mul half a2
    w2 = add w0 dw2
    sy2 = sin y2
    xs2 = mul x sy2
    a3 = neg xs2
    dy3 = mul h w2
    y3 = add y0 dy3
    dw3 = mul h a3
    w3 = add w0 dw3
    sy3 = sin y3
    xs3 = mul x sy3
    a4 = neg xs3
    two = const 2.0
    six = const 6.0
    h6 = div h six
    p1 = mul two w1
    p2 = mul two w2
    q1 = add w0 p1
    q2 = add q1 p2
    q3 = add q2 w3
    q4 = mul h6 q3
    yn = add y0 q4
    r1 = mul two a2
    r2 = mul two a3
    t1 = add a1 r1
    t2 = add t1 r2
    t3 = add t2 a4
    t4 = mul h6 t3
    wn = add w0 t4
    yield yn, wn
  }
  yy = mul y y
  z = add yy v
  yield z
}
";
    expect(text, 0.7, &[-0.568860941328726, -1.42962517286676, 1.33355473160552, 9.08646931591206]);
}

#[test]
fn flag_for_break() {
    let text = "
func @0 main[](x: f64) -> f64 {
  n = const 30
  on = const true
  y, run = for n (x, on) { (k: i64, y0: f64, r0: bool)
    y1, r1 = if r0 {
      a = const 1.2
      b = const 0.1
      ya = mul a y0
      xx = mul x x
      bx = mul b xx
      y2 = add ya bx
      four = const 4.0
      more = le y2 four
      yield y2, more
    } else {
      yield y0, r0
    }
    yield y1, r1
  }
  yy = mul y y
  yield yy
}
";
    expect(text, 0.9, &[18.2418761662433, 50.4671097065781, 91.8757500571533, 91.5692675185705]);
}

#[test]
fn reads_and_updates_of_one_array() {
    let text = ARR.to_string()
        + "
func @1 main[](s: f64) -> f64 {
  a0: f64[6] = call @0[](s)
  n = const 6
  count = const 12
  a = for count (a0) { (i: i64, a1: f64[6])
    c7 = const 7
    c3 = const 3
    c5 = const 5
    c1 = const 1
    j1 = mul c7 i
    j2 = add j1 c3
    j = rem j2 n
    k1 = mul c5 i
    k2 = add k1 c1
    k = rem k2 n
    t = index a1 [j]
    ak = index a1 [k]
    st = sin t
    p = mul ak st
    a2 = update a1 [j] p
    aj = index a2 [j]
    q = mul t aj
    bk = index a2 [k]
    r = add q bk
    a3 = update a2 [k] r
    yield a3
  }
  y = reduce sum [0] a
  yield y
}
";
    expect(&text, 0.3, &[1.32510579588391, -4.59252928607471, 15.0710956432426, -818.71697723854]);
}

#[test]
fn swapped_carries() {
    let text = "
func @0 main[](x: f64) -> f64 {
  n = const 5
  xx = mul x x
  one = const 1.0
  x1 = add x one
  zero = const 0
  a, b, c, t = for n (x, xx, x1, zero) { (i: i64, a0: f64, b0: f64, c0: f64, t0: i64)
    p = mul b0 c0
    xb = mul x b0
    q = add a0 xb
    t1 = add t0 i
    yield p, q, c0, t1
  }
  ab = mul a b
  tf = convert f64 t
  ct = mul c tf
  z = add ab ct
  yield z
}
";
    expect(text, 0.6, &[38.2177453775258, 257.216122504806, 2529.24721230643, 23741.3473619558]);
}

#[test]
fn loops_without_rounds() {
    let text = "
func @0 main[](x: f64) -> f64 {
  zero = const 0
  xx = mul x x
  a = for zero (xx) { (i: i64, a0: f64)
    a1 = sin a0
    yield a1
  }
  b, k = while (x, zero) { (b0: f64, k0: i64)
    c = lt k0 zero
    yield c
  } do { (b1: f64, k1: i64)
    b2 = sin b1
    yield b2, k1
  }
  y = mul a b
  yield y
}
";
    expect(text, 3.0, &[27.0, 27.0, 18.0]);
}
