//! Every pure operation against the interpreter.

use crate::support::{agree, cases, compare, read};
use adl_compiler::interp::Data;
use adl_lang::ops::Const;
use adl_lang::prims::{Prim, Typing};
use adl_lang::types::DType;

fn types_of(prim: Prim) -> Vec<DType> {
    match prim.row().typing {
        Typing::Float => vec![DType::F64, DType::F32],
        Typing::Number => vec![DType::F64, DType::F32, DType::I64],
        Typing::Compare | Typing::Select => vec![DType::F64, DType::F32, DType::I64, DType::Bool],
        Typing::Logic => vec![DType::Bool],
    }
}

fn operand(prim: Prim, k: usize, dtype: DType) -> DType {
    if prim == Prim::Select && k == 0 { DType::Bool } else { dtype }
}

fn special(dtype: DType) -> Vec<Const> {
    let floats = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.5, 3.5, -7.25, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    match dtype {
        DType::Bool => vec![Const::Bool(false), Const::Bool(true)],
        DType::I64 => [0, 1, -1, 2, -3, 7, 63, i64::MAX, i64::MIN].map(Const::I64).to_vec(),
        DType::F32 | DType::F64 => floats.iter().map(|&x| Const::of(dtype, x)).collect(),
    }
}

/// Every primitive, on scalars and on arrays, on ordinary and special values.
#[test]
fn primitives() {
    for &prim in Prim::ALL.iter().filter(|p| p.definition().is_none()) {
        for dtype in types_of(prim) {
            let result = prim.result(&(0..prim.arity()).map(|k| operand(prim, k, dtype)).collect::<Vec<_>>()).unwrap();
            let args = |shape: &str| {
                let one = |k| format!("v{k}: {}{shape}", operand(prim, k, dtype).name());
                (0..prim.arity()).map(one).collect::<Vec<_>>().join(", ")
            };
            let names = (0..prim.arity()).map(|k| format!("v{k}")).collect::<Vec<_>>().join(" ");
            let array = format!(
                "func @0 f[n]({}) -> {}[n] {{\n  v9 = {} {names}\n  yield v9\n}}\n",
                args("[n]"),
                result.name(),
                prim.name()
            );
            agree(&array, &[&[0], &[1], &[3], &[9]], 0.0);
            let scalar = format!(
                "func @0 f[]({}) -> {} {{\n  v9 = {} {names}\n  yield v9\n}}\n",
                args(""),
                result.name(),
                prim.name()
            );
            read(&scalar);
            for &a in &special(operand(prim, 0, dtype)) {
                if prim.arity() == 1 {
                    compare(&scalar, &[], &[Data::scalar(a)], 0.0);
                    continue;
                }
                for &b in &special(operand(prim, 1, dtype)) {
                    let mut args = vec![Data::scalar(a), Data::scalar(b)];
                    if prim.arity() == 3 {
                        args.push(Data::scalar(special(dtype)[0]));
                    }
                    compare(&scalar, &[], &args, 0.0);
                }
            }
        }
    }
}

const SIZES: &[&[i64]] = &[&[0], &[1], &[2], &[5], &[17], &[33]];
const PAIRS: &[&[i64]] = &[&[0, 0], &[1, 1], &[3, 0], &[0, 3], &[2, 5], &[5, 2], &[9, 17], &[17, 9]];

#[test]
fn conversions() {
    for from in ["bool", "i64", "f32", "f64"] {
        for to in ["bool", "i64", "f32", "f64"] {
            let text = format!("func @0 f[n](v0: {from}[n]) -> {to}[n] {{\n  v1 = convert {to} v0\n  yield v1\n}}\n");
            agree(&text, SIZES, 0.0);
        }
    }
    let text = "func @0 f[](v0: f64) -> i64 {\n  v1 = convert i64 v0\n  yield v1\n}\n";
    for x in [1e19, -1e19, f64::NAN, f64::INFINITY, -9.3e18, 9.3e18, 9.2e18, -9_223_372_036_854_775_808.0, 2.9, -2.9] {
        compare(text, &[], &[Data::scalar(Const::F64(x))], 0.0);
    }
}

#[test]
fn shapes() {
    cases("shapes");
}

#[test]
fn reductions() {
    for (kind, dtype) in [
        ("sum", "f64"),
        ("sum", "f32"),
        ("sum", "i64"),
        ("max", "f64"),
        ("min", "f64"),
        ("max", "f32"),
        ("min", "f32"),
        ("max", "i64"),
        ("min", "i64"),
        ("all", "bool"),
        ("any", "bool"),
    ] {
        for (axes, result) in [("0, 1", ""), ("0", "[m]"), ("1", "[n]")] {
            let text = format!(
                "func @0 f[n, m](v0: {dtype}[n, m]) -> {dtype}{result} {{
  v1 = reduce {kind} [{axes}] v0
  yield v1
}}\n"
            );
            agree(&text, PAIRS, 1e-12);
        }
        for (axes, result) in
            [("1", "[n, 2, 3]"), ("0, 3", "[m, 2]"), ("1, 2", "[n, 3]"), ("0, 1, 2, 3", ""), ("2", "[n, m, 3]")]
        {
            let text = format!(
                "func @0 f[n, m](v0: {dtype}[n, m, 2, 3]) -> {dtype}{result} {{
  v1 = reduce {kind} [{axes}] v0
  yield v1
}}\n"
            );
            agree(&text, PAIRS, 1e-12);
        }
    }
    let text = "func @0 f[n](v0: f64[n]) -> (f64, f64, f64) {
  v1 = reduce max [0] v0
  v2 = reduce min [0] v0
  v3 = neg v0
  v4 = reduce max [0] v3
  yield v1, v2, v4
}\n";
    for at in 0..13 {
        for x in [f64::NAN, 0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY] {
            let mut xs = vec![0.0; 13];
            xs[at] = x;
            compare(text, &[13], &[Data::f64s(&[13], &xs)], 0.0);
        }
    }
}

