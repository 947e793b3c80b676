//! Requests: what is printed and checked in a derivative, what it may ask for, and what must be refused.

use crate::support::{Dice, Mode, check, counted, expect, last, mixtures, read, resolved, slope};
use adl_compiler::ad::resolve;
use adl_compiler::interp::{Data, FailureKind, Hooks, Limits, NoHooks, Piece, run_counted};
use adl_compiler::ir::FuncId;
use adl_compiler::ir::entity::Entity;
use adl_lang::ops::Const;

fn number(x: f64) -> Data {
    Data::scalar(Const::F64(x))
}

/// Counts lines.
#[derive(Default)]
struct Lines(usize);

impl Hooks for Lines {
    fn print(&mut self, _: Vec<Piece>) {
        self.0 += 1;
    }
}

const LOUD: &str = r#"
func @0 inner[n](x: f64[n], i: i64) -> f64 {
  bounds index i < n
  v = index x [i]
  print ("v = ", $0) v
  w = mul v v
  yield w
}
func @1 loud[n](x: f64[n], m: i64) -> f64 {
  z = const 0.0
  y = for m (z) { (i: i64, s: f64)
    w: f64 = call @0[n](x, i)
    p = mul w s
    q = add p w
    yield q
  }
  a = map [n] () { (j: i64)
    b: f64 = call @0[n](x, j)
    c = sin b
    yield c
  }
  d = reduce sum [0] a
  e = mul y d
  g = ge e z
  assert ("e is ", $1) g, e
  yield e
}
"#;

fn lines(ask: &str, m: i64) -> Result<usize, FailureKind> {
    let module = read(&format!("{LOUD}{ask}"));
    let ready = resolved(&module, &[last(&module)]);
    let mut lines = Lines::default();
    let args = vec![Data::f64s(&[3], &[0.4, 0.5, 0.6]), Data::scalar(Const::I64(m))];
    let (result, _) = run_counted(&ready, last(&module), &[3], args, &mut lines, Limits::default());
    result.map(|_| lines.0).map_err(|failure| failure.kind)
}

const GRADIENT: &str = "
func @2 grad[n](x: f64[n], m: i64) -> (f64, f64[n]) {
  one = const 1.0
  y: f64, g: f64[n] = vjp @1[n](x, m) from (one) wrt [0] primal
  yield y, g
}
";
const SILENT: &str = "
func @2 grad[n](x: f64[n], m: i64) -> f64[n] {
  one = const 1.0
  g: f64[n] = vjp @1[n](x, m) from (one) wrt [0]
  yield g
}
";
const TANGENT: &str = "
func @2 tangent[n](x: f64[n], m: i64) -> (f64, f64) {
  y: f64, d: f64 = jvp @1[n](x, m) along (x, _)
  yield y, d
}
";
const OVER_GRADIENT: &str = "
func @3 over[n](x: f64[n], m: i64) -> (f64, f64[n], f64, f64[n]) {
  y: f64, g: f64[n], dy: f64, dg: f64[n] = jvp @2[n](x, m) along (x, _)
  yield y, g, dy, dg
}
";
const TWICE: &str = "
func @3 twice[n](x: f64[n], m: i64) -> (f64, f64[n], f64[n]) {
  y: f64, g: f64[n], h: f64[n] = vjp @2[n](x, m) from (_, x) wrt [0] primal
  yield y, g, h
}
";

#[test]
fn lines_are_printed_once() {
    assert_eq!(lines("", 2), Ok(5));
    assert_eq!(lines(GRADIENT, 2), Ok(5));
    assert_eq!(lines(TANGENT, 2), Ok(5));
    assert_eq!(lines(SILENT, 2), Ok(0));
    assert_eq!(lines(&format!("{GRADIENT}{OVER_GRADIENT}"), 2), Ok(5));
    assert_eq!(lines(&format!("{GRADIENT}{TWICE}"), 2), Ok(5));
}

#[test]
fn indices_are_checked_in_derivatives() {
    for ask in [GRADIENT.to_string(), SILENT.to_string(), TANGENT.to_string(), format!("{GRADIENT}{TWICE}")] {
        let failed = lines(&ask, 4);
        assert!(matches!(failed, Err(FailureKind::IndexOutOfRange { index: 3, len: 3, .. })), "{failed:?}\n{ask}");
    }
}

#[test]
fn requests_in_loops_and_maps() {
    let text = "
func @0 f[](x: f64, y: f64) -> (f64, f64) {
  s = sin x
  p = mul s y
  q = mul p x
  e = exp y
  r = mul e s
  yield q, r
}
func @1 main[n](x: f64[n], k: i64, s: f64) -> (f64, f64[n]) {
  a = for k (s) { (i: i64, a0: f64)
    one = const 1.0
    y0: f64, y1: f64, g0: f64, g1: f64 = vjp @0[](a0, s) from (one, a0) wrt [0, 1] primal
    z0: f64, z1: f64, d0: f64, d1: f64 = jvp @0[](a0, y0) along (s, _)
    t0 = mul g0 y1
    t1 = add t0 g1
    t2 = add t1 d0
    t3 = mul t2 z1
    t4 = tanh t3
    yield t4
  }
  b = map [n] () { (j: i64)
    xj = index x [j]
    g: f64 = vjp @0[](xj, a) from (_, xj) wrt [1]
    h: f64 = vjp @0[](xj, s) from (g, s) wrt [0]
    yield h
  }
  yield a, b
}
";
    let module = read(text);
    let args = [Data::f64s(&[3], &[0.4, -0.5, 0.9]), Data::scalar(Const::I64(3)), number(0.7)];
    check(&module, last(&module), &[3], &args, 2, &mut Dice(5));
}

