//! A call, taken apart into a function and the values it is called with: what can be compiled, listed and timed for
//! itself. A name alone is called with numbers that fit its annotations.

use super::Session;
use crate::engine::Error;
use adl_lang::ast::{Arg, BinaryOp, Expr, ExprKind, Param, Pattern, PatternKind, StmtKind, TypeExpr, TypeExprKind};
use adl_lang::check::{Entry, Known, Shown};
use adl_lang::parse::parse;
use adl_lang::source::{Source, SourceId};
use adl_runtime::{DType, Value};

/// The size that the first named dimension is given; the next ones are a little larger, so that no two are equal.
const SIZE: i64 = 100;

/// A function and its arguments.
pub struct Call {
    /// As a call, for people.
    pub text: String,
    /// What was assumed, for people.
    pub notes: Vec<String>,
    /// The function.
    pub(super) callee: String,
    /// How many arguments it takes.
    pub(super) count: usize,
    /// Its arguments.
    pub(super) args: Vec<Value>,
}

impl Call {
    /// The function that gives the sum of all results and its gradient, by all arguments that have floats.
    pub(super) fn gradient(&self) -> String {
        let names: Vec<String> = (0..self.count).map(|k| format!("a{k}")).collect();
        let names = names.join(", ");
        let floats = self.args.iter().enumerate().filter(|(_, value)| has_floats(value));
        let places: Vec<String> = floats.map(|(k, _)| k.to_string()).collect();
        let wrt = match places.as_slice() {
            // What there is says why it has no derivative.
            [] => "0".to_string(),
            [one] => one.clone(),
            several => format!("({})", several.join(", ")),
        };
        let total = format!("|{names}| {{ let y = ({})({names}); std.dot(y, std.ones_like(y)) }}", self.callee);
        format!("|{names}| std.value_and_grad({total}, wrt = {wrt})({names})")
    }
}

impl Session {
    /// Takes a call apart; the arguments are evaluated.
    pub fn call(&mut self, text: &str) -> Result<Call, Error> {
        let source = Source::new(adl_lang::source::CALL, text);
        let (file, problems) = parse(&source, SourceId(u32::MAX));
        let whole = match file.stmts.as_slice() {
            [stmt] if problems.is_empty() => match &stmt.kind {
                StmtKind::Expr(expr) => expr.clone(),
                _ => return Err(Error::host("E0454", format!("`{text}` is no expression"))),
            },
            [_] => {
                // Said once more, with the place.
                self.state.load(source, &mut super::no_files)?;
                return Err(Error::host("E0454", format!("`{text}` is no expression")));
            }
            _ => return Err(Error::host("E0454", "one expression is needed here: a call such as `f(x)`")),
        };
        if let ExprKind::Name(name) = &whole.kind
            && let Some(Known::Function(def)) = self.state.checker().known(name)
        {
            let (args, notes) = sample(name, &def.params)?;
            let call = self.call(&format!("{name}({})", args.join(", ")))?;
            // The library is meant, whatever the program calls like it.
            return Ok(Call { text: call.text.replace("std.", ""), notes, ..call });
        }
        if let ExprKind::Call { callee, args } = &whole.kind
            && let Some(call) = self.split(&source, callee, args)?
        {
            return Ok(call);
        }
        // No arguments to set apart: the values that it names are arguments of the code in any case.
        let callee = format!("(|| {text})");
        Ok(Call { text: text.to_string(), notes: Vec::new(), callee, count: 0, args: Vec::new() })
    }

    fn entry_of(&mut self, text: &str) -> Result<Entry, Error> {
        let loaded = self.state.load(Source::new(adl_lang::source::CALL, text), &mut super::no_files)?;
        match loaded.stmts.as_slice() {
            [stmt] => self.state.entry(stmt),
            _ => Err(Error::host("E0454", format!("`{text}` is no expression"))),
        }
    }

    fn split(&mut self, source: &Source, callee: &Expr, args: &[Arg]) -> Result<Option<Call>, Error> {
        let place = args.iter().position(|a| a.name.is_some()).unwrap_or(args.len());
        let (positional, named) = args.split_at(place);
        if positional.is_empty() || args.iter().any(|a| a.reduction) || named.iter().any(|a| a.name.is_none()) {
            return Ok(None);
        }
        let texts: Vec<&str> = positional.iter().map(|a| source.slice(a.value.span)).collect();
        // As a statement, which sees the variables of the program.
        let Ok(entry) = self.entry_of(&format!("({},)", texts.join(", "))) else {
            // The call as a whole will say what is wrong with it.
            return Ok(None);
        };
        if !matches!(entry.shown, Some(Shown::Value(..))) {
            return Ok(None);
        }
        let Value::Tuple(parts) = self.state.evaluate(&entry)? else {
            return Ok(None);
        };
        let function = source.slice(callee.span);
        let count = positional.len();
        let names: Vec<String> = (0..count).map(|k| format!("a{k}")).collect();
        let names = names.join(", ");
        let callee = if named.is_empty() {
            format!("({function})")
        } else {
            let options: Vec<String> = named
                .iter()
                .filter_map(|a| a.name.as_ref().map(|n| format!("{} = {}", n.name, source.slice(a.value.span))))
                .collect();
            format!("(|{names}| ({function})({names}, {}))", options.join(", "))
        };
        let text = source.text().to_string();
        Ok(Some(Call { text, notes: Vec::new(), callee, count, args: parts.into_iter().map(|(_, v)| v).collect() }))
    }
}

