//! What goes in and comes out.

use super::{function, program};
use adl_compiler::{Array, Engine, View, ViewMut, record};

record! {
    /// A layer of a network.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Layer {
        pub weights: Array<f64, 2>,
        pub bias: Vec<f64>,
    }
    #[derive(Clone, Debug, PartialEq)]
    struct Model {
        scale: f64,
        layer: Layer,
        flag: bool,
        corner: (i64, [f64; 2]),
    }
}

#[test]
fn scalars_of_every_type() {
    let f = function::<fn(f64, i64, bool) -> (f64, i64, bool)>("fn f(x, n, b) = (x * n, n // 2, not b)", "f");
    for n in [-3, 0, 5, 8, 9, 1_000_000] {
        assert_eq!(f.call((0.5, n, true)).unwrap(), (0.5 * n as f64, n.div_euclid(2), false));
    }
    let single = function::<fn(f32, f32) -> f32>("fn f(x, y) = x / y", "f");
    assert_eq!(single.call((1.0, 3.0)).unwrap(), 1.0f32 / 3.0);
    assert_eq!(function::<fn() -> f64>("fn f() = 2.5", "f").call(()).unwrap(), 2.5);
    let truths = function::<fn([bool]) -> Vec<bool>>("fn f(x) = not x", "f");
    assert_eq!(truths.call((&[true, false],)).unwrap(), [false, true]);
}

#[test]
fn arrays_of_any_length() {
    let text = "fn f(A: f64[n, m], x: f64[m]) = A @ x\nfn g(x: f32[n]) = 2 * x\nfn h(k: i64[n]) = k[0]";
    let f = function::<fn(Array<f64, 2>, [f64]) -> Vec<f64>>(text, "f");
    for (n, m) in [(1, 1), (2, 3), (9, 9), (20, 9), (9, 20), (0, 4), (3, 0)] {
        let a = Array::new([n, m], (0..n * m).map(|k| k as f64).collect()).unwrap();
        let x: Vec<f64> = (0..m).map(|k| 1.0 + k as f64).collect();
        let expected: Vec<f64> = (0..n).map(|i| (0..m).map(|j| a[[i, j]] * x[j]).sum()).collect();
        assert_eq!(f.call((&a, &x)).unwrap(), expected, "{n} {m}");
    }
    assert_eq!(function::<fn([f32]) -> Vec<f32>>(text, "g").call((&[1.5f32; 3],)).unwrap(), [3.0f32; 3]);
    assert_eq!(function::<fn([i64]) -> i64>(text, "h").call((&vec![7, 8],)).unwrap(), 7);
}

#[test]
fn records_and_tuples_go_by_name() {
    let text = "fn f(m, x) = (layer: (bias: 2 * m.layer.bias, weights: x[0] * m.layer.weights), scale: m.scale + 1,
        corner: (m.corner.0 + 1, m.corner.1[.. by 1]), flag: not m.flag)";
    let f = function::<fn(Model, [f64]) -> Model>(text, "f");
    let layer = Layer { weights: [[1.0, 2.0], [3.0, 4.0]].into(), bias: vec![5.0] };
    let model = Model { scale: 1.0, layer, flag: false, corner: (41, [6.0, 7.0]) };
    let out = f.call((&model, &[10.0])).unwrap();
    let layer = Layer { weights: [[10.0, 20.0], [30.0, 40.0]].into(), bias: vec![10.0] };
    assert_eq!(out, Model { scale: 2.0, layer, flag: true, corner: (42, [6.0, 7.0]) });
    // Into a record that is there.
    let mut place = out.clone();
    place.layer.bias[0] = 0.0;
    f.call_into(&mut f.workspace(), (&model, &[10.0]), &mut place).unwrap();
    assert_eq!(place, out);
    let swap = function::<fn((f64, Vec<f64>)) -> ([f64; 2], f64)>("fn f((a, b)) = (b, a)", "f");
    assert_eq!(swap.call(((1.0, &[2.0, 3.0]),)).unwrap(), ([2.0, 3.0], 1.0));
}

