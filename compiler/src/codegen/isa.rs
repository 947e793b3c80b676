//! The target: the processor this process runs on, described once.

use super::CodegenError;
use cranelift_codegen::ir::Function;
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use std::sync::OnceLock;

/// How registers are given out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Registers {
    /// So that few values go through memory; the time for it grows faster than the function.
    Careful,
    /// In one pass over the function.
    Quick,
}

impl Registers {
    /// The careful way takes some 10 µs for each instruction of such a function, the quick one 2.
    const LARGE: usize = 20_000;

    /// For a function before it is compiled.
    pub(super) fn of(func: &Function) -> Registers {
        if func.dfg.num_insts() > Self::LARGE { Registers::Quick } else { Registers::Careful }
    }
}

/// The description of this machine, with all of its features; built on first use.
pub(super) fn host(registers: Registers) -> Result<OwnedTargetIsa, CodegenError> {
    static CAREFUL: OnceLock<Result<OwnedTargetIsa, String>> = OnceLock::new();
    static QUICK: OnceLock<Result<OwnedTargetIsa, String>> = OnceLock::new();
    let (made, algorithm) = match registers {
        Registers::Careful => (&CAREFUL, "backtracking"),
        Registers::Quick => (&QUICK, "single_pass"),
    };
    made.get_or_init(|| build(algorithm)).clone().map_err(CodegenError)
}

fn build(algorithm: &str) -> Result<OwnedTargetIsa, String> {
    let mut flags = settings::builder();
    let verifier = if cfg!(debug_assertions) { "true" } else { "false" };
    let wanted = [
        ("opt_level", "speed"),
        ("regalloc_algorithm", algorithm),
        ("enable_verifier", verifier),
        ("is_pic", "false"),
        ("use_colocated_libcalls", "false"),
        ("unwind_info", "false"),
        ("enable_probestack", "false"),
        // Failures walk the frames. Functions that call have one anyway.
        ("preserve_frame_pointers", "true"),
    ];
    for (name, value) in wanted {
        flags.set(name, value).map_err(|e| e.to_string())?;
    }
    let builder = cranelift_native::builder().map_err(str::to_string)?;
    builder.finish(settings::Flags::new(flags)).map_err(|e| e.to_string())
}
