//! Difficult figures, laid out: no text runs into another or out of the picture, and the data keep their room. With
//! `PICTURES=folder` in the environment they are written there as PNG, to be looked at.

use adl_plot::{png, svg};
use std::sync::LazyLock;
use ttf_parser::Face;

/// A text of a picture with the rectangle that its letters fill.
#[derive(Debug)]
struct Text {
    content: String,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

fn width(text: &str, size: f64) -> f64 {
    static FACE: LazyLock<Face<'static>> = LazyLock::new(|| Face::parse(dejavu::sans::regular(), 0).expect("a font"));
    let advance = |c| f64::from(FACE.glyph_hor_advance(FACE.glyph_index(c).unwrap_or_default()).unwrap_or(0));
    text.chars().map(advance).sum::<f64>() * size / f64::from(FACE.units_per_em())
}

/// The number after `name="`.
fn number(line: &str, name: &str) -> f64 {
    let start = line.find(&format!("{name}=\"")).expect(name) + name.len() + 2;
    line[start..].split('"').next().and_then(|n| n.parse().ok()).expect("a number")
}

/// Width and height in the units of the shapes.
fn size(svg: &str) -> (f64, f64) {
    let view = svg.split_once("viewBox=\"0 0 ").and_then(|(_, rest)| rest.split_once('"')).expect("a view").0;
    let (width, height) = view.split_once(' ').expect("two numbers");
    (width.parse().expect("a number"), height.parse().expect("a number"))
}

fn texts(svg: &str) -> Vec<Text> {
    let lines = svg.lines().filter(|l| l.starts_with("<text "));
    lines
        .map(|line| {
            let (x, y, size) = (number(line, " x"), number(line, " y"), number(line, "font-size"));
            let content = line.split_once('>').and_then(|(_, t)| t.strip_suffix("</text>")).expect("a text");
            let content = content.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
            let width = width(&content, size);
            let back = if line.contains("\"middle\"") {
                width / 2.0
            } else if line.contains("\"end\"") {
                width
            } else {
                0.0
            };
            // Above and below the base line.
            let (up, down) = (0.74 * size, 0.22 * size);
            let (left, right, top, bottom) = if line.contains("rotate(-90") {
                (x - up, x + down, y + back - width, y + back)
            } else {
                (x - back, x - back + width, y - up, y + down)
            };
            Text { content, left, right, top, bottom }
        })
        .collect()
}

/// The corners of the axes of each panel: they are drawn in one colour, and begin with the frame.
fn frames(svg: &str) -> Vec<[f64; 4]> {
    let paths = svg.lines().filter(|l| l.contains("stroke=\"#262626\" stroke-width=\"0.8\""));
    paths
        .map(|l| {
            let corner = |k: usize| {
                let point = l.trim_start_matches("<path d=\"M").split(['L', 'M', '"']).nth(k).expect("a corner");
                let (x, y) = point.split_once(' ').expect("two numbers");
                (x.parse::<f64>().expect("a number"), y.parse::<f64>().expect("a number"))
            };
            let ((left, top), (right, bottom)) = (corner(0), corner(2));
            [left, right, top, bottom]
        })
        .collect()
}

#[test]
fn no_text_runs_into_another_or_out_of_the_picture() {
    let mut faults = Vec::new();
    for (name, figure) in crate::figures::all() {
        let svg = svg(&figure).expect(name).content;
        let (width, height) = size(&svg);
        let texts = texts(&svg);
        for (k, a) in texts.iter().enumerate() {
            if a.left < 0.0 || a.top < 0.0 || a.right > width || a.bottom > height {
                faults.push(format!("{name}: `{}` leaves the picture of {width} by {height}: {a:?}", a.content));
            }
            for b in &texts[..k] {
                if a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom {
                    faults.push(format!("{name}: `{}` runs into `{}`: {a:?} {b:?}", a.content, b.content));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn data_keep_their_room_and_axes_stand_in_line() {
    for (name, figure) in crate::figures::all() {
        let svg = svg(&figure).expect(name).content;
        let (width, height) = size(&svg);
        let frames = frames(&svg);
        assert_eq!(frames.len(), figure.panels.len(), "{name}");
        let columns = figure.columns;
        let cell = (width / columns as f64, height / figure.panels.len().div_ceil(columns) as f64);
        for (k, [left, right, top, bottom]) in frames.iter().enumerate() {
            let room = ((right - left) / cell.0, (bottom - top) / cell.1);
            let least = if height < 300.0 || cell.1 < 150.0 { 0.2 } else { 0.35 };
            assert!(room.0 > least && room.1 > least, "{name}, panel {k}: the data have {room:?} of the room");
            let (above, before) = (frames[k % columns], frames[k / columns * columns]);
            if !figure.panels.iter().any(|p| p.equal) {
                assert_eq!((above[0], above[1]), (*left, *right), "{name}, panel {k}, in its column");
                assert_eq!((before[2], before[3]), (*top, *bottom), "{name}, panel {k}, in its row");
            }
        }
    }
}

#[test]
fn pictures_to_look_at() {
    let Some(folder) = std::env::var_os("PICTURES") else { return };
    for (name, figure) in crate::figures::all() {
        let picture = png(&figure).expect(name);
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.png")), picture.content).expect("a folder");
    }
}
