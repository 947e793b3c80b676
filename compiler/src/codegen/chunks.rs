//! What the lanes of a `map` add to accumulators of one float: those of a chunk of lanes are added in order,
//! the first to what was there before, and the chunks are joined pairwise.

use super::abi::of_float;
use super::function::{Reg, Translator};
use super::scalar::machine;
use super::sums::{PAIRWISE, level_bytes};
use crate::ir::Value;
use adl_lang::ops::Const;
use adl_lang::types::{DType, Dim};
use cranelift_codegen::ir::InstBuilder;

/// Lanes of a chunk.
const CHUNK: i64 = 32;

impl Translator<'_, '_> {
    /// The accumulators that are summed so, by their place among the registers that are carried; none if there are few
    /// lanes.
    pub(super) fn chunked_sums(&self, extents: &[Dim], accs: &[Value]) -> Vec<(usize, DType)> {
        let lanes = extents.iter().try_fold(1i64, |n, d| d.as_const().map(|d| n.saturating_mul(d.max(0))));
        if lanes.is_some_and(|n| n <= CHUNK) {
            return Vec::new();
        }
        let scalars = accs.iter().map(|&acc| self.data(acc)).filter(|ty| ty.is_scalar());
        scalars.enumerate().filter(|(_, ty)| ty.dtype.is_float()).map(|(k, ty)| (k, ty.dtype)).collect()
    }

    /// Runs `f` with room for the tree of each sum.
    pub(super) fn in_chunks(
        &mut self,
        sums: &[(usize, DType)],
        f: &mut dyn FnMut(&mut Self, &[Reg]) -> Vec<Reg>,
    ) -> Vec<Reg> {
        let rooms: Vec<(usize, Reg)> = sums.iter().map(|_| self.take_room(level_bytes())).collect();
        let addresses: Vec<Reg> = rooms.iter().map(|&(_, address)| address).collect();
        let result = f(self, &addresses);
        rooms.iter().for_each(|&(k, _)| self.rooms[k].taken = false);
        result
    }

    /// After `number` lanes: if a chunk is complete, its sums go into their trees and the next ones begin.
    pub(super) fn end_lane(&mut self, sums: &[(usize, DType)], rooms: &[Reg], number: Reg, state: &mut [Reg]) {
        let (complete, on) = (self.b.create_block(), self.b.create_block());
        let (mut stay, mut begin) = (Vec::new(), Vec::new());
        for &(k, dtype) in sums {
            stay.push(state[k].into());
            begin.push(self.constant(Const::of(dtype, 0.0)).into());
        }
        let inside = self.b.ins().band_imm_s(number, CHUNK - 1);
        self.b.ins().brif(inside, on, &stay, complete, &[]);
        self.start(complete);
        let before = self.b.ins().iadd_imm_s(number, -1);
        self.join_chunks(sums, rooms, before, false, state);
        self.b.ins().jump(on, &begin);
        for &(k, dtype) in sums {
            state[k] = self.b.append_block_param(on, machine(dtype));
        }
        self.start(on);
    }

    /// After all lanes: the last chunk, which may be empty, and what all have given.
    pub(super) fn end_lanes(&mut self, sums: &[(usize, DType)], rooms: &[Reg], number: Reg, state: &mut [Reg]) {
        self.join_chunks(sums, rooms, number, true, state);
    }

    fn join_chunks(&mut self, sums: &[(usize, DType)], rooms: &[Reg], lane: Reg, last: bool, state: &mut [Reg]) {
        let chunk = self.b.ins().ushr_imm_u(lane, i64::from(CHUNK.trailing_zeros()));
        let last = self.int(i64::from(last));
        for (&(k, dtype), &levels) in sums.iter().zip(rooms) {
            state[k] = self.ask(of_float(dtype, PAIRWISE), &[levels, chunk, state[k], last]);
        }
    }
}
