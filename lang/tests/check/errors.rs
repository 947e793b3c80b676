//! Every diagnostic of the checker, word for word.
//!
//! `errors.txt` holds cases: a header `=== what it shows`, a text, `---`, and the rendered errors.
//! `UPDATE_GOLDEN=1` writes them anew; the difference is then to be read.

use crate::host::{check_with, render, roomy};

const CASES: &str = include_str!("errors.txt");
const FILES: &[(&str, &str)] = &[("optim", "fn descend(x) = x\n"), ("optim.adl", "fn other(x) = x\n")];

fn cases() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    CASES.split("=== ").skip(1).map(|case| {
        let (header, rest) = case.split_once('\n').expect("a header");
        let (text, expected) = rest.split_once("---\n").expect("a line `---`");
        (header, text, expected)
    })
}

#[test]
fn rendered_word_for_word() {
    roomy(|| {
        let mut wrong = Vec::new();
        let mut now = String::new();
        for (header, text, expected) in cases() {
            let (checker, _, r) = check_with(text, FILES);
            let shown = r.map_or_else(|e| render(&checker, &e), |_| "no problem\n".to_string());
            if shown.trim_end() != expected.trim_end() {
                wrong.push(format!("{header}\n{shown}"));
            }
            let title = shown.lines().next().and_then(|l| l.split_once(": ")).map_or(header, |(_, t)| t);
            now.push_str(&format!("=== {title}\n{text}---\n{}\n\n", shown.trim_end()));
        }
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/check/errors.txt");
            std::fs::write(path, now).expect("the file can be written");
            return;
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

/// Applying the patches of a cure gives a text without this problem.
#[test]
fn patches_cure() {
    roomy(|| {
        for (header, text, _) in cases() {
            let (_, _, Err(problems)) = check_with(text, FILES) else { panic!("{header} has no problem") };
            let count =
                |code: &str, all: &[adl_lang::diagnostic::Diagnostic]| all.iter().filter(|d| d.code == code).count();
            for problem in &problems {
                for help in problem.helps.iter().filter(|help| !help.patches.is_empty()) {
                    let mut patches = help.patches.clone();
                    patches.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
                    let mut cured = text.to_string();
                    for (span, new) in patches {
                        cured.replace_range(span.start as usize..span.end as usize, &new);
                    }
                    let left = check_with(&cured, FILES).2.err().unwrap_or_default();
                    assert!(
                        count(problem.code, &left) < count(problem.code, &problems),
                        "{header}: {cured:?} still has {}",
                        problem.code
                    );
                    let whole = problems.len() == 1;
                    assert!(!whole || left.is_empty(), "{header}: {cured:?} has another problem: {left:?}");
                }
            }
        }
    });
}

#[test]
fn messages_hold_no_internal_words() {
    for word in ["Leaf", "Some(", "None", "Val::", "Local", "Span", "size0", "size1", "E0999"] {
        assert!(!CASES.contains(word), "{word}");
    }
}
