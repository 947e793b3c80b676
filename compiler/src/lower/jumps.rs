//! Does away with `break`, `continue` and `return` inside of statements.
//!
//! ```text
//! for i in 0..n {                     set go = yes;  set i = 0
//!   if c(i) { break }                 while i < n and go {
//!   f(i)                        =>      if c(i) { set go = no } else { f(i) }
//! }                                     set i = i + 1
//!                                     }
//! ```
//!
//! Where one branch of an `if` always jumps, what follows the `if` moves into the other one. Only where both may go on
//! is a flag tested: `skip`, of the innermost loop, or `done`, of the function. A `while` whose test leaves something
//! behind for others becomes a loop over a flag with the test inside.

use super::{live, shared};
use adl_lang::defect;
use adl_lang::ops::{Const, Op};
use adl_lang::prims::{Prim, Typing};
use adl_lang::source::Span;
use adl_lang::typed::{Func, Local, Stmt, StmtKind};
use adl_lang::types::{DType, Ty};
use std::borrow::Cow;
use std::vec::IntoIter;

/// The same function without jumps; its only `Return` is the last statement.
pub fn structured(func: &Func) -> Cow<'_, Func> {
    let mut counts = vec![0; func.locals.len()];
    shared::count(&func.body, &mut counts);
    let plain = match func.body.split_last() {
        Some((last, rest)) => matches!(last.kind, StmtKind::Return(_)) && !rest.iter().any(has_jump),
        None => true,
    };
    if plain && !func.body.iter().any(|s| shared::has_shared(s, &counts)) {
        return Cow::Borrowed(func);
    }
    let mut func = func.clone();
    let body = std::mem::take(&mut func.body);
    let span = body.last().map_or(func.span, |s| s.span);
    let flag = Ty::scalar(DType::Bool);
    let (yes, no) = (func.local(flag.clone(), false, None), func.local(flag.clone(), false, None));
    let done = func.local(flag, true, None);
    let results: Vec<Ty> = func.results.clone();
    let results = results.into_iter().map(|ty| func.local(ty, true, None)).collect();
    let mut jumps = Jumps { func, yes, no, done, results, loops: Vec::new(), counts };
    let rest = jumps.seq(&mut vec![body.into_iter()]);
    let Jumps { mut func, results, .. } = jumps;
    let at = |kind| Stmt { kind, span };
    func.body = vec![
        at(StmtKind::Let(yes, Op::Const(Const::Bool(true)), Vec::new())),
        at(StmtKind::Let(no, Op::Const(Const::Bool(false)), Vec::new())),
        at(StmtKind::Set(done, no)),
    ];
    func.body.extend(rest.stmts);
    func.body.push(at(StmtKind::Return(results)));
    Cow::Owned(func)
}

fn has_jump(stmt: &Stmt) -> bool {
    matches!(stmt.kind, StmtKind::Break | StmtKind::Continue | StmtKind::Return(_))
        || live::inside(stmt).into_iter().flatten().any(has_jump)
}

struct Jumps {
    func: Func,
    yes: Local,
    no: Local,
    /// Whether the function has returned.
    done: Local,
    /// What it has returned.
    results: Vec<Local>,
    loops: Vec<Loop>,
    /// How often each local occurs.
    counts: Vec<usize>,
}

/// The flags of a loop around the current statement.
struct Loop {
    /// Whether there may be another round.
    go: Local,
    go_is_set: bool,
    /// Whether the rest of this round is left out.
    skip: Local,
    skip_is_read: bool,
}

/// Statements without jumps.
#[derive(Default)]
struct Seq {
    stmts: Vec<Stmt>,
    /// Whether the end may be reached without a jump.
    falls: bool,
    /// Whether a flag may be set at the end.
    jumps: bool,
    /// Whether that may be the one of the function.
    returns: bool,
}

impl Seq {
    fn push(&mut self, kind: StmtKind, span: Span) {
        self.stmts.push(Stmt { kind, span });
    }

    fn append(&mut self, rest: Seq) {
        self.stmts.extend(rest.stmts);
        self.falls &= rest.falls;
        self.jumps |= rest.jumps;
        self.returns |= rest.returns;
    }
}

