//! Selectors, updates, shapes, reductions, products.

use super::*;

#[test]
fn selectors() {
    let x = || counted(&[3, 4]);
    let at = |text: &str, ty: &str, args: Vec<Data>| {
        let params = ["x: f64[3, 4]", "a: i64", "b: i64[2, 3]"];
        line(&params[..args.len()].join(", "), ty, text, args)
    };
    assert_eq!(at("index x [:, a]", "f64[3]", vec![x(), int(1)]), Data::f64s(&[3], &[2.0, 6.0, 10.0]));
    assert_eq!(at("index x [a, a]", "f64", vec![x(), int(2)]), real(11.0));
    let backwards = at("index x [a, from a len 3 step -1]", "f64[3]", vec![x(), int(2)]);
    assert_eq!(backwards, Data::f64s(&[3], &[11.0, 10.0, 9.0]));
    let strided = at("index x [from a len 2 step 2, from a len 2 step 3]", "f64[2, 2]", vec![x(), int(0)]);
    assert_eq!(strided, Data::f64s(&[2, 2], &[1.0, 4.0, 9.0, 12.0]));
    let nothing = at("index x [from a len 0 step 1, :]", "f64[0, 4]", vec![x(), int(3)]);
    assert_eq!(nothing, Data::f64s(&[0, 4], &[]));
    let picks = Data::i64s(&[2, 3], &[3, 3, 0, 1, 2, 3]);
    let picked = at("index x [a, pick b]", "f64[2, 3]", vec![x(), int(1), picks.clone()]);
    assert_eq!(picked, Data::f64s(&[2, 3], &[8.0, 8.0, 5.0, 6.0, 7.0, 8.0]));
    let rows = line(
        "x: f64[2, 2], b: i64[3]",
        "f64[3, 2]",
        "index x [pick b, :]",
        vec![counted(&[2, 2]), Data::i64s(&[3], &[1, 0, 1])],
    );
    assert_eq!(rows, Data::f64s(&[3, 2], &[3.0, 4.0, 1.0, 2.0, 3.0, 4.0]));
    // What is out of range although no check stands before is a fault of the compiler.
    let outside = line_fails("x: f64[3, 4], a: i64", "f64", "index x [a, a]", vec![x(), int(3)]);
    assert_eq!(outside, FailureKind::Internal("position 3 of 3 is not checked".into()));
}

#[test]
fn updates_and_accumulations() {
    let put = |word: &str, x: Data, v: Data, b: Data| {
        line("x: f64[4], v: f64[3], b: i64[3]", "f64[4]", &format!("{word} x [pick b] v"), vec![x, v, b])
    };
    let repeated = || Data::i64s(&[3], &[2, 0, 2]);
    let (x, v) = (|| counted(&[4]), || Data::f64s(&[3], &[10.0, 20.0, 30.0]));
    // Of repeated positions the last one counts, or all add up.
    assert_eq!(put("update", x(), v(), repeated()), Data::f64s(&[4], &[20.0, 2.0, 30.0, 4.0]));
    assert_eq!(put("acc", x(), v(), repeated()), Data::f64s(&[4], &[21.0, 2.0, 43.0, 4.0]));
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
    assert_eq!(line("x: f64, v: f64", "f64", "acc x [] v", vec![real(1.0), real(2.0)]), real(3.0));
}

