//! Functions, loops and choices in the form of other languages: `x => e`, `for (i = 0; i < n; i++)`, `a if c else b`.

use super::errors::{BLOCK, Place, nesting};
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

    /// `for i = 0..n`, `for i in 1:n`, `for x of xs`, `for i, x in xs`.
    pub(super) fn loop_head(&self) -> Option<Diagnostic> {
        let (Token::For, Token::Name(_)) = (self.token(Some(0))?, self.token(Some(1))?) else {
            return None;
        };
        let error = |title: &str| Diagnostic::error("E0010", self.span, title);
        match self.found? {
            Token::Comma if self.at == 2 => {
                let within = self.position(2, Token::In)?;
                Some(
                    error("several names are bound by a pattern")
                        .fix("put them into brackets", self.bracketed(1, within - 1)),
                )
            }
            Token::Assign | Token::Name("of") if self.at == 2 => {
                let (mut patches, help) = (self.last_included(2), "the values of a loop stand behind `in`");
                patches.insert(0, (self.span, "in".into()));
                Some(error("a `for` goes through values").fix(help, patches))
            }
            // A colon before a block, or behind a number: else it stands for the braces.
            Token::Colon if self.after_value() && self.outside_brackets() => {
                let number = matches!((self.before(1), self.before(2)), (Some(Token::Int(_)), Some(Token::In)));
                let block = self.tokens.iter().any(|(token, _)| matches!(token, Token::Block(_)));
                let patches = if number || block { self.last_included(2) } else { Vec::new() };
                let problem = error("a range is written with `..`");
                (!patches.is_empty()).then(|| problem.fix("the end is not part of a range", patches))
            }
            _ => None,
        }
    }

    /// Turns the `1:n` in the head of a loop, whose last value is part of it, into `1..n + 1`.
    fn last_included(&self, from: usize) -> Vec<(Span, String)> {
        let mut depth = 0;
        let colon = self.tokens[from..].iter().position(|&(token, _)| {
            depth += nesting(token);
            depth == 0 && token == Token::Colon
        });
        let Some(colon) = colon.map(|at| from + at) else {
            return Vec::new();
        };
        let end = self.tokens.iter().position(|(token, _)| matches!(token, Token::Block(_)));
        let end = end.unwrap_or(self.tokens.len());
        let sign = self.span_of(colon);
        match self.tokens[colon + 1..end] {
            [(Token::Int(last), span)] => vec![(sign.to(span), format!("..{}", last.saturating_add(1)))],
            [.., (_, last)] => {
                vec![(sign, "..".into()), (Span { start: last.end, ..last }, " + 1".into())]
            }
            [] => Vec::new(),
        }
    }

    /// `fn f(double x)`, `f(x: 3)`.
    pub(super) fn parameter(&self) -> Option<Diagnostic> {
        let open = *self.open_brackets().last()?;
        let (Token::LParen, Token::Name(word)) = (self.token(Some(open))?, self.before(1)?) else {
            return None;
        };
        if !matches!(self.before(2), Some(Token::LParen | Token::Comma)) {
            return None;
        }
        match self.found? {
            Token::Name(_) if self.token(Some(0)) == Some(Token::Fn) && open == 2 => {
                let patches: Vec<_> = (self.tokens[self.at - 1..].windows(2))
                    .filter_map(|pair| match pair {
                        [(Token::Name(ty), first), (Token::Name(name), last)] => {
                            Some((first.to(*last), format!("{name}: {}", element(ty)?)))
                        }
                        _ => None,
                    })
                    .collect();
                element(word)?;
                let both = self.span_of(self.at - 1).to(self.span);
                let problem = Diagnostic::error("E0010", both, "the type of a parameter stands behind its name");
                Some(problem.fix("write it there, or leave it out", patches))
            }
            Token::Colon if open > 0 && self.glued(open) && self.token(Some(open - 1))?.ends_value() => {
                let problem = Diagnostic::error("E0010", self.span, "an argument is named with `=`");
                Some(problem.fix("write `=`", vec![(self.span, " =".into())]))
            }
            _ => None,
        }
    }

    /// `var x: f64`, `let x`: a name without a value.
    pub(super) fn valueless(&self) -> Option<Diagnostic> {
        let (Token::Let | Token::Var, Token::Name(name)) = (self.token(Some(0))?, self.token(Some(1))?) else {
            return None;
        };
        let value = match (self.found, self.tokens) {
            (None, [_, _]) => "0.0".to_string(),
            (None, [_, _, (Token::Colon, _), (Token::Name(ty), _)]) => match *ty {
                "i64" => "0".into(),
                "bool" => "false".into(),
                _ => "0.0".into(),
            },
            (None, [_, _, (Token::Colon, _), (Token::Name("f64"), _), (Token::LBracket, open), .., (_, close)]) => {
                format!("zeros({})", self.text.get(open.end as usize..close.start as usize)?)
            }
            _ => return None,
        };
        let last = self.tokens.last()?.1;
        let problem = Diagnostic::error("E0010", last, format!("`{name}` has no value"));
        let end = Span { start: last.end, ..last };
        Some(problem.fix("a variable begins with one", vec![(end, format!(" = {value}"))]))
    }

    /// `|3|`, `|a + b|`, `|x|` and nothing behind it.
    pub(super) fn bars(&self) -> Option<Diagnostic> {
        let pipe = |&(token, _): &(Token, Span)| token == Token::Pipe;
        let behind =
            self.before(1) == Some(Token::Pipe) && self.tokens[..self.at].iter().filter(|t| pipe(t)).count() > 1;
        let before = if behind { self.at - 1 } else { self.at };
        let open = self.tokens[..before].iter().rposition(pipe)?;
        let close = if behind { before } else { self.at + self.tokens[self.at..].iter().position(pipe)? };
        let (first, last) = (self.span_of(open), self.span_of(close));
        let inside = self.text.get(first.end as usize..last.start as usize)?;
        if inside.trim().is_empty() || inside.contains('\n') {
            return None;
        }
        let title =
            if behind { "this function has no body" } else { "between `|` and `|` stand the parameters of a function" };
        let help = "the body of `|x| x^2` stands behind it; an absolute value is `abs(x)`";
        let patches = vec![(first, "abs(".into()), (last, ")".into())];
        Some(Diagnostic::error("E0010", first.to(last), title).fix(help, patches))
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

/// A type of other languages.
fn element(name: &str) -> Option<&'static str> {
    Some(match name {
        "double" | "float" | "real" | "f64" | "number" => "f64",
        "int" | "long" | "i64" | "size_t" => "i64",
        "f32" => "f32",
        "bool" => "bool",
        _ => return None,
    })
}

fn name_of(token: Token<'_>) -> Option<&str> {
    if let Token::Name(name) = token { Some(name) } else { None }
}
