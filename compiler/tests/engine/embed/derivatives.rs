//! Derivatives of handles, against differences and closed forms.

use super::{calls::Layer, function};
use adl_compiler::{Array, compile};

const LOSS: &str = "fn loss(w: f64[n], t: f64, k: i64) = sum(exp(w * t) / (1 + w[0]^2)) * k";

fn loss(w: &[f64], t: f64, k: i64) -> f64 {
    w.iter().map(|x| (x * t).exp() / (1.0 + w[0] * w[0])).sum::<f64>() * k as f64
}

/// Central differences of fourth order.
fn slope(f: impl Fn(f64) -> f64) -> f64 {
    let h = 1e-3;
    (8.0 * (f(h) - f(-h)) - (f(2.0 * h) - f(-2.0 * h))) / (12.0 * h)
}

#[track_caller]
fn near(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-8 * (1.0 + a.abs().max(b.abs())), "{a} {b}");
}

fn moved(w: &[f64], v: &[f64], h: f64) -> Vec<f64> {
    w.iter().zip(v).map(|(w, v)| w + h * v).collect()
}

#[test]
fn every_operator_by_every_parameter() {
    let f = function::<fn([f64], f64, i64) -> f64>(LOSS, "loss");
    let (w, t, k) = (vec![0.3, -0.7, 1.1], 0.8, 12);
    let v = vec![1.0, 0.5, -2.0];
    let (value, gradient) = f.value_and_grad().unwrap().call((&w, t, k)).unwrap();
    near(value, loss(&w, t, k));
    assert_eq!(f.grad().unwrap().call((&w, t, k)).unwrap(), gradient);
    for j in 0..3 {
        let mut unit = [0.0; 3];
        unit[j] = 1.0;
        near(gradient[j], slope(|h| loss(&moved(&w, &unit, h), t, k)));
    }
    near(f.wrt::<1>().grad().unwrap().call((&w, t, k)).unwrap(), slope(|h| loss(&w, t + h, k)));
    let by_name = f.wrt_named::<f64>("t").unwrap();
    near(by_name.jacobian().unwrap().call((&w, t, k)).unwrap(), slope(|h| loss(&w, t + h, k)));
    let (_, along) = f.jvp().unwrap().call((&w, t, k, &v)).unwrap();
    near(along, slope(|h| loss(&moved(&w, &v, h), t, k)));
    let (_, pulled) = f.vjp().unwrap().call((&w, t, k, 2.0)).unwrap();
    for j in 0..3 {
        near(pulled[j], 2.0 * gradient[j]);
    }
    let g = f.grad().unwrap();
    let times = f.hvp().unwrap().call((&w, t, k, &v)).unwrap();
    let hessian = f.hessian().unwrap().call((&w, t, k)).unwrap();
    for j in 0..3 {
        near(times[j], slope(|h| g.call((&moved(&w, &v, h), t, k)).unwrap()[j]));
        near(times[j], (0..3).map(|i| hessian[[j, i]] * v[i]).sum());
    }
    near(f.wrt::<1>().hessian().unwrap().call((&w, t, k)).unwrap(), {
        let g = f.wrt::<1>().grad().unwrap();
        slope(|h| g.call((&w, t + h, k)).unwrap())
    });
    near(f.wrt::<1>().hvp().unwrap().call((&w, t, k, 3.0)).unwrap() / 3.0, {
        f.wrt::<1>().hessian().unwrap().call((&w, t, k)).unwrap()
    });
    // Handles of handles: the gradient of a directional derivative is a Hessian product.
    let along = compile(LOSS).unwrap().function::<fn([f64], [f64]) -> f64>("|w, v| jvp(|w| loss(w, 0.8, 12), w, v).1");
    let mixed = along.unwrap().grad().unwrap().call((&w, &v)).unwrap();
    for j in 0..3 {
        near(mixed[j], times[j]);
    }
}