#[test]
fn shapes() {
    let x = || counted(&[2, 3]);
    let one = |text: &str, ty: &str| line("x: f64[2, 3]", ty, text, vec![x()]);
    assert_eq!(one("transpose [1, 0] x", "f64[3, 2]"), Data::f64s(&[3, 2], &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]));
    assert_eq!(one("reshape [3, 2] x", "f64[3, 2]"), counted(&[3, 2]));
    let wide = one("broadcast [2, 2, 3] [0, 2] x", "f64[2, 2, 3]");
    assert_eq!(wide.to_f64s(), [1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 4.0, 5.0, 6.0]);
    assert_eq!(
        one("concat 0 x x", "f64[4, 3]").to_f64s(),
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    );
    assert_eq!(
        one("concat 1 x x", "f64[2, 6]").to_f64s(),
        [1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 4.0, 5.0, 6.0]
    );
    assert_eq!(one("iota 3", "i64[3]"), Data::i64s(&[3], &[0, 1, 2]));
    let sizes = "func f[n, m](x: f64[n, 2 * m + 1]) -> i64 {\n  k = size n * m - (n // 2)\n  yield k\n}\n";
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
    assert!(one("reduce max [0] x", "f64[3]")[2].is_nan() && one("reduce min [0] x", "f64[3]")[2].is_nan());
    // The first among equals, the first NaN if there is one.
    assert_eq!(one("argmax 1 x", "i64[2]"), [2.0, 2.0]);
    assert_eq!(one("argmin 1 x", "i64[2]"), [1.0, 2.0]);
    assert_eq!(line("x: i64[3]", "i64", "argmax 0 x", vec![Data::i64s(&[3], &[7, 9, 9])]), int(1));
    let bools = || Data::new(DType::Bool, vec![2], vec![Const::Bool(true), Const::Bool(false)]);
    assert_eq!(line("x: bool[2]", "bool", "reduce all [0] x", vec![bools()]), truth(false));
    assert_eq!(line("x: bool[2]", "bool", "reduce any [0] x", vec![bools()]), truth(true));
    let empty = || Data::f64s(&[0], &[]);
    assert_eq!(line("x: f64[0]", "f64", "reduce sum [0] x", vec![empty()]), real(0.0));
    assert_eq!(line("x: f64[0]", "f64", "reduce max [0] x", vec![empty()]), real(f64::NEG_INFINITY));
    assert_eq!(line("x: f64[0]", "f64", "reduce min [0] x", vec![empty()]), real(f64::INFINITY));
    let large = Data::i64s(&[2], &[i64::MAX, 1]);
    assert_eq!(line_fails("x: i64[2]", "i64", "reduce sum [0] x", vec![large]), FailureKind::IntOverflow);
}

#[test]
fn sorting_is_stable_with_nan_last() {
    let x = Data::f64s(&[2, 4], &[3.0, f64::NAN, 1.0, 3.0, 0.0, -0.0, f64::NAN, -1.0]);
    let perm = line("x: f64[2, 4]", "i64[2, 4]", "argsort x", vec![x]);
    assert_eq!(perm, Data::i64s(&[2, 4], &[2, 0, 3, 1, 3, 0, 1, 2]));
}

#[test]
fn matrix_products() {
    let (a, b) = (|| counted(&[2, 3]), || Data::f64s(&[3, 2], &[1.0, 0.0, 2.0, 1.0, 0.0, -1.0]));
    let product = Data::f64s(&[2, 2], &[5.0, -1.0, 14.0, -1.0]);
    let params = "a: f64[2, 3], b: f64[3, 2]";
    assert_eq!(line(params, "f64[2, 2]", "matmul a, b", vec![a(), b()]), product);
    let outer = line(params, "f64[3, 3]", "matmul a', b'", vec![a(), b()]);
    assert_eq!(outer.to_f64s(), [1.0, 6.0, -4.0, 2.0, 9.0, -5.0, 3.0, 12.0, -6.0]);
    let gram = line("a: f64[2, 3]", "f64[2, 2]", "matmul a, a'", vec![a()]);
    assert_eq!(gram, Data::f64s(&[2, 2], &[14.0, 32.0, 32.0, 77.0]));
    let batched = line("a: f64[2, 1, 2]", "f64[2, 1, 1]", "matmul a, a'", vec![counted(&[2, 1, 2])]);
    assert_eq!(batched, Data::f64s(&[2, 1, 1], &[5.0, 25.0]));
}
