//! Pictures as a whole: `panel` puts marks between a pair of axes, `plot` hands one or several panels to the host.

use super::data::{source_name, told};
use super::marks::{is_mark, plain_line, record, sampled};
use super::options::{option, text_val};
use crate::check::elab_api::{Args, Elab, OpKind, OpVal, R, Val};
use crate::diagnostic::Diagnostic;
use crate::message::{Message, Topic};
use crate::source::Span;
use crate::typed::StmtKind;
use std::sync::Arc;

/// The options of a panel, in the order of the signatures, after the marks.
pub(crate) const PANEL: &str = "panel(parts…, title = none, xlabel = none, ylabel = none, xlog = false, ylog = false, \
     xlim = none, ylim = none, legend = true, equal = false, derivative = false)";

/// Those of `plot` follow.
pub(crate) const PLOT: &str = "plot(parts…, title = none, xlabel = none, ylabel = none, xlog = false, ylog = false, \
     xlim = none, ylim = none, legend = true, equal = false, derivative = false, columns = none, size = none, \
     save = none)";

const FIRST_OF_PLOT: usize = 11;

fn is_panel(v: &Val) -> bool {
    matches!(v, Val::Tuple(parts) if parts.first().is_some_and(|(n, _)| n.as_deref() == Some("panel")))
}

/// The marks or panels among what is given.
struct Parts {
    marks: Vec<Val>,
    panels: Vec<Val>,
    derivative: bool,
}

impl Parts {
    fn collect(e: &mut Elab<'_>, given: &[(Val, Span)], derivative: bool) -> R<Parts> {
        let mut parts = Parts { marks: Vec::new(), panels: Vec::new(), derivative };
        let mut rest = given;
        while let Some(((v, span), after)) = rest.split_first() {
            let taken = parts.take(e, v, *span, after)?;
            rest = &after[taken..];
        }
        Ok(parts)
    }

    /// Takes a part; the result is how many of those after it belong to it.
    fn take(&mut self, e: &mut Elab<'_>, v: &Val, span: Span, after: &[(Val, Span)]) -> R<usize> {
        match v {
            Val::None => return Ok(0),
            v if is_mark(v) => {
                self.marks.push(v.clone());
                return Ok(0);
            }
            v if is_panel(v) => {
                self.panels.push(v.clone());
                return Ok(0);
            }
            Val::Tuple(inner) if inner.iter().all(|(name, _)| name.is_none()) => {
                for (_, part) in inner.iter() {
                    self.take(e, part, span, &[])?;
                }
                return Ok(0);
            }
            _ => {}
        }
        let numbers = |e: &Elab<'_>, v: &Val| e.kind(v).is_some();
        if v.is_callable() {
            let [a, b, ..] = after else {
                let problem = Diagnostic::error("E0463", span, "a function needs a range to be shown over")
                    .help(format!("`plot({}, 0, 1)`", label_of(e, v, span)));
                return e.fail(problem);
            };
            let given = [(v.clone(), span), a.clone(), b.clone()];
            let name = label_of(e, v, span);
            let label = if self.derivative { text_val(&name) } else { Val::None };
            self.marks.push(plain_line(e, &given, label, Val::None, span)?);
            if self.derivative {
                let slope = Val::Op(Arc::new(OpVal { kind: OpKind::Prime, parts: vec![v.clone()] }));
                let given = [(slope, span), a.clone(), b.clone()];
                self.marks.push(plain_line(e, &given, text_val(&format!("{name}'")), text_val("dashed"), span)?);
            }
            return Ok(2);
        }
        if numbers(e, v) {
            let pair = after.first().filter(|(w, _)| numbers(e, w)).cloned();
            let taken = usize::from(pair.is_some());
            let given: Vec<(Val, Span)> = std::iter::once((v.clone(), span)).chain(pair).collect();
            self.marks.push(plain_line(e, &given, Val::None, Val::None, span)?);
            return Ok(taken);
        }
        let what = e.show(v);
        let problem = Diagnostic::error("E0463", span, format!("a picture is made of marks, and this is {what}")).note(
            "marks are made by `line`, `scatter`, `hist`, `heatmap` and `contour`; a function with a range, and \
                arrays, are lines",
        );
        e.fail(problem)
    }
}

