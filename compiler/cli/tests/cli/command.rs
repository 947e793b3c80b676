//! The command, run in the process: what it writes to which stream, and its exit code.

use adl_cli::{FAILED, INTERRUPTED, OK, Streams, USAGE, run};
use adl_runtime::Interrupt;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

struct Said {
    code: u8,
    out: String,
    err: String,
}

fn adl_with(args: &[&str], input: &str, interrupt: Interrupt) -> Said {
    let (mut input, mut out, mut err) = (input.as_bytes(), Vec::new(), Vec::new());
    let streams = Streams::new(&mut input, &mut out, &mut err);
    let code = run(std::iter::once("adl").chain(args.iter().copied()), streams, interrupt);
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Said { code, out: text(out), err: text(err) }
}

fn adl(args: &[&str]) -> Said {
    adl_with(args, "", Interrupt::new())
}

/// A folder with files for one test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str, files: &[(&str, &str)]) -> Folder {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = fs::remove_dir_all(&folder);
        for (name, text) in files {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a new folder");
            fs::write(path, text).expect("a new file");
        }
        Folder(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

#[track_caller]
fn expect(said: &Said, code: u8, out: &str, err: &str) {
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (code, out, err));
}

#[test]
fn a_slip_in_a_command_is_seen() {
    let said = adl(&["chekc", "a.adl"]);
    assert_eq!(said.code, USAGE);
    assert!(said.err.ends_with("Did you mean `adl check`?\n"), "{}", said.err);
    assert!(!adl(&["check", "--bogus"]).err.contains("Did you mean"));
}

#[test]
fn expressions() {
    expect(&adl(&["-e", "1 + 2"]), OK, "3\n", "");
    expect(&adl(&["-e", "let x = 2.0", "-e", "x^2"]), OK, "4.0\n", "");
    expect(&adl(&["run", "-e", "[x^2 for x in 0..4]"]), OK, "[0, 1, 4, 9]\n", "");
}

#[test]
fn programs() {
    let text = "fn f(x) = x^3\nprint(\"f' = {f'(2)}\")\nf(3.0)\n";
    let folder = Folder::new("programs", &[("cube.adl", text)]);
    let shown = "f' = 12.0\n27.0\n";
    expect(&adl(&[&folder.path("cube.adl")]), OK, shown, "");
    expect(&adl(&["run", &folder.path("cube.adl")]), OK, shown, "");
    expect(&adl(&[&folder.path("cube.adl"), "-e", "f(1.0)"]), OK, "f' = 12.0\n27.0\n1.0\n", "");
    expect(&adl_with(&["run", "-"], text, Interrupt::new()), OK, shown, "");
    expect(&adl_with(&[], text, Interrupt::new()), OK, shown, "");
}

#[test]
fn syntax_errors() {
    let said = adl_with(&["-"], "let x = (1 +\n", Interrupt::new());
    assert_eq!((said.code, said.out.as_str()), (FAILED, ""));
    assert!(said.err.starts_with("error[E00"), "{}", said.err);
    assert!(said.err.contains("--> <stdin>:1:"), "{}", said.err);
}

#[test]
fn type_errors() {
    let said = adl(&["-e", "let x = [1.0, 2.0]", "-e", "x + [1.0, 2.0, 3.0]"]);
    assert_eq!((said.code, said.out.as_str()), (FAILED, ""));
    assert!(said.err.contains("--> <command line>:1:"), "{}", said.err);
    assert!(said.err.contains('2') && said.err.contains('3'), "{}", said.err);
}

#[test]
fn errors_at_run_time() {
    let text = "let x = [1.0, 2.0]\nlet k = [1, 7]\nprint(\"before\")\nfn at(i) = x[i]\nat(k[1])\nprint(\"after\")\n";
    let folder = Folder::new("run_time", &[("range.adl", text)]);
    let path = folder.path("range.adl");
    let said = adl(&[&path]);
    let err = format!(
        "error[E0401]: the index 7 is out of range: the axis has size 2
 --> {path}:4:12
  |
4 | fn at(i) = x[i]
  |            ^^^^
  |
  = note: valid are 0 to 1
  = note: in `at`, called at {path}:5:1: `at(k[1])`\n"
    );
    expect(&said, FAILED, "before\n", &err);
}

