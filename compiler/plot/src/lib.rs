//! Pictures: figures (see [`adl_runtime::figure`]) as SVG, as PNG and as characters for a terminal. Nothing is asked of
//! the system: the font comes with the crate, and who calls writes the files.
//!
//! ```
//! use adl_runtime::figure::{Figure, Mark, Panel, Shape, Stroke};
//! let line = Shape::Line { x: vec![0.0, 1.0, 2.0], y: vec![0.0, 1.0, 4.0], stroke: Stroke::Solid, width: 1.5 };
//! let mark = Mark { shape: line, label: None, color: None };
//! let panel = Panel { marks: vec![mark], title: Some("squares".into()), ..Panel::default() };
//! let figure = Figure { panels: vec![panel], columns: 1, size: None, title: None, save: None };
//! let picture = adl_plot::svg(&figure)?;
//! assert!(picture.content.starts_with("<svg") && picture.content.contains(">squares</text>"));
//! # Ok::<(), String>(())
//! ```
//!
//! A figure is prepared first (`frame`: scales of the axes, notes on what has no place on them); then it is either laid
//! out (`layout` places the panels, `measure` what stands around their axes) as a `scene` of shapes in points, which
//! `vector` and `raster` draw, or drawn in characters by `terminal`.

mod axes;
mod axis;
mod braille;
mod colors;
mod contour;
mod draw;
mod font;
mod frame;
mod layout;
mod legend;
mod measure;
mod raster;
mod scene;
mod terminal;
mod thin;
mod vector;
mod wrap;

use adl_runtime::Figure;
pub use terminal::Screen;

/// A picture, and what should be said about it.
#[derive(Clone, Debug)]
pub struct Picture<T> {
    /// The picture.
    pub content: T,
    /// What of the data is not to be seen, in sentences.
    pub notes: Vec<String>,
}

/// Pixels per point of a PNG.
pub const PIXELS_PER_POINT: f64 = 2.0;

/// A figure as SVG.
pub fn svg(figure: &Figure) -> Result<Picture<String>, String> {
    let (scene, notes) = layout::scene(figure)?;
    Ok(Picture { content: vector::svg(&scene), notes })
}

/// A figure as PNG, with [`PIXELS_PER_POINT`] pixels for each point of its size.
pub fn png(figure: &Figure) -> Result<Picture<Vec<u8>>, String> {
    let (scene, notes) = layout::scene(figure)?;
    Ok(Picture { content: raster::png(&scene, PIXELS_PER_POINT)?, notes })
}

/// A figure as lines of characters, one panel below the other.
pub fn text(figure: &Figure, screen: Screen) -> Result<Picture<String>, String> {
    let (content, notes) = terminal::text(figure, screen)?;
    Ok(Picture { content, notes })
}
