//! A program opens the files that it is allowed to, and no others, whatever names, links and `..` it tries.
#![cfg(unix)]

use adl_cli::{FAILED, OK, Streams, run};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

/// A folder of its own, with `open/` that is allowed and `closed/` that is not.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let root = std::env::temp_dir().join(format!("adl-sandbox-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        for folder in ["open/sub", "closed"] {
            fs::create_dir_all(root.join(folder)).expect("a folder");
        }
        for folder in ["open", "closed"] {
            fs::write(root.join(folder).join("x.csv"), "1.0\n2.0\n").expect("a file");
            fs::write(root.join(folder).join("lib.adl"), "let secret = 42.0\n").expect("a file");
        }
        fs::write(root.join("closed/passwords"), "root:hidden:0\n").expect("a file");
        Place(root)
    }

    /// Runs a program that stands in this folder; its exit code and what it said on both streams.
    fn run(&self, flags: &[&str], program: &str) -> (u8, String) {
        let file = self.0.join("main.adl");
        fs::write(&file, program).expect("a file");
        let flags = flags.iter().map(|flag| flag.replace("HERE", &self.0.display().to_string()));
        let args = ["adl".to_string(), "run".to_string(), file.display().to_string()].into_iter().chain(flags);
        let (mut input, mut out, mut err) = (std::io::empty(), Vec::new(), Vec::new());
        let code = run(args, Streams::new(&mut input, &mut out, &mut err), Default::default());
        out.extend(err);
        (code, String::from_utf8(out).expect("text"))
    }

    #[track_caller]
    fn allows(&self, flags: &[&str], program: &str) {
        let (code, said) = self.run(flags, program);
        assert_eq!(code, OK, "{program}: {said}");
    }

    /// The program is refused by naming the flag that would allow it, and nothing of a file is shown.
    #[track_caller]
    fn refuses(&self, flags: &[&str], program: &str, flag: &str) {
        let (code, said) = self.run(flags, program);
        assert_eq!(code, FAILED, "{program}: {said}");
        assert!(said.contains(flag), "{program}: {said}");
        assert!(!said.contains("hidden") && !said.contains("42"), "{program}: {said}");
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const READ: &[&str] = &["--allow-read=HERE/open"];
const WRITE: &[&str] = &["--allow-write=HERE/open"];

#[test]
fn everything_is_allowed_without_flags_and_nothing_in_a_sandbox() {
    let place = Place::new("all");
    let programs = [
        ("print(load(\"closed/x.csv\"))", "--allow-read="),
        ("import \"closed/lib.adl\"\nprint(lib.secret)", "--allow-read="),
        ("save(\"closed/y.npy\", [1.0])", "--allow-write="),
        ("plot([1.0, 2.0], save = \"closed/z.svg\")", "--allow-write="),
    ];
    for (program, flag) in programs {
        place.allows(&[], program);
        place.refuses(&["--sandbox"], program, flag);
    }
    place.allows(&["--sandbox"], "import stats\nprint(stats.normal_cdf(0.0))");
}

#[test]
fn reading_ends_at_the_named_places() {
    let place = Place::new("read");
    place.allows(READ, "print(load(\"open/x.csv\"))");
    place.allows(READ, "print(load(\"open/sub/../x.csv\"))");
    place.allows(READ, "import \"open/lib.adl\"\nprint(lib.secret)");
    place.allows(&["--allow-read=HERE/closed/x.csv"], "print(load(\"closed/x.csv\"))");
    let escapes =
        ["closed/x.csv", "open/../closed/x.csv", "open/link.csv", "open/up/x.csv", "open/nothing/../../closed/x.csv"];
    symlink("../closed/x.csv", place.0.join("open/link.csv")).expect("a link");
    symlink("../closed", place.0.join("open/up")).expect("a link");
    for path in escapes {
        place.refuses(READ, &format!("print(load(\"{path}\"))"), "--allow-read=");
    }
    // What is not allowed is refused in the same words whether it exists or not.
    place.refuses(READ, "print(load(\"closed/none.csv\"))", "which it is not allowed to");
    place.refuses(READ, "save(\"open/y.npy\", [1.0])", "--allow-write=");
}

#[test]
fn writing_ends_at_the_named_places_and_replaces_links() {
    let place = Place::new("write");
    place.allows(WRITE, "save(\"open/y.npy\", [1.0])");
    place.allows(WRITE, "save(\"open/new/folder/y.npy\", [1.0])");
    symlink("../closed", place.0.join("open/up")).expect("a link");
    symlink("../closed/x.csv", place.0.join("open/link.csv")).expect("a link");
    for path in ["closed/y.csv", "open/../closed/y.csv", "open/up/y.csv", "open/link.csv"] {
        place.refuses(WRITE, &format!("save(\"{path}\", [3.0])"), "--allow-write=");
    }
    assert_eq!(fs::read_to_string(place.0.join("closed/x.csv")).expect("it is there"), "1.0\n2.0\n");
    assert!(!place.0.join("closed/y.csv").exists());
    place.refuses(WRITE, "print(load(\"open/x.csv\"))", "--allow-read=");
}

#[test]
fn an_import_shows_nothing_of_what_is_no_program() {
    let place = Place::new("import");
    symlink("passwords", place.0.join("closed/disguised.adl")).expect("a link");
    for path in ["closed/passwords", "closed/disguised.adl", "./closed/passwords"] {
        for flags in [&[][..], &["--allow-read=HERE"]] {
            place.refuses(flags, &format!("import \"{path}\""), "`.adl`");
        }
    }
}
