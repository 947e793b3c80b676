//! Syntax errors in the user's words: the usual slips by name with their cure, the rest as what was expected.

use super::Failure;
use crate::ast::{CompareOp, Expr, ExprKind};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::token::{Token, foreign_operator, spaced};
use chumsky::error::RichPattern;

/// Labels of the grammar: the classes that expected tokens are collapsed to.
pub(super) const EXPRESSION: &str = "an expression";
pub(super) const PATTERN: &str = "a pattern";
pub(super) const TYPE: &str = "a type";
pub(super) const NAME: &str = "a name";
pub(super) const BLOCK: &str = "a block `{ … }`";
pub(super) const STRING: &str = "a string";
pub(super) const INDEX: &str = "an index";
pub(super) const STATEMENT: &str = "a statement";
/// What may follow any value; never mentioned.
pub(super) const OPERATOR: &str = "an operator";

/// Puts a failure of the grammar into words.
///
/// `block` is the block whose only statement this is.
pub(super) fn explain(text: &str, tokens: &[(Token, Span)], block: Option<Span>, failure: &Failure) -> Diagnostic {
    let place = *failure.span();
    let at = tokens.partition_point(|(_, span)| span.start < place.start);
    let found = failure.found().copied();
    let place = Place { text, tokens, at, span: place, found, block };
    let classes = classes(failure);
    let foreign = place.foreign_sign().or_else(|| place.foreign(&classes));
    foreign.or_else(|| place.slip(&classes)).unwrap_or_else(|| place.unexpected(&classes))
}

/// Where the grammar stopped.
pub(super) struct Place<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: &'a [(Token<'a>, Span)],
    /// Index of the token that does not fit.
    pub(super) at: usize,
    pub(super) span: Span,
    /// That token; none at the end of the statement.
    pub(super) found: Option<Token<'a>>,
    /// The block whose only statement this is.
    pub(super) block: Option<Span>,
}

