//! Loops over several elements at once give what single elements give, tails and special values included.

use crate::support::{Numbers, agree, compare};
use adl_compiler::interp::Data;
use adl_lang::ops::Const;
use adl_lang::prims::Prim;
use adl_lang::types::DType;

const SIZES: &[&[i64]] = &[&[0], &[1], &[7], &[8], &[9], &[15], &[16], &[17], &[31], &[64], &[100]];

#[test]
fn chains_of_arithmetic() {
    for dtype in ["f64", "f32"] {
        for text in [
            "func @0 f[n](v0: T[n], v1: T[n], v2: T) -> T[n] {\n  v3 = broadcast [n] [] v2\n  v4 = mul v0 v3\n  v5 = sub v4 v1\n  v6 = abs v5\n  v7 = sqrt v6\n  v8 = div v7 v3\n  v9 = neg v8\n  yield v9\n}\n",
            "func @0 f[n](v0: T[n], v1: T[n], v2: T) -> T[n] {\n  v3 = lt v0 v1\n  v4 = gt v0 v0\n  v5 = or v3 v4\n  v6 = not v5\n  v7 = select v6 v0 v1\n  v8 = convert T v3\n  v9 = add v7 v8\n  v10 = sign v9\n  v11 = mul v9 v1\n  v12 = div v9 v1\n  v13 = add v10 v11\n  v14 = add v13 v12\n  yield v14\n}\n",
            "func @0 f[n](v0: T[n], v1: T[n], v2: T) -> (T[n], T[n], T[n]) {\n  v3 = floor v0\n  v4 = ceil v1\n  v5 = round v0\n  v6 = add v3 v4\n  v7 = min v0 v1\n  v8 = max v5 v7\n  yield v6, v7, v8\n}\n",
            "func @0 f[n](v0: T[n], v1: T[n], v2: T) -> T[n] {\n  v3 = ge v0 v1\n  v4 = eq v0 v1\n  v5 = and v3 v4\n  v6 = ne v0 v0\n  v7 = le v0 v1\n  v8 = select v6 v7 v5\n  v9 = gt v2 v2\n  v10 = broadcast [n] [] v9\n  v11 = select v10 v8 v3\n  v12 = select v11 v0 v1\n  yield v12\n}\n",
        ] {
            let stats = agree(&text.replace('T', dtype), SIZES, 0.0);
            assert!(stats.vector_loops > 0, "{stats:?} of\n{text}");
        }
    }
}

#[test]
fn rows_of_transposed_arrays() {
    let sizes: &[&[i64]] = &[&[3, 5], &[9, 8], &[17, 33], &[4, 100], &[100, 1], &[0, 9]];
    for dtype in ["f64", "f32"] {
        for text in [
            "func @0 f[n, m](v0: T[n, m], v1: T[m, n]) -> T[m, n] {\n  v2 = transpose [1, 0] v0\n  v3 = add v2 v1\n  v4 = mul v3 v3\n  yield v4\n}\n",
            "func @0 f[n, m](v0: T[n, m], v1: T[m, n]) -> (T[m, n], T[n, m]) {\n  v2 = transpose [1, 0] v0\n  v3 = transpose [1, 0] v1\n  yield v2, v3\n}\n",
            "func @0 f[n, m](v0: T[n, 3, m], v1: T[m, n]) -> T[3, m, n] {\n  v2 = transpose [1, 2, 0] v0\n  v3 = broadcast [3, m, n] [1, 2] v1\n  v4 = tanh v2\n  v5 = mul v4 v3\n  yield v5\n}\n",
        ] {
            let stats = agree(&text.replace('T', dtype), sizes, 0.0);
            assert!(stats.vector_loops > 0, "{stats:?} of\n{text}");
        }
    }
}

#[test]
fn special_values() {
    let values = [0.0, -0.0, 1.0, -1.5, 2.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 5e-324, -1e300, 0.5, -3.5];
    for dtype in [DType::F64, DType::F32] {
        for op in ["add", "sub", "mul", "div", "min", "max", "floordiv", "rem"] {
            // Exact division with a rest is a call for each pair.
            let wide = !matches!(op, "floordiv" | "rem");
            let name = dtype.name();
            let text = format!(
                "func @0 f[n](v0: {name}[n], v1: {name}[n]) -> {name}[n] {{\n  v2 = {op} v0 v1\n  yield v2\n}}\n"
            );
            let pairs: Vec<(f64, f64)> = values.iter().flat_map(|&a| values.iter().map(move |&b| (a, b))).collect();
            let data = |f: fn(&(f64, f64)) -> f64| {
                Data::new(dtype, vec![pairs.len()], pairs.iter().map(|p| Const::of(dtype, f(p))).collect())
            };
            let stats = compare(&text, &[pairs.len() as i64], &[data(|p| p.0), data(|p| p.1)], 0.0);
            assert_eq!(stats.vector_loops, usize::from(wide));
        }
        for op in ["sign", "round", "floor", "ceil", "abs", "sqrt", "neg"] {
            let name = dtype.name();
            let text = format!("func @0 f[n](v0: {name}[n]) -> {name}[n] {{\n  v2 = {op} v0\n  yield v2\n}}\n");
            let data = Data::new(dtype, vec![values.len()], values.iter().map(|&x| Const::of(dtype, x)).collect());
            let stats = compare(&text, &[values.len() as i64], &[data], 0.0);
            assert_eq!(stats.vector_loops, 1);
        }
        for kind in ["max", "min"] {
            let name = dtype.name();
            let text =
                format!("func @0 f[n](v0: {name}[n]) -> {name} {{\n  v2 = reduce {kind} [0] v0\n  yield v2\n}}\n");
            for at in 0..19 {
                for &x in &values {
                    let mut elems = vec![Const::of(dtype, if kind == "max" { -0.0 } else { 0.0 }); 19];
                    elems[at] = Const::of(dtype, x);
                    compare(&text, &[19], &[Data::new(dtype, vec![19], elems)], 0.0);
                }
            }
        }
    }
}

