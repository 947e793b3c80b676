//! Calls that are compiled once and run as often as one likes: for timing.

use super::Session;
use super::calls::Call;
use crate::engine::Error;
use crate::engine::state::arg_info;
use crate::engine::variant::{Variant, in_rows};
use adl_runtime::{Value, Workspace};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A compiled call with its arguments.
pub struct Prepared {
    /// How long it took to compile.
    pub compile: Duration,
    variant: Variant,
    args: Vec<Value>,
    out: Value,
    workspace: Workspace,
}

impl Prepared {
    /// Most bytes that were kept at one time for a reverse sweep.
    pub fn tape_bytes(&self) -> usize {
        self.workspace.statistics().peak_tape
    }
}

impl Session {
    /// Compiles the function of a call; its gradient if `gradient`.
    pub fn prepare(&mut self, call: &Call, gradient: bool) -> Result<Prepared, Error> {
        let expr = if gradient { call.gradient() } else { call.callee.clone() };
        let infos: Vec<_> = call.args.iter().map(arg_info).collect();
        let start = Instant::now();
        let compile = || Variant::compile(&mut self.state, &expr, &infos, &in_rows, &Arc::default());
        let variant = crate::engine::state::deep(compile)?;
        let compile = start.elapsed();
        let workspace = self.state.runner.setting().workspace();
        Ok(Prepared { compile, variant, args: call.args.clone(), out: Value::None, workspace })
    }

    /// Calls it once.
    pub fn perform(&self, prepared: &mut Prepared) -> Result<(), Error> {
        let Prepared { variant, args, out, workspace, .. } = prepared;
        let args: Vec<&Value> = args.iter().collect();
        variant.call_into(&args, out, workspace).map_err(|failed| self.state.failed(failed))
    }
}
