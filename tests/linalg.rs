//! Linear algebra: the factorisations of the interpreter and of native code are the same.

mod support;

use adl_compiler::engine::{Backend, Engine};
use support::compare::leaves;

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
                "fn f() {{ let A = {dtype}(randn({n} + 1, ({n}, {n})))\nlet S = A @ A.T + {dtype}(eye({n}))\nlet b = {dtype}(randn(2, ({n}, 3)))\n"
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
