//! The command `adl`.

use adl_cli::{PLAIN_SCREEN, Screen, Streams, run};
use std::io::{IsTerminal, stderr, stdin, stdout};
use std::process::ExitCode;
use terminal_size::{Height, Width, terminal_size_of};

fn main() -> ExitCode {
    let interrupt = adl_cli::on_interrupt();
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    let watched = stderr().is_terminal();
    let mut screen = Screen { color: wanted && stdout().is_terminal(), ..PLAIN_SCREEN };
    if let Some((Width(columns), Height(rows))) = terminal_size_of(stdout()) {
        screen.columns = columns.clamp(20, 160).into();
        screen.rows = usize::from(rows).saturating_sub(8).clamp(8, 24);
    }
    // Not locked: the line editor reads standard input from another thread.
    let (mut input, mut out, mut err) = (stdin(), stdout(), stderr());
    let streams = Streams {
        input: &mut input,
        terminal: stdin().is_terminal(),
        out: &mut out,
        editing: stdout().is_terminal(),
        err: &mut err,
        watched,
        color: watched && wanted,
        screen,
    };
    ExitCode::from(run(std::env::args_os(), streams, interrupt))
}
