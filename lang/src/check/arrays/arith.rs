//! Arithmetic and comparisons: literals are folded, sizes stay sizes, the rest is element by element.

use crate::ast::{BinaryOp, Expr, ExprKind};
use crate::check::state::elab::{Elab, R};
use crate::check::state::value::Val;
use crate::diagnostic::Diagnostic;
use crate::failures;
use crate::prims::Prim;
use crate::source::Span;
use crate::types::{DType, Dim};

/// The spans of an operation and of its operands.
pub(crate) type Spans = (Span, Span, Span);

fn prim_of(op: BinaryOp) -> Prim {
    match op {
        BinaryOp::Add => Prim::Add,
        BinaryOp::Sub => Prim::Sub,
        BinaryOp::Mul | BinaryOp::MatMul => Prim::Mul,
        BinaryOp::Div => Prim::Div,
        BinaryOp::FloorDiv => Prim::FloorDiv,
        BinaryOp::Rem => Prim::Rem,
        BinaryOp::Pow => Prim::Pow,
        BinaryOp::And => Prim::And,
        BinaryOp::Or => Prim::Or,
    }
}

pub(crate) fn spelling(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::MatMul => "@",
        BinaryOp::Div => "/",
        BinaryOp::FloorDiv => "//",
        BinaryOp::Rem => "%",
        BinaryOp::Pow => "^",
        BinaryOp::And => "and",
        BinaryOp::Or => "or",
    }
}

pub(crate) fn as_size(v: &Val) -> Option<Dim> {
    match v {
        Val::Int(i) => Some(Dim::constant(*i)),
        Val::Size(d) => Some(d.clone()),
        _ => None,
    }
}

pub(crate) fn as_float(v: &Val) -> Option<f64> {
    match v {
        Val::Int(i) => Some(*i as f64),
        Val::Float(x) => Some(*x),
        _ => None,
    }
}

fn floor_div(a: i64, b: i64) -> Option<i64> {
    let q = a.checked_div(b)?;
    Some(if a % b != 0 && (a < 0) != (b < 0) { q - 1 } else { q })
}

