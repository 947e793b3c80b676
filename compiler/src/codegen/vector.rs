//! Several elements at once.

use super::element::At;
use super::function::{Reg, Translator};
use crate::ir::{Inst, Value};
use adl_lang::ops::Reduction;
use adl_lang::types::Dim;
use smallvec::SmallVec;

impl Translator<'_, '_> {
    pub(super) fn vector_store(&mut self, _inst: Inst, _to: Reg) -> bool {
        let _: Option<At> = None;
        false
    }
    pub(super) fn vector_reduce(&mut self, _inst: Inst, _kind: Reduction, _operand: Value) -> Option<Reg> {
        None
    }
    pub(super) fn vector_accumulate(&mut self, _i: Inst, _k: Reduction, _o: Value, _kept: &[usize], _to: Reg) -> bool {
        false
    }
    pub(super) fn vector_row(
        &mut self,
        _inst: Inst,
        _kind: Reduction,
        _operand: Value,
        _inner: &[Dim],
        _whole: &dyn Fn(&[Reg]) -> SmallVec<[Reg; 4]>,
    ) -> Option<Reg> {
        None
    }
}
