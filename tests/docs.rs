//! What the README shows is run.

mod support;

use support::command::{adl, path};

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

#[test]
fn programs_of_the_readme_run_and_print_what_they_say() {
    let blocks = blocks("README.md");
    assert!(blocks.len() >= 2, "the README shows programs");
    let folder = std::env::temp_dir();
    for (k, block) in blocks.iter().enumerate() {
        let file = folder.join(format!("adl-readme-{}-{k}.adl", std::process::id()));
        std::fs::write(&file, block).expect("a temporary file");
        let said = adl(&["run", &file.to_string_lossy()]);
        std::fs::remove_file(&file).expect("the file is there");
        assert_eq!(said.code, 0, "{block}\n{}", said.err);
        if let Some(line) = promised(block) {
            assert_eq!(said.out.trim_end(), line, "{block}");
        }
    }
}
