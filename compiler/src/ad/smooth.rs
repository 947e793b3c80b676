//! Smooth functions of functions with a kink, which are differentiated as what they are.
//!
//! ```text
//! v1 = sqrt v0                     v1 = sqrt v0
//! v2 = mul v1 v1           =>      v2 = mul v1 v1
//!                                  v3 = _follow v2 (v0 < 0 ? v2 : v0)      the value of v2, the derivative of v0
//!
//! v1 = mul v0 v0                   v1 = mul v0 v0
//! v2 = sum v1              =>      v2 = sum v1
//! v3 = sqrt v2                     v3 = sqrt v2
//!                                  v6 = _follow v3 (sum (_leg v0 v3))      that of a length: 0 at 0
//! ```
//!
//! Values stay what the program computes, to the bit; only derivatives, of all orders, are those of the other form.
//! Roots are `sqrt`, `cbrt`, `abs`, `hypot` and lengths (`norm`, `std`, roots of sums of squares); factors beside them,
//! as in `(c * r) * (r / d)`, are kept. Where derivatives are made for good, [`settle`] takes the marks away.

use crate::ir::{Block, Builder, Def, Func, Inst, Kind, Value};
use adl_lang::ops::{Const, Op, Reduction};
use adl_lang::prims::Prim;
use rustc_hash::{FxHashMap, FxHashSet};

/// How deep an expression is looked into.
const DEPTH: usize = 12;

/// Lets smooth compositions move as what they are.
pub(super) fn recognise(func: &mut Func) {
    let mut marked = FxHashSet::default();
    let mut kinks = false;
    for (_, inst) in func.insts.iter() {
        if let Kind::Pure(Op::Prim(prim)) = inst.kind {
            kinks |= matches!(
                prim,
                Prim::Sqrt | Prim::Cbrt | Prim::Abs | Prim::Hypot | Prim::Follow | Prim::Pow | Prim::Div
            );
            if prim == Prim::Follow {
                marked.insert(inst.args[0]);
            }
        }
    }
    if kinks {
        let body = func.body;
        rebuild(func, body, &mut FxHashMap::default(), &mut |to, inst| {
            let data = &to.func.insts[inst];
            let (Kind::Pure(Op::Prim(prim)), &[result]) = (&data.kind, &data.results[..]) else { return None };
            let (prim, args) = (*prim, data.args.clone());
            if marked.contains(&result) || !to.func.data(result).dtype.is_float() {
                return None;
            }
            let other = match prim {
                Prim::Mul | Prim::Pow => power_of_root(to, result).or_else(|| root(to, prim, &args, result)),
                Prim::Sqrt | Prim::Cbrt => root(to, prim, &args, result),
                Prim::Div => quotient(to, args[0], args[1]),
                _ => None,
            }?;
            Some(to.prim(Prim::Follow, &[result, other]))
        });
    }
}

/// Gives marks the meaning that they have where nothing is differentiated any more.
pub(super) fn settle(func: &mut Func) {
    let mark = |kind: &Kind| matches!(kind, Kind::Pure(Op::Prim(Prim::Follow | Prim::Arm)));
    if func.insts.iter().any(|(_, inst)| mark(&inst.kind)) {
        let body = func.body;
        rebuild(func, body, &mut FxHashMap::default(), &mut |to, inst| {
            let data = &to.func.insts[inst];
            mark(&data.kind).then(|| data.args[0])
        });
    }
}

