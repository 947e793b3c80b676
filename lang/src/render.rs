//! Diagnostics as text. The only place where they become text; the layout is that of `rustc`.

use crate::diagnostic::{Diagnostic, Help, How, Label, Severity, Step, grouped};
use crate::source::{Source, SourceId, Span};
use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use std::ops::Range;

/// Shows problems with the lines they stand in, their notes and cures; with colours if `color`.
///
/// ```
/// use adl_lang::{diagnostic::Diagnostic, render::render, source::{Source, SourceId, Span}};
/// let source = Source::new("a.adl", "y + 1");
/// let problem = Diagnostic::error("E0101", Span::new(SourceId(0), 0, 1), "no variable `y` here");
/// let text = render(&[problem], &|_| Some(source.clone()), false);
/// assert_eq!(text, "error[E0101]: no variable `y` here\n --> a.adl:1:1\n  |\n1 | y + 1\n  | ^\n");
/// ```
pub fn render(diagnostics: &[Diagnostic], sources: &dyn Fn(SourceId) -> Option<Source>, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let texts: Vec<String> = diagnostics.iter().map(|problem| one(problem, sources, &renderer)).collect();
    texts.join("\n")
}

/// A problem on one line: `a.adl:1:1: error[E0101]: no variable y here`.
pub fn one_line(diagnostic: &Diagnostic, sources: &dyn Fn(SourceId) -> Option<Source>) -> String {
    let word = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let title = format!("{word}[{}]: {}", diagnostic.code, inert(&diagnostic.title));
    let span = diagnostic.primary.span;
    match sources(span.source) {
        Some(source) => {
            let (line, column) = source.line_column(span.start);
            format!("{}:{line}:{column}: {title}", inert(source.name()))
        }
        None => title,
    }
}

fn one(problem: &Diagnostic, sources: &dyn Fn(SourceId) -> Option<Source>, renderer: &Renderer) -> String {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut main = Group::with_title(level.primary_title(inert(&problem.title)).id(problem.code));
    for id in places(problem) {
        let Some(source) = sources(id) else { continue };
        let text = Shown::new(source.text());
        let mut snippet = Snippet::source(text.text.clone()).path(inert(source.name()));
        let labels = std::iter::once((AnnotationKind::Primary, &problem.primary))
            .chain(problem.labels.iter().map(|label| (AnnotationKind::Context, label)));
        for (kind, Label { span, text: label }) in labels.filter(|(_, label)| label.span.source == id) {
            let label = (!label.is_empty()).then(|| inert(label));
            snippet = snippet.annotation(kind.span(text.range(*span)).label(label));
        }
        main = main.element(snippet);
    }
    for note in &problem.notes {
        main = main.element(Level::NOTE.message(inert(note)));
    }
    if !problem.calls.is_empty() {
        main = main.element(Level::NOTE.message(inert(&trail(&problem.calls, sources))));
    }
    let mut report = Vec::new();
    for help in &problem.helps {
        match patched(help, sources) {
            Some(group) => report.push(group),
            None => main = main.element(Level::HELP.message(inert(&help.text))),
        }
    }
    report.insert(0, main);
    renderer.render(&report) + "\n"
}

/// So many calls are shown that led to a problem: half of them at either end.
const SHOWN: usize = 8;

/// The calls that led to a problem, one on each line.
fn trail(calls: &[Step], sources: &dyn Fn(SourceId) -> Option<Source>) -> String {
    let line = |step: &Step| {
        let mut line = step.title();
        if let Some((span, source)) = step.span.and_then(|span| Some((span, sources(span.source)?))) {
            let (at, column) = source.line_column(span.start);
            line += &format!(", called at {}:{at}:{column}", source.name());
            let text = source.slice(span);
            if step.given.is_empty() && text.len() <= 60 && !text.contains('\n') {
                line += &format!(": `{text}`");
            }
        }
        if !step.given.is_empty() {
            line += &format!(" with {}", step.given);
        }
        if step.times > 1 && step.how != How::Omitted {
            line += &format!(" … {} more calls of it", grouped(step.times - 1));
        }
        line
    };
    if calls.len() <= SHOWN {
        return calls.iter().map(line).collect::<Vec<_>>().join("\n");
    }
    let (first, rest) = calls.split_at(SHOWN / 2);
    let (middle, last) = rest.split_at(rest.len() - SHOWN / 2);
    let omitted = format!("… {} more calls", grouped(middle.iter().map(|step| step.times).sum()));
    first.iter().map(line).chain([omitted]).chain(last.iter().map(line)).collect::<Vec<_>>().join("\n")
}

/// The sources that take part, that of the primary place first.
fn places(problem: &Diagnostic) -> Vec<SourceId> {
    let mut places = vec![problem.primary.span.source];
    for label in &problem.labels {
        if !places.contains(&label.span.source) {
            places.push(label.span.source);
        }
    }
    places
}

/// A cure with its patches, all of which lie in the source of the first.
fn patched<'a>(help: &Help, sources: &dyn Fn(SourceId) -> Option<Source>) -> Option<Group<'a>> {
    let (first, _) = help.patches.first()?;
    let source = sources(first.source)?;
    let text = Shown::new(source.text());
    let mut snippet = Snippet::source(text.text.clone()).path(inert(source.name()));
    for (span, new) in help.patches.iter().filter(|(span, _)| span.source == first.source) {
        snippet = snippet.patch(Patch::new(text.range(*span), inert(new)));
    }
    Some(Group::with_title(Level::HELP.secondary_title(inert(&help.text))).element(snippet))
}

/// A text in which every character is inert, and how places in it have moved.
struct Shown {
    text: String,
    /// For each escaped character: where it stood, how long it was, and how much longer it is now.
    moved: Vec<(usize, usize, usize)>,
}

impl Shown {
    fn new(text: &str) -> Shown {
        let mut shown = Shown { text: String::with_capacity(text.len()), moved: Vec::new() };
        for (at, c) in text.char_indices() {
            if is_inert(c) || c == '\r' && text[at + 1..].starts_with('\n') {
                shown.text.push(c);
            } else {
                let before = shown.text.len();
                shown.text.extend(c.escape_unicode());
                shown.moved.push((at, c.len_utf8(), shown.text.len() - before - c.len_utf8()));
            }
        }
        shown
    }

    /// A span as a range of the shown text; one that does not fit is cut.
    fn range(&self, span: Span) -> Range<usize> {
        let (start, end) = (self.place(span.start as usize), self.place(span.end as usize));
        start..end.max(start)
    }

    fn place(&self, at: usize) -> usize {
        let count = self.moved.partition_point(|&(place, length, _)| place + length <= at);
        let place = at + self.moved[..count].iter().map(|&(.., longer)| longer).sum::<usize>();
        let mut place = place.min(self.text.len());
        while !self.text.is_char_boundary(place) {
            place -= 1;
        }
        place
    }
}

/// A text for a message: control characters and marks of direction are escaped.
fn inert(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_inert(c) { shown.push(c) } else { shown.extend(c.escape_unicode()) }
    }
    shown
}

/// Whether a terminal shows a character, and does nothing else with it.
fn is_inert(c: char) -> bool {
    let direction = matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}');
    matches!(c, '\n' | '\t') || !(c.is_control() || direction)
}
