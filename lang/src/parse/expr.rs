//! Expressions: operators by precedence, calls and indices. What they are made of is in `atom.rs`.

use super::{Context, P, atom, errors, name};
use crate::ast::{Arg, BinaryOp, CompareOp, Comprehension, Expr, ExprKind, Index, Pattern, UnaryOp};
use crate::source::Span;
use crate::token::Token;
use chumsky::prelude::*;

/// The parsers of whole expressions and of arithmetic (for ends of ranges, and dimensions).
pub(super) fn expressions<'a>(context: &'a Context<'a>, pattern: P<'a, Pattern>) -> (P<'a, Expr>, P<'a, Expr>) {
    let mut sum = None;
    // Within its own definition a parser is only pointed at, so that all of them go when the last one does.
    let expr = recursive(|expr| {
        let arith = recursive(|arith| {
            let (expr, arith) = (expr.clone().boxed(), arith.boxed());
            let atom = atom::atom(context, expr.clone(), arith.clone(), pattern.clone());
            let clauses = clauses(expr.clone(), pattern);
            let term = left(
                unary(postfix(context, atom, expr, arith, clauses)),
                select! {
                    Token::Star => BinaryOp::Mul,
                    Token::Slash => BinaryOp::Div,
                    Token::SlashSlash => BinaryOp::FloorDiv,
                    Token::Percent => BinaryOp::Rem,
                    Token::At => BinaryOp::MatMul,
                }
                .boxed(),
            );
            left(term, select! { Token::Plus => BinaryOp::Add, Token::Minus => BinaryOp::Sub }.boxed())
        });
        sum = Some(arith.clone().boxed());
        let compare = compare(context, range(arith.boxed()));
        let not = recursive(|not| {
            let negated =
                just(Token::Not).ignore_then(not).map_with(|operand, e| prefix(UnaryOp::Not, operand, e.span()));
            negated.boxed().or(compare).labelled(errors::EXPRESSION).boxed()
        });
        let and = left(not.boxed(), just(Token::And).to(BinaryOp::And).boxed());
        let or = left(and, just(Token::Or).to(BinaryOp::Or).boxed());
        let into = just(Token::PipeInto).labelled(errors::OPERATOR).ignore_then(or.clone());
        let pipe = or.foldl(into.repeated(), |value, callee| {
            let span = value.span.to(callee.span);
            let args = vec![Arg { name: None, value, reduction: false }];
            Expr { kind: ExprKind::Call { callee: Box::new(callee), args }, span }
        });
        pipe.labelled(errors::EXPRESSION).boxed()
    });
    let expr = expr.boxed();
    (expr.clone(), sum.unwrap_or(expr))
}

/// `for x in xs, y in ys if c`.
pub(super) fn clauses<'a>(expr: P<'a, Expr>, pattern: P<'a, Pattern>) -> P<'a, Clauses> {
    let clause = pattern.then_ignore(just(Token::In)).then(expr.clone()).boxed();
    let condition = just(Token::If).ignore_then(expr).or_not();
    just(Token::For)
        .ignore_then(clause.separated_by(just(Token::Comma)).at_least(1).collect::<Vec<_>>())
        .then(condition)
        .map(|(clauses, condition)| Clauses { clauses, condition })
        .boxed()
}

/// What follows the element of a comprehension.
pub(super) struct Clauses {
    clauses: Vec<(Pattern, Expr)>,
    condition: Option<Expr>,
}

impl Clauses {
    /// The comprehension with its element.
    pub(super) fn of(self, element: Expr) -> Box<Comprehension> {
        Box::new(Comprehension { element, clauses: self.clauses, condition: self.condition })
    }
}

/// Operators in one chain above which it is one node of the tree. Below, it is a node for each operator, which is what
/// most that looks at expressions knows.
pub(super) const CHAIN: usize = 16;

