//! Axes with what stands around them: grid, ticks, titles, labels, the scale of the colours, the legend.

use crate::colors::{self, GRID, INK};
use crate::draw;
use crate::font;
use crate::frame::is_colored;
use crate::measure::{BAR, BEFORE_BAR, DASH, EDGE, FACTOR, LABEL, Panel, TICK, TITLE, widest};
use crate::scene::{Anchor, Item, LEADING, Rect, Scene, corners};
use adl_runtime::figure::{Color, Shape, Stroke};

/// Draws a panel.
pub fn draw(scene: &mut Scene, panel: &Panel<'_, '_>) {
    grid_lines(scene, panel);
    for k in 0..panel.frame.panel.marks.len() {
        draw::mark(scene, panel.frame, panel.plot, k);
    }
    ticks(scene, panel);
    labels(scene, panel);
    color_bar(scene, panel);
    let plot = panel.plot;
    let spot = if panel.beside {
        panel.legend.size().map(|(width, height)| {
            let x = plot.right() + panel.bar_width() + 10.0;
            Rect { x, y: plot.y.min(panel.cell.bottom() - height - 4.0), width, height }
        })
    } else {
        panel.legend.spot(plot, &panel.occupied())
    };
    if let Some(at) = spot {
        panel.legend.draw(scene, at);
    }
}

fn grid_lines(scene: &mut Scene, panel: &Panel<'_, '_>) {
    if panel.frame.is_covered() {
        return;
    }
    let plot = panel.plot;
    let mut pieces = Vec::new();
    for tick in panel.x.ticks.iter().filter(|t| t.label.is_some()) {
        let x = plot.x + panel.frame.x.place(tick.value) * plot.width;
        pieces.push(vec![(x, plot.y), (x, plot.bottom())]);
    }
    for tick in panel.y.ticks.iter().filter(|t| t.label.is_some()) {
        let y = plot.bottom() - panel.frame.y.place(tick.value) * plot.height;
        pieces.push(vec![(plot.x, y), (plot.right(), y)]);
    }
    scene.items.push(Item::Lines { pieces, color: GRID, width: 0.6, stroke: Stroke::Solid });
}

fn ticks(scene: &mut Scene, panel: &Panel<'_, '_>) {
    let (plot, frame) = (panel.plot, panel.frame);
    let c = corners(plot);
    // The end reaches over the corner by half the width.
    let mut pieces = vec![vec![c[0], c[1], c[2], c[3], (c[0].0, c[0].1 - 0.4)]];
    for tick in &panel.x.ticks {
        let x = plot.x + frame.x.place(tick.value) * plot.width;
        let dash = if tick.label.is_some() { DASH } else { DASH / 2.0 };
        pieces.push(vec![(x, plot.bottom()), (x, plot.bottom() + dash)]);
        if let Some(label) = &tick.label {
            scene.text((x, plot.bottom() + DASH + 2.0 + TICK), label, TICK, Anchor::Middle);
        }
    }
    for tick in &panel.y.ticks {
        let y = plot.bottom() - frame.y.place(tick.value) * plot.height;
        let dash = if tick.label.is_some() { DASH } else { DASH / 2.0 };
        pieces.push(vec![(plot.x - dash, y), (plot.x, y)]);
        if let Some(label) = &tick.label {
            scene.text((plot.x - DASH - 3.0, y + 0.36 * TICK), label, TICK, Anchor::End);
        }
    }
    scene.items.push(Item::Lines { pieces, color: INK, width: 0.8, stroke: Stroke::Solid });
}

