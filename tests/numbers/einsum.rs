//! `einsum` against the sum over all subscripts, written out, and the order of contraction.

use crate::support::ask::{ask, compile};
use adl_runtime::{Array, Value};
use std::collections::BTreeMap;

/// Subscripts with `->`; letters have the sizes of [`size`].
const CASES: &[&str] = &[
    "ij,jk->ik",
    "ij->ji",
    "ii->i",
    "ii->",
    "ij->",
    "ij->j",
    "i,i->",
    "i,j->ij",
    "i,i->i",
    "bij,bjk->bik",
    "bij,bjk->ikb",
    "ij,jk,kl->il",
    "ijk,ilm,njm,nlk->",
    "ijk,k->ij",
    "ij,ij->i",
    "ji,jk->ki",
    "bij,bkj,bk->bi",
    "iij->j",
    "ijij->ij",
    "ij,jk,kl,lm,mn->in",
    "ij,k->kij",
    "ijk,jil->kl",
    "i,ij,j->",
    "iik,kk->i",
    "ijkl->lkji",
];

fn size(letter: char) -> usize {
    2 + (letter as usize * 5) % 3
}

/// The sum over all values of all letters.
fn written_out(subscripts: &str, data: &[Vec<f64>]) -> Vec<f64> {
    let (left, right) = subscripts.split_once("->").expect("an arrow");
    let terms: Vec<&str> = left.split(',').collect();
    let mut letters: Vec<char> = right.chars().collect();
    for c in left.chars().filter(|c| *c != ',') {
        if !letters.contains(&c) {
            letters.push(c);
        }
    }
    let place = |term: &str, at: &BTreeMap<char, usize>| term.chars().fold(0, |place, c| place * size(c) + at[&c]);
    let mut out = vec![0.0; right.chars().map(size).product()];
    let total: usize = letters.iter().map(|c| size(*c)).product();
    for mut k in 0..total {
        let mut at = BTreeMap::new();
        for &c in letters.iter().rev() {
            at.insert(c, k % size(c));
            k /= size(c);
        }
        out[place(right, &at)] += terms.iter().zip(data).map(|(t, d)| d[place(t, &at)]).product::<f64>();
    }
    out
}

#[test]
fn values_are_the_sums_written_out() {
    for subscripts in CASES {
        let (left, right) = subscripts.split_once("->").expect("an arrow");
        let terms: Vec<&str> = left.split(',').collect();
        let mut data = Vec::new();
        let mut args = Vec::new();
        for (k, term) in terms.iter().enumerate() {
            let shape: Vec<usize> = term.chars().map(size).collect();
            let entries: Vec<f64> =
                (0..shape.iter().product()).map(|i: usize| ((7 * i + 3 * k) % 11) as f64 - 4.5).collect();
            args.push(Value::Array(Array::from_slice(&shape, &entries).expect("fits")));
            data.push(entries);
        }
        let names: Vec<String> = (0..terms.len()).map(|k| format!("x{k}")).collect();
        let program = compile(&format!("fn f({0}) = einsum(\"{subscripts}\", {0})", names.join(", ")));
        let expected = written_out(subscripts, &data);
        let got = ask(&program, "f", &args);
        assert_eq!(got.len(), expected.len(), "{subscripts}");
        for (a, b) in got.iter().zip(&expected) {
            assert!((a - b).abs() <= 1e-9 * (1.0 + b.abs()), "{subscripts}: {got:?}, written out {expected:?}");
        }
        // Without an arrow: the letters that stand once, in order.
        let mut once: Vec<char> = left.chars().filter(|c| left.matches(*c).count() == 1 && *c != ',').collect();
        once.sort_unstable();
        if once.iter().collect::<String>() == right {
            let implicit = compile(&format!("fn f({0}) = einsum(\"{left}\", {0})", names.join(", ")));
            assert_eq!(ask(&implicit, "f", &args), got, "{left}");
        }
    }
}

#[test]
fn ellipsis_stands_for_batches_that_stretch() {
    let program = compile(
        "fn f(a, b) = einsum(\"...ij,...jk->...ik\", a, b) - a @ b
fn g(a) = einsum(\"...i->i...\", a) - moveaxis(a, -1, 0)",
    );
    let array = |shape: &[usize]| {
        let entries: Vec<f64> = (0..shape.iter().product()).map(|i: usize| (i % 7) as f64).collect();
        Value::Array(Array::from_slice(shape, &entries).expect("fits"))
    };
    for (a, b) in
        [(&[4, 2, 3][..], &[4, 3, 5][..]), (&[1, 2, 3], &[4, 3, 5]), (&[2, 3], &[4, 3, 5]), (&[6, 1, 2, 3], &[4, 3, 5])]
    {
        assert!(ask(&program, "f", &[array(a), array(b)]).iter().all(|x| *x == 0.0), "{a:?} {b:?}");
    }
    assert!(ask(&program, "g", &[array(&[2, 3, 4])]).iter().all(|x| *x == 0.0));
}

#[test]
fn the_cheap_order_needs_no_large_array() {
    // In the order of writing the first product would have 10¹⁰ entries.
    let program = compile("fn f(a, b, c, d, e) = einsum(\"i,j,k,j,k->i\", a, b, c, d, e)");
    let vector = |x: f64| Value::Array(Array::from_slice(&[100_000], &vec![x; 100_000]).expect("fits"));
    let got = ask(&program, "f", &[vector(2.0), vector(0.5), vector(1.0), vector(2.0), vector(0.25)]);
    assert!(got.iter().all(|x| *x == 2.0 * 1e5 * 0.25e5), "{}", got[0]);
    let slope = ask(
        &program,
        "grad(|a, b, c, d, e| sum(f(a, b, c, d, e)), wrt = 4)",
        &[vector(2.0), vector(0.5), vector(1.0), vector(2.0), vector(0.25)],
    );
    assert!(slope.iter().all(|x| *x == 2e5 * 1e5), "{}", slope[0]);
}
