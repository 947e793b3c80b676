//! The functions of the runtime: compiled code calls each of them in some program.

use crate::support::read;
use adl_compiler::codegen::{Facts, listing};
use adl_compiler::ir::FuncId;
use adl_compiler::ir::entity::Entity;
use adl_runtime::symbols::Symbol;
use std::collections::HashSet;

/// Operations on an array of floats `T`, and the type of what they give.
const OF_FLOATS: &[(&str, &str)] = &[
    ("reduce sum [1] v0", "T[n]"),
    ("reduce sum [0] v0", "T[m]"),
    ("reduce sum [0, 1] v1", "T"),
    ("exp v0", "T[n, m]"),
    ("tanh v0", "T[n, m]"),
    ("cosh v0", "T[n, m]"),
    ("sigmoid v0", "T[n, m]"),
    ("log v0", "T[n, m]"),
    ("log1p v0", "T[n, m]"),
    ("sin v0", "T[n, m]"),
    ("cos v0", "T[n, m]"),
    ("tanh v2", "T"),
    ("sigmoid v2", "T"),
    ("sin v2", "T"),
    ("cos v2", "T"),
    ("matmul v0, v1", "T[n, n]"),
    ("argsort v0", "i64[n, m]"),
    ("lu v3", "T[n + 2, n]"),
    ("cholesky v3", "T[n, n]"),
    ("qr v0", "T[n + m, m]"),
    ("eigh v3", "T[n + 1, n]"),
    ("svd v0", "T[n + m + 1, m]"),
    ("lu_solve v4, v3", "T[n, n]"),
    ("lower_solve v3, v3", "T[n, n]"),
];

/// Programs with what is left.
const OTHERS: &[&str] = &[
    "func @0 f[n, m](v0: T[n, m], v1: T[m, n]) -> T {
  v2 = transpose [1, 0] v0
  v3 = mul v2 v1
  v4 = reduce sum [0, 1] v3
  yield v4
}
",
    "func @0 f[n](v0: i64[n], v1: i64) -> (i64[n], f64[n], f64[n], i64[n], f64[n]) {
  v2 = argsort v0
  v3 = random uniform [n] v1
  v4 = random normal [n] v1
  v5 = random bits [n] v1
  v6 = host \"h\" f64 [n] v0
  v7 = lt v1 v1
  assert (\"no: \", $0) v7, v0
  print (\"x = \", $0) v0
  yield v2, v3, v4, v5, v6
}
",
    "func @0 f[n](v0: f64[n], v1: i64) -> f64[n] {
  v2 = tape_new
  v3, v4: f64[n] = for v1 (v2, v0) { (v5: i64, v6: tape, v7: f64[n])
    v8 = sin v7
    v9 = push v6, v7
    yield v9, v8
  }
  v10, v11: f64[n] = for v1 (v3, v4) { (v12: i64, v13: tape, v14: f64[n])
    v15: tape, v16: f64[n] = pop v13
    v17 = mul v16 v14
    yield v15, v17
  }
  tape_end v10
  yield v11
}
",
];

#[test]
fn each_is_called_by_some_code() {
    let of_floats = OF_FLOATS.iter().map(|(operation, result)| {
        format!(
            "func @0 f[n, m](v0: T[n, m], v1: T[m, n], v2: T, v3: T[n, n], v4: T[n + 2, n]) -> {result} {{\n  \
             v5 = {operation}\n  yield v5\n}}\n"
        )
    });
    let programs: Vec<String> = of_floats.chain(OTHERS.iter().map(ToString::to_string)).collect();
    let programs = ["f64", "f32"].iter().flat_map(|dtype| programs.iter().map(|text| text.replace('T', dtype)));
    let mut called = HashSet::new();
    for text in programs {
        let code = listing(&read(&text), FuncId::new(0), &Facts::default()).unwrap_or_else(|p| panic!("{p}\n{text}"));
        // A call is followed by a comment with the name of what is called.
        called.extend(code.clif.lines().filter_map(|line| Symbol::named(line.split_once("  ; ")?.1)));
    }
    let never: Vec<&Symbol> = Symbol::ALL.iter().filter(|symbol| !called.contains(symbol)).collect();
    assert!(never.is_empty(), "no code calls {never:?}");
}
