//! Calls that allocate nothing, and memory that goes back.
#![allow(unsafe_code, reason = "counts what the allocator is asked for")]

use super::function;
use adl_compiler::{Array, Engine, View, ViewMut, record};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Counts what this thread allocates.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static BYTES: Cell<usize> = const { Cell::new(0) };
    static FREED: Cell<usize> = const { Cell::new(0) };
}

fn count(bytes: usize) {
    // There is nothing to count in a thread that ends.
    let _ = ALLOCATIONS.try_with(|n| n.set(n.get() + 1));
    let _ = BYTES.try_with(|n| n.set(n.get() + bytes));
}

fn freed(bytes: usize) {
    let _ = FREED.try_with(|n| n.set(n.get() + bytes));
}

// SAFETY: passes everything on to the system.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the contract of the caller.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the contract of the caller.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        freed(layout.size());
        // SAFETY: the contract of the caller.
        unsafe { System.realloc(start, layout, size) }
    }
    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        freed(layout.size());
        // SAFETY: the contract of the caller.
        unsafe { System.dealloc(start, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

/// How many bytes it asks for, those that it gives back as well.
pub fn bytes_allocated(work: impl FnOnce()) -> usize {
    let before = BYTES.get();
    work();
    BYTES.get() - before
}

/// How many bytes more this thread has asked for than it has given back.
pub fn bytes_held() -> isize {
    BYTES.get() as isize - FREED.get() as isize
}

record! {
    struct Layer {
        weights: Array<f64, 2>,
        bias: Vec<f64>,
    }
}

#[test]
fn later_calls_allocate_nothing() {
    let text = "fn loss(l, X: f64[n, m], y: f64[n]) {
        var h = X @ l.weights
        for k in 0..len(h) { h[k] = tanh(h[k] + l.bias) }
        sum((sum(h, axis = 1) - y)^2)
    }";
    let descend = function::<fn(Layer, Array<f64, 2>, [f64]) -> f64>(text, "loss").value_and_grad().unwrap();
    let layer = Layer { weights: Array::new([3, 12], vec![0.1; 36]).unwrap(), bias: vec![0.1; 12] };
    let data: Vec<f64> = (0..60).map(|k| (k as f64).sin()).collect();
    let by_columns = View::strided(&data, [20, 3], [1, 20]).unwrap();
    let y = vec![0.5; 20];
    let mut workspace = descend.workspace();
    let mut slopes = Layer { weights: Array::zeros([3, 12]).unwrap(), bias: vec![0.0; 12] };
    let mut value = 0.0;
    let mut call = || {
        descend.call_into(&mut workspace, (&layer, by_columns, &y), (&mut value, &mut slopes)).unwrap();
    };
    call();
    assert_eq!(allocations(|| (0..10).for_each(|_| call())), 0);
    let (expected, gradient) = descend.call((&layer, by_columns, &y)).unwrap();
    assert_eq!((value, slopes.bias), (expected, gradient.bias));
}

#[test]
fn scalar_calls_allocate_nothing() {
    let f = function::<fn(f64, f64) -> (f64, f64)>("fn f(x, y) = (2 * sin(x) * y, x)", "f");
    let gradient = function::<fn(f64, f64) -> f64>("fn f(x, y) = sin(x) * y", "f").value_and_grad().unwrap();
    assert_eq!(allocations(|| assert!(f.call((1.0, 2.0)).is_ok() && gradient.call((1.0, 2.0)).is_ok())), 0);
}

#[test]
fn later_scalar_calls_with_a_value_of_the_program_allocate_nothing() {
    let f = function::<fn(f64) -> f64>("let k = exp(1.0)\nfn f(x) = k * sin(x)", "f");
    assert!(f.call((1.0,)).is_ok());
    assert_eq!(allocations(|| assert!(f.call((1.0,)).is_ok())), 0);
}

#[test]
fn results_come_to_strided_places() {
    let f = function::<fn([f64]) -> Array<f64, 2>>("fn f(x) = x[.., none] * x", "f");
    let mut grid = [[0.0; 4]; 4];
    let mut workspace = f.workspace();
    for _ in 0..2 {
        // The upper left corner.
        let corner = ViewMut::strided(grid.as_flattened_mut(), [2, 2], [4, 1]).unwrap();
        f.call_into(&mut workspace, (&[2.0, 3.0],), corner).unwrap();
    }
    assert_eq!(grid[0], [4.0, 6.0, 0.0, 0.0]);
    assert_eq!(grid[1], [6.0, 9.0, 0.0, 0.0]);
    let mut overlapping = [0.0; 3];
    assert!(ViewMut::strided(&mut overlapping, [2, 2], [1, 1]).is_none());
}

/// Bytes of this process that are mapped as code.
#[cfg(target_os = "linux")]
fn executable_bytes() -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let sizes =
        maps.lines().filter(|line| line.split_whitespace().nth(1).is_some_and(|p| p.contains('x'))).map(|line| {
            let (start, end) = line.split_whitespace().next().unwrap().split_once('-').unwrap();
            usize::from_str_radix(end, 16).unwrap() - usize::from_str_radix(start, 16).unwrap()
        });
    sizes.sum()
}

#[test]
fn a_thousand_formulas_leave_nothing_behind() {
    let engine = Engine::new();
    let mut sum = 0.0;
    let mut use_one = |k: usize| {
        let text = format!("fn f(x) = sin({k}.0 * x) + x^{}", k % 7);
        let f = engine.compile("formula", &text).unwrap().function::<fn(f64) -> f64>("f").unwrap();
        sum += f.value_and_grad().unwrap().call((0.5,)).unwrap().1;
    };
    use_one(0);
    let statistics = engine.statistics();
    assert_eq!(statistics.code_bytes, 0);
    #[cfg(target_os = "linux")]
    let before = executable_bytes();
    (1..1000).for_each(&mut use_one);
    assert_eq!(engine.statistics().code_bytes, 0);
    assert_eq!(engine.statistics().programs, 1000);
    // Other tests compile at the same time, so some code may be there; a thousand formulas would be 4 MB or more.
    #[cfg(target_os = "linux")]
    assert!(executable_bytes() < before + (2 << 20), "{before} {}", executable_bytes());
    assert!(sum.is_finite());
}
