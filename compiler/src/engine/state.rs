//! Definitions and values that accumulate: what a program, or a session, knows so far.

use super::call::shape;
use super::error::{Error, ErrorKind, nowhere};
use super::failure::{Failed, out_of_memory, problem_at};
use super::limits::Limits;
use super::run::{Compiled, Runner, guarded};
use super::values::{Keeper, Slot, Values, leaf_info};
use crate::codegen::Shortage;
use adl_lang::ast::{Block, Name, Param, Stmt};
use adl_lang::check::{ArgInfo, Checker, Entry, Global, Host, Input, LeafInfo, Loaded, Shown, SizeSource, definitions};
use adl_lang::diagnostic::Diagnostic;
use adl_lang::source::Source;
use adl_lang::typed::Layout;
use adl_lang::types::{DType, Ty};
use adl_runtime::{Array, ArrayError, Value};
use std::sync::Arc;

/// Gives the text of an import: what is written there, and the name of the importing source.
pub type Import<'a> = dyn FnMut(&str, &str) -> Result<Source, String> + 'a;

/// Rounds of loops, and bytes, for which a check computes a whole number that may become a size.
const BRIEF_FUEL: u64 = 10_000_000;
const BRIEF_MEMORY: usize = 256 << 20;

/// What lasts from statement to statement.
pub struct State {
    /// Names and types.
    checker: Checker,
    /// The values of globals.
    values: Values,
    /// Runs entries.
    pub runner: Runner,
}

/// What a statement came to.
#[derive(Default)]
pub struct Outcome {
    /// A bare expression.
    pub shown: Option<Display>,
    /// The names that it bound.
    pub bound: Vec<Name>,
    /// What looks wrong though it runs.
    pub warnings: Vec<Diagnostic>,
}

/// What is shown of a bare expression.
pub enum Display {
    /// A value.
    Value(Value),
    /// A text, such as the type of a function.
    Text(String),
}

impl State {
    /// Nothing but the library.
    pub fn new(runner: Runner) -> State {
        State { checker: Checker::new(), values: Values::default(), runner }
    }

    /// Whether fixed points print how they went.
    pub fn report_fixpoints(&mut self, on: bool) {
        self.checker.report_fixpoints(on);
    }

    /// Problems with the sources that they are about.
    pub fn error(&self, diagnostics: Vec<Diagnostic>) -> Error {
        Error::new(diagnostics, &|id| self.checker.source(id))
    }

    /// What failed while it ran, with the sources that it is about.
    pub fn failed(&self, failed: Failed) -> Error {
        Error::failed(failed, &|id| self.checker.source(id))
    }

    /// Reads a text with all that it imports.
    pub fn load(&mut self, source: Source, import: &mut Import<'_>) -> Result<Loaded, Error> {
        self.watch();
        let loaded = deep(|| self.checker.load(source, import));
        loaded.map_err(|problems| self.error(problems))
    }

    /// Reading and checking look at the switch that stops what runs.
    fn watch(&mut self) {
        let interrupt = self.runner.stop.clone();
        self.checker.stop_when(Arc::new(move || interrupt.is_raised()));
        self.checker.set_limits(self.runner.setting().limits.compile.of_checker());
    }

    /// Takes the text in which a host declares its functions.
    pub fn host_functions(&mut self, text: &str) -> Result<(), Error> {
        if text.is_empty() {
            return Ok(());
        }
        let taken = deep(|| self.checker.host_functions(text));
        taken.map_err(|problems| self.error(problems))
    }

