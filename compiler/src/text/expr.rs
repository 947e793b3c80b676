//! Expressions of the language as they are written, with the little algebra that makes them readable. Every rule keeps
//! the value up to the rounding of one operation.

/// Operators between two values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Bin {
    Or,
    And,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Rem,
    MatMul,
    Pow,
}

/// An expression.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Expr {
    /// A float.
    Num(f64),
    /// A whole number.
    Int(i64),
    Bool(bool),
    /// A name, or a path to a part: `layers.0`.
    Name(String),
    Neg(Box<Expr>),
    Not(Box<Expr>),
    Bin(Bin, Box<Expr>, Box<Expr>),
    Call(String, Vec<Expr>),
    /// `axis = 0` among arguments.
    Named(&'static str, Box<Expr>),
    Index(Box<Expr>, Vec<Part>),
    Transposed(Box<Expr>),
    Array(Vec<Expr>),
    Tuple(Vec<Expr>),
    /// A record.
    Record(Vec<(String, Expr)>),
    Range(Box<Expr>, Box<Expr>),
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `{ statements; value }`.
    Block(Vec<String>, Box<Expr>),
    /// `[element for i in 0..n, …]`.
    For(Box<Expr>, Vec<(String, Expr)>),
}

/// One position between index brackets.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Part {
    All,
    At(Expr),
    Span(Expr, Expr),
    New,
}

impl Expr {
    pub(super) fn name(name: impl Into<String>) -> Expr {
        Expr::Name(name.into())
    }

    pub(super) fn call(name: &str, args: Vec<Expr>) -> Expr {
        Expr::Call(name.into(), args)
    }

    fn is(&self, number: f64) -> bool {
        matches!(self, Expr::Num(x) if *x == number)
    }

    /// The negative.
    pub(super) fn neg(self) -> Expr {
        match self {
            Expr::Neg(inner) => *inner,
            Expr::Num(x) => Expr::Num(-x),
            Expr::Int(i) => Expr::Int(i.wrapping_neg()),
            Expr::Bin(Bin::Sub, a, b) => Expr::Bin(Bin::Sub, b, a),
            other => Expr::Neg(Box::new(other)),
        }
    }

    /// `self op other`, in its simplest form.
    pub(super) fn bin(self, op: Bin, other: Expr) -> Expr {
        match op {
            Bin::Add => self.plus(other),
            Bin::Sub => self.minus(other),
            Bin::Mul => self.times(other),
            Bin::Div => self.over(other),
            Bin::Pow if other.is(1.0) => self,
            _ => Expr::Bin(op, Box::new(self), Box::new(other)),
        }
    }

    fn plus(self, other: Expr) -> Expr {
        match (self, other) {
            (zero, x) | (x, zero) if zero.is(0.0) => x,
            (Expr::Num(a), Expr::Num(b)) => Expr::Num(a + b),
            (Expr::Int(a), Expr::Int(b)) => Expr::Int(a.wrapping_add(b)),
            (Expr::Int(0), x) | (x, Expr::Int(0)) => x,
            (a, b) if a.term().1 == b.term().1 => {
                let (number, of) = a.term();
                Expr::Num(number + b.term().0).times(of)
            }
            (a, Expr::Neg(b)) => a.minus(*b),
            (Expr::Neg(a), b) => b.minus(*a),
            (a, Expr::Num(b)) if b < 0.0 => a.minus(Expr::Num(-b)),
            (a, Expr::Int(b)) if b < 0 => a.minus(Expr::Int(-b)),
            (a, b) => Expr::Bin(Bin::Add, Box::new(a), Box::new(b)),
        }
    }

    fn minus(self, other: Expr) -> Expr {
        match (self, other) {
            (x, zero) if zero.is(0.0) => x,
            (zero, x) if zero.is(0.0) => x.neg(),
            (Expr::Num(a), Expr::Num(b)) => Expr::Num(a - b),
            (Expr::Int(a), Expr::Int(b)) => Expr::Int(a.wrapping_sub(b)),
            (x, Expr::Int(0)) => x,
            (a, Expr::Neg(b)) => a.plus(*b),
            (Expr::Neg(a), b) => a.plus(b).neg(),
            (a, b) => Expr::Bin(Bin::Sub, Box::new(a), Box::new(b)),
        }
    }

