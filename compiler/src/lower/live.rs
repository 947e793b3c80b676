//! Which variables a branch or a loop must hand on: those that it assigns and that somebody reads afterwards, be it
//! behind it or in its next round.
//!
//! One pass from the inside out finds what every statement reads before it assigns, and what it may assign; a second
//! one, backwards, finds what is still needed behind each statement.

use adl_lang::typed::{Func, Local, Piece, Stmt, StmtKind};
use rustc_hash::{FxHashMap, FxHashSet};

/// For every `If`, `For` and `While`: the variables it hands on, in order.
pub struct Carried(FxHashMap<*const Stmt, Vec<Local>>);

impl Carried {
    /// Of one statement.
    pub fn of(&self, stmt: &Stmt) -> Vec<Local> {
        self.0.get(&std::ptr::from_ref(stmt)).cloned().unwrap_or_default()
    }
}

/// Finds the variables of all statements of a function without jumps.
pub fn carried(func: &Func) -> Carried {
    let mut facts = FxHashMap::default();
    summary(func, &func.body, &mut facts);
    let mut live =
        Live { func, facts, live: vec![false; func.locals.len()], changes: Vec::new(), carried: FxHashMap::default() };
    live.stmts(&func.body);
    Carried(live.carried)
}

/// What a piece of code does to variables.
#[derive(Default)]
pub struct Summary {
    /// Reads before it assigns.
    pub reads: FxHashSet<Local>,
    /// May assign.
    pub assigns: FxHashSet<Local>,
    /// Assigns in any case.
    settles: FxHashSet<Local>,
}

type Facts = FxHashMap<*const Stmt, Summary>;

/// The summary of statements in a row; those of all `If`, `For`, `While` in them are kept.
pub fn summary(func: &Func, stmts: &[Stmt], facts: &mut Facts) -> Summary {
    let mut sum = Summary::default();
    for stmt in stmts {
        uses(stmt, &mut |local| {
            if is_variable(func, local) && !sum.settles.contains(&local) {
                sum.reads.insert(local);
            }
        });
        let inner = match &stmt.kind {
            StmtKind::Set(variable, _) => {
                sum.assigns.insert(*variable);
                sum.settles.insert(*variable);
                continue;
            }
            StmtKind::If { then, otherwise, .. } => {
                let (a, b) = (summary(func, then, facts), summary(func, otherwise, facts));
                Summary {
                    settles: a.settles.intersection(&b.settles).copied().collect(),
                    reads: union(a.reads, b.reads),
                    assigns: union(a.assigns, b.assigns),
                }
            }
            StmtKind::For { body, .. } => Summary { settles: FxHashSet::default(), ..summary(func, body, facts) },
            StmtKind::While { test, cond, body } => {
                let mut round = summary(func, test, facts);
                if is_variable(func, *cond) && !round.settles.contains(cond) {
                    round.reads.insert(*cond);
                }
                let body = summary(func, body, facts);
                round.reads.extend(body.reads.iter().filter(|v| !round.settles.contains(v)));
                let assigns = union(round.assigns, body.assigns);
                Summary { reads: round.reads, assigns, settles: FxHashSet::default() }
            }
            StmtKind::Map { body, .. } => {
                // Its variables are its own.
                let lane = summary(func, body, facts);
                sum.reads.extend(lane.reads.iter().filter(|v| !sum.settles.contains(v)));
                continue;
            }
            _ => continue,
        };
        sum.reads.extend(inner.reads.iter().filter(|v| !sum.settles.contains(v)));
        sum.assigns.extend(&inner.assigns);
        sum.settles.extend(&inner.settles);
        facts.insert(stmt, inner);
    }
    sum
}

fn union(mut a: FxHashSet<Local>, mut b: FxHashSet<Local>) -> FxHashSet<Local> {
    if a.len() < b.len() {
        std::mem::swap(&mut a, &mut b);
    }
    a.extend(b);
    a
}

fn is_variable(func: &Func, local: Local) -> bool {
    func.locals[local.0 as usize].mutable
}

struct Live<'f> {
    func: &'f Func,
    facts: Facts,
    /// Whether a variable is needed from here on.
    live: Vec<bool>,
    /// Variables and what held before.
    changes: Vec<(Local, bool)>,
    carried: FxHashMap<*const Stmt, Vec<Local>>,
}

impl Live<'_> {
    /// From what is needed behind the statements to what is needed before them.
    fn stmts(&mut self, stmts: &[Stmt]) {
        for stmt in stmts.iter().rev() {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        let Summary { reads, assigns, .. } = self.facts.remove(&std::ptr::from_ref(stmt)).unwrap_or_default();
        match &stmt.kind {
            StmtKind::Set(variable, _) => self.set(*variable, false),
            StmtKind::If { then, otherwise, .. } => {
                self.hand_on(stmt, &assigns);
                let then = self.apart(|this| this.stmts(then));
                let otherwise = self.apart(|this| this.stmts(otherwise));
                for &variable in then.keys().chain(otherwise.keys()) {
                    let before = self.live[variable.0 as usize];
                    let needed = |branch: &FxHashMap<Local, bool>| branch.get(&variable).copied().unwrap_or(before);
                    self.set(variable, needed(&then) || needed(&otherwise));
                }
            }
            StmtKind::For { body, .. } => {
                self.round(stmt, &reads, &assigns, |this| this.stmts(body));
            }
            StmtKind::While { test, cond, body } => {
                self.round(stmt, &reads, &assigns, |this| {
                    this.stmts(body);
                    this.need(*cond);
                    this.stmts(test);
                });
            }
            StmtKind::Map { body, yields, .. } => {
                yields.iter().for_each(|&y| self.need(y));
                self.stmts(body);
            }
            _ => {}
        }
        uses(stmt, &mut |local| self.need(local));
    }
}

