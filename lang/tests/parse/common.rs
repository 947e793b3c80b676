//! A compact print of the tree, and shortcuts for parsing in tests.

use adl_lang::ast::*;
use adl_lang::diagnostic::Diagnostic;
use adl_lang::parse::parse;
use adl_lang::render::render;
use adl_lang::source::{Source, SourceId};

pub fn read(text: &str) -> (File, Vec<Diagnostic>) {
    parse(&Source::new("a.adl", text), SourceId(0))
}

/// The tree of a text without errors.
pub fn tree(text: &str) -> String {
    let (file, problems) = read(text);
    assert!(problems.is_empty(), "{text}\n{}", show(text, &problems));
    stmts(&file.stmts)
}

/// The rendered errors of a text.
pub fn errors(text: &str) -> String {
    show(text, &read(text).1)
}

pub fn show(text: &str, problems: &[Diagnostic]) -> String {
    let source = Source::new("a.adl", text);
    render(problems, &|_| Some(source.clone()), false)
}

fn join<T>(items: &[T], show: impl Fn(&T) -> String) -> String {
    items.iter().map(show).collect::<Vec<_>>().join(" ")
}

pub fn stmts(list: &[Stmt]) -> String {
    list.iter().map(stmt).collect::<Vec<_>>().join("; ")
}

fn stmt(stmt: &Stmt) -> String {
    match &stmt.kind {
        StmtKind::Let { mutable, pattern, ty: annotation, value, .. } => {
            let word = if *mutable { "var" } else { "let" };
            let annotation = annotation.as_ref().map_or(String::new(), |t| format!(": {}", ty(t)));
            format!("({word} {}{annotation} {})", pat(pattern), expr(value))
        }
        StmtKind::Fn(def) => {
            let rule = def.rule.as_ref().map_or(String::new(), |r| format!("@{} {} ", r.kind.name, r.target.name));
            let ret = def.ret.as_ref().map_or(String::new(), |t| format!(" -> {}", ty(t)));
            format!("(fn {rule}{} ({}){ret} {})", def.name.name, join(&def.params, param), expr(&def.body))
        }
        StmtKind::Import { target, alias } => {
            let target = match target {
                ImportTarget::Module(name) => name.name.to_string(),
                ImportTarget::Path(path, _) => format!("{path:?}"),
            };
            format!("(import {target}{})", alias.as_ref().map_or(String::new(), |a| format!(" as {}", a.name)))
        }
        StmtKind::Test { name, body } => format!("(test {name:?} {})", block(body)),
        StmtKind::For { pattern, iter, body, budget } => {
            let kept = budget.as_ref().map_or(String::new(), |b| {
                format!("@checkpoint({}) ", b.rounds.as_ref().map_or(String::new(), |e| expr(e)))
            });
            format!("({kept}for {} {} {})", pat(pattern), expr(iter), block(body))
        }
        StmtKind::While { cond, body } => format!("(while {} {})", expr(cond), block(body)),
        StmtKind::Break => "break".into(),
        StmtKind::Continue => "continue".into(),
        StmtKind::Return(value) => {
            format!("(return{})", value.as_ref().map_or(String::new(), |e| format!(" {}", expr(e))))
        }
        StmtKind::Assign { place, op, value } => {
            let op = op.map_or("", binary);
            format!("({op}= {} {})", expr(place), expr(value))
        }
        StmtKind::Expr(value) => expr(value),
    }
}

fn block(block: &Block) -> String {
    format!("{{{}}}", stmts(&block.stmts))
}

fn param(param: &Param) -> String {
    let ty = param.ty.as_ref().map_or(String::new(), |t| format!(": {}", ty(t)));
    let default = param.default.as_ref().map_or(String::new(), |e| format!(" = {}", expr(e)));
    format!("{}{ty}{default}", pat(&param.pattern))
}

fn pat(pattern: &Pattern) -> String {
    match &pattern.kind {
        PatternKind::Ignore => "_".into(),
        PatternKind::Name(name) => name.to_string(),
        PatternKind::Tuple(parts) => format!("(tuple {})", join(parts, pat)),
        PatternKind::Array(parts) => format!("[{}]", join(parts, pat)),
        PatternKind::Record(fields) => format!(
            "(record {})",
            join(fields, |(name, part)| format!("{}:{}", name.name, part.as_ref().map_or(String::new(), pat)))
        ),
    }
}

fn ty(t: &TypeExpr) -> String {
    match &t.kind {
        TypeExprKind::Array { dtype, dims } if dims.is_empty() => dtype.name.to_string(),
        TypeExprKind::Array { dtype, dims } => format!("{}[{}]", dtype.name, join(dims, expr)),
        TypeExprKind::Tuple(parts) => format!(
            "(tuple {})",
            join(parts, |(name, part)| format!(
                "{}{}",
                name.as_ref().map_or(String::new(), |n| format!("{}:", n.name)),
                ty(part)
            ))
        ),
        TypeExprKind::Function { params, ret } => {
            format!("(({}) -> {})", join(params, ty), ty(ret))
        }
    }
}