    fn times(self, other: Expr) -> Expr {
        match (self, other) {
            (Expr::Int(a), Expr::Int(b)) => Expr::Int(a.wrapping_mul(b)),
            (Expr::Int(1), x) | (x, Expr::Int(1)) => x,
            (a, b @ Expr::Int(_)) => Expr::Bin(Bin::Mul, Box::new(b), Box::new(a)),
            (a, Expr::Bin(Bin::Div, one, b)) | (Expr::Bin(Bin::Div, one, b), a) if one.is(1.0) => a.over(*b),
            (a, b) => {
                let mut product = Product { number: 1.0, factors: Vec::new() };
                product.take(a);
                product.take(b);
                product.expr()
            }
        }
    }

    fn over(self, other: Expr) -> Expr {
        match (self, other) {
            (x, one) if one.is(1.0) => x,
            (Expr::Neg(a), b) => a.over(b).neg(),
            (a, Expr::Neg(b)) => a.over(*b).neg(),
            (a, b) => Expr::Bin(Bin::Div, Box::new(a), Box::new(b)),
        }
    }

    /// The number before it, and what follows.
    fn term(&self) -> (f64, Expr) {
        let mut product = Product { number: 1.0, factors: Vec::new() };
        product.take(self.clone());
        let number = std::mem::replace(&mut product.number, 1.0);
        (number, product.expr())
    }

    /// How many parts it has: a measure of how hard it is to read.
    pub(super) fn weight(&self) -> usize {
        1 + self.parts().iter().map(|e| e.weight()).sum::<usize>()
    }

    /// Whether a name stands in it.
    pub(super) fn mentions(&self, name: &str) -> bool {
        match self {
            Expr::Name(n) => n == name,
            // Statements are text already: when in doubt, it does.
            Expr::Block(lines, _) if lines.iter().any(|l| l.contains(name)) => true,
            _ => self.parts().iter().any(|e| e.mentions(name)),
        }
    }

    fn parts(&self) -> Vec<&Expr> {
        match self {
            Expr::Num(_) | Expr::Int(_) | Expr::Bool(_) | Expr::Name(_) => Vec::new(),
            Expr::Neg(a) | Expr::Not(a) | Expr::Named(_, a) | Expr::Transposed(a) | Expr::Block(_, a) => vec![a],
            Expr::Bin(_, a, b) | Expr::Range(a, b) => vec![a, b],
            Expr::If(c, a, b) => vec![c, a, b],
            Expr::Call(_, parts) | Expr::Array(parts) | Expr::Tuple(parts) => parts.iter().collect(),
            Expr::Record(fields) => fields.iter().map(|(_, e)| e).collect(),
            Expr::For(e, clauses) => std::iter::once(&**e).chain(clauses.iter().map(|(_, r)| r)).collect(),
            Expr::Index(base, parts) => std::iter::once(&**base).chain(parts.iter().flat_map(Part::exprs)).collect(),
        }
    }
}

/// A number and factors, in order.
struct Product {
    number: f64,
    factors: Vec<Expr>,
}

impl Product {
    fn take(&mut self, e: Expr) {
        match e {
            Expr::Num(x) => self.number *= x,
            Expr::Neg(inner) => {
                self.number = -self.number;
                self.take(*inner);
            }
            Expr::Bin(Bin::Mul, a, b) => {
                self.take(*a);
                self.take(*b);
            }
            e => match self.factors.last_mut() {
                Some(last) if *last == e => *last = e.bin(Bin::Pow, Expr::Num(2.0)),
                _ => self.factors.push(e),
            },
        }
    }

    fn expr(self) -> Expr {
        let size = self.number.abs();
        let number = (size != 1.0 || self.factors.is_empty()).then_some(Expr::Num(size));
        let all = number.into_iter().chain(self.factors);
        let product = all.reduce(|a, b| Expr::Bin(Bin::Mul, Box::new(a), Box::new(b)));
        let product = product.unwrap_or(Expr::Num(1.0));
        if self.number.is_sign_negative() { product.neg() } else { product }
    }
}

impl Part {
    fn exprs(&self) -> Vec<&Expr> {
        match self {
            Part::All | Part::New => Vec::new(),
            Part::At(e) => vec![e],
            Part::Span(a, b) => vec![a, b],
        }
    }
}
