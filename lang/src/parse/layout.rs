//! From tokens to statements: newlines, brackets and depth, before any grammar.
//!
//! The text is cut into statements, and each block `{ … }` into its own; in the statement around it a block is one
//! token. So every statement is parsed alone, a broken one hides no other, and no parser ever recurses over blocks.
//!
//! A newline ends a statement unless the innermost open bracket is `(` or `[`, or the line ends in something that
//! cannot end a statement, or the next line begins with `|>`, `.`, `else`, `and` or `or`.
//!
//! Depth is bounded here so that everything behind may recurse: brackets nest at most [`MAX_NESTING`] deep,
//! and the tree of a statement, blocks included, is at most about [`MAX_DEPTH`] high;
//! a chain of operators may be of any length.

mod brackets;

use super::depth::Depth;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::token::{Token, foreign_operator, spaced};

/// How deep brackets may nest.
pub const MAX_NESTING: usize = 256;
/// How high the tree of one statement may be.
///
/// A walk over the tree recurses that often: one with large frames needs a large stack, or `stacker`.
pub const MAX_DEPTH: u32 = 1_000;

/// A statement yet to be parsed.
#[derive(Debug, Default)]
pub(super) struct Statement<'a> {
    pub(super) tokens: Vec<(Token<'a>, Span)>,
    /// An error in it has been reported: it is not parsed.
    pub(super) broken: bool,
}

/// The statements of one block.
#[derive(Debug)]
pub(super) struct RawBlock<'a> {
    pub(super) statements: Vec<Statement<'a>>,
    pub(super) span: Span,
}

/// All blocks of a file, inner before outer; the last one is the file itself.
#[derive(Debug, Default)]
pub(super) struct Layout<'a> {
    pub(super) blocks: Vec<RawBlock<'a>>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Whether the text ends inside a bracket.
    pub(super) open_at_end: bool,
}

