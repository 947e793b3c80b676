//! The reference: its second part is made from the tables of the library, and is current; every example in it runs,
//! and every claim about a kink holds, in both modes.

use crate::support::command::{adl, path};
use adl_lang::library::{Help, Topic, modules, topics};

const REFERENCE: &str = "lang/REFERENCE.md";
const MARK: &str = "<!-- What follows is made";

/// What an expression prints, after an import if it is of a module. Files that it names are in a folder of the test's
/// own: each test has a thread, if not a process, to itself.
fn printed(module: Option<&str>, expression: &str) -> String {
    let import = module.map_or(String::new(), |m| format!("import {m}\n"));
    let (process, thread) = (std::process::id(), std::thread::current().id());
    let folder = format!("{}/manual-{process}-{thread:?}", env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = format!("{folder}/example.adl");
    std::fs::write(&file, format!("{import}{expression}\n")).expect("a new file");
    let said = adl(&["run", &file]);
    assert_eq!(said.code, 0, "{expression}\n{}", said.err);
    said.out.trim_end().to_string()
}

/// Topics with the module that they are of.
fn all() -> Vec<(Option<String>, Topic)> {
    let modules = modules().into_iter().map(|t| (Some(t.title.clone()), t));
    topics().into_iter().map(|t| (None, t)).chain(modules).collect()
}

/// The claims of a text: `` `a` is `b` ``.
fn claims(text: &str) -> Vec<(&str, &str)> {
    let parts: Vec<&str> = text.split('`').collect();
    let claim = |w: &[&'_ str]| w[1] == " is ";
    parts.windows(3).skip(1).step_by(2).filter(|w| claim(w)).map(|w| (w[0], w[2])).collect()
}

/// The same derivative in the other mode: `f'(x)` and `grad(f)(x)`.
fn other_mode(expression: &str) -> Option<String> {
    if let Some((f, x)) = expression.split_once("'(") {
        return Some(format!("grad({f})({x}"));
    }
    expression.strip_prefix("grad(").map(|rest| format!("jacfwd({rest}"))
}

#[test]
fn claims_about_kinks_hold_in_both_modes() {
    let mut failures = Vec::new();
    let mut checked = 0;
    for (module, topic) in all() {
        for entry in &topic.entries {
            for (expression, expected) in claims(&entry.kink) {
                checked += 1;
                for asked in [Some(expression.to_string()), other_mode(expression)].into_iter().flatten() {
                    let got = printed(module.as_deref(), &asked);
                    if got.trim_start_matches('-') != expected.trim_start_matches('-')
                        || (got != expected && got.contains("inf"))
                    {
                        failures.push(format!("{}: `{asked}` is `{got}`, not `{expected}`", entry.name));
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(checked >= 40, "only {checked} claims");
}

#[test]
fn every_function_says_what_it_gives() {
    for (_, topic) in all() {
        assert!(!topic.title.is_empty() && !topic.entries.is_empty(), "{}", topic.title);
        for entry in &topic.entries {
            assert!(!entry.doc.is_empty(), "`{}` is not explained", entry.name);
        }
    }
}

/// One entry of the reference.
fn shown(module: Option<&str>, help: &Help) -> String {
    let dot = module.map_or(String::new(), |m| format!("{m}."));
    let mut out = format!("- **`{dot}{}`** {}", help.signature, help.doc);
    if !help.derivative.is_empty() {
        out += &format!(" *Derivative:* {}.", help.derivative);
    }
    if !help.kink.is_empty() {
        out += &format!(" *Where there is none:* {}.", help.kink);
    }
    if !help.example.is_empty() {
        let result = printed(module, &help.example);
        // A picture is more than a line.
        let short = !result.is_empty() && !result.contains('\n') && result.len() < 160;
        let result = if short { format!(" gives `{result}`") } else { String::new() };
        out += &format!("\n  `{}`{result}.", help.example);
    }
    out + "\n"
}

#[test]
fn the_reference_is_current() {
    let text = std::fs::read_to_string(path(REFERENCE)).expect("the reference");
    let (first, _) = text.split_once(MARK).expect("the mark between the parts");
    let mark = text.lines().find(|l| l.starts_with(MARK)).expect("it is a line");
    let mut expected = format!("{first}{mark}\n\n# The library\n");
    for (module, topic) in all() {
        let title = module.as_ref().map_or(topic.title.clone(), |m| format!("`import {m}`"));
        expected += &format!("\n## {title}\n\n");
        if !topic.doc.is_empty() {
            expected += &format!("{}\n\n", topic.doc);
        }
        for entry in &topic.entries {
            expected += &shown(module.as_deref(), entry);
        }
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path(REFERENCE), &expected).expect("the reference can be written");
    } else {
        assert!(text == expected, "{REFERENCE} is not current: UPDATE_GOLDEN=1 cargo test --test docs manual");
    }
}
