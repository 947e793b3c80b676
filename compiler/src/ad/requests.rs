//! The derivatives of a `vjp` request, which are `vjp` requests again; the derivation is in [`super`].
//!
//! ```text
//! v2 = vjp @0 seeds[1] wrt[1] (v0, v1)      ; x̄ = Jᵀ u
//!   jvp        =>  v5, v6 = vjp @1 seeds[11] wrt[11] (v0, v3, v4, v1)     ; @1 = f.jvp at (x, ẋ), cotangents (u̇, u):
//!                                                                        ; tangent of x̄, x̄
//!   reverse    =>  v5, v6, v7 = vjp @1 seeds[01] wrt[10] primal (v0, v3, v1)  ; at (x, w), cotangent u of ẏ:
//!                                                                        ; y, cotangent of u, cotangent of x
//! ```

use super::emit::{is_float, types_of};
use super::{Ad, Level};
use crate::ir::{Builder, Def, FuncId, Inst, Kind, Type, Value};
use adl_lang::types::Dim;

/// A `vjp` request with its operands.
pub(super) struct Request<'a> {
    /// Of which function.
    pub func: FuncId,
    /// Its size parameters.
    pub sizes: &'a [Dim],
    /// Which results have a cotangent.
    pub seeds: &'a [bool],
    /// Which arguments are asked for.
    pub wrt: &'a [bool],
    /// Whether the results are wanted too.
    pub primal: bool,
    /// The arguments.
    pub x: Vec<Value>,
    /// The cotangents of the seeded results.
    pub u: Vec<Value>,
}

/// Entries of a list where the mask holds.
fn masked<T: Clone>(items: &[T], mask: &[bool]) -> Vec<T> {
    items.iter().zip(mask).filter(|(_, m)| **m).map(|(item, _)| item.clone()).collect()
}

/// The types of the parameters and results of a function, seen from a caller.
fn signature(ad: &Ad<'_>, func: FuncId, sizes: &[Dim]) -> (Vec<Type>, Vec<Type>) {
    let func = &ad.module.funcs[func];
    (types_of(func, func.params(), sizes), types_of(func, func.results(), sizes))
}

fn floats(types: &[Type]) -> Vec<bool> {
    types.iter().map(is_float).collect()
}

/// The request along tangents of its operands: its results and their tangents.
pub(super) fn tangent(
    ad: &mut Ad<'_>,
    to: &mut Builder<'_>,
    request: &Request<'_>,
    dx: &[Option<Value>],
    du: &[Option<Value>],
) -> (Vec<Value>, Vec<Option<Value>>) {
    let Request { func, sizes, seeds, wrt, primal, x, u } = request;
    let (params, results) = signature(ad, *func, sizes);
    let asked = masked(&params, wrt);
    let vjp = |func: FuncId, seeds: Vec<bool>, wrt: Vec<bool>, primal: bool| Kind::Vjp {
        func,
        sizes: sizes.to_vec(),
        seeds,
        wrt,
        primal,
    };
    // The tangent of the cotangent of each result.
    let mut given = du.iter();
    let du: Vec<Option<Value>> = seeds.iter().map(|s| if *s { *given.next().expect("a seed") } else { None }).collect();
    let du_mask: Vec<bool> = du.iter().map(Option::is_some).collect();
    let du: Vec<Value> = du.into_iter().flatten().collect();

    if dx.iter().all(Option::is_none) {
        // Linear in the cotangents.
        let mut types = if *primal { results.clone() } else { Vec::new() };
        let unmoved = types.len();
        types.extend(asked.iter().cloned());
        let values = to.results(vjp(*func, seeds.to_vec(), wrt.to_vec(), *primal), [&x[..], u].concat(), types);
        let func = ad.strip(*func, Level::Bare);
        let moved = to.results(vjp(func, du_mask, wrt.to_vec(), false), [&x[..], &du].concat(), asked);
        return (values, std::iter::repeat_n(None, unmoved).chain(moved.into_iter().map(Some)).collect());
    }

    let moves: Vec<bool> = wrt.iter().zip(dx).map(|(&w, d)| w || d.is_some()).collect();
    let jvp = ad.jvp(*func, moves.clone(), false);
    let mut operands = x.clone();
    for (&arg, d) in masked(x, &moves).iter().zip(masked(dx, &moves)) {
        operands.push(d.unwrap_or_else(|| to.zeros_like(arg)));
    }
    operands.extend(du);
    operands.extend(u);
    let float = floats(&results);
    let (seeded, wanted) = (seeds.to_vec(), wrt.to_vec());
    let seeds = [du_mask, masked(seeds, &float)].concat();
    let wrt = [wrt.to_vec(), masked(wrt, &moves)].concat();
    let tangents = masked(&results, &float);
    let mut types = Vec::new();
    if *primal {
        types.extend(results.iter().chain(&tangents).cloned());
    }
    types.extend(asked.iter().chain(&asked).cloned());
    let mut answer = to.results(vjp(jvp, seeds, wrt, *primal), operands, types).into_iter();
    let mut values = Vec::new();
    let mut moved = Vec::new();
    if *primal {
        values.extend(answer.by_ref().take(results.len()));
        moved.extend(float.iter().map(|f| if *f { answer.next() } else { None }));
    }
    moved.extend(answer.by_ref().take(asked.len()).map(Some));
    if ad.conventional(jvp).contains(&true) {
        // The cotangents themselves are those of the convention at a kink.
        let func = ad.strip(*func, Level::Bare);
        let own = [&x[..], u].concat();
        values.extend(to.results(vjp(func, seeded, wanted, false), own, asked));
    } else {
        values.extend(answer);
    }
    (values, moved)
}

