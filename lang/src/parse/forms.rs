//! Functions, loops and choices in the form of other languages: `x => e`, `for (i = 0; i < n; i++)`, `a if c else b`.

use super::errors::{BLOCK, Place};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::token::Token;

impl Place<'_> {
    /// `x => e`, `(x, y) -> e`, `lambda x: e`, `function(x) e`, `fn(x) e`, `@(x) e`.
    pub(super) fn lambda(&self) -> Option<Diagnostic> {
        let arrow = self.found == Some(Token::Arrow) || self.fat_arrow(self.at);
        let (start, params) = match (self.found?, self.before(1)?) {
            (_, Token::Pipe) if arrow => {
                let end = if self.found == Some(Token::Arrow) { self.at } else { self.at + 1 };
                let problem = Diagnostic::error("E0010", self.span, "a function without a name has no arrow");
                let gap = Span { start: self.span_of(self.at - 1).end, ..self.span_of(end) };
                return Some(problem.fix("leave it out", vec![(gap, String::new())]));
            }
            (_, Token::Name(_)) if arrow && self.token(Some(0)) != Some(Token::Fn) => (self.at - 1, self.at - 1),
            (_, Token::RParen) if arrow && self.token(Some(0)) != Some(Token::Fn) => {
                let open = self.opening(self.at - 1)?;
                (open, open)
            }
            (Token::Fn | Token::At, _) => (self.at, self.at + 1),
            (Token::Name(_) | Token::Colon, Token::Name("lambda")) => (self.at - 1, self.at),
            (_, Token::RParen) => {
                let open = self.opening(self.at - 1)?;
                match self.token(open.checked_sub(1)) {
                    Some(Token::Name("function" | "fun" | "func")) if open > 1 => (open - 1, open),
                    _ => return None,
                }
            }
            _ => return None,
        };
        let (head, patch) = self.lambda_head(start, params)?;
        let problem = Diagnostic::error("E0013", head, "a function without a name is written otherwise");
        Some(problem.fix("its parameters stand between `|` and `|`", vec![(head, patch)]))
    }

    /// The head of a lambda whose parameters begin at a token, and how it is written here.
    fn lambda_head(&self, start: usize, params: usize) -> Option<(Span, String)> {
        let open = self.token(Some(params)) == Some(Token::LParen);
        let first = params + usize::from(open);
        let mut end = first;
        while matches!(self.token(Some(end)), Some(Token::Name(_) | Token::Comma)) {
            end += 1;
        }
        let names = match end {
            _ if end == first => "",
            _ => self.text.get(self.span_of(first).start as usize..self.span_of(end - 1).end as usize)?,
        };
        if open {
            if self.token(Some(end)) != Some(Token::RParen) {
                return None;
            }
            end += 1;
        }
        match self.token(Some(end)) {
            Some(Token::Arrow) => end += 1,
            Some(Token::Colon) if !open => end += 1,
            _ if self.fat_arrow(end) => end += 2,
            _ if !open => return None,
            _ => {}
        }
        let whole = self.span_of(start).to(self.span_of(end.checked_sub(1)?));
        // Something must follow that can be the body.
        self.token(Some(end)).map(|_| (whole, format!("|{names}|")))
    }

    /// Whether `=>` stands at a token.
    fn fat_arrow(&self, at: usize) -> bool {
        self.token(Some(at)) == Some(Token::Assign) && self.token(Some(at + 1)) == Some(Token::Gt) && self.glued(at + 1)
    }

    /// `fn f(x) => e`, `fn f(x) -> e`, `fn f x = e`, `fn f<T>(x)`, `fn (x) = e`, `fn f(x): e`.
    pub(super) fn definition(&self) -> Option<Diagnostic> {
        if self.token(Some(0)) != Some(Token::Fn) {
            return None;
        }
        let error = |title: &str| Diagnostic::error("E0010", self.span, title);
        match self.found {
            Some(Token::Gt) if self.at > 0 && self.fat_arrow(self.at - 1) => {
                let arrow = self.span_of(self.at - 1).to(self.span);
                let problem = Diagnostic::error("E0010", arrow, "the body of a function does not begin with `=>`");
                Some(problem.fix("it begins with `=`, or is a block", vec![(arrow, "=".into())]))
            }
            Some(Token::Name(_)) if self.at == 2 => {
                let end = self.position(2, Token::Assign)?;
                let names = &self.tokens[2..end];
                if !names.iter().all(|(token, _)| matches!(token, Token::Name(_))) {
                    return None;
                }
                let gap = Span { start: self.span_of(1).end, end: self.span.start, ..self.span };
                let mut patches = vec![(gap, "(".to_string())];
                for pair in names.windows(2) {
                    patches.push((Span { start: pair[0].1.end, end: pair[1].1.start, ..gap }, ", ".into()));
                }
                let last = self.span_of(end - 1);
                patches.push((Span { start: last.end, ..last }, ")".into()));
                Some(error("the parameters of a function stand in brackets").fix("put them into brackets", patches))
            }
            Some(Token::Lt) if self.at == 2 => Some(
                error("a function has no parameters for types")
                    .help("leave them out: a function without types takes all that its body can use"),
            ),
            Some(Token::LParen) if self.at == 1 => {
                Some(error("this function has no name").help("a function without a name is a value: `let f = |x| x^2`"))
            }
            Some(Token::Lt)
                if matches!((self.before(1), self.before(2)), (Some(Token::Name(_)), Some(Token::Colon))) =>
            {
                Some(
                    error("a type has no parameters").help("the type of an array has its sizes: `f64[n]`, `f64[n, 3]`"),
                )
            }
            Some(Token::Colon) if self.after_value() && self.outside_brackets() && self.at + 1 < self.tokens.len() => {
                let problem = error("the body of a function does not begin with `:`");
                Some(problem.fix("it begins with `=`, or is a block", vec![(self.span, " =".into())]))
            }
            _ => {
                let arrow = self.position(0, Token::Arrow)?;
                let body = self.token(Some(arrow + 1))?;
                let is_param = self.tokens[..arrow].iter().skip(2).any(|&(token, _)| token == body);
                let value = matches!(body, Token::Int(_) | Token::Float(_) | Token::Minus)
                    || (is_param && matches!(body, Token::Name(_)));
                let span = self.span_of(arrow);
                (value && self.position(arrow, Token::Assign).is_none()).then(|| {
                    Diagnostic::error("E0010", span, "after `->` stands the type of the result")
                        .fix("the body begins with `=`, or is a block", vec![(span, "=".into())])
                })
            }
        }
    }

    /// `for (i = 0; i < n; i++)`.
    pub(super) fn counting_loop(&self) -> Option<Diagnostic> {
        let (Token::For, Token::LParen) = (self.token(Some(0))?, self.token(Some(1))?) else {
            return None;
        };
        let close = self.closing(1)?;
        let first = self.position(1, Token::Semicolon).filter(|&at| at < close)?;
        let problem =
            Diagnostic::error("E0010", self.span_of(1).to(self.span_of(close)), "a `for` goes through values")
                .here("not a start, a condition and a step");
        let text = |from: usize, to: usize| {
            let (from, to) = (self.tokens.get(from)?.1.start, self.tokens.get(to)?.1.end);
            self.text.get(from as usize..to as usize)
        };
        let start = self.position(1, Token::Assign).filter(|&at| at < first && at + 1 < first);
        let second = self.position(first + 1, Token::Semicolon).filter(|&at| at < close && at > first + 3);
        let range = start.zip(second).and_then(|(start, second)| {
            let name = self.token(Some(start - 1))?;
            let (last, step) = (self.token(Some(first + 2))?, text(second + 1, close - 1)?);
            let by_one =
                matches!(step.split_whitespace().collect::<String>().strip_prefix(name_of(name)?)?, "++" | "+=1");
            let same = self.token(Some(first + 1)) == Some(name);
            let more = match last {
                Token::Lt => "",
                Token::Le => " + 1",
                _ => return None,
            };
            let (from, to) = (text(start + 1, first - 1)?, text(first + 3, second - 1)?);
            (by_one && same).then(|| format!("{} in {from}..{to}{more}", name_of(name).unwrap_or_default()))
        });
        let whole = problem.primary.span;
        Some(match range {
            Some(range) => problem.fix("a range is one of them", vec![(whole, range)]),
            None => problem.help("a range is one of them: `for i in 0..n { … }`"),
        })
    }

    /// `a if c else b`; `if c a`, `while (c) a`.
    pub(super) fn choice(&self, classes: &[String]) -> Option<Diagnostic> {
        if self.found == Some(Token::If) && self.after_value() {
            let problem = Diagnostic::error("E0010", self.span, "an `if` stands before what it chooses");
            let begin = self.tokens[..self.at].iter().rposition(|(t, _)| matches!(t, Token::Assign | Token::Return));
            let (last, other) = (self.tokens.len() - 1, self.position(self.at, Token::Else));
            let text = |from: usize, to: usize| {
                let (from, to) = (self.tokens.get(from)?.1.start, self.tokens.get(to)?.1.end);
                self.text.get(from as usize..to as usize)
            };
            let written = begin.zip(other).filter(|_| self.outside_brackets()).and_then(|(begin, other)| {
                let (a, c) = (text(begin + 1, self.at - 1)?, text(self.at + 1, other - 1)?);
                let b = text(other + 1, last)?;
                let whole = self.span_of(begin + 1).to(self.span_of(last));
                Some((whole, format!("if {c} {{ {a} }} else {{ {b} }}")))
            });
            return Some(match written {
                Some(patch) => problem.fix("write the condition first", vec![patch]),
                None => problem.help("a choice is written `if c { a } else { b }`"),
            });
        }
        let head = self.token(Some(0))?;
        let word = match head {
            Token::If => "an `if` chooses",
            Token::While | Token::For => "a loop repeats",
            _ => return None,
        };
        if !classes.iter().any(|class| class == BLOCK) || !self.outside_brackets() || !self.after_value() {
            return None;
        }
        let colon = self.found == Some(Token::Colon);
        let begins = matches!(
            self.found?,
            Token::Name(_) | Token::Int(_) | Token::Float(_) | Token::Return | Token::Break | Token::Continue
        );
        let last = self.tokens.len() - 1;
        let closed = matches!(self.token(Some(last)), Some(Token::Name("end"))) && last > self.at;
        let alone = self.position(self.at, Token::Else).is_none() && (begins || (colon && last > self.at));
        if !begins && !colon {
            return None;
        }
        let problem = Diagnostic::error("E0010", self.span, format!("what {word} stands in braces"));
        let open = if colon {
            (self.span, " {".to_string())
        } else {
            (Span { end: self.span.start, ..self.span }, "{ ".into())
        };
        let end = self.span_of(last);
        let close = if closed { (end, "}".to_string()) } else { (Span { start: end.end, ..end }, " }".into()) };
        Some(if alone && self.one_line(self.at, last) {
            problem.fix("write the braces", vec![open, close])
        } else {
            problem.help("write it in braces: `{ … }`")
        })
    }

    /// Whether the tokens stand on one line.
    fn one_line(&self, from: usize, to: usize) -> bool {
        let range = self.span_of(from).start as usize..self.span_of(to).end as usize;
        self.text.get(range).is_some_and(|text| !text.contains('\n'))
    }
}

fn name_of(token: Token<'_>) -> Option<&str> {
    if let Token::Name(name) = token { Some(name) } else { None }
}
