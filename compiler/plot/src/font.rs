//! The font: how wide texts are, and the outlines of their letters.

use crate::wrap;
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

/// A text in at most `most` lines no wider than `room`.
pub fn wrapped(text: &str, size: f64, room: f64, most: usize) -> Vec<String> {
    wrap::lines(text, room, most, &|line| width(line, size))
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
