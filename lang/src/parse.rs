//! From text to tree. Never fails: what cannot be read is reported, and left out of the tree as an error node.
//!
//! ```text
//! text -> tokens (token.rs) -> statements (layout.rs) -> tree (stmt.rs, expr.rs, atom.rs, pattern.rs)
//! ```
//!
//! The layout settles newlines, brackets and depth, so the grammar proper sees one statement at a time, and a block
//! in it as a single token (`depth.rs` bounds how high a tree becomes, `docs.rs` hands out the doc comments).
//! Blocks are parsed inner ones first. What goes wrong in the grammar is put into the user's words by `errors.rs`:
//! one report for each statement. Where the grammar stops at something of another language, `foreign.rs` knows it,
//! with what belongs to it: `signs.rs`, `loops.rs`, and `forms.rs` for functions and bindings.

mod atom;
mod depth;
mod docs;
mod errors;
mod expr;
mod foreign;
mod forms;
mod layout;
mod loops;
mod pattern;
mod signs;
mod stmt;

use crate::ast::{Block, Expr, ExprKind, File, Ident, Stmt, StmtKind};
use crate::diagnostic::Diagnostic;
use crate::source::{Source, SourceId, Span};
use crate::token::{self, Token};
use chumsky::input::{Input as _, MappedInput};
use chumsky::prelude::*;
use docs::Docs;
use layout::{RawBlock, Statement};
use std::cell::RefCell;
use std::ops::Range;

pub use layout::{MAX_DEPTH, MAX_NESTING};

/// Parses a text; the diagnostics are in the order of their places.
///
/// ```
/// use adl_lang::{parse::parse, source::{Source, SourceId}};
/// let (file, problems) = parse(&Source::new("a.adl", "let x = 1 +\nlet y = 2"), SourceId(0));
/// assert_eq!((file.stmts.len(), problems.len()), (2, 1));
/// ```
pub fn parse(source: &Source, id: SourceId) -> (File, Vec<Diagnostic>) {
    parse_until(source, id, &|| false)
}

/// The same, until `stop` says that the host wants an end: the problem `E0412` is then among the diagnostics.
pub fn parse_until(source: &Source, id: SourceId, stop: &dyn Fn() -> bool) -> (File, Vec<Diagnostic>) {
    let lexed = token::lex(source, id);
    let layout = layout::layout(source.text(), &lexed.tokens);
    let mut problems = lexed.diagnostics;
    problems.extend(layout.diagnostics);
    let context = Context {
        text: source.text(),
        docs: Docs::new(source.text(), &lexed.comments),
        blocks: RefCell::new(Vec::new()),
        problems: RefCell::new(Vec::new()),
    };
    let stmts = statements(&context, &layout.blocks, stop).unwrap_or_else(|| {
        context.report(Diagnostic::error("E0412", Span::new(id, 0, 0), "interrupted"));
        Vec::new()
    });
    problems.extend(context.problems.into_inner());
    problems.sort_by_key(|problem| problem.primary.span.start);
    problems.dedup();
    (File { doc: context.docs.file, stmts }, problems)
}

/// Whether a text ends inside a bracket or after something that cannot end a statement, so that more lines must come.
///
/// ```
/// use adl_lang::{parse::is_incomplete, source::Source};
/// assert!(is_incomplete(&Source::new("repl", "fn f(x) {")));
/// assert!(!is_incomplete(&Source::new("repl", "f(2)")));
/// ```
pub fn is_incomplete(source: &Source) -> bool {
    let lexed = token::lex(source, SourceId::default());
    let last = lexed.tokens.iter().rev().find(|(token, _)| *token != Token::Newline);
    let dangling = last.is_some_and(|&(token, _)| {
        let ends = matches!(token, Token::Semicolon | Token::Break | Token::Continue | Token::Return);
        !token.ends_value() && !ends
    });
    dangling || layout::layout(source.text(), &lexed.tokens).open_at_end
}

