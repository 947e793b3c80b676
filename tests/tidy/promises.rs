//! What is promised stands beside a test that there is.

use super::sources;
use std::path::Path;

#[test]
fn promises_name_tests_that_there_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("lang/PROMISES.md")).expect("the promises");
    let mut tests = 0;
    for row in text.lines().filter(|line| line.starts_with("| ") && line.ends_with("` |")) {
        let (_, named) = row.trim_end_matches([' ', '|']).rsplit_once(" | ").expect("a promise and its tests");
        for test in named.split(", ").map(|test| test.trim_matches('`')) {
            let found = match test.strip_prefix("T ").map(|rest| rest.replace(' ', "/")) {
                Some(file) => sources().iter().any(|source| source.name.ends_with(&format!("tests/{file}.rs"))),
                None => root.join("tests/language").join(test).is_file(),
            };
            assert!(found, "lang/PROMISES.md names `{test}`, which is no test: {row}");
            tests += 1;
        }
    }
    assert!(tests > 40, "{tests} tests are named");
}