impl Place<'_> {
    pub(super) fn token(&self, at: Option<usize>) -> Option<Token<'_>> {
        self.tokens.get(at?).map(|&(token, _)| token)
    }

    /// The token `back` places before the one that does not fit.
    pub(super) fn before(&self, back: usize) -> Option<Token<'_>> {
        self.token(self.at.checked_sub(back))
    }

    fn previous_span(&self) -> Option<Span> {
        self.tokens.get(self.at.checked_sub(1)?).map(|&(_, span)| span)
    }

    /// The usual slips.
    fn slip(&self, classes: &[String]) -> Option<Diagnostic> {
        let error = |code, title: &str| Diagnostic::error(code, self.span, title);
        let first = if self.found == Some(Token::Var) { self.at } else { 0 };
        if let Some([(Token::Var, word), (Token::LParen, open), ..]) = self.tokens.get(first..)
            && word.end == open.start
        {
            let problem = Diagnostic::error("E0010", *word, "`var` begins a variable, and is no function");
            return Some(problem.fix("the variance of an array", vec![(*word, "variance".into())]));
        }
        let found = self.found?;
        match found {
            Token::LParen if self.before(1) == Some(Token::Dot) => {
                let dot = self.previous_span()?;
                let problem = Diagnostic::error("E0010", dot, "a function is applied to each entry without a dot");
                Some(problem.fix("leave the dot out", vec![(dot, String::new())]))
            }
            Token::Assign => self.assignment(),
            Token::Eq
                if matches!(self.token(Some(0)), Some(Token::Let | Token::Var | Token::Fn))
                    && self.outside_brackets() =>
            {
                Some(error("E0011", "`==` compares").fix("`=` binds a value", vec![(self.span, "=".into())]))
            }
            Token::LParen if self.at == 2 && self.token(Some(0)) == Some(Token::Let) => Some(
                error("E0010", "`let` binds values, without parameters")
                    .fix("a function is defined with `fn`", vec![(self.tokens[0].1, "fn".into())]),
            ),
            Token::Else => Some(
                error("E0014", "this `else` has no `if`")
                    .help("`else` follows the block of an `if`: `if c { a } else { b }`"),
            ),
            Token::Plus if !self.after_value() => Some(self.continued().unwrap_or_else(|| {
                error("E0010", "there is no sign `+`").fix("leave it out", vec![(self.span, String::new())])
            })),
            Token::Colon => self.colon(),
            Token::Comma if self.at == 2 => self.several_names(),
            Token::Semicolon => Some(
                error("E0010", "`;` separates statements, and cannot stand in brackets")
                    .help("parts are separated by `,`"),
            ),
            Token::Format(_) | Token::HoleClose if self.before(1) == Some(Token::HoleOpen) => {
                Some(error("E0010", "this hole is empty").help("a hole holds its value: `\"{x}\"`, `\"{x:.2f}\"`"))
            }
            Token::Pipe if self.after_value() => {
                Some(foreign_operator(self.span, "|", "or", spaced(self.text, self.span, "or")))
            }
            Token::Name(_) | Token::Int(_) | Token::Float(_) | Token::Quote
                if self.after_value() && !self.outside_brackets() && classes.iter().any(|class| class == "`,`") =>
            {
                Some(
                    error("E0010", &format!("expected `,` or an operator, found {found}"))
                        .help("parts are separated by `,`, and the arguments of a function stand in brackets"),
                )
            }
            Token::Name(_) | Token::Int(_) | Token::Float(_) | Token::Quote
                if self.after_value() && self.outside_brackets() && !classes.iter().any(|class| class == BLOCK) =>
            {
                let previous = self.previous_span()?;
                let at = Span { start: previous.end, ..previous };
                Some(
                    error("E0010", &format!("expected an operator or the end of the statement, found {found}"))
                        .label(Span { end: previous.end, ..at }, "the expression before it ends here")
                        .help("two values need an operator between them, and two statements a new line"),
                )
            }
            _ => None,
        }
    }

    /// A `+` that begins a line, to go on with the expression of the line before.
    fn continued(&self) -> Option<Diagnostic> {
        let before = self.text.get(..self.span.start as usize)?;
        let line = before.trim_end();
        let last = line.lines().next_back()?;
        if self.at > 0 || !before[line.len()..].contains('\n') || last.ends_with(['{', '}', ';']) {
            return None;
        }
        let problem = Diagnostic::error("E0010", self.span, "a line does not begin with `+`");
        let help = "an expression goes on in the next line if its line ends with the operator";
        if last.contains('#') {
            return Some(problem.help(help));
        }
        let end = Span { start: line.len() as u32, end: line.len() as u32, ..self.span };
        let rest = self.text.get(self.span.end as usize..)?;
        let gap = rest.len() - rest.trim_start_matches(' ').len();
        let sign = Span { end: self.span.end + gap as u32, ..self.span };
        Some(problem.fix(help, vec![(end, " +".into()), (sign, String::new())]))
    }

    /// `=` inside an expression.
    fn assignment(&self) -> Option<Diagnostic> {
        if let (Some(operator), Some(previous)) = (self.before(1), self.previous_span())
            && let (Some(sign), true) = (arithmetic(operator), previous.end == self.span.start)
        {
            let problem = Diagnostic::error("E0009", previous.to(self.span), format!("`{sign}=` is no operator"));
            return Some(problem.help(format!("write `x = x {sign} …`; there are `+=`, `-=`, `*=` and `/=`")));
        }
        if !self.after_value() {
            return None;
        }
        let problem = Diagnostic::error("E0011", self.span, "an assignment is no expression");
        if let Some(fields) = self.fields() {
            return Some(problem.fix("a field of a record is named with `:`", fields));
        }
        let condition = self.tokens[..self.at].iter().any(|(token, _)| matches!(token, Token::If | Token::While));
        Some(if condition || !self.outside_brackets() {
            problem.fix("`==` compares", vec![(self.span, "==".into())])
        } else {
            problem.help("each assignment is a statement of its own")
        })
    }

    /// `(a = 1, b = 2)`: what makes a record of it.
    fn fields(&self) -> Option<Vec<(Span, String)>> {
        let open = self.open_brackets().pop()?;
        let called = open > 0 && self.glued(open) && self.token(Some(open - 1))?.ends_value();
        if self.token(Some(open)) != Some(Token::LParen) || called || self.at != open + 2 {
            return None;
        }
        let (mut depth, mut patches) = (0, Vec::new());
        for at in open + 1..self.closing(open)? {
            depth += nesting(self.token(Some(at))?);
            if depth == 0 && self.token(Some(at)) == Some(Token::Assign) {
                let gap = Span { start: self.span_of(at - 1).end, end: self.span_of(at + 1).start, ..self.span };
                patches.push((gap, ": ".into()));
            }
        }
        Some(patches)
    }

    /// `let a, b = …`.
    fn several_names(&self) -> Option<Diagnostic> {
        let (Some(Token::Let | Token::Var), Some(Token::Name(_))) = (self.token(Some(0)), self.token(Some(1))) else {
            return None;
        };
        let names = self.tokens[1..].iter().take_while(|(t, _)| matches!(t, Token::Name(_) | Token::Comma)).count();
        let mut patches = self.bracketed(1, names);
        if self.token(Some(names + 1)) == Some(Token::Assign) {
            patches.extend(self.tuple_after(names + 1));
        }
        let problem = Diagnostic::error("E0010", self.span, "several names are bound by a pattern");
        Some(problem.fix("put them into brackets", patches))
    }

    /// The place of a token; of the last one behind the end.
    pub(super) fn span_of(&self, at: usize) -> Span {
        self.tokens.get(at).or(self.tokens.last()).map_or(self.span, |&(_, span)| span)
    }

    /// Whether nothing stands between a token and the one before it.
    pub(super) fn glued(&self, at: usize) -> bool {
        at > 0 && self.span_of(at - 1).end == self.span_of(at).start
    }

    /// The first such token from one on.
    pub(super) fn position(&self, from: usize, wanted: Token) -> Option<usize> {
        let rest = self.tokens.get(from..)?;
        rest.iter().position(|&(token, _)| token == wanted).map(|at| from + at)
    }

    /// The brackets that are open where the grammar stopped, outer ones first.
    pub(super) fn open_brackets(&self) -> Vec<usize> {
        let mut open = Vec::new();
        for (at, &(token, _)) in self.tokens[..self.at.min(self.tokens.len())].iter().enumerate() {
            match nesting(token) {
                1 => open.push(at),
                -1 => {
                    open.pop();
                }
                _ => {}
            }
        }
        open
    }

    /// The bracket that closes the one at a token.
    pub(super) fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0;
        let rest = self.tokens.get(open..)?;
        let close = rest.iter().position(|&(token, _)| {
            depth += nesting(token);
            depth == 0
        });
        close.map(|at| open + at)
    }

    /// The bracket that the one at a token closes.
    pub(super) fn opening(&self, close: usize) -> Option<usize> {
        let mut depth = 0;
        self.tokens.get(..=close)?.iter().rposition(|&(token, _)| {
            depth += nesting(token);
            depth == 0
        })
    }

    /// `if c:` and its like.
    fn colon(&self) -> Option<Diagnostic> {
        let headed = matches!(
            self.token(Some(0)),
            Some(Token::If | Token::For | Token::While | Token::Fn) | Some(Token::Name("test"))
        );
        let problem = Diagnostic::error("E0010", self.span, "a block does not begin with `:`");
        (headed && self.after_value() && self.outside_brackets()).then(|| problem.help("write it in braces: `{ … }`"))
    }

    pub(super) fn after_value(&self) -> bool {
        self.before(1).is_some_and(Token::ends_value)
    }

    pub(super) fn outside_brackets(&self) -> bool {
        self.open_brackets().is_empty()
    }

    /// Anything else: what was expected, in classes.
    fn unexpected(&self, classes: &[String]) -> Diagnostic {
        let wants_name = classes.iter().any(|class| class == NAME || class == PATTERN);
        let wants_value = classes.iter().any(|class| class == EXPRESSION);
        if let Some(word) = self.found.and_then(Token::keyword)
            && wants_name
            && !wants_value
        {
            return Diagnostic::error("E0012", self.span, format!("`{word}` is a reserved word"))
                .fix("choose another name", vec![(self.span, format!("{word}_"))]);
        }
        if let ([], Some(found)) = (classes, self.found) {
            return Diagnostic::error("E0010", self.span, format!("{found} cannot stand here"));
        }
        let expected = match classes {
            [] => "more".to_string(),
            [one] => one.clone(),
            [first @ .., last] => format!("{} or {last}", first.join(", ")),
        };
        match self.found {
            Some(found) => Diagnostic::error("E0010", self.span, format!("expected {expected}, found {found}")),
            None => {
                let problem = Diagnostic::error("E0010", self.end(), format!("expected {expected}"));
                let problem = problem.here("the statement ends here");
                self.block_below(problem, classes)
            }
        }
    }

    /// Adds the cure for a `{` on a line of its own.
    fn block_below(&self, problem: Diagnostic, classes: &[String]) -> Diagnostic {
        let rest = self.text.get(self.span.end as usize..).unwrap_or("");
        let gap = rest.len() - rest.trim_start().len();
        if gap == 0 || !rest[gap..].starts_with('{') || !classes.iter().any(|class| class == BLOCK) {
            return problem;
        }
        let gap = Span { end: self.span.end + gap as u32, ..self.span };
        problem.fix("its `{` stands on the same line", vec![(gap, " ".into())])
    }

    /// The last character of the statement, so that there is something to point at.
    fn end(&self) -> Span {
        let end = self.span.end as usize;
        let last = self.text.get(..end).and_then(|text| text.chars().next_back()).map_or(0, char::len_utf8);
        Span { start: (end - last) as u32, ..self.span }
    }
}

