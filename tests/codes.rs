//! Every code that the tool can report is explained, and every explanation is true: its wrong program has the problem,
//! its right one has none.

mod support;

use adl_lang::codes;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use support::command::{Said, adl};

/// The codes in string literals of the sources.
fn used() -> BTreeSet<String> {
    fn walk(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).expect("text");
                let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                found.extend(code.flat_map(|line| line.split('"')).filter(|word| is_code(word)).map(String::from));
            }
        }
    }
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    for folder in ["lang/src", "runtime/src", "compiler/src", "compiler/cli/src"] {
        walk(&root.join(folder), &mut found);
    }
    found
}

fn is_code(word: &str) -> bool {
    word.len() == 5 && word.starts_with(['E', 'W']) && word[1..].bytes().all(|b| b.is_ascii_digit())
}

#[test]
fn every_code_has_an_explanation_and_no_explanation_is_idle() {
    let explained: Vec<&str> = codes::all().map(|c| c.code).collect();
    let known: BTreeSet<String> = explained.iter().map(|c| c.to_string()).collect();
    assert_eq!(known.len(), explained.len(), "one explanation for each code");
    assert_eq!(known, used());
    for code in codes::all() {
        assert!(is_code(code.code) && !code.title.is_empty() && code.text.len() > 40, "{}", code.code);
    }
}

#[test]
fn wrong_programs_have_the_problem_and_right_ones_have_none() {
    let folder = std::env::temp_dir().join(format!("adl-codes-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut problems = Vec::new();
    for code in codes::all() {
        for (k, program) in code.programs().enumerate() {
            let file = folder.join(format!("{}-{k}.adl", code.code));
            std::fs::write(&file, program.text).expect("a file");
            let file = file.to_string_lossy();
            let mut args = vec!["run", &*file];
            args.extend(program.options.split_whitespace());
            let Said { code: exit, err, .. } = adl(&args);
            let shown = err.contains(&format!("[{}]", code.code));
            let as_promised = if program.wrong { shown } else { exit == 0 && err.is_empty() };
            if !as_promised {
                problems.push(format!("{} {}: exit {exit}\n{}{err}", code.code, program.wrong, program.text));
            }
        }
    }
    std::fs::remove_dir_all(&folder).expect("the folder goes");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn wrong_and_right_come_in_pairs() {
    for code in codes::all() {
        let kinds: Vec<bool> = code.programs().map(|p| p.wrong).collect();
        // What is right with files needs files.
        let alone = ["E0110", "E0460", "E0462"].contains(&code.code) && kinds == [true];
        assert!(alone || kinds.is_empty() || kinds == [true, false], "{}: {kinds:?}", code.code);
    }
}
