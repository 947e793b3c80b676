//! The text form of the IR: one instruction on a line, blocks in braces at their owner, values numbered in the order
//! in which they appear. `parse` reads it back.
//!
//! ```text
//! func @0 norms[n](v0: f64[n, 3], v1: i64) -> (f64[n], f64) {
//!   v2, v3 = map [n] (v4) { (v5: i64, v6: f64)   ; extents, accumulators; indices, accumulators
//!     bounds index v5 < n                        ; what is guarded, index, limit
//!     v7 = index v0 [v5, :]                      ; selectors: `v` at, `:` all, `from v len n step -1`, `pick v`
//!     v8 = acc v6 [] v7                          ; base, part, value
//!     v9: f64 = call @1[3](v7)                   ; the type stands where it does not follow from the line
//!     yield v9, v8
//!   }
//!   yield v2, v3
//! }
//! ```
//!
//! A function with rules names them in its head: `func @0 f[](v0: f64) -> f64 jvp @1 vjp @2 @3 {`.
//! A broken function prints too: what is missing shows as `?`, a value without definition as `?v17`.

pub(super) mod words;

use super::entity::Side;
use super::func::{Block, Func, FuncId, Inst, Kind, Module, Type, Value};
use super::typing;
use adl_lang::source::Span;
use adl_lang::typed::BoundsOf;
use adl_lang::types::{Dim, Sym, Ty};
use std::fmt::{self, Write};
use words::{message, quoted};

/// The numbers and names under which a function prints, for messages that speak of its values.
pub struct Names<'f> {
    func: &'f Func,
    numbers: Side<Value, Option<u32>>,
    sizes: Vec<String>,
}

impl<'f> Names<'f> {
    /// Walks the function once.
    pub fn new(func: &'f Func) -> Self {
        let mut names = Names { func, numbers: Side::new(None), sizes: Vec::new() };
        for (k, name) in func.sizes.iter().enumerate() {
            let fallback = format!("s{k}");
            let usable = |n: &&str| is_ident(n) && !is_symbol(n) && !names.sizes.iter().any(|s| s == n);
            let name = name.as_deref().filter(usable).map_or(fallback, str::to_string);
            names.sizes.push(name);
        }
        let mut next = 0;
        names.number(func.body, &mut next, &mut Side::new(false));
        names
    }

    fn number(&mut self, block: Block, next: &mut u32, seen: &mut Side<Block, bool>) {
        if std::mem::replace(seen.entry(block), true) {
            return;
        }
        let func = self.func;
        let define = |names: &mut Self, values: &[Value], next: &mut u32| {
            for &value in values {
                if names.numbers[value].is_none() {
                    names.numbers.set(value, Some(*next));
                    *next += 1;
                }
            }
        };
        define(self, &func.blocks[block].params, next);
        for &inst in &func.blocks[block].insts {
            define(self, &func.insts[inst].results, next);
            for inner in func.insts[inst].kind.blocks() {
                self.number(inner, next, seen);
            }
        }
    }

    /// A value.
    pub fn value(&self, value: Value) -> String {
        self.numbers[value].map_or_else(|| format!("?{value}"), |n| format!("v{n}"))
    }

    /// A dimension.
    pub fn dim(&self, dim: &Dim) -> String {
        dim.show(&|s| self.size(s))
    }

    fn size(&self, sym: Sym) -> String {
        self.sizes.get(sym.0 as usize).cloned().unwrap_or_else(|| format!("s{}", sym.0))
    }

    /// A type.
    pub fn ty(&self, ty: &Type) -> String {
        match ty {
            Type::Data(ty) => self.data(ty),
            Type::Tape => "tape".into(),
        }
    }

    fn data(&self, ty: &Ty) -> String {
        ty.show(&|s| self.size(s))
    }

    fn values(&self, values: &[Value]) -> String {
        list(values, ", ", |&v| self.value(v))
    }

    fn dims(&self, dims: &[Dim]) -> String {
        format!("[{}]", list(dims, ", ", |d| self.dim(d)))
    }
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (id, func) in self.funcs.iter() {
            if id != super::entity::Entity::new(0) {
                f.write_char('\n')?;
            }
            Printer::new(func, f.alternate(), None).func(Some(id), f)?;
        }
        Ok(())
    }
}

