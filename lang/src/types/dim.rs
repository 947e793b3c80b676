//! Sizes: polynomials over size symbols.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A size symbol: the k-th size parameter of a function.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Sym(pub u32);

/// What a polynomial is made of.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
enum Atom {
    Sym(Sym),
    /// Floor division that does not come out even.
    FloorDiv(Dim, Dim),
    /// Remainder of the floor division.
    Rem(Dim, Dim),
    /// A sum whose coefficients do not fit 64 bits; whether its value does is seen when it is computed.
    Add(Dim, Dim),
    /// A product, the same.
    Mul(Dim, Dim),
}

/// One step of [`Dim::fold`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DimNode<V> {
    /// A number.
    Const(i64),
    /// A symbol.
    Sym(Sym),
    /// A sum.
    Add(V, V),
    /// A product.
    Mul(V, V),
    /// A quotient rounded down.
    FloorDiv(V, V),
    /// What floor division leaves.
    Rem(V, V),
}

/// A size: a polynomial with integer coefficients over the size symbols of one function, kept in a normal form, so
/// that equal expressions are equal values. Where a coefficient would not fit 64 bits, the operation stays as it is.
///
/// ```
/// use adl_lang::types::{Dim, Sym};
/// let n = Dim::sym(Sym(0));
/// let triangle = (n.clone() * (n.clone() - Dim::constant(1))).floor_div(&Dim::constant(2));
/// assert_eq!(triangle.eval(&|_| 5), Some(10));
/// assert_eq!(n.clone() + Dim::constant(1) - n, Dim::constant(1));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Dim(Arc<BTreeMap<Vec<Atom>, i64>>);

impl Dim {
    /// A number.
    pub fn constant(value: i64) -> Dim {
        Dim::from_terms(if value == 0 { BTreeMap::new() } else { BTreeMap::from([(Vec::new(), value)]) })
    }

    /// A size symbol.
    pub fn sym(sym: Sym) -> Dim {
        Dim::atom(Atom::Sym(sym))
    }

    fn atom(atom: Atom) -> Dim {
        Dim::from_terms(BTreeMap::from([(vec![atom], 1)]))
    }

    fn from_terms(mut terms: BTreeMap<Vec<Atom>, i64>) -> Dim {
        terms.retain(|_, coefficient| *coefficient != 0);
        Dim(Arc::new(terms))
    }

    /// The number, if it is one.
    pub fn as_const(&self) -> Option<i64> {
        match self.0.len() {
            0 => Some(0),
            1 => self.0.get(&Vec::new()).copied(),
            _ => None,
        }
    }

