//! Linear algebra: the factorisations of the interpreter and of native code are the same, derivatives agree with
//! differences in every mode and mixture, and what has no answer is an error at the line of the program.

use crate::support::compare::leaves;
use adl_compiler::engine::{Backend, Engine};

/// What a program gives on a back end.
fn on(backend: Backend, text: &str) -> Vec<f64> {
    let program = Engine::new().with_backend(backend).compile("linalg.adl", text);
    let value = program.and_then(|p| p.dynamic("f").and_then(|f| f.call(&[])));
    let mut out = Vec::new();
    leaves(&value.unwrap_or_else(|e| panic!("{e}\n{text}")), &mut out);
    out
}

#[test]
fn interpreter_and_native_code_factorise_alike() {
    for n in [0, 1, 2, 3, 7, 12] {
        for dtype in ["f64", "f32"] {
            let head = format!(
                "fn f() {{ let A = {dtype}(randn({n} + 1, ({n}, {n})))
let S = A @ A.T + {dtype}(eye({n}))
let b = {dtype}(randn(2, ({n}, 3)))\n"
            );
            for body in [
                "_lu(A)",
                "_cholesky(S)",
                "_qr(A)",
                "_qr(concat(A, S @ A))",
                "_eigh(S)",
                "_svd(A)",
                "_svd(concat(A, S))",
                "_lu_solve(_lu(S), b)",
                "_lu_solve(_lu(A), b[.., 0], transposed = true)",
                "_triangular_solve(S, b)",
                "_triangular_solve(S, b[.., 1], upper = true)",
                "_triangular_solve(S, b, transposed = true)",
                "_triangular_solve(S, b, upper = true, transposed = true)",
                "_triangular_solve(S / 10, b, upper = true, unit = true)",
            ] {
                let text = format!("{head}{body} }}");
                let (native, reference) = (on(Backend::Native, &text), on(Backend::Interpreter, &text));
                let scale = reference.iter().fold(1.0f64, |m, x| m.max(x.abs()));
                let tolerance = if dtype == "f64" { 1e-10 } else { 1e-3 } * scale;
                assert_eq!(native.len(), reference.len());
                for (x, y) in native.iter().zip(&reference) {
                    assert!((x - y).abs() <= tolerance, "{n} {dtype} {body}: {native:?}, interpreter {reference:?}");
                }
            }
        }
    }
}

/// Functions of a matrix `A`, a positive definite `S`, a tall `T`, a vector `b`, and the argument of each.
const DIFFERENTIABLE: &[(&str, &str)] = &[
    ("|A, b| solve(A, b)", "(A, b)"),
    ("|A, B| solve(A, B)", "(A, S)"),
    ("|L, b| solve_lower(L, b)", "(S, b)"),
    ("|L, B| solve_lower(L, B, transposed = true)", "(S, A)"),
    ("|U, B| solve_upper(U, B, unit = true)", "(S / 9, A)"),
    ("|U, b| solve_upper(U, b, unit = true, transposed = true)", "(S / 9, b)"),
    ("inv", "A"),
    ("det", "A"),
    ("|A| slogdet(A).1", "A"),
    ("logdet", "S"),
    ("cholesky", "S"),
    ("qr", "A"),
    ("qr", "T"),
    ("qr", "T.T"),
    ("eigh", "S"),
    ("eigvalsh", "S"),
    ("svd", "A"),
    ("svd", "T"),
    ("svd", "T.T"),
    ("svdvals", "T"),
    ("|T, c| lstsq(T, c)", "(T, c)"),
    ("|T, b| lstsq(T.T, b)", "(T, b)"),
    ("pinv", "A"),
    ("pinv", "T"),
    ("pinv", "T.T"),
    ("expm", "A"),
    ("|A| expm(9 * A)", "A"),
    ("|A| matrix_power(A, 5)", "A"),
    ("|A| matrix_power(A, -3)", "A"),
    ("|A| matrix_function(log, A)", "S"),
    ("|A, c| matrix_function(|x| exp(c * x) / (1 + c * x^2), A)", "(S, 0.3)"),
    ("norm", "A"),
    ("|A| norm(A, \"nuc\")", "A"),
    ("|A| norm(A, 2)", "A"),
    ("|A| norm(A, 1)", "A"),
    ("|A| norm(A, 3, axis = 1)", "A"),
    ("|A| cond(A) * trace(A)", "A"),
    ("|A| cond(A, 1) * trace(A)", "A"),
    ("cross", "([1.0, 2.0, 3.0], [0.5, -1.0, 2.0])"),
    ("|A, b| vmap(solve, axes = (none, 0))(A, stack(b, 2 * b))", "(A, b)"),
    ("|A| det(stack(A, A.T))", "A"),
];

