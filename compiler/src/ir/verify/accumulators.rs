//! Rule 13: accumulators of a `map` are never read.
//!
//! An accumulator is traced through the body: what is made from it by `acc`, and what loops, branches and calls
//! hand on, *holds* it. Which results of a function hold a parameter is found for all functions together,
//! beginning with every result that could, and taking away until nothing changes; so recursion is no obstacle.

use super::{Broken, broken};
use crate::ir::entity::Side;
use crate::ir::func::{Block, Func, FuncId, Inst, Kind, Module, Value};
use crate::ir::print::Names;
use adl_lang::ops::Op;
use rustc_hash::{FxHashMap, FxHashSet};

/// A parameter of a function.
type Param = (FuncId, usize);

pub(super) fn check(module: &Module) -> Result<(), Broken> {
    let mut flows = Flows { module, held: FxHashMap::default() };
    let roots: Vec<(FuncId, Inst)> = (module.funcs.iter())
        .flat_map(|(id, func)| maps(func, func.body).into_iter().map(move |inst| (id, inst)))
        .collect();
    // Find the parameters that may receive an accumulator, and what holds them.
    let mut changed = true;
    while changed {
        for &(id, inst) in &roots {
            flows.map(id, inst);
        }
        changed = false;
        let known = flows.held.clone();
        for (&param, before) in &known {
            let now = flows.param(param).results;
            changed |= now != *before;
            flows.held.insert(param, now);
        }
        // A callee met for the first time has not been looked at yet.
        changed |= flows.held.len() > known.len();
    }
    // Now that this is known, everything that accumulators reach must be in order.
    let (mut todo, mut seen) = (Vec::new(), FxHashSet::default());
    for (id, inst) in roots {
        todo.extend(flows.map(id, inst).done(module, id)?);
    }
    while let Some(param) = todo.pop() {
        if seen.insert(param) {
            todo.extend(flows.param(param).done(module, param.0)?);
        }
    }
    Ok(())
}

/// All maps with accumulators.
fn maps(func: &Func, block: Block) -> Vec<Inst> {
    let mut out = Vec::new();
    for &inst in &func.blocks[block].insts {
        let kind = &func.insts[inst].kind;
        if matches!(kind, Kind::Map { accs, .. } if *accs > 0) {
            out.push(inst);
        }
        out.extend(kind.blocks().flat_map(|b| maps(func, b)));
    }
    out
}

struct Flows<'m> {
    module: &'m Module,
    /// Which results may hold a parameter.
    held: FxHashMap<Param, Vec<bool>>,
}

/// What became of an accumulator.
struct Trace<'m> {
    func: &'m Func,
    held: Side<Value, bool>,
    /// Parameters of callees that it went into.
    callees: Vec<Param>,
    /// Which results of the function hold it.
    results: Vec<bool>,
    problem: Option<String>,
}

impl Trace<'_> {
    fn done(self, module: &Module, id: FuncId) -> Result<Vec<Param>, Broken> {
        match self.problem {
            Some(problem) => broken(13, &module.funcs[id], problem),
            None => Ok(self.callees),
        }
    }

    fn problem(&mut self, value: Value, what: &str) {
        if self.problem.is_none() {
            self.problem = Some(format!("the accumulator {} {what}", Names::new(self.func).value(value)));
        }
    }
}

impl<'m> Flows<'m> {
    fn trace(&self, func: &'m Func) -> Trace<'m> {
        Trace { func, held: Side::new(false), callees: Vec::new(), results: Vec::new(), problem: None }
    }

    /// Traces a parameter through its function.
    fn param(&mut self, (id, position): Param) -> Trace<'m> {
        let func = &self.module.funcs[id];
        let mut trace = self.trace(func);
        trace.held.set(func.params()[position], true);
        self.block(&mut trace, func.body);
        trace.results = func.results().iter().map(|&v| trace.held[v]).collect();
        trace
    }

