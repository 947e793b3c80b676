//! Files and pictures through the command: where they are looked for, what is said when they are not there.

use adl_cli::{FAILED, OK, PLAIN_SCREEN, Screen, Streams, run};
use std::fs;
use std::path::PathBuf;

struct Said {
    code: u8,
    out: String,
    err: String,
}

fn adl_on(args: &[&str], screen: Screen) -> Said {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let input = &mut std::io::empty();
    let streams = Streams { screen, ..Streams::new(input, &mut out, &mut err) };
    let code = run(std::iter::once("adl").chain(args.iter().copied()), streams, Default::default());
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Said { code, out: text(out), err: text(err) }
}

fn adl(args: &[&str]) -> Said {
    adl_on(args, PLAIN_SCREEN)
}

/// A folder of its own for one test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("files-{test}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a new folder");
        Folder(folder)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a new folder");
        fs::write(&path, text).expect("a new file");
        path.display().to_string()
    }

    /// Runs a program of this folder.
    fn run(&self, text: &str) -> Said {
        adl(&["run", &self.write("program.adl", text)])
    }

    /// The problem of a program, without the folder in it.
    fn problem(&self, text: &str) -> String {
        let said = self.run(text);
        assert_eq!((said.code, said.out.as_str()), (FAILED, ""), "{}", said.err);
        said.err.replace(&format!("{}/", self.0.display()), "")
    }
}

#[test]
fn paths_are_relative_to_the_script() {
    let folder = Folder::new("relative");
    folder.write("data/t.csv", "t,y\n0,1.5\n1,2.5\n");
    let said = folder.run("let d = load(\"data/t.csv\")\nprint(d)\nsave(\"new/deep/x.npy\", d.y)\n");
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (OK, "(t: [0, 1], y: [1.5, 2.5])\n", ""));
    assert_eq!(folder.run("print(load(\"new/deep/x.npy\"))").out, "[1.5, 2.5]\n");
    assert!(fs::read_dir(folder.0.join("new/deep")).unwrap().count() == 1, "nothing is left beside it");
    // A module saves beside itself.
    folder.write("lib/keep.adl", "fn keep(x) { save(\"kept.npz\", (x: x)) }\n");
    let said = folder.run("import \"lib/keep.adl\" as k\nk.keep([1.0])\n");
    assert_eq!((said.code, said.err.as_str()), (OK, ""));
    assert!(folder.0.join("lib/kept.npz").exists());
}

#[test]
fn a_missing_file_is_named_with_the_nearest_one() {
    let folder = Folder::new("missing");
    folder.write("measurements.csv", "1\n");
    let expected = "\
error[E0460]: `mesurements.csv` cannot be loaded: there is no such file; did you mean `measurements.csv`?
 --> program.adl:1:14
  |
1 | let d = load(\"mesurements.csv\")
  |              ^^^^^^^^^^^^^^^^^
";
    assert_eq!(folder.problem("let d = load(\"mesurements.csv\")"), expected);
    let other = folder.problem("load(\"nowhere/x.npy\")");
    assert!(other.contains("`nowhere/x.npy` cannot be loaded: there is no such file\n"), "{other}");
}

#[test]
fn wrong_files_are_told_by_line_and_column() {
    let folder = Folder::new("wrong");
    folder.write("bad.csv", "t,y\n0,1\n1,x\n");
    folder.write("cut.npy", b"\x93NUMPY\x01\x00");
    fs::create_dir(folder.0.join("dir.npy")).unwrap();
    for (path, why) in [
        ("bad.csv", "line 3, column `y`: `x` is no number"),
        ("cut.npy", "it is no intact `.npy` file: it ends in its header"),
        ("dir.npy", "it is a folder"),
        ("program.adl", "its name ends in none of `.npy`, `.npz` and `.csv`"),
    ] {
        let found = folder.problem(&format!("load(\"{path}\")"));
        assert!(found.starts_with(&format!("error[E0460]: `{path}` cannot be loaded: {why}\n")), "{found}");
        let checked = adl(&["check", &folder.0.join("program.adl").display().to_string()]);
        assert_eq!(checked.code, FAILED, "a check reads the files as well");
    }
    let found = folder.problem("save(\"dir.npy\", [1.0])");
    assert!(found.starts_with("error[E0462]: this cannot be saved: `dir.npy`: it is a folder\n"), "{found}");
    let found = folder.problem("save(\"bad.csv/x.npy\", [1.0])");
    assert!(found.contains("the folder `bad.csv` cannot be made"), "{found}");
}

#[test]
fn a_file_over_the_limit_is_refused_before_it_is_read() {
    let folder = Folder::new("limit");
    let file = folder.write("big.csv", "1.5\n".repeat(100_000));
    let program = folder.write("program.adl", "sum(load(\"big.csv\"))");
    assert_eq!(adl(&["run", "--memory", "64M", &program]).out, "150000.0\n");
    let said = adl(&["run", "--memory", "16K", &program]);
    assert!(said.err.contains("it has 400000 bytes, and the limit of memory is 16384"), "{}", said.err);
    fs::remove_file(file).unwrap();
}

#[test]
fn pictures_become_files() {
    let folder = Folder::new("pictures");
    let said =
        folder.run("for k in 1..3 { plot(line([1.0, f64(k)]), title = \"number {k}\", save = \"out/{k}.svg\") }");
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (OK, "", ""));
    for k in 1..3 {
        let svg = fs::read_to_string(folder.0.join(format!("out/{k}.svg"))).unwrap();
        assert!(svg.starts_with("<svg") && svg.contains(&format!(">number {k}</text>")));
    }
    folder.run("plot(sin, 0, 1, size = (300, 200), save = \"p.png\")");
    assert!(fs::read(folder.0.join("p.png")).unwrap().starts_with(b"\x89PNG"));
    let said = folder.run("plot(line([0.0, 1.0, 10.0]), ylog = true, save = \"log.svg\")");
    let note = "note: 1 of 3 points is not shown: the y axis is logarithmic, and it is not positive\n";
    assert_eq!((said.code, said.err.as_str()), (OK, note));
    let found = folder.problem("plot(sin, 0, 1, xlim = (2, 2), save = \"p.svg\")");
    assert!(found.starts_with("error[E0461]: this picture cannot be shown: `xlim` is (2, 2)"), "{found}");
    let found = folder.problem("for k in 1..2 { plot(sin, 0, 1, save = \"p{k}.gif\") }");
    assert!(found.contains("`p1.gif` ends neither in `.svg` nor in `.png`"), "{found}");
}

