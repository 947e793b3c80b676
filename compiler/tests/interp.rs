//! The reference interpreter: numbers computed by hand.

use adl_compiler::interp::{
    Data, Failure, FailureKind, Hooks, Limits, NoHooks, Piece, Stats, run, run_counted,
};
use adl_compiler::ir::FuncId;
use adl_compiler::ir::entity::Entity;
use adl_compiler::ir::func::Module;
use adl_compiler::ir::parse::parse;
use adl_compiler::ir::verify::verify;
use adl_lang::ops::{Const, Random};
use adl_lang::typed::BoundsOf;
use adl_lang::types::DType;

fn read(text: &str) -> Module {
    let module = parse(text).unwrap_or_else(|problem| panic!("{problem}\n{text}"));
    if let Err(broken) = verify(&module) {
        panic!("{broken}\n{text}");
    }
    module
}

fn attempt(text: &str, sizes: &[i64], args: Vec<Data>) -> Result<Vec<Data>, Failure> {
    run(&read(text), FuncId::new(0), sizes, args, &mut NoHooks)
}

fn eval(text: &str, sizes: &[i64], args: Vec<Data>) -> Vec<Data> {
    attempt(text, sizes, args).unwrap_or_else(|failure| panic!("{failure:?}\n{text}"))
}

fn fails(text: &str, sizes: &[i64], args: Vec<Data>) -> FailureKind {
    match attempt(text, sizes, args) {
        Ok(results) => panic!("{results:?}\n{text}"),
        Err(failure) => failure.kind,
    }
}

fn cost(text: &str, sizes: &[i64], args: Vec<Data>) -> Stats {
    let limits = Limits::default();
    let (results, stats) = run_counted(
        &read(text),
        FuncId::new(0),
        sizes,
        args,
        &mut NoHooks,
        limits,
    );
    results.unwrap_or_else(|failure| panic!("{failure:?}\n{text}"));
    stats
}

fn real(x: f64) -> Data {
    Data::scalar(Const::F64(x))
}

fn int(i: i64) -> Data {
    Data::scalar(Const::I64(i))
}

fn truth(b: bool) -> Data {
    Data::scalar(Const::Bool(b))
}

fn single(x: f32) -> Data {
    Data::scalar(Const::F32(x))
}

/// 1, 2, 3, … in this shape.
fn counted(shape: &[usize]) -> Data {
    let elems: Vec<f64> = (1..=shape.iter().product::<usize>())
        .map(|k| k as f64)
        .collect();
    Data::f64s(shape, &elems)
}

/// One line of IR with the parameters `params`; its result.
fn line(params: &str, ty: &str, line: &str, args: Vec<Data>) -> Data {
    let text = format!("func f[]({params}) -> {ty} {{\n  y = {line}\n  yield y\n}}\n");
    eval(&text, &[], args).remove(0)
}

fn line_fails(params: &str, ty: &str, line: &str, args: Vec<Data>) -> FailureKind {
    let text = format!("func f[]({params}) -> {ty} {{\n  y = {line}\n  yield y\n}}\n");
    fails(&text, &[], args)
}

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
    let args = vec![
        counted(&[4]),
        Data::i64s(&[4], &[1, 0, 1, 1]),
        Data::f64s(&[2], &[100.0, 0.0]),
    ];
    let expected = [
        Data::f64s(&[4], &[1.0, 4.0, 9.0, 16.0]),
        Data::f64s(&[2], &[102.0, 8.0]),
    ];
    assert_eq!(eval(text, &[4, 2], args), expected);
    let none = vec![Data::f64s(&[0], &[]), Data::i64s(&[0], &[]), counted(&[2])];
    assert_eq!(
        eval(text, &[0, 2], none),
        [Data::f64s(&[0], &[]), counted(&[2])]
    );
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
    let expected = [
        1.0, 2.0, 3.0, 2.0, 3.0, 4.0, 11.0, 12.0, 13.0, 12.0, 13.0, 14.0,
    ];
    assert_eq!(
        eval(text, &[2], vec![counted(&[3])]),
        [Data::f64s(&[2, 2, 3], &expected)]
    );
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
    assert_eq!(
        stats,
        Stats {
            ops: 1 + 3 * (1 + 1 + 1) + 3 * (1 + 1 + 1 + 1),
            tape_peak_bytes: 24
        }
    );
    let wrong_row = "func f[](x: f64) -> f64 {
  t = tape_new
  u = push t, x
  v: tape, y: i64 = pop u
  tape_end v
  yield x
}
";
    assert!(matches!(
        fails(wrong_row, &[], vec![real(x)]),
        FailureKind::Internal(_)
    ));
    let left =
        "func f[](x: f64) -> f64 {\n  t = tape_new\n  u = push t, x\n  tape_end u\n  yield x\n}\n";
    assert!(matches!(
        fails(left, &[], vec![real(x)]),
        FailureKind::Internal(_)
    ));
    let empty = "func f[](x: f64) -> f64 {\n  t = tape_new\n  u: tape, y: f64 = pop t\n  tape_end u\n  yield y\n}\n";
    assert!(matches!(
        fails(empty, &[], vec![real(x)]),
        FailureKind::Internal(_)
    ));
}

