//! What other languages, and other keyboards, write differently: named, explained, and read as it was meant.

use super::{Lexer, Token};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// Characters that look like, or mean, something that is written otherwise here.
const LOOKALIKES: &[(char, &str)] = &[
    ('−', "-"),
    ('–', "-"),
    ('×', "*"),
    ('·', "*"),
    ('⋅', "*"),
    ('÷', "/"),
    ('≤', "<="),
    ('≥', ">="),
    ('≠', "!="),
    ('→', "->"),
    ('²', "^2"),
    ('³', "^3"),
    ('∧', "and"),
    ('∨', "or"),
    ('¬', "not"),
    ('∞', "inf"),
    ('“', "\""),
    ('”', "\""),
    ('„', "\""),
    ('′', "'"),
    ('’', "'"),
];

/// Characters and pairs of them that mean something elsewhere, and how that is written here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("?", "a choice is written `if c { a } else { b }`"),
    ("√", "a square root is written `sqrt(x)`"),
    ("∇", "a gradient is written `grad(f)`"),
    ("∂", "a derivative is written `grad(f)`, or `f'`"),
    ("∑", "a sum is written `sum(x)`, or `sum(f(i) for i in 0..n)`"),
    ("Σ", "a sum is written `sum(x)`, or `sum(f(i) for i in 0..n)`"),
    ("$", "a value stands in a string as `\"{x}\"`"),
    ("~", "\"not\" is written `not`"),
];

/// Types behind a number elsewhere.
const SUFFIXES: &[&str] = &["f32", "f64", "i32", "i64", "u8", "u32", "u64", "usize", "isize", "L", "LL", "UL"];

impl<'a> Lexer<'a> {
    /// Whether a number fits with the sign before it, and only so: the least whole number.
    fn is_least(&self, text: &str) -> bool {
        let (sign, before) = match self.out.tokens.as_slice() {
            [.., (before, _), (sign, _)] => (*sign, Some(*before)),
            [(sign, _)] => (*sign, None),
            [] => return false,
        };
        sign == Token::Minus
            && !before.is_some_and(Token::ends_value)
            && format!("-{}", text.replace('_', "")).parse() == Ok(i64::MIN)
    }

    fn least(&mut self, span: Span) {
        if let Some((_, sign)) = self.out.tokens.pop() {
            self.push(Token::Int(i64::MIN), sign.to(span));
        }
    }

