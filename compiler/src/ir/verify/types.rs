//! Rules 5 to 10: types and arity.

use super::{Broken, broken};
use crate::ir::entity::Entity;
use crate::ir::func::{Block, Claim, Func, FuncId, Inst, Kind, Module, Type, Value};
use crate::ir::print::Names;
use crate::ir::typing;
use adl_lang::message::Message;
use adl_lang::types::{DType, Dim, Ty};

pub(super) fn check(module: &Module, func: &Func) -> Result<(), Broken> {
    Types { module, func }.block(func.body)
}

struct Types<'m> {
    module: &'m Module,
    func: &'m Func,
}

impl Types<'_> {
    fn block(&self, block: Block) -> Result<(), Broken> {
        for &inst in &self.func.blocks[block].insts {
            for inner in self.func.insts[inst].kind.blocks() {
                self.block(inner)?;
            }
            self.inst(inst)?;
        }
        Ok(())
    }

    fn inst(&self, inst: Inst) -> Result<(), Broken> {
        let data = &self.func.insts[inst];
        let (kind, args) = (&data.kind, data.args.as_slice());
        let rule = match kind {
            Kind::Pure(_) => 5,
            Kind::If { .. } | Kind::For { .. } | Kind::While { .. } | Kind::Map { .. } => self.region(kind, args)?,
            Kind::Call { func, sizes } => {
                let (params, results) = self.signature(7, *func, sizes)?;
                self.same(7, "operands", args, &params)?;
                self.same(7, "results", &data.results, &results)?;
                7
            }
            Kind::Jvp { .. } | Kind::Vjp { .. } => self.request(inst)?,
            Kind::Bounds { .. } | Kind::NonNegative(_) | Kind::SameSize(..) | Kind::Assert(_) | Kind::Print(_) => {
                self.line(kind, args)?
            }
            Kind::TapeNew | Kind::Push | Kind::Pop | Kind::TapeEnd => self.tape(inst)?,
        };
        match typing::results(self.func, kind, args) {
            Ok(Some(results)) => self.same(rule, "results", &data.results, &results),
            Ok(None) => Ok(()),
            Err(problem) => broken(rule, self.func, problem),
        }
    }

    fn region(&self, kind: &Kind, args: &[Value]) -> Result<u8, Broken> {
        let scalar = |dtype| Type::Data(Ty::scalar(dtype));
        let (index, truth) = (scalar(DType::I64), scalar(DType::Bool));
        let func = self.func;
        let (params, yields) = (|b: Block| &func.blocks[b].params, |b: Block| &func.blocks[b].yields);
        match kind {
            Kind::If { then, otherwise } => {
                self.same(6, "condition of `if`", args, &[truth])?;
                self.same(6, "parameters of a branch", params(*then), &[])?;
                self.same(6, "parameters of a branch", params(*otherwise), &[])?;
                self.same(6, "yields of the second branch", yields(*otherwise), &self.types(yields(*then)))?;
            }
            Kind::For { body } => {
                let mut carries = self.types(args);
                match carries.first_mut() {
                    Some(count) if *count == index => {}
                    _ => return broken(6, func, "the count of `for` is no scalar i64"),
                }
                self.same(6, "parameters of `for`", params(*body), &carries)?;
                self.same(6, "yields of `for`", yields(*body), &carries[1..])?;
            }
            Kind::While { test, body } => {
                let carries = self.types(args);
                self.same(6, "parameters of a test", params(*test), &carries)?;
                self.same(6, "yields of a test", yields(*test), &[truth])?;
                self.same(6, "parameters of `while`", params(*body), &carries)?;
                self.same(6, "yields of `while`", yields(*body), &carries)?;
            }
            Kind::Map { extents, body, accs } => {
                let taken = self.types(args);
                let summable = |ty: &Type| ty.data().is_some_and(|t| t.dtype != DType::Bool);
                if extents.is_empty() || *accs != args.len() || !taken.iter().all(summable) {
                    return broken(6, func, "extents or accumulators of `map`");
                }
                let expected: Vec<Type> = vec![index; extents.len()].into_iter().chain(taken.clone()).collect();
                self.same(6, "parameters of `map`", params(*body), &expected)?;
                let Some(lanes) = typing::lanes(func, *body, *accs) else {
                    return broken(6, func, "`map` yields fewer values than it has accumulators");
                };
                self.same(6, "accumulators that `map` yields", &yields(*body)[lanes.len()..], &taken)?;
            }
            Kind::Pure(_)
            | Kind::Call { .. }
            | Kind::Jvp { .. }
            | Kind::Vjp { .. }
            | Kind::Bounds { .. }
            | Kind::NonNegative(_)
            | Kind::SameSize(..)
            | Kind::Assert(_)
            | Kind::Print(_)
            | Kind::TapeNew
            | Kind::Push
            | Kind::Pop
            | Kind::TapeEnd => {}
        }
        Ok(6)
    }

    /// Types of the parameters and results of a callee, in the sizes of the caller.
    fn signature(&self, rule: u8, callee: FuncId, sizes: &[Dim]) -> Result<(Vec<Type>, Vec<Type>), Broken> {
        if callee.index() >= self.module.funcs.len() {
            return broken(rule, self.func, format!("function {callee} does not exist"));
        }
        let func = &self.module.funcs[callee];
        if func.sizes.len() != sizes.len() {
            return broken(rule, self.func, format!("{} sizes for {}", sizes.len(), func.name));
        }
        let here = |value: &Value| match func.ty(*value) {
            Type::Data(ty) => Type::Data(ty.substitute(&|s| sizes[s.0 as usize].clone())),
            Type::Tape => Type::Tape,
        };
        Ok((func.params().iter().map(here).collect(), func.results().iter().map(here).collect()))
    }

    fn request(&self, inst: Inst) -> Result<u8, Broken> {
        let data = &self.func.insts[inst];
        let float = |ty: &Type| ty.data().is_some_and(|t| t.dtype.is_float());
        let chosen = |types: &[Type], flags: &[bool]| -> Result<Vec<Type>, Broken> {
            if types.len() != flags.len() || types.contains(&Type::Tape) {
                return broken(8, self.func, format!("{} flags for {} values", flags.len(), types.len()));
            }
            let chosen: Vec<Type> = types.iter().zip(flags).filter(|(_, on)| **on).map(|(t, _)| t.clone()).collect();
            match chosen.iter().find(|ty| !float(ty)) {
                Some(ty) => broken(8, self.func, format!("{} has no tangent", Names::new(self.func).ty(ty))),
                None => Ok(chosen),
            }
        };
        let (args, results) = match &data.kind {
            Kind::Jvp { func, sizes, active, .. } => {
                let (params, results) = self.signature(8, *func, sizes)?;
                let tangents = chosen(&params, active)?;
                let moving = results.iter().filter(|ty| float(ty)).cloned().collect();
                ([params, tangents], [results, moving])
            }
            Kind::Vjp { func, sizes, seeds, wrt, primal } => {
                let (params, results) = self.signature(8, *func, sizes)?;
                let (cotangents, asked) = (chosen(&results, seeds)?, chosen(&params, wrt)?);
                ([params, cotangents], [if *primal { results } else { Vec::new() }, asked])
            }
            Kind::Pure(_)
            | Kind::If { .. }
            | Kind::For { .. }
            | Kind::While { .. }
            | Kind::Map { .. }
            | Kind::Call { .. }
            | Kind::Bounds { .. }
            | Kind::NonNegative(_)
            | Kind::SameSize(..)
            | Kind::Assert(_)
            | Kind::Print(_)
            | Kind::TapeNew
            | Kind::Push
            | Kind::Pop
            | Kind::TapeEnd => return Ok(8),
        };
        self.same(8, "operands of a derivative", &data.args, &args.concat())?;
        self.same(8, "results of a derivative", &data.results, &results.concat())?;
        Ok(8)
    }

    fn line(&self, kind: &Kind, args: &[Value]) -> Result<u8, Broken> {
        let types = self.types(args);
        let is = |k: usize, dtype, scalar: bool| {
            let ty = types.get(k).and_then(Type::data);
            ty.is_some_and(|t| t.dtype == dtype && (t.is_scalar() || !scalar))
        };
        let said = |message: &Message<usize>| {
            let mut within = !types.contains(&Type::Tape);
            message.each(&mut |&k| within &= k < args.len());
            within
        };
        let fits = match kind {
            Kind::Bounds { .. } => args.len() == 1 && is(0, DType::I64, false),
            Kind::Assert(Claim::NoNan(_)) => is(0, DType::Bool, true),
            Kind::Assert(Claim::Said(claim)) => {
                let both = [&claim.line, &claim.help];
                is(0, DType::Bool, true) && both.iter().all(|line| said(&Message::Line((*line).clone())))
            }
            Kind::Print(message) => said(message),
            Kind::NonNegative(_) | Kind::SameSize(..) => args.is_empty(),
            Kind::Pure(_)
            | Kind::If { .. }
            | Kind::For { .. }
            | Kind::While { .. }
            | Kind::Map { .. }
            | Kind::Call { .. }
            | Kind::Jvp { .. }
            | Kind::Vjp { .. }
            | Kind::TapeNew
            | Kind::Push
            | Kind::Pop
            | Kind::TapeEnd => true,
        };
        if fits { Ok(9) } else { broken(9, self.func, format!("operands of {kind:?}")) }
    }

    fn tape(&self, inst: Inst) -> Result<u8, Broken> {
        let data = &self.func.insts[inst];
        let (args, results) = (self.types(&data.args), self.types(&data.results));
        let row = |types: &[Type]| matches!(types, [Type::Tape, row @ ..] if !row.contains(&Type::Tape));
        let fits = match &data.kind {
            Kind::TapeNew => args.is_empty(),
            Kind::Push => row(&args),
            Kind::Pop => args == [Type::Tape] && row(&results),
            Kind::TapeEnd => args == [Type::Tape],
            Kind::Pure(_)
            | Kind::If { .. }
            | Kind::For { .. }
            | Kind::While { .. }
            | Kind::Map { .. }
            | Kind::Call { .. }
            | Kind::Jvp { .. }
            | Kind::Vjp { .. }
            | Kind::Bounds { .. }
            | Kind::NonNegative(_)
            | Kind::SameSize(..)
            | Kind::Assert(_)
            | Kind::Print(_) => true,
        };
        if fits { Ok(10) } else { broken(10, self.func, format!("operands of {:?}", data.kind)) }
    }

    fn types(&self, values: &[Value]) -> Vec<Type> {
        values.iter().map(|&v| self.func.ty(v).clone()).collect()
    }

    fn same(&self, rule: u8, what: &str, values: &[Value], expected: &[Type]) -> Result<(), Broken> {
        let found = self.types(values);
        if found == expected {
            return Ok(());
        }
        let names = Names::new(self.func);
        let show = |types: &[Type]| types.iter().map(|t| names.ty(t)).collect::<Vec<_>>().join(", ");
        let values: Vec<String> = values.iter().map(|&v| names.value(v)).collect();
        let (values, found, expected) = (values.join(", "), show(&found), show(expected));
        broken(rule, self.func, format!("{what} ({values}): ({found}) should be ({expected})"))
    }
}
