//! The commands of the prompt: one row each.

use super::{Repl, echo, help};
use crate::commands::bench::bench_call;
use crate::commands::explain;
use crate::timing::duration;
use adl_compiler::session::{Meaning, Mode, Stage};
use adl_lang::{check::nearest, codes, library};
use adl_runtime::FileName;
use std::path::Path;
use std::time::Instant;

/// A command.
struct Row {
    /// Its name, and a shorter one.
    names: [&'static str; 2],
    /// What it takes.
    args: &'static str,
    /// What it does.
    doc: &'static str,
    run: fn(&mut Repl, &str),
}

const fn row(names: [&'static str; 2], args: &'static str, doc: &'static str, run: fn(&mut Repl, &str)) -> Row {
    Row { names, args, doc, run }
}

const ROWS: &[Row] = &[
    row(["help", "h"], "[NAME]", "what a name means; without one, this list", show_help),
    row(["type", "t"], "EXPR", "the type of an expression, which is not run", type_of),
    row(["time", ""], "EXPR", "runs an expression; how long it took to compile and to run", time),
    row(["bench", ""], "CALL", "times a call and its gradient", bench),
    row(["vars", ""], "", "the variables with their values", vars),
    row(["fns", ""], "", "the functions", fns),
    row(["grad", ""], "NAME", "the derivative of a function as a text", grad),
    row(["plot", ""], "ARGS", "the same as `plot(ARGS)`", plot),
    row(["doc", ""], "NAME", "the same as `:help NAME`", show_help),
    row(["explain", ""], "CODE", "more about a code such as E0201", explain_code),
    row(["load", "l"], "FILE", "runs a file in this session", load),
    row(["reload", "r"], "", "runs the loaded files again, and imports anew", reload),
    row(["save", ""], "FILE", "writes what was entered as a program", save),
    row(["ir", ""], "CALL", "the IR of a function or call as it was lowered", |r, a| {
        dump(r, a, Stage::After("lower".into()))
    }),
    row(["vjp", ""], "CALL", "the IR of its value and gradient", |r, a| dump(r, a, Stage::Vjp)),
    row(["opt", ""], "CALL", "the IR after the last pass", |r, a| dump(r, a, Stage::After("optimize".into()))),
    row(["plan", ""], "CALL", "the same, with what is in line, stored, shared", |r, a| dump(r, a, Stage::Plan)),
    row(["clif", ""], "CALL", "the IR of Cranelift", |r, a| dump(r, a, Stage::Clif)),
    row(["asm", ""], "CALL", "the machine code", |r, a| dump(r, a, Stage::Asm)),
    row(["clear", ""], "", "forgets all names", |r, _| r.clear()),
    row(["quit", "q"], "", "leaves; so does Ctrl-D", |r, _| r.over = true),
];

/// The names of all commands.
pub fn names() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|row| row.names[0])
}

/// A command as other sessions know it, `quit` or `help sin`: done, or said how it is called here; whether it was one.
pub fn without_colon(repl: &mut Repl, text: &str) -> bool {
    let (word, args) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let (word, args) = (word.strip_suffix("()").unwrap_or(word), args.trim());
    let name = match word {
        "exit" => "quit",
        "who" | "whos" | "ls" => "vars",
        "run" | "source" | "include" => "load",
        "%time" | "%timeit" | "@time" => "time",
        "%reset" | "clc" => "clear",
        word => word.strip_prefix('%').unwrap_or(word),
    };
    let Some(row) = ROWS.iter().find(|row| row.names[0] == name) else { return false };
    let known = repl.session.meaning(word).is_some() || (word != "load" && library::all_names().contains(&word));
    let spoken = args.is_empty() || args.starts_with(|c: char| c.is_alphanumeric() || c == '.' || c == '/');
    if known || !spoken {
        return false;
    }
    if matches!(name, "quit" | "help") {
        (row.run)(repl, args);
    } else {
        repl.console.note(&format!("commands begin with a colon: `{}`", format!(":{name} {args}").trim_end()));
    }
    true
}

/// Whether a command takes the name of a file.
pub fn takes_file(name: &str) -> bool {
    ROWS.iter().any(|row| row.names.contains(&name) && row.args == "FILE")
}

/// Runs a command, without its colon.
pub fn run(repl: &mut Repl, text: &str) {
    let (name, args) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let args = args.trim();
    let Some(row) = ROWS.iter().find(|row| !name.is_empty() && row.names.contains(&name)) else {
        let near = nearest(name, names()).map_or(":help lists all".into(), |near| format!("did you mean `:{near}`?"));
        return repl.console.note(&format!("there is no command `:{name}`; {near}"));
    };
    let required = !row.args.is_empty() && !row.args.starts_with('[');
    match (required, args.is_empty()) {
        (true, true) => repl.console.note(&format!("this is written `:{} {}`", row.names[0], row.args)),
        (false, false) if row.args.is_empty() => repl.console.note(&format!("`:{}` takes nothing", row.names[0])),
        _ => (row.run)(repl, args),
    }
}

