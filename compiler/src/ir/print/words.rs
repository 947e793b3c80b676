//! The words of the text form: operations, constants, parts of printed lines.

use super::{Names, list};
use crate::ir::func::{Claim, Part, Value};
use adl_lang::ast::{Format, FormatStyle, Name};
use adl_lang::message::{Body, Message, Said};
use adl_lang::ops::{Const, Op, Random, Reduction, Sel};

/// A pure operation.
pub fn op(names: &Names<'_>, op: &Op, args: &[Value]) -> String {
    let all = names.values(args);
    match op {
        Op::Const(c) => format!("const {} {all}", constant(*c)),
        Op::Table(table) => {
            let ty = table.ty();
            format!("table {} {} {all}", names.dims(&ty.dims), list(table.entries(), " ", |&entry| constant(entry)))
        }
        Op::Size(dim) => format!("size {} {all}", names.dim(dim)),
        Op::Prim(prim) => format!("{} {}", prim.name(), list(args, " ", |&v| names.value(v))),
        Op::Convert(dtype) => format!("convert {} {all}", dtype.name()),
        Op::Broadcast { dims, axes } => format!("broadcast {} {axes:?} {all}", names.dims(dims)),
        Op::Reduce(kind, axes) => format!("reduce {} {axes:?} {all}", reduction(*kind)),
        Op::ArgReduce { max, axis } => {
            format!("{} {axis} {all}", if *max { "argmax" } else { "argmin" })
        }
        Op::Transpose(perm) => format!("transpose {perm:?} {all}"),
        Op::Reshape(dims) => format!("reshape {} {all}", names.dims(dims)),
        Op::Concat(axis) => format!("concat {axis} {all}"),
        Op::Iota(dim) => format!("iota {} {all}", names.dim(dim)),
        Op::Index(sels) => selected(names, "index", sels, args, 1),
        Op::Update(sels) => selected(names, "update", sels, args, 2),
        Op::Acc(sels) => selected(names, "acc", sels, args, 2),
        Op::MatMul { ta, tb } => {
            let side = |k: usize, t: bool| {
                let name = args.get(k).map_or("?".into(), |&v| names.value(v));
                if t { format!("{name}'") } else { name }
            };
            format!("matmul {}, {} {}", side(0, *ta), side(1, *tb), names.values(args.get(2..).unwrap_or_default()))
        }
        Op::ArgSort => format!("argsort {all}"),
        Op::Factor(factor) => format!("{} {all}", factor.name()),
        Op::Random(kind, dims) => format!("random {} {} {all}", random(*kind), names.dims(dims)),
        Op::Host { name, dtype, dims } => format!("host {name:?} {} {} {all}", dtype.name(), names.dims(dims)),
    }
}

/// `acc v0 [v2, :] v1`; `before` operands precede those of the selectors.
fn selected(names: &Names<'_>, word: &str, sels: &[Sel], args: &[Value], before: usize) -> String {
    let mut operands = args.iter().skip(before);
    let mut next = || operands.next().map_or("?".into(), |&v| names.value(v));
    let parts = list(sels, ", ", |sel| match sel {
        Sel::All => ":".into(),
        Sel::At => next(),
        Sel::Span { len, step } => format!("from {} len {} step {step}", next(), names.dim(len)),
        Sel::Pick => format!("pick {}", next()),
    });
    let rest: Vec<Value> = args.iter().take(before).skip(1).chain(operands).copied().collect();
    let base = args.first().map_or("?".into(), |&v| names.value(v));
    format!("{word} {base} [{parts}] {}", names.values(&rest))
}

/// A string as it stands in the text.
pub fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// The words for reductions.
pub fn reduction(kind: Reduction) -> &'static str {
    match kind {
        Reduction::Sum => "sum",
        Reduction::Max => "max",
        Reduction::Min => "min",
        Reduction::All => "all",
        Reduction::Any => "any",
    }
}

/// The words for random numbers.
pub fn random(kind: Random) -> &'static str {
    match kind {
        Random::Uniform => "uniform",
        Random::Normal => "normal",
        Random::Bits => "bits",
    }
}

/// Exact: the shortest text that reads back to the same bits; `f32` says so at its end.
fn constant(c: Const) -> String {
    match c {
        Const::Bool(b) => b.to_string(),
        Const::I64(i) => i.to_string(),
        Const::F64(x) if x.is_nan() && x.to_bits() != f64::NAN.to_bits() => {
            format!("nan:{:x}", x.to_bits())
        }
        Const::F64(x) => float(x.is_nan(), format!("{x:?}")),
        Const::F32(x) if x.is_nan() && x.to_bits() != f32::NAN.to_bits() => {
            format!("nan:{:x}f32", x.to_bits())
        }
        Const::F32(x) => float(x.is_nan(), format!("{x:?}")) + "f32",
    }
}

fn float(nan: bool, shown: String) -> String {
    if nan { "nan".into() } else { shown }
}

/// The parts of a printed line: `("x = ", $0:.3f)`.
pub fn line(parts: &[Part]) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) => quoted(text),
        Part::Clock { stop } => if *stop { "elapsed" } else { "start" }.to_string(),
        Part::Value(k, None) => format!("${k}"),
        Part::Value(k, Some(format)) => format!("${k}:{}", spec(*format)),
    };
    format!("({})", list(parts, ", ", part))
}

/// What an assertion says when it fails: `("x = ", $1)`, `E0415 ("no pivot") help ("`pinv`")`, `nan "log"`.
pub fn claim(claim: &Claim) -> String {
    match claim {
        Claim::Said(Said { code, line: parts, help }) => {
            let code = if *code == Said::<usize>::PLAIN { String::new() } else { format!("{code} ") };
            let help = if help.is_empty() { String::new() } else { format!(" help {}", line(help)) };
            format!("{code}{}{help}", line(parts))
        }
        Claim::NoNan(name) => format!("nan {}", quoted(name)),
    }
}

/// A line or, with its topic before it, something else: `print ("x = ", $0)`, `tell plot [x: $0, title: ("a")]`.
pub fn message(message: &Message<usize>) -> String {
    fn body(what: &Body<usize>) -> String {
        match what {
            Body::None => "none".into(),
            Body::Text(parts) => line(parts),
            Body::Value(k) => format!("${k}"),
            Body::Tuple(parts) => {
                let part = |(name, part): &(Option<Name>, Body<usize>)| match name {
                    Some(name) => format!("{name}: {}", body(part)),
                    None => body(part),
                };
                format!("[{}]", list(parts, ", ", part))
            }
        }
    }
    match message {
        Message::Line(parts) => format!("print {}", line(parts)),
        Message::Tell(topic, what) => format!("tell {} {}", topic.name(), body(what)),
    }
}

/// A format as in programs; `p` stands for a plain one.
fn spec(format: Format) -> String {
    let width = format.width.map_or(String::new(), |w| w.to_string());
    let precision = format.precision.map_or(String::new(), |p| format!(".{p}"));
    let style = match format.style {
        FormatStyle::Plain => 'p',
        FormatStyle::Fixed => 'f',
        FormatStyle::Exponent => 'e',
        FormatStyle::General => 'g',
        FormatStyle::Percent => '%',
        FormatStyle::Integer => 'd',
    };
    format!("{width}{precision}{style}")
}
