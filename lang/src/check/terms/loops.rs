//! Loops: over ranges, arrays and sequences at run time; over tuples unrolled.

use crate::ast::*;
use crate::check::arrays::index::Picked;
use crate::check::state::elab::{Elab, Fail, Loop, R, What};
use crate::check::state::value::{RangeVal, Val};
use crate::diagnostic::Diagnostic;
use crate::message::{Body, Message, Topic};
use crate::ops::{Const, Op};
use crate::prims::Prim;
use crate::source::Span;
use crate::typed::{Local, Stmt as Typed, StmtKind as T};
use crate::types::{DType, Dim, Ty};

/// What is iterated over.
pub(crate) enum Iter {
    /// One value after the other, at compile time.
    Parts(Vec<Val>),
    /// `count` rounds; the value of round `k` comes from `element`.
    Counted { count: Count, over: Val },
}

/// How many rounds.
#[derive(Clone)]
pub(crate) enum Count {
    Known(Dim),
    Computed(Local),
}

impl Elab<'_> {
    /// The number of entries of a range, if it is known; not below 0.
    pub fn range_len(&self, r: &RangeVal) -> Option<Dim> {
        let of = |v: &Val| match v {
            Val::Int(i) => Some(Dim::constant(*i)),
            Val::Size(d) => Some(d.clone()),
            _ => None,
        };
        let (a, b) = (of(&r.start)?, of(&r.end)?);
        let len = if r.step > 0 {
            (b - a + Dim::constant(r.step - 1)).floor_div(&Dim::constant(r.step))
        } else {
            (a - b + Dim::constant(-r.step - 1)).floor_div(&Dim::constant(-r.step))
        };
        Some(match len.as_const() {
            Some(c) if c < 0 => Dim::constant(0),
            _ => len,
        })
    }

    /// A range as an array.
    pub fn range_array(&mut self, r: &RangeVal, span: Span) -> R<Local> {
        let of = |s: &mut Self, v: &Val| s.size(v, span);
        let (a, b) = (of(self, &r.start)?, of(self, &r.end)?);
        if let Some(c) = (b.clone() - a.clone()).as_const()
            && (c < 0) == (r.step > 0)
            && c != 0
        {
            return self.error("E0203", span, "this range ends before it begins");
        }
        let Some(len) = self.range_len(r) else {
            return Err(Fail::Abort);
        };
        self.natural(&len, span)?;
        let iota = self.emit(Op::Iota(len), &[], span)?;
        let mut v = Val::Leaf(iota);
        if r.step != 1 {
            v = self.pointwise(Prim::Mul, &[v, Val::Int(r.step)], span)?;
        }
        if !a.is(0) {
            v = self.pointwise(Prim::Add, &[v, r.start.clone()], span)?;
        }
        self.operand(&v, span)
    }

    /// Takes apart what follows `in`.
    pub fn iterate(&mut self, v: Val, span: Span) -> R<Iter> {
        if let Val::Tuple(parts) = &v {
            return Ok(Iter::Parts(parts.iter().map(|(_, p)| p.clone()).collect()));
        }
        if matches!(v, Val::None) {
            return Ok(Iter::Parts(Vec::new()));
        }
        let count = self.rounds(&v, span)?;
        Ok(Iter::Counted { count, over: v })
    }

    fn rounds(&mut self, v: &Val, span: Span) -> R<Count> {
        match v {
            Val::Range(r) => {
                if let Some(d) = self.range_len(r) {
                    return Ok(Count::Known(d));
                }
                // ceil((end − start) / step), which may be negative: then there is no round.
                let (from, to) = if r.step > 0 { (&r.start, &r.end) } else { (&r.end, &r.start) };
                let zero = (span, span, span);
                let mut n = if matches!(from, Val::Int(0)) {
                    to.clone()
                } else {
                    self.binary(BinaryOp::Sub, to, from, false, zero)?
                };
                if r.step.abs() > 1 {
                    n = self.binary(BinaryOp::Add, &n, &Val::Int(r.step.abs() - 1), false, zero)?;
                    n = self.binary(BinaryOp::FloorDiv, &n, &Val::Int(r.step.abs()), false, zero)?;
                }
                let n = self.snapshot(&n, span);
                self.operand(&n, span).map(Count::Computed)
            }
            Val::Zip(parts) => {
                let mut count: Option<Count> = None;
                for p in parts.iter() {
                    let own = self.rounds(p, span)?;
                    match (&count, &own) {
                        (Some(Count::Known(a)), Count::Known(b)) => {
                            let (a, b) = (a.clone(), b.clone());
                            if !self.same_dim(&a, &b)? {
                                let (a, b) = (self.show_dim(&a), self.show_dim(&b));
                                return self.error(
                                    "E0203",
                                    span,
                                    format!("`zip` takes sequences of one length, and these have {a} and {b}"),
                                );
                            }
                        }
                        _ => count = Some(own),
                    }
                }
                count.map_or_else(|| self.error("E0102", span, "`zip` of nothing"), Ok)
            }
            Val::Flip(inner) | Val::Progress(inner) => self.rounds(inner, span),
            _ => match self.dims(v).first() {
                Some(d) if self.kind(v).is_some() => Ok(Count::Known(d.clone())),
                _ => {
                    let what = self.show(v);
                    let mut problem =
                        Diagnostic::error("E0204", span, format!("there is nothing to iterate over in {what}"));
                    if self.kind(v).is_some_and(|k| k.dtype == DType::I64) {
                        problem = problem.help("a range is written `0..n`");
                    }
                    self.fail(problem)
                }
            },
        }
    }

    /// The value of round `k`, whose number is in range.
    pub fn round(&mut self, over: &Val, k: Local, count: &Count, span: Span) -> R<Val> {
        match over {
            Val::Range(r) => {
                let mut v = Val::Leaf(k);
                if r.step != 1 {
                    v = self.pointwise(Prim::Mul, &[v, Val::Int(r.step)], span)?;
                }
                if !matches!(&r.start, Val::Int(0)) && !matches!(&r.start, Val::Size(d) if d.is(0)) {
                    v = self.pointwise(Prim::Add, &[r.start.clone(), v], span)?;
                }
                Ok(v)
            }
            Val::Zip(parts) => {
                let mut out = Vec::new();
                for p in parts.iter() {
                    out.push(self.round(p, k, count, span)?);
                }
                Ok(Val::tuple(out))
            }
            Val::Flip(inner) => {
                let n = match count {
                    Count::Known(d) => Val::Size(d.clone() - Dim::constant(1)),
                    Count::Computed(l) => self.pointwise(Prim::Sub, &[Val::Leaf(*l), Val::Int(1)], span)?,
                };
                let at = self.pointwise(Prim::Sub, &[n, Val::Leaf(k)], span)?;
                let at = self.operand(&at, span)?;
                self.round(inner, at, count, span)
            }
            Val::Progress(inner) => self.round(inner, k, count, span),
            _ => self.pick(over, vec![Picked::Safe(k)], span),
        }
    }

    pub fn count_local(&mut self, count: &Count, span: Span) -> R<Local> {
        match count {
            Count::Known(d) => self.operand(&Val::Size(d.clone()), span),
            Count::Computed(l) => Ok(*l),
        }
    }

    pub fn for_loop(&mut self, pattern: &Pattern, iter: &Expr, body: &Block, span: Span) -> R<()> {
        let over = self.expr(iter)?;
        let over = self.snapshot(&over, iter.span);
        match self.iterate(over, iter.span)? {
            Iter::Parts(parts) => {
                self.f.unrolled += 1;
                let r = self.unrolled(pattern, &parts, body, span);
                self.f.unrolled -= 1;
                r
            }
            Iter::Counted { count, over } => {
                let n = self.count_local(&count, iter.span)?;
                let index = self.local(Ty::scalar(DType::I64), false, None);
                let watched = matches!(over, Val::Progress(_));
                let every = if watched { Some(self.tell_every(n, iter.span)?) } else { None };
                let (stmts, r) = self.buffered(|s| -> R<()> {
                    if let Some(every) = every {
                        s.tell(index, n, every, iter.span)?;
                    }
                    let v = s.round(&over, index, &count, iter.span)?;
                    s.bind_pattern(pattern, v, What::Loop, iter.span)?;
                    s.f.loops.push(Loop::Runtime);
                    let r = s.body(body);
                    s.f.loops.pop();
                    r
                });
                match r {
                    Ok(()) | Err(Fail::Never) => {}
                    Err(f) => return Err(f),
                }
                self.push(T::For { index, count: n, body: stmts }, span);
                if watched {
                    self.push(T::Print { message: how_far(n, n) }, span);
                }
                Ok(())
            }
        }
    }

    /// After how many rounds a loop of `n` says how far it is: about a hundred times in all.
    fn tell_every(&mut self, n: Local, span: Span) -> R<Local> {
        let hundredth = self.pointwise(Prim::FloorDiv, &[Val::Leaf(n), Val::Int(100)], span)?;
        let every = self.pointwise(Prim::Max, &[hundredth, Val::Int(1)], span)?;
        self.operand(&every, span)
    }

    /// Says how far a loop is, in every so many rounds.
    fn tell(&mut self, index: Local, n: Local, every: Local, span: Span) -> R<()> {
        let rest = self.pointwise(Prim::Rem, &[Val::Leaf(index), Val::Leaf(every)], span)?;
        let now = self.pointwise(Prim::Eq, &[rest, Val::Int(0)], span)?;
        let cond = self.operand(&now, span)?;
        let then = vec![Typed { kind: T::Print { message: how_far(index, n) }, span }];
        self.push(T::If { cond, then, otherwise: Vec::new() }, span);
        Ok(())
    }

    /// The body of a loop, which has no value.
    pub fn body(&mut self, block: &Block) -> R<()> {
        let v = self.block(block)?;
        if matches!(v, Val::None) {
            return Ok(());
        }
        let at = block.stmts.last().map_or(block.span, |s| s.span);
        let what = self.show(&v);
        self.fail(
            Diagnostic::error("E0105", at, "this value is computed and then dropped")
                .here(format!("this is {what}"))
                .help("bind it with `let`, or remove it"),
        )
    }

    fn unrolled(&mut self, pattern: &Pattern, parts: &[Val], body: &Block, span: Span) -> R<()> {
        let leaves = leaves_loop(body);
        let stop = if leaves {
            let no = self.constant(Const::Bool(false), span)?;
            let stop = self.local(Ty::scalar(DType::Bool), true, None);
            self.push(T::Set(stop, no), span);
            Some(stop)
        } else {
            None
        };
        for (k, part) in parts.iter().enumerate() {
            let Some(stop) = stop else {
                self.scoped(|s| -> R<()> {
                    s.bind_pattern(pattern, part.clone(), What::Loop, span)?;
                    s.body(body)
                })?;
                continue;
            };
            // A loop of one round, which `continue` leaves.
            let index = self.local(Ty::scalar(DType::I64), false, None);
            let (stmts, r) = self.buffered(|s| -> R<()> {
                s.bind_pattern(pattern, part.clone(), What::Loop, span)?;
                s.f.loops.push(Loop::Unrolled { stop });
                let r = s.body(body);
                s.f.loops.pop();
                r
            });
            match r {
                Ok(()) | Err(Fail::Never) => {}
                Err(f) => return Err(f),
            }
            let (round, one) = self.buffered(|s| s.constant(Const::I64(1), span));
            let one = one?;
            let mut round = round;
            let span = self.f.blame.unwrap_or(span);
            round.push(Typed { kind: T::For { index, count: one, body: stmts }, span });
            if k == 0 {
                self.f.body.extend(round);
            } else {
                self.push(T::If { cond: stop, then: Vec::new(), otherwise: round }, span);
            }
        }
        Ok(())
    }

    pub fn while_loop(&mut self, cond: &Expr, body: &Block, span: Span) -> R<()> {
        let (test, c) = self.buffered(|s| -> R<Option<Local>> {
            match s.condition(cond)? {
                Ok(false) => Ok(None),
                Ok(true) => s.constant(Const::Bool(true), cond.span).map(Some),
                Err(l) if s.may_change(l) => {
                    // The condition is a variable: its value is what the test leaves.
                    let copy = s.snapshot(&Val::Leaf(l), cond.span);
                    s.operand(&copy, cond.span).map(Some)
                }
                Err(l) => Ok(Some(l)),
            }
        });
        let Some(c) = c? else { return Ok(()) };
        let (stmts, r) = self.buffered(|s| -> R<()> {
            s.f.loops.push(Loop::Runtime);
            let r = s.body(body);
            s.f.loops.pop();
            r
        });
        match r {
            Ok(()) | Err(Fail::Never) => {}
            Err(f) => return Err(f),
        }
        self.push(T::While { test, cond: c, body: stmts }, span);
        let forever = matches!(cond.kind, ExprKind::Bool(true)) && !has_break(&body.stmts);
        if forever { Err(Fail::Never) } else { Ok(()) }
    }
}

