//! Every primitive and operation: forward mode against differences, reverse mode against forward mode, to second order
//! in all four mixtures.

use crate::support::{Dice, check, last, read};
use adl_compiler::interp::Data;
use adl_compiler::ir::{Builder, Func, Module, Type};
use adl_lang::ops::Const;
use adl_lang::prims::{Prim, Typing};
use adl_lang::source::Span;
use adl_lang::types::{DType, Ty};

fn number(x: f64) -> Data {
    Data::scalar(Const::F64(x))
}

#[test]
fn primitives() {
    let mut dice = Dice(1);
    for &prim in Prim::ALL {
        if !matches!(prim.row().typing, Typing::Float | Typing::Number) {
            continue;
        }
        for probe in prim.row().probes {
            // Not differentiable in the first argument.
            let fixed = usize::from(matches!(prim, Prim::Polygamma | Prim::ErfcxDerivative));
            let mut func = Func::new(prim.name(), Vec::new(), Span::default());
            let mut to = Builder::new(&mut func);
            let mut args: Vec<_> = probe[..fixed].iter().map(|&x| to.constant(Const::F64(x))).collect();
            args.extend(probe[fixed..].iter().map(|_| to.param(Type::Data(Ty::scalar(DType::F64)))));
            let y = to.prim(prim, &args);
            to.set_yields(vec![y]);
            let mut module = Module::default();
            let func = module.funcs.push(func);
            let at: Vec<Data> = probe[fixed..].iter().map(|&x| number(x)).collect();
            check(&module, func, &[], &at, 2, &mut dice);
        }
    }
}

/// Checks the function `f` with these parameters, results and body, for sizes n = 3, m = 4.
fn body(params: &str, results: &str, body: &str, args: &[Data]) {
    let lines: String = body.lines().map(|l| format!("  {}\n", l.trim())).filter(|l| l.trim() != "").collect();
    let module = read(&format!("func @0 f[n, m]({params}) -> {results} {{\n{lines}}}\n"));
    let func = last(&module);
    check(&module, func, &[3, 4], args, 2, &mut Dice(7));
}

fn array(shape: &[usize]) -> Data {
    let count: usize = shape.iter().product();
    let elems: Vec<f64> = (0..count).map(|k| ((k * k) as f64 * 0.7 + 0.3).sin() * 1.3).collect();
    Data::f64s(shape, &elems)
}

#[test]
fn shapes() {
    body(
        "x: f64[n, m], y: f64[m]",
        "(f64[n, m], f64[m, n], f64[n * m], f64[n + n, m], f64[3, n, 2, m])",
        "b = broadcast [n, m] [1] y
         p = mul x b
         t = transpose [1, 0] p
         r = reshape [n * m] p
         rr = mul r r
         c = concat 0 x, p
         w = broadcast [3, n, 2, m] [1, 3] p
         ww = mul w w
         yield p, t, rr, c, ww",
        &[array(&[3, 4]), array(&[4])],
    );
}

#[test]
fn three_axes() {
    body(
        "x: f64[2, n, m]",
        "(f64[m, 2, n], f64[n], f64[2, n])",
        "e = exp x
         t = transpose [2, 0, 1] e
         s = reduce sum [0, 2] e
         q = reduce max [2] e
         yield t, s, q",
        &[array(&[2, 3, 4])],
    );
}

#[test]
fn reductions() {
    body(
        "x: f64[n, m]",
        "(f64[m], f64[n], f64, f64[n, m])",
        "s = sin x
         a = reduce sum [0] s
         b = reduce max [1] s
         c = reduce min [0, 1] s
         d = argmax 1 x
         e = argsort x
         ef = convert f64 e
         g = mul ef x
         yield a, b, c, g",
        &[array(&[3, 4])],
    );
}

#[test]
fn conversions_and_choices() {
    body(
        "x: f64[n], y: f64[n], s: f64",
        "(f64[n], f64[n], f64[n], f64, f64)",
        "c = lt x y
         a = select c x y
         aa = mul a a
         b = max x y
         d = min x y
         e = mul b d
         i = floor s
         k = convert i64 s
         kf = convert f64 k
         p = mul kf s
         q = stop_grad s
         r = mul q i
         t = mul r r
         yield aa, b, e, p, i",
        &[array(&[3]), Data::f64s(&[3], &[0.1, -0.9, 1.1]), number(2.7)],
    );
}

