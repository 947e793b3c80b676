//! Derivatives as data: a tree over the arguments, the result and constants, built with ordinary operators and
//! interpreted by one fold, as numbers, as instructions or as text.

use super::Prim;
use std::ops;
use std::sync::Arc;

/// A scalar expression in the arguments and the result of a primitive.
#[derive(Clone, Debug)]
pub enum Formula {
    /// The k-th argument.
    Arg(usize),
    /// The result of the primitive.
    Result,
    /// A number.
    Const(f64),
    /// A primitive of formulas; comparisons and `Select` included.
    Apply(Prim, Arc<[Formula]>),
}

/// What the fold meets.
pub enum Node<'a, V> {
    /// A number.
    Const(f64),
    /// A primitive of values.
    Apply(Prim, &'a [V]),
}

impl Formula {
    /// Interprets the tree in any algebra: `make` turns constants and applications into values.
    pub fn fold<V: Clone>(&self, args: &[V], result: &V, make: &mut dyn FnMut(Node<'_, V>) -> V) -> V {
        match self {
            Formula::Arg(k) => args[*k].clone(),
            Formula::Result => result.clone(),
            Formula::Const(c) => make(Node::Const(*c)),
            Formula::Apply(prim, operands) => {
                let operands: Vec<V> = operands.iter().map(|f| f.fold(args, result, make)).collect();
                make(Node::Apply(*prim, &operands))
            }
        }
    }

    /// The formula with definitions in the places of the primitives that have one.
    pub(super) fn written_out(&self) -> Formula {
        match self {
            Formula::Arg(_) | Formula::Result | Formula::Const(_) => self.clone(),
            Formula::Apply(prim, operands) => {
                let operands: Vec<Formula> = operands.iter().map(Formula::written_out).collect();
                match prim.definition() {
                    Some(formula) => formula.fold(&operands, &Formula::Result, &mut |node| match node {
                        Node::Const(c) => Formula::Const(c),
                        Node::Apply(Prim::Pow, [base, Formula::Const(1.0)]) => base.clone(),
                        Node::Apply(prim, operands) => Formula::Apply(prim, operands.into()),
                    }),
                    None => Formula::Apply(*prim, operands.into()),
                }
            }
        }
    }

    /// A primitive of this formula.
    pub(super) fn map(self, prim: Prim) -> Formula {
        Formula::Apply(prim, Arc::new([self]))
    }

    /// A primitive of two formulas.
    pub(super) fn zip(self, prim: Prim, other: impl Into<Formula>) -> Formula {
        Formula::Apply(prim, Arc::new([self, other.into()]))
    }
}

/// `then` where the condition holds, else `otherwise`.
pub(super) fn select(cond: Formula, then: impl Into<Formula>, otherwise: impl Into<Formula>) -> Formula {
    Formula::Apply(Prim::Select, Arc::new([cond, then.into(), otherwise.into()]))
}

impl From<f64> for Formula {
    fn from(value: f64) -> Formula {
        Formula::Const(value)
    }
}

impl Prim {
    /// The primitive of these formulas.
    pub(super) fn of<const N: usize>(self, operands: [Formula; N]) -> Formula {
        Formula::Apply(self, Arc::new(operands))
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $prim:ident) => {
        impl<T: Into<Formula>> ops::$trait<T> for Formula {
            type Output = Formula;
            fn $method(self, other: T) -> Formula {
                self.zip(Prim::$prim, other)
            }
        }
        impl ops::$trait<Formula> for f64 {
            type Output = Formula;
            fn $method(self, other: Formula) -> Formula {
                Formula::Const(self).zip(Prim::$prim, other)
            }
        }
    };
}
operator!(Add, add, Add);
operator!(Sub, sub, Sub);
operator!(Mul, mul, Mul);
operator!(Div, div, Div);

impl ops::Neg for Formula {
    type Output = Formula;
    fn neg(self) -> Formula {
        self.map(Prim::Neg)
    }
}
