//! The reverse sweep of branches and maps.
//!
//! ```text
//! v3 = if v2 { … yield v4 } { … yield v5 }   =>   v8, v9 = if v2 { … } { … }      ; every cotangent that changes in
//!                                                                                 ; either branch
//! v3 = map [n] { (v4) … v5 = index v0 v4     =>   v8 = map [n] (v7) { (v4, v9)    ; v7: cotangent of the captured v0
//!   … yield v6 }                                    … the lane again …            ; v9: its accumulator
//!                                                   v10 = index v6̄ v4             ; cotangent of the lane
//!                                                   … v11 = acc v9 … v4; yield v11 }
//! ```
//!
//! A lane runs again, with a tape of its own if it needs one, so that lanes stay independent and nothing is kept.

use super::super::linear::Term;
use super::forward::Mode;
use super::rows::Pair;
use super::taken::Taken;
use super::{Sweep, types};
use crate::ir::{Block, Inst, Kind, Value};
use adl_lang::ops::{Op, Sel};
use adl_lang::types::Dim;

impl Sweep<'_, '_> {
    pub(super) fn reverse_if(&mut self, inst: Inst, then: Block, otherwise: Block) {
        let (source, facts) = (self.source.clone(), self.facts.clone());
        let data = &source.insts[inst];
        let cotangents: Vec<Option<(Value, Taken)>> =
            data.results.iter().map(|&r| self.ct.remove(&r).map(|c| (c, self.taken(r, c)))).collect();
        let mut changed = [facts.touched(then), facts.touched(otherwise)].concat();
        changed.sort_unstable();
        changed.dedup();
        let masked: Vec<usize> = (0..changed.len()).filter(|&k| self.followed(changed[k])).collect();
        let before: Vec<Option<Value>> = changed.iter().map(|v| self.ct.get(v).copied()).collect();
        let known = self.taken.clone();
        let forward = self.emit.func.insts[self.copies[&inst]].kind.blocks();
        let mut sides = Vec::new();
        for (side, forward) in [then, otherwise].into_iter().zip(forward) {
            let outer = self.emit.enter();
            for (&value, &cotangent) in source.blocks[side].yields.iter().zip(&cotangents) {
                if let Some((cotangent, taken)) = cotangent {
                    self.contribute_taken(value, Term::plus(cotangent), taken);
                }
            }
            self.reverse_block(side);
            let mut yields: Vec<Value> = changed.iter().map(|&v| self.peek(v)).collect();
            yields.extend(masked.iter().map(|&k| self.hand(changed[k])).collect::<Vec<_>>());
            let reverse = self.emit.leave(outer, yields);
            for (value, before) in changed.iter().zip(&before) {
                match before {
                    Some(before) => self.ct.insert(*value, *before),
                    None => self.ct.remove(value),
                };
            }
            self.taken.clone_from(&known);
            self.pairs.push(Pair { forward, reverse, counter: None });
            sides.push(reverse);
        }
        self.emit.place = data.place;
        // What both sides yield alike needs no result.
        let blocks = &mut self.emit.func.blocks;
        let alike: Vec<bool> = (0..changed.len())
            .map(|k| before[k].is_some() && blocks[sides[0]].yields[k] == blocks[sides[1]].yields[k])
            .collect();
        for &side in &sides {
            let mut alike = alike.iter().chain(masked.iter().map(|&k| &alike[k]));
            blocks[side].yields.retain(|_| alike.next() == Some(&false));
        }
        let masked: Vec<Value> = masked.into_iter().filter(|&k| !alike[k]).map(|k| changed[k]).collect();
        let changed: Vec<Value> = changed.into_iter().zip(alike).filter(|(_, alike)| !alike).map(|(v, _)| v).collect();
        let idle = |&side: &Block| self.emit.func.blocks[side].insts.is_empty();
        if changed.is_empty() && sides.iter().all(idle) {
            return;
        }
        // Without results it still takes its rows from the tape.
        let cond = self.primal[&data.args[0]];
        let mut types = types(&self.source, &changed);
        types.extend(self.hand_types(&masked));
        let kind = Kind::If { then: sides[0], otherwise: sides[1] };
        let results = self.emit.to().results(kind, vec![cond], types);
        let hands = results[changed.len()..].to_vec();
        self.ct.extend(changed.into_iter().zip(results));
        for (value, hand) in masked.into_iter().zip(hands) {
            self.receive(value, hand);
        }
    }

    pub(super) fn reverse_map(&mut self, inst: Inst, extents: &[Dim], body: Block, accs: usize) {
        assert!(accs == 0, "internal error: the accumulators of {} are differentiated", self.source.name);
        let (source, facts) = (self.source.clone(), self.facts.clone());
        let data = &source.insts[inst];
        let block = &source.blocks[body];
        let touched = facts.touched(body);
        let cotangents: Vec<Option<(Value, Taken)>> =
            data.results.iter().map(|&r| self.ct.remove(&r).map(|c| (c, self.known(r, c)))).collect();
        if touched.is_empty() {
            return;
        }
        let followed = self.followed_of(&touched);
        let (mode, outer_accs) = (self.mode, self.accs.clone());
        self.accs.extend(touched.iter().copied());
        let mut inits: Vec<Value> = touched.iter().map(|&v| self.peek(v)).collect();
        inits.extend(followed.iter().map(|&v| self.hand(v)).collect::<Vec<_>>());
        self.mode = Mode { bare: true, reversed: true };

        let outer = self.emit.enter();
        let indices: Vec<Value> = block.params.iter().map(|_| self.emit.index()).collect();
        self.define(&block.params, &indices);
        for &value in &touched {
            let cotangent = self.cotangent_param(value);
            self.ct.insert(value, cotangent);
        }
        for (&value, hand) in followed.iter().zip(self.hand_params(&followed)) {
            self.receive(value, hand);
        }
        self.contents(body);
        self.emit.place = data.place;
        for (&value, cotangent) in block.yields.iter().zip(cotangents) {
            if let Some((cotangent, taken)) = cotangent {
                let rank = self.emit.func.data(cotangent).rank();
                let sels: Vec<Sel> = (0..rank).map(|k| if k < indices.len() { Sel::At } else { Sel::All }).collect();
                let lane = self.emit.to().pure(Op::Index(sels.clone()), &[&[cotangent], &indices[..]].concat());
                let taken = self.part(taken, &sels, &indices);
                self.contribute_taken(value, Term::plus(lane), taken);
            }
        }
        self.reverse_block(body);
        let mut yields: Vec<Value> = touched.iter().map(|v| self.ct[v]).collect();
        yields.extend(followed.iter().map(|&v| self.hand(v)).collect::<Vec<_>>());
        let body = self.emit.leave(outer, yields);

        self.emit.place = data.place;
        let mut types = types(&self.source, &touched);
        types.extend(self.hand_types(&followed));
        let kind = Kind::Map { extents: extents.to_vec(), body, accs: types.len() };
        let results = self.emit.to().results(kind, inits, types);
        self.ct.extend(touched.iter().copied().zip(results.iter().copied()));
        for (value, &hand) in followed.into_iter().zip(&results[touched.len()..]) {
            self.receive(value, hand);
        }
        (self.mode, self.accs) = (mode, outer_accs);
    }
}