#[test]
fn selectors() {
    let x = || counted(&[3, 4]);
    let at = |text: &str, ty: &str, args: Vec<Data>| {
        let params = ["x: f64[3, 4]", "a: i64", "b: i64[2, 3]"];
        line(&params[..args.len()].join(", "), ty, text, args)
    };
    assert_eq!(
        at("index x [:, a]", "f64[3]", vec![x(), int(1)]),
        Data::f64s(&[3], &[2.0, 6.0, 10.0])
    );
    assert_eq!(at("index x [a, a]", "f64", vec![x(), int(2)]), real(11.0));
    let backwards = at(
        "index x [a, from a len 3 step -1]",
        "f64[3]",
        vec![x(), int(2)],
    );
    assert_eq!(backwards, Data::f64s(&[3], &[11.0, 10.0, 9.0]));
    let strided = at(
        "index x [from a len 2 step 2, from a len 2 step 3]",
        "f64[2, 2]",
        vec![x(), int(0)],
    );
    assert_eq!(strided, Data::f64s(&[2, 2], &[1.0, 4.0, 9.0, 12.0]));
    let nothing = at(
        "index x [from a len 0 step 1, :]",
        "f64[0, 4]",
        vec![x(), int(3)],
    );
    assert_eq!(nothing, Data::f64s(&[0, 4], &[]));
    let picks = Data::i64s(&[2, 3], &[3, 3, 0, 1, 2, 3]);
    let picked = at(
        "index x [a, pick b]",
        "f64[2, 3]",
        vec![x(), int(1), picks.clone()],
    );
    assert_eq!(picked, Data::f64s(&[2, 3], &[8.0, 8.0, 5.0, 6.0, 7.0, 8.0]));
    let rows = line(
        "x: f64[2, 2], b: i64[3]",
        "f64[3, 2]",
        "index x [pick b, :]",
        vec![counted(&[2, 2]), Data::i64s(&[3], &[1, 0, 1])],
    );
    assert_eq!(rows, Data::f64s(&[3, 2], &[3.0, 4.0, 1.0, 2.0, 3.0, 4.0]));
    // What is out of range although no check stands before is a fault of the compiler.
    let outside = line_fails(
        "x: f64[3, 4], a: i64",
        "f64",
        "index x [a, a]",
        vec![x(), int(3)],
    );
    assert_eq!(
        outside,
        FailureKind::Internal("position 3 of 3 is not checked".into())
    );
}

