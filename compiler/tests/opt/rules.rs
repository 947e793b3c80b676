//! Every row of the simplifier has a case, and applies to what it is for alone.

use crate::support::becomes;
use adl_compiler::opt::{dce, simplify};
use std::collections::BTreeSet;

/// `row`, parameters, body, what the result becomes.
const CASES: &[(&str, &str, &str, &str)] = &[
    ("fold", "x: f64", "a = const 2.0\n b = sqrt a\n c = mul b b\n yield c", "c = const 2.0000000000000004\n yield c"),
    ("fold", "x: f64", "a = const 1.0\n b = const 2.0\n c = lt a b\n d = select c x a\n yield d", "yield x"),
    ("fold", "x: f64", "a = const 1.0\n b = const -2.0\n c = max a b\n yield c", "c = const 1.0\n yield c"),
    (
        "fold",
        "x: f64",
        "a = const 1.0\n b = const nan\n c = max a b\n yield c",
        "a = const 1.0\n b = const nan\n c = max a b\n yield c",
    ),
    (
        "fold",
        "x: i64",
        "a = const 7\n b = const -2\n c = floordiv a b\n d = rem a b\n e = mul c d\n yield e",
        "e = const 4\n yield e",
    ),
    ("add-zero", "x: f64", "a = const -0.0\n b = add a x\n yield b", "yield x"),
    ("add-zero", "x: f64", "a = const 0.0\n b = add a x\n yield b", "a = const 0.0\n b = add a x\n yield b"),
    ("add-zero", "x: i64", "a = const 0\n b = add x a\n yield b", "yield x"),
    ("sub-zero", "x: f64", "a = const 0.0\n b = sub x a\n yield b", "yield x"),
    ("zero-sub", "x: f64", "a = const -0.0\n b = sub a x\n yield b", "b = neg x\n yield b"),
    ("sub-self", "x: i64", "b = sub x x\n yield b", "b = const 0\n yield b"),
    ("sub-self", "x: f64", "b = sub x x\n yield b", "b = sub x x\n yield b"),
    ("mul-one", "x: f64[3]", "a = const 1.0\n b = broadcast [3] [] a\n c = mul b x\n yield c", "yield x"),
    ("mul-minus-one", "x: f64", "a = const -1.0\n b = mul x a\n yield b", "b = neg x\n yield b"),
    ("mul-zero", "x: i64", "a = const 0\n b = mul x a\n yield b", "b = const 0\n yield b"),
    ("mul-zero", "x: f64", "a = const 0.0\n b = mul x a\n yield b", "a = const 0.0\n b = mul x a\n yield b"),
    ("add-neg", "x: f64, y: f64", "a = neg x\n b = add a y\n yield b", "b = sub y x\n yield b"),
    ("sub-neg", "x: f64, y: f64", "a = neg x\n b = sub y a\n yield b", "b = add y x\n yield b"),
    ("neg-neg-product", "x: f64, y: f64", "a = neg x\n b = neg y\n c = mul a b\n yield c", "c = mul x y\n yield c"),
    ("neg-neg", "x: f64", "a = neg x\n b = neg a\n yield b", "yield x"),
    ("abs-neg", "x: f64", "a = neg x\n b = abs a\n c = abs b\n yield c", "c = abs x\n yield c"),
    ("div-one", "x: f64", "a = const 1.0\n b = div x a\n yield b", "yield x"),
    ("div-minus-one", "x: f64", "a = const -1.0\n b = div x a\n yield b", "b = neg x\n yield b"),
    ("floordiv-one", "x: i64", "a = const 1\n b = floordiv x a\n yield b", "yield x"),
    ("rem-one", "x: i64", "a = const 1\n b = rem x a\n yield b", "b = const 0\n yield b"),
    ("pow-zero", "x: f64", "a = const 0.0\n b = pow x a\n yield b", "b = const 1.0\n yield b"),
    ("pow-one", "x: f64", "a = const 1.0\n b = pow x a\n yield b", "yield x"),
    ("pow-two", "x: f64", "a = const 2.0\n b = pow x a\n yield b", "b = mul x x\n yield b"),
    ("min-self", "x: f64", "a = min x x\n b = max a a\n yield b", "yield x"),
    ("compare-self", "x: i64", "a = le x x\n yield a", "a = const true\n yield a"),
    ("compare-self", "x: f64", "a = le x x\n yield a", "a = le x x\n yield a"),
    ("and", "x: bool", "a = const true\n b = and a x\n c = and b b\n yield c", "yield x"),
    ("and", "x: bool", "a = const false\n b = and x a\n yield b", "b = const false\n yield b"),
    ("or", "x: bool", "a = const false\n b = or a x\n c = or b b\n yield c", "yield x"),
    ("not-not", "x: bool", "a = not x\n b = not a\n yield b", "yield x"),
    ("not-compare", "x: i64, y: i64", "a = lt x y\n b = not a\n yield b", "b = ge x y\n yield b"),
    ("not-compare", "x: f64, y: f64", "a = lt x y\n b = not a\n yield b", "a = lt x y\n b = not a\n yield b"),
    ("not-compare", "x: f64, y: f64", "a = eq x y\n b = not a\n yield b", "b = ne x y\n yield b"),
    ("select-decided", "c: bool, x: f64", "b = select c x x\n yield b", "yield x"),
    ("select-not", "c: bool, x: f64, y: f64", "a = not c\n b = select a x y\n yield b", "b = select c y x\n yield b"),
    ("select-bool", "c: bool", "a = const true\n b = const false\n d = select c b a\n yield d", "d = not c\n yield d"),
    ("size-constant", "x: f64", "a = size 3\n yield a", "a = const 3\n yield a"),
    ("convert", "x: f64", "a = convert f64 x\n yield a", "yield x"),
    ("convert", "x: f64", "a = const 3\n b = convert f64 a\n yield b", "b = const 3.0\n yield b"),
    ("broadcast-same", "x: f64[3]", "a = broadcast [3] [0] x\n yield a", "yield x"),
    (
        "broadcast-broadcast",
        "x: f64[3]",
        "a = broadcast [2, 3] [1] x\n b = broadcast [2, 4, 3] [0, 2] a\n yield b",
        "b = broadcast [2, 4, 3] [2] x\n yield b",
    ),
    ("reduce-none", "x: f64[3]", "a = reduce sum [] x\n yield a", "yield x"),
    ("transpose-identity", "x: f64[3, 2]", "a = transpose [0, 1] x\n yield a", "yield x"),
    (
        "transpose-transpose",
        "x: f64[3, 2, 4]",
        "a = transpose [1, 2, 0] x\n b = transpose [1, 2, 0] a\n yield b",
        "b = transpose [2, 0, 1] x\n yield b",
    ),
    (
        "move-broadcast",
        "x: f64",
        "a = broadcast [3, 2] [] x\n b = transpose [1, 0] a\n c = reshape [6] b\n yield c",
        "c = broadcast [6] [] x\n yield c",
    ),
    ("reshape-same", "x: f64[3]", "a = reshape [3] x\n yield a", "yield x"),
    (
        "reshape-reshape",
        "x: f64[6]",
        "a = reshape [2, 3] x\n b = reshape [3, 2] a\n yield b",
        "b = reshape [3, 2] x\n yield b",
    ),
    ("concat-one", "x: f64[3]", "a = concat 0 x\n yield a", "yield x"),
    (
        "matmul-transpose",
        "x: f64[3, 2], y: f64[3, 4]",
        "a = transpose [1, 0] x\n b = matmul a, y\n yield b",
        "b = matmul x', y\n yield b",
    ),
    ("span-whole", "x: f64[3]", "a = const 0\n b = index x [from a len 3 step 1]\n yield b", "yield x"),
    ("index-all", "x: f64[3], y: f64[3]", "a = update x [:] y\n b = index a [:]\n yield b", "yield y"),
    (
        "index-broadcast",
        "x: f64[3], i: i64, j: i64",
        "a = broadcast [2, 3] [1] x\n b = index a [i, j]\n yield b",
        "b = index x [j]\n yield b",
    ),
    (
        "index-broadcast",
        "x: f64[3, 2], i: i64, j: i64",
        "a = broadcast [4, 3, 2] [1, 2] x\n b = index a [:, j, :]\n yield b",
        "c = index x [j, :]\n b = broadcast [4, 2] [1] c\n yield b",
    ),
    ("index-update", "x: f64[3], v: f64", "i = const 1\n a = update x [i] v\n b = index a [i]\n yield b", "yield v"),
    (
        "index-update",
        "x: f64[3], v: f64",
        "i = const 1\n j = const 2\n a = update x [i] v\n b = index a [j]\n yield b",
        "j = const 2\n b = index x [j]\n yield b",
    ),
    (
        "index-update",
        "x: f64[3], v: f64, i: i64, j: i64",
        "a = update x [i] v\n b = index a [j]\n yield b",
        "a = update x [i] v\n b = index a [j]\n yield b",
    ),
    (
        "index-concat",
        "x: f64[3], y: f64[2]",
        "i = const 4\n a = concat 0 x y\n b = index a [i]\n yield b",
        "i = const 1\n b = index y [i]\n yield b",
    ),
    ("index-iota", "i: i64", "a = iota 5\n b = index a [i]\n yield b", "yield i"),
    (
        "index-index",
        "x: f64[3, 4], i: i64, j: i64",
        "a = index x [i, :]\n b = index a [j]\n yield b",
        "b = index x [i, j]\n yield b",
    ),
];

