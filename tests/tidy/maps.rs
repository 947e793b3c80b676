//! Maps: where the head of a module leads its reader through a folder, it leads to all of it.

use super::sources;

/// The head of a module that names half of the files in its folder, as `` `name.rs` `` or `` `name` ``, names all.
#[test]
fn maps_name_every_file() {
    let mut drawn = 0;
    for source in sources() {
        let folder = match source.name.rsplit_once('/') {
            Some((folder, "lib.rs" | "main.rs")) => folder,
            _ => source.name.trim_end_matches(".rs"),
        };
        let head: String = source.text.lines().take_while(|line| line.starts_with("//!")).collect();
        let files = sources().iter().filter_map(|other| other.name.strip_prefix(folder)?.strip_prefix('/'));
        let files: Vec<&str> =
            files.filter(|file| !file.contains('/') && source.name != format!("{folder}/{file}")).collect();
        let named = |file: &&&str| names(&head, file.trim_end_matches(".rs"));
        let count = files.iter().filter(named).count();
        if count < 3 || 2 * count < files.len() {
            continue;
        }
        drawn += 1;
        let left: Vec<&&str> = files.iter().filter(|file| !named(file)).collect();
        assert!(left.is_empty(), "the map at the head of {} leaves out {left:?}", source.name);
    }
    assert!(drawn >= 2, "{drawn} maps");
}

fn names(head: &str, file: &str) -> bool {
    let words = head.split(|c: char| !(c.is_alphanumeric() || "_.`[]".contains(c)));
    words.into_iter().any(|word| {
        word.trim_matches(['`', '[', ']', '.'])
            .strip_prefix(file)
            .is_some_and(|rest| rest == ".rs" || rest.is_empty() && word.contains('`'))
    })
}