    /// A character that begins no token, or a number that does not fit.
    pub(super) fn unreadable(&mut self, span: Span) {
        let text = &self.text[span.start as usize..span.end as usize];
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            if self.is_least(text) {
                return self.least(span);
            }
            let problem = if text.bytes().all(|c| c.is_ascii_digit() || c == b'_') {
                Diagnostic::error("E0007", span, "this whole number is too large")
                    .note(format!("whole numbers go from {} to {}", i64::MIN, i64::MAX))
                    .fix("as a number with a fraction it fits", vec![(span, format!("{text}.0"))])
            } else {
                Diagnostic::error("E0007", span, "this number is too large")
                    .note("the largest is about 1.8e308; infinity is written `inf`")
            };
            self.report(problem);
            return self.push(Token::Bad, span);
        }
        let close = match text {
            "“" | "„" => Some('”'),
            "`" => Some('`'),
            _ => None,
        };
        let line = self.rest().lines().next().unwrap_or("");
        if let Some(close) = close
            && let Some(length) = line.find(close)
        {
            return self.foreign_string(span, length, close);
        }
        // One report for a run of unreadable characters.
        if let Some((Token::Bad, last)) = self.out.tokens.last_mut()
            && last.end == span.start
        {
            last.end = span.end;
            return;
        }
        let shown: String = text.chars().flat_map(show).collect();
        let problem = Diagnostic::error("E0006", span, format!("`{shown}` has no meaning here"));
        let meant = LOOKALIKES.iter().find(|(c, _)| text.starts_with(*c)).map(|&(_, meant)| meant);
        self.report(match meant {
            Some(meant) => {
                let patch = self.spaced(span, meant);
                problem.fix(format!("write `{meant}`"), vec![(span, patch)])
            }
            None if text == "\\" => self.backslash(span, problem),
            None if text == "~" && self.rest().starts_with('=') => {
                let both = self.span(span.start as usize, span.end as usize + 1);
                self.inner.bump(1);
                let problem = Diagnostic::error("E0009", both, "`~=` is no operator");
                self.report(problem.fix("`!=` tells whether two values differ", vec![(both, "!=".into())]));
                return self.push(Token::Ne, both);
            }
            None if let Some((_, help)) = ELSEWHERE.iter().find(|(sign, _)| *sign == text) => problem.help(*help),
            None => problem.help("names are made of letters, digits and `_`; the operators are `+ - * / // % @ ^`"),
        });
        self.push(Token::Bad, span);
    }

    /// An operator of another language: reported, and read as the one that is meant.
    pub(super) fn slip(&mut self, span: Span, meant: Token<'a>, spelling: &'static str) {
        let text = &self.text[span.start as usize..span.end as usize];
        let problem = foreign_operator(span, text, spelling, self.spaced(span, spelling));
        self.report(problem);
        self.push(meant, span);
    }

    /// A sign that is left out here.
    pub(super) fn superfluous(&mut self, span: Span, why: &str) {
        let problem = Diagnostic::error("E0009", span, format!("`{}` is no operator here", self.text_of(span)));
        self.report(problem.note(why).fix("leave it out", vec![(span, String::new())]));
    }

    /// `print!(x)`, `vec![1, 2]`.
    pub(super) fn mark_of_macro(&mut self, span: Span) {
        let why = "functions have no `!` behind their name";
        if !self.rest().starts_with('[') {
            return self.superfluous(span, why);
        }
        let Some((_, name)) = self.out.tokens.pop() else {
            return;
        };
        self.superfluous(name.to(span), "an array is written `[1, 2]`");
    }

    /// Whether a name ends where `!` stands, and a bracket follows: `vec![1]`.
    pub(super) fn ends_name(&self, span: Span) -> bool {
        let name = matches!(self.out.tokens.last(), Some((Token::Name(_), name)) if name.end == span.start);
        name && self.rest().starts_with(['(', '['])
    }

    /// `/* … */`: reported once, and skipped.
    pub(super) fn block_comment(&mut self, span: Span) {
        let rest = self.rest();
        let close = rest.get(1..).and_then(|inside| inside.find("*/")).map(|at| at + 1);
        let length = close.map_or(rest.len(), |at| at + 2);
        let start = span.end as usize;
        self.inner.bump(length);
        let opening = self.span(span.start as usize, start + 1);
        let problem = Diagnostic::error("E0009", opening, "`/*` begins no comment");
        let help = "a comment begins with `#`, and ends with its line";
        let ends_line = rest[length..].lines().next().unwrap_or("").trim().is_empty();
        let Some(close) = close.filter(|_| ends_line) else {
            return self.report(problem.help(help));
        };
        let mut patches = vec![(opening, "#".to_string())];
        for (at, _) in rest[..close].match_indices('\n') {
            patches.push((self.span(start + at + 1, start + at + 1), "# ".into()));
        }
        patches.push((self.span(start + close, start + length), String::new()));
        self.report(problem.fix(help, patches));
    }

    /// Whether `'` opens a string of other languages, and where that ends.
    pub(super) fn quoted(&self) -> Option<usize> {
        let line = self.rest().lines().next().unwrap_or("");
        if self.after_value() { None } else { line.find('\'').filter(|&at| !line[..at].contains(['"', '\\'])) }
    }

    /// `“text”`, `` `text` ``, `'text'`.
    pub(super) fn foreign_string(&mut self, open: Span, length: usize, close: char) {
        let start = open.end as usize + length;
        let close = self.span(start, start + close.len_utf8());
        self.inner.bump((close.end - open.end) as usize);
        let whole = open.to(close);
        let quote = || "\"".to_string();
        self.report(
            Diagnostic::error("E0006", whole, "a string has other quotation marks")
                .fix("they are `\"`", vec![(open, quote()), (close, quote())]),
        );
        self.push(Token::Bad, whole);
    }

    /// `\x -> e`; a `\` at the end of a line.
    fn backslash(&self, span: Span, problem: Diagnostic) -> Diagnostic {
        if self.rest().lines().next().unwrap_or("").trim().is_empty() {
            let help = "a statement goes on in the next line after an operator and in brackets: leave it out";
            return problem.fix(help, vec![(span, String::new())]);
        }
        if self.out.tokens.last().is_some_and(|(token, _)| token.ends_value()) {
            return problem.help("a system of equations is solved by `solve(A, b)`");
        }
        problem.help("a function without a name is written `|x| x^2`")
    }

    fn text_of(&self, span: Span) -> &'a str {
        &self.text[span.start as usize..span.end as usize]
    }

    /// `1.` and `0x10`; else the number.
    pub(super) fn number(&mut self, token: Token<'a>, span: Span) {
        let rest = self.rest();
        let mut after = rest.strip_prefix('.').unwrap_or("x").chars();
        let exponent = rest.starts_with(".e")
            && rest[2..].trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit());
        let bare = match after.next() {
            Some(c) => c != '.' && c != '_' && !c.is_alphanumeric(),
            None => true,
        };
        let digits = matches!(token, Token::Int(_));
        if !(digits && (bare || exponent)) {
            return self.push(token, span);
        }
        let point = self.span(span.end as usize, span.end as usize + 1);
        self.inner.bump(1);
        self.report(
            Diagnostic::error("E0007", span.to(point), "a digit must follow the point")
                .fix("write the zero", vec![(self.span(point.end as usize, point.end as usize), "0".into())]),
        );
        self.push(Token::Bad, span.to(point));
        if exponent {
            let length =
                rest[1..].find(|c: char| !c.is_alphanumeric() && c != '-' && c != '+').unwrap_or(rest.len() - 1);
            self.inner.bump(length);
        }
    }

    /// A point: digits behind it are a field (`t.0.1`), unless nothing stands before it (`.5`).
    pub(super) fn dot(&mut self, span: Span) {
        let rest = self.rest();
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        let before = self.out.tokens.iter().rev().find(|(token, _)| *token != Token::Newline);
        // `0...5` is a range with a point too many.
        let range = matches!(before, Some((Token::DotDot, range)) if range.end == span.start);
        if length == 0 || range {
            return self.push(Token::Dot, span);
        }
        let digits = self.span(span.end as usize, span.end as usize + length);
        self.inner.bump(length);
        if before.is_some_and(|(token, _)| token.ends_value()) {
            self.push(Token::Dot, span);
            match rest[..length].parse() {
                Ok(field) => self.push(Token::Int(field), digits),
                Err(_) => self.unreadable(digits),
            }
            return;
        }
        self.report(
            Diagnostic::error("E0007", span.to(digits), "a digit must stand before the point")
                .fix("write the zero", vec![(self.span(span.start as usize, span.start as usize), "0".into())]),
        );
        self.push(Token::Bad, span.to(digits));
    }

    /// Whether a number ends where `span` begins.
    pub(super) fn number_before(&self, span: Span) -> bool {
        match self.out.tokens.as_slice() {
            [.., (Token::Dot, _), (Token::Int(_), _)] => false,
            [.., (Token::Int(_) | Token::Float(_), number)] => number.end == span.start,
            _ => false,
        }
    }

    /// A name glued to a number: `2x`, `0x1F`, `1e`.
    pub(super) fn after_number(&mut self, name: Span) {
        let Some(&(_, number)) = self.out.tokens.last() else {
            return;
        };
        let whole = number.to(name);
        let text = &self.text[name.start as usize..name.end as usize];
        let problem = Diagnostic::error("E0007", whole, "a number runs into a name");
        let at = self.span(name.start as usize, name.start as usize);
        self.report(match text.as_bytes() {
            [b'_', ..] => problem.help("`_` in a number stands between two digits: `1_000`"),
            [b'e' | b'E'] => problem.help("an exponent needs digits: `1e-6`"),
            [b'x' | b'b' | b'o', rest @ ..] if rest.iter().any(u8::is_ascii_hexdigit) => {
                let base = match text.as_bytes() {
                    [b'x', ..] => 16,
                    [b'o', ..] => 8,
                    _ => 2,
                };
                match i64::from_str_radix(&text[1..].replace('_', ""), base) {
                    Ok(value) if self.text_of(number) == "0" => {
                        problem.fix("numbers are decimal", vec![(whole, value.to_string())])
                    }
                    _ => problem.help("numbers are decimal"),
                }
            }
            [b'i'] => {
                let help = "there are no complex numbers: with a variable `i` in mind, a product needs its `*`";
                problem.fix(help, vec![(at, " * ".into())])
            }
            [b'j'] | [b'i', b'm'] => problem.help("there are no complex numbers").note("a product needs its `*`"),
            _ if SUFFIXES.contains(&text) || (text == "f" && self.text_of(number).contains('.')) => {
                let help = "a number takes the type of what it meets, or is converted: `f32(1.5)`";
                problem.fix(help, vec![(name, String::new())])
            }
            _ => problem.fix("a product needs its `*`", vec![(at, " * ".into())]),
        });
        if let Some(last) = self.out.tokens.last_mut() {
            *last = (Token::Bad, whole);
        }
    }

    /// The replacement of `span` by `meant`, with spaces where a word would run into its neighbours.
    fn spaced(&self, span: Span, meant: &str) -> String {
        spaced(self.text, span, meant)
    }
}

