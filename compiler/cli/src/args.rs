//! The arguments of the command.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// What a plain `adl` says.
pub const SHORT_HELP: &str = "\
adl, a small differentiable array language

  adl FILE           run a program
  adl -e EXPR        show the value of an expression
  adl check FILE     look for errors without running
  adl test FILE      run the tests of a file
  adl help           all commands and options
";

/// A small differentiable array language.
#[derive(Parser, Debug)]
#[command(name = "adl", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    run: RunArgs,

    /// When to use colours.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
}

/// When to use colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// A command.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run a program.
    Run(RunArgs),
    /// Look for errors without running.
    Check {
        /// The programs; `-` is standard input.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Run the tests of programs.
    Test {
        /// The programs; `-` is standard input.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Show what an expression is compiled to, in the context of a program.
    Dump {
        #[command(flatten)]
        stage: StageArgs,
        /// The program; `-` is standard input.
        file: PathBuf,
        /// An expression, such as `grad(loss)(w)`.
        expr: String,
    },
}

/// What to run.
#[derive(Args, Debug, Default, Clone)]
pub struct RunArgs {
    /// The program; `-` is standard input.
    pub file: Option<PathBuf>,
    /// Show the value of an expression, after the program if there is one.
    #[arg(short = 'e', long = "eval", value_name = "EXPR")]
    pub eval: Vec<String>,
    /// Replace the literal that a `let` at top level is bound to.
    #[arg(short = 'D', long = "define", value_name = "NAME=VALUE")]
    pub define: Vec<String>,
    /// Most bytes that the program may use: `512M`, `2G`.
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub memory: Option<usize>,
    /// Print how each fixed point went, forward and backward: rounds, residual, solver, condition, time.
    #[arg(long)]
    pub fixpoints: bool,
    /// Say afterwards how long each pass took.
    #[arg(long)]
    pub stats: bool,
}

/// What to show.
#[derive(Args, Debug, Clone)]
#[group(multiple = false)]
pub struct StageArgs {
    /// The typed tree.
    #[arg(long)]
    typed: bool,
    /// The IR as it was lowered.
    #[arg(long)]
    ir: bool,
    /// The IR after the last pass (if nothing else is asked for).
    #[arg(long)]
    opt: bool,
    /// The IR after a pass.
    #[arg(long, value_name = "PASS")]
    after: Option<String>,
}

impl StageArgs {
    /// The name of what to show: `typed`, or a pass.
    pub fn name(&self) -> &str {
        match &self.after {
            Some(pass) => pass,
            None if self.typed => "typed",
            None if self.ir => "lower",
            None => "optimize",
        }
    }
}

impl Cli {
    /// What to do; `None` if there is nothing but a person at a terminal.
    pub fn into_command(self, terminal: bool) -> Option<Command> {
        let idle = self.run.file.is_none() && self.run.eval.is_empty();
        match self.command {
            Some(command) => Some(command),
            None if idle && terminal => None,
            None => Some(Command::Run(self.run)),
        }
    }
}

/// `1000`, `64K`, `512M`, `2G`.
fn bytes(text: &str) -> Result<usize, String> {
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'K' | b'k') => (&text[..text.len() - 1], 10),
        Some(b'M' | b'm') => (&text[..text.len() - 1], 20),
        Some(b'G' | b'g') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    let count: usize = digits.parse().map_err(|_| "a number with K, M or G".to_string())?;
    count.checked_shl(shift).filter(|b| b >> shift == count).ok_or_else(|| "too large".to_string())
}
