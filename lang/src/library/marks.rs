//! What stands in a picture: lines, dots, histograms, colours and contours of grids.
//! A mark is a record that `panel` and `plot` take; the numbers in it are values like others.

use super::data::told;
use super::options::{is_number, option, text_val};
use crate::ast::Name;
use crate::check::elab_api::{Args, Elab, Fail, R, RangeVal, Val};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::types::Dim;
use std::sync::Arc;

/// Samples of a curve, and of a surface along each axis.
const CURVE: i64 = 401;
const SURFACE: i64 = 101;

pub(crate) fn record(fields: Vec<(&str, Val)>) -> Val {
    Val::Tuple(fields.into_iter().map(|(name, v)| (Some(Name::from(name)), v)).collect())
}

/// A field of a record that `record` made.
pub(crate) fn field(v: &Val, name: &str) -> Option<Val> {
    let Val::Tuple(parts) = v else { return None };
    parts.iter().find(|(n, _)| n.as_deref() == Some(name)).map(|(_, v)| v.clone())
}

/// Whether a value is a mark.
pub(crate) fn is_mark(v: &Val) -> bool {
    matches!(v, Val::Tuple(parts) if parts.first().is_some_and(|(n, _)| n.as_deref() == Some("mark")))
}

fn is_row(e: &Elab<'_>, v: &Val) -> bool {
    e.kind(v).is_some() && e.dims(v).len() == 1
}

/// Where the points of a series come from.
enum Series {
    Points(Val, Val),
    Curve(Val, Val, Val),
}

/// `y`, `x, y` or `f, a, b`.
fn series(e: &mut Elab<'_>, name: &str, given: &[(Val, Span)], span: Span) -> R<Series> {
    let usage = format!("`{name}(y)`, `{name}(x, y)` and `{name}(f, a, b)` are known");
    if let [(f, _), (a, a_span), (b, b_span)] = given
        && f.is_callable()
    {
        for (v, at) in [(a, a_span), (b, b_span)] {
            if !is_number(e, v) {
                let what = e.show(v);
                return e.error("E0204", *at, format!("an end of the range is a number, and this is {what}"));
            }
        }
        return Ok(Series::Curve(f.clone(), a.clone(), b.clone()));
    }
    for (v, at) in given {
        if !is_row(e, v) {
            let what = e.show(v);
            let problem = Diagnostic::error("E0204", *at, format!("`{name}` takes arrays of one axis"))
                .here(format!("this is {what}"))
                .note(usage);
            return e.fail(problem);
        }
    }
    match given {
        [(y, _)] => {
            let n = e.dims(y).first().cloned().unwrap_or_else(|| Dim::constant(0));
            Ok(Series::Points(places(n), y.clone()))
        }
        [(x, x_span), (y, y_span)] => {
            same_length(e, name, (x, *x_span, 0), (y, *y_span, 0))?;
            Ok(Series::Points(x.clone(), y.clone()))
        }
        _ => {
            let problem = Diagnostic::error("E0102", span, format!("`{name}` takes 1 to 3 arguments")).note(usage);
            e.fail(problem)
        }
    }
}

/// 0, 1, …, n − 1.
fn places(n: Dim) -> Val {
    Val::Range(Arc::new(RangeVal { start: Val::Int(0), end: Val::Size(n), step: 1 }))
}

fn same_length(e: &mut Elab<'_>, name: &str, a: (&Val, Span, usize), b: (&Val, Span, usize)) -> R<()> {
    let (Some(m), Some(n)) = (e.dims(a.0).get(a.2).cloned(), e.dims(b.0).get(b.2).cloned()) else {
        return Err(Fail::Reported);
    };
    if e.same_dim(&m, &n)? {
        return Ok(());
    }
    let (p, q) = (e.show(a.0), e.show(b.0));
    let problem = Diagnostic::error("E0202", b.1, format!("what `{name}` joins must have one length"))
        .label(a.1, format!("this is {p}"))
        .here(format!("this is {q}"));
    e.fail(problem)
}

/// A mark of points or of a function, with its options.
fn mark(e: &mut Elab<'_>, name: &'static str, given: &[(Val, Span)], options: Vec<(&str, Val)>, span: Span) -> R<Val> {
    let mut fields = vec![("mark", text_val(name))];
    match series(e, name, given, span)? {
        Series::Points(x, y) => {
            for v in [&x, &y] {
                told(e, v, span)?;
            }
            fields.extend([("x", x), ("y", y)]);
        }
        Series::Curve(f, a, b) => fields.extend([("function", f), ("from", a), ("to", b)]),
    }
    fields.extend(options);
    Ok(record(fields))
}

/// A line with no options told.
pub(crate) fn plain_line(e: &mut Elab<'_>, given: &[(Val, Span)], label: Val, style: Val, span: Span) -> R<Val> {
    let rest = vec![("label", label), ("color", Val::None), ("style", style), ("width", Val::None)];
    mark(e, "line", given, rest, span)
}

pub(crate) fn line(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let options = vec![
        ("label", option(a, 1, "label").text(e)?),
        ("color", option(a, 2, "color").color(e)?),
        ("style", option(a, 3, "style").word(e, &["solid", "dashed", "dotted", "dashdot"])?),
        ("width", option(a, 4, "width").number(e)?),
    ];
    mark(e, "line", &a.rest, options, span)
}