#[test]
fn rows_of_matrices() {
    let sizes: &[&[i64]] = &[&[0, 0], &[1, 9], &[3, 8], &[4, 17], &[9, 1], &[2, 33]];
    for dtype in ["f64", "f32"] {
        for text in [
            // Broadcasts along either axis.
            "func @0 f[n, m](v0: T[n, m], v1: T[n], v2: T[m]) -> T[n, m] {\n  v3 = broadcast [n, m] [0] v1\n  v4 = broadcast [n, m] [1] v2\n  v5 = mul v0 v3\n  v6 = add v5 v4\n  yield v6\n}\n",
            "func @0 f[n, m](v0: T[n, m], v1: T[n], v2: T[m]) -> (T[m], T[n], T) {\n  v3 = broadcast [n, m] [0] v1\n  v4 = broadcast [n, m] [1] v2\n  v5 = mul v3 v4\n  v6 = reduce sum [0] v5\n  v7 = reduce sum [1] v5\n  v8 = reduce sum [0, 1] v5\n  yield v6, v7, v8\n}\n",
            // Parts, and parts that are changed.
            "func @0 f[n, m](v0: T[n + 2, m + 2], v1: T[n], v2: T[m]) -> T[n, m] {\n  v3 = const 1\n  v4 = const 2\n  v5 = const 0\n  v6 = index v0 [from v3 len n step 1, from v5 len m step 1]\n  v7 = index v0 [from v3 len n step 1, from v4 len m step 1]\n  v8 = index v0 [from v5 len n step 1, from v3 len m step 1]\n  v9 = add v6 v7\n  v10 = add v9 v8\n  yield v10\n}\n",
            "func @0 f[n, m](v0: T[n + 1, m], v1: T[n], v2: T[m]) -> T[n + 1, m] {\n  v3 = const 0\n  v4 = acc v0 [v3, :] v2\n  v5 = neg v2\n  v6 = update v4 [v3, :] v5\n  v7 = acc v6 [:, :] v0\n  yield v7\n}\n",
            "func @0 f[n, m](v0: T[n, m], v1: T[n], v2: T[m]) -> (T[2 * n, m], T[n, 2 * m]) {\n  v3 = neg v0\n  v4 = concat 0 v0, v3\n  v5 = concat 1 v3, v0\n  yield v4, v5\n}\n",
            "func @0 f[n, m](v0: T[n, m], v1: T[n], v2: T[m]) -> (T[n, m], T[n, 1, m]) {\n  v3 = map [n] () { (v4: i64)\n    v5 = index v0 [v4, :]\n    v6 = sub v5 v2\n    v7 = mul v6 v6\n    yield v7\n  }\n  v8 = reshape [n, 1, m] v3\n  v9 = neg v8\n  yield v3, v9\n}\n",
        ] {
            let stats = agree(&text.replace('T', dtype), sizes, 1e-12);
            assert!(stats.vector_loops > 0, "{stats:?} of\n{text}");
        }
    }
}

#[test]
fn a_fused_chain_needs_no_memory() {
    let text = "
func @0 f[n](v0: f64[n], v1: f64[n]) -> f64 {
  v2 = sub v0 v1
  v3 = mul v2 v2
  v4 = mul v3 v2
  v5 = add v4 v3
  v6 = reduce sum [0] v5
  yield v6
}
";
    let stats = agree(text, SIZES, 1e-12);
    assert_eq!((stats.buffers, stats.copies, stats.stored, stats.vector_loops), (0, 0, 2, 1), "{stats:?}");
}

/// Functions with a form for many numbers.
const APPLIED: [(Prim, [&[f64]; 2]); 8] = [
    (Prim::Exp, [&[-1.0, 1.0], &[-760.0, 720.0]]),
    (Prim::Log, [&[0.7, 1.5], &[-1.0, 1e6]]),
    (Prim::Log1p, [&[-0.3, 0.3], &[-1.1, 1e6]]),
    (Prim::Sin, [&[-4.0, 4.0], &[-40_000.0, 40_000.0]]),
    (Prim::Cos, [&[-4.0, 4.0], &[-40_000.0, 40_000.0]]),
    (Prim::Tanh, [&[-1.0, 1.0], &[-22.0, 22.0]]),
    (Prim::Cosh, [&[-1.0, 1.0], &[-715.0, 715.0]]),
    (Prim::Sigmoid, [&[-2.0, 2.0], &[-760.0, 760.0]]),
];

