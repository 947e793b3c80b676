//! The reverse sweep of loops: a counted loop over the same rounds, last one first.
//!
//! ```text
//! v3 = for v1 (v0) { (v4: i64, v5: f64)        v9, v10 = for v1 (v7, v8) { (v11: i64, v12: f64, v13: f64)
//!   v6 = mul v5 v2                        =>     v14 = mul v2 v12           ; v7, v12: cotangent of the carry
//!   yield v6                                     v15 = mul v5 v12           ; v8, v13: of the captured v2
//! }                                              v16 = add v13 v15          ; v5 comes from the tape
//!                                                yield v14, v16
//!                                              }
//! ```
//!
//! The cotangent of a captured value starts from the one it has and is replaced by the last one, so that an array is
//! never added as a whole. A carry that comes back unchanged is taken out and read as a captured value. A `while` runs
//! as often as its counter says.

use super::super::linear::Term;
use super::Sweep;
use super::rows::Pair;
use super::taken::Taken;
use crate::ir::walk::replace;
use crate::ir::{Block, Def, Func, Inst, Kind, Value};
use adl_lang::defect;

/// A loop that is reversed.
struct Loop<'a> {
    inst: Inst,
    body: Block,
    /// How many rounds.
    count: Value,
    /// The carries at the start.
    inits: &'a [Value],
    /// How many parameters of the body come before the carries.
    indices: usize,
}

impl Sweep<'_, '_> {
    pub(super) fn reverse_for(&mut self, inst: Inst, body: Block) {
        let source = self.source.clone();
        let args = &source.insts[inst].args;
        let count = self.primal[&args[0]];
        self.reverse_loop(&Loop { inst, body, count, inits: &args[1..], indices: 1 });
    }

    pub(super) fn reverse_while(&mut self, inst: Inst, body: Block) {
        let source = self.source.clone();
        let count = self.trips[&inst];
        self.reverse_loop(&Loop { inst, body, count, inits: &source.insts[inst].args, indices: 0 });
    }

    fn reverse_loop(&mut self, of: &Loop<'_>) {
        let (source, facts) = (self.source.clone(), self.facts.clone());
        let results = &source.insts[of.inst].results;
        let block = &source.blocks[of.body];
        let params = &block.params[of.indices..];
        let useful = |k: &usize| facts.useful[results[*k]] || facts.useful[params[*k]];
        let carries: Vec<usize> = (0..results.len()).filter(useful).collect();
        let touched = facts.touched(of.body);

        // Beside the cotangents, where those values play a part for which it matters.
        let followed: Vec<usize> = carries.iter().copied().filter(|&k| self.followed(params[k])).collect();
        let beside = self.followed_of(&touched);
        let mut hands: Vec<Value> = followed.iter().map(|&k| self.hand(results[k])).collect();
        hands.extend(beside.iter().map(|&v| self.hand(v)).collect::<Vec<_>>());

        let mut inits: Vec<Value> = carries.iter().map(|&k| self.take(results[k])).collect();
        inits.extend(touched.iter().map(|&v| self.peek(v)).collect::<Vec<_>>());
        inits.extend(hands);

        let one = self.emit.to().int(1);
        let last = self.emit.to().sub(of.count, one);
        let outer = self.emit.enter();
        self.emit.index();
        let carried: Vec<Value> = carries.iter().map(|&k| self.cotangent_param(params[k])).collect();
        for &value in &touched {
            let cotangent = self.cotangent_param(value);
            self.ct.insert(value, cotangent);
        }
        let hands = self.hand_params(&followed.iter().map(|&k| params[k]).collect::<Vec<_>>());
        for (&value, hand) in beside.iter().zip(self.hand_params(&beside)) {
            self.receive(value, hand);
        }
        for (&k, &cotangent) in carries.iter().zip(&carried) {
            let hand = followed.iter().position(|&at| at == k).map(|at| hands[at]);
            let taken = hand.map_or(Taken::All, |hand| self.handed(params[k], hand));
            self.contribute_taken(block.yields[k], Term::plus(cotangent), taken);
        }
        self.reverse_block(of.body);
        let mut hands: Vec<Value> = followed.iter().map(|&k| self.hand(params[k])).collect();
        hands.extend(beside.iter().map(|&v| self.hand(v)).collect::<Vec<_>>());
        let mut yields: Vec<Value> = carries.iter().map(|&k| self.take(params[k])).collect();
        yields.extend(touched.iter().map(|v| self.ct[v]));
        yields.extend(hands);
        let reverse = self.emit.leave(outer, yields);

        let kind = &self.emit.func.insts[self.copies[&of.inst]].kind;
        let forward = kind.blocks().last().expect("a loop has a body");
        let counter = (of.indices == 1).then(|| (self.emit.func.blocks[forward].params[0], last));
        self.pairs.push(Pair { forward, reverse, counter });

        let after = self.run_loop(of.count, reverse, inits);
        let (cotangents, hands) = after.split_at(carries.len() + touched.len());
        for (&value, &cotangent) in touched.iter().zip(&cotangents[carries.len()..]) {
            self.ct.insert(value, cotangent);
        }
        for (&value, &hand) in beside.iter().zip(&hands[followed.len()..]) {
            self.receive(value, hand);
        }
        for (&k, &cotangent) in carries.iter().zip(cotangents) {
            let hand = followed.iter().position(|&at| at == k).map(|at| hands[at]);
            let taken = hand.map_or(Taken::All, |hand| self.handed(params[k], hand));
            self.contribute_taken(of.inits[k], Term::plus(cotangent), taken);
        }
    }

    /// Appends the loop without the carries that do not change; gives the value of each carry after it.
    fn run_loop(&mut self, count: Value, body: Block, inits: Vec<Value>) -> Vec<Value> {
        let func = &mut self.emit.func;
        let changes = drop_unchanged(func, body, &inits);
        let kept: Vec<Value> = inits.iter().zip(&changes).filter(|(_, c)| **c).map(|(&i, _)| i).collect();
        if kept.is_empty() && func.blocks[body].insts.is_empty() {
            return inits;
        }
        // Without carries it still takes its rows from the tape.
        let types = kept.iter().map(|&v| func.ty(v).clone()).collect();
        let args = std::iter::once(count).chain(kept).collect();
        let mut results = self.emit.to().results(Kind::For { body }, args, types).into_iter();
        let mut result = || results.next().unwrap_or_else(|| defect!("a loop gives less than it carries"));
        inits.iter().zip(&changes).map(|(&init, c)| if *c { result() } else { init }).collect()
    }
}

/// Takes carries out of a loop body that yields them as they came; whether each one stays.
fn drop_unchanged(func: &mut Func, body: Block, inits: &[Value]) -> Vec<bool> {
    let data = &func.blocks[body];
    let carries = data.params[1..].to_vec();
    let changes: Vec<bool> = carries.iter().zip(&data.yields).map(|(p, y)| p != y).collect();
    if !changes.contains(&false) {
        return changes;
    }
    let outer = |v: Value| carries.iter().position(|&p| p == v).filter(|&k| !changes[k]).map_or(v, |k| inits[k]);
    replace(func, body, &outer);
    let data = &mut func.blocks[body];
    let mut keep = changes.iter();
    data.yields.retain(|_| *keep.next().unwrap_or_else(|| defect!("a loop yields more than it carries")));
    let mut keep = std::iter::once(&true).chain(&changes);
    data.params.retain(|_| *keep.next().unwrap_or_else(|| defect!("a loop yields more than it carries")));
    for (k, param) in func.blocks[body].params.clone().into_iter().enumerate() {
        func.values[param].def = Def::Param(body, k as u32);
    }
    changes
}
