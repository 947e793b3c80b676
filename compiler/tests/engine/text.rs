//! The derivative as text: golden texts, read by people, and that each computes what the compiled derivative does.

use adl_compiler::session::{Mode, Session};

const CASES: &str = include_str!("text.txt");

/// `=== function mode | arguments`, the program, `---`, the text.
fn cases() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    CASES.split("=== ").skip(1).map(|case| {
        let (head, rest) = case.split_once('\n').expect("a header");
        let (program, expected) = rest.split_once("---\n").expect("a line `---`");
        (head, program, expected)
    })
}

fn name_and_mode(head: &str) -> (&str, &str) {
    let words = head.split_once('|').map_or(head, |(words, _)| words).trim();
    words.split_once(' ').unwrap_or((words, ""))
}

fn written(head: &str, program: &str) -> String {
    let (name, mode) = name_and_mode(head);
    let mode = match mode {
        "forward" => Mode::Forward,
        "reverse" => Mode::Reverse,
        _ => Mode::Auto,
    };
    let mut session = Session::new(|_: &str| {});
    session.run("a.adl", program).unwrap_or_else(|e| panic!("{e}"));
    session.derivative_text(name, &[], mode, &[]).map_or_else(|e| e.to_string() + "\n", |w| w.text)
}

#[test]
fn texts_word_for_word() {
    let mut now = String::new();
    let mut wrong = Vec::new();
    for (head, program, expected) in cases() {
        let text = written(head, program);
        if text.trim_end() != expected.trim_end() {
            wrong.push(format!("{head}\n{text}"));
        }
        now.push_str(&format!("=== {head}\n{program}---\n{}\n\n", text.trim_end()));
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/engine/text.txt"), now).expect("writable");
        return;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The text, run behind its program, gives what the operator gives.
#[test]
fn texts_compute_the_derivative() {
    let mut run = 0;
    for (head, program, expected) in cases().filter(|(_, _, expected)| !expected.starts_with("error")) {
        let (_, args) = head.split_once('|').expect("arguments");
        let (name, mode) = name_and_mode(head);
        let mut session = Session::new(|_: &str| {});
        let text = expected.trim();
        let made = text.rsplit("fn ").next().and_then(|t| t.split('(').next()).expect("a name");
        let operator = match (mode, made.starts_with('d')) {
            (_, true) => format!("{name}'"),
            ("jacobian" | "forward", _) => format!("jacfwd({name})"),
            _ => format!("grad({name})"),
        };
        let check = format!("assert(allclose({made}({args}), {operator}({args}), rtol = 1e-6, atol = 1e-12))");
        let program = format!("{program}\n{text}\n{check}\n");
        session.run("a.adl", &program).unwrap_or_else(|e| panic!("{program}\n{e}"));
        run += 1;
    }
    assert!(run > 12);
}
