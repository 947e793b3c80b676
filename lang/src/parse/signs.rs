//! Signs and brackets as other languages use them: `:=`, `===`, `.^`, `x++`, `a[:, 1]`, `[1 2; 3 4]`, `{a: 1}`.

use super::errors::{Place, nesting};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::token::Token;

impl Place<'_> {
    /// A sign of another language, if it is one.
    pub(super) fn foreign_sign(&self) -> Option<Diagnostic> {
        self.binding()
            .or_else(|| self.joined())
            .or_else(|| self.step_of_one())
            .or_else(|| self.quotes())
            .or_else(|| self.sizes())
            .or_else(|| self.slice())
            .or_else(|| self.doubled())
            .or_else(|| self.rows())
            .or_else(|| self.braces())
    }

    /// `x := 3`, `x: f64 = 3`, `x, y = 1, 2`, `return a, b`.
    fn binding(&self) -> Option<Diagnostic> {
        let before = Span { end: self.span_of(0).start, ..self.span_of(0) };
        let walrus = |colon: usize| self.token(Some(colon + 1)) == Some(Token::Assign) && self.glued(colon + 1);
        match self.found? {
            Token::Colon if self.at == 1 && walrus(1) => {
                let sign = self.span.to(self.span_of(2));
                let problem = Diagnostic::error("E0009", sign, "`:=` is no operator");
                Some(problem.fix("a value is bound with `let`", vec![(before, "let ".into()), (sign, "=".into())]))
            }
            Token::Assign if self.before(1) == Some(Token::Colon) && self.glued(self.at) => {
                let sign = self.span_of(self.at - 1).to(self.span);
                let problem = Diagnostic::error("E0009", sign, "`:=` is no operator");
                Some(problem.fix("`=` binds a value", vec![(sign, "=".into())]))
            }
            Token::Colon if self.at == 1 && self.position(1, Token::Assign).is_some() => {
                matches!(self.token(Some(0)), Some(Token::Name(_))).then(|| {
                    Diagnostic::error("E0010", self.span, "a type stands where a name is bound")
                        .fix("a value is bound with `let`, a variable with `var`", vec![(before, "let ".into())])
                })
            }
            Token::Comma if self.outside_brackets() && self.after_value() && self.at > 1 => {
                let tokens = self.tokens[..self.at].iter();
                let sign = tokens.clone().rposition(|(t, _)| matches!(t, Token::Assign | Token::Return))?;
                let problem = Diagnostic::error("E0010", self.span, "the parts of a tuple stand in brackets");
                Some(problem.fix("put them into brackets", self.tuple_after(sign)))
            }
            Token::Comma if self.at == 1 && self.outside_brackets() => {
                let sign = self.position(1, Token::Assign)?;
                let names = self.tokens[..sign].iter().all(|(t, _)| matches!(t, Token::Name(_) | Token::Comma));
                let problem = Diagnostic::error("E0010", self.span, "several variables are assigned as a tuple");
                let mut patches = self.bracketed(0, sign - 1);
                patches.extend(self.tuple_after(sign));
                names.then(|| problem.fix("put them into brackets", patches))
            }
            _ => None,
        }
    }

    /// Brackets around some tokens.
    pub(super) fn bracketed(&self, first: usize, last: usize) -> Vec<(Span, String)> {
        let (first, last) = (self.span_of(first), self.span_of(last));
        vec![(Span { end: first.start, ..first }, "(".into()), (Span { start: last.end, ..last }, ")".into())]
    }

    /// Brackets around `1, 2` behind an `=`.
    pub(super) fn tuple_after(&self, sign: usize) -> Vec<(Span, String)> {
        let mut depth = 0;
        let several = self.tokens[sign + 1..].iter().any(|(token, _)| {
            depth += nesting(*token);
            depth == 0 && *token == Token::Comma
        });
        if several { self.bracketed(sign + 1, self.tokens.len() - 1) } else { Vec::new() }
    }

    /// `===`, `!==`, `<>`, `<<`, `.^`, `a ++ b`: two signs with nothing between them.
    fn joined(&self) -> Option<Diagnostic> {
        let (first, second) = (self.before(1)?, self.found?);
        if !self.glued(self.at) {
            return None;
        }
        let first_span = self.span_of(self.at - 1);
        let sign = first_span.to(self.span);
        let text = self.text.get(sign.start as usize..sign.end as usize)?;
        let problem = Diagnostic::error("E0009", sign, format!("`{text}` is no operator"));
        match (first, second) {
            (Token::Eq, Token::Assign) => Some(problem.fix("`==` compares", vec![(sign, "==".into())])),
            (Token::Ne, Token::Assign) | (Token::Lt, Token::Gt) => {
                Some(problem.fix("`!=` tells whether two values differ", vec![(sign, "!=".into())]))
            }
            (Token::Lt, Token::Lt) | (Token::Gt, Token::Gt) => {
                Some(problem.help("numbers are multiplied and divided by powers of two: `x * 2^k`, `x // 2^k`"))
            }
            (Token::Dot, Token::Caret | Token::Star | Token::Slash | Token::Plus | Token::Minus) => {
                let help = format!("{second} goes entry by entry as it is; the product of matrices is `@`");
                Some(problem.fix(help, vec![(first_span, String::new())]))
            }
            (Token::Dot, Token::Prime) => Some(problem.fix("the transpose is `A.T`", vec![(sign, ".T".into())])),
            (Token::Plus, Token::Plus) if self.at + 1 < self.tokens.len() => {
                Some(problem.help("texts are put together with holes, `\"{a}{b}\"`, and arrays by `concat(a, b)`"))
            }
            _ => None,
        }
    }

    /// `x++`, `x--`.
    fn step_of_one(&self) -> Option<Diagnostic> {
        let [.., (_, place), (first, at), (second, end)] = self.tokens else {
            return None;
        };
        let sign = match (first, second) {
            (Token::Plus, Token::Plus) => "+",
            (Token::Minus, Token::Minus) => "-",
            _ => return None,
        };
        let whole = at.to(*end);
        let gap = Span { start: place.end, ..whole };
        (at.end == end.start && self.at + 1 >= self.tokens.len()).then(|| {
            Diagnostic::error("E0009", whole, format!("`{sign}{sign}` is no operator"))
                .fix(format!("write `{sign}= 1`"), vec![(gap, format!(" {sign}= 1"))])
        })
    }

    /// `f"x = {x}"`, `'text'`, `"""text"""`.
    fn quotes(&self) -> Option<Diagnostic> {
        match (self.found?, self.before(1)) {
            (Token::Quote, Some(Token::Name(word @ ("f" | "F" | "r" | "b" | "u")))) if self.glued(self.at) => {
                let before = self.span_of(self.at - 1);
                let title = format!("a string has no `{word}` before it");
                let problem = Diagnostic::error("E0010", before, title);
                Some(problem.fix("leave it out: `{x}` in a string is always a hole", vec![(before, String::new())]))
            }
            (Token::Quote, Some(Token::QuoteEnd)) if self.glued(self.at) => {
                let problem = Diagnostic::error("E0010", self.span, "a string begins and ends with one `\"`");
                Some(problem.help("a line break in it is written `\\n`"))
            }
            (Token::Prime, _) if !self.after_value() => {
                let problem =
                    Diagnostic::error("E0010", self.span, "`'` is the derivative mark, and follows a function: `f'`");
                Some(problem.help("strings are written with `\"`"))
            }
            _ => None,
        }
    }

    /// `f64[]`, `f64[:, :]`, `[f64]`, `[f64; 3]` as a type.
    fn sizes(&self) -> Option<Diagnostic> {
        if let (Token::LBracket, Token::Colon | Token::Arrow) = (self.found?, self.before(1)?) {
            return self.size_behind();
        }
        let (found, Token::LBracket, Token::Name(_)) = (self.found?, self.before(1)?, self.before(2)?) else {
            return None;
        };
        let typed = matches!(self.before(3)?, Token::Colon | Token::Arrow);
        if !typed || !matches!(found, Token::RBracket | Token::Colon) {
            return None;
        }
        let close = self.closing(self.at - 1)?;
        let problem = Diagnostic::error("E0010", self.span, "the type of an array names its sizes");
        let inside = Span { start: self.span_of(self.at - 1).end, end: self.span_of(close).start, ..self.span };
        let axes = 1 + self.tokens[self.at..close].iter().filter(|(token, _)| *token == Token::Comma).count();
        if self.token(Some(0)) == Some(Token::Fn) && axes <= 3 {
            let names = ["n", "m", "k"][..axes].join(", ");
            return Some(problem.fix("a name stands for any size", vec![(inside, names)]));
        }
        let annotation = Span { start: self.span_of(self.at - 3).start, end: self.span_of(close).end, ..self.span };
        Some(problem.fix("leave the type out: it is that of the value", vec![(annotation, String::new())]))
    }

    /// `[f64]`, `[f64; 3]` as a type.
    fn size_behind(&self) -> Option<Diagnostic> {
        let close = self.closing(self.at)?;
        let Token::Name(element) = self.token(Some(self.at + 1))? else {
            return None;
        };
        crate::types::DType::named(element)?;
        let size = match &self.tokens[self.at + 2..close] {
            [] => "n".to_string(),
            [(Token::Semicolon | Token::Comma, _), (Token::Int(_) | Token::Name(_), size)] => {
                self.text.get(size.start as usize..size.end as usize)?.to_string()
            }
            _ => return None,
        };
        let whole = self.span.to(self.span_of(close));
        let problem = Diagnostic::error("E0010", whole, "the type of an array is that of its entries, with its sizes");
        Some(if size == "n" && self.token(Some(0)) != Some(Token::Fn) {
            let annotation = Span { start: self.span_of(self.at - 1).start, ..whole };
            problem.fix("leave it out: it is that of the value", vec![(annotation, String::new())])
        } else {
            problem.fix("write them behind it", vec![(whole, format!("{element}[{size}]"))])
        })
    }

    /// `x[1:3]`, `x[:, ::2]`.
    fn slice(&self) -> Option<Diagnostic> {
        if self.found? != Token::Colon {
            return None;
        }
        let open = self.open_brackets().pop().filter(|&open| self.token(Some(open)) == Some(Token::LBracket))?;
        let close = self.closing(open)?;
        let (mut depth, mut seen, mut patches) = (0, 0, Vec::new());
        for at in open + 1..close {
            let token = self.token(Some(at))?;
            depth += nesting(token);
            match token {
                Token::Comma if depth == 0 => seen = 0,
                // `x[..:-1]`: the part of one language with the step of another.
                Token::DotDot if depth == 0 => seen = 1,
                Token::Colon if depth == 0 => {
                    let ends = matches!(self.token(Some(at + 1)), Some(Token::Comma | Token::RBracket));
                    let sign = match seen {
                        0 => "..",
                        _ if ends => "",
                        _ => " by ",
                    };
                    patches.push((self.span_of(at), sign.to_string()));
                    seen += 1;
                }
                _ => {}
            }
        }
        let problem = Diagnostic::error("E0010", self.span, "a part of an array is written with `..`");
        Some(problem.fix("from 1 up to and without 3 is `x[1..3]`, every second entry `x[.. by 2]`", patches))
    }

    /// `a::b`, `x :: f64`, `[1,, 2]`, `x[..., 0]`: a sign too many.
    fn doubled(&self) -> Option<Diagnostic> {
        let last = self.span;
        match self.found? {
            Token::Colon if self.token(Some(self.at + 1)) == Some(Token::Colon) && self.glued(self.at + 1) => {
                let sign = self.span.to(self.span_of(self.at + 1));
                let problem = Diagnostic::error("E0009", sign, "`::` is no operator");
                match self.token(Some(self.at + 2)) {
                    _ if self.position(self.at, Token::Arrow).is_some() => {
                        Some(problem.help("types stand in the definition: `fn f(x: f64) -> f64 = …`"))
                    }
                    Some(Token::Name(ty)) if crate::types::DType::named(ty).is_some() => {
                        Some(problem.help(format!("a type is called like a function: `{ty}(x)`")))
                    }
                    _ => {
                        Some(problem.fix("a part of a module or a record is named with `.`", vec![(sign, ".".into())]))
                    }
                }
            }
            Token::Comma if matches!(self.before(1)?, Token::Comma | Token::LBracket | Token::LParen) => {
                let problem = Diagnostic::error("E0010", self.span, "nothing stands before this `,`");
                Some(problem.fix("leave it out", vec![(last, String::new())]))
            }
            Token::Assign if self.before(1) == Some(Token::DotDot) && self.glued(self.at) => {
                let sign = self.span_of(self.at - 1).to(self.span);
                let problem = Diagnostic::error("E0009", sign, "`..=` is no operator");
                let help = "the end is not part of a range";
                Some(match self.tokens.get(self.at + 1) {
                    Some(&(Token::Int(end), at)) => {
                        problem.fix(help, vec![(sign.to(at), format!("..{}", end.saturating_add(1)))])
                    }
                    _ => problem.help(format!("{help}: `a..b + 1`")),
                })
            }
            Token::Star | Token::DotDot
                if matches!(self.before(1)?, Token::LParen | Token::Comma) && self.in_pattern() =>
            {
                let help = "all parameters and parts have a name of their own: take an array, and `x[1..]` of it";
                Some(Diagnostic::error("E0010", self.span, "a pattern takes no rest").help(help))
            }
            Token::Dot if self.before(1) == Some(Token::DotDot) && self.glued(self.at) => {
                let sign = self.span_of(self.at - 1).to(self.span);
                let problem = Diagnostic::error("E0009", sign, "`...` is no operator");
                Some(problem.fix(
                    "`a..b` goes from `a` up to `b`, and `..` takes the whole of one axis",
                    vec![(last, String::new())],
                ))
            }
            _ => None,
        }
    }

    /// Whether the grammar stopped in the parameters of a function, or in what a `let` binds.
    fn in_pattern(&self) -> bool {
        let head = matches!(self.token(Some(0)), Some(Token::Fn | Token::Let | Token::Var | Token::For));
        head && self.open_brackets().len() == 1 && !self.tokens[..self.at].iter().any(|(t, _)| *t == Token::Assign)
    }

    /// `[1 2 3]`, `[1, 2; 3, 4]`.
    fn rows(&self) -> Option<Diagnostic> {
        let open = self.open_brackets().pop()?;
        let value = |token| matches!(token, Token::Name(_) | Token::Int(_) | Token::Float(_));
        let fits = self.found? == Token::Semicolon || (value(self.found?) && self.after_value());
        if self.token(Some(open)) != Some(Token::LBracket) || !fits {
            return None;
        }
        let close = self.closing(open)?;
        let rows = self.tokens[open + 1..close].iter().any(|(token, _)| *token == Token::Semicolon);
        let point = |at: u32| Span { start: at, end: at, ..self.span };
        let mut patches = Vec::new();
        if rows {
            patches.push((point(self.span_of(open).end), "[".to_string()));
        }
        for at in open + 1..close {
            let token = self.token(Some(at))?;
            if token == Token::Semicolon {
                patches.push((self.span_of(at), "],".into()));
                patches.push((point(self.span_of(at + 1).start), "[".into()));
            } else if value(token) && self.token(Some(at - 1)).is_some_and(Token::ends_value) {
                patches.push((point(self.span_of(at - 1).end), ",".into()));
            }
        }
        if rows {
            patches.push((point(self.span_of(close).start), "]".into()));
        }
        let title = if rows {
            "the rows of a matrix are arrays of their own"
        } else {
            "the entries of an array are separated by `,`"
        };
        let problem = Diagnostic::error("E0010", self.span, title).fix("write the separators", patches);
        // `[0.0; 3]` is three zeros elsewhere.
        let repeated = rows && close == open + 4 && matches!(self.token(Some(close - 1)), Some(Token::Int(_)));
        Some(if repeated { problem.note("an array of one value throughout is `full(3, 0.0)`") } else { problem })
    }

    /// `{a: 1}`, `{1, 2}`, `let {a, b} = …`.
    fn braces(&self) -> Option<Diagnostic> {
        if let (Token::Block(_), Some(Token::Let | Token::Var)) = (self.found?, self.before(1)) {
            let problem = Diagnostic::error("E0010", self.span, "names are bound in round brackets");
            let help = "a tuple is `(a, b)`, and a record `(a:, b:)`";
            return Some(problem.fix(help, round(self.span, "(", ")")));
        }
        let closed = |block: &Span| {
            let text = self.text.get(block.start as usize..block.end as usize);
            text.is_some_and(|text| text.len() > 1 && text.starts_with('{') && text.ends_with('}'))
        };
        let block = self.block.filter(|block| self.outside_brackets() && closed(block))?;
        match self.found? {
            Token::Colon if self.position(self.at, Token::For).is_some() => {
                let problem = Diagnostic::error("E0010", self.span, "in braces stand statements");
                Some(
                    problem
                        .help("there are no dictionaries: an array is `[f(i) for i in 0..n]`, a record `(a: 1, b: 2)`"),
                )
            }
            Token::Colon if self.at == 1 && matches!(self.token(Some(0)), Some(Token::Name(_))) => {
                let problem = Diagnostic::error("E0010", self.span, "in braces stand statements");
                Some(problem.fix("a record has round brackets: `(a: 1, b: 2)`", round(block, "(", ")")))
            }
            Token::Colon if self.before(1) == Some(Token::QuoteEnd) => {
                let problem = Diagnostic::error("E0010", self.span, "in braces stand statements");
                Some(problem.help("a record has round brackets, and names without quotes: `(a: 1, b: 2)`"))
            }
            Token::Comma => {
                let problem = Diagnostic::error("E0010", self.span, "in braces stand statements");
                Some(problem.fix("an array has square brackets: `[1, 2]`", round(block, "[", "]")))
            }
            _ => None,
        }
    }
}

/// Other brackets in place of the braces of a block.
fn round(block: Span, open: &str, close: &str) -> Vec<(Span, String)> {
    let first = Span { end: block.start + 1, ..block };
    let last = Span { start: block.end - 1, ..block };
    vec![(first, open.into()), (last, close.into())]
}
