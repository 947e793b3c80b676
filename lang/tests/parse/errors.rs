//! Every syntax diagnostic, word for word.
//!
//! `errors.txt` holds cases: a header `=== what it shows`, a text, `---`, and the rendered errors.
//! `UPDATE_GOLDEN=1` writes them anew; the difference is then to be read.

use crate::common::{errors, read, show};
use adl_lang::parse::is_incomplete;
use adl_lang::render::{one_line, render};
use adl_lang::source::Source;

const CASES: &str = include_str!("errors.txt");

fn cases() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    CASES.split("=== ").skip(1).map(|case| {
        let (header, rest) = case.split_once('\n').expect("a header");
        let (text, expected) = rest.split_once("---\n").expect("a line `---`");
        (header, text, expected)
    })
}

#[test]
fn rendered_word_for_word() {
    let mut wrong = Vec::new();
    let mut now = String::new();
    for (header, text, expected) in cases() {
        let shown = errors(text);
        if shown.trim_end() != expected.trim_end() {
            wrong.push(format!("{header}\n{shown}"));
        }
        now.push_str(&format!("=== {header}\n{text}---\n{}\n\n", shown.trim_end()));
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parse/errors.txt");
        std::fs::write(path, now).expect("the file can be written");
        return;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_has_a_case() {
    for number in 1..=17 {
        let code = format!("[E{number:04}]");
        assert!(CASES.contains(&code), "no case shows {code}");
    }
}

/// Applying the patches of a cure gives a text without this problem.
#[test]
fn patches_cure() {
    for (header, text, _) in cases() {
        let (_, problems) = read(text);
        for problem in &problems {
            for help in problem.helps.iter().filter(|help| !help.patches.is_empty()) {
                let mut patches = help.patches.clone();
                patches.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
                let mut cured = text.to_string();
                for (span, new) in patches {
                    cured.replace_range(span.start as usize..span.end as usize, &new);
                }
                let left = read(&cured).1;
                let same = left.iter().filter(|other| other.code == problem.code).count();
                let before = problems.iter().filter(|other| other.code == problem.code).count();
                assert!(same < before, "{header}: {cured:?} still has {}", problem.code);
                let shown = || show(&cured, &left);
                // Where a bracket or quotation mark that is missing belongs can only be guessed.
                let whole = problems.len() == 1 && !["E0001", "E0004"].contains(&problem.code);
                assert!(!whole || left.is_empty(), "{header}: {cured:?} has another:\n{}", shown());
            }
        }
    }
}

#[test]
fn messages_hold_no_internal_words() {
    for word in ["Token", "Some(", "None", "RParen", "LParen", "Span", "EndOfInput", "something else", "eoi"] {
        assert!(!CASES.contains(word), "{word}");
    }
}

#[test]
fn broken_statements_hide_no_others() {
    let text =
        "let a = 1 +* 2\nlet b = 3\nfn f(x) {\n  let c = ]\n  let d = (1\n  let e = 5\n  e +/ 1\n}\nlet g = 2 2\n";
    let (file, problems) = read(text);
    let lines: Vec<_> =
        problems.iter().map(|problem| one_line(problem, &|_| Some(Source::new("a.adl", text)))).collect();
    assert_eq!(
        lines,
        [
            "a.adl:1:12: error[E0010]: expected an expression, found `*`",
            "a.adl:4:11: error[E0002]: nothing is open that this `]` could close",
            "a.adl:5:11: error[E0001]: this `(` is never closed",
            "a.adl:7:6: error[E0010]: expected an expression, found `/`",
            "a.adl:9:11: error[E0010]: expected an operator or the end of the statement, found a number",
        ]
    );
    assert_eq!(
        crate::common::stmts(&file.stmts),
        "<error>; (let b 3); (fn f (x) {<error>; <error>; (let e 5); <error>}); <error>"
    );
}

#[test]
fn hostile_text_is_inert() {
    let text = "let a = \"\u{1b}[31m\u{202e}\" +* 2 # \u{7}\r\n";
    for color in [false, true] {
        let (_, problems) = read(text);
        let source = Source::new("a\u{1b}.adl", text);
        let shown = render(&problems, &|_| Some(source.clone()), color);
        assert!(!shown.contains("\u{1b}[31m\u{202e}") && !shown.contains(['\u{202e}', '\u{7}']), "{shown:?}");
        assert!(shown.contains(r"\u{1b}[31m\u{202e}") && shown.contains(r"a\u{1b}.adl"), "{shown:?}");
        assert_eq!(color, shown.contains('\u{1b}'));
    }
}

#[test]
fn carets_stand_under_their_place_after_escapes_and_tabs() {
    assert_eq!(
        errors("\t\"\u{1b}é\" +* 2\r\n"),
        "error[E0010]: expected an expression, found `*`
 --> a.adl:1:13
  |
1 |     \"\\u{1b}é\" +* 2
  |                ^\n"
    );
}

#[test]
fn incomplete_entries() {
    for text in ["fn f(x) {", "f(1,", "let x =", "a +", "if a { 1 } else", "|x|", "[1,\n2,"] {
        assert!(is_incomplete(&Source::new("repl", text)), "{text}");
    }
    for text in ["f(1)", "let x = 1", "return", "f(1))", "", "\"abc", "a;", "f'"] {
        assert!(!is_incomplete(&Source::new("repl", text)), "{text}");
    }
}