/// What the host is told of a loop.
fn how_far(done: Local, of: Local) -> Message<Local> {
    let field = |name: &str, local| (Some(Name::from(name)), Body::Value(local));
    Message::Tell(Topic::Progress, Body::Tuple(vec![field("done", done), field("of", of)]))
}

/// Whether `break` or `continue` of this loop stands in the body.
fn leaves_loop(body: &Block) -> bool {
    body.stmts.iter().any(|s| match &s.kind {
        StmtKind::Break | StmtKind::Continue => true,
        StmtKind::Expr(e) => leaves_expr(e, true),
        _ => false,
    })
}

fn leaves_expr(e: &Expr, continues: bool) -> bool {
    match &e.kind {
        ExprKind::Block(b) => {
            if continues {
                leaves_loop(b)
            } else {
                has_break(&b.stmts)
            }
        }
        ExprKind::If { then, otherwise, .. } => {
            (if continues { leaves_loop(then) } else { has_break(&then.stmts) })
                || otherwise.as_ref().is_some_and(|o| leaves_expr(o, continues))
        }
        _ => false,
    }
}

fn has_break(stmts: &[Stmt]) -> bool {
    stmts.iter().any(|s| match &s.kind {
        StmtKind::Break => true,
        StmtKind::Expr(e) => leaves_expr(e, false),
        _ => false,
    })
}
