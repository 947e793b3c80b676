//! Tokens: the words of the language, each with its place.
//!
//! Strings are flat: `"a {x:.2f} b"` gives `Quote Text HoleOpen Name Format HoleClose Text QuoteEnd`, so a hole is
//! parsed like any other expression. Newlines are tokens; `parse/layout.rs` decides which of them end a statement.
//! Comments never reach the parser; they are listed apart for documentation and formatting. A comment that begins
//! with exactly two `#` is a doc comment.
//!
//! What cannot be read gives a diagnostic and a [`Token::Bad`]. The slips of other languages (`**`, `&&`, `!`) give
//! a diagnostic and the token that was meant, so that the rest of the statement is still checked.

mod slips;
mod strings;

use crate::ast::Format;
use crate::diagnostic::Diagnostic;
use crate::source::{Source, SourceId, Span};
use logos::Logos;
use std::fmt;

pub(crate) use slips::{foreign_operator, spaced};
pub use strings::unescape;

/// A word of the language. The `Display` form is how messages name it.
#[derive(Logos, Clone, Copy, PartialEq, Debug)]
#[logos(skip(r"[ \t\r\f\u{feff}\u{a0}]+"))]
pub enum Token<'a> {
    /// `42`, `1_000`.
    #[regex(r"[0-9](_?[0-9])*", |lex| strings::int(lex.slice()))]
    Int(i64),
    /// `0.5`, `1e-6`.
    #[regex(
        r"[0-9](_?[0-9])*(\.[0-9](_?[0-9])*([eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)",
        |lex| strings::float(lex.slice())
    )]
    Float(f64),
    /// A name, `_` included.
    #[regex(r"[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{M}\p{Nd}_₀-₉]*")]
    Name(&'a str),
    /// `"` that opens a string.
    #[token("\"")]
    Quote,
    /// Text of a string, escapes not yet resolved.
    Text(&'a str),
    /// `{` inside a string.
    HoleOpen,
    /// `:.3e` inside a string.
    Format(Format),
    /// `}` that closes a hole.
    HoleClose,
    /// `"` that closes a string.
    QuoteEnd,
    /// A block that has been parsed already; the number is its place in the table of blocks.
    Block(u32),
    /// Something unreadable, already reported.
    Bad,
    /// The end of a line.
    #[token("\n")]
    Newline,
    /// `;`.
    #[token(";")]
    Semicolon,
    /// `#` to the end of the line; never in a token list.
    #[regex(r"#[^\n]*", allow_greedy = true)]
    Comment,
    /// `fn`.
    #[token("fn")]
    Fn,
    /// `let`.
    #[token("let")]
    Let,
    /// `var`.
    #[token("var")]
    Var,
    /// `if`.
    #[token("if")]
    If,
    /// `else`.
    #[token("else")]
    Else,
    /// `for`.
    #[token("for")]
    For,
    /// `while`.
    #[token("while")]
    While,
    /// `in`.
    #[token("in")]
    In,
    /// `by`.
    #[token("by")]
    By,
    /// `break`.
    #[token("break")]
    Break,
    /// `continue`.
    #[token("continue")]
    Continue,
    /// `return`.
    #[token("return")]
    Return,
    /// `import`.
    #[token("import")]
    Import,
    /// `and`.
    #[token("and")]
    And,
    /// `or`.
    #[token("or")]
    Or,
    /// `not`.
    #[token("not")]
    Not,
    /// `true`.
    #[token("true")]
    True,
    /// `false`.
    #[token("false")]
    False,
    /// `none`.
    #[token("none")]
    None,
    /// `fixpoint`.
    #[token("fixpoint")]
    Fixpoint,
    /// `(`.
    #[token("(")]
    LParen,
    /// `)`.
    #[token(")")]
    RParen,
    /// `[`.
    #[token("[")]
    LBracket,
    /// `]`.
    #[token("]")]
    RBracket,
    /// `{`.
    #[token("{")]
    LBrace,
    /// `}`.
    #[token("}")]
    RBrace,
    /// `,`.
    #[token(",")]
    Comma,
    /// `:`.
    #[token(":")]
    Colon,
    /// `->`.
    #[token("->")]
    Arrow,
    /// `=`.
    #[token("=")]
    Assign,
    /// `+=`.
    #[token("+=")]
    AddAssign,
    /// `-=`.
    #[token("-=")]
    SubAssign,
    /// `*=`.
    #[token("*=")]
    MulAssign,
    /// `/=`.
    #[token("/=")]
    DivAssign,
    /// `==`.
    #[token("==")]
    Eq,
    /// `!=`.
    #[token("!=")]
    Ne,
    /// `<`.
    #[token("<")]
    Lt,
    /// `<=`.
    #[token("<=")]
    Le,
    /// `>`.
    #[token(">")]
    Gt,
    /// `>=`.
    #[token(">=")]
    Ge,
    /// `..`.
    #[token("..")]
    DotDot,
    /// `.`.
    #[token(".")]
    Dot,
    /// `+`.
    #[token("+")]
    Plus,
    /// `-`.
    #[token("-")]
    Minus,
    /// `*`.
    #[token("*")]
    Star,
    /// `/`.
    #[token("/")]
    Slash,
    /// `//`.
    #[token("//")]
    SlashSlash,
    /// `%`.
    #[token("%")]
    Percent,
    /// `@`.
    #[token("@")]
    At,
    /// `^`.
    #[token("^")]
    Caret,
    /// `'`.
    #[token("'")]
    Prime,
    /// `|`.
    #[token("|")]
    Pipe,
    /// `|>`.
    #[token("|>")]
    PipeInto,
    /// `||`: two `|`, or a slip for `or`; the layout decides.
    #[token("||")]
    PipePipe,
    /// `**`, a slip for `^`; never in a token list.
    #[token("**")]
    StarStar,
    /// `&` or `&&`, a slip for `and`; never in a token list.
    #[token("&")]
    #[token("&&")]
    Ampersand,
    /// `!`, a slip for `not`; never in a token list.
    #[token("!")]
    Bang,
}

/// A comment, for documentation and formatting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Comment {
    /// From `#` to the end of the line.
    pub span: Span,
    /// Whether it begins with `##`.
    pub doc: bool,
}