fn has_floats(value: &Value) -> bool {
    match value {
        Value::Array(array) => matches!(array.dtype(), DType::F32 | DType::F64),
        Value::Tuple(parts) => parts.iter().any(|(_, part)| has_floats(part)),
        Value::None => false,
    }
}

/// Arguments for a function, as text, and what had to be assumed.
fn sample(name: &str, params: &[Param]) -> Result<(Vec<String>, Vec<String>), Error> {
    let mut maker = Sample { function: name, sizes: Vec::new(), key: 0, notes: Vec::new() };
    let required = params.iter().filter(|p| p.default.is_none());
    let args: Vec<String> = required.map(|p| maker.param(&p.pattern, p.ty.as_ref())).collect::<Result<_, _>>()?;
    if !maker.sizes.is_empty() {
        let sizes: Vec<String> = maker.sizes.iter().map(|(name, size)| format!("{name} = {size}")).collect();
        maker.notes.insert(0, sizes.join(", "));
    }
    Ok((args, maker.notes))
}

struct Sample<'n> {
    function: &'n str,
    sizes: Vec<(String, i64)>,
    /// Of the random numbers.
    key: i64,
    notes: Vec<String>,
}

impl Sample<'_> {
    fn param(&mut self, pattern: &Pattern, ty: Option<&TypeExpr>) -> Result<String, Error> {
        match (ty, &pattern.kind) {
            (Some(ty), _) => self.of_type(ty),
            (None, PatternKind::Array(parts)) => Ok(self.numbers("f64", &[parts.len() as i64])),
            (None, PatternKind::Tuple(parts)) => {
                let parts: Vec<String> = parts.iter().map(|p| self.param(p, None)).collect::<Result<_, _>>()?;
                Ok(format!("({},)", parts.join(", ")))
            }
            (None, PatternKind::Record(_)) => Err(self.unknown("a record without annotation")),
            (None, PatternKind::Name(name)) => {
                self.notes.push(format!("{name} has no annotation and is taken for one number"));
                Ok("0.5".into())
            }
            (None, PatternKind::Ignore) => Ok("0.5".into()),
        }
    }

    fn of_type(&mut self, ty: &TypeExpr) -> Result<String, Error> {
        match &ty.kind {
            TypeExprKind::Array { dtype, dims } => {
                let sizes: Option<Vec<i64>> = dims.iter().map(|d| self.size(d)).collect();
                match (&*dtype.name, sizes) {
                    (_, None) => Err(self.unknown("a size that is computed")),
                    ("i64", Some(sizes)) if sizes.is_empty() => Err(self.unknown("a whole number")),
                    (dtype, Some(sizes)) => Ok(self.numbers(dtype, &sizes)),
                }
            }
            TypeExprKind::Tuple(parts) => {
                let part = |(name, ty): &(Option<adl_lang::ast::Ident>, TypeExpr)| {
                    let name = name.as_ref().map_or(String::new(), |n| format!("{}: ", n.name));
                    self.of_type(ty).map(|text| format!("{name}{text}"))
                };
                let parts: Vec<String> = parts.iter().map(part).collect::<Result<_, _>>()?;
                Ok(if parts.is_empty() { "none".into() } else { format!("({},)", parts.join(", ")) })
            }
            TypeExprKind::Function { .. } => Err(self.unknown("a function")),
        }
    }

    /// Uniform numbers, zeros or truth values.
    fn numbers(&mut self, dtype: &str, sizes: &[i64]) -> String {
        let shape = match sizes {
            [one] => format!("{one},"),
            _ => sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        };
        self.key += 1;
        match (dtype, sizes.is_empty()) {
            ("bool", true) => "true".into(),
            ("i64", _) => format!("std.i64(std.zeros(({shape})))"),
            ("f64", true) => "0.5".into(),
            ("f64", false) => format!("std.rand({}, ({shape}))", self.key),
            (_, true) => format!("std.{dtype}(0.5)"),
            ("bool", false) => format!("(std.rand({}, ({shape})) < 0.5)", self.key),
            (_, false) => format!("std.{dtype}(std.rand({}, ({shape})))", self.key),
        }
    }

    fn size(&mut self, dim: &Expr) -> Option<i64> {
        match &dim.kind {
            ExprKind::Int(n) => Some(*n),
            ExprKind::Name(name) => {
                let known = self.sizes.iter().find(|(n, _)| **n == **name && n != "_").map(|(_, size)| *size);
                Some(known.unwrap_or_else(|| {
                    let size = SIZE + self.sizes.len() as i64;
                    self.sizes.push((name.to_string(), size));
                    size
                }))
            }
            ExprKind::Binary(op, a, b) => {
                let (a, b) = (self.size(a)?, self.size(b)?);
                match op {
                    BinaryOp::Add => a.checked_add(b),
                    BinaryOp::Sub => a.checked_sub(b),
                    BinaryOp::Mul => a.checked_mul(b),
                    BinaryOp::FloorDiv => a.checked_div_euclid(b),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn unknown(&self, what: &str) -> Error {
        let name = self.function;
        Error::host(
            "E0454",
            format!("`{name}` takes {what}: write a call of it, such as `{name}(…)`, with the arguments"),
        )
    }
}
