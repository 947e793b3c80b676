//! First light.

use adl_compiler::codegen::compile;
use adl_compiler::ir::FuncId;
use adl_compiler::ir::entity::Entity;
use adl_compiler::ir::parse::parse;
use adl_runtime::{Array, Workspace};

fn run(text: &str, sizes: &[i64], args: &[Array]) -> Vec<Array> {
    let module = parse(text).unwrap_or_else(|p| panic!("{p}"));
    let native = compile(&module, FuncId::new(0)).unwrap_or_else(|p| panic!("{p}"));
    println!("{:?}", native.stats());
    native.run(&mut Workspace::new(), sizes, args).unwrap_or_else(|p| panic!("{p:?}"))
}

fn f(x: f64) -> Array {
    Array::from_slice(&[], &[x]).unwrap()
}

#[test]
fn power() {
    let text = "
func @0 power[](v0: f64, v1: i64) -> f64 {
  v2 = const 1.0
  v3 = for v1 (v2) { (v4: i64, v5: f64)
    v6 = mul v5 v0
    yield v6
  }
  yield v3
}
";
    let r = run(text, &[], &[f(1.5), Array::from_slice(&[], &[3i64]).unwrap()]);
    assert_eq!(r[0].as_f64().unwrap(), [3.375]);
}

#[test]
fn fused() {
    let text = "
func @0 f[n](v0: f64[n], v1: f64) -> (f64, f64[n]) {
  v2 = broadcast [n] [] v1
  v3 = mul v0 v2
  v4 = sin v3
  v5 = add v4 v0
  v6 = reduce sum [0] v5
  v7 = mul v2 v0
  yield v6, v7
}
";
    let x = Array::from_slice(&[3], &[1.0, 2.0, 3.0]).unwrap();
    let r = run(text, &[3], &[x, f(2.0)]);
    assert_eq!(r[1].as_f64().unwrap(), [2.0, 4.0, 6.0]);
    println!("{:?}", r[0].as_f64());
}
