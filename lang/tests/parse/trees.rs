//! Trees, spans, lines, and the limits that keep the parser safe.

use crate::common::{errors, read, tree};
use adl_lang::ast::{ExprKind, StmtKind};
use adl_lang::parse::{MAX_DEPTH, MAX_NESTING};
use std::time::{Duration, Instant};

/// Each line: a text, `=>`, its tree.
fn check(cases: &str) {
    for case in cases.lines().filter(|line| !line.trim().is_empty()) {
        let (text, expected) = case.split_once("=>").expect("a case has `=>`");
        assert_eq!(tree(text.trim()), expected.trim(), "{text}");
    }
}

#[test]
fn precedence() {
    check(
        "-x^2 => (- (^ x 2))
         2^-k => (^ 2 (- k))
         a^b^c => (^ a (^ b c))
         a - b - c => (- (- a b) c)
         a * b + c @ d / e // f % g => (+ (* a b) (% (// (/ (@ c d) e) f) g))
         -a * b => (* (- a) b)
         --a => (- (- a))
         0..n+1 => (.. 0 (+ n 1))
         (0..n) / n => (/ (.. 0 n) n)
         b..a by -1 => (.. b a (- 1))
         not a == b and c or d => (or (and (not (a == b)) c) d)
         0 <= i < n => (0 <= i < n)
         (a < b) == c => ((a < b) == c)
         x |> f |> g(2) => (call (call g 2) (call f x))
         a or b |> f => (call f (or a b))
         |x| x^2 |> f => (|x| (call f (^ x 2)))
         1 + |x| x + 2 => (+ 1 (|x| (+ x 2)))
         f''(1.9) => (call (' (' f)) 1.9)
         x^f'(2) => (^ x (call (' f) 2))
         (|t| g(t))'(0) => (call (' (|t| (call g t))) 0)
         t.0.1.T => (. (. (. t 0) 1) T)
         -x' => (- (' x))",
    );
}

#[test]
fn brackets() {
    check(
        "() => none
         (x) => x
         (x,) => (tuple x)
         (x, y) => (tuple x y)
         (w:, b: 2) => (record w: b:2)
         (..t, b: 2) => (update t b:2)
         (e for p in t) => (tuple-for e (in p t))
         [] => []
         [a, [b,],] => [a [b]]
         [x[i] * y for i in 0..n, j in r] => [for (* (at x i) y) (in i (.. 0 n)) (in j r)]
         sum(e for i in a, j in i if c, axis = 1) => (call sum ~[for e (in i a) (in j i) (if c)] axis=1)
         f(x, n = 3,) => (call f x n=3)
         A[i, .., none] => (at A i <_ _ _> none)
         x[1..n-1, ..3, 2..] => (at x <1 (- n 1) _> <_ 3 _> <2 _ _>)
         x[.. by 2, 1.. by 2, ..-1] => (at x <_ _ 2> <1 _ 2> <_ (- 1) _>)
         || 3 => (|| 3)
         f(|x||y| x, 1) => (call f (|x| (|y| x)) 1)
         |(a, b), [c, d]: f64[2]| a => (|(tuple a b) [c d]: f64[2]| a)",
    );
}

#[test]
fn statements() {
    check(
        "let A: f64[n, n * (n - 1) // 2] = b => (let A: f64[n (// (* n (- n 1)) 2)] b)
         let (w:, b: [x, _]) = t => (let (record w: b:[x _]) t)
         var x: (f64,) = (1,) => (var x: (tuple f64) (tuple 1))
         let f: (f64, (w: f64)) -> f64 = g => (let f: ((f64 (tuple w:f64)) -> f64) g)
         let x: (f64) = 1 => (let x: f64 1)
         fn f([x, y], d = len(x)) -> f64 = x => (fn f ([x y] d = (call len x)) -> f64 x)
         fn f() { return; 1 } => (fn f () {(return); 1})
         @jvp(f) fn g(x, dx) = x => (fn @jvp f g (x dx) x)
         import optim as o => (import optim as o)
         import \"a/b.adl\" => (import \"a/b.adl\")
         test \"two words\" { assert(x) } => (test \"two words\" {(call assert x)})
         let test = as => (let test as)
         for (i, x) in enumerate(a) { break; continue } => (for (tuple i x) (call enumerate a) {break; continue})
         @checkpoint(2 * k) for i in a { b } => (@checkpoint((* 2 k)) for i a {b})
         @checkpoint for i in a { b } => (@checkpoint() for i a {b})
         while x < 1 { x += 1 } => (while (x < 1) {(+= x 1)})
         t.w[i] -= 2 => (-= (at (. t w) i) 2)
         (x, v.0) = (v, x) => (= (tuple x (. v 0)) (tuple v x))
         if a { 1 } else if b { 2 } else { 3 } => (if a {1} (if b {2} {3}))
         fixpoint x = a { x } => (fixpoint x a {x})
         fixpoint(tol = 1, max = 2) (p, q) = (0, 0) { p } => (fixpoint tol=1 max=2 (tuple p q) (tuple 0 0) {p})
         fixpoint (p, q) = a { p } => (fixpoint (tuple p q) a {p})",
    );
}

