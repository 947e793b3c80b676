//! The legend: what labels stand for, in a corner where it covers nothing, or beside the axes.

use crate::colors::PAPER;
use crate::draw;
use crate::font;
use crate::frame::{Frame, Sign, is_colored};
use crate::scene::{Anchor, Item, LEADING, Point, Rect, Scene, corners};
use adl_runtime::figure::{Color, Legend, Shape, Stroke};

const SIZE: f64 = 11.0;
/// Around each label.
const BETWEEN: f64 = 3.25;
const SAMPLE: f64 = 26.0;
const PAD: f64 = 7.0;
/// Between the legend and the axes.
const AWAY: f64 = 9.0;
/// The least room for a label before it is broken.
const LEAST: f64 = 70.0;
/// Lines of a label.
const LINES: usize = 5;

/// A label with what it stands for; nothing for labels that have no room.
struct Row<'a> {
    label: Vec<String>,
    sample: Option<Sample<'a>>,
    /// Its upper left corner in the legend.
    at: Point,
}

struct Sample<'a> {
    shape: &'a Shape,
    color: Color,
    stroke: Stroke,
    sign: Sign,
}

impl Row<'_> {
    fn height(&self) -> f64 {
        ((self.label.len() - 1) as f64 * LEADING + 0.95) * SIZE + 2.0 * BETWEEN
    }

    fn width(&self) -> f64 {
        self.before() + PAD + self.label.iter().map(|l| font::width(l, SIZE)).fold(0.0, f64::max)
    }

    /// The room before the label.
    fn before(&self) -> f64 {
        if self.sample.is_some() { SAMPLE + PAD } else { 0.0 }
    }
}

/// The labels of a panel with what they stand for, in one or several columns.
pub struct Entries<'a> {
    rows: Vec<Row<'a>>,
    size: (f64, f64),
    wanted: Legend,
}