/// `&&` is written `and`.
pub(crate) fn foreign_operator(span: Span, text: &str, spelling: &str, patch: String) -> Diagnostic {
    let role = match spelling {
        "^" => "a power",
        "and" => "\"and\"",
        "or" => "\"or\"",
        _ => "\"not\"",
    };
    Diagnostic::error("E0009", span, format!("`{text}` is no operator"))
        .fix(format!("{role} is written `{spelling}`"), vec![(span, patch)])
}

/// `meant` with spaces where, written at `span` of `text`, it would run into its neighbours.
pub(crate) fn spaced(text: &str, span: Span, meant: &str) -> String {
    if !meant.starts_with(|c: char| c.is_alphabetic()) {
        return meant.to_string();
    }
    let before = text[..span.start as usize].chars().next_back();
    let after = text[span.end as usize..].chars().next();
    let open = before.is_some_and(|c| !c.is_whitespace() && !"([{".contains(c));
    let close = after.is_some_and(|c| !c.is_whitespace());
    format!("{}{meant}{}", if open { " " } else { "" }, if close { " " } else { "" })
}

/// A character as a message may show it: controls and marks of direction escaped.
fn show(c: char) -> Vec<char> {
    let invisible =
        c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}');
    if invisible { c.escape_unicode().collect() } else { vec![c] }
}