impl Elab<'_> {
    pub fn negate(&mut self, v: &Val, span: Span) -> R<Val> {
        match v {
            Val::Int(i) => match i.checked_neg() {
                Some(n) => Ok(Val::Int(n)),
                None => self.fail(failures::overflow(span)),
            },
            Val::Float(x) => Ok(Val::Float(-x)),
            Val::Size(d) if d.is(i64::MIN) => self.fail(failures::overflow(span)),
            Val::Size(d) => Ok(Val::Size(-d.clone())),
            Val::Tuple(parts) => {
                let mut out = Vec::new();
                for (n, p) in parts.iter() {
                    out.push((n.clone(), self.negate(p, span)?));
                }
                Ok(Val::Tuple(out.into()))
            }
            _ => self.pointwise(Prim::Neg, std::slice::from_ref(v), span),
        }
    }

    /// `a op b`; `literal` tells that the right side is written with a minus.
    pub fn binary(&mut self, op: BinaryOp, a: &Val, b: &Val, literal: bool, spans: Spans) -> R<Val> {
        let (span, a_span, b_span) = spans;
        if let Some(v) = self.fold(op, a, b, literal, span)? {
            return Ok(v);
        }
        if op == BinaryOp::MatMul {
            return self.matmul(a, b, spans);
        }
        if matches!(a, Val::Tuple(_)) || matches!(b, Val::Tuple(_)) {
            return self.structure(op, a, b, spans);
        }
        for (v, at) in [(a, a_span), (b, b_span)] {
            if self.kind(v).is_none() {
                let what = self.show(v);
                let mut problem = Diagnostic::error(
                    "E0204",
                    at,
                    format!("`{}` takes numbers and arrays, and this is {what}", spelling(op)),
                );
                if matches!(v, Val::Str(_)) && matches!(op, BinaryOp::Add | BinaryOp::Rem) {
                    problem = problem.help("texts are put together with holes: `\"{a}{b:.2f}\"`");
                }
                if v.is_callable() {
                    problem = problem.help("call the function: only its results can be computed with");
                }
                return self.fail(problem);
            }
        }
        if op == BinaryOp::Pow
            && let Some(v) = self.small_power(a, b, literal, span)?
        {
            return Ok(v);
        }
        self.pointwise_at(prim_of(op), &[a.clone(), b.clone()], span, &[a_span, b_span])
    }

    /// Arithmetic of what is known when compiling.
    pub fn fold(&mut self, op: BinaryOp, a: &Val, b: &Val, literal: bool, span: Span) -> R<Option<Val>> {
        if let (Val::Int(x), Val::Int(y)) = (a, b) {
            let (x, y) = (*x, *y);
            let whole = match op {
                BinaryOp::Add => x.checked_add(y),
                BinaryOp::Sub => x.checked_sub(y),
                BinaryOp::Mul => x.checked_mul(y),
                BinaryOp::FloorDiv if y != 0 => floor_div(x, y),
                BinaryOp::Rem if y != 0 => floor_div(x, y).map(|q| x - y * q),
                BinaryOp::Pow if y >= 0 => u32::try_from(y).ok().and_then(|y| x.checked_pow(y)),
                BinaryOp::Pow => return Ok(Some(Val::Float(crate::prims::power(x as f64, y as f64)))),
                BinaryOp::Div => return Ok(Some(Val::Float(x as f64 / y as f64))),
                BinaryOp::FloorDiv | BinaryOp::Rem => {
                    return self.fail(failures::division_by_zero(span));
                }
                BinaryOp::MatMul | BinaryOp::And | BinaryOp::Or => return Ok(None),
            };
            return match whole {
                Some(w) => Ok(Some(Val::Int(w))),
                None => self.fail(failures::overflow(span)),
            };
        }
        if let (Some(x), Some(y)) = (as_float(a), as_float(b)) {
            let folded = match op {
                BinaryOp::Add => x + y,
                BinaryOp::Sub => x - y,
                BinaryOp::Mul => x * y,
                BinaryOp::Div => x / y,
                BinaryOp::FloorDiv => crate::prims::floor_div(x, y),
                BinaryOp::Rem => crate::prims::remainder(x, y),
                BinaryOp::Pow => crate::prims::power(x, y),
                BinaryOp::MatMul | BinaryOp::And | BinaryOp::Or => return Ok(None),
            };
            return Ok(Some(Val::Float(folded)));
        }
        if let (Some(x), Some(y)) = (as_size(a), as_size(b)) {
            if let (Some(p), Some(q)) = (x.as_const(), y.as_const())
                && !matches!(op, BinaryOp::Div | BinaryOp::Pow)
            {
                // The same rules as for literals; the result is a size all the same.
                let whole = self.fold(op, &Val::Int(p), &Val::Int(q), literal, span)?;
                return Ok(whole.map(|v| as_size(&v).map_or(v, Val::Size)));
            }
            let size = match op {
                BinaryOp::Add => x + y,
                BinaryOp::Sub => x - y,
                BinaryOp::Mul => x * y,
                BinaryOp::FloorDiv if y.as_const().is_some_and(|c| c != 0) || y.as_const().is_none() => x.floor_div(&y),
                BinaryOp::Rem if y.as_const().is_some_and(|c| c != 0) || y.as_const().is_none() => x.rem(&y),
                BinaryOp::Pow if !literal && y.as_const().is_some_and(|c| (0..=4).contains(&c)) => {
                    (0..y.as_const().unwrap_or(0)).fold(Dim::constant(1), |p, _| p * x.clone())
                }
                BinaryOp::Pow => match (x.as_const(), y.as_const()) {
                    (Some(x), Some(y)) if y >= 0 => match u32::try_from(y).ok().and_then(|y| x.checked_pow(y)) {
                        Some(p) => Dim::constant(p),
                        None => {
                            return self.fail(failures::overflow(span));
                        }
                    },
                    _ => return Ok(None),
                },
                BinaryOp::FloorDiv | BinaryOp::Rem => {
                    return self.fail(failures::division_by_zero(span));
                }
                BinaryOp::Div | BinaryOp::MatMul | BinaryOp::And | BinaryOp::Or => return Ok(None),
            };
            return Ok(Some(Val::Size(size)));
        }
        Ok(None)
    }

    /// Powers with a small whole exponent are products.
    pub fn small_power(&mut self, a: &Val, b: &Val, literal: bool, span: Span) -> R<Option<Val>> {
        let exponent = match b {
            Val::Int(i) => *i,
            Val::Float(x) if x.fract() == 0.0 && x.abs() <= 4.0 => *x as i64,
            _ => return Ok(None),
        };
        let whole_base = self.kind(a).is_some_and(|k| k.dtype == DType::I64 || k.dtype == DType::Bool);
        if whole_base && (matches!(b, Val::Float(_)) || exponent < 0) {
            if !literal && exponent < 0 {
                return Ok(None);
            }
            let base = self.operand_as(a, DType::F64, span)?;
            return self
                .binary(BinaryOp::Pow, &Val::Leaf(base), &Val::Float(exponent as f64), true, (span, span, span))
                .map(Some);
        }
        let mul = |s: &mut Self, x: &Val, y: &Val| s.pointwise(Prim::Mul, &[x.clone(), y.clone()], span);
        let base = self.operand(a, span)?;
        let base = self.snapshot(&Val::Leaf(base), span);
        let product = match exponent.unsigned_abs() {
            1 => base,
            2 if exponent < 0 => return self.pointwise(Prim::InverseSquare, &[base], span).map(Some),
            3 if exponent < 0 => return self.pointwise(Prim::InverseCube, &[base], span).map(Some),
            4 if exponent < 0 => return self.pointwise(Prim::InverseFourth, &[base], span).map(Some),
            2 => mul(self, &base, &base)?,
            3 => {
                let square = mul(self, &base, &base)?;
                mul(self, &square, &base)?
            }
            4 => {
                let square = mul(self, &base, &base)?;
                mul(self, &square, &square)?
            }
            _ => return Ok(None),
        };
        if exponent < 0 {
            return self.pointwise(Prim::Div, &[Val::Int(1), product], span).map(Some);
        }
        Ok(Some(product))
    }

    /// Arithmetic on tuples and records.
    pub fn structure(&mut self, op: BinaryOp, a: &Val, b: &Val, spans: Spans) -> R<Val> {
        match (a, b) {
            (Val::Tuple(p), Val::Tuple(q)) if matches!(op, BinaryOp::Add | BinaryOp::Sub) && p.len() == q.len() => {
                let mut out = Vec::new();
                for (i, (n, x)) in p.iter().enumerate() {
                    let y = match n {
                        Some(n) => q.iter().find(|(m, _)| m.as_ref() == Some(n)),
                        None => q.get(i).filter(|(m, _)| m.is_none()),
                    };
                    let Some((_, y)) = y else {
                        return self.structures_differ(op, a, b, spans);
                    };
                    out.push((n.clone(), self.binary(op, x, y, false, spans)?));
                }
                Ok(Val::Tuple(out.into()))
            }
            (Val::Tuple(p), y) if matches!(op, BinaryOp::Mul | BinaryOp::Div) && self.is_number(y) => {
                let mut out = Vec::new();
                for (n, x) in p.iter() {
                    out.push((n.clone(), self.binary(op, x, y, false, spans)?));
                }
                Ok(Val::Tuple(out.into()))
            }
            (x, Val::Tuple(q)) if op == BinaryOp::Mul && self.is_number(x) => {
                let mut out = Vec::new();
                for (n, y) in q.iter() {
                    out.push((n.clone(), self.binary(op, x, y, false, spans)?));
                }
                Ok(Val::Tuple(out.into()))
            }
            _ => self.structures_differ(op, a, b, spans),
        }
    }

    pub fn is_number(&self, v: &Val) -> bool {
        self.kind(v).is_some() && self.dims(v).is_empty()
    }

    pub fn structures_differ(&mut self, op: BinaryOp, a: &Val, b: &Val, (span, a_span, b_span): Spans) -> R<Val> {
        let (x, y) = (self.show(a), self.show(b));
        let problem = Diagnostic::error("E0208", span, format!("`{}` does not combine these", spelling(op)))
            .label(a_span, format!("this is {x}"))
            .label(b_span, format!("this is {y}"))
            .note("tuples and records are vectors: `+` and `-` of equal structures, `*` and `/` with a number");
        let tuple = |v: &Val| matches!(v, Val::Tuple(parts) if parts.iter().all(|(name, _)| name.is_none()));
        self.fail(if tuple(a) || tuple(b) { problem.help("one part of a tuple is `t.0`, `t.1`, …") } else { problem })
    }

    /// Whether an expression is a literal, or an array or tuple of them: then whole ones may become floats.
    pub fn float_literals(e: &Expr) -> Option<Expr> {
        let kind = match &e.kind {
            ExprKind::Int(i) => ExprKind::Float(*i as f64),
            ExprKind::Float(x) => ExprKind::Float(*x),
            ExprKind::Unary(crate::ast::UnaryOp::Neg, a) => {
                ExprKind::Unary(crate::ast::UnaryOp::Neg, Box::new(Self::float_literals(a)?))
            }
            ExprKind::Array(parts) => ExprKind::Array(parts.iter().map(Self::float_literals).collect::<Option<_>>()?),
            ExprKind::Tuple(parts) => {
                ExprKind::Tuple(parts.iter().map(|p| Self::float_literals(p).unwrap_or_else(|| p.clone())).collect())
            }
            _ => return None,
        };
        Some(Expr { kind, span: e.span })
    }
}
