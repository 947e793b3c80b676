//! The arguments of the command.

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// A small differentiable array language.
///
/// Without arguments, at a terminal: a session (see `adl repl`).
#[derive(Parser, Debug)]
#[command(name = "adl", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    run: RunArgs,

    /// When to use colours.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,

    #[command(flatten)]
    pub permissions: Permissions,

    #[command(flatten)]
    pub limits: Limits,
}

/// Which files a program may open. Without any of these it may open all; with one of them, what they name. The programs
/// that the command line names are read in any case.
#[derive(Args, Debug, Default, Clone)]
pub struct Permissions {
    /// Let the program open no files: neither `import`, `load` and `save` nor pictures.
    #[arg(long, global = true)]
    pub sandbox: bool,
    /// Let the program read this file, or what lies in this folder, and nothing that is not named.
    #[arg(long, global = true, value_name = "PATH")]
    pub allow_read: Vec<PathBuf>,
    /// Let the program write this file, or into this folder, and nothing that is not named.
    #[arg(long, global = true, value_name = "PATH")]
    pub allow_write: Vec<PathBuf>,
}

/// What a program may take while it is read, compiled and run; at the prompt, each entry.
#[derive(Args, Debug, Default, Clone)]
pub struct Limits {
    /// Most bytes that the program may use: `512M`, `2G`.
    #[arg(long, global = true, value_name = "BYTES", value_parser = bytes)]
    pub memory: Option<usize>,
    /// Stop after so many seconds.
    #[arg(long, global = true, value_name = "SECS", value_parser = seconds)]
    pub timeout: Option<f64>,
    /// Stop at the first operation that makes a NaN.
    #[arg(long, global = true)]
    pub check_nan: bool,
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
    Check(CheckArgs),
    /// Run the tests of programs.
    Test(TestArgs),
    /// Bring programs into the one style.
    Fmt(FmtArgs),
    /// Write the derivative of a function as a program.
    Grad(GradArgs),
    /// Time calls and their gradients.
    Bench(BenchArgs),
    /// Show what a function or call is compiled to, in the context of a program.
    Dump(DumpArgs),
    /// Say more about a code such as E0201, or about a function; without one, list all codes.
    Explain {
        /// The code; or the name of a function, for what it does.
        code: Option<String>,
    },
    /// A session: definitions and values that accumulate.
    Repl(ReplArgs),
    /// Write a script that completes the arguments of `adl` for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// What to run.
#[derive(Args, Debug, Default, Clone, PartialEq)]
pub struct RunArgs {
    /// The program; `-` is standard input.
    pub file: Option<PathBuf>,
    /// Show the value of an expression, after the program if there is one.
    #[arg(short = 'e', long = "eval", value_name = "EXPR", allow_hyphen_values = true)]
    pub eval: Vec<String>,
    /// Replace the literal that a `let` at top level is bound to.
    #[arg(short = 'D', long = "define", value_name = "NAME=VALUE")]
    pub define: Vec<String>,
    /// Say what happens as JSON, an object on each line.
    #[arg(long)]
    pub json: bool,
    /// Print how each fixed point went, forward and backward: rounds, residual, solver, condition, time.
    #[arg(long)]
    pub fixpoints: bool,
    /// Say afterwards how long each pass took.
    #[arg(long)]
    pub stats: bool,
    /// The same as `-D` for each: `adl run FILE -- rate=0.1 n=100`.
    #[arg(last = true, value_name = "NAME=VALUE")]
    pub last: Vec<String>,
}

/// What to check.
#[derive(Args, Debug, Clone)]
pub struct CheckArgs {
    /// The programs; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Say what is found as JSON, an object on each line.
    #[arg(long)]
    pub json: bool,
}

/// What to test.
#[derive(Args, Debug, Clone)]
pub struct TestArgs {
    /// The programs; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Say what comes out as JSON, an object on each line.
    #[arg(long)]
    pub json: bool,
}

/// What to format.
#[derive(Args, Debug, Clone)]
pub struct FmtArgs {
    /// The programs; `-` is standard input, whose form is printed.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Change nothing; name the files that are not in the style.
    #[arg(long)]
    pub check: bool,
}

/// Of what to write the derivative.
#[derive(Args, Debug, Clone)]
pub struct GradArgs {
    /// The program; `-` is standard input.
    pub file: PathBuf,
    /// The function. Shapes are those of its annotations, or of the values in `--at`; what has neither is a number.
    pub function: String,
    /// By which parameters; the first one unless told.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub wrt: Vec<String>,
    /// The mode; forward for a function of one number unless told, else reverse.
    #[arg(long, value_enum)]
    pub mode: Option<ModeArg>,
    /// The value of a parameter, such as `x=[1, 2]`; with all of them the value of the derivative is printed too.
    #[arg(long, value_name = "NAME=VALUE")]
    pub at: Vec<String>,
    /// Compare the text, the compiled derivative and central differences at the point; 1 if they differ.
    #[arg(long)]
    pub check: bool,
}

/// By which mode a derivative is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ModeArg {
    /// Tangents, from the parameters on.
    Forward,
    /// Cotangents, from the result back.
    Reverse,
}

