//! Writes the body of one function: what is said inside an expression, and what gets a name.

use super::Unwritable;
use super::expr::{Bin, Expr};
use super::names::Names;
use super::ops::typed;
use crate::ir::{Block, Def, Func, FuncId, Inst, InstData, Kind, Module, Type, Value};
use adl_lang::ops::Op;
use adl_lang::prims::Prim;
use rustc_hash::{FxHashMap, FxHashSet};

/// How much an expression may hold before it gets a name.
const LONG: usize = 16;

/// What a function is written with.
pub(super) struct Writer<'m> {
    pub module: &'m Module,
    pub func: &'m Func,
    /// The names of the size parameters.
    pub sizes: Vec<String>,
    pub names: Names,
    /// What stands for each value.
    pub values: FxHashMap<Value, Expr>,
    /// How often each value is used, and whether always in the block of its definition.
    uses: FxHashMap<Value, (u32, bool)>,
    /// The statements so far.
    pub out: Vec<String>,
    /// Values whose expression waits for the one place that uses them.
    waiting: Vec<Value>,
    /// Names that are variables of ours.
    pub variables: FxHashSet<String>,
    /// The tapes.
    pub tapes: super::tape::Tapes,
    /// How often the loops around run, where that is known when the text is compiled.
    pub rounds: Vec<Option<Expr>>,
    /// How often the loop of each index runs.
    pub bounds: FxHashMap<String, Expr>,
    /// The names of the functions that are called, and which are still to be written.
    pub helpers: &'m mut super::Helpers,
}

