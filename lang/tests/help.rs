//! What the library says of itself.

use adl_lang::library::{help, topics};

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
