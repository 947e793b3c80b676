//! An element that the round before has written is carried to this one, and not read again.
//!
//! ```text
//! v3 = for v1 (v0) { (v4, v5)              v6 = if (v1 > 0) { index v0 [0] } else { 0.0 }
//!   v7 = index v5 [v4]                     v3, v8 = for v1 (v0, v6) { (v4, v5, v9)
//!   v10 = mul v7 v2                =>        v10 = mul v9 v2
//!   v11 = update v5 [v4 + 1] v10             v11 = update v5 [v4 + 1] v10
//!   yield v11                                yield v11, v10
//! }                                        }
//! ```
//!
//! A processor that reads what it has just stored waits for the store; a recurrence over an array would take half as
//! long again. Done for vectors that a counted loop carries and changes at one position in each round, one further
//! each time. The read moves before the loop with its bounds check, which the loop would have made first thing.

use super::edit::{Renames, int};
use crate::ir::walk::walk;
use crate::ir::{Block, Builder, Def, Func, Inst, Kind, Type, Value, ValueData};
use adl_lang::defect;
use adl_lang::ops::{Op, Sel};
use adl_lang::prims::Prim;
use adl_lang::typed::BoundsOf;
use adl_lang::types::Ty;
use rustc_hash::FxHashSet;

/// Carries elements over from round to round in all counted loops.
pub fn forward(func: &mut Func) {
    block(func, func.body);
}

fn block(func: &mut Func, at: Block) {
    let insts = std::mem::take(&mut func.blocks[at].insts);
    for inst in insts {
        for inner in func.insts[inst].kind.blocks() {
            block(func, inner);
        }
        if let Kind::For { body } = func.insts[inst].kind {
            for carry in 1..func.blocks[body].params.len() {
                if let Some(found) = find(func, body, carry) {
                    carry_over(func, at, inst, body, carry, &found);
                }
            }
        }
        func.blocks[at].insts.push(inst);
    }
}

/// A read of what the round before wrote.
struct Found {
    read: Inst,
    written: Value,
    start: Place,
}

/// The counter of the loop, plus a value from outside, plus a number.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    base: Option<Value>,
    offset: i64,
}

fn find(func: &Func, body: Block, carry: usize) -> Option<Found> {
    let data = &func.blocks[body];
    let array = data.params[carry];
    if func.ty(array).data().is_none_or(|ty| ty.rank() != 1) {
        return None;
    }
    let Def::Result(update, _) = func.values[data.yields[carry - 1]].def else { return None };
    let Kind::Pure(Op::Update(sels)) = &func.insts[update].kind else { return None };
    let &[base, written, position] = func.insts[update].args.as_slice() else { return None };
    if *sels != [Sel::At] || base != array || !data.insts.contains(&update) {
        return None;
    }
    let mut inside: FxHashSet<Value> = data.params.iter().copied().collect();
    walk(func, body, &mut |_, inst| inside.extend(&func.insts[inst].results));
    let place = |value: Value| place(func, value, data.params[0], &inside, DEPTH);
    let end = place(position)?;
    let read = data.insts.iter().copied().find_map(|read| {
        let Kind::Pure(Op::Index(sels)) = &func.insts[read].kind else { return None };
        let &[base, position] = func.insts[read].args.as_slice() else { return None };
        let start = place(position)?;
        let one_before = start.base == end.base && end.offset.checked_sub(start.offset) == Some(1);
        (*sels == [Sel::At] && base == array && one_before).then_some((read, start))
    });
    read.map(|(read, start)| Found { read, written, start })
}

/// How far sums are looked into.
const DEPTH: u32 = 8;

fn place(func: &Func, value: Value, counter: Value, inside: &FxHashSet<Value>, depth: u32) -> Option<Place> {
    if value == counter {
        return Some(Place { base: None, offset: 0 });
    }
    let Def::Result(inst, _) = func.values[value].def else { return None };
    let (Kind::Pure(Op::Prim(prim)), &[a, b]) = (&func.insts[inst].kind, func.insts[inst].args.as_slice()) else {
        return None;
    };
    let depth = depth.checked_sub(1)?;
    let plus = |sum: Place, by: Value, sign: i64| match int(func, by) {
        Some(number) => sum.offset.checked_add(sign.checked_mul(number)?).map(|offset| Place { offset, ..sum }),
        None if sum.base.is_none() && sign == 1 && !inside.contains(&by) => Some(Place { base: Some(by), ..sum }),
        None => None,
    };
    match prim {
        Prim::Add => place(func, a, counter, inside, depth)
            .and_then(|sum| plus(sum, b, 1))
            .or_else(|| place(func, b, counter, inside, depth).and_then(|sum| plus(sum, a, 1))),
        Prim::Sub => place(func, a, counter, inside, depth).and_then(|sum| plus(sum, b, -1)),
        _ => None,
    }
}

fn carry_over(func: &mut Func, at: Block, inst: Inst, body: Block, carry: usize, found: &Found) {
    let (count, initial) = (func.insts[inst].args[0], func.insts[inst].args[carry]);
    let element = func.insts[found.read].results[0];
    let ty = func.ty(element).clone();
    let place = func.insts[found.read].place;
    let first = first(&mut Builder { func, block: at, place }, count, initial, found.start, &ty);
    let position = func.insts[inst].results.len() as u32;
    let result = func.values.push(ValueData { ty: ty.clone(), def: Def::Result(inst, position) });
    let carried = func.param(body, ty);
    func.insts[inst].args.push(first);
    func.insts[inst].results.push(result);
    let mut renames = Renames::new();
    renames.set(element, carried);
    func.blocks[body].yields.push(found.written);
    renames.apply_within(func, body);
}

/// The element that the first round reads; anything if there is no round.
fn first(b: &mut Builder<'_>, count: Value, array: Value, start: Place, ty: &Type) -> Value {
    let len = b.func.data(array).dims[0].clone();
    let zero = b.int(0);
    let some = b.prim(Prim::Gt, &[count, zero]);
    let (then, ()) = b.region(|b| {
        let offset = b.int(start.offset);
        let position = start.base.map_or(offset, |base| b.add(base, offset));
        b.inst(Kind::Bounds { len, what: BoundsOf::Index }, vec![position], Vec::new());
        let element = b.pure(Op::Index(vec![Sel::At]), &[array, position]);
        b.set_yields(vec![element]);
    });
    let Type::Data(Ty { dtype, .. }) = *ty else { defect!("an element that is a tape") };
    let (otherwise, ()) = b.region(|b| {
        let nothing = b.full(&Ty::scalar(dtype), 0.0);
        b.set_yields(vec![nothing]);
    });
    b.results(Kind::If { then, otherwise }, vec![some], vec![ty.clone()])[0]
}