/// The tokens of a text.
#[derive(Debug, Default)]
pub struct Lexed<'a> {
    /// In order; spans never overlap.
    pub tokens: Vec<(Token<'a>, Span)>,
    /// In order.
    pub comments: Vec<Comment>,
    /// What could not be read.
    pub diagnostics: Vec<Diagnostic>,
}

/// Splits a text into tokens. Never fails: see [`Lexed::diagnostics`].
///
/// ```
/// use adl_lang::{source::{Source, SourceId}, token::{lex, Token}};
/// let source = Source::new("a.adl", "x.0.1 # two fields");
/// let words: Vec<Token> = lex(&source, SourceId(0)).tokens.into_iter().map(|(token, _)| token).collect();
/// assert_eq!(words, [Token::Name("x"), Token::Dot, Token::Int(0), Token::Dot, Token::Int(1)]);
/// ```
pub fn lex(source: &Source, id: SourceId) -> Lexed<'_> {
    let text = source.text();
    let mut lexer = Lexer { text, id, inner: Token::lexer(text), out: Lexed::default(), strings: Vec::new() };
    while let Some(token) = lexer.inner.next() {
        let range = lexer.inner.span();
        lexer.step(token, Span::new(id, range.start, range.end));
    }
    let end = Span::new(id, text.len(), text.len());
    lexer.end_of_line(end);
    lexer.out
}

/// The lexer at work.
struct Lexer<'a> {
    text: &'a str,
    id: SourceId,
    inner: logos::Lexer<'a, Token<'a>>,
    out: Lexed<'a>,
    /// The strings that are open because the lexer is inside one of their holes.
    strings: Vec<OpenString>,
}

/// A string in one of whose holes the lexer is.
struct OpenString {
    /// Where its `Quote` stands in the token list.
    token: usize,
    /// The `{` of the hole.
    hole: Span,
    /// Brackets open inside the hole.
    brackets: u32,
}

impl<'a> Lexer<'a> {
    fn step(&mut self, token: Result<Token<'a>, ()>, span: Span) {
        match token {
            Err(()) => self.unreadable(span),
            Ok(Token::Comment) => {
                let text = &self.text[span.start as usize..span.end as usize];
                let doc = text.starts_with("##") && !text.starts_with("###");
                self.out.comments.push(Comment { span, doc });
            }
            Ok(Token::Newline) => {
                self.end_of_line(span);
                self.push(Token::Newline, span);
            }
            Ok(Token::Quote) => self.string(span),
            Ok(Token::Name(_)) if self.number_before(span) => self.after_number(span),
            Ok(token @ (Token::Int(_) | Token::Float(_))) => self.number(token, span),
            Ok(Token::Dot) => self.dot(span),
            Ok(Token::Prime)
                if self.strings.is_empty()
                    && let Some(length) = self.quoted() =>
            {
                self.foreign_string(span, length, '\'');
            }
            Ok(Token::StarStar) => self.slip(span, Token::Caret, "^"),
            Ok(Token::Ampersand) if !self.after_value() => self.superfluous(span, "values have no references"),
            Ok(Token::Ampersand) => self.slip(span, Token::And, "and"),
            Ok(Token::Bang) if self.ends_name(span) => self.mark_of_macro(span),
            Ok(Token::Bang) => self.slip(span, Token::Not, "not"),
            Ok(Token::Slash) if self.rest().starts_with('*') => self.block_comment(span),
            Ok(token) if self.strings.is_empty() => self.push(token, span),
            Ok(token) => self.in_hole(token, span),
        }
    }

