//! Figures as scenes: a grid of cells, one for each panel, with axes that stand in line.

use crate::axes;
use crate::font;
use crate::frame::Frame;
use crate::measure::{Margins, Panel};
use crate::scene::{Anchor, LEADING, Rect, Scene};
use adl_runtime::Figure;

/// Size of the title of a figure.
const TITLE: f64 = 16.0;
/// Panels narrower or lower than this are small.
const SMALL: (f64, f64) = (280.0, 200.0);

/// A figure laid out, with notes on what is not to be seen.
pub fn scene(figure: &Figure) -> Result<(Scene, Vec<String>), String> {
    let columns = figure.columns.max(1);
    let rows = figure.panels.len().div_ceil(columns).max(1);
    let natural = if figure.panels.len() == 1 { (640.0, 440.0) } else { (420.0 * columns as f64, 330.0 * rows as f64) };
    let (width, height) = figure.size.unwrap_or(natural);
    for side in [width, height] {
        if !(side.is_finite() && (40.0..=10_000.0).contains(&side)) {
            return Err(format!("a picture of {width} by {height} points: each side has 40 to 10000"));
        }
    }
    // Small panels have small letters.
    let (w, h) = (width / columns as f64, height / rows as f64);
    let zoom = (w / SMALL.0).min(h / SMALL.1).clamp(0.6, 1.0);
    let (width, height) = (width / zoom, height / zoom);
    let mut scene = Scene { width, height, zoom, items: Vec::new() };
    let mut top = 0.0;
    if let Some(title) = &figure.title {
        let lines = font::wrapped(title, TITLE, width - 16.0, 3);
        scene.block((width / 2.0, 22.0), &lines, TITLE, Anchor::Middle);
        top = 8.0 + lines.len() as f64 * TITLE * LEADING;
    }
    let mut notes = Vec::new();
    let frames: Vec<Frame<'_>> =
        figure.panels.iter().map(|panel| Frame::new(panel, &mut notes)).collect::<Result<_, _>>()?;
    let (w, h) = (width / columns as f64, (height - top) / rows as f64);
    let cell = |k: usize| Rect { x: (k % columns) as f64 * w, y: top + (k / columns) as f64 * h, width: w, height: h };
    let panels: Vec<Panel<'_, '_>> = frames.iter().enumerate().map(|(k, frame)| Panel::new(frame, cell(k))).collect();
    for panel in aligned(panels, columns, rows) {
        axes::draw(&mut scene, &panel);
    }
    Ok((scene, notes))
}

/// Gives the axes of a row the same upper and lower ends, and those of a column the same left and right ones.
fn aligned<'f, 'a>(mut panels: Vec<Panel<'f, 'a>>, columns: usize, rows: usize) -> Vec<Panel<'f, 'a>> {
    // What is written depends on the room, and the room on what is written: thrice is enough.
    for _ in 0..3 {
        let mut of_row = vec![Margins::default(); rows];
        let mut of_column = vec![Margins::default(); columns];
        for (k, panel) in panels.iter().enumerate() {
            for margins in [&mut of_row[k / columns], &mut of_column[k % columns]] {
                margins.grow(panel.margins());
            }
        }
        for (k, panel) in panels.iter_mut().enumerate() {
            let (row, column) = (of_row[k / columns], of_column[k % columns]);
            panel.settle(Margins { left: column.left, right: column.right, above: row.above, below: row.below });
        }
    }
    for panel in &mut panels {
        panel.beside |= panel.has_room_beside();
    }
    panels
}
