//! Pure operations, with the selectors, reductions and formats in them.

use super::cursor::Cursor;
use super::{Parsed, Parser};
use crate::ir::func::{Claim, Part, Value};
use crate::ir::print::words;
use adl_lang::ast::{Format, FormatStyle};
use adl_lang::message::{Body, Said};
use adl_lang::ops::{Factor, Op, Random, Reduction, Sel, Table};
use adl_lang::prims::Prim;
use adl_lang::types::DType;

impl Parser<'_, '_, '_> {
    /// A pure operation with its operands.
    pub(super) fn op(&mut self, word: &str) -> Parsed<(Op, Vec<Value>)> {
        let op = match word {
            "const" => Op::Const(self.cursor.constant()?),
            "size" => Op::Size(self.cursor.dim()?),
            "convert" => {
                let all = [DType::Bool, DType::I64, DType::F32, DType::F64];
                Op::Convert(self.cursor.one_of(&all.map(|d| (d.name(), d)))?)
            }
            "broadcast" => {
                let dims = self.cursor.dims()?;
                Op::Broadcast { dims, axes: self.cursor.indices()? }
            }
            "reduce" => {
                use Reduction::{All, Any, Max, Min, Sum};
                let kind = self.cursor.one_of(&[Sum, Max, Min, All, Any].map(|r| (words::reduction(r), r)))?;
                Op::Reduce(kind, self.cursor.indices()?)
            }
            "argmax" | "argmin" => Op::ArgReduce { max: word == "argmax", axis: self.cursor.index()? },
            "transpose" => Op::Transpose(self.cursor.indices()?),
            "reshape" => Op::Reshape(self.cursor.dims()?),
            "concat" => Op::Concat(self.cursor.index()?),
            "table" => {
                let dims = self.cursor.dims()?;
                let shape: Option<Vec<usize>> =
                    dims.iter().map(|dim| dim.as_const().and_then(|n| usize::try_from(n).ok())).collect();
                let count = shape.as_ref().and_then(|shape| shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)));
                let mut entries = Vec::new();
                for _ in 0..count.unwrap_or(0) {
                    entries.push(self.cursor.constant()?);
                }
                match shape.and_then(|shape| Table::new(&shape, entries)) {
                    Some(table) => Op::Table(table),
                    None => return self.cursor.fail("no table".to_string()),
                }
            }
            "iota" => Op::Iota(self.cursor.dim()?),
            "argsort" => Op::ArgSort,
            "random" => {
                use Random::{Bits, Normal, Uniform};
                let kind = self.cursor.one_of(&[Uniform, Normal, Bits].map(|r| (words::random(r), r)))?;
                Op::Random(kind, self.cursor.dims()?)
            }
            "host" => {
                let name = self.cursor.string()?.into();
                let all = [DType::Bool, DType::I64, DType::F32, DType::F64];
                let dtype = self.cursor.one_of(&all.map(|d| (d.name(), d)))?;
                Op::Host { name, dtype, dims: self.cursor.dims()? }
            }
            "index" => return self.selected(Op::Index),
            "update" => return self.selected(Op::Update),
            "acc" => return self.selected(Op::Acc),
            "matmul" => {
                let a = self.value()?;
                let ta = self.cursor.eat("'");
                self.cursor.eat(",");
                let b = self.value()?;
                return Ok((Op::MatMul { ta, tb: self.cursor.eat("'") }, vec![a, b]));
            }
            name => match (Prim::named(name), Factor::named(name)) {
                (Some(prim), _) => Op::Prim(prim),
                (None, Some(factor)) => Op::Factor(factor),
                (None, None) => return self.cursor.fail(format!("no instruction `{name}`")),
            },
        };
        Ok((op, self.operands()?))
    }

    /// `v0 [v2, :] v1`: base, selectors, part.
    fn selected(&mut self, make: fn(Vec<Sel>) -> Op) -> Parsed<(Op, Vec<Value>)> {
        let mut args = vec![self.value()?];
        let (mut sels, mut operands) = (Vec::new(), Vec::new());
        self.cursor.expect("[")?;
        while !self.cursor.eat("]") {
            sels.push(if self.cursor.eat(":") {
                Sel::All
            } else if self.cursor.eat_word("pick") {
                operands.push(self.value()?);
                Sel::Pick
            } else if self.cursor.eat_word("from") {
                operands.push(self.value()?);
                self.cursor.word("len")?;
                let len = self.cursor.dim()?;
                self.cursor.word("step")?;
                Sel::Span { len, step: self.cursor.int()? }
            } else {
                operands.push(self.value()?);
                Sel::At
            });
            self.cursor.eat(",");
        }
        args.extend(self.operands()?);
        args.extend(operands);
        Ok((make(sels), args))
    }

    /// `("x = ", $0:.3f)`.
    pub(super) fn parts(&mut self) -> Parsed<Vec<Part>> {
        parts(self.cursor)
    }

    /// What an assertion says.
    pub(super) fn claim(&mut self) -> Parsed<Claim> {
        if self.cursor.eat_word("nan") {
            Ok(Claim::NoNan(self.cursor.string()?))
        } else {
            let code = match self.cursor.at_ident() {
                true => self.cursor.ident()?.to_string(),
                false => Said::<usize>::PLAIN.to_string(),
            };
            let Some(code) = adl_lang::codes::find(&code) else {
                return self.cursor.fail(format!("`{code}` is no code"));
            };
            let line = self.parts()?;
            let help = if self.cursor.eat_word("help") { self.parts()? } else { Vec::new() };
            Ok(Claim::Said(Said { code: code.code, line, help }))
        }
    }
}