/// Matrices with eigenvalues and singular values far from 0 and from each other.
fn with_matrices(n: usize, body: &str) -> String {
    format!(
        "fn f() {{
  let spread = diag(1.0 + arange({n}))
  let A = spread + 0.3 * randn(1, ({n}, {n}))
  let S = spread @ spread + 0.2 * (A + A.T)
  let T = concat(A, randn(2, (2, {n})))
  let (b, c) = (randn(3, {n}), randn(4, {n} + 2))
  {body}
}}"
    )
}

#[test]
fn derivatives_agree_with_differences_to_second_order() {
    for (function, at) in DIFFERENTIABLE {
        for n in [1, 3] {
            // Many second derivatives of one entry are 0, and what is relative to that is rounding.
            let order = if n == 1 { 1 } else { 2 };
            let text = with_matrices(n, &format!("check_grad({function}, {at}, order = {order})"));
            let worst = on(Backend::Native, &text)[0];
            assert!(worst < 2e-7, "{function} at {at}, {n}: {worst:e}");
        }
    }
}

#[test]
fn the_interpreter_differentiates_alike() {
    for (function, at) in DIFFERENTIABLE {
        let body = format!(
            "let v = to_vector({at})
let f = {function}
let g = |v| {{ let x = from_vector({at}, v)
 to_vector({}) }}
let (y, pull) = vjp(g, v)
(y, jvp(g, v, cos(v)).1, pull(cos(1.0 * (0..len(y)))))",
            if at.starts_with('(') { "f(x.0, x.1)" } else { "f(x)" }
        );
        let text = with_matrices(3, &body);
        let (native, reference) = (on(Backend::Native, &text), on(Backend::Interpreter, &text));
        let scale = reference.iter().fold(1.0f64, |m, x| m.max(x.abs()));
        assert_eq!(native.len(), reference.len());
        for (x, y) in native.iter().zip(&reference) {
            assert!((x - y).abs() <= 1e-9 * scale, "{function}: {x} and {y}");
        }
    }
}

#[test]
fn derivatives_of_nothing_are_nothing() {
    for (function, at) in [("inv", "A"), ("cholesky", "S"), ("(|A| qr(A).0)", "A"), ("eigvalsh", "S"), ("expm", "A")] {
        let text = with_matrices(0, &format!("(jacfwd({function})({at}), grad(|A| sum({function}(A)))({at}))"));
        assert!(on(Backend::Native, &text).is_empty(), "{function}");
    }
}