impl<'m> Writer<'m> {
    pub(super) fn new(
        module: &'m Module,
        func: FuncId,
        (sizes, names): (Vec<String>, Names),
        helpers: &'m mut super::Helpers,
    ) -> Writer<'m> {
        let func = &module.funcs[func];
        Writer {
            module,
            func,
            sizes,
            names,
            values: FxHashMap::default(),
            uses: uses(func),
            out: Vec::new(),
            waiting: Vec::new(),
            variables: FxHashSet::default(),
            tapes: Default::default(),
            rounds: Vec::new(),
            bounds: FxHashMap::default(),
            helpers,
        }
    }

    /// What stands for a value that is used now.
    pub(super) fn operand(&mut self, value: Value) -> Expr {
        self.waiting.retain(|&w| w != value);
        self.values.get(&value).cloned().unwrap_or(Expr::Tuple(Vec::new()))
    }

    pub(super) fn operands(&mut self, values: &[Value]) -> Vec<Expr> {
        values.iter().map(|&v| self.operand(v)).collect()
    }

    /// Gives a value its expression: in the place of its use, or by a name.
    pub(super) fn define(&mut self, value: Value, e: Expr) {
        let (count, near) = self.uses.get(&value).copied().unwrap_or((0, true));
        let simple = matches!(e, Expr::Num(_) | Expr::Int(_) | Expr::Bool(_));
        let name = matches!(&e, Expr::Name(n) if !self.variables.contains(n));
        if count == 0 || simple || name {
            self.values.insert(value, e);
        } else if count == 1 && near && e.weight() <= LONG {
            self.waiting.push(value);
            self.values.insert(value, e);
        } else {
            self.bind(value, &e);
        }
    }

    fn bind(&mut self, value: Value, e: &Expr) {
        let name = self.name_for(value);
        self.out.push(format!("let {name} = {}", e.text()));
        self.values.insert(value, Expr::Name(name));
    }

    /// A name for a value: the one that it has in the program, or a letter.
    pub(super) fn name_for(&mut self, value: Value) -> String {
        let array = self.func.ty(value).data().is_some_and(|ty| ty.rank() > 0);
        match self.func.names.get(&value) {
            Some(name) => self.names.fresh_named(name),
            None => self.names.fresh(array),
        }
    }

    /// A name for a variable: the one of the first of some values that has one, or a letter.
    pub(super) fn variable_for(&mut self, values: &[Value]) -> String {
        let array = self.func.ty(values[0]).data().is_some_and(|ty| ty.rank() > 0);
        match values.iter().find_map(|value| self.func.names.get(value)) {
            Some(name) => self.names.fresh_named(name),
            None => self.names.fresh_variable(array),
        }
    }

    /// A name for the index of a loop.
    pub(super) fn index_for(&mut self, index: Value) -> String {
        match self.func.names.get(&index) {
            Some(name) => self.names.fresh_named(name),
            None => self.names.index(),
        }
    }

    /// Ends a block: its names are free again.
    pub(super) fn end(&mut self, start: usize) {
        for name in self.names.leave(start) {
            self.variables.remove(&name);
        }
    }

    /// Gives a value that waits a name, unless it is simple.
    fn name(&mut self, value: Value) {
        if let Some(k) = self.waiting.iter().position(|&w| w == value)
            && let Some(e) = self.values.get(&value).cloned()
            && e.weight() > 2
        {
            self.waiting.remove(k);
            self.bind(value, &e);
        }
    }

    /// Before a variable changes: what still waits and mentions it is computed.
    pub(super) fn settle(&mut self, name: &str) {
        for value in std::mem::take(&mut self.waiting) {
            match self.values.get(&value).cloned() {
                Some(e) if e.mentions(name) => self.bind(value, &e),
                _ => self.waiting.push(value),
            }
        }
    }

    /// A variable that holds the value and may change from here on: its own, if nothing else needs that.
    /// Otherwise it is a new one, called after the first of `then` that has a name, or after `value`.
    pub(super) fn own(&mut self, value: Value, user: Option<(Block, Inst)>, then: &[Value]) -> String {
        if let Some(Expr::Name(name)) = self.values.get(&value).cloned()
            && self.variables.contains(&name)
            && user.is_some_and(|(block, inst)| self.is_last_use(value, block, inst))
        {
            return name;
        }
        let ty = self.func.data(value).clone();
        let e = typed(self.operand(value), ty.dtype);
        let name = self.variable_for(&[then, &[value]].concat());
        self.out.push(format!("var {name} = {}", e.text()));
        self.variables.insert(name.clone());
        name
    }

    /// Whether nothing after an instruction of the block, in which the value is defined, uses it.
    fn is_last_use(&self, value: Value, block: Block, inst: Inst) -> bool {
        let home = match self.func.values[value].def {
            Def::Param(b, _) => b == block,
            Def::Result(i, _) => self.func.blocks[block].insts.contains(&i),
        };
        let data = &self.func.blocks[block];
        let after = data.insts.iter().skip_while(|&&i| i != inst).skip(1);
        let mut inside = self.func.insts[inst].kind.blocks();
        home && !data.yields.contains(&value)
            && self.func.insts[inst].args.iter().filter(|&&a| a == value).count() == 1
            && inside.all(|b| !used_in(self.func, b, value))
            && after.copied().all(|i| !uses_value(self.func, i, value))
    }

    /// Writes what a block does.
    pub(super) fn block(&mut self, block: Block) -> Result<(), Unwritable> {
        for &inst in &self.func.blocks[block].insts {
            self.inst(block, inst)?;
        }
        Ok(())
    }

    /// Writes a block apart; its statements and what it yields.
    pub(super) fn apart(&mut self, block: Block) -> Result<(Vec<String>, Vec<Expr>), Unwritable> {
        let outer = std::mem::take(&mut self.out);
        let waiting = std::mem::take(&mut self.waiting);
        let done = self.block(block);
        let yields = self.func.blocks[block].yields.clone();
        let yields: Vec<Expr> = yields
            .iter()
            .map(|&y| if self.func.ty(y) == &Type::Tape { Expr::Tuple(Vec::new()) } else { self.operand(y) })
            .collect();
        self.waiting = waiting;
        let inner = std::mem::replace(&mut self.out, outer);
        done.map(|()| (inner, yields))
    }

    fn inst(&mut self, block: Block, inst: Inst) -> Result<(), Unwritable> {
        let data = &self.func.insts[inst];
        let (args, results) = (data.args.clone(), data.results.clone());
        match &data.kind {
            Kind::Pure(op @ (Op::Update(sels) | Op::Acc(sels))) => {
                let add = matches!(op, Op::Acc(_));
                let change = self.operand(args[1]);
                if self.func.data(args[0]).rank() == 0 && !self.is_variable(args[0]) {
                    let base = self.operand(args[0]);
                    let e = if add { base.bin(Bin::Add, change) } else { change };
                    self.define(results[0], e);
                    return Ok(());
                }
                let parts = self.selectors(sels, &args[2..])?;
                let name = self.own(args[0], Some((block, inst)), &results);
                self.settle(&name);
                let place =
                    if parts.is_empty() { Expr::name(&name) } else { Expr::Index(Box::new(Expr::name(&name)), parts) };
                self.out.push(change_of(&place, add, change));
                self.values.insert(results[0], Expr::Name(name));
            }
            Kind::Pure(op @ Op::Broadcast { .. }) => {
                // Most of the time it vanishes: it is never given a name, but what it stretches is, if need be.
                if self.uses.get(&results[0]).is_some_and(|(count, _)| *count > 1) {
                    self.name(args[0]);
                }
                let e = self.op(op, &args, results[0])?;
                self.values.insert(results[0], e);
            }
            Kind::Pure(op) => {
                let e = self.op(op, &args, results[0])?;
                self.define(results[0], e);
            }
            Kind::If { then, otherwise } => self.branch(&args, (*then, *otherwise), &results)?,
            Kind::For { body } => self.counted((block, inst), &args, *body, &results)?,
            Kind::While { test, body } => self.conditional((block, inst), &args, (*test, *body), &results)?,
            Kind::Map { extents, body, accs } => {
                self.lanes((block, inst), &args, (extents, *body, *accs), &results)?;
            }
            Kind::Call { func, sizes } => {
                if args.iter().any(|&a| self.func.ty(a) == &Type::Tape) {
                    return Err(Unwritable::new("a recursion in reverse mode"));
                }
                let (name, wanted) = self.helpers.ask(self.module, *func);
                let mut parts = self.operands(&args);
                parts.extend(wanted.iter().map(|&k| self.dim(&sizes[k])));
                self.bind_all(&results, &Expr::call(&name, parts));
            }
            Kind::TapeNew => self.tape_new(results[0]),
            Kind::Push => self.push(&args, results[0])?,
            Kind::Pop => self.pop(args[0], &results)?,
            // Indices are checked where they are used, and what is printed or asserted was by the function itself.
            Kind::TapeEnd
            | Kind::Bounds { .. }
            | Kind::NonNegative(_)
            | Kind::SameSize(..)
            | Kind::Assert(_)
            | Kind::Print(_) => {}
            Kind::Jvp { .. } | Kind::Vjp { .. } => return Err(Unwritable::new("a derivative that was not taken")),
        }
        Ok(())
    }

    fn is_variable(&self, value: Value) -> bool {
        matches!(self.values.get(&value), Some(Expr::Name(n)) if self.variables.contains(n))
    }

    /// Binds several results of one expression.
    pub(super) fn bind_all(&mut self, results: &[Value], e: &Expr) {
        if let [one] = results {
            return self.define_once(*one, e);
        }
        let names: Vec<String> = results
            .iter()
            .map(|&r| {
                let name = if self.uses.contains_key(&r) { self.name_for(r) } else { "_".into() };
                self.values.insert(r, Expr::name(&name));
                name
            })
            .collect();
        if !names.is_empty() {
            self.out.push(format!("let ({}) = {}", names.join(", "), e.text()));
        }
    }

    /// What should not be computed twice, nor moved.
    fn define_once(&mut self, value: Value, e: &Expr) {
        if self.uses.contains_key(&value) {
            self.bind(value, e);
        }
    }
}

