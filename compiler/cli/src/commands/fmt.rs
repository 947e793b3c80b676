//! `adl fmt`: programs in the one style.

use super::{Context, reads, worse};
use crate::args::FmtArgs;
use crate::files::{Files, STDIN};
use crate::{FAILED, OK, USAGE};
use adl_compiler::engine::Error;
use adl_lang::fmt::format;
use adl_runtime::FileName;

/// Formats files in place, or names those that are not in the style; the result is the exit code.
pub fn fmt(mut context: Context, args: &FmtArgs) -> u8 {
    let report = context.report(false, "fmt");
    let mut code = OK;
    for source in std::mem::take(&mut context.sources) {
        // Nothing is lost if the process ends here.
        reads(true, context.timeout.as_deref());
        let formatted = format(&source);
        reads(false, context.timeout.as_deref());
        let text = match formatted {
            Ok(text) => text,
            Err(problems) => {
                code = worse(code, report.problem(&Error::new(problems, &|_| Some(source.clone()))));
                continue;
            }
        };
        let name = source.name();
        if args.check {
            if text != source.text() {
                report.line(name);
                code = worse(code, FAILED);
            }
        } else if name == STDIN {
            report.line(text.trim_end());
        } else if text != source.text() {
            // It was named, so it may be written.
            let file = FileName { path: name.to_string(), from: "<command line>".into() };
            if let Err(why) = Files::default().put(&file, text.as_bytes()) {
                report.note(&format!("adl: cannot write `{name}`: {why}"));
                code = worse(code, USAGE);
            }
        }
    }
    code
}
