//! What programmers bring along from other languages: read as what it means there, and said as it is written here.

use super::errors::{BLOCK, Place};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::token::Token;

impl Place<'_> {
    fn next(&self) -> Option<(Token<'_>, Span)> {
        self.tokens.get(self.at + 1).copied()
    }

    /// Whether the token that does not fit and the one before it stand together, as one sign.
    fn joined(&self) -> Option<Span> {
        let previous = self.previous_span()?;
        (previous.end == self.span.start).then(|| previous.to(self.span))
    }

    /// Constructions of other languages.
    pub(super) fn foreign(&self, classes: &[String]) -> Option<Diagnostic> {
        let found = self.found?;
        let error = |span: Span, title: &str| Diagnostic::error("E0010", span, title);
        match (self.before(1), found) {
            (Some(Token::Assign), Token::Gt) => {
                let sign = self.joined()?;
                let problem = error(sign, "`=>` is no sign");
                Some(if self.token(Some(0)) == Some(Token::Fn) {
                    problem.fix("the value of a function follows `=`", vec![(sign, "=".into())])
                } else {
                    problem.help("a function without a name is written `|x| x^2`")
                })
            }
            (Some(Token::Name(_)), Token::Assign)
                if self.next().is_some_and(|(t, at)| t == Token::Gt && at.start == self.span.end) =>
            {
                let sign = self.span.to(self.next()?.1);
                Some(error(sign, "`=>` is no sign").help("a function without a name is written `|x| x^2`"))
            }
            (Some(Token::Dot), Token::Caret | Token::Star | Token::Slash) => {
                let point = self.previous_span()?;
                Some(
                    error(point, "arrays need no point before an operator")
                        .fix("it works element by element anyway", vec![(point, String::new())]),
                )
            }
            (Some(Token::Name(_)), Token::Colon) if self.at == 1 && self.next()?.0 == Token::Assign => {
                let sign = self.span.to(self.next()?.1);
                let start = Span { end: self.tokens[0].1.start, ..self.tokens[0].1 };
                Some(
                    error(sign, "`:=` is no sign")
                        .fix("`let` binds a name", vec![(start, "let ".into()), (sign, "=".into())]),
                )
            }
            (Some(_), Token::Colon) if self.token(Some(0)) == Some(Token::For) && self.after_value() => {
                let bound = matches!(self.next()?.0, Token::Int(_) | Token::Name(_) | Token::LParen);
                let block = self.tokens[self.at..].iter().any(|(token, _)| matches!(token, Token::Block(_)));
                (bound && block).then(|| {
                    error(self.span, "a range is no `a:b`")
                        .fix("from `a` up to and without `b` is `a..b`", vec![(self.span, "..".into())])
                })
            }
            (Some(Token::Name(_)), Token::Assign)
                if self.token(Some(0)) == Some(Token::For) && self.token(Some(1)) == Some(Token::LParen) =>
            {
                Some(error(self.span, "a `for` goes over a range or an array").help("write `for i in 0..n { … }`"))
            }
            (Some(Token::Name("f")), Token::Quote) => {
                let (sign, name) = (self.joined()?, self.previous_span()?);
                Some(error(sign, "every string has holes").fix("leave the `f` out", vec![(name, String::new())]))
            }
            (Some(Token::Name(_)), Token::Arrow) => {
                Some(error(self.span, "`->` makes no function").help("a function without a name is written `|x| x^2`"))
            }
            (Some(Token::RParen), Token::Colon) if self.token(Some(0)) == Some(Token::Fn) && self.next().is_some() => {
                Some(
                    error(self.span, "the type of a result does not follow `:`")
                        .fix("it follows `->`", vec![(self.span, " ->".into())]),
                )
            }
            (Some(Token::LBracket), Token::RBracket) if self.is_type() => {
                Some(error(self.span, "an array type names its sizes").fix(
                    "any size is a name: `f64[n]`",
                    vec![(Span { end: self.span.start, ..self.span }, "n".into())],
                ))
            }
            (_, Token::Name("as")) if self.after_value() => {
                Some(error(self.span, "`as` converts nothing").help("a type converts: `f64(x)`, `i64(x)`"))
            }
            (None, Token::SlashSlash) | (_, Token::SlashSlash) if !self.after_value() => {
                Some(error(self.span, "a comment begins with `#`").fix("write `#`", vec![(self.span, "#".into())]))
            }
            (None, Token::Percent) => {
                Some(error(self.span, "a comment begins with `#`").fix("write `#`", vec![(self.span, "#".into())]))
            }
            (Some(Token::Slash), Token::Star) | (None, Token::Slash) => {
                let sign = self.joined().unwrap_or(self.span);
                Some(error(sign, "a comment begins with `#`").help("each of its lines does"))
            }
            (Some(Token::Name(name)), Token::Int(_) | Token::Float(_) | Token::Name(_))
                if crate::library::all_names().contains(&name) && !self.outside_brackets() =>
            {
                let (open, close) = (self.previous_span()?.end, self.span.end);
                let gap = Span { start: open, end: self.span.start, ..self.span };
                let after = Span { start: close, ..self.span };
                Some(
                    error(self.span, "the arguments of a function stand in brackets")
                        .fix("put them there", vec![(gap, "(".into()), (after, ")".into())]),
                )
            }
            _ if self.token(Some(0)) == Some(Token::Fn) && classes.iter().any(|class| class == BLOCK) => {
                let arrow = self.tokens[..self.at].iter().find(|(token, _)| *token == Token::Arrow)?;
                Some(
                    error(arrow.1, "after `->` stands the type of the result")
                        .fix("its value follows `=`", vec![(arrow.1, "=".into())]),
                )
            }
            _ => None,
        }
    }

    /// Whether the bracket follows the name of an element type.
    fn is_type(&self) -> bool {
        matches!(self.before(2), Some(Token::Name("f64" | "f32" | "i64" | "bool")))
    }

    /// A word that begins a statement elsewhere.
    pub(super) fn foreign_statement(&self) -> Option<Diagnostic> {
        let (Some(Token::Name(word)), 1) = (self.before(1), self.at) else {
            return None;
        };
        // A name that is used as one.
        if self.found.is_some_and(|t| {
            !matches!(t, Token::Name(_) | Token::Int(_) | Token::Quote | Token::LParen | Token::Block(_))
        }) {
            return None;
        }
        let cure = match word {
            "try" => "what may fail is tested before, by `if`, or claimed by `assert`; there are no exceptions",
            "raise" | "throw" => "`assert(condition, \"message\")` ends a program with a message",
            "switch" | "match" | "case" => "choices are written `if a { … } else if b { … } else { … }`",
            "class" | "struct" | "type" | "enum" => "records need no declaration: `let p = (mass: 1.0, speed: 2.0)`",
            "loop" | "repeat" | "do" => "loops are `while c { … }` and `for i in 0..n { … }`",
            "using" | "use" | "from" | "include" | "require" => {
                "a module is imported by `import optim`; the rest is there"
            }
            "global" | "nonlocal" => "functions capture values, and give back what they change",
            "public" | "private" | "static" | "async" | "await" | "yield" | "with" | "pass" | "del" => "leave it out",
            _ => return None,
        };
        let span = self.previous_span()?;
        Some(Diagnostic::error("E0013", span, format!("`{word}` is no word of the language")).help(cure))
    }
}
