//! `adl check`: all problems of all files, and how many there are.

use super::{Context, counted, worse};
use crate::OK;
use crate::args::CheckArgs;
use serde_json::json;

/// Checks files; the result is the exit code.
pub fn check(mut context: Context, args: &CheckArgs) -> u8 {
    let report = context.report(args.json, "check");
    let (mut errors, mut warnings, mut code) = (0, 0, OK);
    for source in std::mem::take(&mut context.sources) {
        let mut session = context.session(&report);
        match session.check_source(source, &mut |path, importer| context.files.import(path, importer)) {
            Ok(found) => {
                warnings += found.len();
                report.problem(&session.problems(found));
            }
            Err(problem) => {
                let count = problem.diagnostics.iter().filter(|d| d.is_error()).count();
                errors += count;
                warnings += problem.diagnostics.len() - count;
                code = worse(code, report.problem(&problem));
            }
        }
    }
    report.object(|| json!({ "kind": "summary", "errors": errors, "warnings": warnings }));
    if errors + warnings > 0 && !report.is_json() {
        report.note(&format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")));
    }
    report.end(code)
}