#[test]
fn a_request_that_may_not_run_leaks_nothing() {
    let text = "
func @0 root[](x: f64) -> f64 {
  r = sqrt x
  t = mul r x
  yield t
}
func @1 main[](x: f64) -> f64 {
  one = const 1.0
  zero = const 0.0
  g: f64 = vjp @0[](x) from (one) wrt [0]
  c = gt x zero
  xx = mul x x
  b = mul xx x
  y = select c g b
  yield y
}
";
    expect(text, -1.0, &[-1.0, 3.0, -6.0, 6.0]);
}

#[test]
fn high_orders_cost_little_without_clean_up() {
    let text = "
func @0 f[](x: f64) -> f64 {
  n = const 50
  y = for n (x) { (i: i64, a: f64)
    s = sin a
    c = const 0.3
    p = mul c a
    q = add s p
    t = mul q x
    yield t
  }
  yield y
}
";
    let module = read(text);
    let mut primal = 0.0;
    for (order, most) in [1.0, 3.6, 9.0, 31.5].into_iter().enumerate() {
        for modes in mixtures(order) {
            let mut asked = module.clone();
            let top = modes.iter().fold(last(&module), |f, &mode| slope(&mut asked, f, mode));
            let ready = resolved(&asked, &[top]);
            let stats = counted(&ready, top, &[], &[number(0.6)], &mut NoHooks).1;
            let ops = stats.ops as f64;
            if order == 0 {
                primal = ops;
            }
            assert!(ops < most * primal + 10.0, "{modes:?}: {}", ops / primal);
        }
    }
}

#[test]
fn a_function_that_differentiates_itself_is_refused() {
    let text = "
func @0 f[](x: f64) -> f64 {
  y: f64 = call @1[](x)
  yield y
}
func @1 g[](x: f64) -> f64 {
  one = const 1.0
  y: f64 = vjp @0[](x) from (one) wrt [0]
  yield y
}
";
    let mut module = read(text);
    let endless = resolve(&mut module, &[FuncId::new(0)], &mut |_, _| {});
    assert_eq!(endless.err().map(|e| e.func), Some("g".to_string()));
}

#[test]
fn perturbation_confusion() {
    for mode in [Mode::Forward, Mode::Reverse] {
        let inner = match mode {
            Mode::Forward => "v: f64, d: f64 = jvp @0[](x, one) along (_, one)",
            Mode::Reverse => "d: f64 = vjp @0[](x, one) from (one) wrt [1]",
        };
        let outer = format!(
            "
func @1 main[](x: f64) -> f64 {{
  one = const 1.0
  {inner}
  y = mul x d
  yield y
}}
"
        );
        let sum = "
func @0 inner[](x: f64, y: f64) -> f64 {
  z = add x y
  yield z
}
";
        expect(&(sum.to_string() + &outer), 1.5, &[1.5, 1.0]);
        let product = "
func @0 inner[](x: f64, y: f64) -> f64 {
  yy = mul y y
  z = mul x yy
  yield z
}
";
        expect(&(product.to_string() + &outer), 1.5, &[4.5, 6.0, 4.0]);
    }
}

#[test]
fn nothing_leaks_from_the_side_not_taken() {
    let text = "
func @0 main[](x: f64) -> f64 {
  zero = const 0.0
  c = gt x zero
  r = sqrt x
  s = sin x
  a = mul r s
  xx = mul x x
  b = mul xx x
  y = select c a b
  yield y
}
";
    expect(text, -1.0, &[-1.0, 3.0, -6.0, 6.0]);
}

#[test]
fn nothing_leaks_through_loops_and_calls() {
    let text = "
func @0 root[](x: f64) -> f64 {
  r = sqrt x
  s = log r
  a = mul r s
  yield a
}
func @1 main[](x: f64) -> f64 {
  zero = const 0.0
  c = gt x zero
  n = const 2
  w = for n (x) { (i: i64, x0: f64)
    r: f64 = call @0[](x0)
    yield r
  }
  xx = mul x x
  b = mul xx x
  y = select c w b
  yield y
}
";
    expect(text, -1.0, &[-1.0, 3.0, -6.0, 6.0]);
}

#[test]
fn stopped_gradients_stay_stopped() {
    let text = "
func @0 main[](x: f64) -> f64 {
  xx = mul x x
  s = stop_grad xx
  y = mul x s
  yield y
}
";
    expect(text, 3.0, &[27.0, 9.0, 0.0]);
}

#[test]
fn gradient_descent_is_differentiated_through() {
    let text = "
func @0 loss[n](w: f64[n], t: f64) -> f64 {
  s = sin w
  ss = mul s w
  y = reduce sum [0] ss
  yt = mul y t
  e = exp yt
  yield e
}
func @1 main[n](w: f64[n], t: f64) -> (f64[n], f64) {
  count = const 3
  v = for count (w) { (i: i64, v0: f64[n])
    one = const 1.0
    g: f64[n] = vjp @0[n](v0, t) from (one) wrt [0]
    rate = const 0.1
    b = broadcast [n] [] rate
    step = mul b g
    v1 = sub v0 step
    yield v1
  }
  y: f64 = call @0[n](v, t)
  yield v, y
}
";
    let module = read(text);
    let args = [Data::f64s(&[3], &[0.4, -0.5, 0.9]), number(0.7)];
    check(&module, last(&module), &[3], &args, 2, &mut Dice(6));
}
