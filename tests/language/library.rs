//! The modules of the library: what they promise as test blocks in ADL, what they say of bad input, and that everything
//! in them is explained.

use crate::support::command::{adl, path};
use adl_lang::ast::StmtKind;
use adl_lang::library::sources;
use adl_lang::parse::parse;
use adl_lang::source::{Source, SourceId};
use std::fs;

fn promises(module: &str) {
    let said = adl(&["test", &path(&format!("tests/library/{module}.adl"))]);
    assert!(said.code == 0 && said.out.contains(" passed, 0 failed"), "{}{}", said.out, said.err);
}

#[test]
fn optim() {
    promises("optim");
}

#[test]
fn problems_of_more_garbow_and_hillstrom() {
    promises("mgh");
}

#[test]
fn fd() {
    promises("fd");
}

#[test]
fn ode() {
    promises("ode");
}

#[test]
fn nn() {
    promises("nn");
}

#[test]
fn stats() {
    promises("stats");
}

/// A program, and what its error must say; the place is always in the program.
const WRONG: &[(&str, &[&str])] = &[
    ("import optim\noptim.lbfgs(|x| x, [3.0, 4.0])", &["E0301", "needs one number out"]),
    ("import optim\noptim.lbfgs(|x, y| x, 3)", &["E0102", "2 arguments"]),
    ("import optim\noptim.newton([1.0], |x| x)", &["E0204", "numbers are needed here, and this is a function"]),
    ("import optim\noptim.adam(|x| x^2, 3.0, rat = 0.1)", &["E0102", "no parameter `rat`", "did you mean `rate`"]),
    ("import optim\noptim.adam(|x| sum(x * [1, 2, 3]), [3.0, 4.0])", &["E0202", "cannot multiply"]),
    ("import optim\noptim.sgd(|x, d| x, 0.0, (zeros(3), zeros(4)))", &["E0202", "one has 3, another 4"]),
    ("import optim\noptim.levenberg_marquardt(|x| x > 2, [1.0])", &["E0204", "this is bool[1]"]),
    ("import optim\noptim.newton(|x| log(x), -1.0)", &["needs a start where the function is finite"]),
    (
        "import optim\noptim.root(|x| [x[0], 1.0, 2.0], [1.0, 2.0])",
        &["as many equations as unknowns, and these are 3 and 2"],
    ),
    ("import optim\noptim.sgd(|x, d| x, 0.0, zeros(3), batch = 5)", &["between 1 and all 3 rows"]),
    ("import fd\nfd.central(sin, 1.0, order = 3)", &["central differences have an even order"]),
    ("import nn\nnn.predict(nn.mlp(1, (2, 3)), ones(4, 5))", &["E0201", "contracts `5` with `2`"]),
    ("import optin", &["E0110"]),
];

#[test]
fn errors_name_the_call_in_the_program() {
    let mut failures = Vec::new();
    for (program, wanted) in WRONG {
        let said = adl(&["-e", program]);
        // The first place that is shown.
        let place = said.err.lines().find(|l| l.trim_start().starts_with("--> ")).unwrap_or_default();
        if said.code == 0 || wanted.iter().any(|w| !said.err.contains(w)) || !place.contains("<command line>") {
            failures.push(format!("{program}\nshould say {wanted:?} and says\n{}{}", said.out, said.err));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn everything_in_a_module_is_explained_and_its_example_runs() {
    let mut checked = 0;
    for module in sources::modules() {
        let text = sources::module(module).expect("a module has a text");
        let (file, problems) = parse(&Source::new(module, text), SourceId(0));
        assert!(problems.is_empty() && file.doc.is_some(), "{module} does not say what it is");
        for stmt in &file.stmts {
            let StmtKind::Fn(f) = &stmt.kind else { panic!("{module} has a statement that is no function") };
            if f.name.name.starts_with('_') {
                continue;
            }
            let name = format!("{module}.{}", f.name.name);
            let doc = f.doc.as_deref().unwrap_or_default();
            let example = doc.lines().find_map(|l| l.strip_prefix("Example: "));
            let example = example.unwrap_or_else(|| panic!("`{name}` has no example"));
            assert!(doc.lines().count() > 1 && example.contains(&name), "`{name}` is not explained");
            let said = adl(&["-e", &format!("import {module}\n{example}")]);
            assert!(said.code == 0 && !said.out.is_empty(), "{example}\n{}", said.err);
            for (shown, value) in kinks(doc) {
                let said = adl(&["-e", &format!("import {module}\n{shown}")]);
                assert_eq!(said.out.trim(), value, "{shown}\n{}", said.err);
            }
            checked += 1;
        }
    }
    assert!(checked > 50, "only {checked} functions were found");
}

/// What a line `Kink:` says: an expression and its value.
fn kinks(doc: &str) -> Vec<(&str, &str)> {
    let lines = doc.lines().filter(|l| l.starts_with("Kink:"));
    let parts = lines.map(|l| l.split('`').collect::<Vec<_>>());
    parts.filter_map(|p| (p.len() == 5 && p[2] == " is ").then(|| (p[1], p[3]))).collect()
}

#[test]
fn a_module_is_there_only_where_it_is_imported() {
    let said = adl(&["-e", "optim.lbfgs(|x| x^2, 1.0)"]);
    assert!(said.code != 0 && said.err.contains("E0101"), "{}", said.err);
    let file = format!("{}/own.adl", env!("CARGO_TARGET_TMPDIR"));
    fs::write(&file, "fn lbfgs(x) = 2 * x\n").expect("a new file");
    let said = adl(&["-e", &format!("import \"{file}\" as optim\noptim.lbfgs(3)")]);
    assert_eq!((said.code, said.out.as_str()), (0, "6\n"), "{}", said.err);
}