/// The expected classes, sorted; operators are left out where anything else is expected.
fn classes(failure: &Failure) -> Vec<String> {
    let mut classes: Vec<String> = failure
        .expected()
        .filter_map(|pattern| match pattern {
            RichPattern::Label(label) if label == OPERATOR => None,
            RichPattern::Label(label) => Some(label.to_string()),
            RichPattern::Token(token) => match **token {
                Token::LParen | Token::LBracket | Token::For => None,
                token => Some(token.to_string()),
            },
            RichPattern::EndOfInput => Some("the end of the statement".to_string()),
            _ => None,
        })
        .collect();
    // Classes first, then tokens, the end last.
    classes.sort_by_key(|class| (class.starts_with('`'), class.starts_with("the end"), class.clone()));
    classes.dedup();
    if classes.iter().any(|class| class == EXPRESSION) {
        classes.retain(|class| class != NAME && class != BLOCK && class != INDEX);
    }
    classes
}

/// By how much a token changes the depth of brackets.
pub(super) fn nesting(token: Token) -> i32 {
    match token {
        Token::LParen | Token::LBracket | Token::HoleOpen => 1,
        Token::RParen | Token::RBracket | Token::HoleClose => -1,
        _ => 0,
    }
}

/// The spelling of an arithmetic operator that has no form with `=`.
fn arithmetic(token: Token) -> Option<&'static str> {
    match token {
        Token::Caret => Some("^"),
        Token::SlashSlash => Some("//"),
        Token::Percent => Some("%"),
        Token::At => Some("@"),
        _ => None,
    }
}

