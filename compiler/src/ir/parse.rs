//! Reads the text form back: `print(parse(print(m))) == print(m)`.
//!
//! Values may have any names; `;` begins a comment. Spans are not in the text, so everything that is read has the
//! empty span. A type that follows from the operands may be left out; one that is written is taken as it stands, so a
//! broken function can be written down, for the verifier to refuse.

mod cursor;
mod ops;

use super::build::Builder;
use super::entity::Entity;
use super::func::{Block, Func, FuncId, Kind, Module, Rules, Type, Value};
use super::typing;
use adl_lang::ast::Name;
use adl_lang::message::{Message, Topic};
use adl_lang::source::Span;
use adl_lang::typed::BoundsOf;
use cursor::Cursor;
use rustc_hash::FxHashMap;

/// Why a text is no module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

type Parsed<T> = Result<T, ParseError>;

/// Reads a module.
pub fn parse(text: &str) -> Parsed<Module> {
    let mut module = Module::default();
    let mut cursor = Cursor::new(text);
    cursor.lines();
    while !cursor.at_end() {
        let id = module.funcs.next_key();
        let func = func(&mut cursor, id)?;
        module.funcs.push(func);
        cursor.lines();
    }
    Ok(module)
}

fn func(cursor: &mut Cursor<'_>, id: FuncId) -> Parsed<Func> {
    cursor.word("func")?;
    if cursor.peek() == Some('@') && callee(cursor)? != id {
        return cursor.fail(format!("this is function {id}"));
    }
    let name = match cursor.peek() {
        Some('"') => cursor.string()?,
        _ => cursor.ident()?.to_string(),
    };
    let sizes = cursor.list("[", "]", |c| Ok(c.ident()?.to_string()))?;
    cursor.sizes = sizes;
    let named = |(k, name): (usize, &String)| (*name != format!("s{k}")).then(|| Name::from(name.as_str()));
    let sizes = cursor.sizes.iter().enumerate().map(named).collect();
    let mut func = Func::new(name, sizes, Span::default());
    let mut parser = Parser { cursor, values: FxHashMap::default(), to: Builder::new(&mut func) };
    parser.params()?;
    parser.cursor.expect("->")?;
    let results = match parser.cursor.peek() {
        Some('(') => parser.cursor.list("(", ")", Cursor::ty)?,
        _ => vec![parser.cursor.ty()?],
    };
    let apart = parser.cursor.eat_word("apart");
    let jvp = if parser.cursor.eat_word("jvp") { Some(callee(parser.cursor)?) } else { None };
    let vjp = if parser.cursor.eat_word("vjp") { Some((callee(parser.cursor)?, callee(parser.cursor)?)) } else { None };
    parser.cursor.expect("{")?;
    parser.contents()?;
    (func.apart, func.rules) = (apart, Rules { jvp, vjp });
    if func.result_types() != results {
        return cursor.fail(format!("the results of {} have other types", func.name));
    }
    Ok(func)
}

fn callee(cursor: &mut Cursor<'_>) -> Parsed<FuncId> {
    cursor.expect("@")?;
    Ok(FuncId::new(cursor.index()?))
}

struct Parser<'c, 't, 'f> {
    cursor: &'c mut Cursor<'t>,
    values: FxHashMap<String, Value>,
    to: Builder<'f>,
}

