//! What a session knows, for lists, completion and help: its names with their types and values.

use super::{Session, no_files};
use crate::engine::Error;
use crate::engine::call::shape;
use adl_lang::ast::{ExprKind, FnDef, Name, StmtKind};
use adl_lang::check::{Kept, Known, Shown};
use adl_lang::source::Source;
use adl_lang::typed::Layout;
use adl_lang::types::{Dim, Ty};
use adl_runtime::{Array, Value};

/// What a name of a session stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Meaning {
    /// A value.
    Value {
        /// The value.
        value: Value,
        /// Whether it may be assigned (`var`).
        mutable: bool,
    },
    /// A function.
    Function {
        /// `f(x: f64[n]) -> f64`, as written.
        signature: String,
        /// The `##` lines above it.
        doc: Option<String>,
    },
    /// An imported module, with its public names.
    Module(Vec<String>),
    /// What exists only for the compiler, such as the value of a lambda, in words.
    Text(String),
}

/// What a name stands for, as far as completion wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outline {
    /// A value, with the fields of records.
    Value(Vec<(String, Outline)>),
    /// A function, with the names of its parameters.
    Function(Vec<String>),
    /// A module, with its public names.
    Module(Vec<String>),
}

impl Session {
    /// The names of the top level with what is in them.
    pub fn outline(&self) -> Vec<(String, Outline)> {
        let checker = self.state.checker();
        let outline = |(name, known): (Name, Known)| {
            let outline = match known {
                Known::Value { value, .. } => of_value(&value),
                Known::Function(def) => Outline::Function(parameters(&def)),
                Known::Module(_) => Outline::Module(texts(&checker.module_names(&name))),
            };
            (name.to_string(), outline)
        };
        checker.names().into_iter().map(outline).collect()
    }

    /// The names of the top level, in alphabetical order.
    pub fn names(&self) -> Vec<String> {
        self.state.checker().names().into_iter().map(|(name, _)| name.to_string()).collect()
    }

    /// What a name of the top level stands for.
    pub fn meaning(&self, name: &str) -> Option<Meaning> {
        let checker = self.state.checker();
        Some(match checker.known(name)? {
            Known::Value { value: Kept::Text(text), .. } => Meaning::Text(text),
            Known::Value { value, mutable } => match self.value(&value) {
                Some(value) => Meaning::Value { value, mutable },
                None => Meaning::Text("<functions and values>".into()),
            },
            Known::Function(def) => Meaning::Function { signature: self.signature(&def), doc: def.doc.clone() },
            Known::Module(_) => Meaning::Module(texts(&checker.module_names(name))),
        })
    }

    /// The type of an expression, which is not evaluated; for a function its signature.
    pub fn type_of(&mut self, text: &str) -> Result<String, Error> {
        let loaded = self.state.load(Source::new("<type>", text), &mut no_files)?;
        let [stmt] = loaded.stmts.as_slice() else {
            return Err(Error::host("E0454", "one expression is needed here"));
        };
        if let StmtKind::Expr(expr) = &stmt.kind
            && let ExprKind::Name(name) = &expr.kind
            && let Some(Meaning::Function { signature, .. }) = self.meaning(name)
        {
            return Ok(signature);
        }
        let entry = self.state.entry(stmt)?;
        let sizes = self.state.result_sizes(&entry);
        Ok(match &entry.shown {
            Some(Shown::Value(layout, _)) => type_text(layout, &sizes),
            Some(Shown::Text(text)) => text.clone(),
            None => "none".into(),
        })
    }

    /// `f(x: f64[n]) -> f64`, as written.
    pub(super) fn signature(&self, def: &FnDef) -> String {
        let source = self.state.checker().source(def.span.source);
        let head = adl_lang::source::Span { end: def.body.span.start, ..def.span };
        let text = source.as_ref().map_or("", |s| s.slice(head));
        let text = text.strip_prefix("fn").unwrap_or(text).trim();
        let text = text.strip_suffix('=').unwrap_or(text);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// A value with the arrays in it; `None` if there is more in it than numbers.
    fn value(&self, kept: &Kept) -> Option<Value> {
        Some(match kept {
            Kept::Global(global) => Value::Array(self.state.value(*global)?.clone()),
            Kept::Int(i) => Value::Array(Array::from(*i)),
            Kept::Float(x) => Value::Array(Array::from(*x)),
            Kept::Bool(b) => Value::Array(Array::from_bools(&[], &[*b]).ok()?),
            Kept::None => Value::None,
            Kept::Tuple(parts) => {
                let part = |(name, kept): &(Option<_>, Kept)| {
                    let name = name.as_ref().map(|n: &Name| n.to_string());
                    self.value(kept).map(|value| (name, value))
                };
                Value::Tuple(parts.iter().map(part).collect::<Option<_>>()?)
            }
            Kept::Text(_) => return None,
        })
    }
}

fn texts(names: &[Name]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}

/// The names that the parameters of a function bind.
fn parameters(def: &FnDef) -> Vec<String> {
    texts(&def.params.iter().flat_map(|p| p.pattern.names()).collect::<Vec<_>>())
}

fn of_value(value: &Kept) -> Outline {
    let Kept::Tuple(parts) = value else {
        return Outline::Value(Vec::new());
    };
    let field = |(name, part): &(Option<Name>, Kept)| name.as_ref().map(|name| (name.to_string(), of_value(part)));
    Outline::Value(parts.iter().filter_map(field).collect())
}

/// A type with its sizes as numbers.
fn type_text(layout: &Layout, sizes: &[i64]) -> String {
    match layout {
        Layout::None => "none".into(),
        Layout::Leaf(ty) => {
            let dims = shape(ty, sizes).unwrap_or_default();
            let dims: Vec<Dim> = dims.into_iter().map(|n| Dim::constant(n as i64)).collect();
            Ty::array(ty.dtype, dims).to_string()
        }
        Layout::Tuple(parts) => {
            let part = |(name, part): &(Option<_>, Layout)| {
                let name = name.as_ref().map_or(String::new(), |n: &Name| format!("{n}: "));
                format!("{name}{}", type_text(part, sizes))
            };
            let parts: Vec<String> = parts.iter().map(part).collect();
            format!("({}{})", parts.join(", "), if parts.len() == 1 { "," } else { "" })
        }
    }
}
