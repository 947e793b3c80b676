//! What is asked for and what there is.

use super::program;
use adl_compiler::embed::Signature;
use adl_compiler::{Array, Error, ErrorKind, Program, compile, record};

record! {
    #[derive(Debug)]
    struct Line { slope: f64, offset: f64 }
}

const TEXT: &str = "fn area(width: f64, height: f64) -> f64 = width * height
fn scale(x: f64[n], k: f64) -> f64[n] = k * x
fn triangle(W: f64[n * (n - 1) // 2], n: i64) = sum(W)
fn pad(x: f64[n], y: f64[n + 1]) = y[1..] - x
fn valley([x, y]) = (1 - x)^2 + 100 * (y - x^2)^2
fn line(p: (slope: f64, offset: f64), t: f64) = p.slope * t + p.offset
fn short(p) { let [a, b, c] = p\n a * b * c }";

#[track_caller]
fn refused<S: Signature>(program: &Program, name: &str, says: &[&str]) {
    let problem: Error = program.function::<S>(name).expect_err("another signature");
    let text = problem.to_string();
    assert_eq!(problem.kind, ErrorKind::Signature, "{text}");
    for part in says {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
}

#[test]
fn what_fits_is_given() {
    let p = program(TEXT);
    assert!(p.function::<fn(f64, f64) -> f64>("area").is_ok());
    assert!(p.function::<fn([f64], f64) -> Vec<f64>>("scale").is_ok());
    assert!(p.function::<fn([f64], [f64]) -> Vec<f64>>("pad").is_ok());
    assert!(p.function::<fn([f64]) -> f64>("valley").is_ok());
    assert!(p.function::<fn([f64; 2]) -> f64>("valley").is_ok());
    assert!(p.function::<fn(Line, f64) -> f64>("line").is_ok());
    assert!(p.function::<fn(Line, f64) -> Line>("grad(line)").is_ok());
    assert!(p.function::<fn([f64]) -> f64>("short").is_ok());
    assert!(p.function::<fn(Array<f64, 2>) -> Vec<f64>>("vmap(valley)").is_ok());
    // A whole number is promoted to what is declared.
    assert_eq!(p.function::<fn(i64, f32) -> f64>("area").unwrap().call((3, 0.5)).unwrap(), 1.5);
}

#[test]
fn what_does_not_fit_is_refused_with_both_signatures() {
    let p = program(TEXT);
    let both = ["asked for: fn(f64[_], f64) -> f64", "the program has: fn area(width: f64, height: f64) -> f64"];
    refused::<fn([f64], f64) -> f64>(&p, "area", &both);
    refused::<fn(f64) -> f64>(&p, "area", &["asked for: fn(f64) -> f64", "fn area(width: f64, height: f64) -> f64"]);
    refused::<fn(f64, f64) -> f32>(&p, "area", &["asked for: fn(f64, f64) -> f32", "it gives f64"]);
    refused::<fn(f64, f64) -> (f64, f64)>(&p, "area", &["-> (f64, f64)"]);
    refused::<fn([f64], f64) -> f64>(&p, "scale", &["it gives f64[_]"]);
    refused::<fn([f64], f64) -> Array<f64, 2>>(&p, "scale", &["-> f64[_, _]", "it gives f64[_]"]);
    refused::<fn([f64; 3]) -> f64>(&p, "valley", &["asked for: fn(f64[3]) -> f64"]);
    refused::<fn(f64) -> f64>(&p, "valley", &["asked for: fn(f64) -> f64"]);
    refused::<fn(Line, f64) -> (f64, f64)>(&p, "grad(line)", &["it gives (slope: f64, offset: f64)"]);
    refused::<fn((f64, f64), f64) -> f64>(&p, "line", &["asked for: fn((f64, f64), f64) -> f64"]);
    let f = p.function::<fn(f64, f64) -> f64>("area").unwrap();
    let problem = f.wrt_named::<[f64]>("width").unwrap_err().to_string();
    assert!(problem.contains("the parameter `width` is not f64[_] there"), "{problem}");
    let problem = f.wrt_named::<f64>("depth").unwrap_err().to_string();
    assert!(problem.contains("`depth`"), "{problem}");
}

#[test]
fn wrong_programs_are_told_from_wrong_signatures() {
    let p = program(TEXT);
    let problem = p.function::<fn(f64) -> f64>("arae").unwrap_err();
    assert_eq!((problem.kind, problem.diagnostics[0].code), (ErrorKind::Program, "E0101"));
    assert!(problem.to_string().contains("area"), "{problem}");
    assert_eq!(p.function::<fn(f64) -> f64>("grad(").unwrap_err().kind, ErrorKind::Program);
    let problem = compile("fn f(x) = x\nfn broken(x) = x + nowhere").unwrap_err().to_string();
    assert!(problem.contains("program:2:20") && problem.contains("nowhere"), "{problem}");
}

#[test]
fn what_only_a_call_can_tell() {
    let text = "fn f(x) = if len(x) == 12 { sum(x) } else { x }";
    let f = program(text).function::<fn([f64]) -> Vec<f64>>("f").unwrap();
    assert_eq!(f.call((&[1.0; 3],)).unwrap(), [1.0; 3]);
    let problem = f.call((&[1.0; 12],)).unwrap_err();
    assert_eq!(problem.kind, ErrorKind::Signature, "{problem}");
    let g = program("fn g(x) = x").function::<fn([f64]) -> [f64; 2]>("g").unwrap();
    assert_eq!(g.call((&[1.0, 2.0],)).unwrap(), [1.0, 2.0]);
    assert_eq!(g.call((&[1.0; 30],)).unwrap_err().kind, ErrorKind::Signature);
    let scale = program(TEXT).function::<fn([f64], f64) -> Vec<f64>>("scale").unwrap();
    let mut short = [0.0; 3];
    let problem = scale.call_into(&mut scale.workspace(), (&[1.0; 4], 2.0), &mut short).unwrap_err();
    assert_eq!((problem.kind, problem.diagnostics[0].code), (ErrorKind::Signature, "E0481"));
    assert!(problem.to_string().contains("[4]") && problem.to_string().contains("[3]"), "{problem}");
    // Sizes of arguments that contradict each other.
    let pad = program(TEXT).function::<fn([f64], [f64]) -> Vec<f64>>("pad").unwrap();
    assert_eq!(pad.call((&[1.0; 3], &[2.0; 4])).unwrap(), [1.0; 3]);
    let problem = pad.call((&[1.0; 3], &[2.0; 5])).unwrap_err().to_string();
    assert!(problem.contains('3') && problem.contains('5'), "{problem}");
}