pub(crate) fn scatter(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let options = vec![
        ("label", option(a, 1, "label").text(e)?),
        ("color", option(a, 2, "color").color(e)?),
        ("size", option(a, 3, "size").number(e)?),
    ];
    mark(e, "scatter", &a.rest, options, span)
}

pub(crate) fn hist(e: &mut Elab<'_>, a: &Args, _: Span) -> R<Val> {
    let (x, at) = a.at(0)?;
    if e.kind(&x).is_none() {
        let what = e.show(&x);
        return e.error("E0204", at, format!("`hist` takes an array of numbers, and this is {what}"));
    }
    Ok(record(vec![
        ("mark", text_val("hist")),
        ("x", x),
        ("bins", option(a, 1, "bins").count(e)?),
        ("density", Val::Bool(option(a, 2, "density").flag(e)?)),
        ("label", option(a, 3, "label").text(e)?),
        ("color", option(a, 4, "color").color(e)?),
    ]))
}

/// Values on a grid: of an array, or of a function of two numbers (or of a point) over two ranges.
fn grid(e: &mut Elab<'_>, a: &Args, name: &str, span: Span) -> R<Vec<(&'static str, Val)>> {
    let (z, z_span) = a.at(0)?;
    let axes: Vec<Option<(Val, Span)>> =
        (1..3).map(|k| a.get(k).filter(|(v, _)| !matches!(v, Val::None)).cloned()).collect();
    if z.is_callable() {
        let mut ends = Vec::new();
        for (axis, which) in axes.iter().zip(["x", "y"]) {
            match axis {
                Some((Val::Tuple(parts), _)) if parts.len() == 2 && parts.iter().all(|(_, p)| is_number(e, p)) => {
                    let n = Val::Int(SURFACE);
                    ends.push(helper(e, "_places", vec![parts[0].1.clone(), parts[1].1.clone(), n], span)?);
                }
                _ => {
                    let at = axis.as_ref().map_or(z_span, |(_, at)| *at);
                    let title = format!("`{name}` of a function takes a range `(a, b)` for {which}");
                    let problem = Diagnostic::error("E0204", at, title).help(format!("`{name}(f, (0, 1), (0, 1))`"));
                    return e.fail(problem);
                }
            }
        }
        let sample = if e.required(&z) == Some(1) { "_surface_of_points" } else { "_surface" };
        let values = helper(e, sample, vec![z, ends[0].clone(), ends[1].clone()], span)?;
        return Ok(vec![("z", values), ("x", ends[0].clone()), ("y", ends[1].clone())]);
    }
    let dims = e.dims(&z);
    if e.kind(&z).is_none() || dims.len() != 2 {
        let what = e.show(&z);
        return e.error(
            "E0204",
            z_span,
            format!("`{name}` takes an array of two axes or a function, and this is {what}"),
        );
    }
    let mut fields = vec![("z", z.clone())];
    // Rows go upwards, columns to the right.
    for ((axis, which), along) in axes.into_iter().zip(["x", "y"]).zip([1, 0]) {
        fields.push((
            which,
            match axis {
                None => places(dims[along].clone()),
                Some((v, at)) if is_row(e, &v) => {
                    same_length(e, name, (&z, z_span, along), (&v, at, 0))?;
                    v
                }
                Some((v, at)) => {
                    let what = e.show(&v);
                    return e.error(
                        "E0204",
                        at,
                        format!("the places along {which} are an array of one axis, and this is {what}"),
                    );
                }
            },
        ));
    }
    Ok(fields)
}

pub(crate) fn heatmap(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let mut fields = vec![("mark", text_val("heatmap"))];
    fields.extend(grid(e, a, "heatmap", span)?);
    fields.extend([("label", option(a, 3, "label").text(e)?), ("color", Val::None)]);
    Ok(record(fields))
}

pub(crate) fn contour(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let mut fields = vec![("mark", text_val("contour"))];
    fields.extend(grid(e, a, "contour", span)?);
    fields.extend([
        ("levels", option(a, 3, "levels").numbers(e)?),
        ("filled", Val::Bool(option(a, 4, "filled").flag(e)?)),
        ("label", option(a, 5, "label").text(e)?),
        ("color", option(a, 6, "color").color(e)?),
    ]);
    Ok(record(fields))
}

/// Calls a private function of the prelude.
fn helper(e: &mut Elab<'_>, name: &str, args: Vec<Val>, span: Span) -> R<Val> {
    let f = e.name(&Name::from(name), span)?;
    e.apply(&f, args, span)
}

/// A mark of a function becomes one of points.
pub(crate) fn sampled(e: &mut Elab<'_>, mark: &Val, log: bool, span: Span) -> R<Val> {
    let (Some(f), Some(a), Some(b)) = (field(mark, "function"), field(mark, "from"), field(mark, "to")) else {
        return Ok(mark.clone());
    };
    let x = helper(e, if log { "_places_log" } else { "_places" }, vec![a, b, Val::Int(CURVE)], span)?;
    let y = helper(e, "_curve", vec![f, x.clone()], span)?;
    let Val::Tuple(parts) = mark else { return Err(Fail::Reported) };
    let mut fields = Vec::new();
    for (name, v) in parts.iter() {
        match name.as_deref() {
            Some("function") => fields.extend([(Some("x".into()), x.clone()), (Some("y".into()), y.clone())]),
            Some("from" | "to") => {}
            _ => fields.push((name.clone(), v.clone())),
        }
    }
    Ok(Val::Tuple(fields.into()))
}