impl Jumps {
    /// Takes the statements on the stack, the last list first, up to a jump.
    fn seq(&mut self, work: &mut Vec<IntoIter<Stmt>>) -> Seq {
        stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, || self.seq_here(work))
    }

    fn seq_here(&mut self, work: &mut Vec<IntoIter<Stmt>>) -> Seq {
        let mut out = Seq { falls: true, ..Seq::default() };
        while let Some(stmt) = next(work) {
            let span = stmt.span;
            match stmt.kind {
                StmtKind::Break => return self.jump(out, work, span, Target::Loop),
                StmtKind::Continue => return self.jump(out, work, span, Target::Round),
                StmtKind::Return(values) => {
                    for (&result, value) in self.results.iter().zip(values) {
                        out.push(StmtKind::Set(result, value), span);
                    }
                    return self.jump(out, work, span, Target::Function);
                }
                StmtKind::If { cond, then, otherwise } => {
                    let mut then = self.seq(&mut vec![then.into_iter()]);
                    let otherwise = if then.falls {
                        let otherwise = self.seq(&mut vec![otherwise.into_iter()]);
                        if !otherwise.falls {
                            let rest = self.rest(work, then.jumps, span);
                            then.append(rest);
                        }
                        otherwise
                    } else {
                        work.push(otherwise.into_iter());
                        self.seq(work)
                    };
                    out.falls = then.falls || otherwise.falls;
                    out.jumps |= then.jumps || otherwise.jumps;
                    out.returns |= then.returns || otherwise.returns;
                    let kind = StmtKind::If { cond, then: then.stmts, otherwise: otherwise.stmts };
                    out.push(kind, span);
                    if out.jumps {
                        let rest = self.rest(work, true, span);
                        out.append(rest);
                        return out;
                    }
                }
                StmtKind::For { index, count, body } => {
                    let (flags, body) = self.round(body, span);
                    let returns = body.returns;
                    self.counted(index, count, &flags, body, &mut out, span);
                    if returns {
                        return self.after_loop(out, work, span);
                    }
                }
                StmtKind::While { test, cond, body } => {
                    let own = !shared::is_shared(&test, cond, &self.counts);
                    let outer = std::mem::take(&mut self.loops);
                    let test = self.seq(&mut vec![test.into_iter()]).stmts;
                    self.loops = outer;
                    let (flags, body) = self.round(body, span);
                    let returns = body.returns;
                    self.conditional(test, cond, own, &flags, body, &mut out, span);
                    if returns {
                        return self.after_loop(out, work, span);
                    }
                }
                StmtKind::Map { extents, indices, body, yields, results } => {
                    let outer = std::mem::take(&mut self.loops);
                    let body = self.seq(&mut vec![body.into_iter()]).stmts;
                    self.loops = outer;
                    out.push(StmtKind::Map { extents, indices, body, yields, results }, span);
                }
                kind => out.push(kind, span),
            }
        }
        out
    }

    /// Sets the flags of a jump; what follows it is never reached.
    fn jump(&mut self, mut out: Seq, work: &mut Vec<IntoIter<Stmt>>, span: Span, target: Target) -> Seq {
        work.clear();
        let left = match target {
            Target::Round | Target::Loop => self.loops.len().saturating_sub(1),
            Target::Function => 0,
        };
        for around in &mut self.loops[left..] {
            out.push(StmtKind::Set(around.skip, self.yes), span);
            if target != Target::Round {
                around.go_is_set = true;
                out.push(StmtKind::Set(around.go, self.no), span);
            }
        }
        if target == Target::Function {
            out.push(StmtKind::Set(self.done, self.yes), span);
            out.returns = true;
        }
        out.jumps = true;
        out.falls = false;
        out
    }

    /// All that is left on the stack, left out after a jump if there may have been one.
    fn rest(&mut self, work: &mut Vec<IntoIter<Stmt>>, guarded: bool, span: Span) -> Seq {
        let mut rest = self.seq(work);
        if guarded && !rest.stmts.is_empty() {
            let cond = match self.loops.last_mut() {
                Some(around) => {
                    around.skip_is_read = true;
                    around.skip
                }
                None => self.done,
            };
            let otherwise = std::mem::take(&mut rest.stmts);
            rest.push(StmtKind::If { cond, then: Vec::new(), otherwise }, span);
        }
        rest
    }

    fn after_loop(&mut self, mut out: Seq, work: &mut Vec<IntoIter<Stmt>>, span: Span) -> Seq {
        (out.jumps, out.returns) = (true, true);
        let rest = self.rest(work, true, span);
        out.append(rest);
        out
    }

    /// The body of a loop, and which of its flags matter.
    fn round(&mut self, body: Vec<Stmt>, span: Span) -> (Loop, Seq) {
        let (go, skip) = (self.flag(true), self.flag(true));
        self.loops.push(Loop { go, go_is_set: false, skip, skip_is_read: false });
        let mut body = self.seq(&mut vec![body.into_iter()]);
        let flags = self.loops.pop().unwrap_or_else(|| defect!("a loop took the flags of the loop around it"));
        if flags.skip_is_read {
            body.stmts.insert(0, Stmt { kind: StmtKind::Set(skip, self.no), span });
        }
        (flags, body)
    }

    fn counted(&mut self, index: Local, count: Local, flags: &Loop, mut body: Seq, out: &mut Seq, span: Span) {
        if !flags.go_is_set {
            out.push(StmtKind::For { index, count, body: body.stmts }, span);
            return;
        }
        self.func.locals[index.0 as usize].mutable = true;
        let whole = Ty::scalar(DType::I64);
        let [zero, one, next] = [(); 3].map(|()| self.func.local(whole.clone(), false, None));
        let (below, cond) = (self.flag(false), self.flag(false));
        // The body may assign the variable that gave the count.
        let limit = self.func.local(whole, true, None);
        out.push(StmtKind::Set(limit, count), span);
        out.push(StmtKind::Set(flags.go, self.yes), span);
        out.push(StmtKind::Let(zero, Op::Const(Const::I64(0)), Vec::new()), span);
        out.push(StmtKind::Let(one, Op::Const(Const::I64(1)), Vec::new()), span);
        out.push(StmtKind::Set(index, zero), span);
        let mut test = Seq::default();
        test.push(StmtKind::Let(below, Op::Prim(Prim::Lt), vec![index, limit]), span);
        test.push(StmtKind::Let(cond, Op::Prim(Prim::And), vec![below, flags.go]), span);
        body.push(StmtKind::Let(next, Op::Prim(Prim::Add), vec![index, one]), span);
        body.push(StmtKind::Set(index, next), span);
        out.push(StmtKind::While { test: test.stmts, cond, body: body.stmts }, span);
    }

    /// `own`: whether nobody else needs what the test defines and assigns.
    #[expect(clippy::too_many_arguments, reason = "the parts of one statement")]
    fn conditional(
        &mut self,
        mut test: Vec<Stmt>,
        cond: Local,
        own: bool,
        flags: &Loop,
        body: Seq,
        out: &mut Seq,
        span: Span,
    ) {
        if own && !flags.go_is_set {
            out.push(StmtKind::While { test, cond, body: body.stmts }, span);
            return;
        }
        out.push(StmtKind::Set(flags.go, self.yes), span);
        if own && test.iter().all(|s| self.is_harmless(s)) {
            let both = self.flag(false);
            test.push(Stmt { kind: StmtKind::Let(both, Op::Prim(Prim::And), vec![cond, flags.go]), span });
            out.push(StmtKind::While { test, cond: both, body: body.stmts }, span);
            return;
        }
        test.push(Stmt { kind: StmtKind::Set(flags.go, cond), span });
        test.push(Stmt { kind: StmtKind::If { cond, then: body.stmts, otherwise: Vec::new() }, span });
        out.push(StmtKind::While { test: Vec::new(), cond: flags.go, body: test }, span);
    }

    /// Whether a statement of a test may run once more after a `break`: it cannot fail and costs nothing.
    fn is_harmless(&self, stmt: &Stmt) -> bool {
        match &stmt.kind {
            StmtKind::Let(_, Op::Const(_) | Op::Size(_), _) => true,
            StmtKind::Let(local, Op::Prim(prim), args) => {
                let whole = args.iter().any(|&a| self.func.ty(a).dtype == DType::I64);
                let compares = matches!(prim.row().typing, Typing::Compare | Typing::Logic);
                self.func.ty(*local).is_scalar() && (compares || !whole)
            }
            _ => false,
        }
    }

    fn flag(&mut self, mutable: bool) -> Local {
        self.func.local(Ty::scalar(DType::Bool), mutable, None)
    }
}

/// What a jump leaves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Round,
    Loop,
    Function,
}

fn next(work: &mut Vec<IntoIter<Stmt>>) -> Option<Stmt> {
    while let Some(list) = work.last_mut() {
        match list.next() {
            Some(stmt) => return Some(stmt),
            None => {
                work.pop();
            }
        }
    }
    None
}
