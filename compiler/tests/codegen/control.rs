//! Control flow, calls and failures against the interpreter.

use crate::support::{agree, compare, native};
use adl_compiler::codegen::{CallFailure, Fault, What};
use adl_compiler::interp::Data;
use adl_lang::ops::Const;
use adl_runtime::{Array, Workspace};

const SIZES: &[&[i64]] = &[&[0], &[1], &[2], &[5], &[17], &[33]];

fn int(x: i64) -> Data {
    Data::scalar(Const::I64(x))
}

#[test]
fn scalar_control() {
    let text = "
func @0 collatz[](v0: i64) -> (i64, i64) {
  v1 = const 1
  v20 = const 0
  v2, v3 = while (v0, v20) { (v4: i64, v5: i64)
    v6 = gt v4 v1
    yield v6
  } do { (v7: i64, v8: i64)
    v9 = const 2
    v10 = rem v7 v9
    v11 = eq v10 v1
    v12 = if v11 {
      v13 = const 3
      v14 = mul v7 v13
      v16 = add v14 v1
      yield v16
    } else {
      v17 = floordiv v7 v9
      yield v17
    }
    v15 = add v8 v1
    yield v12, v15
  }
  yield v2, v3
}
";
    for n in [0, 1, 2, 27, 97] {
        compare(text, &[], &[int(n)], 0.0);
    }
    let text = "
func @0 nested[](v0: i64, v1: f64) -> (f64, i64) {
  v2 = const 0
  v3, v4 = for v0 (v1, v2) { (v5: i64, v6: f64, v7: i64)
    v8, v9 = for v5 (v6, v7) { (v10: i64, v11: f64, v12: i64)
      v13 = convert f64 v10
      v14 = add v11 v13
      v15 = sin v14
      v16 = add v12 v5
      yield v15, v16
    }
    yield v8, v9
  }
  yield v3, v4
}
";
    for n in [-1, 0, 1, 2, 7] {
        compare(text, &[], &[int(n), Data::scalar(Const::F64(0.3))], 0.0);
    }
}

#[test]
fn recursion() {
    let text = "
func @0 fib[](v0: i64) -> i64 {
  v1 = const 2
  v2 = lt v0 v1
  v3 = if v2 {
    yield v0
  } else {
    v4 = const 1
    v5 = sub v0 v4
    v6 = sub v0 v1
    v7: i64 = call @0[](v5)
    v8: i64 = call @0[](v6)
    v9 = add v7 v8
    yield v9
  }
  yield v3
}
";
    for n in [0, 1, 10, 15] {
        compare(text, &[], &[int(n)], 0.0);
    }
    let text = "
func @0 down[](v0: i64) -> i64 {
  v1 = const 1
  v2 = add v0 v1
  v3: i64 = call @0[](v2)
  v4 = add v3 v1
  yield v4
}
";
    let found = native(text).run(&mut Workspace::new(), &[], &[Array::from_slice(&[], &[0i64]).unwrap()]);
    assert_eq!(found.unwrap_err(), CallFailure::StackOverflow);
}

#[test]
fn comprehensions() {
    for text in [
        "
func @0 f[n](v0: f64[n]) -> f64[n] {
  v1 = map [n] () { (v2: i64)
    v3 = index v0 [v2]
    v4 = sin v3
    yield v4
  }
  v5 = mul v1 v0
  yield v5
}
",
        "
func @0 f[n](v0: f64[n, 3]) -> (f64[n, n], f64[n]) {
  v1 = map [n, n] () { (v2: i64, v3: i64)
    v4 = index v0 [v2, :]
    v5 = index v0 [v3, :]
    v6 = sub v4 v5
    v7 = mul v6 v6
    v8 = reduce sum [0] v7
    yield v8
  }
  v9 = reduce max [1] v1
  yield v1, v9
}
",
        "
func @0 f[n](v0: f64[n], v1: i64[n]) -> (f64[n, 2], i64[n], f64[3]) {
  v20 = const 0.0
  v21 = broadcast [3] [] v20
  v2, v3, v4 = map [n] (v21) { (v5: i64, v6: f64[3])
    v7 = index v0 [v5]
    v8 = index v1 [v5]
    bounds index v8 < 3
    v9 = acc v6 [v8] v7
    v10 = broadcast [2] [] v7
    v11 = exp v10
    v12 = mul v5 v8
    yield v11, v12, v9
  }
  yield v2, v3, v4
}
",
        "
func @0 f[n](v0: f64[n]) -> f64[n, n] {
  v1 = map [n] () { (v2: i64)
    v3 = index v0 [v2]
    v4 = broadcast [n] [] v3
    v5 = sub v4 v0
    v6 = exp v5
    v7 = reduce sum [0] v6
    v8 = broadcast [n] [] v7
    v9 = div v6 v8
    yield v9
  }
  yield v1
}
",
        "
func @0 f[n](v0: f64[n]) -> f64[n] {
  v1 = map [n] () { (v2: i64)
    v3 = index v0 [v2]
    v4 = for v2 (v3) { (v5: i64, v6: f64)
      v7 = cos v6
      yield v7
    }
    yield v4
  }
  yield v1
}
",
    ] {
        agree(text, SIZES, 1e-12);
    }
}

