//! `adl completions`: a script for a shell.

use super::Context;
use crate::OK;
use crate::args::Cli;
use clap::CommandFactory as _;
use clap_complete::Shell;

/// Writes the script; the result is the exit code.
pub fn completions(context: &Context, shell: Shell) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "adl", &mut script);
    context.console.line(String::from_utf8_lossy(&script).trim_end());
    OK
}
