//! Moves what does not change out of loops.
//!
//! ```text
//! v3 = for v0 (v1) { (v4, v5)             v6 = sin v2
//!   v6 = sin v2                           v3 = for v0 (v1) { (v4, v5)
//!   v7 = mul v5 v6              =>          v7 = mul v5 v6
//!   yield v7                                yield v7
//! }                                       }
//! ```
//!
//! An instruction leaves the bodies of `for`, `while` and `map`, up to where its operands are defined, but never
//! a branch of an `if`. What can fail stays, unless the loop certainly runs and nothing before it has an effect;
//! this goes for reading an array at a position that was checked in the loop, too.
//! Constants, sizes and broadcasts stay: they cost nothing where they are used, and a register or an array outside.

use super::edit::int;
use super::effects::{Effects, may_fail};
use crate::ir::entity::Side;
use crate::ir::{Block, Func, Inst, Kind, Value};
use adl_lang::ops::Op;

/// Moves invariant instructions out of the loops of a function.
pub fn hoist(func: &mut Func, effects: &Effects) {
    let body = func.body;
    let mut pass = Hoist { func, effects, depth: Side::new(0), frames: Vec::new() };
    for at in 0..pass.func.params().len() {
        let param = pass.func.params()[at];
        pass.depth.set(param, 1);
    }
    pass.block(body, Frame { may_leave: false, certain: false, quiet: true, uses: 0, out: Vec::new() });
}

/// A block that is being walked.
struct Frame {
    /// Whether instructions may move out of it.
    may_leave: bool,
    /// Whether it certainly runs when its owner does.
    certain: bool,
    /// Whether nothing so far had an effect.
    quiet: bool,
    /// The deepest definition from outside that is used in it.
    uses: usize,
    /// What stays, or was moved here.
    out: Vec<Inst>,
}

struct Hoist<'f> {
    func: &'f mut Func,
    effects: &'f Effects,
    /// In how many blocks the definition of a value stands.
    depth: Side<Value, usize>,
    frames: Vec<Frame>,
}

impl Hoist<'_> {
    /// Walks a block; gives the depth of the deepest value from outside that it uses.
    fn block(&mut self, block: Block, frame: Frame) -> usize {
        self.frames.push(frame);
        for inst in std::mem::take(&mut self.func.blocks[block].insts) {
            self.inst(inst);
        }
        let depth = self.frames.len();
        for at in 0..self.func.blocks[block].yields.len() {
            let value = self.func.blocks[block].yields[at];
            self.uses(self.depth[value], depth);
        }
        match self.frames.pop() {
            Some(frame) => {
                self.func.blocks[block].insts = frame.out;
                frame.uses
            }
            None => 0,
        }
    }

    /// Notes in all frames between that a value defined at depth `of` is used at `depth`.
    fn uses(&mut self, of: usize, depth: usize) {
        for frame in self.frames.iter_mut().take(depth).skip(of) {
            frame.uses = frame.uses.max(of);
        }
    }

    fn inst(&mut self, inst: Inst) {
        let here = self.frames.len();
        let mut needs = self.func.insts[inst].args.iter().map(|&a| self.depth[a]).max().unwrap_or(0);
        let owned: smallvec::SmallVec<[Block; 2]> = self.func.insts[inst].kind.blocks().collect();
        for (at, &block) in owned.iter().enumerate() {
            let (may_leave, certain) = self.runs(inst, at);
            for param in 0..self.func.blocks[block].params.len() {
                let param = self.func.blocks[block].params[param];
                self.depth.set(param, here + 1);
            }
            let frame = Frame { may_leave, certain, quiet: true, uses: 0, out: Vec::new() };
            needs = needs.max(self.block(block, frame));
        }
        let to = self.target(inst, here, needs.max(1), !owned.is_empty());
        for at in 0..self.func.insts[inst].results.len() {
            let result = self.func.insts[inst].results[at];
            self.depth.set(result, to);
        }
        self.frames[to - 1].out.push(inst);
        for at in 0..self.func.insts[inst].args.len() {
            let arg = self.func.insts[inst].args[at];
            self.uses(self.depth[arg], to);
        }
        if to == here && self.has_effect(inst, &owned) {
            self.frames[here - 1].quiet = false;
        }
    }

    /// Whether the block of a loop lets instructions leave, and whether it certainly runs.
    fn runs(&self, inst: Inst, at: usize) -> (bool, bool) {
        let data = &self.func.insts[inst];
        match &data.kind {
            Kind::For { .. } => (true, int(self.func, data.args[0]).is_some_and(|count| count > 0)),
            Kind::Map { extents, .. } => {
                (true, extents.iter().all(|e| self.func.least(e).is_some_and(|least| least > 0)))
            }
            // The test runs at least once, the body perhaps never.
            Kind::While { .. } => (true, at == 0),
            _ => (false, false),
        }
    }

    /// How far out an instruction moves.
    fn target(&self, inst: Inst, here: usize, needs: usize, region: bool) -> usize {
        let data = &self.func.insts[inst];
        let fails = match &data.kind {
            Kind::Pure(Op::Const(_) | Op::Size(_) | Op::Broadcast { .. } | Op::Iota(_)) => {
                return here;
            }
            Kind::Pure(op) => may_fail(self.func, op, &data.args),
            Kind::Bounds { .. } => true,
            _ if region && self.effects.speculable(self.func, inst) => false,
            _ => return here,
        };
        let mut to = here;
        while to > needs {
            let frame = &self.frames[to - 1];
            if !frame.may_leave || (fails && !(frame.certain && frame.quiet)) {
                break;
            }
            to -= 1;
        }
        to
    }

    fn has_effect(&self, inst: Inst, owned: &[Block]) -> bool {
        self.effects.has(self.func, inst)
            || owned.iter().any(|&b| self.func.blocks[b].insts.iter().any(|&i| !self.effects.speculable(self.func, i)))
    }
}