#[test]
fn imports() {
    let files = [
        ("main.adl", "import \"lib/shapes.adl\"\nshapes.area(2.0)\n"),
        ("lib/shapes.adl", "import \"round.adl\" as r\nfn area(x) = r.half(x) * x\nprint(\"never\")\n"),
        ("lib/round.adl", "fn half(x) = x / 2\n"),
        ("missing.adl", "let a = 1\nimport \"nowhere.adl\"\n"),
    ];
    let folder = Folder::new("imports", &files);
    expect(&adl(&[&folder.path("main.adl")]), OK, "2.0\n", "");
    let said = adl(&[&folder.path("missing.adl")]);
    assert_eq!(said.code, FAILED);
    assert!(said.err.contains("missing.adl:2:8"), "{}", said.err);
    assert!(said.err.contains("there is no such file"), "{}", said.err);
}

#[test]
fn parameters() {
    let folder = Folder::new("parameters", &[("rate.adl", "let rate = 0.5\nlet n = 3\nrate * n\n")]);
    let path = folder.path("rate.adl");
    expect(&adl(&["run", &path, "-D", "rate=2.0", "-D", "n=4"]), OK, "8.0\n", "");
    let said = adl(&["run", &path, "-D", "rat=2.0"]);
    assert_eq!(said.code, USAGE);
    assert!(said.err.contains("let rat"), "{}", said.err);
    assert_eq!(adl(&["run", &path, "-D", "rate"]).code, USAGE);
    expect(&adl(&["run", &path, "--", "rate=2.0", "n=4"]), OK, "8.0\n", "");
}

#[test]
fn checks() {
    let files = [
        ("good.adl", "let n = 2 + 3\nlet x = zeros(n)\nprint(\"never\")\nsum(x)\ntest \"t\" { assert(sum(x) == 0) }\n"),
        ("bad.adl", "fn f(x) = x + yy\nf(1)\n"),
    ];
    let folder = Folder::new("checks", &files);
    expect(&adl(&["check", &folder.path("good.adl")]), OK, "", "");
    let said = adl(&["check", &folder.path("good.adl"), &folder.path("bad.adl")]);
    assert_eq!((said.code, said.out.as_str()), (FAILED, ""));
    assert!(said.err.contains("bad.adl:1:15"), "{}", said.err);
    assert!(said.err.ends_with("1 error, 0 warnings\n"), "{}", said.err);
}