#[test]
fn single_precision() {
    body(
        "x: f32[n], y: f64[n], p: i64[4]",
        "(f32[n], f64[n], f32[n])",
        "s = sin x
         w = convert f64 s
         z = mul w y
         v = convert f32 z
         q = index x [pick p]
         u = update v [pick p] q
         yield s, z, u",
        &[
            Data::new(DType::F32, vec![3], [0.3f32, -0.8, 1.2].map(Const::F32).to_vec()),
            array(&[3]),
            Data::i64s(&[4], &[2, 0, 2, 2]),
        ],
    );
}

#[test]
fn indexing() {
    body(
        "x: f64[n, m], i: i64, p: i64[2, 2]",
        "(f64, f64[m], f64[n, 2], f64[2, 2, m], f64[2, 2])",
        "one = const 1
         y = mul x x
         a = index y [i, one]
         b = index y [i, :]
         three = const 3
         c = index y [:, from three len 2 step -2]
         d = index y [pick p, :]
         e = index y [pick p, i]
         yield a, b, c, d, e",
        &[array(&[3, 4]), Data::scalar(Const::I64(2)), Data::i64s(&[2, 2], &[0, 2, 2, 1])],
    );
}

#[test]
fn updates() {
    body(
        "x: f64[n, m], v: f64, w: f64[m], z: f64[2, 2, m], i: i64, p: i64[2, 2]",
        "(f64[n, m], f64[n, m], f64[n, m], f64[n, m])",
        "one = const 1
         y = mul x x
         vv = mul v v
         a = update y [i, one] vv
         b = update a [i, :] w
         zz = mul z z
         c = update y [pick p, :] zz
         three = const 3
         q = index y [:, from one len 2 step 1]
         d = update c [:, from three len 2 step -2] q
         e = mul d b
         yield a, b, c, e",
        &[
            array(&[3, 4]),
            number(0.4),
            array(&[4]),
            array(&[2, 2, 4]),
            Data::scalar(Const::I64(2)),
            Data::i64s(&[2, 2], &[0, 2, 2, 2]),
        ],
    );
}

#[test]
fn updates_with_one_side_active() {
    body(
        "x: f64[n], v: f64[4], p: i64[4]",
        "(f64[n], f64[n])",
        "zero = const 0.0
         z = broadcast [n] [] zero
         a = update z [pick p] v
         zz = broadcast [4] [] zero
         b = update x [pick p] zz
         c = mul b b
         yield a, c",
        &[array(&[3]), array(&[4]), Data::i64s(&[4], &[1, 0, 1, 1])],
    );
}

#[test]
fn accumulations() {
    body(
        "x: f64[n, m], v: f64, z: f64[2, 2, m], i: i64, p: i64[2, 2]",
        "(f64[n, m], f64[n, m])",
        "vv = mul v v
         a = acc x [i, i] vv
         zz = mul z z
         b = acc a [pick p, :] zz
         c = mul b b
         yield b, c",
        &[
            array(&[3, 4]),
            number(0.4),
            array(&[2, 2, 4]),
            Data::scalar(Const::I64(2)),
            Data::i64s(&[2, 2], &[0, 2, 2, 2]),
        ],
    );
}

#[test]
fn matrix_products() {
    for (left, right) in [("", ""), ("", "'"), ("'", ""), ("'", "'")] {
        let a = if left.is_empty() { "[2, 3, 4]" } else { "[2, 4, 3]" };
        let b = if right.is_empty() { "[2, 4, 5]" } else { "[2, 5, 4]" };
        body(
            &format!("a: f64{a}, b: f64{b}"),
            "f64[2, 3, 5]",
            &format!("c = matmul a{left}, b{right}\nyield c"),
            &[
                array(if left.is_empty() { &[2, 3, 4] } else { &[2, 4, 3] }),
                array(if right.is_empty() { &[2, 4, 5] } else { &[2, 5, 4] }),
            ],
        );
    }
}