/// Walks a block and all within it; a value that `with` gives for an instruction,
/// which it may build, takes the place of its result.
fn rebuild(
    func: &mut Func,
    block: Block,
    renamed: &mut FxHashMap<Value, Value>,
    with: &mut dyn FnMut(&mut Builder<'_>, Inst) -> Option<Value>,
) {
    for inst in std::mem::take(&mut func.blocks[block].insts) {
        rename(&mut func.insts[inst].args, renamed);
        for inner in func.insts[inst].kind.blocks() {
            rebuild(func, inner, renamed, with);
        }
        func.blocks[block].insts.push(inst);
        let place = func.insts[inst].place;
        let new = with(&mut Builder { func, block, place }, inst);
        if let Some(new) = new {
            let old = func.insts[inst].results[0];
            func.share_name(old, new);
            renamed.insert(old, new);
        }
    }
    rename(&mut func.blocks[block].yields, renamed);
}

fn rename(values: &mut [Value], renamed: &FxHashMap<Value, Value>) {
    if !renamed.is_empty() {
        values.iter_mut().for_each(|value| *value = *renamed.get(value).unwrap_or(value));
    }
}

/// The primitive that gives a value, with its operands.
fn prim(func: &Func, value: Value) -> Option<(Prim, &[Value])> {
    match pure(func, value)? {
        (Op::Prim(prim), args) => Some((*prim, args)),
        _ => None,
    }
}

fn pure(func: &Func, value: Value) -> Option<(&Op, &[Value])> {
    let Def::Result(inst, _) = func.values[value].def else { return None };
    match &func.insts[inst].kind {
        Kind::Pure(op) => Some((op, &func.insts[inst].args)),
        _ => None,
    }
}

/// The number that a value is in every entry.
fn number(func: &Func, value: Value) -> Option<f64> {
    match pure(func, value)? {
        (Op::Const(Const::F64(x)), _) => Some(*x),
        (Op::Const(Const::F32(x)), _) => Some(f64::from(*x)),
        (Op::Const(Const::I64(x)), _) => Some(*x as f64),
        (Op::Broadcast { .. } | Op::Convert(_), &[x]) => number(func, x),
        _ => None,
    }
}

/// The exponent of a power, if it is a whole number from 2.
fn whole_exponent(func: &Func, value: Value) -> Option<u32> {
    number(func, value).filter(|n| n.fract() == 0.0 && (2.0..=64.0).contains(n)).map(|n| n as u32)
}

/// A product of a power of a root and of other factors.
struct Product {
    root: Value,
    power: u32,
    /// Factors, and whether it is divided by them.
    others: Vec<(Value, bool)>,
    minus: bool,
}

fn product(func: &Func, value: Value, depth: usize) -> Option<Product> {
    let depth = depth.checked_sub(1)?;
    let (prim, args) = prim(func, value)?;
    match (prim, args) {
        (Prim::Sqrt | Prim::Cbrt | Prim::Abs | Prim::Hypot, _) => {
            Some(Product { root: value, power: 1, others: Vec::new(), minus: false })
        }
        (Prim::Pow, &[_, exponent]) if number(func, exponent) == Some(0.5) => {
            Some(Product { root: value, power: 1, others: Vec::new(), minus: false })
        }
        (Prim::Pow, &[base, exponent]) => {
            let exponent = whole_exponent(func, exponent)?;
            let inner = product(func, base, depth).filter(|p| p.others.is_empty())?;
            Some(Product { power: inner.power * exponent, minus: inner.minus && exponent % 2 == 1, ..inner })
        }
        (Prim::Follow, &[made, by]) => match product(func, made, depth) {
            // What has been recognised here before, as `r * r` in `r * r * r`.
            Some(inner) if inner.power > 1 => Some(inner),
            _ => is_length(func, by).then(|| Product { root: value, power: 1, others: Vec::new(), minus: false }),
        },
        (Prim::Neg, &[x]) => product(func, x, depth).map(|p| Product { minus: !p.minus, ..p }),
        (Prim::Mul, &[a, b]) => match (product(func, a, depth), product(func, b, depth)) {
            (Some(a), Some(b)) if alike(func, a.root, b.root) => Some(Product {
                root: a.root,
                power: a.power + b.power,
                others: [a.others, b.others].concat(),
                minus: a.minus != b.minus,
            }),
            (Some(mut p), _) => {
                p.others.push((b, false));
                Some(p)
            }
            (None, Some(mut p)) => {
                p.others.push((a, false));
                Some(p)
            }
            (None, None) => None,
        },
        (Prim::Div, &[a, b]) => {
            let mut p = product(func, a, depth)?;
            p.others.push((b, true));
            Some(p)
        }
        _ => None,
    }
}

/// Whether two values are computed alike, or are lengths of the same legs.
fn alike(func: &Func, a: Value, b: Value) -> bool {
    fn same(func: &Func, a: Value, b: Value, depth: usize) -> bool {
        if a == b {
            return true;
        }
        let (Some(depth), Some((op, x)), Some((other, y))) = (depth.checked_sub(1), pure(func, a), pure(func, b))
        else {
            return false;
        };
        let matter = match op {
            Op::Prim(Prim::Leg) => 0..1,
            Op::Prim(Prim::Follow) => 1..2,
            _ => 0..x.len(),
        };
        op == other && x.len() == y.len() && matter.into_iter().all(|k| same(func, x[k], y[k], depth))
    }
    same(func, a, b, DEPTH)
}

/// What a product with a power of a root moves as, if that is smoother.
fn power_of_root(to: &mut Builder<'_>, value: Value) -> Option<Value> {
    let Product { root, power, others, minus } = product(to.func, value, DEPTH)?;
    let (kind, args) = prim(to.func, root)?;
    let args = args.to_vec();
    let degree = if kind == Prim::Cbrt { 3 } else { 2 };
    if power < degree {
        return None;
    }
    let steep = matches!(kind, Prim::Sqrt | Prim::Cbrt | Prim::Pow);
    if !steep && power % degree != 0 {
        return None;
    }
    let base = match (kind, &args[..]) {
        (Prim::Abs, &[x]) => to.mul(x, x),
        (Prim::Hypot, &[a, b]) => {
            let (a, b) = (to.mul(a, a), to.mul(b, b));
            to.add(a, b)
        }
        (Prim::Follow, &[_, by]) => square_of_length(to, by, DEPTH)?,
        (_, &[x, ..]) => x,
        _ => return None,
    };
    let mut other = base;
    if power != degree {
        let ty = to.func.data(base).clone();
        let exponent = to.full(&ty, f64::from(power) / f64::from(degree));
        other = to.prim(Prim::Pow, &[base, exponent]);
    }
    for (factor, over) in others {
        other = to.prim(if over { Prim::Div } else { Prim::Mul }, &[other, factor]);
    }
    if minus {
        other = to.prim(Prim::Neg, &[other]);
    }
    if matches!(kind, Prim::Sqrt | Prim::Pow) {
        // Where there is no root there is no derivative.
        let zero = to.zeros_like(base);
        let outside = to.prim(Prim::Lt, &[base, zero]);
        other = to.prim(Prim::Select, &[outside, value, other]);
    }
    Some(other)
}

/// What a root of a power or of a sum of squares moves as.
fn root(to: &mut Builder<'_>, kind: Prim, args: &[Value], y: Value) -> Option<Value> {
    let radicand = match kind {
        Prim::Sqrt | Prim::Cbrt => args[0],
        Prim::Pow if number(to.func, args[1]) == Some(0.5) => args[0],
        _ => return None,
    };
    let radicand = unmarked(to.func, radicand);
    if kind == Prim::Cbrt {
        return cube(to.func, radicand);
    }
    match prim(to.func, radicand) {
        Some((Prim::Mul, &[a, b])) if a == b => Some(to.prim(Prim::Abs, &[a])),
        Some((Prim::Pow, &[a, exponent])) => {
            let half = whole_exponent(to.func, exponent).filter(|n| n % 2 == 0)? / 2;
            let base = if half % 2 == 1 { to.prim(Prim::Abs, &[a]) } else { a };
            if half == 1 {
                return Some(base);
            }
            let ty = to.func.data(base).clone();
            let exponent = to.full(&ty, f64::from(half));
            Some(to.prim(Prim::Pow, &[base, exponent]))
        }
        _ if is_square_sum(to.func, radicand, DEPTH) => Some(legs(to, radicand, y)),
        _ => None,
    }
}

/// What a value moves as, if it is marked and no length, else the value.
fn unmarked(func: &Func, value: Value) -> Value {
    match prim(func, value) {
        Some((Prim::Follow, &[_, by])) if !is_length(func, by) => by,
        _ => value,
    }
}

/// `x` of `x * x * x` and `x^3`.
fn cube(func: &Func, value: Value) -> Option<Value> {
    match prim(func, value)? {
        (Prim::Pow, &[x, exponent]) if whole_exponent(func, exponent) == Some(3) => Some(x),
        (Prim::Mul, &[a, b]) => {
            let square = |s: Value, x: Value| matches!(prim(func, s), Some((Prim::Mul, &[p, q])) if p == x && q == x);
            (square(a, b)).then_some(b).or_else(|| square(b, a).then_some(a))
        }
        _ => None,
    }
}

/// Whether a value is a sum of squares, times and over other factors.
fn is_square_sum(func: &Func, value: Value, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let value = unmarked(func, value);
    match pure(func, value) {
        Some((Op::Prim(Prim::Mul), &[a, b])) => {
            a == b || is_square_sum(func, a, depth) || is_square_sum(func, b, depth)
        }
        Some((Op::Prim(Prim::Pow), &[_, exponent])) => number(func, exponent) == Some(2.0),
        Some((Op::Prim(Prim::Div), &[a, _])) => is_square_sum(func, a, depth),
        Some((Op::Prim(Prim::Add), &[a, b])) => is_square_sum(func, a, depth) && is_square_sum(func, b, depth),
        Some((Op::Reduce(Reduction::Sum, _) | Op::Reshape(_), &[x])) => is_square_sum(func, x, depth),
        Some((Op::Index(sels), &[x, ..])) if ones(func, x, sels.len()) => is_square_sum(func, x, depth),
        Some((Op::MatMul { .. }, &[a, b])) => self_product(func, a, b).is_some(),
        _ => false,
    }
}

/// Whether all axes of a value have length 1.
fn ones(func: &Func, value: Value, rank: usize) -> bool {
    let dims = &func.data(value).dims;
    dims.len() == rank && dims.iter().all(|d| d.as_const() == Some(1))
}

/// `x`, if the operands of a product are a row and a column of it.
fn self_product(func: &Func, a: Value, b: Value) -> Option<Value> {
    let origin = |v: Value| match pure(func, v) {
        Some((Op::Reshape(_) | Op::Transpose(_) | Op::Broadcast { .. }, &[x])) if func.data(x).rank() == 1 => x,
        _ => v,
    };
    let (x, y) = (origin(a), origin(b));
    (x == y && func.data(x).rank() == 1).then_some(x)
}

/// The sum of squares with a leg of the length `y` in the place of each square.
fn legs(to: &mut Builder<'_>, value: Value, y: Value) -> Value {
    let value = unmarked(to.func, value);
    let Some((op, args)) = pure(to.func, value) else { return value };
    let (op, args) = (op.clone(), args.to_vec());
    match (&op, &args[..]) {
        (Op::Prim(Prim::Mul), &[a, b]) if a == b => to.prim(Prim::Leg, &[a, y]),
        (Op::Prim(Prim::Mul), &[a, b]) if is_square_sum(to.func, a, DEPTH) => {
            let a = legs(to, a, y);
            to.mul(a, b)
        }
        (Op::Prim(Prim::Mul), &[a, b]) => {
            let b = legs(to, b, y);
            to.mul(a, b)
        }
        (Op::Prim(Prim::Pow), &[a, _]) => to.prim(Prim::Leg, &[a, y]),
        (Op::Prim(Prim::Div), &[a, b]) => {
            let a = legs(to, a, y);
            to.prim(Prim::Div, &[a, b])
        }
        (Op::Prim(Prim::Add), &[a, b]) => {
            let (a, b) = (legs(to, a, y), legs(to, b, y));
            to.add(a, b)
        }
        (Op::Reduce(_, axes), &[x]) => {
            let dims = to.func.data(x).dims.clone();
            let kept = (0..dims.len()).filter(|k| !axes.contains(k)).collect();
            let spread = to.pure(Op::Broadcast { dims, axes: kept }, &[y]);
            let x = legs(to, x, spread);
            to.pure(op, &[x])
        }
        (Op::Reshape(_) | Op::Index(_), &[x, ..]) => {
            let dims = to.func.data(x).dims.clone();
            let y = if to.func.data(y).dims == dims { y } else { to.pure(Op::Reshape(dims), &[y]) };
            let x = legs(to, x, y);
            to.pure(op, &[&[x], &args[1..]].concat())
        }
        (Op::MatMul { .. }, &[a, b]) => {
            let dims = to.func.data(value).dims.clone();
            let Some(x) = self_product(to.func, a, b) else { return value };
            let long = to.func.data(x).dims.clone();
            let y = to.pure(Op::Reshape(Vec::new()), &[y]);
            let y = to.broadcast_scalar(y, &long);
            let leg = to.prim(Prim::Leg, &[x, y]);
            let sum = to.sum(leg, vec![0]);
            to.pure(Op::Reshape(dims), &[sum])
        }
        _ => value,
    }
}

/// Whether a value is what a length moves as: the size of a number, or what [`legs`] makes.
fn is_length(func: &Func, by: Value) -> bool {
    matches!(prim(func, by), Some((Prim::Abs, _))) || length_squared(func, by, DEPTH)
}

/// Whether a value is made by [`legs`], or as if it were.
fn length_squared(func: &Func, value: Value, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match pure(func, value) {
        Some((Op::Prim(Prim::Leg), _)) => true,
        Some((Op::Prim(Prim::Mul), &[a, b])) => length_squared(func, a, depth) || length_squared(func, b, depth),
        Some((Op::Prim(Prim::Add), &[a, b])) => length_squared(func, a, depth) && length_squared(func, b, depth),
        Some((Op::Prim(Prim::Div), &[a, _])) => length_squared(func, a, depth),
        Some((Op::Reduce(Reduction::Sum, _) | Op::Reshape(_) | Op::Index(_) | Op::Broadcast { .. }, &[x, ..])) => {
            length_squared(func, x, depth)
        }
        _ => false,
    }
}

/// What a length moves as, with squares in the places of its legs: its square.
fn square_of_length(to: &mut Builder<'_>, value: Value, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    let (op, args) = pure(to.func, value)?;
    let (op, mut args) = (op.clone(), args.to_vec());
    match (&op, &args[..]) {
        (Op::Prim(Prim::Leg | Prim::Abs), &[x, ..]) => return Some(to.mul(x, x)),
        (Op::Prim(Prim::Mul), &[a, b]) => {
            let at = usize::from(!length_squared(to.func, a, DEPTH));
            args[at] = square_of_length(to, [a, b][at], depth)?;
        }
        (Op::Prim(Prim::Add), &[a, b]) => {
            args = vec![square_of_length(to, a, depth)?, square_of_length(to, b, depth)?];
        }
        (Op::Prim(Prim::Div) | Op::Reduce(..) | Op::Reshape(_) | Op::Index(_) | Op::Broadcast { .. }, &[x, ..]) => {
            args[0] = square_of_length(to, x, depth)?;
        }
        _ => return None,
    }
    Some(to.pure(op, &args))
}

/// What a quotient by `exp(z)` or `1 + exp(z)` moves as: with `z`,
/// so that nothing overflows that the quotient does not.
fn quotient(to: &mut Builder<'_>, a: Value, b: Value) -> Option<Value> {
    let exponent = |func: &Func, v: Value| match prim(func, v) {
        Some((Prim::Exp, &[z])) => Some(z),
        _ => None,
    };
    let factor = match prim(to.func, b)? {
        (Prim::Exp, &[z]) => to.prim(Prim::Decay, &[z, b]),
        (Prim::Add, &[p, q]) => {
            let e = if number(to.func, p) == Some(1.0) { q } else { p };
            let one = if e == q { p } else { q };
            let z = exponent(to.func, e).filter(|_| number(to.func, one) == Some(1.0))?;
            to.prim(Prim::Logistic, &[z, e])
        }
        _ => return None,
    };
    Some(if number(to.func, a) == Some(1.0) { factor } else { to.mul(a, factor) })
}
