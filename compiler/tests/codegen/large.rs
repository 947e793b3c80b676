//! Functions so large that registers are given out in one pass: the same numbers as the interpreter, to the bit.

use crate::support::{Numbers, compare, native};
use adl_compiler::interp::Data;
use adl_lang::ops::Const;

/// A function of two numbers and an array: so many steps, each of earlier values,
/// with branches, loops and updates among them.
fn large(steps: usize) -> String {
    let mut numbers = Numbers(7);
    let mut text = String::from("func @0 large[n](v0: f64, v1: f64, v2: f64[n]) -> (f64, f64[n]) {\n  v3 = const 2\n");
    let (mut values, mut array, mut next) = (vec!["v0".to_string(), "v1".to_string()], "v2".to_string(), 4);
    let mut fresh = || {
        next += 1;
        format!("v{}", next - 1)
    };
    for step in 0..steps {
        let mut pick = || {
            let near = values.len().min(60);
            values[values.len() - 1 - (numbers.bits() >> 20) as usize % near].clone()
        };
        let (a, b) = (pick(), pick());
        let (made, inner, low, scaled) = (fresh(), fresh(), fresh(), fresh());
        let line = match step % 40 {
            39 => {
                let condition = fresh();
                format!(
                    "  {condition} = lt {a} {b}
  {made} = if {condition} {{
    {inner} = sin {b}
    yield {inner}
  }} else {{
    yield {a}
  }}\n"
                )
            }
            19 => {
                let (index, round) = (fresh(), fresh());
                format!(
                    "  {made} = for v3 ({a}) {{ ({index}: i64, {inner}: f64)
    {round} = cos {inner}
    yield {round}
  }}\n"
                )
            }
            9 => {
                let updated = fresh();
                let line = format!("  {updated} = update {array}[v3] {a}\n  {made} = index {updated}[v3]\n");
                array = updated;
                line
            }
            // Sines keep all values near 1.
            k if k % 3 == 0 => format!("  {made} = sin {a}\n"),
            k if k % 3 == 1 => format!("  {low} = sub {a} {b}\n  {made} = max {low} {b}\n"),
            _ => format!("  {scaled} = mul {a} {b}\n  {made} = min {scaled} {a}\n"),
        };
        text.push_str(&line);
        values.push(made);
    }
    let last = values.last().cloned().unwrap_or_default();
    text + &format!("  yield {last}, {array}\n}}\n")
}

#[test]
fn large_functions_agree_with_the_interpreter() {
    let text = large(14_000);
    assert!(native(&text).stats().code_bytes > 150_000);
    let number = |x| Data::scalar(Const::F64(x));
    let array = Data::new(adl_lang::types::DType::F64, vec![5], [0.1, 0.2, 0.3, 0.4, 0.5].map(Const::F64).to_vec());
    for (x, y) in [(0.3, -0.7), (1.5, 0.25)] {
        compare(&text, &[5], &[number(x), number(y), array.clone()], 0.0);
    }
}
