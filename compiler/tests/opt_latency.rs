//! The passes on the gradient of a ten-line scalar program take a fraction of a millisecond; run with `--ignored` in
//! a release build, where the figures mean something.

mod opt_support;

use adl_compiler::opt;
use opt_support::{main, read};
use std::time::{Duration, Instant};

/// A loop of scalar arithmetic with its hand-written reverse sweep, through a call and a small array.
fn sample() -> String {
    let mut text = String::from(
        "func @0 grad[](x: f64, y: f64, n: i64) -> (f64, f64) {
           a = broadcast [1] [] x
           b = broadcast [1] [] y
           p = concat 0 a b
           i0 = const 0
           i1 = const 1
           one = const 1.0
           hundred = const 100.0
           t0 = tape_new
           q, t1 = for n (p, t0) { (i: i64, u: f64[2], t: tape)
             bounds index i0 < 2
             bounds index i1 < 2
             u0 = index u [i0]
             u1 = index u [i1]
             f: f64 = call @1[](u0, u1)
             g = sin f
             w = update u [i0] g
             h = push t, u0, u1, f
             yield w, h
           }
           z = const 0.0
           s = broadcast [2] [] one
           r, t2 = for n (s, t1) { (j: i64, c: f64[2], v: tape)
             d: tape, e0: f64, e1: f64, k: f64 = pop v
             c0 = index c [i0]
             l = cos k
             m = mul c0 l
             o = update c [i0] z
             dx: f64 = call @2[](e0, e1, m)
             dy: f64 = call @2[](e1, e0, m)
             o0 = acc o [i0] dx
             o1 = acc o0 [i1] dy
             yield o1, d
           }
           tape_end t2
           r0 = index r [i0]
           r1 = index r [i1]
           yield r0, r1
         }
         func @1 f[](x: f64, y: f64) -> f64 {
           two = const 2.0
           a = pow x two
           b = sub y a
           c = pow b two
           h = const 100.0
           d = mul h c
           one = const 1.0
           e = sub one x
           g = pow e two
           r = add g d
           yield r
         }
         func @2 df[](x: f64, y: f64, c: f64) -> f64 {
",
    );
    for k in 0..8 {
        text.push_str(&format!(
            "a{k} = mul x y\n b{k} = sin a{k}\n c{k} = const {k}.0\n d{k} = mul b{k} c{k}\n"
        ));
    }
    let mut sum = "c".to_string();
    for k in 0..8 {
        text.push_str(&format!("s{k} = add {sum} d{k}\n"));
        sum = format!("s{k}");
    }
    text.push_str(&format!("yield {sum}\n}}\n"));
    text
}

#[test]
#[ignore = "timing"]
fn passes_are_quick() {
    let module = read(&sample());
    let mut best = vec![("", Duration::MAX); 64];
    let mut total = Duration::MAX;
    for _ in 0..200 {
        let mut copy = module.clone();
        let (start, mut at) = (Instant::now(), 0);
        let mut last = start;
        opt::optimize_watched(&mut copy, &[main()], &mut |pass, _| {
            let took = last.elapsed();
            best[at] = (pass, took.min(best[at].1));
            at += 1;
            last = Instant::now();
        });
        total = total.min(start.elapsed());
    }
    for (pass, took) in best.iter().filter(|(pass, _)| !pass.is_empty()) {
        println!("{pass:10} {took:?}");
    }
    println!("{:10} {total:?}", "all");
    let mut copy = module.clone();
    opt::optimize(&mut copy, &[main()]);
    println!("{copy}");
    if !cfg!(debug_assertions) {
        assert!(total < Duration::from_micros(300), "{total:?}");
    }
}
