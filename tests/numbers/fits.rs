//! The data sets of NIST for nonlinear regression (StRD), fitted by `optim.levenberg_marquardt` from both starts: the
//! certified parameters, standard errors and sums of squares are known to eleven digits.

use crate::support::command::{adl, path};
use serde_json::Value as Json;
use std::fs;

/// A data set and its model, a function of the parameters `b` and the array `x`.
const MODELS: &[(&str, &str)] = &[
    ("BoxBOD", "b[0] * (1 - exp(-b[1] * x))"),
    (
        "ENSO",
        "b[0] + b[1] * cos(pi * x / 6) + b[2] * sin(pi * x / 6) + b[4] * cos(2 * pi * x / b[3]) + \
         b[5] * sin(2 * pi * x / b[3]) + b[7] * cos(2 * pi * x / b[6]) + b[8] * sin(2 * pi * x / b[6])",
    ),
    ("Eckerle4", "b[0] / b[1] * exp(-0.5 * ((x - b[2]) / b[1])^2)"),
    ("Hahn1", "(b[0] + b[1] * x + b[2] * x^2 + b[3] * x^3) / (1 + b[4] * x + b[5] * x^2 + b[6] * x^3)"),
    ("Misra1a", "b[0] * (1 - exp(-b[1] * x))"),
    ("Rat43", "b[0] / (1 + exp(b[1] - b[2] * x))^(1 / b[3])"),
    ("Thurber", "(b[0] + b[1] * x + b[2] * x^2 + b[3] * x^3) / (1 + b[4] * x + b[5] * x^2 + b[6] * x^3)"),
];

/// Correct digits that are asked for. The values are certified to eleven; ENSO is the flattest.
const DIGITS: f64 = 8.0;

fn program(data: &Json, model: &str) -> String {
    let starts = ["start1", "start2"].map(|start| {
        format!(
            "test \"{start}\" {{\n  let fit = optim.levenberg_marquardt(residual, 1.0 * {})\n\
             \u{20} assert(fit.converged, \"stopped after {{fit.rounds}} rounds\")\n\
             \u{20} assert(digits(fit.x, {}) >= {DIGITS}, \"digits of the parameters\")\n\
             \u{20} assert(digits(fit.value, {}) >= {DIGITS}, \"digits of the sum of squares\")\n\
             \u{20} assert(digits(sqrt(diag(optim.covariance(residual, fit.x))), {}) >= 6, \"digits of the errors\")
}}\n",
            data[start], data["certified"], data["certified_rss"], data["certified_sd"]
        )
    });
    format!(
        "import optim\nlet x = {}\nlet y = {}\nfn model(b, x) = {model}\nfn residual(b) = model(b, x) - y\n\
         fn digits(a, b) = min(-log(max(abs(a - b) / abs(b), 1e-16)) / log(10.0))\n{}",
        data["x"],
        data["y"],
        starts.concat()
    )
}

#[test]
fn certified_parameters_are_found_from_both_starts() {
    let mut failures = Vec::new();
    for (name, model) in MODELS {
        let text = fs::read_to_string(path(&format!("tests/cases/nist_data/{name}.json"))).expect("a data set");
        let data: Json = serde_json::from_str(&text).expect("a data set is JSON");
        let file = format!("{}/{name}.adl", env!("CARGO_TARGET_TMPDIR"));
        fs::write(&file, program(&data, model)).expect("a new file");
        let said = adl(&["test", &file]);
        if said.code != 0 {
            failures.push(format!("{name}\n{}{}", said.out, said.err));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