#[test]
fn without_a_file_the_terminal_shows_it() {
    let screen = Screen { columns: 30, rows: 4, color: false };
    let said = adl_on(&["-e", "plot([0.0, 1.0], [0.0, 1.0])"], screen);
    let expected = "\
1 ┤                    ⢀⣀⠤⠤⠒⠒
  │             ⣀⣀⠤⠔⠒⠊⠉⠁
  │     ⢀⣀⡠⠤⠔⠒⠉⠉
0 ┤⠤⠤⠒⠒⠉⠁
  └┬────────────┬───────────┬
  0.0          0.5         1.0
";
    assert_eq!(said.code, OK);
    assert_eq!(said.out, expected, "\n{}", said.out);
    let colored = adl_on(&["--color", "always", "-e", "plot(sin, 0, 1)"], screen);
    assert!(colored.out.contains("\u{1b}[38;2;31;119;180m"), "{}", colored.out);
    let plain = adl_on(&["--color", "never", "-e", "plot(sin, 0, 1)"], Screen { color: true, ..screen });
    assert!(!plain.out.contains('\u{1b}'));
}

#[test]
fn what_is_no_program_is_refused_by_its_size() {
    let said = adl(&["run", "/dev/zero"]);
    assert_eq!(said.code, adl_cli::USAGE);
    assert!(said.err.contains("cannot read `/dev/zero`: it has more than 33554432 bytes"), "{}", said.err);
    let folder = Folder::new("endless");
    fs::remove_file(folder.0.join("zero.csv")).unwrap_or_default();
    std::os::unix::fs::symlink("/dev/zero", folder.0.join("zero.csv")).expect("a link");
    let path = folder.write("program.adl", "let x = load(\"zero.csv\")");
    let said = adl(&["run", "--memory", "1M", &path]);
    assert!(said.code == FAILED && said.err.contains("more than 10485760 bytes"), "{}", said.err);
    let said = adl(&["run", "--timeout", "0.3", &path]);
    assert!(said.code == FAILED && said.err.contains("interrupted"), "{}", said.err);
}

#[test]
fn a_file_that_is_interrupted_is_not_there() {
    let folder = Folder::new("interrupted");
    for end in ["csv", "npz"] {
        let text = format!(
            "let n = 20000000
let x = randn(1, n)
save(\"large.{end}\", (x: x))
var k = 1
while k > 0 {{ k = k % 7 + 1 }}"
        );
        let path = folder.write("program.adl", text);
        let said = adl(&["run", "--timeout", "2", &path]);
        assert!(said.code == FAILED && said.err.contains("E0414"), "{}", said.err);
        let left = fs::read_dir(&folder.0).expect("a folder").flatten();
        assert!(left.map(|f| f.file_name()).all(|name| !name.to_string_lossy().contains(".part")));
    }
}

#[test]
fn memory_counts_what_a_program_keeps_writes_and_draws() {
    let folder = Folder::new("memory");
    let limited = |text: &str| adl(&["run", "--memory", "32M", &folder.write("program.adl", text)]);
    for text in [
        "let a = randn(1, 2000000)\nlet b = a + 1\nlet c = a + b",
        "sort(randn(1, 1200000))[0]",
        "let x = randn(1, 2500000)\nprint(\"{x}\")",
        "let x = randn(1, 1000000)\nplot(x, save = \"x.svg\")",
        "eigvalsh(eye(1000))[0]",
    ] {
        let said = limited(text);
        assert_eq!(said.code, FAILED, "{text}");
        assert!(said.err.contains("are needed, and") && said.err.contains("the limit is 32 MiB"), "{}", said.err);
    }
    let said = limited("let x = randn(1, 1000000)\nsave(\"x.csv\", x)\nprint(len(x))");
    assert_eq!((said.code, said.out.as_str()), (OK, "1000000\n"), "{}", said.err);
}