    fn push(&mut self, token: Token<'a>, span: Span) {
        self.out.tokens.push((token, span));
    }

    fn report(&mut self, problem: Diagnostic) {
        self.out.diagnostics.push(problem);
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.id, start, end)
    }

    /// Whether a value may end with the last token.
    fn after_value(&self) -> bool {
        self.out.tokens.last().is_some_and(|(token, _)| token.ends_value())
    }

    /// The text behind the current token.
    fn rest(&self) -> &'a str {
        self.inner.remainder()
    }
}

impl Token<'_> {
    /// Whether a value may end with this token, so that an operator, a call or an index may follow it.
    pub fn ends_value(self) -> bool {
        use Token::*;
        matches!(
            self,
            Int(_)
                | Float(_)
                | Name(_)
                | QuoteEnd
                | Block(_)
                | Bad
                | True
                | False
                | None
                | RParen
                | RBracket
                | RBrace
                | Prime
        )
    }

    /// The spelling of a reserved word.
    pub fn keyword(self) -> Option<&'static str> {
        RESERVED.iter().find(|(token, _)| *token == self).map(|(_, word)| *word)
    }
}

/// The reserved words.
pub const KEYWORDS: [&str; RESERVED.len()] = {
    let mut words = [""; RESERVED.len()];
    let mut k = 0;
    while k < words.len() {
        words[k] = RESERVED[k].1;
        k += 1;
    }
    words
};

const RESERVED: &[(Token<'static>, &str)] = &[
    (Token::Fn, "fn"),
    (Token::Let, "let"),
    (Token::Var, "var"),
    (Token::If, "if"),
    (Token::Else, "else"),
    (Token::For, "for"),
    (Token::While, "while"),
    (Token::In, "in"),
    (Token::By, "by"),
    (Token::Break, "break"),
    (Token::Continue, "continue"),
    (Token::Return, "return"),
    (Token::Import, "import"),
    (Token::And, "and"),
    (Token::Or, "or"),
    (Token::Not, "not"),
    (Token::True, "true"),
    (Token::False, "false"),
    (Token::None, "none"),
    (Token::Fixpoint, "fixpoint"),
];

impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Token::*;
        if let Some(word) = self.keyword() {
            return write!(f, "`{word}`");
        }
        f.write_str(match *self {
            Int(_) | Float(_) => "a number",
            Name(name) => return write!(f, "`{name}`"),
            Quote | Text(_) => "a string",
            HoleOpen | LBrace => "`{`",
            Format(_) => "a format",
            HoleClose | RBrace => "`}`",
            QuoteEnd => "the end of the string",
            Block(_) => "a block",
            Newline | Comment => "the end of the line",
            Semicolon => "`;`",
            LParen => "`(`",
            RParen => "`)`",
            LBracket => "`[`",
            RBracket => "`]`",
            Comma => "`,`",
            Colon => "`:`",
            Arrow => "`->`",
            Assign => "`=`",
            AddAssign => "`+=`",
            SubAssign => "`-=`",
            MulAssign => "`*=`",
            DivAssign => "`/=`",
            Eq => "`==`",
            Ne => "`!=`",
            Lt => "`<`",
            Le => "`<=`",
            Gt => "`>`",
            Ge => "`>=`",
            DotDot => "`..`",
            Dot => "`.`",
            Plus => "`+`",
            Minus => "`-`",
            Star => "`*`",
            Slash => "`/`",
            SlashSlash => "`//`",
            Percent => "`%`",
            At => "`@`",
            Caret => "`^`",
            Prime => "`'`",
            Pipe => "`|`",
            PipeInto => "`|>`",
            PipePipe => "`||`",
            StarStar => "`**`",
            Ampersand => "`&`",
            Bang => "`!`",
            Fn | Let | Var | If | Else | For | While | In | By | Break | Continue | Return | Import | And | Or
            | Not | True | False | None | Fixpoint | Bad => "something unreadable",
        })
    }
}
