//! What each pass makes of a function: before and after.

use crate::support::{after, becomes, checked, main, read};
use adl_compiler::ir::{Func, Module};
use adl_compiler::opt::effects::Effects;
use adl_compiler::opt::{self, carries, cse, dce, forward, hoist, inline, scalarize, simplify, unroll};

fn carries_then_dce(func: &mut Func, effects: &Effects) {
    carries::carries(func);
    dce::dce(func, effects);
}

#[test]
fn control_flow_that_is_decided_is_spliced() {
    becomes(
        |func, effects| {
            simplify::simplify(func);
            dce::dce(func, effects);
        },
        "func f[n](x: f64, y: f64, n: i64, c: bool, l: f64[n]) -> (f64, f64, f64, bool) {
           yes = const true
           no = const false
           a = if yes { 
             p = sin x
             yield p
           } else {
             yield y
           }
           one = const 1
           b = for one (a) { (i: i64, u: f64)
             v = mul u x
             yield v
           }
           zero = const 0
           d = for zero (b) { (j: i64, w: f64)
             z = cos w
             yield z
           }
           e, g = if c { 
             yield b, yes
           } else {
             yield b, no
           }
           bounds index one < 3
           samesize n, n
           nonnegative n + 1
           yield a, d, e, g
         }",
        "func f[n](x: f64, y: f64, n: i64, c: bool, l: f64[n]) -> (f64, f64, f64, bool) {
           p = sin x
           v = mul p x
           yield p, v, v, c
         }",
    );
}

#[test]
fn equal_values_are_computed_once() {
    becomes(
        cse::cse,
        "func f[](x: f64, y: f64, c: bool) -> f64 {
           a = mul x y
           b = if c {
             d = mul y x
             yield d
           } else {
             e = sin x
             yield e
           }
           g = sin x
           h = sin x
           i = add b g
           j = add i h
           yield j
         }",
        "func f[](x: f64, y: f64, c: bool) -> f64 {
           a = mul x y
           b = if c {
             yield a
           } else {
             e = sin x
             yield e
           }
           g = sin x
           i = add b g
           j = add g i
           yield j
         }",
    );
}

#[test]
fn dead_carries_results_and_tapes_go() {
    becomes(
        dce::dce,
        "func f[n](x: f64[n], k: i64) -> f64 {
           zero = const 0.0
           s = sin x
           t = tape_new
           a, b = for k (zero, zero) { (i: i64, u: f64, v: f64)
             p = cos u
             q = sin v
             yield p, q
           }
           m, acc = map [n] (zero) { (j: i64, z: f64)
             e = index x [j]
             r = acc z [] e
             yield e, r
           }
           tape_end t
           yield a
         }",
        "func f[n](x: f64[n], k: i64) -> f64 {
           zero = const 0.0
           a = for k (zero) { (i: i64, u: f64)
             p = cos u
             yield p
           }
           yield a
         }",
    );
}

#[test]
fn effects_keep_what_they_need() {
    let text = "func f[n](x: f64[n], k: i64) -> f64 {
           zero = const 0.0
           a = for k (zero) { (i: i64, u: f64)
             bounds index i < n
             p = cos u
             yield p
           }
           yield zero
         }";
    let text = after(text, dce::dce).to_string();
    assert!(text.contains("bounds") && !text.contains("cos"), "{text}");
}

#[test]
fn carries_that_do_not_change_and_that_are_equal_are_merged() {
    becomes(
        carries_then_dce,
        "func f[](n: i64, x: f64, y: f64) -> (f64, f64, f64) {
           a, b, c = for n (x, x, y) { (i: i64, u: f64, v: f64, w: f64)
             p = mul u w
             q = mul v w
             yield p, q, w
           }
           yield a, b, c
         }",
        "func f[](n: i64, x: f64, y: f64) -> (f64, f64, f64) {
           a = for n (x) { (i: i64, u: f64)
             p = mul u y
             yield p
           }
           yield a, a, y
         }",
    );
}

