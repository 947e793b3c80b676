//! Figures as scenes: how much room titles, labels, ticks, legends and colour bars take, and what is left for the data.

use crate::axis::Ticks;
use crate::colors::{GRID, INK};
use crate::frame::Frame;
use crate::legend::Entries;
use crate::scene::{Anchor, Item, Point, Rect, Scene, corners};
use crate::{colors, draw, font, thin};
use adl_runtime::Figure;
use adl_runtime::figure::{Legend, Shape, Stroke};

/// Sizes of text.
const TITLE: f64 = 14.0;
const LABEL: f64 = 12.0;
const TICK: f64 = 10.5;
/// Length of a tick; small ones are half as long.
const DASH: f64 = 4.0;
/// Width of a colour bar.
const BAR: f64 = 12.0;

/// A figure laid out, with notes on what is not to be seen.
pub fn scene(figure: &Figure) -> Result<(Scene, Vec<String>), String> {
    let columns = figure.columns.max(1);
    let rows = figure.panels.len().div_ceil(columns);
    let natural = if figure.panels.len() == 1 { (640.0, 440.0) } else { (420.0 * columns as f64, 330.0 * rows as f64) };
    let (width, height) = figure.size.unwrap_or(natural);
    for side in [width, height] {
        if !(side.is_finite() && (40.0..=10_000.0).contains(&side)) {
            return Err(format!("a picture of {width} by {height} points: each side has 40 to 10000"));
        }
    }
    let mut scene = Scene { width, height, items: Vec::new() };
    let mut top = 0.0;
    if let Some(title) = &figure.title {
        let size = fitted(title, TITLE + 2.0, width - 16.0);
        scene.text((width / 2.0, 22.0), title, size, Anchor::Middle);
        top = 28.0;
    }
    let mut notes = Vec::new();
    let (w, h) = (width / columns as f64, (height - top) / rows.max(1) as f64);
    for (k, panel) in figure.panels.iter().enumerate() {
        let frame = Frame::new(panel, &mut notes)?;
        let cell = Rect { x: (k % columns) as f64 * w, y: top + (k / columns) as f64 * h, width: w, height: h };
        draw_panel(&mut scene, &frame, cell);
    }
    Ok((scene, notes))
}

/// The size at which a text is not wider than `room`.
fn fitted(text: &str, size: f64, room: f64) -> f64 {
    let width = font::width(text, size);
    if width > room { (size * room / width).max(4.0) } else { size }
}

fn widest(ticks: &Ticks) -> f64 {
    ticks.ticks.iter().filter_map(|t| t.label.as_ref()).map(|l| font::width(l, TICK)).fold(0.0, f64::max)
}

/// A panel with the room of its parts settled.
struct Panel<'f, 'a> {
    frame: &'f Frame<'a>,
    plot: Rect,
    x: Ticks,
    y: Ticks,
    z: Ticks,
}

impl<'f, 'a> Panel<'f, 'a> {
    /// Settles the room when `right` of it is taken beside the axes.
    fn settle(frame: &'f Frame<'a>, cell: Rect, right: f64) -> Panel<'f, 'a> {
        let panel = frame.panel;
        let y = frame.y.ticks(((cell.height - 70.0) / 34.0).max(2.0) as usize);
        let z = frame.z.map_or(Ticks::default(), |z| z.ticks(((cell.height - 70.0) / 34.0).max(2.0) as usize));
        let left = 8.0 + panel.y.label.as_ref().map_or(0.0, |_| LABEL + 7.0) + widest(&y) + DASH + 5.0;
        let factor = if y.factor.is_some() || z.factor.is_some() { 14.0 } else { 0.0 };
        let above = if panel.title.is_some() { TITLE + 16.0 } else { 12.0 + factor };
        let below = 8.0 + TICK + DASH + 4.0 + panel.x.label.as_ref().map_or(0.0, |_| LABEL + 8.0);
        let bar =
            frame.z.map_or(0.0, |_| 12.0 + BAR + DASH + 4.0 + widest(&z) + frame.z_label.map_or(0.0, |_| LABEL + 6.0));
        let most = |width: f64, count: usize| frame.x.ticks(((width / 48.0).max(2.0) as usize).min(count));
        let guess = (cell.width - left - bar - right - 20.0).max(20.0);
        // Fewer ticks until their labels stand apart.
        let mut count = 12;
        let mut x = most(guess, count);
        let crowded = |x: &Ticks| {
            let labels = x.ticks.iter().filter(|t| t.label.is_some()).count() as f64;
            labels * (widest(x) + 9.0) > guess
        };
        while count > 2 && crowded(&x) {
            count -= 1;
            x = most(guess, count);
        }
        let last = x.ticks.iter().rev().find_map(|t| t.label.as_ref()).map_or(0.0, |l| font::width(l, TICK) / 2.0);
        let right = right + bar + if bar + right > 0.0 { 8.0 } else { last.max(14.0) };
        let mut plot = Rect {
            x: cell.x + left,
            y: cell.y + above,
            width: (cell.width - left - right).max(10.0),
            height: (cell.height - above - below).max(10.0),
        };
        if panel.equal && !frame.x.log && !frame.y.log {
            let (dx, dy) = ((frame.x.high - frame.x.low).abs(), (frame.y.high - frame.y.low).abs());
            let unit = (plot.width / dx).min(plot.height / dy);
            let (w, h) = (unit * dx, unit * dy);
            plot =
                Rect { x: plot.x + (plot.width - w) / 2.0, y: plot.y + (plot.height - h) / 2.0, width: w, height: h };
        }
        Panel { frame, plot, x, y, z }
    }

