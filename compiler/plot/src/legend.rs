//! The legend: what labels stand for, in a corner where it covers nothing, or beside the axes.

use crate::colors::{INK, PAPER};
use crate::font;
use crate::frame::{Frame, is_colored};
use crate::scene::{Anchor, Item, Point, Rect, Scene};
use adl_runtime::figure::{Color, Legend, Shape, Stroke};

const SIZE: f64 = 11.0;
const ROW: f64 = 17.0;
const SAMPLE: f64 = 26.0;
const PAD: f64 = 7.0;
/// Between the legend and the axes.
const AWAY: f64 = 9.0;

/// The labels of a panel with what they stand for.
pub struct Entries<'a> {
    rows: Vec<(&'a str, &'a Shape, Color)>,
    wanted: Legend,
}

impl<'a> Entries<'a> {
    pub fn new(frame: &Frame<'a>) -> Entries<'a> {
        let wanted = frame.panel.legend;
        let marks = frame.panel.marks.iter().enumerate();
        let labelled = marks.filter(|(_, m)| !is_colored(m) && wanted != Legend::Off);
        let rows = labelled.filter_map(|(k, m)| m.label.as_deref().map(|l| (l, &m.shape, frame.color(k)))).collect();
        Entries { rows, wanted }
    }

    /// Its size; nothing if there is nothing to explain.
    pub fn size(&self) -> Option<(f64, f64)> {
        let widest = self.rows.iter().map(|(label, ..)| font::width(label, SIZE)).reduce(f64::max)?;
        Some((widest + SAMPLE + 3.0 * PAD, ROW * self.rows.len() as f64 + 2.0 * PAD - 3.0))
    }

    /// Where in the panel it stands; nothing if it belongs beside it. `points` are those that it should not cover.
    pub fn spot(&self, plot: Rect, points: &[Point]) -> Option<Rect> {
        let (width, height) = self.size()?;
        let at = |right: f64, down: f64| Rect {
            x: plot.x + AWAY + right * (plot.width - width - 2.0 * AWAY),
            y: plot.y + AWAY + down * (plot.height - height - 2.0 * AWAY),
            width,
            height,
        };
        match self.wanted {
            Legend::Outside | Legend::Off => None,
            Legend::Corner { top, right } => Some(at(f64::from(u8::from(right)), f64::from(u8::from(!top)))),
            Legend::Auto => {
                if width + 2.0 * AWAY > 0.7 * plot.width || height + 2.0 * AWAY > 0.8 * plot.height {
                    return None;
                }
                let spots =
                    [(1.0, 0.0), (0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (1.0, 0.5), (0.0, 0.5), (0.5, 0.0), (0.5, 1.0)];
                let covers = |r: &Rect| {
                    let around = Rect { x: r.x - 4.0, y: r.y - 4.0, width: r.width + 8.0, height: r.height + 8.0 };
                    points.iter().any(|p| around.contains(*p))
                };
                spots.into_iter().map(|(right, down)| at(right, down)).find(|r| !covers(r))
            }
        }
    }

    /// Where it stands beside the panel.
    pub fn beside(&self, plot: Rect, after: f64) -> Option<Rect> {
        let (width, height) = self.size()?;
        Some(Rect { x: plot.right() + after, y: plot.y, width, height })
    }

    pub fn draw(&self, scene: &mut Scene, at: Rect) {
        scene.rect(at, PAPER, 0.9);
        let c = crate::scene::corners(at);
        let ring = vec![c[0], c[1], c[2], c[3], c[0]];
        let color = Color(200, 200, 200);
        scene.items.push(Item::Lines { pieces: vec![ring], color, width: 0.7, stroke: Stroke::Solid });
        for (k, (label, shape, color)) in self.rows.iter().enumerate() {
            let y = at.y + PAD + ROW * (k as f64 + 0.5) - 1.5;
            let (from, to) = (at.x + PAD, at.x + PAD + SAMPLE);
            sample(scene, shape, *color, (from, to), y);
            scene.text((to + PAD, y + 0.36 * SIZE), label, SIZE, Anchor::Start);
        }
    }
}

/// A short piece of a mark.
fn sample(scene: &mut Scene, shape: &Shape, color: Color, (from, to): (f64, f64), y: f64) {
    match shape {
        Shape::Line { stroke, width, .. } => {
            let pieces = vec![vec![(from, y), (to, y)]];
            scene.items.push(Item::Lines { pieces, color, width: *width, stroke: *stroke });
        }
        Shape::Scatter { size, .. } => {
            let radius = (size / 2.0).clamp(1.5, 5.0);
            scene.items.push(Item::Dots { at: vec![(f64::midpoint(from, to), y)], radius, color });
        }
        Shape::Bars { .. } => {
            scene.rect(Rect { x: from + 4.0, y: y - 4.5, width: to - from - 8.0, height: 9.0 }, color, 0.85)
        }
        Shape::Contour { .. } | Shape::Heatmap(_) => {
            scene.line((from, y), (to, y), if color == PAPER { INK } else { color }, 0.9);
        }
    }
}