#[test]
fn updates_and_accumulations() {
    let put = |word: &str, x: Data, v: Data, b: Data| {
        line(
            "x: f64[4], v: f64[3], b: i64[3]",
            "f64[4]",
            &format!("{word} x [pick b] v"),
            vec![x, v, b],
        )
    };
    let repeated = || Data::i64s(&[3], &[2, 0, 2]);
    let (x, v) = (|| counted(&[4]), || Data::f64s(&[3], &[10.0, 20.0, 30.0]));
    // Of repeated positions the last one counts, or all add up.
    assert_eq!(
        put("update", x(), v(), repeated()),
        Data::f64s(&[4], &[20.0, 2.0, 30.0, 4.0])
    );
    assert_eq!(
        put("acc", x(), v(), repeated()),
        Data::f64s(&[4], &[21.0, 2.0, 43.0, 4.0])
    );
    let backwards = line(
        "x: f64[4], v: f64[2], a: i64",
        "f64[4]",
        "update x [from a len 2 step -2] v",
        vec![x(), Data::f64s(&[2], &[7.0, 8.0]), int(3)],
    );
    assert_eq!(backwards, Data::f64s(&[4], &[1.0, 8.0, 3.0, 7.0]));
    let column = line(
        "x: f64[2, 2], v: f64[2], a: i64",
        "f64[2, 2]",
        "acc x [:, a] v",
        vec![counted(&[2, 2]), Data::f64s(&[2], &[0.5, 0.25]), int(1)],
    );
    assert_eq!(column, Data::f64s(&[2, 2], &[1.0, 2.5, 3.0, 4.25]));
    assert_eq!(
        line(
            "x: f64, v: f64",
            "f64",
            "acc x [] v",
            vec![real(1.0), real(2.0)]
        ),
        real(3.0)
    );
}

#[test]
fn shapes() {
    let x = || counted(&[2, 3]);
    let one = |text: &str, ty: &str| line("x: f64[2, 3]", ty, text, vec![x()]);
    assert_eq!(
        one("transpose [1, 0] x", "f64[3, 2]"),
        Data::f64s(&[3, 2], &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0])
    );
    assert_eq!(one("reshape [3, 2] x", "f64[3, 2]"), counted(&[3, 2]));
    let wide = one("broadcast [2, 2, 3] [0, 2] x", "f64[2, 2, 3]");
    assert_eq!(
        wide.to_f64s(),
        [1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 4.0, 5.0, 6.0]
    );
    assert_eq!(
        one("concat 0 x x", "f64[4, 3]").to_f64s(),
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    );
    assert_eq!(
        one("concat 1 x x", "f64[2, 6]").to_f64s(),
        [1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 4.0, 5.0, 6.0]
    );
    assert_eq!(one("iota 3", "i64[3]"), Data::i64s(&[3], &[0, 1, 2]));
    let sizes =
        "func f[n, m](x: f64[n, 2 * m + 1]) -> i64 {\n  k = size n * m - (n // 2)\n  yield k\n}\n";
    assert_eq!(eval(sizes, &[5, 1], vec![counted(&[5, 3])]), [int(3)]);
}

#[test]
fn reductions() {
    let x = || Data::f64s(&[2, 3], &[1.0, -5.0, 3.0, 4.0, 4.0, f64::NAN]);
    let one = |text: &str, ty: &str| line("x: f64[2, 3]", ty, text, vec![x()]).to_f64s();
    assert_eq!(one("reduce sum [1] x", "f64[2]")[0], -1.0);
    assert_eq!(one("reduce sum [0] x", "f64[3]")[..2], [5.0, -1.0]);
    assert!(one("reduce sum [0, 1] x", "f64")[0].is_nan());
    assert_eq!(one("reduce max [0] x", "f64[3]")[..2], [4.0, 4.0]);
    assert!(
        one("reduce max [0] x", "f64[3]")[2].is_nan()
            && one("reduce min [0] x", "f64[3]")[2].is_nan()
    );
    // The first among equals, the first NaN if there is one.
    assert_eq!(one("argmax 1 x", "i64[2]"), [2.0, 2.0]);
    assert_eq!(one("argmin 1 x", "i64[2]"), [1.0, 2.0]);
    assert_eq!(
        line(
            "x: i64[3]",
            "i64",
            "argmax 0 x",
            vec![Data::i64s(&[3], &[7, 9, 9])]
        ),
        int(1)
    );
    let bools = || {
        Data::new(
            DType::Bool,
            vec![2],
            vec![Const::Bool(true), Const::Bool(false)],
        )
    };
    assert_eq!(
        line("x: bool[2]", "bool", "reduce all [0] x", vec![bools()]),
        truth(false)
    );
    assert_eq!(
        line("x: bool[2]", "bool", "reduce any [0] x", vec![bools()]),
        truth(true)
    );
    let empty = || Data::f64s(&[0], &[]);
    assert_eq!(
        line("x: f64[0]", "f64", "reduce sum [0] x", vec![empty()]),
        real(0.0)
    );
    assert_eq!(
        line("x: f64[0]", "f64", "reduce max [0] x", vec![empty()]),
        real(f64::NEG_INFINITY)
    );
    assert_eq!(
        line("x: f64[0]", "f64", "reduce min [0] x", vec![empty()]),
        real(f64::INFINITY)
    );
    let large = Data::i64s(&[2], &[i64::MAX, 1]);
    assert_eq!(
        line_fails("x: i64[2]", "i64", "reduce sum [0] x", vec![large]),
        FailureKind::IntOverflow
    );
}