    /// Points that the legend should not cover.
    fn occupied(&self) -> Vec<Point> {
        let mut out = Vec::new();
        for mark in &self.frame.panel.marks {
            match &mark.shape {
                Shape::Line { x, y, .. } => {
                    for piece in thin::polyline(&draw::places(self.frame, self.plot, x, y), self.plot) {
                        for w in piece.windows(2) {
                            let (dx, dy) = (w[1].0 - w[0].0, w[1].1 - w[0].1);
                            let steps = (dx.hypot(dy) / 4.0).ceil().max(1.0);
                            out.extend((0..=steps as usize).map(|k| {
                                let t = k as f64 / steps;
                                (w[0].0 + t * dx, w[0].1 + t * dy)
                            }));
                        }
                    }
                }
                Shape::Scatter { x, y, size } => {
                    out.extend(thin::dots(&draw::places(self.frame, self.plot, x, y), *size, self.plot));
                }
                Shape::Bars { edges, heights } => {
                    for (k, height) in heights.iter().enumerate() {
                        let steps = (0..=8).map(|t| f64::from(t) / 8.0 * height);
                        let middle = f64::midpoint(edges[k], edges[k + 1]);
                        out.extend(steps.map(|h| draw::place(self.frame, self.plot, (middle, h))));
                    }
                }
                Shape::Heatmap(_) | Shape::Contour { .. } => {}
            }
        }
        out
    }
}

fn draw_panel(scene: &mut Scene, frame: &Frame<'_>, cell: Rect) {
    let entries = Entries::new(frame);
    let mut panel = Panel::settle(frame, cell, 0.0);
    let mut spot = None;
    let mut beside = false;
    if let Some((width, _)) = entries.size() {
        spot = entries.spot(panel.plot, &panel.occupied());
        beside = spot.is_none() && frame.panel.legend != Legend::Off;
        if beside {
            panel = Panel::settle(frame, cell, width + 10.0);
        }
    }
    grid_lines(scene, &panel);
    for k in 0..frame.panel.marks.len() {
        draw::mark(scene, frame, panel.plot, k);
    }
    axes(scene, &panel, cell);
    let bar_width = color_bar(scene, &panel);
    if beside {
        spot = entries.beside(panel.plot, bar_width + 10.0);
    }
    if let Some(at) = spot {
        entries.draw(scene, at);
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

fn axes(scene: &mut Scene, panel: &Panel<'_, '_>, cell: Rect) {
    let (plot, frame) = (panel.plot, panel.frame);
    let c = corners(plot);
    let mut pieces = vec![vec![c[0], c[1], c[2], c[3], c[0], c[1]]];
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
    let middle = plot.x + plot.width / 2.0;
    if let Some(title) = &frame.panel.title {
        let size = fitted(title, TITLE, cell.width - 12.0);
        // Over the axes if it fits there, else over the whole cell.
        let half = font::width(title, size) / 2.0;
        let x = middle.clamp(cell.x + 6.0 + half, (cell.right() - 6.0 - half).max(cell.x + 6.0 + half));
        scene.text((x, plot.y - 10.0), title, size, Anchor::Middle);
    }
    if let Some(label) = &frame.panel.x.label {
        let size = fitted(label, LABEL, plot.width + 30.0);
        scene.text((middle, plot.bottom() + DASH + TICK + LABEL + 8.0), label, size, Anchor::Middle);
    }
    if let Some(label) = &frame.panel.y.label {
        let size = fitted(label, LABEL, plot.height + 20.0);
        let x = plot.x - DASH - 8.0 - widest(&panel.y) - 4.0;
        scene.text_upwards((x, plot.y + plot.height / 2.0), label, size);
    }
    if let Some(factor) = &panel.x.factor {
        scene.text((plot.right(), plot.bottom() + DASH + 2.0 * TICK + 6.0), factor, TICK, Anchor::End);
    }
    if let Some(factor) = &panel.y.factor {
        scene.text((plot.x, plot.y - 5.0), factor, TICK, Anchor::Start);
    }
}

/// The scale of the colours, right of the panel; the result is how much room it takes.
fn color_bar(scene: &mut Scene, panel: &Panel<'_, '_>) -> f64 {
    let Some(scale) = panel.frame.z else { return 0.0 };
    let plot = panel.plot;
    let bar = Rect { x: plot.right() + 12.0, y: plot.y, width: BAR, height: plot.height };
    let steps = 64;
    for k in 0..steps {
        let step = bar.height / f64::from(steps);
        let y = bar.bottom() - f64::from(k + 1) * step;
        let color = colors::value((f64::from(k) + 0.5) / f64::from(steps));
        let over = if k == 0 { 0.0 } else { 0.3 };
        scene.rect(Rect { y, height: step + over, ..bar }, color, 1.0);
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
        scene.text((bar.right() + DASH, bar.y - 5.0), factor, TICK, Anchor::End);
    }
    let ticks = bar.right() + DASH + 4.0 + widest(&panel.z);
    match panel.frame.z_label {
        Some(label) => {
            let size = fitted(label, LABEL, plot.height + 20.0);
            scene.text_upwards((ticks + LABEL + 2.0, plot.y + plot.height / 2.0), label, size);
            ticks + LABEL + 6.0 - plot.right()
        }
        None => ticks - plot.right(),
    }
}
