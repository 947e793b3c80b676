//! Formulas as text, for the reference and for help: `1 / (1 + x^2)`.

use super::Prim;
use super::formula::Formula;

/// How tightly the outermost operator of a text binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Or,
    Compare,
    Sum,
    Product,
    Minus,
    Power,
    Atom,
}

impl Formula {
    /// As one would write it, with the names of the arguments and a text for the result.
    pub fn text(&self, params: &[&str], result: &str) -> String {
        show(&self.written_out(), params, result).0
    }
}

fn show(formula: &Formula, params: &[&str], result: &str) -> (String, Binding) {
    let part = |f: &Formula, least: Binding| {
        let (text, binding) = show(f, params, result);
        if binding < least { format!("({text})") } else { text }
    };
    match formula {
        Formula::Arg(k) => (params[*k].to_string(), Binding::Atom),
        Formula::Result => (result.to_string(), Binding::Atom),
        Formula::Const(c) => (constant(*c), if *c < 0.0 { Binding::Minus } else { Binding::Atom }),
        // What the first order shows.
        Formula::Apply(Prim::Arm, x) => show(&x[0], params, result),
        Formula::Apply(Prim::Neg, x) => (format!("-{}", part(&x[0], Binding::Minus)), Binding::Minus),
        Formula::Apply(Prim::Mul, x) if square(&x[0], &x[1]) => {
            (format!("{}^2", part(&x[0], Binding::Atom)), Binding::Power)
        }
        Formula::Apply(prim, x) => {
            let infix = |own: Binding, left: Binding, right: Binding| {
                let op = prim.operator().unwrap_or(prim.name());
                let space = if own == Binding::Power { "" } else { " " };
                (format!("{}{space}{op}{space}{}", part(&x[0], left), part(&x[1], right)), own)
            };
            match prim {
                Prim::Add => infix(Binding::Sum, Binding::Sum, Binding::Sum),
                Prim::Sub => infix(Binding::Sum, Binding::Sum, Binding::Product),
                Prim::Mul => infix(Binding::Product, Binding::Product, Binding::Product),
                Prim::Div | Prim::FloorDiv | Prim::Rem => infix(Binding::Product, Binding::Product, Binding::Minus),
                Prim::Pow => infix(Binding::Power, Binding::Atom, Binding::Minus),
                Prim::Eq | Prim::Ne | Prim::Lt | Prim::Le | Prim::Gt | Prim::Ge => {
                    infix(Binding::Compare, Binding::Sum, Binding::Sum)
                }
                Prim::Or | Prim::And => infix(Binding::Or, Binding::Compare, Binding::Compare),
                other => {
                    let name = if *other == Prim::Select { "where" } else { other.name() };
                    let args: Vec<String> = x.iter().map(|f| part(f, Binding::Or)).collect();
                    (format!("{name}({})", args.join(", ")), Binding::Atom)
                }
            }
        }
    }
}

/// Whether two factors are written alike: arguments and results have no effects, so the product is a square.
fn square(a: &Formula, b: &Formula) -> bool {
    let names = ["0", "1", "2"];
    a.text(&names, "y") == b.text(&names, "y")
}

/// A number, the well-known ones by their formula.
fn constant(c: f64) -> String {
    use std::f64::consts::{FRAC_2_SQRT_PI, LN_2, LOG2_E, LOG10_E, PI};
    let known = [
        (FRAC_2_SQRT_PI, "2 / sqrt(pi)"),
        (1.0 / FRAC_2_SQRT_PI, "sqrt(pi) / 2"),
        (PI, "pi"),
        (LN_2, "log(2)"),
        (2.0 * LN_2, "2 * log(2)"),
        (LOG2_E, "1 / log(2)"),
        (LOG10_E, "1 / log(10)"),
    ];
    for (value, text) in known {
        if c == value {
            return text.into();
        }
        if c == -value {
            return format!("-{text}");
        }
    }
    format!("{c}")
}