/// The pieces of a line.
fn parts(cursor: &mut Cursor<'_>) -> Parsed<Vec<Part>> {
    cursor.list("(", ")", |c| {
        for (word, stop) in [("start", false), ("elapsed", true)] {
            if c.eat(word) {
                return Ok(Part::Clock { stop });
            }
        }
        if !c.eat("$") {
            return Ok(Part::Text(c.string()?));
        }
        let position = c.index()?;
        let format = if c.eat(":") { Some(format(c)?) } else { None };
        Ok(Part::Value(position, format))
    })
}

/// What is told of a topic; see the printer.
pub(super) fn body(cursor: &mut Cursor<'_>) -> Parsed<Body<usize>> {
    match cursor.peek() {
        Some('(') => Ok(Body::Text(parts(cursor)?)),
        Some('[') => {
            let part = |c: &mut Cursor<'_>| {
                if !c.at_ident() {
                    return Ok((None, body(c)?));
                }
                if c.eat_word("none") {
                    return Ok((None, Body::None));
                }
                let name = c.ident()?.into();
                c.expect(":")?;
                Ok((Some(name), body(c)?))
            };
            Ok(Body::Tuple(cursor.list("[", "]", part)?))
        }
        Some('$') => {
            cursor.expect("$")?;
            Ok(Body::Value(cursor.index()?))
        }
        _ => {
            cursor.word("none")?;
            Ok(Body::None)
        }
    }
}

/// `8.3f`; see the printer.
fn format(cursor: &mut Cursor<'_>) -> Parsed<Format> {
    let number = |c: &mut Cursor<'_>| match c.peek().is_some_and(|d| d.is_ascii_digit()) {
        true => Ok(u16::try_from(c.index()?).ok()),
        false => Ok(None),
    };
    let width = number(cursor)?;
    let precision = if cursor.eat(".") { number(cursor)? } else { None };
    use FormatStyle::{Exponent, Fixed, General, Integer, Percent, Plain};
    let styles = [("p", Plain), ("f", Fixed), ("e", Exponent), ("g", General), ("%", Percent), ("d", Integer)];
    for (letter, style) in styles {
        if cursor.eat(letter) {
            return Ok(Format { width, precision, style });
        }
    }
    cursor.fail("no format")
}
