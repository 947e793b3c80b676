//! What is decided about memory before code is made, as files: `plans/<behaviour>.ir` holds comments, a module, `---`,
//! and the module with its plan. `UPDATE_GOLDEN=1` writes the plans anew; the difference is then to be read.

use super::support::read;
use adl_compiler::plan;
use std::fs;
use std::path::Path;

#[test]
fn plans_are_as_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/codegen/plans");
    let (mut wrong, mut count) = (Vec::new(), 0);
    for path in fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()) {
        let text = fs::read_to_string(&path).expect("text");
        let (given, expected) = text.split_once("---\n").unwrap_or_else(|| panic!("{path:?} has no `---`"));
        let found = plan::text(&read(given));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, format!("{given}---\n{found}")).expect("the case is writable");
        } else if found != expected {
            wrong.push(format!("{}\n{found}", path.display()));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 5, "only {count} cases");
}
