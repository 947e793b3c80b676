//! Translates one function: its frame, then its instructions in order.

use super::abi::Outside;
use super::frame::Unsure;
use super::pieces::Pieces;
use super::sites::Fault;
use super::sums::Room;
use super::unit::{Unit, calls};
use crate::ir::{Block, Def, Func, FuncId, Inst, Kind, Place, Type, Value};
use crate::plan::Plan;
use crate::plan::fuse::{Form, Forms};
use crate::plan::places::Buffers;
use adl_lang::defect;
use adl_lang::ops::Op;
use adl_lang::prims::Prim;
use adl_lang::types::{DType, Dim, Ty};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self as clif, InstBuilder, types};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_module::Module as _;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::cell::RefCell;

/// A value in the code that is made.
pub(super) type Reg = clif::Value;

/// What a value of the IR is in the code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Bound {
    /// A scalar.
    Scalar(Reg),
    /// The address of an array.
    Address(Reg),
    /// A tape and the offset of its end.
    Tape(Reg, Reg),
}

/// Elements of an array: what, how many and how they are named, and at which index.
pub(super) type Key = (Value, u8, SmallVec<[Reg; 4]>);

/// The state of the translation of one function.
pub(super) struct Translator<'u, 'm> {
    pub(super) unit: &'u mut Unit<'m>,
    pub(super) id: FuncId,
    pub(super) func: &'u Func,
    pub(super) forms: &'u Forms,
    pub(super) buffers: &'u Buffers,
    pub(super) pairs: &'u [Option<usize>],
    pub(super) b: FunctionBuilder<'u>,
    pub(super) ctx: Reg,
    pub(super) size_params: Vec<Reg>,
    pub(super) dims: FxHashMap<Dim, Reg>,
    pub(super) bound: FxHashMap<Value, Bound>,
    /// The address of the memory of each class, where it stands now.
    pub(super) memory: Vec<Option<Reg>>,
    pub(super) results: Vec<Reg>,
    pub(super) failure: Option<clif::Block>,
    pub(super) status: Option<clif::Block>,
    /// The way out of what stops here.
    pub(super) stop: Option<clif::Block>,
    /// Where the instruction that is translated comes from.
    pub(super) place: Place,
    /// The tapes for which a loop has made room, by the instruction that pushes: the address of their rows.
    pub(super) roomy: FxHashMap<Inst, Reg>,
    pub(super) sites: FxHashMap<String, i64>,
    /// Which values can be computed several elements at once: see [`Translator::fits`].
    pub(super) fitting: RefCell<FxHashMap<(Value, DType, bool, bool), bool>>,
    /// Which values can be computed in order: see [`Translator::flat`].
    pub(super) in_order: RefCell<FxHashMap<Value, bool>>,
    /// Sizes that may be wrong, and those of them, by place, that are known to be right where we stand.
    pub(super) unsure: Vec<(Dim, Unsure)>,
    pub(super) sure: Vec<usize>,
    /// Shapes that are known not to be too large where we stand.
    pub(super) counted: Vec<Vec<Dim>>,
    /// Room on the stack for sums.
    pub(super) rooms: Vec<Room>,
    /// Functions that were applied to pieces of rows.
    pub(super) pieces: Pieces,
    /// Elements that are known where we stand; inner scopes last.
    pub(super) elements: Vec<FxHashMap<Key, Reg>>,
    /// How deep in loops a counter is.
    pub(super) counters: FxHashMap<Reg, u32>,
    pub(super) loops: u32,
    /// Where the arena stood before.
    pub(super) frame: Option<(Reg, Reg)>,
    refs: FxHashMap<cranelift_module::FuncId, clif::FuncRef>,
}

/// Translates one function.
pub(super) fn function(
    unit: &mut Unit<'_>,
    id: FuncId,
    pairs: &[Option<usize>],
    into: &mut clif::Function,
    builder: &mut FunctionBuilderContext,
) {
    let module = unit.module;
    let func = &module.funcs[id];
    let plan = Plan::of(module, id, pairs, &mut unit.pairs);
    unit.stats.stored += plan.stored;
    unit.stats.buffers += plan.buffers.slots.len();
    let mut b = FunctionBuilder::new(into, builder);
    let block = b.create_block();
    b.append_block_params_for_function_params(block);
    b.switch_to_block(block);
    let params = b.block_params(block).to_vec();
    let translator = Translator {
        unit,
        id,
        func,
        forms: &plan.forms,
        buffers: &plan.buffers,
        pairs,
        b,
        ctx: params[0],
        size_params: params[1..=func.sizes.len()].to_vec(),
        dims: FxHashMap::default(),
        bound: FxHashMap::default(),
        memory: vec![None; plan.buffers.places.len()],
        results: params[params.len() - func.results().len()..].to_vec(),
        failure: None,
        status: None,
        stop: None,
        place: func.span.into(),
        roomy: FxHashMap::default(),
        sites: FxHashMap::default(),
        fitting: RefCell::default(),
        in_order: RefCell::default(),
        unsure: Vec::new(),
        sure: Vec::new(),
        counted: Vec::new(),
        rooms: Vec::new(),
        pieces: Pieces::default(),
        elements: vec![FxHashMap::default()],
        counters: FxHashMap::default(),
        loops: 0,
        frame: None,
        refs: FxHashMap::default(),
    };
    translator.finish(&params[1 + func.sizes.len()..]);
}