/// The input of the grammar: the tokens of one statement.
type Tokens<'a> = MappedInput<'a, Token<'a>, Span, &'a [(Token<'a>, Span)]>;
/// What the grammar reports, before it is put into words.
type Failure<'a> = Rich<'a, Token<'a>, Span>;
type Extra<'a> = extra::Err<Failure<'a>>;
/// A parser. Boxed everywhere, which keeps compile time low.
type P<'a, T> = Boxed<'a, 'a, Tokens<'a>, T, Extra<'a>>;

/// What the grammar looks up and notes down while it runs.
struct Context<'a> {
    text: &'a str,
    docs: Docs,
    /// The blocks parsed so far; each is taken out by the statement around it.
    blocks: RefCell<Vec<Option<Block>>>,
    /// What is wrong with statements that have a tree all the same.
    problems: RefCell<Vec<Diagnostic>>,
}

impl Context<'_> {
    fn report(&self, problem: Diagnostic) {
        let mut problems = self.problems.borrow_mut();
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }

    fn take_block(&self, index: u32, span: Span) -> Block {
        let block = self.blocks.borrow_mut().get_mut(index as usize).and_then(Option::take);
        block.unwrap_or(Block { stmts: Vec::new(), span })
    }
}

/// Parses all blocks, inner ones first; gives the statements of the last,
/// which is the file, or nothing if that was stopped.
fn statements<'a>(context: &'a Context<'a>, blocks: &'a [RawBlock<'a>], stop: &dyn Fn() -> bool) -> Option<Vec<Stmt>> {
    let parser = stmt::statement(context);
    for (at, block) in blocks.iter().enumerate() {
        let is_file = at + 1 == blocks.len();
        let alone = (block.statements.len() == 1 && !is_file).then_some(block.span);
        let parsed = block.statements.iter().map(|raw| (!stop()).then(|| statement(context, &parser, raw, alone)));
        let stmts = parsed.collect::<Option<Vec<Stmt>>>()?;
        context.blocks.borrow_mut().push(Some(Block { stmts, span: block.span }));
    }
    let file = context.blocks.borrow_mut().pop().flatten();
    Some(file.map(|block| block.stmts).unwrap_or_default())
}

fn statement<'a>(context: &'a Context<'a>, parser: &P<'a, Stmt>, raw: &'a Statement<'a>, block: Option<Span>) -> Stmt {
    let tokens = raw.tokens.as_slice();
    let whole = match tokens {
        [(_, first), .., (_, last)] => first.to(*last),
        [(_, only)] => *only,
        [] => Span::default(),
    };
    let error = Stmt { kind: StmtKind::Expr(Expr { kind: ExprKind::Error, span: whole }), span: whole };
    if raw.broken {
        return error;
    }
    let known = context.problems.borrow().len();
    let end = Span { start: whole.end, ..whole };
    let (stmt, failures) = parser.parse(tokens.split_token_span(end)).into_output_errors();
    if failures.is_empty()
        && let Some(stmt) = stmt
    {
        return stmt;
    }
    context.problems.borrow_mut().truncate(known);
    let unreadable = tokens.iter().any(|(token, _)| *token == Token::Bad);
    if let Some(failure) = failures.first()
        && !unreadable
    {
        if let Some(Token::Block(_)) = failure.found() {
            // Braces that are no block here: what seems wrong inside follows from that.
            let braces = *failure.span();
            context.problems.borrow_mut().retain(|problem| !braces.encloses(problem.primary.span));
        }
        let problem = errors::explain(context.text, tokens, block, failure);
        if problem.code == "E0013" && problem.helps.iter().all(|help| help.patches.is_empty()) {
            // A statement that does not exist here: its blocks follow its own rules.
            context.problems.borrow_mut().retain(|inner| !whole.encloses(inner.primary.span));
        }
        context.report(problem);
    }
    error
}

impl chumsky::span::Span for Span {
    type Context = SourceId;
    type Offset = u32;

    fn new(source: SourceId, range: Range<u32>) -> Self {
        Span { source, start: range.start, end: range.end }
    }

    fn context(&self) -> SourceId {
        self.source
    }

    fn start(&self) -> u32 {
        self.start
    }

    fn end(&self) -> u32 {
        self.end
    }
}

/// A name.
fn name<'a>() -> P<'a, Ident> {
    select! { Token::Name(name) = e => Ident { name: name.into(), span: e.span() } }.labelled(errors::NAME).boxed()
}

/// A block that has been parsed before.
fn block<'a>(context: &'a Context<'a>) -> P<'a, Block> {
    select! { Token::Block(index) = e => (index, e.span()) }
        .labelled(errors::BLOCK)
        .map(move |(index, span)| context.take_block(index, span))
        .boxed()
}

/// Items with commas between them, and perhaps one after the last; tells whether there was one.
fn list<'a, T: 'a>(item: P<'a, T>) -> P<'a, (Vec<T>, bool)> {
    let items = item.separated_by(just(Token::Comma)).collect::<Vec<T>>();
    items.then(just(Token::Comma).or_not().map(|comma| comma.is_some())).boxed()
}
