//! What is decided about a function before code is made of it, as data.
//!
//! ```text
//! fuse.rs      which arrays are computed in line   cost.rs      what that costs
//! live.rs      how long the others live            conflict.rs  which must not share memory
//! classes.rs   which share it                      rotate.rs    and which exchange it
//! places.rs    memory as it is planned             buffers.rs   the whole plan of it
//! in_place.rs  parameters that become results
//! ```
//!
//! Requires: verified IR without requests for derivatives. Ensures: code that follows the plan never reads an array
//! after its memory was given to another. [`text`] shows a plan beside the IR, as `adl dump --plan` does.

mod buffers;
mod classes;
mod conflict;
pub(crate) mod cost;
pub(crate) mod fuse;
pub(crate) mod in_place;
pub(crate) mod live;
pub(crate) mod places;
mod rotate;

use crate::ir::print::{Names, noted};
use crate::ir::{Func, FuncId, Inst, Kind, Module, Value};
use fuse::{Form, Forms};
use in_place::Pairs;
use live::Life;
use places::{Buffers, Carry, Class, InPlace, Place};
use rustc_hash::FxHashMap;

/// What is decided about a function.
pub(crate) struct Plan {
    /// What is computed in line.
    pub(crate) forms: Forms,
    /// Where the other arrays lie.
    pub(crate) buffers: Buffers,
    /// How many arrays are stored.
    pub(crate) stored: usize,
}

impl Plan {
    /// Plans a function; `own` are its parameters that become results, `pairs` knows those of what it calls.
    pub(crate) fn of(module: &Module, id: FuncId, own: &[Option<usize>], pairs: &mut Pairs) -> Plan {
        let func = &module.funcs[id];
        let forms = Forms::of(func);
        let life = Life::of(func, &forms);
        let calls = func.insts.iter().filter(|(inst, _)| life.at.contains_key(inst));
        let of_call: FxHashMap<Inst, Vec<Option<usize>>> = calls
            .filter_map(|(inst, data)| {
                let Kind::Call { func, .. } = data.kind else {
                    return None;
                };
                Some((inst, pairs.of(module, func)))
            })
            .collect();
        let of_call = |inst: Inst, k: usize| of_call.get(&inst).and_then(|pairs| pairs[k]);
        let buffers = buffers::plan(func, &forms, &life, &InPlace { own, of_call: &of_call });
        Plan { forms, buffers, stored: life.arrays.len() }
    }
}

/// The functions of a module with what was decided about each instruction as a comment.
///
/// ```
/// use adl_compiler::ir::parse::{ParseError, parse};
/// use adl_compiler::plan;
/// let text = "func @0 f[n](v0: f64[n]) -> f64[n] {\n  v1 = mul v0 v0\n  v2 = exp v1\n  yield v2\n}\n";
/// let module = parse(text)?;
/// assert!(plan::text(&module).contains("v1 = mul v0 v0  ; in line\n  v2 = exp v1  ; in result 0"));
/// # Ok::<(), ParseError>(())
/// ```
pub fn text(module: &Module) -> String {
    let mut pairs = Pairs::new();
    let of_func = |(id, func): (FuncId, &Func)| {
        let own = pairs.of(module, id);
        let plan = Plan::of(module, id, &own, &mut pairs);
        let shown = Shown { func, plan: &plan, names: Names::new(func) };
        let mut out = shown.head(&own);
        out.push_str(&noted(func, Some(id), &|inst| shown.note(inst)));
        out
    };
    module.funcs.iter().map(of_func).collect::<Vec<_>>().join("\n")
}

/// A plan for people.
struct Shown<'a> {
    func: &'a Func,
    plan: &'a Plan,
    names: Names<'a>,
}

impl Shown<'_> {
    /// The frame of a function, and the parameters that become results.
    fn head(&self, own: &[Option<usize>]) -> String {
        let mut out = String::new();
        for (k, slot) in self.plan.buffers.slots.iter().enumerate() {
            let sizes: Vec<String> = slot.len.iter().map(|d| self.names.dim(d)).collect();
            let of = if sizes.is_empty() { String::new() } else { format!("[{}] × ", sizes.join(", ")) };
            out.push_str(&format!("; slot {k}: {of}{} bytes\n", slot.bytes));
        }
        for (k, param) in own.iter().enumerate() {
            if let Some(param) = param {
                let param = self.names.value(self.func.params()[*param]);
                out.push_str(&format!("; result {k} takes the memory of {param}\n"));
            }
        }
        out
    }

    fn note(&self, inst: Inst) -> Option<String> {
        let data = &self.func.insts[inst];
        let mut notes: Vec<String> = data.results.iter().filter_map(|&result| self.of_value(result)).collect();
        if let Some(carries) = self.plan.buffers.carries.get(&inst) {
            let params = data.kind.blocks().next().map(|block| &self.func.blocks[block].params);
            let skipped = params.map_or(0, |params| params.len().saturating_sub(carries.len()));
            let params = params.into_iter().flatten().skip(skipped);
            for (&param, carry) in params.zip(carries) {
                let what = match carry {
                    None => continue,
                    Some(Carry::Stay) => "stays".to_string(),
                    Some(Carry::Take(class)) => format!("takes {}", self.place(*class)),
                    Some(Carry::Copy(class)) => format!("is copied to {}", self.place(*class)),
                };
                notes.push(format!("{} {what}", self.names.value(param)));
            }
        }
        (!notes.is_empty()).then(|| notes.join(", "))
    }

    fn of_value(&self, value: Value) -> Option<String> {
        match self.plan.forms.form(value) {
            Form::Register => None,
            Form::Inline => Some("in line".into()),
            Form::View => Some("a view".into()),
            Form::Stored => self.plan.buffers.class[value].map(|class| self.place(class)),
        }
    }

    fn place(&self, class: Class) -> String {
        match self.plan.buffers.places[class] {
            Place::Slot(k) => format!("in slot {k}"),
            Place::Result(k) => format!("in result {k}"),
            Place::Borrowed => "where it was".into(),
        }
    }
}