    /// Runs one statement. If it fails, all is as before.
    pub fn statement(&mut self, stmt: &Stmt) -> Result<Outcome, Error> {
        let (entry, read) = self.checked(|checker, host| checker.statement(stmt, host))?;
        let results = self.try_rules(&entry).and_then(|()| self.execute(&entry));
        self.release(&read, results.is_ok().then_some(&entry));
        let results = results?;
        let kept = !entry.results.is_empty();
        let mut results: Vec<Option<Array>> = results.into_iter().map(Some).collect();
        let shown = match &entry.shown {
            Some(Shown::Value(layout, places)) => {
                let value = shown(layout, places, &mut results, kept);
                Some(Display::Value(value.map_err(|problem| self.no_memory(&problem))?))
            }
            Some(Shown::Text(text)) => Some(Display::Text(text.clone())),
            None => None,
        };
        for (&global, value) in entry.results.iter().zip(results) {
            self.values.extend(value.map(|value| (global, Slot::of(value))));
        }
        self.checker.commit(&entry);
        let bound = self.checker.bound(&entry).cloned().collect();
        Ok(Outcome { shown, bound, warnings: entry.warnings })
    }

    /// Names and types.
    pub fn checker(&self) -> &Checker {
        &self.checker
    }

    /// Names and types, to change how they are treated.
    pub fn checker_mut(&mut self) -> &mut Checker {
        &mut self.checker
    }

    /// What is to be run for a statement, which is not.
    pub fn entry(&mut self, stmt: &Stmt) -> Result<Entry, Error> {
        let (entry, _) = self.checked(|checker, host| checker.statement(stmt, host))?;
        Ok(entry)
    }

    /// The value of an entry that takes no arguments; nothing of it stays.
    pub fn evaluate(&mut self, entry: &Entry) -> Result<Value, Error> {
        let mut results: Vec<Option<Array>> = self.execute(entry)?.into_iter().map(Some).collect();
        match &entry.shown {
            Some(Shown::Value(layout, places)) => {
                shown(layout, places, &mut results, false).map_err(|problem| self.no_memory(&problem))
            }
            Some(Shown::Text(_)) | None => Ok(Value::None),
        }
    }

    /// Runs the body of a test; nothing of it stays.
    pub fn test(&mut self, body: &Block) -> Result<Vec<Diagnostic>, Error> {
        let (entry, read) = self.checked(|checker, host| checker.test(body, host))?;
        let results = self.try_rules(&entry).and_then(|()| self.execute(&entry));
        self.release(&read, None);
        results.map(|_| entry.warnings)
    }

    /// Runs the definitions among some statements that stand without the others.
    pub fn definitions(&mut self, stmts: &[Stmt]) -> Result<Vec<Diagnostic>, Error> {
        let mut warnings = Vec::new();
        for stmt in definitions(stmts) {
            warnings.extend(self.statement(stmt)?.warnings);
        }
        Ok(warnings)
    }

    /// Checks a function, given as an expression, for arguments of these types.
    pub fn function(&mut self, expr: &str, args: &[ArgInfo]) -> Result<Entry, Error> {
        let (entry, _) = self.checked(|checker, host| checker.function(expr, args, host))?;
        self.try_rules(&entry)?;
        Ok(entry)
    }

    /// The parameters of the function that a name stands for.
    pub fn params(&self, name: &str) -> Option<Vec<Param>> {
        self.checker.params(name)
    }

    /// Under which name a program finds a kept value.
    pub fn path_of(&self, global: Global) -> Option<String> {
        self.checker.path_of(global)
    }

    /// Checks a statement without running it, unless others need to know a whole number that it computes.
    pub fn check(&mut self, stmt: &Stmt) -> Result<Entry, Error> {
        let (entry, read) = self.checked(|checker, host| checker.statement(stmt, host))?;
        let infos = self.result_infos(&entry);
        let decides = infos.iter().any(|i| i.dtype == DType::I64 && i.shape.is_empty());
        let mut values: Vec<Option<Array>> = Vec::new();
        if decides && !entry.results.is_empty() && self.inputs(&entry).is_some() {
            values = self.execute_briefly(&entry)?.into_iter().map(Some).collect();
        }
        self.release(&read, Some(&entry));
        values.resize(infos.len(), None);
        for ((&global, info), value) in entry.results.iter().zip(infos).zip(values) {
            let info = value.as_ref().map_or(info, leaf_info);
            self.values.insert(global, Slot { info, value });
        }
        self.checker.commit(&entry);
        Ok(entry)
    }