impl Parser<'_, '_, '_> {
    fn define(&mut self, name: String, value: Value) -> Parsed<()> {
        if self.values.insert(name.clone(), value).is_some() {
            return self.cursor.fail(format!("`{name}` is defined twice"));
        }
        Ok(())
    }

    /// `(v0: f64, v1: i64)`.
    fn params(&mut self) -> Parsed<()> {
        let params = self.cursor.list("(", ")", |c| {
            let name = c.ident()?.to_string();
            c.expect(":")?;
            Ok((name, c.ty()?))
        })?;
        for (name, ty) in params {
            let value = self.to.param(ty);
            self.define(name, value)?;
        }
        Ok(())
    }

    /// A block with its parameters, from brace to brace.
    fn block(&mut self) -> Parsed<Block> {
        let block = self.to.func.block();
        let outer = std::mem::replace(&mut self.to.block, block);
        self.cursor.expect("{")?;
        if self.cursor.peek() == Some('(') {
            self.params()?;
        }
        self.contents()?;
        self.to.block = outer;
        Ok(block)
    }

    /// Instructions, `yield` and the closing brace.
    fn contents(&mut self) -> Parsed<()> {
        loop {
            self.cursor.newline()?;
            self.cursor.lines();
            let mut word = self.cursor.ident()?;
            if word == "yield" {
                let yields = self.operands()?;
                self.to.set_yields(yields);
                self.cursor.newline()?;
                self.cursor.lines();
                return self.cursor.expect("}");
            }
            let mut results: Vec<(String, Option<Type>)> = Vec::new();
            if matches!(self.cursor.peek(), Some(',' | ':' | '=')) {
                loop {
                    let ty = if self.cursor.eat(":") { Some(self.cursor.ty()?) } else { None };
                    results.push((word.to_string(), ty));
                    if !self.cursor.eat(",") {
                        break;
                    }
                    word = self.cursor.ident()?;
                }
                self.cursor.expect("=")?;
                word = self.cursor.ident()?;
            }
            self.inst(word, results)?;
        }
    }

    fn inst(&mut self, word: &str, results: Vec<(String, Option<Type>)>) -> Parsed<()> {
        let (kind, args) = self.kind(word)?;
        let derived = typing::results(self.to.func, &kind, &args);
        let types: Option<Vec<Type>> = results.iter().map(|(_, ty)| ty.clone()).collect();
        let types = match (types, derived) {
            (Some(types), _) if !types.is_empty() => types,
            (_, Ok(Some(derived))) if derived.len() == results.len() => {
                results.iter().zip(derived).map(|((_, ty), d)| ty.clone().unwrap_or(d)).collect()
            }
            (Some(types), Ok(None)) => types,
            (_, Ok(Some(derived))) => {
                return self.cursor.fail(format!("`{word}` gives {} results", derived.len()));
            }
            (None, Ok(None)) => {
                return self.cursor.fail(format!("`{word}` needs the types of its results"));
            }
            (_, Err(problem)) => return self.cursor.fail(problem),
        };
        let values = self.to.results(kind, args, types);
        for ((name, _), value) in results.into_iter().zip(values) {
            self.define(name, value)?;
        }
        Ok(())
    }

    fn value(&mut self) -> Parsed<Value> {
        let name = self.cursor.ident()?;
        match self.values.get(name) {
            Some(&value) => Ok(value),
            None => self.cursor.fail(format!("no value `{name}` before this")),
        }
    }

    /// Values up to something else; commas between them are optional.
    fn operands(&mut self) -> Parsed<Vec<Value>> {
        let mut out = Vec::new();
        while self.cursor.at_ident() {
            out.push(self.value()?);
            self.cursor.eat(",");
        }
        Ok(out)
    }

    fn group(&mut self) -> Parsed<Vec<Value>> {
        self.cursor.expect("(")?;
        let out = self.operands()?;
        self.cursor.expect(")")?;
        Ok(out)
    }

    /// `(v0, _, v1)`: which places have a value, and the values.
    fn marked(&mut self) -> Parsed<(Vec<bool>, Vec<Value>)> {
        let (mut flags, mut values) = (Vec::new(), Vec::new());
        self.cursor.expect("(")?;
        while !self.cursor.eat(")") {
            let empty = self.cursor.eat("_");
            if !empty {
                values.push(self.value()?);
            }
            flags.push(!empty);
            self.cursor.eat(",");
        }
        Ok((flags, values))
    }

    fn kind(&mut self, word: &str) -> Parsed<(Kind, Vec<Value>)> {
        Ok(match word {
            "if" => {
                let args = self.operands()?;
                let then = self.block()?;
                self.cursor.word("else")?;
                (Kind::If { then, otherwise: self.block()? }, args)
            }
            "for" => {
                let mut args = vec![self.value()?];
                args.extend(self.group()?);
                (Kind::For { body: self.block()? }, args)
            }
            "while" => {
                let args = self.group()?;
                let test = self.block()?;
                self.cursor.word("do")?;
                (Kind::While { test, body: self.block()? }, args)
            }
            "map" => {
                let extents = self.cursor.dims()?;
                let args = self.group()?;
                (Kind::Map { extents, body: self.block()?, accs: args.len() }, args)
            }
            "call" => {
                let (func, sizes) = (callee(self.cursor)?, self.cursor.dims()?);
                (Kind::Call { func, sizes }, self.group()?)
            }
            "jvp" => {
                let (func, sizes) = (callee(self.cursor)?, self.cursor.dims()?);
                let mut args = self.group()?;
                self.cursor.word("along")?;
                let (active, tangents) = self.marked()?;
                args.extend(tangents);
                let again = self.cursor.eat_word("again");
                (Kind::Jvp { func, sizes, active, again }, args)
            }
            "vjp" => {
                let (func, sizes) = (callee(self.cursor)?, self.cursor.dims()?);
                let mut args = self.group()?;
                self.cursor.word("from")?;
                let (seeds, cotangents) = self.marked()?;
                self.cursor.word("wrt")?;
                let asked = self.cursor.indices()?;
                let wrt = (0..args.len()).map(|k| asked.contains(&k)).collect();
                args.extend(cotangents);
                let primal = self.cursor.eat_word("primal");
                (Kind::Vjp { func, sizes, seeds, wrt, primal }, args)
            }
            "bounds" => {
                let kinds = [("index", BoundsOf::Index), ("slice", BoundsOf::Slice)];
                let what = self.cursor.one_of(&kinds)?;
                let args = self.operands()?;
                self.cursor.expect("<")?;
                (Kind::Bounds { len: self.cursor.dim()?, what }, args)
            }
            "nonnegative" => (Kind::NonNegative(self.cursor.dim()?), Vec::new()),
            "samesize" => {
                let left = self.cursor.dim()?;
                self.cursor.expect(",")?;
                (Kind::SameSize(left, self.cursor.dim()?), Vec::new())
            }
            "assert" => (Kind::Assert(self.claim()?), self.operands()?),
            "print" => (Kind::Print(Message::Line(self.parts()?)), self.operands()?),
            "tell" => {
                let topic = self.cursor.one_of(&Topic::ALL.map(|t| (t.name(), t)))?;
                (Kind::Print(Message::Tell(topic, ops::body(self.cursor)?)), self.operands()?)
            }
            "tape_new" => (Kind::TapeNew, self.operands()?),
            "push" => (Kind::Push, self.operands()?),
            "pop" => (Kind::Pop, self.operands()?),
            "tape_end" => (Kind::TapeEnd, self.operands()?),
            _ => {
                let (op, args) = self.op(word)?;
                (Kind::Pure(op), args)
            }
        })
    }
}
