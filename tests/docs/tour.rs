//! The tour shows what every stage makes of its program. `UPDATE_GOLDEN=1` writes it anew; the difference is then to be
//! read.
//!
//! Cranelift's IR and machine code are those of x86-64.
#![cfg(target_arch = "x86_64")]

use crate::support::command::path;
use adl_compiler::session::{Mode, Session, Stage};
use adl_lang::source::{Source, SourceId};
use adl_lang::token::{Token, lex};

const TOUR: &str = "compiler/TOUR.md";

#[test]
fn the_tour_shows_what_is_there() {
    let old = std::fs::read_to_string(path(TOUR)).expect("the tour");
    let program = old.split_once("```adl\n").and_then(|(_, rest)| rest.split_once("```")).expect("a program").0;
    let mut new = String::new();
    let mut parts = old.split("```text ");
    new.push_str(parts.next().unwrap_or_default());
    let mut stages = Vec::new();
    for part in parts {
        let (stage, rest) = part.split_once('\n').expect("the name of a stage");
        let (_, rest) = rest.split_once("```\n").expect("the end of a block");
        new.push_str(&format!("```text {stage}\n{}\n```\n{rest}", shown(program, stage).trim()));
        stages.push(stage);
    }
    assert_eq!(stages.len(), 10, "{stages:?}");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path(TOUR), &new).expect("the tour is writable");
    } else {
        assert!(new == old, "{TOUR} is not current: UPDATE_GOLDEN=1 cargo test --test docs tour\n{new}");
    }
}

/// What a stage makes of the program.
fn shown(program: &str, stage: &str) -> String {
    match stage {
        "tokens" => tokens(program.lines().nth(2).expect("a third line")),
        "tree" => super::tree::tree(program).replace("; ", ";\n"),
        "typed" => functions(&dump(program, "energy", &Stage::Typed), "func 1 "),
        "ir" => functions(&dump(program, "energy", &Stage::After("lower".into())), "func @1 "),
        "jvp" => functions(&dump(program, "slope", &Stage::After("derive".into())), "func @0 "),
        "vjp" => functions(&dump(program, "energy", &Stage::Vjp), ".vjp["),
        "grad" => {
            let written = session(program).derivative_text("energy", &[], Mode::Reverse, &[]);
            written.unwrap_or_else(|problem| panic!("{problem}")).text
        }
        "opt" => dump(program, "energy", &Stage::After("optimize".into())),
        "clif" => dump(program, "energy", &Stage::Clif).split("\n; entry").next().unwrap_or_default().to_string(),
        "machine" => machine(&dump(program, "energy", &Stage::Asm)),
        other => panic!("no stage `{other}`"),
    }
}

fn tokens(line: &str) -> String {
    let source = Source::new("tour.adl", line);
    let lexed = lex(&source, SourceId(0));
    let word = |(token, _): &(Token<'_>, _)| format!("{token:?}");
    lexed.tokens.iter().map(word).collect::<Vec<_>>().join("  ")
}

fn session(program: &str) -> Session {
    let mut session = Session::new(|_: &str| {});
    session.run("tour.adl", program).unwrap_or_else(|problem| panic!("{problem}"));
    session
}

/// What a function is compiled to, without the places in the text.
fn dump(program: &str, function: &str, stage: &Stage) -> String {
    let mut session = session(program);
    let call = session.call(function).unwrap_or_else(|problem| panic!("{problem}"));
    let text = session.dump(&call, stage).unwrap_or_else(|problem| panic!("{problem}"));
    let place = |line: &str| line.rfind("; tour.adl:").or_else(|| line.rfind("; <call>:"));
    let lines = text.lines().map(|line| place(line).map_or(line, |at| &line[..at]).trim_end());
    lines.collect::<Vec<_>>().join("\n")
}

/// The function with this in its first line.
fn functions(text: &str, wanted: &str) -> String {
    let mut found = text.split("\nfunc ").map(|func| format!("func {}", func.trim_start_matches("func ")));
    found.find(|func| func.lines().next().is_some_and(|line| line.contains(wanted))).expect("the function")
}

/// Each function of the code with its loops, which are jumps back, and what it calls.
fn machine(text: &str) -> String {
    let mut lines = Vec::new();
    for code in text.split("; ").filter(|code| !code.trim().is_empty()) {
        let (name, code) = code.split_once('\n').expect("a name");
        let mut labels = Vec::new();
        let (mut loops, mut calls) = (0, Vec::new());
        for line in code.lines().map(str::trim) {
            let operand = line.rsplit([' ', ',']).next().unwrap_or_default();
            if let Some(label) = line.strip_suffix(':') {
                labels.push(label);
            } else if line.starts_with('j') {
                loops += usize::from(labels.contains(&operand));
            } else if line.starts_with("call ") && operand != "rax" || line.starts_with("mov ") && is_function(operand)
            {
                calls.push(operand);
            }
        }
        lines.push(format!("{name}: {loops} loop{}, calls {}", if loops == 1 { "" } else { "s" }, calls.join(", ")));
    }
    lines.join("\n")
}

fn is_function(operand: &str) -> bool {
    operand.starts_with("prim_") || operand.starts_with("adl_")
}
