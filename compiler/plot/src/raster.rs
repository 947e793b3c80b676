//! Scenes as PNG.

use crate::colors::{INK, PAPER};
use crate::font;
use crate::scene::{Anchor, Item, Point, Scene, Text, corners, dashes};
use adl_runtime::figure::Color;
use tiny_skia::{FillRule, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, StrokeDash, Transform};

/// The bytes of a PNG file with `scale` pixels per point.
pub fn png(scene: &Scene, scale: f64) -> Result<Vec<u8>, String> {
    let scale = scale * scene.zoom;
    let pixels = |points: f64| (points * scale).round() as u32;
    let (w, h) = (pixels(scene.width), pixels(scene.height));
    let mut canvas = Pixmap::new(w, h).ok_or_else(|| format!("there is no memory for {w} by {h} pixels"))?;
    canvas.fill(tiny_skia::Color::from_rgba8(PAPER.0, PAPER.1, PAPER.2, 255));
    let transform = Transform::from_scale(scale as f32, scale as f32);
    for item in &scene.items {
        draw(&mut canvas, item, transform);
    }
    canvas.encode_png().map_err(|e| e.to_string())
}

fn draw(canvas: &mut Pixmap, item: &Item, transform: Transform) {
    match item {
        Item::Lines { pieces, color, width, stroke } => {
            let mut builder = PathBuilder::new();
            pieces.iter().for_each(|piece| add(&mut builder, piece, false));
            let dash = dashes(*stroke, *width).into_iter().map(|d| d as f32).collect::<Vec<_>>();
            let stroke = Stroke {
                width: *width as f32,
                line_join: LineJoin::Round,
                dash: if dash.is_empty() { None } else { StrokeDash::new(dash, 0.0) },
                ..Stroke::default()
            };
            if let Some(path) = builder.finish() {
                canvas.stroke_path(&path, &paint(*color, 1.0), &stroke, transform, None);
            }
        }
        Item::Area { rings, color, opacity } => {
            let mut builder = PathBuilder::new();
            rings.iter().for_each(|ring| add(&mut builder, ring, true));
            fill(canvas, builder.finish(), &paint(*color, *opacity), transform);
        }
        Item::Tiles { rects, color } => {
            let paint = Paint { anti_alias: false, ..paint(*color, 1.0) };
            let mut builder = PathBuilder::new();
            rects.iter().for_each(|r| add(&mut builder, &corners(*r), true));
            fill(canvas, builder.finish(), &paint, transform);
        }
        Item::Dots { at, radius, color } => {
            let mut builder = PathBuilder::new();
            at.iter().for_each(|&(x, y)| builder.push_circle(x as f32, y as f32, *radius as f32));
            fill(canvas, builder.finish(), &paint(*color, 1.0), transform);
        }
        Item::Text(text) => draw_text(canvas, text, transform),
    }
}

fn draw_text(canvas: &mut Pixmap, text: &Text, transform: Transform) {
    let width = font::width(&text.content, text.size) as f32;
    let back = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => width / 2.0,
        Anchor::End => width,
    };
    let (x, y) = (text.at.0 as f32, text.at.1 as f32);
    let turned = if text.upwards { Transform::from_rotate(-90.0) } else { Transform::identity() };
    let placed = Transform::from_translate(-back, 0.0).post_concat(turned).post_translate(x, y);
    fill(canvas, font::outline(&text.content, text.size), &paint(INK, 1.0), placed.post_concat(transform));
}

fn fill(canvas: &mut Pixmap, path: Option<Path>, paint: &Paint<'_>, transform: Transform) {
    if let Some(path) = path {
        canvas.fill_path(&path, paint, FillRule::Winding, transform, None);
    }
}

fn paint(color: Color, opacity: f64) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(color.0, color.1, color.2, (opacity.clamp(0.0, 1.0) * 255.0).round() as u8);
    paint.anti_alias = true;
    paint
}

fn add(builder: &mut PathBuilder, points: &[Point], closed: bool) {
    for (k, &(x, y)) in points.iter().enumerate() {
        if k == 0 {
            builder.move_to(x as f32, y as f32);
        } else {
            builder.line_to(x as f32, y as f32);
        }
    }
    if closed {
        builder.close();
    }
}
