//! Functions and bindings in the form of other languages: `x => e`, `fn f(double x)`, `let x`, `|x|` for a size.

use super::errors::Place;
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
        if matches!(self.token(start.checked_sub(1)), Some(Token::Colon)) {
            return self.function_type(start);
        }
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

    /// `g: f64 -> f64`, `g: fn(f64) -> f64`.
    fn function_type(&self, start: usize) -> Option<Diagnostic> {
        let first = self.span_of(start);
        let problem = Diagnostic::error("E0010", first, "the type of a function is written otherwise");
        let help = "the types of its parameters stand in brackets: `(f64) -> f64`";
        match self.token(Some(start))? {
            Token::Fn => Some(problem.fix(help, vec![(first, String::new())])),
            Token::Name(_) => Some(problem.fix(help, self.bracketed(start, start))),
            _ => None,
        }
    }

    /// Whether `=>` stands at a token.
    fn fat_arrow(&self, at: usize) -> bool {
        self.token(Some(at)) == Some(Token::Assign) && self.token(Some(at + 1)) == Some(Token::Gt) && self.glued(at + 1)
    }

    /// `f x = e`, `let rec f(x) = e`, `fn f(x) => e`, `fn f(x) -> e`,
    /// `fn f x = e`, `fn f<T>(x)`, `fn (x) = e`, `fn f(x): e`.
    pub(super) fn definition(&self) -> Option<Diagnostic> {
        let error = |title: &str| Diagnostic::error("E0010", self.span, title);
        match (self.token(Some(0))?, self.token(Some(1))?) {
            (Token::Let, Token::Name("rec")) if self.at == 2 && matches!(self.found, Some(Token::Name(_))) => {
                let both = self.span_of(0).to(self.span_of(1));
                let problem = Diagnostic::error("E0013", both, "`let rec` are no words of the language");
                return Some(problem.fix("a function is defined with `fn`", vec![(both, "fn".into())]));
            }
            (Token::Name(name), Token::Name(_)) if self.at == 1 && !crate::library::all_names().contains(&name) => {
                let end = self.position(1, Token::Assign)?;
                if !self.tokens[1..end].iter().all(|(token, _)| matches!(token, Token::Name(_))) {
                    return None;
                }
                let mut patches = self.in_brackets(1, end);
                patches.push((Span { end: self.span_of(0).start, ..self.span_of(0) }, "fn ".into()));
                return Some(error("a function is defined otherwise").fix("write `fn` and brackets", patches));
            }
            (Token::Fn, _) => {}
            _ => return None,
        }
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
                let patches = self.in_brackets(2, end);
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

    /// Turns the `x y` between two tokens into `(x, y)`.
    fn in_brackets(&self, first: usize, end: usize) -> Vec<(Span, String)> {
        let gap = Span { start: self.span_of(first - 1).end, end: self.span_of(first).start, ..self.span };
        let mut patches = vec![(gap, "(".to_string())];
        for pair in self.tokens[first..end].windows(2) {
            patches.push((Span { start: pair[0].1.end, end: pair[1].1.start, ..gap }, ", ".into()));
        }
        let last = self.span_of(end - 1);
        patches.push((Span { start: last.end, ..last }, ")".into()));
        patches
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
                let walrus = self.token(Some(self.at + 1)) == Some(Token::Assign) && self.glued(self.at + 1);
                Some(if walrus {
                    problem.fix("write `=`", vec![(self.span.to(self.span_of(self.at + 1)), "=".into())])
                } else {
                    problem.fix("write `=`", vec![(self.span, " =".into())])
                })
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
