//! The formatter: one style, the same program, nothing lost.

use adl_lang::fmt::format;
use adl_lang::source::{Source, SourceId};
use adl_lang::token::{Token, lex};
use std::fs;
use std::path::Path;

fn formatted(text: &str) -> String {
    format(&Source::new("a.adl", text)).unwrap_or_else(|e| panic!("{text}\n{e:?}"))
}

/// Tokens without places, and the comments.
fn words(text: &str) -> (Vec<String>, Vec<String>) {
    let source = Source::new("a.adl", text);
    let lexed = lex(&source, SourceId(0));
    let mut tokens: Vec<Token> = lexed.tokens.iter().map(|(token, _)| *token).collect();
    tokens.dedup_by(|a, b| *a == Token::Newline && *b == Token::Newline);
    let comments =
        lexed.comments.iter().map(|c| text[c.span.start as usize..c.span.end as usize].trim_end().to_string());
    let words: Vec<String> = tokens.iter().map(|t| format!("{t:?}")).collect();
    let trimmed = words.join(" ").trim_start_matches("Newline ").trim_end_matches(" Newline").to_string();
    (trimmed.split(' ').map(str::to_string).collect(), comments.collect())
}

/// All programs of the project.
fn programs() -> Vec<String> {
    fn walk(folder: &Path, out: &mut Vec<String>) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("target") {
                walk(&path, out);
            } else if path.extension().is_some_and(|e| e == "adl") {
                out.push(fs::read_to_string(&path).expect("readable"));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
    let mut out = Vec::new();
    ["examples", "tests", "lang", "compiler"].iter().for_each(|f| walk(&root.join(f), &mut out));
    out
}

#[test]
fn the_style() {
    for (text, expected) in [
        ("let x=-1+2*3", "let x = -1 + 2 * 3\n"),
        ("x ^ -2 ^ y", "x^-2^y\n"),
        ("f ( x , y )", "f(x, y)\n"),
        ("for i in 0 .. n - 1 by 2{ s+=x [ i ] }", "for i in 0..n-1 by 2 { s += x[i] }\n"),
        ("A[ .. ,none]-b [ 1 .. ]", "A[.., none] - b[1..]\n"),
        ("sum( (a-b)^2 for i in 0 .. (n-1) )", "sum((a - b)^2 for i in 0..(n - 1))\n"),
        ("let f=| x,( a , b ) |x-a", "let f = |x, (a, b)| x - a\n"),
        ("let f=||1", "let f = || 1\n"),
        ("apply(|x|-x,|y|y)", "apply(|x| -x, |y| y)\n"),
        ("(w :1,b : )", "(w: 1, b:)\n"),
        ("fn f( x:f64 [n],y=1 )->f64={ x }", "fn f(x: f64[n], y = 1) -> f64 = { x }\n"),
        ("f' ( 2 )", "f'(2)\n"),
        ("fixpoint ( tol=1e-9 ) x=a { x }", "fixpoint(tol = 1e-9) x = a { x }\n"),
        ("fixpoint(p,q)=(0,0) { (q,p) }", "fixpoint (p, q) = (0, 0) { (q, p) }\n"),
        ("@ jvp( f )\nfn g(x,dx)=(x,dx)", "@jvp(f)\nfn g(x, dx) = (x, dx)\n"),
        ("@checkpoint( 2*k )\nfor i in a { b=i }", "@checkpoint(2 * k)\nfor i in a { b = i }\n"),
        ("@checkpoint for i in a{b=i}", "@checkpoint for i in a { b = i }\n"),
        ("x|>f|>g", "x |> f |> g\n"),
        ("if not a<b and c==d{1}else{2}", "if not a < b and c == d { 1 } else { 2 }\n"),
        ("a@b.T", "a @ b.T\n"),
        ("print( \"{ x+1 :.3e}  {y}\" )", "print(\"{ x+1 :.3e}  {y}\")\n"),
        ("{}", "{}\n"),
        ("let a=1;let b=2", "let a = 1; let b = 2\n"),
    ] {
        assert_eq!(formatted(text), expected);
    }
}

#[test]
fn lines_keep_their_place() {
    let text = "

fn f(x) {

    let y = x +
  1
  if x > 0 {
  return y }
        g(x,
   y
)
- y

}


# end\n";
    let expected =
        "fn f(x) {\n  let y = x +\n    1\n  if x > 0 {\n    return y }\n  g(x,\n    y\n  )\n  -y\n}\n\n# end\n";
    assert_eq!(formatted(text), expected);
}

#[test]
fn a_block_behind_many_lines_of_parameters_stands_with_their_beginning() {
    let text = "fn f(a,\n  b) {\na + b\n}\n";
    assert_eq!(formatted(text), "fn f(a,\n  b) {\n  a + b\n}\n");
}

#[test]
fn comments_of_neighbours_share_a_column() {
    let text = "let a = 1 # one\nlet long = 2    # two\n# alone\n\nlet b = 3 # three\n";
    let expected = "let a = 1     # one\nlet long = 2  # two\n# alone\n\nlet b = 3  # three\n";
    assert_eq!(formatted(text), expected);
}

#[test]
fn every_program_keeps_its_words_and_is_stable() {
    let programs = programs();
    assert!(programs.len() > 30);
    for text in programs {
        if format(&Source::new("a.adl", text.as_str())).is_err() {
            continue;
        }
        let once = formatted(&text);
        assert_eq!(words(&once), words(&text));
        assert_eq!(formatted(&once), once);
    }
}

/// A program whose space is mangled has the form of the original.
#[test]
fn space_does_not_matter() {
    for text in programs() {
        if format(&Source::new("a.adl", text.as_str())).is_err() {
            continue;
        }
        let mut wide = String::new();
        let source = Source::new("a.adl", text.as_str());
        let lexed = lex(&source, SourceId(0));
        let mut at = 0;
        let mut strings = 0;
        for (k, (token, span)) in lexed.tokens.iter().enumerate() {
            let between = &text[at..span.start as usize];
            wide.push_str(between);
            if strings == 0 && between.is_empty() && *token != Token::Newline && k % 3 == 0 {
                wide.push_str(if k % 2 == 0 { " " } else { "\t " });
            }
            match token {
                Token::Quote => strings += 1,
                Token::QuoteEnd => strings -= 1,
                _ => {}
            }
            wide.push_str(&text[span.start as usize..span.end as usize]);
            at = span.end as usize;
        }
        wide.push_str(&text[at..]);
        if format(&Source::new("a.adl", wide.as_str())).is_ok() {
            assert_eq!(formatted(&wide), formatted(&text));
        }
    }
}

#[test]
fn a_broken_text_is_left_alone() {
    assert!(format(&Source::new("a.adl", "fn f(x = 1")).is_err());
}
