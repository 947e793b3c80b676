//! Marks as shapes inside the panel.

use crate::frame::{Frame, cell_edges};
use crate::scene::{Item, Point, Rect, Scene, corners};
use crate::{contour, thin};
use adl_runtime::figure::{Grid, Shape, Stroke};

/// Heatmaps have no more cells than this along an axis; finer ones are averaged.
const CELLS: usize = 256;

/// Where a point of the data stands in the picture.
pub fn place(frame: &Frame<'_>, plot: Rect, (x, y): Point) -> Point {
    (plot.x + frame.x.place(x) * plot.width, plot.bottom() - frame.y.place(y) * plot.height)
}

/// The points of a series in the picture.
pub fn places(frame: &Frame<'_>, plot: Rect, x: &[f64], y: &[f64]) -> Vec<Point> {
    x.iter().zip(y).map(|(&x, &y)| place(frame, plot, (x, y))).collect()
}

/// Draws the k-th mark.
pub fn mark(scene: &mut Scene, frame: &Frame<'_>, plot: Rect, k: usize) {
    let mark = &frame.panel.marks[k];
    let color = frame.color(k);
    match &mark.shape {
        Shape::Line { x, y, stroke, width } => {
            let pieces = thin::polyline(&places(frame, plot, x, y), plot);
            scene.items.push(Item::Lines { pieces, color, width: *width, stroke: *stroke });
        }
        Shape::Scatter { x, y, size } => {
            let radius = size / 2.0;
            let at = thin::dots(&places(frame, plot, x, y), radius, plot);
            scene.items.push(Item::Dots { at, radius, color });
        }
        Shape::Bars { edges, heights } => {
            let bar = |(k, &height): (usize, &f64)| {
                let base = if frame.y.log { frame.y.low } else { 0.0 };
                let (a, b) = (place(frame, plot, (edges[k], base)), place(frame, plot, (edges[k + 1], height)));
                let gap = ((b.0 - a.0).abs() * 0.06).min(0.6);
                let ring = vec![(a.0 + gap, a.1), (b.0 - gap, a.1), (b.0 - gap, b.1), (a.0 + gap, b.1)];
                finite(ring).map(|ring| thin::polygon(ring, plot)).filter(|ring| ring.len() > 2)
            };
            let rings = heights.iter().enumerate().filter(|(_, h)| **h != 0.0).filter_map(bar).collect();
            scene.items.push(Item::Area { rings, color, opacity: 0.85 });
        }
        Shape::Heatmap(grid) => cells(scene, frame, plot, grid),
        Shape::Contour { grid, levels, filled } => {
            if *filled {
                bands(scene, frame, plot, grid, levels);
            }
            for &level in levels {
                let lines = contour::lines(grid, level);
                let inside = |line: &Vec<Point>| {
                    let points: Vec<Point> = line.iter().map(|&p| place(frame, plot, p)).collect();
                    thin::polyline(&points, plot)
                };
                let pieces: Vec<_> = lines.iter().flat_map(inside).collect();
                if pieces.is_empty() {
                    continue;
                }
                let (color, width) = match (mark.color, *filled) {
                    (Some(color), _) => (color, 0.9),
                    (None, true) => (crate::colors::INK, 0.35),
                    (None, false) => (frame.value_color(level), 1.1),
                };
                scene.items.push(Item::Lines { pieces, color, width, stroke: Stroke::Solid });
            }
        }
    }
}

fn finite(ring: Vec<Point>) -> Option<Vec<Point>> {
    ring.iter().all(|(x, y)| x.is_finite() && y.is_finite()).then_some(ring)
}

