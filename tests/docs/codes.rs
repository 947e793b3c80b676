//! Every code that the tool can report is explained, and every explanation is true: its wrong program has the problem,
//! its right one has none.

use crate::support::command::{Said, adl};
use adl_lang::codes;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The codes in string literals of the sources.
fn used() -> BTreeSet<String> {
    fn walk(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs" || e == "adl") {
                let text = std::fs::read_to_string(&path).expect("text");
                let code = text.lines().filter(|line| !line.trim_start().starts_with(['/', '#']));
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

/// What the command says of the wrong programs, as text or as JSON; files are called after their code,
/// in a folder of the test, since tests run side by side.
fn said(json: bool, test: &str) -> Vec<(&'static str, String)> {
    let folder = std::env::temp_dir().join(format!("adl-said-{}-{test}-{json}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let within = format!("{}/", folder.to_string_lossy());
    let mut all = Vec::new();
    for code in codes::all() {
        for program in code.programs().filter(|program| program.wrong) {
            let file = folder.join(format!("{}.adl", code.code));
            std::fs::write(&file, program.text).expect("a file");
            let name = file.to_string_lossy();
            let mut args = vec!["run", &*name];
            args.extend(program.options.split_whitespace());
            args.extend(json.then_some("--json"));
            let Said { out, err, .. } = adl(&args);
            let said = if json { out } else { err };
            all.push((code.code, without_depth(&said.replace(&within, ""))));
        }
    }
    std::fs::remove_dir_all(&folder).expect("the folder goes");
    all
}

/// How deep a recursion goes depends on the machine.
fn without_depth(said: &str) -> String {
    let line = |line: &str| match (line.rsplit_once(" … "), line.ends_with(" more calls of it")) {
        (Some((call, _)), true) => format!("{call} … many more calls of it"),
        (_, _) => line.to_string(),
    };
    let end = if said.ends_with('\n') { "\n" } else { "" };
    said.lines().map(line).collect::<Vec<_>>().join("\n") + end
}

/// Word for word; `UPDATE_GOLDEN=1` writes them anew, and the difference is then to be read.
#[test]
fn messages_are_what_they_were() {
    let now: String =
        said(false, "words").iter().map(|(code, text)| format!("=== {code}\n{}\n\n", text.trim_end())).collect();
    let path = crate::support::command::path("tests/cases/codes.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, now).expect("the file can be written");
        return;
    }
    let before = std::fs::read_to_string(path).expect("text");
    for (now, before) in now.split("=== ").zip(before.split("=== ")) {
        assert_eq!(now, before);
    }
    assert_eq!(now.len(), before.len());
}

/// The JSON form has the same problems, at the same places, in the same words.
#[test]
fn json_says_the_same_as_the_text() {
    for ((code, text), (_, json)) in said(false, "forms").into_iter().zip(said(true, "forms")) {
        let problems: Vec<serde_json::Value> = json
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .filter(|value: &serde_json::Value| value["kind"] == "diagnostic")
            .collect();
        assert!(problems.iter().any(|problem| problem["code"] == code), "{code}: {json}");
        let heads = text.lines().filter(|line| line.starts_with("error[") || line.starts_with("warning[")).count();
        assert_eq!(problems.len(), heads, "{code}: {text}{json}");
        for problem in problems {
            let word = |name: &str| problem[name].as_str().unwrap_or_default();
            let head = format!("{}[{}]: {}", word("severity"), word("code"), word("message"));
            assert!(text.contains(&head), "{code}: {head} is not in\n{text}");
            let helps = problem["helps"].as_array().expect("a list");
            let notes = problem["notes"].as_array().expect("a list");
            for said in helps.iter().map(|help| &help["text"]).chain(notes) {
                assert!(text.contains(said.as_str().expect("text")), "{code}: {said} is not in\n{text}");
            }
            let place = &problem["place"];
            if !place.is_null() {
                let at =
                    format!("{}:{}:{}", place["file"].as_str().unwrap_or_default(), place["line"], place["column"]);
                assert!(text.contains(&at), "{code}: {at} is not in\n{text}");
            }
        }
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
