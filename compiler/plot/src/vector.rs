//! Scenes as SVG.

use crate::colors::PAPER;
use crate::font::FAMILY;
use crate::scene::{Anchor, Item, Point, Scene, Text, dashes};
use adl_runtime::figure::Color;
use std::fmt::Write;

/// The text of an SVG file.
pub fn svg(scene: &Scene) -> String {
    let (w, h) = (number(scene.width), number(scene.height));
    let (wide, high) = (number(scene.width * scene.zoom), number(scene.height * scene.zoom));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide}\" height=\"{high}\" viewBox=\"0 0 {w} {h}\" \
         font-family=\"{FAMILY}\">\n<rect width=\"{w}\" height=\"{h}\" fill=\"{}\"/>\n",
        hex(PAPER)
    );
    for item in &scene.items {
        // Writing to a string does not fail.
        let _ = write_item(&mut out, item);
    }
    out.push_str("</svg>\n");
    out
}

fn write_item(out: &mut String, item: &Item) -> std::fmt::Result {
    match item {
        Item::Lines { pieces, color, width, stroke } => {
            let dashes: Vec<String> = dashes(*stroke, *width).into_iter().map(number).collect();
            let dashes =
                if dashes.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{}\"", dashes.join(" ")) };
            writeln!(
                out,
                "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"{dashes}/>",
                pieces.iter().map(|p| path(p, false)).collect::<String>(),
                hex(*color),
                number(*width)
            )
        }
        Item::Area { rings, color, opacity } => {
            let opacity =
                if *opacity < 1.0 { format!(" fill-opacity=\"{}\"", number(*opacity)) } else { String::new() };
            let d: String = rings.iter().map(|p| path(p, true)).collect();
            writeln!(out, "<path d=\"{d}\" fill=\"{}\"{opacity}/>", hex(*color))
        }
        Item::Tiles { rects, color } => {
            // Steps relative to the corner are shorter than places.
            let d: String = rects
                .iter()
                .map(|r| {
                    let (x, y, w, h) = (number(r.x), number(r.y), number(r.width), number(r.height));
                    format!("M{x} {y}h{w}v{h}h{}z", number(-r.width))
                })
                .collect();
            writeln!(out, "<path d=\"{d}\" fill=\"{}\" shape-rendering=\"crispEdges\"/>", hex(*color))
        }
        Item::Dots { at, radius, color } => {
            // Round ends of lines without length: one element for all dots.
            let d: String = at.iter().map(|&(x, y)| format!("M{} {}h0", number(x), number(y))).collect();
            let width = number(2.0 * radius);
            writeln!(
                out,
                "<path d=\"{d}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\" stroke-linecap=\"round\"/>",
                hex(*color)
            )
        }
        Item::Text(text) => write_text(out, text),
    }
}

fn write_text(out: &mut String, text: &Text) -> std::fmt::Result {
    let anchor = match text.anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let (x, y) = (number(text.at.0), number(text.at.1));
    let turn = if text.upwards { format!(" transform=\"rotate(-90 {x} {y})\"") } else { String::new() };
    writeln!(
        out,
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\" text-anchor=\"{anchor}\" fill=\"{}\"{turn}>{}</text>",
        number(text.size),
        hex(crate::colors::INK),
        escaped(&text.content)
    )
}

fn path(points: &[Point], closed: bool) -> String {
    let mut out = String::new();
    for (k, &(x, y)) in points.iter().enumerate() {
        out.push(if k == 0 { 'M' } else { 'L' });
        out.push_str(&number(x));
        out.push(' ');
        out.push_str(&number(y));
    }
    if closed {
        out.push('Z');
    }
    out
}

/// With two decimals at most.
fn number(x: f64) -> String {
    let text = format!("{x:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.to_string() }
}

fn hex(c: Color) -> String {
    format!("#{:02x}{:02x}{:02x}", c.0, c.1, c.2)
}

/// Text as XML has it; what XML cannot hold is left out.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c if c.is_control() => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => {}
            c => out.push(c),
        }
    }
    out
}