#[test]
fn sorting_is_stable_with_nan_last() {
    let x = Data::f64s(
        &[2, 4],
        &[3.0, f64::NAN, 1.0, 3.0, 0.0, -0.0, f64::NAN, -1.0],
    );
    let perm = line("x: f64[2, 4]", "i64[2, 4]", "argsort x", vec![x]);
    assert_eq!(perm, Data::i64s(&[2, 4], &[2, 0, 3, 1, 3, 0, 1, 2]));
}

#[test]
fn matrix_products() {
    let (a, b) = (
        || counted(&[2, 3]),
        || Data::f64s(&[3, 2], &[1.0, 0.0, 2.0, 1.0, 0.0, -1.0]),
    );
    let product = Data::f64s(&[2, 2], &[5.0, -1.0, 14.0, -1.0]);
    let params = "a: f64[2, 3], b: f64[3, 2]";
    assert_eq!(
        line(params, "f64[2, 2]", "matmul a, b", vec![a(), b()]),
        product
    );
    let outer = line(params, "f64[3, 3]", "matmul a', b'", vec![a(), b()]);
    assert_eq!(
        outer.to_f64s(),
        [1.0, 6.0, -4.0, 2.0, 9.0, -5.0, 3.0, 12.0, -6.0]
    );
    let gram = line("a: f64[2, 3]", "f64[2, 2]", "matmul a, a'", vec![a()]);
    assert_eq!(gram, Data::f64s(&[2, 2], &[14.0, 32.0, 32.0, 77.0]));
    let batched = line(
        "a: f64[2, 1, 2]",
        "f64[2, 1, 1]",
        "matmul a, a'",
        vec![counted(&[2, 1, 2])],
    );
    assert_eq!(batched, Data::f64s(&[2, 1, 1], &[5.0, 25.0]));
}

fn ints(prim: &str, a: i64, b: i64) -> Data {
    line(
        "a: i64, b: i64",
        "i64",
        &format!("{prim} a b"),
        vec![int(a), int(b)],
    )
}

fn ints_fail(prim: &str, a: i64, b: i64) -> FailureKind {
    line_fails(
        "a: i64, b: i64",
        "i64",
        &format!("{prim} a b"),
        vec![int(a), int(b)],
    )
}

