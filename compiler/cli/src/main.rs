//! The command `adl`.

use adl_cli::{Streams, run};
use std::io::{IsTerminal, stderr, stdin, stdout};
use std::process::ExitCode;

fn main() -> ExitCode {
    let interrupt = adl_cli::on_interrupt();
    let terminal = stdin().is_terminal();
    let color = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()) && stderr().is_terminal();
    let (mut input, mut out, mut err) = (stdin().lock(), stdout().lock(), stderr().lock());
    let streams = Streams { input: &mut input, terminal, out: &mut out, err: &mut err, color };
    ExitCode::from(run(std::env::args_os(), streams, interrupt))
}