#[test]
fn positions_of_extremes() {
    for dtype in ["f64", "f32", "i64"] {
        for which in ["argmax", "argmin"] {
            let text = format!(
                "func @0 f[n, m](v0: {dtype}[n, m]) -> (i64[m], i64[n]) {{
  v1 = {which} 0 v0
  v2 = {which} 1 v0
  yield v1, v2
}}\n"
            );
            agree(&text, &[&[1, 1], &[3, 4], &[9, 2]], 0.0);
        }
    }
    let text = "func @0 f[n](v0: f64[n]) -> (i64, i64) {\n  v1 = argmax 0 v0\n  v2 = argmin 0 v0\n  yield v1, v2\n}\n";
    for xs in [[1.0, 1.0, 0.0], [0.0, f64::NAN, 5.0], [f64::NAN, f64::NAN, 1.0], [-0.0, 0.0, 0.0], [5.0, 5.0, f64::NAN]]
    {
        compare(text, &[3], &[Data::f64s(&[3], &xs)], 0.0);
    }
}

#[test]
fn parts() {
    cases("parts");
}

#[test]
fn changes() {
    for op in ["update", "acc"] {
        for dtype in ["f64", "f32", "i64"] {
            for (part, sels) in [
                ("[4]", "[v2, :]"),
                ("[n + 3]", "[:, v2]"),
                ("", "[v2, v2]"),
                ("[n, 4]", "[from v2 len n step 1, :]"),
                ("[n + 3, 2]", "[:, from v2 len 2 step -1]"),
                ("[n + 3, 4]", "[:, :]"),
            ] {
                let text = format!(
                    "func @0 f[n](v0: {dtype}[n + 3, 4], v1: {dtype}{part}, v2: i64) -> {dtype}[n + 3, 4] {{
  v3 = {op} v0 {sels} v1
  yield v3
}}\n"
                );
                if sels.contains("-1") {
                    let two = text.replace("v2: i64)", "v5: i64)").replace("  v3 =", "  v2 = const 2\n  v3 =");
                    agree(&two, SIZES, 0.0);
                } else {
                    agree(&text, SIZES, 0.0);
                }
            }
            for sels in ["[pick v2, pick v3]", "[pick v2, pick v2]"] {
                let text = format!(
                    "func @0 f[n](v0: {dtype}[3, 4], v1: {dtype}[n, n], v2: i64[n], v3: i64[n]) -> {dtype}[3, 4] {{
  v4 = {op} v0 {sels} v1
  yield v4
}}\n"
                );
                agree(&text, SIZES, 1e-13);
            }
            let both = format!(
                "func @0 f[n](v0: {dtype}[n + 3], v1: {dtype}, v2: i64) -> ({dtype}[n + 3], {dtype}[n + 3]) {{
  v3 = {op} v0 [v2] v1
  v4 = {op} v3 [v2] v1
  v5 = add v3 v4
  yield v4, v5
}}\n"
            );
            agree(&both, SIZES, 0.0);
        }
    }
    cases("changes");
}

#[test]
fn products() {
    for dtype in ["f64", "f32", "i64"] {
        for (a, b, op) in [
            ("n, m", "m, n", "v0, v1"),
            ("m, n", "m, n", "v0', v1"),
            ("n, m", "n, m", "v0, v1'"),
            ("m, n", "n, m", "v0', v1'"),
        ] {
            let text = format!(
                "func @0 f[n, m](v0: {dtype}[{a}], v1: {dtype}[{b}]) -> {dtype}[n, n] {{
  v2 = matmul {op}
  yield v2
}}\n"
            );
            agree(&text, PAIRS, 1e-12);
        }
        let text = format!(
            "func @0 f[n, m](v0: {dtype}[3, n, m], v1: {dtype}[3, m, n]) -> {dtype}[3, n, n] {{
  v2 = neg v0
  v3 = matmul v2, v1
  yield v3
}}\n"
        );
        agree(&text, PAIRS, 1e-12);
    }
}

#[test]
fn sorting_and_chance() {
    for dtype in ["f64", "f32", "i64"] {
        let text = format!(
            "func @0 f[n, m](v0: {dtype}[n, m]) -> i64[n, m] {{\n  v1 = neg v0\n  v2 = argsort v1\n  yield v2\n}}\n"
        );
        agree(&text, PAIRS, 0.0);
    }
    for kind in ["uniform", "normal"] {
        let text = format!(
            "func @0 f[n](v0: i64) -> (f64[n, 2], f64) {{
  v1 = random {kind} [n, 2] v0
  v2 = random {kind} [] v0
  yield v1, v2
}}\n"
        );
        agree(&text, SIZES, 0.0);
    }
    agree("func @0 f[n](v0: i64) -> i64[n] {\n  v1 = random bits [n] v0\n  yield v1\n}\n", SIZES, 0.0);
}