#[test]
fn whole_numbers() {
    for (a, b, quotient, rest) in [
        (7, 2, 3, 1),
        (-7, 2, -4, 1),
        (7, -2, -4, -1),
        (-7, -2, 3, -1),
        (6, -3, -2, 0),
    ] {
        assert_eq!(
            (ints("floordiv", a, b), ints("rem", a, b)),
            (int(quotient), int(rest)),
            "{a} by {b}"
        );
    }
    assert_eq!(ints("pow", -3, 3), int(-27));
    assert_eq!(ints("pow", 0, 0), int(1));
    assert_eq!(ints("pow", -1, i64::MAX), int(-1));
    assert_eq!(ints("pow", -1, i64::MAX - 1), int(1));
    assert_eq!(ints("pow", 0, 5), int(0));
    assert_eq!(ints("pow", -2, 63), int(i64::MIN));
    assert_eq!(ints_fail("pow", 2, 63), FailureKind::IntOverflow);
    assert_eq!(ints_fail("pow", 2, i64::MAX), FailureKind::IntOverflow);
    assert_eq!(ints_fail("pow", 2, -1), FailureKind::NegativeExponent(-1));
    assert_eq!(ints_fail("floordiv", 1, 0), FailureKind::DivideByZero);
    assert_eq!(ints_fail("rem", 1, 0), FailureKind::DivideByZero);
    assert_eq!(
        ints_fail("floordiv", i64::MIN, -1),
        FailureKind::IntOverflow
    );
    assert_eq!(ints_fail("add", i64::MAX, 1), FailureKind::IntOverflow);
    assert_eq!(ints_fail("sub", i64::MIN, 1), FailureKind::IntOverflow);
    assert_eq!(ints_fail("mul", i64::MIN, -1), FailureKind::IntOverflow);
    assert_eq!(
        line_fails("a: i64", "i64", "neg a", vec![int(i64::MIN)]),
        FailureKind::IntOverflow
    );
    assert_eq!(
        line_fails("a: i64", "i64", "abs a", vec![int(i64::MIN)]),
        FailureKind::IntOverflow
    );
    assert_eq!(line("a: i64", "i64", "sign a", vec![int(-9)]), int(-1));
}

#[test]
fn floats() {
    let two = |prim: &str, a: f64, b: f64| {
        line(
            "a: f64, b: f64",
            "f64",
            &format!("{prim} a b"),
            vec![real(a), real(b)],
        )
        .to_f64s()[0]
    };
    assert!(two("min", f64::NAN, 1.0).is_nan() && two("max", 1.0, f64::NAN).is_nan());
    assert!(two("min", 0.0, -0.0).is_sign_negative() && two("max", -0.0, 0.0).is_sign_positive());
    assert_eq!(
        (two("floordiv", -7.5, 2.0), two("rem", -7.5, 2.0)),
        (-4.0, 0.5)
    );
    let one = |prim: &str, a: f64| {
        line("a: f64", "f64", &format!("{prim} a"), vec![real(a)]).to_f64s()[0]
    };
    assert_eq!(
        (one("round", 2.5), one("round", -3.5), one("ceil", -0.5)),
        (2.0, -4.0, 0.0)
    );
    assert!(one("sign", f64::NAN).is_nan() && one("sign", -0.0).is_sign_negative());
    assert_eq!(one("sign", f64::NEG_INFINITY), -1.0);
    // Single precision is computed as such: 1/3 rounded once.
    let third = line(
        "a: f32, b: f32",
        "f32",
        "div a b",
        vec![single(1.0), single(3.0)],
    );
    assert_eq!(third, single(1.0 / 3.0));
    let sine = line("a: f32", "f32", "sin a", vec![single(0.5)]);
    assert_eq!(sine, single(0.5_f64.sin() as f32));
    let select = line(
        "c: bool, a: f64, b: f64",
        "f64",
        "select c a b",
        vec![truth(false), real(f64::NAN), real(2.0)],
    );
    assert_eq!(select, real(2.0));
    assert_eq!(
        line(
            "a: f64, b: f64",
            "bool",
            "ne a b",
            vec![real(f64::NAN), real(f64::NAN)]
        ),
        truth(true)
    );
    assert_eq!(
        line(
            "a: f64, b: f64",
            "bool",
            "eq a b",
            vec![real(0.0), real(-0.0)]
        ),
        truth(true)
    );
    assert_eq!(
        line(
            "a: bool, b: bool",
            "bool",
            "lt a b",
            vec![truth(false), truth(true)]
        ),
        truth(true)
    );
}

