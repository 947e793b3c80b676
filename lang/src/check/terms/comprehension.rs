//! Comprehensions: arrays as parallel lanes, tuples unrolled, reductions with or without storage.

use super::loops::{Count, Iter};
use crate::ast::*;
use crate::check::arrays::conform::Kind;
use crate::check::state::elab::{Elab, Loop, R, What};
use crate::check::state::free;
use crate::check::state::value::{LeafTy, Val};
use crate::diagnostic::Diagnostic;
use crate::failures::{OF_NOTHING, of_nothing};
use crate::message::Said;
use crate::ops::{Const, Op, Reduction};
use crate::prims::Prim;
use crate::source::Span;
use crate::typed::{Local, Piece, StmtKind as T};
use crate::types::{DType, Dim, Ty};

/// What a reduction over clauses accumulates.
pub(crate) struct Acc {
    total: Local,
    /// The kind of the total, and what all elements so far would need.
    kind: Kind,
    wanted: Kind,
    count: Option<Local>,
    seen: Option<Local>,
}

impl Elab<'_> {
    /// `(e for p in t)`.
    pub fn tuple_for(&mut self, c: &Comprehension, span: Span) -> R<Val> {
        let [(pattern, iter)] = c.clauses.as_slice() else {
            return self.error("E0211", span, "a tuple is made by one clause");
        };
        if let Some(condition) = &c.condition {
            return self.error(
                "E0211",
                condition.span,
                "a tuple has no condition: its parts are decided when compiling",
            );
        }
        let over = self.expr(iter)?;
        let over = self.snapshot(&over, iter.span);
        match self.iterate(over, iter.span)? {
            Iter::Parts(parts) => {
                let mut out = Vec::new();
                for p in parts {
                    let v = self.scoped(|s| -> R<Val> {
                        s.bind_pattern(pattern, p, What::Loop, iter.span)?;
                        let v = s.expr(&c.element)?;
                        Ok(s.snapshot(&v, c.element.span))
                    })?;
                    out.push(v);
                }
                self.bounded(Val::tuple(out), span)
            }
            Iter::Counted { .. } => self.fail(
                Diagnostic::error("E0211", iter.span, "round brackets make a tuple, and this is no tuple")
                    .help("square brackets make an array: `[e for i in r]`"),
            ),
        }
    }

    /// Whether a clause uses a name of an earlier one.
    pub fn depends(c: &Comprehension) -> Option<Span> {
        let mut bound = Vec::new();
        for (pattern, iter) in &c.clauses {
            if free::of_expr(iter).iter().any(|n| bound.contains(n)) {
                return Some(iter.span);
            }
            free::pattern_names(pattern, &mut bound);
        }
        None
    }

    /// `[e for i in r]`.
    pub fn array_for(&mut self, c: &Comprehension, span: Span) -> R<Val> {
        if let Some(at) = Self::depends(c).or(c.condition.as_ref().map(|e| e.span)) {
            return self
                .fail(Diagnostic::error("E0211", at, "an array with this would be ragged").help(
                    "in a reduction like `sum(e for i in a, j in 0..i if c)` clauses may depend on one another",
                ));
        }
        let mut iters = Vec::new();
        for (_, iter) in &c.clauses {
            let over = self.expr(iter)?;
            let over = self.snapshot(&over, iter.span);
            iters.push(self.iterate(over, iter.span)?);
        }
        if let [Iter::Parts(parts)] = iters.as_slice() {
            let mut vals = Vec::new();
            for p in parts {
                vals.push(self.scoped(|s| -> R<Val> {
                    s.bind_pattern(&c.clauses[0].0, p.clone(), What::Loop, span)?;
                    let v = s.expr(&c.element)?;
                    Ok(s.snapshot(&v, c.element.span))
                })?);
            }
            return self.stack_vals(&vals, span, &[]);
        }
        let mut sources = Vec::new();
        for (i, (_, iter)) in iters.into_iter().zip(&c.clauses) {
            match i {
                Iter::Counted { count: Count::Known(d), over } => {
                    self.natural(&d, iter.span)?;
                    sources.push((d, over));
                }
                Iter::Counted { .. } => {
                    return self.fail(
                        Diagnostic::error(
                            "E0203",
                            iter.span,
                            "the length of this array is not known when the program is compiled",
                        )
                        .note("whole numbers known then are literals, sizes, whole arguments and `let`s of them"),
                    );
                }
                Iter::Parts(_) => {
                    return self.error("E0211", iter.span, "a tuple is the only clause of its comprehension");
                }
            }
        }
        self.lanes(c, sources, span)
    }

    pub fn lanes(&mut self, c: &Comprehension, sources: Vec<(Dim, Val)>, span: Span) -> R<Val> {
        let (extents, overs): (Vec<Dim>, Vec<Val>) = sources.into_iter().unzip();
        let counts: Vec<Count> = extents.iter().cloned().map(Count::Known).collect();
        self.map_lanes(extents, span, |s, indices| {
            for (k, (pattern, iter)) in c.clauses.iter().enumerate() {
                let v = s.round(&overs[k], indices[k], &counts[k], iter.span)?;
                s.bind_pattern(pattern, v, What::Loop, iter.span)?;
            }
            s.expr(&c.element)
        })
    }

    /// A `Map`: `lane` gives the element for the indices; leaves become arrays.
    pub fn map_lanes(
        &mut self,
        extents: Vec<Dim>,
        span: Span,
        lane: impl FnOnce(&mut Self, &[Local]) -> R<Val>,
    ) -> R<Val> {
        let indices: Vec<Local> = extents.iter().map(|_| self.local(Ty::scalar(DType::I64), false, None)).collect();
        let (body, v) = self.buffered(|s| -> R<(Val, Vec<Local>)> {
            s.f.loops.push(Loop::Lane);
            let v = lane(s, &indices);
            s.f.loops.pop();
            let v = v?;
            let v = s.array_parts(&v, span)?;
            let leaves = v.leaves();
            Ok((v, leaves))
        });
        let (v, yields) = v?;
        let mut results = Vec::new();
        for y in &yields {
            let LeafTy { ty, weak } = self.leaf_ty(*y);
            let mut dims = extents.clone();
            dims.extend(ty.dims);
            results.push(self.local(LeafTy { ty: Ty::array(ty.dtype, dims), weak }, false, None));
        }
        self.push(T::Map { extents, indices, body, yields, results: results.clone() }, span);
        let mut results = results.into_iter();
        Ok(v.map(
            &mut |leaf| match leaf {
                Val::Leaf(_) => results.next().map_or(Val::Error, Val::Leaf),
                other => other.clone(),
            },
            &mut Dim::clone,
        ))
    }

    /// Numbers of an element become leaves.
    pub fn array_parts(&mut self, v: &Val, span: Span) -> R<Val> {
        match v {
            Val::Tuple(parts) => {
                let mut out = Vec::new();
                for (n, p) in parts.iter() {
                    out.push((n.clone(), self.array_parts(p, span)?));
                }
                Ok(Val::Tuple(out.into()))
            }
            Val::None => Ok(Val::None),
            other if self.kind(other).is_some() => self.operand(other, span).map(Val::Leaf),
            other => {
                let what = self.show(other);
                self.error("E0204", span, format!("an entry of an array is a number or an array, and this is {what}"))
            }
        }
    }

    /// `sum(e for …)` and the like; `None` if the function is no reduction, or takes the stored array.
    pub fn reduction(&mut self, name: &str, c: &Comprehension, rest: &[Arg], span: Span) -> R<Option<Val>> {
        if !["sum", "prod", "min", "max", "mean", "any", "all"].contains(&name) || !rest.is_empty() {
            return Ok(None);
        }
        let independent = Self::depends(c).is_none() && c.condition.is_none();
        if independent {
            let mut sources = Vec::new();
            let mut plain = true;
            // Evaluated once here; the loops below evaluate them again only where this path is not taken.
            let (body, r) = self.buffered(|s| -> R<()> {
                for (_, iter) in &c.clauses {
                    let over = s.expr(iter)?;
                    let over = s.snapshot(&over, iter.span);
                    match s.iterate(over, iter.span)? {
                        Iter::Counted { count: Count::Known(d), over } if s.is_natural(&d) => sources.push((d, over)),
                        _ => plain = false,
                    }
                }
                Ok(())
            });
            r?;
            if plain {
                self.f.body.extend(body);
                let array = self.lanes(c, sources, span)?;
                let f = self.name(&Name::from(name), span)?;
                let f = if self.is_library(&f) {
                    f
                } else {
                    return self.apply(&f, vec![array], span).map(Some);
                };
                return self.apply(&f, vec![array], span).map(Some);
            }
        }
        let mut acc: Option<Acc> = None;
        let mut body = self.buffered(|s| s.nest(name, c, 0, &mut acc, span));
        while let Some(Acc { kind, wanted, .. }) = acc
            && kind != wanted
        {
            // A later element, of another part of a tuple, is of a wider type.
            acc = Some(self.accumulator(name, wanted));
            body = self.buffered(|s| s.nest(name, c, 0, &mut acc, span));
        }
        let (body, r) = body;
        r?;
        let Some(acc) = acc else {
            // No round at all, known when compiling.
            return Ok(Some(match name {
                "prod" => Val::Int(1),
                "all" => Val::Bool(true),
                "any" => Val::Bool(false),
                "sum" => Val::Int(0),
                _ => return self.error(OF_NOTHING, span, of_nothing(name)),
            }));
        };
        let dtype = self.ty(acc.total).dtype;
        let start = match name {
            "prod" => Const::of(dtype, 1.0),
            "all" => Const::Bool(true),
            "any" => Const::Bool(false),
            "min" if dtype == DType::I64 => Const::I64(i64::MAX),
            "max" if dtype == DType::I64 => Const::I64(i64::MIN),
            "min" => Const::of(dtype, f64::INFINITY),
            "max" => Const::of(dtype, f64::NEG_INFINITY),
            _ => Const::of(dtype, 0.0),
        };
        let start = self.constant(start, span)?;
        self.push(T::Set(acc.total, start), span);
        if let Some(count) = acc.count {
            let zero = self.constant(Const::I64(0), span)?;
            self.push(T::Set(count, zero), span);
        }
        if let Some(seen) = acc.seen {
            let no = self.constant(Const::Bool(false), span)?;
            self.push(T::Set(seen, no), span);
        }
        self.f.body.extend(body);
        if let Some(seen) = acc.seen {
            let said = Said { code: OF_NOTHING, ..Said::plain(vec![Piece::Text(of_nothing(name))]) };
            self.push(T::Assert { cond: seen, said }, span);
        }
        let total = self.snapshot(&Val::Leaf(acc.total), span);
        if let Some(count) = acc.count {
            return self.pointwise(Prim::Div, &[total, Val::Leaf(count)], span).map(Some);
        }
        Ok(Some(total))
    }

    pub fn is_library(&self, f: &Val) -> bool {
        matches!(f, Val::Builtin(_))
    }

    /// The clauses from the `k`-th on, as loops around the accumulation.
    pub fn nest(&mut self, name: &str, c: &Comprehension, k: usize, acc: &mut Option<Acc>, span: Span) -> R<()> {
        let Some((pattern, iter)) = c.clauses.get(k) else {
            let Some(condition) = &c.condition else {
                return self.accumulate(name, &c.element, acc, span);
            };
            return match self.condition(condition)? {
                Ok(true) => self.accumulate(name, &c.element, acc, span),
                Ok(false) => Ok(()),
                Err(cond) => {
                    let (then, r) = self.buffered(|s| s.accumulate(name, &c.element, acc, span));
                    r?;
                    self.push(T::If { cond, then, otherwise: Vec::new() }, span);
                    Ok(())
                }
            };
        };
        let over = self.expr(iter)?;
        let over = self.snapshot(&over, iter.span);
        match self.iterate(over, iter.span)? {
            Iter::Parts(parts) => {
                for p in parts {
                    self.scoped(|s| -> R<()> {
                        s.bind_pattern(pattern, p, What::Loop, iter.span)?;
                        s.nest(name, c, k + 1, acc, span)
                    })?;
                }
                Ok(())
            }
            Iter::Counted { count, over } => {
                let n = self.count_local(&count, iter.span)?;
                let index = self.local(Ty::scalar(DType::I64), false, None);
                let (body, r) = self.buffered(|s| -> R<()> {
                    let v = s.round(&over, index, &count, iter.span)?;
                    s.bind_pattern(pattern, v, What::Loop, iter.span)?;
                    s.f.loops.push(Loop::Lane);
                    let r = s.nest(name, c, k + 1, acc, span);
                    s.f.loops.pop();
                    r
                });
                r?;
                self.push(T::For { index, count: n, body }, span);
                Ok(())
            }
        }
    }

    pub fn accumulate(&mut self, name: &str, element: &Expr, acc: &mut Option<Acc>, span: Span) -> R<()> {
        let v = self.expr(element)?;
        let Some(kind) = self.kind(&v) else {
            let what = self.show(&v);
            return self.error("E0204", element.span, format!("`{name}` takes numbers, and this is {what}"));
        };
        let reduction = match name {
            "min" => Reduction::Min,
            "max" => Reduction::Max,
            "any" => Reduction::Any,
            "all" => Reduction::All,
            _ => Reduction::Sum,
        };
        let logical = matches!(reduction, Reduction::Any | Reduction::All);
        if logical && kind.dtype != DType::Bool {
            let what = self.show(&v);
            return self.error("E0204", element.span, format!("`{name}` takes truth values, and this is {what}"));
        }
        let kind = match (logical, name) {
            (true, _) => Kind { dtype: DType::Bool, weak: false },
            (false, "mean") => kind.float(),
            _ => kind.join(Kind { dtype: DType::I64, weak: false }),
        };
        let rank = self.dims(&v).len();
        let mut l = self.operand_as(&v, kind.dtype, element.span)?;
        let len = self.ty(l).len();
        if rank > 0 {
            if name == "prod" {
                let f = self.name(&Name::from("prod"), span)?;
                let p = self.apply(&f, vec![Val::Leaf(l)], span)?;
                l = self.operand(&p, span)?;
            } else {
                l = self.emit(Op::Reduce(reduction, (0..rank).collect()), &[l], span)?;
            }
        }
        let own = match acc.take() {
            Some(acc) => acc,
            None => self.accumulator(name, kind),
        };
        let Acc { total, count, seen, .. } = *acc.insert(Acc { wanted: own.wanted.join(kind), ..own });
        let prim = match name {
            "prod" => Prim::Mul,
            "min" => Prim::Min,
            "max" => Prim::Max,
            "any" => Prim::Or,
            "all" => Prim::And,
            _ => Prim::Add,
        };
        let own = self.ty(total).dtype;
        let l = self.operand_as(&Val::Leaf(l), own, span)?;
        let new = self.emit(Op::Prim(prim), &[total, l], span)?;
        self.push(T::Set(total, new), span);
        if let Some(count) = count {
            let n = self.operand(&Val::Size(len), span)?;
            let more = self.emit(Op::Prim(Prim::Add), &[count, n], span)?;
            self.push(T::Set(count, more), span);
        }
        if let Some(seen) = seen {
            let yes = self.constant(Const::Bool(true), span)?;
            self.push(T::Set(seen, yes), span);
        }
        Ok(())
    }

    fn accumulator(&mut self, name: &str, kind: Kind) -> Acc {
        let total = self.local(LeafTy { ty: Ty::scalar(kind.dtype), weak: kind.weak }, true, None);
        let count = (name == "mean").then(|| self.local(Ty::scalar(DType::I64), true, None));
        let seen = matches!(name, "min" | "max").then(|| self.local(Ty::scalar(DType::Bool), true, None));
        Acc { total, kind, wanted: kind, count, seen }
    }

    /// One value in all places of a type.
    pub fn filled(&mut self, ty: impl Into<LeafTy>, value: f64, span: Span) -> R<Local> {
        let LeafTy { ty, weak } = ty.into();
        let mut filled = self.constant(Const::of(ty.dtype, value), span)?;
        if !ty.is_scalar() {
            filled = self.emit(Op::Broadcast { dims: ty.dims, axes: vec![] }, &[filled], span)?;
        }
        if !weak {
            self.f.weak.remove(&filled);
        }
        Ok(filled)
    }
}
