//! Arrays that share memory: loops, branches, calls and tapes work in place, and give what the interpreter gives.

use crate::support::agree;

const SIZES: &[&[i64]] = &[&[0], &[1], &[2], &[5], &[17], &[33]];

#[test]
fn arrays_through_calls() {
    let stats = agree(
        "
func @0 main[n](v0: f64[n], v1: f64) -> (f64[2 * n], f64, f64[n]) {
  v2 = exp v0
  v3: f64[n], v4: f64 = call @1[n](v2, v1)
  v5 = concat 0 v3, v2
  yield v5, v4, v3
}

func @1 f[k](v0: f64[k], v1: f64) -> (f64[k], f64) {
  v2 = broadcast [k] [] v1
  v3 = mul v0 v2
  v4 = reduce sum [0] v3
  yield v3, v4
}
",
        SIZES,
        1e-12,
    );
    assert_eq!(stats.functions, 2);
    // An array that a function changes is passed on without a copy.
    let stats = agree(
        "
func @0 main[n](v0: f64, v1: i64) -> f64[n + 1] {
  v2 = broadcast [n + 1] [] v0
  v3 = const 10
  v4 = for v3 (v2) { (v5: i64, v6: f64[n + 1])
    v7: f64[n + 1] = call @1[n](v6, v5)
    yield v7
  }
  yield v4
}

func @1 bump[n](v0: f64[n + 1], v1: i64) -> f64[n + 1] {
  v2 = size n + 1
  v3 = rem v1 v2
  v4 = const 1.0
  v5 = acc v0 [v3] v4
  v6 = const 3
  v7 = gt v1 v6
  v8 = if v7 {
    v9 = const 0
    v10 = update v5 [v9] v4
    yield v10
  } else {
    yield v5
  }
  yield v8
}
",
        SIZES,
        0.0,
    );
    assert_eq!(stats.copies, 0, "{stats:?}");
}

#[test]
fn loops_in_place() {
    // A recurrence that writes one element a round.
    let stats = agree(
        "
func @0 f[n](v0: f64[n + 1]) -> f64[n + 1] {
  v1 = size n
  v2 = exp v0
  v3 = for v1 (v2) { (v4: i64, v5: f64[n + 1])
    v6 = const 1
    v7 = add v4 v6
    v8 = index v5 [v4]
    v9 = index v5 [v7]
    v10 = add v8 v9
    v11 = update v5 [v7] v10
    yield v11
  }
  yield v3
}
",
        SIZES,
        0.0,
    );
    assert_eq!((stats.copies, stats.buffers), (0, 0), "{stats:?}");
    // An element-wise step overwrites the state; a transposed one exchanges two buffers.
    let stats = agree(
        "
func @0 f[n](v0: f64[n], v1: i64) -> f64[n] {
  v2 = for v1 (v0) { (v4: i64, v5: f64[n])
    v6 = sin v5
    v7 = mul v6 v5
    yield v7
  }
  yield v2
}
",
        SIZES,
        0.0,
    );
    assert_eq!((stats.copies, stats.copies_in_loops), (1, 0), "{stats:?}");
    for rounds in 0..4 {
        let text = format!(
            "
func @0 f[n](v0: f64[n, n]) -> (f64[n, n], f64) {{
  v1 = const {rounds}
  v9 = const 0.0
  v2, v3 = for v1 (v0, v9) {{ (v4: i64, v5: f64[n, n], v6: f64)
    v7 = transpose [1, 0] v5
    v8 = exp v7
    v10 = sub v8 v5
    v11 = reduce sum [0, 1] v10
    v12 = matmul v10, v5
    yield v12, v11
  }}
  yield v2, v3
}}
"
        );
        let stats = agree(&text, &[&[0], &[1], &[2], &[3]], 1e-9);
        assert_eq!(stats.copies_in_loops, 0, "{stats:?}");
    }
    // Two carries that change places, and one that stays.
    let stats = agree(
        "
func @0 f[n](v0: f64[n], v1: f64[n], v2: i64) -> (f64[n], f64[n], f64[n]) {
  v30 = exp v0
  v31 = exp v1
  v32 = neg v0
  v3, v4, v5 = for v2 (v30, v31, v32) { (v6: i64, v7: f64[n], v8: f64[n], v9: f64[n])
    yield v8, v7, v9
  }
  yield v3, v4, v5
}
",
        SIZES,
        0.0,
    );
    assert_eq!((stats.copies, stats.copies_in_loops), (2, 0), "only the end copies: {stats:?}");
}

