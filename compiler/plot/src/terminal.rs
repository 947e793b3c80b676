//! Figures as characters: lines and dots in braille, bars and colours in blocks. Without colours, the lines of a panel
//! differ by the gaps between their dots, and values by the density of their blocks.

use crate::axis::{Ticks, fixed};
use crate::braille::{Pattern, Sheet, escape};
use crate::contour;
use crate::frame::{Frame, cell_edges, is_colored};
use crate::scene::{Point, Rect};
use crate::{thin, wrap};
use adl_runtime::Figure;
use adl_runtime::figure::{Color, Legend, Shape, Stroke};

/// A terminal.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// Characters in a line.
    pub columns: usize,
    /// Lines for the data of a panel.
    pub rows: usize,
    /// Whether it shows colours.
    pub color: bool,
}

/// The least room for data.
const LEAST: usize = 8;

/// A figure as text, with notes on what is not to be seen.
pub fn text(figure: &Figure, screen: Screen) -> Result<(String, Vec<String>), String> {
    let mut notes = Vec::new();
    let mut lines = Vec::new();
    lines.extend(figure.title.iter().flat_map(|title| centred(title, 0, screen.columns)));
    for (k, panel) in figure.panels.iter().enumerate() {
        if k > 0 {
            lines.push(String::new());
        }
        let frame = Frame::new(panel, &mut notes)?;
        draw(&frame, screen, &mut lines);
    }
    lines.iter_mut().for_each(|line| line.truncate(line.trim_end().len()));
    Ok((lines.join("\n"), notes))
}

/// A panel as lines.
fn draw(frame: &Frame<'_>, screen: Screen, lines: &mut Vec<String>) {
    let rows = screen.rows.max(4);
    let y_ticks = frame.y.ticks((rows / 3).max(2));
    let y_width = width(&y_ticks).max(y_ticks.factor.as_ref().map_or(0, |f| f.chars().count()));
    let columns = screen.columns.saturating_sub(y_width + 3).max(LEAST);
    let mut sheet = Sheet::new(columns, rows);
    for k in 0..frame.panel.marks.len() {
        mark(&mut sheet, frame, k, screen.color);
    }
    let before = y_width + 2;
    lines.extend(frame.panel.title.iter().flat_map(|title| centred(title, before, columns)));
    let heading: Vec<&str> =
        [&frame.panel.y.label, &y_ticks.factor].into_iter().flatten().map(String::as_str).collect();
    if !heading.is_empty() {
        let rows = wrapped(&heading.join(" "), columns + 1, 3);
        lines.extend(rows.into_iter().map(|row| format!("{:>y_width$} {row}", "")));
    }
    let row_of = |value: f64| ((1.0 - frame.y.place(value)) * (rows - 1) as f64).round() as usize;
    for row in 0..rows {
        let tick = y_ticks.ticks.iter().find(|t| t.label.is_some() && row_of(t.value) == row);
        let label = tick.and_then(|t| t.label.as_deref()).unwrap_or("");
        let bar = if tick.is_some() { '┤' } else { '│' };
        let pad = " ".repeat(y_width.saturating_sub(label.chars().count()));
        lines.push(format!("{pad}{label} {bar}{}", sheet.row(row, screen.color)));
    }
    let x_ticks = x_ticks(frame, columns);
    lines.push(format!("{:>y_width$} └{}", "", x_axis(frame, &x_ticks, columns)));
    lines.push(x_labels(frame, &x_ticks, columns, before));
    let below: Vec<&str> = [&frame.panel.x.label, &x_ticks.factor].into_iter().flatten().map(String::as_str).collect();
    if !below.is_empty() {
        lines.extend(centred(&below.join(" "), before, columns));
    }
    lines.extend(legend(frame, before, screen));
    lines.extend(ramp(frame, before, screen));
}

