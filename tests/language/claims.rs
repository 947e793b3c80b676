//! The claims of the language reference, each as a small program: test blocks with assertions, and programs that print.

use crate::support::command::{adl, path};
use std::fs;

fn programs() -> Vec<(String, String)> {
    let mut files: Vec<String> = fs::read_dir(path("tests/language"))
        .expect("the folder exists")
        .flatten()
        .map(|e| e.path().to_string_lossy().into_owned())
        .filter(|p| p.ends_with(".adl"))
        .collect();
    files.sort();
    files.into_iter().map(|f| (fs::read_to_string(&f).expect("readable"), f)).collect()
}

/// Runs the tests of every second file.
fn assertions_hold_from(first: usize) {
    let tested = programs().into_iter().filter(|(text, _)| text.contains("\ntest \""));
    let files: Vec<String> = tested.map(|(_, file)| file).skip(first).step_by(2).collect();
    let failures: Vec<String> = files
        .iter()
        .filter_map(|file| {
            let said = adl(&["test", file]);
            (said.code != 0).then(|| format!("{file}\n{}{}", said.out, said.err))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(files.len() >= 5, "only {} files with tests were found", files.len());
}

#[test]
fn assertions_hold() {
    assertions_hold_from(0);
}

#[test]
fn assertions_hold_in_the_other_half() {
    assertions_hold_from(1);
}

#[test]
fn printed_lines_are_as_said() {
    for (text, file) in programs() {
        let Some((_, expected)) = text.split_once("\n# Output:\n") else { continue };
        let expected: String = expected
            .lines()
            .map(|l| format!("{}\n", l.strip_prefix("# ").unwrap_or(l.trim_start_matches('#'))))
            .collect();
        let said = adl(&["run", &file]);
        assert_eq!((said.code, said.out.as_str()), (0, expected.as_str()), "{file}\n{}", said.err);
    }
}

/// A program, and what its error must say.
const WRONG: &[(&str, &[&str])] = &[
    ("fn f(x) = sine(x)\nf(1.0)", &["E0101", "`sin`"]),
    ("let lenght = 3\nlenghd + 1", &["E0101", "lenght"]),
    ("let r = (weight: 1, bias: 2)\nr.wieght", &["E0206", "did you mean `weight`"]),
    ("fn f(x, y) = x\nf(1)", &["E0102", "`y` is missing"]),
    ("fn f(x, y) = x\nf(1, z = 3)", &["no parameter `z`"]),
    ("fn f(a: f64[n], b: f64[m]) = a + b\nf([1.0], [1.0])", &["E0202", "separate dimension names"]),
    ("fn f(a: f64[n], b: f64[n]) = a + b\nf([1.0], [1.0, 2.0])", &["argument `b` has 2 elements, but `n` is 1"]),
    ("[1, 2] + [1, 2, 3]", &["cannot add `i64[2]` and `i64[3]`"]),
    ("[[1, 2]] @ [1, 2, 3]", &["E0201", "contracts `2` with `3`"]),
    ("grad(|x| x^2)([1.0, 2.0])", &["E0301", "jacobian"]),
    ("grad(|i: i64| i * 2.0)(3)", &["E0302", "integers have no derivative"]),
    ("let x = [1, 2, 3]\nx[5]", &["the index 5 is out of range: the axis has size 3"]),
    ("let x = [1, 2, 3]\nx[-4]", &["the index -4 is out of range"]),
    (
        "fn f(x) { var s = 0.0\nfor i in 0..4 { s += x[i]^2 }\ns }\ngrad(f)([1.0, 2.0])",
        &["the index 2 is out of range"],
    ),
    // A matrix of derivatives checks what the function checks, in both modes.
    ("fn f(x) { assert(x[0] > 5, \"small\")\nx^2 }\njacrev(f)([1.0, 2.0])", &["E0410", "small: 1.0 > 5"]),
    ("fn f(x) { assert(x[0] > 5, \"small\")\nx^2 }\njacfwd(f)([1.0, 2.0])", &["E0410", "small: 1.0 > 5"]),
    ("jacrev(cholesky)([[1.0, 2.0], [2.0, 1.0]])", &["E0416", "not positive definite"]),
    ("fn f(x) = f(concat(x, x))\nf([1.0])", &["E0103", "`f` never ends"]),
    ("fn f(x: f64) -> f64 = f(x / 2) + 1\nf(1.0)", &["E0411", "recursion too deep in `f`"]),
    ("if 1 { print(1) }", &["a condition needs one truth value"]),
    ("if [true, false] { print(1) }", &["all(…)"]),
    ("let x = [1, 2]\nx[1.0]", &["an index must be a whole number"]),
    ("let a = 1\na = 2", &["E0108", "bind it with `var`"]),
    ("fn f(x) { x = 2\nx }\nf(1)", &["E0108", "is a parameter"]),
    ("for i in 0..3 { i += 1 }", &["E0108", "is a loop variable"]),
    ("fn f(x) {\nlet y = x\n- 3\ny }\nf(1)", &["E0105", "computed and then dropped"]),
    ("let y = if true { 1 }", &["E0105", "without `else` has no value"]),
    ("fn f(x) = if x > 0 { 1.0 }\nf(2.0)", &["E0105", "without `else` has no value"]),
    ("fn f(x) = if x > 0 { 1.0 } else { [1.0] }\nf(2.0)", &["E0207", "one branch gives f64, the other f64[1]"]),
    ("let a = 3\na(2)", &["this is called, but it is no function"]),
    ("import optin", &["E0110", "no module `optin`"]),
    ("let while = 3", &["E0012", "reserved word"]),
    ("var i = 9223372036854775807\ni + 1", &["does not fit"]),
    ("let i: i64 = 9223372036854775807\ni + 1", &["does not fit"]),
    ("fn f(x) { var s = x\nfor _ in 0..70 { s *= 2 }\ns }\nlet k = [1]\nf(k[0])", &["E0403"]),
    ("let z = [0]\n1 // z[0]", &["E0404"]),
    ("let a = 1.0\nlet b = 2.0\nassert(a == b, \"must agree\")", &["must agree", "1.0 == 2.0"]),
    ("var k = 1e300\ni64(k)", &["1e300 does not fit"]),
    ("fn f(x, x) = x", &["two parameters are called `x`"]),
    ("let (a, a) = (1, 2)", &["`a` is bound twice"]),
    (
        "fn f(q) = q * x\nlet x = [1.0, 2.0]\nfor _ in 0..2 { print(f(x)) }",
        &["`x` is not bound yet where `f` is written"],
    ),
    ("let x: f64[3] = [1.0, 2.0]", &["this has 2 elements, but 3 is declared"]),
    ("jvp(|x, y| x, 1.0, 2.0)", &["E0306", "2 arguments"]),
    ("sort(3)", &["a number cannot be sorted"]),
    ("sort([1, 2], axis = 1)", &["there is no axis 1"]),
    ("sum([[1, 2]], axis = (0, 0))", &["an axis is named twice"]),
    ("median([1.0], axis = 2)", &["there is no axis 2"]),
    ("split([1, 2, 3], 2)", &["an axis of 3 entries cannot be split into equal parts"]),
    ("split([1, 2, 3], (1, 1))", &["the parts have 2 entries together, and the axis has 3"]),
    ("squeeze([[1, 2]], axis = 1)", &["axis 1 has 2"]),
    ("broadcast_to([1, 2], 3)", &["`i64[2]` does not stretch to `i64[3]`"]),
    ("take_along([[1, 2]], [5])", &["the places are whole numbers in the shape of the array"]),
    ("take_along([1, 2], [5])", &["the index 5 is out of range"]),
    ("roll([1, 2], 0.5)", &["one whole number of places"]),
    ("quantile([1.0], 2)", &["a part between 0 and 1"]),
    ("randint(1, 3, 3)", &["needs a number between its bounds"]),
    ("einsum(\"ij,jk->iz\", eye(2), eye(2))", &["`z` stands behind `->`"]),
    ("einsum(\"ij,jk\", eye(2), eye(3))", &["the subscript `j` is 2 elsewhere, and 3 here"]),
    ("einsum(\"ij\", [1, 2])", &["the subscripts `ij` are of 2 axes, and this array has 1"]),
    ("einsum(\"i,j\", [1, 2])", &["the subscripts are of 2 arrays, and 1 are given"]),
    ("einsum(\"ii->ii\", eye(2))", &["`i` stands twice behind `->`"]),
    ("let k = [3]\neinsum(\"i{k[0]}\", eye(2))", &["a string without values"]),
    ("jvp(sin, 0.0, 1.0, wrt = 0)", &["`jvp` has no parameter `wrt`"]),
    ("hvp(|x, y| x * y, (1.0, 2.0), 1.0)", &["there are 2 arguments to move"]),
    ("jacobian(|x| 3)([1.0])", &["a matrix of derivatives needs floats out"]),
    ("vmap(|a| a, axes = 1)([1, 2])", &["`vmap` goes over axis 1"]),
    ("from_vector((1.0, [2.0]), [1.0])", &["E0203", "the vector has 1 entries, and the structure 2"]),
    ("to_vector((1.0, |x| x))", &["E0204", "numbers are needed here, and this is a function"]),
    ("pad([[1, 2]], ((1, 1),))", &["margins of 2 axes"]),
    ("fn f(x: f64[n]) = reshape(x, (n // 8, 8))\nf(ones(9))", &["`reshape` keeps the number of entries"]),
];

#[test]
fn errors_say_what_is_wrong() {
    let mut failures = Vec::new();
    for (program, wanted) in WRONG {
        let said = adl(&["-e", program]);
        let text = format!("{}{}", said.out, said.err);
        if said.code == 0 || wanted.iter().any(|w| !text.contains(w)) {
            failures.push(format!("{program}\nshould say {wanted:?} and says\n{text}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn definitions_of_a_module_are_checked() {
    let import = format!("import \"{}\" as wrong\nprint(1)", path("tests/language/modules/wrong.adl"));
    let said = adl(&["-e", &import]);
    assert!(said.code != 0 && said.err.contains("cannot add `f64[n]` and `f64[m]`"), "{}{}", said.out, said.err);
}

#[test]
fn a_parameter_of_the_program_is_replaced() {
    let file = path("tests/language/imports.adl");
    let said = adl(&["run", "-D", "size=5", &file]);
    assert_eq!((said.code, said.out.as_str()), (0, ""), "{}", said.err);
    let said = adl(&["run", "-D", "sise=5", &file]);
    assert!(said.code != 0, "there is no such parameter: {}{}", said.out, said.err);
}