/// What to time.
#[derive(Args, Debug, Clone)]
pub struct BenchArgs {
    /// The program; `-` is standard input.
    pub file: PathBuf,
    /// Calls such as `loss(randn(1, 1000))`, or functions whose parameters are annotated.
    #[arg(required = true, value_name = "CALL")]
    pub calls: Vec<String>,
    /// Give the figures as JSON, an object on each line.
    #[arg(long)]
    pub json: bool,
}

/// What to show of the compiler's work.
#[derive(Args, Debug, Clone)]
pub struct DumpArgs {
    #[command(flatten)]
    pub stage: StageArgs,
    /// The program; `-` is standard input.
    pub file: PathBuf,
    /// A function, or a call such as `grad(loss)(w)`.
    #[arg(value_name = "CALL")]
    pub call: String,
}

/// Which stage to show.
#[derive(Args, Debug, Clone)]
#[group(multiple = false)]
pub struct StageArgs {
    /// The typed tree.
    #[arg(long)]
    typed: bool,
    /// The IR as it was lowered.
    #[arg(long)]
    ir: bool,
    /// The IR of value and gradient, derivatives made.
    #[arg(long)]
    vjp: bool,
    /// The IR after the last pass (if nothing else is asked for).
    #[arg(long)]
    opt: bool,
    /// The IR after a pass.
    #[arg(long, value_name = "PASS")]
    after: Option<String>,
    /// The same, with what is computed in line, stored, shared and changed in place.
    #[arg(long)]
    plan: bool,
    /// The IR of Cranelift.
    #[arg(long)]
    clif: bool,
    /// Machine code.
    #[arg(long)]
    asm: bool,
}

impl StageArgs {
    /// What to show.
    pub fn stage(&self) -> adl_compiler::session::Stage {
        use adl_compiler::session::Stage;
        match &self.after {
            Some(pass) => Stage::After(pass.clone()),
            None if self.typed => Stage::Typed,
            None if self.ir => Stage::After("lower".into()),
            None if self.vjp => Stage::Vjp,
            None if self.plan => Stage::Plan,
            None if self.clif => Stage::Clif,
            None if self.asm => Stage::Asm,
            None => Stage::After("optimize".into()),
        }
    }
}

/// How a session begins.
#[derive(Args, Debug, Default, Clone)]
pub struct ReplArgs {
    /// A program that is run first.
    pub file: Option<PathBuf>,
}

impl Cli {
    /// What the words of a command line say. What belongs to a program
    /// that is run without `run` does not go with a command.
    pub fn parsed(args: Vec<OsString>) -> Result<Cli, clap::Error> {
        let cli = Cli::try_parse_from(args)?;
        if cli.command.is_some() && cli.run != RunArgs::default() {
            let why = "a program, `-e`, `-D` and the other options of `run` stand behind the command";
            return Err(Cli::command().error(clap::error::ErrorKind::ArgumentConflict, why));
        }
        Ok(cli)
    }

    /// What to do: without arguments a session with the person at the terminal, or the program on standard input.
    pub fn into_command(self, terminal: bool) -> Command {
        let idle = self.run.file.is_none() && self.run.eval.is_empty();
        match self.command {
            Some(command) => command,
            None if idle && terminal => Command::Repl(ReplArgs { file: None }),
            None => Command::Run(self.run),
        }
    }
}

/// The command that a word is probably meant for; `None` if it is one.
pub fn near_command(word: &str) -> Option<String> {
    let commands = Cli::command();
    let names: Vec<&str> = commands.get_subcommands().map(clap::Command::get_name).collect();
    if names.contains(&word) {
        return None;
    }
    adl_lang::check::nearest(word, names.into_iter()).map(str::to_string)
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

/// `2`, `0.5`.
fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "a number of seconds".to_string())?;
    // A limit that no clock can count to is none.
    if seconds > 0.0 && seconds < 1e9 { Ok(seconds) } else { Err("a number of seconds above 0".to_string()) }
}