#[test]
fn tests() {
    let text = "fn f(x) = 2 * x
print(\"never\")
test \"twice\" { assert(f(2) == 4) }
test \"thrice\" { assert(f(2) == 6) }\n";
    let folder = Folder::new("tests", &[("t.adl", text)]);
    let said = adl(&["test", &folder.path("t.adl")]);
    assert_eq!((said.code, said.out.as_str()), (FAILED, "ok      twice\nFAILED  thrice\n1 passed, 1 failed\n"));
    assert!(said.err.contains("assertion failed") && said.err.contains("t.adl:4:"), "{}", said.err);
}

#[test]
fn dumps() {
    let folder = Folder::new("dumps", &[("f.adl", "fn f(x) = x * sin(x)\n")]);
    let path = folder.path("f.adl");
    let stage = |stage: &[&str], call: &str| {
        let said = adl(&[&["dump"], stage, &[path.as_str(), call]].concat());
        assert_eq!((said.code, said.err.as_str()), (OK, ""), "{stage:?}");
        said.out
    };
    let place = format!("; {path}:1:");
    let lowered = stage(&["--ir"], "f'(2.0)");
    assert!(lowered.contains("jvp") && lowered.contains(&place), "{lowered}");
    let optimized = stage(&[], "f'(2.0)");
    assert!(optimized.starts_with("; f'(2.0)\nfunc @0 main[](v0: f64) -> f64 {"), "{optimized}");
    assert!(!optimized.contains("jvp") && optimized.contains("cos v0"), "{optimized}");
    assert!(stage(&["--typed"], "f(2.0)").contains("Sin"));
    // The value, and the pullback of 1.
    let gradient = stage(&["--vjp"], "f(2.0)");
    assert!(gradient.contains("-> (f64, f64)") && gradient.contains(&place), "{gradient}");
    let clif = stage(&["--clif"], "f(2.0)");
    assert!(clif.contains("fmul") && clif.contains(&place), "{clif}");
    let asm = stage(&["--asm"], "f(2.0)");
    assert!(asm.contains("ret"), "{asm}");
    if cfg!(target_arch = "x86_64") {
        assert!(asm.contains("prim_sin") && asm.contains("mulsd") && asm.contains(&place), "{asm}");
    }
    // A name alone: its parameters are taken for numbers, which is said.
    assert!(stage(&[], "f").contains("; x has no annotation and is taken for one number"));
    assert_eq!(adl(&["dump", "--after", "nothing", &path, "f(2.0)"]).code, FAILED);
}

#[test]
fn usage() {
    assert_eq!(adl(&["--nonsense"]).code, USAGE);
    assert_eq!(adl(&["check"]).code, USAGE);
    assert_eq!(adl(&["no-such-file.adl"]).code, USAGE);
    let said = adl(&["--version"]);
    assert_eq!((said.code, said.out.as_str()), (OK, concat!("adl ", env!("CARGO_PKG_VERSION"), "\n")));
    let said = adl(&["--help"]);
    assert!(said.code == OK && said.out.contains("check"), "{}", said.out);
}

#[test]
fn a_person_without_arguments_gets_a_session() {
    let (mut input, mut out, mut err) = ("1 + 2\n".as_bytes(), Vec::new(), Vec::new());
    let streams = Streams { terminal: true, ..Streams::new(&mut input, &mut out, &mut err) };
    assert_eq!(run(["adl"], streams, Interrupt::new()), OK);
    assert_eq!(String::from_utf8(out).expect("text"), "ans: i64 = 3\n");
}

#[test]
fn the_time_is_up() {
    let said = adl(&["run", "--timeout", "0.2", "-e", "var x = 0.0\nwhile x >= 0 { x += 1 }"]);
    assert_eq!((said.code, said.out.as_str()), (FAILED, ""));
    assert!(said.err.starts_with("error[E0414]: the time is up: the limit is 0.2 s"), "{}", said.err);
    expect(&adl(&["run", "--timeout", "100", "-e", "-1"]), OK, "-1\n", "");
    assert_eq!(adl(&["run", "--timeout", "-1", "-e", "1"]).code, USAGE);
}

#[test]
fn limits_hold_for_every_command() {
    let lines: String = (0..20_000).map(|k| format!("  y = sin(y) * {k}.5 + x\n")).collect();
    let text = format!(
        "fn endless(x) {{
  var y = x
  while y > 0 {{ y += 1 }}
  y
}}
fn long(x) {{
  var y = x
{lines}  y
}}\n"
    );
    let folder = Folder::new("limits", &[("limits.adl", &text)]);
    let path = folder.path("limits.adl");
    for command in [
        &["grad", &path, "endless", "--at", "x=1.0"][..],
        &["dump", &path, "long(1.0)"],
        &["bench", &path, "long(1.0)"],
    ] {
        let said = adl(&[&["--timeout", "0.3"], command].concat());
        assert!(said.code == FAILED && said.err.contains("E0414"), "{command:?}: {} {}", said.code, said.err);
    }
    let said = adl(&[&path, "check", &path]);
    assert!(said.code == USAGE && said.err.contains("behind the command"), "{}", said.err);
    let said = adl(&["grad", &path, "endless", "--at", "x=sum(sort(zeros(3000000)))", "--memory", "8M"]);
    assert!(said.code == FAILED && said.err.contains("E0409"), "{}", said.err);
}

#[test]
fn the_first_nan() {
    let text = "fn f(x) = sum(log(x) * 2)\nlet x = [[1.0, 2.0], [0.5, -0.25]]\nf(x)\n";
    let folder = Folder::new("nan", &[("nan.adl", text)]);
    let path = folder.path("nan.adl");
    expect(&adl(&[&path]), OK, "nan\n", "");
    let said = adl(&["run", "--check-nan", &path]);
    let err = format!(
        "error[E0413]: `log` made a NaN
 --> {path}:1:15
  |
1 | fn f(x) = sum(log(x) * 2)
  |               ^^^^^^
  |
  = note: at [1, 1] it was given -0.25
  = note: in `f`, called at {path}:3:1: `f(x)`\n"
    );
    expect(&said, FAILED, "", &err);
    // What is given a NaN does not make one, and what is not chosen does not count, in derivatives too.
    let fine = [
        "[nan, 1.0] + 1",
        "where([true, true], [1.0, 2.0], sqrt([-1.0, -2.0]) + 1)[0]",
        "grad(|x| sum(where(x > 0, sqrt(x), x)))([0.0, -1.0])",
    ];
    for text in fine {
        assert_eq!(adl(&["run", "--check-nan", "-e", text]).code, OK, "{text}");
    }
    for (text, by) in [
        ("let z = [0.0]\nz / z", "/"),
        ("let z = [inf, -inf]\nsum(z)", "sum"),
        ("let z = [0.0]\ngrad(|z| cos(sqrt(z[0])))(z)", "*"),
    ] {
        let said = adl(&["run", "--check-nan", "-e", text]);
        assert!(said.code == FAILED && said.err.contains(&format!("`{by}` made a NaN")), "{text}: {}", said.err);
    }
}

