//! Choices, structures, random numbers, printing and asserting.

use super::arrays::dims_of;
use crate::check::elab_api::{Args, Elab, Kind, LeafTy, R, Val, plain_text};
use crate::diagnostic::Diagnostic;
use crate::message::{Message, Said};
use crate::ops::{Op, Random, Reduction};
use crate::prims::Prim;
use crate::source::Span;
use crate::typed::{Local, Piece, StmtKind};
use crate::types::{DType, Ty};

pub(crate) fn choose(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let ((c, c_span), (x, x_span), (y, y_span)) = (a.at(0)?, a.at(1)?, a.at(2)?);
    if let (Val::Tuple(p), Val::Tuple(q)) = (&x, &y)
        && p.len() == q.len()
    {
        let mut out = Vec::new();
        for ((n, x), (_, y)) in p.iter().zip(q.iter()) {
            let inner = Args {
                vals: vec![Some((c.clone(), c_span)), Some((x.clone(), x_span)), Some((y.clone(), y_span))],
                rest: vec![],
            };
            out.push((n.clone(), choose(e, &inner, span)?));
        }
        return Ok(Val::Tuple(out.into()));
    }
    e.pointwise_at(Prim::Select, &[c, x, y], span, &[c_span, x_span, y_span])
}

pub(crate) fn relu(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (x, at) = a.at(0)?;
    let x = e.snapshot(&x, at);
    // So that NaN is passed on.
    let none = e.pointwise(Prim::Le, &[x.clone(), Val::Int(0)], span)?;
    e.pointwise(Prim::Select, &[none, Val::Int(0), x], span)
}

/// `round(x)`, and `round(x, digits)` behind the point.
pub(crate) fn round(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (x, at) = a.at(0)?;
    let Some((digits, d_span)) = a.get(1).cloned() else {
        return e.pointwise_at(Prim::Round, &[x], span, &[at]);
    };
    let digits = e.known(&digits, d_span, "the number of digits")?;
    if e.kind(&x).is_some_and(|k| k.dtype == DType::I64 && !k.weak) && digits >= 0 {
        return Ok(x);
    }
    // Both ways by a whole power of ten, which is exact.
    let scale = Val::Float(crate::prims::power(10.0, digits.abs() as f64));
    let (there, back) = if digits < 0 { (Prim::Div, Prim::Mul) } else { (Prim::Mul, Prim::Div) };
    let scaled = e.pointwise_at(there, &[x, scale.clone()], span, &[at])?;
    let rounded = e.pointwise(Prim::Round, &[scaled], span)?;
    e.pointwise(back, &[rounded, scale], span)
}

/// Applies an operation to each leaf that is a float.
fn each(e: &mut Elab<'_>, v: &Val, f: &mut dyn FnMut(&mut Elab<'_>, &Val) -> R<Val>) -> R<Val> {
    match v {
        Val::Tuple(parts) => {
            let mut out = Vec::new();
            for (n, p) in parts.iter() {
                out.push((n.clone(), each(e, p, f)?));
            }
            Ok(Val::Tuple(out.into()))
        }
        other => f(e, other),
    }
}

pub(crate) fn stop_grad(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (x, _) = a.at(0)?;
    each(e, &x, &mut |e, v| match v {
        Val::Leaf(l) if e.ty(*l).dtype.is_float() => e.pointwise(Prim::StopGrad, std::slice::from_ref(v), span),
        other => Ok(other.clone()),
    })
}

pub(crate) fn random(e: &mut Elab<'_>, a: &Args, kind: Random, span: Span) -> R<Val> {
    let (key, at) = a.at(0)?;
    if e.kind(&key).is_none_or(|k| k.dtype != DType::I64) || !e.dims(&key).is_empty() {
        let what = e.show(&key);
        return e.error("E0204", at, format!("a key is one whole number, and this is {what}"));
    }
    let dims = dims_of(e, &a.rest, span)?;
    let key = e.operand(&key, at)?;
    e.emit(Op::Random(kind, dims), &[key], span).map(Val::Leaf)
}

/// `_normal_like(key, x)`: other numbers for each array.
pub(crate) fn normal_like(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let ((key, at), (x, _)) = (a.at(0)?, a.at(1)?);
    let mut place = 0;
    each(e, &x, &mut |e, v| {
        let own = e.pointwise(Prim::Mul, &[key.clone(), Val::Int(64)], at)?;
        let own = e.pointwise(Prim::Add, &[own, Val::Int(place)], at)?;
        let own = e.operand(&own, at)?;
        place += 1;
        let dims = e.dims(v);
        let numbers = e.emit(Op::Random(Random::Normal, dims), &[own], span)?;
        match e.kind(v) {
            Some(k) => e.operand_like(&Val::Leaf(numbers), k, span).map(Val::Leaf),
            None => Ok(Val::Leaf(numbers)),
        }
    })
}

