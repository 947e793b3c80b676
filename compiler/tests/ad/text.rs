//! What the passes write, on the worked examples: residuals, recomputation, and accumulation in place.

use crate::support::{Mode, derivative, last, read, resolved};

/// The function of that name after resolution.
fn made(text: &str, mode: Mode, name: &str) -> String {
    let mut module = read(text);
    let func = last(&module);
    let asks = derivative(&mut module, func, mode);
    let ready = resolved(&module, &[asks]);
    let all = ready.to_string();
    let found = all.split("\n\n").find(|f| f.lines().next().is_some_and(|l| l.contains(&format!(" {name}["))));
    format!("\n{}\n", found.unwrap_or_else(|| panic!("no {name} in\n{all}")).trim_end())
}

#[test]
fn a_while_keeps_what_is_not_linear() {
    let text = "
func @0 f[](x: f64, n: i64) -> f64 {
  zero = const 0
  y, k = while (x, zero) { (y0: f64, k0: i64)
    c = lt k0 n
    yield c
  } do { (y1: f64, k1: i64)
    s = sin y1
    p = mul s x
    one = const 1
    k2 = add k1 one
    yield p, k2
  }
  yield y
}
";
    assert_eq!(made(text, Mode::Reverse, "f.vjp"), WHILE);
}

const WHILE: &str = "
func @2 f.vjp[](v0: f64, v1: i64, v2: f64) -> (f64, f64) {
  v3 = tape_new
  v4 = const 0
  v5 = const 0
  v6, v7, v8, v9 = while (v0, v4, v5, v3) { (v10: f64, v11: i64, v12: i64, v13: tape)
    v14 = lt v11 v1
    yield v14
  } do { (v15: f64, v16: i64, v17: i64, v18: tape)
    v19 = sin v15
    v20 = mul v19 v0
    v21 = const 1
    v22 = add v16 v21
    v23 = const 1
    v24 = add v17 v23
    v25 = push v18, v15, v19
    yield v20, v22, v24, v25
  }
  v26 = const 0.0
  v27 = const 1
  v28 = sub v8 v27
  v29, v30, v31 = for v8 (v2, v26, v9) { (v32: i64, v33: f64, v34: f64, v35: tape)
    v36: tape, v37: f64, v38: f64 = pop v35
    v39 = mul v0 v33
    v40 = mul v38 v33
    v41 = add v34 v40
    v42 = cos v37
    v43 = mul v42 v39
    yield v43, v41, v36
  }
  v44 = add v30 v29
  tape_end v31
  yield v6, v44
}
";

#[test]
fn an_updated_array_is_read_zeroed_and_accumulated() {
    let text = "
func @0 f[n](x: f64[n], m: i64) -> f64[n] {
  y = for m (x) { (j: i64, a: f64[n])
    one = const 1
    i = add j one
    u = index a [j]
    s = sin u
    v = index a [i]
    w = mul s v
    b = update a [i] w
    yield b
  }
  yield y
}
";
    assert_eq!(made(text, Mode::Reverse, "f.vjp"), UPDATES);
}

const UPDATES: &str = "
func @2 f.vjp[n](v0: f64[n], v1: i64, v2: f64[n]) -> (f64[n], f64[n]) {
  v3 = tape_new
  v4, v5 = for v1 (v0, v3) { (v6: i64, v7: f64[n], v8: tape)
    v9 = const 1
    v10 = add v6 v9
    v11 = index v7 [v6]
    v12 = sin v11
    v13 = index v7 [v10]
    v14 = mul v12 v13
    v15 = update v7 [v10] v14
    v16 = push v8, v11, v12, v13
    yield v15, v16
  }
  v17 = const 1
  v18 = sub v1 v17
  v19, v20 = for v1 (v2, v5) { (v21: i64, v22: f64[n], v23: tape)
    v24: tape, v25: f64, v26: f64, v27: f64 = pop v23
    v28 = sub v18 v21
    v29 = const 1
    v30 = add v28 v29
    v31 = const 0.0
    v32 = index v22 [v30]
    v33 = update v22 [v30] v31
    v34 = mul v27 v32
    v35 = mul v26 v32
    v36 = acc v33 [v30] v35
    v37 = cos v25
    v38 = mul v37 v34
    v39 = acc v36 [v28] v38
    yield v39, v24
  }
  tape_end v20
  yield v4, v19
}
";

#[test]
fn a_map_stays_a_map() {
    let text = "
func @0 f[n](x: f64[n], k: i64) -> f64[n] {
  y = map [n] () { (i: i64)
    bounds index k < n
    a = index x [i]
    b = index x [k]
    c = mul a b
    yield c
  }
  yield y
}
";
    assert_eq!(made(text, Mode::Reverse, "f.vjp"), MAP);
}

const MAP: &str = "
func @2 f.vjp[n](v0: f64[n], v1: i64, v2: f64[n]) -> (f64[n], f64[n]) {
  v3 = map [n] () { (v4: i64)
    bounds index v1 < n
    v5 = index v0 [v4]
    v6 = index v0 [v1]
    v7 = mul v5 v6
    yield v7
  }
  v8 = const 0.0
  v9 = broadcast [n] [] v8
  v10 = map [n] (v9) { (v11: i64, v12: f64[n])
    v13 = index v0 [v11]
    v14 = index v0 [v1]
    v15 = mul v13 v14
    v16 = index v2 [v11]
    v17 = mul v14 v16
    v18 = mul v13 v16
    v19 = acc v12 [v1] v18
    v20 = acc v19 [v11] v17
    yield v20
  }
  yield v3, v10
}
";
