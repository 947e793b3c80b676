//! Opening and closing brackets: which belong together, and what to make of those that do not.
//!
//! A bracket that is never closed is reported at its opening, once, at the place where it shows: a closing bracket of
//! another kind, a line that begins with a word that only a statement begins with, or the end of the text.

use super::{MAX_DEPTH, RawBlock, Reader, is_rule, too_many_levels};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::token::Token;

impl<'a> Reader<'a> {
    /// A line that begins with a word that only a statement begins with ends the one before, whatever it lacks.
    pub(super) fn statement_keyword(&mut self, token: Token<'a>, span: Span) {
        use Token::*;
        if !matches!(token, Fn | Let | Var | While | Import | Break | Continue | Return) {
            return;
        }
        let at_margin = span.start == 0 || self.text.as_bytes().get(span.start as usize - 1) == Some(&b'\n');
        let keep = if self.margin && at_margin && matches!(token, Fn | Import) {
            0
        } else {
            self.frames.iter().rposition(|frame| frame.scope.is_some()).unwrap_or(0)
        };
        if keep + 1 < self.frames.len() {
            let text = format!("{token} begins a statement here");
            self.unclosed(keep, span, &text);
            self.unwind(keep);
        }
        if !is_rule(self.current()) {
            self.end_statement();
        }
    }

    /// Reports the innermost bracket as never closed; the cure closes all above the frame `keep`.
    pub(super) fn unclosed(&mut self, keep: usize, at: Span, text: &str) {
        let (open, span) = (self.top().open, self.top().span);
        // An unfinished string has swallowed the closing bracket.
        let swallowed = self.current().tokens.iter().any(|(token, _)| *token == Token::Bad);
        if self.current().broken || swallowed {
            self.current().broken = true;
            return;
        }
        let close: String = self.frames[keep + 1..].iter().rev().map(|frame| closing(frame.open)).collect();
        let scope = self.top().scope.as_ref();
        let inside = scope.and_then(|scope| scope.statements.last()?.tokens.last().copied());
        let last = self.current().tokens.last().copied().or(inside).map(|(_, span)| span);
        let end = last.map_or(span.end, |last| last.end.max(span.end));
        let place = Span { start: end, end, ..span };
        let mut problem = Diagnostic::error("E0001", span, format!("this {open} is never closed"));
        if !text.is_empty() {
            problem = problem.label(at, text);
        }
        self.report(problem.fix(format!("add `{close}` where it ends"), vec![(place, close)]));
    }

    /// A closing bracket.
    pub(super) fn close(&mut self, open: Token<'a>, token: Token<'a>, span: Span) {
        // A hole of a string is a wall: nothing inside closes what is outside.
        let wall = self.frames.iter().rposition(|frame| frame.open == Token::HoleOpen).unwrap_or(0);
        let matching = self.frames.iter().rposition(|frame| frame.open == open).filter(|&at| at >= wall.max(1));
        let Some(at) = matching else {
            let (inner, inner_span) = (self.top().open, self.top().span);
            if !matches!(inner, Token::LParen | Token::LBracket) {
                let problem =
                    Diagnostic::error("E0002", span, format!("nothing is open that this {token} could close"));
                self.report(problem.fix("remove it", vec![(span, String::new())]));
                return;
            }
            let close = closing(inner);
            let problem = Diagnostic::error("E0003", span, format!("this {token} does not fit"))
                .label(inner_span, format!("this {inner} is open"))
                .fix(format!("close it with `{close}`"), vec![(span, close.into())]);
            self.report(problem);
            self.unwind(self.frames.len() - 2);
            return self.push(token, span);
        };
        if at + 1 < self.frames.len() {
            self.unclosed(at, span, &format!("{token} comes before its end"));
            self.unwind(at);
        }
        let open = self.top().span;
        self.unwind(at - 1);
        if token != Token::RBrace {
            self.push(token, span);
        } else if let Some((Token::Block(_), block)) = self.current().tokens.last_mut() {
            *block = open.to(span);
            if let Some(last) = self.out.blocks.last_mut() {
                last.span = open.to(span);
            }
        }
    }

    /// Leaves the frames above `keep`; a block becomes a token of the statement around it.
    pub(super) fn unwind(&mut self, keep: usize) {
        while self.frames.len() > keep + 1 {
            if self.top().scope.is_some() {
                self.end_statement();
            } else {
                self.top().depth.separator();
            }
            self.pop();
        }
    }

    fn pop(&mut self) {
        let Some(mut frame) = self.frames.pop() else {
            return;
        };
        let too_deep = frame.depth.take_excess(MAX_DEPTH);
        if let Some(scope) = frame.scope {
            let last = scope.statements.last().and_then(|statement| statement.tokens.last());
            let span = last.map_or(frame.span, |&(_, last)| frame.span.to(last));
            let block = Token::Block(self.out.blocks.len() as u32);
            self.out.blocks.push(RawBlock { statements: scope.statements, span });
            self.push(block, span);
        }
        if too_deep && !self.current().broken {
            self.report(too_many_levels(frame.span));
        }
        self.top().depth.inside(frame.depth.height());
    }
}

fn closing(open: Token) -> &'static str {
    match open {
        Token::LParen => ")",
        Token::LBracket => "]",
        _ => "}",
    }
}
