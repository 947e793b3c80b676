//! What the pass `batch` makes of maps: one product of many, loops that run once, maps of what has to stay.

use crate::support::after;
use adl_compiler::ir::{Func, Kind, Module};
use adl_compiler::opt;
use adl_compiler::opt::batch::{self, Aim};
use adl_compiler::opt::effects::Effects;

fn batched(func: &mut Func, effects: &Effects) {
    batch::batch(func, effects, Aim::Once);
    opt::clean(func);
}

/// How many instructions of a kind stand in the first function, at any depth and inside of maps.
fn count(module: &Module, wanted: fn(&Kind) -> bool) -> (usize, usize) {
    fn walk(
        func: &Func,
        block: adl_compiler::ir::Block,
        inside: bool,
        wanted: fn(&Kind) -> bool,
        n: &mut (usize, usize),
    ) {
        for &inst in &func.blocks[block].insts {
            let kind = &func.insts[inst].kind;
            n.0 += usize::from(wanted(kind));
            n.1 += usize::from(inside && wanted(kind));
            let inside = inside || matches!(kind, Kind::Map { .. });
            kind.blocks().for_each(|b| walk(func, b, inside, wanted, n));
        }
    }
    let func = &module.funcs[crate::support::main()];
    let mut n = (0, 0);
    walk(func, func.body, false, wanted, &mut n);
    n
}

fn is_product(kind: &Kind) -> bool {
    matches!(kind, Kind::Pure(adl_lang::ops::Op::MatMul { .. }))
}

fn is_map(kind: &Kind) -> bool {
    matches!(kind, Kind::Map { .. })
}

#[test]
fn what_has_no_form_for_all_lanes_stays_in_a_map() {
    let module = after(
        "func f[m, n](w: f64[m, m], xs: f64[n, m], half: f64[m]) -> f64[n, m] {
           ys = map [n] () { (i: i64)
             x = index xs [i, :]
             column = reshape [m, 1] x
             p = matmul w, column
             q = reshape [m] p
             r = while (q) { (s: f64[m])
               t = reduce sum [0] s
               one = const 1.0
               c = gt t one
               yield c
             } do { (u: f64[m])
               v = mul u half
               yield v
             }
             again = reshape [m, 1] r
             z = matmul w, again
             y = reshape [m] z
             yield y
           }
           yield ys
         }",
        batched,
    );
    assert_eq!((count(&module, is_product), count(&module, is_map).0), ((2, 0), 1), "{module}");
}

/// Many tangents beside one primal.
const TANGENTS: &str = "func f[n](x: f64[n], rounds: i64) -> f64[n, n] {
  ys = map [n] () { (i: i64)
    zero = const 0.0
    zeros = broadcast [n] [] zero
    one = const 1.0
    unit = update zeros [i] one
    p, dp = for rounds (x, unit) { (k: i64, q: f64[n], dq: f64[n])
      s = sin q
      c = cos q
      d = mul c dq
      yield s, d
    }
    yield dp
  }
  yield ys
}";

#[test]
fn a_loop_carries_once_what_is_the_same_in_all_lanes() {
    let module = after(TANGENTS, batched);
    let sines = count(&module, |kind| matches!(kind, Kind::Pure(adl_lang::ops::Op::Prim(adl_lang::prims::Prim::Sin))));
    assert_eq!((count(&module, is_map).0, sines), (0, (1, 0)), "{module}");
}

#[test]
fn a_loop_without_products_that_is_to_be_differentiated_keeps_its_lanes() {
    let module = after(TANGENTS, |func, effects| batch::batch(func, effects, Aim::Products));
    assert_eq!(count(&module, is_map).0, 1, "{module}");
}

#[test]
fn a_loop_that_is_the_same_in_all_lanes_leaves_them_for_a_product() {
    let module = after(
        "func f[m, n](w: f64[m, m], xs: f64[n, m], rounds: i64) -> f64[n, m] {
           ys = map [n] () { (i: i64)
             x = index xs [i, :]
             power = for rounds (w) { (k: i64, v: f64[m, m])
               u = matmul v, w
               yield u
             }
             row = reshape [1, m] x
             q = matmul row, power
             y = reshape [m] q
             yield y
           }
           yield ys
         }",
        |func, effects| batch::batch(func, effects, Aim::Products),
    );
    assert_eq!((count(&module, is_map).0, count(&module, is_product)), (0, (2, 0)), "{module}");
}

#[test]
fn a_check_stays_before_what_it_guards() {
    let module = after(
        "func f[m, n](w: f64[m, m], at: i64[n], limit: i64) -> f64[n, m] {
           ys = map [n] () { (i: i64)
             p = index at [i]
             c = lt p limit
             assert (\"the index is large\") c
             bounds index p < m
             x = index w [p, :]
             row = reshape [1, m] x
             q = matmul row, w
             y = reshape [m] q
             yield y
           }
           yield ys
         }",
        batched,
    );
    let func = &module.funcs[crate::support::main()];
    let kinds: Vec<&Kind> = func.blocks[func.body].insts.iter().map(|&i| &func.insts[i].kind).collect();
    let checked = kinds.iter().position(|kind| is_map(kind));
    let bounds = kinds.iter().position(|kind| matches!(kind, Kind::Bounds { .. }));
    assert!(checked.is_some() && checked < bounds, "{module}");
    assert_eq!(count(&module, is_product), (1, 0), "{module}");
}

#[test]
fn other_maps_stay_as_they_are() {
    for text in [
        // Nothing is shared.
        "func f[n, m](xs: f64[n, m, m]) -> f64[n, m, m] {
  ys = map [n] () { (i: i64)
    x = index xs [i, :, :]
    y = matmul x, x
    yield y
  }
  yield ys
}",
        // Matrices that live in registers.
        "func f[n](w: f64[3, 3], xs: f64[n, 3, 1]) -> f64[n, 3, 1] {
  ys = map [n] () { (i: i64)
    x = index xs [i, :, :]
    y = matmul w, x
    yield y
  }
  yield ys
}",
        // A round touches one element in its lane; of all lanes at once it would touch all.
        "func f[n, m](x: f64[m], at: i64[n], rounds: i64) -> f64[n, m] {
  ys = map [n] () { (i: i64)
    p = index at [i]
    one = const 1.0
    half = const 0.5
    s, r = for rounds (x, one) { (k: i64, u: f64[m], q: f64)
      v = acc u [p] q
      h = mul q half
      yield v, h
    }
    yield s
  }
  yield ys
}",
        // Lines are printed in the order of the lanes.
        "func f[n, m](w: f64[m, m], xs: f64[n, m, m]) -> f64[n, m, m] {
  ys = map [n] () { (i: i64)
    print ($0) i
    x = index xs [i, :, :]
    y = matmul w, x
    yield y
  }
  yield ys
}",
    ] {
        assert_eq!(count(&after(text, batched), is_map).0, 1, "{text}");
    }
}