/// What a function is called where it is written, if that is short, or by its own name.
fn label_of(e: &Elab<'_>, f: &Val, span: Span) -> String {
    let text = e.text_of(span);
    let name = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '\'' | '.'));
    if name && !text.is_empty() && text.chars().count() <= 20 {
        return text;
    }
    match e.callable_name(f).as_str() {
        "lambda" => "f".into(),
        name => name.into(),
    }
}

/// The panel of some marks with the options of a call.
fn panel_of(e: &mut Elab<'_>, a: &Args, marks: &[Val], title: Val, span: Span) -> R<Val> {
    let xlog = option(a, 4, "xlog").flag(e)?;
    let mut sampled_marks = Vec::new();
    for mark in marks {
        sampled_marks.push((None, sampled(e, mark, xlog, span)?));
    }
    Ok(record(vec![
        ("panel", Val::Tuple(sampled_marks.into())),
        ("title", title),
        ("xlabel", option(a, 2, "xlabel").text(e)?),
        ("ylabel", option(a, 3, "ylabel").text(e)?),
        ("xlog", Val::Bool(xlog)),
        ("ylog", Val::Bool(option(a, 5, "ylog").flag(e)?)),
        ("xlim", option(a, 6, "xlim").pair(e)?),
        ("ylim", option(a, 7, "ylim").pair(e)?),
        ("legend", option(a, 8, "legend").legend(e)?),
        ("equal", Val::Bool(option(a, 9, "equal").flag(e)?)),
    ]))
}

pub(crate) fn panel(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let derivative = option(a, 10, "derivative").flag(e)?;
    let parts = Parts::collect(e, &a.rest, derivative)?;
    if !parts.panels.is_empty() {
        return e.error("E0463", span, "a panel holds marks, not panels");
    }
    let title = option(a, 1, "title").text(e)?;
    panel_of(e, a, &parts.marks, title, span)
}

pub(crate) fn plot(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let derivative = option(a, 10, "derivative").flag(e)?;
    let Parts { marks, panels, .. } = Parts::collect(e, &a.rest, derivative)?;
    let title = option(a, 1, "title").text(e)?;
    let (panels, title) = match (marks.is_empty(), panels.is_empty()) {
        (false, false) => {
            return e.error("E0463", span, "marks stand in panels here, since there are some: `panel(…)`");
        }
        (true, true) => {
            let problem = Diagnostic::error("E0463", span, "there is nothing to show")
                .help("`plot(sin, 0, 1)`, or `plot(line(x, y), scatter(x, z))`");
            return e.fail(problem);
        }
        (false, true) => (vec![panel_of(e, a, &marks, title, span)?], Val::None),
        (true, false) => {
            if let Some((_, at)) = (2..FIRST_OF_PLOT).find_map(|k| a.get(k)) {
                let problem = Diagnostic::error("E0463", *at, "this option belongs to one of the panels")
                    .help("give it to `panel(…)`");
                return e.fail(problem);
            }
            (panels, title)
        }
    };
    let description = record(vec![
        ("panels", Val::Tuple(panels.into_iter().map(|p| (None, p)).collect())),
        ("title", title),
        ("columns", option(a, FIRST_OF_PLOT, "columns").count(e)?),
        ("size", option(a, FIRST_OF_PLOT + 1, "size").pair(e)?),
        ("save", option(a, FIRST_OF_PLOT + 2, "save").picture(e)?),
        ("from", text_val(&source_name(e, span))),
    ]);
    let body = told(e, &description, span)?;
    e.push(StmtKind::Print { message: Message::Tell(Topic::Plot, body) }, span);
    Ok(Val::None)
}
