//! Strings with escapes and holes, formats, and the values of numbers.

use super::{Lexer, OpenString, Token};
use crate::ast::{Format, FormatStyle};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// The value of `1_000`; `None` if it does not fit.
pub(super) fn int(text: &str) -> Option<i64> {
    text.replace('_', "").parse().ok()
}

/// The value of `1e-6`; `None` if it is too large.
pub(super) fn float(text: &str) -> Option<f64> {
    text.replace('_', "").parse().ok().filter(|value: &f64| value.is_finite())
}

/// The text that the inside of a string stands for: escapes and doubled braces resolved.
///
/// ```
/// assert_eq!(adl_lang::token::unescape(r"a\tb {{c}}"), "a\tb {c}");
/// ```
pub fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some(other) => text.push(other),
                None => text.push('\\'),
            },
            '{' | '}' => {
                text.push(c);
                chars.next();
            }
            _ => text.push(c),
        }
    }
    text
}

/// Reads `8.2f`; `None` if it is no format.
fn format(text: &str) -> Option<Format> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (width, rest) = text.split_at(digits(text));
    let (precision, rest) = match rest.strip_prefix('.') {
        Some(rest) if digits(rest) == 0 => return None,
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", rest),
    };
    let style = match rest {
        "" => FormatStyle::Plain,
        "f" => FormatStyle::Fixed,
        "e" => FormatStyle::Exponent,
        "g" => FormatStyle::General,
        "%" => FormatStyle::Percent,
        "d" => FormatStyle::Integer,
        _ => return None,
    };
    let number = |text: &str| {
        if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
    };
    Some(Format { width: number(width)?, precision: number(precision)?, style })
}

impl<'a> Lexer<'a> {
    /// After an opening quote.
    pub(super) fn string(&mut self, quote: Span) {
        let token = self.out.tokens.len();
        self.push(Token::Quote, quote);
        self.text(token);
    }

    /// Text of the string whose `Quote` is at `token`, up to its end or the next hole.
    fn text(&mut self, token: usize) {
        let rest = self.rest();
        let start = self.text.len() - rest.len();
        let mut chars = rest.char_indices().peekable();
        let mut end = None;
        while let Some((at, c)) = chars.next() {
            let doubled = chars.peek().is_some_and(|&(_, next)| next == c);
            match c {
                '"' | '\n' => end = Some((at, c)),
                '{' if !doubled => end = Some((at, c)),
                '{' => drop(chars.next()),
                '}' if doubled => drop(chars.next()),
                '}' => {
                    let span = self.span(start + at, start + at + 1);
                    self.report(
                        Diagnostic::error("E0005", span, "a `}` without its `{`")
                            .fix("in a string, a brace is written twice", vec![(span, "}}".into())]),
                    );
                }
                '\\' => match chars.peek() {
                    Some(&(_, 'n' | 't' | '"' | '\\')) => drop(chars.next()),
                    Some(&(_, '\n')) | None => {}
                    Some(&(next, other)) => {
                        let span = self.span(start + at, start + next + other.len_utf8());
                        let problem = Diagnostic::error("E0005", span, "unknown escape in a string");
                        self.report(match other {
                            '{' | '}' => {
                                problem.fix("a brace is written twice", vec![(span, format!("{other}{other}"))])
                            }
                            _ => problem
                                .help("the escapes are `\\n`, `\\t`, `\\\"` and `\\\\`; a backslash is written `\\\\`"),
                        });
                        if !matches!(other, '{' | '}') {
                            chars.next();
                        }
                    }
                },
                _ => {}
            }
            if end.is_some() {
                break;
            }
        }
        let length = end.map_or(rest.len(), |(at, _)| at);
        if length > 0 {
            self.push(Token::Text(&rest[..length]), self.span(start, start + length));
        }
        self.inner.bump(length);
        let next = self.span(start + length, start + length + 1);
        match end {
            Some((_, '"')) => {
                self.inner.bump(1);
                self.push(Token::QuoteEnd, next);
            }
            Some((_, '{')) => {
                self.inner.bump(1);
                self.push(Token::HoleOpen, next);
                self.strings.push(OpenString { token, hole: next, brackets: 0 });
            }
            _ => self.unterminated(token, start + length),
        }
    }

    /// A token inside a hole.
    pub(super) fn in_hole(&mut self, token: Token<'a>, span: Span) {
        let Some(string) = self.strings.last_mut() else {
            return;
        };
        match token {
            Token::LParen | Token::LBracket | Token::LBrace => string.brackets += 1,
            Token::RBrace if string.brackets == 0 => {
                let token = string.token;
                self.strings.pop();
                self.push(Token::HoleClose, span);
                return self.text(token);
            }
            Token::Colon if string.brackets == 0 => return self.format(span),
            Token::RParen | Token::RBracket | Token::RBrace => string.brackets = string.brackets.saturating_sub(1),
            _ => {}
        }
        self.push(token, span);
    }

    /// After the `:` of a hole.
    fn format(&mut self, colon: Span) {
        let rest = self.rest();
        let length = rest.find(['}', '"', '\n']).unwrap_or(rest.len());
        let span = self.span(colon.start as usize, colon.end as usize + length);
        self.inner.bump(length);
        if let Some(format) = format(&rest[..length]) {
            return self.push(Token::Format(format), span);
        }
        self.report(Diagnostic::error("E0005", span, "unknown format").help(
            "a format is a width, a precision and one of `f e g % d`, each of which may be left out: `:.3e`, \
                 `:8.2f`, `:d`",
        ));
        self.push(Token::Bad, span);
    }

    /// At the end of a line nothing that belongs to a string may be open.
    pub(super) fn end_of_line(&mut self, end: Span) {
        let Some(inner) = self.strings.last() else {
            return;
        };
        let hole = inner.hole;
        let token = self.strings.first().map_or(0, |string| string.token);
        self.report(
            Diagnostic::error("E0005", hole, "this `{` in a string is never closed")
                .help("`{…}` in a string holds a value to be shown; a brace itself is written `{{`"),
        );
        self.discard_strings(token, end.start as usize);
    }

    fn unterminated(&mut self, token: usize, end: usize) {
        if !self.strings.is_empty() {
            // The quote that seems to open a string in a hole was meant to close the string around it.
            return self.end_of_line(self.span(end, end));
        }
        let Some(&(_, quote)) = self.out.tokens.get(token) else {
            return;
        };
        let at = self.span(end, end);
        self.report(
            Diagnostic::error("E0004", quote, "this string is never closed")
                .fix("a string ends on its line, with `\"`", vec![(at, "\"".into())]),
        );
        self.discard_strings(token, end);
    }

    /// Replaces the tokens from `token` on, an unfinished string, by one unreadable one.
    fn discard_strings(&mut self, token: usize, end: usize) {
        let start = self.out.tokens.get(token).map_or(end, |&(_, span)| span.start as usize);
        self.out.tokens.truncate(token);
        self.strings.clear();
        self.push(Token::Bad, self.span(start, end));
    }
}
