//! Loops and choices in the form of other languages: `for (i = 0; i < n; i++)`, `for i in 1:n`, `a if c else b`.

use super::errors::{BLOCK, Place, nesting};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::token::Token;

impl Place<'_> {
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
