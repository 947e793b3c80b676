//! The reference cases: values and derivatives computed elsewhere at high precision, asked of the native code in
//! every mode that applies, in `f64` and `f32`.
//!
//! `tests/cases/<category>.json` holds the cases, `<category>.adl` the program for each of them,
//! `waiting.txt` the cases that need a capability which is not there yet.

use crate::support::cases::{Case, Query, cases};
use crate::support::compare::{Tolerance, check, leaves};
use crate::support::host::{Precision, Program};
use adl_compiler::engine::Backend;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// Every query of one category, in every mode; returns how many answers were compared.
fn run(category: &str) {
    let waiting = waiting();
    let mut failures = Vec::new();
    let mut compared = 0;
    for case in cases(category) {
        if waiting.contains_key(case.id.as_str()) {
            continue;
        }
        let Some(source) = case.program.as_deref() else {
            failures.push(format!("{}: there is no program for it", case.id));
            continue;
        };
        for precision in [Precision::F64, Precision::F32] {
            if precision == Precision::F32 && !case.fits_f32() {
                continue;
            }
            let program = match Program::new(&case, source, precision, Backend::Native) {
                Ok(program) => program,
                Err(problem) => {
                    failures.push(format!("{}: {problem}", case.id));
                    continue;
                }
            };
            for (number, query) in case.queries.iter().enumerate() {
                if precision == Precision::F32 && !query.holds_in_f32() {
                    continue;
                }
                for (mode, expression, extra) in expressions(&case, query) {
                    compared += 1;
                    let tolerance = Tolerance::of(query, precision == Precision::F32);
                    let outcome = program.ask(&expression, &extra).and_then(|got| check(query, &got, &tolerance));
                    if let Err(problem) = outcome {
                        failures.push(format!(
                            "{} [{:?}] query {number} ({}, {mode}): {problem}\n    {expression}",
                            case.id, case.severity, query.kind
                        ));
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} of {compared} answers are wrong:\n{}", failures.len(), failures.join("\n"));
    assert!(compared > 0, "nothing was compared");
}

/// The questions that a query stands for: mode, an ADL function of the parameters of the case (and of the extra
/// inputs), and those extra inputs.
fn expressions(case: &Case, query: &Query) -> Vec<(String, String, Vec<Json>)> {
    let params = case.params.join(", ");
    let wrt = &query.wrt;
    // f as a function of one differentiated parameter, the others captured.
    let of = |name: &str| format!("(|{name}_| f({}))", rename(&case.params, name));
    match query.kind.as_str() {
        "value" => vec![("value".into(), format!("|{params}| f({params})"), vec![])],
        "grad" => {
            let reverse = format!("|{params}| ({})", each(wrt, |w| format!("{w}: grad({})({w})", of(w))));
            let together = format!(
                "|{params}| {{ let all = grad(f, wrt = ({0}))({params})\n ({1}) }}",
                tuple(wrt),
                each_indexed(wrt)
            );
            let forward = format!("|{params}| ({})", each(wrt, |w| format!("{w}: jacfwd({})({w})", of(w))));
            vec![
                ("reverse".into(), reverse, vec![]),
                ("reverse, together".into(), together, vec![]),
                ("forward".into(), forward, vec![]),
            ]
        }
        "jvp" => {
            let (tangents, moved, extra) = along(case, query);
            let all: Vec<String> =
                case.params.iter().map(|p| if wrt.contains(p) { format!("d_{p}") } else { "none".into() }).collect();
            let point = if case.params.len() == 1 { params.clone() } else { format!("({params})") };
            let all = if case.params.len() == 1 { all[0].clone() } else { format!("({})", all.join(", ")) };
            let forward = format!("|{params}, {tangents}| jvp(f, {point}, {all}).1");
            let reverse = format!("|{params}, {tangents}| jacrev(|t| f({moved}))(0.0)");
            vec![("forward".into(), forward, extra.clone()), ("reverse".into(), reverse, extra)]
        }
        "vjp" => {
            let reverse = format!("|{params}, u_| ({})", each(wrt, |w| format!("{w}: vjp({}, {w}).1(u_)", of(w))));
            let forward = format!(
                "|{params}, u_| ({})",
                each(wrt, |w| format!("{w}: jacfwd(|{w}_| sum(u_ * f({})))({w})", rename(&case.params, w)))
            );
            let extra = vec![query.cotangent.clone()];
            vec![("reverse".into(), reverse, extra.clone()), ("forward".into(), forward, extra)]
        }
        "jacobian" => both(&params, &of(&wrt[0]), &wrt[0], &["jacfwd", "jacrev"]),
        "hessian" => {
            let (w, f) = (&wrt[0], of(&wrt[0]));
            let forms = [
                ("forward over reverse", format!("jacfwd(grad({f}))")),
                ("reverse over reverse", format!("jacrev(grad({f}))")),
                ("reverse over forward", format!("jacrev(jacfwd({f}))")),
                ("forward over forward", format!("jacfwd(jacfwd({f}))")),
                ("hessian", format!("hessian({f})")),
            ];
            forms.into_iter().map(|(m, e)| (m.into(), format!("|{params}| {e}({w})"), vec![])).collect()
        }
        "hvp" => {
            let (w, f) = (&wrt[0], of(&wrt[0]));
            let extra = vec![query.tangent.as_object().map_or(query.tangent.clone(), |o| o[w].clone())];
            vec![
                ("hvp".into(), format!("|{params}, v_| hvp({f}, {w}, v_)"), extra.clone()),
                (
                    "reverse over reverse".into(),
                    format!("|{params}, v_| grad(|x_| sum(v_ * grad({f})(x_)))({w})"),
                    extra,
                ),
            ]
        }
        "elementwise" => {
            let w = &wrt[0];
            chains(query.order)
                .into_iter()
                .map(|modes| {
                    (modes.clone(), format!("|{params}| {}({w})", chain(&of(w), &modes, case.is_scalar(w))), vec![])
                })
                .collect()
        }
        "directional" => {
            let (tangents, moved, extra) = along(case, query);
            let f = format!("(|t| f({moved}))");
            let asked = |modes: &str| format!("|{params}, {tangents}| {}(0.0)", chain(&f, modes, true));
            chains(query.order).into_iter().map(|modes| (modes.clone(), asked(&modes), extra.clone())).collect()
        }
        other => panic!("{}: unknown kind of query {other}", case.id),
    }
}

/// The names of a query's tangents, the parameters of its case moved by `t` times these, and the tangents themselves.
fn along(case: &Case, query: &Query) -> (String, String, Vec<Json>) {
    let wrt = &query.wrt;
    let moved = case.params.iter().map(|p| if wrt.contains(p) { format!("{p} + t * d_{p}") } else { p.clone() });
    let tangents = wrt.iter().map(|w| format!("d_{w}"));
    let extra = wrt.iter().map(|w| query.tangent[w].clone());
    (tangents.collect::<Vec<_>>().join(", "), moved.collect::<Vec<_>>().join(", "), extra.collect())
}

/// Sequences of modes of that length: all of them up to the third order, then the pure ones and one mixture.
fn chains(order: usize) -> Vec<String> {
    if order <= 3 {
        return (0..1 << order)
            .map(|bits| (0..order).map(|k| if bits >> k & 1 == 0 { 'F' } else { 'R' }).collect())
            .collect();
    }
    vec!["F".repeat(order), "R".repeat(order), "FR".repeat(order).chars().take(order).collect()]
}

/// Nested element-wise derivatives of `f`: `F` by a tangent of ones, `R` by the gradient of the sum.
fn chain(f: &str, modes: &str, scalar: bool) -> String {
    modes.chars().fold(f.to_string(), |inner, mode| match (mode, scalar) {
        ('F', true) => format!("{inner}'"),
        ('F', false) => format!("(|x_| jvp({inner}, x_, ones_like(x_)).1)"),
        (_, true) => format!("grad({inner})"),
        (_, false) => format!("grad(|x_| sum({inner}(x_)))"),
    })
}

fn both(params: &str, f: &str, w: &str, operators: &[&str]) -> Vec<(String, String, Vec<Json>)> {
    operators.iter().map(|op| (op.to_string(), format!("|{params}| {op}({f})({w})"), vec![])).collect()
}

fn rename(params: &[String], name: &str) -> String {
    params.iter().map(|p| if p == name { format!("{p}_") } else { p.clone() }).collect::<Vec<_>>().join(", ")
}

fn tuple(names: &[String]) -> String {
    if names.len() == 1 { format!("{},", names[0]) } else { names.join(", ") }
}

fn each(names: &[String], part: impl Fn(&str) -> String) -> String {
    names.iter().map(|n| part(n)).collect::<Vec<_>>().join(", ")
}

fn each_indexed(names: &[String]) -> String {
    names.iter().enumerate().map(|(k, n)| format!("{n}: all.{k}")).collect::<Vec<_>>().join(", ")
}

/// The cases that wait, with what for.
fn waiting() -> BTreeMap<&'static str, &'static str> {
    include_str!("../cases/waiting.txt")
        .lines()
        .filter(|l| !l.starts_with('#'))
        .filter_map(|l| l.split_once(':'))
        .collect()
}

#[test]
fn elementary() {
    run("elementary");
}

#[test]
fn kinks() {
    run("kinks");
}

#[test]
fn control() {
    run("control");
}

#[test]
fn higher_order() {
    run("higher_order");
}

#[test]
fn arrays() {
    run("arrays");
}

#[test]
fn implicit() {
    run("implicit");
}

#[test]
fn linalg() {
    run("linalg");
}

#[test]
fn seed_examples() {
    run("seed_examples");
}

#[test]
fn nist() {
    run("nist");
}

#[test]
fn mgh() {
    run("mgh");
}

#[test]
fn the_interpreter_agrees_with_native_code() {
    let waiting = waiting();
    let mut compared = 0;
    for category in CATEGORIES {
        for case in cases(category).iter().filter(|c| !waiting.contains_key(c.id.as_str())) {
            // Too long for the interpreter: thousands of products with a thousand rows.
            if case.id == "seed.huber_min" {
                continue;
            }
            let source = case.program.as_deref().unwrap_or_default();
            let on = |backend| Program::new(case, source, Precision::F64, backend).unwrap_or_else(|e| panic!("{e}"));
            let (native, reference) = (on(Backend::Native), on(Backend::Interpreter));
            for query in &case.queries {
                let (_, expression, extra) = expressions(case, query).swap_remove(0);
                let numbers = |program: &Program| {
                    let mut out = Vec::new();
                    leaves(&program.ask(&expression, &extra).unwrap_or_else(|e| panic!("{}: {e}", case.id)), &mut out);
                    out
                };
                let (a, b) = (numbers(&native), numbers(&reference));
                assert_eq!(a.len(), b.len());
                let scale = a.iter().fold(1e-300f64, |m, x| if x.is_finite() { m.max(x.abs()) } else { m });
                for (x, y) in a.iter().zip(&b) {
                    let same = x == y || (x.is_nan() && y.is_nan()) || (x - y).abs() <= 1e-11 * scale;
                    assert!(same, "{} {}: native {x:e}, interpreter {y:e}", case.id, query.kind);
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 1000, "only {compared} numbers were compared");
}

const CATEGORIES: [&str; 10] =
    ["elementary", "kinks", "control", "higher_order", "arrays", "linalg", "seed_examples", "nist", "mgh", "implicit"];

#[test]
fn what_waits_is_a_case() {
    let known: BTreeSet<String> = CATEGORIES.iter().flat_map(|c| cases(c)).map(|c| c.id).collect();
    for id in waiting().keys() {
        assert!(known.contains(*id), "{id} waits but is no case");
    }
}
