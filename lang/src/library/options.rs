//! Options of pictures: texts, numbers, truth values, colours, places.

use super::data::literal;
use crate::check::elab_api::{Args, Elab, R, Val};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use strsim::damerau_levenshtein;

/// An option, and how messages call it.
pub(crate) struct Choice<'a> {
    args: &'a Args,
    place: usize,
    name: &'static str,
}

/// The option at a place of the signature.
pub(crate) fn option<'a>(args: &'a Args, place: usize, name: &'static str) -> Choice<'a> {
    Choice { args, place, name }
}

impl Choice<'_> {
    fn given(&self) -> Option<(Val, Span)> {
        self.args.get(self.place).filter(|(v, _)| !matches!(v, Val::None)).cloned()
    }

    fn wrong<T>(&self, e: &mut Elab<'_>, v: &Val, span: Span, wanted: &str) -> R<T> {
        let what = e.show(v);
        let title = format!("the option `{}` takes {wanted}", self.name);
        e.fail(Diagnostic::error("E0463", span, title).here(format!("this is {what}")))
    }

    /// A text, perhaps with values in it; `none` if it was left out.
    pub fn text(&self, e: &mut Elab<'_>) -> R<Val> {
        match self.given() {
            None => Ok(Val::None),
            Some((v @ Val::Str(_), _)) => Ok(v),
            Some((v, span)) => self.wrong(e, &v, span, "a text"),
        }
    }

    /// One of some words.
    pub fn word(&self, e: &mut Elab<'_>, words: &[&str]) -> R<Val> {
        let Some((v, span)) = self.given() else { return Ok(Val::None) };
        match literal(&v) {
            Some(text) if words.contains(&text.as_str()) => Ok(v),
            Some(text) => unknown(e, self.name, &text, words, span),
            None => {
                let list = words.iter().map(|w| format!("\"{w}\"")).collect::<Vec<_>>().join(", ");
                self.wrong(e, &v, span, &format!("one of {list}"))
            }
        }
    }

    /// A colour, as `#rrggbb`.
    pub fn color(&self, e: &mut Elab<'_>) -> R<Val> {
        let Some((v, span)) = self.given() else { return Ok(Val::None) };
        let Some(text) = literal(&v) else {
            return self.wrong(e, &v, span, "a name or a text such as \"#1f77b4\"");
        };
        if let Some((_, hex)) = COLORS.iter().find(|(name, _)| *name == text) {
            return Ok(text_val(hex));
        }
        let hex = text.strip_prefix('#').is_some_and(|d| d.len() == 6 && d.chars().all(|c| c.is_ascii_hexdigit()));
        if hex {
            return Ok(v);
        }
        let names: Vec<&str> = COLORS.iter().map(|(name, _)| *name).collect();
        unknown(e, self.name, &text, &names, span)
    }

    /// A number.
    pub fn number(&self, e: &mut Elab<'_>) -> R<Val> {
        match self.given() {
            None => Ok(Val::None),
            Some((v, _)) if is_number(e, &v) => Ok(v),
            Some((v, span)) => self.wrong(e, &v, span, "a number"),
        }
    }

    /// A positive whole number that is written down.
    pub fn count(&self, e: &mut Elab<'_>) -> R<Val> {
        let Some((v, span)) = self.given() else { return Ok(Val::None) };
        if !is_number(e, &v) {
            return self.wrong(e, &v, span, "a whole number");
        }
        match e.known(&v, span, "this count")? {
            n if n >= 1 => Ok(Val::Int(n)),
            _ => self.wrong(e, &v, span, "a whole number that is at least 1"),
        }
    }

    /// A number or a row of numbers.
    pub fn numbers(&self, e: &mut Elab<'_>) -> R<Val> {
        match self.given() {
            None => Ok(Val::None),
            Some((v, _)) if e.kind(&v).is_some() && e.dims(&v).len() <= 1 => Ok(v),
            Some((v, span)) => self.wrong(e, &v, span, "a number or an array of numbers"),
        }
    }

    /// Two numbers.
    pub fn pair(&self, e: &mut Elab<'_>) -> R<Val> {
        let Some((v, span)) = self.given() else { return Ok(Val::None) };
        match &v {
            Val::Tuple(parts) if parts.len() == 2 && parts.iter().all(|(_, p)| is_number(e, p)) => Ok(v),
            _ => self.wrong(e, &v, span, "two numbers, `(a, b)`"),
        }
    }

    /// `true` or `false`, known when compiling.
    pub fn flag(&self, e: &mut Elab<'_>) -> R<bool> {
        match self.given() {
            None => Ok(false),
            Some((Val::Bool(b), _)) => Ok(b),
            Some((v, span)) => self.wrong(e, &v, span, "`true` or `false`"),
        }
    }

    /// Where the legend stands, or whether there is one.
    pub fn legend(&self, e: &mut Elab<'_>) -> R<Val> {
        match self.given() {
            Some((v @ Val::Bool(_), _)) => Ok(v),
            _ => self.word(e, &["top left", "top right", "bottom left", "bottom right", "outside"]),
        }
    }

    /// The name of a picture's file.
    pub fn picture(&self, e: &mut Elab<'_>) -> R<Val> {
        let v = self.text(e)?;
        if let (Some(path), Some((_, span))) = (literal(&v), self.given())
            && !path.ends_with(".svg")
            && !path.ends_with(".png")
        {
            let problem = Diagnostic::error("E0463", span, format!("`{path}` is no name of a picture"))
                .note("pictures are saved as `.svg` or `.png`");
            return e.fail(problem);
        }
        Ok(v)
    }
}

fn unknown<T>(e: &mut Elab<'_>, option: &str, text: &str, words: &[&str], span: Span) -> R<T> {
    let problem = Diagnostic::error("E0463", span, format!("`{text}` is unknown to the option `{option}`"));
    let near = words.iter().map(|w| (damerau_levenshtein(w, text), *w)).min().filter(|(d, _)| *d <= 2);
    let problem = match near {
        Some((_, near)) => problem.fix(format!("did you mean `{near}`?"), vec![(span, format!("\"{near}\""))]),
        None => {
            problem.note(format!("it knows {}", words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ")))
        }
    };
    e.fail(problem)
}

pub(crate) fn is_number(e: &Elab<'_>, v: &Val) -> bool {
    e.kind(v).is_some() && e.dims(v).is_empty()
}

/// A text known when compiling.
pub(crate) fn text_val(text: &str) -> Val {
    Val::Str([crate::message::Piece::Text(text.to_string())].into())
}

/// The colours that have names.
const COLORS: &[(&str, &str)] = &[
    ("blue", "#1f77b4"),
    ("orange", "#ff7f0e"),
    ("green", "#2ca02c"),
    ("red", "#d62728"),
    ("purple", "#9467bd"),
    ("brown", "#8c564b"),
    ("pink", "#e377c2"),
    ("gray", "#7f7f7f"),
    ("grey", "#7f7f7f"),
    ("olive", "#bcbd22"),
    ("cyan", "#17becf"),
    ("black", "#000000"),
    ("white", "#ffffff"),
    ("navy", "#1b2a49"),
    ("gold", "#e6b800"),
];