/// The alternate form `{:#}` shows the types of all results.
impl fmt::Display for Func {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Printer::new(self, f.alternate(), None).func(None, f)
    }
}

/// A function with a comment on the lines for whose instruction `note` has something to say.
pub fn noted(func: &Func, id: Option<FuncId>, note: &dyn Fn(Inst) -> Option<String>) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = Printer::new(func, false, Some(note)).func(id, &mut out);
    out
}

/// A function with a comment on the lines for whose span `place` has something to say, such as `3:17`.
pub fn annotated(func: &Func, place: &dyn Fn(Span) -> Option<String>) -> String {
    noted(func, None, &|inst| place(func.insts[inst].place.span))
}

/// A module, with such comments.
pub fn annotated_module(module: &Module, place: &dyn Fn(Span) -> Option<String>) -> String {
    let mut out = String::new();
    for (id, func) in module.funcs.iter() {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&noted(func, Some(id), &|inst| place(func.insts[inst].place.span)));
    }
    out
}

type Note<'f> = Option<&'f dyn Fn(Inst) -> Option<String>>;

struct Printer<'f> {
    func: &'f Func,
    names: Names<'f>,
    types: bool,
    note: Note<'f>,
    open: Vec<Block>,
}

impl<'f> Printer<'f> {
    fn new(func: &'f Func, types: bool, note: Note<'f>) -> Self {
        Printer { func, names: Names::new(func), types, note, open: Vec::new() }
    }

    fn func(&mut self, id: Option<FuncId>, out: &mut dyn Write) -> fmt::Result {
        let func = self.func;
        out.write_str("func ")?;
        if let Some(id) = id {
            write!(out, "{id} ")?;
        }
        let name = if is_ident(&func.name) { func.name.clone() } else { quoted(&func.name) };
        write!(out, "{name}[{}]({})", self.names.sizes.join(", "), self.params(func.params()))?;
        let results = func.result_types();
        match results.as_slice() {
            [one] => write!(out, " -> {}", self.names.ty(one))?,
            many => write!(out, " -> ({})", list(many, ", ", |t| self.names.ty(t)))?,
        }
        if func.apart {
            out.write_str(" apart")?;
        }
        if let Some(rule) = func.rules.jvp {
            write!(out, " jvp {rule}")?;
        }
        if let Some((fwd, bwd)) = func.rules.vjp {
            write!(out, " vjp {fwd} {bwd}")?;
        }
        out.write_str(" {\n")?;
        self.contents(func.body, 1, out)?;
        out.write_str("}\n")
    }

    fn params(&self, params: &[Value]) -> String {
        list(params, ", ", |&v| format!("{}: {}", self.names.value(v), self.names.ty(self.func.ty(v))))
    }

    fn contents(&mut self, block: Block, depth: usize, out: &mut dyn Write) -> fmt::Result {
        let pad = "  ".repeat(depth);
        if self.open.contains(&block) {
            return writeln!(out, "{pad}? {block} inside itself");
        }
        self.open.push(block);
        let func = self.func;
        for &inst in &func.blocks[block].insts {
            self.inst(inst, depth, out)?;
        }
        let yields = self.names.values(&func.blocks[block].yields);
        writeln!(out, "{}", format!("{pad}yield {yields}").trim_end())?;
        self.open.pop();
        Ok(())
    }

    fn inst(&mut self, inst: Inst, depth: usize, out: &mut dyn Write) -> fmt::Result {
        let func = self.func;
        let (pad, data) = ("  ".repeat(depth), &func.insts[inst]);
        let derived = typing::results(func, &data.kind, &data.args).ok().flatten();
        let clear = |k: usize, v: Value| !self.types && derived.as_ref().is_some_and(|d| d.get(k) == Some(func.ty(v)));
        let results: Vec<String> = (data.results.iter().enumerate())
            .map(|(k, &v)| {
                let name = self.names.value(v);
                if clear(k, v) { name } else { format!("{name}: {}", self.names.ty(func.ty(v))) }
            })
            .collect();
        let equals = if results.is_empty() { "" } else { " = " };
        write!(out, "{pad}{}{equals}{}", results.join(", "), self.kind(&data.kind, &data.args).trim_end())?;
        let note = self.note.and_then(|note| note(inst)).map_or(String::new(), |note| format!("  ; {note}"));
        let blocks: Vec<Block> = data.kind.blocks().collect();
        if blocks.is_empty() {
            return writeln!(out, "{note}");
        }
        for (k, &block) in blocks.iter().enumerate() {
            let word = if matches!(data.kind, Kind::While { .. }) { "do" } else { "else" };
            let between = if k == 0 { String::new() } else { format!("{pad}}} {word}") };
            let params = match func.blocks[block].params.as_slice() {
                [] => String::new(),
                params => format!(" ({})", self.params(params)),
            };
            writeln!(out, "{between} {{{params}{}", if k == 0 { note.as_str() } else { "" })?;
            self.contents(block, depth + 1, out)?;
        }
        writeln!(out, "{pad}}}")
    }

