//! The font: how wide texts are, how they break into lines, and the outlines of their letters.

use std::sync::LazyLock;
use tiny_skia::{Path, PathBuilder};
use ttf_parser::{Face, OutlineBuilder};

static FACE: LazyLock<Face<'static>> =
    LazyLock::new(|| Face::parse(dejavu::sans::regular(), 0).expect("the font is part of the program"));

/// What an SVG calls it, with others of the same width.
pub const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// The width of a text.
pub fn width(text: &str, size: f64) -> f64 {
    text.chars().map(|c| advance(c, size)).sum()
}

/// A text in lines no wider than `room` and of about one width, broken between words or, where one word is too long,
/// within it. Of more than `most` lines the rest is left out, and dots say so.
pub fn wrapped(text: &str, size: f64, room: f64, most: usize) -> Vec<String> {
    let mut lines = broken(text, size, room);
    if lines.len() > most.max(1) {
        lines.truncate(most.max(1));
        if let Some(last) = lines.last_mut() {
            while last.chars().count() > 1 && width(last, size) + advance('…', size) > room {
                last.pop();
            }
            last.truncate(last.trim_end().len());
            last.push('…');
        }
    } else if lines.len() > 1 {
        // As narrow as so many lines can be.
        let (mut narrow, mut wide) = (0.0, room);
        for _ in 0..8 {
            let middle = f64::midpoint(narrow, wide);
            let tried = broken(text, size, middle);
            if tried.len() > lines.len() {
                narrow = middle;
            } else {
                (wide, lines) = (middle, tried);
            }
        }
    }
    lines
}

fn broken(text: &str, size: f64, room: f64) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let longer = if line.is_empty() { word.to_string() } else { format!("{line} {word}") };
            if width(&longer, size) <= room {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for c in word.chars() {
                if !line.is_empty() && width(&line, size) + advance(c, size) > room {
                    lines.push(std::mem::take(&mut line));
                }
                line.push(c);
            }
        }
        lines.push(line);
    }
    lines
}

fn advance(c: char, size: f64) -> f64 {
    let glyph = FACE.glyph_index(c).unwrap_or_default();
    f64::from(FACE.glyph_hor_advance(glyph).unwrap_or(0)) * size / f64::from(FACE.units_per_em())
}

/// The outline of a text whose base line begins at the origin; y goes downwards.
pub fn outline(text: &str, size: f64) -> Option<Path> {
    let scale = size as f32 / f32::from(FACE.units_per_em());
    let mut pen = Pen { path: PathBuilder::new(), scale, x: 0.0 };
    for c in text.chars() {
        let glyph = FACE.glyph_index(c).unwrap_or_default();
        FACE.outline_glyph(glyph, &mut pen);
        pen.x += advance(c, size) as f32;
    }
    pen.path.finish()
}

struct Pen {
    path: PathBuilder,
    scale: f32,
    x: f32,
}

impl Pen {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, -y * self.scale)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}
