//! Small stacks, outputs that call what prints to them, and failures that leave nothing behind.

use super::{function, program};
use adl_compiler::value::Value;
use adl_compiler::{Array, Engine};
use std::sync::{Arc, Mutex, OnceLock};

/// Does the work on a thread with so little stack.
fn on_stack<R: Send + 'static>(bytes: usize, work: impl FnOnce() -> R + Send + 'static) -> R {
    std::thread::Builder::new().stack_size(bytes).spawn(work).unwrap().join().unwrap()
}

#[test]
fn small_stacks_are_enough() {
    let text = "fn values(A: f64[n, n]) = eigh(A).0[0]
fn singular(A: f64[n, n]) = svd(A).1[0]
fn deep(x: f64) = if x > 0 { deep(x - 1) + 1 } else { x }
fn all(x: f64) = gamma(x) + sin(x)^0.3 + exp(x) * log1p(x) + atan2(x, 2) + erf(x) + digamma(x)";
    let p = program(text);
    let unit = |n: usize| {
        let mut a = Array::zeros([n, n]).unwrap();
        (0..n).for_each(|k| a[[k, k]] = 2.0);
        a
    };
    for name in ["values", "singular"] {
        let f = p.function::<fn(Array<f64, 2>) -> f64>(name).unwrap();
        for n in [3, 60, 200] {
            let (f, a) = (f.clone(), unit(n));
            assert!((f.call((&a,)).unwrap() - 2.0).abs() < 1e-12);
            assert!((on_stack(64 << 10, move || f.call((&a,)).unwrap()) - 2.0).abs() < 1e-12);
        }
    }
    let deep = p.function::<fn(f64) -> f64>("deep").unwrap();
    assert_eq!(on_stack(64 << 10, move || deep.call((1000.0,)).unwrap()), 1000.0);
    let all = p.function::<fn(f64) -> f64>("all").unwrap();
    let here = all.call((0.7,)).unwrap();
    assert_eq!(on_stack(40 << 10, move || all.call((0.7,)).unwrap()), here);
}

#[test]
fn an_output_may_call_what_prints_to_it() {
    type Handle = adl_compiler::Function<fn(f64) -> f64>;
    let handle: Arc<OnceLock<Handle>> = Arc::default();
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let (own, kept) = (handle.clone(), lines.clone());
    let engine = Engine::new().with_output(move |line: &str| {
        kept.lock().unwrap().push(line.to_string());
        if line == "1.0" {
            assert_eq!(own.get().unwrap().call((2.0,)).unwrap(), 3.0);
            kept.lock().unwrap().push("between".to_string());
        }
    });
    let f = engine.compile("t", "fn f(x: f64) { print(x)\n x + 1 }").unwrap().function("f").unwrap();
    assert!(handle.set(f).is_ok());
    assert_eq!(handle.get().unwrap().call((1.0,)).unwrap(), 2.0);
    assert_eq!(*lines.lock().unwrap(), ["1.0", "between", "2.0"]);
}

#[test]
fn failures_leave_nothing_behind() {
    let f = function::<fn([f64], i64) -> f64>("fn f(x, i: i64) = x[i]", "f");
    let dynamic = program("fn g(x) = x @ x").dynamic("g").unwrap();
    let fail = || {
        assert!(f.call((&[1.0; 20], 21)).is_err());
        assert!(dynamic.call(&[Value::from(1.0)]).is_err());
    };
    (0..50).for_each(|_| fail());
    let before = super::memory::bytes_held();
    (0..200).for_each(|_| fail());
    let more = super::memory::bytes_held() - before;
    assert!(more < 2000, "{more} bytes more after 200 failures");
}
