//! Statements.

use super::{Context, P, block, errors, expr, list, name, pattern};
use crate::ast::{BinaryOp, Block, Budget, Expr, ExprKind, FnDef, ImportTarget, Param, Rule, Stmt, StmtKind, TypeExpr};
use crate::token::{Token, unescape};
use chumsky::prelude::*;
use std::sync::Arc;

/// The grammar of one statement.
pub(super) fn statement<'a>(context: &'a Context<'a>) -> P<'a, Stmt> {
    let pattern = pattern::pattern();
    let (expr, arith) = expr::expressions(context, pattern.clone());
    let ty = pattern::ty(arith);
    let annotation = just(Token::Colon).ignore_then(ty.clone()).or_not().boxed();
    let block = block(context);

    let mutable = choice((just(Token::Let).to(false), just(Token::Var).to(true)));
    let binding = mutable
        .then(pattern.clone())
        .then(annotation.clone())
        .then_ignore(just(Token::Assign))
        .then(expr.clone())
        .map_with(|(((mutable, pattern), ty), value), e| {
            let start = chumsky::span::Span::start(&e.span());
            StmtKind::Let { mutable, pattern, ty, value, doc: context.docs.before(start) }
        });

    let default = just(Token::Assign).ignore_then(expr.clone()).or_not();
    let param = pattern.clone().then(annotation).then(default).map_with(|((pattern, ty), default), e| Param {
        pattern,
        ty,
        default,
        span: e.span(),
    });
    let function = function(context, param.boxed(), ty, expr.clone(), block.clone());

    let path = string_literal().map_with(|path, e| ImportTarget::Path(path, e.span()));
    let alias = select! { Token::Name("as") => () }.ignore_then(name()).or_not();
    let import = just(Token::Import)
        .ignore_then(name().map(ImportTarget::Module).or(path))
        .then(alias)
        .map(|(target, alias)| StmtKind::Import { target, alias });

    let test = select! { Token::Name("test") => () }
        .then_ignore(just(Token::Quote).rewind())
        .ignore_then(string_literal())
        .then(block.clone())
        .map(|(name, body)| StmtKind::Test { name, body: Arc::new(body) });

    let rounds = expr.clone().or_not().delimited_by(just(Token::LParen), just(Token::RParen)).or_not();
    let budget = just(Token::At)
        .ignore_then(select! { Token::Name("checkpoint") => () }.map_with(|(), e| e.span()))
        .then(rounds)
        .map(|(span, rounds)| Budget { rounds: rounds.flatten().map(Box::new), span })
        .or_not();
    let for_ = budget
        .then_ignore(just(Token::For))
        .then(pattern)
        .then_ignore(just(Token::In))
        .then(expr.clone())
        .then(block.clone())
        .map(|(((budget, pattern), iter), body)| StmtKind::For { pattern, iter, body, budget });

    let while_ =
        just(Token::While).ignore_then(expr.clone()).then(block).map(|(cond, body)| StmtKind::While { cond, body });

    let jump = choice((
        just(Token::Break).to(StmtKind::Break).boxed(),
        just(Token::Continue).to(StmtKind::Continue).boxed(),
        just(Token::Return).ignore_then(expr.clone().or_not()).map(StmtKind::Return).boxed(),
    ));

    choice((
        binding.boxed(),
        for_.boxed(),
        function,
        import.boxed(),
        test.boxed(),
        while_.boxed(),
        jump.boxed(),
        assignment(context, expr),
    ))
    .map_with(|kind, e| Stmt { kind, span: e.span() })
    .labelled(errors::STATEMENT)
    .boxed()
}

/// `place op value`, or an expression alone.
fn assignment<'a>(context: &'a Context<'a>, expr: P<'a, Expr>) -> P<'a, StmtKind> {
    let op = select! {
        Token::Assign => None,
        Token::AddAssign => Some(BinaryOp::Add),
        Token::SubAssign => Some(BinaryOp::Sub),
        Token::MulAssign => Some(BinaryOp::Mul),
        Token::DivAssign => Some(BinaryOp::Div),
    };
    let value = op.labelled(errors::OPERATOR).then(expr.clone()).or_not();
    expr.then(value)
        .map(move |(left, right)| match right {
            None => {
                if let Some(problem) = errors::arrow(context.text, &left) {
                    context.report(problem);
                }
                StmtKind::Expr(left)
            }
            Some((op, value)) => {
                if !is_place(&left) {
                    context.report(errors::no_place(&left));
                }
                StmtKind::Assign { place: left, op, value }
            }
        })
        .boxed()
}

/// Whether an expression can be assigned to.
fn is_place(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Name(_) | ExprKind::Error => true,
        ExprKind::Field(base, _) | ExprKind::Part(base, ..) | ExprKind::Index { base, .. } => is_place(base),
        ExprKind::Tuple(parts) => parts.iter().all(is_place),
        _ => false,
    }
}

/// `@jvp(f) fn name(params) -> type = body`.
fn function<'a>(
    context: &'a Context<'a>,
    param: P<'a, Param>,
    ty: P<'a, TypeExpr>,
    expr: P<'a, Expr>,
    block: P<'a, Block>,
) -> P<'a, StmtKind> {
    let rule = just(Token::At)
        .ignore_then(name())
        .then(name().delimited_by(just(Token::LParen), just(Token::RParen)))
        .map(|(kind, target)| Rule { kind, target })
        .or_not();
    let params = list(param).map(|(params, _)| params).delimited_by(just(Token::LParen), just(Token::RParen));
    let result = just(Token::Arrow).ignore_then(ty).or_not();
    let braced = block.map(|block| Expr { span: block.span, kind: ExprKind::Block(block) });
    let body = just(Token::Assign).ignore_then(expr).or(braced);
    let head = just(Token::Fn).ignore_then(name()).then(params.boxed()).then(result).boxed();
    let plain = head.then(body.boxed()).map_with(|(((name, params), ret), body), e| FnDef {
        name,
        params,
        ret,
        body,
        doc: None,
        rule: None,
        span: e.span(),
    });
    rule.boxed()
        .then(plain.boxed())
        .map_with(|(rule, plain), e| {
            let doc = context.docs.before(chumsky::span::Span::start(&e.span()));
            StmtKind::Fn(Arc::new(FnDef { rule, doc, ..plain }))
        })
        .boxed()
}

/// A string without holes.
fn string_literal<'a>() -> P<'a, String> {
    let text = select! { Token::Text(text) => unescape(text) }.or_not().map(Option::unwrap_or_default);
    text.delimited_by(just(Token::Quote), just(Token::QuoteEnd)).labelled(errors::STRING).boxed()
}