    /// What stands to the right of the `=`, up to the first block.
    fn kind(&self, kind: &Kind, args: &[Value]) -> String {
        let names = &self.names;
        let all = || names.values(args);
        let arg = |k: usize| args.get(k).map_or("?".into(), |&v| names.value(v));
        let from = |k: usize| names.values(args.get(k..).unwrap_or_default());
        let callee = |func: FuncId, sizes: &[Dim]| format!("{func}{}", names.dims(sizes));
        match kind {
            Kind::Pure(op) => words::op(names, op, args),
            Kind::If { .. } => format!("if {}", all()),
            Kind::For { .. } => format!("for {} ({})", arg(0), from(1)),
            Kind::While { .. } => format!("while ({})", all()),
            Kind::Map { extents, .. } => format!("map {} ({})", names.dims(extents), all()),
            Kind::Call { func, sizes } => format!("call {}({})", callee(*func, sizes), all()),
            Kind::Jvp { func, sizes, active, again } => {
                let (given, moving) = args.split_at(active.len().min(args.len()));
                format!(
                    "jvp {}({}) along ({}){}",
                    callee(*func, sizes),
                    names.values(given),
                    self.marked(active, moving),
                    if *again { " again" } else { "" }
                )
            }
            Kind::Vjp { func, sizes, seeds, wrt, primal } => {
                let count = seeds.iter().filter(|s| **s).count();
                let (given, seeded) = args.split_at(args.len().saturating_sub(count));
                let wrt: Vec<usize> = (0..wrt.len()).filter(|&k| wrt[k]).collect();
                format!(
                    "vjp {}({}) from ({}) wrt {wrt:?}{}",
                    callee(*func, sizes),
                    names.values(given),
                    self.marked(seeds, seeded),
                    if *primal { " primal" } else { "" }
                )
            }
            Kind::Bounds { len, what } => {
                let what = match what {
                    BoundsOf::Index => "index",
                    BoundsOf::Slice => "slice",
                };
                format!("bounds {what} {} < {}", all(), names.dim(len))
            }
            Kind::NonNegative(dim) => format!("nonnegative {}", names.dim(dim)),
            Kind::SameSize(left, right) => {
                format!("samesize {}, {}", names.dim(left), names.dim(right))
            }
            Kind::Assert(claim) => format!("assert {} {}", words::claim(claim), all()),
            Kind::Print(what) => format!("{} {}", message(what), all()),
            Kind::TapeNew => format!("tape_new {}", all()),
            Kind::Push => format!("push {}", all()),
            Kind::Pop => format!("pop {}", all()),
            Kind::TapeEnd => format!("tape_end {}", all()),
        }
    }

    /// One place for each flag: the next value, or `_`.
    fn marked(&self, flags: &[bool], values: &[Value]) -> String {
        let mut values = values.iter();
        list(flags, ", ", |&on| match on {
            true => values.next().map_or("?".into(), |&v| self.names.value(v)),
            false => "_".into(),
        })
    }
}

pub(super) fn list<T>(items: &[T], separator: &str, show: impl FnMut(&T) -> String) -> String {
    items.iter().map(show).collect::<Vec<_>>().join(separator)
}

/// Whether the text form takes it for a name without quotes.
pub(super) fn is_ident(name: &str) -> bool {
    let head = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
    head && name != "_" && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
}

/// Whether it is a name that a size parameter without name could have.
pub(super) fn is_symbol(name: &str) -> bool {
    name.strip_prefix('s').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
}
