//! Leaving a function early: failed checks, interruption, deep recursion. What is rare stands in cold blocks.

use super::function::{Reg, Translator};
use super::sites::{Fault, Site, What};
use crate::ir::{Inst, Place};
use adl_runtime::abi;
use adl_runtime::symbols::Symbol;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self as clif, InstBuilder, MemFlagsData, types};
use cranelift_frontend::FunctionBuilder;

/// The kind of failure that compiled code reports; the site tells all.
pub(super) const FAILED: i64 = 1;

/// Memory of our own: aligned, never out of bounds.
pub(super) fn trusted() -> MemFlagsData {
    MemFlagsData::trusted()
}

impl Translator<'_, '_> {
    /// Notes that the compiler is wrong; compilation fails in the end.
    pub(super) fn defect(&mut self, problem: String) -> Reg {
        self.unit.defect.get_or_insert(format!("{}: {problem}", self.func.name));
        self.int(0)
    }

    /// The number of a new site.
    pub(super) fn site(&mut self, place: Place, what: What) -> i64 {
        let key = format!("{:?}", (&what, place));
        if let Some(&site) = self.sites.get(&key) {
            return site;
        }
        self.unit.sites.push(Site { place, what });
        let site = self.unit.sites.len() as i64 - 1;
        self.sites.insert(key, site);
        site
    }

    /// Starts a block and goes on in it.
    pub(super) fn start(&mut self, block: clif::Block) {
        self.b.switch_to_block(block);
    }

    /// Fails if the condition holds.
    pub(super) fn fail_if(&mut self, condition: Reg, fault: Fault, inst: Inst, values: &[Reg]) {
        let place = self.func.insts[inst].place;
        self.fail_at(condition, fault, place, values);
    }

    /// Fails if the condition holds, and blames a place.
    pub(super) fn fail_at(&mut self, condition: Reg, fault: Fault, place: Place, values: &[Reg]) {
        let site = self.site(place, What::Fault(fault));
        let (failed, on) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(failed);
        self.b.ins().brif(condition, failed, &[], on, &[]);
        self.start(failed);
        let site = self.b.ins().iconst(types::I32, site);
        let first = values.first().copied().unwrap_or_else(|| self.int(0));
        let second = values.get(1).copied().unwrap_or_else(|| self.int(0));
        let exit = self.failure_exit();
        self.b.ins().jump(exit, &[site.into(), first.into(), second.into()]);
        self.start(on);
    }

    fn failure_exit(&mut self) -> clif::Block {
        if let Some(block) = self.failure {
            return block;
        }
        let block = self.b.create_block();
        self.b.set_cold_block(block);
        self.b.append_block_param(block, types::I32);
        self.b.append_block_param(block, types::I64);
        self.b.append_block_param(block, types::I64);
        self.failure = Some(block);
        block
    }

    fn status_exit(&mut self) -> clif::Block {
        if let Some(block) = self.status {
            return block;
        }
        let block = self.b.create_block();
        self.b.set_cold_block(block);
        self.b.append_block_param(block, types::I32);
        self.status = Some(block);
        block
    }

    /// Writes the shared ends of the function; the last thing that is translated.
    pub(super) fn exits(&mut self) {
        if let Some(block) = self.failure.take() {
            self.start(block);
            let params = self.b.block_params(block).to_vec();
            let kind = self.b.ins().iconst(types::I32, FAILED);
            let zero = self.int(0);
            let status = self.ask(Symbol::adl_fail, &[self.ctx, kind, params[0], params[1], params[2], zero, zero]);
            let stop = self.stop_exit();
            self.b.ins().jump(stop, &[status.into(), params[0].into()]);
        }
        if let Some(block) = self.stop.take() {
            self.start(block);
            let params = self.b.block_params(block).to_vec();
            let frame = self.b.ins().get_frame_pointer(types::I64);
            let status = self.ask(Symbol::adl_stop, &[self.ctx, params[0], params[1], frame]);
            self.b.ins().return_(&[status]);
        }
        if let Some(block) = self.status.take() {
            self.start(block);
            let status = self.b.block_params(block)[0];
            self.b.ins().return_(&[status]);
        }
    }

    /// The way out of what stops here: it takes the status and the number of the site,
    /// and notes the calls that led here.
    fn stop_exit(&mut self) -> clif::Block {
        if let Some(block) = self.stop {
            return block;
        }
        let block = self.b.create_block();
        self.b.set_cold_block(block);
        self.b.append_block_param(block, types::I32);
        self.b.append_block_param(block, types::I32);
        self.stop = Some(block);
        block
    }

    /// Leaves with the status of a compiled function if it is not 0: all is noted already.
    pub(super) fn pass_on(&mut self, status: Reg) {
        let on = self.b.create_block();
        let exit = self.status_exit();
        self.b.ins().brif(status, exit, &[status.into()], on, &[]);
        self.start(on);
    }

    /// Leaves with the status of a function of the runtime if it is not 0.
    pub(super) fn stop_on(&mut self, status: Reg) {
        self.stop_with(status, |_| status);
    }

    /// Leaves with a fixed status if the condition holds.
    pub(super) fn leave_if(&mut self, condition: Reg, status: abi::Status) {
        self.stop_with(condition, |b| b.ins().iconst(types::I32, i64::from(status as u32)));
    }

    fn stop_with(&mut self, condition: Reg, status: impl FnOnce(&mut FunctionBuilder<'_>) -> Reg) {
        let site = self.site(self.place, What::Stop);
        let (stopped, on, exit) = (self.b.create_block(), self.b.create_block(), self.stop_exit());
        self.b.set_cold_block(stopped);
        self.b.ins().brif(condition, stopped, &[], on, &[]);
        self.start(stopped);
        let status = status(&mut self.b);
        let site = self.b.ins().iconst(types::I32, site);
        self.b.ins().jump(exit, &[status.into(), site.into()]);
        self.start(on);
    }

    /// Leaves if the host asked the code to stop, or if the fuel of metered code is used up.
    pub(super) fn check_interrupt(&mut self) {
        let fixed = trusted().with_readonly().with_can_move();
        let flag = self.b.ins().load(types::I64, fixed, self.ctx, abi::OFFSET_INTERRUPT as i32);
        let raised = self.b.ins().load(types::I8, trusted(), flag, 0);
        self.leave_if(raised, abi::Status::Interrupted);
        if self.unit.facts.metered {
            let fuel = self.b.ins().load(types::I64, trusted(), self.ctx, abi::OFFSET_FUEL as i32);
            let left = self.b.ins().iadd_imm_s(fuel, -1);
            self.b.ins().store(trusted(), left, self.ctx, abi::OFFSET_FUEL as i32);
            let none = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, left, 0);
            self.leave_if(none, abi::Status::OutOfFuel);
        }
    }

    /// Leaves if the stack is used up.
    pub(super) fn check_stack(&mut self) {
        let pointer = self.b.ins().get_stack_pointer(types::I64);
        let fixed = trusted().with_readonly();
        let limit = self.b.ins().load(types::I64, fixed, self.ctx, abi::OFFSET_STACK_LIMIT as i32);
        let beyond = self.b.ins().icmp(IntCC::UnsignedLessThan, pointer, limit);
        self.leave_if(beyond, abi::Status::StackOverflow);
    }
}
