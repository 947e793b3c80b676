//! What a session knows: its names with their kinds and values, for lists, completion and help.

use crate::ast::{FnDef, Name};
use crate::check::Checker;
use crate::check::state::host::Global;
use crate::check::state::value::{ModuleId, Val};
use crate::check::state::world::{STD, TopBinding};
use crate::typed::Piece;
use std::sync::Arc;

/// What a name of the top level stands for.
#[derive(Clone, Debug)]
pub enum Known {
    /// A value.
    Value {
        /// The value.
        value: Kept,
        /// Whether it may be assigned (`var`).
        mutable: bool,
    },
    /// A function.
    Function(Arc<FnDef>),
    /// An imported module, by its own name.
    Module(String),
}

/// A value of the top level: its structure, with what the host keeps by number.
#[derive(Clone, Debug, PartialEq)]
pub enum Kept {
    /// A scalar or array that the host keeps.
    Global(Global),
    /// A whole literal.
    Int(i64),
    /// A literal with a point.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// `none`.
    None,
    /// A tuple or record.
    Tuple(Vec<(Option<Name>, Kept)>),
    /// What exists only for the compiler, in words.
    Text(String),
}

impl Checker {
    /// The names of the top level, in alphabetical order.
    pub fn names(&self) -> Vec<(Name, Known)> {
        let mut names: Vec<(Name, Known)> = Vec::new();
        for name in self.world.top.keys() {
            if let Some(known) = self.known(name) {
                names.push((name.clone(), known));
            }
        }
        names.sort_by(|(a, _), (b, _)| a.cmp(b));
        names
    }

    /// What a name of the top level stands for.
    pub fn known(&self, name: &str) -> Option<Known> {
        Some(match self.world.top.get(name)? {
            TopBinding::Value { val, mutable, .. } => Known::Value { value: kept(val), mutable: *mutable },
            TopBinding::Fun(g, i) => Known::Function(self.world.groups[*g].group.fns[*i].clone()),
            TopBinding::Module(id) => Known::Module(self.world.modules[id.0 as usize].name.clone()),
        })
    }

    /// The public names of an imported module.
    pub fn module_names(&self, name: &str) -> Vec<Name> {
        match self.world.top.get(name) {
            Some(TopBinding::Module(id)) if *id != STD => self.names_of(*id),
            _ => Vec::new(),
        }
    }

    fn names_of(&self, id: ModuleId) -> Vec<Name> {
        let module = &self.world.modules[id.0 as usize];
        let fns = module.group.fns.iter().map(|f| f.name.name.clone());
        let mut names: Vec<Name> = fns.chain(module.lets.keys().cloned()).filter(|n| !n.starts_with('_')).collect();
        names.sort();
        names
    }

    /// The functions that keep the value that a name has now, whatever it is bound to later.
    pub fn keepers(&self, name: &str) -> Vec<Name> {
        self.world.keepers(name)
    }

    /// Reads imported files anew when they are imported again.
    pub fn forget_files(&mut self) {
        self.world.loaded.retain(|name, _| name.starts_with('<'));
    }

    /// Binds `ans` to the value of each bare expression from now on.
    pub fn keep_answers(&mut self) {
        self.world.answers = true;
    }
}

fn kept(val: &Val) -> Kept {
    match val {
        Val::Global(global) => Kept::Global(*global),
        Val::Int(i) => Kept::Int(*i),
        Val::Float(x) => Kept::Float(*x),
        Val::Bool(b) => Kept::Bool(*b),
        Val::None => Kept::None,
        Val::Tuple(parts) => Kept::Tuple(parts.iter().map(|(name, part)| (name.clone(), kept(part))).collect()),
        Val::Size(dim) if dim.as_const().is_some() => Kept::Int(dim.as_const().unwrap_or(0)),
        Val::Str(pieces) => Kept::Text(pieces.iter().map(text).collect()),
        Val::Range(_) | Val::Zip(_) | Val::Flip(_) | Val::Progress(_) => Kept::Text("<range>".into()),
        Val::DType(dtype) => Kept::Text(format!("<type {}>", dtype.name())),
        Val::Module(_) => Kept::Text("<module>".into()),
        Val::Fn(_) | Val::Builtin(_) | Val::Prim(_) | Val::Op(_) => Kept::Text("<function>".into()),
        Val::Leaf(_) | Val::Size(_) | Val::Like(_) | Val::Absent | Val::Error => Kept::Text("<unknown>".into()),
    }
}

fn text(piece: &Piece) -> &str {
    match piece {
        Piece::Text(text) => text,
        Piece::Value(..) | Piece::Clock { .. } => "…",
    }
}