fn labels(scene: &mut Scene, panel: &Panel<'_, '_>) {
    let (plot, cell) = (panel.plot, panel.cell);
    let (middle, center) = (plot.x + plot.width / 2.0, plot.y + plot.height / 2.0);
    // Over the axes if it fits there, else over the whole cell.
    let half = panel.title.iter().map(|l| font::width(l, TITLE) / 2.0).fold(0.0, f64::max);
    let (from, to) = (cell.x + EDGE + half, cell.right() - EDGE - half);
    let x = if from < to { middle.clamp(from, to) } else { cell.x + cell.width / 2.0 };
    let up = panel.title.len().saturating_sub(1) as f64 * TITLE * LEADING;
    let factor = if panel.y.factor.is_some() || panel.z.factor.is_some() { FACTOR } else { 0.0 };
    scene.block((x, plot.y - factor - 10.0 - up), &panel.title, TITLE, Anchor::Middle);
    let below = plot.bottom() + DASH + TICK + LABEL + 8.0;
    scene.block((middle, below), &panel.x_label, LABEL, Anchor::Middle);
    scene.block_upwards((plot.x - DASH - 12.0 - widest(&panel.y), center), &panel.y_label, LABEL);
    if let Some(factor) = &panel.x.factor {
        scene.text((plot.right(), below), factor, TICK, Anchor::End);
    }
    if let Some(factor) = &panel.y.factor {
        scene.text((plot.x, plot.y - 8.0), factor, TICK, Anchor::Start);
    }
}

/// The scale of the colours, right of the axes.
fn color_bar(scene: &mut Scene, panel: &Panel<'_, '_>) {
    let Some(scale) = panel.frame.z else { return };
    let plot = panel.plot;
    let bar = Rect { x: plot.right() + BEFORE_BAR, y: plot.y, width: BAR, height: plot.height };
    // Each colour reaches up to the end, and the next ones cover it from above: no seams.
    for (from, color) in bar_colors(panel) {
        let height = bar.height * (1.0 - from.clamp(0.0, 1.0));
        scene.items.push(Item::Tiles { rects: vec![Rect { height, ..bar }], color });
    }
    let c = corners(bar);
    let mut pieces = vec![vec![c[0], c[1], c[2], c[3], c[0]]];
    for tick in &panel.z.ticks {
        let y = bar.bottom() - scale.place(tick.value) * bar.height;
        pieces.push(vec![(bar.right(), y), (bar.right() + DASH, y)]);
        if let Some(label) = &tick.label {
            scene.text((bar.right() + DASH + 3.0, y + 0.36 * TICK), label, TICK, Anchor::Start);
        }
    }
    scene.items.push(Item::Lines { pieces, color: INK, width: 0.7, stroke: Stroke::Solid });
    if let Some(factor) = &panel.z.factor {
        // Above the bar, and to the left of its right end as far as it must.
        let right = (bar.x + font::width(factor, TICK)).min(panel.cell.right() - EDGE);
        scene.text((right, bar.y - 8.0), factor, TICK, Anchor::End);
    }
    let ticks = bar.right() + DASH + 4.0 + widest(&panel.z);
    let lines = panel.z_label.len().saturating_sub(1) as f64 * LABEL * LEADING;
    scene.block_upwards((ticks + LABEL + 2.0 + lines, plot.y + plot.height / 2.0), &panel.z_label, LABEL);
}

/// Where on the scale of the colours they begin, from 0 to 1: those of the areas between levels if there are no others.
fn bar_colors(panel: &Panel<'_, '_>) -> Vec<(f64, Color)> {
    let colored = panel.frame.panel.marks.iter().filter(|m| is_colored(m)).map(|m| &m.shape);
    if let [Shape::Contour { grid, levels, filled: true }] = colored.collect::<Vec<_>>()[..] {
        let place = |z: f64| panel.frame.z.map_or(0.0, |scale| scale.place(z));
        let bands = draw::band_colors(panel.frame, grid, levels);
        // A single band would have no place on a scale around it.
        if bands.len() > 1 {
            return bands.into_iter().map(|(level, color)| (place(level), color)).collect();
        }
    }
    let steps = colors::SHADES / 2;
    (0..steps).map(|k| (k as f64 / steps as f64, colors::shade(2 * k))).collect()
}
