//! The command `adl`.

use adl_cli::{Streams, run};
use std::io::{IsTerminal, stderr, stdin, stdout};
use std::process::ExitCode;

fn main() -> ExitCode {
    let interrupt = adl_cli::on_interrupt();
    let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    let watched = stderr().is_terminal();
    // Not locked: the line editor reads standard input from another thread.
    let (mut input, mut out, mut err) = (stdin(), stdout(), stderr());
    let streams = Streams {
        input: &mut input,
        terminal: stdin().is_terminal(),
        out: &mut out,
        editing: stdout().is_terminal(),
        err: &mut err,
        watched,
        color: watched && !plain,
    };
    ExitCode::from(run(std::env::args_os(), streams, interrupt))
}
