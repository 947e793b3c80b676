//! Arrays of `ndarray`, `nalgebra` and `faer` go in where they are, at any strides, and results are written into them.

use adl::{Array, Function, compile};
use ndarray::{Array1, Array2, Array3, s};

type Product = fn(Array<f64, 2>, [f64]) -> Vec<f64>;
type Outer = fn([f64], [f64]) -> Array<f64, 2>;

fn product() -> Function<Product> {
    compile("fn f(A: f64[n, m], x: f64[m]) = A @ x").and_then(|p| p.function("f")).unwrap()
}

fn outer() -> Function<Outer> {
    compile("fn f(x: f64[n], y: f64[m]) = x[.., none] * y").and_then(|p| p.function("f")).unwrap()
}

#[test]
fn ndarray_with_any_strides() {
    let f = product();
    let a = Array2::from_shape_fn((4, 6), |(i, j)| (10 * i + j) as f64);
    let x = Array1::from_shape_fn(6, |j| 1.0 + j as f64);
    assert_eq!(f.call((&a, &x)).unwrap(), a.dot(&x).to_vec());
    let (t, short) = (a.t(), x.slice(s![..4]));
    assert_eq!(f.call((&t, &short)).unwrap(), t.dot(&short).to_vec());
    let some = a.slice(s![..;2, 1..;2]);
    let back = x.slice(s![..3;-1]);
    assert_eq!(f.call((&some, &back)).unwrap(), some.dot(&back).to_vec());
    let same = x.broadcast((3, 6)).unwrap();
    assert_eq!(f.call((&same, &x)).unwrap(), same.dot(&x).to_vec());
    // Into a part of an array, by columns and from behind.
    let mut place = Array2::zeros((5, 7));
    let mut part = place.slice_mut(s![1..3;-1, 2..5]).reversed_axes();
    let (u, v) = ([1.0, 2.0, 3.0], [10.0, 100.0]);
    outer().call_into(&mut outer().workspace(), (&u, &v), &mut part).unwrap();
    let mut expected = Array2::zeros((5, 7));
    for (i, j) in (0..3).flat_map(|i| (0..2).map(move |j| (i, j))) {
        expected[[2 - j, 2 + i]] = u[i] * v[j];
    }
    assert_eq!(place, expected);
    let cube = Array3::from_shape_fn((2, 3, 4), |(i, j, k)| (i * 100 + j * 10 + k) as f64);
    let sums = compile("fn f(x) = sum(x, axis = 1)").unwrap();
    let sums = sums.function::<fn(Array<f64, 3>) -> Array<f64, 2>>("f").unwrap();
    let moved = cube.view().permuted_axes([2, 0, 1]);
    let expected = moved.sum_axis(ndarray::Axis(1));
    assert_eq!(sums.call((&moved,)).unwrap().data(), expected.as_standard_layout().as_slice().unwrap());
}

#[test]
fn nalgebra_by_columns() {
    let f = product();
    let a = nalgebra::DMatrix::from_fn(4, 6, |i, j| (10 * i + j) as f64);
    let x = nalgebra::DVector::from_fn(6, |j, _| 1.0 + j as f64);
    assert_eq!(f.call((&a, &x)).unwrap(), (&a * &x).as_slice());
    let (part, head) = (a.view((1, 2), (3, 2)), x.rows(0, 2));
    assert_eq!(f.call((&part, &head)).unwrap(), (part * head).as_slice());
    let every_other = a.rows_with_step(0, 2, 1);
    assert_eq!(f.call((&every_other, &x)).unwrap(), (every_other.clone_owned() * &x).as_slice());
    let fixed = nalgebra::Matrix2x3::new(1.0, 2.0, 3.0, 4.0, 5.0, 6.0);
    let three = nalgebra::Vector3::new(1.0, 10.0, 100.0);
    assert_eq!(f.call((&fixed, &three)).unwrap(), [321.0, 654.0]);
    let mut y = nalgebra::DVector::zeros(4);
    f.call_into(&mut f.workspace(), (&a, &x), &mut y).unwrap();
    assert_eq!(y, &a * &x);
    let mut grid = nalgebra::DMatrix::zeros(3, 2);
    outer().call_into(&mut outer().workspace(), (&three, &[1.0, 2.0]), &mut grid).unwrap();
    assert_eq!(grid, three * nalgebra::RowVector2::new(1.0, 2.0));
}

