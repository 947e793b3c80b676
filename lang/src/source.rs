//! Where text comes from and how a place in it is named.

use std::fmt;
use std::sync::Arc;

/// The name of the sources of calls that a host makes: nobody wrote their text.
pub const CALL: &str = "<call>";

/// One source text: a file, a REPL entry or an embedded string. Cheap to clone.
#[derive(Clone)]
pub struct Source(Arc<SourceData>);

struct SourceData {
    name: String,
    text: String,
    /// Byte offset at which each line begins.
    lines: Vec<u32>,
}

/// Index of a source in the program that owns it; spans carry it so that an error inside an imported file, or inside
/// derived code, still points at the line the user wrote.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct SourceId(pub u32);

/// A half-open range of bytes in one source.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Span {
    /// The text the range lies in.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The range `start..end` of `source`.
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        Span { source, start: start as u32, end: end as u32 }
    }

    /// The smallest span that covers both; they must lie in one source.
    pub fn to(self, other: Span) -> Span {
        Span { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Whether another range lies within this one.
    pub fn encloses(self, other: Span) -> bool {
        self.source == other.source && self.start <= other.start && other.end <= self.end
    }
}

impl Source {
    /// Takes a text and the name under which messages show it.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at as u32 + 1)).collect();
        Source(Arc::new(SourceData { name: name.into(), text, lines }))
    }

    /// The name shown in messages, usually a path.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Line and column of a byte, both from 1; columns count characters.
    pub fn line_column(&self, byte: u32) -> (usize, usize) {
        let line = self.0.lines.partition_point(|&start| start <= byte).saturating_sub(1);
        let start = self.0.lines[line] as usize;
        let end = (byte as usize).min(self.text().len());
        let column = self.text().get(start..end).map_or(0, |s| s.chars().count());
        (line + 1, column + 1)
    }

    /// The text of a span; empty if the span does not fit.
    pub fn slice(&self, span: Span) -> &str {
        self.text().get(span.start as usize..span.end as usize).unwrap_or("")
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({:?})", self.name())
    }
}
