//! What a new definition means for older ones.
//!
//! A function that is written again, or a file that is imported again, replaces the earlier one for everybody: the
//! functions that use it, directly or not, and the `let`s that hold such functions are written again with it, after it,
//! and so see all names as they are then. Values are not like that: a function keeps what it captured when a name is
//! bound anew, in a session as in a file.

use crate::ast::{File, FnDef, Name, Stmt, StmtKind};
use crate::check::state::free;
use crate::check::state::value::{ModuleId, Val};
use crate::check::state::world::{TopBinding, World};
use std::sync::Arc;

impl World {
    /// Adds to a file what is written again because of it, and says what that is.
    pub(in crate::check) fn rebuild(&self, file: &mut File, imports: &[(Name, ModuleId)]) -> Vec<Name> {
        let own = defined(file);
        let mut replaced: Vec<Name> = Vec::new();
        for stmt in &file.stmts {
            if let StmtKind::Fn(def) = &stmt.kind
                && matches!(self.top.get(&def.name.name), Some(TopBinding::Fun(..)))
            {
                replaced.push(def.name.name.clone());
            }
        }
        let other =
            |name: &Name, id: ModuleId| matches!(self.top.get(name), Some(TopBinding::Module(old)) if *old != id);
        replaced.extend(imports.iter().filter(|(name, id)| other(name, *id)).map(|(name, _)| name.clone()));
        if replaced.is_empty() {
            return Vec::new();
        }
        let last = |stmt: &Stmt| match &stmt.kind {
            StmtKind::Fn(def) => replaced.contains(&def.name.name),
            StmtKind::Import { .. } => true,
            _ => false,
        };
        let place = file.stmts.iter().rposition(last).map_or(0, |at| at + 1);
        let mut again = self.users(&replaced, &own);
        // In the order in which they were written.
        again.sort_by_key(|(_, stmt)| (matches!(stmt.kind, StmtKind::Let { .. }), stmt.span.source, stmt.span.start));
        let mut names: Vec<Name> = Vec::new();
        let mut stmts: Vec<Stmt> = Vec::new();
        for (name, stmt) in again {
            if !stmts.iter().any(|s| s.span == stmt.span) {
                stmts.push(stmt);
            }
            names.push(name);
        }
        file.stmts.splice(place..place, stmts);
        names
    }

    /// What stands on `replaced`, directly or not, and is not defined by the file itself.
    fn users(&self, replaced: &[Name], own: &[Name]) -> Vec<(Name, Stmt)> {
        let mut found: Vec<(Name, Stmt)> = Vec::new();
        loop {
            let before = found.len();
            for (name, binding) in &self.top {
                if own.contains(name) || found.iter().any(|(n, _)| n == name) {
                    continue;
                }
                let is_new = |n: &Name| replaced.contains(n) || found.iter().any(|(m, _)| m == n);
                let stmt = match binding {
                    TopBinding::Fun(g, i) => {
                        let def = &self.groups[*g].group.fns[*i];
                        // A rule goes with its function; that of a function written anew has to be written anew.
                        let rule = def.rule.as_ref().map(|rule| &rule.target.name);
                        let alone = rule.is_some_and(|target| replaced.contains(target));
                        let used = free::of_function(def).iter().any(|n| is_new(n) && self.means(*g, *i, n));
                        let ruled = rule.is_some_and(is_new) || self.has_new_rule(*g, &def.name.name, &is_new);
                        (!alone && (used || ruled)).then(|| again(def))
                    }
                    TopBinding::Value { again: Some(stmt), .. } => {
                        free::of_stmt(stmt).iter().any(is_new).then(|| (**stmt).clone())
                    }
                    TopBinding::Value { again: None, .. } | TopBinding::Module(_) => None,
                };
                if let Some(stmt) = stmt {
                    found.push((name.clone(), stmt));
                }
            }
            if found.len() == before {
                return found;
            }
        }
    }

    /// Whether a rule for this function is written again, so that the function has to be too.
    fn has_new_rule(&self, g: usize, name: &Name, is_new: &dyn Fn(&Name) -> bool) -> bool {
        let rules = self.groups[g].group.fns.iter().filter(|f| f.rule.as_ref().is_some_and(|r| r.target.name == *name));
        rules.into_iter().any(|f| is_new(&f.name.name))
    }

    /// Whether a name in a function stands for what it stands for at top level now.
    fn means(&self, g: usize, i: usize, name: &Name) -> bool {
        let top = &self.groups[g];
        match (top.group.find(name), self.top.get(name)) {
            (Some(j), Some(TopBinding::Fun(group, k))) => (*group, *k) == (g, j),
            (Some(_), _) => false,
            (None, Some(TopBinding::Fun(..))) => {
                captured(top.snaps[i].as_deref(), name).is_none_or(|v| matches!(v, Val::Fn(_)))
            }
            (None, Some(TopBinding::Module(m))) => {
                captured(top.snaps[i].as_deref(), name).is_none_or(|v| matches!(v, Val::Module(own) if own == m))
            }
            (None, Some(TopBinding::Value { again, .. })) => again.is_some(),
            (None, None) => false,
        }
    }

    /// The functions that keep the value that a name has now, whatever it is bound to later.
    pub(in crate::check) fn keepers(&self, name: &str) -> Vec<Name> {
        if !matches!(self.top.get(name), Some(TopBinding::Value { .. })) {
            return Vec::new();
        }
        let keeps = |binding: &TopBinding| match binding {
            TopBinding::Fun(g, i) => captured(self.groups[*g].snaps[*i].as_deref(), name).is_some(),
            TopBinding::Value { val, .. } => holds(val, name),
            TopBinding::Module(_) => false,
        };
        let mut names: Vec<Name> = self.top.iter().filter(|(_, b)| keeps(b)).map(|(n, _)| n.clone()).collect();
        names.sort();
        names
    }
}

/// The names that a file defines.
fn defined(file: &File) -> Vec<Name> {
    let mut names = Vec::new();
    for stmt in &file.stmts {
        match &stmt.kind {
            StmtKind::Fn(def) => names.push(def.name.name.clone()),
            StmtKind::Let { pattern, .. } => free::pattern_names(pattern, &mut names),
            _ => {}
        }
    }
    names
}

fn again(def: &Arc<FnDef>) -> Stmt {
    Stmt { kind: StmtKind::Fn(def.clone()), span: def.span }
}

fn captured<'a>(captures: Option<&'a [(Name, Val)]>, name: &str) -> Option<&'a Val> {
    captures?.iter().find(|(n, _)| **n == *name).map(|(_, v)| v)
}

/// Whether a value has a function in it, so that it is a definition rather than a number.
pub(in crate::check) fn is_definition(val: &Val) -> bool {
    match val {
        Val::Fn(_) | Val::Op(_) => true,
        Val::Tuple(parts) => parts.iter().any(|(_, part)| is_definition(part)),
        _ => false,
    }
}

/// Whether a lambda in a value captured a name.
fn holds(val: &Val, name: &str) -> bool {
    match val {
        Val::Fn(f) => {
            matches!(f.code, crate::check::state::value::Code::Lambda(..))
                && captured(Some(&f.captures), name).is_some()
        }
        Val::Op(op) => op.parts.iter().any(|part| holds(part, name)),
        Val::Tuple(parts) => parts.iter().any(|(_, part)| holds(part, name)),
        _ => false,
    }
}
