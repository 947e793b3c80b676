//! Functions of the host: values, derivatives in both modes, errors, wrong declarations.

use adl_compiler::embed::Signature;
use adl_compiler::engine::Backend;
use adl_compiler::{Array, Engine, Error, ErrorKind, Function, HostFunction};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

type Scalar = fn(f64) -> f64;

/// `x ↦ sin(a x)`, with as many derivatives as asked for.
fn waves(orders: u32) -> HostFunction {
    let order = |k: u32| {
        let name = if k == 0 { "wave".to_string() } else { format!("wave_{k}") };
        HostFunction::new::<Scalar>(&format!("fn {name}(x: f64) -> f64"), move |(x,)| {
            Ok(2f64.powi(k as i32) * (2.0 * x + f64::from(k) * std::f64::consts::FRAC_PI_2).sin())
        })
        .unwrap()
    };
    (0..orders).rev().fold(order(orders), |next, k| order(k).with_partials(next).unwrap())
}

/// `A, x, k ↦ (k A x, A²)`, with rules for both modes.
fn product() -> HostFunction {
    fn times(a: &Array<f64, 2>, x: &[f64]) -> Vec<f64> {
        a.data().chunks(x.len()).map(|row| row.iter().zip(x).map(|(a, x)| a * x).sum()).collect()
    }
    fn grid(view: adl_compiler::View<'_, f64, 2>) -> Array<f64, 2> {
        Array::new(view.dims(), view.to_vec()).unwrap()
    }
    fn zip(a: &Array<f64, 2>, b: &Array<f64, 2>, f: impl Fn(f64, f64) -> f64) -> Array<f64, 2> {
        Array::new(a.dims(), a.data().iter().zip(b.data()).map(|(a, b)| f(*a, *b)).collect()).unwrap()
    }
    type F = fn(Array<f64, 2>, [f64], i64) -> (Vec<f64>, Array<f64, 2>);
    type Jvp = fn(Array<f64, 2>, [f64], i64, Array<f64, 2>, [f64]) -> (Vec<f64>, Array<f64, 2>);
    type Vjp = fn(Array<f64, 2>, [f64], i64, (Vec<f64>, Array<f64, 2>)) -> (Array<f64, 2>, Vec<f64>);
    let f = HostFunction::new::<F>("fn act(A: f64[n, m], x: f64[m], k: i64) -> (f64[n], f64[n, m])", |(a, x, k)| {
        let a = grid(a);
        let scaled = times(&a, &x.to_vec()).iter().map(|y| y * k as f64).collect();
        Ok((scaled, zip(&a, &a, |a, b| a * b)))
    });
    let declared = "fn act_jvp(A: f64[n, m], x: f64[m], k: i64, dA: f64[n, m], dx: f64[m]) -> (f64[n], f64[n, m])";
    let jvp = HostFunction::new::<Jvp>(declared, |(a, x, k, da, dx)| {
        let (a, da) = (grid(a), grid(da));
        let (moved, along) = (times(&a, &dx.to_vec()), times(&da, &x.to_vec()));
        let sum = moved.iter().zip(along).map(|(p, q)| k as f64 * (p + q)).collect();
        Ok((sum, zip(&a, &da, |a, d| 2.0 * a * d)))
    });
    let declared = "fn act_vjp(A: f64[n, m], x: f64[m], k: i64, u: (f64[n], f64[n, m])) -> (f64[n, m], f64[m])";
    let vjp = HostFunction::new::<Vjp>(declared, |(a, x, k, (u, v))| {
        let (a, x, u) = (grid(a), x.to_vec(), u.to_vec());
        let mut back = zip(&a, &grid(v), |a, v| 2.0 * a * v);
        let mut down = vec![0.0; x.len()];
        for (i, j) in (0..u.len()).flat_map(|i| (0..x.len()).map(move |j| (i, j))) {
            back[[i, j]] += k as f64 * u[i] * x[j];
            down[j] += k as f64 * u[i] * a[[i, j]];
        }
        Ok((back, down))
    });
    f.unwrap().with_jvp(jvp.unwrap()).with_vjp(vjp.unwrap())
}

fn function<S: Signature>(host: HostFunction, backend: Backend, text: &str, name: &str) -> Result<Function<S>, Error> {
    Engine::new().with_backend(backend).with_function(host).compile("user.adl", text)?.function::<S>(name)
}

#[track_caller]
fn near(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-8 * (1.0 + a.abs().max(b.abs())), "{a} {b}");
}

fn slope(f: impl Fn(f64) -> f64) -> f64 {
    let h = 1e-3;
    (8.0 * (f(h) - f(-h)) - (f(2.0 * h) - f(-2.0 * h))) / (12.0 * h)
}

const BOTH: [Backend; 2] = [Backend::Native, Backend::Interpreter];

