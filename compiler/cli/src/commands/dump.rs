//! `adl dump`: what a call is compiled to, at any stage.

use super::{Context, define};
use crate::OK;
use crate::args::DumpArgs;

/// Shows a stage; the result is the exit code.
pub fn dump(mut context: Context, args: &DumpArgs) -> u8 {
    let report = context.report(false, "dump");
    let mut session = context.session(&report);
    let sources = std::mem::take(&mut context.sources);
    if let Err(code) = define(&report, &context.files, &mut session, sources) {
        return code;
    }
    let dumped = session.call(&args.call).and_then(|call| Ok((session.dump(&call, &args.stage.stage())?, call)));
    match dumped {
        Ok((text, call)) => {
            report.line(&format!("; {}", call.text));
            call.notes.iter().for_each(|note| report.line(&format!("; {note}")));
            report.line(text.trim_end());
            OK
        }
        Err(problem) => report.problem(&problem),
    }
}
