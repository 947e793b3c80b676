//! Shapes in points, with y downwards: what a figure comes to before it is written in some format. All shapes are
//! inside the picture already; formats need not clip.

use adl_runtime::figure::{Color, Stroke};

/// From one line of text to the next, in units of its size.
pub const LEADING: f64 = 1.25;

/// A place.
pub type Point = (f64, f64);

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Rect {
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    pub fn contains(&self, (x, y): Point) -> bool {
        (self.x..=self.right()).contains(&x) && (self.y..=self.bottom()).contains(&y)
    }
}

/// Which end of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// A text; `at` is on its base line.
#[derive(Clone, Debug)]
pub struct Text {
    pub at: Point,
    pub content: String,
    pub size: f64,
    pub anchor: Anchor,
    /// Written upwards.
    pub upwards: bool,
}

/// A shape.
#[derive(Clone, Debug)]
pub enum Item {
    Lines {
        pieces: Vec<Vec<Point>>,
        color: Color,
        width: f64,
        stroke: Stroke,
    },
    /// Polygons of one colour; where they overlap they are drawn once.
    Area {
        rings: Vec<Vec<Point>>,
        color: Color,
        opacity: f64,
    },
    /// Rectangles that tile a part of the picture: each pixel belongs to one of them, so no borders are to be seen.
    Tiles {
        rects: Vec<Rect>,
        color: Color,
    },
    Dots {
        at: Vec<Point>,
        radius: f64,
        color: Color,
    },
    Text(Text),
}

/// A picture.
#[derive(Clone, Debug)]
pub struct Scene {
    pub width: f64,
    pub height: f64,
    /// By how much the picture is larger than its shapes say.
    pub zoom: f64,
    pub items: Vec<Item>,
}

impl Scene {
    pub fn line(&mut self, from: Point, to: Point, color: Color, width: f64) {
        self.items.push(Item::Lines { pieces: vec![vec![from, to]], color, width, stroke: Stroke::Solid });
    }

    pub fn rect(&mut self, rect: Rect, color: Color, opacity: f64) {
        self.items.push(Item::Area { rings: vec![corners(rect)], color, opacity });
    }

    pub fn text(&mut self, at: Point, content: &str, size: f64, anchor: Anchor) {
        self.items.push(Item::Text(Text { at, content: content.into(), size, anchor, upwards: false }));
    }

    /// Lines of text below one another, the first on the base line of `at`.
    pub fn block(&mut self, at: Point, lines: &[String], size: f64, anchor: Anchor) {
        for (k, line) in lines.iter().enumerate() {
            self.text((at.0, at.1 + k as f64 * size * LEADING), line, size, anchor);
        }
    }

    /// The same written upwards around the height of `at`, with the last line on its base line.
    pub fn block_upwards(&mut self, at: Point, lines: &[String], size: f64) {
        for (k, line) in lines.iter().rev().enumerate() {
            let at = (at.0 - k as f64 * size * LEADING, at.1);
            self.items.push(Item::Text(Text {
                at,
                content: line.clone(),
                size,
                anchor: Anchor::Middle,
                upwards: true,
            }));
        }
    }
}

/// The corners of a rectangle.
pub fn corners(r: Rect) -> Vec<Point> {
    vec![(r.x, r.y), (r.right(), r.y), (r.right(), r.bottom()), (r.x, r.bottom())]
}

/// How long dashes and the gaps between them are, for lines of this width.
pub fn dashes(stroke: Stroke, width: f64) -> Vec<f64> {
    let unit = width.max(1.0);
    let pattern: &[f64] = match stroke {
        Stroke::Solid => &[],
        Stroke::Dashed => &[5.0, 3.0],
        Stroke::Dotted => &[1.2, 2.2],
        Stroke::DashDot => &[5.0, 2.2, 1.2, 2.2],
    };
    pattern.iter().map(|p| p * unit).collect()
}
