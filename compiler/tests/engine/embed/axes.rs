//! Arrays whose axes lie in another order in memory give the same numbers, and are not copied.

use super::memory::bytes_allocated;
use super::{function, program};
use adl_compiler::engine::Backend;
use adl_compiler::{Array, Engine, View, ViewMut};

const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/// The strides of a dense array whose axes lie in this order, the slowest first.
fn strides<const R: usize>(dims: [usize; R], order: [usize; R]) -> [usize; R] {
    let (mut strides, mut step) = ([0; R], 1);
    for &axis in order.iter().rev() {
        strides[axis] = step;
        step *= dims[axis];
    }
    strides
}

#[test]
fn every_order_of_the_axes_of_arguments_and_results() {
    // No two results are alike: they depend on all sizes and on where each element is.
    let text =
        "fn f(A: f64[a, b, c], s: f64) = [s * A[i, j, k]^2 + 100 * i + 10 * j + k for k in 0..c, i in 0..a, j in 0..b]";
    for backend in [Backend::Native, Backend::Interpreter] {
        let program = Engine::new().with_backend(backend).compile("t", text).unwrap();
        let f = program.function::<fn(Array<f64, 3>, f64) -> Array<f64, 3>>("f").unwrap();
        // Small sizes are part of the code, larger ones are not; one axis may have one entry.
        for dims in [[2, 3, 4], [11, 9, 13], [10, 1, 12]] {
            let [a, b, c] = dims;
            let data: Vec<f64> = (0..a * b * c).map(|k| (k as f64).sin()).collect();
            let mut workspace = f.workspace();
            // Each order with itself and with another one: each pair is compiled.
            for (of, to) in (0..6).flat_map(|k| [(ORDERS[k], ORDERS[k]), (ORDERS[k], ORDERS[(k + 1) % 6])]) {
                let x = View::strided(&data, dims, strides(dims, of)).unwrap();
                let to = strides([c, a, b], to);
                let mut out = vec![0.0; a * b * c];
                f.call_into(&mut workspace, (x, 2.0), ViewMut::strided(&mut out, [c, a, b], to).unwrap()).unwrap();
                let own = f.call_in(&mut workspace, (x, 2.0)).unwrap();
                for (i, j, k) in (0..a).flat_map(|i| (0..b).flat_map(move |j| (0..c).map(move |k| (i, j, k)))) {
                    let expected = 2.0 * x.get([i, j, k]).unwrap().powi(2) + (100 * i + 10 * j + k) as f64;
                    // Up to the rounding of another order of the sum.
                    let close = |found: f64| (found - expected).abs() <= 1e-13 * expected.abs().max(1.0);
                    assert!(close(out[k * to[0] + i * to[1] + j * to[2]]), "{dims:?} {of:?} {to:?}");
                    assert!(close(own[[k, i, j]]), "{dims:?} {of:?}");
                }
            }
        }
    }
}

#[test]
fn derivatives_by_columns() {
    let text = "fn f(A: f64[n, m], x: f64[m]) = sum(tanh(A @ x)^2)";
    let f = function::<fn(Array<f64, 2>, [f64]) -> f64>(text, "f");
    let (n, m) = (12, 15);
    let rows: Vec<f64> = (0..n * m).map(|k| 0.1 * (k as f64).cos()).collect();
    let columns: Vec<f64> = (0..n * m).map(|k| rows[(k % n) * m + k / n]).collect();
    let by_rows = View::new(&rows, [n, m]).unwrap();
    let by_columns = View::strided(&columns, [n, m], [1, n]).unwrap();
    let x: Vec<f64> = (0..m).map(|k| (k as f64).sin()).collect();
    let gradient = f.value_and_grad().unwrap();
    let (value, expected) = gradient.call((by_rows, &x)).unwrap();
    let (mut found_value, mut found) = (0.0, vec![0.0; n * m]);
    let place = ViewMut::strided(&mut found, [n, m], [1, n]).unwrap();
    gradient.call_into(&mut gradient.workspace(), (by_columns, &x), (&mut found_value, place)).unwrap();
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-14;
    assert!(close(value, found_value));
    assert!((0..n * m).all(|k| close(found[k], expected.data()[(k % n) * m + k / n])));
    // Second order, along a direction by columns as well.
    let hvp = f.hvp().unwrap();
    let (one, other) = (hvp.call((by_rows, &x, by_rows)), hvp.call((by_columns, &x, by_columns)));
    assert!(one.unwrap().data().iter().zip(other.unwrap().data()).all(|(a, b)| close(*a, *b)));
}

#[test]
fn results_in_another_order_than_asked_for_by_columns() {
    adl_compiler::record! { struct Two { a: Array<f64, 2>, b: Array<f64, 2> } }
    let f = function::<fn(Array<f64, 2>) -> Two>("fn f(A) = (b: 2 * A, a: transpose(A))", "f");
    let data = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let by_columns = View::strided(&data, [2, 3], [1, 2]).unwrap();
    let two = f.call((by_columns,)).unwrap();
    assert_eq!(two.a.data(), data);
    assert_eq!(two.b.data(), [2.0, 6.0, 10.0, 4.0, 8.0, 12.0]);
    // One result in two places, of which one lies by columns.
    let g = program("fn f(A) = (A, A)").function::<fn(Array<f64, 2>) -> (Array<f64, 2>, Array<f64, 2>)>("f").unwrap();
    let (mut rows, mut columns) = ([0.0; 6], [0.0; 6]);
    let places = (ViewMut::new(&mut rows, [2, 3]).unwrap(), ViewMut::strided(&mut columns, [2, 3], [1, 2]).unwrap());
    g.call_into(&mut g.workspace(), (by_columns,), places).unwrap();
    assert_eq!((rows, columns), ([1.0, 3.0, 5.0, 2.0, 4.0, 6.0], data));
}

#[test]
fn matrices_by_columns_are_not_copied() {
    let f = function::<fn(Array<f64, 2>, [f64]) -> Vec<f64>>("fn f(A: f64[n, m], x: f64[m]) = A @ x", "f");
    let n = 500;
    let (data, x, mut y) = (vec![0.5; n * n], vec![1.0; n], vec![0.0; n]);
    let by_columns = View::strided(&data, [n, n], [1, n]).unwrap();
    // The first call compiles; another workspace shares that.
    f.call_into(&mut f.workspace(), (by_columns, &x), &mut y).unwrap();
    let mut workspace = f.workspace();
    let bytes = bytes_allocated(|| f.call_into(&mut workspace, (by_columns, &x), &mut y).unwrap());
    assert!(bytes < 8 * n * n / 2, "{bytes} bytes for a call with a matrix of {}", 8 * n * n);
    assert_eq!(y, vec![0.5 * n as f64; n]);
}