/// The result type is that of the only value yielded, so it is written by hand where it is not `f64`.
fn function(params: &str, body: &str, ty: &str) -> String {
    let lines: Vec<&str> = body.lines().map(str::trim).collect();
    format!("func f[]({params}) -> {ty} {{\n  {}\n}}\n", lines.join("\n  "))
}

#[test]
fn every_row_has_a_case_and_does_what_it_says() {
    let types = [
        "f64",
        "i64",
        "bool",
        "f64[3]",
        "f64[6]",
        "f64[3, 2]",
        "f64[2, 3]",
        "f64[2, 4, 3]",
        "f64[4, 3, 2]",
        "f64[2, 4]",
        "f64[4, 2]",
    ];
    for (row, params, input, expected) in CASES {
        let typed = |body: &str, ty: &str| function(params, body, ty);
        let ty = types.into_iter().find(|ty| adl_compiler::ir::parse::parse(&typed(input, ty)).is_ok()).unwrap_or_else(
            || panic!("{row}: no type fits {input}: {:?}", adl_compiler::ir::parse::parse(&typed(input, "f64")).err()),
        );
        becomes(
            |func, effects| {
                simplify::simplify(func);
                dce::dce(func, effects);
            },
            &typed(input, ty),
            &typed(expected, ty),
        );
    }
    let tested: BTreeSet<&str> = CASES.iter().map(|case| case.0).collect();
    let rows: BTreeSet<&str> = simplify::rows().map(|row| row.name).collect();
    assert_eq!(rows.difference(&tested).collect::<Vec<_>>(), Vec::<&&str>::new());
}

#[test]
fn squares_are_powers_to_the_bit() {
    let mut x = 1e-160_f64;
    while x < 1e150 {
        x *= 1.37912;
        let power = adl_compiler::opt::fold::fold(
            adl_lang::prims::Prim::Pow,
            &[adl_lang::ops::Const::F64(x), adl_lang::ops::Const::F64(2.0)],
        );
        assert_eq!(power, Some(adl_lang::ops::Const::F64(x * x)), "{x}");
    }
}