#[test]
fn progress_is_shown_to_who_watches_and_changes_nothing() {
    let text = "fn f(x) {
  var y = x
  for _ in progress(0..3) { y *= x }
  y
}
print(f(2.0), f'(2.0))
print(sum(i for i in progress(0..4)))\n";
    expect(&adl(&["-e", text]), OK, "16.0 32.0\n6\n", "");
    let (mut input, mut out, mut err) = (io::empty(), Vec::new(), Vec::new());
    let streams = Streams { watched: true, ..Streams::new(&mut input, &mut out, &mut err) };
    assert_eq!(run(["adl", "-e", text], streams, Interrupt::new()), OK);
    let err = String::from_utf8(err).expect("text");
    assert_eq!(out, b"16.0 32.0\n6\n");
    assert!(err.contains("0/3") && err.contains("2/3") && err.contains("3/3"), "{err:?}");
    assert!(err.ends_with("\r\x1b[K"), "the bar goes: {err:?}");
}

#[test]
fn benchmarks() {
    let text = "fn loss(w: f64[n], x: f64[n]) -> f64 = sum((w * x - 1)^2)\nfn two(x) = [x, x]\nfn k(n: i64) = n\n";
    let folder = Folder::new("benchmarks", &[("b.adl", text)]);
    let path = folder.path("b.adl");
    let said = adl(&["bench", &path, "loss", "two(1.0)"]);
    assert_eq!((said.code, said.err.as_str()), (OK, ""));
    for word in ["loss(rand(1, (100,)), rand(2, (100,)))", "n = 100", "compiled in", "x the call", "bytes", "two(1.0)"]
    {
        assert!(said.out.contains(word), "{word}: {}", said.out);
    }
    let said = adl(&["bench", &path, "k", "loss(1)"]);
    assert_eq!(said.code, FAILED);
    assert!(said.err.contains("`k` takes a whole number: write a call"), "{}", said.err);
}

#[test]
fn explanations() {
    let said = adl(&["explain", "e0201"]);
    assert!(said.code == OK && said.out.starts_with("E0201: shapes that do not match in `@`\n"), "{}", said.out);
    assert!(said.out.contains("    fn predict(") && !said.out.contains("```"), "{}", said.out);
    assert!(adl(&["explain"]).out.lines().count() > 60);
    assert_eq!(adl(&["explain", "E9999"]).code, USAGE);
    assert!(adl(&["explain", "cumsum"]).out.starts_with("cumsum(x"));
}

#[test]
fn completions_of_shells() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let said = adl(&["completions", shell]);
        assert!(said.code == OK && said.out.contains("check-nan"), "{shell}");
    }
    assert_eq!(adl(&["completions", "tcsh"]).code, USAGE);
}

#[test]
fn colours() {
    let said = adl(&["--color", "always", "-e", "yy"]);
    assert!(said.err.contains('\u{1b}'), "{}", said.err);
    let said = adl(&["-e", "yy", "--color", "never"]);
    assert!(said.code == FAILED && !said.err.contains('\u{1b}'), "{}", said.err);
}

#[test]
fn interrupts() {
    let interrupt = Interrupt::new();
    let stopper = interrupt.clone();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(300));
        stopper.raise();
    });
    let said = adl_with(&["-e", "var x = 0.0\nwhile x >= 0 { x += 1 }"], "", interrupt);
    thread.join().expect("the stopper ends");
    assert_eq!(said.code, INTERRUPTED, "{}", said.err);
}

/// Takes a few lines and closes.
struct Closing(usize);

impl Write for Closing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let (mut input, mut out, mut err) = (io::empty(), Closing(3), Vec::new());
    let streams = Streams::new(&mut input, &mut out, &mut err);
    let endless = "var k = 0.0\nwhile k >= 0 { print(k)\nk += 1 }";
    run(["adl", "-e", endless], streams, Interrupt::new());
    assert!(err.is_empty(), "{}", String::from_utf8_lossy(&err));
}

#[test]
fn a_derivative_that_is_zero_by_construction_is_written_with_a_warning() {
    let folder = Folder::new("flat", &[("f.adl", "fn f(x) = floor(x) * 2.0\nfn g(x) = x^2\n")]);
    let said = adl(&["grad", &folder.path("f.adl"), "f"]);
    assert_eq!((said.code, said.out.as_str()), (OK, "fn df(x) = 0.0\n"));
    assert!(said.err.contains("warning[E0303]: `floor` is flat") && said.err.contains("f.adl:1:11"), "{}", said.err);
    let said = adl(&["grad", &folder.path("f.adl"), "g"]);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (OK, "fn dg(x) = 2 * x\n", ""));
}
