//! Runs trials of rules: silently, for a limited time, and beside everything else.

use super::error::ErrorKind;
use super::failure::Failed;
use super::run::Runner;
use super::state::{build, deep};
use adl_lang::check::{Finding, RuleTrial, Shown};
use adl_lang::diagnostic::Diagnostic;
use adl_runtime::display::formatted;
use adl_runtime::{Array, Format, FormatStyle, Value};
use std::time::Duration;

/// How many points are tried.
const POINTS: u32 = 4;
/// After this, for all points, a function is taken for one that does not end at random points.
const PATIENCE: Duration = Duration::from_secs(2);

impl Runner {
    /// Tries rules at some points: what is wrong with them, if something is. A trial that fails says nothing.
    pub fn try_rule(&mut self, trial: &RuleTrial) -> Result<Option<Diagnostic>, Failed> {
        let (Some(Shown::Value(layout, places)), Ok(compiled)) =
            (&trial.entry.shown, deep(|| self.compile(&trial.entry)))
        else {
            return Ok(None);
        };
        let setting = self.setting().aside(PATIENCE / POINTS);
        let mut workspace = setting.workspace();
        for key in 0..POINTS {
            let key = Array::from(i64::from(key));
            match compiled.call(&[&key], &mut workspace, &setting) {
                Ok(results) => {
                    let leaves: Vec<Array> = places.iter().filter_map(|&k| results.get(k)).cloned().collect();
                    let found = finding(&build(layout, &mut leaves.into_iter()));
                    if let Some(problem) = found.and_then(|found| trial.judge(&found)) {
                        return Ok(Some(problem));
                    }
                }
                Err(failed) if failed.kind == ErrorKind::Interrupted => return Err(failed),
                Err(_) => {}
            }
        }
        Ok(None)
    }
}

/// The parts of what a trial gives.
fn finding(value: &Value) -> Option<Finding> {
    let number = |k: usize| value.part(k)?.as_array()?.scalar_f64();
    let digits = Format { precision: Some(5), style: FormatStyle::General, ..Format::default() };
    let shown = |k: usize| {
        let part = value.part(k)?;
        // One array needs no brackets of a tuple.
        let alone = part.part(0).filter(|_| part.part(1).is_none());
        Some(formatted(alone.unwrap_or(part), digits))
    };
    Some(Finding {
        point: shown(0)?,
        direction: shown(1)?,
        value: number(2)?,
        slopes: [number(3)?, number(4)?],
        forward: [number(5)?, number(6)?],
        reverse: [number(7)?, number(8)?],
    })
}
