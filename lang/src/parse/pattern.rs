//! Patterns and types.

use super::errors::{PATTERN, TYPE};
use super::{P, list, name};
use crate::ast::{Expr, Ident, Pattern, PatternKind, TypeExpr, TypeExprKind};
use crate::token::Token;
use chumsky::prelude::*;

/// `x`, `_`, `(a, b)`, `(w:, b: bias)`, `[x, y]`.
pub(super) fn pattern<'a>() -> P<'a, Pattern> {
    recursive(|pattern| {
        let pattern = pattern.boxed();
        let single = name().map(|ident| match &*ident.name {
            "_" => PatternKind::Ignore,
            _ => PatternKind::Name(ident.name),
        });
        let field = name().then_ignore(just(Token::Colon)).then(pattern.clone().or_not()).boxed();
        let fields = field.separated_by(just(Token::Comma)).at_least(1).allow_trailing().collect::<Vec<_>>();
        let record = fields.map(PatternKind::Record).boxed();
        let parts = list(pattern.clone()).map(|(mut parts, comma)| match parts.pop() {
            Some(only) if parts.is_empty() && !comma => only.kind,
            Some(last) => {
                parts.push(last);
                PatternKind::Tuple(parts)
            }
            None => PatternKind::Tuple(parts),
        });
        let round = record.or(parts).delimited_by(just(Token::LParen), just(Token::RParen)).boxed();
        let square = list(pattern)
            .map(|(parts, _)| PatternKind::Array(parts))
            .delimited_by(just(Token::LBracket), just(Token::RBracket))
            .boxed();
        choice((single.boxed(), round, square))
            .map_with(|kind, e| Pattern { kind, span: e.span() })
            .labelled(PATTERN)
            .boxed()
    })
    .boxed()
}

/// `f64[n, 3]`, `(f64, f64)`, `(w: f64)`, `(f64[n]) -> f64`.
pub(super) fn ty<'a>(arith: P<'a, Expr>) -> P<'a, TypeExpr> {
    recursive(|ty| {
        let ty = ty.boxed();
        let dims = arith
            .separated_by(just(Token::Comma))
            .at_least(1)
            .allow_trailing()
            .collect::<Vec<_>>()
            .delimited_by(just(Token::LBracket), just(Token::RBracket))
            .or_not();
        let array =
            name().then(dims).map(|(dtype, dims)| TypeExprKind::Array { dtype, dims: dims.unwrap_or_default() });
        let label = name().then_ignore(just(Token::Colon)).or_not();
        let parts = list(label.then(ty.clone()).boxed()).delimited_by(just(Token::LParen), just(Token::RParen));
        let result = just(Token::Arrow).ignore_then(ty).or_not();
        let round = parts.then(result).map(|((parts, comma), result)| round(parts, comma, result));
        choice((array.boxed(), round.boxed()))
            .map_with(|kind, e| TypeExpr { kind, span: e.span() })
            .labelled(TYPE)
            .boxed()
    })
    .boxed()
}

/// A type that begins with `(`.
fn round(mut parts: Vec<(Option<Ident>, TypeExpr)>, comma: bool, result: Option<TypeExpr>) -> TypeExprKind {
    if let Some(ret) = result {
        let params = parts.into_iter().map(|(_, ty)| ty).collect();
        return TypeExprKind::Function { params, ret: Box::new(ret) };
    }
    match parts.pop() {
        Some((None, only)) if parts.is_empty() && !comma => only.kind,
        Some(last) => {
            parts.push(last);
            TypeExprKind::Tuple(parts)
        }
        None => TypeExprKind::Tuple(parts),
    }
}