#[test]
fn literals() {
    check(
        r#"1_000 + 1e-6 + 0.5 => (+ (+ 1000 1e-6) 0.5)
         1..n => (.. 1 n)
         θ_1 + log_amp => (+ θ_1 log_amp)
         true and none => (and true none)
         "a\n\t\"\\" => (str "a\n\t\"\\")
         "{{x}}" => (str "{x}")
         "a {x:.3e}{p:8.1%}{y:}" => (str "a " {x None Some(3) Exponent} {p Some(8) Some(1) Percent} {y None None Plain})
         "{f("}} {y}", (w: 2))} b" => (str {(call f (str "} " {y}) (record w:2))} " b")
         "{ {1} } {[|x| { x }]:d}" => (str {{1}} " " {[(|x| {x})] None None Integer})"#,
    );
}

#[test]
fn lines() {
    let same = [
        ("(a\n+ b\n)", "(+ a b)"),
        ("[a,\n\n b # comment\n]", "[a b]"),
        ("a +\n b", "(+ a b)"),
        ("let x =\n 1", "(let x 1)"),
        ("f(|x|\n x)", "(call f (|x| x))"),
        ("|x|\n x", "(|x| x)"),
        ("fn f() ->\n f64 = 1", "(fn f () -> f64 1)"),
        ("a\n  |> f", "(call f a)"),
        ("a\n  .b", "(. a b)"),
        ("a # comment\n\n  # another\n  .b", "(. a b)"),
        ("if a { 1 }\nelse { 2 }", "(if a {1} {2})"),
        ("a\nand b\nor c", "(or (and a b) c)"),
        ("a\n- b", "a; (- b)"),
        ("a\n(b)", "a; b"),
        ("a\n[b]", "a; [b]"),
        ("a; b;; c;", "a; b; c"),
        ("a\r\n\tb\r\n", "a; b"),
        ("{ a\n b }", "{a; b}"),
        ("(|x| { a\n b })", "(|x| {a; b})"),
        ("@jvp(f)\n\nfn g(x) = x", "(fn @jvp f g (x) x)"),
        ("@checkpoint(len(a))\nfor i in a { b }", "(@checkpoint((call len a)) for i a {b})"),
        ("@checkpoint\nfor i in a { b }", "(@checkpoint() for i a {b})"),
        ("return\nx", "(return); x"),
        ("", ""),
        ("\n\n# nothing\n", ""),
    ];
    for (text, expected) in same {
        assert_eq!(tree(text), expected, "{text:?}");
    }
    assert!(errors("a\n..b").contains("expected a statement, found `..`"));
}

#[test]
fn spans() {
    let text = "let a = f(x)^2 + (y)\nfn g(x) { x |> f }";
    let (file, _) = read(text);
    let slice = |span: adl_lang::source::Span| &text[span.start as usize..span.end as usize];
    let all: Vec<_> = file.stmts.iter().map(|stmt| slice(stmt.span)).collect();
    assert_eq!(all, ["let a = f(x)^2 + (y)", "fn g(x) { x |> f }"]);
    let StmtKind::Let { value, .. } = &file.stmts[0].kind else { panic!("a let") };
    assert_eq!(slice(value.span), "f(x)^2 + (y)");
    let ExprKind::Binary(_, left, right) = &value.kind else { panic!("a sum") };
    assert_eq!((slice(left.span), slice(right.span)), ("f(x)^2", "(y)"));
    let StmtKind::Fn(def) = &file.stmts[1].kind else { panic!("a function") };
    assert_eq!((slice(def.name.span), slice(def.body.span)), ("g", "{ x |> f }"));
    let ExprKind::Block(block) = &def.body.kind else { panic!("a block") };
    assert_eq!((slice(block.span), slice(block.stmts[0].span)), ("{ x |> f }", "x |> f"));
}

#[test]
fn docs() {
    let text = "## The file.
## Two lines.

## One.
fn f() = 1

##  Two
# plain
let x = 1 ## no
### no
fn g() = 2
## Three
@jvp(f)
fn h() = 3
{
  ## In.
  fn k() = 1
}";
    let (file, problems) = read(text);
    assert!(problems.is_empty());
    assert_eq!(file.doc.as_deref(), Some("The file.\nTwo lines."));
    let doc = |stmt: &adl_lang::ast::Stmt| match &stmt.kind {
        StmtKind::Fn(def) => def.doc.clone(),
        StmtKind::Let { doc, .. } => doc.clone(),
        _ => None,
    };
    let docs: Vec<_> = file.stmts.iter().map(doc).collect();
    let some = |text: &str| Some(text.to_string());
    assert_eq!(docs, [some("One."), some(" Two"), None, some("Three"), None]);
    assert_eq!(read("## About f.\nfn f() = 1").0.doc, None);
}