impl Translator<'_, '_> {
    fn finish(mut self, params: &[Reg]) {
        let func = self.func;
        if calls(func) {
            self.check_stack();
            self.check_interrupt();
        }
        self.sizes();
        self.frame();
        let mut params = params.iter().copied();
        for (j, &param) in func.params().iter().enumerate() {
            if let Some(result) = self.pairs.iter().position(|&p| p == Some(j)) {
                self.bound.insert(param, Bound::Address(self.results[result]));
                continue;
            }
            let mut next =
                || params.next().unwrap_or_else(|| defect!("{} has fewer registers than parameters", func.name));
            let bound = match func.ty(param) {
                Type::Data(ty) if ty.is_scalar() => Bound::Scalar(next()),
                Type::Data(_) => Bound::Address(next()),
                Type::Tape => Bound::Tape(next(), next()),
            };
            self.bound.insert(param, bound);
        }
        self.block(func.body);
        self.finish_results();
        self.release();
        let done = self.b.ins().iconst(types::I32, 0);
        self.b.ins().return_(&[done]);
        self.exits();
        self.b.seal_all_blocks();
        let config = self.unit.jit.isa().frontend_config();
        self.b.finalize(config);
    }

    /// Whether it is known that whole-number arithmetic does not overflow here.
    pub(super) fn proved(&self, inst: Inst) -> bool {
        self.unit.facts.cannot_overflow.get(&self.id).is_some_and(|side| side[inst])
    }

    /// What a value is in the code.
    pub(super) fn get(&mut self, value: Value) -> Bound {
        match self.bound.get(&value) {
            Some(&bound) => bound,
            None => {
                let reg = self.defect(format!("{value} is not there"));
                Bound::Scalar(reg)
            }
        }
    }

    /// The register of a scalar.
    pub(super) fn scalar(&mut self, value: Value) -> Reg {
        match self.get(value) {
            Bound::Scalar(reg) => reg,
            Bound::Address(_) | Bound::Tape(..) => self.defect(format!("{value} is no scalar")),
        }
    }

    /// The address of an array in memory.
    pub(super) fn address(&mut self, value: Value) -> Reg {
        match self.get(value) {
            Bound::Address(reg) => reg,
            Bound::Scalar(_) | Bound::Tape(..) => self.defect(format!("{value} is not in memory")),
        }
    }

    /// The number in a register, if it is a constant.
    pub(super) fn known(&self, reg: Reg) -> Option<i64> {
        let inst = self.b.func.dfg.value_def(reg).inst()?;
        match self.b.func.dfg.insts[inst] {
            clif::InstructionData::UnaryImm { opcode: clif::Opcode::Iconst, imm } => Some(imm.bits()),
            _computed => None,
        }
    }

    fn reference(&mut self, id: cranelift_module::FuncId) -> clif::FuncRef {
        match self.refs.get(&id) {
            Some(&r) => r,
            None => {
                let r = self.unit.jit.declare_func_in_func(id, self.b.func);
                self.refs.insert(id, r);
                r
            }
        }
    }

    /// A function of the unit.
    pub(super) fn callee(&mut self, func: FuncId) -> clif::FuncRef {
        let id = self.unit.declared[&func];
        self.reference(id)
    }

    /// The library function behind a primitive.
    pub(super) fn import_prim(&mut self, prim: Prim) -> Option<clif::FuncRef> {
        let id = self.unit.import(Outside::Prim(prim));
        match id {
            Some(id) => Some(self.reference(id)),
            None => {
                self.defect(format!("no function for {}", prim.name()));
                None
            }
        }
    }