    /// Checks the body of a test.
    pub fn check_test(&mut self, body: &Block) -> Result<Entry, Error> {
        let (entry, read) = self.checked(|checker, host| checker.test(body, host))?;
        self.release(&read, None);
        Ok(entry)
    }

    /// Compiles what was checked.
    pub fn compile(&mut self, entry: &Entry) -> Result<Compiled, Error> {
        let compiled = deep(|| self.runner.compile(entry));
        compiled.map_err(|problem| self.failed(problem))
    }

    /// The value of a global.
    pub fn value(&self, global: Global) -> Option<&Array> {
        self.values.get(&global)?.value.as_ref()
    }

    /// What is known of all globals.
    pub fn infos(&self) -> impl Iterator<Item = &LeafInfo> {
        self.values.values().map(|slot| &slot.info)
    }

    /// Checks something; what was read for it is among the values from now on, under the globals that come with it.
    fn checked(
        &mut self,
        work: impl FnOnce(&mut Checker, &dyn Host) -> Result<Entry, Vec<Diagnostic>>,
    ) -> Result<(Entry, Vec<Global>), Error> {
        self.watch();
        let State { checker, values, runner } = self;
        let limit = runner.setting().limits.memory.map(|limit| limit.saturating_sub(bytes(values)));
        let keeper = Keeper::new(values, &runner.setting().output, limit);
        let entry = guarded(|| deep(|| work(checker, &keeper)));
        let read = keeper.into_read();
        let entry = entry.map_err(|problem| self.failed(problem_at(problem, nowhere())))?;
        let entry = entry.map_err(|problems| self.error(problems))?;
        let globals = read.keys().copied().collect();
        self.values.extend(read);
        Ok((entry, globals))
    }

    /// Forgets what was read and is bound by no name.
    fn release(&mut self, read: &[Global], entry: Option<&Entry>) {
        for global in read.iter().filter(|&&g| !entry.is_some_and(|e| e.binds(g))) {
            self.values.remove(global);
        }
    }

    /// Runs the trials of rules that an entry uses for the first time.
    fn try_rules(&mut self, entry: &Entry) -> Result<(), Error> {
        for trial in &entry.trials {
            let problem = self.runner.try_rule(trial).map_err(|failed| self.failed(failed))?;
            if let Some(problem) = problem {
                return Err(self.error(vec![problem]));
            }
            self.checker.tried(trial);
        }
        Ok(())
    }

    /// The results of an entry, or none if they take long: only whole numbers that may become sizes are wanted.
    fn execute_briefly(&mut self, entry: &Entry) -> Result<Vec<Array>, Error> {
        let own = self.runner.setting().limits;
        let fuel = own.fuel.map_or(BRIEF_FUEL, |fuel| fuel.min(BRIEF_FUEL));
        let memory = own.memory.map_or(BRIEF_MEMORY, |memory| memory.min(BRIEF_MEMORY));
        self.runner.set(|setting| setting.limits = Limits { fuel: Some(fuel), memory: Some(memory), ..own });
        let results = self.execute(entry);
        self.runner.set(|setting| setting.limits = own);
        match results {
            Err(problem) if matches!(problem.kind, ErrorKind::Fuel | ErrorKind::Memory) => Ok(Vec::new()),
            done => done,
        }
    }

    fn execute(&mut self, entry: &Entry) -> Result<Vec<Array>, Error> {
        if is_idle(entry) {
            return Ok(Vec::new());
        }
        let compiled = self.compile(entry)?;
        let State { values, runner, checker } = self;
        let args: Option<Vec<&Array>> = entry.inputs.iter().map(|i| input(values, i)).collect();
        let results = runner.call(&compiled, &args.unwrap_or_default(), bytes(values));
        results.map_err(|failed| Error::failed(failed, &|id| checker.source(id)))
    }

    fn no_memory(&self, problem: &ArrayError) -> Error {
        let shortage = match problem {
            ArrayError::OutOfMemory(asked) => Some(Shortage { asked: *asked, used: 0 }),
            _ => None,
        };
        self.failed(out_of_memory(self.runner.setting().limits.memory, shortage, nowhere()))
    }