/// A matrix by columns has a compilation of its own, which reads it where it is;
/// the next call may have rows of the same sizes, small ones and squares too.
#[test]
fn columns_and_rows_take_turns() {
    let f = product();
    let mut workspace = f.workspace();
    for (n, m) in [(3, 3), (2, 5), (40, 40), (17, 31), (1, 4), (4, 1), (0, 3)] {
        let columns = nalgebra::DMatrix::from_fn(n, m, |i, j| (10 * i + j) as f64);
        let rows = Array2::from_shape_fn((n, m), |(i, j)| (10 * i + j) as f64);
        let x: Vec<f64> = (0..m).map(|j| 1.0 + j as f64).collect();
        let expected = rows.dot(&Array1::from(x.clone())).to_vec();
        let mut y = vec![0.0; n];
        for _ in 0..2 {
            f.call_into(&mut workspace, (&columns, &x), &mut y).unwrap();
            assert_eq!(y, expected);
            f.call_into(&mut workspace, (&rows, &x), &mut y).unwrap();
            assert_eq!(y, expected);
            f.call_into(&mut workspace, (&rows.t().to_owned().t(), &x), &mut y).unwrap();
            assert_eq!(y, expected);
        }
    }
    let loss = compile("fn f(A: f64[n, m], x: f64[m]) -> f64 = sum((A @ x)^2) + A[0, 1]").unwrap();
    let slope = loss.function::<fn(Array<f64, 2>, [f64]) -> f64>("f").unwrap().grad().unwrap();
    let a = nalgebra::DMatrix::from_fn(2, 3, |i, j| (i + 2 * j) as f64);
    let by_rows = Array2::from_shape_fn((2, 3), |(i, j)| (i + 2 * j) as f64);
    let x = [1.0, -1.0, 0.5];
    assert_eq!(slope.call((&a, &x)).unwrap().data(), slope.call((&by_rows, &x)).unwrap().data());
    let cube = Array3::from_shape_fn((2, 3, 4), |(i, j, k)| (i * 100 + j * 10 + k) as f64);
    let weighted =
        compile("fn f(x) = sum(x * reshape(range_of(24), (4, 3, 2)))\nfn range_of(n: i64) = f64(0..n)").unwrap();
    let weighted = weighted.function::<fn(Array<f64, 3>) -> f64>("f").unwrap();
    let turned = cube.view().reversed_axes();
    assert_eq!(weighted.call((&turned,)).unwrap(), weighted.call((&turned.as_standard_layout().to_owned(),)).unwrap());
}

#[test]
fn faer_by_columns() {
    let f = product();
    let a = faer::Mat::from_fn(4, 6, |i, j| (10 * i + j) as f64);
    let x = faer::Col::from_fn(6, |j| 1.0 + j as f64);
    let y = &a * &x;
    let expected: Vec<f64> = (0..4).map(|i| y[i]).collect();
    assert_eq!(f.call((&a, &x)).unwrap(), expected);
    let t = a.transpose();
    let head = x.subrows(0, 4);
    let expected: Vec<f64> = (0..6).map(|j| (0..4).map(|i| a[(i, j)] * x[i]).sum()).collect();
    assert_eq!(f.call((&t, &head)).unwrap(), expected);
    let mut grid = faer::Mat::zeros(3, 2);
    outer().call_into(&mut outer().workspace(), (&[1.0, 2.0, 3.0], &[1.0, 10.0]), &mut grid).unwrap();
    assert_eq!(grid, faer::Mat::from_fn(3, 2, |i, j| (1 + i) as f64 * [1.0, 10.0][j]));
}

#[test]
fn results_go_on_as_arguments_without_copies() {
    let f = product();
    let a = Array2::from_shape_fn((3, 3), |(i, j)| if i == j { 2.0 } else { 0.5 });
    let (mut x, mut y) = (Array1::ones(3), Array1::zeros(3));
    let mut workspace = f.workspace();
    for _ in 0..10 {
        f.call_into(&mut workspace, (&a, &x), &mut y).unwrap();
        std::mem::swap(&mut x, &mut y);
    }
    assert_eq!(x, Array1::from_elem(3, 3f64.powi(10)));
}