/// Runs in a thread with the smallest usual stack; dropping and printing the tree is part of it.
fn in_small_thread(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(run).expect("a thread");
    thread.join().expect("no panic");
}

#[test]
fn deep_text_is_refused() {
    in_small_thread(|| {
        let n = 100_000;
        let many = |open: &str, middle: &str, close: &str| format!("{}{middle}{}", open.repeat(n), close.repeat(n));
        let texts = [
            many("(", "x", ")"),
            many("[", "x", "]"),
            many("{", "x", "}"),
            many("f(", "x", ")"),
            many("(w: ", "x", ")"),
            many("x[", "0", "]"),
            many("(", "", ""),
            many("{", "", ""),
            many("|x| ", "x", ""),
            many("-", "x", ""),
            many("not ", "x", ""),
            many("x^", "x", ""),
            many("x |> ", "f", ""),
            many("if x ", "", ""),
            many("if x { 1 } else ", "{ 1 }", ""),
            many("if x { ", "1", " }"),
            many("for i in x { ", "1", " }"),
            many("fixpoint x = ", "1", " { x }"),
            many("fixpoint(a = ", "1", ") x = 1 { x }"),
            many("[1 for x in ", "1", "]"),
            format!("f{}", "'".repeat(n)),
            format!("t{}", ".0".repeat(n)),
            format!("t{}", ".w".repeat(n)),
            format!("f{}", "()".repeat(n)),
            format!("f{}", "[0]".repeat(n)),
            format!("let x: {}f64 = 1", "() -> ".repeat(n)),
            format!("let x: {} = 1", many("(", "f64", ",)")),
            format!("let {} = 1", many("(", "x", ",)")),
            format!("let {} = 1", many("[", "x", "]")),
            format!("print({})", many("\"{", "1", "}\"")),
        ];
        for text in texts {
            let start = Instant::now();
            let (file, problems) = read(&text);
            drop(file);
            let shown = text.chars().take(40).collect::<String>();
            assert_eq!(problems.len(), 1, "{shown}: {problems:?}");
            assert_eq!((problems[0].code, problems[0].title.as_str()), ("E0008", "nested too deeply"), "{shown}");
            assert!(start.elapsed() < Duration::from_secs(20), "{shown}: {:?}", start.elapsed());
        }
    });
}

#[test]
fn text_within_the_limits_is_read() {
    in_small_thread(|| {
        let depth = MAX_NESTING;
        let chain = MAX_DEPTH as usize - 1;
        for text in [
            format!("{}x{}", "(".repeat(depth), ")".repeat(depth)),
            format!("{}x{}", "{".repeat(depth), "}".repeat(depth)),
            format!("{}x{}", "f(".repeat(depth), ")".repeat(depth)),
            format!("{}x{}", "if a { ".repeat(depth), " }".repeat(depth)),
            format!("{}x", "x + ".repeat(100_000)),
            format!("{}x", "x and ".repeat(100_000)),
            format!("{}x", "x * x + x and ".repeat(30_000)),
            format!("{}x", "-".repeat(chain)),
            format!("{}x", "x^".repeat(chain)),
            format!("f{}", "'".repeat(chain)),
            format!("[{}]", "x, ".repeat(100_000)),
            "x; ".repeat(10_000),
            format!("x{}", " < x".repeat(10_000)),
        ] {
            let (_, problems) = read(&text);
            assert!(problems.is_empty(), "{}: {problems:?}", text.chars().take(40).collect::<String>());
        }
    });
}

/// Alternatives that share a beginning would make this exponential in the depth.
#[test]
fn nested_brackets_take_linear_time() {
    let start = Instant::now();
    for (open, close) in [
        ("(", ")"),
        ("(x, ", ")"),
        ("(w: ", ")"),
        ("f(", ")"),
        ("f(a = ", ")"),
        ("x[", "]"),
        ("[", "]"),
        ("|x| (", ")"),
    ] {
        for middle in ["x", "x y", "x =", ""] {
            read(&format!("{}{middle}{}", open.repeat(100), close.repeat(100)));
        }
    }
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn token_soup_never_panics() {
    let words: Vec<&str> = "fn let var if else for while in by break continue return import and or not true none \
        fixpoint test as x f 1 0.5 ( ) [ ] { } , : ; . .. + - * / // % @ ^ ' | |> || ** & ! = == != < <= += -> \
        \" {{ {x \\ # ## 1. .5 2x \u{202e} \u{1b} − é \n \n"
        .split(' ')
        .collect();
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    let mut random = |n: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % n
    };
    for _ in 0..4_000 {
        let mut text = String::new();
        for _ in 0..1 + random(30) {
            text.push_str(words[random(words.len())]);
            text.push_str(["", " ", " "][random(3)]);
        }
        let (_, problems) = read(&text);
        let shown = crate::common::show(&text, &problems);
        assert!(!shown.contains(['\u{202e}', '\u{1b}']), "{text:?}");
    }
}