/// Each function of many numbers has the bits of the function of one: on ordinary numbers, across its whole range and on
/// special values.
#[test]
fn functions_applied_to_many_numbers_are_those_of_one() {
    let special =
        [0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 5e-324, -5e-324, 1e-300, 1e300, -1e300, -1.0, 1.0];
    let mut numbers = Numbers(7);
    for (prim, ranges) in APPLIED {
        let mut xs = special.to_vec();
        xs.extend((-1074..1024).map(|k| 2.0_f64.powi(k)));
        for range in ranges {
            xs.extend((0..20_000).map(|_| {
                let unit = (numbers.bits() >> 11) as f64 / (1u64 << 53) as f64;
                range[0] + (range[1] - range[0]) * unit
            }));
        }
        for dtype in [DType::F64, DType::F32] {
            let (name, function) = (dtype.name(), prim.name());
            let text = format!("func @0 f[n](v0: {name}[n]) -> {name}[n] {{\n  v1 = {function} v0\n  yield v1\n}}\n");
            let data = Data::new(dtype, vec![xs.len()], xs.iter().map(|&x| Const::of(dtype, x)).collect());
            assert_eq!(compare(&text, &[xs.len() as i64], &[data], 0.0).vector_loops, 1, "{text}");
        }
    }
}

/// Functions inside of trees, of one another, along rows of matrices, more than there are buffers for.
#[test]
fn functions_in_trees() {
    let sizes: &[&[i64]] = &[&[0, 3], &[1, 9], &[2, 255], &[3, 257], &[2, 600], &[40, 20]];
    for dtype in ["f64", "f32"] {
        for (text, tolerance) in [
            ("v3 = mul v0 v0\n  v4 = exp v3\n  v5 = sin v4\n  v6 = mul v5 v0\n  v7 = add v6 v4\n  yield v7", 0.0),
            (
                "v3 = broadcast [n, m] [0] v1\n  v4 = broadcast [n, m] [1] v2\n  v5 = sub v3 v4\n  v6 = tanh v5\n  v7 = lt v6 v0\n  v8 = cos v0\n  v9 = select v7 v6 v8\n  yield v9",
                0.0,
            ),
            (
                "v3 = exp v0\n  v4 = reduce sum [1] v3\n  v5 = broadcast [n, m] [0] v4\n  v6 = div v3 v5\n  yield v6",
                1e-12,
            ),
            (
                "v3 = sin v0\n  v4 = exp v3\n  v5 = sin v4\n  v6 = exp v5\n  v7 = cos v6\n  v8 = sigmoid v7\n  v9 = tanh v8\n  v10 = exp v9\n  v11 = cos v10\n  v12 = sin v11\n  yield v12",
                0.0,
            ),
            (
                "v3 = sin v1\n  v4 = reshape [n, 1] v3\n  v5 = cos v2\n  v6 = reshape [1, m] v5\n  v7 = matmul v4, v6\n  v8 = exp v2\n  v9 = reshape [1, m] v8\n  v10 = neg v9\n  v11 = concat 0 v10, v7\n  v12 = const 1\n  v13 = index v11 [from v12 len n step 1, :]\n  yield v13",
                1e-12,
            ),
            ("v3 = transpose [1, 0] v0\n  v4 = exp v3\n  v5 = transpose [1, 0] v4\n  v6 = cosh v5\n  yield v6", 0.0),
        ] {
            let text = format!("func @0 f[n, m](v0: T[n, m], v1: T[n], v2: T[m]) -> T[n, m] {{\n  {text}\n}}\n");
            agree(&text.replace('T', dtype), sizes, tolerance);
        }
        let text = "func @0 f[n, m](v0: T[n, m]) -> T {\n  v1 = exp v0\n  v2 = log1p v1\n  v3 = reduce sum [0, 1] v2\n  yield v3\n}\n";
        let stats = agree(&text.replace('T', dtype), sizes, 1e-12);
        assert_eq!((stats.buffers, stats.vector_loops), (0, 1), "{stats:?}");
    }
}

/// Each of 200 values is used twice by the next one: what is asked of a value is answered once, not once for each way to it.
#[test]
fn deep_trees_with_shared_parts() {
    for dtype in ["f64", "f32"] {
        let mut text = format!("func @0 f[n](v0: {dtype}[n]) -> {dtype}[n] {{\n  v1 = sin v0\n");
        for k in 1..=200 {
            let (square, sum) = (2 * k, 2 * k + 1);
            text += &format!("  v{square} = mul v{} v{0}\n  v{sum} = sub v{square} v1\n", square - 1);
        }
        text += "  v402 = tanh v401\n  yield v402\n}\n";
        let stats = agree(&text, &[&[0], &[9], &[300]], 0.0);
        assert_eq!(stats.vector_loops, 1, "{stats:?}");
    }
}