#[test]
fn carries_that_need_copies() {
    for text in [
        // The next value is from outside, twice the same, or the old value of the other.
        "
func @0 f[n](v0: f64[n], v1: f64[n], v2: i64) -> (f64[n], f64[n]) {
  v3, v4 = for v2 (v0, v1) { (v6: i64, v7: f64[n], v8: f64[n])
    yield v1, v7
  }
  yield v3, v4
}
",
        "
func @0 f[n](v0: f64[n], v1: f64[n], v2: i64) -> (f64[n], f64[n]) {
  v3, v4 = for v2 (v0, v1) { (v6: i64, v7: f64[n], v8: f64[n])
    v9 = exp v8
    yield v9, v9
  }
  yield v3, v4
}
",
        "
func @0 f[n](v0: f64[n], v1: f64[n], v2: i64) -> (f64[n], f64[n]) {
  v3, v4 = for v2 (v0, v0) { (v6: i64, v7: f64[n], v8: f64[n])
    v9 = sub v8 v7
    v10 = cos v9
    yield v8, v10
  }
  yield v3, v4
}
",
        "
func @0 f[n](v0: f64[n], v1: f64[n + 1], v2: i64) -> (f64[n + 1], f64[n + 1]) {
  v5 = exp v1
  v3, v4 = for v2 (v1, v5) { (v6: i64, v7: f64[n + 1], v8: f64[n + 1])
    v9 = const 0
    v10 = const 7.0
    v11 = update v7 [v9] v10
    v12 = add v11 v7
    v13 = update v5 [v9] v10
    yield v12, v13
  }
  yield v3, v4
}
",
        "
func @0 f[n](v0: f64[n], v1: f64[n], v2: i64) -> (f64[n], f64[n]) {
  v3, v4 = for v2 (v0, v1) { (v6: i64, v7: f64[n], v8: f64[n])
    v20 = const 1
    v21 = rem v6 v20
    v22 = eq v21 v20
    v9, v10 = if v22 {
      yield v8, v7
    } else {
      v11 = sin v7
      yield v8, v11
    }
    v12, v13 = for v6 (v9, v10) { (v14: i64, v15: f64[n], v16: f64[n])
      v17 = cos v15
      v18 = add v17 v16
      yield v16, v18
    }
    yield v12, v13
  }
  yield v3, v4
}
",
    ] {
        agree(text, SIZES, 0.0);
    }
}

#[test]
fn branches_with_arrays() {
    let stats = agree(
        "
func @0 f[n](v0: f64[n + 1], v1: bool, v2: i64) -> f64[n + 1] {
  v3 = exp v0
  v4 = if v1 {
    v5 = const 3.0
    v6 = update v3 [v2] v5
    yield v6
  } else {
    yield v3
  }
  yield v4
}
",
        &[&[3], &[4], &[5]],
        0.0,
    );
    assert_eq!((stats.copies, stats.buffers), (0, 0), "{stats:?}");
    for text in [
        "
func @0 f[n](v0: f64[n], v1: f64[n], v2: bool) -> (f64[n], f64[n], f64) {
  v3 = exp v0
  v4 = exp v1
  v5, v6, v7 = if v2 {
    v8 = reduce sum [0] v4
    yield v4, v3, v8
  } else {
    v9 = const 1.0
    v10 = add v3 v4
    yield v3, v10, v9
  }
  v11 = sub v5 v3
  yield v11, v6, v7
}
",
        "
func @0 f[n](v0: f64[n], v1: f64[n], v2: bool) -> f64[n] {
  v3 = if v2 {
    yield v0
  } else {
    yield v1
  }
  v4 = add v3 v0
  v5 = if v2 {
    v6 = sin v4
    yield v6
  } else {
    yield v3
  }
  yield v5
}
",
    ] {
        agree(text, SIZES, 1e-12);
    }
}

