//! `adl run`: a program, then the expressions of `-e`.

use super::{Context, finish};
use crate::args::RunArgs;
use crate::{OK, USAGE};
use adl_lang::source::Source;

/// Runs what was named; the result is the exit code.
pub fn run(mut context: Context, args: &RunArgs) -> u8 {
    let report = context.report(args.json, "run");
    let mut session = context.session(&report);
    session.report_fixpoints(args.fixpoints);
    for definition in args.define.iter().chain(&args.last) {
        let Some((name, value)) = definition.split_once('=') else {
            report.note(&format!("adl: `{definition}` is not of the form `name=value`"));
            return report.end(USAGE);
        };
        if let Err(problem) = session.set_parameter(name.trim(), value.trim()) {
            report.problem(&problem);
            return report.end(USAGE);
        }
    }
    let mut code = OK;
    let entries = args.eval.iter().map(|e| Source::new("<command line>", e.as_str()));
    for source in std::mem::take(&mut context.sources).into_iter().chain(entries) {
        let result =
            session.run_watched(source, &mut |path, importer| context.files.import(path, importer), &mut |_, event| {
                report.event(&event)
            });
        code = finish(&report, &session, result);
        if code != OK {
            break;
        }
    }
    if let (OK, [name, ..]) = (code, session.unused_parameters().as_slice()) {
        report.note(&format!("adl: no `let {name} = …` with a literal at the top level of the program"));
        code = USAGE;
    }
    if args.stats {
        for (name, time) in session.timings().iter() {
            report.note(&format!("{name:>10} {:10.3} ms", time.as_secs_f64() * 1e3));
        }
    }
    report.end(code)
}
