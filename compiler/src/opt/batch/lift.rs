//! The form of each operation for all lanes at once.

use super::{Lanes, State};
use crate::ir::Value;
use crate::opt::effects::may_fail;
use adl_lang::ops::{Factor, Op, Sel};
use adl_lang::prims::Prim;

impl Lanes<'_> {
    /// What the operation gives outside; nothing if it has to stay in the lanes. No operand is known inside alone.
    pub(super) fn lift(&mut self, op: &Op, args: &[Value]) -> Option<State> {
        let fails = may_fail(self.func, op, args);
        if let Some(operands) = self.uniform(args) {
            // Perhaps there is no lane, and it would not have run.
            return (self.in_loop || !fails).then(|| State::Uniform(self.pure(op.clone(), &operands)));
        }
        let e = self.extents.len();
        let shifted = |axes: &[usize]| axes.iter().map(|a| a + e).collect::<Vec<_>>();
        let lifted = match op {
            Op::Prim(_) | Op::Convert(_) | Op::ArgSort => op.clone(),
            Op::Broadcast { dims, axes } => {
                Op::Broadcast { dims: self.all_of(dims), axes: (0..e).chain(shifted(axes)).collect() }
            }
            Op::Reduce(kind, axes) => Op::Reduce(*kind, shifted(axes)),
            Op::ArgReduce { max, axis } => Op::ArgReduce { max: *max, axis: axis + e },
            Op::Transpose(perm) => Op::Transpose((0..e).chain(shifted(perm)).collect()),
            Op::Reshape(dims) => Op::Reshape(self.all_of(dims)),
            Op::Concat(axis) => Op::Concat(axis + e),
            &Op::MatMul { ta, tb } => return Some(self.lift_product((ta, tb), (args[0], args[1]))),
            Op::Factor(factor @ (Factor::LuSolve { .. } | Factor::Triangular { .. })) => {
                let State::Uniform(one) = self.state(args[0]) else { return None };
                return Some(self.lift_solution(*factor, one, args[1]));
            }
            Op::Index(sels) => return self.lift_index(sels, args),
            Op::Update(sels) => return self.lift_update(sels, args, false),
            Op::Acc(sels) => return self.lift_update(sels, args, true),
            Op::Const(_)
            | Op::Table(_)
            | Op::Size(_)
            | Op::Iota(_)
            | Op::Factor(_)
            | Op::Random(..)
            | Op::Host { .. } => return None,
        };
        let operands: Vec<Value> = args.iter().map(|&a| self.lifted(a)).collect();
        Some(State::Lifted(self.pure(lifted, &operands)))
    }

    /// Values that are the same in all lanes, if all of them are.
    pub(super) fn uniform(&self, positions: &[Value]) -> Option<Vec<Value>> {
        let one = |&p: &Value| if let State::Uniform(one) = self.state(p) { Some(one) } else { None };
        positions.iter().map(one).collect()
    }

    /// A part of an array.
    fn lift_index(&mut self, sels: &[Sel], args: &[Value]) -> Option<State> {
        let e = self.extents.len();
        let (base, positions) = (args[0], &args[1..]);
        let State::Uniform(base) = self.state(base) else {
            let positions = self.uniform(positions)?;
            let base = self.lifted(base);
            let sels = [vec![Sel::All; e], sels.to_vec()].concat();
            return Some(State::Lifted(self.pure(Op::Index(sels), &[vec![base], positions].concat())));
        };
        // Of one array for all lanes: positions along extents become axes that are read in order, others are picked.
        let (mut kept, mut operands, mut next) = (Vec::new(), vec![base], positions.iter());
        // Which axis of the result each extent is.
        let mut axis_of = vec![None; e];
        let (mut picked, mut axes) = (None, 0);
        for (axis, sel) in sels.iter().enumerate() {
            let position = if sel.has_operand() { next.next().copied() } else { None };
            let state = position.map(|p| self.state(p));
            match (sel, state) {
                (Sel::At, Some(State::Position(k))) if axis_of[k].is_none() => {
                    axis_of[k] = Some(axes);
                    axes += 1;
                    if self.func.data(base).dims[axis] == self.extents[k] {
                        kept.push(Sel::All);
                    } else {
                        let start = self.pure(Op::Const(adl_lang::ops::Const::I64(0)), &[]);
                        kept.push(Sel::Span { len: self.extents[k].clone(), step: 1 });
                        operands.push(start);
                    }
                }
                (Sel::At | Sel::Pick, Some(State::Position(_) | State::Lifted(_))) if picked.is_none() => {
                    let position = self.lifted(position?);
                    picked = Some(axes);
                    axes += self.func.data(position).rank();
                    kept.push(Sel::Pick);
                    operands.push(position);
                }
                (_, None) => {
                    axes += 1;
                    kept.push(Sel::All);
                }
                (_, Some(State::Uniform(one))) => {
                    axes += match sel {
                        Sel::At => 0,
                        Sel::All | Sel::Span { .. } => 1,
                        Sel::Pick => self.func.data(one).rank(),
                    };
                    kept.push(sel.clone());
                    operands.push(one);
                }
                (_, Some(_)) => return None,
            }
        }
        if picked.is_some() && axis_of.iter().any(Option::is_some) {
            return None;
        }
        if let Some(at) = picked {
            axis_of = (at..at + e).map(Some).collect();
        }
        let part = self.pure(Op::Index(kept), &operands);
        // The extents come to the front, and those that the part does not depend on are added.
        let known: Vec<usize> = axis_of.iter().flatten().copied().collect();
        let perm: Vec<usize> = known.iter().copied().chain((0..axes).filter(|a| !known.contains(a))).collect();
        let part = if perm.is_sorted() { part } else { self.pure(Op::Transpose(perm), &[part]) };
        if known.len() == e {
            return Some(State::Lifted(part));
        }
        let rest = self.func.data(part).dims[known.len()..].to_vec();
        let dims = self.all_of(&rest);
        let places = (0..e).filter(|&k| axis_of[k].is_some()).chain(e..dims.len()).collect();
        Some(State::Lifted(self.pure(Op::Broadcast { dims, axes: places }, &[part])))
    }

    /// An array with a part replaced, or added to. Where the part differs from lane to lane, each element is chosen;
    /// not in a loop, whose rounds touch only the part.
    fn lift_update(&mut self, sels: &[Sel], args: &[Value], add: bool) -> Option<State> {
        let e = self.extents.len();
        let positions = &args[2..];
        if let Some(positions) = self.uniform(positions) {
            let (base, part) = (self.lifted(args[0]), self.lifted(args[1]));
            let sels = [vec![Sel::All; e], sels.to_vec()].concat();
            let op = if add { Op::Acc(sels) } else { Op::Update(sels) };
            return Some(State::Lifted(self.pure(op, &[vec![base, part], positions].concat())));
        }
        if self.in_loop || !sels.iter().all(|s| matches!(s, Sel::At | Sel::All)) {
            return None;
        }
        let (base, part) = (self.lifted(args[0]), self.lifted(args[1]));
        let dims = self.func.data(base).dims.clone();
        let (mut here, mut next, mut axes) = (None, positions.iter(), (0..e).collect::<Vec<_>>());
        for (axis, sel) in sels.iter().enumerate() {
            let Sel::At = sel else {
                axes.push(e + axis);
                continue;
            };
            let position = self.lifted(*next.next()?);
            let position = self.pure(Op::Broadcast { dims: dims.clone(), axes: (0..e).collect() }, &[position]);
            let own = self.pure(Op::Iota(dims[e + axis].clone()), &[]);
            let own = self.pure(Op::Broadcast { dims: dims.clone(), axes: vec![e + axis] }, &[own]);
            let hit = self.pure(Op::Prim(Prim::Eq), &[own, position]);
            here = Some(match here {
                Some(before) => self.pure(Op::Prim(Prim::And), &[before, hit]),
                None => hit,
            });
        }
        let part = self.pure(Op::Broadcast { dims, axes }, &[part]);
        let new = if add { self.pure(Op::Prim(Prim::Add), &[base, part]) } else { part };
        Some(State::Lifted(self.pure(Op::Prim(Prim::Select), &[here?, new, base])))
    }
}
