//! What the README, the tutorial and the reference show is run.

use crate::support::command::{adl, path};

/// The ```` ```adl ```` blocks of a document.
fn blocks(document: &str) -> Vec<String> {
    let text = std::fs::read_to_string(path(document)).expect("the document exists");
    let parts = text.split("```adl\n").skip(1);
    parts.filter_map(|part| part.split_once("```")).map(|(block, _)| block.to_string()).collect()
}

/// What a block says it prints: the comment that ends it.
fn promised(block: &str) -> Option<&str> {
    block.trim_end().lines().last()?.strip_prefix("# ")
}

/// Runs the programs of a document, which are so many at least.
fn run(document: &str, least: usize) {
    let blocks = blocks(document);
    assert!(blocks.len() >= least, "{document} shows programs");
    let folder = std::env::temp_dir();
    for (k, block) in blocks.iter().enumerate() {
        let file = folder.join(format!("adl-docs-{}-{least}-{k}.adl", std::process::id()));
        std::fs::write(&file, block).expect("a temporary file");
        let said = adl(&["run", &file.to_string_lossy()]);
        std::fs::remove_file(&file).expect("the file is there");
        assert_eq!(said.code, 0, "{block}\n{}", said.err);
        if let Some(line) = promised(block) {
            assert_eq!(said.out.trim_end().lines().last(), Some(line), "{block}");
        }
    }
}

#[test]
fn programs_of_the_readme_run_and_print_what_they_say() {
    run("README.md", 2);
}

#[test]
fn programs_of_the_reference_run_and_print_what_they_say() {
    run("lang/REFERENCE.md", 8);
}

#[test]
fn programs_of_the_tutorial_run_and_print_what_they_say() {
    run("examples/TUTORIAL.md", 9);
}