#[test]
fn one_value_in_several_places_of_the_result() {
    let f = function::<fn([f64]) -> (Vec<f64>, (), Vec<f64>)>("fn f(x) = (x, none, x)", "f");
    let x = vec![1.0, 2.0];
    assert_eq!(f.call((&x,)).unwrap(), (x.clone(), (), x.clone()));
    let (mut a, mut b) = ([0.0; 2], [0.0; 4]);
    let every_other = ViewMut::from(&mut a);
    f.call_into(&mut f.workspace(), (&x,), (every_other, (), &mut b[1..3])).unwrap();
    assert_eq!((a, b), ([1.0, 2.0], [0.0, 1.0, 2.0, 0.0]));
}

#[test]
fn strides_are_respected() {
    let f = function::<fn(Array<f64, 2>) -> Vec<f64>>("fn f(A) = sum(A * arange(len(A))[.., none], axis = 0)", "f");
    let numbers: Vec<f64> = (0..12).map(f64::from).collect();
    // 2 × 3 by columns, then every other column of 4 × 3 by rows.
    let by_columns = View::strided(&numbers, [2, 3], [1, 2]).unwrap();
    assert_eq!(f.call((by_columns,)).unwrap(), [1.0, 3.0, 5.0]);
    let some = View::strided(&numbers, [4, 2], [3, 2]).unwrap();
    assert_eq!(f.call((some,)).unwrap(), [3.0 + 12.0 + 27.0, 5.0 + 16.0 + 33.0]);
    assert_eq!(View::strided(&numbers, [4, 3], [3, 2]).map(|v| v.dims()), None);
}

#[test]
fn calls_within_limits_of_other_threads() {
    let text = "fn f(x) { var y = x\n for k in 0..50 { y[k % len(x)] += sin(y[0]) }\n sum(y) }";
    let f = function::<fn([f64]) -> f64>(text, "f");
    let gradient = f.grad().unwrap();
    let expected: Vec<_> = (1..17).map(|n| gradient.call((&vec![0.5; n],)).unwrap()).collect();
    std::thread::scope(|scope| {
        for n in 1..17 {
            let (gradient, expected) = (gradient.clone(), &expected);
            scope.spawn(move || {
                for _ in 0..50 {
                    assert_eq!(gradient.call((&vec![0.5; n],)).unwrap(), expected[n - 1]);
                }
            });
        }
    });
}

#[test]
fn values_of_the_program_and_of_the_host() {
    let text = "let k = 2.0\nlet table = sin(arange(3))\nfn f(x) = k * x + table[1]";
    let f = function::<fn(f64) -> f64>(text, "f");
    assert_eq!(f.call((1.0,)).unwrap(), 2.0 + 1f64.sin());
    let engine = Engine::new();
    for k in [1e-300, -0.25, f64::INFINITY, f64::NEG_INFINITY] {
        let f = engine.source("t", text).constant("k", k).compile().unwrap();
        assert_eq!(f.function::<fn(f64) -> f64>("f").unwrap().call((1.0,)).unwrap(), k + 1f64.sin());
    }
    let counted = engine.source("t", "let n = 3\nfn f() = sum(ones(n))").constant("n", 20).compile().unwrap();
    assert_eq!(counted.function::<fn() -> f64>("f").unwrap().call(()).unwrap(), 20.0);
    let problem = engine.source("t", text).constant("q", 1.0).compile().unwrap_err();
    assert_eq!(problem.diagnostics[0].code, "E0482");
}

#[test]
fn definitions_are_listed() {
    let program = program("## Doubles.\nfn f(x: f64[n],\n     y = 2) -> f64[n] = 2 * x\nfn g(p) {\n p\n}");
    let found: Vec<_> = program.functions().map(|f| (f.name, f.signature, f.doc)).collect();
    assert_eq!(found, [("f", "fn f(x: f64[n], y = 2) -> f64[n]", Some("Doubles.")), ("g", "fn g(p)", None)]);
}
