//! Whatever text is given, the checker answers: with a program or with problems, never with a panic. The texts are
//! real programs in which tokens were deleted, doubled, swapped or taken from elsewhere.

use crate::host::{check_with, render, roomy};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A small generator of numbers: the same mutants on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n.max(1)
    }
}

/// The programs that are changed.
fn seeds() -> Vec<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut out = Vec::new();
    for folder in ["examples", "examples/gradbench", "tests/language", "tests/cases"] {
        let mut files: Vec<_> =
            fs::read_dir(format!("{root}/{folder}")).expect("the folder exists").flatten().map(|e| e.path()).collect();
        files.sort();
        for file in files.into_iter().filter(|f| f.extension().is_some_and(|e| e == "adl")) {
            out.push(fs::read_to_string(file).expect("readable"));
        }
    }
    out
}

/// Words, numbers, signs and the spaces between them.
fn pieces(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut last = None;
    for (i, c) in text.char_indices() {
        let class = if c.is_alphanumeric() || c == '_' { Some(0) } else { (c == ' ').then_some(1) };
        if i > start && (class.is_none() || class != last) {
            out.push(&text[start..i]);
            start = i;
        }
        last = class;
    }
    out.push(&text[start..]);
    out
}

/// About twenty lines of a program, with some of its tokens changed.
fn mutant(text: &str, words: &[&str], dice: &mut Dice) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let from = if dice.below(3) == 0 { dice.below(lines.len()) } else { 0 };
    let part = lines[from..lines.len().min(from + 60)].join("\n");
    let mut all = pieces(&part);
    for _ in 0..=dice.below(3) {
        let (i, j) = (dice.below(all.len()), dice.below(all.len()));
        match dice.below(5) {
            0 => drop(all.remove(i)),
            1 => all.insert(i, all[j]),
            2 => all.swap(i, j),
            3 => all[i] = words[dice.below(words.len())],
            _ => all.insert(i, words[dice.below(words.len())]),
        }
        if all.is_empty() {
            break;
        }
    }
    all.concat()
}

#[test]
fn no_text_makes_the_checker_panic() {
    let count = std::env::var("ADL_MUTANTS").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    let seed = std::env::var("ADL_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let seeds = seeds();
    let words: Vec<&str> = seeds.iter().flat_map(|s| pieces(s)).filter(|w| !w.trim().is_empty()).collect();
    let mut dice = Dice(seed);
    let mut wrong = Vec::new();
    for _ in 0..count {
        let text = mutant(&seeds[dice.below(seeds.len())], &words, &mut dice);
        let begun = std::time::Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            roomy(|| {
                let (checker, _, r) = check_with(&text, &[]);
                r.err().map(|e| render(&checker, &e))
            })
        }));
        match outcome {
            Err(_) => wrong.push(format!("a panic:\n{text}")),
            Ok(Some(said)) if said.contains("E0999") => wrong.push(format!("a contradiction:\n{text}\n{said}")),
            Ok(_) if begun.elapsed().as_secs() > 20 => wrong.push(format!("too long:\n{text}")),
            Ok(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {count}\n{}", wrong.len(), wrong.join("\n========\n"));
}
