mod checking;
use checking::*;
fn dump(t: &str) {
    let (c, _, r) = check_with(t, &[]);
    println!("==== {t}");
    match r { Ok(es) => for e in es { if e.module.funcs[0].body.len() > 1 || e.shown.is_some() { println!("{} exact={} inputs={:?} shown={:?}", e.module, e.exact, e.inputs, e.shown); } }, Err(e) => println!("{}", render(&c, &e)) }
}
#[test] fn scratch() { roomy(|| {
    dump("fn f(x) {\n var y = x\n for _ in 0..2 { y = cos(y^pi) * log(y) }\n y\n}\nprint(f(1.9), f'(1.9))");
    dump("fn rosenbrock(p) {\n  let [x, y] = p\n  (1 - x)^2 + 100 * (y - x^2)^2\n}\nvar p = [0.0, 0.0]\nfor _ in 0..1000 {\n  p -= 0.001 * grad(rosenbrock)(p)\n}\nprint(\"minimum near {p}, loss {rosenbrock(p):.3e}\")");
    dump("fn det(A: f64[n, n]) -> f64 = if n == 1 { A[0, 0] } else {\n  sum((if j % 2 == 0 { 1 } else { -1 }) * A[0, j] * det(minor(A, j)) for j in 0..n)\n}\nfn minor(A: f64[n, n], j: i64) -> f64[n - 1, n - 1] =\n  [A[r + 1, if c < j { c } else { c + 1 }] for r in 0..n-1, c in 0..n-1]\nlet A = rand(1, (20, 20))\ndet(A)");
    dump("fn fact(n) = if n == 0 { 1 } else { n * fact(n - 1) }\nfact(20)");
    dump("var s = 0\nlet x = [1.0, 2.0]\nfor i in 0..2 { s += x[i] }\ns");
    dump("fn f(x: f64[n], y: f64[m]) = x + y");
    dump("let y = lamda + 1");
}) }