fn show_help(repl: &mut Repl, name: &str) {
    if !name.is_empty() {
        let text = help::about(&repl.session, name, repl.width);
        return match text {
            Ok(text) => repl.console.line(&text),
            Err(text) => repl.console.note(&text),
        };
    }
    for row in ROWS {
        let call = format!(":{} {}", row.names[0], row.args);
        let short = if row.names[1].is_empty() { String::new() } else { format!(" (:{})", row.names[1]) };
        repl.console.line(&format!("  {call:<16} {}{short}", row.doc));
    }
    repl.console.line("  ?NAME            the same as `:help NAME`");
    repl.console.line("A `;` at the end of an entry keeps its value from being shown; `ans` is the last value.");
}

fn type_of(repl: &mut Repl, text: &str) {
    let report = repl.report();
    match repl.session.type_of(text) {
        Ok(text) => repl.console.line(&text),
        Err(problem) => {
            report.problem(&problem);
        }
    }
}

fn time(repl: &mut Repl, text: &str) {
    let (start, before) = (Instant::now(), repl.run_time());
    if repl.run(text) {
        let (all, run) = (start.elapsed(), repl.run_time() - before);
        let compile = duration(all.saturating_sub(run).as_secs_f64());
        repl.console.line(&format!("compiled in {compile}, ran in {}", duration(run.as_secs_f64())));
    }
}

fn bench(repl: &mut Repl, text: &str) {
    let report = repl.report();
    match bench_call(&mut repl.session, text) {
        Ok((call, bench)) => repl.console.line(&bench.text(&call)),
        Err(problem) => {
            report.problem(&problem);
        }
    }
}

fn vars(repl: &mut Repl, _: &str) {
    list(repl, |meaning| !matches!(meaning, Meaning::Function { .. }));
}

fn fns(repl: &mut Repl, _: &str) {
    list(repl, |meaning| matches!(meaning, Meaning::Function { .. }));
}

fn list(repl: &Repl, wanted: fn(&Meaning) -> bool) {
    for name in repl.session.names() {
        if let Some(meaning) = repl.session.meaning(&name).filter(wanted) {
            repl.console.line(&echo::meaning(&name, &meaning, repl.width));
        }
    }
}

fn grad(repl: &mut Repl, name: &str) {
    let report = repl.report();
    match repl.session.derivative_text(name, &[], Mode::Auto, &[]) {
        Ok(written) => {
            report.problem(&repl.session.problems(written.warnings));
            repl.console.line(written.text.trim_end());
        }
        Err(problem) => {
            report.problem(&problem);
        }
    }
}

fn plot(repl: &mut Repl, args: &str) {
    repl.run(&format!("plot({args})"));
}

fn explain_code(repl: &mut Repl, code: &str) {
    match codes::find(code) {
        Some(code) => repl.console.line(&explain::text(&code)),
        None => repl.console.note(&format!("there is no code `{code}`")),
    }
}

fn load(repl: &mut Repl, file: &str) {
    let files = repl.files.clone();
    if repl.load(Path::new(file), &files) {
        repl.console.note(&format!("loaded {file}"));
    }
}

fn reload(repl: &mut Repl, _: &str) {
    repl.session.forget_files();
    let imports = repl.log.imports();
    if repl.loaded.is_empty() && imports.is_empty() {
        return repl.console.note("nothing was loaded or imported yet");
    }
    for import in imports {
        repl.run(&import);
    }
    for file in repl.loaded.clone() {
        load(repl, &file.display().to_string());
    }
}

fn save(repl: &mut Repl, file: &str) {
    let name = FileName { path: file.to_string(), from: "<prompt>".into() };
    match repl.files.put(&name, repl.log.program().as_bytes()) {
        Ok(()) => repl.console.note(&format!("saved {file}")),
        Err(problem) => repl.console.note(&format!("`{file}` cannot be written: {problem}")),
    }
}

fn dump(repl: &mut Repl, text: &str, stage: Stage) {
    let report = repl.report();
    match repl.session.call(text).and_then(|call| Ok((repl.session.dump(&call, &stage)?, call))) {
        Ok((text, call)) => {
            call.notes.iter().for_each(|note| repl.console.line(&format!("; {note}")));
            repl.console.line(text.trim_end());
        }
        Err(problem) => {
            report.problem(&problem);
        }
    }
}