impl<'a> Entries<'a> {
    pub fn none() -> Entries<'a> {
        Entries { rows: Vec::new(), size: (0.0, 0.0), wanted: Legend::Off }
    }

    /// The labels set in a room of this width and height. Long ones are broken, many stand in columns, and those that
    /// have no place are counted.
    pub fn new(frame: &Frame<'a>, width: f64, height: f64) -> Entries<'a> {
        let wanted = frame.panel.legend;
        let room = (width - SAMPLE - 3.0 * PAD).max(LEAST);
        let marks = frame.panel.marks.iter().enumerate();
        let labelled = marks.filter(|(_, m)| !is_colored(m) && wanted != Legend::Off);
        let row = |(k, label): (usize, &str)| {
            let (color, stroke, sign) = (frame.color(k), frame.stroke(k), frame.sign(k));
            let sample = Some(Sample { shape: &frame.panel.marks[k].shape, color, stroke, sign });
            let label = font::wrapped(label, SIZE, room, LINES);
            (!label.is_empty()).then_some(Row { label, sample, at: (0.0, 0.0) })
        };
        let rows: Vec<Row<'a>> =
            labelled.filter_map(|(k, m)| m.label.as_deref().map(|l| (k, l))).filter_map(row).collect();
        let mut entries = Entries { rows, size: (0.0, 0.0), wanted };
        let all = entries.rows.len();
        let mut placed = entries.place(width, height);
        while placed < entries.rows.len() && entries.rows.len() > 1 {
            // The last one tells of the rest.
            entries.rows.truncate(placed.max(2) - 1);
            let label = vec![format!("… and {} more", all - entries.rows.len())];
            entries.rows.push(Row { label, sample: None, at: (0.0, 0.0) });
            placed = entries.place(width, height);
        }
        entries
    }

    /// Places the rows one below the other, in columns of this height as far as the width goes; tells how many have a
    /// place.
    fn place(&mut self, width: f64, height: f64) -> usize {
        let (mut x, mut y, mut wide, mut low) = (PAD, PAD - 1.5, 0.0_f64, 0.0_f64);
        for k in 0..self.rows.len() {
            let row = &mut self.rows[k];
            if y > PAD && y + row.height() + PAD > height {
                (x, y, wide) = (x + wide + PAD, PAD - 1.5, 0.0);
            }
            if x > PAD && x + row.width() > width {
                return k;
            }
            row.at = (x, y);
            (y, wide) = (y + row.height(), wide.max(row.width()));
            low = low.max(y);
            self.size = (x + wide, low + PAD - 1.5);
        }
        self.rows.len()
    }

    /// Its size; nothing if there is nothing to explain.
    pub fn size(&self) -> Option<(f64, f64)> {
        (!self.rows.is_empty()).then_some(self.size)
    }

    /// The places in the panel where it may stand.
    fn spots(&self, plot: Rect) -> impl Iterator<Item = Rect> {
        let (width, height) = self.size;
        let at = move |right: f64, down: f64| Rect {
            x: plot.x + AWAY + right * (plot.width - width - 2.0 * AWAY),
            y: plot.y + AWAY + down * (plot.height - height - 2.0 * AWAY),
            width,
            height,
        };
        [(1.0, 0.0), (0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (1.0, 0.5), (0.0, 0.5), (0.5, 0.0), (0.5, 1.0)]
            .into_iter()
            .map(move |(right, down)| at(right, down))
    }

    /// A place in the panel where it is not too large and covers none of the points.
    pub fn free_spot(&self, plot: Rect, points: &[Point]) -> Option<Rect> {
        let (width, height) = self.size()?;
        if width + 2.0 * AWAY > 0.7 * plot.width || height + 2.0 * AWAY > 0.8 * plot.height {
            return None;
        }
        self.spots(plot).find(|r| covered(r, points) == 0)
    }

    /// Where in the panel it stands: where the program says, or where it covers the fewest points.
    pub fn spot(&self, plot: Rect, points: &[Point]) -> Option<Rect> {
        self.size()?;
        let corner = |top: bool, right: bool| match (top, right) {
            (true, true) => 0,
            (true, false) => 1,
            (false, true) => 2,
            (false, false) => 3,
        };
        match self.wanted {
            Legend::Outside | Legend::Off => None,
            Legend::Corner { top, right } => self.spots(plot).nth(corner(top, right)),
            Legend::Auto => self.spots(plot).min_by_key(|r| covered(r, points)),
        }
    }

    pub fn draw(&self, scene: &mut Scene, at: Rect) {
        scene.rect(at, PAPER, 0.9);
        let c = corners(at);
        let ring = vec![c[0], c[1], c[2], c[3], c[0]];
        let color = Color(200, 200, 200);
        scene.items.push(Item::Lines { pieces: vec![ring], color, width: 0.7, stroke: Stroke::Solid });
        for row in &self.rows {
            let from = at.x + row.at.0;
            let base = at.y + row.at.1 + BETWEEN + 0.83 * SIZE;
            if let Some(sample) = &row.sample {
                sample.draw(scene, (from, from + SAMPLE), base - 0.36 * SIZE);
            }
            scene.block((from + row.before(), base), &row.label, SIZE, Anchor::Start);
        }
    }
}

/// How many points a rectangle covers, or nearly so.
fn covered(r: &Rect, points: &[Point]) -> usize {
    let around = Rect { x: r.x - 4.0, y: r.y - 4.0, width: r.width + 8.0, height: r.height + 8.0 };
    points.iter().filter(|p| around.contains(**p)).count()
}

impl Sample<'_> {
    /// A short piece of the mark.
    fn draw(&self, scene: &mut Scene, (from, to): (f64, f64), y: f64) {
        let color = self.color;
        if color.0.min(color.1).min(color.2) > 230 {
            // What is nearly white needs some ground.
            scene.rect(Rect { x: from, y: y - 5.0, width: to - from, height: 10.0 }, Color(130, 130, 130), 1.0);
        }
        match self.shape {
            Shape::Line { width, .. } => {
                let pieces = vec![vec![(from, y), (to, y)]];
                scene.items.push(Item::Lines { pieces, color, width: *width, stroke: self.stroke });
            }
            Shape::Scatter { size, .. } => {
                let radius = (size / 2.0).clamp(1.5, 5.0);
                draw::dots(scene, vec![(f64::midpoint(from, to), y)], radius, color, self.sign);
            }
            Shape::Bars { .. } => {
                scene.rect(Rect { x: from + 4.0, y: y - 4.5, width: to - from - 8.0, height: 9.0 }, color, 0.85)
            }
            Shape::Contour { .. } | Shape::Heatmap(_) => scene.line((from, y), (to, y), color, 0.9),
        }
    }
}
