//! The reference cases of errors: programs that must end in an error that names its place and its kind.

use crate::support::command::adl;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// The programs, by the id of their case.
fn programs() -> BTreeMap<&'static str, &'static str> {
    let parts = include_str!("../cases/errors.adl").split("=== ").skip(1);
    parts.filter_map(|part| part.split_once('\n')).collect()
}

#[test]
fn every_wrong_program_says_what_is_wrong_and_where() {
    let cases: Json = serde_json::from_str(include_str!("../cases/errors.json")).expect("JSON");
    let programs = programs();
    let cases = cases.as_array().expect("a list");
    assert_eq!(cases.len(), programs.len());
    for case in cases {
        let id = case["id"].as_str().expect("an id");
        let program = programs[id];
        let said = adl(&["-e", program]);
        let words = case["queries"][0]["must_mention_any"].as_array().expect("words");
        let mentioned = words.iter().filter_map(Json::as_str).any(|word| said.err.contains(word));
        assert_eq!(said.code, 1, "{id}: {}{}", said.out, said.err);
        assert!(mentioned, "{id} mentions none of {words:?}:\n{}", said.err);
        assert!(said.err.contains("--> <command line>:"), "{id} has no place:\n{}", said.err);
        assert!(!said.err.contains("panicked") && said.out.is_empty(), "{id}:\n{}{}", said.out, said.err);
    }
}