#[test]
fn conversions() {
    let to_int = |x: f64| line("a: f64", "i64", "convert i64 a", vec![real(x)]);
    assert_eq!((to_int(-2.9), to_int(2.9)), (int(-2), int(2)));
    assert_eq!(to_int(-9_223_372_036_854_775_808.0), int(i64::MIN));
    for x in [9_223_372_036_854_775_808.0, -1e19, f64::INFINITY] {
        let failure = line_fails("a: f64", "i64", "convert i64 a", vec![real(x)]);
        assert_eq!(failure, FailureKind::ConversionRange(x));
    }
    let nan = line_fails("a: f64", "i64", "convert i64 a", vec![real(f64::NAN)]);
    assert!(matches!(nan, FailureKind::ConversionRange(x) if x.is_nan()));
    assert_eq!(
        line("a: bool", "f64", "convert f64 a", vec![truth(true)]),
        real(1.0)
    );
    assert_eq!(
        line("a: f64", "f32", "convert f32 a", vec![real(0.1)]),
        single(0.1)
    );
    assert_eq!(
        line("a: i64", "f32", "convert f32 a", vec![int(16_777_217)]),
        single(16_777_216.0)
    );
    assert_eq!(
        line("a: f64", "bool", "convert bool a", vec![real(f64::NAN)]),
        truth(true)
    );
}

#[test]
fn checks_fail_with_their_figures() {
    let bounds =
        "func f[n](i: i64[2]) -> i64 {\n  k = const 1\n  bounds slice i < n - 1\n  yield k\n}\n";
    assert_eq!(
        eval(bounds, &[3], vec![Data::i64s(&[2], &[0, 1])]),
        [int(1)]
    );
    let failure = fails(bounds, &[3], vec![Data::i64s(&[2], &[1, 2])]);
    assert_eq!(
        failure,
        FailureKind::IndexOutOfRange {
            index: 2,
            len: 2,
            what: BoundsOf::Slice
        }
    );
    let negative = "func f[n]() -> () {\n  nonnegative n - 3\n  yield\n}\n";
    assert_eq!(eval(negative, &[3], vec![]), []);
    assert_eq!(fails(negative, &[1], vec![]), FailureKind::NegativeSize(-2));
    let same = "func f[n, m]() -> () {\n  samesize n, 2 * m\n  yield\n}\n";
    assert_eq!(
        fails(same, &[3, 2], vec![]),
        FailureKind::SizeMismatch(3, 4)
    );
    let asserts = "func f[](c: bool, x: f64) -> () {\n  assert (\"x is \", $1) c, x\n  yield\n}\n";
    assert_eq!(eval(asserts, &[], vec![truth(true), real(1.0)]), []);
    let said = vec![Piece::Text("x is ".into()), Piece::Value(real(0.5), None)];
    assert_eq!(
        fails(asserts, &[], vec![truth(false), real(0.5)]),
        FailureKind::Assert(said)
    );
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
    let results =
        run(&read(text), FuncId::new(0), &[2], vec![int(5)], &mut hooks).expect("results");
    assert_eq!(
        results,
        [Data::f64s(&[2, 2], &[5.0, 6.0, 7.0, 8.0]), int(5)]
    );
    assert_eq!(
        hooks.0,
        [[Piece::Text("b = ".into()), Piece::Value(int(5), None)]]
    );
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
    assert_eq!(
        eval(sizes, &[1], vec![counted(&[1, 2])]),
        [Data::f64s(&[2], &[2.0, 4.0])]
    );
    let forever = "func f[](c: bool) -> bool {
  d = while (c) { (a: bool)
    yield a
  } do { (b: bool)
    yield b
  }
  yield d
}
";
    let limits = Limits {
        ops: 1000,
        ..Limits::default()
    };
    let (result, stats) = run_counted(
        &read(forever),
        FuncId::new(0),
        &[],
        vec![truth(true)],
        &mut NoHooks,
        limits,
    );
    assert_eq!(
        result.map_err(|failure| failure.kind),
        Err(FailureKind::OutOfFuel)
    );
    assert_eq!(stats.ops, 1001);
    let huge = "func f[n](x: f64) -> f64[n] {\n  y = broadcast [n] [] x\n  yield y\n}\n";
    let (result, _) = run_counted(
        &read(huge),
        FuncId::new(0),
        &[1 << 60],
        vec![real(0.0)],
        &mut NoHooks,
        limits,
    );
    assert_eq!(
        result.map_err(|failure| failure.kind),
        Err(FailureKind::OutOfFuel)
    );
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
    assert!(matches!(
        fails(text, &[], vec![real(1.0)]),
        FailureKind::Internal(_)
    ));
}
