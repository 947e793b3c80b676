//! What expressions are made of: literals, strings, brackets, `if`, lambdas, `fixpoint`.

use super::expr::{Clauses, clauses};
use super::{Context, P, block, errors, list, name, pattern};
use crate::ast::{Expr, ExprKind, Field, Lambda, Param, Pattern, StrPart};
use crate::token::{Token, unescape};
use chumsky::prelude::*;
use std::sync::Arc;

/// Anything that is a value by itself.
pub(super) fn atom<'a>(
    context: &'a Context<'a>,
    expr: P<'a, Expr>,
    arith: P<'a, Expr>,
    pattern: P<'a, Pattern>,
) -> P<'a, Expr> {
    let simple = select! {
        Token::Int(value) => ExprKind::Int(value),
        Token::Float(value) => ExprKind::Float(value),
        Token::True => ExprKind::Bool(true),
        Token::False => ExprKind::Bool(false),
        Token::None => ExprKind::None,
        Token::Name(name) => ExprKind::Name(name.into()),
        Token::Bad => ExprKind::Error,
    };
    let clauses = clauses(expr.clone(), pattern.clone());
    choice((
        simple.boxed(),
        string(expr.clone()),
        block(context).map(ExprKind::Block).boxed(),
        conditional(context, expr.clone()),
        lambda(expr.clone(), arith, pattern.clone()),
        fixpoint(context, expr.clone(), pattern),
        round(expr.clone(), clauses.clone()),
        square(expr, clauses),
    ))
    .map_with(|kind, e| Expr { kind, span: e.span() })
    .labelled(errors::EXPRESSION)
    .boxed()
}

/// `"text {hole:.3e}"`.
fn string<'a>(expr: P<'a, Expr>) -> P<'a, ExprKind> {
    let text = select! { Token::Text(text) => StrPart::Text(unescape(text)) };
    let format = select! { Token::Format(format) => format }.or_not();
    let hole = expr
        .then(format)
        .delimited_by(just(Token::HoleOpen), just(Token::HoleClose))
        .map(|(value, format)| StrPart::Hole(Box::new(value), format));
    text.boxed()
        .or(hole.boxed())
        .repeated()
        .collect()
        .delimited_by(just(Token::Quote), just(Token::QuoteEnd))
        .map(ExprKind::Str)
        .boxed()
}

/// `if c { … } else if d { … } else { … }`.
fn conditional<'a>(context: &'a Context<'a>, expr: P<'a, Expr>) -> P<'a, ExprKind> {
    recursive(|conditional| {
        let other =
            conditional.or(block(context).map(ExprKind::Block)).map_with(|kind, e| Expr { kind, span: e.span() });
        let otherwise = just(Token::Else).labelled(errors::OPERATOR).ignore_then(other.boxed()).or_not();
        just(Token::If)
            .ignore_then(expr)
            .then(block(context))
            .then(otherwise.boxed())
            .map(|((cond, then), otherwise)| ExprKind::If {
                cond: Box::new(cond),
                then,
                otherwise: otherwise.map(Box::new),
            })
            .boxed()
    })
    .boxed()
}

/// `|x, (a, b): T| body`.
fn lambda<'a>(expr: P<'a, Expr>, arith: P<'a, Expr>, pattern: P<'a, Pattern>) -> P<'a, ExprKind> {
    let ty = just(Token::Colon).ignore_then(pattern::ty(arith)).or_not();
    let param = pattern
        .then(ty.boxed())
        .map_with(|(pattern, ty), e| Param { pattern, ty, default: None, span: e.span() })
        .boxed();
    list(param)
        .delimited_by(just(Token::Pipe), just(Token::Pipe))
        .then(expr)
        .map(|((params, _), body)| ExprKind::Lambda(Arc::new(Lambda { params, body })))
        .boxed()
}

