//! The text form: what is printed reads back and prints the same.

use adl_compiler::ir::func::{Kind, Module};
use adl_compiler::ir::parse::parse;
use adl_compiler::ir::print::annotated;
use adl_compiler::ir::{Builder, Func, Type};
use adl_lang::ops::{Const, Factor, Op};
use adl_lang::source::Span;
use adl_lang::types::{DType, Dim, Sym, Ty};

fn read(text: &str) -> Module {
    parse(text).unwrap_or_else(|problem| panic!("{problem}\n{text}"))
}

/// The text must be its own printed form; so it documents the form as well.
fn fixed(text: &str) {
    let text = text.trim_start();
    let printed = read(text).to_string();
    assert_eq!(printed, text);
    let verbose = format!("{:#}", read(text));
    assert_eq!(read(&verbose).to_string(), text);
}

#[test]
fn scalars_and_loops() {
    fixed(
        "
func @0 power[](v0: f64, v1: i64) -> f64 {
  v2 = const 1.0
  v3 = for v1 (v2) { (v4: i64, v5: f64)
    v6 = mul v5 v0
    yield v6
  }
  yield v3
}

func @1 collatz[](v0: i64) -> (i64, bool) {
  v1 = const 1
  v2, v3 = while (v0, v1) { (v4: i64, v5: i64)
    v6 = ne v4 v1
    yield v6
  } do { (v7: i64, v8: i64)
    v9 = const 2
    v10 = rem v7 v9
    v11 = eq v10 v1
    v12 = if v11 {
      v13 = mul v7 v9
      yield v13
    } else {
      v14 = floordiv v7 v9
      yield v14
    }
    v15 = add v8 v1
    yield v12, v15
  }
  v16 = const true
  yield v3, v16
}

func @2 nothing[]() -> () {
  yield
}
",
    );
}

