//! The table of primitives tests itself: every derivative against differences, in both modes, to second order, in `f64`
//! and `f32`, each argument alone, on scalars and on arrays of no, one and several entries.

use crate::support::ask::{ask, compile, difference};
use adl_lang::prims::{Derivative, Prim, Typing};
use adl_runtime::{Array, Value};

/// How the primitive is written in the language, of arguments with these names.
fn spelling(prim: Prim, args: &[String]) -> String {
    let infix = |op: &str| format!("({} {op} {})", args[0], args[1]);
    match prim.name() {
        "add" => infix("+"),
        "sub" => infix("-"),
        "mul" => infix("*"),
        "div" => infix("/"),
        "floordiv" => infix("//"),
        "rem" => infix("%"),
        "pow" => infix("^"),
        "neg" => format!("(-{})", args[0]),
        name => format!("{name}({})", args.join(", ")),
    }
}

/// Primitives with a derivative to test, and the names of their arguments.
fn differentiable() -> impl Iterator<Item = (Prim, Vec<String>)> {
    let names = |p: Prim| (0..p.arity()).map(|k| format!("x{k}")).collect();
    Prim::ALL
        .iter()
        .copied()
        .filter(|p| matches!(p.row().typing, Typing::Float | Typing::Number) && !p.row().probes.is_empty())
        .filter(|p| !p.name().starts_with('_'))
        .map(move |p| (p, names(p)))
}

#[test]
fn every_derivative_agrees_with_differences() {
    for (prim, names) in differentiable() {
        let program = compile(&format!("fn f({}) = {}", names.join(", "), spelling(prim, &names)));
        for probe in prim.row().probes {
            for k in 0..probe.len() {
                if let Derivative::Partials(partials) = &prim.row().derivative
                    && partials[k].is_none()
                {
                    continue;
                }
                let at = |x: f64| -> Vec<Value> {
                    probe.iter().enumerate().map(|(i, p)| Value::from(if i == k { x } else { *p })).collect()
                };
                let alone = |inner: &str, op: &str| {
                    let call: Vec<String> =
                        names.iter().enumerate().map(|(i, n)| if i == k { "t".into() } else { n.clone() }).collect();
                    format!("|{}| {op}(|t| {inner}({}))({})", names.join(", "), call.join(", "), names[k])
                };
                let value = |x: f64| ask(&program, "f", &at(x))[0];
                let (numeric, spread) = difference(&value, probe[k]);
                let forward = ask(&program, &alone("f", "jacfwd"), &at(probe[k]))[0];
                let reverse = ask(&program, &alone("f", "grad"), &at(probe[k]))[0];
                let tolerance = 1e-9 * (1.0 + numeric.abs()) + 10.0 * spread;
                assert!(
                    (forward - numeric).abs() <= tolerance,
                    "{} argument {k} at {probe:?}: forward {forward}, differences {numeric}",
                    prim.name()
                );
                assert!(
                    (reverse - forward).abs() <= 1e-13 * (1.0 + forward.abs()),
                    "{} argument {k} at {probe:?}: reverse {reverse}, forward {forward}",
                    prim.name()
                );

                let slope = |x: f64| ask(&program, &alone("f", "jacfwd"), &at(x))[0];
                let (numeric, spread) = difference(&slope, probe[k]);
                let tolerance = 1e-8 * (1.0 + numeric.abs()) + 10.0 * spread;
                for (outer, inner) in [("jacfwd", "jacfwd"), ("jacfwd", "grad"), ("grad", "jacfwd"), ("grad", "grad")] {
                    let nested = format!(
                        "(|t| {inner}(|t| f({}))(t))",
                        names
                            .iter()
                            .enumerate()
                            .map(|(i, n)| if i == k { "t".into() } else { n.clone() })
                            .collect::<Vec<_>>()
                            .join(", ")
                    );
                    let second = ask(
                        &program,
                        &format!("|{}| {outer}({nested})({})", names.join(", "), names[k]),
                        &at(probe[k]),
                    )[0];
                    assert!(
                        (second - numeric).abs() <= tolerance,
                        "{} argument {k} at {probe:?}: {outer} of {inner} {second}, differences {numeric}",
                        prim.name()
                    );
                }
            }
        }
    }
}

#[test]
fn single_precision_agrees_with_double() {
    for (prim, names) in differentiable() {
        let program = compile(&format!("fn f({}) = {}", names.join(", "), spelling(prim, &names)));
        for probe in prim.row().probes {
            let rounded: Vec<f32> = probe.iter().map(|&x| x as f32).collect();
            let single: Vec<Value> = rounded.iter().map(|&x| Value::from(x)).collect();
            let double: Vec<Value> = rounded.iter().map(|&x| Value::from(f64::from(x))).collect();
            let gradient = match &prim.row().derivative {
                Derivative::Partials(p) if p[0].is_none() => "grad(f, wrt = 1)",
                Derivative::Zero | Derivative::Partials(_) | Derivative::Choice(_) | Derivative::Select => "grad(f)",
            };
            for function in ["f", gradient] {
                let (a, b) = (ask(&program, function, &single)[0], ask(&program, function, &double)[0]);
                assert!(
                    (a - b).abs() <= 4e-6 * (1.0 + b.abs()),
                    "{} {function} at {probe:?}: f32 {a}, f64 {b}",
                    prim.name()
                );
            }
        }
    }
}

#[test]
fn arrays_of_any_length_agree_with_scalars() {
    for (prim, names) in differentiable() {
        let text = spelling(prim, &names);
        let first = usize::from(matches!(&prim.row().derivative, Derivative::Partials(p) if p[0].is_none()));
        let program = compile(&format!("fn f({0}) = {text}\nfn total({0}) = sum({text})", names.join(", ")));
        let probe = prim.row().probes[0];
        let scalars: Vec<Value> = probe.iter().map(|&x| Value::from(x)).collect();
        let value = ask(&program, "f", &scalars)[0];
        let slope = ask(&program, &format!("grad(f, wrt = {first})"), &scalars)[0];
        for length in [0, 1, 3, 13] {
            let arrays: Vec<Value> = probe
                .iter()
                .map(|&x| Value::Array(Array::from_slice(&[length], &vec![x; length]).expect("fits")))
                .collect();
            assert_eq!(ask(&program, "f", &arrays), vec![value; length], "{} of {length}", prim.name());
            let gradient = ask(&program, &format!("grad(total, wrt = {first})"), &arrays);
            assert_eq!(gradient.len(), length);
            for g in gradient {
                assert!((g - slope).abs() <= 1e-14 * slope.abs(), "{} of {length}: {g}, alone {slope}", prim.name());
            }
        }
    }
}

#[test]
fn every_row_speaks_for_itself() {
    for &prim in Prim::ALL {
        let row = prim.row();
        assert!(!row.doc.is_empty() && row.doc.ends_with('.'), "{} needs a sentence", row.name);
        assert_eq!(Prim::named(row.name), Some(prim), "{} is not unique", row.name);
        if let Derivative::Partials(partials) = &row.derivative {
            assert_eq!(partials.len(), prim.arity(), "{} needs a derivative for each argument", row.name);
            let tested = !row.probes.is_empty() || row.name.starts_with('_');
            assert!(tested || row.name == "stop_grad", "{} needs a probe", row.name);
        }
    }
}