/// `x <- 3`: to compare with a negative number leaves a line without effect.
pub(super) fn arrow(text: &str, whole: &Expr) -> Option<Diagnostic> {
    let ExprKind::Compare(left, rest) = &whole.kind else {
        return None;
    };
    let [(CompareOp::Lt, right)] = rest.as_slice() else {
        return None;
    };
    let minus = right.span.start;
    let sign = Span { start: minus.checked_sub(1)?, end: minus + 1, ..whole.span };
    let after = text.get(sign.end as usize..)?;
    if text.get(sign.start as usize..sign.end as usize)? != "<-" || !after.starts_with(' ') {
        return None;
    }
    let problem = Diagnostic::error("E0009", sign, "`<-` is no operator");
    let before = Span { end: left.span.start, ..left.span };
    Some(match left.kind {
        ExprKind::Name(_) => {
            problem.fix("a value is bound with `let`", vec![(before, "let ".into()), (sign, "=".into())])
        }
        _ => problem.fix("`=` assigns", vec![(sign, "=".into())]),
    })
}

/// `f(x) = 1`.
pub(super) fn no_place(left: &Expr) -> Diagnostic {
    let problem = Diagnostic::error("E0015", left.span, "this cannot be assigned to");
    let is_name = |e: &Expr| matches!(e.kind, ExprKind::Name(_));
    if let ExprKind::Call { callee, args } = &left.kind
        && is_name(callee)
        && args.iter().all(|arg| arg.name.is_none() && is_name(&arg.value))
    {
        let before = Span { end: left.span.start, ..left.span };
        return problem.fix("a function is defined with `fn`", vec![(before, "fn ".into())]);
    }
    problem.help("a variable can, a part of one (`x[i]`, `t.w`), and a tuple of these; `==` compares")
}

/// `a < b > c`.
pub(super) fn mixed_comparison(span: Span) -> Diagnostic {
    Diagnostic::error("E0016", span, "these comparisons do not chain")
        .note("a chain goes in one direction: `0 <= i < n`")
        .help("join two comparisons with `and`")
}

/// `f(e for i in r, x)`.
pub(super) fn bare_comprehension(span: Span) -> Diagnostic {
    Diagnostic::error("E0017", span, "a bare `for` must be the only argument without a name").fix(
        "put it into brackets",
        vec![(Span { end: span.start, ..span }, "[".into()), (Span { start: span.end, ..span }, "]".into())],
    )
}