#[test]
fn every_operation() {
    fixed(
        "
func @0 ops[n, s1, m](v0: f64[n, m], v1: i64, v2: i64[4, m], v3: bool[n], v4: f32) -> f64[n, m] {
  v5 = size n * m + 2
  v6 = iota 2 * n + 3
  v7 = convert f32 v0
  v8 = broadcast [3, n, s1, m] [1, 3] v0
  v9 = reduce sum [0, 1] v0
  v10 = reduce max [1] v0
  v11 = reduce min [0] v0
  v12 = reduce all [0] v3
  v13 = reduce any [0] v3
  v14 = argmax 1 v0
  v15 = argmin 0 v0
  v16 = transpose [1, 0] v0
  v17 = reshape [n * m] v0
  v18 = concat 0 v0, v0
  v19 = index v0 [v1, :]
  v20 = index v0 [:, pick v2]
  v21 = index v0 [from v1 len (n // 2) step -2, v1]
  v22 = update v0 [v1, v1] v9
  v23 = acc v22 [v1, :] v19
  v24 = matmul v0, v16
  v25 = matmul v0', v0
  v26 = matmul v0, v0'
  v27 = argsort v0
  v28 = random uniform [n, 3] v1
  v29 = random normal [] v1
  v30 = random bits [m - 1] v1
  v31 = select v12 v4 v4
  v32 = stop_grad v0
  yield v32
}
",
    );
}

#[test]
fn every_factorisation() {
    for factor in Factor::ALL {
        let operands = match factor {
            Factor::LuSolve { .. } => "v1, v2",
            Factor::Triangular { .. } => "v0, v2",
            Factor::Lu | Factor::Cholesky | Factor::Qr | Factor::Eigh | Factor::Svd => "v0",
        };
        let rows = match factor {
            Factor::Lu => "n + 2, n",
            Factor::Cholesky => "n, n",
            Factor::Qr => "2 * n, n",
            Factor::Eigh => "n + 1, n",
            Factor::Svd => "2 * n + 1, n",
            Factor::LuSolve { .. } | Factor::Triangular { .. } => "n, 3",
        };
        let word = factor.name();
        fixed(&format!(
            "
func @0 f[n](v0: f64[n, n], v1: f64[n + 2, n], v2: f64[n, 3]) -> f64[{rows}] {{
  v3 = {word} {operands}
  yield v3
}}\n"
        ));
    }
}

#[test]
fn every_instruction() {
    fixed(
        r#"
func @0 "odd name"[n](v0: f64[n, 3], v1: f64[n], v2: i64) -> (f64[n], f64[n], tape) {
  v3 = const 0.5
  v4, v5 = map [n] (v1) { (v6: i64, v7: f64[n])
    bounds index v6 < n
    v8 = index v0 [v6, :]
    v9 = index v8 [v2]
    v10 = acc v7 [v6] v9
    yield v8, v10
  }
  v11 = map [2, n] () { (v12: i64, v13: i64)
    yield v3
  }
  bounds slice v2 < n - 2
  nonnegative n - 2
  samesize n, (n % 4) + 3
  v14 = gt v3 v3
  assert ("n is not \"good\": ", $1:.3f, "\n", $1) v14, v3
  print ($0, " ", $0:8.2e, $0:%, $0:5d, $0:p, $0:g) v2
  tell progress [done: $0, of: $1] v2, v2
  assert nan "log" v14, v3
  v15 = tape_new
  v16 = push v15, v1, v3
  v17: tape, v18: f64[n], v19: f64 = pop v16
  tape_end v17
  v20: f64[n] = call @1[n](v1)
  v21: f64[n], v22: f64[n] = jvp @1[n](v1) along (v20) again
  v23: f64[n], v24: f64[n] = vjp @1[n](v1) from (v20) wrt [0] primal
  v25 = vjp @2[3](v3, v2) from (_, v3) wrt []
  v26 = tape_new
  yield v20, v24, v26
}

func @1 id[n](v0: f64[n]) -> f64[n] {
  yield v0
}
"#
        .replace("  v25 = vjp", "  v25: f64 = vjp")
        .as_str(),
    );
}

#[test]
fn rules_and_functions_that_stay_apart() {
    fixed(
        "
func @0 cube[](v0: f64) -> f64 jvp @1 vjp @2 @3 {
  v1 = mul v0 v0
  v2 = mul v1 v0
  yield v2
}

func @1 cube_jvp[](v0: f64, v1: f64) -> (f64, f64) apart {
  v2: f64 = call @0[](v0)
  v3 = mul v2 v1
  yield v2, v3
}

func @2 cube_fwd[](v0: f64) -> (f64, f64) {
  v1: f64 = call @0[](v0)
  yield v1, v0
}

func @3 cube_bwd[](v0: f64, v1: f64) -> f64 {
  v2 = mul v0 v1
  yield v2
}
",
    );
}

#[test]
fn constants_are_exact() {
    let bits: Vec<Const> = [0.0, -0.0, 1.0, 0.1, 1e300, 5e-324, f64::MAX, 1e16, f64::INFINITY, -f64::INFINITY]
        .into_iter()
        .map(Const::F64)
        .chain([f64::NAN, -f64::NAN, f64::from_bits(0x7ff8_0000_0000_0f32)].map(Const::F64))
        .chain([0.1, -0.0, 1e-45, f32::MAX, f32::NAN, -f32::NAN, f32::INFINITY, -f32::INFINITY].map(Const::F32))
        .chain([0, -1, i64::MIN, i64::MAX].map(Const::I64))
        .chain([true, false].map(Const::Bool))
        .collect();
    let mut func = Func::new("constants", Vec::new(), Span::default());
    let mut b = Builder::new(&mut func);
    for &c in &bits {
        b.constant(c);
    }
    let mut module = Module::default();
    module.funcs.push(func);
    let back = read(&module.to_string());
    let func = back.funcs.iter().next().expect("a function").1;
    let found: Vec<Const> = (func.insts.iter())
        .map(|(_, data)| match data.kind {
            Kind::Pure(Op::Const(c)) => c,
            ref other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(found, bits);
}

#[test]
fn dimensions_read_back_to_the_same_value() {
    let (n, m) = (Dim::sym(Sym(0)), Dim::sym(Sym(1)));
    let k = Dim::constant;
    let half = (n.clone() + k(1)).floor_div(&k(2));
    let dims = [
        k(0),
        -n.clone(),
        n.clone() * n.clone() * m.clone() * k(-3) - k(7),
        half.clone(),
        half.clone().rem(&(m.clone() - n.clone())) * half.clone() - half.floor_div(&m),
        (-n.clone()).floor_div(&k(2)).rem(&(-m.clone())),
        k(1).floor_div(&k(0)) + n * k(i64::MIN) + k(i64::MIN),
    ];
    for dim in dims {
        let mut func = Func::new("f", vec![None, Some("m".into())], Span::default());
        func.param(func.body, Type::Data(Ty::array(DType::F64, [dim.clone()])));
        let mut module = Module::default();
        module.funcs.push(func);
        let back = read(&module.to_string());
        let func = back.funcs.iter().next().expect("a function").1;
        assert_eq!(func.data(func.params()[0]).dims, [dim]);
    }
}

#[test]
fn names_are_free_and_comments_are_skipped() {
    let text = "; head\nfunc f[n](x: f64[n]) -> f64 { ; body\n\n  total = reduce sum [0] x ; all\n  yield total\n}\n";
    let printed = "func @0 f[n](v0: f64[n]) -> f64 {\n  v1 = reduce sum [0] v0\n  yield v1\n}\n";
    assert_eq!(read(text).to_string(), printed);
}

#[test]
fn clashing_size_names_fall_back() {
    let names = vec![Some("n".into()), Some("n".into()), Some("s0".into()), Some("2x".into())];
    let mut func = Func::new("f", names, Span::default());
    let dims: Vec<Dim> = (0..4).map(|k| Dim::sym(Sym(k))).collect();
    func.param(func.body, Type::Data(Ty::array(DType::F64, dims)));
    assert_eq!(func.to_string(), "func f[n, s1, s2, s3](v0: f64[n, s1, s2, s3]) -> () {\n  yield\n}\n");
}

#[test]
fn spans_show_as_comments() {
    let module = read("func f[](x: f64) -> f64 {\n  y = sin x\n  yield y\n}\n");
    let func = module.funcs.iter().next().expect("a function").1;
    let text = annotated(func, &|span| Some(format!("{}:1", span.start + 3)));
    assert_eq!(text, "func f[](v0: f64) -> f64 {\n  v1 = sin v0  ; 3:1\n  yield v1\n}\n");
}

#[test]
fn a_wrong_type_is_written_out() {
    let text = "func @0 f[](v0: f64) -> i64 {\n  v1: i64 = sin v0\n  yield v1\n}\n";
    fixed(text);
}

#[test]
fn errors_name_the_line() {
    let cases = [
        ("func f[](x: f64) -> f64 {\n  y = sine x\n  yield y\n}", 2, "no instruction `sine`"),
        ("func f[](x: f64) -> f64 {\n  y = sin z\n  yield y\n}", 2, "no value `z` before this"),
        ("func f[](x: f64) -> f64 {\n  x = sin x\n  yield x\n}", 2, "`x` is defined twice"),
        ("func f[](x: f64[n]) -> f64 {\n}", 1, "no size parameter `n`"),
        ("func f[](x: f64) -> f64 {\n  y = call @0[](x)\n  yield y\n}", 2, "`call` needs the types of its results"),
        ("func f[](x: f64) -> f64 {\n  y = sin x x\n  yield y\n}", 2, "2 operands for Prim(Sin)"),
        ("func f[](x: f64) -> f64 {\n  y, z = sin x\n  yield y\n}", 2, "`sin` gives 1 results"),
    ];
    for (text, line, message) in cases {
        let problem = parse(text).expect_err(text);
        assert_eq!((problem.line, problem.message.as_str()), (line, message));
    }
}

#[test]
fn messages_for_the_host() {
    fixed(
        "
func @0 f[n](v0: f64[n], v1: i64) -> () {
  print (\"n is \", $0:.3e, start) v1
  tell save [path: (\"run\", $0, \".npy\"), value: $1] v1, v0
  tell plot [panels: [[title: none, marks: [none, $0]]], [], legend: $1] v0, v1
  yield
}
",
    );
}
