//! Which tests of `while` loops leave something behind: a variable assigned, a value computed that others read. In the
//! IR a test yields its condition and nothing else.

use super::live;
use adl_lang::typed::{Local, Stmt, StmtKind};
use rustc_hash::FxHashMap;

/// Counts all places where each local occurs.
pub fn count(stmts: &[Stmt], counts: &mut [usize]) {
    for stmt in stmts {
        every(stmt, &mut |local| counts[local.0 as usize] += 1);
    }
}

fn every(stmt: &Stmt, f: &mut dyn FnMut(Local)) {
    live::uses(stmt, f);
    live::defines(stmt, f);
    match &stmt.kind {
        StmtKind::Map { yields, .. } => yields.iter().for_each(|&y| f(y)),
        StmtKind::While { cond, .. } => f(*cond),
        _ => {}
    }
    live::inside(stmt).into_iter().flatten().for_each(|s| every(s, f));
}

/// Whether there is a `while` with a shared test in a statement.
pub fn has_shared(stmt: &Stmt, counts: &[usize]) -> bool {
    matches!(&stmt.kind, StmtKind::While { test, cond, .. } if is_shared(test, *cond, counts))
        || live::inside(stmt).into_iter().flatten().any(|s| has_shared(s, counts))
}

/// Whether anything that a test defines or assigns occurs elsewhere too, but for its condition in its loop.
pub fn is_shared(test: &[Stmt], cond: Local, counts: &[usize]) -> bool {
    let mut here: FxHashMap<Local, usize> = FxHashMap::from_iter([(cond, 1)]);
    test.iter().for_each(|s| every(s, &mut |local| *here.entry(local).or_insert(0) += 1));
    let mut shared = false;
    test.iter().for_each(|s| each_defined(s, &mut |d| shared |= here.get(&d) != Some(&counts[d.0 as usize])));
    shared
}

fn each_defined(stmt: &Stmt, f: &mut dyn FnMut(Local)) {
    live::defines(stmt, f);
    live::inside(stmt).into_iter().flatten().for_each(|s| each_defined(s, f));
}