#[test]
fn derivatives_where_values_coincide() {
    let cases = [
        // Functions of the matrix are smooth there; sums over all eigenvalues are, too.
        ("grad(|A| sum(W * matrix_function(exp, A)))(eye(3)) / exp(1.0)", "(W + W.T) / 2"),
        ("hessian(|A| trace(matrix_function(log, A)))(eye(2))", "hessian(|A| logdet((A + A.T) / 2))(eye(2))"),
        (
            "hessian(|A| W[0] @ matrix_function(|x| x^3, A) @ W[1])(eye(3))",
            "hessian(|A| W[0] @ ((A + A.T) @ (A + A.T) @ (A + A.T) / 8) @ W[1])(eye(3))",
        ),
        (
            "grad(|A| sum(matrix_function(relu, A) * W))(diag([1.0, -1.0, 1.0]))",
            "(W + W.T) / 2 * [[1.0, 0.5, 1.0], [0.5, 0.0, 0.5], [1.0, 0.5, 1.0]]",
        ),
        ("grad(|A| sum(exp(eigvalsh(A))))(eye(3))", "exp(1.0) * eye(3)"),
        ("grad(|A| sum(eigh(A).0^2))(2 * eye(3))", "4 * eye(3)"),
        ("jacfwd(|A| sum(eigvalsh(A)^2))(2 * eye(3))", "4 * eye(3)"),
        ("grad(|A| sum(svdvals(A)^2))(eye(3))", "2 * eye(3)"),
        // The determinant is a polynomial, whatever the rank.
        ("grad(det)([[1.0, 2.0], [2.0, 4.0]])", "[[4.0, -2.0], [-2.0, 1.0]]"),
        ("grad(det)(zeros(3, 3))", "zeros(3, 3)"),
        ("grad(det)(diag([2.0, 0.0, 0.0]))", "zeros(3, 3)"),
        (
            "hessian(det)(diag([2.0, 0.0, 0.0]))",
            "hessian(|A| A[0, 0] * (A[1, 1] * A[2, 2] - A[1, 2] * A[2, 1]))(diag([2.0, 0.0, 0.0]))",
        ),
        ("hessian(det)(zeros(2, 2))", "hessian(|A| A[0, 0] * A[1, 1] - A[0, 1] * A[1, 0])(zeros(2, 2))"),
    ];
    for (found, right) in cases {
        let text = format!("fn f() {{ let W = randn(1, (3, 3))\n({found}, {right}) }}");
        let both = on(Backend::Native, &text);
        let (found_at, right_at) = both.split_at(both.len() / 2);
        for (x, y) in found_at.iter().zip(right_at) {
            assert!((x - y).abs() <= 1e-12 * (1.0 + y.abs()), "{found}: {found_at:?}, and not {right_at:?}");
        }
    }
}

#[test]
fn what_has_no_answer_is_an_error_at_the_call() {
    let cases = [
        ("solve([[1.0, 2.0], [2.0, 4.0]], [1.0, 2.0])", "the matrix is singular"),
        ("solve([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]], [1.0, 2.0, 3.0])", "the matrix is singular"),
        ("inv(zeros(2, 2))", "the matrix is singular"),
        ("solve_lower([[1.0, 0.0], [1.0, 0.0]], [1.0, 2.0])", "of the 2 entries on its diagonal 1 are 0"),
        ("cholesky([[1.0, 2.0], [2.0, 1.0]])", "the matrix is not positive definite"),
        ("logdet([[0.0, 1.0], [1.0, 0.0]])", "the determinant is not positive"),
        ("grad(|A| slogdet(A).1)([[1.0, 2.0], [2.0, 4.0]])", "the logarithm of its determinant has no derivative"),
        ("grad(|A| sum(qr(A).0))([[1.0, 2.0], [2.0, 4.0]])", "the columns of the matrix depend on each other"),
        ("grad(|A| eigh(A).1[0, 0])(eye(2))", "repeated have no derivative"),
        ("jvp(|A| eigh(A).1, eye(2), ones(2, 2)).1", "repeated have no derivative"),
        ("grad(|A| svd(A).2[0, 0])(eye(2))", "repeated have no derivative"),
        ("grad(|A| svd(A).0[2, 1])([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])", "singular value that is 0"),
        ("grad(|A| sum(pinv(A)))([[1.0, 2.0], [2.0, 4.0]])", "the matrix has rank 1 and not 2"),
        ("solve(ones(2, 3), [1.0, 2.0])", "the matrix is not square: 2 and 3"),
        ("solve(eye(2), [1.0, 2.0, 3.0])", "the matrix and the right side differ in their rows: 2 and 3"),
        ("det([1.0, 2.0])", "a matrix is needed here, and this is f64[2]"),
        ("norm(eye(2), \"max\")", "the order of a matrix's norm is"),
    ];
    for (call, message) in cases {
        let text = format!("# A comment.\nfn f() {{\n  {call}\n}}\n");
        let program = Engine::new().compile("wrong.adl", &text);
        let Err(error) = program.and_then(|p| p.dynamic("f").and_then(|f| f.call(&[]))) else {
            panic!("{call} is no error");
        };
        let said = error.to_string();
        assert!(said.contains(message), "{call}: {said}");
        assert!(said.contains("wrong.adl:3:"), "{call}: {said}");
    }
}