/// What a request gives back to its operands.
pub(super) struct Pulled {
    /// The cotangent of each argument that was asked for.
    pub x: Vec<Option<Value>>,
    /// The cotangent of each cotangent that was asked for.
    pub u: Vec<Option<Value>>,
    /// The request that gives them, and the function it would ask for if it had to check again.
    pub request: Option<(Inst, FuncId)>,
}

/// The instruction that gives a value.
fn origin(to: &Builder<'_>, values: &[Value]) -> Option<Inst> {
    values.first().and_then(|&value| match to.func.values[value].def {
        Def::Result(inst, _) => Some(inst),
        Def::Param(..) => None,
    })
}

/// The request backwards: `y_bar` for its function's results, `w` for the cotangents in `wrt`. Nothing is printed or
/// checked again.
pub(super) fn pull(
    ad: &mut Ad<'_>,
    to: &mut Builder<'_>,
    request: &Request<'_>,
    (y_bar, w): (&[Option<Value>], &[Option<Value>]),
    (want_x, want_u): (&[bool], &[bool]),
) -> Pulled {
    let Request { func, sizes, seeds, wrt, x, u, .. } = request;
    let (params, results) = signature(ad, *func, sizes);
    let y_mask: Vec<bool> = y_bar.iter().map(Option::is_some).collect();
    let y_bar: Vec<Value> = y_bar.iter().copied().flatten().collect();
    let any_x = want_x.contains(&true);
    let spread = |answer: &mut dyn Iterator<Item = Value>, mask: &[bool]| -> Vec<Option<Value>> {
        mask.iter().map(|m| if *m { answer.next() } else { None }).collect()
    };
    let sizes = sizes.to_vec();
    let mut given = w.iter();
    let moves: Vec<bool> = wrt.iter().map(|asked| *asked && given.next().is_some_and(Option::is_some)).collect();
    if !moves.contains(&true) {
        let checked = *func;
        let func = ad.strip(checked, Level::Bare);
        let kind = Kind::Vjp { func, sizes, seeds: y_mask, wrt: want_x.to_vec(), primal: false };
        let answer =
            if any_x { to.results(kind, [&x[..], &y_bar].concat(), masked(&params, want_x)) } else { Vec::new() };
        let request = origin(to, &answer).map(|inst| (inst, checked));
        let x = spread(&mut answer.into_iter(), want_x);
        let u = vec![None; u.len()];
        return Pulled { x, u, request };
    }
    let float = floats(&results);
    let checked = ad.jvp(*func, moves.clone(), false);
    let jvp = ad.strip(checked, Level::Bare);
    let along: Vec<Value> = w.iter().copied().flatten().collect();
    let mut operands = [&x[..], &along].concat();
    let both: Vec<Type> = results.iter().chain(&masked(&results, &float)).cloned().collect();
    let primal = want_u.contains(&true);
    let answer = if any_x {
        operands.extend(y_bar);
        operands.extend(u);
        let mut types = if primal { both } else { Vec::new() };
        types.extend(masked(&params, want_x));
        let seeds = [y_mask, masked(seeds, &float)].concat();
        let wrt = [want_x.to_vec(), vec![false; along.len()]].concat();
        to.results(Kind::Vjp { func: jvp, sizes, seeds, wrt, primal }, operands, types)
    } else if primal {
        to.call(jvp, sizes, operands, both)
    } else {
        Vec::new()
    };
    let request = origin(to, &answer).map(|inst| (inst, checked));
    let mut answer = answer.into_iter();
    let mut u_bar = vec![None; u.len()];
    if primal {
        let tangents = answer.by_ref().skip(results.len()).take(float.iter().filter(|f| **f).count());
        let tangents: Vec<Value> = tangents.collect();
        let seeded = masked(&tangents, &masked(seeds, &float));
        u_bar = seeded.into_iter().zip(want_u).map(|(t, want)| want.then_some(t)).collect();
    }
    Pulled { x: spread(&mut answer, want_x), u: u_bar, request }
}