#[test]
fn functions_of_scalars_in_every_order() {
    for backend in BOTH {
        let text = "fn f(x: f64) { var y = x\n for _ in 0..3 { y = wave(y) * x }\n y }";
        let at =
            |name: &str, x: f64| function::<Scalar>(waves(3), backend, text, name).and_then(|f| f.call((x,))).unwrap();
        let f = |x: f64| (0..3).fold(x, |y, _| (2.0 * y).sin() * x);
        near(at("f", 0.7), f(0.7));
        near(at("f'", 0.7), slope(|h| f(0.7 + h)));
        near(at("grad(f)", 0.7), at("f'", 0.7));
        near(at("f''", 0.7), slope(|h| at("f'", 0.7 + h)));
        for mixed in ["grad(grad(f))", "grad(f)'", "grad(|x| f'(x))"] {
            near(at(mixed, 0.7), at("f''", 0.7));
        }
        near(at("f'''", 0.7), slope(|h| at("f''", 0.7 + h)));
        assert!(at("|x| check_grad(f, x)", 0.7) < 1e-6);
    }
}

#[test]
fn rules_of_arrays_and_structures() {
    for backend in BOTH {
        let text = "fn f(A: f64[n, m], x: f64[m]) { let (y, B) = act(A, x, 3)\n sum(sin(y)) + sum(B * B) }
            fn along(A: f64[n, m], x: f64[m], d: f64[m]) = jvp(|x| act(A, x, 3).0, x, d).1";
        type F = fn(Array<f64, 2>, [f64]) -> f64;
        let f = function::<F>(product(), backend, text, "f").unwrap();
        let (a, x) = (Array::from([[0.1, 0.2, -0.3], [0.4, 0.0, 0.5]]), vec![1.0, -2.0, 0.5]);
        let (by_a, by_x) = (f.grad().unwrap(), f.wrt::<1>().grad().unwrap());
        let gradient = by_a.call((&a, &x)).unwrap();
        for k in 0..6 {
            let moved = |h: f64| {
                let mut a = a.clone();
                a.data_mut()[k] += h;
                f.call((&a, &x)).unwrap()
            };
            near(gradient.data()[k], slope(moved));
        }
        let down = by_x.call((&a, &x)).unwrap();
        for j in 0..3 {
            let moved = |h: f64| {
                let mut x = x.clone();
                x[j] += h;
                f.call((&a, &x)).unwrap()
            };
            near(down[j], slope(moved));
        }
        type Along = fn(Array<f64, 2>, [f64], [f64]) -> Vec<f64>;
        let along = function::<Along>(product(), backend, text, "along").unwrap();
        let direction = along.call((&a, &x, &[1.0, 10.0, 100.0])).unwrap();
        near(direction[0], 3.0 * (0.1 + 2.0 - 30.0));
        near(direction[1], 3.0 * (0.4 + 0.0 + 50.0));
    }
}

#[test]
fn single_precision_and_whole_numbers() {
    let f = HostFunction::new::<fn(f32, i64) -> (f32, f32)>("fn both(x: f32, k: i64) -> (f32, f32)", |(x, k)| {
        Ok((x * k as f32, x))
    });
    let single = function::<fn(f32) -> f32>(f.unwrap(), Backend::Native, "fn f(x: f32) = both(x, 7).0", "f").unwrap();
    assert_eq!(single.call((0.1f32,)).unwrap(), 0.1f32 * 7.0);
    let count = HostFunction::new::<fn([bool]) -> i64>("fn trues(x: bool[n]) -> i64", |(x,)| {
        Ok(x.to_vec().iter().filter(|b| **b).count() as i64)
    });
    let text = "fn f(x: f64[n]) = x[trues(x > 1)]";
    let pick = function::<fn([f64]) -> f64>(count.unwrap(), Backend::Native, text, "f").unwrap();
    assert_eq!(pick.call((&[0.5, 2.0, 3.0, 0.25],)).unwrap(), 3.0);
    // Derivatives go past it: whole numbers have none.
    assert_eq!(pick.grad().unwrap().call((&[0.5, 2.0, 3.0, 0.25],)).unwrap(), [0.0, 0.0, 1.0, 0.0]);
}

#[test]
fn what_is_not_differentiated_needs_no_rule() {
    let text = "fn f(x) = stop_grad(wave(x)) * x\nfn g(x) = wave(x)";
    let f = function::<Scalar>(waves(0), Backend::Native, text, "f'").unwrap();
    near(f.call((0.3,)).unwrap(), 0.6f64.sin());
    for mode in ["g'", "grad(g)"] {
        let problem = function::<Scalar>(waves(0), Backend::Native, text, mode).unwrap_err();
        assert_eq!(problem.diagnostics[0].code, "E0305");
        let text = problem.to_string();
        assert!(text.contains("`wave` of the host has no derivative") && text.contains("user.adl:2:11"), "{text}");
        let f = function::<Scalar>(waves(0), Backend::Interpreter, "fn g(x) = wave(x)", mode).unwrap();
        assert_eq!(f.call((0.3,)).unwrap_err().kind, ErrorKind::Host);
    }
}

