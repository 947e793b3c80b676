//! `adl bench`: how long a call takes to compile and to run, and what its gradient costs beside it.

use super::{Context, define, worse};
use crate::OK;
use crate::args::BenchArgs;
use crate::timing::{Figures, duration, measure};
use adl_compiler::engine::{Error, ErrorKind};
use adl_compiler::session::{Call, Session};
use serde_json::{Value, json};

/// Times calls; the result is the exit code.
pub fn bench(mut context: Context, args: &BenchArgs) -> u8 {
    let report = context.report(args.json, "bench");
    let mut session = context.session(&report);
    let sources = std::mem::take(&mut context.sources);
    if let Err(code) = define(&report, &context.files, &mut session, sources) {
        return report.end(code);
    }
    let mut code = OK;
    for text in &args.calls {
        match bench_call(&mut session, text) {
            Ok((call, bench)) => {
                report.line(&bench.text(&call));
                report.object(|| bench.json(&call));
            }
            Err(problem) => code = worse(code, report.problem(&problem)),
        }
    }
    report.end(code)
}

/// The figures of a call and, if it has one, of its gradient.
pub struct Bench {
    value: Figures,
    gradient: Result<Figures, Error>,
}

/// Times a call and its gradient.
pub fn bench_call(session: &mut Session, text: &str) -> Result<(Call, Bench), Error> {
    let call = session.call(text)?;
    let value = measure(session, &call, false)?;
    let gradient = measure(session, &call, true);
    match gradient {
        Err(problem) if problem.kind == ErrorKind::Interrupted => Err(problem),
        gradient => Ok((call, Bench { value, gradient })),
    }
}

impl Bench {
    fn ratio(&self) -> Option<f64> {
        self.gradient.as_ref().ok().map(|gradient| gradient.median / self.value.median)
    }

    /// For people.
    pub fn text(&self, call: &Call) -> String {
        let mut lines = vec![call.text.clone()];
        lines.extend(call.notes.iter().map(|note| format!("  {note}")));
        let timed = |what: &str, f: &Figures| {
            let (median, least, compile) = (duration(f.median), duration(f.least), duration(f.compile.as_secs_f64()));
            format!("  {what:<9} {median:>10}   least {least:>10}   compiled in {compile:>10}")
        };
        lines.push(timed("call", &self.value));
        match &self.gradient {
            Ok(gradient) => {
                let ratio = self.ratio().unwrap_or(f64::NAN);
                lines.push(format!("{}   {ratio:.2} x the call", timed("gradient", gradient)));
                lines.push(format!("  residuals {:>10} bytes", gradient.tape));
            }
            Err(problem) => {
                let why = problem.diagnostics.first().map_or("", |d| d.title.as_str());
                lines.push(format!("  no gradient: {why}"));
            }
        }
        lines.join("\n")
    }

    fn json(&self, call: &Call) -> Value {
        let figures = |f: &Figures| {
            json!({
                "compile": f.compile.as_secs_f64(), "median": f.median, "least": f.least,
                "rounds": f.rounds,
            })
        };
        let gradient = match &self.gradient {
            Ok(f) => figures(f),
            Err(_) => Value::Null,
        };
        json!({
            "kind": "bench", "call": call.text, "notes": call.notes,
            "value": figures(&self.value), "gradient": gradient,
            "ratio": self.ratio(), "residualBytes": self.gradient.as_ref().ok().map(|f| f.tape),
        })
    }
}
