//! Marks as shapes inside the panel.

use crate::frame::{Frame, Sign, cell_edges};
use crate::scene::{Item, Point, Rect, Scene};
use crate::{colors, contour, thin};
use adl_runtime::figure::{Color, Grid, Shape, Stroke};
use std::collections::BTreeMap;

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
        Shape::Line { x, y, width, .. } => {
            let pieces = thin::polyline(&places(frame, plot, x, y), plot);
            scene.items.push(Item::Lines { pieces, color, width: *width, stroke: frame.stroke(k) });
        }
        Shape::Scatter { x, y, size } => {
            let radius = size / 2.0;
            let at = thin::dots(&places(frame, plot, x, y), radius, plot);
            dots(scene, at, radius, color, frame.sign(k));
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
            let (from, to) = (place(frame, plot, (frame.x.low, 0.0)), place(frame, plot, (frame.x.high, 0.0)));
            if heights.iter().any(|h| *h < 0.0) && plot.contains(from) {
                scene.line(from, to, colors::INK, 0.6);
            }
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
                    (None, true) => (colors::INK, 0.35),
                    (None, false) => (frame.value_color(level), 1.1),
                };
                scene.items.push(Item::Lines { pieces, color, width, stroke: Stroke::Solid });
            }
        }
    }
}

/// Points of a mark that a legend should not cover.
pub fn occupied(frame: &Frame<'_>, plot: Rect, shape: &Shape) -> Vec<Point> {
    match shape {
        Shape::Line { x, y, .. } => {
            let along = |w: &[Point]| {
                let ((x, y), (dx, dy)) = (w[0], (w[1].0 - w[0].0, w[1].1 - w[0].1));
                let steps = (dx.hypot(dy) / 4.0).ceil().max(1.0);
                (0..=steps as usize).map(move |k| (x + k as f64 / steps * dx, y + k as f64 / steps * dy))
            };
            let pieces = thin::polyline(&places(frame, plot, x, y), plot);
            pieces.iter().flat_map(|piece| piece.windows(2).flat_map(along)).collect()
        }
        Shape::Scatter { x, y, size } => thin::dots(&places(frame, plot, x, y), *size, plot),
        Shape::Bars { edges, heights } => {
            let inside = |(k, height): (usize, &f64)| {
                let middle = f64::midpoint(edges[k], edges[k + 1]);
                let height = *height;
                (0..=16).map(move |t| place(frame, plot, (middle, f64::from(t) / 16.0 * height)))
            };
            heights.iter().enumerate().flat_map(inside).collect()
        }
        Shape::Heatmap(_) | Shape::Contour { .. } => Vec::new(),
    }
}

/// Dots, or signs of about their size.
pub fn dots(scene: &mut Scene, at: Vec<Point>, radius: f64, color: Color, sign: Sign) {
    // The corners of a sign around its place, in units of the radius.
    let around: &[Point] = match sign {
        Sign::Disc => return scene.items.push(Item::Dots { at, radius, color }),
        Sign::Square => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
        Sign::Triangle => &[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
        Sign::Diamond => &[(0.0, -1.3), (1.1, 0.0), (0.0, 1.3), (-1.1, 0.0)],
    };
    let ring = |(x, y): Point| around.iter().map(|(dx, dy)| (x + dx * radius, y + dy * radius)).collect();
    scene.items.push(Item::Area { rings: at.into_iter().map(ring).collect(), color, opacity: 1.0 });
}

fn finite(ring: Vec<Point>) -> Option<Vec<Point>> {
    ring.iter().all(|(x, y)| x.is_finite() && y.is_finite()).then_some(ring)
}

/// The areas between levels, the lowest first, each over the one before.
fn bands(scene: &mut Scene, frame: &Frame<'_>, plot: Rect, grid: &Grid, levels: &[f64]) {
    for (level, color) in band_colors(frame, grid, levels) {
        let placed = |ring: Vec<Point>| finite(ring.into_iter().map(|p| place(frame, plot, p)).collect());
        let rings = contour::above(grid, level).into_iter().filter_map(placed);
        let rings: Vec<_> = rings.map(|ring| oriented(thin::polygon(ring, plot))).filter(|r| r.len() > 2).collect();
        if !rings.is_empty() {
            scene.items.push(Item::Area { rings, color, opacity: 1.0 });
        }
    }
}

/// Where the areas between levels begin, the lowest first, and their colours.
pub fn band_colors(frame: &Frame<'_>, grid: &Grid, levels: &[f64]) -> Vec<(f64, Color)> {
    let finite = || grid.z.iter().copied().filter(|z| z.is_finite());
    let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    let bounds: Vec<f64> = std::iter::once(low).chain(levels.iter().copied()).chain([high]).collect();
    bounds.windows(2).map(|w| (w[0], frame.value_color(f64::midpoint(w[0], w[1])))).collect()
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

/// The cells of a heatmap, together where they have one colour; neighbours in a row are one tile.
fn cells(scene: &mut Scene, frame: &Frame<'_>, plot: Rect, grid: &Grid) {
    let grid = coarse(grid);
    let (xs, ys) = (cell_edges(&grid.x), cell_edges(&grid.y));
    let n = grid.x.len();
    let mut of_color: BTreeMap<usize, Vec<Rect>> = BTreeMap::new();
    for (i, row) in grid.z.chunks(n.max(1)).enumerate() {
        let shade = |z: f64| z.is_finite().then(|| frame.shade(z));
        let mut j = 0;
        for run in row.chunk_by(|a, b| shade(*a) == shade(*b)) {
            let (first, last) = (j, j + run.len());
            j = last;
            let (a, b) = (place(frame, plot, (xs[first], ys[i])), place(frame, plot, (xs[last], ys[i + 1])));
            if let (Some(shade), Some(tile)) = (shade(run[0]), between(a, b, plot)) {
                of_color.entry(shade).or_default().push(tile);
            }
        }
    }
    for (shade, rects) in of_color {
        scene.items.push(Item::Tiles { rects, color: colors::shade(shade) });
    }
}

/// The rectangle between two corners, as far as it is inside.
fn between(a: Point, b: Point, inside: Rect) -> Option<Rect> {
    let (x, right) = (a.0.min(b.0).max(inside.x), a.0.max(b.0).min(inside.right()));
    let (y, bottom) = (a.1.min(b.1).max(inside.y), a.1.max(b.1).min(inside.bottom()));
    let known = [a.0, a.1, b.0, b.1].iter().all(|v| v.is_finite());
    // A trifle more, since rounding must not leave a gap between neighbours.
    const MORE: f64 = 0.01;
    (known && x < right && y < bottom).then_some(Rect { x, y, width: right - x + MORE, height: bottom - y + MORE })
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
