//! `adl test`: the test blocks of files.

use super::{Context, finish, worse};
use crate::args::TestArgs;
use crate::{INTERRUPTED, OK};
use adl_compiler::session::TestReport;
use serde_json::json;

/// Runs tests; the result is the exit code.
pub fn test(mut context: Context, args: &TestArgs) -> u8 {
    let report = context.report(args.json, "test");
    let (mut passed, mut failed, mut code) = (0, 0, OK);
    for source in std::mem::take(&mut context.sources) {
        let mut session = context.session(&report);
        let file = source.name().to_string();
        let mut told = |test: TestReport| {
            let ok = test.result.is_ok();
            report.object(|| json!({ "kind": "test", "file": file, "name": test.name, "passed": ok }));
            match &test.result {
                Ok(()) => {
                    passed += 1;
                    report.line(&format!("ok      {}", test.name));
                }
                Err(problem) => {
                    failed += 1;
                    report.line(&format!("FAILED  {}", test.name));
                    code = worse(code, report.problem(problem));
                }
            }
        };
        let result = session.test_source(source, &mut |path, importer| context.files.import(path, importer), &mut told);
        code = worse(code, finish(&report, &session, result));
        if code == INTERRUPTED {
            break;
        }
    }
    report.object(|| json!({ "kind": "summary", "passed": passed, "failed": failed }));
    report.line(&format!("{passed} passed, {failed} failed"));
    report.end(code)
}
