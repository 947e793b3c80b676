//! Loops: counted ones with carried numbers, and nests over the index space of an array, row by row.

use super::element::At;
use super::function::{Reg, Translator};
use adl_lang::types::Dim;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{BlockArg, InstBuilder, types};
use smallvec::SmallVec;

/// Rounds between two looks at the interrupt in a loop that does little in a round.
const ROUNDS: i64 = 4096;

/// When a loop looks at the interrupt.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Never: it has few rounds, which do little.
    Never,
    /// Once in many rounds, which do little.
    Rarely,
    /// In every round.
    Always,
}

/// Index spaces of at most this many elements are written out.
const UNROLLED: i64 = 8;

/// One round of a loop: the counter and what is carried; gives what is carried on.
pub(super) type Round<'r> = &'r mut dyn FnMut(&mut Translator<'_, '_>, Reg, &[Reg]) -> Vec<Reg>;

/// A visit of an index: the position along each axis and what is carried; gives what is carried on.
pub(super) type Visit<'r> = &'r mut dyn FnMut(&mut Translator<'_, '_>, &[Reg], &[Reg]) -> Vec<Reg>;

/// What is done for an element.
pub(super) type Each<'r> = &'r mut dyn FnMut(&mut Translator<'_, '_>, &At);

impl Translator<'_, '_> {
    /// `for i in 0..count` with carried numbers; `body` gives the next ones. Bottom-tested.
    pub(super) fn repeat(&mut self, count: Reg, look: Look, carries: &[Reg], body: Round<'_>) -> Vec<Reg> {
        let zero = self.int(0);
        self.repeat_by(zero, count, 1, look, carries, body)
    }

    /// `for i in (from..to).step_by(step)`, the same; `to - from` is a multiple of the step, unless `look` is `Always`.
    pub(super) fn repeat_by(
        &mut self,
        from: Reg,
        to: Reg,
        step: i64,
        look: Look,
        carries: &[Reg],
        body: Round<'_>,
    ) -> Vec<Reg> {
        let known = self.known(from).zip(self.known(to));
        let few = known.is_some_and(|(from, to)| to.saturating_sub(from) <= ROUNDS * step);
        if look == Look::Rarely && !few {
            let part = ROUNDS * step;
            return self.repeat_by(from, to, part, Look::Always, carries, &mut |t, start, state| {
                let left = t.b.ins().isub(to, start);
                let most = t.int(part);
                let len = t.b.ins().smin(left, most);
                let end = t.b.ins().iadd(start, len);
                t.repeat_by(start, end, step, Look::Never, state, body)
            });
        }
        let (header, exit) = (self.b.create_block(), self.b.create_block());
        let i = self.b.append_block_param(header, types::I64);
        let mut inside = Vec::new();
        let mut after = Vec::new();
        for &carry in carries {
            let ty = self.b.func.dfg.value_type(carry);
            inside.push(self.b.append_block_param(header, ty));
            after.push(self.b.append_block_param(exit, ty));
        }
        let initial: Vec<BlockArg> = carries.iter().map(|&c| c.into()).collect();
        let enter: Vec<BlockArg> = std::iter::once(from.into()).chain(initial.iter().copied()).collect();
        match (self.known(from), self.known(to)) {
            (Some(from), Some(to)) if from < to => {
                self.b.ins().jump(header, &enter);
            }
            (_, _) => {
                let some = self.b.ins().icmp(IntCC::SignedLessThan, from, to);
                self.b.ins().brif(some, header, &enter, exit, &initial);
            }
        }
        self.start(header);
        self.loops += 1;
        self.counters.insert(i, self.loops);
        let next = self.scope(|t| body(t, i, &inside));
        self.loops -= 1;
        if look == Look::Always {
            self.check_interrupt();
        }
        let following = self.b.ins().iadd_imm_s(i, step);
        let more = self.b.ins().icmp(IntCC::SignedLessThan, following, to);
        let next: Vec<BlockArg> = next.into_iter().map(Into::into).collect();
        let again: Vec<BlockArg> = std::iter::once(following.into()).chain(next.iter().copied()).collect();
        self.b.ins().brif(more, header, &again, exit, &next);
        self.start(exit);
        after
    }

    /// Runs `body` for every index of a shape, in row-major order, with carried numbers.
    pub(super) fn nest(&mut self, dims: &[Dim], carries: &[Reg], body: Visit<'_>) -> Vec<Reg> {
        let size = dims.iter().try_fold(1i64, |p, d| d.as_const().and_then(|d| p.checked_mul(d.max(0))));
        if let Some(size) = size.filter(|size| *size <= UNROLLED) {
            let shape: Vec<i64> = dims.iter().filter_map(Dim::as_const).collect();
            let mut state = carries.to_vec();
            for k in 0..size {
                let mut rest = k;
                let mut index: SmallVec<[Reg; 4]> = SmallVec::new();
                for &d in shape.iter().rev() {
                    index.insert(0, self.int(rest % d));
                    rest /= d;
                }
                state = self.scope(|t| body(t, &index, &state));
            }
            return state;
        }
        self.nest_from(dims, &mut SmallVec::new(), carries, body)
    }

    fn nest_from(
        &mut self,
        dims: &[Dim],
        index: &mut SmallVec<[Reg; 4]>,
        carries: &[Reg],
        body: Visit<'_>,
    ) -> Vec<Reg> {
        let Some((first, rest)) = dims.split_first() else {
            return body(self, index, carries);
        };
        if first.is(1) {
            let zero = self.int(0);
            index.push(zero);
            let after = self.nest_from(rest, index, carries, body);
            index.pop();
            return after;
        }
        let count = self.dim(first);
        let look = if rest.iter().all(|d| d.is(1)) { Look::Rarely } else { Look::Always };
        self.repeat(count, look, carries, &mut |t, i, state| {
            index.push(i);
            let next = t.nest_from(rest, index, state, body);
            index.pop();
            next
        })
    }

    /// Runs `body` for every element, by its position in row-major order if `flat`.
    pub(super) fn each(&mut self, dims: &[Dim], flat: bool, body: Each<'_>) {
        let size = dims.iter().try_fold(1i64, |p, d| d.as_const().and_then(|d| p.checked_mul(d.max(0))));
        if flat && size.is_none_or(|s| s > UNROLLED) {
            let count = self.count(dims);
            self.repeat(count, Look::Rarely, &[], &mut |t, i, _| {
                body(t, &At::Flat(i));
                Vec::new()
            });
            return;
        }
        self.nest(dims, &[], &mut |t, index, _| {
            body(t, &At::axes(index));
            Vec::new()
        });
    }
}