    /// The symbol, if the dimension is just that.
    pub fn as_sym(&self) -> Option<Sym> {
        match self.0.iter().next() {
            Some((monomial, 1)) if self.0.len() == 1 => match monomial.as_slice() {
                [Atom::Sym(s)] => Some(*s),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether it is the number `value`.
    pub fn is(&self, value: i64) -> bool {
        self.as_const() == Some(value)
    }

    /// `floor(self / by)`; stays symbolic where it does not come out even. Division by zero stays symbolic too and
    /// has no value.
    #[must_use]
    pub fn floor_div(&self, by: &Dim) -> Dim {
        match (self.as_const(), by.as_const()) {
            (Some(a), Some(b)) if checked_floor_div(a, b).is_some() => Dim::constant(floor_div(a, b)),
            (_, Some(1)) => self.clone(),
            (_, Some(b)) if self.0.values().all(|c| c.checked_rem(b) == Some(0)) => {
                Dim::from_terms(self.0.iter().map(|(m, c)| (m.clone(), c / b)).collect())
            }
            _ => Dim::atom(Atom::FloorDiv(self.clone(), by.clone())),
        }
    }

    /// `self - by * floor(self / by)`.
    #[must_use]
    pub fn rem(&self, by: &Dim) -> Dim {
        match (self.as_const(), by.as_const()) {
            (Some(a), Some(b)) if b != 0 => Dim::constant(a.wrapping_sub(b.wrapping_mul(floor_div(a, b)))),
            (_, Some(b)) if self.0.values().all(|c| c.checked_rem(b) == Some(0)) => Dim::constant(0),
            _ => Dim::atom(Atom::Rem(self.clone(), by.clone())),
        }
    }

    /// Puts a dimension in the place of each symbol.
    #[must_use]
    pub fn substitute(&self, with: &dyn Fn(Sym) -> Dim) -> Dim {
        if self.as_const().is_some() {
            return self.clone();
        }
        let mut sum = Dim::constant(0);
        for (monomial, &coefficient) in self.0.iter() {
            let mut product = Dim::constant(coefficient);
            for atom in monomial {
                product = product
                    * match atom {
                        Atom::Sym(s) => with(*s),
                        Atom::FloorDiv(a, b) => a.substitute(with).floor_div(&b.substitute(with)),
                        Atom::Rem(a, b) => a.substitute(with).rem(&b.substitute(with)),
                        Atom::Add(a, b) => a.substitute(with) + b.substitute(with),
                        Atom::Mul(a, b) => a.substitute(with) * b.substitute(with),
                    };
            }
            sum = sum + product;
        }
        sum
    }

    /// The value for given sizes; `None` if it overflows or divides by zero.
    pub fn eval(&self, of: &dyn Fn(Sym) -> i64) -> Option<i64> {
        let mut sum: i64 = 0;
        for (monomial, &coefficient) in self.0.iter() {
            let mut product = coefficient;
            for atom in monomial {
                let factor = match atom {
                    Atom::Sym(s) => of(*s),
                    Atom::FloorDiv(a, b) => checked_floor_div(a.eval(of)?, b.eval(of)?)?,
                    Atom::Rem(a, b) => {
                        let (a, b) = (a.eval(of)?, b.eval(of)?);
                        a.checked_sub(b.checked_mul(checked_floor_div(a, b)?)?)?
                    }
                    Atom::Add(a, b) => a.eval(of)?.checked_add(b.eval(of)?)?,
                    Atom::Mul(a, b) => a.eval(of)?.checked_mul(b.eval(of)?)?,
                };
                product = product.checked_mul(factor)?;
            }
            sum = sum.checked_add(product)?;
        }
        Some(sum)
    }

    /// Interprets the expression in any algebra: numbers, machine code, text.
    pub fn fold<V>(&self, f: &mut dyn FnMut(DimNode<V>) -> V) -> V {
        let mut sum: Option<V> = None;
        for (monomial, &coefficient) in self.0.iter() {
            let mut product = (coefficient != 1 || monomial.is_empty()).then(|| f(DimNode::Const(coefficient)));
            for atom in monomial {
                let factor = match atom {
                    Atom::Sym(s) => f(DimNode::Sym(*s)),
                    Atom::FloorDiv(a, b) => {
                        let (a, b) = (a.fold(f), b.fold(f));
                        f(DimNode::FloorDiv(a, b))
                    }
                    Atom::Rem(a, b) => {
                        let (a, b) = (a.fold(f), b.fold(f));
                        f(DimNode::Rem(a, b))
                    }
                    Atom::Add(a, b) => {
                        let (a, b) = (a.fold(f), b.fold(f));
                        f(DimNode::Add(a, b))
                    }
                    Atom::Mul(a, b) => {
                        let (a, b) = (a.fold(f), b.fold(f));
                        f(DimNode::Mul(a, b))
                    }
                };
                product = Some(match product {
                    Some(product) => f(DimNode::Mul(product, factor)),
                    None => factor,
                });
            }
            sum = match (sum, product) {
                (Some(sum), Some(product)) => Some(f(DimNode::Add(sum, product))),
                (sum, product) => sum.or(product),
            };
        }
        sum.unwrap_or_else(|| f(DimNode::Const(0)))
    }

    /// Whether it is a sum of numbers and multiples of symbols.
    pub fn is_linear(&self) -> bool {
        self.0.keys().all(|m| matches!(m.as_slice(), [] | [Atom::Sym(_)]))
    }

    /// Calls `f` with every symbol in it, perhaps repeatedly.
    pub fn symbols(&self, f: &mut dyn FnMut(Sym)) {
        for atom in self.0.keys().flatten() {
            match atom {
                Atom::Sym(s) => f(*s),
                Atom::FloorDiv(a, b) | Atom::Rem(a, b) | Atom::Add(a, b) | Atom::Mul(a, b) => {
                    a.symbols(f);
                    b.symbols(f);
                }
            }
        }
    }

    /// The least value it can have if every symbol is at least `least`; `None` if that is not bounded simply.
    /// Used to see that a size cannot be negative.
    pub fn lower_bound(&self, least: i64) -> Option<i64> {
        self.lower_bound_if(least, &|_| true)
    }

    /// As [`Dim::lower_bound`], where nothing is known of the symbols for which `bounded` does not hold.
    pub fn lower_bound_if(&self, least: i64, bounded: &dyn Fn(Sym) -> bool) -> Option<i64> {
        let mut sum: i64 = 0;
        for (monomial, &coefficient) in self.0.iter() {
            if monomial.is_empty() {
                sum = sum.checked_add(coefficient)?;
                continue;
            }
            if coefficient < 0 || least < 0 {
                return None;
            }
            let mut product = coefficient;
            for atom in monomial {
                let factor = match atom {
                    Atom::Sym(s) => bounded(*s).then_some(least)?,
                    Atom::FloorDiv(a, b) => {
                        floor_div(a.lower_bound_if(least, bounded)?.max(0), b.as_const().filter(|b| *b > 0)?)
                    }
                    Atom::Rem(_, b) => b.as_const().filter(|b| *b > 0).map(|_| 0)?,
                    Atom::Add(a, b) => {
                        a.lower_bound_if(least, bounded)?.checked_add(b.lower_bound_if(least, bounded)?)?
                    }
                    Atom::Mul(a, b) => {
                        let (a, b) = (a.lower_bound_if(least, bounded)?, b.lower_bound_if(least, bounded)?);
                        if a < 0 || b < 0 { None } else { a.checked_mul(b) }?
                    }
                };
                product = product.checked_mul(factor)?;
            }
            sum = sum.checked_add(product)?;
        }
        Some(sum)
    }

    /// Between which numbers it lies if each symbol lies where `of` says; `None` if some step of it might not fit 64
    /// bits, or divide by what is not positive.
    pub fn range(&self, of: &dyn Fn(Sym) -> [i64; 2]) -> Option<[i64; 2]> {
        let whole = |low: i128, high: i128| Some([i64::try_from(low).ok()?, i64::try_from(high).ok()?]);
        self.fold::<Option<[i64; 2]>>(&mut |node| match node {
            DimNode::Const(c) => Some([c, c]),
            DimNode::Sym(s) => Some(of(s)),
            DimNode::Add(a, b) => {
                let ([a, b], [c, d]) = (a?.map(i128::from), b?.map(i128::from));
                whole(a + c, b + d)
            }
            DimNode::Mul(a, b) => {
                let ([a, b], [c, d]) = (a?.map(i128::from), b?.map(i128::from));
                let all = [a * c, a * d, b * c, b * d];
                whole(all.into_iter().min()?, all.into_iter().max()?)
            }
            DimNode::FloorDiv(a, b) => {
                let ([low, high], [divisor, _]) = (a?, b?);
                (divisor > 0).then_some([low.min(0), high.max(0)])
            }
            DimNode::Rem(a, b) => {
                let (_, [divisor, high]) = (a?, b?);
                (divisor > 0).then_some([0, high - 1])
            }
        })
    }

    /// If `self = a·sym + b` with numbers `a ≠ 0` and a `b` free of `sym`: the value of `sym` for `self = target`,
    /// as a dimension. Used to solve `W: f64[2 * l, b]` for `l`.
    pub fn solve_for(&self, sym: Sym, target: &Dim) -> Option<Dim> {
        let mut factor = 0;
        let mut rest = BTreeMap::new();
        for (monomial, &coefficient) in self.0.iter() {
            if monomial.as_slice() == [Atom::Sym(sym)] {
                factor = coefficient;
            } else {
                rest.insert(monomial.clone(), coefficient);
            }
        }
        let rest = Dim::from_terms(rest);
        let mut free = true;
        rest.symbols(&mut |s| free &= s != sym);
        (free && factor != 0).then(|| (target.clone() - rest).floor_div(&Dim::constant(factor)))
    }

    /// `(a, b)` with `self = a · base + b`, if there are such numbers with `a ≠ 0`.
    pub fn relative_to(&self, base: &Dim) -> Option<(i64, i64)> {
        let (monomial, &coefficient) = base.0.iter().find(|(m, _)| !m.is_empty())?;
        let mine = *self.0.get(monomial)?;
        if mine.checked_rem(coefficient) != Some(0) {
            return None;
        }
        let factor = mine / coefficient;
        let rest = self.clone() - base.clone() * Dim::constant(factor);
        rest.as_const().map(|b| (factor, b))
    }

    /// Writes it with names for the symbols: `n * (n - 1) // 2` as `(n*n - n)//2`.
    pub fn show(&self, name: &dyn Fn(Sym) -> String) -> String {
        let mut text = String::new();
        // Symbols before the number: `n - 1`, not `-1 + n`.
        let (symbolic, number): (Vec<_>, Vec<_>) = self.0.iter().partition(|(m, _)| !m.is_empty());
        for (monomial, &coefficient) in symbolic.into_iter().chain(number) {
            let sign = if coefficient < 0 { "-" } else { "+" };
            if text.is_empty() {
                text.push_str(if coefficient < 0 { "-" } else { "" });
            } else {
                text.push_str(&format!(" {sign} "));
            }
            let mut factors = Vec::new();
            if coefficient.unsigned_abs() != 1 || monomial.is_empty() {
                factors.push(coefficient.unsigned_abs().to_string());
            }
            for atom in monomial {
                factors.push(match atom {
                    Atom::Sym(s) => name(*s),
                    Atom::FloorDiv(a, b) => format!("({} // {})", a.show_factor(name), b.show_factor(name)),
                    Atom::Rem(a, b) => format!("({} % {})", a.show_factor(name), b.show_factor(name)),
                    Atom::Add(a, b) => format!("({} + {})", a.show_factor(name), b.show_factor(name)),
                    Atom::Mul(a, b) => format!("({} * {})", a.show_factor(name), b.show_factor(name)),
                });
            }
            text.push_str(&factors.join(" * "));
        }
        if text.is_empty() { "0".to_string() } else { text }
    }

    fn show_factor(&self, name: &dyn Fn(Sym) -> String) -> String {
        let text = self.show(name);
        if text.contains(' ') { format!("({text})") } else { text }
    }
}

fn floor_div(a: i64, b: i64) -> i64 {
    let quotient = a.wrapping_div(b);
    if a.wrapping_rem(b) != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient }
}

fn checked_floor_div(a: i64, b: i64) -> Option<i64> {
    (b != 0 && !(a == i64::MIN && b == -1)).then(|| floor_div(a, b))
}

/// Adds up terms; nothing if a coefficient does not fit 64 bits.
fn collected(terms: impl Iterator<Item = Option<(Vec<Atom>, i64)>>) -> Option<Dim> {
    let mut sum: BTreeMap<Vec<Atom>, i64> = BTreeMap::new();
    for term in terms {
        let (monomial, coefficient) = term?;
        let entry = sum.entry(monomial).or_insert(0);
        *entry = entry.checked_add(coefficient)?;
    }
    Some(Dim::from_terms(sum))
}

impl std::ops::Add for Dim {
    type Output = Dim;
    fn add(self, other: Dim) -> Dim {
        let terms = self.0.iter().chain(other.0.iter());
        let sum = collected(terms.map(|(monomial, &coefficient)| Some((monomial.clone(), coefficient))));
        sum.unwrap_or_else(|| Dim::atom(Atom::Add(self, other)))
    }
}

impl std::ops::Neg for Dim {
    type Output = Dim;
    fn neg(self) -> Dim {
        self * Dim::constant(-1)
    }
}

impl std::ops::Sub for Dim {
    type Output = Dim;
    fn sub(self, other: Dim) -> Dim {
        self + -other
    }
}

impl std::ops::Mul for Dim {
    type Output = Dim;
    fn mul(self, other: Dim) -> Dim {
        let pairs = self.0.iter().flat_map(|m| other.0.iter().map(move |n| (m, n)));
        let product = collected(pairs.map(|((m, c), (n, d))| {
            let mut monomial: Vec<Atom> = m.iter().chain(n).cloned().collect();
            monomial.sort();
            Some((monomial, c.checked_mul(*d)?))
        }));
        product.unwrap_or_else(|| Dim::atom(Atom::Mul(self, other)))
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.show(&|s| format!("s{}", s.0)))
    }
}