#[test]
fn jacobians_of_every_rank() {
    let text = "fn f(A: f64[n, m]) = A @ A.T\nfn g(x: f64[n]) = x[0] * x\nfn h(t: f64) = (arange(3) + 1) * t^2";
    let f = function::<fn(Array<f64, 2>) -> Array<f64, 2>>(text, "f").jacobian().unwrap();
    let a = Array::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let j: Array<f64, 4> = f.call((&a,)).unwrap();
    assert_eq!(j.dims(), [2, 2, 2, 3]);
    // d(A Aᵀ)[i, k] / dA[p, q] = [i = p] A[k, q] + [k = p] A[i, q]
    for (i, k, p, q) in (0..24).map(|n| (n / 12, n / 6 % 2, n / 3 % 2, n % 3)) {
        let expected = f64::from(i == p) * a[[k, q]] + f64::from(k == p) * a[[i, q]];
        assert_eq!(j[[i, k, p, q]], expected);
    }
    let g = function::<fn([f64; 2]) -> [f64; 2]>(text, "g").jacobian().unwrap();
    assert_eq!(g.call((&[3.0, 5.0],)).unwrap().data(), [6.0, 0.0, 5.0, 3.0]);
    let h = function::<fn(f64) -> Vec<f64>>(text, "h");
    assert_eq!(h.jacobian().unwrap().call((0.5,)).unwrap(), [1.0, 2.0, 3.0]);
}

#[test]
fn gradients_have_the_structure_of_records() {
    let text = "fn loss(l, x: f64[n]) = sum((l.weights @ x + l.bias)^2)";
    let f = function::<fn(Layer, [f64]) -> f64>(text, "loss");
    let layer = Layer { weights: [[1.0, -2.0], [0.5, 3.0]].into(), bias: vec![0.1, 0.2] };
    let x = [2.0, 1.0];
    let slopes = f.grad().unwrap().call((&layer, &x)).unwrap();
    for i in 0..2 {
        let y = layer.weights[[i, 0]] * x[0] + layer.weights[[i, 1]] * x[1] + layer.bias[i];
        near(slopes.bias[i], 2.0 * y);
        (0..2).for_each(|j| near(slopes.weights[[i, j]], 2.0 * y * x[j]));
    }
    let times = f.hvp().unwrap().call((&layer, &x, &slopes)).unwrap();
    let g = f.grad().unwrap();
    let along = |h: f64| {
        let weights = moved(layer.weights.data(), slopes.weights.data(), h);
        let moved = Layer { weights: Array::new([2, 2], weights).unwrap(), bias: moved(&layer.bias, &slopes.bias, h) };
        g.call((&moved, &x)).unwrap().bias[0]
    };
    near(times.bias[0], slope(along));
}

#[test]
fn single_precision_stays_single() {
    let f = function::<fn([f32]) -> f32>("fn f(x: f32[n]) = sum(x^3)", "f");
    assert_eq!(f.value_and_grad().unwrap().call((&[1.0f32, 2.0],)).unwrap(), (9.0f32, vec![3.0f32, 12.0]));
    assert_eq!(f.hessian().unwrap().call((&[1.0f32, 2.0],)).unwrap().data(), [6.0f32, 0.0, 0.0, 12.0]);
}

#[test]
fn many_points_at_once() {
    let text = "fn f(x: f64[n], t: f64) = (sum(x) * t, x)";
    let many = function::<fn([f64], f64) -> (f64, Vec<f64>)>(text, "f").batch().unwrap();
    let points = Array::from([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    let (sums, same): (Vec<f64>, Array<f64, 2>) = many.call((&points, &[1.0, 10.0, 100.0])).unwrap();
    assert_eq!((sums, same), (vec![3.0, 70.0, 1100.0], points));
    let slopes = function::<fn(f64) -> f64>("fn f(x) = sin(x)^2", "f").grad().unwrap().batch().unwrap();
    let x: Vec<f64> = (0..100).map(|k| 0.1 * f64::from(k)).collect();
    for (found, x) in slopes.call((&x,)).unwrap().iter().zip(&x) {
        near(*found, (2.0 * x).sin());
    }
}
