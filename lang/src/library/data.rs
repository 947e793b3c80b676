//! Files: arrays, records and tables, read when a statement is compiled and written when it runs.

use crate::ast::Name;
use crate::check::Stored;
use crate::check::elab_api::{Args, Elab, R, Val};
use crate::diagnostic::Diagnostic;
use crate::message::{Body, Message, Piece, Topic};
use crate::source::Span;
use crate::typed::{Local, StmtKind};

/// The name of the text that a place stands in.
pub(crate) fn source_name(e: &Elab<'_>, span: Span) -> String {
    e.world.sources.get(span.source.0 as usize).map_or(String::new(), |s| s.name().to_string())
}

/// A text that is known when compiling: no values stand in it.
pub(crate) fn literal(v: &Val) -> Option<String> {
    let Val::Str(pieces) = v else { return None };
    fn text(piece: &Piece<Local>) -> Option<&str> {
        match piece {
            Piece::Text(text) => Some(text),
            Piece::Value(..) | Piece::Clock { .. } => None,
        }
    }
    pieces.iter().map(text).collect()
}

pub(crate) fn load(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let (path, at) = a.at(0)?;
    let Some(path) = literal(&path) else {
        let what = e.show(&path);
        return e.fail(
            Diagnostic::error("E0460", at, "`load` takes a path that is written down, such as \"data.npy\"")
                .here(format!("this is {what}"))
                .note("what a file holds must be known when the statement is compiled"),
        );
    };
    if e.f.func.is_some() {
        return e.fail(
            Diagnostic::error("E0460", span, "`load` stands at top level, not in a function")
                .note("a file is read once, when the statement with its `load` is compiled")
                .help("load it at the top level and pass what it holds to the function"),
        );
    }
    match e.load(&path, &source_name(e, span)) {
        Ok(stored) => Ok(value(e, &stored)),
        Err(why) => e.fail(Diagnostic::error("E0460", at, format!("`{path}` cannot be loaded: {why}"))),
    }
}

fn value(e: &mut Elab<'_>, stored: &Stored) -> Val {
    match stored {
        Stored::Leaf(global) => e.import(&Val::Global(*global)),
        Stored::None => Val::None,
        Stored::Tuple(parts) => Val::Tuple(
            parts.iter().map(|(name, part)| (name.as_ref().map(|n| Name::from(n.as_str())), value(e, part))).collect(),
        ),
    }
}

/// What kinds of file there are, by the ends of their names.
const FORMATS: [&str; 3] = [".npy", ".npz", ".csv"];

pub(crate) fn save(e: &mut Elab<'_>, a: &Args, span: Span) -> R<Val> {
    let ((path, at), (value, value_at)) = (a.at(0)?, a.at(1)?);
    let Val::Str(pieces) = &path else {
        let what = e.show(&path);
        return e.error("E0462", at, format!("`save` takes a path first, and this is {what}"));
    };
    if let Some(path) = literal(&path) {
        let fits = match FORMATS.iter().find(|end| path.ends_with(**end)) {
            Some(&".npy") => e.kind(&value).is_some().then_some(()).ok_or("one array"),
            Some(&".npz") => is_record(&value).then_some(()).ok_or("a record of arrays, `(a: x, b: y)`"),
            Some(_) => (is_record(&value) || e.kind(&value).is_some()).then_some(()).ok_or("a record or a matrix"),
            None => {
                let problem = Diagnostic::error("E0462", at, format!("`{path}` has no format that is known"))
                    .note("`.npy` holds one array, `.npz` a record of arrays, `.csv` a table");
                return e.fail(problem);
            }
        };
        if let Err(wanted) = fits {
            let what = e.show(&value);
            let problem = Diagnostic::error("E0462", value_at, format!("`{path}` holds {wanted}"))
                .here(format!("this is {what}"));
            return e.fail(problem);
        }
    }
    let body = Body::Tuple(vec![
        (Some("path".into()), Body::Text(pieces.to_vec())),
        (Some("from".into()), Body::Text(vec![Piece::Text(source_name(e, span))])),
        (Some("value".into()), told(e, &value, value_at)?),
    ]);
    e.push(StmtKind::Print { message: Message::Tell(Topic::Save, body) }, span);
    Ok(Val::None)
}

fn is_record(v: &Val) -> bool {
    matches!(v, Val::Tuple(parts) if parts.iter().all(|(name, _)| name.is_some()))
}

/// A value as a message tells it.
pub(crate) fn told(e: &mut Elab<'_>, v: &Val, span: Span) -> R<Body<Local>> {
    Ok(match v {
        Val::None | Val::Absent => Body::None,
        Val::Str(pieces) => Body::Text(pieces.to_vec()),
        Val::Tuple(parts) => {
            let mut out = Vec::new();
            for (name, part) in parts.iter() {
                out.push((name.clone(), told(e, part, span)?));
            }
            Body::Tuple(out)
        }
        other if e.kind(other).is_some() => Body::Value(e.operand(other, span)?),
        other => {
            let what = e.show(other);
            return e.error("E0462", span, format!("numbers are needed here, and this is {what}"));
        }
    })
}