/// `place = value`, or `place += value`.
pub(super) fn change_of(place: &Expr, add: bool, value: Expr) -> String {
    match value {
        value if !add => format!("{} = {}", place.text(), value.text()),
        Expr::Neg(value) => format!("{} -= {}", place.text(), value.text()),
        value => format!("{} += {}", place.text(), value.text()),
    }
}

/// How often each value is used, and whether in the block of its definition alone.
fn uses(func: &Func) -> FxHashMap<Value, (u32, bool)> {
    fn walk(func: &Func, block: Block, out: &mut FxHashMap<Value, (u32, bool)>) {
        let data = &func.blocks[block];
        let own: FxHashSet<Value> = data
            .insts
            .iter()
            .flat_map(|&i| func.insts[i].results.iter().copied())
            .chain(data.params.iter().copied())
            .collect();
        let mut seen = |v: Value| {
            let entry = out.entry(v).or_insert((0, true));
            entry.0 += 1;
            entry.1 &= own.contains(&v);
        };
        for &inst in &data.insts {
            let InstData { kind, args, .. } = &func.insts[inst];
            // `x + x` and `x * x` are written with one `x`.
            let twice = matches!(kind, Kind::Pure(Op::Prim(Prim::Add | Prim::Mul))) && args[0] == args[1];
            args.iter().skip(usize::from(twice)).for_each(|&a| seen(a));
        }
        data.yields.iter().for_each(|&y| seen(y));
        for &inst in &data.insts {
            func.insts[inst].kind.blocks().for_each(|b| walk(func, b, out));
        }
    }
    let mut out = FxHashMap::default();
    walk(func, func.body, &mut out);
    out
}

fn uses_value(func: &Func, inst: Inst, value: Value) -> bool {
    let data = &func.insts[inst];
    data.args.contains(&value) || data.kind.blocks().any(|b| used_in(func, b, value))
}

fn used_in(func: &Func, block: Block, value: Value) -> bool {
    let data = &func.blocks[block];
    data.yields.contains(&value) || data.insts.iter().any(|&i| uses_value(func, i, value))
}