fn binary(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::FloorDiv => "//",
        BinaryOp::Rem => "%",
        BinaryOp::MatMul => "@",
        BinaryOp::Pow => "^",
        BinaryOp::And => "and",
        BinaryOp::Or => "or",
    }
}

fn compare(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "==",
        CompareOp::Ne => "!=",
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
    }
}

fn comprehension(c: &Comprehension) -> String {
    let clauses = join(&c.clauses, |(p, e)| format!("(in {} {})", pat(p), expr(e)));
    let condition = c.condition.as_ref().map_or(String::new(), |e| format!(" (if {})", expr(e)));
    format!("{} {clauses}{condition}", expr(&c.element))
}

fn opt(value: &Option<Expr>) -> String {
    value.as_ref().map_or("_".into(), expr)
}

fn fields(fields: &[Field]) -> String {
    join(fields, |f| format!("{}:{}", f.name.name, f.value.as_ref().map_or(String::new(), expr)))
}

pub fn expr(e: &Expr) -> String {
    match &e.kind {
        ExprKind::Int(value) => value.to_string(),
        ExprKind::Float(value) => format!("{value:?}"),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::None => "none".into(),
        ExprKind::Str(parts) => format!(
            "(str {})",
            join(parts, |part| match part {
                StrPart::Text(text) => format!("{text:?}"),
                StrPart::Hole(value, None) => format!("{{{}}}", expr(value)),
                StrPart::Hole(value, Some(f)) =>
                    format!("{{{} {:?} {:?} {:?}}}", expr(value), f.width, f.precision, f.style),
            })
        ),
        ExprKind::Name(name) => name.to_string(),
        ExprKind::Block(b) => block(b),
        ExprKind::If { cond, then, otherwise } => {
            let otherwise = otherwise.as_ref().map_or(String::new(), |e| format!(" {}", expr(e)));
            format!("(if {} {}{otherwise})", expr(cond), block(then))
        }
        ExprKind::Lambda(lambda) => {
            format!("(|{}| {})", join(&lambda.params, param), expr(&lambda.body))
        }
        ExprKind::Fixpoint { options, start, round } => {
            let options = options.iter().map(|(n, e)| format!("{}={} ", n.name, expr(e))).collect::<String>();
            format!("(fixpoint {options}{} {} {})", join(&round.params, param), expr(start), expr(&round.body))
        }
        ExprKind::Tuple(parts) => format!("(tuple {})", join(parts, expr)),
        ExprKind::Record(list) => format!("(record {})", fields(list)),
        ExprKind::Update { base, fields: list } => {
            format!("(update {} {})", expr(base), fields(list))
        }
        ExprKind::TupleFor(c) => format!("(tuple-for {})", comprehension(c)),
        ExprKind::Array(parts) => format!("[{}]", join(parts, expr)),
        ExprKind::ArrayFor(c) => format!("[for {}]", comprehension(c)),
        ExprKind::Range { start, end, step } => {
            let step = step.as_ref().map_or(String::new(), |e| format!(" {}", expr(e)));
            format!("(.. {} {}{step})", expr(start), expr(end))
        }
        ExprKind::Unary(UnaryOp::Neg, e) => format!("(- {})", expr(e)),
        ExprKind::Unary(UnaryOp::Not, e) => format!("(not {})", expr(e)),
        ExprKind::Binary(op, a, b) => format!("({} {} {})", binary(*op), expr(a), expr(b)),
        ExprKind::Chain(first, rest) => {
            rest.iter().fold(expr(first), |left, (op, e)| format!("({} {left} {})", binary(*op), expr(e)))
        }
        ExprKind::Compare(first, rest) => {
            format!("({} {})", expr(first), join(rest, |(op, e)| format!("{} {}", compare(*op), expr(e))))
        }
        ExprKind::Call { callee, args } => {
            let args = args.iter().map(|arg| {
                let name = arg.name.as_ref().map_or(String::new(), |n| format!("{}=", n.name));
                let bare = if arg.reduction { "~" } else { "" };
                format!(" {name}{bare}{}", expr(&arg.value))
            });
            format!("(call {}{})", expr(callee), args.collect::<String>())
        }
        ExprKind::Index { base, indices } => {
            let indices = join(indices, |index| match index {
                Index::At(e) => expr(e),
                Index::Slice { start, end, step, .. } => format!("<{} {} {}>", opt(start), opt(end), opt(step)),
            });
            format!("(at {} {indices})", expr(base))
        }
        ExprKind::Field(base, field) => format!("(. {} {})", expr(base), field.name),
        ExprKind::Part(base, part, _) => format!("(. {} {part})", expr(base)),
        ExprKind::Prime(base) => format!("(' {})", expr(base)),
        ExprKind::Error => "<error>".into(),
    }
}