/// The areas between levels, the lowest first, each over the one before.
fn bands(scene: &mut Scene, frame: &Frame<'_>, plot: Rect, grid: &Grid, levels: &[f64]) {
    let low = grid.z.iter().copied().filter(|z| z.is_finite()).fold(f64::INFINITY, f64::min);
    let high = grid.z.iter().copied().filter(|z| z.is_finite()).fold(f64::NEG_INFINITY, f64::max);
    let bounds: Vec<f64> = std::iter::once(low).chain(levels.iter().copied()).chain([high]).collect();
    for (k, &level) in bounds[..bounds.len() - 1].iter().enumerate() {
        let placed = |ring: Vec<Point>| finite(ring.into_iter().map(|p| place(frame, plot, p)).collect());
        let rings = contour::above(grid, level).into_iter().filter_map(placed);
        let rings: Vec<_> = rings.map(|ring| oriented(thin::polygon(ring, plot))).filter(|r| r.len() > 2).collect();
        if !rings.is_empty() {
            let color = frame.value_color(f64::midpoint(level, bounds[k + 1]));
            scene.items.push(Item::Area { rings, color, opacity: 1.0 });
        }
    }
}

/// All rings run the same way round, so that they join and do not cancel.
fn oriented(mut ring: Vec<Point>) -> Vec<Point> {
    let area: f64 = (0..ring.len())
        .map(|k| {
            let (a, b) = (ring[k], ring[(k + 1) % ring.len()]);
            a.0 * b.1 - b.0 * a.1
        })
        .sum();
    if area < 0.0 {
        ring.reverse();
    }
    ring
}

/// The cells of a heatmap; neighbours of one colour in a row are one shape.
fn cells(scene: &mut Scene, frame: &Frame<'_>, plot: Rect, grid: &Grid) {
    let grid = coarse(grid);
    let (xs, ys) = (cell_edges(&grid.x), cell_edges(&grid.y));
    let n = grid.x.len();
    for (i, row) in grid.z.chunks(n.max(1)).enumerate() {
        let color = |z: f64| z.is_finite().then(|| frame.value_color(z));
        let mut j = 0;
        for run in row.chunk_by(|a, b| color(*a) == color(*b)) {
            let (first, last) = (j, j + run.len());
            j = last;
            let (a, b) = (place(frame, plot, (xs[first], ys[i])), place(frame, plot, (xs[last], ys[i + 1])));
            let rect = Rect { x: a.0.min(b.0), y: a.1.min(b.1), width: (b.0 - a.0).abs(), height: (b.1 - a.1).abs() };
            if let (Some(color), Some(ring)) = (color(run[0]), finite(corners(rect))) {
                let ring = thin::polygon(ring, plot);
                if ring.len() > 2 {
                    scene.items.push(Item::Area { rings: vec![grown(ring)], color, opacity: 1.0 });
                }
            }
        }
    }
}

/// A little over its borders to the right and downwards, so that nothing shines through between neighbours.
fn grown(ring: Vec<Point>) -> Vec<Point> {
    let (right, bottom) = ring.iter().fold((f64::MIN, f64::MIN), |(x, y), p| (x.max(p.0), y.max(p.1)));
    let grow = |v: f64, edge: f64| if v == edge { v + 0.25 } else { v };
    ring.into_iter().map(|(x, y)| (grow(x, right), grow(y, bottom))).collect()
}

/// The means of blocks, if a grid is finer than can be seen.
fn coarse(grid: &Grid) -> Grid {
    let (n, m) = (grid.y.len(), grid.x.len());
    let (a, b) = (n.div_ceil(CELLS).max(1), m.div_ceil(CELLS).max(1));
    if a == 1 && b == 1 {
        return grid.clone();
    }
    let mean = |values: &mut dyn Iterator<Item = f64>| {
        let (sum, count) = values.filter(|v| v.is_finite()).fold((0.0, 0.0), |(s, c), v| (s + v, c + 1.0));
        if count > 0.0 { sum / count } else { f64::NAN }
    };
    let blocks = |places: &[f64], size: usize| places.chunks(size).map(|c| mean(&mut c.iter().copied())).collect();
    let mut z = Vec::new();
    for i in (0..n).step_by(a) {
        for j in (0..m).step_by(b) {
            let rows = i..(i + a).min(n);
            z.push(mean(&mut rows.flat_map(|i| grid.z[i * m + j..i * m + (j + b).min(m)].iter().copied())));
        }
    }
    Grid { z, x: blocks(&grid.x, b), y: blocks(&grid.y, a) }
}