/// `_cast(x, like)`.
pub(crate) fn cast(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let ((x, _), (like, _)) = (a.at(0)?, a.at(1)?);
    match e.kind(&like) {
        Some(k) => e.operand_like(&x, k, span).map(Val::Leaf),
        None => e.operand_as(&x, DType::F64, span).map(Val::Leaf),
    }
}

pub(crate) fn tree_map(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let ((f, _), (t, at)) = (a.at(0)?, a.at(1)?);
    let rest: Vec<Val> = a.rest.iter().map(|(v, _)| v.clone()).collect();
    fn unlike(e: &mut Elab<'_>, at: Span) -> R<Val> {
        e.error("E0208", at, "`tree_map` takes structures that are alike")
    }
    fn walk(e: &mut Elab<'_>, f: &Val, t: &Val, rest: &[Val], span: Span, at: Span) -> R<Val> {
        let Val::Tuple(parts) = t else {
            let mut args = vec![t.clone()];
            args.extend_from_slice(rest);
            return if matches!(t, Val::None) { Ok(Val::None) } else { e.apply(f, args, span) };
        };
        let mut out = Vec::new();
        for (i, (n, p)) in parts.iter().enumerate() {
            let mut inner = Vec::new();
            for r in rest {
                match r {
                    Val::Tuple(q) if q.len() == parts.len() => {
                        let found = match n {
                            Some(n) => q.iter().find(|(m, _)| m.as_ref() == Some(n)).map(|(_, v)| v.clone()),
                            None => q.get(i).map(|(_, v)| v.clone()),
                        };
                        let Some(found) = found else { return unlike(e, at) };
                        inner.push(found);
                    }
                    _ => return unlike(e, at),
                }
            }
            out.push((n.clone(), walk(e, f, p, &inner, span, at)?));
        }
        Ok(Val::Tuple(out.into()))
    }
    walk(e, &f, &t, &rest, span, at)
}

pub(crate) fn tree_dot(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let ((x, x_span), (y, y_span)) = (a.at(0)?, a.at(1)?);
    match (&x, &y) {
        (Val::Tuple(p), Val::Tuple(q)) if p.len() == q.len() => {
            let mut total: Option<Val> = None;
            for (i, (n, x)) in p.iter().enumerate() {
                let y = match n {
                    Some(n) => q.iter().find(|(m, _)| m.as_ref() == Some(n)),
                    None => q.get(i),
                };
                let Some((_, y)) = y else {
                    return e.error("E0208", span, "`dot` takes structures that are alike");
                };
                let inner = Args { vals: vec![Some((x.clone(), x_span)), Some((y.clone(), y_span))], rest: vec![] };
                let one = tree_dot(e, &inner, span)?;
                total = Some(match total {
                    None => one,
                    Some(t) => e.pointwise(Prim::Add, &[t, one], span)?,
                });
            }
            Ok(total.unwrap_or(Val::Int(0)))
        }
        (Val::Tuple(_), _) | (_, Val::Tuple(_)) => e.error("E0208", span, "`dot` takes structures that are alike"),
        _ => {
            let (dx, dy) = (e.dims(&x), e.dims(&y));
            if e.kind(&x).is_some() && e.kind(&y).is_some() && !e.same_dims(&dx, &dy)? {
                let (p, q) = (e.show(&x), e.show(&y));
                let problem = Diagnostic::error("E0202", span, "`dot` takes arrays of one shape")
                    .label(x_span, format!("this is {p}"))
                    .label(y_span, format!("this is {q}"));
                return e.fail(problem);
            }
            let p = e.pointwise_at(Prim::Mul, &[x, y], span, &[x_span, y_span])?;
            let l = e.operand(&p, span)?;
            let rank = e.ty(l).rank();
            if rank == 0 {
                return Ok(Val::Leaf(l));
            }
            e.emit(Op::Reduce(Reduction::Sum, (0..rank).collect()), &[l], span).map(Val::Leaf)
        }
    }
}

pub(crate) fn float(e: &mut Elab<'_>, a: &Args, _span: Span) -> R<Val> {
    let (x, at) = a.at(0)?;
    each(e, &x, &mut |e, v| match e.kind(v) {
        Some(k) if k.dtype.is_float() && matches!(v, Val::Leaf(_)) => Ok(v.clone()),
        Some(_) => e.operand_as(v, DType::F64, at).map(Val::Leaf),
        None => {
            let what = e.show(v);
            e.error("E0204", at, format!("numbers are needed here, and this is {what}"))
        }
    })
}

pub(crate) fn one(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (x, _) = a.at(0)?;
    let whole = Kind { dtype: DType::I64, weak: false };
    let kind = e.kind(&x).map_or(whole.float(), |k| k.join(whole));
    e.filled(LeafTy { ty: Ty::scalar(kind.dtype), weak: kind.weak }, 1.0, span).map(Val::Leaf)
}

