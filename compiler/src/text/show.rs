//! How an expression is written: with the brackets that it needs and no others.

use super::expr::{Bin, Expr, Part};
use std::f64::consts::PI;
use std::fmt::Write;

/// How tightly things bind.
const LOOSE: u8 = 0;
const NOT: u8 = 3;
const RANGE: u8 = 5;
const SUM: u8 = 6;
const PRODUCT: u8 = 7;
const SIGN: u8 = 8;
const POWER: u8 = 9;
const TIGHT: u8 = 10;

impl Bin {
    fn spelling(self) -> (&'static str, u8) {
        match self {
            Bin::Or => ("or", 1),
            Bin::And => ("and", 2),
            Bin::Eq => ("==", 4),
            Bin::Ne => ("!=", 4),
            Bin::Lt => ("<", 4),
            Bin::Le => ("<=", 4),
            Bin::Gt => (">", 4),
            Bin::Ge => (">=", 4),
            Bin::Add => ("+", SUM),
            Bin::Sub => ("-", SUM),
            Bin::Mul => ("*", PRODUCT),
            Bin::Div => ("/", PRODUCT),
            Bin::FloorDiv => ("//", PRODUCT),
            Bin::Rem => ("%", PRODUCT),
            Bin::MatMul => ("@", PRODUCT),
            Bin::Pow => ("^", POWER),
        }
    }
}

impl Expr {
    /// The text of the expression.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        self.write(LOOSE, &mut out);
        out
    }

    /// Writes it in a place where everything that binds less than `least` needs brackets.
    fn write(&self, least: u8, out: &mut String) {
        let own = self.binds();
        if own < least {
            out.push('(');
        }
        self.bare(out);
        if own < least {
            out.push(')');
        }
    }

    fn binds(&self) -> u8 {
        match self {
            Expr::Num(x) => number(*x).1,
            Expr::Int(i) if *i < 0 => SIGN,
            Expr::Bin(op, ..) => op.spelling().1,
            Expr::Neg(_) => SIGN,
            Expr::Not(_) => NOT,
            Expr::Range(..) => RANGE,
            Expr::If(..) => LOOSE,
            _ => TIGHT,
        }
    }

    fn bare(&self, out: &mut String) {
        match self {
            Expr::Num(x) => out.push_str(&number(*x).0),
            Expr::Int(i) => out.push_str(&i.to_string()),
            Expr::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
            Expr::Name(name) => out.push_str(name),
            Expr::Neg(a) => {
                out.push('-');
                a.write(SIGN, out);
            }
            Expr::Not(a) => {
                out.push_str("not ");
                a.write(NOT, out);
            }
            Expr::Bin(op, a, b) => binary(*op, a, b, out),
            Expr::Call(name, args) => {
                out.push_str(name);
                // A comprehension alone needs no brackets of its own.
                match args.as_slice() {
                    [one @ Expr::For(..)] => {
                        let text = one.text();
                        let _ = write!(out, "({})", &text[1..text.len() - 1]);
                    }
                    args => list('(', args, ')', out),
                }
            }
            Expr::Named(name, value) => {
                let _ = write!(out, "{name} = ");
                value.write(LOOSE, out);
            }
            Expr::Index(base, parts) => {
                base.write(TIGHT, out);
                let parts: Vec<String> = parts.iter().map(part).collect();
                let _ = write!(out, "[{}]", parts.join(", "));
            }
            Expr::Transposed(a) => {
                a.write(TIGHT, out);
                out.push_str(".T");
            }
            Expr::Array(parts) => list('[', parts, ']', out),
            Expr::Tuple(parts) => match parts.as_slice() {
                [] => out.push_str("none"),
                [one] => {
                    let _ = write!(out, "({},)", one.text());
                }
                _ => list('(', parts, ')', out),
            },
            Expr::Record(fields) => {
                let fields: Vec<String> = fields.iter().map(|(name, e)| format!("{name}: {}", e.text())).collect();
                let _ = write!(out, "({})", fields.join(", "));
            }
            Expr::Range(a, b) => {
                a.write(SUM, out);
                out.push_str("..");
                b.write(SUM, out);
            }
            Expr::If(c, a, b) => {
                let _ = write!(out, "if {} {} else {}", c.text(), braced(a), braced(b));
            }
            Expr::Block(lines, value) if lines.is_empty() => value.write(LOOSE, out),
            Expr::Block(lines, value) => {
                let mut lines = lines.clone();
                let value = last(&mut lines, value);
                lines.push(value);
                let _ = write!(out, "{{\n{}\n}}", lines.join("\n"));
            }
            Expr::For(element, clauses) => {
                let clauses: Vec<String> = clauses.iter().map(|(i, r)| format!("{i} in {}", r.text())).collect();
                let _ = write!(out, "[{} for {}]", element.text(), clauses.join(", "));
            }
        }
    }
}