#[test]
fn errors_and_panics_become_errors_of_the_call() {
    let picky = || {
        HostFunction::new::<Scalar>("fn picky(x: f64) -> f64", |(x,)| match x {
            x if x < 0.0 => Err(format!("{x} is negative")),
            x if x > 9.0 => panic!("out of bounds"),
            x => Ok(x),
        })
    };
    let text = "fn f(x) = if x == 5 { 0 } else { 1 + picky(x) }\nfn g(x: f64[n]) = [picky(y) for y in x]";
    for backend in BOTH {
        let f = function::<Scalar>(picky().unwrap(), backend, text, "f").unwrap();
        assert_eq!(f.call((1.0,)).unwrap(), 2.0);
        let problem = f.call((-1.0,)).unwrap_err();
        assert_eq!((problem.kind, problem.diagnostics[0].code), (ErrorKind::Host, "E0472"));
        let text = problem.to_string();
        assert!(text.contains("-1 is negative") && text.contains("user.adl:1:38"), "{text}");
        assert_eq!(f.call((2.0,)).unwrap(), 3.0);
    }
    let f = function::<Scalar>(picky().unwrap(), Backend::Native, text, "f").unwrap();
    let problem = f.call((10.0,)).unwrap_err();
    assert!(problem.kind == ErrorKind::Host && problem.to_string().contains("panicked"), "{problem}");
    let g = function::<fn([f64]) -> Vec<f64>>(picky().unwrap(), Backend::Native, text, "g").unwrap();
    assert_eq!(g.call((&[1.0, 2.0],)).unwrap(), [1.0, 2.0]);
    assert_eq!(g.call((&[1.0, -2.0],)).unwrap_err().kind, ErrorKind::Host);
    // A result of another size than was declared.
    let short = HostFunction::new::<fn([f64]) -> Vec<f64>>("fn short(x: f64[n]) -> f64[n + 1]", |(x,)| Ok(x.to_vec()));
    let f = function::<fn([f64]) -> Vec<f64>>(short.unwrap(), Backend::Native, "fn f(x: f64[n]) = short(x)", "f");
    let problem = f.unwrap().call((&[1.0, 2.0],)).unwrap_err().to_string();
    assert!(problem.contains("2 elements instead of 3"), "{problem}");
}

#[test]
fn declarations_are_compared_with_the_function() {
    let refused = |declaration: &str, says: &str| {
        let problem = HostFunction::new::<fn([f64], i64) -> Vec<f64>>(declaration, |(x, _)| Ok(x.to_vec())).err();
        let problem = problem.unwrap_or_else(|| panic!("`{declaration}` is taken"));
        assert_eq!((problem.kind, problem.diagnostics[0].code), (ErrorKind::Signature, "E0483"));
        assert!(problem.to_string().contains(says), "{problem}");
    };
    refused("fn f(x: f64[n], k: i64) -> f64", "the function in Rust is fn(f64[_], i64) -> f64[_]");
    refused("fn f(x: f32[n], k: i64) -> f64[n]", "the function in Rust is");
    refused("fn f(x: f64[n]) -> f64[n]", "the function in Rust is");
    refused("fn f(x, k: i64) -> f64[n]", "have a type");
    refused("fn f(x: f64[n], k: i64)", "have a type");
    refused("fn f(x: f64[n], k: i64) -> f64[_]", "the sizes of results");
    refused("fn sin(x: f64[n], k: i64) -> f64[n]", "the library has");
    refused("let x", "");
    let unknown =
        HostFunction::new::<fn([f64]) -> Vec<f64>>("fn f(x: f64[n]) -> f64[m]", |(x,)| Ok(x.to_vec())).unwrap();
    assert!(Engine::new().with_function(unknown).compile("t", "fn g(x) = x").is_err());
    let twice = Engine::new().with_function(waves(0)).with_function(waves(0));
    assert_eq!(twice.compile("t", "").unwrap_err().diagnostics[0].code, "E0109");
    let problem = product().with_partials(waves(0)).unwrap_err().to_string();
    assert!(problem.contains("only a function of scalars"), "{problem}");
}

#[test]
fn they_may_keep_what_they_capture_and_call_programs() {
    let count = Arc::new(AtomicUsize::new(0));
    let inner = adl_compiler::compile("fn f(x) = x^2").unwrap().function::<Scalar>("f").unwrap();
    let counter = count.clone();
    let square = HostFunction::new::<Scalar>("fn square(x: f64) -> f64", move |(x,)| {
        counter.fetch_add(1, Ordering::Relaxed);
        inner.call((x,)).map_err(|problem| problem.to_string())
    });
    let text = "let nine = square(3.0)\nfn f(x) = square(x) + nine\nfn unused(x) { let y = square(x)\n 2 * x }";
    let program = Engine::new().with_function(square.unwrap()).compile("t", text).unwrap();
    assert_eq!(count.load(Ordering::Relaxed), 1);
    let f = program.function::<Scalar>("f").unwrap();
    let threads: Vec<_> = (0..8)
        .map(|k| {
            let f = f.clone();
            std::thread::spawn(move || assert_eq!(f.call((f64::from(k),)).unwrap(), f64::from(k * k + 9)))
        })
        .collect();
    threads.into_iter().for_each(|t| t.join().unwrap());
    assert_eq!(count.load(Ordering::Relaxed), 9);
}
