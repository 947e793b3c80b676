//! The paths in a Rust text that begin with `crate` or `super`, lists in braces written out.

/// All of them, each as its parts. What a path is made of is told by its letters alone, which is enough for code that
/// the compiler has accepted.
pub fn paths(code: &str) -> Vec<Vec<String>> {
    let words = words(code);
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let begins = matches!(words[at], "crate" | "super") && words.get(at + 1) == Some(&"::");
        if begins && (at == 0 || words[at - 1] != "::") {
            at = path(&words, at, Vec::new(), &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// Reads a path on from a word, behind the parts read so far; gives the place behind it.
fn path(words: &[&str], mut at: usize, mut parts: Vec<String>, found: &mut Vec<Vec<String>>) -> usize {
    while words.get(at).is_some_and(|word| is_name(word)) {
        parts.push(words[at].to_string());
        at += 1;
        if words.get(at) != Some(&"::") {
            break;
        }
        at += 1;
        if words.get(at) == Some(&"{") {
            at += 1;
            while at < words.len() && words[at] != "}" {
                at = if is_name(words[at]) { path(words, at, parts.clone(), found) } else { at + 1 };
            }
            return at + 1;
        }
    }
    found.push(parts);
    at
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names, `::`, and other characters one by one.
fn words(code: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let end = if is_name(rest) {
            rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        words.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    words
}