    /// Traces each accumulator of a map.
    fn map(&mut self, id: FuncId, inst: Inst) -> Trace<'m> {
        let func = &self.module.funcs[id];
        let mut all = self.trace(func);
        for k in 0..func.insts[inst].args.len() {
            let mut trace = self.trace(func);
            self.carried(&mut trace, inst, &[k]);
            all.callees.extend(trace.callees);
            all.problem = all.problem.or(trace.problem);
        }
        all
    }

    fn block(&mut self, trace: &mut Trace<'m>, block: Block) {
        for &inst in &trace.func.blocks[block].insts {
            self.inst(trace, inst);
        }
    }

    fn inst(&mut self, trace: &mut Trace<'m>, inst: Inst) {
        let func = trace.func;
        let data = &func.insts[inst];
        let holding: Vec<usize> = (0..data.args.len()).filter(|&k| trace.held[data.args[k]]).collect();
        let read = |trace: &mut Trace<'m>, k: usize| trace.problem(data.args[k], "is read");
        match &data.kind {
            Kind::Pure(Op::Acc(_)) => {
                holding.iter().filter(|&&k| k > 0).for_each(|&k| read(trace, k));
                trace.held.set(data.results[0], holding.contains(&0));
            }
            Kind::If { then, otherwise } => {
                self.block(trace, *then);
                self.block(trace, *otherwise);
                let (a, b) = (&func.blocks[*then].yields, &func.blocks[*otherwise].yields);
                for (k, &result) in data.results.iter().enumerate() {
                    if trace.held[a[k]] != trace.held[b[k]] {
                        trace.problem(result, "is handed on by one branch only");
                    }
                    trace.held.set(result, trace.held[a[k]] && trace.held[b[k]]);
                }
            }
            Kind::For { .. } | Kind::While { .. } | Kind::Map { .. } => self.carried(trace, inst, &holding),
            Kind::Call { func: callee, .. } => {
                for k in holding {
                    for (&result, held) in data.results.iter().zip(self.callee((*callee, k))) {
                        trace.held.set(result, held || trace.held[result]);
                    }
                    trace.callees.push((*callee, k));
                }
            }
            Kind::Pure(_)
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
            | Kind::TapeEnd => holding.into_iter().for_each(|k| read(trace, k)),
        }
    }

    /// The operands of a loop or map at these positions are carried: through parameters to yields and results.
    fn carried(&mut self, trace: &mut Trace<'m>, inst: Inst, holding: &[usize]) {
        let func = trace.func;
        let data = &func.insts[inst];
        // How far the carries stand from the operands, among the parameters and among the yields and results.
        let (params, slots) = match &data.kind {
            Kind::For { .. } => (0, -1),
            Kind::Map { extents, accs, .. } => (extents.len(), (data.results.len() - accs) as isize),
            Kind::While { .. }
            | Kind::Pure(_)
            | Kind::If { .. }
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
            | Kind::TapeEnd => (0, 0),
        };
        let blocks: Vec<Block> = data.kind.blocks().collect();
        for &block in &blocks {
            for &k in holding {
                trace.held.set(func.blocks[block].params[params + k], true);
            }
            self.block(trace, block);
        }
        let yields = blocks.last().map_or(&[] as &[Value], |&body| &func.blocks[body].yields);
        for (slot, &value) in yields.iter().enumerate() {
            let carried = holding.iter().any(|&k| k as isize + slots == slot as isize);
            if carried && !trace.held[value] {
                trace.problem(value, "is not made from the one before");
            } else if trace.held[value] && !carried {
                trace.problem(value, "leaves its place");
            }
            trace.held.set(data.results[slot], carried);
        }
    }

    /// Which results of a callee hold its parameter, as far as is known.
    fn callee(&mut self, param: Param) -> Vec<bool> {
        let func = &self.module.funcs[param.0];
        let ty = func.data(func.params()[param.1]);
        let like = |v: &Value| func.ty(*v).data().is_some_and(|t| t.dtype == ty.dtype && t.rank() == ty.rank());
        self.held.entry(param).or_insert_with(|| func.results().iter().map(like).collect()).clone()
    }
}