#[test]
fn carries_that_swap_are_equal_in_loops_of_loops_and_whiles() {
    becomes(
        carries_then_dce,
        "func f[](n: i64, x: f64) -> (f64, f64) {
           a, b = for n (x, x) { (i: i64, u: f64, v: f64)
             c, d = while (u, v) { (p: f64, q: f64)
               t = lt p x
               yield t
             } do { (p2: f64, q2: f64)
               r = sin p2
               s = sin q2
               yield s, r
             }
             yield d, c
           }
           yield a, b
         }",
        "func f[](n: i64, x: f64) -> (f64, f64) {
           a = for n (x) { (i: i64, u: f64)
             c = while (u) { (p: f64)
               t = lt p x
               yield t
             } do { (p2: f64)
               r = sin p2
               yield r
             }
             yield c
           }
           yield a, a
         }",
    );
}

#[test]
fn carries_that_differ_stay() {
    let text = "func f[](n: i64, x: f64, y: f64) -> (f64, f64) {
           a, b = for n (x, x) { (i: i64, u: f64, v: f64)
             p = mul u y
             yield p, u
           }
           yield a, b
         }";
    becomes(carries_then_dce, text, text);
}

#[test]
fn calls_are_inlined_but_for_recursion() {
    let mut module = read(
        "func @0 main[m](x: f64[m], y: f64) -> f64 {
           a: f64 = call @1[m + 1](x, y)
           b: f64 = call @2[](a)
           yield b
         }
         func @1 sum[k](x: f64[k - 1], y: f64) -> f64 {
           n = size k
           s = convert f64 n
           t = mul s y
           yield t
         }
         func @2 rec[](x: f64) -> f64 {
           one = const 1.0
           c = lt x one
           r = if c {
             yield x
           } else {
             h = sub x one
             q: f64 = call @2[](h)
             yield q
           }
           yield r
         }",
    );
    inline::inline(&mut module, &[main()]);
    checked("inline", &module);
    let expected = read(
        "func @0 main[m](x: f64[m], y: f64) -> f64 {
           n = size m + 1
           s = convert f64 n
           t = mul s y
           b: f64 = call @2[](t)
           yield b
         }
         func @1 u[]() -> () {
           yield
         }
         func @2 rec[](x: f64) -> f64 {
           yield x
         }",
    );
    assert_eq!(format!("{}", module.funcs[main()].body), format!("{}", expected.funcs[main()].body));
    let first = |module: &Module| module.to_string().split("\n\n").next().map(str::to_string);
    assert_eq!(first(&module), first(&expected));
}

#[test]
fn invariants_leave_loops() {
    becomes(
        hoist::hoist,
        "func f[n](x: f64[n], k: i64, y: f64, c: bool) -> f64 {
           r = for k (y) { (i: i64, u: f64)
             s = sin y
             e = exp x
             t = reduce sum [0] e
             z = add k k
             w = if c {
               d = cos y
               yield d
             } else {
               yield s
             }
             v = mul u s
             v2 = mul v t
             v3 = mul v2 w
             q = convert f64 z
             v4 = mul v3 q
             yield v4
           }
           yield r
         }",
        "func f[n](x: f64[n], k: i64, y: f64, c: bool) -> f64 {
           s = sin y
           e = exp x
           t = reduce sum [0] e
           w = if c {
             d = cos y
             yield d
           } else {
             yield s
           }
           r = for k (y) { (i: i64, u: f64)
             z = add k k
             v = mul u s
             v2 = mul v t
             v3 = mul v2 w
             q = convert f64 z
             v4 = mul v3 q
             yield v4
           }
           yield r
         }",
    );
}

#[test]
fn small_maps_and_loops_are_unrolled() {
    becomes(
        |func, effects| {
            unroll::unroll(func);
            simplify::simplify(func);
            cse::cse(func, effects);
            dce::dce(func, effects);
        },
        "func f[](x: f64[2]) -> (f64[2], f64) {
           two = const 2
           z = const 0.0
           s = for two (z) { (i: i64, u: f64)
             e = index x [i]
             v = add u e
             yield v
           }
           m = map [2] () { (j: i64)
             g = index x [j]
             w = mul g g
             yield w
           }
           yield m, s
         }",
        "func f[](x: f64[2]) -> (f64[2], f64) {
           z = const 0.0
           a = const 0
           e0 = index x [a]
           s0 = add z e0
           b = const 1
           e1 = index x [b]
           s1 = add s0 e1
           q0 = mul e0 e0
           q1 = mul e1 e1
           p0 = broadcast [1] [] q0
           p1 = broadcast [1] [] q1
           m = concat 0 p0 p1
           yield m, s1
         }",
    );
}