/// Operands joined by operators that group to the left.
fn left<'a>(operand: P<'a, Expr>, op: P<'a, BinaryOp>) -> P<'a, Expr> {
    let rest = op.labelled(errors::OPERATOR).then(operand.clone()).repeated().collect::<Vec<_>>();
    let join = |(first, rest): (Expr, Vec<(BinaryOp, Expr)>)| match rest.last() {
        Some((_, last)) if rest.len() > CHAIN => {
            let span = first.span.to(last.span);
            Expr { kind: ExprKind::Chain(Box::new(first), rest), span }
        }
        _ => rest.into_iter().fold(first, |left, (op, right)| binary(op, left, right)),
    };
    operand.then(rest).map(join).boxed()
}

fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    let span = left.span.to(right.span);
    Expr { kind: ExprKind::Binary(op, Box::new(left), Box::new(right)), span }
}

fn prefix(op: UnaryOp, operand: Expr, span: Span) -> Expr {
    Expr { kind: ExprKind::Unary(op, Box::new(operand)), span }
}

/// `-x^-y`: the sign is looser than the power, and the power groups to the right.
fn unary<'a>(postfix: P<'a, Expr>) -> P<'a, Expr> {
    recursive(|unary| {
        let unary = unary.boxed();
        let negated = just(Token::Minus)
            .ignore_then(unary.clone())
            .map_with(|operand, e| prefix(UnaryOp::Neg, operand, e.span()));
        let exponent = just(Token::Caret).labelled(errors::OPERATOR).ignore_then(unary).or_not();
        let power = postfix.then(exponent).map(|(base, exponent)| match exponent {
            Some(exponent) => binary(BinaryOp::Pow, base, exponent),
            None => base,
        });
        negated.boxed().or(power.boxed()).labelled(errors::EXPRESSION).boxed()
    })
    .boxed()
}

/// `a..b by s`, or `a` alone.
fn range<'a>(arith: P<'a, Expr>) -> P<'a, Expr> {
    let step = just(Token::By).labelled(errors::OPERATOR).ignore_then(arith.clone()).or_not();
    let end = just(Token::DotDot).labelled(errors::OPERATOR).ignore_then(arith.clone()).then(step).or_not();
    arith
        .then(end.boxed())
        .map_with(|(start, end), e| match end {
            Some((end, step)) => {
                let (start, end, step) = (Box::new(start), Box::new(end), step.map(Box::new));
                Expr { kind: ExprKind::Range { start, end, step }, span: e.span() }
            }
            None => start,
        })
        .boxed()
}

/// `a < b <= c`.
fn compare<'a>(context: &'a Context<'a>, range: P<'a, Expr>) -> P<'a, Expr> {
    let op = select! {
        Token::Eq => CompareOp::Eq,
        Token::Ne => CompareOp::Ne,
        Token::Lt => CompareOp::Lt,
        Token::Le => CompareOp::Le,
        Token::Gt => CompareOp::Gt,
        Token::Ge => CompareOp::Ge,
    };
    let rest = op.labelled(errors::OPERATOR).then(range.clone()).repeated().collect::<Vec<_>>();
    range
        .then(rest)
        .map_with(move |(first, rest), e| {
            if rest.is_empty() {
                return first;
            }
            let has = |these: [CompareOp; 2]| rest.iter().any(|(op, _)| these.contains(op));
            let both_ways = has([CompareOp::Lt, CompareOp::Le]) && has([CompareOp::Gt, CompareOp::Ge]);
            if both_ways || rest.len() > 1 && has([CompareOp::Ne, CompareOp::Ne]) {
                context.report(errors::mixed_comparison(e.span()));
            }
            Expr { kind: ExprKind::Compare(Box::new(first), rest), span: e.span() }
        })
        .boxed()
}

/// What may follow a value.
enum Postfix {
    Call(Vec<Arg>),
    Index(Vec<Index>),
    Field(crate::ast::Ident),
    Part(usize, Span),
    Prime,
}

