//! What `--json` writes is what `JSON.md` says.

use adl_cli::{FAILED, OK, Streams, run};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

fn adl(args: &[&str]) -> (u8, String, String) {
    let (mut input, mut out, mut err) = (std::io::empty(), Vec::new(), Vec::new());
    let streams = Streams::new(&mut input, &mut out, &mut err);
    let code = run(std::iter::once("adl").chain(args.iter().copied()), streams, Default::default());
    (code, String::from_utf8(out).expect("text"), String::from_utf8(err).expect("text"))
}

/// The objects of a command that says nothing else; the first and the last are as they should be.
fn objects(args: &[&str], exit: u8) -> Vec<Value> {
    let (code, out, err) = adl(args);
    assert_eq!((code, err.as_str()), (exit, ""), "{args:?}\n{out}");
    let objects: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let (first, last) = (&objects[0], &objects[objects.len() - 1]);
    assert_eq!((&first["kind"], &first["schema"], &first["command"]), (&"start".into(), &1.into(), &args[0].into()));
    assert_eq!((&last["kind"], &last["exit"]), (&"end".into(), &exit.into()));
    objects[1..objects.len() - 1].to_vec()
}

fn file(name: &str, text: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).expect("a file");
    path.display().to_string()
}

#[test]
fn the_document_shows_what_is_written() {
    let document = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/JSON.md")).expect("the document");
    let (_, shown) = document.split_once("```json\n").expect("an example");
    let (shown, _) = shown.split_once("```").expect("its end");
    let args = ["run", "--json", "-e", "print(\"go\")", "-e", "(x: [1.0, nan], n: 2)", "-e", "yy"];
    let (code, out, _) = adl(&args);
    assert_eq!(code, FAILED);
    let read = |text: &str| -> Vec<Value> { text.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect() };
    assert_eq!(read(&out), read(shown));
    // All kinds stand in its table.
    for kind in ["start", "print", "value", "text", "diagnostic", "test", "bench", "summary", "end"] {
        assert!(document.contains(&format!("| `{kind}` |")), "{kind}");
    }
}

#[test]
fn values() {
    let found = objects(&["run", "--json", "-e", "(f32([0.1]), -inf, true, (1,))", "-e", "sin"], OK);
    let tuple = &found[0]["value"]["tuple"];
    assert_eq!(tuple[0].to_string(), r#"{"data":[0.1],"dtype":"f32","shape":[1]}"#);
    assert_eq!(tuple[1]["data"][0], "-inf");
    assert_eq!(tuple[2]["data"][0], true);
    assert_eq!(tuple[3]["tuple"][0]["dtype"], "i64");
    assert_eq!(found[1]["kind"], "text");
}

#[test]
fn problems_with_places_and_patches() {
    let text = "let λ = 1\nfn predict(x: f64[n, k], w: f64[m]) -> f64[n] = x @ w\n";
    let path = file("problems.adl", text);
    let found = objects(&["check", "--json", &path], FAILED);
    let problem = &found[0];
    assert_eq!(
        (&problem["kind"], &problem["severity"], &problem["code"]),
        (&"diagnostic".into(), &"error".into(), &"E0201".into())
    );
    assert_eq!((&problem["place"]["line"], &problem["place"]["column"]), (&2.into(), &49.into()));
    assert_eq!(problem["labels"].as_array().expect("labels").len(), 2);
    // Applying the patches gives a program without the problem.
    let mut cured = text.to_string();
    let mut patches = problem["helps"][0]["patches"].as_array().expect("patches").clone();
    patches.sort_by_key(|p| std::cmp::Reverse(p["place"]["start"].as_u64()));
    for patch in &patches {
        let at = |end: &str| patch["place"][end].as_u64().expect("a byte") as usize;
        cured.replace_range(at("start")..at("end"), patch["new"].as_str().expect("text"));
    }
    assert_eq!(found[1].to_string(), r#"{"errors":1,"kind":"summary","warnings":0}"#);
    objects(&["check", "--json", &file("cured.adl", &cured)], OK);
}

#[test]
fn warnings_are_counted() {
    let path = file("warned.adl", "var rate = 0.5\nfn step(x) = x * rate\nrate = 0.1\nprint(step(1.0))\n");
    let found = objects(&["check", "--json", &path], OK);
    assert_eq!((&found[0]["severity"], &found[0]["code"]), (&"warning".into(), &"W0001".into()));
    assert_eq!(found[1].to_string(), r#"{"errors":0,"kind":"summary","warnings":1}"#);
    let (code, _, err) = adl(&["check", &path]);
    assert!(code == OK && err.starts_with("warning[W0001]") && err.ends_with("0 errors, 1 warning\n"), "{err}");
}

#[test]
fn tests_and_benchmarks() {
    let path = file(
        "tests.adl",
        "fn f(x) = x^2\ntest \"a\" { assert(f(2) == 4) }\ntest \"b\" { print(\"b\")\nassert(f(2) == 5) }\n",
    );
    let found = objects(&["test", "--json", &path], FAILED);
    let kinds: Vec<&str> = found.iter().filter_map(|o| o["kind"].as_str()).collect();
    assert_eq!(kinds, ["test", "print", "test", "diagnostic", "summary"]);
    assert_eq!(
        (&found[0]["passed"], &found[2]["passed"], &found[3]["code"]),
        (&true.into(), &false.into(), &"E0410".into())
    );
    let found = objects(&["bench", "--json", &path, "f(3.0)"], OK);
    assert_eq!((&found[0]["kind"], &found[0]["call"]), (&"bench".into(), &"f(3.0)".into()));
    for seconds in ["compile", "median", "least"] {
        assert!(found[0]["value"][seconds].as_f64().is_some_and(|t| t > 0.0), "{seconds}");
        assert!(found[0]["gradient"][seconds].as_f64().is_some_and(|t| t > 0.0), "{seconds}");
    }
    assert!(found[0]["ratio"].is_f64() && found[0]["residualBytes"].is_u64());
}