/// Cuts the tokens of `text` into statements.
pub(super) fn layout<'a>(text: &'a str, tokens: &[(Token<'a>, Span)]) -> Layout<'a> {
    let first = run(text, tokens, false);
    if !first.open_at_end {
        return first;
    }
    // A bracket is missing somewhere: read again, now taking a definition at the left margin as the end of all blocks.
    Layout { open_at_end: true, ..run(text, tokens, true) }
}

fn run<'a>(text: &'a str, tokens: &[(Token<'a>, Span)], margin: bool) -> Layout<'a> {
    let end = tokens.last().map_or(Span::default(), |&(_, span)| span);
    let file = Frame {
        open: Token::Newline,
        span: Span { start: 0, ..end },
        lambda: false,
        scope: Some(Scope::default()),
        depth: Depth::default(),
    };
    let mut reader = Reader { text, margin, frames: vec![file], skipped: 0, out: Layout::default() };
    for (at, &(token, span)) in tokens.iter().enumerate() {
        let previous = tokens[..at].last().map(|&(token, _)| token);
        let begins_line = at == 0 || previous == Some(Token::Newline);
        if token == Token::Newline {
            if previous == Some(Token::Newline) {
                continue;
            }
            let next = tokens[at..].iter().map(|&(token, _)| token).find(|&token| token != Token::Newline);
            reader.newline(next);
        } else {
            reader.token(token, span, begins_line);
        }
    }
    reader.finish(end)
}

/// The brackets around the current token, and what has been read in them.
struct Reader<'a> {
    text: &'a str,
    /// Whether a definition at the left margin closes everything.
    margin: bool,
    /// Never empty: the first frame is the file.
    frames: Vec<Frame<'a>>,
    /// Brackets that are open inside a part that is nested too deeply and skipped.
    skipped: usize,
    out: Layout<'a>,
}

/// An open bracket.
struct Frame<'a> {
    open: Token<'a>,
    span: Span,
    /// Whether a `|` has opened the parameters of a lambda.
    lambda: bool,
    /// For a block and for the file.
    scope: Option<Scope<'a>>,
    depth: Depth,
}

/// The statements of an open block.
#[derive(Default)]
struct Scope<'a> {
    statements: Vec<Statement<'a>>,
    current: Statement<'a>,
}

impl<'a> Reader<'a> {
    fn top(&mut self) -> &mut Frame<'a> {
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    /// The statement being read.
    fn current(&mut self) -> &mut Statement<'a> {
        let at = self.frames.iter().rposition(|frame| frame.scope.is_some()).unwrap_or(0);
        let scope = self.frames[at].scope.get_or_insert_default();
        &mut scope.current
    }

    fn report(&mut self, problem: Diagnostic) {
        self.current().broken = true;
        self.out.diagnostics.push(problem);
    }

    fn newline(&mut self, next: Option<Token<'a>>) {
        use Token::{And, Break, Continue, Dot, Else, Or, PipeInto, Return};
        if self.skipped > 0 || self.top().scope.is_none() {
            return;
        }
        let Statement { tokens, broken } = self.current();
        let may_end = *broken
            || tokens.last().is_some_and(|(token, _)| token.ends_value() || matches!(token, Break | Continue | Return));
        let continued = matches!(next, Some(PipeInto | Dot | Else | And | Or));
        if may_end && !continued && !is_rule(self.current()) {
            self.end_statement();
        }
    }

    /// Closes the current statement of the innermost frame, which is a block or the file.
    fn end_statement(&mut self) {
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        frame.lambda = false;
        frame.depth.separator();
        let Some(scope) = &mut frame.scope else {
            return;
        };
        let mut statement = std::mem::take(&mut scope.current);
        let Some(&(_, span)) = statement.tokens.first() else {
            return;
        };
        if frame.depth.take_excess(MAX_DEPTH) && !statement.broken {
            statement.broken = true;
            self.out.diagnostics.push(too_many_levels(span));
            // Nothing will hold its blocks.
            for (token, _) in &statement.tokens {
                if let Token::Block(block) = *token {
                    self.out.blocks[block as usize].statements.clear();
                }
            }
        }
        scope.statements.push(statement);
    }

    fn token(&mut self, token: Token<'a>, span: Span, begins_line: bool) {
        use Token::*;
        if self.skipped > 0 {
            match token {
                LParen | LBracket | LBrace | HoleOpen => self.skipped += 1,
                RParen | RBracket | RBrace | HoleClose => self.skipped -= 1,
                _ => {}
            }
            return;
        }
        if begins_line {
            self.statement_keyword(token, span);
        }
        match token {
            LParen | LBracket | LBrace | HoleOpen if self.frames.len() > MAX_NESTING => {
                if !self.current().broken {
                    self.report(too_deep(span));
                }
                self.frames
                    .iter_mut()
                    .filter_map(|frame| frame.scope.as_mut())
                    .for_each(|scope| scope.current.broken = true);
                self.skipped = 1;
            }
            LParen | LBracket | LBrace | HoleOpen => {
                let scope = if token == LBrace { Some(Scope::default()) } else { Option::None };
                if token != LBrace {
                    self.push(token, span);
                }
                self.frames.push(Frame { open: token, span, lambda: false, scope, depth: Depth::default() });
            }
            RParen => self.close(LParen, token, span),
            RBracket => self.close(LBracket, token, span),
            RBrace => self.close(LBrace, token, span),
            HoleClose => self.close(HoleOpen, token, span),
            Semicolon if self.top().scope.is_some() => self.end_statement(),
            PipePipe if self.top().lambda || !self.after_value() => {
                let (first, second) = (Span { end: span.start + 1, ..span }, Span { start: span.start + 1, ..span });
                self.token(Pipe, first, false);
                self.token(Pipe, second, false);
            }
            PipePipe => {
                let patch = spaced(self.text, span, "or");
                self.out.diagnostics.push(foreign_operator(span, "||", "or", patch));
                self.push(Or, span);
            }
            Pipe => {
                let after_value = self.after_value();
                let frame = self.top();
                frame.lambda = !frame.lambda && !after_value;
                self.push(token, span);
            }
            _ => self.push(token, span),
        }
    }

    fn after_value(&mut self) -> bool {
        self.current().tokens.last().is_some_and(|(token, _)| token.ends_value())
    }

    fn push(&mut self, token: Token<'a>, span: Span) {
        let previous = self.current().tokens.last().map(|&(token, _)| token);
        self.top().depth.token(token, previous.is_some_and(Token::ends_value));
        self.current().tokens.push((token, span));
    }

    fn finish(mut self, end: Span) -> Layout<'a> {
        self.out.open_at_end = self.frames.len() > 1 || self.skipped > 0;
        if self.frames.len() > 1 {
            let at = Span { start: end.end, end: end.end, ..end };
            self.unclosed(0, at, "");
            self.unwind(0);
        }
        self.end_statement();
        if let Some(scope) = self.frames.pop().and_then(|frame| frame.scope) {
            self.out.blocks.push(RawBlock { statements: scope.statements, span: Span { start: 0, ..end } });
        }
        self.out
    }
}

/// Whether this much of a statement is `@jvp(f)` or `@checkpoint(32)`,
/// so that the function or loop may begin on the next line.
fn is_rule(statement: &Statement) -> bool {
    use Token::{At, LParen, Name, RParen};
    match statement.tokens.as_slice() {
        [(At, _), (Name(_), _)] => true,
        [(At, _), (Name(_), _), (LParen, _), inside @ .., (RParen, _)] => {
            let mut depth = 0i32;
            inside.iter().all(|(token, _)| {
                depth += match token {
                    LParen => 1,
                    RParen => -1,
                    _ => 0,
                };
                depth >= 0
            })
        }
        _ => false,
    }
}

fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::error("E0008", span, "nested too deeply")
        .here(format!("brackets nest at most {MAX_NESTING} deep"))
        .help("give the inner part a name with `let`, or make it a function")
}

fn too_many_levels(span: Span) -> Diagnostic {
    Diagnostic::error("E0008", span, "nested too deeply")
        .here(format!("this has more than {MAX_DEPTH} steps, one inside the other"))
        .help("give parts of it a name with `let`, or write a loop or a `sum`")
}