/// All leaves of a structure through `f`, which gives truth values; whether all hold.
pub(crate) fn all_leaves(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let ((f, _), (x, _at)) = (a.at(0)?, a.at(1)?);
    let mut total: Option<Val> = None;
    let mut each_part = |e: &mut Elab<'_>, v: &Val| -> R<Val> {
        let one = e.apply(&f, vec![v.clone()], span)?;
        total = Some(match total.take() {
            None => one,
            Some(t) => e.pointwise(Prim::And, &[t, one], span)?,
        });
        Ok(v.clone())
    };
    each(e, &x, &mut each_part)?;
    Ok(total.unwrap_or(Val::Bool(true)))
}

pub(crate) fn print(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let mut pieces = Vec::new();
    for (i, (v, at)) in a.rest.iter().enumerate() {
        if i > 0 {
            pieces.push(Piece::Text(" ".into()));
        }
        e.pieces(v, None, &mut pieces, *at)?;
    }
    e.push(StmtKind::Print { message: Message::Line(pieces) }, span);
    Ok(Val::None)
}

pub(crate) fn assert(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (cond, at) = condition(e, a)?;
    // What the library asserts is about its use: the message says all.
    let library = e.f.blame.is_some();
    let mut message = Vec::new();
    if !library {
        message.push(Piece::Text("assertion failed: ".into()));
    }
    if let Some((v, s)) = a.get(1) {
        e.pieces(v, None, &mut message, *s)?;
    } else {
        let text = e.text_of(at);
        message.push(Piece::Text(format!("`{text}` does not hold")));
    }
    if let Some((x, op, y)) = e.compared.take().filter(|_| !library) {
        message.push(Piece::Text(": ".into()));
        let marks = message.len();
        let both = e.pieces(&x, None, &mut message, at).and_then(|()| {
            message.push(Piece::Text(format!(" {op} ")));
            e.pieces(&y, None, &mut message, at)
        });
        if both.is_err() {
            message.truncate(marks.saturating_sub(1));
        }
    }
    e.push(StmtKind::Assert { cond, said: Said::plain(message) }, span);
    Ok(Val::None)
}

fn condition(e: &mut Elab<'_>, a: &Args) -> R<(Local, Span)> {
    let (c, at) = a.at(0)?;
    if e.kind(&c).is_none_or(|k| k.dtype != DType::Bool) || !e.dims(&c).is_empty() {
        let what = e.show(&c);
        return e.error("E0204", at, format!("a condition needs one truth value, but this is {what}"));
    }
    Ok((e.operand(&c, at)?, at))
}

/// An assertion of the library whose failure has a code of its own, and perhaps a cure.
pub(crate) fn assert_coded(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let ((cond, _), (code, _), (line, at)) = (condition(e, a)?, a.at(1)?, a.at(2)?);
    let Some(code) = plain_text(&code).and_then(|code| crate::codes::find(&code)) else {
        return e.error("E0999", span, "the library fails with a code that is not explained");
    };
    let mut said = Said { code: code.code, line: Vec::new(), help: Vec::new() };
    e.pieces(&line, None, &mut said.line, at)?;
    if let Some((help, at)) = a.get(3).filter(|(help, _)| !matches!(help, Val::None)) {
        e.pieces(help, None, &mut said.help, *at)?;
    }
    e.push(StmtKind::Assert { cond, said }, span);
    Ok(Val::None)
}

/// A clock of the host: started here, or a part of a line that stops it.
pub(crate) fn clock(e: &mut Elab<'_>, stop: bool, span: Span) -> R<Val> {
    let pieces = vec![Piece::Clock { stop }];
    if stop {
        return Ok(Val::Str(pieces.into()));
    }
    e.push(StmtKind::Print { message: Message::Line(pieces) }, span);
    Ok(Val::None)
}

/// `_is_text(x)`: whether an option is a word.
pub(crate) fn is_text(_: &mut Elab<'_>, a: &Args, _: Span) -> R<Val> {
    Ok(Val::Bool(plain_text(&a.at(0)?.0).is_some()))
}

/// `_is_float(x)`: whether the entries of an array are floats.
pub(crate) fn is_float(e: &mut Elab<'_>, a: &Args, _: Span) -> R<Val> {
    Ok(Val::Bool(e.kind(&a.at(0)?.0).is_some_and(|kind| kind.dtype.is_float())))
}

/// A word that must be one of some, known when the program is compiled; `none` stands for the first choice of all.
pub(crate) fn choice(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let ((value, at), (name, _), (choices, _)) = (a.at(0)?, a.at(1)?, a.at(2)?);
    if matches!(value, Val::None) {
        return Ok(value);
    }
    let (Some(name), Val::Tuple(parts)) = (plain_text(&name), &choices) else {
        return e.error("E0999", span, "the library asks for a choice among nothing");
    };
    let words: Vec<String> = parts.iter().filter_map(|(_, p)| plain_text(p)).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    e.choice(&value, &name, &words, at)?;
    Ok(value)
}