    /// Calls a function from outside; gives its result if it has one.
    fn call_outside(&mut self, outside: Outside, args: &[Reg]) -> Option<Reg> {
        let Some(id) = self.unit.import(outside) else {
            self.defect(format!("there is no function {outside:?}"));
            return None;
        };
        let callee = self.reference(id);
        let params = &self.b.func.dfg.signatures[self.b.func.dfg.ext_funcs[callee].signature].params;
        let given = args.iter().map(|&arg| self.b.func.dfg.value_type(arg));
        if !params.iter().map(|param| param.value_type).eq(given) {
            self.defect(format!("{outside:?} is called with other types than it takes"));
            return None;
        }
        let call = self.b.ins().call(callee, args);
        self.b.inst_results(call).first().copied()
    }

    /// Calls a function from outside for what it does.
    pub(super) fn call_support(&mut self, outside: impl Into<Outside>, args: &[Reg]) {
        self.call_outside(outside.into(), args);
    }

    /// Calls a function from outside for what it gives.
    pub(super) fn ask(&mut self, outside: impl Into<Outside>, args: &[Reg]) -> Reg {
        let outside = outside.into();
        match self.call_outside(outside, args) {
            Some(given) => given,
            None => self.defect(format!("{outside:?} gives nothing")),
        }
    }

    /// Translates the instructions of a block.
    pub(super) fn block(&mut self, block: Block) {
        for &inst in &self.func.blocks[block].insts {
            self.inst(inst);
        }
    }

    /// Translates an instruction.
    pub(super) fn inst(&mut self, inst: Inst) {
        let data = &self.func.insts[inst];
        self.blame(inst);
        let around = std::mem::replace(&mut self.place, data.place);
        self.check_sizes(inst);
        match &data.kind {
            Kind::Pure(op) => self.pure(inst, op),
            Kind::If { then, otherwise } => self.branch(inst, *then, *otherwise),
            Kind::For { body } => self.counted_loop(inst, *body),
            Kind::While { test, body } => self.open_loop(inst, *test, *body),
            Kind::Map { extents, body, accs } => {
                if !self.forms.inline_map(self.func, inst) {
                    self.map(inst, extents, *body, *accs);
                }
            }
            Kind::Call { func, sizes } => self.call(inst, *func, sizes),
            Kind::Bounds { len, what } => self.bounds(inst, len, *what),
            Kind::NonNegative(dim) => {
                let size = self.dim(dim);
                let negative = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, size, 0);
                self.fail_if(negative, Fault::NegativeSize, inst, &[size]);
            }
            Kind::SameSize(left, right) => {
                let (left, right) = (self.dim(left), self.dim(right));
                let differ = self.b.ins().icmp(IntCC::NotEqual, left, right);
                self.fail_if(differ, Fault::SizesDiffer, inst, &[left, right]);
            }
            Kind::Assert(claim) => self.assert(inst, claim),
            Kind::Print(parts) => self.print(inst, parts),
            Kind::TapeNew => self.tape_new(inst),
            Kind::Push => self.push(inst),
            Kind::Pop => self.pop(inst),
            Kind::TapeEnd => self.tape_end(inst),
            Kind::Jvp { .. } | Kind::Vjp { .. } => {
                self.defect("a request for a derivative".to_string());
            }
        }
        self.place = around;
    }

    fn pure(&mut self, inst: Inst, op: &Op) {
        let data = &self.func.insts[inst];
        let result = data.results[0];
        match self.forms.form(result) {
            Form::Inline => {}
            Form::Register => {
                let value = self.scalar_op(inst, op);
                self.bound.insert(result, Bound::Scalar(value));
            }
            Form::View => {
                let address = self.view(op, &data.args);
                self.bound.insert(result, Bound::Address(address));
            }
            Form::Stored => {
                let address = self.own_memory(result);
                self.store_op(inst, op, address);
                self.bound.insert(result, Bound::Address(address));
            }
        }
    }

    /// The memory that an array is to be written into.
    pub(super) fn own_memory(&mut self, value: Value) -> Reg {
        let memory = self.buffers.class[value].and_then(|class| self.memory[class]);
        match memory {
            Some(address) => address,
            None => self.defect(format!("{value} has no memory")),
        }
    }

    /// Where a value comes from, if it is the only result of an instruction.
    pub(super) fn definition(&self, value: Value) -> Option<Inst> {
        match self.func.values[value].def {
            Def::Result(inst, 0) => Some(inst),
            Def::Result(..) | Def::Param(..) => None,
        }
    }

    /// The type of a value that is no tape.
    pub(super) fn data(&self, value: Value) -> &Ty {
        self.func.data(value)
    }
}