/// `fixpoint(tol = 1e-9) x = start { … }`.
fn fixpoint<'a>(context: &'a Context<'a>, expr: P<'a, Expr>, pattern: P<'a, Pattern>) -> P<'a, ExprKind> {
    let option = name().then_ignore(just(Token::Assign)).then(expr.clone()).boxed();
    let options = option
        .separated_by(just(Token::Comma))
        .at_least(1)
        .allow_trailing()
        .collect::<Vec<_>>()
        .delimited_by(just(Token::LParen), just(Token::RParen))
        .or_not();
    just(Token::Fixpoint)
        .ignore_then(options.boxed())
        .then(pattern.map_with(|pattern, e| Param { pattern, ty: None, default: None, span: e.span() }))
        .then_ignore(just(Token::Assign))
        .then(expr)
        .then(block(context).map_with(|body, e| Expr { kind: ExprKind::Block(body), span: e.span() }))
        .map(|(((options, state), start), body)| ExprKind::Fixpoint {
            options: options.unwrap_or_default(),
            start: Box::new(start),
            round: Arc::new(Lambda { params: vec![state], body }),
        })
        .boxed()
}

/// What follows the first expression after `(`.
enum Rest {
    Nothing,
    Clauses(Clauses),
    Parts(Vec<Expr>),
}

/// Everything that begins with `(`, so that no part of it is ever read twice.
fn round<'a>(expr: P<'a, Expr>, clauses: P<'a, Clauses>) -> P<'a, ExprKind> {
    let field = name()
        .then_ignore(just(Token::Colon))
        .then(expr.clone().or_not())
        .map(|(name, value)| Field { name, value })
        .boxed();
    let fields = field.clone().separated_by(just(Token::Comma)).at_least(1).allow_trailing();
    let record = fields.collect().map(ExprKind::Record).boxed();
    let update = just(Token::DotDot)
        .ignore_then(expr.clone())
        .then(just(Token::Comma).ignore_then(field).repeated().collect())
        .then_ignore(just(Token::Comma).or_not())
        .map(|(base, fields)| ExprKind::Update { base: Box::new(base), fields })
        .boxed();
    let parts = just(Token::Comma).ignore_then(list(expr.clone())).map(|(parts, _)| Rest::Parts(parts)).boxed();
    let rest = clauses.map(Rest::Clauses).or(parts).or_not().map(|rest| rest.unwrap_or(Rest::Nothing));
    let parts = expr.then(rest.boxed()).map(|(first, rest)| match rest {
        Rest::Nothing => first.kind,
        Rest::Clauses(clauses) => ExprKind::TupleFor(clauses.of(first)),
        Rest::Parts(mut parts) => {
            parts.insert(0, first);
            ExprKind::Tuple(parts)
        }
    });
    let inside = choice((update, record, parts.boxed())).or_not().map(|kind| kind.unwrap_or(ExprKind::None));
    inside.boxed().delimited_by(just(Token::LParen), just(Token::RParen)).boxed()
}

/// `[a, b]`, `[e for i in r]`.
fn square<'a>(expr: P<'a, Expr>, clauses: P<'a, Clauses>) -> P<'a, ExprKind> {
    let parts = just(Token::Comma).ignore_then(list(expr.clone())).map(|(parts, _)| Rest::Parts(parts)).boxed();
    let rest = clauses.map(Rest::Clauses).or(parts).or_not().map(|rest| rest.unwrap_or(Rest::Nothing));
    let inside = expr.then(rest.boxed()).map(|(first, rest)| match rest {
        Rest::Nothing => ExprKind::Array(vec![first]),
        Rest::Clauses(clauses) => ExprKind::ArrayFor(clauses.of(first)),
        Rest::Parts(mut parts) => {
            parts.insert(0, first);
            ExprKind::Array(parts)
        }
    });
    inside
        .boxed()
        .or_not()
        .map(|kind| kind.unwrap_or(ExprKind::Array(Vec::new())))
        .delimited_by(just(Token::LBracket), just(Token::RBracket))
        .boxed()
}
