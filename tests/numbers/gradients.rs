//! The derivatives of the whole library by the language's own checker, to second order and in all mixtures of modes:
//! `check_grad(f, x, order = 2)` for each row of the table of single precision (`lang/tests/check/single.txt`), which
//! has a row for every function by its own test, here at four numbers in double precision.

use crate::support::ask::{ask, compile};
use adl_runtime::{Array, Value};

const TABLE: &str = include_str!("../../lang/tests/check/single.txt");

/// Numbers that are no ties, roundings or ends of anything in the table.
const AT: [f64; 4] = [0.62, 0.91, 0.37, 1.23];

/// What differences cannot judge, or not as well as others.
const EXCEPT: &[(&str, f64, &str)] = &[
    ("stop_grad", f64::INFINITY, "its derivative is not that of its value"),
    ("straight_through", f64::INFINITY, "its derivative is not that of its value"),
    ("check_grad", f64::INFINITY, "its value is what rounding leaves"),
    ("f32", 1e-3, "its values have seven digits"),
    ("odeint", 1e-4, "steps are chosen by the numbers, and count as constants"),
    ("ode.dormand_prince", f64::INFINITY, "steps are chosen by the numbers, and count as constants"),
    ("fd.forward", 1e-3, "it is a difference already, which lost digits"),
    ("fd.backward", 1e-3, "it is a difference already, which lost digits"),
    ("fd.second", 1e-3, "it is a difference already, which lost digits"),
    ("fd.jvp", 1e-3, "it is a difference already, which lost digits"),
];

/// The names and expressions of the table.
fn rows() -> Vec<(&'static str, String)> {
    let mut rows: Vec<(&str, String)> = Vec::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        match rows.last_mut() {
            Some((_, text)) if line.starts_with(' ') => text.extend(["\n", line]),
            _ => {
                let (name, text) = line.split_once(": ").unwrap_or((line, ""));
                rows.push((name, text.to_string()));
            }
        }
    }
    rows.retain(|(_, text)| !text.is_empty());
    rows
}

fn agree(part: usize, parts: usize) {
    let rows = rows();
    assert!(rows.len() > 380, "only {} rows", rows.len());
    let mut wrong = Vec::new();
    for (name, text) in rows.into_iter().skip(part).step_by(parts) {
        let import = name.split_once('.').map_or(String::new(), |(module, _)| format!("import {module}\n"));
        let program = compile(&format!(
            "{import}fn _A(x) = [[2.0, x[0], x[1]], [x[2], 3.0, x[0]], [x[3], x[1], 4.0]]
fn _S(x) = _A(x) @ _A(x).T
fn f(x) {{
  let (v, A, S) = (x[..3], _A(x), _S(x))
  {text}
}}"
        ));
        let allowed = EXCEPT.iter().find(|(known, ..)| *known == name).map_or(1e-7, |(_, allowed, _)| *allowed);
        let at = Value::Array(Array::from_slice(&[4], &AT).expect("fits"));
        let off = ask(&program, "|x| check_grad(f, x, order = 2)", &[at])[0];
        if off.is_nan() || off > allowed {
            wrong.push(format!("{text}: off by {off:.1e}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_exception_has_a_row() {
    let rows = rows();
    for (name, ..) in EXCEPT {
        assert!(rows.iter().any(|(known, _)| known == name), "{name}");
    }
}

macro_rules! parts {
    ($($name:ident $part:literal)*) => {$(
        #[test]
        fn $name() {
            agree($part, 4);
        }
    )*};
}

parts! {
    first_quarter_of_the_library 0
    second_quarter_of_the_library 1
    third_quarter_of_the_library 2
    last_quarter_of_the_library 3
}