#[test]
fn failures_say_where_and_what() {
    let fail = |text: &str, sizes: &[i64], args: &[Data]| {
        compare(text, sizes, args, 0.0);
        let arrays: Vec<Array> = args.iter().map(crate::support::array).collect();
        match native(text).run(&mut Workspace::new(), sizes, &arrays) {
            Err(CallFailure::Failed { site, values, arrays }) => (site.what, values, arrays),
            other => panic!("{other:?} of\n{text}"),
        }
    };
    let add = "func @0 f[](v0: i64, v1: i64) -> i64 {\n  v2 = OP v0 v1\n  yield v2\n}\n";
    for (op, a, b, fault) in [
        ("add", i64::MAX, 1, Fault::Overflow),
        ("sub", i64::MIN, 1, Fault::Overflow),
        ("mul", i64::MAX, 2, Fault::Overflow),
        ("floordiv", 1, 0, Fault::DivisionByZero),
        ("rem", 1, 0, Fault::DivisionByZero),
        ("floordiv", i64::MIN, -1, Fault::Overflow),
        ("pow", 2, -1, Fault::NegativeExponent),
        ("pow", 3, 41, Fault::Overflow),
    ] {
        let (what, _, _) = fail(&add.replace("OP", op), &[], &[int(a), int(b)]);
        assert_eq!(what, What::Fault(fault), "{op}");
    }
    let text =
        "func @0 f[n](v0: f64[n], v1: i64) -> f64 {\n  bounds index v1 < n\n  v2 = index v0 [v1]\n  yield v2\n}\n";
    for i in [-1, 3, i64::MAX] {
        let (_, values, _) = fail(text, &[3], &[Data::f64s(&[3], &[1.0, 2.0, 3.0]), int(i)]);
        assert_eq!(values[..2], [i, 3]);
    }
    let text = "func @0 f[n](v0: i64[n]) -> i64 {\n  bounds index v0 < n\n  v2 = reduce sum [0] v0\n  yield v2\n}\n";
    let (_, values, _) = fail(text, &[3], &[Data::i64s(&[3], &[0, 5, 1])]);
    assert_eq!(values[..2], [5, 3]);
    let text = "func @0 f[n]() -> i64 {\n  nonnegative n - 4\n  v0 = size n\n  yield v0\n}\n";
    assert_eq!(fail(text, &[3], &[]).1[0], -1);
    let text = "func @0 f[n, m]() -> i64 {\n  samesize n, 2 * m\n  v0 = size n\n  yield v0\n}\n";
    assert_eq!(fail(text, &[3, 4], &[]).1[..2], [3, 8]);
    let text = "func @0 f[n](v0: f64[n], v1: f64) -> f64 {
  v2 = const false
  assert (\"no: \", $1, $2) v2, v0, v1
  yield v1
}\n";
    let (what, _, arrays) = fail(text, &[2], &[Data::f64s(&[2], &[1.0, 2.0]), Data::scalar(Const::F64(7.0))]);
    assert!(matches!(what, What::Assert(_)));
    assert_eq!(arrays[0].as_f64().unwrap(), [1.0, 2.0]);
    assert_eq!(arrays[1].as_f64().unwrap(), [7.0]);
}

#[test]
fn loops_can_be_interrupted() {
    let text = "
func @0 forever[](v0: f64) -> f64 {
  v1 = while (v0) { (v2: f64)
    v3 = const true
    yield v3
  } do { (v4: f64)
    v5 = add v4 v4
    yield v5
  }
  yield v1
}
";
    let native = native(text);
    let mut workspace = Workspace::new();
    let interrupt = workspace.interrupt();
    let other = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(30));
        interrupt.raise();
    });
    let found = native.run(&mut workspace, &[], &[Array::from_slice(&[], &[1.0f64]).unwrap()]);
    assert_eq!(found.unwrap_err(), CallFailure::Interrupted);
    other.join().unwrap();
}

#[test]
fn sizes_too_large_fail() {
    let text = "
func @0 f[n](v0: i64) -> i64 {
  v1 = const 0
  v2 = for v0 (v1) { (v3: i64, v4: i64)
    v5 = random bits [n * n * n] v3
    v6 = reduce sum [0] v5
    yield v6
  }
  yield v2
}
";
    for n in [1 << 20, 1 << 31, 1 << 40] {
        let found = native(text).run(&mut Workspace::new(), &[n], &[Array::from_slice(&[], &[1i64]).unwrap()]);
        assert!(found.is_err(), "{n}");
    }
}