#[test]
fn small_arrays_become_scalars_through_loops() {
    becomes(
        |func, effects| {
            scalarize::scalarize(func);
            opt::clean_with(func, effects);
        },
        "func f[](x: f64, y: f64, n: i64) -> f64 {
           a = broadcast [1] [] x
           b = broadcast [1] [] y
           p = concat 0 a b
           q = for n (p) { (i: i64, u: f64[2])
             v = sin u
             yield v
           }
           s = reduce sum [0] q
           yield s
         }",
        "func f[](x: f64, y: f64, n: i64) -> f64 {
           q, r = for n (x, y) { (i: i64, u: f64, w: f64)
             v = sin u
             t = sin w
             yield v, t
           }
           s = add q r
           yield s
         }",
    );
}

#[test]
fn arrays_with_positions_that_are_not_constant() {
    // Few: a chain of choices.
    let few = "func f[](x: f64[3], i: i64) -> f64 {
           bounds index i < 3
           y = exp x
           e = index y [i]
           yield e
         }";
    let text = after(few, |func, _| scalarize::scalarize(func)).to_string();
    assert_eq!(text.matches("select").count(), 2, "{text}");
    // Many: the array stays.
    let many = few.replace('3', "12");
    let text = after(&many, |func, _| scalarize::scalarize(func)).to_string();
    assert!(text.contains("exp v0"), "{text}");
}

#[test]
fn what_the_round_before_wrote_is_carried_over() {
    becomes(
        |func, effects| {
            forward::forward(func);
            dce::dce(func, effects);
        },
        "func f[n](x: f64[n], n: i64, c: f64) -> f64[n] {
           one = const 1
           r = for n (x) { (i: i64, u: f64[n])
             j = add i one
             v = index u [i]
             w = index u [j]
             p = mul v c
             q = add p w
             t = update u [j] q
             yield t
           }
           yield r
         }",
        "func f[n](x: f64[n], n: i64, c: f64) -> f64[n] {
           one = const 1
           zero = const 0
           some = gt n zero
           first = if some {
             at = const 0
             bounds index at < n
             e = index x [at]
             yield e
           } else {
             nothing = const 0.0
             yield nothing
           }
           r, s = for n (x, first) { (i: i64, u: f64[n], v: f64)
             j = add i one
             w = index u [j]
             p = mul v c
             q = add p w
             t = update u [j] q
             yield t, q
           }
           yield r
         }",
    );
}

#[test]
fn what_another_round_wrote_is_read() {
    // Two positions back, the same position, and a position that is not the counter plus something.
    for read in ["j = add i two", "j = add i zero", "j = mul i two"] {
        let text = format!(
            "func f[n](x: f64[n], n: i64, c: f64) -> f64[n] {{
               zero = const 0
               two = const 2
               r = for n (x) {{ (i: i64, u: f64[n])
                 {read}
                 v = index u [i]
                 p = mul v c
                 t = update u [j] p
                 yield t
               }}
               yield r
             }}"
        );
        becomes(|func, _| forward::forward(func), &text, &text);
    }
}

#[test]
fn clean_is_idempotent() {
    let text = "func f[n](x: f64[n], k: i64, y: f64) -> (f64, f64) {
           one = const 1.0
           a, b, c = for k (y, y, one) { (i: i64, u: f64, v: f64, w: f64)
             p = mul u w
             q = mul w v
             r = neg p
             s = neg r
             yield s, q, w
           }
           d = neg c
           e = add a d
           yield e, b
         }";
    let once = after(text, opt::clean_with);
    let twice = after(&once.to_string(), opt::clean_with);
    assert_eq!(once.to_string(), twice.to_string());
    assert_eq!(once.to_string().matches("mul").count(), 0, "{once}");
}
