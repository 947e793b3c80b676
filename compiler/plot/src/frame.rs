//! A panel made ready: the scales of its axes and of its colours, from the data and the wishes of the program.

use crate::axis::Scale;
use crate::colors;
use adl_runtime::figure::{Color, Grid, Mark, Panel, Shape, Stroke};

/// A panel with its scales.
pub struct Frame<'a> {
    pub panel: &'a Panel,
    pub x: Scale,
    pub y: Scale,
    /// The values that colours stand for, if there are such.
    pub z: Option<Scale>,
    /// What the colours are.
    pub z_label: Option<&'a str>,
}

/// What stands at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Disc,
    Square,
    Triangle,
    Diamond,
}

/// The least and the greatest number seen.
#[derive(Clone, Copy)]
struct Range(Option<(f64, f64)>);

impl Range {
    fn see(&mut self, x: f64) {
        self.0 = Some(self.0.map_or((x, x), |(low, high)| (low.min(x), high.max(x))));
    }
}

impl<'a> Frame<'a> {
    /// Chooses the scales; `notes` hears what has no place on them.
    pub fn new(panel: &'a Panel, notes: &mut Vec<String>) -> Result<Frame<'a>, String> {
        check(panel)?;
        let shows = |log: bool, v: f64| v.is_finite() && !(log && v <= 0.0);
        let has = |wanted: fn(&Shape) -> bool| panel.marks.iter().any(|m| wanted(&m.shape));
        let grids = has(|s| matches!(s, Shape::Heatmap(_) | Shape::Contour { .. }));
        let dots = has(|s| matches!(s, Shape::Scatter { .. }));
        let bars = has(|s| matches!(s, Shape::Bars { .. }));
        let mut xs = Range(None);
        for mark in &panel.marks {
            each(mark, &mut |x, y| {
                if shows(panel.x.log, x) && (y.is_nan() || shows(panel.y.log, y)) {
                    xs.see(x);
                }
            });
        }
        let x = Scale::fit(&panel.x, "x", xs.0, grids || !(dots || bars))?;
        let mut ys = Range(None);
        for mark in &panel.marks {
            each(mark, &mut |px, py| {
                if shows(panel.y.log, py) && (px.is_nan() || x.is_within(px)) {
                    ys.see(py);
                }
            });
        }
        let mut y = Scale::fit(&panel.y, "y", ys.0, grids)?;
        if bars && panel.y.limits.is_none() {
            // Bars stand on the axis; on a log axis the least of them has some height too.
            match ys.0 {
                Some((low, _)) if panel.y.log => y.low = y.low.min(low / 2.0),
                Some((0.0, _)) => y.low = 0.0,
                _ => {}
            }
        }
        panel.marks.iter().for_each(|mark| note(panel, mark, notes));
        let mut zs = Range(None);
        let colored = panel.marks.iter().filter(|m| is_colored(m));
        for mark in colored.clone() {
            if let Shape::Heatmap(grid) | Shape::Contour { grid, .. } = &mark.shape {
                grid.z.iter().filter(|z| z.is_finite()).for_each(|&z| zs.see(z));
            }
        }
        let z = match zs.0 {
            Some(range) => Some(Scale::fit(&Default::default(), "z", Some(range), true)?),
            None => None,
        };
        let z_label = colored.filter_map(|m| m.label.as_deref()).next();
        Ok(Frame { panel, x, y, z, z_label })
    }

    /// The colour of the k-th mark.
    pub fn color(&self, k: usize) -> Color {
        self.panel.marks[k].color.unwrap_or_else(|| self.series(k).0)
    }

    /// The colour of the palette for the k-th mark, and how often the palette has been used up before. Marks whose
    /// colours are told or are values take none from it.
    fn series(&self, k: usize) -> (Color, usize) {
        colors::series(self.panel.marks[..k].iter().filter(|m| m.color.is_none() && !is_colored(m)).count())
    }

    /// How often the palette was used up before the k-th mark took its colour from it.
    fn round(&self, k: usize) -> usize {
        if self.panel.marks[k].color.is_some() { 0 } else { self.series(k).1 }
    }

    /// How the k-th mark, a line, is drawn: lines that share a colour of the palette differ.
    pub fn stroke(&self, k: usize) -> Stroke {
        const ROUNDS: [Stroke; 4] = [Stroke::Solid, Stroke::Dashed, Stroke::DashDot, Stroke::Dotted];
        match &self.panel.marks[k].shape {
            Shape::Line { stroke: Stroke::Solid, .. } => ROUNDS[self.round(k) % ROUNDS.len()],
            Shape::Line { stroke, .. } => *stroke,
            _ => Stroke::Solid,
        }
    }

    /// What stands at the points of the k-th mark: dots that share a colour of the palette differ.
    pub fn sign(&self, k: usize) -> Sign {
        const ROUNDS: [Sign; 4] = [Sign::Disc, Sign::Triangle, Sign::Square, Sign::Diamond];
        ROUNDS[self.round(k) % ROUNDS.len()]
    }

    /// The number of the colour of a value.
    pub fn shade(&self, z: f64) -> usize {
        let t = self.z.map_or(0.5, |scale| scale.place(z)).clamp(0.0, 1.0);
        ((t * colors::SHADES as f64) as usize).min(colors::SHADES - 1)
    }

    /// The colour of a value.
    pub fn value_color(&self, z: f64) -> Color {
        colors::shade(self.shade(z))
    }

    /// Whether marks cover the whole panel.
    pub fn is_covered(&self) -> bool {
        let covers = |m: &Mark| matches!(m.shape, Shape::Heatmap(_) | Shape::Contour { filled: true, .. });
        self.panel.marks.iter().any(covers)
    }
}

/// Whether the colours of a mark are values.
pub fn is_colored(mark: &Mark) -> bool {
    match mark.shape {
        Shape::Heatmap(_) => true,
        Shape::Contour { .. } => mark.color.is_none(),
        Shape::Line { .. } | Shape::Scatter { .. } | Shape::Bars { .. } => false,
    }
}

/// The points that a mark asks room for; NaN where it asks for none along an axis.
fn each(mark: &Mark, see: &mut dyn FnMut(f64, f64)) {
    match &mark.shape {
        Shape::Line { x, y, .. } | Shape::Scatter { x, y, .. } => {
            x.iter().zip(y).filter(|(x, y)| x.is_finite() && y.is_finite()).for_each(|(&x, &y)| see(x, y));
        }
        Shape::Bars { edges, heights } => {
            edges.iter().for_each(|&x| see(x, f64::NAN));
            if !heights.is_empty() {
                see(f64::NAN, 0.0);
            }
            heights.iter().for_each(|&h| see(f64::NAN, h));
        }
        Shape::Heatmap(grid) => {
            cell_edges(&grid.x).into_iter().for_each(|x| see(x, f64::NAN));
            cell_edges(&grid.y).into_iter().for_each(|y| see(f64::NAN, y));
        }
        Shape::Contour { grid, .. } => {
            grid.x.iter().for_each(|&x| see(x, f64::NAN));
            grid.y.iter().for_each(|&y| see(f64::NAN, y));
        }
    }
}

/// The borders of cells around places: half way between them.
pub fn cell_edges(places: &[f64]) -> Vec<f64> {
    match *places {
        [] => Vec::new(),
        [only] => vec![only - 0.5, only + 0.5],
        [first, second, ..] => {
            let n = places.len();
            let mut edges = vec![first - (second - first) / 2.0];
            edges.extend(places.windows(2).map(|w| f64::midpoint(w[0], w[1])));
            edges.push(places[n - 1] + (places[n - 1] - places[n - 2]) / 2.0);
            edges
        }
    }
}

fn check(panel: &Panel) -> Result<(), String> {
    for mark in &panel.marks {
        let (Shape::Heatmap(Grid { z, x, y }) | Shape::Contour { grid: Grid { z, x, y }, .. }) = &mark.shape else {
            continue;
        };
        if z.len() != x.len() * y.len() {
            return Err(format!("{} values do not fit a grid of {} by {}", z.len(), y.len(), x.len()));
        }
        for (places, name) in [(x, "x"), (y, "y")] {
            let ascend = places.iter().all(|p| p.is_finite()) && places.windows(2).all(|w| w[0] < w[1]);
            if !ascend {
                return Err(format!("the places of a grid along {name} must ascend"));
            }
        }
    }
    Ok(())
}

/// Says how many points a log axis cannot show, and which marks have nothing to show at all.
fn note(panel: &Panel, mark: &Mark, notes: &mut Vec<String>) {
    let of = mark.label.as_ref().map_or(String::new(), |l| format!(" of \"{l}\""));
    let (x, y, what) = match &mark.shape {
        Shape::Line { x, y, .. } | Shape::Scatter { x, y, .. } => (x, y, "points"),
        Shape::Heatmap(grid) | Shape::Contour { grid, .. } => (&grid.x, &grid.y, "places"),
        Shape::Bars { .. } => return,
    };
    let finite = match &mark.shape {
        Shape::Heatmap(grid) | Shape::Contour { grid, .. } => grid.z.iter().any(|z| z.is_finite()),
        _ => x.iter().zip(y).any(|(x, y)| x.is_finite() && y.is_finite()),
    };
    if !finite && !x.is_empty() && !y.is_empty() {
        notes.push(format!("nothing{of} is shown: no number is finite"));
        return;
    }
    for (values, log, axis) in [(x, panel.x.log, "x"), (y, panel.y.log, "y")] {
        let lost = values.iter().filter(|&&v| v <= 0.0).count();
        if log && lost > 0 {
            let (are, they) = if lost == 1 { ("is", "it is") } else { ("are", "they are") };
            notes.push(format!(
                "{lost} of {} {what}{of} {are} not shown: the {axis} axis is logarithmic, and {they} not positive",
                values.len()
            ));
        }
    }
}