#[test]
fn while_with_arrays() {
    let text = "
func @0 f[n](v0: f64[n], v1: f64) -> (f64[n], i64) {
  v2 = const 0
  v3, v4 = while (v0, v2) { (v5: f64[n], v6: i64)
    v7 = mul v5 v5
    v8 = reduce sum [0] v7
    v9 = const 0.01
    v10 = gt v8 v9
    yield v10
  } do { (v11: f64[n], v12: i64)
    v13 = const 0.5
    v14 = broadcast [n] [] v13
    v15 = mul v11 v14
    v16 = const 1
    v17 = add v12 v16
    yield v15, v17
  }
  yield v3, v4
}
";
    agree(text, SIZES, 0.0);
    let text = "
func @0 f[n](v0: f64[n, n], v1: i64) -> f64[n, n] {
  v2 = const 0
  v3, v4 = while (v0, v2) { (v5: f64[n, n], v6: i64)
    v10 = lt v6 v1
    yield v10
  } do { (v11: f64[n, n], v12: i64)
    v13 = transpose [1, 0] v11
    v15 = sub v13 v11
    v18 = cos v15
    v16 = const 1
    v17 = add v12 v16
    yield v18, v17
  }
  yield v3
}
";
    let stats = agree(text, SIZES, 0.0);
    assert_eq!(stats.copies_in_loops, 0, "{stats:?}");
}

#[test]
fn what_is_taken_out_of_an_array_before_it_changes() {
    // The reverse sweep of a loop that writes rows, or columns, takes their cotangents out of the array and clears
    // them. What is made of a part is needed after the array has changed; the part is kept, not the array.
    for (part, result) in [("v6, :", "v8, v13"), (":, v6", "v8, v13"), ("v6, :", "v8, v9")] {
        let text = format!(
            "
func @0 f[n](v0: f64[n, n], v1: f64[n]) -> (f64[n, n], f64[n]) {{
  v2 = size n
  v3 = const 0.0
  v4, v5 = for v2 (v0, v1) {{ (v6: i64, v7: f64[n, n], v14: f64[n])
    v9 = index v7 [{part}]
    v10 = add v14 v9
    v15 = broadcast [n] [] v3
    v8 = update v7 [{part}] v15
    v11 = cos v10
    v12 = mul v10 v11
    v13 = add v12 v10
    yield {result}
  }}
  yield v4, v5
}}
"
        );
        let stats = agree(&text, SIZES, 0.0);
        assert_eq!(stats.copies_in_loops, 0, "{stats:?}");
    }
}

#[test]
fn tapes() {
    let text = "
func @0 f[n](v0: f64[n], v1: i64) -> (f64[n], f64, i64) {
  v2 = tape_new
  v3, v4: f64[n] = for v1 (v2, v0) { (v5: i64, v6: tape, v7: f64[n])
    v8 = sin v7
    v9 = reduce sum [0] v8
    v10 = const true
    v11 = push v6, v8, v9, v5, v10
    yield v11, v8
  }
  v20 = const 0.0
  v21 = const 0
  v12, v13, v14, v15 = for v1 (v3, v4, v20, v21) { (v16: i64, v17: tape, v18: f64[n], v19: f64, v22: i64)
    v23: tape, v24: f64[n], v25: f64, v26: i64, v27: bool = pop v17
    v28 = add v18 v24
    v29 = sub v25 v19
    v30 = sub v26 v22
    yield v23, v28, v29, v30
  }
  tape_end v12
  yield v13, v14, v15
}
";
    agree(text, SIZES, 1e-12);
    let text = "
func @0 f[n](v0: f64[n], v1: i64) -> f64[n] {
  v2 = tape_new
  v3: tape, v4: f64[n] = call @1[n](v2, v0, v1)
  v5: f64[n] = call @2[n](v3, v4, v1)
  yield v5
}

func @1 forward[n](v0: tape, v1: f64[n], v2: i64) -> (tape, f64[n]) {
  v3, v4: f64[n] = for v2 (v0, v1) { (v5: i64, v6: tape, v7: f64[n])
    v8 = sin v7
    v9 = push v6, v7
    yield v9, v8
  }
  yield v3, v4
}

func @2 backward[n](v0: tape, v1: f64[n], v2: i64) -> f64[n] {
  v3, v4: f64[n] = for v2 (v0, v1) { (v5: i64, v6: tape, v7: f64[n])
    v8: tape, v9: f64[n] = pop v6
    v10 = cos v9
    v11 = mul v10 v7
    yield v8, v11
  }
  tape_end v3
  yield v4
}
";
    let stats = agree(text, SIZES, 1e-12);
    assert_eq!(stats.copies_in_loops, 0, "{stats:?}");
}
