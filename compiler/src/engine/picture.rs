//! Pictures: what the library tells of them as plain descriptions (see [`adl_runtime::figure`]). Counting of
//! histograms and the choice of contour levels happen here, so that every host shows the same.

use super::message::Fields;
use adl_lang::message::Body;
use adl_runtime::Array;
use adl_runtime::figure::{Axis, Color, Figure, Grid, Legend, Mark, Panel, Shape, Stroke};
use std::borrow::Borrow;

/// The picture that a message describes.
pub fn figure<A: Borrow<Array>>(fields: &Fields<'_, A>) -> Result<Figure, String> {
    let panels = fields.parts("panels")?.map(|p| panel(&Fields::new(p)?)).collect::<Result<Vec<_>, _>>()?;
    let columns = fields.number("columns")?.map_or_else(|| columns(panels.len()), |c| c as usize);
    Ok(Figure {
        columns: columns.clamp(1, panels.len().max(1)),
        panels,
        size: fields.pair("size")?,
        title: fields.text("title")?,
        save: fields.file("save")?,
    })
}

/// Up to three panels stand in one row.
fn columns(panels: usize) -> usize {
    match panels {
        0..=3 => panels,
        4 => 2,
        _ => 3,
    }
}

fn panel<A: Borrow<Array>>(fields: &Fields<'_, A>) -> Result<Panel, String> {
    let axis = |label, log, limits| {
        Ok::<_, String>(Axis { label: fields.text(label)?, log: fields.flag(log)?, limits: fields.pair(limits)? })
    };
    let legend = match fields.get("legend")? {
        Body::Text(_) => match fields.text("legend")?.as_deref() {
            Some("outside") => Legend::Outside,
            Some(place) => Legend::Corner { top: place.starts_with("top"), right: place.ends_with("right") },
            None => Legend::Auto,
        },
        Body::None => Legend::Auto,
        Body::Value(_) | Body::Tuple(_) if fields.flag("legend")? => Legend::Auto,
        Body::Value(_) | Body::Tuple(_) => Legend::Off,
    };
    Ok(Panel {
        marks: fields.parts("panel")?.map(|m| mark(&Fields::new(m)?)).collect::<Result<_, _>>()?,
        title: fields.text("title")?,
        x: axis("xlabel", "xlog", "xlim")?,
        y: axis("ylabel", "ylog", "ylim")?,
        legend,
        equal: fields.flag("equal")?,
    })
}

fn mark<A: Borrow<Array>>(fields: &Fields<'_, A>) -> Result<Mark, String> {
    let kind = fields.text("mark")?.unwrap_or_default();
    let shape = match kind.as_str() {
        "line" => Shape::Line {
            x: fields.numbers("x")?,
            y: fields.numbers("y")?,
            stroke: match fields.text("style")?.as_deref() {
                Some("dashed") => Stroke::Dashed,
                Some("dotted") => Stroke::Dotted,
                Some("dashdot") => Stroke::DashDot,
                Some(_) | None => Stroke::Solid,
            },
            width: fields.number("width")?.unwrap_or(1.5),
        },
        "scatter" => Shape::Scatter {
            x: fields.numbers("x")?,
            y: fields.numbers("y")?,
            size: fields.number("size")?.unwrap_or(5.0),
        },
        "hist" => {
            let bins = fields.number("bins")?.map(|b| b as usize);
            bars(&fields.numbers("x")?, bins, fields.flag("density")?)
        }
        "heatmap" => Shape::Heatmap(grid(fields)?),
        "contour" => {
            let grid = grid(fields)?;
            let levels = match fields.get("levels")? {
                Body::Value(array) if array.borrow().rank() > 0 => {
                    let mut levels = fields.numbers("levels")?;
                    levels.retain(|l| l.is_finite());
                    levels.sort_by(f64::total_cmp);
                    levels
                }
                _ => levels(&grid.z, fields.number("levels")?.map_or(10, |n| n as usize)),
            };
            Shape::Contour { grid, levels, filled: fields.flag("filled")? }
        }
        other => return Err(format!("there is no mark `{other}`")),
    };
    let color = fields.text("color")?.as_deref().and_then(color);
    Ok(Mark { shape, label: fields.text("label")?, color })
}

fn grid<A: Borrow<Array>>(fields: &Fields<'_, A>) -> Result<Grid, String> {
    Ok(Grid { z: fields.numbers("z")?, x: fields.numbers("x")?, y: fields.numbers("y")? })
}

/// `#rrggbb`.
fn color(text: &str) -> Option<Color> {
    let digits = u32::from_str_radix(text.strip_prefix('#')?, 16).ok()?;
    Some(Color((digits >> 16) as u8, (digits >> 8) as u8, digits as u8))
}

/// Counts, or densities, in bins of equal width; numbers that are not finite are left out. Without a number of bins,
/// the rule of Freedman and Diaconis decides.
fn bars(numbers: &[f64], bins: Option<usize>, density: bool) -> Shape {
    let mut sorted: Vec<f64> = numbers.iter().copied().filter(|x| x.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else {
        return Shape::Bars { edges: vec![0.0], heights: Vec::new() };
    };
    // Around numbers that are all equal, or nearly so, there is some room, and more where floats are sparse.
    let around = 0.5_f64.max(low.abs() * 1e-9);
    let apart = high / 2.0 - low / 2.0 > 1e-12 * low.abs().max(high.abs());
    let (low, high) = if apart { (low, high) } else { (low - around, high + around) };
    let n = sorted.len();
    let bins = bins.unwrap_or_else(|| {
        let spread = sorted[(3 * (n - 1)) / 4] - sorted[(n - 1) / 4];
        let width = 2.0 * spread / (n as f64).cbrt();
        if width > 0.0 { ((high / width - low / width).ceil() as usize).clamp(1, 200) } else { 1 + n.ilog2() as usize }
    });
    let bins = bins.max(1);
    let edges: Vec<f64> = (0..=bins).map(|k| k as f64 / bins as f64).map(|t| (1.0 - t) * low + t * high).collect();
    let mut heights = vec![0.0; bins];
    for x in &sorted {
        // The last bin has its upper edge; the others do not.
        let after = edges.partition_point(|e| e <= x);
        heights[after.clamp(1, bins) - 1] += 1.0;
    }
    if density {
        let width = high / bins as f64 - low / bins as f64;
        heights.iter_mut().for_each(|h| *h = *h / n as f64 / width);
    }
    Shape::Bars { edges, heights }
}

/// About `count` round values inside the range of `z`.
fn levels(z: &[f64], count: usize) -> Vec<f64> {
    let finite = || z.iter().copied().filter(|x| x.is_finite());
    let (low, high) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
    let raw = (high - low) / (count.clamp(1, 1000) + 1) as f64;
    if !(raw.is_finite() && raw > 0.0) {
        return Vec::new();
    }
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|m| m * power).into_iter().find(|&s| s >= raw * 0.999).unwrap_or(raw);
    let first = (low / step).floor() as i64 + 1;
    (0..).map(|k| (first + k) as f64 * step).take_while(|&l| l < high).filter(|&l| l > low).collect()
}
