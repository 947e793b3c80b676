//! Loops over several elements at once give what single elements give, tails and special values included.

use crate::support::{Numbers, agree, cases, compare};
use adl_compiler::interp::Data;
use adl_lang::ops::Const;
use adl_lang::prims::Prim;
use adl_lang::types::DType;

const SIZES: &[&[i64]] = &[&[0], &[1], &[7], &[8], &[9], &[15], &[16], &[17], &[31], &[64], &[100]];

#[test]
fn chains_of_arithmetic() {
    cases("chains");
}

#[test]
fn rows_of_transposed_arrays() {
    cases("transposed");
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
    cases("rows");
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

/// Each function of many numbers has the bits of the function of one:
/// on ordinary numbers, across its whole range and on special values.
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
    cases("functions");
    for dtype in ["f64", "f32"] {
        let text = "func @0 f[n, m](v0: T[n, m]) -> T {
  v1 = exp v0
  v2 = log1p v1
  v3 = reduce sum [0, 1] v2
  yield v3
}\n";
        let stats = agree(&text.replace('T', dtype), sizes, 1e-12);
        assert_eq!((stats.buffers, stats.vector_loops), (0, 1), "{stats:?}");
    }
}

/// Each of 200 values is used twice by the next one: what is asked of a value is answered once,
/// not once for each way to it.
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