/// Calls, indices, fields and derivatives.
fn postfix<'a>(
    context: &'a Context<'a>,
    atom: P<'a, Expr>,
    expr: P<'a, Expr>,
    arith: P<'a, Expr>,
    clauses: P<'a, Clauses>,
) -> P<'a, Expr> {
    let args = args(context, expr.clone(), clauses).map(Postfix::Call);
    let indices = index(expr, arith)
        .separated_by(just(Token::Comma))
        .at_least(1)
        .allow_trailing()
        .collect::<Vec<_>>()
        .delimited_by(just(Token::LBracket), just(Token::RBracket))
        .map(Postfix::Index);
    let part = select! { Token::Int(part) = e => Postfix::Part(part as usize, e.span()) };
    let field = just(Token::Dot).ignore_then(name().map(Postfix::Field).or(part.labelled(errors::NAME)));
    let prime = just(Token::Prime).map(|_| Postfix::Prime);
    let suffix = choice((args.boxed(), indices.boxed(), field.boxed(), prime.boxed()))
        .labelled(errors::OPERATOR)
        .map_with(|suffix, e| (suffix, e.span()));
    atom.foldl(suffix.boxed().repeated(), |base, (suffix, end): (Postfix, Span)| {
        let span = base.span.to(end);
        let base = Box::new(base);
        let kind = match suffix {
            Postfix::Call(args) => ExprKind::Call { callee: base, args },
            Postfix::Index(indices) => ExprKind::Index { base, indices },
            Postfix::Field(field) => ExprKind::Field(base, field),
            Postfix::Part(part, at) => ExprKind::Part(base, part, at),
            Postfix::Prime => ExprKind::Prime(base),
        };
        Expr { kind, span }
    })
    .boxed()
}

/// `(x, n = 3)`, `(e for i in r, axis = 1)`.
fn args<'a>(context: &'a Context<'a>, expr: P<'a, Expr>, clauses: P<'a, Clauses>) -> P<'a, Vec<Arg>> {
    let named = name().then_ignore(just(Token::Assign)).then(expr.clone()).map(|(name, value)| Arg {
        name: Some(name),
        value,
        reduction: false,
    });
    let plain = expr.then(clauses.or_not()).map_with(|(value, clauses), e| match clauses {
        Some(clauses) => {
            let value = Expr { kind: ExprKind::ArrayFor(clauses.of(value)), span: e.span() };
            Arg { name: None, value, reduction: true }
        }
        None => Arg { name: None, value, reduction: false },
    });
    let arg = named.boxed().or(plain.boxed());
    arg.separated_by(just(Token::Comma))
        .allow_trailing()
        .collect::<Vec<_>>()
        .delimited_by(just(Token::LParen), just(Token::RParen))
        .map(move |args| {
            let plain = args.iter().filter(|arg| arg.name.is_none()).count();
            if plain > 1
                && let Some(bare) = args.iter().find(|arg| arg.reduction)
            {
                context.report(errors::bare_comprehension(bare.value.span));
            }
            args
        })
        .boxed()
}

/// One position between index brackets.
fn index<'a>(expr: P<'a, Expr>, arith: P<'a, Expr>) -> P<'a, Index> {
    let step = just(Token::By).ignore_then(arith.clone()).or_not().boxed();
    let open_end = just(Token::DotDot).ignore_then(step.clone()).or_not();
    let from = expr.then(open_end).map_with(|(start, open), e| match (start.kind, open) {
        (kind, Some(step)) => {
            let start = Some(Expr { kind, span: start.span });
            Index::Slice { start, end: None, step, span: e.span() }
        }
        (ExprKind::Range { start, end, step }, None) => {
            Index::Slice { start: Some(*start), end: Some(*end), step: step.map(|step| *step), span: e.span() }
        }
        (kind, None) => Index::At(Expr { kind, span: start.span }),
    });
    let until = just(Token::DotDot).ignore_then(arith.or_not()).then(step).map_with(|(end, step), e| Index::Slice {
        start: None,
        end,
        step,
        span: e.span(),
    });
    from.boxed().or(until.boxed()).labelled(errors::INDEX).boxed()
}