/// The value of a block as text. If the last line only gives it its name, that line is the value.
pub(super) fn last(lines: &mut Vec<String>, value: &Expr) -> String {
    let value = value.text();
    let binds = format!("let {value} = ");
    match lines.pop_if(|line| line.starts_with(&binds)) {
        Some(line) => line[binds.len()..].to_string(),
        None => value,
    }
}

/// A branch between braces.
fn braced(e: &Expr) -> String {
    match e {
        Expr::Block(lines, _) if !lines.is_empty() => e.text(),
        e => format!("{{ {} }}", e.text()),
    }
}

fn binary(op: Bin, a: &Expr, b: &Expr, out: &mut String) {
    let (word, own) = op.spelling();
    // A whole number beside a value needs no point: literals are weak.
    let weak = |e: &Expr, other: &Expr| match e {
        Expr::Num(x) if x.fract() == 0.0 && x.abs() < 1e9 && !matches!(other, Expr::Num(_) | Expr::Int(_)) => {
            Expr::Int(*x as i64)
        }
        e => e.clone(),
    };
    let (a, b) = (weak(a, b), weak(b, a));
    match op {
        Bin::Pow => {
            a.write(TIGHT, out);
            out.push('^');
            b.write(SIGN, out);
        }
        Bin::Eq | Bin::Ne | Bin::Lt | Bin::Le | Bin::Gt | Bin::Ge => {
            a.write(RANGE, out);
            let _ = write!(out, " {word} ");
            b.write(RANGE, out);
        }
        _ => {
            a.write(own, out);
            let _ = write!(out, " {word} ");
            b.write(own + 1, out);
        }
    }
}

fn list(open: char, parts: &[Expr], close: char, out: &mut String) {
    out.push(open);
    for (k, part) in parts.iter().enumerate() {
        if k > 0 {
            out.push_str(", ");
        }
        part.write(LOOSE, out);
    }
    out.push(close);
}

fn part(part: &Part) -> String {
    match part {
        Part::All => "..".into(),
        Part::New => "none".into(),
        Part::At(e) => e.text(),
        Part::Span(a, b) => Expr::Range(Box::new(a.clone()), Box::new(b.clone())).text(),
    }
}

/// A float as it is written, with what is known of π, and how tightly that binds.
fn number(x: f64) -> (String, u8) {
    let near = [
        (PI, "pi", TIGHT),
        (2.0 * PI, "2 * pi", PRODUCT),
        (PI / 2.0, "pi / 2", PRODUCT),
        (4.0 * PI, "4 * pi", PRODUCT),
    ];
    let more = [(PI - 1.0, "pi - 1", SUM), (PI - 2.0, "pi - 2", SUM), (PI + 1.0, "pi + 1", SUM)];
    let sign = if x.is_sign_negative() && !x.is_nan() { "-" } else { "" };
    let size = x.abs();
    if size.is_nan() {
        return ("nan".into(), TIGHT);
    }
    if size.is_infinite() {
        return (format!("{sign}inf"), if sign.is_empty() { TIGHT } else { SIGN });
    }
    let known = near.iter().chain(&more).find(|(value, ..)| *value == size);
    if let Some((_, text, binds)) = known
        && (sign.is_empty() || *binds == TIGHT)
    {
        return (format!("{sign}{text}"), if sign.is_empty() { *binds } else { SIGN });
    }
    (format!("{x:?}"), if sign.is_empty() { TIGHT } else { SIGN })
}
