//! GradBench's problems, as `examples/gradbench` answers them: all functions against numbers of `reference.py`,
//! which knows no derivative rules, and the tests in their programs.

#[allow(dead_code, missing_docs, reason = "the example is a program of its own")]
#[path = "../../examples/gradbench/main.rs"]
mod tool;

use crate::support::command::path;
use serde_json::Value as Json;
use tool::Loaded;

/// The largest difference of two answers, by their largest entry; infinite if they differ in structure.
fn distance(ours: &Json, theirs: &Json) -> f64 {
    fn numbers(of: &Json, names: &str, out: &mut Vec<(String, f64)>) {
        match of {
            Json::Object(parts) => parts.iter().for_each(|(name, part)| numbers(part, &format!("{names}.{name}"), out)),
            Json::Array(parts) => {
                parts.iter().enumerate().for_each(|(k, part)| numbers(part, &format!("{names}.{k}"), out))
            }
            other => out.push((names.to_string(), other.as_f64().unwrap_or(f64::NAN))),
        }
    }
    let (mut a, mut b) = (Vec::new(), Vec::new());
    numbers(ours, "", &mut a);
    numbers(theirs, "", &mut b);
    if a.len() != b.len() {
        return f64::INFINITY;
    }
    let largest = b.iter().fold(1e-300, |largest, (_, x)| x.abs().max(largest));
    let differences = a.iter().zip(&b).map(|((name, x), (other, y))| {
        let difference = (x - y).abs();
        if name == other && !difference.is_nan() { difference } else { f64::INFINITY }
    });
    differences.fold(0.0, f64::max) / largest
}

#[test]
fn answers_are_right() {
    let text = std::fs::read_to_string(path("examples/gradbench/reference.jsonl")).expect("the references are there");
    let mut checked = 0;
    for line in text.lines() {
        let case: Json = serde_json::from_str(line).expect("a line is JSON");
        let module = case["module"].as_str().expect("a module");
        let loaded = Loaded::new(module).unwrap_or_else(|why| panic!("{module}: {why}"));
        let mut input = case["input"].clone();
        if let Json::Object(input) = &mut input {
            input.extend([("min_runs".into(), 1.into()), ("min_seconds".into(), 0.into())]);
        }
        for (function, answer) in case["answers"].as_object().expect("answers") {
            let (ours, times) =
                loaded.evaluate(function, &input).unwrap_or_else(|why| panic!("{module} {function}: {why}"));
            assert_eq!(times.len(), 2, "one preparation and one run");
            let far = distance(&ours, answer);
            assert!(far < 1e-9, "{module} {function} is {far:e} from its reference");
            checked += 1;
        }
    }
    assert!(checked >= 70, "only {checked} answers were compared");
}

#[test]
fn wrong_messages_get_an_error() {
    let why = |done: Result<(Json, _), String>| done.map(|(answer, _): (Json, Vec<_>)| answer).unwrap_err();
    assert_eq!(Loaded::new("nothing").err().as_deref(), Some("no problem `nothing`"));
    let lse = Loaded::new("lse").expect("it is a problem");
    assert_eq!(why(lse.evaluate("hessian", &serde_json::json!({ "x": [1.0] }))), "no function `hessian`");
    assert_eq!(why(lse.evaluate("primal", &serde_json::json!({ "x": 1.0 }))), "no list: 1.0");
    let kmeans = Loaded::new("kmeans").expect("it is a problem");
    let ragged = serde_json::json!({ "points": [[1.0], [1.0, 2.0]], "centroids": [[1.0]] });
    assert_eq!(why(kmeans.evaluate("cost", &ragged)), "`points`: lists differ in length: [2] and [1]");
}