impl Live<'_> {
    /// A loop: what a round reads is needed behind the round before.
    fn round(
        &mut self,
        stmt: &Stmt,
        reads: &FxHashSet<Local>,
        assigns: &FxHashSet<Local>,
        body: impl FnOnce(&mut Self),
    ) {
        reads.iter().for_each(|&v| self.need(v));
        self.hand_on(stmt, assigns);
        self.apart(body);
    }

    /// Records what a statement hands on, given what is needed behind it.
    fn hand_on(&mut self, stmt: &Stmt, assigns: &FxHashSet<Local>) {
        let mut carried: Vec<Local> = assigns.iter().copied().filter(|v| self.live[v.0 as usize]).collect();
        carried.sort_unstable();
        self.carried.insert(stmt, carried);
    }

    /// Runs `f`, takes back what it changed and says what that was.
    fn apart(&mut self, f: impl FnOnce(&mut Self)) -> FxHashMap<Local, bool> {
        let mark = self.changes.len();
        stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, || f(self));
        let mut after = FxHashMap::default();
        for (variable, before) in self.changes.drain(mark..).rev() {
            let now = std::mem::replace(&mut self.live[variable.0 as usize], before);
            after.entry(variable).or_insert(now);
        }
        after
    }

    fn need(&mut self, local: Local) {
        if is_variable(self.func, local) {
            self.set(local, true);
        }
    }

    fn set(&mut self, variable: Local, needed: bool) {
        let before = std::mem::replace(&mut self.live[variable.0 as usize], needed);
        if before != needed {
            self.changes.push((variable, before));
        }
    }
}

/// Calls `f` with every local that the statement itself reads, not the statements in it. (A `While` reads its condition
/// at the end of its test.)
pub fn uses(stmt: &Stmt, f: &mut dyn FnMut(Local)) {
    let mut all = |locals: &[Local]| locals.iter().for_each(|&l| f(l));
    match &stmt.kind {
        StmtKind::Let(_, _, args) | StmtKind::Call { args, .. } | StmtKind::Return(args) => all(args),
        StmtKind::Set(_, value) => f(*value),
        StmtKind::If { cond, .. } => f(*cond),
        StmtKind::For { count, .. } => f(*count),
        StmtKind::Jvp { args, tangents, .. } => {
            all(args);
            tangents.iter().flatten().for_each(|&t| f(t));
        }
        StmtKind::Vjp { args, cotangents, .. } => {
            all(args);
            cotangents.iter().flatten().for_each(|&c| f(c));
        }
        StmtKind::Bounds { index, .. } => f(*index),
        StmtKind::Assert { cond, said } => {
            f(*cond);
            for piece in said.pieces() {
                if let Piece::Value(local, _) = piece {
                    f(*local);
                }
            }
        }
        StmtKind::Print { message } => message.each(&mut |local| f(*local)),
        StmtKind::While { .. }
        | StmtKind::Map { .. }
        | StmtKind::Break
        | StmtKind::Continue
        | StmtKind::NonNegative { .. }
        | StmtKind::SameSize { .. } => {}
    }
}

/// Calls `f` with every local that the statement itself defines or assigns, not the statements in it.
pub fn defines(stmt: &Stmt, f: &mut dyn FnMut(Local)) {
    let mut all = |locals: &[Local]| locals.iter().for_each(|&l| f(l));
    match &stmt.kind {
        StmtKind::Let(local, ..) | StmtKind::Set(local, _) => f(*local),
        StmtKind::For { index, .. } => f(*index),
        StmtKind::Map { indices, results, .. } => {
            all(indices);
            all(results);
        }
        StmtKind::Call { results, .. } => all(results),
        StmtKind::Jvp { results, result_tangents, .. } => {
            all(results);
            result_tangents.iter().flatten().for_each(|&t| f(t));
        }
        StmtKind::Vjp { results, param_cotangents, .. } => {
            results.iter().flatten().chain(param_cotangents.iter().flatten()).for_each(|&l| f(l));
        }
        StmtKind::If { .. }
        | StmtKind::While { .. }
        | StmtKind::Break
        | StmtKind::Continue
        | StmtKind::Return(_)
        | StmtKind::Bounds { .. }
        | StmtKind::NonNegative { .. }
        | StmtKind::SameSize { .. }
        | StmtKind::Assert { .. }
        | StmtKind::Print { .. } => {}
    }
}

/// The statements inside a statement.
pub fn inside(stmt: &Stmt) -> [&[Stmt]; 2] {
    match &stmt.kind {
        StmtKind::If { then, otherwise, .. } => [then, otherwise],
        StmtKind::While { test, body, .. } => [test, body],
        StmtKind::For { body, .. } | StmtKind::Map { body, .. } => [body, &[]],
        _ => [&[], &[]],
    }
}