/// The scale of the colours between its ends.
fn ramp(frame: &Frame<'_>, before: usize, screen: Screen) -> Vec<String> {
    let Some(z) = frame.z else { return Vec::new() };
    let (low, mut high) = (short(z.low), short(z.high));
    if low == high {
        high = format!("{low} + {}", short(z.high - z.low));
    }
    let room = screen.columns.saturating_sub(before);
    let steps = room.saturating_sub(low.chars().count() + high.chars().count() + 2).clamp(5, 16);
    let shades: String = (0..steps).map(|k| shade(k as f64 / (steps - 1) as f64, frame, screen.color)).collect();
    let end = if screen.color { "\u{1b}[0m" } else { "" };
    let bar = format!("{low} {shades}{end} {high}");
    let taken = low.chars().count() + steps + high.chars().count() + 2;
    let mut lines: Vec<String> = match frame.z_label {
        Some(label) if label.chars().count() + 2 + taken <= room => vec![format!("{label}: {bar}")],
        Some(label) => wrapped(label, room, 3).into_iter().chain([bar]).collect(),
        None => vec![bar],
    };
    lines.iter_mut().for_each(|line| line.insert_str(0, &" ".repeat(before)));
    lines
}

/// With three digits.
fn short(value: f64) -> String {
    let size = value.abs();
    if value != 0.0 && !(1e-3..1e5).contains(&size) {
        return format!("{value:.2e}").replace('-', "−");
    }
    let decimals = if value == 0.0 { 0.0 } else { (2.0 - size.log10().floor()).max(0.0) };
    let text = fixed(value, decimals as usize);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

fn width(ticks: &Ticks) -> usize {
    ticks.ticks.iter().filter_map(|t| t.label.as_ref()).map(|l| l.chars().count()).max().unwrap_or(0)
}

/// A text in lines of so many characters.
fn wrapped(text: &str, columns: usize, most: usize) -> Vec<String> {
    wrap::lines(text, columns as f64, most, &|line| line.chars().count() as f64)
}

fn centred(text: &str, before: usize, columns: usize) -> Vec<String> {
    let row = |row: String| {
        let pad = before + columns.saturating_sub(row.chars().count()) / 2;
        format!("{:pad$}{row}", "")
    };
    wrapped(text, columns, 3).into_iter().map(row).collect()
}

/// As many ticks as have room for their labels.
fn x_ticks(frame: &Frame<'_>, columns: usize) -> Ticks {
    let mut most = (columns / 8).clamp(2, 10);
    loop {
        let ticks = frame.x.ticks(most);
        let labels = ticks.ticks.iter().filter(|t| t.label.is_some()).count();
        if most == 2 || labels * (width(&ticks) + 2) <= columns {
            return ticks;
        }
        most -= 1;
    }
}

fn column_of(frame: &Frame<'_>, value: f64, columns: usize) -> usize {
    (frame.x.place(value) * (columns - 1) as f64).round().max(0.0) as usize
}

fn x_axis(frame: &Frame<'_>, ticks: &Ticks, columns: usize) -> String {
    let mut line = vec!['─'; columns];
    for tick in ticks.ticks.iter().filter(|t| t.label.is_some()) {
        if let Some(place) = line.get_mut(column_of(frame, tick.value, columns)) {
            *place = '┬';
        }
    }
    line.into_iter().collect()
}

/// Labels in the middle below their ticks; those at the ends may reach out of the axis.
fn x_labels(frame: &Frame<'_>, ticks: &Ticks, columns: usize, before: usize) -> String {
    let width = before + columns + 1;
    let mut line: Vec<char> = vec![' '; width];
    let mut free = 0;
    for tick in &ticks.ticks {
        let Some(label) = &tick.label else { continue };
        let length = label.chars().count();
        let middle = before + column_of(frame, tick.value, columns);
        let start = middle.saturating_sub(length / 2).min(width.saturating_sub(length));
        if start >= free {
            for (place, c) in line[start..].iter_mut().zip(label.chars()) {
                *place = c;
            }
            free = start + length + 1;
        }
    }
    line.into_iter().collect::<String>().trim_end().to_string()
}

/// Which dots of the k-th mark are set. Without colours, lines differ by this alone.
fn pattern(frame: &Frame<'_>, k: usize, color: bool) -> Pattern {
    const DASHED: Pattern = Pattern("####..");
    const DASH_DOT: Pattern = Pattern("###.#.");
    const DOTTED: Pattern = Pattern("#..");
    const SOLID: Pattern = Pattern("#");
    const PLAIN: [Pattern; 7] = [SOLID, Pattern("#."), Pattern("#..."), Pattern("##.."), DASHED, DASH_DOT, DOTTED];
    let solid = |j: &usize| matches!(frame.panel.marks[*j].shape, Shape::Line { stroke: Stroke::Solid, .. });
    if !color && solid(&k) {
        return PLAIN[(0..k).filter(solid).count() % PLAIN.len()];
    }
    match frame.stroke(k) {
        Stroke::Solid => SOLID,
        Stroke::Dashed => DASHED,
        Stroke::DashDot => DASH_DOT,
        Stroke::Dotted => DOTTED,
    }
}

fn legend(frame: &Frame<'_>, before: usize, screen: Screen) -> Vec<String> {
    /// Characters of a sample and the space after it, and those between entries.
    const SAMPLE: usize = 4;
    const BETWEEN: usize = 3;
    let mut out: Vec<String> = Vec::new();
    if frame.panel.legend == Legend::Off {
        return out;
    }
    let room = screen.columns.saturating_sub(before + SAMPLE).max(LEAST);
    let mut used = usize::MAX;
    for (k, mark) in frame.panel.marks.iter().enumerate() {
        let Some(label) = mark.label.as_ref().filter(|_| !is_colored(mark)) else { continue };
        let sample = match &mark.shape {
            Shape::Line { .. } => pattern(frame, k, screen.color).sample(),
            Shape::Scatter { .. } => " ⠶ ".into(),
            Shape::Bars { .. } => "███".into(),
            Shape::Heatmap(_) | Shape::Contour { .. } => "⠒⠒⠒".into(),
        };
        let (on, off) =
            if screen.color { (escape((Some(frame.color(k)), None)), "\u{1b}[0m") } else { (String::new(), "") };
        for (row, part) in wrapped(label, room, 5).into_iter().enumerate() {
            let length = SAMPLE + part.chars().count();
            let follows = row == 0 && used.saturating_add(BETWEEN + length) <= screen.columns;
            let sample = if row == 0 { format!("{on}{sample}{off} ") } else { " ".repeat(SAMPLE) };
            match out.last_mut().filter(|_| follows) {
                Some(line) => {
                    line.push_str(&format!("{:BETWEEN$}{sample}{part}", ""));
                    used += BETWEEN + length;
                }
                None => {
                    out.push(format!("{:before$}{sample}{part}", ""));
                    used = before + length;
                }
            }
        }
    }
    out
}

/// The place of a point in dots.
fn dot(frame: &Frame<'_>, sheet: &Sheet, x: f64, y: f64) -> Point {
    let (w, h) = ((2 * sheet.columns) as f64, (4 * sheet.rows) as f64);
    // The ends of the axes lie in the middle of the outermost dots.
    (frame.x.place(x) * (w - 1.0) + 0.5, (1.0 - frame.y.place(y)) * (h - 1.0) + 0.5)
}

fn mark(sheet: &mut Sheet, frame: &Frame<'_>, k: usize, color: bool) {
    let ink = frame.color(k);
    match &frame.panel.marks[k].shape {
        Shape::Line { x, y, .. } => {
            let points: Vec<Point> = x.iter().zip(y).map(|(&x, &y)| dot(frame, sheet, x, y)).collect();
            line(sheet, &points, ink, pattern(frame, k, color));
        }
        Shape::Scatter { x, y, .. } => {
            for (&x, &y) in x.iter().zip(y) {
                let at = dot(frame, sheet, x, y);
                if at.0.is_finite() && at.1.is_finite() {
                    sheet.dot(at.0.floor() as i64, at.1.floor() as i64, ink);
                }
            }
        }
        Shape::Bars { edges, heights } => bars(sheet, frame, edges, heights, ink),
        Shape::Heatmap(grid) => {
            let (xs, ys) = (cell_edges(&grid.x), cell_edges(&grid.y));
            let value = |x: f64, y: f64| {
                let (j, i) = (xs.partition_point(|e| *e <= x), ys.partition_point(|e| *e <= y));
                let known = (1..xs.len()).contains(&j) && (1..ys.len()).contains(&i);
                if known { grid.z[(i - 1) * grid.x.len() + j - 1] } else { f64::NAN }
            };
            blocks(sheet, frame, &value, color);
        }
        Shape::Contour { grid, levels, .. } => {
            for &level in levels {
                let ink = frame.panel.marks[k].color.unwrap_or_else(|| frame.value_color(level));
                for piece in contour::lines(grid, level) {
                    let points: Vec<Point> = piece.iter().map(|&(x, y)| dot(frame, sheet, x, y)).collect();
                    line(sheet, &points, ink, Pattern("#"));
                }
            }
        }
    }
}

fn line(sheet: &mut Sheet, points: &[Point], ink: Color, pattern: Pattern) {
    let inside = Rect { x: 0.0, y: 0.0, width: (2 * sheet.columns) as f64, height: (4 * sheet.rows) as f64 };
    for piece in thin::polyline(points, inside) {
        let mut phase = 0;
        piece.windows(2).for_each(|w| sheet.line(w[0], w[1], ink, pattern, &mut phase));
    }
}

fn bars(sheet: &mut Sheet, frame: &Frame<'_>, edges: &[f64], heights: &[f64], ink: Color) {
    const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    for column in 0..sheet.columns {
        let x = frame.x.value((column as f64 + 0.5) / sheet.columns as f64);
        let bin = edges.partition_point(|e| *e <= x);
        let Some(height) = bin.checked_sub(1).and_then(|k| heights.get(k)) else { continue };
        let eighths = (frame.y.place(*height).clamp(0.0, 1.0) * (8 * sheet.rows) as f64).round() as usize;
        for up in 0..eighths.div_ceil(8) {
            let sign = EIGHTHS[(eighths - 8 * up).min(8)];
            sheet.sign(column, sheet.rows - 1 - up, sign, Some(ink), None);
        }
    }
}

/// Two values above one another in each character, or one without colours.
fn blocks(sheet: &mut Sheet, frame: &Frame<'_>, value: &dyn Fn(f64, f64) -> f64, color: bool) {
    for column in 0..sheet.columns {
        let x = frame.x.value((column as f64 + 0.5) / sheet.columns as f64);
        for row in 0..sheet.rows {
            let z = |part: f64| value(x, frame.y.value(1.0 - (row as f64 + part) / sheet.rows as f64));
            if color {
                let ink = |z: f64| z.is_finite().then(|| frame.value_color(z));
                match (ink(z(0.25)), ink(z(0.75))) {
                    (None, None) => {}
                    (None, lower) => sheet.sign(column, row, '▄', lower, None),
                    (upper, lower) => sheet.sign(column, row, '▀', upper, lower),
                }
            } else if let Some(scale) = frame.z.filter(|_| z(0.5).is_finite()) {
                sheet.sign(column, row, density(scale.place(z(0.5))), None, None);
            }
        }
    }
}

fn density(t: f64) -> char {
    const SIGNS: [char; 5] = [' ', '░', '▒', '▓', '█'];
    SIGNS[(t.clamp(0.0, 1.0) * 4.999) as usize]
}

/// One step of the scale of values.
fn shade(t: f64, frame: &Frame<'_>, color: bool) -> String {
    match frame.z {
        Some(z) if color => format!("{}█", escape((Some(frame.value_color(z.value(t))), None))),
        _ => density(t).to_string(),
    }
}
