//! Colours of a line, from its tokens.

use adl_lang::source::{Source, SourceId};
use adl_lang::token::{Token, lex};

const KEYWORD: &str = "\x1b[35m";
const NUMBER: &str = "\x1b[36m";
const TEXT: &str = "\x1b[32m";
const COMMENT: &str = "\x1b[90m";
const COMMAND: &str = "\x1b[34m";
const BAD: &str = "\x1b[31m";
const MATCH: &str = "\x1b[1;4m";
const RESET: &str = "\x1b[0m";

/// The line with colours, and the bracket that belongs to the one at `pos` marked.
pub fn highlight(line: &str, pos: usize) -> String {
    if line.starts_with(':') {
        let end = line.find(' ').unwrap_or(line.len());
        return format!("{COMMAND}{}{RESET}{}", &line[..end], highlight(&line[end..], pos.saturating_sub(end)));
    }
    let source = Source::new("", line);
    let lexed = lex(&source, SourceId(0));
    let mut parts: Vec<(usize, usize, &str)> = Vec::new();
    for (token, span) in &lexed.tokens {
        if let Some(color) = color(token) {
            parts.push((span.start as usize, span.end as usize, color));
        }
    }
    parts.extend(lexed.comments.iter().map(|c| (c.span.start as usize, c.span.end as usize, COMMENT)));
    parts.extend(partner(&lexed.tokens, pos).into_iter().map(|at| (at, at + 1, MATCH)));
    parts.sort_unstable();
    let mut out = String::with_capacity(2 * line.len());
    let mut at = 0;
    for (start, end, color) in parts {
        if let (true, Some(before), Some(inside)) = (start >= at, line.get(at..start), line.get(start..end)) {
            out.push_str(&format!("{before}{color}{inside}{RESET}"));
            at = end;
        }
    }
    out.push_str(&line[at..]);
    out
}

fn color(token: &Token<'_>) -> Option<&'static str> {
    match token {
        Token::Int(_) | Token::Float(_) => Some(NUMBER),
        Token::Quote | Token::Text(_) | Token::QuoteEnd | Token::Format(_) => Some(TEXT),
        Token::Bad => Some(BAD),
        token => token.keyword().map(|_| KEYWORD),
    }
}

/// The bracket that belongs to the one before or at the cursor.
fn partner(tokens: &[(Token<'_>, adl_lang::source::Span)], pos: usize) -> Option<usize> {
    let mut open = Vec::new();
    for (token, span) in tokens {
        let start = span.start as usize;
        match token {
            Token::LParen | Token::LBracket | Token::LBrace | Token::HoleOpen => open.push(start),
            Token::RParen | Token::RBracket | Token::RBrace | Token::HoleClose => {
                let first = open.pop()?;
                let at = |place: usize| place == pos || place + 1 == pos;
                if at(start) {
                    return Some(first);
                }
                if at(first) {
                    return Some(start);
                }
            }
            _ => {}
        }
    }
    None
}
