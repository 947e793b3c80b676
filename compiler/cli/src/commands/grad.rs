//! `adl grad`: the derivative of a function as a program.

use super::{Context, define};
use crate::args::GradArgs;
use crate::files::Files;
use crate::report::Report;
use crate::{FAILED, OK, USAGE};
use adl_compiler::engine::Error;
use adl_compiler::session::{Event, Mode, Session, Written};
use adl_lang::source::Source;
use adl_runtime::Value;

/// How far the text may be from the compiled derivative, and that from differences.
const CLOSE: f64 = 1e-9;
const NEAR: f64 = 1e-4;

/// Prints a derivative; with a point its value there, with `--check` whether it is right there. The result is the exit
/// code.
pub fn grad(mut context: Context, args: &GradArgs) -> u8 {
    let report = context.report(false, "grad");
    let mut session = context.session(&report);
    let sources = std::mem::take(&mut context.sources);
    if let Err(code) = define(&report, &context.files, &mut session, sources) {
        return code;
    }
    let files = &context.files;
    match written(&mut session, files, args) {
        Ok((written, point)) => {
            report.problem(&session.problems(written.warnings.clone()));
            report.line(written.text.trim_end());
            match point {
                Some(point) => at_point(&report, &mut session, files, args, &written, &point),
                None if args.check => {
                    report.note("adl: a point to check at is needed: `--at NAME=VALUE` for each parameter");
                    USAGE
                }
                None => OK,
            }
        }
        Err(problem) => report.problem(&problem),
    }
}

/// The text, and the arguments if all were given.
fn written(session: &mut Session, files: &Files, args: &GradArgs) -> Result<(Written, Option<Vec<String>>), Error> {
    let mut at = Vec::new();
    for given in &args.at {
        let (name, value) = given.split_once('=').unwrap_or((given, "none"));
        at.push((name.trim().to_string(), value_of(session, files, value)?));
    }
    let wrt: Vec<&str> = args.wrt.iter().map(String::as_str).collect();
    let mode = match args.mode {
        None => Mode::Auto,
        Some(crate::args::ModeArg::Forward) => Mode::Forward,
        Some(crate::args::ModeArg::Reverse) => Mode::Reverse,
    };
    let written = session.derivative_text(&args.function, &wrt, mode, &at)?;
    let given = |name: &String| {
        let text = args.at.iter().find_map(|a| a.split_once('=').filter(|(n, _)| n.trim() == name));
        text.map(|(_, value)| value.trim().to_string())
    };
    let point = written.params.iter().map(given).collect();
    Ok((written, point))
}

/// The value of an expression.
fn value_of(session: &mut Session, files: &Files, text: &str) -> Result<Value, Error> {
    let mut value = Value::None;
    let mut watch = |_: &Session, event: Event| {
        if let Event::Value(v) = event {
            value = v;
        }
    };
    session.run_watched(
        Source::new("<command line>", text),
        &mut |path, importer| files.import(path, importer),
        &mut watch,
    )?;
    Ok(value)
}

fn at_point(
    report: &Report,
    session: &mut Session,
    files: &Files,
    args: &GradArgs,
    written: &Written,
    point: &[String],
) -> u8 {
    let (made, operator, list) = (&written.name, &written.operator, point.join(", "));
    let failed = |problem: Error| report.problem(&problem);
    let value = match value_of(session, files, &format!("{}\n{made}({list})", written.text)) {
        Ok(value) => value,
        Err(problem) => return failed(problem),
    };
    report.line(&format!("# {made}({list}) = {value}"));
    if !args.check {
        return OK;
    }
    let places = if let [one] = point { one.clone() } else { format!("({list})") };
    let close = format!("allclose({made}({list}), {operator}({list}), rtol = {CLOSE:e}, atol = {CLOSE:e})");
    let both = value_of(session, files, &close)
        .and_then(|a| Ok((a, value_of(session, files, &format!("check_grad({}, {places})", args.function))?)));
    match both {
        Ok((alike, apart)) => {
            let alike = alike.to_string() == "true";
            let apart: f64 = apart.to_string().parse().unwrap_or(f64::NAN);
            report.line(&format!("# the text and the compiled derivative agree to {CLOSE:e}: {alike}"));
            report.line(&format!("# the compiled derivatives and central differences are {apart:.1e} apart"));
            if alike && apart < NEAR { OK } else { FAILED }
        }
        Err(problem) => failed(problem),
    }
}
