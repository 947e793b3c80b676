//! The one style of a text: `adl fmt`.
//!
//! Line breaks stay where they are; what changes is the space inside lines, the indentation, empty lines (one at most)
//! and the column of comments behind code. So the tokens are the same before and after, and so is the program.

mod spaces;

use crate::diagnostic::Diagnostic;
use crate::parse::parse;
use crate::source::{Source, SourceId, Span};
use crate::token::{Token, lex};
use spaces::Spaces;

/// How far a block stands in.
const STEP: usize = 2;

/// A word of a line: a token, a whole string, or a comment.
#[derive(Clone, Copy, Debug)]
struct Word<'a> {
    token: Token<'a>,
    text: &'a str,
}

/// A line with its words, and whether an empty one stands above it.
#[derive(Debug, Default)]
struct Line<'a> {
    words: Vec<Word<'a>>,
    comment: Option<&'a str>,
    gap: bool,
}

/// The text in the one style.
///
/// # Errors
/// What is wrong with a text that cannot be parsed.
///
/// ```
/// use adl_lang::{fmt::format, source::Source};
/// let text = "fn f( x )=x ^2+ 1   # a parabola\n\n\n\nf( 2 )\n";
/// assert_eq!(format(&Source::new("a.adl", text)).unwrap(), "fn f(x) = x^2 + 1  # a parabola\n\nf(2)\n");
/// ```
pub fn format(source: &Source) -> Result<String, Vec<Diagnostic>> {
    let (_, problems) = parse(source, SourceId(0));
    let errors: Vec<Diagnostic> = problems.into_iter().filter(Diagnostic::is_error).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let lines = lines(source);
    let mut out: Vec<(String, Option<&str>, bool)> = Vec::new();
    let mut margin = Margin::default();
    let mut spaces = Spaces::default();
    for line in &lines {
        let indent = margin.before(line);
        let mut text = " ".repeat(indent);
        spaces.line(&line.words, &mut text);
        margin.after(line);
        if line.words.is_empty() {
            text.push_str(line.comment.unwrap_or_default());
            out.push((text, None, line.gap));
        } else {
            out.push((text, line.comment, line.gap));
        }
    }
    Ok(join(&out))
}

/// Puts lines together, with the comments behind neighbouring lines in one column.
fn join(lines: &[(String, Option<&str>, bool)]) -> String {
    let mut out = String::new();
    let width = |text: &str| text.chars().count();
    let mut k = 0;
    while k < lines.len() {
        let rest = lines[k + 1..].iter().take_while(|(_, comment, gap)| comment.is_some() && !gap).count();
        let group = &lines[k..=k + if lines[k].1.is_some() { rest } else { 0 }];
        let column = group.iter().map(|l| width(&l.0)).max().unwrap_or(0) + 2;
        for (text, comment, gap) in group {
            if *gap {
                out.push('\n');
            }
            out.push_str(text);
            if let Some(comment) = comment {
                out.push_str(&" ".repeat(column - width(text)));
                out.push_str(comment);
            }
            out.push('\n');
        }
        k += group.len();
    }
    out
}

/// The lines of a text that have anything in them. A string is one word, as it is.
fn lines(source: &Source) -> Vec<Line<'_>> {
    let text = source.text();
    let lexed = lex(source, SourceId(0));
    let slice = |from: Span, to: Span| &text[from.start as usize..to.end as usize];
    let mut words: Vec<(Option<Token>, Span)> = Vec::new();
    let mut strings: Vec<Span> = Vec::new();
    for (token, span) in lexed.tokens {
        match token {
            Token::Quote => strings.push(span),
            Token::QuoteEnd => {
                if let Some(open) = strings.pop()
                    && strings.is_empty()
                {
                    words.push((Some(Token::QuoteEnd), Span { start: open.start, ..span }));
                }
            }
            _ if strings.is_empty() => words.push((Some(token), span)),
            _ => {}
        }
    }
    words.extend(lexed.comments.iter().map(|c| (None, c.span)));
    words.sort_by_key(|(_, span)| span.start);
    let mut lines = Vec::new();
    let mut line = Line::default();
    for (token, span) in words {
        match token {
            Some(Token::Newline) => {
                if line.words.is_empty() && line.comment.is_none() {
                    line.gap = !lines.is_empty();
                } else {
                    lines.push(std::mem::take(&mut line));
                }
            }
            Some(token) => line.words.push(Word { token, text: slice(span, span) }),
            None => line.comment = Some(slice(span, span).trim_end()),
        }
    }
    if !line.words.is_empty() || line.comment.is_some() {
        lines.push(line);
    }
    // No empty line at the beginning or end of a block.
    for k in 1..lines.len() {
        let opens =
            lines[k - 1].words.last().is_some_and(|w| w.token == Token::LBrace) && lines[k - 1].comment.is_none();
        let closes = lines[k].words.first().is_some_and(|w| w.token == Token::RBrace);
        lines[k].gap &= !opens && !closes;
    }
    lines
}

/// How far lines stand in.
#[derive(Default)]
struct Margin<'a> {
    /// Open brackets, and how far lines inside them stand in.
    open: Vec<(Token<'a>, usize)>,
    /// How far the current line stands in.
    indent: usize,
    /// Whether the line before does not end its statement.
    unfinished: bool,
    /// Whether the current statement has gone over to another line.
    continued: bool,
}

impl<'a> Margin<'a> {
    fn inside(&self) -> usize {
        self.open.last().map_or(0, |(_, inside)| *inside)
    }

    fn before(&mut self, line: &Line<'a>) -> usize {
        let Some(first) = line.words.first() else {
            return self.inside() + if self.unfinished && self.in_block() { STEP } else { 0 };
        };
        let closing = line.words.iter().take_while(|w| is_closing(w.token)).count();
        if closing > 0 {
            let at = self.open.len().saturating_sub(closing);
            let outer = self.open[..at].last().map_or(0, |(_, inside)| *inside);
            self.indent = self.open.get(at).map_or(outer, |(_, inside)| inside.saturating_sub(STEP)).max(outer);
        } else {
            let leads = matches!(first.token, Token::PipeInto | Token::Dot | Token::And | Token::Or);
            let more = self.in_block() && (self.unfinished || leads);
            self.continued = more;
            self.indent = self.inside() + if more { STEP } else { 0 };
        }
        self.indent
    }

    fn in_block(&self) -> bool {
        self.open.last().is_none_or(|(token, _)| *token == Token::LBrace)
    }

    fn after(&mut self, line: &Line<'a>) {
        for word in &line.words {
            match word.token {
                Token::LParen | Token::LBracket | Token::LBrace => self.open.push((word.token, self.indent + STEP)),
                token if is_closing(token) => {
                    // A block behind parameters on several lines belongs to the line where they began.
                    self.indent = self.open.pop().map_or(self.indent, |(_, inside)| inside - STEP);
                }
                _ => {}
            }
        }
        if let Some(last) = line.words.last() {
            let rule = line.words[0].token == Token::At;
            let ends = last.token.ends_value()
                || matches!(last.token, Token::Break | Token::Continue | Token::Return | Token::Semicolon);
            self.unfinished = !ends && !rule && last.token != Token::LBrace;
        }
    }
}

fn is_closing(token: Token) -> bool {
    matches!(token, Token::RParen | Token::RBracket | Token::RBrace)
}
