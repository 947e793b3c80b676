//! What passes keep and what they may not do, where a module before and after says too little (see `cases`).

use crate::support::{after, becomes};
use adl_compiler::opt::{self, dce, forward, scalarize};

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
