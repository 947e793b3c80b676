//! What the library says of itself.

use adl_lang::library::{help, topics};
use std::collections::HashMap;

#[test]
fn every_kind_of_name_has_help() {
    let of = |name: &str| help(name).unwrap_or_else(|| panic!("no help for {name}"));
    assert_eq!(of("sum").signature, "sum(x, axis = none, keep = false)");
    assert_eq!(of("tanh").derivative, "`(2 * exp(-abs(x)) / (1 + exp(-abs(x))^2))^2`");
    assert_eq!(of("hypot").signature, "hypot(a, b)");
    assert_eq!(of("^").signature, "a ^ b");
    assert_eq!(of("not").signature, "not x");
    assert_eq!(of("linspace").signature, "linspace(a, b, n)");
    assert_eq!(of("pi").example, "pi");
    assert!(of("max").kink.contains("ties share"));
    assert_eq!(help("no_such_name"), None);
    assert_eq!(help("no.such"), None);
    assert_eq!(help("_bits"), None);
}

#[test]
fn no_name_is_described_twice() {
    let mut names: Vec<String> = topics().into_iter().flat_map(|t| t.entries).map(|h| h.signature).collect();
    names.sort();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
    assert!(all > 100, "only {all} names");
}

/// The files of the prelude see one another, so a second definition would hide the first one.
#[test]
fn a_name_of_the_prelude_is_defined_once() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/library/prelude");
    let mut homes = HashMap::new();
    for file in std::fs::read_dir(folder).expect("the prelude").flatten().map(|entry| entry.path()) {
        let text = std::fs::read_to_string(&file).expect("text");
        for name in text.lines().filter_map(|line| line.strip_prefix("fn ")?.split_once('(')) {
            let other = homes.insert(name.0.to_string(), file.clone());
            assert!(other.is_none(), "`{}` is defined in {other:?} and in {file:?}", name.0);
        }
    }
    assert!(homes.len() > 100, "only {} names", homes.len());
}