    /// The values that an entry reads, if all are there.
    fn inputs(&self, entry: &Entry) -> Option<Vec<&Array>> {
        entry.inputs.iter().map(|i| input(&self.values, i)).collect()
    }

    /// The sizes of an entry, as far as the types of its inputs tell.
    pub fn result_sizes(&self, entry: &Entry) -> Vec<i64> {
        let of = |param: &usize| match entry.inputs.get(*param) {
            Some(Input::Global(global)) => self.values.get(global).map(|slot| slot.info.clone()),
            Some(Input::Arg(_)) | None => None,
        };
        let size = |source: &SizeSource| match source {
            SizeSource::Axis { param, axis } => of(param).and_then(|i| i.shape.get(*axis).map(|&n| n as i64)),
            SizeSource::Value { param } => of(param).and_then(|i| i.whole),
        };
        entry.sizes.iter().map(|s| size(s).unwrap_or(0)).collect()
    }

    /// What the types of the results say.
    fn result_infos(&self, entry: &Entry) -> Vec<LeafInfo> {
        let sizes = self.result_sizes(entry);
        let results = entry.module.funcs.get(entry.main.0 as usize).map_or(&[][..], |f| &f.results);
        let info = |ty: &Ty| LeafInfo {
            dtype: ty.dtype,
            shape: shape(ty, &sizes).map_or_else(|| vec![0; ty.rank()], |s| s.to_vec()),
            whole: None,
        };
        results.iter().map(info).collect()
    }
}

/// How many bytes the values take.
fn bytes(values: &Values) -> usize {
    values.values().filter_map(|slot| slot.value.as_ref()).map(|value| value.bytes().len()).sum()
}

fn input<'a>(values: &'a Values, input: &Input) -> Option<&'a Array> {
    match input {
        Input::Global(global) => values.get(global)?.value.as_ref(),
        Input::Arg(_) => None,
    }
}

/// The value of a bare expression, from the results that are its leaves; they go into it unless they are `kept`.
fn shown(layout: &Layout, places: &[usize], results: &mut [Option<Array>], kept: bool) -> Result<Value, ArrayError> {
    let mut leaves = Vec::new();
    for (i, &k) in places.iter().enumerate() {
        let Some(result) = results.get_mut(k) else { continue };
        let again = kept || places[i + 1..].contains(&k);
        leaves.extend(if again { result.as_ref().map(Array::try_clone).transpose()? } else { result.take() });
    }
    Ok(build(layout, &mut leaves.into_iter()))
}

/// Runs a step of the compiler with room for deeply nested programs, however small the stack of the host is. Steps
/// within share the room, which the system makes anew each time.
pub fn deep<R>(step: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(8 << 20, 64 << 20, step)
}

/// Whether there is nothing to run: a definition of functions, an import, a text to show.
fn is_idle(entry: &Entry) -> bool {
    match entry.module.funcs.get(entry.main.0 as usize) {
        Some(main) => main.results.is_empty() && main.body.len() <= 1,
        None => true,
    }
}

/// Gives leaves the structure that they had.
pub fn build(layout: &Layout, leaves: &mut dyn Iterator<Item = Array>) -> Value {
    match layout {
        Layout::Leaf(_) => leaves.next().map_or(Value::None, Value::Array),
        Layout::None => Value::None,
        Layout::Tuple(parts) => Value::Tuple(
            parts
                .iter()
                .map(|(name, part)| (name.as_ref().map(std::string::ToString::to_string), build(part, leaves)))
                .collect(),
        ),
    }
}

/// The types of an argument.
pub fn arg_info(value: &Value) -> ArgInfo {
    match value {
        Value::Array(array) => ArgInfo::Leaf(leaf_info(array)),
        Value::None => ArgInfo::None,
        Value::Tuple(parts) => {
            ArgInfo::Tuple(parts.iter().map(|(name, part)| (name.clone(), arg_info(part))).collect())
        }
    }
}
